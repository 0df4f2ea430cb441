/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef ZS_KRB_PROFILE_H
#define ZS_KRB_PROFILE_H

#include <krb5/krb5.h>

/* A libkrb5 context whose configuration is made here, so that no krb5.conf of the host forbids an enctype or
 * changes a name, and no name is ever looked up. krb5_free_context() it. */
krb5_error_code zs_krb5_context(krb5_context *out);

#endif
