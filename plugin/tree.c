/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The tree, the Info column and the expert items of one thing of a packet: greetings, frames, commands. */
#include "plugin/tree.h"

#include "plugin/fields.h"
#include "plugin/info.h"

/* The expert item says it; the field, which is not shown beside it, is for filters. */
static void add_expert(const struct zs_shown *s, proto_item *item, enum zs_rc rc)
{
    const struct zs_defect *defect = zs_defect_of(rc);

    if (!defect)
        return;
    expert_add_info(s->pinfo, item, &zs_ei.defect[rc]);
    proto_item *code = proto_tree_add_string(s->tree, zs_hf.defect, s->tvb, 0, 0, defect->code);
    proto_item_set_generated(code);
    proto_item_set_hidden(code);
}

static void tell_missing(const struct zs_shown *s, proto_item *item)
{
    if (s->pdu->missing)
        expert_add_info_format(s->pinfo, item, &zs_ei.missing,
                               "TCP did not hand on %" G_GUINT64_FORMAT
                               " octets: not captured, or, "
                               "with tcp.reassemble_out_of_order off, out of order",
                               s->pdu->missing);
    if (s->pdu->says & ZS_SAYS_MIDSTREAM)
        expert_add_info(s->pinfo, item, &zs_ei.midstream);
}

/* ==== greeting ==== */

static void greeting_remainder(const struct zs_shown *s, proto_tree *tree,
                               const struct zs_greeting *g)
{
    tvbuff_t *tvb = s->tvb;
    int o = s->offset;

    if (zs_greeting_is_2(g)) {
        proto_tree_add_item(tree, zs_hf.socket_type_2, tvb, o, 1, ENC_BIG_ENDIAN);
        zs_item_string(tree, zs_hf.socket_type, tvb,
                       zs_socket_type_name(zs_socket_type_of_number(g->socket_type)));
        return;
    }
    proto_tree_add_item(tree, zs_hf.version_minor, tvb, o, 1, ENC_BIG_ENDIAN);
    proto_tree_add_item(tree, zs_hf.mechanism, tvb, o + 1, ZS_MECHANISM_SIZE, ENC_ASCII);
    proto_item *as_server =
        proto_tree_add_item(tree, zs_hf.as_server, tvb, o + 21, 1, ENC_BIG_ENDIAN);
    proto_tree_add_item(tree, zs_hf.filler, tvb, o + 22, 31, ENC_NA);
    if (s->pdu->says & ZS_SAYS_AS_SERVER)
        expert_add_info(s->pinfo, as_server, &zs_ei.no_server);
}

static void greeting_part(const struct zs_shown *s, proto_tree *tree, const struct zs_greeting *g)
{
    int n = (int)s->pdu->n;

    switch (s->pdu->part_of_greeting) {
    case ZS_GREETING_SIGNATURE:
        /* Wireshark's own dissector calls the first octet flags. */
        proto_item_set_hidden(
            proto_tree_add_item(tree, zs_hf.flags, s->tvb, s->offset, 1, ENC_BIG_ENDIAN));
        proto_tree_add_item(tree, zs_hf.signature, s->tvb, s->offset, n, ENC_NA);
        if (n == ZS_SIGNATURE_SIZE)
            proto_tree_add_item(tree, zs_hf.padding, s->tvb, s->offset + 1, 8, ENC_NA);
        break;
    case ZS_GREETING_REVISION:
        /* A peer that found no signature: ours then is the head of an identity frame, and this is its body. */
        if (!g->versioned)
            proto_tree_add_item(tree, zs_hf.identity, s->tvb, s->offset, n, ENC_NA);
        else
            proto_tree_add_item(tree, zs_hf.version_major, s->tvb, s->offset, 1, ENC_BIG_ENDIAN);
        break;
    case ZS_GREETING_REMAINDER:
        greeting_remainder(s, tree, g);
        break;
    case ZS_GREETING_DONE:
        break;
    }
}

/* "Greeting ZMTP 2.0 DEALER", "Greeting ZMTP 3.1 CURVE" */
static const char *greeting_in_words(packet_info *pinfo, const struct zs_greeting *g)
{
    const char *more = zs_greeting_is_2(g)
                           ? zs_socket_type_name(zs_socket_type_of_number(g->socket_type))
                           : g->mechanism;
    return wmem_strdup_printf(pinfo->pool, "Greeting ZMTP %s%s%s", zs_greeting_version(g),
                              more && *more ? " " : "", more ? more : "");
}

void zs_tree_greeting(const struct zs_shown *s)
{
    static const char *const titles[] = {
        [ZS_GREETING_SIGNATURE] = "Greeting: signature",
        [ZS_GREETING_REVISION] = "Greeting: revision",
        [ZS_GREETING_REMAINDER] = "Greeting",
        [ZS_GREETING_DONE] = "Greeting",
    };
    const struct zs_pdu *pdu = s->pdu;
    const struct zs_greeting *g = pdu->greeting;
    bool done = g->part == ZS_GREETING_DONE;
    proto_item *item;

    if (pdu->n == 0 && !done)
        return;
    proto_tree *tree =
        proto_tree_add_subtree(s->tree, s->tvb, s->offset, (int)pdu->n, zs_ett.greeting, &item,
                               done ? "Greeting" : titles[pdu->part_of_greeting]);
    if (pdu->n)
        greeting_part(s, tree, g);
    if (done)
        zs_item_string(tree, zs_hf.version, s->tvb, zs_greeting_version(g));
    zs_info_greeting(s, done ? greeting_in_words(s->pinfo, g) : NULL);
    tell_missing(s, item);
}

/* ==== commands ==== */

static void add_metadata(const struct zs_shown *s, proto_tree *parent, const struct zs_source *src,
                         struct zs_span metadata)
{
    struct zs_property p;
    enum zs_rc rc = ZS_OK;

    while (zs_metadata_next(&metadata, &p, &rc)) {
        proto_item *item;
        proto_tree *tree = proto_tree_add_subtree_format(
            parent, src->tvb, zs_source_at(src, p.name) - 1, (int)(p.name.n + p.value.n + 5),
            zs_ett.metadata, &item, "%s", zs_label(s->pinfo->pool, p.name));
        zs_item_text(tree, zs_hf.metadata_key, src, p.name);
        zs_item_text(tree, zs_hf.metadata_value, src, p.value);
        if (zs_property_is(&p, "Socket-Type"))
            zs_item_text(tree, zs_hf.socket_type, src, p.value);
    }
}

static void add_curve(const struct zs_shown *s, proto_tree *tree, const struct zs_source *src,
                      const struct zs_curve *c, bool hello)
{
    if (hello) {
        int o = zs_source_at(src, c->publickey) - 74;
        zs_item_string(tree, zs_hf.curve_version, src->tvb,
                       wmem_strdup_printf(s->pinfo->pool, "%u.%u", c->major, c->minor));
        proto_tree_add_item(tree, zs_hf.curve_version_major, src->tvb, o, 1, ENC_BIG_ENDIAN);
        proto_tree_add_item(tree, zs_hf.curve_version_minor, src->tvb, o + 1, 1, ENC_BIG_ENDIAN);
        proto_tree_add_item(tree, zs_hf.padding, src->tvb, o + 2, 72, ENC_NA);
        zs_item_octets(tree, zs_hf.curve_publickey, src, c->publickey);
        zs_item_octets(tree, zs_hf.curve_nonce, src, c->nonce);
        zs_item_octets(tree, zs_hf.curve_signature, src, c->signature);
        return;
    }
    if (c->cookie.n)
        zs_item_octets(tree, zs_hf.curve_cookie, src, c->cookie);
    zs_item_octets(tree, zs_hf.curve_nonce, src, c->nonce);
    zs_item_octets(tree, zs_hf.curve_box, src, c->box);
}

static void add_ping(proto_tree *tree, const struct zs_source *src, const struct zs_command *c)
{
    struct zs_ping ping;

    if (c->id == ZS_CMD_PONG) {
        zs_item_text(tree, zs_hf.ping_context, src, c->body);
    } else if (zs_ping_parse(c->body, &ping) == ZS_OK) {
        proto_tree_add_item(tree, zs_hf.ping_ttl, src->tvb, zs_source_at(src, c->body), 2,
                            ENC_BIG_ENDIAN);
        if (ping.context.n)
            zs_item_text(tree, zs_hf.ping_context, src, ping.context);
    }
}

static void add_error(proto_tree *tree, const struct zs_source *src, const struct zs_command *c)
{
    struct zs_span reason;
    if (zs_error_parse(c->body, &reason) == ZS_OK)
        zs_item_text(tree, zs_hf.reason, src, reason);
}

static void add_plain_hello(proto_tree *tree, const struct zs_source *src,
                            const struct zs_command *c)
{
    struct zs_plain_hello hello;
    if (zs_plain_hello_parse(c->body, &hello) == ZS_OK) {
        zs_item_text(tree, zs_hf.username, src, hello.username);
        zs_item_text(tree, zs_hf.password, src, hello.password);
    }
}

static void add_command_body(const struct zs_shown *s, proto_tree *tree,
                             const struct zs_source *src, const struct zs_command *c)
{
    struct zs_curve curve;

    if (s->pdu->place.mechanism == ZS_MECHANISM_CURVE &&
        zs_curve_parse(c->id, c->body, &curve) == ZS_OK) {
        add_curve(s, tree, src, &curve, c->id == ZS_CMD_HELLO);
        return;
    }
    if (s->pdu->place.mechanism == ZS_MECHANISM_PLAIN && c->id == ZS_CMD_HELLO) {
        add_plain_hello(tree, src, c);
        return;
    }
    switch (c->id) {
    case ZS_CMD_READY:
    case ZS_CMD_INITIATE:
        add_metadata(s, tree, src, c->body);
        break;
    case ZS_CMD_PING:
    case ZS_CMD_PONG:
        add_ping(tree, src, c);
        break;
    case ZS_CMD_SUBSCRIBE:
    case ZS_CMD_CANCEL:
        zs_item_text(tree, zs_hf.topic, src, c->body);
        break;
    case ZS_CMD_JOIN:
    case ZS_CMD_LEAVE:
        zs_item_text(tree, zs_hf.group, src, c->body);
        break;
    case ZS_CMD_ERROR:
        add_error(tree, src, c);
        break;
    default:
        if (c->body.n)
            zs_item_octets(tree, zs_hf.data, src, c->body);
        break;
    }
}

static const char *name_of(packet_info *pinfo, const struct zs_command *c)
{
    if (c->id == ZS_CMD_EMPTY)
        return "(empty command)";
    if (c->id != ZS_CMD_UNKNOWN)
        return zs_command_name(c->id);
    return zs_is_printable(c->name) ? zs_label_short(pinfo->pool, c->name) : "(unknown command)";
}

void zs_tree_command_name(const struct zs_shown *s, proto_tree *tree, const struct zs_source *src,
                          const struct zs_command *c)
{
    if (!zs_source_holds(src, c->name) || c->name.n == 0)
        return;
    if (c->form == ZS_FORM_LIBZMQ && !c->misnamed)
        proto_tree_add_item(tree, zs_hf.command_name_length, src->tvb,
                            zs_source_at(src, c->name) - 1, 1, ENC_BIG_ENDIAN);
    zs_item_text(tree, zs_hf.command_name, src, c->name);
    if (s->pdu->place.mechanism == ZS_MECHANISM_GSSAPI)
        zs_item_string(tree, zs_hf.form, src->tvb, zs_form_name(c->form));
}

/* "READY DEALER", "SUBSCRIBE "weather"", "ERROR "Invalid password"" */
static const char *command_in_words(const struct zs_shown *s, const struct zs_command *c,
                                    const char *name)
{
    packet_info *pinfo = s->pinfo;
    struct zs_plain_hello hello;
    struct zs_span reason;
    const char *type = zs_socket_type_name(s->pdu->sender);

    switch (c->id) {
    case ZS_CMD_HELLO:
        return s->pdu->place.mechanism == ZS_MECHANISM_PLAIN &&
                       zs_plain_hello_parse(c->body, &hello) == ZS_OK
                   ? wmem_strdup_printf(pinfo->pool, "%s %s", name,
                                        zs_info_quote(pinfo, hello.username))
                   : name;
    case ZS_CMD_READY:
        return type ? wmem_strdup_printf(pinfo->pool, "%s %s", name, type) : name;
    case ZS_CMD_SUBSCRIBE:
    case ZS_CMD_CANCEL:
    case ZS_CMD_JOIN:
    case ZS_CMD_LEAVE:
        return wmem_strdup_printf(pinfo->pool, "%s %s", name, zs_info_quote(pinfo, c->body));
    case ZS_CMD_ERROR:
        return zs_error_parse(c->body, &reason) == ZS_OK
                   ? wmem_strdup_printf(pinfo->pool, "%s %s", name, zs_info_quote(pinfo, reason))
                   : name;
    default:
        return name;
    }
}

void zs_tree_command(const struct zs_shown *s, proto_tree *parent, const struct zs_source *src,
                     const struct zs_reading *r)
{
    const struct zs_command *c = &r->content;
    const char *name = name_of(s->pinfo, c);
    proto_item *item;
    proto_tree *tree = proto_tree_add_subtree_format(parent, src->tvb, src->offset, (int)src->n,
                                                     zs_ett.command, &item, "Command %s", name);

    zs_tree_command_name(s, tree, src, c);
    if (r->wrapped && !r->verified) {
        zs_info_sealed(s, "command", r->frame.body.n);
        return;
    }
    add_command_body(s, tree, src, c);
    zs_tree_heartbeat(s, tree);
    if (c->misnamed)
        proto_item_append_text(item, " (sent as RROR: a slip of libzmq's PLAIN)");
    if (c->id == ZS_CMD_EMPTY)
        expert_add_info(s->pinfo, item, &zs_ei.empty_command);
    if (c->id == ZS_CMD_HELLO && s->pdu->place.mechanism == ZS_MECHANISM_PLAIN)
        expert_add_info(s->pinfo, item, &zs_ei.password);
    zs_info_say(s, command_in_words(s, c, name));
}

/* ==== frame ==== */

/* 13/ZMTP: FF and eight octets of length, or one; the length counts the flags octet, which follows it. */
static void show_header_1(const struct zs_shown *s, proto_tree *tree)
{
    int o = s->offset;
    bool is_long = tvb_get_uint8(s->tvb, o) == 0xff;

    proto_tree_add_item(tree, zs_hf.length, s->tvb, is_long ? o + 1 : o, is_long ? 8 : 1,
                        ENC_BIG_ENDIAN);
    proto_tree_add_item(tree, zs_hf.flags, s->tvb, o + (is_long ? 9 : 1), 1, ENC_BIG_ENDIAN);
}

static void show_header(const struct zs_shown *s, proto_tree *tree)
{
    static int *const bits[] = {&zs_hf.flags_reserved, &zs_hf.flags_command, &zs_hf.flags_long,
                                &zs_hf.flags_more, NULL};
    int o = s->offset;

    if (s->pdu->place.framing == ZS_FRAMING_1) {
        show_header_1(s, tree);
        return;
    }
    bool is_long = tvb_get_uint8(s->tvb, o) & ZS_FRAME_LONG;
    proto_tree_add_bitmask(tree, s->tvb, o, zs_hf.flags, zs_ett.flags, bits, ENC_BIG_ENDIAN);
    proto_tree_add_item(tree, zs_hf.length, s->tvb, o + 1, is_long ? 8 : 1, ENC_BIG_ENDIAN);
}

/* Of the greeting, on every frame, as Wireshark's own dissector has it. */
static void add_mechanism(const struct zs_shown *s, proto_tree *tree)
{
    const struct zs_side *sides = s->conversation->session.side;
    const char *name = sides[s->pdu->dir].greeting.mechanism;

    if (!*name)
        name = sides[zs_dir_other(s->pdu->dir)].greeting.mechanism;
    if (!*name)
        return;
    proto_item *item = proto_tree_add_string(tree, zs_hf.mechanism, s->tvb, 0, 0, name);
    proto_item_set_generated(item);
    proto_item_set_hidden(item);
}

void zs_tree_frame(const struct zs_shown *s, struct zs_reading *r, struct zs_opened *o)
{
    const struct zs_frame *f = &r->frame;
    proto_item *item;

    *o = (struct zs_opened){
        .source = {
            .tvb = s->tvb, .offset = s->offset + f->header, .base = f->body.p, .n = f->body.n}};
    o->frame = proto_tree_add_subtree_format(s->tree, s->tvb, s->offset, (int)s->pdu->n,
                                             zs_ett.frame, &item, "%s frame",
                                             r->kind == ZS_READ_IDENTITY   ? "Identity"
                                             : f->flags & ZS_FRAME_COMMAND ? "Command"
                                                                           : "Message");
    o->content = o->frame;
    show_header(s, o->frame);
    add_mechanism(s, o->frame);
    proto_item_set_generated(
        proto_tree_add_boolean(o->frame, zs_hf.message_wrapped, s->tvb, s->offset, 0, r->wrapped));
    tell_missing(s, item);
    if (r->token.kind == ZS_TOKEN_UNKNOWN)
        return;
    zs_tree_command_name(s, o->frame, &o->source, &r->command);
    zs_tree_token(s, r, o);
}

static void show_content(const struct zs_shown *s, const struct zs_reading *r,
                         const struct zs_opened *o)
{
    switch (r->kind) {
    case ZS_READ_TOKEN:
        break;
    case ZS_READ_IDENTITY:
        if (r->data.n)
            zs_item_octets(o->content, zs_hf.identity, &o->source, r->data);
        zs_info_say(s, "Identity");
        break;
    case ZS_READ_COMMAND:
        zs_tree_command(s, o->content, &o->source, r);
        break;
    case ZS_READ_MESSAGE:
        if (r->wrapped && r->token.kind == ZS_TOKEN_UNKNOWN) { /* CURVE's */
            zs_tree_command_name(s, o->content, &o->source, &r->command);
            add_command_body(s, o->content, &o->source, &r->command);
        }
        zs_tree_message(s, o->content, &o->source, r);
        break;
    }
}

void zs_tree_content(const struct zs_shown *s, const struct zs_reading *r,
                     const struct zs_opened *o)
{
    const struct zs_pdu *pdu = s->pdu;
    proto_item *item = proto_tree_get_parent(o->frame);

    show_content(s, r, o);
    zs_item_string(o->frame, zs_hf.sender_type, s->tvb, zs_socket_type_name(pdu->sender));
    zs_item_string(o->frame, zs_hf.receiver_type, s->tvb, zs_socket_type_name(pdu->receiver));
    if (pdu->says & ZS_SAYS_HANDSHAKE)
        zs_item_duration(o->frame, zs_hf.handshake_time, s->tvb, s->conversation->handshake_ns);
    zs_tree_context(s, o->frame);
    if (pdu->says & ZS_SAYS_UNSEALED)
        expert_add_info(s->pinfo, item, &zs_ei.unsealed);
    add_expert(s, item, r->defect);
    add_expert(s, item, pdu->turn.defect);
}

void zs_tree_octets(const struct zs_shown *s)
{
    const struct zs_pdu *pdu = s->pdu;
    int captured = tvb_captured_length_remaining(s->tvb, s->offset);
    int n = (int)(pdu->n < (size_t)captured ? pdu->n : (size_t)captured);
    int hf = pdu->kind == ZS_PDU_UNREAD ? zs_hf.unread : zs_hf.continuation;
    const char *said = pdu->kind == ZS_PDU_HEAD           ? "beginning of a frame"
                       : pdu->kind == ZS_PDU_CONTINUATION ? "continuation"
                       : pdu->kind == ZS_PDU_OLD          ? "retransmission"
                                                          : "octets that cannot be told apart";
    proto_item *item = proto_tree_add_item(s->tree, hf, s->tvb, s->offset, n, ENC_NA);

    proto_item_append_text(item, " (%s)", said);
    if (pdu->kind == ZS_PDU_HEAD)
        show_header(s, proto_item_add_subtree(item, zs_ett.frame));
    tell_missing(s, item);
    add_expert(s, item, pdu->defect);
    zs_info_say(s, said);
}
