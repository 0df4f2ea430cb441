/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Keys out of libgssapi_krb5: its "lucid" form of a context. */
#include "core/krb/lucid.h"

#include <gssapi/gssapi_ext.h>
#include <gssapi/gssapi_krb5.h>
#include <string.h>

enum { PROTOCOL_CFX = 1, ELEMENTS = 2 };

/* MIT answers with the key's octets and then an OID of a family whose last arc is the enctype. */
int32_t zs_live_enctype(gss_ctx_id_t context)
{
    gss_buffer_set_t set = GSS_C_NO_BUFFER_SET;
    int32_t enctype = 0;
    OM_uint32 minor;

    if (GSS_ERROR(
            gss_inquire_sec_context_by_oid(&minor, context, GSS_C_INQ_SSPI_SESSION_KEY, &set)))
        return 0;
    if (set->count == ELEMENTS && set->elements[1].length)
        enctype = ((const uint8_t *)set->elements[1].value)[set->elements[1].length - 1];
    if (set->count)
        explicit_bzero(set->elements[0].value, set->elements[0].length);
    gss_release_buffer_set(&minor, &set);
    return enctype;
}

static struct zs_channel *channel_of(const gss_krb5_lucid_context_v1_t *l)
{
    const gss_krb5_cfx_keydata_t *cfx = &l->cfx_kd;
    const gss_krb5_lucid_key_t *key =
        cfx->have_acceptor_subkey ? &cfx->acceptor_subkey : &cfx->ctx_key;
    struct zs_channel_keys k = {
        .initiator = l->initiate != 0,
        .acceptor_subkey = cfx->have_acceptor_subkey != 0,
        .send = l->send_seq,
        .receive = l->recv_seq,
    };

    if (l->protocol != PROTOCOL_CFX ||
        !zs_key_set(&k.key, (int32_t)key->type, key->data, key->length))
        return NULL;
    struct zs_channel *c = zs_channel_new(&k);
    zs_key_clear(&k.key);
    return c;
}

struct zs_channel *zs_channel_take(gss_ctx_id_t *context)
{
    struct zs_channel *c = NULL;
    void *lucid = NULL;
    OM_uint32 minor;

    if (!zs_channel_enctype(zs_live_enctype(*context)))
        return NULL;
    if (GSS_ERROR(gss_krb5_export_lucid_sec_context(&minor, context, 1, &lucid)))
        return NULL;
    c = channel_of(lucid);
    gss_krb5_free_lucid_sec_context(&minor, lucid);
    zs_key_wipe_stack();
    return c;
}
