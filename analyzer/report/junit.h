/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef ZS_REPORT_JUNIT_H
#define ZS_REPORT_JUNIT_H

/* A report for continuous integration: JUnit's XML, a <testsuite> at a time, so that no more than one is in memory. */
#include <glib.h>
#include <stdbool.h>

struct zs_junit;

enum zs_junit_result { ZS_JUNIT_PASSED, ZS_JUNIT_FAILED, ZS_JUNIT_ERROR, ZS_JUNIT_SKIPPED };

/* Overwrites the file. NULL: *error. */
struct zs_junit *zs_junit_open(const char *path, GError **error);
/* Texts may be any octets: what XML 1.0 has no place for becomes U+FFFD. */
void zs_junit_begin(struct zs_junit *j, const char *suite);
void zs_junit_case(struct zs_junit *j, const char *name, double seconds,
                   enum zs_junit_result result, const char *what);
void zs_junit_end(struct zs_junit *j, double seconds);
/* Ends the file and frees j. False: not all of it could be written; *error. */
bool zs_junit_close(struct zs_junit *j, GError **error);

#endif
