/* SPDX-License-Identifier: GPL-2.0-or-later */
/* core/wire/content.c */
#include "core/wire/content.h"

#include "tests/core/wire/wire_case.h"

static void show(struct zs_span in, GString *out)
{
    if (zs_content_is_xml(in))
        g_string_append(out, "xml ");
    if (zs_content_is_msgpack(in))
        g_string_append(out, "msgpack ");
    if (zs_content_is_protobuf(in))
        g_string_append(out, "protobuf ");
    g_string_append(out, ".");
}

/* clang-format off */
static const struct wire_case xml[] = {
    {"element",                  "'<a/>'",                        "xml ."},
    {"declaration",              "'<?xml version=\"1.0\"?><a></a>'", "xml ."},
    {"comment_first",            "'<!-- --><_a/>'",               "xml ."},
    {"name_beyond_ascii",        "'<'c3a9'/>'",                   "xml ."},
    {"byte_order_mark",          "efbbbf'<a/>'",                  "xml ."},
    {"space_around",             "0d0a2009'<a/>'0d0a",            "xml ."},
    {"no_end",                   "'<a/'",                         "."},
    {"no_name",                  "'<1/>'",                        "."},
    {"brace",                    "'<{}>'",                        "."},
    {"text",                     "'hello'",                       "."},
    {"white_space_alone",        "0a0a0a0a0a",                    "."},
    {"shorter_than_an_element",  "'<a>'",                         "."},
    {"empty",                    "",                              "."},
};

static const struct wire_case msgpack[] = {
    {"map",                      "82 a1'a'01 a1'b'c0",            "msgpack ."},
    {"map_in_an_array",          "91 81 a1'a'01",                 "msgpack ."},
    {"array_of_text",            "92 a1'a' c3",                   "msgpack ."},
    {"nested",                   "81 a1'm' 81 a1'n' 93 01 e0 80", "msgpack ."},
    {"numbers",                  "85 a1'a'cc01 a1'b'cd0001 a1'c'ce00000001 a1'd'cf0000000000000001 a1'e'7f", "msgpack ."},
    {"negative_numbers",         "84 a1'a'd0ff a1'b'd1ffff a1'c'd2ffffffff a1'd'd3ffffffffffffffff", "msgpack ."},
    {"floats",                   "82 a1'a'ca3f800000 a1'b'cb3ff0000000000000", "msgpack ."},
    {"binary",                   "83 a1'a'c401ff a1'b'c50001ff a1'c'c600000001ff", "msgpack ."},
    {"extensions",               "83 a1'a'c70105ff a1'b'c8000105ff a1'c'c90000000105ff", "msgpack ."},
    {"fixed_extensions",         "85 a1'a'd40101 a1'b'd50100*2 a1'c'd60100*4 a1'd'd70100*8 a1'e'd80100*16", "msgpack ."},
    {"long_text",                "83 a1'a'd901'x' a1'b'da0001'x' a1'c'db00000001'x'", "msgpack ."},
    {"long_containers",          "81 a1'a' dc0001 dd00000001 de0001 a1'b' df00000001 a1'c' c2", "msgpack ."},
    {"octets_behind_it",         "81 a1'a' 01 01",                "."},
    {"runs_past_the_end",        "82 a1'a' 01",                   "."},
    {"text_past_the_end",        "81 a1'a' a5'x'",                "."},
    {"count_that_lies",          "81 a1'a' dfffffffff",           "."},
    {"unused_type",              "81 a1'a' c1",                   "."},
    {"empty_map",                "80",                            "."},
    {"numbers_alone",            "93 01 02 03",                   "."},
    {"keys_that_are_numbers",    "82 01 02 03 04",                "protobuf ."},
    {"text_alone",               "a5'hello'",                     "protobuf ."},
    {"shorter_than_it_is_sure",  "91 a0",                         "."},
    {"empty",                    "",                              "."},
};

static const struct wire_case protobuf[] = {
    {"varint",                   "08 96 01",                      "protobuf ."},
    {"text",                     "12 07'testing'",                "protobuf ."},
    {"fixed",                    "09 00*8 15 00*4",               "protobuf ."},
    {"several",                  "08 01 12 02'hi' 1d 00*4",       "protobuf ."},
    {"longest_number",           "08 ff*9 01",                    "protobuf ."},
    {"number_that_never_ends",   "08 ff*10 01",                   "."},
    {"field_0",                  "00 01",                         "."},
    {"field_number_too_large",   "80 80 80 80 10 01",             "."},
    {"group",                    "0b 0c",                         "."},
    {"wire_type_6",              "0e 01",                         "."},
    {"text_past_the_end",        "12 08'testing'",                "."},
    {"length_of_64_bits",        "12 ff*9 01 00",                 "."},
    {"fixed_past_the_end",       "15 00*3",                       "."},
    {"value_missing",            "08",                            "."},
    {"empty",                    "",                              "."},
};
/* clang-format on */

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    wire_cases_add("content/xml", xml, G_N_ELEMENTS(xml), show, WIRE_ANY);
    wire_cases_add("content/msgpack", msgpack, G_N_ELEMENTS(msgpack), show, WIRE_ANY);
    wire_cases_add("content/protobuf", protobuf, G_N_ELEMENTS(protobuf), show, WIRE_ANY);
    return g_test_run();
}
