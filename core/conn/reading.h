/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef ZS_CONN_READING_H
#define ZS_CONN_READING_H

/* What one frame means in its place: command, context token, message, and what stands inside a wrap token.
 * Reading is a pure function of the frame and its place, so that a front end which jumps (Wireshark) keeps
 * the place of every frame and reads any of them again, in any order, at any time. */
#include "core/krb/context.h"
#include "core/wire/command.h"
#include "core/wire/curve.h"
#include "core/wire/frame.h"
#include "core/wire/plain.h"
#include "core/wire/token.h"

enum zs_mechanism {
    ZS_MECHANISM_UNKNOWN, /* no greeting seen */
    ZS_MECHANISM_NONE,    /* ZMTP 1.0 and 2.0 have none */
    ZS_MECHANISM_NULL,
    ZS_MECHANISM_PLAIN,
    ZS_MECHANISM_CURVE,
    ZS_MECHANISM_GSSAPI,
    ZS_MECHANISM_OTHER,
};

/* The mechanism that a greeting names. */
enum zs_mechanism zs_mechanism_of(const char *name);

/* What zs_context_unwrap() answers, or somebody who was asked for many at once. */
struct zs_unwrap_answer {
    enum zs_rc rc;
    struct zs_unwrapped unwrapped; /* where rc is ZS_OK */
};

/* Where a frame stands: all that its meaning depends on. */
struct zs_place {
    enum zs_framing framing;
    enum zs_mechanism mechanism;
    bool identity;                    /* ZMTP 1.0 and 2.0: the first frame is the peer's identity */
    const struct zs_context *context; /* borrowed; NULL: wrap tokens stay closed */
    /* What its wrap token holds under that context, where it was opened already; else NULL. Borrowed. */
    const struct zs_unwrap_answer *answer;
};

enum zs_reading_kind {
    ZS_READ_IDENTITY,
    ZS_READ_TOKEN,   /* a command that carries a context token */
    ZS_READ_COMMAND, /* in the clear, or opened from a wrap token */
    ZS_READ_MESSAGE, /* application data: in the clear, opened, or still closed */
};

/* Everything borrowed: from the frame, and from the buffer that the reader was lent. */
struct zs_reading {
    enum zs_reading_kind kind;
    enum zs_mechanism mechanism; /* of its place: the same name means other things in each */
    struct zs_frame frame;
    struct zs_command
        command; /* of the frame itself, if it is one (id UNKNOWN and no name: it is not) */
    struct zs_token token; /* inside command; kind UNKNOWN: none */
    struct zs_token mech;  /* the mechanism's own token: inside SPNEGO's, or the same as token */
    struct zs_span token_octets; /* what the command carried as a token, recognised or not */
    bool
        has_sequence; /* of a per-message token: in the clear, or (old tokens) once it was opened */
    bool sent_by_acceptor; /* likewise, as the token says */
    uint64_t sequence;
    struct zs_cfx cfx;             /* of a wrap token 05 04; header.n 0: none */
    bool wrapped;                  /* the content stands inside a wrap token or a CURVE box */
    bool verified;                 /* … which was opened, and its checksum held */
    struct zs_unwrapped unwrapped; /* if verified */
    bool has_inner_flags;
    uint8_t inner_flags;       /* wire.md: dialects A to D */
    struct zs_command content; /* kind COMMAND: what it says, its name whatever it travelled in */
    bool has_metadata;         /* … and its body is metadata, whole or damaged */
    struct zs_span data;       /* kind MESSAGE or IDENTITY: the content; empty where still closed */
    bool more;                 /* kind MESSAGE: another frame of it follows */
    enum zs_rc defect;         /* the first thing wrong with it; ZS_OK: nothing */
};

/* Octets of buffer that reading f may want: 0 where nothing is to be opened. */
size_t zs_reading_room(const struct zs_place *at, const struct zs_frame *f);

/* Is f a MESSAGE with a sealed token of RFC 4121, to be opened where it stands? Then *token is that, in its body. */
bool zs_reading_is_sealed(const struct zs_place *at, const struct zs_frame *f,
                          struct zs_span *token);

/* Reads f, whose body is whole, as it stands at its place. buf has zs_reading_room() octets at least, but where
 * at->answer is there, and then it is not looked at. Always
 * answers with a reading: what is wrong with the frame stands in r->defect. */
void zs_reading_make(const struct zs_place *at, const struct zs_frame *f, uint8_t *buf, size_t room,
                     struct zs_reading *r);

/* The same for a wrap token that stayed closed and that somebody else has opened and verified (Wireshark's own
 * Kerberos engine): what plain says. r->unwrapped is left as it is. */
void zs_reading_opened(struct zs_reading *r, const struct zs_place *at, struct zs_span plain);

#endif
