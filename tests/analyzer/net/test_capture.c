/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Capture files: those that libpcap writes, those written by hand octet for octet, and those that
 * are broken, with the sentence that says so. */
#include "analyzer/net/capture.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <pcap/pcap.h>
#include <string.h>
#include <unistd.h>

struct place {
    char *directory;
    char *path; /* of the file under test */
};

static void place_init(struct place *p, const void *data)
{
    (void)data;
    p->directory = g_dir_make_tmp("zs-capture-XXXXXX", NULL);
    g_assert_nonnull(p->directory);
    p->path = g_build_filename(p->directory, "x.pcap", NULL);
}

static void place_clear(struct place *p, const void *data)
{
    (void)data;
    g_unlink(p->path);
    g_assert_cmpint(g_rmdir(p->directory), ==, 0);
    g_free(p->path);
    g_free(p->directory);
}

/* ---- Files by hand ---- */

struct octets {
    GByteArray *bytes;
    bool big; /* endian */
};

static struct octets octets_new(bool big)
{
    return (struct octets){g_byte_array_new(), big};
}

static void put(struct octets *o, unsigned size, uint64_t value)
{
    for (unsigned i = 0; i < size; i++) {
        uint8_t octet = (uint8_t)(value >> 8 * (o->big ? size - 1 - i : i));
        g_byte_array_append(o->bytes, &octet, 1);
    }
}

static void put_text(struct octets *o, const char *text)
{
    g_byte_array_append(o->bytes, (const uint8_t *)text, (guint)strlen(text));
}

static void put_pcap_header(struct octets *o, uint32_t magic, uint32_t link_type)
{
    put(o, 4, magic);
    put(o, 2, 2);
    put(o, 2, 4);
    put(o, 8, 0);
    put(o, 4, 65535);
    put(o, 4, link_type);
}

static void put_record(struct octets *o, uint32_t seconds, uint32_t fraction, uint32_t length,
                       const char *data)
{
    put(o, 4, seconds);
    put(o, 4, fraction);
    put(o, 4, strlen(data));
    put(o, 4, length);
    put_text(o, data);
}

/* A block of pcapng around a body. */
static void put_block(struct octets *o, uint32_t type, const struct octets *body)
{
    uint32_t padded = (body->bytes->len + 3) / 4 * 4;
    put(o, 4, type);
    put(o, 4, padded + 12);
    g_byte_array_append(o->bytes, body->bytes->data, body->bytes->len);
    put(o, padded - body->bytes->len, 0);
    put(o, 4, padded + 12);
    g_byte_array_free(body->bytes, TRUE);
}

static void put_section(struct octets *o)
{
    struct octets body = octets_new(o->big);
    put(&body, 4, 0x1a2b3c4d);
    put(&body, 4, o->big ? 0x00010000 : 0x00000001);
    put(&body, 8, UINT64_MAX);
    put_block(o, 0x0a0d0d0a, &body);
}

/* resolution: if_tsresol, 10 to the power of minus that. */
static void put_interface(struct octets *o, uint16_t link_type, uint8_t resolution)
{
    struct octets body = octets_new(o->big);
    put(&body, 2, link_type);
    put(&body, 2, 0);
    put(&body, 4, 65535);
    put(&body, 2, 9);
    put(&body, 2, 1);
    put(&body, 1, resolution);
    put(&body, 3, 0);
    put(&body, 4, 0);
    put_block(o, 1, &body);
}

static void put_packet(struct octets *o, uint32_t interface, uint64_t time, uint32_t length,
                       const char *data)
{
    struct octets body = octets_new(o->big);
    put(&body, 4, interface);
    put(&body, 4, time >> 32);
    put(&body, 4, time & UINT32_MAX);
    put(&body, 4, strlen(data));
    put(&body, 4, length);
    put_text(&body, data);
    put_block(o, 6, &body);
}

/* Writes the first n octets of o, all if n is 0, and frees it. */
static void write_out(const struct place *p, struct octets *o, size_t n)
{
    g_assert_true(g_file_set_contents(p->path, (const char *)o->bytes->data,
                                      (gssize)(n ? n : o->bytes->len), NULL));
    g_byte_array_free(o->bytes, TRUE);
}

/* ---- Questions ---- */

static void next_is(struct zs_capture *c, uint64_t number, int64_t time_ns, uint32_t length,
                    const char *data)
{
    struct zs_packet packet;
    GError *error = NULL;
    enum zs_capture_answer answer = zs_capture_next(c, &packet, &error);
    g_assert_no_error(error);
    g_assert_cmpint(answer, ==, ZS_CAPTURE_PACKET);
    g_assert_cmpuint(packet.number, ==, number);
    g_assert_cmpint(packet.time_ns, ==, time_ns);
    g_assert_cmpuint(packet.length, ==, length);
    g_assert_cmpmem(packet.data, packet.captured, data, strlen(data));
    size_t types;
    const int *type = zs_capture_link_types(c, &types);
    if (types == 1)
        g_assert_cmpint(packet.link_type, ==, type[0]);
}

static void ends(struct zs_capture *c)
{
    struct zs_packet packet;
    GError *error = NULL;
    g_assert_cmpint(zs_capture_next(c, &packet, &error), ==, ZS_CAPTURE_END);
    g_assert_no_error(error);
    zs_capture_close(c);
}

/* The error names the file by its path; sentence is what follows it. Where sentence ends in "...",
 * some words of libpcap's stand there, which differ from release to release. */
static void sentence_is(const struct place *p, GError *error, int code, const char *sentence)
{
    char *expected = g_strdup_printf("%s: %s", p->path, sentence);
    g_assert_error(error, ZS_CAPTURE_ERROR, code);
    g_assert_null(strpbrk(error->message, "\n\r"));
    if (g_str_has_suffix(expected, "...")) {
        size_t n = strlen(expected) - 3;
        g_assert_cmpuint(strlen(error->message), >, n + 10);
        expected[n] = error->message[n] = '\0';
    }
    g_assert_cmpstr(error->message, ==, expected);
    g_error_free(error);
    g_free(expected);
}

static void fails(const struct place *p, struct zs_capture *c, int code, const char *sentence)
{
    struct zs_packet packet;
    GError *error = NULL;
    g_assert_cmpint(zs_capture_next(c, &packet, &error), ==, ZS_CAPTURE_FAILED);
    sentence_is(p, error, code, sentence);
    zs_capture_close(c);
}

static struct zs_capture *opened(const struct place *p)
{
    GError *error = NULL;
    struct zs_capture *c = zs_capture_open(p->path, 0, NULL, &error);
    g_assert_no_error(error);
    g_assert_nonnull(c);
    g_assert_cmpstr(zs_capture_name(c), ==, p->path);
    return c;
}

static void not_opened(const struct place *p, int code, const char *sentence)
{
    GError *error = NULL;
    g_assert_null(zs_capture_open(p->path, 0, NULL, &error));
    sentence_is(p, error, code, sentence);
}

static int link_type_of(const struct zs_capture *c)
{
    size_t n;
    const int *types = zs_capture_link_types(c, &n);
    g_assert_cmpuint(n, ==, 1);
    return types[0];
}

/* ---- Good files ---- */

static void file_of_libpcap(struct place *p, const void *data)
{
    (void)data;
    pcap_t *dead = pcap_open_dead_with_tstamp_precision(DLT_RAW, 65535, PCAP_TSTAMP_PRECISION_NANO);
    pcap_dumper_t *dump = pcap_dump_open(dead, p->path);
    struct pcap_pkthdr header = {.ts = {1700000000, 123456789}, .caplen = 5, .len = 5};
    pcap_dump((u_char *)dump, &header, (const u_char *)"first");
    header = (struct pcap_pkthdr){.ts = {1700000001, 0}, .caplen = 3, .len = 1500};
    pcap_dump((u_char *)dump, &header, (const u_char *)"sec");
    pcap_dump_close(dump);
    pcap_close(dead);
    struct zs_capture *c = opened(p);
    g_assert_cmpint(link_type_of(c), ==, DLT_RAW);
    g_assert_cmpstr(zs_capture_link_name(link_type_of(c)), ==, "RAW");
    next_is(c, 1, INT64_C(1700000000123456789), 5, "first");
    next_is(c, 2, INT64_C(1700000001000000000), 1500, "sec");
    ends(c);
}

static void both_orders_and_resolutions(struct place *p, const void *data)
{
    (void)data;
    static const struct {
        bool big;
        uint32_t magic;
        int64_t time_ns;
    } forms[] = {{false, 0xa1b2c3d4, INT64_C(7000005000)},
                 {true, 0xa1b2c3d4, INT64_C(7000005000)},
                 {false, 0xa1b23c4d, INT64_C(7000000005)},
                 {true, 0xa1b23c4d, INT64_C(7000000005)}};
    for (size_t i = 0; i < G_N_ELEMENTS(forms); i++) {
        struct octets o = octets_new(forms[i].big);
        put_pcap_header(&o, forms[i].magic, 1);
        put_record(&o, 7, 5, 60, "frame");
        write_out(p, &o, 0);
        struct zs_capture *c = opened(p);
        g_assert_cmpstr(zs_capture_link_name(link_type_of(c)), ==, "EN10MB");
        next_is(c, 1, forms[i].time_ns, 60, "frame");
        ends(c);
    }
}

static void pcapng(struct place *p, const void *data)
{
    (void)data;
    for (int big = 0; big < 2; big++) {
        struct octets o = octets_new(big);
        put_section(&o);
        put_interface(&o, 276, 9);
        put_interface(&o, 276, 6); /* another resolution */
        put_packet(&o, 0, UINT64_C(1700000000123456789), 5, "first");
        put_packet(&o, 1, UINT64_C(1700000000123456), 2000, "other");
        write_out(p, &o, 0);
        struct zs_capture *c = opened(p);
        g_assert_cmpint(link_type_of(c), ==, 276);
        next_is(c, 1, INT64_C(1700000000123456789), 5, "first");
        next_is(c, 2, INT64_C(1700000000123456000), 2000, "other");
        ends(c);
    }
}

static void no_packets_are_no_error(struct place *p, const void *data)
{
    (void)data;
    struct octets o = octets_new(false);
    put_pcap_header(&o, 0xa1b2c3d4, 1);
    write_out(p, &o, 0);
    ends(opened(p));
}

static void length_is_never_below_captured(struct place *p, const void *data)
{
    (void)data;
    struct octets o = octets_new(false);
    put_pcap_header(&o, 0xa1b2c3d4, 101);
    put_record(&o, 1, 0, 2, "longer");
    write_out(p, &o, 0);
    struct zs_capture *c = opened(p);
    next_is(c, 1, 1000000000, 6, "longer");
    ends(c);
}

static void time_beyond_all_time(struct place *p, const void *data)
{
    (void)data;
    struct octets o = octets_new(false);
    put_section(&o);
    put_interface(&o, 1, 0); /* whole seconds */
    put_packet(&o, 0, INT64_MAX, 1, "x");
    put_packet(&o, 0, UINT64_C(1) << 63, 1, "y");
    write_out(p, &o, 0);
    struct zs_capture *c = opened(p);
    next_is(c, 1, INT64_MAX, 1, "x");
    next_is(c, 2, INT64_MIN, 1, "y");
    ends(c);
}

static void dash_is_standard_input(struct place *p, const void *data)
{
    (void)data;
    struct octets o = octets_new(false);
    put_pcap_header(&o, 0xa1b2c3d4, 1);
    put_record(&o, 1, 0, 60, "frame");
    put_record(&o, 2, 0, 60, "cut");
    write_out(p, &o, o.bytes->len - 1);
    int file = g_open(p->path, O_RDONLY, 0);
    g_assert_cmpint(dup2(file, 0), ==, 0);
    close(file);
    GError *error = NULL;
    struct zs_capture *c = zs_capture_open("-", 0, NULL, &error);
    g_assert_no_error(error);
    next_is(c, 1, INT64_C(1000000000), 60, "frame");
    struct zs_packet packet;
    g_assert_cmpint(zs_capture_next(c, &packet, &error), ==, ZS_CAPTURE_FAILED);
    g_assert_true(g_str_has_prefix(error->message, "standard input: cut short in packet 2: "));
    g_error_free(error);
    zs_capture_close(c);
}

/* ---- Bad files ---- */

static void file_that_is_not_there(struct place *p, const void *data)
{
    (void)data;
    not_opened(p, ZS_CAPTURE_ERROR_OPEN, "cannot be read: No such file or directory");
}

static void directory(struct place *p, const void *data)
{
    (void)data;
    struct place inner = {p->directory, p->directory};
    not_opened(&inner, ZS_CAPTURE_ERROR_OPEN, "is a directory, not a capture file");
}

static void empty_file(struct place *p, const void *data)
{
    (void)data;
    g_assert_true(g_file_set_contents(p->path, "", 0, NULL));
    not_opened(p, ZS_CAPTURE_ERROR_FORMAT, "is empty");
}

static void file_that_is_no_capture(struct place *p, const void *data)
{
    (void)data;
    g_assert_true(g_file_set_contents(p->path, "This is a letter, not a capture.\n", -1, NULL));
    not_opened(p, ZS_CAPTURE_ERROR_FORMAT, "is no capture file: ...");
    g_assert_true(g_file_set_contents(p->path, "\xd4\xc3\xb2\xa1\2", 5, NULL));
    not_opened(p, ZS_CAPTURE_ERROR_FORMAT, "is no capture file: ...");
}

static void link_type_that_is_not_read(struct place *p, const void *data)
{
    (void)data;
    struct octets o = octets_new(false);
    put_pcap_header(&o, 0xa1b2c3d4, 105);
    write_out(p, &o, 0);
    not_opened(p, ZS_CAPTURE_ERROR_LINK, "link type IEEE802_11 (105) is not read");
    o = octets_new(false);
    put_pcap_header(&o, 0xa1b2c3d4, 60000);
    write_out(p, &o, 0);
    not_opened(p, ZS_CAPTURE_ERROR_LINK, "link type unknown (60000) is not read");
}

/* Wherever a file of two packets is cut: what is whole comes first, then the sentence. */
static void cut_anywhere_says_in_which_packet(struct place *p, const void *data)
{
    (void)data;
    for (size_t n = 25; n < 24 + 2 * 21; n++) {
        struct octets o = octets_new(false);
        put_pcap_header(&o, 0xa1b2c3d4, 1);
        put_record(&o, 1, 0, 60, "first");
        put_record(&o, 2, 0, 60, "other");
        write_out(p, &o, n);
        struct zs_capture *c = opened(p);
        size_t left = n - 24;
        unsigned whole = left >= 21 ? 1 : 0;
        if (whole)
            next_is(c, 1, INT64_C(1000000000), 60, "first");
        left -= 21 * whole;
        if (left == 0) {
            ends(c);
            continue;
        }
        fails(p, c, ZS_CAPTURE_ERROR_CUT,
              whole ? "cut short in packet 2: ..." : "cut short in packet 1: ...");
    }
}

static void pcapng_cut_in_a_block(struct place *p, const void *data)
{
    (void)data;
    struct octets o = octets_new(false);
    put_section(&o);
    put_interface(&o, 1, 9);
    put_packet(&o, 0, 5, 60, "first");
    put_packet(&o, 0, 6, 60, "other");
    write_out(p, &o, o.bytes->len - 5);
    struct zs_capture *c = opened(p);
    next_is(c, 1, 5, 60, "first");
    fails(p, c, ZS_CAPTURE_ERROR_CUT, "cut short in packet 2: ...");
}

static void record_that_cannot_be(struct place *p, const void *data)
{
    (void)data;
    struct octets o = octets_new(false);
    put_pcap_header(&o, 0xa1b2c3d4, 1);
    put_record(&o, 1, 0, 60, "first");
    put(&o, 8, 0);
    put(&o, 4, 0x7fffffff); /* captured */
    put(&o, 4, 0x7fffffff);
    put_text(&o, "not that much");
    write_out(p, &o, 0);
    struct zs_capture *c = opened(p);
    next_is(c, 1, INT64_C(1000000000), 60, "first");
    fails(p, c, ZS_CAPTURE_ERROR_DAMAGE, "cannot be read at packet 2: ...");
}

static void interfaces_of_several_link_types(struct place *p, const void *data)
{
    (void)data;
    struct octets o = octets_new(false);
    put_section(&o);
    put_interface(&o, 1, 9);
    put_interface(&o, 101, 6);
    put_packet(&o, 1, 7, 60, "raw");
    put_interface(&o, 105, 9); /* is not read, and costs nobody else anything */
    put_packet(&o, 2, 8, 60, "radio");
    put_packet(&o, 0, 9, 60, "first");
    write_out(p, &o, 0);
    struct zs_capture *c = opened(p);
    size_t n;
    const int *types = zs_capture_link_types(c, &n);
    g_assert_cmpuint(n, ==, 2); /* before the first packet */
    g_assert_cmpint(types[0], ==, 1);
    g_assert_cmpint(types[1], ==, DLT_RAW);
    next_is(c, 1, 7000, 60, "raw");
    next_is(c, 2, 8, 60, "radio");
    next_is(c, 3, 9, 60, "first");
    zs_capture_link_types(c, &n);
    g_assert_cmpuint(n, ==, 3);
    ends(c);
}

/* Each costs memory for as long as the section lasts. */
static void interfaces_without_end(struct place *p, const void *data)
{
    enum { MOST = 65536 };
    (void)data;
    struct octets o = octets_new(false);
    put_section(&o);
    put_interface(&o, 1, 9);
    put_packet(&o, 0, 5, 60, "first");
    for (int i = 1; i < MOST; i++)
        put_interface(&o, 1, 9);
    put_packet(&o, MOST - 1, 6, 60, "last");
    put_interface(&o, 1, 9);
    write_out(p, &o, 0);
    struct zs_capture *c = opened(p);
    next_is(c, 1, 5, 60, "first");
    next_is(c, 2, 6, 60, "last");
    fails(p, c, ZS_CAPTURE_ERROR_DAMAGE, "cannot be read at packet 3: too many interfaces");
}

/* A second section has interfaces and an octet order of its own. */
static void sections_of_both_orders(struct place *p, const void *data)
{
    (void)data;
    struct octets o = octets_new(true);
    put_section(&o);
    put_interface(&o, 113, 9);
    put_packet(&o, 0, 5, 60, "big");
    o.big = false;
    put_section(&o);
    put_interface(&o, 276, 3);
    put_packet(&o, 0, 6, 60, "little");
    put_packet(&o, 1, 6, 60, "of no interface");
    write_out(p, &o, 0);
    struct zs_capture *c = opened(p);
    next_is(c, 1, 5, 60, "big");
    next_is(c, 2, 6000000, 60, "little");
    fails(p, c, ZS_CAPTURE_ERROR_DAMAGE,
          "cannot be read at packet 3: a packet of an interface that the section does not have");
}

/* Units of 2^-10 s; an offset of a day. */
static void binary_resolution_and_offset(struct place *p, const void *data)
{
    (void)data;
    struct octets o = octets_new(false);
    put_section(&o);
    struct octets body = octets_new(false);
    put(&body, 2, 1);
    put(&body, 2, 0);
    put(&body, 4, 0);
    put(&body, 2, 9);
    put(&body, 2, 1);
    put(&body, 4, 0x8a);
    put(&body, 2, 14);
    put(&body, 2, 8);
    put(&body, 8, 86400);
    put(&body, 4, 0);
    put_block(&o, 1, &body);
    put_packet(&o, 0, 3 * 1024 + 512, 60, "x");
    write_out(p, &o, 0);
    struct zs_capture *c = opened(p);
    next_is(c, 1, INT64_C(86403500000000), 60, "x");
    ends(c);
}

/* Comments, names, statistics and what nobody knows are passed over; drops are counted; a simple packet has the time
 * of the packet before it. */
static void blocks_of_every_kind(struct place *p, const void *data)
{
    (void)data;
    struct octets o = octets_new(false);
    put_section(&o);
    put_interface(&o, 1, 9);
    struct octets body = octets_new(false);
    put(&body, 4, 0);
    put_block(&o, 4, &body); /* names */
    body = octets_new(false);
    put(&body, 4, 12345);
    put_text(&body, "custom");
    put_block(&o, 0xbad, &body);
    put_packet(&o, 0, 77, 60, "first");
    body = octets_new(false);
    put(&body, 4, 6);
    put_text(&body, "simple");
    put_block(&o, 3, &body);
    body = octets_new(false);
    put(&body, 2, 0);
    put(&body, 2, 0xffff);
    put(&body, 4, 0);
    put(&body, 4, 99);
    put(&body, 4, 8);
    put(&body, 4, 9);
    put_text(&body, "obsolete");
    put_block(&o, 2, &body);
    body = octets_new(false); /* statistics: 42 dropped */
    put(&body, 4, 0);
    put(&body, 8, 0);
    put(&body, 2, 5);
    put(&body, 2, 8);
    put(&body, 8, 42);
    put(&body, 4, 0);
    put_block(&o, 5, &body);
    write_out(p, &o, 0);
    struct zs_capture *c = opened(p);
    next_is(c, 1, 77, 60, "first");
    next_is(c, 2, 77, 6, "simple");
    next_is(c, 3, 99, 9, "obsolete");
    struct zs_packet packet;
    g_assert_cmpint(zs_capture_next(c, &packet, NULL), ==, ZS_CAPTURE_END);
    g_assert_cmpuint(zs_capture_dropped(c), ==, 42);
    zs_capture_close(c);
}

static void note_secrets(void *user, const char *capture, uint32_t type, const void *octets,
                         size_t n)
{
    GString *seen = user;

    g_assert_true(g_path_is_absolute(capture)); /* as it was opened */
    g_string_append_printf(seen, "%x:", type);
    g_string_append_len(seen, octets, (gssize)n);
}

static void secrets_come_before_the_packet(struct place *p, const void *data)
{
    (void)data;
    struct octets o = octets_new(false);
    put_section(&o);
    put_interface(&o, 1, 9);
    struct octets body = octets_new(false);
    put(&body, 4, 0xabc);
    put(&body, 4, 7);
    put_text(&body, "secrets");
    put_block(&o, 10, &body);
    put_packet(&o, 0, 5, 60, "x");
    write_out(p, &o, 0);
    GString *seen = g_string_new(NULL);
    const struct zs_capture_hooks hooks = {.secrets = note_secrets, .user = seen};
    struct zs_capture *c = zs_capture_open(p->path, 0, &hooks, NULL);
    next_is(c, 1, 5, 60, "x");
    g_assert_cmpstr(seen->str, ==, "abc:secrets");
    g_string_free(seen, TRUE);
    ends(c);
}

static void block_whose_lengths_differ(struct place *p, const void *data)
{
    (void)data;
    struct octets o = octets_new(false);
    put_section(&o);
    put_interface(&o, 1, 9);
    put_packet(&o, 0, 5, 60, "first");
    put_packet(&o, 0, 6, 60, "other");
    o.bytes->data[o.bytes->len - 4] ^= 4;
    write_out(p, &o, 0);
    struct zs_capture *c = opened(p);
    next_is(c, 1, 5, 60, "first");
    fails(p, c, ZS_CAPTURE_ERROR_DAMAGE,
          "cannot be read at packet 2: a block's two lengths differ");
}

/* A buffer smaller than a record grows, and one record after the other lies in it whole. */
static void records_larger_than_the_buffer(struct place *p, const void *data)
{
    (void)data;
    char large[3000];
    memset(large, 'x', sizeof large - 1);
    large[sizeof large - 1] = '\0';
    struct octets o = octets_new(false);
    put_pcap_header(&o, 0xa1b2c3d4, 1);
    for (unsigned i = 1; i <= 20; i++)
        put_record(&o, i, 0, 5000, i % 2 ? large : "small");
    write_out(p, &o, 0);
    struct zs_capture *c = zs_capture_open(p->path, 64, NULL, NULL);
    for (unsigned i = 1; i <= 20; i++)
        next_is(c, i, i * INT64_C(1000000000), 5000, i % 2 ? large : "small");
    ends(c);
}

/* ---- Compression ---- */

static const char *const compressors[][2] = {{"gzip", "-nf"}, {"zstd", "-qf"}, {"lz4", "-qf"}};

/* Replaces the file by what the program makes of it. */
static void compress(const struct place *p, const char *const *program)
{
    char *out = g_strconcat(p->path, ".packed", NULL);
    char *line = g_strdup_printf("%s %s -c '%s' >'%s' && mv '%s' '%s'", program[0], program[1],
                                 p->path, out, out, p->path);
    const char *argv[] = {"sh", "-c", line, NULL};
    int status;
    g_assert_true(g_spawn_sync(NULL, (char **)argv, NULL, G_SPAWN_SEARCH_PATH, NULL, NULL, NULL,
                               NULL, &status, NULL));
    g_assert_cmpint(status, ==, 0);
    g_free(line);
    g_free(out);
}

static void write_two_packets(const struct place *p)
{
    struct octets o = octets_new(false);
    put_pcap_header(&o, 0xa1b2c3d4, 1);
    put_record(&o, 1, 0, 60, "first");
    put_record(&o, 2, 0, 60, "other");
    write_out(p, &o, 0);
}

static void compressed_files_read_like_others(struct place *p, const void *data)
{
    (void)data;
    for (size_t i = 0; i < G_N_ELEMENTS(compressors); i++) {
        write_two_packets(p);
        compress(p, compressors[i]);
        struct zs_capture *c = opened(p);
        next_is(c, 1, INT64_C(1000000000), 60, "first");
        next_is(c, 2, INT64_C(2000000000), 60, "other");
        ends(c);
    }
}

/* Cut anywhere it says so, and hands out what came before: nothing is made up. */
static void compressed_file_cut_anywhere(struct place *p, const void *data)
{
    (void)data;
    for (size_t i = 0; i < G_N_ELEMENTS(compressors); i++) {
        char *octets;
        gsize size;
        write_two_packets(p);
        compress(p, compressors[i]);
        g_assert_true(g_file_get_contents(p->path, &octets, &size, NULL));
        for (gsize n = 1; n < size; n++) {
            struct zs_packet packet;
            GError *error = NULL;
            enum zs_capture_answer answer = ZS_CAPTURE_FAILED;
            g_assert_true(g_file_set_contents(p->path, octets, (gssize)n, NULL));
            struct zs_capture *c = zs_capture_open(p->path, 0, NULL, &error);
            while (c && (answer = zs_capture_next(c, &packet, &error)) == ZS_CAPTURE_PACKET)
                g_assert_cmpuint(packet.number, <=, 2);
            g_assert_cmpint(answer, ==, ZS_CAPTURE_FAILED);
            g_assert_nonnull(error);
            g_error_free(error);
            zs_capture_close(c);
        }
        g_free(octets);
    }
}

static void several_members_are_one_stream(struct place *p, const void *data)
{
    (void)data;
    for (size_t i = 0; i < G_N_ELEMENTS(compressors); i++) {
        GString *all = g_string_new(NULL);
        for (unsigned part = 0; part < 2; part++) {
            char *octets;
            gsize n;
            struct octets o = octets_new(false);
            if (part == 0)
                put_pcap_header(&o, 0xa1b2c3d4, 1);
            put_record(&o, 1 + part, 0, 60, part ? "other" : "first");
            write_out(p, &o, 0);
            compress(p, compressors[i]);
            g_assert_true(g_file_get_contents(p->path, &octets, &n, NULL));
            g_string_append_len(all, octets, (gssize)n);
            g_free(octets);
        }
        g_assert_true(g_file_set_contents(p->path, all->str, (gssize)all->len, NULL));
        g_string_free(all, TRUE);
        struct zs_capture *c = opened(p);
        next_is(c, 1, INT64_C(1000000000), 60, "first");
        next_is(c, 2, INT64_C(2000000000), 60, "other");
        ends(c);
    }
}

static void damaged_compression(struct place *p, const void *data)
{
    (void)data;
    for (size_t i = 0; i < G_N_ELEMENTS(compressors); i++) {
        char *octets;
        gsize n;
        write_two_packets(p);
        compress(p, compressors[i]);
        g_assert_true(g_file_get_contents(p->path, &octets, &n, NULL));
        for (gsize k = n / 2; k < n; k++)
            octets[k] = (char)~octets[k];
        g_assert_true(g_file_set_contents(p->path, octets, (gssize)n, NULL));
        g_free(octets);
        GError *error = NULL;
        struct zs_packet packet;
        struct zs_capture *c = zs_capture_open(p->path, 0, NULL, &error);
        while (c && zs_capture_next(c, &packet, &error) == ZS_CAPTURE_PACKET)
            continue;
        g_assert_nonnull(error);
        g_error_free(error);
        zs_capture_close(c);
    }
}

/* ---- A file that grows ---- */

struct growth {
    const struct place *place;
    const char *octets; /* what is written in the end */
    gsize n, written;
};

/* Three octets more each time. */
static bool grow(void *user)
{
    struct growth *g = user;
    gsize n = MIN(3, g->n - g->written);
    FILE *file = g_fopen(g->place->path, "ab");
    g_assert_cmpuint(fwrite(g->octets + g->written, 1, n, file), ==, n);
    fclose(file);
    g->written += n;
    return n > 0;
}

static void growing_file_is_followed(struct place *p, const void *data)
{
    (void)data;
    for (int packed = 0; packed < 2; packed++) {
        char *octets;
        write_two_packets(p);
        if (packed)
            compress(p, compressors[0]);
        struct growth growth = {.place = p, .written = 10};
        g_assert_true(g_file_get_contents(p->path, &octets, &growth.n, NULL));
        growth.octets = octets;
        g_assert_true(g_file_set_contents(p->path, octets, 10, NULL));
        const struct zs_capture_hooks hooks = {.wait = grow, .user = &growth};
        struct zs_capture *c = zs_capture_open(p->path, 0, &hooks, NULL);
        next_is(c, 1, INT64_C(1000000000), 60, "first");
        g_assert_true(packed || growth.written < growth.n);
        next_is(c, 2, INT64_C(2000000000), 60, "other");
        ends(c);
        g_free(octets);
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
#define CASE(name) g_test_add("/capture/" #name, struct place, NULL, place_init, name, place_clear)
    CASE(file_of_libpcap);
    CASE(both_orders_and_resolutions);
    CASE(pcapng);
    CASE(no_packets_are_no_error);
    CASE(length_is_never_below_captured);
    CASE(time_beyond_all_time);
    CASE(dash_is_standard_input);
    CASE(file_that_is_not_there);
    CASE(directory);
    CASE(empty_file);
    CASE(file_that_is_no_capture);
    CASE(link_type_that_is_not_read);
    CASE(cut_anywhere_says_in_which_packet);
    CASE(pcapng_cut_in_a_block);
    CASE(record_that_cannot_be);
    CASE(interfaces_of_several_link_types);
    CASE(interfaces_without_end);
    CASE(sections_of_both_orders);
    CASE(binary_resolution_and_offset);
    CASE(blocks_of_every_kind);
    CASE(secrets_come_before_the_packet);
    CASE(block_whose_lengths_differ);
    CASE(records_larger_than_the_buffer);
    CASE(compressed_files_read_like_others);
    CASE(compressed_file_cut_anywhere);
    CASE(several_members_are_one_stream);
    CASE(damaged_compression);
    CASE(growing_file_is_followed);
    return g_test_run();
}
