/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The vault: slabs of locked pages (mlock(2), MADV_DONTDUMP), each cut into blocks of one size, a power of two.
 *
 * Limits: what a function holds on its stack or in registers is outside. MADV_DONTDUMP is Linux's. The block before
 * and the block behind another are its neighbours: under a sanitizer vault_heap.c stands in for this file. */
#include "core/krb/vault.h"

#include <glib.h>
#include <stdalign.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>

enum {
    SLAB = 32768, /* octets; a slab begins at a multiple of it */
    PAGE =
        4096, /* octets that mappings are rounded up to; where pages are larger the kernel rounds again */
    SMALLEST = 64, /* octets of a block */
    LARGEST = 8192,
    CLASSES = 8, /* SMALLEST << 0 … 7; what is larger than LARGEST gets a slab of its own */
};

struct block { /* a free one; otherwise wiped */
    struct block *next;
};

/* The head of a slab; its blocks follow. */
struct slab {
    alignas(SMALLEST) struct slab *next; /* of those of its class that have room */
    struct slab *previous;
    struct block *free;
    size_t mapped; /* octets, this head among them */
    size_t block;  /* octets of each block */
    size_t cut;    /* octets that were handed out at least once, this head among them */
    size_t used;   /* blocks */
};

static GMutex lock; /* of all that follows, and of the slabs */
static struct slab *with_room[CLASSES];
static GHashTable *slabs; /* struct slab *, all of them */

static unsigned class_of(size_t n)
{
    unsigned c = 0;

    while ((size_t)SMALLEST << c < n)
        c++;
    return c;
}

static bool has_room(const struct slab *s)
{
    return s->free || s->cut + s->block <= s->mapped;
}

static void link_slab(struct slab *s)
{
    struct slab **head = &with_room[class_of(s->block)];

    s->previous = NULL;
    s->next = *head;
    if (s->next)
        s->next->previous = s;
    *head = s;
}

static void unlink_slab(struct slab *s)
{
    if (s->next)
        s->next->previous = s->previous;
    if (s->previous)
        s->previous->next = s->next;
    else
        with_room[class_of(s->block)] = s->next;
}

/* n octets of fresh pages from a multiple of SLAB on: more than that is asked for, and the ends are given back. */
static void *map_aligned(size_t n)
{
    uint8_t *p = mmap(NULL, n + SLAB, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    if (p == MAP_FAILED)
        g_error("no memory for %zu octets of key material", n);
    size_t before = -(uintptr_t)p & (SLAB - 1);
    if (before)
        munmap(p, before);
    munmap(p + before + n, SLAB - before);
    return p + before;
}

static struct slab *new_slab(size_t block, size_t mapped)
{
    struct slab *s = map_aligned(mapped);

    (void)mlock(s, mapped); /* more than RLIMIT_MEMLOCK: not locked */
    (void)madvise(s, mapped, MADV_DONTDUMP);
    *s = (struct slab){.mapped = mapped, .block = block, .cut = sizeof *s};
    if (!slabs)
        slabs = g_hash_table_new(NULL, NULL);
    g_hash_table_add(slabs, s);
    return s;
}

static void free_slab(struct slab *s)
{
    g_hash_table_remove(slabs, s);
    munmap(s, s->mapped);
}

static void *take(struct slab *s)
{
    void *p = s->free;

    s->used++;
    if (p) {
        s->free = s->free->next;
        memset(p, 0, sizeof(struct block));
    } else {
        p = (uint8_t *)s + s->cut;
        s->cut += s->block;
    }
    return p;
}

static void *new_small(size_t n)
{
    unsigned c = class_of(n);

    if (!with_room[c])
        link_slab(new_slab((size_t)SMALLEST << c, SLAB));
    struct slab *s = with_room[c];
    void *p = take(s);
    if (!has_room(s))
        unlink_slab(s);
    return p;
}

static void *new_large(size_t n)
{
    if (n > SIZE_MAX / 2)
        g_error("no memory for %zu octets of key material", n);
    size_t mapped = (sizeof(struct slab) + n + PAGE - 1) / PAGE * PAGE;

    return take(new_slab(mapped - sizeof(struct slab), mapped));
}

void *zs_vault_new(size_t n)
{
    g_mutex_lock(&lock);
    void *p = n <= LARGEST ? new_small(n) : new_large(n);
    g_mutex_unlock(&lock);
    return p;
}

static struct slab *slab_of(const void *p)
{
    return (struct slab *)((uintptr_t)p & ~(uintptr_t)(SLAB - 1));
}

/* A class keeps one slab with room, that a context made and freed again and again costs no mapping each time. */
static void put_back(struct slab *s, void *p)
{
    bool had_room = has_room(s);
    struct block *b = p;

    b->next = s->free;
    s->free = b;
    s->used--;
    if (!had_room)
        link_slab(s);
    if (s->used == 0 && (s->next || s->previous)) {
        unlink_slab(s);
        free_slab(s);
    }
}

void zs_vault_free(void *p)
{
    if (!p)
        return;
    struct slab *s = slab_of(p);
    explicit_bzero(p, s->block);
    g_mutex_lock(&lock);
    if (s->block > LARGEST)
        free_slab(s);
    else
        put_back(s, p);
    g_mutex_unlock(&lock);
}

void zs_vault_close(void)
{
    g_mutex_lock(&lock);
    for (unsigned c = 0; c < CLASSES; c++) {
        struct slab *next;
        for (struct slab *s = with_room[c]; s; s = next) {
            next = s->next;
            if (s->used)
                continue;
            unlink_slab(s);
            free_slab(s);
        }
    }
    if (slabs && g_hash_table_size(slabs) == 0)
        g_clear_pointer(&slabs, g_hash_table_destroy);
    g_mutex_unlock(&lock);
}

void zs_vault_lock_again(void)
{
    GHashTableIter iter;
    gpointer p;

    g_mutex_lock(&lock);
    if (slabs)
        g_hash_table_iter_init(&iter, slabs);
    while (slabs && g_hash_table_iter_next(&iter, &p, NULL))
        (void)mlock(p, ((struct slab *)p)->mapped);
    g_mutex_unlock(&lock);
}

bool zs_vault_holds(const void *p)
{
    g_mutex_lock(&lock);
    bool held = slabs && g_hash_table_contains(slabs, slab_of(p));
    g_mutex_unlock(&lock);
    return held;
}

size_t zs_vault_room(const void *p)
{
    return slab_of(p)->block;
}
