/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Rules of --ignore.
 *
 * Limits: an expression over which PCRE gives up (it counts its steps) is taken to find nothing from there on. */
#include "analyzer/ignore.h"

#include <string.h>

struct zs_ignore {
    GArray *parts;       /* of guint, from 1 */
    GPtrArray *patterns; /* of GRegex */
};

static void unref_regex(gpointer r)
{
    g_regex_unref(r);
}

static bool add(struct zs_ignore *i, const char *rule, char **why)
{
    GError *error = NULL;
    guint64 n;

    if (g_ascii_string_to_unsigned(rule, 10, 1, G_MAXUINT, &n, NULL)) {
        guint part = (guint)n;
        g_array_append_val(i->parts, part);
        return true;
    }
    /* Octets, not characters: what comes need not be UTF-8. */
    bool number = *rule && rule[strspn(rule, "0123456789")] == '\0';
    GRegex *r =
        *rule && !number ? g_regex_new(rule, G_REGEX_RAW | G_REGEX_DOTALL, 0, &error) : NULL;
    if (r) {
        g_ptr_array_add(i->patterns, r);
        return true;
    }
    *why = g_strdup_printf("%s: neither a part's number, from 1, nor a regular expression%s%s",
                           rule, error ? ": " : "", error ? error->message : "");
    g_clear_error(&error);
    return false;
}

struct zs_ignore *zs_ignore_new(char *const *rules, char **why)
{
    struct zs_ignore *i = g_new0(struct zs_ignore, 1);

    i->parts = g_array_new(FALSE, FALSE, sizeof(guint));
    i->patterns = g_ptr_array_new_with_free_func(unref_regex);
    for (; rules && *rules; rules++)
        if (!add(i, *rules, why)) {
            zs_ignore_free(i);
            return NULL;
        }
    return i;
}

/* What an octet of a part is to the patterns. */
enum { KEPT, FOUND_FIRST, FOUND_MORE };

/* Marks what r finds. Where it overlaps what another found, both are one. */
static void mark(const GRegex *r, const char *octets, gsize n, guint8 *marks)
{
    GMatchInfo *found;
    gint from, to;

    for (bool more = g_regex_match_full(r, octets, (gssize)n, 0, 0, &found, NULL); more;
         more = g_match_info_next(found, NULL)) {
        if (!g_match_info_fetch_pos(found, 0, &from, &to) || from >= to)
            continue;
        if (marks[from] == KEPT)
            marks[from] = FOUND_FIRST;
        memset(marks + from + 1, FOUND_MORE, (size_t)(to - from - 1));
    }
    g_match_info_free(found);
}

/* A part as it is compared. */
struct reduced {
    GByteArray *octets;
    GArray *
        places; /* of gsize: the octet of the part that each is of; behind the last, the part's end */
};

static void put(struct reduced *r, gsize place, const void *octets, guint n)
{
    g_byte_array_append(r->octets, octets, n);
    for (guint i = 0; i < n; i++)
        g_array_append_val(r->places, place);
}

/* With 0 1 instead of each thing found, for that something was there still counts, and 0 0 for its own 0s. */
static struct reduced reduce(const struct zs_ignore *i, GBytes *part)
{
    struct reduced left = {g_byte_array_new(), g_array_new(FALSE, FALSE, sizeof(gsize))};
    gsize n;
    const guint8 *octets = g_bytes_get_data(part, &n);
    guint8 *marks = g_malloc0(n + 1);

    for (guint k = 0; k < i->patterns->len; k++)
        mark(i->patterns->pdata[k], octets ? (const char *)octets : "", n, marks);
    for (gsize k = 0; k < n; k++) {
        if (marks[k] == FOUND_FIRST)
            put(&left, k, "\0\1", 2);
        else if (marks[k] == KEPT)
            put(&left, k, (const guint8[]){octets[k], 0}, octets[k] ? 1 : 2);
    }
    g_array_append_val(left.places, n);
    g_free(marks);
    return left;
}

static void clear(struct reduced *r)
{
    g_byte_array_unref(r->octets);
    g_array_unref(r->places);
}

/* How many octets they have in common. */
static gsize common(const guint8 *a, gsize a_n, const guint8 *b, gsize b_n)
{
    gsize i = 0;

    while (i < a_n && i < b_n && a[i] == b[i])
        i++;
    return i;
}

static bool are_equal_reduced(const struct zs_ignore *i, GBytes *came, GBytes *captured,
                              struct zs_ignore_place *where)
{
    struct reduced a = reduce(i, came), b = reduce(i, captured);
    gsize at = common(a.octets->data, a.octets->len, b.octets->data, b.octets->len);
    bool same = at == a.octets->len && at == b.octets->len;

    if (!same)
        *where = (struct zs_ignore_place){g_array_index(a.places, gsize, at),
                                          g_array_index(b.places, gsize, at)};
    clear(&a);
    clear(&b);
    return same;
}

bool zs_ignore_equal(const struct zs_ignore *i, guint part, GBytes *came, GBytes *captured,
                     struct zs_ignore_place *where)
{
    gsize a_n, b_n;
    const guint8 *a = g_bytes_get_data(came, &a_n), *b = g_bytes_get_data(captured, &b_n);
    gsize at = common(a, a_n, b, b_n);

    if (at == a_n && at == b_n)
        return true;
    for (guint k = 0; i && k < i->parts->len; k++)
        if (g_array_index(i->parts, guint, k) == part)
            return true;
    if (i && i->patterns->len)
        return are_equal_reduced(i, came, captured, where);
    *where = (struct zs_ignore_place){at, at};
    return false;
}

void zs_ignore_free(struct zs_ignore *i)
{
    if (!i)
        return;
    g_array_unref(i->parts);
    g_ptr_array_unref(i->patterns);
    g_free(i);
}
