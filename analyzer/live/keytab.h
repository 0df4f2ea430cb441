/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef ZS_LIVE_KEYTAB_H
#define ZS_LIVE_KEYTAB_H

/* One keytab of several, for GSS-API takes one, by its name. It is in this process's memory alone. */
struct zs_keytab;

/* All entries of the keytabs at paths, which end in NULL, and of those in a path that is a directory. Of two for the same
 * principal, kvno and enctype the first is taken, where a server wants that principal alone. NULL: *why is one
 * sentence; g_free() it. */
struct zs_keytab *zs_keytab_join(char *const *paths, char **why);
const char *zs_keytab_name(const struct zs_keytab *k); /* "MEMORY:…", while k lives */
void zs_keytab_free(struct zs_keytab *k);              /* wipes; NULL is fine */

#endif
