/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef ZS_REPORT_DIALOG_H
#define ZS_REPORT_DIALOG_H

/* A conversation of our own as it goes on, for a person: a line for each thing that was said (>) or came (<). */
#include "core/proto/peer.h"

#include <glib.h>
#include <stdio.h>

struct zs_dialog {
    FILE *out;
    bool colours;
    bool hex;   /* messages as a hex dump below their line */
    bool quiet; /* of messages that came their octets, of all else nothing */
    const char
        *separator; /* … between the parts of a message; NULL: a newline, as behind each message */
};

/* The kind of an event, "message", and to line what it says. */
const char *zs_dialog_describe(GString *line, const struct zs_peer_event *ev);

/* What happened. who: the connection, before the line ("c3 "), or "". p says what the event does not. */
void zs_dialog_event(const struct zs_dialog *d, const char *who, const struct zs_peer *p, bool said,
                     const struct zs_peer_event *ev);
/* Both sides are through, elapsed_ns after p began. */
void zs_dialog_open(const struct zs_dialog *d, const char *who, const struct zs_peer *p,
                    int64_t elapsed_ns);
/* Something about the connection as a whole: "connected", "closed", … and more about it. */
void zs_dialog_note(const struct zs_dialog *d, const char *who, const char *what, const char *more);

#endif
