/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Topics, sorted by their octets. */
#include "core/conn/topics.h"

struct topic {
    size_t n;
    uint8_t octets[];
};

enum { AROUND = 32 }; /* octets of memory that a topic costs beside its own and its struct */

void zs_topics_init(struct zs_topics *t, guint most, size_t octets_most)
{
    *t = (struct zs_topics){
        .sorted = g_ptr_array_new_with_free_func(g_free),
        .most = most,
        .octets_most = octets_most,
    };
}

static int compare(const struct topic *t, struct zs_span s)
{
    size_t n = t->n < s.n ? t->n : s.n;
    int order = n ? memcmp(t->octets, s.p, n) : 0;

    return order ? order : (t->n > s.n) - (t->n < s.n);
}

/* How many of the sorted topics are less than s. */
static guint rank(const GPtrArray *sorted, struct zs_span s)
{
    guint low = 0, high = sorted->len;

    while (low < high) {
        guint middle = low + (high - low) / 2;
        if (compare(sorted->pdata[middle], s) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static bool is_at(const GPtrArray *sorted, guint i, struct zs_span s)
{
    return i < sorted->len && compare(sorted->pdata[i], s) == 0;
}

bool zs_topics_add(struct zs_topics *t, struct zs_span topic)
{
    guint i = rank(t->sorted, topic);

    if (is_at(t->sorted, i, topic))
        return true;
    if (t->sorted->len >= t->most || topic.n > t->octets_most - t->octets)
        return false;
    struct topic *own = g_malloc(sizeof *own + topic.n);
    own->n = topic.n;
    if (topic.n)
        memcpy(own->octets, topic.p, topic.n);
    g_ptr_array_insert(t->sorted, (gint)i, own);
    t->octets += topic.n;
    return true;
}

void zs_topics_remove(struct zs_topics *t, struct zs_span topic)
{
    guint i = rank(t->sorted, topic);

    if (!is_at(t->sorted, i, topic))
        return;
    t->octets -= topic.n;
    g_ptr_array_remove_index(t->sorted, i);
}

void zs_topics_forget(struct zs_topics *t)
{
    g_ptr_array_set_size(t->sorted, 0);
    t->octets = 0;
}

/* What is sorted just before s either is one that s begins with, or shares fewer octets with it than any that is longer
 * would: then the search goes on with those. */
bool zs_topics_match(const struct zs_topics *t, struct zs_span s, struct zs_span *topic)
{
    for (;;) {
        guint i = rank(t->sorted, s);
        bool found = is_at(t->sorted, i, s);
        if (!found && i == 0)
            return false;
        const struct topic *near = t->sorted->pdata[found ? i : i - 1];
        size_t shared = 0;
        while (shared < near->n && shared < s.n && near->octets[shared] == s.p[shared])
            shared++;
        if (shared == near->n) {
            *topic = zs_span(near->octets, near->n);
            return true;
        }
        s.n = shared;
    }
}

size_t zs_topics_held(const struct zs_topics *t)
{
    return t->octets + t->sorted->len * (sizeof(struct topic) + AROUND);
}

void zs_topics_clear(struct zs_topics *t)
{
    g_ptr_array_free(t->sorted, TRUE);
    *t = (struct zs_topics){0};
}
