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
    g_assert_cmpint(packet.link_type, ==, zs_capture_link_type(c));
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

static struct zs_capture *opened(const struct place *p, const char *filter)
{
    GError *error = NULL;
    struct zs_capture *c = zs_capture_open(p->path, filter, &error);
    g_assert_no_error(error);
    g_assert_nonnull(c);
    g_assert_cmpstr(zs_capture_name(c), ==, p->path);
    return c;
}

static void not_opened(const struct place *p, const char *filter, int code, const char *sentence)
{
    GError *error = NULL;
    g_assert_null(zs_capture_open(p->path, filter, &error));
    sentence_is(p, error, code, sentence);
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
    struct zs_capture *c = opened(p, NULL);
    g_assert_cmpint(zs_capture_link_type(c), ==, DLT_RAW);
    g_assert_cmpstr(zs_capture_link_name(zs_capture_link_type(c)), ==, "RAW");
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
        struct zs_capture *c = opened(p, "");
        g_assert_cmpstr(zs_capture_link_name(zs_capture_link_type(c)), ==, "EN10MB");
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
        struct zs_capture *c = opened(p, NULL);
        g_assert_cmpint(zs_capture_link_type(c), ==, 276);
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
    ends(opened(p, NULL));
}

static void length_is_never_below_captured(struct place *p, const void *data)
{
    (void)data;
    struct octets o = octets_new(false);
    put_pcap_header(&o, 0xa1b2c3d4, 101);
    put_record(&o, 1, 0, 2, "longer");
    write_out(p, &o, 0);
    struct zs_capture *c = opened(p, NULL);
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
    struct zs_capture *c = opened(p, NULL);
    next_is(c, 1, INT64_MAX, 1, "x");
    next_is(c, 2, INT64_MIN, 1, "y");
    ends(c);
}

static void filter_keeps_the_numbers(struct place *p, const void *data)
{
    (void)data;
    struct octets o = octets_new(false);
    put_pcap_header(&o, 0xa1b2c3d4, 1);
    put_record(&o, 1, 0, 60, "short");
    put_record(&o, 2, 0, 600, "long");
    put_record(&o, 3, 0, 60, "short");
    put_record(&o, 4, 0, 700, "long");
    put_record(&o, 5, 0, 60, "short");
    write_out(p, &o, 0);
    struct zs_capture *c = opened(p, "greater 500");
    next_is(c, 2, INT64_C(2000000000), 600, "long");
    next_is(c, 4, INT64_C(4000000000), 700, "long");
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
    struct zs_capture *c = zs_capture_open("-", NULL, &error);
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
    not_opened(p, NULL, ZS_CAPTURE_ERROR_OPEN, "cannot be read: No such file or directory");
}

static void directory(struct place *p, const void *data)
{
    (void)data;
    struct place inner = {p->directory, p->directory};
    not_opened(&inner, NULL, ZS_CAPTURE_ERROR_OPEN, "is a directory, not a capture file");
}

static void empty_file(struct place *p, const void *data)
{
    (void)data;
    g_assert_true(g_file_set_contents(p->path, "", 0, NULL));
    not_opened(p, NULL, ZS_CAPTURE_ERROR_FORMAT, "is empty");
}

static void file_that_is_no_capture(struct place *p, const void *data)
{
    (void)data;
    g_assert_true(g_file_set_contents(p->path, "This is a letter, not a capture.\n", -1, NULL));
    not_opened(p, NULL, ZS_CAPTURE_ERROR_FORMAT, "is no capture file: ...");
    g_assert_true(g_file_set_contents(p->path, "\xd4\xc3\xb2\xa1\2", 5, NULL));
    not_opened(p, NULL, ZS_CAPTURE_ERROR_FORMAT, "is no capture file: ...");
}

static void link_type_that_is_not_read(struct place *p, const void *data)
{
    (void)data;
    struct octets o = octets_new(false);
    put_pcap_header(&o, 0xa1b2c3d4, 105);
    write_out(p, &o, 0);
    not_opened(p, NULL, ZS_CAPTURE_ERROR_LINK, "link type IEEE802_11 (105) is not read");
    o = octets_new(false);
    put_pcap_header(&o, 0xa1b2c3d4, 60000);
    write_out(p, &o, 0);
    not_opened(p, NULL, ZS_CAPTURE_ERROR_LINK, "link type unknown (60000) is not read");
}

static void filter_that_is_none(struct place *p, const void *data)
{
    (void)data;
    struct octets o = octets_new(false);
    put_pcap_header(&o, 0xa1b2c3d4, 1);
    write_out(p, &o, 0);
    not_opened(p, "tcp prt 5", ZS_CAPTURE_ERROR_FILTER, "filter \"tcp prt 5\": ...");
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
        struct zs_capture *c = opened(p, NULL);
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
    struct zs_capture *c = opened(p, NULL);
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
    struct zs_capture *c = opened(p, NULL);
    next_is(c, 1, INT64_C(1000000000), 60, "first");
    fails(p, c, ZS_CAPTURE_ERROR_DAMAGE, "cannot be read at packet 2: ...");
}

static void interfaces_of_two_link_types(struct place *p, const void *data)
{
    (void)data;
    struct octets o = octets_new(false);
    put_section(&o);
    put_interface(&o, 1, 9);
    put_packet(&o, 0, 5, 60, "first");
    put_interface(&o, 101, 9);
    put_packet(&o, 1, 6, 60, "other");
    write_out(p, &o, 0);
    struct zs_capture *c = opened(p, NULL);
    next_is(c, 1, 5, 60, "first");
    fails(p, c, ZS_CAPTURE_ERROR_DAMAGE, "cannot be read at packet 2: ...");
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
    CASE(filter_keeps_the_numbers);
    CASE(dash_is_standard_input);
    CASE(file_that_is_not_there);
    CASE(directory);
    CASE(empty_file);
    CASE(file_that_is_no_capture);
    CASE(link_type_that_is_not_read);
    CASE(filter_that_is_none);
    CASE(cut_anywhere_says_in_which_packet);
    CASE(pcapng_cut_in_a_block);
    CASE(record_that_cannot_be);
    CASE(interfaces_of_two_link_types);
    return g_test_run();
}
