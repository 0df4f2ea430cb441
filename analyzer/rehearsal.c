/* SPDX-License-Identifier: GPL-2.0-or-later */
/* zmtpscope replay --connect and --bind. A run is one script, said once: of each script there are copies side by side,
 * and of each copy rounds. Connected, a copy's next round begins as its last ends; bound, the n-th client gets the n-th
 * run. */
#include "analyzer/rehearsal.h"

#include "analyzer/command.h"
#include "analyzer/live/address.h"
#include "analyzer/output.h"
#include "analyzer/peers.h"
#include "analyzer/report/junit.h"
#include "analyzer/stop.h"

#include <stdio.h>
#include <unistd.h>

enum { CONNECT_SECONDS = 10, PROGRESS_MS = 1000 };

struct stage {
    const struct zs_rehearsal *r;
    struct zs_live_credential *credential;
    GSocketConnectable *to;
    GCancellable *cancel; /* connecting */
    GMainLoop *loop;
    GSocket *listening;
    GSource *acceptable;           /* NULL: no client is wanted now */
    GHashTable *open;              /* of struct run, as a set */
    guint64 begun, expected;       /* runs; expected 0: without end */
    struct zs_account_total total; /* of those that have ended */
    struct zs_junit *junit;
    gint64 started; /* microseconds */
    struct zs_stop *stop;
    char *said; /* what was complained of last, for it may befall a thousand runs */
    bool differs, failed, stopping, timed_out, terminal;
};

struct run {
    struct stage *stage;
    const struct zs_script *script;
    struct zs_account_of of;
    struct zs_live *live;      /* while it connects */
    GSocketConnection *stream; /* owns the play's socket; NULL: nobody does */
    struct zs_play *play;
    gint64 started;
};

static bool fail(struct stage *s, const char *subject, const char *why)
{
    char *text = g_strdup_printf("%s: %s", subject, why);

    if (g_strcmp0(text, s->said) != 0)
        zs_output_fail(subject, why);
    g_free(s->said);
    s->said = text;
    s->failed = true;
    return false;
}

/* ==== progress ==== */

/* On a terminal it is one line, which makes room for what else is said. */
static void clear_progress(const struct stage *s)
{
    if (s->terminal)
        fputs("\r\x1b[K", stderr);
}

static void show_progress(const struct stage *s)
{
    struct zs_account_total now = s->total;
    GHashTableIter iter;
    gpointer key;

    g_hash_table_iter_init(&iter, s->open);
    while (g_hash_table_iter_next(&iter, &key, NULL)) {
        const struct run *run = key;
        static const struct zs_account nothing;
        zs_account_add(&now, run->play ? zs_play_account(run->play) : &nothing);
    }
    now.seconds = (double)(g_get_monotonic_time() - s->started) / G_USEC_PER_SEC;
    clear_progress(s);
    zs_account_put_progress(stderr, &now, g_hash_table_size(s->open), s->expected);
    if (!s->terminal)
        fputc('\n', stderr);
    fflush(stderr);
}

static gboolean on_second(gpointer user)
{
    show_progress(user);
    return G_SOURCE_CONTINUE;
}

/* ==== the account ==== */

static void on_difference(void *user, const struct zs_play *p,
                          const struct zs_account_difference *d)
{
    struct run *run = user;
    (void)p;

    clear_progress(run->stage);
    zs_account_put_difference(stdout, run->stage->r->json, &run->of, d);
    run->stage->differs = true;
}

static enum zs_junit_result result_of(const struct zs_play_outcome *o)
{
    if (o->fate == ZS_FATE_NONE)
        return ZS_JUNIT_SKIPPED;
    return o->sentence ? ZS_JUNIT_FAILED : ZS_JUNIT_PASSED;
}

static void tell_line(struct zs_junit *j, const struct zs_script *script, guint i,
                      const struct zs_play_outcome *o)
{
    static const char *const kinds[] = {"message", "subscription", "cancellation"};
    const struct zs_line *l = script->lines->pdata[i];
    char *name =
        g_strdup_printf("%u, packet #%" G_GUINT64_FORMAT ": the %s's %s", i + 1, l->at.frame,
                        l->dir == script->client ? "client" : "server", kinds[l->kind]);

    zs_junit_case(j, name, (double)o->latency / 1e9, result_of(o),
                  o->sentence ? o->sentence : "it was not reached");
    g_free(name);
}

/* A suite: the connection itself, each line of the script, and what came besides. */
static void tell_junit(const struct run *run, const struct zs_account *a)
{
    struct zs_junit *j = run->stage->junit;
    double seconds = (double)(g_get_monotonic_time() - run->started) / G_USEC_PER_SEC;
    char *name = zs_account_name(&run->of), *extra = NULL;

    if (a->extra)
        extra =
            g_strdup_printf("%" G_GUINT64_FORMAT " came that the capture does not have", a->extra);
    zs_junit_begin(j, name);
    zs_junit_case(j, "the connection stands to its end", seconds,
                  a->failed    ? ZS_JUNIT_ERROR
                  : a->stopped ? ZS_JUNIT_SKIPPED
                               : ZS_JUNIT_PASSED,
                  a->failed ? a->failed : "it was stopped before");
    for (guint i = 0; run->play && i < run->script->lines->len; i++)
        tell_line(j, run->script, i, zs_play_outcome(run->play, i));
    zs_junit_case(j, "no other message comes", 0, extra ? ZS_JUNIT_FAILED : ZS_JUNIT_PASSED, extra);
    zs_junit_end(j, seconds);
    g_free(extra);
    g_free(name);
}

static void tell(struct run *run, const struct zs_account *a)
{
    struct stage *s = run->stage;

    clear_progress(s);
    zs_account_put(stdout, s->r->json, &run->of, a);
    zs_account_add(&s->total, a);
    if (s->junit)
        tell_junit(run, a);
    if (a->failed) {
        char *who = zs_account_name(&run->of);
        zs_output_fail(who, a->failed);
        g_free(who);
        s->failed = true;
    }
}

/* ==== runs ==== */

static void begin(struct stage *s, const struct zs_script *script, guint64 copy, guint64 round);
static void watch(struct stage *s);
static void stop(struct stage *s);

static void free_run(gpointer data)
{
    struct run *run = data;

    zs_play_free(run->play);
    g_clear_object(&run->stream);
    zs_live_free(run->live);
    g_free(run);
}

static bool is_over(const struct stage *s)
{
    return s->stopping || (s->expected && s->begun == s->expected);
}

static void end(struct run *run, bool ok)
{
    struct stage *s = run->stage;
    const struct zs_script *script = run->script;
    struct zs_account_of of = run->of;

    g_hash_table_remove(s->open, run);
    if (s->r->connect && ok && !s->stopping && (s->r->rounds == 0 || of.round < s->r->rounds))
        begin(s, script, of.copy, of.round + 1);
    else if (s->r->bind)
        watch(s);
    if (g_hash_table_size(s->open) == 0 && (s->r->connect || is_over(s)))
        g_main_loop_quit(s->loop);
}

static void on_end(void *user, struct zs_play *p)
{
    struct run *run = user;
    const struct zs_account *a = zs_play_account(p);

    tell(run, a);
    end(run, !a->failed);
}

static struct run *new_run(struct stage *s, const struct zs_script *script, guint64 copy,
                           guint64 round)
{
    struct run *run = g_new0(struct run, 1);

    *run = (struct run){
        .stage = s,
        .script = script,
        .of = {.connection = script->connection,
               .copy = copy,
               .round = round,
               .several = s->r->copies > 1 || s->r->rounds != 1},
        .started = g_get_monotonic_time(),
    };
    s->begun++;
    g_hash_table_add(s->open, run);
    return run;
}

static void play(struct run *run, GSocket *socket, struct zs_live *live)
{
    static const struct zs_play_handler handler = {on_difference, on_end};

    run->play = zs_play_new(socket, live, run->script, &run->stage->r->play, &handler, run);
}

/* It does not even stand. */
static void give_up(struct run *run, const char *why)
{
    struct zs_account a = {.failed = (char *)why, .stopped = why == NULL};

    clear_progress(run->stage);
    zs_account_put(stdout, run->stage->r->json, &run->of, &a);
    if (run->stage->junit)
        tell_junit(run, &a);
    zs_account_add(&run->stage->total, &a);
    end(run, false);
}

static void on_connected(GObject *source, GAsyncResult *result, gpointer user)
{
    struct run *run = user;
    GError *error = NULL;

    run->stream = zs_address_take_connected(source, result, &error);
    if (run->stream) {
        struct zs_live *live = run->live;
        run->live = NULL;
        play(run, g_object_ref(g_socket_connection_get_socket(run->stream)), live);
        if (run->stage->stopping)
            zs_play_stop(run->play);
        return;
    }
    bool cancelled = g_error_matches(error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
    if (!cancelled) {
        clear_progress(run->stage);
        fail(run->stage, run->stage->r->connect, error->message);
    }
    give_up(run, cancelled ? NULL : error->message);
    g_error_free(error);
}

static void begin(struct stage *s, const struct zs_script *script, guint64 copy, guint64 round)
{
    struct run *run = new_run(s, script, copy, round);
    char *why = NULL;

    if (!script->null)
        run->live = zs_live_initiate(s->credential, s->r->service, NULL, &why);
    if (why) {
        fail(s, "GSSAPI", why);
        give_up(run, why);
        g_free(why);
        return;
    }
    zs_address_begin_connect(s->to, CONNECT_SECONDS, s->cancel, on_connected, run);
}

static bool connect_all(struct stage *s)
{
    GError *error = NULL;

    s->to = zs_address_to_connect(s->r->connect, &error);
    if (!s->to) {
        fail(s, s->r->connect, error->message);
        g_error_free(error);
        return false;
    }
    for (guint copy = 1; copy <= s->r->copies; copy++)
        for (guint i = 0; i < s->r->scripts->len; i++)
            begin(s, s->r->scripts->pdata[i], copy, 1);
    return g_hash_table_size(s->open) > 0;
}

/* ==== clients that come ==== */

static void take_client(struct stage *s, GSocket *socket)
{
    guint64 scripts = s->r->scripts->len, n = s->begun;
    struct run *run = new_run(s, s->r->scripts->pdata[n % scripts], n / scripts % s->r->copies + 1,
                              n / scripts / s->r->copies + 1);

    play(run, socket, run->script->null ? NULL : zs_live_accept(s->credential, NULL));
}

static gboolean on_acceptable(GSocket *socket, GIOCondition condition, gpointer user)
{
    struct stage *s = user;
    GError *error = NULL;
    (void)condition;

    GSocket *accepted = g_socket_accept(socket, NULL, &error);
    if (accepted) {
        take_client(s, accepted);
    } else if (!g_error_matches(error, G_IO_ERROR, G_IO_ERROR_WOULD_BLOCK)) {
        fail(s, s->r->bind, error->message);
        stop(s);
    }
    g_clear_error(&error);
    watch(s);
    return G_SOURCE_CONTINUE;
}

/* Clients are accepted while there is a run for them, and no more at a time than are wanted. */
static void watch(struct stage *s)
{
    guint64 most = (guint64)s->r->copies * s->r->scripts->len;
    bool wanted = !is_over(s) && g_hash_table_size(s->open) < most;

    if (wanted && !s->acceptable) {
        s->acceptable = g_socket_create_source(s->listening, G_IO_IN, NULL);
        g_source_set_callback(s->acceptable, G_SOURCE_FUNC(on_acceptable), s, NULL);
        g_source_attach(s->acceptable, NULL);
    } else if (!wanted && s->acceptable) {
        g_source_destroy(s->acceptable);
        g_source_unref(s->acceptable);
        s->acceptable = NULL;
    }
}

static bool await_clients(struct stage *s)
{
    GError *error = NULL;

    s->listening = zs_address_listen(s->r->bind, &error);
    if (!s->listening) {
        fail(s, s->r->bind, error->message);
        g_error_free(error);
        return false;
    }
    char *endpoint = zs_address_own(s->listening);
    zs_account_put_listening(stdout, s->r->json, endpoint);
    g_free(endpoint);
    watch(s);
    return true;
}

/* ==== the course ==== */

/* Who does not let itself be stopped, for it takes nothing of what waits, is left. */
static void stop(struct stage *s)
{
    GHashTableIter iter;
    gpointer key;

    s->stopping = true;
    zs_stop_begin(s->stop);
    g_cancellable_cancel(s->cancel);
    g_hash_table_iter_init(&iter, s->open);
    while (g_hash_table_iter_next(&iter, &key, NULL))
        if (((struct run *)key)->play)
            zs_play_stop(((struct run *)key)->play);
    if (s->listening)
        watch(s);
    if (g_hash_table_size(s->open) == 0)
        g_main_loop_quit(s->loop);
}

static gboolean on_time(gpointer user)
{
    struct stage *s = user;

    s->timed_out = true;
    stop(s);
    return G_SOURCE_CONTINUE;
}

/* What goes on without end ends so; all else was not done. */
static void on_signal(void *user)
{
    struct stage *s = user;

    s->failed |= s->expected != 0;
    stop(s);
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
    if (s->r->connect && !s->r->service)
        return fail(s, "--connect", "GSSAPI wants to know whom to authenticate to: --service NAME");
    if (s->r->bind && !s->r->keytabs && s->r->other_keys)
        return fail(
            s, "--bind",
            "a server takes its keys from a keytab, --keytab; --key and --password open the capture alone");
    s->credential = s->r->bind ? zs_live_server_credential(s->r->keytabs, s->r->service, &why)
                               : zs_live_client_credential(NULL, NULL, NULL, &why);
    if (s->credential)
        return true;
    fail(s, "GSSAPI", why);
    g_free(why);
    return false;
}

static bool open_report(struct stage *s)
{
    GError *error = NULL;

    if (!s->r->junit)
        return true;
    s->junit = zs_junit_open(s->r->junit, &error);
    if (s->junit)
        return true;
    fail(s, "--junit", error->message);
    g_error_free(error);
    return false;
}

static void tell_left(struct stage *s)
{
    GHashTableIter iter;
    gpointer key;

    g_hash_table_iter_init(&iter, s->open);
    while (g_hash_table_iter_next(&iter, &key, NULL)) {
        static const struct zs_account stopped = {.stopped = true};
        struct run *run = key;
        tell(run, run->play ? zs_play_account(run->play) : &stopped);
    }
}

static void run_all(struct stage *s)
{
    guint sources[] = {
        s->r->duration > 0 ? g_timeout_add((guint)MIN(s->r->duration * 1000, G_MAXINT), on_time, s)
                           : 0,
        s->r->progress || s->terminal ? g_timeout_add(PROGRESS_MS, on_second, s) : 0,
    };

    s->stop = zs_stop_new(s->loop, on_signal, s);
    g_main_loop_run(s->loop);
    zs_stop_free(s->stop);
    for (size_t i = 0; i < G_N_ELEMENTS(sources); i++)
        if (sources[i])
            g_source_remove(sources[i]);
    if (s->r->progress)
        show_progress(s); /* before those that are left are in the total, too */
    tell_left(s);
    if (s->timed_out && s->total.stood == 0)
        fail(s, "--duration", "it is over, and no connection stood");
    s->total.seconds = (double)(g_get_monotonic_time() - s->started) / G_USEC_PER_SEC;
    clear_progress(s);
    zs_account_put_total(stdout, s->r->json, &s->total);
}

static void close_report(struct stage *s)
{
    GError *error = NULL;

    if (s->junit && !zs_junit_close(s->junit, &error)) {
        fail(s, "--junit", error->message);
        g_error_free(error);
    }
}

int zs_rehearse(const struct zs_rehearsal *r)
{
    struct stage s = {
        .r = r,
        .loop = g_main_loop_new(NULL, FALSE),
        .cancel = g_cancellable_new(),
        .open = g_hash_table_new_full(NULL, NULL, free_run, NULL),
        .expected = r->scripts->len * r->copies * r->rounds,
        .started = g_get_monotonic_time(),
        .terminal = isatty(STDERR_FILENO),
    };

    setvbuf(stdout, NULL, _IOLBF, 0);
    zs_peers_raise_descriptors();
    bool ok = acquire(&s) && open_report(&s) && (r->bind ? await_clients(&s) : connect_all(&s));
    if (ok)
        run_all(&s);
    close_report(&s);
    s.stopping = true;
    g_hash_table_unref(s.open);
    if (s.listening)
        watch(&s);
    g_clear_object(&s.listening);
    g_clear_object(&s.to);
    g_object_unref(s.cancel);
    g_free(s.said);
    zs_live_credential_free(s.credential);
    g_main_loop_unref(s.loop);
    if (!ok || s.failed)
        return ZS_EXIT_FAILED;
    return s.differs ? ZS_EXIT_FINDINGS : ZS_EXIT_CLEAN;
}
