/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What one frame means in its place: 23/ZMTP, 37/ZMTP, 24/ZMTP-PLAIN, 25/ZMTP-CURVE, and 38/ZMTP-GSSAPI in the
 * form of its text and in libzmq's.
 *
 * Limits: CURVE boxes stay closed. A wrap token without a context stays closed and is read as far as its
 * header goes. */
#include "core/conn/reading.h"

#include <string.h>

enum zs_mechanism zs_mechanism_of(const char *name)
{
    static const struct {
        const char *name;
        enum zs_mechanism mechanism;
    } known[] = {
        {"NULL", ZS_MECHANISM_NULL},
        {"PLAIN", ZS_MECHANISM_PLAIN},
        {"CURVE", ZS_MECHANISM_CURVE},
        {"GSSAPI", ZS_MECHANISM_GSSAPI},
    };

    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
        if (strcmp(name, known[i].name) == 0)
            return known[i].mechanism;
    return ZS_MECHANISM_OTHER;
}

/* The body of a MESSAGE as GSSAPI and CURVE send it inside frames of both kinds: neither the frame's command
 * bit nor its name alone tells it from application data. */
static bool looks_like_message_command(struct zs_span body)
{
    return body.n >= 8 &&
           (memcmp(body.p, "\x07MESSAGE", 8) == 0 || memcmp(body.p, "MESSAGE ", 8) == 0);
}

size_t zs_reading_room(const struct zs_place *at, const struct zs_frame *f)
{
    if (at->mechanism != ZS_MECHANISM_GSSAPI || !at->context || !zs_context_usable(at->context))
        return 0;
    return zs_unwrap_room(f->body.n);
}

bool zs_reading_is_sealed(const struct zs_place *at, const struct zs_frame *f,
                          struct zs_span *token)
{
    struct zs_command c;
    struct zs_cfx cfx;

    return zs_reading_room(at, f) && !at->identity && looks_like_message_command(f->body) &&
           zs_command_parse(f->body, &c) == ZS_OK && zs_token_of_command(&c, token) == ZS_OK &&
           zs_cfx_parse(*token, &cfx) == ZS_OK && cfx.flags & ZS_CFX_SEALED;
}

static void note(struct zs_reading *r, enum zs_rc rc)
{
    if (rc != ZS_OK && r->defect == ZS_OK)
        r->defect = rc;
}

/* A padded-form MESSAGE may travel in a command frame and still be data. */
static bool is_command_frame(const struct zs_reading *r)
{
    bool may_be_data = r->command.form == ZS_FORM_PADDED && r->command.id == ZS_CMD_MESSAGE;
    return r->frame.flags & ZS_FRAME_COMMAND && !may_be_data;
}

static void read_as_message(struct zs_reading *r, struct zs_span data, bool more)
{
    r->kind = ZS_READ_MESSAGE;
    r->data = data;
    r->more = more;
}

/* What stands behind the flags octet; plain is not empty. */
static struct zs_span take_inner_flags(struct zs_reading *r, struct zs_span plain)
{
    r->has_inner_flags = true;
    r->inner_flags = plain.p[0];
    if (r->inner_flags & ~ZS_INNER_KNOWN)
        note(r, ZS_E_INNER_FLAGS);
    return zs_span_skip(plain, 1);
}

/* 38/ZMTP-GSSAPI, as this project reads it: READY's token holds a flags octet and the properties, and a
 * reader takes it without the octet too. A property begins with the length of its name, and the
 * properties must fill the text to its end, so the two cannot be confused for long. */
static void read_padded_ready(struct zs_reading *r, struct zs_span plain)
{
    r->kind = ZS_READ_COMMAND;
    r->content = r->command;
    r->content.body = plain;
    if (plain.n == 0 || zs_metadata_is_whole(plain))
        return;
    if (plain.p[0] == ZS_INNER_COMMAND || zs_metadata_is_whole(zs_span_skip(plain, 1)))
        r->content.body = take_inner_flags(r, plain);
}

/* libzmq's master branch: a subscription is its topic alone, and the flags octet says which. */
static void read_subscription(struct zs_reading *r, struct zs_span topic)
{
    r->kind = ZS_READ_COMMAND;
    r->content = (struct zs_command){
        .id = r->inner_flags & ZS_INNER_SUBSCRIBE ? ZS_CMD_SUBSCRIBE : ZS_CMD_CANCEL,
        .form = r->command.form,
        .body = topic,
    };
}

/* The plaintext of a MESSAGE: flags octet, then a command or data. libzmq: READY has octet 0 inside a command
 * frame, PING and PONG have octet 2 inside a message frame; so either bit makes it a command. */
static void read_plaintext(struct zs_reading *r, struct zs_span plain)
{
    if (r->command.id == ZS_CMD_READY) {
        read_padded_ready(r, plain);
        return;
    }
    if (plain.n == 0) {
        read_as_message(r, plain, false);
        note(r, ZS_E_INNER_EMPTY);
        return;
    }
    plain = take_inner_flags(r, plain);
    if (r->inner_flags & (ZS_INNER_SUBSCRIBE | ZS_INNER_CANCEL)) {
        read_subscription(r, plain);
        return;
    }
    if (!is_command_frame(r) && !(r->inner_flags & ZS_INNER_COMMAND)) {
        read_as_message(r, plain, r->inner_flags & ZS_INNER_MORE);
        return;
    }
    r->kind = ZS_READ_COMMAND;
    note(r, zs_command_parse(plain, &r->content));
}

/* A wrap token that nothing opens: data, unless the frame says that it is a command. */
static void read_closed(struct zs_reading *r)
{
    if (!is_command_frame(r)) {
        read_as_message(r, zs_span(NULL, 0), false);
        return;
    }
    r->kind = ZS_READ_COMMAND;
    r->content = r->command;
    r->content.body = zs_span(NULL, 0);
}

static void take_sequence(struct zs_reading *r, uint64_t sequence, bool sent_by_acceptor)
{
    r->has_sequence = true;
    r->sequence = sequence;
    r->sent_by_acceptor = sent_by_acceptor;
}

static void read_cfx(struct zs_reading *r)
{
    enum zs_rc rc = zs_cfx_parse(r->token.whole, &r->cfx);

    note(r, rc);
    if (rc == ZS_OK)
        take_sequence(r, r->cfx.sequence, r->cfx.flags & ZS_CFX_SENT_BY_ACCEPTOR);
}

static enum zs_rc open_wrap(const struct zs_place *at, uint8_t *buf, size_t room,
                            struct zs_reading *r)
{
    if (!at->answer)
        return zs_context_unwrap(at->context, r->token.whole, buf, room, &r->unwrapped);
    if (at->answer->rc == ZS_OK)
        r->unwrapped = at->answer->unwrapped;
    return at->answer->rc;
}

static void read_wrap(const struct zs_place *at, uint8_t *buf, size_t room, struct zs_reading *r)
{
    r->wrapped = true;
    if (r->token.kind == ZS_TOKEN_WRAP)
        read_cfx(r);
    if (!at->context || !zs_context_usable(at->context)) {
        read_closed(r);
        return;
    }
    enum zs_rc rc = open_wrap(at, buf, room, r);
    if (rc != ZS_OK) {
        read_closed(r);
        /* Under a key that nobody knows no checksum holds: that is no defect. */
        if (rc != ZS_E_WRAP_CHECKSUM || zs_context_facts(at->context)->subkey_etype)
            note(r, rc);
        return;
    }
    r->verified = true;
    take_sequence(r, r->unwrapped.sequence, r->unwrapped.sent_by_acceptor);
    read_plaintext(r, r->unwrapped.plain);
}

/* SPNEGO carries the mechanism's token inside its own (RFC 4178, 4.2); what counts is that one. */
static struct zs_token innermost(const struct zs_token *t)
{
    struct zs_token inner;

    return t->mech_token.n && zs_token_parse(t->mech_token, &inner) == ZS_OK ? inner : *t;
}

/* Does the command carry a token? Then everything else about the frame follows from the token. */
static bool read_gssapi(const struct zs_place *at, uint8_t *buf, size_t room, struct zs_reading *r)
{
    static const bool may_carry[ZS_CMD_COUNT] = {
        [ZS_CMD_HELLO] = true,   [ZS_CMD_WELCOME] = true, [ZS_CMD_INITIATE] = true,
        [ZS_CMD_MESSAGE] = true, [ZS_CMD_READY] = true,
    };

    if (!may_carry[r->command.id])
        return false;
    enum zs_rc rc = zs_token_of_command(&r->command, &r->token_octets);
    if (rc == ZS_OK)
        rc = zs_token_parse(r->token_octets, &r->token);
    if (rc != ZS_OK) {
        /* READY in the clear is PLAINTEXT mode or the padded form's; the others must hold a token. */
        if (r->command.id != ZS_CMD_READY && r->frame.flags & ZS_FRAME_COMMAND)
            note(r, rc);
        return false;
    }
    r->mech = innermost(&r->token);
    if (r->token.kind == ZS_TOKEN_WRAP || r->token.kind == ZS_TOKEN_WRAP_OLD)
        read_wrap(at, buf, room, r);
    else
        r->kind = ZS_READ_TOKEN;
    return true;
}

/* CURVE's MESSAGE: a box that stays closed. */
static bool read_curve_message(struct zs_reading *r)
{
    struct zs_curve parts;

    if (r->command.id != ZS_CMD_MESSAGE ||
        zs_curve_parse(r->command.id, r->command.body, &parts) != ZS_OK)
        return false;
    r->wrapped = true;
    r->kind = ZS_READ_MESSAGE;
    return true;
}

/* Properties make up READY's body, and that of PLAIN's INITIATE; CURVE has a box there, and what another
 * mechanism has is taken for metadata only if it reads as such. */
static bool holds_metadata(enum zs_mechanism m, const struct zs_command *c)
{
    switch (m) {
    case ZS_MECHANISM_CURVE:
        return false;
    case ZS_MECHANISM_PLAIN:
        return c->id == ZS_CMD_READY || c->id == ZS_CMD_INITIATE;
    case ZS_MECHANISM_OTHER:
        return c->id == ZS_CMD_READY && zs_metadata_is_whole(c->body);
    default:
        return c->id == ZS_CMD_READY;
    }
}

/* What the mechanism wants of a command's body. */
static enum zs_rc judge_handshake(enum zs_mechanism m, const struct zs_command *c)
{
    struct zs_plain_hello hello;
    struct zs_curve curve;

    if (holds_metadata(m, c))
        return zs_metadata_is_whole(c->body) ? ZS_OK : ZS_E_METADATA;
    if (m == ZS_MECHANISM_PLAIN && c->id == ZS_CMD_HELLO)
        return zs_plain_hello_parse(c->body, &hello);
    if (m != ZS_MECHANISM_CURVE)
        return ZS_OK;
    enum zs_rc rc = zs_curve_parse(c->id, c->body, &curve);
    return rc == ZS_E_COMMAND_UNKNOWN ? ZS_OK : rc;
}

/* What a command must be, by its name, where it can be read. */
static enum zs_rc judge(enum zs_mechanism m, const struct zs_command *c)
{
    struct zs_ping ping;
    struct zs_span reason;
    enum zs_rc rc;

    switch (c->id) {
    case ZS_CMD_UNKNOWN: /* another mechanism's names are not known here */
        return m == ZS_MECHANISM_OTHER ? ZS_OK : ZS_E_COMMAND_UNKNOWN;
    case ZS_CMD_PING:
        return zs_ping_parse(c->body, &ping);
    case ZS_CMD_ERROR:
        rc = zs_error_parse(c->body, &reason);
        /* Read as what is meant; as it stands the name is longer than its command. */
        return rc == ZS_OK && c->misnamed ? ZS_E_COMMAND_NAME : rc;
    default:
        return judge_handshake(m, c);
    }
}

static void judge_flags(struct zs_reading *r)
{
    if (r->frame.flags & ZS_FRAME_COMMAND && r->frame.flags & ZS_FRAME_MORE)
        note(r, ZS_E_FRAME_MORE_COMMAND);
}

static void read_command_frame(const struct zs_place *at, uint8_t *buf, size_t room,
                               struct zs_reading *r)
{
    r->kind = ZS_READ_COMMAND;
    judge_flags(r);
    enum zs_rc rc = zs_command_parse(r->frame.body, &r->command);
    note(r, rc);
    if (rc != ZS_OK)
        return;
    if (at->mechanism == ZS_MECHANISM_GSSAPI && read_gssapi(at, buf, room, r))
        return;
    if (at->mechanism == ZS_MECHANISM_CURVE && read_curve_message(r))
        return;
    r->content = r->command;
}

static void read_message_frame(const struct zs_place *at, uint8_t *buf, size_t room,
                               struct zs_reading *r)
{
    bool sealed_mechanism =
        at->mechanism == ZS_MECHANISM_GSSAPI || at->mechanism == ZS_MECHANISM_CURVE;

    if (sealed_mechanism && looks_like_message_command(r->frame.body) &&
        zs_command_parse(r->frame.body, &r->command) == ZS_OK) {
        if (at->mechanism == ZS_MECHANISM_GSSAPI ? read_gssapi(at, buf, room, r)
                                                 : read_curve_message(r))
            return;
    }
    r->command = (struct zs_command){0};
    r->token_octets = zs_span(NULL, 0);
    read_as_message(r, r->frame.body, r->frame.flags & ZS_FRAME_MORE);
}

/* A command inside a wrap token is judged as the same command in the clear. */
static void judge_content(const struct zs_place *at, struct zs_reading *r)
{
    if (r->kind != ZS_READ_COMMAND || (r->wrapped && !r->verified))
        return;
    note(r, judge(at->mechanism, &r->content));
    r->has_metadata = holds_metadata(at->mechanism, &r->content);
}

void zs_reading_make(const struct zs_place *at, const struct zs_frame *f, uint8_t *buf, size_t room,
                     struct zs_reading *r)
{
    *r = (struct zs_reading){.frame = *f, .mechanism = at->mechanism};

    if (at->identity) {
        r->kind = ZS_READ_IDENTITY;
        r->data = f->body;
    } else if (f->flags & ZS_FRAME_COMMAND && at->framing == ZS_FRAMING_3) {
        read_command_frame(at, buf, room, r);
    } else {
        read_message_frame(at, buf, room, r);
    }
    judge_content(at, r);
}

void zs_reading_opened(struct zs_reading *r, const struct zs_place *at, struct zs_span plain)
{
    r->verified = true;
    r->defect = ZS_OK;
    judge_flags(r);
    read_plaintext(r, plain);
    judge_content(at, r);
}
