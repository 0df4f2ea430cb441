/* SPDX-License-Identifier: GPL-2.0-or-later */
/* analyzer/net/ip.c, fragments.c and tunnel.c. Input: records (fuzz_net.h), each an IP packet, or a part of a datagram
 * whose octets are a function of their place, so that what is put together can be checked. Bits of the first octet: IPv6;
 * a part; the time that passed. */
#include "analyzer/net/fragments.h"
#include "analyzer/net/link.h"
#include "analyzer/net/tunnel.h"

#include "tests/fuzz/fuzz_net.h"

#include <string.h>

enum { IPV6 = 1, PART = 2, MADE = 9 /* a family that no packet has */ };

static uint8_t octets[65536 + 2048];

static void check_ip(struct zs_span in, const struct zs_ip *ip, size_t wire)
{
    FUZZ_CHECK(ip->captured <= ip->length && ip->length <= wire);
    FUZZ_CHECK(fuzz_inside(in, zs_span(ip->payload, ip->captured)));
    FUZZ_CHECK(ip->family == 4 || ip->family == 6);
}

/* What may be inside of it. */
static void enter(const struct zs_ip *ip)
{
    struct zs_tunnel t;
    enum zs_tunnel_answer answer = zs_tunnel_parse(ip, &t);

    if (answer != ZS_TUNNEL_IP && answer != ZS_TUNNEL_ETHERNET)
        return;
    FUZZ_CHECK(fuzz_inside(zs_span(ip->payload, ip->captured), zs_span(t.payload, t.captured)));
    FUZZ_CHECK(t.captured <= t.length && t.length <= ip->length);
    FUZZ_CHECK(answer == ZS_TUNNEL_ETHERNET || t.ethertype == ZS_ETHERTYPE_IPV4 ||
               t.ethertype == ZS_ETHERTYPE_IPV6);
}

static void on_whole(struct zs_ip *whole)
{
    struct zs_span in = zs_span(whole->payload, whole->captured);

    FUZZ_CHECK(whole->captured == whole->length && whole->length > 0 && whole->length <= 65535);
    FUZZ_CHECK(whole->fragment.offset == 0 && !whole->fragment.more);
    if (whole->family == MADE) {
        FUZZ_CHECK(memcmp(whole->payload, octets, whole->length) == 0);
        return;
    }
    enum zs_ip_answer answer = zs_ip_resume(whole);
    if (answer != ZS_IP_OK && answer != ZS_IP_FRAGMENT)
        return;
    check_ip(in, whole, in.n);
    enter(whole);
}

/* Which datagram, in two bits of the first octet; where, in the first two of the record. */
static struct zs_ip part_of(const struct fuzz_record *r)
{
    uint16_t where = r->captured < 2 ? 0 : (uint16_t)(r->p[0] << 8 | r->p[1]);
    struct zs_ip ip = {.family = MADE, .protocol = 17};

    ip.fragment.id = r->first >> 2 & 3;
    ip.fragment.offset = where & 0xfff8u;
    ip.fragment.more = where & 1;
    ip.payload = octets + ip.fragment.offset;
    ip.captured = r->captured % 2048;
    ip.length = r->length < 2048 ? r->length : 2048;
    return ip;
}

static void on_record(struct zs_fragments *f, const struct fuzz_record *r, int64_t time_ns)
{
    struct zs_ip ip, whole;
    enum zs_ip_answer answer = ZS_IP_FRAGMENT;

    if (r->first & PART) {
        ip = part_of(r);
    } else {
        uint16_t type = r->first & IPV6 ? ZS_ETHERTYPE_IPV6 : ZS_ETHERTYPE_IPV4;
        answer = zs_ip_parse(type, r->p, r->captured, r->length, &ip);
        if (answer == ZS_IP_OK || answer == ZS_IP_FRAGMENT)
            check_ip(zs_span(r->p, r->captured), &ip, r->length);
    }
    if (answer == ZS_IP_OK)
        enter(&ip);
    else if (answer == ZS_IP_FRAGMENT && zs_fragments_add(f, &ip, time_ns, &whole))
        on_whole(&whole);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct zs_fragments *f = zs_fragments_new();
    struct fuzz_record record;
    int64_t time_ns = 0;

    for (size_t i = 0; !octets[1] && i < sizeof octets; i++)
        octets[i] = (uint8_t)(i * 0x9e3779b1u >> 24);
    while (fuzz_record(&data, &size, &record)) {
        time_ns += (record.first >> 4) * INT64_C(4000000000);
        on_record(f, &record, time_ns);
    }
    zs_fragments_free(f);
    return 0;
}
