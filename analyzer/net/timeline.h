/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef ZS_NET_TIMELINE_H
#define ZS_NET_TIMELINE_H

/* Several captures as one: their packets by time, numbered on, as in the file that mergecap makes of them. */
#include "analyzer/net/capture.h"

struct zs_timeline_options {
    const char *
        filter; /* pcap-filter(7); NULL or "": all packets. Those it leaves out are numbered, too */
    struct zs_capture_hooks hooks; /* hooks.wait: of a single file alone */
    /* Told of each thing that goes wrong, when it does; user is the hooks'. NULL: not called. */
    void (*trouble)(void *user, const GError *error);
};

struct zs_timeline;

/* paths: NULL terminated; "-" is standard input; of a directory every file in it that is a capture. What cannot be
 * opened is left out, and is the timeline's error. Never NULL. options may be NULL. */
struct zs_timeline *zs_timeline_open(const char *const *paths,
                                     const struct zs_timeline_options *options);
/* … of one interface, whose packets the kernel filters. Secrets blocks it has none. */
struct zs_timeline *zs_timeline_open_live(const char *interface,
                                          const struct zs_timeline_options *options);
/* How many captures it has; 0: there is nothing to read. */
size_t zs_timeline_count(const struct zs_timeline *t);
/* The next packet that passes the filter, borrowed until the next call. A capture that fails does not stop the
 * others: the answer is never ZS_CAPTURE_FAILED. */
enum zs_capture_answer zs_timeline_next(struct zs_timeline *t, struct zs_packet *packet);
/* The captures' link types, as far as they are known before anything is read, each once. */
const int *zs_timeline_link_types(const struct zs_timeline *t, size_t *n);
/* Is one of the captures still to be read a pipe or the like? */
bool zs_timeline_is_stream(const struct zs_timeline *t);
uint64_t
zs_timeline_dropped(const struct zs_timeline *t); /* as zs_capture_dropped(), of all so far */
/* The first thing that went wrong so far; NULL: nothing did. Owned by t. */
const GError *zs_timeline_error(const struct zs_timeline *t);
void zs_timeline_free(struct zs_timeline *t);

#endif
