/* SPDX-License-Identifier: GPL-2.0-or-later */
/* zmtpscope merge: the results of all shares of a run as that of the run itself. */
#include "analyzer/command.h"
#include "analyzer/output.h"
#include "analyzer/share.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

static const char help[] =
    "Usage: zmtpscope merge SHARE...\n"
    "Puts the results of zmtpscope read --shard together: what read without it would have said, to the octet but for the\n"
    "memory used. SHARE: the output of one share, plain or in gzip, zstd or lz4; all of them, in any order.\n\n"
    "Example:\n"
    "  zmtpscope read --json --shard 1/2 FILE >1.share    # on one machine\n"
    "  zmtpscope read --json --shard 2/2 FILE >2.share    # on another\n"
    "  zmtpscope merge 1.share 2.share\n";

static int *open_shares(char **paths, size_t n)
{
    int *descriptors = g_new(int, n);

    for (size_t i = 0; i < n; i++) {
        descriptors[i] = open(paths[i], O_RDONLY | O_CLOEXEC);
        if (descriptors[i] < 0) {
            zs_output_fail(paths[i], g_strerror(errno));
            while (i-- > 0)
                close(descriptors[i]);
            g_free(descriptors);
            return NULL;
        }
    }
    return descriptors;
}

static int run_merge(int argc, char **argv)
{
    GError *error = NULL;
    size_t n = (size_t)argc - 1;

    if (argc == 2 && (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0)) {
        fputs(help, stdout);
        return ZS_EXIT_CLEAN;
    }
    if (n == 0 || argv[1][0] == '-') {
        fputs("zmtpscope: merge takes the results of shares; zmtpscope merge --help says more\n",
              stderr);
        return ZS_EXIT_FAILED;
    }
    int *descriptors = open_shares(argv + 1, n);
    if (!descriptors)
        return ZS_EXIT_FAILED;
    bool ok = zs_share_merge(descriptors, (const char *const *)(argv + 1), n, stdout, &error);
    g_free(descriptors);
    ok &= zs_output_flush(stdout);
    zs_output_error(error);
    return ok ? ZS_EXIT_CLEAN : ZS_EXIT_FAILED;
}

const struct zs_command_line zs_command_merge = {"merge", "the results of read --shard as one",
                                                 run_merge};
