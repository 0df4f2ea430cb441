/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Rules over facts. */
#include "analyzer/audit/audit.h"

struct zs_audit {
    const struct zs_policy *policy;
    GHashTable *open;                      /* connection -> struct zs_facts */
    GHashTable *listeners;                 /* its name in it -> struct zs_listener */
    GHashTable *by_subject[ZS_RULE_COUNT]; /* its subject, or "" -> struct zs_finding, borrowed */
    GPtrArray *findings;
    GHashTable *answers; /* digest of an AP-REP -> connection, whose it was first */
    unsigned identities; /* that the listeners remember */
    char why_not[1000];
    struct zs_audit_result result;
};

static void free_facts(gpointer f)
{
    zs_facts_free(f);
}

static void free_listener(gpointer l)
{
    zs_listener_free(l);
}

static void free_finding(gpointer data)
{
    struct zs_finding *f = data;

    for (unsigned i = 0; i < f->evidences; i++) {
        g_free(f->evidence[i].client);
        g_free(f->evidence[i].server);
        g_free(f->evidence[i].detail);
    }
    g_free(f->subject);
    g_free(f);
}

struct zs_audit *zs_audit_new(const struct zs_policy *policy)
{
    struct zs_audit *a = g_new0(struct zs_audit, 1);

    a->policy = policy;
    a->open = g_hash_table_new_full(g_int64_hash, g_int64_equal, NULL, free_facts);
    a->listeners = g_hash_table_new_full(g_str_hash, g_str_equal, NULL, free_listener);
    for (int i = 0; i < ZS_RULE_COUNT; i++)
        a->by_subject[i] = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    a->answers = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    a->findings = g_ptr_array_new_with_free_func(free_finding);
    return a;
}

void zs_audit_free(struct zs_audit *a)
{
    if (!a)
        return;
    g_hash_table_unref(a->open);
    g_hash_table_unref(a->listeners);
    for (int i = 0; i < ZS_RULE_COUNT; i++)
        g_hash_table_unref(a->by_subject[i]);
    g_hash_table_unref(a->answers);
    g_ptr_array_unref(a->findings);
    g_free(a);
}

/* ==== findings ==== */

/* Who a finding is about; g_free() it. NULL: the whole capture, or a principal that nobody knows. */
static char *subject_of(const struct zs_rule *rule, const struct zs_case *c)
{
    const struct zs_context_facts *context = c->facts ? c->facts->context : NULL;
    char name[ZS_FACTS_NAME];
    const char *whole = NULL;

    switch (rule->scope) {
    case ZS_SCOPE_ENDPOINT:
        return g_strdup(c->facts ? c->facts->server : c->listener->endpoint);
    case ZS_SCOPE_SERVICE:
        whole = context                                ? context->service_principal
                : c->listener && c->listener->services ? c->listener->service[0].name
                                                       : NULL;
        break;
    case ZS_SCOPE_CLIENT:
        whole = context ? context->client_principal : NULL;
        break;
    case ZS_SCOPE_CAPTURE:
        break;
    }
    if (!whole)
        return NULL;
    zs_facts_clip(name, sizeof name, zs_span(whole, strlen(whole)));
    return g_strdup(name);
}

/* The finding of this rule and subject, which it takes. Beyond so many subjects they are one without a name. */
static struct zs_finding *finding_of(struct zs_audit *a, const struct zs_rule *rule, char *subject)
{
    GHashTable *known = a->by_subject[rule - zs_rules];
    struct zs_finding *f = g_hash_table_lookup(known, subject ? subject : "");

    if (!f && subject && g_hash_table_size(known) >= ZS_SUBJECTS_MAX) {
        g_clear_pointer(&subject, g_free);
        f = g_hash_table_lookup(known, "");
    }
    if (f) {
        g_free(subject);
        return f;
    }
    f = g_new0(struct zs_finding, 1);
    f->rule = rule;
    f->confidence = ZS_CONFIDENCE_PROVED;
    f->subject = subject;
    g_hash_table_insert(known, g_strdup(subject ? subject : ""), f);
    g_ptr_array_add(a->findings, f);
    a->result.count[rule->risk]++;
    return f;
}

static void add_evidence(struct zs_finding *f, const struct zs_case *c,
                         const struct zs_ruling *ruling)
{
    const struct zs_example *example = ruling->example;

    if (f->evidences == ZS_EVIDENCE_MAX)
        return;
    f->evidence[f->evidences++] = (struct zs_evidence){
        .connection = example ? example->connection : c->facts->connection,
        .client = g_strdup(example ? example->client : c->facts->client),
        .server = g_strdup(example ? c->listener->endpoint : c->facts->server),
        .mark = ruling->mark,
        .detail = g_strdup(ruling->detail),
    };
}

static void find(struct zs_audit *a, const struct zs_rule *rule, const struct zs_case *c,
                 const struct zs_ruling *ruling)
{
    struct zs_finding *f = finding_of(a, rule, subject_of(rule, c));

    f->confidence = MIN(f->confidence, ruling->confidence);
    f->connections += ruling->example ? ruling->mark.count : 1;
    const struct zs_stamp *at = &ruling->mark.first;
    if (f->evidences == 0 || at->frame < f->first.frame)
        f->first = *at;
    if (at->frame > f->last.frame)
        f->last = *at;
    add_evidence(f, c, ruling);
}

/* ==== rules ==== */

bool zs_tally_is_measured(const struct zs_tally *t)
{
    for (int o = 0; o < ZS_OBSTACLE_COUNT; o++)
        if (t->unmeasured[o])
            return false;
    return true;
}

enum zs_answer zs_tally_verdict(const struct zs_tally *t)
{
    if (t->failed)
        return ZS_ANSWER_FAIL;
    if (!zs_tally_is_measured(t))
        return ZS_ANSWER_UNMEASURED;
    return t->passed ? ZS_ANSWER_PASS : ZS_ANSWER_NONE;
}

static void judge(struct zs_audit *a, const struct zs_rule *rule, const struct zs_case *c)
{
    struct zs_ruling ruling = {.confidence = rule->confidence};
    struct zs_tally *t = &a->result.tally[rule - zs_rules];

    switch (rule->judge(c, &ruling)) {
    case ZS_ANSWER_NONE:
        break;
    case ZS_ANSWER_PASS:
        t->passed++;
        break;
    case ZS_ANSWER_FAIL:
        t->failed++;
        find(a, rule, c, &ruling);
        break;
    case ZS_ANSWER_UNMEASURED:
        t->unmeasured[ruling.obstacle]++;
        break;
    }
}

static void judge_all(struct zs_audit *a, bool listeners, const struct zs_case *c)
{
    for (int i = 0; i < ZS_RULE_COUNT; i++)
        if (zs_rules[i].of_listener == listeners && !a->policy->left_out[i])
            judge(a, &zs_rules[i], c);
}

/* ==== events ==== */

static void note_closed_ticket(struct zs_audit *a, const struct zs_facts *f)
{
    const struct zs_context_facts *c = f->context;

    if (!c || c->ticket_opened)
        return;
    a->result.unkeyed++;
    if (a->result.why_not || !c->reason)
        return;
    zs_facts_clip(a->why_not, sizeof a->why_not, zs_span(c->reason, strlen(c->reason)));
    a->result.why_not = a->why_not;
}

static void note_listener(struct zs_audit *a, const struct zs_facts *f)
{
    struct zs_listener *l = g_hash_table_lookup(a->listeners, f->server);

    if (!l && g_hash_table_size(a->listeners) == ZS_LISTENERS_MAX) {
        a->result.listeners_left_out++;
        return;
    }
    if (!l) {
        l = zs_listener_new(f->server);
        g_hash_table_insert(a->listeners, l->endpoint, l);
    }
    zs_listener_add(l, f, &a->identities);
}

void zs_audit_judge(struct zs_audit *a, const struct zs_facts *f)
{
    note_closed_ticket(a, f);
    note_listener(a, f);
    judge_all(a, false, &(struct zs_case){.facts = f, .policy = a->policy});
}

static void note_answer(struct zs_audit *a, struct zs_facts *f)
{
    const uint64_t *first = f->answer ? g_hash_table_lookup(a->answers, f->answer) : NULL;

    if (first)
        f->copied |= *first != f->connection;
    else if (f->answer && g_hash_table_size(a->answers) < ZS_ANSWERS_MAX)
        g_hash_table_insert(a->answers, g_strdup(f->answer),
                            g_memdup2(&f->connection, sizeof f->connection));
}

void zs_audit_event(struct zs_audit *a, uint64_t connection, const char *client, const char *server,
                    const struct zs_event *ev)
{
    struct zs_facts *f = g_hash_table_lookup(a->open, &connection);

    if (!f) {
        f = zs_facts_new(connection, client, server);
        g_hash_table_insert(a->open, &f->connection, f);
    }
    zs_facts_event(f, ev);
    if (ev->kind == ZS_EVENT_TOKEN)
        note_answer(a, f);
    if (ev->kind != ZS_EVENT_CLOSE)
        return;
    zs_audit_judge(a, f);
    g_hash_table_remove(a->open, &connection);
}

/* ==== the end ==== */

/* The worst first, then in the order of the catalogue and of the capture. */
static gint by_risk(gconstpointer a, gconstpointer b)
{
    const struct zs_finding *x = *(struct zs_finding *const *)a,
                            *y = *(struct zs_finding *const *)b;

    if (x->rule->risk != y->rule->risk)
        return x->rule->risk > y->rule->risk ? -1 : 1;
    if (x->rule != y->rule)
        return x->rule < y->rule ? -1 : 1;
    if (x->first.frame != y->first.frame)
        return x->first.frame < y->first.frame ? -1 : 1;
    return g_strcmp0(x->subject, y->subject);
}

/* "192.0.2.2" of "192.0.2.2:5555"; g_free() it. */
static char *host_of(const char *endpoint)
{
    const char *colon = strrchr(endpoint, ':');

    return g_strndup(endpoint, colon ? (gsize)(colon - endpoint) : strlen(endpoint));
}

static void free_set(gpointer set)
{
    g_hash_table_unref(set);
}

/* At how many addresses is each listener's service? */
static void count_hosts(struct zs_audit *a)
{
    GHashTable *hosts = g_hash_table_new_full(g_str_hash, g_str_equal, NULL, free_set);
    GHashTableIter i;
    gpointer value;

    g_hash_table_iter_init(&i, a->listeners);
    while (g_hash_table_iter_next(&i, NULL, &value)) {
        const struct zs_listener *l = value;
        GHashTable *set = g_hash_table_lookup(hosts, l->service[0].name);
        if (!set) {
            set = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
            g_hash_table_insert(hosts, (gpointer)l->service[0].name, set);
        }
        g_hash_table_add(set, host_of(l->endpoint));
    }
    g_hash_table_iter_init(&i, a->listeners);
    while (g_hash_table_iter_next(&i, NULL, &value)) {
        struct zs_listener *l = value;
        l->hosts = g_hash_table_size(g_hash_table_lookup(hosts, l->service[0].name));
    }
    g_hash_table_unref(hosts);
}

const struct zs_audit_result *zs_audit_end(struct zs_audit *a)
{
    GHashTableIter i;
    gpointer listener;

    count_hosts(a);
    g_hash_table_iter_init(&i, a->listeners);
    while (g_hash_table_iter_next(&i, NULL, &listener))
        judge_all(a, true, &(struct zs_case){.listener = listener, .policy = a->policy});
    g_ptr_array_sort(a->findings, by_risk);
    a->result.findings = a->findings;
    return &a->result;
}
