/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef ZS_TESTS_WIRE_CASE_H
#define ZS_TESTS_WIRE_CASE_H

/* Cases for parsers: octets in, one line of text out. Each case runs whole, as every shorter beginning of
 * itself, and each of these against an unreadable page, so that an octet read too many ends the test.
 *
 * Octets are written as the eye likes to see them:
 *     05'READY'          hexadecimal and quoted text; blanks between them do not count
 *     00*72              the octet before the star, 72 times
 *     60{06{2b06} 0100}  what stands in braces, with its DER length before it
 */
#include <glib.h>

#include "core/defect.h"
#include "core/wire/span.h"

struct wire_case {
    const char *name;   /* the fact it proves */
    const char *octets; /* in the notation above */
    const char *expect; /* what the show function must say */
};

/* What a parser makes of in, as a line. */
typedef void (*wire_show)(struct zs_span in, GString *out);

/* What may a proper beginning of a case's octets say? */
enum wire_beginning {
    WIRE_MORE, /* a stream: what the whole says, as far as it is there, then "more"; or the same */
    WIRE_DEFECT, /* a bounded thing of fixed size: a defect */
    WIRE_ANY,    /* a bounded thing whose beginning may be a right one of its own */
};

/* A test per case: /SUITE/NAME. The table is static. */
void wire_cases_add(const char *suite, const struct wire_case *cases, size_t n, wire_show show,
                    enum wire_beginning beginning);

/* The octets of the notation, to be freed. */
GByteArray *wire_octets(const char *text);

/* " KEY=VALUE": quoted where all of it is printable, else hexadecimal, or the count where it is long. */
void wire_show_span(GString *out, const char *key, struct zs_span s);

/* "more", or the defect's code; ZS_OK says "ok". */
const char *wire_rc(enum zs_rc rc);

#endif
