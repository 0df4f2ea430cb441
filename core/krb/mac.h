/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef ZS_KRB_MAC_H
#define ZS_KRB_MAC_H

/* An enctype's keyed checksum with its key: HMAC (RFC 2104) or CMAC (RFC 4493). */
#include "core/krb/enctype.h"

#include <nettle/sha1.h>
#include <nettle/sha2.h>

#define ZS_HASH_BLOCK_MAX 128 /* octets: SHA-384's */

union zs_hash_state { /* of any of the table's hashes */
    struct sha1_ctx sha1;
    struct sha256_ctx sha256;
    struct sha512_ctx sha512;
};

struct zs_mac {
    const struct zs_enctype *enctype;
    gcry_mac_hd_t cmac;                         /* NULL where it is HMAC, and then: */
    uint8_t inner[ZS_HASH_BLOCK_MAX];           /* K ^ ipad */
    union zs_hash_state past_inner, past_outer; /* the hash behind it, and behind K ^ opad */
};

/* key has e->mac_key octets. False: libgcrypt refused; *m may be cleared all the same. */
bool zs_mac_init(struct zs_mac *m, const struct zs_enctype *e, const uint8_t *key);
void zs_mac_clear(struct zs_mac *m); /* wipes */

/* tag gets the checksum of a followed by b, as many octets as the enctype sends. False: libgcrypt refused. Nothing is
 * allocated. */
bool zs_mac_make(const struct zs_mac *m, struct zs_span a, struct zs_span b, uint8_t *tag);
/* Is tag the checksum of a followed by b, as far as the enctype sends it? Nothing is allocated. */
bool zs_mac_holds(const struct zs_mac *m, struct zs_span a, struct zs_span b, struct zs_span tag);

/* The same as a question that can wait for others. Everything borrowed. */
struct zs_mac_check {
    const struct zs_mac *mac;
    struct zs_span text; /* what the checksum is over, in one piece */
    struct zs_span tag;  /* as it was sent */
    bool holds;          /* the answer */
};
void zs_mac_check(struct zs_mac_check *c);

/* Are made's first tag.n octets those of tag? In a time that does not tell where they differ. */
bool zs_tag_equals(const uint8_t *made, struct zs_span tag);

#endif
