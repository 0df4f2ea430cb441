/* SPDX-License-Identifier: GPL-2.0-or-later */
/* zmtpscope audit: what is wrong with the security of captured connections. */
#include "analyzer/audit/audit.h"

#include "analyzer/arguments.h"
#include "analyzer/command.h"
#include "analyzer/interrupt.h"
#include "analyzer/keys.h"
#include "analyzer/observe.h"
#include "analyzer/output.h"
#include "analyzer/report/findings.h"

#include <unistd.h>

enum { FAIL_ON_NOTHING = ZS_RISK_COUNT };

struct audit_options {
    struct zs_key_options keys;
    char **files; /* -r */
    char **rest;
    char *filter;
    char **decode_as; /* -d */
    char *format, *fail_on;
    char **only, **skip, **allow;
    gboolean list, strict, expect_gssapi;
};

/* What they come to. */
struct audit_run {
    void (*put)(const struct zs_findings_report *r);
    int least; /* enum zs_risk; or FAIL_ON_NOTHING */
    GArray *ports;
    struct zs_keyring *ring;
    struct zs_allow *allow; /* NULL: everybody */
    struct zs_policy policy;
};

static void clear_options(struct audit_options *o)
{
    zs_key_options_clear(&o->keys);
    g_strfreev(o->files);
    g_strfreev(o->rest);
    g_free(o->filter);
    g_strfreev(o->decode_as);
    g_free(o->format);
    g_free(o->fail_on);
    g_strfreev(o->only);
    g_strfreev(o->skip);
    g_strfreev(o->allow);
}

static bool parse(int argc, char **argv, struct audit_options *o, GError **error)
{
    const GOptionEntry entries[] = {
        {"format", 0, 0, G_OPTION_ARG_STRING, &o->format,
         "text, json (one object, as docs/audit.md says), sarif (2.1.0) or html (one file)",
         "FORMAT"},
        {"fail-on", 0, 0, G_OPTION_ARG_STRING, &o->fail_on,
         "exit with 1 if there is a finding of this severity or a worse one: critical, high, medium, low, info; "
         "none: never (high)",
         "SEVERITY"},
        {"strict", 0, 0, G_OPTION_ARG_NONE, &o->strict,
         "exit with 1 if something could not be measured, too", NULL},
        {"expect-gssapi", 0, 0, G_OPTION_ARG_NONE, &o->expect_gssapi,
         "a connection that comes to stand without GSSAPI is a finding", NULL},
        {"allow", 0, 0, G_OPTION_ARG_STRING_ARRAY, &o->allow,
         "a client that is none of these is a finding: a principal, @REALM for all of a realm, * and ? "
         "inside a name's parts (may be given again)",
         "PRINCIPAL"},
        {"only", 0, 0, G_OPTION_ARG_STRING_ARRAY, &o->only,
         "look for this alone: a rule's id, or a check as P05 (may be given again)", "ID"},
        {"skip", 0, 0, G_OPTION_ARG_STRING_ARRAY, &o->skip, "leave this out (may be given again)",
         "ID"},
        {"list", 0, 0, G_OPTION_ARG_NONE, &o->list, "what is looked for, a line each", NULL},
        {"read", 'r', 0, G_OPTION_ARG_FILENAME_ARRAY, &o->files,
         "a capture; the other arguments are then a filter, as for tcpdump", "FILE"},
        {"filter", 'f', 0, G_OPTION_ARG_STRING, &o->filter,
         "read only the packets that a pcap-filter(7) lets through", "FILTER"},
        {"decode-as", 'd', 0, G_OPTION_ARG_STRING_ARRAY, &o->decode_as,
         "RULE is tcp.port==PORT,zmtp: connections of this port are ZMTP even where the capture "
         "does not show it (may be given again)",
         "RULE"},
        {G_OPTION_REMAINING, 0, 0, G_OPTION_ARG_FILENAME_ARRAY, &o->rest, NULL, "FILE..."},
        {0},
    };
    GOptionContext *c =
        g_option_context_new("- what is wrong with the security of captured connections");

    g_option_context_add_main_entries(c, entries, NULL);
    zs_key_options_add(&o->keys, c);
    g_option_context_set_description(
        c,
        "The worst first: what, where, what shows it, and what to do; docs/audit.md has it all. Without a key what is in the\n"
        "clear is judged, with the service's keytab tickets, clocks and messages, too; what could not be measured is said.\n\n"
        "Exit status: 0; 1 if there is a finding at or above --fail-on, or, with --strict, something that could not be\n"
        "measured; 2 if something could not be read, if Ctrl+C came first, or if there was no ZMTP connection to judge.\n\n"
        "Examples:\n  zmtpscope audit -K captures/reqrep.keytab captures/reqrep.pcap\n"
        "  zmtpscope audit --fail-on medium -K service.keytab nightly.pcapng\n");
    bool ok = zs_arguments_parse(c, argc, argv, "Krfd", error);
    g_option_context_free(c);
    return ok;
}

static void on_event(void *user, const struct zs_report_connection *c, const struct zs_event *ev)
{
    zs_audit_event(user, c->number, c->client, c->server, ev);
}

/* As bad as the user minds? */
static bool is_too_bad(const struct zs_audit_result *result, int least)
{
    for (int risk = least; risk < ZS_RISK_COUNT; risk++)
        if (result->count[risk])
            return true;
    return false;
}

/* Is there a rule that could not be measured everywhere? */
static bool is_unsure(const struct zs_audit_result *result)
{
    for (int i = 0; i < ZS_RULE_COUNT; i++)
        if (!zs_tally_is_measured(&result->tally[i]))
            return true;
    return false;
}

static int audit(const struct audit_options *options, const struct audit_run *run)
{
    struct zs_audit *a = zs_audit_new(&run->policy);
    struct zs_report_summary summary = {0};
    const struct zs_onlooker onlooker = {.event = on_event, .user = a};
    const struct zs_observation o = {.files = (const char *const *)options->files,
                                     .filter = options->filter,
                                     .ports = run->ports,
                                     .keys = run->ring,
                                     .onlooker = &onlooker,
                                     .summary = &summary};
    GError *error = NULL;

    zs_interrupt_watch();
    bool whole = zs_observe(&o, &error);
    whole &= !zs_interrupted_amid(o.files);
    const struct zs_findings_report report = {
        .out = stdout,
        .colours = zs_output_coloured(),
        .version = ZS_VERSION,
        .files = o.files,
        .summary = &summary,
        .result = zs_audit_end(a),
        .policy = &run->policy,
        .failed = !whole,
    };
    run->put(&report);
    bool bad =
        is_too_bad(report.result, run->least) || (options->strict && is_unsure(report.result));
    zs_audit_free(a);
    whole &= zs_output_flush(stdout);
    if (whole && !summary.connections)
        g_set_error_literal(&error, G_FILE_ERROR, G_FILE_ERROR_FAILED,
                            "there is no ZMTP connection to judge");
    if (!zs_output_error(error) || !whole)
        return ZS_EXIT_FAILED;
    return bad ? ZS_EXIT_FINDINGS : ZS_EXIT_CLEAN;
}

/* ==== what the options come to; false: standard error says what is wrong ==== */

static bool misused(const char *why)
{
    zs_output_misuse("audit", why);
    return false;
}

static bool settle_format(const char *format, struct audit_run *run)
{
    static const struct {
        const char *name;
        void (*put)(const struct zs_findings_report *r);
    } formats[] = {{"text", zs_findings_put_text},
                   {"json", zs_findings_put_json},
                   {"sarif", zs_findings_put_sarif},
                   {"html", zs_findings_put_html}};

    for (size_t i = 0; i < G_N_ELEMENTS(formats) && !run->put; i++)
        if (strcmp(format ? format : "text", formats[i].name) == 0)
            run->put = formats[i].put;
    return run->put || misused("--format wants text, json, sarif or html");
}

static bool settle_fail_on(const char *severity, struct audit_run *run)
{
    run->least = ZS_RISK_HIGH;
    if (!severity)
        return true;
    run->least = 0;
    while (run->least < ZS_RISK_COUNT &&
           strcmp(severity, zs_risk_name((enum zs_risk)run->least)) != 0)
        run->least++;
    return run->least < ZS_RISK_COUNT || strcmp(severity, "none") == 0 ||
           misused("--fail-on wants critical, high, medium, low, info or none");
}

/* Marks the rules that the words name, by their id or their check. */
static bool mark_rules(const char *option, char **words, bool marked[static ZS_RULE_COUNT])
{
    for (; words && *words; words++) {
        bool known = false;
        for (int i = 0; i < ZS_RULE_COUNT; i++) {
            bool named =
                strcmp(*words, zs_rules[i].id) == 0 || strcmp(*words, zs_rules[i].check) == 0;
            marked[i] |= named;
            known |= named;
        }
        if (!known) {
            fprintf(stderr, "zmtpscope: %s %s: no such rule; zmtpscope audit --list has them all\n",
                    option, *words);
            return false;
        }
    }
    return true;
}

static bool settle_rules(const struct audit_options *o, struct audit_run *run)
{
    bool only[ZS_RULE_COUNT] = {false};

    if (!mark_rules("--only", o->only, only) ||
        !mark_rules("--skip", o->skip, run->policy.left_out))
        return false;
    for (int i = 0; o->only && i < ZS_RULE_COUNT; i++)
        run->policy.left_out[i] |= !only[i];
    return true;
}

static bool prepare(struct audit_options *o, struct audit_run *run)
{
    zs_arguments_filter(&o->files, false, &o->rest, &o->filter);
    if (!o->files)
        return misused("no capture was named");
    if (o->rest)
        return misused("a filter was given twice");
    if (!settle_format(o->format, run) || !settle_fail_on(o->fail_on, run) || !settle_rules(o, run))
        return false;
    run->policy.expect_gssapi = o->expect_gssapi;
    bool ok = zs_arguments_allow(o->allow, &run->allow) &&
              (run->ports = zs_arguments_ports(o->decode_as)) &&
              (run->ring = zs_key_options_load(&o->keys));
    run->policy.allow = run->allow;
    return ok;
}

static void clear_run(struct audit_run *run)
{
    if (run->ports)
        g_array_unref(run->ports);
    zs_allow_free(run->allow);
    zs_keyring_free(run->ring);
}

static int list_rules(void)
{
    zs_findings_list(stdout);
    return zs_output_flush(stdout) ? ZS_EXIT_CLEAN : ZS_EXIT_FAILED;
}

static int run_audit(int argc, char **argv)
{
    struct audit_options o = {0};
    struct audit_run run = {0};
    GError *error = NULL;
    int status = ZS_EXIT_FAILED;

    g_set_prgname("zmtpscope audit");
    if (!parse(argc, argv, &o, &error))
        zs_output_misused("audit", error);
    else if (o.list)
        status = list_rules();
    else if (prepare(&o, &run))
        status = audit(&o, &run);
    clear_run(&run);
    clear_options(&o);
    return status;
}

const struct zs_command_line zs_command_audit = {
    "audit", "what is wrong with the security of captured connections", run_audit};
