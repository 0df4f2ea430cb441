/* SPDX-License-Identifier: GPL-2.0-or-later */
/* core/wire/frame.c: a stream of frames, its framing picked by the first octet. Whatever it says of a stream it
 * says of every longer piece, and it goes forward. */
#include "core/wire/frame.h"

#include "tests/fuzz/fuzz.h"

enum { LIMIT = 1 << 16, BEGINNINGS = 32 };

static void check_frame(enum zs_framing framing, struct zs_span in, const struct zs_frame *f)
{
    uint8_t known = ZS_FRAME_MORE;

    if (framing != ZS_FRAMING_1)
        known |= ZS_FRAME_LONG;
    if (framing == ZS_FRAMING_3)
        known |= ZS_FRAME_COMMAND;
    FUZZ_CHECK((f->flags & ~known) == 0);
    FUZZ_CHECK(f->size <= LIMIT && f->body.n == f->size);
    FUZZ_CHECK(f->header >= 2 && f->header <= ZS_FRAME_HEADER_MAX);
    FUZZ_CHECK(f->header <= in.n && f->body.n <= in.n - f->header);
    FUZZ_CHECK(f->body.p == in.p + f->header);
}

/* A shorter piece says ZS_MORE or what the whole says, frame and all. */
static void check_beginning(enum zs_framing framing, struct zs_span in, enum zs_rc whole,
                            const struct zs_frame *f)
{
    size_t most = in.n < BEGINNINGS ? in.n : BEGINNINGS;

    for (size_t n = 0; n < most; n++) {
        struct zs_frame cut = {0};
        enum zs_rc rc = zs_frame_parse(framing, zs_span(in.p, n), LIMIT, &cut);

        FUZZ_CHECK(rc == ZS_MORE || rc == whole);
        if (rc == ZS_OK)
            FUZZ_CHECK(cut.flags == f->flags && cut.header == f->header &&
                       fuzz_same(cut.body, f->body));
    }
}

static void check_header(enum zs_framing framing, struct zs_span in, enum zs_rc whole,
                         const struct zs_frame *f)
{
    struct zs_frame header = {0};
    enum zs_rc rc = zs_frame_header_parse(framing, in, &header);

    if (whole == ZS_OK)
        FUZZ_CHECK(rc == ZS_OK && header.flags == f->flags && header.header == f->header &&
                   header.size == f->size && header.body.n == 0);
    else
        FUZZ_CHECK(rc == whole || rc == ZS_OK);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0)
        return 0;
    enum zs_framing framing = (enum zs_framing)(data[0] % 3);
    struct zs_span in = zs_span(data + 1, size - 1);

    for (;;) {
        struct zs_frame f = {0};
        enum zs_rc rc = zs_frame_parse(framing, in, LIMIT, &f);

        check_beginning(framing, in, rc, &f);
        check_header(framing, in, rc, &f);
        if (rc != ZS_OK)
            return 0;
        check_frame(framing, in, &f);
        in = zs_span_skip(in, f.header + f.body.n);
    }
}
