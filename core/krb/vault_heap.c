/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The vault of a build with sanitizers: the ordinary heap, where they see overruns, use after free and leaks.
 *
 * Limits: neither locked nor left out of core dumps; no build but those for tests has this file. */
#include "core/krb/vault.h"

#include <glib.h>
#include <malloc.h>
#include <string.h>

void *zs_vault_new(size_t n)
{
    return g_malloc0(n ? n : 1);
}

void zs_vault_free(void *p)
{
    if (p)
        explicit_bzero(p, zs_vault_room(p));
    g_free(p);
}

void zs_vault_close(void)
{
}

void zs_vault_lock_again(void)
{
}

/* What is not held is given to free(), which is right here. */
bool zs_vault_holds(const void *p)
{
    (void)p;
    return false;
}

size_t zs_vault_room(const void *p)
{
    return malloc_usable_size((void *)p);
}
