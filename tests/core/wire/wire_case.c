/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Runs the cases of wire_case.h. */
#include "tests/core/wire/wire_case.h"

#include "tests/harness/guard.h"

enum { SHOWN_MAX = 48 }; /* octets of a span that a line shows */

struct prepared {
    const struct wire_case *c;
    wire_show show;
    enum wire_beginning beginning;
};

/* X.690, 10.1. */
static void append_der_length(GByteArray *out, guint n)
{
    guint8 octets[5];
    guint count = 0;

    for (guint rest = n; rest; rest >>= 8)
        count++;
    if (n < 0x80) {
        octets[0] = (guint8)n;
        g_byte_array_append(out, octets, 1);
        return;
    }
    octets[0] = (guint8)(0x80 | count);
    for (guint i = 0; i < count; i++)
        octets[1 + i] = (guint8)(n >> (8 * (count - 1 - i)));
    g_byte_array_append(out, octets, 1 + count);
}

/* One octet and its repetitions. */
static const char *read_hex(const char *p, GByteArray *out)
{
    int high = g_ascii_xdigit_value(p[0]), low = high < 0 ? -1 : g_ascii_xdigit_value(p[1]);
    guint64 times = 1;

    if (low < 0)
        g_error("no octet: %s", p);
    guint8 octet = (guint8)(high << 4 | low);
    p += 2;
    if (*p == '*')
        times = g_ascii_strtoull(p + 1, (char **)&p, 10);
    for (guint64 i = 0; i < times; i++)
        g_byte_array_append(out, &octet, 1);
    return p;
}

/* Up to the closing brace or the end. */
static const char *read_octets(const char *p, GByteArray *out)
{
    while (*p && *p != '}') {
        if (g_ascii_isspace(*p)) {
            p++;
        } else if (*p == '\'') {
            const char *end = strchr(p + 1, '\'');
            g_assert_nonnull(end);
            g_byte_array_append(out, (const guint8 *)p + 1, (guint)(end - p - 1));
            p = end + 1;
        } else if (*p == '{') {
            GByteArray *inside = g_byte_array_new();
            p = read_octets(p + 1, inside);
            g_assert_cmpint(*p, ==, '}');
            p++;
            append_der_length(out, inside->len);
            g_byte_array_append(out, inside->data, inside->len);
            g_byte_array_unref(inside);
        } else {
            p = read_hex(p, out);
        }
    }
    return p;
}

GByteArray *wire_octets(const char *text)
{
    GByteArray *out = g_byte_array_new();
    const char *end = read_octets(text, out);

    g_assert_cmpint(*end, ==, 0);
    return out;
}

void wire_show_span(GString *out, const char *key, struct zs_span s)
{
    bool printable = true;

    for (size_t i = 0; i < s.n; i++)
        printable = printable && g_ascii_isprint((char)s.p[i]);
    g_string_append_printf(out, " %s=", key);
    if (s.n > SHOWN_MAX) {
        /* Read all of it, so that the page behind is felt. */
        guint32 sum = 0;
        for (size_t i = 0; i < s.n; i++)
            sum = sum * 31 + s.p[i];
        g_string_append_printf(out, "(%zu octets, %02x..%02x)", s.n, s.p[0], s.p[s.n - 1]);
        return;
    }
    if (printable) {
        g_string_append_printf(out, "'%.*s'", (int)s.n, s.n ? (const char *)s.p : "");
        return;
    }
    for (size_t i = 0; i < s.n; i++)
        g_string_append_printf(out, "%02x", s.p[i]);
}

const char *wire_rc(enum zs_rc rc)
{
    if (rc == ZS_OK)
        return "ok";
    return rc == ZS_MORE ? "more" : zs_defect_of(rc)->code;
}

/* The line for the first n octets, read where no octet can be read behind them. */
static char *show_guarded(const struct prepared *t, const GByteArray *octets, size_t n)
{
    GString *line = g_string_new(NULL);
    uint8_t *copy = zs_guard_copy(octets->data, n);

    t->show(zs_span(copy, n), line);
    zs_guard_free(copy, n);
    return g_string_free(line, FALSE);
}

static void check_beginning(const struct prepared *t, const char *whole, const char *line, size_t n)
{
    bool fits = true;
    size_t length = strlen(line);

    if (t->beginning == WIRE_DEFECT)
        fits = !g_str_has_prefix(line, "ok");
    if (t->beginning == WIRE_MORE && strcmp(line, whole) != 0)
        fits = g_str_has_suffix(line, "more") && strncmp(line, whole, length - 4) == 0;
    if (!fits)
        g_test_fail_printf("the first %zu octets of %s say: %s", n, t->c->name, line);
}

static void run(gconstpointer data)
{
    const struct prepared *t = data;
    GByteArray *octets = wire_octets(t->c->octets);
    GString *whole = g_string_new(NULL);
    bool settled = false;

    t->show(zs_span(octets->data, octets->len), whole);
    g_assert_cmpstr(whole->str, ==, t->c->expect);
    for (size_t n = 0; n <= octets->len; n++) {
        char *line = show_guarded(t, octets, n);
        bool same = strcmp(line, whole->str) == 0;

        if (n < octets->len)
            check_beginning(t, whole->str, line, n);
        else
            g_assert_cmpstr(line, ==, t->c->expect);
        /* A stream never takes back what it said. */
        g_assert_true(t->beginning != WIRE_MORE || same || !settled);
        settled = same;
        g_free(line);
    }
    g_string_free(whole, TRUE);
    g_byte_array_unref(octets);
}

void wire_cases_add(const char *suite, const struct wire_case *cases, size_t n, wire_show show,
                    enum wire_beginning beginning)
{
    g_test_set_nonfatal_assertions(); /* show every case that fails */
    for (size_t i = 0; i < n; i++) {
        struct prepared *t = g_new(struct prepared, 1);
        char *path = g_strdup_printf("/%s/%s", suite, cases[i].name);

        *t = (struct prepared){.c = &cases[i], .show = show, .beginning = beginning};
        g_test_add_data_func_full(path, t, run, g_free);
        g_free(path);
    }
}
