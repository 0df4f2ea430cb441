/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Tokens of RFC 1964 with des3-cbc-sha1 and of RFC 4757 with arcfour-hmac, forged: what opens, at every length, from
 * either side; and each way to be wrong. */
#include "core/krb/old.h"

#include "core/krb/init.h"
#include "tests/core/krb/forge.h"
#include "tests/harness/guard.h"

enum {
    FRAMING = 13, /* octets before the token id of one that is shorter than 128 */
    HEADER = 8,   /* with the token id */
    SND_SEQ = 8,
    CONFOUNDER = 8,
    BLOCK = 8, /* of DES3 */
};

enum { DES3, RC4, KINDS };
static const int32_t enctypes[KINDS] = {16, 23};
static const size_t checksum[KINDS] = {20, 8}; /* octets */

static uint8_t text[70000];
/* Of forge_init(), made once: no test can change them. */
static struct forge peers[KINDS];
static struct zs_context *fixed[KINDS];

/* What every peer takes: 37 octets from the initiator, or from the acceptor. */
static struct forge_old good(int kind, bool by_acceptor, bool sealed)
{
    struct forge_old w;

    forge_old_init(&w, &peers[kind].acceptor_subkey, by_acceptor, sealed, zs_span(text, 37));
    return w;
}

static enum zs_rc unwrap(const struct zs_context *c, const struct forge_old *w,
                         struct zs_unwrapped *u)
{
    GByteArray *token = forge_old_wrap(w);
    enum zs_rc rc = forge_unwrap(c, span_of(token), w->text, u);

    g_byte_array_unref(token);
    return rc;
}

/* w does not open, and this is why. */
static void refused(const struct zs_context *c, const struct forge_old *w, enum zs_rc why)
{
    struct zs_unwrapped u;

    g_assert_cmpint(unwrap(c, w, &u), ==, why);
}

/* w opens, and is what w says. */
static void opens(const struct zs_context *c, const struct forge_old *w)
{
    struct zs_unwrapped u;

    g_assert_cmpint(unwrap(c, w, &u), ==, ZS_OK);
    g_assert_true(u.confidential == w->sealed);
    g_assert_true(u.sent_by_acceptor == (w->direction[0] == 0xff));
    g_assert_cmpuint(u.sequence, ==, w->sequence);
    g_assert_true(u.acceptor_subkey);
    g_assert_cmpint(u.key, ==, ZS_SUBKEY_ACCEPTOR);
    g_assert_cmpuint(u.ec + u.rrc, ==, 0);
}

/* Runs body for each enctype, side and protection: 8 in all. */
static void for_each(void (*body)(int kind, struct forge_old w))
{
    for (int kind = 0; kind < KINDS; kind++)
        for (int by_acceptor = 0; by_acceptor < 2; by_acceptor++)
            for (int sealed = 0; sealed < 2; sealed++)
                body(kind, good(kind, by_acceptor, sealed));
}

static void length_opens(int kind, struct forge_old like)
{
    static const size_t long_ones[] = {255, 256, 4095, 4096, 65535, 65536, sizeof text};

    for (size_t i = 0; i <= 40 + G_N_ELEMENTS(long_ones); i++) {
        struct forge_old w;
        size_t n = i <= 40 ? i : long_ones[i - 41];
        forge_old_init(&w, &like.key, like.direction[0], like.sealed, zs_span(text, n));
        w.sequence = UINT32_MAX - (uint32_t)i;
        memset(w.confounder, (int)i, sizeof w.confounder);
        opens(fixed[kind], &w);
    }
}

static void every_length_opens(void)
{
    for_each(length_opens);
}

static void any_number_and_order_opens(void)
{
    static const uint32_t numbers[] = {7,          0,       0x01020304, 0x01020304, 255, 256,
                                       UINT32_MAX, 1 << 24, 0x80000000, 1,          7};

    for (size_t i = 0; i < G_N_ELEMENTS(numbers); i++)
        for (int kind = 0; kind < KINDS; kind++) {
            struct forge_old w = good(kind, i % 2, i % 3 != 0);
            w.sequence = numbers[i];
            opens(fixed[kind], &w);
        }
}

/* What an octet altered at i, counted from the token id, must come to. The number of RC4's is enciphered octet by octet
 * and no checksum is over it (RFC 4757, 7.3), but sealed text has its key from it; DES3 enciphers number and direction
 * as one block, and no checksum is over that either (RFC 1964, 1.2.1.2). */
static enum zs_rc altered(int kind, bool sealed, size_t i)
{
    if (i < 2)
        return ZS_E_CFX_HEADER;
    if (i < HEADER)
        return ZS_E_WRAP_HEADER;
    if (i >= HEADER + SND_SEQ)
        return ZS_E_WRAP_CHECKSUM;
    if (kind == RC4 && i < HEADER + SND_SEQ / 2)
        return sealed ? ZS_E_WRAP_CHECKSUM : ZS_OK;
    return ZS_E_WRAP_DIRECTION;
}

static void octets_are_found(int kind, struct forge_old w)
{
    GByteArray *token = forge_old_wrap(&w);

    for (size_t i = 0; i < token->len; i++)
        for (int bit = 0; bit < 8; bit++) {
            struct zs_unwrapped u;
            struct zs_token t;
            token->data[i] ^= (uint8_t)(1 << bit);
            enum zs_rc rc = forge_unwrap(fixed[kind], span_of(token), w.text, &u);
            /* One bit makes Microsoft's OID of Kerberos' own: the same mechanism. */
            bool framed = zs_token_parse(span_of(token), &t) == ZS_OK && t.mech == ZS_MECH_KRB5_MS;
            token->data[i] ^= (uint8_t)(1 << bit);
            if (i >= FRAMING)
                g_assert_cmpint(rc, ==, altered(kind, w.sealed, i - FRAMING));
            else
                g_assert_cmpint(rc, ==, framed ? ZS_OK : ZS_E_CFX_HEADER);
            if (i >= FRAMING && rc == ZS_OK)
                g_assert_cmpuint(u.sequence, !=, w.sequence);
        }
    g_byte_array_unref(token);
}

static void each_altered_octet_is_found(void)
{
    for_each(octets_are_found);
}

/* The framing counts what is left of the token, down to its id. */
static void cuts_are_found(int kind, struct forge_old w)
{
    size_t whole = HEADER + SND_SEQ + checksum[kind] + CONFOUNDER + w.text.n + w.padding.n;
    size_t least = HEADER + SND_SEQ + checksum[kind] + CONFOUNDER + 1;

    for (w.cut = 1; w.cut <= whole - 2; w.cut++) {
        bool blocks = kind == RC4 || w.cut % BLOCK == 0;
        refused(fixed[kind], &w,
                whole - w.cut < least || !blocks ? ZS_E_WRAP_SHORT : ZS_E_WRAP_CHECKSUM);
    }
    w.cut = 0;
    for (w.zeros = 1; w.zeros <= 20; w.zeros++) {
        bool blocks = kind == RC4 || w.zeros % BLOCK == 0;
        refused(fixed[kind], &w, blocks ? ZS_E_WRAP_CHECKSUM : ZS_E_WRAP_SHORT);
    }
}

/* … and here it still counts the whole one. */
static void cuts_of_the_framing_are_found(int kind, struct forge_old w)
{
    GByteArray *token = forge_old_wrap(&w);
    struct zs_unwrapped u;

    for (size_t n = 0; n < token->len; n++)
        g_assert_cmpint(forge_unwrap(fixed[kind], zs_span(token->data, n), w.text, &u), ==,
                        n < 16 ? ZS_E_WRAP_SHORT : ZS_E_CFX_HEADER);
    g_byte_array_append(token, (const uint8_t *)"", 1);
    g_assert_cmpint(forge_unwrap(fixed[kind], span_of(token), w.text, &u), ==, ZS_E_CFX_HEADER);
    g_byte_array_unref(token);
}

static void cut_or_prolonged_is_found(void)
{
    for_each(cuts_are_found);
    for_each(cuts_of_the_framing_are_found);
}

/* Signed as it stands, by who holds the key: algorithms of another key, of none, and a filler that is none. */
static void wrong_header(int kind, struct forge_old w)
{
    static const uint16_t signs[] = {0x0000, 0x0100, 0x0200, 0x0300, 0x0400,
                                     0x0004, 0x1100, 0x0011, 0xffff};
    static const uint16_t seals[] = {0x0000, 0x0100, 0x0200, 0x0002, 0x1000, 0x0010, 0xff00};
    static const uint16_t fillers[] = {0x0000, 0x00ff, 0xff00, 0xfffe};
    struct forge_old other = w;

    for (size_t i = 0; i < G_N_ELEMENTS(signs); i++) {
        other.sign_alg = signs[i];
        if (signs[i] != w.sign_alg)
            refused(fixed[kind], &other, ZS_E_WRAP_HEADER);
    }
    other = w;
    for (size_t i = 0; i < G_N_ELEMENTS(seals); i++) {
        other.seal_alg = seals[i];
        if (seals[i] != good(kind, false, true).seal_alg)
            refused(fixed[kind], &other, ZS_E_WRAP_HEADER);
    }
    other = w;
    for (size_t i = 0; i < G_N_ELEMENTS(fillers); i++) {
        other.filler = fillers[i];
        refused(fixed[kind], &other, ZS_E_WRAP_HEADER);
    }
}

static void wrong_header_is_found(void)
{
    for_each(wrong_header);
}

/* Said to be sealed and is not; the other way round; and another header under the checksum. */
static void header_is_signed(int kind, struct forge_old w)
{
    struct forge_old other = w;

    other.seal_alg = good(kind, false, !w.sealed).seal_alg;
    refused(fixed[kind], &other, ZS_E_WRAP_CHECKSUM);
    other = w;
    other.other_header = true;
    for (size_t i = 0; i < HEADER; i++) {
        uint8_t header[HEADER] = {2,
                                  1,
                                  (uint8_t)(w.sign_alg >> 8),
                                  (uint8_t)w.sign_alg,
                                  (uint8_t)(w.seal_alg >> 8),
                                  (uint8_t)w.seal_alg,
                                  0xff,
                                  0xff};
        memcpy(other.signed_header, header, HEADER);
        opens(fixed[kind], &other);
        other.signed_header[i] ^= 0x80;
        refused(fixed[kind], &other, ZS_E_WRAP_CHECKSUM);
    }
}

static void header_is_under_the_checksum(void)
{
    for_each(header_is_signed);
}

/* MIT's kg_get_seq_num() wants four equal octets, and its peers 00 or FF. */
static void directions_are_judged(int kind, struct forge_old w)
{
    struct forge_old other = w;

    for (unsigned octet = 1; octet < 0xff; octet++) {
        memset(other.direction, (int)octet, sizeof other.direction);
        refused(fixed[kind], &other, ZS_E_WRAP_DIRECTION);
    }
    for (unsigned set = 0; set < 16; set++) {
        for (unsigned i = 0; i < 4; i++)
            other.direction[i] = set >> i & 1 ? 0xff : 0;
        if (set == 0 || set == 15)
            opens(fixed[kind], &other);
        else
            refused(fixed[kind], &other, ZS_E_WRAP_DIRECTION);
    }
}

static void direction_is_four_equal_octets(void)
{
    for_each(directions_are_judged);
}

/* Padding of n octets that all are value, behind a text with which DES3's blocks come out. */
static struct forge_old padded(int kind, const struct forge_old *like, size_t n, int value)
{
    static uint8_t padding[255];
    struct forge_old w = *like;

    memset(padding, value, sizeof padding);
    w.padding = zs_span(padding, n);
    w.text = zs_span(text, kind == DES3 ? 320 - n : 37);
    return w;
}

/* One to eight octets that say how many they are; RFC 4757's is one, but its text has no blocks. */
static void paddings_are_judged(int kind, struct forge_old like)
{
    for (size_t n = 1; n < 256; n++) {
        struct forge_old w = padded(kind, &like, n, (int)n);
        if (n <= BLOCK)
            opens(fixed[kind], &w);
        else
            refused(fixed[kind], &w, ZS_E_WRAP_EC);
    }
    for (size_t n = 2; n <= BLOCK; n++)
        for (size_t i = 0; i + 1 < n; i++) {
            struct forge_old w = padded(kind, &like, n, (int)n);
            uint8_t octets[BLOCK];
            memset(octets, (int)n, n);
            octets[i] ^= 0x40;
            w.padding = zs_span(octets, n);
            refused(fixed[kind], &w, ZS_E_WRAP_EC);
        }
    for (int value = 0; value < 256; value++) {
        struct forge_old w = padded(kind, &like, BLOCK, value);
        w.padding.n = 1;
        w.text.n = kind == DES3 ? 319 : 37;
        w.text.p = text + 1; /* ends in what is no padding */
        if (value == 1)
            opens(fixed[kind], &w);
        else
            refused(fixed[kind], &w, ZS_E_WRAP_EC);
    }
}

static void padding_says_its_count(void)
{
    for_each(paddings_are_judged);
}

/* Padding that would take octets of the confounder. DES3's shortest body is two blocks, RC4's nine octets; there must
 * be one of padding, although there need be no text. */
static void padding_larger_than_the_text(int kind, struct forge_old w)
{
    static const uint8_t ones[] = {8, 8, 8, 8, 8, 8, 8, 8}, nines[] = {9, 9, 9, 9, 9, 9, 9, 9};

    w.text.n = 0;
    memset(w.confounder, 9, sizeof w.confounder);
    w.padding = zs_span(nines, sizeof nines);
    refused(fixed[kind], &w, ZS_E_WRAP_EC);
    memset(w.confounder, 8, sizeof w.confounder);
    w.padding = zs_span(ones, sizeof ones);
    opens(fixed[kind], &w);
    for (w.padding.n = 0; w.padding.n < sizeof ones; w.padding.n++)
        refused(fixed[kind], &w, w.padding.n == 0 || kind == DES3 ? ZS_E_WRAP_SHORT : ZS_E_WRAP_EC);
}

static void padding_larger_than_the_text_is_found(void)
{
    for_each(padding_larger_than_the_text);
}

static void wrong_keys(int kind, struct forge_old w)
{
    w.key = peers[kind].initiator_subkey;
    refused(fixed[kind], &w, ZS_E_WRAP_CHECKSUM);
    w.key = peers[kind].session_key;
    refused(fixed[kind], &w, ZS_E_WRAP_CHECKSUM);
    w.key = peers[kind].acceptor_subkey;
    w.key.octets[7] ^= 6; /* two bits: DES' parity holds */
    refused(fixed[kind], &w, ZS_E_WRAP_CHECKSUM);
    /* another enctype's, of which an empty one may be shorter than any of this */
    w = good(kind, w.direction[0], w.sealed);
    refused(fixed[!kind], &w, ZS_E_WRAP_HEADER);
    w.text.n = 0;
    refused(fixed[!kind], &w, ZS_E_WRAP_HEADER);
}

static void wrong_key_opens_nothing(void)
{
    struct forge f;

    for_each(wrong_keys);
    forge_init(&f, 18);
    struct zs_context *aes = forge_observe(&f);
    for (int kind = 0; kind < KINDS; kind++) {
        struct forge_old w = good(kind, true, true);
        refused(aes, &w, ZS_E_CFX_HEADER);
    }
    zs_context_free(aes);
}

/* Old tokens have no flag that names a key: the acceptor's subkey is the one if there is any, then the initiator's,
 * then the session key. */
static void key_is_the_best_one(void)
{
    for (int kind = 0; kind < KINDS; kind++)
        for (int subkeys = 0; subkeys < 2; subkeys++) {
            struct forge f = peers[kind];
            struct zs_unwrapped u;
            f.acceptor_subkey.enctype = 0;
            f.initiator_subkey.enctype *= subkeys;
            struct zs_context *c = forge_observe(&f);
            struct forge_old w = good(kind, true, true);
            w.key = subkeys ? peers[kind].initiator_subkey : f.session_key;
            g_assert_cmpint(unwrap(c, &w, &u), ==, ZS_OK);
            g_assert_cmpint(u.key, ==, subkeys ? ZS_SUBKEY_INITIATOR : ZS_SUBKEY_SESSION);
            g_assert_false(u.acceptor_subkey);
            zs_context_free(c);
        }
}

static void too_little_room_is_refused(void)
{
    static uint8_t buf[200];

    for (int kind = 0; kind < KINDS; kind++) {
        struct forge_old w = good(kind, false, true);
        GByteArray *token = forge_old_wrap(&w);
        struct zs_unwrapped u = {.sequence = 4711};
        size_t enough = token->len - FRAMING - 2;
        for (size_t room = 0; room < enough; room++)
            g_assert_cmpint(zs_context_unwrap(fixed[kind], span_of(token), buf, room, &u), ==,
                            ZS_E_WRAP_SHORT);
        g_assert_cmpuint(u.sequence, ==, 4711);
        g_assert_cmpint(zs_context_unwrap(fixed[kind], span_of(token), buf, enough, &u), ==, ZS_OK);
        g_byte_array_unref(token);
    }
}

/* Does a MIC hold over a text, both of which end where memory ends? */
static bool mic_holds(int kind, struct zs_span token, struct zs_span over, bool by_acceptor)
{
    uint8_t *mic = zs_guard_copy(token.p, token.n), *copy = zs_guard_copy(over.p, over.n);
    bool holds;

    bool known = zs_context_check_mic(fixed[kind], zs_span(mic, token.n), zs_span(copy, over.n),
                                      by_acceptor, &holds);
    g_assert_true(known);
    zs_guard_free(mic, token.n);
    zs_guard_free(copy, over.n);
    return holds;
}

static bool forged_mic_holds(int kind, const struct forge_old *w, bool by_acceptor)
{
    GByteArray *token = forge_old_mic(w);
    bool holds = mic_holds(kind, span_of(token), w->text, by_acceptor);

    g_byte_array_unref(token);
    return holds;
}

static void mic_holds_over_every_length(void)
{
    for (int kind = 0; kind < KINDS; kind++)
        for (size_t n = 0; n <= sizeof text; n += n < 70 ? 1 : 13986)
            for (int by_acceptor = 0; by_acceptor < 2; by_acceptor++) {
                struct forge_old w = good(kind, by_acceptor, false);
                w.text = zs_span(text, n);
                w.sequence = (uint32_t)n;
                g_assert_true(forged_mic_holds(kind, &w, by_acceptor));
                g_assert_false(forged_mic_holds(kind, &w, !by_acceptor));
            }
}

/* But for RC4's number: RFC 4757, 7.2 signs it no more than 7.3 does. */
static void altered_mic_is_found(void)
{
    for (int kind = 0; kind < KINDS; kind++) {
        struct forge_old w = good(kind, true, false);
        GByteArray *token = forge_old_mic(&w);
        for (size_t i = FRAMING; i < token->len; i++)
            for (int bit = 0; bit < 8; bit++) {
                bool number = i >= FRAMING + HEADER && i < FRAMING + HEADER + SND_SEQ / 2;
                token->data[i] ^= (uint8_t)(1 << bit);
                g_assert_true(mic_holds(kind, span_of(token), w.text, true) ==
                              (kind == RC4 && number));
                token->data[i] ^= (uint8_t)(1 << bit);
            }
        for (size_t n = 0; n < token->len; n++)
            g_assert_false(mic_holds(kind, zs_span(token->data, n), w.text, true));
        g_assert_false(mic_holds(kind, span_of(token), zs_span(text, 36), true));
        g_assert_false(mic_holds(kind, span_of(token), zs_span(text, 38), true));
        g_assert_false(mic_holds(kind, span_of(token), zs_span(text + 1, 37), true));
        g_byte_array_unref(token);
    }
}

/* What its signer got wrong. SEAL_ALG's place and the filler's are FF FF FF FF. */
static void wrong_mic_is_found(void)
{
    for (int kind = 0; kind < KINDS; kind++) {
        const struct forge_old fine = good(kind, true, false);
        struct forge_old w = fine;
        g_assert_true(forged_mic_holds(kind, &w, true));
        w.sign_alg = good(!kind, true, false).sign_alg;
        g_assert_false(forged_mic_holds(kind, &w, true));
        w = good(kind, true, true); /* SEAL_ALG of a sealed token */
        g_assert_false(forged_mic_holds(kind, &w, true));
        w = fine;
        w.filler = 0xfffe;
        g_assert_false(forged_mic_holds(kind, &w, true));
        w = fine;
        w.other_header = true; /* all zeros */
        g_assert_false(forged_mic_holds(kind, &w, true));
        w = fine;
        w.key = peers[kind].initiator_subkey;
        g_assert_false(forged_mic_holds(kind, &w, true));
        for (unsigned set = 0; set < 15; set++) {
            w = fine;
            for (unsigned i = 0; i < 4; i++)
                w.direction[i] = set >> i & 1 ? 0xff : 0;
            g_assert_false(forged_mic_holds(kind, &w, true));
            g_assert_true(forged_mic_holds(kind, &w, false) == (set == 0));
        }
        for (w = fine, w.cut = 1; w.cut < HEADER + SND_SEQ + checksum[kind] - 2; w.cut++)
            g_assert_false(forged_mic_holds(kind, &w, true));
        for (w = fine, w.zeros = 1; w.zeros < 10; w.zeros++)
            g_assert_false(forged_mic_holds(kind, &w, true));
    }
}

/* Neither kind passes for the other, with the other's id or with its own. */
static void mic_is_no_wrap_token(void)
{
    for (int kind = 0; kind < KINDS; kind++) {
        struct forge_old w = good(kind, true, false);
        GByteArray *wrap = forge_old_wrap(&w), *mic = forge_old_mic(&w);
        struct zs_unwrapped u;
        g_assert_cmpint(forge_unwrap(fixed[kind], span_of(mic), w.text, &u), ==, ZS_E_CFX_HEADER);
        g_assert_false(mic_holds(kind, span_of(wrap), w.text, true));
        mic->data[FRAMING] = 2;
        wrap->data[FRAMING] = 1;
        g_assert_cmpint(forge_unwrap(fixed[kind], span_of(mic), w.text, &u), ==, ZS_E_WRAP_SHORT);
        g_assert_false(mic_holds(kind, span_of(wrap), w.text, true));
        g_byte_array_unref(wrap);
        g_byte_array_unref(mic);
    }
}

static void other_keys_have_no_such_tokens(void)
{
    for (int32_t enctype = 0; enctype < 30; enctype++)
        g_assert_true(zs_old_enctype(enctype) == (enctype == 16 || enctype == 23));
    struct zs_key k = forge_key(18, 1);
    g_assert_null(zs_old_seal_new(&k));
    /* A key that is shorter than its enctype's. */
    for (int kind = 0; kind < KINDS; kind++) {
        k = forge_key(enctypes[kind], 1);
        k.n--;
        g_assert_null(zs_old_seal_new(&k));
    }
    zs_old_seal_free(NULL);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    zs_krb_init();
    for (size_t i = 0; i < sizeof text; i++)
        text[i] = (uint8_t)(i * 13 + i / 251);
    for (int kind = 0; kind < KINDS; kind++) {
        forge_init(&peers[kind], enctypes[kind]);
        fixed[kind] = forge_observe(&peers[kind]);
    }
#define CASE(name) g_test_add_func("/old/" #name, name)
    CASE(every_length_opens);
    CASE(any_number_and_order_opens);
    CASE(each_altered_octet_is_found);
    CASE(cut_or_prolonged_is_found);
    CASE(wrong_header_is_found);
    CASE(header_is_under_the_checksum);
    CASE(direction_is_four_equal_octets);
    CASE(padding_says_its_count);
    CASE(padding_larger_than_the_text_is_found);
    CASE(wrong_key_opens_nothing);
    CASE(key_is_the_best_one);
    CASE(too_little_room_is_refused);
    CASE(mic_holds_over_every_length);
    CASE(altered_mic_is_found);
    CASE(wrong_mic_is_found);
    CASE(mic_is_no_wrap_token);
    CASE(other_keys_have_no_such_tokens);
#undef CASE
    int failed = g_test_run();
    for (int kind = 0; kind < KINDS; kind++)
        zs_context_free(fixed[kind]);
    return failed;
}
