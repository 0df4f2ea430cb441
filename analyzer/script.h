/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef ZS_ANALYZER_SCRIPT_H
#define ZS_ANALYZER_SCRIPT_H

/* What the two sides of a captured connection said to each other, as the application knows it: whole messages and
 * subscriptions, to be said again. */
#include "core/conn/event.h"
#include "core/proto/peer.h"

#include <glib.h>

enum zs_line_kind { ZS_LINE_MESSAGE, ZS_LINE_SUBSCRIBE, ZS_LINE_CANCEL };

struct zs_line {
    enum zs_line_kind kind;
    enum zs_dir dir;    /* who said it */
    struct zs_stamp at; /* its last part */
    GPtrArray *parts;   /* of GBytes; of a subscription the topic */
};

struct zs_script {
    uint64_t connection;
    bool known; /* both READYs were read */
    bool null, plaintext;
    enum zs_dir client; /* who initiated the security context, or the connection */
    enum zs_socket_type type[ZS_DIR_COUNT];
    GBytes *metadata[ZS_DIR_COUNT];   /* of READY; NULL: unknown */
    GPtrArray *lines;                 /* of struct zs_line, in the order of the capture */
    GPtrArray *pending[ZS_DIR_COUNT]; /* the parts so far of a message that goes on; NULL: none */
    const char *trouble;              /* why it cannot be said again; NULL: it can */
};

struct zs_script *zs_script_new(uint64_t connection);
/* An event of the connection. */
void zs_script_event(struct zs_script *s, const struct zs_event *ev);
void zs_script_free(struct zs_script *s); /* NULL is fine */

#endif
