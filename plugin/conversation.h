/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef ZS_PLUGIN_CONVERSATION_H
#define ZS_PLUGIN_CONVERSATION_H

/* What is remembered of a TCP conversation, and of each packet of it. The first pass writes; later passes, which
 * come in any order, only read. File scope: it dies with the file. */
#include "plugin/compat.h"

#include "core/conn/session.h"

/* One direction, while the first pass goes through it. */
struct zs_flow_state {
    uint64_t pass;     /* octets of a frame's body still to come, which are not kept */
    bool lost;         /* where the next frame begins is unknown, and looked for */
    bool guessed;      /* … was found, but may turn out wrong */
    bool known;        /* next_seq is */
    uint32_t next_seq; /* TCP sequence number of the next octet to read */
};

struct zs_conversation {
    uint32_t number; /* from 0, in order of appearance */
    address client;  /* the TCP initiator, as far as the capture tells */
    uint32_t client_port;
    struct zs_session session;
    struct zs_flow_state flow[ZS_DIR_COUNT];
    uint32_t ap_req_frame, ap_rep_frame; /* 0: none */
    bool reason_shown;                   /* the expert item about the context was given a packet */
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
    size_t n;                   /* octets of the packet that it spans */
    struct zs_place place;      /* FRAME, HEAD */
    struct zs_greeting *before; /* GREETING: as it stood before this part */
    struct zs_turn turn;        /* FRAME */
    enum zs_rc defect;          /* GREETING, HEAD, UNREAD: why */
    uint64_t missing;           /* octets that are missing just before it */
    struct zs_context *context; /* the one in force behind it; NULL: none yet */
    bool show_reason;           /* this is the packet that carries the expert item */
};

/* The conversation of this packet, made on first sight. */
struct zs_conversation *zs_conversation_of(packet_info *pinfo, int proto,
                                           const struct zs_keyring *keys);
/* … or NULL, where there is none. */
struct zs_conversation *zs_conversation_find(packet_info *pinfo, int proto);
/* How many this file has so far. */
uint32_t zs_conversation_count(void);
enum zs_dir zs_conversation_dir(const struct zs_conversation *c, const packet_info *pinfo);

/* Who that side is under the context in force at pdu; NULL: nobody, or not known. */
const char *zs_principal_of(const struct zs_conversation *c, const struct zs_pdu *pdu,
                            enum zs_dir side);

/* A record for the next thing in this packet, in the order of reading; on the first pass a new one, zeroed, later
 * the one made then, or NULL where there is none. */
struct zs_pdu *zs_pdu_next(packet_info *pinfo, int proto);

#endif
