/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Follow ZMTP Stream, and tshark -z follow,zmtp: what the applications said, decrypted where it was sealed.
 *
 * A chunk is one frame's payload and nothing else, so that the octets saved are the application's: no header, and no
 * mark between the parts of a message. Only what is not there is said in words, as Follow TCP Stream says it: frames
 * that stayed closed or are not whole, and octets missing in the capture.
 *
 * Limits: handshakes, commands and subscriptions are left out. */
#include "plugin/tools.h"

#include <epan/addr_resolv.h>
#include <epan/follow.h>
#include <epan/to_str.h>

static int proto_zmtp;

/* ==== which packets ==== */

static gchar *filter_of_stream(guint stream, guint sub_stream)
{
    (void)sub_stream;
    return g_strdup_printf("zmtp.stream eq %u", stream);
}

static gchar *filter_of_packet(epan_dissect_t *edt, packet_info *pinfo, guint *stream,
                               guint *sub_stream)
{
    const struct zs_conversation *c = zs_conversation_find(pinfo, proto_zmtp);

    (void)edt;
    (void)sub_stream;
    if (!c)
        return NULL;
    *stream = c->number;
    return filter_of_stream(c->number, 0);
}

static gchar *filter_of_direction(const address *from, int from_port, const address *to,
                                  int to_port)
{
    const char *ip = from->type == AT_IPv6 ? "ipv6" : "ip";
    char *from_text = address_to_str(NULL, from), *to_text = address_to_str(NULL, to);
    gchar *filter = g_strdup_printf(
        "(%s.src eq %s and tcp.srcport eq %d and %s.dst eq %s and tcp.dstport eq %d)", ip,
        from_text, from_port, ip, to_text, to_port);

    wmem_free(NULL, from_text);
    wmem_free(NULL, to_text);
    return filter;
}

static gchar *filter_of_addresses(address *a, address *b, int a_port, int b_port)
{
    gchar *forth = filter_of_direction(a, a_port, b, b_port);
    gchar *back = filter_of_direction(b, b_port, a, a_port);
    gchar *filter = g_strdup_printf("%s or %s", forth, back);

    g_free(forth);
    g_free(back);
    return filter;
}

/* ==== what they hold ==== */

static void begin(follow_info_t *info, const packet_info *pinfo, const struct zs_tap *t)
{
    bool from_client = t->pdu->dir == ZS_C2S;

    if (info->client_port)
        return;
    info->client_port = from_client ? pinfo->srcport : pinfo->destport;
    info->server_port = from_client ? pinfo->destport : pinfo->srcport;
    copy_address(&info->client_ip, from_client ? &pinfo->src : &pinfo->dst);
    copy_address(&info->server_ip, from_client ? &pinfo->dst : &pinfo->src);
}

static void add_chunk(follow_info_t *info, const packet_info *pinfo, enum zs_dir dir,
                      const void *octets, size_t n)
{
    follow_record_t *record;

    if (n == 0)
        return;
    record = g_new0(follow_record_t, 1);
    record->is_server = dir == ZS_S2C;
    record->packet_num = pinfo->num;
    record->abs_ts = pinfo->abs_ts;
    record->data = g_byte_array_append(g_byte_array_sized_new((guint)n), octets, (guint)n);
    info->bytes_written[record->is_server] += (guint)n;
    info->payload = g_list_prepend(info->payload, record);
}

G_GNUC_PRINTF(4, 5)
static void add_words(follow_info_t *info, const packet_info *pinfo, enum zs_dir dir,
                      const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    char *words = g_strdup_vprintf(format, arguments);
    va_end(arguments);
    add_chunk(info, pinfo, dir, words, strlen(words));
    g_free(words);
}

static void add_message(follow_info_t *info, const packet_info *pinfo, enum zs_dir dir,
                        const struct zs_reading *r)
{
    if (r->wrapped && !r->verified)
        add_words(info, pinfo, dir, "[a sealed frame of %zu octets, not opened]", r->frame.body.n);
    else
        add_chunk(info, pinfo, dir, r->data.p, r->data.n);
}

static tap_packet_status on_thing(void *data, packet_info *pinfo, epan_dissect_t *edt,
                                  const void *what, tap_flags_t flags)
{
    follow_info_t *info = data;
    const struct zs_tap *t = what;
    const struct zs_pdu *pdu = t->pdu;

    (void)edt;
    (void)flags;
    begin(info, pinfo, t);
    if (pdu->missing)
        add_words(info, pinfo, pdu->dir, "[%" G_GUINT64_FORMAT " octets missing in the capture]",
                  pdu->missing);
    if (t->reading && t->reading->kind == ZS_READ_MESSAGE)
        add_message(info, pinfo, pdu->dir, t->reading);
    else if (pdu->kind == ZS_PDU_HEAD)
        add_words(info, pinfo, pdu->dir, "[a frame that is not whole in the capture]");
    else if (pdu->kind == ZS_PDU_UNREAD)
        add_words(info, pinfo, pdu->dir, "[%zu octets that cannot be told apart]", pdu->n);
    return TAP_PACKET_DONT_REDRAW;
}

void zs_follow_register(int proto)
{
    proto_zmtp = proto;
    zs_compat_register_follow(proto, ZS_TAP, filter_of_packet, filter_of_stream,
                              filter_of_addresses, tcp_port_to_display, on_thing,
                              zs_conversation_count);
}
