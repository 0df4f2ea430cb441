/* SPDX-License-Identifier: GPL-2.0-or-later */
/* core/conn/exchange.c: two sockets talk, frame by frame, a millisecond apart; what each frame is in the exchange is
 * held against one line. */
#include "core/conn/exchange.h"

#include "core/krb/init.h"
#include "tests/core/conn/talk.h"
#include "tests/core/wire/wire_case.h"

enum { C = ZS_FRAME_COMMAND, M = ZS_FRAME_MORE };
enum { INITIATOR_FIRST = 1000, ACCEPTOR_FIRST = 2000 }; /* as forge_init() has them */
#define MS INT64_C(1000000)

static struct talk talk;

struct heard {
    struct zs_session s;
    struct zs_exchange *x;
    struct zs_exchange_fact fact;
    uint64_t frames;      /* so far; also the time, in milliseconds */
    char *handshake;      /* said once, or NULL */
    const int64_t *times; /* of the frames to come; NULL: those of frames */
};

static struct zs_stamp next_stamp(struct heard *h)
{
    h->frames++;
    if (h->times)
        return (struct zs_stamp){.frame = h->frames, .time_ns = *h->times++};
    return (struct zs_stamp){.frame = h->frames, .time_ns = TALK_NOW + (int64_t)h->frames * MS};
}

static void hear_greeting(void *user)
{
    struct heard *h = user;

    zs_exchange_greeting(h->x, next_stamp(h));
}

static void hear_frame(void *user, enum zs_dir dir, const struct zs_frame *f)
{
    struct heard *h = user;
    struct zs_place place = zs_session_place(&h->s, dir);
    struct zs_stamp at = next_stamp(h);
    size_t room = zs_reading_room(&place, f);
    uint8_t *buf = g_malloc(room);
    struct zs_reading r;
    struct zs_turn turn;

    zs_reading_make(&place, f, buf, room, &r);
    zs_session_step(&h->s, dir, &r, at, &turn);
    zs_exchange_step(h->x, &h->s, dir, &r, at, GUINT_TO_POINTER(h->frames), &h->fact);
    if (h->fact.established) {
        g_assert_null(h->handshake);
        h->handshake = g_strdup_printf("%" G_GINT64_FORMAT " ms", h->fact.handshake_ns / MS);
    }
    g_free(buf);
}

/* dir says octets, which are used up. */
static void hear(struct heard *h, enum zs_dir dir, GByteArray *octets)
{
    talk_hear(&h->s, dir, octets, hear_greeting, hear_frame, h);
}

static void say(struct heard *h, enum zs_dir dir, uint8_t flags, const char *body)
{
    hear(h, dir, talk_frame_of(flags, body));
}

static void ready(struct heard *h, enum zs_dir dir, const char *type)
{
    char *body = g_strdup_printf("05'READY'0b'Socket-Type'000000%02zx'%s'", strlen(type), type);
    say(h, dir, C, body);
    g_free(body);
}

static void start(struct heard *h)
{
    *h = (struct heard){.x = zs_exchange_new()};
    zs_session_init(&h->s, talk.keys);
}

static void finish(struct heard *h)
{
    zs_exchange_free(h->x);
    zs_session_clear(&h->s);
    g_free(h->handshake);
}

static void connect(struct heard *h, const char *client, const char *server)
{
    start(h);
    hear(h, ZS_C2S, talk_greeting(1, "NULL", false));
    hear(h, ZS_S2C, talk_greeting(1, "NULL", false));
    ready(h, ZS_C2S, client);
    ready(h, ZS_S2C, server);
    h->frames = 0;
}

/* "MESSAGE.PART ROLE", and what else there is to say. */
static char *in_words(const struct heard *h)
{
    const struct zs_exchange_fact *f = &h->fact;
    GString *out = g_string_new(NULL);

    if (f->message)
        g_string_append_printf(out, "%" G_GUINT64_FORMAT ".%u %s%s", f->message, f->part,
                               zs_part_role_name(f->role),
                               f->torn        ? " torn"
                               : f->unsettled ? " so far"
                                              : "");
    if (f->message && f->last)
        g_string_append_printf(out, " of %" G_GUINT64_FORMAT " from %" G_GUINT64_FORMAT, f->octets,
                               f->first.frame);
    if (f->delimiter)
        g_string_append_printf(out, " behind %u", f->delimiter);
    if (f->subscribed)
        wire_show_span(out, "matches", f->subscription);
    if (f->asks)
        g_string_append(out, " asks");
    if (f->answers) {
        g_assert_cmpuint(GPOINTER_TO_UINT(f->asked), ==, f->asked_at.frame);
        g_string_append_printf(out, " answers %u after %" G_GINT64_FORMAT,
                               GPOINTER_TO_UINT(f->asked), f->after_ns / MS);
    }
    return g_string_free(out, FALSE);
}

#define expect(h, wanted)                 \
    do {                                  \
        char *got = in_words(h);          \
        g_assert_cmpstr(got, ==, wanted); \
        g_free(got);                      \
    } while (0)

#define says(h, dir, flags, body, wanted) \
    do {                                  \
        say(h, dir, flags, body);         \
        expect(h, wanted);                \
    } while (0)

/* ==== messages ==== */

static void parts_are_gathered_and_the_last_one_knows_all(void)
{
    struct heard h;

    connect(&h, "PUSH", "PULL");
    says(&h, ZS_C2S, M, "'one'", "1.1 payload");
    says(&h, ZS_C2S, M, "", "1.2 payload");
    says(&h, ZS_C2S, 0, "'three'", "1.3 payload of 8 from 1");
    says(&h, ZS_C2S, 0, "'alone'", "2.1 payload of 5 from 4");
    finish(&h);
}

static void each_direction_counts_its_own(void)
{
    struct heard h;

    connect(&h, "PAIR", "PAIR");
    says(&h, ZS_C2S, M, "'a'", "1.1 payload");
    says(&h, ZS_S2C, M, "'b'", "1.1 payload");
    says(&h, ZS_S2C, 0, "'c'", "1.2 payload of 2 from 2");
    says(&h, ZS_C2S, 0, "'d'", "1.2 payload of 2 from 1");
    finish(&h);
}

static void commands_between_parts_are_no_parts(void)
{
    struct heard h;

    connect(&h, "PUSH", "PULL");
    say(&h, ZS_C2S, M, "'a'");
    says(&h, ZS_C2S, C, "04'PING'0000", " asks");
    says(&h, ZS_C2S, 0, "'b'", "1.2 payload of 2 from 1");
    finish(&h);
}

static void a_gap_ends_the_message_and_hides_the_next_ones_beginning(void)
{
    struct heard h;

    connect(&h, "PUSH", "PULL");
    say(&h, ZS_C2S, M, "'a'");
    zs_session_lost(&h.s, ZS_C2S);
    says(&h, ZS_C2S, M, "'b'", "2.1 payload torn");
    says(&h, ZS_C2S, 0, "'c'", "2.2 payload torn of 2 from 2");
    says(&h, ZS_C2S, 0, "'d'", "3.1 payload of 1 from 4");
    finish(&h);
}

static void nothing_is_torn_behind_a_ready(void)
{
    struct heard h;

    start(&h);
    hear(&h, ZS_C2S, talk_greeting(1, "NULL", false));
    hear(&h, ZS_S2C, talk_greeting(1, "NULL", false));
    for (int d = 0; d < ZS_DIR_COUNT; d++)
        zs_session_lost(&h.s, (enum zs_dir)d);
    ready(&h, ZS_C2S, "DEALER");
    ready(&h, ZS_S2C, "REP");
    h.frames = 0;
    says(&h, ZS_C2S, M, "", "1.1 delimiter behind 1");
    says(&h, ZS_C2S, 0, "'x'", "1.2 payload of 1 from 1 behind 1 asks");
    finish(&h);
}

static void a_skipped_frame_may_have_been_any_part(void)
{
    struct heard h;

    connect(&h, "PUSH", "PULL");
    say(&h, ZS_C2S, M, "'a'");
    zs_exchange_skip(h.x, ZS_C2S);
    says(&h, ZS_C2S, 0, "'c'", "2.1 payload torn of 1 from 2");
    finish(&h);
}

/* ==== inside wrap tokens ==== */

static void establish(struct heard *h, const char *ready_of_initiator,
                      const char *ready_of_acceptor)
{
    start(h);
    hear(h, ZS_C2S, talk_greeting(1, "GSSAPI", false));
    hear(h, ZS_S2C, talk_greeting(1, "GSSAPI", false));
    hear(h, ZS_C2S, talk_carry(C, ZS_FORM_LIBZMQ, "INITIATE", talk_ap_req(&talk)));
    hear(h, ZS_S2C, talk_carry(C, ZS_FORM_LIBZMQ, "INITIATE", talk_ap_rep(&talk)));
    say(h, ZS_C2S, C, "");
    hear(h, ZS_S2C, talk_sealed(&talk, C, true, ACCEPTOR_FIRST, ready_of_acceptor));
    hear(h, ZS_C2S, talk_sealed(&talk, C, false, INITIATOR_FIRST, ready_of_initiator));
    h->frames = 0;
}

static void seal(struct heard *h, enum zs_dir dir, uint64_t sequence, const char *plain)
{
    hear(h, dir, talk_sealed(&talk, 0, dir == ZS_S2C, sequence, plain));
}

static void sealed_parts_are_gathered_by_what_stands_inside(void)
{
    struct heard h;

    establish(&h, "00 05'READY'0b'Socket-Type'00000003'REQ'",
              "00 05'READY'0b'Socket-Type'00000003'REP'");
    seal(&h, ZS_C2S, INITIATOR_FIRST + 1, "01");
    expect(&h, "1.1 delimiter behind 1");
    seal(&h, ZS_C2S, INITIATOR_FIRST + 2, "00'hello'");
    expect(&h, "1.2 payload of 5 from 1 behind 1 asks");
    seal(&h, ZS_S2C, ACCEPTOR_FIRST + 1, "01");
    seal(&h, ZS_S2C, ACCEPTOR_FIRST + 2, "00'world'");
    expect(&h, "1.2 payload of 5 from 3 behind 1 answers 2 after 2");
    finish(&h);
}

static void what_stays_sealed_is_not_gathered_by_guess(void)
{
    struct heard h;

    establish(&h, "00 05'READY'0b'Socket-Type'00000003'REQ'",
              "00 05'READY'0b'Socket-Type'00000003'REP'");
    seal(&h, ZS_C2S, INITIATOR_FIRST + 1, "01");
    GByteArray *damaged = talk_sealed(&talk, 0, false, INITIATOR_FIRST + 2, "00'hello'");
    damaged->data[damaged->len - 1] ^= 1;
    hear(&h, ZS_C2S, damaged);
    expect(&h, "");
    seal(&h, ZS_C2S, INITIATOR_FIRST + 3, "01");
    expect(&h, "2.1 payload torn");
    seal(&h, ZS_C2S, INITIATOR_FIRST + 4, "00'again'");
    expect(&h, "2.2 payload torn of 5 from 3");
    finish(&h);
}

/* ==== envelopes ==== */

static void a_req_puts_a_delimiter_in_front(void)
{
    struct heard h;

    connect(&h, "REQ", "REP");
    says(&h, ZS_C2S, M, "", "1.1 delimiter behind 1");
    says(&h, ZS_C2S, M, "", "1.2 payload behind 1");
    says(&h, ZS_C2S, 0, "'hello'", "1.3 payload of 5 from 1 behind 1 asks");
    finish(&h);
}

static void routing_identities_stand_before_the_delimiter(void)
{
    struct heard h;

    connect(&h, "DEALER", "REP");
    says(&h, ZS_C2S, M, "'alice'", "1.1 envelope");
    says(&h, ZS_C2S, M, "00'abcd'", "1.2 envelope");
    says(&h, ZS_C2S, M, "", "1.3 delimiter behind 3");
    says(&h, ZS_C2S, 0, "'x'", "1.4 payload of 11 from 1 behind 3 asks");
    finish(&h);
}

static void a_message_without_delimiter_is_no_request(void)
{
    struct heard h;

    connect(&h, "DEALER", "REP");
    says(&h, ZS_C2S, 0, "'x'", "1.1 payload of 1 from 1");
    says(&h, ZS_C2S, 0, "", "2.1 payload of 0 from 2");
    says(&h, ZS_C2S, M, "'x'", "3.1 envelope");
    says(&h, ZS_C2S, 0, "'y'", "3.2 payload of 2 from 3");
    says(&h, ZS_S2C, M, "", "1.1 delimiter behind 1");
    says(&h, ZS_S2C, 0, "'r'", "1.2 payload of 1 from 5 behind 1");
    finish(&h);
}

static void between_dealer_and_router_only_the_delimiter_tells(void)
{
    struct heard h;

    connect(&h, "DEALER", "ROUTER");
    says(&h, ZS_C2S, M, "", "1.1 delimiter behind 1");
    says(&h, ZS_C2S, 0, "'x'", "1.2 payload of 1 from 1 behind 1");
    says(&h, ZS_C2S, M, "00'abcd'", "2.1 payload so far");
    says(&h, ZS_C2S, M, "", "2.2 delimiter behind 2");
    says(&h, ZS_C2S, 0, "'x'", "2.3 payload of 6 from 3 behind 2");
    says(&h, ZS_C2S, M, "'chosen'", "3.1 payload");
    says(&h, ZS_C2S, M, "", "3.2 payload");
    says(&h, ZS_C2S, 0, "'x'", "3.3 payload of 7 from 6");
    finish(&h);
}

static void other_sockets_have_no_envelope(void)
{
    struct heard h;

    connect(&h, "PUSH", "PULL");
    says(&h, ZS_C2S, M, "", "1.1 payload");
    says(&h, ZS_C2S, 0, "'x'", "1.2 payload of 1 from 1");
    finish(&h);
    connect(&h, "REQ", "PUB");
    says(&h, ZS_C2S, M, "", "1.1 payload");
    finish(&h);
}

/* ==== requests and replies ==== */

static void request(struct heard *h, enum zs_dir dir, const char *envelope)
{
    if (envelope)
        say(h, dir, M, envelope);
    say(h, dir, M, "");
    say(h, dir, 0, "'x'");
}

static const char *answered(struct heard *h, enum zs_dir dir, const char *envelope)
{
    static char said[40];

    request(h, dir, envelope);
    g_snprintf(said, sizeof said, "%s%u", h->fact.answers ? "answers " : "",
               GPOINTER_TO_UINT(h->fact.asked));
    return said;
}

static void a_dealers_requests_are_answered_in_order(void)
{
    struct heard h;

    connect(&h, "DEALER", "REP");
    request(&h, ZS_C2S, NULL);
    request(&h, ZS_C2S, "'b'");
    request(&h, ZS_C2S, NULL);
    g_assert_cmpstr(answered(&h, ZS_S2C, NULL), ==, "answers 2");
    g_assert_cmpstr(answered(&h, ZS_S2C, "'b'"), ==, "answers 5");
    g_assert_cmpstr(answered(&h, ZS_S2C, NULL), ==, "answers 7");
    g_assert_cmpstr(answered(&h, ZS_S2C, NULL), ==, "0");
    finish(&h);
}

static void an_envelope_that_was_not_sent_answers_nothing(void)
{
    struct heard h;

    connect(&h, "DEALER", "REP");
    request(&h, ZS_C2S, "'a'");
    request(&h, ZS_C2S, "'b'");
    g_assert_cmpstr(answered(&h, ZS_S2C, "'b'"), ==, "0");
    g_assert_cmpstr(answered(&h, ZS_S2C, "'a'"), ==, "0");
    finish(&h);
}

static void the_asking_side_may_be_the_tcp_server(void)
{
    struct heard h;

    connect(&h, "REP", "REQ");
    request(&h, ZS_S2C, NULL);
    g_assert_true(h.fact.asks);
    g_assert_cmpstr(answered(&h, ZS_C2S, NULL), ==, "answers 2");
    finish(&h);
}

static void request_ids_find_their_replies_in_any_order(void)
{
    struct heard h;

    connect(&h, "REQ", "ROUTER");
    request(&h, ZS_C2S, "00000001");
    request(&h, ZS_C2S, "00000002");
    g_assert_cmpstr(answered(&h, ZS_S2C, "00000002"), ==, "answers 6");
    g_assert_cmpstr(answered(&h, ZS_S2C, "00000003"), ==, "0");
    g_assert_cmpstr(answered(&h, ZS_S2C, "00000001"), ==, "answers 3");
    finish(&h);
}

/* A peer that uses an id again is answered in order, by each id. */
static void requests_of_one_id_are_answered_one_after_the_other(void)
{
    struct heard h;

    connect(&h, "REQ", "ROUTER");
    for (int i = 0; i < 2; i++)
        request(&h, ZS_C2S, "00000001");
    request(&h, ZS_C2S, "00000002");
    request(&h, ZS_C2S, "00000001");
    g_assert_cmpstr(answered(&h, ZS_S2C, "00000001"), ==, "answers 3");
    g_assert_cmpstr(answered(&h, ZS_S2C, "00000001"), ==, "answers 6");
    g_assert_cmpstr(answered(&h, ZS_S2C, "00000002"), ==, "answers 9");
    g_assert_cmpstr(answered(&h, ZS_S2C, "00000001"), ==, "answers 12");
    g_assert_cmpstr(answered(&h, ZS_S2C, "00000001"), ==, "0");
    request(&h, ZS_C2S, "00000001");
    g_assert_cmpstr(answered(&h, ZS_S2C, "00000001"), ==, "answers 30");
    finish(&h);
}

/* ZMQ_REQ_RELAXED without ids: a ROUTER may answer either first. */
static void a_req_that_does_not_wait_is_not_guessed_at(void)
{
    struct heard h;

    connect(&h, "REQ", "ROUTER");
    request(&h, ZS_C2S, NULL);
    g_assert_cmpstr(answered(&h, ZS_S2C, NULL), ==, "answers 2");
    request(&h, ZS_C2S, NULL);
    request(&h, ZS_C2S, NULL);
    g_assert_cmpstr(answered(&h, ZS_S2C, NULL), ==, "0");
    g_assert_cmpstr(answered(&h, ZS_S2C, NULL), ==, "0");
    request(&h, ZS_C2S, NULL);
    g_assert_cmpstr(answered(&h, ZS_S2C, NULL), ==, "0");
    finish(&h);
    connect(&h, "REQ", "REP");
    request(&h, ZS_C2S, NULL);
    request(&h, ZS_C2S, NULL);
    g_assert_cmpstr(answered(&h, ZS_S2C, NULL), ==, "answers 2");
    g_assert_cmpstr(answered(&h, ZS_S2C, NULL), ==, "answers 4");
    finish(&h);
}

static void dealer_and_router_are_never_linked(void)
{
    struct heard h;

    connect(&h, "DEALER", "ROUTER");
    request(&h, ZS_C2S, NULL);
    g_assert_false(h.fact.asks);
    g_assert_cmpstr(answered(&h, ZS_S2C, NULL), ==, "0");
    finish(&h);
}

static void behind_a_loss_a_req_is_in_step_again_and_a_dealer_is_not(void)
{
    for (int lost = 0; lost < ZS_DIR_COUNT; lost++) {
        struct heard h;
        connect(&h, "REQ", "REP");
        request(&h, ZS_C2S, NULL);
        zs_session_lost(&h.s, (enum zs_dir)lost);
        g_assert_cmpstr(answered(&h, ZS_S2C, NULL), ==, "0");
        request(&h, ZS_C2S, NULL);
        g_assert_cmpstr(answered(&h, ZS_S2C, NULL), ==, lost == ZS_C2S ? "0" : "answers 6");
        request(&h, ZS_C2S, NULL);
        g_assert_cmpstr(answered(&h, ZS_S2C, NULL), ==, "answers 10");
        finish(&h);
        connect(&h, "DEALER", "REP");
        zs_session_lost(&h.s, (enum zs_dir)lost);
        for (int i = 0; i < 4; i++) {
            request(&h, ZS_C2S, NULL);
            g_assert_cmpstr(answered(&h, ZS_S2C, NULL), ==, "0");
        }
        finish(&h);
    }
}

static void requests_beyond_the_limit_cost_their_own_answers_alone(void)
{
    enum { LIMIT_OF_REQUESTS = 4096, BEYOND = 3 };
    struct heard h;

    connect(&h, "DEALER", "REP");
    for (int i = 0; i < LIMIT_OF_REQUESTS + BEYOND; i++) {
        request(&h, ZS_C2S, NULL);
        g_assert_cmpint(h.fact.asks, ==, i < LIMIT_OF_REQUESTS);
    }
    for (int i = 0; i < LIMIT_OF_REQUESTS + BEYOND; i++) {
        request(&h, ZS_S2C, NULL);
        g_assert_cmpint(h.fact.answers, ==, i < LIMIT_OF_REQUESTS);
    }
    request(&h, ZS_C2S, NULL);
    uint64_t asked = h.frames;
    request(&h, ZS_S2C, NULL);
    g_assert_cmpuint(h.fact.asked_at.frame, ==, asked);
    finish(&h);
    connect(&h, "REQ", "ROUTER");
    for (int i = 0; i <= LIMIT_OF_REQUESTS; i++) {
        char id[9];
        g_snprintf(id, sizeof id, "%08x", i);
        request(&h, ZS_C2S, id);
    }
    g_assert_cmpstr(answered(&h, ZS_S2C, "00000000"), ==, "0");
    g_assert_cmpstr(answered(&h, ZS_S2C, "00000001"), ==, "answers 6");
    finish(&h);
}

static void requests_with_an_id_are_answered_in_any_order(void)
{
    enum { REQUESTS = 100, STEP = 37 }; /* each once, for they have no divisor in common */
    struct heard h;
    uint64_t asked[REQUESTS];
    char id[9];

    connect(&h, "REQ", "ROUTER");
    for (int round = 0; round < 2; round++) {
        for (int i = 0; i < REQUESTS; i++) {
            g_snprintf(id, sizeof id, "%08x", i);
            request(&h, ZS_C2S, id);
            asked[i] = h.frames;
        }
        for (int i = 0; i < REQUESTS; i++) {
            int other = i * STEP % REQUESTS;
            g_snprintf(id, sizeof id, "%08x", other);
            request(&h, ZS_S2C, id);
            g_assert_true(h.fact.answers);
            g_assert_cmpuint(h.fact.asked_at.frame, ==, asked[other]);
            request(&h, ZS_S2C, id);
            g_assert_false(h.fact.answers);
        }
    }
    finish(&h);
}

/* A request that finds room again stands behind those that found none: their replies come before its own. */
static void a_request_behind_those_beyond_the_limit_takes_none_of_their_answers(void)
{
    enum { LIMIT_OF_REQUESTS = 4096, BEYOND = 3, LATER = 1 };
    struct heard h;

    connect(&h, "DEALER", "REP");
    for (int i = 0; i < LIMIT_OF_REQUESTS + BEYOND; i++)
        request(&h, ZS_C2S, NULL);
    request(&h, ZS_S2C, NULL);
    g_assert_true(h.fact.answers);
    request(&h, ZS_C2S, NULL);
    g_assert_false(h.fact.asks);
    for (int i = 1; i < LIMIT_OF_REQUESTS + BEYOND + LATER; i++) {
        request(&h, ZS_S2C, NULL);
        g_assert_cmpint(h.fact.answers, ==, i < LIMIT_OF_REQUESTS);
    }
    request(&h, ZS_C2S, NULL);
    g_assert_true(h.fact.asks);
    finish(&h);
}

/* ==== publishers ==== */

static void a_publishers_first_part_is_its_topic(void)
{
    struct heard h;

    connect(&h, "SUB", "PUB");
    says(&h, ZS_S2C, M, "'weather'", "1.1 topic");
    says(&h, ZS_S2C, 0, "'cold'", "1.2 payload of 11 from 1");
    says(&h, ZS_S2C, 0, "'weather cold'", "2.1 payload of 12 from 3");
    finish(&h);
    connect(&h, "DISH", "RADIO");
    says(&h, ZS_S2C, M, "'tv'", "1.1 group");
    says(&h, ZS_S2C, 0, "'x'", "1.2 payload of 3 from 1");
    finish(&h);
}

static void the_longest_subscription_is_the_one_that_matches(void)
{
    struct heard h;

    connect(&h, "SUB", "XPUB");
    says(&h, ZS_S2C, 0, "'abc'", "1.1 payload of 3 from 1");
    says(&h, ZS_C2S, C, "09'SUBSCRIBE''ab'", "");
    say(&h, ZS_C2S, C, "09'SUBSCRIBE''abba'");
    say(&h, ZS_C2S, C, "09'SUBSCRIBE''abbz'");
    say(&h, ZS_C2S, C, "09'SUBSCRIBE''b'");
    says(&h, ZS_S2C, 0, "'abbc'", "2.1 payload of 4 from 6 matches='ab'");
    says(&h, ZS_S2C, 0, "'abbab'", "3.1 payload of 5 from 7 matches='abba'");
    says(&h, ZS_S2C, M, "'b'", "4.1 topic matches='b'");
    says(&h, ZS_S2C, 0, "'abba'", "4.2 payload of 5 from 8");
    says(&h, ZS_S2C, 0, "'a'", "5.1 payload of 1 from 10");
    say(&h, ZS_C2S, C, "09'SUBSCRIBE'");
    says(&h, ZS_S2C, 0, "'a'", "6.1 payload of 1 from 12 matches=''");
    says(&h, ZS_S2C, 0, "", "7.1 payload of 0 from 13 matches=''");
    say(&h, ZS_C2S, C, "06'CANCEL''ab'");
    says(&h, ZS_S2C, 0, "'abbc'", "8.1 payload of 4 from 15 matches=''");
    finish(&h);
}

static void a_subscription_may_be_a_message(void)
{
    struct heard h;

    connect(&h, "XSUB", "PUB");
    says(&h, ZS_C2S, 0, "01'a'", "1.1 subscribe of 2 from 1");
    says(&h, ZS_S2C, 0, "'ab'", "1.1 payload of 2 from 2 matches='a'");
    says(&h, ZS_C2S, 0, "00'a'", "2.1 cancel of 2 from 3");
    says(&h, ZS_S2C, 0, "'ab'", "2.1 payload of 2 from 4");
    says(&h, ZS_C2S, 0, "02'a'", "3.1 payload of 2 from 5");
    says(&h, ZS_C2S, M, "01'a'", "4.1 payload");
    finish(&h);
}

static void behind_a_loss_no_subscription_is_known(void)
{
    struct heard h;

    connect(&h, "SUB", "PUB");
    say(&h, ZS_C2S, C, "09'SUBSCRIBE''ab'");
    zs_session_lost(&h.s, ZS_C2S);
    says(&h, ZS_S2C, 0, "'abc'", "1.1 payload of 3 from 2");
    finish(&h);
}

static void subscriptions_are_bounded(void)
{
    enum { MOST = 4096, OCTETS = 1 << 20, LARGE = 100000 };
    struct heard h;

    connect(&h, "SUB", "PUB");
    for (int i = 0; i <= MOST; i++) {
        char topic[40];
        g_snprintf(topic, sizeof topic, "09'SUBSCRIBE''%05d'", i);
        say(&h, ZS_C2S, C, topic);
    }
    say(&h, ZS_S2C, 0, "'04095'");
    g_assert_true(h.fact.subscribed);
    say(&h, ZS_S2C, 0, "'04096'");
    g_assert_false(h.fact.subscribed);
    finish(&h);
    connect(&h, "SUB", "PUB");
    for (int i = 0; i <= OCTETS / LARGE; i++) {
        char topic[60];
        g_snprintf(topic, sizeof topic, "09'SUBSCRIBE'%02x 00*%d", i, LARGE - 1);
        say(&h, ZS_C2S, C, topic);
    }
    for (int i = 0; i <= OCTETS / LARGE; i++) {
        char body[60];
        g_snprintf(body, sizeof body, "%02x 00*%d", i, LARGE);
        say(&h, ZS_S2C, 0, body);
        g_assert_cmpint(h.fact.subscribed, ==, i < OCTETS / LARGE);
    }
    say(&h, ZS_C2S, C, "06'CANCEL'00 00*99999");
    say(&h, ZS_C2S, C, "09'SUBSCRIBE''again'");
    say(&h, ZS_S2C, 0, "'again'");
    g_assert_true(h.fact.subscribed);
    finish(&h);
}

/* ==== heartbeats ==== */

static void a_pong_answers_the_ping_of_its_context(void)
{
    struct heard h;

    connect(&h, "PAIR", "PAIR");
    says(&h, ZS_C2S, C, "04'PING'0010'one'", " asks");
    says(&h, ZS_C2S, C, "04'PING'0010'two'", " asks");
    says(&h, ZS_S2C, C, "04'PING'0010'one'", " asks");
    says(&h, ZS_S2C, C, "04'PONG''two'", " answers 2 after 2");
    says(&h, ZS_S2C, C, "04'PONG''one'", " answers 1 after 4");
    says(&h, ZS_S2C, C, "04'PONG''one'", "");
    says(&h, ZS_C2S, C, "04'PONG''one'", " answers 3 after 4");
    finish(&h);
}

/* A capture's times are anybody's. */
static void times_at_both_ends_are_as_far_apart_as_can_be_said(void)
{
    static const int64_t times[] = {INT64_MIN, INT64_MAX, INT64_MAX, INT64_MIN};
    struct heard h;

    connect(&h, "PAIR", "PAIR");
    h.times = times;
    say(&h, ZS_C2S, C, "04'PING'0000");
    say(&h, ZS_S2C, C, "04'PONG'");
    g_assert_cmpint(h.fact.after_ns, ==, INT64_MAX);
    say(&h, ZS_C2S, C, "04'PING'0000");
    say(&h, ZS_S2C, C, "04'PONG'");
    g_assert_cmpint(h.fact.after_ns, ==, INT64_MIN);
    h.times = NULL;
    finish(&h);
    g_assert_cmpint(zs_stamp_ns(INT64_MAX / 1000000000, 999999999), ==, INT64_MAX);
    g_assert_cmpint(zs_stamp_ns(INT64_MIN / 1000, 0), ==, INT64_MIN);
    g_assert_cmpint(zs_stamp_ns(-1, 5), ==, -999999995);
}

static void pings_without_context_are_answered_in_order(void)
{
    struct heard h;

    connect(&h, "PAIR", "PAIR");
    say(&h, ZS_C2S, C, "04'PING'0000");
    say(&h, ZS_C2S, C, "04'PING'0000");
    says(&h, ZS_S2C, C, "04'PONG'", " answers 1 after 2");
    says(&h, ZS_S2C, C, "04'PONG'", " answers 2 after 2");
    finish(&h);
}

static void a_loss_leaves_no_ping_waiting(void)
{
    for (int lost = 0; lost < ZS_DIR_COUNT; lost++) {
        struct heard h;
        connect(&h, "PAIR", "PAIR");
        say(&h, ZS_C2S, C, "04'PING'0000");
        zs_session_lost(&h.s, (enum zs_dir)lost);
        says(&h, ZS_S2C, C, "04'PONG'", "");
        finish(&h);
    }
}

static void pings_are_bounded(void)
{
    enum { MOST = 64 };
    struct heard h;

    connect(&h, "PAIR", "PAIR");
    for (int i = 0; i <= MOST; i++) {
        char ping[30];
        g_snprintf(ping, sizeof ping, "04'PING'0000%02x", i);
        say(&h, ZS_C2S, C, ping);
    }
    says(&h, ZS_S2C, C, "04'PONG'00", "");
    says(&h, ZS_S2C, C, "04'PONG'01", " answers 2 after 65");
    finish(&h);
}

static void a_damaged_ping_asks_nothing(void)
{
    struct heard h;

    connect(&h, "PAIR", "PAIR");
    says(&h, ZS_C2S, C, "04'PING'00", "");
    finish(&h);
}

/* ==== handshake ==== */

static void the_handshake_lasts_from_the_first_greeting_to_the_last_ready(void)
{
    struct heard h;

    connect(&h, "REQ", "REP");
    g_assert_cmpstr(h.handshake, ==, "7 ms"); /* two greetings of three parts, two READYs */
    finish(&h);
    establish(&h, "00 05'READY'", "00 05'READY'");
    g_assert_cmpstr(h.handshake, ==, "10 ms");
    finish(&h);
}

static void a_handshake_that_lacks_something_has_no_length(void)
{
    struct heard h;

    start(&h);
    hear(&h, ZS_C2S, talk_greeting(1, "NULL", false));
    hear(&h, ZS_S2C, talk_greeting(1, "NULL", false));
    zs_session_lost(&h.s, ZS_C2S);
    ready(&h, ZS_C2S, "REQ");
    ready(&h, ZS_S2C, "REP");
    g_assert_null(h.handshake);
    finish(&h);
}

/* ==== the older versions ==== */

static void zmtp_2_has_its_socket_types_in_the_greeting(void)
{
    struct heard h;

    start(&h);
    hear(&h, ZS_C2S, wire_octets("ff 00*8 7f 01 03 0000"));
    hear(&h, ZS_S2C, wire_octets("ff 00*8 7f 01 04 0000"));
    g_assert_nonnull(h.handshake);
    h.frames = 0;
    hear(&h, ZS_C2S, wire_octets("0100 0005'hello'"));
    expect(&h, "1.2 payload of 5 from 1 behind 1 asks");
    hear(&h, ZS_S2C, wire_octets("0100 0005'world'"));
    expect(&h, "1.2 payload of 5 from 3 behind 1 answers 2 after 2");
    finish(&h);
}

static void zmtp_1_names_none_and_its_parts_are_gathered_all_the_same(void)
{
    struct heard h;

    start(&h);
    hear(&h, ZS_C2S, wire_octets("01 00"));
    hear(&h, ZS_S2C, wire_octets("01 00"));
    h.frames = 0;
    hear(&h, ZS_C2S, wire_octets("01 01 06 00'hello'"));
    expect(&h, "1.2 payload of 5 from 1");
    finish(&h);
}

static void every_role_has_a_name(void)
{
    for (int r = ZS_PART_PAYLOAD; r <= ZS_PART_CANCEL; r++)
        g_assert_cmpstr(zs_part_role_name((enum zs_part_role)r), !=, "");
}

#define FACT(test) g_test_add_func("/exchange/" #test, test)

static void add_messages_and_requests(void)
{
    FACT(parts_are_gathered_and_the_last_one_knows_all);
    FACT(each_direction_counts_its_own);
    FACT(commands_between_parts_are_no_parts);
    FACT(a_gap_ends_the_message_and_hides_the_next_ones_beginning);
    FACT(nothing_is_torn_behind_a_ready);
    FACT(a_skipped_frame_may_have_been_any_part);
    FACT(sealed_parts_are_gathered_by_what_stands_inside);
    FACT(what_stays_sealed_is_not_gathered_by_guess);
    FACT(a_req_puts_a_delimiter_in_front);
    FACT(routing_identities_stand_before_the_delimiter);
    FACT(a_message_without_delimiter_is_no_request);
    FACT(between_dealer_and_router_only_the_delimiter_tells);
    FACT(other_sockets_have_no_envelope);
    FACT(a_dealers_requests_are_answered_in_order);
    FACT(an_envelope_that_was_not_sent_answers_nothing);
    FACT(the_asking_side_may_be_the_tcp_server);
    FACT(request_ids_find_their_replies_in_any_order);
    FACT(requests_of_one_id_are_answered_one_after_the_other);
    FACT(a_req_that_does_not_wait_is_not_guessed_at);
    FACT(dealer_and_router_are_never_linked);
    FACT(behind_a_loss_a_req_is_in_step_again_and_a_dealer_is_not);
    FACT(requests_beyond_the_limit_cost_their_own_answers_alone);
    FACT(requests_with_an_id_are_answered_in_any_order);
    FACT(a_request_behind_those_beyond_the_limit_takes_none_of_their_answers);
}

static void add_the_others(void)
{
    FACT(a_publishers_first_part_is_its_topic);
    FACT(the_longest_subscription_is_the_one_that_matches);
    FACT(a_subscription_may_be_a_message);
    FACT(behind_a_loss_no_subscription_is_known);
    FACT(subscriptions_are_bounded);
    FACT(a_pong_answers_the_ping_of_its_context);
    FACT(times_at_both_ends_are_as_far_apart_as_can_be_said);
    FACT(pings_without_context_are_answered_in_order);
    FACT(a_loss_leaves_no_ping_waiting);
    FACT(pings_are_bounded);
    FACT(a_damaged_ping_asks_nothing);
    FACT(the_handshake_lasts_from_the_first_greeting_to_the_last_ready);
    FACT(a_handshake_that_lacks_something_has_no_length);
    FACT(zmtp_2_has_its_socket_types_in_the_greeting);
    FACT(zmtp_1_names_none_and_its_parts_are_gathered_all_the_same);
    FACT(every_role_has_a_name);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_set_nonfatal_assertions();
    zs_krb_init();
    talk_init(&talk);
    add_messages_and_requests();
    add_the_others();
    int status = g_test_run();
    talk_clear(&talk);
    return status;
}
