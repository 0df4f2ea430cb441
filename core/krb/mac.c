/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Keyed checksums through libgcrypt: RFC 2104, RFC 4493. HMAC is written out over libgcrypt's plain hash, for its own
 * HMAC allocates with every text that it ends. */
#include "core/krb/mac.h"

enum { DIGEST_MAX = 64 };

bool zs_mac_init(struct zs_mac *m, const struct zs_enctype *e, const uint8_t *key)
{
    *m = (struct zs_mac){.enctype = e};
    if (!e->hash)
        return !gcry_mac_open(&m->cmac, e->mac, GCRY_MAC_FLAG_SECURE, NULL) &&
               !gcry_mac_setkey(m->cmac, key, e->mac_key);
    /* Keys are shorter than a block of the hash: zeros make them up. */
    for (size_t i = 0; i < e->hash_block; i++) {
        uint8_t k = i < e->mac_key ? key[i] : 0;
        m->inner[i] = k ^ 0x36;
        m->outer[i] = k ^ 0x5c;
    }
    return true;
}

/* libgcrypt wipes a handle as it closes it. */
void zs_mac_clear(struct zs_mac *m)
{
    gcry_mac_close(m->cmac);
    explicit_bzero(m, sizeof *m);
}

static gcry_buffer_t buffer(const void *p, size_t n)
{
    return (gcry_buffer_t){.len = n, .data = (void *)p};
}

/* RFC 2104: H(K ^ opad, H(K ^ ipad, a | b)) */
static bool hmac(const struct zs_mac *m, struct zs_span a, struct zs_span b, uint8_t *digest)
{
    const struct zs_enctype *e = m->enctype;
    uint8_t within[DIGEST_MAX];
    gcry_buffer_t inner[] = {buffer(m->inner, e->hash_block), buffer(a.p, a.n), buffer(b.p, b.n)};
    gcry_buffer_t outer[] = {buffer(m->outer, e->hash_block), buffer(within, e->mac_size)};

    return !gcry_md_hash_buffers(e->hash, 0, within, inner, b.n ? 3 : 2) &&
           !gcry_md_hash_buffers(e->hash, 0, digest, outer, 2);
}

/* libgcrypt: a CMAC refuses to be given nothing. */
static bool feed(gcry_mac_hd_t h, struct zs_span s)
{
    return s.n == 0 || !gcry_mac_write(h, s.p, s.n);
}

static bool cmac(const struct zs_mac *m, struct zs_span a, struct zs_span b, uint8_t *digest)
{
    size_t n = m->enctype->mac_size;

    return !gcry_mac_reset(m->cmac) && feed(m->cmac, a) && feed(m->cmac, b) &&
           !gcry_mac_read(m->cmac, digest, &n);
}

static bool digest_of(const struct zs_mac *m, struct zs_span a, struct zs_span b, uint8_t *digest)
{
    return m->enctype->hash ? hmac(m, a, b, digest) : cmac(m, a, b, digest);
}

bool zs_mac_make(const struct zs_mac *m, struct zs_span a, struct zs_span b, uint8_t *tag)
{
    uint8_t digest[DIGEST_MAX];

    if (!digest_of(m, a, b, digest))
        return false;
    memcpy(tag, digest, m->enctype->tag);
    return true;
}

/* Compared in a time that does not tell where they differ. */
bool zs_mac_holds(const struct zs_mac *m, struct zs_span a, struct zs_span b, struct zs_span tag)
{
    uint8_t digest[DIGEST_MAX];
    unsigned differ = 0;

    if (tag.n != m->enctype->tag || !digest_of(m, a, b, digest))
        return false;
    for (size_t i = 0; i < tag.n; i++)
        differ |= digest[i] ^ tag.p[i];
    return differ == 0;
}
