/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Keys that a user gives by themselves: one in hexadecimal digits, or a password (RFC 3961 string-to-key with the
 * salt of RFC 4120, 4: the realm and the components of the name, one behind the other).
 *
 * Limits: a KDC may salt otherwise (Active Directory does for computers, and after a principal was renamed); such a
 * key is not found. Enctypes whose messages are not opened get no key. */
#include "core/krb/enctype.h"
#include "core/krb/keyring.h"
#include "core/krb/ring.h"

#include <string.h>

bool zs_keyring_add_key(struct zs_keyring *r, const char *text, char **why)
{
    struct zs_key key;

    const char *trouble = zs_key_parse(&key, text, strlen(text));
    if (trouble)
        *why = g_strdup_printf("--key: %s", trouble);
    else
        zs_keyring_put(r, ZS_ORIGIN_KEY, "--key", &key);
    zs_key_clear(&key);
    zs_key_wipe_stack();
    return !trouble;
}

static bool add_made(struct zs_keyring *r, const char *principal, int32_t enctype,
                     const krb5_data *password, const krb5_data *salt)
{
    struct zs_key key = {0};
    krb5_keyblock made = {0};

    if (krb5_c_string_to_key(r->krb, enctype, password, salt, &made))
        return false;
    bool ok = zs_key_set(&key, enctype, made.contents, made.length);
    krb5_free_keyblock_contents(r->krb, &made); /* wipes */
    if (ok)
        zs_keyring_put(r, ZS_ORIGIN_PASSWORD, "--password", &key)->principal = g_strdup(principal);
    zs_key_clear(&key);
    zs_key_wipe_stack();
    return ok;
}

/* The name as krb5 writes it back, so that it compares with those of tickets. */
static bool add_all(struct zs_keyring *r, krb5_const_principal principal, const char *password)
{
    static const int32_t enctypes[] = {
        ENCTYPE_AES256_CTS_HMAC_SHA1_96,
        ENCTYPE_AES128_CTS_HMAC_SHA1_96,
        ENCTYPE_AES256_CTS_HMAC_SHA384_192,
        ENCTYPE_AES128_CTS_HMAC_SHA256_128,
        ENCTYPE_CAMELLIA256_CTS_CMAC,
        ENCTYPE_CAMELLIA128_CTS_CMAC,
        ENCTYPE_DES3_CBC_SHA1,
        ENCTYPE_ARCFOUR_HMAC,
    };
    krb5_data typed = {KV5M_DATA, (unsigned)strlen(password), (char *)password}, salt;
    char *name;
    bool any = false;

    if (krb5_unparse_name(r->krb, principal, &name))
        return false;
    if (!krb5_principal2salt(r->krb, principal, &salt)) {
        for (size_t i = 0; i < G_N_ELEMENTS(enctypes); i++)
            any |= add_made(r, name, enctypes[i], &typed, &salt);
        krb5_free_data_contents(r->krb, &salt);
    }
    krb5_free_unparsed_name(r->krb, name);
    return any;
}

bool zs_keyring_add_password(struct zs_keyring *r, const char *principal, const char *password,
                             char **why)
{
    krb5_principal name;

    if (!r->krb ||
        krb5_parse_name_flags(r->krb, principal, KRB5_PRINCIPAL_PARSE_REQUIRE_REALM, &name)) {
        *why =
            g_strdup_printf("--password %s: not a principal with its realm, NAME@REALM", principal);
        return false;
    }
    bool ok = add_all(r, name, password);
    krb5_free_principal(r->krb, name);
    if (!ok)
        *why = g_strdup_printf("--password %s: krb5 makes no key of that password", principal);
    return ok;
}
