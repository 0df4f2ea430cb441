/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One JSON object on one line (RFC 8259). */
#include "analyzer/report/jsonline.h"

#include "analyzer/report/report.h"

/* json-glib leaves 1F as it is, which JSON forbids, and characters that a terminal obeys (C1, bidirectional). */
static bool is_unseen(gunichar c)
{
    switch (g_unichar_type(c)) {
    case G_UNICODE_CONTROL:
    case G_UNICODE_FORMAT:
    case G_UNICODE_LINE_SEPARATOR:
    case G_UNICODE_PARAGRAPH_SEPARATOR:
        return true;
    default:
        return false;
    }
}

/* RFC 8259, 7: beyond FFFF as a pair of surrogates. */
static void put_escape(FILE *out, gunichar c)
{
    if (c > 0xffff) {
        c -= 0x10000;
        fprintf(out, "\\u%04x", 0xd800 + (unsigned)(c >> 10));
        c = 0xdc00 + (c & 0x3ff);
    }
    fprintf(out, "\\u%04x", (unsigned)c);
}

/* line is JSON, where such characters stand in strings alone. */
static void put_escaped(FILE *out, const char *line)
{
    const char *from = line, *p = line;

    while (*p) {
        const char *next = g_utf8_next_char(p);
        bool plain = *p >= 0x20 && *p < 0x7f;
        if (!plain && is_unseen(g_utf8_get_char(p))) {
            fwrite(from, 1, (size_t)(p - from), out);
            put_escape(out, g_utf8_get_char(p));
            from = next;
        }
        p = next;
    }
    fputs(from, out);
}

void zs_json_end(FILE *out, JsonBuilder *b)
{
    json_builder_end_object(b);
    JsonNode *root = json_builder_get_root(b);
    char *line = json_to_string(root, FALSE);
    put_escaped(out, line);
    fputc('\n', out);
    g_free(line);
    json_node_unref(root);
    g_object_unref(b);
}

void zs_json_string(JsonBuilder *b, const char *name, const char *value)
{
    if (!value)
        return;
    json_builder_set_member_name(b, name);
    json_builder_add_string_value(b, value);
}

void zs_json_int(JsonBuilder *b, const char *name, int64_t value)
{
    json_builder_set_member_name(b, name);
    json_builder_add_int_value(b, value);
}

void zs_json_bool(JsonBuilder *b, const char *name, bool value)
{
    json_builder_set_member_name(b, name);
    json_builder_add_boolean_value(b, value);
}

void zs_json_base64(JsonBuilder *b, const char *name, struct zs_span s)
{
    char *text = g_base64_encode(s.p ? s.p : (const guchar *)"", s.n);
    zs_json_string(b, name, text);
    g_free(text);
}

/* Unix time in nanoseconds as RFC 3339 has it, UTC. */
void zs_json_time(JsonBuilder *b, const char *name, int64_t ns)
{
    char text[ZS_CLOCK_TEXT];

    zs_json_string(b, name, zs_clock_format(ns, ZS_CLOCK_UTC, text));
}

bool zs_json_is_text(struct zs_span s)
{
    return s.n == 0 || g_utf8_validate((const char *)s.p, (gssize)s.n, NULL);
}

char *zs_json_valid(struct zs_span s)
{
    return g_utf8_make_valid(s.n ? (const char *)s.p : "", (gssize)s.n);
}

/* Octets from the wire as text; where that loses something, NAME_base64 has them all. */
void zs_json_text(JsonBuilder *b, const char *name, struct zs_span s)
{
    char *text = zs_json_valid(s);
    zs_json_string(b, name, text);
    g_free(text);
    if (!zs_json_is_text(s)) {
        char *member = g_strconcat(name, "_base64", NULL);
        zs_json_base64(b, member, s);
        g_free(member);
    }
}

JsonBuilder *zs_json_begin(const char *event)
{
    JsonBuilder *b = json_builder_new_immutable();
    json_builder_begin_object(b);
    zs_json_string(b, "event", event);
    return b;
}
