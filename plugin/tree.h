/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef ZS_PLUGIN_TREE_H
#define ZS_PLUGIN_TREE_H

/* From what the core read to what Wireshark shows. Nothing is parsed here. */
#include "plugin/conversation.h"

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
void zs_tree_frame(const struct zs_shown *s, struct zs_reading *r);
void zs_tree_octets(const struct zs_shown *s); /* HEAD, CONTINUATION, UNREAD, OLD */

#endif
