/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef ZS_KRB_KEYRING_H
#define ZS_KRB_KEYRING_H

/* Keys to open contexts with, from every source that a user may have: a service's long-term keys, what its client's
 * credential cache holds, and session secrets (secrets.h). Read once and kept; a keytab that changed on disk is read
 * again where a ticket stays closed.
 *
 * Each zs_keyring_add_ answers false where nothing was added; *why is then one sentence that names the source
 * and the reason ("service.keytab: a keytab without any key"), never a key; g_free() it. */
#include "core/krb/key.h"

/* What sort of source a key is from. */
enum zs_origin {
    ZS_ORIGIN_NONE,
    ZS_ORIGIN_KEYTAB,
    ZS_ORIGIN_KEY,      /* given by itself */
    ZS_ORIGIN_PASSWORD, /* made from a password */
    ZS_ORIGIN_CCACHE,   /* the client's credential cache */
    ZS_ORIGIN_SECRET,   /* a key log: the session's own key */
};
const char *zs_origin_name(enum zs_origin o); /* "keytab", "key", …: stable, for machines */

/* One long-term key of a service. */
struct zs_keyring_entry {
    enum zs_origin origin;
    char *source;    /* the keytab's name as it was given; "--key", "--password" */
    char *principal; /* as krb5_unparse_name() writes it, with realm and escapes; NULL: any */
    bool has_kvno;   /* else it fits any */
    uint32_t kvno;
    struct zs_key key;
};

struct zs_keyring;

struct zs_keyring *zs_keyring_new(void);
/* Adds every entry of the keytab file at path. If path is a directory, those of every regular file in it that is a
 * keytab, in order of their names; the other files are passed over. */
bool zs_keyring_add_keytab(struct zs_keyring *r, const char *path, char **why);
/* Adds a key that is written as zs_key_parse() wants it, of no particular service and kvno. */
bool zs_keyring_add_key(struct zs_keyring *r, const char *text, char **why);
/* Adds the keys that a principal (with its realm) has by its password, one of every enctype that can be opened,
 * under the salt that krb5 gives it. They fit any kvno. */
bool zs_keyring_add_password(struct zs_keyring *r, const char *principal, const char *password,
                             char **why);
/* Adds the service tickets of the credential cache file at path, with their session keys. */
bool zs_keyring_add_ccache(struct zs_keyring *r, const char *path, char **why);
/* Long-term keys in the order in which they were added; valid until the keyring is freed. A context that is made may
 * add some. */
size_t zs_keyring_size(const struct zs_keyring *r);
const struct zs_keyring_entry *zs_keyring_at(const struct zs_keyring *r, size_t i);
/* Wipes and frees; NULL is fine. */
void zs_keyring_free(struct zs_keyring *r);

#endif
