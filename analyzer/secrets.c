/* SPDX-License-Identifier: GPL-2.0-or-later */
/* zmtpscope secrets: the session secrets of captures, as docs/secrets.md says: as lines, or inside a copy of the capture.
 *
 * Limits: a handshake whose AP-REP is lost gives a secret only where the initiator made a subkey. -w copies one file, which
 * is read twice. */
#include "analyzer/arguments.h"
#include "analyzer/command.h"
#include "analyzer/keys.h"
#include "analyzer/net/copy.h"
#include "analyzer/observe.h"
#include "analyzer/outfile.h"
#include "analyzer/output.h"
#include "core/krb/secrets.h"
#include "core/krb/vault.h"

#include <stdio.h>
#include <string.h>

enum { BUFFER = 65536 }; /* octets of a copy's */

struct secrets_options {
    struct zs_key_options keys;
    char **connections;
    char *copy; /* -w */
    gboolean discard;
    char **files;
};

static void clear_options(struct secrets_options *s)
{
    zs_key_options_clear(&s->keys);
    g_strfreev(s->connections);
    g_free(s->copy);
    g_strfreev(s->files);
}

static bool parse(int argc, char **argv, struct secrets_options *s, GError **error)
{
    const GOptionEntry entries[] = {
        {"connection", 0, 0, G_OPTION_ARG_STRING_ARRAY, &s->connections,
         "only of connection N, as read numbers them (may be given again)", "N"},
        {"write", 'w', 0, G_OPTION_ARG_FILENAME, &s->copy,
         "do not print them: put them into OUT, a copy of the capture as pcapng", "OUT"},
        {"discard", 0, 0, G_OPTION_ARG_NONE, &s->discard,
         "leave the secrets that the capture has out of the copy", NULL},
        {G_OPTION_REMAINING, 0, 0, G_OPTION_ARG_FILENAME_ARRAY, &s->files, NULL, "FILE..."},
        {0},
    };
    GOptionContext *c = g_option_context_new(
        "- the keys with which single sessions can be opened; FILE - is standard input");

    g_option_context_add_main_entries(c, entries, NULL);
    zs_key_options_add(&s->keys, c);
    g_option_context_set_description(
        c,
        "Example, and what its output is for:\n"
        "  zmtpscope secrets -K captures/several.keytab --connection 2 captures/several.pcapng >two.keys\n"
        "  zmtpscope read --keylog two.keys captures/several.pcapng\n"
        "or in one file, which opens by itself, and whose secrets can be taken out again:\n"
        "  zmtpscope secrets -K captures/several.keytab --connection 2 -w two.pcapng captures/several.pcapng\n"
        "  zmtpscope read two.pcapng\n"
        "  zmtpscope secrets --discard -w none.pcapng two.pcapng\n");
    bool ok = zs_arguments_parse(c, argc, argv, "Kw", error);
    g_option_context_free(c);
    return ok;
}

/* ==== the copy ==== */

/* Lines are collected in locked memory, for they are keys. */
struct lines {
    char *text;
    size_t n, room;
};

static ssize_t collect(void *cookie, const char *octets, size_t n)
{
    struct lines *l = cookie;

    if (n > l->room - l->n) {
        size_t room = 2 * (l->room + n);
        char *more = zs_vault_new(room);
        if (l->n)
            memcpy(more, l->text, l->n);
        zs_vault_free(l->text);
        l->text = more;
        l->room = room;
    }
    memcpy(l->text + l->n, octets, n);
    l->n += n;
    return (ssize_t)n;
}

static bool write_copy(const struct secrets_options *s, const struct zs_keyring *ring,
                       const struct lines *l, GError **error)
{
    const struct zs_copy copy = {
        .type = ZS_SECRETS_BLOCK, .secrets = l->text, .n = l->n, .discard = s->discard};
    char **keys = zs_key_options_files(&s->keys, ring);
    struct zs_outfile file;
    bool ok =
        zs_outfile_open(&file, s->copy, (const char *const *)s->files, (const char *const *)keys);

    g_strfreev(keys);
    if (!ok)
        return false;
    char *buffer = zs_vault_new(BUFFER);
    setvbuf(file.out, buffer, _IOFBF, BUFFER);
    ok = zs_copy_capture(s->files[0], &copy, file.out, error);
    ok &= zs_outfile_close(&file, true);
    zs_vault_free(buffer);
    return ok;
}

/* ==== the run ==== */

/* Of the connections that were asked for, those that came: a bool for each. */
struct wanted {
    const GArray *numbers; /* of guint64 */
    bool *came;
};

static void on_event(void *user, const struct zs_report_connection *c, const struct zs_event *ev)
{
    const struct wanted *w = user;

    if (ev->kind != ZS_EVENT_CONNECTION)
        return;
    for (guint i = 0; i < w->numbers->len; i++)
        w->came[i] |= g_array_index(w->numbers, guint64, i) == c->number;
}

/* True: all came. */
static bool say_missing(const struct wanted *w)
{
    bool all = true;

    for (guint i = 0; i < w->numbers->len; i++) {
        if (w->came[i])
            continue;
        fprintf(stderr,
                "zmtpscope: --connection %" G_GUINT64_FORMAT
                ": there is no ZMTP connection of this number\n",
                g_array_index(w->numbers, guint64, i));
        all = false;
    }
    return all;
}

static void say_how_many(const struct zs_report_summary *s, uint64_t written, bool whole)
{
    if (s->contexts)
        fprintf(stderr,
                "zmtpscope: secrets of %" G_GUINT64_FORMAT " of %" G_GUINT64_FORMAT
                " context%s%s\n",
                written, s->contexts, s->contexts == 1 ? "" : "s",
                written ? "" : "; zmtpscope read says why not");
    else if (whole)
        fputs("zmtpscope: there is no security context to have a secret\n", stderr);
}

/* whole: every file was read to its end. True: it is, and there are some. */
static bool find_secrets(const struct secrets_options *s, const GArray *connections,
                         struct zs_keyring *ring, FILE *out, bool *whole)
{
    uint64_t written = 0;
    struct zs_report_summary summary = {0};
    struct wanted wanted = {.numbers = connections, .came = g_new0(bool, connections->len)};
    const struct zs_onlooker onlooker = {.event = on_event, .user = &wanted};
    struct zs_observation o = {
        .files = (const char *const *)s->files,
        .keys = ring,
        .no_blocks = s->discard,
        .connections = (const uint64_t *)(const void *)connections->data,
        .connection_count = connections->len,
        .report = &zs_report_keylog,
        .onlooker = connections->len ? &onlooker : NULL,
        .options = {.out = out, .secrets = &written},
        .summary = &summary,
    };

    setvbuf(out, NULL, _IONBF, 0); /* a buffer would keep the keys */
    *whole = zs_observe(&o, NULL);
    bool kept = zs_output_flush(out);
    bool all = !*whole || say_missing(&wanted);
    g_free(wanted.came);
    say_how_many(&summary, written, *whole && all);
    return *whole && kept && all && written > 0;
}

/* Of a capture without new secrets there is a copy only where old ones are taken out. */
static int copy_with_secrets(const struct secrets_options *s, const GArray *connections,
                             struct zs_keyring *ring)
{
    struct lines l = {0};
    GError *error = NULL;
    bool ok = true, whole = true;

    if (!s->discard || zs_key_options_given(&s->keys)) {
        FILE *out = fopencookie(&l, "w", (cookie_io_functions_t){.write = collect});
        ok = find_secrets(s, connections, ring, out, &whole);
        fclose(out);
    }
    if (l.n || s->discard) {
        ok &= write_copy(s, ring, &l, &error);
        if (whole)
            ok &= zs_output_error(error);
        else
            g_clear_error(&error); /* which was said when it was read before */
    }
    zs_vault_free(l.text);
    return ok ? ZS_EXIT_CLEAN : ZS_EXIT_FAILED;
}

static int run_with(const struct secrets_options *s)
{
    GArray *connections = zs_arguments_connections(s->connections);
    struct zs_keyring *ring = connections ? zs_key_options_load(&s->keys) : NULL;
    int status = ZS_EXIT_FAILED;
    bool whole;

    if (ring && s->copy)
        status = copy_with_secrets(s, connections, ring);
    else if (ring && find_secrets(s, connections, ring, stdout, &whole))
        status = ZS_EXIT_CLEAN;
    zs_keyring_free(ring);
    if (connections)
        g_array_free(connections, TRUE);
    return status;
}

/* What is wrong with the options; NULL: nothing. */
static const char *misuse(const struct secrets_options *s)
{
    if (!s->files)
        return "no capture was named";
    if (s->discard && !s->copy)
        return "--discard needs -w: the capture itself stays as it is";
    if (s->copy && (s->files[1] || strcmp(s->files[0], "-") == 0))
        return "-w copies one file, and not standard input, for it is read twice";
    return NULL;
}

static int run_secrets(int argc, char **argv)
{
    struct secrets_options s = {0};
    GError *error = NULL;
    int status = ZS_EXIT_FAILED;

    g_set_prgname("zmtpscope secrets");
    if (!parse(argc, argv, &s, &error)) {
        zs_output_misused("secrets", error);
    } else if (misuse(&s)) {
        zs_output_misuse("secrets", misuse(&s));
    } else {
        status = run_with(&s);
    }
    clear_options(&s);
    return status;
}

const struct zs_command_line zs_command_secrets = {
    "secrets", "the keys of single sessions, to be opened without a keytab", run_secrets};
