/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef ZS_CONN_STAMP_H
#define ZS_CONN_STAMP_H

#include <stdint.h>

/* The packet that completed a thing. */
struct zs_stamp {
    int64_t time_ns; /* Unix time, UTC */
    uint64_t frame;  /* packet number in the capture, from 1 */
};

#endif
