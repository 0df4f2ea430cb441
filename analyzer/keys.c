/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Key options to a keyring.
 *
 * Limits: a key given with --key can be seen by everyone who may list this machine's processes. One password. */
#include "analyzer/keys.h"

#include "analyzer/password.h"
#include "core/krb/secrets.h"

#include <stdio.h>
#include <string.h>

void zs_key_options_add(struct zs_key_options *k, GOptionContext *c)
{
    const GOptionEntry entries[] = {
        {"keytab", 'K', 0, G_OPTION_ARG_FILENAME_ARRAY, &k->keytabs,
         "the keys of services: a keytab, or a directory of keytabs", "KEYTAB"},
        {"key", 0, 0, G_OPTION_ARG_STRING_ARRAY, &k->keys,
         "one key of a service, in hexadecimal digits", "ENCTYPE:HEX"},
        {"ccache", 0, 0, G_OPTION_ARG_FILENAME_ARRAY, &k->ccaches,
         "the tickets in a client's credential cache", "FILE"},
        {"keylog", 0, 0, G_OPTION_ARG_FILENAME_ARRAY, &k->keylogs,
         "session secrets, as zmtpscope secrets writes them", "FILE"},
        {"password", 0, 0, G_OPTION_ARG_STRING, &k->password_of,
         "the keys that a service has by its password, which is asked for", "PRINCIPAL"},
        {"password-file", 0, 0, G_OPTION_ARG_FILENAME, &k->password_file,
         "or it is the first line of FILE", "FILE"},
        {0},
    };

    g_option_context_add_main_entries(c, entries, NULL);
}

static void free_wiped(char **strings)
{
    for (char **s = strings; s && *s; s++)
        explicit_bzero(*s, strlen(*s));
    g_strfreev(strings);
}

void zs_key_options_clear(struct zs_key_options *k)
{
    g_strfreev(k->keytabs);
    free_wiped(k->keys);
    g_strfreev(k->ccaches);
    g_strfreev(k->keylogs);
    g_free(k->password_of);
    g_free(k->password_file);
    *k = (struct zs_key_options){0};
}

typedef bool add_fn(struct zs_keyring *r, const char *source, char **why);

static bool fail(char *why)
{
    fprintf(stderr, "zmtpscope: %s\n", why);
    g_free(why);
    return false;
}

static bool add_each(struct zs_keyring *r, char **sources, add_fn *add)
{
    for (char **s = sources; s && *s; s++) {
        char *why;
        if (!add(r, *s, &why))
            return fail(why);
    }
    return true;
}

/* What was typed is not shown, for it may be most of a key; of several, it is said which one it is. */
static bool add_keys(struct zs_keyring *r, char **keys)
{
    guint n = keys ? g_strv_length(keys) : 0;

    for (guint i = 0; i < n; i++) {
        char *why;
        if (zs_keyring_add_key(r, keys[i], &why))
            continue;
        char *which =
            n > 1 ? g_strdup_printf("%s (number %u of %u)", why, i + 1, n) : g_strdup(why);
        g_free(why);
        return fail(which);
    }
    return true;
}

/* One bad line of many is said and passed over; a log of which nothing is good is as bad as none. */
static bool add_keylogs(struct zs_keyring *r, char **paths)
{
    for (char **p = paths; p && *p; p++) {
        size_t before = zs_keyring_secret_count(r);
        char *why;
        if (!zs_keyring_add_keylog(r, *p, &why)) {
            fail(why);
            if (zs_keyring_secret_count(r) == before)
                return false;
        }
    }
    return true;
}

static bool add_password(struct zs_keyring *r, const struct zs_key_options *k)
{
    char password[ZS_PASSWORD_MAX], *why = NULL;

    if (!k->password_of && !k->password_file)
        return true;
    if (!k->password_of)
        return fail(g_strdup("--password-file: --password PRINCIPAL says whose password it is"));
    bool ok = (k->password_file ? zs_password_read(k->password_file, password, &why)
                                : zs_password_ask(k->password_of, password, &why)) &&
              zs_keyring_add_password(r, k->password_of, password, &why);
    explicit_bzero(password, sizeof password);
    return ok || fail(why);
}

bool zs_key_options_given(const struct zs_key_options *k)
{
    return k->keytabs || k->keys || k->ccaches || k->keylogs || k->password_of || k->password_file;
}

struct zs_keyring *zs_key_options_load(const struct zs_key_options *k)
{
    struct zs_keyring *r = zs_keyring_new();

    if (add_each(r, k->keytabs, zs_keyring_add_keytab) && add_keys(r, k->keys) &&
        add_each(r, k->ccaches, zs_keyring_add_ccache) && add_keylogs(r, k->keylogs) &&
        add_password(r, k))
        return r;
    zs_keyring_free(r);
    return NULL;
}

static void put_each(GPtrArray *files, char **more)
{
    for (char **m = more; m && *m; m++)
        g_ptr_array_add(files, g_strdup(*m));
}

char **zs_key_options_files(const struct zs_key_options *k, const struct zs_keyring *r)
{
    GPtrArray *files = g_ptr_array_new();
    const char *last = NULL;

    for (size_t i = 0; i < zs_keyring_size(r); i++) {
        const struct zs_keyring_entry *e = zs_keyring_at(r, i);
        if (e->origin == ZS_ORIGIN_KEYTAB && g_strcmp0(e->source, last) != 0)
            g_ptr_array_add(files, g_strdup(last = e->source));
    }
    put_each(files, k->keytabs);
    put_each(files, k->ccaches);
    put_each(files, k->keylogs);
    if (k->password_file)
        g_ptr_array_add(files, g_strdup(k->password_file));
    g_ptr_array_add(files, NULL);
    return (char **)g_ptr_array_free(files, FALSE);
}
