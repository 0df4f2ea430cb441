/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Keytab preference and Wireshark's Kerberos engine.
 *
 * Limits: tshark's -K reaches nobody but that engine, which tries all keys of the file on every token; so it is
 * asked only where our own context does not open one. */
#include "plugin/keys.h"

#include <epan/exceptions.h>
#include <epan/prefs.h>
#include <epan/prefs-int.h>
#include <wsutil/report_message.h>

#include <stdbool.h>
#include <string.h>

enum { LAYERS_OF_A_CALL = 16 }; /* gssapi, spnego-krb5, kerberos, and room to spare */

static struct zs_keyring *keyring;
static dissector_handle_t gssapi_handle;

void zs_keys_free(void)
{
    zs_keyring_free(keyring);
    keyring = NULL;
}

void zs_keys_load(const char *path)
{
    char *why;

    zs_keys_free();
    if (!path || !*path)
        return;
    keyring = zs_keyring_new();
    if (!zs_keyring_add_keytab(keyring, path, &why)) {
        report_failure("ZMTP: %s", why);
        g_free(why);
        zs_keys_free();
    }
}

const struct zs_keyring *zs_keys(void)
{
    return keyring;
}

void zs_engine_find(int proto)
{
    gssapi_handle = find_dissector_add_dependency("gssapi", proto);
}

static void call_gssapi(tvbuff_t *token, packet_info *pinfo, proto_tree *tree,
                        gssapi_encrypt_info_t *info)
{
    /* A token is no stream: what gssapi takes for the beginning of one must not hold ours up. */
    guint16 can_desegment = pinfo->can_desegment;
    pinfo->can_desegment = 0;
    call_dissector_with_data(gssapi_handle, token, pinfo, tree, info);
    pinfo->can_desegment = can_desegment;
}

/* The Kerberos preference that stands in the way: NULL where the user has set it already. */
static pref_t *decrypt_preference(void)
{
    module_t *kerberos = prefs_find_module("kerberos");
    pref_t *decrypt = kerberos ? prefs_find_preference(kerberos, "decrypt") : NULL;
    return decrypt && !prefs_get_bool_value(decrypt, pref_current) ? decrypt : NULL;
}

/* A function of its own, so that nothing lives across the jump but its arguments. */
static void call_and_restore(tvbuff_t *token, packet_info *pinfo, proto_tree *tree,
                             gssapi_encrypt_info_t *info, pref_t *decrypt)
{
    TRY
    {
        call_gssapi(token, pinfo, tree, info);
    }
    FINALLY
    {
        if (decrypt)
            prefs_set_bool_value(decrypt, ZFALSE, pref_current);
    }
    ENDTRY;
}

static void call_decrypting(tvbuff_t *token, packet_info *pinfo, proto_tree *tree,
                            gssapi_encrypt_info_t *info)
{
    pref_t *decrypt = decrypt_preference();

    if (decrypt)
        prefs_set_bool_value(decrypt, ZTRUE, pref_current);
    call_and_restore(token, pinfo, tree, info, decrypt);
}

tvbuff_t *zs_engine_call(tvbuff_t *token, packet_info *pinfo, proto_tree *tree, bool decrypt,
                         bool *skipped)
{
    gssapi_encrypt_info_t info;

    *skipped = wmem_list_count(pinfo->layers) + LAYERS_OF_A_CALL >= prefs.gui_max_tree_depth;
    if (!gssapi_handle || *skipped)
        return NULL;
    memset(&info, 0, sizeof info);
    info.decrypt_gssapi_tvb = DECRYPT_GSSAPI_NORMAL;
    /* What it writes into the columns is the token's; ours say what it means. */
    col_set_writable(pinfo->cinfo, -1, ZFALSE);
    if (decrypt)
        call_decrypting(token, pinfo, tree, &info);
    else
        call_gssapi(token, pinfo, tree, &info);
    col_set_writable(pinfo->cinfo, -1, ZTRUE);
    if (info.gssapi_decrypted_tvb)
        return info.gssapi_decrypted_tvb;
    return NULL;
}
