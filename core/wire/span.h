/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef ZS_WIRE_SPAN_H
#define ZS_WIRE_SPAN_H

/* Borrowed octets, and a cursor over them whose error is sticky: read every field, ask once. */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* n octets at p, owned by somebody else. p may be NULL where n is 0. */
struct zs_span {
    const uint8_t *p;
    size_t n;
};

static inline struct zs_span zs_span(const void *p, size_t n)
{
    return (struct zs_span){.p = p, .n = n};
}

/* s without its first n octets; n <= s.n. */
static inline struct zs_span zs_span_skip(struct zs_span s, size_t n)
{
    return n ? zs_span(s.p + n, s.n - n) : s;
}

static inline bool zs_span_equal(struct zs_span a, struct zs_span b)
{
    return a.n == b.n && (a.n == 0 || memcmp(a.p, b.p, a.n) == 0);
}

/* Does s hold exactly the characters of text? */
static inline bool zs_span_is(struct zs_span s, const char *text)
{
    return zs_span_equal(s, zs_span(text, strlen(text)));
}

/* After a read that did not fit, ran_out is set, every later read answers 0 or an empty span, and
 * left stays where it was. */
struct zs_rd {
    struct zs_span left;
    bool ran_out;
};

static inline struct zs_rd zs_rd(struct zs_span s)
{
    return (struct zs_rd){.left = s};
}

static inline struct zs_span zs_rd_bytes(struct zs_rd *rd, size_t n)
{
    struct zs_span got = {0};
    if (rd->ran_out || n > rd->left.n) {
        rd->ran_out = true;
        return got;
    }
    got = zs_span(rd->left.p, n);
    rd->left = zs_span_skip(rd->left, n);
    return got;
}

static inline uint64_t zs_rd_be(struct zs_rd *rd, size_t octets)
{
    struct zs_span s = zs_rd_bytes(rd, octets);
    uint64_t v = 0;
    for (size_t i = 0; i < s.n; i++)
        v = v << 8 | s.p[i];
    return v;
}

static inline uint8_t zs_rd_u8(struct zs_rd *rd)
{
    return (uint8_t)zs_rd_be(rd, 1);
}

static inline uint16_t zs_rd_be16(struct zs_rd *rd)
{
    return (uint16_t)zs_rd_be(rd, 2);
}

static inline uint32_t zs_rd_be32(struct zs_rd *rd)
{
    return (uint32_t)zs_rd_be(rd, 4);
}

static inline uint64_t zs_rd_be64(struct zs_rd *rd)
{
    return zs_rd_be(rd, 8);
}

/* A short string: one octet of length, then that many octets (23/ZMTP: short-string). */
static inline struct zs_span zs_rd_short(struct zs_rd *rd)
{
    return zs_rd_bytes(rd, zs_rd_u8(rd));
}

#endif
