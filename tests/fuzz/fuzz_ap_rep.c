/* SPDX-License-Identifier: GPL-2.0-or-later */
/* core/krb/messages.c and context.c: an AP-REP and a KRB-ERROR as the wire has them; EncAPRepParts whose encryption
 * is right. */
#include "tests/fuzz/fuzz_krb.h"

#include "core/krb/messages.h"

/* The AP-REQ that is answered is forge_init()'s. */
static void check_answer(struct zs_span ap_rep)
{
    static GByteArray *req;
    struct forge f;

    forge_init(&f, 18);
    if (!req)
        req = forge_ap_req(&f);
    struct zs_context *c =
        zs_context_new(fuzz_keyring(), span_of(req), ap_rep, FORGE_NOW * 1000000000);
    fuzz_context(c);
    FUZZ_CHECK(zs_context_facts(c)->authenticator_opened);
    zs_context_free(c);
}

static void check_message(struct zs_span in)
{
    struct zs_ap_rep r;
    enum zs_rc rc = zs_ap_rep_parse(in, &r);

    FUZZ_CHECK(rc == ZS_OK || rc == ZS_E_DER);
    if (rc == ZS_OK)
        FUZZ_CHECK(fuzz_inside(in, r.part.cipher));
    check_answer(in);
}

static void check_part(struct zs_span in)
{
    struct forge f;

    forge_init(&f, 18);
    f.ap_rep_part = in;
    GByteArray *rep = forge_ap_rep(&f);
    check_answer(span_of(rep));
    g_byte_array_unref(rep);
}

static void check_error(struct zs_span in)
{
    struct zs_krb_error e;
    enum zs_rc rc = zs_krb_error_parse(in, &e);

    FUZZ_CHECK(rc == ZS_OK || rc == ZS_E_DER);
    if (rc != ZS_OK)
        return;
    FUZZ_CHECK(fuzz_inside(in, e.text));
    g_free(zs_principal_format(&e.service));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0)
        return 0;
    struct zs_span rest = zs_span(data + 1, size - 1);
    switch (data[0]) {
    case FUZZ_MESSAGE:
        check_message(rest);
        break;
    case FUZZ_AP_REP_PART:
        check_part(rest);
        break;
    case FUZZ_KRB_ERROR:
        check_error(rest);
        break;
    default:
        return -1;
    }
    return 0;
}
