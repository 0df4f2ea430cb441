/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef ZS_PLUGIN_CALL_H
#define ZS_PLUGIN_CALL_H

/* Another dissector, called in the middle of ours. */
#include "plugin/compat.h"

/* Does the packet take the layers of one more call? Wireshark ends a packet that has too many. */
bool zs_call_has_room(const packet_info *pinfo);

/* A call's surroundings: the columns stay ours. Whom we call may ask TCP for nothing, which is Wireshark's own rule; that
 * and the rest is put back as it was found, whatever the call throws. */
struct zs_call {
    packet_info *pinfo;
    guint16 can_desegment;
    int desegment_offset;
    guint32 desegment_len, match_uint;
    const char *current_proto;
};

void zs_call_begin(struct zs_call *call, packet_info *pinfo);
void zs_call_end(const struct zs_call *call);

#endif
