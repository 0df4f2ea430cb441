/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The keyring, and keytabs through libkrb5, read whole and kept; read again where a ticket stays closed and the file has
 * changed.
 *
 * Limits: files alone (no MEMORY: or KCM: keytabs). A change is seen by a file's inode, size and times. Of a directory,
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

enum { LOOK_US = 1000000 }; /* between two looks at the files */

struct zs_source {
    char *path;    /* of a keytab, or of a directory of them */
    uint64_t mark; /* of how it was when it was read */
};

static void free_source(gpointer p)
{
    struct zs_source *s = p;

    g_free(s->path);
    g_free(s);
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
    r->sources = g_ptr_array_new_with_free_func(free_source);
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
    g_ptr_array_free(r->sources, TRUE);
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

static bool is_directory(const char *path)
{
    struct stat st;

    return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

static bool add_keytab(struct zs_keyring *r, const char *path, char **why)
{
    return is_directory(path) ? add_directory(r, path, why) : add_file(r, path, why);
}

/* FNV-1a, over what changes when somebody writes the file or puts another one in its place. */
static uint64_t mark_file(uint64_t mark, const char *path)
{
    struct stat st;

    if (stat(path, &st) != 0)
        return mark;
    const uint64_t facts[] = {(uint64_t)st.st_dev,          (uint64_t)st.st_ino,
                              (uint64_t)st.st_size,         (uint64_t)st.st_mtim.tv_sec,
                              (uint64_t)st.st_mtim.tv_nsec, (uint64_t)st.st_ctim.tv_sec,
                              (uint64_t)st.st_ctim.tv_nsec};
    for (size_t i = 0; i < G_N_ELEMENTS(facts); i++)
        for (unsigned shift = 0; shift < 64; shift += 8)
            mark = (mark ^ (facts[i] >> shift & 0xff)) * UINT64_C(0x100000001b3);
    return mark;
}

static uint64_t mark_of(const char *path)
{
    uint64_t mark = mark_file(UINT64_C(0xcbf29ce484222325), path);
    char *why;

    if (!is_directory(path))
        return mark;
    GPtrArray *paths = list(path, &why);
    if (!paths) {
        g_free(why);
        return mark;
    }
    for (guint i = 0; i < paths->len; i++)
        mark = mark_file(mark, paths->pdata[i]);
    g_ptr_array_free(paths, TRUE);
    return mark;
}

bool zs_keyring_add_keytab(struct zs_keyring *r, const char *path, char **why)
{
    uint64_t mark = mark_of(path); /* first: what changes meanwhile is read again */

    if (!add_keytab(r, path, why))
        return false;
    struct zs_source *s = g_new(struct zs_source, 1);
    *s = (struct zs_source){.path = g_strdup(path), .mark = mark};
    g_ptr_array_add(r->sources, s);
    return true;
}

static bool is_known(const struct zs_keyring *r, guint n, const struct zs_keyring_entry *e)
{
    for (guint i = 0; i < n; i++) {
        const struct zs_keyring_entry *k = r->entries->pdata[i];
        if (k->origin == e->origin && k->kvno == e->kvno &&
            strcmp(k->principal, e->principal) == 0 && memcmp(&k->key, &e->key, sizeof k->key) == 0)
            return true;
    }
    return false;
}

/* A file that cannot be read now is asked again at the next look. */
static void read_again(struct zs_keyring *r, struct zs_source *s, uint64_t mark)
{
    guint before = r->entries->len;
    char *why;

    if (!add_keytab(r, s->path, &why)) {
        g_free(why);
        return;
    }
    s->mark = mark;
    for (guint i = r->entries->len; i-- > before;)
        if (is_known(r, before, r->entries->pdata[i]))
            g_ptr_array_remove_index(r->entries, i);
}

bool zs_keyring_refresh(struct zs_keyring *r)
{
    guint before = r->entries->len;
    int64_t now = g_get_monotonic_time();

    if (r->looked_us && now - r->looked_us < LOOK_US)
        return false;
    r->looked_us = now;
    for (guint i = 0; i < r->sources->len; i++) {
        struct zs_source *s = r->sources->pdata[i];
        uint64_t mark = mark_of(s->path);
        if (mark != s->mark)
            read_again(r, s, mark);
    }
    return r->entries->len > before;
}

size_t zs_keyring_size(const struct zs_keyring *r)
{
    return r->entries->len;
}

const struct zs_keyring_entry *zs_keyring_at(const struct zs_keyring *r, size_t i)
{
    return g_ptr_array_index(r->entries, i);
}
