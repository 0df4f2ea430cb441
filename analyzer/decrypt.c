/* SPDX-License-Identifier: GPL-2.0-or-later */
/* zmtpscope decrypt: captures to a pcapng whose ZMTP any tool can read, as docs/decrypt.md says. */
#include "analyzer/arguments.h"
#include "analyzer/command.h"
#include "analyzer/interrupt.h"
#include "analyzer/keys.h"
#include "analyzer/outfile.h"
#include "analyzer/output.h"
#include "analyzer/rendering.h"
#include "analyzer/report/words.h"
#include "core/conn/conn.h"

#include <errno.h>
#include <unistd.h>

struct decrypt_options {
    struct zs_key_options keys;
    char **files; /* -r */
    char **rest;
    char *filter;
    char **decode_as;   /* -d */
    char **connections; /* --connection */
    char *out;          /* -w */
    gint64 packets;     /* G_MININT64: not given */
    char *max_frame;    /* a number, as it was given */
    guint64 most_frame;
};

static void clear_options(struct decrypt_options *d)
{
    zs_key_options_clear(&d->keys);
    g_strfreev(d->files);
    g_strfreev(d->rest);
    g_free(d->filter);
    g_strfreev(d->decode_as);
    g_strfreev(d->connections);
    g_free(d->out);
    g_free(d->max_frame);
}

static bool parse(int argc, char **argv, struct decrypt_options *d, GError **error)
{
    const GOptionEntry entries[] = {
        {"write", 'w', 0, G_OPTION_ARG_FILENAME, &d->out,
         "the pcapng to be written; - is standard output", "OUT"},
        {"read", 'r', 0, G_OPTION_ARG_FILENAME_ARRAY, &d->files,
         "a capture; the other arguments are then a filter, as for tcpdump", "FILE"},
        {"filter", 'f', 0, G_OPTION_ARG_STRING, &d->filter,
         "read only the packets that a pcap-filter(7) lets through", "FILTER"},
        {"decode-as", 'd', 0, G_OPTION_ARG_STRING_ARRAY, &d->decode_as,
         "RULE is tcp.port==PORT,zmtp: connections of this port are ZMTP even where the capture "
         "does not show it (may be given again)",
         "RULE"},
        {"connection", 0, 0, G_OPTION_ARG_STRING_ARRAY, &d->connections,
         "only connection N, as read numbers them (may be given again)", "N"},
        {"count", 'c', 0, G_OPTION_ARG_INT64, &d->packets, "stop after N packets", "N"},
        {"max-frame", 0, 0, G_OPTION_ARG_STRING, &d->max_frame,
         "octets of a frame that are read (67108864); a longer one is left out", "N"},
        {G_OPTION_REMAINING, 0, 0, G_OPTION_ARG_FILENAME_ARRAY, &d->rest, NULL, "FILE..."},
        {0},
    };
    GOptionContext *c = g_option_context_new(
        "- captures in the clear, as a pcapng that needs no key; FILE - is standard input");

    g_option_context_add_main_entries(c, entries, NULL);
    zs_key_options_add(&d->keys, c);
    g_option_context_set_description(
        c,
        "OUT has the ZMTP connections of the captures between the same ends, at the same times, as if their mechanism\n"
        "had been NULL; comments say which packet each was and who spoke. What stays sealed is left out, and its place\n"
        "marked. Other connections, context tokens and passwords are not in it. Exit status: 0, 1 if something is left\n"
        "out of what was said, 2 if something could not be read or written.\n\n"
        "Example:\n"
        "  zmtpscope decrypt -K captures/reqrep.keytab captures/reqrep.pcap -w clear.pcapng\n"
        "  tshark -r clear.pcapng -q -z follow,tcp,ascii,0\n");
    bool ok = zs_arguments_parse(c, argc, argv, "Krfcdw", error);
    g_option_context_free(c);
    return ok;
}

/* What was asked for beside keys. */
struct decrypt_run {
    GArray *ports, *connections;
    struct zs_keyring *ring;
};

static bool prepare(const struct decrypt_options *d, struct decrypt_run *run)
{
    return (run->ports = zs_arguments_ports(d->decode_as)) &&
           (run->connections = zs_arguments_connections(d->connections)) &&
           (run->ring = zs_key_options_load(&d->keys));
}

static void clear_run(struct decrypt_run *run)
{
    if (run->ports)
        g_array_unref(run->ports);
    if (run->connections)
        g_array_unref(run->connections);
    zs_keyring_free(run->ring);
}

/* A name that was mistyped costs no OUT that is there: before anything is written it can be put right. */
static bool are_there(char **files)
{
    for (char **file = files; *file; file++) {
        if (strcmp(*file, "-") == 0 || access(*file, R_OK) == 0)
            continue;
        fprintf(stderr, "zmtpscope: %s: cannot be read: %s\n", *file, g_strerror(errno));
        return false;
    }
    return true;
}

/* Connections that may have been ZMTP's and are not in OUT. */
static void tell_passed_over(uint64_t n)
{
    if (n)
        fprintf(stderr,
                "zmtpscope: %" G_GUINT64_FORMAT
                " TCP connection%s began before the capture and %s left out; "
                "-d tcp.port==PORT,zmtp reads those of a port as ZMTP\n",
                n, zs_plural(n), n == 1 ? "was" : "were");
}

/* kept: what had OUT's name has it still. */
static void tell_nothing(bool kept)
{
    fprintf(stderr, "zmtpscope: there is no ZMTP connection to be written%s\n",
            kept ? "; OUT is left as it was" : "");
}

/* How much of it there is. True: all of it. */
static bool sum_up(const struct zs_rendering_counts *n)
{
    if (n->connections == 0) /* as was said */
        return false;
    uint64_t frames = n->opened + n->clear;
    fprintf(stderr,
            "zmtpscope: %" G_GUINT64_FORMAT " connection%s, %" G_GUINT64_FORMAT
            " frame%s: %" G_GUINT64_FORMAT " opened, %" G_GUINT64_FORMAT " in the clear before",
            n->connections, zs_plural(n->connections), frames, zs_plural(frames), n->opened,
            n->clear);
    if (n->sealed)
        fprintf(stderr, "; %" G_GUINT64_FORMAT " left out, sealed", n->sealed);
    fputc('\n', stderr);
    return n->sealed == 0 && n->unread == 0 && n->damaged == 0;
}

static bool write_all(const struct decrypt_options *d, const struct decrypt_run *run, FILE *out,
                      struct zs_rendering_counts *counts)
{
    struct zs_report_summary summary = {0};
    const char *const *files = (const char *const *)d->files;
    struct zs_rendering *r = zs_rendering_new(out, stderr, files);
    const struct zs_onlooker onlooker = zs_rendering_onlooker(r);
    const struct zs_observation o = {
        .files = files,
        .filter = d->filter,
        .ports = run->ports,
        .max_frame = d->most_frame,
        .packet_limit = d->packets > 0 ? (uint64_t)d->packets : 0,
        .keys = run->ring,
        .connections = (const uint64_t *)(const void *)run->connections->data,
        .connection_count = run->connections->len,
        .onlooker = &onlooker,
        .summary = &summary,
    };

    zs_interrupt_watch();
    bool ok = zs_observe(&o, NULL);
    *counts = zs_rendering_counts(r);
    zs_rendering_free(r);
    tell_passed_over(summary.passed_over);
    return ok;
}

static bool open_file(const struct decrypt_options *d, const struct decrypt_run *run,
                      struct zs_outfile *file)
{
    char **keys = zs_key_options_files(&d->keys, run->ring);
    bool ok =
        zs_outfile_open(file, d->out, (const char *const *)d->files, (const char *const *)keys);

    g_strfreev(keys);
    return ok;
}

static bool write_file(const struct decrypt_options *d, const struct decrypt_run *run,
                       struct zs_rendering_counts *counts)
{
    struct zs_outfile file;

    if (!open_file(d, run, &file))
        return false;
    bool ok = write_all(d, run, file.out, counts);
    bool any = counts->connections > 0, kept = file.moves && !any;
    ok &= zs_outfile_close(&file, any);
    if (!any)
        tell_nothing(kept);
    return ok;
}

static int decrypt(const struct decrypt_options *d)
{
    struct decrypt_run run = {0};
    struct zs_rendering_counts counts = {0};
    bool ok = are_there(d->files) && prepare(d, &run) && write_file(d, &run, &counts);

    clear_run(&run);
    if (!ok)
        return ZS_EXIT_FAILED;
    bool whole = !zs_interrupted_amid((const char *const *)d->files);
    whole &= sum_up(&counts);
    return whole ? ZS_EXIT_CLEAN : ZS_EXIT_FINDINGS;
}

/* What is wrong with the options; NULL: nothing. */
static const char *misuse(const struct decrypt_options *d)
{
    if (!d->files)
        return "no capture was named";
    if (d->rest)
        return "a filter was given twice";
    if (!d->out)
        return "-w OUT is missing: the capture itself stays as it is";
    if (d->packets != G_MININT64 && d->packets < 1)
        return "-c wants a number of packets, 1 or more";
    return NULL;
}

static int run_decrypt(int argc, char **argv)
{
    struct decrypt_options d = {.packets = G_MININT64};
    GError *error = NULL;
    int status = ZS_EXIT_FAILED;

    g_set_prgname("zmtpscope decrypt");
    if (!parse(argc, argv, &d, &error)) {
        zs_output_misused("decrypt", error);
    } else {
        zs_arguments_filter(&d.files, false, &d.rest, &d.filter);
        if (misuse(&d))
            zs_output_misuse("decrypt", misuse(&d));
        else if (zs_arguments_whole("--max-frame", d.max_frame, 1, ZS_FRAME_LIMIT_MAX,
                                    &d.most_frame))
            status = decrypt(&d);
    }
    clear_options(&d);
    return status;
}

const struct zs_command_line zs_command_decrypt = {
    "decrypt", "captures in the clear, as a pcapng for any tool", run_decrypt};
