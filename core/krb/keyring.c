/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Keytabs through libkrb5, read whole and kept.
 *
 * Limits: files alone (no MEMORY: or KCM: keytabs); a file that changes on disk is not read again. */
#include "core/krb/keyring.h"

#include "core/krb/opener.h"
#include "core/krb/profile.h"

#include <errno.h>
#include <glib.h>
#include <stdio.h>
#include <sys/stat.h>

struct zs_keyring {
    krb5_context krb;
    /* struct zs_keyring_entry *: a key stays where it is, for a growing array leaves copies behind. */
    GPtrArray *entries;
};

static void free_entry(gpointer p)
{
    struct zs_keyring_entry *e = p;

    g_free(e->principal);
    g_free(e->source);
    zs_key_clear(&e->key);
    g_free(e);
}

struct zs_keyring *zs_keyring_new(void)
{
    struct zs_keyring *r = g_new0(struct zs_keyring, 1);

    r->entries = g_ptr_array_new_with_free_func(free_entry);
    if (zs_krb5_context(&r->krb))
        r->krb = NULL;
    return r;
}

void zs_keyring_free(struct zs_keyring *r)
{
    if (!r)
        return;
    g_ptr_array_free(r->entries, TRUE);
    if (r->krb)
        krb5_free_context(r->krb);
    g_free(r);
}

krb5_context zs_keyring_krb5(const struct zs_keyring *r)
{
    return r->krb;
}

/* A key or name that libkrb5 cannot make sense of is passed over. */
static void add_entry(GPtrArray *to, krb5_context krb, const char *path,
                      const krb5_keytab_entry *kte)
{
    struct zs_keyring_entry *e = g_new0(struct zs_keyring_entry, 1);
    char *name = NULL;

    if (!zs_key_set(&e->key, kte->key.enctype, kte->key.contents, kte->key.length) ||
        krb5_unparse_name(krb, kte->principal, &name)) {
        free_entry(e);
        return;
    }
    e->principal = g_strdup(name);
    e->source = g_strdup(path);
    e->kvno = kte->vno;
    krb5_free_unparsed_name(krb, name);
    g_ptr_array_add(to, e);
}

static krb5_error_code read_entries(GPtrArray *to, krb5_context krb, const char *path,
                                    krb5_keytab kt)
{
    krb5_kt_cursor cursor;
    krb5_keytab_entry kte;

    krb5_error_code err = krb5_kt_start_seq_get(krb, kt, &cursor);
    if (err)
        return err;
    while (!(err = krb5_kt_next_entry(krb, kt, &kte, &cursor))) {
        add_entry(to, krb, path, &kte);
        krb5_free_keytab_entry_contents(krb, &kte);
    }
    krb5_kt_end_seq_get(krb, kt, &cursor);
    return err == KRB5_KT_END ? 0 : err;
}

/* What libkrb5 says of a missing or strange file names neither; ask the system first. */
static char *file_trouble(const char *path)
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

bool zs_keyring_add_keytab(struct zs_keyring *r, const char *path, char **why)
{
    krb5_keytab kt = NULL;
    guint before = r->entries->len;

    char *trouble = file_trouble(path);
    if (trouble) {
        *why = trouble;
        return false;
    }
    char *name = g_strconcat("FILE:", path, NULL);
    krb5_error_code err = r->krb ? krb5_kt_resolve(r->krb, name, &kt) : ENOMEM;
    g_free(name);
    if (!err)
        err = read_entries(r->entries, r->krb, path, kt);
    if (kt)
        krb5_kt_close(r->krb, kt);
    if (!err && r->entries->len > before)
        return true;
    if (r->entries->len > before)
        g_ptr_array_set_size(r->entries, before);
    if (err) {
        const char *text = r->krb ? krb5_get_error_message(r->krb, err) : NULL;
        *why = g_strdup_printf("%s: not a keytab that can be read (%s)", path,
                               text ? text : "out of memory");
        if (text)
            krb5_free_error_message(r->krb, text);
    } else {
        *why = g_strdup_printf("%s: a keytab without any key", path);
    }
    return false;
}

size_t zs_keyring_size(const struct zs_keyring *r)
{
    return r->entries->len;
}

const struct zs_keyring_entry *zs_keyring_at(const struct zs_keyring *r, size_t i)
{
    return g_ptr_array_index(r->entries, i);
}
