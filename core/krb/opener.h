/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef ZS_KRB_OPENER_H
#define ZS_KRB_OPENER_H

/* Opening the encrypted parts of the handshake, inside core/krb only. Opening a ticket is one narrow call:
 * AP-REQ in; ticket facts and session key out. */
#include "core/krb/context.h"
#include "core/krb/messages.h"

#include <krb5/krb5.h>

/* RFC 4120, 7.5.1 */
enum {
    ZS_USAGE_TICKET = 2,
    ZS_USAGE_AUTHENTICATOR = 11,
    ZS_USAGE_AP_REP = 12,
    ZS_USAGE_KRB_CRED = 14
};

/* The libkrb5 context of a keyring; NULL if it could not be made. */
krb5_context zs_keyring_krb5(const struct zs_keyring *r);

/* A decrypted part; wiped and freed by zs_plaintext_clear(). */
struct zs_plaintext {
    uint8_t *p;
    size_t n;
};
bool zs_decrypt(krb5_context krb, const struct zs_key *key, krb5_keyusage usage,
                const struct zs_encrypted *e, struct zs_plaintext *out);
void zs_plaintext_clear(struct zs_plaintext *t);

/* What a ticket says to its service (RFC 4120, 5.3). Strings are g_malloc'd. */
struct zs_ticket {
    struct zs_key session_key;
    char *client_principal;
    uint32_t flags;
    struct zs_ticket_times times;
    char *transited, *authorization; /* as struct zs_context_facts has them */
    char *entry;                     /* which entry of which source opened it */
    enum zs_origin origin;           /* what sort of source that is */
    bool other_entry;                /* not the one which the ticket names */
};

/* ZS_WHY_OPENED: *t is filled, zs_ticket_clear() it. Otherwise *reason is a sentence, g_free() it. On success
 * *reason is NULL, or a sentence where another entry opened the ticket than the one it names. */
enum zs_why zs_ticket_open(const struct zs_keyring *keys, const struct zs_ap_req *req,
                           struct zs_ticket *t, char **reason);
void zs_ticket_clear(struct zs_ticket *t);

#endif
