/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Standard input, a line at a time.
 *
 * Limits: a line of more than LINE_MAX_OCTETS is cut into several, which is said. */
#include "analyzer/lines.h"

#include <errno.h>
#include <glib-unix.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum {
    AROUND = 256, /* more than frame, name and token put around a text */
    LINE_MAX_OCTETS =
        (64 << 20) - AROUND, /* with those it is no more than a peer takes of a frame */
    CHUNK = 65536,
};

struct zs_lines {
    bool (*on_line)(void *user, struct zs_span line);
    void (*on_end)(void *user);
    void *user;
    GByteArray *pending;
    size_t searched; /* so many octets of it have no newline */
    guint source;    /* 0: held, or at the end */
    bool ended, told;
};

static void say_cut(void)
{
    fprintf(stderr, "zmtpscope: a line of more than %d octets is cut there\n", LINE_MAX_OCTETS);
}

/* Hands on what is whole. False: the last was refused, and waits. */
static bool hand_on(struct zs_lines *l)
{
    size_t done = 0;
    bool taken = true;

    while (done < l->pending->len) {
        struct zs_span rest = zs_span(l->pending->data + done, l->pending->len - done);
        const uint8_t *newline = memchr(rest.p + l->searched, '\n', rest.n - l->searched);
        size_t n = newline ? (size_t)(newline - rest.p) : rest.n;
        if (!newline && !l->ended && n <= LINE_MAX_OCTETS) {
            l->searched = n;
            break;
        }
        bool cut = n > LINE_MAX_OCTETS;
        taken = l->on_line(l->user, zs_span(rest.p, MIN(n, LINE_MAX_OCTETS)));
        if (!taken)
            break;
        done += cut ? LINE_MAX_OCTETS : n + (newline != NULL);
        l->searched = 0;
        if (cut)
            say_cut();
    }
    g_byte_array_remove_range(l->pending, 0, (guint)done);
    return taken;
}

static void tell_end(struct zs_lines *l)
{
    if (!l->told)
        l->on_end(l->user);
    l->told = true;
}

static gboolean on_input(gint fd, GIOCondition condition, gpointer user)
{
    struct zs_lines *l = user;
    uint8_t chunk[CHUNK];

    (void)condition;
    ssize_t n = read(fd, chunk, sizeof chunk);
    if (n < 0 && (errno == EAGAIN || errno == EINTR))
        return G_SOURCE_CONTINUE;
    if (n > 0)
        g_byte_array_append(l->pending, chunk, (guint)n);
    else
        l->ended = true;
    if (!hand_on(l)) {
        l->source = 0;
        return G_SOURCE_REMOVE;
    }
    if (!l->ended)
        return G_SOURCE_CONTINUE;
    l->source = 0;
    tell_end(l);
    return G_SOURCE_REMOVE;
}

struct zs_lines *zs_lines_new(bool (*on_line)(void *user, struct zs_span line),
                              void (*on_end)(void *user), void *user)
{
    struct zs_lines *l = g_new0(struct zs_lines, 1);

    l->on_line = on_line;
    l->on_end = on_end;
    l->user = user;
    l->pending = g_byte_array_new();
    return l;
}

void zs_lines_go_on(struct zs_lines *l)
{
    if (l->source || !hand_on(l))
        return;
    if (!l->ended)
        l->source = g_unix_fd_add(STDIN_FILENO, G_IO_IN | G_IO_HUP | G_IO_ERR, on_input, l);
    else
        tell_end(l);
}

void zs_lines_free(struct zs_lines *l)
{
    if (!l)
        return;
    if (l->source)
        g_source_remove(l->source);
    g_byte_array_free(l->pending, TRUE);
    g_free(l);
}
