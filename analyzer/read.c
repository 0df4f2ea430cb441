/* SPDX-License-Identifier: GPL-2.0-or-later */
/* zmtpscope read: one line per event of the captures. */
#include "analyzer/arguments.h"
#include "analyzer/command.h"
#include "analyzer/interrupt.h"
#include "analyzer/jobs.h"
#include "analyzer/keys.h"
#include "analyzer/observe.h"
#include "analyzer/output.h"
#include "analyzer/share.h"
#include "core/conn/conn.h"

#include <errno.h>
#include <unistd.h>

struct read_options {
    struct zs_key_options keys;
    char **files; /* -r */
    char **rest;
    char *filter;
    char *interface;                                        /* -i */
    char **decode_as;                                       /* -d */
    GArray *ports;                                          /* of uint16_t, from decode_as */
    gint64 packets;                                         /* G_MININT64: not given */
    char *shard;                                            /* I/N */
    unsigned share, shares;                                 /* from shard; 0 shares: not given */
    char *jobs, *max_connections, *max_pending, *max_frame; /* numbers, as they were given */
    guint64 n_jobs, most_connections, most_pending, most_frame;
    gboolean json, hex, no_data, follow, checksums;
};

static void clear_options(struct read_options *r)
{
    zs_key_options_clear(&r->keys);
    g_strfreev(r->files);
    g_strfreev(r->rest);
    g_free(r->filter);
    g_free(r->interface);
    g_free(r->shard);
    g_free(r->jobs);
    g_free(r->max_connections);
    g_free(r->max_pending);
    g_free(r->max_frame);
    g_strfreev(r->decode_as);
    if (r->ports)
        g_array_unref(r->ports);
}

static bool parse(int argc, char **argv, struct read_options *r, GError **error)
{
    const GOptionEntry entries[] = {
        {"read", 'r', 0, G_OPTION_ARG_FILENAME_ARRAY, &r->files,
         "a capture; the other arguments are then a filter, as for tcpdump", "FILE"},
        {"interface", 'i', 0, G_OPTION_ARG_STRING, &r->interface,
         "capture from a network interface until Ctrl+C; the other arguments are then a filter",
         "IFACE"},
        {"follow", 0, 0, G_OPTION_ARG_NONE, &r->follow,
         "the capture still grows: wait for more at its end, until Ctrl+C", NULL},
        {"verify-checksums", 0, 0, G_OPTION_ARG_NONE, &r->checksums,
         "leave out TCP segments whose checksum is wrong; a host's own are, where its adapter makes them",
         NULL},
        {"filter", 'f', 0, G_OPTION_ARG_STRING, &r->filter,
         "read only the packets that a pcap-filter(7) lets through", "FILTER"},
        {"decode-as", 'd', 0, G_OPTION_ARG_STRING_ARRAY, &r->decode_as,
         "RULE is tcp.port==PORT,zmtp: connections of this port are ZMTP even where the capture "
         "does not show it (may be given again)",
         "RULE"},
        {"count", 'c', 0, G_OPTION_ARG_INT64, &r->packets, "stop after N packets", "N"},
        {"jobs", 0, 0, G_OPTION_ARG_STRING, &r->jobs,
         "read files with N processes; 0: one for each processor. The report is the same", "N"},
        {"shard", 0, 0, G_OPTION_ARG_STRING, &r->shard,
         "look into share I of N of the connections; zmtpscope merge puts the results together",
         "I/N"},
        {"max-connections", 0, 0, G_OPTION_ARG_STRING, &r->max_connections,
         "TCP connections that are known at once (65536); beyond, one that was idle for long makes room",
         "N"},
        {"max-pending", 0, 0, G_OPTION_ARG_STRING, &r->max_pending,
         "octets of one side that wait for a missing piece (16777216)", "N"},
        {"max-frame", 0, 0, G_OPTION_ARG_STRING, &r->max_frame,
         "octets of a frame that are read (67108864); a longer one is passed over", "N"},
        {"json", 'j', 0, G_OPTION_ARG_NONE, &r->json,
         "one JSON object a line, as docs/events.md says", NULL},
        {"hex", 'x', 0, G_OPTION_ARG_NONE, &r->hex, "payloads as a hex dump below their line",
         NULL},
        {"no-data", 0, 0, G_OPTION_ARG_NONE, &r->no_data, "JSON without payloads", NULL},
        {G_OPTION_REMAINING, 0, 0, G_OPTION_ARG_FILENAME_ARRAY, &r->rest, NULL, "FILE..."},
        {0},
    };
    GOptionContext *c = g_option_context_new(
        "- one line per event of captures: files, whatever compresses them, directories of files, "
        "- for standard input");

    g_option_context_add_main_entries(c, entries, NULL);
    zs_key_options_add(&r->keys, c);
    g_option_context_set_description(
        c,
        "A line of the report: local time, #packet, c and the number of the TCP connection (tshark's tcp.stream\n"
        "plus 1), who sends to whom, and what it is. Exit status: 0, or 2 if something could not be read.\n\n"
        "Examples:\n  zmtpscope read -K captures/reqrep.keytab captures/reqrep.pcap\n"
        "  tcpdump -i lo -U -w - port 5555 | zmtpscope read -K service.keytab -\n");
    bool ok = zs_arguments_parse(c, argc, argv, "Kirfcd", error);
    g_option_context_free(c);
    return ok;
}

static bool parse_share(struct read_options *r)
{
    char end;

    if (!r->shard)
        return true;
    if (sscanf(r->shard, "%6u/%6u%c", &r->share, &r->shares, &end) == 2 && r->share >= 1 &&
        r->share <= r->shares)
        return true;
    fprintf(stderr, "zmtpscope: --shard %s: not I/N, I from 1 to N\n", r->shard);
    return false;
}

static bool settle_numbers(struct read_options *r)
{
    r->n_jobs = 1;
    return parse_share(r) && zs_arguments_whole("--jobs", r->jobs, 0, 256, &r->n_jobs) &&
           zs_arguments_whole("--max-connections", r->max_connections, 16, 1 << 24,
                              &r->most_connections) &&
           zs_arguments_whole("--max-pending", r->max_pending, 1, 1 << 30, &r->most_pending) &&
           zs_arguments_whole("--max-frame", r->max_frame, 1, ZS_FRAME_LIMIT_MAX, &r->most_frame);
}

/* What can be read but once is read by one process. */
static unsigned processes(const struct read_options *r)
{
    guint64 n = r->n_jobs ? r->n_jobs : g_get_num_processors();

    if (r->interface || r->follow)
        return 1;
    for (char **file = r->files; *file; file++)
        if (!g_file_test(*file, G_FILE_TEST_IS_REGULAR) && !g_file_test(*file, G_FILE_TEST_IS_DIR))
            return 1;
    return (unsigned)n;
}

static bool run_observation(const struct read_options *r, struct zs_observation *o, GError **error)
{
    unsigned n = processes(r);

    if (r->shares) {
        o->share = r->share - 1;
        o->shares = r->shares;
        return zs_share_write(o, STDOUT_FILENO, error);
    }
    return n > 1 ? zs_jobs_run(o, n, error) : zs_observe(o, NULL);
}

static int observe(const struct read_options *r)
{
    GError *error = NULL;
    struct zs_keyring *ring = zs_key_options_load(&r->keys);

    if (!ring)
        return ZS_EXIT_FAILED;
    struct zs_observation o = {
        .files = (const char *const *)r->files,
        .interface = r->interface,
        .follow = r->follow,
        .checksums = r->checksums,
        .filter = r->filter,
        .ports = r->ports,
        .max_connections = (unsigned)r->most_connections,
        .max_pending = r->most_pending,
        .max_frame = r->most_frame,
        .packet_limit = r->packets > 0 ? (uint64_t)r->packets : 0,
        .keys = ring,
        .report = r->json ? &zs_report_json : &zs_report_text,
        .options = {.out = stdout,
                    .hex = r->hex,
                    .no_data = r->no_data,
                    .colours = zs_output_coloured()},
    };
    static char buffer[64 << 10]; /* glibc makes one of its own of 4 KiB, whatever it is told */
    bool live = r->interface || r->follow || g_strv_contains(o.files, "-");
    if (live) /* somebody waits for each line */
        setvbuf(stdout, NULL, _IOLBF, 0);
    else
        setvbuf(stdout, buffer, _IOFBF, sizeof buffer);
    zs_interrupt_watch();
    bool ok = run_observation(r, &o, &error);
    zs_keyring_free(ring);
    ok &= zs_output_flush(stdout);
    zs_output_error(error);
    return ok ? ZS_EXIT_CLEAN : ZS_EXIT_FAILED;
}

/* Is there one thing to read, or several that go together? Standard error says what is wrong. */
static bool is_whole(const struct read_options *r)
{
    const char *why = NULL;

    if (!r->files && !r->interface)
        why = "no capture was named";
    else if (r->files && r->interface)
        why = "captures and an interface cannot be read together";
    else if (r->rest)
        why = "a filter was given twice";
    else if (r->follow && (r->interface || g_strv_length(r->files) != 1))
        why = "--follow goes with one file";
    else if (r->shard && r->jobs)
        why = "--shard and --jobs cannot be used together";
    if (why)
        zs_output_misuse("read", why);
    return why == NULL && (!r->shard || zs_output_takes("a share"));
}

static int run_read(int argc, char **argv)
{
    struct read_options r = {.packets = G_MININT64};
    GError *error = NULL;
    int status = ZS_EXIT_FAILED;

    g_set_prgname("zmtpscope read");
    if (!parse(argc, argv, &r, &error)) {
        zs_output_misused("read", error);
    } else {
        zs_arguments_filter(&r.files, r.interface != NULL, &r.rest, &r.filter);
        if (r.packets != G_MININT64 && r.packets < 1)
            fputs("zmtpscope: -c wants a number of packets, 1 or more\n", stderr);
        else if (is_whole(&r) && (r.ports = zs_arguments_ports(r.decode_as)) && settle_numbers(&r))
            status = observe(&r);
    }
    clear_options(&r);
    return status;
}

const struct zs_command_line zs_command_read = {
    "read", "one line per event of captures, opened with keytabs", run_read};
