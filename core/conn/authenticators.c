/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Authenticators by their SHA-256, the id of a context in a key log.
 *
 * Limits: once LIMIT of them are known, later ones are compared and not remembered. */
#include "core/conn/authenticators.h"

#include "core/krb/secrets.h"

#include <glib.h>

enum { LIMIT = 1 << 18 };

struct sighting {
    uint8_t digest[ZS_SECRET_ID];
    struct zs_stamp at;
};

struct zs_authenticators {
    GHashTable *seen; /* struct sighting, by its digest, which is the first of it */
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
    return memcmp(a, b, ZS_SECRET_ID) == 0;
}

struct zs_authenticators *zs_authenticators_new(void)
{
    struct zs_authenticators *r = g_new0(struct zs_authenticators, 1);
    r->seen = g_hash_table_new_full(hash_digest, equal_digests, NULL, g_free);
    return r;
}

void zs_authenticators_free(struct zs_authenticators *r)
{
    if (!r)
        return;
    g_hash_table_destroy(r->seen);
    g_free(r);
}

bool zs_authenticators_seen(struct zs_authenticators *r, struct zs_span authenticator,
                            struct zs_stamp at, struct zs_stamp *first)
{
    struct sighting now = {.at = at};

    zs_secret_id(authenticator, now.digest);
    const struct sighting *known = g_hash_table_lookup(r->seen, now.digest);
    if (known) {
        *first = known->at;
        return true;
    }
    if (g_hash_table_size(r->seen) < LIMIT) {
        struct sighting *kept = g_memdup2(&now, sizeof now);
        g_hash_table_insert(r->seen, kept->digest, kept);
    }
    return false;
}
