/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A client up to its context: 38/ZMTP-GSSAPI in both forms (docs/protocol.md, 3 and 4). It initiates. */
#include "core/proto/machine.h"

/* The token, or what the form has in its place. */
static enum zs_rc answer(struct zs_peer *p, bool complete, struct zs_span token)
{
    bool first = p->state == ZS_PEER_WANT_GREETING;

    if (p->form == ZS_FORM_PADDED) {
        if (token.n || !complete)
            return zs_say_token(p, first ? ZS_CMD_HELLO : ZS_CMD_INITIATE, token);
        return ZS_OK;
    }
    return token.n ? zs_say_token(p, ZS_CMD_INITIATE, token) : zs_say_empty(p);
}

/* A server of libzmq's answers the last token with a token or with the empty command, and wants one in its turn. */
static enum zs_peer_state state_behind(const struct zs_peer *p, bool complete, struct zs_span said)
{
    if (!complete)
        return ZS_PEER_WANT_TOKEN;
    return p->form == ZS_FORM_LIBZMQ && said.n ? ZS_PEER_WANT_EMPTY : ZS_PEER_WANT_READY;
}

static enum zs_rc advance(struct zs_peer *p, struct zs_peer_event *ev)
{
    struct zs_span out;

    enum zs_rc rc = zs_peer_take_token(p, ev, &out);
    if (rc == ZS_OK)
        rc = answer(p, ev->complete, out);
    if (rc == ZS_OK)
        p->state = state_behind(p, ev->complete, out);
    return rc;
}

enum zs_rc zs_client_begin(struct zs_peer *p, const char **detail)
{
    struct zs_peer_event ev = {0};

    enum zs_rc rc = advance(p, &ev);
    *detail = ev.detail;
    return rc;
}

static enum zs_rc on_token(struct zs_peer *p, struct zs_peer_event *ev)
{
    enum zs_rc rc = zs_peer_token_of(ev);

    return rc == ZS_OK ? advance(p, ev) : rc;
}

static enum zs_rc on_empty(struct zs_peer *p, struct zs_peer_event *ev)
{
    ev->kind = ZS_PEER_COMMAND;
    p->state = ZS_PEER_WANT_READY;
    return zs_say_empty(p);
}

/* clang-format off */
static const struct zs_rule rules[] = {
    /* awaited            command          form            ways          */
    {ZS_PEER_WANT_TOKEN, ZS_CMD_INITIATE, ZS_FORM_LIBZMQ, ZS_WAY_CLEAR, on_token},
    {ZS_PEER_WANT_TOKEN, ZS_CMD_WELCOME,  ZS_FORM_PADDED, ZS_WAY_CLEAR, on_token},
    {ZS_PEER_WANT_EMPTY, ZS_CMD_EMPTY,    ZS_FORM_LIBZMQ, ZS_WAY_CLEAR, on_empty},
};
/* clang-format on */
const struct zs_rules zs_client_rules = {rules, sizeof rules / sizeof rules[0]};
