/* SPDX-License-Identifier: GPL-2.0-or-later */
/* HMAC (RFC 2104) of many texts by intel-ipsec-mb's bursts, which take the two states that zs_mac keeps: those of the
 * hash behind K ^ ipad and behind K ^ opad.
 *
 * Limits: CMAC is made one by one. */
#include "core/krb/multibuffer.h"

#include "core/krb/vault.h"

#include <intel-ipsec-mb.h>

/* A lane is about a quarter as fast as the processor's own instructions for SHA-1: so many must be in use all along. */
enum { LANES_PAY = 5, ALIGNED = 64 };

struct zs_multibuffer {
    void *memory; /* the library's, in the vault, for lanes hold states of keys */
    IMB_MGR *manager;
    unsigned lanes;
};

static unsigned lanes_of(IMB_ARCH arch)
{
    return arch >= IMB_ARCH_AVX512 ? 16 : arch >= IMB_ARCH_AVX2 ? 8 : 0;
}

struct zs_multibuffer *zs_multibuffer_new(void)
{
    struct zs_multibuffer *m = zs_vault_new(sizeof *m);
    IMB_ARCH arch = IMB_ARCH_NONE;

    m->memory = zs_vault_new(imb_get_mb_mgr_size() + ALIGNED);
    size_t off = (uintptr_t)m->memory % ALIGNED;
    m->manager = imb_set_pointers_mb_mgr((uint8_t *)m->memory + (off ? ALIGNED - off : 0), 0, 1);
    if (m->manager)
        init_mb_mgr_auto(m->manager, &arch);
    m->lanes = lanes_of(arch);
    if (m->lanes && imb_get_errno(m->manager) == 0)
        return m;
    zs_multibuffer_free(m);
    return NULL;
}

void zs_multibuffer_free(struct zs_multibuffer *m)
{
    if (!m)
        return;
    zs_vault_free(m->memory);
    zs_vault_free(m);
}

unsigned zs_multibuffer_lanes(const struct zs_multibuffer *m)
{
    return m->lanes;
}

/* A hash as the library names it, and where its states keep their words. */
struct hash {
    IMB_HASH_ALG alg;
    int gcrypt;
};
static const struct hash hashes[] = {{IMB_AUTH_HMAC_SHA_1, GCRY_MD_SHA1},
                                     {IMB_AUTH_HMAC_SHA_256, GCRY_MD_SHA256},
                                     {IMB_AUTH_HMAC_SHA_384, GCRY_MD_SHA384}};

static const uint8_t *words(const union zs_hash_state *s, IMB_HASH_ALG alg)
{
    switch (alg) {
    case IMB_AUTH_HMAC_SHA_1:
        return (const uint8_t *)s->sha1.state;
    case IMB_AUTH_HMAC_SHA_256:
        return (const uint8_t *)s->sha256.state;
    default:
        return (const uint8_t *)s->sha512.state;
    }
}

static IMB_JOB job_of(const struct zs_mac_check *c, IMB_HASH_ALG alg, uint8_t *digest)
{
    return (IMB_JOB){
        .cipher_mode = IMB_CIPHER_NULL,
        .cipher_direction = IMB_DIR_DECRYPT,
        .chain_order = IMB_ORDER_HASH_CIPHER,
        .hash_alg = alg,
        .src = c->text.p,
        .msg_len_to_hash_in_bytes = c->text.n,
        .auth_tag_output = digest,
        .auth_tag_output_len_in_bytes = c->mac->enctype->tag,
        .u.HMAC = {._hashed_auth_key_xor_ipad = words(&c->mac->past_inner, alg),
                   ._hashed_auth_key_xor_opad = words(&c->mac->past_outer, alg)},
    };
}

/* Do lanes gain? The longest text decides how long it takes. */
static bool pays(struct zs_mac_check *const *some, size_t n)
{
    size_t longest = 1, all = 0;

    for (size_t i = 0; i < n; i++) {
        longest = some[i]->text.n > longest ? some[i]->text.n : longest;
        all += some[i]->text.n;
    }
    return all / LANES_PAY >= longest;
}

/* All of one hash. False: the library refused, and nothing is known. */
static bool burst(struct zs_multibuffer *m, struct zs_mac_check *const *some, size_t n,
                  IMB_HASH_ALG alg)
{
    uint8_t digests[ZS_MULTIBUFFER_MOST][ZS_TAG_MAX];
    IMB_JOB jobs[ZS_MULTIBUFFER_MOST];

    for (size_t i = 0; i < n; i++)
        jobs[i] = job_of(some[i], alg, digests[i]);
    bool done = IMB_SUBMIT_HASH_BURST(m->manager, jobs, (uint32_t)n, alg) == n;
    for (size_t i = 0; done && i < n; i++) {
        bool whole =
            jobs[i].status == IMB_STATUS_COMPLETED && some[i]->tag.n == some[i]->mac->enctype->tag;
        some[i]->holds = whole && zs_tag_equals(digests[i], some[i]->tag);
    }
    return done;
}

void zs_multibuffer_check(struct zs_multibuffer *m, struct zs_mac_check *checks, size_t n)
{
    struct zs_mac_check *some[ZS_MULTIBUFFER_MOST];
    bool checked[ZS_MULTIBUFFER_MOST] = {0};

    for (size_t h = 0; h < sizeof hashes / sizeof hashes[0]; h++) {
        size_t count = 0;
        for (size_t i = 0; i < n; i++)
            if (checks[i].mac->enctype->hash == hashes[h].gcrypt)
                some[count++] = &checks[i];
        if (!pays(some, count) || !burst(m, some, count, hashes[h].alg))
            continue;
        for (size_t i = 0; i < count; i++)
            checked[some[i] - checks] = true;
    }
    for (size_t i = 0; i < n; i++)
        if (!checked[i])
            zs_mac_check(&checks[i]);
}
