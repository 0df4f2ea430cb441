/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef ZS_PLUGIN_PORTS_H
#define ZS_PLUGIN_PORTS_H

/* The user's table of TCP ports and the protocols of the payloads there. */
#include "plugin/compat.h"

#include <epan/prefs.h>

/* Registration: a preference of module, unless it has one of that name. */
void zs_ports_register(module_t *module);
/* At a file's opening: reads the table. What names no dissector is reported to the user. */
void zs_ports_load(void);
void zs_ports_free(void);

/* Whose the payloads of this packet are, by the port of either end; NULL: the table does not say. */
dissector_handle_t zs_ports_protocol(const packet_info *pinfo);

#endif
