/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Derived keys against the vectors of RFC 3961 A.1, RFC 3962 B, RFC 6803 10 and RFC 8009 A; names of enctypes. */
#include "core/krb/enctype.h"

#include "core/krb/init.h"

#include <glib.h>

static uint8_t digit(char c)
{
    return (uint8_t)g_ascii_xdigit_value(c);
}

/* The octets that hex spells; their number. */
static size_t unhex(const char *hex, uint8_t *out)
{
    size_t n = 0;

    for (; *hex; hex += 2)
        out[n++] = (uint8_t)(digit(hex[0]) << 4 | digit(hex[1]));
    return n;
}

/* clang-format off */
static const struct {
    const char *in, *folded;
} folds[] = { /* RFC 3961, A.1 */
    {"012345",                                "be072631276b1955"},
    {"password",                              "78a07b6caf85fa"},
    {"Rough Consensus, and Running Code",     "bb6ed30870b7f0e0"},
    {"password",                              "59e4a8ca7c0385c3c37b3f6d2000247cb6e6bd5b3e"},
    {"MASSACHVSETTS INSTITVTE OF TECHNOLOGY", "db3b0d8f0b061e603282b308a50841229ad798fab9540c1b"},
    {"Q",                                     "518a54a215a8452a518a54a215a8452a518a54a215"},
    {"ba",                                    "fb25d531ae8974499f52fd92ea9857c4ba24cf297e"},
    {"kerberos",                              "6b65726265726f73"},
    {"kerberos",                              "6b65726265726f737b9b5b2b93132b93"},
    {"kerberos",                              "8372c236344e5f1550cd0747e15d62ca7a5a3bcea4"},
    {"kerberos",                              "6b65726265726f737b9b5b2b93132b935c9bdcdad95c9899c4cae4dee6d6cae4"},
};

static const struct {
    int32_t enctype;
    const char *base, *constant, *derived;
} vectors[] = {
    /* RFC 3962, B: what PBKDF2 gives for "password" and one round, DK'd with "kerberos" */
    {17, "cdedb5281bb2f801565a1122b2563515", "6b65726265726f73", "42263c6e89f4fc28b8df68ee09799f15"},
    {18, "cdedb5281bb2f801565a1122b25635150ad1f7a04bb9f3a333ecc0e2e1f70837", "6b65726265726f73",
         "fe697b52bc0d3ce14432ba036a92e65bbb52280990a2fa27883998d72af30161"},
    /* RFC 8009, A: Kc, Ke, Ki of usage 2 */
    {19, "3705d96080c17728a0e800eab6e0d23c", "0000000299", "b31a018a48f54776f403e9a396325dc3"},
    {19, "3705d96080c17728a0e800eab6e0d23c", "00000002aa", "9b197dd1e8c5609d6e67c3e37c62c72e"},
    {19, "3705d96080c17728a0e800eab6e0d23c", "0000000255", "9fda0e56ab2d85e1569a688696c26a6c"},
    {20, "6d404d37faf79f9df0d33568d320669800eb4836472ea8a026d16b7182460c52", "0000000299",
         "ef5718be86cc84963d8bbb5031e9f5c4ba41f28faf69e73d"},
    {20, "6d404d37faf79f9df0d33568d320669800eb4836472ea8a026d16b7182460c52", "00000002aa",
         "56ab22bee63d82d7bc5227f6773f8ea7a5eb1c825160c38312980c442e5c7e49"},
    {20, "6d404d37faf79f9df0d33568d320669800eb4836472ea8a026d16b7182460c52", "0000000255",
         "69b16514e3cd8e56b82010d5c73012b622c4d00ffc23ed1f"},
    /* RFC 6803, 10 */
    {25, "57d0297298ffd9d35de5a47fb4bde24b", "0000000299", "d155775a209d05f02b38d42a389e5a56"},
    {25, "57d0297298ffd9d35de5a47fb4bde24b", "00000002aa", "64df83f85a532f17577d8c37035796ab"},
    {25, "57d0297298ffd9d35de5a47fb4bde24b", "0000000255", "3e4fbdf30fb8259c425cb6c96f1f4635"},
    {26, "b9d6828b2056b7be656d88a123b1fac68214ac2b727ecf5f69afe0c4df2a6d2c", "0000000299",
         "e467f9a9552bc7d3155a6220af9c19220eeed4ff78b0d1e6a1544991461a9e50"},
    {26, "b9d6828b2056b7be656d88a123b1fac68214ac2b727ecf5f69afe0c4df2a6d2c", "00000002aa",
         "412aefc362a7285fc3966c6a5181e7605ae675235b6d549fbfc9ab6630a4c604"},
    {26, "b9d6828b2056b7be656d88a123b1fac68214ac2b727ecf5f69afe0c4df2a6d2c", "0000000255",
         "fa624fa0e523993fa388aefdc67e67ebcd8c08e8a0246b1d73b0d1dd9fc582b0"},
};

static const struct {
    int32_t enctype;
    const char *name;
} names[] = {
    {1,  "des-cbc-crc"},
    {16, "des3-cbc-sha1"},
    {17, "aes128-cts-hmac-sha1-96"},
    {18, "aes256-cts-hmac-sha1-96"},
    {19, "aes128-cts-hmac-sha256-128"},
    {20, "aes256-cts-hmac-sha384-192"},
    {23, "arcfour-hmac"},
    {25, "camellia128-cts-cmac"},
    {26, "camellia256-cts-cmac"},
    {99, "enctype-99"},
    {INT32_MIN, "enctype--2147483648"},
};
/* clang-format on */

static void folds_as_rfc3961_says(void)
{
    for (size_t i = 0; i < G_N_ELEMENTS(folds); i++) {
        uint8_t want[64], got[64];
        size_t n = unhex(folds[i].folded, want);
        zs_nfold((const uint8_t *)folds[i].in, strlen(folds[i].in), got, n);
        g_assert_cmpmem(got, n, want, n);
    }
}

static void derives_as_the_rfcs_say(void)
{
    for (size_t i = 0; i < G_N_ELEMENTS(vectors); i++) {
        uint8_t base[64], constant[64], want[64], got[64];
        struct zs_key key;
        const struct zs_enctype *e = zs_enctype_of(vectors[i].enctype);
        g_assert_nonnull(e);
        g_assert_true(zs_key_set(&key, e->number, base, unhex(vectors[i].base, base)));
        struct zs_span c = zs_span(constant, unhex(vectors[i].constant, constant));
        size_t n = unhex(vectors[i].derived, want);
        g_assert_true(e->derive(e, &key, c, got, n));
        g_assert_cmpmem(got, n, want, n);
    }
}

static void enctypes_have_krb5s_names(void)
{
    char buf[ZS_ENCTYPE_NAME_MAX];

    for (size_t i = 0; i < G_N_ELEMENTS(names); i++)
        g_assert_cmpstr(zs_enctype_name(names[i].enctype, buf, sizeof buf), ==, names[i].name);
}

static void key_is_set_and_cleared(void)
{
    static const struct zs_key none;
    uint8_t octets[ZS_KEY_MAX + 1];
    struct zs_key key;

    memset(octets, 0x5a, sizeof octets);
    g_assert_true(zs_key_set(&key, 18, octets, ZS_KEY_MAX));
    g_assert_cmpint(key.enctype, ==, 18);
    g_assert_cmpmem(key.octets, key.n, octets, ZS_KEY_MAX);
    g_assert_false(zs_key_set(&key, 18, octets, ZS_KEY_MAX + 1));
    g_assert_cmpmem(&key, sizeof key, &none, sizeof none);
    g_assert_true(zs_key_set(&key, 18, octets, ZS_KEY_MAX));
    zs_key_clear(&key);
    g_assert_cmpmem(&key, sizeof key, &none, sizeof none);
}

static void broken_enctypes_are_known_for_it(void)
{
    static const int32_t weak[] = {1, 2, 3, 4, 6, 8, 16, 23, 24},
                         strong[] = {0, 17, 18, 19, 20, 25, 26};

    for (size_t i = 0; i < G_N_ELEMENTS(weak); i++)
        g_assert_true(zs_enctype_is_weak(weak[i]));
    for (size_t i = 0; i < G_N_ELEMENTS(strong); i++)
        g_assert_false(zs_enctype_is_weak(strong[i]));
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    zs_krb_init();
    g_test_add_func("/enctype/broken_enctypes_are_known_for_it", broken_enctypes_are_known_for_it);
    g_test_add_func("/enctype/folds_as_rfc3961_says", folds_as_rfc3961_says);
    g_test_add_func("/enctype/derives_as_the_rfcs_say", derives_as_the_rfcs_say);
    g_test_add_func("/enctype/enctypes_have_krb5s_names", enctypes_have_krb5s_names);
    g_test_add_func("/enctype/key_is_set_and_cleared", key_is_set_and_cleared);
    return g_test_run();
}
