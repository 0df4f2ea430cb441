/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Session secrets: the line of one context opens that context and no other, it holds the one key that messages use,
 * and a line that cannot be used is named and costs no other line. */
#include "core/krb/secrets.h"

#include "core/krb/init.h"
#include "core/krb/messages.h"
#include "tests/core/krb/forge.h"

#include <errno.h>
#include <unistd.h>

#define NS       INT64_C(1000000000)
#define SERVICE  "zmq/server.example.org@EXAMPLE.ORG"
#define ID       "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"
#define KEY      "acceptor:aes128-cts-hmac-sha1-96:c0ffeec0ffeec0ffeec0ffeec0ffeec0"
#define A_SECRET "zmtp-gssapi-1 id=" ID " key=" KEY

/* One handshake as it passed by: forged anew, it would have another authenticator. */
struct seen {
    struct forge f;
    GByteArray *req, *rep;
};

static void see(struct seen *s)
{
    s->req = forge_ap_req(&s->f);
    s->rep = forge_ap_rep(&s->f);
}

static void forget(struct seen *s)
{
    g_byte_array_unref(s->req);
    g_byte_array_unref(s->rep);
}

static struct zs_context *observe(const struct seen *s, const struct zs_keyring *r)
{
    struct zs_span rep = s->f.no_ap_rep ? zs_span(NULL, 0) : span_of(s->rep);
    return zs_context_new(r, span_of(s->req), rep, FORGE_NOW * NS);
}

static struct zs_keyring *service_keys(const struct forge *f)
{
    struct forge_entry entry = {f->service, (uint32_t)f->kvno, false, f->service_key};
    return forge_keyring(&entry, 1);
}

/* The secret of s as its service's key shows it; zs_secret_free() it. */
static char *secret_of(const struct seen *s)
{
    struct zs_keyring *r = service_keys(&s->f);
    struct zs_context *c = observe(s, r);
    char *line = zs_context_secret(c);

    zs_context_free(c);
    zs_keyring_free(r);
    return line;
}

/* A keyring of this key log, all of which must be good. */
static struct zs_keyring *key_log(const char *text)
{
    struct zs_keyring *r = zs_keyring_new();
    char *why = NULL;

    if (!zs_keyring_add_secrets(r, text, strlen(text), "a.keys", true, &why))
        g_error("%s", why);
    return r;
}

static char *hex(const void *p, size_t n)
{
    GString *s = g_string_new(NULL);

    for (size_t i = 0; i < n; i++)
        g_string_append_printf(s, "%02x", ((const uint8_t *)p)[i]);
    return g_string_free(s, FALSE);
}

static bool holds_key(const char *line, const struct zs_key *k)
{
    char *digits = hex(k->octets, k->n);
    bool holds = strstr(line, digits) != NULL;

    g_free(digits);
    return holds;
}

/* Does c open a token that is sealed under key, with these flags? */
static enum zs_rc unwraps(const struct zs_context *c, const struct zs_key *key, uint8_t flags)
{
    struct forge_wrap w = {
        .key = *key, .flags = flags, .sequence = 7, .text = zs_span("\0hello", 6)};
    GByteArray *token = forge_wrap(&w);
    uint8_t buf[256];
    struct zs_unwrapped u;

    enum zs_rc rc = zs_context_unwrap(c, span_of(token), buf, sizeof buf, &u);
    if (rc == ZS_OK)
        g_assert_cmpmem(u.plain.p, u.plain.n, "\0hello", 6);
    g_byte_array_unref(token);
    return rc;
}

static void secret_opens_its_context(void)
{
    static const int32_t enctypes[] = {17, 18, 19, 20, 25, 26};

    for (size_t i = 0; i < G_N_ELEMENTS(enctypes); i++) {
        struct seen s;
        forge_init(&s.f, 18);
        s.f.acceptor_subkey = forge_key(enctypes[i], 4);
        see(&s);
        char *line = secret_of(&s);
        struct zs_keyring *r = key_log(line);
        struct zs_context *c = observe(&s, r);
        const struct zs_context_facts *f = zs_context_facts(c);
        g_assert_cmpint(f->why, ==, ZS_WHY_OPENED);
        g_assert_cmpstr(f->reason, ==, NULL);
        g_assert_cmpint(f->opened_by, ==, ZS_ORIGIN_SECRET);
        g_assert_cmpstr(f->keytab_entry, ==, "key log a.keys");
        g_assert_false(f->ticket_opened || f->authenticator_opened || f->ap_rep_opened);
        g_assert_cmpstr(f->client_principal, ==, "alice@EXAMPLE.ORG");
        g_assert_cmpstr(f->service_principal, ==, SERVICE);
        g_assert_cmpint(f->subkey_etype, ==, enctypes[i]);
        g_assert_cmpint(f->subkey_from, ==, ZS_SUBKEY_ACCEPTOR);
        g_assert_cmpint(f->session_etype, ==, 0);
        g_assert_true(f->initiator_has_sequence && f->acceptor_has_sequence && f->has_gss_flags);
        g_assert_cmpuint(f->initiator_sequence, ==, 1000);
        g_assert_cmpuint(f->acceptor_sequence, ==, 2000);
        g_assert_cmphex(f->gss_flags, ==, 0x136);
        g_assert_true(zs_context_usable(c));
        g_assert_cmpint(unwraps(c, &s.f.acceptor_subkey, 6), ==, ZS_OK);
        g_assert_cmpint(unwraps(c, &s.f.acceptor_subkey, 7), ==, ZS_OK);
        g_assert_cmpint(unwraps(c, &s.f.session_key, 6), !=, ZS_OK);
        char *again = zs_context_secret(c);
        g_assert_cmpstr(again, ==, line);
        zs_secret_free(again);
        zs_context_free(c);
        zs_keyring_free(r);
        zs_secret_free(line);
        forget(&s);
    }
}

/* The format, to the octet: others write it too. */
static void line_is_as_documented(void)
{
    struct seen s;
    struct zs_ap_req req;

    forge_init(&s.f, 18);
    see(&s);
    char *line = secret_of(&s);
    g_assert_cmpint(zs_ap_req_parse(span_of(s.req), &req), ==, ZS_OK);
    char *id = g_compute_checksum_for_data(G_CHECKSUM_SHA256, req.authenticator.cipher.p,
                                           req.authenticator.cipher.n);
    char *key = hex(s.f.acceptor_subkey.octets, 32);
    char *want = g_strdup_printf("zmtp-gssapi-1 id=%s key=acceptor:aes256-cts-hmac-sha1-96:%s "
                                 "client=alice@EXAMPLE.ORG service=" SERVICE
                                 " iseq=1000 aseq=2000 flags=0x136",
                                 id, key);
    g_assert_cmpstr(line, ==, want);
    g_free(want);
    g_free(key);
    g_free(id);
    zs_secret_free(line);
    forget(&s);
}

static void secret_opens_no_other_context(void)
{
    struct seen s[3];
    char *line[3];

    for (int i = 0; i < 3; i++) {
        forge_init(&s[i].f, 18); /* the same keys throughout: the id alone tells them apart */
        see(&s[i]);
        line[i] = secret_of(&s[i]);
    }
    for (int chosen = 0; chosen < 3; chosen++) {
        struct zs_keyring *r = key_log(line[chosen]);
        for (int i = 0; i < 3; i++) {
            struct zs_context *c = observe(&s[i], r);
            g_assert_true(zs_context_usable(c) == (i == chosen));
            if (i != chosen) {
                g_assert_cmpint(zs_context_facts(c)->why, ==, ZS_WHY_NO_KEYS);
                g_assert_nonnull(strstr(zs_context_facts(c)->reason, "key log has nothing"));
                g_assert_cmpstr(zs_context_secret(c), ==, NULL);
            }
            zs_context_free(c);
        }
        zs_keyring_free(r);
    }
    for (int i = 0; i < 3; i++) {
        zs_secret_free(line[i]);
        forget(&s[i]);
    }
}

/* What the messages use is written, and nothing that would open more. */
static void line_holds_one_key(void)
{
    static const struct {
        bool acceptor, initiator, mutual, no_ap_rep;
        const char *from; /* NULL: no line */
    } cases[] = {
        {true, true, true, false, " key=acceptor:"},
        {true, false, true, false, " key=acceptor:"},
        {false, true, true, false, " key=initiator:"},
        {false, false, true, false, " key=session:"},
        {false, true, false, true, " key=initiator:"},
        {false, false, false, true, " key=session:"},
        /* Lost: Heimdal's and Windows' acceptors copy the initiator's; the session key would be a mere guess. */
        {true, true, true, true, " key=initiator:"},
        {true, false, true, true, NULL},
    };

    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        struct seen s;
        forge_init(&s.f, 18);
        const struct zs_key *keys[] = {&s.f.service_key, &s.f.session_key, &s.f.acceptor_subkey,
                                       &s.f.initiator_subkey};
        s.f.no_ap_rep = cases[i].no_ap_rep;
        s.f.ap_options = cases[i].mutual ? 0x20000000 : 0;
        if (!cases[i].acceptor)
            s.f.acceptor_subkey.enctype = 0;
        if (!cases[i].initiator)
            s.f.initiator_subkey.enctype = 0;
        see(&s);
        char *line = secret_of(&s);
        g_assert_true((line != NULL) == (cases[i].from != NULL));
        int held = 0;
        for (size_t k = 0; line && k < G_N_ELEMENTS(keys); k++)
            held += holds_key(line, keys[k]);
        g_assert_true(!line || strstr(line, cases[i].from));
        g_assert_cmpint(held, ==, line ? 1 : 0);
        zs_secret_free(line);
        forget(&s);
    }
}

static void what_did_not_open_has_no_secret(void)
{
    struct seen s;
    struct zs_keyring *none = zs_keyring_new();

    forge_init(&s.f, 18);
    see(&s);
    struct zs_context *c = observe(&s, none);
    g_assert_cmpstr(zs_context_secret(c), ==, NULL);
    zs_context_free(c);
    c = zs_context_new(none, zs_span("no AP-REQ", 9), zs_span(NULL, 0), 0);
    g_assert_cmpstr(zs_context_secret(c), ==, NULL);
    zs_context_free(c);
    forget(&s);
    zs_keyring_free(none);
    forge_init(&s.f,
               24); /* RC4 of 40 bits: the handshake opens, its messages are not opened here */
    see(&s);
    g_assert_cmpstr(secret_of(&s), ==, NULL);
    forget(&s);
    zs_secret_free(NULL);
}

/* Opened is said of the context; of a message it is said only after its checksum held. */
static void wrong_key_opens_no_message(void)
{
    struct seen s;

    forge_init(&s.f, 18);
    see(&s);
    char *line = secret_of(&s);
    char *digit = strstr(line, "sha1-96:") + 8;
    *digit = *digit == '0' ? '1' : '0';
    struct zs_keyring *r = key_log(line);
    struct zs_context *c = observe(&s, r);
    for (uint8_t flags = 0; flags < 8; flags++) {
        g_assert_cmpint(unwraps(c, &s.f.acceptor_subkey, flags), ==, ZS_E_WRAP_CHECKSUM);
        g_assert_cmpint(unwraps(c, &s.f.initiator_subkey, flags), ==, ZS_E_WRAP_CHECKSUM);
    }
    zs_context_free(c);
    zs_keyring_free(r);
    zs_secret_free(line);
    forget(&s);
}

/* The ticket says more than a key log does; the key log helps where the ticket does not suffice. */
static void ticket_goes_first_and_secret_fills_in(void)
{
    struct seen s;
    char *why = NULL;

    forge_init(&s.f, 18);
    see(&s);
    char *line = secret_of(&s);
    struct zs_keyring *r = service_keys(&s.f);
    g_assert_true(zs_keyring_add_secrets(r, line, strlen(line), "a.keys", true, &why));
    struct zs_context *c = observe(&s, r);
    g_assert_cmpint(zs_context_facts(c)->opened_by, ==, ZS_ORIGIN_KEYTAB);
    g_assert_true(zs_context_facts(c)->ticket_opened && zs_context_facts(c)->ap_rep_opened);
    g_assert_cmpstr(zs_context_facts(c)->reason, ==, NULL);
    zs_context_free(c);

    s.f.no_ap_rep = true;
    c = observe(&s, r);
    g_assert_cmpint(zs_context_facts(c)->opened_by, ==, ZS_ORIGIN_KEYTAB);
    g_assert_cmpint(zs_context_facts(c)->why, ==, ZS_WHY_OPENED);
    g_assert_nonnull(strstr(zs_context_facts(c)->reason, "key log a.keys"));
    g_assert_cmpint(zs_context_facts(c)->subkey_from, ==, ZS_SUBKEY_ACCEPTOR);
    g_assert_cmpint(zs_context_facts(c)->subkey_etype, ==, 18);
    g_assert_cmpuint(zs_context_facts(c)->acceptor_sequence, ==, 2000);
    g_assert_true(zs_context_facts(c)->acceptor_has_sequence);
    g_assert_cmpint(unwraps(c, &s.f.acceptor_subkey, 7), ==, ZS_OK);
    zs_context_free(c);
    zs_keyring_free(r);

    r = key_log(line);
    c = observe(&s, r);
    g_assert_cmpint(zs_context_facts(c)->why, ==, ZS_WHY_OPENED);
    g_assert_cmpint(unwraps(c, &s.f.acceptor_subkey, 7), ==, ZS_OK);
    zs_context_free(c);
    zs_keyring_free(r);
    zs_secret_free(line);
    forget(&s);
}

static void unknown_numbers_are_left_out(void)
{
    struct seen s;

    forge_init(&s.f, 18);
    s.f.initiator_has_sequence = s.f.acceptor_has_sequence = false;
    see(&s);
    s.req->data[s.req->len - 5] ^= 1; /* the authenticator */
    char *line = secret_of(&s);
    g_assert_null(strstr(line, "iseq="));
    g_assert_null(strstr(line, "aseq="));
    g_assert_null(strstr(line, "flags="));
    struct zs_keyring *r = key_log(line);
    struct zs_context *c = observe(&s, r);
    const struct zs_context_facts *f = zs_context_facts(c);
    g_assert_false(f->initiator_has_sequence || f->acceptor_has_sequence || f->has_gss_flags);
    g_assert_cmpint(unwraps(c, &s.f.acceptor_subkey, 6), ==, ZS_OK);
    zs_context_free(c);
    zs_keyring_free(r);
    zs_secret_free(line);
    forget(&s);
}

/* A principal may have any octets; the line has none but printable ones, and gives them all back. */
static void names_are_escaped(void)
{
    struct seen s;

    forge_init(&s.f, 18);
    s.f.client = (struct forge_name){"R 1\n", {"a%b key=x", "\x1b[2J", "\xc3\xa4\xff"}};
    see(&s);
    char *line = secret_of(&s);
    for (const char *p = line; *p; p++)
        g_assert_true(*p >= 0x20 && *p < 0x7f);
    g_assert_nonnull(
        strstr(line, " client=a%25b%20key=x/%1B[2J/%C3%A4%FF@R%201\\n service=" SERVICE " "));
    struct zs_keyring *r = key_log(line);
    struct zs_context *c = observe(&s, r);
    g_assert_cmpstr(zs_context_facts(c)->client_principal, ==,
                    "a%b key=x/\x1b[2J/\xc3\xa4\xff@R 1\\n");
    zs_context_free(c);
    zs_keyring_free(r);
    zs_secret_free(line);
    forget(&s);
}

static void format_is_taken_loosely(void)
{
    static const char *const good[] = {
        A_SECRET,
        A_SECRET "\n",
        A_SECRET "\r\n",
        "\n\n# a comment\n" A_SECRET "\n# the end",
        "  \t\n\t" A_SECRET "  \t",
        "zmtp-gssapi-1 key=" KEY "\tcolour=blue id=" ID " x= =y",
        A_SECRET " client=a service=b iseq=18446744073709551615 aseq=0 flags=0xffffffff",
        A_SECRET "\n" A_SECRET,
    };

    for (size_t i = 0; i < G_N_ELEMENTS(good); i++) {
        struct zs_keyring *r = key_log(good[i]);
        g_assert_cmpuint(zs_keyring_secret_count(r), ==, 1);
        g_assert_cmpuint(zs_keyring_size(r), ==, 0);
        zs_keyring_free(r);
    }
    struct zs_keyring *r = key_log("");
    g_assert_cmpuint(zs_keyring_secret_count(r), ==, 0);
    zs_keyring_free(r);
}

/* clang-format off */
static const struct {
    const char *line, *says;
} bad_lines[] = {
    {"zmtp-gssapi-2 anything", "a session secret of version 2, and version 1 alone is read"},
    {"zmtp-gssapi-10 id=" ID, "of version 10,"},
    {"zmtp-gssapi-1x id=" ID " key=" KEY, "not a session secret"},
    {"zmtp-gssapi-", "not a session secret"},
    {"zmtp-gssapi-99999999999999999999", "not a session secret"},
    {"CLIENT_RANDOM 00 00", "not a session secret"},
    {"\x01\x02\x03", "not a session secret"},
    {"zmtp-gssapi-1", "no id or no key"},
    {"zmtp-gssapi-1 id=" ID, "no id or no key"},
    {"zmtp-gssapi-1 key=" KEY, "no id or no key"},
    {A_SECRET " word", "without an equals sign"},
    {A_SECRET " id=" ID, "id stands there twice"},
    {A_SECRET " key=" KEY, "key stands there twice"},
    {A_SECRET " flags=0x1 flags=0x1", "flags stands there twice"},
    {"zmtp-gssapi-1 id=00 key=" KEY, "its id cannot be read"},
    {"zmtp-gssapi-1 id=" ID "00 key=" KEY, "its id cannot be read"},
    {"zmtp-gssapi-1 id= key=" KEY, "its id cannot be read"},
    {"zmtp-gssapi-1 id=" ID " key=", "its key cannot be read"},
    {"zmtp-gssapi-1 id=" ID " key=server:aes128-cts-hmac-sha1-96:c0ffeec0ffeec0ffeec0ffeec0ffeec0", "its key cannot be read"},
    {"zmtp-gssapi-1 id=" ID " key=acceptor:aes128-cts-hmac-sha1-96:c0ffeec0ffeec0ffeec0ffeec0ffee", "its key cannot be read"},
    {"zmtp-gssapi-1 id=" ID " key=acceptor:aes128-cts-hmac-sha1-96:c0ffeec0ffeec0ffeec0ffeec0ffeec0c0", "its key cannot be read"},
    {"zmtp-gssapi-1 id=" ID " key=acceptor:rot13:c0ffeec0ffeec0ffeec0ffeec0ffeec0", "its key cannot be read"},
    {"zmtp-gssapi-1 id=" ID " key=acceptor", "its key cannot be read"},
    {A_SECRET " client=", "its client cannot be read"},
    {A_SECRET " client=a%", "its client cannot be read"},
    {A_SECRET " client=a%4", "its client cannot be read"},
    {A_SECRET " client=a%4g", "its client cannot be read"},
    {A_SECRET " client=a%00b", "its client cannot be read"},
    {A_SECRET " service=%zz", "its service cannot be read"},
    {A_SECRET " iseq=", "its iseq cannot be read"},
    {A_SECRET " iseq=-1", "its iseq cannot be read"},
    {A_SECRET " iseq=18446744073709551616", "its iseq cannot be read"},
    {A_SECRET " aseq=0x1", "its aseq cannot be read"},
    {A_SECRET " flags=136", "its flags cannot be read"},
    {A_SECRET " flags=0x", "its flags cannot be read"},
    {A_SECRET " flags=0x123456789", "its flags cannot be read"},
};
/* clang-format on */

/* The sentence names file and line, repeats nothing of what may be a key, and the lines around it count. */
static void bad_line_is_named_and_costs_no_other(void)
{
    char *other = g_strdup(A_SECRET);

    strstr(other, ID)[0] = 'f';
    for (size_t i = 0; i < G_N_ELEMENTS(bad_lines); i++) {
        struct zs_keyring *r = zs_keyring_new();
        char *text = g_strconcat("# two\n", A_SECRET, "\n", bad_lines[i].line, "\n", other, NULL);
        char *why = NULL;
        g_assert_false(zs_keyring_add_secrets(r, text, strlen(text), "a.keys", true, &why));
        g_test_message("%s", why);
        g_assert_true(g_str_has_prefix(why, "a.keys:3: "));
        g_assert_nonnull(strstr(why, bad_lines[i].says));
        g_assert_null(strstr(why, "c0ffee"));
        g_assert_cmpuint(zs_keyring_secret_count(r), ==, 2);
        g_free(why);
        g_free(text);
        zs_keyring_free(r);
    }
    g_free(other);
}

static void bad_lines_are_counted(void)
{
    static const char text[] = "one\n" A_SECRET "\ntwo\n\nthree";
    struct zs_keyring *r = zs_keyring_new();
    char *why = NULL;

    g_assert_false(zs_keyring_add_secrets(r, text, strlen(text), "a.keys", true, &why));
    g_assert_cmpstr(why, ==, "a.keys:1: not a session secret; 2 more lines cannot be used");
    g_assert_cmpuint(zs_keyring_secret_count(r), ==, 1);
    g_free(why);
    zs_keyring_free(r);
}

static void endless_line_is_refused(void)
{
    struct zs_keyring *r = zs_keyring_new();
    char *name = g_strnfill(1 << 16, 'x'), *why = NULL;
    char *text = g_strconcat(A_SECRET " client=", name, NULL);

    g_assert_false(zs_keyring_add_secrets(r, text, strlen(text), "a.keys", true, &why));
    g_assert_nonnull(strstr(why, "a.keys:1: longer"));
    g_free(why);
    g_free(text);
    g_free(name);
    zs_keyring_free(r);
}

/* What the user named first stands: a block inside a capture does not displace it. */
static void first_secret_of_a_context_stands(void)
{
    struct seen s;
    char *why = NULL;

    forge_init(&s.f, 18);
    see(&s);
    char *line = secret_of(&s), *other = g_strdup(line);
    char *digit = strstr(other, "sha1-96:") + 8;
    *digit = *digit == '0' ? '1' : '0';
    struct zs_keyring *r = key_log(line);
    g_assert_true(zs_keyring_add_secrets(r, other, strlen(other), "b.keys", true, &why));
    g_assert_cmpuint(zs_keyring_secret_count(r), ==, 1);
    struct zs_context *c = observe(&s, r);
    g_assert_cmpstr(zs_context_facts(c)->keytab_entry, ==, "key log a.keys");
    g_assert_cmpint(unwraps(c, &s.f.acceptor_subkey, 6), ==, ZS_OK);
    zs_context_free(c);
    zs_keyring_free(r);
    zs_secret_free(other);
    zs_secret_free(line);
    forget(&s);
}

/* A file, of more than is read at once, and a pipe. */
static void key_log_is_read_from_files(void)
{
    char *directory = g_dir_make_tmp("zs-secrets-XXXXXX", NULL), *why = NULL;
    char *path = g_build_filename(directory, "a.keys", NULL);
    GString *text = g_string_new(NULL);
    struct zs_keyring *r = zs_keyring_new();

    for (unsigned i = 0; i < 2000; i++)
        g_string_append_printf(text, "zmtp-gssapi-1 id=%064x key=" KEY "\n", i);
    g_assert_true(g_file_set_contents(path, text->str, (gssize)text->len, NULL));
    g_assert_true(zs_keyring_add_keylog(r, path, &why));
    g_assert_cmpuint(zs_keyring_secret_count(r), ==, 2000);

    int ends[2];
    g_assert_cmpint(pipe(ends), ==, 0);
    g_assert_cmpint(write(ends[1], A_SECRET "\n", strlen(A_SECRET) + 1), ==, strlen(A_SECRET) + 1);
    close(ends[1]);
    char *name = g_strdup_printf("/dev/fd/%d", ends[0]);
    g_assert_true(zs_keyring_add_keylog(r, name, &why));
    g_assert_cmpuint(zs_keyring_secret_count(r), ==, 2001);
    close(ends[0]);

    unlink(path);
    g_assert_false(zs_keyring_add_keylog(r, path, &why));
    g_assert_true(g_str_has_prefix(why, path));
    g_assert_nonnull(strstr(why, g_strerror(ENOENT)));
    g_free(why);
    g_assert_false(zs_keyring_add_keylog(r, directory, &why));
    g_assert_nonnull(strstr(why, g_strerror(EISDIR)));
    g_free(why);
    g_assert_cmpuint(zs_keyring_secret_count(r), ==, 2001);
    rmdir(directory);
    zs_keyring_free(r);
    g_string_free(text, TRUE);
    g_free(name);
    g_free(path);
    g_free(directory);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    zs_krb_init();
#define CASE(name) g_test_add_func("/secrets/" #name, name)
    CASE(secret_opens_its_context);
    CASE(line_is_as_documented);
    CASE(secret_opens_no_other_context);
    CASE(line_holds_one_key);
    CASE(what_did_not_open_has_no_secret);
    CASE(wrong_key_opens_no_message);
    CASE(ticket_goes_first_and_secret_fills_in);
    CASE(unknown_numbers_are_left_out);
    CASE(names_are_escaped);
    CASE(format_is_taken_loosely);
    CASE(bad_line_is_named_and_costs_no_other);
    CASE(bad_lines_are_counted);
    CASE(endless_line_is_refused);
    CASE(first_secret_of_a_context_stands);
    CASE(key_log_is_read_from_files);
#undef CASE
    return g_test_run();
}
