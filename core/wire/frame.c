/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Frames of 23/ZMTP, 15/ZMTP and 13/ZMTP. A defect is said as soon as the octets that show it are there,
 * so that a stream cut anywhere answers as the whole one does, or ZS_MORE.
 *
 * Limits: 13/ZMTP wants the flags of an identity frame not to be judged; they are judged here as any. */
#include "core/wire/frame.h"

/* 13/ZMTP: one octet of length, or FF and eight; it counts the flags octet that comes next. */
static enum zs_rc parse_header_1(struct zs_span in, struct zs_frame *f)
{
    struct zs_rd rd = zs_rd(in);
    uint64_t length = zs_rd_u8(&rd);
    bool is_long = length == 0xff;

    if (is_long)
        length = zs_rd_be64(&rd);
    if (rd.ran_out)
        return ZS_MORE;
    if (length == 0) /* no room for its own flags */
        return ZS_E_FRAME_SIZE;
    uint8_t flags = zs_rd_u8(&rd);
    if (rd.ran_out)
        return ZS_MORE;
    if (flags & ~ZS_FRAME_MORE)
        return ZS_E_FRAME_FLAGS;
    *f = (struct zs_frame){.flags = flags, .header = is_long ? 10 : 2, .size = length - 1};
    return ZS_OK;
}

enum zs_rc zs_frame_header_parse(enum zs_framing framing, struct zs_span in, struct zs_frame *f)
{
    static const uint8_t known[] = {
        [ZS_FRAMING_2] = ZS_FRAME_MORE | ZS_FRAME_LONG,
        [ZS_FRAMING_3] = ZS_FRAME_MORE | ZS_FRAME_LONG | ZS_FRAME_COMMAND,
    };

    if (framing == ZS_FRAMING_1)
        return parse_header_1(in, f);
    struct zs_rd rd = zs_rd(in);
    uint8_t flags = zs_rd_u8(&rd);
    if (flags & ~known[framing])
        return ZS_E_FRAME_FLAGS;
    bool is_long = flags & ZS_FRAME_LONG;
    uint64_t size = is_long ? zs_rd_be64(&rd) : zs_rd_u8(&rd);
    if (rd.ran_out)
        return ZS_MORE;
    *f = (struct zs_frame){.flags = flags, .header = is_long ? 9 : 2, .size = size};
    return ZS_OK;
}

enum zs_rc zs_frame_parse(enum zs_framing framing, struct zs_span in, size_t limit,
                          struct zs_frame *f)
{
    struct zs_frame got;
    enum zs_rc rc = zs_frame_header_parse(framing, in, &got);

    if (rc != ZS_OK)
        return rc;
    /* Judge the size by itself, never as header + size: the peer chose it, and nine header octets plus
     * 2^64 - 9 make a frame of length 0, which never ends. */
    if (got.size > limit)
        return ZS_E_FRAME_SIZE;
    if (got.size > in.n - got.header)
        return ZS_MORE;
    got.body = zs_span(in.p + got.header, (size_t)got.size);
    *f = got;
    return ZS_OK;
}

enum { HEADER_LONG = 9, HEADER_SHORT = 2, SHORT_MAX = 255 };

static size_t put_header(uint8_t *p, uint8_t flags, uint64_t size)
{
    struct zs_buf header = zs_buf(p, HEADER_LONG);
    bool is_long = size > SHORT_MAX;

    zs_buf_be(&header, is_long ? flags | ZS_FRAME_LONG : flags, 1);
    zs_buf_be(&header, size, is_long ? 8 : 1);
    return header.n;
}

/* Room for the longer header: a body that turns out short is moved, and that is a short way. */
size_t zs_frame_begin(struct zs_buf *b)
{
    size_t begun = b->n;

    zs_buf_extend(b, HEADER_LONG);
    return begun;
}

void zs_frame_end(struct zs_buf *b, size_t begun, uint8_t flags)
{
    if (b->full)
        return;
    uint8_t *p = b->p + begun;
    size_t size = b->n - begun - HEADER_LONG;
    if (put_header(p, flags, size) == HEADER_LONG)
        return;
    memmove(p + HEADER_SHORT, p + HEADER_LONG, size);
    zs_buf_cut(b, begun + HEADER_SHORT + size);
}

void zs_frame_header_write(struct zs_buf *b, uint8_t flags, uint64_t size)
{
    uint8_t header[HEADER_LONG];

    zs_buf_put(b, zs_span(header, put_header(header, flags, size)));
}

void zs_frame_write(struct zs_buf *b, uint8_t flags, struct zs_span body)
{
    zs_frame_header_write(b, flags, body.n);
    zs_buf_put(b, body);
}
