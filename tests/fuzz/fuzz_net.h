/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef ZS_TESTS_FUZZ_NET_H
#define ZS_TESTS_FUZZ_NET_H

/* What the targets of analyzer/net share: records of packets, and a table of connections whose user checks what he is
 * told. */
#include "analyzer/net/flow.h"
#include "tests/fuzz/fuzz.h"

/* The rows that make_seeds knows. */
static const int fuzz_link_types[16] = {1,   0,  12,  101, 108, 113, 228, 229,
                                        276, 14, 105, 9,   50,  51,  104, 166};

/* One packet: an octet for the target, one of octets on the wire beyond those captured (times eight), two of length, and
 * the packet itself, as far as it is there. */
struct fuzz_record {
    uint8_t first;
    const uint8_t *p;
    size_t captured, length;
};

/* Takes a record off the front of the input. */
static inline bool fuzz_record(const uint8_t **data, size_t *size, struct fuzz_record *record)
{
    if (*size < 4)
        return false;
    size_t n = (size_t)((*data)[2] << 8 | (*data)[3]), left = *size - 4;
    *record = (struct fuzz_record){.first = (*data)[0], .p = *data + 4};
    record->captured = n < left ? n : left;
    record->length = record->captured + 8 * (size_t)(*data)[1];
    *data += 4 + record->captured;
    *size = left - record->captured;
    return true;
}

enum { FUZZ_CONNECTIONS = 4 };

struct fuzz_flow {
    bool open, refused;
    uint64_t octets; /* handed out, both sides */
};

struct fuzz_run {
    struct fuzz_flow flows[256]; /* by number modulo this: far more than can be open at once */
    unsigned open;
    uint64_t frame; /* of the packet on its way */
};

/* So small that they are reached. */
static const struct zs_flow_limits fuzz_limits = {.connections = FUZZ_CONNECTIONS,
                                                  .pending_octets = 2000,
                                                  .pending_pieces = 4,
                                                  .all_pending_octets = 5000};

static struct fuzz_run *fuzz_current;

static inline void *fuzz_opened(void *user, const struct zs_flow *flow,
                                const struct zs_net_stamp *at)
{
    struct fuzz_flow *f = &fuzz_current->flows[flow->number % 256];
    FUZZ_CHECK(user == fuzz_current && !f->open && at->frame == fuzz_current->frame);
    FUZZ_CHECK(++fuzz_current->open <= FUZZ_CONNECTIONS);
    *f = (struct fuzz_flow){.open = true};
    return f;
}

/* Some connections lose their user: after their first octet, by that octet. */
static inline enum zs_flow_interest fuzz_data(void *user, enum zs_flow_side from,
                                              const uint8_t *bytes, size_t n,
                                              const struct zs_net_stamp *at)
{
    struct fuzz_flow *f = user;
    static volatile uint8_t sink;
    FUZZ_CHECK(f->open && !f->refused && n > 0 && from <= ZS_FLOW_SERVER);
    FUZZ_CHECK(at->frame <= fuzz_current->frame); /* of what waited that of its own packet */
    for (size_t i = 0; i < n; i++)
        sink = bytes[i];
    (void)sink;
    f->refused = f->octets == 0 && bytes[0] == '!';
    f->octets += n;
    return f->refused ? ZS_FLOW_REFUSED : ZS_FLOW_WANTED;
}

static inline void fuzz_hole(void *user, enum zs_flow_side from, uint64_t n,
                             const struct zs_net_stamp *at)
{
    const struct fuzz_flow *f = user;
    FUZZ_CHECK(f->open && !f->refused && n > 0 && from <= ZS_FLOW_SERVER);
    FUZZ_CHECK(at->frame == fuzz_current->frame);
}

static inline void fuzz_full(void *user, enum zs_flow_side from, const struct zs_net_stamp *at)
{
    fuzz_hole(user, from, 1, at);
}

static inline void fuzz_closed(void *user, enum zs_flow_end why, const struct zs_net_stamp *at)
{
    struct fuzz_flow *f = user;
    FUZZ_CHECK(f->open && why <= ZS_FLOW_FLUSHED && at->frame == fuzz_current->frame);
    FUZZ_CHECK(fuzz_current->open-- > 0);
    f->open = false;
}

static const struct zs_flow_sink fuzz_sink = {fuzz_opened, fuzz_data, fuzz_hole,
                                              fuzz_hole,   fuzz_full, fuzz_closed};

/* A table of connections for one run. */
static inline struct zs_flows *fuzz_flows_new(struct fuzz_run *run)
{
    *run = (struct fuzz_run){0};
    fuzz_current = run;
    return zs_flows_new(&fuzz_sink, run, &fuzz_limits);
}

/* The end: everything that was opened is closed. */
static inline void fuzz_flows_free(struct zs_flows *flows, const struct zs_net_stamp *last)
{
    zs_flows_flush(flows, last);
    FUZZ_CHECK(fuzz_current->open == 0);
    zs_flows_free(flows);
}

#endif
