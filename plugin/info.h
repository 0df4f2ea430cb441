/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef ZS_PLUGIN_INFO_H
#define ZS_PLUGIN_INFO_H

/* The Info column: what a packet holds, in few words. A message is one thing, however many of its parts are here:
 * DEALER → ROUTER [3 parts, 1.2 kB] alice@REALM "hello". */
#include "plugin/tree.h"

/* A run of octets begins. */
void zs_info_begin(packet_info *pinfo);
/* One thing. */
void zs_info_say(const struct zs_shown *s, const char *text);
/* One part of a greeting; done: all of it, in words, or NULL. */
void zs_info_greeting(const struct zs_shown *s, const char *done);
/* One part of a message, which is said with its last one; r is open. */
void zs_info_part(const struct zs_shown *s, const struct zs_reading *r);
/* One that stays closed: what ("message"), of so many octets. */
void zs_info_sealed(const struct zs_shown *s, const char *what, size_t n);
/* The run has ended: a greeting or a message whose last part is not here is said, as far as it came. */
void zs_info_end(packet_info *pinfo);

/* Octets in few characters, quoted: as text, or how many they are. */
const char *zs_info_quote(packet_info *pinfo, struct zs_span s);

#endif
