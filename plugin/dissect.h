/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef ZS_PLUGIN_DISSECT_H
#define ZS_PLUGIN_DISSECT_H

#include "plugin/compat.h"

/* The protocol's id, for records and conversations. */
void zs_dissect_init(int proto);
/* The dissector: one run of a TCP stream's octets. data is TCP's struct tcpinfo, or anything else where another
 * carrier calls. */
int zs_dissect(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, void *data);

#endif
