/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One JSON object on one line (RFC 8259). */
#include "analyzer/report/jsonline.h"

#include "analyzer/report/report.h"

#include <glib.h>
#include <string.h>

enum { KEPT = 1 << 20 }; /* octets of memory that wait for the next line */

struct zs_json {
    GString *line;
    bool first; /* of its object or array: no comma */
};

/* Characters that a terminal obeys: controls, of C1 too, and bidirectional ones. */
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

/* RFC 8259, 7: by a letter where there is one; beyond FFFF as a pair of surrogates. */
static void append_escape(GString *line, gunichar c)
{
    static const char by_letter[] = "\b\f\n\r\t\"\\", letters[] = "bfnrt\"\\";
    const char *letter = c < 0x80 ? memchr(by_letter, (int)c, sizeof by_letter - 1) : NULL;

    if (letter) {
        g_string_append_c(line, '\\');
        g_string_append_c(line, letters[letter - by_letter]);
        return;
    }
    if (c > 0xffff) {
        c -= 0x10000;
        g_string_append_printf(line, "\\u%04x", 0xd800 + (unsigned)(c >> 10));
        c = 0xdc00 + (c & 0x3ff);
    }
    g_string_append_printf(line, "\\u%04x", (unsigned)c);
}

static bool is_plain(char c)
{
    return c >= 0x20 && c < 0x7f && c != '"' && c != '\\';
}

/* text is UTF-8. */
static void append_string(GString *line, const char *text)
{
    const char *from = text, *p = text;

    g_string_append_c(line, '"');
    for (const char *next; *p; p = next) {
        bool ascii = !(*p & 0x80);
        next = ascii ? p + 1 : g_utf8_next_char(p);
        if (ascii ? is_plain(*p) : !is_unseen(g_utf8_get_char(p)))
            continue;
        g_string_append_len(line, from, p - from);
        append_escape(line, g_utf8_get_char(p));
        from = next;
    }
    g_string_append_len(line, from, p - from);
    g_string_append_c(line, '"');
}

static void separate(struct zs_json *j)
{
    if (!j->first)
        g_string_append_c(j->line, ',');
    j->first = false;
}

/* What stands before a member's value, or (NULL) an element's. */
static GString *name_member(struct zs_json *j, const char *name)
{
    separate(j);
    if (!name)
        return j->line;
    append_string(j->line, name);
    g_string_append_c(j->line, ':');
    return j->line;
}

static void open_with(struct zs_json *j, const char *name, char bracket)
{
    g_string_append_c(name_member(j, name), bracket);
    j->first = true;
}

static void close_with(struct zs_json *j, char bracket)
{
    g_string_append_c(j->line, bracket);
    j->first = false;
}

struct zs_json *zs_json_begin(const char *event)
{
    static struct zs_json j;

    if (!j.line)
        j.line = g_string_new(NULL);
    g_string_assign(j.line, "{");
    j.first = true;
    zs_json_string(&j, "event", event);
    return &j;
}

void zs_json_string(struct zs_json *j, const char *name, const char *value)
{
    if (value)
        append_string(name_member(j, name), value);
}

void zs_json_int(struct zs_json *j, const char *name, int64_t value)
{
    if (value < 0)
        g_string_append_printf(name_member(j, name), "%" G_GINT64_FORMAT, value);
    else
        zs_json_uint(j, name, (uint64_t)value);
}

void zs_json_uint(struct zs_json *j, const char *name, uint64_t value)
{
    char digits[20], *p = digits + sizeof digits;

    do
        *--p = (char)('0' + value % 10);
    while (value /= 10);
    g_string_append_len(name_member(j, name), p, digits + sizeof digits - p);
}

void zs_json_double(struct zs_json *j, const char *name, double value)
{
    char text[G_ASCII_DTOSTR_BUF_SIZE];

    g_ascii_dtostr(text, sizeof text, value);
    g_string_append(name_member(j, name), text);
    if (strspn(text, "-0123456789") == strlen(text)) /* seen to be none of the integers */
        g_string_append(j->line, ".0");
}

void zs_json_bool(struct zs_json *j, const char *name, bool value)
{
    g_string_append(name_member(j, name), value ? "true" : "false");
}

/* RFC 4648, 4. */
void zs_json_base64(struct zs_json *j, const char *name, struct zs_span s)
{
    GString *line = name_member(j, name);
    gsize at = line->len + 1, most = (s.n / 3 + 1) * 4 + 4;
    gint state = 0, save = 0;

    g_string_append_c(line, '"');
    g_string_set_size(line, at + most);
    gsize n = s.n ? g_base64_encode_step(s.p, s.n, FALSE, line->str + at, &state, &save) : 0;
    n += g_base64_encode_close(FALSE, line->str + at + n, &state, &save);
    g_string_set_size(line, at + n);
    g_string_append_c(line, '"');
}

void zs_json_time(struct zs_json *j, const char *name, int64_t ns)
{
    char text[ZS_CLOCK_TEXT];

    zs_json_string(j, name, zs_clock_format(ns, ZS_CLOCK_UTC, text));
}

bool zs_json_is_text(struct zs_span s)
{
    return s.n == 0 || g_utf8_validate((const char *)s.p, (gssize)s.n, NULL);
}

char *zs_json_valid(struct zs_span s)
{
    return g_utf8_make_valid(s.n ? (const char *)s.p : "", (gssize)s.n);
}

void zs_json_text(struct zs_json *j, const char *name, struct zs_span s)
{
    char *text = zs_json_valid(s);
    zs_json_string(j, name, text);
    g_free(text);
    if (!zs_json_is_text(s)) {
        char *member = g_strconcat(name, "_base64", NULL);
        zs_json_base64(j, member, s);
        g_free(member);
    }
}

void zs_json_object(struct zs_json *j, const char *name)
{
    open_with(j, name, '{');
}

void zs_json_object_end(struct zs_json *j)
{
    close_with(j, '}');
}

void zs_json_array(struct zs_json *j, const char *name)
{
    open_with(j, name, '[');
}

void zs_json_element(struct zs_json *j, const char *value)
{
    append_string(name_member(j, NULL), value);
}

void zs_json_array_end(struct zs_json *j)
{
    close_with(j, ']');
}

void zs_json_strings(struct zs_json *j, const char *name, const char *const *list)
{
    zs_json_array(j, name);
    for (; *list; list++) {
        char *text = g_utf8_make_valid(*list, -1);
        zs_json_element(j, text);
        g_free(text);
    }
    zs_json_array_end(j);
}

void zs_json_end(FILE *out, struct zs_json *j)
{
    g_string_append(j->line, "}\n");
    fwrite(j->line->str, 1, j->line->len, out);
    if (j->line->allocated_len > KEPT) {
        g_string_free(j->line, TRUE);
        j->line = NULL;
    }
}
