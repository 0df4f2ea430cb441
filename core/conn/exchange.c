/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Messages, requests and replies, heartbeats: 23/ZMTP and 37/ZMTP (MORE, PING, SUBSCRIBE), 28/REQREP (envelopes,
 * and which sockets answer in order), 29/PUBSUB, and libzmq's ZMQ_REQ_CORRELATE.
 *
 * A reply is found to its request where the sockets guarantee it, and nowhere else: REQ and REP, DEALER and REP (a
 * REP answers one by one), REQ and ROUTER (a REQ waits for its answer, or gives each request an id). What a ROUTER
 * and a DEALER say to each other belongs together as their applications like. Behind a loss, a REQ that waits is
 * in step again with its next request; a DEALER never is.
 *
 * Limits: of an unanswered side OUTSTANDING_MAX requests are kept and PINGS_MAX PINGs, of a subscriber
 * SUBSCRIPTIONS_MAX topics of SUBSCRIPTION_OCTETS in all; what is beyond finds no answer, or no match. Between DEALER
 * and ROUTER an envelope is known by its delimiter, if that comes first or behind identities that libzmq made up; an
 * identity that its user chose looks like any other part. PINGs without context are matched in their order, so
 * behind a loss the first PONG may be taken for a later PING's. */
#include "core/conn/exchange.h"

#include "core/conn/topics.h"

#include <glib.h>

enum {
    OUTSTANDING_MAX = 4096,
    PINGS_MAX = 64,
    SUBSCRIPTIONS_MAX = 4096,
    SUBSCRIPTION_OCTETS = 1 << 20,
    MADE_UP_IDENTITY = 5, /* libzmq: octet 0, then four */
};

/* What awaits an answer. */
struct question {
    uint64_t key; /* of a request its envelope, of a PING its context, which the answer repeats */
    struct zs_stamp at;
    void *tag;
    /* Of a request that has an id: key times the seed, the link of the next one with the same id, and of the oldest one
     * of an id that of the latest. */
    uint64_t mixed;
    GList *next, *latest;
};

/* A message whose parts come in. */
struct gathering {
    uint32_t parts; /* 0: none has */
    uint64_t octets;
    struct zs_stamp first;
    bool torn;
    bool settled; /* its envelope has ended, or it has none */
    uint32_t delimiter;
    uint64_t envelope; /* a sum over its parts */
};

struct side {
    uint64_t messages; /* begun so far */
    struct gathering gathering;
    bool torn;       /* the next part may stand inside a message */
    unsigned losses; /* of the session's side, as far as they are heeded */
    GQueue pings;    /* struct question, the oldest first */
    struct zs_topics subscriptions;
};

struct zs_exchange {
    struct side side[ZS_DIR_COUNT];
    GQueue requests; /* struct question, the oldest first; only one side asks */
    /* Of those with an id the oldest of each: &question->mixed -> its link in requests. NULL: there were none. The seed is
     * random and odd, so that who chooses the ids cannot choose the collisions. */
    GHashTable *by_id;
    uint64_t seed;
    uint64_t unkept; /* requests behind those, in their order */
    bool in_order;   /* requests holds all that await an answer by their order */
    bool pipelines;  /* a REQ did not wait for its answer (ZMQ_REQ_RELAXED) */
    bool greeted, shaken;
    struct zs_stamp greeted_at;
};

const char *zs_part_role_name(enum zs_part_role r)
{
    static const char *const names[] = {"payload", "envelope",  "delimiter", "topic",
                                        "group",   "subscribe", "cancel"};
    return names[r];
}

struct zs_exchange *zs_exchange_new(void)
{
    struct zs_exchange *x = g_new0(struct zs_exchange, 1);

    for (int d = 0; d < ZS_DIR_COUNT; d++) {
        g_queue_init(&x->side[d].pings);
        zs_topics_init(&x->side[d].subscriptions, SUBSCRIPTIONS_MAX, SUBSCRIPTION_OCTETS);
    }
    g_queue_init(&x->requests);
    x->in_order = true;
    return x;
}

static void forget_requests(struct zs_exchange *x)
{
    if (x->by_id)
        g_hash_table_remove_all(x->by_id);
    g_queue_clear_full(&x->requests, g_free);
    x->unkept = 0;
    x->in_order = false;
}

void zs_exchange_free(struct zs_exchange *x)
{
    if (!x)
        return;
    for (int d = 0; d < ZS_DIR_COUNT; d++) {
        g_queue_clear_full(&x->side[d].pings, g_free);
        zs_topics_clear(&x->side[d].subscriptions);
    }
    forget_requests(x);
    g_clear_pointer(&x->by_id, g_hash_table_destroy);
    g_free(x);
}

void zs_exchange_greeting(struct zs_exchange *x, struct zs_stamp at)
{
    if (!x->greeted)
        x->greeted_at = at;
    x->greeted = true;
}

/* ==== questions and answers ==== */

/* FNV-1a, with the length before the octets. A peer that makes two of its own meet mixes up its own answers alone. */
static uint64_t add_to_key(uint64_t key, struct zs_span s)
{
    const uint64_t prime = UINT64_C(0x100000001b3);

    for (unsigned shift = 0; shift < 64; shift += 8)
        key = (key ^ ((uint64_t)s.n >> shift & 0xff)) * prime;
    for (size_t i = 0; i < s.n; i++)
        key = (key ^ s.p[i]) * prime;
    return key;
}
#define EMPTY_KEY UINT64_C(0xcbf29ce484222325)

static struct question *ask(GQueue *questions, uint64_t key, struct zs_stamp at, void *tag,
                            struct zs_exchange_fact *fact)
{
    struct question *q = g_new(struct question, 1);

    *q = (struct question){.key = key, .at = at, .tag = tag};
    g_queue_push_tail(questions, q);
    fact->asks = true;
    return q;
}

/* Takes the question at link out of the queue: this frame answers it. */
static void answer(GQueue *questions, GList *link, struct zs_stamp at,
                   struct zs_exchange_fact *fact)
{
    struct question *q = link->data;

    fact->answers = true;
    fact->asked = q->tag;
    fact->asked_at = q->at;
    fact->after_ns = zs_stamp_since(at, q->at);
    g_free(q);
    g_queue_delete_link(questions, link);
}

static GList *find(GQueue *questions, uint64_t key)
{
    for (GList *link = questions->head; link; link = link->next)
        if (((const struct question *)link->data)->key == key)
            return link;
    return NULL;
}

static guint hash_of(gconstpointer mixed)
{
    return (guint)(*(const uint64_t *)mixed >> 32);
}

/* q is the latest of the requests, and has an id. */
static void enter(struct zs_exchange *x, struct question *q)
{
    if (!x->by_id) {
        x->by_id = g_hash_table_new(hash_of, g_int64_equal);
        x->seed = (uint64_t)g_random_int() << 32 | g_random_int() | 1;
    }
    q->mixed = q->key * x->seed;
    GList *oldest = g_hash_table_lookup(x->by_id, &q->mixed);
    struct question *first = oldest ? oldest->data : q;
    if (oldest)
        ((struct question *)first->latest->data)->next = x->requests.tail;
    else
        g_hash_table_insert(x->by_id, &q->mixed, x->requests.tail);
    first->latest = x->requests.tail;
}

static GList *find_id(const struct zs_exchange *x, uint64_t key)
{
    uint64_t mixed = key * x->seed;

    return x->by_id ? g_hash_table_lookup(x->by_id, &mixed) : NULL;
}

/* Before the request at link leaves, the oldest of its id if it has one. */
static void strike(struct zs_exchange *x, const GList *link)
{
    const struct question *q = link->data;

    if (!x->by_id || g_hash_table_lookup(x->by_id, &q->mixed) != link)
        return;
    g_hash_table_remove(x->by_id, &q->mixed);
    if (q->next) {
        struct question *next = q->next->data;
        next->latest = q->latest;
        g_hash_table_insert(x->by_id, &next->mixed, q->next);
    }
}

static void forget_oldest(struct zs_exchange *x)
{
    if (x->requests.head)
        strike(x, x->requests.head);
    g_free(g_queue_pop_head(&x->requests));
}

static enum zs_socket_type type_of(const struct zs_session *s, enum zs_dir dir)
{
    return s->side[dir].socket_type;
}

/* 28/REQREP: are the messages of this side requests, each of which the other side answers? */
static bool is_asking(const struct zs_session *s, enum zs_dir dir)
{
    enum zs_socket_type own = type_of(s, dir), peer = type_of(s, zs_dir_other(dir));

    return (own == ZS_SOCKET_REQ && (peer == ZS_SOCKET_REP || peer == ZS_SOCKET_ROUTER)) ||
           (own == ZS_SOCKET_DEALER && peer == ZS_SOCKET_REP);
}

/* ZMQ_REQ_CORRELATE: a REQ's own envelope is the request's id. */
static bool has_id(const struct zs_session *s, enum zs_dir asking, const struct gathering *g)
{
    return type_of(s, asking) == ZS_SOCKET_REQ && g->delimiter > 1;
}

/* May this request be found again by its place in the order? */
static bool keeps_order(struct zs_exchange *x, const struct zs_session *s, enum zs_dir dir)
{
    if (type_of(s, dir) == ZS_SOCKET_DEALER)
        return x->in_order;
    x->pipelines |= x->requests.length > 0 || x->unkept > 0;
    if (x->pipelines && (!x->in_order || type_of(s, zs_dir_other(dir)) == ZS_SOCKET_ROUTER))
        return false;
    x->in_order = true;
    return true;
}

static void on_request(struct zs_exchange *x, const struct zs_session *s, enum zs_dir dir,
                       const struct gathering *g, struct zs_stamp at, void *tag,
                       struct zs_exchange_fact *fact)
{
    bool full = x->requests.length >= OUTSTANDING_MAX || x->unkept;

    if (has_id(s, dir, g)) {
        if (full)
            forget_oldest(x);
        enter(x, ask(&x->requests, g->envelope, at, tag, fact));
    } else if (!keeps_order(x, s, dir)) {
        forget_requests(x);
    } else if (full) {
        x->unkept++;
    } else {
        ask(&x->requests, g->envelope, at, tag, fact);
    }
}

static void on_reply(struct zs_exchange *x, const struct zs_session *s, enum zs_dir dir,
                     const struct gathering *g, struct zs_stamp at, struct zs_exchange_fact *fact)
{
    GList *first = x->requests.head;

    if (has_id(s, zs_dir_other(dir), g)) {
        GList *link = find_id(x, g->envelope);
        if (link) {
            strike(x, link);
            answer(&x->requests, link, at, fact);
        }
    } else if (!x->in_order) {
        return;
    } else if (first && ((const struct question *)first->data)->key == g->envelope) {
        strike(x, first);
        answer(&x->requests, first, at, fact);
    } else if (first) {
        forget_requests(x); /* an envelope that its request did not have: they are out of step */
    } else if (x->unkept) {
        x->unkept--;
    }
}

static void on_whole(struct zs_exchange *x, const struct zs_session *s, enum zs_dir dir,
                     const struct gathering *g, struct zs_stamp at, void *tag,
                     struct zs_exchange_fact *fact)
{
    if (g->torn)
        forget_requests(x);
    else if (!g->delimiter)
        return; /* REQ, REP: a message without one is dropped by who receives it */
    else if (is_asking(s, dir))
        on_request(x, s, dir, g, at, tag, fact);
    else if (is_asking(s, zs_dir_other(dir)))
        on_reply(x, s, dir, g, at, fact);
}

static void on_ping(struct side *side, struct zs_span context, struct zs_stamp at, void *tag,
                    struct zs_exchange_fact *fact)
{
    if (side->pings.length >= PINGS_MAX)
        g_free(g_queue_pop_head(&side->pings));
    ask(&side->pings, add_to_key(EMPTY_KEY, context), at, tag, fact);
}

static void on_pong(struct side *pinging, struct zs_span context, struct zs_stamp at,
                    struct zs_exchange_fact *fact)
{
    GList *link = find(&pinging->pings, add_to_key(EMPTY_KEY, context));
    if (link)
        answer(&pinging->pings, link, at, fact);
}

/* ==== parts ==== */

enum envelope { NEVER, BY_CONVENTION, ALWAYS };

/* 28/REQREP: REQ and REP put an empty part before what their users send; what stands before it is for routing. */
static enum envelope envelope_of(enum zs_socket_type own, enum zs_socket_type peer)
{
    static const enum envelope of[ZS_SOCKET_COUNT] = {
        [ZS_SOCKET_REQ] = ALWAYS,
        [ZS_SOCKET_REP] = ALWAYS,
        [ZS_SOCKET_DEALER] = BY_CONVENTION,
        [ZS_SOCKET_ROUTER] = BY_CONVENTION,
    };

    if (of[own] == NEVER || of[peer] == NEVER)
        return NEVER;
    return of[own] > of[peer] ? of[own] : of[peer];
}

static bool is_made_up(struct zs_span identity)
{
    return identity.n == MADE_UP_IDENTITY && identity.p[0] == 0;
}

static enum zs_part_role role_in_envelope(struct gathering *g, const struct zs_reading *r,
                                          enum envelope rule)
{
    if (!g->settled && r->more && r->data.n == 0) {
        g->settled = true;
        g->delimiter = g->parts;
        return ZS_PART_DELIMITER;
    }
    if (g->settled || !r->more || (rule == BY_CONVENTION && !is_made_up(r->data))) {
        g->settled = true;
        return ZS_PART_PAYLOAD;
    }
    g->envelope = add_to_key(g->envelope, r->data);
    /* What two applications agreed on shows with the delimiter; until then it is theirs. */
    return rule == ALWAYS ? ZS_PART_ENVELOPE : ZS_PART_PAYLOAD;
}

static bool publishes(enum zs_socket_type t)
{
    return t == ZS_SOCKET_PUB || t == ZS_SOCKET_XPUB;
}

/* 29/PUBSUB: a subscription is a message of one part. */
static enum zs_part_role role_of_subscriber(const struct zs_reading *r)
{
    if (r->more || r->data.n == 0 || r->data.p[0] > 1)
        return ZS_PART_PAYLOAD;
    return r->data.p[0] ? ZS_PART_SUBSCRIBE : ZS_PART_CANCEL;
}

static enum zs_part_role role_of(const struct zs_session *s, enum zs_dir dir, struct gathering *g,
                                 const struct zs_reading *r)
{
    enum zs_socket_type own = type_of(s, dir), peer = type_of(s, zs_dir_other(dir));
    enum envelope rule = envelope_of(own, peer);

    g->settled |= g->torn || rule == NEVER;
    if (g->torn)
        return ZS_PART_PAYLOAD;
    if (rule != NEVER)
        return role_in_envelope(g, r, rule);
    if (g->parts > 1)
        return ZS_PART_PAYLOAD;
    if (own == ZS_SOCKET_SUB || own == ZS_SOCKET_XSUB)
        return role_of_subscriber(r);
    if (r->more && publishes(own))
        return ZS_PART_TOPIC;
    return r->more && own == ZS_SOCKET_RADIO ? ZS_PART_GROUP : ZS_PART_PAYLOAD;
}

static void begin_message(struct side *side, struct zs_stamp at)
{
    side->messages++;
    side->gathering = (struct gathering){.first = at, .torn = side->torn, .envelope = EMPTY_KEY};
}

static void match(struct zs_exchange *x, const struct zs_session *s, enum zs_dir dir,
                  struct zs_span data, struct zs_exchange_fact *fact)
{
    fact->subscribed =
        publishes(type_of(s, dir)) &&
        zs_topics_match(&x->side[zs_dir_other(dir)].subscriptions, data, &fact->subscription);
}

static void on_message(struct zs_exchange *x, const struct zs_session *s, enum zs_dir dir,
                       const struct zs_reading *r, struct zs_stamp at, void *tag,
                       struct zs_exchange_fact *fact)
{
    struct side *side = &x->side[dir];
    struct gathering *g = &side->gathering;

    if (g->parts == 0)
        begin_message(side, at);
    g->parts += g->parts < UINT32_MAX;
    g->octets += r->data.n;
    fact->message = side->messages;
    fact->part = g->parts;
    fact->last = !r->more;
    fact->torn = g->torn;
    fact->first = g->first;
    fact->octets = g->octets;
    fact->role = role_of(s, dir, g, r);
    fact->delimiter = g->delimiter;
    fact->unsettled = fact->role == ZS_PART_PAYLOAD && !g->settled;
    if (fact->role == ZS_PART_SUBSCRIBE)
        zs_topics_add(&side->subscriptions, zs_span_skip(r->data, 1));
    if (fact->role == ZS_PART_CANCEL)
        zs_topics_remove(&side->subscriptions, zs_span_skip(r->data, 1));
    if (g->parts == 1 && !g->torn)
        match(x, s, dir, r->data, fact);
    if (r->more)
        return;
    on_whole(x, s, dir, g, at, tag, fact);
    side->torn = false;
    g->parts = 0;
}

/* ==== frames ==== */

static void on_command(struct zs_exchange *x, enum zs_dir dir, const struct zs_command *c,
                       struct zs_stamp at, void *tag, struct zs_exchange_fact *fact)
{
    struct side *side = &x->side[dir];
    struct zs_ping ping;

    switch (c->id) {
    case ZS_CMD_PING:
        if (zs_ping_parse(c->body, &ping) == ZS_OK)
            on_ping(side, ping.context, at, tag, fact);
        break;
    case ZS_CMD_PONG:
        on_pong(&x->side[zs_dir_other(dir)], c->body, at, fact);
        break;
    case ZS_CMD_SUBSCRIBE:
        zs_topics_add(&side->subscriptions, c->body);
        break;
    case ZS_CMD_CANCEL:
        zs_topics_remove(&side->subscriptions, c->body);
        break;
    default:
        break;
    }
}

void zs_exchange_skip(struct zs_exchange *x, enum zs_dir dir)
{
    struct side *side = &x->side[dir];

    side->gathering.parts = 0;
    side->torn = true;
    forget_requests(x);
    zs_topics_forget(&side->subscriptions);
    for (int d = 0; d < ZS_DIR_COUNT; d++)
        g_queue_clear_full(&x->side[d].pings, g_free);
}

/* Before the end of a side's handshake it has sent no part of a message: what follows is a beginning, whatever is
 * missing before. */
static void note_ready(struct zs_exchange *x, enum zs_dir dir)
{
    x->side[dir].torn = false;
    x->in_order |= x->requests.length == 0 && x->unkept == 0;
}

static void heed_losses(struct zs_exchange *x, const struct zs_session *s)
{
    for (int d = 0; d < ZS_DIR_COUNT; d++) {
        if (x->side[d].losses != s->side[d].losses)
            zs_exchange_skip(x, (enum zs_dir)d);
        x->side[d].losses = s->side[d].losses;
    }
}

/* Of a handshake that is all there. */
static void note_handshake(struct zs_exchange *x, const struct zs_session *s, struct zs_stamp at,
                           struct zs_exchange_fact *fact)
{
    if (x->shaken || !zs_session_established(s))
        return;
    x->shaken = true;
    if (!x->greeted || s->side[ZS_C2S].losses || s->side[ZS_S2C].losses)
        return;
    fact->established = true;
    fact->handshake_ns = zs_stamp_since(at, x->greeted_at);
}

void zs_exchange_step(struct zs_exchange *x, const struct zs_session *s, enum zs_dir dir,
                      const struct zs_reading *r, struct zs_stamp at, void *tag,
                      struct zs_exchange_fact *fact)
{
    bool closed = r->wrapped && !r->verified;

    *fact = (struct zs_exchange_fact){.sender = type_of(s, dir),
                                      .receiver = type_of(s, zs_dir_other(dir))};
    heed_losses(x, s);
    note_handshake(x, s, at, fact);
    if (closed)
        zs_exchange_skip(x, dir);
    else if (r->kind == ZS_READ_MESSAGE)
        on_message(x, s, dir, r, at, tag, fact);
    else if (r->kind == ZS_READ_COMMAND)
        on_command(x, dir, &r->content, at, tag, fact);
    if (!closed && r->has_metadata)
        note_ready(x, dir);
}
