/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef ZS_KRB_RING_H
#define ZS_KRB_RING_H

/* A keyring from within, inside core/krb only: for the sources that fill it and for what searches it. */
#include "core/krb/context.h"
#include "core/wire/span.h"

#include <glib.h>
#include <krb5/krb5.h>

struct zs_keyring {
    krb5_context krb; /* NULL: it could not be made */
    /* Pointers, for a key stays where it is: a growing array leaves copies behind. */
    GPtrArray *entries;     /* struct zs_keyring_entry * */
    GPtrArray *credentials; /* struct zs_credential * */
};

/* A new entry without principal and kvno, in r; its key is a copy of key. The caller fills in the rest. */
struct zs_keyring_entry *zs_keyring_put(struct zs_keyring *r, enum zs_origin origin,
                                        const char *source, const struct zs_key *key);

/* A service ticket as its client's credential cache holds it, with what only the ticket itself says otherwise. */
struct zs_credential {
    char *client, *service; /* as krb5_unparse_name() writes them */
    char *source;           /* the cache's name as it was given */
    GBytes *cipher;         /* the ticket's sealed part: what an AP-REQ shows of it */
    struct zs_key session_key;
    uint32_t flags;
    struct zs_ticket_times times;
};
void zs_credential_free(void *credential); /* wipes */
/* The credential whose ticket has this sealed part; NULL: none. */
const struct zs_credential *zs_keyring_credential(const struct zs_keyring *r,
                                                  struct zs_span cipher);

/* Why path cannot be read as a file, in a sentence that names it, or NULL; g_free() it. libkrb5 names neither. */
char *zs_file_trouble(const char *path);
/* "PATH: not a WHAT that can be read (libkrb5's words)"; g_free() it. */
char *zs_krb5_trouble(krb5_context krb, krb5_error_code err, const char *path, const char *what);

#endif
