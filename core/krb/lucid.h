/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef ZS_KRB_LUCID_H
#define ZS_KRB_LUCID_H

/* The keys of a live context, taken over from GSS-API; a library of its own, for whoever links that. */
#include "core/krb/channel.h"

#include <gssapi/gssapi.h>

/* The enctype of the key that a context's messages are protected with; 0: not Kerberos, or not told. */
int32_t zs_live_enctype(gss_ctx_id_t context);

/* Makes a channel of an established context of libgssapi_krb5, which is gone then and *context GSS_C_NO_CONTEXT. NULL:
 * its tokens are not RFC 4121's, and the context is as it was; or the keys could not be had, and it is gone. */
struct zs_channel *zs_channel_take(gss_ctx_id_t *context);

#endif
