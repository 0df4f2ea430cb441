/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef ZS_NET_OCTETS_H
#define ZS_NET_OCTETS_H

/* Numbers as they are on the wire. The caller has seen to it that the octets are there. */
#include <stdbool.h>
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

static inline void zs_put_be16(uint8_t *p, uint16_t value)
{
    p[0] = (uint8_t)(value >> 8);
    p[1] = (uint8_t)value;
}

static inline void zs_put_be32(uint8_t *p, uint32_t value)
{
    zs_put_be16(p, (uint16_t)(value >> 16));
    zs_put_be16(p + 2, (uint16_t)value);
}

/* Where a file says which order its numbers have. */
static inline uint16_t zs_16(const uint8_t *p, bool big)
{
    return big ? zs_be16(p) : (uint16_t)(p[1] << 8 | p[0]);
}

static inline uint32_t zs_32(const uint8_t *p, bool big)
{
    return big ? zs_be32(p) : zs_le32(p);
}

static inline uint64_t zs_64(const uint8_t *p, bool big)
{
    uint64_t first = zs_32(p, big), second = zs_32(p + 4, big);

    return big ? first << 32 | second : second << 32 | first;
}

#endif
