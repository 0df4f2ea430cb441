/* SPDX-License-Identifier: GPL-2.0-or-later */
/* SIGINT as a wish. A read that it interrupts goes on: who writes into our pipe had the same Ctrl+C and closes it. */
#include "analyzer/interrupt.h"

#include <glib.h>
#include <signal.h>
#include <stdio.h>
#include <sys/mman.h>

static volatile sig_atomic_t own;
static volatile sig_atomic_t *interrupted = &own;

static void on_interrupt(int number)
{
    (void)number;
    *interrupted = 1;
}

void zs_interrupt_watch(void)
{
    struct sigaction action = {.sa_handler = on_interrupt,
                               .sa_flags = (int)(SA_RESTART | SA_RESETHAND)};
    sigaction(SIGINT, &action, NULL);
}

bool zs_interrupted(void)
{
    return *interrupted;
}

bool zs_interrupted_amid(const char *const *files)
{
    bool cut = zs_interrupted() && !g_strv_contains(files, "-");

    if (cut)
        fputs("zmtpscope: interrupted: the captures go on\n", stderr);
    return cut;
}

void zs_interrupt_share(void)
{
    volatile sig_atomic_t *shared =
        mmap(NULL, sizeof own, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

    if (shared == MAP_FAILED) /* then each is asked for itself, as Ctrl+C does */
        return;
    interrupted = shared;
    *shared |= own; /* asked just before */
}
