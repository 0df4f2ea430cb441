/* SPDX-License-Identifier: GPL-2.0-or-later */
/* core/conn/conn.c: events as a readable log. A conversation gives the same log however its octets are cut, and whether
 * sealed messages wait for others or do not; what is missing from it costs what it touched and nothing else. */
#include "core/conn/conn.h"

#include "core/conn/batch.h"
#include "core/conn/waiting.h"
#include "core/conn/authenticators.h"
#include "core/krb/init.h"
#include "tests/core/conn/talk.h"
#include "tests/core/wire/wire_case.h"
#include "tests/harness/guard.h"

enum { C = ZS_FRAME_COMMAND, M = 0, LIMIT = 4096 };

static struct talk talk;
static struct zs_batch *batch; /* of all connections of a test; NULL: nothing waits */

/* ==== the log ==== */

static void log_token(GString *log, const struct zs_event_token *t)
{
    g_string_append_printf(log, "token %s", zs_token_kind_name(t->token->kind));
    if (t->ap_req) {
        char *service = zs_principal_format(&t->ap_req->service);
        g_string_append_printf(log, " for %s", service);
        g_free(service);
    }
    if (t->krb_error)
        g_string_append_printf(log, " %d", (int)t->krb_error->code);
}

static void log_reading(GString *log, const struct zs_reading *r)
{
    if (r->kind == ZS_READ_COMMAND) {
        g_string_append_printf(log, "command %s", zs_command_name(r->content.id));
        if (r->content.body.n)
            wire_show_span(log, "body", r->content.body);
    } else {
        g_string_append(log, r->more ? "message more" : "message");
        wire_show_span(log, "data", r->data);
    }
    if (r->wrapped)
        g_string_append(log, r->verified ? " opened" : " closed");
}

static void log_close(GString *log, const struct zs_event_close *c)
{
    g_string_append_printf(log, "close %s", zs_outcome_name(c->outcome));
    for (int d = 0; d < ZS_DIR_COUNT; d++)
        g_string_append_printf(log, " %s=%" G_GUINT64_FORMAT "/%" G_GUINT64_FORMAT,
                               zs_dir_name((enum zs_dir)d), c->session->side[d].messages,
                               c->session->side[d].message_octets);
    if (c->reason)
        g_string_append_printf(log, ": %s", c->reason);
}

static void log_defect(GString *log, const struct zs_event_defect *d)
{
    g_string_append_printf(log, "defect %s", zs_defect_of(d->rc)->code);
    if (d->detail)
        g_string_append_printf(log, ": %s", d->detail);
}

static void on_event(void *user, const struct zs_event *ev)
{
    GString *log = user;
    const struct zs_greeting *g = ev->greeting;

    if (ev->directed)
        g_string_append_printf(log, "%s ", zs_dir_name(ev->dir));
    switch (ev->kind) {
    case ZS_EVENT_CONNECTION:
        g_string_append(log, ev->midstream ? "connection midstream" : "connection");
        break;
    case ZS_EVENT_GREETING:
        g_string_append_printf(log, "greeting %s", zs_greeting_version(g));
        if (g->mechanism[0])
            g_string_append_printf(log, " %s", g->mechanism);
        break;
    case ZS_EVENT_TOKEN:
        log_token(log, &ev->token);
        break;
    case ZS_EVENT_CONTEXT:
        g_string_append_printf(log, "context by %s: %s", zs_dir_name(ev->context.initiator),
                               zs_why_code(ev->context.facts->why));
        break;
    case ZS_EVENT_COMMAND:
        log_reading(log, ev->command);
        break;
    case ZS_EVENT_MESSAGE:
        log_reading(log, ev->message);
        break;
    case ZS_EVENT_GAP:
        g_string_append_printf(log, "gap %" G_GUINT64_FORMAT, ev->gap.bytes);
        if (ev->gap.unread)
            g_string_append_printf(log, " unread %" G_GUINT64_FORMAT, ev->gap.unread);
        break;
    case ZS_EVENT_DEFECT:
        log_defect(log, &ev->defect);
        break;
    case ZS_EVENT_LIMIT:
        g_string_append_printf(log, "limit %s %" G_GUINT64_FORMAT, zs_limit_name(ev->limit.which),
                               ev->limit.most);
        break;
    case ZS_EVENT_CLOSE:
        log_close(log, &ev->close);
        break;
    }
    g_string_append_c(log, '\n');
}

/* ==== conversations ==== */

/* One side's next octets. */
struct speech {
    enum zs_dir dir;
    GByteArray *octets;
};

struct story {
    GArray *speeches;
    bool open; /* the capture ends before the connection */
};

static void begin(struct story *s)
{
    *s = (struct story){.speeches = g_array_new(FALSE, FALSE, sizeof(struct speech))};
}

static const struct speech *speech_at(const struct story *s, guint i)
{
    return &g_array_index(s->speeches, struct speech, i);
}

static void end(struct story *s)
{
    for (guint i = 0; i < s->speeches->len; i++)
        g_byte_array_unref(speech_at(s, i)->octets);
    g_array_free(s->speeches, TRUE);
}

static void add(struct story *s, enum zs_dir dir, GByteArray *octets)
{
    struct speech speech = {.dir = dir, .octets = octets};
    g_array_append_val(s->speeches, speech);
}

static void add_octets(struct story *s, enum zs_dir dir, const char *octets)
{
    add(s, dir, wire_octets(octets));
}

static void add_frame(struct story *s, enum zs_dir dir, uint8_t flags, const char *body)
{
    add(s, dir, talk_frame_of(flags, body));
}

static void add_greetings(struct story *s, const char *mechanism)
{
    add(s, ZS_C2S, talk_greeting(1, mechanism, false));
    add(s, ZS_S2C, talk_greeting(1, mechanism, false));
}

static void add_token(struct story *s, enum zs_dir dir, GByteArray *token)
{
    add(s, dir, talk_carry(C, ZS_FORM_LIBZMQ, "INITIATE", token));
}

/* Data as a peer hands it to TCP ends where memory ends. */
static bool hear(struct zs_conn *c, enum zs_dir dir, const uint8_t *p, size_t n, struct zs_stamp at)
{
    uint8_t *copy = zs_guard_copy(p, n);
    bool is_zmtp = zs_conn_data(c, dir, copy, n, at);

    zs_guard_free(copy, n);
    return is_zmtp;
}

static void hear_story(struct zs_conn *c, const struct story *s)
{
    for (guint i = 0; i < s->speeches->len; i++)
        hear(c, speech_at(s, i)->dir, speech_at(s, i)->octets->data, speech_at(s, i)->octets->len,
             (struct zs_stamp){.time_ns = TALK_NOW, .frame = 1});
}

static const struct zs_conn_config *config(void)
{
    static struct zs_conn_config c = {.frame_limit = LIMIT, .on_event = on_event};
    c.keys = talk.keys;
    c.batch = batch;
    return &c;
}

/* Where a speech is cut: speech i is handed over in pieces of at most step octets; speech only is cut in two at
 * octet at. 0: whole. */
struct cut {
    size_t step;
    guint only;
    size_t at;
};

static GString *tell(const struct story *s, const struct cut *cut)
{
    GString *log = g_string_new(NULL);
    struct zs_stamp at = {.time_ns = TALK_NOW, .frame = 1};
    struct zs_conn *c = zs_conn_new(config(), log, false, at);

    for (guint i = 0; i < s->speeches->len; i++) {
        const struct speech *speech = speech_at(s, i);
        size_t n = speech->octets->len, done = 0;
        size_t step = cut->step ? cut->step : n;
        if (cut->at && i == cut->only)
            step = cut->at;
        while (done < n) {
            size_t piece = step < n - done ? step : n - done;
            hear(c, speech->dir, speech->octets->data + done, piece, at);
            done += piece;
            step = cut->step ? cut->step : n;
        }
    }
    zs_conn_end(c, !s->open, at);
    zs_conn_free(c);
    return log;
}

static void same(const struct story *s, const struct cut *cut, const char *expect)
{
    GString *log = tell(s, cut);

    if (strcmp(log->str, expect) != 0)
        g_test_message("steps of %zu, speech %u cut at %zu", cut->step, cut->only, cut->at);
    g_assert_cmpstr(log->str, ==, expect);
    g_string_free(log, TRUE);
}

/* The story is used up. */
static void tells(struct story *s, const char *expect)
{
    same(s, &(struct cut){0}, expect);
    for (size_t step = 1; step <= 3; step++)
        same(s, &(struct cut){.step = step}, expect);
    same(s, &(struct cut){.step = 11}, expect);
    for (guint i = 0; i < s->speeches->len && !g_test_failed(); i++)
        for (size_t at = 1; at < speech_at(s, i)->octets->len && !g_test_failed(); at++)
            same(s, &(struct cut){.only = i, .at = at}, expect);
    end(s);
}

#define OPENED "connection\nc2s greeting 3.1 GSSAPI\ns2c greeting 3.1 GSSAPI\n"
#define AUTHENTICATED                                                  \
    OPENED "c2s token AP-REQ for zmq/server.example.org@EXAMPLE.ORG\n" \
           "s2c token AP-REP\n"                                        \
           "context by c2s: opened\n"

static void add_handshake(struct story *s)
{
    add_greetings(s, "GSSAPI");
    add_token(s, ZS_C2S, talk_ap_req(&talk));
    add_token(s, ZS_S2C, talk_ap_rep(&talk));
    add_frame(s, ZS_C2S, C, "");
    add(s, ZS_S2C, talk_sealed(&talk, C, true, 2000, "00 05'READY'"));
    add(s, ZS_C2S, talk_sealed(&talk, C, false, 1000, "00 05'READY'"));
}

#define ESTABLISHED \
    AUTHENTICATED "c2s command \ns2c command READY opened\nc2s command READY opened\n"

static void gssapi_conversation(void)
{
    struct story s;

    begin(&s);
    add_handshake(&s);
    add(&s, ZS_C2S, talk_sealed(&talk, M, false, 1001, "01"));
    add(&s, ZS_C2S, talk_sealed(&talk, M, false, 1002, "00 61*300"));
    add(&s, ZS_S2C, talk_sealed(&talk, M, true, 2001, "02 04'PING'000a"));
    add(&s, ZS_C2S, talk_sealed(&talk, M, false, 1003, "02 04'PONG'"));
    add(&s, ZS_S2C, talk_sealed(&talk, M, true, 2002, "00'world'"));
    tells(&s, ESTABLISHED "c2s message more data='' opened\n"
                          "c2s message data=(300 octets, 61..61) opened\n"
                          "s2c command PING body=000a opened\n"
                          "c2s command PONG opened\n"
                          "s2c message data='world' opened\n"
                          "close established c2s=1/300 s2c=1/5\n");
}

/* Everything that a side says stands in one segment, as far as it may. */
static void gssapi_in_few_segments(void)
{
    struct story s;

    begin(&s);
    add(&s, ZS_C2S,
        talk_append(talk_greeting(1, "GSSAPI", false),
                    talk_carry(C, ZS_FORM_PADDED, "HELLO", talk_ap_req(&talk))));
    GByteArray *server = talk_append(talk_greeting(1, "GSSAPI", true),
                                     talk_carry(C, ZS_FORM_PADDED, "WELCOME", talk_ap_rep(&talk)));
    talk_append(server, talk_carry(C, ZS_FORM_PADDED, "READY", talk_wrap(&talk, true, 2000, "02")));
    add(&s, ZS_S2C, server);
    GByteArray *client =
        talk_carry(C, ZS_FORM_PADDED, "READY", talk_wrap(&talk, false, 1000, "02"));
    add(&s, ZS_C2S,
        talk_append(client, talk_carry(M, ZS_FORM_PADDED, "MESSAGE",
                                       talk_wrap(&talk, false, 1001, "00'hello'"))));
    tells(&s, "connection\nc2s greeting 3.1 GSSAPI\n"
              "c2s token AP-REQ for zmq/server.example.org@EXAMPLE.ORG\n"
              "s2c greeting 3.1 GSSAPI\ns2c token AP-REP\ncontext by c2s: opened\n"
              "s2c command READY opened\nc2s command READY opened\n"
              "c2s message data='hello' opened\n"
              "close established c2s=1/5 s2c=0/0\n");
}

static void plain_conversation(void)
{
    struct story s;

    begin(&s);
    add_greetings(&s, "PLAIN");
    add_frame(&s, ZS_C2S, C, "05'HELLO'01'u'01'p'");
    add_frame(&s, ZS_S2C, C, "07'WELCOME'");
    add_frame(&s, ZS_C2S, C, "08'INITIATE'");
    add_frame(&s, ZS_S2C, C, "05'READY'");
    add_frame(&s, ZS_C2S, M, "61*256");
    s.open = true;
    tells(&s, "connection\nc2s greeting 3.1 PLAIN\ns2c greeting 3.1 PLAIN\n"
              "c2s command HELLO body=01750170\ns2c command WELCOME\nc2s command INITIATE\n"
              "s2c command READY\nc2s message data=(256 octets, 61..61)\n"
              "close established c2s=1/256 s2c=0/0\n");
}

static void refusals(void)
{
    struct story s;

    begin(&s);
    add_greetings(&s, "GSSAPI");
    add_token(&s, ZS_C2S, talk_ap_req(&talk));
    add_token(&s, ZS_S2C, talk_hint());
    tells(&s, OPENED "c2s token AP-REQ for zmq/server.example.org@EXAMPLE.ORG\n"
                     "s2c token NegTokenInit-hint\ncontext by c2s: ap-rep-missing\n"
                     "s2c defect acceptor-hint\n"
                     "close failed c2s=0/0 s2c=0/0: the acceptor answered with a SPNEGO hint: it "
                     "could not acquire its credential (libzmq asks for one that initiates too: "
                     "KRB5_CLIENT_KTNAME and a cache collection)\n");
    begin(&s);
    add_greetings(&s, "GSSAPI");
    add_token(&s, ZS_C2S, talk_ap_req(&talk));
    add_token(&s, ZS_S2C, talk_krb_error(&talk));
    tells(&s, OPENED "c2s token AP-REQ for zmq/server.example.org@EXAMPLE.ORG\n"
                     "s2c token KRB-ERROR 37\ncontext by c2s: ap-rep-missing\n"
                     "close failed c2s=0/0 s2c=0/0: the acceptor answered with a KRB-ERROR: it "
                     "refused the ticket\n");
    begin(&s);
    add_greetings(&s, "GSSAPI");
    add_token(&s, ZS_C2S, talk_ap_req(&talk));
    tells(&s, OPENED
          "c2s token AP-REQ for zmq/server.example.org@EXAMPLE.ORG\n"
          "context by c2s: ap-rep-missing\n"
          "close failed c2s=0/0 s2c=0/0: the acceptor never answered the AP-REQ, "
          "although this key opens it and its times are good: the acceptor has another key (klist "
          "-kte on its keytab), another name, or saw this authenticator before\n");
    begin(&s);
    add(&s, ZS_C2S, talk_greeting(1, "GSSAPI", false));
    add_octets(&s, ZS_S2C, "ff 00*8 7f 03");
    tells(&s,
          "connection\nc2s greeting 3.1 GSSAPI\n"
          "close failed c2s=0/0 s2c=0/0: the TCP server stopped inside its greeting: it refuses "
          "the mechanism or version of the client\n");
}

static void defects_do_not_stop_it(void)
{
    struct story s;

    begin(&s);
    add_handshake(&s);
    GByteArray *damaged = talk_sealed(&talk, M, false, 1001, "00'a'");
    damaged->data[damaged->len - 1] ^= 1;
    add(&s, ZS_C2S, damaged);
    add(&s, ZS_C2S, talk_sealed(&talk, M, false, 1004, "00'b'"));
    add(&s, ZS_C2S, talk_sealed(&talk, M, false, 1005, ""));
    add_frame(&s, ZS_S2C, C, "09'x'");
    add(&s, ZS_S2C, talk_sealed(&talk, M, true, 2001, "00'c'"));
    tells(&s, ESTABLISHED "c2s message data='' closed\nc2s defect wrap-checksum\n"
                          "c2s message data='b' opened\n"
                          "c2s defect wrap-gap: expected 1002, got 1004\n"
                          "c2s message data='' opened\nc2s defect inner-empty\n"
                          "s2c command \ns2c defect command-name\n"
                          "s2c message data='c' opened\n"
                          "close established c2s=2/1 s2c=1/1\n");
}

static void frame_over_the_limit_is_passed_over(void)
{
    struct story s;

    begin(&s);
    add_greetings(&s, "NULL");
    add_frame(&s, ZS_C2S, C, "05'READY'");
    add_frame(&s, ZS_S2C, C, "05'READY'");
    add_octets(&s, ZS_C2S, "02 0000000000001001 61*4097 00 01'x'");
    add_octets(&s, ZS_C2S, "02 0000000000001000 62*4096");
    add_octets(&s, ZS_S2C, "02 ffffffffffffffff 61*20");
    struct cut whole = {0}, seven = {.step = 7}, one = {.step = 1};
    const char *expect = "connection\nc2s greeting 3.1 NULL\ns2c greeting 3.1 NULL\n"
                         "c2s command READY\ns2c command READY\n"
                         "c2s defect frame-size: 4097 octets\nc2s message data='x'\n"
                         "c2s message data=(4096 octets, 62..62)\n"
                         "s2c defect frame-size: 18446744073709551615 octets\n"
                         "close established c2s=2/4097 s2c=0/0\n";
    same(&s, &whole, expect);
    same(&s, &seven, expect);
    same(&s, &one, expect);
    end(&s);
}

static void damaged_framing_costs_the_rest_of_its_piece(void)
{
    struct story s;

    begin(&s);
    add_greetings(&s, "NULL");
    add_frame(&s, ZS_C2S, C, "05'READY'");
    add_octets(&s, ZS_C2S, "80 'none'");
    add_frame(&s, ZS_S2C, C, "05'READY'");
    tells(&s, "connection\nc2s greeting 3.1 NULL\ns2c greeting 3.1 NULL\n"
              "c2s command READY\nc2s defect frame-flags\ns2c command READY\n"
              "c2s gap 0 unread 5\nclose established c2s=0/0 s2c=0/0\n");
    begin(&s);
    add_octets(&s, ZS_C2S, "ff 00*8 7f 03 00 'bad name' 00*12 00*32 04 00");
    add(&s, ZS_S2C, talk_greeting(0, "NULL", false));
    tells(
        &s,
        "connection\nc2s defect greeting-mechanism\ns2c greeting 3.0 NULL\n"
        "c2s gap 0 unread 55\nclose failed c2s=0/0 s2c=0/0: octets of the handshake could not be read, so how far it "
        "came is not known\n");
}

/* ==== old versions ==== */

static void version_1_against_version_3(void)
{
    struct story s;

    begin(&s);
    add_octets(&s, ZS_C2S, "ff 00*7 04 7f");
    add_octets(&s, ZS_S2C, "01 00");
    add_octets(&s, ZS_C2S, "'bob'");
    add_octets(&s, ZS_C2S, "06 00'hello'");
    add_octets(&s, ZS_S2C, "06 01'world'01 00");
    tells(&s, "connection\ns2c greeting 1.0\nc2s greeting 1.0\nc2s message data='hello'\n"
              "s2c message more data='world'\ns2c message data=''\n"
              "close established c2s=1/5 s2c=1/5\n");
    /* Without identity, and with nothing to say: the signature was all of it. */
    begin(&s);
    add_octets(&s, ZS_S2C, "02 00'i'");
    add_octets(&s, ZS_C2S, "ff 00*7 01 7f");
    add_octets(&s, ZS_S2C, "06 00'hello'");
    tells(&s, "connection\ns2c greeting 1.0\nc2s greeting 1.0\ns2c message data='hello'\n"
              "close established c2s=0/0 s2c=1/5\n");
}

/* A speech is known to be ZMTP's by its first ten octets; the rest of it comes behind what the other said before. */
static void what_follows_a_signature_comes_behind_the_other_side(void)
{
    struct story s;

    begin(&s);
    add_octets(&s, ZS_C2S, "02 00'i'06 00'hello'");
    add_octets(&s, ZS_S2C, "ff 00*7 01 7f 06 00'world'");
    tells(&s, "connection\nc2s greeting 1.0\ns2c greeting 1.0\nc2s message data='hello'\n"
              "s2c message data='world'\nclose established c2s=1/5 s2c=1/5\n");
}

static void version_2_against_version_3(void)
{
    struct story s;

    begin(&s);
    add_octets(&s, ZS_C2S, "ff 00*7 01 7f 03");
    add_octets(&s, ZS_S2C, "ff 00*7 01 7f 01 05 00 00");
    add_octets(&s, ZS_C2S, "06 00 00 01 03'one'00 03'two'");
    tells(&s, "connection\ns2c greeting 2.0\nc2s greeting 2.0\n"
              "c2s message more data='one'\nc2s message data='two'\n"
              "close established c2s=1/6 s2c=0/0\n");
    /* The capture has the socket type before the revision that it answers. */
    begin(&s);
    add_octets(&s, ZS_C2S, "ff 00*7 01 7f 03 06");
    add_octets(&s, ZS_S2C, "ff 00*7 01 7f 01 05 00 00");
    add_octets(&s, ZS_C2S, "00 00 00 03'two'");
    tells(&s, "connection\nc2s greeting 2.0\ns2c greeting 2.0\nc2s message data='two'\n"
              "close established c2s=1/3 s2c=0/0\n");
}

/* ==== what is no ZMTP ==== */

static void other_traffic_is_put_aside(void)
{
    static const struct {
        const char *name, *octets;
        size_t known_after; /* octets */
    } cases[] = {
        {"HTTP", "'GET / HTTP/1.1'0d0a", 2},
        {"TLS", "16 0301 0200 01 0001fc", 2},
        {"SSH", "'SSH-2.0-OpenSSH_9.2'0d0a", 2},
        {"telnet", "fffd18 fffd20 fffd23 fffd27", 10},
        {"DNS", "001d 1234 0100 0001", 1},
        {"zeros", "00*20", 1},
        {"FF", "ff*20", 10},
        {"SMB", "00000090 fe'SMB'", 1},
        {"a long identity", "ff 0000000000000101 00 61*4", 10},
        {"an identity and no end", "05 00 61*520", 513},
    };

    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++)
        for (int d = 0; d < ZS_DIR_COUNT; d++) {
            GString *log = g_string_new(NULL);
            struct zs_stamp at = {.time_ns = TALK_NOW, .frame = 1};
            struct zs_conn *c = zs_conn_new(config(), log, false, at);
            GByteArray *octets = wire_octets(cases[i].octets);
            size_t n = 0;
            while (n < octets->len && hear(c, (enum zs_dir)d, octets->data + n, 1, at))
                n++;
            if (n + 1 != cases[i].known_after)
                g_test_fail_printf("%s: known after %zu octets", cases[i].name, n + 1);
            zs_conn_gap(c, ZS_C2S, 100, at);
            zs_conn_conflict(c, ZS_S2C, at);
            g_assert_false(hear(c, ZS_S2C, octets->data, octets->len, at));
            zs_conn_end(c, true, at);
            g_assert_cmpstr(log->str, ==, "");
            zs_conn_free(c);
            g_string_free(log, TRUE);
            g_byte_array_unref(octets);
        }
}

static void nothing_is_said_of_a_silent_connection(void)
{
    struct story s;

    begin(&s);
    add_octets(&s, ZS_C2S, "ff 00*8");
    tells(&s, "");
    begin(&s);
    tells(&s, "");
}

/* ==== what the capture lacks ==== */

static void one_direction_alone(void)
{
    struct story s;

    begin(&s);
    add(&s, ZS_S2C, talk_greeting(1, "NULL", false));
    add_frame(&s, ZS_S2C, C, "05'READY'");
    add_frame(&s, ZS_S2C, M, "'hello'");
    tells(&s, "connection\ns2c greeting 3.1 NULL\ns2c command READY\ns2c message data='hello'\n"
              "close failed c2s=0/0 s2c=1/5: one side has no greeting: it sent none, or the "
              "capture holds the other direction alone\n");
}

static struct zs_conn *null_connection_of(const struct zs_conn_config *of, GString *log,
                                          bool midstream)
{
    struct zs_stamp at = {.time_ns = TALK_NOW, .frame = 1};
    struct zs_conn *c = zs_conn_new(of, log, midstream, at);

    for (int d = 0; d < ZS_DIR_COUNT; d++) {
        GByteArray *start =
            talk_append(talk_greeting(1, "NULL", false), talk_frame_of(C, "05'READY'"));
        hear(c, (enum zs_dir)d, start->data, start->len, at);
        g_byte_array_unref(start);
    }
    g_string_truncate(log, 0);
    return c;
}

static struct zs_conn *null_connection(GString *log, bool midstream)
{
    return null_connection_of(config(), log, midstream);
}

static void hear_octets(struct zs_conn *c, enum zs_dir dir, const char *octets)
{
    GByteArray *a = wire_octets(octets);
    struct zs_stamp at = {.time_ns = TALK_NOW, .frame = 2};

    hear(c, dir, a->data, a->len, at);
    g_byte_array_unref(a);
}

static void finish(struct zs_conn *c, GString *log, const char *expect)
{
    zs_conn_end(c, true, (struct zs_stamp){.time_ns = TALK_NOW, .frame = 3});
    g_assert_cmpstr(log->str, ==, expect);
    zs_conn_free(c);
    g_string_free(log, TRUE);
}

static void gap_inside_a_body_costs_that_frame(void)
{
    static const uint64_t gaps[] = {1, 4, 9};

    for (size_t i = 0; i < G_N_ELEMENTS(gaps); i++) {
        GString *log = g_string_new(NULL);
        struct zs_conn *c = null_connection(log, false);
        uint64_t gap = gaps[i];

        hear_octets(c, ZS_C2S, "00 0a'x'");
        zs_conn_gap(c, ZS_C2S, gap, (struct zs_stamp){.frame = 2});
        if (gap < 9) {
            char *rest = g_strdup_printf("78*%u", (unsigned)(9 - gap));
            hear_octets(c, ZS_C2S, rest);
            g_free(rest);
        }
        hear_octets(c, ZS_C2S, "00 02'ok'");
        char *over =
            gap < 9 ? g_strdup_printf("c2s gap 0 unread %u\n", (unsigned)(9 - gap)) : g_strdup("");
        char *expect = g_strdup_printf("c2s gap %u unread 3\n%sc2s message data='ok'\n"
                                       "close established c2s=1/2 s2c=0/0\n",
                                       (unsigned)gap, over);
        finish(c, log, expect);
        g_free(over);
        g_free(expect);
    }
}

static void two_gaps_inside_one_body(void)
{
    GString *log = g_string_new(NULL);
    struct zs_conn *c = null_connection(log, false);

    hear_octets(c, ZS_C2S, "00 0a'x'");
    zs_conn_gap(c, ZS_C2S, 3, (struct zs_stamp){.frame = 2});
    hear_octets(c, ZS_C2S, "'y'");
    zs_conn_gap(c, ZS_C2S, 5, (struct zs_stamp){.frame = 2});
    hear_octets(c, ZS_C2S, "00 02'ok'");
    finish(c, log,
           "c2s gap 3 unread 3\nc2s gap 5 unread 1\nc2s message data='ok'\n"
           "close established c2s=1/2 s2c=0/0\n");
}

/* What begins a piece of the stream is read; what does not fit is left alone. */
static void gap_across_frames_costs_what_it_touched(void)
{
    static const struct {
        const char *before, *said;
    } cases[] = {
        {"00 0a'x'", "c2s gap 10 unread 3\n"},
        {"00", "c2s gap 10 unread 1\n"},
        {"00 01'a'", "c2s gap 10\n"},
        {"02 00000000", "c2s gap 10 unread 5\n"},
    };

    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        GString *log = g_string_new(NULL);
        struct zs_conn *c = null_connection(log, false);
        struct zs_stamp at = {.frame = 2};

        hear_octets(c, ZS_C2S, cases[i].before);
        g_string_truncate(log, 0);
        zs_conn_gap(c, ZS_C2S, 10, at);
        hear_octets(c, ZS_C2S, "'the end of something' 00 03'yes'");
        hear_octets(c, ZS_C2S, "00 03'yes'");
        zs_conn_gap(c, ZS_C2S, UINT64_MAX, at);
        hear_octets(c, ZS_C2S, "'xyz'");
        hear_octets(c, ZS_S2C, "00 02'ok'");
        char *expect = g_strdup_printf(
            "%sc2s gap 0 unread 25\nc2s message data='yes'\nc2s gap 18446744073709551615\n"
            "s2c message data='ok'\nc2s gap 0 unread 3\nclose established c2s=%u/%u s2c=1/2\n",
            cases[i].said, i == 2 ? 2 : 1, i == 2 ? 4 : 3);
        finish(c, log, expect);
        g_free(expect);
    }
}

/* A boundary that was only guessed proves wrong: that is no defect of the peer's. */
static void wrong_guess_is_looked_for_again(void)
{
    GString *log = g_string_new(NULL);
    struct zs_conn *c = null_connection(log, false);

    zs_conn_gap(c, ZS_C2S, 10, (struct zs_stamp){.frame = 2});
    hear_octets(c, ZS_C2S, "00 01'a'");
    hear_octets(c, ZS_C2S, "'more of a message'");
    hear_octets(c, ZS_C2S, "04 0a 09'SUBSCRIBE'");
    hear_octets(c, ZS_C2S, "00 01'b'");
    finish(c, log,
           "c2s gap 10\nc2s message data='a'\nc2s gap 0 unread 17\nc2s command SUBSCRIBE\n"
           "c2s message data='b'\nclose established c2s=2/2 s2c=0/0\n");
}

static void behind_damaged_framing_the_next_frame_is_looked_for(void)
{
    GString *log = g_string_new(NULL);
    struct zs_conn *c = null_connection(log, false);

    hear_octets(c, ZS_C2S, "00 01'a'80 02'bc'00 01'd'");
    hear_octets(c, ZS_C2S, "'none of these' 00 01'e'");
    hear_octets(c, ZS_C2S, "00 01'f'00 01'g'");
    hear_octets(c, ZS_C2S, "00 01'h'");
    finish(
        c, log,
        "c2s message data='a'\nc2s defect frame-flags\nc2s gap 0 unread 23\nc2s message data='f'\n"
        "c2s message data='g'\nc2s message data='h'\nclose established c2s=4/4 s2c=0/0\n");
}

static void damage_that_goes_on_is_said_each_time(void)
{
    GString *log = g_string_new(NULL);
    struct zs_conn *c = null_connection(log, false);

    for (int i = 0; i < 2; i++)
        hear_octets(c, ZS_C2S, "04 07 04'JOIN'6767 f0 f0");
    hear_octets(c, ZS_C2S, "04 07 04'JOIN'6767");
    finish(
        c, log,
        "c2s command JOIN body='gg'\nc2s defect frame-flags\nc2s gap 0 unread 2\nc2s command JOIN body='gg'\n"
        "c2s defect frame-flags\nc2s gap 0 unread 2\nc2s command JOIN body='gg'\n"
        "close established c2s=0/0 s2c=0/0\n");
}

static void gap_behind_damaged_framing(void)
{
    GString *log = g_string_new(NULL);
    struct zs_conn *c = null_connection(log, false);

    hear_octets(c, ZS_C2S, "80 00");
    zs_conn_gap(c, ZS_C2S, 10, (struct zs_stamp){.frame = 2});
    hear_octets(c, ZS_C2S, "00 02'ok'");
    finish(c, log,
           "c2s defect frame-flags\nc2s gap 10 unread 2\nc2s message data='ok'\n"
           "close established c2s=1/2 s2c=0/0\n");
}

/* A sealed frame is found wherever it begins, and however the stream is cut. */
static void sealed_frames_are_found_anywhere(void)
{
    GByteArray *lost = talk_sealed(&talk, M, false, 1001, "00 61*300");
    GByteArray *next = talk_sealed(&talk, M, false, 1002, "00'hello'");

    for (size_t step = 1; step < lost->len + next->len; step = step * 2 + 1) {
        struct story s;
        begin(&s);
        add_handshake(&s);
        GString *log = g_string_new(NULL);
        struct zs_stamp at = {.time_ns = TALK_NOW, .frame = 1};
        struct zs_conn *c = zs_conn_new(config(), log, false, at);
        hear_story(c, &s);
        zs_conn_settle(config());
        g_string_truncate(log, 0);
        GByteArray *rest = der_octets(lost->data + 50, lost->len - 50);
        g_byte_array_append(rest, next->data, next->len);
        zs_conn_gap(c, ZS_C2S, 50, at);
        for (size_t done = 0; done < rest->len; done += step)
            hear(c, ZS_C2S, rest->data + done, MIN(step, rest->len - done), at);
        char *expect = g_strdup_printf("c2s gap 50\nc2s gap 0 unread %u\n"
                                       "c2s message data='hello' opened\n"
                                       "close established c2s=1/5 s2c=0/0\n",
                                       lost->len - 50);
        finish(c, log, expect);
        g_free(expect);
        g_byte_array_unref(rest);
        end(&s);
    }
    g_byte_array_unref(lost);
    g_byte_array_unref(next);
}

/* The handshake's end is lost on one side, and messages show that it came. */
static void traffic_shows_that_it_was_established(void)
{
    GString *log = g_string_new(NULL);
    struct zs_stamp at = {.time_ns = TALK_NOW, .frame = 1};
    struct zs_conn *c = zs_conn_new(config(), log, false, at);

    for (int d = 0; d < ZS_DIR_COUNT; d++) {
        GByteArray *g = talk_greeting(1, "NULL", false);
        hear(c, (enum zs_dir)d, g->data, g->len, at);
        g_byte_array_unref(g);
    }
    hear_octets(c, ZS_S2C, "04 06 05'READY'");
    g_string_truncate(log, 0);
    zs_conn_gap(c, ZS_C2S, 8, at);
    hear_octets(c, ZS_C2S, "00 02'hi'");
    finish(c, log, "c2s gap 8\nc2s message data='hi'\nclose established c2s=1/2 s2c=0/0\n");
}

/* ==== met in the middle ==== */

/* The story, without the octets before speech from. */
static void tells_from(guint from, bool assumed, const char *expect)
{
    GString *log = g_string_new(NULL);
    struct zs_stamp at = {.time_ns = TALK_NOW, .frame = 1};
    struct zs_conn *c = zs_conn_new(config(), log, true, at);
    struct story s;

    begin(&s);
    add_handshake(&s);
    add(&s, ZS_C2S, talk_sealed(&talk, M, false, 1001, "00'hello'"));
    add(&s, ZS_S2C, talk_sealed(&talk, M, true, 2001, "00'world'"));
    if (assumed)
        zs_conn_assume(c);
    for (guint i = from; i < s.speeches->len; i++)
        hear(c, speech_at(&s, i)->dir, speech_at(&s, i)->octets->data,
             speech_at(&s, i)->octets->len, at);
    end(&s);
    finish(c, log, expect);
}

static void met_behind_the_greetings_it_opens(void)
{
    tells_from(2, false,
               "connection midstream\nc2s token AP-REQ for zmq/server.example.org@EXAMPLE.ORG\n"
               "s2c token AP-REP\ncontext by c2s: opened\nc2s command \n"
               "s2c command READY opened\nc2s command READY opened\n"
               "c2s message data='hello' opened\ns2c message data='world' opened\n"
               "close established c2s=1/5 s2c=1/5\n");
}

static void met_behind_the_handshake_it_stays_closed(void)
{
    tells_from(7, false,
               "connection midstream\nc2s message data='' closed\ns2c message data='' closed\n"
               "close midstream c2s=0/0 s2c=0/0: the connection began before the capture: without "
               "its AP-REQ only a session secret opens what is sealed\n");
}

static void met_in_the_middle_of_traffic_in_the_clear(void)
{
    static const char *const expect[] = {
        "",
        "connection midstream\ns2c message data='ok'\n"
        "close midstream c2s=0/0 s2c=1/2: the connection began before the capture, and its "
        "handshake is not all in it\n",
    };

    for (int assumed = 0; assumed <= 1; assumed++) {
        GString *log = g_string_new(NULL);
        struct zs_conn *c = zs_conn_new(config(), log, true, (struct zs_stamp){.frame = 1});
        if (assumed)
            zs_conn_assume(c);
        hear_octets(c, ZS_S2C, "00 02'ok'");
        finish(c, log, expect[assumed]);
    }
    GString *log = g_string_new(NULL);
    struct zs_conn *c = zs_conn_new(config(), log, true, (struct zs_stamp){.frame = 1});
    hear_octets(c, ZS_C2S, "04 07 04'PING'000a");
    hear_octets(c, ZS_S2C, "04 05 04'PONG'");
    finish(c, log,
           "connection midstream\nc2s command PING body=000a\ns2c command PONG\n"
           "close midstream c2s=0/0 s2c=0/0: the connection began before the capture, and its "
           "handshake is not all in it\n");
}

/* Other traffic is looked at for so long, and no longer; nothing of it is kept. */
static void met_in_the_middle_of_something_else(void)
{
    GString *log = g_string_new(NULL);
    struct zs_stamp at = {.frame = 1};
    struct zs_conn *c = zs_conn_new(config(), log, true, at);
    uint8_t octets[4096] = {0};
    unsigned pieces = 1;

    while (pieces < 1000 && zs_conn_data(c, ZS_C2S, octets, sizeof octets, at))
        pieces++;
    g_assert_cmpuint(pieces, ==, 257);
    finish(c, log, "");
}

static void gap_inside_what_is_passed_over(void)
{
    GString *log = g_string_new(NULL);
    struct zs_conn *c = null_connection(log, false);

    hear_octets(c, ZS_C2S, "02 0000000000002000 61*10");
    zs_conn_gap(c, ZS_C2S, 0x2000 - 20, (struct zs_stamp){.frame = 2});
    hear_octets(c, ZS_C2S, "61*10 00 02'ok'");
    finish(
        c, log,
        "c2s defect frame-size: 8192 octets\nc2s gap 8172\nc2s gap 0 unread 10\nc2s message data='ok'\n"
        "close established c2s=1/2 s2c=0/0\n");
}

static void gap_before_it_is_known_to_be_zmtp(void)
{
    GString *log = g_string_new(NULL);
    struct zs_stamp at = {.time_ns = TALK_NOW, .frame = 1};
    struct zs_conn *c = zs_conn_new(config(), log, true, at);
    GByteArray *greeting = talk_greeting(1, "NULL", false);

    zs_conn_gap(c, ZS_S2C, 10, at);
    hear_octets(c, ZS_S2C, "'whatever'");
    zs_conn_conflict(c, ZS_C2S, at);
    g_assert_true(hear(c, ZS_C2S, greeting->data, greeting->len, at));
    hear_octets(c, ZS_S2C, "'whatever'");
    g_byte_array_unref(greeting);
    finish(c, log,
           "connection midstream\nc2s defect stream-conflict\ns2c gap 10\n"
           "c2s greeting 3.1 NULL\ns2c gap 0 unread 16\n"
           "close midstream c2s=0/0 s2c=0/0: the connection began before the capture, and its "
           "handshake is not all in it\n");
    /* Both directions lack their beginning: a frame may show what it is. */
    log = g_string_new(NULL);
    c = zs_conn_new(config(), log, false, at);
    zs_conn_gap(c, ZS_S2C, 10, at);
    zs_conn_gap(c, ZS_C2S, 10, at);
    g_assert_true(hear(c, ZS_S2C, (const uint8_t *)"x", 1, at));
    hear_octets(c, ZS_C2S, "04 06 05'READY'");
    finish(c, log,
           "connection\nc2s gap 10\ns2c gap 10\nc2s command READY\ns2c gap 0 unread 1\n"
           "close failed c2s=0/0 s2c=0/0: octets of the handshake could not be read, so how far "
           "it came is not known\n");
}

static void conflict_is_said(void)
{
    GString *log = g_string_new(NULL);
    struct zs_conn *c = null_connection(log, false);

    zs_conn_conflict(c, ZS_S2C, (struct zs_stamp){.frame = 2});
    hear_octets(c, ZS_S2C, "00 02'ok'");
    finish(c, log,
           "s2c defect stream-conflict\ns2c message data='ok'\n"
           "close established c2s=0/0 s2c=1/2\n");
}

/* Of what is not known for ZMTP nothing is said. */
static void limit_is_said(void)
{
    const struct zs_event_limit limit = {ZS_LIMIT_PENDING, 5};
    struct zs_stamp at = {.frame = 2};
    GString *log = g_string_new(NULL);
    struct zs_conn *c = zs_conn_new(config(), log, false, at);

    zs_conn_limit(c, ZS_C2S, &limit, at);
    g_assert_cmpstr(log->str, ==, "");
    zs_conn_free(c);
    c = null_connection(log, false);
    zs_conn_limit(c, ZS_S2C, &limit, at);
    zs_conn_limit(c, ZS_C2S, &(struct zs_event_limit){ZS_LIMIT_CONNECTIONS, 7}, at);
    finish(c, log, "s2c limit pending 5\nlimit connections 7\nclose established c2s=0/0 s2c=0/0\n");
}

/* Of all connections together. */
static void largest_unfinished_frame_is_passed_over(void)
{
    struct zs_waiting waiting = {.most = 150000};
    struct zs_conn_config of = *config();
    GString *logs[3];
    struct zs_conn *c[3];

    of.frame_limit = 1 << 20;
    of.waiting = &waiting;
    for (int i = 0; i < 3; i++) {
        logs[i] = g_string_new(NULL);
        c[i] = null_connection_of(&of, logs[i], false);
    }
    hear_octets(c[0], ZS_C2S, "02 00000000 00020000 61*80000");
    hear_octets(c[1], ZS_S2C, "02 00000000 00020000 61*69000");
    g_assert_cmpuint(waiting.n, ==, 80000 + 69000 + 2 * 9);
    hear_octets(c[2], ZS_C2S, "00 01'a'02 00000000 00002000 61*2000");
    g_assert_cmpuint(waiting.n, ==, 69000 + 2000 + 2 * 9);
    hear_octets(c[0], ZS_C2S, "61*51072 00 01'b'");
    hear_octets(c[2], ZS_C2S, "61*6192");
    g_assert_cmpuint(waiting.n, ==, 69009);
    finish(c[0], logs[0],
           "c2s limit frames 150000\nc2s gap 0 unread 131081\nc2s message data='b'\n"
           "close established c2s=1/1 s2c=0/0\n");
    finish(c[1], logs[1], "close established c2s=0/0 s2c=0/0\n");
    finish(c[2], logs[2],
           "c2s message data='a'\nc2s message data=(8192 octets, 61..61)\n"
           "close established c2s=2/8193 s2c=0/0\n");
    g_assert_true(waiting.n == 0 && !waiting.large);
}

static void where_all_unfinished_frames_are_small_the_latest_is_passed_over(void)
{
    struct zs_waiting waiting = {.most = 1000};
    struct zs_conn_config of = *config();
    GString *first = g_string_new(NULL), *second = g_string_new(NULL);

    of.waiting = &waiting;
    struct zs_conn *a = null_connection_of(&of, first, false);
    struct zs_conn *b = null_connection_of(&of, second, false);
    hear_octets(a, ZS_C2S, "02 00000000 00000258 61*591");
    hear_octets(b, ZS_C2S, "02 00000000 00000258 61*591");
    g_assert_cmpuint(waiting.n, ==, 600);
    hear_octets(a, ZS_C2S, "61*9");
    hear_octets(b, ZS_C2S, "61*9");
    g_assert_cmpuint(waiting.n, ==, 0);
    finish(a, first,
           "c2s message data=(600 octets, 61..61)\nclose established c2s=1/600 s2c=0/0\n");
    finish(b, second,
           "c2s limit frames 1000\nc2s gap 0 unread 609\nclose established c2s=0/0 s2c=0/0\n");
}

static void end_inside_a_frame(void)
{
    GString *log = g_string_new(NULL);
    struct zs_conn *c = null_connection(log, false);

    hear_octets(c, ZS_S2C, "00 02'o'");
    finish(c, log, "close established c2s=0/0 s2c=0/0\n");
    log = g_string_new(NULL);
    c = null_connection(log, false);
    g_string_truncate(log, 0);
    zs_conn_free(c); /* without an end */
    g_assert_cmpstr(log->str, ==, "");
    g_string_free(log, TRUE);
    zs_conn_free(NULL);
}

/* The story without octets [from, from + n) of one direction. */
static GString *tell_with_gap(const struct story *s, enum zs_dir dir, size_t from, size_t n)
{
    GString *log = g_string_new(NULL);
    struct zs_stamp at = {.time_ns = TALK_NOW, .frame = 1};
    struct zs_conn *c = zs_conn_new(config(), log, false, at);
    size_t position = 0;

    for (guint i = 0; i < s->speeches->len; i++) {
        const struct speech *speech = speech_at(s, i);
        for (guint k = 0; k < speech->octets->len; k++) {
            bool missing = speech->dir == dir && position >= from && position - from < n;
            if (speech->dir == dir && position == from)
                zs_conn_gap(c, dir, n, at);
            position += speech->dir == dir;
            if (!missing)
                zs_conn_data(c, speech->dir, speech->octets->data + k, 1, at);
        }
    }
    zs_conn_end(c, true, at);
    zs_conn_free(c);
    return log;
}

/* Every line is one of whole's, in its order, but for those about the loss itself, about tokens that stay closed
 * without their context, and about the end. */
static void is_part_of(const char *log, const char *whole)
{
    char **lines = g_strsplit(log, "\n", -1);

    for (char **line = lines; *line && whole; line++) {
        if (strstr(*line, " gap ") || g_str_has_suffix(*line, " closed") ||
            g_str_has_prefix(*line, "close ") || g_str_has_prefix(*line, "context ") || !**line)
            continue;
        char *needle = g_strconcat(*line, "\n", NULL);
        whole = strstr(whole, needle);
        if (!whole)
            g_test_fail_printf("\"%s\" was never said", *line);
        g_free(needle);
    }
    g_strfreev(lines);
}

static void whatever_is_missing_nothing_is_invented(void)
{
    struct story s;

    begin(&s);
    add_handshake(&s);
    for (unsigned i = 0; i < 3; i++) {
        add(&s, ZS_C2S, talk_sealed(&talk, M, false, 1001 + i, "00'hello'"));
        add(&s, ZS_S2C, talk_sealed(&talk, M, true, 2001 + i, "00'world'"));
    }
    GString *whole = tell(&s, &(struct cut){0});
    for (int d = 0; d < ZS_DIR_COUNT; d++) {
        size_t octets = 0;
        for (guint i = 0; i < s.speeches->len; i++)
            octets += speech_at(&s, i)->dir == (enum zs_dir)d ? speech_at(&s, i)->octets->len : 0;
        for (size_t from = 0; from < octets && !g_test_failed(); from += 3) {
            GString *log = tell_with_gap(&s, (enum zs_dir)d, from, 5);
            is_part_of(log->str, whole->str);
            g_string_free(log, TRUE);
        }
    }
    g_string_free(whole, TRUE);
    end(&s);
}

/* ==== waiting ==== */

static void hear_new(struct zs_conn *c, enum zs_dir dir, GByteArray *octets)
{
    hear(c, dir, octets->data, octets->len, (struct zs_stamp){.time_ns = TALK_NOW, .frame = 2});
    g_byte_array_unref(octets);
}

/* The i-th message of two connections that talk by turns, some of them damaged. */
static void say_one(struct zs_conn *c, unsigned i)
{
    char *plain = g_strdup_printf("00'%u'61*%u", i, i * 5);
    GByteArray *frame = talk_sealed(&talk, M, i % 2, (i % 2 ? 2001 : 1001) + i / 4, plain);

    if (i % 9 == 5)
        frame->data[frame->len - 3] ^= 1;
    hear_new(c, i % 2 ? ZS_S2C : ZS_C2S, frame);
    g_free(plain);
}

static void say_something_else(struct zs_conn *c, unsigned i)
{
    const struct zs_event_limit limit = {ZS_LIMIT_PENDING, 5};
    const struct zs_stamp at = {.frame = 3};

    if (i == 25)
        zs_conn_conflict(c, ZS_S2C, at);
    if (i == 44)
        zs_conn_limit(c, ZS_S2C, &limit, at);
    if (i == 60)
        hear_new(c, ZS_S2C, talk_frame_of(C, "04'PING'0001"));
    if (i == 85)
        hear_new(c, ZS_C2S, talk_frame_of(M, "61*5000")); /* over the limit */
    if (i == 103)
        zs_conn_gap(c, ZS_C2S, 7, at);
    if (i == 150)
        hear_new(c, ZS_S2C, wire_octets("ff 00")); /* no frame */
}

static GString *two_talk(void)
{
    GString *log = g_string_new(NULL);
    struct zs_stamp at = {.time_ns = TALK_NOW, .frame = 1};
    struct zs_conn *two[2], *third = zs_conn_new(config(), log, false, at);
    GByteArray *greeting = talk_greeting(1, "NULL", false);
    struct story s;

    begin(&s);
    add_handshake(&s);
    for (int i = 0; i < 2; i++) {
        two[i] = zs_conn_new(config(), log, false, at);
        hear_story(two[i], &s);
    }
    for (unsigned i = 0; i < 160; i++) {
        say_one(two[i / 2 % 2], i);
        say_something_else(two[i / 2 % 2], i);
        if (i == 10 || i == 14)
            hear(third, ZS_C2S, greeting->data + (i == 10 ? 0 : 20), i == 10 ? 20 : 44, at);
    }
    g_byte_array_unref(greeting);
    zs_conn_free(third);
    zs_conn_free(two[0]); /* without an end */
    zs_conn_end(two[1], true, at);
    zs_conn_free(two[1]);
    end(&s);
    return log;
}

/* Whether or not they wait for each other, what connections say comes in the order in which it was said. */
static void who_waits_keeps_the_order(void)
{
    GString *waiting = two_talk();
    struct zs_batch *kept = batch;

    batch = NULL;
    GString *log = two_talk();
    batch = kept;
    g_assert_cmpstr(waiting->str, ==, log->str);
    g_assert_nonnull(strstr(log->str, "message data=(788 octets, 31..61) opened"));
    g_string_free(waiting, TRUE);
    g_string_free(log, TRUE);
}

/* ==== stamps ==== */

static void on_stamp(void *user, const struct zs_event *ev)
{
    static const char *const names[] = {
        [ZS_EVENT_CONNECTION] = "connection", [ZS_EVENT_GREETING] = "greeting",
        [ZS_EVENT_MESSAGE] = "message",       [ZS_EVENT_DEFECT] = "defect",
        [ZS_EVENT_CLOSE] = "close",
    };
    g_string_append_printf(user, "%s@%" G_GUINT64_FORMAT " ", names[ev->kind], ev->at.frame);
}

static void events_have_the_packet_that_completed_them(void)
{
    struct zs_conn_config stamps = {.frame_limit = LIMIT, .on_event = on_stamp, .batch = batch};
    GString *log = g_string_new(NULL);
    struct zs_conn *c = zs_conn_new(&stamps, log, false, (struct zs_stamp){.frame = 1});
    GByteArray *g = talk_greeting(1, "NULL", false);

    zs_conn_data(c, ZS_C2S, g->data, 40, (struct zs_stamp){.frame = 4});
    zs_conn_data(c, ZS_C2S, g->data + 40, 24, (struct zs_stamp){.frame = 5});
    zs_conn_data(c, ZS_C2S, "\x00", 1, (struct zs_stamp){.frame = 6});
    zs_conn_data(c, ZS_C2S, "\x02h", 2, (struct zs_stamp){.frame = 7});
    zs_conn_data(c, ZS_C2S, "i\x00\x00", 3, (struct zs_stamp){.frame = 8});
    zs_conn_end(c, true, (struct zs_stamp){.frame = 9});
    g_assert_cmpstr(log->str, ==,
                    "connection@1 greeting@5 message@8 defect@8 message@8 defect@8 close@9 ");
    zs_conn_free(c);
    g_byte_array_unref(g);
    g_string_free(log, TRUE);
}

/* ==== authenticators alone ==== */

/* Says s to a connection of which only the authenticator is wanted. Answers after how many speeches it had no more of it
 * to say; 0: never. */
static guint heard_enough(const struct story *s, struct zs_authenticators *authenticators)
{
    const struct zs_conn_config unsaid = {.authenticators = authenticators, .frame_limit = LIMIT};
    struct zs_conn *c = zs_conn_new(&unsaid, NULL, false, (struct zs_stamp){.frame = 1});
    guint enough = 0;

    g_assert_true(zs_conn_awaits_ap_req(c));
    for (guint i = 0; i < s->speeches->len && !g_test_failed(); i++) {
        const struct speech *speech = speech_at(s, i);
        hear(c, speech->dir, speech->octets->data, speech->octets->len,
             (struct zs_stamp){.frame = 7 + i});
        if (!enough && !zs_conn_awaits_ap_req(c))
            enough = i + 1;
    }
    zs_conn_end(c, true, (struct zs_stamp){.frame = 99});
    zs_conn_free(c);
    return enough;
}

static void an_authenticator_is_kept_where_nobody_is_told(void)
{
    struct zs_authenticators *authenticators = zs_authenticators_new();
    struct zs_conn_config told = *config();
    GString *log = g_string_new(NULL);
    struct story s;

    told.authenticators = authenticators;
    begin(&s);
    add_handshake(&s);
    g_assert_cmpuint(heard_enough(&s, authenticators), ==, 3);
    struct zs_conn *c = zs_conn_new(&told, log, false, (struct zs_stamp){.frame = 50});
    for (guint i = 0; i < 3; i++)
        hear(c, speech_at(&s, i)->dir, speech_at(&s, i)->octets->data,
             speech_at(&s, i)->octets->len, (struct zs_stamp){.time_ns = TALK_NOW, .frame = 51});
    g_assert_cmpstr(log->str, ==,
                    OPENED "c2s token AP-REQ for zmq/server.example.org@EXAMPLE.ORG\n"
                           "c2s defect ap-req-replayed: first in packet 9\n");
    zs_conn_free(c);
    zs_authenticators_free(authenticators);
    g_string_free(log, TRUE);
    end(&s);
}

static void without_gssapi_there_is_no_authenticator(void)
{
    static const struct {
        const char *client, *server;
        guint enough;
    } cases[] = {
        {"NULL", "NULL", 2}, {"PLAIN", "CURVE", 2}, {"NULL", "GSSAPI", 0}, {"GSSAPI", "NULL", 0}};

    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        struct story s;
        begin(&s);
        add(&s, ZS_C2S, talk_greeting(1, cases[i].client, false));
        add(&s, ZS_S2C, talk_greeting(1, cases[i].server, false));
        g_assert_cmpuint(heard_enough(&s, NULL), ==, cases[i].enough);
        end(&s);
    }
}

struct fact {
    void (*holds)(void);
    bool late; /* sealed messages wait */
};

static void run_fact(gconstpointer user)
{
    const struct fact *f = user;

    batch = f->late ? zs_batch_new() : NULL;
    f->holds();
    zs_batch_free(batch);
}

static void add_fact(const char *name, void (*holds)(void))
{
    for (int late = 0; late < 2; late++) {
        char *path = g_strdup_printf("/conn/%s/%s", late ? "late" : "at_once", name);
        const struct fact f = {.holds = holds, .late = late};
        g_test_add_data_func_full(path, g_memdup2(&f, sizeof f), run_fact, g_free);
        g_free(path);
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_set_nonfatal_assertions();
    zs_krb_init();
    talk_init(&talk);
#define FACT(f) add_fact(#f, f)
    FACT(gssapi_conversation);
    FACT(gssapi_in_few_segments);
    FACT(plain_conversation);
    FACT(refusals);
    FACT(defects_do_not_stop_it);
    FACT(frame_over_the_limit_is_passed_over);
    FACT(damaged_framing_costs_the_rest_of_its_piece);
    FACT(version_1_against_version_3);
    FACT(what_follows_a_signature_comes_behind_the_other_side);
    FACT(version_2_against_version_3);
    FACT(other_traffic_is_put_aside);
    FACT(nothing_is_said_of_a_silent_connection);
    FACT(one_direction_alone);
    FACT(gap_inside_a_body_costs_that_frame);
    FACT(two_gaps_inside_one_body);
    FACT(gap_across_frames_costs_what_it_touched);
    FACT(wrong_guess_is_looked_for_again);
    FACT(behind_damaged_framing_the_next_frame_is_looked_for);
    FACT(damage_that_goes_on_is_said_each_time);
    FACT(gap_behind_damaged_framing);
    FACT(sealed_frames_are_found_anywhere);
    FACT(traffic_shows_that_it_was_established);
    FACT(met_behind_the_greetings_it_opens);
    FACT(met_behind_the_handshake_it_stays_closed);
    FACT(met_in_the_middle_of_traffic_in_the_clear);
    FACT(met_in_the_middle_of_something_else);
    FACT(gap_inside_what_is_passed_over);
    FACT(gap_before_it_is_known_to_be_zmtp);
    FACT(conflict_is_said);
    FACT(limit_is_said);
    FACT(largest_unfinished_frame_is_passed_over);
    FACT(where_all_unfinished_frames_are_small_the_latest_is_passed_over);
    FACT(end_inside_a_frame);
    FACT(whatever_is_missing_nothing_is_invented);
    FACT(who_waits_keeps_the_order);
    FACT(events_have_the_packet_that_completed_them);
    FACT(an_authenticator_is_kept_where_nobody_is_told);
    FACT(without_gssapi_there_is_no_authenticator);
#undef FACT
    int status = g_test_run();
    talk_clear(&talk);
    return status;
}
