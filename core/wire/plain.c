/* SPDX-License-Identifier: GPL-2.0-or-later */
/* 24/ZMTP-PLAIN. WELCOME is empty; INITIATE and READY are metadata; ERROR is ZMTP's own. */
#include "core/wire/plain.h"

enum zs_rc zs_plain_hello_parse(struct zs_span body, struct zs_plain_hello *h)
{
    struct zs_rd rd = zs_rd(body);
    struct zs_span username = zs_rd_short(&rd);
    struct zs_span password = zs_rd_short(&rd);

    if (rd.ran_out || rd.left.n)
        return ZS_E_COMMAND_BODY;
    *h = (struct zs_plain_hello){.username = username, .password = password};
    return ZS_OK;
}
