/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Findings as SARIF 2.1.0 (OASIS), for what collects results of analyses.
 *
 * Limits: several files are one timeline, and a packet of it is not said to be of one of them: a result is then located
 * in all. SARIF's places are lines and columns, which a capture does not have: packets stand in properties. */
#include "analyzer/report/findings.h"
#include "analyzer/report/jsonline.h"

enum { FILES_SHOWN = 10 /* of a result's locations */ };

/* 3.27.10; and the number by which code scanning of today sorts into four. */
static const struct {
    const char *level, *security_severity;
} levels[ZS_RISK_COUNT] = {
    [ZS_RISK_INFO] = {"note", "0.0"},      [ZS_RISK_LOW] = {"note", "3.0"},
    [ZS_RISK_MEDIUM] = {"warning", "5.5"}, [ZS_RISK_HIGH] = {"error", "8.0"},
    [ZS_RISK_CRITICAL] = {"error", "9.5"},
};

/* A member that is an object of one text. */
static void put_message(struct zs_json *j, const char *name, const char *text)
{
    zs_json_object(j, name);
    zs_json_string(j, "text", text);
    zs_json_object_end(j);
}

/* RFC 3986: a path as a relative reference, or a file's URL. */
static char *uri_of(const char *file)
{
    char *uri = g_path_is_absolute(file) ? g_filename_to_uri(file, NULL, NULL) : NULL;

    return uri ? uri : g_uri_escape_string(file, "/", FALSE);
}

static void put_artifact_location(struct zs_json *j, const char *name, const char *file)
{
    char *uri = uri_of(file);

    zs_json_object(j, name);
    zs_json_string(j, "uri", uri);
    zs_json_object_end(j);
    g_free(uri);
}

static void put_rule(struct zs_json *j, const struct zs_rule *rule)
{
    char *help = g_strdup_printf("%s\n\nRemedy: %s\n\nSee: %s", rule->explanation, rule->remedy,
                                 rule->references);

    zs_json_object(j, NULL);
    zs_json_string(j, "id", rule->id);
    put_message(j, "shortDescription", rule->title);
    put_message(j, "fullDescription", rule->explanation);
    put_message(j, "help", help);
    zs_json_object(j, "defaultConfiguration");
    zs_json_string(j, "level", levels[rule->risk].level);
    zs_json_object_end(j);
    zs_json_object(j, "properties");
    zs_json_string(j, "check", rule->check);
    zs_json_string(j, "severity", zs_risk_name(rule->risk));
    zs_json_string(j, "security-severity", levels[rule->risk].security_severity);
    zs_findings_put_references(j, rule);
    zs_json_array(j, "tags");
    zs_json_element(j, "security");
    zs_json_array_end(j);
    zs_json_object_end(j);
    zs_json_object_end(j);
    g_free(help);
}

/* All rules, whether or not they were asked for: a result's ruleIndex is a rule's number. */
static void put_tool(struct zs_json *j, const struct zs_findings_report *r)
{
    zs_json_object(j, "tool");
    zs_json_object(j, "driver");
    zs_json_string(j, "name", "zmtpscope");
    zs_json_string(j, "version", r->version);
    zs_json_array(j, "rules");
    for (int i = 0; i < ZS_RULE_COUNT; i++)
        put_rule(j, &zs_rules[i]);
    zs_json_array_end(j);
    zs_json_object_end(j);
    zs_json_object_end(j);
}

/* What a rule could not be measured for, of this reason. */
static void put_unmeasured(struct zs_json *j, int rule, enum zs_obstacle o, uint64_t n)
{
    char *text = g_strdup_printf("not measurable on %" G_GUINT64_FORMAT " connection%s: %s", n,
                                 n == 1 ? "" : "s", zs_obstacle_sentence(o));

    zs_json_object(j, NULL);
    zs_json_string(j, "level", "note");
    put_message(j, "message", text);
    zs_json_object(j, "associatedRule");
    zs_json_string(j, "id", zs_rules[rule].id);
    zs_json_int(j, "index", rule);
    zs_json_object_end(j);
    zs_json_object_end(j);
    g_free(text);
}

static void put_invocation(struct zs_json *j, const struct zs_findings_report *r)
{
    zs_json_array(j, "invocations");
    zs_json_object(j, NULL);
    zs_json_bool(j, "executionSuccessful", !r->failed);
    zs_json_array(j, "toolExecutionNotifications");
    for (int i = 0; i < ZS_RULE_COUNT; i++)
        for (int o = 0; o < ZS_OBSTACLE_COUNT; o++)
            if (r->result->tally[i].unmeasured[o])
                put_unmeasured(j, i, (enum zs_obstacle)o, r->result->tally[i].unmeasured[o]);
    zs_json_array_end(j);
    zs_json_object_end(j);
    zs_json_array_end(j);
}

static void put_artifacts(struct zs_json *j, const struct zs_findings_report *r)
{
    zs_json_array(j, "artifacts");
    for (const char *const *file = r->files; *file; file++) {
        zs_json_object(j, NULL);
        put_artifact_location(j, "location", *file);
        zs_json_object_end(j);
    }
    zs_json_array_end(j);
}

/* Text from the wire as UTF-8, with replacement characters where it was none; g_free() it. */
static char *valid(const char *text)
{
    return zs_json_valid(zs_span(text, strlen(text)));
}

static void put_locations(struct zs_json *j, const struct zs_findings_report *r,
                          const struct zs_finding *f)
{
    char *subject = valid(f->subject ? f->subject : "capture");

    zs_json_array(j, "locations");
    for (int i = 0; r->files[i] && i < FILES_SHOWN; i++) {
        zs_json_object(j, NULL);
        zs_json_object(j, "physicalLocation");
        put_artifact_location(j, "artifactLocation", r->files[i]);
        zs_json_object_end(j);
        zs_json_array(j, "logicalLocations");
        zs_json_object(j, NULL);
        zs_json_string(j, "name", subject);
        zs_json_string(j, "kind", zs_scope_name(f->rule->scope));
        zs_json_object_end(j);
        zs_json_array_end(j);
        zs_json_object_end(j);
    }
    zs_json_array_end(j);
    g_free(subject);
}

static void put_evidence(struct zs_json *j, const struct zs_evidence *e)
{
    char *detail = valid(e->detail);

    zs_json_object(j, NULL);
    zs_json_uint(j, "connection", e->connection);
    zs_json_string(j, "client", e->client);
    zs_json_string(j, "server", e->server);
    zs_json_uint(j, "frame", e->mark.first.frame);
    zs_json_time(j, "time", e->mark.first.time_ns);
    zs_json_uint(j, "times", e->mark.count);
    if (*detail)
        zs_json_string(j, "detail", detail);
    zs_json_object_end(j);
    g_free(detail);
}

/* 3.11.6: in a message [..](..) is a link, unless the brackets are escaped. g_free() it. */
static char *literal(const char *text)
{
    GString *line = g_string_new(NULL);
    char *utf8 = valid(text);

    for (const char *p = utf8; *p; p++) {
        if (strchr("[]\\", *p))
            g_string_append_c(line, '\\');
        g_string_append_c(line, *p);
    }
    g_free(utf8);
    return g_string_free(line, FALSE);
}

/* "TITLE: SUBJECT, packet 10 of connection 1: DETAIL". */
static char *sentence(const struct zs_finding *f)
{
    const struct zs_evidence *e = &f->evidence[0];
    char *subject = literal(f->subject ? f->subject : "capture"), *detail = literal(e->detail);
    char *text =
        g_strdup_printf("%s: %s, %" G_GUINT64_FORMAT " connection%s; packet %" G_GUINT64_FORMAT
                        " of connection %" G_GUINT64_FORMAT "%s%s",
                        f->rule->title, subject, f->connections, f->connections == 1 ? "" : "s",
                        e->mark.first.frame, e->connection, *detail ? ": " : "", detail);

    g_free(subject);
    g_free(detail);
    return text;
}

/* The same finding of another capture has the same one: rule and subject. */
static void put_fingerprint(struct zs_json *j, const struct zs_finding *f)
{
    char *subject = valid(f->subject ? f->subject : "");
    char *both = g_strdup_printf("%s %s", f->rule->id, subject);

    zs_json_object(j, "partialFingerprints");
    zs_json_string(j, "ruleAndSubject/v1", both);
    zs_json_object_end(j);
    g_free(subject);
    g_free(both);
}

static void put_result(struct zs_json *j, const struct zs_findings_report *r,
                       const struct zs_finding *f)
{
    char *text = sentence(f);

    zs_json_object(j, NULL);
    zs_json_string(j, "ruleId", f->rule->id);
    zs_json_int(j, "ruleIndex", f->rule - zs_rules);
    zs_json_string(j, "level", levels[f->rule->risk].level);
    put_message(j, "message", text);
    put_locations(j, r, f);
    zs_json_uint(j, "occurrenceCount", f->connections);
    put_fingerprint(j, f);
    zs_json_object(j, "properties");
    zs_json_string(j, "severity", zs_risk_name(f->rule->risk));
    zs_json_string(j, "confidence", zs_confidence_name(f->confidence));
    zs_json_array(j, "evidence");
    for (unsigned i = 0; i < f->evidences; i++)
        put_evidence(j, &f->evidence[i]);
    zs_json_array_end(j);
    zs_json_object_end(j);
    zs_json_object_end(j);
    g_free(text);
}

void zs_findings_put_sarif(const struct zs_findings_report *r)
{
    struct zs_json *j = zs_json_begin(NULL);
    const GPtrArray *findings = r->result->findings;

    zs_json_string(j, "$schema", "https://json.schemastore.org/sarif-2.1.0.json");
    zs_json_string(j, "version", "2.1.0");
    zs_json_array(j, "runs");
    zs_json_object(j, NULL);
    put_tool(j, r);
    put_invocation(j, r);
    put_artifacts(j, r);
    zs_json_array(j, "results");
    for (guint i = 0; i < findings->len; i++)
        put_result(j, r, findings->pdata[i]);
    zs_json_array_end(j);
    zs_json_object_end(j);
    zs_json_array_end(j);
    zs_json_end(r->out, j);
}
