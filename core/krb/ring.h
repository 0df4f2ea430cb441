/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef ZS_KRB_RING_H
#define ZS_KRB_RING_H

/* A keyring from within, inside core/krb only: for the sources that fill it and for what searches it. */
#include "core/krb/secrets.h"
#include "core/wire/span.h"

#include <glib.h>
#include <krb5/krb5.h>

struct zs_keyring {
    krb5_context krb; /* NULL: it could not be made */
    /* Pointers, for a key stays where it is: a growing array leaves copies behind. */
    GPtrArray *entries;     /* struct zs_keyring_entry * */
    GPtrArray *credentials; /* struct zs_credential * */
    GTree *secrets;         /* struct zs_secret * by its id */
    GPtrArray *sources;     /* struct zs_source *: what a user gave as a keytab */
    int64_t looked_us;      /* when they were last looked at; g_get_monotonic_time(), 0: never */
};

/* Keytabs that changed on disk since they were read, and keytabs new in a directory: what they have more is added. What
 * is there stays, for it may open what was captured before. True: there is something more. Looks once a second at
 * most. */
bool zs_keyring_refresh(struct zs_keyring *r);

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

/* What a key log says of one context. Names are NULL where it does not say them. */
struct zs_secret {
    uint8_t id[ZS_SECRET_ID];
    struct zs_key key;
    enum zs_subkey_from from; /* what the key is */
    char *client, *service;   /* principals */
    char *source;             /* the key log's name as it was given */
    bool given;               /* by the user; else it came with a capture */
    bool has_initiator_sequence, has_acceptor_sequence, has_flags;
    uint64_t initiator_sequence, acceptor_sequence; /* the first that each side is to use */
    uint32_t flags;                                 /* GSS flags */
};
GTree *zs_secrets_new(void);
void zs_secret_clear(struct zs_secret *s); /* wipes */
const struct zs_secret *zs_keyring_secret(const struct zs_keyring *r,
                                          const uint8_t id[ZS_SECRET_ID]);
/* The line; zs_secret_free() it. */
char *zs_secret_format(const struct zs_secret *s);

/* Why path cannot be read as a file, in a sentence that names it, or NULL; g_free() it. libkrb5 names neither. */
char *zs_file_trouble(const char *path);
/* "PATH: not a WHAT that can be read (libkrb5's words)"; g_free() it. */
char *zs_krb5_trouble(krb5_context krb, krb5_error_code err, const char *path, const char *what);

#endif
