/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef ZS_ANALYZER_OBSERVE_H
#define ZS_ANALYZER_OBSERVE_H

/* Captures to events: every connection of the files observed, every event handed on. */
#include "analyzer/deal.h"
#include "analyzer/net/flow.h"
#include "analyzer/report/report.h"
#include "core/krb/keyring.h"

#include <glib.h>

/* Somebody beside the report, who is told of the connections that are reported. */
struct zs_onlooker {
    void (*event)(void *user, const struct zs_report_connection *c, const struct zs_event *ev);
    /* Octets of a side in order, behind the events that they brought about; NULL: it wants none. */
    void (*data)(void *user, uint64_t connection, enum zs_dir dir, struct zs_span octets,
                 struct zs_stamp at);
    /* Before anything else is said of a connection, though it may turn out to be none of ZMTP, and behind its end. flow
     * lives between the two. Either may be NULL. */
    void (*begun)(void *user, const struct zs_flow *flow);
    void (*ended)(void *user, const struct zs_flow *flow, enum zs_flow_end why, struct zs_stamp at);
    void *user;
};

struct zs_observation {
    const char *const
        *files; /* NULL terminated; "-" is standard input; directories for what is in them */
    const char *interface; /* … or a network interface, and files is not looked at; NULL: none */
    bool follow;           /* a single file still grows: wait for more at its end */
    const char *filter;    /* pcap-filter(7), or NULL */
    const GArray *ports;   /* of uint16_t: connections with one of them are ZMTP; may be NULL */
    bool checksums;        /* leave out TCP segments whose checksum does not hold */
    unsigned max_connections; /* caps, 0: the default: TCP connections that are known at once, */
    size_t max_pending;       /* octets out of order of one side of one of them, */
    size_t max_frame;         /* octets of a frame, at most ZS_FRAME_LIMIT_MAX */
    /* Report only the connections of share number share, from 0, of shares; what is said of packets is of all. 0: of
     * all connections. */
    unsigned share, shares;
    struct zs_deal *deal;        /* whose connections are whose; NULL: a hash of the ends says it */
    uint64_t packet_limit;       /* stop after so many packets; 0: none */
    struct zs_keyring *keys;     /* may be NULL; a capture's secrets blocks are added … */
    bool no_blocks;              /* … unless they are to be left alone */
    const uint64_t *connections; /* only these are reported and counted; none: all */
    size_t connection_count;
    const struct zs_report *report;     /* NULL: none */
    const struct zs_onlooker *onlooker; /* NULL: none */
    struct zs_report_options options;
    /* Called before whatever is reported: from now on it belongs to this packet and rank; what comes later belongs to a
     * later packet, or to the same and a higher rank. The beginning of the report has packet 0, what is said behind the
     * last packet UINT64_MAX. NULL: not called. */
    void (*place)(void *user, uint64_t packet, uint64_t rank);
    /* … and now and then: nothing that comes later belongs to an earlier packet. Not NULL where place is not. */
    void (*progress)(void *user, uint64_t packet);
    void *user;
    struct zs_report_summary *summary; /* filled at the end, too, if it is not NULL */
};

/* Runs it whole. What was read before an error has been reported, and the report is whole; a file that cannot be read
 * does not stop those behind it. False: something could not be read; *error says all of it, a line each; or, where error
 * is NULL, standard error did, when it happened. */
bool zs_observe(const struct zs_observation *o, GError **error);

#endif
