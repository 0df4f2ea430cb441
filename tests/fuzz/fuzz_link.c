/* SPDX-License-Identifier: GPL-2.0-or-later */
/* analyzer/net/link.c. Input: one record (fuzz_net.h); its first octet is the row of the link type. What is below the
 * header ends where the packet does; and of a packet that is cut short the same header is read, or none. */
#include "analyzer/net/link.h"

#include "tests/fuzz/fuzz_net.h"

enum { PREFIXES = 96 };

static void check(const struct fuzz_record *r, const struct zs_link *link)
{
    FUZZ_CHECK(fuzz_inside(zs_span(r->p, r->captured), zs_span(link->payload, link->captured)));
    FUZZ_CHECK(link->payload >= r->p && link->payload <= r->p + r->captured);
    FUZZ_CHECK(link->captured <= link->length && link->length <= r->length);
    FUZZ_CHECK(link->length - link->captured <= r->length - r->captured);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fuzz_record r;
    struct zs_link whole = {0}, part;

    if (!fuzz_record(&data, &size, &r))
        return 0;
    int type = fuzz_link_types[r.first & 15];
    enum zs_link_answer answer = zs_link_parse(type, r.p, r.captured, r.length, &whole);
    FUZZ_CHECK((answer != ZS_LINK_UNKNOWN) == zs_link_known(type));
    if (answer == ZS_LINK_OK)
        check(&r, &whole);
    for (size_t n = 0; n < r.captured && n < PREFIXES; n++) {
        struct fuzz_record shorter = {.p = r.p, .captured = n, .length = r.length};
        if (zs_link_parse(type, r.p, n, r.length, &part) != ZS_LINK_OK)
            continue;
        check(&shorter, &part);
        FUZZ_CHECK(answer == ZS_LINK_OK && part.ethertype == whole.ethertype);
        FUZZ_CHECK(part.payload == whole.payload && part.length == whole.length);
    }
    return 0;
}
