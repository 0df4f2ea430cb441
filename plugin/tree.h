/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef ZS_PLUGIN_TREE_H
#define ZS_PLUGIN_TREE_H

/* From what the core read to what Wireshark shows. Nothing is parsed here. */
#include "plugin/conversation.h"
#include "plugin/item.h"

/* What showing a thing finds out, for those who are told of it behind its tree. */
struct zs_outcome {
    const char *payload; /* the dissector that took the payload; NULL: none did */
};

/* One thing of a packet, to be shown: the record of it, and its octets, which begin at offset of tvb. */
struct zs_shown {
    packet_info *pinfo;
    proto_tree *tree; /* of the protocol; NULL: nothing is shown, and columns still are */
    tvbuff_t *tvb;
    int offset;
    const struct zs_conversation *conversation;
    const struct zs_pdu *pdu;
    struct zs_outcome *outcome;
};

void zs_tree_greeting(const struct zs_shown *s);
void zs_tree_octets(const struct zs_shown *s); /* HEAD, CONTINUATION, UNREAD, OLD */

/* A frame is shown in two steps. What is sealed may be opened by Wireshark's engine, which puts what it finds below
 * the token: so r is final only behind the first step. */
struct zs_opened {
    proto_tree *frame, *content; /* of the whole frame; where its content belongs */
    struct zs_source source;     /* what the content's spans point into */
    bool by_engine;              /* Wireshark's own opened it */
};
void zs_tree_frame(const struct zs_shown *s, struct zs_reading *r, struct zs_opened *o);
void zs_tree_content(const struct zs_shown *s, const struct zs_reading *r,
                     const struct zs_opened *o);

/* The parts of those. A command in the clear, or opened: */
void zs_tree_command(const struct zs_shown *s, proto_tree *parent, const struct zs_source *src,
                     const struct zs_reading *r);
void zs_tree_command_name(const struct zs_shown *s, proto_tree *tree, const struct zs_source *src,
                          const struct zs_command *c);
/* A part of a message, and what it is in the exchange: */
void zs_tree_message(const struct zs_shown *s, proto_tree *parent, const struct zs_source *src,
                     const struct zs_reading *r);
/* A PING's PONG, a PONG's PING: */
void zs_tree_heartbeat(const struct zs_shown *s, proto_tree *tree);
/* A token of GSSAPI. Of a wrap token, o says where what it held belongs: */
void zs_tree_token(const struct zs_shown *s, struct zs_reading *r, struct zs_opened *o);
/* The security context in force: */
void zs_tree_context(const struct zs_shown *s, proto_tree *parent);

#endif
