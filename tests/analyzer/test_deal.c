/* SPDX-License-Identifier: GPL-2.0-or-later */
/* analyzer/deal.c: whoever asks first and however far behind the others are, each connection is one share's. */
#include "analyzer/deal.h"

#include <glib.h>

enum { SHARES = 3, MANY = 3000, PACKETS = 10 /* of a connection */ };

/* Share asks for connections from … to, one every PACKETS packets; answers how many it was given, and marks them. */
static unsigned ask(struct zs_deal *d, unsigned share, unsigned from, unsigned to, uint8_t *takers)
{
    unsigned given = 0;

    for (unsigned c = from; c <= to; c++)
        if (zs_deal_takes(d, share, c, (uint64_t)c * PACKETS)) {
            takers[c]++;
            given++;
        }
    return given;
}

static void each_is_taken_once(const uint8_t *takers, unsigned from, unsigned to)
{
    for (unsigned c = from; c <= to && !g_test_failed(); c++)
        g_assert_cmpuint(takers[c], ==, 1);
}

static void side_by_side_shares_are_even(void)
{
    struct zs_deal *d = zs_deal_new(SHARES);
    uint8_t takers[MANY + 1] = {0};
    unsigned given[SHARES] = {0};

    for (unsigned c = 1; c <= MANY; c++)
        for (unsigned i = 0; i < SHARES; i++) {
            unsigned share = (c + i) % SHARES;
            given[share] += ask(d, share, c, c, takers);
        }
    each_is_taken_once(takers, 1, MANY);
    for (unsigned i = 0; i < SHARES;
         i++) /* the first round lacks number 0, and the last one its end */
        g_assert_cmpuint(given[i] + 1 - MANY / SHARES, <=, 2);
    zs_deal_free(d);
}

static void in_a_row_of_as_many_as_shares_each_gets_one(void)
{
    struct zs_deal *d = zs_deal_new(SHARES);
    uint8_t takers[MANY + 1] = {0};

    for (unsigned c = SHARES; c + SHARES <= MANY; c += SHARES)
        for (unsigned i = 0; i < SHARES; i++)
            g_assert_cmpuint(ask(d, i, c, c + SHARES - 1, takers), ==, 1);
    zs_deal_free(d);
}

static void who_lags_loses_some(void)
{
    enum { TOGETHER = 1000, REST = MANY - TOGETHER };
    struct zs_deal *d = zs_deal_new(2);
    uint8_t takers[MANY + 1] = {0};

    ask(d, 0, 1, TOGETHER, takers);
    ask(d, 1, 1, TOGETHER, takers);
    /* Far ahead it takes what is the other's, too, but not without end. */
    unsigned first = ask(d, 0, TOGETHER + 1, MANY, takers);
    unsigned second = ask(d, 1, TOGETHER + 1, MANY, takers);
    g_assert_cmpuint(first, >, REST * 2 / 3);
    g_assert_cmpuint(second, >, REST / 4);
    each_is_taken_once(takers, 1, MANY);
    zs_deal_free(d);
}

static void who_has_not_begun_loses_nothing(void)
{
    struct zs_deal *d = zs_deal_new(2);
    uint8_t takers[MANY + 1] = {0};

    g_assert_cmpuint(ask(d, 0, 2, MANY - 1, takers), ==, MANY / 2 - 1);
    g_assert_cmpuint(ask(d, 1, 2, MANY - 1, takers), ==, MANY / 2 - 1);
    each_is_taken_once(takers, 2, MANY - 1);
    zs_deal_free(d);
}

static void past_the_last_claim_all_are_taken(void)
{
    struct zs_deal *d = zs_deal_new(2);
    const uint64_t far = UINT64_C(1) << 40;

    for (uint64_t c = far; c < far + MANY && !g_test_failed(); c++)
        g_assert_cmpuint(zs_deal_takes(d, 0, c, c) + zs_deal_takes(d, 1, c, c), ==, 1);
    zs_deal_free(d);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_set_nonfatal_assertions();
#define FACT(f) g_test_add_func("/deal/" #f, f)
    FACT(side_by_side_shares_are_even);
    FACT(in_a_row_of_as_many_as_shares_each_gets_one);
    FACT(who_lags_loses_some);
    FACT(who_has_not_begun_loses_nothing);
    FACT(past_the_last_claim_all_are_taken);
#undef FACT
    return g_test_run();
}
