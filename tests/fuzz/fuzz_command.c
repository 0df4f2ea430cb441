/* SPDX-License-Identifier: GPL-2.0-or-later */
/* core/wire/command.c, plain.c, curve.c: a frame's body as a command, and its body as everything it could be. */
#include "core/wire/command.h"
#include "core/wire/curve.h"
#include "core/wire/plain.h"

#include "tests/fuzz/fuzz.h"

static bool never_more(enum zs_rc rc)
{
    return rc != ZS_MORE;
}

static void check_metadata(struct zs_span in)
{
    struct zs_span rest = in;
    struct zs_property p;
    enum zs_rc rc = ZS_MORE;

    while (zs_metadata_next(&rest, &p, &rc)) {
        FUZZ_CHECK(p.name.n >= 1 && p.name.n <= 255);
        FUZZ_CHECK(fuzz_inside(in, p.name) && fuzz_inside(in, p.value));
        FUZZ_CHECK(rest.n + 5 + p.name.n + p.value.n <= in.n);
    }
    if (rest.n < in.n)
        FUZZ_CHECK(zs_metadata_find(in, zs_span(in.p + 1, in.p[0])).name.n == in.p[0]);
    FUZZ_CHECK(rc == ZS_OK ? rest.n == 0 : rc == ZS_E_METADATA && rest.n > 0);
}

static void check_bodies(enum zs_command_id id, struct zs_span in)
{
    struct zs_ping ping;
    struct zs_span reason;
    struct zs_plain_hello hello;
    struct zs_curve c;
    enum zs_rc rc = zs_ping_parse(in, &ping);

    FUZZ_CHECK(never_more(rc));
    if (rc == ZS_OK)
        FUZZ_CHECK(ping.context.n == in.n - 2 && ping.context.n <= 16);
    rc = zs_error_parse(in, &reason);
    FUZZ_CHECK(never_more(rc));
    if (rc == ZS_OK)
        FUZZ_CHECK(reason.n == in.n - 1);
    rc = zs_plain_hello_parse(in, &hello);
    FUZZ_CHECK(never_more(rc));
    if (rc == ZS_OK)
        FUZZ_CHECK(hello.username.n + hello.password.n == in.n - 2);
    rc = zs_curve_parse(id, in, &c);
    FUZZ_CHECK(never_more(rc));
    if (rc == ZS_OK)
        FUZZ_CHECK(fuzz_inside(in, c.publickey) && fuzz_inside(in, c.cookie) &&
                   fuzz_inside(in, c.nonce) && fuzz_inside(in, c.signature) &&
                   fuzz_inside(in, c.box));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct zs_span in = zs_span(data, size);
    struct zs_command c;
    enum zs_rc rc = zs_command_parse(in, &c);

    check_metadata(in);
    for (int id = 0; id < ZS_CMD_COUNT; id++)
        check_bodies((enum zs_command_id)id, in);
    FUZZ_CHECK(rc == ZS_OK || rc == ZS_E_COMMAND_NAME);
    if (rc != ZS_OK)
        return 0;
    FUZZ_CHECK((c.id == ZS_CMD_EMPTY) == (size == 0));
    FUZZ_CHECK(fuzz_inside(in, c.name) && fuzz_inside(in, c.body));
    FUZZ_CHECK(c.body.n == 0 || c.body.p + c.body.n == data + size);
    FUZZ_CHECK(c.form == ZS_FORM_PADDED ? c.body.n == size - 8
                                        : c.body.n == size - c.name.n - (size != 0));
    if (c.id != ZS_CMD_UNKNOWN && !c.misnamed)
        FUZZ_CHECK(zs_span_is(c.name, zs_command_name(c.id)));
    check_metadata(c.body);
    check_bodies(c.id, c.body);
    return 0;
}
