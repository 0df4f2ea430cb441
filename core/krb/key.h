/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef ZS_KRB_KEY_H
#define ZS_KRB_KEY_H

/* A Kerberos key. Key octets live in this type alone, are wiped on clear and never formatted. */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ZS_KEY_MAX 32 /* octets: the longest key of RFC 3961's and RFC 8009's enctypes */

struct zs_key {
    int32_t enctype; /* RFC 3961 number; 0: no key */
    uint8_t n;       /* octets */
    uint8_t octets[ZS_KEY_MAX];
};

/* False, and *k is cleared, where n exceeds ZS_KEY_MAX. */
bool zs_key_set(struct zs_key *k, int32_t enctype, const void *octets, size_t n);
void zs_key_clear(struct zs_key *k);

/* Wipes the stack below its caller, where functions that have returned may have left key octets: libkrb5's own, and
 * the dynamic linker, which saves vector registers there as it binds a name. */
void zs_key_wipe_stack(void);
/* 2 * n hexadecimal digits as n octets; false: they are not that. */
bool zs_hex_parse(const char *text, size_t digits, uint8_t *out, size_t n);
/* ENCTYPE:HEX, the enctype by any of krb5's names for it, as many octets as its keys have. NULL: *k is set; else
 * why it is not (static storage), and *k is cleared. */
const char *zs_key_parse(struct zs_key *k, const char *text, size_t n);

/* The name as krb5 has it, "aes256-cts-hmac-sha1-96", or "enctype-99" where it has none; written to buf, which
 * has ZS_ENCTYPE_NAME_MAX octets, and returned. */
const char *zs_enctype_name(int32_t enctype, char *buf, size_t size);
/* Is it one that RFC 6649 (DES) or RFC 8429 (3DES, RC4) tells everybody to give up? */
bool zs_enctype_is_weak(int32_t enctype);
#define ZS_ENCTYPE_NAME_MAX 40

#endif
