/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef ZS_KRB_CONTEXT_H
#define ZS_KRB_CONTEXT_H

/* The acceptor's security context as an observer can rebuild it from a captured AP-REQ, the AP-REP that
 * answered it and the service's key (RFC 4120, RFC 4121). Opening and judging are two things: what a key
 * opens is opened, whatever the clock said; the verdict is data beside it. */
#include "core/defect.h"
#include "core/krb/key.h"
#include "core/krb/keyring.h"
#include "core/wire/span.h"

/* Why a context, or a part of it, did not open. */
enum zs_why {
    ZS_WHY_OPENED,
    ZS_WHY_NO_KEYS,         /* no key of any source was given */
    ZS_WHY_NO_PRINCIPAL,    /* the service is in no keytab */
    ZS_WHY_NO_ENCTYPE,      /* the service is there, but without a key of the ticket's enctype */
    ZS_WHY_KVNO_NEWER,      /* ticket's kvno is above every one in the keytab: keytab out of date */
    ZS_WHY_KVNO_OLDER,      /* … below …: ticket out of date */
    ZS_WHY_KEY_DIFFERS,     /* principal, kvno and enctype fit, the key does not */
    ZS_WHY_ENCTYPE_UNKNOWN, /* an enctype that zmtpscope cannot open */
    ZS_WHY_MALFORMED,       /* AP-REQ or ticket is not what RFC 4120 says */
    ZS_WHY_AP_REP_MISSING,  /* mutual authentication was asked for and no AP-REP was seen */
    ZS_WHY_AP_REP_DAMAGED,  /* there is one, but it does not open under the session key */
    ZS_WHY_AUTHENTICATOR_DAMAGED, /* it does not open under the session key; all else does */
    ZS_WHY_COUNT
};
const char *zs_why_code(enum zs_why w); /* "no-principal": stable, for machines */

enum zs_subkey_from { ZS_SUBKEY_ACCEPTOR, ZS_SUBKEY_INITIATOR, ZS_SUBKEY_SESSION };
const char *zs_subkey_from_name(enum zs_subkey_from f); /* "acceptor", … */

/* What an acceptor at the packet's time must have said, from the ticket's times and the authenticator's. */
enum zs_verdict {
    ZS_VERDICT_UNKNOWN,
    ZS_VERDICT_ACCEPTABLE,
    ZS_VERDICT_EXPIRED,
    ZS_VERDICT_NOT_YET_VALID,
    ZS_VERDICT_SKEW
};
const char *zs_verdict_name(enum zs_verdict v); /* "acceptable", "expired", … */

#define ZS_SKEW_LIMIT_MS 300000 /* RFC 4120's customary five minutes, krb5's default */

struct zs_ticket_times { /* Unix times, seconds; 0: absent */
    int64_t auth, start, end, renew_till;
};

/* What is known of a context. Strings are owned by it. Enctypes are 0 where unknown. */
struct zs_context_facts {
    enum zs_why why; /* the first thing that did not open; ZS_WHY_OPENED: everything did */
    char *reason; /* the same in a sentence with names, numbers and remedy; NULL: nothing to say */
    char *
        service_principal; /* from the clear part: always known when the AP-REQ was read; else NULL, or as a session secret has it */
    char *client_principal;
    enum zs_origin opened_by; /* ZS_ORIGIN_NONE: not opened */
    /* "service.keytab: zmq/h@R kvno 3 aes256-cts-hmac-sha1-96": which entry of its source opened the ticket … */
    char *keytab_entry;
    bool other_entry; /* … and it is not the one which the ticket names */
    bool has_kvno;
    uint32_t kvno; /* of the ticket */
    int32_t ticket_etype, session_etype, subkey_etype;
    enum zs_subkey_from subkey_from; /* the key that opens per-message tokens, by preference */
    bool mutual;                     /* AP-REP required */
    bool ticket_opened; /* its contents are known: from itself, or from the client's cache */
    bool authenticator_opened, ap_rep_opened;
    bool has_gss_flags;       /* the authenticator opened, or a session secret says them */
    uint32_t gss_flags;       /* of the authenticator's checksum 0x8003 (RFC 4121, 4.1.1) */
    bool channel_bindings;    /* Bnd is not zero */
    bool delegated;           /* GSS_C_DELEG_FLAG with a KRB-CRED */
    char *delegated_client;   /* whose credential that is, if it could be opened … */
    uint32_t delegated_flags; /* … its ticket flags … */
    int64_t delegated_end;    /* … and until when it is good; Unix time, 0: unknown */
    char *transited; /* realms on the way, as the ticket has them; NULL: none, or not opened */
    char *
        authorization; /* kinds of the ticket's authorization data, "PAC 142"; NULL likewise. Not judged. */
    struct zs_ticket_times times;
    uint32_t ticket_flags; /* RFC 4120, 5.3, bit 0 the highest */
    int64_t skew_ms;       /* authenticator's time minus packet's time */
    bool initiator_has_sequence, acceptor_has_sequence;
    uint64_t initiator_sequence, acceptor_sequence; /* the first that each side is to use */
    enum zs_verdict verdict;
};

struct zs_context;

/* Opens what can be opened: the ticket first, for it says most; where that stays closed, or the AP-REP does, a
 * session secret of this context may hold the messages' key all the same. ap_req and ap_rep are the Kerberos messages inside the context tokens (struct
 * zs_token.inner); ap_rep is empty where there is none. time_ns is the AP-REQ's packet time, Unix, UTC.
 * Never NULL: a context that did not open says why. Nothing is borrowed after the call. */
struct zs_context *zs_context_new(const struct zs_keyring *keys, struct zs_span ap_req,
                                  struct zs_span ap_rep, int64_t time_ns);
/* Of one that was just made: where it says that no AP-REP was seen it says that octets of the acceptor are missing, too. */
void zs_context_blame_loss(struct zs_context *c);
/* The context that a wrap token belongs to, where no AP-REQ says it: that whose session secret opens the token, which is
 * tried with one secret after the other: ZS_CONTEXT_TRIES at most of those that the user gave, then ZS_CONTEXT_TRIES_UNASKED
 * of those that came with the capture, for whoever made that might make work. NULL: none does. *by_acceptor: the acceptor
 * sent it. */
struct zs_context *zs_context_find(const struct zs_keyring *keys, struct zs_span token,
                                   bool *by_acceptor);
#define ZS_CONTEXT_TRIES         1024
#define ZS_CONTEXT_TRIES_UNASKED 16

const struct zs_context_facts *zs_context_facts(const struct zs_context *c);
void zs_context_free(struct zs_context *c); /* wipes; NULL is fine */

/* Can per-message tokens be opened at all? */
bool zs_context_usable(const struct zs_context *c);

/* An opened wrap token. */
struct zs_unwrapped {
    struct zs_span plain; /* in the caller's buffer or, if the token is not sealed, in the token */
    bool confidential;    /* sealed */
    bool sent_by_acceptor;
    bool acceptor_subkey; /* the token's flag */
    uint64_t sequence;
    uint16_t ec, rrc;
    enum zs_subkey_from key; /* which key opened it */
};

/* Does this MIC token hold over text, made by the acceptor or by the initiator (RFC 4121, 4.2.4 and 4.2.6.1; RFC 1964,
 * 1.2.1; RFC 4757, 7.2)? False: the key for it is not known, and *holds stays as it was. Derives its keys each time:
 * meant for the one of each side that SPNEGO sends. */
bool zs_context_check_mic(const struct zs_context *c, struct zs_span token, struct zs_span text,
                          bool by_acceptor, bool *holds);

/* Octets of buffer that zs_context_unwrap() wants for a token of n octets. */
size_t zs_unwrap_room(size_t n);

/* Opens one wrap token (RFC 4121, 4.2). Any token in any order: the context does not change, but two threads
 * must not use one context at once. *u is filled only on ZS_OK, and ZS_OK means that the checksum held.
 * buf has at least zs_unwrap_room(token.n) octets. Nothing is allocated. ZS_E_WRAP_*, ZS_E_CFX_HEADER. */
enum zs_rc zs_context_unwrap(const struct zs_context *c, struct zs_span token, uint8_t *buf,
                             size_t room, struct zs_unwrapped *u);

#endif
