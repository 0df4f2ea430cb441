/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Opening what one derived key sealed: RFC 3961 5.3, RFC 6803 4, RFC 8009 5, through libgcrypt. */
#include "core/krb/seal.h"

#include <stdlib.h>

enum { BLOCK = 16 };

struct zs_seal {
    const struct zs_enctype *enctype;
    gcry_cipher_hd_t cipher; /* Ke; CBC with ciphertext stealing */
    gcry_cipher_hd_t single; /* Ke; one block, where there is nothing to steal from */
    gcry_mac_hd_t integrity; /* Ki: of sealed texts */
    gcry_mac_hd_t checksum;  /* Kc: of texts in the clear */
};

/* RFC 3961, 5.3: the constant is the usage and one octet: AA for Ke, 55 for Ki, 99 for Kc. */
static bool derive(const struct zs_enctype *e, const struct zs_key *base, uint32_t usage,
                   uint8_t which, uint8_t *out, size_t n)
{
    uint8_t constant[5] = {(uint8_t)(usage >> 24), (uint8_t)(usage >> 16), (uint8_t)(usage >> 8),
                           (uint8_t)usage, which};
    return e->derive(e, base, zs_span(constant, sizeof constant), out, n);
}

static bool open_mac(gcry_mac_hd_t *h, const struct zs_enctype *e, const struct zs_key *base,
                     uint32_t usage, uint8_t which)
{
    uint8_t key[ZS_KEY_MAX];

    bool ok = derive(e, base, usage, which, key, e->mac_key) &&
              !gcry_mac_open(h, e->mac, 0, NULL) && !gcry_mac_setkey(*h, key, e->mac_key);
    explicit_bzero(key, sizeof key);
    return ok;
}

static bool open_ciphers(struct zs_seal *s, const struct zs_key *base, uint32_t usage)
{
    const struct zs_enctype *e = s->enctype;
    uint8_t key[ZS_KEY_MAX];

    bool ok = derive(e, base, usage, 0xaa, key, e->key) &&
              !gcry_cipher_open(&s->cipher, e->cipher, GCRY_CIPHER_MODE_CBC, GCRY_CIPHER_CBC_CTS) &&
              !gcry_cipher_setkey(s->cipher, key, e->key) &&
              !gcry_cipher_open(&s->single, e->cipher, GCRY_CIPHER_MODE_ECB, 0) &&
              !gcry_cipher_setkey(s->single, key, e->key);
    explicit_bzero(key, sizeof key);
    return ok;
}

struct zs_seal *zs_seal_new(const struct zs_key *base, uint32_t usage)
{
    const struct zs_enctype *e = zs_enctype_of(base->enctype);

    if (!e || base->n != e->key)
        return NULL;
    struct zs_seal *s = calloc(1, sizeof *s);
    if (!s)
        return NULL;
    s->enctype = e;
    if (!open_ciphers(s, base, usage) || !open_mac(&s->integrity, e, base, usage, 0x55) ||
        !open_mac(&s->checksum, e, base, usage, 0x99)) {
        zs_seal_free(s);
        return NULL;
    }
    return s;
}

/* libgcrypt wipes a handle as it closes it. */
void zs_seal_free(struct zs_seal *s)
{
    if (!s)
        return;
    gcry_cipher_close(s->cipher);
    gcry_cipher_close(s->single);
    gcry_mac_close(s->integrity);
    gcry_mac_close(s->checksum);
    free(s);
}

size_t zs_seal_confounder(const struct zs_seal *s)
{
    (void)s;
    return BLOCK;
}

size_t zs_seal_tag(const struct zs_seal *s)
{
    return s->enctype->tag;
}

/* libgcrypt: a CMAC refuses to be given nothing. */
static bool feed(gcry_mac_hd_t h, struct zs_span s)
{
    return s.n == 0 || !gcry_mac_write(h, s.p, s.n);
}

/* The first octets of MAC(a | b), compared in a time that does not tell where they differ. */
static bool mac_holds(const struct zs_enctype *e, gcry_mac_hd_t h, struct zs_span a,
                      struct zs_span b, struct zs_span tag)
{
    uint8_t digest[64];
    size_t n = e->mac_size;
    unsigned differ = 0;

    if (tag.n != e->tag || gcry_mac_reset(h) || !feed(h, a) || !feed(h, b) ||
        gcry_mac_read(h, digest, &n))
        return false;
    for (size_t i = 0; i < tag.n; i++)
        differ |= digest[i] ^ tag.p[i];
    explicit_bzero(digest, sizeof digest);
    return differ == 0;
}

static bool decrypt(struct zs_seal *s, struct zs_span text, uint8_t *out)
{
    const uint8_t *in = text.p == out ? NULL : text.p;
    size_t in_n = in ? text.n : 0;

    if (text.n == BLOCK)
        return !gcry_cipher_decrypt(s->single, out, text.n, in, in_n);
    return !gcry_cipher_setiv(s->cipher, NULL, 0) &&
           !gcry_cipher_decrypt(s->cipher, out, text.n, in, in_n);
}

bool zs_seal_open(struct zs_seal *s, struct zs_span sealed, uint8_t *out)
{
    static const uint8_t iv[BLOCK];
    const struct zs_enctype *e = s->enctype;

    if (sealed.n < (size_t)BLOCK + e->tag)
        return false;
    struct zs_span text = zs_span(sealed.p, sealed.n - e->tag);
    struct zs_span tag = zs_span(sealed.p + text.n, e->tag);

    /* RFC 8009: H = HMAC(Ki, IV | C): asked before anything is decrypted. */
    if (e->mac_of_cipher)
        return mac_holds(e, s->integrity, zs_span(iv, BLOCK), text, tag) && decrypt(s, text, out);
    if (decrypt(s, text, out) &&
        mac_holds(e, s->integrity, zs_span(out, text.n), zs_span(NULL, 0), tag))
        return true;
    explicit_bzero(out, text.n);
    return false;
}

bool zs_seal_check(struct zs_seal *s, struct zs_span a, struct zs_span b, struct zs_span tag)
{
    return mac_holds(s->enctype, s->checksum, a, b, tag);
}
