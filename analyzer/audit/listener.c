/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Connections to what an audit keeps of their listener.
 *
 * Limits: those of listener.h. Time is cut into pieces of ZS_STORM_NS, each from a failure on, so that a storm around a
 * cut may count as two smaller ones. */
#include "analyzer/audit/listener.h"

struct zs_listener *zs_listener_new(const char *endpoint)
{
    struct zs_listener *l = g_new0(struct zs_listener, 1);

    l->endpoint = g_strdup(endpoint);
    return l;
}

void zs_listener_free(struct zs_listener *l)
{
    if (!l)
        return;
    if (l->identities)
        g_hash_table_unref(l->identities);
    g_free(l->endpoint);
    g_free(l);
}

static void show(struct zs_example *e, const struct zs_facts *f, enum zs_sight sight)
{
    uint32_t count = e->mark.count;

    if (count == 0) {
        e->connection = f->connection;
        g_strlcpy(e->client, f->client, sizeof e->client);
        e->mark = f->sight[sight];
    }
    e->mark.count = count + (count < UINT32_MAX);
}

static bool is_same(const struct zs_listener_service *s, const char *name,
                    const struct zs_context_facts *c)
{
    return s->has_kvno == c->has_kvno && s->kvno == c->kvno && strcmp(s->name, name) == 0;
}

static void add_service(struct zs_listener *l, const struct zs_facts *f)
{
    const struct zs_context_facts *c = f->context;
    char name[ZS_FACTS_NAME];
    unsigned i = 0;

    if (!c || !c->service_principal || !zs_facts_ticket_was_taken(f))
        return;
    zs_facts_clip(name, sizeof name, zs_span(c->service_principal, strlen(c->service_principal)));
    while (i < l->services && !is_same(&l->service[i], name, c))
        i++;
    if (i == ZS_LISTENER_SERVICES)
        return;
    struct zs_listener_service *s = &l->service[i];
    if (i == l->services) {
        l->services++;
        g_strlcpy(s->name, name, sizeof s->name);
        s->has_kvno = c->has_kvno;
        s->kvno = c->kvno;
    }
    show(&s->example, f, ZS_SIGHT_AP_REQ);
}

static uint32_t size_of(const struct zs_storm *s)
{
    return s->calm ? 0 : s->example.mark.count;
}

/* Keeps what ended, if it is one, instead of the least that is there. */
static void keep_storm(struct zs_listener *l)
{
    struct zs_storm *least = &l->storm[0];

    for (int i = 1; i < ZS_STORMS; i++)
        if (size_of(&l->storm[i]) < size_of(least))
            least = &l->storm[i];
    if (size_of(&l->now) >= ZS_STORM_LEAST && size_of(&l->now) > size_of(least))
        *least = l->now;
}

/* Who sent no greeting only looks whether somebody listens. */
static void add_failure(struct zs_listener *l, const struct zs_facts *f)
{
    int64_t now = f->sight[ZS_SIGHT_CLOSE].first.time_ns;

    if (f->session->side[ZS_C2S].greeting.part == ZS_GREETING_SIGNATURE)
        return;
    if (now - l->now.from >= ZS_STORM_NS || now < l->now.from) {
        keep_storm(l);
        l->now = (struct zs_storm){.from = now, .calm = l->stood_until >= now};
    }
    show(&l->now.example, f, ZS_SIGHT_CLOSE);
}

/* A connection that stood is seen when it ends: what it stood in is no storm. */
static void calm(struct zs_storm *s, const struct zs_facts *f)
{
    if (f->stands_from < s->from + ZS_STORM_NS && f->sight[ZS_SIGHT_CLOSE].first.time_ns >= s->from)
        s->calm = true;
}

static void add_outcome(struct zs_listener *l, const struct zs_facts *f)
{
    if (f->outcome == ZS_OUTCOME_FAILED)
        add_failure(l, f);
    if (f->outcome != ZS_OUTCOME_ESTABLISHED)
        return;
    l->stood_until = MAX(l->stood_until, f->sight[ZS_SIGHT_CLOSE].first.time_ns);
    calm(&l->now, f);
    for (int i = 0; i < ZS_STORMS; i++)
        calm(&l->storm[i], f);
}

const struct zs_example *zs_listener_storm(const struct zs_listener *l)
{
    const struct zs_storm *worst = size_of(&l->now) >= ZS_STORM_LEAST ? &l->now : NULL;

    for (int i = 0; i < ZS_STORMS; i++) {
        const struct zs_storm *s = &l->storm[i];
        if (size_of(s) && (!worst || size_of(s) > size_of(worst)))
            worst = s;
    }
    return worst ? &worst->example : NULL;
}

static void add_identity(struct zs_listener *l, const struct zs_facts *f, unsigned *identities)
{
    const struct zs_context_facts *c = f->context;
    GBytes *identity = c && c->client_principal ? f->identity[f->session->initiator] : NULL;
    char who[ZS_FACTS_NAME];

    if (!identity)
        return;
    zs_facts_clip(who, sizeof who, zs_span(c->client_principal, strlen(c->client_principal)));
    if (!l->identities)
        l->identities = g_hash_table_new_full(g_bytes_hash, g_bytes_equal,
                                              (GDestroyNotify)g_bytes_unref, g_free);
    const char *first = g_hash_table_lookup(l->identities, identity);
    if (!first) {
        if (*identities < ZS_LISTENER_IDENTITIES) {
            g_hash_table_insert(l->identities, g_bytes_ref(identity), g_strdup(who));
            ++*identities;
        }
    } else if (strcmp(first, who) != 0) {
        show(&l->shared, f, ZS_SIGHT_CONTEXT);
        g_strlcpy(l->shared_by[0], first, ZS_FACTS_NAME);
        g_strlcpy(l->shared_by[1], who, ZS_FACTS_NAME);
    }
}

void zs_listener_add(struct zs_listener *l, const struct zs_facts *f, unsigned *identities)
{
    if (f->outcome == ZS_OUTCOME_ESTABLISHED && !f->midstream)
        show(&l->established[f->mechanism], f, ZS_SIGHT_GREETING);
    add_outcome(l, f);
    add_service(l, f);
    add_identity(l, f, identities);
}
