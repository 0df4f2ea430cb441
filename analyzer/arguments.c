/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Command lines as getopt(3) reads them. */
#include "analyzer/arguments.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>

/* Octets of a word of short options before a value that stands in it, "-jKFILE"; 0: there is none. */
static size_t before_value(const char *word, const char *valued)
{
    size_t i = 1;

    if (word[0] != '-' || word[1] == '-')
        return 0;
    while (word[i] && !strchr(valued, word[i]))
        i++;
    return word[i] && word[i + 1] ? i + 1 : 0;
}

bool zs_arguments_parse(GOptionContext *c, int argc, char **argv, const char *valued,
                        GError **error)
{
    GPtrArray *split = g_ptr_array_new();
    bool options = true;

    for (int i = 0; i < argc; i++) {
        const char *a = argv[i];
        options = options && strcmp(a, "--") != 0;
        size_t n = options ? before_value(a, valued) : 0;
        if (n)
            g_ptr_array_add(split, g_strndup(a, n));
        g_ptr_array_add(split, g_strdup(a + n));
    }
    g_ptr_array_add(split, NULL);
    char **words = (char **)g_ptr_array_free(split, FALSE);
    bool ok = g_option_context_parse_strv(c, &words, error);
    g_strfreev(words);
    return ok;
}

bool zs_arguments_number(const char *option, double given, double least, double most)
{
    if (given >= least && given <= most)
        return true;
    fprintf(stderr, "zmtpscope: --%s wants a number from %g to %.0f\n", option, least, most);
    return false;
}

GArray *zs_arguments_connections(char **given)
{
    GArray *list = g_array_new(FALSE, FALSE, sizeof(guint64));

    for (char **text = given; text && *text; text++) {
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

/* Of tshark's many rules the one that has a meaning here. */
static bool parse_port(const char *rule, uint16_t *port)
{
    static const char before[] = "tcp.port==";
    guint64 n;

    if (!g_str_has_prefix(rule, before) || !g_str_has_suffix(rule, ",zmtp"))
        return false;
    const char *from = rule + strlen(before);
    char *digits = g_strndup(from, strlen(from) - strlen(",zmtp"));
    bool ok = g_ascii_string_to_unsigned(digits, 10, 1, UINT16_MAX, &n, NULL);
    g_free(digits);
    if (ok)
        *port = (uint16_t)n;
    return ok;
}

GArray *zs_arguments_ports(char **rules)
{
    GArray *ports = g_array_new(FALSE, FALSE, sizeof(uint16_t));

    for (char **rule = rules; rule && *rule; rule++) {
        uint16_t port;
        if (!parse_port(*rule, &port)) {
            fprintf(stderr, "zmtpscope: -d %s: not tcp.port==PORT,zmtp\n", *rule);
            g_array_free(ports, TRUE);
            return NULL;
        }
        g_array_append_val(ports, port);
    }
    return ports;
}

bool zs_arguments_allow(char **patterns, struct zs_allow **allow)
{
    const char *why;

    if (patterns && *patterns)
        *allow = zs_allow_new();
    for (; patterns && *patterns; patterns++)
        if (!zs_allow_add(*allow, *patterns, &why)) {
            fprintf(stderr, "zmtpscope: --allow %s: %s\n", *patterns, why);
            return false;
        }
    return true;
}

bool zs_arguments_whole(const char *option, const char *text, guint64 least, guint64 most,
                        guint64 *n)
{
    if (!text || g_ascii_string_to_unsigned(text, 10, least, most, n, NULL))
        return true;
    fprintf(stderr,
            "zmtpscope: %s %s: not a number from %" G_GUINT64_FORMAT " to %" G_GUINT64_FORMAT "\n",
            option, text, least, most);
    return false;
}

void zs_arguments_filter(char ***files, bool interface, char ***rest, char **filter)
{
    if ((*files || interface) && *rest && !*filter) {
        *filter = g_strjoinv(" ", *rest);
        g_strfreev(*rest);
        *rest = NULL;
    } else if (!*files) {
        *files = *rest;
        *rest = NULL;
    }
}
