/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef ZS_KRB_MULTIBUFFER_H
#define ZS_KRB_MULTIBUFFER_H

/* Checksums of many texts at once, inside core/krb only. One text is one chain of hash blocks, bound by the latency of
 * each; intel-ipsec-mb lets up to sixteen chains run side by side in the lanes of a processor's wide registers. */
#include "core/krb/mac.h"

#define ZS_MULTIBUFFER_MOST 16

struct zs_multibuffer;

/* NULL: this build has no such library, or this processor no registers that gain by it. */
struct zs_multibuffer *zs_multibuffer_new(void);
void zs_multibuffer_free(struct zs_multibuffer *m); /* wipes; NULL is fine */

/* Texts at once that fill every lane: 8 or 16. */
unsigned zs_multibuffer_lanes(const struct zs_multibuffer *m);

/* Fills in what holds of n checks, ZS_MULTIBUFFER_MOST at most; those that lanes do not serve, or not better, one by one. */
void zs_multibuffer_check(struct zs_multibuffer *m, struct zs_mac_check *checks, size_t n);

#endif
