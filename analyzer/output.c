/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a command says beside its report, and how it ends. */
#include "analyzer/output.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
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
    fprintf(stderr, "zmtpscope: %s\n", error->message);
    g_error_free(error);
    return false;
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

bool zs_output_flush(FILE *out)
{
    if (fflush(out) == 0 && !ferror(out))
        return true;
    fprintf(stderr, "zmtpscope: standard output: %s\n", g_strerror(errno));
    return false;
}

static bool is_same(const struct stat *a, const struct stat *b)
{
    return a->st_dev == b->st_dev && a->st_ino == b->st_ino;
}

static bool look_at(const char *path, int standard, struct stat *s)
{
    return (strcmp(path, "-") == 0 ? fstat(standard, s) : stat(path, s)) == 0;
}

/* Would path be written to where a capture is read from? */
static bool is_read(const char *path, const char *const *captures)
{
    struct stat out, folder, in;
    char *parent = g_path_get_dirname(path);
    bool exists = look_at(path, STDOUT_FILENO, &out) && S_ISREG(out.st_mode);
    bool has_folder = strcmp(path, "-") != 0 && stat(parent, &folder) == 0, found = false;

    for (const char *const *c = captures; *c && !found; c++)
        if (look_at(*c, STDIN_FILENO, &in))
            found = (exists && is_same(&in, &out)) || (has_folder && is_same(&in, &folder));
    g_free(parent);
    return found;
}

FILE *zs_output_create(const char *path, const char *const *captures)
{
    if (is_read(path, captures)) {
        fprintf(
            stderr,
            "zmtpscope: %s: is the capture itself, or in a directory that is one; choose another name\n",
            path);
        return NULL;
    }
    if (strcmp(path, "-") == 0)
        return stdout;
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    FILE *f = fd < 0 ? NULL : fdopen(fd, "wb");
    if (!f)
        fprintf(stderr, "zmtpscope: %s: %s\n", path, g_strerror(errno));
    return f;
}
