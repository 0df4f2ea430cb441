/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef ZS_CONN_SESSION_H
#define ZS_CONN_SESSION_H

/* One observed conversation as a whole: greetings, roles, the context, how far it came. It is handed what was
 * read, in the order of the capture, and says where the next frame of each direction stands. */
#include "core/conn/reading.h"
#include "core/conn/sequence.h"
#include "core/conn/stamp.h"
#include "core/wire/greeting.h"
#include "core/wire/socket.h"

/* c is the TCP initiator. The direction is that of the sender. */
enum zs_dir { ZS_C2S, ZS_S2C };
#define ZS_DIR_COUNT 2

static inline enum zs_dir zs_dir_other(enum zs_dir d)
{
    return d == ZS_C2S ? ZS_S2C : ZS_C2S;
}
const char *zs_dir_name(enum zs_dir d); /* "c2s", "s2c" */

#define ZS_TOKEN_LIMIT \
    65536 /* octets of a context token that are kept: Kerberos' own limit with a large PAC */

/* What one side has shown so far. */
struct zs_side {
    struct zs_greeting greeting;
    bool identified; /* ZMTP 1.0, 2.0: its identity frame was seen */
    bool ready;      /* it sent its READY, or what stands for it */
    bool assumed;    /* its greeting was not there to be read, and frames followed */
    bool traffic;    /* it sent what only follows a handshake */
    unsigned losses; /* how often octets of it were not there to be read */
    bool sent_ap_req, sent_error;
    enum zs_socket_type socket_type; /* by its READY, or its greeting of ZMTP 2.0 */
    unsigned mics;                   /* SPNEGO's MICs: each used up a sequence number */
    struct zs_sequence sequence;     /* of its per-message tokens */
    uint64_t messages;               /* whole ones, by their last frame */
    uint64_t message_octets;         /* of all frames' data */
    uint64_t sealed;                 /* frames of messages that stayed closed */
};

struct zs_session {
    const struct zs_keyring *keys; /* borrowed; may be NULL */
    struct zs_authenticators *
        authenticators; /* borrowed; set after init; NULL: those that come again are not looked for */
    struct zs_side side[ZS_DIR_COUNT];
    bool
        authenticators_only; /* set after init: all that is wanted is what goes to authenticators; there will be no context */
    bool midstream; /* the connection began before the capture */
    enum zs_mechanism
        assumed;      /* as the frames show it, where no greeting says; UNKNOWN: nothing does */
    bool roles_known; /* an AP-REQ was seen, or a token opened without: */
    enum zs_dir initiator; /* who sent it, or must have */
    bool answered;         /* the acceptor answered the AP-REQ with a token or a command */
    bool hinted;           /* … with a SPNEGO hint: libzmq, failure F2 of docs/protocol.md */
    bool refused;          /* … with a KRB-ERROR */
    bool bare;    /* READY came in the clear behind a context: PLAINTEXT mode, and it was said */
    bool foreign; /* a context token of another mechanism than Kerberos was seen */
    bool mutual;  /* the AP-REQ asks for an AP-REP */
    struct zs_stamp ap_req_at;
    uint8_t *mech_types; /* what SPNEGO's initiator offered; g_malloc'd, NULL: not seen */
    size_t mech_types_n;
    uint8_t *ap_req; /* kept until it is answered; g_malloc'd, NULL: none */
    size_t ap_req_n;
    uint8_t *early_ap_rep; /* came before any AP-REQ, and is kept for it; likewise */
    size_t early_ap_rep_n;
    enum zs_dir early_from; /* whose */
    struct zs_context *context,
        *earlier;      /* the one in force; one made before the AP-REP came, or NULL */
    bool settled;      /* that one was gone on with */
    unsigned searches; /* tokens whose context was looked for among the session secrets */
};

/* keys outlive s. */
void zs_session_init(struct zs_session *s, const struct zs_keyring *keys);
/* Wipes and frees; contexts die here, and with them the places that name them. */
void zs_session_clear(struct zs_session *s);

/* As zs_greeting_step(), for this side; a defect leaves the side awaiting the same part. */
enum zs_rc zs_session_greeting(struct zs_session *s, enum zs_dir dir, struct zs_span in,
                               size_t *used);
bool zs_session_greeted(const struct zs_session *s, enum zs_dir dir);

/* May the AP-REQ of this conversation still come? False: it was there, or no side's mechanism has any. */
bool zs_session_awaits_ap_req(const struct zs_session *s);

/* Where the next frame of this side stands. */
struct zs_place zs_session_place(const struct zs_session *s, enum zs_dir dir);

/* What a mechListMIC says of SPNEGO's offer (RFC 4178, 5). */
enum zs_mic_state {
    ZS_MIC_NONE,
    ZS_MIC_UNCHECKED, /* without a key, or without the offer, nobody can tell */
    ZS_MIC_VERIFIED,
    ZS_MIC_WRONG, /* and ZS_E_MECH_LIST_MIC says so */
};
const char *zs_mic_state_name(enum zs_mic_state m); /* "none", "unchecked", "verified", "wrong" */

/* What a frame changed. */
struct zs_turn {
    bool context_made; /* s->context is new */
    enum zs_rc defect; /* what is wrong with the frame at this point: sequence, sender bit, order */
    uint64_t expected; /* with ZS_E_WRAP_GAP, _DUPLICATE, _REVERSAL: the number that was due */
    struct zs_stamp first; /* with ZS_E_AP_REQ_REPLAYED: where it was seen before */
    enum zs_mic_state mic;
};

/* Per-message tokens begin and the AP-REP was not seen: goes on without it, for an acceptor may have copied the
 * initiator's subkey. Or the AP-REQ was not seen either, and a session secret opens this token. True: this was the first;
 * s->context is there and r is to be read again at its new place. */
bool zs_session_settle(struct zs_session *s, enum zs_dir dir, const struct zs_reading *r);

/* There is a context, and zs_session_settle() would not make another one: wrap tokens are what this one opens, whatever
 * they hold. */
bool zs_session_is_settled(const struct zs_session *s);

/* Takes note of a reading, which was made at zs_session_place() just now. */
void zs_session_step(struct zs_session *s, enum zs_dir dir, const struct zs_reading *r,
                     struct zs_stamp at, struct zs_turn *turn);

/* The reading that was just stepped with, closed, was opened after all, by somebody else (zs_reading_opened()): takes
 * note of what it says. Answers what is wrong with it at this point. */
enum zs_rc zs_session_opened(struct zs_session *s, enum zs_dir dir, const struct zs_reading *r);

/* Octets of this side are missing: the sequence number of its next token is not known any more, and nothing is
 * said about the order of what follows. */
void zs_session_lost(struct zs_session *s, enum zs_dir dir);

/* Frames of this side follow, though its greeting was not there to be read: ZMTP 3's, unless the other side's greeting
 * says otherwise. mechanism: what they show. */
void zs_session_assume(struct zs_session *s, enum zs_dir dir, enum zs_mechanism mechanism);

/* Makes the context of an AP-REQ that has no answer so far, so that it can be looked into; an AP-REP that comes
 * after all makes another. True: it is new. */
bool zs_session_conclude(struct zs_session *s);

/* Both sides came to the end of their handshake: it was seen, or octets are missing from a side and there is traffic,
 * which begins behind it. */
bool zs_session_established(const struct zs_session *s);

/* Why an unestablished conversation ended as it did, in a sentence; NULL if it is established. Of one that began
 * before the capture it wants to have seen more: the end of both handshakes, and of GSSAPI the AP-REQ. closed: the
 * connection ended inside the capture. Static storage. */
const char *zs_session_explain(const struct zs_session *s, bool closed);
/* Why messages of an established conversation stayed sealed, where there is no context to say it; else NULL. Static
 * storage. */
const char *zs_session_explain_sealed(const struct zs_session *s);

#endif
