/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef ZS_LIVE_LIVE_H
#define ZS_LIVE_LIVE_H

/* A live security context over GSS-API's Kerberos mechanism, as a peer of core/proto uses one. Once it stands its keys
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
/* Of a server: from the keytab alone. principal, SERVICE@HOST or a principal's name with a /: tickets for it alone are
 * taken; NULL: for any entry of the keytab. */
struct zs_live_credential *zs_live_server_credential(const char *keytab, const char *principal,
                                                     char **why);
void zs_live_credential_free(struct zs_live_credential *c); /* NULL is fine */

struct zs_live;

/* A client's context with a service: SERVICE@HOST, which is host-based, or, if it has a /, a principal. NULL: *why. The
 * credential outlives it. */
struct zs_live *zs_live_initiate(const struct zs_live_credential *c, const char *service,
                                 char **why);
struct zs_live *zs_live_accept(const struct zs_live_credential *c);
const struct zs_gss *zs_live_gss(struct zs_live *l);
void zs_live_free(struct zs_live *l); /* wipes; NULL is fine */

#endif
