/* SPDX-License-Identifier: GPL-2.0-or-later */
/* analyzer/net/reassembly.c against what must be true of any stream: the octet at an offset is a
 * function of the offset, so that what is handed out can be checked; nothing is said twice, nothing is
 * left out, nothing is a conflict, and no cap is passed; so, too, of two directions that wait for each other. Input: first
 * the sequence number, caps, then six octets a step: what and of which direction, where, how long. */
#include "analyzer/net/reassembly.h"

#include "tests/fuzz/fuzz.h"

enum { SPAN = 1 << 17 }; /* offsets that steps can name */

static uint8_t octets[SPAN + 4096];

static bool on_data(void *user, uint64_t offset, const uint8_t *bytes, size_t n,
                    const struct zs_net_stamp *at)
{
    uint64_t *next = user;
    (void)at;
    FUZZ_CHECK(n > 0 && offset == *next);
    FUZZ_CHECK(offset <= sizeof octets && n <= sizeof octets - offset);
    FUZZ_CHECK(memcmp(bytes, octets + offset, n) == 0);
    *next += n;
    return true;
}

static void on_gap(void *user, uint64_t offset, uint64_t n, const struct zs_net_stamp *at)
{
    uint64_t *next = user;
    (void)at;
    FUZZ_CHECK(n > 0 && offset == *next);
    *next += n;
}

static void on_conflict(void *user, uint64_t offset, uint64_t n, const struct zs_net_stamp *at)
{
    (void)user;
    (void)offset;
    (void)n;
    (void)at;
    FUZZ_CHECK(!"the same octets are no conflict");
}

static void on_full(void *user, const struct zs_net_stamp *at)
{
    (void)at;
    FUZZ_CHECK(user);
}

static const struct zs_reassembly_sink sink = {on_data, on_gap, on_conflict, on_full};

static void step(struct zs_reassembly *r, uint32_t first, const uint8_t *p, struct zs_net_stamp *at)
{
    enum { ACKS = 0x10 };
    uint32_t offset = (uint32_t)(p[1] << 16 | p[2] << 8 | p[3]) % SPAN;
    struct zs_tcp tcp = {.seq = first + offset, .payload = octets + offset};
    tcp.length = (size_t)(p[4] << 8 | p[5]) % 4096;
    tcp.captured = p[0] & 0x20 ? tcp.length / 2 : tcp.length;
    at->time_ns += (p[0] >> 6) * INT64_C(400000000);
    at->frame++;
    if (p[0] & ACKS) {
        tcp.flags = ZS_TCP_ACK;
        zs_reassembly_ack(r->peer, first + (uint32_t)(p[3] << 8 | p[4]), at);
    }
    switch (p[0] & 7) {
    case 0:
        zs_reassembly_ack(r, first + offset, at);
        break;
    case 1:
        tcp.flags |= ZS_TCP_FIN;
        zs_reassembly_segment(r, &tcp, at);
        break;
    case 2: /* before the first octet */
        tcp.seq = first - 1;
        tcp.payload = octets;
        tcp.captured = tcp.length = 1;
        zs_reassembly_segment(r, &tcp, at);
        break;
    default:
        zs_reassembly_segment(r, &tcp, at);
    }
}

static void check(const struct zs_reassembly *r, uint64_t next)
{
    FUZZ_CHECK(r->next == next && r->n_pieces <= r->pool->pieces && r->held <= r->pool->octets);
    FUZZ_CHECK(r->pool->held == r->held + r->peer->held);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    enum { OTHER = 0x08 };

    if (size < 6)
        return 0;
    static bool filled;
    for (size_t i = 0; !filled && i < sizeof octets; i++)
        octets[i] = (uint8_t)(i * 0x9e3779b1u >> 24);
    filled = true;
    uint32_t first = (uint32_t)data[0] << 24 | (uint32_t)(data[1] << 16 | data[2] << 8 | data[3]);
    struct zs_reassembly_pool pool = {&sink, 64 * (1 + (size_t)data[4]), 1 + data[5] % 32, 8192, 0};
    struct zs_net_stamp at = {0};
    struct zs_reassembly r[2];
    uint64_t next[2] = {0};
    for (int i = 0; i < 2; i++) {
        zs_reassembly_init(&r[i], &pool, &next[i]);
        zs_reassembly_segment(&r[i], &(struct zs_tcp){.seq = first - 1, .flags = ZS_TCP_SYN}, &at);
    }
    zs_reassembly_pair(&r[0], &r[1]);
    for (data += 6, size -= 6; size >= 6; data += 6, size -= 6) {
        step(&r[(data[0] & OTHER) != 0], first, data, &at);
        for (int i = 0; i < 2; i++)
            check(&r[i], next[i]);
    }
    zs_reassembly_flush(&r[0], &at);
    for (int i = 0; i < 2; i++) {
        FUZZ_CHECK(r[i].next == next[i] && r[i].n_pieces == 0 && pool.held == 0);
        FUZZ_CHECK(!r[i].fin_seen || next[i] == r[i].fin_at);
    }
    zs_reassembly_clear(&r[0]);
    zs_reassembly_clear(&r[1]);
    return 0;
}
