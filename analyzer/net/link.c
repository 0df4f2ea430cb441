/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Link-layer headers: IEEE 802.3 with 802.1Q and 802.1ad tags, LLC/SNAP (IEEE 802), MPLS (RFC 3032), PPP (RFC 1661,
 * 1662), PPPoE (RFC 2516), Cisco HDLC, and libpcap's own forms (https://www.tcpdump.org/linktypes.html).
 * Limits: below MPLS labels only IP is found, by its version, for the labels do not say what they carry. PPP is
 * neither compressed nor encrypted. Of Linux cooked packets only those count whose protocol field holds an ethertype. */
#include "analyzer/net/link.h"

#include "analyzer/net/octets.h"

#include <string.h>

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

/* Nothing in front: the version in the first four bits tells. */
static bool read_raw(struct zs_link *in)
{
    if (in->captured == 0)
        return false;
    unsigned version = in->payload[0] >> 4;
    in->ethertype = version == 4 ? ZS_ETHERTYPE_IPV4 : version == 6 ? ZS_ETHERTYPE_IPV6 : 0;
    return true;
}

/* RFC 3032, 2.1: entries of four octets, the last of which has the bit S. */
static bool read_labels(struct zs_link *in)
{
    const uint8_t *entry;
    do {
        if (!take(in, 4, &entry))
            return false;
    } while (!(entry[2] & 1));
    return read_raw(in);
}

/* RFC 1661, 2, with or without the address and control fields of RFC 1662, 3.1; the protocol may be cut to one octet. */
static bool read_ppp(struct zs_link *in)
{
    const uint8_t *octets;
    if (in->captured >= 2 && zs_be16(in->payload) == 0xff03 && !take(in, 2, &octets))
        return false;
    if (!take(in, 1, &octets) || octets[0] == 0xff) /* no protocol: half of the two fields */
        return false;
    uint16_t protocol = octets[0];
    if (!(protocol & 1)) {
        if (!take(in, 1, &octets))
            return false;
        protocol = (uint16_t)(protocol << 8 | octets[0]);
    }
    in->ethertype = 0;
    if (protocol == 0x0021)
        in->ethertype = ZS_ETHERTYPE_IPV4;
    else if (protocol == 0x0057)
        in->ethertype = ZS_ETHERTYPE_IPV6;
    else if (protocol == 0x0281)
        return read_labels(in);
    return true;
}

static bool read_pppoe(struct zs_link *in)
{
    const uint8_t *header;
    return take(in, 6, &header) && read_ppp(in);
}

/* IEEE 802.3, 3.2.6: what would be an ethertype is a length, and LLC follows; with SNAP in it there is one all the same. */
static bool read_llc(struct zs_link *in)
{
    static const uint8_t snap[] = {0xaa, 0xaa, 3, 0, 0, 0};
    const uint8_t *llc;
    in->ethertype = 0;
    if (memcmp(in->payload, snap, in->captured < sizeof snap ? in->captured : sizeof snap) != 0)
        return true;
    if (!take(in, 8, &llc))
        return in->length < 8;
    in->ethertype = zs_be16(llc + 6);
    return true;
}

/* What may stand between the link layer and IP, nested; each takes 4 octets at least, so that this ends with the
 * packet. */
static bool read_between(struct zs_link *in)
{
    const uint8_t *tag;
    for (;;) {
        switch (in->ethertype) {
        case 0x8100: /* 802.1Q */
        case 0x88a8: /* 802.1ad, and the number that was used for it before */
        case 0x9100:
            if (!take(in, 4, &tag))
                return false;
            in->ethertype = zs_be16(tag + 2);
            break;
        case 0x8847: /* MPLS */
        case 0x8848:
            return read_labels(in);
        case 0x8864:
            return read_pppoe(in);
        default:
            return in->ethertype >= 0x600 || read_llc(in);
        }
    }
}

static bool read_ethernet(struct zs_link *in)
{
    const uint8_t *header;
    if (!take(in, 14, &header))
        return false;
    in->ethertype = zs_be16(header + 12);
    return read_between(in);
}

/* Address, control, and an ethertype. */
static bool read_hdlc(struct zs_link *in)
{
    const uint8_t *header;
    if (!take(in, 4, &header))
        return false;
    in->ethertype = zs_be16(header + 2);
    return read_between(in);
}

/* One octet that says who sent it, then PPP. */
static bool read_ppp_with_direction(struct zs_link *in)
{
    const uint8_t *direction;
    return take(in, 1, &direction) && read_ppp(in);
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
    return in->ethertype < 0x600 || read_between(in);
}

static bool read_sll2(struct zs_link *in)
{
    const uint8_t *header;
    if (!take(in, 20, &header))
        return false;
    in->ethertype = zs_be16(header);
    return in->ethertype < 0x600 || read_between(in);
}

// clang-format off
static const struct {
    int link_type; /* DLT_; raw IP has had three numbers */
    reader *read;
} rows[] = {
    {   0, read_null     }, /* NULL: BSD loopback, host order */
    {   1, read_ethernet }, /* EN10MB */
    {   9, read_ppp      }, /* PPP */
    {  12, read_raw      }, /* RAW */
    {  14, read_raw      }, /* RAW on OpenBSD */
    {  50, read_ppp      }, /* PPP_SERIAL */
    {  51, read_pppoe    }, /* PPP_ETHER */
    { 101, read_raw      }, /* RAW as files have it */
    { 104, read_hdlc     }, /* C_HDLC */
    { 108, read_null     }, /* LOOP: OpenBSD loopback, network order */
    { 113, read_sll      }, /* LINUX_SLL */
    { 166, read_ppp_with_direction }, /* PPP_PPPD */
    { 204, read_ppp_with_direction }, /* PPP_WITH_DIR */
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
