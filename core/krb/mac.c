/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Keyed checksums: CMAC (RFC 4493) through libgcrypt; HMAC (RFC 2104) written out over the plain hashes of libgcrypt
 * and Nettle. Nettle's state behind a key block can be kept, which spares hashing that block again with each text;
 * libgcrypt hashes faster, but its own HMAC, which keeps states too, allocates with every text that it ends. So short
 * texts are Nettle's, and of long ones all but the last block. tests/bench/README.md has the figures. */
#include "core/krb/mac.h"

#include <nettle/version.h>

enum { DIGEST_MAX = 64 };

/* The state of the hash behind K ^ pad, that block too if wanted. */
static void past_key_block(const struct zs_enctype *e, const uint8_t *key, uint8_t pad,
                           uint8_t *block, union zs_hash_state *past)
{
    /* Keys are shorter than a block of the hash: zeros make them up. */
    for (size_t i = 0; i < e->hash_block; i++)
        block[i] = (uint8_t)((i < e->mac_key ? key[i] : 0) ^ pad);
    e->nettle->init(past);
    e->nettle->update(past, e->hash_block, block);
}

bool zs_mac_init(struct zs_mac *m, const struct zs_enctype *e, const uint8_t *key)
{
    uint8_t outer[ZS_HASH_BLOCK_MAX];

    *m = (struct zs_mac){.enctype = e};
    if (!e->hash)
        return !gcry_mac_open(&m->cmac, e->mac, GCRY_MAC_FLAG_SECURE, NULL) &&
               !gcry_mac_setkey(m->cmac, key, e->mac_key);
    past_key_block(e, key, 0x36, m->inner, &m->past_inner);
    past_key_block(e, key, 0x5c, outer, &m->past_outer);
    explicit_bzero(outer, sizeof outer);
    return true;
}

/* libgcrypt wipes a handle as it closes it. */
void zs_mac_clear(struct zs_mac *m)
{
    gcry_mac_close(m->cmac);
    explicit_bzero(m, sizeof *m);
}

/* Copied by its own length: a hash's state is half of the union. */
static void go_on(const struct zs_enctype *e, const union zs_hash_state *past,
                  union zs_hash_state *state)
{
    memcpy(state, past, e->nettle->context_size);
}

static void end_hash(const struct zs_enctype *e, union zs_hash_state *state, uint8_t *digest)
{
#if NETTLE_VERSION_MAJOR >= 4
    e->nettle->digest(state, digest);
#else
    e->nettle->digest(state, e->mac_size, digest);
#endif
}

static gcry_buffer_t buffer(const void *p, size_t n)
{
    return (gcry_buffer_t){.len = n, .data = (void *)p};
}

/* RFC 2104: H(K ^ ipad, a | b) */
static bool hash_inner(const struct zs_mac *m, struct zs_span a, struct zs_span b, uint8_t *within)
{
    const struct zs_enctype *e = m->enctype;

    if (a.n + b.n > e->nettle_most) {
        gcry_buffer_t all[] = {buffer(m->inner, e->hash_block), buffer(a.p, a.n), buffer(b.p, b.n)};
        return !gcry_md_hash_buffers(e->hash, 0, within, all, b.n ? 3 : 2);
    }
    union zs_hash_state state;
    go_on(e, &m->past_inner, &state);
    e->nettle->update(&state, a.n, a.p);
    if (b.n)
        e->nettle->update(&state, b.n, b.p);
    end_hash(e, &state, within);
    return true;
}

/* RFC 2104: H(K ^ opad, H(K ^ ipad, a | b)) */
static bool hmac(const struct zs_mac *m, struct zs_span a, struct zs_span b, uint8_t *digest)
{
    const struct zs_enctype *e = m->enctype;
    uint8_t within[DIGEST_MAX];
    union zs_hash_state state;

    if (!hash_inner(m, a, b, within))
        return false;
    go_on(e, &m->past_outer, &state);
    e->nettle->update(&state, e->mac_size, within);
    end_hash(e, &state, digest);
    return true;
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

bool zs_tag_equals(const uint8_t *made, struct zs_span tag)
{
    unsigned differ = 0;

    for (size_t i = 0; i < tag.n; i++)
        differ |= made[i] ^ tag.p[i];
    return differ == 0;
}

bool zs_mac_holds(const struct zs_mac *m, struct zs_span a, struct zs_span b, struct zs_span tag)
{
    uint8_t digest[DIGEST_MAX];

    return tag.n == m->enctype->tag && digest_of(m, a, b, digest) && zs_tag_equals(digest, tag);
}

void zs_mac_check(struct zs_mac_check *c)
{
    c->holds = zs_mac_holds(c->mac, c->text, zs_span(NULL, 0), c->tag);
}
