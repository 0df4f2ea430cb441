/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Octets being written. */
#include "core/wire/buf.h"

enum { SHORT_MAX = 255 };

uint8_t *zs_buf_extend(struct zs_buf *b, size_t n)
{
    if (b->full || n > b->cap - b->n ||
        (n > b->room - b->n && !(b->grow && b->grow(b, b->n + n)))) {
        b->full = true;
        return NULL;
    }
    b->n += n;
    return b->p + (b->n - n);
}

void zs_buf_put(struct zs_buf *b, struct zs_span s)
{
    uint8_t *p = s.n ? zs_buf_extend(b, s.n) : NULL;

    if (p)
        memcpy(p, s.p, s.n);
}

void zs_buf_text(struct zs_buf *b, const char *text)
{
    zs_buf_put(b, zs_span(text, strlen(text)));
}

void zs_buf_be(struct zs_buf *b, uint64_t v, size_t octets)
{
    uint8_t *p = zs_buf_extend(b, octets);

    for (size_t i = 0; p && i < octets; i++)
        p[i] = (uint8_t)(v >> 8 * (octets - 1 - i));
}

void zs_buf_short(struct zs_buf *b, struct zs_span s)
{
    if (s.n > SHORT_MAX) {
        b->full = true;
        return;
    }
    zs_buf_be(b, s.n, 1);
    zs_buf_put(b, s);
}

void zs_buf_cut(struct zs_buf *b, size_t n)
{
    b->n = n;
    b->full = false;
}
