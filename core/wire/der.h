/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef ZS_WIRE_DER_H
#define ZS_WIRE_DER_H

/* A small strict reader of DER (X.690): definite lengths in their shortest form, tags of one octet.
 * Sticky, as zs_rd: read every element, ask once. */
#include "core/defect.h"
#include "core/wire/span.h"

enum {
    ZS_DER_INTEGER = 0x02,
    ZS_DER_BIT_STRING = 0x03,
    ZS_DER_OCTET_STRING = 0x04,
    ZS_DER_OID = 0x06,
    ZS_DER_ENUMERATED = 0x0a,
    ZS_DER_GENERALIZED_TIME = 0x18,
    ZS_DER_GENERAL_STRING = 0x1b,
    ZS_DER_SEQUENCE = 0x30,
};
#define ZS_DER_APPLICATION(n) (0x60 | (n)) /* constructed; n < 31 */
#define ZS_DER_CONTEXT(n)     (0xa0 | (n))

struct zs_der {
    struct zs_span left;
    bool bad; /* an element was missing, misplaced, cut or not DER */
};

static inline struct zs_der zs_der(struct zs_span s)
{
    return (struct zs_der){.left = s};
}

/* The tag of the next element, 0 at the end or once bad. */
uint8_t zs_der_peek(const struct zs_der *d);
/* The contents of the next element, which must have this tag. */
struct zs_span zs_der_take(struct zs_der *d, uint8_t tag);
/* The same, if the next element has this tag; else nothing is taken and false answered. */
bool zs_der_optional(struct zs_der *d, uint8_t tag, struct zs_span *contents);
/* A reader over the contents of the next element; bad if d is or becomes so. */
struct zs_der zs_der_enter(struct zs_der *d, uint8_t tag);
/* The element, header included, for contents that are handed on whole. */
struct zs_span zs_der_whole(struct zs_der *d, uint8_t tag);
/* INTEGER of up to 64 bits, signed. */
int64_t zs_der_int(struct zs_der *d);
/* KerberosTime, "YYYYMMDDHHMMSSZ", as Unix time in seconds. */
int64_t zs_der_time(struct zs_der *d);
/* Is everything read, and was it all right? */
static inline bool zs_der_end(const struct zs_der *d)
{
    return !d->bad && d->left.n == 0;
}

#endif
