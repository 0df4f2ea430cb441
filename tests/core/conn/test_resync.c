/* SPDX-License-Identifier: GPL-2.0-or-later */
/* core/conn/resync.c: what is taken for the beginning of a frame, what is not, and that looking costs no more than
 * the octets are worth. */
#include "core/conn/resync.h"

#include "tests/core/wire/wire_case.h"
#include "tests/harness/guard.h"

#include <glib.h>

enum { LIMIT = 1 << 20 };

static const struct zs_search any = {.framing = ZS_FRAMING_3, .limit = LIMIT};

static const char *const mechanisms[] = {
    [ZS_MECHANISM_UNKNOWN] = "unknown", [ZS_MECHANISM_NONE] = "none",
    [ZS_MECHANISM_NULL] = "NULL",       [ZS_MECHANISM_PLAIN] = "PLAIN",
    [ZS_MECHANISM_CURVE] = "CURVE",     [ZS_MECHANISM_GSSAPI] = "GSSAPI",
    [ZS_MECHANISM_OTHER] = "other",
};

/* in stands against an unreadable page. */
static bool search(const struct zs_search *s, struct zs_span in, size_t chunk,
                   struct zs_boundary *b)
{
    uint8_t *copy = zs_guard_copy(in.p, in.n);
    bool found = zs_resync(s, zs_span(copy, in.n), chunk, b);

    zs_guard_free(copy, in.n);
    return found;
}

static char *shown(const struct zs_search *s, struct zs_span in, size_t chunk)
{
    struct zs_boundary b;

    if (!search(s, in, chunk, &b))
        return g_strdup("none");
    if (b.open)
        return g_strdup_printf("%zu open", b.at);
    return g_strdup_printf("%zu %s%s", b.at, mechanisms[b.mechanism], b.proven ? " proven" : "");
}

struct resync_case {
    const char *name, *octets, *expect;
    enum zs_mechanism mechanism;
    bool bare;
    enum zs_framing framing; /* 0, which is ZMTP 1.0's: 3 */
};

static void check(gconstpointer data)
{
    const struct resync_case *c = data;
    GByteArray *octets = wire_octets(c->octets);
    struct zs_search s = any;

    s.mechanism = c->mechanism;
    s.bare = c->bare;
    s.framing = c->framing ? c->framing : ZS_FRAMING_3;
    char *said = shown(&s, zs_span(octets->data, octets->len), 0);
    g_assert_cmpstr(said, ==, c->expect);
    g_free(said);
    g_byte_array_unref(octets);
}

#define U        ZS_MECHANISM_UNKNOWN
#define SEALED   "00 0e 07'MESSAGE' 00000002 0504"
#define CURVED   "00 21 07'MESSAGE' 0000000000000003 61*17"
#define METADATA "0b'Socket-Type' 00000003 'REP'"

static const struct resync_case cases[] = {
    {"sealed_at_the_beginning", SEALED, "0 GSSAPI proven", U, false, 0},
    {"sealed_in_the_middle", "'the rest of a body'" SEALED, "18 GSSAPI proven", U, false, 0},
    {"sealed_in_a_command", "04 0e 07'MESSAGE' 00000002 0504", "0 GSSAPI proven", U, false, 0},
    {"sealed_and_long", "02 0000000000000200 07'MESSAGE' 000001f4 0504", "0 GSSAPI proven", U,
     false, 0},
    {"initiate", "61 04 0f 08'INITIATE' 00000002 6000", "1 GSSAPI proven", U, false, 0},
    {"padded_message", "61 00 0a 'MESSAGE ' 0504", "1 GSSAPI proven", U, false, 0},
    {"padded_ready", "61 04 0a 'READY   ' 0504", "1 GSSAPI proven", U, false, 0},
    {"padded_hello", "61 04 0a 'HELLO   ' 6000", "1 GSSAPI proven", U, false, 0},
    {"padded_welcome", "61 04 0a 'WELCOME ' a100", "1 GSSAPI proven", U, false, 0},
    {"padded_initiate", "61 04 0a 'INITIATE' 6f00", "1 GSSAPI proven", U, false, 0},
    {"padded_without_a_token", "61 04 0a 'INITIATE' 6161", "none", U, false, 0},
    {"token_length_that_differs", "00 0e 07'MESSAGE' 00000003 0504 ff*9", "none",
     ZS_MECHANISM_GSSAPI, false, 0},
    {"long_where_short_is_enough_holds_a_short_one",
     "61 02 000000000000000e 07'MESSAGE' 00000002 0504", "8 GSSAPI proven", U, false, 0},
    {"reserved_bit", "61 08 0e 07'MESSAGE' 00000002 0504 ff*9", "none", U, false, 0},
    {"command_with_more", "61 05 0e 07'MESSAGE' 00000002 0504 ff*9", "none", U, false, 0},
    {"over_the_limit", "61 02 0000000000100001 07'MESSAGE' 000ffff5 0504 ff*9", "none", U, false,
     0},
    {"size_that_wraps", "61 02 fffffffffffffff7 07'MESSAGE' ffffffeb 0504 ff*9", "none", U, false,
     0},
    {"shorter_than_its_name", "61 00 04 07'MESSAGE' 00000002 0504 ff*9", "none", U, false, 0},
    {"no_token_at_all", "61 00 0c 07'MESSAGE' 00000000 ff*9", "none", ZS_MECHANISM_GSSAPI, false,
     0},
    {"curve", "61" CURVED, "1 CURVE proven", U, false, 0},
    {"curve_where_it_is_known", "61" CURVED, "1 CURVE proven", ZS_MECHANISM_CURVE, false, 0},
    {"curve_in_a_gssapi_connection", "61" CURVED, "none", ZS_MECHANISM_GSSAPI, false, 0},
    {"sealed_in_a_curve_connection", "61" SEALED "ff*9", "none", ZS_MECHANISM_CURVE, false, 0},
    {"sealed_in_a_null_connection", "61" SEALED "ff*9", "none", ZS_MECHANISM_NULL, false, 0},
    {"cut_in_its_name", "'body' 00 0e 07'MESS'", "4 open", U, false, 0},
    {"cut_before_the_token_length_is_whole", "'body' 00 21 07'MESSAGE' 000000", "4 open", U, false,
     0},
    {"header_alone", "'body' 04", "4 open", U, false, 0},
    {"one_frame", "00 05'hello'", "0 unknown", U, false, 0},
    {"two_parts", "01 00 00 05'hello'", "0 unknown", ZS_MECHANISM_NULL, false, 0},
    {"a_frame_that_does_not_fit", "00 06'hello'", "none", ZS_MECHANISM_NULL, false, 0},
    {"octets_behind_the_frame", "00 05'hello!'", "none", ZS_MECHANISM_NULL, false, 0},
    {"frames_in_the_middle", "'x' 00 05'hello'", "none", ZS_MECHANISM_NULL, false, 0},
    {"enough_frames", "00 01'a' 00 01'b' 00 01'c' 00 01'd' 00 05'e'", "0 unknown",
     ZS_MECHANISM_NULL, false, 0},
    {"not_enough_frames", "00 01'a' 00 01'b' 00 01'c' 00 05'e'", "none", ZS_MECHANISM_NULL, false,
     0},
    {"empty_frames_do_not_count", "00*40 'x'", "none", ZS_MECHANISM_NULL, false, 0},
    {"zeros", "00*40", "none", ZS_MECHANISM_NULL, false, 0},
    {"beginning_of_a_large_one", "02 0000000000010000 61*300", "0 unknown", ZS_MECHANISM_NULL,
     false, 0},
    {"beginning_of_a_large_one_in_a_small_piece", "02 0000000000010000 61*30", "none",
     ZS_MECHANISM_NULL, false, 0},
    {"in_the_clear_of_gssapi", "00 05'hello'", "none", ZS_MECHANISM_GSSAPI, false, 0},
    {"in_the_clear_of_plaintext_mode", "00 05'hello'", "0 unknown", ZS_MECHANISM_GSSAPI, true, 0},
    {"in_the_clear_of_curve", "00 05'hello'", "none", ZS_MECHANISM_CURVE, false, 0},
    {"ready", "04 19 05'READY'" METADATA, "0 unknown proven", U, false, 0},
    {"ready_and_a_part_of_what_follows", "04 19 05'READY'" METADATA "00 05'h'", "0 unknown proven",
     U, false, 0},
    {"ready_with_damaged_metadata", "04 07 05'READY'61", "1 open", U, false, 0},
    {"ready_of_curve", "04 1e 05'READY' 0000000000000001 61*16", "0 CURVE proven", U, false, 0},
    {"welcome_of_curve", "04 a8 07'WELCOME' 61*160", "0 CURVE proven", ZS_MECHANISM_CURVE, false,
     0},
    {"hello_of_plain", "04 0a 05'HELLO'01'u'01'p'", "0 PLAIN proven", U, false, 0},
    {"welcome_of_plain", "04 08 07'WELCOME'", "0 PLAIN proven", U, false, 0},
    {"ping", "04 07 04'PING'000a", "0 unknown proven", U, false, 0},
    {"ping_without_its_ttl", "04 05 04'PING'", "none", U, false, 0},
    {"subscribe", "04 0b 09'SUBSCRIBE'61", "0 unknown proven", U, false, 0},
    {"unknown_command", "04 04 03'FOO'", "2 open", U, false, 0},
    {"empty_command", "04 00", "1 open", U, false, 0},
    {"empty_command_of_gssapi", "04 00", "0 unknown", ZS_MECHANISM_GSSAPI, false, 0},
    {"empty_command_and_what_follows", "04 00" SEALED, "0 GSSAPI proven", U, false, 0},
    {"version_2", "00 05'hello'", "0 unknown", ZS_MECHANISM_NONE, false, ZS_FRAMING_2},
    {"version_2_has_no_commands", "04 07 04'PING'000a", "none", ZS_MECHANISM_NONE, false,
     ZS_FRAMING_2},
    {"nothing", "", "none", U, false, 0},
};

/* A frame cut anywhere is not lost: what may begin it is kept, and that is little. */
static void cut_anywhere(void)
{
    static const char *const frames[] = {SEALED, CURVED,
                                         "02 0000000000000200 08'INITIATE' 000001f3 6000",
                                         "06 0000000000000200 'WELCOME ' a100"};

    for (size_t i = 0; i < G_N_ELEMENTS(frames); i++) {
        char *text = g_strconcat("'some body'", frames[i], NULL);
        GByteArray *octets = wire_octets(text);
        bool whole = false;
        for (size_t n = 10; n <= octets->len; n++) {
            struct zs_boundary b;
            g_assert_true(search(&any, zs_span(octets->data, n), n, &b));
            g_assert_cmpuint(b.at, ==, 9);
            if (b.open)
                g_assert_cmpuint(n - b.at, <=, ZS_BOUNDARY_MAX);
            g_assert_false(whole && b.open); /* once told, told */
            whole = !b.open;
        }
        g_assert_true(whole);
        g_byte_array_unref(octets);
        g_free(text);
    }
}

/* A piece begins behind what was kept of the one before. */
static void a_piece_behind_what_was_kept(void)
{
    GByteArray *octets = wire_octets("00 0e 00 05'hello'");
    struct zs_span in = zs_span(octets->data, octets->len);
    struct zs_search s = any;

    s.mechanism = ZS_MECHANISM_NULL;
    char *said = shown(&s, in, 2);
    g_assert_cmpstr(said, ==, "2 unknown");
    g_free(said);
    said = shown(&s, in, 3);
    g_assert_cmpstr(said, ==, "none");
    g_free(said);
    g_byte_array_unref(octets);
}

/* 64 KiB that look as much like frames as they can, and are none; a thousand times, in less than this test may take. */
static void hostile_pieces_cost_little(void)
{
    static const char *const rows[] = {
        "ff",    "00",    "02",    "00 0e 07'MESSAGE'",       "07'MESSAGE'", "02 00000000",
        "00 01", "01 00", "04 00", "00 0e 07'MESSAGE' 000000"};
    enum { SIZE = 1 << 16 };

    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        GByteArray *row = wire_octets(rows[i]);
        uint8_t *piece = g_malloc(SIZE);
        for (size_t k = 0; k < SIZE; k++)
            piece[k] = row->data[k % row->len];
        uint8_t *copy = zs_guard_copy(piece, SIZE);
        gint64 since = g_get_monotonic_time();
        for (unsigned n = 0; n < 20; n++) {
            struct zs_boundary b = {.at = SIZE};
            if (zs_resync(&any, zs_span(copy, SIZE), 0, &b) && !b.open && b.proven)
                g_test_fail_printf("%s: found at %zu", rows[i], b.at);
            if (b.at < SIZE && b.open)
                g_assert_cmpuint(SIZE - b.at, <=, ZS_BOUNDARY_MAX);
        }
        /* Linear it takes 2 ms a piece at most, sanitizers and all; quadratic, seconds. */
        g_assert_cmpint(g_get_monotonic_time() - since, <, 5 * G_USEC_PER_SEC);
        zs_guard_free(copy, SIZE);
        g_free(piece);
        g_byte_array_unref(row);
    }
}

static void proof_for_a_first_piece(void)
{
    static const struct {
        const char *octets;
        bool proves;
    } firsts[] = {{SEALED, true},           {CURVED, true},       {"04 07 04'PING'000a", true},
                  {"00 05'hello'", false},  {"61" SEALED, false}, {"", false},
                  {"00 0e 07'MESS'", false}};

    for (size_t i = 0; i < G_N_ELEMENTS(firsts); i++) {
        GByteArray *octets = wire_octets(firsts[i].octets);
        uint8_t *copy = zs_guard_copy(octets->data, octets->len);
        if (zs_resync_proves(zs_span(copy, octets->len), LIMIT) != firsts[i].proves)
            g_test_fail_printf("%s", firsts[i].octets);
        zs_guard_free(copy, octets->len);
        g_byte_array_unref(octets);
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_set_nonfatal_assertions();
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        char *path = g_strconcat("/resync/", cases[i].name, NULL);
        g_test_add_data_func(path, &cases[i], check);
        g_free(path);
    }
    g_test_add_func("/resync/cut_anywhere", cut_anywhere);
    g_test_add_func("/resync/a_piece_behind_what_was_kept", a_piece_behind_what_was_kept);
    g_test_add_func("/resync/hostile_pieces_cost_little", hostile_pieces_cost_little);
    g_test_add_func("/resync/proof_for_a_first_piece", proof_for_a_first_piece);
    return g_test_run();
}
