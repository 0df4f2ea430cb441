/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A live security context: RFC 2743, RFC 2744 with libgssapi_krb5, and its credential stores.
 *
 * Limits: Kerberos alone, by itself or inside SPNEGO. What an initiator delegates to us is dropped. Of a host-based
 * service an initiator's facts have the name without its realm, as MIT tells it. A context goes on past the
 * end of its ticket, as libzmq's does; facts say when that is. */
#include "analyzer/live/live.h"

#include "analyzer/live/keytab.h"
#include "core/krb/lucid.h"

#include <glib.h>
#include <gssapi/gssapi_ext.h>
#include <gssapi/gssapi_krb5.h>
#include <krb5/krb5.h>
#include <string.h>

enum { STORE_MAX = 3, FLAGS_OCTET = 1, WRAP_AROUND = 256 };

struct zs_live_credential {
    gss_cred_id_t credential;
    char *own_cache;              /* in memory, made for it; NULL: none */
    struct zs_keytab *own_keytab; /* likewise */
};

struct zs_live {
    struct zs_gss gss;
    const struct zs_live_credential *credential;
    bool initiator;
    struct zs_live_wishes wishes;
    struct gss_channel_bindings_struct bindings;
    gss_name_t service; /* an initiator's */
    gss_ctx_id_t context;
    struct zs_channel *channel; /* once the context stands, where it can: context is gone then */
    gss_buffer_desc token;      /* what was answered last */
    char *initiator_name, *acceptor_name, *reason;
    struct zs_gss_facts facts;
};

/* ==== errors and names ==== */

static void add_status(GString *s, OM_uint32 code, int type)
{
    OM_uint32 minor, more = 0;
    gss_buffer_desc text;

    do {
        if (GSS_ERROR(gss_display_status(&minor, code, type, (gss_OID)gss_mech_krb5, &more, &text)))
            return;
        g_string_append_printf(s, ": %.*s", (int)text.length, (const char *)text.value);
        gss_release_buffer(&minor, &text);
    } while (more);
}

/* "WHAT: " and the mechanism's words, or GSS-API's where it has none. */
static char *explain(const char *what, OM_uint32 major, OM_uint32 minor)
{
    GString *s = g_string_new(what);

    /* MIT: of channel bindings that differ, the mechanism says "Success". */
    if (minor && GSS_ROUTINE_ERROR(major) != GSS_S_BAD_BINDINGS)
        add_status(s, minor, GSS_C_MECH_CODE);
    else
        add_status(s, major, GSS_C_GSS_CODE);
    return g_string_free(s, FALSE);
}

/* SERVICE@HOST is host-based, what has a / a principal; alone, as which it is taken does not follow. */
static gss_name_t import_name(const char *text, bool service, char **why)
{
    gss_buffer_desc in = {strlen(text), (void *)text};
    bool host_based = service && !strchr(text, '/');
    gss_name_t name = GSS_C_NO_NAME;
    OM_uint32 minor;

    OM_uint32 major = gss_import_name(
        &minor, &in, host_based ? GSS_C_NT_HOSTBASED_SERVICE : (gss_OID)GSS_KRB5_NT_PRINCIPAL_NAME,
        &name);
    if (!GSS_ERROR(major))
        return name;
    char *what = g_strdup_printf("%s is no name", text);
    *why = explain(what, major, minor);
    g_free(what);
    return GSS_C_NO_NAME;
}

static char *display(gss_name_t name)
{
    gss_buffer_desc text;
    OM_uint32 minor;

    if (name == GSS_C_NO_NAME || GSS_ERROR(gss_display_name(&minor, name, &text, NULL)))
        return NULL;
    char *s = g_strndup(text.value, text.length);
    gss_release_buffer(&minor, &text);
    return s;
}

/* ==== credentials ==== */

/* RFC 4178: 1.3.6.1.5.5.2 */
static gss_OID_desc spnego = {6, (void *)"\x2b\x06\x01\x05\x05\x02"};

struct store {
    gss_key_value_element_desc element[STORE_MAX];
    gss_key_value_set_desc set;
};

static void put(struct store *s, const char *key, const char *value)
{
    if (value)
        s->element[s->set.count++] = (gss_key_value_element_desc){key, value};
}

static OM_uint32 acquire_for(struct zs_live_credential *c, const struct store *store,
                             gss_cred_usage_t usage, gss_name_t name, size_t mechanisms,
                             OM_uint32 *minor)
{
    gss_OID_desc both[] = {*gss_mech_krb5, spnego};
    gss_OID_set_desc set = {mechanisms, both};

    return gss_acquire_cred_from(minor, name, GSS_C_INDEFINITE, &set, usage,
                                 store->set.count ? &store->set : GSS_C_NO_CRED_STORE,
                                 &c->credential, NULL, NULL);
}

/* Kerberos' own first, for that says why it cannot be had: SPNEGO's can always. */
static bool acquire(struct zs_live_credential *c, struct store *store, gss_cred_usage_t usage,
                    gss_name_t name, char **why)
{
    OM_uint32 minor, major = GSS_S_COMPLETE;

    store->set.elements = store->element;
    for (size_t mechanisms = 1; mechanisms <= 2 && !GSS_ERROR(major); mechanisms++) {
        gss_release_cred(&minor, &c->credential);
        major = acquire_for(c, store, usage, name, mechanisms, &minor);
    }
    if (!GSS_ERROR(major))
        return true;
    *why = explain(usage == GSS_C_INITIATE ? "no credential to initiate with"
                                           : "no credential to accept with",
                   major, minor);
    return false;
}

static struct zs_live_credential *acquire_named(struct store *store, gss_cred_usage_t usage,
                                                const char *principal, char *own_cache, char **why)
{
    struct zs_live_credential *c = g_new0(struct zs_live_credential, 1);
    gss_name_t name = GSS_C_NO_NAME;
    OM_uint32 minor;

    c->own_cache = own_cache;
    if (principal)
        name = import_name(principal, usage == GSS_C_ACCEPT, why);
    bool ok = (!principal || name != GSS_C_NO_NAME) && acquire(c, store, usage, name, why);
    gss_release_name(&minor, &name);
    if (ok)
        return c;
    zs_live_credential_free(c);
    return NULL;
}

/* What a keytab gets from the KDC stays in this process, unless a cache is named for it. */
struct zs_live_credential *zs_live_client_credential(const char *ccache, const char *keytab,
                                                     const char *principal, char **why)
{
    static unsigned serial;
    struct store store = {0};
    char *own = NULL;

    if (keytab && !ccache)
        own = g_strdup_printf("MEMORY:zmtpscope-%u", serial++);
    put(&store, "ccache", own ? own : ccache);
    put(&store, "client_keytab", keytab);
    return acquire_named(&store, GSS_C_INITIATE, principal, own, why);
}

/* One file is libkrb5's own to read, so that a key that is new in it is found as a ticket asks for it. */
static bool is_one_file(char *const *keytabs)
{
    return keytabs && keytabs[0] && !keytabs[1] && !g_file_test(keytabs[0], G_FILE_TEST_IS_DIR);
}

struct zs_live_credential *zs_live_server_credential(char *const *keytabs, const char *principal,
                                                     char **why)
{
    struct zs_keytab *own = NULL;
    struct store store = {0};

    if (is_one_file(keytabs)) {
        put(&store, "keytab", keytabs[0]);
    } else if (keytabs) {
        own = zs_keytab_join(keytabs, why);
        if (!own)
            return NULL;
        put(&store, "keytab", zs_keytab_name(own));
    }
    struct zs_live_credential *c = acquire_named(&store, GSS_C_ACCEPT, principal, NULL, why);
    if (c)
        c->own_keytab = own;
    else
        zs_keytab_free(own);
    return c;
}

static void destroy_cache(const char *name)
{
    krb5_context krb;
    krb5_ccache cache;

    if (krb5_init_context(&krb))
        return;
    if (!krb5_cc_resolve(krb, name, &cache))
        krb5_cc_destroy(krb, cache);
    krb5_free_context(krb);
}

void zs_live_credential_free(struct zs_live_credential *c)
{
    OM_uint32 minor;

    if (!c)
        return;
    gss_release_cred(&minor, &c->credential);
    if (c->own_cache)
        destroy_cache(c->own_cache);
    zs_keytab_free(c->own_keytab);
    g_free(c->own_cache);
    g_free(c);
}

/* ==== the context ==== */

static enum zs_gss_step refuse(struct zs_live *l, char *reason)
{
    g_free(l->reason);
    l->facts.reason = l->reason = reason;
    return ZS_GSS_FAILED;
}

static gss_channel_bindings_t bindings_of(struct zs_live *l)
{
    return l->wishes.bindings ? &l->bindings : GSS_C_NO_CHANNEL_BINDINGS;
}

static OM_uint32 initiate(struct zs_live *l, gss_buffer_t in, OM_uint32 *minor)
{
    /* libzmq: MUTUAL and REPLAY; MIT adds the last two by itself. Order is asked for as well. */
    const OM_uint32 flags = GSS_C_MUTUAL_FLAG | GSS_C_REPLAY_FLAG | GSS_C_SEQUENCE_FLAG |
                            GSS_C_CONF_FLAG | GSS_C_INTEG_FLAG |
                            (l->wishes.delegate ? GSS_C_DELEG_FLAG : 0);

    return gss_init_sec_context(minor, l->credential->credential, &l->context, l->service,
                                l->wishes.spnego ? &spnego : (gss_OID)gss_mech_krb5, flags, 0,
                                bindings_of(l), in->length ? in : GSS_C_NO_BUFFER, NULL, &l->token,
                                NULL, NULL);
}

static OM_uint32 accept(struct zs_live *l, gss_buffer_t in, OM_uint32 *minor)
{
    return gss_accept_sec_context(minor, &l->context, l->credential->credential, in, bindings_of(l),
                                  NULL, NULL, &l->token, NULL, NULL, NULL);
}

/* What can be asked of a context, before its keys are taken out of it. */
static bool learn(struct zs_live *l)
{
    gss_name_t initiator = GSS_C_NO_NAME, acceptor = GSS_C_NO_NAME;
    OM_uint32 minor, lifetime = 0, flags = 0;

    OM_uint32 major = gss_inquire_context(&minor, l->context, &initiator, &acceptor, &lifetime,
                                          NULL, &flags, NULL, NULL);
    if (GSS_ERROR(major)) {
        refuse(l, explain("the context tells nothing of itself", major, minor));
        return false;
    }
    l->initiator_name = display(initiator);
    l->acceptor_name = display(acceptor);
    gss_release_name(&minor, &initiator);
    gss_release_name(&minor, &acceptor);
    l->facts = (struct zs_gss_facts){
        .initiator = l->initiator_name,
        .acceptor = l->acceptor_name,
        .flags = flags,
        .enctype = zs_live_enctype(l->context),
        .expires = g_get_real_time() / G_USEC_PER_SEC + lifetime,
    };
    return true;
}

static enum zs_gss_step complete(struct zs_live *l)
{
    if (!learn(l))
        return ZS_GSS_FAILED;
    l->channel = zs_channel_take(&l->context);
    if (!l->channel && l->context == GSS_C_NO_CONTEXT)
        return refuse(l, g_strdup("the context's keys could not be taken over"));
    return ZS_GSS_COMPLETE;
}

static enum zs_gss_step step(void *self, struct zs_span token, struct zs_span *out)
{
    struct zs_live *l = self;
    gss_buffer_desc in = {token.n, (void *)token.p};
    OM_uint32 minor, ignored;

    gss_release_buffer(&ignored, &l->token);
    if (l->channel || l->initiator_name)
        return refuse(l, g_strdup("a token behind the end of the context"));
    OM_uint32 major = l->initiator ? initiate(l, &in, &minor) : accept(l, &in, &minor);
    *out = zs_span(l->token.value, l->token.length);
    if (GSS_ERROR(major))
        return refuse(l, explain(l->initiator ? "the context cannot be initiated"
                                              : "the context is not accepted",
                                 major, minor));
    return major & GSS_S_CONTINUE_NEEDED ? ZS_GSS_CONTINUE : complete(l);
}

/* ==== messages of enctypes that core/krb does not seal: by GSS-API ==== */

/* MIT 1.20's gss_unwrap() loses an octet of memory for each empty text in a sealed token of RFC 4121, which nobody can give
 * back: it answers NULL. Those enctypes do not come here; RC4 and DES3 do, and lose nothing. */

static bool wrap_slowly(struct zs_live *l, bool confidential, uint8_t flags, struct zs_span data,
                        struct zs_buf *out)
{
    uint8_t *text = g_malloc(FLAGS_OCTET + data.n);
    gss_buffer_desc in = {FLAGS_OCTET + data.n, text}, token = GSS_C_EMPTY_BUFFER;
    OM_uint32 minor;
    int sealed = 0;

    text[0] = flags;
    if (data.n)
        memcpy(text + FLAGS_OCTET, data.p, data.n);
    OM_uint32 major =
        gss_wrap(&minor, l->context, confidential, GSS_C_QOP_DEFAULT, &in, &sealed, &token);
    g_free(text);
    bool ok = !GSS_ERROR(major) && (sealed || !confidential);
    if (ok)
        zs_buf_put(out, zs_span(token.value, token.length));
    else
        refuse(l, explain("a message cannot be wrapped", major, minor));
    gss_release_buffer(&minor, &token);
    return ok && !out->full;
}

static bool wrap(void *self, bool confidential, uint8_t flags, struct zs_span data,
                 struct zs_buf *out)
{
    struct zs_live *l = self;

    if (l->channel)
        return zs_channel_wrap(l->channel, confidential, zs_span(&flags, FLAGS_OCTET), data, out);
    /* Asked first, for a number that gss_wrap() used up does not come back. */
    if (out->full || out->cap - out->n < WRAP_AROUND || out->cap - out->n - WRAP_AROUND < data.n) {
        out->full = true;
        return false;
    }
    return wrap_slowly(l, confidential, flags, data, out);
}

static enum zs_rc defect_of(OM_uint32 major)
{
    if (GSS_ROUTINE_ERROR(major) == GSS_S_DEFECTIVE_TOKEN)
        return ZS_E_WRAP_HEADER;
    if (GSS_ERROR(major))
        return ZS_E_WRAP_CHECKSUM;
    if (major & GSS_S_DUPLICATE_TOKEN)
        return ZS_E_WRAP_DUPLICATE;
    if (major & (GSS_S_OLD_TOKEN | GSS_S_UNSEQ_TOKEN))
        return ZS_E_WRAP_REVERSAL;
    return major & GSS_S_GAP_TOKEN ? ZS_E_WRAP_GAP : ZS_OK;
}

static enum zs_rc unwrap_slowly(struct zs_live *l, struct zs_span token, uint8_t *buf,
                                struct zs_gss_opened *opened)
{
    gss_buffer_desc in = {token.n, (void *)token.p}, out = GSS_C_EMPTY_BUFFER;
    OM_uint32 minor;
    int sealed = 0;

    enum zs_rc rc = defect_of(gss_unwrap(&minor, l->context, &in, &out, &sealed, NULL));
    if (rc == ZS_OK && out.length > token.n)
        rc = ZS_E_WRAP_SHORT;
    if (rc == ZS_OK) {
        if (out.length)
            memcpy(buf, out.value, out.length);
        *opened =
            (struct zs_gss_opened){.plain = zs_span(buf, out.length), .confidential = sealed != 0};
    }
    gss_release_buffer(&minor, &out);
    return rc;
}

static enum zs_rc unwrap(void *self, struct zs_span token, uint8_t *buf,
                         struct zs_gss_opened *opened)
{
    struct zs_live *l = self;
    struct zs_unwrapped u;

    if (!l->channel)
        return unwrap_slowly(l, token, buf, opened);
    enum zs_rc rc = zs_channel_unwrap(l->channel, token, buf, &u);
    if (rc == ZS_OK)
        *opened = (struct zs_gss_opened){.plain = u.plain,
                                         .confidential = u.confidential,
                                         .has_sequence = true,
                                         .sequence = u.sequence};
    return rc;
}

static const struct zs_gss_facts *facts(const void *self)
{
    const struct zs_live *l = self;

    return &l->facts;
}

static const struct zs_gss_body body = {
    .step = step, .wrap = wrap, .unwrap = unwrap, .facts = facts};

static struct zs_live *new_live(const struct zs_live_credential *c, const struct zs_live_wishes *w)
{
    struct zs_live *l = g_new0(struct zs_live, 1);

    if (w)
        l->wishes = *w;
    if (l->wishes.bindings)
        l->bindings.application_data =
            (gss_buffer_desc){strlen(l->wishes.bindings), (void *)l->wishes.bindings};

    l->gss = (struct zs_gss){.body = &body, .self = l};
    l->credential = c;
    return l;
}

struct zs_live *zs_live_initiate(const struct zs_live_credential *c, const char *service,
                                 const struct zs_live_wishes *w, char **why)
{
    gss_name_t name = import_name(service, true, why);

    if (name == GSS_C_NO_NAME)
        return NULL;
    struct zs_live *l = new_live(c, w);
    l->initiator = true;
    l->service = name;
    return l;
}

struct zs_live *zs_live_accept(const struct zs_live_credential *c, const struct zs_live_wishes *w)
{
    return new_live(c, w);
}

const struct zs_gss *zs_live_gss(struct zs_live *l)
{
    return &l->gss;
}

void zs_live_free(struct zs_live *l)
{
    OM_uint32 minor;

    if (!l)
        return;
    zs_channel_free(l->channel);
    if (l->context != GSS_C_NO_CONTEXT)
        gss_delete_sec_context(&minor, &l->context, NULL);
    gss_release_name(&minor, &l->service);
    gss_release_buffer(&minor, &l->token);
    g_free(l->initiator_name);
    g_free(l->acceptor_name);
    g_free(l->reason);
    g_free(l);
}
