/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef ZS_KRB_PARTS_H
#define ZS_KRB_PARTS_H

/* The plaintexts of the encrypted parts, inside core/krb only. They borrow from their input. Octets behind the
 * outermost element are padding of the older enctypes and are let be. */
#include "core/krb/context.h"
#include "core/krb/messages.h"

struct zs_key_part { /* RFC 4120, 5.2.9: EncryptionKey */
    int32_t enctype;
    struct zs_span octets; /* empty: absent */
};

struct zs_ticket_part { /* 5.3: EncTicketPart */
    uint32_t flags;
    struct zs_key_part key;
    struct zs_principal_name client;
    struct zs_span transited; /* realms, as domain-X500-compress writes them (3.3.3.2) */
    struct zs_ticket_times times;
    struct zs_span authorization; /* AuthorizationData, DER; empty: none */
};
enum zs_rc zs_ticket_part_parse(struct zs_span in, struct zs_ticket_part *t);

struct zs_authenticator { /* 5.5.1 */
    struct zs_principal_name client;
    int32_t checksum_type; /* 0: none */
    struct zs_span checksum;
    int64_t time_us; /* ctime and cusec, Unix, microseconds */
    struct zs_key_part subkey;
    bool has_sequence;
    uint32_t sequence;
};
enum zs_rc zs_authenticator_parse(struct zs_span in, struct zs_authenticator *a);

struct zs_ap_rep_part { /* 5.5.2: EncAPRepPart */
    int64_t time_us;
    struct zs_key_part subkey;
    bool has_sequence;
    uint32_t sequence;
};
enum zs_rc zs_ap_rep_part_parse(struct zs_span in, struct zs_ap_rep_part *r);

/* The next kind of authorization data (RFC 4120, 5.2.6) of *data, which is moved on; what stands inside
 * AD-IF-RELEVANT counts by itself. 0: nothing is left, or it is not DER. */
int32_t zs_authorization_next(struct zs_span *data);

/* What a forwarded credential is for (5.8.1): the first ticket of a KRB-CRED. */
struct zs_cred {
    struct zs_encrypted part;
};
enum zs_rc zs_cred_parse(struct zs_span in, struct zs_cred *c);
struct zs_cred_part { /* 5.8.1: EncKrbCredPart, its first KrbCredInfo */
    bool has_client, has_service;
    struct zs_principal_name client, service;
    uint32_t flags;
    struct zs_ticket_times times;
};
enum zs_rc zs_cred_part_parse(struct zs_span in, struct zs_cred_part *c);

#define ZS_CHECKSUM_GSS 0x8003 /* RFC 4121, 4.1.1 */
struct zs_gss_checksum {
    bool channel_bindings; /* Bnd is not all zeros */
    uint32_t flags;
    struct zs_span delegated; /* the KRB-CRED, or empty */
};
enum zs_rc zs_gss_checksum_parse(struct zs_span in, struct zs_gss_checksum *c);

#endif
