/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef ZS_PROTO_MACHINE_H
#define ZS_PROTO_MACHINE_H

/* A peer from within, inside core/proto only: the tables of what may come when, and the verbs that say something. */
#include "core/proto/peer.h"

/* How a command travelled. */
enum {
    ZS_WAY_OPEN = 1, /* in the clear, on a connection that wraps nothing: NULL, PLAINTEXT mode */
    ZS_WAY_OUTSIDE =
        2, /* in the clear, on one that wraps: context tokens, and what holds wrap tokens */
    ZS_WAY_INSIDE = 4, /* inside a wrap token that opened */
    ZS_WAY_CLEAR = ZS_WAY_OPEN | ZS_WAY_OUTSIDE,
    ZS_WAY_CONTENT = ZS_WAY_OPEN | ZS_WAY_INSIDE,
};

/* What a table has for a message of the application, which is no command. */
#define ZS_CMD_DATA      ZS_CMD_COUNT
#define ZS_RULE_ANY_FORM (-1)

/* ev is filled in as far as the frame tells; the handler says what kind of event it is. An answer but ZS_OK ends the
 * connection; ev->detail may say more. */
typedef enum zs_rc (*zs_handler)(struct zs_peer *p, struct zs_peer_event *ev);

struct zs_rule {
    enum zs_peer_state state;
    int command; /* enum zs_command_id, or ZS_CMD_DATA */
    int form;    /* enum zs_form, or ZS_RULE_ANY_FORM */
    unsigned ways;
    zs_handler handler;
};

struct zs_rules {
    const struct zs_rule *rule;
    size_t n;
};
extern const struct zs_rules zs_client_rules; /* up to the context */
extern const struct zs_rules zs_server_rules; /* likewise */
extern const struct zs_rules
    zs_traffic_rules; /* READY, and what is behind it: of both roles and all mechanisms */

/* Does what the rule says for what came; ZS_E_COMMAND_UNEXPECTED where there is none. */
enum zs_rc zs_rule_follow(struct zs_peer *p, struct zs_peer_event *ev, int command, unsigned way);

/* Both greetings are there: a client of GSSAPI begins. */
enum zs_rc zs_client_begin(struct zs_peer *p, const char **detail);

/* ev is a token: its body is what the command carries. */
enum zs_rc zs_peer_token_of(struct zs_peer_event *ev);
/* Gives the body of ev to the context. ZS_OK: *out is ours, and ev->complete says whether the context stands, which
 * has been found good enough. */
enum zs_rc zs_peer_take_token(struct zs_peer *p, struct zs_peer_event *ev, struct zs_span *out);

/* Does the connection wrap what stands behind the context? */
bool zs_peer_wraps(const struct zs_peer *p);

/* Put something to the output, which has it whole or not at all: ZS_E_OUTPUT_FULL, ZS_E_CONTEXT_REFUSED. */
enum zs_rc zs_say_greeting(struct zs_peer *p);
enum zs_rc zs_say_token(struct zs_peer *p, enum zs_command_id id, struct zs_span token);
enum zs_rc zs_say_empty(struct zs_peer *p);
enum zs_rc zs_say_ready(struct zs_peer *p);
enum zs_rc zs_say_data(struct zs_peer *p, struct zs_span data, bool more);
enum zs_rc zs_say_ping(struct zs_peer *p, const struct zs_ping *ping);
enum zs_rc zs_say_pong(struct zs_peer *p, struct zs_span context);
enum zs_rc zs_say_error(struct zs_peer *p, struct zs_span reason);
enum zs_rc zs_say_subscription(struct zs_peer *p, bool cancel, struct zs_span topic);

/* Moves what waits to be sent to the front of the output. */
void zs_output_compact(struct zs_peer *p);

/* An empty buffer on the heap that grows up to cap. */
struct zs_buf zs_heap_buf(size_t cap);
void zs_heap_free(struct zs_buf *b);
/* Empties it, and gives its memory back where that is much. */
void zs_heap_reset(struct zs_buf *b);

#endif
