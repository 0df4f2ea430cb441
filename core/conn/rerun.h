/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef ZS_CONN_RERUN_H
#define ZS_CONN_RERUN_H

/* A captured connection run again: our server hears what the captured client said, our client what the captured server
 * said. What they hear is judged as they would judge it live: may it come now, is it authentic, is it in order. And
 * each does what its role has to do, so that what ours would have said can be held against what was said, thing by
 * thing (crypto apart, for keys and tokens are the capture's).
 *
 * It stands beside the connection that observes the capture (conn.h) and learns from it who is who, and the keys. */
#include "core/conn/event.h"
#include "core/proto/peer.h"

enum zs_rerun_verdict {
    ZS_RERUN_SAME,       /* both sides said what ours say */
    ZS_RERUN_DIFFERS,    /* legal, and something ours would have said otherwise */
    ZS_RERUN_BROKEN,     /* a side did what it must not */
    ZS_RERUN_FAILED,     /* a side ended it, or was silent, before both were through; as it may */
    ZS_RERUN_INCOMPLETE, /* the capture lacks or ends before what would tell */
    ZS_RERUN_NOT_RUN,    /* another mechanism or version than ours, or no key */
};
const char *zs_rerun_verdict_name(enum zs_rerun_verdict v); /* "same", "differs", … */

/* Something that ours would have said otherwise. */
struct zs_rerun_difference {
    const char *field; /* "as-server", "inner flags", … */
    char ours[80], captured[80];
    const char *clause; /* that decides */
};

struct zs_rerun_result {
    enum zs_rerun_verdict verdict;
    bool has_role;
    enum zs_role role;    /* BROKEN, FAILED: who did it */
    enum zs_rc rc;        /* BROKEN: what; FAILED: it, or ZS_OK */
    const char *reason;   /* a sentence, or what the defect's sentence lacks; NULL: nothing */
    struct zs_stamp at;   /* of what decided; frame 0: the end */
    bool established;     /* both sides were through … */
    int64_t handshake_ns; /* … so long after the first octets */
    uint64_t statements[ZS_ROLE_COUNT], messages[ZS_ROLE_COUNT], octets[ZS_ROLE_COUNT];
    uint64_t differences; /* in all; what repeats counts each time */
};

/* Everything borrowed: until the call returns. */
struct zs_rerun_handler {
    /* What role said in the capture, as our other side heard it; a DEFECT: how it was refused. */
    void (*on_statement)(void *user, enum zs_role role, struct zs_stamp at,
                         const struct zs_peer_event *ev);
    /* About role's last statement, or an earlier one that only now can be compared. */
    void (*on_difference)(void *user, enum zs_role role, struct zs_stamp at,
                          const struct zs_rerun_difference *d);
};

struct zs_rerun;

struct zs_rerun *zs_rerun_new(const struct zs_rerun_handler *handler, void *user);
/* An event of the connection, before the octets that brought it about. */
void zs_rerun_event(struct zs_rerun *r, const struct zs_event *ev);
/* Octets of a side, in the order of the capture. */
void zs_rerun_data(struct zs_rerun *r, enum zs_dir dir, struct zs_span octets, struct zs_stamp at);
/* The roles, as far as known: who initiates the security context, or opened the connection. */
enum zs_role zs_rerun_role(const struct zs_rerun *r, enum zs_dir dir);
/* Ends it, at the CLOSE event. Lives as long as r; its reason as long as the connection. */
const struct zs_rerun_result *zs_rerun_end(struct zs_rerun *r);
void zs_rerun_free(struct zs_rerun *r); /* NULL is fine */

#endif
