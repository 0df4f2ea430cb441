/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef ZS_PLUGIN_SHAPE_H
#define ZS_PLUGIN_SHAPE_H

/* Payloads by their shape: JSON, XML, MessagePack, Protobuf, text. */
#include "plugin/compat.h"

#include "core/wire/span.h"

/* Hand-off: puts who recognises what into the heuristic list "zmtp". */
void zs_shapes_handoff(int proto);

/* The dissector for a payload of that shape, whatever the user's rules: "json", "xml", "msgpack", "data-text-lines" for
 * other text, or "data". */
const char *zs_shape_of(struct zs_span s);

#endif
