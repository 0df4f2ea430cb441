/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef ZS_WIRE_GREETING_H
#define ZS_WIRE_GREETING_H

/* The start of a direction: the 64 octets of ZMTP 3 (23/ZMTP, 37/ZMTP), the 12 of ZMTP 2.0 (15/ZMTP), or
 * nothing at all (13/ZMTP, "1.0", where a bare identity frame comes first).
 *
 * It is sent in pieces, and a peer that refuses stops after 10 or 11 octets, so it is read in parts, each
 * of which stands by itself: signature (10 octets), revision (1), remainder (53, 1 or 0). */
#include "core/defect.h"
#include "core/wire/buf.h"
#include "core/wire/span.h"

enum zs_greeting_part {
    ZS_GREETING_SIGNATURE, /* awaits FF, 8 octets, 7F; decides between 1.0 and the versioned ones */
    ZS_GREETING_REVISION,  /* awaits the major version: 0 and 1 mean ZMTP 2.0, others 3.x */
    ZS_GREETING_REMAINDER, /* awaits minor, mechanism, as-server, filler; of 2.0 the socket type */
    ZS_GREETING_DONE,
};

#define ZS_SIGNATURE_SIZE 10
#define ZS_GREETING_SIZE  64 /* of ZMTP 3 */
#define ZS_MECHANISM_SIZE 20 /* octets on the wire, NUL padded */

/* Fields are known from the part on that holds them: part says which is awaited next. */
struct zs_greeting {
    enum zs_greeting_part part;
    bool versioned; /* a signature was there; false: ZMTP 1.0 */
    uint64_t
        padding;   /* the signature's 8 octets; libzmq: routing-id length + 1, for ZMTP 1.0 peers */
    uint8_t major; /* as on the wire: 1 in ZMTP 2.0 */
    uint8_t minor; /* 3.x only */
    uint8_t
        socket_type; /* 2.0 only: 0 PAIR, 1 PUB, 2 SUB, 3 REQ, 4 REP, 5 DEALER, 6 ROUTER, 7 PULL, 8 PUSH */
    bool as_server;                        /* 3.x only; libzmq's GSSAPI never sets it */
    char mechanism[ZS_MECHANISM_SIZE + 1]; /* 3.x only, NUL terminated */
};

void zs_greeting_init(struct zs_greeting *g);

/* Reads the part that g awaits from the front of in and says in *used how many octets it spans (0 where a
 * part is absent, as the whole signature of ZMTP 1.0). ZS_MORE: the part is not whole yet, nothing changed.
 * Call until g->part is ZS_GREETING_DONE. A defect leaves g awaiting the same part. */
enum zs_rc zs_greeting_step(struct zs_greeting *g, struct zs_span in, size_t *used);

/* Writes the 64 octets of ZMTP 3: of g counts minor, mechanism, as_server and padding; major is 3. */
void zs_greeting_write(struct zs_buf *b, const struct zs_greeting *g);

/* Is it ZMTP 2.0's, which ends in a socket type? Known once the revision is. */
bool zs_greeting_is_2(const struct zs_greeting *g);

/* "3.1", "3.0", "2.0", "1.0", or NULL while that is not known. Static storage; an unknown 3.x or later is
 * named after the version that its peer must fall back to, 3.1. */
const char *zs_greeting_version(const struct zs_greeting *g);

/* Could a direction that begins with in be ZMTP with a signature? ZS_OK: yes. ZS_MORE: as far as it goes.
 * ZS_E_GREETING_SIGNATURE: no. In ZMTP the first octet is FF and the tenth has its lowest bit set. To be
 * taken for ZMTP on any port, the tenth must be 7F, and more than the one octet FF must be there. */
enum zs_rc zs_signature_probe(struct zs_span in);

/* Could in be the start of a ZMTP 1.0 direction: an identity frame of at most 255 octets and its flags?
 * Weak by itself: ask only of the peer of a versioned direction, or where the user said that it is ZMTP. */
enum zs_rc zs_identity_probe(struct zs_span in);

#endif
