/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The files of a run as one timeline: packets to TCP connections to ZMTP events to the report.
 *
 * Limits: packets that an interface hands over are looked at when they come; one that nobody takes in time is dropped
 * by the kernel, and counted. */
#include "analyzer/observe.h"

#include "analyzer/interrupt.h"
#include "analyzer/net/reader.h"
#include "analyzer/net/timeline.h"
#include "core/conn/conn.h"
#include "core/conn/replay.h"
#include "core/krb/secrets.h"

#include <string.h>
#include <sys/resource.h>

struct run {
    const struct zs_observation *o;
    struct zs_conn_config config;
    struct zs_report_summary summary;
};

/* One TCP connection of the capture. */
struct watched {
    struct run *run;
    struct zs_conn *conn;
    struct zs_report_connection names;
    char client[ZS_ENDPOINT_TEXT], server[ZS_ENDPOINT_TEXT];
    char *principal[ZS_DIR_COUNT];
    bool midstream, has_data, is_zmtp;
};

static struct zs_stamp stamp_of(const struct zs_net_stamp *at)
{
    return (struct zs_stamp){.time_ns = at->time_ns, .frame = at->frame};
}

static void learn_principals(struct watched *w, const struct zs_event_context *c)
{
    const char *name[ZS_DIR_COUNT] = {0};

    name[c->initiator] = c->facts->client_principal;
    name[zs_dir_other(c->initiator)] = c->facts->opened_by ? c->facts->service_principal : NULL;
    for (int d = 0; d < ZS_DIR_COUNT; d++) {
        g_free(w->principal[d]);
        w->principal[d] = g_strdup(name[d]);
        w->names.principal[d] = w->principal[d];
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

static void on_event(void *user, const struct zs_event *ev)
{
    struct watched *w = user;
    const struct zs_observation *o = w->run->o;

    if (!is_chosen(o, w->names.number))
        return;
    if (ev->kind == ZS_EVENT_CONTEXT)
        learn_principals(w, &ev->context);
    w->is_zmtp = true;
    count(&w->run->summary, ev);
    o->report->event(&o->options, &w->names, ev);
}

/* Does the user say that this port is ZMTP's? */
static bool is_given(const GArray *ports, uint16_t port)
{
    for (guint i = 0; ports && i < ports->len; i++)
        if (g_array_index(ports, uint16_t, i) == port)
            return true;
    return false;
}

static void *on_opened(void *user, const struct zs_flow *flow, const struct zs_net_stamp *at)
{
    struct run *run = user;
    struct watched *w = g_new0(struct watched, 1);

    zs_endpoint_format(&flow->client, w->client);
    zs_endpoint_format(&flow->server, w->server);
    w->run = run;
    w->names = (struct zs_report_connection){
        .number = flow->number, .client = w->client, .server = w->server};
    w->midstream = flow->midstream;
    w->conn = zs_conn_new(&run->config, w, flow->midstream, stamp_of(at));
    if (is_given(run->o->ports, flow->client.port) || is_given(run->o->ports, flow->server.port))
        zs_conn_assume(w->conn);
    return w;
}

static enum zs_dir dir_of(enum zs_flow_side from)
{
    return from == ZS_FLOW_CLIENT ? ZS_C2S : ZS_S2C;
}

static enum zs_flow_interest on_data(void *conn, enum zs_flow_side from, const uint8_t *bytes,
                                     size_t n, const struct zs_net_stamp *at)
{
    struct watched *w = conn;
    w->has_data = true;
    return zs_conn_data(w->conn, dir_of(from), bytes, n, stamp_of(at)) ? ZS_FLOW_WANTED
                                                                       : ZS_FLOW_REFUSED;
}

static void on_gap(void *conn, enum zs_flow_side from, uint64_t n, const struct zs_net_stamp *at)
{
    struct watched *w = conn;
    zs_conn_gap(w->conn, dir_of(from), n, stamp_of(at));
}

static void on_conflict(void *conn, enum zs_flow_side from, uint64_t n,
                        const struct zs_net_stamp *at)
{
    struct watched *w = conn;
    (void)n;
    zs_conn_conflict(w->conn, dir_of(from), stamp_of(at));
}

static void on_closed(void *conn, enum zs_flow_end why, const struct zs_net_stamp *at)
{
    struct watched *w = conn;

    zs_conn_end(w->conn, why == ZS_FLOW_FIN || why == ZS_FLOW_RST || why == ZS_FLOW_REUSED,
                stamp_of(at));
    zs_conn_free(w->conn);
    w->run->summary.passed_over += w->midstream && w->has_data && !w->is_zmtp;
    for (int d = 0; d < ZS_DIR_COUNT; d++)
        g_free(w->principal[d]);
    g_free(w);
}

static const struct zs_flow_sink sink = {.opened = on_opened,
                                         .data = on_data,
                                         .gap = on_gap,
                                         .conflict = on_conflict,
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
static void on_secrets(void *user, uint32_t type, const void *octets, size_t n)
{
    const struct run *run = user;
    char *why = NULL;

    if (type != ZS_SECRETS_BLOCK || !run->o->keys)
        return;
    if (!zs_keyring_add_secrets(run->o->keys, octets, n, "the capture's secrets block", &why))
        g_printerr("zmtpscope: %s\n", why);
    g_free(why);
}

static struct zs_timeline *open_timeline(struct run *run)
{
    const struct zs_observation *o = run->o;
    const struct zs_timeline_options options = {
        .filter = o->filter,
        .hooks = {.wait = o->follow ? wait_for_more : NULL, .secrets = on_secrets, .user = run},
    };

    return o->interface ? zs_timeline_open_live(o->interface, o->filter)
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
        s->last = (struct zs_stamp){.time_ns = packet.time_ns, .frame = packet.number};
        if (s->first.frame == 0)
            s->first = s->last;
        s->cut += packet.captured < packet.length;
        zs_net_packet(net, &packet);
    }
    s->dropped = zs_timeline_dropped(timeline);
}

static uint64_t peak_memory(void)
{
    struct rusage usage;
    return getrusage(RUSAGE_SELF, &usage) == 0 ? (uint64_t)usage.ru_maxrss * 1024 : 0;
}

bool zs_observe(const struct zs_observation *o, GError **error)
{
    struct run run = {.o = o,
                      .config = {.keys = o->keys,
                                 .replays = zs_replays_new(),
                                 .frame_limit = ZS_FRAME_LIMIT,
                                 .on_event = on_event}};
    struct zs_timeline *timeline = open_timeline(&run);

    if (zs_timeline_count(timeline)) {
        struct zs_flows *flows = zs_flows_new(&sink, &run, NULL);
        struct zs_net net;
        zs_net_init(&net, flows, o->checksums);
        report_begin(o, timeline);
        read_packets(&run, timeline, &net);
        struct zs_net_stamp last = {.time_ns = run.summary.last.time_ns,
                                    .frame = run.summary.last.frame};
        zs_flows_flush(flows, &last);
        zs_flows_free(flows);
        run.summary.packets = net.counters.packets;
        run.summary.not_read = net.counters.packets - net.counters.segments;
        zs_net_clear(&net);
        run.summary.peak_memory = peak_memory();
        o->report->end(&o->options, &run.summary);
        if (o->summary)
            *o->summary = run.summary;
    }
    zs_replays_free(run.config.replays);
    const GError *failed = zs_timeline_error(timeline);
    if (failed)
        g_propagate_error(error, g_error_copy(failed));
    zs_timeline_free(timeline);
    return failed == NULL;
}
