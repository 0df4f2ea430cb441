/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reassembly in steps: each says what the reassembler must answer to it, no more and no less. Every
 * case runs with the first octet of the stream at sequence numbers on both sides of each wrap. */
#include "analyzer/net/reassembly.h"

#include <glib.h>
#include <string.h>

enum what { STEP_SEGMENT, STEP_ACK, STEP_WAIT, STEP_FLUSH };

struct step {
    enum what what;
    uint8_t flags;
    int64_t offset; /* of the segment's first octet, ACK's next octet, wait in ns */
    const char *text;
    size_t length; /* on the wire; 0: strlen(text) */
    const char *says;
};

// clang-format off
#define SYN                       {STEP_SEGMENT, ZS_TCP_SYN, -1, "", 0, ""}
#define SEG(offset, text, says)   {STEP_SEGMENT, ZS_TCP_ACK, offset, text, 0, says}
#define FIN(offset, text, says)   {STEP_SEGMENT, ZS_TCP_FIN | ZS_TCP_ACK, offset, text, 0, says}
#define CUT(offset, text, length, says) {STEP_SEGMENT, ZS_TCP_ACK, offset, text, length, says}
#define ACK(offset, says)         {STEP_ACK, 0, offset, NULL, 0, says}
#define WAIT(ns)                  {STEP_WAIT, 0, ns, NULL, 0, ""}
#define FLUSH(says)               {STEP_FLUSH, 0, 0, NULL, 0, says}
// clang-format on

/* A reassembler whose verdicts are written down: "0:hello" data, "gap 5+3", "conflict 2+1". */
struct stage {
    struct zs_reassembly r;
    struct zs_reassembly_pool pool;
    struct zs_net_stamp at;
    uint32_t first; /* sequence number of offset 0 */
    GString *said;
    uint64_t next;      /* where the next verdict must start */
    const char *refuse; /* data that ends the interest */
};

static bool on_data(void *user, uint64_t offset, const uint8_t *bytes, size_t n,
                    const struct zs_net_stamp *at)
{
    struct stage *s = user;
    g_assert_cmpuint(n, >, 0);
    g_assert_cmpuint(offset, ==, s->next);
    g_assert_true(at->frame <= s->at.frame);
    s->next += n;
    g_string_append_printf(s->said, "%s%" G_GUINT64_FORMAT ":%.*s", s->said->len ? " " : "", offset,
                           (int)n, (const char *)bytes);
    return !s->refuse || n != strlen(s->refuse) || memcmp(bytes, s->refuse, n) != 0;
}

static void on_gap(void *user, uint64_t offset, uint64_t n, const struct zs_net_stamp *at)
{
    struct stage *s = user;
    g_assert_cmpuint(n, >, 0);
    g_assert_cmpuint(offset, ==, s->next);
    g_assert_true(at == &s->at);
    s->next += n;
    g_string_append_printf(s->said, "%sgap %" G_GUINT64_FORMAT "+%" G_GUINT64_FORMAT,
                           s->said->len ? " " : "", offset, n);
}

static void on_conflict(void *user, uint64_t offset, uint64_t n, const struct zs_net_stamp *at)
{
    struct stage *s = user;
    g_assert_true(at == &s->at);
    g_string_append_printf(s->said, "%sconflict %" G_GUINT64_FORMAT "+%" G_GUINT64_FORMAT,
                           s->said->len ? " " : "", offset, n);
}

static void on_full(void *user, const struct zs_net_stamp *at)
{
    struct stage *s = user;
    g_assert_true(at == &s->at);
    g_string_append_printf(s->said, "%sfull", s->said->len ? " " : "");
}

static const struct zs_reassembly_sink verdicts = {on_data, on_gap, on_conflict, on_full};

static void stage_init(struct stage *s, uint32_t first)
{
    *s = (struct stage){.first = first, .said = g_string_new(NULL)};
    s->pool = (struct zs_reassembly_pool){
        .sink = &verdicts, .octets = 1 << 20, .pieces = 1024, .all_octets = 1 << 20};
    zs_reassembly_init(&s->r, &s->pool, s);
}

static void stage_clear(struct stage *s)
{
    zs_reassembly_clear(&s->r);
    g_assert_cmpuint(s->pool.held, ==, 0);
    g_string_free(s->said, TRUE);
}

static void stage_step(struct stage *s, const struct step *step)
{
    g_string_truncate(s->said, 0);
    if (step->what == STEP_SEGMENT) {
        size_t n = strlen(step->text);
        struct zs_tcp tcp = {.seq = s->first + (uint32_t)step->offset,
                             .flags = step->flags,
                             .payload = (const uint8_t *)step->text,
                             .captured = n,
                             .length = step->length ? step->length : n};
        zs_reassembly_segment(&s->r, &tcp, &s->at);
    } else if (step->what == STEP_ACK) {
        zs_reassembly_ack(&s->r, s->first + (uint32_t)step->offset, &s->at);
    } else if (step->what == STEP_WAIT) {
        s->at.time_ns += step->offset;
    } else {
        zs_reassembly_flush(&s->r, &s->at);
    }
}

static const uint32_t firsts[] = {0, 1, UINT32_C(1) << 31, UINT32_MAX - 9, UINT32_MAX};

#define SECOND INT64_C(1000000000)

static void run_steps(const struct step *steps, size_t n)
{
    for (size_t f = 0; f < G_N_ELEMENTS(firsts); f++) {
        struct stage s;
        stage_init(&s, firsts[f]);
        for (size_t i = 0; i < n; i++) {
            stage_step(&s, &steps[i]);
            if (strcmp(s.said->str, steps[i].says) != 0)
                g_test_message("first octet at %u, step %zu", firsts[f], i);
            g_assert_cmpstr(s.said->str, ==, steps[i].says);
        }
        stage_clear(&s);
    }
}

#define RUN(...)                                          \
    do {                                                  \
        static const struct step steps[] = {__VA_ARGS__}; \
        run_steps(steps, G_N_ELEMENTS(steps));            \
    } while (0)

static void in_order_is_handed_on_at_once(void)
{
    RUN(SYN, SEG(0, "hello", "0:hello"), SEG(5, " world", "5: world"), FIN(11, "!", "11:!"),
        FLUSH(""));
}

static void out_of_order_waits_for_the_hole(void)
{
    RUN(SYN, SEG(3, "lo", ""), SEG(0, "hel", "0:hel 3:lo"), FLUSH(""));
    RUN(SYN, SEG(4, "e", ""), SEG(2, "c", ""), SEG(3, "d", ""), SEG(1, "b", ""),
        SEG(0, "a", "0:a 1:b 2:c 3:d 4:e"));
    RUN(SYN, SEG(1, "b", ""), SEG(2, "c", ""), SEG(3, "d", ""), SEG(0, "a", "0:a 1:b 2:c 3:d"));
}

static void retransmission_is_said_once(void)
{
    RUN(SYN, SEG(0, "hello", "0:hello"), SEG(0, "hello", ""), SEG(2, "l", ""), SEG(5, "!", "5:!"));
    RUN(SYN, SEG(2, "lo", ""), SEG(2, "lo", ""), SEG(0, "he", "0:he 2:lo"), SEG(2, "lo", ""));
}

static void overlap_with_what_was_handed_on_is_cut(void)
{
    RUN(SYN, SEG(0, "abc", "0:abc"), SEG(1, "bcde", "3:de"), SEG(0, "abcdef", "5:f"));
}

/* Every way in which a segment can lie over a held piece at 4..7. */
static void overlap_with_a_held_piece(void)
{
    RUN(SYN, SEG(4, "efg", ""), SEG(2, "cde", ""), SEG(0, "ab", "0:ab 2:cd 4:efg"));
    RUN(SYN, SEG(4, "efg", ""), SEG(6, "ghi", ""), SEG(0, "abcd", "0:abcd 4:efghi"));
    RUN(SYN, SEG(4, "efg", ""), SEG(5, "f", ""), SEG(0, "abcd", "0:abcd 4:efg"));
    RUN(SYN, SEG(4, "efg", ""), SEG(3, "defgh", ""), SEG(0, "abc", "0:abc 3:d 4:efgh"));
    RUN(SYN, SEG(4, "efg", ""), SEG(0, "abcdefghi", "0:abcd 4:efg 7:hi"));
    RUN(SYN, SEG(4, "efg", ""), SEG(0, "abcde", "0:abcd 4:efg"));
    RUN(SYN, SEG(4, "efg", ""), SEG(0, "abcdefg", "0:abcd 4:efg"));
}

static void one_segment_over_many_pieces(void)
{
    RUN(SYN, SEG(1, "b", ""), SEG(3, "d", ""), SEG(5, "f", ""), SEG(7, "h", ""),
        SEG(0, "abcdefgh", "0:a 1:b 2:c 3:d 4:e 5:f 6:g 7:h"));
    RUN(SYN, SEG(3, "d", ""), SEG(5, "f", ""), SEG(7, "h", ""), SEG(2, "cdefghi", ""),
        SEG(0, "ab", "0:ab 2:c 3:de 5:fg 7:hi"));
}

static void first_content_wins_and_the_conflict_is_said(void)
{
    RUN(SYN, SEG(4, "efg", ""), SEG(4, "eXg", "conflict 5+1"), SEG(0, "abcd", "0:abcd 4:efg"));
    RUN(SYN, SEG(4, "efg", ""), SEG(0, "abcdXfY", "0:abcd conflict 4+3 4:efg"));
    RUN(SYN, SEG(4, "efg", ""), SEG(2, "cdX", "conflict 4+1"), SEG(0, "ab", "0:ab 2:cd 4:efg"));
    RUN(SYN, SEG(4, "efg", ""), SEG(6, "Xhi", "conflict 6+1"), SEG(0, "abcd", "0:abcd 4:efghi"));
    RUN(SYN, SEG(2, "c", ""), SEG(4, "e", ""), SEG(2, "XdY", "conflict 2+1 conflict 4+1"),
        SEG(0, "ab", "0:ab 2:cd 4:e"));
}

static void content_that_was_handed_on_is_not_compared(void)
{
    RUN(SYN, SEG(0, "abc", "0:abc"), SEG(0, "XYZd", "3:d"));
}

static void syn_and_fin_take_a_sequence_number(void)
{
    RUN({STEP_SEGMENT, ZS_TCP_SYN, -1, "fast open", 0, "0:fast open"}, SEG(9, "!", "9:!"),
        FIN(10, "", ""), ACK(11, ""), WAIT(2 * SECOND), ACK(11, ""), FLUSH(""));
}

static void fin_before_its_octets(void)
{
    RUN(SYN, FIN(3, "lo", ""), SEG(0, "hel", "0:hel 3:lo"), FLUSH(""));
    RUN(SYN, FIN(5, "", ""), FLUSH("gap 0+5"));
    RUN(SYN, FIN(5, "", ""), SEG(0, "hel", "0:hel"), FLUSH("gap 3+2"));
}

static void nothing_follows_the_fin(void)
{
    RUN(SYN, FIN(0, "bye", "0:bye"), SEG(3, "more", ""), SEG(2, "e?", ""), FLUSH(""));
    RUN(SYN, FIN(3, "", ""), SEG(1, "yes", ""), SEG(0, "b", "0:b 1:ye"), FLUSH(""));
}

static void fin_that_what_was_seen_contradicts_is_none(void)
{
    RUN(SYN, SEG(0, "hello", "0:hello"), FIN(3, "", ""), SEG(5, "!", "5:!"));
    RUN(SYN, SEG(4, "o", ""), FIN(3, "", ""), SEG(0, "hell", "0:hell 4:o"));
}

static void before_the_first_octet_is_dropped(void)
{
    RUN(SYN, SEG(-3, "xyz", ""), SEG(-3, "xyzhel", "0:hel"), SEG(3, "lo", "3:lo"));
    RUN(SEG(0, "hello", "0:hello"), SEG(-4, "oops", ""), SEG(-2, "xyhello!", "5:!"));
    RUN(SEG(0, "hello", "0:hello"), FIN(-4, "", ""), SEG(5, "!", "5:!"), FLUSH(""));
}

static void keep_alive_is_nothing(void)
{
    RUN(SYN, SEG(0, "hello", "0:hello"), SEG(4, "o", ""), SEG(4, "\xff", ""), SEG(4, "", ""),
        SEG(5, "!", "5:!"), FLUSH(""));
}

static void without_syn_it_starts_at_the_first_octet_seen(void)
{
    RUN(SEG(0, "hello", "0:hello"), SEG(6, "orld", ""), SEG(5, "w", "5:w 6:orld"));
    /* a keep-alive without an octet says nothing of where the stream is */
    RUN(SEG(-1, "", ""), SEG(0, "hello", "0:hello"));
    RUN(SEG(0, "hello", "0:hello"), SYN, SEG(5, "!", "5:!"));
}

static void cut_off_tail_is_a_gap(void)
{
    RUN(SYN, CUT(0, "hel", 5, "0:hel gap 3+2"), SEG(5, "!", "5:!"));
    RUN(SYN, SEG(7, "h", ""), CUT(0, "hel", 9, "0:hel gap 3+4 7:h gap 8+1"), SEG(9, "!", "9:!"));
    RUN(SYN, SEG(0, "hello", "0:hello"), CUT(2, "l", 4, "gap 5+1"), SEG(6, "!", "6:!"));
    RUN(SYN, CUT(5, "w", 5, ""), SEG(0, "hello", "0:hello 5:w"), SEG(10, "!", ""), ACK(11, ""),
        WAIT(SECOND + 1), ACK(11, "gap 6+4 10:!"));
}

static void acknowledged_hole_becomes_a_gap_after_a_second(void)
{
    RUN(SYN, SEG(3, "lo", ""), ACK(0, ""), WAIT(5 * SECOND), SEG(5, "!", ""), ACK(6, ""),
        WAIT(SECOND), ACK(6, ""), WAIT(1), ACK(6, "gap 0+3 3:lo 5:!"), SEG(0, "hel", ""));
    /* and with nothing held behind it */
    RUN(SYN, SEG(0, "a", "0:a"), ACK(8, ""), WAIT(SECOND + 1), SEG(8, "!", "gap 1+7 8:!"));
}

static void hole_that_is_filled_in_time_is_none(void)
{
    RUN(SYN, SEG(3, "lo", ""), ACK(5, ""), WAIT(SECOND), SEG(0, "hel", "0:hel 3:lo"),
        WAIT(5 * SECOND), ACK(5, ""), FLUSH(""));
}

static void all_acknowledged_holes_go_together(void)
{
    RUN(SYN, SEG(1, "b", ""), SEG(3, "d", ""), SEG(6, "g", ""), ACK(4, ""), WAIT(SECOND + 1),
        SEG(7, "h", "gap 0+1 1:b gap 2+1 3:d"), FLUSH("gap 4+2 6:g 7:h"));
}

static void what_was_acknowledged_later_waits_longer(void)
{
    RUN(SYN, SEG(1, "b", ""), SEG(3, "d", ""), ACK(2, ""), WAIT(SECOND), ACK(4, ""), WAIT(1),
        ACK(4, "gap 0+1 1:b"), WAIT(SECOND), ACK(4, ""), WAIT(1), ACK(4, "gap 2+1 3:d"));
    RUN(SYN, SEG(3, "lo", ""), ACK(5, ""), WAIT(SECOND), SEG(0, "h", "0:h"), WAIT(1), ACK(5, ""),
        WAIT(SECOND - 1), ACK(5, ""), WAIT(1), ACK(5, "gap 1+2 3:lo"));
}

static void clock_that_goes_back_does_not_end_a_wait(void)
{
    RUN(SYN, SEG(3, "lo", ""), ACK(5, ""), WAIT(-100 * SECOND), ACK(5, ""), WAIT(100 * SECOND),
        ACK(5, ""));
    RUN(SYN, WAIT(INT64_MIN), SEG(3, "lo", ""), ACK(5, ""), WAIT(INT64_MAX), WAIT(INT64_MAX),
        ACK(5, "gap 0+3 3:lo"));
}

static void ack_that_was_damaged_is_forgotten(void)
{
    RUN(SYN, SEG(0, "a", "0:a"), ACK(100000, ""), ACK(1, ""), WAIT(5 * SECOND), ACK(1, ""),
        SEG(1, "b", "1:b"), FLUSH(""));
    RUN(SYN, SEG(0, "ab", "0:ab"), ACK(100000, ""), ACK(1, ""), WAIT(5 * SECOND), ACK(1, ""));
    RUN(SYN, SEG(1, "b", ""), SEG(5, "f", ""), ACK(100000, ""), WAIT(5 * SECOND),
        ACK(2, "gap 0+1 1:b"));
    RUN(SYN, SEG(0, "a", "0:a"), ACK(INT64_C(1) << 31, ""), WAIT(5 * SECOND), SEG(1, "b", "1:b"));
}

static void lost_fin_is_no_gap(void)
{
    RUN(SYN, SEG(0, "a", "0:a"), ACK(2, ""), WAIT(5 * SECOND), ACK(2, ""), FLUSH(""));
    RUN(SYN, SEG(2, "c", ""), ACK(4, ""), WAIT(5 * SECOND), ACK(4, "gap 0+2 2:c"), FLUSH(""));
}

static void acknowledged_fin_is_no_octet(void)
{
    RUN(SYN, FIN(5, "", ""), ACK(6, ""), WAIT(SECOND + 1), ACK(6, "gap 0+5"), FLUSH(""));
}

static void flush_says_what_is_missing(void)
{
    RUN(SYN, SEG(3, "lo", ""), SEG(8, "!", ""), ACK(12, ""),
        FLUSH("gap 0+3 3:lo gap 5+3 8:! gap 9+3"));
    RUN(FLUSH(""));
    RUN(SYN, FLUSH(""));
}

static void acknowledged_hole_becomes_a_gap_after_64_segments(void)
{
    for (size_t f = 0; f < G_N_ELEMENTS(firsts); f++) {
        struct stage s;
        stage_init(&s, firsts[f]);
        stage_step(&s, &(struct step)SYN);
        stage_step(&s, &(struct step)SEG(1, "b", ""));
        stage_step(&s, &(struct step)ACK(2, ""));
        for (int i = 0; i < 63; i++) {
            stage_step(&s, &(struct step)SEG(2 + i, "x", ""));
            g_assert_cmpstr(s.said->str, ==, "");
        }
        stage_step(&s, &(struct step)SEG(65, "y", ""));
        g_assert_true(g_str_has_prefix(s.said->str, "gap 0+1 1:b 2:x 3:x"));
        g_assert_true(g_str_has_suffix(s.said->str, " 64:x 65:y"));
        stage_clear(&s);
    }
}

static void far_segments_are_left_out(void)
{
    struct stage s;
    stage_init(&s, 7);
    stage_step(&s, &(struct step)SYN);
    stage_step(&s, &(struct step)SEG((INT64_C(1) << 30) + 1, "x", ""));
    stage_step(&s, &(struct step)SEG(INT64_C(1) << 31, "x", ""));
    stage_step(&s, &(struct step)CUT(0, "x", (size_t)1 << 31, ""));
    g_assert_cmpstr(s.said->str, ==, "");
    g_assert_cmpuint(s.r.misplaced, ==, 3);
    stage_step(&s, &(struct step)FLUSH(""));
    g_assert_cmpstr(s.said->str, ==, "");
    stage_clear(&s);
}

static void far_segments_in_no_row_are_left_out(void)
{
    struct stage s;
    stage_init(&s, 0);
    stage_step(&s, &(struct step)SYN);
    for (int i = 0; i < 200; i++) {
        stage_step(&s, &(struct step)SEG((INT64_C(3) << 29) + i, "x", ""));
        g_assert_cmpstr(s.said->str, ==, "");
        if (i % 63 == 62)
            stage_step(&s, &(struct step)SEG(i / 63, "a", ""));
    }
    stage_step(&s, &(struct step)FIN(3, "", "")); /* behind a FIN there is no row, either */
    for (int i = 0; i < 200; i++)
        stage_step(&s, &(struct step)SEG((INT64_C(3) << 29) + i, "x", ""));
    g_assert_cmpuint(s.next, ==, 3);
    g_assert_cmpuint(s.r.misplaced, ==, 400);
    stage_clear(&s);
}

static void a_row_of_far_segments_is_where_the_stream_is(void)
{
    for (size_t f = 0; f < G_N_ELEMENTS(firsts); f++) {
        struct stage s;
        stage_init(&s, firsts[f]);
        const int64_t far = INT64_C(3) << 29; /* 1.5 GiB: on neither side */
        stage_step(&s, &(struct step)SYN);
        stage_step(&s, &(struct step)SEG(0, "a", ""));
        stage_step(&s, &(struct step)SEG(5, "f", ""));
        for (int i = 0; i < 63; i++) {
            stage_step(&s, &(struct step)SEG(far + i, "x", ""));
            g_assert_cmpstr(s.said->str, ==, "");
        }
        stage_step(&s, &(struct step)SEG(far + 63, "y", ""));
        g_assert_cmpstr(s.said->str, ==, "gap 1+4 5:f gap 6+1610612793 1610612799:y");
        stage_step(&s, &(struct step)SEG(far + 64, "z", ""));
        g_assert_cmpstr(s.said->str, ==, "1610612800:z");
        stage_clear(&s);
    }
}

static void offsets_go_on_beyond_32_bits(void)
{
    struct stage s;
    stage_init(&s, UINT32_MAX - 9);
    static char text[1 << 16];
    memset(text, 'x', sizeof text);
    struct zs_tcp tcp = {.payload = (const uint8_t *)text, .captured = 1, .length = 1 << 28};
    for (uint64_t i = 0; i < 40; i++) { /* 10 GiB */
        tcp.seq = s.first + (uint32_t)(i << 28);
        zs_reassembly_segment(&s.r, &tcp, &s.at);
    }
    g_assert_cmpuint(s.next, ==, UINT64_C(40) << 28);
    stage_clear(&s);
}

static void cap_on_pieces_gives_up_the_oldest_hole(void)
{
    struct stage s;
    stage_init(&s, 0);
    s.pool.pieces = 3;
    // clang-format off
    static const struct step steps[] = {
        SYN, SEG(1, "b", ""), SEG(3, "d", ""), SEG(5, "f", ""),
        SEG(7, "h", "full gap 0+1 1:b"), SEG(4, "e", "full gap 2+1 3:d 4:e 5:f"), SEG(6, "g", "6:g 7:h"),
    };
    // clang-format on
    for (size_t i = 0; i < G_N_ELEMENTS(steps); i++) {
        stage_step(&s, &steps[i]);
        g_assert_cmpstr(s.said->str, ==, steps[i].says);
        g_assert_cmpuint(s.r.n_pieces, <=, 3);
    }
    stage_clear(&s);
}

static void segments_keep_their_beginnings_while_there_are_few(void)
{
    struct stage s;
    stage_init(&s, 0);
    s.pool.pieces = 6;
    // clang-format off
    static const struct step steps[] = {
        SYN, SEG(1, "bc", ""), SEG(3, "d", ""), SEG(4, "ef", ""), SEG(6, "g", ""), SEG(7, "h", ""), SEG(9, "j", ""),
        SEG(10, "k", ""), SEG(8, "i", ""), SEG(0, "a", "0:a 1:bc 3:d 4:efghi 9:jk"),
    };
    // clang-format on
    for (size_t i = 0; i < G_N_ELEMENTS(steps); i++) {
        stage_step(&s, &steps[i]);
        g_assert_cmpstr(s.said->str, ==, steps[i].says);
    }
    stage_clear(&s);
}

static void cap_on_octets_gives_up_the_oldest_hole(void)
{
    struct stage s;
    stage_init(&s, 0);
    s.pool.octets = 200; /* two pieces cost 160 of it */
    static char text[101];
    memset(text, 'x', 100);
    stage_step(&s, &(struct step)SYN);
    stage_step(&s, &(struct step)SEG(1, "b", ""));
    stage_step(&s, &(struct step)SEG(10, text, ""));
    g_assert_cmpstr(s.said->str, ==, "full gap 0+1 1:b");
    stage_step(&s, &(struct step)SEG(200, text, "")); /* does not fit even alone beside the other */
    g_assert_true(g_str_has_prefix(s.said->str, "full gap 2+8 10:xxx"));
    stage_step(&s, &(struct step)SEG(110, "y", ""));
    g_assert_cmpstr(s.said->str, ==, "110:y");
    s.pool.octets = 10; /* fits nothing: every hole is a gap */
    stage_step(&s, &(struct step)FLUSH(""));
    stage_step(&s, &(struct step)SEG(302, "z", ""));
    g_assert_cmpstr(s.said->str, ==, "full gap 300+2 302:z");
    stage_clear(&s);
}

static void cap_on_all_octets_is_shared(void)
{
    struct stage s, other;
    stage_init(&s, 0);
    stage_init(&other, 0);
    s.pool.all_octets = 100;
    zs_reassembly_init(&other.r, &s.pool, &other);
    stage_step(&s, &(struct step)SYN);
    stage_step(&other, &(struct step)SYN);
    stage_step(&s, &(struct step)SEG(1, "b", ""));
    g_assert_cmpstr(s.said->str, ==, "");
    stage_step(&other, &(struct step)SEG(1, "b", ""));
    g_assert_cmpstr(other.said->str, ==, "full gap 0+1 1:b");
    stage_step(&s, &(struct step)SEG(0, "a", ""));
    stage_step(&other, &(struct step)SEG(3, "d", ""));
    g_assert_cmpstr(other.said->str, ==, "");
    stage_clear(&other);
    stage_clear(&s);
}

static void lost_interest_is_silence(void)
{
    struct stage s;
    stage_init(&s, 0);
    s.refuse = "enough";
    stage_step(&s, &(struct step)SYN);
    stage_step(&s, &(struct step)SEG(6, "more", ""));
    stage_step(&s, &(struct step)SEG(12, "most", ""));
    stage_step(&s, &(struct step)SEG(0, "enough", ""));
    g_assert_cmpstr(s.said->str, ==, "0:enough");
    g_assert_cmpuint(s.pool.held, ==, 0);
    stage_step(&s, &(struct step)SEG(20, "x", ""));
    stage_step(&s, &(struct step)ACK(30, ""));
    stage_step(&s, &(struct step)FLUSH(""));
    g_assert_cmpstr(s.said->str, ==, "");
    stage_clear(&s);
}

/* A hostile sender cannot make a packet dear: the table is full, and each packet moves all of
 * it. */
static void many_holes_cost_little(void)
{
    struct stage s;
    stage_init(&s, 0);
    stage_step(&s, &(struct step)SYN);
    struct zs_tcp tcp = {.payload = (const uint8_t *)"x", .captured = 1, .length = 1};
    for (unsigned i = 0; i < s.pool.pieces - 1; i++) {
        tcp.seq = 1000000 + 2 * i;
        zs_reassembly_segment(&s.r, &tcp, &s.at);
    }
    gint64 start = g_get_monotonic_time();
    for (unsigned i = 0; i < 400000; i++) {
        tcp.seq = i ^ 1; /* 1 0 3 2 ... */
        g_string_truncate(s.said, 0);
        zs_reassembly_segment(&s.r, &tcp, &s.at);
        g_assert_cmpuint(s.r.n_pieces, ==, s.pool.pieces - 1 + !(i & 1));
    }
    g_assert_cmpuint(s.next, ==, 400000);
    g_assert_cmpfloat((double)(g_get_monotonic_time() - start) / 1e6, <, 60);
    stage_clear(&s);
}

/* ---- A random cut of a random stream ---- */

#define STREAM 6000

struct cut {
    uint32_t offset, n;
    unsigned due;
    bool lost;
};

static int by_due(const void *a, const void *b)
{
    return (int)((const struct cut *)a)->due - (int)((const struct cut *)b)->due;
}

static GArray *random_cuts(GRand *rand)
{
    GArray *cuts = g_array_new(FALSE, FALSE, sizeof(struct cut));
    for (uint32_t at = 0; at < STREAM;) {
        struct cut c = {.offset = at,
                        .n = (uint32_t)g_rand_int_range(rand, 1, 60),
                        .lost = g_rand_int_range(rand, 0, 8) == 0};
        c.n = MIN(c.n, STREAM - at);
        at += c.n;
        uint32_t back = (uint32_t)g_rand_int_range(rand, 0, 40);
        back = MIN(back, c.offset);
        if (g_rand_boolean(rand)) { /* it overlaps what came before */
            c.offset -= back;
            c.n += back;
        }
        g_array_append_val(cuts, c);
        if (g_rand_int_range(rand, 0, 4) == 0) /* it comes twice */
            g_array_append_val(cuts, c);
    }
    for (unsigned i = 0; i < cuts->len; i++) /* and it comes up to 12 places late */
        g_array_index(cuts, struct cut, i).due = i + (unsigned)g_rand_int_range(rand, 0, 12);
    g_array_sort(cuts, by_due);
    return cuts;
}

/* What came out: 1 data, 2 gap, per octet of the stream. */
struct outcome {
    const uint8_t *stream;
    uint64_t next;
    uint8_t kind[STREAM];
};

static bool out_data(void *user, uint64_t offset, const uint8_t *bytes, size_t n,
                     const struct zs_net_stamp *at)
{
    struct outcome *o = user;
    (void)at;
    g_assert_cmpuint(offset, ==, o->next);
    g_assert_cmpuint(n, <=, STREAM - offset);
    g_assert_cmpmem(bytes, n, o->stream + offset, n);
    memset(o->kind + offset, 1, n);
    o->next += n;
    return true;
}

static void out_gap(void *user, uint64_t offset, uint64_t n, const struct zs_net_stamp *at)
{
    struct outcome *o = user;
    (void)at;
    g_assert_cmpuint(offset, ==, o->next);
    g_assert_cmpuint(n, <=, STREAM - offset);
    memset(o->kind + offset, 2, n);
    o->next += n;
}

static void out_conflict(void *user, uint64_t offset, uint64_t n, const struct zs_net_stamp *at)
{
    (void)user;
    (void)offset;
    (void)n;
    (void)at;
    g_assert_not_reached();
}

static void out_full(void *user, const struct zs_net_stamp *at)
{
    (void)user; /* the gap that follows is the outcome */
    (void)at;
}

static const struct zs_reassembly_sink outcomes = {out_data, out_gap, out_conflict, out_full};

/* One round. With ample caps the gaps are exactly the octets that no segment held. */
static void shuffle_once(GRand *rand, uint32_t first, unsigned pieces)
{
    uint8_t stream[STREAM], held[STREAM] = {0};
    struct outcome o = {.stream = stream};
    struct zs_reassembly_pool pool = {&outcomes, 1 << 20, pieces, 1 << 20, 0};
    struct zs_net_stamp at = {0, 0};
    struct zs_reassembly r;
    for (unsigned i = 0; i < STREAM; i++)
        stream[i] = (uint8_t)g_rand_int(rand);
    zs_reassembly_init(&r, &pool, &o);
    zs_reassembly_segment(&r, &(struct zs_tcp){.seq = first - 1, .flags = ZS_TCP_SYN}, &at);
    GArray *cuts = random_cuts(rand);
    uint32_t acked = 0;
    for (unsigned i = 0; i < cuts->len; i++) {
        struct cut *c = &g_array_index(cuts, struct cut, i);
        at.time_ns += 1000000; /* a millisecond */
        if (!c->lost) {
            struct zs_tcp tcp = {.seq = first + c->offset, .payload = stream + c->offset};
            tcp.captured = tcp.length = c->n;
            zs_reassembly_segment(&r, &tcp, &at);
            memset(held + c->offset, 1, c->n);
        }
        /* the peer has it, whether captured or not */
        acked = MAX(acked, c->offset > 700 ? c->offset - 700 : 0);
        zs_reassembly_ack(&r, first + acked, &at);
    }
    zs_reassembly_segment(&r, &(struct zs_tcp){.seq = first + STREAM, .flags = ZS_TCP_FIN}, &at);
    zs_reassembly_flush(&r, &at);
    g_assert_cmpuint(o.next, ==, STREAM);
    for (unsigned i = 0; i < STREAM; i++)
        g_assert_true(o.kind[i] == (held[i] ? 1 : 2) || (pieces < 1024 && o.kind[i] == 2));
    zs_reassembly_clear(&r);
    g_assert_cmpuint(pool.held, ==, 0);
    g_array_free(cuts, TRUE);
}

static void data_and_gaps_are_exactly_the_stream(void)
{
    GRand *rand = g_rand_new_with_seed(20260101);
    for (int round = 0; round < 300; round++)
        for (size_t f = 0; f < G_N_ELEMENTS(firsts); f++)
            shuffle_once(rand, firsts[f], round % 3 ? 1024 : 2);
    g_rand_free(rand);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
#define CASE(name) g_test_add_func("/reassembly/" #name, name)
    CASE(in_order_is_handed_on_at_once);
    CASE(out_of_order_waits_for_the_hole);
    CASE(retransmission_is_said_once);
    CASE(overlap_with_what_was_handed_on_is_cut);
    CASE(overlap_with_a_held_piece);
    CASE(one_segment_over_many_pieces);
    CASE(first_content_wins_and_the_conflict_is_said);
    CASE(content_that_was_handed_on_is_not_compared);
    CASE(syn_and_fin_take_a_sequence_number);
    CASE(fin_before_its_octets);
    CASE(nothing_follows_the_fin);
    CASE(fin_that_what_was_seen_contradicts_is_none);
    CASE(before_the_first_octet_is_dropped);
    CASE(keep_alive_is_nothing);
    CASE(without_syn_it_starts_at_the_first_octet_seen);
    CASE(cut_off_tail_is_a_gap);
    CASE(acknowledged_hole_becomes_a_gap_after_a_second);
    CASE(acknowledged_hole_becomes_a_gap_after_64_segments);
    CASE(hole_that_is_filled_in_time_is_none);
    CASE(all_acknowledged_holes_go_together);
    CASE(what_was_acknowledged_later_waits_longer);
    CASE(clock_that_goes_back_does_not_end_a_wait);
    CASE(ack_that_was_damaged_is_forgotten);
    CASE(lost_fin_is_no_gap);
    CASE(acknowledged_fin_is_no_octet);
    CASE(flush_says_what_is_missing);
    CASE(far_segments_are_left_out);
    CASE(far_segments_in_no_row_are_left_out);
    CASE(a_row_of_far_segments_is_where_the_stream_is);
    CASE(offsets_go_on_beyond_32_bits);
    CASE(cap_on_pieces_gives_up_the_oldest_hole);
    CASE(segments_keep_their_beginnings_while_there_are_few);
    CASE(cap_on_octets_gives_up_the_oldest_hole);
    CASE(cap_on_all_octets_is_shared);
    CASE(lost_interest_is_silence);
    CASE(many_holes_cost_little);
    CASE(data_and_gaps_are_exactly_the_stream);
    return g_test_run();
}
