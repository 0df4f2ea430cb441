/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef ZS_KRB_INIT_H
#define ZS_KRB_INIT_H

/* Makes libgcrypt ready. Programs of ours call it first thing; the plugin does not, for Wireshark has done
 * so. Calling it where somebody did already changes nothing. */
void zs_krb_init(void);

#endif
