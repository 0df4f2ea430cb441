/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Captures by time. Each file is opened once to see how it begins, and again when its first packet is due, so that of
 * the files of a ring buffer one or two are open at any time. Of packets with the same time that of the file named
 * first comes first, and the order inside a file is kept: mergecap's rules.
 *
 * Limits: files that overlap in time are open together; beyond FEW files each has a small buffer. In a directory only
 * the files that lie in it are looked at, not those in its directories. */
#include "analyzer/net/timeline.h"

#include "analyzer/net/filter.h"

#include <string.h>

enum { FEW = 16, SMALL_ROOM = 64 << 10 };

/* One capture of it. */
struct part {
    char *path;                 /* NULL: an interface */
    unsigned order;             /* as it was named */
    struct zs_capture *capture; /* NULL: not open now */
    struct zs_packet head;      /* its next packet, if there is one */
    int64_t begins_ns;          /* time of its first packet */
};

struct zs_timeline {
    struct zs_capture_hooks hooks;
    void (*trouble)(void *user, const GError *error);
    struct zs_filter *filter; /* NULL: none */
    const char *expression;   /* … and its text; while opening */
    size_t room;
    GPtrArray *waiting; /* of parts, that which begins last first */
    GPtrArray *open;    /* of parts with a head, in any order */
    struct part *
        current; /* among open: whose head was handed out last; its capture is still to be moved on */
    size_t count;
    uint64_t number;
    uint64_t dropped; /* by captures that are closed */
    bool live;
    GArray *link_types; /* of int */
    GError *error;
};

static void free_part(void *part)
{
    struct part *p = part;

    zs_capture_close(p->capture);
    g_free(p->path);
    g_free(p);
}

static void note_error(struct zs_timeline *t, GError *error)
{
    if (t->trouble)
        t->trouble(t->hooks.user, error);
    if (t->error)
        g_error_free(error);
    else
        t->error = error;
}

static void note_link_type(struct zs_timeline *t, int link_type)
{
    for (guint i = 0; i < t->link_types->len; i++)
        if (g_array_index(t->link_types, int, i) == link_type)
            return;
    g_array_append_val(t->link_types, link_type);
}

/* The filter must be one on every link type that is known at the beginning. */
static bool check_filter(struct zs_timeline *t, const struct zs_capture *c, GError **error)
{
    size_t n;
    const int *types = zs_capture_link_types(c, &n);

    for (size_t i = 0; i < n; i++) {
        const char *why = t->filter ? zs_filter_compile(t->filter, types[i]) : NULL;
        if (why) {
            g_set_error(error, ZS_CAPTURE_ERROR, ZS_CAPTURE_ERROR_FILTER, "%s: filter \"%s\": %s",
                        zs_capture_name(c), t->expression, why);
            return false;
        }
    }
    return true;
}

static void close_part(struct zs_timeline *t, struct part *p)
{
    t->dropped += zs_capture_dropped(p->capture);
    zs_capture_close(p->capture);
    p->capture = NULL;
}

/* The part's next packet becomes its head. False: it has none any more, and is closed. */
static bool advance(struct zs_timeline *t, struct part *p)
{
    GError *error = NULL;
    enum zs_capture_answer answer = zs_capture_next(p->capture, &p->head, &error);

    if (answer == ZS_CAPTURE_PACKET)
        return true;
    if (answer == ZS_CAPTURE_FAILED)
        note_error(t, error);
    close_part(t, p);
    return false;
}

static bool open_part(struct zs_timeline *t, struct part *p)
{
    GError *error = NULL;

    p->capture = zs_capture_open(p->path, t->room, &t->hooks, &error);
    if (!p->capture)
        note_error(t, error);
    return p->capture != NULL;
}

/* ---- Opening ---- */

static gint by_beginning_backwards(gconstpointer a, gconstpointer b)
{
    const struct part *first = *(const struct part *const *)a,
                      *second = *(const struct part *const *)b;

    if (first->begins_ns != second->begins_ns)
        return first->begins_ns < second->begins_ns ? 1 : -1;
    return first->order < second->order ? 1 : -1;
}

static struct part *add_part(struct zs_timeline *t, const char *path, struct zs_capture *c)
{
    size_t n;
    const int *types = zs_capture_link_types(c, &n);
    struct part *p = g_new0(struct part, 1);

    for (size_t i = 0; i < n; i++)
        note_link_type(t, types[i]);
    p->path = g_strdup(path);
    p->order = (unsigned)t->count++;
    p->capture = c;
    g_ptr_array_add(t->waiting, p);
    return p;
}

/* Of what is opened twice the second time counts. */
static bool is_opened_twice(const struct zs_timeline *t, const char *path)
{
    return !t->hooks.wait && strcmp(path, "-") != 0 && g_file_test(path, G_FILE_TEST_IS_REGULAR);
}

/* What can be opened again is looked into and closed, so that any number of files can be named. */
static void look_into(struct zs_timeline *t, struct part *p)
{
    if (zs_capture_is_stream(p->capture) || t->hooks.wait)
        return;
    if (advance(t, p)) {
        p->begins_ns = p->head.time_ns;
        g_clear_pointer(&p->capture, zs_capture_close);
    } else {
        g_ptr_array_remove(t->waiting, p);
    }
}

static void add_file(struct zs_timeline *t, const char *path)
{
    GError *error = NULL;
    struct zs_capture_hooks hooks = t->hooks;

    if (is_opened_twice(t, path))
        hooks.secrets = NULL;
    struct zs_capture *c = zs_capture_open(path, t->room, &hooks, &error);
    if (c && !check_filter(t, c, &error))
        g_clear_pointer(&c, zs_capture_close);
    if (c)
        look_into(t, add_part(t, path, c));
    else
        note_error(t, error);
}

/* A file of a directory that is no capture is passed over. */
static bool add_if_capture(struct zs_timeline *t, const char *path)
{
    GError *error = NULL;

    if (!g_file_test(path, G_FILE_TEST_IS_REGULAR))
        return false;
    struct zs_capture *c = zs_capture_open(path, SMALL_ROOM, NULL, &error);
    bool passed_over = g_error_matches(error, ZS_CAPTURE_ERROR, ZS_CAPTURE_ERROR_FORMAT);
    g_clear_error(&error);
    zs_capture_close(c);
    if (!passed_over)
        add_file(t, path);
    return !passed_over;
}

static gint by_name(gconstpointer a, gconstpointer b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static void add_directory(struct zs_timeline *t, const char *path)
{
    GError *error = NULL;
    GDir *d = g_dir_open(path, 0, &error);
    GPtrArray *names = g_ptr_array_new_with_free_func(g_free);
    bool any = false;

    for (const char *name; d && (name = g_dir_read_name(d));)
        g_ptr_array_add(names, g_build_filename(path, name, NULL));
    g_ptr_array_sort(names, by_name);
    for (guint i = 0; i < names->len; i++)
        any |= add_if_capture(t, names->pdata[i]);
    g_ptr_array_free(names, TRUE);
    if (d)
        g_dir_close(d);
    if (!d)
        note_error(t, error);
    else if (!any)
        note_error(t, g_error_new(ZS_CAPTURE_ERROR, ZS_CAPTURE_ERROR_OPEN,
                                  "%s: is a directory without any capture file", path));
}

/* Puts the captures in order by their first packets. A stream is waited for only where there are others. */
static void order(struct zs_timeline *t)
{
    for (guint i = t->waiting->len; t->count > 1 && i-- > 0;) {
        struct part *p = t->waiting->pdata[i];
        if (p->capture && advance(t, p))
            p->begins_ns = p->head.time_ns;
        else if (p->capture)
            g_ptr_array_remove_index(t->waiting, i);
    }
    g_ptr_array_sort(t->waiting, by_beginning_backwards);
}

static struct zs_timeline *new_timeline(void)
{
    struct zs_timeline *t = g_new0(struct zs_timeline, 1);

    t->waiting = g_ptr_array_new_with_free_func(free_part);
    t->open = g_ptr_array_new_with_free_func(free_part);
    t->link_types = g_array_new(FALSE, FALSE, sizeof(int));
    return t;
}

static void set_hooks(struct zs_timeline *t, const struct zs_timeline_options *options)
{
    if (!options)
        return;
    t->hooks = options->hooks;
    t->trouble = options->trouble;
}

struct zs_timeline *zs_timeline_open(const char *const *paths,
                                     const struct zs_timeline_options *options)
{
    struct zs_timeline *t = new_timeline();

    set_hooks(t, options);
    if (options && options->filter && *options->filter) {
        t->filter = zs_filter_new(options->filter);
        t->expression = options->filter;
    }
    for (const char *const *path = paths; *path; path++) {
        if (strcmp(*path, "-") != 0 && g_file_test(*path, G_FILE_TEST_IS_DIR))
            add_directory(t, *path);
        else
            add_file(t, *path);
    }
    if (t->count > FEW)
        t->room = SMALL_ROOM;
    order(t);
    t->expression = NULL;
    return t;
}

struct zs_timeline *zs_timeline_open_live(const char *interface,
                                          const struct zs_timeline_options *options)
{
    struct zs_timeline *t = new_timeline();
    GError *error = NULL;
    struct zs_capture *c =
        zs_capture_open_live(interface, options ? options->filter : NULL, &error);

    set_hooks(t, options);
    t->live = true;
    if (c)
        add_part(t, NULL, c);
    else
        note_error(t, error);
    return t;
}

/* ---- Reading ---- */

/* Opens the part that begins next; its first packet becomes its head. */
static void begin_next(struct zs_timeline *t)
{
    struct part *p = g_ptr_array_steal_index(t->waiting, t->waiting->len - 1);

    if (p->capture && t->count > 1) /* a stream, whose head was read before */
        g_ptr_array_add(t->open, p);
    else if ((p->capture || open_part(t, p)) && advance(t, p))
        g_ptr_array_add(t->open, p);
    else
        free_part(p);
}

static bool comes_before(const struct part *a, const struct part *b)
{
    if (a->head.time_ns != b->head.time_ns)
        return a->head.time_ns < b->head.time_ns;
    return a->order < b->order;
}

static struct part *earliest(const struct zs_timeline *t)
{
    struct part *best = NULL;

    for (guint i = 0; i < t->open->len; i++) {
        struct part *p = t->open->pdata[i];
        if (!best || comes_before(p, best))
            best = p;
    }
    return best;
}

/* Is the next part to be begun due, best being the earliest of those that have begun? */
static bool is_due(const struct zs_timeline *t, const struct part *best)
{
    if (t->waiting->len == 0)
        return false;
    const struct part *next = t->waiting->pdata[t->waiting->len - 1];
    return !best || next->begins_ns < best->head.time_ns ||
           (next->begins_ns == best->head.time_ns && next->order < best->order);
}

static bool next_of_all(struct zs_timeline *t)
{
    if (t->current && !advance(t, t->current))
        g_ptr_array_remove_fast(t->open, t->current);
    struct part *best = earliest(t);
    while (is_due(t, best)) {
        begin_next(t);
        best = earliest(t);
    }
    t->current = best;
    return best != NULL;
}

static enum zs_capture_answer next_live(struct zs_timeline *t, struct zs_packet *packet)
{
    GError *error = NULL;
    struct part *p = t->waiting->pdata[0];
    enum zs_capture_answer answer = zs_capture_next(p->capture, packet, &error);

    if (answer == ZS_CAPTURE_FAILED) {
        note_error(t, error);
        return ZS_CAPTURE_END;
    }
    return answer;
}

enum zs_capture_answer zs_timeline_next(struct zs_timeline *t, struct zs_packet *packet)
{
    if (t->live)
        return next_live(t, packet);
    while (next_of_all(t)) {
        t->number++;
        if (t->filter && !zs_filter_passes(t->filter, &t->current->head))
            continue;
        *packet = t->current->head;
        packet->number = t->number;
        return ZS_CAPTURE_PACKET;
    }
    return ZS_CAPTURE_END;
}

size_t zs_timeline_count(const struct zs_timeline *t)
{
    return t->count;
}

const int *zs_timeline_link_types(const struct zs_timeline *t, size_t *n)
{
    *n = t->link_types->len;
    return (const int *)(const void *)t->link_types->data;
}

static bool has_stream(const GPtrArray *parts)
{
    for (guint i = 0; i < parts->len; i++) {
        const struct part *p = parts->pdata[i];
        if (p->capture && zs_capture_is_stream(p->capture))
            return true;
    }
    return false;
}

bool zs_timeline_is_stream(const struct zs_timeline *t)
{
    return !t->live && (has_stream(t->open) || has_stream(t->waiting));
}

uint64_t zs_timeline_dropped(const struct zs_timeline *t)
{
    uint64_t sum = t->dropped;
    const GPtrArray *parts = t->live ? t->waiting : t->open;

    for (guint i = 0; i < parts->len; i++)
        sum += zs_capture_dropped(((const struct part *)parts->pdata[i])->capture);
    return sum;
}

const GError *zs_timeline_error(const struct zs_timeline *t)
{
    return t->error;
}

void zs_timeline_free(struct zs_timeline *t)
{
    g_ptr_array_free(t->waiting, TRUE);
    g_ptr_array_free(t->open, TRUE);
    g_array_free(t->link_types, TRUE);
    zs_filter_free(t->filter);
    g_clear_error(&t->error);
    g_free(t);
}
