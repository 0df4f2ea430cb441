/* SPDX-License-Identifier: GPL-2.0-or-later */
/* pcapng, written: sections of one interface, packets with comments.
 *
 * Limits: a section does not say its length. */
#include "analyzer/net/blocks.h"

#include "analyzer/net/pcapfile.h"

#include <glib.h>
#include <string.h>

enum {
    BLOCK_SECTION = 0x0a0d0d0a,
    BLOCK_INTERFACE = 1,
    BLOCK_ENHANCED = 6,
    BLOCK_SECRETS = 10,
    BYTE_ORDER_MAGIC = 0x1a2b3c4d,
};

enum { OPTION_END, OPTION_COMMENT, OPTION_RESOLUTION = 9, NANOSECONDS = 9 };

void zs_blocks_number(const struct zs_blocks *b, unsigned size, uint64_t value)
{
    for (unsigned i = 0; i < size; i++)
        putc((int)(value >> 8 * (b->big ? size - 1 - i : i) & 0xff), b->out);
}

static uint32_t padded(uint32_t n)
{
    return (n + 3) & ~UINT32_C(3);
}

static void put_padded(const struct zs_blocks *b, const void *octets, uint32_t n)
{
    fwrite(octets, 1, n, b->out);
    zs_blocks_number(b, padded(n) - n, 0);
}

/* The octets of it that are written; a character of UTF-8 is not cut in two. */
static uint32_t comment_length(const char *comment)
{
    size_t n = strlen(comment);

    if (n > ZS_BLOCKS_COMMENT) {
        n = ZS_BLOCKS_COMMENT;
        while (n > 0 && (comment[n] & 0xc0) == 0x80)
            n--;
    }
    return (uint32_t)n;
}

/* Octets that the options take of a block, the end of options among them; without a comment there are none. */
static uint32_t options_length(const char *comment)
{
    return comment ? 4 + padded(comment_length(comment)) + 4 : 0;
}

static void put_options(const struct zs_blocks *b, const char *comment)
{
    if (!comment)
        return;
    uint32_t n = comment_length(comment);
    zs_blocks_number(b, 2, OPTION_COMMENT);
    zs_blocks_number(b, 2, n);
    put_padded(b, comment, n);
    zs_blocks_number(b, 4, OPTION_END);
}

void zs_blocks_section(const struct zs_blocks *b, const char *comment)
{
    uint32_t length = 28 + options_length(comment);

    zs_blocks_number(b, 4, BLOCK_SECTION);
    zs_blocks_number(b, 4, length);
    zs_blocks_number(b, 4, BYTE_ORDER_MAGIC);
    zs_blocks_number(b, 2, 1);
    zs_blocks_number(b, 2, 0);
    zs_blocks_number(b, 8, UINT64_MAX);
    put_options(b, comment);
    zs_blocks_number(b, 4, length);
}

void zs_blocks_interface(const struct zs_blocks *b, int link_type)
{
    zs_blocks_number(b, 4, BLOCK_INTERFACE);
    zs_blocks_number(b, 4, 32);
    zs_blocks_number(b, 2, zs_pcap_link_type_in_file(link_type));
    zs_blocks_number(b, 2, 0);
    zs_blocks_number(b, 4, 0);
    zs_blocks_number(b, 2, OPTION_RESOLUTION); /* 10 to the power of so much less than 0 */
    zs_blocks_number(b, 2, 1);
    put_padded(b, &(uint8_t){NANOSECONDS}, 1);
    zs_blocks_number(b, 4, OPTION_END);
    zs_blocks_number(b, 4, 32);
}

void zs_blocks_secrets(const struct zs_blocks *b, uint32_t type, const void *secrets, uint32_t n)
{
    uint32_t length = 20 + padded(n);

    zs_blocks_number(b, 4, BLOCK_SECRETS);
    zs_blocks_number(b, 4, length);
    zs_blocks_number(b, 4, type);
    zs_blocks_number(b, 4, n);
    put_padded(b, secrets, n);
    zs_blocks_number(b, 4, length);
}

void zs_blocks_packet(const struct zs_blocks *b, const struct zs_packet *packet,
                      const char *comment)
{
    uint32_t length = 32 + padded(packet->captured) + options_length(comment);

    zs_blocks_number(b, 4, BLOCK_ENHANCED);
    zs_blocks_number(b, 4, length);
    zs_blocks_number(b, 4, 0);
    zs_blocks_number(b, 4, (uint64_t)packet->time_ns >> 32);
    zs_blocks_number(b, 4, (uint64_t)packet->time_ns & UINT32_MAX);
    zs_blocks_number(b, 4, packet->captured);
    zs_blocks_number(b, 4, packet->length);
    put_padded(b, packet->data, packet->captured);
    put_options(b, comment);
    zs_blocks_number(b, 4, length);
}
