/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef ZS_AUDIT_AUDIT_H
#define ZS_AUDIT_AUDIT_H

/* The evaluator: the events of all connections in, findings out. What it keeps is bounded, whatever a capture holds. */
#include "analyzer/audit/rule.h"

#define ZS_EVIDENCE_MAX \
    5 /* connections that a finding names; of the others there is their number */
#define ZS_SUBJECTS_MAX \
    100 /* findings of one rule; what is beyond is of the one whose subject is "more" */
#define ZS_LISTENERS_MAX 4096  /* that are remembered */
#define ZS_ANSWERS_MAX   65536 /* AP-REPs that are */

/* A connection that shows what a finding says. */
struct zs_evidence {
    uint64_t connection;
    char *client, *server;
    struct zs_mark mark; /* its count: how often there */
    char *detail;        /* "": nothing more to say; octets as on the wire */
};

struct zs_finding {
    const struct zs_rule *rule;
    enum zs_confidence confidence; /* the weakest of its evidence */
    char *subject;                 /* NULL: the capture, or more subjects than are told apart */
    uint64_t connections;          /* that show it, or, of a rule about listeners, show together */
    struct zs_stamp first, last;   /* … the first thing of the first and of the last of them */
    struct zs_evidence evidence[ZS_EVIDENCE_MAX];
    unsigned evidences;
};

/* What came of a rule: how many connections, or listeners. */
struct zs_tally {
    uint64_t passed, failed, unmeasured[ZS_OBSTACLE_COUNT];
};

/* Was the rule measured wherever it applied? */
bool zs_tally_is_measured(const struct zs_tally *t);
/* FAIL where it failed somewhere; UNMEASURED: measured here and not there, it does not hold as a whole. */
enum zs_answer zs_tally_verdict(const struct zs_tally *t);

struct zs_audit_result {
    const GPtrArray *findings; /* of struct zs_finding *: the worst first */
    uint64_t count[ZS_RISK_COUNT];
    struct zs_tally tally[ZS_RULE_COUNT];
    uint64_t unkeyed;    /* connections whose ticket no key opened, … */
    const char *why_not; /* … and why the first of them did not open; NULL: nothing to say */
    uint64_t listeners_left_out;
};

struct zs_audit;

/* policy and what it points to outlive it. */
struct zs_audit *zs_audit_new(const struct zs_policy *policy);
/* An event of the connection from client to server, ADDR:PORT. */
void zs_audit_event(struct zs_audit *a, uint64_t connection, const char *client, const char *server,
                    const struct zs_event *ev);
/* Judges a connection, of which all is known: what zs_audit_event() does at its end. */
void zs_audit_judge(struct zs_audit *a, const struct zs_facts *f);
/* Judges the listeners. Lives as long as a; nothing comes behind it. */
const struct zs_audit_result *zs_audit_end(struct zs_audit *a);
void zs_audit_free(struct zs_audit *a); /* NULL is fine */

#endif
