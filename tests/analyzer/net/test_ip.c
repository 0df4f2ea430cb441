/* SPDX-License-Identifier: GPL-2.0-or-later */
/* IPv4 and IPv6: each case whole, cut after each octet, and against an unreadable page. */
#include "analyzer/net/ip.h"
#include "analyzer/net/link.h"
#include "tests/harness/guard.h"

#include <glib.h>
#include <string.h>

// clang-format off
#define FROM4 "\xc0\x00\x02\x01"
#define TO4   "\xc0\x00\x02\x02"
#define FROM6 "\x20\x01\x0d\xb8" "\0\0\0\0" "\0\0\0\0" "\0\0\0\1"
#define TO6   "\x20\x01\x0d\xb8" "\0\0\0\0" "\0\0\0\0" "\0\0\0\2"
/* total and fragment are 2 octets each, payload 2 octets, next 1 octet */
#define IPV4(first, total, fragment) first "\0" total "\0\1" fragment "\x40\x06\0\0" FROM4 TO4
#define IPV6(payload, next)          "\x60\0\0\0" payload next "\x40" FROM6 TO6

static const struct row {
    const char *name;
    uint16_t ethertype;
    const char *packet; /* n octets */
    size_t n;
    enum zs_ip_answer answer;
    const char *payload; /* of the whole packet */
    uint8_t protocol;
    size_t wire; /* on the wire; 0: n */
    size_t payload_wire; /* length of the payload; 0: strlen(payload) */
} rows[] = {
#define P(octets) octets, sizeof octets - 1
#define V4 ZS_ETHERTYPE_IPV4
#define V6 ZS_ETHERTYPE_IPV6
    {"ipv4", V4,                 P(IPV4("\x45", "\0\x1b", "\0\0") "segment"), ZS_IP_OK, "segment", 6, 0, 0},
    {"ipv4_dont_fragment", V4,   P(IPV4("\x45", "\0\x1b", "\x40\0") "segment"), ZS_IP_OK, "segment", 6, 0, 0},
    {"ipv4_options", V4,         P(IPV4("\x47", "\0\x23", "\0\0") "\1\1\1\1\1\1\1\0" "segment"), ZS_IP_OK, "segment", 6, 0, 0},
    {"ipv4_padding_is_no_payload", V4, P(IPV4("\x45", "\0\x15", "\0\0") "s" "\0\0\0\0\0"), ZS_IP_OK, "s", 6, 0, 0},
    {"ipv4_nothing_in_it", V4,   P(IPV4("\x45", "\0\x14", "\0\0") "\0\0\0\0\0\0"), ZS_IP_OK, "", 6, 0, 0},
    {"ipv4_length_zero_is_the_packets", V4, P(IPV4("\x45", "\0\0", "\0\0") "segment"), ZS_IP_OK, "segment", 6, 0, 0},
    {"ipv4_length_zero_cut", V4, P(IPV4("\x45", "\0\0", "\0\0") "segment"), ZS_IP_OK, "segment", 6, 90000, 89980},
    {"ipv4_snap_length", V4,     P(IPV4("\x45", "\0\x30", "\0\0") "segment"), ZS_IP_OK, "segment", 6, 60, 28},
    {"ipv4_longer_than_the_packet", V4, P(IPV4("\x45", "\xff\xff", "\0\0") "segment"), ZS_IP_OK, "segment", 6, 0, 0},
    {"ipv4_first_fragment", V4,  P(IPV4("\x45", "\0\x1b", "\x20\0") "segment"), ZS_IP_FRAGMENT, "segment", 6, 0, 0},
    {"ipv4_last_fragment", V4,   P(IPV4("\x45", "\0\x1b", "\0\1") "segment"), ZS_IP_FRAGMENT, "segment", 6, 0, 0},
    {"ipv4_version_6", V4,       P(IPV4("\x65", "\0\x1b", "\0\0") "segment"), ZS_IP_MALFORMED, NULL, 0, 0, 0},
    {"ipv4_header_of_16", V4,    P(IPV4("\x44", "\0\x1b", "\0\0") "segment"), ZS_IP_MALFORMED, NULL, 0, 0, 0},
    {"ipv4_header_beyond_the_packet", V4, P(IPV4("\x4f", "\0\x1b", "\0\0") "segment"), ZS_IP_MALFORMED, NULL, 0, 0, 0},
    {"ipv4_total_below_the_header", V4, P(IPV4("\x45", "\0\x13", "\0\0") "segment"), ZS_IP_MALFORMED, NULL, 0, 0, 0},
    {"ipv4_runt", V4,            P("\x45\0\0\x13\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"), ZS_IP_MALFORMED, NULL, 0, 0, 0},
    {"ipv6", V6,                 P(IPV6("\0\7", "\x06") "segment"), ZS_IP_OK, "segment", 6, 0, 0},
    {"ipv6_padding_is_no_payload", V6, P(IPV6("\0\1", "\x06") "s" "\0\0\0"), ZS_IP_OK, "s", 6, 0, 0},
    {"ipv6_length_zero_is_the_packets", V6, P(IPV6("\0\0", "\x06") "segment"), ZS_IP_OK, "segment", 6, 0, 0},
    {"ipv6_snap_length", V6,     P(IPV6("\0\x30", "\x06") "segment"), ZS_IP_OK, "segment", 6, 200, 48},
    {"ipv6_udp", V6,             P(IPV6("\0\7", "\x11") "segment"), ZS_IP_OK, "segment", 17, 0, 0},
    {"ipv6_hop_by_hop", V6,      P(IPV6("\0\xf", "\0") "\6\0\1\4\0\0\0\0" "segment"), ZS_IP_OK, "segment", 6, 0, 0},
    {"ipv6_routing", V6,         P(IPV6("\0\xf", "\x2b") "\6\0\4\0\0\0\0\0" "segment"), ZS_IP_OK, "segment", 6, 0, 0},
    {"ipv6_destination_of_16", V6, P(IPV6("\0\x17", "\x3c") "\6\1\1\4\0\0\0\0\1\6\0\0\0\0\0\0" "segment"), ZS_IP_OK, "segment", 6, 0, 0},
    {"ipv6_authentication", V6,  P(IPV6("\0\x13", "\x33") "\6\1\0\0\0\0\0\1\0\0\0\2" "segment"), ZS_IP_OK, "segment", 6, 0, 0},
    {"ipv6_four_headers", V6,    P(IPV6("\0\x27", "\0") "\x3c\0\1\4\0\0\0\0" "\x2b\0\1\4\0\0\0\0" "\x2c\0\4\0\0\0\0\0" "\6\0\0\0\0\0\0\1" "segment"), ZS_IP_OK, "segment", 6, 0, 0},
    {"ipv6_fragment_that_is_whole", V6, P(IPV6("\0\xf", "\x2c") "\6\0\0\0\0\0\0\1" "segment"), ZS_IP_OK, "segment", 6, 0, 0},
    {"ipv6_fragment_reserved_bits", V6, P(IPV6("\0\xf", "\x2c") "\6\xff\0\6\0\0\0\1" "segment"), ZS_IP_OK, "segment", 6, 0, 0},
    {"ipv6_first_fragment", V6,  P(IPV6("\0\xf", "\x2c") "\6\0\0\1\0\0\0\1" "segment"), ZS_IP_FRAGMENT, "segment", 6, 0, 0},
    {"ipv6_last_fragment", V6,   P(IPV6("\0\xf", "\x2c") "\6\0\0\x08\0\0\0\1" "segment"), ZS_IP_FRAGMENT, "segment", 6, 0, 0},
    {"ipv6_extension_beyond_the_packet", V6, P(IPV6("\0\xf", "\0") "\6\xff\1\4\0\0\0\0" "segment"), ZS_IP_MALFORMED, NULL, 0, 0, 0},
    {"ipv6_extension_beyond_its_length", V6, P(IPV6("\0\4", "\0") "\6\0\1\4\0\0\0\0" "segment"), ZS_IP_MALFORMED, NULL, 0, 0, 0},
    {"ipv6_no_next_header", V6,  P(IPV6("\0\0", "\x3b") ""), ZS_IP_OK, "", 59, 0, 0},
    {"ipv6_version_4", V6,       P("\x40\0\0\0\0\7\6\x40" FROM6 TO6 "segment"), ZS_IP_MALFORMED, NULL, 0, 0, 0},
    {"ipv6_runt", V6,            P("\x60\0\0\0\0\7\6\x40" FROM6), ZS_IP_MALFORMED, NULL, 0, 0, 0},
    {"arp", 0x0806,              P("\0\1\x08\0\6\4\0\1"), ZS_IP_OTHER, NULL, 0, 0, 0},
};
// clang-format on

static void answer_of_the_whole(const void *data)
{
    const struct row *row = data;
    struct zs_ip ip = {.family = 99};
    uint8_t *copy = zs_guard_copy(row->packet, row->n);
    enum zs_ip_answer answer =
        zs_ip_parse(row->ethertype, copy, row->n, row->wire ? row->wire : row->n, &ip);
    g_assert_cmpint(answer, ==, row->answer);
    if (answer != ZS_IP_OK && answer != ZS_IP_FRAGMENT) {
        g_assert_cmpuint(ip.family, ==, 99); /* untouched */
    } else {
        bool v4 = row->ethertype == V4;
        uint8_t from[16] = {0}, to[16] = {0};
        memcpy(from, v4 ? FROM4 : FROM6, v4 ? 4 : 16);
        memcpy(to, v4 ? TO4 : TO6, v4 ? 4 : 16);
        g_assert_cmpmem(ip.from, 16, from, 16);
        g_assert_cmpmem(ip.to, 16, to, 16);
        g_assert_cmpuint(ip.family, ==, v4 ? 4 : 6);
        g_assert_cmpuint(ip.protocol, ==, row->protocol);
        g_assert_cmpmem(ip.payload, ip.captured, row->payload, strlen(row->payload));
        size_t wire = row->payload_wire ? row->payload_wire : strlen(row->payload);
        g_assert_cmpuint(ip.length, ==, wire);
    }
    zs_guard_free(copy, row->n);
}

/* A capture that was cut never makes a good packet malformed, and its payload keeps its length. */
static void cut_anywhere_is_cut_or_shorter(const void *data)
{
    const struct row *row = data;
    size_t wire = row->wire ? row->wire : row->n, payload = strlen(row->payload);
    size_t payload_wire = row->payload_wire ? row->payload_wire : payload;
    for (size_t captured = 0; captured < row->n; captured++) {
        struct zs_ip ip;
        uint8_t *copy = zs_guard_copy(row->packet, captured);
        enum zs_ip_answer answer = zs_ip_parse(row->ethertype, copy, captured, wire, &ip);
        if (answer == row->answer) {
            g_assert_cmpuint(ip.length, ==, payload_wire);
            g_assert_true(ip.payload + ip.captured <= copy + captured);
            g_assert_cmpmem(ip.payload, ip.captured, row->payload, MIN(ip.captured, payload));
        } else {
            g_assert_cmpint(answer, ==, ZS_IP_CUT);
            g_assert_cmpuint(captured, <, row->n - payload);
        }
        zs_guard_free(copy, captured);
    }
}

/* A packet that is short on the wire, too: whatever the answer, nothing outside it is read. */
static void short_packet_stays_inside(const void *data)
{
    const struct row *row = data;
    for (size_t n = 0; n < row->n; n++) {
        struct zs_ip ip;
        uint8_t *copy = zs_guard_copy(row->packet, n);
        enum zs_ip_answer answer = zs_ip_parse(row->ethertype, copy, n, n, &ip);
        g_assert_cmpint(answer, !=, ZS_IP_CUT);
        if (answer == ZS_IP_OK) {
            g_assert_cmpuint(ip.length, ==, ip.captured);
            g_assert_true(ip.payload >= copy && ip.payload + ip.captured <= copy + n);
        }
        zs_guard_free(copy, n);
    }
}

static void fragments_say_their_place(void)
{
    static const char v4[] = IPV4("\x45", "\0\x1b", "\x20\x05") "segment";
    static const char v6[] = IPV6("\0\xf", "\x2c") "\x3c\0\xff\xf8\1\2\3\4"
                                                   "segment";
    struct zs_ip ip;
    g_assert_cmpint(zs_ip_parse(V4, (const uint8_t *)v4, sizeof v4 - 1, sizeof v4 - 1, &ip), ==,
                    ZS_IP_FRAGMENT);
    g_assert_cmpuint(ip.fragment.id, ==, 1);
    g_assert_cmpuint(ip.fragment.offset, ==, 40);
    g_assert_true(ip.fragment.more);
    g_assert_cmpint(zs_ip_parse(V6, (const uint8_t *)v6, sizeof v6 - 1, sizeof v6 - 1, &ip), ==,
                    ZS_IP_FRAGMENT);
    g_assert_cmpuint(ip.fragment.id, ==, 0x01020304);
    g_assert_cmpuint(ip.fragment.offset, ==, 65528);
    g_assert_false(ip.fragment.more);
    g_assert_cmpuint(ip.protocol, ==, 60);
}

/* What a first fragment carried may begin with more extension headers. */
static void whole_datagram_goes_on_with_its_headers(void)
{
    static const uint8_t octets[] = "\6\0\1\4\0\0\0\0"
                                    "segment";
    struct zs_ip ip = {
        .family = 6, .protocol = 60, .payload = octets, .captured = 15, .length = 15};
    g_assert_cmpint(zs_ip_resume(&ip), ==, ZS_IP_OK);
    g_assert_cmpuint(ip.protocol, ==, 6);
    g_assert_cmpmem(ip.payload, ip.captured, "segment", 7);
    ip = (struct zs_ip){
        .family = 4, .protocol = 60, .payload = octets, .captured = 15, .length = 15};
    g_assert_cmpint(zs_ip_resume(&ip), ==, ZS_IP_OK);
    g_assert_cmpuint(ip.protocol, ==, 60);
}

static void add(const char *group, const struct row *row, GTestDataFunc func)
{
    char *name = g_strdup_printf("/ip/%s/%s", group, row->name);
    g_test_add_data_func(name, row, func);
    g_free(name);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        add("answer_of_the_whole", &rows[i], answer_of_the_whole);
        if (rows[i].answer == ZS_IP_OK || rows[i].answer == ZS_IP_FRAGMENT)
            add("cut_anywhere_is_cut_or_shorter", &rows[i], cut_anywhere_is_cut_or_shorter);
        if (rows[i].answer != ZS_IP_OTHER)
            add("short_packet_stays_inside", &rows[i], short_packet_stays_inside);
    }
    g_test_add_func("/ip/fragments_say_their_place", fragments_say_their_place);
    g_test_add_func("/ip/whole_datagram_goes_on_with_its_headers",
                    whole_datagram_goes_on_with_its_headers);
    return g_test_run();
}
