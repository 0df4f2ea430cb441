/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef ZS_LIVE_LIVE_H
#define ZS_LIVE_LIVE_H

/* A live security context over GSS-API with Kerberos, by itself or inside SPNEGO, as a peer of core/proto uses one. Once it stands its keys
 * go to core/krb where their enctype is one of RFC 4121's, and libgcrypt seals and opens; else GSS-API does.
 *
 * Blocking: an initiator's first step may ask a KDC. */
#include "core/proto/gss.h"

/* Credentials; any number of contexts of one thread share them. Strings may be NULL: the default, as klist has it. */
struct zs_live_credential;

/* Of a client: from the credential cache ("FILE:…", "DIR:…", a path), or with a keytab got from the KDC anew. principal
 * chooses among several. NULL: *why is one sentence; g_free() it. */
struct zs_live_credential *zs_live_client_credential(const char *ccache, const char *keytab,
                                                     const char *principal, char **why);
/* Of a server: from keytabs, and directories of them, alone; the list ends in NULL, and NULL is the default keytab. principal, SERVICE@HOST or a principal's name with a /: tickets for it alone are
 * taken; NULL: for any entry of them. */
struct zs_live_credential *zs_live_server_credential(char *const *keytabs, const char *principal,
                                                     char **why);
void zs_live_credential_free(struct zs_live_credential *c); /* NULL is fine */

struct zs_live;

/* Zeroed: what libzmq does. Borrowed strings outlive the context. */
struct zs_live_wishes {
    bool spnego; /* of a client: Kerberos inside SPNEGO (RFC 4178); a server takes both */
    bool
        delegate; /* of a client: forward the ticket-granting ticket, which must be forwardable; else it is left */
    const char *
        bindings; /* RFC 2743, 1.1.6: application data of channel bindings. NULL: none are said or looked at */
};

/* A client's context with a service: SERVICE@HOST, which is host-based, or, if it has a /, a principal. NULL: *why. The
 * credential outlives it. w may be NULL. */
struct zs_live *zs_live_initiate(const struct zs_live_credential *c, const char *service,
                                 const struct zs_live_wishes *w, char **why);
struct zs_live *zs_live_accept(const struct zs_live_credential *c, const struct zs_live_wishes *w);
const struct zs_gss *zs_live_gss(struct zs_live *l);
void zs_live_free(struct zs_live *l); /* wipes; NULL is fine */

#endif
