/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef ZS_TESTS_PRETEND_H
#define ZS_TESTS_PRETEND_H

/* A security context that only pretends: tokens are framed and numbered, wrap tokens have RFC 4121's header, the text
 * in the clear and a checksum that anybody can make. So a test and a fuzzer can make any token they like, and the peer
 * that takes it is the real one. */
#include "core/proto/gss.h"

struct pretend {
    struct zs_gss gss;
    bool initiator;
    unsigned
        legs; /* tokens that make the context, both sides' together; the initiator sends the first */
    unsigned passed; /* … that have passed */
    bool broken;     /* refuses the next token */
    uint64_t send, receive;
    struct zs_gss_facts facts;
    uint8_t token[32];
};

/* legs 2: as Kerberos with mutual authentication. facts: alice and zmq, and all flags. */
void pretend_init(struct pretend *c, bool initiator, unsigned legs);

/* Token number n as its sender makes it. */
struct zs_span pretend_token(unsigned n, uint8_t storage[32]);

/* A wrap token with this number, flags as zs_cfx has them. */
void pretend_wrap(struct zs_buf *out, uint8_t flags, uint64_t sequence, struct zs_span head,
                  struct zs_span data);

#endif
