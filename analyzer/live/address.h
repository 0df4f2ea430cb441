/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef ZS_LIVE_ADDRESS_H
#define ZS_LIVE_ADDRESS_H

/* Where a peer is, as zmq_tcp(7) and zmq_ipc(7) write it: tcp://HOST:PORT, tcp://[2001:db8::1]:5555, where HOST may be
 * an asterisk to listen on all addresses; ipc://PATH is a Unix socket, ipc://@NAME an abstract one. */
#include <gio/gio.h>

/* To connect to; names are looked up when that is done. NULL: *error, which does not name the endpoint. */
GSocketConnectable *zs_address_to_connect(const char *endpoint, GError **error);
/* The first of its addresses that takes the connection: *peer is that one, g_free() it. All have so many microseconds
 * together, once names are looked up. NULL: *error is that of the last. Blocking. */
GSocket *zs_address_connect(GSocketConnectable *to, gint64 patience_us, char **peer,
                            GError **error);
/* The same without blocking, seconds for each: done is told once, from the loop, and takes what came of it (NULL: *error). The connection
 * closes its socket as it dies. */
void zs_address_begin_connect(GSocketConnectable *to, guint seconds, GCancellable *cancel,
                              GAsyncReadyCallback done, void *user);
GSocketConnection *zs_address_take_connected(GObject *source, GAsyncResult *result, GError **error);
/* To listen on; a name is looked up here. Port 0 is any that is free. NULL: *error. */
GSocketAddress *zs_address_to_bind(const char *endpoint, GError **error);
/* A socket that listens there, not blocking. NULL: *error. */
GSocket *zs_address_listen(const char *endpoint, GError **error);
/* "tcp://127.0.0.1:5555"; g_free() it. */
char *zs_address_format(GSocketAddress *a);
/* The same, of where a socket listens and of who is at its other end. */
char *zs_address_own(GSocket *s);
char *zs_address_other(GSocket *s);

#endif
