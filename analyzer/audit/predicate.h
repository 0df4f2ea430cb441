/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef ZS_AUDIT_PREDICATE_H
#define ZS_AUDIT_PREDICATE_H

/* The predicates of rules.def, inside analyzer/audit only, and what they have in common. */
#include "analyzer/audit/rule.h"

#define ZS_PREDICATE(name) \
    enum zs_answer zs_judge_##name(const struct zs_case *c, struct zs_ruling *r)

#define RULE(id, check, risk, confidence, scope, at, predicate, ...) ZS_PREDICATE(predicate);
#include "analyzer/audit/rules.def"
#undef RULE

/* FAIL, seen there. */
enum zs_answer zs_answer_fail(struct zs_ruling *r, const struct zs_mark *mark);
/* It was not seen: PASS where the capture is whole, for what it lacks may hold it. */
enum zs_answer zs_answer_absent(const struct zs_facts *f, struct zs_ruling *r);
/* FAIL if mark says so, else as zs_answer_absent(). */
enum zs_answer zs_answer_seen(const struct zs_facts *f, struct zs_ruling *r,
                              const struct zs_mark *mark);
/* FAIL, shown by a connection to the listener. */
enum zs_answer zs_answer_shown(struct zs_ruling *r, const struct zs_example *example);
enum zs_answer zs_answer_unmeasured(struct zs_ruling *r, enum zs_obstacle obstacle);
/* FAIL at the first of these defects that there was, with its sentence; else as zs_answer_absent(). */
enum zs_answer zs_answer_defects(const struct zs_facts *f, struct zs_ruling *r,
                                 const enum zs_rc *defects, size_t n);

bool zs_greetings_are_there(const struct zs_session *s); /* both, to their ends */
/* Does the capture hold the connection from its beginning, without a loss, and both its directions? */
bool zs_is_whole(const struct zs_facts *f);
/* PASS: it came to stand. FAIL: it did not, and the capture has its end. NONE: it has not the beginning. */
enum zs_answer zs_answer_outcome(const struct zs_facts *f, struct zs_ruling *r);

/* Does it stand, and is there not one context token, though all is there? */
bool zs_is_anonymous(const struct zs_facts *f);

const char *zs_mechanism_text(enum zs_mechanism m); /* "NULL", … */
/* Does GSSAPI count here, that of ZMTP 3? */
bool zs_is_gssapi(const struct zs_facts *f);
/* PASS: the AP-REQ is there, and c->facts->context with it. */
enum zs_answer zs_answer_ap_req(const struct zs_facts *f, struct zs_ruling *r);
/* PASS: the ticket is open, too; … and the authenticator. */
enum zs_answer zs_answer_ticket(const struct zs_facts *f, struct zs_ruling *r);
enum zs_answer zs_answer_authenticator(const struct zs_facts *f, struct zs_ruling *r);

#endif
