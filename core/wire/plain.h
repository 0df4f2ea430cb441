/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef ZS_WIRE_PLAIN_H
#define ZS_WIRE_PLAIN_H

/* 24/ZMTP-PLAIN: HELLO carries user name and password in the clear. */
#include "core/defect.h"
#include "core/wire/span.h"

struct zs_plain_hello {
    struct zs_span username, password;
};

enum zs_rc zs_plain_hello_parse(struct zs_span body, struct zs_plain_hello *h);

#endif
