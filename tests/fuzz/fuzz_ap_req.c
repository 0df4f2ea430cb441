/* SPDX-License-Identifier: GPL-2.0-or-later */
/* core/krb/messages.c, ticket.c and context.c: an AP-REQ as the wire has it; tickets and authenticators whose
 * plaintexts are the fuzzer's and whose encryption is right. */
#include "core/krb/parts.h"

#include "tests/fuzz/fuzz_krb.h"

static void check_ap_req(struct zs_span in)
{
    struct zs_ap_req r;
    enum zs_rc rc = zs_ap_req_parse(in, &r);

    FUZZ_CHECK(rc == ZS_OK || rc == ZS_E_DER);
    if (rc == ZS_OK) {
        FUZZ_CHECK(fuzz_inside(in, r.ticket.cipher) && fuzz_inside(in, r.authenticator.cipher));
        FUZZ_CHECK(fuzz_inside(in, r.service.realm) && fuzz_inside(in, r.service.names));
        char *name = zs_principal_format(&r.service);
        FUZZ_CHECK(strchr(name, '@'));
        g_free(name);
    }
    struct zs_context *c = zs_context_new(fuzz_keyring(), in, zs_span(NULL, 0), 0);
    FUZZ_CHECK((zs_context_facts(c)->service_principal != NULL) == (rc == ZS_OK));
    fuzz_context(c);
    zs_context_free(c);
}

static void check_forged(const struct forge *f)
{
    GByteArray *req = forge_ap_req(f), *rep = forge_ap_rep(f);
    struct zs_context *c =
        zs_context_new(fuzz_keyring(), span_of(req), span_of(rep), FORGE_NOW * 1000000000);

    fuzz_context(c);
    FUZZ_CHECK(f->ticket_part.p || zs_context_facts(c)->ap_rep_opened);
    zs_context_free(c);
    g_byte_array_unref(req);
    g_byte_array_unref(rep);
}

static void check_checksum(struct zs_span in)
{
    struct zs_gss_checksum c;
    enum zs_rc rc = zs_gss_checksum_parse(in, &c);

    FUZZ_CHECK(rc == ZS_OK || rc == ZS_E_DER);
    if (rc == ZS_OK)
        FUZZ_CHECK(fuzz_inside(in, c.delegated));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct forge f;

    if (size == 0)
        return 0;
    struct zs_span rest = zs_span(data + 1, size - 1);
    forge_init(&f, 18);
    switch (data[0]) {
    case FUZZ_MESSAGE:
        check_ap_req(rest);
        break;
    case FUZZ_TICKET:
        f.ticket_part = rest;
        check_forged(&f);
        break;
    case FUZZ_AUTHENTICATOR:
        f.authenticator_part = rest;
        check_forged(&f);
        break;
    case FUZZ_CHECKSUM:
        check_checksum(rest);
        break;
    default:
        return -1;
    }
    return 0;
}
