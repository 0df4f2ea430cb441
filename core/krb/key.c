/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A key, and the names of enctypes. */
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

const char *zs_enctype_name(int32_t enctype, char *buf, size_t size)
{
    if (krb5_enctype_to_name(enctype, FALSE, buf, size) != 0)
        snprintf(buf, size, "enctype-%d", (int)enctype);
    return buf;
}
