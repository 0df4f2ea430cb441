/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef ZS_ANALYZER_PASSWORD_H
#define ZS_ANALYZER_PASSWORD_H

/* A password, typed or from a file. The caller wipes it. False: *why is a sentence; g_free() it. */
#include <stdbool.h>

#define ZS_PASSWORD_MAX 1024 /* octets, with the NUL behind it */

/* Asks on the terminal, wherever standard input and output go; what is typed is not shown. */
bool zs_password_ask(const char *principal, char password[ZS_PASSWORD_MAX], char **why);
/* The first line of a file. */
bool zs_password_read(const char *path, char password[ZS_PASSWORD_MAX], char **why);

#endif
