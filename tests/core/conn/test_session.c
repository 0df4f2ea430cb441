/* SPDX-License-Identifier: GPL-2.0-or-later */
/* core/conn/session.c: roles, order, sequence numbers, the context, and why a handshake came to nothing. Each test
 * lets two sides speak, frame by frame. */
#include "core/conn/session.h"

#include "core/krb/init.h"
#include "core/krb/secrets.h"
#include "tests/core/conn/talk.h"
#include "tests/core/wire/wire_case.h"

enum { C = ZS_FRAME_COMMAND, M = 0 };
enum { INITIATOR_FIRST = 1000, ACCEPTOR_FIRST = 2000 }; /* as forge_init() has them */

static struct talk talk;

/* A session, and what its last frame changed. */
struct heard {
    struct zs_session s;
    struct zs_turn turn;
    struct zs_reading reading;
    unsigned contexts;
};

static void start(struct heard *h)
{
    *h = (struct heard){0};
    zs_session_init(&h->s, talk.keys);
}

static void hear_frame(void *user, enum zs_dir dir, const struct zs_frame *f)
{
    struct heard *h = user;
    struct zs_place at = zs_session_place(&h->s, dir);
    size_t room = zs_reading_room(&at, f);
    uint8_t *buf = g_malloc(room);
    struct zs_stamp stamp = {.time_ns = TALK_NOW, .frame = 1};

    zs_reading_make(&at, f, buf, room, &h->reading);
    zs_session_step(&h->s, dir, &h->reading, stamp, &h->turn);
    h->contexts += h->turn.context_made;
    g_free(buf);
}

/* dir says octets, which are used up: greeting parts and frames, all of them whole. */
static void hear(struct heard *h, enum zs_dir dir, GByteArray *octets)
{
    talk_hear(&h->s, dir, octets, NULL, hear_frame, h);
}

static void hear_octets(struct heard *h, enum zs_dir dir, const char *octets)
{
    hear(h, dir, wire_octets(octets));
}

static void greet(struct heard *h, const char *c2s, const char *s2c)
{
    hear(h, ZS_C2S, talk_greeting(1, c2s, false));
    hear(h, ZS_S2C, talk_greeting(1, s2c, false));
}

static void say_token(struct heard *h, enum zs_dir dir, GByteArray *token)
{
    hear(h, dir, talk_carry(C, ZS_FORM_LIBZMQ, "INITIATE", token));
}

static void say(struct heard *h, enum zs_dir dir, uint8_t flags, const char *body)
{
    hear(h, dir, talk_frame_of(flags, body));
}

static void say_sealed(struct heard *h, enum zs_dir dir, uint8_t flags, uint64_t sequence,
                       const char *plain)
{
    hear(h, dir, talk_sealed(&talk, flags, dir != h->s.initiator, sequence, plain));
}

/* Up to the acceptor's AP-REP. */
static void authenticate(struct heard *h, enum zs_dir initiator)
{
    greet(h, "GSSAPI", "GSSAPI");
    say_token(h, initiator, talk_ap_req(&talk));
    say_token(h, zs_dir_other(initiator), talk_ap_rep(&talk));
}

/* … and to the end of the handshake, as libzmq has it. */
static void establish(struct heard *h, enum zs_dir initiator)
{
    authenticate(h, initiator);
    say(h, initiator, C, "");
    say_sealed(h, zs_dir_other(initiator), C, ACCEPTOR_FIRST, "00 05'READY'");
    say_sealed(h, initiator, C, INITIATOR_FIRST, "00 05'READY'");
}

static void defect_is(struct heard *h, enum zs_dir dir, uint64_t sequence, enum zs_rc rc,
                      uint64_t expected)
{
    say_sealed(h, dir, M, sequence, "00'x'");
    g_assert_cmpint(h->turn.defect, ==, rc);
    g_assert_cmpuint(h->turn.expected, ==, expected);
}

static void explains(struct heard *h, bool closed, const char *begins)
{
    const char *why = zs_session_explain(&h->s, closed);

    g_assert_false(zs_session_established(&h->s));
    if (!why || !g_str_has_prefix(why, begins))
        g_test_fail_printf("wanted \"%s…\", got \"%s\"", begins, why ? why : "nothing");
    zs_session_clear(&h->s);
}

/* ==== roles and the context ==== */

static void roles_follow_from_the_ap_req(void)
{
    for (int d = 0; d < ZS_DIR_COUNT; d++) {
        enum zs_dir initiator = (enum zs_dir)d;
        struct heard h;

        start(&h);
        greet(&h, "GSSAPI", "GSSAPI");
        g_assert_false(h.s.roles_known);
        say_token(&h, initiator, talk_ap_req(&talk));
        g_assert_true(h.s.roles_known && h.s.mutual && !h.s.answered);
        g_assert_cmpint(h.s.initiator, ==, initiator);
        g_assert_null(h.s.context);
        say_token(&h, zs_dir_other(initiator), talk_ap_rep(&talk));
        g_assert_true(h.turn.context_made && h.s.answered);
        g_assert_true(zs_context_facts(h.s.context)->ap_rep_opened);
        g_assert_cmpuint(zs_session_place(&h.s, initiator).framing, ==, ZS_FRAMING_3);
        g_assert_true(zs_session_place(&h.s, initiator).context == h.s.context);
        zs_session_clear(&h.s);
    }
}

static void libzmqs_handshake_establishes(void)
{
    struct heard h;

    start(&h);
    authenticate(&h, ZS_C2S);
    say(&h, ZS_C2S, C, "");
    g_assert_false(h.s.side[ZS_C2S].ready);
    say_sealed(&h, ZS_S2C, C, ACCEPTOR_FIRST, "00 05'READY'");
    g_assert_true(h.s.side[ZS_S2C].ready);
    g_assert_false(zs_session_established(&h.s));
    say_sealed(&h, ZS_C2S, C, INITIATOR_FIRST, "00 05'READY'");
    g_assert_true(zs_session_established(&h.s));
    g_assert_cmpint(h.turn.defect, ==, ZS_OK);
    g_assert_null(zs_session_explain(&h.s, true));
    g_assert_cmpuint(h.contexts, ==, 1);
    zs_session_clear(&h.s);
}

static void messages_are_counted_by_their_last_frame(void)
{
    struct heard h;

    start(&h);
    establish(&h, ZS_C2S);
    say_sealed(&h, ZS_C2S, M, 1001, "01'a'");
    say_sealed(&h, ZS_C2S, M, 1002, "00'bcd'");
    say_sealed(&h, ZS_C2S, M, 1003, "02 04'PING'0000");
    g_assert_cmpint(h.turn.defect, ==, ZS_OK);
    g_assert_cmpuint(h.s.side[ZS_C2S].messages, ==, 1);
    g_assert_cmpuint(h.s.side[ZS_C2S].message_octets, ==, 4);
    g_assert_cmpuint(h.s.side[ZS_S2C].messages, ==, 0);
    zs_session_clear(&h.s);
}

static void without_mutual_there_is_no_ap_rep_to_wait_for(void)
{
    struct talk t = talk;
    struct heard h;

    t.forge.ap_options = 0;
    start(&h);
    greet(&h, "GSSAPI", "GSSAPI");
    say_token(&h, ZS_C2S, talk_ap_req(&t));
    g_assert_true(h.turn.context_made);
    g_assert_false(h.s.mutual);
    g_assert_cmpint(zs_context_facts(h.s.context)->why, ==, ZS_WHY_OPENED);
    /* The acceptor's numbers start where the initiator's do. */
    g_assert_true(h.s.side[ZS_S2C].sequence.known);
    g_assert_cmpuint(h.s.side[ZS_S2C].sequence.next, ==, INITIATOR_FIRST);
    g_assert_false(zs_session_conclude(&h.s));
    zs_session_clear(&h.s);
}

static void ap_req_that_nobody_answers_is_opened_at_the_end(void)
{
    struct heard h;

    start(&h);
    greet(&h, "GSSAPI", "GSSAPI");
    say_token(&h, ZS_C2S, talk_ap_req(&talk));
    g_assert_true(zs_session_conclude(&h.s));
    g_assert_cmpint(zs_context_facts(h.s.context)->why, ==, ZS_WHY_AP_REP_MISSING);
    g_assert_true(zs_context_facts(h.s.context)->ticket_opened);
    g_assert_false(zs_session_conclude(&h.s));
    zs_session_clear(&h.s);
}

static void answer_that_comes_late_makes_another_context(void)
{
    struct heard h;

    start(&h);
    greet(&h, "GSSAPI", "GSSAPI");
    say_token(&h, ZS_C2S, talk_ap_req(&talk));
    g_assert_true(zs_session_conclude(&h.s));
    g_assert_false(zs_session_conclude(&h.s));
    const struct zs_context *first = h.s.context;
    g_assert_cmpint(zs_context_facts(first)->why, ==, ZS_WHY_AP_REP_MISSING);
    say_token(&h, ZS_S2C, talk_ap_rep(&talk));
    g_assert_true(h.turn.context_made && h.s.earlier == first && h.s.context != first);
    g_assert_cmpint(zs_context_facts(h.s.context)->why, ==, ZS_WHY_OPENED);
    g_assert_false(zs_session_conclude(&h.s));
    zs_session_clear(&h.s);
}

/* Packets of two directions may stand in a capture in another order than they were sent. */
static void ap_rep_before_its_ap_req_is_kept_for_it(void)
{
    struct heard h;

    start(&h);
    greet(&h, "GSSAPI", "GSSAPI");
    say_token(&h, ZS_S2C, talk_ap_rep(&talk));
    g_assert_true(!h.turn.context_made && !h.s.roles_known && h.s.early_ap_rep);
    say_token(&h, ZS_C2S, talk_ap_req(&talk));
    g_assert_true(h.turn.context_made && h.s.answered && !h.s.early_ap_rep && !h.s.ap_req);
    g_assert_true(zs_context_facts(h.s.context)->ap_rep_opened);
    say(&h, ZS_C2S, C, "");
    say_sealed(&h, ZS_S2C, C, ACCEPTOR_FIRST, "00 05'READY'");
    g_assert_true(h.reading.verified && h.turn.defect == ZS_OK);
    say_sealed(&h, ZS_C2S, C, INITIATOR_FIRST, "00 05'READY'");
    g_assert_true(h.reading.verified && zs_session_established(&h.s));
    g_assert_cmpuint(h.contexts, ==, 1);
    zs_session_clear(&h.s);
}

/* A token before the AP-REQ that looks like its answer and does not open must not hide the connection. */
static void early_ap_rep_that_does_not_open_waits_for_another(void)
{
    for (int again = 0; again <= 1; again++) {
        GByteArray *damaged = talk_ap_rep(&talk);
        struct heard h;
        start(&h);
        greet(&h, "GSSAPI", "GSSAPI");
        damaged->data[damaged->len - 1] ^= 1;
        say_token(&h, ZS_S2C, damaged);
        say_token(&h, ZS_C2S, talk_ap_req(&talk));
        g_assert_true(!h.turn.context_made && h.s.answered && h.s.ap_req);
        if (again) {
            say_token(&h, ZS_S2C, talk_ap_rep(&talk));
            g_assert_true(h.turn.context_made && !h.s.ap_req && !h.s.early_ap_rep);
            g_assert_cmpint(zs_context_facts(h.s.context)->why, ==, ZS_WHY_OPENED);
        } else {
            g_assert_true(zs_session_conclude(&h.s));
            g_assert_cmpint(zs_context_facts(h.s.context)->why, ==, ZS_WHY_AP_REP_DAMAGED);
        }
        zs_session_clear(&h.s);
    }
}

static void early_ap_rep_of_the_initiators_side_answers_nothing(void)
{
    struct heard h;

    start(&h);
    greet(&h, "GSSAPI", "GSSAPI");
    say_token(&h, ZS_C2S, talk_ap_rep(&talk));
    say_token(&h, ZS_C2S, talk_ap_req(&talk));
    g_assert_true(!h.s.context && !h.s.answered && !h.s.early_ap_rep && h.s.ap_req);
    say_token(&h, ZS_S2C, talk_ap_rep(&talk));
    g_assert_true(h.turn.context_made);
    zs_session_clear(&h.s);
}

/* Of the first one, and of no more than a token's worth. */
static void early_ap_rep_is_kept_within_bounds(void)
{
    GByteArray *large = g_byte_array_new();
    struct heard h;

    g_byte_array_set_size(large, ZS_TOKEN_LIMIT + 1);
    memset(large->data, 0, large->len);
    start(&h);
    greet(&h, "GSSAPI", "GSSAPI");
    say_token(&h, ZS_S2C, talk_framed("\x02\x00", large));
    g_assert_null(h.s.early_ap_rep);
    say_token(&h, ZS_S2C, talk_ap_rep(&talk));
    size_t kept = h.s.early_ap_rep_n;
    const uint8_t *at = h.s.early_ap_rep;
    say_token(&h, ZS_S2C, talk_framed("\x02\x00", wire_octets("6f02 3000")));
    g_assert_true(kept && h.s.early_ap_rep == at && h.s.early_ap_rep_n == kept);
    zs_session_clear(&h.s);
    g_assert_null(h.s.early_ap_rep);
}

static void context_without_an_ap_rep_says_whether_octets_are_missing(void)
{
    for (int lost = 0; lost <= 1; lost++) {
        struct heard h;
        start(&h);
        greet(&h, "GSSAPI", "GSSAPI");
        say_token(&h, ZS_C2S, talk_ap_req(&talk));
        zs_session_lost(&h.s, lost ? ZS_S2C : ZS_C2S);
        g_assert_true(zs_session_conclude(&h.s));
        const struct zs_context_facts *f = zs_context_facts(h.s.context);
        g_assert_cmpint(f->why, ==, ZS_WHY_AP_REP_MISSING);
        g_assert_true(g_str_has_suffix(
            f->reason, lost ? ": octets of the acceptor are missing, and it may be among them"
                            : ": it was not recorded, or the acceptor never answered"));
        zs_session_clear(&h.s);
    }
}

static void tokens_before_the_ap_rep_stay_closed_and_those_behind_it_open(void)
{
    struct heard h;

    start(&h);
    greet(&h, "GSSAPI", "GSSAPI");
    say_token(&h, ZS_C2S, talk_ap_req(&talk));
    say_sealed(&h, ZS_C2S, C, INITIATOR_FIRST, "00 05'READY'");
    g_assert_true(zs_session_settle(&h.s, ZS_C2S, &h.reading));
    g_assert_false(zs_session_settle(&h.s, ZS_C2S, &h.reading));
    /* The key is unknown: that its checksum does not hold says nothing. */
    defect_is(&h, ZS_C2S, 1001, ZS_OK, 0);
    g_assert_true(!h.reading.verified && h.reading.defect == ZS_OK);
    say_token(&h, ZS_S2C, talk_ap_rep(&talk));
    defect_is(&h, ZS_C2S, 1002, ZS_OK, 0);
    g_assert_true(h.reading.verified);
    say_sealed(&h, ZS_S2C, C, ACCEPTOR_FIRST, "00 05'READY'");
    g_assert_true(h.reading.verified && h.turn.defect == ZS_OK);
    zs_session_clear(&h.s);
}

static void lost_ap_rep_costs_nothing_where_the_subkey_was_copied(void)
{
    struct talk copied = talk;
    struct heard h;

    copied.forge.acceptor_subkey = copied.forge.initiator_subkey;
    start(&h);
    greet(&h, "GSSAPI", "GSSAPI");
    say_token(&h, ZS_C2S, talk_ap_req(&talk));
    zs_session_lost(&h.s, ZS_S2C);
    GByteArray *ready = talk_sealed(&copied, C, true, ACCEPTOR_FIRST, "00 05'READY'");
    hear(&h, ZS_S2C, g_byte_array_ref(ready));
    g_assert_true(zs_session_settle(&h.s, ZS_S2C, &h.reading));
    hear(&h, ZS_S2C, ready);
    g_assert_true(h.reading.verified && h.s.side[ZS_S2C].ready);
    zs_session_clear(&h.s);
}

/* The session secret of the talk's context; zs_secret_free() it. */
static char *secret_line(void)
{
    struct heard h;

    start(&h);
    greet(&h, "GSSAPI", "GSSAPI");
    say_token(&h, ZS_C2S, talk_ap_req(&talk));
    say_token(&h, ZS_S2C, talk_ap_rep(&talk));
    char *line = zs_context_secret(h.s.context);
    zs_session_clear(&h.s);
    return line;
}

static void add_secret(struct zs_keyring *keys, const char *line, bool given)
{
    char *why = NULL;

    g_assert_true(
        zs_keyring_add_secrets(keys, line, strlen(line), "colleague.keylog", given, &why));
}

/* A keyring of that one, given by the user. */
static struct zs_keyring *secret_of_the_talk(void)
{
    struct zs_keyring *keys = zs_keyring_new();
    char *line = secret_line();

    add_secret(keys, line, true);
    zs_secret_free(line);
    return keys;
}

/* The initiator is the TCP server here, for it is the token that tells. */
static void session_secret_opens_what_has_no_ap_req(void)
{
    struct zs_keyring *keys = secret_of_the_talk();
    struct heard h;

    start(&h);
    h.s.keys = keys;
    h.s.midstream = true;
    for (int d = 0; d < ZS_DIR_COUNT; d++)
        zs_session_assume(&h.s, (enum zs_dir)d, ZS_MECHANISM_GSSAPI);
    GByteArray *hello = talk_sealed(&talk, M, true, ACCEPTOR_FIRST + 70, "00 'hello'");
    hear(&h, ZS_C2S, g_byte_array_ref(hello));
    g_assert_true(!h.reading.verified && !h.s.context);
    g_assert_true(zs_session_settle(&h.s, ZS_C2S, &h.reading));
    const struct zs_context_facts *f = zs_context_facts(h.s.context);
    g_assert_true(f->opened_by == ZS_ORIGIN_SECRET && f->why == ZS_WHY_OPENED && f->mutual);
    g_assert_cmpstr(f->reason, ==,
                    "the AP-REQ is not in the capture; of the session secrets that of key log "
                    "colleague.keylog opens this token");
    g_assert_nonnull(f->service_principal);
    g_assert_cmpint(h.s.initiator, ==, ZS_S2C);
    hear(&h, ZS_C2S, hello);
    g_assert_true(h.reading.verified && h.turn.defect == ZS_OK);
    g_assert_false(zs_session_settle(&h.s, ZS_C2S, &h.reading));
    /* Numbers are due from what was seen first, not from the secret's. */
    defect_is(&h, ZS_S2C, INITIATOR_FIRST + 8, ZS_OK, 0);
    g_assert_true(h.reading.verified);
    defect_is(&h, ZS_S2C, INITIATOR_FIRST + 10, ZS_E_WRAP_GAP, INITIATOR_FIRST + 9);
    zs_session_clear(&h.s);
    zs_keyring_free(keys);
}

/* Is what the talk's initiator seals opened, with nothing of its handshake there? plain: flags and text. */
static bool opens_midstream_of(struct zs_keyring *keys, const char *plain)
{
    struct heard h;

    start(&h);
    h.s.keys = keys;
    for (int d = 0; d < ZS_DIR_COUNT; d++)
        zs_session_assume(&h.s, (enum zs_dir)d, ZS_MECHANISM_GSSAPI);
    GByteArray *sealed = talk_sealed(&talk, M, false, INITIATOR_FIRST + 1, plain);
    hear(&h, ZS_C2S, g_byte_array_ref(sealed));
    bool found = zs_session_settle(&h.s, ZS_C2S, &h.reading);
    g_byte_array_unref(sealed);
    zs_session_clear(&h.s);
    return found;
}

static bool opens_midstream(struct zs_keyring *keys)
{
    return opens_midstream_of(keys, "00 'x'");
}

/* Of 128 KiB at most: what a token costs is its size times a key log's lines. */
static void session_secrets_are_not_tried_on_large_tokens(void)
{
    struct zs_keyring *keys = secret_of_the_talk();

    g_assert_true(opens_midstream_of(keys, "00 61*130000"));
    g_assert_false(opens_midstream_of(keys, "00 61*131072"));
    zs_keyring_free(keys);
}

/* Whoever made the capture may have put any number of them into it. */
static void secrets_that_came_with_the_capture_are_tried_a_few(void)
{
    struct zs_keyring *keys = zs_keyring_new();
    char *line = secret_line();

    for (unsigned i = 0; i < ZS_CONTEXT_TRIES_UNASKED; i++) {
        char id[65], *other = g_strdup(line), *at = strstr(other, "id=");
        g_assert_nonnull(at);
        g_snprintf(id, sizeof id, "%064x", i); /* the first to be tried */
        memcpy(at + strlen("id="), id, 64);
        at = strchr(strstr(other, "key="), ' ') - 1; /* its last digit */
        *at = *at == '0' ? '1' : '0';
        add_secret(keys, other, false);
        g_free(other);
    }
    add_secret(keys, line, false);
    g_assert_false(opens_midstream(keys));
    add_secret(keys, line, true);
    g_assert_true(opens_midstream(keys));
    zs_secret_free(line);
    zs_keyring_free(keys);
}

static void session_secrets_are_tried_a_few_times(void)
{
    struct zs_keyring *keys = secret_of_the_talk();
    struct talk other = talk;
    struct heard h;

    other.forge.acceptor_subkey.octets[0] ^= 1;
    start(&h);
    h.s.keys = keys;
    for (int d = 0; d < ZS_DIR_COUNT; d++)
        zs_session_assume(&h.s, (enum zs_dir)d, ZS_MECHANISM_GSSAPI);
    for (unsigned i = 0; i < 6; i++) {
        GByteArray *sealed =
            talk_sealed(i < 5 ? &other : &talk, M, false, INITIATOR_FIRST + i, "00 'x'");
        hear(&h, ZS_C2S, g_byte_array_ref(sealed));
        g_assert_false(zs_session_settle(&h.s, ZS_C2S, &h.reading));
        g_byte_array_unref(sealed);
    }
    g_assert_false(h.s.roles_known);
    zs_session_clear(&h.s);
    zs_keyring_free(keys);
}

static void first_number_behind_a_loss_is_not_the_handshakes(void)
{
    struct heard h;

    start(&h);
    greet(&h, "GSSAPI", "GSSAPI");
    say_token(&h, ZS_C2S, talk_ap_req(&talk));
    zs_session_lost(&h.s, ZS_C2S);
    say_token(&h, ZS_S2C, talk_ap_rep(&talk));
    defect_is(&h, ZS_C2S, INITIATOR_FIRST + 1, ZS_OK, 0);
    zs_session_clear(&h.s);
}

static void ap_rep_of_the_initiator_is_nobodys_answer(void)
{
    struct heard h;

    start(&h);
    greet(&h, "GSSAPI", "GSSAPI");
    say_token(&h, ZS_C2S, talk_ap_req(&talk));
    say_token(&h, ZS_C2S, talk_ap_rep(&talk));
    g_assert_false(h.s.answered || h.turn.context_made);
    zs_session_clear(&h.s);
}

static void second_ap_req_changes_nothing(void)
{
    struct heard h;

    start(&h);
    authenticate(&h, ZS_C2S);
    const struct zs_context *first = h.s.context;
    say_token(&h, ZS_C2S, talk_ap_req(&talk));
    say_token(&h, ZS_S2C, talk_ap_rep(&talk));
    g_assert_true(h.s.context == first);
    g_assert_cmpuint(h.contexts, ==, 1);
    zs_session_clear(&h.s);
}

static void ap_req_that_is_none_says_so(void)
{
    struct heard h;

    start(&h);
    greet(&h, "GSSAPI", "GSSAPI");
    say(&h, ZS_C2S, C, "08'INITIATE'0000000f 60{06{2a864886f712010202}0100}");
    g_assert_cmpint(h.reading.kind, ==, ZS_READ_TOKEN);
    g_assert_true(h.turn.context_made);
    g_assert_cmpint(zs_context_facts(h.s.context)->why, ==, ZS_WHY_MALFORMED);
    zs_session_clear(&h.s);
}

/* A client may send its token anywhere up to the frame limit; what waits for an answer is capped. */
static void ap_req_over_the_limit_is_not_kept(void)
{
    GByteArray *padding = g_byte_array_new();
    struct talk t = talk;
    struct heard h;

    g_byte_array_set_size(padding, ZS_TOKEN_LIMIT);
    memset(padding->data, 'x', padding->len);
    t.forge.authenticator_part = span_of(padding);
    start(&h);
    greet(&h, "GSSAPI", "GSSAPI");
    say_token(&h, ZS_C2S, talk_ap_req(&t));
    g_assert_cmpint(h.turn.defect, ==, ZS_E_TOKEN_SIZE);
    g_assert_null(h.s.ap_req);
    g_assert_true(h.turn.context_made && zs_context_facts(h.s.context)->ticket_opened);
    g_assert_false(zs_session_conclude(&h.s));
    zs_session_clear(&h.s);
    g_byte_array_unref(padding);
}

/* ==== established, by mechanism ==== */

static void null_plain_and_curve_establish(void)
{
    struct heard h;

    start(&h);
    greet(&h, "NULL", "NULL");
    say(&h, ZS_C2S, C, "05'READY'");
    g_assert_false(zs_session_established(&h.s));
    say(&h, ZS_S2C, C, "05'READY'");
    g_assert_true(zs_session_established(&h.s));
    zs_session_clear(&h.s);

    start(&h);
    greet(&h, "PLAIN", "PLAIN");
    say(&h, ZS_C2S, C, "05'HELLO'00 00");
    say(&h, ZS_S2C, C, "07'WELCOME'");
    say(&h, ZS_C2S, C, "08'INITIATE'");
    g_assert_false(zs_session_established(&h.s));
    say(&h, ZS_S2C, C, "05'READY'");
    g_assert_true(zs_session_established(&h.s));
    zs_session_clear(&h.s);

    start(&h);
    greet(&h, "CURVE", "CURVE");
    say(&h, ZS_C2S, C, "05'HELLO'0100 00*192");
    say(&h, ZS_S2C, C, "07'WELCOME'00*160");
    say(&h, ZS_C2S, C, "08'INITIATE'00*248");
    g_assert_false(zs_session_established(&h.s));
    say(&h, ZS_S2C, C, "05'READY'00*24");
    g_assert_true(zs_session_established(&h.s));
    g_assert_cmpint(h.turn.defect, ==, ZS_OK);
    zs_session_clear(&h.s);
}

static void plaintext_mode_establishes(void)
{
    struct heard h;

    start(&h);
    authenticate(&h, ZS_C2S);
    say(&h, ZS_C2S, C, "");
    say(&h, ZS_S2C, C, "05'READY'");
    say(&h, ZS_C2S, C, "05'READY'");
    g_assert_true(zs_session_established(&h.s));
    say(&h, ZS_C2S, M, "'hello'");
    g_assert_cmpint(h.turn.defect, ==, ZS_OK);
    zs_session_clear(&h.s);
}

static void sealed_ready_without_a_key_establishes(void)
{
    struct heard h;

    start(&h);
    h.s.keys = NULL;
    establish(&h, ZS_C2S);
    g_assert_cmpint(zs_context_facts(h.s.context)->why, ==, ZS_WHY_NO_KEYS);
    g_assert_true(zs_session_established(&h.s));
    zs_session_clear(&h.s);
}

static void padded_form_establishes(void)
{
    struct heard h;

    start(&h);
    hear(&h, ZS_C2S, talk_greeting(1, "GSSAPI", false));
    hear(&h, ZS_S2C, talk_greeting(1, "GSSAPI", true));
    hear(&h, ZS_C2S, talk_carry(C, ZS_FORM_PADDED, "HELLO", talk_ap_req(&talk)));
    hear(&h, ZS_S2C, talk_carry(C, ZS_FORM_PADDED, "WELCOME", talk_ap_rep(&talk)));
    hear(&h, ZS_C2S,
         talk_carry(C, ZS_FORM_PADDED, "READY", talk_wrap(&talk, false, INITIATOR_FIRST, "02")));
    hear(&h, ZS_S2C,
         talk_carry(C, ZS_FORM_PADDED, "READY", talk_wrap(&talk, true, ACCEPTOR_FIRST, "02")));
    g_assert_true(zs_session_established(&h.s));
    g_assert_cmpint(h.turn.defect, ==, ZS_OK);
    zs_session_clear(&h.s);
}

/* ==== old versions ==== */

static void version_2_on_either_side(void)
{
    struct heard h;

    /* The 3.1 peer sends its revision, sees 1 and goes on with its socket type. */
    start(&h);
    hear_octets(&h, ZS_C2S, "ff 00*8 7f 03");
    hear_octets(&h, ZS_S2C, "ff 00*7 01 7f 01 04 0000");
    g_assert_true(zs_session_greeted(&h.s, ZS_S2C));
    g_assert_cmpint(zs_session_place(&h.s, ZS_C2S).framing, ==, ZS_FRAMING_2);
    hear_octets(&h, ZS_C2S, "03");
    g_assert_true(zs_session_greeted(&h.s, ZS_C2S));
    g_assert_cmpstr(zs_greeting_version(&h.s.side[ZS_C2S].greeting), ==, "2.0");
    g_assert_cmpint(h.s.side[ZS_C2S].greeting.socket_type, ==, 3);
    g_assert_false(zs_session_established(&h.s));
    hear_octets(&h, ZS_C2S, "00 03'bob'");
    g_assert_true(zs_session_established(&h.s));
    struct zs_place at = zs_session_place(&h.s, ZS_C2S);
    g_assert_true(at.framing == ZS_FRAMING_2 && at.mechanism == ZS_MECHANISM_NONE && !at.identity);
    hear_octets(&h, ZS_C2S, "00 05'hello'");
    g_assert_cmpuint(h.s.side[ZS_C2S].messages, ==, 1);
    g_assert_cmpint(h.turn.defect, ==, ZS_OK);
    zs_session_clear(&h.s);
}

static void revision_2_is_a_version_3(void)
{
    GByteArray *greeting = talk_greeting(0, "NULL", false);
    struct heard h;

    greeting->data[10] = 2;
    start(&h);
    hear(&h, ZS_C2S, greeting);
    hear(&h, ZS_S2C, talk_greeting(1, "NULL", false));
    struct zs_place at = zs_session_place(&h.s, ZS_C2S);
    g_assert_cmpint(at.framing, ==, ZS_FRAMING_3);
    g_assert_cmpint(at.mechanism, ==, ZS_MECHANISM_NULL);
    zs_session_clear(&h.s);
}

static void version_1_on_the_other_side(void)
{
    struct heard h;

    /* libzmq's signature holds the length of its identity + 1, which follows when no signature came. */
    start(&h);
    hear_octets(&h, ZS_C2S, "ff 00*7 04 7f");
    hear_octets(&h, ZS_S2C, "01 00");
    g_assert_cmpstr(zs_greeting_version(&h.s.side[ZS_S2C].greeting), ==, "1.0");
    g_assert_false(zs_session_greeted(&h.s, ZS_C2S));
    hear_octets(&h, ZS_C2S, "'bob'");
    g_assert_true(zs_session_greeted(&h.s, ZS_C2S));
    g_assert_true(zs_session_established(&h.s));
    hear_octets(&h, ZS_C2S, "06 00'hello'");
    hear_octets(&h, ZS_S2C, "06 00'world'");
    g_assert_cmpuint(h.s.side[ZS_C2S].messages, ==, 1);
    g_assert_cmpuint(h.s.side[ZS_S2C].messages, ==, 1);
    zs_session_clear(&h.s);
}

static void identity_too_long_for_version_1(void)
{
    struct heard h;
    size_t used;

    start(&h);
    hear_octets(&h, ZS_C2S, "ff 00*6 01 01 7f");
    hear_octets(&h, ZS_S2C, "01 00");
    g_assert_cmpint(zs_session_greeting(&h.s, ZS_C2S, zs_span("x", 1), &used), ==,
                    ZS_E_GREETING_SIGNATURE);
    zs_session_clear(&h.s);
}

/* ==== sequence numbers and order ==== */

static void sequence_numbers_are_followed(void)
{
    struct heard h;

    start(&h);
    establish(&h, ZS_C2S);
    defect_is(&h, ZS_C2S, 1001, ZS_OK, 0);
    defect_is(&h, ZS_C2S, 1001, ZS_E_WRAP_DUPLICATE, 1002);
    defect_is(&h, ZS_C2S, 1002, ZS_OK, 0);
    defect_is(&h, ZS_C2S, 1005, ZS_E_WRAP_GAP, 1003);
    defect_is(&h, ZS_C2S, 1006, ZS_OK, 0);
    defect_is(&h, ZS_C2S, 1003, ZS_E_WRAP_REVERSAL, 1007); /* which does not set the clock back */
    defect_is(&h, ZS_C2S, 1003, ZS_E_WRAP_DUPLICATE, 1007);
    defect_is(&h, ZS_C2S, 1007, ZS_OK, 0);
    defect_is(&h, ZS_S2C, 2001, ZS_OK, 0); /* each side has its own */
    zs_session_clear(&h.s);
}

static void first_number_is_the_handshakes(void)
{
    struct heard h;

    start(&h);
    authenticate(&h, ZS_C2S);
    say_sealed(&h, ZS_S2C, C, ACCEPTOR_FIRST + 1, "00 05'READY'");
    g_assert_cmpint(h.turn.defect, ==, ZS_E_WRAP_GAP);
    g_assert_cmpuint(h.turn.expected, ==, ACCEPTOR_FIRST);
    zs_session_clear(&h.s);
}

static void numbers_wrap_around(void)
{
    struct heard h;

    start(&h);
    establish(&h, ZS_C2S);
    zs_sequence_start(&h.s.side[ZS_C2S].sequence, UINT64_MAX);
    defect_is(&h, ZS_C2S, UINT64_MAX, ZS_OK, 0);
    defect_is(&h, ZS_C2S, 0, ZS_OK, 0);
    defect_is(&h, ZS_C2S, UINT64_MAX, ZS_E_WRAP_DUPLICATE, 1);
    defect_is(&h, ZS_C2S, 1, ZS_OK, 0);
    zs_session_clear(&h.s);
}

static void reflected_token_has_the_wrong_sender(void)
{
    struct heard h;

    start(&h);
    establish(&h, ZS_C2S);
    hear(&h, ZS_S2C, talk_sealed(&talk, M, false, 1001, "00'x'"));
    g_assert_true(h.reading.verified);
    g_assert_cmpint(h.turn.defect, ==, ZS_E_WRAP_DIRECTION);
    defect_is(&h, ZS_S2C, 2001, ZS_OK, 0);
    zs_session_clear(&h.s);
}

static void damaged_token_stands_for_the_one_that_was_due(void)
{
    struct heard h;

    start(&h);
    establish(&h, ZS_C2S);
    GByteArray *frame = talk_sealed(&talk, M, false, 1001, "00'x'");
    frame->data[frame->len - 1] ^= 1;
    hear(&h, ZS_C2S, frame);
    g_assert_cmpint(h.reading.defect, ==, ZS_E_WRAP_CHECKSUM);
    g_assert_cmpint(h.turn.defect, ==, ZS_OK);
    defect_is(&h, ZS_C2S, 1002, ZS_OK, 0);
    zs_session_clear(&h.s);
}

static void numbers_of_closed_tokens_are_followed(void)
{
    struct heard h;

    start(&h);
    h.s.keys = NULL;
    establish(&h, ZS_C2S);
    defect_is(&h, ZS_C2S, 1001, ZS_OK, 0);
    defect_is(&h, ZS_C2S, 1003, ZS_E_WRAP_GAP, 1002);
    zs_session_clear(&h.s);
}

/* Nobody knows whether a number that nothing verifies is true: what follows says so. */
static void invented_number_is_not_believed_for_long(void)
{
    struct heard h;

    start(&h);
    h.s.keys = NULL;
    establish(&h, ZS_C2S);
    defect_is(&h, ZS_C2S, 900000, ZS_E_WRAP_GAP, 1001);
    defect_is(&h, ZS_C2S, 1001, ZS_E_WRAP_REVERSAL, 900001);
    defect_is(&h, ZS_C2S, 1002, ZS_OK, 0);
    zs_session_clear(&h.s);
}

static void earlier_numbers_are_known_of_the_last_64(void)
{
    struct heard h;

    start(&h);
    establish(&h, ZS_C2S);
    for (uint64_t i = 0; i < 64; i++)
        defect_is(&h, ZS_C2S, 1001 + i, ZS_OK, 0);
    defect_is(&h, ZS_C2S, 1001, ZS_E_WRAP_DUPLICATE, 1065);
    defect_is(&h, ZS_C2S, 1000, ZS_E_WRAP_REVERSAL, 1065);
    defect_is(&h, ZS_C2S, 1064 + 64, ZS_E_WRAP_GAP, 1065); /* forgets all but itself */
    defect_is(&h, ZS_C2S, 1065, ZS_E_WRAP_REVERSAL, 1129);
    zs_session_clear(&h.s);
}

/* RFC 4121, 2: where the acceptor asserted a subkey it is the one to use; where it did not, there is none. */
static void subkey_flag_must_fit_the_handshake(void)
{
    struct heard h;

    start(&h);
    establish(&h, ZS_C2S);
    struct forge_wrap w = {.key = talk.forge.initiator_subkey,
                           .flags = ZS_CFX_SEALED,
                           .sequence = 1001,
                           .text = zs_span("\0x", 2)};
    hear(&h, ZS_C2S, talk_carry(M, ZS_FORM_LIBZMQ, "MESSAGE", forge_wrap(&w)));
    g_assert_true(h.reading.verified);
    g_assert_cmpint(h.turn.defect, ==, ZS_E_WRAP_SUBKEY);
    defect_is(&h, ZS_C2S, 1002, ZS_OK, 0);
    zs_session_clear(&h.s);
}

static void subkey_flag_without_a_subkey_of_the_acceptor(void)
{
    struct talk t;
    struct heard h;

    talk_init(&t);
    t.forge.acceptor_subkey = (struct zs_key){0};
    start(&h);
    h.s.keys = t.keys;
    greet(&h, "GSSAPI", "GSSAPI");
    say_token(&h, ZS_C2S, talk_ap_req(&t));
    say_token(&h, ZS_S2C, talk_ap_rep(&t));
    for (uint8_t flag = 0; flag <= ZS_CFX_ACCEPTOR_SUBKEY; flag += ZS_CFX_ACCEPTOR_SUBKEY) {
        struct forge_wrap w = {.key = t.forge.initiator_subkey,
                               .flags = ZS_CFX_SEALED | flag,
                               .sequence = INITIATOR_FIRST + flag / ZS_CFX_ACCEPTOR_SUBKEY,
                               .text = zs_span("\0\5READY", 7)};
        hear(&h, ZS_C2S, talk_carry(C, ZS_FORM_LIBZMQ, "MESSAGE", forge_wrap(&w)));
        g_assert_true(h.reading.verified);
        g_assert_cmpint(h.turn.defect, ==, flag ? ZS_E_WRAP_SUBKEY : ZS_OK);
    }
    zs_session_clear(&h.s);
    talk_clear(&t);
}

static void behind_a_loss_numbers_start_anew(void)
{
    struct heard h;

    start(&h);
    establish(&h, ZS_C2S);
    zs_session_lost(&h.s, ZS_C2S);
    defect_is(&h, ZS_C2S, 1100, ZS_OK, 0);
    defect_is(&h, ZS_C2S, 1102, ZS_E_WRAP_GAP, 1101);
    zs_session_clear(&h.s);
}

static void each_side_shakes_hands_once_then_talks(void)
{
    static const struct {
        const char *before, *frame;
        uint8_t flags;
        enum zs_rc rc;
    } cases[] = {
        {NULL, "'hello'", M, ZS_E_COMMAND_UNEXPECTED},
        {NULL, "04'PING'0000", C, ZS_E_COMMAND_UNEXPECTED},
        {NULL, "09'SUBSCRIBE'", C, ZS_E_COMMAND_UNEXPECTED},
        {NULL, "05'ERROR'00", C, ZS_OK},
        {"05'READY'", "'hello'", M, ZS_OK},
        {"05'READY'", "04'PING'0000", C, ZS_OK},
        {"05'READY'", "05'READY'", C, ZS_E_COMMAND_UNEXPECTED},
        {"05'READY'", "05'HELLO'", C, ZS_E_COMMAND_UNEXPECTED},
        {"05'READY'", "05'ERROR'00", C, ZS_OK},
    };

    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++)
        for (int lost = 0; lost < 2; lost++) {
            struct heard h;
            start(&h);
            greet(&h, "NULL", "NULL");
            if (cases[i].before)
                say(&h, ZS_C2S, C, cases[i].before);
            if (lost)
                zs_session_lost(&h.s, ZS_C2S);
            say(&h, ZS_C2S, cases[i].flags, cases[i].frame);
            g_assert_cmpint(h.turn.defect, ==, lost ? ZS_OK : cases[i].rc);
            zs_session_clear(&h.s);
        }
}

static void order_of_an_unknown_mechanism_is_not_judged(void)
{
    struct heard h;

    start(&h);
    greet(&h, "SRP", "SRP");
    say(&h, ZS_C2S, M, "'hello'");
    g_assert_cmpint(h.turn.defect, ==, ZS_OK);
    zs_session_clear(&h.s);
}

static void context_token_behind_the_handshake(void)
{
    struct heard h;

    start(&h);
    establish(&h, ZS_C2S);
    say_token(&h, ZS_C2S, talk_ap_req(&talk));
    g_assert_cmpint(h.turn.defect, ==, ZS_E_COMMAND_UNEXPECTED);
    zs_session_clear(&h.s);
}

/* ==== why it came to nothing ==== */

static void f1_acceptor_says_nothing(void)
{
    for (int closed = 0; closed < 2; closed++) {
        struct heard h;
        start(&h);
        greet(&h, "GSSAPI", "GSSAPI");
        say_token(&h, ZS_C2S, talk_ap_req(&talk));
        explains(&h, closed,
                 closed ? "the acceptor never answered the AP-REQ"
                        : "the capture ends before the acceptor answered the AP-REQ");
    }
}

static void f2_acceptor_answers_with_a_hint(void)
{
    struct heard h;

    start(&h);
    greet(&h, "GSSAPI", "GSSAPI");
    say_token(&h, ZS_C2S, talk_ap_req(&talk));
    say_token(&h, ZS_S2C, talk_hint());
    g_assert_true(h.turn.context_made);
    explains(&h, true, "the acceptor answered with a SPNEGO hint");
}

static void f3_nobody_sends_an_ap_req(void)
{
    for (int closed = 0; closed < 2; closed++) {
        struct heard h;
        start(&h);
        greet(&h, "GSSAPI", "GSSAPI");
        explains(&h, closed, closed ? "no AP-REQ was sent" : "the capture ends before an AP-REQ");
    }
}

static void f4_both_sides_send_an_ap_req(void)
{
    struct heard h;

    start(&h);
    greet(&h, "GSSAPI", "GSSAPI");
    say_token(&h, ZS_S2C, talk_ap_req(&talk));
    say_token(&h, ZS_C2S, talk_ap_req(&talk));
    g_assert_cmpint(h.s.initiator, ==, ZS_S2C);
    g_assert_true(zs_session_conclude(&h.s));
    explains(&h, false, "both sides sent an AP-REQ");
}

static void f5_initiator_closes_at_the_acceptors_ready(void)
{
    struct heard h;

    start(&h);
    authenticate(&h, ZS_C2S);
    say(&h, ZS_C2S, C, "");
    say(&h, ZS_S2C, C, "05'READY'");
    explains(&h, true, "closed by the initiator at the acceptor's READY");
}

static void f6_mechanisms_differ(void)
{
    struct heard h;

    start(&h);
    hear(&h, ZS_C2S, talk_greeting(1, "GSSAPI", false));
    hear_octets(&h, ZS_S2C, "ff 00*8 7f 03");
    explains(&h, true, "the TCP server stopped inside its greeting");
    start(&h);
    greet(&h, "GSSAPI", "PLAIN");
    explains(&h, true, "the two greetings name different mechanisms");
    start(&h);
    greet(&h, "SRP", "DIGEST");
    explains(&h, true, "the two greetings name different mechanisms");
}

static void f7_f8_no_ready_from_the_acceptor(void)
{
    struct heard h;

    start(&h);
    authenticate(&h, ZS_C2S);
    say(&h, ZS_C2S, C, "");
    explains(&h, true,
             "closed after the context was established, before the acceptor's READY: libzmq");
    start(&h);
    authenticate(&h, ZS_C2S);
    explains(&h, false, "the capture ends before both sides were ready");
    start(&h);
    authenticate(&h, ZS_C2S);
    say_sealed(&h, ZS_C2S, C, INITIATOR_FIRST, "00 05'READY'");
    explains(&h, true, "closed after the context was established, before the acceptor's READY");
}

static void refusals_in_words(void)
{
    struct heard h;

    start(&h);
    greet(&h, "GSSAPI", "GSSAPI");
    say_token(&h, ZS_C2S, talk_ap_req(&talk));
    say_token(&h, ZS_S2C, talk_krb_error(&talk));
    explains(&h, true, "the acceptor answered with a KRB-ERROR");
    start(&h);
    greet(&h, "PLAIN", "PLAIN");
    say(&h, ZS_C2S, C, "05'HELLO'00 00");
    say(&h, ZS_S2C, C, "5e'RROR'03'400'");
    explains(&h, true, "a peer refused the other with an ERROR command");
    start(&h);
    greet(&h, "GSSAPI", "GSSAPI");
    say_token(&h, ZS_C2S, wire_octets("'NTLMSSP'00"));
    explains(&h, true, "no AP-REQ was seen: the context tokens are not Kerberos' own");
}

/* Traffic shows that it was established, and nothing else would say why it stays sealed. */
static void lost_ap_req_is_said_of_what_stays_sealed(void)
{
    struct heard h;

    start(&h);
    greet(&h, "GSSAPI", "GSSAPI");
    zs_session_lost(&h.s, ZS_C2S);
    g_assert_null(zs_session_explain_sealed(&h.s));
    say_token(&h, ZS_S2C, talk_ap_rep(&talk));
    hear(&h, ZS_S2C, talk_sealed(&talk, C, true, ACCEPTOR_FIRST, "00 05'READY'"));
    hear(&h, ZS_C2S, talk_sealed(&talk, M, false, INITIATOR_FIRST + 1, "00'x'"));
    g_assert_true(zs_session_established(&h.s));
    g_assert_true(
        g_str_has_prefix(zs_session_explain_sealed(&h.s), "the AP-REQ is not in the capture"));
    zs_session_clear(&h.s);
    /* Where there is a context, it says what there is to say. */
    start(&h);
    h.s.keys = NULL;
    establish(&h, ZS_C2S);
    say_sealed(&h, ZS_C2S, M, 1001, "00'x'");
    g_assert_cmpuint(h.s.side[ZS_C2S].sealed, ==, 1);
    g_assert_null(zs_session_explain_sealed(&h.s));
    zs_session_clear(&h.s);
}

static void what_the_capture_lacks(void)
{
    struct heard h;

    start(&h);
    hear(&h, ZS_C2S, talk_greeting(1, "GSSAPI", false));
    explains(&h, true, "one side has no greeting");
    start(&h);
    hear(&h, ZS_C2S, talk_greeting(1, "GSSAPI", false));
    hear_octets(&h, ZS_S2C, "ff 00*8 7f");
    explains(&h, false, "the capture ends inside the greeting");
    start(&h);
    greet(&h, "GSSAPI", "GSSAPI");
    zs_session_lost(&h.s, ZS_C2S);
    explains(&h, true, "octets of the handshake could not be read");
    start(&h);
    greet(&h, "NULL", "NULL");
    explains(&h, true, "closed before both sides were ready");
    start(&h);
    greet(&h, "NULL", "NULL");
    explains(&h, false, "the capture ends before both sides were ready");
}

/* Wireshark's engine opens what nobody gave us a key for. */
static void what_somebody_else_opened_counts_as_open(void)
{
    static const char ready[] = "\0\x05READY\x0bSocket-Type\0\0\0\x03SUB", lost[] = "\0topic";
    struct heard h;

    start(&h);
    h.s.keys = NULL;
    establish(&h, ZS_C2S);
    struct zs_place at = zs_session_place(&h.s, ZS_C2S);
    zs_reading_opened(&h.reading, &at, zs_span(ready, sizeof ready - 1));
    g_assert_cmpint(zs_session_opened(&h.s, ZS_C2S, &h.reading), ==, ZS_OK);
    g_assert_cmpint(h.s.side[ZS_C2S].socket_type, ==, ZS_SOCKET_SUB);
    say_sealed(&h, ZS_C2S, M, 1001, "00'topic'");
    g_assert_cmpuint(h.s.side[ZS_C2S].sealed, ==, 1);
    zs_reading_opened(&h.reading, &at, zs_span(lost, sizeof lost - 1));
    g_assert_cmpint(zs_session_opened(&h.s, ZS_C2S, &h.reading), ==, ZS_E_SUBSCRIPTION_LOST);
    g_assert_cmpuint(h.s.side[ZS_C2S].sealed, ==, 0);
    g_assert_cmpuint(h.s.side[ZS_C2S].messages, ==, 1);
    g_assert_cmpuint(h.s.side[ZS_C2S].message_octets, ==, 5);
    zs_session_clear(&h.s);
}

static void add_tests(void)
{
#define FACT(f) g_test_add_func("/session/" #f, f)
    FACT(roles_follow_from_the_ap_req);
    FACT(libzmqs_handshake_establishes);
    FACT(messages_are_counted_by_their_last_frame);
    FACT(without_mutual_there_is_no_ap_rep_to_wait_for);
    FACT(ap_req_that_nobody_answers_is_opened_at_the_end);
    FACT(answer_that_comes_late_makes_another_context);
    FACT(ap_rep_before_its_ap_req_is_kept_for_it);
    FACT(early_ap_rep_that_does_not_open_waits_for_another);
    FACT(early_ap_rep_of_the_initiators_side_answers_nothing);
    FACT(early_ap_rep_is_kept_within_bounds);
    FACT(context_without_an_ap_rep_says_whether_octets_are_missing);
    FACT(tokens_before_the_ap_rep_stay_closed_and_those_behind_it_open);
    FACT(lost_ap_rep_costs_nothing_where_the_subkey_was_copied);
    FACT(session_secret_opens_what_has_no_ap_req);
    FACT(session_secrets_are_tried_a_few_times);
    FACT(session_secrets_are_not_tried_on_large_tokens);
    FACT(secrets_that_came_with_the_capture_are_tried_a_few);
    FACT(first_number_behind_a_loss_is_not_the_handshakes);
    FACT(ap_rep_of_the_initiator_is_nobodys_answer);
    FACT(second_ap_req_changes_nothing);
    FACT(ap_req_that_is_none_says_so);
    FACT(ap_req_over_the_limit_is_not_kept);
    FACT(null_plain_and_curve_establish);
    FACT(plaintext_mode_establishes);
    FACT(sealed_ready_without_a_key_establishes);
    FACT(padded_form_establishes);
    FACT(version_2_on_either_side);
    FACT(revision_2_is_a_version_3);
    FACT(version_1_on_the_other_side);
    FACT(identity_too_long_for_version_1);
    FACT(sequence_numbers_are_followed);
    FACT(first_number_is_the_handshakes);
    FACT(numbers_wrap_around);
    FACT(reflected_token_has_the_wrong_sender);
    FACT(damaged_token_stands_for_the_one_that_was_due);
    FACT(numbers_of_closed_tokens_are_followed);
    FACT(invented_number_is_not_believed_for_long);
    FACT(earlier_numbers_are_known_of_the_last_64);
    FACT(subkey_flag_must_fit_the_handshake);
    FACT(subkey_flag_without_a_subkey_of_the_acceptor);
    FACT(behind_a_loss_numbers_start_anew);
    FACT(each_side_shakes_hands_once_then_talks);
    FACT(order_of_an_unknown_mechanism_is_not_judged);
    FACT(context_token_behind_the_handshake);
    FACT(f1_acceptor_says_nothing);
    FACT(f2_acceptor_answers_with_a_hint);
    FACT(f3_nobody_sends_an_ap_req);
    FACT(f4_both_sides_send_an_ap_req);
    FACT(f5_initiator_closes_at_the_acceptors_ready);
    FACT(f6_mechanisms_differ);
    FACT(f7_f8_no_ready_from_the_acceptor);
    FACT(refusals_in_words);
    FACT(lost_ap_req_is_said_of_what_stays_sealed);
    FACT(what_the_capture_lacks);
    FACT(what_somebody_else_opened_counts_as_open);
#undef FACT
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_set_nonfatal_assertions();
    zs_krb_init();
    talk_init(&talk);
    add_tests();
    int status = g_test_run();
    talk_clear(&talk);
    return status;
}
