/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a peer does with a side that is wrong, hostile, slow or silent: the right end with the right defect, and
 * nothing said to whoever must not hear anything. Then subscriptions, heartbeats, and what it says by itself. */
#include "tests/core/proto/pair.h"
#include "tests/core/proto/pretend.h"

#include "core/wire/token.h"
#include "tests/core/wire/wire_case.h"

#include <string.h>

#define C      ZS_ROLE_CLIENT
#define S      ZS_ROLE_SERVER
#define SECOND INT64_C(1000000000)

static struct pretend context[ZS_ROLE_COUNT];
static struct pair pair; /* of the running test */

static void set(void)
{
    pretend_init(&context[C], true, 2);
    pretend_init(&context[S], false, 2);
    pair_init(&pair, &context[C].gss, &context[S].gss);
}

static void set_types(enum zs_socket_type client, enum zs_socket_type server)
{
    set();
    pair.options[C].socket_type = client;
    pair.options[S].socket_type = server;
}

static void set_both(void (*change)(struct zs_peer_options *o))
{
    change(&pair.options[C]);
    change(&pair.options[S]);
}

static void to_null(struct zs_peer_options *o)
{
    o->null = true;
}

static void to_plaintext(struct zs_peer_options *o)
{
    o->plaintext = true;
}

static void run(void)
{
    pair_begin(&pair);
    pair_talk(&pair);
}

static void open_up(void)
{
    run();
    pair_expect(&pair, ZS_PEER_OPEN, ZS_PEER_OPEN);
}

static void expect(enum zs_role role, enum zs_rc rc)
{
    const struct zs_peer_event *ev = &pair.last[role];

    g_assert_cmpint(ev->kind, ==, ZS_PEER_DEFECT);
    g_assert_cmpstr(zs_defect_of(ev->rc)->code, ==, zs_defect_of(rc)->code);
    g_assert_cmpint(pair.peer[role].state, ==, ZS_PEER_CLOSED);
    g_assert_cmpint(pair.peer[role].failed, ==, rc);
}

/* The octets of wire_case's notation. */
static void feed(enum zs_role role, const char *octets)
{
    GByteArray *a = wire_octets(octets);

    pair_feed(&pair, role, zs_span(a->data, a->len));
    g_byte_array_unref(a);
}

/* One frame with a wrap token for role, in its turn; text as the notation has it. */
static void feed_wrapped(enum zs_role role, uint8_t cfx_flags, uint64_t sequence, const char *text)
{
    uint8_t storage[1024];
    struct zs_buf b = zs_buf(storage, sizeof storage);
    GByteArray *a = wire_octets(text);
    size_t frame = zs_frame_begin(&b);

    zs_command_begin(&b, ZS_FORM_LIBZMQ, ZS_CMD_MESSAGE);
    size_t token = zs_token_begin(&b, ZS_FORM_LIBZMQ);
    cfx_flags |= role == C ? ZS_CFX_SENT_BY_ACCEPTOR : 0;
    pretend_wrap(&b, cfx_flags, sequence, zs_span(NULL, 0), zs_span(a->data, a->len));
    zs_token_end(&b, ZS_FORM_LIBZMQ, token);
    zs_frame_end(&b, frame, 0);
    pair_feed(&pair, role, zs_buf_span(&b));
    g_byte_array_unref(a);
}

static void feed_sealed(enum zs_role role, const char *text)
{
    feed_wrapped(role, ZS_CFX_SEALED, context[role].receive, text);
}

/* ==== greetings ==== */

#define GREETING(major, minor, mechanism, as_server) \
    "ff00*8 7f " major minor mechanism as_server "00*31"
#define GSSAPI "'GSSAPI'00*14 "
#define NULL_  "'NULL'00*16 "

static void greeting_that_does_not_fit_is_refused_at_once(void)
{
    static const struct {
        const char *octets;
        enum zs_rc rc;
    } cases[] = {
        {"05", ZS_E_GREETING_VERSION},
        {"ff00*8 7e", ZS_E_GREETING_VERSION},
        {"ff00*8 7f 01", ZS_E_GREETING_VERSION},
        {"ff00*8 7f 00", ZS_E_GREETING_VERSION},
        {GREETING("03", "01", NULL_, "00"), ZS_E_MECHANISM_DIFFERS},
        {GREETING("03", "00", "'PLAIN'00*15 ", "00"), ZS_E_MECHANISM_DIFFERS},
        {GREETING("03", "01", "'gssapi'00*14 ", "00"), ZS_E_GREETING_MECHANISM},
        {GREETING("03", "01", GSSAPI, "02"), ZS_E_GREETING_AS_SERVER},
    };

    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++)
        for (int r = 0; r < ZS_ROLE_COUNT; r++) {
            set();
            pair_begin(&pair);
            feed((enum zs_role)r, cases[i].octets);
            expect((enum zs_role)r, cases[i].rc);
            /* its own greeting is all that was said */
            g_assert_cmpuint(zs_peer_output(&pair.peer[r]).n, ==, ZS_GREETING_SIZE);
            pair_clear(&pair);
        }
}

static void later_versions_are_taken_for_the_one_known(void)
{
    set();
    pair_begin(&pair);
    feed(S, GREETING("04", "00", GSSAPI, "00"));
    g_assert_cmpint(pair.last[S].kind, ==, ZS_PEER_GREETING);
    pair_clear(&pair);
}

static void as_server_is_held_against_the_role(void)
{
    static const struct {
        enum zs_role role;
        enum zs_as_server check;
        const char *bit;
        bool refused;
    } cases[] = {
        {C, ZS_AS_SERVER_SPEC, "00", true},     {C, ZS_AS_SERVER_SPEC, "01", false},
        {S, ZS_AS_SERVER_SPEC, "00", false},    {S, ZS_AS_SERVER_SPEC, "01", true},
        {C, ZS_AS_SERVER_LENIENT, "00", false}, {C, ZS_AS_SERVER_LIBZMQ, "00", false},
        {S, ZS_AS_SERVER_LENIENT, "01", false}, {S, ZS_AS_SERVER_LIBZMQ, "01", false},
    };

    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        char *octets = g_strconcat("ff00*8 7f 0301", GSSAPI, cases[i].bit, "00*31", NULL);
        set();
        pair.options[cases[i].role].as_server = cases[i].check;
        pair_begin(&pair);
        uint8_t said = zs_peer_output(&pair.peer[cases[i].role]).p[32];
        g_assert_cmpuint(said, ==, cases[i].role == S && cases[i].check != ZS_AS_SERVER_LIBZMQ);
        feed(cases[i].role, octets);
        if (cases[i].refused)
            expect(cases[i].role, ZS_E_AS_SERVER_ROLES);
        else
            g_assert_cmpint(pair.last[cases[i].role].kind, ==, ZS_PEER_GREETING);
        pair_clear(&pair);
        g_free(octets);
    }
}

/* ==== the context ==== */

static void token_that_is_refused_is_not_answered(void)
{
    for (int r = 0; r < ZS_ROLE_COUNT; r++) {
        set();
        context[r].broken = true;
        run();
        expect((enum zs_role)r, ZS_E_CONTEXT_REFUSED);
        g_assert_cmpstr(pair.last[r].detail, ==, "not the token that is due");
        pair_clear(&pair);
    }
    set();
    context[S].broken = true;
    run();
    g_assert_cmpuint(pair.stream[S]->len, ==, ZS_GREETING_SIZE);
    pair_clear(&pair);
}

static void token_without_one_inside_is_said(void)
{
    set();
    pair_begin(&pair);
    feed(S, GREETING("03", "01", GSSAPI, "00") " 04 0d 08'INITIATE'00000007");
    expect(S, ZS_E_TOKEN_LENGTH);
    pair_clear(&pair);
}

static void principal_that_is_denied_hears_nothing(void)
{
    struct zs_allow *allow = zs_allow_new();
    const char *why;

    g_assert_true(zs_allow_add(allow, "bob@EXAMPLE.ORG", &why));
    set();
    pair.options[S].allow = allow;
    run();
    expect(S, ZS_E_PRINCIPAL_DENIED);
    g_assert_cmpstr(pair.last[S].detail, ==, "alice@EXAMPLE.ORG");
    g_assert_cmpuint(pair.stream[S]->len, ==, ZS_GREETING_SIZE);
    g_assert_false(zs_peer_error(&pair.peer[S], "denied"));
    pair_clear(&pair);
    /* nor one without a name */
    set();
    pair.options[S].allow = allow;
    context[S].facts.initiator = NULL;
    run();
    expect(S, ZS_E_PRINCIPAL_DENIED);
    pair_clear(&pair);
    zs_allow_free(allow);
}

static void context_that_is_too_weak_is_refused(void)
{
    static const struct {
        enum zs_role role;
        uint32_t flags;
        bool plaintext, integrity_only, refused;
    } cases[] = {
        {C, ZS_GSS_CONF | ZS_GSS_INTEG, false, false, true},
        {S, ZS_GSS_CONF | ZS_GSS_INTEG, false, false, false},
        {C, ZS_GSS_MUTUAL | ZS_GSS_INTEG, false, false, true},
        {S, ZS_GSS_INTEG, false, false, true},
        {C, ZS_GSS_MUTUAL | ZS_GSS_INTEG, false, true, false},
        {S, ZS_GSS_CONF, false, true, true},
        {C, ZS_GSS_MUTUAL, true, false, false},
        {C, 0, true, false, true},
    };

    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        set();
        context[cases[i].role].facts.flags = cases[i].flags;
        for (int r = 0; r < ZS_ROLE_COUNT; r++) {
            pair.options[r].plaintext = cases[i].plaintext;
            pair.options[r].integrity_only = cases[i].integrity_only;
        }
        run();
        if (cases[i].refused)
            expect(cases[i].role, ZS_E_CONTEXT_WEAK);
        else
            pair_expect(&pair, ZS_PEER_OPEN, ZS_PEER_OPEN);
        pair_clear(&pair);
    }
}

static void plaintext_on_one_side_alone_is_said(void)
{
    for (int r = 0; r < ZS_ROLE_COUNT; r++) {
        set();
        pair.options[r].plaintext = true;
        run();
        /* The server's READY comes first, so the client sees it. */
        expect(C, r == S ? ZS_E_PLAINTEXT_MODE : ZS_E_COMMAND_UNEXPECTED);
        g_assert_nonnull(strstr(pair.last[C].detail, "PLAINTEXT"));
        pair_clear(&pair);
    }
}

static void integrity_alone_must_be_wanted(void)
{
    for (int r = 0; r < ZS_ROLE_COUNT; r++) {
        set();
        pair.options[pair_other((enum zs_role)r)].integrity_only = true;
        run();
        expect((enum zs_role)r, ZS_E_WRAP_NOT_SEALED);
        pair_clear(&pair);
    }
}

/* ==== READY ==== */

static void socket_types_that_do_not_fit_are_refused(void)
{
    /* The client sees the server's READY first, and says why it goes. */
    set_types(ZS_SOCKET_REQ, ZS_SOCKET_PUB);
    run();
    expect(C, ZS_E_SOCKET_TYPE);
    g_assert_cmpstr(pair.last[C].detail, ==, "PUB");
    g_assert_cmpint(pair.last[S].kind, ==, ZS_PEER_ERROR);
    g_assert_nonnull(strstr(pair.log[S]->str, "error ERROR 19:Invalid socket type sealed"));
    pair_clear(&pair);
    set_types(ZS_SOCKET_PUSH, ZS_SOCKET_PUSH);
    set_both(to_null);
    run();
    g_assert_cmpint(pair.peer[C].state, ==, ZS_PEER_CLOSED);
    g_assert_cmpint(pair.peer[S].state, ==, ZS_PEER_CLOSED);
    pair_clear(&pair);
}

static void metadata_is_read_as_the_specification_has_it(void)
{
    static const struct {
        const char *metadata;
        enum zs_rc rc;
    } cases[] = {
        {"0b'Socket-Type'00000003'REP'", ZS_OK},
        {"0b'sOCKET-tYPE'00000003'REP'", ZS_OK},
        {"01'X'00000000 0b'Socket-Type'00000006'ROUTER'", ZS_OK},
        {"", ZS_E_SOCKET_TYPE},
        {"01'X'00000000", ZS_E_SOCKET_TYPE},
        {"0b'Socket-Type'00000003'rep'", ZS_E_SOCKET_TYPE},
        {"0b'Socket-Type'00000000", ZS_E_SOCKET_TYPE},
        {"0b'Socket-Type'00000003'REP' 0b'Socket-Type'00000003'PUB'", ZS_E_SOCKET_TYPE},
        {"0b'Socket[Type'00000003'REP'", ZS_E_SOCKET_TYPE},
        {"0b'Socket-Type'00000004'REP'", ZS_E_METADATA},
        {"0b'Socket-Type'ffffffff'REP'", ZS_E_METADATA},
        {"00", ZS_E_METADATA},
    };

    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        set();
        to_null(&pair.options[C]);
        pair_begin(&pair);
        GByteArray *metadata = wire_octets(cases[i].metadata);
        char *frame = g_strdup_printf("04 %02x 05'READY' %s", metadata->len + 6, cases[i].metadata);
        feed(C, GREETING("03", "01", NULL_, "00"));
        feed(C, frame);
        if (cases[i].rc == ZS_OK)
            g_assert_cmpint(pair.last[C].kind, ==, ZS_PEER_ESTABLISHED);
        else
            expect(C, cases[i].rc);
        g_byte_array_unref(metadata);
        g_free(frame);
        pair_clear(&pair);
    }
}

static void metadata_of_ones_own_goes_out_as_it_is(void)
{
    GByteArray *metadata = wire_octets("0b'Socket-Type'00000006'ROUTER' 04'X-me'00000001'1'");

    set();
    pair.options[S].metadata = zs_span(metadata->data, metadata->len);
    pair.options[S].socket_type = ZS_SOCKET_ROUTER;
    open_up();
    g_assert_cmpint(pair.peer[C].other_type, ==, ZS_SOCKET_ROUTER);
    g_assert_nonnull(strstr(pair.log[C]->str, "established READY 32 sealed"));
    pair_clear(&pair);
    g_byte_array_unref(metadata);
}

/* ==== frames and wrap tokens ==== */

static void frame_that_is_wrong_or_too_large_is_refused_before_it_is_kept(void)
{
    static const struct {
        bool open;
        const char *octets;
        enum zs_rc rc;
    } cases[] = {
        {false, "08", ZS_E_FRAME_FLAGS},
        {false, "06 8000000000000000", ZS_E_FRAME_SIZE},
        {false, "06 fffffffffffffff7", ZS_E_FRAME_SIZE},
        {false, "06 0000000000010001", ZS_E_FRAME_SIZE}, /* 64 KiB and one octet */
        {false, "05 00", ZS_E_FRAME_MORE_COMMAND},
        {false, "04 02 05'R'", ZS_E_COMMAND_NAME},
        {true, "06 8000000000000000", ZS_E_FRAME_SIZE},
        {true, "02 0000000004000001", ZS_E_FRAME_SIZE}, /* 64 MiB and one octet */
        {true, "00 05'hello'", ZS_E_COMMAND_UNEXPECTED},
        {true, "00 0c 07'MESSAGE'00000000", ZS_E_WRAP_SHORT},
        {true, "00 0c 07'MESSAGE'00000005", ZS_E_TOKEN_LENGTH},
    };

    for (size_t i = 0; i < 2 * G_N_ELEMENTS(cases); i++) {
        size_t c = i / 2;
        set();
        if (cases[c].open)
            open_up();
        else
            pair_begin(&pair);
        if (!cases[c].open)
            feed(S, GREETING("03", "01", GSSAPI, "00"));
        pair.chunk = i % 2; /* whole, and octet by octet */
        feed(S, cases[c].octets);
        expect(S, cases[c].rc);
        g_assert_cmpuint(pair.peer[S].input.room, <=, 4096);
        pair_clear(&pair);
    }
}

static void wrap_token_that_is_wrong_ends_it(void)
{
    static const struct {
        uint8_t flags;
        int skip;
        const char *text;
        enum zs_rc rc;
    } cases[] = {
        {ZS_CFX_SEALED, 1, "00'x'", ZS_E_WRAP_GAP},
        {ZS_CFX_SEALED, -1, "00'x'", ZS_E_WRAP_DUPLICATE},
        {ZS_CFX_SEALED, 0, "", ZS_E_INNER_EMPTY},
        {0, 0, "00'x'", ZS_E_WRAP_NOT_SEALED},
        {ZS_CFX_SEALED, 0, "02", ZS_E_COMMAND_UNEXPECTED},
        {ZS_CFX_SEALED, 0, "02 05'R'", ZS_E_COMMAND_NAME},
        {ZS_CFX_SEALED, 0, "02 04'PING'00", ZS_E_COMMAND_BODY},
        {ZS_CFX_SEALED, 0, "02 04'PING'0000 00*17", ZS_E_PING_CONTEXT},
        {ZS_CFX_SEALED, 0, "02 05'ERROR'05'x'", ZS_E_COMMAND_BODY},
        {ZS_CFX_SEALED, 0, "02 05'READY'", ZS_E_COMMAND_UNEXPECTED},
    };

    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        set();
        open_up();
        feed_wrapped(S, cases[i].flags, context[S].receive + (uint64_t)(int64_t)cases[i].skip,
                     cases[i].text);
        expect(S, cases[i].rc);
        pair_clear(&pair);
    }
    set();
    open_up();
    feed_wrapped(S, ZS_CFX_SEALED | ZS_CFX_SENT_BY_ACCEPTOR, context[S].receive, "00'x'");
    expect(S, ZS_E_WRAP_DIRECTION);
    pair_clear(&pair);
}

static void unknown_is_let_pass_and_noted(void)
{
    set();
    open_up();
    feed_sealed(S, "80'x'");
    g_assert_cmpint(pair.last[S].kind, ==, ZS_PEER_MESSAGE);
    g_assert_cmpint(pair.last[S].rc, ==, ZS_E_INNER_FLAGS);
    feed_sealed(S, "02 07'FUTURE1''data'");
    g_assert_cmpint(pair.last[S].kind, ==, ZS_PEER_COMMAND);
    g_assert_cmpint(pair.last[S].rc, ==, ZS_E_COMMAND_UNKNOWN);
    pair_expect(&pair, ZS_PEER_OPEN, ZS_PEER_OPEN);
    pair_clear(&pair);
}

/* ==== time ==== */

static bool tick(enum zs_role role, int64_t later, struct zs_peer_event *ev)
{
    pair.now += later;
    return zs_peer_tick(&pair.peer[role], pair.now, ev);
}

/* An octet now and then does not buy time; in each state. */
static void handshake_has_its_time(void)
{
    static const enum zs_peer_state states[] = {ZS_PEER_WANT_GREETING, ZS_PEER_WANT_HELLO,
                                                ZS_PEER_WANT_EMPTY, ZS_PEER_WANT_READY};

    for (size_t i = 0; i < G_N_ELEMENTS(states); i++) {
        struct zs_peer_event ev;
        set();
        pair_begin(&pair);
        pair_talk_until(&pair, S, states[i]);
        g_assert_cmpint(zs_peer_deadline(&pair.peer[S]), ==, 1000 + 30 * SECOND);
        g_assert_false(tick(S, 30 * SECOND - 1, &ev));
        feed(S, states[i] == ZS_PEER_WANT_GREETING ? "ff" : "04");
        pair.now++;
        g_assert_cmpuint(pair_feed(&pair, S, zs_span("\x10", 1)), ==, 1);
        expect(S, ZS_E_HANDSHAKE_TIMEOUT);
        g_assert_cmpstr(pair.last[S].detail, ==, zs_peer_state_name(states[i]));
        g_assert_cmpint(zs_peer_deadline(&pair.peer[S]), ==, INT64_MAX);
        pair_clear(&pair);
    }
}

static void heartbeat(struct zs_peer_options *o)
{
    o->heartbeat_ns = 2 * SECOND;
    o->heartbeat_timeout_ns = SECOND;
    o->heartbeat_ttl = 50;
}

static void silence_is_asked_about_and_ends_it(void)
{
    struct zs_peer_event ev;

    set();
    heartbeat(&pair.options[S]);
    open_up();
    g_assert_cmpint(zs_peer_deadline(&pair.peer[C]), ==, INT64_MAX);
    g_assert_cmpint(zs_peer_deadline(&pair.peer[S]), ==, pair.now + 2 * SECOND);
    g_assert_false(tick(S, 2 * SECOND, &ev));
    /* The PING is answered, and the client, told how long it may be silent, is held to that no more than the server. */
    pair_talk(&pair);
    g_assert_nonnull(strstr(pair.log[C]->str, "command PING 0 sealed"));
    g_assert_nonnull(strstr(pair.log[S]->str, "command PONG 0 sealed"));
    g_assert_cmpint(zs_peer_deadline(&pair.peer[S]), ==, pair.now + 2 * SECOND);
    g_assert_cmpint(zs_peer_deadline(&pair.peer[C]), ==, pair.now + 5 * SECOND);
    g_assert_false(tick(S, 2 * SECOND, &ev));
    g_assert_false(tick(S, SECOND - 1, &ev));
    g_assert_true(tick(S, 1, &ev));
    g_assert_cmpint(ev.rc, ==, ZS_E_HEARTBEAT_TIMEOUT);
    g_assert_true(tick(C, 2 * SECOND, &ev));
    g_assert_cmpint(ev.rc, ==, ZS_E_HEARTBEAT_TIMEOUT);
    pair_clear(&pair);
}

/* Any octet is a sign of life. */
static void message_is_as_good_as_an_answer(void)
{
    struct zs_peer_event ev;

    set();
    heartbeat(&pair.options[S]);
    open_up();
    g_assert_false(tick(S, 2 * SECOND, &ev));
    pair.now += SECOND - 1;
    feed_sealed(S, "00'x'");
    g_assert_false(tick(S, 2 * SECOND - 1, &ev));
    pair_clear(&pair);
}

static void no_heartbeat_where_there_is_no_place_for_it(void)
{
    set();
    heartbeat(&pair.options[S]);
    pair.options[S].dialect = ZS_DIALECT_A;
    open_up();
    g_assert_cmpint(zs_peer_deadline(&pair.peer[S]), ==, INT64_MAX);
    g_assert_false(zs_peer_ping(&pair.peer[S], 1, zs_span(NULL, 0)));
    pair_clear(&pair);
    set();
    set_both(to_null);
    heartbeat(&pair.options[S]);
    pair.options[C].minor = 0;
    open_up();
    g_assert_cmpint(zs_peer_deadline(&pair.peer[S]), ==, INT64_MAX);
    g_assert_true(zs_peer_ping(&pair.peer[C], 1, zs_span(NULL, 0)));
    pair_clear(&pair);
}

static void ping_brings_its_context_back(void)
{
    set();
    open_up();
    g_assert_true(zs_peer_ping(&pair.peer[C], 7, zs_span("0123456789abcdef", 16)));
    g_assert_false(zs_peer_ping(&pair.peer[C], 7, zs_span("0123456789abcdefg", 17)));
    pair_talk(&pair);
    g_assert_nonnull(strstr(pair.log[C]->str, "command PONG 16:0123456789abcdef sealed"));
    pair_clear(&pair);
}

/* ==== limits of what waits to be sent ==== */

static void output_is_bounded_and_says_when_there_is_room_again(void)
{
    static const uint8_t text[1000];
    unsigned sent = 0;

    set();
    pair.options[C].output_limit = 8192;
    open_up();
    struct zs_peer *client = &pair.peer[C];
    while (zs_peer_send(client, zs_span(text, sizeof text), false))
        sent++;
    g_assert_cmpuint(sent, ==, 7);
    g_assert_cmpuint(client->output.room, <=, 8192);
    g_assert_cmpint(client->state, ==, ZS_PEER_OPEN);
    /* Most of it goes out, and what waits is moved to the front. */
    GByteArray *half = g_byte_array_new();
    g_byte_array_append(half, zs_peer_output(client).p, 5000);
    zs_peer_sent(client, 5000);
    g_assert_true(zs_peer_send(client, zs_span(text, sizeof text), false));
    pair_feed(&pair, S, zs_span(half->data, half->len));
    pair_talk(&pair);
    g_assert_cmpuint(pair.peer[S].received, ==, 8);
    g_byte_array_unref(half);
    pair_clear(&pair);
}

/* Always something waits, never much: what was sent does not stay. */
static void slow_reader_does_not_make_the_output_grow(void)
{
    static const uint8_t text[1000];

    set();
    open_up();
    g_assert_true(zs_peer_send(&pair.peer[C], zs_span(text, sizeof text), false));
    for (unsigned i = 0; i < 1000; i++) {
        size_t before = zs_peer_output(&pair.peer[C]).n;
        g_assert_true(zs_peer_send(&pair.peer[C], zs_span(text, sizeof text), false));
        zs_peer_sent(&pair.peer[C], zs_peer_output(&pair.peer[C]).n - before);
    }
    g_assert_cmpuint(pair.peer[C].output.room, <=, 8192);
    pair_clear(&pair);
}

/* Whoever asks for answers and takes none. */
static void pings_without_end_are_ended(void)
{
    set();
    pair.options[S].output_limit = 4096;
    open_up();
    for (unsigned i = 0; pair.peer[S].state == ZS_PEER_OPEN; i++) {
        g_assert_cmpuint(i, <, 1000);
        feed_sealed(S, "02 04'PING'0000");
    }
    expect(S, ZS_E_OUTPUT_FULL);
    g_assert_cmpuint(pair.peer[S].output.room, <=, 4096);
    pair_clear(&pair);
}

/* Trimmed, a peer has what waits and nothing else; the frame that is not whole yet, and what is not sent, stay. */
static void what_is_only_kept_is_given_back(void)
{
    static const uint8_t text[5000];
    struct zs_peer *client = &pair.peer[C], *server = &pair.peer[S];

    set();
    open_up();
    for (int i = 0; i < 2; i++) {
        g_assert_true(zs_peer_send(client, zs_span(text, sizeof text), false));
        size_t waits = zs_peer_output(client).n;
        g_assert_cmpuint(zs_peer_held(client), >=, waits);
        zs_peer_trim(client);
        g_assert_cmpuint(zs_peer_output(client).n, ==, waits);
        pair.chunk = 100;
        pair_feed(&pair, S, zs_span(zs_peer_output(client).p, 4000));
        zs_peer_trim(server);
        g_assert_cmpuint(zs_peer_held(server), >=, 4000);
        zs_peer_sent(client, 4000);
        pair_talk(&pair);
        g_assert_cmpuint(server->received, ==, 1u + (unsigned)i);
        g_assert_cmpuint(pair.last[S].body.n, ==, sizeof text);
        g_assert_cmpuint(zs_peer_held(server), >, 0);
        zs_peer_trim(client);
        zs_peer_trim(server);
        g_assert_cmpuint(zs_peer_held(client) + zs_peer_held(server), ==, 0);
    }
    pair_clear(&pair);
}

/* ==== who may say what ==== */

static void only_what_a_socket_may_say_is_said_or_taken(void)
{
    set_types(ZS_SOCKET_PULL, ZS_SOCKET_PUSH);
    open_up();
    g_assert_false(zs_peer_send(&pair.peer[C], zs_span("x", 1), false));
    g_assert_false(zs_peer_subscribe(&pair.peer[C], zs_span("x", 1)));
    feed_sealed(S, "00'x'");
    expect(S, ZS_E_COMMAND_UNEXPECTED);
    pair_clear(&pair);
    /* nor before it is open, nor behind its end */
    set();
    pair_begin(&pair);
    g_assert_false(zs_peer_send(&pair.peer[C], zs_span("x", 1), false));
    g_assert_false(zs_peer_error(&pair.peer[C], "no"));
    pair_clear(&pair);
}

static void error_is_said_and_closes(void)
{
    set();
    open_up();
    g_assert_true(zs_peer_error(&pair.peer[S], "shutting down"));
    g_assert_false(zs_peer_error(&pair.peer[S], "again"));
    pair_talk(&pair);
    g_assert_nonnull(strstr(pair.log[C]->str, "error ERROR 13:shutting down sealed"));
    pair_expect(&pair, ZS_PEER_CLOSED, ZS_PEER_CLOSED);
    pair_clear(&pair);
    /* in the clear while there is no context */
    set();
    pair_begin(&pair);
    pair_talk_until(&pair, S, ZS_PEER_WANT_HELLO);
    g_assert_true(zs_peer_error(&pair.peer[S], "busy"));
    pair_talk(&pair);
    g_assert_nonnull(strstr(pair.log[C]->str, "error ERROR 4:busy\n"));
    pair_clear(&pair);
}

/* ==== subscriptions ==== */

struct subscription {
    void (*mode)(struct zs_peer_options *o);
    enum zs_dialect dialect;
    enum zs_form form;
    uint8_t minor;
    enum zs_socket_type type;
    const char *subscribe, *cancel; /* as the publisher meets them */
};

/* clang-format off */
static const struct subscription subscriptions[] = {
    {to_null, ZS_DIALECT_B, ZS_FORM_LIBZMQ, 1, ZS_SOCKET_SUB, "command SUBSCRIBE 1:t\n", "command CANCEL 1:t\n"},
    {to_null, ZS_DIALECT_B, ZS_FORM_LIBZMQ, 0, ZS_SOCKET_SUB, "command SUBSCRIBE 1:t\n", "command CANCEL 1:t\n"},
    {to_plaintext, ZS_DIALECT_B, ZS_FORM_PADDED, 1, ZS_SOCKET_SUB, "command SUBSCRIBE 1:t\n", "command CANCEL 1:t\n"},
    {NULL, ZS_DIALECT_A, ZS_FORM_LIBZMQ, 1, ZS_SOCKET_SUB, "command SUBSCRIBE 1:t sealed\n", "command CANCEL 1:t sealed\n"},
    {NULL, ZS_DIALECT_B, ZS_FORM_PADDED, 1, ZS_SOCKET_XSUB, "command SUBSCRIBE 1:t sealed\n", "command CANCEL 1:t sealed\n"},
    {NULL, ZS_DIALECT_C, ZS_FORM_LIBZMQ, 1, ZS_SOCKET_SUB, "command SUBSCRIBE 1:t sealed (subscription-lost)\n", "command SUBSCRIBE 1:t sealed (subscription-lost)\n"},
    {NULL, ZS_DIALECT_C, ZS_FORM_LIBZMQ, 1, ZS_SOCKET_XSUB, "command SUBSCRIBE 1:t sealed\n", "command CANCEL 1:t sealed\n"},
    {NULL, ZS_DIALECT_D, ZS_FORM_LIBZMQ, 1, ZS_SOCKET_SUB, "command SUBSCRIBE 1:t sealed\n", "command CANCEL 1:t sealed\n"},
    {NULL, ZS_DIALECT_D, ZS_FORM_PADDED, 1, ZS_SOCKET_SUB, "command SUBSCRIBE 1:t sealed\n", "command CANCEL 1:t sealed\n"},
};
/* clang-format on */

static void subscription_arrives_in_every_dialect(void)
{
    for (size_t i = 0; i < G_N_ELEMENTS(subscriptions); i++) {
        const struct subscription *c = &subscriptions[i];
        set_types(c->type, ZS_SOCKET_PUB);
        if (c->mode)
            set_both(c->mode);
        pair.options[C].dialect = c->dialect;
        pair.options[C].form = c->form;
        pair.options[C].minor = c->minor;
        open_up();
        g_string_truncate(pair.log[S], 0);
        g_assert_true(zs_peer_subscribe(&pair.peer[C], zs_span("t", 1)));
        pair_talk(&pair);
        g_assert_cmpstr(pair.log[S]->str, ==, c->subscribe);
        g_string_truncate(pair.log[S], 0);
        g_assert_true(zs_peer_cancel(&pair.peer[C], zs_span("t", 1)));
        pair_talk(&pair);
        g_assert_cmpstr(pair.log[S]->str, ==, c->cancel);
        pair_clear(&pair);
    }
}

/* An XSUB's messages upstream are messages, but for those that subscribe; a PUB's are what they are. */
static void message_is_not_taken_for_a_subscription(void)
{
    set_types(ZS_SOCKET_XSUB, ZS_SOCKET_XPUB);
    open_up();
    g_assert_true(zs_peer_send(&pair.peer[C], zs_span("up", 2), false));
    g_assert_true(zs_peer_send(&pair.peer[C], zs_span("part", 4), true));
    g_assert_true(zs_peer_send(&pair.peer[C], zs_span("\x01x", 2), false));
    pair_talk(&pair);
    g_assert_cmpuint(pair.peer[S].received, ==, 3);
    g_assert_true(zs_peer_send(&pair.peer[S], zs_span("\x01x", 2), false));
    pair_talk(&pair);
    g_assert_cmpuint(pair.peer[C].received, ==, 1);
    pair_clear(&pair);
}

static void message_of_a_sub_in_the_clear_is_refused(void)
{
    set_types(ZS_SOCKET_SUB, ZS_SOCKET_PUB);
    set_both(to_null);
    open_up();
    feed(S, "00 05'hello'");
    expect(S, ZS_E_COMMAND_UNEXPECTED);
    pair_clear(&pair);
}

/* ==== sizes ==== */

static void messages_of_every_size_pass_in_any_pieces(void)
{
    static const size_t sizes[] = {0, 1, 220, 255, 256, 65536, 16 << 20};
    static const size_t chunks[] = {0, 1, 7, 4096};

    for (size_t k = 0; k < G_N_ELEMENTS(chunks); k++) {
        set();
        open_up();
        pair.chunk = chunks[k];
        for (size_t i = 0; i < G_N_ELEMENTS(sizes); i++) {
            if (sizes[i] > 70000 && chunks[k] && chunks[k] < 4096)
                continue;
            uint8_t *text = g_malloc0(sizes[i] + 1);
            g_assert_true(zs_peer_send(&pair.peer[C], zs_span(text, sizes[i]), false));
            pair_talk(&pair);
            g_assert_cmpint(pair.last[S].kind, ==, ZS_PEER_MESSAGE);
            g_assert_cmpuint(pair.last[S].body.n, ==, sizes[i]);
            g_free(text);
        }
        /* A large message does not keep its memory. */
        g_assert_cmpuint(pair.peer[C].output.room, <=, 1 << 20);
        pair_clear(&pair);
    }
}

static void the_end_inside_a_message_is_said(void)
{
    struct zs_peer_event ev;

    set();
    open_up();
    feed_sealed(S, "01'part'");
    g_assert_true(zs_peer_end(&pair.peer[S], pair.now, &ev));
    g_assert_cmpint(ev.rc, ==, ZS_E_STREAM_ENDED);
    pair_clear(&pair);
}

#define CASE(name) g_test_add_func("/peer/" #name, name)

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    CASE(greeting_that_does_not_fit_is_refused_at_once);
    CASE(later_versions_are_taken_for_the_one_known);
    CASE(as_server_is_held_against_the_role);
    CASE(token_that_is_refused_is_not_answered);
    CASE(token_without_one_inside_is_said);
    CASE(principal_that_is_denied_hears_nothing);
    CASE(context_that_is_too_weak_is_refused);
    CASE(plaintext_on_one_side_alone_is_said);
    CASE(integrity_alone_must_be_wanted);
    CASE(socket_types_that_do_not_fit_are_refused);
    CASE(metadata_is_read_as_the_specification_has_it);
    CASE(metadata_of_ones_own_goes_out_as_it_is);
    CASE(frame_that_is_wrong_or_too_large_is_refused_before_it_is_kept);
    CASE(wrap_token_that_is_wrong_ends_it);
    CASE(unknown_is_let_pass_and_noted);
    CASE(handshake_has_its_time);
    CASE(silence_is_asked_about_and_ends_it);
    CASE(message_is_as_good_as_an_answer);
    CASE(no_heartbeat_where_there_is_no_place_for_it);
    CASE(ping_brings_its_context_back);
    CASE(output_is_bounded_and_says_when_there_is_room_again);
    CASE(slow_reader_does_not_make_the_output_grow);
    CASE(pings_without_end_are_ended);
    CASE(what_is_only_kept_is_given_back);
    CASE(only_what_a_socket_may_say_is_said_or_taken);
    CASE(error_is_said_and_closes);
    CASE(subscription_arrives_in_every_dialect);
    CASE(message_is_not_taken_for_a_subscription);
    CASE(message_of_a_sub_in_the_clear_is_refused);
    CASE(messages_of_every_size_pass_in_any_pieces);
    CASE(the_end_inside_a_message_is_said);
    return g_test_run();
}
