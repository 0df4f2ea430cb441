/* SPDX-License-Identifier: GPL-2.0-or-later */
/* core/wire/socket.c */
#include "core/wire/socket.h"

#include "tests/core/wire/wire_case.h"

static void show_type(struct zs_span in, GString *out)
{
    const char *name = zs_socket_type_name(zs_socket_type_of(in));
    g_string_append(out, name ? name : "unknown");
}

/* clang-format off */
static const struct wire_case types[] = {
    {"first_of_all",              "'PAIR'",    "PAIR"},
    {"last_of_all",               "'CHANNEL'", "CHANNEL"},
    {"a_name_that_begins_another", "'PUBLIC'",  "unknown"},
    {"small_letters_are_another", "'dealer'",  "unknown"},
    {"empty",                     "",          "unknown"},
};
/* clang-format on */

static void show_type_of_metadata(struct zs_span in, GString *out)
{
    const char *name = zs_socket_type_name(zs_metadata_socket_type(in));
    g_string_append(out, name ? name : "unknown");
}

/* clang-format off */
static const struct wire_case metadata[] = {
    {"property",                   "0b'Socket-Type'00000003'REQ'",     "REQ"},
    {"name_in_small_letters",      "0b'socket-type'00000003'REQ'",     "REQ"},
    {"name_in_capitals",           "0b'SOCKET-TYPE'00000003'REQ'",     "REQ"},
    {"name_that_differs_by_the_bit_of_case_alone",
                                   "0b'Socket'0d'Type'00000003'REQ'",  "unknown"},
    {"longer_name",                "0c'Socket-Types'00000003'REQ'",    "unknown"},
    {"behind_another",             "01'X'00000000 0b'Socket-Type'00000003'REQ'", "REQ"},
    {"first_of_two",               "0b'Socket-Type'00000003'REP'0b'socket-type'00000003'PUB'", "REP"},
    {"before_damage",              "0b'Socket-Type'00000003'REQ'09'x'", "REQ"},
    {"behind_damage",              "00 0b'Socket-Type'00000003'REQ'",  "unknown"},
    {"none",                       "",                                 "unknown"},
};
/* clang-format on */

static void numbers_are_libzmqs(void)
{
    static const char *const numbered[] = {"PAIR",   "PUB",  "SUB",  "REQ",  "REP", "DEALER",
                                           "ROUTER", "PULL", "PUSH", "XPUB", "XSUB"};

    for (unsigned n = 0; n < G_N_ELEMENTS(numbered); n++)
        g_assert_cmpstr(zs_socket_type_name(zs_socket_type_of_number((uint8_t)n)), ==, numbered[n]);
    g_assert_null(zs_socket_type_name(zs_socket_type_of_number(G_N_ELEMENTS(numbered))));
    g_assert_null(zs_socket_type_name(zs_socket_type_of_number(255)));
    g_assert_null(zs_socket_type_name(ZS_SOCKET_COUNT));
}

static void every_type_is_found_by_its_name(void)
{
    for (int t = ZS_SOCKET_PAIR; t < ZS_SOCKET_COUNT; t++) {
        const char *name = zs_socket_type_name((enum zs_socket_type)t);
        g_assert_cmpint(zs_socket_type_of(zs_span(name, strlen(name))), ==, t);
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    wire_cases_add("socket/type", types, G_N_ELEMENTS(types), show_type, WIRE_ANY);
    wire_cases_add("socket/metadata", metadata, G_N_ELEMENTS(metadata), show_type_of_metadata,
                   WIRE_ANY);
    g_test_add_func("/socket/numbers_are_libzmqs", numbers_are_libzmqs);
    g_test_add_func("/socket/every_type_is_found_by_its_name", every_type_is_found_by_its_name);
    return g_test_run();
}
