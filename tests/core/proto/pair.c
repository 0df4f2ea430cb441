/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/core/proto/pair.h"

#include <string.h>

static const char *kind_name(enum zs_peer_event_kind k)
{
    static const char *const names[] = {"greeting", "token", "command", "established",
                                        "message",  "error", "DEFECT",  "end"};
    return names[k];
}

/* " 5:hello" or, where it does not look like text, the number of octets. */
static void log_body(GString *log, struct zs_span body)
{
    bool text = body.n < 40;

    for (size_t i = 0; i < body.n; i++)
        text &= g_ascii_isprint((char)body.p[i]);
    g_string_append_printf(log, " %zu", body.n);
    if (text && body.n)
        g_string_append_printf(log, ":%.*s", (int)body.n, (const char *)body.p);
}

static void log_event(GString *log, const struct zs_peer_event *ev)
{
    g_string_append(log, kind_name(ev->kind));
    if (ev->kind == ZS_PEER_DEFECT) {
        g_string_append_printf(log, " %s\n", zs_defect_of(ev->rc)->code);
        return;
    }
    if (ev->kind == ZS_PEER_GREETING) {
        g_string_append_printf(log, " %s %s %d\n", zs_greeting_version(ev->greeting),
                               ev->greeting->mechanism, ev->greeting->as_server);
        return;
    }
    g_string_append_printf(log, " %s", zs_command_name(ev->command));
    log_body(log, ev->body);
    if (ev->wrapped)
        g_string_append(log, ev->confidential ? " sealed" : " wrapped");
    if (ev->more)
        g_string_append(log, " more");
    if (ev->complete)
        g_string_append(log, " complete");
    if (ev->rc != ZS_OK)
        g_string_append_printf(log, " (%s)", zs_defect_of(ev->rc)->code);
    g_string_append_c(log, '\n');
}

static void on_said(void *user, const struct zs_peer_event *said)
{
    log_event(user, said);
}

void pair_init(struct pair *p, const struct zs_gss *client, const struct zs_gss *server)
{
    *p = (struct pair){.gss = {client, server}, .now = 1000};
    p->options[ZS_ROLE_CLIENT] = zs_peer_options(ZS_ROLE_CLIENT, ZS_SOCKET_REQ);
    p->options[ZS_ROLE_SERVER] = zs_peer_options(ZS_ROLE_SERVER, ZS_SOCKET_REP);
    for (int r = 0; r < ZS_ROLE_COUNT; r++) {
        p->log[r] = g_string_new(NULL);
        p->said[r] = g_string_new(NULL);
        p->stream[r] = g_byte_array_new();
        p->options[r].on_said = on_said;
        p->options[r].user = p->said[r];
    }
}

void pair_begin(struct pair *p)
{
    for (int r = 0; r < ZS_ROLE_COUNT; r++)
        zs_peer_init(&p->peer[r], &p->options[r], p->gss[r], p->now);
}

void pair_clear(struct pair *p)
{
    for (int r = 0; r < ZS_ROLE_COUNT; r++) {
        zs_peer_clear(&p->peer[r]);
        g_string_free(p->log[r], TRUE);
        g_string_free(p->said[r], TRUE);
        g_byte_array_unref(p->stream[r]);
    }
}

/* What the caller lends ends where its memory does. */
static unsigned feed_piece(struct pair *p, enum zs_role role, struct zs_span octets)
{
    uint8_t *copy = g_memdup2(octets.p, octets.n);
    struct zs_span in = zs_span(copy, octets.n);
    struct zs_peer_event ev;
    unsigned n = 0;

    while (zs_peer_step(&p->peer[role], &in, p->now, &ev)) {
        log_event(p->log[role], &ev);
        p->last[role] = ev;
        n++;
    }
    g_assert_cmpuint(in.n, ==, 0);
    g_free(copy);
    return n;
}

unsigned pair_feed(struct pair *p, enum zs_role role, struct zs_span octets)
{
    unsigned n = 0;

    if (octets.n == 0)
        return feed_piece(p, role, octets);
    for (size_t at = 0; at < octets.n;) {
        size_t piece = p->chunk && p->chunk < octets.n - at ? p->chunk : octets.n - at;
        n += feed_piece(p, role, zs_span(octets.p + at, piece));
        at += piece;
    }
    return n;
}

const struct zs_peer_event *pair_meet(struct pair *p, enum zs_role role, struct zs_span octets)
{
    g_assert_cmpuint(pair_feed(p, role, octets), ==, 1);
    return &p->last[role];
}

void pair_hand_over(struct pair *p, enum zs_role role)
{
    struct zs_span out = zs_peer_output(&p->peer[role]);
    GByteArray *copy = g_byte_array_append(g_byte_array_new(), out.p, (guint)out.n);

    g_byte_array_append(p->stream[role], out.p, (guint)out.n);
    zs_peer_sent(&p->peer[role], out.n);
    pair_feed(p, pair_other(role), zs_span(copy->data, copy->len));
    g_byte_array_unref(copy);
}

/* One octet of what role has said; false: it has said nothing. */
static bool hand_over_octet(struct pair *p, enum zs_role role)
{
    struct zs_span out = zs_peer_output(&p->peer[role]);

    if (out.n == 0)
        return false;
    uint8_t octet = out.p[0];
    g_byte_array_append(p->stream[role], &octet, 1);
    zs_peer_sent(&p->peer[role], 1);
    pair_feed(p, pair_other(role), zs_span(&octet, 1));
    return true;
}

void pair_talk_until(struct pair *p, enum zs_role role, enum zs_peer_state state)
{
    bool said = true;

    while (said) {
        said = false;
        for (int r = 0; r < ZS_ROLE_COUNT; r++) {
            if (p->peer[role].state == state)
                return;
            said |= hand_over_octet(p, (enum zs_role)r);
        }
    }
}

void pair_talk(struct pair *p)
{
    while (zs_peer_output(&p->peer[ZS_ROLE_CLIENT]).n || zs_peer_output(&p->peer[ZS_ROLE_SERVER]).n)
        for (int r = 0; r < ZS_ROLE_COUNT; r++)
            pair_hand_over(p, (enum zs_role)r);
}

void pair_expect(const struct pair *p, enum zs_peer_state client, enum zs_peer_state server)
{
    g_assert_cmpstr(zs_peer_state_name(p->peer[ZS_ROLE_CLIENT].state), ==,
                    zs_peer_state_name(client));
    g_assert_cmpstr(zs_peer_state_name(p->peer[ZS_ROLE_SERVER].state), ==,
                    zs_peer_state_name(server));
}
