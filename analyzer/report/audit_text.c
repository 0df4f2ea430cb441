/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Findings for a person: the worst first, what shows them, and what to do; then what was looked at and what could not
 * be; the last line counts.
 *
 * Limits: those of words.h. Of what is low or less, one connection is shown and what to do. */
#include "analyzer/report/findings.h"
#include "analyzer/report/words.h"

enum { WIDTH = 110, INDENT = 10, DETAIL_SHOWN = 400, WHY_SHOWN = 1000 };

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

static void append_text(GString *line, const char *text, size_t most)
{
    zs_append_octets(line, zs_span(text, strlen(text)), most);
}

static const char *plural(uint64_t n)
{
    return n == 1 ? "" : "s";
}

static void put_evidence(FILE *out, const struct zs_evidence *e)
{
    GString *line = g_string_new(NULL);
    const struct zs_mark *m = &e->mark;
    bool back = m->directed && m->dir == ZS_S2C;
    char clock[ZS_CLOCK_TEXT];

    g_string_append_printf(
        line, "%*sc%" G_GUINT64_FORMAT " #%" G_GUINT64_FORMAT " %s %s %s %s", INDENT, "",
        e->connection, m->first.frame, zs_clock_format(m->first.time_ns, ZS_CLOCK_LOCAL, clock),
        back ? e->server : e->client, m->directed ? ">" : "-", back ? e->client : e->server);
    if (m->count > 1)
        g_string_append_printf(line, " (and %u more)", (unsigned)m->count - 1);
    if (e->detail[0]) {
        g_string_append(line, ": ");
        append_text(line, e->detail, DETAIL_SHOWN);
    }
    fprintf(out, "%s\n", line->str);
    g_string_free(line, TRUE);
}

static const char *in_words(enum zs_confidence c)
{
    static const char *const words[] = {"inferred, and may have another cause",
                                        "read from the wire", "proved with keys"};
    return words[c];
}

static void put_subject(FILE *out, const struct zs_finding *f)
{
    GString *line = g_string_new(NULL);

    if (f->subject)
        append_text(line, f->subject, DETAIL_SHOWN);
    else
        g_string_append(line, f->rule->scope == ZS_SCOPE_CAPTURE ? "in all" : "elsewhere");
    fprintf(out, "%*s%s: %" G_GUINT64_FORMAT " connection%s; %s\n", INDENT, "", line->str,
            f->connections, plural(f->connections), in_words(f->confidence));
    g_string_free(line, TRUE);
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

/* ==== what was looked at ==== */

static void put_checked(const struct zs_findings_report *r)
{
    const struct zs_report_summary *s = r->summary;
    unsigned looked = 0, asked = 0;

    for (int i = 0; i < ZS_RULE_COUNT; i++) {
        const struct zs_tally *t = &r->result->tally[i];
        asked += !r->policy->left_out[i];
        looked += t->passed + t->failed > 0;
    }
    fprintf(r->out,
            "Looked at: %" G_GUINT64_FORMAT " packet%s, %" G_GUINT64_FORMAT
            " ZMTP connection%s (%" G_GUINT64_FORMAT " established), %" G_GUINT64_FORMAT
            " of %" G_GUINT64_FORMAT " context%s opened; %u of %u rules apply\n",
            s->packets, plural(s->packets), s->connections, plural(s->connections), s->established,
            s->contexts_opened, s->contexts, plural(s->contexts), looked, asked);
}

/* The checks that this kept from being measured, " K01 K02", and on how many connections at most. */
static uint64_t append_hindered(GString *line, const struct zs_audit_result *result,
                                enum zs_obstacle o)
{
    uint64_t most = 0;
    const char *last = "";

    for (int i = 0; i < ZS_RULE_COUNT; i++) {
        uint64_t n = result->tally[i].unmeasured[o];
        most = MAX(most, n);
        if (n && strcmp(last, zs_rules[i].check) != 0)
            g_string_append_printf(line, " %s", last = zs_rules[i].check);
    }
    return most;
}

static void put_unmeasured(const struct zs_findings_report *r)
{
    for (int o = 0; o < ZS_OBSTACLE_COUNT; o++) {
        GString *checks = g_string_new(NULL);
        uint64_t n = append_hindered(checks, r->result, (enum zs_obstacle)o);
        if (n)
            fprintf(r->out, "Not measurable on %" G_GUINT64_FORMAT " connection%s, for %s:%s\n", n,
                    plural(n), zs_obstacle_sentence((enum zs_obstacle)o), checks->str);
        g_string_free(checks, TRUE);
    }
    if (r->result->why_not) {
        GString *why = g_string_new(NULL);
        append_text(why, r->result->why_not, WHY_SHOWN);
        fprintf(r->out, "The first ticket that did not open: %s\n", why->str);
        g_string_free(why, TRUE);
    }
}

/* What the capture itself leaves out. */
static void put_unseen(const struct zs_findings_report *r)
{
    const struct zs_report_summary *s = r->summary;
    const struct {
        uint64_t n;
        const char *what;
    } unseen[] = {
        {s->dropped, "packets that were dropped before they could be recorded"},
        {s->cut, "the end of packets that are cut short"},
        {s->passed_over, "TCP connections that began before the capture, and may be ZMTP"},
        {s->evicted, "the end of TCP connections that made room for others"},
        {r->result->listeners_left_out, "connections to more listeners than can be compared"},
    };

    for (size_t i = 0; i < G_N_ELEMENTS(unseen); i++)
        if (unseen[i].n)
            fprintf(r->out, "Not looked at: %s: %" G_GUINT64_FORMAT "\n", unseen[i].what,
                    unseen[i].n);
}

static void put_counts(const struct zs_findings_report *r)
{
    guint n = r->result->findings->len;

    if (n)
        fprintf(r->out, "%u finding%s:", n, plural(n));
    else
        fputs("Nothing was found", r->out);
    for (int risk = ZS_RISK_COUNT - 1; n && risk >= 0; risk--)
        fprintf(r->out, "%s %" G_GUINT64_FORMAT " %s", risk == ZS_RISK_COUNT - 1 ? "" : ",",
                r->result->count[risk], zs_risk_name((enum zs_risk)risk));
    fputc('\n', r->out);
}

void zs_findings_put_text(const struct zs_findings_report *r)
{
    const GPtrArray *findings = r->result->findings;

    for (guint i = 0; i < findings->len; i++)
        put_finding(r, findings->pdata[i]);
    put_checked(r);
    put_unmeasured(r);
    put_unseen(r);
    put_counts(r);
}

void zs_findings_list(FILE *out)
{
    for (int i = 0; i < ZS_RULE_COUNT; i++)
        fprintf(out, "%-4s %-28s %-9s %s\n", zs_rules[i].check, zs_rules[i].id,
                zs_risk_name(zs_rules[i].risk), zs_rules[i].title);
}
