/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef ZS_NET_CHECKSUM_H
#define ZS_NET_CHECKSUM_H

/* The Internet checksum (RFC 1071). */
#include <stddef.h>
#include <stdint.h>

/* so_far with the sum of n octets behind an even number of others. */
uint64_t zs_checksum_add(uint64_t so_far, const uint8_t *p, size_t n);
/* The same, of the pseudo-header of a TCP segment of length octets; addresses have 4 or 16 octets. */
uint64_t zs_checksum_add_pseudo(uint64_t so_far, const uint8_t *from, const uint8_t *to,
                                size_t address, size_t length);
/* The sum folded to 16 bits: FFFF where a checksum was among the octets and holds. The complement of it is the
 * checksum of octets that have none yet. */
uint16_t zs_checksum_fold(uint64_t sum);

#endif
