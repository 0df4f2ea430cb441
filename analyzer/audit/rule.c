/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The list of rules as a table. See analyzer/audit/rules.def. */
#include "analyzer/audit/predicate.h"

enum { CLOSE = false, END = true };

const struct zs_rule zs_rules[ZS_RULE_COUNT] = {
#define RULE(id_, check_, risk_, confidence_, scope_, at_, predicate_, title_, explanation_, \
             remedy_, references_)                                                           \
    {.id = id_,                                                                              \
     .check = check_,                                                                        \
     .risk = ZS_RISK_##risk_,                                                                \
     .confidence = ZS_CONFIDENCE_##confidence_,                                              \
     .scope = ZS_SCOPE_##scope_,                                                             \
     .of_listener = at_,                                                                     \
     .judge = zs_judge_##predicate_,                                                         \
     .title = title_,                                                                        \
     .explanation = explanation_,                                                            \
     .remedy = remedy_,                                                                      \
     .references = references_},
#include "analyzer/audit/rules.def"
#undef RULE
};

const char *zs_risk_name(enum zs_risk r)
{
    static const char *const names[] = {"info", "low", "medium", "high", "critical"};
    return names[r];
}

const char *zs_confidence_name(enum zs_confidence c)
{
    static const char *const names[] = {"inferred", "read", "proved"};
    return names[c];
}

const char *zs_scope_name(enum zs_scope s)
{
    static const char *const names[] = {
        [ZS_SCOPE_ENDPOINT] = "endpoint",
        [ZS_SCOPE_SERVICE] = "principal",
        [ZS_SCOPE_CLIENT] = "principal",
        [ZS_SCOPE_CAPTURE] = "capture",
    };
    return names[s];
}

const char *zs_obstacle_sentence(enum zs_obstacle o)
{
    static const char *const sentences[] = {
        [ZS_OBSTACLE_AP_REQ] = "the capture lacks the AP-REQ",
        [ZS_OBSTACLE_KEY] = "no key that was given opens the ticket",
        [ZS_OBSTACLE_SECRET] = "a session secret leaves the ticket closed",
        [ZS_OBSTACLE_AUTHENTICATOR] = "the authenticator does not open",
        [ZS_OBSTACLE_SEALED] = "messages stayed sealed",
        [ZS_OBSTACLE_LOST] = "octets are missing from the capture",
        [ZS_OBSTACLE_END] = "the capture ends too early",
        [ZS_OBSTACLE_GREETING] = "neither side finished its greeting",
    };
    return sentences[o];
}

/* ==== what the predicates have in common ==== */

enum zs_answer zs_answer_fail(struct zs_ruling *r, const struct zs_mark *mark)
{
    r->mark = *mark;
    return ZS_ANSWER_FAIL;
}

enum zs_answer zs_answer_absent(const struct zs_facts *f, struct zs_ruling *r)
{
    return zs_is_whole(f) ? ZS_ANSWER_PASS : zs_answer_unmeasured(r, ZS_OBSTACLE_LOST);
}

enum zs_answer zs_answer_seen(const struct zs_facts *f, struct zs_ruling *r,
                              const struct zs_mark *mark)
{
    return mark->count ? zs_answer_fail(r, mark) : zs_answer_absent(f, r);
}

enum zs_answer zs_answer_shown(struct zs_ruling *r, const struct zs_example *example)
{
    r->example = example;
    return zs_answer_fail(r, &example->mark);
}

enum zs_answer zs_answer_unmeasured(struct zs_ruling *r, enum zs_obstacle obstacle)
{
    r->obstacle = obstacle;
    return ZS_ANSWER_UNMEASURED;
}

enum zs_answer zs_answer_defects(const struct zs_facts *f, struct zs_ruling *r,
                                 const enum zs_rc *defects, size_t n)
{
    const struct zs_mark *first = NULL;

    for (size_t i = 0; i < n; i++) {
        const struct zs_mark *m = &f->defect[defects[i]];
        if (!m->count || (first && m->first.frame >= first->first.frame))
            continue;
        first = m;
        g_strlcpy(r->detail, zs_defect_of(defects[i])->sentence, sizeof r->detail);
    }
    return first ? zs_answer_fail(r, first) : zs_answer_absent(f, r);
}

bool zs_greetings_are_there(const struct zs_session *s)
{
    return s->side[ZS_C2S].greeting.part == ZS_GREETING_DONE &&
           s->side[ZS_S2C].greeting.part == ZS_GREETING_DONE;
}

/* Whoever is whole in its greeting has had an answer to its signature. */
static bool lacks_a_side(const struct zs_session *s)
{
    enum zs_greeting_part client = s->side[ZS_C2S].greeting.part,
                          server = s->side[ZS_S2C].greeting.part;

    return (client == ZS_GREETING_SIGNATURE && server == ZS_GREETING_DONE) ||
           (server == ZS_GREETING_SIGNATURE && client == ZS_GREETING_DONE);
}

bool zs_is_whole(const struct zs_facts *f)
{
    return !f->midstream && !f->sight[ZS_SIGHT_LOSS].count && !lacks_a_side(f->session);
}

enum zs_answer zs_answer_outcome(const struct zs_facts *f, struct zs_ruling *r)
{
    if (f->outcome == ZS_OUTCOME_ESTABLISHED)
        return ZS_ANSWER_PASS;
    if (f->outcome == ZS_OUTCOME_MIDSTREAM)
        return ZS_ANSWER_NONE;
    if (!zs_is_whole(f))
        return zs_answer_unmeasured(r, ZS_OBSTACLE_LOST);
    return f->outcome == ZS_OUTCOME_FAILED ? ZS_ANSWER_FAIL
                                           : zs_answer_unmeasured(r, ZS_OBSTACLE_END);
}

bool zs_is_anonymous(const struct zs_facts *f)
{
    return f->outcome == ZS_OUTCOME_ESTABLISHED && zs_is_whole(f) &&
           f->sight[ZS_SIGHT_TOKEN].count == 0;
}

const char *zs_mechanism_text(enum zs_mechanism m)
{
    static const char *const texts[] = {
        [ZS_MECHANISM_UNKNOWN] = "no known mechanism",
        [ZS_MECHANISM_NONE] = "none (ZMTP 1.0 or 2.0)",
        [ZS_MECHANISM_NULL] = "NULL",
        [ZS_MECHANISM_PLAIN] = "PLAIN",
        [ZS_MECHANISM_CURVE] = "CURVE",
        [ZS_MECHANISM_GSSAPI] = "GSSAPI",
        [ZS_MECHANISM_OTHER] = "another mechanism",
    };
    return texts[m];
}

bool zs_is_gssapi(const struct zs_facts *f)
{
    return f->mechanism == ZS_MECHANISM_GSSAPI;
}

enum zs_answer zs_answer_ap_req(const struct zs_facts *f, struct zs_ruling *r)
{
    if (!zs_is_gssapi(f))
        return ZS_ANSWER_NONE;
    if (f->context && f->context->ticket_etype && f->context->service_principal)
        return ZS_ANSWER_PASS;
    /* Of a handshake that failed before it there is nothing to be said; nor of one without, or not Kerberos'. */
    if ((f->outcome == ZS_OUTCOME_FAILED && zs_is_whole(f)) || zs_is_anonymous(f) ||
        f->session->foreign)
        return ZS_ANSWER_NONE;
    return zs_answer_unmeasured(r, ZS_OBSTACLE_AP_REQ);
}

enum zs_answer zs_answer_ticket(const struct zs_facts *f, struct zs_ruling *r)
{
    enum zs_answer a = zs_answer_ap_req(f, r);

    if (a != ZS_ANSWER_PASS || f->context->ticket_opened)
        return a;
    return zs_answer_unmeasured(r, f->context->opened_by == ZS_ORIGIN_SECRET ? ZS_OBSTACLE_SECRET
                                                                             : ZS_OBSTACLE_KEY);
}

enum zs_answer zs_answer_authenticator(const struct zs_facts *f, struct zs_ruling *r)
{
    enum zs_answer a = zs_answer_ticket(f, r);

    if (a != ZS_ANSWER_PASS || f->context->authenticator_opened)
        return a;
    return zs_answer_unmeasured(r, ZS_OBSTACLE_AUTHENTICATOR);
}
