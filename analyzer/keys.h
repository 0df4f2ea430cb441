/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef ZS_ANALYZER_KEYS_H
#define ZS_ANALYZER_KEYS_H

/* The options with which every subcommand is given keys. */
#include "core/krb/keyring.h"

#include <glib.h>
#include <stdbool.h>

/* Zeroed before use. Strings are its own. */
struct zs_key_options {
    char **keytabs, **keys, **ccaches, **keylogs;
    char *password_of, *password_file;
};

/* Adds the options to c; what they say is in k after the parsing. */
void zs_key_options_add(struct zs_key_options *k, GOptionContext *c);
bool zs_key_options_given(const struct zs_key_options *k); /* any of them? */
/* The keyring that they ask for; zs_keyring_free() it. A source that cannot be used stops the run, for the user asked
 * for it by name: NULL, and standard error says which and why. So it does of single lines of a key log, but goes on.
 * A password is asked for here, on the terminal. */
struct zs_keyring *zs_key_options_load(const struct zs_key_options *k);
/* The files that keys were read from, r's keytabs one by one, for nothing is to be written over them; g_strfreev() it. */
char **zs_key_options_files(const struct zs_key_options *k, const struct zs_keyring *r);
void zs_key_options_clear(struct zs_key_options *k); /* wipes */

#endif
