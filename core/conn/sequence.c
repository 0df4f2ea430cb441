/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Sequence numbers as RFC 2743, 1.2.3 tells them apart: a gap, a duplicate, one that comes late.
 *
 * Limits: which numbers were there is known of the last 64. An earlier one than these counts as late. */
#include "core/conn/sequence.h"

enum { WINDOW = 64 };

void zs_sequence_start(struct zs_sequence *s, uint64_t first)
{
    *s = (struct zs_sequence){.known = true, .next = first};
}

void zs_sequence_skip(struct zs_sequence *s)
{
    s->next++;
    s->seen = s->seen << 1 | 1;
}

static enum zs_rc take_earlier(struct zs_sequence *s, uint64_t behind)
{
    uint64_t bit = behind <= WINDOW ? UINT64_C(1) << (behind - 1) : 0;
    bool again = s->seen & bit;

    s->seen |= bit;
    return again ? ZS_E_WRAP_DUPLICATE : ZS_E_WRAP_REVERSAL;
}

enum zs_rc zs_sequence_take(struct zs_sequence *s, uint64_t number, uint64_t range)
{
    uint64_t ahead = (number - s->next) & range;

    if (!s->known)
        zs_sequence_start(s, number);
    else if (ahead > range >> 1)
        return take_earlier(s, (s->next - number) & range);
    else if (ahead) {
        s->seen = ahead < WINDOW ? s->seen << ahead : 0;
        s->next = number;
        zs_sequence_skip(s);
        return ZS_E_WRAP_GAP;
    }
    zs_sequence_skip(s);
    return ZS_OK;
}
