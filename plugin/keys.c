/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Keys by preference and secrets block, and Wireshark's Kerberos engine.
 *
 * Limits: tshark's -K reaches nobody but that engine, which tries all keys of the file on every token; so it is
 * asked only where our own context does not open one. */
#include "plugin/keys.h"

#include "plugin/call.h"

#include "core/krb/secrets.h"

#include <epan/exceptions.h>
#include <epan/prefs.h>
#include <epan/prefs-int.h>
#include <epan/secrets.h>
#include <wsutil/report_message.h>

#include <stdbool.h>
#include <string.h>

static struct zs_keyring *keyring;
static dissector_handle_t gssapi_handle;

void zs_keys_free(void)
{
    zs_keyring_free(keyring);
    keyring = NULL;
}

static void report(char *why)
{
    report_failure("ZMTP: %s", why);
    g_free(why);
}

/* Wireshark's preference for its own Kerberos engine: "Kerberos keytab file". */
static const char *kerberos_file(void)
{
    module_t *kerberos = prefs_find_module("kerberos");
    pref_t *file = kerberos ? prefs_find_preference(kerberos, "file") : NULL;
    return file ? prefs_get_string_value(file, pref_current) : NULL;
}

static void add_keytab(const char *path)
{
    char *why;
    if (path && *path && !zs_keyring_add_keytab(keyring, path, &why))
        report(why);
}

/* One, or several as in PATH. A name that is a file's, separator and all, is that file. */
static void add_keytabs(const char *list)
{
    if (!list || g_file_test(list, G_FILE_TEST_EXISTS)) {
        add_keytab(list);
        return;
    }
    char **paths = g_strsplit(list, G_SEARCHPATH_SEPARATOR_S, -1);
    for (char **path = paths; *path; path++)
        add_keytab(*path);
    g_strfreev(paths);
}

void zs_keys_load(const struct zs_keys_from *from)
{
    char *why;

    zs_keys_free();
    keyring = zs_keyring_new();
    add_keytabs(from->keytab);
    add_keytab(kerberos_file());
    if (from->keylog && *from->keylog && !zs_keyring_add_keylog(keyring, from->keylog, &why))
        report(why);
}

#if ZS_WS_VERSION >= 404
/* Wireshark calls with every block of the file as it comes to it: before the packets that it is for. */
static void on_block(const void *secrets, guint n)
{
    char *why;
    if (keyring &&
        !zs_keyring_add_secrets(keyring, secrets, n, "the capture's secrets block", false, &why))
        report(why);
}

void zs_keys_register_block(void)
{
    secrets_register_type(ZS_SECRETS_BLOCK, on_block);
}
#else
void zs_keys_register_block(void)
{
    /* 4.0 keeps secrets_register_type() to itself. */
}
#endif

const struct zs_keyring *zs_keys(void)
{
    return keyring;
}

void zs_engine_find(int proto)
{
    gssapi_handle = find_dissector_add_dependency("gssapi", proto);
}

/* The Kerberos preference that stands in the way: NULL where the user has set it already. */
static pref_t *decrypt_preference(void)
{
    module_t *kerberos = prefs_find_module("kerberos");
    pref_t *decrypt = kerberos ? prefs_find_preference(kerberos, "decrypt") : NULL;
    return decrypt && !prefs_get_bool_value(decrypt, pref_current) ? decrypt : NULL;
}

/* What the call changes is put back whatever it throws. A function of its own, so that nothing lives across the jump
 * but its arguments. */
static void call_and_restore(tvbuff_t *token, packet_info *pinfo, proto_tree *tree,
                             gssapi_encrypt_info_t *info, pref_t *decrypt)
{
    struct zs_call call;

    /* A token is no stream: what gssapi takes for the beginning of one must not hold ours up. And what it writes
     * into the columns is the token's; ours say what it means. */
    zs_call_begin(&call, pinfo);
    TRY
    {
        call_dissector_with_data(gssapi_handle, token, pinfo, tree, info);
    }
    FINALLY
    {
        zs_call_end(&call);
        if (decrypt)
            prefs_set_bool_value(decrypt, ZFALSE, pref_current);
    }
    ENDTRY;
}

tvbuff_t *zs_engine_call(tvbuff_t *token, packet_info *pinfo, proto_tree *tree, bool decrypt,
                         bool *skipped)
{
    gssapi_encrypt_info_t info;

    *skipped = !zs_call_has_room(pinfo);
    if (!gssapi_handle || *skipped)
        return NULL;
    memset(&info, 0, sizeof info);
    info.decrypt_gssapi_tvb = DECRYPT_GSSAPI_NORMAL;
    pref_t *preference = decrypt ? decrypt_preference() : NULL;
    if (preference)
        prefs_set_bool_value(preference, ZTRUE, pref_current);
    call_and_restore(token, pinfo, tree, &info, preference);
    /* 4.4 on answers with what is only signed, too, whether or not it had a key to look at the checksum. */
    return info.gssapi_data_encrypted ? info.gssapi_decrypted_tvb : NULL;
}
