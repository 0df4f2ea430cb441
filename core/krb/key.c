/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A key, its written form, and the names of enctypes. */
#include "core/krb/key.h"

#include <krb5/krb5.h>
#include <stdio.h>
#include <string.h>

bool zs_key_set(struct zs_key *k, int32_t enctype, const void *octets, size_t n)
{
    zs_key_clear(k);
    if (n == 0 || n > ZS_KEY_MAX)
        return false;
    k->enctype = enctype;
    k->n = (uint8_t)n;
    memcpy(k->octets, octets, n);
    return true;
}

void zs_key_clear(struct zs_key *k)
{
    explicit_bzero(k, sizeof *k);
}

/* Not inline, so that its array lies where the caller's callees had theirs. */
__attribute__((noinline)) void zs_key_wipe_stack(void)
{
    uint8_t below[32768]; /* libkrb5 goes a few thousand octets deep */

    explicit_bzero(below, sizeof below);
}

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

bool zs_hex_parse(const char *text, size_t digits, uint8_t *out, size_t n)
{
    if (digits % 2 || digits / 2 != n)
        return false;
    for (size_t i = 0; i < n; i++) {
        int high = hex_digit(text[2 * i]), low = hex_digit(text[2 * i + 1]);
        if (high < 0 || low < 0)
            return false;
        out[i] = (uint8_t)(high << 4 | low);
    }
    return true;
}

const char *zs_key_parse(struct zs_key *k, const char *text, size_t n)
{
    char name[ZS_ENCTYPE_NAME_MAX];
    size_t bytes, length;
    krb5_enctype enctype;

    zs_key_clear(k);
    const char *colon = n ? memchr(text, ':', n) : NULL;
    if (!colon)
        return "not an enctype, a colon and a key in hexadecimal digits";
    size_t name_n = (size_t)(colon - text);
    if (name_n >= sizeof name || memchr(text, 0, name_n))
        return "krb5 has no enctype of that name";
    memcpy(name, text, name_n);
    name[name_n] = 0;
    if (krb5_string_to_enctype(name, &enctype) ||
        krb5_c_keylengths(NULL, enctype, &bytes, &length) || length > ZS_KEY_MAX)
        return "krb5 has no enctype of that name";
    if (!zs_hex_parse(colon + 1, n - name_n - 1, k->octets, length)) {
        zs_key_clear(k);
        return "a key of that enctype has another number of hexadecimal digits";
    }
    k->enctype = enctype;
    k->n = (uint8_t)length;
    return NULL;
}

const char *zs_enctype_name(int32_t enctype, char *buf, size_t size)
{
    if (krb5_enctype_to_name(enctype, FALSE, buf, size) != 0)
        snprintf(buf, size, "enctype-%d", (int)enctype);
    return buf;
}

bool zs_enctype_is_weak(int32_t enctype)
{
    switch (enctype) {
    case ENCTYPE_DES_CBC_CRC:
    case ENCTYPE_DES_CBC_MD4:
    case ENCTYPE_DES_CBC_MD5:
    case ENCTYPE_DES_CBC_RAW:
    case ENCTYPE_DES3_CBC_RAW:
    case ENCTYPE_DES_HMAC_SHA1:
    case ENCTYPE_DES3_CBC_SHA1:
    case ENCTYPE_ARCFOUR_HMAC:
    case ENCTYPE_ARCFOUR_HMAC_EXP:
        return true;
    default:
        return false;
    }
}
