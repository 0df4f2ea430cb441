/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef ZS_TESTS_FUZZ_KRB_H
#define ZS_TESTS_FUZZ_KRB_H

/* What the targets of core/krb share. The first octet of an input says what the others are: a message as the wire
 * has it, or the plaintext of an encrypted part, which a fuzzer without the keys could never reach. */
#include "core/krb/context.h"
#include "core/krb/init.h"
#include "tests/core/krb/forge.h"
#include "tests/fuzz/fuzz.h"

enum fuzz_krb {
    FUZZ_MESSAGE,       /* AP-REQ, AP-REP or wrap token */
    FUZZ_TICKET,        /* EncTicketPart */
    FUZZ_AUTHENTICATOR, /* its plaintext */
    FUZZ_AP_REP_PART,   /* EncAPRepPart */
    FUZZ_CHECKSUM,      /* the authenticator's, of type 0x8003 */
    FUZZ_KRB_ERROR,
    FUZZ_SEALED,  /* header of a wrap token, then the text and filler that are sealed with it */
    FUZZ_STRANGE, /* the same, and what is sealed has the inner header from the fuzzer, too; of an old one the header */
    FUZZ_UNSEALED, /* header of a wrap token, then its text */
};

/* The one service that has a key here: forge_init()'s, of AES256. Kept from call to call. */
static inline const struct zs_keyring *fuzz_keyring(void)
{
    static struct zs_keyring *keyring;

    if (!keyring) {
        struct forge f;
        zs_krb_init();
        forge_init(&f, 18);
        struct forge_entry entry = {f.service, (uint32_t)f.kvno, false, f.service_key};
        keyring = forge_keyring(&entry, 1);
    }
    return keyring;
}

/* What holds of every context, whatever it was made from. */
static inline void fuzz_context(const struct zs_context *c)
{
    const struct zs_context_facts *f = zs_context_facts(c);
    static const uint8_t token[64] = {0x05, 0x04, 0x06, 0xff};
    struct zs_unwrapped u;
    uint8_t buf[64];

    FUZZ_CHECK(zs_why_code(f->why) && zs_verdict_name(f->verdict));
    FUZZ_CHECK((f->reason != NULL) == (f->why != ZS_WHY_OPENED || f->other_entry));
    FUZZ_CHECK(f->ticket_opened ? f->client_principal && f->keytab_entry : !zs_context_usable(c));
    FUZZ_CHECK(f->ticket_opened || (!f->authenticator_opened && !f->ap_rep_opened));
    FUZZ_CHECK(f->why == ZS_WHY_MALFORMED || f->service_principal);
    FUZZ_CHECK(zs_context_unwrap(c, zs_span(token, sizeof token), buf, sizeof buf, &u) != ZS_OK);
}

/* Opens token; into *plain, which is g_malloc'd, where it opens, else NULL. u->plain points nowhere afterwards. */
static inline enum zs_rc fuzz_unwrap(const struct zs_context *c, struct zs_span token,
                                     struct zs_unwrapped *u, uint8_t **plain)
{
    size_t room = zs_unwrap_room(token.n);
    uint8_t *buf = g_malloc(room);
    enum zs_rc rc = zs_context_unwrap(c, token, buf, room, u);

    *plain = NULL;
    if (rc == ZS_OK) {
        FUZZ_CHECK(fuzz_inside(zs_span(buf, room), u->plain) || fuzz_inside(token, u->plain));
        *plain = g_memdup2(u->plain.p, u->plain.n);
    }
    g_free(buf);
    return rc;
}

#endif
