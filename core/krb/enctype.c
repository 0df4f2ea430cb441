/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Enctypes by row, and the three ways in which they derive keys: RFC 3961 5.1, RFC 6803 3, RFC 8009 3.
 *
 * Limits: DES, 3DES and RC4 are not here: their tokens (RFC 1964, RFC 4757) have another shape. */
#include "core/krb/enctype.h"

#include <krb5/krb5.h>

enum { BLOCK = 16 };

/* RFC 3961, 5.1: copies of in, each rotated right by 13 bits against the one before, are laid end to end up to
 * the least common multiple of both lengths, cut into pieces of out_n and added with end-around carry. */
void zs_nfold(const uint8_t *in, size_t in_n, uint8_t *out, size_t out_n)
{
    size_t a = in_n, b = out_n;
    while (b) {
        size_t t = a % b;
        a = b;
        b = t;
    }
    size_t lcm = in_n * out_n / a, bits = in_n * 8;
    unsigned carry = 0;

    memset(out, 0, out_n);
    for (size_t i = lcm; i-- > 0;) {
        size_t rotated = (i / in_n) * 13 % bits;
        size_t first = (bits - rotated + (i % in_n) * 8) % bits;
        unsigned pair = (unsigned)in[first / 8] << 8 | in[(first / 8 + 1) % in_n];
        carry += out[i % out_n] + (pair >> (8 - first % 8) & 0xff);
        out[i % out_n] = (uint8_t)carry;
        carry >>= 8;
    }
    for (size_t i = out_n; carry && i-- > 0;) {
        carry += out[i];
        out[i] = (uint8_t)carry;
        carry >>= 8;
    }
}

/* RFC 3961, 5.1: DK(key, constant): K1 = E(key, n-fold(constant)), K2 = E(key, K1), … */
static bool derive_dk(const struct zs_enctype *e, const struct zs_key *base,
                      struct zs_span constant, uint8_t *out, size_t n)
{
    uint8_t block[BLOCK];
    gcry_cipher_hd_t h;

    if (gcry_cipher_open(&h, e->cipher, GCRY_CIPHER_MODE_ECB, GCRY_CIPHER_SECURE))
        return false;
    zs_nfold(constant.p, constant.n, block, BLOCK);
    bool ok = !gcry_cipher_setkey(h, base->octets, base->n);
    for (size_t done = 0; ok && done < n; done += BLOCK) {
        ok = !gcry_cipher_encrypt(h, block, BLOCK, NULL, 0);
        memcpy(out + done, block, n - done < BLOCK ? n - done : BLOCK);
    }
    gcry_cipher_close(h);
    explicit_bzero(block, sizeof block);
    return ok;
}

static void put_be32(uint8_t out[4], uint32_t v)
{
    for (int i = 0; i < 4; i++)
        out[i] = (uint8_t)(v >> (24 - 8 * i));
}

/* One turn of a counter KDF of NIST SP 800-108: MAC(key, previous | i | constant | 00 | bits). */
static bool kdf_turn(gcry_mac_hd_t h, struct zs_span previous, uint32_t i, struct zs_span constant,
                     uint32_t bits, uint8_t *out, size_t *out_n)
{
    uint8_t counter[4], tail[5] = {0};

    put_be32(counter, i);
    put_be32(tail + 1, bits);
    return !gcry_mac_reset(h) && !gcry_mac_write(h, previous.p, previous.n) &&
           !gcry_mac_write(h, counter, sizeof counter) &&
           !gcry_mac_write(h, constant.p, constant.n) && !gcry_mac_write(h, tail, sizeof tail) &&
           !gcry_mac_read(h, out, out_n);
}

/* RFC 6803, 3: KDF-FEEDBACK-CMAC: K(i) = CMAC(key, K(i-1) | i | constant | 00 | k). */
static bool derive_feedback(const struct zs_enctype *e, const struct zs_key *base,
                            struct zs_span constant, uint8_t *out, size_t n)
{
    uint8_t block[BLOCK] = {0};
    gcry_mac_hd_t h;

    if (gcry_mac_open(&h, e->mac, GCRY_MAC_FLAG_SECURE, NULL))
        return false;
    bool ok = !gcry_mac_setkey(h, base->octets, base->n);
    uint32_t i = 1;
    for (size_t done = 0; ok && done < n; done += BLOCK, i++) {
        size_t got = BLOCK;
        ok = kdf_turn(h, zs_span(block, BLOCK), i, constant, (uint32_t)n * 8, block, &got);
        memcpy(out + done, block, n - done < BLOCK ? n - done : BLOCK);
    }
    gcry_mac_close(h);
    explicit_bzero(block, sizeof block);
    return ok;
}

/* RFC 8009, 3: KDF-HMAC-SHA2: k-truncate(HMAC(key, 00000001 | constant | 00 | k)). */
static bool derive_hmac_sha2(const struct zs_enctype *e, const struct zs_key *base,
                             struct zs_span constant, uint8_t *out, size_t n)
{
    uint8_t digest[64];
    size_t got = e->mac_size;
    gcry_mac_hd_t h;

    if (gcry_mac_open(&h, e->mac, GCRY_MAC_FLAG_SECURE, NULL))
        return false;
    bool ok = !gcry_mac_setkey(h, base->octets, base->n) &&
              kdf_turn(h, zs_span(NULL, 0), 1, constant, (uint32_t)n * 8, digest, &got);
    gcry_mac_close(h);
    if (ok)
        memcpy(out, digest, n);
    explicit_bzero(digest, sizeof digest);
    return ok;
}

/* clang-format off */
static const struct zs_enctype table[] = {
    /* number                             cipher                   mac                     hash           nettle          most block key mac_key tag mac_size of_cipher derive */
    {ENCTYPE_AES128_CTS_HMAC_SHA1_96,     GCRY_CIPHER_AES128,      GCRY_MAC_HMAC_SHA1,     GCRY_MD_SHA1,   &nettle_sha1,   640, 64,  16, 16, 12, 20, false, derive_dk},
    {ENCTYPE_AES256_CTS_HMAC_SHA1_96,     GCRY_CIPHER_AES256,      GCRY_MAC_HMAC_SHA1,     GCRY_MD_SHA1,   &nettle_sha1,   640, 64,  32, 32, 12, 20, false, derive_dk},
    {ENCTYPE_AES128_CTS_HMAC_SHA256_128,  GCRY_CIPHER_AES128,      GCRY_MAC_HMAC_SHA256,   GCRY_MD_SHA256, &nettle_sha256, 512, 64,  16, 16, 16, 32, true,  derive_hmac_sha2},
    {ENCTYPE_AES256_CTS_HMAC_SHA384_192,  GCRY_CIPHER_AES256,      GCRY_MAC_HMAC_SHA384,   GCRY_MD_SHA384, &nettle_sha384, 384,  128, 32, 24, 24, 48, true,  derive_hmac_sha2},
    {ENCTYPE_CAMELLIA128_CTS_CMAC,        GCRY_CIPHER_CAMELLIA128, GCRY_MAC_CMAC_CAMELLIA, 0,              NULL,           0,   0,   16, 16, 16, 16, false, derive_feedback},
    {ENCTYPE_CAMELLIA256_CTS_CMAC,        GCRY_CIPHER_CAMELLIA256, GCRY_MAC_CMAC_CAMELLIA, 0,              NULL,           0,   0,   32, 32, 16, 16, false, derive_feedback},
};
/* clang-format on */

const struct zs_enctype *zs_enctype_of(int32_t number)
{
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++)
        if (table[i].number == number)
            return &table[i];
    return NULL;
}
