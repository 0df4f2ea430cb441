/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef ZS_NET_PCAPNG_H
#define ZS_NET_PCAPNG_H

/* The pcapng file format (draft-ietf-opsawg-pcapng): sections of blocks, packets of several interfaces. */
#include "analyzer/net/packet.h"

#include <stdbool.h>
#include <stddef.h>

#define ZS_PCAPNG_HEAD 12 /* octets from which zs_pcapng_block() tells what block begins there */

struct zs_pcapng; /* the section that a reader is in */

enum zs_pcapng_kind {
    ZS_PCAPNG_OTHER,   /* to be passed over */
    ZS_PCAPNG_PACKET,  /* a packet is in it */
    ZS_PCAPNG_SECRETS, /* a decryption secrets block */
    ZS_PCAPNG_DAMAGED, /* it cannot be */
};

struct zs_pcapng_secrets {
    uint32_t type;
    const uint8_t *octets; /* borrowed from the block */
    size_t n;
};

struct zs_pcapng *zs_pcapng_new(void);
void zs_pcapng_free(struct zs_pcapng *p); /* NULL is fine */

bool zs_pcapng_probe(const uint8_t *octets, size_t n);
/* How long is the block that begins with these ZS_PCAPNG_HEAD octets, all of it? 0: it cannot be. wanted: it is one
 * that zs_pcapng_take() has a use for; the others may have any length. */
uint32_t zs_pcapng_block(struct zs_pcapng *p, const uint8_t *head, bool *wanted);
/* Does the block that begins with these ZS_PCAPNG_HEAD octets hold a packet? */
bool zs_pcapng_is_packet(const struct zs_pcapng *p, const uint8_t *head);
/* A whole block of n octets, to which zs_pcapng_block() has just been the answer. Sets packet (all but number) or
 * secrets where the kind is theirs; DAMAGED: *why says what is wrong, in static storage. */
enum zs_pcapng_kind zs_pcapng_take(struct zs_pcapng *p, const uint8_t *block, uint32_t n,
                                   struct zs_packet *packet, struct zs_pcapng_secrets *secrets,
                                   const char **why);
/* The link types of the interfaces so far, each once. */
const int *zs_pcapng_link_types(const struct zs_pcapng *p, size_t *n);
/* Packets that the interfaces' statistics say were dropped, of all sections so far. */
uint64_t zs_pcapng_dropped(const struct zs_pcapng *p);

#endif
