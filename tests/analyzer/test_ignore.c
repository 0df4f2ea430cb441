/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What an answer may have otherwise: parts by number, and what expressions find. */
#include "analyzer/ignore.h"

#include <string.h>

/* rules: up to a NULL. */
static bool equal(const char *const *rules, guint part, GBytes *came, GBytes *captured)
{
    char *why = NULL;
    struct zs_ignore *i = zs_ignore_new((char *const *)rules, &why);
    struct zs_ignore_place where;

    g_assert_null(why);
    bool same = zs_ignore_equal(i, part, came, captured, &where);
    zs_ignore_free(i);
    g_bytes_unref(came);
    g_bytes_unref(captured);
    return same;
}

static GBytes *text(const char *t)
{
    return g_bytes_new(t, strlen(t));
}

static void same_octets_are_the_same(void)
{
    GBytes *a = text("x"), *b = text("x");
    struct zs_ignore_place where;

    g_assert_true(zs_ignore_equal(NULL, 1, a, b, &where));
    g_bytes_unref(a);
    g_bytes_unref(b);
    g_assert_false(equal((const char *[]){NULL}, 1, text("x"), text("y")));
    g_assert_true(equal((const char *[]){NULL}, 1, text(""), text("")));
}

static void part_by_number(void)
{
    static const char *const rules[] = {"2", "10", NULL};

    g_assert_false(equal(rules, 1, text("x"), text("y")));
    g_assert_true(equal(rules, 2, text("x"), text("y")));
    g_assert_true(equal(rules, 10, text("x"), text("")));
}

static void pattern_takes_away_what_it_finds_and_no_more(void)
{
    static const char *const time[] = {"\"time\": *[0-9.]+", NULL};

    g_assert_true(
        equal(time, 1, text("{\"time\": 17, \"n\": 1}"), text("{\"time\":9.25, \"n\": 1}")));
    g_assert_false(
        equal(time, 1, text("{\"time\": 17, \"n\": 1}"), text("{\"time\": 17, \"n\": 2}")));
    /* that it stands there counts */
    g_assert_false(equal(time, 1, text("{, \"n\": 1}"), text("{\"time\": 17, \"n\": 1}")));
    /* what matches nothing, everywhere */
    g_assert_false(equal((const char *[]){"x*", NULL}, 1, text("ab"), text("ba")));
    g_assert_true(equal((const char *[]){"x*", NULL}, 1, text("axxb"), text("axb")));
}

static void several_patterns_one_behind_the_other(void)
{
    static const char *const rules[] = {"[0-9]+", "(?i)id=[a-f]*", NULL};

    g_assert_true(equal(rules, 3, text("1 id=ab end"), text("22 ID=cdef end")));
}

/* Neither a 0 nor what is no UTF-8 ends the text. */
static void octets_are_no_characters(void)
{
    static const char *const rules[] = {"[0-9]", NULL};

    g_assert_true(equal(rules, 1,
                        g_bytes_new("a\0\xff"
                                    "1b",
                                    5),
                        g_bytes_new("a\0\xff"
                                    "2b",
                                    5)));
    g_assert_false(equal(rules, 1,
                         g_bytes_new("a\0\xff"
                                     "1b",
                                     5),
                         g_bytes_new("a\0\xff"
                                     "1c",
                                     5)));
    g_assert_true(equal((const char *[]){".*", NULL}, 1, text("any\nline"), text("other")));
}

/* What a pattern finds is not an octet of the message, whichever that is. */
static void octet_0_is_not_something_found(void)
{
    static const char *const one[] = {"[0-9]", NULL}, *const two[] = {"[0-9]", "(?s)\\x00", NULL};

    g_assert_false(equal(one, 1, text("id 5"), g_bytes_new("id \0", 4)));
    g_assert_false(equal(one, 1, text("5"), g_bytes_new("\0\1", 2)));
    g_assert_false(equal(one, 1, g_bytes_new("\0", 1), g_bytes_new("\0\0", 2)));
    g_assert_true(equal(one, 1,
                        g_bytes_new("\0"
                                    "5",
                                    2),
                        g_bytes_new("\0"
                                    "6",
                                    2)));
    /* neither is it one to the pattern behind */
    g_assert_false(equal((const char *[]){"[0-9]", "\\x00x", NULL}, 1, text("5x"), text("5")));
    g_assert_true(equal(two, 1, text("id 5"), g_bytes_new("id \0", 4)));
}

/* The order of patterns means nothing: each sees the message, and what overlaps is one. */
static void patterns_see_the_message_alone(void)
{
    static const char *const rules[] = {"[0-9]", "id=[0-9a-f]+", NULL}, *const turned[] = {
                                                                            "id=[0-9a-f]+", "[0-9]",
                                                                            NULL};

    g_assert_true(equal(rules, 1, text("id=1a2 3"), text("id=ff 4")));
    g_assert_true(equal(turned, 1, text("id=1a2 3"), text("id=ff 4")));
    g_assert_false(equal(rules, 1, text("id=1a2 33"), text("id=ff 4")));
    g_assert_false(equal(turned, 1, text("id=1a2 3"), text("id=ff x")));
}

/* PCRE counts its steps: such a pair ends, as differing. */
static void expression_without_end_ends(void)
{
    char *a = g_strnfill(5000, 'a');

    g_assert_false(equal((const char *[]){"(a+)+$|(b+)+$", NULL}, 1,
                         g_bytes_new_take(g_strconcat(a, "!", NULL), 5001), text("b!")));
    g_free(a);
}

static void differs_at(const char *const *rules, GBytes *came, GBytes *captured, gsize in_came,
                       gsize in_captured)
{
    char *why = NULL;
    struct zs_ignore *i = zs_ignore_new((char *const *)rules, &why);
    struct zs_ignore_place where;

    g_assert_false(zs_ignore_equal(i, 1, came, captured, &where));
    g_assert_cmpuint(where.came, ==, in_came);
    g_assert_cmpuint(where.captured, ==, in_captured);
    zs_ignore_free(i);
    g_bytes_unref(came);
    g_bytes_unref(captured);
}

/* Behind what is ignored, which may be longer in one of them. */
static void first_octet_that_differs_is_said(void)
{
    static const char *const none[] = {NULL}, *const numbers[] = {"[0-9]+", NULL};

    differs_at(none, text("abc"), text("abd"), 2, 2);
    differs_at(none, g_bytes_new("a\0c", 3), g_bytes_new("a\0d", 3), 2, 2);
    differs_at(none, text("abc"), text("ab"), 2, 2);
    differs_at(none, text(""), text("ab"), 0, 0);
    differs_at(numbers, text("n 1, x"), text("n 234, y"), 5, 7);
    differs_at(numbers, text("n 1"), text("n 234, y"), 3, 5);
    differs_at(numbers, text("n 1"), g_bytes_new("n \0", 3), 2, 2);
}

static void what_is_no_rule_is_said(void)
{
    static const char *const wrong[] = {"", "0", "99999999999", "(", "[a"};

    for (size_t i = 0; i < G_N_ELEMENTS(wrong); i++) {
        char *const rules[] = {(char *)wrong[i], NULL};
        char *why = NULL;
        struct zs_ignore *made = zs_ignore_new(rules, &why);
        g_assert_null(made);
        g_assert_nonnull(strstr(why, "neither a part's number"));
        g_free(why);
    }
}

#define CASE(name) g_test_add_func("/ignore/" #name, name)

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    CASE(same_octets_are_the_same);
    CASE(part_by_number);
    CASE(pattern_takes_away_what_it_finds_and_no_more);
    CASE(several_patterns_one_behind_the_other);
    CASE(octets_are_no_characters);
    CASE(octet_0_is_not_something_found);
    CASE(patterns_see_the_message_alone);
    CASE(expression_without_end_ends);
    CASE(first_octet_that_differs_is_said);
    CASE(what_is_no_rule_is_said);
    return g_test_run();
}
