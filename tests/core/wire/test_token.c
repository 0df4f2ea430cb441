/* SPDX-License-Identifier: GPL-2.0-or-later */
/* core/wire/token.c: what a token is, where it stands in a command, the header of RFC 4121. */
#include "core/wire/token.h"

#include "tests/core/wire/wire_case.h"

#define KRB5   "06{2a864886f712010202}"
#define SPNEGO "06{2b0601050502}"
#define HINT   "30{a0{1b{'not_defined_in_RFC4178@please_ignore'}}}"
#define MECHS  "a0{30{" KRB5 "}}"

static void show_token(struct zs_span in, GString *out)
{
    struct zs_token t;
    enum zs_rc rc = zs_token_parse(in, &t);

    g_string_append(out, wire_rc(rc));
    if (rc != ZS_OK)
        return;
    g_assert_true(t.whole.p == in.p && t.whole.n == in.n);
    g_string_append_printf(out, " %s %s", zs_mech_name(t.mech), zs_token_kind_name(t.kind));
    if (t.mech == ZS_MECH_UNKNOWN)
        wire_show_span(out, "oid", t.oid);
    if (t.mech_token.n)
        wire_show_span(out, "mech_token", t.mech_token);
    else
        wire_show_span(out, "inner", t.inner);
    if (t.mic.n)
        wire_show_span(out, "mic", t.mic);
    if (t.kind == ZS_TOKEN_NEG_INIT && t.mech_types.n)
        wire_show_span(out, "mech_types", t.mech_types);
}

static void show_mic(struct zs_span in, GString *out)
{
    struct zs_mic m;
    enum zs_rc rc = zs_mic_parse(in, &m);

    g_string_append(out, wire_rc(rc));
    if (rc != ZS_OK)
        return;
    g_assert_cmpuint(m.header.n, ==, ZS_CFX_HEADER);
    g_string_append_printf(out, " flags=%02x seq=%" G_GUINT64_FORMAT, m.flags, m.sequence);
    wire_show_span(out, "checksum", m.checksum);
}

static void show_cfx(struct zs_span in, GString *out)
{
    struct zs_cfx c;
    enum zs_rc rc = zs_cfx_parse(in, &c);

    g_string_append(out, wire_rc(rc));
    if (rc != ZS_OK)
        return;
    g_assert_cmpuint(c.header.n, ==, ZS_CFX_HEADER);
    g_string_append_printf(out, " flags=%02x ec=%u rrc=%u seq=%" G_GUINT64_FORMAT, c.flags, c.ec,
                           c.rrc, c.sequence);
    wire_show_span(out, "payload", c.payload);
}

/* A command's body as INITIATE carries it. */
static void show_body(enum zs_form form, struct zs_span in, GString *out)
{
    struct zs_command c = {.id = ZS_CMD_INITIATE, .form = form, .body = in};
    struct zs_span token;
    enum zs_rc rc = zs_token_of_command(&c, &token);

    g_string_append(out, wire_rc(rc));
    if (rc == ZS_OK)
        wire_show_span(out, "token", token);
}

static void show_libzmq_body(struct zs_span in, GString *out)
{
    show_body(ZS_FORM_LIBZMQ, in, out);
}

static void show_padded_body(struct zs_span in, GString *out)
{
    show_body(ZS_FORM_PADDED, in, out);
}

/* clang-format off */
/* From captures/reqrep.pcap: MIT krb5's AP-REP, and what stands behind the name of a libzmq MESSAGE. From
 * captures/f2-server-no-ccache.pcap: MIT krb5's acceptor that lacks its credential. */
#define REAL_AP_REP \
    "60819906092a864886f71201020202006f8189308186a003020105a10302010fa27a3078a0030201" \
    "12a271046feb9f0fbb934b63f495bba151d72908e464697aae98b940adf069e2333e5164823d17dc" \
    "479872ec5ce550aa1e6e2995f1dad9118444161a7c58d13507d62b165df4f245f713a52333727e00" \
    "c272e6f97047817538789264949bc66116308744885c4f8e3067b9fdc38c6dd84aaefc6a"
#define REAL_HINT \
    "604706062b0601050502a03d303ba00d300b06092a864886f712010202a3" \
    "2a3028a0261b246e6f745f646566696e65645f696e5f5246433431373840" \
    "706c656173655f69676e6f7265"
#define REAL_MESSAGE \
    "0000003d050406ff000000000000000023f3f93dd1eba1ca268294d4c93ca1bd3933294c170d3d33" \
    "fd364494638e403bb07319ae77b3b60fe841b2042d416df6c3"

/* Framed tokens have a length around all: whatever is cut from them is a defect. */
static const struct wire_case framed[] = {
    {"ap_req",            "60{" KRB5 "0100 6e{'x'}}",            "ok krb5 AP-REQ inner=6e0178"},
    {"ap_rep_of_mit",     REAL_AP_REP,                           "ok krb5 AP-REP inner=(140 octets, 6f..6a)"},
    {"ap_rep",            "60{" KRB5 "0200 6f{'x'}}",            "ok krb5 AP-REP inner=6f0178"},
    {"krb_error",         "60{" KRB5 "0300 7e{'x'}}",            "ok krb5 KRB-ERROR inner=7e0178"},
    {"ap_req_of_microsofts_oid",
                          "60{06{2a864882f712010202} 0100 6e{}}", "ok krb5-ms AP-REQ inner=6e00"},
    {"user_to_user",      "60{06{2a864886f71201020203} 0100 6e{}}", "ok krb5-u2u AP-REQ inner=6e00"},
    {"user_to_user_tgt_request",
                          "60{06{2a864886f71201020203} 0400 30{}}", "ok krb5-u2u unknown inner=3000"},
    {"iakerb_proxy",      "60{06{2b0601050205} 0501 30{}}",      "ok iakerb unknown inner=3000"},
    {"ntlmssp_framed",    "60{06{2b06010401823702020a}'NTLMSSP'00}", "ok ntlmssp NTLMSSP inner=4e544c4d53535000"},
    {"unknown_mechanism", "60{06{2b060105050e} 01}",             "ok unknown unknown oid=2b060105050e inner=01"},
    {"wrap_of_rfc_1964",  "60{" KRB5 "0201 1100}",               "ok krb5 wrap-1964 inner=1100"},
    {"mic_of_rfc_1964",   "60{" KRB5 "0101 1100}",               "ok krb5 MIC-1964 inner=1100"},
    {"long_length",       "60 82010d " KRB5 "0100 61*256",       "ok krb5 AP-REQ inner=(256 octets, 61..61)"},
    {"neg_token_init",    "60{" SPNEGO "a0{30{" MECHS "a2{04{'token'}}}}}", "ok spnego NegTokenInit mech_token='token' mech_types=300b06092a864886f712010202"},
    {"neg_token_init_with_mic",
                          "60{" SPNEGO "a0{30{" MECHS "a2{04{'token'}}a3{04{'mic'}}}}}", "ok spnego NegTokenInit mech_token='token' mech_types=300b06092a864886f712010202"},
    {"neg_token_init2_with_token_and_hint",
                          "60{" SPNEGO "a0{30{" MECHS "a2{04{'token'}}a3{" HINT "}}}}", "ok spnego NegTokenInit mech_token='token' mech_types=300b06092a864886f712010202"},
    {"neg_token_init2_hint_and_mic",
                          "60{" SPNEGO "a0{30{" MECHS "a3{" HINT "}a4{04{'mic'}}}}}", "ok spnego NegTokenInit-hint inner=(70 octets, a0..63)"},
    {"mit_acceptor_that_speaks_first",
                          REAL_HINT,                             "ok spnego NegTokenInit-hint inner=(63 octets, a0..65)"},
    {"hint_with_address", "60{" SPNEGO "a0{30{a3{30{a0{1b{'h'}}a1{04{'a'}}}}}}}", "ok spnego NegTokenInit-hint inner=a010300ea30c300aa0031b0168a103040161"},
    {"mechanisms_alone",  "60{" SPNEGO "a0{30{" MECHS "}}}",     "ok spnego NegTokenInit inner=a011300fa00d300b06092a864886f712010202 mech_types=300b06092a864886f712010202"},
    {"a_mic_is_no_hint",  "60{" SPNEGO "a0{30{a3{04{'mic'}}}}}", "ok spnego NegTokenInit inner=a0093007a30504036d6963"},
    {"neg_token_resp_framed",
                          "60{" SPNEGO "a1{30{a0{0a 01 01}a2{04{'token'}}}}}", "ok spnego NegTokenResp mech_token='token'"},
    {"neg_token_resp",    "a1{30{a0{0a 01 00}a1{" KRB5 "}a2{04{'token'}}a3{04{'mic'}}}}", "ok spnego NegTokenResp mech_token='token' mic='mic'"},
    {"mic_and_no_token",  "a1{30{a3{04{'mic'}}}}",               "ok spnego NegTokenResp inner=a1093007a30504036d6963 mic='mic'"},
    {"mic_of_windows_2000", "a1{30{a2{04{'token'}}a3{04{'token'}}}}", "ok spnego NegTokenResp mech_token='token'"},
    {"mic_is_no_octet_string", "a1{30{a2{04{'token'}}a3{02{00}}}}", "der"},
    {"neg_token_resp_reject",
                          "a1{30{a0{0a 01 02}}}",                "ok spnego NegTokenResp inner=a1073005a0030a0102"},
    {"bare_ap_req",       "6e{30{}}",                            "ok krb5 AP-REQ inner=6e023000"},
    {"bare_ap_rep",       "6f{30{}}",                            "ok krb5 AP-REP inner=6f023000"},
    {"bare_krb_error",    "7e{30{}}",                            "ok krb5 KRB-ERROR inner=7e023000"},

    {"framing_of_no_oid", "60{}",                                "der"},
    {"framing_of_empty_oid", "60{06{}}",                         "der"},
    {"oid_runs_past_the_framing", "60{06 09 2a}",                "der"},
    {"no_token_id",       "60{" KRB5 "}",                        "der"},
    {"half_a_token_id",   "60{" KRB5 "01}",                      "der"},
    {"framing_with_indefinite_length", "60 80" KRB5 "0100 0000", "der"},
    {"octets_behind_the_neg_token", "60{" SPNEGO "a0{30{" MECHS "}}00}", "der"},
    {"neg_fields_out_of_order", "60{" SPNEGO "a0{30{a2{04{'t'}}" MECHS "}}}", "der"},
    {"mech_token_is_no_octet_string", "60{" SPNEGO "a0{30{a2{05{'t'}}}}}", "der"},
    {"octets_behind_the_mech_token", "60{" SPNEGO "a0{30{a2{04{'t'}00}}}}", "der"},
    {"neg_token_of_neither_kind", "60{" SPNEGO "a2{30{}}}",      "der"},
};

/* Known by their first octets: a beginning of one is another one. */
static const struct wire_case unframed[] = {
    {"libzmq_server_ready_wrapped",
                          "050407ff00000000 0000000000000000 'cipher'", "ok krb5 wrap inner=050407ff000000000000000000000000636970686572"},
    {"mic",               "040404ffffffffff 0000000000000000 'sum'", "ok krb5 MIC inner=040404ffffffffff000000000000000073756d"},
    {"ntlmssp_bare",      "'NTLMSSP'00 01000000",                "ok ntlmssp NTLMSSP inner=4e544c4d5353500001000000"},
    {"nothing",           "",                                    "token-framing"},
    {"text",              "'hello'",                             "token-framing"},
    {"one_octet_of_a_wrap", "05",                                "token-framing"},
    {"ntlmssp_without_nul", "'NTLMSSP1'",                        "token-framing"},
    {"zeros",             "00000000",                            "token-framing"},
    {"octets_behind_the_framing", "60{" KRB5 "0100}00",          "der"},
    {"octets_behind_a_bare_ap_req", "6e{30{}}00",                "der"},
    {"octets_behind_a_neg_token_resp", "a1{30{}}00",             "der"},
};

static const struct wire_case cfx[] = {
    {"libzmq_server_ready_wrapped",
                          "050407ff00000000 0000000012345678",   "ok flags=07 ec=0 rrc=0 seq=305419896 payload=''"},
    {"rotated_by_28",     "050406ff0000001c ffffffffffffffff",   "ok flags=06 ec=0 rrc=28 seq=18446744073709551615 payload=''"},
    {"cut",               "050407ff00000000 00000000123456",     "wrap-short"},
    {"mic_is_no_wrap",    "040404ffffffffff 0000000000000000",   "cfx-header"},
    {"rfc_1964",          "60{" KRB5 "0201 11000000}",           "cfx-header"},
    {"filler_is_not_ff",  "0504070000000000 0000000000000000",   "cfx-header"},
};

static const struct wire_case cfx_payload[] = {
    {"dce_style_ec_16",   "050402ff00100000 0000000000000001 'sealed'", "ok flags=02 ec=16 rrc=0 seq=1 payload='sealed'"},
};

static const struct wire_case mic[] = {
    {"mit",               "040405ffffffffff 000000000dc560e0",   "ok flags=05 seq=231039200 checksum=''"},
    {"wrap_is_no_mic",    "050404ffffffffff 0000000000000000",   "cfx-header"},
    {"first_octet_of_the_filler", "04040400ffffffff 0000000000000000", "cfx-header"},
    {"last_octet_of_the_filler", "040404ffffffff00 0000000000000000", "cfx-header"},
};

static const struct wire_case mic_checksum[] = {
    {"with_a_checksum",   "040400ffffffffff 0000000000000001 'checksum'", "ok flags=00 seq=1 checksum='checksum'"},
};

static const struct wire_case libzmq_bodies[] = {
    {"message_of_libzmq",         REAL_MESSAGE,          "ok token=(61 octets, 05..c3)"},
    {"length_before_the_token",   "00000002 0504",       "ok token=0504"},
    {"length_zero",               "00000000",            "ok token=''"},
    {"what_it_counts_is_not_judged", "00000002 'no'",    "ok token='no'"},
    {"length_too_large",          "00000003 0504",       "token-length"},
    {"length_too_small",          "00000001 0504",       "token-length"},
    {"length_that_wraps",         "ffffffff 0504",       "token-length"},
    {"length_cut",                "000000",              "token-length"},
    {"empty",                     "",                    "token-length"},
    {"token_without_length",      "050407ff 'x'",        "ok token=050407ff78"},
};

static const struct wire_case padded_bodies[] = {
    {"token",                     "60{" KRB5 "0100}",    "ok token=600d06092a864886f7120102020100"},
    {"length_all_the_same",       "00000002 0504",       "ok token=0504"},
    {"damaged_token_is_for_its_own_reader", "60{06{}}",  "ok token=60020600"},
    {"no_token",                  "'hello'",             "token-length"},
};
/* clang-format on */

static void every_kind_and_mechanism_has_a_name(void)
{
    GHashTable *seen = g_hash_table_new(g_str_hash, g_str_equal);

    for (int k = 0; k < ZS_TOKEN_COUNT; k++)
        g_assert_true(g_hash_table_add(seen, (gpointer)zs_token_kind_name((enum zs_token_kind)k)));
    g_hash_table_remove_all(seen);
    for (int m = 0; m < ZS_MECH_COUNT; m++)
        g_assert_true(g_hash_table_add(seen, (gpointer)zs_mech_name((enum zs_mech)m)));
    g_hash_table_unref(seen);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    wire_cases_add("token", framed, G_N_ELEMENTS(framed), show_token, WIRE_DEFECT);
    wire_cases_add("token", unframed, G_N_ELEMENTS(unframed), show_token, WIRE_ANY);
    wire_cases_add("token/cfx", cfx, G_N_ELEMENTS(cfx), show_cfx, WIRE_DEFECT);
    wire_cases_add("token/cfx", cfx_payload, G_N_ELEMENTS(cfx_payload), show_cfx, WIRE_ANY);
    wire_cases_add("token/mic", mic, G_N_ELEMENTS(mic), show_mic, WIRE_DEFECT);
    wire_cases_add("token/mic", mic_checksum, G_N_ELEMENTS(mic_checksum), show_mic, WIRE_ANY);
    wire_cases_add("token/of_command/libzmq", libzmq_bodies, G_N_ELEMENTS(libzmq_bodies),
                   show_libzmq_body, WIRE_ANY);
    wire_cases_add("token/of_command/padded", padded_bodies, G_N_ELEMENTS(padded_bodies),
                   show_padded_body, WIRE_ANY);
    g_test_add_func("/token/every_kind_and_mechanism_has_a_name",
                    every_kind_and_mechanism_has_a_name);
    return g_test_run();
}
