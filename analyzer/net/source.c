/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Files as octets: plain, gzip (RFC 1952), Zstandard (RFC 8878) and LZ4 frames, told apart by their first octets.
 * Concatenated members are one stream, as gzip, zstd and lz4 have it.
 *
 * Limits: one layer of compression. Zstandard windows over 128 MiB (zstd --ultra --long=28 and more) are refused by
 * the library. */
#include "analyzer/net/source.h"

#include <errno.h>
#include <glib.h>
#include <lz4frame.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>
#include <zstd.h>

enum { PACKED = 65536 }; /* octets of the file that are at hand to be decompressed */

struct codec;

struct zs_source {
    int descriptor;
    bool (*wait)(void *user);
    void *user;
    uint8_t *buffer;
    size_t room, from, to; /* of buffer: allocated; at hand are from … to */
    const struct codec *codec;
    bool begun; /* its first octets were looked at */
    bool ended, cut;
    char *trouble;
    /* Compressed octets on their way. */
    uint8_t *packed;
    size_t packed_from, packed_to;
    bool inside; /* a member or frame has begun and not ended */
    z_stream gzip;
    ZSTD_DStream *zstd;
    LZ4F_dctx *lz4;
};

/* Decompresses from what is packed: sets how many octets were used and made. False: s->trouble is set. */
struct codec {
    const char *magic;
    size_t n;
    void (*start)(struct zs_source *s);
    bool (*step)(struct zs_source *s, uint8_t *to, size_t room, size_t *used, size_t *made);
    void (*stop)(struct zs_source *s);
};

static void complain(struct zs_source *s, const char *what)
{
    if (!s->trouble)
        s->trouble = g_strdup(what);
    s->ended = true;
}

/* ---- gzip ---- */

static void start_gzip(struct zs_source *s)
{
    if (inflateInit2(&s->gzip, 15 + 16) != Z_OK) /* 16: with gzip's header and trailer */
        g_error("no memory for decompression");
}

static bool step_gzip(struct zs_source *s, uint8_t *to, size_t room, size_t *used, size_t *made)
{
    size_t n = s->packed_to - s->packed_from;

    if (!s->inside)
        inflateReset(&s->gzip);
    s->inside = true;
    s->gzip.next_in = s->packed + s->packed_from;
    s->gzip.avail_in = (uInt)n;
    s->gzip.next_out = to;
    s->gzip.avail_out = (uInt)MIN(room, UINT_MAX);
    int rc = inflate(&s->gzip, Z_NO_FLUSH);
    *used = n - s->gzip.avail_in;
    *made = (size_t)(s->gzip.next_out - to);
    if (rc == Z_STREAM_END)
        s->inside = false;
    else if (rc != Z_OK && rc != Z_BUF_ERROR)
        complain(s, "its gzip compression is damaged");
    return !s->trouble;
}

static void stop_gzip(struct zs_source *s)
{
    inflateEnd(&s->gzip);
}

/* ---- Zstandard ---- */

static void start_zstd(struct zs_source *s)
{
    s->zstd = ZSTD_createDStream();
    if (!s->zstd)
        g_error("no memory for decompression");
}

static bool step_zstd(struct zs_source *s, uint8_t *to, size_t room, size_t *used, size_t *made)
{
    ZSTD_inBuffer in = {s->packed + s->packed_from, s->packed_to - s->packed_from, 0};
    ZSTD_outBuffer out = {to, room, 0};
    size_t rc = ZSTD_decompressStream(s->zstd, &out, &in);

    *used = in.pos;
    *made = out.pos;
    if (ZSTD_isError(rc))
        complain(s, "its Zstandard compression is damaged, or has too large a window");
    s->inside = rc != 0;
    return !s->trouble;
}

static void stop_zstd(struct zs_source *s)
{
    ZSTD_freeDStream(s->zstd);
}

/* ---- LZ4 ---- */

static void start_lz4(struct zs_source *s)
{
    if (LZ4F_isError(LZ4F_createDecompressionContext(&s->lz4, LZ4F_VERSION)))
        g_error("no memory for decompression");
}

static bool step_lz4(struct zs_source *s, uint8_t *to, size_t room, size_t *used, size_t *made)
{
    *used = s->packed_to - s->packed_from;
    *made = room;
    size_t rc = LZ4F_decompress(s->lz4, to, made, s->packed + s->packed_from, used, NULL);

    if (LZ4F_isError(rc))
        complain(s, "its LZ4 compression is damaged");
    s->inside = rc != 0;
    return !s->trouble;
}

static void stop_lz4(struct zs_source *s)
{
    LZ4F_freeDecompressionContext(s->lz4);
}

static const struct codec codecs[] = {
    {"\x1f\x8b", 2, start_gzip, step_gzip, stop_gzip},
    {"\x28\xb5\x2f\xfd", 4, start_zstd, step_zstd, stop_zstd},
    {"\x04\x22\x4d\x18", 4, start_lz4, step_lz4, stop_lz4},
};

/* ---- The buffer ---- */

struct zs_source *zs_source_new(int descriptor, size_t room)
{
    struct zs_source *s = g_new0(struct zs_source, 1);

    s->descriptor = descriptor;
    s->room = room;
    s->buffer = g_malloc(room);
    return s;
}

void zs_source_follow(struct zs_source *s, bool (*wait)(void *user), void *user)
{
    s->wait = wait;
    s->user = user;
}

/* Some octets of the file itself; 0: its end, for good. */
static size_t read_file(struct zs_source *s, uint8_t *to, size_t room)
{
    for (;;) {
        ssize_t n = read(s->descriptor, to, room);
        if (n > 0)
            return (size_t)n;
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            complain(s, g_strerror(errno));
        if (n < 0 || !s->wait || !s->wait(s->user))
            return 0;
    }
}

/* Some decompressed octets; 0: the end. */
static size_t unpack(struct zs_source *s, uint8_t *to, size_t room)
{
    for (;;) {
        size_t used = 0, made = 0;
        if (s->packed_from < s->packed_to || s->inside) {
            if (!s->codec->step(s, to, room, &used, &made))
                return made;
            s->packed_from += used;
            if (made > 0)
                return made;
        }
        if (s->packed_from == s->packed_to) {
            s->packed_from = 0;
            s->packed_to = read_file(s, s->packed, PACKED);
            if (s->packed_to == 0)
                break;
        } else if (used == 0) {
            complain(s, "its compression is damaged");
            return 0;
        }
    }
    if (s->inside && !s->trouble) {
        complain(s, "its compressed data end early");
        s->cut = true;
    }
    return 0;
}

static void fill(struct zs_source *s)
{
    size_t room = s->room - s->to;
    size_t n =
        s->codec ? unpack(s, s->buffer + s->to, room) : read_file(s, s->buffer + s->to, room);

    s->to += n;
    if (n == 0)
        s->ended = true;
}

static void make_room(struct zs_source *s, size_t n)
{
    if (s->room - s->from >= n)
        return;
    memmove(s->buffer, s->buffer + s->from, s->to - s->from);
    s->to -= s->from;
    s->from = 0;
    if (n > s->room) {
        s->room = n;
        s->buffer = g_realloc(s->buffer, n);
    }
}

/* Compressed? The first octets say it, of which there are four in any file that is of use here. */
static void choose_codec(struct zs_source *s)
{
    while (s->to < 4 && !s->ended)
        fill(s);
    for (size_t i = 0; i < G_N_ELEMENTS(codecs); i++) {
        if (s->to < 4 || memcmp(s->buffer, codecs[i].magic, codecs[i].n) != 0)
            continue;
        s->codec = &codecs[i];
        s->codec->start(s);
        s->packed = g_malloc(MAX(PACKED, s->to));
        memcpy(s->packed, s->buffer, s->to);
        s->packed_to = s->to;
        s->to = 0;
        s->ended = false;
        return;
    }
}

size_t zs_source_peek(struct zs_source *s, size_t n, const uint8_t **octets)
{
    if (s->to - s->from < n && !s->ended) {
        if (!s->begun)
            choose_codec(s);
        s->begun = true;
        make_room(s, n);
        while (s->to - s->from < n && !s->ended)
            fill(s);
    }
    *octets = s->buffer + s->from;
    return s->to - s->from;
}

bool zs_source_skip(struct zs_source *s, uint64_t n)
{
    const uint8_t *ignored;

    while (n > s->to - s->from) {
        n -= s->to - s->from;
        s->from = s->to = 0;
        if (zs_source_peek(s, 1, &ignored) == 0)
            return false;
    }
    s->from += n;
    if (s->from == s->to)
        s->from = s->to = 0;
    return true;
}

const char *zs_source_trouble(const struct zs_source *s)
{
    return s->trouble;
}

bool zs_source_is_cut(const struct zs_source *s)
{
    return s->cut;
}

void zs_source_free(struct zs_source *s)
{
    if (!s)
        return;
    if (s->codec)
        s->codec->stop(s);
    if (s->descriptor > STDIN_FILENO)
        close(s->descriptor);
    g_free(s->buffer);
    g_free(s->packed);
    g_free(s->trouble);
    g_free(s);
}
