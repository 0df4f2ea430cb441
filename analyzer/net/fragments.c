/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Fragments to datagrams (RFC 791, 3.2; RFC 8200, 4.5). What is there is noted in units of eight octets, which is how
 * offsets count; of octets that come twice the first ones stay.
 *
 * Limits: ZS_FRAGMENTS_DATAGRAMS are waited for, each for WAIT_NS of packet time; then the one that began first goes. A
 * part that the capture cut short does not count beyond its last whole unit. That parts overlap is not said. */
#include "analyzer/net/fragments.h"

#include <glib.h>
#include <string.h>

#define WAIT_NS (INT64_C(30) * 1000000000) /* as Linux waits */

enum { UNIT = 8, UNITS = 65536 / UNIT };

/* What tells datagrams apart. No octet of it is padding. */
struct key {
    uint8_t from[16], to[16];
    uint32_t id;
    uint16_t family;
    uint16_t protocol; /* IPv4 alone: an IPv6 part names what its own octets begin with */
};
G_STATIC_ASSERT(sizeof(struct key) == 40);

struct datagram {
    struct key key;
    bool used, has_first, has_last;
    int64_t begun_ns;
    uint64_t begun; /* counts up */
    uint8_t protocol;
    size_t length;   /* if has_last */
    unsigned units;  /* that are there */
    uint8_t *octets; /* g_malloc'd */
    size_t room;
    uint64_t *there; /* bits for UNITS */
};

struct zs_fragments {
    struct datagram datagrams[ZS_FRAGMENTS_DATAGRAMS];
    uint64_t begun;
    uint8_t *whole; /* the payload that was handed out last */
};

struct zs_fragments *zs_fragments_new(void)
{
    return g_new0(struct zs_fragments, 1);
}

static void drop(struct datagram *d)
{
    g_free(d->octets);
    g_free(d->there);
    *d = (struct datagram){0};
}

static bool is_better_victim(const struct datagram *a, const struct datagram *b)
{
    return a->used != b->used ? !a->used : a->begun < b->begun;
}

static struct datagram *find(struct zs_fragments *f, const struct key *key, int64_t time_ns)
{
    struct datagram *victim = &f->datagrams[0];

    for (size_t i = 0; i < ZS_FRAGMENTS_DATAGRAMS; i++) {
        struct datagram *d = &f->datagrams[i];
        if (d->used && memcmp(&d->key, key, sizeof *key) == 0) {
            if (time_ns < d->begun_ns || (uint64_t)time_ns - (uint64_t)d->begun_ns <= WAIT_NS)
                return d;
            victim = d; /* a later one with the same number */
            break;
        }
        if (is_better_victim(d, victim))
            victim = d;
    }
    drop(victim);
    victim->used = true;
    victim->there = g_new0(uint64_t, UNITS / 64);
    victim->key = *key;
    victim->begun_ns = time_ns;
    victim->begun = ++f->begun;
    return victim;
}

static void make_room(struct datagram *d, size_t n)
{
    if (n <= d->room)
        return;
    d->room = MAX(n, 2 * d->room);
    d->octets = g_realloc(d->octets, d->room);
}

/* Copies what is new of the part, unit by unit. A unit that is not full is the datagram's last: where two ends are said,
 * that of the first that came, or else octets would be missing that were counted. */
static void take(struct datagram *d, const struct zs_ip *part)
{
    size_t first = part->fragment.offset / UNIT;
    bool to_its_end = part->captured == part->length && d->has_last &&
                      part->fragment.offset + part->length == d->length;

    make_room(d, part->fragment.offset + part->captured);
    for (size_t at = 0; at < part->captured; at += UNIT) {
        size_t unit = first + at / UNIT, n = MIN(UNIT, part->captured - at);
        uint64_t bit = UINT64_C(1) << unit % 64;
        if (d->there[unit / 64] & bit || (n < UNIT && !to_its_end))
            continue;
        d->there[unit / 64] |= bit;
        d->units++;
        memcpy(d->octets + unit * UNIT, part->payload + at, n);
    }
}

/* Damaged parts may lie beyond the end: what counts is what is there before it. */
static bool is_whole(const struct datagram *d)
{
    size_t wanted = (d->length + UNIT - 1) / UNIT, unit = 0;

    if (!d->has_first || !d->has_last || d->units < wanted)
        return false;
    while (unit < wanted && d->there[unit / 64] >> unit % 64 & 1)
        unit++;
    return unit == wanted;
}

/* RFC 8200, 4.5: all parts but the last are of whole units, and none reaches beyond 64 KiB. */
static bool can_be(const struct zs_ip *part)
{
    const struct zs_ip_fragment *f = &part->fragment;

    return part->length > 0 && part->length <= 65535 - MIN(f->offset, 65535) &&
           (!f->more || part->length % UNIT == 0);
}

bool zs_fragments_add(struct zs_fragments *f, const struct zs_ip *part, int64_t time_ns,
                      struct zs_ip *whole)
{
    struct key key = {.id = part->fragment.id, .family = part->family};

    if (!can_be(part))
        return false;
    memcpy(key.from, part->from, sizeof key.from);
    memcpy(key.to, part->to, sizeof key.to);
    if (part->family == 4)
        key.protocol = part->protocol;
    struct datagram *d = find(f, &key, time_ns);
    if (part->fragment.offset == 0) {
        d->has_first = true;
        d->protocol = part->protocol;
    }
    if (!part->fragment.more && !d->has_last) {
        d->has_last = true;
        d->length = part->fragment.offset + part->length;
    }
    take(d, part);
    if (!is_whole(d))
        return false;
    *whole = *part;
    whole->protocol = d->protocol;
    whole->payload = d->octets;
    whole->captured = whole->length = d->length;
    whole->fragment = (struct zs_ip_fragment){0};
    g_free(f->whole);
    f->whole = g_steal_pointer(&d->octets);
    drop(d);
    return true;
}

void zs_fragments_free(struct zs_fragments *f)
{
    if (!f)
        return;
    for (size_t i = 0; i < ZS_FRAGMENTS_DATAGRAMS; i++)
        drop(&f->datagrams[i]);
    g_free(f->whole);
    g_free(f);
}
