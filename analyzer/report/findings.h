/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef ZS_REPORT_FINDINGS_H
#define ZS_REPORT_FINDINGS_H

/* What an audit found, for a person and for programs. */
#include "analyzer/audit/audit.h"
#include "analyzer/report/report.h"

struct zs_findings_report {
    FILE *out;
    bool colours;             /* text */
    const char *version;      /* of zmtpscope */
    const char *const *files; /* NULL terminated, as they were named */
    const struct zs_report_summary *summary;
    const struct zs_audit_result *result;
    const struct zs_policy *policy;
    bool failed; /* something could not be read: there may be more */
};

void zs_findings_put_text(const struct zs_findings_report *r);
/* One object on one line. */
void zs_findings_put_json(const struct zs_findings_report *r);
void zs_findings_put_sarif(const struct zs_findings_report *r);
void zs_findings_put_html(const struct zs_findings_report *r);
/* What both have: a rule's references as an array. */
struct zs_json;
void zs_findings_put_references(struct zs_json *j, const struct zs_rule *rule);

/* The words of a report for people; what is from the wire is escaped as words.h does. */
const char *zs_findings_basis(enum zs_confidence c);     /* "proved with keys", … */
char *zs_findings_subject(const struct zs_finding *f);   /* g_free() it */
char *zs_findings_evidence(const struct zs_evidence *e); /* likewise */
/* What was looked at, what holds, what could not be measured or seen, and how many findings there are: sentences, the
 * counts last. g_strfreev() them. */
char **zs_findings_remarks(const struct zs_findings_report *r);

/* The rules themselves, a line each. */
void zs_findings_list(FILE *out);

#endif
