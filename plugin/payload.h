/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef ZS_PLUGIN_PAYLOAD_H
#define ZS_PLUGIN_PAYLOAD_H

/* The payload of messages, handed on to other dissectors. Who gets it, the first that takes it:
 *   1. what Decode As says of the connection's port, in the table zmtp.protocol;
 *   2. what the user's table by topic says of the message's first part, that behind its envelope;
 *   3. what the user's table by port says, and then what other plugins put into zmtp.protocol;
 *   4. with "Try payload heuristics", whoever recognises it: the heuristic dissectors of "zmtp".
 * The user's last word counts first, and a topic is closer to a message than the port that it came through.
 *
 * Limits: a part at a time: encodings that reach over several parts of a message are not put together. */
#include "plugin/tree.h"

#include <epan/prefs.h>

/* Registration: tables, preferences of module, the heuristic list. */
void zs_payload_register(int proto, module_t *module);
/* Hand-off: what can be decoded as, and who recognises what. */
void zs_payload_handoff(int proto);
/* At a file's opening: reads the user's tables. What names no dissector is reported to the user. */
void zs_payload_load(void);
void zs_payload_free(void);

/* Hands on a part of a message: r->data, which begins at offset of tvb; s->outcome says who took it. What a called dissector throws is said in
 * tree, which goes on; columns stay as they are. */
void zs_payload_show(const struct zs_shown *s, proto_tree *tree, const struct zs_reading *r,
                     tvbuff_t *tvb, int offset);

#endif
