/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The five symbols that Wireshark asks a plugin for. */
#include "plugin/compat.h"

#include "plugin/zmtp.h"

#include <epan/proto.h>

WS_DLL_PUBLIC_DEF const char plugin_version[] = ZS_VERSION;
WS_DLL_PUBLIC_DEF const int plugin_want_major = WIRESHARK_VERSION_MAJOR;
WS_DLL_PUBLIC_DEF const int plugin_want_minor = WIRESHARK_VERSION_MINOR;

WS_DLL_PUBLIC void plugin_register(void);
WS_DLL_PUBLIC uint32_t plugin_describe(void);

WS_DLL_PUBLIC_DEF void plugin_register(void)
{
    static proto_plugin plugin;

    plugin.register_protoinfo = zs_zmtp_register;
    plugin.register_handoff = zs_zmtp_handoff;
    proto_register_plugin(&plugin);
}

WS_DLL_PUBLIC_DEF uint32_t plugin_describe(void)
{
    return 1u; /* WS_PLUGIN_DESC_DISSECTOR, whose header 4.0 does not ship */
}
