/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef ZS_ANALYZER_STOP_H
#define ZS_ANALYZER_STOP_H

/* How live peers are stopped by Ctrl+C and SIGTERM: the first asks them to end in order, and whoever is not through 3
 * seconds later, for he takes nothing of what waits, is left; a second one leaves them at once. Leaving is: the loop is
 * quit. */
#include <glib.h>

struct zs_stop;

/* on_signal: the first one came. loop outlives it. */
struct zs_stop *zs_stop_new(GMainLoop *loop, void (*on_signal)(void *user), void *user);
/* The 3 seconds begin, if they have not: for an end that is wanted without a signal. */
void zs_stop_begin(struct zs_stop *s);
void zs_stop_free(struct zs_stop *s); /* NULL is fine */

#endif
