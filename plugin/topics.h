/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef ZS_PLUGIN_TOPICS_H
#define ZS_PLUGIN_TOPICS_H

/* The user's table of topics and the protocols of the payloads of messages that have them. */
#include "plugin/tree.h"

#include <epan/prefs.h>

enum zs_topic_match { ZS_TOPIC_IS, ZS_TOPIC_BEGINS_WITH, ZS_TOPIC_MATCHES };

/* A row in force. Fields: read freely, never write. */
struct zs_topic_rule {
    enum zs_topic_match match;
    char *pattern;
    GRegex *regex;
    dissector_handle_t handle;
    char *data; /* what the dissector wants to be told, or NULL */
};

/* Registration: a preference of module. */
void zs_topics_register(module_t *module);
/* At a file's opening: reads the table; rules live until the next one. */
void zs_topics_load(void);
void zs_topics_free(void);

/* What is compared: the first part behind an envelope, if there is one. Where the delimiter comes as a surprise, the
 * part behind it is another first one. */
bool zs_topic_stands_in(const struct zs_pdu *pdu);
/* The rule that the part's message stands under, found with its first part on the first pass; NULL: none. */
const struct zs_topic_rule *zs_topic_rule_of(const struct zs_shown *s, const struct zs_reading *r);

#endif
