/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef ZS_ANALYZER_LINES_H
#define ZS_ANALYZER_LINES_H

/* Standard input, a line at a time, by GLib's main loop. */
#include "core/wire/span.h"

struct zs_lines;

/* on_line: without its newline; what it borrows dies with the call. False: not now, hold it: zs_lines_go_on() asks
 * again. on_end: nothing more comes. */
struct zs_lines *zs_lines_new(bool (*on_line)(void *user, struct zs_span line),
                              void (*on_end)(void *user), void *user);
/* Lines may come; before the first call none does. */
void zs_lines_go_on(struct zs_lines *l);
void zs_lines_free(struct zs_lines *l); /* NULL is fine */

#endif
