/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Sealing with one derived key, and opening what it sealed: RFC 3961 5.3, RFC 6803 4, RFC 8009 5, through libgcrypt. */
#include "core/krb/seal.h"

#include "core/krb/vault.h"

enum { BLOCK = 16 };

struct zs_seal {
    const struct zs_enctype *enctype;
    gcry_cipher_hd_t cipher; /* Ke; CBC with ciphertext stealing */
    struct zs_mac integrity; /* Ki: of sealed texts */
    /* Kc: of texts in the clear, which are rare: made with the first one. */
    struct zs_mac *checksum;
    struct zs_key base;
    uint32_t usage;
};

/* RFC 3961, 5.3: the constant is the usage and one octet: AA for Ke, 55 for Ki, 99 for Kc. */
static bool derive(const struct zs_enctype *e, const struct zs_key *base, uint32_t usage,
                   uint8_t which, uint8_t *out, size_t n)
{
    uint8_t constant[5] = {(uint8_t)(usage >> 24), (uint8_t)(usage >> 16), (uint8_t)(usage >> 8),
                           (uint8_t)usage, which};
    return e->derive(e, base, zs_span(constant, sizeof constant), out, n);
}

static bool open_mac(struct zs_mac *m, const struct zs_seal *s, uint8_t which)
{
    const struct zs_enctype *e = s->enctype;
    uint8_t key[ZS_KEY_MAX];

    bool ok = derive(e, &s->base, s->usage, which, key, e->mac_key) && zs_mac_init(m, e, key);
    explicit_bzero(key, sizeof key);
    return ok;
}

static bool open_cipher(struct zs_seal *s)
{
    const struct zs_enctype *e = s->enctype;
    uint8_t key[ZS_KEY_MAX];

    bool ok = derive(e, &s->base, s->usage, 0xaa, key, e->key) &&
              !gcry_cipher_open(&s->cipher, e->cipher, GCRY_CIPHER_MODE_CBC,
                                GCRY_CIPHER_CBC_CTS | GCRY_CIPHER_SECURE) &&
              !gcry_cipher_setkey(s->cipher, key, e->key);
    explicit_bzero(key, sizeof key);
    return ok;
}

struct zs_seal *zs_seal_new(const struct zs_key *base, uint32_t usage)
{
    const struct zs_enctype *e = zs_enctype_of(base->enctype);

    if (!e || base->n != e->key)
        return NULL;
    struct zs_seal *s = zs_vault_new(sizeof *s);
    s->enctype = e;
    s->base = *base;
    s->usage = usage;
    bool ok = open_cipher(s) && open_mac(&s->integrity, s, 0x55);
    zs_key_wipe_stack();
    if (ok)
        return s;
    zs_seal_free(s);
    return NULL;
}

/* libgcrypt wipes a handle as it closes it. */
void zs_seal_free(struct zs_seal *s)
{
    if (!s)
        return;
    gcry_cipher_close(s->cipher);
    zs_mac_clear(&s->integrity);
    if (s->checksum)
        zs_mac_clear(s->checksum);
    zs_vault_free(s->checksum);
    zs_vault_free(s);
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

/* One block alone has nothing to steal from: libgcrypt makes it plain CBC, as RFC 3962 5 wants it. */
static bool decrypt(struct zs_seal *s, struct zs_span text, uint8_t *out)
{
    const uint8_t *in = text.p == out ? NULL : text.p;
    size_t in_n = in ? text.n : 0;

    return !gcry_cipher_setiv(s->cipher, NULL, 0) &&
           !gcry_cipher_decrypt(s->cipher, out, text.n, in, in_n);
}

/* What stands before the checksum; the checksum. False: it is too short for both. */
static bool split(const struct zs_seal *s, struct zs_span sealed, struct zs_span *text,
                  struct zs_span *tag)
{
    size_t n = s->enctype->tag;

    if (sealed.n < BLOCK + n)
        return false;
    *text = zs_span(sealed.p, sealed.n - n);
    *tag = zs_span(sealed.p + text->n, n);
    return true;
}

bool zs_seal_open(struct zs_seal *s, struct zs_span sealed, uint8_t *out)
{
    static const uint8_t iv[BLOCK];
    struct zs_span text, tag;

    if (!split(s, sealed, &text, &tag))
        return false;
    /* RFC 8009: H = HMAC(Ki, IV | C): asked before anything is decrypted. */
    if (s->enctype->mac_of_cipher)
        return zs_mac_holds(&s->integrity, zs_span(iv, BLOCK), text, tag) && decrypt(s, text, out);
    bool holds = decrypt(s, text, out) &&
                 zs_mac_holds(&s->integrity, zs_span(out, text.n), zs_span(NULL, 0), tag);
    return zs_seal_end(s, sealed, out, holds);
}

bool zs_seal_begin(struct zs_seal *s, struct zs_span sealed, uint8_t *out,
                   struct zs_mac_check *check)
{
    struct zs_span text, tag, over;

    if (!split(s, sealed, &text, &tag))
        return false;
    if (s->enctype->mac_of_cipher) { /* IV | C; no checksum is shorter than an IV */
        memset(out, 0, BLOCK);
        memcpy(out + BLOCK, text.p, text.n);
        over = zs_span(out, BLOCK + text.n);
    } else if (decrypt(s, text, out)) {
        over = zs_span(out, text.n);
    } else {
        return false;
    }
    *check = (struct zs_mac_check){.mac = &s->integrity, .text = over, .tag = tag};
    return true;
}

bool zs_seal_end(struct zs_seal *s, struct zs_span sealed, uint8_t *out, bool holds)
{
    struct zs_span text = zs_span(sealed.p, sealed.n - s->enctype->tag);

    if (holds && s->enctype->mac_of_cipher)
        holds = decrypt(s, text, out);
    if (!holds)
        explicit_bzero(out, text.n);
    return holds;
}

/* libgcrypt's handle goes both ways. */
static bool encrypt(struct zs_seal *s, uint8_t *text, size_t n)
{
    return !gcry_cipher_setiv(s->cipher, NULL, 0) &&
           !gcry_cipher_encrypt(s->cipher, text, n, NULL, 0);
}

bool zs_seal_close(struct zs_seal *s, uint8_t *text, size_t n)
{
    static const uint8_t iv[BLOCK];
    struct zs_span all = zs_span(text, n);

    /* RFC 8009: H = HMAC(Ki, IV | C); the others: of the plaintext, before it is gone. */
    if (s->enctype->mac_of_cipher)
        return encrypt(s, text, n) && zs_mac_make(&s->integrity, zs_span(iv, BLOCK), all, text + n);
    return zs_mac_make(&s->integrity, all, zs_span(NULL, 0), text + n) && encrypt(s, text, n);
}

static struct zs_mac *new_checksum(const struct zs_seal *s)
{
    struct zs_mac *m = zs_vault_new(sizeof *m);

    if (open_mac(m, s, 0x99)) {
        zs_key_wipe_stack();
        return m;
    }
    zs_mac_clear(m);
    zs_vault_free(m);
    return NULL;
}

static struct zs_mac *checksum_of(struct zs_seal *s)
{
    if (!s->checksum)
        s->checksum = new_checksum(s);
    return s->checksum;
}

bool zs_seal_sign(struct zs_seal *s, struct zs_span a, struct zs_span b, uint8_t *tag)
{
    struct zs_mac *m = checksum_of(s);
    return m && zs_mac_make(m, a, b, tag);
}

bool zs_seal_check(struct zs_seal *s, struct zs_span a, struct zs_span b, struct zs_span tag)
{
    struct zs_mac *m = checksum_of(s);
    return m && zs_mac_holds(m, a, b, tag);
}
