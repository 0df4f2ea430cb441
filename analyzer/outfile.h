/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef ZS_ANALYZER_OUTFILE_H
#define ZS_ANALYZER_OUTFILE_H

/* A file that a command makes, for its owner's eyes alone. It takes its name when it is whole: up to then what had the
 * name stays, and a command that is killed leaves it so, and nothing of its own. */
#include <stdbool.h>
#include <stdio.h>

struct zs_outfile {
    FILE *out;        /* to be written to; not to be closed */
    const char *path; /* borrowed: as it was given, for sentences */
    char *target;     /* the name that it takes, links followed, … */
    bool moves;       /* … at its end; false: it is written where it is */
    char *temporary;  /* the name that it has; NULL: none yet */
};

/* "-" is standard output, if it is no terminal; that, devices and pipes are written as they are. The file is none of those that are read: of
 * captures and of keys (NULL terminated both; "-" is standard input), nor in a directory that is one of captures. False:
 * standard error says why, and there is nothing to be closed. */
bool zs_outfile_open(struct zs_outfile *f, const char *path, const char *const *captures,
                     const char *const *keys);
/* Has everything come through? Standard error says why not; what had the name then still has it, as where nothing was
 * written at all, or where it is not to be kept. */
bool zs_outfile_close(struct zs_outfile *f, bool keep);

#endif
