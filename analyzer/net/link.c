/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Link-layer headers: IEEE 802.3 with 802.1Q and 802.1ad tags, and libpcap's own forms
 * (https://www.tcpdump.org/linktypes.html).
 * Limits: LLC/SNAP in 802.3 frames, MPLS and PPP are not opened: their packets say ethertype 0 or
 * their own. Of Linux cooked packets only those count whose protocol field holds an ethertype. */
#include "analyzer/net/link.h"

#include "analyzer/net/octets.h"

/* Takes the header off the front of in and sets its ethertype. False: it is not all there. */
typedef bool reader(struct zs_link *in);

/* Takes n octets off the front. False: they are not all there. */
static bool take(struct zs_link *in, size_t n, const uint8_t **octets)
{
    if (in->captured < n)
        return false;
    *octets = in->payload;
    in->payload += n;
    in->captured -= n;
    in->length -= n;
    return true;
}

/* Tags may be nested; each takes 4 octets, so that this ends with the packet. */
static bool skip_tags(struct zs_link *in)
{
    const uint8_t *tag;
    /* 802.1Q, 802.1ad, and the number that was used for the latter before */
    while (in->ethertype == 0x8100 || in->ethertype == 0x88a8 || in->ethertype == 0x9100) {
        if (!take(in, 4, &tag))
            return false;
        in->ethertype = zs_be16(tag + 2);
    }
    return true;
}

static bool read_ethernet(struct zs_link *in)
{
    const uint8_t *header;
    if (!take(in, 14, &header))
        return false;
    in->ethertype = zs_be16(header + 12);
    if (!skip_tags(in))
        return false;
    if (in->ethertype < 0x600) /* IEEE 802.3, 3.2.6: a length, LLC follows */
        in->ethertype = 0;
    return true;
}

/* The address family in the capturing host's octet order, which need not be ours. */
static bool read_null(struct zs_link *in)
{
    const uint8_t *header;
    if (!take(in, 4, &header))
        return false;
    uint32_t family = zs_be32(header);
    if (family >> 16) /* families are small: it is the other order */
        family = zs_le32(header);
    switch (family) {
    case 2: /* AF_INET everywhere */
        in->ethertype = ZS_ETHERTYPE_IPV4;
        break;
    case 10: /* AF_INET6 of Linux */
    case 24: /* NetBSD, OpenBSD */
    case 28: /* FreeBSD */
    case 30: /* Darwin */
        in->ethertype = ZS_ETHERTYPE_IPV6;
        break;
    default:
        in->ethertype = 0;
    }
    return true;
}

/* Nothing in front: the version in the first four bits tells. */
static bool read_raw(struct zs_link *in)
{
    if (in->captured == 0)
        return false;
    unsigned version = in->payload[0] >> 4;
    in->ethertype = version == 4 ? ZS_ETHERTYPE_IPV4 : version == 6 ? ZS_ETHERTYPE_IPV6 : 0;
    return true;
}

static bool read_ipv4(struct zs_link *in)
{
    in->ethertype = ZS_ETHERTYPE_IPV4;
    return true;
}

static bool read_ipv6(struct zs_link *in)
{
    in->ethertype = ZS_ETHERTYPE_IPV6;
    return true;
}

static bool read_sll(struct zs_link *in)
{
    const uint8_t *header;
    if (!take(in, 16, &header))
        return false;
    in->ethertype = zs_be16(header + 14);
    return skip_tags(in);
}

static bool read_sll2(struct zs_link *in)
{
    const uint8_t *header;
    if (!take(in, 20, &header))
        return false;
    in->ethertype = zs_be16(header);
    return skip_tags(in);
}

// clang-format off
static const struct {
    int link_type; /* DLT_; raw IP has had three numbers */
    reader *read;
} rows[] = {
    {   0, read_null     }, /* NULL: BSD loopback, host order */
    {   1, read_ethernet }, /* EN10MB */
    {  12, read_raw      }, /* RAW */
    {  14, read_raw      }, /* RAW on OpenBSD */
    { 101, read_raw      }, /* RAW as files have it */
    { 108, read_null     }, /* LOOP: OpenBSD loopback, network order */
    { 113, read_sll      }, /* LINUX_SLL */
    { 228, read_ipv4     }, /* IPV4 */
    { 229, read_ipv6     }, /* IPV6 */
    { 276, read_sll2     }, /* LINUX_SLL2 */
};
// clang-format on

static reader *reader_of(int link_type)
{
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        if (rows[i].link_type == link_type)
            return rows[i].read;
    return NULL;
}

bool zs_link_known(int link_type)
{
    return reader_of(link_type) != NULL;
}

enum zs_link_answer zs_link_parse(int link_type, const uint8_t *p, size_t captured, size_t length,
                                  struct zs_link *link)
{
    reader *read = reader_of(link_type);
    if (!read)
        return ZS_LINK_UNKNOWN;
    struct zs_link in = {.payload = p, .captured = captured, .length = length};
    if (!read(&in))
        return ZS_LINK_CUT;
    *link = in;
    return ZS_LINK_OK;
}
