/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef ZS_KRB_VAULT_H
#define ZS_KRB_VAULT_H

/* Memory for whatever holds key octets: locked, so that it is never written to swap, and left out of core dumps.
 * A block is wiped when it is given back. Any thread may call. */
#include <stdbool.h>
#include <stddef.h>

/* n octets of zeros, aligned for anything. As with g_malloc() the program ends where there is no memory; where
 * pages cannot be locked (RLIMIT_MEMLOCK) they are used all the same. */
void *zs_vault_new(size_t n);
void zs_vault_free(void *p); /* wipes; NULL is fine */

/* Before this code is unloaded: gives back what was kept for later blocks. Those in use stay good. */
void zs_vault_close(void);

/* In the child of a fork(): its copy of the vault is not locked until this. */
void zs_vault_lock_again(void);

/* For an allocator that serves others too: is p a block of the vault? How many octets has it at least? */
bool zs_vault_holds(const void *p);
size_t zs_vault_room(const void *p);

#endif
