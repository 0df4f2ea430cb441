/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What libkrb5 sealed opens, of each enctype and at each length that ciphertext stealing treats differently;
 * and what was altered, cut or sealed otherwise does not. */
#include "core/krb/seal.h"

#include "core/krb/init.h"
#include "tests/core/krb/forge.h"
#include "tests/harness/guard.h"

enum { USAGE = 24 };

static const int32_t enctypes[] = {17, 18, 19, 20, 25, 26};

static uint8_t text[5000];

/* Opens a copy that ends where memory ends, into a buffer that does so too. */
static bool opens(struct zs_seal *s, struct zs_span sealed, struct zs_span want)
{
    uint8_t *in = zs_guard_copy(sealed.p, sealed.n);
    size_t n = sealed.n < zs_seal_tag(s) ? 0 : sealed.n - zs_seal_tag(s);
    uint8_t *out = zs_guard_copy(sealed.p, n);

    bool ok = zs_seal_open(s, zs_span(in, sealed.n), out);
    if (ok)
        g_assert_cmpmem(out + zs_seal_confounder(s), n - zs_seal_confounder(s), want.p, want.n);
    zs_guard_free(in, sealed.n);
    zs_guard_free(out, n);
    return ok;
}

static void opens_what_krb5_sealed(void)
{
    for (size_t e = 0; e < G_N_ELEMENTS(enctypes); e++) {
        struct zs_key key = forge_key(enctypes[e], 1);
        struct zs_seal *s = zs_seal_new(&key, USAGE);
        g_assert_nonnull(s);
        for (size_t n = 0; n <= sizeof text; n += n < 100 ? 1 : 700) {
            struct zs_span want = zs_span(text, n);
            GByteArray *sealed = forge_encrypt(&key, USAGE, want);
            g_assert_true(opens(s, span_of(sealed), want));
            /* in place */
            g_assert_true(zs_seal_open(s, span_of(sealed), sealed->data));
            g_assert_cmpmem(sealed->data + zs_seal_confounder(s), n, text, n);
            g_byte_array_unref(sealed);
        }
        zs_seal_free(s);
    }
}

/* Every octet altered, every length cut, of a text that is and one that is not a multiple of the block. */
static void altered_or_cut_stays_closed(void)
{
    for (size_t e = 0; e < G_N_ELEMENTS(enctypes); e++) {
        struct zs_key key = forge_key(enctypes[e], 1);
        struct zs_seal *s = zs_seal_new(&key, USAGE);
        for (size_t n = 0; n <= 48; n += 8) {
            GByteArray *sealed = forge_encrypt(&key, USAGE, zs_span(text, n));
            struct zs_span all = span_of(sealed), want = zs_span(text, n);
            for (size_t i = 0; i < sealed->len; i++) {
                sealed->data[i] ^= (uint8_t)(1u << (i % 8));
                g_assert_false(opens(s, all, want));
                sealed->data[i] ^= (uint8_t)(1u << (i % 8));
                g_assert_false(opens(s, zs_span(all.p, i), want));
            }
            g_assert_true(opens(s, all, want));
            g_byte_array_unref(sealed);
        }
        zs_seal_free(s);
    }
}

static void other_key_or_usage_stays_closed(void)
{
    for (size_t e = 0; e < G_N_ELEMENTS(enctypes); e++) {
        struct zs_key key = forge_key(enctypes[e], 1), other = forge_key(enctypes[e], 2);
        struct zs_seal *other_key = zs_seal_new(&other, USAGE);
        struct zs_seal *other_usage = zs_seal_new(&key, USAGE - 2);
        struct zs_span want = zs_span(text, 33);
        GByteArray *sealed = forge_encrypt(&key, USAGE, want);
        g_assert_false(opens(other_key, span_of(sealed), want));
        g_assert_false(opens(other_usage, span_of(sealed), want));
        g_byte_array_unref(sealed);
        zs_seal_free(other_key);
        zs_seal_free(other_usage);
    }
}

/* Plaintext that did not hold is not left behind for somebody to show. */
static void failed_plaintext_is_wiped(void)
{
    struct zs_key key = forge_key(18, 1);
    struct zs_seal *s = zs_seal_new(&key, USAGE);
    GByteArray *sealed = forge_encrypt(&key, USAGE, zs_span(text + 1, 32));
    uint8_t out[64];

    memset(out, 0xaa, sizeof out);
    sealed->data[sealed->len - 1] ^= 1;
    g_assert_false(zs_seal_open(s, span_of(sealed), out));
    for (size_t i = 0; i < sealed->len - zs_seal_tag(s); i++)
        g_assert_true(out[i] == 0 || out[i] == 0xaa);
    g_byte_array_unref(sealed);
    zs_seal_free(s);
}

static void checksum_is_krb5s(void)
{
    for (size_t e = 0; e < G_N_ELEMENTS(enctypes); e++) {
        struct zs_key key = forge_key(enctypes[e], 1);
        struct zs_seal *s = zs_seal_new(&key, USAGE);
        for (size_t n = 0; n < 70; n++) {
            GByteArray *sum = forge_checksum(&key, USAGE, zs_span(text, n));
            struct zs_span a = zs_span(text, n / 3), b = zs_span(text + n / 3, n - n / 3);
            g_assert_cmpuint(sum->len, ==, zs_seal_tag(s));
            g_assert_true(zs_seal_check(s, a, b, span_of(sum)));
            g_assert_false(zs_seal_check(s, a, b, zs_span(sum->data, sum->len - 1)));
            sum->data[n % sum->len] ^= 0x80;
            g_assert_false(zs_seal_check(s, a, b, span_of(sum)));
            g_byte_array_unref(sum);
        }
        zs_seal_free(s);
    }
}

static void key_that_does_not_fit_makes_no_seal(void)
{
    static const int32_t without_cfx[] = {0, 1, 3, 16, 23, 24, 99, -1};
    uint8_t octets[ZS_KEY_MAX] = {1};
    struct zs_key key;

    for (size_t i = 0; i < G_N_ELEMENTS(without_cfx); i++) {
        g_assert_true(zs_key_set(&key, without_cfx[i], octets, 16));
        g_assert_null(zs_seal_new(&key, USAGE));
    }
    for (size_t e = 0; e < G_N_ELEMENTS(enctypes); e++)
        for (size_t n = 1; n <= ZS_KEY_MAX; n++) {
            g_assert_true(zs_key_set(&key, enctypes[e], octets, n));
            struct zs_seal *s = zs_seal_new(&key, USAGE);
            g_assert_true((s != NULL) == (n == forge_key(enctypes[e], 1).n));
            zs_seal_free(s);
        }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    zs_krb_init();
    for (size_t i = 0; i < sizeof text; i++)
        text[i] = (uint8_t)(i * 11 + i / 256);
    g_test_add_func("/seal/opens_what_krb5_sealed", opens_what_krb5_sealed);
    g_test_add_func("/seal/altered_or_cut_stays_closed", altered_or_cut_stays_closed);
    g_test_add_func("/seal/other_key_or_usage_stays_closed", other_key_or_usage_stays_closed);
    g_test_add_func("/seal/failed_plaintext_is_wiped", failed_plaintext_is_wiped);
    g_test_add_func("/seal/checksum_is_krb5s", checksum_is_krb5s);
    g_test_add_func("/seal/key_that_does_not_fit_makes_no_seal",
                    key_that_does_not_fit_makes_no_seal);
    return g_test_run();
}
