/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Capture files: pcap, pcapng, and whatever compresses them. Input: a file. It is read twice, through a buffer that is
 * smaller than most records and through one that holds the whole file: both give the same packets and the same end.
 * Only where compression is damaged it is the library's business how much comes out before it notices. */
#include "analyzer/net/capture.h"

#include "tests/fuzz/fuzz.h"

#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

/* What a reading came to. */
struct told {
    GChecksum *packets;
    uint64_t count, octets;
    enum zs_capture_answer end;
    int error;
};

static void on_secrets(void *user, const char *capture, uint32_t type, const void *octets, size_t n)
{
    struct told *t = user;
    (void)capture;

    g_checksum_update(t->packets, (const guchar *)&type, sizeof type);
    g_checksum_update(t->packets, octets, (gssize)n);
}

static void note(struct told *t, const struct zs_packet *p)
{
    FUZZ_CHECK(p->number == ++t->count);
    FUZZ_CHECK(p->captured <= p->length && p->captured <= ZS_CAPTURED_MAX);
    t->octets += p->captured;
    g_checksum_update(t->packets, (const guchar *)&p->time_ns, sizeof p->time_ns);
    g_checksum_update(t->packets, (const guchar *)&p->length, sizeof p->length);
    g_checksum_update(t->packets, (const guchar *)&p->link_type, sizeof p->link_type);
    g_checksum_update(t->packets, p->data, p->captured);
}

/* Compression may make much of little: MOST octets are enough. */
static struct told reading(const char *path, size_t room)
{
    enum { MOST = 1 << 18 };
    struct told t = {.packets = g_checksum_new(G_CHECKSUM_SHA1), .end = ZS_CAPTURE_FAILED};
    const struct zs_capture_hooks hooks = {.secrets = on_secrets, .user = &t};
    GError *error = NULL;
    struct zs_packet packet;
    struct zs_capture *c = zs_capture_open(path, room, &hooks, &error);

    while (c && t.octets + t.count < MOST &&
           (t.end = zs_capture_next(c, &packet, &error)) == ZS_CAPTURE_PACKET)
        note(&t, &packet);
    FUZZ_CHECK((t.end == ZS_CAPTURE_FAILED) == (error != NULL));
    if (error)
        t.error = error->code + 1;
    g_clear_error(&error);
    zs_capture_close(c);
    return t;
}

static bool is_packed(const uint8_t *data, size_t size)
{
    return size >= 4 &&
           (memcmp(data, "\x1f\x8b", 2) == 0 || memcmp(data, "\x28\xb5\x2f\xfd", 4) == 0 ||
            memcmp(data, "\x04\x22\x4d\x18", 4) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    int fd = memfd_create("capture", 0);
    char path[40];

    FUZZ_CHECK(fd >= 0 && write(fd, data, size) == (ssize_t)size);
    g_snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    struct told small = reading(path, 16), large = reading(path, 1 << 16);
    if (small.end != ZS_CAPTURE_FAILED || !is_packed(data, size)) {
        FUZZ_CHECK(small.end == large.end && small.error == large.error);
        FUZZ_CHECK(small.count == large.count);
        FUZZ_CHECK(g_str_equal(g_checksum_get_string(small.packets),
                               g_checksum_get_string(large.packets)));
    }
    g_checksum_free(small.packets);
    g_checksum_free(large.packets);
    close(fd);
    return 0;
}
