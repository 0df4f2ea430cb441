/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef ZS_PLUGIN_TOOLS_H
#define ZS_PLUGIN_TOOLS_H

/* Wireshark's own tools, as they know ZMTP: docs/wireshark.md has a line for each. They listen to the tap of
 * plugin/tap.h; nothing of them costs anything until the user asks for it. */
#include "plugin/tap.h"

/* Registration, once each, for an adopted protocol as for one of ours. */
void zs_follow_register(int proto);
void zs_tables_register(int proto);
void zs_statistics_register(int proto);
void zs_objects_register(int proto);
void zs_credentials_register(void);
void zs_pdus_register(void);

/* The tap of Export Objects: its listener is given a struct zs_tap too. */
int zs_objects_tap(void);
/* Tools with taps of their own, which are handed what Wireshark says there. r as for zs_tap_queue(). */
void zs_credentials_queue(const struct zs_shown *s, const struct zs_reading *r);
void zs_pdus_queue(const struct zs_shown *s, const struct zs_reading *r);

#endif
