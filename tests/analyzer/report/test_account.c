/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Accounts of what was said again live: percentiles, and reports of JUnit's form. */
#include "analyzer/report/account.h"
#include "analyzer/report/junit.h"

#include <glib/gstdio.h>
#include <string.h>

/* ==== latencies ==== */

static void latency_is_read_back_to_within_two_percent(void)
{
    static const gint64 values[] = {0,       1,        31,         32,
                                    33,      1000,     1023,       1024,
                                    65535,   1000000,  1234567890, G_USEC_PER_SEC,
                                    1 << 30, G_MAXINT, G_MAXINT64};

    for (size_t i = 0; i < G_N_ELEMENTS(values); i++) {
        struct zs_latencies l = {0};
        zs_latencies_add(&l, values[i]);
        double got = (double)zs_latencies_percentile(&l, 50), wanted = (double)values[i];
        g_assert_cmpfloat(got, >=, wanted * 0.98);
        g_assert_cmpfloat(got, <=, wanted * 1.02);
    }
}

static void percentiles_are_those_of_all(void)
{
    struct zs_latencies l = {0};

    g_assert_cmpint(zs_latencies_percentile(&l, 50), ==, 0);
    for (gint64 i = 0; i <= 20; i++)
        zs_latencies_add(&l, i);
    zs_latencies_add(&l, -5); /* a clock that goes back: 0 */
    g_assert_cmpuint(l.count, ==, 22);
    g_assert_cmpint(zs_latencies_percentile(&l, 0), ==, 0);
    g_assert_cmpint(zs_latencies_percentile(&l, 50), ==, 9);
    g_assert_cmpint(zs_latencies_percentile(&l, 100), ==, 20);
}

/* Of few the high ones are the longest, and not the one before. */
static void percentiles_of_few_are_by_nearest_rank(void)
{
    struct zs_latencies l = {0};

    zs_latencies_add(&l, 1);
    zs_latencies_add(&l, 2);
    g_assert_cmpint(zs_latencies_percentile(&l, 50), ==, 1);
    g_assert_cmpint(zs_latencies_percentile(&l, 51), ==, 2);
    g_assert_cmpint(zs_latencies_percentile(&l, 90), ==, 2);
    zs_latencies_add(&l, 3);
    g_assert_cmpint(zs_latencies_percentile(&l, 0), ==, 1);
    g_assert_cmpint(zs_latencies_percentile(&l, 50), ==, 2);
    g_assert_cmpint(zs_latencies_percentile(&l, 90), ==, 3);
    g_assert_cmpint(zs_latencies_percentile(&l, 99), ==, 3);
}

static void sums_are_of_all(void)
{
    struct zs_account a = {.sent = 1, .matched = 2, .differed = 3, .missing = 4, .extra = 5};
    struct zs_account_total total = {0};

    zs_latencies_add(&a.latencies, 7);
    zs_account_add(&total, &a);
    a.stood = true;
    zs_account_add(&total, &a);
    a.failed = (char *)"it did";
    a.stopped = true;
    zs_account_add(&total, &a);
    g_assert_cmpuint(total.connections, ==, 3);
    g_assert_cmpuint(total.stood, ==, 2);
    g_assert_cmpuint(total.failed, ==, 1);
    g_assert_cmpuint(total.stopped, ==, 1);
    g_assert_cmpuint(total.sum.sent, ==, 3);
    g_assert_cmpuint(total.sum.matched, ==, 6);
    g_assert_cmpuint(total.sum.differed, ==, 9);
    g_assert_cmpuint(total.sum.missing, ==, 12);
    g_assert_cmpuint(total.sum.extra, ==, 15);
    g_assert_cmpuint(total.sum.latencies.count, ==, 3);
}

/* ==== JUnit ==== */

static void on_element(GMarkupParseContext *c, const char *element, const char **names,
                       const char **values, gpointer user, GError **error)
{
    GString *seen = user;
    (void)c;
    (void)error;

    g_string_append(seen, element);
    for (; *names; names++, values++)
        if (strcmp(*names, "time") != 0)
            g_string_append_printf(seen, " %s=%s", *names, *values);
    g_string_append_c(seen, '\n');
}

/* What a reader of XML finds in what the calls between open and close wrote. */
static char *read_back(void (*write)(struct zs_junit *j))
{
    static const GMarkupParser parser = {.start_element = on_element};
    GString *seen = g_string_new(NULL);
    GError *error = NULL;
    char *path, *text;
    gsize n;

    g_close(g_file_open_tmp("junit-XXXXXX", &path, &error), NULL);
    g_assert_no_error(error);
    struct zs_junit *j = zs_junit_open(path, &error);
    g_assert_no_error(error);
    write(j);
    g_assert_true(zs_junit_close(j, &error));
    g_assert_true(g_file_get_contents(path, &text, &n, NULL));
    for (gsize i = 0; i < n; i++)
        g_assert_true(text[i] == '\n' || (unsigned char)text[i] >= ' ');
    GMarkupParseContext *c = g_markup_parse_context_new(&parser, 0, seen, NULL);
    g_assert_true(g_markup_parse_context_parse(c, text, (gssize)n, &error));
    g_assert_true(g_markup_parse_context_end_parse(c, &error));
    g_markup_parse_context_free(c);
    g_unlink(path);
    g_free(path);
    g_free(text);
    return g_string_free(seen, FALSE);
}

static void write_results(struct zs_junit *j)
{
    zs_junit_begin(j, "first");
    zs_junit_case(j, "good", 0.5, ZS_JUNIT_PASSED, NULL);
    zs_junit_case(j, "bad", 0, ZS_JUNIT_FAILED, "differs");
    zs_junit_case(j, "worse", 0, ZS_JUNIT_ERROR, "gone");
    zs_junit_case(j, "never", 0, ZS_JUNIT_SKIPPED, "later");
    zs_junit_end(j, 1);
    zs_junit_begin(j, "second");
    zs_junit_end(j, 1);
}

static void suites_count_their_cases(void)
{
    char *seen = read_back(write_results);

    g_assert_cmpstr(seen, ==,
                    "testsuites name=zmtpscope replay\n"
                    "testsuite name=first tests=4 failures=1 errors=1 skipped=1\n"
                    "testcase classname=first name=good\n"
                    "testcase classname=first name=bad\nfailure message=differs\n"
                    "testcase classname=first name=worse\nerror message=gone\n"
                    "testcase classname=first name=never\nskipped message=later\n"
                    "testsuite name=second tests=0 failures=0 errors=0 skipped=0\n");
    g_free(seen);
}

static void write_octets(struct zs_junit *j)
{
    zs_junit_begin(j, "a<b>&\"c'");
    zs_junit_case(j, "\x01\x1b[31m\t\n", 0, ZS_JUNIT_FAILED, "\xff\xfe]]> \xef\xbf\xbf \xc3\xa9");
    zs_junit_end(j, 0);
}

static void octets_from_the_wire_leave_it_well_formed(void)
{
    char *seen = read_back(write_octets);

    g_assert_cmpstr(seen, ==,
                    "testsuites name=zmtpscope replay\n"
                    "testsuite name=a<b>&\"c' tests=1 failures=1 errors=0 skipped=0\n"
                    "testcase classname=a<b>&\"c' name=\xef\xbf\xbd\xef\xbf\xbd[31m\t\n\n"
                    "failure message=\xef\xbf\xbd\xef\xbf\xbd]]> \xef\xbf\xbd \xc3\xa9\n");
    g_free(seen);
}

static void file_that_cannot_be_written_is_said(void)
{
    GError *error = NULL;

    g_assert_null(zs_junit_open("/nonexistent/junit.xml", &error));
    g_assert_nonnull(strstr(error->message, "/nonexistent/junit.xml"));
    g_clear_error(&error);
    struct zs_junit *j = zs_junit_open("/dev/full", &error);
    g_assert_no_error(error);
    g_assert_false(zs_junit_close(j, &error));
    g_assert_nonnull(error);
    g_error_free(error);
}

#define CASE(name) g_test_add_func("/account/" #name, name)

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    CASE(latency_is_read_back_to_within_two_percent);
    CASE(percentiles_are_those_of_all);
    CASE(percentiles_of_few_are_by_nearest_rank);
    CASE(sums_are_of_all);
    CASE(suites_count_their_cases);
    CASE(octets_from_the_wire_leave_it_well_formed);
    CASE(file_that_cannot_be_written_is_said);
    return g_test_run();
}
