/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The connection table (RFC 9293, 3.10). Who belongs to whom is decided as tshark decides it, so
 * that numbers agree: a SYN whose number is not that of the side's first segment opens a new
 * connection, a repeated SYN does not, and what comes after the end belongs to what has ended.
 *
 * What this file decides it decides by headers: numbers, ends, and who makes room are the same whether
 * somebody looks at the octets or not, but for the connections that the user refuses.
 *
 * Memory follows the open connections. Those that have ended stay a while for late segments. At the
 * cap those that never had a payload go first, and then those of which a greeting's worth was not said
 * by both sides, so that a flood of either leaves the others alone; but an eighth of the table is
 * theirs, or else a full table would let nobody in. Of a kind that which was idle longest goes.
 *
 * Limits: any RST ends its connection, also one that its receiver would have ignored; a new
 * connection with the first sequence number of the old one is taken for the old one. VLANs and
 * tunnels are not part of a connection's identity. */
#include "analyzer/net/flow.h"

#include "analyzer/net/ending.h"
#include "analyzer/net/reassembly.h"

#include <glib.h>
#include <string.h>

#define CLOSED_KEPT 4096 /* connections that ended: enough for the segments still under way */
#define GREETING    64   /* octets: one of ZMTP 3 */

/* From those that make room first to those that do so last. */
enum standing {
    FLOW_NEW,    /* no payload so far */
    FLOW_HALF,   /* less than a greeting from one of the sides; or the user refused it */
    FLOW_ACTIVE, /* both sides have spoken */
    FLOW_CLOSED, /* closed() was said */
    STANDINGS
};

/* The unordered pair of ends, and its hash. */
struct key {
    struct zs_endpoint low, high;
    uint32_t hash;
};

/* Octets are hashed and compared as they lie in memory. */
G_STATIC_ASSERT(sizeof(struct zs_endpoint) == 20);
#define KEY_WORDS (2 * sizeof(struct zs_endpoint) / sizeof(uint32_t))

struct entry;

struct side {
    struct zs_reassembly *stream; /* NULL: there was no octet to put in order so far */
    struct entry *entry;
    struct zs_ending ending;
    uint32_t first;  /* the number of the SYN, seen or not: one before the first octet */
    bool seen;       /* first is known */
    uint8_t payload; /* octets that it sent; at most GREETING are counted */
};

struct entry {
    struct key key;
    struct zs_flow flow;
    struct zs_flows *flows;
    void *conn; /* the sink's */
    struct side sides[2];
    bool deaf;    /* opened() wants to hear nothing at all */
    bool muted;   /* there is no interest any more */
    bool refused; /* … nor in its place in the table */
    enum standing standing;
    GList link; /* in flows->lists[standing] */
};

struct zs_flows {
    const struct zs_flow_sink *sink;
    void *user;
    unsigned connections; /* cap */
    struct zs_reassembly_pool pool;
    GHashTable *entries;     /* key -> entry, which owns it */
    struct entry *latest;    /* the one that the latest segment belonged to; NULL: it is gone */
    GQueue lists[STANDINGS]; /* of entries, that with the oldest latest segment first */
    uint64_t count;
    uint64_t seed[KEY_WORDS + 1];
};

/* ---- Keys ---- */

/* Pair-multiply-shift with random numbers (Thorup, "High Speed Hashing for Integers and Strings"):
 * who chooses the addresses cannot choose the collisions. */
static uint32_t hash_of(const uint64_t *seed, const struct key *key)
{
    uint32_t words[KEY_WORDS];
    memcpy(words, &key->low, sizeof key->low);
    memcpy(words + KEY_WORDS / 2, &key->high, sizeof key->high);
    uint64_t sum = seed[KEY_WORDS];
    for (unsigned i = 0; i < KEY_WORDS; i += 2)
        sum += (seed[i] + words[i + 1]) * (seed[i + 1] + words[i]);
    return (uint32_t)(sum >> 32);
}

static struct key key_of(const struct zs_flows *f, const struct zs_endpoint *a,
                         const struct zs_endpoint *b)
{
    bool ordered = memcmp(a, b, sizeof *a) <= 0;
    struct key key = {.low = ordered ? *a : *b, .high = ordered ? *b : *a};
    key.hash = hash_of(f->seed, &key);
    return key;
}

/* FNV-1a, with the bits mixed: one and the same for everybody, for shares of the connections. */
static uint32_t share_of(const struct key *key)
{
    const uint8_t *octets = (const uint8_t *)key;
    uint64_t h = UINT64_C(0xcbf29ce484222325);
    for (size_t i = 0; i < offsetof(struct key, hash); i++)
        h = (h ^ octets[i]) * UINT64_C(0x100000001b3);
    return (uint32_t)(h ^ h >> 32);
}

static guint key_hash(gconstpointer key)
{
    return ((const struct key *)key)->hash;
}

static gboolean key_equal(gconstpointer a, gconstpointer b)
{
    return memcmp(a, b, offsetof(struct key, hash)) == 0;
}

/* ---- What the reassembler says, passed on ---- */

static enum zs_flow_side side_number(const struct side *side)
{
    return side == &side->entry->sides[ZS_FLOW_CLIENT] ? ZS_FLOW_CLIENT : ZS_FLOW_SERVER;
}

static void clear_stream(struct side *side)
{
    if (side->stream)
        zs_reassembly_clear(side->stream);
    g_clear_pointer(&side->stream, g_free);
}

static bool on_data(void *user, uint64_t offset, const uint8_t *bytes, size_t n,
                    const struct zs_net_stamp *at)
{
    struct side *side = user;
    struct entry *e = side->entry;
    enum zs_flow_side from = side_number(side);
    (void)offset;
    enum zs_flow_interest interest = e->flows->sink->data(e->conn, from, bytes, n, at);
    if (interest == ZS_FLOW_WANTED)
        return true;
    e->muted = true;
    e->refused = interest == ZS_FLOW_REFUSED;
    if (e->sides[!from].stream)
        zs_reassembly_mute(e->sides[!from].stream);
    return false;
}

static void on_gap(void *user, uint64_t offset, uint64_t n, const struct zs_net_stamp *at)
{
    struct side *side = user;
    (void)offset;
    side->entry->flows->sink->gap(side->entry->conn, side_number(side), n, at);
}

static void on_conflict(void *user, uint64_t offset, uint64_t n, const struct zs_net_stamp *at)
{
    struct side *side = user;
    (void)offset;
    side->entry->flows->sink->conflict(side->entry->conn, side_number(side), n, at);
}

static void on_full(void *user, const struct zs_net_stamp *at)
{
    struct side *side = user;
    side->entry->flows->sink->full(side->entry->conn, side_number(side), at);
}

static const struct zs_reassembly_sink streams = {on_data, on_gap, on_conflict, on_full};

/* ---- Entries ---- */

static void enlist(struct entry *e, enum standing standing)
{
    e->standing = standing;
    g_queue_push_tail_link(&e->flows->lists[standing], &e->link);
}

static void delist(struct entry *e)
{
    g_queue_unlink(&e->flows->lists[e->standing], &e->link);
}

static void entry_free(void *entry)
{
    struct entry *e = entry;
    clear_stream(&e->sides[ZS_FLOW_CLIENT]);
    clear_stream(&e->sides[ZS_FLOW_SERVER]);
    g_free(e);
}

/* A segment of e was seen; standing is where that leaves it. */
static void move_up(struct entry *e, enum standing standing)
{
    if (standing == e->standing && !e->link.next) /* the last of its kind as it is */
        return;
    delist(e);
    enlist(e, standing);
}

/* Out of the table, without a word. */
static void forget(struct entry *e)
{
    delist(e);
    if (e->flows->latest == e)
        e->flows->latest = NULL;
    g_hash_table_remove(e->flows->entries, &e->key);
}

/* Says all there is left to say of e. It stays in the table, among the closed. */
static void close_entry(struct entry *e, enum zs_flow_end why, const struct zs_net_stamp *at)
{
    struct zs_flows *f = e->flows;
    for (unsigned i = 0; i < 2; i++) {
        struct zs_reassembly *stream = e->sides[i].stream;
        if (stream) {
            zs_reassembly_flush(stream, at); /* and the other one */
            e->flow.misplaced += stream->misplaced;
        }
    }
    clear_stream(&e->sides[ZS_FLOW_CLIENT]);
    clear_stream(&e->sides[ZS_FLOW_SERVER]);
    if (!e->deaf)
        f->sink->closed(e->conn, why, at);
    delist(e);
    enlist(e, FLOW_CLOSED);
    if (f->lists[FLOW_CLOSED].length > CLOSED_KEPT)
        forget(f->lists[FLOW_CLOSED].head->data);
}

/* Whose turn it is to make room: the lowest standing that has more than its eighth of the table, or else the highest. */
static GQueue *victims(struct zs_flows *f)
{
    for (unsigned i = FLOW_NEW; i < FLOW_ACTIVE; i++)
        if (f->lists[i].length > f->connections / 8)
            return &f->lists[i];
    for (unsigned i = FLOW_ACTIVE; i > FLOW_NEW; i--)
        if (f->lists[i].length > 0)
            return &f->lists[i];
    return &f->lists[FLOW_NEW];
}

/* Lets one connection go where the table is full. */
static void make_room(struct zs_flows *f, const struct zs_net_stamp *at)
{
    unsigned open = 0;
    for (unsigned i = FLOW_NEW; i <= FLOW_ACTIVE; i++)
        open += f->lists[i].length;
    if (open < f->connections)
        return;
    struct entry *e = victims(f)->head->data;
    close_entry(e, ZS_FLOW_EVICTED, at);
    forget(e); /* should it go on, it is a new one */
}

static struct entry *open_entry(struct zs_flows *f, const struct zs_endpoint *from,
                                const struct zs_endpoint *to, const struct zs_tcp *tcp,
                                const struct zs_net_stamp *at)
{
    make_room(f, at);
    bool from_client = from->port >= to->port;
    if (tcp->flags & ZS_TCP_SYN)
        from_client = !(tcp->flags & ZS_TCP_ACK);
    struct entry *e = g_new(struct entry, 1);
    *e = (struct entry){
        .key = key_of(f, from, to),
        .flows = f,
        .flow = {.number = ++f->count,
                 .client = from_client ? *from : *to,
                 .server = from_client ? *to : *from,
                 .midstream = !(tcp->flags & ZS_TCP_SYN)},
        .link = {.data = e},
    };
    e->flow.hash = share_of(&e->key);
    for (unsigned i = 0; i < 2; i++)
        e->sides[i].entry = e;
    g_hash_table_insert(f->entries, &e->key, e);
    enlist(e, FLOW_NEW);
    e->conn = f->sink->opened(f->user, &e->flow, at);
    e->deaf = e->muted = !e->conn;
    return e;
}

/* Does tcp, sent from this side, open a new connection between the same ends? */
static bool is_reuse(const struct side *side, const struct zs_tcp *tcp)
{
    return (tcp->flags & (ZS_TCP_SYN | ZS_TCP_ACK)) == ZS_TCP_SYN && side->seen &&
           tcp->seq != side->first;
}

/* The stream of a side whose octets are wanted. There is none before the first octet, or before one was acknowledged
 * that the capture lacks: half of a flood's connections never need one. */
static struct zs_reassembly *stream_of(struct side *side, bool needed)
{
    if (!side->stream && needed && side->seen && !side->entry->muted) {
        side->stream = g_new(struct zs_reassembly, 1);
        zs_reassembly_init(side->stream, &side->entry->flows->pool, side);
        zs_reassembly_start(side->stream, side->first + 1);
        struct zs_reassembly *peers = side->entry->sides[!side_number(side)].stream;
        if (peers)
            zs_reassembly_pair(side->stream, peers);
    }
    return side->stream;
}

static void put_in_order(struct side *mine, struct side *peers, const struct zs_tcp *tcp,
                         const struct zs_net_stamp *at)
{
    struct zs_reassembly *stream;
    /* First: what it acknowledges came before what it carries. */
    if (tcp->flags & ZS_TCP_ACK && (stream = stream_of(peers, tcp->ack != peers->first + 1)))
        zs_reassembly_ack(stream, tcp->ack, at);
    if ((stream = stream_of(mine, tcp->length > 0 || tcp->flags & ZS_TCP_FIN)))
        zs_reassembly_segment(stream, tcp, at);
}

static void feed(struct side *side, const struct zs_tcp *tcp, const struct zs_net_stamp *at)
{
    struct entry *e = side->entry;
    struct side *peers = &e->sides[!side_number(side)];
    if (!side->seen) {
        side->seen = true;
        side->first = tcp->flags & ZS_TCP_SYN ? tcp->seq : tcp->seq - 1;
    }
    if (tcp->flags & ZS_TCP_SYN)
        e->flow.midstream = false;
    e->flow.ended_by = side_number(side);
    if (tcp->flags & ZS_TCP_RST) { /* its payload, if any, is a diagnosis (RFC 9293, 3.5.3) */
        close_entry(e, ZS_FLOW_RST, at);
        return;
    }
    if (!e->muted)
        put_in_order(side, peers, tcp, at);
    if (tcp->flags & ZS_TCP_ACK)
        zs_ending_ack(&peers->ending, tcp->ack);
    zs_ending_segment(&side->ending, tcp);
    if (zs_ending_reached(&side->ending) && zs_ending_reached(&peers->ending))
        close_entry(e, ZS_FLOW_FIN, at);
}

/* ---- The table ---- */

struct zs_flows *zs_flows_new(const struct zs_flow_sink *sink, void *user,
                              const struct zs_flow_limits *limits)
{
    struct zs_flow_limits caps = limits ? *limits : (struct zs_flow_limits){0};
    struct zs_flows *f = g_new0(struct zs_flows, 1);
    f->sink = sink;
    f->user = user;
    f->connections = caps.connections ? caps.connections : ZS_FLOW_CONNECTIONS;
    f->pool.sink = &streams;
    f->pool.octets = caps.pending_octets ? caps.pending_octets : ZS_FLOW_PENDING;
    f->pool.pieces = caps.pending_pieces ? caps.pending_pieces : 1024;
    f->pool.all_octets = caps.all_pending_octets ? caps.all_pending_octets : ZS_FLOW_ALL_PENDING;
    f->entries = g_hash_table_new_full(key_hash, key_equal, NULL, entry_free);
    for (unsigned i = 0; i <= KEY_WORDS; i++)
        f->seed[i] = (uint64_t)g_random_int() << 32 | g_random_int();
    return f;
}

static struct zs_endpoint endpoint(const struct zs_ip *ip, const uint8_t *address, uint16_t port)
{
    struct zs_endpoint e = {.port = port, .family = ip->family};
    memcpy(e.address, address, sizeof e.address);
    return e;
}

static bool same(const struct zs_endpoint *a, const struct zs_endpoint *b)
{
    return memcmp(a, b, sizeof *a) == 0;
}

/* The side of e that sends from one of these ends to the other; NULL: e is not between them. */
static struct side *side_between(struct entry *e, const struct zs_endpoint *from,
                                 const struct zs_endpoint *to)
{
    const struct zs_flow *flow = &e->flow;

    if (same(from, &flow->client) && same(to, &flow->server))
        return &e->sides[ZS_FLOW_CLIENT];
    if (same(from, &flow->server) && same(to, &flow->client))
        return &e->sides[ZS_FLOW_SERVER];
    return NULL;
}

/* The sending side of the connection between these ends; NULL: there is none. Mostly it is that of the segment before. */
static struct side *find_side(struct zs_flows *f, const struct zs_endpoint *from,
                              const struct zs_endpoint *to)
{
    struct side *side = f->latest ? side_between(f->latest, from, to) : NULL;

    if (side)
        return side;
    struct key key = key_of(f, from, to);
    struct entry *e = g_hash_table_lookup(f->entries, &key);
    return e ? side_between(e, from, to) : NULL;
}

/* Where e belongs now. */
static enum standing standing_of(const struct entry *e)
{
    uint8_t client = e->sides[ZS_FLOW_CLIENT].payload, server = e->sides[ZS_FLOW_SERVER].payload;
    if (client == GREETING && server == GREETING && !e->refused)
        return FLOW_ACTIVE;
    return client || server ? FLOW_HALF : FLOW_NEW;
}

void zs_flows_segment(struct zs_flows *f, const struct zs_ip *ip, const struct zs_tcp *tcp,
                      const struct zs_net_stamp *at)
{
    struct zs_endpoint from = endpoint(ip, ip->from, tcp->from_port);
    struct zs_endpoint to = endpoint(ip, ip->to, tcp->to_port);
    struct side *side = find_side(f, &from, &to);
    if (side && is_reuse(side, tcp)) {
        if (side->entry->standing != FLOW_CLOSED)
            close_entry(side->entry, ZS_FLOW_REUSED, at);
        forget(side->entry);
        side = NULL;
    }
    if (!side)
        side = side_between(open_entry(f, &from, &to, tcp, at), &from, &to);
    struct entry *e = f->latest = side->entry;
    if (e->standing == FLOW_CLOSED)
        return;
    side->payload = (uint8_t)MIN(GREETING, side->payload + tcp->length);
    move_up(e, standing_of(e));
    feed(side, tcp, at);
}

static int by_number(const void *a, const void *b)
{
    const struct entry *first = *(struct entry *const *)a, *second = *(struct entry *const *)b;
    return first->flow.number < second->flow.number ? -1 : 1;
}

void zs_flows_flush(struct zs_flows *f, const struct zs_net_stamp *at)
{
    GPtrArray *open = g_ptr_array_new();
    for (unsigned i = FLOW_NEW; i <= FLOW_ACTIVE; i++)
        for (GList *l = f->lists[i].head; l; l = l->next)
            g_ptr_array_add(open, l->data);
    g_ptr_array_sort(open, by_number);
    for (unsigned i = 0; i < open->len; i++) {
        struct entry *e = open->pdata[i];
        close_entry(e, ZS_FLOW_FLUSHED, at);
    }
    g_ptr_array_free(open, TRUE);
    for (unsigned i = 0; i < STANDINGS; i++)
        g_queue_init(&f->lists[i]);
    f->latest = NULL;
    g_hash_table_remove_all(f->entries);
}

uint64_t zs_flows_count(const struct zs_flows *f)
{
    return f->count;
}

void zs_flows_free(struct zs_flows *f)
{
    g_hash_table_destroy(f->entries);
    g_free(f);
}
