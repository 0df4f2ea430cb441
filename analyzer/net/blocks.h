/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef ZS_NET_BLOCKS_H
#define ZS_NET_BLOCKS_H

/* Blocks of pcapng being written (draft-ietf-opsawg-pcapng). Whether out took them all is for its owner to ask. */
#include "analyzer/net/packet.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/* Fields: the owner's. */
struct zs_blocks {
    FILE *out;
    bool big; /* the octet order of the section */
};

#define ZS_BLOCKS_COMMENT 4096 /* octets of a comment that are kept */

/* A number of size octets. */
void zs_blocks_number(const struct zs_blocks *b, unsigned size, uint64_t value);

/* A section begins. comment: UTF-8; NULL: none. */
void zs_blocks_section(const struct zs_blocks *b, const char *comment);
/* An interface of it, of a link type as libpcap numbers them. Times of its packets are in nanoseconds. */
void zs_blocks_interface(const struct zs_blocks *b, int link_type);
void zs_blocks_secrets(const struct zs_blocks *b, uint32_t type, const void *secrets, uint32_t n);
/* A packet of the section's first interface. */
void zs_blocks_packet(const struct zs_blocks *b, const struct zs_packet *packet,
                      const char *comment);

#endif
