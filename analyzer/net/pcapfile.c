/* SPDX-License-Identifier: GPL-2.0-or-later */
/* pcap: both octet orders, micro- and nanoseconds (draft-ietf-opsawg-pcap), and the longer records of a patched
 * libpcap of the nineties.
 *
 * Limits: what the link type's upper bits say of frame check sequences is passed over: IP's own length cuts them off. */
#include "analyzer/net/pcapfile.h"

#include "analyzer/net/octets.h"

enum {
    MAGIC_MICRO = 0xa1b2c3d4,
    MAGIC_NANO = 0xa1b23c4d,
    MAGIC_LONG = 0xa1b2cd34, /* with interface, protocol and packet type behind the lengths */
};

enum { LINKTYPE_RAW = 101, OUR_RAW = 12 };

int zs_pcap_link_type(uint32_t in_file)
{
    return in_file == LINKTYPE_RAW ? OUR_RAW : (int)in_file;
}

uint16_t zs_pcap_link_type_in_file(int link_type)
{
    return link_type == OUR_RAW ? LINKTYPE_RAW : (uint16_t)link_type;
}

static bool is_magic(uint32_t n)
{
    return n == MAGIC_MICRO || n == MAGIC_NANO || n == MAGIC_LONG;
}

bool zs_pcap_probe(const uint8_t *octets, size_t n)
{
    return n >= 4 && (is_magic(zs_be32(octets)) || is_magic(zs_le32(octets)));
}

bool zs_pcap_parse(const uint8_t *header, struct zs_pcap *pcap)
{
    if (!zs_pcap_probe(header, ZS_PCAP_HEADER))
        return false;
    bool big = is_magic(zs_be32(header));
    uint32_t magic = zs_32(header, big);

    if (zs_16(header + 4, big) != 2) /* the version; its minor number has been 4 since 1998 */
        return false;
    *pcap = (struct zs_pcap){
        .big = big,
        .nano = magic == MAGIC_NANO,
        .record = magic == MAGIC_LONG ? 24 : 16,
        .link_type = zs_pcap_link_type(zs_32(header + 20, big) & 0x03ffffff),
    };
    return true;
}

bool zs_pcap_record_parse(const struct zs_pcap *pcap, const uint8_t *header,
                          struct zs_packet *packet)
{
    uint32_t seconds = zs_32(header, pcap->big), fraction = zs_32(header + 4, pcap->big);
    uint32_t captured = zs_32(header + 8, pcap->big), length = zs_32(header + 12, pcap->big);

    if (captured > ZS_CAPTURED_MAX)
        return false;
    *packet = (struct zs_packet){
        .time_ns = (int64_t)seconds * 1000000000 + (int64_t)fraction * (pcap->nano ? 1 : 1000),
        .captured = captured,
        .length = length > captured ? length : captured,
        .link_type = pcap->link_type,
    };
    return true;
}
