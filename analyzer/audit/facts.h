/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef ZS_AUDIT_FACTS_H
#define ZS_AUDIT_FACTS_H

/* What an audit keeps of one connection: where each thing was seen first and how often, in a fixed room. */
#include "core/conn/event.h"

#include <glib.h>

/* A thing that was seen. */
struct zs_mark {
    uint32_t count; /* 0: never */
    bool directed;  /* dir applies */
    uint8_t dir;    /* enum zs_dir */
    struct zs_stamp first;
};

enum zs_sight {
    ZS_SIGHT_GREETING,
    ZS_SIGHT_PLAIN_HELLO,
    ZS_SIGHT_TOKEN, /* of a context, whatever is in it */
    ZS_SIGHT_AP_REQ,
    ZS_SIGHT_AP_REP,
    ZS_SIGHT_KRB_ERROR,
    ZS_SIGHT_SPNEGO,     /* with a token or an offer; a hint is none */
    ZS_SIGHT_NTLM,       /* a token of it, … */
    ZS_SIGHT_NTLM_OFFER, /* … or its name in SPNEGO's offer */
    ZS_SIGHT_OTHER_MECH, /* IAKERB, user-to-user, one without a name */
    ZS_SIGHT_CONTEXT,
    ZS_SIGHT_WRAP,            /* a token of RFC 4121's form, … */
    ZS_SIGHT_ACCEPTOR_SUBKEY, /* … with that flag */
    ZS_SIGHT_WRAP_OLD,        /* one of RFC 1964's or RFC 4757's */
    ZS_SIGHT_VERIFIED,
    ZS_SIGHT_CLOSED,    /* a token that stayed closed */
    ZS_SIGHT_UNSEALED,  /* signed alone */
    ZS_SIGHT_MESSAGE,   /* of the application, by whatever mechanism, … */
    ZS_SIGHT_BARE,      /* … unprotected, behind a context */
    ZS_SIGHT_AFTER_END, /* … when the ticket had ended */
    ZS_SIGHT_ERROR,     /* an ERROR command */
    ZS_SIGHT_LARGE,     /* in the handshake, more than 64 KiB in one frame */
    ZS_SIGHT_LOSS,
    ZS_SIGHT_CLOSE,
    ZS_SIGHT_COUNT
};

#define ZS_FACTS_NAME 160 /* octets of a name that are kept, with its NUL */

struct zs_facts {
    uint64_t connection;
    char *client, *server; /* ADDR:PORT */
    bool midstream;
    int64_t
        stands_from; /* when both sides were ready; where that was not seen, when it was seen first; ns */
    struct zs_mark sight[ZS_SIGHT_COUNT], defect[ZS_RC_COUNT];
    char user[ZS_FACTS_NAME];       /* PLAIN's; octets as on the wire, but for NUL */
    int32_t krb_error;              /* its code, … */
    int64_t krb_error_ahead_s;      /* … and its sender's clock minus the packet's time */
    bool misnamed;                  /* its last command was libzmq's ERROR that says RROR */
    int64_t ticket_end;             /* Unix time; 0: unknown */
    char replayed[48];              /* of an AP-REQ that came again: where it was first */
    char *answer;                   /* digest of its AP-REP; NULL: none */
    bool copied;                    /* another connection has the same one */
    GBytes *identity[ZS_DIR_COUNT]; /* in READY's metadata; NULL: none, or empty */

    /* From the end on, borrowed. */
    enum zs_outcome outcome;
    const char *reason; /* why it did not come to stand, or NULL */
    const struct zs_session *session;
    const struct zs_context_facts *context; /* NULL: there was none */
    enum zs_mechanism mechanism;            /* that the server spoke, or was spoken to in */
    bool old;                               /* ZMTP 1.0 or 2.0, which have none */
};

/* client and server are copied. */
struct zs_facts *zs_facts_new(uint64_t connection, const char *client, const char *server);
void zs_facts_free(struct zs_facts *f); /* NULL is fine */
/* Takes note of an event. CLOSE is the last one: session and context are borrowed from it. */
void zs_facts_event(struct zs_facts *f, const struct zs_event *ev);

/* Did the acceptor answer the AP-REQ, and not to refuse it? */
bool zs_facts_ticket_was_taken(const struct zs_facts *f);

/* The beginning of a text that a peer chose, as a C string in an array of size octets, 4 at least: it ends before a
 * character that does not fit whole, with "..." where something is left out. NUL becomes a space. */
void zs_facts_clip(char *out, size_t size, struct zs_span text);

#endif
