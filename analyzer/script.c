/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Captured conversations as scripts.
 *
 * Limits: kept whole in memory. Heartbeats are not part of it: each peer has its own. */
#include "analyzer/script.h"

#include <string.h>

struct zs_script *zs_script_new(uint64_t connection)
{
    struct zs_script *s = g_new0(struct zs_script, 1);

    s->connection = connection;
    s->null = true;
    s->lines = g_ptr_array_new();
    return s;
}

static void free_line(struct zs_line *l)
{
    g_ptr_array_unref(l->parts);
    g_free(l);
}

void zs_script_free(struct zs_script *s)
{
    if (!s)
        return;
    for (guint i = 0; i < s->lines->len; i++)
        free_line(s->lines->pdata[i]);
    g_ptr_array_unref(s->lines);
    for (int d = 0; d < ZS_DIR_COUNT; d++) {
        if (s->metadata[d])
            g_bytes_unref(s->metadata[d]);
        if (s->pending[d])
            g_ptr_array_unref(s->pending[d]);
    }
    g_free(s);
}

static void on_ready(struct zs_script *s, enum zs_dir dir, const struct zs_reading *r)
{
    struct zs_span metadata = r->content.body;

    if (s->metadata[dir])
        return;
    s->metadata[dir] = g_bytes_new(metadata.p, metadata.n);
    s->type[dir] = zs_metadata_socket_type(metadata);
    s->plaintext |= !s->null && !r->wrapped;
    s->known = s->metadata[ZS_C2S] && s->metadata[ZS_S2C];
}

static GPtrArray *new_parts(void)
{
    return g_ptr_array_new_with_free_func((GDestroyNotify)g_bytes_unref);
}

static void add_line(struct zs_script *s, enum zs_line_kind kind, enum zs_dir dir,
                     struct zs_stamp at, GPtrArray *parts)
{
    struct zs_line *l = g_new0(struct zs_line, 1);

    *l = (struct zs_line){.kind = kind, .dir = dir, .at = at, .parts = parts};
    g_ptr_array_add(s->lines, l);
}

static void add_topic(struct zs_script *s, enum zs_line_kind kind, enum zs_dir dir,
                      struct zs_stamp at, struct zs_span topic)
{
    GPtrArray *parts = new_parts();

    g_ptr_array_add(parts, g_bytes_new(topic.p, topic.n));
    add_line(s, kind, dir, at, parts);
}

/* What a SUB or an XSUB says in a message: 01 or 00 and the topic, or, where libzmq lost that octet, the topic. */
static bool on_subscription(struct zs_script *s, enum zs_dir dir, struct zs_stamp at,
                            const struct zs_reading *r)
{
    bool prefixed = r->data.n && r->data.p[0] <= 1;
    enum zs_socket_type type = s->type[dir];

    if (s->pending[dir] || r->more ||
        !(type == ZS_SOCKET_SUB || (type == ZS_SOCKET_XSUB && prefixed)))
        return false;
    bool cancel = prefixed && r->data.p[0] == 0;
    add_topic(s, cancel ? ZS_LINE_CANCEL : ZS_LINE_SUBSCRIBE, dir, at,
              zs_span_skip(r->data, prefixed));
    return true;
}

static void on_message(struct zs_script *s, enum zs_dir dir, struct zs_stamp at,
                       const struct zs_reading *r)
{
    if (r->wrapped && !r->verified) {
        s->trouble = "its messages stay sealed: zmtpscope read says why";
        return;
    }
    if (on_subscription(s, dir, at, r))
        return;
    if (!s->pending[dir])
        s->pending[dir] = new_parts();
    g_ptr_array_add(s->pending[dir], g_bytes_new(r->data.p, r->data.n));
    if (r->more)
        return;
    add_line(s, ZS_LINE_MESSAGE, dir, at, s->pending[dir]);
    s->pending[dir] = NULL;
}

static void on_command(struct zs_script *s, enum zs_dir dir, struct zs_stamp at,
                       const struct zs_reading *r)
{
    if (r->wrapped && !r->verified)
        s->trouble = "its handshake stays sealed: zmtpscope read says why";
    else if (r->content.id == ZS_CMD_READY && r->has_metadata)
        on_ready(s, dir, r);
    else if (r->content.id == ZS_CMD_SUBSCRIBE || r->content.id == ZS_CMD_CANCEL)
        add_topic(s, r->content.id == ZS_CMD_CANCEL ? ZS_LINE_CANCEL : ZS_LINE_SUBSCRIBE, dir, at,
                  r->content.body);
}

void zs_script_event(struct zs_script *s, const struct zs_event *ev)
{
    switch (ev->kind) {
    case ZS_EVENT_GREETING:
        s->null &= strcmp(ev->greeting->mechanism, "NULL") == 0;
        break;
    case ZS_EVENT_CONTEXT:
        s->client = ev->context.initiator;
        break;
    case ZS_EVENT_COMMAND:
        on_command(s, ev->dir, ev->at, ev->command);
        break;
    case ZS_EVENT_MESSAGE:
        on_message(s, ev->dir, ev->at, ev->message);
        break;
    case ZS_EVENT_GAP:
        if (ev->gap.bytes)
            s->trouble = "octets of it are not in the capture";
        break;
    case ZS_EVENT_CLOSE:
        if (!s->known && !s->trouble)
            s->trouble = "its handshake did not come to its end, or is none of NULL or GSSAPI";
        break;
    default:
        break;
    }
}
