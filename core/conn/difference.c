/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Statements compared field by field, each with the clause that decides (23/ZMTP, 38/ZMTP-GSSAPI, RFC 2743).
 *
 * Limits: a text of the wire is compared whole, and shown up to 79 octets and its first octet 0. */
#include "core/conn/difference.h"

#include <glib.h>
#include <string.h>

static const char spec_38[] = "38/ZMTP-GSSAPI: commands";

void zs_differ(const struct zs_differences *d, enum zs_role role, struct zs_stamp at,
               const char *field, const char *ours, const char *captured, const char *clause)
{
    struct zs_rerun_difference told = {.field = field, .clause = clause};

    g_strlcpy(told.ours, ours, sizeof told.ours);
    g_strlcpy(told.captured, captured, sizeof told.captured);
    ++*d->count;
    d->handler->on_difference(d->user, role, at, &told);
}

static void differ_number(const struct zs_differences *d, enum zs_role role, struct zs_stamp at,
                          const char *field, unsigned ours, unsigned captured, const char *clause)
{
    char a[16], b[16];

    if (ours == captured)
        return;
    g_snprintf(a, sizeof a, "%u", ours);
    g_snprintf(b, sizeof b, "%u", captured);
    zs_differ(d, role, at, field, a, b, clause);
}

/* Text of the wire for a field of a difference; whoever prints it escapes it. */
static void copy_span(char *text, size_t size, struct zs_span s)
{
    size_t n = MIN(s.n, size - 1);

    if (n)
        memcpy(text, s.p, n);
    text[n] = 0;
}

/* The properties of one that the other lacks or has otherwise. */
static void compare_properties(const struct zs_differences *d, enum zs_role role,
                               struct zs_stamp at, struct zs_span from, struct zs_span in,
                               bool from_ours)
{
    static const char clause[] = "23/ZMTP: metadata";
    struct zs_property a;
    enum zs_rc rc;

    while (zs_metadata_next(&from, &a, &rc)) {
        struct zs_property b = zs_metadata_find(in, a.name);
        char field[80], here[80], there[80] = "(not there)";
        bool same = b.name.p && a.value.n == b.value.n &&
                    (a.value.n == 0 || memcmp(a.value.p, b.value.p, a.value.n) == 0);
        if (same || (b.name.p && !from_ours))
            continue;
        copy_span(field, sizeof field, a.name);
        copy_span(here, sizeof here, a.value);
        if (b.name.p)
            copy_span(there, sizeof there, b.value);
        char *named = g_strdup_printf("READY %s", field);
        zs_differ(d, role, at, named, from_ours ? here : there, from_ours ? there : here, clause);
        g_free(named);
    }
}

static void compare_greetings(const struct zs_differences *d, enum zs_role role, struct zs_stamp at,
                              const struct zs_greeting *ours, const struct zs_greeting *captured)
{
    differ_number(d, role, at, "version minor", ours->minor, captured->minor, "23/ZMTP: version");
    differ_number(d, role, at, "as-server", ours->as_server, captured->as_server,
                  "38/ZMTP-GSSAPI: as-server");
}

const char *zs_statement_name(const struct zs_peer_event *ev)
{
    if (ev->kind == ZS_PEER_GREETING)
        return "greeting";
    return ev->command == ZS_CMD_EMPTY ? "(empty)" : zs_command_name(ev->command);
}

void zs_differ_statements(const struct zs_differences *d, enum zs_role role, struct zs_stamp at,
                          const struct zs_peer_event *ours, const struct zs_peer_event *captured)
{
    if (ours->kind != captured->kind || ours->command != captured->command) {
        zs_differ(d, role, at, "statement", zs_statement_name(ours), zs_statement_name(captured),
                  "23/ZMTP: mechanism");
        return;
    }
    if (ours->kind == ZS_PEER_GREETING) {
        compare_greetings(d, role, at, ours->greeting, captured->greeting);
        return;
    }
    differ_number(d, role, at, "command frame", ours->command_frame, captured->command_frame,
                  "23/ZMTP: framing");
    differ_number(d, role, at, "wrapped", ours->wrapped, captured->wrapped, spec_38);
    differ_number(d, role, at, "sealed", ours->confidential, captured->confidential,
                  "RFC 2743, 2.3.3");
    differ_number(d, role, at, "inner flags", ours->inner_flags, captured->inner_flags,
                  "libzmq: gssapi message flags");
    if (ours->kind == ZS_PEER_ESTABLISHED) {
        compare_properties(d, role, at, ours->body, captured->body, true);
        compare_properties(d, role, at, captured->body, ours->body, false);
    }
}

void zs_differ_from_spec(const struct zs_differences *d, enum zs_role role, struct zs_stamp at,
                         const struct zs_peer_event *ev)
{
    if (ev->form != ZS_FORM_LIBZMQ)
        return;
    if (ev->kind == ZS_PEER_TOKEN)
        zs_differ(d, role, at, "form",
                  role == ZS_ROLE_CLIENT ? "HELLO, padded to 8 octets"
                                         : "WELCOME, padded to 8 octets",
                  "INITIATE as a short string, and a length", spec_38);
    else if (ev->kind == ZS_PEER_COMMAND && ev->command == ZS_CMD_EMPTY)
        zs_differ(d, role, at, "command", "none", "the empty command", spec_38);
    else if (ev->kind == ZS_PEER_ESTABLISHED && ev->wrapped)
        zs_differ(d, role, at, "command", "READY", "READY inside MESSAGE", spec_38);
}
