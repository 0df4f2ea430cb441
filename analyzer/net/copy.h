/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef ZS_NET_COPY_H
#define ZS_NET_COPY_H

/* A capture file copied to pcapng, with decryption secrets put in or taken out. A pcapng is copied block by block,
 * comments and all; a pcap becomes one section of one interface. */
#include <glib.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

struct zs_copy {
    uint32_t type;       /* of decryption secrets blocks: those that are meant */
    const void *secrets; /* to be put at the beginning of each section … */
    size_t n;            /* … octets; 0: none */
    bool discard;        /* leave out those that the file has */
};

/* path as zs_capture_open() takes it. False: *error says why, and what stood before is copied. Whether out took it all
 * is for its owner to ask. */
bool zs_copy_capture(const char *path, const struct zs_copy *copy, FILE *out, GError **error);

#endif
