/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Credentials: who says who they are. PLAIN's user name, with a way to the password; GSSAPI's client principal, where
 * the ticket opened.
 *
 * Limits: NULL and CURVE name nobody. */
#include "plugin/tools.h"

#include "plugin/fields.h"

#include <epan/tap.h>

/* Wireshark's ui/tap-credentials.h, which no release ships: what the tap "credentials" is given. */
struct credential {
    guint num;            /* the packet */
    guint username_num;   /* the one with the user name */
    guint password_hf_id; /* the field of the password; 0: none */
    gchar *username;
    const gchar *proto;
    gchar *info;
};

static int tap_credentials = -1;

static void queue(const struct zs_shown *s, struct credential c)
{
    c.num = c.username_num = s->pinfo->num;
    tap_queue_packet(tap_credentials, s->pinfo, wmem_memdup(s->pinfo->pool, &c, sizeof c));
}

static void queue_plain(const struct zs_shown *s, const struct zs_reading *r)
{
    struct zs_plain_hello hello;

    if (zs_plain_hello_parse(r->content.body, &hello) != ZS_OK ||
        !zs_tap_wanted(tap_credentials, s))
        return;
    queue(s, (struct credential){
                 .proto = "ZMTP PLAIN",
                 .username = zs_label_short(s->pinfo->pool, hello.username),
                 .password_hf_id = (guint)zs_hf.password,
             });
}

static void queue_gssapi(const struct zs_shown *s)
{
    const struct zs_context_facts *f = s->pdu->context ? zs_context_facts(s->pdu->context) : NULL;

    if (!f || !f->client_principal || !zs_tap_wanted(tap_credentials, s))
        return;
    queue(s, (struct credential){
                 .proto = "ZMTP GSSAPI",
                 .username = zs_label_text(s->pinfo->pool, f->client_principal),
                 .info = wmem_strdup_printf(s->pinfo->pool, "for %s",
                                            zs_label_text(s->pinfo->pool, f->service_principal)),
             });
}

void zs_credentials_queue(const struct zs_shown *s, const struct zs_reading *r)
{
    if (r->mech.kind == ZS_TOKEN_AP_REQ)
        queue_gssapi(s);
    else if (r->mechanism == ZS_MECHANISM_PLAIN && r->kind == ZS_READ_COMMAND &&
             r->content.id == ZS_CMD_HELLO)
        queue_plain(s, r);
}

void zs_credentials_register(void)
{
    tap_credentials = register_tap("credentials");
}
