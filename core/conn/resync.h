/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef ZS_CONN_RESYNC_H
#define ZS_CONN_RESYNC_H

/* Where does the next frame begin? Asked where octets are missing, and where a connection is met in its middle. */
#include "core/conn/reading.h"

/* What is known of the stream. */
struct zs_search {
    enum zs_framing framing;
    enum zs_mechanism mechanism; /* UNKNOWN: any */
    bool bare;                   /* GSSAPI in libzmq's PLAINTEXT mode: nothing is sealed */
    size_t limit;                /* octets of a frame's body */
};

struct zs_boundary {
    size_t at; /* a frame begins here */
    bool
        open; /* it may: what stands from here on is too short to tell. At most ZS_BOUNDARY_MAX octets */
    bool proven; /* the frame shows by itself that this is ZMTP, not only that it would fit */
    enum zs_mechanism mechanism; /* which the frame shows; UNKNOWN: none */
};

#define ZS_BOUNDARY_MAX \
    21 /* octets: a long header, the longest name, the length of a token; less one */

/* The next credible boundary in in. chunk: where in it the octets begin that came as one piece (a segment, or what
 * was put together of several); peers mostly write whole frames. False: there is none, and nothing that may be one. */
bool zs_resync(const struct zs_search *s, struct zs_span in, size_t chunk, struct zs_boundary *b);

/* Does in, the beginning of a piece, begin with a frame that proves by itself that this is ZMTP? */
bool zs_resync_proves(struct zs_span in, size_t limit);

#endif
