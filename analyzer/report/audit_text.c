/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Findings for a person: the worst first, what shows them, and what to do; then what was looked at and what could not
 * be; the last line counts.
 *
 * Limits: of what is low or less, one connection is shown and what to do. */
#include "analyzer/report/findings.h"

enum { WIDTH = 110, INDENT = 10 };

#define BOLD   "\x1b[1m"
#define RED    "\x1b[31m"
#define YELLOW "\x1b[33m"
#define PLAIN  "\x1b[0m"

static const char *colour_of(enum zs_risk r)
{
    static const char *const colours[] = {"", "", YELLOW, RED, RED BOLD};
    return colours[r];
}

/* text behind label, in lines of WIDTH columns that begin below its first word. */
static void put_wrapped(FILE *out, const char *label, const char *text)
{
    int column = fprintf(out, "%*s%-*s", INDENT, "", (int)sizeof "Remedy", label), begin = column;

    for (const char *p = text; *p;) {
        int n = (int)strcspn(p, " ");
        if (column > begin && column + 1 + n > WIDTH)
            column = fprintf(out, "\n%*s", begin, "") - 1;
        else if (column > begin)
            column += fprintf(out, " ");
        column += fprintf(out, "%.*s", n, p);
        p += n;
        p += *p == ' ';
    }
    fputc('\n', out);
}

static void put_evidence(FILE *out, const struct zs_evidence *e)
{
    char *line = zs_findings_evidence(e);

    fprintf(out, "%*s%s\n", INDENT, "", line);
    g_free(line);
}

static void put_subject(FILE *out, const struct zs_finding *f)
{
    char *subject = zs_findings_subject(f);

    fprintf(out, "%*s%s: %" G_GUINT64_FORMAT " connection%s; %s\n", INDENT, "", subject,
            f->connections, f->connections == 1 ? "" : "s", zs_findings_basis(f->confidence));
    g_free(subject);
}

static void put_finding(const struct zs_findings_report *r, const struct zs_finding *f)
{
    const struct zs_rule *rule = f->rule;
    bool in_full = rule->risk > ZS_RISK_LOW;
    char *risk = g_ascii_strup(zs_risk_name(rule->risk), -1);
    const char *colour = r->colours ? colour_of(rule->risk) : "";

    fprintf(r->out, "%s%-*s%s (%s): %s%s\n", colour, INDENT, risk, rule->id, rule->check,
            rule->title, *colour ? PLAIN : "");
    g_free(risk);
    put_subject(r->out, f);
    unsigned shown = in_full ? f->evidences : 1;
    for (unsigned i = 0; i < shown; i++)
        put_evidence(r->out, &f->evidence[i]);
    if (in_full && f->connections > shown && !rule->of_listener)
        fprintf(r->out, "%*sand %" G_GUINT64_FORMAT " more, the last at #%" G_GUINT64_FORMAT "\n",
                INDENT, "", f->connections - shown, f->last.frame);
    if (in_full)
        put_wrapped(r->out, "Why", rule->explanation);
    put_wrapped(r->out, "Remedy", rule->remedy);
    if (in_full)
        put_wrapped(r->out, "See", rule->references);
    fputc('\n', r->out);
}

void zs_findings_put_text(const struct zs_findings_report *r)
{
    const GPtrArray *findings = r->result->findings;

    for (guint i = 0; i < findings->len; i++)
        put_finding(r, findings->pdata[i]);
    char **remarks = zs_findings_remarks(r);
    for (char **remark = remarks; *remark; remark++)
        fprintf(r->out, "%s\n", *remark);
    g_strfreev(remarks);
}
