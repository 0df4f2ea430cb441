/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef ZS_PLUGIN_KEYS_H
#define ZS_PLUGIN_KEYS_H

/* Where keys come from: the keytab preference, for contexts of our own, and, where those do not open a token,
 * Wireshark's Kerberos engine with whatever keytab it was given (tshark -K, kerberos.file). */
#include "plugin/compat.h"

#include "core/krb/keyring.h"

/* Where the user says that keys are; "" or NULL: nowhere. */
struct zs_keys_from {
    const char *keytab; /* keytabs and directories of them, one or several as in PATH */
    const char *keylog; /* session secrets: docs/secrets.md */
};

/* Reads them into a new keyring, and Wireshark's own kerberos.file too. Called when a capture is opened, so that what
 * changed on disk counts. What cannot be read is reported to the user. */
void zs_keys_load(const struct zs_keys_from *from);
/* Registers for the pcapng secrets blocks of zmtpscope, which are session secrets too (4.4 on). Call once, at hand-off. */
void zs_keys_register_block(void);
/* The keyring; NULL where there is none. Lives until the next zs_keys_load(). */
const struct zs_keyring *zs_keys(void);
void zs_keys_free(void);

/* Hand-off: finds Wireshark's gssapi dissector. */
void zs_engine_find(int proto);
/* Shows token through Wireshark's own dissector, below tree. decrypt: let its Kerberos engine try its keys too,
 * whatever the user's preference says. The plaintext if it opened the token, else NULL; it verifies what it
 * opens. Nothing is shown, and *skipped set, where the packet has too many layers already. */
tvbuff_t *zs_engine_call(tvbuff_t *token, packet_info *pinfo, proto_tree *tree, bool decrypt,
                         bool *skipped);

#endif
