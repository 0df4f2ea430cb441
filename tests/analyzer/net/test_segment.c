/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Segments that are written are read again as they were meant, of both families, with and without octets. */
#include "analyzer/net/segment.h"

#include "analyzer/net/link.h"
#include "analyzer/net/tcp.h"
#include "tests/harness/guard.h"

#include <glib.h>
#include <pcap/dlt.h>
#include <string.h>

static const struct zs_endpoint client_4 = {.address = {192, 0, 2, 1}, .port = 40000, .family = 4},
                                server_4 = {.address = {192, 0, 2, 2}, .port = 5555, .family = 4};
static const struct zs_endpoint client_6 = {.address = {0x20, 1, 0xd, 0xb8, [15] = 1},
                                            .port = 40001,
                                            .family = 6},
                                server_6 = {.address = {0x20, 1, 0xd, 0xb8, [15] = 2},
                                            .port = 5555,
                                            .family = 6};

/* Written into memory that ends with the room for it, and read where memory ends with the frame. */
static void check(const struct zs_segment *s)
{
    uint8_t nothing[ZS_SEGMENT_ROOM] = {0};
    uint8_t *room = zs_guard_copy(nothing, sizeof nothing);
    size_t n = zs_segment_write(s, room);
    uint8_t *frame = zs_guard_copy(room, n);
    struct zs_link link;
    struct zs_ip ip;
    struct zs_tcp tcp;

    g_assert_cmpint(zs_link_parse(DLT_EN10MB, frame, n, n, &link), ==, ZS_LINK_OK);
    g_assert_cmpint(zs_ip_parse(link.ethertype, link.payload, link.captured, link.length, &ip), ==,
                    ZS_IP_OK);
    g_assert_cmpmem(ip.from, 16, s->from->address, 16);
    g_assert_cmpmem(ip.to, 16, s->to->address, 16);
    g_assert_true(zs_tcp_checksum_holds(&ip));
    g_assert_cmpint(zs_tcp_parse(ip.payload, ip.captured, ip.length, &tcp), ==, ZS_TCP_OK);
    g_assert_cmpuint(tcp.from_port, ==, s->from->port);
    g_assert_cmpuint(tcp.to_port, ==, s->to->port);
    g_assert_cmpuint(tcp.seq, ==, s->seq);
    g_assert_cmpuint(tcp.ack, ==, s->ack);
    g_assert_cmpuint(tcp.flags, ==, s->flags);
    g_assert_cmpuint(tcp.window, ==, s->window);
    g_assert_cmpmem(tcp.payload, tcp.captured, s->payload, s->n);
    g_assert_cmpuint(tcp.length, ==, s->n);
    ((uint8_t *)(uintptr_t)ip.payload)[8] ^= 1;
    g_assert_false(zs_tcp_checksum_holds(&ip));
    zs_guard_free(frame, n);
    zs_guard_free(room, sizeof nothing);
}

static void every_length_is_read_again(void)
{
    uint8_t octets[ZS_SEGMENT_MOST];
    memset(octets, 0xff, sizeof octets);
    for (size_t n = 0; n <= ZS_SEGMENT_MOST; n += n < 8 ? 1 : 179) {
        struct zs_segment s = {.from = &client_4,
                               .to = &server_4,
                               .seq = 0xfffffffe,
                               .ack = 0x80000000,
                               .flags = ZS_TCP_ACK,
                               .window = 65535,
                               .payload = octets,
                               .n = n};
        check(&s);
        s.from = &server_6;
        s.to = &client_6;
        check(&s);
    }
}

static void handshake_and_end_are_read_again(void)
{
    static const uint8_t flags[] = {ZS_TCP_SYN, ZS_TCP_SYN | ZS_TCP_ACK, ZS_TCP_ACK,
                                    ZS_TCP_FIN | ZS_TCP_ACK, ZS_TCP_RST | ZS_TCP_ACK};
    for (size_t i = 0; i < G_N_ELEMENTS(flags); i++) {
        check(&(struct zs_segment){.from = &client_4, .to = &server_4, .flags = flags[i]});
        check(&(struct zs_segment){.from = &client_6, .to = &server_6, .flags = flags[i]});
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/segment/every_length_is_read_again", every_length_is_read_again);
    g_test_add_func("/segment/handshake_and_end_are_read_again", handshake_and_end_are_read_again);
    return g_test_run();
}
