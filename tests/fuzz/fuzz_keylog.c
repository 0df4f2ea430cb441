/* SPDX-License-Identifier: GPL-2.0-or-later */
/* core/krb/secrets.c: a key log. What was taken from it is written and read back the same. */
#include "core/krb/secrets.h"

#include "core/krb/init.h"
#include "core/krb/ring.h"
#include "tests/fuzz/fuzz.h"

static gboolean check_secret(gpointer id, gpointer value, gpointer user)
{
    const struct zs_secret *s = value;
    struct zs_keyring *again = zs_keyring_new();
    char *line = zs_secret_format(s), *why = NULL;
    (void)user;

    for (const char *p = line; *p; p++)
        FUZZ_CHECK(*p >= 0x20 && *p < 0x7f);
    FUZZ_CHECK(zs_keyring_add_secrets(again, line, strlen(line), "b", true, &why));
    FUZZ_CHECK(zs_keyring_secret_count(again) == 1);
    const struct zs_secret *t = zs_keyring_secret(again, id);
    FUZZ_CHECK(t && memcmp(&t->key, &s->key, sizeof t->key) == 0 && t->from == s->from);
    FUZZ_CHECK(g_strcmp0(t->client, s->client) == 0 && g_strcmp0(t->service, s->service) == 0);
    char *twice = zs_secret_format(t);
    FUZZ_CHECK(strcmp(line, twice) == 0);
    zs_secret_free(twice);
    zs_secret_free(line);
    zs_keyring_free(again);
    return FALSE;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct zs_keyring *r = zs_keyring_new();
    char *why = NULL;

    zs_krb_init();
    bool ok = zs_keyring_add_secrets(r, (const char *)data, size, "a", true, &why);
    FUZZ_CHECK(ok == (why == NULL));
    FUZZ_CHECK(ok || (g_str_has_prefix(why, "a:") && !strchr(why, '\n')));
    g_tree_foreach(r->secrets, check_secret, NULL);
    g_free(why);
    zs_keyring_free(r);
    return 0;
}
