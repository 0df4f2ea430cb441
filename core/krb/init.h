/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef ZS_KRB_INIT_H
#define ZS_KRB_INIT_H

/* Makes libgcrypt ready, so that the handles which core/krb opens as secure ones lie in the vault. Programs of ours
 * call it first thing. The plugin does not, for Wireshark has made libgcrypt ready, without secure memory: there
 * the handles of ciphers lie in ordinary memory, and all other key material in the vault as everywhere. Calling it
 * where somebody did already changes nothing. */
void zs_krb_init(void);

#endif
