/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Items of the tree. */
#include "plugin/item.h"

bool zs_source_holds(const struct zs_source *src, struct zs_span s)
{
    return src->base && s.p >= src->base && s.p <= src->base + src->n &&
           s.n <= (size_t)(src->base + src->n - s.p);
}

int zs_source_at(const struct zs_source *src, struct zs_span s)
{
    return zs_source_holds(src, s) ? src->offset + (int)(s.p - src->base) : src->offset;
}

static proto_item *add(proto_tree *tree, int hf, const struct zs_source *src, struct zs_span s,
                       unsigned encoding)
{
    if (!zs_source_holds(src, s))
        return NULL;
    return proto_tree_add_item(tree, hf, src->tvb, zs_source_at(src, s), (int)s.n, encoding);
}

proto_item *zs_item_octets(proto_tree *tree, int hf, const struct zs_source *src, struct zs_span s)
{
    return add(tree, hf, src, s, ENC_NA);
}

proto_item *zs_item_text(proto_tree *tree, int hf, const struct zs_source *src, struct zs_span s)
{
    return add(tree, hf, src, s, ENC_UTF_8);
}

void zs_item_string(proto_tree *tree, int hf, tvbuff_t *tvb, const char *value)
{
    if (value)
        proto_item_set_generated(proto_tree_add_string(tree, hf, tvb, 0, 0, value));
}

const char *zs_valid_text(wmem_allocator_t *pool, const char *text)
{
    if (!text || g_utf8_validate(text, -1, NULL))
        return text;
    char *valid = g_utf8_make_valid(text, -1);
    const char *kept = wmem_strdup(pool, valid);
    g_free(valid);
    return kept;
}

void zs_item_uint(proto_tree *tree, int hf, tvbuff_t *tvb, uint32_t value)
{
    proto_item_set_generated(proto_tree_add_uint(tree, hf, tvb, 0, 0, value));
}

void zs_item_uint64(proto_tree *tree, int hf, tvbuff_t *tvb, uint64_t value)
{
    proto_item_set_generated(proto_tree_add_uint64(tree, hf, tvb, 0, 0, value));
}

void zs_item_boolean(proto_tree *tree, int hf, tvbuff_t *tvb, bool value)
{
    proto_item_set_generated(proto_tree_add_boolean(tree, hf, tvb, 0, 0, value));
}

void zs_item_packet(proto_tree *tree, int hf, tvbuff_t *tvb, uint32_t packet)
{
    if (packet)
        proto_item_set_generated(proto_tree_add_uint(tree, hf, tvb, 0, 0, packet));
}

void zs_item_duration(proto_tree *tree, int hf, tvbuff_t *tvb, int64_t ns)
{
    /* Seconds and the rest have one sign: nstime_t has no other form. */
    nstime_t t = {.secs = (time_t)(ns / 1000000000), .nsecs = (int)(ns % 1000000000)};
    proto_item_set_generated(proto_tree_add_time(tree, hf, tvb, 0, 0, &t));
}

void zs_item_instant(proto_tree *tree, int hf, tvbuff_t *tvb, int64_t seconds)
{
    nstime_t t = {.secs = (time_t)seconds};
    if (seconds)
        proto_item_set_generated(proto_tree_add_time(tree, hf, tvb, 0, 0, &t));
}

bool zs_is_printable(struct zs_span s)
{
    for (size_t i = 0; i < s.n; i++)
        if ((s.p[i] < 0x20 && s.p[i] != '\t' && s.p[i] != '\n' && s.p[i] != '\r') || s.p[i] == 0x7f)
            return false;
    return s.n && g_utf8_validate((const char *)s.p, (gssize)s.n, NULL);
}
