/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Accounts of what was said again live, as text and NDJSON. */
#include "analyzer/report/account.h"

#include "analyzer/report/jsonline.h"
#include "analyzer/report/words.h"

#include <string.h>

static int compare_times(gconstpointer a, gconstpointer b)
{
    gint64 x = *(const gint64 *)a, y = *(const gint64 *)b;

    return (x > y) - (x < y);
}

static gint64 percentile(const GArray *sorted, guint percent)
{
    return sorted->len ? g_array_index(sorted, gint64, (sorted->len - 1) * percent / 100) : 0;
}

static void put_json(FILE *out, uint64_t connection, const struct zs_account *a)
{
    static const struct {
        const char *name;
        guint percent;
    } percentiles[] = {{"p50", 50}, {"p90", 90}, {"p99", 99}};
    JsonBuilder *b = zs_json_begin("replayed");

    zs_json_int(b, "connection", (int64_t)connection);
    zs_json_int(b, "sent", (int64_t)a->sent);
    zs_json_int(b, "matched", (int64_t)a->matched);
    zs_json_int(b, "differed", (int64_t)a->differed);
    zs_json_int(b, "missing", (int64_t)a->missing);
    zs_json_int(b, "extra", (int64_t)a->extra);
    if (a->failed)
        zs_json_text(b, "failed", zs_span(a->failed, strlen(a->failed)));
    json_builder_set_member_name(b, "latency_ns");
    json_builder_begin_object(b);
    for (size_t i = 0; i < G_N_ELEMENTS(percentiles); i++)
        zs_json_int(b, percentiles[i].name, percentile(a->latencies, percentiles[i].percent));
    json_builder_end_object(b);
    zs_json_end(out, b);
}

static void put_text(FILE *out, uint64_t connection, const struct zs_account *a)
{
    fprintf(out,
            "c%" G_GUINT64_FORMAT " sent %" G_GUINT64_FORMAT "; of theirs %" G_GUINT64_FORMAT
            " as captured, %" G_GUINT64_FORMAT " differed, %" G_GUINT64_FORMAT
            " missing, %" G_GUINT64_FORMAT " extra",
            connection, a->sent, a->matched, a->differed, a->missing, a->extra);
    if (a->latencies->len)
        fprintf(out, "; after %.3f ms (median), %.3f (90 %%), %.3f (99 %%)",
                (double)percentile(a->latencies, 50) / 1e6,
                (double)percentile(a->latencies, 90) / 1e6,
                (double)percentile(a->latencies, 99) / 1e6);
    fputc('\n', out);
}

void zs_account_put(FILE *out, bool json, uint64_t connection, const struct zs_account *a)
{
    g_array_sort(a->latencies, compare_times);
    json ? put_json(out, connection, a) : put_text(out, connection, a);
}

void zs_account_difference(FILE *out, uint64_t connection, const char *sentence)
{
    fprintf(out, "c%" G_GUINT64_FORMAT " ! %s\n", connection, sentence);
}
