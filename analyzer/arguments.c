/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Command lines as getopt(3) reads them. */
#include "analyzer/arguments.h"

#include <string.h>

bool zs_arguments_parse(GOptionContext *c, int argc, char **argv, const char *valued,
                        GError **error)
{
    GPtrArray *split = g_ptr_array_new();
    bool options = true;

    for (int i = 0; i < argc; i++) {
        const char *a = argv[i];
        options = options && strcmp(a, "--") != 0;
        if (options && a[0] == '-' && a[1] && a[1] != '-' && strchr(valued, a[1]) && a[2]) {
            g_ptr_array_add(split, g_strndup(a, 2));
            g_ptr_array_add(split, g_strdup(a + 2));
        } else {
            g_ptr_array_add(split, g_strdup(a));
        }
    }
    g_ptr_array_add(split, NULL);
    char **words = (char **)g_ptr_array_free(split, FALSE);
    bool ok = g_option_context_parse_strv(c, &words, error);
    g_strfreev(words);
    return ok;
}
