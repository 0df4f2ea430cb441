/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The whole of analyzer/net but the file: packets in, streams out, with caps so small that they are
 * reached. Input: records of link type (row of a table; high bits: time that passed), octets on the
 * wire beyond those captured, length in two octets, packet. */
#include "analyzer/net/reader.h"

#include "tests/fuzz/fuzz.h"

enum { CONNECTIONS = 4 };

struct conn {
    const struct zs_flow *flow;
    bool open, refused;
    uint64_t octets; /* handed out, both sides */
};

struct run {
    struct conn conns[256]; /* by number modulo this: far more than can be open at once */
    unsigned open;
    uint64_t frame; /* of the packet on its way */
};

static struct run *current;

static void check_stamp(const struct zs_net_stamp *at)
{
    FUZZ_CHECK(at->frame == current->frame);
}

static void *on_opened(void *user, const struct zs_flow *flow, const struct zs_net_stamp *at)
{
    struct conn *conn = &current->conns[flow->number % 256];
    FUZZ_CHECK(user == current && !conn->open);
    FUZZ_CHECK(++current->open <= CONNECTIONS);
    check_stamp(at);
    *conn = (struct conn){.flow = flow, .open = true};
    return conn;
}

/* Some connections lose their user: after their first octet, by that octet. */
static enum zs_flow_interest on_data(void *user, enum zs_flow_side from, const uint8_t *bytes,
                                     size_t n, const struct zs_net_stamp *at)
{
    struct conn *conn = user;
    static volatile uint8_t sink;
    FUZZ_CHECK(conn->open && !conn->refused && n > 0 && from <= ZS_FLOW_SERVER);
    check_stamp(at);
    for (size_t i = 0; i < n; i++)
        sink = bytes[i];
    (void)sink;
    conn->refused = conn->octets == 0 && bytes[0] == '!';
    conn->octets += n;
    return conn->refused ? ZS_FLOW_REFUSED : ZS_FLOW_WANTED;
}

static void on_hole(void *user, enum zs_flow_side from, uint64_t n, const struct zs_net_stamp *at)
{
    struct conn *conn = user;
    FUZZ_CHECK(conn->open && !conn->refused && n > 0 && from <= ZS_FLOW_SERVER);
    check_stamp(at);
}

static void on_full(void *user, enum zs_flow_side from, const struct zs_net_stamp *at)
{
    on_hole(user, from, 1, at);
}

static void on_closed(void *user, enum zs_flow_end why, const struct zs_net_stamp *at)
{
    struct conn *conn = user;
    FUZZ_CHECK(conn->open && why <= ZS_FLOW_FLUSHED);
    FUZZ_CHECK(current->open-- > 0);
    check_stamp(at);
    conn->open = false;
}

static const struct zs_flow_sink sink = {on_opened, on_data, on_hole, on_hole, on_full, on_closed};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const int link_types[16] = {1,   0,  12,  101, 108, 113, 228, 229,
                                       276, 14, 105, 9,   50,  51,  104, 166};
    const struct zs_flow_limits limits = {.connections = CONNECTIONS,
                                          .pending_octets = 2000,
                                          .pending_pieces = 4,
                                          .all_pending_octets = 5000};
    struct run run = {0};
    current = &run;
    struct zs_net net;
    struct zs_net_stamp last = {0};
    struct zs_flows *flows = zs_flows_new(&sink, &run, &limits);
    zs_net_init(&net, flows, size % 2);
    for (; size >= 4; run.frame = last.frame) {
        uint32_t n = (uint32_t)(data[2] << 8 | data[3]);
        struct zs_packet packet = {.link_type = link_types[data[0] & 15], .data = data + 4};
        packet.captured = n < size - 4 ? n : (uint32_t)(size - 4);
        packet.length = packet.captured + 8 * data[1];
        packet.number = last.frame = run.frame = last.frame + 1;
        packet.time_ns = last.time_ns += (data[0] >> 4) * INT64_C(100000000);
        zs_net_packet(&net, &packet);
        size -= 4 + packet.captured;
        data += 4 + packet.captured;
    }
    const struct zs_net_counters *c = &net.counters;
    FUZZ_CHECK(c->packets == last.frame);
    FUZZ_CHECK(c->segments + c->not_ip + c->not_tcp + c->fragments + c->cut + c->malformed +
                   c->bad_checksum + c->unknown ==
               c->packets);
    zs_net_clear(&net);
    zs_flows_flush(flows, &last);
    FUZZ_CHECK(run.open == 0);
    zs_flows_free(flows);
    return 0;
}
