/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef ZS_CONN_TELLER_H
#define ZS_CONN_TELLER_H

/* What is known of one connection, and says as events what its frames mean: the half of a conn that does not care where
 * octets come from. */
#include "core/conn/conn.h"

struct zs_teller {
    const struct zs_conn_config *config; /* borrowed */
    void *user;                          /* goes to on_event */
    struct zs_session session;
    struct zs_exchange *exchange; /* NULL: nobody is told anything */
    bool has_handshake;
    int64_t handshake_ns;
    uint8_t *scratch; /* plaintexts; grows to the largest token seen, and is not kept at that */
    size_t scratch_n;
};

void zs_teller_init(struct zs_teller *t, const struct zs_conn_config *config, void *user,
                    bool midstream);
void zs_teller_clear(struct zs_teller *t); /* wipes */

/* Says ev, whose kind and what belongs to it are filled in. */
void zs_teller_say(struct zs_teller *t, struct zs_event ev, enum zs_dir dir, struct zs_stamp at);
/* Nothing where rc is ZS_OK; detail may be NULL. */
void zs_teller_defect(struct zs_teller *t, enum zs_dir dir, struct zs_stamp at, enum zs_rc rc,
                      const char *detail);
/* Reads f where it stands, and says what it is and what it changes. answer: what its wrap token holds, where it was
 * opened already; else NULL. */
void zs_teller_frame(struct zs_teller *t, enum zs_dir dir, const struct zs_frame *f,
                     const struct zs_unwrap_answer *answer, struct zs_stamp at);
/* The end, as zs_conn_end() has it. */
void zs_teller_close(struct zs_teller *t, bool closed, struct zs_stamp at);

#endif
