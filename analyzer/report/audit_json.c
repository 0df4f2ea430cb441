/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Findings as one JSON object: docs/audit.md and docs/audit.schema.json. */
#include "analyzer/report/findings.h"
#include "analyzer/report/jsonline.h"

enum { SCHEMA = 1 };

static void put_text(struct zs_json *j, const char *name, const char *text)
{
    if (text && *text)
        zs_json_text(j, name, zs_span(text, strlen(text)));
}

static void put_place(struct zs_json *j, const char *name, struct zs_stamp at)
{
    zs_json_object(j, name);
    zs_json_uint(j, "frame", at.frame);
    zs_json_time(j, "time", at.time_ns);
    zs_json_object_end(j);
}

static void put_evidence(struct zs_json *j, const struct zs_evidence *e)
{
    zs_json_object(j, NULL);
    zs_json_uint(j, "connection", e->connection);
    zs_json_string(j, "client", e->client);
    zs_json_string(j, "server", e->server);
    if (e->mark.directed)
        zs_json_string(j, "direction", zs_dir_name((enum zs_dir)e->mark.dir));
    zs_json_uint(j, "frame", e->mark.first.frame);
    zs_json_time(j, "time", e->mark.first.time_ns);
    zs_json_uint(j, "times", e->mark.count);
    put_text(j, "detail", e->detail);
    zs_json_object_end(j);
}

void zs_findings_put_references(struct zs_json *j, const struct zs_rule *rule)
{
    char **each = g_strsplit(rule->references, "; ", -1);

    zs_json_strings(j, "references", (const char *const *)each);
    g_strfreev(each);
}

/* What a reader needs of the rule is in each finding, so that a finding stands by itself. */
static void put_finding(struct zs_json *j, const struct zs_finding *f)
{
    const struct zs_rule *rule = f->rule;

    zs_json_object(j, NULL);
    zs_json_string(j, "id", rule->id);
    zs_json_string(j, "check", rule->check);
    zs_json_string(j, "verdict", "fail");
    zs_json_string(j, "severity", zs_risk_name(rule->risk));
    zs_json_string(j, "confidence", zs_confidence_name(f->confidence));
    zs_json_string(j, "scope", zs_scope_name(rule->scope));
    put_text(j, "subject", f->subject);
    zs_json_string(j, "title", rule->title);
    zs_json_uint(j, "connections", f->connections);
    put_place(j, "first", f->first);
    put_place(j, "last", f->last);
    zs_json_array(j, "evidence");
    for (unsigned i = 0; i < f->evidences; i++)
        put_evidence(j, &f->evidence[i]);
    zs_json_array_end(j);
    zs_json_string(j, "explanation", rule->explanation);
    zs_json_string(j, "remedy", rule->remedy);
    zs_findings_put_references(j, rule);
    zs_json_object_end(j);
}

static const char *verdict_of(const struct zs_tally *t)
{
    static const char *const verdicts[] = {
        [ZS_ANSWER_NONE] = "not-applicable",
        [ZS_ANSWER_PASS] = "pass",
        [ZS_ANSWER_FAIL] = "fail",
        [ZS_ANSWER_UNMEASURED] = "not-measurable",
    };
    return verdicts[zs_tally_verdict(t)];
}

static void put_rule(struct zs_json *j, const struct zs_rule *rule, const struct zs_tally *t)
{
    zs_json_object(j, NULL);
    zs_json_string(j, "id", rule->id);
    zs_json_string(j, "check", rule->check);
    zs_json_string(j, "verdict", verdict_of(t));
    zs_json_uint(j, "passed", t->passed);
    zs_json_uint(j, "failed", t->failed);
    zs_json_array(j, "unmeasured");
    for (int o = 0; o < ZS_OBSTACLE_COUNT; o++) {
        if (!t->unmeasured[o])
            continue;
        zs_json_object(j, NULL);
        zs_json_string(j, "reason", zs_obstacle_sentence((enum zs_obstacle)o));
        zs_json_uint(j, "count", t->unmeasured[o]);
        zs_json_object_end(j);
    }
    zs_json_array_end(j);
    zs_json_object_end(j);
}

static void put_summary(struct zs_json *j, const struct zs_findings_report *r)
{
    const struct zs_report_summary *s = r->summary;

    zs_json_object(j, "summary");
    for (int risk = ZS_RISK_COUNT - 1; risk >= 0; risk--)
        zs_json_uint(j, zs_risk_name((enum zs_risk)risk), r->result->count[risk]);
    zs_json_uint(j, "packets", s->packets);
    zs_json_uint(j, "connections", s->connections);
    zs_json_uint(j, "established", s->established);
    zs_json_uint(j, "contexts", s->contexts);
    zs_json_uint(j, "contexts_opened", s->contexts_opened);
    zs_json_uint(j, "tickets_closed", r->result->unkeyed);
    put_text(j, "first_closed", r->result->why_not);
    zs_json_uint(j, "dropped", s->dropped);
    zs_json_uint(j, "cut", s->cut);
    zs_json_uint(j, "passed_over", s->passed_over);
    zs_json_uint(j, "evicted", s->evicted);
    zs_json_uint(j, "not_compared", r->result->listeners_left_out);
    zs_json_object_end(j);
}

void zs_findings_put_json(const struct zs_findings_report *r)
{
    struct zs_json *j = zs_json_begin(NULL);
    const GPtrArray *findings = r->result->findings;

    zs_json_int(j, "schema", SCHEMA);
    zs_json_string(j, "version", r->version);
    zs_json_strings(j, "files", r->files);
    zs_json_bool(j, "complete", !r->failed);
    zs_json_array(j, "findings");
    for (guint i = 0; i < findings->len; i++)
        put_finding(j, findings->pdata[i]);
    zs_json_array_end(j);
    zs_json_array(j, "rules");
    for (int i = 0; i < ZS_RULE_COUNT; i++)
        if (!r->policy->left_out[i])
            put_rule(j, &zs_rules[i], &r->result->tally[i]);
    zs_json_array_end(j);
    put_summary(j, r);
    zs_json_end(r->out, j);
}
