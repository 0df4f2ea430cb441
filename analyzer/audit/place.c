/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Rules about listeners, and about services by their names. */
#include "analyzer/audit/predicate.h"

ZS_PREDICATE(mixes_mechanisms)
{
    const struct zs_example *e = c->listener->established;
    const struct zs_example *gssapi = &e[ZS_MECHANISM_GSSAPI];
    enum zs_mechanism other = ZS_MECHANISM_NONE;

    while (other <= ZS_MECHANISM_OTHER && (other == ZS_MECHANISM_GSSAPI || !e[other].mark.count))
        other++;
    if (!gssapi->mark.count)
        return other <= ZS_MECHANISM_OTHER ? ZS_ANSWER_PASS : ZS_ANSWER_NONE;
    if (other > ZS_MECHANISM_OTHER)
        return ZS_ANSWER_PASS;
    g_snprintf(r->detail, sizeof r->detail,
               "%s here, GSSAPI on %u, of which c%" G_GUINT64_FORMAT " was the first",
               zs_mechanism_text(other), (unsigned)gssapi->mark.count, gssapi->connection);
    return zs_answer_shown(r, &e[other]);
}

/* NULL keeps nobody out. */
ZS_PREDICATE(is_got_around)
{
    const struct zs_example *e = c->listener->established, *old = &e[ZS_MECHANISM_NONE];
    enum zs_mechanism asked = ZS_MECHANISM_PLAIN;

    while (asked <= ZS_MECHANISM_OTHER && !e[asked].mark.count)
        asked++;
    bool asks = asked <= ZS_MECHANISM_OTHER;
    if (!old->mark.count)
        return asks ? ZS_ANSWER_PASS : ZS_ANSWER_NONE;
    if (asks)
        g_snprintf(r->detail, sizeof r->detail,
                   "%s on %u, of which c%" G_GUINT64_FORMAT " was the first",
                   zs_mechanism_text(asked), (unsigned)e[asked].mark.count, e[asked].connection);
    else if (c->policy->expect_gssapi)
        g_strlcpy(r->detail, "GSSAPI is expected", sizeof r->detail);
    else
        return ZS_ANSWER_PASS;
    return zs_answer_shown(r, old);
}

ZS_PREDICATE(is_in_a_storm)
{
    const struct zs_example *storm = zs_listener_storm(c->listener);

    if (!storm)
        return ZS_ANSWER_PASS;
    g_snprintf(r->detail, sizeof r->detail, "%u within a minute", (unsigned)storm->mark.count);
    return zs_answer_shown(r, storm);
}

/* The second of two that differ in name, or in kvno alone. */
static const struct zs_listener_service *differing(const struct zs_listener *l, bool in_name)
{
    for (unsigned i = 1; i < l->services; i++)
        for (unsigned j = 0; j < i; j++) {
            bool same = strcmp(l->service[i].name, l->service[j].name) == 0;
            if (same != in_name)
                return &l->service[i];
        }
    return NULL;
}

ZS_PREDICATE(has_several_services)
{
    const struct zs_listener *l = c->listener;
    const struct zs_listener_service *other = differing(l, true);

    if (!l->services)
        return ZS_ANSWER_NONE;
    if (!other)
        return ZS_ANSWER_PASS;
    g_snprintf(r->detail, sizeof r->detail, "%s beside %s", other->name, l->service[0].name);
    return zs_answer_shown(r, &other->example);
}

ZS_PREDICATE(has_several_kvnos)
{
    const struct zs_listener *l = c->listener;
    const struct zs_listener_service *other = differing(l, false);

    if (!l->services)
        return ZS_ANSWER_NONE;
    if (!other)
        return ZS_ANSWER_PASS;
    g_snprintf(r->detail, sizeof r->detail, "%s, kvno %u and another", other->name,
               (unsigned)other->kvno);
    return zs_answer_shown(r, &other->example);
}

/* Two addresses of one host, or of a pair of hosts, are none to speak of. */
ZS_PREDICATE(is_everywhere)
{
    const struct zs_listener *l = c->listener;

    if (!l->services)
        return ZS_ANSWER_NONE;
    if (l->hosts < ZS_HOSTS_MANY)
        return ZS_ANSWER_PASS;
    g_snprintf(r->detail, sizeof r->detail, "one of %u addresses", l->hosts);
    return zs_answer_shown(r, &l->service[0].example);
}

ZS_PREDICATE(shares_identities)
{
    const struct zs_listener *l = c->listener;

    if (!l->identities)
        return ZS_ANSWER_NONE;
    if (!l->shared.mark.count)
        return ZS_ANSWER_PASS;
    g_snprintf(r->detail, sizeof r->detail, "%s after %s", l->shared_by[1], l->shared_by[0]);
    return zs_answer_shown(r, &l->shared);
}

/* ==== a service's name ==== */

ZS_PREDICATE(uses_the_hosts_key)
{
    const struct zs_facts *f = c->facts;
    enum zs_answer a = zs_answer_ap_req(f, r);

    if (a != ZS_ANSWER_PASS || !zs_facts_ticket_was_taken(f))
        return a == ZS_ANSWER_PASS ? ZS_ANSWER_NONE : a;
    if (!g_str_has_prefix(f->context->service_principal, "host/"))
        return ZS_ANSWER_PASS;
    return zs_answer_fail(r, &f->sight[ZS_SIGHT_AP_REQ]);
}

/* "zmq/server@REALM": the host is what stands between. A name without a slash has none. */
ZS_PREDICATE(has_a_short_name)
{
    const struct zs_facts *f = c->facts;
    enum zs_answer a = zs_answer_ap_req(f, r);

    if (a != ZS_ANSWER_PASS || !zs_facts_ticket_was_taken(f))
        return a == ZS_ANSWER_PASS ? ZS_ANSWER_NONE : a;
    const char *slash = strchr(f->context->service_principal, '/');
    if (!slash)
        return ZS_ANSWER_NONE;
    char *host = g_strndup(slash + 1, strcspn(slash + 1, "/@"));
    bool bad = !strchr(host, '.') || g_hostname_is_ip_address(host);
    g_free(host);
    return bad ? zs_answer_fail(r, &f->sight[ZS_SIGHT_AP_REQ]) : ZS_ANSWER_PASS;
}
