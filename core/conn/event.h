/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef ZS_CONN_EVENT_H
#define ZS_CONN_EVENT_H

/* What happened on a connection: the events of the stream that docs/events.md describes. Everything that an
 * event points to is borrowed and dies when the callback returns. */
#include "core/conn/exchange.h"
#include "core/krb/messages.h"

enum zs_event_kind {
    ZS_EVENT_CONNECTION,
    ZS_EVENT_GREETING,
    ZS_EVENT_TOKEN,
    ZS_EVENT_CONTEXT,
    ZS_EVENT_COMMAND,
    ZS_EVENT_MESSAGE,
    ZS_EVENT_GAP,
    ZS_EVENT_DEFECT,
    ZS_EVENT_LIMIT,
    ZS_EVENT_CLOSE,
};

enum zs_outcome {
    ZS_OUTCOME_ESTABLISHED,
    ZS_OUTCOME_FAILED,
    ZS_OUTCOME_INCOMPLETE,
    ZS_OUTCOME_MIDSTREAM
};
const char *zs_outcome_name(enum zs_outcome o); /* "established", … */

struct zs_event_token {
    const struct zs_reading *reading;
    const struct zs_token *token;
    const struct zs_ap_req *ap_req;       /* of an AP-REQ that could be read, else NULL */
    const struct zs_krb_error *krb_error; /* likewise */
    enum zs_mic_state mic;
};

/* Octets of a side that were not read. What the capture lacks is said where it is found out; what was captured but
 * could not be told apart because of it, where reading goes on, or at the end. */
struct zs_event_gap {
    uint64_t bytes;  /* that the capture does not hold */
    uint64_t unread; /* that it holds, before this point */
};

struct zs_event_context {
    const struct zs_context_facts *facts; /* of context */
    const struct zs_context *context;
    enum zs_dir initiator; /* who sent the AP-REQ */
};

struct zs_event_defect {
    enum zs_rc rc;
    const char *detail; /* numbers for the sentence, or NULL */
};

/* A cap of whoever observes was reached, and that costs this connection something. */
enum zs_limit {
    ZS_LIMIT_CONNECTIONS, /* too many are open: this one makes room, and what comes of it later is another one */
    ZS_LIMIT_PENDING, /* too many octets wait out of order: a hole is given up before its time */
    ZS_LIMIT_FRAMES,  /* unfinished frames have too many octets together: this one is passed over */
};
const char *zs_limit_name(enum zs_limit l); /* "connections", … */

struct zs_event_limit {
    enum zs_limit which;
    uint64_t most;
};

struct zs_event_close {
    enum zs_outcome outcome;
    bool has_handshake; /* all of it was there: */
    int64_t
        handshake_ns;   /* from the first greeting's first octets to where both sides were ready */
    const char *reason; /* NULL where established; and there: */
    const char *sealed; /* why messages stayed sealed, where no context says it; or NULL */
    const struct zs_session *session;
};

struct zs_event {
    enum zs_event_kind kind;
    struct zs_stamp at;
    bool directed; /* dir applies */
    enum zs_dir dir;
    const struct zs_exchange_fact *fact; /* of COMMAND and MESSAGE */
    union {
        bool midstream;
        const struct zs_greeting *greeting;
        struct zs_event_token token;
        struct zs_event_context context;
        const struct zs_reading *command, *message;
        struct zs_event_gap gap;
        struct zs_event_defect defect;
        struct zs_event_limit limit;
        struct zs_event_close close;
    };
};

#endif
