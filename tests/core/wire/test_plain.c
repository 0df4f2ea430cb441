/* SPDX-License-Identifier: GPL-2.0-or-later */
/* core/wire/plain.c */
#include "core/wire/plain.h"

#include "tests/core/wire/wire_case.h"

static void show_hello(struct zs_span in, GString *out)
{
    struct zs_plain_hello h;
    enum zs_rc rc = zs_plain_hello_parse(in, &h);

    g_string_append(out, wire_rc(rc));
    if (rc != ZS_OK)
        return;
    wire_show_span(out, "username", h.username);
    wire_show_span(out, "password", h.password);
}

/* clang-format off */
static const struct wire_case hellos[] = {
    {"name_and_password",        "05'admin'06'secret'",  "ok username='admin' password='secret'"},
    {"both_empty",               "00 00",                "ok username='' password=''"},
    {"longest",                  "ff 61*255 ff 62*255",  "ok username=(255 octets, 61..61) password=(255 octets, 62..62)"},
    {"name_runs_past_the_end",   "06'admin'",            "command-body"},
    {"password_missing",         "05'admin'",            "command-body"},
    {"password_runs_past_the_end", "05'admin'07'secret'", "command-body"},
    {"empty",                    "",                     "command-body"},
};

static const struct wire_case long_hellos[] = {
    {"octets_behind_the_password", "05'admin'06'secret'00", "command-body"},
};
/* clang-format on */

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    wire_cases_add("plain/hello", hellos, G_N_ELEMENTS(hellos), show_hello, WIRE_DEFECT);
    wire_cases_add("plain/hello", long_hellos, G_N_ELEMENTS(long_hellos), show_hello, WIRE_ANY);
    return g_test_run();
}
