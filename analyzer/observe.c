/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The files of a run as one timeline: packets to TCP connections to ZMTP events to the report.
 *
 * Limits: packets that an interface hands over are looked at when they come; one that nobody takes in time is dropped
 * by the kernel, and counted. */
#include "analyzer/observe.h"

#include "analyzer/interrupt.h"
#include "analyzer/net/reader.h"
#include "analyzer/net/timeline.h"
#include "analyzer/output.h"
#include "core/conn/batch.h"
#include "core/conn/conn.h"
#include "core/conn/authenticators.h"
#include "core/conn/waiting.h"
#include "core/krb/secrets.h"

#include <string.h>
#include <sys/resource.h>

/* Packets after which a share says how far it is, so that nobody waits for it. */
enum { PROGRESS = 1024 };

struct run {
    const struct zs_observation *o;
    struct zs_conn_config config;
    struct zs_conn_config others; /* for connections of other shares */
    struct zs_waiting waiting;    /* of either */
    struct zs_flow_limits limits;
    GString *troubles; /* what could not be read, a line each; NULL: it is said at once */
    struct zs_report_summary summary;
    uint64_t packet; /* the one being looked at; UINT64_MAX: all were */
};

/* One TCP connection of the capture. */
struct watched {
    struct run *run;
    const struct zs_flow *flow;
    struct zs_stamp opened_at;
    struct zs_conn *conn; /* NULL: nothing was sent so far */
    bool midstream;       /* as it was opened */
    bool other; /* of another share: nothing is said of it, only its authenticator is wanted */
    bool has_data, is_zmtp;
    bool begun;              /* the onlooker knows of it */
    bool full[ZS_DIR_COUNT]; /* it was said that too much waits */
    struct names *names;     /* NULL: nothing was said so far */
};

/* What a report calls it. */
struct names {
    struct zs_report_connection shown;
    char client[ZS_ENDPOINT_TEXT], server[ZS_ENDPOINT_TEXT];
    char *principal[ZS_DIR_COUNT];
};

static struct zs_stamp stamp_of(const struct zs_net_stamp *at)
{
    return (struct zs_stamp){.time_ns = at->time_ns, .frame = at->frame};
}

static struct names *names_of(struct watched *w)
{
    if (w->names)
        return w->names;
    struct names *n = g_new0(struct names, 1);
    zs_endpoint_format(&w->flow->client, n->client);
    zs_endpoint_format(&w->flow->server, n->server);
    n->shown = (struct zs_report_connection){
        .number = w->flow->number, .client = n->client, .server = n->server};
    w->names = n;
    return n;
}

static void free_names(struct names *n)
{
    for (int d = 0; n && d < ZS_DIR_COUNT; d++)
        g_free(n->principal[d]);
    g_free(n);
}

static void learn_principals(struct names *n, const struct zs_event_context *c)
{
    const char *name[ZS_DIR_COUNT] = {0};

    name[c->initiator] = c->facts->client_principal;
    name[zs_dir_other(c->initiator)] = c->facts->opened_by ? c->facts->service_principal : NULL;
    for (int d = 0; d < ZS_DIR_COUNT; d++) {
        g_free(n->principal[d]);
        n->principal[d] = g_strdup(name[d]);
        n->shown.principal[d] = n->principal[d];
    }
}

static void count(struct zs_report_summary *s, const struct zs_event *ev)
{
    switch (ev->kind) {
    case ZS_EVENT_CONNECTION:
        s->connections++;
        break;
    case ZS_EVENT_CONTEXT:
        s->contexts++;
        s->contexts_opened += ev->context.facts->opened_by != ZS_ORIGIN_NONE;
        break;
    case ZS_EVENT_MESSAGE:
        s->sealed += ev->message->wrapped && !ev->message->verified;
        s->messages += !ev->message->more && (!ev->message->wrapped || ev->message->verified);
        s->octets += ev->message->data.n;
        break;
    case ZS_EVENT_DEFECT:
        s->defects++;
        break;
    case ZS_EVENT_CLOSE:
        s->established += ev->close.outcome == ZS_OUTCOME_ESTABLISHED;
        break;
    default:
        break;
    }
}

static bool is_chosen(const struct zs_observation *o, uint64_t connection)
{
    for (size_t i = 0; i < o->connection_count; i++)
        if (o->connections[i] == connection)
            return true;
    return o->connection_count == 0;
}

/* What is reported now belongs to the packet that is being looked at, or, where it waited, to an earlier one. A connection
 * that makes room, or whose ends are used again, is spoken of before the one that needs it, and has the smaller number. */
static void tell_place(const struct watched *w)
{
    const struct run *run = w->run;
    const struct zs_waited *late = zs_batch_now(run->config.batch);
    bool behind_all = run->packet == UINT64_MAX; /* nothing waits any more that came before */

    run->o->place(run->o->user, late && !behind_all ? late->at.frame : run->packet,
                  w->flow->number);
}

static void tell_begun(struct watched *w)
{
    const struct zs_onlooker *onlooker = w->run->o->onlooker;

    if (!w->begun && onlooker && onlooker->begun)
        onlooker->begun(onlooker->user, w->flow);
    w->begun = true;
}

static void tell_ended(struct watched *w, enum zs_flow_end why, struct zs_stamp at)
{
    const struct zs_onlooker *onlooker = w->run->o->onlooker;

    if (w->begun && onlooker && onlooker->ended)
        onlooker->ended(onlooker->user, w->flow, why, at);
}

static void on_event(void *user, const struct zs_event *ev)
{
    struct watched *w = user;
    const struct zs_observation *o = w->run->o;

    w->is_zmtp = true;
    if (!is_chosen(o, w->flow->number))
        return;
    struct names *n = names_of(w);
    if (ev->kind == ZS_EVENT_CONTEXT)
        learn_principals(n, &ev->context);
    count(&w->run->summary, ev);
    tell_begun(w);
    if (o->place)
        tell_place(w);
    if (o->report)
        o->report->event(&o->options, &n->shown, ev);
    if (o->onlooker)
        o->onlooker->event(o->onlooker->user, &n->shown, ev);
}

/* Does the user say that this port is ZMTP's? */
static bool is_given(const GArray *ports, uint16_t port)
{
    for (guint i = 0; ports && i < ports->len; i++)
        if (g_array_index(ports, uint16_t, i) == port)
            return true;
    return false;
}

static bool is_mine(const struct run *run, const struct zs_flow *flow)
{
    const struct zs_observation *o = run->o;

    if (o->deal)
        return zs_deal_takes(o->deal, o->share, flow->number, run->packet);
    return o->shares == 0 || flow->hash % o->shares == o->share;
}

static void *on_opened(void *user, const struct zs_flow *flow, const struct zs_net_stamp *at)
{
    struct run *run = user;
    struct watched *w = g_new(struct watched, 1);

    *w = (struct watched){
        .run = run,
        .flow = flow,
        .opened_at = stamp_of(at),
        .midstream = flow->midstream,
        .other = !is_mine(run, flow),
    };
    return w;
}

/* Its conversation, which begins with the first that is known of its octets. */
static struct zs_conn *conn_of(struct watched *w)
{
    if (w->conn)
        return w->conn;
    const struct run *run = w->run;
    w->conn =
        zs_conn_new(w->other ? &run->others : &run->config, w, w->flow->midstream, w->opened_at);
    if (is_given(run->o->ports, w->flow->client.port) ||
        is_given(run->o->ports, w->flow->server.port))
        zs_conn_assume(w->conn);
    return w->conn;
}

static enum zs_dir dir_of(enum zs_flow_side from)
{
    return from == ZS_FLOW_CLIENT ? ZS_C2S : ZS_S2C;
}

/* What waited for other packets belongs to the one that is looked at, although its own was an earlier one: it must not wait
 * again, where its place would be taken from its time. */
static bool hand_in(struct watched *w, enum zs_dir dir, struct zs_span octets, struct zs_stamp at)
{
    struct zs_conn_config *config = &w->run->config;
    struct zs_batch *batch = config->batch;

    if (at.frame < w->run->packet) {
        zs_conn_settle(config);
        config->batch = NULL;
    }
    bool is_zmtp = zs_conn_data(conn_of(w), dir, octets.p, octets.n, at);
    config->batch = batch;
    return is_zmtp;
}

static enum zs_flow_interest on_data(void *conn, enum zs_flow_side from, const uint8_t *bytes,
                                     size_t n, const struct zs_net_stamp *at)
{
    struct watched *w = conn;
    const struct zs_observation *o = w->run->o;

    w->has_data = true;
    if (!hand_in(w, dir_of(from), zs_span(bytes, n), stamp_of(at)))
        return ZS_FLOW_REFUSED;
    if (o->onlooker && o->onlooker->data && is_chosen(o, w->flow->number)) {
        tell_begun(w);
        o->onlooker->data(o->onlooker->user, w->flow->number, dir_of(from), zs_span(bytes, n),
                          stamp_of(at));
    }
    if (!w->other || zs_conn_awaits_ap_req(w->conn))
        return ZS_FLOW_WANTED;
    g_clear_pointer(&w->conn, zs_conn_free);
    return ZS_FLOW_ENOUGH;
}

static void on_gap(void *conn, enum zs_flow_side from, uint64_t n, const struct zs_net_stamp *at)
{
    struct watched *w = conn;

    zs_conn_gap(conn_of(w), dir_of(from), n, stamp_of(at));
}

static void on_conflict(void *conn, enum zs_flow_side from, uint64_t n,
                        const struct zs_net_stamp *at)
{
    struct watched *w = conn;
    (void)n;

    zs_conn_conflict(conn_of(w), dir_of(from), stamp_of(at));
}

static void on_full(void *conn, enum zs_flow_side from, const struct zs_net_stamp *at)
{
    struct watched *w = conn;
    const struct zs_event_limit limit = {ZS_LIMIT_PENDING, w->run->limits.pending_octets};
    enum zs_dir dir = dir_of(from);

    if (!w->full[dir])
        zs_conn_limit(conn_of(w), dir, &limit, stamp_of(at));
    w->full[dir] = true;
}

static void end_conversation(struct watched *w, enum zs_flow_end why, struct zs_stamp at)
{
    const struct zs_event_limit limit = {ZS_LIMIT_CONNECTIONS, w->run->limits.connections};

    if (w->other) /* its own share says how it ended */
        return;
    if (why == ZS_FLOW_EVICTED)
        zs_conn_limit(w->conn, ZS_C2S, &limit, at);
    zs_conn_end(w->conn, why == ZS_FLOW_FIN || why == ZS_FLOW_RST || why == ZS_FLOW_REUSED, at);
}

static void on_closed(void *conn, enum zs_flow_end why, const struct zs_net_stamp *at)
{
    struct watched *w = conn;
    struct run *run = w->run;

    if (w->conn)
        end_conversation(w, why, stamp_of(at));
    zs_conn_free(w->conn);
    tell_ended(w, why, stamp_of(at));
    if (!w->other) {
        run->summary.passed_over += w->midstream && w->has_data && !w->is_zmtp;
        run->summary.evicted += why == ZS_FLOW_EVICTED;
    }
    free_names(w->names);
    g_free(w);
}

static const struct zs_flow_sink sink = {.opened = on_opened,
                                         .data = on_data,
                                         .gap = on_gap,
                                         .conflict = on_conflict,
                                         .full = on_full,
                                         .closed = on_closed};

/* Looks for more of a file that grows, until the user has enough. */
static bool wait_for_more(void *user)
{
    const struct run *run = user;

    if (zs_interrupted())
        return false;
    fflush(run->o->options.out);
    g_usleep(G_USEC_PER_SEC / 20);
    return true;
}

/* Session secrets in the capture itself. A block that cannot be read costs itself; a message that stays sealed says
 * that its key is missing. */
static void on_secrets(void *user, const char *capture, uint32_t type, const void *octets, size_t n)
{
    const struct run *run = user;
    char *why = NULL;
    bool other_says_it = run->o->deal && run->o->share > 0; /* all shares read it */

    if (type != ZS_SECRETS_BLOCK || !run->o->keys)
        return;
    if (!zs_keyring_add_secrets(run->o->keys, octets, n, "the capture's secrets block", false,
                                &why) &&
        !other_says_it)
        zs_output_fail(capture, why);
    g_free(why);
}

static void on_trouble(void *user, const GError *error)
{
    struct run *run = user;

    if (!run->troubles)
        zs_output_error(g_error_copy(error));
    else
        g_string_append_printf(run->troubles, "%s%s", run->troubles->len ? "\n" : "",
                               error->message);
}

static struct zs_timeline *open_timeline(struct run *run)
{
    const struct zs_observation *o = run->o;
    const struct zs_timeline_options options = {
        .filter = o->filter,
        .hooks = {.wait = o->follow ? wait_for_more : NULL,
                  .secrets = o->no_blocks ? NULL : on_secrets,
                  .user = run},
        .trouble = on_trouble,
    };

    return o->interface ? zs_timeline_open_live(o->interface, &options)
                        : zs_timeline_open(o->files, &options);
}

static void report_begin(const struct zs_observation *o, const struct zs_timeline *timeline)
{
    GPtrArray *names = g_ptr_array_new();
    const char *const interface[] = {o->interface, NULL};
    size_t n;
    const int *types = zs_timeline_link_types(timeline, &n);

    for (size_t i = 0; i < n; i++)
        g_ptr_array_add(names, (gpointer)zs_capture_link_name(types[i]));
    g_ptr_array_add(names, NULL);
    o->report->begin(&o->options, &(struct zs_report_capture){
                                      .files = o->interface ? interface : o->files,
                                      .link_types = (const char *const *)names->pdata,
                                  });
    g_ptr_array_free(names, TRUE);
}

/* Not behind the packet limit; nor once the user has interrupted, but that what comes through a pipe is read to its
 * end, which the same Ctrl+C brings. */
static bool wants_more(const struct run *run, const struct zs_timeline *timeline,
                       const struct zs_net *net)
{
    if (run->o->packet_limit && net->counters.packets >= run->o->packet_limit)
        return false;
    return !zs_interrupted() || zs_timeline_is_stream(timeline);
}

static void read_packets(struct run *run, struct zs_timeline *timeline, struct zs_net *net)
{
    struct zs_report_summary *s = &run->summary;
    struct zs_packet packet;

    while (wants_more(run, timeline, net)) {
        enum zs_capture_answer answer = zs_timeline_next(timeline, &packet);
        if (answer == ZS_CAPTURE_IDLE)
            continue;
        if (answer != ZS_CAPTURE_PACKET)
            break;
        /* A filter may leave out any of them. */
        bool tells = packet.number / PROGRESS != s->last.frame / PROGRESS;
        s->last = (struct zs_stamp){.time_ns = packet.time_ns, .frame = packet.number};
        if (s->first.frame == 0)
            s->first = s->last;
        s->cut += packet.captured < packet.length;
        run->packet = packet.number;
        if (tells && run->o->progress) {
            zs_conn_settle(&run->config); /* what waits belongs to earlier packets */
            run->o->progress(run->o->user, packet.number);
        }
        if (tells && run->o->deal)
            zs_deal_passes(run->o->deal, run->o->share, packet.number);
        zs_net_packet(net, &packet);
    }
    zs_conn_settle(&run->config);
    s->dropped = zs_timeline_dropped(timeline);
}

static uint64_t peak_memory(void)
{
    struct rusage usage;
    return getrusage(RUSAGE_SELF, &usage) == 0 ? (uint64_t)usage.ru_maxrss * 1024 : 0;
}

/* A cap that nobody asked for is a default. */
static struct zs_flow_limits limits_of(const struct zs_observation *o)
{
    return (struct zs_flow_limits){
        .connections = o->max_connections ? o->max_connections : ZS_FLOW_CONNECTIONS,
        .pending_octets = o->max_pending ? o->max_pending : ZS_FLOW_PENDING,
        .all_pending_octets = MAX(o->max_pending, ZS_FLOW_ALL_PENDING),
    };
}

/* Nobody waits for an event where all of it is there to be read; but who is told of octets wants the events before them. */
static bool may_come_late(const struct zs_observation *o, const struct zs_timeline *timeline)
{
    bool told_of_octets = o->onlooker && o->onlooker->data;

    return !o->interface && !o->follow && !zs_timeline_is_stream(timeline) && !told_of_octets;
}

static void observe(struct run *run, struct zs_timeline *timeline)
{
    const struct zs_observation *o = run->o;
    struct zs_report_summary *s = &run->summary;
    struct zs_flows *flows = zs_flows_new(&sink, run, &run->limits);
    struct zs_net net;

    run->config.batch = may_come_late(o, timeline) ? zs_batch_new() : NULL;
    zs_net_init(&net, flows, o->checksums);
    if (o->place)
        o->place(o->user, 0, 0);
    if (o->report)
        report_begin(o, timeline);
    read_packets(run, timeline, &net);
    run->packet = UINT64_MAX;
    zs_flows_flush(flows,
                   &(struct zs_net_stamp){.time_ns = s->last.time_ns, .frame = s->last.frame});
    zs_flows_free(flows);
    zs_batch_free(run->config.batch);
    s->packets = net.counters.packets;
    s->not_read = net.counters.packets - net.counters.segments;
    s->peak_memory = peak_memory();
    zs_net_clear(&net);
    if (o->report)
        o->report->end(&o->options, s);
    if (o->summary)
        *o->summary = *s;
}

bool zs_observe(const struct zs_observation *o, GError **error)
{
    const size_t frame_limit = o->max_frame ? o->max_frame : ZS_FRAME_LIMIT;
    struct run run = {.o = o, .limits = limits_of(o)};
    run.waiting.most = run.limits.all_pending_octets + frame_limit; /* the largest frame fits */
    struct zs_timeline *timeline;
    struct zs_authenticators *authenticators = zs_authenticators_new();

    run.config = (struct zs_conn_config){.keys = o->keys,
                                         .authenticators = authenticators,
                                         .frame_limit = frame_limit,
                                         .waiting = &run.waiting,
                                         .on_event = on_event};
    run.others = (struct zs_conn_config){
        .authenticators = authenticators, .frame_limit = frame_limit, .waiting = &run.waiting};
    run.troubles = error ? g_string_new(NULL) : NULL;
    timeline = open_timeline(&run);
    if (zs_timeline_count(timeline))
        observe(&run, timeline);
    zs_authenticators_free(authenticators);
    const GError *first = zs_timeline_error(timeline);
    bool ok = first == NULL;
    if (!ok && error)
        *error = g_error_new_literal(first->domain, first->code, run.troubles->str);
    if (run.troubles)
        g_string_free(run.troubles, TRUE);
    zs_timeline_free(timeline);
    return ok;
}
