/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A server up to its context: 38/ZMTP-GSSAPI in the form that its client uses (docs/protocol.md, 3 and 4). It accepts.
 * Whoever is not let in is told nothing, not even by a token. Where the context stands without a token of ours, an empty
 * command is sent in its place, as by libzmq's server. */
#include "core/proto/machine.h"

/* The token, or what the form has in its place. */
static enum zs_rc answer(struct zs_peer *p, bool complete, struct zs_span token)
{
    bool padded = p->form == ZS_FORM_PADDED;

    if (token.n || (padded && !complete))
        return zs_say_token(p, padded ? ZS_CMD_WELCOME : ZS_CMD_INITIATE, token);
    return padded ? ZS_OK : zs_say_empty(p);
}

static enum zs_rc say_ready(struct zs_peer *p)
{
    p->state = ZS_PEER_WANT_READY;
    return zs_say_ready(p);
}

static enum zs_rc on_token(struct zs_peer *p, struct zs_peer_event *ev)
{
    struct zs_span out;

    enum zs_rc rc = zs_peer_token_of(ev);
    if (rc == ZS_OK)
        rc = zs_peer_take_token(p, ev, &out);
    if (rc == ZS_OK)
        rc = answer(p, ev->complete, out);
    if (rc != ZS_OK)
        return rc;
    if (ev->complete && p->form == ZS_FORM_PADDED)
        return say_ready(p);
    p->state = ev->complete ? ZS_PEER_WANT_EMPTY : ZS_PEER_WANT_TOKEN;
    return ZS_OK;
}

static enum zs_rc on_hello(struct zs_peer *p, struct zs_peer_event *ev)
{
    p->form = ev->form;
    p->form_known = true;
    return on_token(p, ev);
}

static enum zs_rc on_empty(struct zs_peer *p, struct zs_peer_event *ev)
{
    ev->kind = ZS_PEER_COMMAND;
    return say_ready(p);
}

/* clang-format off */
static const struct zs_rule rules[] = {
    /* awaited            command          form              ways          */
    {ZS_PEER_WANT_HELLO, ZS_CMD_INITIATE, ZS_FORM_LIBZMQ,   ZS_WAY_CLEAR, on_hello},
    {ZS_PEER_WANT_HELLO, ZS_CMD_HELLO,    ZS_FORM_PADDED,   ZS_WAY_CLEAR, on_hello},
    {ZS_PEER_WANT_TOKEN, ZS_CMD_INITIATE, ZS_RULE_ANY_FORM, ZS_WAY_CLEAR, on_token},
    {ZS_PEER_WANT_EMPTY, ZS_CMD_EMPTY,    ZS_FORM_LIBZMQ,   ZS_WAY_CLEAR, on_empty},
};
/* clang-format on */
const struct zs_rules zs_server_rules = {rules, sizeof rules / sizeof rules[0]};
