/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef ZS_NET_OCTETS_H
#define ZS_NET_OCTETS_H

/* Numbers as they are on the wire. The caller has seen to it that the octets are there. */
#include <stdint.h>

static inline uint16_t zs_be16(const uint8_t *p)
{
    return (uint16_t)(p[0] << 8 | p[1]);
}

static inline uint32_t zs_be32(const uint8_t *p)
{
    return (uint32_t)zs_be16(p) << 16 | zs_be16(p + 2);
}

static inline uint32_t zs_le32(const uint8_t *p)
{
    return (uint32_t)p[3] << 24 | (uint32_t)p[2] << 16 | (uint32_t)p[1] << 8 | p[0];
}

#endif
