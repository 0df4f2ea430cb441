/* SPDX-License-Identifier: GPL-2.0-or-later */
/* MIT's initiator and acceptor in one process: a forged ticket in a cache in memory, a keytab in a temporary file, a
 * krb5.conf that asks nobody. */
#include "tests/core/krb/mit.h"

#include "core/wire/token.h"

#include <glib/gstdio.h>
#include <unistd.h>

/* As g_file_set_contents(), but not waited for until it is on disk: a run writes it a thousand times. */
static void write_file(const char *path, const char *octets, gssize n)
{
    g_unlink(path);
    g_assert_true(g_file_set_contents_full(path, octets, n, G_FILE_SET_CONTENTS_NONE, 0600, NULL));
}

void mit_check(OM_uint32 major, OM_uint32 minor, const char *what)
{
    gss_buffer_desc text = GSS_C_EMPTY_BUFFER;
    OM_uint32 ignored, more = 0;

    if (!GSS_ERROR(major))
        return;
    gss_display_status(&ignored, minor, GSS_C_MECH_CODE, GSS_C_NO_OID, &more, &text);
    g_error("%s: %08x %.*s", what, major, (int)text.length, (char *)text.value);
}

void mit_forge(struct forge *f, int32_t service, int32_t session)
{
    int64_t now = g_get_real_time() / 1000000;

    forge_init(f, session);
    f->ticket_etype = service;
    f->service_key = forge_key(service, 1);
    f->auth = f->start = now - 60;
    f->end = now + 3600;
}

static krb5_keyblock keyblock(const struct zs_key *k)
{
    return (krb5_keyblock){
        .enctype = k->enctype, .length = k->n, .contents = (krb5_octet *)k->octets};
}

/* The initiator's cache, as if a KDC had issued f's ticket. */
static void fill_cache(const struct forge *f)
{
    krb5_context krb;
    krb5_ccache cache;
    krb5_creds creds = {.keyblock = keyblock(&f->session_key),
                        .times = {.authtime = (krb5_timestamp)f->auth,
                                  .starttime = (krb5_timestamp)f->start,
                                  .endtime = (krb5_timestamp)f->end},
                        .ticket_flags = (krb5_flags)f->ticket_flags};
    GByteArray *ticket = forge_ticket(f);

    creds.ticket = (krb5_data){.data = (char *)ticket->data, .length = ticket->len};
    g_assert_cmpint(krb5_init_context(&krb), ==, 0);
    g_assert_cmpint(krb5_parse_name(krb, "alice@EXAMPLE.ORG", &creds.client), ==, 0);
    g_assert_cmpint(krb5_parse_name(krb, MIT_SERVICE, &creds.server), ==, 0);
    g_assert_cmpint(krb5_cc_default(krb, &cache), ==, 0);
    g_assert_cmpint(krb5_cc_initialize(krb, cache, creds.client), ==, 0);
    g_assert_cmpint(krb5_cc_store_cred(krb, cache, &creds), ==, 0);
    krb5_cc_close(krb, cache);
    krb5_free_principal(krb, creds.client);
    krb5_free_principal(krb, creds.server);
    krb5_free_context(krb);
    g_byte_array_unref(ticket);
}

static GByteArray *taken(gss_buffer_t b)
{
    OM_uint32 minor;
    GByteArray *a = der_octets(b->value, b->length);

    gss_release_buffer(&minor, b);
    return a;
}

/* KRB5_KTNAME names one file for the whole run: it holds the key of f. */
void mit_write_keytab(const struct forge *f)
{
    struct forge_entry entry = {
        .name = f->service, .kvno = (uint32_t)f->kvno, .key = f->service_key};
    char *path = forge_keytab(&entry, 1), *octets;
    gsize n;

    g_assert_true(g_file_get_contents(path, &octets, &n, NULL));
    write_file(g_getenv("KRB5_KTNAME"), octets, (gssize)n);
    g_free(octets);
    forge_remove(path);
}

void mit_prepare(const struct forge *f)
{
    mit_write_keytab(f);
    fill_cache(f);
}

struct mit_talk mit_establish(const struct forge *f, OM_uint32 flags)
{
    struct mit_talk t = {.time_ns = g_get_real_time() * 1000};
    gss_buffer_desc name = {.length = strlen(MIT_SERVICE), .value = (void *)MIT_SERVICE};
    gss_buffer_desc there = GSS_C_EMPTY_BUFFER, back = GSS_C_EMPTY_BUFFER;
    gss_name_t service;
    OM_uint32 minor;

    mit_prepare(f);
    OM_uint32 major = gss_import_name(&minor, &name, GSS_KRB5_NT_PRINCIPAL_NAME, &service);
    mit_check(major, minor, "gss_import_name");
    major = gss_init_sec_context(&minor, GSS_C_NO_CREDENTIAL, &t.initiator, service,
                                 (gss_OID)gss_mech_krb5, flags, 0, NULL, NULL, NULL, &there, NULL,
                                 NULL);
    mit_check(major, minor, "gss_init_sec_context");
    major = gss_accept_sec_context(&minor, &t.acceptor, GSS_C_NO_CREDENTIAL, &there, NULL, NULL,
                                   NULL, &back, NULL, NULL, NULL);
    mit_check(major, minor, "gss_accept_sec_context");
    t.to_acceptor = taken(&there);
    t.to_initiator = taken(&back);
    if (flags & GSS_C_MUTUAL_FLAG) {
        back = (gss_buffer_desc){t.to_initiator->len, t.to_initiator->data};
        major = gss_init_sec_context(&minor, GSS_C_NO_CREDENTIAL, &t.initiator, service,
                                     (gss_OID)gss_mech_krb5, flags, 0, NULL, &back, NULL, &there,
                                     NULL, NULL);
        mit_check(major, minor, "gss_init_sec_context, again");
    }
    gss_release_name(&minor, &service);
    return t;
}

/* MIT gives the key's octets, then the OID of a family of OIDs whose last arc is the enctype. */
struct zs_key mit_subkey(const struct mit_talk *t)
{
    gss_buffer_set_t set;
    struct zs_key k = {0};
    OM_uint32 minor;

    OM_uint32 major =
        gss_inquire_sec_context_by_oid(&minor, t->initiator, GSS_C_INQ_SSPI_SESSION_KEY, &set);
    mit_check(major, minor, "gss_inquire_sec_context_by_oid");
    g_assert_cmpuint(set->count, ==, 2);
    const gss_buffer_desc *octets = &set->elements[0], *oid = &set->elements[1];
    g_assert_true(zs_key_set(&k, ((const uint8_t *)oid->value)[oid->length - 1], octets->value,
                             octets->length));
    gss_release_buffer_set(&minor, &set);
    return k;
}

GByteArray *mit_wrap(gss_ctx_id_t from, int sealed, struct zs_span text)
{
    gss_buffer_desc in = {text.n, (void *)text.p}, out = GSS_C_EMPTY_BUFFER;
    OM_uint32 minor;

    OM_uint32 major = gss_wrap(&minor, from, sealed, GSS_C_QOP_DEFAULT, &in, NULL, &out);
    mit_check(major, minor, "gss_wrap");
    return taken(&out);
}

void mit_end(struct mit_talk *t)
{
    OM_uint32 minor;

    gss_delete_sec_context(&minor, &t->initiator, NULL);
    gss_delete_sec_context(&minor, &t->acceptor, NULL);
    g_byte_array_unref(t->to_acceptor);
    g_byte_array_unref(t->to_initiator);
}

struct zs_context *mit_observe(const struct forge *f, const struct mit_talk *t)
{
    struct forge_entry entry = {
        .name = f->service, .kvno = (uint32_t)f->kvno, .key = f->service_key};
    struct zs_keyring *r = forge_keyring(&entry, 1);
    struct zs_token req, rep = {0};

    g_assert_cmpint(zs_token_parse(span_of(t->to_acceptor), &req), ==, ZS_OK);
    g_assert_cmpint(req.kind, ==, ZS_TOKEN_AP_REQ);
    if (t->to_initiator->len)
        g_assert_cmpint(zs_token_parse(span_of(t->to_initiator), &rep), ==, ZS_OK);
    struct zs_context *c = zs_context_new(r, req.inner, rep.inner, t->time_ns);
    zs_keyring_free(r);
    return c;
}

static char *directory; /* of the files of one run */

#define ALL_ENCTYPES \
    "aes256-cts aes128-cts aes128-sha2 aes256-sha2 camellia128-cts camellia256-cts rc4 des3"

/* libkrb5 reads it again where it changed. */
void mit_permit(const char *enctypes)
{
    char *config = g_strdup_printf("[libdefaults]\n"
                                   "default_realm = EXAMPLE.ORG\n"
                                   "dns_lookup_kdc = false\n"
                                   "dns_lookup_realm = false\n"
                                   "dns_canonicalize_hostname = false\n"
                                   "allow_weak_crypto = true\n"
                                   "allow_rc4 = true\n"
                                   "allow_des3 = true\n"
                                   "permitted_enctypes = %s\n",
                                   enctypes ? enctypes : ALL_ENCTYPES);

    write_file(g_getenv("KRB5_CONFIG"), config, -1);
    g_free(config);
}

void mit_settle(void)
{
    directory = g_dir_make_tmp("zs-mit-XXXXXX", NULL);
    char *conf = g_build_filename(directory, "krb5.conf", NULL);
    char *keytab = g_build_filename(directory, "service.keytab", NULL);

    g_setenv("KRB5_CONFIG", conf, TRUE);
    mit_permit(NULL);
    g_setenv("KRB5_KTNAME", keytab, TRUE);
    g_setenv("KRB5CCNAME", "MEMORY:zs", TRUE);
    g_setenv("KRB5RCACHENAME", "none:", TRUE);
    g_free(conf);
    g_free(keytab);
}

void mit_unsettle(void)
{
    unlink(g_getenv("KRB5_CONFIG"));
    unlink(g_getenv("KRB5_KTNAME"));
    rmdir(directory);
    g_free(directory);
}
