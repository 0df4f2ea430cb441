/* SPDX-License-Identifier: GPL-2.0-or-later */
/* pcapng: several sections, each in an octet order of its own, and several interfaces, each of a link type and a time
 * resolution of its own. Comments, names and custom blocks are passed over.
 *
 * Limits: a section has INTERFACES_MAX interfaces at most, and the first LINK_TYPES_MAX link types are named. A simple packet block has no time: it gets the time of the
 * packet before it. */
#include "analyzer/net/pcapng.h"

#include "analyzer/net/octets.h"
#include "analyzer/net/pcapfile.h"

#include <glib.h>

enum {
    BLOCK_SECTION = 0x0a0d0d0a,
    BLOCK_INTERFACE = 1,
    BLOCK_PACKET = 2, /* obsolete */
    BLOCK_SIMPLE = 3,
    BLOCK_STATISTICS = 5,
    BLOCK_ENHANCED = 6,
    BLOCK_SECRETS = 10,
};

enum { BYTE_ORDER_MAGIC = 0x1a2b3c4d, INTERFACES_MAX = 65536, LINK_TYPES_MAX = 64 };

struct interface {
    int link_type;
    uint32_t snaplen; /* 0: none */
    bool binary; /* a unit of time is 2 to the power of -exponent seconds, else 10 to that of it */
    uint8_t exponent;
    int64_t offset; /* seconds */
    uint64_t dropped;
};

struct zs_pcapng {
    bool big;
    GArray *interfaces; /* of the section */
    GArray *link_types; /* of int: of all sections */
    uint64_t dropped;   /* in earlier sections */
    int64_t last_ns;
};

struct zs_pcapng *zs_pcapng_new(void)
{
    struct zs_pcapng *p = g_new0(struct zs_pcapng, 1);

    p->interfaces = g_array_new(FALSE, FALSE, sizeof(struct interface));
    p->link_types = g_array_new(FALSE, FALSE, sizeof(int));
    return p;
}

void zs_pcapng_free(struct zs_pcapng *p)
{
    if (!p)
        return;
    g_array_free(p->interfaces, TRUE);
    g_array_free(p->link_types, TRUE);
    g_free(p);
}

bool zs_pcapng_probe(const uint8_t *octets, size_t n)
{
    return n >= ZS_PCAPNG_HEAD && zs_be32(octets) == BLOCK_SECTION &&
           (zs_be32(octets + 8) == BYTE_ORDER_MAGIC || zs_le32(octets + 8) == BYTE_ORDER_MAGIC);
}

static bool is_wanted(uint32_t type)
{
    switch (type) {
    case BLOCK_SECTION:
    case BLOCK_INTERFACE:
    case BLOCK_PACKET:
    case BLOCK_SIMPLE:
    case BLOCK_STATISTICS:
    case BLOCK_ENHANCED:
    case BLOCK_SECRETS:
        return true;
    default:
        return false;
    }
}

uint32_t zs_pcapng_block(struct zs_pcapng *p, const uint8_t *head, bool *wanted)
{
    uint32_t type = zs_be32(head); /* a section's reads the same in both orders */

    if (type == BLOCK_SECTION) {
        if (!zs_pcapng_probe(head, ZS_PCAPNG_HEAD))
            return 0;
        p->big = zs_be32(head + 8) == BYTE_ORDER_MAGIC;
    }
    uint32_t length = zs_32(head + 4, p->big);
    *wanted = is_wanted(zs_32(head, p->big));
    if (length < ZS_PCAPNG_HEAD || length % 4 != 0 || (*wanted && length > ZS_CAPTURED_MAX))
        return 0;
    return length;
}

bool zs_pcapng_is_packet(const struct zs_pcapng *p, const uint8_t *head)
{
    uint32_t type = zs_32(head, p->big);

    return type == BLOCK_ENHANCED || type == BLOCK_SIMPLE || type == BLOCK_PACKET;
}

/* The value of the option with this code among the n octets of options; NULL: there is none of size octets. */
static const uint8_t *option(const struct zs_pcapng *p, const uint8_t *at, size_t n, uint16_t code,
                             size_t size)
{
    while (n >= 4) {
        uint16_t this = zs_16(at, p->big), length = zs_16(at + 2, p->big);
        size_t padded = ((size_t)length + 3) / 4 * 4;
        if (this == 0 || padded > n - 4)
            return NULL;
        if (this == code && length == size)
            return at + 4;
        at += 4 + padded;
        n -= 4 + padded;
    }
    return NULL;
}

static void take_section(struct zs_pcapng *p)
{
    p->dropped = zs_pcapng_dropped(p);
    g_array_set_size(p->interfaces, 0);
}

static void note_link_type(struct zs_pcapng *p, int link_type)
{
    for (guint i = 0; i < p->link_types->len; i++)
        if (g_array_index(p->link_types, int, i) == link_type)
            return;
    if (p->link_types->len < LINK_TYPES_MAX)
        g_array_append_val(p->link_types, link_type);
}

static const char *take_interface(struct zs_pcapng *p, const uint8_t *body, size_t n)
{
    enum { OPTION_RESOLUTION = 9, OPTION_OFFSET = 14 };

    if (n < 8)
        return "an interface's description is too short";
    if (p->interfaces->len >= INTERFACES_MAX)
        return "too many interfaces";
    struct interface i = {.link_type = zs_pcap_link_type(zs_16(body, p->big)),
                          .snaplen = zs_32(body + 4, p->big),
                          .exponent = 6};
    const uint8_t *resolution = option(p, body + 8, n - 8, OPTION_RESOLUTION, 1);
    const uint8_t *offset = option(p, body + 8, n - 8, OPTION_OFFSET, 8);
    if (resolution) {
        i.binary = *resolution & 0x80;
        i.exponent = *resolution & 0x7f;
    }
    if (offset)
        i.offset = (int64_t)zs_64(offset, p->big);
    g_array_append_val(p->interfaces, i);
    note_link_type(p, i.link_type);
    return NULL;
}

static void take_statistics(struct zs_pcapng *p, const uint8_t *body, size_t n)
{
    enum { OPTION_IFDROP = 5 };

    if (n < 12)
        return;
    uint32_t id = zs_32(body, p->big);
    const uint8_t *dropped = option(p, body + 12, n - 12, OPTION_IFDROP, 8);
    if (dropped && id < p->interfaces->len)
        g_array_index(p->interfaces, struct interface, id).dropped = zs_64(dropped, p->big);
}

/* units as nanoseconds, less than a second's worth of them: rest < whole units make a second. */
static uint64_t fraction_ns(uint64_t rest, uint64_t whole)
{
    return (uint64_t)((unsigned __int128)rest * 1000000000 / whole);
}

/* Nanoseconds: exact where a unit is a nanosecond or a whole number of them. */
static int64_t to_ns(const struct interface *i, uint64_t units)
{
    uint64_t whole = 1, seconds, ns;
    int64_t sum;

    if (i->binary) {
        whole = i->exponent < 64 ? UINT64_C(1) << i->exponent : 0;
    } else {
        for (unsigned k = 0; k < i->exponent && whole != 0; k++)
            if (__builtin_mul_overflow(whole, 10, &whole))
                whole = 0;
    }
    if (whole == 0) /* units so small that 64 bits of them are less than two seconds */
        return i->offset > INT64_MAX / 1000000000 || i->offset < INT64_MIN / 1000000000
                   ? (i->offset < 0 ? INT64_MIN : INT64_MAX)
                   : i->offset * 1000000000;
    seconds = units / whole;
    ns = units % whole;
    if (!i->binary && i->exponent <= 9)
        ns *= 1000000000 / whole;
    else if (!i->binary)
        ns /= whole / 1000000000;
    else
        ns = fraction_ns(ns, whole);
    bool negative = seconds > INT64_MAX; /* before 1970, as libpcap reads it */
    if (__builtin_add_overflow((int64_t)seconds, i->offset, &sum) ||
        __builtin_mul_overflow(sum, INT64_C(1000000000), &sum) ||
        __builtin_add_overflow(sum, (int64_t)ns, &sum))
        return negative || i->offset < 0 ? INT64_MIN : INT64_MAX;
    return sum;
}

static const char *set_packet(struct zs_pcapng *p, uint32_t id, uint32_t captured, uint32_t length,
                              const uint8_t *data, size_t n, struct zs_packet *packet)
{
    if (id >= p->interfaces->len)
        return "a packet of an interface that the section does not have";
    if (captured > n)
        return "a packet that is longer than its block";
    *packet = (struct zs_packet){
        .captured = captured,
        .length = MAX(length, captured),
        .link_type = g_array_index(p->interfaces, struct interface, id).link_type,
        .data = data,
        .time_ns = p->last_ns,
    };
    return NULL;
}

static const char too_short[] = "a packet block is too short";

/* The enhanced packet block, and the obsolete one, whose interface has 16 bits beside a counter of drops. */
static const char *take_packet(struct zs_pcapng *p, bool enhanced, const uint8_t *body, size_t n,
                               struct zs_packet *packet)
{
    if (n < 20)
        return too_short;
    uint32_t id = enhanced ? zs_32(body, p->big) : zs_16(body, p->big);
    const char *why = set_packet(p, id, zs_32(body + 12, p->big), zs_32(body + 16, p->big),
                                 body + 20, n - 20, packet);
    if (why)
        return why;
    uint64_t units = (uint64_t)zs_32(body + 4, p->big) << 32 | zs_32(body + 8, p->big);
    packet->time_ns = to_ns(&g_array_index(p->interfaces, struct interface, id), units);
    p->last_ns = packet->time_ns;
    return NULL;
}

static const char *take_simple(struct zs_pcapng *p, const uint8_t *body, size_t n,
                               struct zs_packet *packet)
{
    if (n < 4)
        return too_short;
    uint32_t length = zs_32(body, p->big), captured = length;
    uint32_t snaplen =
        p->interfaces->len ? g_array_index(p->interfaces, struct interface, 0).snaplen : 0;
    if (snaplen && captured > snaplen)
        captured = snaplen;
    return set_packet(p, 0, captured, length, body + 4, n - 4, packet);
}

static const char *take_secrets(const struct zs_pcapng *p, const uint8_t *body, size_t n,
                                struct zs_pcapng_secrets *secrets)
{
    if (n < 8 || zs_32(body + 4, p->big) > n - 8)
        return "a secrets block is too short";
    *secrets = (struct zs_pcapng_secrets){
        .type = zs_32(body, p->big), .octets = body + 8, .n = zs_32(body + 4, p->big)};
    return NULL;
}

enum zs_pcapng_kind zs_pcapng_take(struct zs_pcapng *p, const uint8_t *block, uint32_t n,
                                   struct zs_packet *packet, struct zs_pcapng_secrets *secrets,
                                   const char **why)
{
    const uint8_t *body = block + 8;
    size_t left = n - ZS_PCAPNG_HEAD; /* type, length, and the length again at the end */
    enum zs_pcapng_kind kind = ZS_PCAPNG_OTHER;

    *why = NULL;
    if (zs_32(block + n - 4, p->big) != n) {
        *why = "a block's two lengths differ";
        return ZS_PCAPNG_DAMAGED;
    }
    uint32_t type = zs_32(block, p->big);
    switch (type) {
    case BLOCK_SECTION:
        take_section(p);
        break;
    case BLOCK_INTERFACE:
        *why = take_interface(p, body, left);
        break;
    case BLOCK_STATISTICS:
        take_statistics(p, body, left);
        break;
    case BLOCK_PACKET:
    case BLOCK_ENHANCED:
        kind = ZS_PCAPNG_PACKET;
        *why = take_packet(p, type == BLOCK_ENHANCED, body, left, packet);
        break;
    case BLOCK_SIMPLE:
        kind = ZS_PCAPNG_PACKET;
        *why = take_simple(p, body, left, packet);
        break;
    case BLOCK_SECRETS:
        kind = ZS_PCAPNG_SECRETS;
        *why = take_secrets(p, body, left, secrets);
        break;
    }
    return *why ? ZS_PCAPNG_DAMAGED : kind;
}

const int *zs_pcapng_link_types(const struct zs_pcapng *p, size_t *n)
{
    *n = p->link_types->len;
    return (const int *)(const void *)p->link_types->data;
}

uint64_t zs_pcapng_dropped(const struct zs_pcapng *p)
{
    uint64_t sum = p->dropped;

    for (guint i = 0; i < p->interfaces->len; i++)
        sum += g_array_index(p->interfaces, struct interface, i).dropped;
    return sum;
}
