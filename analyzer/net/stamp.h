/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef ZS_NET_STAMP_H
#define ZS_NET_STAMP_H

#include <stdint.h>

/* Where and when: the packet that completed the thing it is said of. */
struct zs_net_stamp {
    int64_t time_ns; /* Unix time, UTC */
    uint64_t frame;  /* packet number in the capture, from 1 */
};

#endif
