/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The end of a direction, step by step, where sequence numbers begin low, in the middle and near their end. */
#include "analyzer/net/ending.h"

#include <glib.h>

static const uint32_t firsts[] = {0, UINT32_C(1) << 31, UINT32_MAX - 10};

static void segment(struct zs_ending *e, uint32_t seq, size_t n, uint8_t flags)
{
    zs_ending_segment(e, &(struct zs_tcp){.seq = seq, .length = n, .flags = flags});
}

/* A SYN before the octets from first on. */
static struct zs_ending begun(uint32_t first)
{
    struct zs_ending e = {0};
    segment(&e, first - 1, 0, ZS_TCP_SYN);
    return e;
}

#define EACH(first) for (uint32_t i_ = 0, first; i_ < 3 && (first = firsts[i_], 1); i_++)

static void in_order(void)
{
    EACH(first)
    {
        struct zs_ending e = begun(first);
        segment(&e, first, 10, ZS_TCP_ACK);
        segment(&e, first + 10, 5, ZS_TCP_ACK | ZS_TCP_FIN);
        g_assert_true(zs_ending_reached(&e));
    }
}

static void hole_before_it_is_waited_for(void)
{
    EACH(first)
    {
        struct zs_ending e = begun(first);
        segment(&e, first + 20, 5, ZS_TCP_ACK | ZS_TCP_FIN);
        segment(&e, first + 10, 10, ZS_TCP_ACK);
        g_assert_false(zs_ending_reached(&e));
        segment(&e, first, 10, ZS_TCP_ACK);
        g_assert_true(zs_ending_reached(&e));
    }
}

static void peers_ack_of_the_fin_is_enough(void)
{
    EACH(first)
    {
        struct zs_ending e = begun(first);
        segment(&e, first + 20, 5, ZS_TCP_ACK | ZS_TCP_FIN);
        zs_ending_ack(&e, first + 25);
        g_assert_false(zs_ending_reached(&e));
        zs_ending_ack(&e, first + 26);
        g_assert_true(zs_ending_reached(&e));
    }
}

static void several_holes_wait_for_the_ack(void)
{
    struct zs_ending e = begun(0);
    segment(&e, 2, 1, 0);
    segment(&e, 4, 1, 0);
    segment(&e, 5, 0, ZS_TCP_FIN);
    segment(&e, 0, 2, 0);
    segment(&e, 3, 1, 0);
    g_assert_false(zs_ending_reached(&e)); /* it is all there, but that is not known */
    zs_ending_ack(&e, 6);
    g_assert_true(zs_ending_reached(&e));
}

static void fin_out_of_the_blue_is_none(void)
{
    struct zs_ending e = begun(1000);
    segment(&e, 500, 0, ZS_TCP_FIN);
    segment(&e, 1000 + (UINT32_C(1) << 31), 0, ZS_TCP_FIN);
    zs_ending_ack(&e, 1000);
    g_assert_false(zs_ending_reached(&e));
    segment(&e, 1000, 0, ZS_TCP_FIN);
    g_assert_true(zs_ending_reached(&e));
}

static void no_fin_no_end(void)
{
    struct zs_ending e = {0};
    g_assert_false(zs_ending_reached(&e));
    segment(&e, 7, 10, ZS_TCP_ACK);
    zs_ending_ack(&e, 5000);
    g_assert_false(zs_ending_reached(&e));
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
#define CASE(name) g_test_add_func("/ending/" #name, name)
    CASE(in_order);
    CASE(hole_before_it_is_waited_for);
    CASE(peers_ack_of_the_fin_is_enough);
    CASE(several_holes_wait_for_the_ack);
    CASE(fin_out_of_the_blue_is_none);
    CASE(no_fin_no_end);
    return g_test_run();
}
