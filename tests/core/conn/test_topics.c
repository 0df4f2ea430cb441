/* SPDX-License-Identifier: GPL-2.0-or-later */
/* core/conn/topics.c: what is kept of topics, how much of it, and which of them an octet string begins with. */
#include "core/conn/topics.h"

#include "tests/harness/guard.h"

static struct zs_span text(const char *s)
{
    return zs_span(s, strlen(s));
}

/* The topic that s begins with, or "none"; s stands against an unreadable page. */
static const char *matched(const struct zs_topics *t, const char *s)
{
    static char shown[64];
    struct zs_span topic;
    uint8_t *copy = zs_guard_copy((const uint8_t *)s, strlen(s));

    if (zs_topics_match(t, zs_span(copy, strlen(s)), &topic))
        g_snprintf(shown, sizeof shown, "'%.*s'", (int)topic.n, (const char *)topic.p);
    else
        strcpy(shown, "none");
    zs_guard_free(copy, strlen(s));
    return shown;
}

static void each_is_kept_once(void)
{
    struct zs_topics t;

    zs_topics_init(&t, 10, 100);
    for (int i = 0; i < 3; i++)
        g_assert_true(zs_topics_add(&t, text("news")));
    g_assert_cmpuint(t.sorted->len, ==, 1);
    g_assert_cmpuint(t.octets, ==, 4);
    zs_topics_remove(&t, text("new"));
    g_assert_cmpstr(matched(&t, "news today"), ==, "'news'");
    zs_topics_remove(&t, text("news"));
    g_assert_cmpstr(matched(&t, "news today"), ==, "none");
    g_assert_cmpuint(t.octets, ==, 0);
    zs_topics_clear(&t);
}

static void no_more_are_kept_than_may_be(void)
{
    struct zs_topics t;

    zs_topics_init(&t, 3, 6);
    g_assert_true(zs_topics_add(&t, text("abc")));
    g_assert_false(zs_topics_add(&t, text("defg")));
    g_assert_true(zs_topics_add(&t, text("def")));
    g_assert_true(zs_topics_add(&t, text("")));
    g_assert_true(zs_topics_add(&t, text(""))); /* it is there */
    g_assert_false(zs_topics_add(&t, text("g")));
    zs_topics_remove(&t, text("abc"));
    g_assert_true(zs_topics_add(&t, text("g")));
    zs_topics_clear(&t);
}

static void the_longest_that_fits_is_found(void)
{
    struct zs_topics t;

    zs_topics_init(&t, 10, 100);
    g_assert_cmpstr(matched(&t, ""), ==, "none");
    zs_topics_add(&t, text("abbz"));
    zs_topics_add(&t, text("ab"));
    zs_topics_add(&t, text("abba"));
    g_assert_cmpstr(matched(&t, "abba"), ==, "'abba'");
    g_assert_cmpstr(matched(&t, "abbab"), ==, "'abba'");
    g_assert_cmpstr(matched(&t, "abbc"), ==, "'ab'");
    g_assert_cmpstr(matched(&t, "a"), ==, "none");
    g_assert_cmpstr(matched(&t, "b"), ==, "none");
    zs_topics_add(&t, text(""));
    g_assert_cmpstr(matched(&t, ""), ==, "''");
    g_assert_cmpstr(matched(&t, "b"), ==, "''");
    zs_topics_forget(&t);
    g_assert_cmpstr(matched(&t, "abba"), ==, "none");
    g_assert_cmpuint(t.octets, ==, 0);
    zs_topics_clear(&t);
}

/* Many short topics cost more than their octets. */
static void what_they_cost_is_known(void)
{
    struct zs_topics t;

    zs_topics_init(&t, 1000, 1000);
    g_assert_cmpuint(zs_topics_held(&t), ==, 0);
    for (guint i = 0; i < 100; i++)
        zs_topics_add(&t, zs_span(&i, 1));
    g_assert_cmpuint(zs_topics_held(&t), >, 100 * (1 + 2 * sizeof(void *)));
    zs_topics_clear(&t);
}

#define FACT(name) g_test_add_func("/topics/" #name, name)

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    FACT(each_is_kept_once);
    FACT(no_more_are_kept_than_may_be);
    FACT(the_longest_that_fits_is_found);
    FACT(what_they_cost_is_known);
    return g_test_run();
}
