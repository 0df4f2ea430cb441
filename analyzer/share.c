/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Results of shares as files: written and merged.
 *
 * A result is a row of records: a head of 24 octets (place, kind, length) and that many octets.
 *
 * Limits: what is said of one event is cut at TEXT_MAX octets. */
#include "analyzer/share.h"

#include "analyzer/net/source.h"
#include "analyzer/records.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

enum { HEAD = 24, TEXT_MAX = 1 << 30, ROOM = 256 << 10 };

static const char too_long[] =
    "an event of more than 1 GiB of text was cut: read it without --shard";
static const char format[] = "zmtpscope share 1";

/* ---- Writing ---- */

struct writer {
    int descriptor;
    GByteArray *records; /* on their way; the last may still grow */
    guint open;          /* where that one begins */
    int failed;          /* errno, or 0 */
    bool cut;            /* an event had more than TEXT_MAX octets */
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

static void send_records(void *user)
{
    struct writer *w = user;
    const uint8_t *p = w->records->data;
    size_t left = w->records->len;

    while (left && !w->failed) {
        ssize_t n = write(w->descriptor, p, left);
        if (n < 0 && errno != EINTR)
            w->failed = errno;
        if (n > 0) {
            p += n;
            left -= (size_t)n;
        }
    }
    g_byte_array_set_size(w->records, 0);
}

static void begin_record(void *user, enum zs_record_kind kind, uint64_t packet, uint64_t rank)
{
    struct writer *w = user;

    w->open = w->records->len;
    g_byte_array_set_size(w->records, w->open + HEAD);
    uint8_t *head = w->records->data + w->open;
    put_number(head, packet, 8);
    put_number(head + 8, rank, 8);
    put_number(head + 16, kind, 4);
}

static void add_octets(void *user, const void *octets, size_t n)
{
    struct writer *w = user;
    size_t room = TEXT_MAX - (w->records->len - w->open - HEAD);

    w->cut |= n > room;
    g_byte_array_append(w->records, octets, (guint)MIN(n, room));
}

static void end_record(void *user)
{
    enum { MOST = 64 << 10 };
    struct writer *w = user;

    put_number(w->records->data + w->open + 20, w->records->len - w->open - HEAD, 4);
    if (w->records->len > MOST)
        send_records(w);
}

static void put_text(struct writer *w, enum zs_record_kind kind, uint64_t place, const char *text)
{
    begin_record(w, kind, place, place);
    add_octets(w, text, strlen(text));
    end_record(w);
}

static void digest_text(GChecksum *sum, const char *text)
{
    g_checksum_update(sum, (const guchar *)(text ? text : ""), -1);
    g_checksum_update(sum, (const guchar *)"", 1); /* its end */
}

static void digest_number(GChecksum *sum, uint64_t number)
{
    uint8_t octets[8];

    put_number(octets, number, sizeof octets);
    g_checksum_update(sum, octets, sizeof octets);
}

/* What all shares of a run have in common but keys: files and options, as hexadecimal digits of SHA-256; g_free() it. */
static char *digest(const struct zs_observation *o)
{
    const uint64_t numbers[] = {o->checksums,       o->max_connections, o->max_pending,
                                o->max_frame,       o->packet_limit,    o->options.hex,
                                o->options.no_data, o->options.colours};
    GChecksum *sum = g_checksum_new(G_CHECKSUM_SHA256);

    for (size_t i = 0; i < G_N_ELEMENTS(numbers); i++)
        digest_number(sum, numbers[i]);
    for (guint i = 0; o->ports && i < o->ports->len; i++)
        digest_number(sum, g_array_index(o->ports, uint16_t, i));
    digest_text(sum, o->filter);
    digest_text(sum, o->interface);
    for (const char *const *file = o->files; file && *file; file++)
        digest_text(sum, *file);
    char *digits = g_strdup(g_checksum_get_string(sum));
    g_checksum_free(sum);
    return digits;
}

bool zs_share_write(const struct zs_observation *o, int descriptor, GError **error)
{
    static const struct zs_record_sink sink = {begin_record, add_octets, end_record, send_records};
    struct writer w = {.descriptor = descriptor, .records = g_byte_array_new()};
    GError *failed = NULL;
    char *asked = digest(o);
    char *what =
        g_strdup_printf("%s\n%s\n%u %u\n%s\n", format,
                        o->report == &zs_report_json ? "json" : "text", o->share, o->shares, asked);

    put_text(&w, ZS_RECORD_SHARE, 0, what);
    g_free(what);
    g_free(asked);
    if (zs_records_make(o, &sink, &w, &failed) && w.cut)
        put_text(&w, ZS_RECORD_ERROR, UINT64_MAX, too_long);
    send_records(&w);
    if (w.failed && !failed)
        failed = g_error_new(G_FILE_ERROR, g_file_error_from_errno(w.failed), "standard output: %s",
                             g_strerror(w.failed));
    g_byte_array_free(w.records, TRUE);
    if (failed)
        g_propagate_error(error, failed);
    return failed == NULL;
}

/* ---- Merging ---- */

struct input {
    const char *name;
    struct zs_source *source;
    size_t taken; /* octets of the source that the record at hand lies in */
    bool json;
    unsigned share, shares;
    char asked[65];    /* the run's digest */
    GBytes *beginning; /* of the report; NULL: it has none */
};

static bool fail(const struct input *in, const char *why, GError **error)
{
    const char *trouble = zs_source_trouble(in->source);

    g_set_error(error, G_FILE_ERROR, G_FILE_ERROR_INVAL, "%s: %s", in->name,
                trouble ? trouble : why);
    return false;
}

static bool next_record(void *user, struct zs_record *at, GError **error)
{
    struct input *in = user;
    const uint8_t *head;

    zs_source_skip(in->source, in->taken);
    in->taken = 0;
    size_t have = zs_source_peek(in->source, HEAD, &head);
    if (have < HEAD) {
        at->kind = 0;
        return (have == 0 && !zs_source_trouble(in->source)) ||
               fail(in, "ends inside a record", error);
    }
    uint64_t packet = get_number(head, 8), rank = get_number(head + 8, 8);
    uint64_t kind = get_number(head + 16, 4);
    size_t n = (size_t)get_number(head + 20, 4);
    if (kind < ZS_RECORD_SHARE || kind > ZS_RECORD_ERROR || n > TEXT_MAX)
        return fail(in, "is no result of zmtpscope read --shard", error);
    if (zs_source_peek(in->source, HEAD + n, &head) < HEAD + n)
        return fail(in, "ends inside a record", error);
    *at = (struct zs_record){packet, rank, (enum zs_record_kind)kind, head + HEAD, n};
    in->taken = HEAD + n;
    return true;
}

/* The first record: what this is. */
static bool open_input(struct input *in, struct zs_record *at, GError **error)
{
    char kind[5] = "", *text;

    if (!next_record(in, at, error))
        return false;
    if (at->kind != ZS_RECORD_SHARE || at->n > 200)
        return fail(in, "is no result of zmtpscope read --shard", error);
    text = g_strndup((const char *)at->octets, at->n);
    bool ok = g_str_has_prefix(text, format) &&
              sscanf(text + strlen(format), "\n%4[a-z]\n%u %u\n%64[0-9a-f]\n", kind, &in->share,
                     &in->shares, in->asked) == 4;
    g_free(text);
    in->json = strcmp(kind, "json") == 0;
    if (!ok || in->shares == 0 || in->share >= in->shares)
        return fail(in, "is the result of another version of zmtpscope", error);
    if (!next_record(in, at, error))
        return false;
    if (at->kind == ZS_RECORD_EVENT && at->packet == 0)
        in->beginning = g_bytes_new(at->octets, at->n);
    return true;
}

/* What tells two shares' runs apart, before anything is read; NULL: nothing. */
static const char *difference(const struct input *a, const struct input *b)
{
    if (a->json != b->json || strcmp(a->asked, b->asked) != 0)
        return "of other files, or with other options";
    if (a->shares != b->shares)
        return "of another number of shares";
    if (!a->beginning != !b->beginning ||
        (a->beginning && !g_bytes_equal(a->beginning, b->beginning)))
        return "its captures are of other link types";
    return NULL;
}

static bool fail_as_other(const struct input *in, const struct input *first, const char *why,
                          GError **error)
{
    char *text = g_strdup_printf("is a share of another run than %s: %s", first->name, why);

    fail(in, text, error);
    g_free(text);
    return false;
}

/* Each share once, and all of one run. */
static bool check_inputs(const struct input *in, size_t n, GError **error)
{
    for (size_t i = 0; i < n; i++) {
        const char *why = difference(&in[i], &in[0]);
        if (why)
            return fail_as_other(&in[i], &in[0], why, error);
        for (size_t k = 0; k < i; k++)
            if (in[k].share == in[i].share)
                return fail(&in[i], "is a share that is there already", error);
    }
    if (n != in[0].shares) {
        g_set_error(error, G_FILE_ERROR, G_FILE_ERROR_INVAL,
                    "there %s %zu share%s of %u: %s missing", n == 1 ? "is" : "are", n,
                    n == 1 ? "" : "s", in[0].shares, in[0].shares - n == 1 ? "one is" : "some are");
        return false;
    }
    return true;
}

static bool write_text(void *out, const uint8_t *octets, size_t n, GError **error)
{
    (void)error; /* whoever flushes out says it */
    fwrite(octets, 1, n, out);
    return true;
}

static bool merge(struct input *in, struct zs_record_source *sources, size_t n, FILE *out,
                  GError **error)
{
    struct zs_records_merged merged;

    for (size_t i = 0; i < n; i++) {
        sources[i] =
            (struct zs_record_source){.next = next_record, .user = &in[i], .name = in[i].name};
        if (!open_input(&in[i], &sources[i].at, error))
            return false;
    }
    if (!check_inputs(in, n, error) ||
        !zs_records_merge(sources, n, write_text, out, &merged, error))
        return false;
    if (merged.difference) {
        g_clear_error(&merged.failed);
        return fail_as_other(&in[merged.different], &in[0], merged.difference, error);
    }
    const struct zs_report *report = in[0].json ? &zs_report_json : &zs_report_text;
    if (merged.has_summary)
        report->end(&(struct zs_report_options){.out = out}, &merged.summary);
    if (merged.failed)
        g_propagate_error(error, merged.failed);
    return merged.failed == NULL;
}

bool zs_share_merge(const int *descriptors, const char *const *names, size_t n, FILE *out,
                    GError **error)
{
    struct input *in = g_new0(struct input, n);
    struct zs_record_source *sources = g_new0(struct zs_record_source, n);

    for (size_t i = 0; i < n; i++) {
        in[i].name = names[i];
        in[i].source = zs_source_new(descriptors[i], ROOM);
    }
    bool ok = merge(in, sources, n, out, error);
    for (size_t i = 0; i < n; i++) {
        zs_source_free(in[i].source);
        g_clear_pointer(&in[i].beginning, g_bytes_unref);
    }
    g_free(in);
    g_free(sources);
    return ok;
}
