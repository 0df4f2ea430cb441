/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A peer: greeting, frames, the tables that say what may come when, time. 23/ZMTP, 37/ZMTP, 38/ZMTP-GSSAPI.
 *
 * Limits: ZMTP 3 alone: who speaks 2.0 or 1.0 is refused, for those have no mechanisms. */
#include "core/proto/machine.h"

#include "core/wire/token.h"

#include <glib.h>
#include <string.h>

#define SECOND INT64_C(1000000000)

const char *zs_role_name(enum zs_role r)
{
    return r == ZS_ROLE_CLIENT ? "client" : "server";
}

const char *zs_peer_state_name(enum zs_peer_state s)
{
    static const char *const names[ZS_PEER_STATE_COUNT] = {
        [ZS_PEER_WANT_GREETING] = "greeting", [ZS_PEER_WANT_HELLO] = "first token",
        [ZS_PEER_WANT_TOKEN] = "token",       [ZS_PEER_WANT_EMPTY] = "empty command",
        [ZS_PEER_WANT_READY] = "READY",       [ZS_PEER_OPEN] = "open",
        [ZS_PEER_CLOSED] = "closed",
    };
    return names[s];
}

struct zs_peer_options zs_peer_options(enum zs_role role, enum zs_socket_type type)
{
    return (struct zs_peer_options){
        .role = role,
        .socket_type = type,
        .minor = 1,
        .form = ZS_FORM_LIBZMQ,
        .as_server = ZS_AS_SERVER_LENIENT,
        .dialect = ZS_DIALECT_B,
        .frame_limit = (size_t)64 << 20,
        .handshake_limit = (size_t)64 << 10,
        .output_limit = (size_t)128 << 20,
        .handshake_ns = 30 * SECOND,
    };
}

void zs_peer_init(struct zs_peer *p, const struct zs_peer_options *options,
                  const struct zs_gss *gss, int64_t now)
{
    *p = (struct zs_peer){
        .options = *options,
        .gss = gss,
        .form = options->null ? ZS_FORM_LIBZMQ : options->form,
        .form_known = options->null || options->role == ZS_ROLE_CLIENT,
        .started = now,
        .heard = now,
        .input = zs_heap_buf(options->frame_limit + ZS_FRAME_HEADER_MAX),
        .plain = zs_heap_buf(options->frame_limit),
        .content = zs_heap_buf(options->frame_limit),
        .output = zs_heap_buf(options->output_limit),
    };
    zs_greeting_init(&p->greeting);
    zs_say_greeting(p);
}

void zs_peer_clear(struct zs_peer *p)
{
    zs_heap_free(&p->input);
    zs_heap_free(&p->plain);
    zs_heap_free(&p->content);
    zs_heap_free(&p->output);
}

bool zs_peer_wraps(const struct zs_peer *p)
{
    return !p->options.null && !p->options.plaintext;
}

static void fail(struct zs_peer *p, enum zs_rc rc, const char *detail, struct zs_peer_event *ev)
{
    *ev = (struct zs_peer_event){
        .kind = ZS_PEER_DEFECT, .state = p->state, .rc = rc, .detail = detail};
    p->failed = rc;
    p->state = ZS_PEER_CLOSED;
}

/* ==== the context ==== */

enum zs_rc zs_peer_token_of(struct zs_peer_event *ev)
{
    struct zs_command c = {.body = ev->body};

    ev->kind = ZS_PEER_TOKEN;
    return zs_token_of_command(&c, &ev->body);
}

/* Whoever is on the other side, is it enough? A client wants to know the server for who it is; both want messages to
 * be protected as they are told to protect them. */
static enum zs_rc judge_context(const struct zs_peer *p, struct zs_peer_event *ev)
{
    const struct zs_gss_facts *f = p->gss->body->facts(p->gss->self);
    uint32_t wanted = 0;

    if (p->options.role == ZS_ROLE_CLIENT)
        wanted |= ZS_GSS_MUTUAL;
    if (zs_peer_wraps(p))
        wanted |= p->options.integrity_only ? ZS_GSS_INTEG : ZS_GSS_INTEG | ZS_GSS_CONF;
    if ((f->flags & wanted) != wanted)
        return ZS_E_CONTEXT_WEAK;
    if (p->options.role == ZS_ROLE_CLIENT || !p->options.allow)
        return ZS_OK;
    ev->detail = f->initiator;
    return f->initiator && zs_allow_permits(p->options.allow, f->initiator) ? ZS_OK
                                                                            : ZS_E_PRINCIPAL_DENIED;
}

enum zs_rc zs_peer_take_token(struct zs_peer *p, struct zs_peer_event *ev, struct zs_span *out)
{
    const struct zs_gss *gss = p->gss;
    enum zs_rc rc = ZS_OK;

    *out = zs_span(NULL, 0);
    enum zs_gss_step step = gss->body->step(gss->self, ev->body, out);
    if (step == ZS_GSS_FAILED) {
        ev->detail = gss->body->facts(gss->self)->reason;
        return ZS_E_CONTEXT_REFUSED;
    }
    ev->complete = step == ZS_GSS_COMPLETE;
    if (ev->complete)
        rc = judge_context(p, ev);
    p->accepted = ev->complete && rc == ZS_OK;
    return rc;
}

/* ==== the greeting ==== */

/* Judged as soon as the octets that decide are there. */
static enum zs_rc judge_greeting(const struct zs_peer *p)
{
    const struct zs_greeting *g = &p->greeting;
    const struct zs_peer_options *o = &p->options;

    if (g->part == ZS_GREETING_REVISION)
        return ZS_OK;
    if (!g->versioned || zs_greeting_is_2(g))
        return ZS_E_GREETING_VERSION;
    if (g->part != ZS_GREETING_DONE)
        return ZS_OK;
    if (strcmp(g->mechanism, o->null ? "NULL" : "GSSAPI") != 0)
        return ZS_E_MECHANISM_DIFFERS;
    if (o->as_server == ZS_AS_SERVER_SPEC && !o->null &&
        g->as_server == (o->role == ZS_ROLE_SERVER))
        return ZS_E_AS_SERVER_ROLES;
    return ZS_OK;
}

/* The next part off the front of in, which is contiguous; input keeps one that is not whole. */
static enum zs_rc take_greeting(struct zs_peer *p, struct zs_span *in)
{
    size_t used;

    while (p->greeting.part != ZS_GREETING_DONE) {
        enum zs_rc rc = zs_greeting_step(&p->greeting, zs_buf_span(&p->input), &used);
        if (rc == ZS_OK) {
            memmove(p->input.p, p->input.p + used, p->input.n - used);
            zs_buf_cut(&p->input, p->input.n - used);
            rc = judge_greeting(p);
        } else if (rc == ZS_MORE && in->n) {
            zs_buf_put(&p->input, zs_span(in->p, 1));
            *in = zs_span_skip(*in, 1);
            continue;
        }
        if (rc != ZS_OK)
            return rc;
    }
    return ZS_OK;
}

static bool step_greeting(struct zs_peer *p, struct zs_span *in, struct zs_peer_event *ev)
{
    enum zs_rc rc = take_greeting(p, in);

    if (rc == ZS_MORE)
        return false;
    if (rc != ZS_OK) {
        fail(p, rc, NULL, ev);
        if (rc == ZS_E_MECHANISM_DIFFERS)
            ev->detail = p->greeting.mechanism;
        return true;
    }
    *ev = (struct zs_peer_event){
        .kind = ZS_PEER_GREETING, .state = p->state, .greeting = &p->greeting};
    p->greeted = true;
    return true;
}

/* What follows the greetings. True: *ev is a defect. */
static bool begin(struct zs_peer *p, struct zs_peer_event *ev)
{
    const char *detail = NULL;
    enum zs_rc rc = ZS_OK;

    if (p->options.null) {
        rc = zs_say_ready(p);
        p->state = ZS_PEER_WANT_READY;
    } else if (p->options.role == ZS_ROLE_CLIENT) {
        rc = zs_client_begin(p, &detail);
    } else {
        p->state = ZS_PEER_WANT_HELLO;
    }
    if (rc != ZS_OK)
        fail(p, rc, detail, ev);
    return rc != ZS_OK;
}

/* ==== frames ==== */

static size_t limit_of(const struct zs_peer *p)
{
    const struct zs_peer_options *o = &p->options;
    bool known = p->accepted || p->state == ZS_PEER_OPEN;

    return known ? o->frame_limit : MIN(o->handshake_limit, o->frame_limit);
}

/* Up to n octets of input in all. */
static bool fill(struct zs_peer *p, struct zs_span *in, size_t n)
{
    size_t missing = n - p->input.n, taken = missing < in->n ? missing : in->n;

    zs_buf_put(&p->input, zs_span(in->p, taken));
    *in = zs_span_skip(*in, taken);
    return p->input.n == n;
}

/* One that is whole in *in is read where it lies; of others input keeps what is there. */
static enum zs_rc take_frame(struct zs_peer *p, struct zs_span *in, struct zs_frame *f)
{
    size_t limit = limit_of(p);

    if (p->input.n == 0) {
        enum zs_rc rc = zs_frame_parse(ZS_FRAMING_3, *in, limit, f);
        if (rc == ZS_OK)
            *in = zs_span_skip(*in, f->header + f->body.n);
        if (rc != ZS_MORE || in->n == 0)
            return rc;
    }
    enum zs_rc rc = zs_frame_header_parse(ZS_FRAMING_3, zs_buf_span(&p->input), f);
    while (rc == ZS_MORE && in->n) {
        fill(p, in, p->input.n + 1);
        rc = zs_frame_header_parse(ZS_FRAMING_3, zs_buf_span(&p->input), f);
    }
    if (rc != ZS_OK)
        return rc;
    if (f->size > limit)
        return ZS_E_FRAME_SIZE;
    if (!fill(p, in, f->header + (size_t)f->size))
        return ZS_MORE;
    p->spent = true;
    f->body = zs_span(p->input.p + f->header, (size_t)f->size);
    return ZS_OK;
}

static const struct zs_rule *find_in(const struct zs_rules *rules, const struct zs_peer *p,
                                     const struct zs_peer_event *ev, int command, unsigned way)
{
    for (size_t i = 0; i < rules->n; i++) {
        const struct zs_rule *r = &rules->rule[i];
        if (r->state == p->state && r->command == command && r->ways & way &&
            (r->form == ZS_RULE_ANY_FORM || r->form == (int)ev->form))
            return r;
    }
    return NULL;
}

enum zs_rc zs_rule_follow(struct zs_peer *p, struct zs_peer_event *ev, int command, unsigned way)
{
    const struct zs_rule *r = find_in(&zs_traffic_rules, p, ev, command, way);

    if (!r)
        r = find_in(p->options.role == ZS_ROLE_CLIENT ? &zs_client_rules : &zs_server_rules, p, ev,
                    command, way);
    if (command != ZS_CMD_DATA)
        ev->command = (enum zs_command_id)command;
    return r ? r->handler(p, ev) : ZS_E_COMMAND_UNEXPECTED;
}

static enum zs_rc read_command(struct zs_peer *p, const struct zs_frame *f,
                               struct zs_peer_event *ev, unsigned way)
{
    struct zs_command c;

    enum zs_rc rc = zs_command_parse(f->body, &c);
    if (rc != ZS_OK)
        return rc;
    ev->form = c.form;
    ev->body = c.body;
    /* Who began in one form goes on in it; the empty command is libzmq's alone. */
    if (p->form_known && c.form != p->form && c.id != ZS_CMD_UNKNOWN)
        return ZS_E_COMMAND_UNEXPECTED;
    return zs_rule_follow(p, ev, c.id, way);
}

static bool is_message_command(struct zs_span body)
{
    struct zs_command c;

    return zs_command_parse(body, &c) == ZS_OK && c.id == ZS_CMD_MESSAGE;
}

/* On a connection that wraps, a message frame holds a MESSAGE with its token. */
static enum zs_rc read_frame(struct zs_peer *p, const struct zs_frame *f, struct zs_peer_event *ev)
{
    unsigned way = zs_peer_wraps(p) ? ZS_WAY_OUTSIDE : ZS_WAY_OPEN;

    ev->state = p->state;
    ev->form = p->form;
    ev->command_frame = f->flags & ZS_FRAME_COMMAND;
    if (ev->command_frame && f->flags & ZS_FRAME_MORE)
        return ZS_E_FRAME_MORE_COMMAND;
    if (ev->command_frame)
        return read_command(p, f, ev, way);
    ev->more = f->flags & ZS_FRAME_MORE;
    ev->body = f->body;
    if (way == ZS_WAY_OUTSIDE && is_message_command(f->body))
        return read_command(p, f, ev, way);
    if (way == ZS_WAY_OUTSIDE)
        ev->detail = "a message in the clear";
    return zs_rule_follow(p, ev, ZS_CMD_DATA, way);
}

static bool step_frame(struct zs_peer *p, struct zs_span *in, struct zs_peer_event *ev)
{
    struct zs_peer_event got = {0};
    struct zs_frame f;

    if (p->spent) {
        zs_heap_reset(&p->input);
        p->spent = false;
    }
    enum zs_rc rc = take_frame(p, in, &f);
    if (rc == ZS_MORE)
        return false;
    if (rc == ZS_OK)
        rc = read_frame(p, &f, &got);
    if (rc == ZS_OK)
        *ev = got;
    else
        fail(p, rc, got.detail, ev);
    return true;
}

bool zs_peer_step(struct zs_peer *p, struct zs_span *in, int64_t now, struct zs_peer_event *ev)
{
    if (in->n) {
        p->heard = now;
        p->pinged = 0;
    }
    if (zs_peer_tick(p, now, ev))
        return true;
    if (p->state == ZS_PEER_WANT_GREETING) {
        if (!p->greeted)
            return step_greeting(p, in, ev);
        if (begin(p, ev))
            return true;
    }
    if (p->state == ZS_PEER_CLOSED) {
        *in = zs_span(NULL, 0);
        return false;
    }
    return step_frame(p, in, ev);
}

/* ==== time, and the end ==== */

static bool is_heartbeat_on(const struct zs_peer *p)
{
    return p->options.heartbeat_ns && zs_peer_may_ping(p);
}

static int64_t timeout_of(const struct zs_peer_options *o)
{
    return o->heartbeat_timeout_ns ? o->heartbeat_timeout_ns : o->heartbeat_ns;
}

int64_t zs_peer_deadline(const struct zs_peer *p)
{
    int64_t at = INT64_MAX;

    if (p->state == ZS_PEER_CLOSED)
        return at;
    if (p->state != ZS_PEER_OPEN)
        return p->options.handshake_ns ? p->started + p->options.handshake_ns : at;
    if (p->ttl_ns)
        at = p->heard + p->ttl_ns;
    if (is_heartbeat_on(p))
        at = MIN(at, p->pinged ? p->pinged + timeout_of(&p->options)
                               : p->heard + p->options.heartbeat_ns);
    return at;
}

bool zs_peer_tick(struct zs_peer *p, int64_t now, struct zs_peer_event *ev)
{
    if (now < zs_peer_deadline(p))
        return false;
    if (p->state != ZS_PEER_OPEN) {
        fail(p, ZS_E_HANDSHAKE_TIMEOUT, zs_peer_state_name(p->state), ev);
        return true;
    }
    bool silent = p->ttl_ns && now >= p->heard + p->ttl_ns;
    if (silent || p->pinged) {
        fail(p, ZS_E_HEARTBEAT_TIMEOUT, NULL, ev);
        return true;
    }
    struct zs_ping ping = {.ttl = p->options.heartbeat_ttl};
    enum zs_rc rc = zs_say_ping(p, &ping);
    p->pinged = now;
    if (rc != ZS_OK)
        fail(p, rc, NULL, ev);
    return rc != ZS_OK;
}

bool zs_peer_end(struct zs_peer *p, int64_t now, struct zs_peer_event *ev)
{
    (void)now;
    if (p->state == ZS_PEER_CLOSED)
        return false;
    if (p->state != ZS_PEER_OPEN || (p->input.n && !p->spent) || p->seen_part) {
        fail(p, ZS_E_STREAM_ENDED, zs_peer_state_name(p->state), ev);
        return true;
    }
    *ev = (struct zs_peer_event){.kind = ZS_PEER_END, .state = p->state};
    p->state = ZS_PEER_CLOSED;
    return true;
}

size_t zs_peer_held(const struct zs_peer *p)
{
    return p->input.room + p->plain.room + p->content.room + p->output.room;
}

void zs_peer_trim(struct zs_peer *p)
{
    if (p->spent || p->input.n == 0)
        zs_heap_free(&p->input);
    p->spent = false;
    zs_heap_free(&p->plain);
    zs_heap_free(&p->content);
    if (p->taken == p->output.n) {
        zs_heap_free(&p->output);
        p->taken = 0;
    }
}

/* ==== what is said ==== */

struct zs_span zs_peer_output(const struct zs_peer *p)
{
    return zs_span_skip(zs_buf_span(&p->output), p->taken);
}

void zs_peer_sent(struct zs_peer *p, size_t n)
{
    p->taken += n;
    if (p->taken == p->output.n) {
        zs_heap_reset(&p->output);
        p->taken = 0;
    } else if (p->taken > p->output.n - p->taken) {
        zs_output_compact(p); /* no more is moved than was sent since */
    }
}

bool zs_peer_send(struct zs_peer *p, struct zs_span data, bool more)
{
    if (p->state != ZS_PEER_OPEN || !zs_socket_may_send(p->options.socket_type) ||
        zs_say_data(p, data, more) != ZS_OK)
        return false;
    p->sent++;
    return true;
}

static bool say_topic(struct zs_peer *p, bool cancel, struct zs_span topic)
{
    return p->state == ZS_PEER_OPEN && zs_socket_subscribes(p->options.socket_type) &&
           zs_say_subscription(p, cancel, topic) == ZS_OK;
}

bool zs_peer_subscribe(struct zs_peer *p, struct zs_span topic)
{
    return say_topic(p, false, topic);
}

bool zs_peer_cancel(struct zs_peer *p, struct zs_span topic)
{
    return say_topic(p, true, topic);
}

/* 37/ZMTP has heartbeats from 3.1 on; inside wrap tokens there is no place for commands in dialect A. */
bool zs_peer_may_ping(const struct zs_peer *p)
{
    if (zs_peer_wraps(p))
        return p->options.dialect != ZS_DIALECT_A;
    return p->greeting.minor || p->greeting.major > 3;
}

bool zs_peer_ping(struct zs_peer *p, uint16_t ttl, struct zs_span context)
{
    struct zs_ping ping = {.ttl = ttl, .context = context};

    return p->state == ZS_PEER_OPEN && zs_peer_may_ping(p) && zs_say_ping(p, &ping) == ZS_OK;
}

bool zs_peer_error(struct zs_peer *p, const char *reason)
{
    bool behind = p->greeted && p->state != ZS_PEER_WANT_GREETING && p->state != ZS_PEER_CLOSED;

    if (!behind || zs_say_error(p, zs_span(reason, strlen(reason))) != ZS_OK)
        return false;
    p->state = ZS_PEER_CLOSED;
    return true;
}
