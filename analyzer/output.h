/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef ZS_ANALYZER_OUTPUT_H
#define ZS_ANALYZER_OUTPUT_H

/* What a command says beside its report, and how it ends. */
#include <glib.h>
#include <stdbool.h>
#include <stdio.h>

/* Is standard output a terminal that wants colours? no-color.org: NO_COLOR, where it is not empty, says no. */
bool zs_output_coloured(void);

/* Says on standard error what is wrong, each line of it, and frees it. True: error is NULL, and nothing is. */
bool zs_output_error(GError *error);

/* The same in two parts: what it is about, and why. The exit status. */
int zs_output_fail(const char *subject, const char *why);

/* The same for words of the command line that the command does not take: points to its --help. */
void zs_output_misuse(const char *command, const char *why);
void zs_output_misused(const char *command, GError *error); /* and frees it */

/* May what is no text go to standard output? Not onto a terminal, as standard error then says. what: "a share". */
bool zs_output_takes(const char *what);

/* Has all that was written come through to standard output? Standard error says why not. */
bool zs_output_flush(FILE *out);

#endif
