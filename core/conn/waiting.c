/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The large ones are in a list, in no order: looking for the largest costs as many steps as it has elements, and gives
 * back at least ZS_WAITER_LARGE octets. */
#include "core/conn/waiting.h"

static void enlist(struct zs_waiting *w, struct zs_waiter *x)
{
    x->before = NULL;
    x->behind = w->large;
    if (w->large)
        w->large->before = x;
    w->large = x;
}

static void delist(struct zs_waiting *w, struct zs_waiter *x)
{
    if (x->before)
        x->before->behind = x->behind;
    else
        w->large = x->behind;
    if (x->behind)
        x->behind->before = x->before;
}

void zs_waiting_note(struct zs_waiting *w, struct zs_waiter *x, size_t n)
{
    bool was_large = x->n >= ZS_WAITER_LARGE, is_large = n >= ZS_WAITER_LARGE;

    w->n = w->n - x->n + n;
    x->n = n;
    if (is_large && !was_large)
        enlist(w, x);
    if (was_large && !is_large)
        delist(w, x);
}

struct zs_waiter *zs_waiting_largest(const struct zs_waiting *w)
{
    struct zs_waiter *largest = w->large;

    for (struct zs_waiter *x = w->large; x; x = x->behind)
        if (x->n > largest->n)
            largest = x;
    return largest;
}
