/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The protocol: registered, or adopted where Wireshark has one of its own (4.4 on); found by its first octets on any
 * port, or by a frame that shows itself, also on those that other dissectors claim; offered in Decode As.
 *
 * Limits: preferences are read when a file is opened, for on 4.4 and later a change is told to the built-in alone. */
#include "plugin/zmtp.h"

#include "plugin/dissect.h"
#include "plugin/fields.h"
#include "plugin/keys.h"
#include "plugin/payload.h"
#include "plugin/tap.h"
#include "plugin/tools.h"

#include "core/conn/resync.h"
#include "core/krb/vault.h"
#include "core/wire/greeting.h"

#include <epan/conversation.h>
#include <epan/dissectors/packet-tcp.h>
#include <epan/prefs.h>
#include <epan/range.h>

#include <string.h>

enum {
    CLAIM = 2,              /* octets of a signature that are enough: FF 00 */
    PROOF_LIMIT = 64 << 20, /* octets of a frame that shows itself */
};

static int proto_zmtp = -1, proto_guard = -1;
static dissector_handle_t handle;  /* ours */
static dissector_handle_t builtin; /* Wireshark's own; NULL on 4.0 */
static dissector_handle_t guard_handle;
static heur_dtbl_entry_t *heuristic;

static struct {
    struct zs_keys_from keys;
    range_t *guarded_ports;
} preferences;

/* Ports that the guard stands on, and who stood there before. */
static GHashTable *guarded; /* port -> dissector_handle_t */

/* A greeting, or a frame that shows itself: the capture may begin behind the greetings. libzmq's padding is a small number, so its first octets are zeros; a single FF could be telnet. */
static bool begins_like_zmtp(tvbuff_t *tvb)
{
    size_t n = tvb_captured_length(tvb);
    struct zs_span first = zs_span(tvb_get_ptr(tvb, 0, (int)n), n);

    if (zs_resync_proves(first, PROOF_LIMIT))
        return true;
    if (n < CLAIM || zs_signature_probe(first) == ZS_E_GREETING_SIGNATURE)
        return false;
    for (size_t i = 1; i < n && i < 8; i++)
        if (first.p[i] != 0)
            return false;
    return true;
}

static int claim(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, void *data)
{
    conversation_t *conv = find_or_create_conversation(pinfo);

    /* From this packet on: what came before it on the connection was something else. */
    conversation_set_dissector_from_frame_number(conv, pinfo->num, handle);
    return zs_dissect(tvb, pinfo, tree, data);
}

static zbool dissect_heuristic(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, void *data)
{
    if (!begins_like_zmtp(tvb))
        return ZFALSE;
    claim(tvb, pinfo, tree, data);
    return ZTRUE;
}

/* On a port of others the beginning of a signature is enough at the beginning of a stream alone: FF 00 may be the end
 * of anything. Wireshark counts a stream from 1, unless it is told to show sequence numbers as they are. */
static bool is_enough(tvbuff_t *tvb, const struct tcpinfo *tcp)
{
    return tvb_captured_length(tvb) >= ZS_SIGNATURE_SIZE || (tcp && tcp->seq == 1);
}

/* A port that another dissector claims, 5555 for one, never comes to a heuristic: there the guard looks first, and
 * hands on what is not ZMTP. */
static int dissect_guard(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, void *data)
{
    if (heuristic && heuristic->enabled && is_enough(tvb, data) && begins_like_zmtp(tvb))
        return claim(tvb, pinfo, tree, data);
    dissector_handle_t previous = g_hash_table_lookup(guarded, GUINT_TO_POINTER(pinfo->match_uint));
    return previous ? call_dissector_only(previous, tvb, pinfo, tree, data) : 0;
}

static void guard_port(guint32 port, gpointer user)
{
    dissector_table_t table = user;
    dissector_handle_t previous = dissector_get_uint_handle(table, port);

    if (!previous || previous == guard_handle || previous == handle || previous == builtin ||
        dissector_is_uint_changed(table, port))
        return;
    g_hash_table_insert(guarded, GUINT_TO_POINTER(port), previous);
    dissector_add_uint("tcp.port", port, guard_handle);
}

/* Where the guard stands no more, its owner has given the port up, by a preference of its own. */
static void leave_ports(dissector_table_t table)
{
    GHashTableIter i;
    gpointer port, previous;

    g_hash_table_iter_init(&i, guarded);
    while (g_hash_table_iter_next(&i, &port, &previous))
        if (dissector_get_uint_handle(table, GPOINTER_TO_UINT(port)) == guard_handle)
            dissector_add_uint("tcp.port", GPOINTER_TO_UINT(port), previous);
    g_hash_table_remove_all(guarded);
}

/* Where the user gave a port to the built-in (Decode As, its preference), ours runs in its place. */
static void collect_builtin(const gchar *table, ftenum_t type, gpointer key, gpointer value,
                            gpointer user)
{
    (void)table;
    (void)type;
    if (dtbl_entry_get_handle(value) == builtin)
        g_array_append_val((GArray *)user, key);
}

static void take_over_ports(void)
{
    if (!builtin)
        return;
    GArray *ports = g_array_new(FALSE, FALSE, sizeof(gpointer));
    dissector_table_foreach("tcp.port", collect_builtin, ports);
    for (guint i = 0; i < ports->len; i++)
        dissector_change_uint("tcp.port", GPOINTER_TO_UINT(g_array_index(ports, gpointer, i)),
                              handle);
    g_array_free(ports, TRUE);
}

/* Runs at every file's opening, after preferences, -o, -d and -K were applied. */
static void on_file_opened(void)
{
    dissector_table_t table = find_dissector_table("tcp.port");

    zs_keys_load(&preferences.keys);
    zs_payload_load();
    take_over_ports();
    leave_ports(table);
    if (proto_is_protocol_enabled(find_protocol_by_id(proto_zmtp)) && preferences.guarded_ports)
        range_foreach(preferences.guarded_ports, guard_port, table);
}

static void on_shutdown(void)
{
    zs_keys_free();
    zs_vault_close();
    zs_payload_free();
    g_hash_table_destroy(guarded);
}

static void register_preferences(void)
{
    module_t *module = prefs_find_module("zmtp");

    if (!module)
        module = prefs_register_protocol(proto_zmtp, NULL);
    prefs_register_filename_preference(
        module, "gssapi.keytab", "Keytab",
        "Keys of services, to open the messages of their GSSAPI connections: a keytab, or a "
        "directory, which stands for all keytabs in it; or several of either, separated by "
        "colons (by semicolons on Windows)",
        &preferences.keys.keytab, ZFALSE);
    prefs_register_filename_preference(
        module, "gssapi.keylog", "Key log",
        "Session secrets as zmtpscope secrets writes them, each of which opens one "
        "connection",
        &preferences.keys.keylog, ZFALSE);
    range_convert_str(wmem_epan_scope(), &preferences.guarded_ports, "1-65535", 65535);
    prefs_register_range_preference(
        module, "guarded_ports", "Ports of other protocols",
        "TCP ports that other dissectors claim, where ZMTP is looked for first",
        &preferences.guarded_ports, 65535);
    zs_payload_register(proto_zmtp, module);
}

void zs_zmtp_register(void)
{
    int adopted = proto_get_id_by_filter_name("zmtp");

    /* Installed twice, under two file names: the first one stands. */
    if (find_dissector(ZS_DISSECTOR))
        return;
    if (adopted > 0) {
        proto_zmtp = adopted;
        builtin = find_dissector("zmtp");
    } else {
        proto_zmtp = proto_register_protocol("ZeroMQ Message Transport Protocol", "ZMTP", "zmtp");
    }
    zs_fields_register(proto_zmtp);
    zs_dissect_init(proto_zmtp);
    zs_tap_register(proto_zmtp);
    zs_follow_register(proto_zmtp);
    zs_tables_register(proto_zmtp);
    zs_statistics_register(proto_zmtp);
    zs_objects_register(proto_zmtp);
    zs_credentials_register();
    zs_pdus_register();
    handle = register_dissector(ZS_DISSECTOR, zs_dissect, proto_zmtp);
    if (!builtin)
        register_dissector("zmtp", zs_dissect, proto_zmtp);
    proto_guard = proto_register_protocol_in_name_only("ZMTP on ports of others", "ZMTP guard",
                                                       "zmtp.guard", proto_zmtp, FT_PROTOCOL);
    guard_handle = create_dissector_handle(dissect_guard, proto_guard);
    guarded = g_hash_table_new(NULL, NULL);
    register_preferences();
    register_init_routine(on_file_opened);
    register_shutdown_routine(on_shutdown);
}

void zs_zmtp_handoff(void)
{
    if (!handle)
        return; /* the other copy has it */
    zs_engine_find(proto_zmtp);
    zs_keys_register_block();
    zs_payload_handoff(proto_zmtp);
    heuristic = find_heur_dissector_by_unique_short_name("zmtp_tcp");
    if (heuristic) {
        heuristic->dissector = dissect_heuristic;
    } else {
        heur_dissector_add("tcp", dissect_heuristic, "ZMTP over TCP", "zmtp_tcp", proto_zmtp,
                           HEURISTIC_ENABLE);
        heuristic = find_heur_dissector_by_unique_short_name("zmtp_tcp");
    }
    if (!builtin)
        dissector_add_uint_range_with_preference("tcp.port", "", find_dissector("zmtp"));
}
