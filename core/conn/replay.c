/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Authenticators by their SHA-256.
 *
 * Limits: once LIMIT of them are known, later ones are compared and not remembered. */
#include "core/conn/replay.h"

#include <glib.h>

enum { DIGEST = 32, LIMIT = 1 << 18 };

struct zs_replays {
    GHashTable *seen; /* digest -> struct zs_stamp */
};

/* A digest is as good a hash as any of its octets. */
static guint hash_digest(gconstpointer p)
{
    guint h;
    memcpy(&h, p, sizeof h);
    return h;
}

static gboolean equal_digests(gconstpointer a, gconstpointer b)
{
    return memcmp(a, b, DIGEST) == 0;
}

struct zs_replays *zs_replays_new(void)
{
    struct zs_replays *r = g_new0(struct zs_replays, 1);
    r->seen = g_hash_table_new_full(hash_digest, equal_digests, g_free, g_free);
    return r;
}

void zs_replays_free(struct zs_replays *r)
{
    if (!r)
        return;
    g_hash_table_destroy(r->seen);
    g_free(r);
}

bool zs_replays_seen(struct zs_replays *r, struct zs_span authenticator, struct zs_stamp at,
                     struct zs_stamp *first)
{
    guint8 digest[DIGEST];
    gsize n = sizeof digest;
    GChecksum *sum = g_checksum_new(G_CHECKSUM_SHA256);

    g_checksum_update(sum, authenticator.p, (gssize)authenticator.n);
    g_checksum_get_digest(sum, digest, &n);
    g_checksum_free(sum);
    const struct zs_stamp *known = g_hash_table_lookup(r->seen, digest);
    if (known) {
        *first = *known;
        return true;
    }
    if (g_hash_table_size(r->seen) < LIMIT)
        g_hash_table_insert(r->seen, g_memdup2(digest, sizeof digest), g_memdup2(&at, sizeof at));
    return false;
}
