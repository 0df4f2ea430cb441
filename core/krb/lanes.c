/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Wrap tokens opened many at once: decrypted one after the other, which AES instructions do fast enough, and their
 * checksums found together.
 *
 * Limits: of RFC 4121's sealed tokens that are not rotated. What else a token may be is opened as if it came alone. */
#include "core/krb/lanes.h"

#include "core/krb/acceptor.h"
#include "core/krb/multibuffer.h"
#include "core/krb/vault.h"

#include <assert.h>

static_assert(ZS_LANES_MOST == ZS_MULTIBUFFER_MOST, "what is opened at once is checked at once");

struct zs_lanes {
    struct zs_multibuffer *buffers;
};

struct zs_lanes *zs_lanes_new(void)
{
    struct zs_multibuffer *buffers = zs_multibuffer_new();

    if (!buffers)
        return NULL;
    struct zs_lanes *l = zs_vault_new(sizeof *l);
    l->buffers = buffers;
    return l;
}

void zs_lanes_free(struct zs_lanes *l)
{
    if (!l)
        return;
    zs_multibuffer_free(l->buffers);
    zs_vault_free(l);
}

unsigned zs_lanes_count(const struct zs_lanes *l)
{
    return zs_multibuffer_lanes(l->buffers);
}

void zs_lanes_unwrap(struct zs_lanes *l, struct zs_unwrapping *all, size_t n)
{
    struct zs_opening openings[ZS_LANES_MOST];
    struct zs_mac_check checks[ZS_LANES_MOST];
    struct zs_unwrapping *begun[ZS_LANES_MOST];
    size_t count = 0;

    assert(n <= zs_lanes_count(l));
    for (size_t i = 0; i < n; i++) {
        struct zs_unwrapping *w = &all[i];
        if (zs_opening_begin(&openings[count], w->context, w->token, w->room) == ZS_OK &&
            zs_cfx_begin(openings[count].seal, &openings[count].cfx, w->buf, &checks[count]))
            begun[count++] = w;
        else
            w->rc = zs_context_unwrap(w->context, w->token, w->buf, w->room, &w->u);
    }
    zs_multibuffer_check(l->buffers, checks, count);
    for (size_t i = 0; i < count; i++) {
        struct zs_unwrapping *w = begun[i];
        struct zs_span plain;
        w->rc = zs_cfx_end(openings[i].seal, &openings[i].cfx, w->buf, checks[i].holds, &plain);
        if (w->rc == ZS_OK)
            zs_opening_end(&openings[i], plain, &w->u);
    }
}
