/* SPDX-License-Identifier: GPL-2.0-or-later */
/* zmtpscope replay: captured connections run again, our client against the captured server and our server against the
 * captured client. */
#include "analyzer/arguments.h"
#include "analyzer/command.h"
#include "analyzer/keys.h"
#include "analyzer/observe.h"
#include "analyzer/report/rerun.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

struct replay_options {
    struct zs_key_options keys;
    char **files;
    gboolean json, all;
};

/* All connections that are open. */
struct stage {
    const struct zs_rerun_report *report;
    struct zs_rerun_options options;
    struct zs_rerun_counts counts;
    GHashTable *acts; /* number -> struct act */
};

/* One of them. What it says is told at its end, so that connections do not mix. */
struct act {
    struct stage *stage;
    struct zs_rerun *rerun;
    struct zs_rerun_connection connection;
    const struct zs_report_connection *shown;
    char *memory; /* of out */
    size_t memory_n;
    FILE *out;
    unsigned readies; /* that were said */
};

static void clear_options(struct replay_options *o)
{
    zs_key_options_clear(&o->keys);
    g_strfreev(o->files);
}

static bool parse(int argc, char **argv, struct replay_options *o, GError **error)
{
    const GOptionEntry entries[] = {
        {"json", 'j', 0, G_OPTION_ARG_NONE, &o->json,
         "one JSON object a line, as docs/replay.md says", NULL},
        {"all", 'a', 0, G_OPTION_ARG_NONE, &o->all, "messages too, not the handshakes alone", NULL},
        {G_OPTION_REMAINING, 0, 0, G_OPTION_ARG_FILENAME_ARRAY, &o->files, NULL, "FILE..."},
        {0},
    };
    GOptionContext *c = g_option_context_new("- captured connections, run again by both sides");

    g_option_context_add_main_entries(c, entries, NULL);
    zs_key_options_add(&o->keys, c);
    g_option_context_set_description(
        c,
        "Our server hears the captured client, our client the captured server. Of each connection a ladder of its\n"
        "handshake, what ours would have said otherwise and the clause that decides, and a verdict. Exit status: 0, 1 if\n"
        "a peer broke the protocol, 2 if something could not be read.\n\n"
        "Example:\n  zmtpscope replay -K captures/reqrep.keytab captures/reqrep.pcap\n");
    bool ok = zs_arguments_parse(c, argc, argv, "K", error);
    g_option_context_free(c);
    return ok;
}

/* ==== one connection ==== */

static struct zs_rerun_options options_of(const struct act *a)
{
    struct zs_rerun_options o = a->stage->options;

    o.out = a->out;
    return o;
}

static void on_statement(void *user, enum zs_role role, struct zs_stamp at,
                         const struct zs_peer_event *ev)
{
    struct act *a = user;
    struct zs_rerun_options o = options_of(a);

    a->stage->report->statement(&o, &a->connection, role, at, ev);
    a->readies += ev->kind == ZS_PEER_ESTABLISHED;
    a->connection.established = a->readies == ZS_ROLE_COUNT;
}

static void on_difference(void *user, enum zs_role role, struct zs_stamp at,
                          const struct zs_rerun_difference *d)
{
    struct act *a = user;
    struct zs_rerun_options o = options_of(a);

    a->stage->report->difference(&o, &a->connection, role, at, d);
}

static struct act *act_of(struct stage *s, const struct zs_report_connection *c)
{
    static const struct zs_rerun_handler handler = {on_statement, on_difference};
    struct act *a = g_hash_table_lookup(s->acts, &c->number);

    if (a)
        return a;
    a = g_new0(struct act, 1);
    a->stage = s;
    a->connection.shown = c;
    a->connection.told = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    a->rerun = zs_rerun_new(&handler, a);
    a->out = open_memstream(&a->memory, &a->memory_n);
    g_hash_table_insert(s->acts, g_memdup2(&c->number, sizeof c->number), a);
    return a;
}

static void free_act(gpointer data)
{
    struct act *a = data;

    zs_rerun_free(a->rerun);
    g_hash_table_unref(a->connection.told);
    if (a->out)
        fclose(a->out);
    free(a->memory);
    g_free(a);
}

static void end(struct stage *s, struct act *a)
{
    struct zs_rerun_options o = options_of(a);
    const struct zs_rerun_result *r = zs_rerun_end(a->rerun);

    s->counts.verdict[r->verdict]++;
    s->report->verdict(&o, &a->connection, r);
    fflush(a->out);
    s->report->begin(&s->options, &a->connection);
    fwrite(a->memory, 1, a->memory_n, s->options.out);
    g_hash_table_remove(s->acts, &a->connection.shown->number);
}

static void on_event(void *user, const struct zs_report_connection *c, const struct zs_event *ev)
{
    struct stage *s = user;
    struct act *a = act_of(s, c);

    a->connection.shown = c;
    zs_rerun_event(a->rerun, ev);
    if (ev->kind == ZS_EVENT_CLOSE)
        end(s, a);
}

static void on_data(void *user, uint64_t connection, enum zs_dir dir, struct zs_span octets,
                    struct zs_stamp at)
{
    struct stage *s = user;
    struct act *a = g_hash_table_lookup(s->acts, &connection);

    if (!a)
        return;
    if (a->connection.first.frame == 0)
        a->connection.first = at;
    zs_rerun_data(a->rerun, dir, octets, at);
}

/* ==== the captures ==== */

static int replay(const struct replay_options *options, struct zs_keyring *ring)
{
    const char *no_color = getenv("NO_COLOR");
    struct stage s = {
        .report = options->json ? &zs_rerun_report_json : &zs_rerun_report_text,
        .options = {.out = stdout,
                    .all = options->all,
                    .colours = isatty(STDOUT_FILENO) && !(no_color && *no_color)},
        .acts = g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, free_act),
    };
    const struct zs_onlooker onlooker = {.event = on_event, .data = on_data, .user = &s};
    const struct zs_observation o = {
        .files = (const char *const *)options->files, .keys = ring, .onlooker = &onlooker};
    GError *error = NULL;

    bool ok = zs_observe(&o, &error);
    s.report->end(&s.options, &s.counts);
    g_hash_table_unref(s.acts);
    if (fflush(stdout) != 0 || ferror(stdout)) {
        fprintf(stderr, "zmtpscope: standard output: %s\n", g_strerror(errno));
        ok = false;
    }
    if (error) {
        fprintf(stderr, "zmtpscope: %s\n", error->message);
        g_error_free(error);
    }
    if (!ok)
        return ZS_EXIT_FAILED;
    return s.counts.verdict[ZS_RERUN_BROKEN] ? ZS_EXIT_FINDINGS : ZS_EXIT_CLEAN;
}

static int run_replay(int argc, char **argv)
{
    struct replay_options o = {0};
    GError *error = NULL;
    int status = ZS_EXIT_FAILED;

    g_set_prgname("zmtpscope replay");
    if (!parse(argc, argv, &o, &error)) {
        fprintf(stderr, "zmtpscope: %s; zmtpscope replay --help says what it takes\n",
                error->message);
        g_error_free(error);
    } else if (!o.files) {
        fputs("zmtpscope: no capture was named; zmtpscope replay --help says what it takes\n",
              stderr);
    } else {
        struct zs_keyring *ring = zs_key_options_load(&o.keys);
        if (ring)
            status = replay(&o, ring);
        zs_keyring_free(ring);
    }
    clear_options(&o);
    return status;
}

const struct zs_command_line zs_command_replay = {
    "replay", "captured connections run again, and judged", run_replay};
