/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The tree, the Info column and the expert items of one thing of a packet.
 *
 * Limits: the Info column names the first INFO_MOST things of a packet. */
#include "plugin/tree.h"

#include "plugin/fields.h"
#include "plugin/keys.h"
#include "plugin/payload.h"

#include <epan/column-utils.h>
#include <epan/proto_data.h>

enum { INFO_MOST = 8, PREVIEW = 40, KEY_INFO = 7 };

/* ==== where the octets of a span stand ==== */

/* The octets of a reading stand in the packet or in a decrypted source; a span of either as an offset of its tvb. */
struct source {
    tvbuff_t *tvb;
    int offset;          /* of base in tvb */
    const uint8_t *base; /* what spans point into */
    size_t n;
};

static bool holds(const struct source *src, struct zs_span s)
{
    return src->base && s.p >= src->base && s.p <= src->base + src->n &&
           s.n <= (size_t)(src->base + src->n - s.p);
}

static int at(const struct source *src, struct zs_span s)
{
    return holds(src, s) ? src->offset + (int)(s.p - src->base) : src->offset;
}

static void add_span(proto_tree *tree, int hf, const struct source *src, struct zs_span s)
{
    if (holds(src, s))
        proto_tree_add_item(tree, hf, src->tvb, at(src, s), (int)s.n, ENC_NA);
}

static void add_text(proto_tree *tree, int hf, const struct source *src, struct zs_span s)
{
    if (holds(src, s))
        proto_tree_add_item(tree, hf, src->tvb, at(src, s), (int)s.n, ENC_UTF_8);
}

/* ==== Info column ==== */

static void info(const struct zs_shown *s, const char *text)
{
    packet_info *pinfo = s->pinfo;
    unsigned *count = p_get_proto_data(pinfo->pool, pinfo, zs_hf.signature, KEY_INFO);

    if (!count) {
        count = wmem_new0(pinfo->pool, unsigned);
        p_add_proto_data(pinfo->pool, pinfo, zs_hf.signature, KEY_INFO, count);
    }
    if (*count < INFO_MOST)
        col_append_sep_str(pinfo->cinfo, COL_INFO, ", ", text);
    else if (*count == INFO_MOST)
        col_append_str(pinfo->cinfo, COL_INFO, ", …");
    (*count)++;
}

/* A payload in few characters: as text, or how long it is. */
static const char *preview(wmem_allocator_t *pool, struct zs_span s)
{
    size_t n = s.n < PREVIEW ? s.n : PREVIEW;

    for (size_t i = 0; i < n; i++)
        if (s.p[i] < 0x20 || s.p[i] > 0x7e)
            return wmem_strdup_printf(pool, "%zu octets", s.n);
    return wmem_strdup_printf(pool, "\"%.*s%s\"", (int)n, n ? (const char *)s.p : "",
                              n < s.n ? "…" : "");
}

static void add_expert(const struct zs_shown *s, proto_item *item, enum zs_rc rc)
{
    if (rc > ZS_MORE && rc < ZS_RC_COUNT)
        expert_add_info(s->pinfo, item, &zs_ei.defect[rc]);
}

/* ==== greeting ==== */

static void greeting_remainder(const struct zs_shown *s, proto_tree *tree,
                               const struct zs_greeting *g)
{
    tvbuff_t *tvb = s->tvb;
    int o = s->offset;

    if (zs_greeting_is_2(g)) {
        proto_tree_add_item(tree, zs_hf.socket_type_2, tvb, o, 1, ENC_BIG_ENDIAN);
        return;
    }
    proto_tree_add_item(tree, zs_hf.version_minor, tvb, o, 1, ENC_BIG_ENDIAN);
    proto_item *version =
        proto_tree_add_string(tree, zs_hf.version, tvb, o, 1, zs_greeting_version(g));
    proto_item_set_generated(version);
    proto_tree_add_item(tree, zs_hf.mechanism, tvb, o + 1, ZS_MECHANISM_SIZE, ENC_ASCII);
    proto_tree_add_item(tree, zs_hf.as_server, tvb, o + 21, 1, ENC_BIG_ENDIAN);
    proto_tree_add_item(tree, zs_hf.filler, tvb, o + 22, 31, ENC_NA);
}

void zs_tree_greeting(const struct zs_shown *s)
{
    const struct zs_pdu *pdu = s->pdu;
    struct zs_greeting g = *pdu->before;
    enum zs_greeting_part part = g.part;
    size_t used;

    struct zs_span in = zs_span(tvb_get_ptr(s->tvb, s->offset, (int)pdu->n), pdu->n);
    zs_greeting_step(&g, in, &used);
    proto_tree *tree =
        proto_tree_add_subtree(s->tree, s->tvb, s->offset, (int)pdu->n, zs_ett.greeting, NULL,
                               part == ZS_GREETING_SIGNATURE  ? "Greeting: signature"
                               : part == ZS_GREETING_REVISION ? "Greeting: revision"
                                                              : "Greeting");
    if (part == ZS_GREETING_SIGNATURE) {
        proto_tree_add_item(tree, zs_hf.signature, s->tvb, s->offset, (int)pdu->n, ENC_NA);
        if (pdu->n == 10)
            proto_tree_add_item(tree, zs_hf.padding, s->tvb, s->offset + 1, 8, ENC_NA);
    } else if (part == ZS_GREETING_REVISION) {
        proto_tree_add_item(tree, zs_hf.version_major, s->tvb, s->offset, 1, ENC_BIG_ENDIAN);
    } else {
        greeting_remainder(s, tree, &g);
    }
    if (g.part != ZS_GREETING_DONE || !zs_greeting_version(&g)) {
        info(s, "Greeting…");
        return;
    }
    info(s, wmem_strdup_printf(s->pinfo->pool, "Greeting ZMTP %s%s%s", zs_greeting_version(&g),
                               g.mechanism[0] ? " " : "", g.mechanism));
}

/* ==== context ==== */

static void add_string(proto_tree *tree, int hf, tvbuff_t *tvb, const char *value)
{
    if (value)
        proto_item_set_generated(proto_tree_add_string(tree, hf, tvb, 0, 0, value));
}

static void add_enctype(proto_tree *tree, int hf, tvbuff_t *tvb, int32_t enctype)
{
    char name[ZS_ENCTYPE_NAME_MAX];
    if (enctype)
        add_string(tree, hf, tvb, zs_enctype_name(enctype, name, sizeof name));
}

static void context_opened(proto_tree *tree, tvbuff_t *tvb, const struct zs_context_facts *f)
{
    add_enctype(tree, zs_hf.session_etype, tvb, f->session_etype);
    add_enctype(tree, zs_hf.subkey_etype, tvb, f->subkey_etype);
    if (f->subkey_etype)
        add_string(tree, zs_hf.subkey_from, tvb, zs_subkey_from_name(f->subkey_from));
    add_string(tree, zs_hf.keytab_entry, tvb, f->keytab_entry);
    if (f->has_gss_flags)
        proto_item_set_generated(
            proto_tree_add_uint(tree, zs_hf.gss_flags, tvb, 0, 0, f->gss_flags));
    if (f->authenticator_opened)
        proto_item_set_generated(proto_tree_add_int64(tree, zs_hf.skew, tvb, 0, 0, f->skew_ms));
    if (f->ticket_opened)
        add_string(tree, zs_hf.verdict, tvb, zs_verdict_name(f->verdict));
}

static void add_frame_link(proto_tree *tree, int hf, tvbuff_t *tvb, uint32_t frame)
{
    if (frame)
        proto_item_set_generated(proto_tree_add_uint(tree, hf, tvb, 0, 0, frame));
}

/* The context in force, on every packet from the AP-REQ on. */
static void show_context(const struct zs_shown *s, proto_tree *parent)
{
    if (!s->pdu->context)
        return;
    const struct zs_context_facts *f = zs_context_facts(s->pdu->context);
    tvbuff_t *tvb = s->tvb;
    proto_item *item;
    proto_tree *tree = proto_tree_add_subtree_format(
        parent, tvb, 0, 0, zs_ett.context, &item, "Security context: %s to %s",
        f->client_principal ? f->client_principal : "unknown client",
        f->service_principal ? f->service_principal : "unknown service");
    proto_item_set_generated(item);
    proto_item_set_generated(proto_tree_add_boolean(tree, zs_hf.context_opened, tvb, 0, 0,
                                                    f->opened_by != ZS_ORIGIN_NONE));
    add_string(tree, zs_hf.client_principal, tvb, f->client_principal);
    add_string(tree, zs_hf.service_principal, tvb, f->service_principal);
    if (f->has_kvno)
        proto_item_set_generated(proto_tree_add_uint(tree, zs_hf.kvno, tvb, 0, 0, f->kvno));
    add_enctype(tree, zs_hf.ticket_etype, tvb, f->ticket_etype);
    if (f->opened_by)
        context_opened(tree, tvb, f);
    if (s->pdu->show_reason)
        add_string(tree, zs_hf.context_reason, tvb, f->reason);
    add_frame_link(tree, zs_hf.ap_req_frame, tvb, s->conversation->ap_req_frame);
    add_frame_link(tree, zs_hf.ap_rep_frame, tvb, s->conversation->ap_rep_frame);
    if (s->pdu->show_reason && f->reason)
        expert_add_info_format(s->pinfo, item, &zs_ei.not_opened, "%s", f->reason);
}

/* ==== commands ==== */

static void add_metadata(proto_tree *parent, const struct source *src, struct zs_span metadata)
{
    struct zs_property p;
    enum zs_rc rc = ZS_OK;

    while (zs_metadata_next(&metadata, &p, &rc)) {
        proto_item *item;
        proto_tree *tree = proto_tree_add_subtree_format(
            parent, src->tvb, at(src, p.name) - 1, (int)(p.name.n + p.value.n + 5), zs_ett.metadata,
            &item, "%.*s", (int)p.name.n, (const char *)p.name.p);
        add_text(tree, zs_hf.metadata_key, src, p.name);
        add_text(tree, zs_hf.metadata_value, src, p.value);
        if (zs_span_is(p.name, "Socket-Type"))
            add_text(tree, zs_hf.socket_type, src, p.value);
    }
}

static void add_curve(proto_tree *tree, const struct source *src, const struct zs_curve *c,
                      bool hello)
{
    if (hello) {
        int o = at(src, c->publickey) - 74;
        proto_tree_add_item(tree, zs_hf.curve_version_major, src->tvb, o, 1, ENC_BIG_ENDIAN);
        proto_tree_add_item(tree, zs_hf.curve_version_minor, src->tvb, o + 1, 1, ENC_BIG_ENDIAN);
        add_span(tree, zs_hf.curve_publickey, src, c->publickey);
        add_span(tree, zs_hf.curve_nonce, src, c->nonce);
        add_span(tree, zs_hf.curve_signature, src, c->signature);
        return;
    }
    if (c->cookie.n)
        add_span(tree, zs_hf.curve_cookie, src, c->cookie);
    add_span(tree, zs_hf.curve_nonce, src, c->nonce);
    add_span(tree, zs_hf.curve_box, src, c->box);
}

static void add_ping(proto_tree *tree, const struct source *src, const struct zs_command *c)
{
    struct zs_ping ping;

    if (c->id == ZS_CMD_PONG) {
        add_text(tree, zs_hf.ping_context, src, c->body);
    } else if (zs_ping_parse(c->body, &ping) == ZS_OK) {
        proto_tree_add_item(tree, zs_hf.ping_ttl, src->tvb, at(src, c->body), 2, ENC_BIG_ENDIAN);
        if (ping.context.n)
            add_text(tree, zs_hf.ping_context, src, ping.context);
    }
}

static void add_error(proto_tree *tree, const struct source *src, const struct zs_command *c)
{
    struct zs_span reason;
    if (zs_error_parse(c->body, &reason) == ZS_OK)
        add_text(tree, zs_hf.reason, src, reason);
}

static void add_plain_hello(proto_tree *tree, const struct source *src, const struct zs_command *c)
{
    struct zs_plain_hello hello;
    if (zs_plain_hello_parse(c->body, &hello) == ZS_OK) {
        add_text(tree, zs_hf.username, src, hello.username);
        add_text(tree, zs_hf.password, src, hello.password);
    }
}

static void add_command_body(const struct zs_shown *s, proto_tree *tree, const struct source *src,
                             const struct zs_command *c)
{
    struct zs_curve curve;

    if (s->pdu->place.mechanism == ZS_MECHANISM_CURVE &&
        zs_curve_parse(c->id, c->body, &curve) == ZS_OK) {
        add_curve(tree, src, &curve, c->id == ZS_CMD_HELLO);
        return;
    }
    switch (c->id) {
    case ZS_CMD_READY:
    case ZS_CMD_INITIATE:
        add_metadata(tree, src, c->body);
        break;
    case ZS_CMD_PING:
    case ZS_CMD_PONG:
        add_ping(tree, src, c);
        break;
    case ZS_CMD_SUBSCRIBE:
    case ZS_CMD_CANCEL:
        add_text(tree, zs_hf.topic, src, c->body);
        break;
    case ZS_CMD_JOIN:
    case ZS_CMD_LEAVE:
        add_text(tree, zs_hf.group, src, c->body);
        break;
    case ZS_CMD_ERROR:
        add_error(tree, src, c);
        break;
    case ZS_CMD_HELLO:
        add_plain_hello(tree, src, c);
        break;
    default:
        if (c->body.n)
            add_span(tree, zs_hf.data, src, c->body);
        break;
    }
}

static const char *name_of(packet_info *pinfo, const struct zs_command *c)
{
    if (c->id == ZS_CMD_EMPTY)
        return "(empty command)";
    if (c->id != ZS_CMD_UNKNOWN)
        return zs_command_name(c->id);
    return wmem_strdup_printf(pinfo->pool, "%.*s", (int)(c->name.n < PREVIEW ? c->name.n : PREVIEW),
                              (const char *)c->name.p);
}

static void add_command_name(proto_tree *tree, const struct source *src, const struct zs_command *c)
{
    if (!holds(src, c->name) || c->name.n == 0)
        return;
    if (c->form == ZS_FORM_LIBZMQ && !c->misnamed)
        proto_tree_add_item(tree, zs_hf.command_name_length, src->tvb, at(src, c->name) - 1, 1,
                            ENC_BIG_ENDIAN);
    add_text(tree, zs_hf.command_name, src, c->name);
}

static void show_command(const struct zs_shown *s, proto_tree *parent, const struct source *src,
                         const struct zs_reading *r)
{
    const struct zs_command *c = &r->content;
    const char *name = name_of(s->pinfo, c);
    proto_tree *tree = proto_tree_add_subtree_format(parent, src->tvb, src->offset, (int)src->n,
                                                     zs_ett.command, NULL, "Command %s", name);
    add_command_name(tree, src, c);
    if (!r->wrapped || r->verified)
        add_command_body(s, tree, src, c);
    info(s, r->wrapped && !r->verified ? "sealed command" : name);
}

/* ==== messages ==== */

static bool is_printable(struct zs_span s)
{
    for (size_t i = 0; i < s.n; i++)
        if (s.p[i] < 0x20 && s.p[i] != '\t' && s.p[i] != '\n' && s.p[i] != '\r')
            return false;
    return s.n && g_utf8_validate((const char *)s.p, (gssize)s.n, NULL);
}

static void show_message(const struct zs_shown *s, proto_tree *parent, const struct source *src,
                         const struct zs_reading *r)
{
    bool closed = r->wrapped && !r->verified;
    wmem_allocator_t *pool = s->pinfo->pool;

    if (closed) {
        info(s, wmem_strdup_printf(pool, "sealed message [%zu octets]", r->frame.body.n));
        return;
    }
    const char *shown = preview(pool, r->data);
    proto_tree *tree =
        proto_tree_add_subtree_format(parent, src->tvb, at(src, r->data), (int)r->data.n,
                                      zs_ett.message, NULL, "Message: %s", shown);
    proto_item_set_generated(proto_tree_add_uint(tree, zs_hf.message_length, src->tvb,
                                                 at(src, r->data), (int)r->data.n,
                                                 (uint32_t)r->data.n));
    proto_item_set_generated(
        proto_tree_add_boolean(tree, zs_hf.message_more, src->tvb, at(src, r->data), 0, r->more));
    if (r->data.n)
        add_span(tree, zs_hf.message_data, src, r->data);
    if (is_printable(r->data))
        add_text(tree, zs_hf.message_text, src, r->data);
    zs_payload_show(s, tree, r, src->tvb, at(src, r->data));
    const char *sender = zs_principal_of(s->conversation, s->pdu, s->pdu->dir);
    info(s, wmem_strdup_printf(pool, "Message%s%s%s %s", r->more ? "+" : "", sender ? " " : "",
                               sender ? sender : "", shown));
}

/* ==== tokens ==== */

static void show_cfx(proto_tree *tree, const struct source *src, const struct zs_cfx *cfx)
{
    static int *const bits[] = {&zs_hf.cfx_acceptor_subkey, &zs_hf.cfx_sealed,
                                &zs_hf.cfx_sent_by_acceptor, NULL};
    int o = at(src, cfx->header);

    if (cfx->header.n == 0)
        return;
    proto_tree_add_bitmask(tree, src->tvb, o + 2, zs_hf.cfx_flags, zs_ett.cfx_flags, bits,
                           ENC_BIG_ENDIAN);
    proto_tree_add_item(tree, zs_hf.cfx_ec, src->tvb, o + 4, 2, ENC_BIG_ENDIAN);
    proto_tree_add_item(tree, zs_hf.cfx_rrc, src->tvb, o + 6, 2, ENC_BIG_ENDIAN);
    proto_tree_add_item(tree, zs_hf.cfx_sequence, src->tvb, o + 8, 8, ENC_BIG_ENDIAN);
}

/* The same of a token of RFC 1964 or RFC 4757, where both are known only once it is open. */
static void show_old(proto_tree *tree, const struct source *src, const struct zs_reading *r)
{
    uint32_t sealed = r->unwrapped.confidential ? ZS_CFX_SEALED : 0;

    if (r->token.kind != ZS_TOKEN_WRAP_OLD || !r->verified)
        return;
    proto_item_set_generated(
        proto_tree_add_boolean(tree, zs_hf.cfx_sealed, src->tvb, 0, 0, sealed));
    proto_item_set_generated(
        proto_tree_add_uint64(tree, zs_hf.cfx_sequence, src->tvb, 0, 0, r->unwrapped.sequence));
}

static proto_tree *show_token(proto_tree *parent, const struct source *src,
                              const struct zs_reading *r)
{
    proto_tree *tree = proto_tree_add_subtree_format(
        parent, src->tvb, at(src, r->token_octets), (int)r->token_octets.n, zs_ett.token, NULL,
        "GSS-API token: %s %s", zs_mech_name(r->token.mech), zs_token_kind_name(r->token.kind));

    proto_item_set_generated(proto_tree_add_string(tree, zs_hf.token_mechanism, src->tvb,
                                                   at(src, r->token_octets), 0,
                                                   zs_mech_name(r->token.mech)));
    proto_item_set_generated(proto_tree_add_string(tree, zs_hf.token_kind, src->tvb,
                                                   at(src, r->token_octets), 0,
                                                   zs_token_kind_name(r->token.kind)));
    proto_item_set_generated(proto_tree_add_uint(tree, zs_hf.token_length, src->tvb,
                                                 at(src, r->token_octets), 0,
                                                 (uint32_t)r->token_octets.n));
    add_span(tree, zs_hf.token, src, r->token_octets);
    show_cfx(tree, src, &r->cfx);
    show_old(tree, src, r);
    return tree;
}

static tvbuff_t *ask_engine(const struct zs_shown *s, proto_tree *tree, const struct source *src,
                            const struct zs_reading *r, bool decrypt)
{
    bool skipped;
    tvbuff_t *token =
        tvb_new_subset_length(src->tvb, at(src, r->token_octets), (int)r->token_octets.n);
    tvbuff_t *plain = zs_engine_call(token, s->pinfo, tree, decrypt, &skipped);

    if (skipped)
        expert_add_info(s->pinfo, proto_tree_get_parent(tree), &zs_ei.layers);
    return plain;
}

/* A context token: shown by Wireshark's gssapi. Its engine learns the keys from it, if ours does not. */
static void show_context_token(const struct zs_shown *s, proto_tree *tree, const struct source *src,
                               const struct zs_reading *r)
{
    bool ours = s->pdu->context && zs_context_facts(s->pdu->context)->opened_by;

    /* Wireshark's SPNEGO takes the hint of MS-SPNG 2.2.1 for RFC 4178's mechListMIC and calls it malformed. */
    if (r->token.kind != ZS_TOKEN_NEG_INIT_HINT)
        ask_engine(s, tree, src, r, !ours);
    info(s, wmem_strdup_printf(s->pinfo->pool, "%s %s", zs_command_name(r->command.id),
                               zs_token_kind_name(r->token.kind)));
}

static void show_inner_flags(proto_tree *tree, const struct source *src, const struct zs_reading *r)
{
    static int *const bits[] = {&zs_hf.inner_cancel, &zs_hf.inner_subscribe, &zs_hf.inner_command,
                                &zs_hf.inner_more, NULL};
    if (r->has_inner_flags)
        proto_tree_add_bitmask(tree, src->tvb, src->offset, zs_hf.inner_flags, zs_ett.inner_flags,
                               bits, ENC_BIG_ENDIAN);
}

/* Wireshark's engine takes every enctype's checksum for 12 octets: of those with more (RFC 6803, RFC 8009) the
 * beginning of the token's header, which stands sealed behind the text, stays at its end. */
static struct zs_span without_surplus(struct zs_span plain, const struct zs_reading *r)
{
    static const size_t surplus[] = {12, 4};

    for (size_t i = 0; r->cfx.header.n && i < array_length(surplus); i++)
        if (plain.n >= surplus[i] &&
            memcmp(plain.p + plain.n - surplus[i], r->cfx.header.p, surplus[i]) == 0)
            return zs_span(plain.p, plain.n - surplus[i]);
    return plain;
}

/* The plaintext as a source of its own, whoever opened it. False: it stays closed. */
static bool open_plaintext(const struct zs_shown *s, proto_tree *tree, const struct source *packet,
                           struct zs_reading *r, struct source *plain)
{
    tvbuff_t *tvb = packet->tvb, *opened;
    const char *engine = "zmtpscope";

    if (r->verified && holds(packet, r->unwrapped.plain)) {
        *plain = *packet; /* integrity only: it stands in the packet */
        plain->offset = at(packet, r->unwrapped.plain);
        plain->base = r->unwrapped.plain.p;
        plain->n = r->unwrapped.plain.n;
    } else if (r->verified) {
        struct zs_span p = r->unwrapped.plain;
        opened = tvb_new_child_real_data(packet->tvb, p.p, (guint)p.n, (gint)p.n);
        add_new_data_source(s->pinfo, opened, "Decrypted ZMTP message");
        *plain = (struct source){.tvb = opened, .base = p.p, .n = p.n};
    } else {
        opened = ask_engine(s, tree, packet, r, true);
        if (!opened)
            return false;
        struct zs_span p =
            without_surplus(zs_span(tvb_get_ptr(opened, 0, -1), tvb_captured_length(opened)), r);
        zs_reading_opened(r, &s->pdu->place, p);
        *plain = (struct source){.tvb = opened, .base = p.p, .n = p.n};
        engine = "Wireshark's Kerberos engine";
    }
    add_string(tree, zs_hf.engine, tvb, engine);
    proto_tree_add_item(tree, zs_hf.plaintext, plain->tvb, plain->offset, (int)plain->n, ENC_NA);
    return true;
}

static void show_wrapped(const struct zs_shown *s, proto_tree *tree, const struct source *packet,
                         struct zs_reading *r)
{
    struct source plain = *packet;

    bool opened = open_plaintext(s, tree, packet, r, &plain);
    proto_item_set_generated(
        proto_tree_add_boolean(tree, zs_hf.verified, packet->tvb, 0, 0, opened));
    if (opened)
        show_inner_flags(tree, &plain, r);
    if (r->kind == ZS_READ_COMMAND)
        show_command(s, tree, &plain, r);
    else
        show_message(s, tree, &plain, r);
}

/* ==== frame ==== */

static void show_flags(const struct zs_shown *s, proto_tree *tree)
{
    static int *const bits[] = {&zs_hf.flags_reserved, &zs_hf.flags_command, &zs_hf.flags_long,
                                &zs_hf.flags_more, NULL};
    int o = s->offset;
    bool is_long = tvb_get_uint8(s->tvb, o) & ZS_FRAME_LONG;

    if (s->pdu->place.framing == ZS_FRAMING_1)
        return;
    proto_tree_add_bitmask(tree, s->tvb, o, zs_hf.flags, zs_ett.flags, bits, ENC_BIG_ENDIAN);
    proto_tree_add_item(tree, zs_hf.length, s->tvb, o + 1, is_long ? 8 : 1, ENC_BIG_ENDIAN);
}

static void show_content(const struct zs_shown *s, proto_tree *tree, const struct source *src,
                         struct zs_reading *r)
{
    proto_item_set_generated(
        proto_tree_add_boolean(tree, zs_hf.message_wrapped, s->tvb, s->offset, 0, r->wrapped));
    if (r->token.kind != ZS_TOKEN_UNKNOWN) {
        add_command_name(tree, src, &r->command);
        proto_tree *token = show_token(tree, src, r);
        if (r->kind == ZS_READ_TOKEN)
            show_context_token(s, token, src, r);
        else
            show_wrapped(s, token, src, r);
    } else if (r->kind == ZS_READ_IDENTITY) {
        add_span(tree, zs_hf.identity, src, r->data);
        info(s, "Identity");
    } else if (r->kind == ZS_READ_COMMAND) {
        show_command(s, tree, src, r);
    } else {
        if (r->wrapped) {
            struct zs_command closed = r->command;
            add_command_name(tree, src, &closed);
            add_command_body(s, tree, src, &closed);
        }
        show_message(s, tree, src, r);
    }
    /* What Wireshark's own engine opened, it did without our context. */
    bool by_engine = r->verified && !r->unwrapped.plain.p;
    if (!by_engine)
        show_context(s, tree);
}

void zs_tree_frame(const struct zs_shown *s, struct zs_reading *r)
{
    const struct zs_frame *f = &r->frame;
    proto_item *item;
    proto_tree *tree = proto_tree_add_subtree_format(
        s->tree, s->tvb, s->offset, (int)s->pdu->n, zs_ett.frame, &item, "%s frame",
        f->flags & ZS_FRAME_COMMAND ? "Command" : "Message");
    struct source packet = {
        .tvb = s->tvb, .offset = s->offset + f->header, .base = f->body.p, .n = f->body.n};

    if (s->pdu->missing)
        expert_add_info_format(s->pinfo, item, &zs_ei.missing,
                               "%" G_GUINT64_FORMAT " octets are not in the capture",
                               s->pdu->missing);
    show_flags(s, tree);
    show_content(s, tree, &packet, r);
    add_expert(s, item, r->defect);
    add_expert(s, item, s->pdu->turn.defect);
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
    if (pdu->missing)
        expert_add_info_format(s->pinfo, item, &zs_ei.missing,
                               "%" G_GUINT64_FORMAT " octets are not in the capture", pdu->missing);
    add_expert(s, item, pdu->defect);
    info(s, said);
}
