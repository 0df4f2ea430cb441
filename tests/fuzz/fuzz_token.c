/* SPDX-License-Identifier: GPL-2.0-or-later */
/* core/wire/token.c and der.c: the octets as a token, as the body of a command that carries one, and as DER. */
#include "core/wire/der.h"
#include "core/wire/token.h"

#include "tests/fuzz/fuzz.h"

/* A token, and the one inside it: tokens get shorter, so this ends. */
static void check_token(struct zs_span in)
{
    struct zs_token t;
    enum zs_rc rc = zs_token_parse(in, &t);

    FUZZ_CHECK(rc == ZS_OK || rc == ZS_E_DER || rc == ZS_E_TOKEN_FRAMING);
    if (rc != ZS_OK)
        return;
    FUZZ_CHECK(fuzz_same(t.whole, in));
    FUZZ_CHECK(fuzz_inside(in, t.oid) && fuzz_inside(in, t.inner) && fuzz_inside(in, t.mech_token));
    FUZZ_CHECK(fuzz_inside(in, t.mic) && fuzz_inside(in, t.mech_types));
    FUZZ_CHECK(t.kind != ZS_TOKEN_NEG_INIT_HINT || t.mech_token.n == 0);
    FUZZ_CHECK(t.mech_token.n < in.n || in.n == 0);
    FUZZ_CHECK(zs_mech_name(t.mech) && zs_token_kind_name(t.kind));
    if (t.mech_token.n)
        check_token(t.mech_token);
}

static void check_command(enum zs_form form, struct zs_span in)
{
    struct zs_command c = {.id = ZS_CMD_MESSAGE, .form = form, .body = in};
    struct zs_span token;
    enum zs_rc rc = zs_token_of_command(&c, &token);

    FUZZ_CHECK(rc == ZS_OK || rc == ZS_E_TOKEN_LENGTH);
    if (rc == ZS_OK)
        FUZZ_CHECK(fuzz_inside(in, token) && (token.n == in.n || token.n == in.n - 4));
}

static void check_cfx(struct zs_span in)
{
    struct zs_cfx c;
    enum zs_rc rc = zs_cfx_parse(in, &c);

    FUZZ_CHECK(in.n < ZS_CFX_HEADER ? rc == ZS_E_WRAP_SHORT : rc == ZS_OK || rc == ZS_E_CFX_HEADER);
    if (rc == ZS_OK)
        FUZZ_CHECK(fuzz_inside(in, c.header) && fuzz_inside(in, c.payload) &&
                   c.payload.n == in.n - ZS_CFX_HEADER);
}

static void check_mic(struct zs_span in)
{
    struct zs_mic m;
    enum zs_rc rc = zs_mic_parse(in, &m);

    FUZZ_CHECK(in.n < ZS_CFX_HEADER ? rc == ZS_E_WRAP_SHORT : rc == ZS_OK || rc == ZS_E_CFX_HEADER);
    if (rc == ZS_OK)
        FUZZ_CHECK(fuzz_inside(in, m.header) && fuzz_inside(in, m.checksum) &&
                   m.checksum.n == in.n - ZS_CFX_HEADER);
}

/* Elements one after the other, each entered: what was read of each lies inside it and nothing is read twice. */
static void check_der(struct zs_span in, int depth)
{
    struct zs_der d = zs_der(in);

    while (zs_der_peek(&d)) {
        uint8_t tag = zs_der_peek(&d);
        struct zs_der as_whole = d, as_int = d, as_time = d;
        struct zs_span whole = zs_der_whole(&as_whole, tag);
        struct zs_span contents = zs_der_take(&d, tag);

        FUZZ_CHECK(as_whole.bad == d.bad && as_whole.left.n == d.left.n);
        if (d.bad)
            return;
        FUZZ_CHECK(fuzz_inside(in, whole) && fuzz_inside(whole, contents));
        FUZZ_CHECK(whole.n >= 2 + contents.n && whole.n <= 6 + contents.n);
        int64_t v = zs_der_int(&as_int);
        FUZZ_CHECK(!as_int.bad || v == 0);
        FUZZ_CHECK(as_int.bad || (tag == ZS_DER_INTEGER && contents.n <= 8));
        zs_der_time(&as_time);
        FUZZ_CHECK(as_time.bad || (tag == ZS_DER_GENERALIZED_TIME && contents.n == 15));
        if (depth > 0)
            check_der(contents, depth - 1);
    }
    FUZZ_CHECK(zs_der_end(&d) || d.left.p[0] == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct zs_span in = zs_span(data, size);

    check_token(in);
    check_command(ZS_FORM_LIBZMQ, in);
    check_command(ZS_FORM_PADDED, in);
    check_cfx(in);
    check_mic(in);
    check_der(in, 8);
    return 0;
}
