/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef ZS_CONN_SEQUENCE_H
#define ZS_CONN_SEQUENCE_H

/* The numbers of one side's per-message tokens (RFC 4121, 4.2.3; RFC 2743, 1.2.3): they go up by one from where the
 * handshake says. All zeros: nothing is known, and the next number is as good as any. */
#include "core/defect.h"

#include <stdbool.h>
#include <stdint.h>

struct zs_sequence {
    bool known;
    uint64_t next; /* the number that is due */
    uint64_t
        seen; /* of the 64 numbers before it those that were there; the lowest bit is next - 1 */
};

/* first is due; nothing before it was seen. */
void zs_sequence_start(struct zs_sequence *s, uint64_t first);
/* The number that is due was used, whatever it was used for. */
void zs_sequence_skip(struct zs_sequence *s);
/* number came; range is the largest that there can be, 2^n - 1. ZS_OK or ZS_E_WRAP_GAP, ZS_E_WRAP_DUPLICATE,
 * ZS_E_WRAP_REVERSAL; an earlier number than was due changes nothing about what is due. */
enum zs_rc zs_sequence_take(struct zs_sequence *s, uint64_t number, uint64_t range);

#endif
