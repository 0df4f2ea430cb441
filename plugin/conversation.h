/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef ZS_PLUGIN_CONVERSATION_H
#define ZS_PLUGIN_CONVERSATION_H

/* What is remembered of a TCP conversation, and of each packet of it. The first pass writes; later passes, which
 * come in any order, only read. File scope: it dies with the file. */
#include "plugin/compat.h"

#include "core/conn/exchange.h"

/* One direction, while the first pass goes through it. */
struct zs_flow_state {
    uint64_t pass;     /* octets of a frame's body still to come, which are not kept */
    bool lost;         /* where the next frame begins is unknown, and looked for */
    bool guessed;      /* … was found, but may turn out wrong */
    bool known;        /* next_seq is */
    uint32_t next_seq; /* TCP sequence number of the next octet to read */
};

/* A message, or a PING or PONG: what all of its frames' records share. Written until its last frame was heard, and
 * once more when its answer is. */
struct zs_whole {
    uint64_t number;    /* of the message in its direction, from 1; 0: a PING or PONG */
    uint64_t octets;    /* so far */
    uint32_t parts;     /* so far */
    uint32_t delimiter; /* the part that ends its envelope; 0: none so far */
    uint32_t first_packet, last_packet; /* last 0: not heard so far */
    bool torn;                          /* its beginning may be missing */
    const char *topic;                  /* a publisher's first part, or RADIO's group; NULL: none */
    const char *subscription;           /* why it was sent; NULL: not known */
    uint32_t answer_packet;             /* where it is answered; 0: not so far */
    uint32_t asked_packet; /* where that stands which it answers; 0: nothing that is known */
    int64_t after_ns;      /* and how long after */
};

struct zs_conversation {
    uint32_t number; /* from 0, in order of appearance */
    address client;  /* who opened the TCP connection, as far as the capture tells */
    uint32_t client_port;
    struct zs_session session;
    struct zs_exchange *exchange;
    struct zs_whole *gathering[ZS_DIR_COUNT]; /* the message whose parts come in; NULL: none */
    int64_t handshake_ns;                     /* see ZS_SAYS_HANDSHAKE */
    struct zs_flow_state flow[ZS_DIR_COUNT];
    uint32_t ap_req_frame, ap_rep_frame; /* 0: none */
    unsigned said;                       /* ZS_SAYS_*: which a packet was given already */
};

/* What is said once of a connection, with the record of the thing that shows it. */
enum {
    ZS_SAYS_REASON = 0x01,    /* why its messages stay closed */
    ZS_SAYS_CONTEXT = 0x02,   /* what is weak about its context */
    ZS_SAYS_UNSEALED = 0x04,  /* a token is signed, not sealed */
    ZS_SAYS_AS_SERVER = 0x08, /* nobody is */
    ZS_SAYS_MIDSTREAM = 0x10, /* it began before the capture */
    ZS_SAYS_HANDSHAKE = 0x20, /* it is over */
    ZS_SAYS_CLOSED = 0x40,    /* something sealed stays closed */
};

enum zs_pdu_kind {
    ZS_PDU_GREETING,     /* one part of it */
    ZS_PDU_FRAME,        /* whole */
    ZS_PDU_HEAD,         /* a frame's header, and the beginning of a body that is not kept whole */
    ZS_PDU_CONTINUATION, /* more of that body */
    ZS_PDU_UNREAD,       /* octets that could not be told apart */
    ZS_PDU_OLD,          /* a retransmission */
};

/* One thing that stands in a packet: what the first pass found, for all later ones. */
struct zs_pdu {
    enum zs_pdu_kind kind;
    enum zs_dir dir;
    size_t n;                               /* octets of the packet that it spans */
    struct zs_place place;                  /* FRAME, HEAD */
    enum zs_greeting_part part_of_greeting; /* GREETING */
    const struct zs_greeting *greeting;     /* GREETING: as it stands behind this part */
    struct zs_turn turn;                    /* FRAME */
    enum zs_rc defect;                      /* GREETING, HEAD, UNREAD: why */
    uint64_t missing;                       /* octets just before it that TCP did not hand on */
    struct zs_context *context;             /* the one in force behind it; NULL: none yet */
    unsigned says;                          /* ZS_SAYS_* */
    /* FRAME, once it was heard: what it is in the exchange. */
    enum zs_socket_type sender, receiver; /* as far as they were known then */
    struct zs_whole *whole;               /* NULL: part of none */
    uint32_t part;                        /* of a message: from 1 */
    enum zs_part_role role;
    bool
        unsettled; /* may be routing, whether or not that showed later: so that every pass takes it alike */
    bool last;
    uint64_t octets; /* of the message, up to and with this part */
};

/* The conversation of this packet, made on first sight; over_tcp: it came from TCP's dissector. */
struct zs_conversation *zs_conversation_of(packet_info *pinfo, int proto, bool over_tcp,
                                           const struct zs_keyring *keys);
/* … or NULL, where there is none. */
struct zs_conversation *zs_conversation_find(packet_info *pinfo, int proto);
/* How many this file has so far. */
uint32_t zs_conversation_count(void);
enum zs_dir zs_conversation_dir(const struct zs_conversation *c, const packet_info *pinfo);

/* Whom pdu is from under the context in force there, as a label of pool's; NULL: nobody, or not known. */
const char *zs_sender_of(wmem_allocator_t *pool, const struct zs_conversation *c,
                         const struct zs_pdu *pdu);

/* First pass: what pdu's frame says, whoever opened it; at: this packet. */
void zs_conversation_hear(struct zs_conversation *c, struct zs_pdu *pdu, struct zs_stamp at,
                          const struct zs_reading *r);
/* Is what to be said once of c? Then pdu says it. */
void zs_conversation_say_once(struct zs_conversation *c, struct zs_pdu *pdu, unsigned what);

/* A record for the next thing in this packet, in the order of reading; on the first pass a new one, zeroed, later
 * the one made then, or NULL where there is none. */
struct zs_pdu *zs_pdu_next(packet_info *pinfo, int proto);

#endif
