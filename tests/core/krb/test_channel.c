/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One end of a context with its keys taken over, against MIT's other end: what each seals the other opens, of every
 * enctype. And what a channel must not take. */
#include "core/krb/channel.h"

#include "core/krb/init.h"
#include "core/krb/lucid.h"
#include "core/wire/token.h"
#include "tests/core/krb/mit.h"
#include "tests/harness/guard.h"

#include <stdlib.h>

enum { ROOM = 80000 };

static const struct {
    int32_t service, session;
} mixtures[] = {{17, 17}, {18, 18}, {19, 19}, {20, 20}, {25, 25}, {26, 26}, {18, 17}, {23, 18}};

static const size_t lengths[] = {0, 1, 15, 16, 17, 255, 4096, 70001};

static uint8_t text[70001], storage[ROOM];

/* The text in two parts, cut where it hurts most. */
static GByteArray *wrap(struct zs_channel *c, bool sealed, size_t n)
{
    struct zs_buf b = zs_buf(storage, sizeof storage);
    size_t cut = n ? 1 : 0;

    zs_buf_text(&b, "before");
    g_assert_true(zs_channel_wrap(c, sealed, zs_span(text, cut), zs_span(text + cut, n - cut), &b));
    return der_octets(b.p + 6, b.n - 6);
}

/* Into a buffer of exactly the room that is asked for. */
static enum zs_rc unwrap(struct zs_channel *c, struct zs_span token, size_t n)
{
    uint8_t *copy = zs_guard_copy(token.p, token.n), *buf = zs_guard_copy(token.p, token.n);
    struct zs_unwrapped u;

    enum zs_rc rc = zs_channel_unwrap(c, zs_span(copy, token.n), buf, &u);
    if (rc == ZS_OK)
        g_assert_cmpmem(u.plain.p, u.plain.n, text, n);
    zs_guard_free(copy, token.n);
    zs_guard_free(buf, token.n);
    return rc;
}

/* MIT opens it, as sealed as it was meant, in order, and it is the text. */
static void mit_opens(gss_ctx_id_t context, const GByteArray *token, int sealed, size_t n)
{
    gss_buffer_desc in = {token->len, token->data}, out;
    OM_uint32 minor;
    int confidential;

    OM_uint32 major = gss_unwrap(&minor, context, &in, &out, &confidential, NULL);
    mit_check(major, minor, "gss_unwrap");
    g_assert_cmphex(major, ==, GSS_S_COMPLETE);
    g_assert_cmpint(confidential, ==, sealed);
    g_assert_cmpmem(out.value, out.length, text, n);
    if (out.length == 0)
        free(out.value); /* MIT allocates for an empty text, and does not release it */
    gss_release_buffer(&minor, &out);
}

static void talk_with(gss_ctx_id_t *ours, gss_ctx_id_t theirs)
{
    g_assert_true(zs_channel_enctype(zs_live_enctype(*ours)));
    struct zs_channel *c = zs_channel_take(ours);

    g_assert_nonnull(c);
    g_assert_true(*ours == GSS_C_NO_CONTEXT);
    for (size_t i = 0; i < G_N_ELEMENTS(lengths); i++)
        for (int sealed = 0; sealed < 2; sealed++) {
            GByteArray *there = wrap(c, sealed, lengths[i]);
            mit_opens(theirs, there, sealed, lengths[i]);
            GByteArray *back = mit_wrap(theirs, sealed, zs_span(text, lengths[i]));
            g_assert_cmpint(unwrap(c, span_of(back), lengths[i]), ==, ZS_OK);
            g_byte_array_unref(there);
            g_byte_array_unref(back);
        }
    zs_channel_free(c);
}

static void mits_other_end_understands(void)
{
    for (size_t i = 0; i < G_N_ELEMENTS(mixtures); i++)
        for (int mutual = 0; mutual < 2; mutual++)
            for (int initiator = 0; initiator < 2; initiator++) {
                OM_uint32 flags =
                    GSS_C_REPLAY_FLAG | GSS_C_SEQUENCE_FLAG | (mutual ? GSS_C_MUTUAL_FLAG : 0);
                struct forge f;
                mit_forge(&f, mixtures[i].service, mixtures[i].session);
                struct mit_talk t = mit_establish(&f, flags);
                if (initiator)
                    talk_with(&t.initiator, t.acceptor);
                else
                    talk_with(&t.acceptor, t.initiator);
                mit_end(&t);
            }
}

/* Without mutual authentication there is no acceptor to choose another enctype. */
static void older_tokens_stay_with_gssapi(void)
{
    static const int32_t old[] = {ENCTYPE_ARCFOUR_HMAC, ENCTYPE_DES3_CBC_SHA1};

    for (size_t i = 0; i < G_N_ELEMENTS(old); i++) {
        struct forge f;
        mit_forge(&f, old[i], old[i]);
        struct mit_talk t = mit_establish(&f, GSS_C_REPLAY_FLAG);
        g_assert_cmpint(zs_live_enctype(t.initiator), ==, old[i]);
        g_assert_null(zs_channel_take(&t.initiator));
        GByteArray *token = mit_wrap(t.initiator, 1, zs_span(text, 10));
        mit_opens(t.acceptor, token, 1, 10);
        g_byte_array_unref(token);
        mit_end(&t);
    }
}

/* ==== what must not be taken ==== */

struct ends {
    struct zs_channel *initiator, *acceptor;
};

static struct ends ends_of(int32_t enctype, bool subkey)
{
    struct zs_channel_keys k = {.key = forge_key(enctype, 1), .acceptor_subkey = subkey};

    k.send = 100;
    k.receive = UINT64_MAX;
    struct zs_channel *acceptor = zs_channel_new(&k);
    k.send = UINT64_MAX;
    k.receive = 100;
    k.initiator = true;
    return (struct ends){zs_channel_new(&k), acceptor};
}

static void end(struct ends *e)
{
    zs_channel_free(e->initiator);
    zs_channel_free(e->acceptor);
}

/* Numbers go past the highest. */
static void numbers_go_up_by_one_and_nothing_else(void)
{
    struct ends e = ends_of(18, true);
    GByteArray *tokens[4];

    for (size_t i = 0; i < G_N_ELEMENTS(tokens); i++)
        tokens[i] = wrap(e.initiator, true, 20);
    g_assert_cmpint(unwrap(e.acceptor, span_of(tokens[1]), 20), ==, ZS_E_WRAP_GAP);
    g_assert_cmpint(unwrap(e.acceptor, span_of(tokens[0]), 20), ==, ZS_OK);
    g_assert_cmpint(unwrap(e.acceptor, span_of(tokens[0]), 20), ==, ZS_E_WRAP_DUPLICATE);
    g_assert_cmpint(unwrap(e.acceptor, span_of(tokens[1]), 20), ==, ZS_OK);
    g_assert_cmpint(unwrap(e.acceptor, span_of(tokens[3]), 20), ==, ZS_E_WRAP_GAP);
    g_assert_cmpint(unwrap(e.acceptor, span_of(tokens[2]), 20), ==, ZS_OK);
    g_assert_cmpint(unwrap(e.acceptor, span_of(tokens[3]), 20), ==, ZS_OK);
    for (size_t i = 0; i < G_N_ELEMENTS(tokens); i++)
        g_byte_array_unref(tokens[i]);
    end(&e);
}

static void ones_own_token_is_not_the_others(void)
{
    struct ends e = ends_of(18, true);
    GByteArray *there = wrap(e.initiator, true, 20), *back = wrap(e.acceptor, true, 20);

    g_assert_cmpint(unwrap(e.initiator, span_of(there), 20), ==, ZS_E_WRAP_DIRECTION);
    g_assert_cmpint(unwrap(e.acceptor, span_of(back), 20), ==, ZS_E_WRAP_DIRECTION);
    /* nor with its bit turned */
    there->data[2] ^= ZS_CFX_SENT_BY_ACCEPTOR;
    g_assert_cmpint(unwrap(e.initiator, span_of(there), 20), ==, ZS_E_WRAP_CHECKSUM);
    g_byte_array_unref(there);
    g_byte_array_unref(back);
    end(&e);
}

/* Sealed or not: each octet turned, each length cut; then the right one is still the next. */
static void altered_or_cut_stays_closed_and_is_not_counted(void)
{
    static const int32_t enctypes[] = {18, 20, 26};

    for (size_t i = 0; i < G_N_ELEMENTS(enctypes); i++)
        for (int sealed = 0; sealed < 2; sealed++) {
            struct ends e = ends_of(enctypes[i], false);
            GByteArray *token = wrap(e.acceptor, sealed, 23);
            for (size_t at = 0; at < token->len; at++) {
                token->data[at] ^= 0x40;
                g_assert_cmpint(unwrap(e.initiator, span_of(token), 23), !=, ZS_OK);
                token->data[at] ^= 0x40;
                g_assert_cmpint(unwrap(e.initiator, zs_span(token->data, at), 23), !=, ZS_OK);
            }
            /* It says that the acceptor's subkey was used, and none is there. */
            token->data[2] ^= ZS_CFX_ACCEPTOR_SUBKEY;
            g_assert_cmpint(unwrap(e.initiator, span_of(token), 23), ==, ZS_E_WRAP_SUBKEY);
            token->data[2] ^= ZS_CFX_ACCEPTOR_SUBKEY;
            g_assert_cmpint(unwrap(e.initiator, span_of(token), 23), ==, ZS_OK);
            g_byte_array_unref(token);
            end(&e);
        }
}

static void what_does_not_fit_uses_no_number(void)
{
    struct ends e = ends_of(17, true);
    GByteArray *whole = wrap(e.initiator, true, 9);

    for (size_t room = 0; room < whole->len; room++) {
        uint8_t *p = zs_guard_copy(storage, room);
        struct zs_buf b = zs_buf(p, room);
        g_assert_false(zs_channel_wrap(e.initiator, true, zs_span(text, 9), zs_span(NULL, 0), &b));
        g_assert_true(b.full);
        zs_guard_free(p, room);
    }
    g_assert_cmpint(unwrap(e.acceptor, span_of(whole), 9), ==, ZS_OK);
    GByteArray *next = wrap(e.initiator, true, 9);
    g_assert_cmpint(unwrap(e.acceptor, span_of(next), 9), ==, ZS_OK);
    g_byte_array_unref(whole);
    g_byte_array_unref(next);
    end(&e);
}

static void only_enctypes_of_rfc_4121_have_one(void)
{
    struct zs_channel_keys k = {.key = forge_key(ENCTYPE_ARCFOUR_HMAC, 1)};

    g_assert_null(zs_channel_new(&k));
    g_assert_false(zs_channel_enctype(ENCTYPE_ARCFOUR_HMAC));
    g_assert_false(zs_channel_enctype(0));
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    zs_krb_init();
    mit_settle();
    for (size_t i = 0; i < sizeof text; i++)
        text[i] = (uint8_t)(i * 31);
    g_test_add_func("/channel/mits_other_end_understands", mits_other_end_understands);
    g_test_add_func("/channel/older_tokens_stay_with_gssapi", older_tokens_stay_with_gssapi);
    g_test_add_func("/channel/numbers_go_up_by_one_and_nothing_else",
                    numbers_go_up_by_one_and_nothing_else);
    g_test_add_func("/channel/ones_own_token_is_not_the_others", ones_own_token_is_not_the_others);
    g_test_add_func("/channel/altered_or_cut_stays_closed_and_is_not_counted",
                    altered_or_cut_stays_closed_and_is_not_counted);
    g_test_add_func("/channel/what_does_not_fit_uses_no_number", what_does_not_fit_uses_no_number);
    g_test_add_func("/channel/only_enctypes_of_rfc_4121_have_one",
                    only_enctypes_of_rfc_4121_have_one);
    int failed = g_test_run();
    mit_unsettle();
    return failed;
}
