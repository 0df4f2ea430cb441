/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The Internet checksum (RFC 1071) and TCP's pseudo-header (RFC 9293, 3.1; RFC 8200, 8.1). */
#include "analyzer/net/checksum.h"

#include "analyzer/net/octets.h"

enum { TCP = 6 };

uint64_t zs_checksum_add(uint64_t so_far, const uint8_t *p, size_t n)
{
    for (; n >= 2; p += 2, n -= 2)
        so_far += zs_be16(p);
    return n ? so_far + ((uint64_t)p[0] << 8) : so_far;
}

uint64_t zs_checksum_add_pseudo(uint64_t so_far, const uint8_t *from, const uint8_t *to,
                                size_t address, size_t length)
{
    so_far = zs_checksum_add(zs_checksum_add(so_far, from, address), to, address);
    return so_far + TCP + ((uint64_t)length >> 16) + (length & 0xffff);
}

uint16_t zs_checksum_fold(uint64_t sum)
{
    while (sum >> 16)
        sum = (sum & 0xffff) + (sum >> 16);
    return (uint16_t)sum;
}
