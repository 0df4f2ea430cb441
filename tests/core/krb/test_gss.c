/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The observed context against the real one: MIT's initiator and acceptor talk to each other in this process, with a
 * forged ticket in the initiator's cache so that no KDC is asked, and the observer, who sees their tokens and has
 * the keytab, must know what they know. */
#include "core/krb/context.h"

#include "core/krb/init.h"
#include "core/wire/token.h"
#include "tests/core/krb/forge.h"

#include <gssapi/gssapi_krb5.h>
#include <unistd.h>

#define SERVICE "zmq/server.example.org@EXAMPLE.ORG"

/* Both ends of one security context, and what stood on the wire between them. */
struct talk {
    gss_ctx_id_t initiator, acceptor;
    GByteArray *to_acceptor, *to_initiator;
    int64_t time_ns;
};

static void check(OM_uint32 major, OM_uint32 minor, const char *what)
{
    gss_buffer_desc text = GSS_C_EMPTY_BUFFER;
    OM_uint32 ignored, more = 0;

    if (!GSS_ERROR(major))
        return;
    gss_display_status(&ignored, minor, GSS_C_MECH_CODE, GSS_C_NO_OID, &more, &text);
    g_error("%s: %08x %.*s", what, major, (int)text.length, (char *)text.value);
}

static krb5_keyblock keyblock(const struct zs_key *k)
{
    return (krb5_keyblock){
        .enctype = k->enctype, .length = k->n, .contents = (krb5_octet *)k->octets};
}

/* The initiator's cache, as if a KDC had issued f's ticket. */
static void fill_cache(const struct forge *f)
{
    krb5_context krb;
    krb5_ccache cache;
    krb5_creds creds = {.keyblock = keyblock(&f->session_key),
                        .times = {.authtime = (krb5_timestamp)f->auth,
                                  .starttime = (krb5_timestamp)f->start,
                                  .endtime = (krb5_timestamp)f->end},
                        .ticket_flags = (krb5_flags)f->ticket_flags};
    GByteArray *ticket = forge_ticket(f);

    creds.ticket = (krb5_data){.data = (char *)ticket->data, .length = ticket->len};
    g_assert_cmpint(krb5_init_context(&krb), ==, 0);
    g_assert_cmpint(krb5_parse_name(krb, "alice@EXAMPLE.ORG", &creds.client), ==, 0);
    g_assert_cmpint(krb5_parse_name(krb, SERVICE, &creds.server), ==, 0);
    g_assert_cmpint(krb5_cc_default(krb, &cache), ==, 0);
    g_assert_cmpint(krb5_cc_initialize(krb, cache, creds.client), ==, 0);
    g_assert_cmpint(krb5_cc_store_cred(krb, cache, &creds), ==, 0);
    krb5_cc_close(krb, cache);
    krb5_free_principal(krb, creds.client);
    krb5_free_principal(krb, creds.server);
    krb5_free_context(krb);
    g_byte_array_unref(ticket);
}

static GByteArray *taken(gss_buffer_t b)
{
    OM_uint32 minor;
    GByteArray *a = der_octets(b->value, b->length);

    gss_release_buffer(&minor, b);
    return a;
}

/* One AP-REQ and, if flags ask for it, one AP-REP. */
static struct talk establish(OM_uint32 flags)
{
    struct talk t = {.time_ns = g_get_real_time() * 1000};
    gss_buffer_desc name = {.length = strlen(SERVICE), .value = (void *)SERVICE};
    gss_buffer_desc there = GSS_C_EMPTY_BUFFER, back = GSS_C_EMPTY_BUFFER;
    gss_name_t service;
    OM_uint32 minor;
    OM_uint32 major = gss_import_name(&minor, &name, GSS_KRB5_NT_PRINCIPAL_NAME, &service);

    check(major, minor, "gss_import_name");
    major = gss_init_sec_context(&minor, GSS_C_NO_CREDENTIAL, &t.initiator, service,
                                 (gss_OID)gss_mech_krb5, flags, 0, NULL, NULL, NULL, &there, NULL,
                                 NULL);
    check(major, minor, "gss_init_sec_context");
    major = gss_accept_sec_context(&minor, &t.acceptor, GSS_C_NO_CREDENTIAL, &there, NULL, NULL,
                                   NULL, &back, NULL, NULL, NULL);
    check(major, minor, "gss_accept_sec_context");
    t.to_acceptor = taken(&there);
    t.to_initiator = taken(&back);
    if (flags & GSS_C_MUTUAL_FLAG) {
        back = (gss_buffer_desc){t.to_initiator->len, t.to_initiator->data};
        major = gss_init_sec_context(&minor, GSS_C_NO_CREDENTIAL, &t.initiator, service,
                                     (gss_OID)gss_mech_krb5, flags, 0, NULL, &back, NULL, &there,
                                     NULL, NULL);
        check(major, minor, "gss_init_sec_context, again");
    }
    gss_release_name(&minor, &service);
    return t;
}

static void end(struct talk *t)
{
    OM_uint32 minor;

    gss_delete_sec_context(&minor, &t->initiator, NULL);
    gss_delete_sec_context(&minor, &t->acceptor, NULL);
    g_byte_array_unref(t->to_acceptor);
    g_byte_array_unref(t->to_initiator);
}

static struct zs_context *observe(const struct forge *f, const struct talk *t)
{
    struct forge_entry entry = {
        .name = f->service, .kvno = (uint32_t)f->kvno, .key = f->service_key};
    struct zs_keyring *r = forge_keyring(&entry, 1);
    struct zs_token req, rep = {0};

    g_assert_cmpint(zs_token_parse(span_of(t->to_acceptor), &req), ==, ZS_OK);
    g_assert_cmpint(req.kind, ==, ZS_TOKEN_AP_REQ);
    if (t->to_initiator->len)
        g_assert_cmpint(zs_token_parse(span_of(t->to_initiator), &rep), ==, ZS_OK);
    struct zs_context *c = zs_context_new(r, req.inner, rep.inner, t->time_ns);
    zs_keyring_free(r);
    return c;
}

/* What from wraps, the observer opens; its number is the next one. */
static void message_opens(const struct zs_context *c, gss_ctx_id_t from, bool by_acceptor,
                          int sealed, size_t n, uint64_t sequence)
{
    uint8_t *text = g_malloc0(n + 1), *buf = g_malloc(n + 1000);
    gss_buffer_desc in = {n, text}, out = GSS_C_EMPTY_BUFFER;
    struct zs_unwrapped u;
    OM_uint32 minor;

    for (size_t i = 0; i < n; i++)
        text[i] = (uint8_t)(i * 17 + sequence);
    OM_uint32 major = gss_wrap(&minor, from, sealed, GSS_C_QOP_DEFAULT, &in, NULL, &out);
    check(major, minor, "gss_wrap");
    GByteArray *token = taken(&out);
    g_assert_cmpuint(zs_unwrap_room(token->len), <=, n + 1000);
    g_assert_cmpint(zs_context_unwrap(c, span_of(token), buf, n + 1000, &u), ==, ZS_OK);
    g_assert_cmpmem(u.plain.p, u.plain.n, text, n);
    g_assert_true(u.confidential == sealed);
    g_assert_true(u.sent_by_acceptor == by_acceptor);
    g_assert_cmpuint(u.sequence, ==, sequence);
    g_assert_cmpint(u.key, ==, zs_context_facts(c)->subkey_from);
    g_byte_array_unref(token);
    g_free(text);
    g_free(buf);
}

static void messages_open(const struct zs_context *c, const struct talk *t)
{
    static const size_t lengths[] = {0, 1, 15, 16, 17, 100, 4096, 70001};
    uint64_t initiator = zs_context_facts(c)->initiator_sequence;
    uint64_t acceptor = zs_context_facts(c)->acceptor_sequence;

    for (size_t i = 0; i < G_N_ELEMENTS(lengths); i++)
        for (int sealed = 0; sealed < 2; sealed++) {
            message_opens(c, t->initiator, false, sealed, lengths[i], initiator++);
            message_opens(c, t->acceptor, true, sealed, lengths[i], acceptor++);
        }
}

static const struct {
    int32_t service, session;
} mixtures[] = {{17, 17}, {18, 18}, {19, 19}, {20, 20}, {25, 25}, {26, 26}, {18, 17}, {23, 18}};

static void forge_now(struct forge *f, int32_t service, int32_t session)
{
    int64_t now = g_get_real_time() / 1000000;

    forge_init(f, session);
    f->ticket_etype = service;
    f->service_key = forge_key(service, 1);
    f->auth = f->start = now - 60;
    f->end = now + 3600;
}

/* KRB5_KTNAME names one file for the whole run: it holds the key of f. */
static void write_keytab(const struct forge *f)
{
    struct forge_entry entry = {
        .name = f->service, .kvno = (uint32_t)f->kvno, .key = f->service_key};
    char *path = forge_keytab(&entry, 1), *octets;
    gsize n;

    g_assert_true(g_file_get_contents(path, &octets, &n, NULL));
    g_assert_true(g_file_set_contents(g_getenv("KRB5_KTNAME"), octets, (gssize)n, NULL));
    g_free(octets);
    forge_remove(path);
}

static void observer_knows_what_mits_peers_know(void)
{
    for (size_t i = 0; i < G_N_ELEMENTS(mixtures); i++)
        for (int mutual = 0; mutual < 2; mutual++) {
            OM_uint32 flags = GSS_C_REPLAY_FLAG | (mutual ? GSS_C_MUTUAL_FLAG : 0);
            struct forge f;
            forge_now(&f, mixtures[i].service, mixtures[i].session);
            write_keytab(&f);
            fill_cache(&f);
            struct talk t = establish(flags);
            struct zs_context *c = observe(&f, &t);
            const struct zs_context_facts *facts = zs_context_facts(c);
            g_assert_cmpstr(facts->reason, ==, NULL);
            g_assert_cmpstr(facts->client_principal, ==, "alice@EXAMPLE.ORG");
            g_assert_cmpstr(facts->service_principal, ==, SERVICE);
            g_assert_cmpint(facts->verdict, ==, ZS_VERDICT_ACCEPTABLE);
            g_assert_true(facts->mutual == mutual);
            /* libzmq's flags, and MIT adds confidentiality, integrity and transferability */
            g_assert_cmphex(facts->gss_flags, ==,
                            flags | GSS_C_CONF_FLAG | GSS_C_INTEG_FLAG | GSS_C_TRANS_FLAG);
            g_assert_cmpint(facts->subkey_from, ==,
                            mutual ? ZS_SUBKEY_ACCEPTOR : ZS_SUBKEY_INITIATOR);
            messages_open(c, &t);
            zs_context_free(c);
            end(&t);
        }
}

/* A host that permits what the tests use, and asks nobody. */
static void settle(const char *directory)
{
    static const char config[] = "[libdefaults]\n"
                                 "default_realm = EXAMPLE.ORG\n"
                                 "dns_lookup_kdc = false\n"
                                 "dns_lookup_realm = false\n"
                                 "allow_weak_crypto = true\n"
                                 "allow_rc4 = true\n"
                                 "allow_des3 = true\n"
                                 "permitted_enctypes = aes256-cts aes128-cts aes128-sha2 "
                                 "aes256-sha2 camellia128-cts camellia256-cts rc4 des3\n";
    char *conf = g_build_filename(directory, "krb5.conf", NULL);
    char *keytab = g_build_filename(directory, "service.keytab", NULL);

    g_assert_true(g_file_set_contents(conf, config, -1, NULL));
    g_setenv("KRB5_CONFIG", conf, TRUE);
    g_setenv("KRB5_KTNAME", keytab, TRUE);
    g_setenv("KRB5CCNAME", "MEMORY:zs", TRUE);
    g_setenv("KRB5RCACHENAME", "none:", TRUE);
    g_free(conf);
    g_free(keytab);
}

static void unsettle(char *directory)
{
    unlink(g_getenv("KRB5_CONFIG"));
    unlink(g_getenv("KRB5_KTNAME"));
    rmdir(directory);
    g_free(directory);
}

int main(int argc, char **argv)
{
    char *directory = g_dir_make_tmp("zs-gss-XXXXXX", NULL);

    g_test_init(&argc, &argv, NULL);
    zs_krb_init();
    settle(directory);
    g_test_add_func("/gss/observer_knows_what_mits_peers_know",
                    observer_knows_what_mits_peers_know);
    int failed = g_test_run();
    unsettle(directory);
    return failed;
}
