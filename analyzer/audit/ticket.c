/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Rules about what keys open: ticket, authenticator, session key. */
#include "analyzer/audit/predicate.h"
#include "core/krb/key.h"

enum { MINUTE_MS = 60000, DAY_S = 86400 };

static void say_name(char *detail, const char *before, const char *name)
{
    char clipped[ZS_FACTS_NAME];

    zs_facts_clip(clipped, sizeof clipped, zs_span(name, strlen(name)));
    g_snprintf(detail, ZS_DETAIL_MAX, "%s %s", before, clipped);
}

/* What comes from a session secret is the key log's word. */
static void as_said(const struct zs_facts *f, struct zs_ruling *r)
{
    if (f->context->opened_by == ZS_ORIGIN_SECRET)
        r->confidence = ZS_CONFIDENCE_READ;
}

/* ==== K01: clocks ==== */

enum skew { SKEW_SMALL, SKEW_OF_MINUTES, SKEW_TOO_LARGE };

static enum skew skew_of(const struct zs_context_facts *k)
{
    int64_t ms = k->skew_ms < 0 ? -k->skew_ms : k->skew_ms;

    return ms > ZS_SKEW_LIMIT_MS ? SKEW_TOO_LARGE : ms > MINUTE_MS ? SKEW_OF_MINUTES : SKEW_SMALL;
}

/* ends: how the handshake does where that makes a difference, PASS or FAIL as zs_answer_outcome() has it; else NONE. */
static enum zs_answer of_skew(const struct zs_facts *f, struct zs_ruling *r, enum skew skew,
                              enum zs_answer ends)
{
    enum zs_answer a = zs_answer_authenticator(f, r);

    if (a != ZS_ANSWER_PASS || skew_of(f->context) != skew)
        return a;
    enum zs_answer end = zs_answer_outcome(f, r);
    if (ends != ZS_ANSWER_NONE && end != ends)
        return end == ZS_ANSWER_FAIL ? ZS_ANSWER_PASS : end;
    g_snprintf(r->detail, sizeof r->detail, "the client's clock is %+.0f s from the capture's",
               (double)f->context->skew_ms / 1000);
    return zs_answer_fail(r, &f->sight[ZS_SIGHT_AP_REQ]);
}

ZS_PREDICATE(has_skew)
{
    return of_skew(c->facts, r, SKEW_OF_MINUTES, ZS_ANSWER_NONE);
}

ZS_PREDICATE(has_too_much_skew)
{
    return of_skew(c->facts, r, SKEW_TOO_LARGE, ZS_ANSWER_FAIL);
}

ZS_PREDICATE(is_seen_by_a_wrong_clock)
{
    return of_skew(c->facts, r, SKEW_TOO_LARGE, ZS_ANSWER_PASS);
}

/* ==== K02: times ==== */

static const char *end_in_words(enum zs_answer outcome)
{
    return outcome == ZS_ANSWER_PASS   ? "came to stand"
           : outcome == ZS_ANSWER_FAIL ? "failed"
                                       : "was not seen to its end";
}

ZS_PREDICATE(has_expired)
{
    const struct zs_facts *f = c->facts;
    enum zs_answer a = zs_answer_ticket(f, r);

    if (a != ZS_ANSWER_PASS)
        return a;
    enum zs_verdict v = f->context->verdict;
    if (v != ZS_VERDICT_EXPIRED && v != ZS_VERDICT_NOT_YET_VALID)
        return ZS_ANSWER_PASS;
    g_snprintf(r->detail, sizeof r->detail, "%s, and the handshake %s",
               v == ZS_VERDICT_EXPIRED ? "it had ended" : "it had not begun",
               end_in_words(zs_answer_outcome(f, r)));
    return zs_answer_fail(r, &f->sight[ZS_SIGHT_AP_REQ]);
}

/* One that had ended before the handshake is another matter. */
ZS_PREDICATE(outlives_its_ticket)
{
    const struct zs_facts *f = c->facts;
    enum zs_answer a = zs_answer_ticket(f, r);

    if (a != ZS_ANSWER_PASS || f->context->verdict == ZS_VERDICT_EXPIRED)
        return a;
    return zs_answer_seen(f, r, &f->sight[ZS_SIGHT_AFTER_END]);
}

ZS_PREDICATE(has_a_long_life)
{
    const struct zs_facts *f = c->facts;
    enum zs_answer a = zs_answer_ticket(f, r);

    if (a != ZS_ANSWER_PASS)
        return a;
    const struct zs_ticket_times *t = &f->context->times;
    int64_t start = t->start ? t->start : t->auth, hours = (t->end - start) / 3600;
    if (t->end - start <= DAY_S)
        return ZS_ANSWER_PASS;
    g_snprintf(r->detail, sizeof r->detail, "%" G_GINT64_FORMAT " hours%s", hours,
               t->renew_till ? ", and renewable" : "");
    return zs_answer_fail(r, &f->sight[ZS_SIGHT_AP_REQ]);
}

/* ==== K03: what is handed over, and flags ==== */

ZS_PREDICATE(delegates)
{
    const struct zs_facts *f = c->facts;
    enum zs_answer a = zs_answer_authenticator(f, r);

    if (a != ZS_ANSWER_PASS || !f->context->delegated)
        return a;
    if (f->context->delegated_client)
        say_name(r->detail, "a ticket of", f->context->delegated_client);
    return zs_answer_fail(r, &f->sight[ZS_SIGHT_AP_REQ]);
}

/* RFC 4120, 5.3; RFC 8062, 3 for the last one. Bit 0 is the highest. */
static bool has_flag(uint32_t flags, unsigned bit)
{
    return flags & UINT32_C(0x80000000) >> bit;
}

enum { FORWARDED = 2, PROXY = 4, PRE_AUTHENT = 10, ANONYMOUS = 16 };

ZS_PREDICATE(has_sensitive_flags)
{
    const struct zs_facts *f = c->facts;
    enum zs_answer a = zs_answer_ticket(f, r);

    if (a != ZS_ANSWER_PASS)
        return a;
    uint32_t flags = f->context->ticket_flags;
    g_snprintf(
        r->detail, sizeof r->detail, "%s%s%s%s", has_flag(flags, FORWARDED) ? ", forwarded" : "",
        has_flag(flags, PROXY) ? ", proxy" : "", has_flag(flags, ANONYMOUS) ? ", anonymous" : "",
        has_flag(flags, PRE_AUTHENT) ? "" : ", without pre-authentication");
    if (!r->detail[0])
        return ZS_ANSWER_PASS;
    memmove(r->detail, r->detail + 2, strlen(r->detail + 2) + 1);
    return zs_answer_fail(r, &f->sight[ZS_SIGHT_AP_REQ]);
}

/* ==== K04: session keys ==== */

/* Octets of key that an attacker has to guess, as its enctype is used today; 0: not known. RFC 3961, 3962, 6803, 8009 by
 * number. */
static unsigned strength(int32_t enctype)
{
    static const uint8_t octets[] = {
        [17] = 16, [18] = 32, [19] = 16, [20] = 32, [25] = 16, [26] = 32};

    if (zs_enctype_is_weak(enctype))
        return 8;
    return enctype > 0 && (size_t)enctype < sizeof octets ? octets[enctype] : 0;
}

static enum zs_answer of_keys(const struct zs_facts *f, struct zs_ruling *r, bool weak)
{
    enum zs_answer a = zs_answer_ticket(f, r);
    char ticket[ZS_ENCTYPE_NAME_MAX], session[ZS_ENCTYPE_NAME_MAX], subkey[ZS_ENCTYPE_NAME_MAX];

    if (a != ZS_ANSWER_PASS)
        return a;
    const struct zs_context_facts *k = f->context;
    int32_t messages = k->subkey_etype ? k->subkey_etype : k->session_etype;
    unsigned least = MIN(strength(k->session_etype), strength(messages));
    bool broken = zs_enctype_is_weak(k->session_etype) || zs_enctype_is_weak(messages);
    if (weak ? !broken : broken || !least || least >= strength(k->ticket_etype))
        return ZS_ANSWER_PASS;
    g_snprintf(r->detail, sizeof r->detail, "ticket %s, session key %s, messages %s",
               zs_enctype_name(k->ticket_etype, ticket, sizeof ticket),
               zs_enctype_name(k->session_etype, session, sizeof session),
               zs_enctype_name(messages, subkey, sizeof subkey));
    return zs_answer_fail(r, &f->sight[ZS_SIGHT_AP_REQ]);
}

ZS_PREDICATE(has_a_weak_session)
{
    return of_keys(c->facts, r, true);
}

ZS_PREDICATE(has_a_weaker_session)
{
    return of_keys(c->facts, r, false);
}

/* ==== K05: GSS flags, RFC 2744's numbers ==== */

enum { REPLAY = 0x04, SEQUENCE = 0x08, CONF = 0x10, INTEG = 0x20 };

ZS_PREDICATE(lacks_flags)
{
    const struct zs_facts *f = c->facts;

    if (!zs_is_gssapi(f))
        return ZS_ANSWER_NONE;
    if (!f->context || !f->context->has_gss_flags) {
        enum zs_answer a = zs_answer_authenticator(f, r);
        return a == ZS_ANSWER_PASS ? ZS_ANSWER_NONE : a; /* another checksum than GSS-API's */
    }
    as_said(f, r);
    uint32_t flags = f->context->gss_flags;
    g_snprintf(r->detail, sizeof r->detail, "without%s%s%s%s", flags & REPLAY ? "" : " replay",
               flags & SEQUENCE ? "" : " sequence", flags & CONF ? "" : " conf",
               flags & INTEG ? "" : " integ");
    if (!strchr(r->detail, ' '))
        return ZS_ANSWER_PASS;
    return zs_answer_fail(r, &f->sight[ZS_SIGHT_CONTEXT]);
}

/* ==== K08: who it is ==== */

/* The realm of a principal as krb5_unparse_name() writes it. */
static const char *realm_of(const char *principal)
{
    const char *realm = NULL;

    for (const char *p = principal; *p; p++) {
        if (*p == '\\' && p[1])
            p++;
        else if (*p == '@')
            realm = p + 1;
    }
    return realm;
}

ZS_PREDICATE(is_not_allowed)
{
    const struct zs_facts *f = c->facts;

    if (!c->policy->allow || f->outcome != ZS_OUTCOME_ESTABLISHED)
        return ZS_ANSWER_NONE;
    if (f->context && f->context->client_principal) {
        as_said(f, r);
        return zs_allow_permits(c->policy->allow, f->context->client_principal)
                   ? ZS_ANSWER_PASS
                   : zs_answer_fail(r, &f->sight[ZS_SIGHT_CONTEXT]);
    }
    if (f->mechanism == ZS_MECHANISM_UNKNOWN)
        return zs_answer_unmeasured(r, ZS_OBSTACLE_LOST);
    if (!zs_is_gssapi(f) || zs_is_anonymous(f)) {
        r->confidence = ZS_CONFIDENCE_READ;
        g_snprintf(r->detail, sizeof r->detail, "a client without a principal (%s)",
                   zs_mechanism_text(f->mechanism));
        return zs_answer_fail(r, &f->sight[ZS_SIGHT_CLOSE]);
    }
    enum zs_answer a = zs_answer_ticket(f, r);
    return a == ZS_ANSWER_PASS ? ZS_ANSWER_NONE : a;
}

ZS_PREDICATE(crosses_realms)
{
    const struct zs_facts *f = c->facts;
    const struct zs_context_facts *k = f->context;
    enum zs_answer a = zs_answer_ticket(f, r);

    if (a != ZS_ANSWER_PASS)
        return a;
    const char *client = k->client_principal ? realm_of(k->client_principal) : NULL,
               *service = k->service_principal ? realm_of(k->service_principal) : NULL;
    bool crosses = client && service && strcmp(client, service) != 0;
    if (k->transited)
        say_name(r->detail, "by way of", k->transited);
    else if (crosses)
        say_name(r->detail, "the service is of", service);
    return crosses || k->transited ? zs_answer_fail(r, &f->sight[ZS_SIGHT_AP_REQ]) : ZS_ANSWER_PASS;
}

/* Kinds of authorization data, "PAC 142". A client's cache does not show them. */
ZS_PREDICATE(lacks_a_pac)
{
    const struct zs_facts *f = c->facts;
    enum zs_answer a = zs_answer_ticket(f, r);

    if (a != ZS_ANSWER_PASS || f->context->opened_by == ZS_ORIGIN_CCACHE)
        return a == ZS_ANSWER_PASS ? zs_answer_unmeasured(r, ZS_OBSTACLE_KEY) : a;
    const char *kinds = f->context->authorization;
    if (kinds && strstr(kinds, "PAC"))
        return ZS_ANSWER_PASS;
    return zs_answer_fail(r, &f->sight[ZS_SIGHT_AP_REQ]);
}
