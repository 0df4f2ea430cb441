/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef ZS_NET_PCAPFILE_H
#define ZS_NET_PCAPFILE_H

/* The pcap file format (draft-ietf-opsawg-pcap): a header, and a record for each packet. */
#include "analyzer/net/packet.h"

#include <stdbool.h>
#include <stddef.h>

#define ZS_PCAP_HEADER 24 /* octets of the file's header */

/* What the header says. */
struct zs_pcap {
    bool big;      /* numbers are in network order */
    bool nano;     /* times are in nanoseconds, not micro- */
    size_t record; /* octets of the header of a record */
    int link_type; /* as libpcap numbers them: DLT_ */
};

/* The link type as files number it to the number that libpcap has for it. */
int zs_pcap_link_type(uint32_t in_file);
uint16_t zs_pcap_link_type_in_file(int link_type); /* the other way */

/* Is this, of n octets, the beginning of such a file? */
bool zs_pcap_probe(const uint8_t *octets, size_t n);
/* header has ZS_PCAP_HEADER octets. False: its magic number or its version is none. */
bool zs_pcap_parse(const uint8_t *header, struct zs_pcap *pcap);
/* The header of a record, pcap->record octets; packet->captured octets of data follow it. Sets all but number and
 * data. False: the length cannot be. */
bool zs_pcap_record_parse(const struct zs_pcap *pcap, const uint8_t *header,
                          struct zs_packet *packet);

#endif
