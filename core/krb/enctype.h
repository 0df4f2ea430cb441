/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef ZS_KRB_ENCTYPE_H
#define ZS_KRB_ENCTYPE_H

/* The enctypes whose per-message tokens can be opened: a row each, all of the shape of RFC 3961's simplified
 * profile: CBC with ciphertext stealing and a keyed checksum, over the plaintext or (RFC 8009) the ciphertext. */
#include "core/krb/key.h"
#include "core/wire/span.h"

#include <gcrypt.h>
#include <nettle/nettle-meta.h>

#define ZS_TAG_MAX 24 /* octets of the longest truncated checksum */

struct zs_enctype {
    int32_t number;
    int cipher;                       /* GCRY_CIPHER_* */
    int mac;                          /* GCRY_MAC_* */
    int hash;                         /* GCRY_MD_* of an HMAC; 0: CMAC */
    const struct nettle_hash *nettle; /* the same hash in Nettle, whose state can be kept … */
    uint16_t nettle_most; /* … and which hashes texts of so many octets alone: mac.c */
    uint8_t hash_block;   /* octets that the hash takes at once */
    uint8_t key;          /* octets of base key and Ke */
    uint8_t mac_key;      /* octets of Ki and Kc */
    uint8_t tag;          /* octets of the checksum that are sent */
    uint8_t mac_size;     /* octets of the whole checksum */
    bool mac_of_cipher;   /* RFC 8009: the checksum is over IV and ciphertext */
    /* out = the key derived from base for constant (usage and one octet); n octets. False: libgcrypt refused. */
    bool (*derive)(const struct zs_enctype *e, const struct zs_key *base, struct zs_span constant,
                   uint8_t *out, size_t n);
};

/* The row of an enctype; NULL: not one that can be opened. */
const struct zs_enctype *zs_enctype_of(int32_t number);

/* RFC 3961, 5.1: the n-fold of in, out_n octets. in_n and out_n are at most 64. */
void zs_nfold(const uint8_t *in, size_t in_n, uint8_t *out, size_t out_n);

#endif
