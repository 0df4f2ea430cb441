/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The tree of a message's part: its octets, its place in the message, and what the message belongs to. */
#include "plugin/fields.h"
#include "plugin/info.h"
#include "plugin/payload.h"
#include "plugin/tree.h"

/* Between DEALER and ROUTER an envelope shows as one only with its delimiter. */
static enum zs_part_role role_of(const struct zs_pdu *pdu)
{
    return pdu->part < pdu->whole->delimiter ? ZS_PART_ENVELOPE : pdu->role;
}

static void show_role(const struct zs_shown *s, proto_tree *tree, const struct zs_source *src,
                      const struct zs_reading *r)
{
    const struct zs_whole *whole = s->pdu->whole;

    switch (role_of(s->pdu)) {
    case ZS_PART_ENVELOPE:
        zs_item_octets(tree, zs_hf.envelope, src, r->data);
        break;
    case ZS_PART_DELIMITER:
        proto_tree_add_item(tree, zs_hf.envelope_delimiter, src->tvb, zs_source_at(src, r->data), 0,
                            ENC_NA);
        break;
    case ZS_PART_TOPIC:
        zs_item_text(tree, zs_hf.topic, src, r->data);
        break;
    case ZS_PART_GROUP:
        zs_item_text(tree, zs_hf.group, src, r->data);
        break;
    case ZS_PART_SUBSCRIBE:
    case ZS_PART_CANCEL:
        zs_item_text(tree, zs_hf.topic, src, zs_span_skip(r->data, 1));
        break;
    case ZS_PART_PAYLOAD:
        zs_item_string(tree, s->pdu->receiver == ZS_SOCKET_DISH ? zs_hf.group : zs_hf.topic,
                       src->tvb, whole->topic);
        break;
    }
    zs_item_string(tree, zs_hf.subscription, src->tvb, whole->subscription);
}

static void show_answer(proto_tree *tree, tvbuff_t *tvb, const struct zs_whole *whole)
{
    zs_item_packet(tree, zs_hf.reply_in, tvb, whole->answer_packet);
    if (!whole->asked_packet)
        return;
    zs_item_packet(tree, zs_hf.request_in, tvb, whole->asked_packet);
    zs_item_duration(tree, zs_hf.response_time, tvb, whole->after_ns);
}

/* The message's number, the part's, and once the last part was seen the whole of it. */
static void show_whole(const struct zs_shown *s, proto_tree *tree, tvbuff_t *tvb)
{
    const struct zs_pdu *pdu = s->pdu;
    const struct zs_whole *whole = pdu->whole;

    zs_item_uint64(tree, zs_hf.message_number, tvb, whole->number);
    zs_item_uint(tree, zs_hf.message_part, tvb, pdu->part);
    if (whole->torn)
        zs_item_boolean(tree, zs_hf.message_torn, tvb, true);
    else
        zs_item_string(tree, zs_hf.message_role, tvb, zs_part_role_name(role_of(pdu)));
    if (pdu->part > 1)
        zs_item_packet(tree, zs_hf.message_first, tvb, whole->first_packet);
    if (!whole->last_packet)
        return;
    zs_item_uint(tree, zs_hf.message_parts, tvb, whole->parts);
    zs_item_uint64(tree, zs_hf.message_size, tvb, whole->octets);
    if (!pdu->last)
        zs_item_packet(tree, zs_hf.message_last, tvb, whole->last_packet);
    else
        show_answer(tree, tvb, whole);
}

/* Is it text, and does anybody look? To look through a long payload takes as long as to decrypt it. */
static bool shows_as_text(proto_tree *tree, struct zs_span data)
{
    return (proto_field_is_referenced(tree, zs_hf.data_text) ||
            proto_field_is_referenced(tree, zs_hf.message_text)) &&
           zs_is_printable(data);
}

/* The names that Wireshark's own dissector has for a message's octets (4.4 on): filters made for it go on working. */
static void show_data(proto_tree *tree, const struct zs_source *src, struct zs_span data, bool text)
{
    if (!data.n || !zs_source_holds(src, data))
        return;
    proto_item_set_hidden(zs_item_octets(tree, zs_hf.data, src, data));
    if (text)
        proto_item_set_hidden(zs_item_text(tree, zs_hf.data_text, src, data));
}

void zs_tree_message(const struct zs_shown *s, proto_tree *parent, const struct zs_source *src,
                     const struct zs_reading *r)
{
    int at = zs_source_at(src, r->data), n = (int)r->data.n;
    bool closed = r->wrapped && !r->verified;
    struct zs_span data = closed ? r->frame.body : r->data;
    bool text = shows_as_text(parent, data);

    show_data(parent, src, data, text);
    if (closed) {
        zs_info_sealed(s, "message", r->frame.body.n);
        return;
    }
    proto_tree *tree =
        proto_tree_add_subtree_format(parent, src->tvb, at, n, zs_ett.message, NULL, "Message: %s",
                                      parent ? zs_info_quote(s->pinfo, r->data) : "");
    proto_item_set_generated(
        proto_tree_add_uint(tree, zs_hf.message_length, src->tvb, at, n, (uint32_t)n));
    proto_item_set_generated(
        proto_tree_add_boolean(tree, zs_hf.message_more, src->tvb, at, 0, r->more));
    if (s->pdu->whole) {
        show_whole(s, tree, src->tvb);
        show_role(s, tree, src, r);
    }
    if (n)
        zs_item_octets(tree, zs_hf.message_data, src, r->data);
    if (text)
        zs_item_text(tree, zs_hf.message_text, src, r->data);
    zs_payload_show(s, tree, r, src->tvb, at);
    zs_info_part(s, r);
}

void zs_tree_heartbeat(const struct zs_shown *s, proto_tree *tree)
{
    const struct zs_whole *whole = s->pdu->whole;

    if (!whole)
        return;
    zs_item_packet(tree, zs_hf.ping_pong_in, s->tvb, whole->answer_packet);
    if (!whole->asked_packet)
        return;
    zs_item_packet(tree, zs_hf.ping_in, s->tvb, whole->asked_packet);
    zs_item_duration(tree, zs_hf.ping_time, s->tvb, whole->after_ns);
}
