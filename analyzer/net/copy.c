/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Captures to pcapng (draft-ietf-opsawg-pcapng): blocks as they are, in the octet order of their section.
 *
 * Limits: a section that says its length says "unknown" in the copy. Of a pcap the snapshot length, and what its link type
 * says of frame check sequences, are not carried over. */
#include "analyzer/net/copy.h"

#include "analyzer/net/blocks.h"
#include "analyzer/net/capture.h"
#include "analyzer/net/octets.h"
#include "analyzer/net/pcapng.h"

enum {
    BLOCK_SECRETS = 10,
    BYTE_ORDER_MAGIC = 0x1a2b3c4d,
    SECTION_LENGTH = 16, /* where it stands in a section's header, eight octets of it */
};

struct copying {
    const struct zs_copy *copy;
    struct zs_blocks blocks;
    bool any;  /* a block was copied: it is a pcapng */
    bool drop; /* the block whose octets come is left out */
};

static void put_secrets(const struct copying *c)
{
    if (c->copy->n)
        zs_blocks_secrets(&c->blocks, c->copy->type, c->copy->secrets, (uint32_t)c->copy->n);
}

static void put(const struct copying *c, const uint8_t *octets, size_t n)
{
    fwrite(octets, 1, n, c->blocks.out);
}

/* A section's header is of use to the reader, and so it comes whole. */
static void copy_section(struct copying *c, const uint8_t *block, size_t n)
{
    c->blocks.big = zs_be32(block + 8) == BYTE_ORDER_MAGIC;
    if (n < SECTION_LENGTH + 12) {
        put(c, block, n);
    } else {
        put(c, block, SECTION_LENGTH);
        zs_blocks_number(&c->blocks, 8, UINT64_MAX);
        put(c, block + SECTION_LENGTH + 8, n - SECTION_LENGTH - 8);
    }
    put_secrets(c);
}

static bool is_dropped(const struct copying *c, const uint8_t *block, size_t n)
{
    return c->copy->discard && n >= 12 && zs_32(block, c->blocks.big) == BLOCK_SECRETS &&
           zs_32(block + 8, c->blocks.big) == c->copy->type;
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
        put(c, octets, n);
}

/* What a pcap becomes: times are in nanoseconds, whatever they were in. */
static void put_beginning(const struct copying *c, int link_type)
{
    zs_blocks_section(&c->blocks, NULL);
    put_secrets(c);
    zs_blocks_interface(&c->blocks, link_type);
}

bool zs_copy_capture(const char *path, const struct zs_copy *copy, FILE *out, GError **error)
{
    struct copying c = {.copy = copy, .blocks = {.out = out}};
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
            zs_blocks_packet(&c.blocks, &packet, NULL);
    zs_capture_close(capture);
    return answer == ZS_CAPTURE_END;
}
