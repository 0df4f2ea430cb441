/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef ZS_ANALYZER_INTERRUPT_H
#define ZS_ANALYZER_INTERRUPT_H

#include <stdbool.h>

/* From now on the first Ctrl+C (SIGINT) asks for a clean end, with everything read so far reported; a second one ends
 * the program at once. */
void zs_interrupt_watch(void);
bool zs_interrupted(void);
/* Was one of these captures left in its middle? Says so on standard error. What comes through a pipe ("-") is read to its
 * end even then. */
bool zs_interrupted_amid(const char *const *files);
/* From now on who is asked asks this process and those that it forks, too. */
void zs_interrupt_share(void);

#endif
