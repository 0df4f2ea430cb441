/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Credential caches through libkrb5: the client's side of a context. Its session key is the ticket's, and the ticket
 * stays sealed; an AP-REQ shows the same sealed octets, and that is how the credential is found.
 *
 * Limits: files alone (no DIR:, KEYRING: or KCM: caches). A ticket-granting ticket opens no context and is left out. */
#include "core/krb/messages.h"
#include "core/krb/ring.h"
#include "core/krb/vault.h"

#include <errno.h>
#include <string.h>

void zs_credential_free(void *credential)
{
    struct zs_credential *c = credential;

    g_free(c->client);
    g_free(c->service);
    g_free(c->source);
    g_bytes_unref(c->cipher);
    zs_vault_free(c);
}

const struct zs_credential *zs_keyring_credential(const struct zs_keyring *r, struct zs_span cipher)
{
    for (guint i = 0; i < r->credentials->len; i++) {
        const struct zs_credential *c = r->credentials->pdata[i];
        gsize n;
        const void *p = g_bytes_get_data(c->cipher, &n);
        if (n == cipher.n && n && memcmp(p, cipher.p, n) == 0)
            return c;
    }
    return NULL;
}

/* krb5_timestamp holds 32 bits; as libkrb5, they are read without a sign, which lasts until 2106. */
static struct zs_ticket_times times_of(const krb5_ticket_times *t)
{
    return (struct zs_ticket_times){
        .auth = (uint32_t)t->authtime,
        .start = (uint32_t)(t->starttime ? t->starttime : t->authtime),
        .end = (uint32_t)t->endtime,
        .renew_till = (uint32_t)t->renew_till,
    };
}

static bool is_for_a_service(krb5_context krb, krb5_const_principal server)
{
    return !krb5_is_config_principal(krb, server) && server->length > 0 &&
           !(server->data[0].length == strlen(KRB5_TGS_NAME) &&
             memcmp(server->data[0].data, KRB5_TGS_NAME, strlen(KRB5_TGS_NAME)) == 0);
}

static char *name_of(krb5_context krb, krb5_const_principal principal)
{
    char *name = NULL;

    if (krb5_unparse_name(krb, principal, &name))
        return NULL;
    char *own = g_strdup(name);
    krb5_free_unparsed_name(krb, name);
    return own;
}

/* A ticket that cannot be read, or whose key or client is none, is passed over. */
static void add_credential(struct zs_keyring *r, const char *path, const krb5_creds *creds)
{
    struct zs_principal_name service;
    struct zs_encrypted part;
    struct zs_key key = {0};
    char *client;

    if (is_for_a_service(r->krb, creds->server) &&
        zs_ticket_parse(zs_span(creds->ticket.data, creds->ticket.length), &service, &part) ==
            ZS_OK &&
        zs_key_set(&key, creds->keyblock.enctype, creds->keyblock.contents,
                   creds->keyblock.length) &&
        (client = name_of(r->krb, creds->client))) {
        struct zs_credential *c = zs_vault_new(sizeof *c);
        c->client = client;
        c->service = zs_principal_format(&service);
        c->source = g_strdup(path);
        c->cipher = g_bytes_new(part.cipher.p, part.cipher.n);
        c->session_key = key;
        c->flags = (uint32_t)creds->ticket_flags;
        c->times = times_of(&creds->times);
        g_ptr_array_add(r->credentials, c);
    }
    zs_key_clear(&key);
}

static krb5_error_code read_credentials(struct zs_keyring *r, const char *path, krb5_ccache cache)
{
    krb5_cc_cursor cursor;
    krb5_creds creds;

    krb5_error_code err = krb5_cc_start_seq_get(r->krb, cache, &cursor);
    if (err)
        return err;
    while (!(err = krb5_cc_next_cred(r->krb, cache, &cursor, &creds))) {
        add_credential(r, path, &creds);
        krb5_free_cred_contents(r->krb, &creds); /* wipes */
    }
    krb5_cc_end_seq_get(r->krb, cache, &cursor);
    zs_key_wipe_stack();
    return err == KRB5_CC_END ? 0 : err;
}

bool zs_keyring_add_ccache(struct zs_keyring *r, const char *path, char **why)
{
    krb5_ccache cache = NULL;
    guint before = r->credentials->len;

    char *trouble = zs_file_trouble(path);
    if (trouble) {
        *why = trouble;
        return false;
    }
    char *name = g_strconcat("FILE:", path, NULL);
    krb5_error_code err = r->krb ? krb5_cc_resolve(r->krb, name, &cache) : ENOMEM;
    g_free(name);
    if (!err)
        err = read_credentials(r, path, cache);
    if (cache)
        krb5_cc_close(r->krb, cache);
    if (!err && r->credentials->len > before)
        return true;
    if (r->credentials->len > before)
        g_ptr_array_set_size(r->credentials, (gint)before);
    *why = err ? zs_krb5_trouble(r->krb, err, path, "credential cache")
               : g_strdup_printf("%s: a credential cache without a ticket for any service", path);
    return false;
}
