/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Events to the octets of a NULL conversation: greetings with another mechanism, READY for what the mechanism has in its
 * place, frames without what they were wrapped in.
 *
 * Limits: CURVE's greeting stays as it is, for none of its frames can be opened; greetings of ZMTP 2.0 and 1.0 are not
 * made anew. */
#include "analyzer/retelling.h"

#include <string.h>

static enum zs_retold retell_greeting(const struct zs_greeting *g, struct zs_retelling *t)
{
    struct zs_greeting made = *g;

    if (!g->versioned || zs_greeting_is_2(g))
        return ZS_RETOLD_NOTHING;
    if (zs_mechanism_of(g->mechanism) != ZS_MECHANISM_CURVE) {
        memset(made.mechanism, 0, sizeof made.mechanism);
        memcpy(made.mechanism, "NULL", 4);
        made.as_server = false; /* 37/ZMTP: it belongs to the mechanisms that have a server */
    }
    *t = (struct zs_retelling){0};
    struct zs_buf b = zs_buf(t->head, sizeof t->head);
    zs_greeting_write(&b, &made);
    t->n = b.n;
    return ZS_RETOLD_CLEAR;
}

static enum zs_retold retell_message(const struct zs_reading *r, struct zs_retelling *t)
{
    if (r->wrapped && !r->verified)
        return ZS_RETOLD_SEALED;
    *t = (struct zs_retelling){.body = r->data};
    struct zs_buf b = zs_buf(t->head, sizeof t->head);
    zs_frame_header_write(&b, r->more ? ZS_FRAME_MORE : 0, r->data.n);
    t->n = b.n;
    return r->wrapped ? ZS_RETOLD_OPENED : ZS_RETOLD_CLEAR;
}

/* Has the mechanism such a command for its own ends? Its user has said nothing in it. */
static bool is_mechanism_s(const struct zs_reading *r)
{
    switch (r->content.id) {
    case ZS_CMD_EMPTY:
        return true;
    case ZS_CMD_HELLO:
    case ZS_CMD_WELCOME:
        return r->mechanism == ZS_MECHANISM_PLAIN || r->mechanism == ZS_MECHANISM_CURVE ||
               r->mechanism == ZS_MECHANISM_GSSAPI;
    case ZS_CMD_INITIATE:
        return r->mechanism == ZS_MECHANISM_CURVE || r->mechanism == ZS_MECHANISM_GSSAPI;
    case ZS_CMD_READY:
        return r->mechanism == ZS_MECHANISM_CURVE;
    default:
        return false;
    }
}

/* Its name in a NULL conversation; empty: it has no place there. */
static struct zs_span name_there(const struct zs_reading *r)
{
    enum zs_command_id id = r->content.id;
    bool is_plain = r->mechanism == ZS_MECHANISM_NULL || r->verified;

    switch (id) {
    case ZS_CMD_HELLO: /* there may be a password in it, whatever the mechanism is */
        return zs_span(NULL, 0);
    case ZS_CMD_WELCOME:
    case ZS_CMD_MESSAGE:
        if (!is_plain)
            return zs_span(NULL, 0);
        break;
    case ZS_CMD_READY:
    case ZS_CMD_INITIATE: /* PLAIN's is the client's READY */
        if (r->has_metadata)
            id = ZS_CMD_READY;
        else if (!is_plain)
            return zs_span(NULL, 0);
        break;
    case ZS_CMD_UNKNOWN:
        return r->content.name;
    default:
        break;
    }
    return zs_span(zs_command_name(id), strlen(zs_command_name(id)));
}

static enum zs_retold retell_command(const struct zs_reading *r, struct zs_retelling *t)
{
    struct zs_span name = name_there(r);

    if (r->wrapped && !r->verified)
        return ZS_RETOLD_SEALED;
    if (!r->wrapped && !r->has_metadata && is_mechanism_s(r))
        return ZS_RETOLD_NOTHING;
    if (name.n == 0)
        return ZS_RETOLD_UNREAD;
    *t = (struct zs_retelling){.body = r->content.body};
    struct zs_buf b = zs_buf(t->head, sizeof t->head);
    zs_frame_header_write(&b, ZS_FRAME_COMMAND, 1 + name.n + r->content.body.n);
    zs_buf_short(&b, name);
    t->n = b.n;
    return r->wrapped ? ZS_RETOLD_OPENED : ZS_RETOLD_CLEAR;
}

enum zs_retold zs_retell(const struct zs_event *ev, struct zs_retelling *t)
{
    switch (ev->kind) {
    case ZS_EVENT_GREETING:
        return retell_greeting(ev->greeting, t);
    case ZS_EVENT_COMMAND:
        return retell_command(ev->command, t);
    case ZS_EVENT_MESSAGE:
        return retell_message(ev->message, t);
    default:
        return ZS_RETOLD_NOTHING;
    }
}

bool zs_retelling_is_repeating(const struct zs_greeting *g)
{
    return !g->versioned || zs_greeting_is_2(g) ||
           zs_mechanism_of(g->mechanism) == ZS_MECHANISM_OTHER;
}
