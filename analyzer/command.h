/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef ZS_ANALYZER_COMMAND_H
#define ZS_ANALYZER_COMMAND_H

/* The subcommands: one file each. */

/* What the command's exit status says. */
enum zs_exit {
    ZS_EXIT_CLEAN = 0,
    ZS_EXIT_FINDINGS = 1, /* it was done, and something was found */
    ZS_EXIT_FAILED = 2,   /* it could not be done; standard error says what and why */
};

struct zs_command_line {
    const char *name;                  /* "read" */
    const char *summary;               /* one line for --help */
    int (*run)(int argc, char **argv); /* argv[0] is the subcommand's name */
};

extern const struct zs_command_line zs_command_audit, zs_command_connect, zs_command_decrypt,
    zs_command_merge, zs_command_read, zs_command_replay, zs_command_secrets, zs_command_serve;

#endif
