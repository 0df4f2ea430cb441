/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The user's table of topics and protocols, and the rule that each message stands under.
 *
 * Limits: a topic is compared with a regular expression as far as SUBJECT_MAX octets. */
#include "plugin/topics.h"

#include <epan/uat-int.h>

enum { SUBJECT_MAX = 1024 };

#define TOPICS_NAME "ZMTP Topic Protocols"

static const value_string match_names[] = {
    {ZS_TOPIC_BEGINS_WITH, "begins with"},
    {ZS_TOPIC_IS, "is"},
    {ZS_TOPIC_MATCHES, "matches"},
    {0, NULL},
};

struct topic_row {
    guint match; /* enum zs_topic_match */
    char *pattern, *protocol, *type;
};

static struct topic_row *topic_rows;
static guint topic_rows_n;
static GArray *topic_rules; /* of struct zs_topic_rule */
static wmem_map_t *ruled;   /* zs_whole -> struct zs_topic_rule; of this file */

UAT_VS_DEF(topic_row, match, struct topic_row, guint, ZS_TOPIC_BEGINS_WITH, "begins with")
UAT_CSTRING_CB_DEF(topic_row, pattern, struct topic_row)
UAT_CSTRING_CB_DEF(topic_row, protocol, struct topic_row)
UAT_CSTRING_CB_DEF(topic_row, type, struct topic_row)

static void *copy_topic_row(void *to, const void *from, size_t n)
{
    const struct topic_row *old = from;
    struct topic_row *row = to;

    (void)n;
    row->match = old->match;
    row->pattern = g_strdup(old->pattern);
    row->protocol = g_strdup(old->protocol);
    row->type = g_strdup(old->type);
    return row;
}

static void free_topic_row(void *record)
{
    struct topic_row *row = record;

    g_free(row->pattern);
    g_free(row->protocol);
    g_free(row->type);
}

static GRegex *compile(const char *pattern, GError **error)
{
    return g_regex_new(pattern, G_REGEX_RAW | G_REGEX_OPTIMIZE, 0, error);
}

static zbool check_topic_row(void *record, char **why)
{
    const struct topic_row *row = record;
    GError *error = NULL;

    if (!row->protocol || !find_dissector(row->protocol)) {
        *why = g_strdup_printf("There is no dissector called \"%s\"",
                               row->protocol ? row->protocol : "");
        return ZFALSE;
    }
    if (row->match != ZS_TOPIC_MATCHES)
        return ZTRUE;
    GRegex *regex = compile(row->pattern ? row->pattern : "", &error);
    if (!regex) {
        *why = g_strdup(error->message);
        g_error_free(error);
        return ZFALSE;
    }
    g_regex_unref(regex);
    return ZTRUE;
}

void zs_topics_register(module_t *module)
{
    static uat_field_t columns[] = {
        UAT_FLD_VS(topic_row, match, "Topic", match_names, "How the topic is compared"),
        UAT_FLD_CSTRING(topic_row, pattern, "Pattern",
                        "What the message's first part begins with, is, or matches"),
        UAT_FLD_CSTRING(topic_row, protocol, "Protocol", "The name of the payload's dissector"),
        UAT_FLD_CSTRING(topic_row, type, "Message type",
                        "For protobuf: the message type, as in package.Message; may be empty"),
        UAT_END_FIELDS,
    };
    uat_t *table =
        uat_new(TOPICS_NAME, sizeof(struct topic_row), "zmtp_topic_protocols", ZTRUE, &topic_rows,
                &topic_rows_n, UAT_AFFECTS_DISSECTION | UAT_AFFECTS_FIELDS, NULL, copy_topic_row,
                check_topic_row, free_topic_row, NULL, NULL, columns);
    prefs_register_uat_preference(
        module, "topic_protocols", "ZMTP topic protocols",
        "The protocol of the payloads of messages with certain topics, or first parts", table);
    ruled =
        wmem_map_new_autoreset(wmem_epan_scope(), wmem_file_scope(), g_direct_hash, g_direct_equal);
}

void zs_topics_free(void)
{
    for (guint i = 0; topic_rules && i < topic_rules->len; i++) {
        struct zs_topic_rule *rule = &g_array_index(topic_rules, struct zs_topic_rule, i);
        g_free(rule->pattern);
        g_free(rule->data);
        if (rule->regex)
            g_regex_unref(rule->regex);
    }
    if (topic_rules)
        g_array_free(topic_rules, TRUE);
    topic_rules = NULL;
}

void zs_topics_load(void)
{
    zs_topics_free();
    topic_rules = g_array_new(FALSE, FALSE, sizeof(struct zs_topic_rule));
    for (guint i = 0; i < topic_rows_n; i++) {
        const struct topic_row *row = &topic_rows[i];
        struct zs_topic_rule rule = {
            .match = row->match,
            .pattern = g_strdup(row->pattern ? row->pattern : ""),
            .handle = find_dissector(row->protocol),
            .data = row->type && *row->type ? g_strconcat("message,", row->type, NULL) : NULL,
        };
        if (rule.match == ZS_TOPIC_MATCHES)
            rule.regex = compile(rule.pattern, NULL);
        g_array_append_val(topic_rules, rule);
    }
}

static bool fits(const struct zs_topic_rule *rule, struct zs_span topic)
{
    size_t n = strlen(rule->pattern);

    switch (rule->match) {
    case ZS_TOPIC_IS:
        return zs_span_is(topic, rule->pattern);
    case ZS_TOPIC_BEGINS_WITH:
        return topic.n >= n && (n == 0 || memcmp(topic.p, rule->pattern, n) == 0);
    case ZS_TOPIC_MATCHES:
        n = topic.n < SUBJECT_MAX ? topic.n : SUBJECT_MAX;
        return rule->regex && g_regex_match_full(rule->regex, topic.n ? (const char *)topic.p : "",
                                                 (gssize)n, 0, 0, NULL, NULL);
    }
    return false;
}

static const struct zs_topic_rule *rule_for(struct zs_span topic)
{
    for (guint i = 0; i < topic_rules->len; i++) {
        const struct zs_topic_rule *rule = &g_array_index(topic_rules, struct zs_topic_rule, i);
        if (fits(rule, topic))
            return rule;
    }
    return NULL;
}

/* ==== which rule a message stands under ==== */

bool zs_topic_stands_in(const struct zs_pdu *pdu)
{
    return pdu->part == pdu->whole->delimiter + 1;
}

const struct zs_topic_rule *zs_topic_rule_of(const struct zs_shown *s, const struct zs_reading *r)
{
    struct zs_whole *whole = s->pdu->whole;

    if (topic_rules->len == 0 || !whole || whole->torn)
        return NULL;
    if (!PINFO_FD_VISITED(s->pinfo) && zs_topic_stands_in(s->pdu)) {
        const struct zs_topic_rule *rule = rule_for(r->data);
        if (rule)
            wmem_map_insert(ruled, whole, (void *)rule);
        else
            wmem_map_remove(ruled, whole);
    }
    return wmem_map_lookup(ruled, whole);
}
