/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef ZS_TEST_MIT_H
#define ZS_TEST_MIT_H

/* MIT's own initiator and acceptor, who talk to each other in this process; a forged ticket lies in the initiator's
 * cache, so that no KDC is asked. */
#include "tests/core/krb/forge.h"

#include <gssapi/gssapi_ext.h>
#include <gssapi/gssapi_krb5.h>

#define MIT_SERVICE "zmq/server.example.org@EXAMPLE.ORG" /* as forge_init() has it */

/* Makes the process's environment a host that permits all enctypes and asks nobody; first thing of a run. */
void mit_settle(void);
void mit_unsettle(void);
/* Which enctypes that host permits, by krb5's names for them; NULL: all. */
void mit_permit(const char *enctypes);

/* Ends the program with what's text where major is an error. */
void mit_check(OM_uint32 major, OM_uint32 minor, const char *what);

/* A ticket that is good now, sealed under a key of enctype service, for a session key of enctype session. */
void mit_forge(struct forge *f, int32_t service, int32_t session);

/* Puts f's ticket into the initiator's cache and its key into the keytab; the key alone. */
void mit_prepare(const struct forge *f);
void mit_write_keytab(const struct forge *f);

/* Both ends of one security context, and what stood on the wire between them. */
struct mit_talk {
    gss_ctx_id_t initiator, acceptor;
    GByteArray *to_acceptor, *to_initiator;
    int64_t time_ns;
};

/* With f's ticket: one AP-REQ and, if flags ask for it, one AP-REP. mit_end() it. */
struct mit_talk mit_establish(const struct forge *f, OM_uint32 flags);
void mit_end(struct mit_talk *t);

/* The key that t's messages are sealed with. */
struct zs_key mit_subkey(const struct mit_talk *t);

/* A token in which from wraps text. */
GByteArray *mit_wrap(gss_ctx_id_t from, int sealed, struct zs_span text);

/* What an observer makes of t who has f's service key. */
struct zs_context *mit_observe(const struct forge *f, const struct mit_talk *t);

#endif
