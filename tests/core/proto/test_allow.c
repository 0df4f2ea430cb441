/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Who is let in by which pattern, and who only looks like it. */
#include "core/proto/allow.h"

#include <glib.h>

static const struct {
    const char *pattern, *principal;
    bool in;
} cases[] = {
    {"alice@EXAMPLE.ORG", "alice@EXAMPLE.ORG", true},
    {"alice@EXAMPLE.ORG", "alice@EXAMPLE.COM", false},
    {"alice@EXAMPLE.ORG", "alice@EXAMPLE.ORG.EVIL", false},
    {"alice@EXAMPLE.ORG", "Alice@EXAMPLE.ORG", false},
    {"alice@EXAMPLE.ORG", "alice/admin@EXAMPLE.ORG", false},
    {"alice@EXAMPLE.ORG", "malice@EXAMPLE.ORG", false},
    {"alice@EXAMPLE.ORG", "alice", false},
    {"alice@EXAMPLE.ORG", "alice@", false},
    {"alice@EXAMPLE.ORG", "", false},
    {"alice@EXAMPLE.ORG", "@EXAMPLE.ORG", false},
    /* a realm: everybody of it */
    {"@EXAMPLE.ORG", "alice@EXAMPLE.ORG", true},
    {"@EXAMPLE.ORG", "zmq/server.example.org@EXAMPLE.ORG", true},
    {"@EXAMPLE.ORG", "alice@EXAMPLE.COM", false},
    {"@*.EXAMPLE.ORG", "alice@A.EXAMPLE.ORG", true},
    {"@*.EXAMPLE.ORG", "alice@EXAMPLE.ORG", false},
    /* a star stays inside its component */
    {"*@EXAMPLE.ORG", "alice@EXAMPLE.ORG", true},
    {"*@EXAMPLE.ORG", "alice/admin@EXAMPLE.ORG", false},
    {"*/admin@EXAMPLE.ORG", "alice/admin@EXAMPLE.ORG", true},
    {"*/admin@EXAMPLE.ORG", "alice/admins@EXAMPLE.ORG", false},
    {"*/admin@EXAMPLE.ORG", "a/b/admin@EXAMPLE.ORG", false},
    {"alice*@EXAMPLE.ORG", "alice@EXAMPLE.ORG", true},
    {"alice*@EXAMPLE.ORG", "alice2@EXAMPLE.ORG", true},
    {"alice@*", "alice@EXAMPLE.COM", true},
    {"zmq/rack-*@EXAMPLE.ORG", "zmq/rack-7.example.org@EXAMPLE.ORG", true},
    {"zmq/rack-?@EXAMPLE.ORG", "zmq/rack-7@EXAMPLE.ORG", true},
    {"zmq/rack-?@EXAMPLE.ORG", "zmq/rack-@EXAMPLE.ORG", false},
    {"zmq/rack-?@EXAMPLE.ORG", "zmq/rack-77@EXAMPLE.ORG", false},
    {"*a*b*@R", "xaxbx@R", true},
    {"*a*b*@R", "xbxax@R", false},
    {"*a*a*a*b@R", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa@R", false},
    /* escapes: an @ or a / that belongs to the name is neither */
    {"alice@EXAMPLE.ORG", "alice\\@EXAMPLE.ORG@EVIL", false},
    {"*@EXAMPLE.ORG", "alice\\@EXAMPLE.ORG@EVIL", false},
    {"@EXAMPLE.ORG", "alice\\@EXAMPLE.ORG@EVIL", false},
    {"@EVIL", "alice\\@EXAMPLE.ORG@EVIL", true},
    {"*@EVIL", "alice\\@EXAMPLE.ORG@EVIL", true},
    {"alice\\@EXAMPLE.ORG@EVIL", "alice\\@EXAMPLE.ORG@EVIL", true},
    {"*/admin@R", "a\\/admin@R", false},
    {"a?b@R", "a\\@b@R", true},
    {"a?b@R", "a\\\\b@R", true},
    {"*\\\\@R", "alice\\\\@R", true},
    {"*\\@R@R", "alice\\\\@R", false},
    /* a star that is one */
    {"a\\*@R", "ab@R", false},
    {"a\\*@R", "a*@R", true},
};

static void pattern_lets_in_whom_it_names(void)
{
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        struct zs_allow *a = zs_allow_new();
        const char *why;
        g_assert_true(zs_allow_add(a, cases[i].pattern, &why));
        if (zs_allow_permits(a, cases[i].principal) != cases[i].in)
            g_error("%s %s %s", cases[i].pattern, cases[i].in ? "keeps out" : "lets in",
                    cases[i].principal);
        zs_allow_free(a);
    }
}

static void any_of_the_list_will_do_and_an_empty_one_lets_in_nobody(void)
{
    struct zs_allow *a = zs_allow_new();
    const char *why;

    g_assert_false(zs_allow_permits(a, "alice@R"));
    g_assert_true(zs_allow_add(a, "bob@R", &why));
    g_assert_false(zs_allow_permits(a, "alice@R"));
    g_assert_true(zs_allow_add(a, "alice@R", &why));
    g_assert_true(zs_allow_permits(a, "alice@R"));
    g_assert_true(zs_allow_permits(a, "bob@R"));
    zs_allow_free(a);
}

static void pattern_without_a_realm_is_none(void)
{
    static const char *const bad[] = {"", "alice", "alice@", "@", "alice\\@R", "alice@R@S", "*"};

    for (size_t i = 0; i < G_N_ELEMENTS(bad); i++) {
        struct zs_allow *a = zs_allow_new();
        const char *why = NULL;
        g_assert_false(zs_allow_add(a, bad[i], &why));
        g_assert_nonnull(why);
        zs_allow_free(a);
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/allow/pattern_lets_in_whom_it_names", pattern_lets_in_whom_it_names);
    g_test_add_func("/allow/any_of_the_list_will_do_and_an_empty_one_lets_in_nobody",
                    any_of_the_list_will_do_and_an_empty_one_lets_in_nobody);
    g_test_add_func("/allow/pattern_without_a_realm_is_none", pattern_without_a_realm_is_none);
    return g_test_run();
}
