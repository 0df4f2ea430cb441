/* SPDX-License-Identifier: GPL-2.0-or-later */
/* core/wire/der.c: what is DER is read, what is only BER is refused. */
#include "core/wire/der.h"

#include "tests/core/wire/wire_case.h"

static void append_end(GString *out, const struct zs_der *d)
{
    g_string_append(out, d->bad ? "bad" : zs_der_end(d) ? "end" : "left");
}

/* One OCTET STRING. */
static void show_octets(struct zs_span in, GString *out)
{
    struct zs_der d = zs_der(in);
    struct zs_span s = zs_der_take(&d, ZS_DER_OCTET_STRING);

    g_string_append(out, d.bad ? "" : "ok");
    if (!d.bad)
        wire_show_span(out, "octets", s);
    append_end(out, &d);
}

static void show_int(struct zs_span in, GString *out)
{
    struct zs_der d = zs_der(in);
    int64_t v = zs_der_int(&d);

    g_string_append_printf(out, "%s%" G_GINT64_FORMAT " ", d.bad ? "" : "ok ", v);
    append_end(out, &d);
}

static void show_time(struct zs_span in, GString *out)
{
    struct zs_der d = zs_der(in);
    int64_t v = zs_der_time(&d);

    g_string_append_printf(out, "%s%" G_GINT64_FORMAT " ", d.bad ? "" : "ok ", v);
    append_end(out, &d);
}

/* clang-format off */
static const struct wire_case octets[] = {
    {"short_length",                 "04{'abc'}",            "ok octets='abc'end"},
    {"empty",                        "04 00",                "ok octets=''end"},
    {"length_127",                   "04 7f 61*127",         "ok octets=(127 octets, 61..61)end"},
    {"length_128",                   "04 8180 61*128",       "ok octets=(128 octets, 61..61)end"},
    {"length_256",                   "04 820100 61*256",     "ok octets=(256 octets, 61..61)end"},
    {"another_tag",                  "05 00",                "bad"},
    {"nothing",                      "",                     "bad"},
    {"length_in_more_octets_than_needed_81", "04 8103 'abc'", "bad"},
    {"length_127_in_more_octets_than_needed", "04 817f 61*127", "bad"},
    {"length_in_more_octets_than_needed_82", "04 820080 61*128", "bad"},
    {"indefinite_length",            "04 80 'abc' 0000",     "bad"},
    {"reserved_length_ff",           "04 ff 'abc'",          "bad"},
    {"length_of_five_octets",        "04 850100000000 'abc'", "bad"},
    {"length_of_2_32_minus_1",       "04 84ffffffff 'abc'",  "bad"},
    {"length_of_8_octets_that_wraps", "04 88ffffffffffffffff 'abc'", "bad"},
    {"cut",                          "04 03 'ab'",           "bad"},
    {"tag_of_two_octets",            "1f 8101 00",           "bad"},
};

static const struct wire_case more_octets[] = {
    {"another_element_follows",      "04{'a'}04{'b'}",       "ok octets='a'left"},
};

static const struct wire_case ints[] = {
    {"zero",                         "02 01 00",             "ok 0 end"},
    {"pvno",                         "02 01 05",             "ok 5 end"},
    {"minus_one",                    "02 01 ff",             "ok -1 end"},
    {"enctype_of_microsoft",         "02 02 ff7b",           "ok -133 end"},
    {"127",                          "02 01 7f",             "ok 127 end"},
    {"128_needs_a_zero",             "02 02 0080",           "ok 128 end"},
    {"unsigned_32",                  "02 05 00ffffffff",     "ok 4294967295 end"},
    {"largest",                      "02 08 7f ff*7",        "ok 9223372036854775807 end"},
    {"smallest",                     "02 08 80 00*7",        "ok -9223372036854775808 end"},
    {"no_octets",                    "02 00",                "0 bad"},
    {"leading_zero_not_needed",      "02 02 007f",           "0 bad"},
    {"leading_ff_not_needed",        "02 02 ff80",           "0 bad"},
    {"nine_octets",                  "02 09 00 ff*8",        "0 bad"},
    {"another_tag",                  "0a 01 00",             "0 bad"},
};

static const struct wire_case times[] = {
    {"epoch",                        "18{'19700101000000Z'}", "ok 0 end"},
    {"before_the_epoch",             "18{'19691231235959Z'}", "ok -1 end"},
    {"of_today",                     "18{'20240229123456Z'}", "ok 1709210096 end"},
    {"after_2038",                   "18{'20380119031408Z'}", "ok 2147483648 end"},
    {"year_2000_is_a_leap_year",     "18{'20000301000000Z'}", "ok 951868800 end"},
    {"last_of_december",             "18{'20231231235959Z'}", "ok 1704067199 end"},
    {"no_29th_of_february_in_2023",  "18{'20230229000000Z'}", "0 bad"},
    {"no_29th_of_february_in_2100",  "18{'21000229000000Z'}", "0 bad"},
    {"no_31st_of_april",             "18{'20240431000000Z'}", "0 bad"},
    {"no_32nd_of_december",          "18{'20241232000000Z'}", "0 bad"},
    {"month_0",                      "18{'20240001000000Z'}", "0 bad"},
    {"month_13",                     "18{'20241301000000Z'}", "0 bad"},
    {"day_0",                        "18{'20240100000000Z'}", "0 bad"},
    {"hour_24",                      "18{'20240101240000Z'}", "0 bad"},
    {"minute_60",                    "18{'20240101006000Z'}", "0 bad"},
    {"second_61",                    "18{'20240101000061Z'}", "0 bad"},
    {"fractions",                    "18{'20240101000000.5Z'}", "0 bad"},
    {"without_z",                    "18{'20240101000000'}",  "0 bad"},
    {"local_time",                   "18{'20240101000000+'}", "0 bad"},
    {"no_digit",                     "18{'2024010100000 Z'}", "0 bad"},
};
/* clang-format on */

static void a_sequence_is_entered_and_left(void)
{
    GByteArray *in = wire_octets("30{ a0{02 01 05} a2{04{'x'}} } 02 01 07");
    struct zs_der d = zs_der(zs_span(in->data, in->len));
    struct zs_der seq = zs_der_enter(&d, ZS_DER_SEQUENCE);
    struct zs_der first = zs_der_enter(&seq, ZS_DER_CONTEXT(0));
    struct zs_span field = {0};

    g_assert_cmpint(zs_der_int(&first), ==, 5);
    g_assert_true(zs_der_end(&first));
    g_assert_false(zs_der_optional(&seq, ZS_DER_CONTEXT(1), &field));
    g_assert_cmpuint(field.n, ==, 0);
    g_assert_true(zs_der_optional(&seq, ZS_DER_CONTEXT(2), &field));
    g_assert_cmpuint(field.n, ==, 3);
    g_assert_true(zs_der_end(&seq));
    g_assert_cmpuint(zs_der_peek(&seq), ==, 0);
    g_assert_cmpint(zs_der_int(&d), ==, 7);
    g_assert_true(zs_der_end(&d));
    g_byte_array_unref(in);
}

static void whole_includes_the_header(void)
{
    GByteArray *in = wire_octets("6e{30{}}");
    struct zs_der d = zs_der(zs_span(in->data, in->len));
    struct zs_span whole = zs_der_whole(&d, ZS_DER_APPLICATION(14));

    g_assert_true(zs_der_end(&d));
    g_assert_true(whole.p == in->data);
    g_assert_cmpuint(whole.n, ==, in->len);
    g_byte_array_unref(in);
}

static void once_bad_nothing_is_read_any_more(void)
{
    GByteArray *in = wire_octets("02 01 05 02 01 06");
    struct zs_der d = zs_der(zs_span(in->data, in->len));
    struct zs_span s = {0};

    zs_der_take(&d, ZS_DER_OCTET_STRING);
    g_assert_true(d.bad);
    g_assert_cmpint(zs_der_int(&d), ==, 0);
    g_assert_cmpuint(zs_der_peek(&d), ==, 0);
    g_assert_false(zs_der_optional(&d, ZS_DER_INTEGER, &s));
    g_assert_cmpuint(zs_der_whole(&d, ZS_DER_INTEGER).n, ==, 0);
    struct zs_der inside = zs_der_enter(&d, ZS_DER_INTEGER);
    g_assert_true(inside.bad);
    g_assert_false(zs_der_end(&d));
    g_assert_cmpuint(d.left.n, ==, in->len);
    g_byte_array_unref(in);
}

static void an_optional_element_that_is_cut_is_bad(void)
{
    static const uint8_t in[] = {0xa0, 0x03, 0x02};
    struct zs_der d = zs_der(zs_span(in, sizeof in));
    struct zs_span s = {0};

    g_assert_false(zs_der_optional(&d, ZS_DER_CONTEXT(0), &s));
    g_assert_true(d.bad);
}

/* Every day from 1600 to 2400, against GLib's calendar. */
static void days_agree_with_the_calendar(void)
{
    GDate day;
    char text[32];

    g_date_clear(&day, 1);
    g_date_set_dmy(&day, 1, G_DATE_JANUARY, 1970);
    gint64 epoch = g_date_get_julian(&day);
    g_date_set_dmy(&day, 1, G_DATE_JANUARY, 1600);
    for (; g_date_get_year(&day) < 2400; g_date_add_days(&day, 1)) {
        g_snprintf(text, sizeof text, "%c%c%04d%02d%02d000000Z", 0x18, 15, g_date_get_year(&day),
                   (int)g_date_get_month(&day), g_date_get_day(&day));
        struct zs_der d = zs_der(zs_span(text, 17));
        gint64 t = zs_der_time(&d);
        g_assert_true(zs_der_end(&d));
        g_assert_cmpint(t, ==, ((gint64)g_date_get_julian(&day) - epoch) * 86400);
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    wire_cases_add("der/octets", octets, G_N_ELEMENTS(octets), show_octets, WIRE_DEFECT);
    wire_cases_add("der/octets", more_octets, G_N_ELEMENTS(more_octets), show_octets, WIRE_ANY);
    wire_cases_add("der/int", ints, G_N_ELEMENTS(ints), show_int, WIRE_DEFECT);
    wire_cases_add("der/time", times, G_N_ELEMENTS(times), show_time, WIRE_DEFECT);
    g_test_add_func("/der/a_sequence_is_entered_and_left", a_sequence_is_entered_and_left);
    g_test_add_func("/der/whole_includes_the_header", whole_includes_the_header);
    g_test_add_func("/der/once_bad_nothing_is_read_any_more", once_bad_nothing_is_read_any_more);
    g_test_add_func("/der/an_optional_element_that_is_cut_is_bad",
                    an_optional_element_that_is_cut_is_bad);
    g_test_add_func("/der/days_agree_with_the_calendar", days_agree_with_the_calendar);
    return g_test_run();
}
