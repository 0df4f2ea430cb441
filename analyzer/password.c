/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Passwords, kept in the caller's buffer alone: no stdio, whose buffers cannot be wiped.
 *
 * Limits: a signal that ends the program while it asks leaves the terminal without echo; ^C and ^D, which end the
 * asking, are no signals here. */
#include "analyzer/password.h"

#include <errno.h>
#include <fcntl.h>
#include <glib.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

enum { CTRL_C = 3, CTRL_D = 4, BACKSPACE = 8, CTRL_U = 21, DELETE = 127 };

static bool next_octet(int fd, char *c)
{
    ssize_t got;

    while ((got = read(fd, c, 1)) < 0 && errno == EINTR)
        ;
    return got == 1;
}

/* What is typed up to the end of the line. False: given up. */
static bool type_in(int terminal, char password[ZS_PASSWORD_MAX])
{
    size_t n = 0;
    char c;

    while (next_octet(terminal, &c)) {
        switch (c) {
        case '\r':
        case '\n':
            password[n] = 0;
            return true;
        case CTRL_C:
        case CTRL_D:
            return false;
        case BACKSPACE:
        case DELETE:
            n -= n > 0;
            break;
        case CTRL_U:
            n = 0;
            break;
        default:
            if (n == ZS_PASSWORD_MAX - 1)
                return false;
            password[n++] = c;
        }
    }
    return false;
}

static void say(int terminal, const char *text)
{
    /* A prompt that cannot be shown is no reason not to read. */
    ssize_t ignored = write(terminal, text, strlen(text));
    (void)ignored;
}

bool zs_password_ask(const char *principal, char password[ZS_PASSWORD_MAX], char **why)
{
    struct termios before, quiet;
    int terminal = open("/dev/tty", O_RDWR | O_CLOEXEC);

    if (terminal < 0 || tcgetattr(terminal, &before) != 0) {
        *why = g_strdup("--password: there is no terminal to ask on; give --password-file");
        if (terminal >= 0)
            close(terminal);
        return false;
    }
    char *prompt = g_strdup_printf("Password of %s: ", principal);
    quiet = before;
    quiet.c_lflag &= ~(tcflag_t)(ECHO | ICANON | ISIG);
    quiet.c_cc[VMIN] = 1;
    quiet.c_cc[VTIME] = 0;
    tcsetattr(terminal, TCSAFLUSH, &quiet);
    say(terminal, prompt);
    bool ok = type_in(terminal, password);
    say(terminal, "\n");
    tcsetattr(terminal, TCSAFLUSH, &before);
    close(terminal);
    g_free(prompt);
    if (!ok)
        *why = g_strdup("--password: no password was typed");
    return ok;
}

bool zs_password_read(const char *path, char password[ZS_PASSWORD_MAX], char **why)
{
    size_t n = 0;
    int fd = open(path, O_RDONLY | O_CLOEXEC);

    errno = fd < 0 ? errno : 0;
    while (fd >= 0 && n < ZS_PASSWORD_MAX && next_octet(fd, &password[n]) && password[n] != '\n')
        n++;
    int error = errno;
    if (fd >= 0)
        close(fd);
    if (error) {
        *why = g_strdup_printf("%s: %s", path, g_strerror(error));
        return false;
    }
    if (n == ZS_PASSWORD_MAX) {
        *why = g_strdup_printf("%s: its first line is no password: it is too long", path);
        return false;
    }
    password[n - (n && password[n - 1] == '\r')] = 0;
    return true;
}
