/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef ZS_HARNESS_GUARD_H
#define ZS_HARNESS_GUARD_H

/* Octets that end where memory ends: a parser that reads one octet too far dies on the spot, with or
 * without sanitizers. */
#include <stddef.h>
#include <stdint.h>

/* A copy of the n octets at p whose end touches an unreadable page. n may be 0: then no octet of it can be
 * read at all. The copy may be written to. Ends the program where no memory is to be had. */
uint8_t *zs_guard_copy(const void *p, size_t n);

/* n as it was given to zs_guard_copy(). */
void zs_guard_free(uint8_t *copy, size_t n);

#endif
