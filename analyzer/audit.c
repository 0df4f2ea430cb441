/* SPDX-License-Identifier: GPL-2.0-or-later */
/* zmtpscope audit: what is wrong with the security of captured connections. */
#include "analyzer/audit/audit.h"

#include "analyzer/arguments.h"
#include "analyzer/command.h"
#include "analyzer/keys.h"
#include "analyzer/observe.h"
#include "analyzer/output.h"
#include "analyzer/report/findings.h"

#include <unistd.h>

enum { FAIL_ON_NOTHING = ZS_RISK_COUNT };

struct audit_options {
    struct zs_key_options keys;
    char **files;
    char *format, *fail_on;
    void (*put)(const struct zs_findings_report *r); /* from format */
    gboolean list, expect_gssapi;
    int least; /* enum zs_risk, from fail_on; or FAIL_ON_NOTHING */
};

static void clear_options(struct audit_options *o)
{
    zs_key_options_clear(&o->keys);
    g_strfreev(o->files);
    g_free(o->format);
    g_free(o->fail_on);
}

static bool parse(int argc, char **argv, struct audit_options *o, GError **error)
{
    const GOptionEntry entries[] = {
        {"format", 0, 0, G_OPTION_ARG_STRING, &o->format,
         "text, json (one object, as docs/audit.md says) or sarif (2.1.0)", "FORMAT"},
        {"fail-on", 0, 0, G_OPTION_ARG_STRING, &o->fail_on,
         "exit with 1 if there is a finding of this severity or a worse one: critical, high, medium, low, info; "
         "none: never (high)",
         "SEVERITY"},
        {"expect-gssapi", 0, 0, G_OPTION_ARG_NONE, &o->expect_gssapi,
         "a connection that comes to stand without GSSAPI is a finding", NULL},
        {"list", 0, 0, G_OPTION_ARG_NONE, &o->list, "what is looked for, a line each", NULL},
        {G_OPTION_REMAINING, 0, 0, G_OPTION_ARG_FILENAME_ARRAY, &o->files, NULL, "FILE..."},
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
        "Exit status: 0; 1 if there is a finding at or above --fail-on; 2 if something could not be read, or there was\n"
        "no ZMTP connection to judge.\n\n"
        "Examples:\n  zmtpscope audit -K captures/reqrep.keytab captures/reqrep.pcap\n"
        "  zmtpscope audit --fail-on medium -K service.keytab nightly.pcapng\n");
    bool ok = zs_arguments_parse(c, argc, argv, "K", error);
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

static int audit(const struct audit_options *options, struct zs_keyring *ring)
{
    const struct zs_policy policy = {.expect_gssapi = options->expect_gssapi};
    struct zs_audit *a = zs_audit_new(&policy);
    struct zs_report_summary summary = {0};
    const struct zs_onlooker onlooker = {.event = on_event, .user = a};
    const struct zs_observation o = {.files = (const char *const *)options->files,
                                     .keys = ring,
                                     .onlooker = &onlooker,
                                     .summary = &summary};
    GError *error = NULL;

    bool whole = zs_observe(&o, &error);
    const struct zs_findings_report report = {
        .out = stdout,
        .colours = zs_output_coloured(),
        .version = ZS_VERSION,
        .files = o.files,
        .summary = &summary,
        .result = zs_audit_end(a),
        .policy = &policy,
        .failed = !whole,
    };
    options->put(&report);
    bool bad = is_too_bad(report.result, options->least);
    zs_audit_free(a);
    whole &= zs_output_flush(stdout);
    if (whole && !summary.connections)
        g_set_error_literal(&error, G_FILE_ERROR, G_FILE_ERROR_FAILED,
                            "there is no ZMTP connection to judge");
    if (!zs_output_error(error) || !whole)
        return ZS_EXIT_FAILED;
    return bad ? ZS_EXIT_FINDINGS : ZS_EXIT_CLEAN;
}

/* False: it is no format. */
static bool settle_format(struct audit_options *o)
{
    static const struct {
        const char *name;
        void (*put)(const struct zs_findings_report *r);
    } formats[] = {{"text", zs_findings_put_text},
                   {"json", zs_findings_put_json},
                   {"sarif", zs_findings_put_sarif}};

    for (size_t i = 0; i < G_N_ELEMENTS(formats) && !o->put; i++)
        if (strcmp(o->format ? o->format : "text", formats[i].name) == 0)
            o->put = formats[i].put;
    return o->put != NULL;
}

/* False: it is no severity. */
static bool settle_fail_on(struct audit_options *o)
{
    o->least = ZS_RISK_HIGH;
    if (!o->fail_on)
        return true;
    o->least = 0;
    while (o->least < ZS_RISK_COUNT &&
           strcmp(o->fail_on, zs_risk_name((enum zs_risk)o->least)) != 0)
        o->least++;
    return o->least < ZS_RISK_COUNT || strcmp(o->fail_on, "none") == 0;
}

static const char *objection(struct audit_options *o)
{
    if (!settle_format(o))
        return "--format wants text, json or sarif";
    if (!settle_fail_on(o))
        return "--fail-on wants critical, high, medium, low, info or none";
    if (!o->files && !o->list)
        return "no capture was named";
    return NULL;
}

static int run_with(const struct audit_options *o)
{
    int status = ZS_EXIT_FAILED;

    if (o->list) {
        zs_findings_list(stdout);
        return zs_output_flush(stdout) ? ZS_EXIT_CLEAN : ZS_EXIT_FAILED;
    }
    struct zs_keyring *ring = zs_key_options_load(&o->keys);
    if (ring)
        status = audit(o, ring);
    zs_keyring_free(ring);
    return status;
}

static int run_audit(int argc, char **argv)
{
    struct audit_options o = {0};
    GError *error = NULL;
    int status = ZS_EXIT_FAILED;

    g_set_prgname("zmtpscope audit");
    if (!parse(argc, argv, &o, &error)) {
        zs_output_misused("audit", error);
    } else {
        const char *why = objection(&o);
        if (why)
            zs_output_misuse("audit", why);
        else
            status = run_with(&o);
    }
    clear_options(&o);
    return status;
}

const struct zs_command_line zs_command_audit = {
    "audit", "what is wrong with the security of captured connections", run_audit};
