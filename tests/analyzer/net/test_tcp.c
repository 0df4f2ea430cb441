/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The TCP header: whole, cut after each octet, and against an unreadable page. */
#include "analyzer/net/tcp.h"
#include "tests/harness/guard.h"

#include <glib.h>
#include <string.h>

/* ports 40000 and 5555, seq 0x01020304, ack 0xfffefdfc, PSH and ACK, window 512 */
#define SEGMENT(offset) "\x9c\x40\x15\xb3\1\2\3\4\xff\xfe\xfd\xfc" offset "\x18\2\0\0\0\0\0"
#define OPTIONS         "\1\1\x08\x0a\0\0\0\1\0\0\0\2"

static enum zs_tcp_answer parse(const char *segment, size_t captured, size_t length,
                                struct zs_tcp *tcp)
{
    uint8_t *copy = zs_guard_copy(segment, captured);
    enum zs_tcp_answer answer = zs_tcp_parse(copy, captured, length, tcp);
    if (answer == ZS_TCP_OK) {
        g_assert_true(tcp->payload + tcp->captured == copy + captured);
        g_assert_cmpmem(tcp->payload, tcp->captured, "payload", tcp->captured);
    }
    zs_guard_free(copy, captured);
    return answer;
}

static void fields_are_read(void)
{
    static const char segment[] = SEGMENT("\x80") OPTIONS "payload";
    struct zs_tcp tcp;
    g_assert_cmpint(parse(segment, 39, 39, &tcp), ==, ZS_TCP_OK);
    g_assert_cmpuint(tcp.from_port, ==, 40000);
    g_assert_cmpuint(tcp.to_port, ==, 5555);
    g_assert_cmpuint(tcp.seq, ==, 0x01020304);
    g_assert_cmpuint(tcp.ack, ==, 0xfffefdfc);
    g_assert_cmpuint(tcp.flags, ==, 0x18);
    g_assert_cmpuint(tcp.window, ==, 512);
    g_assert_cmpuint(tcp.captured, ==, 7);
    g_assert_cmpuint(tcp.length, ==, 7);
}

/* Ports and numbers are enough: options that were cut off cost nothing. */
static void cut_behind_the_fixed_header_is_read(void)
{
    static const char segment[] = SEGMENT("\x80") OPTIONS "payload";
    struct zs_tcp tcp;
    for (size_t captured = 0; captured < 39; captured++) {
        enum zs_tcp_answer answer = parse(segment, captured, 39, &tcp);
        g_assert_cmpint(answer, ==, captured < 20 ? ZS_TCP_CUT : ZS_TCP_OK);
        if (answer == ZS_TCP_OK) {
            g_assert_cmpuint(tcp.captured, ==, captured > 32 ? captured - 32 : 0);
            g_assert_cmpuint(tcp.length, ==, 7);
        }
    }
}

static void header_length_that_cannot_be(void)
{
    struct zs_tcp tcp = {.from_port = 99};
    g_assert_cmpint(parse(SEGMENT("\x40") "payload", 27, 27, &tcp), ==, ZS_TCP_MALFORMED);
    g_assert_cmpint(parse(SEGMENT("\x00") "payload", 27, 27, &tcp), ==, ZS_TCP_MALFORMED);
    g_assert_cmpint(parse(SEGMENT("\x70") "payload", 27, 27, &tcp), ==, ZS_TCP_MALFORMED);
    g_assert_cmpint(parse(SEGMENT("\xf0") "payload", 27, 27, &tcp), ==, ZS_TCP_MALFORMED);
    g_assert_cmpuint(tcp.from_port, ==, 99); /* untouched */
}

static void segment_shorter_than_a_header(void)
{
    struct zs_tcp tcp;
    for (size_t n = 0; n < 20; n++)
        g_assert_cmpint(parse(SEGMENT("\x50"), n, n, &tcp), ==, ZS_TCP_MALFORMED);
    g_assert_cmpint(parse(SEGMENT("\x50"), 20, 20, &tcp), ==, ZS_TCP_OK);
    g_assert_cmpuint(tcp.length, ==, 0);
}

/* Of all 65536 values one holds; for 127.0.0.1 on both sides it is 286D. */
static void checksum_is_looked_at(void)
{
    uint8_t segment[] = SEGMENT("\x50") "odd";
    struct zs_ip ip = {.family = 4, .payload = segment, .captured = 23, .length = 23};
    memcpy(ip.from, "\x7f\0\0\1", 4);
    memcpy(ip.to, "\x7f\0\0\1", 4);
    for (int family = 4; family <= 6; family += 2) {
        unsigned good = 0;
        ip.family = (uint8_t)family;
        for (unsigned sum = 0; sum < 0x10000; sum++) {
            segment[16] = (uint8_t)(sum >> 8);
            segment[17] = (uint8_t)sum;
            good += zs_tcp_checksum_holds(&ip);
        }
        g_assert_cmpuint(good, ==, 1);
    }
    segment[16] = 0x28;
    segment[17] = 0x6d;
    ip.family = 4;
    g_assert_true(zs_tcp_checksum_holds(&ip));
    segment[0] ^= 1;
    g_assert_false(zs_tcp_checksum_holds(&ip));
    ip.length = 24; /* one octet is missing: nobody can tell */
    g_assert_true(zs_tcp_checksum_holds(&ip));
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/tcp/fields_are_read", fields_are_read);
    g_test_add_func("/tcp/cut_behind_the_fixed_header_is_read",
                    cut_behind_the_fixed_header_is_read);
    g_test_add_func("/tcp/header_length_that_cannot_be", header_length_that_cannot_be);
    g_test_add_func("/tcp/checksum_is_looked_at", checksum_is_looked_at);
    g_test_add_func("/tcp/segment_shorter_than_a_header", segment_shorter_than_a_header);
    return g_test_run();
}
