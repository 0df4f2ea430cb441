/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One end of an established context: RFC 4121, 4.2.
 *
 * Limits: wrap tokens of RFC 4121 alone. The time at which the ticket ends is the caller's to heed. */
#include "core/krb/channel.h"

#include "core/krb/cfx.h"
#include "core/krb/vault.h"

struct zs_channel {
    struct zs_seal *send_seal, *receive_seal;
    uint64_t send, receive;
    bool initiator, acceptor_subkey;
};

bool zs_channel_enctype(int32_t enctype)
{
    return zs_enctype_of(enctype) != NULL;
}

struct zs_channel *zs_channel_new(const struct zs_channel_keys *k)
{
    uint32_t mine = k->initiator ? ZS_USAGE_INITIATOR_SEAL : ZS_USAGE_ACCEPTOR_SEAL;
    uint32_t theirs = k->initiator ? ZS_USAGE_ACCEPTOR_SEAL : ZS_USAGE_INITIATOR_SEAL;
    struct zs_channel *c = zs_vault_new(sizeof *c);

    *c = (struct zs_channel){
        .send_seal = zs_seal_new(&k->key, mine),
        .receive_seal = zs_seal_new(&k->key, theirs),
        .send = k->send,
        .receive = k->receive,
        .initiator = k->initiator,
        .acceptor_subkey = k->acceptor_subkey,
    };
    if (c->send_seal && c->receive_seal)
        return c;
    zs_channel_free(c);
    return NULL;
}

void zs_channel_free(struct zs_channel *c)
{
    if (!c)
        return;
    zs_seal_free(c->send_seal);
    zs_seal_free(c->receive_seal);
    zs_vault_free(c);
}

bool zs_channel_wrap(struct zs_channel *c, bool confidential, struct zs_span a, struct zs_span b,
                     struct zs_buf *out)
{
    struct zs_cfx cfx = {.sequence = c->send};

    cfx.flags |= c->initiator ? 0 : ZS_CFX_SENT_BY_ACCEPTOR;
    cfx.flags |= confidential ? ZS_CFX_SEALED : 0;
    cfx.flags |= c->acceptor_subkey ? ZS_CFX_ACCEPTOR_SUBKEY : 0;
    if (!zs_cfx_seal(c->send_seal, &cfx, a, b, out))
        return false;
    c->send++;
    return true;
}

enum zs_rc zs_channel_unwrap(struct zs_channel *c, struct zs_span token, uint8_t *buf,
                             struct zs_unwrapped *u)
{
    struct zs_span plain;
    struct zs_cfx cfx;

    enum zs_rc rc = zs_cfx_parse(token, &cfx);
    if (rc != ZS_OK)
        return rc;
    /* 4.2.2: a token of our own, reflected, would open under the other direction's key alone; said by its bit. */
    bool by_acceptor = cfx.flags & ZS_CFX_SENT_BY_ACCEPTOR;
    if (by_acceptor != c->initiator)
        return ZS_E_WRAP_DIRECTION;
    /* 2: the flag names the key; this end has one. */
    bool by_subkey = cfx.flags & ZS_CFX_ACCEPTOR_SUBKEY;
    if (by_subkey != c->acceptor_subkey)
        return ZS_E_WRAP_SUBKEY;
    rc = zs_cfx_open(c->receive_seal, &cfx, buf, &plain);
    if (rc != ZS_OK)
        return rc;
    /* Asked of what is authentic alone: a number that anybody could have written says nothing. */
    if (cfx.sequence != c->receive)
        return cfx.sequence - c->receive <= UINT64_MAX / 2 ? ZS_E_WRAP_GAP : ZS_E_WRAP_DUPLICATE;
    c->receive++;
    *u = (struct zs_unwrapped){
        .plain = plain,
        .confidential = cfx.flags & ZS_CFX_SEALED,
        .sent_by_acceptor = by_acceptor,
        .acceptor_subkey = by_subkey,
        .sequence = cfx.sequence,
        .ec = cfx.ec,
        .rrc = cfx.rrc,
        .key = by_subkey ? ZS_SUBKEY_ACCEPTOR : ZS_SUBKEY_INITIATOR,
    };
    return ZS_OK;
}
