/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef ZS_PLUGIN_ZMTP_H
#define ZS_PLUGIN_ZMTP_H

/* The protocol: registered, or adopted where Wireshark has one of its own (4.4 on). */
#define ZS_DISSECTOR "zmtp.plugin" /* our dissector's name, on every release */

void zs_zmtp_register(void);
void zs_zmtp_handoff(void);

#endif
