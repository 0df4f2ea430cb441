/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Buffers against an unreadable page.
 * Limits: only reads behind the end are caught; before the front up to a page of zeros can be read. */
#include "tests/harness/guard.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

/* Octets of the readable pages that hold n octets. */
static size_t readable(size_t n)
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    return (n + page - 1) / page * page;
}

uint8_t *zs_guard_copy(const void *p, size_t n)
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE), room = readable(n);
    uint8_t *base =
        mmap(NULL, room + page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (base == MAP_FAILED || mprotect(base + room, page, PROT_NONE) != 0)
        abort();
    if (n > 0)
        memcpy(base + room - n, p, n);
    return base + room - n;
}

void zs_guard_free(uint8_t *copy, size_t n)
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE), room = readable(n);
    munmap(copy + n - room, room + page);
}
