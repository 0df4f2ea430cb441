/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The Info column.
 *
 * Limits: it names the first THINGS_MOST things of a packet. */
#include "plugin/info.h"

#include "plugin/fields.h"

#include <epan/column-utils.h>
#include <epan/proto_data.h>

#include <string.h>

enum { THINGS_MOST = 8, PREVIEW = 40, TOPIC = 24, KEY_INFO = 7 };

/* What one packet has said so far. */
struct info {
    unsigned things;
    bool introduced; /* who speaks to whom */
    bool greeting;   /* parts of one, not yet said */
    /* The message whose parts come in; NULL: none. */
    const struct zs_whole *whole;
    const char *head; /* "DEALER → ROUTER ", or "" */
    const char *sender, *preview;
    bool blank;      /* the preview is that of an empty part */
    unsigned parts;  /* of it in this packet, … */
    uint64_t octets; /* … and their octets */
};

static struct info *info_of(packet_info *pinfo)
{
    struct info *i = p_get_proto_data(pinfo->pool, pinfo, zs_hf.signature, KEY_INFO);

    if (!i) {
        i = wmem_new0(pinfo->pool, struct info);
        p_add_proto_data(pinfo->pool, pinfo, zs_hf.signature, KEY_INFO, i);
        col_clear(pinfo->cinfo, COL_INFO);
    }
    return i;
}

void zs_info_begin(packet_info *pinfo)
{
    info_of(pinfo);
}

/* The first one stands behind what TCP says of the segment, if it does: "[TCP Retransmission] ". */
static void append_alone(packet_info *pinfo, struct info *i, const char *text)
{
    if (i->things == 0)
        col_append_str(pinfo->cinfo, COL_INFO, text);
    else if (i->things < THINGS_MOST)
        col_append_sep_str(pinfo->cinfo, COL_INFO, ", ", text);
    else if (i->things == THINGS_MOST)
        col_append_str(pinfo->cinfo, COL_INFO, ", …");
    i->things++;
}

static void append_greeting(packet_info *pinfo, struct info *i)
{
    if (i->greeting)
        append_alone(pinfo, i, "Greeting…");
    i->greeting = false;
}

static void append(packet_info *pinfo, struct info *i, const char *text)
{
    append_greeting(pinfo, i);
    append_alone(pinfo, i, text);
}

void zs_info_say(const struct zs_shown *s, const char *text)
{
    append(s->pinfo, info_of(s->pinfo), text);
}

const char *zs_info_quote(packet_info *pinfo, struct zs_span s)
{
    size_t n = s.n < PREVIEW ? s.n : PREVIEW;

    for (size_t i = 0; i < n; i++)
        if (s.p[i] < 0x20 || s.p[i] > 0x7e)
            return wmem_strdup_printf(pinfo->pool, "%zu octets", s.n);
    return wmem_strdup_printf(pinfo->pool, "\"%.*s%s\"", (int)n, n ? (const char *)s.p : "",
                              n < s.n ? "…" : "");
}

/* SI units, as bytes on a disk are counted. */
static const char *size_in_words(wmem_allocator_t *pool, uint64_t n)
{
    static const char *const units[] = {"kB", "MB", "GB", "TB"};
    double size = (double)n / 1000;
    size_t unit = 0;

    if (n < 1000)
        return wmem_strdup_printf(pool, "%u B", (unsigned)n);
    while (size >= 1000 && unit + 1 < array_length(units)) {
        size /= 1000;
        unit++;
    }
    return wmem_strdup_printf(pool, "%.1f %s", size, units[unit]);
}

static const char *head_of(const struct zs_shown *s)
{
    const char *from = zs_socket_type_name(s->pdu->sender),
               *to = zs_socket_type_name(s->pdu->receiver);

    return from && to ? wmem_strdup_printf(s->pinfo->pool, "%s → %s ", from, to) : "Message ";
}

/* The beginning of a topic, whole characters of it. */
static const char *cut_topic(wmem_allocator_t *pool, const char *said)
{
    const char *topic = zs_label_text(pool, said);

    if (!topic)
        return "";
    size_t n = strlen(topic);
    if (n <= TOPIC)
        return wmem_strdup_printf(pool, " %s:", topic);
    n = (size_t)(g_utf8_find_prev_char(topic, topic + TOPIC + 1) - topic);
    return wmem_strdup_printf(pool, " %.*s…:", (int)n, topic);
}

static void say_message(packet_info *pinfo, struct info *i, const char *parts, uint64_t octets)
{
    bool sender = i->sender && !i->introduced;
    const char *text =
        wmem_strdup_printf(pinfo->pool, "%s[%s%s]%s%s%s%s%s", i->introduced ? "" : i->head, parts,
                           size_in_words(pinfo->pool, octets), sender ? " " : "",
                           sender ? i->sender : "", cut_topic(pinfo->pool, i->whole->topic),
                           i->preview ? " " : "", i->preview ? i->preview : "");

    append(pinfo, i, text);
    i->introduced = true;
    i->whole = NULL;
}

static void begin_message(struct info *i, const struct zs_shown *s)
{
    i->whole = s->pdu->whole;
    i->parts = 0;
    i->octets = 0;
    i->preview = NULL;
    i->head = i->introduced ? "" : head_of(s);
    i->sender = zs_sender_of(s->pinfo->pool, s->conversation, s->pdu);
}

static const char *count_in_words(wmem_allocator_t *pool, const struct zs_pdu *pdu)
{
    if (pdu->whole->torn)
        return "part of a message, ";
    return pdu->part == 1 ? "" : wmem_strdup_printf(pool, "%u parts, ", pdu->part);
}

static void say_subscription(const struct zs_shown *s, const struct zs_reading *r)
{
    const char *verb = s->pdu->role == ZS_PART_SUBSCRIBE ? "SUBSCRIBE" : "CANCEL";
    zs_info_say(s, wmem_strdup_printf(s->pinfo->pool, "%s %s", verb,
                                      zs_info_quote(s->pinfo, zs_span_skip(r->data, 1))));
}

/* Of the first part that says something: where the handshake is not known, the delimiter is a part like any other. */
static void preview(const struct zs_shown *s, struct info *i, const struct zs_reading *r)
{
    bool blank = r->data.n == 0;

    if (i->preview && (blank || !i->blank))
        return;
    i->preview = zs_info_quote(s->pinfo, r->data);
    i->blank = blank;
}

void zs_info_part(const struct zs_shown *s, const struct zs_reading *r)
{
    struct info *i = info_of(s->pinfo);
    const struct zs_pdu *pdu = s->pdu;

    if (i->things > THINGS_MOST || !pdu->whole)
        return;
    if (pdu->role == ZS_PART_SUBSCRIBE || pdu->role == ZS_PART_CANCEL) {
        say_subscription(s, r);
        return;
    }
    if (i->whole != pdu->whole)
        begin_message(i, s);
    i->parts++;
    i->octets += r->data.n;
    if (pdu->role == ZS_PART_DELIMITER)
        i->preview = NULL; /* what came before it was no payload after all */
    else if (pdu->role == ZS_PART_PAYLOAD)
        preview(s, i, r);
    if (pdu->last)
        say_message(s->pinfo, i, count_in_words(s->pinfo->pool, pdu), pdu->octets);
}

void zs_info_sealed(const struct zs_shown *s, const char *what, size_t n)
{
    zs_info_say(s, wmem_strdup_printf(s->pinfo->pool, "sealed %s [%s]", what,
                                      size_in_words(s->pinfo->pool, n)));
}

void zs_info_greeting(const struct zs_shown *s, const char *done)
{
    struct info *i = info_of(s->pinfo);

    i->greeting = done == NULL;
    if (done)
        append(s->pinfo, i, done);
}

void zs_info_end(packet_info *pinfo)
{
    struct info *i = info_of(pinfo);

    append_greeting(pinfo, i);
    if (!i->whole)
        return;
    const char *parts = i->parts == 1
                            ? "part of a message, "
                            : wmem_strdup_printf(pinfo->pool, "%u parts of a message, ", i->parts);
    say_message(pinfo, i, parts, i->octets);
}
