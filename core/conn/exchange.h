/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef ZS_CONN_EXCHANGE_H
#define ZS_CONN_EXCHANGE_H

/* What the two sides exchange, as their users think of it: frames gathered into messages, the parts of a message
 * told apart, replies found to their requests and PONGs to their PINGs, and how long each took. It is handed what
 * was read, in the order of the capture, and keeps no content but subscriptions. */
#include "core/conn/session.h"

/* What one part of a message is to its sockets. */
enum zs_part_role {
    ZS_PART_PAYLOAD,   /* the application's, or not known to be anything else */
    ZS_PART_ENVELOPE,  /* routing identities and request ids, before a delimiter */
    ZS_PART_DELIMITER, /* the empty part that ends an envelope */
    ZS_PART_TOPIC,     /* a publisher's first part, by which it is filtered */
    ZS_PART_GROUP,     /* RADIO's first part */
    ZS_PART_SUBSCRIBE, /* a subscriber's 01 + topic; ZMTP 3.1 has a command for it */
    ZS_PART_CANCEL,    /* … and 00 + topic */
};
const char *zs_part_role_name(enum zs_part_role r); /* "payload", … */

/* What a frame is in the exchange. Facts about a whole message come with its last part. */
struct zs_exchange_fact {
    enum zs_socket_type sender, receiver; /* as far as they are known by now */
    uint64_t
        message; /* the message's number in its direction, from 1; 0: no part of one, or still closed */
    uint32_t part; /* from 1 */
    bool last;
    bool
        torn; /* what stood before it is missing: it may be any part of a message, and part counts from here */
    enum zs_part_role role;
    bool unsettled; /* PAYLOAD so far: with a delimiter behind it, it was of the envelope */
    uint32_t
        delimiter;   /* the part that delimits, so far; those before it are its envelope. 0: none */
    uint64_t octets; /* of the message, up to and with this part */
    struct zs_stamp first; /* the packet that completed its first part */
    bool subscribed; /* a publisher's first part: it was sent because of a subscription, … */
    struct zs_span subscription; /* … the longest that fits; borrowed, until the next step */

    bool asks;                /* a whole request, or a PING: it awaits an answer */
    bool answers;             /* a whole reply, or a PONG, … */
    void *asked;              /* … to what was given as tag with the frame that asked, … */
    struct zs_stamp asked_at; /* … there */
    int64_t after_ns;         /* from then to this frame; negative where packets are out of order */

    bool established;     /* with this frame both sides came to the end of their handshake, … */
    int64_t handshake_ns; /* … so long after the first greeting's first octets */
};

struct zs_exchange;

struct zs_exchange *zs_exchange_new(void);
void zs_exchange_free(struct zs_exchange *x); /* NULL is fine */

/* A part of a greeting was seen; the first one counts. */
void zs_exchange_greeting(struct zs_exchange *x, struct zs_stamp at);

/* Takes note of a reading, behind zs_session_step() of s. tag: the caller's own, handed back as asked where this
 * frame asks and is answered. */
void zs_exchange_step(struct zs_exchange *x, const struct zs_session *s, enum zs_dir dir,
                      const struct zs_reading *r, struct zs_stamp at, void *tag,
                      struct zs_exchange_fact *fact);

/* A frame of this side was there, and nothing is known of it. What zs_session_lost() was told is known already. */
void zs_exchange_skip(struct zs_exchange *x, enum zs_dir dir);

#endif
