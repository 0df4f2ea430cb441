/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The whole of analyzer/net but the file: packets in, streams out, with caps so small that they are
 * reached. Input: records (fuzz_net.h); the first octet is the row of the link type, and in its high bits the time that
 * passed. */
#include "analyzer/net/reader.h"

#include "tests/fuzz/fuzz_net.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fuzz_run run;
    struct fuzz_record record;
    struct zs_net net;
    struct zs_net_stamp last = {0};
    struct zs_flows *flows = fuzz_flows_new(&run);

    zs_net_init(&net, flows, size % 2);
    while (fuzz_record(&data, &size, &record)) {
        struct zs_packet packet = {.link_type = fuzz_link_types[record.first & 15],
                                   .data = record.p,
                                   .captured = (uint32_t)record.captured,
                                   .length = (uint32_t)record.length};
        packet.number = last.frame = ++run.frame;
        packet.time_ns = last.time_ns += (record.first >> 4) * INT64_C(100000000);
        zs_net_packet(&net, &packet);
    }
    const struct zs_net_counters *c = &net.counters;
    FUZZ_CHECK(c->packets == last.frame);
    FUZZ_CHECK(c->segments + c->not_ip + c->not_tcp + c->fragments + c->cut + c->malformed +
                   c->bad_checksum + c->unknown ==
               c->packets);
    zs_net_clear(&net);
    fuzz_flows_free(flows, &last);
    return 0;
}
