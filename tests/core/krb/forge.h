/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef ZS_TEST_FORGE_H
#define ZS_TEST_FORGE_H

/* Kerberos messages and per-message tokens as KDC, initiator and acceptor would have made them, under fixed
 * keys: no KDC is asked. Everything is encrypted by libkrb5 and encoded by a DER writer of its own, so that
 * neither side of a test is the code under test. */
#include "core/krb/context.h"
#include "core/wire/span.h"

#include <glib.h>
#include <krb5/krb5.h>

/* DER: an element whose contents are the given pieces, one behind the other, up to NULL. The pieces are
 * used up. */
GByteArray *der(int tag, ...) G_GNUC_NULL_TERMINATED;
GByteArray *der_octets(const void *p, size_t n); /* raw octets: no header */
GByteArray *der_int(int64_t v);                  /* INTEGER */
GByteArray *der_string(const char *text);        /* GeneralString */
GByteArray *der_time(int64_t unix_time);         /* KerberosTime */
GByteArray *der_bits(uint32_t flags);            /* KerberosFlags: BIT STRING of 32 bits */

static inline struct zs_span span_of(const GByteArray *a)
{
    return zs_span(a->data, a->len);
}

/* A key of this enctype that depends on seed alone. */
struct zs_key forge_key(int32_t enctype, uint8_t seed);

/* plain encrypted under key for usage (RFC 3961: confounder and checksum are libkrb5's). */
GByteArray *forge_encrypt(const struct zs_key *key, int usage, struct zs_span plain);
/* The mandatory checksum of key's enctype over data. */
GByteArray *forge_checksum(const struct zs_key *key, int usage, struct zs_span data);

#define FORGE_NAMES 4

struct forge_name {
    const char *realm;
    const char *names[FORGE_NAMES]; /* up to NULL */
};

/* A handshake. forge_init() makes one that every acceptor takes; a test changes what it is about. Spans and
 * strings are the test's. */
struct forge {
    struct forge_name service, client;
    bool has_kvno;
    int64_t kvno;         /* as it is encoded: Windows' read-only controllers send negative ones */
    int32_t ticket_etype; /* as the message says; service_key encrypts, whatever this is */
    struct zs_key service_key, session_key;
    struct zs_key ticket_key; /* what the ticket says the session key is; enctype 0: session_key */
    struct zs_key initiator_subkey, acceptor_subkey; /* enctype 0: none */
    int64_t auth, start, end, renew_till;            /* 0: absent (start, renew_till) */
    uint32_t ticket_flags, ap_options;
    struct zs_span transited; /* as encoded: RFC 4120, 3.3.3.2 */
    int64_t ctime;            /* of the authenticator, and repeated in the AP-REP */
    int64_t cusec;
    int32_t checksum_type; /* of the authenticator; 0: none */
    uint32_t gss_flags;
    uint8_t bindings[16];
    struct zs_span delegation; /* KRB-CRED; put there if gss_flags has GSS_C_DELEG_FLAG */
    bool initiator_has_sequence, acceptor_has_sequence;
    int64_t initiator_sequence, acceptor_sequence; /* as they are encoded */
    bool no_ap_rep;                                /* forge_observe() sees none */
    /* If p is not NULL: what is encrypted instead of the part as made from the fields above. */
    struct zs_span ticket_part, authenticator_part, ap_rep_part;
};

#define FORGE_NOW INT64_C(1750000000) /* a time at which forge_init()'s handshake is good */

void forge_init(struct forge *f, int32_t enctype);
GByteArray *forge_ap_req(const struct forge *f);
GByteArray *forge_ap_rep(const struct forge *f);
GByteArray *forge_ticket(const struct forge *f); /* the one in the AP-REQ */
/* The plaintexts of their encrypted parts. */
GByteArray *forge_ticket_part(const struct forge *f);
GByteArray *forge_authenticator_part(const struct forge *f);
GByteArray *forge_ap_rep_part(const struct forge *f);
/* The acceptor's refusal, KRB_AP_ERR_SKEW. */
GByteArray *forge_krb_error(const struct forge *f);

/* One wrap token of RFC 4121, 4.2.6.2. */
struct forge_wrap {
    struct zs_key key;
    uint8_t flags;
    uint16_t ec,
        rrc; /* ec: octets of filler of a sealed token; an integrity-only one has its checksum's length */
    uint64_t sequence;
    struct zs_span text;
    bool other_header; /* inside stands inner_header and not the copy of the outer one */
    uint8_t inner_header[16];
};
GByteArray *forge_wrap(const struct forge_wrap *w);

/* One per-message token of RFC 1964 with des3-cbc-sha1, or of RFC 4757 with arcfour-hmac. forge_old_init() makes one
 * that every peer takes; a test changes what it is about. The header is signed as it then is. */
struct forge_old {
    struct zs_key key; /* its enctype says which of the two */
    bool sealed; /* the text is enciphered, whatever SEAL_ALG says; not asked of a MIC token */
    uint16_t sign_alg, seal_alg, filler; /* as they stand on the wire, read big-endian */
    uint32_t sequence;
    uint8_t direction[4]; /* 00 from the initiator, FF from the acceptor */
    uint8_t confounder[8];
    struct zs_span text;
    struct zs_span padding; /* stands behind the text; DES3 leaves open what is no whole block */
    bool other_header;      /* signed is signed_header, and not what stands before it */
    uint8_t signed_header[8];
    size_t cut,
        zeros; /* octets left off at the end, then zeros put there; the framing fits all the same */
};
void forge_old_init(struct forge_old *w, const struct zs_key *key, bool by_acceptor, bool sealed,
                    struct zs_span text);
GByteArray *forge_old_wrap(const struct forge_old *w);
GByteArray *forge_old_mic(const struct forge_old *w); /* over text; seal_alg and filler are FF */

/* An entry of a keytab file. */
struct forge_entry {
    struct forge_name name;
    uint32_t kvno;
    bool short_kvno; /* written with its lowest 8 bits alone, as old keytabs are */
    struct zs_key key;
};
/* Writes a keytab of n entries into a new temporary file. Its path; forge_remove() it. */
char *forge_keytab(const struct forge_entry *entries, size_t n);
void forge_remove(char *path);

/* A keyring of n entries; zs_keyring_free() it. */
struct zs_keyring *forge_keyring(const struct forge_entry *entries, size_t n);
/* What an observer makes of f who has its service's key and sees both messages at FORGE_NOW. */
struct zs_context *forge_observe(const struct forge *f);
/* The same with this key in the keytab's entry for it. */
struct zs_context *forge_observe_with(const struct forge *f, const struct zs_key *key);

/* c unwraps a token that ends where memory ends, into a buffer of exactly the room that is asked for. What does not
 * open leaves *u as it was; what opens holds want, and a stray write is as fatal as a stray read. u->plain is not to be read
 * afterwards. */
enum zs_rc forge_unwrap(const struct zs_context *c, struct zs_span token, struct zs_span want,
                        struct zs_unwrapped *u);

#endif
