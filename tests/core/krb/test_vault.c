/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The vault: blocks that do not touch, pages as they must be, and what is left of key octets: nothing. */
#include "core/krb/vault.h"

#include "core/krb/init.h"
#include "tests/core/krb/forge.h"

#include <gcrypt.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

static const size_t sizes[] = {0, 1, 63, 64, 65, 1000, 4096, 8192, 8193, 40000, 200000};

static bool all_are(const uint8_t *p, size_t n, uint8_t value)
{
    for (size_t i = 0; i < n; i++)
        if (p[i] != value)
            return false;
    return true;
}

/* Steps of a fixed walk: blocks of all sizes come and go, each filled with its own octet. */
static void blocks_are_apart_and_zero(void)
{
    enum { BLOCKS = 600, STEPS = 30000 };
    static uint8_t *blocks[BLOCKS];
    static size_t lengths[BLOCKS];
    uint32_t dice = 1;

    for (int step = 0; step < STEPS; step++) {
        dice = dice * 1664525 + 1013904223;
        size_t i = (dice >> 8) % BLOCKS, n = sizes[(dice >> 20) % 9];
        if (blocks[i]) {
            g_assert_true(all_are(blocks[i], lengths[i], (uint8_t)i));
            g_assert_true(zs_vault_holds(blocks[i]));
            zs_vault_free(blocks[i]);
            blocks[i] = NULL;
        } else {
            blocks[i] = zs_vault_new(n);
            g_assert_cmpuint((uintptr_t)blocks[i] % 16, ==, 0);
            g_assert_cmpuint(zs_vault_room(blocks[i]), >=, n);
            lengths[i] = zs_vault_room(blocks[i]);
            g_assert_true(all_are(blocks[i], lengths[i], 0));
            memset(blocks[i], (int)i, lengths[i]);
        }
    }
    for (size_t i = 0; i < BLOCKS; i++)
        zs_vault_free(blocks[i]);
}

static void other_memory_is_not_its_own(void)
{
    int on_the_stack = 0;
    void *p = g_malloc(10), *q = zs_vault_new(10);

    g_assert_false(zs_vault_holds(p));
    g_assert_false(zs_vault_holds(&on_the_stack));
    g_assert_false(zs_vault_holds(NULL));
    g_assert_true(zs_vault_holds(q));
    zs_vault_free(q);
    zs_vault_free(NULL);
    g_free(p);
}

/* The flags of the mapping that p lies in, as proc(5) names them. */
static char *flags_at(const void *p)
{
    FILE *f = fopen("/proc/self/smaps", "r");
    char line[512], *flags = NULL;
    bool there = false;

    g_assert_nonnull(f);
    while (!flags && fgets(line, sizeof line, f)) {
        unsigned long long from, to;
        if (sscanf(line, "%llx-%llx ", &from, &to) == 2)
            there = (uintptr_t)p >= from && (uintptr_t)p < to;
        else if (there && g_str_has_prefix(line, "VmFlags:"))
            flags = g_strdup(line);
    }
    fclose(f);
    g_assert_nonnull(flags);
    return flags;
}

/* May this process lock as many octets more as the largest block and its slab take? */
static bool may_lock(void)
{
    enum { N = 300000 };
    void *p = mmap(NULL, N, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    g_assert_true(p != MAP_FAILED);
    bool locked = mlock(p, N) == 0;
    munmap(p, N);
    return locked;
}

static void pages_are_locked_and_not_dumped(void)
{
    bool locked = may_lock();

    for (size_t i = 0; i < G_N_ELEMENTS(sizes); i++) {
        void *p = zs_vault_new(sizes[i]);
        char *flags = flags_at(p);
        g_assert_true(!locked || strstr(flags, " lo"));
        g_assert_nonnull(strstr(flags, " dd"));
        g_free(flags);
        zs_vault_free(p);
    }
}

/* In a process that may lock nothing; root's privilege to lock all the same is given up with its number. */
static void without_locked_memory_it_works(void)
{
    if (g_test_subprocess()) {
        const struct rlimit none = {0};
        g_assert_cmpint(setrlimit(RLIMIT_MEMLOCK, &none), ==, 0);
        if (geteuid() == 0)
            g_assert_cmpint(setresuid(65534, 65534, 65534), ==, 0);
        prctl(PR_SET_DUMPABLE, 1); /* or /proc/self/smaps is root's */
        void *p = zs_vault_new(100);
        memset(p, 1, 100);
        char *flags = flags_at(p);
        g_assert_null(strstr(flags, " lo"));
        g_assert_nonnull(strstr(flags, " dd"));
        g_free(flags);
        zs_vault_free(p);
        return;
    }
    g_test_trap_subprocess(NULL, 0, G_TEST_SUBPROCESS_DEFAULT);
    g_test_trap_assert_passed();
}

/* A freed block's octets, read where they were: the slab stays, for another block of it is in use. The first ones are an
 * address, of the next free block. */
static void what_is_given_back_is_wiped(void)
{
    enum { LINK = sizeof(void *) };
    uint8_t *other = zs_vault_new(100), *p = zs_vault_new(100);

    memset(p, 0x5a, 100);
    zs_vault_free(p);
    g_assert_null(memchr(p + LINK, 0x5a, 100 - LINK));
    zs_vault_free(other);
}

/* Memory follows what is open: of many slabs one of a class is kept. */
static void empty_slabs_go_back(void)
{
    enum { MANY = 5000 };
    static void *blocks[MANY];

    for (int i = 0; i < MANY; i++)
        blocks[i] = zs_vault_new(2000);
    for (int i = 0; i < MANY; i++)
        zs_vault_free(blocks[i]);
    int gone = 0;
    for (int i = 0; i < MANY; i++)
        gone += !zs_vault_holds(blocks[i]);
    g_assert_cmpint(gone, >, MANY - 32);
}

static void closed_it_keeps_what_is_in_use_alone(void)
{
    uint8_t *used = zs_vault_new(100), *kept = zs_vault_new(5000);

    used[0] = 1;
    zs_vault_free(kept);
    g_assert_true(zs_vault_holds(kept)); /* its slab stayed, for the next of its size */
    zs_vault_close();
    g_assert_false(zs_vault_holds(kept));
    g_assert_true(zs_vault_holds(used));
    g_assert_cmpuint(used[0], ==, 1);
    zs_vault_free(used);
    zs_vault_close();
    g_assert_false(zs_vault_holds(used));
    used = zs_vault_new(100);
    g_assert_true(zs_vault_holds(used));
    zs_vault_free(used);
}

static void libgcrypts_handles_lie_in_it(void)
{
    void *p = gcry_malloc_secure(1967);
    g_assert_true(zs_vault_holds(p));
    memset(p, 0x5a, 1967);
    p = gcry_realloc(p, 100000);
    g_assert_true(zs_vault_holds(p));
    g_assert_true(all_are(p, 1967, 0x5a));
    gcry_free(p);
    p = gcry_malloc(100);
    g_assert_false(zs_vault_holds(p));
    p = gcry_realloc(p, 1000);
    gcry_free(p);
}

static void contexts_and_keys_lie_in_it(void)
{
    struct forge f;

    forge_init(&f, 18);
    struct zs_context *c = forge_observe(&f);
    g_assert_true(zs_vault_holds(c));
    zs_context_free(c);
    struct forge_entry entry = {.name = f.service, .kvno = 3, .key = f.service_key};
    struct zs_keyring *r = forge_keyring(&entry, 1);
    g_assert_true(zs_vault_holds(zs_keyring_at(r, 0)));
    zs_keyring_free(r);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    zs_krb_init();
    g_test_add_func("/vault/blocks_are_apart_and_zero", blocks_are_apart_and_zero);
    g_test_add_func("/vault/other_memory_is_not_its_own", other_memory_is_not_its_own);
    g_test_add_func("/vault/pages_are_locked_and_not_dumped", pages_are_locked_and_not_dumped);
    g_test_add_func("/vault/without_locked_memory_it_works", without_locked_memory_it_works);
    g_test_add_func("/vault/what_is_given_back_is_wiped", what_is_given_back_is_wiped);
    g_test_add_func("/vault/empty_slabs_go_back", empty_slabs_go_back);
    g_test_add_func("/vault/closed_it_keeps_what_is_in_use_alone",
                    closed_it_keeps_what_is_in_use_alone);
    g_test_add_func("/vault/libgcrypts_handles_lie_in_it", libgcrypts_handles_lie_in_it);
    g_test_add_func("/vault/contexts_and_keys_lie_in_it", contexts_and_keys_lie_in_it);
    return g_test_run();
}
