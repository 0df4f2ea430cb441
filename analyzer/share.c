/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Shares of a run: written, merged, and run side by side as processes.
 *
 * A result is a row of records: a head of 24 octets (place, kind, length) and that many octets. Places go up; no two
 * shares have the same one, for what a packet brings about belongs to one connection, or to one that makes room for it.
 *
 * Limits: the cap on all octets that wait out of order counts in each share by itself: where it is reached, shares may
 * give up other pieces than a single run. */
#include "analyzer/share.h"

#include "analyzer/net/source.h"
#include "core/krb/vault.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { HEAD = 24, TEXT_MAX = 1 << 30, ROOM = 256 << 10, PIPE = 1 << 20 };

enum kind {
    KIND_SHARE = 1, /* the first: what result this is */
    KIND_EVENT,     /* the report's text of an event, or of its beginning */
    KIND_PROGRESS,  /* nothing more comes before this place */
    KIND_SUMMARY,
    KIND_ERROR, /* what could not be read */
};

static const char too_long[] =
    "an event of more than 1 GiB of text was cut: read it without --jobs and --shard";
static const char format[] = "zmtpscope share 1";

/* ---- Writing ---- */

struct writer {
    const struct zs_observation *o;
    int descriptor;
    FILE *text; /* of the report: to the end of records */
    struct zs_report_summary summary;
    GByteArray *
        records; /* on their way; the last is an open one: room for its head, and what was reported since */
    guint open; /* where that one begins */
    int failed; /* errno, or 0 */
    bool cut;   /* an event had more than TEXT_MAX octets */
};

static void put_number(uint8_t *to, uint64_t n, unsigned size)
{
    for (unsigned i = 0; i < size; i++)
        to[i] = (uint8_t)(n >> 8 * i);
}

static uint64_t get_number(const uint8_t *from, unsigned size)
{
    uint64_t n = 0;

    for (unsigned i = 0; i < size; i++)
        n |= (uint64_t)from[i] << 8 * i;
    return n;
}

/* All but the open one. */
static void send_records(struct writer *w)
{
    const uint8_t *p = w->records->data;
    size_t left = w->open;

    while (left && !w->failed) {
        ssize_t n = write(w->descriptor, p, left);
        if (n < 0 && errno != EINTR)
            w->failed = errno;
        if (n > 0) {
            p += n;
            left -= (size_t)n;
        }
    }
    g_byte_array_remove_range(w->records, 0, w->open);
    w->open = 0;
}

/* Ends the open record, and begins the next one. */
static void end_record(struct writer *w, enum kind kind, uint64_t packet, uint64_t rank)
{
    enum { MOST = 64 << 10 };
    uint8_t *head = w->records->data + w->open;

    put_number(head, packet, 8);
    put_number(head + 8, rank, 8);
    put_number(head + 16, kind, 4);
    put_number(head + 20, w->records->len - w->open - HEAD, 4);
    w->open = w->records->len;
    g_byte_array_set_size(w->records, w->open + HEAD);
    if (w->open > MOST || kind == KIND_PROGRESS)
        send_records(w);
}

static void put_record(struct writer *w, enum kind kind, uint64_t packet, uint64_t rank,
                       const void *octets, size_t n)
{
    g_byte_array_append(w->records, octets, (guint)n);
    end_record(w, kind, packet, rank);
}

static ssize_t on_text(void *user, const char *octets, size_t n)
{
    struct writer *w = user;
    size_t room = TEXT_MAX - (w->records->len - w->open - HEAD);

    w->cut |= n > room;
    g_byte_array_append(w->records, (const guint8 *)octets, (guint)MIN(n, room));
    return (ssize_t)n;
}

/* What the report has written since the last time. */
static void on_reported(void *user, uint64_t packet, uint64_t rank)
{
    struct writer *w = user;
    bool any = w->records->len > w->open + HEAD;

    end_record(w, any ? KIND_EVENT : KIND_PROGRESS, packet, rank);
}

// clang-format off
#define NUMBERS(X) \
    X(first.time_ns) X(first.frame) X(last.time_ns) X(last.frame) X(packets) X(connections) X(established) \
    X(contexts) X(contexts_opened) X(messages) X(octets) X(defects) X(sealed) X(evicted) X(dropped) X(cut) \
    X(passed_over) X(not_read) X(peak_memory)
// clang-format on

static void put_summary(struct writer *w)
{
    GByteArray *numbers = g_byte_array_new();
    uint8_t number[8];

#define PUT(field)                                     \
    put_number(number, (uint64_t)w->summary.field, 8); \
    g_byte_array_append(numbers, number, 8);
    NUMBERS(PUT)
#undef PUT
    put_record(w, KIND_SUMMARY, UINT64_MAX, UINT64_MAX, numbers->data, numbers->len);
    g_byte_array_free(numbers, TRUE);
}

static bool is_json(const struct zs_observation *o)
{
    return o->report == &zs_report_json;
}

static void put_share(struct writer *w)
{
    char *what = g_strdup_printf("%s\n%s\n%u %u\n", format, is_json(w->o) ? "json" : "text",
                                 w->o->share, w->o->shares);

    put_record(w, KIND_SHARE, 0, 0, what, strlen(what));
    g_free(what);
}

/* The end of a report is for the merger to write, from the summaries. */
static void end_nothing(const struct zs_report_options *o, const struct zs_report_summary *s)
{
    (void)o;
    (void)s;
}

bool zs_share_write(const struct zs_observation *o, int descriptor, GError **error)
{
    struct writer w = {.o = o, .descriptor = descriptor, .records = g_byte_array_new()};
    struct zs_observation mine = *o;
    struct zs_report report = *o->report;
    GError *failed = NULL;

    g_byte_array_set_size(w.records, HEAD);
    w.text = fopencookie(&w, "w", (cookie_io_functions_t){.write = on_text});
    setvbuf(w.text, NULL, _IONBF, 0); /* a report writes an event's line in one piece */
    report.end = end_nothing;
    mine.report = &report;
    mine.options.out = w.text;
    mine.reported = on_reported;
    mine.user = &w;
    mine.summary = &w.summary;
    put_share(&w);
    if (!zs_observe(&mine, &failed))
        put_record(&w, KIND_ERROR, UINT64_MAX, UINT64_MAX, failed->message,
                   strlen(failed->message));
    else if (w.cut)
        put_record(&w, KIND_ERROR, UINT64_MAX, UINT64_MAX, too_long, strlen(too_long));
    if (w.summary.peak_memory) /* nothing was read without it */
        put_summary(&w);
    send_records(&w);
    if (w.failed && !failed)
        failed = g_error_new(G_FILE_ERROR, g_file_error_from_errno(w.failed), "standard output: %s",
                             g_strerror(w.failed));
    fclose(w.text);
    g_byte_array_free(w.records, TRUE);
    if (failed)
        g_propagate_error(error, failed);
    return failed == NULL;
}

/* ---- Merging ---- */

struct input {
    const char *name;
    struct zs_source *source;
    uint64_t packet, rank; /* of the record at hand */
    enum kind kind;
    size_t n;
    bool ended;
    bool json;
    unsigned share, shares;
    bool has_summary;
    struct zs_report_summary summary;
};

static bool fail(const struct input *in, const char *why, GError **error)
{
    const char *trouble = zs_source_trouble(in->source);

    g_set_error(error, G_FILE_ERROR, G_FILE_ERROR_INVAL, "%s: %s", in->name,
                trouble ? trouble : why);
    return false;
}

/* The head of the next record; ended: there is none. */
static bool next_head(struct input *in, GError **error)
{
    const uint8_t *head;
    size_t have = zs_source_peek(in->source, HEAD, &head);

    if (have < HEAD) {
        in->ended = true;
        return (have == 0 && !zs_source_trouble(in->source)) ||
               fail(in, "ends inside a record", error);
    }
    uint64_t packet = get_number(head, 8), rank = get_number(head + 8, 8);
    uint64_t kind = get_number(head + 16, 4);
    in->n = (size_t)get_number(head + 20, 4);
    if (kind < KIND_SHARE || kind > KIND_ERROR || in->n > TEXT_MAX || packet < in->packet ||
        (packet == in->packet && rank < in->rank))
        return fail(in, "is no result of zmtpscope read --shard", error);
    in->packet = packet;
    in->rank = rank;
    in->kind = (enum kind)kind;
    zs_source_skip(in->source, HEAD);
    return true;
}

/* The octets of the record whose head was read; the next head is then at hand. */
static bool take(struct input *in, const uint8_t **octets, GError **error)
{
    return zs_source_peek(in->source, in->n, octets) >= in->n ||
           fail(in, "ends inside a record", error);
}

static bool read_summary(struct input *in, const uint8_t *p, GError **error)
{
    size_t count = 0;

#define COUNT(field) count++;
    NUMBERS(COUNT)
#undef COUNT
    if (in->n != 8 * count)
        return fail(in, "has a summary of another version", error);
#define GET(field)                                                       \
    in->summary.field = (__typeof__(in->summary.field))get_number(p, 8); \
    p += 8;
    NUMBERS(GET)
#undef GET
    in->has_summary = true;
    return true;
}

/* The first record: what this is. */
static bool open_input(struct input *in, GError **error)
{
    const uint8_t *octets;
    char kind[5] = "", *text;

    if (!next_head(in, error))
        return false;
    if (in->ended || in->kind != KIND_SHARE || in->n > 100)
        return fail(in, "is no result of zmtpscope read --shard", error);
    if (!take(in, &octets, error))
        return false;
    text = g_strndup((const char *)octets, in->n);
    bool ok = g_str_has_prefix(text, format) &&
              sscanf(text + strlen(format), "\n%4[a-z]\n%u %u", kind, &in->share, &in->shares) == 3;
    g_free(text);
    zs_source_skip(in->source, in->n);
    in->json = strcmp(kind, "json") == 0;
    if (!ok || in->shares == 0 || in->share >= in->shares)
        return fail(in, "is the result of another version of zmtpscope", error);
    return next_head(in, error);
}

/* Each share once, and all of one run. */
static bool check_inputs(const struct input *in, size_t n, GError **error)
{
    for (size_t i = 0; i < n; i++) {
        if (in[i].shares != in[0].shares || in[i].json != in[0].json)
            return fail(&in[i], "is a share of another run than the first", error);
        for (size_t k = 0; k < i; k++)
            if (in[k].share == in[i].share)
                return fail(&in[i], "is a share that is there already", error);
    }
    if (n != in[0].shares) {
        g_set_error(error, G_FILE_ERROR, G_FILE_ERROR_INVAL,
                    "there are %zu shares of %u: one is missing", n, in[0].shares);
        return false;
    }
    return true;
}

static struct input *earliest(struct input *in, size_t n)
{
    struct input *best = NULL;

    for (size_t i = 0; i < n; i++)
        if (!in[i].ended && (!best || in[i].packet < best->packet ||
                             (in[i].packet == best->packet && in[i].rank < best->rank)))
            best = &in[i];
    return best;
}

/* What the shares counted of their own connections is added up; of the packets each has counted all. */
static struct zs_report_summary sum_up(const struct input *in, size_t n)
{
    struct zs_report_summary s = in[0].summary;

    for (size_t i = 1; i < n; i++) {
        const struct zs_report_summary *t = &in[i].summary;
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

/* What is at hand goes where it belongs. */
static bool take_record(struct input *in, bool first, FILE *out, GError **what_failed,
                        GError **error)
{
    const uint8_t *octets;

    if (!take(in, &octets, error))
        return false;
    switch (in->kind) {
    case KIND_EVENT:
        if (in->packet > 0 || first) /* the beginning, which all shares have */
            fwrite(octets, 1, in->n, out);
        break;
    case KIND_SUMMARY:
        if (!read_summary(in, octets, error))
            return false;
        break;
    case KIND_ERROR:
        if (!*what_failed)
            *what_failed = g_error_new(G_FILE_ERROR, G_FILE_ERROR_FAILED, "%.*s", (int)in->n,
                                       (const char *)octets);
        break;
    case KIND_PROGRESS:
    case KIND_SHARE:
        break;
    }
    zs_source_skip(in->source, in->n);
    return next_head(in, error);
}

static bool merge(struct input *in, size_t n, FILE *out, GError **what_failed, GError **error)
{
    size_t whole = 0;

    for (size_t i = 0; i < n; i++)
        if (!open_input(&in[i], error))
            return false;
    if (!check_inputs(in, n, error))
        return false;
    for (struct input *next; (next = earliest(in, n));)
        if (!take_record(next, next == in, out, what_failed, error))
            return false;
    for (size_t i = 0; i < n; i++)
        whole += in[i].has_summary;
    if (whole < n)
        return whole == 0 && *what_failed ? true
                                          : fail(&in[0], "or another share ends too early", error);
    struct zs_report_summary s = sum_up(in, n);
    const struct zs_report *report = in[0].json ? &zs_report_json : &zs_report_text;
    report->end(&(struct zs_report_options){.out = out}, &s);
    return true;
}

bool zs_share_merge(const int *descriptors, const char *const *names, size_t n, FILE *out,
                    GError **error)
{
    struct input *in = g_new0(struct input, n);
    GError *what_failed = NULL;

    for (size_t i = 0; i < n; i++) {
        in[i].name = names[i];
        in[i].source = zs_source_new(descriptors[i], ROOM);
    }
    bool ok = merge(in, n, out, &what_failed, error);
    for (size_t i = 0; i < n; i++)
        zs_source_free(in[i].source);
    g_free(in);
    if (ok && what_failed)
        g_propagate_error(error, what_failed);
    else
        g_clear_error(&what_failed);
    return ok && !what_failed;
}

/* ---- Side by side ---- */

/* The child's whole life. */
static G_NORETURN void work(const struct zs_observation *o, unsigned share, unsigned shares, int to)
{
    struct zs_observation mine = *o;

    zs_vault_lock_again();
    mine.share = share;
    mine.shares = shares;
    zs_share_write(&mine, to, NULL); /* what could not be read is in the result */
    _exit(0);
}

/* Starts share after share. Answers how many were started. */
static unsigned start(const struct zs_observation *o, unsigned n, int *from, pid_t *children)
{
    unsigned i;

    for (i = 0; i < n; i++) {
        int ends[2];
        if (pipe2(ends, O_CLOEXEC) != 0)
            break;
        (void)fcntl(ends[1], F_SETPIPE_SZ, PIPE);
        children[i] = fork();
        if (children[i] == 0) {
            for (unsigned k = 0; k < i; k++)
                close(from[k]);
            close(ends[0]);
            work(o, i, n, ends[1]);
        }
        close(ends[1]);
        from[i] = ends[0];
        if (children[i] < 0) {
            close(ends[0]);
            break;
        }
    }
    return i;
}

bool zs_share_run(const struct zs_observation *o, unsigned n, GError **error)
{
    int *from = g_new(int, n);
    pid_t *children = g_new(pid_t, n);
    const char **names = g_new(const char *, n);

    fflush(o->options.out);
    unsigned started = start(o, n, from, children);
    for (unsigned i = 0; i < n; i++)
        names[i] = "a process of --jobs";
    bool ok = started == n;
    if (ok)
        ok = zs_share_merge(from, names, n, o->options.out, error);
    else
        g_set_error(error, G_FILE_ERROR, g_file_error_from_errno(errno), "--jobs: %s",
                    g_strerror(errno));
    for (unsigned i = 0; i < started; i++) {
        if (started < n)
            close(from[i]);
        waitpid(children[i], NULL, 0);
    }
    g_free(from);
    g_free(children);
    g_free(names);
    return ok;
}
