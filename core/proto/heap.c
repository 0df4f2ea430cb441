/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Buffers on the heap. They grow as octets come, never at a size that a peer announced. */
#include "core/proto/machine.h"

#include <glib.h>

enum { FIRST = 256, KEPT = 256 << 10 };

static bool grow(struct zs_buf *b, size_t n)
{
    size_t room = b->room ? b->room : MIN(FIRST, b->cap);

    while (room < n)
        room = room > b->cap / 2 ? b->cap : 2 * room;
    b->p = g_realloc(b->p, room);
    b->room = room;
    return true;
}

struct zs_buf zs_heap_buf(size_t cap)
{
    return (struct zs_buf){.cap = cap, .grow = grow};
}

void zs_heap_free(struct zs_buf *b)
{
    g_free(b->p);
    *b = zs_heap_buf(b->cap);
}

void zs_heap_reset(struct zs_buf *b)
{
    if (b->room > KEPT)
        zs_heap_free(b);
    zs_buf_cut(b, 0);
}
