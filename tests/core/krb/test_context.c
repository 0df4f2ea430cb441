/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The observed context: what it tells of a handshake, what it says where something stays closed, and that one
 * damaged part costs its own facts alone. */
#include "core/krb/context.h"

#include "core/krb/init.h"
#include "tests/core/krb/forge.h"
#include "tests/harness/guard.h"

#define NS      INT64_C(1000000000)
#define SERVICE "zmq/server.example.org@EXAMPLE.ORG"

/* What a test changes of what the observer has: of the keys, of the messages, of the clock. */
struct sight {
    struct forge f;
    const struct forge_entry *entries; /* NULL: no keyring */
    size_t entry_count;
    bool no_ap_rep;
    int64_t time_ns;
};

static struct zs_context *observe(const struct sight *s)
{
    struct zs_keyring *r = s->entries ? forge_keyring(s->entries, s->entry_count) : NULL;
    GByteArray *req = forge_ap_req(&s->f), *rep = forge_ap_rep(&s->f);
    size_t rep_n = s->no_ap_rep ? 0 : rep->len;
    uint8_t *a = zs_guard_copy(req->data, req->len), *b = zs_guard_copy(rep->data, rep_n);
    struct zs_context *c = zs_context_new(r, zs_span(a, req->len), zs_span(b, rep_n), s->time_ns);

    /* Nothing is borrowed: all that it was made from is gone. */
    zs_guard_free(a, req->len);
    zs_guard_free(b, rep_n);
    g_byte_array_unref(req);
    g_byte_array_unref(rep);
    zs_keyring_free(r);
    return c;
}

static struct forge_entry fitting(const struct forge *f)
{
    return (struct forge_entry){
        .name = f->service, .kvno = (uint32_t)f->kvno, .key = f->service_key};
}

static void handshake_opens_with_all_its_facts(void)
{
    static const int32_t enctypes[] = {16, 17, 18, 19, 20, 23, 25, 26};

    for (size_t i = 0; i < G_N_ELEMENTS(enctypes); i++) {
        struct forge f;
        forge_init(&f, enctypes[i]);
        f.session_key = forge_key(17, 2);
        f.acceptor_subkey = forge_key(18, 4);
        f.renew_till = FORGE_NOW + 86400;
        struct zs_context *c = forge_observe(&f);
        const struct zs_context_facts *facts = zs_context_facts(c);
        g_assert_cmpint(facts->why, ==, ZS_WHY_OPENED);
        g_assert_cmpstr(facts->reason, ==, NULL);
        g_assert_cmpstr(facts->service_principal, ==, SERVICE);
        g_assert_cmpstr(facts->client_principal, ==, "alice@EXAMPLE.ORG");
        g_assert_nonnull(strstr(facts->keytab_entry, ": " SERVICE " kvno 3 "));
        g_assert_false(facts->other_entry);
        g_assert_true(facts->has_kvno);
        g_assert_cmpuint(facts->kvno, ==, 3);
        g_assert_cmpint(facts->ticket_etype, ==, enctypes[i]);
        g_assert_cmpint(facts->session_etype, ==, 17);
        g_assert_cmpint(facts->subkey_etype, ==, 18);
        g_assert_cmpint(facts->subkey_from, ==, ZS_SUBKEY_ACCEPTOR);
        g_assert_true(facts->mutual && facts->ticket_opened && facts->authenticator_opened &&
                      facts->ap_rep_opened);
        g_assert_cmphex(facts->gss_flags, ==, 0x136);
        g_assert_false(facts->channel_bindings || facts->delegated);
        g_assert_cmpint(facts->times.auth, ==, f.auth);
        g_assert_cmpint(facts->times.start, ==, f.start);
        g_assert_cmpint(facts->times.end, ==, f.end);
        g_assert_cmpint(facts->times.renew_till, ==, f.renew_till);
        g_assert_cmphex(facts->ticket_flags, ==, f.ticket_flags);
        g_assert_cmpint(facts->skew_ms, ==, 250);
        g_assert_true(facts->initiator_has_sequence && facts->acceptor_has_sequence);
        g_assert_cmpuint(facts->initiator_sequence, ==, 1000);
        g_assert_cmpuint(facts->acceptor_sequence, ==, 2000);
        g_assert_cmpint(facts->verdict, ==, ZS_VERDICT_ACCEPTABLE);
        g_assert_true(zs_context_usable(c));
        zs_context_free(c);
    }
}

static void absent_parts_are_said_to_be_absent(void)
{
    struct forge f;

    forge_init(&f, 18);
    f.start = 0;
    f.initiator_subkey.enctype = f.acceptor_subkey.enctype = 0;
    f.initiator_has_sequence = f.acceptor_has_sequence = false;
    f.checksum_type = 0;
    f.has_kvno = false;
    struct zs_context *c = forge_observe(&f);
    const struct zs_context_facts *facts = zs_context_facts(c);
    g_assert_cmpint(facts->why, ==, ZS_WHY_OPENED);
    g_assert_cmpstr(facts->reason, ==, NULL);
    g_assert_false(facts->has_kvno || facts->other_entry);
    g_assert_cmpint(facts->times.renew_till, ==, 0);
    g_assert_cmphex(facts->gss_flags, ==, 0);
    g_assert_false(facts->initiator_has_sequence || facts->acceptor_has_sequence);
    g_assert_cmpint(facts->subkey_from, ==, ZS_SUBKEY_SESSION);
    g_assert_cmpint(facts->subkey_etype, ==, 18);
    zs_context_free(c);
}

/* Sequence numbers are UInt32; MIT before 1.8 and others encode them as signed. */
static void sequence_is_taken_in_either_encoding(void)
{
    struct forge f;

    forge_init(&f, 18);
    f.initiator_sequence = -1;
    f.acceptor_sequence = 0xfffffffe;
    struct zs_context *c = forge_observe(&f);
    g_assert_cmpuint(zs_context_facts(c)->initiator_sequence, ==, 0xffffffff);
    g_assert_cmpuint(zs_context_facts(c)->acceptor_sequence, ==, 0xfffffffe);
    zs_context_free(c);
}

static void bindings_and_delegation_are_seen(void)
{
    static const uint8_t cred[300] = {0x76};
    struct forge f;

    forge_init(&f, 18);
    f.gss_flags = 0x137;
    f.bindings[15] = 1;
    f.delegation = zs_span(cred, sizeof cred);
    struct zs_context *c = forge_observe(&f);
    g_assert_true(zs_context_facts(c)->channel_bindings);
    g_assert_true(zs_context_facts(c)->delegated);
    g_assert_cmphex(zs_context_facts(c)->gss_flags, ==, 0x137);
    zs_context_free(c);
}

/* A rung of the ladder: what the keytab holds instead of the entry that fits, and what is said then. */
struct rung {
    const char *name;
    struct forge_name service; /* realm NULL: as the ticket's */
    uint32_t ticket_kvno, kvno;
    bool short_kvno;
    int32_t enctype;
    uint8_t seed; /* of the entry's key; the service's is made of 1 */
    enum zs_why why;
    const char *says[4];
};

/* clang-format off */
static const struct rung rungs[] = {
    {"no-principal",  {"EXAMPLE.ORG", {"http", "www"}}, 3, 3, false, 18, 2, ZS_WHY_NO_PRINCIPAL, {SERVICE, "http/www@EXAMPLE.ORG", "give"}},
    {"other-realm",   {"OTHER.ORG", {"zmq", "server.example.org"}}, 3, 3, false, 18, 2, ZS_WHY_NO_PRINCIPAL, {SERVICE, "zmq/server.example.org@OTHER.ORG"}},
    {"no-enctype",    {0}, 3, 3, false, 17, 2, ZS_WHY_NO_ENCTYPE, {SERVICE, "kvno 3", "aes256-cts-hmac-sha1-96", "extract"}},
    {"kvno-newer",    {0}, 7, 3, false, 18, 2, ZS_WHY_KVNO_NEWER, {SERVICE, "kvno 7", "3", "extract"}},
    {"kvno-older",    {0}, 2, 3, false, 18, 2, ZS_WHY_KVNO_OLDER, {SERVICE, "kvno 2", "3", "keytab"}},
    {"key-differs",   {0}, 3, 3, false, 18, 2, ZS_WHY_KEY_DIFFERS, {SERVICE, "kvno 3", "aes256-cts-hmac-sha1-96", "extract"}},
    {"short-kvno",    {0}, 259, 259, true, 18, 2, ZS_WHY_KEY_DIFFERS, {SERVICE, "kvno 259"}},
    {"wide-kvno",     {0}, 259, 300, false, 18, 2, ZS_WHY_KVNO_OLDER, {SERVICE, "kvno 259", "300"}},
    {"fits",          {0}, 3, 3, false, 18, 1, ZS_WHY_OPENED, {0}},
    {"fits-short",    {0}, 259, 259, true, 18, 1, ZS_WHY_OPENED, {0}},
};
/* clang-format on */

static void closed_ticket_says_its_rung(void)
{
    for (size_t i = 0; i < G_N_ELEMENTS(rungs); i++) {
        const struct rung *r = &rungs[i];
        struct sight s = {.time_ns = FORGE_NOW * NS, .entry_count = 1};
        forge_init(&s.f, 18);
        s.f.kvno = r->ticket_kvno;
        struct forge_entry entry = {.name = r->service.realm ? r->service : s.f.service,
                                    .kvno = r->kvno,
                                    .short_kvno = r->short_kvno,
                                    .key = forge_key(r->enctype, r->seed)};
        s.entries = &entry;
        struct zs_context *c = observe(&s);
        const struct zs_context_facts *facts = zs_context_facts(c);
        g_test_message("%s: %s", r->name, facts->reason ? facts->reason : "opened");
        g_assert_cmpstr(zs_why_code(facts->why), ==, zs_why_code(r->why));
        g_assert_true(facts->ticket_opened == (r->why == ZS_WHY_OPENED));
        g_assert_true(zs_context_usable(c) == (r->why == ZS_WHY_OPENED));
        g_assert_true((facts->reason == NULL) == (r->why == ZS_WHY_OPENED));
        for (size_t k = 0; k < G_N_ELEMENTS(r->says) && r->says[k]; k++)
            g_assert_nonnull(strstr(facts->reason, r->says[k]));
        /* What is in the clear is told all the same. */
        g_assert_cmpstr(facts->service_principal, ==, SERVICE);
        g_assert_cmpuint(facts->kvno, ==, r->ticket_kvno);
        g_assert_cmpint(facts->ticket_etype, ==, 18);
        zs_context_free(c);
    }
}

/* Of several kvnos, the ticket's is above all, below all, or one that was thrown away. */
static void kvno_is_compared_with_all_of_them(void)
{
    static const struct {
        uint32_t ticket;
        enum zs_why why;
    } cases[] = {{1, ZS_WHY_KVNO_OLDER}, {3, ZS_WHY_KVNO_OLDER}, {5, ZS_WHY_KVNO_NEWER}};

    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        struct sight s = {.time_ns = FORGE_NOW * NS, .entry_count = 2};
        forge_init(&s.f, 18);
        s.f.kvno = cases[i].ticket;
        struct forge_entry entries[] = {{s.f.service, 4, false, forge_key(18, 8)},
                                        {s.f.service, 2, false, forge_key(18, 9)}};
        s.entries = entries;
        struct zs_context *c = observe(&s);
        g_assert_cmpstr(zs_why_code(zs_context_facts(c)->why), ==, zs_why_code(cases[i].why));
        zs_context_free(c);
    }
}

static void other_services_are_named_once_and_few(void)
{
    static const char *const services[] = {"xhttp", "http", "http", "imap", "ldap", "nfs"};
    struct forge_entry entries[G_N_ELEMENTS(services)];
    struct sight s = {.time_ns = FORGE_NOW * NS, .entries = entries};

    forge_init(&s.f, 18);
    for (size_t i = 0; i < G_N_ELEMENTS(services); i++)
        entries[i] = (struct forge_entry){{"R", {services[i]}}, 1, false, forge_key(18, 9)};
    s.entry_count = 5;
    struct zs_context *c = observe(&s);
    g_assert_nonnull(strstr(zs_context_facts(c)->reason, "holds xhttp@R, http@R, imap@R, ldap@R;"));
    zs_context_free(c);
    s.entry_count = 6;
    c = observe(&s);
    g_assert_nonnull(strstr(zs_context_facts(c)->reason, "imap@R, ldap@R and more;"));
    zs_context_free(c);
}

static void no_keyring_or_an_empty_one_is_said(void)
{
    struct sight s = {.time_ns = FORGE_NOW * NS};

    forge_init(&s.f, 18);
    struct zs_context *c = observe(&s);
    g_assert_cmpint(zs_context_facts(c)->why, ==, ZS_WHY_NO_KEYS);
    g_assert_nonnull(strstr(zs_context_facts(c)->reason, SERVICE));
    g_assert_cmpstr(zs_context_facts(c)->service_principal, ==, SERVICE);
    g_assert_false(zs_context_usable(c));
    zs_context_free(c);

    struct zs_keyring *empty = zs_keyring_new();
    GByteArray *req = forge_ap_req(&s.f);
    c = zs_context_new(empty, span_of(req), zs_span(NULL, 0), s.time_ns);
    g_assert_cmpint(zs_context_facts(c)->why, ==, ZS_WHY_NO_KEYS);
    zs_context_free(c);
    g_byte_array_unref(req);
    zs_keyring_free(empty);
}

/* Each of many services is in the keytab with keys of its own; the right one is found and named. */
static void right_entry_of_many_opens(void)
{
    struct forge_entry entries[40];
    struct sight s = {.time_ns = FORGE_NOW * NS, .entries = entries, .entry_count = 40};
    char names[20][8];

    forge_init(&s.f, 18);
    for (int i = 0; i < 40; i++) {
        g_snprintf(names[i / 2], sizeof names[0], "h%d", i / 2);
        entries[i] = (struct forge_entry){.name = {"EXAMPLE.ORG", {"zmq", names[i / 2]}},
                                          .kvno = (uint32_t)(i % 2 + 1),
                                          .key = forge_key(18, (uint8_t)(i + 10))};
    }
    for (int i = 0; i < 40; i++) {
        s.f.service = entries[i].name;
        s.f.kvno = entries[i].kvno;
        s.f.service_key = entries[i].key;
        struct zs_context *c = observe(&s);
        char *want = g_strdup_printf(": zmq/h%d@EXAMPLE.ORG kvno %d aes256-cts-hmac-sha1-96", i / 2,
                                     i % 2 + 1);
        g_assert_cmpint(zs_context_facts(c)->why, ==, ZS_WHY_OPENED);
        g_assert_false(zs_context_facts(c)->other_entry);
        g_assert_true(g_str_has_suffix(zs_context_facts(c)->keytab_entry, want));
        g_free(want);
        zs_context_free(c);
    }
}

/* An alias, or a renumbered key: opened, and said to be opened by another entry. */
static void other_entry_opens_and_is_labelled(void)
{
    struct forge_entry entries[2];
    struct sight s = {.time_ns = FORGE_NOW * NS, .entries = entries, .entry_count = 2};

    forge_init(&s.f, 18);
    entries[0] = fitting(&s.f);
    entries[0].key = forge_key(18, 77);
    entries[1] = fitting(&s.f);
    for (int way = 0; way < 2; way++) {
        if (way == 0)
            entries[1].name = (struct forge_name){"EXAMPLE.ORG", {"zmq", "alias"}};
        else
            entries[1] = (struct forge_entry){s.f.service, 9, false, s.f.service_key};
        struct zs_context *c = observe(&s);
        const struct zs_context_facts *facts = zs_context_facts(c);
        g_assert_cmpint(facts->why, ==, ZS_WHY_OPENED);
        g_assert_true(facts->ticket_opened && facts->other_entry);
        g_assert_nonnull(strstr(facts->keytab_entry, way == 0 ? "zmq/alias@" : "kvno 9"));
        g_assert_nonnull(strstr(facts->reason, SERVICE));
        g_assert_true(zs_context_usable(c));
        zs_context_free(c);
    }
}

/* Without a kvno any entry of the name may be meant; the sentence names no number that nobody sent. */
static void ticket_without_kvno_is_told_without_it(void)
{
    struct sight s = {.time_ns = FORGE_NOW * NS, .entry_count = 1};

    forge_init(&s.f, 18);
    s.f.has_kvno = false;
    struct forge_entry entry = fitting(&s.f);
    entry.kvno = 5;
    entry.key = forge_key(18, 77);
    s.entries = &entry;
    struct zs_context *c = observe(&s);
    g_assert_cmpint(zs_context_facts(c)->why, ==, ZS_WHY_KEY_DIFFERS);
    g_assert_null(strstr(zs_context_facts(c)->reason, "kvno 0"));
    zs_context_free(c);
    entry.key = forge_key(17, 77);
    c = observe(&s);
    g_assert_cmpint(zs_context_facts(c)->why, ==, ZS_WHY_NO_ENCTYPE);
    g_assert_null(strstr(zs_context_facts(c)->reason, "kvno 0"));
    zs_context_free(c);
    s.entries = NULL;
    c = observe(&s);
    g_assert_cmpint(zs_context_facts(c)->why, ==, ZS_WHY_NO_KEYS);
    g_assert_null(strstr(zs_context_facts(c)->reason, "kvno 0"));
    zs_context_free(c);
}

/* An enctype that libkrb5 has no code for: no key would help, and none is asked for. */
static void unknown_enctype_of_ticket_is_said(void)
{
    static const int32_t enctypes[] = {1, 3, 99, -140};

    for (size_t i = 0; i < G_N_ELEMENTS(enctypes); i++) {
        struct sight s = {.time_ns = FORGE_NOW * NS, .entry_count = 1};
        char name[ZS_ENCTYPE_NAME_MAX];
        forge_init(&s.f, 18);
        s.f.ticket_etype = enctypes[i];
        struct forge_entry entry = fitting(&s.f);
        entry.key.enctype = (int16_t)enctypes[i];
        s.entries = &entry;
        struct zs_context *c = observe(&s);
        g_assert_cmpstr(zs_why_code(zs_context_facts(c)->why), ==, "enctype-unknown");
        zs_enctype_name(enctypes[i], name, sizeof name);
        g_assert_nonnull(strstr(zs_context_facts(c)->reason, name));
        zs_context_free(c);
    }
}

static void export_rc4_session_opens_up_to_its_messages(void)
{
    struct forge f;

    forge_init(&f, 24);
    struct zs_context *c = forge_observe(&f);
    const struct zs_context_facts *facts = zs_context_facts(c);
    g_assert_cmpint(facts->why, ==, ZS_WHY_ENCTYPE_UNKNOWN);
    g_assert_nonnull(strstr(facts->reason, "arcfour-hmac"));
    g_assert_true(facts->ticket_opened && facts->authenticator_opened && facts->ap_rep_opened);
    g_assert_cmpint(facts->subkey_etype, ==, 24);
    g_assert_false(zs_context_usable(c));
    zs_context_free(c);
}

static void lost_ap_rep_is_said(void)
{
    struct sight s = {.time_ns = FORGE_NOW * NS, .entry_count = 1, .no_ap_rep = true};

    forge_init(&s.f, 18);
    struct forge_entry entry = fitting(&s.f);
    s.entries = &entry;
    struct zs_context *c = observe(&s);
    const struct zs_context_facts *facts = zs_context_facts(c);
    g_assert_cmpint(facts->why, ==, ZS_WHY_AP_REP_MISSING);
    g_assert_nonnull(strstr(facts->reason, "AP-REP"));
    g_assert_true(facts->ticket_opened && facts->authenticator_opened);
    g_assert_false(facts->ap_rep_opened);
    g_assert_cmpint(facts->subkey_etype, ==, 0);
    g_assert_false(facts->acceptor_has_sequence);
    g_assert_true(zs_context_usable(c)); /* Heimdal's acceptor copies the initiator's subkey */
    zs_context_free(c);
}

/* Without mutual authentication there is no AP-REP to miss, and the acceptor counts from the initiator's number. */
static void no_mutual_needs_no_ap_rep(void)
{
    struct sight s = {.time_ns = FORGE_NOW * NS, .entry_count = 1, .no_ap_rep = true};

    forge_init(&s.f, 18);
    s.f.ap_options = 0;
    struct forge_entry entry = fitting(&s.f);
    s.entries = &entry;
    struct zs_context *c = observe(&s);
    const struct zs_context_facts *facts = zs_context_facts(c);
    g_assert_cmpint(facts->why, ==, ZS_WHY_OPENED);
    g_assert_cmpstr(facts->reason, ==, NULL);
    g_assert_false(facts->mutual || facts->ap_rep_opened);
    g_assert_cmpint(facts->subkey_from, ==, ZS_SUBKEY_INITIATOR);
    g_assert_cmpint(facts->subkey_etype, ==, 18);
    g_assert_true(facts->acceptor_has_sequence);
    g_assert_cmpuint(facts->acceptor_sequence, ==, 1000);
    zs_context_free(c);
}

/* Opens f's handshake with one octet of a message altered: offset from the end of AP-REQ or AP-REP. */
static struct zs_context *observe_damaged(const struct forge *f, bool in_ap_rep, size_t from_end)
{
    struct forge_entry entry = fitting(f);
    struct zs_keyring *r = forge_keyring(&entry, 1);
    GByteArray *req = forge_ap_req(f), *rep = forge_ap_rep(f), *hurt = in_ap_rep ? rep : req;

    hurt->data[hurt->len - from_end] ^= 0x10;
    struct zs_context *c = zs_context_new(r, span_of(req), span_of(rep), FORGE_NOW * NS);
    g_byte_array_unref(req);
    g_byte_array_unref(rep);
    zs_keyring_free(r);
    return c;
}

static void damaged_ap_rep_costs_its_own_facts(void)
{
    struct forge f;

    forge_init(&f, 18);
    struct zs_context *c = observe_damaged(&f, true, 5);
    const struct zs_context_facts *facts = zs_context_facts(c);
    g_assert_cmpint(facts->why, ==, ZS_WHY_AP_REP_DAMAGED);
    g_assert_nonnull(strstr(facts->reason, "AP-REP"));
    g_assert_true(facts->authenticator_opened && !facts->ap_rep_opened);
    g_assert_cmpint(facts->verdict, ==, ZS_VERDICT_ACCEPTABLE);
    g_assert_cmpint(facts->subkey_etype, ==, 0);
    zs_context_free(c);
}

/* The ticket, the AP-REP and so all messages open without the authenticator. */
static void damaged_authenticator_costs_its_own_facts(void)
{
    struct forge f;

    forge_init(&f, 18);
    struct zs_context *c = observe_damaged(&f, false, 5);
    const struct zs_context_facts *facts = zs_context_facts(c);
    g_assert_cmpstr(zs_why_code(facts->why), ==, "authenticator-damaged");
    g_assert_nonnull(strstr(facts->reason, "authenticator"));
    g_assert_true(facts->ticket_opened && facts->ap_rep_opened && !facts->authenticator_opened);
    g_assert_cmpstr(facts->client_principal, ==, "alice@EXAMPLE.ORG");
    g_assert_cmpint(facts->subkey_from, ==, ZS_SUBKEY_ACCEPTOR);
    g_assert_cmpuint(facts->acceptor_sequence, ==, 2000);
    g_assert_false(facts->initiator_has_sequence);
    g_assert_cmpint(facts->verdict, ==, ZS_VERDICT_UNKNOWN);
    zs_context_free(c);
}

/* A key that fits opens a plaintext which is none of RFC 4120's: it is no fault of the key. */
static void strange_plaintexts_cost_their_own_facts(void)
{
    static const uint8_t strange[] = {0x30, 0x03, 0x02, 0x01, 0x05};
    struct forge f;

    forge_init(&f, 18);
    f.authenticator_part = zs_span(strange, sizeof strange);
    struct zs_context *c = forge_observe(&f);
    g_assert_cmpstr(zs_why_code(zs_context_facts(c)->why), ==, "authenticator-damaged");
    g_assert_true(zs_context_facts(c)->ap_rep_opened);
    zs_context_free(c);

    forge_init(&f, 18);
    f.ap_rep_part = zs_span(strange, sizeof strange);
    c = forge_observe(&f);
    g_assert_cmpint(zs_context_facts(c)->why, ==, ZS_WHY_AP_REP_DAMAGED);
    zs_context_free(c);

    forge_init(&f, 18);
    f.ticket_part = zs_span(strange, sizeof strange);
    c = forge_observe(&f);
    g_assert_cmpint(zs_context_facts(c)->why, ==, ZS_WHY_MALFORMED);
    g_assert_false(zs_context_facts(c)->ticket_opened);
    g_assert_false(zs_context_usable(c));
    zs_context_free(c);
}

/* A ticket may name a key of any length: one that its enctype does not have opens nothing and breaks nothing. */
static void keys_of_a_wrong_length_open_nothing(void)
{
    static const int32_t enctypes[] = {16, 17, 18, 19, 20, 23, 25, 26};

    for (size_t i = 0; i < G_N_ELEMENTS(enctypes); i++)
        for (uint8_t n = 0; n <= ZS_KEY_MAX; n++) {
            struct forge f;
            forge_init(&f, 18);
            f.session_key = f.ticket_key = forge_key(enctypes[i], 2);
            f.ticket_key.n = n;
            struct zs_context *c = forge_observe(&f);
            bool right = n == f.session_key.n;
            g_assert_true(zs_context_facts(c)->ticket_opened);
            g_assert_true(zs_context_facts(c)->authenticator_opened == right);
            g_assert_true(zs_context_facts(c)->ap_rep_opened == right);
            zs_context_free(c);
        }
}

/* clang-format off */
static const struct {
    int64_t start, end, ctime, cusec; /* against the packet's time; seconds, seconds, seconds, microseconds */
    enum zs_verdict verdict;
    int64_t skew_ms;
} verdicts[] = {
    {-3600,  3600,    0,      0, ZS_VERDICT_ACCEPTABLE,          0},
    {-3600,  3600,  300,      0, ZS_VERDICT_ACCEPTABLE,     300000},
    {-3600,  3600, -300,      0, ZS_VERDICT_ACCEPTABLE,    -300000},
    {-3600,  3600,  300,   1000, ZS_VERDICT_SKEW,           300001},
    {-3600,  3600, -301, 999000, ZS_VERDICT_SKEW,          -300001},
    {-3600,  -300,    0,      0, ZS_VERDICT_ACCEPTABLE,          0},
    {-3600,  -301,    0,      0, ZS_VERDICT_EXPIRED,             0},
    {  300,  3600,    0,      0, ZS_VERDICT_ACCEPTABLE,          0},
    {  301,  3600,    0,      0, ZS_VERDICT_NOT_YET_VALID,       0},
    {-3600, -3500, -3550,     0, ZS_VERDICT_EXPIRED,      -3550000},
};
/* clang-format on */

/* Opened whatever the clock said; the verdict stands beside it. */
static void verdict_is_the_packets_times(void)
{
    for (size_t i = 0; i < G_N_ELEMENTS(verdicts); i++) {
        struct forge f;
        forge_init(&f, 18);
        f.start = FORGE_NOW + verdicts[i].start;
        f.end = FORGE_NOW + verdicts[i].end;
        f.ctime = FORGE_NOW + verdicts[i].ctime;
        f.cusec = verdicts[i].cusec;
        struct zs_context *c = forge_observe(&f);
        g_assert_cmpint(zs_context_facts(c)->why, ==, ZS_WHY_OPENED);
        g_assert_cmpstr(zs_verdict_name(zs_context_facts(c)->verdict), ==,
                        zs_verdict_name(verdicts[i].verdict));
        g_assert_cmpint(zs_context_facts(c)->skew_ms, ==, verdicts[i].skew_ms);
        zs_context_free(c);
    }
}

/* Years 1 and 9999, the ends of a capture's clock: sums of them stay sums. */
static void times_at_the_ends_of_time_are_judged(void)
{
    static const int64_t clocks[] = {INT64_MIN, INT64_MIN + 1, -1, 0, INT64_MAX};
    struct sight s = {.entry_count = 1};

    for (size_t i = 0; i < G_N_ELEMENTS(clocks); i++)
        for (int last = 0; last < 2; last++) {
            forge_init(&s.f, 18);
            s.f.start = s.f.end = s.f.ctime = last ? INT64_C(253402300799) : -INT64_C(62135596800);
            struct forge_entry entry = fitting(&s.f);
            s.entries = &entry;
            s.time_ns = clocks[i];
            struct zs_context *c = observe(&s);
            g_assert_true(zs_context_facts(c)->ticket_opened);
            g_assert_cmpint(zs_context_facts(c)->verdict, ==,
                            last ? ZS_VERDICT_NOT_YET_VALID : ZS_VERDICT_EXPIRED);
            zs_context_free(c);
        }
}

static void damaged_ap_req_is_malformed(void)
{
    struct forge f;

    forge_init(&f, 18);
    struct forge_entry entry = fitting(&f);
    struct zs_keyring *r = forge_keyring(&entry, 1);
    GByteArray *req = forge_ap_req(&f);
    for (size_t n = 0; n < req->len; n++) {
        uint8_t *cut = zs_guard_copy(req->data, n);
        struct zs_context *c = zs_context_new(r, zs_span(cut, n), zs_span(NULL, 0), 0);
        g_assert_cmpint(zs_context_facts(c)->why, ==, ZS_WHY_MALFORMED);
        g_assert_nonnull(zs_context_facts(c)->reason);
        g_assert_cmpstr(zs_context_facts(c)->service_principal, ==, NULL);
        g_assert_false(zs_context_usable(c));
        zs_context_free(c);
        zs_guard_free(cut, n);
    }
    g_byte_array_unref(req);
    zs_keyring_free(r);
}

static void names_of_enums_are_all_there(void)
{
    GHashTable *seen = g_hash_table_new(g_str_hash, g_str_equal);

    for (int w = 0; w < ZS_WHY_COUNT; w++) {
        g_assert_nonnull(zs_why_code((enum zs_why)w));
        g_assert_true(g_hash_table_add(seen, (gpointer)zs_why_code((enum zs_why)w)));
    }
    g_hash_table_unref(seen);
    g_assert_cmpstr(zs_subkey_from_name(ZS_SUBKEY_ACCEPTOR), ==, "acceptor");
    g_assert_cmpstr(zs_subkey_from_name(ZS_SUBKEY_INITIATOR), ==, "initiator");
    g_assert_cmpstr(zs_subkey_from_name(ZS_SUBKEY_SESSION), ==, "session");
    g_assert_cmpstr(zs_verdict_name(ZS_VERDICT_UNKNOWN), ==, "unknown");
    g_assert_cmpstr(zs_verdict_name(ZS_VERDICT_NOT_YET_VALID), ==, "not-yet-valid");
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    zs_krb_init();
#define CASE(name) g_test_add_func("/context/" #name, name)
    CASE(handshake_opens_with_all_its_facts);
    CASE(absent_parts_are_said_to_be_absent);
    CASE(sequence_is_taken_in_either_encoding);
    CASE(bindings_and_delegation_are_seen);
    CASE(closed_ticket_says_its_rung);
    CASE(kvno_is_compared_with_all_of_them);
    CASE(other_services_are_named_once_and_few);
    CASE(no_keyring_or_an_empty_one_is_said);
    CASE(right_entry_of_many_opens);
    CASE(other_entry_opens_and_is_labelled);
    CASE(ticket_without_kvno_is_told_without_it);
    CASE(unknown_enctype_of_ticket_is_said);
    CASE(export_rc4_session_opens_up_to_its_messages);
    CASE(lost_ap_rep_is_said);
    CASE(no_mutual_needs_no_ap_rep);
    CASE(damaged_ap_rep_costs_its_own_facts);
    CASE(damaged_authenticator_costs_its_own_facts);
    CASE(strange_plaintexts_cost_their_own_facts);
    CASE(keys_of_a_wrong_length_open_nothing);
    CASE(verdict_is_the_packets_times);
    CASE(times_at_the_ends_of_time_are_judged);
    CASE(damaged_ap_req_is_malformed);
    CASE(names_of_enums_are_all_there);
#undef CASE
    return g_test_run();
}
