/* SPDX-License-Identifier: GPL-2.0-or-later */
/* core/wire/greeting.c: step by step, and the two probes. */
#include "core/wire/greeting.h"

#include "tests/core/wire/wire_case.h"

static void append_part(GString *out, const struct zs_greeting *g, enum zs_greeting_part read,
                        size_t used)
{
    if (read == ZS_GREETING_SIGNATURE && g->versioned)
        g_string_append_printf(out, "padding=%" G_GUINT64_FORMAT, g->padding);
    if (read == ZS_GREETING_REVISION)
        g_string_append_printf(out, "major=%u", g->major);
    if (read == ZS_GREETING_REMAINDER && g->major <= 1)
        g_string_append_printf(out, "type=%u", g->socket_type);
    if (read == ZS_GREETING_REMAINDER && g->major > 1)
        g_string_append_printf(out, "minor=%u %s%s", g->minor, g->mechanism,
                               g->as_server ? " server" : "");
    g_string_append_printf(out, "(%zu) ", used);
}

/* Each part with the octets it spans, then the version, or why there is none. */
static void show_greeting(struct zs_span in, GString *out)
{
    struct zs_greeting g;

    zs_greeting_init(&g);
    while (g.part != ZS_GREETING_DONE) {
        enum zs_greeting_part awaited = g.part;
        struct zs_greeting before = g;
        size_t used = 999;
        enum zs_rc rc = zs_greeting_step(&g, in, &used);

        if (rc != ZS_OK) {
            g_assert_cmpmem(&g, sizeof g, &before, sizeof before);
            g_assert_cmpuint(used, ==, 999);
            g_string_append(out, wire_rc(rc));
            return;
        }
        g_assert_cmpuint(used, <=, in.n);
        append_part(out, &g, awaited, used);
        in = zs_span_skip(in, used);
    }
    g_string_append(out, zs_greeting_version(&g));
}

static void show_signature(struct zs_span in, GString *out)
{
    g_string_append(out, wire_rc(zs_signature_probe(in)));
}

static void show_identity(struct zs_span in, GString *out)
{
    g_string_append(out, wire_rc(zs_identity_probe(in)));
}

/* clang-format off */
static const struct wire_case greetings[] = {
    {"libzmq_gssapi",         "ff 00*7 01 7f 03 01 'GSSAPI' 00*14 00 00*31", "padding=1(10) major=3(1) minor=1 GSSAPI(53) 3.1"},
    {"libzmq_before_4_3_3",   "ff 00*7 01 7f 03 00 'GSSAPI' 00*14 00 00*31", "padding=1(10) major=3(1) minor=0 GSSAPI(53) 3.0"},
    {"libzmq_routing_id_counts_in_padding",
                              "ff 00*7 06 7f 03 01 'NULL' 00*16 00 00*31",   "padding=6(10) major=3(1) minor=1 NULL(53) 3.1"},
    {"as_server",             "ff 00*8 7f 03 00 'CURVE' 00*15 01 00*31",     "padding=0(10) major=3(1) minor=0 CURVE server(53) 3.0"},
    {"mechanism_of_20_characters",
                              "ff 00*8 7f 03 00 'A-Z_0.9+BCDEFGHIJKLM' 00 00*31", "padding=0(10) major=3(1) minor=0 A-Z_0.9+BCDEFGHIJKLM(53) 3.0"},
    {"padding_may_be_anything",
                              "ff ff*8 7f 03 00 'NULL' 00*16 00 00*31",      "padding=18446744073709551615(10) major=3(1) minor=0 NULL(53) 3.0"},
    {"lowest_bit_of_the_tenth_octet_decides",
                              "ff 00*8 01 03 00 'NULL' 00*16 00 00*31",      "padding=0(10) major=3(1) minor=0 NULL(53) 3.0"},
    {"later_minor",           "ff 00*8 7f 03 07 'NULL' 00*16 00 00*31",      "padding=0(10) major=3(1) minor=7 NULL(53) 3.1"},
    {"later_major",           "ff 00*8 7f 04 00 'NULL' 00*16 00 00*31",      "padding=0(10) major=4(1) minor=0 NULL(53) 3.1"},
    {"libzmq_takes_revision_2_for_3",
                              "ff 00*8 7f 02 00 'NULL' 00*16 00 00*31",      "padding=0(10) major=2(1) minor=0 NULL(53) 3.1"},
    {"filler_is_not_judged",  "ff 00*8 7f 03 00 'NULL' 00*16 00 41*31",      "padding=0(10) major=3(1) minor=0 NULL(53) 3.0"},
    {"what_follows_is_left_alone",
                              "ff 00*8 7f 03 00 'NULL' 00*16 00 00*31 0400", "padding=0(10) major=3(1) minor=0 NULL(53) 3.0"},
    {"refusal_after_11_octets",
                              "ff 00*7 01 7f 03",                            "padding=1(10) major=3(1) more"},
    {"refusal_after_10_octets",
                              "ff 00*7 01 7f",                               "padding=1(10) more"},
    {"zmtp_2",                "ff 00*7 01 7f 01 05",                         "padding=1(10) major=1(1) type=5(1) 2.0"},
    {"zmtp_2_identity_follows",
                              "ff 00*8 7f 01 08 0000",                       "padding=0(10) major=1(1) type=8(1) 2.0"},
    {"revision_0",            "ff 00*8 7f 00 03",                            "padding=0(10) major=0(1) type=3(1) 2.0"},
    {"zmtp_1_anonymous",      "01 00",                                       "(0) 1.0"},
    {"zmtp_1_identity",       "04 00 'abc'",                                 "(0) 1.0"},
    {"zmtp_1_long_identity",  "ff 00*7 ff 00 61*254",                        "(0) 1.0"},
    {"mechanism_empty",       "ff 00*8 7f 03 00 00*20 00 00*31",             "padding=0(10) major=3(1) greeting-mechanism"},
    {"mechanism_lower_case",  "ff 00*8 7f 03 00 'null' 00*16 00 00*31",      "padding=0(10) major=3(1) greeting-mechanism"},
    {"mechanism_goes_on_after_nul",
                              "ff 00*8 7f 03 00 'NULL' 00*15 'X' 00 00*31",  "padding=0(10) major=3(1) greeting-mechanism"},
    {"as_server_two",         "ff 00*8 7f 03 00 'NULL' 00*16 02 00*31",      "padding=0(10) major=3(1) greeting-as-server"},
};

static const struct wire_case signatures[] = {
    {"libzmq",                "ff 00*7 01 7f",      "ok"},
    {"more_follows",          "ff 00*8 7f 03",      "ok"},
    {"any_padding",           "ff 'abcdefgh' 7f",   "ok"},
    {"one_octet_is_too_few",  "ff",                 "more"},
    {"other_protocol",        "16 03 01",           "greeting-signature"},
    {"tenth_octet_odd_only",  "ff 00*8 01",         "greeting-signature"},
    {"tenth_octet_even",      "ff 00*8 00",         "greeting-signature"},
};

static const struct wire_case identities[] = {
    {"anonymous",             "01 00",              "ok"},
    {"short",                 "04 00 'abc'",        "ok"},
    {"of_254_octets",         "ff 00*7 ff 00",      "ok"},
    {"of_255_octets",         "ff 00*6 0100 00",    "ok"},
    {"of_256_octets",         "ff 00*6 0101 00",    "greeting-signature"},
    {"a_signature_is_none",   "ff 00*7 01 7f",      "greeting-signature"},
    {"length_zero",           "00 00",              "greeting-signature"},
    {"more_is_set",           "04 01 'abc'",        "greeting-signature"},
};
/* clang-format on */

static void version_is_unknown_until_it_was_read(void)
{
    GByteArray *octets = wire_octets("ff 00*7 01 7f 03 01 'NULL' 00*16 00 00*31");
    struct zs_span in = zs_span(octets->data, octets->len);
    struct zs_greeting g;
    size_t used = 0;

    zs_greeting_init(&g);
    for (int part = ZS_GREETING_SIGNATURE; part < ZS_GREETING_DONE; part++) {
        g_assert_cmpint(g.part, ==, part);
        g_assert_null(zs_greeting_version(&g));
        g_assert_cmpint(zs_greeting_step(&g, in, &used), ==, ZS_OK);
        in = zs_span_skip(in, used);
    }
    g_assert_cmpstr(zs_greeting_version(&g), ==, "3.1");
    g_assert_cmpuint(in.n, ==, 0);
    g_byte_array_unref(octets);
}

static void a_done_greeting_takes_nothing(void)
{
    static const uint8_t in[] = {0x04, 0x00};
    struct zs_greeting g = {.part = ZS_GREETING_DONE};
    size_t used = 999;

    g_assert_cmpint(zs_greeting_step(&g, zs_span(in, sizeof in), &used), ==, ZS_OK);
    g_assert_cmpuint(used, ==, 0);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    wire_cases_add("greeting", greetings, G_N_ELEMENTS(greetings), show_greeting, WIRE_MORE);
    wire_cases_add("greeting/signature", signatures, G_N_ELEMENTS(signatures), show_signature,
                   WIRE_MORE);
    wire_cases_add("greeting/identity", identities, G_N_ELEMENTS(identities), show_identity,
                   WIRE_MORE);
    g_test_add_func("/greeting/version_is_unknown_until_it_was_read",
                    version_is_unknown_until_it_was_read);
    g_test_add_func("/greeting/a_done_greeting_takes_nothing", a_done_greeting_takes_nothing);
    return g_test_run();
}
