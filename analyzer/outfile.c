/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A file beside its place, moved there when it is whole: so nobody else can read it at any moment, whatever the rights
 * of what had the name, and nobody reads half of it. Up to then it has no name, so that whatever ends the program ends
 * it, too: what is in it must not lie about.
 *
 * Limits: the directory must be one that may be written to. On a file system without O_TMPFILE (NFS), or without /proc, it
 * has a name from the beginning, and who is killed leaves it. Other names (hard links) of what had the name keep it. */
#include "analyzer/outfile.h"

#include "analyzer/output.h"

#include <errno.h>
#include <fcntl.h>
#include <glib.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static bool is_same(const struct stat *a, const struct stat *b)
{
    return a->st_dev == b->st_dev && a->st_ino == b->st_ino;
}

static bool look_at(const char *path, int standard, struct stat *s)
{
    return (strcmp(path, "-") == 0 ? fstat(standard, s) : stat(path, s)) == 0;
}

/* Is the file, or the directory that it is in, one of these? NULL: it is not there. */
static bool is_among(const char *const *paths, const struct stat *file, const struct stat *folder)
{
    struct stat s;

    for (const char *const *p = paths; *p; p++)
        if (look_at(*p, STDIN_FILENO, &s) &&
            ((file && is_same(&s, file)) || (folder && is_same(&s, folder))))
            return true;
    return false;
}

static bool refuse(const char *path, const char *why)
{
    fprintf(stderr, "zmtpscope: %s: %s; choose another name\n", path, why);
    return false;
}

/* target: path, links followed. */
static bool is_free(const char *path, const char *target, const char *const *captures,
                    const char *const *keys)
{
    struct stat file, folder;
    char *parent = g_path_get_dirname(target);
    bool exists = look_at(target, STDOUT_FILENO, &file) && S_ISREG(file.st_mode);
    bool has_folder = strcmp(path, "-") != 0 && stat(parent, &folder) == 0;

    g_free(parent);
    if (is_among(captures, exists ? &file : NULL, has_folder ? &folder : NULL))
        return refuse(path, "is the capture itself, or in a directory that is one");
    if (is_among(keys, exists ? &file : NULL, has_folder ? &folder : NULL))
        return refuse(path, "keys are read from it, or from the directory that it is in");
    return true;
}

/* /dev/stdout is, though it may be a file: that one is not ours, another must not take its place. */
static bool is_standard_output(const char *path)
{
    struct stat file, standard;

    return strcmp(path, "-") == 0 ||
           (stat(path, &file) == 0 && fstat(STDOUT_FILENO, &standard) == 0 &&
            is_same(&file, &standard));
}

/* A file without a name in the directory of target; -1: there are none. */
static int open_nameless(const char *target)
{
    char *parent = g_path_get_dirname(target);
    bool can_be_named = access("/proc/self/fd", X_OK) == 0;
    int fd = can_be_named ? open(parent, O_TMPFILE | O_WRONLY | O_CLOEXEC, 0600) : -1;

    g_free(parent);
    return fd;
}

static FILE *open_it(struct zs_outfile *f)
{
    struct stat s;
    int fd;

    if (is_standard_output(f->path))
        return stdout;
    f->moves = stat(f->path, &s) != 0 || S_ISREG(s.st_mode);
    fd = f->moves ? open_nameless(f->target) : open(f->path, O_WRONLY | O_CLOEXEC);
    if (fd < 0 && f->moves) {
        f->temporary = g_strconcat(f->target, ".XXXXXX", NULL);
        fd = mkostemp(f->temporary, O_CLOEXEC);
    }
    return fd < 0 ? NULL : fdopen(fd, "wb");
}

static void clear(struct zs_outfile *f)
{
    free(f->target);
    g_free(f->temporary);
    *f = (struct zs_outfile){0};
}

bool zs_outfile_open(struct zs_outfile *f, const char *path, const char *const *captures,
                     const char *const *keys)
{
    *f = (struct zs_outfile){.path = path, .target = realpath(path, NULL)};
    if (!f->target)
        f->target = strdup(path);
    bool may = is_free(path, f->target, captures, keys) &&
               (!is_standard_output(path) || zs_output_takes("a pcapng"));
    f->out = may ? open_it(f) : NULL;
    if (f->out)
        return true;
    if (may)
        zs_output_fail(path, g_strerror(errno));
    clear(f);
    return false;
}

/* rename() takes a name to a name: one for this moment. */
static bool name_it(struct zs_outfile *f)
{
    char *itself = g_strdup_printf("/proc/self/fd/%d", fileno(f->out));
    bool ok = f->temporary != NULL;

    while (!ok) {
        g_free(f->temporary);
        f->temporary = g_strdup_printf("%s.%08x", f->target, g_random_int());
        ok = linkat(AT_FDCWD, itself, AT_FDCWD, f->temporary, AT_SYMLINK_FOLLOW) == 0;
        if (!ok && errno != EEXIST)
            break;
    }
    if (!ok)
        g_clear_pointer(&f->temporary, g_free);
    g_free(itself);
    return ok;
}

/* Closes it, whatever comes; errno says why something is missing. keep: it will be moved. */
static bool finish(struct zs_outfile *f, bool keep)
{
    errno = 0;
    bool ok = fflush(f->out) == 0 && !ferror(f->out);
    if (ok && keep)
        ok = fsync(fileno(f->out)) == 0 && name_it(f);
    int why = errno ? errno : EIO; /* of a write long ago nothing is known but that it failed */
    bool closed = fclose(f->out) == 0;
    if (!ok)
        errno = why;
    return ok && closed;
}

bool zs_outfile_close(struct zs_outfile *f, bool keep)
{
    keep = keep && f->moves && ftello(f->out) > 0;
    bool ok = finish(f, keep), moved = false;

    if (ok && keep)
        ok = moved = rename(f->temporary, f->target) == 0;
    if (!ok)
        zs_output_fail(f->path, g_strerror(errno));
    if (f->temporary && !moved)
        unlink(f->temporary);
    clear(f);
    return ok;
}
