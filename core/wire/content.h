/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef ZS_WIRE_CONTENT_H
#define ZS_WIRE_CONTENT_H

/* Does a payload look like an encoding that applications put into their messages? Each answer looks at the payload
 * from its first octet to its last; the surer the shape, the surer the answer. ZMTP itself says nothing of it.
 * JSON has no question here: Wireshark has a validator. */
#include "core/wire/span.h"

/* A document: markup from its first character (white space and a byte order mark aside) to its last. */
bool zs_content_is_xml(struct zs_span s);
/* One MessagePack object that fills s: a map whose first key is text, or an array that begins with text or such a
 * map. Numbers alone, which any few octets may be, do not count. */
bool zs_content_is_msgpack(struct zs_span s);
/* A whole number of Protobuf fields, one at least. Weak: many short binary payloads have that shape. */
bool zs_content_is_protobuf(struct zs_span s);

#endif
