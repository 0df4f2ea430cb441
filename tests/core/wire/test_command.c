/* SPDX-License-Identifier: GPL-2.0-or-later */
/* core/wire/command.c: names in both forms, metadata, PING and ERROR. */
#include "core/wire/command.h"

#include "tests/core/wire/wire_case.h"

static void show_command(struct zs_span in, GString *out)
{
    struct zs_command c;
    enum zs_rc rc = zs_command_parse(in, &c);

    g_string_append(out, wire_rc(rc));
    if (rc != ZS_OK)
        return;
    g_string_append_printf(out, " %s%s%s", zs_form_name(c.form),
                           c.id == ZS_CMD_EMPTY ? " empty" : "", c.misnamed ? " misnamed" : "");
    if (c.id != ZS_CMD_EMPTY)
        g_string_append_printf(out, " %s",
                               c.id == ZS_CMD_UNKNOWN ? "unknown" : zs_command_name(c.id));
    wire_show_span(out, "name", c.name);
    wire_show_span(out, "body", c.body);
}

static void show_metadata(struct zs_span in, GString *out)
{
    struct zs_property p;
    enum zs_rc rc = ZS_MORE; /* every answer is written */

    while (zs_metadata_next(&in, &p, &rc)) {
        g_string_append_printf(out, "%.*s", (int)p.name.n, (const char *)p.name.p);
        wire_show_span(out, "", p.value);
        g_string_append(out, "; ");
    }
    g_string_append(out, wire_rc(rc));
    if (rc != ZS_OK)
        g_string_append_printf(out, " %zu left", in.n);
}

static void show_ping(struct zs_span in, GString *out)
{
    struct zs_ping p;
    enum zs_rc rc = zs_ping_parse(in, &p);

    g_string_append(out, wire_rc(rc));
    if (rc != ZS_OK)
        return;
    g_string_append_printf(out, " ttl=%u", p.ttl);
    wire_show_span(out, "context", p.context);
}

static void show_error(struct zs_span in, GString *out)
{
    struct zs_span reason;
    enum zs_rc rc = zs_error_parse(in, &reason);

    g_string_append(out, wire_rc(rc));
    if (rc == ZS_OK)
        wire_show_span(out, "reason", reason);
}

/* clang-format off */
static const struct wire_case commands[] = {
    {"libzmq_empty_command",       "",                                 "ok libzmq empty name='' body=''"},
    {"ready",                      "05'READY'",                        "ok libzmq READY name='READY' body=''"},
    {"error",                      "05'ERROR'03'400'",                 "ok libzmq ERROR name='ERROR' body=03343030"},
    {"ping",                       "04'PING'0064'ctx'",                "ok libzmq PING name='PING' body=0064637478"},
    {"pong",                       "04'PONG''ctx'",                    "ok libzmq PONG name='PONG' body='ctx'"},
    {"subscribe",                  "09'SUBSCRIBE''topic'",             "ok libzmq SUBSCRIBE name='SUBSCRIBE' body='topic'"},
    {"cancel",                     "06'CANCEL''topic'",                "ok libzmq CANCEL name='CANCEL' body='topic'"},
    {"join",                       "04'JOIN''group'",                  "ok libzmq JOIN name='JOIN' body='group'"},
    {"leave",                      "05'LEAVE''group'",                 "ok libzmq LEAVE name='LEAVE' body='group'"},
    {"hello",                      "05'HELLO'",                        "ok libzmq HELLO name='HELLO' body=''"},
    {"welcome",                    "07'WELCOME'",                      "ok libzmq WELCOME name='WELCOME' body=''"},
    {"initiate",                   "08'INITIATE'00000001'x'",          "ok libzmq INITIATE name='INITIATE' body=0000000178"},
    {"message",                    "07'MESSAGE'00000001'x'",           "ok libzmq MESSAGE name='MESSAGE' body=0000000178"},
    {"unknown_name_is_no_defect",  "03'FOO''bar'",                     "ok libzmq unknown name='FOO' body='bar'"},
    {"name_is_not_a_beginning",    "06'READYX'",                       "ok libzmq unknown name='READYX' body=''"},
    {"lower_case_is_another_name", "05'ready'",                        "ok libzmq unknown name='ready' body=''"},
    {"padded_hello",               "'HELLO   '01",                     "ok padded HELLO name='HELLO' body=01"},
    {"padded_welcome",             "'WELCOME 'ff",                     "ok padded WELCOME name='WELCOME' body=ff"},
    {"padded_initiate",            "'INITIATE''x'",                    "ok padded INITIATE name='INITIATE' body='x'"},
    {"padded_ready",               "'READY   '0504",                   "ok padded READY name='READY' body=0504"},
    {"padded_message",             "'MESSAGE '0504",                   "ok padded MESSAGE name='MESSAGE' body=0504"},
    {"padded_error",               "'ERROR   '02'no'",                 "ok padded ERROR name='ERROR' body=026e6f"},
    {"padded_known_name_that_fits_as_short_string",
                                   "'HELLO   'ff*80",                  "ok padded HELLO name='HELLO' body=(80 octets, ff..ff)"},
    {"padded_unknown_name",        "'FOO     'ff",                     "ok padded unknown name='FOO' body=ff"},
    {"unknown_name_that_fits_as_short_string",
                                   "'FOO     'ff*80",                  "ok libzmq unknown name=(70 octets, 4f..ff) body=ffffffffffffffffffffffffffffffffff"},
    {"padded_name_with_a_space_inside",
                                   "'REA DY  '",                       "command-name"},
    {"padded_with_nul",            "'READY'00*3",                      "command-name"},
    {"padded_with_spaces_alone",   "20*8",                             "command-name"},
    {"libzmq_plain_error_misnamed","5e'RROR'03'400'",                  "ok libzmq misnamed ERROR name='RROR' body=03343030"},
    {"libzmq_plain_error_cut",     "5e'RRO'",                          "command-name"},
    {"name_runs_past_the_body",    "06'READY'",                        "command-name"},
    {"name_of_no_octets",          "00'READY'",                        "command-name"},
    {"longest_name",               "ff 41*255",                        "ok libzmq unknown name=(255 octets, 41..41) body=''"},
    {"longest_name_cut",           "ff 41*254",                        "command-name"},
};

static const struct wire_case metadata[] = {
    {"none",                       "",                                 "ok"},
    {"libzmq_req",                 "0b'Socket-Type'00000003'REQ'08'Identity'00000000",
                                                                       "Socket-Type ='REQ'; Identity =''; ok"},
    {"binary_value",               "08'Identity'000000020080",         "Identity =0080; ok"},
    {"name_of_255_octets",         "ff 61*255 00000000",
        "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
        "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
        "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa =''; ok"},
    {"name_of_no_octets",          "00 00000000",                      "metadata 5 left"},
    {"value_runs_past_the_end",    "01'a'00000002'b'",                 "metadata 7 left"},
    {"value_size_of_2_32_minus_1", "01'a'ffffffff'b'",                 "metadata 7 left"},
    {"size_cut",                   "01'a'000000",                      "metadata 5 left"},
    {"name_alone",                 "01'a'",                            "metadata 2 left"},
    {"second_property_damaged",    "01'a'00000001'b'09'x'",            "a ='b'; metadata 2 left"},
};

static const struct wire_case pings[] = {
    {"libzmq",                     "0000",                             "ok ttl=0 context=''"},
    {"ttl_and_context",            "0064'0123456789abcdef'",           "ok ttl=100 context='0123456789abcdef'"},
    {"context_of_17_octets",       "0064'0123456789abcdefX'",          "ping-context"},
    {"ttl_cut",                    "00",                               "command-body"},
    {"empty",                      "",                                 "command-body"},
};

static const struct wire_case errors[] = {
    {"reason",                     "03'400'",                          "ok reason='400'"},
    {"no_reason",                  "00",                               "ok reason=''"},
    {"reason_runs_past_the_end",   "04'400'",                          "command-body"},
    {"empty",                      "",                                 "command-body"},
};

static const struct wire_case long_errors[] = {
    {"octets_behind_the_reason",   "02'400'",                          "command-body"},
};
/* clang-format on */

/* Every name is read back as its own command, in the short-string form and, if it fits, padded. */
static void every_name_comes_back(void)
{
    for (int id = ZS_CMD_READY; id < ZS_CMD_COUNT; id++) {
        const char *name = zs_command_name((enum zs_command_id)id);
        size_t n = strlen(name);
        char text[32];
        struct zs_command c;

        g_snprintf(text, sizeof text, "%c%s", (char)n, name);
        g_assert_cmpint(zs_command_parse(zs_span(text, n + 1), &c), ==, ZS_OK);
        g_assert_cmpint(c.id, ==, id);
        g_assert_cmpint(c.form, ==, ZS_FORM_LIBZMQ);
        if (n > 8)
            continue;
        g_snprintf(text, sizeof text, "%-8s", name);
        g_assert_cmpint(zs_command_parse(zs_span(text, 8), &c), ==, ZS_OK);
        g_assert_cmpint(c.id, ==, id);
        g_assert_cmpint(c.form, ==, ZS_FORM_PADDED);
    }
    g_assert_cmpstr(zs_command_name(ZS_CMD_UNKNOWN), ==, "");
    g_assert_cmpstr(zs_command_name(ZS_CMD_EMPTY), ==, "");
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    wire_cases_add("command", commands, G_N_ELEMENTS(commands), show_command, WIRE_ANY);
    wire_cases_add("command/metadata", metadata, G_N_ELEMENTS(metadata), show_metadata, WIRE_ANY);
    wire_cases_add("command/ping", pings, G_N_ELEMENTS(pings), show_ping, WIRE_ANY);
    wire_cases_add("command/error", errors, G_N_ELEMENTS(errors), show_error, WIRE_DEFECT);
    wire_cases_add("command/error", long_errors, G_N_ELEMENTS(long_errors), show_error, WIRE_ANY);
    g_test_add_func("/command/every_name_comes_back", every_name_comes_back);
    return g_test_run();
}
