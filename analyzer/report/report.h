/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef ZS_REPORT_REPORT_H
#define ZS_REPORT_REPORT_H

/* Events to something that a person or a program reads. The only place that prints. */
#include "core/conn/event.h"

#include <stdio.h>

struct zs_report_options {
    FILE *out;
    bool hex;          /* text: payloads as a hex dump below their line */
    bool colours;      /* text */
    bool no_data;      /* JSON: leave payloads out */
    uint64_t *secrets; /* key log: counts its lines there */
};

#define ZS_REPORT_ENDPOINT 64 /* octets that the longest name of an end needs, with its NUL */

/* The connection that an event belongs to. */
struct zs_report_connection {
    uint64_t number;                     /* from 1 */
    const char *client, *server;         /* "ADDR:PORT", "[ADDR]:PORT" */
    const char *principal[ZS_DIR_COUNT]; /* who sends in this direction, as far as known, or NULL */
};

struct zs_report_capture {
    const char *const *files; /* NULL terminated */
    const char *const *link_types;
};

struct zs_report_summary {
    struct zs_stamp first, last; /* of the capture; frame 0: no packet */
    uint64_t packets, connections, established, contexts, contexts_opened, messages, octets,
        defects;
    uint64_t sealed;  /* frames of messages that stayed closed */
    uint64_t evicted; /* TCP connections that made room for others */
    uint64_t dropped; /* packets that the kernel dropped, as far as is known */
    uint64_t cut;     /* packets of which the capture holds the beginning alone */
    uint64_t
        passed_over; /* TCP connections that began before the capture and were not known for ZMTP */
    uint64_t not_read;    /* packets that are not TCP/IP or could not be read */
    uint64_t peak_memory; /* octets */
};

/* A format. begin and end are called once each, event for each event in the order of the capture. */
struct zs_report {
    void (*begin)(const struct zs_report_options *o, const struct zs_report_capture *c);
    void (*event)(const struct zs_report_options *o, const struct zs_report_connection *c,
                  const struct zs_event *ev);
    void (*end)(const struct zs_report_options *o, const struct zs_report_summary *s);
};

extern const struct zs_report zs_report_text; /* a line an event */
extern const struct zs_report
    zs_report_json; /* NDJSON, as docs/events.md and docs/events.schema.json say */

extern const struct zs_report zs_report_keylog; /* session secrets, as docs/secrets.md says */

enum zs_clock {
    ZS_CLOCK_LOCAL, /* "13:34:08.145480", of this machine's time zone, cut to microseconds */
    ZS_CLOCK_UTC,   /* "2026-11-24T13:34:08.145480123Z", RFC 3339 */
};
#define ZS_CLOCK_TEXT 40 /* octets that the longest text needs, with its NUL */
/* A Unix time in nanoseconds, written to text, which is the answer. */
const char *zs_clock_format(int64_t ns, enum zs_clock style, char text[static ZS_CLOCK_TEXT]);

/* The event's name in the stream of docs/events.md, "message". */
const char *zs_event_name(enum zs_event_kind kind);
/* GSS flags of RFC 2744 by bit, "deleg", "mutual", …; NULL where a bit has no name. */
const char *zs_gss_flag_name(unsigned bit);

#endif
