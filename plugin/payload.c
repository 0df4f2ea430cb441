/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Whom a payload is for, by the user's tables or by its shape, and the call. */
#include "plugin/payload.h"

#include "plugin/call.h"
#include "plugin/fields.h"
#include "plugin/ports.h"
#include "plugin/shape.h"
#include "plugin/topics.h"

#include <epan/decode_as.h>
#include <epan/exceptions.h>
#include <epan/prefs.h>
#include <epan/show_exception.h>

#include <stdio.h>

static dissector_table_t by_protocol; /* zmtp.protocol: a TCP port to a dissector */
static heur_dissector_list_t recognisers;
static zbool try_heuristics = ZTRUE;

/* Addresses and topics say where a message goes, not what it says; nor does what may be an address, nor the first part
 * of several by which the rule was found. */
static bool is_payload(const struct zs_pdu *pdu, const struct zs_topic_rule *rule)
{
    if (pdu->role != ZS_PART_PAYLOAD || pdu->unsettled)
        return false;
    return !rule || !zs_topic_stands_in(pdu) || pdu->last;
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

/* What a payload dissector throws is about the payload: it costs the rest of that tree and nothing of ours. That is more
 * than Wireshark's "nonfatal errors": to who reads a stream (tcp_dissect_pdus), what is not all there is a fragment. A
 * function of its own, so that nothing lives across the jump but its argument. */
static void hand_protected(struct handing *h)
{
    packet_info *pinfo = h->s->pinfo;
    struct zs_call call;

    zs_call_begin(&call, pinfo);
    TRY
    {
        hand(h);
    }
    CATCH_BOUNDS_AND_DISSECTOR_ERRORS
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

static void give_by_precedence(struct handing *h, const struct zs_topic_rule *rule)
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
    const struct zs_topic_rule *rule = zs_topic_rule_of(s, r);

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
    zs_topics_register(module);
    prefs_register_bool_preference(module, "payload_heuristics", "Try payload heuristics",
                                   "Show a payload that is not given to a protocol by its port or "
                                   "topic as what it looks like: JSON, XML, MessagePack, and what "
                                   "else is enabled among the heuristics of ZMTP",
                                   &try_heuristics);
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
    zs_topics_load();
}

void zs_payload_free(void)
{
    zs_ports_free();
    zs_topics_free();
}
