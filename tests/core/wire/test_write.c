/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What core/wire writes, its parsers read back as it was meant; and what does not fit says so and leaves no more than
 * its cap. */
#include "core/wire/command.h"
#include "core/wire/frame.h"
#include "core/wire/greeting.h"
#include "core/wire/token.h"
#include "tests/core/wire/wire_case.h"
#include "tests/harness/guard.h"

enum { ROOM = 70000 };

static uint8_t storage[ROOM];

static struct zs_buf fresh(void)
{
    return zs_buf(storage, sizeof storage);
}

static void greeting_comes_back(void)
{
    static const char *const mechanisms[] = {"NULL", "GSSAPI", "A2345678901234567890"};

    for (size_t i = 0; i < G_N_ELEMENTS(mechanisms); i++)
        for (int bits = 0; bits < 4; bits++) {
            struct zs_greeting g = {
                .minor = bits & 1, .as_server = bits & 2, .padding = 5 * (uint64_t)bits};
            g_strlcpy(g.mechanism, mechanisms[i], sizeof g.mechanism);
            struct zs_buf b = fresh();
            zs_greeting_write(&b, &g);
            g_assert_cmpuint(b.n, ==, ZS_GREETING_SIZE);
            struct zs_span in = zs_buf_span(&b);
            struct zs_greeting got;
            zs_greeting_init(&got);
            while (got.part != ZS_GREETING_DONE) {
                size_t used;
                g_assert_cmpint(zs_greeting_step(&got, in, &used), ==, ZS_OK);
                in = zs_span_skip(in, used);
            }
            g_assert_cmpuint(in.n, ==, 0);
            g_assert_cmpstr(got.mechanism, ==, g.mechanism);
            g_assert_cmpstr(zs_greeting_version(&got), ==, g.minor ? "3.1" : "3.0");
            g_assert_true(got.as_server == g.as_server);
            g_assert_cmpuint(got.padding, ==, g.padding);
        }
}

/* Around the length at which the header grows, in one piece and between begin and end. */
static void frame_comes_back(void)
{
    static const size_t sizes[] = {0, 1, 254, 255, 256, 257, 65536};
    static uint8_t body[65536];

    for (size_t i = 0; i < sizeof body; i++)
        body[i] = (uint8_t)(i * 7);
    for (size_t i = 0; i < G_N_ELEMENTS(sizes); i++)
        for (int pieces = 0; pieces < 2; pieces++) {
            struct zs_frame f;
            struct zs_buf b = fresh();
            struct zs_span text = zs_span(body, sizes[i]);
            zs_buf_text(&b, "before");
            if (pieces) {
                size_t begun = zs_frame_begin(&b);
                zs_buf_put(&b, zs_span(text.p, text.n / 2));
                zs_buf_put(&b, zs_span_skip(text, text.n / 2));
                zs_frame_end(&b, begun, ZS_FRAME_MORE);
            } else {
                zs_frame_write(&b, ZS_FRAME_MORE, text);
            }
            struct zs_span in = zs_span_skip(zs_buf_span(&b), strlen("before"));
            g_assert_cmpint(zs_frame_parse(ZS_FRAMING_3, in, ROOM, &f), ==, ZS_OK);
            g_assert_cmpuint(f.header + f.body.n, ==, in.n);
            g_assert_cmpuint(f.flags, ==, ZS_FRAME_MORE | (text.n > 255 ? ZS_FRAME_LONG : 0));
            g_assert_cmpmem(f.body.p, f.body.n, text.p, text.n);
        }
}

static void command_name_comes_back(void)
{
    for (int id = ZS_CMD_EMPTY; id < ZS_CMD_COUNT; id++)
        for (int form = ZS_FORM_LIBZMQ; form <= ZS_FORM_PADDED; form++) {
            struct zs_command c;
            struct zs_buf b = fresh();
            zs_command_begin(&b, (enum zs_form)form, (enum zs_command_id)id);
            if (form == ZS_FORM_PADDED && strlen(zs_command_name((enum zs_command_id)id)) > 8) {
                g_assert_true(b.full);
                continue;
            }
            zs_buf_text(&b, id == ZS_CMD_EMPTY ? "" : "body");
            g_assert_cmpint(zs_command_parse(zs_buf_span(&b), &c), ==, ZS_OK);
            g_assert_cmpint(c.id, ==, id);
            if (id != ZS_CMD_EMPTY) {
                g_assert_cmpint(c.form, ==, form);
                g_assert_cmpmem(c.body.p, c.body.n, "body", 4);
            }
        }
}

static void metadata_comes_back(void)
{
    struct zs_buf b = fresh();
    struct zs_property p;
    enum zs_rc rc;

    zs_metadata_write(&b, "Socket-Type", zs_span("DEALER", 6));
    zs_metadata_write(&b, "Identity", zs_span(NULL, 0));
    struct zs_span in = zs_buf_span(&b);
    g_assert_true(zs_metadata_next(&in, &p, &rc));
    g_assert_true(zs_span_is(p.name, "Socket-Type") && zs_span_is(p.value, "DEALER"));
    g_assert_true(zs_metadata_next(&in, &p, &rc));
    g_assert_true(zs_span_is(p.name, "Identity") && zs_span_is(p.value, ""));
    g_assert_false(zs_metadata_next(&in, &p, &rc));
    g_assert_cmpint(rc, ==, ZS_OK);
}

static void ping_and_error_come_back(void)
{
    struct zs_ping p = {.ttl = 300, .context = zs_span("0123456789abcdef", 16)}, got;
    struct zs_buf b = fresh();
    struct zs_span reason;

    zs_ping_write(&b, &p);
    g_assert_cmpint(zs_ping_parse(zs_buf_span(&b), &got), ==, ZS_OK);
    g_assert_cmpuint(got.ttl, ==, 300);
    g_assert_cmpmem(got.context.p, got.context.n, "0123456789abcdef", 16);
    b = fresh();
    zs_error_write(&b, zs_span("no", 2));
    g_assert_cmpint(zs_error_parse(zs_buf_span(&b), &reason), ==, ZS_OK);
    g_assert_true(zs_span_is(reason, "no"));
}

static void token_comes_back(void)
{
    for (int form = ZS_FORM_LIBZMQ; form <= ZS_FORM_PADDED; form++) {
        struct zs_command c;
        struct zs_span token;
        struct zs_cfx cfx = {.flags = 7, .ec = 1, .rrc = 2, .sequence = UINT64_MAX - 1}, got;
        struct zs_buf b = fresh();
        zs_command_begin(&b, (enum zs_form)form, ZS_CMD_MESSAGE);
        size_t begun = zs_token_begin(&b, (enum zs_form)form);
        zs_cfx_write(&b, &cfx);
        zs_buf_text(&b, "text");
        zs_token_end(&b, (enum zs_form)form, begun);
        g_assert_cmpint(zs_command_parse(zs_buf_span(&b), &c), ==, ZS_OK);
        g_assert_cmpint(zs_token_of_command(&c, &token), ==, ZS_OK);
        g_assert_cmpuint(token.n, ==, ZS_CFX_HEADER + 4);
        g_assert_cmpint(zs_cfx_parse(token, &got), ==, ZS_OK);
        g_assert_true(got.flags == 7 && got.ec == 1 && got.rrc == 2);
        g_assert_cmpuint(got.sequence, ==, UINT64_MAX - 1);
        g_assert_true(zs_span_is(got.payload, "text"));
    }
}

static void what_no_field_can_hold_is_refused(void)
{
    static const char long_name[257] = {[0 ... 255] = 'x'};
    struct zs_ping p = {.context = zs_span("0123456789abcdefg", 17)};
    struct zs_buf b = fresh();

    zs_buf_short(&b, zs_span(long_name, 256));
    g_assert_true(b.full);
    zs_buf_cut(&b, 0);
    zs_metadata_write(&b, long_name, zs_span(NULL, 0));
    g_assert_true(b.full);
    zs_buf_cut(&b, 0);
    zs_ping_write(&b, &p);
    g_assert_true(b.full);
    zs_buf_cut(&b, 0);
    zs_error_write(&b, zs_span(long_name, 256));
    g_assert_true(b.full);
    /* and it stays so until it is taken back */
    zs_buf_text(&b, "x");
    g_assert_true(b.full && b.n == 0);
}

/* One frame of everything, into every room that is too small: nothing is written behind its end. */
static void write_all(struct zs_buf *b)
{
    struct zs_greeting g = {.minor = 1, .mechanism = "GSSAPI"};
    struct zs_cfx cfx = {.flags = 2};
    struct zs_ping p = {.ttl = 1, .context = zs_span("context", 7)};

    zs_greeting_write(b, &g);
    size_t frame = zs_frame_begin(b);
    zs_command_begin(b, ZS_FORM_LIBZMQ, ZS_CMD_INITIATE);
    size_t token = zs_token_begin(b, ZS_FORM_LIBZMQ);
    zs_cfx_write(b, &cfx);
    zs_metadata_write(b, "Identity", zs_span("me", 2));
    zs_ping_write(b, &p);
    zs_error_write(b, zs_span("reason", 6));
    zs_token_end(b, ZS_FORM_LIBZMQ, token);
    zs_frame_end(b, frame, ZS_FRAME_COMMAND);
    zs_frame_write(b, 0, zs_span("message", 7));
}

static void no_writer_passes_the_cap(void)
{
    struct zs_buf whole = fresh();

    write_all(&whole);
    g_assert_false(whole.full);
    size_t most = whole.n + 7; /* of the frame that turned out short, while it was written */
    for (size_t room = 0; room < most; room++) {
        uint8_t *p = zs_guard_copy(storage, room);
        struct zs_buf b = zs_buf(p, room);
        write_all(&b);
        g_assert_cmpuint(b.n, <=, room);
        g_assert_true(b.full || room >= whole.n);
        zs_guard_free(p, room);
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/write/greeting_comes_back", greeting_comes_back);
    g_test_add_func("/write/frame_comes_back", frame_comes_back);
    g_test_add_func("/write/command_name_comes_back", command_name_comes_back);
    g_test_add_func("/write/metadata_comes_back", metadata_comes_back);
    g_test_add_func("/write/ping_and_error_come_back", ping_and_error_come_back);
    g_test_add_func("/write/token_comes_back", token_comes_back);
    g_test_add_func("/write/what_no_field_can_hold_is_refused", what_no_field_can_hold_is_refused);
    g_test_add_func("/write/no_writer_passes_the_cap", no_writer_passes_the_cap);
    return g_test_run();
}
