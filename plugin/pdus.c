/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Export PDUs, tshark -U. "ZMTP": each payload, decrypted where it was sealed, under the name of the dissector that
 * shows it here, so that a Wireshark without this plugin and without a key reads it. "ZMTP frames": what stands in the
 * stream, greetings and frames as they are, for this plugin and whoever has the keys.
 *
 * Limits: a PDU is one frame: messages of several parts become several. What stayed closed has no payload. */
#include "plugin/tools.h"

#include "plugin/shape.h"
#include "plugin/zmtp.h"

#include <epan/exported_pdu.h>
#include <epan/tap.h>

static int tap_payloads = -1, tap_frames = -1;

/* ==== tags of a PDU beside Wireshark's common ones: a text for a column ==== */

enum { TAG_PROTOCOL = 33, TAG_INFO = 36 /* 4.4 on; passed over before */, TAG_HEADER = 4 };

static int padded(const void *text)
{
    return (int)((strlen(text) + 3) & ~(size_t)3);
}

static int text_size(packet_info *pinfo, void *text)
{
    (void)pinfo;
    return TAG_HEADER + padded(text);
}

static int text_put(uint8_t tag, const void *text, guint8 *to, guint32 room)
{
    int n = padded(text);

    if (room < (guint32)(TAG_HEADER + n))
        return 0;
    memset(to, 0, (size_t)(TAG_HEADER + n));
    to[1] = tag;
    to[2] = (uint8_t)(n >> 8);
    to[3] = (uint8_t)n;
    memcpy(to + TAG_HEADER, text, strlen(text));
    return TAG_HEADER + n;
}

static int protocol_put(packet_info *pinfo, void *text, guint8 *to, guint32 room)
{
    (void)pinfo;
    return text_put(TAG_PROTOCOL, text, to, room);
}

static int info_put(packet_info *pinfo, void *text, guint8 *to, guint32 room)
{
    (void)pinfo;
    return text_put(TAG_INFO, text, to, room);
}

static exp_pdu_data_t *tagged(packet_info *pinfo, const char *dissector, char *info)
{
    static char protocol[] = "ZMTP";
    exp_pdu_data_item_t protocol_item = {text_size, protocol_put, protocol};
    exp_pdu_data_item_t info_item = {text_size, info_put, info};
    const exp_pdu_data_item_t *items[] = {
        &exp_pdu_data_src_ip,
        &exp_pdu_data_dst_ip,
        &exp_pdu_data_port_type,
        &exp_pdu_data_src_port,
        &exp_pdu_data_dst_port,
        &exp_pdu_data_orig_frame_num,
        &protocol_item,
        &info_item,
        NULL,
    };
    return export_pdu_create_tags(pinfo, dissector, EXP_PDU_TAG_DISSECTOR_NAME, items);
}

/* ==== the PDUs ==== */

static void queue(int tap, packet_info *pinfo, tvbuff_t *tvb, exp_pdu_data_t *pdu)
{
    pdu->tvb_captured_length = tvb_captured_length(tvb);
    pdu->tvb_reported_length = tvb_reported_length(tvb);
    pdu->pdu_tvb = tvb;
    tap_queue_packet(tap, pinfo, pdu);
}

/* What the packet list says of a payload where this plugin is not: who sent it, and how it begins. */
static char *info_of(const struct zs_shown *s, const struct zs_reading *r)
{
    wmem_allocator_t *pool = s->pinfo->pool;
    const char *sender = zs_sender_of(pool, s->conversation, s->pdu);

    return wmem_strdup_printf(pool, "Message%s%s%s [%zu octets] \"%s\"", r->more ? "+" : "",
                              sender ? " " : "", sender ? sender : "", r->data.n,
                              zs_label_short(pool, r->data));
}

static void queue_payload(const struct zs_shown *s, const struct zs_reading *r)
{
    guint n = (guint)r->data.n;

    if (r->kind != ZS_READ_MESSAGE || n == 0 || !zs_tap_wanted(tap_payloads, s))
        return;
    queue(tap_payloads, s->pinfo, tvb_new_child_real_data(s->tvb, r->data.p, n, (gint)n),
          tagged(s->pinfo, s->outcome->payload ? s->outcome->payload : zs_shape_of(r->data),
                 info_of(s, r)));
}

static void queue_frame(const struct zs_shown *s)
{
    int captured = tvb_captured_length_remaining(s->tvb, s->offset);
    int n = (int)s->pdu->n;

    if (!zs_tap_wanted(tap_frames, s))
        return;
    queue(tap_frames, s->pinfo,
          tvb_new_subset_length_caplen(s->tvb, s->offset, n < captured ? n : captured, n),
          export_pdu_create_common_tags(s->pinfo, ZS_DISSECTOR, EXP_PDU_TAG_DISSECTOR_NAME));
}

void zs_pdus_queue(const struct zs_shown *s, const struct zs_reading *r)
{
    queue_frame(s);
    if (r)
        queue_payload(s, r);
}

void zs_pdus_register(void)
{
    tap_payloads = register_export_pdu_tap("ZMTP");
    tap_frames = register_export_pdu_tap("ZMTP frames");
}
