/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef ZS_KRB_SECRETS_H
#define ZS_KRB_SECRETS_H

/* Session secrets: the key that one context's messages are sealed with, as a line of text, so that one session can
 * be opened without the service's key. docs/secrets.md is the format. */
#include "core/krb/context.h"

/* The type of a decryption secrets block of pcapng whose octets are such lines: "ZGSK". */
#define ZS_SECRETS_BLOCK UINT32_C(0x5a47534b)

#define ZS_SECRET_ID 32 /* octets */

/* The id of the context whose AP-REQ has this authenticator (ciphertext): its SHA-256. An authenticator is made anew
 * for every context and passes by in the clear, sealed. */
void zs_secret_id(struct zs_span authenticator, uint8_t id[ZS_SECRET_ID]);

/* The line of a context, without a newline; NULL where no key of its messages is known. zs_secret_free() it. */
char *zs_context_secret(const struct zs_context *c);
void zs_secret_free(char *line); /* wipes; NULL is fine */

/* Adds the lines of a key log: n octets at text, which source is the name of. False: *why is one sentence that names
 * the first line that could not be used and the reason, and never what stands in it; the others are in all the
 * same. A context that has a secret already keeps it. given: by the user; else the lines came with a capture. */
bool zs_keyring_add_secrets(struct zs_keyring *r, const char *text, size_t n, const char *source,
                            bool given, char **why);
/* The same of the file at path, which may be a pipe. False, too, where it cannot be read. */
bool zs_keyring_add_keylog(struct zs_keyring *r, const char *path, char **why);
size_t zs_keyring_secret_count(const struct zs_keyring *r);

#endif
