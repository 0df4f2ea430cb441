/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Items of the tree. */
#include "plugin/item.h"

#include <string.h>

enum { LABEL_MOST = 64 };

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
    if (!tree || !value)
        return;
    char *valid = g_utf8_validate(value, -1, NULL) ? NULL : g_utf8_make_valid(value, -1);
    proto_item_set_generated(proto_tree_add_string(tree, hf, tvb, 0, 0, valid ? valid : value));
    g_free(valid);
}

/* ==== labels ==== */

static bool is_plain(struct zs_span s)
{
    for (size_t i = 0; i < s.n; i++)
        if (s.p[i] < 0x20 || s.p[i] > 0x7e)
            return false;
    return true;
}

/* Writes the character that s begins with, and answers how many octets it has. */
static size_t append_character(wmem_strbuf_t *label, struct zs_span s)
{
    gunichar c = s.p[0] ? g_utf8_get_char_validated((const char *)s.p, (gssize)s.n) : 0;

    if (c == (gunichar)-1 || c == (gunichar)-2) { /* no character, or the beginning of one */
        wmem_strbuf_append_unichar(label, 0xfffd);
        return 1;
    }
    wmem_strbuf_append_unichar(label, g_unichar_isprint(c) ? c : '.');
    return (size_t)g_unichar_to_utf8(c, NULL);
}

char *zs_label(wmem_allocator_t *pool, struct zs_span s)
{
    if (is_plain(s))
        return wmem_strndup(pool, s.n ? (const char *)s.p : "", s.n);
    wmem_strbuf_t *label = wmem_strbuf_new(pool, "");
    while (s.n)
        s = zs_span_skip(s, append_character(label, s));
    return wmem_strbuf_finalize(label);
}

char *zs_label_text(wmem_allocator_t *pool, const char *text)
{
    return text ? zs_label(pool, zs_span(text, strlen(text))) : NULL;
}

char *zs_label_short(wmem_allocator_t *pool, struct zs_span s)
{
    return zs_label(pool, zs_span(s.p, s.n < LABEL_MOST ? s.n : LABEL_MOST));
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
    bool ascii = true;

    for (size_t i = 0; i < s.n; i++) {
        if ((s.p[i] < 0x20 && s.p[i] != '\t' && s.p[i] != '\n' && s.p[i] != '\r') || s.p[i] == 0x7f)
            return false;
        ascii &= s.p[i] < 0x80;
    }
    return s.n && (ascii || g_utf8_validate((const char *)s.p, (gssize)s.n, NULL));
}
