/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Keytabs as files: what is in them, in their order; and one sentence for each that cannot be used. */
#include "core/krb/keyring.h"

#include "tests/core/krb/forge.h"

#include <errno.h>
#include <glib/gstdio.h>
#include <unistd.h>

/* libkrb5: 1.20 forgets a key's octets on the heap where the file ends inside them. */
const char *__lsan_default_suppressions(void);
__attribute__((visibility("default"))) const char *__lsan_default_suppressions(void)
{
    return "leak:libkrb5.so";
}

static const struct forge_name server = {"EXAMPLE.ORG", {"zmq", "server.example.org"}};
static const struct forge_name odd = {"EX/AMPLE", {"a/b", "c@d\\e"}};

static void entries_keep_their_order(void)
{
    struct forge_entry first[] = {
        {.name = server, .kvno = 2, .key = forge_key(17, 1)},
        {.name = server, .kvno = 300, .key = forge_key(18, 2)},
        {.name = odd, .kvno = 300, .short_kvno = true, .key = forge_key(23, 3)},
    };
    struct forge_entry second[] = {{.name = server, .kvno = 1, .key = forge_key(26, 4)}};
    char *path[2] = {forge_keytab(first, 3), forge_keytab(second, 1)}, *why = NULL;
    static const struct {
        const char *principal;
        uint32_t kvno;
        int file;
    } want[] = {
        {"zmq/server.example.org@EXAMPLE.ORG", 2, 0},
        {"zmq/server.example.org@EXAMPLE.ORG", 300, 0},
        {"a\\/b/c\\@d\\\\e@EX\\/AMPLE", 44, 0},
        {"zmq/server.example.org@EXAMPLE.ORG", 1, 1},
    };
    struct zs_keyring *r = zs_keyring_new();

    g_assert_cmpuint(zs_keyring_size(r), ==, 0);
    g_assert_true(zs_keyring_add_keytab(r, path[0], &why));
    g_assert_true(zs_keyring_add_keytab(r, path[1], &why));
    g_assert_cmpuint(zs_keyring_size(r), ==, G_N_ELEMENTS(want));
    for (size_t i = 0; i < G_N_ELEMENTS(want); i++) {
        const struct zs_keyring_entry *e = zs_keyring_at(r, i);
        const struct zs_key *key = i < 3 ? &first[i].key : &second[0].key;
        g_assert_cmpstr(e->principal, ==, want[i].principal);
        g_assert_cmpstr(e->source, ==, path[want[i].file]);
        g_assert_cmpint(e->origin, ==, ZS_ORIGIN_KEYTAB);
        g_assert_true(e->has_kvno);
        g_assert_cmpuint(e->kvno, ==, want[i].kvno);
        g_assert_cmpmem(&e->key, sizeof e->key, key, sizeof *key);
    }
    zs_keyring_free(r);
    forge_remove(path[0]);
    forge_remove(path[1]);
}

/* A file of these octets is refused, in a sentence that begins with its name and says this. */
static void refuses(const char *path, const char *says)
{
    struct zs_keyring *r = zs_keyring_new();
    char *why = NULL;

    g_assert_false(zs_keyring_add_keytab(r, path, &why));
    g_assert_true(g_str_has_prefix(why, path));
    g_assert_nonnull(strstr(why, says));
    g_assert_null(strchr(why, '\n'));
    g_assert_cmpuint(zs_keyring_size(r), ==, 0);
    g_free(why);
    zs_keyring_free(r);
}

static void refuses_octets(const void *octets, size_t n, const char *says)
{
    char *path = forge_keytab(NULL, 0);

    g_assert_true(g_file_set_contents(path, octets, (gssize)n, NULL));
    refuses(path, says);
    forge_remove(path);
}

static void what_is_no_keytab_is_named(void)
{
    char *directory = g_dir_make_tmp("zs-keyring-XXXXXX", NULL);
    char *missing = g_build_filename(directory, "none.keytab", NULL);

    refuses(missing, g_strerror(ENOENT));
    refuses(directory, "without any keytab");
    refuses_octets("", 0, "not a keytab");
    refuses_octets("\x05", 1, "not a keytab");
    refuses_octets("\xd4\xc3\xb2\xa1 a capture, not a keytab", 28, "not a keytab");
    refuses_octets("\x05\x02", 2, "without any key");
    rmdir(directory);
    g_free(missing);
    g_free(directory);
}

/* Puts a keytab of n entries into the directory under this name. */
static void put_file(const char *directory, const char *name, const struct forge_entry *entries,
                     size_t n)
{
    char *made = forge_keytab(entries, n), *path = g_build_filename(directory, name, NULL);

    g_assert_cmpint(rename(made, path), ==, 0);
    g_free(made);
    g_free(path);
}

static void remove_file(const char *directory, const char *name)
{
    forge_remove(g_build_filename(directory, name, NULL));
}

/* Whatever order the file system has, and whatever else lies there. */
static void directory_gives_its_keytabs_by_name(void)
{
    static const char *const names[] = {"c.keytab", "a", "b.keytab"};
    char *directory = g_dir_make_tmp("zs-keyring-XXXXXX", NULL), *why = NULL;
    char *other = g_build_filename(directory, "0-readme", NULL);
    char *below = g_build_filename(directory, "1-below", NULL);
    struct zs_keyring *r = zs_keyring_new();

    g_assert_true(g_file_set_contents(other, "no keytab\n", -1, NULL));
    g_assert_cmpint(g_mkdir(below, 0700), ==, 0);
    put_file(below, "deeper", &(struct forge_entry){server, 9, false, forge_key(18, 9)}, 1);
    for (uint32_t i = 0; i < G_N_ELEMENTS(names); i++)
        put_file(directory, names[i], &(struct forge_entry){server, i, false, forge_key(18, 1)}, 1);
    put_file(directory, "empty.keytab", NULL, 0);
    g_assert_true(zs_keyring_add_keytab(r, directory, &why));
    g_assert_cmpuint(zs_keyring_size(r), ==, 3);
    for (size_t i = 0; i < 3; i++) {
        char *path = g_build_filename(directory, names[(i + 1) % 3], NULL);
        g_assert_cmpstr(zs_keyring_at(r, i)->source, ==, path);
        g_assert_cmpuint(zs_keyring_at(r, i)->kvno, ==, (i + 1) % 3);
        g_free(path);
    }
    zs_keyring_free(r);
    for (size_t i = 0; i < G_N_ELEMENTS(names); i++)
        remove_file(directory, names[i]);
    remove_file(directory, "empty.keytab");
    remove_file(below, "deeper");
    refuses(directory, "without any keytab");
    unlink(other);
    rmdir(below);
    rmdir(directory);
    g_free(below);
    g_free(other);
    g_free(directory);
}

/* A cut keytab gives the entries before the cut, or a sentence; never half an entry. */
static void cut_keytab_gives_whole_entries(void)
{
    struct forge_entry entries[] = {
        {.name = server, .kvno = 2, .key = forge_key(17, 1)},
        {.name = server, .kvno = 3, .key = forge_key(18, 2)},
    };
    char *path = forge_keytab(entries, 2), *octets;
    gsize n;

    g_assert_true(g_file_get_contents(path, &octets, &n, NULL));
    for (gsize cut = 0; cut <= n; cut++) {
        struct zs_keyring *r = zs_keyring_new();
        char *why = NULL;
        g_assert_true(g_file_set_contents(path, octets, (gssize)cut, NULL));
        bool ok = zs_keyring_add_keytab(r, path, &why);
        g_assert_true(ok == (zs_keyring_size(r) > 0));
        g_assert_true(ok == (why == NULL));
        g_assert_true(cut < n || zs_keyring_size(r) == 2);
        for (size_t i = 0; i < zs_keyring_size(r); i++)
            g_assert_cmpmem(&zs_keyring_at(r, i)->key, sizeof(struct zs_key), &entries[i].key,
                            sizeof(struct zs_key));
        g_free(why);
        zs_keyring_free(r);
    }
    g_free(octets);
    forge_remove(path);
}

static void refused_keytab_leaves_the_others(void)
{
    struct forge_entry entry = {.name = server, .kvno = 2, .key = forge_key(17, 1)};
    char *path = forge_keytab(&entry, 1), *why = NULL;
    struct zs_keyring *r = zs_keyring_new();

    g_assert_true(zs_keyring_add_keytab(r, path, &why));
    g_assert_false(zs_keyring_add_keytab(r, "/nowhere/none.keytab", &why));
    g_assert_cmpuint(zs_keyring_size(r), ==, 1);
    g_assert_cmpuint(zs_keyring_at(r, 0)->kvno, ==, 2);
    g_free(why);
    zs_keyring_free(r);
    forge_remove(path);
}

/* Whether a keyring that has read path opens what was sealed with this key of the server. */
static bool opens(struct zs_keyring *r, const struct forge_entry *e)
{
    struct forge f;

    forge_init(&f, e->key.enctype);
    f.service = e->name;
    f.kvno = e->kvno;
    f.service_key = e->key;
    GByteArray *req = forge_ap_req(&f), *rep = forge_ap_rep(&f);
    struct zs_context *c =
        zs_context_new(r, span_of(req), span_of(rep), FORGE_NOW * INT64_C(1000000000));
    bool opened = zs_context_facts(c)->why == ZS_WHY_OPENED;
    zs_context_free(c);
    g_byte_array_unref(req);
    g_byte_array_unref(rep);
    return opened;
}

/* A second lies between two looks at the files. */
static bool opens_after_a_look(struct zs_keyring *r, const struct forge_entry *e)
{
    g_usleep(1010000);
    return opens(r, e);
}

static void changed_keytab_is_read_again(void)
{
    const struct forge_entry before = {server, 2, false, forge_key(18, 1)};
    const struct forge_entry both[] = {before, {server, 3, false, forge_key(18, 2)}};
    const struct forge_entry later = {server, 4, false, forge_key(18, 3)};
    char *directory = g_dir_make_tmp("zs-keyring-XXXXXX", NULL), *why = NULL;
    char *path = g_build_filename(directory, "a.keytab", NULL);
    struct zs_keyring *by_file = zs_keyring_new(), *by_directory = zs_keyring_new();

    put_file(directory, "a.keytab", &before, 1);
    g_assert_true(zs_keyring_add_keytab(by_file, path, &why));
    g_assert_true(zs_keyring_add_keytab(by_directory, directory, &why));
    put_file(directory, "a.keytab", both, 2);
    g_assert_true(opens(by_file, &both[1]));
    g_assert_cmpuint(zs_keyring_size(by_file), ==, 2); /* what it knew is there once */
    g_assert_true(opens(by_file, &before));
    /* The old key is gone from the file, and opens what was sealed with it all the same. */
    put_file(directory, "a.keytab", &later, 1);
    g_assert_false(opens(by_file, &later)); /* looked a moment ago */
    g_assert_true(opens_after_a_look(by_file, &later));
    g_assert_true(opens(by_file, &before));
    g_assert_cmpuint(zs_keyring_size(by_file), ==, 3);
    /* A new file in a directory. A file that is none for now is let be. */
    put_file(directory, "b.keytab", both, 2);
    g_assert_true(g_file_set_contents(path, "\x05", 1, NULL));
    g_assert_true(opens(by_directory, &both[1]));
    g_assert_false(
        opens_after_a_look(by_file, &(struct forge_entry){server, 9, false, forge_key(18, 9)}));
    g_assert_true(opens(by_file, &later));
    remove_file(directory, "a.keytab");
    g_assert_true(opens(by_file, &later));
    remove_file(directory, "b.keytab");
    rmdir(directory);
    zs_keyring_free(by_file);
    zs_keyring_free(by_directory);
    g_free(path);
    g_free(directory);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/keyring/entries_keep_their_order", entries_keep_their_order);
    g_test_add_func("/keyring/what_is_no_keytab_is_named", what_is_no_keytab_is_named);
    g_test_add_func("/keyring/directory_gives_its_keytabs_by_name",
                    directory_gives_its_keytabs_by_name);
    g_test_add_func("/keyring/cut_keytab_gives_whole_entries", cut_keytab_gives_whole_entries);
    g_test_add_func("/keyring/refused_keytab_leaves_the_others", refused_keytab_leaves_the_others);
    g_test_add_func("/keyring/changed_keytab_is_read_again", changed_keytab_is_read_again);
    return g_test_run();
}
