/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef ZS_PROTO_PEER_H
#define ZS_PROTO_PEER_H

/* One end of a connection of ZMTP 3 (23/ZMTP, 37/ZMTP) with NULL or GSSAPI (38/ZMTP-GSSAPI, docs/protocol.md): a
 * client, which initiates the security context, or a server, which accepts it. Octets and time in, events and octets
 * out; it never reads, writes, waits or looks at a clock. Which side opened the TCP connection does not matter.
 *
 *     zs_peer_init(&p, &options, &gss, now);
 *     for (;;) {
 *         send zs_peer_output(&p), say zs_peer_sent(&p, n); read into in, or wait until zs_peer_deadline(&p)
 *         while (zs_peer_step(&p, &in, now, &ev))
 *             ...
 *     }
 *
 * Times are nanoseconds of a clock that never goes back. */
#include "core/proto/allow.h"
#include "core/proto/gss.h"
#include "core/proto/socket.h"
#include "core/wire/command.h"
#include "core/wire/frame.h"
#include "core/wire/greeting.h"

enum zs_role { ZS_ROLE_CLIENT, ZS_ROLE_SERVER };
#define ZS_ROLE_COUNT 2
const char *zs_role_name(enum zs_role r); /* "client", "server" */

/* What is awaited of the other side. */
enum zs_peer_state {
    ZS_PEER_WANT_GREETING,
    ZS_PEER_WANT_HELLO, /* server: the first context token, which shows the client's form */
    ZS_PEER_WANT_TOKEN, /* GSSAPI: a context token that goes on */
    ZS_PEER_WANT_EMPTY, /* libzmq's form: the empty command by which the other side says that its context stands */
    ZS_PEER_WANT_READY,
    ZS_PEER_OPEN, /* messages and commands go both ways */
    ZS_PEER_CLOSED, /* nothing is taken or said any more; what zs_peer_output() holds may still be sent */
    ZS_PEER_STATE_COUNT
};
const char *zs_peer_state_name(enum zs_peer_state s); /* "token": what is awaited; "open" */

/* 38/ZMTP-GSSAPI: exactly one peer sets as-server. libzmq never does. */
enum zs_as_server {
    ZS_AS_SERVER_SPEC,    /* the server sets it, and the other side's bit is checked */
    ZS_AS_SERVER_LENIENT, /* the server sets it; nothing is checked */
    ZS_AS_SERVER_LIBZMQ,  /* never set, never checked */
};

/* The flags octet inside wrap tokens as libzmq's versions use it (docs/protocol.md, 6). All are understood; this is
 * what is said, which shows in subscriptions, and in A, which has no commands inside. */
enum zs_dialect { ZS_DIALECT_A, ZS_DIALECT_B, ZS_DIALECT_C, ZS_DIALECT_D };

struct zs_peer_event;

/* zs_peer_options() gives the defaults. Everything borrowed outlives the peer. */
struct zs_peer_options {
    enum zs_role role;
    enum zs_socket_type socket_type;
    struct zs_span identity; /* up to 255 octets */
    struct zs_span
        metadata;  /* READY's properties as they stand on the wire; empty: made from the above */
    uint8_t minor; /* of the version said: 0 or 1 */
    bool null;     /* the NULL mechanism; else GSSAPI */
    enum zs_form form;   /* of a client; a server follows its client */
    bool plaintext;      /* libzmq: ZMQ_GSSAPI_PLAINTEXT: behind the context nothing is wrapped */
    bool integrity_only; /* wrap tokens are not sealed, and those that are not are taken */
    enum zs_as_server as_server;
    enum zs_dialect dialect;
    const struct zs_allow *allow; /* whom a server lets in; NULL: everybody who has a ticket */
    size_t frame_limit;           /* octets of a frame's body, once it is known who sends it */
    size_t handshake_limit;       /* and before */
    size_t output_limit;          /* octets that wait to be sent */
    int64_t handshake_ns;         /* from zs_peer_init() to ZS_PEER_OPEN; 0: no limit */
    int64_t heartbeat_ns;         /* a PING is sent where so long nothing came; 0: none */
    int64_t heartbeat_timeout_ns; /* how long an answer to it may take; 0: as heartbeat_ns */
    uint16_t heartbeat_ttl;       /* said in PING; tenths of a second */
    /* Is told what is said, at the moment it is put to the output, as an event of the same shape. */
    void (*on_said)(void *user, const struct zs_peer_event *said);
    void *user;
};
struct zs_peer_options zs_peer_options(enum zs_role role, enum zs_socket_type type);

enum zs_peer_event_kind {
    ZS_PEER_GREETING,    /* the greeting is whole */
    ZS_PEER_TOKEN,       /* a context token was taken; complete: the context stands */
    ZS_PEER_COMMAND,     /* EMPTY, PING, PONG, SUBSCRIBE, CANCEL, JOIN, LEAVE */
    ZS_PEER_ESTABLISHED, /* READY came; body is its metadata. Said: ours. */
    ZS_PEER_MESSAGE,     /* one frame of a message */
    ZS_PEER_ERROR,       /* the other side refuses; body is its reason. It is over. */
    ZS_PEER_DEFECT,      /* rc: this side refuses. It is over. */
    ZS_PEER_END,         /* the connection ended between two frames */
};

/* Everything borrowed: until the next zs_peer_step(), _tick() or _end(); of what was said, until the call returns. */
struct zs_peer_event {
    enum zs_peer_event_kind kind;
    enum zs_peer_state state;   /* what was awaited when it came */
    enum zs_command_id command; /* as what it is meant: READY, PING, … MESSAGE of a message */
    enum zs_form form;          /* of the frame's command */
    bool command_frame;         /* the frame's own bit */
    bool wrapped;               /* it stood inside a wrap token … */
    bool confidential;          /* … that was sealed … */
    uint8_t inner_flags;        /* … behind this octet */
    bool more;                  /* MESSAGE: another frame of it follows */
    bool complete;              /* TOKEN */
    uint16_t ttl;               /* PING; tenths of a second */
    struct zs_span body; /* token, metadata, data, topic, group, reason, context of PING or PONG */
    const struct zs_greeting *greeting;
    enum zs_rc rc; /* DEFECT; and of what was let pass, what is wrong with it; ZS_OK: nothing */
    const char *detail; /* DEFECT: more about it, or NULL */
};

/* Fields: read freely, never write. */
struct zs_peer {
    struct zs_peer_options options;
    const struct zs_gss *gss;
    enum zs_peer_state state;
    enum zs_form form;              /* in use … */
    bool form_known;                /* … and meant: of a server from the first command on */
    struct zs_greeting greeting;    /* the other side's, as far as it came */
    enum zs_socket_type other_type; /* the other side's, from ZS_PEER_OPEN on */
    bool greeted;                   /* that came to its end */
    bool accepted;                  /* the context stands, and who that is may come in */
    bool seen_part;                 /* OPEN: the frame before had MORE */
    enum zs_rc failed;              /* ZS_PEER_CLOSED: why; ZS_OK: an ERROR, or the end */
    uint64_t received, sent;        /* frames of messages */
    int64_t started, heard, pinged; /* times; pinged 0: no answer is awaited */
    int64_t ttl_ns;                 /* of the other side's last PING; 0: none */
    struct zs_buf input;            /* of a frame that is not whole */
    bool spent;                     /* it was whole, and an event borrowed from it */
    struct zs_buf plain;            /* what was unwrapped last */
    struct zs_buf content;          /* what is put together to be wrapped */
    struct zs_buf output;
    size_t taken; /* octets of output that were sent */
};

/* Starts, which puts a greeting to the output. gss and what options borrow outlive p; of NULL, gss may be NULL. */
void zs_peer_init(struct zs_peer *p, const struct zs_peer_options *options,
                  const struct zs_gss *gss, int64_t now);
void zs_peer_clear(struct zs_peer *p);

/* Takes octets off the front of *in up to the next event. False: all were taken and nothing happened; *ev is not
 * touched. After ZS_PEER_CLOSED they are taken and passed over. */
bool zs_peer_step(struct zs_peer *p, struct zs_span *in, int64_t now, struct zs_peer_event *ev);
/* No more octets will come. False: it was over before. */
bool zs_peer_end(struct zs_peer *p, int64_t now, struct zs_peer_event *ev);

/* When zs_peer_tick() wants to be called if nothing happens before; INT64_MAX: never. */
int64_t zs_peer_deadline(const struct zs_peer *p);
/* Time has passed: a heartbeat may be due, or too late. True: *ev is a defect. */
bool zs_peer_tick(struct zs_peer *p, int64_t now, struct zs_peer_event *ev);

/* Octets of memory that it has: of a frame that is not whole, of what waits to be sent, and what is kept for the next. */
size_t zs_peer_held(const struct zs_peer *p);
/* Gives back what is only kept; what an event borrowed dies. */
void zs_peer_trim(struct zs_peer *p);

/* What is to be sent, valid until the next call, and that its first n octets were. */
struct zs_span zs_peer_output(const struct zs_peer *p);
void zs_peer_sent(struct zs_peer *p, size_t n);

/* Puts to the output. False, and nothing was: the state is not ZS_PEER_OPEN, the output has no room for it now, or it
 * is nothing that this socket type or form may say. One frame of a message: */
bool zs_peer_send(struct zs_peer *p, struct zs_span data, bool more);
bool zs_peer_subscribe(struct zs_peer *p, struct zs_span topic);
bool zs_peer_cancel(struct zs_peer *p, struct zs_span topic);
/* Has the other side heartbeats? Not in ZMTP 3.0 in the clear, nor in dialect A. */
bool zs_peer_may_ping(const struct zs_peer *p);
bool zs_peer_ping(struct zs_peer *p, uint16_t ttl, struct zs_span context);
/* Says ERROR, with a reason of up to 255 octets, and closes. Any state behind the greeting. */
bool zs_peer_error(struct zs_peer *p, const char *reason);

#endif
