/* SPDX-License-Identifier: GPL-2.0-or-later */
/* READY and what is behind it, of both roles: 23/ZMTP, 37/ZMTP, and inside wrap tokens docs/protocol.md, 3, 4 and 6.
 *
 * Limits: what a message means to its socket (envelopes, topics that match) is the application's. */
#include "core/proto/machine.h"

#include "core/wire/token.h"

static enum zs_rc refuse(struct zs_peer_event *ev, enum zs_rc rc, const char *detail)
{
    ev->detail = detail;
    return rc;
}

/* ==== READY ==== */

/* Each Socket-Type that is there must fit, and one must be there. */
static enum zs_rc judge_metadata(struct zs_peer *p, struct zs_peer_event *ev)
{
    struct zs_span left = ev->body;
    struct zs_property property;
    enum zs_rc rc;

    while (zs_metadata_next(&left, &property, &rc)) {
        if (!zs_property_is(&property, "Socket-Type"))
            continue;
        p->other_type = zs_socket_type_of(property.value);
        if (!zs_socket_may_talk(p->options.socket_type, p->other_type))
            return refuse(ev, ZS_E_SOCKET_TYPE, zs_socket_type_name(p->other_type));
    }
    if (rc != ZS_OK)
        return rc;
    return p->other_type == ZS_SOCKET_UNKNOWN ? ZS_E_SOCKET_TYPE : ZS_OK;
}

static enum zs_rc on_ready(struct zs_peer *p, struct zs_peer_event *ev)
{
    static const char reason[] = "Invalid socket type";
    enum zs_rc rc = judge_metadata(p, ev);

    if (rc == ZS_E_SOCKET_TYPE)
        zs_say_error(p, zs_span(reason, sizeof reason - 1));
    /* A server said its own first; of NULL both said theirs behind the greetings. */
    if (rc == ZS_OK && p->options.role == ZS_ROLE_CLIENT && !p->options.null)
        rc = zs_say_ready(p);
    if (rc != ZS_OK)
        return rc;
    ev->kind = ZS_PEER_ESTABLISHED;
    p->state = ZS_PEER_OPEN;
    return ZS_OK;
}

static enum zs_rc on_bare_ready(struct zs_peer *p, struct zs_peer_event *ev)
{
    (void)p;
    return refuse(ev, ZS_E_PLAINTEXT_MODE, "the other side alone has the PLAINTEXT option set");
}

static enum zs_rc on_sealed_ready(struct zs_peer *p, struct zs_peer_event *ev)
{
    return refuse(ev, ZS_E_COMMAND_UNEXPECTED,
                  p->options.null ? NULL : "this side alone has the PLAINTEXT option set");
}

/* ==== wrap tokens ==== */

/* The padded form's READY: flags octet and properties, or properties alone; those fill the text to its end. */
static struct zs_span padded_ready(struct zs_peer_event *ev, struct zs_span plain)
{
    if (plain.n == 0 || zs_metadata_is_whole(plain))
        return plain;
    ev->inner_flags = plain.p[0];
    return zs_span_skip(plain, 1);
}

/* What the text is: ev's command, its body and its flags. */
static enum zs_rc read_plain(struct zs_peer *p, struct zs_peer_event *ev, struct zs_span plain,
                             int *command)
{
    struct zs_command c;

    if (ev->command == ZS_CMD_READY) {
        ev->body = padded_ready(ev, plain);
        *command = ZS_CMD_READY;
        return ZS_OK;
    }
    if (plain.n == 0)
        return ZS_E_INNER_EMPTY;
    ev->inner_flags = plain.p[0];
    if (ev->inner_flags & ~ZS_INNER_KNOWN)
        ev->rc = ZS_E_INNER_FLAGS;
    ev->body = zs_span_skip(plain, 1);
    if (ev->inner_flags & (ZS_INNER_SUBSCRIBE | ZS_INNER_CANCEL)) {
        *command = ev->inner_flags & ZS_INNER_SUBSCRIBE ? ZS_CMD_SUBSCRIBE : ZS_CMD_CANCEL;
        return ZS_OK;
    }
    /* libzmq: READY has octet 0 inside a command frame, PING has octet 2 inside a message frame. */
    bool by_frame = ev->command_frame && p->form == ZS_FORM_LIBZMQ;
    if (!by_frame && !(ev->inner_flags & ZS_INNER_COMMAND)) {
        ev->more = ev->inner_flags & ZS_INNER_MORE;
        *command = ZS_CMD_DATA;
        return ZS_OK;
    }
    enum zs_rc rc = zs_command_parse(ev->body, &c);
    if (rc != ZS_OK)
        return rc;
    ev->body = c.body;
    *command = c.id;
    return ZS_OK;
}

static enum zs_rc unwrap(struct zs_peer *p, struct zs_peer_event *ev, struct zs_span *plain)
{
    struct zs_command c = {.body = ev->body};
    struct zs_gss_opened opened;
    struct zs_span token;

    enum zs_rc rc = zs_token_of_command(&c, &token);
    if (rc != ZS_OK)
        return rc;
    zs_heap_reset(&p->plain);
    uint8_t *buf = zs_buf_extend(&p->plain, token.n);
    if (!buf)
        return ZS_E_FRAME_SIZE;
    rc = p->gss->body->unwrap(p->gss->self, token, buf, &opened);
    if (rc != ZS_OK)
        return rc;
    ev->wrapped = true;
    ev->confidential = opened.confidential;
    if (!opened.confidential && !p->options.integrity_only)
        return ZS_E_WRAP_NOT_SEALED;
    *plain = opened.plain;
    return ZS_OK;
}

static enum zs_rc on_wrapped(struct zs_peer *p, struct zs_peer_event *ev)
{
    struct zs_span plain;
    int command = ZS_CMD_DATA;

    enum zs_rc rc = unwrap(p, ev, &plain);
    if (rc == ZS_OK)
        rc = read_plain(p, ev, plain, &command);
    if (rc != ZS_OK)
        return rc;
    return zs_rule_follow(p, ev, command, ZS_WAY_INSIDE);
}

/* 38/ZMTP-GSSAPI: bodies may or may not be encrypted; here they are what both options say. */
static enum zs_rc on_padded_ready(struct zs_peer *p, struct zs_peer_event *ev)
{
    return zs_metadata_is_whole(ev->body) ? on_bare_ready(p, ev) : on_wrapped(p, ev);
}

/* ==== traffic ==== */

/* 23/ZMTP, 29/PUBSUB: a subscription of ZMTP 3.0, and of GSSAPI's dialects A and B, is a message of 1 or 0 and the
 * topic. libzmq 4.3.3 to 4.3.5 lose that octet (dialect C): what a SUB sends is a subscription all the same, and
 * which of the two is lost. */
static enum zs_rc on_subscription(struct zs_peer *p, struct zs_peer_event *ev)
{
    bool prefixed = ev->body.n && ev->body.p[0] <= 1;

    if (!prefixed && !ev->wrapped)
        return refuse(ev, ZS_E_COMMAND_UNEXPECTED, "a SUB socket sends a message");
    ev->kind = ZS_PEER_COMMAND;
    ev->command = prefixed && ev->body.p[0] == 0 ? ZS_CMD_CANCEL : ZS_CMD_SUBSCRIBE;
    if (prefixed)
        ev->body = zs_span_skip(ev->body, 1);
    else
        ev->rc = ZS_E_SUBSCRIPTION_LOST;
    p->seen_part = false;
    return ZS_OK;
}

static enum zs_rc on_data(struct zs_peer *p, struct zs_peer_event *ev)
{
    bool prefixed = ev->body.n && ev->body.p[0] <= 1;
    bool whole = !p->seen_part && !ev->more;

    if (p->other_type == ZS_SOCKET_SUB || (p->other_type == ZS_SOCKET_XSUB && prefixed && whole))
        return on_subscription(p, ev);
    if (!zs_socket_may_send(p->other_type))
        return refuse(ev, ZS_E_COMMAND_UNEXPECTED, "a socket that only receives sends a message");
    ev->kind = ZS_PEER_MESSAGE;
    ev->command = ZS_CMD_MESSAGE;
    p->seen_part = ev->more;
    p->received++;
    return ZS_OK;
}

/* 37/ZMTP: the context comes back; where the other side says how long it may be silent, it is held to that. */
static enum zs_rc on_ping(struct zs_peer *p, struct zs_peer_event *ev)
{
    struct zs_ping ping;

    enum zs_rc rc = zs_ping_parse(ev->body, &ping);
    if (rc != ZS_OK)
        return rc;
    ev->kind = ZS_PEER_COMMAND;
    ev->ttl = ping.ttl;
    ev->body = ping.context;
    p->ttl_ns = ping.ttl * INT64_C(100000000);
    return zs_say_pong(p, ping.context);
}

static enum zs_rc on_news(struct zs_peer *p, struct zs_peer_event *ev)
{
    (void)p;
    ev->kind = ZS_PEER_COMMAND;
    return ZS_OK;
}

static enum zs_rc on_topic(struct zs_peer *p, struct zs_peer_event *ev)
{
    if (!zs_socket_subscribes(p->other_type))
        return refuse(ev, ZS_E_COMMAND_UNEXPECTED, "a socket that does not subscribe does so");
    return on_news(p, ev);
}

static enum zs_rc on_group(struct zs_peer *p, struct zs_peer_event *ev)
{
    if (p->other_type != ZS_SOCKET_DISH)
        return refuse(ev, ZS_E_COMMAND_UNEXPECTED, "a socket that is no DISH joins or leaves");
    return on_news(p, ev);
}

/* What a later version may say: read over. */
static enum zs_rc on_unknown(struct zs_peer *p, struct zs_peer_event *ev)
{
    ev->rc = ZS_E_COMMAND_UNKNOWN;
    return on_news(p, ev);
}

static enum zs_rc on_error(struct zs_peer *p, struct zs_peer_event *ev)
{
    enum zs_rc rc = zs_error_parse(ev->body, &ev->body);

    if (rc != ZS_OK)
        return rc;
    ev->kind = ZS_PEER_ERROR;
    p->state = ZS_PEER_CLOSED;
    return ZS_OK;
}

/* clang-format off */
static const struct zs_rule rules[] = {
    /* awaited            command            form              ways            */
    {ZS_PEER_WANT_HELLO, ZS_CMD_ERROR,     ZS_RULE_ANY_FORM, ZS_WAY_CLEAR,   on_error},
    {ZS_PEER_WANT_TOKEN, ZS_CMD_ERROR,     ZS_RULE_ANY_FORM, ZS_WAY_CLEAR,   on_error},
    {ZS_PEER_WANT_EMPTY, ZS_CMD_ERROR,     ZS_RULE_ANY_FORM, ZS_WAY_CLEAR,   on_error},
    {ZS_PEER_WANT_READY, ZS_CMD_ERROR,     ZS_RULE_ANY_FORM, ZS_WAY_CLEAR | ZS_WAY_INSIDE, on_error},
    {ZS_PEER_WANT_READY, ZS_CMD_READY,     ZS_RULE_ANY_FORM, ZS_WAY_CONTENT, on_ready},
    {ZS_PEER_WANT_READY, ZS_CMD_READY,     ZS_FORM_PADDED,   ZS_WAY_OUTSIDE, on_padded_ready},
    {ZS_PEER_WANT_READY, ZS_CMD_READY,     ZS_FORM_LIBZMQ,   ZS_WAY_OUTSIDE, on_bare_ready},
    {ZS_PEER_WANT_READY, ZS_CMD_MESSAGE,   ZS_RULE_ANY_FORM, ZS_WAY_OUTSIDE, on_wrapped},
    {ZS_PEER_WANT_READY, ZS_CMD_MESSAGE,   ZS_FORM_LIBZMQ,   ZS_WAY_OPEN,    on_sealed_ready},
    {ZS_PEER_OPEN,       ZS_CMD_MESSAGE,   ZS_RULE_ANY_FORM, ZS_WAY_OUTSIDE, on_wrapped},
    {ZS_PEER_OPEN,       ZS_CMD_DATA,      ZS_RULE_ANY_FORM, ZS_WAY_CONTENT, on_data},
    {ZS_PEER_OPEN,       ZS_CMD_PING,      ZS_RULE_ANY_FORM, ZS_WAY_CONTENT, on_ping},
    {ZS_PEER_OPEN,       ZS_CMD_PONG,      ZS_RULE_ANY_FORM, ZS_WAY_CONTENT, on_news},
    {ZS_PEER_OPEN,       ZS_CMD_SUBSCRIBE, ZS_RULE_ANY_FORM, ZS_WAY_CONTENT, on_topic},
    {ZS_PEER_OPEN,       ZS_CMD_CANCEL,    ZS_RULE_ANY_FORM, ZS_WAY_CONTENT, on_topic},
    {ZS_PEER_OPEN,       ZS_CMD_JOIN,      ZS_RULE_ANY_FORM, ZS_WAY_CONTENT, on_group},
    {ZS_PEER_OPEN,       ZS_CMD_LEAVE,     ZS_RULE_ANY_FORM, ZS_WAY_CONTENT, on_group},
    {ZS_PEER_OPEN,       ZS_CMD_ERROR,     ZS_RULE_ANY_FORM, ZS_WAY_CONTENT, on_error},
    {ZS_PEER_OPEN,       ZS_CMD_UNKNOWN,   ZS_RULE_ANY_FORM, ZS_WAY_CONTENT, on_unknown},
};
/* clang-format on */
const struct zs_rules zs_traffic_rules = {rules, sizeof rules / sizeof rules[0]};
