/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a called dissector may not change. */
#include "plugin/call.h"

#include <epan/column-utils.h>
#include <epan/prefs.h>

enum { LAYERS_OF_A_CALL = 16 }; /* gssapi, spnego-krb5, kerberos, and room to spare */

bool zs_call_has_room(const packet_info *pinfo)
{
    return wmem_list_count(pinfo->layers) + LAYERS_OF_A_CALL < prefs.gui_max_tree_depth;
}

void zs_call_begin(struct zs_call *call, packet_info *pinfo)
{
    *call = (struct zs_call){
        .pinfo = pinfo,
        .can_desegment = pinfo->can_desegment,
        .desegment_offset = pinfo->desegment_offset,
        .desegment_len = pinfo->desegment_len,
        .match_uint = pinfo->match_uint,
        .current_proto = pinfo->current_proto,
    };
    col_set_writable(pinfo->cinfo, -1, ZFALSE);
}

void zs_call_end(const struct zs_call *call)
{
    packet_info *pinfo = call->pinfo;

    pinfo->can_desegment = call->can_desegment;
    pinfo->desegment_offset = call->desegment_offset;
    pinfo->desegment_len = call->desegment_len;
    pinfo->match_uint = call->match_uint;
    pinfo->current_proto = call->current_proto;
    col_set_writable(pinfo->cinfo, -1, ZTRUE);
}
