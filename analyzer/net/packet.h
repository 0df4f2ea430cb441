/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef ZS_NET_PACKET_H
#define ZS_NET_PACKET_H

/* A captured packet. */
#include <stdint.h>

/* data is borrowed until the next call on what handed it out. */
struct zs_packet {
    int64_t time_ns; /* Unix time, UTC; what does not fit is the end of all time */
    uint64_t number; /* from 1, over all packets of the capture, also those a filter leaves out */
    uint32_t length; /* octets on the wire; never below captured */
    uint32_t captured;
    int link_type; /* as libpcap numbers them: DLT_ */
    const uint8_t *data;
};

#define ZS_CAPTURED_MAX (UINT32_C(16) << 20) /* octets of a packet, or of a block of pcapng */

#endif
