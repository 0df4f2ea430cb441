/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef ZS_ANALYZER_ARGUMENTS_H
#define ZS_ANALYZER_ARGUMENTS_H

#include <glib.h>
#include <stdbool.h>

/* g_option_context_parse(), but that a value may stand right behind its letter, as tcpdump and tshark have it:
 * "-c10". valued names the letters that take one. What is not an option lands where c's G_OPTION_REMAINING says. */
bool zs_arguments_parse(GOptionContext *c, int argc, char **argv, const char *valued,
                        GError **error);

#endif
