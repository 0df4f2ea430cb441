/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef ZS_ANALYZER_PEERS_H
#define ZS_ANALYZER_PEERS_H

/* The options with which connect and serve say what sort of peer they are, and what they share. */
#include "analyzer/live/connection.h"
#include "analyzer/report/dialog.h"

#include <glib.h>

/* Zeroed before use; zs_peer_arguments_add() puts in the defaults. Strings are its own. */
struct zs_peer_arguments {
    char *type, *identity, *form, *as_server, *dialect;
    char *separator; /* of a line's parts; NULL: a line is one part */
    gboolean null, plaintext, integrity_only, quiet, hex;
    double heartbeat, timeout; /* seconds; heartbeat 0: none */
    gint64 count;              /* of messages that come, until the end */
};

void zs_peer_arguments_add(struct zs_peer_arguments *a, GOptionContext *c);
/* The letters of zs_peer_arguments_add() that take a value, for zs_arguments_parse(). */
#define ZS_PEER_LETTERS "tc"
void zs_peer_arguments_clear(struct zs_peer_arguments *a);

/* What they ask for; borrows from a. type: where none was given. False: standard error says why. */
bool zs_peer_arguments_options(const struct zs_peer_arguments *a, enum zs_role role,
                               enum zs_socket_type type, struct zs_peer_options *o);
struct zs_dialog zs_peer_arguments_dialog(const struct zs_peer_arguments *a);

/* Says a line as a message: its parts, behind an empty one where the socket type delimits. False: there is no room,
 * or this socket type sends nothing. */
bool zs_peers_say(struct zs_connection *c, const char *separator, struct zs_span line);
/* Shows what happened on c. inside: in the middle of a message that comes; kept for the connection. The empty
 * delimiter of REQ and REP is not the application's: quiet leaves it out. */
void zs_peers_show(const struct zs_dialog *d, const char *who, const struct zs_connection *c,
                   bool said, const struct zs_peer_event *ev, bool *inside);

/* As many descriptors as this process may have. */
void zs_peers_raise_descriptors(void);

#endif
