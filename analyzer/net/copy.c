/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Captures to pcapng (draft-ietf-opsawg-pcapng): blocks as they are, in the octet order of their section.
 *
 * Limits: a section that says its length says "unknown" in the copy. Of a pcap the snapshot length, and what its link type
 * says of frame check sequences, are not carried over. */
#include "analyzer/net/copy.h"

#include "analyzer/net/capture.h"
#include "analyzer/net/octets.h"
#include "analyzer/net/pcapfile.h"
#include "analyzer/net/pcapng.h"

enum {
    BLOCK_SECTION = 0x0a0d0d0a,
    BLOCK_INTERFACE = 1,
    BLOCK_ENHANCED = 6,
    BLOCK_SECRETS = 10,
    BYTE_ORDER_MAGIC = 0x1a2b3c4d,
    SECTION_LENGTH = 16, /* where it stands in a section's header, eight octets of it */
};

struct copying {
    const struct zs_copy *copy;
    FILE *out;
    bool big;  /* the octet order of the section */
    bool any;  /* a block was copied: it is a pcapng */
    bool drop; /* the block whose octets come is left out */
};

static void put(const struct copying *c, unsigned size, uint64_t value)
{
    for (unsigned i = 0; i < size; i++)
        putc((int)(value >> 8 * (c->big ? size - 1 - i : i) & 0xff), c->out);
}

static void put_padded(const struct copying *c, const void *octets, size_t n)
{
    fwrite(octets, 1, n, c->out);
    put(c, (unsigned)(-n & 3), 0);
}

static void put_secrets(const struct copying *c)
{
    uint32_t padded = (uint32_t)((c->copy->n + 3) & ~(size_t)3), length = 20 + padded;

    if (c->copy->n == 0)
        return;
    put(c, 4, BLOCK_SECRETS);
    put(c, 4, length);
    put(c, 4, c->copy->type);
    put(c, 4, c->copy->n);
    put_padded(c, c->copy->secrets, c->copy->n);
    put(c, 4, length);
}

/* A section's header is of use to the reader, and so it comes whole. */
static void copy_section(struct copying *c, const uint8_t *block, size_t n)
{
    c->big = zs_be32(block + 8) == BYTE_ORDER_MAGIC;
    if (n < SECTION_LENGTH + 12) {
        fwrite(block, 1, n, c->out);
    } else {
        fwrite(block, 1, SECTION_LENGTH, c->out);
        put(c, 8, UINT64_MAX);
        fwrite(block + SECTION_LENGTH + 8, 1, n - SECTION_LENGTH - 8, c->out);
    }
    put_secrets(c);
}

static bool is_dropped(const struct copying *c, const uint8_t *block, size_t n)
{
    return c->copy->discard && n >= 12 && zs_32(block, c->big) == BLOCK_SECRETS &&
           zs_32(block + 8, c->big) == c->copy->type;
}

static void on_block(void *user, const uint8_t *octets, size_t n, bool begins)
{
    struct copying *c = user;

    c->any = true;
    if (begins && zs_pcapng_probe(octets, n)) {
        c->drop = false;
        copy_section(c, octets, n);
        return;
    }
    if (begins)
        c->drop = is_dropped(c, octets, n);
    if (!c->drop)
        fwrite(octets, 1, n, c->out);
}

/* What a pcap becomes: times are in nanoseconds (if_tsresol), whatever they were in. */
static void put_beginning(const struct copying *c, int link_type)
{
    put(c, 4, BLOCK_SECTION);
    put(c, 4, 28);
    put(c, 4, BYTE_ORDER_MAGIC);
    put(c, 2, 1);
    put(c, 2, 0);
    put(c, 8, UINT64_MAX);
    put(c, 4, 28);
    put_secrets(c);
    put(c, 4, BLOCK_INTERFACE);
    put(c, 4, 32);
    put(c, 2, zs_pcap_link_type_in_file(link_type));
    put(c, 2, 0);
    put(c, 4, 0);
    put(c, 2, 9); /* if_tsresol, one octet: 10 to the power of -9 */
    put(c, 2, 1);
    put(c, 4, c->big ? UINT32_C(9) << 24 : 9);
    put(c, 4, 0); /* no more options */
    put(c, 4, 32);
}

static void put_packet(const struct copying *c, const struct zs_packet *p)
{
    uint32_t length = 32 + ((p->captured + 3) & ~UINT32_C(3));

    put(c, 4, BLOCK_ENHANCED);
    put(c, 4, length);
    put(c, 4, 0);
    put(c, 4, (uint64_t)p->time_ns >> 32);
    put(c, 4, (uint64_t)p->time_ns & UINT32_MAX);
    put(c, 4, p->captured);
    put(c, 4, p->length);
    put_padded(c, p->data, p->captured);
    put(c, 4, length);
}

bool zs_copy_capture(const char *path, const struct zs_copy *copy, FILE *out, GError **error)
{
    struct copying c = {.copy = copy, .out = out};
    const struct zs_capture_hooks hooks = {.block = on_block, .user = &c};
    struct zs_capture *capture = zs_capture_open(path, 0, &hooks, error);
    struct zs_packet packet;
    enum zs_capture_answer answer;
    size_t n;

    if (!capture)
        return false;
    bool is_pcap = !c.any;
    if (is_pcap)
        put_beginning(&c, zs_capture_link_types(capture, &n)[0]);
    while ((answer = zs_capture_next(capture, &packet, error)) == ZS_CAPTURE_PACKET)
        if (is_pcap)
            put_packet(&c, &packet);
    zs_capture_close(capture);
    return answer == ZS_CAPTURE_END;
}
