/* SPDX-License-Identifier: GPL-2.0-or-later */
/* zmtpscope: the table of subcommands. */
#include "analyzer/command.h"
#include "core/krb/init.h"

#include <fcntl.h>
#include <locale.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static const struct zs_command_line *const commands[] = {
    &zs_command_read,    &zs_command_decrypt, &zs_command_merge,   &zs_command_audit,
    &zs_command_secrets, &zs_command_replay,  &zs_command_connect, &zs_command_serve,
};

static void help(FILE *to)
{
    fputs(
        "Usage: zmtpscope COMMAND [OPTION...] ...\n"
        "Reads ZeroMQ's wire protocol, ZMTP, from captures, opens what its GSSAPI mechanism sealed, and speaks it.\n\n"
        "Commands:\n",
        to);
    for (size_t i = 0; i < sizeof commands / sizeof commands[0]; i++)
        fprintf(to, "  %-9s %s\n", commands[i]->name, commands[i]->summary);
    fputs("\nzmtpscope COMMAND --help says what a command takes.\n"
          "Exit status: 0 done, 1 done and something was found, 2 it could not be done.\n",
          to);
}

/* Where one of the first three descriptors is closed, a file or socket would take its place, and be read as standard input
 * or written to as standard error. */
static void open_standard(void)
{
    int fd;

    do
        fd = open("/dev/null", O_RDWR);
    while (fd >= 0 && fd <= STDERR_FILENO);
    if (fd >= 0)
        close(fd);
}

int main(int argc, char **argv)
{
    open_standard();
    setlocale(LC_ALL, "");
    zs_krb_init();
    if (argc < 2) {
        help(stderr);
        return ZS_EXIT_FAILED;
    }
    if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0) {
        help(stdout);
        return ZS_EXIT_CLEAN;
    }
    if (strcmp(argv[1], "--version") == 0 || strcmp(argv[1], "-V") == 0) {
        printf("zmtpscope %s\n", ZS_VERSION);
        return ZS_EXIT_CLEAN;
    }
    for (size_t i = 0; i < sizeof commands / sizeof commands[0]; i++)
        if (strcmp(argv[1], commands[i]->name) == 0)
            return commands[i]->run(argc - 1, argv + 1);
    fprintf(stderr, "zmtpscope: there is no command '%s'; zmtpscope --help lists them\n", argv[1]);
    return ZS_EXIT_FAILED;
}
