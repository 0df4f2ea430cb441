/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Findings in the words that a person reads, in whatever form.
 *
 * Limits: those of words.h. */
#include "analyzer/report/findings.h"

#include "analyzer/report/words.h"

enum { SHOWN = 400, WHY_SHOWN = 1000 };

static void append_text(GString *line, const char *text, size_t most)
{
    zs_append_octets(line, zs_span(text, strlen(text)), most);
}

const char *zs_findings_basis(enum zs_confidence c)
{
    static const char *const words[] = {"inferred, and may have another cause",
                                        "read from the wire", "proved with keys"};
    return words[c];
}

char *zs_findings_subject(const struct zs_finding *f)
{
    GString *line = g_string_new(NULL);

    if (f->subject)
        append_text(line, f->subject, SHOWN);
    else
        g_string_append(line, f->rule->scope == ZS_SCOPE_CAPTURE ? "in all" : "without a name");
    return g_string_free(line, FALSE);
}

char *zs_findings_evidence(const struct zs_evidence *e)
{
    GString *line = g_string_new(NULL);
    const struct zs_mark *m = &e->mark;
    bool back = m->directed && m->dir == ZS_S2C;
    char clock[ZS_CLOCK_TEXT];

    g_string_append_printf(
        line, "c%" G_GUINT64_FORMAT " #%" G_GUINT64_FORMAT " %s %s %s %s", e->connection,
        m->first.frame, zs_clock_format(m->first.time_ns, ZS_CLOCK_LOCAL, clock),
        back ? e->server : e->client, m->directed ? ">" : "-", back ? e->client : e->server);
    if (m->count > 1)
        g_string_append_printf(line, " (and %u more)", (unsigned)m->count - 1);
    if (e->detail[0]) {
        g_string_append(line, ": ");
        append_text(line, e->detail, SHOWN);
    }
    return g_string_free(line, FALSE);
}

/* ==== remarks ==== */

static char *looked_at(const struct zs_findings_report *r)
{
    const struct zs_report_summary *s = r->summary;

    return g_strdup_printf(
        "Looked at: %" G_GUINT64_FORMAT " packet%s, %" G_GUINT64_FORMAT
        " ZMTP connection%s (%" G_GUINT64_FORMAT " established), %" G_GUINT64_FORMAT
        " of %" G_GUINT64_FORMAT " context%s opened",
        s->packets, zs_plural(s->packets), s->connections, zs_plural(s->connections),
        s->established, s->contexts_opened, s->contexts, zs_plural(s->contexts));
}

/* Does a check hold wherever there was something to look at, in each of its rules, which stand behind each other? */
static bool holds(const struct zs_audit_result *result, int first, int behind)
{
    bool passed = false;

    for (int i = first; i < behind; i++) {
        enum zs_answer verdict = zs_tally_verdict(&result->tally[i]);
        if (verdict == ZS_ANSWER_FAIL || verdict == ZS_ANSWER_UNMEASURED)
            return false;
        passed |= verdict == ZS_ANSWER_PASS;
    }
    return passed;
}

static char *what_holds(const struct zs_findings_report *r)
{
    GString *line = g_string_new("Holds:");
    size_t empty = line->len;

    for (int first = 0, i = 1; first < ZS_RULE_COUNT; first = i++) {
        while (i < ZS_RULE_COUNT && strcmp(zs_rules[i].check, zs_rules[first].check) == 0)
            i++;
        if (holds(r->result, first, i))
            g_string_append_printf(line, " %s", zs_rules[first].check);
    }
    if (line->len == empty)
        g_string_append(line, " nothing that could be measured");
    return g_string_free(line, FALSE);
}

/* The checks that this kept from being measured, and on how many connections at most; NULL: none. */
static char *not_measurable(const struct zs_audit_result *result, enum zs_obstacle o)
{
    GString *checks = g_string_new(NULL);
    uint64_t most = 0;
    const char *last = "";

    for (int i = 0; i < ZS_RULE_COUNT; i++) {
        uint64_t n = result->tally[i].unmeasured[o];
        most = MAX(most, n);
        if (n && strcmp(last, zs_rules[i].check) != 0)
            g_string_append_printf(checks, " %s", last = zs_rules[i].check);
    }
    char *line =
        most ? g_strdup_printf("Not measurable on %" G_GUINT64_FORMAT " connection%s, for %s:%s",
                               most, zs_plural(most), zs_obstacle_sentence(o), checks->str)
             : NULL;
    g_string_free(checks, TRUE);
    return line;
}

static char *first_closed(const char *why_not)
{
    GString *line = g_string_new("The first ticket that did not open: ");

    append_text(line, why_not, WHY_SHOWN);
    return g_string_free(line, FALSE);
}

/* What the capture itself leaves out. */
static void add_unseen(GPtrArray *lines, const struct zs_findings_report *r)
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
            g_ptr_array_add(lines, g_strdup_printf("Not looked at: %s: %" G_GUINT64_FORMAT,
                                                   unseen[i].what, unseen[i].n));
}

static char *counts(const struct zs_findings_report *r)
{
    guint n = r->result->findings->len;
    GString *line = g_string_new(n ? NULL : "Nothing was found");

    if (n)
        g_string_append_printf(line, "%u finding%s:", n, zs_plural(n));
    for (int risk = ZS_RISK_COUNT - 1; n && risk >= 0; risk--)
        g_string_append_printf(line, "%s %" G_GUINT64_FORMAT " %s",
                               risk == ZS_RISK_COUNT - 1 ? "" : ",", r->result->count[risk],
                               zs_risk_name((enum zs_risk)risk));
    return g_string_free(line, FALSE);
}

char **zs_findings_remarks(const struct zs_findings_report *r)
{
    GPtrArray *lines = g_ptr_array_new();

    g_ptr_array_add(lines, looked_at(r));
    g_ptr_array_add(lines, what_holds(r));
    for (int o = 0; o < ZS_OBSTACLE_COUNT; o++) {
        char *line = not_measurable(r->result, (enum zs_obstacle)o);
        if (line)
            g_ptr_array_add(lines, line);
    }
    if (r->result->why_not)
        g_ptr_array_add(lines, first_closed(r->result->why_not));
    add_unseen(lines, r);
    g_ptr_array_add(lines, counts(r));
    g_ptr_array_add(lines, NULL);
    return (char **)g_ptr_array_free(lines, FALSE);
}

void zs_findings_list(FILE *out)
{
    for (int i = 0; i < ZS_RULE_COUNT; i++)
        fprintf(out, "%-4s %-28s %-9s %s\n", zs_rules[i].check, zs_rules[i].id,
                zs_risk_name(zs_rules[i].risk), zs_rules[i].title);
}
