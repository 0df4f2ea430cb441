/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The acceptor's context, rebuilt by an observer: ticket, authenticator and AP-REP are opened each by itself, so
 * that a damaged one costs its own facts and nothing else (RFC 4120 3.2, RFC 4121 2 and 4.1.1, RFC 4537). */
#include "core/krb/acceptor.h"
#include "core/krb/opener.h"
#include "core/krb/parts.h"
#include "core/krb/ring.h"
#include "core/krb/vault.h"

const char *zs_why_code(enum zs_why w)
{
    static const char *const codes[ZS_WHY_COUNT] = {
        [ZS_WHY_OPENED] = "opened",
        [ZS_WHY_NO_KEYS] = "no-keys",
        [ZS_WHY_NO_PRINCIPAL] = "no-principal",
        [ZS_WHY_NO_ENCTYPE] = "no-enctype",
        [ZS_WHY_KVNO_NEWER] = "kvno-newer",
        [ZS_WHY_KVNO_OLDER] = "kvno-older",
        [ZS_WHY_KEY_DIFFERS] = "key-differs",
        [ZS_WHY_ENCTYPE_UNKNOWN] = "enctype-unknown",
        [ZS_WHY_MALFORMED] = "malformed",
        [ZS_WHY_AP_REP_MISSING] = "ap-rep-missing",
        [ZS_WHY_AP_REP_DAMAGED] = "ap-rep-damaged",
        [ZS_WHY_AUTHENTICATOR_DAMAGED] = "authenticator-damaged",
    };
    return codes[w];
}

const char *zs_subkey_from_name(enum zs_subkey_from f)
{
    static const char *const names[] = {"acceptor", "initiator", "session"};
    return names[f];
}

const char *zs_verdict_name(enum zs_verdict v)
{
    static const char *const names[] = {"unknown", "acceptable", "expired", "not-yet-valid",
                                        "skew"};
    return names[v];
}

/* The first reason stands: it is the cause, later ones follow from it. */
static void say(struct zs_context_facts *f, enum zs_why why, char *reason)
{
    if (f->why != ZS_WHY_OPENED || (f->reason && !reason)) {
        g_free(reason);
        return;
    }
    f->why = why;
    g_free(f->reason);
    f->reason = reason;
}

static void set_key(struct zs_context *c, enum zs_subkey_from which, const struct zs_key_part *part)
{
    if (part->octets.n)
        zs_key_set(&c->key[which], part->enctype, part->octets.p, part->octets.n);
}

/* RFC 4121, 4.1.1.1: the forwarded credential, sealed under the session key or, by some, not at all. Its own key is
 * not looked at. */
static void open_delegated(struct zs_context *c, krb5_context krb, struct zs_span krb_cred)
{
    struct zs_context_facts *f = &c->facts;
    struct zs_plaintext plain = {0};
    struct zs_cred_part part;
    struct zs_cred cred;

    if (zs_cred_parse(krb_cred, &cred) != ZS_OK)
        return;
    struct zs_span text = cred.part.cipher;
    if (cred.part.enctype != ENCTYPE_NULL) {
        if (!zs_decrypt(krb, &c->key[ZS_SUBKEY_SESSION], ZS_USAGE_KRB_CRED, &cred.part, &plain))
            return;
        text = zs_span(plain.p, plain.n);
    }
    if (zs_cred_part_parse(text, &part) == ZS_OK) {
        f->delegated_client = part.has_client ? zs_principal_format(&part.client) : NULL;
        f->delegated_flags = part.flags;
        f->delegated_end = part.times.end;
    }
    zs_plaintext_clear(&plain);
}

static void open_authenticator(struct zs_context *c, krb5_context krb, const struct zs_ap_req *req,
                               int64_t time_ns)
{
    struct zs_context_facts *f = &c->facts;
    struct zs_plaintext plain;
    struct zs_authenticator a;
    struct zs_gss_checksum sum;

    if (!zs_decrypt(krb, &c->key[ZS_SUBKEY_SESSION], ZS_USAGE_AUTHENTICATOR, &req->authenticator,
                    &plain))
        return;
    if (zs_authenticator_parse(zs_span(plain.p, plain.n), &a) == ZS_OK) {
        f->authenticator_opened = f->has_gss_flags = true;
        f->skew_ms = (a.time_us - time_ns / 1000) / 1000;
        set_key(c, ZS_SUBKEY_INITIATOR, &a.subkey);
        f->initiator_has_sequence = a.has_sequence;
        f->initiator_sequence = a.sequence;
        if (a.checksum_type == ZS_CHECKSUM_GSS &&
            zs_gss_checksum_parse(a.checksum, &sum) == ZS_OK) {
            f->gss_flags = sum.flags;
            f->channel_bindings = sum.channel_bindings;
            f->delegated = sum.delegated.n > 0;
            open_delegated(c, krb, sum.delegated);
        }
    }
    zs_plaintext_clear(&plain);
}

/* What a session secret says, so far as it is not known already. Whether the key fits, each token's checksum
 * tells. */
static void take_secret(struct zs_context *c, const struct zs_secret *s)
{
    struct zs_context_facts *f = &c->facts;

    c->by_secret = true;
    c->key[s->from] = s->key;
    if (!f->opened_by) {
        f->opened_by = ZS_ORIGIN_SECRET;
        f->keytab_entry = g_strdup_printf("key log %s", s->source);
        f->client_principal = g_strdup(s->client);
    }
    if (!f->has_gss_flags && s->has_flags) {
        f->has_gss_flags = true;
        f->gss_flags = s->flags;
    }
    if (!f->initiator_has_sequence) {
        f->initiator_has_sequence = s->has_initiator_sequence;
        f->initiator_sequence = s->initiator_sequence;
    }
    if (!f->acceptor_has_sequence) {
        f->acceptor_has_sequence = s->has_acceptor_sequence;
        f->acceptor_sequence = s->acceptor_sequence;
    }
}

/* The acceptor's subkey is unknown, unless a session secret has it. */
static void without_ap_rep(struct zs_context *c, const struct zs_secret *secret, enum zs_why why,
                           const char *reason)
{
    if (secret) {
        take_secret(c, secret);
        say(&c->facts, ZS_WHY_OPENED,
            g_strdup_printf(
                "the AP-REP is missing or damaged; the messages' key is from key log %s",
                secret->source));
    } else {
        say(&c->facts, why, g_strdup(reason));
    }
}

static void open_ap_rep(struct zs_context *c, krb5_context krb, struct zs_span ap_rep,
                        const struct zs_secret *secret)
{
    struct zs_context_facts *f = &c->facts;
    struct zs_plaintext plain = {0};
    struct zs_ap_rep_part part;
    struct zs_ap_rep rep;

    if (ap_rep.n == 0) {
        /* Without mutual authentication the acceptor's numbers start where the initiator's do. */
        f->acceptor_has_sequence = f->initiator_has_sequence && !f->mutual;
        f->acceptor_sequence = f->initiator_sequence;
        if (f->mutual)
            without_ap_rep(c, secret, ZS_WHY_AP_REP_MISSING,
                           "the capture has no AP-REP for this AP-REQ, so the acceptor's subkey is "
                           "unknown: it was not recorded, or the acceptor never answered");
        return;
    }
    if (zs_ap_rep_parse(ap_rep, &rep) == ZS_OK &&
        zs_decrypt(krb, &c->key[ZS_SUBKEY_SESSION], ZS_USAGE_AP_REP, &rep.part, &plain) &&
        zs_ap_rep_part_parse(zs_span(plain.p, plain.n), &part) == ZS_OK) {
        f->ap_rep_opened = true;
        set_key(c, ZS_SUBKEY_ACCEPTOR, &part.subkey);
        f->acceptor_has_sequence = part.has_sequence;
        f->acceptor_sequence = part.sequence;
    } else {
        without_ap_rep(c, secret, ZS_WHY_AP_REP_DAMAGED,
                       "the AP-REP does not open under the ticket's session key: it is damaged, or "
                       "it answers another AP-REQ; the acceptor's subkey is unknown");
    }
    zs_plaintext_clear(&plain);
}

/* RFC 4120, 3.2.3: what an acceptor whose clock is the capture's must say. */
static enum zs_verdict judge(const struct zs_context_facts *f, int64_t time_ns)
{
    int64_t now = time_ns / 1000000000, leeway = ZS_SKEW_LIMIT_MS / 1000;

    if (now + leeway < f->times.start)
        return ZS_VERDICT_NOT_YET_VALID;
    if (now - leeway > f->times.end)
        return ZS_VERDICT_EXPIRED;
    if (!f->authenticator_opened)
        return ZS_VERDICT_UNKNOWN;
    if (f->skew_ms > ZS_SKEW_LIMIT_MS || f->skew_ms < -ZS_SKEW_LIMIT_MS)
        return ZS_VERDICT_SKEW;
    return ZS_VERDICT_ACCEPTABLE;
}

bool zs_can_open(int32_t enctype)
{
    return zs_enctype_of(enctype) || zs_old_enctype(enctype);
}

/* Which key per-message tokens are opened with by preference: the acceptor's subkey, the initiator's, the
 * ticket's. While an AP-REP is due and lost, nobody knows. */
static void choose_subkey(struct zs_context *c)
{
    struct zs_context_facts *f = &c->facts;

    f->subkey_from = ZS_SUBKEY_ACCEPTOR;
    while (f->subkey_from < ZS_SUBKEY_SESSION && c->key[f->subkey_from].enctype == 0)
        f->subkey_from++;
    bool unknown = f->mutual && !f->ap_rep_opened && !c->by_secret;
    f->subkey_etype = unknown ? 0 : c->key[f->subkey_from].enctype;
    if (f->subkey_etype && !zs_can_open(f->subkey_etype)) {
        char name[ZS_ENCTYPE_NAME_MAX];
        say(f, ZS_WHY_ENCTYPE_UNKNOWN,
            g_strdup_printf("messages are sealed with %s, which this version does not open",
                            zs_enctype_name(f->subkey_etype, name, sizeof name)));
    }
}

/* The ticket's contents are known. */
static void take_ticket(struct zs_context *c, struct zs_ticket *t)
{
    struct zs_context_facts *f = &c->facts;

    f->ticket_opened = true;
    f->client_principal = t->client_principal;
    f->opened_by = t->origin;
    f->keytab_entry = t->entry;
    f->other_entry = t->other_entry;
    f->times = t->times;
    f->ticket_flags = t->flags;
    f->session_etype = t->session_key.enctype;
    c->key[ZS_SUBKEY_SESSION] = t->session_key;
    f->transited = t->transited;
    f->authorization = t->authorization;
    t->client_principal = t->entry = t->transited = t->authorization = NULL;
}

static void open_all(struct zs_context *c, const struct zs_keyring *keys,
                     const struct zs_ap_req *req, struct zs_span ap_rep, int64_t time_ns)
{
    const struct zs_secret *secret = keys ? zs_keyring_secret(keys, c->id) : NULL;
    struct zs_context_facts *f = &c->facts;
    struct zs_ticket ticket = {0};
    char *reason;

    enum zs_why why = zs_ticket_open(keys, req, &ticket, &reason);
    if (why != ZS_WHY_OPENED && secret) {
        g_free(reason);
        take_secret(c, secret);
        choose_subkey(c);
        return;
    }
    say(f, why, reason);
    if (why != ZS_WHY_OPENED)
        return;
    take_ticket(c, &ticket);
    zs_ticket_clear(&ticket);

    open_authenticator(c, zs_keyring_krb5(keys), req, time_ns);
    open_ap_rep(c, zs_keyring_krb5(keys), ap_rep, secret);
    if (!f->authenticator_opened)
        say(f, ZS_WHY_AUTHENTICATOR_DAMAGED,
            g_strdup("the authenticator does not open under the ticket's session key: it is "
                     "damaged; its time, flags and subkey are unknown"));
    choose_subkey(c);
    f->verdict = judge(f, time_ns);
}

struct zs_context *zs_context_new(const struct zs_keyring *keys, struct zs_span ap_req,
                                  struct zs_span ap_rep, int64_t time_ns)
{
    struct zs_context *c = zs_vault_new(sizeof *c);
    struct zs_context_facts *f = &c->facts;
    struct zs_ap_req req;

    f->subkey_from = ZS_SUBKEY_SESSION;
    if (zs_ap_req_parse(ap_req, &req) != ZS_OK) {
        say(f, ZS_WHY_MALFORMED, g_strdup("the AP-REQ is not what RFC 4120 says it must be"));
        return c;
    }
    f->service_principal = zs_principal_format(&req.service);
    f->has_kvno = req.ticket.has_kvno;
    f->kvno = req.ticket.kvno;
    f->ticket_etype = req.ticket.enctype;
    f->mutual = req.mutual_required;
    zs_secret_id(req.authenticator.cipher, c->id);
    open_all(c, keys, &req, ap_rep, time_ns);
    zs_key_wipe_stack();
    return c;
}

void zs_context_blame_loss(struct zs_context *c)
{
    struct zs_context_facts *f = &c->facts;

    if (f->why != ZS_WHY_AP_REP_MISSING)
        return;
    g_free(f->reason);
    f->reason = g_strdup("the capture has no AP-REP for this AP-REQ, so the acceptor's subkey is "
                         "unknown: octets of the acceptor are missing, and it may be among them");
}

/* Of a session secret alone. */
static struct zs_context *context_of(const struct zs_secret *s)
{
    enum { MUTUAL = 0x02 }; /* RFC 4121, 4.1.1.1 */
    struct zs_context *c = zs_vault_new(sizeof *c);
    struct zs_context_facts *f = &c->facts;

    memcpy(c->id, s->id, sizeof c->id);
    f->service_principal = g_strdup(s->service);
    f->mutual = s->has_flags && s->flags & MUTUAL;
    take_secret(c, s);
    choose_subkey(c);
    say(f, ZS_WHY_OPENED,
        g_strdup_printf("the AP-REQ is not in the capture; of the session secrets that of key log "
                        "%s opens this token",
                        s->source));
    return c;
}

struct search {
    bool given; /* secrets that the user gave; else those that came with a capture */
    unsigned tries_left;
    struct zs_span token;
    uint8_t *buf; /* token.n octets */
    struct zs_unwrapped unwrapped;
    struct zs_context *found;
};

static gboolean try_secret(gpointer id, gpointer secret, gpointer user)
{
    struct search *s = user;
    (void)id;

    if (((const struct zs_secret *)secret)->given != s->given)
        return FALSE;
    struct zs_context *c = context_of(secret);
    if (zs_context_unwrap(c, s->token, s->buf, s->token.n, &s->unwrapped) == ZS_OK)
        s->found = c;
    else
        zs_context_free(c);
    return s->found || --s->tries_left == 0;
}

struct zs_context *zs_context_find(const struct zs_keyring *keys, struct zs_span token,
                                   bool *by_acceptor)
{
    struct search s = {.given = true, .tries_left = ZS_CONTEXT_TRIES, .token = token};

    if (!keys || zs_keyring_secret_count(keys) == 0)
        return NULL;
    s.buf = g_malloc(token.n);
    g_tree_foreach(keys->secrets, try_secret, &s);
    s.given = false;
    s.tries_left = ZS_CONTEXT_TRIES_UNASKED;
    if (!s.found)
        g_tree_foreach(keys->secrets, try_secret, &s);
    explicit_bzero(s.buf, token.n);
    g_free(s.buf);
    zs_key_wipe_stack();
    if (s.found)
        *by_acceptor = s.unwrapped.sent_by_acceptor;
    return s.found;
}

const struct zs_context_facts *zs_context_facts(const struct zs_context *c)
{
    return &c->facts;
}

void zs_context_free(struct zs_context *c)
{
    if (!c)
        return;
    for (int k = 0; k < KEY_COUNT; k++) {
        for (int s = 0; s < SENDER_COUNT; s++)
            zs_seal_free(c->seal[k][s]);
        zs_old_seal_free(c->old[k]);
    }
    g_free(c->facts.reason);
    g_free(c->facts.service_principal);
    g_free(c->facts.client_principal);
    g_free(c->facts.delegated_client);
    g_free(c->facts.transited);
    g_free(c->facts.authorization);
    g_free(c->facts.keytab_entry);
    zs_vault_free(c);
}

bool zs_context_usable(const struct zs_context *c)
{
    for (int k = 0; k < KEY_COUNT; k++)
        if (zs_can_open(c->key[k].enctype))
            return true;
    return false;
}

/* The key that opens the messages, and no other: from a session key more contexts than this one can be opened. Where
 * the AP-REP was lost, the initiator's subkey may be it; the session key is not offered on such a guess. */
static bool secret_key(const struct zs_context *c, enum zs_subkey_from *which)
{
    bool known = c->facts.subkey_etype != 0;

    *which = known ? c->facts.subkey_from : ZS_SUBKEY_INITIATOR;
    return zs_can_open(c->key[*which].enctype);
}

char *zs_context_secret(const struct zs_context *c)
{
    const struct zs_context_facts *f = &c->facts;
    struct zs_secret s = {
        .client = f->client_principal,
        .service = f->service_principal,
        .has_initiator_sequence = f->initiator_has_sequence,
        .initiator_sequence = f->initiator_sequence,
        .has_acceptor_sequence = f->acceptor_has_sequence,
        .acceptor_sequence = f->acceptor_sequence,
        .has_flags = f->has_gss_flags,
        .flags = f->gss_flags,
    };

    if (!secret_key(c, &s.from))
        return NULL;
    memcpy(s.id, c->id, sizeof s.id);
    s.key = c->key[s.from];
    char *line = zs_secret_format(&s);
    zs_key_clear(&s.key);
    return line;
}
