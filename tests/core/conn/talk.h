/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef ZS_TESTS_TALK_H
#define ZS_TESTS_TALK_H

/* The octets of whole conversations, made from parts: greetings, frames, and GSSAPI in both of its forms with a
 * handshake and wrap tokens forged under fixed keys. Every GByteArray answered is the caller's. */
#include "core/conn/session.h"
#include "tests/core/krb/forge.h"

/* alice talks to zmq/server.example.org; keys has the service's key. */
struct talk {
    struct forge forge;
    struct zs_keyring *keys;
};

void talk_init(struct talk *t);
void talk_clear(struct talk *t);

#define TALK_NOW (FORGE_NOW * INT64_C(1000000000)) /* ns; a time at which the ticket is good */

/* Hands s what dir says, greeting parts and frames, all of them whole; octets is used up. Of each part greeting is told
 * before, unless it is NULL; each frame is frame's to hand over. */
void talk_hear(struct zs_session *s, enum zs_dir dir, GByteArray *octets,
               void (*greeting)(void *user),
               void (*frame)(void *user, enum zs_dir dir, const struct zs_frame *f), void *user);

/* 64 octets of ZMTP 3. */
GByteArray *talk_greeting(uint8_t minor, const char *mechanism, bool as_server);

/* One frame of ZMTP 3; LONG is set where it must be. */
GByteArray *talk_frame(uint8_t flags, struct zs_span body);
/* The same with the body in wire_case.h's notation. */
GByteArray *talk_frame_of(uint8_t flags, const char *body);

/* A frame with a command that carries this token, in either form of GSSAPI. The token is used up. */
GByteArray *talk_carry(uint8_t flags, enum zs_form form, const char *name, GByteArray *token);

/* Context tokens, framed as RFC 4121, 4.1 has it. */
GByteArray *talk_ap_req(const struct talk *t);
GByteArray *talk_ap_rep(const struct talk *t);
/* … of any kind; the message is used up. */
GByteArray *talk_framed(const char *token_id, GByteArray *message);
/* The one libzmq's server sends where it has no credential: NegTokenInit with a hint alone (failure F2). */
GByteArray *talk_hint(void);
GByteArray *talk_krb_error(const struct talk *t);

/* A sealed wrap token under the acceptor's subkey; plain in the notation. */
GByteArray *talk_wrap(const struct talk *t, bool acceptor, uint64_t sequence, const char *plain);

/* libzmq's frames with such a token: 04 and 00. */
GByteArray *talk_sealed(const struct talk *t, uint8_t flags, bool acceptor, uint64_t sequence,
                        const char *plain);

/* a followed by b, which is used up. */
GByteArray *talk_append(GByteArray *a, GByteArray *b);

#endif
