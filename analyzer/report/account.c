/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Accounts of what was said again live, as text and NDJSON. */
#include "analyzer/report/account.h"

#include "analyzer/report/jsonline.h"
#include "analyzer/report/words.h"

#include <string.h>

/* ==== latencies ==== */

enum { STEP_BITS = 5 };

/* Below 32 ns exact; above, the power of two and the five bits behind its first. */
static unsigned bucket_of(uint64_t ns)
{
    unsigned power = ns < ZS_LATENCY_STEPS ? 0 : 63u - (unsigned)__builtin_clzll(ns);

    if (power == 0)
        return (unsigned)ns;
    return (power - STEP_BITS + 1) * ZS_LATENCY_STEPS +
           (unsigned)(ns >> (power - STEP_BITS) & (ZS_LATENCY_STEPS - 1));
}

/* The middle of it. */
static gint64 value_of(unsigned bucket)
{
    unsigned row = bucket / ZS_LATENCY_STEPS, step = bucket % ZS_LATENCY_STEPS;

    if (row == 0)
        return step;
    return ((gint64)(ZS_LATENCY_STEPS + step) << (row - 1)) + ((INT64_C(1) << (row - 1)) / 2);
}

void zs_latencies_add(struct zs_latencies *l, gint64 ns)
{
    l->bucket[bucket_of((uint64_t)MAX(ns, 0))]++;
    l->count++;
}

gint64 zs_latencies_percentile(const struct zs_latencies *l, guint percent)
{
    uint64_t before = 0;

    if (l->count == 0)
        return 0;
    uint64_t rank = MAX((l->count * percent + 99) / 100, 1); /* from 1 */
    for (unsigned i = 0; i < ZS_LATENCY_BUCKETS; i++) {
        before += l->bucket[i];
        if (before >= rank)
            return value_of(i);
    }
    return value_of(ZS_LATENCY_BUCKETS - 1);
}

/* ==== sums ==== */

char *zs_account_name(const struct zs_account_of *of)
{
    if (!of->several)
        return g_strdup_printf("c%" G_GUINT64_FORMAT, of->connection);
    return g_strdup_printf("c%" G_GUINT64_FORMAT ".%" G_GUINT64_FORMAT ".%" G_GUINT64_FORMAT,
                           of->connection, of->copy, of->round);
}

void zs_account_add(struct zs_account_total *total, const struct zs_account *a)
{
    struct zs_account *sum = &total->sum;

    sum->sent += a->sent;
    sum->matched += a->matched;
    sum->differed += a->differed;
    sum->missing += a->missing;
    sum->extra += a->extra;
    sum->latencies.count += a->latencies.count;
    for (unsigned i = 0; i < ZS_LATENCY_BUCKETS; i++)
        sum->latencies.bucket[i] += a->latencies.bucket[i];
    total->connections++;
    total->stood += a->stood;
    total->failed += a->failed != NULL;
    total->stopped += a->stopped;
}

/* ==== JSON ==== */

static void put_of(struct zs_json *b, const struct zs_account_of *of)
{
    zs_json_int(b, "connection", (int64_t)of->connection);
    zs_json_int(b, "copy", (int64_t)of->copy);
    zs_json_int(b, "round", (int64_t)of->round);
}

static void put_counts(struct zs_json *b, const struct zs_account *a)
{
    static const struct {
        const char *name;
        guint percent;
    } percentiles[] = {{"p50", 50}, {"p90", 90}, {"p99", 99}, {"max", 100}};

    zs_json_int(b, "sent", (int64_t)a->sent);
    zs_json_int(b, "matched", (int64_t)a->matched);
    zs_json_int(b, "differed", (int64_t)a->differed);
    zs_json_int(b, "missing", (int64_t)a->missing);
    zs_json_int(b, "extra", (int64_t)a->extra);
    zs_json_object(b, "latency_ns");
    for (size_t i = 0; i < G_N_ELEMENTS(percentiles); i++)
        zs_json_int(b, percentiles[i].name,
                    zs_latencies_percentile(&a->latencies, percentiles[i].percent));
    zs_json_object_end(b);
}

static void put_json(FILE *out, const struct zs_account_of *of, const struct zs_account *a)
{
    struct zs_json *b = zs_json_begin("replayed");

    put_of(b, of);
    put_counts(b, a);
    if (a->stopped)
        zs_json_bool(b, "stopped", true);
    if (a->failed)
        zs_json_text(b, "failed", zs_span(a->failed, strlen(a->failed)));
    zs_json_end(out, b);
}

static void put_json_difference(FILE *out, const struct zs_account_of *of,
                                const struct zs_account_difference *d)
{
    struct zs_json *b = zs_json_begin("difference");

    put_of(b, of);
    if (d->frame)
        zs_json_int(b, "frame", (int64_t)d->frame);
    zs_json_string(b, "fate",
                   d->fate == ZS_FATE_DIFFERED  ? "differed"
                   : d->fate == ZS_FATE_MISSING ? "missing"
                   : d->fate == ZS_FATE_UNSENT  ? "unsent"
                                                : "extra");
    if (d->part)
        zs_json_int(b, "part", d->part);
    zs_json_string(b, "sentence", d->sentence);
    zs_json_end(out, b);
}

static void put_json_total(FILE *out, const struct zs_account_total *t)
{
    struct zs_json *b = zs_json_begin("summary");

    zs_json_int(b, "connections", (int64_t)t->connections);
    zs_json_int(b, "failed", (int64_t)t->failed);
    zs_json_int(b, "stopped", (int64_t)t->stopped);
    zs_json_int(b, "duration_ns", (int64_t)(t->seconds * 1e9));
    put_counts(b, &t->sum);
    zs_json_end(out, b);
}

/* ==== text ==== */

static void put_text(FILE *out, const char *name, const struct zs_account *a)
{
    fprintf(out,
            "%s sent %" G_GUINT64_FORMAT "; of theirs %" G_GUINT64_FORMAT
            " as captured, %" G_GUINT64_FORMAT " differed, %" G_GUINT64_FORMAT
            " missing, %" G_GUINT64_FORMAT " extra",
            name, a->sent, a->matched, a->differed, a->missing, a->extra);
    if (a->latencies.count)
        fprintf(out, "; after %.3f ms (median), %.3f (90 %%), %.3f (99 %%)",
                (double)zs_latencies_percentile(&a->latencies, 50) / 1e6,
                (double)zs_latencies_percentile(&a->latencies, 90) / 1e6,
                (double)zs_latencies_percentile(&a->latencies, 99) / 1e6);
    fputs(a->stopped ? "; stopped before its end\n" : "\n", out);
}

static void put_text_total(FILE *out, const struct zs_account_total *t)
{
    char *name = g_strdup_printf(
        "all %" G_GUINT64_FORMAT " in %.1f s, %" G_GUINT64_FORMAT " failed:", t->connections,
        t->seconds, t->failed);

    put_text(out, name, &t->sum);
    g_free(name);
}

/* ==== both ==== */

void zs_account_put_listening(FILE *out, bool json, const char *endpoint)
{
    if (!json) {
        fprintf(out, "listening on %s\n", endpoint);
        return;
    }
    struct zs_json *b = zs_json_begin("listening");
    zs_json_string(b, "endpoint", endpoint);
    zs_json_end(out, b);
}

void zs_account_put(FILE *out, bool json, const struct zs_account_of *of,
                    const struct zs_account *a)
{
    char *name = zs_account_name(of);

    json ? put_json(out, of, a) : put_text(out, name, a);
    g_free(name);
}

void zs_account_put_difference(FILE *out, bool json, const struct zs_account_of *of,
                               const struct zs_account_difference *d)
{
    char *name = zs_account_name(of);

    if (json)
        put_json_difference(out, of, d);
    else if (d->frame)
        fprintf(out, "%s ! packet #%" G_GUINT64_FORMAT ": %s\n", name, d->frame, d->sentence);
    else
        fprintf(out, "%s ! %s\n", name, d->sentence);
    g_free(name);
}

void zs_account_put_total(FILE *out, bool json, const struct zs_account_total *total)
{
    if (json)
        put_json_total(out, total);
    else if (total->connections > 1)
        put_text_total(out, total);
}

void zs_account_put_progress(FILE *out, const struct zs_account_total *t, uint64_t open,
                             uint64_t expected)
{
    fprintf(out, "%.1f s: %" G_GUINT64_FORMAT, t->seconds, t->connections - open);
    if (expected)
        fprintf(out, " of %" G_GUINT64_FORMAT, expected);
    fprintf(out,
            " connections through, %" G_GUINT64_FORMAT " open; sent %" G_GUINT64_FORMAT
            ", %" G_GUINT64_FORMAT " as captured, %" G_GUINT64_FORMAT " not",
            open, t->sum.sent, t->sum.matched, t->sum.differed + t->sum.missing + t->sum.extra);
}
