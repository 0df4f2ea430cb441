/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Whom a payload is for, by the user's tables or by its shape, and the call.
 *
 * Limits: a topic is compared with a regular expression as far as SUBJECT_MAX octets. */
#include "plugin/payload.h"

#include "plugin/call.h"
#include "plugin/fields.h"
#include "plugin/ports.h"
#include "plugin/shape.h"

#include <epan/decode_as.h>
#include <epan/exceptions.h>
#include <epan/prefs.h>
#include <epan/show_exception.h>
#include <epan/uat-int.h>

#include <stdio.h>

enum { SUBJECT_MAX = 1024 };

static dissector_table_t by_protocol; /* zmtp.protocol: a TCP port to a dissector */
static heur_dissector_list_t recognisers;
static zbool try_heuristics = ZTRUE;

/* ==== the user's table by topic ==== */

#define TOPICS_NAME "ZMTP Topic Protocols"

enum match { MATCH_EXACT, MATCH_PREFIX, MATCH_REGEX };

static const value_string match_names[] = {
    {MATCH_PREFIX, "begins with"},
    {MATCH_EXACT, "is"},
    {MATCH_REGEX, "matches"},
    {0, NULL},
};

struct topic_row {
    guint match; /* enum match */
    char *pattern, *protocol, *type;
};

/* A row in force. */
struct topic_rule {
    enum match match;
    char *pattern;
    GRegex *regex;
    dissector_handle_t handle;
    char *data; /* what the dissector wants to be told, or NULL */
};

static struct topic_row *topic_rows;
static guint topic_rows_n;
static GArray *topic_rules; /* of struct topic_rule */

UAT_VS_DEF(topic_row, match, struct topic_row, guint, MATCH_PREFIX, "begins with")
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
    if (row->match != MATCH_REGEX)
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

static void register_topics(module_t *module)
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
}

static void free_topic_rules(void)
{
    for (guint i = 0; topic_rules && i < topic_rules->len; i++) {
        struct topic_rule *rule = &g_array_index(topic_rules, struct topic_rule, i);
        g_free(rule->pattern);
        g_free(rule->data);
        if (rule->regex)
            g_regex_unref(rule->regex);
    }
    if (topic_rules)
        g_array_free(topic_rules, TRUE);
    topic_rules = NULL;
}

static void load_topics(void)
{
    free_topic_rules();
    topic_rules = g_array_new(FALSE, FALSE, sizeof(struct topic_rule));
    for (guint i = 0; i < topic_rows_n; i++) {
        const struct topic_row *row = &topic_rows[i];
        struct topic_rule rule = {
            .match = row->match,
            .pattern = g_strdup(row->pattern ? row->pattern : ""),
            .handle = find_dissector(row->protocol),
            .data = row->type && *row->type ? g_strconcat("message,", row->type, NULL) : NULL,
        };
        if (rule.match == MATCH_REGEX)
            rule.regex = compile(rule.pattern, NULL);
        g_array_append_val(topic_rules, rule);
    }
}

static bool fits(const struct topic_rule *rule, struct zs_span topic)
{
    size_t n = strlen(rule->pattern);

    switch (rule->match) {
    case MATCH_EXACT:
        return zs_span_is(topic, rule->pattern);
    case MATCH_PREFIX:
        return topic.n >= n && (n == 0 || memcmp(topic.p, rule->pattern, n) == 0);
    case MATCH_REGEX:
        n = topic.n < SUBJECT_MAX ? topic.n : SUBJECT_MAX;
        return rule->regex && g_regex_match_full(rule->regex, topic.n ? (const char *)topic.p : "",
                                                 (gssize)n, 0, 0, NULL, NULL);
    }
    return false;
}

static const struct topic_rule *rule_for(struct zs_span topic)
{
    for (guint i = 0; i < topic_rules->len; i++) {
        const struct topic_rule *rule = &g_array_index(topic_rules, struct topic_rule, i);
        if (fits(rule, topic))
            return rule;
    }
    return NULL;
}

/* ==== which rule a message stands under ==== */

static wmem_map_t *ruled; /* zs_whole -> struct topic_rule; of this file */

/* What is compared: the first part behind an envelope, if there is one. Where the delimiter comes as a surprise, the
 * part behind it is another first one. */
static bool is_first(const struct zs_pdu *pdu)
{
    return pdu->part == pdu->whole->delimiter + 1;
}

/* The rule that the part's message stands under, found with its first part on the first pass; NULL: none. */
static const struct topic_rule *rule_of(const struct zs_shown *s, const struct zs_reading *r)
{
    struct zs_whole *whole = s->pdu->whole;

    if (topic_rules->len == 0 || !whole || whole->torn)
        return NULL;
    if (!PINFO_FD_VISITED(s->pinfo) && is_first(s->pdu)) {
        const struct topic_rule *rule = rule_for(r->data);
        if (rule)
            wmem_map_insert(ruled, whole, (void *)rule);
        else
            wmem_map_remove(ruled, whole);
    }
    return wmem_map_lookup(ruled, whole);
}

/* Addresses and topics say where a message goes, not what it says; nor does what may be an address, nor the first part
 * of several by which the rule was found. */
static bool is_payload(const struct zs_pdu *pdu, const struct topic_rule *rule)
{
    if (pdu->role != ZS_PART_PAYLOAD || pdu->unsettled)
        return false;
    return !rule || !is_first(pdu) || pdu->last;
}

/* ==== the call ==== */

struct handing {
    const struct zs_shown *s;
    proto_tree *tree;
    tvbuff_t *tvb;             /* the payload */
    dissector_handle_t handle; /* NULL: the recognisers are asked */
    void *data;
    int taken_by; /* a protocol; 0: nobody */
};

static void hand(struct handing *h)
{
    packet_info *pinfo = h->s->pinfo;
    heur_dtbl_entry_t *entry;

    if (h->handle) {
        int protocol = dissector_handle_get_protocol_index(h->handle);
        if (call_dissector_only(h->handle, h->tvb, pinfo, h->tree, h->data) > 0)
            h->taken_by = protocol;
    } else if (dissector_try_heuristic(recognisers, h->tvb, pinfo, h->tree, &entry, NULL)) {
        h->taken_by = proto_get_id(entry->protocol);
    }
}

/* What a payload dissector throws is about the payload: it costs the rest of that tree and nothing of ours. A function
 * of its own, so that nothing lives across the jump but its argument. */
static void hand_protected(struct handing *h)
{
    packet_info *pinfo = h->s->pinfo;
    struct zs_call call;

    zs_call_begin(&call, pinfo);
    TRY
    {
        hand(h);
    }
    CATCH_NONFATAL_ERRORS
    {
        show_exception(h->tvb, pinfo, h->tree, EXCEPT_CODE, GET_MESSAGE);
        if (h->handle)
            h->taken_by = dissector_handle_get_protocol_index(h->handle);
    }
    FINALLY
    {
        zs_call_end(&call);
    }
    ENDTRY;
}

/* The name by which a dissector can be called who took the payload. */
static const char *name_of(const struct handing *h)
{
    if (h->handle)
        return dissector_handle_get_dissector_name(h->handle);
    const char *name = proto_get_protocol_filter_name(h->taken_by);
    return find_dissector(name) ? name : NULL;
}

/* handle NULL: whoever recognises it. */
static bool give(struct handing *h, dissector_handle_t handle, void *data, const char *why)
{
    h->handle = handle;
    h->data = data;
    hand_protected(h);
    if (h->taken_by <= 0)
        return false;
    h->s->outcome->payload = name_of(h);
    proto_item_set_generated(proto_tree_add_string(h->tree, zs_hf.payload_protocol, h->tvb, 0, 0,
                                                   proto_get_protocol_filter_name(h->taken_by)));
    proto_item_set_generated(
        proto_tree_add_string(h->tree, zs_hf.payload_chosen_by, h->tvb, 0, 0, why));
    return true;
}

/* What Decode As says of the port, on either side. */
static dissector_handle_t decoded_as(const packet_info *pinfo)
{
    const guint32 ports[] = {pinfo->destport, pinfo->srcport};

    for (size_t i = 0; i < array_length(ports); i++)
        if (dissector_is_uint_changed(by_protocol, ports[i]))
            return dissector_get_uint_handle(by_protocol, ports[i]);
    return NULL;
}

static dissector_handle_t by_port(const packet_info *pinfo)
{
    dissector_handle_t handle = zs_ports_protocol(pinfo);

    if (!handle)
        handle = dissector_get_uint_handle(by_protocol, pinfo->destport);
    return handle ? handle : dissector_get_uint_handle(by_protocol, pinfo->srcport);
}

static void give_by_precedence(struct handing *h, const struct topic_rule *rule)
{
    const packet_info *pinfo = h->s->pinfo;
    dissector_handle_t chosen = decoded_as(pinfo), usual = by_port(pinfo);

    if (chosen && give(h, chosen, NULL, "Decode As"))
        return;
    if (rule && give(h, rule->handle, rule->data, "topic"))
        return;
    if (usual && usual != chosen && give(h, usual, NULL, "port"))
        return;
    if (try_heuristics)
        give(h, NULL, NULL, "heuristics");
}

void zs_payload_show(const struct zs_shown *s, proto_tree *tree, const struct zs_reading *r,
                     tvbuff_t *tvb, int offset)
{
    const struct topic_rule *rule = rule_of(s, r);

    if (r->data.n == 0 || !is_payload(s->pdu, rule))
        return;
    if (!zs_call_has_room(s->pinfo)) {
        expert_add_info(s->pinfo, proto_tree_get_parent(tree), &zs_ei.layers);
        return;
    }
    struct handing h = {
        .s = s, .tree = tree, .tvb = tvb_new_subset_length(tvb, offset, (int)r->data.n)};
    give_by_precedence(&h, rule);
}

/* ==== Decode As ==== */

static void label(guint32 port, const char *which, gchar *result)
{
    snprintf(result, MAX_DECODE_AS_PROMPT_LEN, "payloads of %s port %u as", which, port);
}

static void label_destination(packet_info *pinfo, gchar *result)
{
    label(pinfo->destport, "destination", result);
}

static void label_source(packet_info *pinfo, gchar *result)
{
    label(pinfo->srcport, "source", result);
}

static gpointer destination(packet_info *pinfo)
{
    return GUINT_TO_POINTER(pinfo->destport);
}

static gpointer source(packet_info *pinfo)
{
    return GUINT_TO_POINTER(pinfo->srcport);
}

static void register_choice(void)
{
    static build_valid_func destinations[] = {destination}, sources[] = {source};
    static decode_as_value_t values[] = {
        {label_destination, 1, destinations},
        {label_source, 1, sources},
    };
    static decode_as_t choice = {
        .name = "zmtp",
        .table_name = "zmtp.protocol",
        .num_items = array_length(values),
        .values = values,
        .populate_list = decode_as_default_populate_list,
        .reset_value = decode_as_default_reset,
        .change_value = decode_as_default_change,
    };
    register_decode_as(&choice);
}

/* ==== registration ==== */

void zs_payload_register(int proto, module_t *module)
{
    by_protocol = find_dissector_table("zmtp.protocol");
    if (!by_protocol)
        by_protocol =
            register_dissector_table("zmtp.protocol", "ZMTP Data Type", proto, FT_UINT16, BASE_DEC);
    recognisers = register_heur_dissector_list("zmtp", proto);
    register_choice();
    zs_ports_register(module);
    register_topics(module);
    prefs_register_bool_preference(module, "payload_heuristics", "Try payload heuristics",
                                   "Show a payload that is not given to a protocol by its port or "
                                   "topic as what it looks like: JSON, XML, MessagePack, and what "
                                   "else is enabled among the heuristics of ZMTP",
                                   &try_heuristics);
    ruled =
        wmem_map_new_autoreset(wmem_epan_scope(), wmem_file_scope(), g_direct_hash, g_direct_equal);
}

void zs_payload_handoff(int proto)
{
    static const char *const candidates[] = {
        "json", "xml", "msgpack", "protobuf", "cbor", "data-text-lines", "data"};

    zs_shapes_handoff(proto);
    for (size_t i = 0; i < array_length(candidates); i++) {
        dissector_handle_t handle = find_dissector(candidates[i]);
        if (handle)
            dissector_add_for_decode_as("zmtp.protocol", handle);
    }
}

void zs_payload_load(void)
{
    zs_ports_load();
    load_topics();
}

void zs_payload_free(void)
{
    zs_ports_free();
    free_topic_rules();
}
