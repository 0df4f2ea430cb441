/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef ZS_PLUGIN_ITEM_H
#define ZS_PLUGIN_ITEM_H

/* Items of the tree: octets of a reading, wherever they stand, and what follows from them (generated). */
#include "plugin/compat.h"

#include "core/wire/span.h"

/* The octets of a reading stand in the packet or in a decrypted source; a span of either as an offset of its tvb. */
struct zs_source {
    tvbuff_t *tvb;
    int offset;          /* of base in tvb */
    const uint8_t *base; /* what spans point into */
    size_t n;
};

bool zs_source_holds(const struct zs_source *src, struct zs_span s);
/* Where s stands in src->tvb; of a span that it does not hold, where it begins itself. */
int zs_source_at(const struct zs_source *src, struct zs_span s);

/* Nothing is added of a span that src does not hold. */
proto_item *zs_item_octets(proto_tree *tree, int hf, const struct zs_source *src, struct zs_span s);
proto_item *zs_item_text(proto_tree *tree, int hf, const struct zs_source *src, struct zs_span s);

/* Generated items; of NULL no string is added, of packet 0 no link. A string's octets that are no UTF-8 become U+FFFD.
 * Times in nanoseconds. */
void zs_item_string(proto_tree *tree, int hf, tvbuff_t *tvb, const char *value);
void zs_item_uint(proto_tree *tree, int hf, tvbuff_t *tvb, uint32_t value);
void zs_item_uint64(proto_tree *tree, int hf, tvbuff_t *tvb, uint64_t value);
void zs_item_boolean(proto_tree *tree, int hf, tvbuff_t *tvb, bool value);
void zs_item_packet(proto_tree *tree, int hf, tvbuff_t *tvb, uint32_t packet);
void zs_item_duration(proto_tree *tree, int hf, tvbuff_t *tvb, int64_t ns);
void zs_item_instant(proto_tree *tree, int hf, tvbuff_t *tvb, int64_t seconds);

/* A peer's octets as a label, a column or a row of a table can hold them: UTF-8 on one line. What is none becomes U+FFFD,
 * what cannot be printed a dot. The pool's. Fields keep what the peer said; Wireshark shows them so itself. */
char *zs_label(wmem_allocator_t *pool, struct zs_span s);
/* The same of a text; NULL for NULL. */
char *zs_label_text(wmem_allocator_t *pool, const char *text);
/* … and of the first LABEL_MOST octets, where a list holds many. */
char *zs_label_short(wmem_allocator_t *pool, struct zs_span s);

/* Text that a line can hold: no control characters, UTF-8. */
bool zs_is_printable(struct zs_span s);

#endif
