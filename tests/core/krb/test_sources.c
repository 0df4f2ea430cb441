/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Keys that are from no keytab: one given by itself, a password, the client's credential cache. Each opens what it
 * fits, says what it is, and where it does not fit, why. */
#include "core/krb/context.h"

#include "core/krb/init.h"
#include "core/wire/der.h"
#include "tests/core/krb/forge.h"

#define NS       INT64_C(1000000000)
#define SERVICE  "zmq/server.example.org@EXAMPLE.ORG"
#define PASSWORD "correct horse"

static const int32_t enctypes[] = {16, 17, 18, 19, 20, 23, 25, 26};

/* Adds to a keyring, which must answer as wanted; the sentence, where there is one, holds says and no newline. */
#define ADDS(r, source, ...)                                       \
    do {                                                           \
        char *why_ = NULL;                                         \
        bool ok_ = zs_keyring_add_##source(r, __VA_ARGS__, &why_); \
        g_assert_cmpstr(why_, ==, NULL);                           \
        g_assert_true(ok_);                                        \
    } while (0)
#define REFUSES(r, says, source, ...)                                   \
    do {                                                                \
        char *why_ = NULL;                                              \
        size_t before_ = zs_keyring_size(r);                            \
        g_assert_false(zs_keyring_add_##source(r, __VA_ARGS__, &why_)); \
        g_assert_nonnull(why_);                                         \
        g_test_message("%s", why_);                                     \
        g_assert_nonnull(strstr(why_, says));                           \
        g_assert_null(strchr(why_, '\n'));                              \
        g_assert_cmpuint(zs_keyring_size(r), ==, before_);              \
        g_free(why_);                                                   \
    } while (0)

static struct zs_context *observe(const struct zs_keyring *r, const struct forge *f)
{
    GByteArray *req = forge_ap_req(f), *rep = forge_ap_rep(f);
    struct zs_context *c = zs_context_new(r, span_of(req), span_of(rep), FORGE_NOW * NS);

    g_byte_array_unref(req);
    g_byte_array_unref(rep);
    return c;
}

/* "aes256-cts-hmac-sha1-96:00112233…"; g_free() it. */
static char *written(const struct zs_key *k)
{
    char name[ZS_ENCTYPE_NAME_MAX];
    GString *s = g_string_new(zs_enctype_name(k->enctype, name, sizeof name));

    g_string_append_c(s, ':');
    for (size_t i = 0; i < k->n; i++)
        g_string_append_printf(s, i % 2 ? "%02X" : "%02x", k->octets[i]);
    return g_string_free(s, FALSE);
}

/* It is of no service and no kvno, and fits them all. */
static void key_by_itself_opens_what_it_sealed(void)
{
    for (size_t i = 0; i < G_N_ELEMENTS(enctypes); i++) {
        struct zs_keyring *r = zs_keyring_new();
        struct forge f;
        char name[ZS_ENCTYPE_NAME_MAX];
        forge_init(&f, enctypes[i]);
        char *text = written(&f.service_key);
        ADDS(r, key, text);
        struct zs_context *c = observe(r, &f);
        const struct zs_context_facts *facts = zs_context_facts(c);
        char *want = g_strconcat("--key ", zs_enctype_name(enctypes[i], name, sizeof name), NULL);
        g_assert_cmpint(facts->why, ==, ZS_WHY_OPENED);
        g_assert_cmpint(facts->opened_by, ==, ZS_ORIGIN_KEY);
        g_assert_cmpstr(facts->keytab_entry, ==, want);
        g_assert_cmpstr(facts->reason, ==, NULL);
        g_assert_true(facts->ticket_opened && !facts->other_entry && facts->has_kvno);
        g_assert_cmpuint(facts->kvno, ==, 3);
        g_assert_cmpstr(facts->client_principal, ==, "alice@EXAMPLE.ORG");
        g_assert_true(facts->authenticator_opened && facts->ap_rep_opened);
        zs_context_free(c);
        zs_keyring_free(r);
        g_free(want);
        g_free(text);
    }
}

static void key_that_is_none_is_refused(void)
{
    struct zs_keyring *r = zs_keyring_new();

    REFUSES(r, "--key: not an enctype, a colon", key, "");
    REFUSES(r, "a colon", key, "00112233445566778899aabbccddeeff");
    REFUSES(r, "no enctype", key, ":00");
    REFUSES(r, "no enctype", key, "aes512-cts:00112233445566778899aabbccddeeff");
    REFUSES(r, "no enctype", key,
            "a-name-that-is-longer-than-the-longest-enctype-which-krb5-has-any-name-for:00");
    REFUSES(r, "digits", key, "aes128-cts-hmac-sha1-96:");
    REFUSES(r, "digits", key, "aes128-cts-hmac-sha1-96:00112233445566778899aabbccddee");
    REFUSES(r, "digits", key, "aes128-cts-hmac-sha1-96:00112233445566778899aabbccddeef");
    REFUSES(r, "digits", key, "aes128-cts-hmac-sha1-96:00112233445566778899aabbccddeeff00");
    REFUSES(r, "digits", key, "aes128-cts-hmac-sha1-96:00112233445566778899aabbccddee\xc3\xa4");
    REFUSES(r, "digits", key, "aes128-cts-hmac-sha1-96:0x112233445566778899aabbccddeeff");
    zs_keyring_free(r);
}

/* The sentence must not repeat what the user typed: it may be most of a key. */
static void refused_key_is_not_repeated(void)
{
    struct zs_keyring *r = zs_keyring_new();
    char *why = NULL;

    g_assert_false(zs_keyring_add_key(r, "aes128-cts-hmac-sha1-96:c0ffee", &why));
    g_assert_null(strstr(why, "c0ffee"));
    g_free(why);
    g_assert_false(zs_keyring_add_key(r, "c0ffee", &why));
    g_assert_null(strstr(why, "c0ffee"));
    g_free(why);
    zs_keyring_free(r);
}

static void key_that_does_not_fit_says_so(void)
{
    struct forge f;
    struct zs_keyring *r = zs_keyring_new();
    struct zs_key other = forge_key(17, 9);
    char *text = written(&other);

    forge_init(&f, 18);
    ADDS(r, key, text);
    struct zs_context *c = observe(r, &f);
    g_assert_cmpstr(zs_why_code(zs_context_facts(c)->why), ==, "no-enctype");
    g_assert_nonnull(strstr(zs_context_facts(c)->reason, SERVICE));
    g_assert_cmpint(zs_context_facts(c)->opened_by, ==, ZS_ORIGIN_NONE);
    zs_context_free(c);
    g_free(text);

    other = forge_key(18, 9);
    text = written(&other);
    ADDS(r, key, text);
    c = observe(r, &f);
    g_assert_cmpstr(zs_why_code(zs_context_facts(c)->why), ==, "key-differs");
    g_assert_nonnull(strstr(zs_context_facts(c)->reason, "the key given is not the one"));
    g_assert_false(zs_context_usable(c));
    zs_context_free(c);
    g_free(text);
    zs_keyring_free(r);
}

/* What a keytab says is nearer to the cause than what a key says that may be for anything. */
static void keytab_is_spoken_of_before_a_key(void)
{
    struct forge f;
    struct zs_key other = forge_key(18, 9);
    char *text = written(&other);

    forge_init(&f, 18);
    struct forge_entry entry = {f.service, 2, false, forge_key(18, 8)};
    struct zs_keyring *r = forge_keyring(&entry, 1);
    ADDS(r, key, text);
    struct zs_context *c = observe(r, &f);
    g_assert_cmpstr(zs_why_code(zs_context_facts(c)->why), ==, "kvno-newer");
    zs_context_free(c);
    zs_keyring_free(r);
    g_free(text);
}

/* clang-format off */
static const struct {
    int32_t enctype;
    const char *key; /* as MIT's ktutil makes it of SERVICE and PASSWORD */
} of_password[] = {
    {16, "des3-cbc-sha1:c75402fd57914cce7f58e54c15bcc88a8fecceb531dc92c8"},
    {17, "aes128-cts-hmac-sha1-96:bbf68a0a9d43519c00f13432ea350a47"},
    {18, "aes256-cts-hmac-sha1-96:1799662b1c6e5248f7acd34f25e9b30f52a09aa3dd5587ca837416a0137e4073"},
    {19, "aes128-cts-hmac-sha256-128:c251d2f1f607a70abdb5cd0698f5a584"},
    {20, "aes256-cts-hmac-sha384-192:bc4bda8b641dfcc7d0dcc96b73d41c9910b04593935516b56c8a2e6f87d626a0"},
    {23, "arcfour-hmac:cfc43211ba8dc470832267827cac1407"},
    {25, "camellia128-cts-cmac:0506c99b2f1ce283d4c3679e19c4695f"},
    {26, "camellia256-cts-cmac:b489eeace047d9e7f68a299de7d525efc217ca73c47234c26d3ba2571d20cde3"},
};
/* clang-format on */

static void password_makes_the_keys_that_krb5_makes(void)
{
    struct zs_keyring *r = zs_keyring_new();

    ADDS(r, password, SERVICE, PASSWORD);
    g_assert_cmpuint(zs_keyring_size(r), ==, G_N_ELEMENTS(of_password));
    for (size_t i = 0; i < G_N_ELEMENTS(of_password); i++) {
        struct forge f;
        forge_init(&f, of_password[i].enctype);
        g_assert_null(zs_key_parse(&f.service_key, of_password[i].key, strlen(of_password[i].key)));
        f.kvno = 40 + (int64_t)i;
        struct zs_context *c = observe(r, &f);
        const struct zs_context_facts *facts = zs_context_facts(c);
        g_assert_cmpint(facts->why, ==, ZS_WHY_OPENED);
        g_assert_cmpint(facts->opened_by, ==, ZS_ORIGIN_PASSWORD);
        g_assert_true(g_str_has_prefix(facts->keytab_entry, "--password " SERVICE " "));
        g_assert_null(strstr(facts->keytab_entry, PASSWORD));
        g_assert_false(facts->other_entry);
        zs_context_free(c);
    }
    zs_keyring_free(r);
}

static void password_that_does_not_fit_says_so(void)
{
    struct forge f;
    struct zs_keyring *r = zs_keyring_new();

    forge_init(&f, 18);
    ADDS(r, password, "http/www@EXAMPLE.ORG", PASSWORD);
    struct zs_context *c = observe(r, &f);
    g_assert_cmpstr(zs_why_code(zs_context_facts(c)->why), ==, "no-principal");
    g_assert_nonnull(strstr(zs_context_facts(c)->reason, "http/www@EXAMPLE.ORG"));
    zs_context_free(c);
    ADDS(r, password, SERVICE, "wrong horse");
    c = observe(r, &f);
    g_assert_cmpstr(zs_why_code(zs_context_facts(c)->why), ==, "key-differs");
    g_assert_nonnull(strstr(zs_context_facts(c)->reason, "password"));
    g_assert_nonnull(strstr(zs_context_facts(c)->reason, "salt"));
    g_assert_null(strstr(zs_context_facts(c)->reason, "wrong horse"));
    zs_context_free(c);
    zs_keyring_free(r);
}

static void password_wants_a_whole_principal(void)
{
    struct zs_keyring *r = zs_keyring_new();

    REFUSES(r, "--password zmq/server: not a principal", password, "zmq/server", PASSWORD);
    REFUSES(r, "not a principal", password, "", PASSWORD);
    REFUSES(r, "not a principal", password, "a@b@c", PASSWORD);
    zs_keyring_free(r);
}

/* The ticket of an AP-REQ, whole. */
static struct zs_span ticket_of(const GByteArray *ap_req)
{
    struct zs_der d = zs_der(span_of(ap_req));
    struct zs_der message = zs_der_enter(&d, ZS_DER_APPLICATION(14));
    struct zs_der fields = zs_der_enter(&message, ZS_DER_SEQUENCE);

    for (int i = 0; i < 3; i++)
        zs_der_take(&fields, (uint8_t)ZS_DER_CONTEXT(i));
    struct zs_der inside = zs_der_enter(&fields, ZS_DER_CONTEXT(3));
    struct zs_span ticket = zs_der_whole(&inside, ZS_DER_APPLICATION(1));
    g_assert_true(zs_der_end(&inside));
    return ticket;
}

/* What a client holds, in a file as kinit and a GSS library leave it. */
struct cache {
    krb5_context krb;
    krb5_ccache cache;
    krb5_principal me;
    char *path; /* forge_remove() it */
};

static void cache_open(struct cache *k)
{
    k->path = forge_keytab(NULL, 0);
    char *name = g_strconcat("FILE:", k->path, NULL);

    g_assert_cmpint(krb5_init_context(&k->krb), ==, 0);
    g_assert_cmpint(krb5_parse_name(k->krb, "alice@EXAMPLE.ORG", &k->me), ==, 0);
    g_assert_cmpint(krb5_cc_resolve(k->krb, name, &k->cache), ==, 0);
    g_assert_cmpint(krb5_cc_initialize(k->krb, k->cache, k->me), ==, 0);
    krb5_data yes = {.data = (char *)"yes", .length = 3};
    g_assert_cmpint(krb5_cc_set_config(k->krb, k->cache, NULL, "fast_avail", &yes), ==, 0);
    g_free(name);
}

static void cache_store(struct cache *k, const char *service, const struct forge *f,
                        struct zs_span ticket)
{
    krb5_creds creds = {
        .client = k->me,
        .keyblock = {.enctype = f->session_key.enctype,
                     .length = f->session_key.n,
                     .contents = (krb5_octet *)f->session_key.octets},
        .times = {.authtime = (krb5_timestamp)f->auth,
                  .starttime = (krb5_timestamp)f->start,
                  .endtime = (krb5_timestamp)f->end,
                  .renew_till = (krb5_timestamp)f->renew_till},
        .ticket_flags = (krb5_flags)f->ticket_flags,
        .ticket = {.data = (char *)ticket.p, .length = (unsigned)ticket.n},
    };

    g_assert_cmpint(krb5_parse_name(k->krb, service, &creds.server), ==, 0);
    g_assert_cmpint(krb5_cc_store_cred(k->krb, k->cache, &creds), ==, 0);
    krb5_free_principal(k->krb, creds.server);
}

static void cache_close(struct cache *k)
{
    krb5_cc_close(k->krb, k->cache);
    krb5_free_principal(k->krb, k->me);
    krb5_free_context(k->krb);
}

/* The service's key is not there, and is not needed: the client knows what the ticket says. */
static void cache_opens_its_own_tickets(void)
{
    struct cache k;
    struct forge f[2];
    GByteArray *req[2], *rep[2];
    struct zs_keyring *r = zs_keyring_new();

    cache_open(&k);
    for (int i = 0; i < 2; i++) {
        forge_init(&f[i], i ? 20 : 18);
        f[i].session_key = forge_key(i ? 19 : 17, 50 + (uint8_t)i);
        f[i].end += i;
        f[i].renew_till = FORGE_NOW + 86400;
        req[i] = forge_ap_req(&f[i]);
        rep[i] = forge_ap_rep(&f[i]);
        cache_store(&k, "krbtgt/EXAMPLE.ORG@EXAMPLE.ORG", &f[i], ticket_of(req[i]));
        cache_store(&k, SERVICE, &f[i], ticket_of(req[i]));
    }
    cache_close(&k);
    ADDS(r, ccache, k.path);
    g_assert_cmpuint(zs_keyring_size(r), ==, 0);
    for (int i = 0; i < 2; i++) {
        struct zs_context *c = zs_context_new(r, span_of(req[i]), span_of(rep[i]), FORGE_NOW * NS);
        const struct zs_context_facts *facts = zs_context_facts(c);
        char *want = g_strconcat(k.path, ": ticket of alice@EXAMPLE.ORG for " SERVICE, NULL);
        g_assert_cmpint(facts->why, ==, ZS_WHY_OPENED);
        g_assert_cmpint(facts->opened_by, ==, ZS_ORIGIN_CCACHE);
        g_assert_cmpstr(facts->keytab_entry, ==, want);
        g_assert_cmpstr(facts->client_principal, ==, "alice@EXAMPLE.ORG");
        g_assert_cmpint(facts->session_etype, ==, f[i].session_key.enctype);
        g_assert_cmpint(facts->ticket_etype, ==, f[i].ticket_etype);
        g_assert_true(facts->ticket_opened && facts->authenticator_opened && facts->ap_rep_opened);
        g_assert_cmpint(facts->times.auth, ==, f[i].auth);
        g_assert_cmpint(facts->times.start, ==, f[i].start);
        g_assert_cmpint(facts->times.end, ==, f[i].end);
        g_assert_cmpint(facts->times.renew_till, ==, f[i].renew_till);
        g_assert_cmphex(facts->ticket_flags, ==, f[i].ticket_flags);
        g_assert_cmpint(facts->verdict, ==, ZS_VERDICT_ACCEPTABLE);
        g_assert_true(zs_context_usable(c));
        zs_context_free(c);
        g_free(want);
        g_byte_array_unref(req[i]);
        g_byte_array_unref(rep[i]);
    }
    zs_keyring_free(r);
    forge_remove(k.path);
}

/* The same service, the same user, another ticket: its session key is another one. */
static void cache_without_the_ticket_says_so(void)
{
    struct cache k;
    struct forge f;
    struct zs_keyring *r = zs_keyring_new();

    cache_open(&k);
    forge_init(&f, 18);
    GByteArray *req = forge_ap_req(&f);
    cache_store(&k, SERVICE, &f, ticket_of(req));
    cache_close(&k);
    ADDS(r, ccache, k.path);
    struct zs_context *c = observe(r, &f);
    g_assert_cmpstr(zs_why_code(zs_context_facts(c)->why), ==, "key-differs");
    g_assert_nonnull(strstr(zs_context_facts(c)->reason, "ticket for " SERVICE));
    g_assert_cmpint(zs_context_facts(c)->opened_by, ==, ZS_ORIGIN_NONE);
    g_assert_false(zs_context_usable(c));
    zs_context_free(c);
    f.service.names[0] = "http";
    c = observe(r, &f);
    g_assert_cmpstr(zs_why_code(zs_context_facts(c)->why), ==, "no-principal");
    g_assert_nonnull(strstr(zs_context_facts(c)->reason, "but for " SERVICE));
    zs_context_free(c);
    zs_keyring_free(r);
    g_byte_array_unref(req);
    forge_remove(k.path);
}

static void what_is_no_cache_is_named(void)
{
    struct zs_keyring *r = zs_keyring_new();
    struct cache k;
    struct forge f;
    char *keytab = forge_keytab(NULL, 0);

    REFUSES(r, "/nowhere/cache: No such file", ccache, "/nowhere/cache");
    REFUSES(r, "/: not a file", ccache, "/");
    REFUSES(r, "not a credential cache", ccache, keytab);
    forge_remove(keytab);
    forge_init(&f, 18);
    GByteArray *req = forge_ap_req(&f);
    cache_open(&k);
    cache_store(&k, "krbtgt/EXAMPLE.ORG@EXAMPLE.ORG", &f, ticket_of(req));
    cache_close(&k);
    REFUSES(r, "without a ticket for any service", ccache, k.path);
    g_byte_array_unref(req);
    forge_remove(k.path);
    zs_keyring_free(r);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    zs_krb_init();
#define CASE(name) g_test_add_func("/sources/" #name, name)
    CASE(key_by_itself_opens_what_it_sealed);
    CASE(key_that_is_none_is_refused);
    CASE(refused_key_is_not_repeated);
    CASE(key_that_does_not_fit_says_so);
    CASE(keytab_is_spoken_of_before_a_key);
    CASE(password_makes_the_keys_that_krb5_makes);
    CASE(password_that_does_not_fit_says_so);
    CASE(password_wants_a_whole_principal);
    CASE(cache_opens_its_own_tickets);
    CASE(cache_without_the_ticket_says_so);
    CASE(what_is_no_cache_is_named);
#undef CASE
    return g_test_run();
}
