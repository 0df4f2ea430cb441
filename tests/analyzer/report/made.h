/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef ZS_TESTS_MADE_H
#define ZS_TESTS_MADE_H

/* Events made by hand, and what a report writes of them. */
#include <glib.h>

#include "analyzer/report/report.h"

/* An event at 2025-06-15T15:06:40.123456789Z in packet 7, client to server; of a frame that is nothing in the exchange. */
struct zs_event made_event(enum zs_event_kind kind);

/* A frame as the core reads it, without a context; body in wire_case.h's notation. */
struct made_reading {
    GByteArray *octets;
    struct zs_reading reading;
};
void made_reading(struct made_reading *m, enum zs_mechanism mechanism, uint8_t flags,
                  const char *body);
void made_clear(struct made_reading *m);

/* Makes of it what it is when it stood in a wrap token that was opened. */
void made_sealed(struct made_reading *m, uint64_t sequence);

/* All that r writes of the event, on connection 1 from 192.0.2.1:40000 to 192.0.2.2:5555. options.out is set here.
 * To be freed. */
char *made_report(const struct zs_report *r, struct zs_report_options options,
                  const struct zs_event *ev);
/* The event's output is exactly this. */
void made_says(const struct zs_report *r, const struct zs_event *ev, const char *expect);

/* The report of a frame. */
char *made_report_of(const struct zs_report *r, enum zs_mechanism mechanism, uint8_t flags,
                     const char *body);

/* A context that opened, all of its facts set. */
struct zs_context_facts made_facts(void);
/* One that a session secret opened which says little. */
struct zs_context_facts made_facts_of_secret(void);

#endif
