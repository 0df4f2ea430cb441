/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef ZS_WIRE_BUF_H
#define ZS_WIRE_BUF_H

/* Octets being written, up to a cap. Its error is sticky, as zs_rd's is: write every field, ask once. */
#include "core/wire/span.h"

struct zs_buf {
    uint8_t *p; /* the octets; fields: read freely, never write */
    size_t n;   /* how many there are */
    size_t room;
    size_t cap; /* room never exceeds it */
    bool full;  /* something did not fit, and nothing was written since */
    /* Makes room for n octets at least, n <= cap; false: it could not. NULL: room stays as it is. */
    bool (*grow)(struct zs_buf *b, size_t n);
};

/* Over the caller's storage, which outlives it. */
static inline struct zs_buf zs_buf(uint8_t *storage, size_t room)
{
    return (struct zs_buf){.p = storage, .room = room, .cap = room};
}

/* n octets more, at the end, for the caller to fill in; NULL, and b is full, where they do not fit. */
uint8_t *zs_buf_extend(struct zs_buf *b, size_t n);

void zs_buf_put(struct zs_buf *b, struct zs_span s);
void zs_buf_text(struct zs_buf *b, const char *text); /* without its NUL */
void zs_buf_be(struct zs_buf *b, uint64_t v, size_t octets);
/* A short string: one octet of length, then that many octets. Full where s has more than 255. */
void zs_buf_short(struct zs_buf *b, struct zs_span s);

/* Takes back what was written behind the first n octets, and with it that something did not fit. */
void zs_buf_cut(struct zs_buf *b, size_t n);

static inline struct zs_span zs_buf_span(const struct zs_buf *b)
{
    return zs_span(b->p, b->n);
}

#endif
