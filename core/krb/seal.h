/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef ZS_KRB_SEAL_H
#define ZS_KRB_SEAL_H

/* One key for one usage (RFC 3961, 5.3: Ke, Ki, Kc), with libgcrypt's handles made once. */
#include "core/krb/mac.h"

struct zs_seal;

/* NULL where base's enctype is none of the table's, its length does not fit, or libgcrypt refuses. */
struct zs_seal *zs_seal_new(const struct zs_key *base, uint32_t usage);
void zs_seal_free(struct zs_seal *s); /* wipes; NULL is fine */

size_t zs_seal_confounder(const struct zs_seal *s); /* octets before the text in what was opened */
size_t zs_seal_tag(const struct zs_seal *s);        /* octets of checksum behind the ciphertext */

/* Decrypts sealed (ciphertext, then checksum) to out, which may be sealed.p itself and gets
 * sealed.n - zs_seal_tag() octets: confounder, then text. True only if the checksum held; out is otherwise
 * wiped. Nothing is allocated. */
bool zs_seal_open(struct zs_seal *s, struct zs_span sealed, uint8_t *out);

/* The same in two halves, between which the caller answers *check; out has sealed.n octets and is not sealed.p.
 * False: there is nothing to be asked, and zs_seal_open() would be false. */
bool zs_seal_begin(struct zs_seal *s, struct zs_span sealed, uint8_t *out,
                   struct zs_mac_check *check);
bool zs_seal_end(struct zs_seal *s, struct zs_span sealed, uint8_t *out, bool holds);

/* The other way: n octets at text, confounder and then text, become ciphertext and the checksum behind it, n +
 * zs_seal_tag() octets in all. n is at least the confounder's. False: libgcrypt refused. Nothing is allocated. */
bool zs_seal_close(struct zs_seal *s, uint8_t *text, size_t n);

/* tag gets the checksum (Kc) of a followed by b, zs_seal_tag() octets. False: libgcrypt refused. The first call of this
 * or the next one allocates. */
bool zs_seal_sign(struct zs_seal *s, struct zs_span a, struct zs_span b, uint8_t *tag);
/* Does tag hold the checksum (Kc) of a followed by b? */
bool zs_seal_check(struct zs_seal *s, struct zs_span a, struct zs_span b, struct zs_span tag);

#endif
