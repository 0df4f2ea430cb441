/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Many tokens at once answer what each alone does: good ones, damaged ones, of several contexts and enctypes, in every
 * number; and many checksums at once are those of one by one. */
#include "core/krb/lanes.h"

#include "core/krb/init.h"
#include "core/krb/multibuffer.h"
#include "tests/core/krb/forge.h"

enum { SEALED = 0x02, SUBKEY = 0x04, TEXT = 3000 };

static const int32_t enctypes[] = {17, 18, 19, 20, 25, 26};

static uint8_t text[TEXT];
static struct zs_lanes *lanes;

/* Tokens with the contexts that open them. */
struct heap {
    struct zs_unwrapping many[ZS_LANES_MOST];
    GByteArray *token[ZS_LANES_MOST];
    size_t n;
};

static void put(struct heap *h, const struct zs_context *c, const struct forge_wrap *w)
{
    struct zs_unwrapping *u = &h->many[h->n];
    GByteArray *token = h->token[h->n++] = forge_wrap(w);

    *u = (struct zs_unwrapping){.context = c,
                                .token = span_of(token),
                                .room = zs_unwrap_room(token->len),
                                .buf = g_malloc(zs_unwrap_room(token->len))};
}

static void drop(struct heap *h)
{
    for (size_t i = 0; i < h->n; i++) {
        g_byte_array_unref(h->token[i]);
        g_free(h->many[i].buf);
    }
    h->n = 0;
}

/* Opened together they are what each is alone. */
static void agrees(const struct heap *h, size_t from, size_t n)
{
    struct zs_unwrapping many[ZS_LANES_MOST];

    memcpy(many, h->many + from, n * sizeof many[0]);
    zs_lanes_unwrap(lanes, many, n);
    for (size_t i = 0; i < n; i++) {
        const struct zs_unwrapping *w = &many[i];
        uint8_t *buf = g_malloc(w->room);
        struct zs_unwrapped u;
        g_assert_cmpint(zs_context_unwrap(w->context, w->token, buf, w->room, &u), ==, w->rc);
        if (w->rc == ZS_OK) {
            g_assert_cmpmem(u.plain.p, u.plain.n, w->u.plain.p, w->u.plain.n);
            g_assert_cmpuint(u.sequence, ==, w->u.sequence);
            g_assert_cmpint(u.key, ==, w->u.key);
            g_assert_true(u.confidential == w->u.confidential);
            g_assert_true(u.sent_by_acceptor == w->u.sent_by_acceptor);
            g_assert_true(u.acceptor_subkey == w->u.acceptor_subkey);
            g_assert_cmpuint(u.ec, ==, w->u.ec);
            g_assert_cmpuint(u.rrc, ==, w->u.rrc);
        }
        g_free(buf);
    }
}

/* One context of each enctype, tokens of each length around a hash's block. */
static void every_enctype_and_length(void)
{
    for (size_t e = 0; e < G_N_ELEMENTS(enctypes); e++) {
        struct forge f;
        struct heap h = {0};
        forge_init(&f, enctypes[e]);
        struct zs_context *c = forge_observe(&f);
        for (size_t n = 0; n < 300; n += 7) {
            for (size_t i = 0; i < zs_lanes_count(lanes); i++)
                put(&h, c,
                    &(struct forge_wrap){.key = f.acceptor_subkey,
                                         .flags = SUBKEY | SEALED | (i & 1),
                                         .sequence = n + i,
                                         .text = zs_span(text, n + i)});
            agrees(&h, 0, h.n);
            for (size_t i = 0; i < h.n; i++) {
                g_assert_cmpint(zs_context_unwrap(c, h.many[i].token, h.many[i].buf, h.many[i].room,
                                                  &h.many[i].u),
                                ==, ZS_OK);
                g_assert_cmpuint(h.many[i].u.plain.n, ==, n + i);
            }
            drop(&h);
        }
        zs_context_free(c);
    }
}

/* Each octet of one among good ones damaged: that one is refused, the others are not. */
static void a_damaged_one_costs_itself(void)
{
    for (size_t e = 0; e < G_N_ELEMENTS(enctypes); e++) {
        struct forge f;
        struct heap h = {0};
        forge_init(&f, enctypes[e]);
        struct zs_context *c = forge_observe(&f);
        struct forge_wrap w = {.key = f.acceptor_subkey,
                               .flags = SUBKEY | SEALED,
                               .sequence = 1,
                               .text = zs_span(text, 100)};
        while (h.n < zs_lanes_count(lanes))
            put(&h, c, &w);
        for (size_t i = 0; i < h.token[0]->len; i++) {
            size_t which = i % h.n;
            struct zs_unwrapping many[ZS_LANES_MOST];
            h.token[which]->data[i] ^= 0x10;
            agrees(&h, 0, h.n);
            memcpy(many, h.many, sizeof many);
            zs_lanes_unwrap(lanes, many, h.n);
            for (size_t k = 0; k < h.n; k++)
                g_assert_true((many[k].rc == ZS_OK) == (k != which));
            h.token[which]->data[i] ^= 0x10;
        }
        drop(&h);
        zs_context_free(c);
    }
}

/* What is refused gives no plaintext away. */
static void what_does_not_hold_is_wiped(void)
{
    struct forge f;
    struct heap h = {0};

    forge_init(&f, 18);
    struct zs_context *c = forge_observe(&f);
    struct forge_wrap w = {
        .key = f.acceptor_subkey, .flags = SUBKEY | SEALED, .text = zs_span(text, TEXT)};
    while (h.n < zs_lanes_count(lanes))
        put(&h, c, &w);
    h.token[3]->data[h.token[3]->len - 1] ^= 1;
    zs_lanes_unwrap(lanes, h.many, h.n);
    g_assert_cmpint(h.many[3].rc, ==, ZS_E_WRAP_CHECKSUM);
    for (size_t i = 0; i < TEXT; i++)
        g_assert_cmpint(h.many[3].buf[i], ==, 0);
    g_assert_cmpint(h.many[4].rc, ==, ZS_OK);
    g_assert_cmpmem(h.many[4].u.plain.p, h.many[4].u.plain.n, text, TEXT);
    drop(&h);
    zs_context_free(c);
}

/* All kinds side by side: enctypes, old tokens, unsealed, rotated, with filler, cut short, none at all; any number. */
static void any_mixture_and_number(void)
{
    static const int32_t mixed[] = {18, 20, 23, 17, 25, 19, 16};
    struct zs_context *contexts[G_N_ELEMENTS(mixed)];
    struct forge forges[G_N_ELEMENTS(mixed)];
    struct heap h = {0};

    for (size_t e = 0; e < G_N_ELEMENTS(mixed); e++) {
        forge_init(&forges[e], mixed[e]);
        contexts[e] = forge_observe(&forges[e]);
    }
    for (size_t i = 0; i < zs_lanes_count(lanes); i++) {
        size_t e = i % G_N_ELEMENTS(mixed);
        bool old = mixed[e] == 23 || mixed[e] == 16;
        struct forge_wrap w = {.key = forges[old ? 0 : e].acceptor_subkey,
                               .flags = (uint8_t)(SUBKEY | (i % 5 ? SEALED : 0)),
                               .rrc = i % 4 == 3 ? 28 : 0,
                               .ec = i % 6 == 5 ? 16 : 0,
                               .text = zs_span(text, i * 100)};
        put(&h, contexts[e], &w);
        if (i == 2)
            h.many[i].token = zs_span(h.token[i]->data, 20);
        if (i == 6)
            h.many[i].token = zs_span(NULL, 0);
    }
    for (size_t n = 0; n <= h.n; n++)
        for (size_t from = 0; from + n <= h.n; from++)
            agrees(&h, from, n);
    drop(&h);
    for (size_t e = 0; e < G_N_ELEMENTS(mixed); e++)
        zs_context_free(contexts[e]);
}

/* The checksums themselves, over texts so alike in length that lanes serve them, and so unlike that they do not: each
 * holds with its tag, and with no other. */
static void checksums_are_those_of_one_by_one(void)
{
    static const size_t steps[] = {0, 1, 60, 2900};
    struct zs_multibuffer *m = zs_multibuffer_new();

    for (size_t e = 0; e < G_N_ELEMENTS(enctypes); e++)
        for (size_t s = 0; s < G_N_ELEMENTS(steps); s++) {
            const struct zs_enctype *row = zs_enctype_of(enctypes[e]);
            uint8_t tags[ZS_MULTIBUFFER_MOST][ZS_TAG_MAX];
            struct zs_mac_check checks[ZS_MULTIBUFFER_MOST];
            struct zs_mac mac;
            unsigned n = zs_multibuffer_lanes(m);
            g_assert_true(zs_mac_init(&mac, row, text));
            for (unsigned i = 0; i < n; i++) {
                size_t size = i ? 40 + i % 3 : 40 + steps[s];
                checks[i] = (struct zs_mac_check){
                    .mac = &mac, .text = zs_span(text, size), .tag = zs_span(tags[i], row->tag)};
                g_assert_true(zs_mac_make(&mac, checks[i].text, zs_span(NULL, 0), tags[i]));
                tags[i][i % row->tag] ^= i % 4 == 1;
            }
            zs_multibuffer_check(m, checks, n);
            for (unsigned i = 0; i < n; i++)
                g_assert_true(checks[i].holds == (i % 4 != 1));
            zs_mac_clear(&mac);
        }
    zs_multibuffer_free(m);
}

/* A processor without wide registers has no lanes, and then there is nothing to hold against anything. */
static void there_are_none(void)
{
    g_assert_null(zs_multibuffer_new());
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    zs_krb_init();
    for (size_t i = 0; i < TEXT; i++)
        text[i] = (uint8_t)(i * 31 + 7);
    lanes = zs_lanes_new();
    if (lanes) {
        g_test_add_func("/lanes/every_enctype_and_length", every_enctype_and_length);
        g_test_add_func("/lanes/a_damaged_one_costs_itself", a_damaged_one_costs_itself);
        g_test_add_func("/lanes/what_does_not_hold_is_wiped", what_does_not_hold_is_wiped);
        g_test_add_func("/lanes/any_mixture_and_number", any_mixture_and_number);
        g_test_add_func("/lanes/checksums_are_those_of_one_by_one",
                        checksums_are_those_of_one_by_one);
    } else {
        g_test_add_func("/lanes/there_are_none", there_are_none);
    }
    int failed = g_test_run();
    zs_lanes_free(lanes);
    return failed;
}
