/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Opening a ticket with a keyring, and the ladder of reasons where it stays closed, after MIT's rd_req: the
 * principal, the kvno, the enctype, the key itself. What a credential cache knows of a ticket is taken for opened.
 *
 * Limits: user-to-user tickets are sealed under a session key and no keytab opens them. */
#include "core/krb/opener.h"
#include "core/krb/parts.h"
#include "core/krb/ring.h"
#include "core/krb/secrets.h"
#include "core/krb/vault.h"

enum { NAMES_SHOWN = 4 };

void zs_plaintext_clear(struct zs_plaintext *t)
{
    zs_vault_free(t->p);
    *t = (struct zs_plaintext){0};
}

/* libkrb5 takes a key's length at its word, and a message chose this one. */
static bool fits_its_enctype(const struct zs_key *key)
{
    size_t bytes, length;
    return !krb5_c_keylengths(NULL, key->enctype, &bytes, &length) && length == key->n;
}

bool zs_decrypt(krb5_context krb, const struct zs_key *key, krb5_keyusage usage,
                const struct zs_encrypted *e, struct zs_plaintext *out)
{
    struct zs_plaintext got = {.p = zs_vault_new(e->cipher.n), .n = e->cipher.n};
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

    if (!krb || !fits_its_enctype(key) ||
        krb5_c_decrypt(krb, &block, usage, NULL, &sealed, &plain)) {
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
    g_free(t->transited);
    g_free(t->authorization);
    g_free(t->entry);
    *t = (struct zs_ticket){0};
}

/* A keytab of the older format holds the low eight bits of the number. */
static bool same_kvno(uint32_t entry, const struct zs_encrypted *ticket)
{
    return entry == ticket->kvno || entry == (ticket->kvno & 0xff);
}

static char *describe(const struct zs_keyring_entry *e)
{
    char name[ZS_ENCTYPE_NAME_MAX];
    const char *enctype = zs_enctype_name(e->key.enctype, name, sizeof name);

    if (e->origin == ZS_ORIGIN_KEYTAB)
        return g_strdup_printf("%s: %s kvno %u %s", e->source, e->principal, (unsigned)e->kvno,
                               enctype);
    return e->principal ? g_strdup_printf("%s %s %s", e->source, e->principal, enctype)
                        : g_strdup_printf("%s %s", e->source, enctype);
}

/* RFC 4120, 7.5.4: the kinds by number, but for the one that everybody asks after. */
static char *kinds_of(struct zs_span authorization)
{
    enum { AD_WIN2K_PAC = 128, KINDS_MOST = 32 };
    GString *kinds = g_string_new(NULL);

    for (int i = 0; i < KINDS_MOST; i++) {
        int32_t kind = zs_authorization_next(&authorization);
        if (kind == 0)
            break;
        g_string_append(kinds, kinds->len ? " " : "");
        if (kind == AD_WIN2K_PAC)
            g_string_append(kinds, "PAC");
        else
            g_string_append_printf(kinds, "%d", (int)kind);
    }
    return g_string_free(kinds, kinds->len == 0);
}

/* ZS_WHY_OPENED: *t is filled. ZS_WHY_KEY_DIFFERS: not this entry. ZS_WHY_MALFORMED: the key fits, and what it
 * opened is no ticket. */
static enum zs_why try_entry(krb5_context krb, const struct zs_keyring_entry *e,
                             const struct zs_ap_req *req, struct zs_ticket *t)
{
    struct zs_plaintext plain;
    struct zs_ticket_part part;

    if (e->key.enctype != req->ticket.enctype ||
        !zs_decrypt(krb, &e->key, ZS_USAGE_TICKET, &req->ticket, &plain))
        return ZS_WHY_KEY_DIFFERS;
    bool ok = zs_ticket_part_parse(zs_span(plain.p, plain.n), &part) == ZS_OK;
    if (ok) {
        *t = (struct zs_ticket){.flags = part.flags, .times = part.times};
        zs_key_set(&t->session_key, part.key.enctype, part.key.octets.p, part.key.octets.n);
        t->client_principal = zs_principal_format(&part.client);
        t->transited =
            part.transited.n ? g_strndup((const char *)part.transited.p, part.transited.n) : NULL;
        t->authorization = kinds_of(part.authorization);
        t->entry = describe(e);
        t->origin = e->origin;
    }
    zs_plaintext_clear(&plain);
    return ok ? ZS_WHY_OPENED : ZS_WHY_MALFORMED;
}

/* How the keyring's entries compare with what the ticket asks for. Keys without a principal and those of passwords
 * stand beside the keytabs' ladder: they are told of only where no keytab has the principal. */
struct ladder {
    bool keytab, bare, bare_enctype, password; /* what there is; the password is the service's */
    bool principal, enctype, exact;            /* of keytabs */
    uint32_t kvno_low, kvno_high;              /* of the principal's entries of this enctype */
    const char *others[NAMES_SHOWN]; /* other principals, each once; the keyring's strings */
    unsigned others_shown;
    bool others_more;
};

static void note_other(struct ladder *l, const char *principal)
{
    for (unsigned i = 0; i < l->others_shown; i++)
        if (strcmp(l->others[i], principal) == 0)
            return;
    if (l->others_shown == NAMES_SHOWN)
        l->others_more = true;
    else
        l->others[l->others_shown++] = principal;
}

static void climb(struct ladder *l, const struct zs_keyring_entry *e, const char *service,
                  const struct zs_ap_req *req)
{
    bool enctype = e->key.enctype == req->ticket.enctype;

    l->keytab |= e->origin == ZS_ORIGIN_KEYTAB;
    if (!e->principal) {
        l->bare = true;
        l->bare_enctype |= enctype;
        return;
    }
    if (strcmp(e->principal, service) != 0) {
        note_other(l, e->principal);
        return;
    }
    if (e->origin == ZS_ORIGIN_PASSWORD) {
        l->password |= enctype;
        return;
    }
    l->principal = true;
    if (!enctype)
        return;
    l->kvno_low = !l->enctype || e->kvno < l->kvno_low ? e->kvno : l->kvno_low;
    l->kvno_high = !l->enctype || e->kvno > l->kvno_high ? e->kvno : l->kvno_high;
    l->enctype = true;
    l->exact |= !req->ticket.has_kvno || same_kvno(e->kvno, &req->ticket);
}

/* "kvno 3, aes256-cts-hmac-sha1-96"; without a number where the ticket has none. */
static char *sealed_with(const struct zs_encrypted *ticket)
{
    char name[ZS_ENCTYPE_NAME_MAX];
    const char *enctype = zs_enctype_name(ticket->enctype, name, sizeof name);

    return ticket->has_kvno ? g_strdup_printf("kvno %u, %s", (unsigned)ticket->kvno, enctype)
                            : g_strdup(enctype);
}

static void append_others(GString *s, const struct ladder *l)
{
    for (unsigned i = 0; i < l->others_shown; i++)
        g_string_append_printf(s, "%s%s", i ? ", " : "", l->others[i]);
    if (l->others_more)
        g_string_append(s, " and more");
}

static char *explain_principal(const struct ladder *l, const char *service)
{
    GString *s = g_string_new(service);

    g_string_append(s, l->keytab ? " is not in the keytab, which holds "
                                 : " is not what the password is for, which is that of ");
    append_others(s, l);
    g_string_append(s, "; give the keytab of that service");
    return g_string_free(s, FALSE);
}

/* No keytab has the principal, and keys were given that need none. */
static enum zs_why explain_given(const struct ladder *l, const char *service, const char *with,
                                 char **reason)
{
    if (l->password) {
        *reason = g_strdup_printf("the password given for %s does not make the key (%s) that "
                                  "sealed the ticket: it is another password, or the key has "
                                  "another salt; give the keytab",
                                  service, with);
        return ZS_WHY_KEY_DIFFERS;
    }
    if (l->bare_enctype) {
        *reason = g_strdup_printf(
            "the key given is not the one that sealed the ticket for %s (%s): give that "
            "service's keytab",
            service, with);
        return ZS_WHY_KEY_DIFFERS;
    }
    *reason = g_strdup_printf("the key given has another enctype than the one that sealed the "
                              "ticket for %s (%s): give that service's keytab",
                              service, with);
    return ZS_WHY_NO_ENCTYPE;
}

static char *explain_kvno(const struct ladder *l, const char *service, uint32_t kvno)
{
    if (kvno > l->kvno_high)
        return g_strdup_printf("the ticket for %s is of kvno %u and the keytab ends at %u: the "
                               "keytab is out of date; extract it again",
                               service, (unsigned)kvno, (unsigned)l->kvno_high);
    return g_strdup_printf(
        "the ticket for %s is of kvno %u, which the keytab (kvno %u and up) does "
        "not hold any more: the ticket is out of date; find a keytab that still "
        "has that kvno",
        service, (unsigned)kvno, (unsigned)l->kvno_low);
}

static enum zs_why explain(const struct ladder *l, const char *service, const struct zs_ap_req *req,
                           char **reason)
{
    enum zs_why why;
    char *with = sealed_with(&req->ticket);

    if (!krb5_c_valid_enctype(req->ticket.enctype)) {
        why = ZS_WHY_ENCTYPE_UNKNOWN;
        *reason =
            g_strdup_printf("the ticket for %s (%s) has an enctype that zmtpscope cannot open; "
                            "let the KDC issue it with an AES one",
                            service, with);
    } else if (!l->principal && (l->password || (l->bare && !l->others_shown))) {
        why = explain_given(l, service, with, reason);
    } else if (!l->principal) {
        why = ZS_WHY_NO_PRINCIPAL;
        *reason = explain_principal(l, service);
    } else if (!l->enctype) {
        why = ZS_WHY_NO_ENCTYPE;
        *reason =
            g_strdup_printf("the ticket for %s (%s) has an enctype of which the keytab holds no "
                            "key for it; extract the keytab again with that enctype",
                            service, with);
    } else if (l->exact) {
        why = ZS_WHY_KEY_DIFFERS;
        *reason = g_strdup_printf(
            "the keytab's key for %s (%s) is not the one that sealed the ticket: the service was "
            "re-keyed without a new kvno, or the key was made from a password with another salt; "
            "extract the keytab again",
            service, with);
    } else {
        why = req->ticket.kvno > l->kvno_high ? ZS_WHY_KVNO_NEWER : ZS_WHY_KVNO_OLDER;
        *reason = explain_kvno(l, service, req->ticket.kvno);
    }
    g_free(with);
    return why;
}

static enum zs_why why_closed(const struct zs_keyring *keys, const struct zs_ap_req *req,
                              const char *service, char **reason)
{
    struct ladder l = {0};

    for (size_t i = 0; i < zs_keyring_size(keys); i++)
        climb(&l, zs_keyring_at(keys, i), service, req);
    return explain(&l, service, req, reason);
}

static bool is_named(const struct zs_keyring_entry *e, const char *service,
                     const struct zs_ap_req *req)
{
    return (!e->principal || strcmp(e->principal, service) == 0) &&
           (!e->has_kvno || !req->ticket.has_kvno || same_kvno(e->kvno, &req->ticket));
}

/* The entries that the ticket names, or all the others, up to the first whose key fits. */
static enum zs_why try_entries(const struct zs_keyring *keys, const struct zs_ap_req *req,
                               const char *service, bool named, struct zs_ticket *t, char **reason)
{
    for (size_t i = 0; i < zs_keyring_size(keys); i++) {
        const struct zs_keyring_entry *e = zs_keyring_at(keys, i);
        if (is_named(e, service, req) != named)
            continue;
        enum zs_why why = try_entry(zs_keyring_krb5(keys), e, req, t);
        if (why == ZS_WHY_KEY_DIFFERS)
            continue;
        t->other_entry = !named;
        if (why == ZS_WHY_MALFORMED) {
            char *entry = describe(e);
            *reason = g_strdup_printf("%s fits the ticket for %s, but what it sealed is not what "
                                      "RFC 4120 says a ticket must be",
                                      entry, service);
            g_free(entry);
        }
        return why;
    }
    return ZS_WHY_KEY_DIFFERS;
}

/* The entry that the ticket names goes first; the search over the others is the labelled fallback. */
static enum zs_why search(const struct zs_keyring *keys, const struct zs_ap_req *req,
                          const char *service, struct zs_ticket *t, char **reason)
{
    enum zs_why why = try_entries(keys, req, service, true, t, reason);

    if (why == ZS_WHY_KEY_DIFFERS)
        why = try_entries(keys, req, service, false, t, reason);
    if (why == ZS_WHY_KEY_DIFFERS)
        return why_closed(keys, req, service, reason);
    if (why == ZS_WHY_OPENED && t->other_entry) {
        char *with = sealed_with(&req->ticket);
        *reason = g_strdup_printf("the ticket names %s (%s), but opened with %s", service, with,
                                  t->entry);
        g_free(with);
    }
    return why;
}

/* A keytab may have been extracted anew since it was read. */
static enum zs_why search_anew(const struct zs_keyring *keys, const struct zs_ap_req *req,
                               const char *service, struct zs_ticket *t, char **reason)
{
    enum zs_why why = search(keys, req, service, t, reason);

    if (why == ZS_WHY_OPENED || why == ZS_WHY_MALFORMED)
        return why;
    /* The keyring stays the user's: it knows more of the same files. */
    if (!zs_keyring_refresh((struct zs_keyring *)keys))
        return why;
    g_free(*reason);
    *reason = NULL;
    return search(keys, req, service, t, reason);
}

static void take_credential(const struct zs_credential *c, struct zs_ticket *t)
{
    *t = (struct zs_ticket){
        .session_key = c->session_key,
        .client_principal = g_strdup(c->client),
        .flags = c->flags,
        .times = c->times,
        .entry = g_strdup_printf("%s: ticket of %s for %s", c->source, c->client, c->service),
        .origin = ZS_ORIGIN_CCACHE,
    };
}

/* There is a credential cache, no key of a service, and the cache does not hold this ticket. */
static enum zs_why explain_credentials(const struct zs_keyring *keys, const char *service,
                                       char **reason)
{
    struct ladder l = {0};

    for (guint i = 0; i < keys->credentials->len; i++) {
        const struct zs_credential *c = keys->credentials->pdata[i];
        l.principal |= strcmp(c->service, service) == 0;
        note_other(&l, c->service);
    }
    GString *s = g_string_new(NULL);
    if (l.principal) {
        g_string_printf(s,
                        "the credential cache holds a ticket for %s, but another one: it was "
                        "fetched at another time, or by another user; give the service's keytab",
                        service);
    } else {
        g_string_printf(s, "the credential cache holds no ticket for %s, but for ", service);
        append_others(s, &l);
        g_string_append(s, "; give the cache of the user who connected");
    }
    *reason = g_string_free(s, FALSE);
    return l.principal ? ZS_WHY_KEY_DIFFERS : ZS_WHY_NO_PRINCIPAL;
}

static enum zs_why explain_no_keys(const struct zs_keyring *keys, const char *service,
                                   const struct zs_ap_req *req, char **reason)
{
    bool log = keys && zs_keyring_secret_count(keys);
    char *with = sealed_with(&req->ticket);

    *reason =
        g_strdup_printf("%s; the ticket is for %s (%s): give that service's keytab",
                        log ? "no keytab was given, and the key log has nothing on this context"
                            : "no keytab was given",
                        service, with);
    g_free(with);
    return ZS_WHY_NO_KEYS;
}

enum zs_why zs_ticket_open(const struct zs_keyring *keys, const struct zs_ap_req *req,
                           struct zs_ticket *t, char **reason)
{
    const struct zs_credential *c = keys ? zs_keyring_credential(keys, req->ticket.cipher) : NULL;
    char *service = zs_principal_format(&req->service);
    enum zs_why why = ZS_WHY_OPENED;

    *reason = NULL;
    if (c)
        take_credential(c, t);
    else if (keys && zs_keyring_size(keys))
        why = search_anew(keys, req, service, t, reason);
    else if (keys && keys->credentials->len)
        why = explain_credentials(keys, service, reason);
    else
        why = explain_no_keys(keys, service, req, reason);
    g_free(service);
    return why;
}
