/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a NULL connection would have sent, for what others say. */
#include "analyzer/retelling.h"
#include "tests/analyzer/report/made.h"
#include "tests/core/wire/wire_case.h"

#include <glib.h>
#include <string.h>

/* The octets for an event are these; NULL: there are none. */
static void expect(const struct zs_event *ev, enum zs_retold what, const char *octets)
{
    struct zs_retelling t = {0};
    g_assert_cmpint(zs_retell(ev, &t), ==, what);
    GByteArray *told = g_byte_array_new(), *wanted = wire_octets(octets ? octets : "");
    g_byte_array_append(told, t.head, (guint)t.n);
    if (t.body.n)
        g_byte_array_append(told, t.body.p, (guint)t.body.n);
    g_assert_cmpmem(told->data, told->len, wanted->data, wanted->len);
    g_byte_array_unref(told);
    g_byte_array_unref(wanted);
}

static void expect_reading(const struct zs_reading *r, enum zs_retold what, const char *octets)
{
    bool is_message = r->kind == ZS_READ_MESSAGE;
    struct zs_event ev = made_event(is_message ? ZS_EVENT_MESSAGE : ZS_EVENT_COMMAND);
    if (is_message)
        ev.message = r;
    else
        ev.command = r;
    expect(&ev, what, octets);
}

static void expect_frame(enum zs_mechanism mechanism, uint8_t flags, const char *body,
                         enum zs_retold what, const char *octets)
{
    struct made_reading m;
    made_reading(&m, mechanism, flags, body);
    expect_reading(&m.reading, what, octets);
    made_clear(&m);
}

static void expect_greeting(const char *mechanism, bool as_server, const char *octets)
{
    struct zs_greeting g = {.part = ZS_GREETING_DONE,
                            .versioned = true,
                            .padding = 7,
                            .major = 3,
                            .minor = 1,
                            .as_server = as_server};
    struct zs_event ev = made_event(ZS_EVENT_GREETING);
    g_strlcpy(g.mechanism, mechanism, sizeof g.mechanism);
    ev.greeting = &g;
    expect(&ev, ZS_RETOLD_CLEAR, octets);
}

static void greeting_has_the_mechanism_null(void)
{
    const char *null = "ff 00*7 07 7f 03 01 'NULL' 00*16 00 00*31";
    expect_greeting("GSSAPI", false, null);
    expect_greeting("PLAIN", true, null);
    expect_greeting("NULL", false, null);
}

static void curve_s_greeting_stays(void)
{
    expect_greeting("CURVE", true, "ff 00*7 07 7f 03 01 'CURVE' 00*15 01 00*31");
}

static void old_greetings_are_not_made(void)
{
    struct zs_greeting g = {.part = ZS_GREETING_DONE, .versioned = true, .major = 1};
    struct zs_event ev = made_event(ZS_EVENT_GREETING);
    ev.greeting = &g;
    expect(&ev, ZS_RETOLD_NOTHING, NULL);
    g_assert_true(zs_retelling_is_repeating(&g));
    g = (struct zs_greeting){.part = ZS_GREETING_DONE};
    expect(&ev, ZS_RETOLD_NOTHING, NULL);
    g_assert_true(zs_retelling_is_repeating(&g));
    g = (struct zs_greeting){
        .part = ZS_GREETING_DONE, .versioned = true, .major = 3, .mechanism = "GSSAPI"};
    g_assert_false(zs_retelling_is_repeating(&g));
}

static void messages_keep_their_more_bit(void)
{
    expect_frame(ZS_MECHANISM_NULL, 0, "'hello'", ZS_RETOLD_CLEAR, "00 05 'hello'");
    expect_frame(ZS_MECHANISM_GSSAPI, 1, "'hello'", ZS_RETOLD_CLEAR, "01 05 'hello'");
    expect_frame(ZS_MECHANISM_NULL, 3, "00*256", ZS_RETOLD_CLEAR, "03 00*6 01 00 00*256");
}

/* As if they had come out of a wrap token. */
static void what_was_opened_loses_its_wrapping(void)
{
    struct made_reading m;
    made_reading(&m, ZS_MECHANISM_NULL, 1, "'hello'");
    made_sealed(&m, 1);
    expect_reading(&m.reading, ZS_RETOLD_OPENED, "01 05 'hello'");
    m.reading.verified = false;
    expect_reading(&m.reading, ZS_RETOLD_SEALED, NULL);
    made_clear(&m);
    /* libzmq's master branch: a subscription has no name of its own */
    made_reading(&m, ZS_MECHANISM_NULL, 4, "04'PING' 0000");
    made_sealed(&m, 1);
    m.reading.content = (struct zs_command){.id = ZS_CMD_SUBSCRIBE, .body = zs_span("news", 4)};
    expect_reading(&m.reading, ZS_RETOLD_OPENED, "04 0e 09'SUBSCRIBE' 'news'");
    m.reading.verified = false;
    expect_reading(&m.reading, ZS_RETOLD_SEALED, NULL);
    made_clear(&m);
}

#define METADATA "0b'Socket-Type' 00000003'REQ'"

static void metadata_is_in_ready(void)
{
    const char *ready = "04 19 05'READY' " METADATA;
    expect_frame(ZS_MECHANISM_NULL, 4, "05'READY' " METADATA, ZS_RETOLD_CLEAR, ready);
    expect_frame(ZS_MECHANISM_GSSAPI, 4, "'READY   ' " METADATA, ZS_RETOLD_CLEAR, ready);
    expect_frame(ZS_MECHANISM_PLAIN, 4, "08'INITIATE' " METADATA, ZS_RETOLD_CLEAR, ready);
}

static void commands_of_the_mechanism_are_nothing(void)
{
    expect_frame(ZS_MECHANISM_PLAIN, 4, "05'HELLO' 05'admin' 06'secret'", ZS_RETOLD_NOTHING, NULL);
    expect_frame(ZS_MECHANISM_PLAIN, 4, "07'WELCOME'", ZS_RETOLD_NOTHING, NULL);
    expect_frame(ZS_MECHANISM_GSSAPI, 4, "", ZS_RETOLD_NOTHING, NULL);
    expect_frame(ZS_MECHANISM_GSSAPI, 4, "08'INITIATE' 00", ZS_RETOLD_NOTHING, NULL);
    expect_frame(ZS_MECHANISM_CURVE, 4, "05'READY' 00*24", ZS_RETOLD_NOTHING, NULL);
    struct zs_event ev = made_event(ZS_EVENT_TOKEN);
    expect(&ev, ZS_RETOLD_NOTHING, NULL);
}

/* Nobody can say that it is of no weight. */
static void what_cannot_be_read_is_said(void)
{
    expect_frame(ZS_MECHANISM_NULL, 4, "ff'READY'", ZS_RETOLD_UNREAD, NULL);
    expect_frame(ZS_MECHANISM_GSSAPI, 4, "ff'READY'", ZS_RETOLD_UNREAD, NULL);
    expect_frame(ZS_MECHANISM_GSSAPI, 4, "07'MESSAGE' 'no token'", ZS_RETOLD_UNREAD, NULL);
    expect_frame(ZS_MECHANISM_CURVE, 4, "07'MESSAGE' 'no box'", ZS_RETOLD_UNREAD, NULL);
    expect_frame(ZS_MECHANISM_UNKNOWN, 4, "07'MESSAGE' 'abc'", ZS_RETOLD_UNREAD, NULL);
}

/* A password may be in HELLO whoever it is said to. */
static void other_mechanisms_commands_pass_but_for_hello(void)
{
    expect_frame(ZS_MECHANISM_NULL, 4, "07'MESSAGE' 'abc'", ZS_RETOLD_CLEAR,
                 "04 0b 07'MESSAGE' 'abc'");
    expect_frame(ZS_MECHANISM_NULL, 4, "07'WELCOME'", ZS_RETOLD_CLEAR, "04 08 07'WELCOME'");
    expect_frame(ZS_MECHANISM_NULL, 4, "08'INITIATE' 'abc'", ZS_RETOLD_CLEAR,
                 "04 0c 08'INITIATE' 'abc'");
    expect_frame(ZS_MECHANISM_PLAIN, 4, "07'MESSAGE' 'abc'", ZS_RETOLD_UNREAD, NULL);
    expect_frame(ZS_MECHANISM_NULL, 4, "05'HELLO' 05'admin' 06'secret'", ZS_RETOLD_UNREAD, NULL);
    struct made_reading m;
    made_reading(&m, ZS_MECHANISM_NULL, 4, "07'WELCOME' 'abc'");
    made_sealed(&m, 1);
    expect_reading(&m.reading, ZS_RETOLD_OPENED, "04 0b 07'WELCOME' 'abc'");
    made_clear(&m);
}

static void other_commands_pass(void)
{
    expect_frame(ZS_MECHANISM_GSSAPI, 4, "04'PING' 0064 'c'", ZS_RETOLD_CLEAR,
                 "04 08 04'PING' 0064 'c'");
    expect_frame(ZS_MECHANISM_NULL, 4, "05'ERROR' 02'no'", ZS_RETOLD_CLEAR,
                 "04 09 05'ERROR' 02'no'");
    expect_frame(ZS_MECHANISM_NULL, 4, "5e'RROR' 02'no'", ZS_RETOLD_CLEAR,
                 "04 09 05'ERROR' 02'no'");
    expect_frame(ZS_MECHANISM_NULL, 4, "03'XYZ' 'abc'", ZS_RETOLD_CLEAR, "04 07 03'XYZ' 'abc'");
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/retelling/greeting_has_the_mechanism_null", greeting_has_the_mechanism_null);
    g_test_add_func("/retelling/curve_s_greeting_stays", curve_s_greeting_stays);
    g_test_add_func("/retelling/old_greetings_are_not_made", old_greetings_are_not_made);
    g_test_add_func("/retelling/messages_keep_their_more_bit", messages_keep_their_more_bit);
    g_test_add_func("/retelling/what_was_opened_loses_its_wrapping",
                    what_was_opened_loses_its_wrapping);
    g_test_add_func("/retelling/metadata_is_in_ready", metadata_is_in_ready);
    g_test_add_func("/retelling/commands_of_the_mechanism_are_nothing",
                    commands_of_the_mechanism_are_nothing);
    g_test_add_func("/retelling/what_cannot_be_read_is_said", what_cannot_be_read_is_said);
    g_test_add_func("/retelling/other_mechanisms_commands_pass_but_for_hello",
                    other_mechanisms_commands_pass_but_for_hello);
    g_test_add_func("/retelling/other_commands_pass", other_commands_pass);
    return g_test_run();
}
