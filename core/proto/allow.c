/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Principals against patterns, component by component, so that no pattern lets in who only looks like somebody.
 *
 * Limits: names as krb5_unparse_name() writes them, case and all; they are compared, not looked up. */
#include "core/proto/allow.h"

#include <glib.h>
#include <string.h>

struct zs_allow {
    GPtrArray *patterns; /* char * */
};

struct zs_allow *zs_allow_new(void)
{
    struct zs_allow *a = g_new(struct zs_allow, 1);

    a->patterns = g_ptr_array_new_with_free_func(g_free);
    return a;
}

void zs_allow_free(struct zs_allow *a)
{
    if (!a)
        return;
    g_ptr_array_unref(a->patterns);
    g_free(a);
}

/* One character as it is written: a backslash and what it escapes belong together. */
static size_t width(const char *s)
{
    return s[0] == '\\' && s[1] ? 2 : 1;
}

/* Where the realm's @ stands, or the end: the first that no backslash escapes, and none may follow it. */
static const char *realm_of(const char *s)
{
    while (*s && *s != '@')
        s += width(s);
    return s;
}

/* Does the pattern's character stand for this one? A backslash before * or ? means the character itself. */
static bool character_fits(const char *pattern, const char *s)
{
    if (*pattern == '?')
        return true;
    if (*pattern == '\\' && (pattern[1] == '*' || pattern[1] == '?'))
        return *s == pattern[1];
    return width(pattern) == width(s) && strncmp(pattern, s, width(s)) == 0;
}

static bool is_separator(char c)
{
    return c == '/' || c == '@' || c == 0;
}

/* Both start a component; a * takes as little as it can, and is gone back to where the rest does not fit. */
static bool component_fits(const char *pattern, size_t pattern_n, const char *s, size_t n)
{
    const char *end = s + n, *pattern_end = pattern + pattern_n;
    const char *star = NULL, *retry = NULL;

    while (s < end) {
        if (pattern < pattern_end && *pattern == '*') {
            star = ++pattern;
            retry = s;
        } else if (pattern < pattern_end && character_fits(pattern, s)) {
            pattern += width(pattern);
            s += width(s);
        } else if (star) {
            pattern = star;
            retry += width(retry);
            s = retry;
        } else {
            return false;
        }
    }
    while (pattern < pattern_end && *pattern == '*')
        pattern++;
    return pattern == pattern_end;
}

static size_t component_length(const char *s)
{
    size_t n = 0;

    while (!is_separator(s[n]))
        n += width(s + n);
    return n;
}

static bool fits(const char *pattern, const char *s)
{
    if (*pattern == '@')
        s = realm_of(s);
    for (;;) {
        size_t pattern_n = component_length(pattern), n = component_length(s);
        if (!component_fits(pattern, pattern_n, s, n))
            return false;
        pattern += pattern_n;
        s += n;
        if (*pattern != *s)
            return false;
        if (*pattern == 0)
            return true;
        pattern++;
        s++;
    }
}

bool zs_allow_add(struct zs_allow *a, const char *pattern, const char **why)
{
    const char *realm = realm_of(pattern);

    if (*realm == 0 || realm[1] == 0) {
        *why = "no realm: a pattern is NAME@REALM, or @REALM for all of it";
        return false;
    }
    if (*realm_of(realm + 1) != 0) {
        *why = "an @ in the realm: one inside a name is written \\@";
        return false;
    }
    g_ptr_array_add(a->patterns, g_strdup(pattern));
    return true;
}

bool zs_allow_permits(const struct zs_allow *a, const char *principal)
{
    const char *realm = realm_of(principal);

    if (*realm == 0 || realm[1] == 0)
        return false;
    for (guint i = 0; i < a->patterns->len; i++)
        if (fits(g_ptr_array_index(a->patterns, i), principal))
            return true;
    return false;
}
