/* SPDX-License-Identifier: GPL-2.0-or-later */
/* core/wire/greeting.c: it ends after three parts, takes no more than there is, and a shorter piece never says
 * other things than the whole. */
#include "core/wire/greeting.h"

#include "tests/fuzz/fuzz.h"

/* Where reading stopped, and why: ZS_OK with part DONE, else ZS_MORE or a defect. */
struct outcome {
    struct zs_greeting g;
    enum zs_rc rc;
    size_t used;
};

static struct outcome read_all(struct zs_span in)
{
    struct outcome o = {.rc = ZS_OK};

    zs_greeting_init(&o.g);
    for (int parts = 0; o.g.part != ZS_GREETING_DONE; parts++) {
        size_t used = 0;

        FUZZ_CHECK(parts < 3);
        o.rc = zs_greeting_step(&o.g, zs_span_skip(in, o.used), &used);
        if (o.rc != ZS_OK)
            break;
        FUZZ_CHECK(used <= in.n - o.used);
        o.used += used;
    }
    return o;
}

static void check_outcome(const struct outcome *o)
{
    const char *version = zs_greeting_version(&o->g);

    if (o->rc != ZS_OK)
        return;
    FUZZ_CHECK(version);
    FUZZ_CHECK(o->used == (!o->g.versioned ? 0u : o->g.major <= 1 ? 12u : ZS_GREETING_SIZE));
    FUZZ_CHECK(memchr(o->g.mechanism, 0, sizeof o->g.mechanism));
    FUZZ_CHECK(o->used < ZS_GREETING_SIZE || o->g.mechanism[0]);
}

static void check_probe(struct zs_span in, enum zs_rc (*probe)(struct zs_span))
{
    enum zs_rc whole = probe(in);

    for (size_t n = 0; n < in.n && n < 16; n++) {
        enum zs_rc rc = probe(zs_span(in.p, n));
        FUZZ_CHECK(rc == ZS_MORE || rc == whole);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct zs_span in = zs_span(data, size);
    struct outcome whole = read_all(in);

    check_outcome(&whole);
    check_probe(in, zs_signature_probe);
    check_probe(in, zs_identity_probe);
    if (zs_signature_probe(in) == ZS_OK)
        FUZZ_CHECK(whole.g.versioned);
    for (size_t n = 0; n < size && n <= ZS_GREETING_SIZE; n++) {
        struct outcome cut = read_all(zs_span(data, n));

        FUZZ_CHECK(cut.rc == ZS_MORE || cut.rc == whole.rc);
        FUZZ_CHECK(cut.used <= whole.used && cut.g.part <= whole.g.part);
        if (cut.rc == ZS_OK)
            FUZZ_CHECK(cut.used == whole.used && cut.g.versioned == whole.g.versioned);
    }
    return 0;
}
