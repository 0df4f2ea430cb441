/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef ZS_AUDIT_LISTENER_H
#define ZS_AUDIT_LISTENER_H

/* What an audit keeps of an address and port over all connections that were made to it, in a bounded room: what no
 * connection shows by itself. */
#include "analyzer/audit/facts.h"

#define ZS_LISTENER_SERVICES   8     /* keys of services that are told apart */
#define ZS_LISTENER_IDENTITIES 65536 /* of clients that all of them together remember */
#define ZS_HOSTS_MANY          5     /* that have one service's name */
#define ZS_STORM_NS            INT64_C(60000000000)
#define ZS_STORM_LEAST         10 /* failures within that time, and nobody came through */
#define ZS_STORMS              4  /* of a listener that are remembered */

/* A connection that shows something; mark.count: how many do. */
struct zs_example {
    uint64_t connection;
    char client[64];
    struct zs_mark mark;
};

/* A key of a service that tickets were for. */
struct zs_listener_service {
    char name[ZS_FACTS_NAME];
    bool has_kvno;
    uint32_t kvno;
    struct zs_example example;
};

/* A piece of time in which handshakes failed. */
struct zs_storm {
    int64_t from;
    bool calm;                 /* a connection stood in it: it is none */
    struct zs_example example; /* its count: how many failed, so far */
};

struct zs_listener {
    char *endpoint;
    /* Connections that came to stand, by mechanism; NONE: ZMTP 1.0 and 2.0. */
    struct zs_example established[ZS_MECHANISM_OTHER + 1];
    struct zs_listener_service service[ZS_LISTENER_SERVICES];
    unsigned services;                /* of them; more are not looked at */
    unsigned hosts;                   /* at which the first of them is, known at the end of all */
    int64_t stood_until;              /* the end of the last connection that stood; ns */
    struct zs_storm now;              /* the last one that began, and … */
    struct zs_storm storm[ZS_STORMS]; /* … the worst before it; count 0: none */
    GHashTable *identities;           /* GBytes -> the principal that used it first */
    struct zs_example shared;         /* somebody else used one, … */
    char shared_by[2][ZS_FACTS_NAME]; /* … first and then */
};

struct zs_listener *zs_listener_new(const char *endpoint);
void zs_listener_free(struct zs_listener *l); /* NULL is fine */
/* Takes note of a connection to it, at its end. identities: how many there are, of all listeners. */
void zs_listener_add(struct zs_listener *l, const struct zs_facts *f, unsigned *identities);
/* The worst time, in which as many handshakes failed as make a storm and no connection stood; NULL: none. */
const struct zs_example *zs_listener_storm(const struct zs_listener *l);

#endif
