/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Connections dealt out to processes.
 *
 * A process that is LAG packets ahead of a connection's owner takes it instead, unless it has taken THRICE as many as that
 * one already: what a connection will cost is not known when it begins, and few may be all there are. Who asks first sets
 * the connection's bit, and it is his.
 *
 * Limits: past CLAIMS connections nobody loses any. */
#include "analyzer/deal.h"

#include <glib.h>
#include <stdatomic.h>
#include <sys/mman.h>

enum { CLAIMS = 1 << 27, LAG = 2048, THRICE = 3 };

/* What each process writes, far enough from what the others write. */
struct mark {
    _Atomic uint64_t packet, taken;
    uint64_t apart[6];
};

struct zs_deal {
    size_t octets; /* of all this */
    uint64_t shares;
    uint64_t apart[6];
    _Atomic uint64_t claimed[CLAIMS / 64];
    struct mark marks[];
};

struct zs_deal *zs_deal_new(unsigned shares)
{
    size_t octets = sizeof(struct zs_deal) + shares * sizeof(struct mark);
    struct zs_deal *d = mmap(NULL, octets, PROT_READ | PROT_WRITE,
                             MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

    if (d == MAP_FAILED)
        return NULL;
    d->octets = octets;
    d->shares = shares;
    return d;
}

void zs_deal_free(struct zs_deal *d)
{
    if (d)
        munmap(d, d->octets);
}

/* In rounds, so that each share gets one of any shares connections in a row. Each round begins with some other share, so
 * that what comes by turns does not all go to the same. */
static unsigned owner_of(const struct zs_deal *d, uint64_t connection)
{
    uint64_t begins = connection / d->shares * UINT64_C(0x9e3779b97f4a7c15) >> 32;

    return (unsigned)((connection + begins) % d->shares);
}

static bool loses(const struct zs_deal *d, unsigned owner, unsigned share, uint64_t packet)
{
    const struct mark *his = &d->marks[owner], *mine = &d->marks[share];

    return packet > atomic_load_explicit(&his->packet, memory_order_relaxed) + LAG &&
           atomic_load_explicit(&mine->taken, memory_order_relaxed) <
               THRICE * atomic_load_explicit(&his->taken, memory_order_relaxed);
}

bool zs_deal_takes(struct zs_deal *d, unsigned share, uint64_t connection, uint64_t packet)
{
    unsigned owner = owner_of(d, connection);
    uint64_t bit = UINT64_C(1) << connection % 64;

    zs_deal_passes(d, share, packet);
    if (connection >= CLAIMS)
        return owner == share;
    if (owner != share && !loses(d, owner, share, packet))
        return false;
    if (atomic_fetch_or_explicit(&d->claimed[connection / 64], bit, memory_order_relaxed) & bit)
        return false;
    atomic_fetch_add_explicit(&d->marks[share].taken, 1, memory_order_relaxed);
    return true;
}

void zs_deal_passes(struct zs_deal *d, unsigned share, uint64_t packet)
{
    atomic_store_explicit(&d->marks[share].packet, packet, memory_order_relaxed);
}
