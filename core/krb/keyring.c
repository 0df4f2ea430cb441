/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The keyring, and keytabs through libkrb5, read whole and kept.
 *
 * Limits: files alone (no MEMORY: or KCM: keytabs); a file that changes on disk is not read again. Of a directory,
 * a keytab that may not be read is passed over as if it were none. */
#include "core/krb/keyring.h"

#include "core/krb/opener.h"
#include "core/krb/profile.h"
#include "core/krb/ring.h"
#include "core/krb/vault.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

const char *zs_origin_name(enum zs_origin o)
{
    static const char *const names[] = {
        [ZS_ORIGIN_NONE] = "none",     [ZS_ORIGIN_KEYTAB] = "keytab",
        [ZS_ORIGIN_KEY] = "key",       [ZS_ORIGIN_PASSWORD] = "password",
        [ZS_ORIGIN_CCACHE] = "ccache", [ZS_ORIGIN_SECRET] = "secret",
    };
    return names[o];
}

static void free_entry(gpointer p)
{
    struct zs_keyring_entry *e = p;

    g_free(e->principal);
    g_free(e->source);
    zs_vault_free(e);
}

struct zs_keyring *zs_keyring_new(void)
{
    struct zs_keyring *r = g_new0(struct zs_keyring, 1);

    r->entries = g_ptr_array_new_with_free_func(free_entry);
    r->credentials = g_ptr_array_new_with_free_func(zs_credential_free);
    r->secrets = zs_secrets_new();
    if (zs_krb5_context(&r->krb))
        r->krb = NULL;
    return r;
}

void zs_keyring_free(struct zs_keyring *r)
{
    if (!r)
        return;
    g_ptr_array_free(r->entries, TRUE);
    g_ptr_array_free(r->credentials, TRUE);
    g_tree_unref(r->secrets);
    if (r->krb)
        krb5_free_context(r->krb);
    g_free(r);
}

krb5_context zs_keyring_krb5(const struct zs_keyring *r)
{
    return r->krb;
}

struct zs_keyring_entry *zs_keyring_put(struct zs_keyring *r, enum zs_origin origin,
                                        const char *source, const struct zs_key *key)
{
    struct zs_keyring_entry *e = zs_vault_new(sizeof *e);

    e->origin = origin;
    e->source = g_strdup(source);
    e->key = *key;
    g_ptr_array_add(r->entries, e);
    return e;
}

/* A key or name that libkrb5 cannot make sense of is passed over. */
static void add_entry(struct zs_keyring *r, const char *path, const krb5_keytab_entry *kte)
{
    struct zs_key key = {0};
    char *name;

    if (zs_key_set(&key, kte->key.enctype, kte->key.contents, kte->key.length) &&
        !krb5_unparse_name(r->krb, kte->principal, &name)) {
        struct zs_keyring_entry *e = zs_keyring_put(r, ZS_ORIGIN_KEYTAB, path, &key);
        e->principal = g_strdup(name);
        e->has_kvno = true;
        e->kvno = kte->vno;
        krb5_free_unparsed_name(r->krb, name);
    }
    zs_key_clear(&key);
}

static krb5_error_code read_entries(struct zs_keyring *r, const char *path, krb5_keytab kt)
{
    krb5_kt_cursor cursor;
    krb5_keytab_entry kte;

    krb5_error_code err = krb5_kt_start_seq_get(r->krb, kt, &cursor);
    if (err)
        return err;
    while (!(err = krb5_kt_next_entry(r->krb, kt, &kte, &cursor))) {
        add_entry(r, path, &kte);
        krb5_free_keytab_entry_contents(r->krb, &kte);
    }
    krb5_kt_end_seq_get(r->krb, kt, &cursor);
    zs_key_wipe_stack();
    return err == KRB5_KT_END ? 0 : err;
}

char *zs_file_trouble(const char *path)
{
    struct stat st;

    if (stat(path, &st) != 0)
        return g_strdup_printf("%s: %s", path, g_strerror(errno));
    if (!S_ISREG(st.st_mode))
        return g_strdup_printf("%s: not a file", path);
    FILE *f = fopen(path, "rb");
    if (!f)
        return g_strdup_printf("%s: %s", path, g_strerror(errno));
    fclose(f);
    return NULL;
}

char *zs_krb5_trouble(krb5_context krb, krb5_error_code err, const char *path, const char *what)
{
    const char *text = krb ? krb5_get_error_message(krb, err) : NULL;
    char *why = g_strdup_printf("%s: not a %s that can be read (%s)", path, what,
                                text ? text : "out of memory");

    if (text)
        krb5_free_error_message(krb, text);
    return why;
}

static bool add_file(struct zs_keyring *r, const char *path, char **why)
{
    krb5_keytab kt = NULL;
    guint before = r->entries->len;

    char *trouble = zs_file_trouble(path);
    if (trouble) {
        *why = trouble;
        return false;
    }
    char *name = g_strconcat("FILE:", path, NULL);
    krb5_error_code err = r->krb ? krb5_kt_resolve(r->krb, name, &kt) : ENOMEM;
    g_free(name);
    if (!err)
        err = read_entries(r, path, kt);
    if (kt)
        krb5_kt_close(r->krb, kt);
    if (!err && r->entries->len > before)
        return true;
    if (r->entries->len > before)
        g_ptr_array_set_size(r->entries, (gint)before);
    *why = err ? zs_krb5_trouble(r->krb, err, path, "keytab")
               : g_strdup_printf("%s: a keytab without any key", path);
    return false;
}

static int by_name(gconstpointer a, gconstpointer b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Paths of what is in a directory, in order of the names; NULL and *why where it cannot be listed. */
static GPtrArray *list(const char *path, char **why)
{
    GError *error = NULL;
    GDir *dir = g_dir_open(path, 0, &error);

    if (!dir) {
        *why = g_strdup_printf("%s: %s", path, error->message);
        g_error_free(error);
        return NULL;
    }
    GPtrArray *paths = g_ptr_array_new_with_free_func(g_free);
    for (const char *name; (name = g_dir_read_name(dir));)
        g_ptr_array_add(paths, g_build_filename(path, name, NULL));
    g_dir_close(dir);
    g_ptr_array_sort(paths, by_name);
    return paths;
}

static bool add_directory(struct zs_keyring *r, const char *path, char **why)
{
    guint before = r->entries->len;

    GPtrArray *paths = list(path, why);
    if (!paths)
        return false;
    for (guint i = 0; i < paths->len; i++) {
        char *passed_over;
        if (!add_file(r, paths->pdata[i], &passed_over))
            g_free(passed_over);
    }
    g_ptr_array_free(paths, TRUE);
    if (r->entries->len > before)
        return true;
    *why = g_strdup_printf("%s: a directory without any keytab that can be read", path);
    return false;
}

bool zs_keyring_add_keytab(struct zs_keyring *r, const char *path, char **why)
{
    struct stat st;
    bool directory = stat(path, &st) == 0 && S_ISDIR(st.st_mode);

    return directory ? add_directory(r, path, why) : add_file(r, path, why);
}

size_t zs_keyring_size(const struct zs_keyring *r)
{
    return r->entries->len;
}

const struct zs_keyring_entry *zs_keyring_at(const struct zs_keyring *r, size_t i)
{
    return g_ptr_array_index(r->entries, i);
}
