/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef ZS_NET_SOURCE_H
#define ZS_NET_SOURCE_H

/* The octets of a file in their order, decompressed where they are compressed. */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct zs_source;

/* descriptor is read from and belongs to the source. room: octets of the buffer, at least; it grows to the largest
 * piece asked for. Never NULL. */
struct zs_source *zs_source_new(int descriptor, size_t room);
/* At the end of the file, wait says whether to look for more: it may sleep, and answers false to end it. */
void zs_source_follow(struct zs_source *s, bool (*wait)(void *user), void *user);
/* Sees to it that the next n octets are at hand, if the file has them. Answers how many are, more or fewer than n;
 * *octets is borrowed until the next call on s. */
size_t zs_source_peek(struct zs_source *s, size_t n, const uint8_t **octets);
/* The next n octets are done with. False: there were not as many. */
bool zs_source_skip(struct zs_source *s, uint64_t n);
/* Why peek had fewer than n, in a few words; NULL: it is the end of the file. Owned by s. */
const char *zs_source_trouble(const struct zs_source *s);
/* … and the trouble is the file's early end inside its compression. */
bool zs_source_is_cut(const struct zs_source *s);
void zs_source_free(struct zs_source *s);

#endif
