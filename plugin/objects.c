/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Export Objects, tshark --export-objects zmtp,DIR: each message a file, its parts joined in their order.
 *
 * What routes a message is not of it: envelope and delimiter are left out, and a topic or group that is a part of its own
 * stands in the file's name instead. Subscriptions are no messages.
 *
 * Limits: a message of which a part is missing, or stayed closed, is left out. */
#include "plugin/tools.h"

#include "plugin/shape.h"

#include <epan/export_object.h>
#include <epan/to_str.h>

static int tap_objects = -1;

/* ==== gathering ==== */

/* A direction's message whose parts come in. */
struct gathering {
    uint64_t number;
    uint32_t next; /* part */
    GByteArray *octets;
};

static GHashTable *gatherings; /* conversation and direction -> struct gathering */

static void free_gathering(gpointer data)
{
    struct gathering *g = data;

    if (g->octets)
        g_byte_array_free(g->octets, TRUE);
    g_free(g);
}

static void forget(void)
{
    if (gatherings)
        g_hash_table_destroy(gatherings);
    gatherings = NULL;
}

static struct gathering *gathering_of(const struct zs_tap *t)
{
    gpointer key = GUINT_TO_POINTER(t->conversation->number * ZS_DIR_COUNT + t->pdu->dir);

    if (!gatherings)
        gatherings = g_hash_table_new_full(NULL, NULL, NULL, free_gathering);
    struct gathering *g = g_hash_table_lookup(gatherings, key);
    if (!g) {
        g = g_new0(struct gathering, 1);
        g_hash_table_insert(gatherings, key, g);
    }
    return g;
}

static bool belongs(const struct zs_pdu *pdu)
{
    switch (pdu->role) {
    case ZS_PART_PAYLOAD:
        return true;
    case ZS_PART_TOPIC:
    case ZS_PART_GROUP:
        return pdu->last; /* the message is nothing else */
    default:
        return false;
    }
}

/* True: g holds the whole message, and t is its last part. */
static bool gather(struct gathering *g, const struct zs_tap *t)
{
    const struct zs_pdu *pdu = t->pdu;
    const struct zs_span data = t->reading->data;

    if (pdu->part == 1) {
        if (g->octets)
            g_byte_array_free(g->octets, TRUE);
        *g = (struct gathering){
            .number = pdu->whole->number, .next = 1, .octets = g_byte_array_new()};
    }
    if (!g->octets || g->number != pdu->whole->number || g->next != pdu->part)
        return false;
    g->next++;
    if (pdu->role == ZS_PART_DELIMITER)
        g_byte_array_set_size(g->octets, 0); /* what came before it was no payload after all */
    if (belongs(pdu) && data.n)
        g_byte_array_append(g->octets, data.p, (guint)data.n);
    return pdu->last;
}

/* ==== the file ==== */

static const struct {
    const char *dissector, *type, *extension;
} shapes[] = {
    {"json", "application/json", "json"},
    {"xml", "application/xml", "xml"},
    {"msgpack", "application/vnd.msgpack", "msgpack"},
    {"data-text-lines", "text/plain", "txt"},
    {"data", "application/octet-stream", "bin"},
};

static size_t shape_of(const GByteArray *octets)
{
    const char *name = zs_shape_of(zs_span(octets->data, octets->len));

    for (size_t i = 0; i < array_length(shapes); i++)
        if (strcmp(shapes[i].dissector, name) == 0)
            return i;
    return array_length(shapes) - 1;
}

static char *file_name(packet_info *pinfo, const struct zs_tap *t, const char *extension)
{
    const struct zs_whole *whole = t->pdu->whole;
    const char *topic = NULL;

    if (whole->topic && whole->parts > 1)
        topic = zs_label_short(pinfo->pool, zs_span(whole->topic, strlen(whole->topic)));
    return g_strdup_printf("stream-%u-%s-%" G_GUINT64_FORMAT "%s%s.%s", t->conversation->number,
                           zs_dir_name(t->pdu->dir), whole->number, topic ? "-" : "",
                           topic ? topic : "", extension);
}

static void add_object(export_object_list_t *list, packet_info *pinfo, const struct zs_tap *t,
                       struct gathering *g)
{
    export_object_entry_t *object = g_new0(export_object_entry_t, 1);
    size_t shape = shape_of(g->octets);

    object->pkt_num = pinfo->num;
    object->hostname =
        g_strdup_printf("%s:%u", address_to_str(pinfo->pool, &pinfo->src), pinfo->srcport);
    object->content_type = g_strdup(shapes[shape].type);
    object->filename = file_name(pinfo, t, shapes[shape].extension);
    object->payload_len = g->octets->len;
    object->payload_data = g_byte_array_free(g->octets, FALSE);
    g->octets = NULL;
    list->add_entry(list->gui_data, object);
}

static tap_packet_status on_thing(void *data, packet_info *pinfo, epan_dissect_t *edt,
                                  const void *what, tap_flags_t flags)
{
    const struct zs_tap *t = what;
    struct gathering *g;

    (void)edt;
    (void)flags;
    if (!t->reading || t->reading->kind != ZS_READ_MESSAGE || !t->pdu->whole ||
        t->pdu->role == ZS_PART_SUBSCRIBE || t->pdu->role == ZS_PART_CANCEL)
        return TAP_PACKET_DONT_REDRAW;
    g = gathering_of(t);
    if (!gather(g, t))
        return TAP_PACKET_DONT_REDRAW;
    add_object(data, pinfo, t, g);
    return TAP_PACKET_REDRAW;
}

int zs_objects_tap(void)
{
    return tap_objects;
}

void zs_objects_register(int proto)
{
    tap_objects = register_export_object(proto, on_thing, forget);
    register_shutdown_routine(forget);
}
