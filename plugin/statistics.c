/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Statistics > ZMTP, tshark -z zmtp,tree; and the service response times, tshark -z zmtp,srt.
 *
 * Limits: a message counts with its last frame, whole; of one that stayed closed only its frames are counted. Response
 * times by service have a row for each of the first SERVICES_MOST services. */
#include "plugin/tools.h"

#include <epan/srt_table.h>
#include <epan/stats_tree.h>
#include <epan/to_str.h>

/* ==== the tree ==== */

/* Numbers of its branches, which are the same for every tree: they are made in the same order. */
static struct {
    int connections, frames, commands, protection, messages, direction, sender, topic, sockets,
        size;
} at;

static void init_tree(stats_tree *st)
{
    at.connections = stats_tree_create_pivot(st, "Connections by mechanism", 0);
    at.frames = stats_tree_create_pivot(st, "Frames", 0);
    at.commands = stats_tree_create_pivot(st, "Commands", 0);
    at.protection = stats_tree_create_pivot(st, "Protection of frames", 0);
    at.messages = stats_tree_create_node(st, "Messages", 0, STAT_DT_INT, ZTRUE);
    at.direction = stats_tree_create_pivot(st, "by direction", at.messages);
    at.sender = stats_tree_create_pivot(st, "by sender", at.messages);
    at.sockets = stats_tree_create_pivot(st, "by socket types", at.messages);
    at.topic = stats_tree_create_pivot(st, "by topic", at.messages);
    at.size = stats_tree_create_range_node(st, "Message size", 0, "0-99", "100-999", "1000-9999",
                                           "10000-99999", "100000-999999", "1000000-", NULL);
}

static const char *mechanism_of(packet_info *pinfo, const struct zs_greeting *g)
{
    return wmem_strdup_printf(pinfo->pool, "%s%sZMTP %s", g->mechanism, g->mechanism[0] ? ", " : "",
                              zs_greeting_version(g));
}

/* A connection counts with the end of its client's greeting. */
static void count_greeting(stats_tree *st, packet_info *pinfo, const struct zs_tap *t)
{
    const struct zs_greeting *g = t->pdu->greeting;

    stats_tree_tick_pivot(st, at.frames, "parts of greetings");
    if (t->pdu->dir == ZS_C2S && g->part == ZS_GREETING_DONE && zs_greeting_version(g))
        stats_tree_tick_pivot(st, at.connections, mechanism_of(pinfo, g));
}

static const char *kind_of(const struct zs_reading *r)
{
    switch (r->kind) {
    case ZS_READ_IDENTITY:
        return "identities";
    case ZS_READ_TOKEN:
        return "context tokens";
    case ZS_READ_COMMAND:
        return "commands";
    case ZS_READ_MESSAGE:
        break;
    }
    return "parts of messages";
}

static const char *protection_of(const struct zs_reading *r)
{
    if (!r->wrapped)
        return "in the clear";
    if (!r->verified)
        return "stayed closed";
    /* What Wireshark's engine opened is not described by a context of ours. */
    bool signed_only = r->unwrapped.plain.p && !r->unwrapped.confidential;
    return signed_only ? "signed, opened" : "sealed, opened";
}

static const char *command_of(packet_info *pinfo, const struct zs_command *c)
{
    if (c->id == ZS_CMD_EMPTY)
        return "(empty command)";
    return c->id == ZS_CMD_UNKNOWN ? zs_label_short(pinfo->pool, c->name) : zs_command_name(c->id);
}

static const char *type_name(enum zs_socket_type type)
{
    const char *name = zs_socket_type_name(type);
    return name ? name : "?";
}

static void count_message(stats_tree *st, packet_info *pinfo, const struct zs_tap *t)
{
    const struct zs_pdu *pdu = t->pdu;
    const struct zs_whole *whole = pdu->whole;

    tick_stat_node(st, "Messages", 0, ZTRUE);
    stats_tree_tick_pivot(st, at.direction, zs_dir_name(pdu->dir));
    if (t->sender)
        stats_tree_tick_pivot(st, at.sender, t->sender);
    if (pdu->sender || pdu->receiver)
        stats_tree_tick_pivot(st, at.sockets,
                              wmem_strdup_printf(pinfo->pool, "%s to %s", type_name(pdu->sender),
                                                 type_name(pdu->receiver)));
    if (whole->topic)
        stats_tree_tick_pivot(
            st, at.topic, zs_label_short(pinfo->pool, zs_span(whole->topic, strlen(whole->topic))));
    int size = pdu->octets < G_MAXINT ? (int)pdu->octets : G_MAXINT;
    tick_stat_node(st, "Message size", 0, ZTRUE); /* the range's own tick adds the size alone */
    stats_tree_tick_range(st, "Message size", 0, size);
}

static void count_frame(stats_tree *st, packet_info *pinfo, const struct zs_tap *t)
{
    const struct zs_reading *r = t->reading;
    bool open = !r->wrapped || r->verified;

    stats_tree_tick_pivot(st, at.frames, kind_of(r));
    if (r->kind != ZS_READ_TOKEN)
        stats_tree_tick_pivot(st, at.protection, protection_of(r));
    if (r->kind == ZS_READ_COMMAND && open)
        stats_tree_tick_pivot(st, at.commands, command_of(pinfo, &r->content));
    if (r->kind == ZS_READ_TOKEN)
        stats_tree_tick_pivot(st, at.commands, command_of(pinfo, &r->command));
    if (r->kind == ZS_READ_MESSAGE && t->pdu->whole && t->pdu->last)
        count_message(st, pinfo, t);
}

static tap_packet_status count(stats_tree *st, packet_info *pinfo, epan_dissect_t *edt,
                               const void *what, tap_flags_t flags)
{
    const struct zs_tap *t = what;

    (void)edt;
    (void)flags;
    if (t->reading)
        count_frame(st, pinfo, t);
    else if (t->pdu->kind == ZS_PDU_GREETING)
        count_greeting(st, pinfo, t);
    else if (t->pdu->kind == ZS_PDU_HEAD)
        stats_tree_tick_pivot(st, at.frames, "not whole");
    return TAP_PACKET_REDRAW;
}

/* ==== response times ==== */

enum { TABLE_EXCHANGES, TABLE_SERVICES, TABLE_COUNT };
enum { ROW_REPLY, ROW_PONG, ROW_HANDSHAKE, ROW_COUNT };
enum { SERVICES_MOST = 200 };

static void init_times(struct register_srt *srt, GArray *tables)
{
    (void)srt;
    srt_stat_table *exchanges =
        init_srt_table("ZMTP exchanges", "Exchanges", tables, ROW_COUNT, "Exchange", NULL, NULL);
    init_srt_table_row(exchanges, ROW_REPLY, "Request to reply");
    init_srt_table_row(exchanges, ROW_PONG, "PING to PONG");
    init_srt_table_row(exchanges, ROW_HANDSHAKE, "Handshake");
    srt_stat_table *services =
        init_srt_table("ZMTP replies by service", "Services", tables, 1, "Service", NULL, NULL);
    init_srt_table_row(services, 0, "(others)");
}

/* The service's row, which is made with its first reply. */
static int row_of(srt_stat_table *table, const char *service)
{
    for (int i = 1; i < table->num_procs; i++)
        if (strcmp(table->procedures[i].procedure, service) == 0)
            return i;
    if (table->num_procs > SERVICES_MOST)
        return 0;
    init_srt_table_row(table, table->num_procs, service);
    return table->num_procs - 1;
}

/* Who replied: by principal, and by the address that was asked. */
static const char *service_of(packet_info *pinfo, const struct zs_tap *t)
{
    return wmem_strdup_printf(pinfo->pool, "%s%s%s:%u", t->sender ? t->sender : "",
                              t->sender ? " at " : "", address_to_str(pinfo->pool, &pinfo->src),
                              pinfo->srcport);
}

static void add_time(const srt_data_t *data, int table, int row, packet_info *pinfo, int64_t ns)
{
    nstime_t took = {.secs = (time_t)(ns / 1000000000), .nsecs = (int)(ns % 1000000000)};
    nstime_t began = NSTIME_INIT_ZERO;

    nstime_delta(&began, &pinfo->abs_ts, &took);
    add_srt_table_data(g_array_index(data->srt_array, srt_stat_table *, table), row, &began, pinfo);
}

static tap_packet_status time_exchange(void *data, packet_info *pinfo, epan_dissect_t *edt,
                                       const void *what, tap_flags_t flags)
{
    const srt_data_t *srt = data;
    const struct zs_tap *t = what;
    const struct zs_pdu *pdu = t->pdu;
    const struct zs_whole *whole = pdu->whole;

    (void)edt;
    (void)flags;
    if (pdu->says & ZS_SAYS_HANDSHAKE)
        add_time(srt, TABLE_EXCHANGES, ROW_HANDSHAKE, pinfo, t->conversation->handshake_ns);
    if (!whole || !whole->asked_packet || (whole->number && !pdu->last))
        return TAP_PACKET_REDRAW;
    add_time(srt, TABLE_EXCHANGES, whole->number ? ROW_REPLY : ROW_PONG, pinfo, whole->after_ns);
    if (whole->number)
        add_time(srt, TABLE_SERVICES,
                 row_of(g_array_index(srt->srt_array, srt_stat_table *, TABLE_SERVICES),
                        service_of(pinfo, t)),
                 pinfo, whole->after_ns);
    return TAP_PACKET_REDRAW;
}

void zs_statistics_register(int proto)
{
    stats_tree_register_plugin(ZS_TAP, "zmtp", "ZMTP", 0, count, init_tree, NULL);
    register_srt_table(proto, ZS_TAP, TABLE_COUNT, time_exchange, init_times, NULL);
}
