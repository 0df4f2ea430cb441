/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef ZS_ANALYZER_REHEARSAL_H
#define ZS_ANALYZER_REHEARSAL_H

/* Captured connections, one side of each said again to live peers: fresh handshakes, fresh keys, the same messages. */
#include "analyzer/play.h"

struct zs_rehearsal {
    const char *connect, *bind; /* one of them: an endpoint */
    const char *service;        /* whom to authenticate to; bound: whose tickets to take, or NULL */
    char **keytabs;             /* bound: the service's keys; NULL: the default keytab */
    bool other_keys;            /* others were given, that open the capture and serve nobody */
    struct zs_play_options play;
    GPtrArray *scripts; /* of struct zs_script */
    guint copies;       /* of each at a time */
    guint64 rounds;     /* of each of these, one behind the other; 0: without end */
    double duration;    /* seconds until all are stopped; 0: no limit */
    const char *junit;  /* a file to write; NULL: none */
    bool json;
    bool progress; /* to standard error, though it is no terminal */
};

/* All at once if connected; bound, one after the other as clients come. Writes its account to standard output; what
 * could not be done to standard error. An exit status. */
int zs_rehearse(const struct zs_rehearsal *r);

#endif
