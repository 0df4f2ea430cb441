/* SPDX-License-Identifier: GPL-2.0-or-later */
/* zmtpscope replay --connect and --bind. */
#include "analyzer/rehearsal.h"

#include "analyzer/command.h"
#include "analyzer/live/address.h"

#include <glib-unix.h>
#include <signal.h>
#include <stdio.h>

enum { CONNECT_SECONDS = 10 };

struct stage {
    const struct zs_rehearsal *r;
    struct zs_live_credential *credential;
    GMainLoop *loop;
    GSocket *listening;
    GSource *acceptable;
    guint next, open; /* script that is due; plays that go on */
    GPtrArray *plays;
    bool differs, failed, stopping;
};

static void complain(const char *subject, const char *why)
{
    fprintf(stderr, "zmtpscope: %s: %s\n", subject, why);
}

/* ==== the account ==== */

static void on_difference(void *user, const struct zs_play *p, const char *sentence)
{
    const struct stage *s = user;

    if (!s->r->json)
        zs_account_difference(stdout, zs_play_script(p)->connection, sentence);
}

static void on_end(void *user, struct zs_play *p)
{
    struct stage *s = user;
    const struct zs_account *a = zs_play_account(p);

    zs_account_put(stdout, s->r->json, zs_play_script(p)->connection, a);
    if (a->failed) {
        char *who = g_strdup_printf("c%" G_GUINT64_FORMAT, zs_play_script(p)->connection);
        complain(who, a->failed);
        g_free(who);
        s->failed = true;
    }
    s->differs |= a->differed || a->missing || a->extra;
    s->open--;
    if (s->open == 0 && s->next == s->r->scripts->len)
        g_main_loop_quit(s->loop);
}

/* ==== the plays ==== */

static void play(struct stage *s, GSocket *socket, struct zs_live *live,
                 const struct zs_script *script)
{
    static const struct zs_play_handler handler = {on_difference, on_end};

    s->open++;
    g_ptr_array_add(s->plays, zs_play_new(socket, live, script, &s->r->play, &handler, s));
}

static bool connect_one(struct stage *s, GSocketConnectable *to, const struct zs_script *script)
{
    struct zs_live *live = NULL;
    char *why = NULL, *peer = NULL;
    GError *error = NULL;

    if (!script->null) {
        live = zs_live_initiate(s->credential, s->r->service, &why);
        if (!live) {
            complain("GSSAPI", why);
            g_free(why);
            return false;
        }
    }
    GSocket *socket = zs_address_connect(to, CONNECT_SECONDS, &peer, &error);
    g_free(peer);
    if (socket) {
        play(s, socket, live, script);
        return true;
    }
    complain(s->r->connect, error->message);
    g_error_free(error);
    zs_live_free(live);
    return false;
}

static bool connect_all(struct stage *s)
{
    GError *error = NULL;
    GSocketConnectable *to = zs_address_to_connect(s->r->connect, &error);
    bool ok = to != NULL;

    if (!to) {
        complain("--connect", error->message);
        g_error_free(error);
        return false;
    }
    for (; ok && s->next < s->r->scripts->len; s->next++)
        ok = connect_one(s, to, s->r->scripts->pdata[s->next]);
    g_object_unref(to);
    return ok;
}

static gboolean on_acceptable(GSocket *socket, GIOCondition condition, gpointer user)
{
    struct stage *s = user;
    (void)condition;

    GSocket *accepted = g_socket_accept(socket, NULL, NULL);
    if (!accepted)
        return G_SOURCE_CONTINUE;
    if (s->next == s->r->scripts->len) {
        g_object_unref(accepted);
        return G_SOURCE_CONTINUE;
    }
    const struct zs_script *script = s->r->scripts->pdata[s->next++];
    play(s, accepted, script->null ? NULL : zs_live_accept(s->credential), script);
    return G_SOURCE_CONTINUE;
}

static bool await_clients(struct stage *s)
{
    GError *error = NULL;

    s->listening = zs_address_listen(s->r->bind, &error);
    if (!s->listening) {
        complain("--bind", error->message);
        g_error_free(error);
        return false;
    }
    s->acceptable = g_socket_create_source(s->listening, G_IO_IN, NULL);
    g_source_set_callback(s->acceptable, G_SOURCE_FUNC(on_acceptable), s, NULL);
    g_source_attach(s->acceptable, NULL);
    return true;
}

static gboolean on_signal(gpointer user)
{
    struct stage *s = user;

    s->failed = true;
    g_main_loop_quit(s->loop);
    return G_SOURCE_CONTINUE;
}

static bool wants_gssapi(const struct zs_rehearsal *r)
{
    for (guint i = 0; i < r->scripts->len; i++)
        if (!((const struct zs_script *)r->scripts->pdata[i])->null)
            return true;
    return false;
}

static bool acquire(struct stage *s)
{
    char *why = NULL;

    if (!wants_gssapi(s->r))
        return true;
    if (s->r->connect && !s->r->service) {
        complain("--connect", "GSSAPI wants to know whom to authenticate to: --service NAME");
        return false;
    }
    s->credential = s->r->bind ? zs_live_server_credential(s->r->keytab, s->r->service, &why)
                               : zs_live_client_credential(NULL, NULL, NULL, &why);
    if (s->credential)
        return true;
    complain("GSSAPI", why);
    g_free(why);
    return false;
}

static void free_play(gpointer p)
{
    zs_play_free(p);
}

int zs_rehearse(const struct zs_rehearsal *r)
{
    struct stage s = {.r = r, .plays = g_ptr_array_new_with_free_func(free_play)};

    setvbuf(stdout, NULL, _IOLBF, 0);
    s.loop = g_main_loop_new(NULL, FALSE);
    bool ok = acquire(&s) && (r->bind ? await_clients(&s) : connect_all(&s));
    if (ok) {
        guint interrupt = g_unix_signal_add(SIGINT, on_signal, &s);
        g_main_loop_run(s.loop);
        g_source_remove(interrupt);
    }
    g_ptr_array_unref(s.plays);
    if (s.acceptable) {
        g_source_destroy(s.acceptable);
        g_source_unref(s.acceptable);
    }
    g_clear_object(&s.listening);
    zs_live_credential_free(s.credential);
    g_main_loop_unref(s.loop);
    if (!ok || s.failed)
        return ZS_EXIT_FAILED;
    return s.differs ? ZS_EXIT_FINDINGS : ZS_EXIT_CLEAN;
}
