/* SPDX-License-Identifier: GPL-2.0-or-later */
/* analyzer/audit: of each rule a connection that breaks it, and its neighbour, which does not; and what becomes of many
 * findings. */
#include "analyzer/audit/audit.h"
#include "tests/analyzer/report/made.h"

enum { CONNECTIONS = 12 };

/* A connection with which nothing is wrong. Its strings are borrowed. */
struct good {
    struct zs_facts f;
    struct zs_session s;
    struct zs_context_facts k;
    struct zs_policy policy;
    unsigned number; /* of the connection, from 0 */
};

static void seen(struct zs_mark *m, uint64_t frame)
{
    *m = (struct zs_mark){.count = 1,
                          .directed = true,
                          .first = {.frame = frame, .time_ns = INT64_C(1750000000000000000)}};
}

static void see(struct good *g, enum zs_sight sight)
{
    seen(&g->f.sight[sight], 10 + g->number);
}

static void unsee(struct good *g, enum zs_sight sight)
{
    g->f.sight[sight].count = 0;
}

static void defect(struct good *g, enum zs_rc rc)
{
    seen(&g->f.defect[rc], 10 + g->number);
}

static void greet(struct good *g, enum zs_dir d, const char *mechanism)
{
    struct zs_greeting *greeting = &g->s.side[d].greeting;

    *greeting = (struct zs_greeting){
        .part = ZS_GREETING_DONE, .versioned = true, .padding = 1, .major = 3, .minor = 1};
    g_strlcpy(greeting->mechanism, mechanism, sizeof greeting->mechanism);
}

static void be_of(struct good *g, enum zs_mechanism m, const char *name)
{
    g->f.mechanism = m;
    greet(g, ZS_C2S, name);
    greet(g, ZS_S2C, name);
}

static void make_good(struct good *g, unsigned number)
{
    static const enum zs_sight sights[] = {
        ZS_SIGHT_GREETING, ZS_SIGHT_TOKEN, ZS_SIGHT_AP_REQ,          ZS_SIGHT_AP_REP,
        ZS_SIGHT_CONTEXT,  ZS_SIGHT_WRAP,  ZS_SIGHT_ACCEPTOR_SUBKEY, ZS_SIGHT_VERIFIED,
        ZS_SIGHT_MESSAGE,  ZS_SIGHT_CLOSE};

    *g = (struct good){.number = number, .k = made_facts()};
    g->k.ticket_flags = 0x40200000; /* forwardable, pre-authent */
    g->k.gss_flags = 0x3e;
    g->k.session_etype = 18;
    g->k.transited = NULL;
    g->k.service_principal = (char *)"zmq/server.example.org@EXAMPLE.ORG";
    be_of(g, ZS_MECHANISM_GSSAPI, "GSSAPI");
    for (int d = 0; d < ZS_DIR_COUNT; d++)
        g->s.side[d].ready = true;
    g->s.side[ZS_C2S].sent_ap_req = g->s.roles_known = g->s.answered = g->s.mutual = true;
    g->s.side[ZS_C2S].socket_type = ZS_SOCKET_REQ;
    g->s.side[ZS_S2C].socket_type = ZS_SOCKET_REP;
    g->f.connection = number + 1;
    g->f.client = (char *)"192.0.2.1:40000";
    g->f.server = (char *)"192.0.2.2:5555";
    g->f.session = &g->s;
    g->f.context = &g->k;
    for (size_t i = 0; i < G_N_ELEMENTS(sights); i++)
        see(g, sights[i]);
}

/* It ended before both were ready, for this reason. */
static void fail_with(struct good *g, const char *reason)
{
    g->f.outcome = ZS_OUTCOME_FAILED;
    g->f.reason = reason;
    g->s.side[ZS_C2S].ready = g->s.side[ZS_S2C].ready = false;
    unsee(g, ZS_SIGHT_MESSAGE);
    unsee(g, ZS_SIGHT_WRAP);
    unsee(g, ZS_SIGHT_ACCEPTOR_SUBKEY);
    unsee(g, ZS_SIGHT_VERIFIED);
}

static void fail_before_the_answer(struct good *g)
{
    fail_with(g, "the acceptor never answered the AP-REQ");
    g->s.answered = false;
    unsee(g, ZS_SIGHT_AP_REP);
}

static void lack_the_ap_req(struct good *g)
{
    g->f.context = NULL;
    g->s.roles_known = g->s.side[ZS_C2S].sent_ap_req = false;
    unsee(g, ZS_SIGHT_AP_REQ);
    unsee(g, ZS_SIGHT_AP_REP);
    unsee(g, ZS_SIGHT_CONTEXT);
}

static void fail_before_the_ap_req(struct good *g)
{
    fail_before_the_answer(g);
    lack_the_ap_req(g);
    unsee(g, ZS_SIGHT_TOKEN);
}

static void close_the_ticket(struct good *g)
{
    g->k.opened_by = ZS_ORIGIN_NONE;
    g->k.why = ZS_WHY_NO_PRINCIPAL;
    g->k.reason = (char *)"no keytab has zmq/server.example.org";
    g->k.ticket_opened = g->k.authenticator_opened = g->k.ap_rep_opened = g->k.has_gss_flags =
        false;
    g->k.client_principal = NULL;
    g->k.session_etype = g->k.subkey_etype = 0;
    unsee(g, ZS_SIGHT_VERIFIED);
    see(g, ZS_SIGHT_CLOSED);
}

/* ==== the wire ==== */

static void other_mechanism(struct good *g)
{
    g->policy.expect_gssapi = true;
    be_of(g, ZS_MECHANISM_CURVE, "CURVE");
}
static void other_mechanism_that_fails(struct good *g)
{
    other_mechanism(g);
    fail_with(g, "closed before both sides were ready");
}
static void gssapi_expected(struct good *g)
{
    g->policy.expect_gssapi = true;
}
static void last_is_null(struct good *g)
{
    if (g->number == CONNECTIONS - 1)
        be_of(g, ZS_MECHANISM_NULL, "NULL");
}
static void last_is_null_and_fails(struct good *g)
{
    last_is_null(g);
    if (g->number == CONNECTIONS - 1)
        fail_with(g, "the TCP server stopped inside its greeting");
}
static void plain(struct good *g)
{
    be_of(g, ZS_MECHANISM_PLAIN, "PLAIN");
    see(g, ZS_SIGHT_PLAIN_HELLO);
    g_strlcpy(g->f.user, "admin", sizeof g->f.user);
}
static void curve(struct good *g)
{
    be_of(g, ZS_MECHANISM_CURVE, "CURVE");
}
static void bare_ready(struct good *g)
{
    defect(g, ZS_E_PLAINTEXT_MODE);
}
static void bare_message(struct good *g)
{
    see(g, ZS_SIGHT_BARE);
}
static void bare_and_failed(struct good *g)
{
    fail_with(g, "closed by the initiator at the acceptor's READY");
    bare_ready(g);
}
static void old(struct good *g)
{
    g->f.old = true;
    g->f.mechanism = ZS_MECHANISM_NONE;
}
static void old_where_gssapi_is_expected(struct good *g)
{
    old(g);
    g->policy.expect_gssapi = true;
}
static void last_is_old(struct good *g)
{
    if (g->number == CONNECTIONS - 1)
        old(g);
}
static void last_is_old_beside_null(struct good *g)
{
    be_of(g, ZS_MECHANISM_NULL, "NULL");
    last_is_old(g);
}
static void old_without_messages(struct good *g)
{
    old(g);
    unsee(g, ZS_SIGHT_MESSAGE);
}
static void ticket_of_des3(struct good *g)
{
    g->k.ticket_etype = 16;
}
static void ticket_of_camellia(struct good *g)
{
    g->k.ticket_etype = 26;
}
static void old_tokens(struct good *g)
{
    see(g, ZS_SIGHT_WRAP_OLD);
}
static void unsealed(struct good *g)
{
    see(g, ZS_SIGHT_UNSEALED);
}
static void no_mutual(struct good *g)
{
    g->k.mutual = g->s.mutual = false;
    unsee(g, ZS_SIGHT_AP_REP);
}
static void no_ap_rep(struct good *g)
{
    unsee(g, ZS_SIGHT_AP_REP);
}
static void no_ap_rep_behind_a_loss(struct good *g)
{
    no_ap_rep(g);
    see(g, ZS_SIGHT_LOSS);
}
static void no_token(struct good *g)
{
    lack_the_ap_req(g);
    unsee(g, ZS_SIGHT_TOKEN);
    bare_message(g);
}
static void no_token_behind_a_loss(struct good *g)
{
    no_token(g);
    see(g, ZS_SIGHT_LOSS);
}
static void no_acceptor_subkey(struct good *g)
{
    unsee(g, ZS_SIGHT_ACCEPTOR_SUBKEY);
}
static void no_wraps(struct good *g)
{
    no_acceptor_subkey(g);
    unsee(g, ZS_SIGHT_WRAP);
}
static void ntlm(struct good *g)
{
    lack_the_ap_req(g);
    g->s.foreign = true;
    see(g, ZS_SIGHT_NTLM);
}
static void ntlm_given_up(struct good *g)
{
    see(g, ZS_SIGHT_NTLM);
}
static void ntlm_and_a_loss(struct good *g)
{
    ntlm(g);
    see(g, ZS_SIGHT_LOSS);
}
static void ntlm_offer(struct good *g)
{
    see(g, ZS_SIGHT_NTLM_OFFER);
}
static void spnego(struct good *g)
{
    see(g, ZS_SIGHT_SPNEGO);
}
static void hint(struct good *g)
{
    fail_with(g, "the acceptor answered with a SPNEGO hint");
    g->s.hinted = true;
    defect(g, ZS_E_ACCEPTOR_HINT);
}
static void iakerb(struct good *g)
{
    see(g, ZS_SIGHT_OTHER_MECH);
}
static void replayed(struct good *g)
{
    defect(g, ZS_E_AP_REQ_REPLAYED);
}
static void gap(struct good *g)
{
    defect(g, ZS_E_WRAP_GAP);
}
static void loss(struct good *g)
{
    see(g, ZS_SIGHT_LOSS);
}
static void conflict(struct good *g)
{
    defect(g, ZS_E_STREAM_CONFLICT);
}
static void libzmq_4_3_2(struct good *g)
{
    g->s.side[ZS_S2C].greeting.minor = 0;
}
static void other_3_0(struct good *g)
{
    libzmq_4_3_2(g);
    g->s.side[ZS_S2C].greeting.padding = 0;
}
static void reserved_flag(struct good *g)
{
    defect(g, ZS_E_FRAME_FLAGS);
}
static void large(struct good *g)
{
    see(g, ZS_SIGHT_LARGE);
}
static void no_messages(struct good *g)
{
    unsee(g, ZS_SIGHT_MESSAGE);
}
static void routing_id(struct good *g)
{
    g->s.side[ZS_C2S].greeting.padding = 6;
}
static void nothing(struct good *g)
{
    (void)g;
}

/* ==== handshakes ==== */

static void capture_ends(struct good *g)
{
    fail_before_the_answer(g);
    g->f.outcome = ZS_OUTCOME_INCOMPLETE;
}
static void krb_error(struct good *g)
{
    fail_with(g, "the acceptor answered with a KRB-ERROR");
    g->s.refused = true;
    g->f.krb_error = 37;
    see(g, ZS_SIGHT_KRB_ERROR);
}
static void two_clients(struct good *g)
{
    fail_before_the_answer(g);
    g->s.side[ZS_S2C].sent_ap_req = true;
}
static void token_of_nobody(struct good *g)
{
    fail_before_the_ap_req(g);
    see(g, ZS_SIGHT_TOKEN);
}
static void half_a_greeting(struct good *g)
{
    fail_before_the_ap_req(g);
    g->s.side[ZS_S2C].greeting.part = ZS_GREETING_REMAINDER;
}
static void halves_of_greetings(struct good *g)
{
    half_a_greeting(g);
    g->s.side[ZS_C2S].greeting.part = ZS_GREETING_REMAINDER;
}
static void null_and_gssapi(struct good *g)
{
    fail_before_the_ap_req(g);
    greet(g, ZS_C2S, "NULL");
}
static void no_greeting(struct good *g)
{
    fail_before_the_ap_req(g);
    g->s.side[ZS_S2C].greeting.part = ZS_GREETING_SIGNATURE;
}
static void stopped_at_ready(struct good *g)
{
    fail_with(g, "closed by the initiator at the acceptor's READY");
    g->s.side[ZS_S2C].ready = true;
}
static void stopped_before_ready(struct good *g)
{
    fail_with(g, "closed after the context was established");
}
static void error_command(struct good *g)
{
    fail_with(g, "a peer refused the other with an ERROR command");
    g->s.side[ZS_S2C].sent_error = true;
    see(g, ZS_SIGHT_ERROR);
}
static void slow_failures(struct good *g)
{
    fail_before_the_answer(g);
    g->f.sight[ZS_SIGHT_CLOSE].first.time_ns += g->number * INT64_C(30000000000);
}
static void close_after(struct good *g, int64_t s)
{
    g->f.sight[ZS_SIGHT_CLOSE].first.time_ns += s * INT64_C(1000000000);
}
/* The first one stands all the time, and ends when all is over. */
static void failures_beside_a_session(struct good *g)
{
    if (g->number < CONNECTIONS - 1) {
        fail_before_the_answer(g);
        close_after(g, g->number);
    } else {
        close_after(g, 200);
        g->f.stands_from = g->f.sight[ZS_SIGHT_GREETING].first.time_ns;
    }
}
static void failures_before_a_session(struct good *g)
{
    failures_beside_a_session(g);
    g->f.stands_from = g->f.sight[ZS_SIGHT_CLOSE].first.time_ns;
}
static void health_checks(struct good *g)
{
    fail_before_the_ap_req(g);
    g->s.side[ZS_C2S].greeting.part = ZS_GREETING_SIGNATURE;
    g->s.side[ZS_S2C].greeting.part = ZS_GREETING_REMAINDER;
}
static void failures_but_one(struct good *g)
{
    if (g->number)
        fail_before_the_answer(g);
}

/* What the server sent was not recorded. */
static void client_alone(struct good *g)
{
    fail_before_the_answer(g);
    g->s.side[ZS_S2C].greeting.part = ZS_GREETING_SIGNATURE;
}

/* ==== listeners and services ==== */

static void two_services(struct good *g)
{
    if (g->number % 2)
        g->k.service_principal = (char *)"HTTP/server.example.org@EXAMPLE.ORG";
}
static void two_kvnos(struct good *g)
{
    g->k.kvno = 3 + g->number % 2;
}
static void five_hosts(struct good *g)
{
    static char *const hosts[] = {(char *)"192.0.2.1:5555", (char *)"192.0.2.2:5555",
                                  (char *)"192.0.2.3:5555", (char *)"192.0.2.4:5555",
                                  (char *)"[2001:db8::5]:5555"};
    g->f.server = hosts[g->number % 5];
}
static void five_ports(struct good *g)
{
    static char *const ports[] = {(char *)"192.0.2.1:1", (char *)"192.0.2.1:2",
                                  (char *)"192.0.2.1:3", (char *)"192.0.2.1:4",
                                  (char *)"192.0.2.1:5"};
    g->f.server = ports[g->number % 5];
}
static void unanswered_others(struct good *g)
{
    if (g->number % 2) {
        two_services(g);
        fail_before_the_answer(g);
    }
}
static void unanswered_kvnos(struct good *g)
{
    two_kvnos(g);
    if (g->number % 2)
        fail_before_the_answer(g);
}
static void host_key(struct good *g)
{
    g->k.service_principal = (char *)"host/server.example.org@EXAMPLE.ORG";
}
static void short_name(struct good *g)
{
    g->k.service_principal = (char *)"zmq/server@EXAMPLE.ORG";
}
static void address(struct good *g)
{
    g->k.service_principal = (char *)"zmq/192.0.2.2@EXAMPLE.ORG";
}
static void host_key_that_is_refused(struct good *g)
{
    krb_error(g);
    host_key(g);
}
static void short_name_without_an_answer(struct good *g)
{
    fail_before_the_answer(g);
    short_name(g);
}
static void no_host(struct good *g)
{
    g->k.service_principal = (char *)"zmq@EXAMPLE.ORG";
}
static void identified(struct good *g)
{
    g->f.identity[ZS_C2S] = g_bytes_new_static("me", 2);
}
static void shared_identity(struct good *g)
{
    identified(g);
    if (g->number % 2)
        g->k.client_principal = (char *)"mallory@EXAMPLE.ORG";
}

/* ==== keys ==== */

static void skew_of_minutes(struct good *g)
{
    g->k.skew_ms = -61000;
}
static void skew_of_seconds(struct good *g)
{
    g->k.skew_ms = 59000;
}
static void skew_too_large(struct good *g)
{
    g->k.skew_ms = ZS_SKEW_LIMIT_MS + 1;
    g->k.verdict = ZS_VERDICT_SKEW;
}
static void skew_refused(struct good *g)
{
    fail_before_the_answer(g);
    skew_too_large(g);
}
static void skew_cut_off(struct good *g)
{
    skew_refused(g);
    g->f.outcome = ZS_OUTCOME_INCOMPLETE;
}
static void skew_of_one_side(struct good *g)
{
    skew_too_large(g);
    client_alone(g);
}
static void expired(struct good *g)
{
    g->k.verdict = ZS_VERDICT_EXPIRED;
}
static void expired_and_failed(struct good *g)
{
    fail_before_the_answer(g);
    expired(g);
}
static void expired_and_cut_off(struct good *g)
{
    expired_and_failed(g);
    g->f.outcome = ZS_OUTCOME_INCOMPLETE;
}
static void after_its_end(struct good *g)
{
    see(g, ZS_SIGHT_AFTER_END);
}
static void after_its_end_from_the_first(struct good *g)
{
    expired(g);
    after_its_end(g);
}
static void two_days(struct good *g)
{
    g->k.times.end = g->k.times.auth + 2 * 86400;
}
static void one_day(struct good *g)
{
    g->k.times.end = g->k.times.auth + 86400;
}
static void delegated(struct good *g)
{
    g->k.delegated = true;
}
static void no_pre_authentication(struct good *g)
{
    g->k.ticket_flags = 0x40000000;
}
static void forwarded(struct good *g)
{
    g->k.ticket_flags |= 0x20000000;
}
static void session_of_rc4(struct good *g)
{
    g->k.session_etype = 23;
}
static void subkey_of_aes128(struct good *g)
{
    g->k.subkey_etype = 17;
}
static void subkey_of_camellia256(struct good *g)
{
    g->k.subkey_etype = 26;
}
static void no_sequence(struct good *g)
{
    g->k.gss_flags = 0x136;
}
static void bad_checksum(struct good *g)
{
    defect(g, ZS_E_WRAP_CHECKSUM);
}
static void wrong_secret(struct good *g)
{
    bad_checksum(g);
    g->k.opened_by = ZS_ORIGIN_SECRET;
    g->k.ticket_opened = g->k.authenticator_opened = false;
    unsee(g, ZS_SIGHT_VERIFIED);
    see(g, ZS_SIGHT_CLOSED);
}
static void first_is_bad(struct good *g)
{
    bad_checksum(g);
    unsee(g, ZS_SIGHT_VERIFIED);
    see(g, ZS_SIGHT_CLOSED);
}
static void bad_without_the_ap_rep(struct good *g)
{
    first_is_bad(g);
    g->k.ap_rep_opened = false;
}
static void altered_header(struct good *g)
{
    defect(g, ZS_E_WRAP_HEADER);
}
static void lost_subscription(struct good *g)
{
    defect(g, ZS_E_SUBSCRIPTION_LOST);
}
static void only_bob(struct good *g)
{
    static struct zs_allow *bob;
    const char *why;

    if (!bob) {
        bob = zs_allow_new();
        g_assert_true(zs_allow_add(bob, "bob@EXAMPLE.ORG", &why));
    }
    g->policy.allow = bob;
}
static void bob_alone(struct good *g)
{
    only_bob(g);
    g->k.client_principal = (char *)"bob@EXAMPLE.ORG";
}
static void curve_under_a_list(struct good *g)
{
    only_bob(g);
    curve(g);
    g->f.context = NULL;
}
static void curve_under_a_list_fails(struct good *g)
{
    curve_under_a_list(g);
    fail_with(g, "closed before both sides were ready");
}
static void of_another_realm(struct good *g)
{
    g->k.client_principal = (char *)"alice@OTHER.EXAMPLE";
}
static void escaped_at(struct good *g)
{
    g->k.client_principal = (char *)"alice\\@OTHER.EXAMPLE@EXAMPLE.ORG";
}
static void no_pac(struct good *g)
{
    g->k.authorization = (char *)"142";
}
static void pub_and_rep(struct good *g)
{
    g->s.side[ZS_C2S].socket_type = ZS_SOCKET_PUB;
}
static void dealer_and_rep(struct good *g)
{
    g->s.side[ZS_C2S].socket_type = ZS_SOCKET_DEALER;
}

/* ==== the table ==== */

static const struct row {
    const char *rule;
    void (*breaks)(struct good *g);    /* it … */
    void (*neighbour)(struct good *g); /* … and this does not */
} rows[] = {
    {"zs-mechanism-not-gssapi", other_mechanism, gssapi_expected},
    {"zs-mechanism-not-gssapi", other_mechanism, other_mechanism_that_fails},
    {"zs-mechanism-mixed", last_is_null, last_is_null_and_fails},
    {"zs-plain-credentials", plain, curve},
    {"zs-plaintext-mode", bare_ready, bare_and_failed},
    {"zs-plaintext-mode", bare_message, nothing},
    {"zs-plaintext-mode", bare_message, no_token},
    {"zs-zmtp-old", old, old_without_messages},
    {"zs-zmtp-downgrade", last_is_old, old},
    {"zs-zmtp-downgrade", old_where_gssapi_is_expected, last_is_old_beside_null},
    {"zs-ticket-weak", ticket_of_des3, ticket_of_camellia},
    {"zs-tokens-legacy", old_tokens, nothing},
    {"zs-wrap-not-sealed", unsealed, nothing},
    {"zs-no-mutual", no_mutual, no_ap_rep},
    {"zs-no-ap-rep", no_ap_rep, no_ap_rep_behind_a_loss},
    {"zs-no-authentication", no_token, bare_message},
    {"zs-no-authentication", no_token, no_token_behind_a_loss},
    {"zs-no-acceptor-subkey", no_acceptor_subkey, no_wraps},
    {"zs-ntlm", ntlm, ntlm_given_up},
    {"zs-ntlm", ntlm, ntlm_and_a_loss},
    {"zs-ntlm-offered", ntlm_offer, spnego},
    {"zs-spnego", spnego, hint},
    {"zs-mechanism-unexpected", iakerb, spnego},
    {"zs-ap-req-replayed", replayed, nothing},
    {"zs-sequence", gap, loss},
    {"zs-stream-conflict", conflict, gap},
    {"zs-acceptor-silent", fail_before_the_answer, capture_ends},
    {"zs-acceptor-silent", fail_before_the_answer, two_clients},
    {"zs-acceptor-silent", fail_before_the_answer, client_alone},
    {"zs-acceptor-refuses", krb_error, fail_before_the_answer},
    {"zs-acceptor-hint", hint, fail_before_the_answer},
    {"zs-initiator-silent", fail_before_the_ap_req, token_of_nobody},
    {"zs-initiator-silent", fail_before_the_ap_req, half_a_greeting},
    {"zs-both-initiate", two_clients, fail_before_the_answer},
    {"zs-mechanism-differs", half_a_greeting, no_greeting},
    {"zs-mechanism-differs", half_a_greeting, halves_of_greetings},
    {"zs-mechanism-differs", null_and_gssapi, fail_before_the_ap_req},
    {"zs-protection-differs", stopped_at_ready, stopped_before_ready},
    {"zs-stalled-after-context", stopped_before_ready, stopped_at_ready},
    {"zs-stalled-after-context", stopped_before_ready, error_command},
    {"zs-refused", error_command, krb_error},
    {"zs-handshake-storm", fail_before_the_answer, slow_failures},
    {"zs-handshake-storm", fail_before_the_answer, failures_but_one},
    {"zs-handshake-storm", failures_before_a_session, failures_beside_a_session},
    {"zs-handshake-storm", fail_before_the_answer, health_checks},
    {"zs-service-several", two_services, two_kvnos},
    {"zs-service-kvnos", two_kvnos, two_services},
    {"zs-service-several", two_services, unanswered_others},
    {"zs-service-kvnos", two_kvnos, unanswered_kvnos},
    {"zs-service-host", host_key, host_key_that_is_refused},
    {"zs-service-name", short_name, short_name_without_an_answer},
    {"zs-service-everywhere", five_hosts, five_ports},
    {"zs-service-host", host_key, short_name},
    {"zs-service-name", short_name, host_key},
    {"zs-service-name", address, no_host},
    {"zs-libzmq-before-4.3.3", libzmq_4_3_2, other_3_0},
    {"zs-malformed", reserved_flag, large},
    {"zs-handshake-large", large, reserved_flag},
    {"zs-lengths-visible", nothing, no_messages},
    {"zs-routing-id-visible", routing_id, nothing},
    {"zs-clock-skew", skew_of_minutes, skew_of_seconds},
    {"zs-clock-skew-refused", skew_refused, skew_too_large},
    {"zs-clock-skew-refused", skew_refused, skew_cut_off},
    {"zs-clock-skew-refused", skew_refused, skew_of_one_side},
    {"zs-capture-clock", skew_too_large, skew_of_minutes},
    {"zs-ticket-expired", expired, skew_too_large},
    {"zs-session-outlives-ticket", after_its_end, after_its_end_from_the_first},
    {"zs-ticket-long", two_days, one_day},
    {"zs-delegation", delegated, nothing},
    {"zs-ticket-flags", no_pre_authentication, nothing},
    {"zs-ticket-flags", forwarded, nothing},
    {"zs-session-key-weak", session_of_rc4, subkey_of_aes128},
    {"zs-session-key-weaker", subkey_of_aes128, subkey_of_camellia256},
    {"zs-session-key-weaker", subkey_of_aes128, session_of_rc4},
    {"zs-gss-flags", no_sequence, nothing},
    {"zs-unwrap-fails", bad_checksum, wrong_secret},
    {"zs-unwrap-fails", first_is_bad, bad_without_the_ap_rep},
    {"zs-wrap-header", altered_header, bad_checksum},
    {"zs-subscription-lost", lost_subscription, nothing},
    {"zs-client-not-allowed", only_bob, bob_alone},
    {"zs-client-not-allowed", curve_under_a_list, curve_under_a_list_fails},
    {"zs-cross-realm", of_another_realm, escaped_at},
    {"zs-no-pac", no_pac, nothing},
    {"zs-identity-shared", shared_identity, identified},
    {"zs-socket-types", pub_and_rep, dealer_and_rep},
};

/* ==== many connections of a kind ==== */

static const struct zs_rule *rule_of(const char *id)
{
    for (int i = 0; i < ZS_RULE_COUNT; i++)
        if (strcmp(zs_rules[i].id, id) == 0)
            return &zs_rules[i];
    g_error("there is no rule %s", id);
}

static const struct zs_finding *finding(const struct zs_audit_result *result, const char *rule)
{
    for (guint i = 0; i < result->findings->len; i++) {
        const struct zs_finding *f = result->findings->pdata[i];
        if (strcmp(f->rule->id, rule) == 0)
            return f;
    }
    return NULL;
}

static struct zs_audit *audit(void (*change)(struct good *g), const struct zs_audit_result **result)
{
    static struct zs_policy policy; /* outlives the audit */
    struct zs_audit *a = zs_audit_new(&policy);

    for (unsigned i = 0; i < CONNECTIONS; i++) {
        struct good g;
        make_good(&g, i);
        change(&g);
        policy = g.policy;
        zs_audit_judge(a, &g.f);
        g_clear_pointer(&g.f.identity[ZS_C2S], g_bytes_unref);
    }
    *result = zs_audit_end(a);
    return a;
}

static void a_good_connection_has_no_finding_but_that_lengths_show(void)
{
    const struct zs_audit_result *result;
    struct zs_audit *a = audit(nothing, &result);

    g_assert_cmpuint(result->findings->len, ==, 1);
    const struct zs_finding *f = finding(result, "zs-lengths-visible");
    g_assert_nonnull(f);
    g_assert_null(f->subject);
    zs_audit_free(a);
}

static void each_rule_sees_what_breaks_it_and_lets_its_neighbour_be(void)
{
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        const struct zs_audit_result *result;
        const struct zs_rule *rule = rule_of(rows[i].rule);
        g_test_message("%s, row %zu", rows[i].rule, i);
        struct zs_audit *a = audit(rows[i].breaks, &result);
        const struct zs_finding *f = finding(result, rows[i].rule);
        g_assert_nonnull(f);
        g_assert_true(f->rule == rule);
        g_assert_cmpuint(f->first.frame, >, 0);
        g_assert_cmpuint(f->evidences, >=, 1);
        g_assert_cmpuint(result->count[rule->risk], >=, 1);
        zs_audit_free(a);
        a = audit(rows[i].neighbour, &result);
        g_assert_null(finding(result, rows[i].rule));
        zs_audit_free(a);
    }
}

static void every_rule_has_a_row_here(void)
{
    for (int i = 0; i < ZS_RULE_COUNT; i++) {
        bool there = false;
        for (size_t j = 0; j < G_N_ELEMENTS(rows); j++)
            there |= strcmp(rows[j].rule, zs_rules[i].id) == 0;
        if (!there)
            g_error("%s has no row", zs_rules[i].id);
    }
}

static void rows_are_whole(void)
{
    for (int i = 0; i < ZS_RULE_COUNT; i++) {
        const struct zs_rule *r = &zs_rules[i];
        g_assert_true(g_str_has_prefix(r->id, "zs-"));
        g_assert_true(rule_of(r->id) == r); /* there is one of that id */
        g_assert_true(r->check[0] == 'P' || r->check[0] == 'K');
        /* Sentences of a title have no capital, those of the others do, and end. */
        g_assert_false(g_str_has_suffix(r->title, "."));
        g_assert_true(g_str_has_suffix(r->explanation, "."));
        g_assert_true(g_str_has_suffix(r->remedy, "."));
        g_assert_cmpuint(strlen(r->references), >, 0);
        /* Rows of one check stand behind each other. */
        for (int j = 0; j + 1 < i; j++)
            if (strcmp(zs_rules[j].check, r->check) == 0)
                g_assert_cmpstr(zs_rules[i - 1].check, ==, r->check);
        /* A listener has no client. */
        if (r->of_listener)
            g_assert_cmpint(r->scope, !=, ZS_SCOPE_CLIENT);
    }
}

/* ==== what cannot be measured ==== */

static bool is_unmeasured(const struct zs_audit_result *result, const char *rule,
                          enum zs_obstacle o)
{
    const struct zs_tally *t = &result->tally[rule_of(rule) - zs_rules];

    return t->unmeasured[o] == CONNECTIONS && t->passed == 0 && t->failed == 0;
}

static void without_a_key_nothing_about_the_ticket_holds(void)
{
    const struct zs_audit_result *result;
    struct zs_audit *a = audit(close_the_ticket, &result);

    for (int i = 0; i < ZS_RULE_COUNT; i++) {
        bool of_tickets =
            strcmp(zs_rules[i].check, "K01") >= 0 && strcmp(zs_rules[i].check, "K05") <= 0;
        if (of_tickets)
            g_assert_true(is_unmeasured(result, zs_rules[i].id, ZS_OBSTACLE_KEY));
    }
    g_assert_true(is_unmeasured(result, "zs-unwrap-fails", ZS_OBSTACLE_SEALED));
    g_assert_true(is_unmeasured(result, "zs-subscription-lost", ZS_OBSTACLE_SEALED));
    g_assert_cmpuint(result->unkeyed, ==, CONNECTIONS);
    g_assert_cmpstr(result->why_not, ==, "no keytab has zmq/server.example.org");
    zs_audit_free(a);
}

static void without_the_ap_req_nothing_about_it_holds(void)
{
    const struct zs_audit_result *result;
    struct zs_audit *a = audit(lack_the_ap_req, &result);

    static const char *const rules[] = {"zs-ticket-weak",     "zs-no-mutual",    "zs-no-ap-rep",
                                        "zs-ap-req-replayed", "zs-service-host", "zs-clock-skew",
                                        "zs-delegation",      "zs-ntlm"};
    for (size_t i = 0; i < G_N_ELEMENTS(rules); i++)
        g_assert_true(is_unmeasured(result, rules[i], ZS_OBSTACLE_AP_REQ));
    zs_audit_free(a);
}

static void a_capture_that_ends_too_early_says_nothing_about_silence(void)
{
    const struct zs_audit_result *result;
    struct zs_audit *a = audit(capture_ends, &result);

    g_assert_true(is_unmeasured(result, "zs-acceptor-silent", ZS_OBSTACLE_END));
    zs_audit_free(a);
}

static void a_handshake_not_seen_to_its_end_was_not_refused(void)
{
    static const struct {
        void (*change)(struct good *g);
        const char *end;
    } cases[] = {{expired, "it had ended, and the handshake came to stand"},
                 {expired_and_failed, "it had ended, and the handshake failed"},
                 {expired_and_cut_off, "it had ended, and the handshake was not seen to its end"}};
    const struct zs_audit_result *result;
    struct zs_audit *a = audit(skew_cut_off, &result);

    g_assert_true(is_unmeasured(result, "zs-clock-skew-refused", ZS_OBSTACLE_END));
    g_assert_true(is_unmeasured(result, "zs-capture-clock", ZS_OBSTACLE_END));
    zs_audit_free(a);
    a = audit(skew_of_one_side, &result);
    g_assert_true(is_unmeasured(result, "zs-clock-skew-refused", ZS_OBSTACLE_LOST));
    zs_audit_free(a);
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        a = audit(cases[i].change, &result);
        g_assert_cmpstr(finding(result, "zs-ticket-expired")->evidence[0].detail, ==, cases[i].end);
        zs_audit_free(a);
    }
}

static void unseen_credentials(struct good *g)
{
    be_of(g, ZS_MECHANISM_PLAIN, "PLAIN");
    loss(g);
}

static void a_loss_is_said(void)
{
    const struct zs_audit_result *result;
    struct zs_audit *a = audit(unseen_credentials, &result);

    g_assert_true(is_unmeasured(result, "zs-plain-credentials", ZS_OBSTACLE_LOST));
    zs_audit_free(a);
    a = audit(loss, &result);
    g_assert_true(is_unmeasured(result, "zs-sequence", ZS_OBSTACLE_LOST));
    zs_audit_free(a);
    a = audit(ntlm_and_a_loss, &result);
    g_assert_true(is_unmeasured(result, "zs-ntlm", ZS_OBSTACLE_LOST));
    zs_audit_free(a);
}

static void what_only_a_secret_says_is_not_proved(void)
{
    const struct zs_audit_result *result;
    struct zs_audit *a = audit(wrong_secret, &result);

    g_assert_true(is_unmeasured(result, "zs-delegation", ZS_OBSTACLE_SECRET));
    g_assert_true(is_unmeasured(result, "zs-unwrap-fails", ZS_OBSTACLE_SEALED));
    zs_audit_free(a);
}

static void in_its_middle(struct good *g)
{
    g->f.midstream = true;
}
static void one_side(struct good *g)
{
    g->s.side[ZS_C2S].greeting.part = ZS_GREETING_SIGNATURE;
}

static void what_was_not_all_recorded_is_not_said_to_hold(void)
{
    static void (*const changes[])(struct good *) = {loss, in_its_middle, one_side};
    static const char *const rules[] = {"zs-plain-credentials",
                                        "zs-tokens-legacy",
                                        "zs-wrap-not-sealed",
                                        "zs-ntlm-offered",
                                        "zs-mechanism-unexpected",
                                        "zs-spnego",
                                        "zs-sequence",
                                        "zs-stream-conflict",
                                        "zs-acceptor-refuses",
                                        "zs-acceptor-hint",
                                        "zs-refused",
                                        "zs-malformed",
                                        "zs-handshake-large",
                                        "zs-unwrap-fails",
                                        "zs-wrap-header",
                                        "zs-subscription-lost",
                                        "zs-plaintext-mode",
                                        "zs-session-outlives-ticket"};

    for (size_t i = 0; i < G_N_ELEMENTS(changes); i++) {
        const struct zs_audit_result *result;
        struct zs_audit *a = audit(changes[i], &result);
        for (size_t j = 0; j < G_N_ELEMENTS(rules); j++) {
            g_test_message("%zu, %s", i, rules[j]);
            g_assert_true(is_unmeasured(result, rules[j], ZS_OBSTACLE_LOST));
        }
        zs_audit_free(a);
    }
    const struct zs_audit_result *result;
    struct zs_audit *a = audit(one_side, &result);
    g_assert_true(is_unmeasured(result, "zs-zmtp-old", ZS_OBSTACLE_LOST));
    g_assert_true(is_unmeasured(result, "zs-libzmq-before-4.3.3", ZS_OBSTACLE_LOST));
    g_assert_true(is_unmeasured(result, "zs-routing-id-visible", ZS_OBSTACLE_LOST));
    zs_audit_free(a);
    a = audit(client_alone, &result);
    g_assert_true(is_unmeasured(result, "zs-no-ap-rep", ZS_OBSTACLE_LOST));
    zs_audit_free(a);
}

static void a_mechanism_that_nobody_named_is_not_read(void)
{
    const struct zs_audit_result *result;
    struct zs_audit *a = audit(halves_of_greetings, &result);

    g_assert_true(is_unmeasured(result, "zs-mechanism-differs", ZS_OBSTACLE_GREETING));
    zs_audit_free(a);
    a = audit(half_a_greeting, &result);
    const struct zs_finding *f = finding(result, "zs-mechanism-differs");
    g_assert_cmpint(f->confidence, ==, ZS_CONFIDENCE_INFERRED);
    g_assert_cmpstr(f->evidence[0].detail, ==,
                    "the TCP client asks for GSSAPI, and the server stops inside its greeting");
    zs_audit_free(a);
    a = audit(null_and_gssapi, &result);
    f = finding(result, "zs-mechanism-differs");
    g_assert_cmpint(f->confidence, ==, ZS_CONFIDENCE_READ);
    g_assert_cmpstr(f->evidence[0].detail, ==,
                    "the TCP client asks for NULL, the server for GSSAPI");
    zs_audit_free(a);
}

/* ==== findings ==== */

static void many_connections_are_one_finding(void)
{
    const struct zs_audit_result *result;
    struct zs_audit *a = audit(delegated, &result);
    const struct zs_finding *f = finding(result, "zs-delegation");

    g_assert_cmpstr(f->subject, ==, "zmq/server.example.org@EXAMPLE.ORG");
    g_assert_cmpuint(f->connections, ==, CONNECTIONS);
    g_assert_cmpuint(f->evidences, ==, ZS_EVIDENCE_MAX);
    g_assert_cmpuint(f->evidence[4].connection, ==, 5);
    g_assert_cmpuint(f->first.frame, ==, 10);
    g_assert_cmpuint(f->last.frame, ==, 10 + CONNECTIONS - 1);
    g_assert_cmpint(f->confidence, ==, ZS_CONFIDENCE_PROVED);
    g_assert_cmpuint(result->count[ZS_RISK_HIGH], ==, 1);
    zs_audit_free(a);
}

static void a_service_everywhere_is_one_finding(void)
{
    const struct zs_audit_result *result;
    struct zs_audit *a = audit(five_hosts, &result);
    unsigned found = 0;

    for (guint i = 0; i < result->findings->len; i++) {
        const struct zs_finding *other = result->findings->pdata[i];
        found += strcmp(other->rule->id, "zs-service-everywhere") == 0;
    }
    g_assert_cmpuint(found, ==, 1);
    const struct zs_finding *f = finding(result, "zs-service-everywhere");
    g_assert_cmpstr(f->subject, ==, "zmq/server.example.org@EXAMPLE.ORG");
    g_assert_cmpuint(f->connections, ==, CONNECTIONS);
    zs_audit_free(a);
}

static void copied(struct good *g)
{
    replayed(g);
    g->f.copied = true;
}

static void an_answer_that_comes_again_may_be_a_second_view(void)
{
    const struct zs_audit_result *result;
    struct zs_audit *a = audit(copied, &result);
    const struct zs_finding *f = finding(result, "zs-ap-req-replayed");

    g_assert_cmpint(f->confidence, ==, ZS_CONFIDENCE_INFERRED);
    g_assert_nonnull(strstr(f->evidence[0].detail, "or one connection captured at two places"));
    zs_audit_free(a);
}

static void a_finding_is_as_sure_as_its_weakest_evidence(void)
{
    const struct zs_audit_result *result;
    static const struct zs_policy policy;
    struct zs_audit *a = zs_audit_new(&policy);
    struct good g;

    for (unsigned i = 0; i < 2; i++) {
        make_good(&g, i);
        gap(&g);
        if (i)
            close_the_ticket(&g);
        zs_audit_judge(a, &g.f);
    }
    result = zs_audit_end(a);
    g_assert_cmpint(finding(result, "zs-sequence")->confidence, ==, ZS_CONFIDENCE_READ);
    zs_audit_free(a);
}

static void the_worst_comes_first(void)
{
    const struct zs_audit_result *result;
    static const struct zs_policy policy;
    struct zs_audit *a = zs_audit_new(&policy);
    struct good g;

    make_good(&g, 0);
    no_sequence(&g);
    delegated(&g);
    altered_header(&g);
    skew_of_minutes(&g);
    zs_audit_judge(a, &g.f);
    result = zs_audit_end(a);
    for (guint i = 1; i < result->findings->len; i++) {
        const struct zs_finding *before = result->findings->pdata[i - 1],
                                *f = result->findings->pdata[i];
        g_assert_cmpint(before->rule->risk, >=, f->rule->risk);
    }
    g_assert_cmpstr(((struct zs_finding *)result->findings->pdata[0])->rule->id, ==,
                    "zs-wrap-header");
    zs_audit_free(a);
}

/* Whoever makes a capture of a million clients and listeners does not make a million findings. */
static void subjects_and_listeners_are_capped(void)
{
    enum { MANY = ZS_LISTENERS_MAX + 100 };
    static const struct zs_policy policy;
    struct zs_audit *a = zs_audit_new(&policy);
    struct good g;

    for (unsigned i = 0; i < MANY; i++) {
        char server[40];
        g_snprintf(server, sizeof server, "192.0.2.2:%u", i);
        make_good(&g, i);
        no_mutual(&g);
        g.f.server = server;
        zs_audit_judge(a, &g.f);
    }
    const struct zs_audit_result *result = zs_audit_end(a);
    unsigned named = 0, unnamed = 0;
    uint64_t connections = 0;
    for (guint i = 0; i < result->findings->len; i++) {
        const struct zs_finding *f = result->findings->pdata[i];
        if (strcmp(f->rule->id, "zs-no-mutual") != 0)
            continue;
        f->subject ? named++ : unnamed++;
        connections += f->connections;
    }
    g_assert_cmpuint(named, ==, ZS_SUBJECTS_MAX);
    g_assert_cmpuint(unnamed, ==, 1);
    g_assert_cmpuint(connections, ==, MANY);
    g_assert_cmpuint(result->listeners_left_out, ==, MANY - ZS_LISTENERS_MAX);
    zs_audit_free(a);
}

static void rules_that_are_left_out_are_not_asked(void)
{
    struct zs_policy policy = {0};
    struct good g;

    policy.left_out[rule_of("zs-delegation") - zs_rules] = true;
    struct zs_audit *a = zs_audit_new(&policy);
    make_good(&g, 0);
    delegated(&g);
    zs_audit_judge(a, &g.f);
    const struct zs_audit_result *result = zs_audit_end(a);
    g_assert_null(finding(result, "zs-delegation"));
    zs_audit_free(a);
}

static void a_rule_holds_where_it_was_measured_everywhere(void)
{
    struct zs_tally t = {0};

    g_assert_cmpint(zs_tally_verdict(&t), ==, ZS_ANSWER_NONE);
    t.passed = 2;
    g_assert_cmpint(zs_tally_verdict(&t), ==, ZS_ANSWER_PASS);
    t.unmeasured[ZS_OBSTACLE_COUNT - 1] = 1;
    g_assert_cmpint(zs_tally_verdict(&t), ==, ZS_ANSWER_UNMEASURED);
    t.failed = 1;
    g_assert_cmpint(zs_tally_verdict(&t), ==, ZS_ANSWER_FAIL);
    g_assert_false(zs_tally_is_measured(&t));
}

/* ==== names ==== */

static void long_names_end_before_a_character_that_is_cut(void)
{
    char out[ZS_FACTS_NAME];
    GString *name = g_string_new(NULL);

    while (name->len < 65536)
        g_string_append(name, "€");
    zs_facts_clip(out, sizeof out, zs_span(name->str, name->len));
    g_assert_true(g_utf8_validate(out, -1, NULL));
    g_assert_true(g_str_has_suffix(out, "..."));
    g_assert_cmpuint(strlen(out), <, ZS_FACTS_NAME);
    zs_facts_clip(out, sizeof out, zs_span("a\0b", 3));
    g_assert_cmpstr(out, ==, "a b");
    zs_facts_clip(out, sizeof out, zs_span(NULL, 0));
    g_assert_cmpstr(out, ==, "");
    memset(name->str, 0x80, name->len); /* no beginning of a character anywhere */
    zs_facts_clip(out, sizeof out, zs_span(name->str, name->len));
    g_assert_cmpstr(out, ==, "...");
    g_string_free(name, TRUE);
}

static void details_of_any_length_fit(void)
{
    static const struct zs_policy policy;
    struct zs_audit *a = zs_audit_new(&policy);
    char *name = g_strnfill(65536, 'x');
    struct good g;

    make_good(&g, 0);
    delegated(&g);
    of_another_realm(&g);
    fail_before_the_answer(&g);
    g.k.client_principal = g.k.delegated_client = g.k.transited = g.k.service_principal = name;
    zs_audit_judge(a, &g.f);
    make_good(&g, 1);
    fail_before_the_answer(&g);
    close_the_ticket(&g);
    g.k.reason = name;
    zs_audit_judge(a, &g.f);
    const struct zs_audit_result *result = zs_audit_end(a);
    for (guint i = 0; i < result->findings->len; i++) {
        const struct zs_finding *f = result->findings->pdata[i];
        g_assert_cmpuint(f->subject ? strlen(f->subject) : 0, <, ZS_FACTS_NAME);
        for (unsigned e = 0; e < f->evidences; e++)
            g_assert_cmpuint(strlen(f->evidence[e].detail), <, ZS_DETAIL_MAX);
    }
    g_assert_cmpuint(strlen(result->why_not), <, 2000);
    zs_audit_free(a);
    g_free(name);
}

int main(int argc, char **argv)
{
    static const struct {
        const char *path;
        void (*test)(void);
    } tests[] = {
        {"/rules/good", a_good_connection_has_no_finding_but_that_lengths_show},
        {"/rules/each", each_rule_sees_what_breaks_it_and_lets_its_neighbour_be},
        {"/rules/every", every_rule_has_a_row_here},
        {"/rules/rows", rows_are_whole},
        {"/unmeasured/key", without_a_key_nothing_about_the_ticket_holds},
        {"/unmeasured/ap-req", without_the_ap_req_nothing_about_it_holds},
        {"/unmeasured/end", a_capture_that_ends_too_early_says_nothing_about_silence},
        {"/unmeasured/refused", a_handshake_not_seen_to_its_end_was_not_refused},
        {"/unmeasured/loss", a_loss_is_said},
        {"/unmeasured/not-recorded", what_was_not_all_recorded_is_not_said_to_hold},
        {"/unmeasured/greeting", a_mechanism_that_nobody_named_is_not_read},
        {"/unmeasured/secret", what_only_a_secret_says_is_not_proved},
        {"/findings/one", many_connections_are_one_finding},
        {"/findings/everywhere", a_service_everywhere_is_one_finding},
        {"/findings/copied", an_answer_that_comes_again_may_be_a_second_view},
        {"/findings/confidence", a_finding_is_as_sure_as_its_weakest_evidence},
        {"/findings/order", the_worst_comes_first},
        {"/findings/caps", subjects_and_listeners_are_capped},
        {"/findings/left-out", rules_that_are_left_out_are_not_asked},
        {"/findings/verdict", a_rule_holds_where_it_was_measured_everywhere},
        {"/names/clip", long_names_end_before_a_character_that_is_cut},
        {"/names/details", details_of_any_length_fit},
    };

    g_test_init(&argc, &argv, NULL);
    for (size_t i = 0; i < G_N_ELEMENTS(tests); i++)
        g_test_add_func(tests[i].path, tests[i].test);
    return g_test_run();
}
