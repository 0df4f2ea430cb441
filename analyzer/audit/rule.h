/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef ZS_AUDIT_RULE_H
#define ZS_AUDIT_RULE_H

/* What an audit looks for: a row each of rules.def, which the reports, the documentation and the tests share. */
#include "analyzer/audit/facts.h"
#include "analyzer/audit/listener.h"
#include "core/proto/allow.h"

enum zs_risk { ZS_RISK_INFO, ZS_RISK_LOW, ZS_RISK_MEDIUM, ZS_RISK_HIGH, ZS_RISK_CRITICAL };
#define ZS_RISK_COUNT (ZS_RISK_CRITICAL + 1)
const char *zs_risk_name(enum zs_risk r); /* "info", … */

/* What a finding stands on. */
enum zs_confidence {
    ZS_CONFIDENCE_INFERRED, /* from how a peer behaves, which may have another cause */
    ZS_CONFIDENCE_READ,     /* read from the wire in the clear; an attacker may have written it */
    ZS_CONFIDENCE_PROVED,   /* keys opened it, and its checksum held or was shown not to */
};
const char *zs_confidence_name(enum zs_confidence c); /* "inferred", "read", "proved" */

/* What a finding is about: findings of one rule and one subject are one. */
enum zs_scope {
    ZS_SCOPE_ENDPOINT, /* the address and port that connections are made to */
    ZS_SCOPE_SERVICE,  /* a principal: the service's, … */
    ZS_SCOPE_CLIENT,   /* … or the client's */
    ZS_SCOPE_CAPTURE,
};
const char *zs_scope_name(enum zs_scope s); /* "endpoint", "principal", "capture" */

enum zs_answer {
    ZS_ANSWER_NONE, /* the rule is not about such a case */
    ZS_ANSWER_PASS,
    ZS_ANSWER_FAIL,
    ZS_ANSWER_UNMEASURED,
};

/* Why a rule could not be measured. */
enum zs_obstacle {
    ZS_OBSTACLE_AP_REQ,        /* the capture lacks it */
    ZS_OBSTACLE_KEY,           /* no key opens the ticket */
    ZS_OBSTACLE_SECRET,        /* a session secret alone was given */
    ZS_OBSTACLE_AUTHENTICATOR, /* it does not open */
    ZS_OBSTACLE_SEALED,        /* messages stayed closed */
    ZS_OBSTACLE_LOST,          /* octets are missing */
    ZS_OBSTACLE_END,           /* the capture ends too early */
    ZS_OBSTACLE_GREETING,      /* the connection ends before a greeting does */
    ZS_OBSTACLE_COUNT
};
const char *zs_obstacle_sentence(enum zs_obstacle o);

struct zs_policy;

/* What is judged: a connection at its end, or a listener at the end of all; the other is NULL. */
struct zs_case {
    const struct zs_facts *facts;
    const struct zs_listener *listener;
    const struct zs_policy *policy;
};

#define ZS_DETAIL_MAX 400 /* octets of a detail, with its NUL */

/* What a predicate says beside its answer. */
struct zs_ruling {
    struct zs_mark mark;           /* FAIL: where it was seen; of a listener that of its example */
    enum zs_confidence confidence; /* FAIL: the row's, unless it says otherwise */
    enum zs_obstacle obstacle;     /* UNMEASURED: why */
    const struct zs_example *example; /* FAIL, of a listener: the connection that shows it */
    char detail[ZS_DETAIL_MAX];       /* FAIL: what the title does not say; octets as on the wire */
};

struct zs_rule {
    const char *id;    /* "zs-ticket-weak": stable, for machines */
    const char *check; /* "P05": the check that it is part of */
    enum zs_risk risk;
    enum zs_confidence confidence;
    enum zs_scope scope;
    bool of_listener; /* judged at the end of all, not at a connection's */
    enum zs_answer (*judge)(const struct zs_case *c, struct zs_ruling *r);
    const char *title, *explanation, *remedy;
    const char *references; /* separated by "; " */
};

enum zs_rule_index {
#define RULE(id, check, risk, confidence, scope, at, predicate, ...) ZS_RULE_##predicate,
#include "analyzer/audit/rules.def"
#undef RULE
    ZS_RULE_COUNT
};

/* How the user would have it; what is left at zero is as usual. */
struct zs_policy {
    bool expect_gssapi;           /* every connection is to use GSSAPI */
    const struct zs_allow *allow; /* the clients that are let in; NULL: anybody */
    bool left_out[ZS_RULE_COUNT];
};

extern const struct zs_rule zs_rules[ZS_RULE_COUNT];

#endif
