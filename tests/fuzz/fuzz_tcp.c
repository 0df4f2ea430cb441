/* SPDX-License-Identifier: GPL-2.0-or-later */
/* analyzer/net/tcp.c and the table of connections (flow.c, ending.c, reassembly.c), with caps so small that they are
 * reached. Input: records (fuzz_net.h), each a TCP segment. Bits of the first octet: which of eight clients; from the
 * server; IPv6; the time that passed. */
#include "tests/fuzz/fuzz_net.h"

#include <string.h>

enum { CLIENTS = 7, FROM_SERVER = 8, IPV6 = 16 };

static struct zs_ip packet_of(const struct fuzz_record *r)
{
    struct zs_ip ip = {.family = r->first & IPV6 ? 6 : 4,
                       .protocol = 6,
                       .payload = r->p,
                       .captured = r->captured,
                       .length = r->length};
    uint8_t *client = r->first & FROM_SERVER ? ip.to : ip.from;

    client[0] = 1 + (r->first & CLIENTS);
    return ip;
}

static void check(const struct fuzz_record *r, const struct zs_tcp *tcp)
{
    FUZZ_CHECK(fuzz_inside(zs_span(r->p, r->captured), zs_span(tcp->payload, tcp->captured)));
    FUZZ_CHECK(tcp->captured <= tcp->length && tcp->length + 20 <= r->length);
    FUZZ_CHECK(tcp->payload >= r->p + 20);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fuzz_run run;
    struct fuzz_record record;
    struct zs_tcp tcp;
    struct zs_net_stamp at = {0};
    struct zs_flows *flows = fuzz_flows_new(&run);

    while (fuzz_record(&data, &size, &record)) {
        struct zs_ip ip = packet_of(&record);
        at.frame = ++run.frame;
        at.time_ns += (record.first >> 5) * INT64_C(300000000);
        if (zs_tcp_parse(record.p, record.captured, record.length, &tcp) != ZS_TCP_OK)
            continue;
        check(&record, &tcp);
        (void)zs_tcp_checksum_holds(&ip);
        zs_flows_segment(flows, &ip, &tcp, &at);
    }
    fuzz_flows_free(flows, &at);
    return 0;
}
