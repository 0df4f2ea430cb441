/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Ctrl+C and SIGTERM, to GLib's main loop. */
#include "analyzer/stop.h"

#include <glib-unix.h>
#include <signal.h>
#include <stdbool.h>

enum { STOP_MS = 3000 };

struct zs_stop {
    GMainLoop *loop;
    void (*on_signal)(void *user);
    void *user;
    guint interrupt, terminate; /* sources … */
    guint patience;             /* … and that of the timer that ends it anyway; 0: none */
    bool signalled;
};

static gboolean on_patience(gpointer user)
{
    struct zs_stop *s = user;

    s->patience = 0;
    g_main_loop_quit(s->loop);
    return G_SOURCE_REMOVE;
}

static gboolean on_signal(gpointer user)
{
    struct zs_stop *s = user;

    if (s->signalled) {
        g_main_loop_quit(s->loop);
        return G_SOURCE_CONTINUE;
    }
    s->signalled = true;
    zs_stop_begin(s);
    s->on_signal(s->user);
    return G_SOURCE_CONTINUE;
}

struct zs_stop *zs_stop_new(GMainLoop *loop, void (*tell)(void *user), void *user)
{
    struct zs_stop *s = g_new0(struct zs_stop, 1);

    *s = (struct zs_stop){.loop = loop, .on_signal = tell, .user = user};
    s->interrupt = g_unix_signal_add(SIGINT, on_signal, s);
    s->terminate = g_unix_signal_add(SIGTERM, on_signal, s);
    return s;
}

void zs_stop_begin(struct zs_stop *s)
{
    if (!s->patience)
        s->patience = g_timeout_add(STOP_MS, on_patience, s);
}

void zs_stop_free(struct zs_stop *s)
{
    if (!s)
        return;
    g_source_remove(s->interrupt);
    g_source_remove(s->terminate);
    if (s->patience)
        g_source_remove(s->patience);
    g_free(s);
}
