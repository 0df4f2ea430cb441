/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef ZS_WIRE_FRAME_H
#define ZS_WIRE_FRAME_H

/* Frames: 23/ZMTP and 15/ZMTP (flags, size, body) and 13/ZMTP (size + 1, flags, body). */
#include "core/defect.h"
#include "core/wire/buf.h"
#include "core/wire/span.h"

enum zs_framing {
    ZS_FRAMING_1, /* 13/ZMTP: length first, and it counts the flags octet */
    ZS_FRAMING_2, /* 15/ZMTP: no command bit */
    ZS_FRAMING_3, /* 23/ZMTP and 37/ZMTP */
};

enum {
    ZS_FRAME_MORE = 0x01,
    ZS_FRAME_LONG = 0x02,
    ZS_FRAME_COMMAND = 0x04,
};

#define ZS_FRAME_HEADER_MAX 10 /* octets: 13/ZMTP's FF, 8 of length, flags */

struct zs_frame {
    uint8_t flags;       /* as sent */
    uint8_t header;      /* octets before the body: 2, 9 or 10 */
    uint64_t size;       /* octets of the body, as announced */
    struct zs_span body; /* empty after zs_frame_header_parse() */
};

/* The header alone, from the front of in. The size is reported, not judged: a reader that cannot hold the
 * body can still count it down. ZS_MORE: not whole yet. ZS_E_FRAME_FLAGS, ZS_E_FRAME_SIZE (13/ZMTP: a
 * length of 0, which has no room for its flags). */
enum zs_rc zs_frame_header_parse(enum zs_framing framing, struct zs_span in, struct zs_frame *f);

/* Header and body; the whole frame spans f->header + f->body.n octets of in. ZS_E_FRAME_SIZE where the
 * size exceeds limit, ZS_E_FRAME_MORE_COMMAND never (that is for the command's reader to say). */
enum zs_rc zs_frame_parse(enum zs_framing framing, struct zs_span in, size_t limit,
                          struct zs_frame *f);

/* Writes one frame of 23/ZMTP: what is written to b between begin and end is its body. end wants begin's answer and
 * the flags without LONG, which is set where it must be. */
size_t zs_frame_begin(struct zs_buf *b);
void zs_frame_end(struct zs_buf *b, size_t begun, uint8_t flags);
/* The header alone, for a body of size octets that goes its own way. */
void zs_frame_header_write(struct zs_buf *b, uint8_t flags, uint64_t size);
/* A frame whose body is there already. */
void zs_frame_write(struct zs_buf *b, uint8_t flags, struct zs_span body);

#endif
