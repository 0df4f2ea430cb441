/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef ZS_PLUGIN_TAP_H
#define ZS_PLUGIN_TAP_H

/* What Wireshark's own tools (statistics, Follow, exports) are told: each thing of a packet once, behind its tree.
 * All listeners of the tap "zmtp" get a struct zs_tap; filters, colours and the tree do not change it. */
#include "plugin/tree.h"

#define ZS_TAP "zmtp"

/* Lives, with all that it names, until the packet's taps have run. */
struct zs_tap {
    const struct zs_conversation *conversation;
    const struct zs_pdu *pdu;         /* its kind, direction, octets on the wire and context */
    const struct zs_reading *reading; /* of a FRAME; NULL: it is none */
    bool first;                       /* of this protocol's things in the packet */
    const char *sender;               /* its principal, as a label; NULL: none, or not known */
};

/* Registers the tap. */
void zs_tap_register(int proto);

/* May a datum be queued for the tap of this id? False: nobody listens, or the packet has queued as many as Wireshark
 * takes, which an expert item says. */
bool zs_tap_wanted(int tap, const struct zs_shown *s);

/* Tells the listeners of that tap and those of plugin/tools.h. r: what the thing was read as, if it is a frame; copied.
 */
void zs_tap_queue(const struct zs_shown *s, const struct zs_reading *r);

#endif
