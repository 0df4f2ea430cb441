/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef ZS_ANALYZER_OBSERVE_H
#define ZS_ANALYZER_OBSERVE_H

/* Captures to events: every connection of the files observed, every event handed on. */
#include "analyzer/report/report.h"
#include "core/krb/keyring.h"

#include <glib.h>

struct zs_observation {
    const char *const
        *files; /* NULL terminated; "-" is standard input; directories for what is in them */
    const char *interface; /* … or a network interface, and files is not looked at; NULL: none */
    bool follow;           /* a single file still grows: wait for more at its end */
    const char *filter;    /* pcap-filter(7), or NULL */
    const GArray *ports;   /* of uint16_t: connections with one of them are ZMTP; may be NULL */
    bool checksums;        /* leave out TCP segments whose checksum does not hold */
    uint64_t packet_limit; /* stop after so many packets; 0: none */
    struct zs_keyring *keys;     /* may be NULL; a capture's secrets blocks are added */
    const uint64_t *connections; /* only these are reported and counted; none: all */
    size_t connection_count;
    const struct zs_report *report;
    struct zs_report_options options;
    struct zs_report_summary *summary; /* filled at the end, too, if it is not NULL */
};

/* Runs it whole. What was read before an error has been reported, and the report is whole. False: *error is the
 * first one; a file that cannot be read does not stop those behind it. */
bool zs_observe(const struct zs_observation *o, GError **error);

#endif
