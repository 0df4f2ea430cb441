/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Per-message tokens from before RFC 4121: RFC 1964 1.2 with the DES3 algorithms that MIT gave it (checksum
 * HMAC-SHA1 with a key of RFC 3961, 6.3; text and sequence number by bare CBC), and RFC 4757 7.2 and 7.3.
 *
 * Limits: RFC 4757's 40-bit export keys and single DES are not opened. */
#include "core/krb/old.h"

#include "core/krb/enctype.h"
#include "core/krb/vault.h"

#include <krb5/krb5.h>

enum {
    BLOCK = 8,  /* of DES; and the confounder of both */
    HEADER = 8, /* TOK_ID, SGN_ALG, SEAL_ALG, filler */
    SND_SEQ = 8,
    SIGN_DES3 = 0x0400, /* as they stand on the wire, read big endian */
    SEAL_DES3 = 0x0200,
    SIGN_RC4 = 0x1100,
    SEAL_RC4 = 0x1000,
    SEAL_NONE = 0xffff,
    USAGE_SIGN = 23, /* MIT: KG_USAGE_SIGN, of the DES3 checksum */
    SALT_WRAP = 13,  /* RFC 4757, 7.3: T of a wrap token */
    SALT_MIC = 15,   /* 7.2 */
    HASH_BLOCK = 64, /* octets that MD5 and SHA-1 take at once */
    DIGEST_MAX = 20,
};

struct zs_old_seal {
    struct zs_key key;
    struct zs_key sign; /* DES3's checksums have one key, derived; RC4's a key for each token */
    bool rc4;
    gcry_cipher_hd_t cipher; /* DES3 in CBC, or RC4, whose key changes with each token */
    gcry_md_hd_t hash;       /* SHA-1 or MD5 */
    size_t digest;           /* octets that it gives */
};

bool zs_old_enctype(int32_t enctype)
{
    return enctype == ENCTYPE_DES3_CBC_SHA1 || enctype == ENCTYPE_ARCFOUR_HMAC;
}

/* RFC 3961, 6.3.1: seven octets become eight of seven bits and odd parity; the eighth takes the low bits. */
static void des_expand(const uint8_t in[7], uint8_t out[8])
{
    uint8_t last = 0;

    for (int i = 0; i < 7; i++) {
        out[i] = in[i];
        last |= (uint8_t)((in[i] & 1) << (i + 1));
    }
    out[7] = last;
    for (int i = 0; i < 8; i++) {
        unsigned ones = 0;
        for (int bit = 1; bit < 8; bit++)
            ones += out[i] >> bit & 1;
        out[i] = (uint8_t)((out[i] & 0xfe) | !(ones & 1));
    }
}

/* RFC 3961, 5.1 and 6.3.1: DK with 64-bit blocks, and DES3's random-to-key. */
static bool derive_des3(gcry_cipher_hd_t cbc, uint8_t out[24])
{
    static const uint8_t constant[5] = {0, 0, 0, USAGE_SIGN, 0x99};
    uint8_t block[BLOCK], raw[24];
    bool ok = true;

    zs_nfold(constant, sizeof constant, block, BLOCK);
    for (size_t done = 0; ok && done < sizeof raw; done += BLOCK) {
        ok = !gcry_cipher_setiv(cbc, NULL, 0) && !gcry_cipher_encrypt(cbc, block, BLOCK, NULL, 0);
        memcpy(raw + done, block, BLOCK);
    }
    for (size_t i = 0; i < 3; i++)
        des_expand(raw + 7 * i, out + 8 * i);
    explicit_bzero(block, sizeof block);
    explicit_bzero(raw, sizeof raw);
    return ok;
}

static bool init_des3(struct zs_old_seal *s)
{
    s->digest = 20;
    s->sign.n = 24;
    return s->key.n == 24 &&
           !gcry_cipher_open(&s->cipher, GCRY_CIPHER_3DES, GCRY_CIPHER_MODE_CBC,
                             GCRY_CIPHER_SECURE) &&
           !gcry_cipher_setkey(s->cipher, s->key.octets, s->key.n) &&
           derive_des3(s->cipher, s->sign.octets) &&
           !gcry_md_open(&s->hash, GCRY_MD_SHA1, GCRY_MD_FLAG_SECURE);
}

static bool init_rc4(struct zs_old_seal *s)
{
    s->digest = 16;
    return s->key.n == 16 &&
           !gcry_cipher_open(&s->cipher, GCRY_CIPHER_ARCFOUR, GCRY_CIPHER_MODE_STREAM,
                             GCRY_CIPHER_SECURE) &&
           !gcry_md_open(&s->hash, GCRY_MD_MD5, GCRY_MD_FLAG_SECURE);
}

struct zs_old_seal *zs_old_seal_new(const struct zs_key *key)
{
    if (!zs_old_enctype(key->enctype))
        return NULL;
    struct zs_old_seal *s = zs_vault_new(sizeof *s);
    s->key = *key;
    s->rc4 = key->enctype == ENCTYPE_ARCFOUR_HMAC;
    bool ok = s->rc4 ? init_rc4(s) : init_des3(s);
    zs_key_wipe_stack();
    if (ok)
        return s;
    zs_old_seal_free(s);
    return NULL;
}

void zs_old_seal_free(struct zs_old_seal *s)
{
    if (!s)
        return;
    gcry_cipher_close(s->cipher);
    gcry_md_close(s->hash);
    zs_vault_free(s);
}

/* The parts of a token as they stand on the wire. */
struct parts {
    const uint8_t *header; /* from TOK_ID on */
    uint16_t sign, seal;
    uint8_t salt;
    struct zs_span sequence, checksum, text; /* text: confounder, data, padding */
};

/* The header of either token; of a MIC, FF stands in place of SEAL_ALG (RFC 1964, 1.2.1). False: its filler is not FF,
 * or its checksum another key's. */
static bool read_header(const struct zs_old_seal *s, const struct zs_token *t, uint8_t salt,
                        struct zs_rd *rd, struct parts *p)
{
    p->header = t->inner.p - 2;
    p->salt = salt;
    p->sign = zs_rd_be16(rd);
    p->seal = zs_rd_be16(rd);
    uint16_t filler = zs_rd_be16(rd);
    return p->sign == (s->rc4 ? SIGN_RC4 : SIGN_DES3) && filler == 0xffff;
}

/* SND_SEQ and SGN_CKSUM, which stand behind the header. */
static void read_signature(const struct zs_old_seal *s, struct zs_rd *rd, struct parts *p)
{
    p->sequence = zs_rd_bytes(rd, SND_SEQ);
    p->checksum = zs_rd_bytes(rd, s->rc4 ? 8 : 20);
}

static enum zs_rc read_parts(const struct zs_old_seal *s, const struct zs_token *t, struct parts *p)
{
    struct zs_rd rd = zs_rd(t->inner);

    bool fits = read_header(s, t, SALT_WRAP, &rd, p) &&
                (p->seal == SEAL_NONE || p->seal == (s->rc4 ? SEAL_RC4 : SEAL_DES3));
    if (!rd.ran_out && !fits)
        return ZS_E_WRAP_HEADER; /* before its length is judged: that is the other algorithm's, too */
    read_signature(s, &rd, p);
    p->text = rd.left;
    if (rd.ran_out || p->text.n < BLOCK + 1)
        return ZS_E_WRAP_SHORT;
    return !s->rc4 && p->text.n % BLOCK ? ZS_E_WRAP_SHORT : ZS_OK;
}

/* K ^ ipad or K ^ opad goes first. */
static void begin_pass(struct zs_old_seal *s, struct zs_span key, uint8_t pad)
{
    uint8_t block[HASH_BLOCK];

    for (size_t i = 0; i < sizeof block; i++)
        block[i] = (uint8_t)((i < key.n ? key.p[i] : 0) ^ pad);
    gcry_md_reset(s->hash);
    gcry_md_write(s->hash, block, sizeof block);
    explicit_bzero(block, sizeof block);
}

/* RFC 2104: out = H(K ^ opad, H(K ^ ipad, a | b)), s->digest octets. Written out over the plain hash, for libgcrypt's
 * own HMAC allocates with every text that it ends. out may be key. */
static void hmac(struct zs_old_seal *s, struct zs_span key, struct zs_span a, struct zs_span b,
                 uint8_t *out)
{
    uint8_t within[DIGEST_MAX];

    begin_pass(s, key, 0x36);
    gcry_md_write(s->hash, a.p, a.n);
    gcry_md_write(s->hash, b.p, b.n);
    memcpy(within, gcry_md_read(s->hash, 0), s->digest);
    begin_pass(s, key, 0x5c);
    gcry_md_write(s->hash, within, s->digest);
    memcpy(out, gcry_md_read(s->hash, 0), s->digest);
    explicit_bzero(within, sizeof within); /* RC4 makes keys so */
}

/* out = HMAC-MD5(key, text), 16 octets. */
static void hmac_md5(struct zs_old_seal *s, const uint8_t *key, struct zs_span text,
                     uint8_t out[16])
{
    hmac(s, zs_span(key, 16), text, zs_span(NULL, 0), out);
}

static bool rc4(struct zs_old_seal *s, const uint8_t key[16], uint8_t *out, struct zs_span in)
{
    /* libgcrypt calls some keys weak; the peer chose this one. */
    gcry_cipher_setkey(s->cipher, key, 16);
    return !gcry_cipher_decrypt(s->cipher, out, in.n, in.p, in.n);
}

/* RFC 4757, 7.3: Kseq = HMAC(HMAC(K, 0), SGN_CKSUM); number and direction, big endian. */
static bool rc4_sequence(struct zs_old_seal *s, const struct parts *p, uint8_t out[SND_SEQ])
{
    static const uint8_t zero[4];
    uint8_t key[16];

    hmac_md5(s, s->key.octets, zs_span(zero, sizeof zero), key);
    hmac_md5(s, key, p->checksum, key);
    bool ok = rc4(s, key, out, p->sequence);
    explicit_bzero(key, sizeof key);
    return ok;
}

/* RFC 4757, 7.3: Kcrypt = HMAC(HMAC(K ^ F0…, 0), sequence number). */
static bool rc4_text(struct zs_old_seal *s, const struct parts *p, const uint8_t sequence[4],
                     uint8_t *buf)
{
    static const uint8_t zero[4];
    uint8_t key[16];

    for (size_t i = 0; i < sizeof key; i++)
        key[i] = s->key.octets[i] ^ 0xf0;
    hmac_md5(s, key, zs_span(zero, sizeof zero), key);
    hmac_md5(s, key, zs_span(sequence, 4), key);
    bool ok = rc4(s, key, buf, p->text);
    explicit_bzero(key, sizeof key);
    return ok;
}

/* RFC 4757, 7.3: HMAC(HMAC(K, "signaturekey\0"), MD5(T | header | confounder | data | padding)); 7.2: of a MIC the
 * same over the data alone. */
static void rc4_checksum(struct zs_old_seal *s, const struct parts *p, struct zs_span text,
                         uint8_t out[DIGEST_MAX])
{
    static const char label[] = "signaturekey";
    const uint8_t salt[4] = {p->salt}; /* low first */
    uint8_t key[16], digest[16];

    gcry_md_reset(s->hash);
    gcry_md_write(s->hash, salt, sizeof salt);
    gcry_md_write(s->hash, p->header, HEADER);
    gcry_md_write(s->hash, text.p, text.n);
    memcpy(digest, gcry_md_read(s->hash, 0), sizeof digest);
    hmac_md5(s, s->key.octets, zs_span(label, sizeof label), key);
    hmac_md5(s, key, zs_span(digest, sizeof digest), out);
    explicit_bzero(key, sizeof key);
}

static bool des3_cbc(struct zs_old_seal *s, const uint8_t *iv, uint8_t *out, struct zs_span in)
{
    return !gcry_cipher_setiv(s->cipher, iv, iv ? BLOCK : 0) &&
           !gcry_cipher_decrypt(s->cipher, out, in.n, in.p, in.n);
}

static bool decrypt_sequence(struct zs_old_seal *s, const struct parts *p, uint8_t out[SND_SEQ])
{
    return s->rc4 ? rc4_sequence(s, p, out) : des3_cbc(s, p->checksum.p, out, p->sequence);
}

/* Sequence number first: RC4's text key comes from it. */
static bool decrypt(struct zs_old_seal *s, const struct parts *p, uint8_t sequence[SND_SEQ],
                    uint8_t *buf)
{
    if (!decrypt_sequence(s, p, sequence))
        return false;
    if (p->seal == SEAL_NONE) {
        memcpy(buf, p->text.p, p->text.n);
        return true;
    }
    return s->rc4 ? rc4_text(s, p, sequence, buf) : des3_cbc(s, NULL, buf, p->text);
}

static bool checksum_holds(struct zs_old_seal *s, const struct parts *p, struct zs_span text)
{
    uint8_t sum[DIGEST_MAX];
    unsigned differ = 0;

    if (s->rc4)
        rc4_checksum(s, p, text, sum);
    else
        hmac(s, zs_span(s->sign.octets, s->sign.n), zs_span(p->header, HEADER), text, sum);
    for (size_t i = 0; i < p->checksum.n; i++)
        differ |= sum[i] ^ p->checksum.p[i];
    return differ == 0;
}

/* RFC 1964, 1.2.1.2: four octets of number, low first (RFC 4757: high first), four of direction. */
static uint32_t number_of(const struct zs_old_seal *s, const uint8_t q[SND_SEQ])
{
    return s->rc4 ? (uint32_t)q[0] << 24 | (uint32_t)q[1] << 16 | (uint32_t)q[2] << 8 | q[3]
                  : (uint32_t)q[3] << 24 | (uint32_t)q[2] << 16 | (uint32_t)q[1] << 8 | q[0];
}

/* RFC 1964, 1.2.1.2: 00 four times from the initiator, FF four times from the acceptor. No checksum is over SND_SEQ: an
 * octet altered there shows in nothing but this, for DES3 by its whole block. */
static bool is_direction(const uint8_t q[SND_SEQ], bool by_acceptor)
{
    static const uint8_t direction[2][4] = {{0, 0, 0, 0}, {0xff, 0xff, 0xff, 0xff}};

    return memcmp(q + 4, direction[by_acceptor], sizeof direction[by_acceptor]) == 0;
}

/* RFC 1964, 1.2.2.3: one to eight octets, each of which says how many there are. 0: they are not that. Whoever signed
 * them holds the key. MIT: looks at the last one alone, and takes any number that fits. */
static size_t padding_of(struct zs_span text)
{
    uint8_t n = text.p[text.n - 1];

    if (n > BLOCK || n > text.n - BLOCK)
        return 0;
    for (size_t i = 1; i <= n; i++)
        if (text.p[text.n - i] != n)
            return 0;
    return n;
}

enum zs_rc zs_old_open(struct zs_old_seal *s, const struct zs_token *t, uint8_t *buf,
                       struct zs_old_opened *o)
{
    uint8_t sequence[SND_SEQ];
    struct parts p;

    enum zs_rc rc = read_parts(s, t, &p);
    if (rc != ZS_OK)
        return rc;
    struct zs_span text = zs_span(buf, p.text.n);
    if (!decrypt(s, &p, sequence, buf) || !checksum_holds(s, &p, text)) {
        explicit_bzero(buf, p.text.n);
        return ZS_E_WRAP_CHECKSUM;
    }
    bool by_acceptor = is_direction(sequence, true);
    if (!by_acceptor && !is_direction(sequence, false))
        return ZS_E_WRAP_DIRECTION;
    size_t padding = padding_of(text);
    if (padding == 0)
        return ZS_E_WRAP_EC;
    *o = (struct zs_old_opened){
        .plain = zs_span(buf + BLOCK, text.n - BLOCK - padding),
        .confidential = p.seal != SEAL_NONE,
        .sent_by_acceptor = by_acceptor,
        .sequence = number_of(s, sequence),
    };
    return ZS_OK;
}

static bool read_mic(const struct zs_old_seal *s, const struct zs_token *t, struct parts *p)
{
    struct zs_rd rd = zs_rd(t->inner);

    bool fits = read_header(s, t, SALT_MIC, &rd, p) && p->seal == SEAL_NONE;
    read_signature(s, &rd, p);
    return fits && !rd.ran_out && rd.left.n == 0;
}

bool zs_old_mic_holds(struct zs_old_seal *s, const struct zs_token *t, struct zs_span text,
                      bool by_acceptor)
{
    uint8_t sequence[SND_SEQ];
    struct parts p;

    return read_mic(s, t, &p) && decrypt_sequence(s, &p, sequence) &&
           is_direction(sequence, by_acceptor) && checksum_holds(s, &p, text);
}
