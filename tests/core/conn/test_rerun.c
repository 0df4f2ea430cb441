/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Captured conversations run again: what each verdict stands for, and that it is the same however octets are cut. */
#include "core/conn/rerun.h"

#include "core/conn/conn.h"
#include "core/krb/init.h"
#include "tests/core/conn/talk.h"

#include <string.h>

enum { CMD = ZS_FRAME_COMMAND, MSG = 0, C = ZS_C2S, S = ZS_S2C };

static struct talk talk;

/* One capture: an observed connection, and what runs it again beside it. */
struct scene {
    struct zs_conn_config config;
    struct zs_conn *conn;
    struct zs_rerun *rerun;
    struct zs_rerun_result result; /* once it was closed */
    GString *log;                  /* differences: "server as-server 0/1;" captured and ours */
    size_t chunk;                  /* octets at once; 0: all */
    uint64_t frame;
};

static void on_statement(void *user, enum zs_role role, struct zs_stamp at,
                         const struct zs_peer_event *ev)
{
    struct scene *s = user;
    (void)role;

    g_assert_cmpuint(at.frame, <=, s->frame);
    g_assert_true(ev->kind != ZS_PEER_END);
}

static void on_difference(void *user, enum zs_role role, struct zs_stamp at,
                          const struct zs_rerun_difference *d)
{
    struct scene *s = user;
    (void)at;

    g_assert_nonnull(d->clause);
    g_string_append_printf(s->log, "%s %s %s/%s;", role == ZS_ROLE_CLIENT ? "client" : "server",
                           d->field, d->captured, d->ours);
}

static void on_event(void *user, const struct zs_event *ev)
{
    struct scene *s = user;

    zs_rerun_event(s->rerun, ev);
    if (ev->kind == ZS_EVENT_CLOSE)
        s->result = *zs_rerun_end(s->rerun);
}

static void set(struct scene *s, size_t chunk, const struct zs_keyring *keys)
{
    static const struct zs_rerun_handler handler = {on_statement, on_difference};

    *s = (struct scene){.chunk = chunk};
    s->config =
        (struct zs_conn_config){.keys = keys, .frame_limit = ZS_FRAME_LIMIT, .on_event = on_event};
    s->log = g_string_new(NULL);
    s->rerun = zs_rerun_new(&handler, s);
    s->conn = zs_conn_new(&s->config, s, false, (struct zs_stamp){.time_ns = TALK_NOW});
}

static void clear(struct scene *s)
{
    zs_rerun_free(s->rerun);
    zs_conn_free(s->conn);
    g_string_free(s->log, TRUE);
}

/* A side says octets, which are used up. */
static void say(struct scene *s, int dir, GByteArray *octets)
{
    size_t step = s->chunk ? s->chunk : octets->len;

    for (size_t i = 0; i < octets->len; i += step) {
        size_t n = MIN(step, octets->len - i);
        struct zs_stamp at = {.time_ns = TALK_NOW + (int64_t)s->frame * 1000, .frame = ++s->frame};
        zs_conn_data(s->conn, (enum zs_dir)dir, octets->data + i, n, at);
        zs_rerun_data(s->rerun, (enum zs_dir)dir, zs_span(octets->data + i, n), at);
    }
    g_byte_array_unref(octets);
}

static void end(struct scene *s, bool closed)
{
    zs_conn_end(
        s->conn, closed,
        (struct zs_stamp){.time_ns = TALK_NOW + (int64_t)s->frame * 1000, .frame = s->frame});
}

static GByteArray *sealed(bool acceptor, uint8_t flags, uint64_t number, const char *plain)
{
    int64_t first = acceptor ? talk.forge.acceptor_sequence : talk.forge.initiator_sequence;

    return talk_sealed(&talk, flags, acceptor, (uint64_t)first + number, plain);
}

/* libzmq's handshake up to both READYs. */
static void shake(struct scene *s)
{
    say(s, C, talk_greeting(1, "GSSAPI", false));
    say(s, S, talk_greeting(1, "GSSAPI", true));
    say(s, C, talk_carry(CMD, ZS_FORM_LIBZMQ, "INITIATE", talk_ap_req(&talk)));
    say(s, S, talk_carry(CMD, ZS_FORM_LIBZMQ, "INITIATE", talk_ap_rep(&talk)));
    say(s, C, talk_frame_of(CMD, ""));
    say(s, S, sealed(true, CMD, 0, "00 05'READY' 0b'Socket-Type'00000003'REP'"));
    say(s, C,
        sealed(false, CMD, 0, "00 05'READY' 0b'Socket-Type'00000003'REQ' 08'Identity'00000000"));
}

static void expect(const struct scene *s, enum zs_rerun_verdict verdict)
{
    g_assert_cmpstr(zs_rerun_verdict_name(s->result.verdict), ==, zs_rerun_verdict_name(verdict));
}

static void expect_by(const struct scene *s, enum zs_rerun_verdict verdict, enum zs_role role,
                      enum zs_rc rc)
{
    expect(s, verdict);
    g_assert_true(s->result.has_role);
    g_assert_cmpint(s->result.role, ==, role);
    g_assert_cmpint(s->result.rc, ==, rc);
}

static const char libzmqs[] =
    "client form INITIATE as a short string, and a length/HELLO, padded to 8 octets;"
    "server form INITIATE as a short string, and a length/WELCOME, padded to 8 octets;"
    "client command the empty command/none;server command READY inside MESSAGE/READY;"
    "client command READY inside MESSAGE/READY;";

static void libzmqs_form_differs_from_the_specification_however_it_is_cut(void)
{
    static const size_t chunks[] = {0, 1, 7};

    for (size_t i = 0; i < G_N_ELEMENTS(chunks); i++) {
        struct scene s;
        set(&s, chunks[i], talk.keys);
        shake(&s);
        say(&s, C, sealed(false, MSG, 1, "01"));
        say(&s, C, sealed(false, MSG, 2, "00'hello'"));
        say(&s, S, sealed(true, MSG, 1, "01"));
        say(&s, S, sealed(true, MSG, 2, "00'world!'"));
        end(&s, true);
        expect(&s, ZS_RERUN_DIFFERS);
        g_assert_true(s.result.established);
        g_assert_cmpuint(s.result.messages[ZS_ROLE_CLIENT], ==, 1);
        g_assert_cmpuint(s.result.octets[ZS_ROLE_SERVER], ==, 6);
        g_assert_cmpstr(s.log->str, ==, libzmqs);
        clear(&s);
    }
}

static void both_sides_of_null_say_what_ours_say(void)
{
    struct scene s;

    set(&s, 0, NULL);
    say(&s, C, talk_greeting(1, "NULL", false));
    say(&s, S, talk_greeting(1, "NULL", false));
    say(&s, S, talk_frame_of(CMD, "05'READY' 0b'Socket-Type'00000004'PULL'"));
    say(&s, C, talk_frame_of(CMD, "05'READY' 0b'Socket-Type'00000004'PUSH'"));
    say(&s, C, talk_frame_of(MSG, "'hello'"));
    say(&s, S, talk_frame_of(CMD, "04'PING' 0064 'abc'"));
    say(&s, C, talk_frame_of(MSG, "'hello'"));
    say(&s, C, talk_frame_of(CMD, "04'PONG' 'abc'"));
    end(&s, true);
    expect(&s, ZS_RERUN_SAME);
    g_assert_cmpstr(s.log->str, ==, "");
    clear(&s);
}

static void a_pong_that_nobody_asked_for_is_a_difference(void)
{
    struct scene s;

    set(&s, 0, NULL);
    say(&s, C, talk_greeting(1, "NULL", false));
    say(&s, S, talk_greeting(1, "NULL", false));
    say(&s, S, talk_frame_of(CMD, "05'READY' 0b'Socket-Type'00000004'PULL' 01'x'00000001'y'"));
    say(&s, C, talk_frame_of(CMD, "05'READY' 0b'Socket-Type'00000004'PUSH'"));
    say(&s, C, talk_frame_of(CMD, "04'PONG'"));
    end(&s, true);
    expect(&s, ZS_RERUN_DIFFERS);
    g_assert_cmpstr(s.log->str, ==, "server READY x y/(not there);client statement PONG/nothing;");
    clear(&s);
}

static void ping_or_pong(struct scene *s, int dir, const char *name, unsigned context)
{
    char *text =
        g_strdup_printf("04'%s' %s %08x", name, strcmp(name, "PING") == 0 ? "0064" : "", context);

    say(s, dir, talk_frame_of(CMD, text));
    g_free(text);
}

/* As many as a peer likes; what that costs is bounded, and what is not known any more is no difference. */
static void of_many_pings_the_last_are_answered_for(void)
{
    struct scene s;
    enum { PINGS = 100, KEPT = 64 };

    set(&s, 0, NULL);
    say(&s, C, talk_greeting(1, "NULL", false));
    say(&s, S, talk_greeting(1, "NULL", false));
    say(&s, S, talk_frame_of(CMD, "05'READY' 0b'Socket-Type'00000004'PULL'"));
    say(&s, C, talk_frame_of(CMD, "05'READY' 0b'Socket-Type'00000004'PUSH'"));
    for (unsigned i = 0; i < PINGS; i++)
        ping_or_pong(&s, S, "PING", i);
    for (unsigned i = 0; i < PINGS; i++)
        ping_or_pong(&s, C, "PONG", i);
    g_assert_cmpstr(s.log->str, ==, "");
    for (unsigned i = 0; i < PINGS; i++)
        ping_or_pong(&s, S, "PING", i);
    for (unsigned i = 0; i < PINGS; i++) {
        ping_or_pong(&s, C, "PONG", PINGS + i); /* none that was asked for */
        g_assert_cmpuint(s.log->len > 0, ==, i >= PINGS - KEPT);
    }
    end(&s, true);
    expect(&s, ZS_RERUN_DIFFERS);
    g_assert_cmpuint(s.result.differences, ==, KEPT);
    clear(&s);
}

static void a_peer_that_breaks_the_protocol_is_named(void)
{
    struct scene s;

    set(&s, 0, talk.keys); /* a number left out */
    shake(&s);
    say(&s, S, sealed(true, MSG, 3, "00'late'"));
    end(&s, true);
    expect_by(&s, ZS_RERUN_BROKEN, ZS_ROLE_SERVER, ZS_E_WRAP_GAP);
    clear(&s);

    GByteArray *damaged = sealed(false, MSG, 1, "00'hello'");
    damaged->data[damaged->len - 1] ^= 1;
    set(&s, 0, talk.keys);
    shake(&s);
    say(&s, C, damaged);
    end(&s, true);
    expect_by(&s, ZS_RERUN_BROKEN, ZS_ROLE_CLIENT, ZS_E_WRAP_CHECKSUM);
    clear(&s);

    set(&s, 0, talk.keys);
    shake(&s);
    say(&s, C, talk_frame_of(MSG, "'in the clear'"));
    end(&s, true);
    expect_by(&s, ZS_RERUN_BROKEN, ZS_ROLE_CLIENT, ZS_E_COMMAND_UNEXPECTED);
    clear(&s);
}

static void who_is_silent_fails_it(void)
{
    struct scene s;

    set(&s, 0, talk.keys);
    say(&s, C, talk_greeting(1, "GSSAPI", false));
    say(&s, S, talk_greeting(1, "GSSAPI", true));
    say(&s, C, talk_carry(CMD, ZS_FORM_LIBZMQ, "INITIATE", talk_ap_req(&talk)));
    end(&s, true);
    expect_by(&s, ZS_RERUN_FAILED, ZS_ROLE_SERVER, ZS_OK);
    clear(&s);

    set(&s, 0, talk.keys);
    say(&s, C, talk_greeting(1, "GSSAPI", false));
    say(&s, S, talk_greeting(1, "GSSAPI", true));
    say(&s, C, talk_carry(CMD, ZS_FORM_LIBZMQ, "INITIATE", talk_ap_req(&talk)));
    say(&s, S, talk_carry(CMD, ZS_FORM_LIBZMQ, "INITIATE", talk_hint()));
    end(&s, true);
    expect_by(&s, ZS_RERUN_BROKEN, ZS_ROLE_SERVER, ZS_E_CONTEXT_REFUSED);
    clear(&s);
}

static void without_the_key_it_is_not_run(void)
{
    struct scene s;

    set(&s, 0, NULL);
    shake(&s);
    end(&s, true);
    expect(&s, ZS_RERUN_NOT_RUN);
    g_assert_nonnull(strstr(s.result.reason, "no keytab"));
    clear(&s);

    set(&s, 0, NULL);
    say(&s, C, talk_greeting(1, "CURVE", false));
    say(&s, S, talk_greeting(1, "CURVE", true));
    end(&s, true);
    expect(&s, ZS_RERUN_NOT_RUN);
    clear(&s);
}

static void what_is_missing_ends_it(void)
{
    struct scene s;

    set(&s, 0, talk.keys);
    shake(&s);
    zs_conn_gap(s.conn, ZS_C2S, 100, (struct zs_stamp){.time_ns = TALK_NOW, .frame = s.frame});
    say(&s, C, sealed(false, MSG, 2, "00'hello'"));
    end(&s, true);
    expect(&s, ZS_RERUN_INCOMPLETE);
    clear(&s);

    GByteArray *half = sealed(false, MSG, 1, "00'hello'");
    g_byte_array_set_size(half, half->len - 3);
    set(&s, 0, talk.keys);
    shake(&s);
    say(&s, C, half);
    end(&s, false);
    expect(&s, ZS_RERUN_INCOMPLETE);
    clear(&s);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    zs_krb_init();
    talk_init(&talk);
    g_test_add_func("/rerun/libzmq", libzmqs_form_differs_from_the_specification_however_it_is_cut);
    g_test_add_func("/rerun/null", both_sides_of_null_say_what_ours_say);
    g_test_add_func("/rerun/pong", a_pong_that_nobody_asked_for_is_a_difference);
    g_test_add_func("/rerun/pings", of_many_pings_the_last_are_answered_for);
    g_test_add_func("/rerun/broken", a_peer_that_breaks_the_protocol_is_named);
    g_test_add_func("/rerun/silent", who_is_silent_fails_it);
    g_test_add_func("/rerun/no_key", without_the_key_it_is_not_run);
    g_test_add_func("/rerun/missing", what_is_missing_ends_it);
    int status = g_test_run();
    talk_clear(&talk);
    return status;
}
