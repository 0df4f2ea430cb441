/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef ZS_KRB_KEYRING_H
#define ZS_KRB_KEYRING_H

/* Long-term keys of services, read from keytabs once and kept. */
#include "core/krb/key.h"

/* One key of one principal, from a keytab. */
struct zs_keyring_entry {
    char *principal; /* as krb5_unparse_name() writes it, with realm and escapes */
    char *source;    /* the keytab's name as it was given */
    uint32_t kvno;
    struct zs_key key;
};

struct zs_keyring;

struct zs_keyring *zs_keyring_new(void);
/* Adds every entry of the keytab file at path. False: nothing was added, and *why is one sentence that names
 * the file and the reason ("service.keytab: holds no key", "…: not a keytab"); g_free() it. */
bool zs_keyring_add_keytab(struct zs_keyring *r, const char *path, char **why);
/* Entries in the order of the files; valid until the keyring changes. */
size_t zs_keyring_size(const struct zs_keyring *r);
const struct zs_keyring_entry *zs_keyring_at(const struct zs_keyring *r, size_t i);
/* Wipes and frees; NULL is fine. */
void zs_keyring_free(struct zs_keyring *r);

#endif
