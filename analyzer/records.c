/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Records of shares: made of a run, and merged.
 *
 * Limits: the cap on all octets that wait out of order counts in each share by itself: where it is reached, shares may
 * give up other pieces than a single run. */
#include "analyzer/records.h"

#include <string.h>

/* A summary is its numbers, little-endian. */
// clang-format off
#define NUMBERS(X) \
    X(first.time_ns) X(first.frame) X(last.time_ns) X(last.frame) X(packets) X(connections) X(established) \
    X(contexts) X(contexts_opened) X(messages) X(octets) X(defects) X(sealed) X(evicted) X(dropped) X(cut) \
    X(passed_over) X(not_read) X(peak_memory)
// clang-format on

/* ---- Made ---- */

struct maker {
    const struct zs_record_sink *sink;
    void *user;
    uint64_t packet, rank; /* where what is reported now belongs */
    bool open;             /* a record with this place was begun */
};

static void end_record(struct maker *m)
{
    if (m->open)
        m->sink->end(m->user);
    m->open = false;
}

static void on_place(void *user, uint64_t packet, uint64_t rank)
{
    struct maker *m = user;

    end_record(m);
    m->packet = packet;
    m->rank = rank;
}

static ssize_t on_text(void *user, const char *octets, size_t n)
{
    struct maker *m = user;

    if (!m->open)
        m->sink->begin(m->user, ZS_RECORD_EVENT, m->packet, m->rank);
    m->open = true;
    m->sink->add(m->user, octets, n);
    return (ssize_t)n;
}

static void put_record(struct maker *m, enum zs_record_kind kind, uint64_t packet,
                       const void *octets, size_t n)
{
    end_record(m);
    m->sink->begin(m->user, kind, packet, packet == UINT64_MAX ? UINT64_MAX : 0);
    m->sink->add(m->user, octets, n);
    m->sink->end(m->user);
}

static void on_progress(void *user, uint64_t packet)
{
    struct maker *m = user;

    put_record(m, ZS_RECORD_PROGRESS, packet, NULL, 0);
    m->sink->flush(m->user);
}

static void put_summary(struct maker *m, const struct zs_report_summary *s)
{
    GByteArray *numbers = g_byte_array_new();
    uint64_t number;

#define PUT(field)                              \
    number = GUINT64_TO_LE((uint64_t)s->field); \
    g_byte_array_append(numbers, (const guint8 *)&number, sizeof number);
    NUMBERS(PUT)
#undef PUT
    put_record(m, ZS_RECORD_SUMMARY, UINT64_MAX, numbers->data, numbers->len);
    g_byte_array_free(numbers, TRUE);
}

/* The end of a report is for the merger to write, from the summaries. */
static void end_nothing(const struct zs_report_options *o, const struct zs_report_summary *s)
{
    (void)o;
    (void)s;
}

bool zs_records_make(const struct zs_observation *o, const struct zs_record_sink *sink, void *user,
                     GError **error)
{
    struct maker m = {.sink = sink, .user = user};
    struct zs_observation mine = *o;
    struct zs_report report = *o->report;
    struct zs_report_summary summary = {0};
    GError *failed = NULL;
    FILE *text = fopencookie(&m, "w", (cookie_io_functions_t){.write = on_text});

    setvbuf(text, NULL, _IONBF, 0); /* a report writes an event's line in one piece */
    report.end = end_nothing;
    mine.report = &report;
    mine.options.out = text;
    mine.place = on_place;
    mine.progress = on_progress;
    mine.user = &m;
    mine.summary = &summary;
    if (!zs_observe(&mine, &failed))
        put_record(&m, ZS_RECORD_ERROR, UINT64_MAX, failed->message, strlen(failed->message));
    if (summary.peak_memory) /* nothing was read without it */
        put_summary(&m, &summary);
    end_record(&m);
    fclose(text);
    if (failed)
        g_propagate_error(error, failed);
    return failed == NULL;
}

/* ---- Merged ---- */

static bool fail(const struct zs_record_source *s, const char *why, GError **error)
{
    g_set_error(error, G_FILE_ERROR, G_FILE_ERROR_INVAL, "%s: %s", s->name, why);
    return false;
}

static bool read_summary(struct zs_record_source *s, GError **error)
{
    const uint8_t *p = s->at.octets;
    uint64_t number;
    size_t count = 0;

#define COUNT(field) count++;
    NUMBERS(COUNT)
#undef COUNT
    if (s->at.n != sizeof number * count)
        return fail(s, "has a summary of another version", error);
#define GET(field)                                                            \
    memcpy(&number, p, sizeof number);                                        \
    s->summary.field = (__typeof__(s->summary.field))GUINT64_FROM_LE(number); \
    p += sizeof number;
    NUMBERS(GET)
#undef GET
    s->has_summary = true;
    return true;
}

static bool comes_before(const struct zs_record *a, const struct zs_record *b)
{
    return a->packet < b->packet || (a->packet == b->packet && a->rank < b->rank);
}

/* The source whose record comes first, and of the others the one whose record does; NULL: there is none. */
static struct zs_record_source *earliest(struct zs_record_source *sources, size_t n,
                                         struct zs_record_source **next)
{
    struct zs_record_source *best = NULL;

    *next = NULL;
    for (size_t i = 0; i < n; i++) {
        struct zs_record_source *s = &sources[i];
        if (!s->at.kind)
            continue;
        if (!best || comes_before(&s->at, &best->at)) {
            *next = best;
            best = s;
        } else if (!*next || comes_before(&s->at, &(*next)->at)) {
            *next = s;
        }
    }
    return best;
}

/* What every share counts of all packets; NULL: the same. */
static const char *difference_of_packets(const struct zs_report_summary *a,
                                         const struct zs_report_summary *b)
{
    if (a->packets != b->packets || a->cut != b->cut || a->not_read != b->not_read ||
        a->dropped != b->dropped)
        return "it counts other packets";
    if (a->first.time_ns != b->first.time_ns || a->first.frame != b->first.frame ||
        a->last.time_ns != b->last.time_ns || a->last.frame != b->last.frame)
        return "its packets are of other times";
    return NULL;
}

static void compare_packets(struct zs_records_merged *merged,
                            const struct zs_record_source *sources, size_t n)
{
    for (size_t i = 1; i < n && !merged->difference; i++) {
        merged->difference = difference_of_packets(&sources[i].summary, &sources[0].summary);
        merged->different = i;
    }
}

/* The share that came furthest. */
static size_t furthest(const struct zs_record_source *sources, size_t n)
{
    size_t best = 0;

    for (size_t i = 1; i < n; i++)
        if (sources[i].summary.packets > sources[best].summary.packets)
            best = i;
    return best;
}

/* What the shares counted of their own connections is added up; of the packets each has counted all that it has seen. */
static struct zs_report_summary sum_up(const struct zs_record_source *sources, size_t n)
{
    size_t most = furthest(sources, n);
    struct zs_report_summary s = sources[most].summary;

    for (size_t i = 0; i < n; i++) {
        const struct zs_report_summary *t = &sources[i].summary;
        if (i == most)
            continue;
        s.connections += t->connections;
        s.established += t->established;
        s.contexts += t->contexts;
        s.contexts_opened += t->contexts_opened;
        s.messages += t->messages;
        s.octets += t->octets;
        s.defects += t->defects;
        s.sealed += t->sealed;
        s.evicted += t->evicted;
        s.passed_over += t->passed_over;
        s.peak_memory += t->peak_memory;
    }
    return s;
}

struct merger {
    struct zs_record_source *sources;
    bool (*put)(void *user, const uint8_t *octets, size_t n, GError **error);
    void *user;
    GString *troubles;  /* what could not be read, a line each … */
    GHashTable *spoken; /* … and how often each is there: most shares say the same */
};

/* One more of it. */
static guint count_line(GHashTable *lines, const char *line)
{
    guint n = GPOINTER_TO_UINT(g_hash_table_lookup(lines, line)) + 1;

    g_hash_table_insert(lines, g_strdup(line), GUINT_TO_POINTER(n));
    return n;
}

/* Each line as often as the share that says it most often does: a file may have been named twice. */
static void add_troubles(struct merger *m, const struct zs_record_source *s)
{
    GHashTable *said = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    char **lines = g_strsplit(s->troubles->str, "\n", -1);

    for (char **line = lines; *line; line++) {
        guint before = GPOINTER_TO_UINT(g_hash_table_lookup(m->spoken, *line));
        if (count_line(said, *line) <= before)
            continue;
        count_line(m->spoken, *line);
        g_string_append_printf(m->troubles, "%s%s", m->troubles->len ? "\n" : "", *line);
    }
    g_strfreev(lines);
    g_hash_table_unref(said);
}

/* Another order than that of places would be that of no single run. */
static bool next_record(struct zs_record_source *s, GError **error)
{
    struct zs_record last = s->at;

    if (!s->next(s->user, &s->at, error))
        return false;
    return !s->at.kind || !comes_before(&s->at, &last) ||
           fail(s, "its records are out of order", error);
}

/* What is at hand goes where it belongs, and the next one is at hand. */
static bool take(struct merger *m, struct zs_record_source *s, GError **error)
{
    const struct zs_record *at = &s->at;
    bool said = at->packet > 0 || s == m->sources; /* the beginning is what all shares have */

    switch (at->kind) {
    case ZS_RECORD_EVENT:
        if (said && !m->put(m->user, at->octets, at->n, error))
            return false;
        break;
    case ZS_RECORD_SUMMARY:
        if (!read_summary(s, error))
            return false;
        break;
    case ZS_RECORD_ERROR:
        g_string_append_len(s->troubles, (const char *)at->octets, (gssize)at->n);
        break;
    case ZS_RECORD_PROGRESS:
    case ZS_RECORD_SHARE:
        break;
    }
    return next_record(s, error);
}

static bool take_all(struct merger *m, size_t n, GError **error)
{
    struct zs_record_source *s, *next;

    while ((s = earliest(m->sources, n, &next)))
        do {
            if (!take(m, s, error))
                return false;
        } while (s->at.kind && (!next || comes_before(&s->at, &next->at)));
    return true;
}

static bool merge(struct merger *m, size_t n, struct zs_records_merged *merged, GError **error)
{
    size_t whole = 0;

    if (!take_all(m, n, error))
        return false;
    for (size_t i = 0; i < n; i++) {
        whole += m->sources[i].has_summary;
        add_troubles(m, &m->sources[i]);
    }
    if (whole < n && (whole > 0 || m->troubles->len == 0))
        return fail(&m->sources[0], "or another share ends too early", error);
    *merged = (struct zs_records_merged){.has_summary = whole == n};
    if (whole == n) {
        merged->summary = sum_up(m->sources, n);
        compare_packets(merged, m->sources, n);
    }
    if (m->troubles->len)
        merged->failed = g_error_new_literal(G_FILE_ERROR, G_FILE_ERROR_FAILED, m->troubles->str);
    return true;
}

bool zs_records_merge(struct zs_record_source *sources, size_t n,
                      bool (*put)(void *user, const uint8_t *octets, size_t n, GError **error),
                      void *user, struct zs_records_merged *merged, GError **error)
{
    struct merger m = {.sources = sources, .put = put, .user = user};

    m.troubles = g_string_new(NULL);
    m.spoken = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    for (size_t i = 0; i < n; i++)
        sources[i].troubles = g_string_new(NULL);
    bool ok = merge(&m, n, merged, error);
    for (size_t i = 0; i < n; i++)
        g_string_free(g_steal_pointer(&sources[i].troubles), TRUE);
    g_string_free(m.troubles, TRUE);
    g_hash_table_unref(m.spoken);
    return ok;
}
