/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The whole way from packet to stream: what is counted where, and a real capture. */
#include "analyzer/net/reader.h"
#include "analyzer/net/timeline.h"
#include "tests/harness/guard.h"

#include <glib/gstdio.h>
#include <string.h>

/* What came out of all connections together. */
struct total {
    unsigned opened, closed, gaps, conflicts;
    GString *octets[2]; /* of each side */
    struct zs_net_stamp at;
};

static void *on_opened(void *user, const struct zs_flow *flow, const struct zs_net_stamp *at)
{
    struct total *total = user;
    (void)flow;
    (void)at;
    total->opened++;
    return total;
}

static enum zs_flow_interest on_data(void *conn, enum zs_flow_side from, const uint8_t *bytes,
                                     size_t n, const struct zs_net_stamp *at)
{
    struct total *total = conn;
    g_string_append_len(total->octets[from], (const char *)bytes, (gssize)n);
    total->at = *at;
    return ZS_FLOW_WANTED;
}

static void on_gap(void *conn, enum zs_flow_side from, uint64_t n, const struct zs_net_stamp *at)
{
    (void)from;
    (void)n;
    (void)at;
    ((struct total *)conn)->gaps++;
}

static void on_conflict(void *conn, enum zs_flow_side from, uint64_t n,
                        const struct zs_net_stamp *at)
{
    (void)from;
    (void)n;
    (void)at;
    ((struct total *)conn)->conflicts++;
}

static void on_full(void *conn, enum zs_flow_side from, const struct zs_net_stamp *at)
{
    (void)conn;
    (void)from;
    (void)at;
    g_assert_not_reached();
}

static void on_closed(void *conn, enum zs_flow_end why, const struct zs_net_stamp *at)
{
    (void)why;
    (void)at;
    ((struct total *)conn)->closed++;
}

static const struct zs_flow_sink sink = {on_opened,   on_data, on_gap,
                                         on_conflict, on_full, on_closed};

static void total_init(struct total *total)
{
    *total = (struct total){.octets = {g_string_new(NULL), g_string_new(NULL)}};
}

static void total_clear(struct total *total)
{
    g_string_free(total->octets[0], TRUE);
    g_string_free(total->octets[1], TRUE);
}

// clang-format off
#define ADDRESSES "\x0a\0\0\1" "\x0a\0\0\2"
#define IP(protocol, total)  "\x45\0\0" total "\0\0\0\0\x40" protocol "\0\0" ADDRESSES
#define FRAGMENT             "\x45\0\0\x14\0\0\x20\0\x40\x06\0\0" ADDRESSES
#define TCP(offset)          "\x9c\x40\x15\xb3\0\0\0\1\0\0\0\1" offset "\x18\2\0\0\0\0\0"
// clang-format on

/* One packet of each kind; the counter that must have counted it, and no other but packets. */
static void each_packet_counts_once(void)
{
    struct zs_net net;
    const struct zs_net_counters *c = &net.counters;
    const struct {
        const char *data;
        uint32_t captured, length;
        int link_type;
        const uint64_t *counter;
    } rows[] = {
        {IP("\x06", "\x2a") TCP("\x50") "hi", 42, 42, 101, &c->segments},
        {"\x10", 1, 1, 101, &c->not_ip},
        {IP("\x11", "\x1c") "\0\0\0\0\0\0\0\0", 28, 28, 101, &c->not_tcp},
        {FRAGMENT, 20, 20, 101, &c->fragments},
        {"", 0, 40, 101, &c->cut},                                         /* link */
        {IP("\x06", "\x2a"), 10, 42, 101, &c->cut},                        /* IP */
        {IP("\x06", "\x2a") TCP("\x50"), 30, 42, 101, &c->cut},            /* TCP */
        {"\x41", 1, 1, 101, &c->malformed},                                /* IP */
        {IP("\x06", "\x2a") TCP("\x10") "hi", 42, 42, 101, &c->malformed}, /* TCP */
        {"x", 1, 1, 105, &c->unknown},
    };
    struct total total;
    total_init(&total);
    struct zs_flows *flows = zs_flows_new(&sink, &total, NULL);
    zs_net_init(&net, flows, false);
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        struct zs_packet packet = {.time_ns = 5,
                                   .number = i + 1,
                                   .length = rows[i].length,
                                   .captured = rows[i].captured,
                                   .link_type = rows[i].link_type,
                                   .data = (const uint8_t *)rows[i].data};
        net.counters = (struct zs_net_counters){0};
        zs_net_packet(&net, &packet);
        g_assert_cmpuint(*rows[i].counter, ==, 1);
        g_assert_cmpuint(c->packets, ==, 1);
        g_assert_cmpuint(c->segments + c->not_ip + c->not_tcp + c->fragments + c->cut +
                             c->malformed + c->bad_checksum + c->unknown,
                         ==, 1);
    }
    g_assert_cmpuint(total.opened, ==, 1);
    g_assert_cmpstr(total.octets[ZS_FLOW_CLIENT]->str, ==, "hi");
    g_assert_cmpint(total.at.time_ns, ==, 5);
    g_assert_cmpuint(total.at.frame, ==, 1);
    zs_net_clear(&net);
    zs_flows_free(flows);
    total_clear(&total);
}

/* The octets on the wire beyond what was captured are a gap. */
/* One packet through a reader of its own; answers the counters. */
static struct zs_net_counters one_packet(struct total *total, int link_type, const void *data,
                                         size_t captured, size_t length, bool checksums)
{
    struct zs_flows *flows = zs_flows_new(&sink, total, NULL);
    struct zs_packet packet = {.length = (uint32_t)length, .captured = (uint32_t)captured};
    struct zs_net net;
    packet.link_type = link_type;
    packet.data = data;
    zs_net_init(&net, flows, checksums);
    zs_net_packet(&net, &packet);
    zs_net_clear(&net);
    zs_flows_free(flows);
    return net.counters;
}

static void snap_length_becomes_a_gap(void)
{
    struct total total;
    total_init(&total);
    one_packet(&total, 228, IP("\x06", "\x78") TCP("\x50") "hi", 42, 0x78, false);
    g_assert_cmpstr(total.octets[ZS_FLOW_CLIENT]->str, ==, "hi");
    g_assert_cmpuint(total.gaps, ==, 1);
    total_clear(&total);
}

static void wrong_checksum_counts_where_it_was_asked_for(void)
{
    struct total total;
    total_init(&total);
    for (int asked = 0; asked < 2; asked++) {
        struct zs_net_counters c =
            one_packet(&total, 228, IP("\x06", "\x2a") TCP("\x50") "hi", 42, 42, asked);
        g_assert_cmpuint(c.segments, ==, !asked);
        g_assert_cmpuint(c.bad_checksum, ==, asked);
    }
    total_clear(&total);
}

// clang-format off
#define ETHERNET "\1\2\3\4\5\6" "\7\10\11\12\13\14"
#define SEGMENT  IP("\x06", "\x2a") TCP("\x50") "hi"
#define IP6(next, n) "\x60\0\0\0\0" n next "\x40" "\xfd\0\0\0\0\0\0\0\0\0\0\0\0\0\0\1" "\xfd\0\0\0\0\0\0\0\0\0\0\0\0\0\0\2"
static const struct tunnelled {
    const char *name;
    int link_type;
    const char *packet;
    size_t n;
} tunnels[] = {
#define P(octets) octets, sizeof octets - 1
    {"ip_in_ip", 228,   P(IP("\x04", "\x3e") SEGMENT)},
    {"ip_in_ipv6", 229, P(IP6("\x04", "\x2a") SEGMENT)},
    {"ipv6_in_ip", 228, P(IP("\x29", "\x66") IP6("\x04", "\x2a") SEGMENT)},
    {"gre", 228,        P(IP("\x2f", "\x42") "\0\0\x08\0" SEGMENT)},
    {"gre_all_fields", 228, P(IP("\x2f", "\x4e") "\xb0\0\x08\0" "\1\2\0\0" "\0\0\0\1" "\0\0\0\2" SEGMENT)},
    {"gre_ethernet", 228, P(IP("\x2f", "\x54") "\x20\0\x65\x58" "\0\0\0\1" ETHERNET "\x08\0" SEGMENT)},
    {"erspan", 228,     P(IP("\x2f", "\x5c") "\x10\0\x88\xbe" "\0\0\0\1" "\x10\1\0\0\0\0\0\1" ETHERNET "\x08\0" SEGMENT)},
    {"erspan_1", 228,   P(IP("\x2f", "\x50") "\0\0\x88\xbe" ETHERNET "\x08\0" SEGMENT)},
    {"vxlan", 1,        P(ETHERNET "\x08\0" IP("\x11", "\x60") "\1\2\x12\xb5\0\x4c\0\0" "\x08\0\0\0\0\0\1\0" ETHERNET "\x81\0\0\5\x08\0" SEGMENT)},
    {"gre_in_mpls", 1,  P(ETHERNET "\x88\x47" "\0\1\1\x40" IP("\x2f", "\x42") "\0\0\x08\0" SEGMENT)},
#undef P
};
// clang-format on

static void tunnel_is_opened(const void *data)
{
    const struct tunnelled *t = data;
    struct total total;
    for (size_t n = 0; n <= t->n; n++) { /* cut anywhere */
        uint8_t *copy = zs_guard_copy(t->packet, n);
        total_init(&total);
        struct zs_net_counters c = one_packet(&total, t->link_type, copy, n, t->n, false);
        g_assert_cmpuint(c.segments, ==, n >= t->n - 2);
        g_assert_cmpuint(c.segments + c.cut + c.not_tcp, ==, 1);
        g_assert_cmpstr(total.octets[ZS_FLOW_CLIENT]->str, ==,
                        n == t->n       ? "hi"
                        : n == t->n - 1 ? "h"
                                        : "");
        total_clear(&total);
        zs_guard_free(copy, n);
    }
}

static void tunnels_without_end_are_given_up(void)
{
    GString *packet = g_string_new(NULL);
    struct total total;
    total_init(&total);
    for (unsigned depth = 0; depth <= ZS_NET_TUNNELS + 1; depth++) {
        struct zs_net_counters c = {0};
        g_string_assign(packet, "");
        for (unsigned i = 0; i < depth; i++)
            g_string_append_len(packet, IP("\x04", "\0"), 20); /* length 0: the packet's */
        g_string_append_len(packet, SEGMENT, 42);
        c = one_packet(&total, 228, packet->str, packet->len, packet->len, false);
        g_assert_cmpuint(c.segments, ==, depth <= ZS_NET_TUNNELS);
        g_assert_cmpuint(c.not_tcp, ==, depth > ZS_NET_TUNNELS);
    }
    total_clear(&total);
    g_string_free(packet, TRUE);
}

/* A segment in three parts, the last one first. */
static void fragments_become_a_segment(void)
{
    static const struct {
        const char *octets;
        size_t n;
    } parts[] = {
        {"\x45\0\0\x1a\0\7\0\2\x40\x06\0\0" ADDRESSES "\2\0\0\0hi", 26},
        {"\x45\0\0\x1c\0\7\x20\1\x40\x06\0\0" ADDRESSES "\0\0\0\1\x50\x18\0\0", 28},
        {"\x45\0\0\x1c\0\7\x20\0\x40\x06\0\0" ADDRESSES "\x9c\x40\x15\xb3\0\0\0\1", 28},
    };
    struct total total;
    struct zs_net net;
    total_init(&total);
    struct zs_flows *flows = zs_flows_new(&sink, &total, NULL);
    zs_net_init(&net, flows, false);
    for (size_t i = 0; i < G_N_ELEMENTS(parts); i++) {
        struct zs_packet packet = {.number = i + 1, .link_type = 228};
        packet.length = packet.captured = (uint32_t)parts[i].n;
        packet.data = (const uint8_t *)parts[i].octets;
        zs_net_packet(&net, &packet);
    }
    g_assert_cmpuint(net.counters.fragments, ==, 2);
    g_assert_cmpuint(net.counters.segments, ==, 1);
    g_assert_cmpstr(total.octets[ZS_FLOW_CLIENT]->str, ==, "hi");
    g_assert_cmpuint(total.at.frame, ==, 3);
    zs_net_clear(&net);
    zs_flows_free(flows);
    total_clear(&total);
}

/* All packets of the file to the table, which is flushed at the end. Answers what went wrong. */
static GError *read_file(const char *path, struct zs_flows *flows, struct zs_net_counters *c,
                         struct zs_net_stamp *last)
{
    struct zs_net net;
    zs_net_init(&net, flows, false);
    const char *const paths[] = {path, NULL};
    struct zs_timeline *timeline = zs_timeline_open(paths, NULL);
    struct zs_packet packet;
    while (zs_timeline_next(timeline, &packet) == ZS_CAPTURE_PACKET) {
        *last = (struct zs_net_stamp){packet.time_ns, packet.number};
        zs_net_packet(&net, &packet);
    }
    *c = net.counters;
    zs_net_clear(&net);
    zs_flows_flush(flows, last);
    const GError *error = zs_timeline_error(timeline);
    GError *copy = error ? g_error_copy(error) : NULL;
    zs_timeline_free(timeline);
    return copy;
}

static void read_capture(const char *name, struct total *total, struct zs_net_counters *c,
                         struct zs_net_stamp *last)
{
    char *path = g_build_filename(ZS_SOURCE_DIR, "captures", name, NULL);
    struct zs_flows *flows = zs_flows_new(&sink, total, NULL);
    g_assert_no_error(read_file(path, flows, c, last));
    g_assert_cmpuint(zs_flows_count(flows), ==, total->opened);
    g_assert_cmpuint(total->closed, ==, total->opened);
    zs_flows_free(flows);
    g_free(path);
}

/* A capture of loopback loses nothing: every octet of every stream is there, once. */
static void real_capture_has_no_gap(const void *name)
{
    struct total total;
    struct zs_net_counters c = {0};
    struct zs_net_stamp last = {0, 0};
    total_init(&total);
    read_capture(name, &total, &c, &last);
    g_assert_cmpuint(total.opened, >, 0);
    g_assert_cmpuint(total.gaps, ==, 0);
    g_assert_cmpuint(total.conflicts, ==, 0);
    g_assert_cmpuint(total.octets[ZS_FLOW_CLIENT]->len, >=, 10);
    g_assert_cmpuint(total.octets[ZS_FLOW_SERVER]->len, >=, 10);
    g_assert_cmpuint(c.segments, >, 0);
    g_assert_cmpuint(c.packets, ==, last.frame);
    total_clear(&total);
}

static void error_comes_after_the_packets_before_it(void)
{
    struct total whole, cut;
    struct zs_net_counters c = {0}, of_cut = {0};
    struct zs_net_stamp last = {0, 0}, last_of_cut = {0, 0};
    total_init(&whole);
    total_init(&cut);
    read_capture("reqrep.pcap", &whole, &c, &last);
    char *from = g_build_filename(ZS_SOURCE_DIR, "captures", "reqrep.pcap", NULL), *octets;
    gsize n;
    g_assert_true(g_file_get_contents(from, &octets, &n, NULL));
    char *to;
    g_assert_true(g_close(g_file_open_tmp("zs-reader-XXXXXX", &to, NULL), NULL));
    g_assert_true(g_file_set_contents(to, octets, (gssize)n - 1, NULL));
    struct zs_flows *flows = zs_flows_new(&sink, &cut, NULL);
    GError *error = read_file(to, flows, &of_cut, &last_of_cut);
    g_assert_error(error, ZS_CAPTURE_ERROR, ZS_CAPTURE_ERROR_CUT);
    g_assert_cmpuint(of_cut.packets, ==, c.packets - 1);
    g_assert_cmpuint(last_of_cut.frame, ==, last.frame - 1);
    g_error_free(error);
    zs_flows_free(flows);
    g_unlink(to);
    g_free(octets);
    g_free(from);
    g_free(to);
    total_clear(&whole);
    total_clear(&cut);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/reader/each_packet_counts_once", each_packet_counts_once);
    g_test_add_func("/reader/snap_length_becomes_a_gap", snap_length_becomes_a_gap);
    g_test_add_func("/reader/wrong_checksum_counts_where_it_was_asked_for",
                    wrong_checksum_counts_where_it_was_asked_for);
    for (size_t i = 0; i < G_N_ELEMENTS(tunnels); i++) {
        char *name = g_strdup_printf("/reader/tunnel_is_opened/%s", tunnels[i].name);
        g_test_add_data_func(name, &tunnels[i], tunnel_is_opened);
        g_free(name);
    }
    g_test_add_func("/reader/tunnels_without_end_are_given_up", tunnels_without_end_are_given_up);
    g_test_add_func("/reader/fragments_become_a_segment", fragments_become_a_segment);
    g_test_add_data_func("/reader/real_capture_has_no_gap/ethernet", "reqrep.pcap",
                         real_capture_has_no_gap);
    g_test_add_data_func("/reader/real_capture_has_no_gap/megabytes", "push-pull.pcap",
                         real_capture_has_no_gap);
    g_test_add_data_func("/reader/real_capture_has_no_gap/cooked", "reqrep-aes128.pcap",
                         real_capture_has_no_gap);
    g_test_add_data_func("/reader/real_capture_has_no_gap/pcapng", "several.pcapng",
                         real_capture_has_no_gap);
    g_test_add_func("/reader/error_comes_after_the_packets_before_it",
                    error_comes_after_the_packets_before_it);
    return g_test_run();
}
