/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a peer says: 23/ZMTP, 37/ZMTP, and docs/protocol.md, 3, 4 and 6, for both forms. Each statement is written to
 * the output whole or not at all. */
#include "core/proto/machine.h"

#include "core/wire/token.h"

enum { AROUND = 256 }; /* octets: more than frame, name and token put around a text */

static void tell(struct zs_peer *p, const struct zs_peer_event *said)
{
    if (p->options.on_said)
        p->options.on_said(p->options.user, said);
}

void zs_output_compact(struct zs_peer *p)
{
    struct zs_buf *out = &p->output;

    memmove(out->p, out->p + p->taken, out->n - p->taken);
    zs_buf_cut(out, out->n - p->taken);
    p->taken = 0;
}

static size_t begin(struct zs_peer *p, size_t text)
{
    if (p->taken && p->output.cap - p->output.n < text + AROUND)
        zs_output_compact(p);
    return p->output.n;
}

static enum zs_rc finish(struct zs_peer *p, size_t begun, bool made,
                         const struct zs_peer_event *said)
{
    bool full = p->output.full;

    if (full || !made) {
        zs_buf_cut(&p->output, begun);
        return full ? ZS_E_OUTPUT_FULL : ZS_E_CONTEXT_REFUSED;
    }
    tell(p, said);
    return ZS_OK;
}

static struct zs_peer_event saying(const struct zs_peer *p, enum zs_peer_event_kind kind,
                                   enum zs_command_id command, struct zs_span body)
{
    return (struct zs_peer_event){
        .kind = kind, .state = p->state, .command = command, .form = p->form, .body = body};
}

enum zs_rc zs_say_greeting(struct zs_peer *p)
{
    const struct zs_peer_options *o = &p->options;
    bool server = o->role == ZS_ROLE_SERVER && !o->null;
    struct zs_greeting g = {
        .minor = o->minor,
        .major = 3,
        .versioned = true,
        .part = ZS_GREETING_DONE,
        .as_server = server && o->as_server != ZS_AS_SERVER_LIBZMQ,
    };
    struct zs_peer_event said = saying(p, ZS_PEER_GREETING, ZS_CMD_UNKNOWN, zs_span(NULL, 0));
    size_t begun = begin(p, ZS_GREETING_SIZE);

    strcpy(g.mechanism, o->null ? "NULL" : "GSSAPI");
    said.greeting = &g;
    zs_greeting_write(&p->output, &g);
    return finish(p, begun, true, &said);
}

/* ==== in the clear ==== */

/* A command frame in the clear: its name, then what is written to the output up to finish_command(). */
static size_t begin_command(struct zs_peer *p, enum zs_command_id id, size_t text, size_t *frame)
{
    size_t begun = begin(p, text);

    *frame = zs_frame_begin(&p->output);
    zs_command_begin(&p->output, p->form, id);
    return begun;
}

static enum zs_rc finish_command(struct zs_peer *p, size_t begun, size_t frame,
                                 struct zs_peer_event *said)
{
    zs_frame_end(&p->output, frame, ZS_FRAME_COMMAND);
    said->command_frame = true;
    return finish(p, begun, true, said);
}

enum zs_rc zs_say_token(struct zs_peer *p, enum zs_command_id id, struct zs_span token)
{
    struct zs_peer_event said = saying(p, ZS_PEER_TOKEN, id, token);
    size_t frame, begun = begin_command(p, id, token.n, &frame);

    said.complete = p->accepted;
    size_t length = zs_token_begin(&p->output, p->form);
    zs_buf_put(&p->output, token);
    zs_token_end(&p->output, p->form, length);
    return finish_command(p, begun, frame, &said);
}

enum zs_rc zs_say_empty(struct zs_peer *p)
{
    struct zs_peer_event said = saying(p, ZS_PEER_COMMAND, ZS_CMD_EMPTY, zs_span(NULL, 0));
    size_t frame, begun = begin_command(p, ZS_CMD_EMPTY, 0, &frame);

    return finish_command(p, begun, frame, &said);
}

static enum zs_rc say_clear(struct zs_peer *p, struct zs_peer_event *said, struct zs_span body)
{
    size_t frame, begun = begin_command(p, said->command, body.n, &frame);

    zs_buf_put(&p->output, body);
    return finish_command(p, begun, frame, said);
}

/* ==== inside a wrap token ==== */

/* One frame that holds the token of flags octet and text; outer names its command. */
static enum zs_rc say_wrapped(struct zs_peer *p, struct zs_peer_event *said,
                              enum zs_command_id outer, struct zs_span text)
{
    bool sealed = !p->options.integrity_only;
    size_t begun = begin(p, text.n);
    size_t frame = zs_frame_begin(&p->output);

    zs_command_begin(&p->output, p->form, outer);
    size_t length = zs_token_begin(&p->output, p->form);
    bool made = !p->output.full &&
                p->gss->body->wrap(p->gss->self, sealed, said->inner_flags, text, &p->output);
    zs_token_end(&p->output, p->form, length);
    zs_frame_end(&p->output, frame, said->command_frame ? ZS_FRAME_COMMAND : 0);
    said->wrapped = true;
    said->confidential = sealed;
    return finish(p, begun, made, said);
}

/* A command of the traffic: octet 2, then the command; libzmq puts it into a message frame. */
static enum zs_rc say_inside(struct zs_peer *p, struct zs_peer_event *said, struct zs_span body)
{
    zs_heap_reset(&p->content);
    zs_command_begin(&p->content, p->form, said->command);
    zs_buf_put(&p->content, body);
    if (p->content.full)
        return ZS_E_OUTPUT_FULL;
    said->inner_flags = ZS_INNER_COMMAND;
    return say_wrapped(p, said, ZS_CMD_MESSAGE, zs_buf_span(&p->content));
}

static enum zs_rc say_command(struct zs_peer *p, struct zs_peer_event *said, struct zs_span body)
{
    return zs_peer_wraps(p) && p->accepted ? say_inside(p, said, body) : say_clear(p, said, body);
}

/* ==== statements ==== */

static void write_metadata(const struct zs_peer *p, struct zs_buf *b)
{
    const struct zs_peer_options *o = &p->options;
    const char *type = zs_socket_type_name(o->socket_type);

    if (o->metadata.n) {
        zs_buf_put(b, o->metadata);
        return;
    }
    zs_metadata_write(b, "Socket-Type", zs_span(type, strlen(type)));
    if (zs_socket_has_identity(o->socket_type))
        zs_metadata_write(b, "Identity", o->identity);
}

/* libzmq's is a command by its frame, with octet 0 and its name inside; the padded form's has its name outside. */
enum zs_rc zs_say_ready(struct zs_peer *p)
{
    struct zs_buf *text = &p->content;
    bool named_inside = zs_peer_wraps(p) && p->form == ZS_FORM_LIBZMQ;

    zs_heap_reset(text);
    if (named_inside)
        zs_command_begin(text, p->form, ZS_CMD_READY);
    size_t name = text->n;
    write_metadata(p, text);
    if (text->full)
        return ZS_E_OUTPUT_FULL;
    struct zs_span all = zs_buf_span(text);
    struct zs_peer_event said =
        saying(p, ZS_PEER_ESTABLISHED, ZS_CMD_READY, zs_span_skip(all, name));
    if (!zs_peer_wraps(p))
        return say_clear(p, &said, all);
    said.command_frame = true;
    said.inner_flags = named_inside ? 0 : ZS_INNER_COMMAND;
    return say_wrapped(p, &said, named_inside ? ZS_CMD_MESSAGE : ZS_CMD_READY, all);
}

/* Some octets of a message in the clear; said tells which, without the octet that a subscription has before them. */
static enum zs_rc say_message(struct zs_peer *p, const struct zs_peer_event *said,
                              struct zs_span prefix, struct zs_span data)
{
    size_t begun = begin(p, data.n), frame = zs_frame_begin(&p->output);

    zs_buf_put(&p->output, prefix);
    zs_buf_put(&p->output, data);
    zs_frame_end(&p->output, frame, said->more ? ZS_FRAME_MORE : 0);
    return finish(p, begun, true, said);
}

enum zs_rc zs_say_data(struct zs_peer *p, struct zs_span data, bool more)
{
    struct zs_peer_event said = saying(p, ZS_PEER_MESSAGE, ZS_CMD_MESSAGE, data);

    said.more = more;
    if (!zs_peer_wraps(p))
        return say_message(p, &said, zs_span(NULL, 0), data);
    said.inner_flags = more ? ZS_INNER_MORE : 0;
    return say_wrapped(p, &said, ZS_CMD_MESSAGE, data);
}

enum zs_rc zs_say_ping(struct zs_peer *p, const struct zs_ping *ping)
{
    uint8_t storage[32];
    struct zs_buf body = zs_buf(storage, sizeof storage);
    struct zs_peer_event said = saying(p, ZS_PEER_COMMAND, ZS_CMD_PING, ping->context);

    zs_ping_write(&body, ping);
    if (body.full)
        return ZS_E_OUTPUT_FULL;
    said.ttl = ping->ttl;
    return say_command(p, &said, zs_buf_span(&body));
}

enum zs_rc zs_say_pong(struct zs_peer *p, struct zs_span context)
{
    struct zs_peer_event said = saying(p, ZS_PEER_COMMAND, ZS_CMD_PONG, context);

    return say_command(p, &said, context);
}

enum zs_rc zs_say_error(struct zs_peer *p, struct zs_span reason)
{
    uint8_t storage[256];
    struct zs_buf body = zs_buf(storage, sizeof storage);
    struct zs_peer_event said = saying(p, ZS_PEER_ERROR, ZS_CMD_ERROR, reason);

    zs_error_write(&body, reason);
    if (body.full)
        return ZS_E_OUTPUT_FULL;
    return say_command(p, &said, zs_buf_span(&body));
}

/* A message of 1 or 0 and the topic, in the clear or inside; or in dialect C of a SUB the topic alone. */
static enum zs_rc say_prefixed(struct zs_peer *p, struct zs_peer_event *said, struct zs_span topic)
{
    static const uint8_t prefix[] = {0, 1};
    struct zs_span first = zs_span(&prefix[said->command == ZS_CMD_SUBSCRIBE], 1);
    bool lost = p->options.dialect == ZS_DIALECT_C && p->options.socket_type == ZS_SOCKET_SUB;

    if (!zs_peer_wraps(p))
        return say_message(p, said, first, topic);
    zs_heap_reset(&p->content);
    if (!lost)
        zs_buf_put(&p->content, first);
    zs_buf_put(&p->content, topic);
    if (p->content.full)
        return ZS_E_OUTPUT_FULL;
    return say_wrapped(p, said, ZS_CMD_MESSAGE, zs_buf_span(&p->content));
}

/* 37/ZMTP has commands for it, which GSSAPI's dialects do not use; and SUBSCRIBE is no padded name. */
enum zs_rc zs_say_subscription(struct zs_peer *p, bool cancel, struct zs_span topic)
{
    enum zs_command_id id = cancel ? ZS_CMD_CANCEL : ZS_CMD_SUBSCRIBE;
    struct zs_peer_event said = saying(p, ZS_PEER_COMMAND, id, topic);
    bool both_31 = p->options.minor && (p->greeting.minor || p->greeting.major > 3);

    if (!zs_peer_wraps(p) && p->form == ZS_FORM_LIBZMQ && both_31)
        return say_clear(p, &said, topic);
    if (zs_peer_wraps(p) && p->options.dialect == ZS_DIALECT_D) {
        said.inner_flags = cancel ? ZS_INNER_CANCEL : ZS_INNER_SUBSCRIBE;
        return say_wrapped(p, &said, ZS_CMD_MESSAGE, topic);
    }
    return say_prefixed(p, &said, topic);
}
