/* SPDX-License-Identifier: GPL-2.0-or-later */
/* core/wire/curve.c */
#include "core/wire/curve.h"

#include "tests/core/wire/wire_case.h"

static void show_part(GString *out, const char *key, struct zs_span s)
{
    if (s.n)
        wire_show_span(out, key, s);
}

static void show_curve(enum zs_command_id id, struct zs_span in, GString *out)
{
    struct zs_curve c;
    enum zs_rc rc = zs_curve_parse(id, in, &c);

    g_string_append(out, wire_rc(rc));
    if (rc != ZS_OK)
        return;
    if (id == ZS_CMD_HELLO)
        g_string_append_printf(out, " version=%u.%u", c.major, c.minor);
    show_part(out, "publickey", c.publickey);
    show_part(out, "cookie", c.cookie);
    show_part(out, "nonce", c.nonce);
    show_part(out, "signature", c.signature);
    show_part(out, "box", c.box);
}

static void show_hello(struct zs_span in, GString *out)
{
    show_curve(ZS_CMD_HELLO, in, out);
}

static void show_welcome(struct zs_span in, GString *out)
{
    show_curve(ZS_CMD_WELCOME, in, out);
}

static void show_initiate(struct zs_span in, GString *out)
{
    show_curve(ZS_CMD_INITIATE, in, out);
}

static void show_ready(struct zs_span in, GString *out)
{
    show_curve(ZS_CMD_READY, in, out);
}

static void show_message(struct zs_span in, GString *out)
{
    show_curve(ZS_CMD_MESSAGE, in, out);
}

/* clang-format off */
#define HELLO_BODY "01 00 00*72 11*32 00*7 01 22*80"

static const struct wire_case hellos[] = {
    {"whole", HELLO_BODY, "ok version=1.0"
        " publickey=1111111111111111111111111111111111111111111111111111111111111111"
        " nonce=0000000000000001 signature=(80 octets, 22..22)"},
};

static const struct wire_case long_hellos[] = {
    {"of_195_octets", HELLO_BODY "22", "command-body"},
};

static const struct wire_case welcomes[] = {
    {"whole",           "11*16 22*144",            "ok nonce=11111111111111111111111111111111 box=(144 octets, 22..22)"},
};

static const struct wire_case initiates[] = {
    {"smallest",        "11*96 00*7 02 33*144",    "ok cookie=(96 octets, 11..11) nonce=0000000000000002 box=(144 octets, 33..33)"},
    {"box_of_143",      "11*96 00*7 02 33*143",    "command-body"},
};

static const struct wire_case long_initiates[] = {
    {"with_metadata",   "11*96 00*7 02 33*200",    "ok cookie=(96 octets, 11..11) nonce=0000000000000002 box=(200 octets, 33..33)"},
};

static const struct wire_case readies[] = {
    {"smallest",        "00*7 01 33*16",           "ok nonce=0000000000000001 box='3333333333333333'"},
    {"box_of_15",       "00*7 01 33*15",           "command-body"},
};

static const struct wire_case messages[] = {
    {"smallest",        "00*7 03 33*17",           "ok nonce=0000000000000003 box='33333333333333333'"},
    {"box_without_flags_octet", "00*7 03 33*16",   "command-body"},
};
/* clang-format on */

static void other_commands_have_no_parts(void)
{
    static const enum zs_command_id others[] = {ZS_CMD_UNKNOWN,   ZS_CMD_EMPTY,  ZS_CMD_ERROR,
                                                ZS_CMD_PING,      ZS_CMD_PONG,   ZS_CMD_JOIN,
                                                ZS_CMD_SUBSCRIBE, ZS_CMD_CANCEL, ZS_CMD_LEAVE};
    static const uint8_t body[300];
    struct zs_curve c;

    for (size_t i = 0; i < G_N_ELEMENTS(others); i++)
        g_assert_cmpint(zs_curve_parse(others[i], zs_span(body, sizeof body), &c), ==,
                        ZS_E_COMMAND_UNKNOWN);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    wire_cases_add("curve/hello", hellos, G_N_ELEMENTS(hellos), show_hello, WIRE_DEFECT);
    wire_cases_add("curve/hello", long_hellos, G_N_ELEMENTS(long_hellos), show_hello, WIRE_ANY);
    wire_cases_add("curve/welcome", welcomes, G_N_ELEMENTS(welcomes), show_welcome, WIRE_DEFECT);
    wire_cases_add("curve/initiate", initiates, G_N_ELEMENTS(initiates), show_initiate,
                   WIRE_DEFECT);
    wire_cases_add("curve/initiate", long_initiates, G_N_ELEMENTS(long_initiates), show_initiate,
                   WIRE_ANY);
    wire_cases_add("curve/ready", readies, G_N_ELEMENTS(readies), show_ready, WIRE_DEFECT);
    wire_cases_add("curve/message", messages, G_N_ELEMENTS(messages), show_message, WIRE_DEFECT);
    g_test_add_func("/curve/other_commands_have_no_parts", other_commands_have_no_parts);
    return g_test_run();
}
