/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Opening a message allocates nothing, whatever its enctype: the allocator of the whole process, libgcrypt's too, is
 * this file's, and counts; the vault is counted too.
 *
 * Limits: glibc's names for its own allocator; not for sanitizers, which bring theirs. */
#include "core/krb/context.h"

#include "core/krb/init.h"
#include "core/krb/lanes.h"
#include "tests/core/krb/mit.h"

#include <errno.h>

enum { TOKENS = 1000, LENGTHS = 5 };

static unsigned allocations;

/* What malloc() and its kin are in glibc, underneath. */
extern void *__libc_malloc(size_t n);
extern void *__libc_calloc(size_t count, size_t n);
extern void *__libc_realloc(void *p, size_t n);
extern void *__libc_memalign(size_t alignment, size_t n);
extern void __libc_free(void *p);

__attribute__((visibility("default"))) void *malloc(size_t n)
{
    allocations++;
    return __libc_malloc(n);
}

__attribute__((visibility("default"))) void *calloc(size_t count, size_t n)
{
    allocations++;
    return __libc_calloc(count, n);
}

__attribute__((visibility("default"))) void *realloc(void *p, size_t n)
{
    allocations++;
    return __libc_realloc(p, n);
}

__attribute__((visibility("default"))) void *aligned_alloc(size_t alignment, size_t n)
{
    allocations++;
    return __libc_memalign(alignment, n);
}

__attribute__((visibility("default"))) int posix_memalign(void **p, size_t alignment, size_t n)
{
    allocations++;
    *p = __libc_memalign(alignment, n);
    return *p ? 0 : ENOMEM;
}

__attribute__((visibility("default"))) void free(void *p)
{
    __libc_free(p);
}

/* The linker sends all calls of zs_vault_new() here. */
void *__wrap_zs_vault_new(size_t n);
extern void *__real_zs_vault_new(size_t n);

void *__wrap_zs_vault_new(size_t n)
{
    allocations++;
    return __real_zs_vault_new(n);
}

/* The counter counts what libgcrypt and GLib do, or zero would say nothing. */
static void others_are_counted(void)
{
    unsigned before = allocations;

    g_free(g_malloc(10));
    g_assert_cmpuint(allocations, >, before);
    before = allocations;
    struct zs_keyring *r = zs_keyring_new();
    zs_keyring_free(r);
    g_assert_cmpuint(allocations, >, before);
}

/* Several lengths, sealed and not, from both sides: what the peers of one context send. */
static GPtrArray *wrap_some(const struct mit_talk *t)
{
    static const size_t lengths[LENGTHS] = {0, 1, 64, 1000, 20000};
    static const uint8_t text[20000];
    GPtrArray *tokens = g_ptr_array_new_with_free_func((GDestroyNotify)g_byte_array_unref);

    for (size_t i = 0; i < LENGTHS; i++)
        for (int sealed = 0; sealed < 2; sealed++) {
            struct zs_span part = zs_span(text, lengths[i]);
            g_ptr_array_add(tokens, mit_wrap(t->initiator, sealed, part));
            g_ptr_array_add(tokens, mit_wrap(t->acceptor, sealed, part));
        }
    return tokens;
}

static void open_tokens(const struct zs_context *c, const GPtrArray *tokens, unsigned count)
{
    static uint8_t buf[30000];
    struct zs_unwrapped u;

    for (unsigned i = 0; i < count; i++) {
        const GByteArray *token = tokens->pdata[i % tokens->len];
        g_assert_cmpint(zs_context_unwrap(c, span_of(token), buf, sizeof buf, &u), ==, ZS_OK);
    }
}

/* All tokens of the first four lengths, many at once, where there are lanes. */
static void open_together(struct zs_lanes *l, const struct zs_context *c, const GPtrArray *tokens)
{
    static uint8_t buf[ZS_LANES_MOST][2000];
    struct zs_unwrapping many[ZS_LANES_MOST];
    unsigned n = MIN(zs_lanes_count(l), (LENGTHS - 1) * 4);

    for (unsigned i = 0; i < n; i++)
        many[i] = (struct zs_unwrapping){
            .context = c, .token = span_of(tokens->pdata[i]), .buf = buf[i], .room = sizeof buf[i]};
    zs_lanes_unwrap(l, many, n);
    for (unsigned i = 0; i < n; i++)
        g_assert_cmpint(many[i].rc, ==, ZS_OK);
}

/* A damaged token costs no more than a good one. */
static void refuse_tokens(const struct zs_context *c, const GPtrArray *tokens, unsigned count)
{
    static uint8_t buf[30000];
    struct zs_unwrapped u;

    for (unsigned i = 0; i < count; i++) {
        GByteArray *token = tokens->pdata[i % tokens->len];
        token->data[token->len - 1] ^= 1;
        g_assert_cmpint(zs_context_unwrap(c, span_of(token), buf, sizeof buf, &u), !=, ZS_OK);
        token->data[token->len - 1] ^= 1;
    }
}

static void no_message_allocates(gconstpointer session)
{
    struct forge f;

    mit_forge(&f, 18, GPOINTER_TO_INT(session));
    /* MIT's acceptor would negotiate a subkey of the best enctype; without it the initiator's is used. */
    struct mit_talk t = mit_establish(&f, GSS_C_REPLAY_FLAG);
    struct zs_context *c = mit_observe(&f, &t);
    g_assert_cmpint(zs_context_facts(c)->subkey_etype, ==, GPOINTER_TO_INT(session));
    GPtrArray *tokens = wrap_some(&t);
    struct zs_lanes *lanes = zs_lanes_new();
    open_tokens(c, tokens, tokens->len); /* keys are derived at the first token of a side */
    unsigned before = allocations;
    open_tokens(c, tokens, TOKENS);
    refuse_tokens(c, tokens, TOKENS);
    if (lanes)
        open_together(lanes, c, tokens);
    g_assert_cmpuint(allocations - before, ==, 0);
    zs_lanes_free(lanes);
    g_ptr_array_unref(tokens);
    zs_context_free(c);
    mit_end(&t);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    zs_krb_init();
    mit_settle();
    g_test_add_func("/allocation/others_are_counted", others_are_counted);
    for (int session = 16; session <= 26; session++) {
        char name[ZS_ENCTYPE_NAME_MAX];
        if (session > 20 && session != 23 && session < 25)
            continue;
        char *path = g_strdup_printf("/allocation/no_message_allocates/%s",
                                     zs_enctype_name(session, name, sizeof name));
        g_test_add_data_func(path, GINT_TO_POINTER(session), no_message_allocates);
        g_free(path);
    }
    int failed = g_test_run();
    mit_unsettle();
    return failed;
}
