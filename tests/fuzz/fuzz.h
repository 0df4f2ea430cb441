/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef ZS_TESTS_FUZZ_H
#define ZS_TESTS_FUZZ_H

/* What the fuzz targets share. A property that does not hold ends the run, as a sanitizer's finding does. */
#include <stdio.h>
#include <stdlib.h>

#include "core/wire/span.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define FUZZ_CHECK(property)                                                              \
    do {                                                                                  \
        if (!(property)) {                                                                \
            fprintf(stderr, "%s:%d: does not hold: %s\n", __FILE__, __LINE__, #property); \
            abort();                                                                      \
        }                                                                                 \
    } while (0)

/* Every octet of s is one of in's. */
static inline bool fuzz_inside(struct zs_span in, struct zs_span s)
{
    if (s.n == 0)
        return true;
    return s.p >= in.p && s.n <= in.n && (size_t)(s.p - in.p) <= in.n - s.n;
}

static inline bool fuzz_same(struct zs_span a, struct zs_span b)
{
    return a.n == b.n && (a.n == 0 || a.p == b.p);
}

#endif
