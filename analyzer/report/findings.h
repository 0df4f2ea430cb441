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

void zs_findings_put_text(const struct zs_findings_report *f);
/* The rules themselves, a line each. */
void zs_findings_list(FILE *out);

#endif
