/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef ZS_PLUGIN_COMPAT_H
#define ZS_PLUGIN_COMPAT_H

/* What differs between the releases of libwireshark that this source is built for: 4.0, 4.4 and 4.6. */
#include <ws_version.h>

#define ZS_WS_VERSION (WIRESHARK_VERSION_MAJOR * 100 + WIRESHARK_VERSION_MINOR)

#include <epan/packet.h>

/* The boolean of callbacks and of preference storage: gboolean is four octets, bool one. */
#if ZS_WS_VERSION < 404
typedef gboolean zbool;
#define ZTRUE         TRUE
#define ZFALSE        FALSE
#define tvb_get_uint8 tvb_get_guint8
#include <epan/dissectors/packet-dcerpc.h> /* packet-gssapi.h needs it here */
#else
#include <stdbool.h>
typedef bool zbool;
#define ZTRUE  true
#define ZFALSE false
#endif
#include <epan/dissectors/packet-gssapi.h>

/* Follow: from 4.4 on it wants to know how many streams there are, and of sub-streams, which ZMTP has not. A
 * conversation filter's two callbacks are handed a datum from then on. */
#if ZS_WS_VERSION < 404
#define zs_compat_register_follow(proto, tap, packet, stream, addresses, port, listener, count) \
    register_follow_stream(proto, tap, packet, stream, addresses, port, listener)
#define ZS_CONVERSATION_FILTER_ARGUMENTS struct _packet_info *pinfo
#define ZS_CONVERSATION_FILTER_UNUSED    (void)0
#define zs_compat_register_conversation_filter(name, label, valid, build) \
    register_conversation_filter(name, label, valid, build)
#else
#define zs_compat_register_follow(proto, tap, packet, stream, addresses, port, listener, count) \
    register_follow_stream(proto, tap, packet, stream, addresses, port, listener, count, NULL)
#define ZS_CONVERSATION_FILTER_ARGUMENTS struct _packet_info *pinfo, void *user
#define ZS_CONVERSATION_FILTER_UNUSED    (void)user
#define zs_compat_register_conversation_filter(name, label, valid, build) \
    register_conversation_filter(name, label, valid, build, NULL)
#endif

#endif
