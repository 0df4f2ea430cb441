/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a command says beside its report, and how it ends. */
#include "analyzer/output.h"

#include "analyzer/command.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

bool zs_output_coloured(void)
{
    const char *no_color = getenv("NO_COLOR");

    return isatty(STDOUT_FILENO) && !(no_color && *no_color);
}

bool zs_output_error(GError *error)
{
    if (!error)
        return true;
    char **lines = g_strsplit(error->message, "\n", -1);
    for (char **line = lines; *line; line++)
        fprintf(stderr, "zmtpscope: %s\n", *line);
    g_strfreev(lines);
    g_error_free(error);
    return false;
}

int zs_output_fail(const char *subject, const char *why)
{
    fprintf(stderr, "zmtpscope: %s: %s\n", subject, why);
    return ZS_EXIT_FAILED;
}

void zs_output_misuse(const char *command, const char *why)
{
    fprintf(stderr, "zmtpscope: %s; zmtpscope %s --help says what it takes\n", why, command);
}

void zs_output_misused(const char *command, GError *error)
{
    zs_output_misuse(command, error->message);
    g_error_free(error);
}

bool zs_output_takes(const char *what)
{
    if (!isatty(STDOUT_FILENO))
        return true;
    fprintf(stderr, "zmtpscope: %s is no text for a terminal: redirect standard output\n", what);
    return false;
}

bool zs_output_flush(FILE *out)
{
    if (fflush(out) == 0 && !ferror(out))
        return true;
    fprintf(stderr, "zmtpscope: standard output: %s\n", g_strerror(errno));
    return false;
}
