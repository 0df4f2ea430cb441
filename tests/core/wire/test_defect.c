/* SPDX-License-Identifier: GPL-2.0-or-later */
/* core/defects.def: rows that front ends can print without looking. */
#include <glib.h>

#include "core/defect.h"

static void every_defect_has_its_words(void)
{
    for (int rc = ZS_MORE + 1; rc < ZS_RC_COUNT; rc++) {
        const struct zs_defect *d = zs_defect_of((enum zs_rc)rc);
        g_assert_nonnull(d);
        g_assert_cmpstr(d->code, !=, "");
        g_assert_cmpstr(d->sentence, !=, "");
        g_assert_cmpstr(d->clause, !=, "");
        g_assert_cmpint(d->severity, <=, ZS_SEVERITY_ERROR);
        g_assert_cmpint(d->about, <=, ZS_ABOUT_SECURITY);
    }
}

static void codes_differ_and_are_for_machines(void)
{
    GHashTable *seen = g_hash_table_new(g_str_hash, g_str_equal);

    for (int rc = ZS_MORE + 1; rc < ZS_RC_COUNT; rc++) {
        const char *code = zs_defect_of((enum zs_rc)rc)->code;
        g_assert_true(g_hash_table_add(seen, (gpointer)code));
        for (const char *p = code; *p; p++)
            g_assert_true(g_ascii_islower(*p) || g_ascii_isdigit(*p) || *p == '-');
    }
    g_hash_table_unref(seen);
}

static void sentences_have_neither_capital_nor_full_stop(void)
{
    for (int rc = ZS_MORE + 1; rc < ZS_RC_COUNT; rc++) {
        const char *s = zs_defect_of((enum zs_rc)rc)->sentence;
        g_assert_false(g_ascii_isupper(s[0]) && !g_ascii_isupper(s[1]));
        g_assert_false(g_str_has_suffix(s, "."));
    }
}

static void what_is_no_defect_has_no_row(void)
{
    g_assert_null(zs_defect_of(ZS_OK));
    g_assert_null(zs_defect_of(ZS_MORE));
    g_assert_null(zs_defect_of(ZS_RC_COUNT));
    g_assert_null(zs_defect_of((enum zs_rc)(ZS_RC_COUNT + 1)));
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/defect/every_defect_has_its_words", every_defect_has_its_words);
    g_test_add_func("/defect/codes_differ_and_are_for_machines", codes_differ_and_are_for_machines);
    g_test_add_func("/defect/sentences_have_neither_capital_nor_full_stop",
                    sentences_have_neither_capital_nor_full_stop);
    g_test_add_func("/defect/what_is_no_defect_has_no_row", what_is_no_defect_has_no_row);
    return g_test_run();
}
