/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Client and server over a captured security context: each hears what the captured other side said, and comes as far
 * as the captured one did; or says why it could not have. */
#include "core/conn/observed.h"

#include "core/krb/init.h"
#include "core/wire/token.h"
#include "tests/core/conn/talk.h"
#include "tests/core/proto/pair.h"

#include <string.h>

#define C ZS_ROLE_CLIENT
#define S ZS_ROLE_SERVER

static struct talk talk;

struct stage {
    struct zs_context *context;
    struct zs_observed *observed[ZS_ROLE_COUNT];
    struct pair pair;
};

/* What f is of, seen by who has its key; with_key false: by who has not. */
static void set(struct stage *s, const struct forge *f, bool with_key)
{
    struct zs_key key = with_key ? f->service_key : forge_key(f->service_key.enctype, 99);

    s->context = forge_observe_with(f, &key);
    for (int r = 0; r < ZS_ROLE_COUNT; r++)
        s->observed[r] = zs_observed_new((enum zs_role)r, s->context);
    GByteArray *req = talk_ap_req(&talk), *rep = talk_ap_rep(&talk);
    zs_observed_token(s->observed[C], span_of(req));
    zs_observed_token(s->observed[S], span_of(rep));
    g_byte_array_unref(req);
    g_byte_array_unref(rep);
    pair_init(&s->pair, zs_observed_gss(s->observed[C]), zs_observed_gss(s->observed[S]));
    pair_begin(&s->pair);
}

static void clear(struct stage *s)
{
    pair_clear(&s->pair);
    for (int r = 0; r < ZS_ROLE_COUNT; r++)
        zs_observed_free(s->observed[r]);
    zs_context_free(s->context);
}

static void hear(struct stage *s, enum zs_role role, GByteArray *octets)
{
    pair_feed(&s->pair, role, span_of(octets));
    g_byte_array_unref(octets);
}

static uint64_t first(enum zs_role role)
{
    return (uint64_t)(role == C ? talk.forge.initiator_sequence : talk.forge.acceptor_sequence);
}

static GByteArray *sealed(enum zs_role role, uint8_t flags, uint64_t number, const char *plain)
{
    return talk_sealed(&talk, flags, role == S, first(role) + number, plain);
}

/* What role said in the capture, up to its READY. */
static void hear_handshake(struct stage *s, enum zs_role role)
{
    enum zs_role listener = pair_other(role);
    const char *ready = role == C ? "00 05'READY' 0b'Socket-Type'00000003'REQ'"
                                  : "00 05'READY' 0b'Socket-Type'00000003'REP'";

    hear(s, listener, talk_greeting(1, "GSSAPI", false));
    hear(s, listener,
         talk_carry(ZS_FRAME_COMMAND, ZS_FORM_LIBZMQ, "INITIATE",
                    role == C ? talk_ap_req(&talk) : talk_ap_rep(&talk)));
    if (role == C)
        hear(s, listener, talk_frame_of(ZS_FRAME_COMMAND, ""));
    hear(s, listener, sealed(role, ZS_FRAME_COMMAND, 0, ready));
}

static void each_role_comes_as_far_as_the_captured_one(void)
{
    for (int r = 0; r < ZS_ROLE_COUNT; r++) {
        enum zs_role other = pair_other((enum zs_role)r);
        struct stage s;
        set(&s, &talk.forge, true);
        hear_handshake(&s, other);
        hear(&s, (enum zs_role)r, sealed(other, 0, 1, "01'part'"));
        hear(&s, (enum zs_role)r, sealed(other, 0, 2, "00'hello'"));
        g_assert_cmpint(s.pair.peer[r].state, ==, ZS_PEER_OPEN);
        g_assert_cmpuint(s.pair.peer[r].received, ==, 2);
        g_assert_true(g_str_has_suffix(s.pair.log[r]->str, "message MESSAGE 4:part sealed more\n"
                                                           "message MESSAGE 5:hello sealed\n"));
        g_assert_cmpstr(s.pair.gss[r]->body->facts(s.pair.gss[r]->self)->initiator, ==,
                        "alice@EXAMPLE.ORG");
        clear(&s);
    }
}

/* Greeting, AP-REQ as captured, empty command, and a READY that anybody can read. */
static void client_says_what_the_captured_one_must_have_said(void)
{
    struct stage s;
    struct zs_frame f;
    struct zs_command c;
    struct zs_span token;
    struct zs_cfx cfx;

    set(&s, &talk.forge, true);
    hear_handshake(&s, S);
    struct zs_span out = zs_span_skip(zs_peer_output(&s.pair.peer[C]), ZS_GREETING_SIZE);
    g_assert_cmpint(zs_frame_parse(ZS_FRAMING_3, out, 1 << 20, &f), ==, ZS_OK);
    g_assert_cmpint(zs_command_parse(f.body, &c), ==, ZS_OK);
    g_assert_cmpint(zs_token_of_command(&c, &token), ==, ZS_OK);
    GByteArray *req = talk_ap_req(&talk);
    g_assert_cmpuint(token.n, ==, req->len); /* its encryption differs with each forging */
    g_byte_array_unref(req);
    out = zs_span_skip(out, f.header + f.body.n);
    g_assert_true(out.p[0] == ZS_FRAME_COMMAND && out.p[1] == 0);
    out = zs_span_skip(out, 2);
    g_assert_cmpint(zs_frame_parse(ZS_FRAMING_3, out, 1 << 20, &f), ==, ZS_OK);
    g_assert_cmpint(zs_command_parse(f.body, &c), ==, ZS_OK);
    g_assert_cmpint(zs_token_of_command(&c, &token), ==, ZS_OK);
    g_assert_cmpint(zs_cfx_parse(token, &cfx), ==, ZS_OK);
    g_assert_cmpuint(cfx.sequence, ==, first(C));
    g_assert_cmpuint(cfx.flags, ==, 0);
    g_assert_cmpmem(cfx.payload.p, 7, "\0\5READY", 7);
    clear(&s);
}

static void expect(const struct stage *s, enum zs_role role, enum zs_rc rc, const char *detail)
{
    const struct zs_peer_event *ev = &s->pair.last[role];

    g_assert_cmpint(ev->kind, ==, ZS_PEER_DEFECT);
    g_assert_cmpstr(zs_defect_of(ev->rc)->code, ==, zs_defect_of(rc)->code);
    if (detail)
        g_assert_nonnull(strstr(ev->detail, detail));
}

static void hear_answer(struct stage *s, GByteArray *token)
{
    hear(s, C, talk_greeting(1, "GSSAPI", false));
    hear(s, C, talk_carry(ZS_FRAME_COMMAND, ZS_FORM_LIBZMQ, "INITIATE", token));
}

static void refusal_of_the_captured_acceptor_is_said(void)
{
    struct stage s;

    set(&s, &talk.forge, true);
    hear_answer(&s, talk_krb_error(&talk));
    expect(&s, C, ZS_E_CONTEXT_REFUSED, "KRB-ERROR");
    clear(&s);
    set(&s, &talk.forge, true);
    hear_answer(&s, talk_hint());
    expect(&s, C, ZS_E_CONTEXT_REFUSED, "hint");
    clear(&s);
    set(&s, &talk.forge, true);
    hear_answer(&s, talk_ap_req(&talk));
    expect(&s, C, ZS_E_CONTEXT_REFUSED, "no token that goes on");
    clear(&s);
}

static GByteArray *oid(const char *contents, size_t n)
{
    return der(0x06, der_octets(contents, n), NULL);
}

/* RFC 4178, 4.2.1: Kerberos is offered. */
static GByteArray *offer(void)
{
    GByteArray *types =
        der(0xa0, der(0x30, oid("\x2a\x86\x48\x86\xf7\x12\x01\x02\x02", 9), NULL), NULL);
    GByteArray *token = der(0xa2, der(0x04, talk_ap_req(&talk), NULL), NULL);

    return der(0x60, oid("\x2b\x06\x01\x05\x05\x02", 6),
               der(0xa0, der(0x30, types, token, NULL), NULL), NULL);
}

/* 4.2.2: the AP-REP, and a MIC that nobody made. */
static GByteArray *forged_answer(void)
{
    static const uint8_t mic[28] = {0x04, 0x04, 0x05, 0xff, 0xff, 0xff, 0xff, 0xff};
    GByteArray *token = der(0xa2, der(0x04, talk_ap_rep(&talk), NULL), NULL);
    GByteArray *signature = der(0xa3, der(0x04, der_octets(mic, sizeof mic), NULL), NULL);

    return der(0xa1, der(0x30, token, signature, NULL), NULL);
}

/* captures/spnego-mic has one that holds. */
static void signature_over_the_offer_must_hold(void)
{
    struct stage s;

    set(&s, &talk.forge, true);
    struct zs_observed *client = zs_observed_new(C, s.context);
    GByteArray *offered = offer();
    zs_observed_token(client, span_of(offered));
    g_byte_array_unref(offered);
    pair_clear(&s.pair);
    pair_init(&s.pair, zs_observed_gss(client), NULL);
    pair_begin(&s.pair);
    hear_answer(&s, forged_answer());
    expect(&s, C, ZS_E_CONTEXT_REFUSED, "signature over SPNEGO's offer");
    clear(&s);
    zs_observed_free(client);
}

/* The keys and the capture's clock decide, not what the captured acceptor made of it. */
static void acceptor_refuses_what_it_could_not_accept(void)
{
    struct forge expired = talk.forge, early = talk.forge, skewed = talk.forge;
    const struct {
        const struct forge *forge;
        bool with_key;
        const char *detail;
    } cases[] = {{&talk.forge, false, "key"},
                 {&expired, true, "expired"},
                 {&early, true, "not yet valid"},
                 {&skewed, true, "clocks"}};

    expired.end = FORGE_NOW - 3600;
    early.start = FORGE_NOW + 3600;
    skewed.ctime = FORGE_NOW - 600;
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        struct stage s;
        set(&s, cases[i].forge, cases[i].with_key);
        hear_handshake(&s, C);
        expect(&s, S, ZS_E_CONTEXT_REFUSED, cases[i].detail);
        g_assert_cmpuint(zs_peer_output(&s.pair.peer[S]).n, ==, ZS_GREETING_SIZE);
        clear(&s);
    }
}

/* Failure F1 seen with the right key: ours would have answered. */
static void acceptor_answers_where_the_captured_one_was_silent(void)
{
    struct forge silent = talk.forge;
    struct stage s;

    silent.no_ap_rep = true;
    set(&s, &silent, true);
    struct zs_observed *without = zs_observed_new(S, s.context);
    pair_clear(&s.pair);
    pair_init(&s.pair, NULL, zs_observed_gss(without));
    pair_begin(&s.pair);
    hear(&s, S, talk_greeting(1, "GSSAPI", false));
    hear(&s, S, talk_carry(ZS_FRAME_COMMAND, ZS_FORM_LIBZMQ, "INITIATE", talk_ap_req(&talk)));
    g_assert_cmpint(s.pair.peer[S].state, ==, ZS_PEER_WANT_EMPTY);
    g_assert_cmpstr(s.pair.said[S]->str, ==, "greeting 3.1 GSSAPI 1\ntoken INITIATE 15 complete\n");
    clear(&s);
    zs_observed_free(without);
}

static void altered_replayed_or_reordered_message_is_said(void)
{
    static const struct {
        uint64_t number;
        bool altered;
        enum zs_rc rc;
    } cases[] = {
        {1, true, ZS_E_WRAP_CHECKSUM}, {0, false, ZS_E_WRAP_DUPLICATE}, {2, false, ZS_E_WRAP_GAP}};

    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++)
        for (int r = 0; r < ZS_ROLE_COUNT; r++) {
            enum zs_role other = pair_other((enum zs_role)r);
            struct stage s;
            set(&s, &talk.forge, true);
            hear_handshake(&s, other);
            GByteArray *m = sealed(other, 0, cases[i].number, "00'hello'");
            m->data[m->len - 1] ^= cases[i].altered;
            hear(&s, (enum zs_role)r, m);
            expect(&s, (enum zs_role)r, cases[i].rc, NULL);
            clear(&s);
        }
    struct stage s;
    set(&s, &talk.forge, true);
    hear_handshake(&s, S);
    hear(&s, C, sealed(C, 0, 1, "00'hello'"));
    expect(&s, C, ZS_E_WRAP_DIRECTION, NULL);
    clear(&s);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    zs_krb_init();
    talk_init(&talk);
    g_test_add_func("/observed/each_role_comes_as_far_as_the_captured_one",
                    each_role_comes_as_far_as_the_captured_one);
    g_test_add_func("/observed/client_says_what_the_captured_one_must_have_said",
                    client_says_what_the_captured_one_must_have_said);
    g_test_add_func("/observed/refusal_of_the_captured_acceptor_is_said",
                    refusal_of_the_captured_acceptor_is_said);
    g_test_add_func("/observed/signature_over_the_offer_must_hold",
                    signature_over_the_offer_must_hold);
    g_test_add_func("/observed/acceptor_refuses_what_it_could_not_accept",
                    acceptor_refuses_what_it_could_not_accept);
    g_test_add_func("/observed/acceptor_answers_where_the_captured_one_was_silent",
                    acceptor_answers_where_the_captured_one_was_silent);
    g_test_add_func("/observed/altered_replayed_or_reordered_message_is_said",
                    altered_replayed_or_reordered_message_is_said);
    int failed = g_test_run();
    talk_clear(&talk);
    return failed;
}
