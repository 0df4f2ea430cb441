/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The user's table of ports and protocols: Wireshark's own from 4.4 on, and the same on 4.0. Its names are in the users'
 * profiles. */
#include "plugin/ports.h"

#include <epan/range.h>
#include <epan/uat-int.h>
#include <wsutil/report_message.h>

enum { PORT_MAX = 65535 };

#define PORTS_NAME "ZMTP TCP Protocols"

struct port_row {
    range_t *ports;
    char *protocol;
};

/* A row in force. */
struct port_rule {
    range_t *ports;
    dissector_handle_t handle;
};

static struct port_row *port_rows;
static guint port_rows_n;
static GArray *port_rules; /* of struct port_rule */

UAT_RANGE_CB_DEF(port_row, ports, struct port_row)
UAT_CSTRING_CB_DEF(port_row, protocol, struct port_row)

static void *copy_port_row(void *to, const void *from, size_t n)
{
    const struct port_row *old = from;
    struct port_row *row = to;

    (void)n;
    row->ports = old->ports ? range_copy(NULL, old->ports) : NULL;
    row->protocol = g_strdup(old->protocol);
    return row;
}

static void free_port_row(void *record)
{
    struct port_row *row = record;

    wmem_free(NULL, row->ports);
    g_free(row->protocol);
}

void zs_ports_register(module_t *module)
{
    static uat_field_t columns[] = {
        UAT_FLD_RANGE(port_row, ports, "TCP Ports", PORT_MAX,
                      "Ports of connections whose payloads are of the protocol"),
        UAT_FLD_CSTRING(port_row, protocol, "Protocol", "The name of its dissector"),
        UAT_END_FIELDS,
    };

    if (prefs_find_preference(module, "tcp_protocols"))
        return;
    uat_t *table = uat_new(PORTS_NAME, sizeof(struct port_row), "zmtp_tcp_protocols", ZTRUE,
                           &port_rows, &port_rows_n, UAT_AFFECTS_DISSECTION | UAT_AFFECTS_FIELDS,
                           NULL, copy_port_row, NULL, free_port_row, NULL, NULL, columns);
    prefs_register_uat_preference(module, "tcp_protocols", "ZMTP TCP protocols",
                                  "The protocol of the payloads on certain TCP ports", table);
}

static void report_unknown(const char *table, const char *name)
{
    report_failure("ZMTP: %s: there is no dissector called \"%s\"", table, name);
}

void zs_ports_free(void)
{
    for (guint i = 0; port_rules && i < port_rules->len; i++)
        wmem_free(NULL, g_array_index(port_rules, struct port_rule, i).ports);
    if (port_rules)
        g_array_free(port_rules, TRUE);
    port_rules = NULL;
}

/* By its columns, whoever made it: how Wireshark's own lays out a row is its own business. */
void zs_ports_load(void)
{
    uat_t *table = uat_get_table_by_name(PORTS_NAME);

    zs_ports_free();
    port_rules = g_array_new(FALSE, FALSE, sizeof(struct port_rule));
    for (guint i = 0; table && table->user_data && i < table->user_data->len; i++) {
        void *row = UAT_USER_INDEX_PTR(table, i);
        char *ports = uat_fld_tostr(row, &table->fields[0]);
        char *name = uat_fld_tostr(row, &table->fields[1]);
        struct port_rule rule = {.handle = *name ? find_dissector(name) : NULL};

        if (*name && !rule.handle)
            report_unknown(PORTS_NAME, name);
        if (rule.handle && range_convert_str(NULL, &rule.ports, ports, PORT_MAX) == CVT_NO_ERROR)
            g_array_append_val(port_rules, rule);
        g_free(ports);
        g_free(name);
    }
}

dissector_handle_t zs_ports_protocol(const packet_info *pinfo)
{
    for (guint i = 0; i < port_rules->len; i++) {
        const struct port_rule *rule = &g_array_index(port_rules, struct port_rule, i);
        if (value_is_in_range(rule->ports, pinfo->destport) ||
            value_is_in_range(rule->ports, pinfo->srcport))
            return rule->handle;
    }
    return NULL;
}
