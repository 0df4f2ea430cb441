/* SPDX-License-Identifier: GPL-2.0-or-later */
/* core/wire/frame.c, whole frames up to a limit and headers alone. */
#include "core/wire/frame.h"

#include "tests/core/wire/wire_case.h"

enum { LIMIT = 300 };

static void show_frame(enum zs_framing framing, struct zs_span in, GString *out)
{
    struct zs_frame f;
    enum zs_rc rc = zs_frame_parse(framing, in, LIMIT, &f);

    g_string_append(out, wire_rc(rc));
    if (rc != ZS_OK)
        return;
    g_assert_cmpuint(f.size, ==, f.body.n);
    g_string_append_printf(out, " flags=%02x header=%u", f.flags, f.header);
    wire_show_span(out, "body", f.body);
}

static void show_frame_1(struct zs_span in, GString *out)
{
    show_frame(ZS_FRAMING_1, in, out);
}

static void show_frame_2(struct zs_span in, GString *out)
{
    show_frame(ZS_FRAMING_2, in, out);
}

static void show_frame_3(struct zs_span in, GString *out)
{
    show_frame(ZS_FRAMING_3, in, out);
}

static void show_header(enum zs_framing framing, struct zs_span in, GString *out)
{
    struct zs_frame f;
    enum zs_rc rc = zs_frame_header_parse(framing, in, &f);

    g_string_append(out, wire_rc(rc));
    if (rc != ZS_OK)
        return;
    g_assert_cmpuint(f.body.n, ==, 0);
    g_string_append_printf(out, " flags=%02x header=%u size=%" G_GUINT64_FORMAT, f.flags, f.header,
                           f.size);
}

static void show_header_1(struct zs_span in, GString *out)
{
    show_header(ZS_FRAMING_1, in, out);
}

static void show_header_3(struct zs_span in, GString *out)
{
    show_header(ZS_FRAMING_3, in, out);
}

/* clang-format off */
static const struct wire_case framing_1[] = {
    {"length_counts_the_flags",      "06 00 'hello'",              "ok flags=00 header=2 body='hello'"},
    {"anonymous_identity",           "01 00",                      "ok flags=00 header=2 body=''"},
    {"more",                         "02 01 'a'",                  "ok flags=01 header=2 body='a'"},
    {"long_length_for_few_octets",   "ff 00*7 03 00 'ab'",         "ok flags=00 header=10 body='ab'"},
    {"long_length",                  "ff 00*6 0101 00 41*256",     "ok flags=00 header=10 body=(256 octets, 41..41)"},
    {"what_follows_is_left_alone",   "02 00 'a' 0200",             "ok flags=00 header=2 body='a'"},
    {"length_zero",                  "00 00 'x'",                  "frame-size"},
    {"long_length_zero",             "ff 00*8 00",                 "frame-size"},
    {"length_zero_before_bad_flags", "00 80",                      "frame-size"},
    {"reserved_flag",                "02 02 'a'",                  "frame-flags"},
    {"highest_reserved_flag",        "02 80 'a'",                  "frame-flags"},
    {"at_the_limit",                 "ff 00*6 012d 00 41*300",     "ok flags=00 header=10 body=(300 octets, 41..41)"},
    {"over_the_limit",               "ff 00*6 012e 00 41*301",     "frame-size"},
    {"length_that_wraps",            "ff ff*8 00",                 "frame-size"},
    {"body_not_there",               "06 00 'hell'",               "more"},
};

static const struct wire_case framing_2[] = {
    {"short",                        "00 05 'hello'",              "ok flags=00 header=2 body='hello'"},
    {"no_command_bit",               "04 00",                      "frame-flags"},
    {"long",                         "02 00*7 02 'ab'",            "ok flags=02 header=9 body='ab'"},
};

static const struct wire_case framing_3[] = {
    {"ready_of_libzmq",              "04 19 05'READY'0b'Socket-Type'00000003'REQ'",
        "ok flags=04 header=2 body=0552454144590b536f636b65742d5479706500000003524551"},
    {"libzmq_empty_command",         "04 00",                      "ok flags=04 header=2 body=''"},
    {"empty_message",                "00 00",                      "ok flags=00 header=2 body=''"},
    {"more",                         "01 01 'a'",                  "ok flags=01 header=2 body='a'"},
    {"short_255",                    "00 ff 61*255",               "ok flags=00 header=2 body=(255 octets, 61..61)"},
    {"long_256",                     "02 00*6 0100 61*256",        "ok flags=02 header=9 body=(256 octets, 61..61)"},
    {"long_command",                 "06 00*6 0100 61*256",        "ok flags=06 header=9 body=(256 octets, 61..61)"},
    {"long_size_for_few_octets",     "02 00*7 01 'a'",             "ok flags=02 header=9 body='a'"},
    {"long_size_zero",               "02 00*8",                    "ok flags=02 header=9 body=''"},
    {"more_command_is_for_others",   "05 00",                      "ok flags=05 header=2 body=''"},
    {"what_follows_is_left_alone",   "00 01 'a' 00 01 'b'",        "ok flags=00 header=2 body='a'"},
    {"lowest_reserved_flag",         "08 00",                      "frame-flags"},
    {"highest_reserved_flag",        "80 00",                      "frame-flags"},
    {"frame_size_that_wraps",        "02 ff*7 f7",                 "frame-size"},
    {"largest_size",                 "02 ff*8",                    "frame-size"},
    {"at_the_limit",                 "02 00*6 012c 61*300",        "ok flags=02 header=9 body=(300 octets, 61..61)"},
    {"over_the_limit",               "02 00*6 012d 61*301",        "frame-size"},
    {"over_the_limit_without_body",  "02 00*6 012d",               "frame-size"},
    {"body_not_there",               "00 05 'hell'",               "more"},
};

static const struct wire_case header_1[] = {
    {"short",                        "06 00",                      "ok flags=00 header=2 size=5"},
    {"largest_length",               "ff ff*8 01",                 "ok flags=01 header=10 size=18446744073709551614"},
};

static const struct wire_case header_3[] = {
    {"short",                        "04 05",                      "ok flags=04 header=2 size=5"},
    {"size_is_not_judged",           "02 ff*7 f7",                 "ok flags=02 header=9 size=18446744073709551607"},
    {"reserved_flag",                "10 00",                      "frame-flags"},
};
/* clang-format on */

static void output_untouched_unless_ok(void)
{
    static const uint8_t cut[] = {0x00, 0x05, 'h'};
    struct zs_frame f = {.flags = 0xaa};

    g_assert_cmpint(zs_frame_parse(ZS_FRAMING_3, zs_span(cut, sizeof cut), LIMIT, &f), ==, ZS_MORE);
    g_assert_cmpuint(f.flags, ==, 0xaa);
}

static void limit_of_all_memory_still_says_more(void)
{
    static const uint8_t in[] = {0x02, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xf7};
    struct zs_frame f;

    g_assert_cmpint(zs_frame_parse(ZS_FRAMING_3, zs_span(in, sizeof in), SIZE_MAX, &f), ==,
                    ZS_MORE);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    wire_cases_add("frame/13", framing_1, G_N_ELEMENTS(framing_1), show_frame_1, WIRE_MORE);
    wire_cases_add("frame/15", framing_2, G_N_ELEMENTS(framing_2), show_frame_2, WIRE_MORE);
    wire_cases_add("frame/23", framing_3, G_N_ELEMENTS(framing_3), show_frame_3, WIRE_MORE);
    wire_cases_add("frame/header/13", header_1, G_N_ELEMENTS(header_1), show_header_1, WIRE_MORE);
    wire_cases_add("frame/header/23", header_3, G_N_ELEMENTS(header_3), show_header_3, WIRE_MORE);
    g_test_add_func("/frame/output_untouched_unless_ok", output_untouched_unless_ok);
    g_test_add_func("/frame/limit_of_all_memory_still_says_more",
                    limit_of_all_memory_still_says_more);
    return g_test_run();
}
