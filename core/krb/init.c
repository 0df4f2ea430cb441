/* SPDX-License-Identifier: GPL-2.0-or-later */
/* libgcrypt made ready, with the vault as its secure memory: its own is locked, but part of core dumps. */
#include "core/krb/init.h"

#include "core/krb/vault.h"

#include <gcrypt.h>
#include <stdlib.h>
#include <string.h>

static int is_secure(const void *p)
{
    return zs_vault_holds(p);
}

static void *resize(void *p, size_t n)
{
    if (!p || !zs_vault_holds(p))
        return realloc(p, n);
    size_t room = zs_vault_room(p);
    if (n <= room)
        return p;
    void *larger = zs_vault_new(n);
    memcpy(larger, p, room);
    zs_vault_free(p);
    return larger;
}

static void release(void *p)
{
    if (zs_vault_holds(p))
        zs_vault_free(p);
    else
        free(p);
}

void zs_krb_init(void)
{
    if (gcry_control(GCRYCTL_INITIALIZATION_FINISHED_P))
        return;
    gcry_set_allocation_handler(malloc, zs_vault_new, is_secure, resize, release);
    gcry_check_version(NULL);
    gcry_control(GCRYCTL_INITIALIZATION_FINISHED, 0);
}
