/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef ZS_PROTO_ALLOW_H
#define ZS_PROTO_ALLOW_H

/* Which principals a server lets in. Each pattern is one of
 *     alice@EXAMPLE.ORG     this principal
 *     @EXAMPLE.ORG          everybody of this realm
 *     zmq/rack-*@EXAMPLE.ORG  * stands for any characters and ? for one, inside one component as in kadm5.acl:
 *                           neither crosses a / or the @
 * A \* or \? is the character. Other escapes are as krb5_unparse_name() writes them. */
#include <stdbool.h>

struct zs_allow; /* a list of patterns */

struct zs_allow *zs_allow_new(void);
/* False: not a pattern; *why says so, static storage. */
bool zs_allow_add(struct zs_allow *a, const char *pattern, const char **why);
/* Nobody is on an empty list. */
bool zs_allow_permits(const struct zs_allow *a, const char *principal);
void zs_allow_free(struct zs_allow *a); /* NULL is fine */

#endif
