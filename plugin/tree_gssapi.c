/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The tree of GSSAPI: tokens, what wrap tokens hold, and the security context (RFC 2743, RFC 4121, RFC 4120). */
#include "plugin/fields.h"
#include "plugin/info.h"
#include "plugin/keys.h"
#include "plugin/tree.h"

/* ==== context ==== */

static void add_enctype(proto_tree *tree, int hf, tvbuff_t *tvb, int32_t enctype)
{
    char name[ZS_ENCTYPE_NAME_MAX];
    if (enctype)
        zs_item_string(tree, hf, tvb, zs_enctype_name(enctype, name, sizeof name));
}

/* Wireshark lets a value's bits mark octets as if they had been read there; these were not. Of a field that nobody looks
 * at it answers another item, whose length is none of ours. */
static void mark_nothing(proto_item *item, int hf)
{
    const field_info *field = item ? PITEM_FINFO(item) : NULL;

    if (!field || field->hfinfo->id != hf)
        return;
    proto_item_set_len(item, 0);
    for (proto_node *bit = item->first_child; bit; bit = bit->next)
        proto_item_set_len(bit, 0);
}

static void add_gss_flags(proto_tree *tree, tvbuff_t *tvb, uint32_t flags)
{
    static int *const bits[] = {
        &zs_hf.gss_deleg,
        &zs_hf.gss_mutual,
        &zs_hf.gss_replay,
        &zs_hf.gss_sequence,
        &zs_hf.gss_conf,
        &zs_hf.gss_integ,
        &zs_hf.gss_anon,
        &zs_hf.gss_prot,
        &zs_hf.gss_trans,
        &zs_hf.gss_dce,
        &zs_hf.gss_identify,
        &zs_hf.gss_ext_err,
        NULL,
    };
    proto_item *item =
        proto_tree_add_bitmask_value(tree, tvb, 0, zs_hf.gss_flags, zs_ett.gss_flags, bits, flags);
    proto_item_set_generated(item);
    mark_nothing(item, zs_hf.gss_flags);
}

static void add_times(proto_tree *tree, tvbuff_t *tvb, const struct zs_ticket_times *t)
{
    zs_item_instant(tree, zs_hf.ticket_auth, tvb, t->auth);
    zs_item_instant(tree, zs_hf.ticket_start, tvb, t->start);
    zs_item_instant(tree, zs_hf.ticket_end, tvb, t->end);
    zs_item_instant(tree, zs_hf.ticket_renew_till, tvb, t->renew_till);
}

static void add_delegation(proto_tree *tree, tvbuff_t *tvb, const struct zs_context_facts *f)
{
    zs_item_boolean(tree, zs_hf.delegated, tvb, f->delegated);
    zs_item_string(tree, zs_hf.delegated_client, tvb, f->delegated_client);
    zs_item_instant(tree, zs_hf.delegated_end, tvb, f->delegated_end);
}

static void add_ticket(proto_tree *tree, tvbuff_t *tvb, const struct zs_context_facts *f)
{
    add_times(tree, tvb, &f->times);
    zs_item_uint(tree, zs_hf.ticket_flags, tvb, f->ticket_flags);
    zs_item_string(tree, zs_hf.transited, tvb, f->transited);
    zs_item_string(tree, zs_hf.authorization, tvb, f->authorization);
    zs_item_string(tree, zs_hf.verdict, tvb, zs_verdict_name(f->verdict));
}

static void add_authenticator(proto_tree *tree, tvbuff_t *tvb, const struct zs_context_facts *f)
{
    proto_item_set_generated(proto_tree_add_int64(tree, zs_hf.skew, tvb, 0, 0, f->skew_ms));
    zs_item_boolean(tree, zs_hf.channel_bindings, tvb, f->channel_bindings);
    add_delegation(tree, tvb, f);
}

static void add_opened(proto_tree *tree, tvbuff_t *tvb, const struct zs_context_facts *f)
{
    add_enctype(tree, zs_hf.session_etype, tvb, f->session_etype);
    add_enctype(tree, zs_hf.subkey_etype, tvb, f->subkey_etype);
    if (f->subkey_etype)
        zs_item_string(tree, zs_hf.subkey_from, tvb, zs_subkey_from_name(f->subkey_from));
    zs_item_string(tree, zs_hf.opened_by, tvb, zs_origin_name(f->opened_by));
    zs_item_string(tree, zs_hf.keytab_entry, tvb, f->keytab_entry);
    if (f->has_gss_flags)
        add_gss_flags(tree, tvb, f->gss_flags);
    if (f->ticket_opened)
        add_ticket(tree, tvb, f);
    if (f->authenticator_opened)
        add_authenticator(tree, tvb, f);
}

/* RFC 8429 and RFC 6649 retired them. */
static void tell_weak(packet_info *pinfo, proto_item *item, const char *of, int32_t enctype)
{
    char name[ZS_ENCTYPE_NAME_MAX];
    if (zs_enctype_is_weak(enctype))
        expert_add_info_format(pinfo, item, &zs_ei.weak_enctype, "%s is of %s, which is broken", of,
                               zs_enctype_name(enctype, name, sizeof name));
}

static void tell_context(const struct zs_shown *s, proto_item *item,
                         const struct zs_context_facts *f)
{
    tell_weak(s->pinfo, item, "The ticket", f->ticket_etype);
    tell_weak(s->pinfo, item, "The session key", f->session_etype);
    tell_weak(s->pinfo, item, "The messages' key", f->subkey_etype);
    if (f->delegated)
        expert_add_info_format(
            s->pinfo, item, &zs_ei.delegation, "The service is given a ticket of %s to act with",
            f->delegated_client ? zs_label_text(s->pinfo->pool, f->delegated_client)
                                : "the client's own");
    if (f->ticket_opened && f->verdict > ZS_VERDICT_ACCEPTABLE)
        expert_add_info_format(s->pinfo, item, &zs_ei.verdict,
                               "By the capture's clock a service must refuse this ticket: %s",
                               zs_verdict_name(f->verdict));
}

/* A keytab of tshark's -K is known to Wireshark's engine alone, and nobody can ask whether there is one: so where no
 * key is known here, the reason says here. */
static const char *reason_of(const struct zs_shown *s, const struct zs_context_facts *f)
{
    if (!f->reason || f->why != ZS_WHY_NO_KEYS)
        return f->reason;
    return wmem_strdup_printf(s->pinfo->pool, "in ZMTP's preferences %s", f->reason);
}

static void tell_reason(const struct zs_shown *s, proto_item *item,
                        const struct zs_context_facts *f)
{
    bool keyless = f->why == ZS_WHY_NO_KEYS;
    unsigned which = keyless ? ZS_SAYS_CLOSED : ZS_SAYS_REASON;

    if (f->reason && s->pdu->says & which)
        expert_add_info_format(s->pinfo, item, &zs_ei.not_opened, "%s",
                               zs_label_text(s->pinfo->pool, reason_of(s, f)));
}

void zs_tree_context(const struct zs_shown *s, proto_tree *parent)
{
    if (!s->pdu->context ||
        (!parent && !s->pdu->says)) /* expert items are told without a tree, too */
        return;
    const struct zs_context_facts *f = zs_context_facts(s->pdu->context);
    const char *client = zs_label_text(s->pinfo->pool, f->client_principal);
    const char *service = zs_label_text(s->pinfo->pool, f->service_principal);
    tvbuff_t *tvb = s->tvb;
    proto_item *item;
    proto_tree *tree = proto_tree_add_subtree_format(
        parent, tvb, 0, 0, zs_ett.context, &item, "Security context: %s to %s",
        client ? client : "unknown client", service ? service : "unknown service");
    proto_item_set_generated(item);
    zs_item_boolean(tree, zs_hf.context_opened, tvb, f->opened_by != ZS_ORIGIN_NONE);
    zs_item_string(tree, zs_hf.client_principal, tvb, f->client_principal);
    zs_item_string(tree, zs_hf.service_principal, tvb, f->service_principal);
    if (f->has_kvno)
        zs_item_uint(tree, zs_hf.kvno, tvb, f->kvno);
    add_enctype(tree, zs_hf.ticket_etype, tvb, f->ticket_etype);
    zs_item_boolean(tree, zs_hf.mutual, tvb, f->mutual);
    if (f->opened_by)
        add_opened(tree, tvb, f);
    if (s->pdu->says & ZS_SAYS_REASON)
        zs_item_string(tree, zs_hf.context_reason, tvb, reason_of(s, f));
    zs_item_packet(tree, zs_hf.ap_req_frame, tvb, s->conversation->ap_req_frame);
    zs_item_packet(tree, zs_hf.ap_rep_frame, tvb, s->conversation->ap_rep_frame);
    tell_reason(s, item, f);
    if (s->pdu->says & ZS_SAYS_CONTEXT)
        tell_context(s, item, f);
}

/* ==== tokens ==== */

static void show_cfx(proto_tree *tree, const struct zs_source *src, const struct zs_cfx *cfx)
{
    static int *const bits[] = {&zs_hf.cfx_acceptor_subkey, &zs_hf.cfx_sealed,
                                &zs_hf.cfx_sent_by_acceptor, NULL};
    int o = zs_source_at(src, cfx->header);

    if (cfx->header.n == 0)
        return;
    proto_tree_add_bitmask(tree, src->tvb, o + 2, zs_hf.cfx_flags, zs_ett.cfx_flags, bits,
                           ENC_BIG_ENDIAN);
    proto_tree_add_item(tree, zs_hf.cfx_ec, src->tvb, o + 4, 2, ENC_BIG_ENDIAN);
    proto_tree_add_item(tree, zs_hf.cfx_rrc, src->tvb, o + 6, 2, ENC_BIG_ENDIAN);
    proto_tree_add_item(tree, zs_hf.cfx_sequence, src->tvb, o + 8, 8, ENC_BIG_ENDIAN);
}

/* The same of a token of RFC 1964 or RFC 4757, where both are known only once it is open. */
static void show_old(proto_tree *tree, const struct zs_source *src, const struct zs_reading *r)
{
    uint32_t sealed = r->unwrapped.confidential ? ZS_CFX_SEALED : 0;

    if (r->token.kind != ZS_TOKEN_WRAP_OLD || !r->verified)
        return;
    proto_item_set_generated(
        proto_tree_add_boolean(tree, zs_hf.cfx_sealed, src->tvb, 0, 0, sealed));
    zs_item_uint64(tree, zs_hf.cfx_sequence, src->tvb, r->unwrapped.sequence);
}

static proto_tree *show_token(proto_tree *parent, const struct zs_source *src,
                              const struct zs_reading *r)
{
    proto_tree *tree = proto_tree_add_subtree_format(
        parent, src->tvb, zs_source_at(src, r->token_octets), (int)r->token_octets.n, zs_ett.token,
        NULL, "GSS-API token: %s %s", zs_mech_name(r->token.mech),
        zs_token_kind_name(r->token.kind));

    zs_item_string(tree, zs_hf.token_mechanism, src->tvb, zs_mech_name(r->token.mech));
    zs_item_string(tree, zs_hf.token_kind, src->tvb, zs_token_kind_name(r->token.kind));
    zs_item_uint(tree, zs_hf.token_length, src->tvb, (uint32_t)r->token_octets.n);
    zs_item_octets(tree, zs_hf.token, src, r->token_octets);
    show_cfx(tree, src, &r->cfx);
    show_old(tree, src, r);
    return tree;
}

static tvbuff_t *ask_engine(const struct zs_shown *s, proto_tree *tree, const struct zs_source *src,
                            const struct zs_reading *r, bool decrypt)
{
    bool skipped;
    tvbuff_t *token =
        tvb_new_subset_length(src->tvb, zs_source_at(src, r->token_octets), (int)r->token_octets.n);
    tvbuff_t *plain = zs_engine_call(token, s->pinfo, tree, decrypt, &skipped);

    if (skipped)
        expert_add_info(s->pinfo, proto_tree_get_parent(tree), &zs_ei.layers);
    return plain;
}

/* A context token: shown by Wireshark's gssapi. Its engine learns the keys from it, if ours does not. */
static void show_context_token(const struct zs_shown *s, proto_tree *tree,
                               const struct zs_source *src, const struct zs_reading *r)
{
    bool ours = s->pdu->context && zs_context_facts(s->pdu->context)->opened_by;

    zs_info_say(s, wmem_strdup_printf(s->pinfo->pool, "%s %s", zs_command_name(r->command.id),
                                      zs_token_kind_name(r->token.kind)));
    /* Wireshark's SPNEGO takes the hint of MS-SPNG 2.2.1 for RFC 4178's mechListMIC and calls it malformed. */
    if (s->pdu->turn.mic != ZS_MIC_NONE)
        zs_item_string(tree, zs_hf.mech_list_mic, src->tvb, zs_mic_state_name(s->pdu->turn.mic));
    if (r->token.kind != ZS_TOKEN_NEG_INIT_HINT)
        ask_engine(s, tree, src, r, !ours);
}

static void show_inner_flags(proto_tree *tree, const struct zs_source *src,
                             const struct zs_reading *r)
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

/* What our own context opened: in the packet itself if it is only signed, else a source of its own. */
static struct zs_source source_of(const struct zs_shown *s, const struct zs_source *packet,
                                  struct zs_span plain)
{
    if (zs_source_holds(packet, plain))
        return (struct zs_source){.tvb = packet->tvb,
                                  .offset = zs_source_at(packet, plain),
                                  .base = plain.p,
                                  .n = plain.n};
    tvbuff_t *tvb = tvb_new_child_real_data(packet->tvb, plain.p, (guint)plain.n, (gint)plain.n);
    add_new_data_source(s->pinfo, tvb, "Decrypted ZMTP message");
    return (struct zs_source){.tvb = tvb, .base = plain.p, .n = plain.n};
}

/* The plaintext as a source, whoever opened it. False: it stays closed. */
static bool open_plaintext(const struct zs_shown *s, proto_tree *tree, struct zs_reading *r,
                           struct zs_opened *o)
{
    const struct zs_source packet = o->source;

    if (r->verified) {
        o->source = source_of(s, &packet, r->unwrapped.plain);
    } else if (r->defect == ZS_E_CFX_HEADER || r->defect == ZS_E_WRAP_SHORT) {
        return false; /* Wireshark would call it malformed; what is wrong with it is said already */
    } else {
        tvbuff_t *opened = ask_engine(s, tree, &packet, r, true);
        if (!opened)
            return false;
        struct zs_span p =
            without_surplus(zs_span(tvb_get_ptr(opened, 0, -1), tvb_captured_length(opened)), r);
        zs_reading_opened(r, &s->pdu->place, p);
        o->source = (struct zs_source){.tvb = opened, .base = p.p, .n = p.n};
        o->by_engine = true;
    }
    zs_item_string(tree, zs_hf.engine, packet.tvb,
                   o->by_engine ? "Wireshark's Kerberos engine" : "zmtpscope");
    proto_tree_add_item(tree, zs_hf.plaintext, o->source.tvb, o->source.offset, (int)o->source.n,
                        ENC_NA);
    return true;
}

void zs_tree_token(const struct zs_shown *s, struct zs_reading *r, struct zs_opened *o)
{
    const struct zs_source packet = o->source;
    proto_tree *tree = show_token(o->frame, &packet, r);

    if (r->kind == ZS_READ_TOKEN) {
        show_context_token(s, tree, &packet, r);
        return;
    }
    o->content = tree;
    bool opened = open_plaintext(s, tree, r, o);
    zs_item_boolean(tree, zs_hf.verified, packet.tvb, opened);
    if (opened)
        show_inner_flags(tree, &o->source, r);
}
