/* SPDX-License-Identifier: GPL-2.0-or-later */
/* zmtpscope replay: captured connections run again, our client against the captured server and our server against the
 * captured client. */
#include "analyzer/arguments.h"
#include "analyzer/command.h"
#include "analyzer/keys.h"
#include "analyzer/observe.h"
#include "analyzer/output.h"
#include "analyzer/rehearsal.h"
#include "analyzer/report/rerun.h"

#include <errno.h>
#include <unistd.h>

enum {
    COPIES_MAX = 10000,
    ROUNDS_DEFAULT = -1, /* 1, or with --duration no end */
    PACE_MAX = 100,
    RATE_MAX = 1000000,
};

struct replay_options {
    struct zs_key_options keys;
    char **files;
    gboolean json, all;
    char *connect, *bind, *service, *junit; /* live */
    char **ignore;
    double pace, rate, patience, duration;
    gint rounds, copies;
    gboolean progress;
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
    g_free(o->connect);
    g_free(o->bind);
    g_free(o->service);
    g_free(o->junit);
    g_strfreev(o->ignore);
}

static bool parse(int argc, char **argv, struct replay_options *o, GError **error)
{
    const GOptionEntry entries[] = {
        {"json", 'j', 0, G_OPTION_ARG_NONE, &o->json,
         "one JSON object a line, as docs/replay.md says", NULL},
        {"all", 'a', 0, G_OPTION_ARG_NONE, &o->all, "messages too, not the handshakes alone", NULL},
        {"connect", 0, 0, G_OPTION_ARG_STRING, &o->connect,
         "say the captured clients' messages again, to the live server at ENDPOINT", "ENDPOINT"},
        {"bind", 0, 0, G_OPTION_ARG_STRING, &o->bind,
         "say the captured servers' messages again, to live clients that come to ENDPOINT",
         "ENDPOINT"},
        {"service", 's', 0, G_OPTION_ARG_STRING, &o->service,
         "live: whom to authenticate to, or whose tickets to take: SERVICE@HOST or a principal's name",
         "NAME"},
        {"pace", 0, 0, G_OPTION_ARG_DOUBLE, &o->pace,
         "live: 1 for the capture's times, 0.5 for twice as fast; 0, as fast as answers come, is the default",
         "FACTOR"},
        {"rate", 0, 0, G_OPTION_ARG_DOUBLE, &o->rate,
         "live: of each connection no more than N messages a second", "N"},
        {"patience", 0, 0, G_OPTION_ARG_DOUBLE, &o->patience,
         "live: give an answer up after so long (5)", "SECONDS"},
        {"connections", 0, 0, G_OPTION_ARG_INT, &o->copies,
         "live: N of each of the capture at a time (1)", "N"},
        {"loop", 0, 0, G_OPTION_ARG_INT, &o->rounds,
         "live: each N times, one behind the other, with a fresh handshake (1); 0: without end",
         "N"},
        {"duration", 0, 0, G_OPTION_ARG_DOUBLE, &o->duration,
         "live: end after so long; without --loop again and again until then", "SECONDS"},
        {"ignore", 0, 0, G_OPTION_ARG_STRING_ARRAY, &o->ignore,
         "live: part N of a message, from 1, or what a regular expression finds need not be as captured "
         "(may be given again)",
         "N|REGEX"},
        {"junit", 0, 0, G_OPTION_ARG_FILENAME, &o->junit,
         "live: write a report of JUnit's form, too", "FILE"},
        {"progress", 0, 0, G_OPTION_ARG_NONE, &o->progress,
         "live: say on standard error every second how far it is, as it is on a terminal anyway",
         NULL},
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
        "With --connect or --bind one side of each connection is said again live, with a fresh handshake and your own\n"
        "ticket or the keytabs of -K (without, the default one), and what is answered is held against the capture. Exit\n"
        "status: 0, 1 if an answer differs, 2 if it could not be done.\n\n"
        "Examples:\n  zmtpscope replay -K captures/reqrep.keytab captures/reqrep.pcap\n"
        "  zmtpscope replay -K old.keytab old.pcap --connect tcp://server.example.org:5555 -s zmq@server.example.org\n");
    bool ok = zs_arguments_parse(c, argc, argv, "Ks", error);
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
    struct stage s = {
        .report = options->json ? &zs_rerun_report_json : &zs_rerun_report_text,
        .options = {.out = stdout, .all = options->all, .colours = zs_output_coloured()},
        .acts = g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, free_act),
    };
    const struct zs_onlooker onlooker = {.event = on_event, .data = on_data, .user = &s};
    const struct zs_observation o = {
        .files = (const char *const *)options->files, .keys = ring, .onlooker = &onlooker};

    bool ok = zs_observe(&o, NULL);
    s.report->end(&s.options, &s.counts);
    g_hash_table_unref(s.acts);
    ok &= zs_output_flush(stdout);
    if (!ok)
        return ZS_EXIT_FAILED;
    return s.counts.verdict[ZS_RERUN_BROKEN] ? ZS_EXIT_FINDINGS : ZS_EXIT_CLEAN;
}

/* ==== live ==== */

static void on_script_event(void *user, const struct zs_report_connection *c,
                            const struct zs_event *ev)
{
    GPtrArray *scripts = user;
    struct zs_script *s = NULL;

    for (guint i = scripts->len; i > 0 && !s; i--) {
        struct zs_script *candidate = scripts->pdata[i - 1];
        if (candidate->connection == c->number)
            s = candidate;
    }
    if (!s) {
        s = zs_script_new(c->number);
        g_ptr_array_add(scripts, s);
    }
    zs_script_event(s, ev);
}

static void free_script(gpointer s)
{
    zs_script_free(s);
}

/* Those that cannot be said again are named, and left out. */
static void drop_troubled(GPtrArray *scripts)
{
    for (guint i = 0; i < scripts->len;) {
        const struct zs_script *s = scripts->pdata[i];
        if (!s->trouble) {
            i++;
            continue;
        }
        fprintf(stderr, "zmtpscope: c%" G_GUINT64_FORMAT " is not said again: %s\n", s->connection,
                s->trouble);
        g_ptr_array_remove_index(scripts, i);
    }
}

static int rehearse(const struct replay_options *o, struct zs_keyring *ring,
                    const struct zs_ignore *ignored)
{
    GPtrArray *scripts = g_ptr_array_new_with_free_func(free_script);
    const struct zs_onlooker onlooker = {.event = on_script_event, .user = scripts};
    const struct zs_observation observation = {
        .files = (const char *const *)o->files, .keys = ring, .onlooker = &onlooker};
    const struct zs_rehearsal r = {
        .connect = o->connect,
        .bind = o->bind,
        .service = o->service,
        .keytabs = o->keys.keytabs,
        .other_keys = o->keys.keys || o->keys.password_of,
        .play = {.role = o->bind ? ZS_ROLE_SERVER : ZS_ROLE_CLIENT,
                 .pace = o->pace,
                 .rate = o->rate,
                 .patience = o->patience,
                 .ignore = ignored},
        .scripts = scripts,
        .copies = (guint)o->copies,
        .rounds = o->rounds >= 0 ? (guint64)o->rounds : o->duration == 0,
        .duration = o->duration,
        .junit = o->junit,
        .json = o->json,
        .progress = o->progress,
    };
    int status = ZS_EXIT_FAILED;

    if (zs_observe(&observation, NULL)) {
        drop_troubled(scripts);
        if (scripts->len)
            status = zs_rehearse(&r);
        else
            fputs("zmtpscope: there is no connection that can be said again\n", stderr);
    }
    g_ptr_array_unref(scripts);
    return status;
}

static const char *objection_live(const struct replay_options *o)
{
    if (o->connect && o->bind)
        return "--connect and --bind do not go together";
    if (o->pace && o->rate)
        return "--pace and --rate do not go together";
    if (o->rounds < ROUNDS_DEFAULT || o->copies < 1 || o->copies > COPIES_MAX)
        return "--loop wants a number, 0 or more, and --connections one from 1 to 10000";
    return NULL;
}

static const char *objection(const struct replay_options *o)
{
    bool live = o->connect || o->bind;

    if (!o->files)
        return "no capture was named";
    if (!live && (o->service || o->pace || o->rate || o->duration || o->rounds != ROUNDS_DEFAULT ||
                  o->copies != 1 || o->ignore || o->junit || o->progress))
        return "what is for live peers wants --connect or --bind";
    return live ? objection_live(o) : NULL;
}

static bool has_good_numbers(const struct replay_options *o)
{
    return zs_arguments_number("pace", o->pace, 0, PACE_MAX) &&
           (o->rate == 0 || zs_arguments_number("rate", o->rate, 0.001, RATE_MAX)) &&
           zs_arguments_number("patience", o->patience, 0, ZS_SECONDS_MAX) &&
           zs_arguments_number("duration", o->duration, 0, ZS_SECONDS_MAX);
}

static int run_with(const struct replay_options *o, struct zs_keyring *ring)
{
    char *why = NULL;

    if (!o->connect && !o->bind)
        return replay(o, ring);
    struct zs_ignore *ignored = zs_ignore_new(o->ignore, &why);
    if (!ignored) {
        fprintf(stderr, "zmtpscope: --ignore %s\n", why);
        g_free(why);
        return ZS_EXIT_FAILED;
    }
    int status = rehearse(o, ring, ignored);
    zs_ignore_free(ignored);
    return status;
}

static int run_replay(int argc, char **argv)
{
    struct replay_options o = {.patience = 5, .copies = 1, .rounds = ROUNDS_DEFAULT};
    GError *error = NULL;
    int status = ZS_EXIT_FAILED;

    g_set_prgname("zmtpscope replay");
    if (!parse(argc, argv, &o, &error)) {
        zs_output_misused("replay", error);
    } else if (objection(&o)) {
        zs_output_misuse("replay", objection(&o));
    } else if (has_good_numbers(&o)) {
        struct zs_keyring *ring = zs_key_options_load(&o.keys);
        if (ring)
            status = run_with(&o, ring);
        zs_keyring_free(ring);
    }
    clear_options(&o);
    return status;
}

const struct zs_command_line zs_command_replay = {
    "replay", "captured connections run again, judged, or said to live peers", run_replay};
