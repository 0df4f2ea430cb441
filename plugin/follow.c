/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Follow ZMTP Stream, and tshark -z follow,zmtp: what the applications said, decrypted where it was sealed. The Follow
 * menu of Wireshark 4.0 has entries of its own alone: there the plugin adds one of Tools, with a window of text.
 *
 * A chunk is one frame's payload and nothing else, so that the octets saved are the application's: no header, and no
 * mark between the parts of a message. Only what is not there is said in words, as Follow TCP Stream says it: frames
 * that stayed closed or are not whole, and octets that TCP did not hand on.
 *
 * Limits: handshakes, commands and subscriptions are left out; the window of 4.0 ends behind WINDOW_MOST octets. */
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
        add_words(info, pinfo, pdu->dir, "[%" G_GUINT64_FORMAT " octets that TCP did not hand on]",
                  pdu->missing);
    if (t->reading && t->reading->kind == ZS_READ_MESSAGE)
        add_message(info, pinfo, pdu->dir, t->reading);
    else if (pdu->kind == ZS_PDU_HEAD)
        add_words(info, pinfo, pdu->dir, "[a frame that is not whole]");
    else if (pdu->kind == ZS_PDU_UNREAD)
        add_words(info, pinfo, pdu->dir, "[%zu octets that cannot be told apart]", pdu->n);
    return TAP_PACKET_DONT_REDRAW;
}

/* ==== the window of Wireshark 4.0 ==== */

#if ZS_WS_VERSION < 404
#include <epan/funnel.h>
#include <epan/plugin_if.h>
#include <wsutil/report_message.h>

enum { WINDOW_MOST = 4 << 20 };

struct found {
    bool is_zmtp;
    uint32_t stream;
};

static tap_packet_status on_any(void *data, packet_info *pinfo, epan_dissect_t *edt,
                                const void *what, tap_flags_t flags)
{
    struct found *found = data;
    const struct zs_tap *t = what;

    (void)pinfo;
    (void)edt;
    (void)flags;
    *found = (struct found){.is_zmtp = true, .stream = t->conversation->number};
    return TAP_PACKET_DONT_REDRAW;
}

/* Hands listener what the packets of this filter hold. */
static void tell(const funnel_ops_t *window, char *filter, tap_packet_cb listener, void *data)
{
    GString *error = register_tap_listener(ZS_TAP, data, filter, TL_REQUIRES_NOTHING, NULL,
                                           listener, NULL, NULL);

    g_free(filter);
    if (error) {
        report_failure("ZMTP: %s", error->str);
        g_string_free(error, TRUE);
        return;
    }
    window->retap_packets(window->ops_id);
    remove_tap_listener(data);
}

/* "#14 >  hello": who said it as in the first line, and in which packet. */
static void append_chunk(GString *text, const follow_record_t *record)
{
    char *said = zs_label(NULL, zs_span(record->data->data, record->data->len));

    g_string_append_printf(text, "#%u %s  %s\n", record->packet_num, record->is_server ? "<" : ">",
                           said);
    wmem_free(NULL, said);
}

static GString *text_of(const follow_info_t *info)
{
    GString *text = g_string_new(NULL);
    char *client = address_to_str(NULL, &info->client_ip);
    char *server = address_to_str(NULL, &info->server_ip);
    GList *last = g_list_last(info->payload), *link = last;

    g_string_printf(text, "%s:%u > %s:%u\n\n", client, info->client_port, server,
                    info->server_port);
    for (; link && text->len < WINDOW_MOST; link = link->prev)
        append_chunk(text, link->data);
    if (link)
        g_string_append(text, "…\n");
    wmem_free(NULL, client);
    wmem_free(NULL, server);
    return text;
}

static void show_stream(const funnel_ops_t *window, uint32_t stream)
{
    follow_info_t *info = g_new0(follow_info_t, 1);
    char *title = g_strdup_printf("Follow ZMTP Stream (zmtp.stream eq %u)", stream);

    tell(window, filter_of_stream(stream, 0), on_thing, info);
    GString *text = text_of(info);
    funnel_text_window_t *shown = window->new_text_window(window->ops_id, title);
    window->set_text(shown, text->str);
    g_string_free(text, TRUE);
    g_free(title);
    follow_info_free(info);
}

static void *number_of(frame_data *selected, void *user)
{
    (void)user;
    return selected ? GUINT_TO_POINTER(selected->num) : NULL;
}

static void on_chosen(gpointer user)
{
    const funnel_ops_t *window = funnel_get_funnel_ops();
    guint number = GPOINTER_TO_UINT(plugin_if_get_frame_data(number_of, NULL));
    struct found found = {0};

    (void)user;
    if (!window || !window->new_text_window)
        return;
    if (number)
        tell(window, g_strdup_printf("frame.number == %u", number), on_any, &found);
    if (found.is_zmtp)
        show_stream(window, found.stream);
    else
        report_failure("ZMTP: the selected packet holds nothing of a ZMTP stream");
}

static void register_window(void)
{
    funnel_register_menu("Follow ZMTP Stream", REGISTER_TOOLS_GROUP_UNSORTED, on_chosen, NULL, NULL,
                         FALSE);
}
#else
static void register_window(void)
{
    /* Follow has an entry for whoever registers one. */
}
#endif

void zs_follow_register(int proto)
{
    proto_zmtp = proto;
    zs_compat_register_follow(proto, ZS_TAP, filter_of_packet, filter_of_stream,
                              filter_of_addresses, tcp_port_to_display, on_thing,
                              zs_conversation_count);
    register_window();
}
