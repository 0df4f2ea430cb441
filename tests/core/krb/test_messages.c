/* SPDX-License-Identifier: GPL-2.0-or-later */
/* AP-REQ, AP-REP, KRB-ERROR and the plaintexts of encrypted parts: their fields, and that nothing which is cut,
 * prolonged or of another kind is taken for one. */
#include "core/krb/messages.h"

#include "core/krb/parts.h"
#include "core/wire/der.h"
#include "core/krb/profile.h"
#include "tests/core/krb/forge.h"
#include "tests/harness/guard.h"

typedef enum zs_rc (*parser)(struct zs_span in, void *out);

static enum zs_rc ap_req(struct zs_span in, void *out)
{
    return zs_ap_req_parse(in, out);
}

static enum zs_rc ap_rep(struct zs_span in, void *out)
{
    return zs_ap_rep_parse(in, out);
}

static enum zs_rc krb_error(struct zs_span in, void *out)
{
    return zs_krb_error_parse(in, out);
}

/* p's answer to octets that end where memory ends; on anything but ZS_OK *out stays as it was. */
static enum zs_rc parse(parser p, struct zs_span in, void *out, size_t out_n)
{
    uint8_t *copy = zs_guard_copy(in.p, in.n), *before = g_memdup2(out, out_n);
    enum zs_rc rc = p(zs_span(copy, in.n), out);

    if (rc != ZS_OK)
        g_assert_cmpmem(out, out_n, before, out_n);
    g_free(before);
    zs_guard_free(copy, in.n);
    return rc;
}

/* Takes a whole message, and not one octet less or more; any altered octet is survived. */
static void is_strict(parser p, GByteArray *message)
{
    uint8_t out[256] = {0};
    struct zs_span all = span_of(message);

    g_assert_cmpint(parse(p, all, out, sizeof out), ==, ZS_OK);
    memset(out, 0, sizeof out);
    for (size_t n = 0; n < all.n; n++)
        g_assert_cmpint(parse(p, zs_span(all.p, n), out, sizeof out), ==, ZS_E_DER);
    for (size_t i = 0; i < all.n; i++)
        for (int bit = 0; bit < 8; bit++) {
            message->data[i] ^= (uint8_t)(1 << bit);
            memset(out, 0, sizeof out);
            parse(p, all, out, sizeof out);
            message->data[i] ^= (uint8_t)(1 << bit);
        }
    memset(out, 0, sizeof out);
    g_byte_array_append(message, (const uint8_t *)"", 1);
    g_assert_cmpint(parse(p, span_of(message), out, sizeof out), ==, ZS_E_DER);
    g_byte_array_unref(message);
}

static void ap_req_says_what_it_asks_for(void)
{
    struct forge f;
    struct zs_ap_req r;

    forge_init(&f, 18);
    f.kvno = 70000;
    GByteArray *message = forge_ap_req(&f);
    g_assert_cmpint(zs_ap_req_parse(span_of(message), &r), ==, ZS_OK);
    g_assert_true(r.mutual_required);
    g_assert_false(r.use_session_key);
    char *service = zs_principal_format(&r.service);
    g_assert_cmpstr(service, ==, "zmq/server.example.org@EXAMPLE.ORG");
    g_assert_cmpint(r.service.type, ==, 1);
    g_assert_cmpint(r.ticket.enctype, ==, 18);
    g_assert_true(r.ticket.has_kvno);
    g_assert_cmpuint(r.ticket.kvno, ==, 70000);
    g_assert_false(r.authenticator.has_kvno);
    g_free(service);
    g_byte_array_unref(message);

    f.has_kvno = false;
    f.ap_options = 0x40000000;
    message = forge_ap_req(&f);
    g_assert_cmpint(zs_ap_req_parse(span_of(message), &r), ==, ZS_OK);
    g_assert_false(r.mutual_required);
    g_assert_true(r.use_session_key);
    g_assert_false(r.ticket.has_kvno);
    g_byte_array_unref(message);
}

/* The controllers of read-only Windows domains put their own number into the upper half, which makes the
 * whole negative to an encoder of signed numbers. */
static void kvno_of_32_bits_is_taken_in_either_encoding(void)
{
    static const struct {
        int64_t encoded;
        uint32_t kvno;
    } cases[] = {{255, 255},
                 {0x7fffffff, 0x7fffffff},
                 {0x80010001, 0x80010001},
                 {INT32_MIN + 0x10001, 0x80010001}};
    struct forge f;
    struct zs_ap_req r;

    forge_init(&f, 18);
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        f.kvno = cases[i].encoded;
        GByteArray *message = forge_ap_req(&f);
        g_assert_cmpint(zs_ap_req_parse(span_of(message), &r), ==, ZS_OK);
        g_assert_cmpuint(r.ticket.kvno, ==, cases[i].kvno);
        g_byte_array_unref(message);
    }
}

/* A number that 32 bits do not hold is not the one that its lowest 32 bits are. */
static void number_of_more_than_32_bits_is_refused(void)
{
    static const int64_t too_wide[] = {INT64_C(0x100000003), -INT64_C(0x100000000) + 3};
    struct forge f;
    struct zs_ap_req r;

    for (size_t i = 0; i < G_N_ELEMENTS(too_wide); i++) {
        forge_init(&f, 18);
        f.kvno = too_wide[i];
        GByteArray *message = forge_ap_req(&f);
        g_assert_cmpint(zs_ap_req_parse(span_of(message), &r), ==, ZS_E_DER);
        g_byte_array_unref(message);
    }
}

static void krb_error_says_what_was_wrong(void)
{
    struct zs_krb_error e;
    struct forge f;

    forge_init(&f, 17);
    GByteArray *message = forge_krb_error(&f);

    g_assert_cmpint(zs_krb_error_parse(span_of(message), &e), ==, ZS_OK);
    g_assert_cmpint(e.code, ==, 37);
    g_assert_cmpint(e.server_time, ==, FORGE_NOW);
    g_assert_cmpuint(e.server_usec, ==, 999999);
    g_assert_true(zs_span_is(e.text, "Clock skew too great"));
    char *service = zs_principal_format(&e.service);
    g_assert_cmpstr(service, ==, "zmq/server.example.org@EXAMPLE.ORG");
    g_free(service);
    g_byte_array_unref(message);
}

static void messages_are_read_strictly(void)
{
    struct forge f;

    forge_init(&f, 17);
    is_strict(ap_req, forge_ap_req(&f));
    is_strict(ap_rep, forge_ap_rep(&f));
    is_strict(krb_error, forge_krb_error(&f));
}

static void one_message_is_not_another(void)
{
    static const parser parsers[] = {ap_req, ap_rep, krb_error};
    struct forge f;
    uint8_t out[256];

    forge_init(&f, 17);
    GByteArray *messages[] = {forge_ap_req(&f), forge_ap_rep(&f), forge_krb_error(&f)};
    for (size_t p = 0; p < G_N_ELEMENTS(parsers); p++)
        for (size_t m = 0; m < G_N_ELEMENTS(messages); m++)
            g_assert_cmpint(parsers[p](span_of(messages[m]), out), ==, p == m ? ZS_OK : ZS_E_DER);
    for (size_t m = 0; m < G_N_ELEMENTS(messages); m++)
        g_byte_array_unref(messages[m]);
}

/* Names as krb5 writes them: whoever greps for one finds it. */
static void names_are_written_as_krb5_writes_them(void)
{
    static const struct forge_name names[] = {
        {"EXAMPLE.ORG", {"zmq", "server.example.org"}},
        {"R", {"a/b", "c@d", "e\\f"}},
        {"RE/A@L\\M", {"\n\t\b"}},
        {"R", {""}},
        {"", {"a", "", "b"}},
        {"R", {"\xc3\xa4 b"}},
    };
    krb5_context krb;

    g_assert_cmpint(zs_krb5_context(&krb), ==, 0);
    for (size_t i = 0; i < G_N_ELEMENTS(names); i++) {
        krb5_principal p;
        char *want;
        struct forge f;
        struct zs_ap_req r;
        forge_init(&f, 18);
        f.service = names[i];
        GByteArray *message = forge_ap_req(&f);
        g_assert_cmpint(zs_ap_req_parse(span_of(message), &r), ==, ZS_OK);
        char *got = zs_principal_format(&r.service);
        g_assert_cmpint(krb5_build_principal(krb, &p, (unsigned)strlen(names[i].realm),
                                             names[i].realm, names[i].names[0], names[i].names[1],
                                             names[i].names[2], NULL),
                        ==, 0);
        g_assert_cmpint(krb5_unparse_name(krb, p, &want), ==, 0);
        g_assert_cmpstr(got, ==, want);
        krb5_free_unparsed_name(krb, want);
        krb5_free_principal(krb, p);
        g_free(got);
        g_byte_array_unref(message);
    }
    krb5_free_context(krb);
}

static GByteArray *gss_checksum(uint32_t flags, const char *rest, size_t n)
{
    GByteArray *a = der_octets("\x10\0\0\0"
                               "0123456789abcdef",
                               20);

    for (int i = 0; i < 4; i++)
        g_byte_array_append(a, (const uint8_t[]){(uint8_t)(flags >> (8 * i))}, 1);
    return g_byte_array_append(a, (const uint8_t *)rest, (guint)n);
}

/* RFC 4121, 4.1.1 and 4.1.1.1: behind the flags the delegation, and behind it extensions. */
static GByteArray *ad_element(int32_t kind, GByteArray *contents)
{
    return der(ZS_DER_SEQUENCE, der(ZS_DER_CONTEXT(0), der_int(kind), NULL),
               der(ZS_DER_CONTEXT(1), der(ZS_DER_OCTET_STRING, contents, NULL), NULL), NULL);
}

static void authorization_data_is_named_by_its_kind(void)
{
    GByteArray *pac = der(ZS_DER_SEQUENCE, ad_element(128, der_octets("pac", 3)), NULL);
    GByteArray *twice =
        der(ZS_DER_SEQUENCE,
            ad_element(1, der(ZS_DER_SEQUENCE, ad_element(1, der_octets("", 0)), NULL)), NULL);
    GByteArray *all = ad_element(1, pac);
    GByteArray *plain = ad_element(141, der_octets("x", 1));

    g_byte_array_append(all, plain->data, plain->len);
    g_byte_array_append(all, twice->data + 2, twice->len - 2);
    struct zs_span left = span_of(all);
    g_assert_cmpint(zs_authorization_next(&left), ==, 128);
    g_assert_cmpint(zs_authorization_next(&left), ==, 141);
    g_assert_cmpint(zs_authorization_next(&left), ==, 1);
    g_assert_cmpint(zs_authorization_next(&left), ==, 0);

    for (guint n = 0; n < plain->len; n++) {
        left = zs_span(plain->data, n);
        g_assert_cmpint(zs_authorization_next(&left), ==, 0);
        g_assert_cmpuint(left.n, ==, 0);
    }
    g_byte_array_unref(all);
    g_byte_array_unref(plain);
    g_byte_array_unref(twice);
}

static GByteArray *name_of(const char *name)
{
    return der(ZS_DER_SEQUENCE, der(ZS_DER_CONTEXT(0), der_int(1), NULL),
               der(ZS_DER_CONTEXT(1), der(ZS_DER_SEQUENCE, der_string(name), NULL), NULL), NULL);
}

static void forwarded_credential_says_whose_and_until_when(void)
{
    GByteArray *key = der(ZS_DER_CONTEXT(0), der(ZS_DER_SEQUENCE, NULL), NULL);
    GByteArray *info =
        der(ZS_DER_SEQUENCE, key, der(ZS_DER_CONTEXT(1), der_string("R.EXAMPLE"), NULL),
            der(ZS_DER_CONTEXT(2), name_of("alice"), NULL),
            der(ZS_DER_CONTEXT(3), der_bits(0x60000000), NULL),
            der(ZS_DER_CONTEXT(6), der_time(FORGE_NOW), NULL), NULL);
    GByteArray *part = der(
        ZS_DER_APPLICATION(29),
        der(ZS_DER_SEQUENCE, der(ZS_DER_CONTEXT(0), der(ZS_DER_SEQUENCE, info, NULL), NULL), NULL),
        NULL);
    struct zs_cred_part got;

    g_assert_cmpint(zs_cred_part_parse(span_of(part), &got), ==, ZS_OK);
    g_assert_true(got.has_client && !got.has_service);
    char *client = zs_principal_format(&got.client);
    g_assert_cmpstr(client, ==, "alice@R.EXAMPLE");
    g_assert_cmphex(got.flags, ==, 0x60000000);
    g_assert_cmpint(got.times.end, ==, FORGE_NOW);
    for (guint n = 0; n < part->len; n++)
        g_assert_cmpint(zs_cred_part_parse(zs_span(part->data, n), &got), ==, ZS_E_DER);
    g_free(client);
    g_byte_array_unref(part);
}

static void gss_checksum_is_read(void)
{
    static const struct {
        uint32_t flags;
        const char *rest;
        size_t rest_n;
        enum zs_rc rc;
        const char *delegated;
    } cases[] = {
        {0x136, "", 0, ZS_OK, ""},
        {0x136, "\0\0\0\1", 4, ZS_OK, ""},
        {0x137, "\1\0\4\0cred", 8, ZS_OK, "cred"},
        {0x137, "\1\0\4\0credmore", 12, ZS_OK, "cred"},
        {0x137, "\1\0\5\0cred", 8, ZS_E_DER, NULL},
        {0x137, "\2\0\4\0cred", 8, ZS_E_DER, NULL},
        {0x137, "\1\0\4", 3, ZS_E_DER, NULL},
        {0x137, "", 0, ZS_E_DER, NULL},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        struct zs_gss_checksum c;
        GByteArray *a = gss_checksum(cases[i].flags, cases[i].rest, cases[i].rest_n);
        uint8_t *copy = zs_guard_copy(a->data, a->len);
        g_assert_cmpint(zs_gss_checksum_parse(zs_span(copy, a->len), &c), ==, cases[i].rc);
        if (cases[i].rc == ZS_OK) {
            g_assert_cmphex(c.flags, ==, cases[i].flags);
            g_assert_true(c.channel_bindings);
            g_assert_true(zs_span_is(c.delegated, cases[i].delegated));
        }
        zs_guard_free(copy, a->len);
        g_byte_array_unref(a);
    }
    for (size_t n = 0; n < 24; n++) {
        struct zs_gss_checksum c;
        GByteArray *a = gss_checksum(0x136, "", 0);
        g_assert_cmpint(zs_gss_checksum_parse(zs_span(a->data, n), &c), ==, ZS_E_DER);
        g_byte_array_unref(a);
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/messages/ap_req_says_what_it_asks_for", ap_req_says_what_it_asks_for);
    g_test_add_func("/messages/kvno_of_32_bits_is_taken_in_either_encoding",
                    kvno_of_32_bits_is_taken_in_either_encoding);
    g_test_add_func("/messages/number_of_more_than_32_bits_is_refused",
                    number_of_more_than_32_bits_is_refused);
    g_test_add_func("/messages/krb_error_says_what_was_wrong", krb_error_says_what_was_wrong);
    g_test_add_func("/messages/messages_are_read_strictly", messages_are_read_strictly);
    g_test_add_func("/messages/one_message_is_not_another", one_message_is_not_another);
    g_test_add_func("/messages/names_are_written_as_krb5_writes_them",
                    names_are_written_as_krb5_writes_them);
    g_test_add_func("/messages/authorization_data_is_named_by_its_kind",
                    authorization_data_is_named_by_its_kind);
    g_test_add_func("/messages/forwarded_credential_says_whose_and_until_when",
                    forwarded_credential_says_whose_and_until_when);
    g_test_add_func("/messages/gss_checksum_is_read", gss_checksum_is_read);
    return g_test_run();
}
