/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The connection table: who belongs to whom, who is the client, when it ends, what the caps do. */
#include "analyzer/net/flow.h"

#include <glib.h>
#include <string.h>

#define S  ZS_TCP_SYN
#define SA (ZS_TCP_SYN | ZS_TCP_ACK)
#define A  ZS_TCP_ACK
#define F  (ZS_TCP_FIN | ZS_TCP_ACK)
#define R  ZS_TCP_RST

/* A table whose callbacks are written down, separated by "; ". */
struct stage {
    struct zs_flows *flows;
    struct zs_net_stamp at;
    GString *said;
    GHashTable *open;   /* of struct conn: opened and not closed */
    const char *refuse; /* data after which the connection is of no interest */
    bool deaf;          /* opened() answers NULL */
    bool tells_frames;  /* of data whose packet is not the one that is looked at */
};

struct conn {
    struct stage *stage;
    const struct zs_flow *flow;
    uint64_t latest[2]; /* packet of each side's data */
};

static void G_GNUC_PRINTF(2, 3) say(struct stage *s, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    g_string_append(s->said, s->said->len ? "; " : "");
    g_string_append_vprintf(s->said, format, args);
    va_end(args);
}

static void *on_opened(void *user, const struct zs_flow *flow, const struct zs_net_stamp *at)
{
    struct stage *s = user;
    char client[ZS_ENDPOINT_TEXT], server[ZS_ENDPOINT_TEXT];
    g_assert_true(at == &s->at);
    zs_endpoint_format(&flow->client, client);
    zs_endpoint_format(&flow->server, server);
    say(s, "%" G_GUINT64_FORMAT " %s>%s%s", flow->number, client, server,
        flow->midstream ? " midstream" : "");
    if (s->deaf)
        return NULL;
    struct conn *conn = g_new(struct conn, 1);
    *conn = (struct conn){.stage = s, .flow = flow};
    g_hash_table_add(s->open, conn);
    return conn;
}

static enum zs_flow_interest on_data(void *user, enum zs_flow_side from, const uint8_t *bytes,
                                     size_t n, const struct zs_net_stamp *at)
{
    struct conn *conn = user;
    g_assert_true(g_hash_table_contains(conn->stage->open, conn));
    g_assert_cmpuint(at->frame, <=, conn->stage->at.frame);
    g_assert_cmpuint(at->frame, >=, conn->latest[from]);
    conn->latest[from] = at->frame;
    say(conn->stage, "%" G_GUINT64_FORMAT "%c %.*s", conn->flow->number,
        from == ZS_FLOW_CLIENT ? 'c' : 's', (int)n, (const char *)bytes);
    if (at->frame != conn->stage->at.frame && conn->stage->tells_frames)
        say(conn->stage, "#%" G_GUINT64_FORMAT, at->frame);
    bool refuses = conn->stage->refuse && n == strlen(conn->stage->refuse) &&
                   memcmp(bytes, conn->stage->refuse, n) == 0;
    return refuses ? ZS_FLOW_REFUSED : ZS_FLOW_WANTED;
}

static void on_gap(void *user, enum zs_flow_side from, uint64_t n, const struct zs_net_stamp *at)
{
    struct conn *conn = user;
    g_assert_true(g_hash_table_contains(conn->stage->open, conn) && at == &conn->stage->at);
    say(conn->stage, "%" G_GUINT64_FORMAT "%c gap %" G_GUINT64_FORMAT, conn->flow->number,
        from == ZS_FLOW_CLIENT ? 'c' : 's', n);
}

static void on_conflict(void *user, enum zs_flow_side from, uint64_t n,
                        const struct zs_net_stamp *at)
{
    struct conn *conn = user;
    g_assert_true(g_hash_table_contains(conn->stage->open, conn) && at == &conn->stage->at);
    say(conn->stage, "%" G_GUINT64_FORMAT "%c conflict %" G_GUINT64_FORMAT, conn->flow->number,
        from == ZS_FLOW_CLIENT ? 'c' : 's', n);
}

static void on_full(void *user, enum zs_flow_side from, const struct zs_net_stamp *at)
{
    struct conn *conn = user;
    g_assert_true(g_hash_table_contains(conn->stage->open, conn) && at == &conn->stage->at);
    say(conn->stage, "%" G_GUINT64_FORMAT "%c full", conn->flow->number,
        from == ZS_FLOW_CLIENT ? 'c' : 's');
}

static void on_closed(void *user, enum zs_flow_end why, const struct zs_net_stamp *at)
{
    static const char *const names[] = {"FIN", "RST", "REUSED", "EVICTED", "FLUSHED"};
    struct conn *conn = user;
    g_assert_true(at == &conn->stage->at);
    say(conn->stage, "%" G_GUINT64_FORMAT " %s%s", conn->flow->number, names[why],
        conn->flow->misplaced ? " misplaced" : "");
    g_assert_true(g_hash_table_remove(conn->stage->open, conn)); /* once, and frees it */
}

static const struct zs_flow_sink sink = {on_opened,   on_data, on_gap,
                                         on_conflict, on_full, on_closed};

static void stage_init(struct stage *s, const struct zs_flow_limits *limits)
{
    *s = (struct stage){.said = g_string_new(NULL),
                        .open = g_hash_table_new_full(NULL, NULL, g_free, NULL)};
    s->flows = zs_flows_new(&sink, s, limits);
}

/* Everything said since the last call must be this. */
static void said(struct stage *s, const char *expected)
{
    g_assert_cmpstr(s->said->str, ==, expected);
    g_string_truncate(s->said, 0);
}

static void flush(struct stage *s, const char *expected)
{
    zs_flows_flush(s->flows, &s->at);
    said(s, expected);
}

static void stage_clear(struct stage *s)
{
    zs_flows_free(s->flows);
    g_hash_table_destroy(s->open);
    g_string_free(s->said, TRUE);
}

/* One segment between 10.0.0.1:client and 10.0.0.2:server. */
static void between(struct stage *s, uint16_t client, uint16_t server, bool c2s, uint8_t flags,
                    uint32_t seq, uint32_t ack, const char *text)
{
    struct zs_ip ip = {.family = 4, .protocol = 6, .from = {10, 0, 0, 1}, .to = {10, 0, 0, 2}};
    struct zs_tcp tcp = {.from_port = client,
                         .to_port = server,
                         .seq = seq,
                         .ack = ack,
                         .flags = flags,
                         .payload = (const uint8_t *)text,
                         .captured = strlen(text),
                         .length = strlen(text)};
    if (!c2s) {
        ip.from[3] = 2;
        ip.to[3] = 1;
        tcp.from_port = server;
        tcp.to_port = client;
    }
    s->at.frame++;
    zs_flows_segment(s->flows, &ip, &tcp, &s->at);
}

static void c2s(struct stage *s, uint8_t flags, uint32_t seq, uint32_t ack, const char *text)
{
    between(s, 40000, 5555, true, flags, seq, ack, text);
}

static void s2c(struct stage *s, uint8_t flags, uint32_t seq, uint32_t ack, const char *text)
{
    between(s, 40000, 5555, false, flags, seq, ack, text);
}

static void handshake(struct stage *s)
{
    c2s(s, S, 100, 0, "");
    s2c(s, SA, 500, 101, "");
    c2s(s, A, 101, 501, "");
    said(s, "1 10.0.0.1:40000>10.0.0.2:5555");
}

static void both_sides_are_streams_of_one_connection(void)
{
    struct stage s;
    stage_init(&s, NULL);
    handshake(&s);
    c2s(&s, A, 101, 501, "hello");
    s2c(&s, A, 501, 106, "world");
    s2c(&s, A, 509, 106, "out");
    s2c(&s, A, 506, 106, " of");
    said(&s, "1c hello; 1s world; 1s  of; 1s out");
    c2s(&s, F, 106, 512, "");
    s2c(&s, A, 512, 107, "!");
    said(&s, "1s !"); /* half closed */
    s2c(&s, F, 513, 107, "");
    said(&s, "1 FIN");
    c2s(&s, A, 107, 514, "");
    s2c(&s, F, 513, 107, "");
    c2s(&s, A, 107, 514, "too late");
    flush(&s, "");
    g_assert_cmpuint(zs_flows_count(s.flows), ==, 1);
    stage_clear(&s);
}

static void gap_and_conflict_name_their_side(void)
{
    struct stage s;
    stage_init(&s, NULL);
    handshake(&s);
    s2c(&s, A, 504, 101, "lo");
    s2c(&s, A, 504, 101, "lX");
    c2s(&s, A, 105, 501, "x");
    flush(&s, "1s conflict 1; 1c gap 4; 1c x; 1s gap 3; 1s lo; 1 FLUSHED");
    stage_clear(&s);
}

static void acknowledged_hole_is_a_gap_before_the_answer(void)
{
    struct stage s;
    stage_init(&s, NULL);
    handshake(&s);
    c2s(&s, A, 104, 501, "req");
    s2c(&s, A, 501, 107, "r");
    said(&s, "");
    s.at.time_ns += 2000000000;
    s2c(&s, A, 502, 107, "ep");
    said(&s, "1c gap 3; 1c req; 1s r; 1s ep");
    stage_clear(&s);
}

/* Two queues of an adapter, or the kernel's and the process's part of a loopback. */
static void answer_that_was_captured_first_waits_for_its_question(void)
{
    struct stage s;
    stage_init(&s, NULL);
    s.tells_frames = true;
    handshake(&s);
    s2c(&s, A, 501, 104, "rep");
    s2c(&s, A, 504, 104, "more");
    c2s(&s, A, 104, 508, "next");
    said(&s, "");
    c2s(&s, A, 101, 501, "req");
    said(&s, "1c req; 1s rep; #4; 1s more; #5; 1c next");
    s2c(&s, A, 508, 108, "!");
    said(&s, "1s !");
    flush(&s, "1 FLUSHED");
    stage_clear(&s);
}

/* Nothing that could be waited for any longer: what there is comes in its order, and is of its own packets. */
static void order_outlives_what_was_lost(void)
{
    struct stage s;
    stage_init(&s, NULL);
    s.tells_frames = true;
    handshake(&s);
    s2c(&s, A, 501, 103, "s1"); /* of 101..103 and of 503..505 there is nothing */
    c2s(&s, A, 103, 505, "c2");
    s2c(&s, A, 505, 105, "s3");
    c2s(&s, A, 105, 507, "c4");
    said(&s, "");
    s.at.frame++;
    flush(&s, "1c gap 2; 1s s1; #4; 1s gap 2; 1c c2; #5; 1s s3; #6; 1c c4; #7; 1 FLUSHED");
    stage_clear(&s);
}

/* Its own ACK is younger than its octets. */
static void retransmission_of_what_was_acknowledged_waits_for_nothing(void)
{
    struct stage s;
    stage_init(&s, NULL);
    handshake(&s);
    s2c(&s, A, 501, 104, "rep");
    c2s(&s, A, 101, 504, "req");
    said(&s, "1c req; 1s rep");
    stage_clear(&s);
}

static void order_costs_no_octets(void)
{
    static const struct zs_flow_limits limits = {.pending_octets = 400};
    struct stage s;
    stage_init(&s, NULL);
    handshake(&s);
    for (uint32_t i = 0; i < 64; i++)
        s2c(&s, A, 501 + i, 104, "x");
    said(&s, "");
    s2c(&s, A, 565, 104, "y");
    said(&s, "1s x");
    stage_clear(&s);
    stage_init(&s, &limits);
    handshake(&s);
    for (uint32_t i = 0; i < 4; i++)
        s2c(&s, A, 501 + i, 104, "x");
    said(&s, "");
    s2c(&s, A, 505, 104, "y"); /* there is no room for it */
    said(&s, "1s x");
    flush(&s, "1c gap 3; 1s x; 1s x; 1s x; 1s y; 1 FLUSHED");
    stage_clear(&s);
}

/* A segment that there is no room for takes what it overlaps with it. */
static void order_never_passes_the_cap(void)
{
    static const struct zs_flow_limits limits = {.pending_octets = 100};
    struct stage s;
    stage_init(&s, &limits);
    handshake(&s);
    s2c(&s, A, 504, 104, "def");
    s2c(&s, A, 501, 104, "abcdefghijklmnopqrstuvwxyz");
    said(&s, "1s abc; 1s def; 1s ghijklmnopqrstuvwxyz");
    flush(&s, "1c gap 3; 1 FLUSHED");
    stage_clear(&s);
}

/* The hole is waited for no longer because of that, and its side goes on first. */
static void wait_for_the_other_side_ends_with_its_hole(void)
{
    struct stage s;
    stage_init(&s, NULL);
    handshake(&s);
    s2c(&s, A, 501, 105, "ab");
    c2s(&s, A, 103, 503, "cd");
    said(&s, "");
    s.at.time_ns += 2000000000;
    c2s(&s, A, 105, 503, "");
    said(&s, "1c gap 2; 1c cd; 1s ab");
    stage_clear(&s);
}

/* All of them would have a hole behind them. */
static void what_the_capture_cut_off_waits_for_nothing(void)
{
    struct zs_ip ip = {.family = 4, .protocol = 6, .from = {10, 0, 0, 2}, .to = {10, 0, 0, 1}};
    struct zs_tcp cut = {.from_port = 5555, .to_port = 40000, .seq = 501, .ack = 104, .flags = A};
    struct stage s;
    stage_init(&s, NULL);
    handshake(&s);
    cut.payload = (const uint8_t *)"rep";
    cut.captured = 3;
    cut.length = 8;
    zs_flows_segment(s.flows, &ip, &cut, &s.at);
    said(&s, "1s rep; 1s gap 5");
    stage_clear(&s);
}

static void acknowledged_fins_close_in_spite_of_a_hole(void)
{
    struct stage s;
    stage_init(&s, NULL);
    handshake(&s);
    c2s(&s, F, 104, 501, "req");
    s2c(&s, A, 501, 108, "");
    said(&s, "");
    s2c(&s, F, 501, 108, "");
    said(&s, "1c gap 3; 1c req; 1 FIN");
    stage_clear(&s);
}

static void client_is_who_sent_the_syn(void)
{
    struct stage s;
    stage_init(&s, NULL);
    between(&s, 1000, 6000, true, S, 100, 0, "");
    said(&s, "1 10.0.0.1:1000>10.0.0.2:6000");
    between(&s, 1001, 6000, false, SA, 100, 7, "");
    said(&s, "2 10.0.0.1:1001>10.0.0.2:6000");
    between(&s, 1001, 6000, true, S, 6, 0, ""); /* came late: nothing new */
    between(&s, 1001, 6000, true, A, 7, 101, "x");
    said(&s, "2c x");
    stage_clear(&s);
}

static void without_syn_the_lower_port_is_the_server(void)
{
    struct stage s;
    stage_init(&s, NULL);
    c2s(&s, A, 101, 501, "hi");
    said(&s, "1 10.0.0.1:40000>10.0.0.2:5555 midstream; 1c hi");
    between(&s, 40001, 5555, false, A, 501, 101, "ho");
    said(&s, "2 10.0.0.1:40001>10.0.0.2:5555 midstream; 2s ho");
    between(&s, 7000, 7000, true, A, 1, 1, "");
    said(&s, "3 10.0.0.1:7000>10.0.0.2:7000 midstream");
    stage_clear(&s);
}

static void late_syn_ends_midstream(void)
{
    struct stage s;
    stage_init(&s, NULL);
    c2s(&s, A, 101, 501, "hi");
    said(&s, "1 10.0.0.1:40000>10.0.0.2:5555 midstream; 1c hi");
    c2s(&s, S, 100, 0, "");
    GHashTableIter iter;
    void *conn;
    g_hash_table_iter_init(&iter, s.open);
    g_assert_true(g_hash_table_iter_next(&iter, &conn, NULL));
    g_assert_false(((struct conn *)conn)->flow->midstream);
    flush(&s, "1 FLUSHED");
    stage_clear(&s);
}

static void new_syn_is_a_new_connection(void)
{
    struct stage s;
    stage_init(&s, NULL);
    handshake(&s);
    c2s(&s, A, 103, 501, "lost in front");
    c2s(&s, S, 9000, 0, "");
    said(&s, "1c gap 2; 1c lost in front; 1 REUSED; 2 10.0.0.1:40000>10.0.0.2:5555");
    s2c(&s, SA, 700, 9001, "");
    c2s(&s, A, 9001, 701, "again");
    said(&s, "2c again");
    c2s(&s, R, 9006, 0, "");
    said(&s, "2 RST");
    c2s(&s, S, 20000, 0, ""); /* after the end: nothing to close */
    said(&s, "3 10.0.0.1:40000>10.0.0.2:5555");
    stage_clear(&s);
}

static void rst_closes_and_flushes(void)
{
    struct stage s;
    stage_init(&s, NULL);
    handshake(&s);
    s2c(&s, A, 503, 101, "c");
    s2c(&s, R, 504, 0, "go away");
    said(&s, "1s gap 2; 1s c; 1 RST");
    c2s(&s, A, 101, 501, "too late");
    flush(&s, "");
    stage_clear(&s);
}

/* Packets between two ends, and to which connection tshark 4.0 counts each (tcp.stream + 1). */
static void numbers_are_tsharks(void)
{
    static const struct packet {
        bool c2s;
        uint8_t flags;
        uint32_t seq;
        const char *text;
        uint64_t number;
    } cases[][6] = {
        {{1, S, 100, "", 1}, {1, S, 100, "", 1}},
        {{1, S, 100, "", 1}, {1, S, 200, "", 2}},
        {{1, S, 100, "", 1}, {0, SA, 500, "", 1}, {1, R, 101, "", 1}, {1, S, 100, "", 1}},
        {{1, S, 100, "", 1}, {0, SA, 500, "", 1}, {1, R, 101, "", 1}, {1, S, 900, "", 2}},
        {{1, S, 100, "", 1}, {0, R | A, 0, "", 1}, {1, S, 100, "", 1}, {0, R | A, 0, "", 1}},
        {{1, S, 100, "", 1}, {0, R | A, 0, "", 1}, {1, S, 200, "", 2}, {0, R | A, 0, "", 2}},
        {{1, S, 100, "", 1}, {0, SA, 500, "", 1}, {0, SA, 600, "", 1}},
        {{1, A, 101, "hi", 1}, {1, S, 100, "", 1}},
        {{1, A, 101, "", 1}, {1, S, 100, "", 1}},
        {{1, A, 101, "", 1}, {1, S, 50, "", 2}},
        {{1, A, 101, "hi", 1}, {1, S, 50, "", 2}},
        {{0, SA, 500, "", 1}, {1, S, 100, "", 1}},
        {{1, A, 101, "hi", 1}, {1, R, 103, "", 1}, {1, A, 103, "hi", 1}},
        {{1, S, 100, "", 1},
         {0, SA, 500, "", 1},
         {1, F, 101, "", 1},
         {0, F, 501, "", 1},
         {1, S, 100, "", 1}},
        {{1, S, 100, "", 1}, {0, SA, 500, "", 1}, {0, S, 700, "", 2}},
        {{1, S, 100, "", 1},
         {0, SA, 500, "", 1},
         {1, S, 900, "", 2},
         {0, A, 501, "x", 2},
         {0, SA, 1500, "", 2}},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        struct stage s;
        stage_init(&s, NULL);
        for (const struct packet *p = cases[i]; p < cases[i] + 6 && p->number; p++) {
            between(&s, 40000, 5555, p->c2s, p->flags, p->seq, 0, p->text);
            g_assert_cmpuint(zs_flows_count(s.flows), ==, p->number);
        }
        stage_clear(&s);
    }
}

static void ports_addresses_and_family_tell_connections_apart(void)
{
    struct stage s;
    stage_init(&s, NULL);
    c2s(&s, S, 1, 0, "");
    between(&s, 40001, 5555, true, S, 1, 0, "");
    between(&s, 40000, 5556, true, S, 1, 0, "");
    between(&s, 5555, 40000, true, S, 1, 0, ""); /* the same ports, crosswise */
    struct zs_ip ip = {.family = 6, .from = {10, 0, 0, 1}, .to = {10, 0, 0, 2}};
    struct zs_tcp tcp = {.from_port = 40000, .to_port = 5555, .flags = S, .seq = 1};
    zs_flows_segment(s.flows, &ip, &tcp, &s.at);
    said(&s, "1 10.0.0.1:40000>10.0.0.2:5555; 2 10.0.0.1:40001>10.0.0.2:5555; "
             "3 10.0.0.1:40000>10.0.0.2:5556; 4 10.0.0.1:5555>10.0.0.2:40000; "
             "5 [a00:1::]:40000>[a00:2::]:5555");
    stage_clear(&s);
}

static void end_that_talks_to_itself(void)
{
    struct stage s;
    stage_init(&s, NULL);
    struct zs_ip ip = {.family = 4, .from = {127, 0, 0, 1}, .to = {127, 0, 0, 1}};
    struct zs_tcp tcp = {.from_port = 9, .to_port = 9, .flags = S, .seq = 1};
    zs_flows_segment(s.flows, &ip, &tcp, &s.at);
    zs_flows_segment(s.flows, &ip, &tcp, &s.at);
    flush(&s, "1 127.0.0.1:9>127.0.0.1:9; 1 FLUSHED");
    stage_clear(&s);
}

static void lost_interest_is_silent_until_closed(void)
{
    struct stage s;
    stage_init(&s, NULL);
    s.refuse = "GET /";
    handshake(&s);
    s2c(&s, A, 505, 101, "held");
    c2s(&s, A, 101, 501, "GET /");
    said(&s, "1c GET /");
    c2s(&s, A, 106, 501, "more");
    s2c(&s, A, 501, 106, "1234");
    c2s(&s, A, 200, 501, "hole");
    said(&s, "");
    c2s(&s, F, 204, 509, "");
    s2c(&s, F, 509, 205, "");
    said(&s, "1 FIN");
    between(&s, 40001, 5555, true, S, 1, 0, "");
    said(&s, "2 10.0.0.1:40001>10.0.0.2:5555");
    stage_clear(&s);
}

static void no_interest_from_the_start_is_silence(void)
{
    struct stage s;
    stage_init(&s, NULL);
    s.deaf = true;
    handshake(&s);
    c2s(&s, A, 101, 501, "hello");
    c2s(&s, A, 110, 501, "hole");
    c2s(&s, R, 106, 0, "");
    flush(&s, "");
    stage_clear(&s);
}

static void misplaced_segments_are_counted(void)
{
    struct stage s;
    stage_init(&s, NULL);
    handshake(&s);
    c2s(&s, A, 101 + (UINT32_C(1) << 31), 501, "far off");
    flush(&s, "1 FLUSHED misplaced");
    stage_clear(&s);
}

static void flush_goes_by_number_and_numbers_go_on(void)
{
    struct stage s;
    stage_init(&s, NULL);
    for (uint16_t port = 1; port <= 3; port++)
        between(&s, 40000 + port, 5555, true, S, 1, 0, "");
    between(&s, 40001, 5555, true, A, 2, 0, "x");
    g_string_truncate(s.said, 0);
    flush(&s, "1 FLUSHED; 2 FLUSHED; 3 FLUSHED");
    c2s(&s, S, 1, 0, "");
    said(&s, "4 10.0.0.1:40000>10.0.0.2:5555");
    stage_clear(&s);
}

static void full_table_lets_the_oldest_idle_go(void)
{
    struct stage s;
    stage_init(&s, &(struct zs_flow_limits){.connections = 3});
    for (uint16_t port = 40001; port <= 40003; port++) {
        between(&s, port, 5555, true, S, 1, 0, "");
        between(&s, port, 5555, true, A, 2, 0, "x");
    }
    between(&s, 40001, 5555, true, A, 3, 0, "y"); /* so that 2 is the oldest */
    between(&s, 40002, 5555, true, A, 9, 0, "z"); /* now 3 */
    g_string_truncate(s.said, 0);
    between(&s, 40004, 5555, true, S, 1, 0, "");
    said(&s, "3 EVICTED; 4 10.0.0.1:40004>10.0.0.2:5555");
    between(&s, 40005, 5555, true, S, 1, 0, ""); /* 4 has had no payload: it goes first */
    said(&s, "4 EVICTED; 5 10.0.0.1:40005>10.0.0.2:5555");
    between(&s, 40005, 5555, true, A, 2, 0, "x");
    between(&s, 40006, 5555, true, S, 1, 0, ""); /* none such is there: the oldest idle */
    said(&s, "5c x; 1 EVICTED; 6 10.0.0.1:40006>10.0.0.2:5555");
    between(&s, 40007, 5555, true, S, 1, 0, "");
    g_string_truncate(s.said, 0);
    between(&s, 40008, 5555, true, S, 1, 0, "");
    said(&s, "7 EVICTED; 8 10.0.0.1:40008>10.0.0.2:5555");
    between(&s, 40001, 5555, true, A, 4, 0, "on"); /* it went on: another one */
    said(&s, "8 EVICTED; 9 10.0.0.1:40001>10.0.0.2:5555 midstream; 9c on");
    flush(&s, "2c gap 6; 2c z; 2 FLUSHED; 5 FLUSHED; 9 FLUSHED");
    stage_clear(&s);
}

static void flood_of_syns_leaves_the_others_alone(void)
{
    struct stage s;
    stage_init(&s, &(struct zs_flow_limits){.connections = 1000});
    handshake(&s);
    c2s(&s, A, 101, 501, "first");
    for (unsigned i = 0; i < 200000; i++) {
        between(&s, (uint16_t)(i & 0xfff), (uint16_t)(10000 + (i >> 12)), true, S, i, 0, "");
        g_assert_cmpuint(g_hash_table_size(s.open), <=, 1000);
        g_string_truncate(s.said, 0);
    }
    c2s(&s, A, 106, 501, "second");
    said(&s, "1c second");
    stage_clear(&s);
}

static void full_table_of_talkers_lets_others_in(void)
{
    struct stage s;
    stage_init(&s, &(struct zs_flow_limits){.connections = 16});
    for (uint16_t port = 1; port <= 16; port++)
        between(&s, port, 5555, true, A, 2, 0, "x");
    /* two come at once: each gets as far as its first payload */
    between(&s, 101, 5555, true, S, 1, 0, "");
    between(&s, 102, 5555, true, S, 1, 0, "");
    g_string_truncate(s.said, 0);
    between(&s, 101, 5555, true, A, 2, 0, "a");
    between(&s, 102, 5555, true, A, 2, 0, "b");
    said(&s, "17c a; 18c b");
    stage_clear(&s);
}

static void connections_that_ended_take_no_place(void)
{
    struct stage s;
    stage_init(&s, &(struct zs_flow_limits){.connections = 2});
    handshake(&s);
    for (unsigned i = 0; i < 10000; i++) {
        between(&s, (uint16_t)(i + 1), 7777, true, S, 1, 0, "");
        between(&s, (uint16_t)(i + 1), 7777, true, R, 2, 0, "");
    }
    g_string_truncate(s.said, 0);
    between(&s, 1, 7777, true, A, 2, 0, ""); /* long ago: it is forgotten by now */
    said(&s, "10002 10.0.0.2:7777>10.0.0.1:1 midstream");
    between(&s, 10000, 7777, true, A, 2, 0, ""); /* just now */
    flush(&s, "1 FLUSHED; 10002 FLUSHED");       /* never evicted */
    stage_clear(&s);
}

/* A greeting's worth of octets from both sides, on a connection of its own port. */
static void speak(struct stage *s, uint16_t client, bool both)
{
    static const char greeting[] =
        "0123456789012345678901234567890123456789012345678901234567890123";
    between(s, client, 5555, true, S, 100, 0, "");
    between(s, client, 5555, false, SA, 500, 101, "");
    between(s, client, 5555, true, A, 101, 501, greeting);
    between(s, client, 5555, false, A, 501, 165, both ? greeting : "0123456789");
}

/* A flood of SYNs, and one of connections of which one side says half a greeting, leave those that speak alone. */
static void who_has_spoken_stays(void)
{
    struct stage s;
    stage_init(&s, &(struct zs_flow_limits){.connections = 16});
    speak(&s, 1, true);
    for (uint16_t i = 0; i < 1000; i++)
        between(&s, (uint16_t)(1000 + i), 5555, true, S, 1, 0, "");
    for (uint16_t i = 0; i < 1000; i++)
        speak(&s, (uint16_t)(2000 + i), false);
    g_string_truncate(s.said, 0);
    between(&s, 1, 5555, true, A, 165, 565, "still here");
    said(&s, "1c still here");
    stage_clear(&s);
}

/* Of those that all have spoken the one that was idle longest goes; but what the user refused goes before it. */
static void refused_goes_before_wanted(void)
{
    struct stage s;
    stage_init(&s, &(struct zs_flow_limits){.connections = 4});
    for (uint16_t i = 1; i <= 4; i++)
        speak(&s, i, true);
    s.refuse = "refused";
    between(&s, 2, 5555, true, A, 165, 565, "refused");
    g_string_truncate(s.said, 0);
    between(&s, 9, 5555, true, S, 1, 0, "");
    said(&s, "1 EVICTED; 5 10.0.0.1:9>10.0.0.2:5555");
    stage_clear(&s);
}

/* A share is a matter of the two ends, whoever speaks first, and of nothing else. */
static void hash_is_of_the_two_ends(void)
{
    struct stage s;
    uint32_t hashes[3];
    for (unsigned i = 0; i < 3; i++) {
        stage_init(&s, NULL);
        between(&s, i < 2 ? 40000 : 40001, 5555, i == 0, A, 1, 1, "x");
        GHashTableIter iter;
        gpointer conn;
        g_hash_table_iter_init(&iter, s.open);
        g_assert_true(g_hash_table_iter_next(&iter, &conn, NULL));
        hashes[i] = ((struct conn *)conn)->flow->hash;
        stage_clear(&s);
    }
    g_assert_cmpuint(hashes[0], ==, hashes[1]);
    g_assert_cmpuint(hashes[0], !=, hashes[2]);
    g_assert_cmpuint(hashes[0], ==, 0xaea58170);
}

static void pending_caps_reach_the_streams(void)
{
    struct stage s;
    stage_init(&s, &(struct zs_flow_limits){.pending_pieces = 1});
    handshake(&s);
    c2s(&s, A, 102, 501, "b");
    c2s(&s, A, 104, 501, "d");
    said(&s, "1c full; 1c gap 1; 1c b");
    stage_clear(&s);
    stage_init(&s, &(struct zs_flow_limits){.pending_octets = 1});
    handshake(&s);
    c2s(&s, A, 102, 501, "b");
    said(&s, "1c full; 1c gap 1; 1c b");
    stage_clear(&s);
    stage_init(&s, &(struct zs_flow_limits){.all_pending_octets = 1});
    handshake(&s);
    c2s(&s, A, 102, 501, "b");
    said(&s, "1c full; 1c gap 1; 1c b");
    stage_clear(&s);
}

static void free_says_nothing(void)
{
    struct stage s;
    stage_init(&s, NULL);
    handshake(&s);
    c2s(&s, A, 104, 501, "held");
    zs_flows_free(s.flows);
    said(&s, "");
    s.flows = zs_flows_new(&sink, &s, NULL);
    stage_clear(&s);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
#define CASE(name) g_test_add_func("/flow/" #name, name)
    CASE(both_sides_are_streams_of_one_connection);
    CASE(gap_and_conflict_name_their_side);
    CASE(acknowledged_hole_is_a_gap_before_the_answer);
    CASE(answer_that_was_captured_first_waits_for_its_question);
    CASE(order_outlives_what_was_lost);
    CASE(retransmission_of_what_was_acknowledged_waits_for_nothing);
    CASE(order_costs_no_octets);
    CASE(order_never_passes_the_cap);
    CASE(wait_for_the_other_side_ends_with_its_hole);
    CASE(what_the_capture_cut_off_waits_for_nothing);
    CASE(acknowledged_fins_close_in_spite_of_a_hole);
    CASE(client_is_who_sent_the_syn);
    CASE(without_syn_the_lower_port_is_the_server);
    CASE(late_syn_ends_midstream);
    CASE(new_syn_is_a_new_connection);
    CASE(rst_closes_and_flushes);
    CASE(numbers_are_tsharks);
    CASE(ports_addresses_and_family_tell_connections_apart);
    CASE(end_that_talks_to_itself);
    CASE(lost_interest_is_silent_until_closed);
    CASE(no_interest_from_the_start_is_silence);
    CASE(misplaced_segments_are_counted);
    CASE(flush_goes_by_number_and_numbers_go_on);
    CASE(full_table_lets_the_oldest_idle_go);
    CASE(flood_of_syns_leaves_the_others_alone);
    CASE(full_table_of_talkers_lets_others_in);
    CASE(connections_that_ended_take_no_place);
    CASE(who_has_spoken_stays);
    CASE(refused_goes_before_wanted);
    CASE(hash_is_of_the_two_ends);
    CASE(pending_caps_reach_the_streams);
    CASE(free_says_nothing);
    return g_test_run();
}
