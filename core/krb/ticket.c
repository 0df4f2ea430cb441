/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Opening a ticket with a keyring, and the ladder of reasons where it stays closed, after MIT's rd_req: the
 * principal, the kvno, the enctype, the key itself.
 *
 * Limits: user-to-user tickets are sealed under a session key and no keytab opens them. */
#include "core/krb/opener.h"
#include "core/krb/parts.h"

#include <glib.h>

enum { NAMES_SHOWN = 4 };

void zs_plaintext_clear(struct zs_plaintext *t)
{
    if (t->p)
        explicit_bzero(t->p, t->n);
    g_free(t->p);
    *t = (struct zs_plaintext){0};
}

bool zs_decrypt(krb5_context krb, const struct zs_key *key, krb5_keyusage usage,
                const struct zs_encrypted *e, struct zs_plaintext *out)
{
    struct zs_plaintext got = {.p = g_malloc(e->cipher.n + 1), .n = e->cipher.n};
    krb5_keyblock block = {.magic = KV5M_KEYBLOCK,
                           .enctype = key->enctype,
                           .length = key->n,
                           .contents = (krb5_octet *)key->octets};
    krb5_enc_data sealed = {
        .magic = KV5M_ENC_DATA,
        .enctype = e->enctype,
        .ciphertext = {KV5M_DATA, (unsigned)e->cipher.n, (char *)e->cipher.p},
    };
    krb5_data plain = {KV5M_DATA, (unsigned)got.n, (char *)got.p};

    if (!krb || krb5_c_decrypt(krb, &block, usage, NULL, &sealed, &plain)) {
        zs_plaintext_clear(&got);
        return false;
    }
    got.n = plain.length;
    *out = got;
    return true;
}

void zs_ticket_clear(struct zs_ticket *t)
{
    zs_key_clear(&t->session_key);
    g_free(t->client_principal);
    g_free(t->entry);
    *t = (struct zs_ticket){0};
}

/* A keytab of the older format holds the low eight bits of the number. */
static bool same_kvno(uint32_t entry, const struct zs_encrypted *ticket)
{
    return entry == ticket->kvno || (entry < 256 && entry == (ticket->kvno & 0xff));
}

static char *describe(const struct zs_keyring_entry *e)
{
    char name[ZS_ENCTYPE_NAME_MAX];
    return g_strdup_printf("%s: %s kvno %u %s", e->source, e->principal, (unsigned)e->kvno,
                           zs_enctype_name(e->key.enctype, name, sizeof name));
}

static bool try_entry(krb5_context krb, const struct zs_keyring_entry *e,
                      const struct zs_ap_req *req, struct zs_ticket *t)
{
    struct zs_plaintext plain;
    struct zs_ticket_part part;

    if (e->key.enctype != req->ticket.enctype ||
        !zs_decrypt(krb, &e->key, ZS_USAGE_TICKET, &req->ticket, &plain))
        return false;
    bool ok = zs_ticket_part_parse(zs_span(plain.p, plain.n), &part) == ZS_OK;
    if (ok) {
        *t = (struct zs_ticket){.flags = part.flags, .times = part.times};
        zs_key_set(&t->session_key, part.key.enctype, part.key.octets.p, part.key.octets.n);
        t->client_principal = zs_principal_format(&part.client);
        t->entry = describe(e);
    }
    zs_plaintext_clear(&plain);
    return ok;
}

/* How the keyring's entries compare with what the ticket asks for. */
struct ladder {
    bool principal, enctype, exact;
    uint32_t kvno_low, kvno_high; /* of the principal's entries of this enctype */
    GString *others;              /* names of other principals */
    unsigned others_shown, others_more;
};

static void climb(struct ladder *l, const struct zs_keyring_entry *e, const char *service,
                  const struct zs_ap_req *req)
{
    if (strcmp(e->principal, service) != 0) {
        if (strstr(l->others->str, e->principal))
            return;
        if (l->others_shown == NAMES_SHOWN) {
            l->others_more++;
            return;
        }
        g_string_append_printf(l->others, "%s%s", l->others_shown++ ? ", " : "", e->principal);
        return;
    }
    l->principal = true;
    if (e->key.enctype != req->ticket.enctype)
        return;
    l->kvno_low = !l->enctype || e->kvno < l->kvno_low ? e->kvno : l->kvno_low;
    l->kvno_high = !l->enctype || e->kvno > l->kvno_high ? e->kvno : l->kvno_high;
    l->enctype = true;
    l->exact |= !req->ticket.has_kvno || same_kvno(e->kvno, &req->ticket);
}

static enum zs_why explain(const struct ladder *l, const char *service, const struct zs_ap_req *req,
                           char **reason)
{
    char name[ZS_ENCTYPE_NAME_MAX];
    const char *enctype = zs_enctype_name(req->ticket.enctype, name, sizeof name);
    unsigned kvno = req->ticket.kvno;

    if (!l->principal) {
        *reason = g_strdup_printf(
            "%s is not in the keytab, which holds %s%s; give the keytab of that service", service,
            l->others->str, l->others_more ? " and more" : "");
        return ZS_WHY_NO_PRINCIPAL;
    }
    if (!l->enctype) {
        *reason = g_strdup_printf(
            "the keytab has no %s key for %s, and the ticket (kvno %u) is sealed with one; "
            "extract the keytab again with that enctype",
            enctype, service, kvno);
        return ZS_WHY_NO_ENCTYPE;
    }
    if (l->exact) {
        *reason = g_strdup_printf(
            "the keytab has kvno %u with %s for %s, but its key is another one: the service "
            "was re-keyed without a new kvno, or the key was made from a password with "
            "another salt; extract the keytab again",
            kvno, enctype, service);
        return ZS_WHY_KEY_DIFFERS;
    }
    if (kvno > l->kvno_high) {
        *reason = g_strdup_printf(
            "the ticket for %s is of kvno %u and the keytab ends at %u: the keytab is out of "
            "date; extract it again",
            service, kvno, (unsigned)l->kvno_high);
        return ZS_WHY_KVNO_NEWER;
    }
    *reason = g_strdup_printf(
        "the ticket for %s is of kvno %u, which the keytab (kvno %u to %u) does not hold any "
        "more: the ticket is out of date; find a keytab that still has that kvno",
        service, kvno, (unsigned)l->kvno_low, (unsigned)l->kvno_high);
    return ZS_WHY_KVNO_OLDER;
}

static enum zs_why why_closed(const struct zs_keyring *keys, const struct zs_ap_req *req,
                              const char *service, char **reason)
{
    struct ladder l = {.others = g_string_new(NULL)};

    for (size_t i = 0; i < zs_keyring_size(keys); i++)
        climb(&l, zs_keyring_at(keys, i), service, req);
    enum zs_why why = explain(&l, service, req, reason);
    g_string_free(l.others, TRUE);
    return why;
}

static bool is_named(const struct zs_keyring_entry *e, const char *service,
                     const struct zs_ap_req *req)
{
    return strcmp(e->principal, service) == 0 &&
           (!req->ticket.has_kvno || same_kvno(e->kvno, &req->ticket));
}

/* The entry that the ticket names goes first; the search over the others is the labelled fallback. */
static bool try_entries(const struct zs_keyring *keys, const struct zs_ap_req *req,
                        const char *service, bool named, struct zs_ticket *t)
{
    for (size_t i = 0; i < zs_keyring_size(keys); i++) {
        const struct zs_keyring_entry *e = zs_keyring_at(keys, i);
        if (is_named(e, service, req) == named && try_entry(zs_keyring_krb5(keys), e, req, t)) {
            t->other_entry = !named;
            return true;
        }
    }
    return false;
}

enum zs_why zs_ticket_open(const struct zs_keyring *keys, const struct zs_ap_req *req,
                           struct zs_ticket *t, char **reason)
{
    char name[ZS_ENCTYPE_NAME_MAX];
    enum zs_why why = ZS_WHY_OPENED;
    char *service = zs_principal_format(&req->service);

    *reason = NULL;
    if (!keys || zs_keyring_size(keys) == 0) {
        *reason = g_strdup_printf("no keytab was given; the ticket is for %s, kvno %u, %s", service,
                                  (unsigned)req->ticket.kvno,
                                  zs_enctype_name(req->ticket.enctype, name, sizeof name));
        why = ZS_WHY_NO_KEYS;
    } else if (try_entries(keys, req, service, true, t)) {
        why = ZS_WHY_OPENED;
    } else if (try_entries(keys, req, service, false, t)) {
        *reason = g_strdup_printf("the ticket names %s kvno %u, but opened with %s", service,
                                  (unsigned)req->ticket.kvno, t->entry);
    } else {
        why = why_closed(keys, req, service, reason);
    }
    g_free(service);
    return why;
}
