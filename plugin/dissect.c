/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The loop over one run of a stream's octets. The first pass cuts it into things and records each; every pass shows
 * what the records say.
 *
 * Limits: frames over FRAME_LIMIT octets, and frames that TCP may not put together, are shown by their header and
 * passed over. A header cut at a segment's edge, where TCP may not put segments together, or while the next frame is
 * looked for, loses that frame. */
#include "plugin/dissect.h"

#include "plugin/fields.h"
#include "plugin/info.h"
#include "plugin/keys.h"
#include "plugin/tap.h"
#include "plugin/tree.h"

#include "core/conn/resync.h"

#include <epan/column-utils.h>
#include <epan/dissectors/packet-tcp.h>
#include <epan/exceptions.h>
#include <epan/prefs.h>
#include <epan/prefs-int.h>
#include <epan/show_exception.h>

enum { FRAME_LIMIT = 64 << 20 };

static int proto_zmtp;

void zs_dissect_init(int proto)
{
    proto_zmtp = proto;
}

/* One run: where it is read, and what it belongs to. */
struct run {
    tvbuff_t *tvb;
    packet_info *pinfo;
    proto_tree *tree;
    struct zs_conversation *c;
    enum zs_dir dir;
    int offset;
    uint64_t missing; /* octets missing before offset, not yet said */
    bool entered;     /* the conversation was met in its middle, not yet said */
    bool heard;       /* first pass: the exchange was told of the frame that is shown */
    /* First pass: the frame as it was read to step with, so that nothing is opened twice to show it. */
    const struct zs_pdu *read; /* whose reading it is; NULL: none so far */
    struct zs_reading reading;
};

static struct zs_span captured(const struct run *run)
{
    int n = tvb_captured_length_remaining(run->tvb, run->offset);
    return n > 0 ? zs_span(tvb_get_ptr(run->tvb, run->offset, n), (size_t)n) : zs_span(NULL, 0);
}

static size_t reported(const struct run *run)
{
    int n = tvb_reported_length_remaining(run->tvb, run->offset);
    return n > 0 ? (size_t)n : 0;
}

static struct zs_pdu *record(struct run *run, enum zs_pdu_kind kind, size_t n)
{
    struct zs_pdu *pdu = zs_pdu_next(run->pinfo, proto_zmtp);

    pdu->kind = kind;
    pdu->dir = run->dir;
    pdu->n = n;
    pdu->missing = run->missing;
    pdu->context = run->c->session.context;
    if (run->entered)
        zs_conversation_say_once(run->c, pdu, ZS_SAYS_MIDSTREAM);
    run->missing = 0;
    run->entered = false;
    return pdu;
}

/* ==== the first pass: what stands here ==== */

/* TCP is asked for n more octets, or for one more segment. False: it may not, and the run ends as it is. */
static bool ask_for_more(struct run *run, uint32_t n)
{
    if (!run->pinfo->can_desegment)
        return false;
    run->pinfo->desegment_offset = run->offset;
    run->pinfo->desegment_len = n;
    return true;
}

static struct zs_pdu *first_unread(struct run *run, enum zs_rc why)
{
    struct zs_pdu *pdu = record(run, ZS_PDU_UNREAD, reported(run));

    run->c->flow[run->dir].lost = true;
    pdu->defect = run->c->flow[run->dir].guessed ? ZS_OK : why; /* our mistake, not the peer's */
    return pdu;
}

static struct zs_stamp stamp_of(const struct run *run)
{
    const nstime_t *t = &run->pinfo->abs_ts;
    return (struct zs_stamp){.time_ns = zs_stamp_ns(t->secs, t->nsecs),
                             .frame = run->pinfo->num};
}

/* 38/ZMTP-GSSAPI: exactly one peer says that it is the server. libzmq: neither does. */
static bool nobody_serves(const struct zs_session *s)
{
    for (int d = 0; d < ZS_DIR_COUNT; d++) {
        const struct zs_greeting *g = &s->side[d].greeting;
        if (g->part != ZS_GREETING_DONE || g->as_server ||
            zs_mechanism_of(g->mechanism) != ZS_MECHANISM_GSSAPI)
            return false;
    }
    return true;
}

/* NULL: TCP was asked for more. */
static struct zs_pdu *first_greeting(struct run *run)
{
    struct zs_session *session = &run->c->session;
    enum zs_greeting_part part = session->side[run->dir].greeting.part;
    size_t used;

    enum zs_rc rc = zs_session_greeting(session, run->dir, captured(run), &used);
    if (rc == ZS_MORE)
        return ask_for_more(run, DESEGMENT_ONE_MORE_SEGMENT) ? NULL : first_unread(run, ZS_OK);
    if (rc != ZS_OK)
        return first_unread(run, rc);
    struct zs_pdu *pdu = record(run, ZS_PDU_GREETING, used);
    const struct zs_side *side = &session->side[run->dir];
    pdu->part_of_greeting = part;
    pdu->greeting = wmem_memdup(wmem_file_scope(), &side->greeting, sizeof side->greeting);
    if (used)
        zs_exchange_greeting(run->c->exchange, stamp_of(run));
    if (nobody_serves(session))
        zs_conversation_say_once(run->c, pdu, ZS_SAYS_AS_SERVER);
    return pdu;
}

/* The body is not to be had whole: its header counts, and the rest is passed over as it comes. */
static struct zs_pdu *first_head(struct run *run, const struct zs_frame *f, enum zs_rc why)
{
    struct zs_flow_state *flow = &run->c->flow[run->dir];
    size_t have = reported(run) - f->header;

    if (have > f->size)
        have = (size_t)f->size;
    struct zs_pdu *pdu = record(run, ZS_PDU_HEAD, f->header + have);
    flow->pass = f->size - have;
    zs_session_lost(&run->c->session, run->dir);
    pdu->place = zs_session_place(&run->c->session, run->dir);
    pdu->defect = why;
    return pdu;
}

static void remember_tokens(struct run *run, const struct zs_reading *r, struct zs_pdu *pdu)
{
    struct zs_conversation *c = run->c;
    const struct zs_session *s = &c->session;

    if (r->mech.kind == ZS_TOKEN_AP_REQ && s->roles_known && !c->ap_req_frame)
        c->ap_req_frame = run->pinfo->num;
    if (r->mech.kind == ZS_TOKEN_AP_REP && s->roles_known && run->dir != s->initiator &&
        !c->ap_rep_frame)
        c->ap_rep_frame = run->pinfo->num;
    pdu->context = s->context;
    if (!s->context)
        return;
    const struct zs_context_facts *f = zs_context_facts(s->context);
    if (f->reason && (pdu->turn.context_made || !f->opened_by))
        zs_conversation_say_once(c, pdu, ZS_SAYS_REASON);
    if (pdu->turn.context_made)
        zs_conversation_say_once(c, pdu, ZS_SAYS_CONTEXT);
}

/* What is opened lives as long as the packet is dissected. */
static void read_frame(packet_info *pinfo, const struct zs_place *place, const struct zs_frame *f,
                       struct zs_reading *r)
{
    size_t room = zs_reading_room(place, f);
    uint8_t *buf = room ? wmem_alloc(pinfo->pool, room) : NULL;

    zs_reading_make(place, f, buf, room, r);
}

static struct zs_pdu *first_whole(struct run *run, const struct zs_frame *f)
{
    struct zs_session *s = &run->c->session;
    struct zs_pdu *pdu = record(run, ZS_PDU_FRAME, f->header + f->body.n);
    struct zs_reading *r = &run->reading;

    pdu->place = zs_session_place(s, run->dir);
    read_frame(run->pinfo, &pdu->place, f, r);
    bool settled = zs_session_settle(s, run->dir, r);
    if (settled) {
        pdu->place = zs_session_place(s, run->dir);
        read_frame(run->pinfo, &pdu->place, f, r);
    }
    run->read = pdu;
    zs_session_step(s, run->dir, r, stamp_of(run), &pdu->turn);
    pdu->turn.context_made |= settled;
    zs_session_conclude(s);
    remember_tokens(run, r, pdu);
    return pdu;
}

static struct zs_pdu *first_frame(struct run *run)
{
    enum zs_framing framing = zs_session_place(&run->c->session, run->dir).framing;
    struct zs_span in = captured(run);
    struct zs_frame f;

    enum zs_rc rc = zs_frame_header_parse(framing, in, &f);
    if (rc == ZS_MORE && in.n == reported(run))
        return ask_for_more(run, DESEGMENT_ONE_MORE_SEGMENT) ? NULL : first_unread(run, ZS_OK);
    if (rc != ZS_OK)
        return first_unread(run, rc == ZS_MORE ? ZS_OK : rc);
    if (f.size > FRAME_LIMIT)
        return first_head(run, &f, ZS_E_FRAME_SIZE);
    size_t have = reported(run) - f.header;
    if (f.size > have)
        return ask_for_more(run, (uint32_t)(f.size - have)) ? NULL : first_head(run, &f, ZS_OK);
    if (zs_frame_parse(framing, in, FRAME_LIMIT, &f) != ZS_OK)
        return first_head(run, &f, ZS_OK); /* the capture cut the packet short */
    return first_whole(run, &f);
}

/* The octets up to where the next frame credibly begins, or that frame. */
static struct zs_pdu *first_found(struct run *run)
{
    struct zs_flow_state *flow = &run->c->flow[run->dir];
    struct zs_session *session = &run->c->session;
    struct zs_place place = zs_session_place(session, run->dir);
    const struct zs_search search = {.framing = place.framing,
                                     .mechanism = place.mechanism,
                                     .bare = session->bare,
                                     .limit = FRAME_LIMIT};
    struct zs_boundary b;

    if (!zs_resync(&search, captured(run), 0, &b) || b.open)
        return record(run, ZS_PDU_UNREAD, reported(run));
    if (b.at)
        return record(run, ZS_PDU_UNREAD, b.at);
    flow->lost = false;
    flow->guessed = !b.proven;
    zs_session_assume(session, run->dir, b.mechanism);
    return first_frame(run);
}

static struct zs_pdu *first_pass(struct run *run)
{
    struct zs_flow_state *flow = &run->c->flow[run->dir];

    if (flow->pass) {
        size_t n = flow->pass < reported(run) ? (size_t)flow->pass : reported(run);
        flow->pass -= n;
        return record(run, ZS_PDU_CONTINUATION, n);
    }
    if (flow->lost)
        return first_found(run);
    return zs_session_greeted(&run->c->session, run->dir) ? first_frame(run) : first_greeting(run);
}

/* What a frame said, whoever opened it. */
static void hear(struct run *run, struct zs_pdu *pdu, const struct zs_reading *r, bool by_engine)
{
    bool signed_only = r->cfx.header.n && !(r->cfx.flags & ZS_CFX_SEALED);

    signed_only |= r->verified && r->unwrapped.plain.p && !r->unwrapped.confidential;
    if (r->wrapped && signed_only)
        zs_conversation_say_once(run->c, pdu, ZS_SAYS_UNSEALED);
    if (r->wrapped && !r->verified)
        zs_conversation_say_once(run->c, pdu, ZS_SAYS_CLOSED);
    if (by_engine) {
        enum zs_rc defect = zs_session_opened(&run->c->session, run->dir, r);
        if (pdu->turn.defect == ZS_OK)
            pdu->turn.defect = defect;
    }
    zs_conversation_hear(run->c, pdu, stamp_of(run), r);
    run->heard = true;
}

/* ==== every pass: show it ==== */

/* The frame at its recorded place; the context that came with it is not in there: it opens later ones. */
static bool read_again(const struct run *run, const struct zs_shown *s, struct zs_reading *r)
{
    struct zs_frame f;

    if (run->read == s->pdu) {
        *r = run->reading;
        return true;
    }
    struct zs_span in = zs_span(tvb_get_ptr(s->tvb, s->offset, (int)s->pdu->n), s->pdu->n);
    if (zs_frame_parse(s->pdu->place.framing, in, in.n, &f) != ZS_OK)
        return false;
    read_frame(s->pinfo, &s->pdu->place, &f, r);
    return true;
}

static void show_frame(struct run *run, struct zs_pdu *pdu, const struct zs_shown *s)
{
    struct zs_reading r;
    struct zs_opened o;

    if (!read_again(run, s, &r))
        return;
    zs_tree_frame(s, &r, &o);
    if (!PINFO_FD_VISITED(s->pinfo))
        hear(run, pdu, &r, o.by_engine);
    zs_tree_content(s, &r, &o);
    zs_tap_queue(s, &r);
}

static void show(struct run *run, struct zs_pdu *pdu, const struct zs_shown *s)
{
    switch (pdu->kind) {
    case ZS_PDU_GREETING:
        zs_tree_greeting(s);
        zs_tap_queue(s, NULL);
        break;
    case ZS_PDU_FRAME:
        show_frame(run, pdu, s);
        break;
    case ZS_PDU_HEAD:
    case ZS_PDU_CONTINUATION:
    case ZS_PDU_UNREAD:
    case ZS_PDU_OLD:
        zs_tree_octets(s);
        zs_tap_queue(s, NULL);
        break;
    }
}

/* Whatever a called dissector throws costs this thing alone; the next one begins at its own offset. */
static void show_protected(struct run *run, struct zs_pdu *pdu)
{
    struct zs_outcome outcome = {0};
    const struct zs_shown s = {
        .pinfo = run->pinfo,
        .tree = run->tree,
        .tvb = run->tvb,
        .offset = run->offset,
        .conversation = run->c,
        .pdu = pdu,
        .outcome = &outcome,
    };

    run->heard = pdu->kind != ZS_PDU_FRAME || PINFO_FD_VISITED(run->pinfo);
    TRY
    {
        show(run, pdu, &s);
    }
    CATCH_BOUNDS_AND_DISSECTOR_ERRORS
    {
        show_exception(run->tvb, run->pinfo, run->tree, EXCEPT_CODE, GET_MESSAGE);
    }
    ENDTRY;
    if (!run->heard)
        zs_exchange_skip(run->c->exchange, run->dir);
}

/* ==== the run ==== */

static bool tcp_preference(const char *name)
{
    module_t *module = prefs_find_module("tcp");
    pref_t *preference = module ? prefs_find_preference(module, name) : NULL;
    return preference && prefs_get_bool_value(preference, pref_current);
}

/* The number of a direction's first octet, as TCP counts for its dissectors: from 1, unless the user wants it as it is
 * on the wire. */
static uint32_t first_octet(const struct tcp_analysis *analysis)
{
    bool relative =
        tcp_preference("analyze_sequence_numbers") && tcp_preference("relative_sequence_numbers");
    return (relative ? 0 : analysis->fwd->base_seq) + 1;
}

/* The first octets of a direction that come here. Without a signature they are the direction's beginning (ZMTP 1.0 has
 * none) only if TCP says so; behind a loss, and in a conversation met in its middle, they are some place in it. */
static void begin_flow(struct run *run, const struct tcpinfo *tcp)
{
    enum { SYN_OF_EITHER_SIDE = 0x03 }; /* of tcp.completeness */
    struct zs_flow_state *flow = &run->c->flow[run->dir];
    struct tcp_analysis *analysis =
        get_tcp_conversation_data(find_or_create_conversation(run->pinfo), run->pinfo);

    flow->known = true;
    flow->next_seq = tcp->seq;
    if (zs_signature_probe(captured(run)) != ZS_E_GREETING_SIGNATURE)
        return;
    if (analysis && analysis->conversation_completeness & SYN_OF_EITHER_SIDE)
        flow->next_seq = first_octet(analysis);
    else
        flow->lost = run->entered = true;
}

/* TCP hands on what follows a hole, and what came twice: where this run stands against the last one. A run that
 * begins before the awaited octet is a retransmission, as far as it goes. */
static bool place_run(struct run *run, const struct tcpinfo *tcp)
{
    struct zs_flow_state *flow = &run->c->flow[run->dir];

    if (!flow->known)
        begin_flow(run, tcp);
    uint32_t ahead = tcp->seq - flow->next_seq;
    if (ahead == 0)
        return true;
    if (ahead >> 31)
        return false;
    run->missing = ahead;
    if (flow->pass >= ahead)
        flow->pass -= ahead;
    else
        flow->lost = true;
    zs_session_lost(&run->c->session, run->dir);
    flow->next_seq = tcp->seq;
    return true;
}

static void walk(struct run *run, bool visited)
{
    while (reported(run) > 0) {
        struct zs_pdu *pdu = visited ? zs_pdu_next(run->pinfo, proto_zmtp) : first_pass(run);
        if (!pdu)
            return;
        show_protected(run, pdu);
        run->offset += (int)pdu->n;
        if (run->pinfo->desegment_len)
            return;
    }
}

/* On later passes a run whose rest was waited for ends where its records end. */
static void ask_again(struct run *run)
{
    struct zs_frame f;
    enum zs_framing framing = zs_session_place(&run->c->session, run->dir).framing;

    if (reported(run) == 0)
        return;
    enum zs_rc rc = zs_frame_header_parse(framing, captured(run), &f);
    size_t have = rc == ZS_OK ? reported(run) - f.header : 0;
    ask_for_more(run, rc == ZS_OK && f.size > have && f.size <= FRAME_LIMIT
                          ? (uint32_t)(f.size - have)
                          : DESEGMENT_ONE_MORE_SEGMENT);
}

int zs_dissect(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, void *data)
{
    const struct tcpinfo *tcp = pinfo->ptype == PT_TCP ? data : NULL;
    bool visited = PINFO_FD_VISITED(pinfo);
    struct run run = {.tvb = tvb,
                      .pinfo = pinfo,
                      .c = zs_conversation_of(pinfo, proto_zmtp, tcp != NULL, zs_keys())};

    run.dir = zs_conversation_dir(run.c, pinfo);
    col_set_str(pinfo->cinfo, COL_PROTOCOL, "ZMTP");
    zs_info_begin(pinfo);
    proto_item *item = proto_tree_add_item(tree, proto_zmtp, tvb, 0, -1, ENC_NA);
    run.tree = proto_item_add_subtree(item, zs_ett.zmtp);
    proto_item_set_generated(proto_tree_add_uint(run.tree, zs_hf.stream, tvb, 0, 0, run.c->number));
    proto_item_set_generated(
        proto_tree_add_string(run.tree, zs_hf.direction, tvb, 0, 0, zs_dir_name(run.dir)));

    if (!visited && tcp && !place_run(&run, tcp)) {
        struct zs_pdu *old = record(&run, ZS_PDU_OLD, reported(&run));
        show_protected(&run, old);
        zs_info_end(pinfo);
        return (int)tvb_reported_length(tvb);
    }
    walk(&run, visited);
    zs_info_end(pinfo);
    if (!visited && tcp)
        run.c->flow[run.dir].next_seq = tcp->seq + (uint32_t)run.offset;
    if (visited)
        ask_again(&run);
    return (int)tvb_reported_length(tvb);
}
