/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Conversations and endpoints by their ZMTP traffic, and the conversation as a filter.
 *
 * Limits: octets count with the packet that completes their frame, packets where they hold the end of one. */
#include "plugin/tools.h"

#include <epan/conversation_filter.h>
#include <epan/conversation_table.h>

static int proto_zmtp;

/* ==== the names of filter fields ==== */

static const char *address_field(const address *a, conv_filter_type_e which)
{
    bool v6 = a->type == AT_IPv6;

    if (a->type != AT_IPv4 && !v6)
        return CONV_FILTER_INVALID;
    if (which == CONV_FT_SRC_ADDRESS)
        return v6 ? "ipv6.src" : "ip.src";
    if (which == CONV_FT_DST_ADDRESS)
        return v6 ? "ipv6.dst" : "ip.dst";
    return v6 ? "ipv6.addr" : "ip.addr";
}

static const char *field_of(const address *a, conv_filter_type_e which)
{
    switch (which) {
    case CONV_FT_SRC_PORT:
        return "tcp.srcport";
    case CONV_FT_DST_PORT:
        return "tcp.dstport";
    case CONV_FT_ANY_PORT:
        return "tcp.port";
    default:
        return address_field(a, which);
    }
}

static const char *field_of_conversation(conv_item_t *item, conv_filter_type_e which)
{
    return field_of(&item->src_address, which);
}

static const char *field_of_endpoint(endpoint_item_t *item, conv_filter_type_e which)
{
    return field_of(&item->myaddress, which);
}

/* ==== the tables ==== */

static tap_packet_status count_conversation(void *data, packet_info *pinfo, epan_dissect_t *edt,
                                            const void *what, tap_flags_t flags)
{
    static ct_dissector_info_t fields = {field_of_conversation};
    conv_hash_t *table = data;
    const struct zs_tap *t = what;

    (void)edt;
    table->flags = flags;
    add_conversation_table_data(table, &pinfo->src, &pinfo->dst, pinfo->srcport, pinfo->destport,
                                t->first, (int)t->pdu->n, &pinfo->rel_ts, &pinfo->abs_ts, &fields,
                                CONVERSATION_TCP);
    return TAP_PACKET_REDRAW;
}

static tap_packet_status count_endpoints(void *data, packet_info *pinfo, epan_dissect_t *edt,
                                         const void *what, tap_flags_t flags)
{
    static et_dissector_info_t fields = {field_of_endpoint};
    conv_hash_t *table = data;
    const struct zs_tap *t = what;
    int n = (int)t->pdu->n;

    (void)edt;
    table->flags = flags;
    add_endpoint_table_data(table, &pinfo->src, pinfo->srcport, ZTRUE, t->first, n, &fields,
                            ENDPOINT_TCP);
    add_endpoint_table_data(table, &pinfo->dst, pinfo->destport, ZFALSE, t->first, n, &fields,
                            ENDPOINT_TCP);
    return TAP_PACKET_REDRAW;
}

/* ==== the filter ==== */

static zbool has_conversation(ZS_CONVERSATION_FILTER_ARGUMENTS)
{
    ZS_CONVERSATION_FILTER_UNUSED;
    return zs_conversation_find(pinfo, proto_zmtp) != NULL;
}

static gchar *filter_of_conversation(ZS_CONVERSATION_FILTER_ARGUMENTS)
{
    const struct zs_conversation *c = zs_conversation_find(pinfo, proto_zmtp);

    ZS_CONVERSATION_FILTER_UNUSED;
    return c ? g_strdup_printf("zmtp.stream eq %u", c->number) : NULL;
}

void zs_tables_register(int proto)
{
    proto_zmtp = proto;
    register_conversation_table(proto, ZFALSE, count_conversation, count_endpoints);
    zs_compat_register_conversation_filter("zmtp", "ZMTP", has_conversation,
                                           filter_of_conversation);
}
