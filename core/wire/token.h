/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef ZS_WIRE_TOKEN_H
#define ZS_WIRE_TOKEN_H

/* GSS-API tokens as they stand in ZMTP's commands: the framing of a context token (RFC 2743, 3.1;
 * RFC 4121, 4.1), the header of a per-message token (RFC 4121, 4.2.6), and libzmq's length before either. */
#include "core/defect.h"
#include "core/wire/command.h"

enum zs_mech {
    ZS_MECH_UNKNOWN,
    ZS_MECH_KRB5,
    ZS_MECH_KRB5_MS,  /* Microsoft's OID for it */
    ZS_MECH_KRB5_U2U, /* user-to-user */
    ZS_MECH_SPNEGO,
    ZS_MECH_IAKERB,
    ZS_MECH_NTLMSSP,
    ZS_MECH_COUNT
};

enum zs_token_kind {
    ZS_TOKEN_UNKNOWN,
    ZS_TOKEN_AP_REQ,        /* 01 00 */
    ZS_TOKEN_AP_REP,        /* 02 00 */
    ZS_TOKEN_KRB_ERROR,     /* 03 00 */
    ZS_TOKEN_NEG_INIT,      /* SPNEGO NegTokenInit, RFC 4178, 4.2.1 */
    ZS_TOKEN_NEG_INIT_HINT, /* MS-SPNG NegTokenInit2 that only carries a hint; libzmq: failure F2 */
    ZS_TOKEN_NEG_RESP,      /* SPNEGO NegTokenResp, 4.2.2 */
    ZS_TOKEN_NTLMSSP,       /* "NTLMSSP\0", framed or bare */
    ZS_TOKEN_WRAP,          /* 05 04 */
    ZS_TOKEN_MIC,           /* 04 04 */
    ZS_TOKEN_WRAP_OLD,      /* RFC 1964, RFC 4757: framed, 02 01 */
    ZS_TOKEN_MIC_OLD,       /* 01 01 */
    ZS_TOKEN_COUNT
};

/* What a token is. Of SPNEGO, mech_token is the inner token (mechToken or responseToken), if there is one. */
struct zs_token {
    enum zs_mech mech;
    enum zs_token_kind kind;
    struct zs_span oid;   /* the mechanism's OID, contents octets; empty without GSS framing */
    struct zs_span inner; /* behind OID and token id: of an AP-REQ the KRB-AP-REQ message */
    struct zs_span mech_token;
    struct zs_span mech_types; /* of a NegTokenInit: the MechTypeList, which a MIC is over */
    struct zs_span mic; /* SPNEGO: the mechListMIC, which used up a sequence number of its sender */
    struct zs_span whole; /* the token itself */
};

/* Recognises a token by its framing. ZS_E_TOKEN_FRAMING: nothing known begins like this.
 * ZS_E_DER: it begins with a known framing that is damaged. */
enum zs_rc zs_token_parse(struct zs_span in, struct zs_token *t);

const char *zs_mech_name(
    enum zs_mech m); /* "krb5", "krb5-ms", "krb5-u2u", "spnego", "iakerb", "ntlmssp", "unknown" */
const char *zs_token_kind_name(
    enum zs_token_kind
        k); /* "AP-REQ", "AP-REP", "KRB-ERROR", "NegTokenInit", "NegTokenInit-hint", … */

/* The token in the body of a GSSAPI command (HELLO, WELCOME, INITIATE, MESSAGE). libzmq's form has four octets
 * of length before it, which must fit exactly: ZS_E_TOKEN_LENGTH. A reader accepts either in either form: the
 * length is there if it equals what follows it, else if no token begins the body it is ZS_E_TOKEN_LENGTH. */
enum zs_rc zs_token_of_command(const struct zs_command *c, struct zs_span *token);

/* RFC 4121, 4.2.6.2: the header of a wrap token. */
enum {
    ZS_CFX_SENT_BY_ACCEPTOR = 0x01,
    ZS_CFX_SEALED = 0x02,
    ZS_CFX_ACCEPTOR_SUBKEY = 0x04,
};
#define ZS_CFX_HEADER 16

struct zs_cfx {
    uint8_t flags;
    uint16_t ec;  /* extra count, octets */
    uint16_t rrc; /* right rotation count, octets */
    uint64_t sequence;
    struct zs_span header;  /* the 16 octets */
    struct zs_span payload; /* what follows them */
};

/* The header of a per-message token 05 04. ZS_E_WRAP_SHORT, ZS_E_CFX_HEADER (token id, or a filler that is not FF). */
enum zs_rc zs_cfx_parse(struct zs_span token, struct zs_cfx *c);

/* RFC 4121, 4.2.6.1: a MIC token. */
struct zs_mic {
    uint8_t flags; /* as of a wrap token */
    uint64_t sequence;
    struct zs_span header;   /* 16 octets */
    struct zs_span checksum; /* what follows them */
};

/* The header of a MIC token 04 04. ZS_E_WRAP_SHORT, ZS_E_CFX_HEADER (token id, or a filler that is not FF). */
enum zs_rc zs_mic_parse(struct zs_span token, struct zs_mic *m);

/* The flags octet before what a wrap token of ZMTP holds; docs/protocol.md, 6. */
enum {
    ZS_INNER_MORE = 0x01,
    ZS_INNER_COMMAND = 0x02,
    ZS_INNER_SUBSCRIBE = 0x04, /* libzmq's master branch since July 2026 */
    ZS_INNER_CANCEL = 0x08,
    ZS_INNER_KNOWN = 0x0f,
};

/* Writes the token of a command between begin and end, in the form's way: libzmq puts a length before it. end wants
 * begin's answer. */
size_t zs_token_begin(struct zs_buf *b, enum zs_form form);
void zs_token_end(struct zs_buf *b, enum zs_form form, size_t begun);

/* The 16 octets of a wrap token's header; header and payload of c do not count. */
void zs_cfx_write(struct zs_buf *b, const struct zs_cfx *c);

#endif
