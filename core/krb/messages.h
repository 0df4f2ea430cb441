/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef ZS_KRB_MESSAGES_H
#define ZS_KRB_MESSAGES_H

/* Kerberos messages of a context token, as far as they are in the clear (RFC 4120, 5.2 and 5.5), and the
 * plaintexts of their encrypted parts. All borrow from their input; strict DER; unknown trailing fields refused. */
#include "core/defect.h"
#include "core/wire/span.h"

struct zs_principal_name {
    int32_t type; /* NAME-TYPE */
    struct zs_span realm;
    struct zs_span names; /* the elements of name-string: GeneralStrings, DER */
};

/* As krb5_unparse_name() writes it, escapes included; g_free() it. */
char *zs_principal_format(const struct zs_principal_name *p);

struct zs_encrypted {
    int32_t enctype;
    bool has_kvno;
    uint32_t kvno;
    struct zs_span cipher;
};

/* A ticket by itself, as a credential cache holds it: whom it is for, and its sealed part. */
enum zs_rc zs_ticket_parse(struct zs_span in, struct zs_principal_name *service,
                           struct zs_encrypted *part);

struct zs_ap_req {
    bool use_session_key, mutual_required; /* ap-options */
    struct zs_principal_name service;      /* of the ticket */
    struct zs_encrypted ticket, authenticator;
};
enum zs_rc zs_ap_req_parse(struct zs_span in, struct zs_ap_req *r);

struct zs_ap_rep {
    struct zs_encrypted part;
};
enum zs_rc zs_ap_rep_parse(struct zs_span in, struct zs_ap_rep *r);

struct zs_krb_error {
    int32_t code;        /* RFC 4120, 7.5.9 */
    int64_t server_time; /* Unix time, seconds */
    uint32_t server_usec;
    struct zs_principal_name service;
    struct zs_span text; /* e-text, may be empty */
};
enum zs_rc zs_krb_error_parse(struct zs_span in, struct zs_krb_error *e);

#endif
