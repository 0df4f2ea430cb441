/* SPDX-License-Identifier: GPL-2.0-or-later */
/* No key is found in a core dump, neither after contexts and keyring were released nor while they are open. The
 * dumped process is another program (dumped.c): this one, which makes the keys, knows what to search for.
 *
 * The dump is the kernel's, or, where the kernel is set to hand it to somebody else, gdb's gcore.
 *
 * Limits: it searches for keys as they are, in digits, and as HMAC and RC4 use them, by halves; not for what a key schedule makes
 * of them further on, nor for the keys that RC4 makes for each message. */
#include "core/krb/enctype.h"
#include "core/krb/init.h"
#include "core/krb/secrets.h"
#include "core/wire/token.h"
#include "tests/core/krb/mit.h"

#include <glib/gstdio.h>
#include <signal.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

enum { PIECE = 16 }; /* octets that are searched for; half of the longest key */

/* A context's handshake and messages, as files, and what must not be found. */
struct story {
    char *directory, *dump; /* dump: an empty directory inside, which the process runs in */
    GPtrArray *files;       /* char *: req, rep, keytab, tokens: the process's arguments */
    GPtrArray *base;        /* GByteArray *: keys from which others are made */
    GPtrArray *derived;     /* those, and keys as HMAC and RC4 use them */
};

static void add_file(struct story *s, GByteArray *octets)
{
    char *path = g_strdup_printf("%s/%u", s->directory, s->files->len);

    g_assert_true(g_file_set_contents(path, (const char *)octets->data, octets->len, NULL));
    g_byte_array_unref(octets);
    g_ptr_array_add(s->files, path);
}

/* RFC 2104: K ^ ipad, K ^ opad; RFC 4757, 7.3: K ^ F0. */
static void add_padded(struct story *s, const uint8_t *key, size_t n)
{
    static const uint8_t pads[] = {0x36, 0x5c, 0xf0};

    for (size_t p = 0; p < sizeof pads; p++) {
        GByteArray *padded = der_octets(key, n);
        for (size_t i = 0; i < n; i++)
            padded->data[i] ^= pads[p];
        g_ptr_array_add(s->derived, padded);
    }
}

/* RFC 3961, 5.3: Ke, Ki and Kc for one usage. */
static void add_derived(struct story *s, const struct zs_key *key, uint8_t usage)
{
    const struct zs_enctype *e = zs_enctype_of(key->enctype);
    static const uint8_t which[] = {0xaa, 0x55, 0x99};

    for (size_t w = 0; e && w < sizeof which; w++) {
        uint8_t constant[5] = {0, 0, 0, usage, which[w]}, out[ZS_KEY_MAX];
        size_t n = w ? e->mac_key : e->key;
        g_assert_true(e->derive(e, key, zs_span(constant, sizeof constant), out, n));
        g_ptr_array_add(s->derived, der_octets(out, n));
        add_padded(s, out, n);
    }
}

/* In hexadecimal digits, as keys are given. */
static void add_written(struct story *s, const struct zs_key *key)
{
    GByteArray *digits = g_byte_array_new();

    for (size_t i = 0; i < key->n; i++) {
        char two[3];
        g_snprintf(two, sizeof two, "%02x", key->octets[i]);
        g_byte_array_append(digits, (const uint8_t *)two, 2);
    }
    g_ptr_array_add(s->derived, digits);
}

static void add_key(struct story *s, const struct zs_key *key)
{
    static const uint8_t usages[] = {2, 11, 12, 22, 24};

    g_ptr_array_add(s->base, der_octets(key->octets, key->n));
    add_written(s, key);
    add_padded(s, key->octets, key->n);
    for (size_t i = 0; i < sizeof usages; i++)
        add_derived(s, key, usages[i]);
}

/* req and rep are used up; rep is empty where there is none. */
static void story_init(struct story *s, const struct forge *f, GByteArray *req, GByteArray *rep)
{
    struct forge_entry entry = {
        .name = f->service, .kvno = (uint32_t)f->kvno, .key = f->service_key};
    char *keytab = forge_keytab(&entry, 1), *octets;
    gsize n;

    s->directory = g_dir_make_tmp("zs-dump-XXXXXX", NULL);
    s->dump = g_build_filename(s->directory, "dump", NULL);
    g_assert_cmpint(g_mkdir(s->dump, 0700), ==, 0);
    s->files = g_ptr_array_new_with_free_func(g_free);
    s->base = g_ptr_array_new_with_free_func((GDestroyNotify)g_byte_array_unref);
    s->derived = g_ptr_array_new_with_free_func((GDestroyNotify)g_byte_array_unref);
    add_key(s, &f->service_key);
    add_key(s, &f->session_key);
    add_file(s, req);
    add_file(s, rep);
    g_assert_true(g_file_get_contents(keytab, &octets, &n, NULL));
    add_file(s, der_octets(octets, n));
    g_free(octets);
    forge_remove(keytab);
}

static void story_clear(struct story *s)
{
    for (guint i = 0; i < s->files->len; i++)
        unlink(s->files->pdata[i]);
    rmdir(s->dump);
    rmdir(s->directory);
    g_ptr_array_unref(s->files);
    g_ptr_array_unref(s->base);
    g_ptr_array_unref(s->derived);
    g_free(s->dump);
    g_free(s->directory);
}

/* Does the kernel write a core into the working directory? Else it hands it to a program or a place of the host's. */
static bool kernel_dumps_here(void)
{
    struct rlimit limit;
    char *pattern;

    g_assert_true(g_file_get_contents("/proc/sys/kernel/core_pattern", &pattern, NULL, NULL));
    bool here = !strchr(pattern, '|') && !strchr(pattern, '/') &&
                getrlimit(RLIMIT_CORE, &limit) == 0 && limit.rlim_max == RLIM_INFINITY;
    g_free(pattern);
    return here;
}

static GPid start(const struct story *s, const char *mode, const char *host, const char *end)
{
    GPtrArray *argv = g_ptr_array_new();
    GError *error = NULL;
    GPid pid;

    g_ptr_array_add(argv, (char *)ZS_DUMPED);
    g_ptr_array_add(argv, (char *)mode);
    g_ptr_array_add(argv, (char *)host);
    g_ptr_array_add(argv, (char *)end);
    for (guint i = 0; i < s->files->len; i++)
        g_ptr_array_add(argv, s->files->pdata[i]);
    g_ptr_array_add(argv, NULL);
    g_spawn_async(s->dump, (char **)argv->pdata, NULL, G_SPAWN_DO_NOT_REAP_CHILD, NULL, NULL, &pid,
                  &error);
    g_assert_no_error(error);
    g_ptr_array_unref(argv);
    return pid;
}

static void die_by_the_kernel(const struct story *s, const char *mode, const char *host)
{
    int status;
    GPid pid = start(s, mode, host, "abort");

    g_assert_cmpint(waitpid(pid, &status, 0), ==, pid);
    g_assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT);
    g_assert_true(WCOREDUMP(status));
}

static void be_copied_by_gdb(const struct story *s, const char *mode, const char *host)
{
    int status;
    GPid pid = start(s, mode, host, "stop");

    g_assert_cmpint(waitpid(pid, &status, WUNTRACED), ==, pid);
    g_assert_true(WIFSTOPPED(status));
    char *name = g_build_filename(s->dump, "core", NULL), *number = g_strdup_printf("%d", pid);
    char *argv[] = {(char *)"gcore", (char *)"-o", name, number, NULL};
    GError *error = NULL;
    g_spawn_sync(NULL, argv, NULL,
                 G_SPAWN_SEARCH_PATH | G_SPAWN_STDOUT_TO_DEV_NULL | G_SPAWN_STDERR_TO_DEV_NULL,
                 NULL, NULL, NULL, NULL, &status, &error);
    g_assert_no_error(error);
    g_assert_cmpint(status, ==, 0);
    kill(pid, SIGKILL);
    waitpid(pid, &status, 0);
    g_free(name);
    g_free(number);
}

/* The one file in the directory that the process ran in, whatever its name; it is removed. */
static GMappedFile *take_dump(const struct story *s)
{
    GDir *dir = g_dir_open(s->dump, 0, NULL);
    char *path = g_build_filename(s->dump, g_dir_read_name(dir), NULL);
    GError *error = NULL;

    g_dir_close(dir);
    GMappedFile *core = g_mapped_file_new(path, FALSE, &error);
    g_assert_no_error(error);
    unlink(path);
    g_free(path);
    return core;
}

static GMappedFile *dump_of(const struct story *s, const char *mode, const char *host, bool gdb)
{
    if (gdb || !kernel_dumps_here())
        be_copied_by_gdb(s, mode, host);
    else
        die_by_the_kernel(s, mode, host);
    return take_dump(s);
}

static bool holds(GMappedFile *core, const void *p, size_t n)
{
    return memmem(g_mapped_file_get_contents(core), g_mapped_file_get_length(core), p, n) != NULL;
}

/* How many of the keys are there, whole or by half. */
static unsigned count_found(GMappedFile *core, const GPtrArray *keys)
{
    unsigned found = 0;

    for (guint i = 0; i < keys->len; i++) {
        const GByteArray *k = keys->pdata[i];
        size_t n = MIN(k->len, PIECE);
        bool there = holds(core, k->data, n) || holds(core, k->data + k->len - n, n);
        if (there)
            g_test_message("key %u, %u octets, is there", i, k->len);
        found += there;
    }
    return found;
}

static void assert_found(const struct story *s, const char *mode, const char *host, bool gdb)
{
    GMappedFile *core = dump_of(s, mode, host, gdb);
    bool handles = strcmp(mode, "open") == 0 && strcmp(host, "plugin") == 0;

    g_test_message("%s %s: %zu octets", mode, host, g_mapped_file_get_length(core));
    g_assert_true(holds(core, "dumped", 6)); /* it is a dump at all */
    if (strcmp(mode, "careless") == 0) {
        g_assert_cmpuint(count_found(core, s->base), ==, 1);
    } else {
        g_assert_cmpuint(count_found(core, s->base), ==, 0);
        /* Wireshark's libgcrypt has its handles, and in them derived keys, in ordinary memory. */
        g_assert_true(handles || count_found(core, s->derived) == 0);
    }
    g_mapped_file_unref(core);
}

static void no_key_is_in_any_dump(const struct story *s)
{
    assert_found(s, "careless", "program", false); /* what is there is found */
    assert_found(s, "released", "program", false);
    assert_found(s, "open", "program", false);
    assert_found(s, "released", "plugin", false);
    assert_found(s, "open", "plugin", false);
}

static void add_tokens(struct story *s, const struct forge *f)
{
    static const uint8_t text[100];

    for (uint8_t flags = 0; flags < 4; flags++) { /* either sender, sealed or not */
        struct forge_wrap w = {
            .key = f->acceptor_subkey, .flags = flags | 4, .text = zs_span(text, sizeof text)};
        add_file(s, forge_wrap(&w));
    }
}

static void cfx_keys_are_in_no_dump(gconstpointer session)
{
    struct story s;
    struct forge f;

    forge_init(&f, GPOINTER_TO_INT(session));
    story_init(&s, &f, forge_ap_req(&f), forge_ap_rep(&f));
    add_key(&s, &f.initiator_subkey);
    add_key(&s, &f.acceptor_subkey);
    add_tokens(&s, &f);
    no_key_is_in_any_dump(&s);
    story_clear(&s);
}

/* Tokens of RFC 1964 and RFC 4757 are MIT's, under the subkey that MIT's initiator chose. */
static void old_keys_are_in_no_dump(gconstpointer session)
{
    static const uint8_t text[100];
    struct zs_span part = zs_span(text, sizeof text);
    struct zs_token req;
    struct story s;
    struct forge f;

    mit_forge(&f, 18, GPOINTER_TO_INT(session));
    struct mit_talk t = mit_establish(&f, 0);
    struct zs_key subkey = mit_subkey(&t);
    g_assert_cmpint(subkey.enctype, ==, GPOINTER_TO_INT(session));
    g_assert_cmpint(zs_token_parse(span_of(t.to_acceptor), &req), ==, ZS_OK);
    story_init(&s, &f, der_octets(req.inner.p, req.inner.n), g_byte_array_new());
    add_key(&s, &subkey);
    for (int sealed = 0; sealed < 2; sealed++) {
        add_file(&s, mit_wrap(t.initiator, sealed, part));
        add_file(&s, mit_wrap(t.acceptor, sealed, part));
    }
    no_key_is_in_any_dump(&s);
    story_clear(&s);
    mit_end(&t);
}

/* The keys are from a file of this kind, which replaces the story's keytab. */
static void keys_given_otherwise(struct story *s, const char *kind, const char *text)
{
    char *keytab = s->files->pdata[2], *given = g_strconcat(kind, ":", keytab, NULL);

    g_assert_true(g_file_set_contents(keytab, text, -1, NULL));
    s->files->pdata[2] = given;
    assert_found(s, "open", "program", false);
    assert_found(s, "released", "program", false);
    s->files->pdata[2] = keytab;
    g_free(given);
}

/* A key and a session secret in hexadecimal digits, and a password, which is searched for itself. */
static void keys_of_other_sources_are_in_no_dump(void)
{
    static const char password[] = "correct horse battery staple, and some more";
    struct story s;
    struct forge f;
    char *why;

    forge_init(&f, 18);
    struct zs_keyring *r = zs_keyring_new();
    g_assert_true(zs_keyring_add_password(r, "zmq/server.example.org@EXAMPLE.ORG", password, &why));
    for (size_t i = 0; i < zs_keyring_size(r); i++)
        if (zs_keyring_at(r, i)->key.enctype == 18)
            f.service_key = zs_keyring_at(r, i)->key;
    GByteArray *req = forge_ap_req(&f), *rep = forge_ap_rep(&f);
    struct zs_context *c =
        zs_context_new(r, span_of(req), span_of(rep), FORGE_NOW * INT64_C(1000000000));
    char *secret = zs_context_secret(c);
    zs_context_free(c);
    zs_keyring_free(r);
    story_init(&s, &f, req, rep);
    add_key(&s, &f.initiator_subkey);
    add_key(&s, &f.acceptor_subkey);
    g_ptr_array_add(s.derived, der_octets(password, sizeof password - 1));
    add_tokens(&s, &f);
    const GByteArray *digits = s.derived->pdata[0]; /* the service's */
    char *key = g_strdup_printf("aes256-cts:%.*s", (int)digits->len, (const char *)digits->data);
    keys_given_otherwise(&s, "password", password);
    keys_given_otherwise(&s, "key", key);
    keys_given_otherwise(&s, "keylog", secret);
    g_free(key);
    zs_secret_free(secret);
    story_clear(&s);
}

/* The client's side: the session key is from the cache in which its ticket lies. */
static void keys_of_a_ccache_are_in_no_dump(void)
{
    char *memory = g_strdup(g_getenv("KRB5CCNAME"));
    char *directory = g_dir_make_tmp("zs-dump-XXXXXX", NULL);
    char *cache = g_build_filename(directory, "ccache", NULL);
    struct zs_token req, rep;
    struct story s;
    struct forge f;

    mit_forge(&f, 18, 18);
    g_setenv("KRB5CCNAME", cache, TRUE);
    struct mit_talk t = mit_establish(&f, GSS_C_MUTUAL_FLAG);
    g_setenv("KRB5CCNAME", memory, TRUE);
    struct zs_key subkey = mit_subkey(&t);
    g_assert_cmpint(zs_token_parse(span_of(t.to_acceptor), &req), ==, ZS_OK);
    g_assert_cmpint(zs_token_parse(span_of(t.to_initiator), &rep), ==, ZS_OK);
    story_init(&s, &f, der_octets(req.inner.p, req.inner.n), der_octets(rep.inner.p, rep.inner.n));
    add_key(&s, &subkey);
    add_file(&s, mit_wrap(t.initiator, true, zs_span("hello", 5)));
    char *keytab = s.files->pdata[2];
    s.files->pdata[2] = g_strconcat("ccache:", cache, NULL);
    assert_found(&s, "open", "program", false);
    assert_found(&s, "released", "program", false);
    g_free(s.files->pdata[2]);
    s.files->pdata[2] = keytab;
    story_clear(&s);
    mit_end(&t);
    forge_remove(cache);
    rmdir(directory);
    g_free(directory);
    g_free(memory);
}

static void gdbs_dump_has_none_either(void)
{
    struct story s;
    struct forge f;

    forge_init(&f, 18);
    story_init(&s, &f, forge_ap_req(&f), forge_ap_rep(&f));
    add_key(&s, &f.acceptor_subkey);
    add_tokens(&s, &f);
    assert_found(&s, "careless", "program", true);
    assert_found(&s, "open", "program", true);
    story_clear(&s);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    zs_krb_init();
    mit_settle();
    for (int session = 17; session <= 26; session++) {
        char name[ZS_ENCTYPE_NAME_MAX];
        if (!zs_enctype_of(session))
            continue;
        char *path = g_strdup_printf("/dump/cfx_keys_are_in_no_dump/%s",
                                     zs_enctype_name(session, name, sizeof name));
        g_test_add_data_func(path, GINT_TO_POINTER(session), cfx_keys_are_in_no_dump);
        g_free(path);
    }
    g_test_add_func("/dump/keys_of_other_sources_are_in_no_dump",
                    keys_of_other_sources_are_in_no_dump);
    g_test_add_func("/dump/keys_of_a_ccache_are_in_no_dump", keys_of_a_ccache_are_in_no_dump);
    g_test_add_func("/dump/gdbs_dump_has_none_either", gdbs_dump_has_none_either);
    g_test_add_data_func("/dump/old_keys_are_in_no_dump/des3-cbc-sha1",
                         GINT_TO_POINTER(ENCTYPE_DES3_CBC_SHA1), old_keys_are_in_no_dump);
    g_test_add_data_func("/dump/old_keys_are_in_no_dump/arcfour-hmac",
                         GINT_TO_POINTER(ENCTYPE_ARCFOUR_HMAC), old_keys_are_in_no_dump);
    int failed = g_test_run();
    mit_unsettle();
    return failed;
}
