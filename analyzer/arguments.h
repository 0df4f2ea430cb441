/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef ZS_ANALYZER_ARGUMENTS_H
#define ZS_ANALYZER_ARGUMENTS_H

#include "core/proto/allow.h"

#include <glib.h>
#include <stdbool.h>

/* g_option_context_parse(), but that a value may stand right behind its letter, as tcpdump and tshark have it:
 * "-c10", or behind others, "-jc10". valued names the letters that take one. What is not an option lands where c's G_OPTION_REMAINING says. */
bool zs_arguments_parse(GOptionContext *c, int argc, char **argv, const char *valued,
                        GError **error);

/* The longest time that an option may say, in seconds: eleven days. */
#define ZS_SECONDS_MAX 1e6
/* Is an option's number one from least to most? Standard error says if not; what is infinite is none, and what is no number. */
bool zs_arguments_number(const char *option, double given, double least, double most);

/* Numbers of connections, from 1, of an option that may be given again; NULL: standard error says which is none. An
 * array of guint64. */
GArray *zs_arguments_connections(char **given);

/* The ports of rules as tshark's -d has them, tcp.port==PORT,zmtp; likewise. An array of uint16_t. */
GArray *zs_arguments_ports(char **rules);

/* The patterns of --allow; *allow stays as it is where there are none. False: standard error says which is none. */
bool zs_arguments_allow(char **patterns, struct zs_allow **allow);

/* The whole number that text is, of an option's; *n stays as it is where text is NULL. False: it is none from least to most, which
 * standard error says. */
bool zs_arguments_whole(const char *option, const char *text, guint64 least, guint64 most,
                        guint64 *n);

/* As tcpdump has it: with captures named by -r, or with an interface, what is left over is the filter expression; else it
 * is the captures. What stays in *rest is one filter too many. */
void zs_arguments_filter(char ***files, bool interface, char ***rest, char **filter);

#endif
