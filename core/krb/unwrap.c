/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Per-message tokens under a context's keys: which key a token asks for (RFC 4121, 2 and 4.2.2), and whether it
 * holds. */
#include "core/krb/acceptor.h"

size_t zs_unwrap_room(size_t n)
{
    return n;
}

/* The key that the token's flag asks for. An acceptor subkey that the capture lost is the initiator's where the
 * acceptor copied it, as MIT's and Heimdal's do in an RC4 or DES3 session; the checksum tells. */
static enum zs_subkey_from key_for(const struct zs_context *c, uint8_t flags)
{
    if (flags & ZS_CFX_ACCEPTOR_SUBKEY && c->key[ZS_SUBKEY_ACCEPTOR].enctype)
        return ZS_SUBKEY_ACCEPTOR;
    return c->key[ZS_SUBKEY_INITIATOR].enctype ? ZS_SUBKEY_INITIATOR : ZS_SUBKEY_SESSION;
}

static struct zs_seal *seal_for(const struct zs_context *c, enum zs_subkey_from which,
                                bool acceptor)
{
    /* The only thing that changes in a context, and nobody can tell: handles are made on first use. */
    struct zs_seal **seal = &((struct zs_context *)c)->seal[which][acceptor];

    if (!*seal)
        *seal = zs_seal_new(&c->key[which],
                            acceptor ? ZS_USAGE_ACCEPTOR_SEAL : ZS_USAGE_INITIATOR_SEAL);
    return *seal;
}

enum zs_rc zs_opening_begin(struct zs_opening *o, const struct zs_context *c, struct zs_span token,
                            size_t room)
{
    enum zs_rc rc = zs_cfx_parse(token, &o->cfx);

    if (rc != ZS_OK)
        return rc;
    o->which = key_for(c, o->cfx.flags);
    o->seal = seal_for(c, o->which, o->cfx.flags & ZS_CFX_SENT_BY_ACCEPTOR);
    if (!o->seal)
        return ZS_E_WRAP_CHECKSUM;
    return room < o->cfx.payload.n ? ZS_E_WRAP_SHORT : ZS_OK;
}

void zs_opening_end(const struct zs_opening *o, struct zs_span plain, struct zs_unwrapped *u)
{
    *u = (struct zs_unwrapped){
        .plain = plain,
        .confidential = o->cfx.flags & ZS_CFX_SEALED,
        .sent_by_acceptor = o->cfx.flags & ZS_CFX_SENT_BY_ACCEPTOR,
        .acceptor_subkey = o->cfx.flags & ZS_CFX_ACCEPTOR_SUBKEY,
        .sequence = o->cfx.sequence,
        .ec = o->cfx.ec,
        .rrc = o->cfx.rrc,
        .key = o->which,
    };
}

static enum zs_rc unwrap_cfx(const struct zs_context *c, struct zs_span token, uint8_t *buf,
                             size_t room, struct zs_unwrapped *u)
{
    struct zs_opening o;
    struct zs_span plain;

    enum zs_rc rc = zs_opening_begin(&o, c, token, room);
    if (rc == ZS_OK)
        rc = zs_cfx_open(o.seal, &o.cfx, buf, &plain);
    if (rc == ZS_OK)
        zs_opening_end(&o, plain, u);
    return rc;
}

/* Old tokens carry no flag for it, and the acceptor's subkey is the one to use if there is any. */
static enum zs_rc unwrap_old(const struct zs_context *c, const struct zs_token *t, uint8_t *buf,
                             size_t room, struct zs_unwrapped *u)
{
    enum zs_subkey_from which = key_for(c, ZS_CFX_ACCEPTOR_SUBKEY);
    struct zs_old_seal **seal = &((struct zs_context *)c)->old[which];
    struct zs_old_opened o;

    if (!*seal)
        *seal = zs_old_seal_new(&c->key[which]);
    if (!*seal)
        return ZS_E_CFX_HEADER; /* the key is one of RFC 4121's */
    if (room < t->inner.n)
        return ZS_E_WRAP_SHORT;
    enum zs_rc rc = zs_old_open(*seal, t, buf, &o);
    if (rc != ZS_OK)
        return rc;
    *u = (struct zs_unwrapped){
        .plain = o.plain,
        .confidential = o.confidential,
        .sent_by_acceptor = o.sent_by_acceptor,
        .acceptor_subkey = which == ZS_SUBKEY_ACCEPTOR,
        .sequence = o.sequence,
        .key = which,
    };
    return ZS_OK;
}

enum zs_rc zs_context_unwrap(const struct zs_context *c, struct zs_span token, uint8_t *buf,
                             size_t room, struct zs_unwrapped *u)
{
    struct zs_token t;

    /* RFC 4121's begin with 05 04: asked first, for they are the many. */
    if (token.n && token.p[0] != 0x05 && zs_token_parse(token, &t) == ZS_OK &&
        t.kind == ZS_TOKEN_WRAP_OLD)
        return unwrap_old(c, &t, buf, room, u);
    return unwrap_cfx(c, token, buf, room, u);
}

/* Is it known which key this is, or would it be a guess? */
static bool knows_key(const struct zs_context *c, bool acceptor_subkey, enum zs_subkey_from which)
{
    const struct zs_context_facts *f = &c->facts;
    bool lost = f->mutual && !f->ap_rep_opened && !c->by_secret;

    return zs_can_open(c->key[which].enctype) &&
           !(acceptor_subkey && lost && which != ZS_SUBKEY_ACCEPTOR);
}

static bool check_old_mic(const struct zs_context *c, const struct zs_token *t, struct zs_span text,
                          bool by_acceptor, bool *holds)
{
    enum zs_subkey_from which = key_for(c, ZS_CFX_ACCEPTOR_SUBKEY);

    if (!knows_key(c, true, which))
        return false;
    struct zs_old_seal *seal = zs_old_seal_new(&c->key[which]);
    *holds = seal && zs_old_mic_holds(seal, t, text, by_acceptor);
    zs_old_seal_free(seal);
    return true;
}

bool zs_context_check_mic(const struct zs_context *c, struct zs_span token, struct zs_span text,
                          bool by_acceptor, bool *holds)
{
    struct zs_mic m = {0};
    struct zs_token t;

    if (zs_token_parse(token, &t) == ZS_OK && t.kind == ZS_TOKEN_MIC_OLD)
        return check_old_mic(c, &t, text, by_acceptor, holds);
    bool readable = zs_mic_parse(token, &m) == ZS_OK;
    enum zs_subkey_from which = key_for(c, m.flags);
    if (!knows_key(c, m.flags & ZS_CFX_ACCEPTOR_SUBKEY, which))
        return false;
    struct zs_seal *seal =
        zs_seal_new(&c->key[which], by_acceptor ? ZS_USAGE_ACCEPTOR_SIGN : ZS_USAGE_INITIATOR_SIGN);
    bool sender_fits = !(m.flags & ZS_CFX_SENT_BY_ACCEPTOR) != by_acceptor;
    *holds = readable && sender_fits && seal && zs_cfx_mic_holds(seal, &m, text);
    zs_seal_free(seal);
    return true;
}
