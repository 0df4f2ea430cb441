/* SPDX-License-Identifier: GPL-2.0-or-later */
/* SIGINT as a wish. A read that it interrupts goes on: who writes into our pipe had the same Ctrl+C and closes it. */
#include "analyzer/interrupt.h"

#include <signal.h>

static volatile sig_atomic_t interrupted;

static void on_interrupt(int number)
{
    (void)number;
    interrupted = 1;
}

void zs_interrupt_watch(void)
{
    struct sigaction action = {.sa_handler = on_interrupt,
                               .sa_flags = (int)(SA_RESTART | SA_RESETHAND)};
    sigaction(SIGINT, &action, NULL);
}

bool zs_interrupted(void)
{
    return interrupted;
}
