/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The observed context against the real one: MIT's initiator and acceptor talk to each other in this process, with a
 * forged ticket in the initiator's cache so that no KDC is asked, and the observer, who sees their tokens and has
 * the keytab, must know what they know. */
#include "core/krb/context.h"

#include "core/krb/init.h"
#include "tests/core/krb/mit.h"

/* What from wraps, the observer opens; its number is the next one. */
static void message_opens(const struct zs_context *c, gss_ctx_id_t from, bool by_acceptor,
                          int sealed, size_t n, uint64_t sequence)
{
    uint8_t *text = g_malloc0(n + 1), *buf = g_malloc(n + 1000);
    struct zs_unwrapped u;

    for (size_t i = 0; i < n; i++)
        text[i] = (uint8_t)(i * 17 + sequence);
    GByteArray *token = mit_wrap(from, sealed, zs_span(text, n));
    g_assert_cmpuint(zs_unwrap_room(token->len), <=, n + 1000);
    g_assert_cmpint(zs_context_unwrap(c, span_of(token), buf, n + 1000, &u), ==, ZS_OK);
    g_assert_cmpmem(u.plain.p, u.plain.n, text, n);
    g_assert_true(u.confidential == sealed);
    g_assert_true(u.sent_by_acceptor == by_acceptor);
    g_assert_cmpuint(u.sequence, ==, sequence);
    g_assert_cmpint(u.key, ==, zs_context_facts(c)->subkey_from);
    g_byte_array_unref(token);
    g_free(text);
    g_free(buf);
}

/* What from signs, holds; over another text, by the other side, or with a bit changed, it does not. */
static void mic_holds(const struct zs_context *c, gss_ctx_id_t from, bool by_acceptor)
{
    char offer[] = "offered";
    gss_buffer_desc text = {.value = offer, .length = 7}, made;
    struct zs_span given = zs_span(offer, 7);
    OM_uint32 major, minor;
    bool holds;

    major = gss_get_mic(&minor, from, GSS_C_QOP_DEFAULT, &text, &made);
    mit_check(major, minor, "gss_get_mic");
    uint8_t *token = made.value;
    struct zs_span mic = zs_span(token, made.length);
    g_assert_true(zs_context_check_mic(c, mic, given, by_acceptor, &holds) && holds);
    g_assert_true(zs_context_check_mic(c, mic, zs_span(offer, 6), by_acceptor, &holds));
    g_assert_false(holds);
    g_assert_true(zs_context_check_mic(c, mic, given, !by_acceptor, &holds));
    g_assert_false(holds);
    for (size_t i = 0; i < made.length; i++) {
        /* RC4's checksum is not over the number (RFC 4757, 7.2), which stands before it. */
        if (zs_context_facts(c)->subkey_etype == ENCTYPE_ARCFOUR_HMAC && i + 16 >= made.length &&
            i + 12 < made.length)
            continue;
        token[i] ^= 1;
        holds = false; /* a bit of the flags may ask for a key that nobody has */
        zs_context_check_mic(c, mic, given, by_acceptor, &holds);
        g_assert_false(holds);
        token[i] ^= 1;
        zs_context_check_mic(c, zs_span(token, i), given, by_acceptor, &holds);
        g_assert_false(holds);
    }
    gss_release_buffer(&minor, &made);
}

static void messages_open(const struct zs_context *c, const struct mit_talk *t)
{
    static const size_t lengths[] = {0, 1, 15, 16, 17, 100, 4096, 70001};
    uint64_t initiator = zs_context_facts(c)->initiator_sequence;
    uint64_t acceptor = zs_context_facts(c)->acceptor_sequence;

    for (size_t i = 0; i < G_N_ELEMENTS(lengths); i++)
        for (int sealed = 0; sealed < 2; sealed++) {
            message_opens(c, t->initiator, false, sealed, lengths[i], initiator++);
            message_opens(c, t->acceptor, true, sealed, lengths[i], acceptor++);
        }
}

static const struct {
    int32_t service, session;
} mixtures[] = {{17, 17}, {18, 18}, {19, 19}, {20, 20}, {25, 25}, {26, 26},
                {18, 17}, {23, 18}, {23, 23}, {16, 16}, {18, 16}};

static void observer_knows_what_mits_peers_know(void)
{
    for (size_t i = 0; i < G_N_ELEMENTS(mixtures); i++)
        for (int mutual = 0; mutual < 2; mutual++) {
            OM_uint32 flags = GSS_C_REPLAY_FLAG | (mutual ? GSS_C_MUTUAL_FLAG : 0);
            struct forge f;
            mit_forge(&f, mixtures[i].service, mixtures[i].session);
            struct mit_talk t = mit_establish(&f, flags);
            struct zs_context *c = mit_observe(&f, &t);
            const struct zs_context_facts *facts = zs_context_facts(c);
            g_assert_cmpstr(facts->reason, ==, NULL);
            g_assert_cmpstr(facts->client_principal, ==, "alice@EXAMPLE.ORG");
            g_assert_cmpstr(facts->service_principal, ==, MIT_SERVICE);
            g_assert_cmpint(facts->verdict, ==, ZS_VERDICT_ACCEPTABLE);
            g_assert_true(facts->mutual == mutual);
            /* libzmq's flags, and MIT adds confidentiality, integrity and transferability */
            g_assert_cmphex(facts->gss_flags, ==,
                            flags | GSS_C_CONF_FLAG | GSS_C_INTEG_FLAG | GSS_C_TRANS_FLAG);
            g_assert_cmpint(facts->subkey_from, ==,
                            mutual ? ZS_SUBKEY_ACCEPTOR : ZS_SUBKEY_INITIATOR);
            messages_open(c, &t);
            mic_holds(c, t.initiator, false);
            mic_holds(c, t.acceptor, true);
            zs_context_free(c);
            mit_end(&t);
        }
}

static bool mit_takes(gss_ctx_id_t to, const GByteArray *token)
{
    gss_buffer_desc in = {token->len, token->data}, out = GSS_C_EMPTY_BUFFER;
    OM_uint32 minor;

    bool takes = !GSS_ERROR(gss_unwrap(&minor, to, &in, &out, NULL, NULL));
    gss_release_buffer(&minor, &out);
    return takes;
}

/* One peer's context, and what an observer has made of it. */
struct judges {
    gss_ctx_id_t mit;
    const struct zs_context *observer;
    bool by_acceptor; /* whose tokens that peer takes */
};

static bool observer_takes(const struct judges *j, const GByteArray *token, struct zs_span text)
{
    struct zs_unwrapped u;

    return forge_unwrap(j->observer, span_of(token), text, &u) == ZS_OK &&
           u.sent_by_acceptor == j->by_acceptor;
}

static void judged(const struct judges *j, const struct forge_old *w, bool by_mit, bool by_observer)
{
    GByteArray *token = forge_old_wrap(w);

    g_assert_true(mit_takes(j->mit, token) == by_mit);
    g_assert_true(observer_takes(j, token, w->text) == by_observer);
    g_byte_array_unref(token);
}

/* w is good; each octet of it behind the framing is altered in turn. */
static void altered_is_judged_alike(const struct judges *j, const struct forge_old *w)
{
    GByteArray *token = forge_old_wrap(w);

    for (size_t i = 13; i < token->len; i++) {
        token->data[i] ^= 0x10;
        g_assert_true(mit_takes(j->mit, token) == observer_takes(j, token, w->text));
        token->data[i] ^= 0x10;
    }
    g_byte_array_unref(token);
}

static void directions_are_judged_alike(const struct judges *j, struct forge_old w)
{
    for (unsigned set = 0; set < 16; set++) {
        bool right = set == (j->by_acceptor ? 15 : 0);
        for (unsigned i = 0; i < 4; i++)
            w.direction[i] = set >> i & 1 ? 0xff : 0;
        judged(j, &w, right, right);
    }
    memset(w.direction, 1, sizeof w.direction);
    judged(j, &w, false, false);
}

/* The one thing in which MIT is broader: it reads the last octet of padding alone, and takes any count that fits. */
static void padding_is_judged(const struct judges *j, struct forge_old w)
{
    static const uint8_t zero[] = {0, 0, 0}, unlike[] = {7, 7, 3}, large[] = {3, 3, 0xff};

    judged(j, &w, true, true);
    w.padding = zs_span(zero, 3);
    judged(j, &w, true, false);
    w.padding = zs_span(unlike, 3);
    judged(j, &w, true, false);
    w.padding = zs_span(large, 3);
    judged(j, &w, false, false);
}

static void forged_is_judged(const struct judges *j, const struct zs_key *key, bool sealed)
{
    static const uint8_t text[37] = "what was wrapped";
    struct forge_old w, other;

    forge_old_init(&w, key, j->by_acceptor, sealed, zs_span(text, sizeof text));
    judged(j, &w, true, true);
    altered_is_judged_alike(j, &w);
    directions_are_judged_alike(j, w);
    padding_is_judged(j, w);
    other = w;
    other.sign_alg ^= 0x1500; /* the other enctype's */
    judged(j, &other, false, false);
    other = w;
    other.filler = 0xff00;
    judged(j, &other, false, false);
    for (other = w, other.cut = 8; other.cut < 64; other.cut += 8)
        judged(j, &other, false, false);
}

static void old_tokens_are_judged_as_mit_judges_them(void)
{
    static const int32_t sessions[] = {16, 23};

    for (size_t i = 0; i < G_N_ELEMENTS(sessions); i++) {
        struct forge f;
        mit_forge(&f, 18, sessions[i]);
        struct mit_talk t = mit_establish(&f, 0); /* no replay detection: any order */
        struct zs_context *c = mit_observe(&f, &t);
        struct zs_key key = mit_subkey(&t);
        g_assert_cmpint(key.enctype, ==, sessions[i]);
        for (int sealed = 0; sealed < 2; sealed++) {
            forged_is_judged(&(struct judges){t.acceptor, c, false}, &key, sealed);
            forged_is_judged(&(struct judges){t.initiator, c, true}, &key, sealed);
        }
        zs_context_free(c);
        mit_end(&t);
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    zs_krb_init();
    mit_settle();
    g_test_add_func("/gss/observer_knows_what_mits_peers_know",
                    observer_knows_what_mits_peers_know);
    g_test_add_func("/gss/old_tokens_are_judged_as_mit_judges_them",
                    old_tokens_are_judged_as_mit_judges_them);
    int failed = g_test_run();
    mit_unsettle();
    return failed;
}
