/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Without intel-ipsec-mb there are no lanes: nobody gets any, and so nobody asks for more. */
#include "core/krb/multibuffer.h"

struct zs_multibuffer *zs_multibuffer_new(void)
{
    return NULL;
}

void zs_multibuffer_free(struct zs_multibuffer *m)
{
    (void)m;
}

unsigned zs_multibuffer_lanes(const struct zs_multibuffer *m)
{
    (void)m;
    return 1;
}

void zs_multibuffer_check(struct zs_multibuffer *m, struct zs_mac_check *checks, size_t n)
{
    (void)m;
    for (size_t i = 0; i < n; i++)
        zs_mac_check(&checks[i]);
}
