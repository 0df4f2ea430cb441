/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Session secrets, written and read: docs/secrets.md, version 1.
 *
 * Limits: a line has at most LINE_MAX_OCTETS, a key log FILE_MAX_OCTETS. The key log's text is wiped behind the
 * reader; the pages that the system keeps of the file are not ours to wipe. */
#include "core/krb/secrets.h"

#include "core/krb/ring.h"
#include "core/krb/vault.h"

#include <errno.h>
#include <fcntl.h>
#include <gcrypt.h>
#include <string.h>
#include <unistd.h>

#define PREFIX  "zmtp-gssapi-"
#define VERSION "1"

enum { LINE_MAX_OCTETS = 1 << 16, FILE_MAX_OCTETS = 64 << 20, READ_AT_LEAST = 1 << 16 };

void zs_secret_id(struct zs_span authenticator, uint8_t id[ZS_SECRET_ID])
{
    gcry_md_hash_buffer(GCRY_MD_SHA256, id, authenticator.p, authenticator.n);
}

void zs_secret_clear(struct zs_secret *s)
{
    zs_key_clear(&s->key);
    g_free(s->client);
    g_free(s->service);
    g_free(s->source);
    *s = (struct zs_secret){0};
}

static void free_secret(gpointer p)
{
    zs_secret_clear(p);
    zs_vault_free(p);
}

static int by_id(gconstpointer a, gconstpointer b, gpointer user)
{
    (void)user;
    return memcmp(a, b, ZS_SECRET_ID);
}

/* A tree, for whoever writes a key log chooses the ids, and could choose them to collide in a hash table. */
GTree *zs_secrets_new(void)
{
    return g_tree_new_full(by_id, NULL, NULL, free_secret);
}

const struct zs_secret *zs_keyring_secret(const struct zs_keyring *r,
                                          const uint8_t id[ZS_SECRET_ID])
{
    return g_tree_lookup(r->secrets, id);
}

size_t zs_keyring_secret_count(const struct zs_keyring *r)
{
    return (size_t)g_tree_nnodes(r->secrets);
}

/* ---- writing ---- */

static void append_hex(GString *line, const uint8_t *p, size_t n)
{
    static const char digits[] = "0123456789abcdef";

    for (size_t i = 0; i < n; i++) {
        g_string_append_c(line, digits[p[i] >> 4]);
        g_string_append_c(line, digits[p[i] & 15]);
    }
}

static void append_escaped(GString *line, const char *name, const char *value)
{
    if (!value)
        return;
    g_string_append_printf(line, " %s=", name);
    for (; *value; value++) {
        uint8_t c = (uint8_t)*value;
        if (c < 0x21 || c > 0x7e || c == '%')
            g_string_append_printf(line, "%%%02X", c);
        else
            g_string_append_c(line, (char)c);
    }
}

char *zs_secret_format(const struct zs_secret *s)
{
    char enctype[ZS_ENCTYPE_NAME_MAX];
    /* All at once: a string that grows leaves copies of the key behind. */
    size_t names = (s->client ? strlen(s->client) : 0) + (s->service ? strlen(s->service) : 0);
    size_t room = 512 + 3 * names;
    GString *line = g_string_sized_new(room);

    g_string_append(line, PREFIX VERSION " id=");
    append_hex(line, s->id, sizeof s->id);
    g_string_append_printf(line, " key=%s:%s:", zs_subkey_from_name(s->from),
                           zs_enctype_name(s->key.enctype, enctype, sizeof enctype));
    append_hex(line, s->key.octets, s->key.n);
    append_escaped(line, "client", s->client);
    append_escaped(line, "service", s->service);
    if (s->has_initiator_sequence)
        g_string_append_printf(line, " iseq=%" G_GUINT64_FORMAT, s->initiator_sequence);
    if (s->has_acceptor_sequence)
        g_string_append_printf(line, " aseq=%" G_GUINT64_FORMAT, s->acceptor_sequence);
    if (s->has_flags)
        g_string_append_printf(line, " flags=0x%x", (unsigned)s->flags);
    g_assert(line->len < room);
    return g_string_free(line, FALSE);
}

void zs_secret_free(char *line)
{
    if (line)
        explicit_bzero(line, strlen(line));
    g_free(line);
}

/* ---- reading ---- */

/* The next word of the line, up to a blank; empty at its end. */
static struct zs_span next_word(struct zs_span *line)
{
    size_t from = 0, to;

    while (from < line->n && (line->p[from] == ' ' || line->p[from] == '\t'))
        from++;
    for (to = from; to < line->n && line->p[to] != ' ' && line->p[to] != '\t'; to++)
        ;
    struct zs_span word = zs_span(line->p + from, to - from);
    *line = zs_span_skip(*line, to);
    return word;
}

/* Takes what is before c from the front of s, and c; false, and nothing taken, where there is no c. */
static bool cut(struct zs_span *s, char c, struct zs_span *before)
{
    const uint8_t *at = s->n ? memchr(s->p, c, s->n) : NULL;

    if (!at)
        return false;
    *before = zs_span(s->p, (size_t)(at - s->p));
    *s = zs_span_skip(*s, before->n + 1);
    return true;
}

static bool read_id(struct zs_span v, uint8_t id[ZS_SECRET_ID])
{
    return zs_hex_parse((const char *)v.p, v.n, id, ZS_SECRET_ID);
}

static bool read_key(struct zs_span v, struct zs_secret *s)
{
    struct zs_span from;
    int f = 0;

    if (!cut(&v, ':', &from))
        return false;
    while (f <= ZS_SUBKEY_SESSION && !zs_span_is(from, zs_subkey_from_name((enum zs_subkey_from)f)))
        f++;
    if (f > ZS_SUBKEY_SESSION)
        return false;
    s->from = (enum zs_subkey_from)f;
    return !zs_key_parse(&s->key, (const char *)v.p, v.n);
}

/* The text that was escaped; NULL: an escape that is none, a NUL, or nothing at all. */
static char *read_text(struct zs_span v)
{
    GString *text = g_string_new(NULL);

    for (size_t i = 0; i < v.n; i++) {
        uint8_t c = v.p[i];
        if (c == '%') {
            if (v.n - i < 3 || !zs_hex_parse((const char *)v.p + i + 1, 2, &c, 1))
                c = 0;
            i += 2;
        }
        if (!c) {
            g_string_truncate(text, 0);
            break;
        }
        g_string_append_c(text, (char)c);
    }
    return g_string_free(text, text->len == 0);
}

static bool read_number(struct zs_span v, uint64_t *n)
{
    uint64_t got = 0;

    for (size_t i = 0; i < v.n; i++) {
        if (v.p[i] < '0' || v.p[i] > '9' || __builtin_mul_overflow(got, 10, &got) ||
            __builtin_add_overflow(got, v.p[i] - '0', &got))
            return false;
    }
    *n = got;
    return v.n > 0;
}

/* 0x and one to eight digits. */
static bool read_flags(struct zs_span v, uint32_t *flags)
{
    char digits[8];
    uint8_t octets[4];

    if (v.n < 3 || v.n > 10 || v.p[0] != '0' || v.p[1] != 'x')
        return false;
    memset(digits, '0', sizeof digits);
    memcpy(digits + (sizeof digits - (v.n - 2)), v.p + 2, v.n - 2);
    if (!zs_hex_parse(digits, sizeof digits, octets, sizeof octets))
        return false;
    struct zs_rd rd = zs_rd(zs_span(octets, sizeof octets));
    *flags = zs_rd_be32(&rd);
    return true;
}

enum field {
    FIELD_ID,
    FIELD_KEY,
    FIELD_CLIENT,
    FIELD_SERVICE,
    FIELD_ISEQ,
    FIELD_ASEQ,
    FIELD_FLAGS
};
static const char *const field_names[] = {"id",   "key",  "client", "service",
                                          "iseq", "aseq", "flags"};

static bool read_field(enum field f, struct zs_span v, struct zs_secret *s)
{
    switch (f) {
    case FIELD_ID:
        return read_id(v, s->id);
    case FIELD_KEY:
        return read_key(v, s);
    case FIELD_CLIENT:
        return (s->client = read_text(v)) != NULL;
    case FIELD_SERVICE:
        return (s->service = read_text(v)) != NULL;
    case FIELD_ISEQ:
        return s->has_initiator_sequence = read_number(v, &s->initiator_sequence);
    case FIELD_ASEQ:
        return s->has_acceptor_sequence = read_number(v, &s->acceptor_sequence);
    case FIELD_FLAGS:
        return s->has_flags = read_flags(v, &s->flags);
    }
    return false;
}

/* What is wrong with the fields of a line; g_free() it. NULL: *s is filled. */
static char *read_fields(struct zs_span line, struct zs_secret *s)
{
    unsigned seen = 0;

    for (struct zs_span word; (word = next_word(&line)).n;) {
        struct zs_span name;
        unsigned f = 0;
        if (!cut(&word, '=', &name))
            return g_strdup("a word without an equals sign");
        while (f < G_N_ELEMENTS(field_names) && !zs_span_is(name, field_names[f]))
            f++;
        if (f == G_N_ELEMENTS(field_names))
            continue;
        if (seen & 1u << f)
            return g_strdup_printf("%s stands there twice", field_names[f]);
        seen |= 1u << f;
        if (!read_field((enum field)f, word, s))
            return g_strdup_printf("its %s cannot be read", field_names[f]);
    }
    if (!(seen & 1u << FIELD_ID) || !(seen & 1u << FIELD_KEY))
        return g_strdup("it has no id or no key");
    return NULL;
}

/* Answers as read_fields() for a line whose first word says that it is of this format. */
static char *read_version(struct zs_span first, struct zs_span rest, struct zs_secret *s)
{
    struct zs_span version = zs_span_skip(first, strlen(PREFIX));
    uint64_t number;

    if (zs_span_is(version, VERSION))
        return read_fields(rest, s);
    if (!read_number(version, &number))
        return g_strdup("not a session secret");
    return g_strdup_printf("a session secret of version %" G_GUINT64_FORMAT ", and version " VERSION
                           " alone is read",
                           number);
}

/* NULL: added, or there is nothing in the line. */
static char *add_line(struct zs_keyring *r, struct zs_span line, const char *source, bool given)
{
    struct zs_secret s = {.given = given};

    if (line.n && line.p[line.n - 1] == '\r')
        line.n--;
    struct zs_span first = next_word(&line);
    if (first.n == 0 || first.p[0] == '#')
        return NULL;
    if (first.n < strlen(PREFIX) || memcmp(first.p, PREFIX, strlen(PREFIX)) != 0)
        return g_strdup("not a session secret");
    char *trouble = first.n + line.n > LINE_MAX_OCTETS
                        ? g_strdup("longer than a session secret may be")
                        : read_version(first, line, &s);
    struct zs_secret *known = trouble ? NULL : g_tree_lookup(r->secrets, s.id);
    if (known)
        known->given |= given;
    if (!trouble && !known) {
        struct zs_secret *kept = zs_vault_new(sizeof *kept);
        s.source = g_strdup(source);
        *kept = s;
        g_tree_insert(r->secrets, kept->id, kept);
        explicit_bzero(&s, sizeof s);
    }
    zs_secret_clear(&s);
    return trouble;
}

bool zs_keyring_add_secrets(struct zs_keyring *r, const char *text, size_t n, const char *source,
                            bool given, char **why)
{
    struct zs_span left = zs_span(text, n), line;
    char *first = NULL;
    size_t number = 0, first_number = 0, bad = 0;

    while (left.n) {
        if (!cut(&left, '\n', &line)) {
            line = left;
            left.n = 0;
        }
        number++;
        char *trouble = add_line(r, line, source, given);
        bad += trouble != NULL;
        if (trouble && !first) {
            first = trouble;
            first_number = number;
        } else {
            g_free(trouble);
        }
    }
    zs_key_wipe_stack();
    if (!first)
        return true;
    *why = bad > 1 ? g_strdup_printf("%s:%zu: %s; %zu more line%s cannot be used", source,
                                     first_number, first, bad - 1, bad > 2 ? "s" : "")
                   : g_strdup_printf("%s:%zu: %s", source, first_number, first);
    g_free(first);
    return false;
}

/* All that fd gives; NULL and errno where it cannot be read. The caller wipes and frees it. */
static char *read_all(int fd, size_t *n)
{
    size_t have = 0, room = READ_AT_LEAST;
    char *text = g_malloc(room);
    ssize_t got;

    while ((got = read(fd, text + have, room - have)) > 0 || (got < 0 && errno == EINTR)) {
        have += got > 0 ? (size_t)got : 0;
        if (have < room)
            continue;
        if (room >= FILE_MAX_OCTETS) {
            errno = EFBIG;
            got = -1;
            break;
        }
        char *more = g_malloc(2 * room); /* realloc would leave a copy behind */
        memcpy(more, text, have);
        explicit_bzero(text, have);
        g_free(text);
        text = more;
        room *= 2;
    }
    *n = have;
    if (got == 0)
        return text;
    explicit_bzero(text, have);
    g_free(text);
    return NULL;
}

bool zs_keyring_add_keylog(struct zs_keyring *r, const char *path, char **why)
{
    size_t n;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    char *text = fd < 0 ? NULL : read_all(fd, &n);
    int error = errno;

    if (fd >= 0)
        close(fd);
    if (!text) {
        *why = g_strdup_printf("%s: %s", path, g_strerror(error));
        return false;
    }
    bool ok = zs_keyring_add_secrets(r, text, n, path, true, why);
    explicit_bzero(text, n);
    g_free(text);
    return ok;
}
