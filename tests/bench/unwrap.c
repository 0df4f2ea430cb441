/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How fast wrap tokens are opened, AES256-SHA1, on one core: zs_lanes_unwrap() as many as it takes at once,
 * zs_context_unwrap() one by one, MIT's gss_unwrap() on the same tokens, bare libgcrypt (CBC-CTS decrypt and HMAC-SHA1) over the same octets, and SHA-1 alone, which nobody who checks a
 * token can do without. They take turns, so that whatever else the machine does falls on all of them, and each figure is
 * the median of its rounds.
 *
 * Limits: one enctype, sealed tokens, initiator to acceptor; README.md tells what the figures mean. */
#include "core/krb/context.h"
#include "core/krb/init.h"
#include "core/krb/lanes.h"
#include "tests/core/krb/mit.h"

#include <gcrypt.h>
#include <krb5/krb5.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>

enum { CONFOUNDER = 16, HEADER = 16, TAG = 12, AES256 = 32, TOKENS_MAX = 64 };

static int rounds = 101;
static int batch_kib = 1024;
static int only_size; /* octets; 0: all */
static gboolean check_targets, best_rounds;

/* What is aimed at by the better of the two ways: ratio to MIT, and percent of bare libgcrypt; 0: nothing. */
static const struct size {
    size_t n;
    double times_mit, percent_of_gcrypt;
} sizes[] = {{64, 5, 0}, {1024, 8, 0}, {16384, 10, 80}, {61440, 0, 0}};

/* The same tokens for all, and what each needs to open them. */
struct bench {
    struct mit_talk talk;
    struct zs_context *context;
    gcry_cipher_hd_t cipher;
    gcry_md_hd_t hmac;
    GPtrArray *tokens;      /* GByteArray *: distinct ones, opened in turn */
    struct zs_lanes *lanes; /* NULL: there are none here */
    uint8_t *text, *buf;
    uint8_t *bufs[ZS_LANES_MOST];
    size_t n, room;
};

static void open_ours(struct bench *b, const GByteArray *token)
{
    struct zs_unwrapped u;

    if (zs_context_unwrap(b->context, span_of(token), b->buf, b->room, &u) != ZS_OK)
        g_error("zs_context_unwrap");
    if (u.plain.n != b->n)
        g_error("zs_context_unwrap: %zu octets", u.plain.n);
}

/* Without lanes, as whoever has none does it. */
static void open_together(struct bench *b, unsigned first, unsigned n)
{
    struct zs_unwrapping all[ZS_LANES_MOST];

    for (unsigned i = 0; i < n; i++) {
        const GByteArray *token = b->tokens->pdata[(first + i) % TOKENS_MAX];
        if (!b->lanes)
            open_ours(b, token);
        all[i] = (struct zs_unwrapping){
            .context = b->context, .token = span_of(token), .buf = b->bufs[i], .room = b->room};
    }
    if (b->lanes)
        zs_lanes_unwrap(b->lanes, all, n);
    for (unsigned i = 0; b->lanes && i < n; i++)
        if (all[i].rc != ZS_OK || all[i].u.plain.n != b->n)
            g_error("zs_lanes_unwrap");
}

static void open_mit(struct bench *b, const GByteArray *token)
{
    gss_buffer_desc in = {token->len, token->data}, out = GSS_C_EMPTY_BUFFER;
    OM_uint32 minor;

    OM_uint32 major = gss_unwrap(&minor, b->talk.acceptor, &in, &out, NULL, NULL);
    mit_check(major, minor, "gss_unwrap");
    if (out.length != b->n)
        g_error("gss_unwrap: %zu octets", out.length);
    gss_release_buffer(&minor, &out);
}

/* The keys are other ones, which costs the same. */
static void open_gcrypt(struct bench *b, const GByteArray *token)
{
    size_t n = token->len - HEADER - TAG;
    static volatile uint8_t differ;

    if (gcry_cipher_setiv(b->cipher, NULL, 0) ||
        gcry_cipher_decrypt(b->cipher, b->buf, n, token->data + HEADER, n))
        g_error("gcry_cipher_decrypt");
    gcry_md_reset(b->hmac);
    gcry_md_write(b->hmac, b->buf, n);
    differ = memcmp(gcry_md_read(b->hmac, GCRY_MD_SHA1), token->data + HEADER + n, TAG) != 0;
    (void)differ;
}

/* The ceiling: no key block, no decryption. */
static void open_sha1(struct bench *b, const GByteArray *token)
{
    uint8_t digest[20];

    (void)b;
    gcry_md_hash_buffer(GCRY_MD_SHA1, digest, token->data + HEADER, token->len - HEADER - TAG);
    static volatile uint8_t kept;
    kept = digest[0];
    (void)kept;
}

/* Before anything is measured: both say what was sent. */
static void compare(struct bench *b, const GByteArray *token)
{
    gss_buffer_desc in = {token->len, token->data}, out = GSS_C_EMPTY_BUFFER;
    struct zs_unwrapped u;
    OM_uint32 minor;

    OM_uint32 major = gss_unwrap(&minor, b->talk.acceptor, &in, &out, NULL, NULL);
    mit_check(major, minor, "gss_unwrap");
    g_assert_cmpmem(out.value, out.length, b->text, b->n);
    gss_release_buffer(&minor, &out);
    g_assert_cmpint(zs_context_unwrap(b->context, span_of(token), b->buf, b->room, &u), ==, ZS_OK);
    g_assert_cmpmem(u.plain.p, u.plain.n, b->text, b->n);
}

static void bench_init(struct bench *b, size_t n)
{
    static const uint8_t key[AES256] = {1};
    struct forge f;

    mit_forge(&f, ENCTYPE_AES256_CTS_HMAC_SHA1_96, ENCTYPE_AES256_CTS_HMAC_SHA1_96);
    *b = (struct bench){.n = n, .room = n + 1000};
    b->talk = mit_establish(&f, GSS_C_MUTUAL_FLAG);
    b->context = mit_observe(&f, &b->talk);
    g_assert_cmpint(zs_context_facts(b->context)->subkey_etype, ==,
                    ENCTYPE_AES256_CTS_HMAC_SHA1_96);
    b->text = g_malloc(n);
    b->buf = g_malloc(b->room);
    b->lanes = zs_lanes_new();
    for (int i = 0; i < ZS_LANES_MOST; i++)
        b->bufs[i] = g_malloc(b->room);
    for (size_t i = 0; i < n; i++)
        b->text[i] = (uint8_t)(i * 17);
    b->tokens = g_ptr_array_new_with_free_func((GDestroyNotify)g_byte_array_unref);
    for (int i = 0; i < TOKENS_MAX; i++) {
        g_ptr_array_add(b->tokens, mit_wrap(b->talk.initiator, 1, zs_span(b->text, n)));
        compare(b, b->tokens->pdata[i]);
    }
    if (gcry_cipher_open(&b->cipher, GCRY_CIPHER_AES256, GCRY_CIPHER_MODE_CBC,
                         GCRY_CIPHER_CBC_CTS) ||
        gcry_cipher_setkey(b->cipher, key, sizeof key) ||
        gcry_md_open(&b->hmac, GCRY_MD_SHA1, GCRY_MD_FLAG_HMAC) ||
        gcry_md_setkey(b->hmac, key, sizeof key))
        g_error("libgcrypt");
}

static void bench_clear(struct bench *b)
{
    gcry_cipher_close(b->cipher);
    gcry_md_close(b->hmac);
    g_ptr_array_unref(b->tokens);
    g_free(b->text);
    g_free(b->buf);
    for (int i = 0; i < ZS_LANES_MOST; i++)
        g_free(b->bufs[i]);
    zs_lanes_free(b->lanes);
    zs_context_free(b->context);
    mit_end(&b->talk);
}

enum { LANES, OURS, MIT, GCRYPT, SHA1, BODIES };
/* One token; of LANES many are taken at once. */
static void (*const bodies[BODIES])(struct bench *b, const GByteArray *token) = {
    [OURS] = open_ours, [MIT] = open_mit, [GCRYPT] = open_gcrypt, [SHA1] = open_sha1};

/* Nanoseconds for each of count tokens. */
static double run(struct bench *b, int body, unsigned count)
{
    struct timespec from, to;

    unsigned step = body == LANES && b->lanes ? zs_lanes_count(b->lanes) : 1;

    count += step - 1 - (count + step - 1) % step;
    clock_gettime(CLOCK_MONOTONIC, &from);
    for (unsigned i = 0; i < count; i += step)
        if (body == LANES)
            open_together(b, i, step);
        else
            bodies[body](b, b->tokens->pdata[i % TOKENS_MAX]);
    clock_gettime(CLOCK_MONOTONIC, &to);
    return ((double)(to.tv_sec - from.tv_sec) * 1e9 + (double)(to.tv_nsec - from.tv_nsec)) / count;
}

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* ns[body]: the median of all rounds; or the best one, which is as if the machine were quiet. */
static void measure(struct bench *b, double ns[BODIES])
{
    unsigned count = (unsigned)((size_t)batch_kib * 1024 / b->n) + 1;
    double *all[BODIES];

    for (int i = 0; i < BODIES; i++)
        all[i] = g_new(double, (gsize)rounds);
    for (int r = 0; r < rounds; r++)
        for (int i = 0; i < BODIES; i++)
            all[i][r] = run(b, i, count);
    for (int i = 0; i < BODIES; i++) {
        qsort(all[i], (size_t)rounds, sizeof all[i][0], by_value);
        ns[i] = all[i][best_rounds ? 0 : rounds / 2];
        g_free(all[i]);
    }
}

/* One line of the table; false: a target is missed. */
static bool report(const struct size *s)
{
    struct bench b;
    double ns[BODIES];

    bench_init(&b, s->n);
    measure(&b, ns);
    bench_clear(&b);
    double best = MIN(ns[LANES], ns[OURS]), percent = 100 * ns[GCRYPT] / best;
    bool met = ns[MIT] / best >= s->times_mit && percent >= s->percent_of_gcrypt;
    printf("%7zu", s->n);
    for (int i = 0; i < BODIES; i++)
        printf(" %10.0f", 1e3 * (double)s->n / ns[i]);
    printf(" %8.1f %8.1f %8.1f %8.1f %9.0f %%  %s\n", ns[MIT] / ns[LANES], ns[MIT] / ns[OURS],
           ns[MIT] / ns[GCRYPT], ns[MIT] / ns[SHA1], percent, met ? "" : "below target");
    return met;
}

/* The scheduler's choice of a core, kept. */
static void stay_on_this_core(void)
{
    cpu_set_t set;
    int cpu = sched_getcpu();

    if (cpu < 0)
        return;
    CPU_ZERO(&set);
    CPU_SET(cpu, &set);
    sched_setaffinity(0, sizeof set, &set);
}

static void read_options(int argc, char **argv)
{
    static const GOptionEntry entries[] = {
        {"rounds", 'r', 0, G_OPTION_ARG_INT, &rounds, "turns of each (101)", "N"},
        {"batch", 'b', 0, G_OPTION_ARG_INT, &batch_kib, "KiB of text opened in a turn (1024)", "N"},
        {"size", 's', 0, G_OPTION_ARG_INT, &only_size, "only this size of text", "OCTETS"},
        {"best", 'B', 0, G_OPTION_ARG_NONE, &best_rounds, "the best round, not the median", NULL},
        {"check", 'c', 0, G_OPTION_ARG_NONE, &check_targets, "exit with 1 below a target", NULL},
        {0}};
    GOptionContext *o = g_option_context_new(NULL);
    GError *error = NULL;

    g_option_context_add_main_entries(o, entries, NULL);
    if (!g_option_context_parse(o, &argc, &argv, &error) || rounds < 1 || batch_kib < 0) {
        fprintf(stderr, "bench_unwrap: %s\n", error ? error->message : "a number is too small");
        exit(2);
    }
    g_option_context_free(o);
}

int main(int argc, char **argv)
{
    bool met = true;

    read_options(argc, argv);
    stay_on_this_core();
    zs_krb_init();
    mit_settle();
    puts(
        "                         MB/s of plain text                               ratio to MIT of            part of\n"
        " octets   together one by one        MIT  libgcrypt SHA-1 only together   single  libgcr.    SHA-1  libgcrypt");
    for (size_t i = 0; i < G_N_ELEMENTS(sizes); i++)
        if (!only_size || sizes[i].n == (size_t)only_size)
            met &= report(&sizes[i]);
    mit_unsettle();
    return check_targets && !met;
}
