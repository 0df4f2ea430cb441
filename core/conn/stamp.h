/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef ZS_CONN_STAMP_H
#define ZS_CONN_STAMP_H

#include <stdint.h>

/* The packet that completed a thing. */
struct zs_stamp {
    int64_t time_ns; /* Unix time, UTC */
    uint64_t frame;  /* packet number in the capture, from 1 */
};

/* A capture may say any time. What 64 bits cannot hold is the nearest that they can. */

/* ns from earlier to at; negative where packets are out of order. */
static inline int64_t zs_stamp_since(struct zs_stamp at, struct zs_stamp earlier)
{
    int64_t ns;

    if (__builtin_sub_overflow(at.time_ns, earlier.time_ns, &ns))
        return at.time_ns < 0 ? INT64_MIN : INT64_MAX;
    return ns;
}

/* The time of so many seconds and ns. */
static inline int64_t zs_stamp_ns(int64_t seconds, int32_t ns)
{
    int64_t time_ns;

    if (__builtin_mul_overflow(seconds, INT64_C(1000000000), &time_ns) ||
        __builtin_add_overflow(time_ns, ns, &time_ns))
        return seconds < 0 ? INT64_MIN : INT64_MAX;
    return time_ns;
}

#endif
