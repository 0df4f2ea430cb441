/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Link layers: each case whole, cut after each octet, and against an unreadable page. */
#include "analyzer/net/link.h"
#include "tests/harness/guard.h"

#include <glib.h>
#include <string.h>

// clang-format off
static const struct row {
    const char *name;
    int link_type;
    const char *header; /* n octets */
    size_t n;
    uint16_t ethertype;
} rows[] = {
#define H(octets) octets, sizeof octets - 1
    {"ethernet", 1,        H("\1\2\3\4\5\6" "\7\10\11\12\13\14" "\x08\x00"), ZS_ETHERTYPE_IPV4},
    {"ethernet_ipv6", 1,   H("\1\2\3\4\5\6" "\7\10\11\12\13\14" "\x86\xdd"), ZS_ETHERTYPE_IPV6},
    {"ethernet_arp", 1,    H("\1\2\3\4\5\6" "\7\10\11\12\13\14" "\x08\x06"), 0x0806},
    {"ieee_802_3_has_a_length", 1, H("\1\2\3\4\5\6" "\7\10\11\12\13\14" "\x05\xff"), 0},
    {"smallest_ethertype", 1, H("\1\2\3\4\5\6" "\7\10\11\12\13\14" "\x06\x00"), 0x0600},
    {"vlan", 1,            H("\1\2\3\4\5\6" "\7\10\11\12\13\14" "\x81\x00\x00\x05\x08\x00"), ZS_ETHERTYPE_IPV4},
    {"vlan_in_vlan", 1,    H("\1\2\3\4\5\6" "\7\10\11\12\13\14" "\x88\xa8\x00\x05\x81\x00\x00\x06\x86\xdd"), ZS_ETHERTYPE_IPV6},
    {"three_tags", 1,      H("\1\2\3\4\5\6" "\7\10\11\12\13\14" "\x91\x00\0\1\x88\xa8\0\2\x81\x00\0\3\x08\x00"), ZS_ETHERTYPE_IPV4},
    {"vlan_around_a_length", 1, H("\1\2\3\4\5\6" "\7\10\11\12\13\14" "\x81\x00\x00\x05\x00\x10"), 0},
    {"snap", 1,            H("\1\2\3\4\5\6" "\7\10\11\12\13\14" "\0\x40" "\xaa\xaa\3\0\0\0\x08\x00"), ZS_ETHERTYPE_IPV4},
    {"pppoe", 1,           H("\1\2\3\4\5\6" "\7\10\11\12\13\14" "\x88\x64" "\x11\0\0\1\0\x40" "\0\x21"), ZS_ETHERTYPE_IPV4},
    {"pppoe_in_vlan", 1,   H("\1\2\3\4\5\6" "\7\10\11\12\13\14" "\x81\0\0\5\x88\x64" "\x11\0\0\1\0\x40" "\x57"), ZS_ETHERTYPE_IPV6},
    {"ppp", 9,             H("\0\x21"), ZS_ETHERTYPE_IPV4},
    {"ppp_one_octet", 9,   H("\x57"), ZS_ETHERTYPE_IPV6},
    {"ppp_other", 9,       H("\xc0\x21"), 0},
    {"ppp_serial", 50,     H("\xff\3\0\x57"), ZS_ETHERTYPE_IPV6},
    {"ppp_ether", 51,      H("\x11\0\0\1\0\x40" "\0\x21"), ZS_ETHERTYPE_IPV4},
    {"ppp_pppd", 166,      H("\1\xff\3\0\x21"), ZS_ETHERTYPE_IPV4},
    {"ppp_with_dir", 204,  H("\0\xff\3\0\x21"), ZS_ETHERTYPE_IPV4},
    {"hdlc", 104,          H("\x0f\0\x08\x00"), ZS_ETHERTYPE_IPV4},
    {"sll_mechanism", 113, H("\0\0\0\1\0\6\1\2\3\4\5\6\0\0\0\4"), 4},
    {"null_little_endian", 0, H("\2\0\0\0"), ZS_ETHERTYPE_IPV4},
    {"null_big_endian", 0, H("\0\0\0\2"), ZS_ETHERTYPE_IPV4},
    {"null_linux_ipv6", 0, H("\12\0\0\0"), ZS_ETHERTYPE_IPV6},
    {"null_netbsd_ipv6", 0, H("\30\0\0\0"), ZS_ETHERTYPE_IPV6},
    {"null_freebsd_ipv6", 0, H("\34\0\0\0"), ZS_ETHERTYPE_IPV6},
    {"null_darwin_ipv6", 0, H("\36\0\0\0"), ZS_ETHERTYPE_IPV6},
    {"null_darwin_ipv6_big_endian", 0, H("\0\0\0\36"), ZS_ETHERTYPE_IPV6},
    {"null_other_family", 0, H("\7\0\0\0"), 0},
    {"null_no_family", 0,  H("\2\0\0\1"), 0},
    {"loop", 108,          H("\0\0\0\2"), ZS_ETHERTYPE_IPV4},
    {"loop_ipv6", 108,     H("\0\0\0\30"), ZS_ETHERTYPE_IPV6},
    {"sll", 113,           H("\0\0\0\1\0\6\1\2\3\4\5\6\0\0\x08\x00"), ZS_ETHERTYPE_IPV4},
    {"sll_vlan", 113,      H("\0\0\0\1\0\6\1\2\3\4\5\6\0\0\x81\x00\0\5\x86\xdd"), ZS_ETHERTYPE_IPV6},
    {"sll2", 276,          H("\x08\x00\0\0\0\0\0\1\3\4\0\6\1\2\3\4\5\6\0\0"), ZS_ETHERTYPE_IPV4},
    {"sll2_vlan", 276,     H("\x81\x00\0\0\0\0\0\1\3\4\0\6\1\2\3\4\5\6\0\0\0\5\x86\xdd"), ZS_ETHERTYPE_IPV6},
    {"ipv4", 228,          H(""), ZS_ETHERTYPE_IPV4},
    {"ipv6", 229,          H(""), ZS_ETHERTYPE_IPV6},
#undef H
};
// clang-format on

/* header + "payload", of which only the first captured octets are there. */
static enum zs_link_answer parse_cut(const struct row *row, size_t captured, struct zs_link *link)
{
    char packet[64];
    memcpy(packet, row->header, row->n);
    memcpy(packet + row->n, "payload", 7);
    uint8_t *copy = zs_guard_copy(packet, captured);
    enum zs_link_answer answer = zs_link_parse(row->link_type, copy, captured, row->n + 7, link);
    if (answer == ZS_LINK_OK) {
        g_assert_true(link->payload == copy + row->n);
        g_assert_cmpmem(link->payload, link->captured, "payload", captured - row->n);
    }
    zs_guard_free(copy, captured);
    return answer;
}

static void header_is_taken_off(const void *data)
{
    const struct row *row = data;
    struct zs_link link = {0};
    g_assert_true(zs_link_known(row->link_type));
    for (size_t cut = 0; cut < 7; cut++) {
        g_assert_cmpint(parse_cut(row, row->n + 7 - cut, &link), ==, ZS_LINK_OK);
        g_assert_cmpuint(link.ethertype, ==, row->ethertype);
        g_assert_cmpuint(link.length, ==, 7);
    }
}

static void cut_header_is_said(const void *data)
{
    const struct row *row = data;
    struct zs_link link = {.ethertype = 7};
    for (size_t captured = 0; captured < row->n; captured++) {
        g_assert_cmpint(parse_cut(row, captured, &link), ==, ZS_LINK_CUT);
        g_assert_cmpuint(link.ethertype, ==, 7); /* untouched */
    }
}

static void raw_ip_tells_its_version(void)
{
    static const int types[] = {12, 14, 101};
    static const struct {
        const char *octets;
        uint16_t ethertype;
    } versions[] = {{"\x45", ZS_ETHERTYPE_IPV4}, {"\x60", ZS_ETHERTYPE_IPV6}, {"\x50", 0}};
    for (size_t t = 0; t < G_N_ELEMENTS(types); t++) {
        for (size_t v = 0; v < G_N_ELEMENTS(versions); v++) {
            struct zs_link link;
            uint8_t *copy = zs_guard_copy(versions[v].octets, 1);
            g_assert_cmpint(zs_link_parse(types[t], copy, 1, 9, &link), ==, ZS_LINK_OK);
            g_assert_cmpuint(link.ethertype, ==, versions[v].ethertype);
            g_assert_true(link.payload == copy && link.captured == 1 && link.length == 9);
            g_assert_cmpint(zs_link_parse(types[t], copy + 1, 0, 9, &link), ==, ZS_LINK_CUT);
            zs_guard_free(copy, 1);
        }
    }
}

/* Labels do not say what is below them: its version tells. */
static void mpls_ends_at_the_bottom_of_the_stack(void)
{
    static const struct {
        int link_type;
        const char *packet;
        size_t n;
        uint16_t ethertype;
    } stacks[] = {
#define MPLS            \
    "\1\2\3\4\5\6"      \
    "\7\10\11\12\13\14" \
    "\x88\x47"
        {1,
         MPLS "\0\1\1\x40"
              "\x45",
         19, ZS_ETHERTYPE_IPV4},
        {1,
         MPLS "\0\1\0\x40"
              "\0\2\0\x40"
              "\0\3\1\x40"
              "\x60",
         27, ZS_ETHERTYPE_IPV6},
        {1,
         MPLS "\0\1\1\x40"
              "\0",
         19, 0},
        {9,
         "\2\x81"
         "\0\1\1\x40"
         "\x45",
         7, ZS_ETHERTYPE_IPV4},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(stacks); i++) {
        struct zs_link link;
        for (size_t n = 0; n < stacks[i].n; n++) {
            uint8_t *cut = zs_guard_copy(stacks[i].packet, n);
            g_assert_cmpint(zs_link_parse(stacks[i].link_type, cut, n, 90, &link), ==, ZS_LINK_CUT);
            zs_guard_free(cut, n);
        }
        uint8_t *copy = zs_guard_copy(stacks[i].packet, stacks[i].n);
        g_assert_cmpint(zs_link_parse(stacks[i].link_type, copy, stacks[i].n, 90, &link), ==,
                        ZS_LINK_OK);
        g_assert_cmpuint(link.ethertype, ==, stacks[i].ethertype);
        g_assert_true(link.payload == copy + stacks[i].n - 1);
        zs_guard_free(copy, stacks[i].n);
    }
}

static void unknown_link_type_is_said(void)
{
    struct zs_link link;
    g_assert_false(zs_link_known(105)); /* IEEE 802.11 */
    g_assert_false(zs_link_known(-1));
    g_assert_cmpint(zs_link_parse(105, (const uint8_t *)"x", 1, 1, &link), ==, ZS_LINK_UNKNOWN);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        char *name = g_strdup_printf("/link/header_is_taken_off/%s", rows[i].name);
        g_test_add_data_func(name, &rows[i], header_is_taken_off);
        g_free(name);
        name = g_strdup_printf("/link/cut_header_is_said/%s", rows[i].name);
        g_test_add_data_func(name, &rows[i], cut_header_is_said);
        g_free(name);
    }
    g_test_add_func("/link/raw_ip_tells_its_version", raw_ip_tells_its_version);
    g_test_add_func("/link/mpls_ends_at_the_bottom_of_the_stack",
                    mpls_ends_at_the_bottom_of_the_stack);
    g_test_add_func("/link/unknown_link_type_is_said", unknown_link_type_is_said);
    return g_test_run();
}
