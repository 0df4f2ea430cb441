/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef ZS_PROTO_GSS_H
#define ZS_PROTO_GSS_H

/* A security context as a peer uses one (RFC 2743): the crypto of client and server, behind one table of functions.
 * Two bodies: a live one over GSS-API (analyzer/live), and one observed in a capture (core/conn/observed.h). */
#include "core/defect.h"
#include "core/wire/buf.h"

/* RFC 2744's numbers of the flags that are looked at here. */
enum {
    ZS_GSS_DELEG = 1,
    ZS_GSS_MUTUAL = 2,
    ZS_GSS_REPLAY = 4,
    ZS_GSS_SEQUENCE = 8,
    ZS_GSS_CONF = 16,
    ZS_GSS_INTEG = 32,
    ZS_GSS_DCE = 4096, /* Microsoft's extension: a third token, from the initiator */
};

enum zs_gss_step {
    ZS_GSS_CONTINUE, /* the peer's next token is awaited */
    ZS_GSS_COMPLETE, /* the context stands */
    ZS_GSS_FAILED,   /* facts say why */
};

/* What is known of a context. Strings are the body's and live until the context changes. */
struct zs_gss_facts {
    const char *initiator, *acceptor; /* principals; NULL: not known (yet) */
    uint32_t flags;
    int32_t enctype;    /* of the key that messages are sealed with; 0: not known */
    int64_t expires;    /* Unix time, seconds; 0: not known */
    const char *reason; /* ZS_GSS_FAILED, or a wrap that failed: a sentence; NULL: nothing to say */
};

/* A message that was opened. */
struct zs_gss_opened {
    struct zs_span plain; /* in the buffer lent, or in the token */
    bool confidential;    /* it was sealed, not only protected against changes */
    bool has_sequence;
    uint64_t sequence;
};

struct zs_gss_body {
    /* Takes the other side's token; an initiator's first call has an empty one. *out is ours to be sent, valid until
     * the next call, or empty. With ZS_GSS_FAILED there may be one as well: a KRB-ERROR. */
    enum zs_gss_step (*step)(void *self, struct zs_span token, struct zs_span *out);
    /* Appends the token of the text that flags octet and data make up. False: it did not fit, or could not be made. */
    bool (*wrap)(void *self, bool confidential, uint8_t flags, struct zs_span data,
                 struct zs_buf *out);
    /* Opens one. buf has token.n octets at least. ZS_OK: the checksum held, the sender bit is the other side's and
     * the number was the next one; ZS_E_WRAP_*, ZS_E_CFX_HEADER. */
    enum zs_rc (*unwrap)(void *self, struct zs_span token, uint8_t *buf,
                         struct zs_gss_opened *opened);
    const struct zs_gss_facts *(*facts)(const void *self);
};

/* One context of one connection. Whoever made it frees self, after the peer that uses it. */
struct zs_gss {
    const struct zs_gss_body *body;
    void *self;
};

#endif
