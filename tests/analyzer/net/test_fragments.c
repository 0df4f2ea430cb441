/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Datagrams in parts: any order, overlaps, what is damaged, and the caps. */
#include "analyzer/net/fragments.h"

#include <glib.h>
#include <string.h>

/* n octets of text from offset on; id and time as they come. */
static struct zs_ip part(uint32_t id, uint32_t offset, const char *text, bool more)
{
    struct zs_ip ip = {.family = 4, .protocol = 6, .from = {10, 0, 0, 1}, .to = {10, 0, 0, 2}};
    ip.payload = (const uint8_t *)text;
    ip.captured = ip.length = strlen(text);
    ip.fragment = (struct zs_ip_fragment){.id = id, .offset = offset, .more = more};
    return ip;
}

static bool add(struct zs_fragments *f, struct zs_ip ip, int64_t time_ns, struct zs_ip *whole)
{
    return zs_fragments_add(f, &ip, time_ns, whole);
}

#define ADD(id, offset, text, more) add(f, part(id, offset, text, more), 0, &whole)
#define IS(text)                                                          \
    do {                                                                  \
        g_assert_cmpmem(whole.payload, whole.length, text, strlen(text)); \
        g_assert_cmpuint(whole.captured, ==, whole.length);               \
    } while (0)

static void any_order(void)
{
    static const struct {
        uint32_t offset;
        const char *text;
        bool more;
    } parts[] = {{0, "01234567", true}, {8, "89abcdef", true}, {16, "ghi", false}};
    static const unsigned orders[][3] = {{0, 1, 2}, {0, 2, 1}, {1, 0, 2},
                                         {1, 2, 0}, {2, 0, 1}, {2, 1, 0}};
    struct zs_fragments *f = zs_fragments_new();
    struct zs_ip whole;
    for (unsigned o = 0; o < G_N_ELEMENTS(orders); o++) {
        for (unsigned i = 0; i < 3; i++)
            g_assert_cmpint(ADD(7, parts[orders[o][i]].offset, parts[orders[o][i]].text,
                                parts[orders[o][i]].more),
                            ==, i == 2);
        IS("0123456789abcdefghi");
        g_assert_cmpuint(whole.fragment.offset, ==, 0);
    }
    zs_fragments_free(f);
}

static void first_octets_stay(void)
{
    struct zs_fragments *f = zs_fragments_new();
    struct zs_ip whole;
    g_assert_false(ADD(1, 8, "AAAAAAAABBBBBBBB", true));
    g_assert_false(ADD(1, 0, "01234567xxxxxxxx", true));
    g_assert_true(ADD(1, 16, "yyyyyyyyend", false));
    IS("01234567AAAAAAAABBBBBBBBend");
    zs_fragments_free(f);
}

static void datagrams_are_told_apart(void)
{
    struct zs_fragments *f = zs_fragments_new();
    struct zs_ip whole, other = part(1, 8, "other", false), six = part(1, 8, "six", false);
    other.from[0] = 11;
    six.family = 6;
    g_assert_false(ADD(1, 0, "01234567", true));
    g_assert_false(ADD(2, 8, "two", false));
    g_assert_false(add(f, other, 0, &whole));
    g_assert_false(add(f, six, 0, &whole));
    other = part(1, 8, "udp", false);
    other.protocol = 17;
    g_assert_false(add(f, other, 0, &whole));
    g_assert_true(ADD(1, 8, "one", false));
    IS("01234567one");
    zs_fragments_free(f);
}

/* IPv6: what follows is in the first part's header alone. */
static void protocol_is_the_first_parts(void)
{
    struct zs_fragments *f = zs_fragments_new();
    struct zs_ip whole, first = part(1, 0, "01234567", true), last = part(1, 8, "x", false);
    first.family = last.family = 6;
    first.protocol = 60;
    g_assert_false(add(f, first, 0, &whole));
    g_assert_true(add(f, last, 0, &whole));
    g_assert_cmpuint(whole.protocol, ==, 60);
    zs_fragments_free(f);
}

static void what_cannot_be_is_passed_over(void)
{
    struct zs_fragments *f = zs_fragments_new();
    struct zs_ip whole, cut = part(1, 8, "cut", false);
    g_assert_false(ADD(1, 0, "odd", true));
    g_assert_false(ADD(1, 0, "", false));
    g_assert_false(ADD(1, 65528, "beyond 64 KiB", false));
    g_assert_false(ADD(1, 800, "behind the end", false));
    g_assert_false(ADD(1, 0, "01234567", true));
    cut.length = 9; /* the capture lacks its end */
    g_assert_false(add(f, cut, 0, &whole));
    g_assert_false(ADD(1, 8, "89abcdefg", false)); /* the first end said 814 */
    zs_fragments_free(f);
    f = zs_fragments_new();
    g_assert_false(ADD(1, 80, "01234567",
                       true)); /* beyond the end that comes: two units there, not the right ones */
    g_assert_false(ADD(1, 8, "end", false));
    g_assert_true(ADD(1, 0, "01234567", true));
    IS("01234567end");
    zs_fragments_free(f);
}

/* Of two ends the first that came stands, and octets behind the other one were not there. */
static void one_end(void)
{
    struct zs_fragments *f = zs_fragments_new();
    struct zs_ip whole, cut = part(1, 8, "01", false);
    cut.length = 8;
    g_assert_false(add(f, cut, 0, &whole)); /* ends at 16; captured to 10, which is no unit */
    g_assert_false(ADD(1, 0, "01234567", true));
    g_assert_false(ADD(1, 8, "other", false)); /* ends at 13 */
    g_assert_true(ADD(1, 8, "89abcdef", false));
    IS("0123456789abcdef");
    zs_fragments_free(f);
}

static void waits_half_a_minute(void)
{
    const int64_t second = 1000000000;
    struct zs_fragments *f = zs_fragments_new();
    struct zs_ip whole;
    g_assert_false(add(f, part(1, 0, "01234567", true), 0, &whole));
    g_assert_true(add(f, part(1, 8, "x", false), 30 * second, &whole));
    g_assert_false(add(f, part(1, 0, "01234567", true), 0, &whole));
    g_assert_false(add(f, part(1, 8, "x", false), 31 * second, &whole));
    g_assert_true(add(f, part(1, 0, "01234567", true), 32 * second, &whole));
    g_assert_false(add(f, part(2, 0, "01234567", true), INT64_MIN + 1, &whole));
    g_assert_false(add(f, part(2, 8, "x", false), INT64_MAX, &whole));
    zs_fragments_free(f);
}

static void oldest_goes_first(void)
{
    struct zs_fragments *f = zs_fragments_new();
    struct zs_ip whole;
    for (uint32_t id = 0; id <= ZS_FRAGMENTS_DATAGRAMS; id++)
        g_assert_false(ADD(id, 0, "01234567", true));
    g_assert_true(ADD(1, 8, "x", false));
    g_assert_false(ADD(0, 8, "x", false));
    zs_fragments_free(f);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
#define CASE(name) g_test_add_func("/fragments/" #name, name)
    CASE(any_order);
    CASE(first_octets_stay);
    CASE(datagrams_are_told_apart);
    CASE(protocol_is_the_first_parts);
    CASE(what_cannot_be_is_passed_over);
    CASE(one_end);
    CASE(waits_half_a_minute);
    CASE(oldest_goes_first);
    return g_test_run();
}
