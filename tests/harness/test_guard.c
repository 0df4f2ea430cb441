/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The guard itself: a copy is whole, and the octet behind it cannot be read. */
#include "tests/harness/guard.h"

#include <glib.h>
#include <unistd.h>

/* Can the octet at p be read? Asked of the kernel, which answers EFAULT and sends no signal. */
static gboolean can_read(const uint8_t *p)
{
    int ends[2];
    g_assert_cmpint(pipe(ends), ==, 0);
    gboolean yes = write(ends[1], p, 1) == 1;
    close(ends[0]);
    close(ends[1]);
    return yes;
}

static void copy_ends_where_memory_ends(void)
{
    static const size_t sizes[] = {0, 1, 2, 4095, 4096, 4097, 70000};
    uint8_t *octets = g_malloc(70000);
    for (size_t i = 0; i < 70000; i++)
        octets[i] = (uint8_t)(i * 7);
    for (size_t i = 0; i < G_N_ELEMENTS(sizes); i++) {
        size_t n = sizes[i];
        uint8_t *copy = zs_guard_copy(octets, n);
        g_assert_cmpmem(copy, n, octets, n);
        g_assert_true(n == 0 || can_read(copy + n - 1));
        g_assert_false(can_read(copy + n));
        zs_guard_free(copy, n);
    }
    g_free(octets);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/guard/copy_ends_where_memory_ends", copy_ends_where_memory_ends);
    return g_test_run();
}
