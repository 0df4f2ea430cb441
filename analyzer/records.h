/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef ZS_ANALYZER_RECORDS_H
#define ZS_ANALYZER_RECORDS_H

/* What a share of a run has to say, as records with the place where each belongs, and the records of all shares in the
 * order of a single run. How records travel is others' business: share.h, jobs.h. */
#include "analyzer/observe.h"

enum zs_record_kind {
    ZS_RECORD_SHARE = 1, /* in a file, the first: what result this is */
    ZS_RECORD_EVENT,     /* text of the report; several with the same place follow on each other */
    ZS_RECORD_PROGRESS,  /* nothing more comes before this place */
    ZS_RECORD_SUMMARY,
    ZS_RECORD_ERROR, /* what could not be read, a line each; the next one goes on with it */
};

/* Places go up, and no two shares have the same one but 0, the beginning: the rank is a connection's number. What a packet
 * brings about is of its own connection, and before that of one that makes room for it or has the same ends. */
struct zs_record {
    uint64_t packet, rank;
    enum zs_record_kind kind;
    const uint8_t *octets; /* borrowed */
    size_t n;
};

/* Takes records as they are made: begin(), any number of add(), end(). */
struct zs_record_sink {
    void (*begin)(void *user, enum zs_record_kind kind, uint64_t packet, uint64_t rank);
    void (*add)(void *user, const void *octets, size_t n);
    void (*end)(void *user);
    void (*flush)(void *user); /* somebody may wait for what was ended */
};

/* Runs share o->share of o->shares: events, its error and its summary. o->options.out, o->place, o->progress and
 * o->summary are its own business. False: *error as of zs_observe(), which is in the records, too. */
bool zs_records_make(const struct zs_observation *o, const struct zs_record_sink *sink, void *user,
                     GError **error);

/* Where the records of one share come from. */
struct zs_record_source {
    /* The next one, which is good until the next call; at.kind 0: there is none any more. False: *error. */
    bool (*next)(void *user, struct zs_record *at, GError **error);
    void *user;
    const char *name; /* for errors */
    struct zs_record at;
    GString *troubles; /* zs_records_merge()'s: what this share could not read, as it comes */
    bool has_summary;
    struct zs_report_summary summary;
};

struct zs_records_merged {
    bool has_summary; /* else nothing could be read, and failed says why */
    struct zs_report_summary summary;
    const char *difference; /* why a share is not of the first one's packets; NULL: all are */
    size_t different;       /* … which one */
    GError *failed; /* what the shares could not read, a line each; the caller's. NULL: nothing */
};

/* Hands the texts of n shares, whose first records are at hand, to put() in the order of a single run. False: *error is
 * the first thing that is wrong with them, or put() answered false, where *error may be NULL. */
bool zs_records_merge(struct zs_record_source *sources, size_t n,
                      bool (*put)(void *user, const uint8_t *octets, size_t n, GError **error),
                      void *user, struct zs_records_merged *merged, GError **error);

#endif
