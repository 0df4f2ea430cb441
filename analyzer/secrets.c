/* SPDX-License-Identifier: GPL-2.0-or-later */
/* zmtpscope secrets: the session secrets of captures, as docs/secrets.md says.
 *
 * Limits: a handshake whose AP-REP is lost gives a secret only where the initiator made a subkey. */
#include "analyzer/arguments.h"
#include "analyzer/command.h"
#include "analyzer/keys.h"
#include "analyzer/observe.h"

#include <errno.h>
#include <stdio.h>

struct secrets_options {
    struct zs_key_options keys;
    char **connections;
    char **files;
};

static void clear_options(struct secrets_options *s)
{
    zs_key_options_clear(&s->keys);
    g_strfreev(s->connections);
    g_strfreev(s->files);
}

static bool parse(int argc, char **argv, struct secrets_options *s, GError **error)
{
    const GOptionEntry entries[] = {
        {"connection", 0, 0, G_OPTION_ARG_STRING_ARRAY, &s->connections,
         "only of connection N, as read numbers them (may be given again)", "N"},
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
        "  zmtpscope read --keylog two.keys captures/several.pcapng\n");
    bool ok = zs_arguments_parse(c, argc, argv, "Krf", error);
    g_option_context_free(c);
    return ok;
}

/* The numbers of --connection; NULL: one of them is none, which standard error says. */
static GArray *chosen(char **numbers)
{
    GArray *list = g_array_new(FALSE, FALSE, sizeof(guint64));

    for (char **text = numbers; text && *text; text++) {
        guint64 n;
        if (!g_ascii_string_to_unsigned(*text, 10, 1, G_MAXUINT64, &n, NULL)) {
            fprintf(stderr, "zmtpscope: --connection %s: not a connection's number, from 1\n",
                    *text);
            g_array_free(list, TRUE);
            return NULL;
        }
        g_array_append_val(list, n);
    }
    return list;
}

static int finish(const struct zs_report_summary *s, uint64_t written, GError *error)
{
    bool ok = written > 0 && !error;

    if (fflush(stdout) != 0 || ferror(stdout)) {
        fprintf(stderr, "zmtpscope: standard output: %s\n", g_strerror(errno));
        ok = false;
    }
    if (s->contexts)
        fprintf(stderr,
                "zmtpscope: secrets of %" G_GUINT64_FORMAT " of %" G_GUINT64_FORMAT
                " context%s%s\n",
                written, s->contexts, s->contexts == 1 ? "" : "s",
                written ? "" : "; zmtpscope read says why not");
    else if (!error)
        fputs("zmtpscope: there is no security context to have a secret\n", stderr);
    if (error) {
        fprintf(stderr, "zmtpscope: %s\n", error->message);
        g_error_free(error);
    }
    return ok ? ZS_EXIT_CLEAN : ZS_EXIT_FAILED;
}

static int write_secrets(const struct secrets_options *s, const GArray *connections,
                         struct zs_keyring *ring)
{
    GError *error = NULL;
    uint64_t written = 0;
    struct zs_report_summary summary = {0};
    struct zs_observation o = {
        .files = (const char *const *)s->files,
        .keys = ring,
        .connections = (const uint64_t *)(const void *)connections->data,
        .connection_count = connections->len,
        .report = &zs_report_keylog,
        .options = {.out = stdout, .secrets = &written},
        .summary = &summary,
    };

    setvbuf(stdout, NULL, _IONBF, 0); /* a buffer would keep the keys */
    zs_observe(&o, &error);
    return finish(&summary, written, error);
}

static int run_with(const struct secrets_options *s)
{
    GArray *connections = chosen(s->connections);
    struct zs_keyring *ring = connections ? zs_key_options_load(&s->keys) : NULL;
    int status = ring ? write_secrets(s, connections, ring) : ZS_EXIT_FAILED;

    zs_keyring_free(ring);
    if (connections)
        g_array_free(connections, TRUE);
    return status;
}

static int run_secrets(int argc, char **argv)
{
    struct secrets_options s = {0};
    GError *error = NULL;
    int status = ZS_EXIT_FAILED;

    g_set_prgname("zmtpscope secrets");
    if (!parse(argc, argv, &s, &error)) {
        fprintf(stderr, "zmtpscope: %s; zmtpscope secrets --help says what it takes\n",
                error->message);
        g_error_free(error);
    } else if (!s.files) {
        fputs("zmtpscope: no capture was named; zmtpscope secrets --help says what it takes\n",
              stderr);
    } else {
        status = run_with(&s);
    }
    clear_options(&s);
    return status;
}

const struct zs_command_line zs_command_secrets = {
    "secrets", "the keys of single sessions, to be opened without a keytab", run_secrets};
