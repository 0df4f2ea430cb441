/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Keytabs, read by core/krb, into one of libkrb5's MEMORY: type.
 *
 * Limits: what changes on disk later is not read again. libkrb5 keeps these keys where it keeps those of any keytab that
 * it reads, on the ordinary heap; it wipes them. */
#include "analyzer/live/keytab.h"

#include "core/krb/keyring.h"

#include <glib.h>
#include <krb5/krb5.h>

struct zs_keytab {
    krb5_context krb;
    krb5_keytab handle; /* the last one that closes ends a MEMORY: keytab */
    char *name;
};

static krb5_error_code add_entry(struct zs_keytab *k, const struct zs_keyring_entry *from)
{
    krb5_keytab_entry e = {
        .vno = from->kvno,
        .key = {.enctype = from->key.enctype,
                .length = from->key.n,
                .contents = (krb5_octet *)from->key.octets},
    };

    krb5_error_code err = krb5_parse_name(k->krb, from->principal, &e.principal);
    if (!err)
        err = krb5_kt_add_entry(k->krb, k->handle, &e); /* a copy */
    krb5_free_principal(k->krb, e.principal);
    return err;
}

/* What is added last, libkrb5 looks at first. */
static krb5_error_code add_all(struct zs_keytab *k, const struct zs_keyring *r)
{
    krb5_error_code err = 0;

    for (size_t i = zs_keyring_size(r); i-- > 0 && !err;)
        err = add_entry(k, zs_keyring_at(r, i));
    return err;
}

static struct zs_keytab *join(const struct zs_keyring *r, char **why)
{
    static unsigned serial;
    struct zs_keytab *k = g_new0(struct zs_keytab, 1);

    k->name = g_strdup_printf("MEMORY:zmtpscope-%u", serial++);
    krb5_error_code err = krb5_init_context(&k->krb);
    if (!err)
        err = krb5_kt_resolve(k->krb, k->name, &k->handle);
    if (!err)
        err = add_all(k, r);
    if (!err)
        return k;
    const char *text = krb5_get_error_message(k->krb, err);
    *why = g_strdup_printf("the keytabs cannot be joined: %s", text);
    krb5_free_error_message(k->krb, text);
    zs_keytab_free(k);
    return NULL;
}

struct zs_keytab *zs_keytab_join(char *const *paths, char **why)
{
    struct zs_keyring *r = zs_keyring_new();
    bool ok = true;

    for (; ok && *paths; paths++)
        ok = zs_keyring_add_keytab(r, *paths, why);
    struct zs_keytab *k = ok ? join(r, why) : NULL;
    zs_keyring_free(r);
    return k;
}

const char *zs_keytab_name(const struct zs_keytab *k)
{
    return k->name;
}

void zs_keytab_free(struct zs_keytab *k)
{
    if (!k)
        return;
    if (k->handle)
        krb5_kt_close(k->krb, k->handle);
    if (k->krb)
        krb5_free_context(k->krb);
    g_free(k->name);
    g_free(k);
}
