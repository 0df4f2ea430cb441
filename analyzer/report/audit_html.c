/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Findings as one page of HTML that needs nothing else: no script, no picture, no other file, and the policy in its head
 * lets none in.
 *
 * Limits: those of words.h. */
#include "analyzer/report/findings.h"
#include "analyzer/report/words.h"

#include <stdarg.h>

static const char head[] =
    "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
    "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\n"
    "<meta name=\"viewport\" content=\"width=device-width\">\n"
    "<title>zmtpscope audit</title>\n"
    "<style>\n"
    ":root { color-scheme: light dark; }\n"
    "body { font: 16px/1.5 sans-serif; max-width: 60em; margin: 2em auto; padding: 0 1em; }\n"
    "section { border-left: .4em solid gray; padding: .1em 1em; margin: 1.5em 0; }\n"
    "section.critical { border-color: #a0002a; } section.high { border-color: #d9480f; }\n"
    "section.medium { border-color: #c99700; } section.low { border-color: #3b7dd8; }\n"
    "h2 { font-size: 1.1em; margin: .3em 0; } b { text-transform: uppercase; }\n"
    "pre { white-space: pre-wrap; overflow-wrap: anywhere; margin: .3em 0; }\n"
    "dt { font-weight: bold; } dd { margin: 0 0 .3em 1.5em; }\n"
    "@media print { section { break-inside: avoid; } }\n"
    "</style>\n</head>\n<body>\n";

/* printf() whose strings are text: what HTML would read in them is escaped. */
static void put(FILE *out, const char *format, ...) G_GNUC_PRINTF(2, 3);
static void put(FILE *out, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    char *text = g_markup_vprintf_escaped(format, arguments);
    va_end(arguments);
    fputs(text, out);
    g_free(text);
}

static void put_files(const struct zs_findings_report *r)
{
    fputs("<ul>\n", r->out);
    for (const char *const *file = r->files; *file; file++) {
        GString *name = g_string_new(NULL);
        zs_append_octets(name, zs_span(*file, strlen(*file)), strlen(*file));
        put(r->out, "<li>%s</li>\n", name->str);
        g_string_free(name, TRUE);
    }
    fputs("</ul>\n", r->out);
    if (r->failed)
        fputs("<p>Something could not be read: there may be more.</p>\n", r->out);
}

static void put_finding(FILE *out, const struct zs_finding *f)
{
    const struct zs_rule *rule = f->rule;
    char *subject = zs_findings_subject(f);

    put(out,
        "<section class=\"%s\">\n<h2><b>%s</b> %s</h2>\n<p>%s: %" G_GUINT64_FORMAT
        " connection%s; %s. Rule %s, check %s.</p>\n<pre>",
        zs_risk_name(rule->risk), zs_risk_name(rule->risk), rule->title, subject, f->connections,
        f->connections == 1 ? "" : "s", zs_findings_basis(f->confidence), rule->id, rule->check);
    g_free(subject);
    for (unsigned i = 0; i < f->evidences; i++) {
        char *line = zs_findings_evidence(&f->evidence[i]);
        put(out, "%s\n", line);
        g_free(line);
    }
    put(out,
        "</pre>\n<dl>\n<dt>Why</dt><dd>%s</dd>\n<dt>Remedy</dt><dd>%s</dd>\n<dt>See</dt><dd>%s</dd>\n</dl>\n</section>\n",
        rule->explanation, rule->remedy, rule->references);
}

static void put_remarks(const struct zs_findings_report *r)
{
    char **remarks = zs_findings_remarks(r);

    fputs("<ul>\n", r->out);
    for (char **remark = remarks; *remark; remark++)
        put(r->out, "<li>%s</li>\n", *remark);
    fputs("</ul>\n", r->out);
    g_strfreev(remarks);
}

/* The rules, so that a check's letters say something without the documentation. */
static void put_rules(const struct zs_findings_report *r)
{
    fputs("<details>\n<summary>What is looked for</summary>\n<ul>\n", r->out);
    for (int i = 0; i < ZS_RULE_COUNT; i++)
        if (!r->policy->left_out[i])
            put(r->out, "<li>%s, %s: %s</li>\n", zs_rules[i].check, zs_risk_name(zs_rules[i].risk),
                zs_rules[i].title);
    fputs("</ul>\n</details>\n", r->out);
}

void zs_findings_put_html(const struct zs_findings_report *r)
{
    const GPtrArray *findings = r->result->findings;

    fputs(head, r->out);
    fputs("<h1>Audit of captured ZMTP connections</h1>\n", r->out);
    put_files(r);
    put_remarks(r);
    for (guint i = 0; i < findings->len; i++)
        put_finding(r->out, findings->pdata[i]);
    put_rules(r);
    put(r->out, "<p>zmtpscope %s</p>\n</body>\n</html>\n", r->version);
}
