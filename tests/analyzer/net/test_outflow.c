/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Connections that are written are found again by the connection table: the same streams, gaps and ends, at their times;
 * and every segment but the last of a piece is full. */
#include "analyzer/net/outflow.h"

#include "analyzer/net/capture.h"
#include "analyzer/net/reader.h"

#include <glib.h>
#include <glib/gstdio.h>
#include <string.h>
#include <unistd.h>

/* What the table said, as words. */
struct heard {
    GString *said;
    uint64_t packets, octets; /* segments' with octets, and their sum */
};

static struct heard heard;
static char *path;

static void *on_opened(void *user, const struct zs_flow *flow, const struct zs_net_stamp *at)
{
    (void)user;
    g_string_append_printf(heard.said, "%s %u>%u at %d; ", flow->midstream ? "midstream" : "open",
                           flow->client.port, flow->server.port, (int)at->time_ns);
    return (void *)(uintptr_t)flow;
}

static enum zs_flow_interest on_data(void *conn, enum zs_flow_side from, const uint8_t *bytes,
                                     size_t n, const struct zs_net_stamp *at)
{
    (void)conn;
    heard.packets++;
    heard.octets += n;
    if (n < 10)
        g_string_append_printf(heard.said, "%c '%.*s' at %d; ", from == ZS_FLOW_CLIENT ? 'c' : 's',
                               (int)n, (const char *)bytes, (int)at->time_ns);
    return ZS_FLOW_WANTED;
}

static void on_gap(void *conn, enum zs_flow_side from, uint64_t n, const struct zs_net_stamp *at)
{
    (void)conn;
    (void)at;
    g_string_append_printf(heard.said, "%c lacks %d; ", from == ZS_FLOW_CLIENT ? 'c' : 's', (int)n);
}

static void on_nothing(void *conn, enum zs_flow_side from, uint64_t n,
                       const struct zs_net_stamp *at)
{
    (void)conn;
    (void)from;
    (void)n;
    (void)at;
    g_assert_not_reached();
}

static void on_full(void *conn, enum zs_flow_side from, const struct zs_net_stamp *at)
{
    on_nothing(conn, from, 0, at);
}

static void on_closed(void *conn, enum zs_flow_end why, const struct zs_net_stamp *at)
{
    static const char *const names[] = {"fin", "rst", "reused", "evicted", "flushed"};
    const struct zs_flow *flow = conn;
    g_string_append_printf(heard.said, "%s", names[why]);
    if (why <= ZS_FLOW_RST)
        g_string_append_printf(heard.said, " by %c at %d",
                               flow->ended_by == ZS_FLOW_CLIENT ? 'c' : 's', (int)at->time_ns);
    g_string_append(heard.said, "; ");
    g_assert_cmpuint(flow->misplaced, ==, 0);
}

static const struct zs_flow_sink sink = {.opened = on_opened,
                                         .data = on_data,
                                         .gap = on_gap,
                                         .conflict = on_nothing,
                                         .full = on_full,
                                         .closed = on_closed};

static struct zs_outflows *begin(void)
{
    struct zs_outflows *f = g_new0(struct zs_outflows, 1);
    close(g_file_open_tmp("outflow-XXXXXX", &path, NULL));
    f->blocks.out = fopen(path, "wb");
    zs_outflows_begin(f, "a comment");
    return f;
}

/* Reads what was written; every checksum counts. */
static void end(struct zs_outflows *f)
{
    struct zs_flows *flows = zs_flows_new(&sink, NULL, NULL);
    struct zs_net net;
    struct zs_packet packet;
    GError *error = NULL;
    enum zs_capture_answer answer;

    g_assert_cmpint(fclose(f->blocks.out), ==, 0);
    struct zs_capture *capture = zs_capture_open(path, 0, NULL, &error);
    g_assert_no_error(error);
    heard = (struct heard){.said = g_string_new(NULL)};
    zs_net_init(&net, flows, true);
    while ((answer = zs_capture_next(capture, &packet, &error)) == ZS_CAPTURE_PACKET)
        zs_net_packet(&net, &packet);
    g_assert_no_error(error);
    g_assert_cmpint(answer, ==, ZS_CAPTURE_END);
    g_assert_cmpuint(net.counters.segments, ==, f->packets);
    zs_flows_flush(flows, &(struct zs_net_stamp){0});
    zs_flows_free(flows);
    zs_net_clear(&net);
    zs_capture_close(capture);
    g_unlink(path);
    g_free(path);
    g_free(f);
}

static void expect(const char *said)
{
    g_assert_cmpstr(heard.said->str, ==, said);
    g_string_free(heard.said, TRUE);
}

static const struct zs_flow first = {
    .number = 1,
    .client = {.address = {192, 0, 2, 1}, .port = 40000, .family = 4},
    .server = {.address = {192, 0, 2, 2}, .port = 5555, .family = 4},
};

static void say(struct zs_outflows *f, struct zs_outflow *o, enum zs_flow_side from,
                const char *text, int64_t at)
{
    zs_outflow_put(f, o, from, (const uint8_t *)text, strlen(text), at);
    zs_outflow_send(f, o, from, at, "said");
}

static void both_streams_are_found_again(void)
{
    struct zs_outflows *f = begin();
    struct zs_outflow o;
    zs_outflow_open(f, &o, &first, 1, NULL);
    say(f, &o, ZS_FLOW_CLIENT, "hello", 2);
    zs_outflow_put(f, &o, ZS_FLOW_SERVER, (const uint8_t *)"wor", 3, 3);
    say(f, &o, ZS_FLOW_SERVER, "ld", 3);
    zs_outflow_send(f, &o, ZS_FLOW_SERVER, 4, "nothing was said");
    zs_outflow_send(f, &o, ZS_FLOW_SERVER, 4, "nor here");
    zs_outflow_close(f, &o, ZS_FLOW_FIN, ZS_FLOW_SERVER, 5, "ended");
    end(f);
    expect("open 40000>5555 at 1; c 'hello' at 2; s 'world' at 3; fin by s at 5; ");
}

static void ports_that_are_used_again_are_another_connection(void)
{
    struct zs_outflows *f = begin();
    struct zs_outflow o;
    struct zs_flow second = first;
    second.number = 2;
    zs_outflow_open(f, &o, &first, 1, NULL);
    say(f, &o, ZS_FLOW_CLIENT, "a", 2);
    zs_outflow_close(f, &o, ZS_FLOW_RST, ZS_FLOW_SERVER, 3, NULL);
    zs_outflow_open(f, &o, &second, 4, NULL);
    say(f, &o, ZS_FLOW_CLIENT, "b", 5);
    zs_outflow_close(f, &o, ZS_FLOW_EVICTED, ZS_FLOW_SERVER, 6, NULL);
    second.number = 3;
    zs_outflow_open(f, &o, &second, 7, NULL);
    zs_outflow_close(f, &o, ZS_FLOW_FLUSHED, ZS_FLOW_SERVER, 8, NULL);
    end(f);
    expect(
        "open 40000>5555 at 1; c 'a' at 2; rst by s at 3; open 40000>5555 at 4; c 'b' at 5; reused; "
        "open 40000>5555 at 7; flushed; ");
}

static void beginning_that_was_not_seen_and_gap_are_not_made_up(void)
{
    struct zs_outflows *f = begin();
    struct zs_outflow o;
    struct zs_flow flow = first;
    flow.midstream = true;
    zs_outflow_open(f, &o, &flow, 1, "its beginning is not in the capture");
    say(f, &o, ZS_FLOW_SERVER, "a", 2);
    zs_outflow_skip(&o, ZS_FLOW_SERVER, 70000);
    say(f, &o, ZS_FLOW_SERVER, "b", 3);
    end(f); /* where the table gives the hole up */
    expect("midstream 40000>5555 at 1; s 'a' at 2; s lacks 70000; s 'b' at 3; flushed; ");
}

/* 16 MiB and an octet, of one side: segments are full, and somebody acknowledges them in time. */
static void large_piece_is_cut_and_acknowledged(void)
{
    const size_t n = (16 << 20) + 1;
    uint8_t *octets = g_malloc0(n);
    struct zs_outflows *f = begin();
    struct zs_outflow o;
    struct zs_flow flow = first;
    flow.number = UINT64_C(0xffffffff0000);
    zs_outflow_open(f, &o, &flow, 1, NULL);
    uint64_t before = f->packets;
    zs_outflow_put(f, &o, ZS_FLOW_CLIENT, octets, n, 2);
    zs_outflow_send(f, &o, ZS_FLOW_CLIENT, 2, "large");
    uint64_t segments = (n + ZS_SEGMENT_MOST - 1) / ZS_SEGMENT_MOST;
    g_assert_cmpuint(f->packets - before, ==, segments + segments / 32);
    end(f);
    g_assert_cmpuint(heard.packets, ==, segments);
    g_assert_cmpuint(heard.octets, ==, n);
    g_string_free(heard.said, TRUE);
    g_free(octets);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/outflow/both_streams_are_found_again", both_streams_are_found_again);
    g_test_add_func("/outflow/ports_that_are_used_again_are_another_connection",
                    ports_that_are_used_again_are_another_connection);
    g_test_add_func("/outflow/beginning_that_was_not_seen_and_gap_are_not_made_up",
                    beginning_that_was_not_seen_and_gap_are_not_made_up);
    g_test_add_func("/outflow/large_piece_is_cut_and_acknowledged",
                    large_piece_is_cut_and_acknowledged);
    return g_test_run();
}
