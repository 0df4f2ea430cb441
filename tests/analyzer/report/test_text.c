/* SPDX-License-Identifier: GPL-2.0-or-later */
/* analyzer/report/text.c: every event as its exact line; whatever comes from the wire, a line is printable. */
#include "tests/analyzer/report/made.h"
#include "tests/core/wire/wire_case.h"

enum { C = ZS_FRAME_COMMAND, M = 0, MORE = ZS_FRAME_MORE };

#define C2S  "15:06:40.123456 #7 c1 192.0.2.1:40000 > 192.0.2.2:5555 "
#define S2C  "15:06:40.123456 #7 c1 192.0.2.2:5555 > 192.0.2.1:40000 "
#define BOTH "15:06:40.123456 #7 c1 192.0.2.1:40000 - 192.0.2.2:5555 "

static void says(const struct zs_event *ev, const char *expect)
{
    made_says(&zs_report_text, ev, expect);
}

static void frame_says(enum zs_mechanism mechanism, uint8_t flags, const char *body,
                       const char *expect)
{
    char *text = made_report_of(&zs_report_text, mechanism, flags, body);
    char *line = g_strdup_printf("%s%s\n", C2S, expect);

    g_assert_cmpstr(text, ==, line);
    g_free(line);
    free(text);
}

static void connection_lines(void)
{
    struct zs_event ev = made_event(ZS_EVENT_CONNECTION);

    says(&ev, BOTH "connection opened\n");
    ev.midstream = true;
    says(&ev, BOTH "connection begins before the capture\n");
}

static void greeting_says(struct zs_greeting g, const char *expect)
{
    struct zs_event ev = made_event(ZS_EVENT_GREETING);

    g.part = ZS_GREETING_DONE;
    ev.dir = ZS_S2C;
    ev.greeting = &g;
    char *line = g_strdup_printf("%sgreeting   %s\n", S2C, expect);
    says(&ev, line);
    g_free(line);
}

static void greeting_lines(void)
{
    greeting_says((struct zs_greeting){.versioned = true, .major = 3, .mechanism = "NULL"},
                  "ZMTP 3.0 NULL");
    greeting_says(
        (struct zs_greeting){
            .versioned = true, .major = 3, .minor = 1, .mechanism = "PLAIN", .as_server = true},
        "ZMTP 3.1 PLAIN, as server");
    greeting_says((struct zs_greeting){.versioned = true, .major = 1, .socket_type = 8},
                  "ZMTP 2.0 PUSH");
    greeting_says((struct zs_greeting){.versioned = true, .major = 1, .socket_type = 11},
                  "ZMTP 2.0");
    greeting_says((struct zs_greeting){.versioned = false}, "ZMTP 1.0");
}

static void token_lines(void)
{
    static const uint8_t realm[] = "EX\x1b[2J", names[] = "\x1b\x04zm\xffq";
    struct zs_ap_req req = {
        .service = {.realm = zs_span(realm, 6), .names = zs_span(names, 6)},
        .ticket = {.enctype = 17, .has_kvno = true, .kvno = 3},
    };
    struct zs_krb_error error = {.code = 41, .text = zs_span("no\nway", 6)};
    struct zs_token token = {.mech = ZS_MECH_KRB5, .kind = ZS_TOKEN_AP_REQ};
    struct zs_reading r = {0};
    struct zs_event ev = made_event(ZS_EVENT_TOKEN);

    ev.token = (struct zs_event_token){.reading = &r, .token = &token, .ap_req = &req};
    says(&ev, C2S "token      krb5 AP-REQ for zm\\xffq@EX\\x1b[2J, kvno 3, "
                  "aes128-cts-hmac-sha1-96\n");
    req.ticket.has_kvno = false;
    says(&ev, C2S "token      krb5 AP-REQ for zm\\xffq@EX\\x1b[2J, aes128-cts-hmac-sha1-96\n");
    token.kind = ZS_TOKEN_KRB_ERROR;
    ev.token = (struct zs_event_token){.reading = &r, .token = &token, .krb_error = &error};
    says(&ev, C2S "token      krb5 KRB-ERROR 41 \"no\\x0away\"\n");
}

static void context_lines(void)
{
    struct zs_context_facts facts = made_facts();
    struct zs_event ev = made_event(ZS_EVENT_CONTEXT);

    ev.context.facts = &facts;
    says(&ev, BOTH
         "context    alice@EXAMPLE.ORG to zmq/server@EXAMPLE.ORG; "
         "ticket aes256-cts-hmac-sha1-96, session aes128-cts-hmac-sha1-96, "
         "messages aes256-cts-hmac-sha1-96 (acceptor subkey); "
         "times and clock are good (ends 2025-06-16 01:06:40, clock -0.012 s); "
         "flags mutual replay conf integ trans; by way of A.EXAMPLE; authorization data PAC 142; "
         "opened by service.keytab: zmq/server@EXAMPLE.ORG kvno 3\n");
    facts.transited = NULL;
    facts.authorization = (char *)"PAC";
    facts.channel_bindings = facts.delegated = true;
    facts.delegated_client = (char *)"alice@EXAMPLE.ORG";
    facts.delegated_end = 1750036000;
    says(
        &ev, BOTH
        "context    alice@EXAMPLE.ORG to zmq/server@EXAMPLE.ORG; "
        "ticket aes256-cts-hmac-sha1-96, session aes128-cts-hmac-sha1-96, "
        "messages aes256-cts-hmac-sha1-96 (acceptor subkey); "
        "times and clock are good (ends 2025-06-16 01:06:40, clock -0.012 s); "
        "flags mutual replay conf integ trans; hands the service a ticket of alice@EXAMPLE.ORG until "
        "2025-06-16 01:06:40; bound to a channel; opened by service.keytab: zmq/server@EXAMPLE.ORG kvno 3\n");
    facts.channel_bindings = facts.delegated = false;
    facts.authenticator_opened = facts.has_gss_flags = false;
    facts.subkey_etype = 0;
    facts.verdict = ZS_VERDICT_UNKNOWN;
    facts.reason = (char *)"the AP-REP\nis damaged";
    facts.client_principal = (char *)"eve\x1b]0;x\x07@E";
    says(
        &ev, BOTH
        "context    eve\\x1b]0;x\\x07@E to zmq/server@EXAMPLE.ORG; "
        "ticket aes256-cts-hmac-sha1-96, session aes128-cts-hmac-sha1-96; "
        "the client's clock is unknown (ends 2025-06-16 01:06:40); opened by service.keytab: zmq/server@EXAMPLE.ORG kvno 3; "
        "the AP-REP\\x0ais damaged\n");
    facts = made_facts_of_secret();
    says(&ev, BOTH "context    unknown client to zmq/server@EXAMPLE.ORG; "
                   "ticket aes256-cts-hmac-sha1-96, "
                   "messages aes256-cts-hmac-sha1-96 (initiator subkey); flags mutual; "
                   "opened by key log a.keys\n");
    facts = (struct zs_context_facts){.why = ZS_WHY_NO_KEYS, .reason = (char *)"no keytab"};
    says(&ev, BOTH "context    not opened: no keytab\n");
}

static void command_lines(void)
{
    enum zs_mechanism null = ZS_MECHANISM_NULL;

    frame_says(null, C, "05'READY'0b'Socket-Type'00000006'DEALER'08'Identity'00000000",
               "command    READY Socket-Type=\"DEALER\" Identity=\"\"");
    frame_says(null, C, "05'READY'", "command    READY");
    frame_says(null, C, "04'PING'000f", "command    PING ttl 1.5 s");
    frame_says(null, C, "04'PING'", "command    PING");
    frame_says(null, C, "04'PONG'", "command    PONG");
    frame_says(null, C, "09'SUBSCRIBE''a'1b", "command    SUBSCRIBE \"a\\x1b\"");
    frame_says(null, C, "06'CANCEL'", "command    CANCEL \"\"");
    frame_says(null, C, "04'JOIN''g'", "command    JOIN \"g\"");
    frame_says(null, C, "05'LEAVE''g'", "command    LEAVE \"g\"");
    frame_says(null, C, "05'ERROR'02'no'", "command    ERROR \"no\"");
    frame_says(null, C, "05'ERROR'03'no'", "command    ERROR \"\\x03no\"");
    frame_says(null, C, "03'N'0a'W'", "command    \"N\\x0aW\"");
    frame_says(ZS_MECHANISM_PLAIN, C, "5e'RROR'03'400'", "command    ERROR (sent as RROR) \"400\"");
    frame_says(ZS_MECHANISM_PLAIN, C, "08'INITIATE'01'a'00000001'b'",
               "command    INITIATE a=\"b\"");
    frame_says(ZS_MECHANISM_GSSAPI, C, "", "command    (empty)");
    frame_says(ZS_MECHANISM_GSSAPI, C, "08'INITIATE'01'a'00000001'b'", "command    INITIATE");
    frame_says(ZS_MECHANISM_CURVE, C, "05'READY'01'a'00000028'b'62*39", "command    READY");
}

static void password_is_counted_never_shown(void)
{
    frame_says(ZS_MECHANISM_PLAIN, C, "05'HELLO'03'bob'06'secret'",
               "command    HELLO user \"bob\", password of 6 octets in the clear");
    frame_says(ZS_MECHANISM_PLAIN, C, "05'HELLO'03'bob'07'secret'", "command    HELLO");
    frame_says(ZS_MECHANISM_PLAIN, C, "05'HELLO'03'bob'06'secret'00", "command    HELLO");
    frame_says(ZS_MECHANISM_NULL, C, "05'HELLO'03'bob'06'secret'", "command    HELLO");
}

static void message_lines(void)
{
    struct zs_event ev = made_event(ZS_EVENT_MESSAGE);
    struct made_reading m;

    frame_says(ZS_MECHANISM_NULL, MORE, "'hi'", "message    [in the clear, 2 octets, more] \"hi\"");
    frame_says(ZS_MECHANISM_NULL, M, "'x'", "message    [in the clear, 1 octet] \"x\"");
    frame_says(ZS_MECHANISM_NULL, M, "", "message    [in the clear, 0 octets] \"\"");
    frame_says(ZS_MECHANISM_NULL, M, "'say \"'5c 1b0a7f c3a9",
               "message    [in the clear, 11 octets] \"say \\\"\\\\\\x1b\\x0a\\x7f\\xc3\\xa9\"");
    frame_says(ZS_MECHANISM_NULL, M, "61*61",
               "message    [in the clear, 61 octets] "
               "\"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa…\"");
    frame_says(ZS_MECHANISM_CURVE, M, "07'MESSAGE'aa*25",
               "message    [sealed, not opened, 33 octets]");
    made_reading(&m, ZS_MECHANISM_NULL, M, "'hi'");
    made_sealed(&m, 1);
    ev.message = &m.reading;
    says(&ev, C2S "message    [sealed, 2 octets] \"hi\"\n");
    m.reading.unwrapped.confidential = false;
    says(&ev, C2S "message    [integrity only, 2 octets] \"hi\"\n");
    made_clear(&m);
}

static void fact_says(struct zs_exchange_fact fact, uint8_t flags, const char *body,
                      const char *expect)
{
    struct zs_event ev = made_event(ZS_EVENT_MESSAGE);
    struct made_reading m;

    made_reading(&m, ZS_MECHANISM_NULL, flags, body);
    ev.message = &m.reading;
    ev.fact = &fact;
    char *line = g_strdup_printf("%smessage    %s\n", C2S, expect);
    says(&ev, line);
    g_free(line);
    made_clear(&m);
}

static void a_messages_last_part_says_what_it_is(void)
{
    struct zs_exchange_fact fact = {
        .message = 1, .part = 1, .sender = ZS_SOCKET_DEALER, .receiver = ZS_SOCKET_ROUTER};

    fact.role = ZS_PART_DELIMITER;
    fact_says(fact, MORE, "", "[in the clear, 0 octets, delimiter, more] \"\"");
    fact = (struct zs_exchange_fact){.message = 1,
                                     .part = 3,
                                     .last = true,
                                     .octets = 1200,
                                     .sender = ZS_SOCKET_DEALER,
                                     .receiver = ZS_SOCKET_ROUTER};
    fact_says(fact, M, "'hi'", "DEALER → ROUTER [in the clear, 3 parts, 1200 octets] \"hi\"");
    fact.part = 1;
    fact_says(fact, M, "'hi'", "DEALER → ROUTER [in the clear, 2 octets] \"hi\"");
    fact.torn = true;
    fact.part = 2;
    fact_says(fact, M, "'hi'",
              "DEALER → ROUTER [in the clear, the last 2 parts, 1200 octets] \"hi\"");
    fact.part = 1;
    fact.sender = ZS_SOCKET_UNKNOWN;
    fact_says(fact, M, "'hi'", "[in the clear, 2 octets, what is before it is missing] \"hi\"");
}

static void answers_and_subscriptions_are_told(void)
{
    struct zs_exchange_fact fact = {.message = 1,
                                    .part = 1,
                                    .role = ZS_PART_TOPIC,
                                    .subscribed = true,
                                    .subscription = zs_span("we", 2)};

    fact_says(fact, MORE, "'weather'",
              "[in the clear, 7 octets, topic, more] \"weather\", subscribed as \"we\"");
    fact = (struct zs_exchange_fact){.message = 1,
                                     .part = 1,
                                     .last = true,
                                     .answers = true,
                                     .asked_at = {.frame = 5},
                                     .after_ns = 1234567};
    fact_says(fact, M, "'hi'", "[in the clear, 2 octets] \"hi\", answers #5 after 1.235 ms");
    struct zs_event ev = made_event(ZS_EVENT_COMMAND);
    struct made_reading m;
    made_reading(&m, ZS_MECHANISM_NULL, C, "04'PONG'");
    ev.command = &m.reading;
    ev.fact = &fact;
    says(&ev, C2S "command    PONG, answers #5 after 1.235 ms\n");
    made_clear(&m);
}

static void sender_is_named(void)
{
    struct zs_report_connection c = {
        .number = 2, .client = "[::1]:1", .server = "[::1]:2", .principal = {"a\x1b@R", NULL}};
    struct zs_event ev = made_event(ZS_EVENT_MESSAGE);
    struct made_reading m;
    char *text = NULL;
    size_t n;
    struct zs_report_options o = {.out = open_memstream(&text, &n)};

    made_reading(&m, ZS_MECHANISM_NULL, M, "'hi'");
    ev.message = &m.reading;
    zs_report_text.event(&o, &c, &ev);
    ev.dir = ZS_S2C;
    zs_report_text.event(&o, &c, &ev);
    fclose(o.out);
    g_assert_cmpstr(text, ==,
                    "15:06:40.123456 #7 c2 [::1]:1 > [::1]:2 message    a\\x1b@R [in the clear, 2 "
                    "octets] \"hi\"\n"
                    "15:06:40.123456 #7 c2 [::1]:2 > [::1]:1 message    [in the clear, 2 octets] "
                    "\"hi\"\n");
    free(text);
    made_clear(&m);
}

static void hex_dump_is_whole(void)
{
    struct zs_event ev = made_event(ZS_EVENT_MESSAGE);
    struct made_reading m;

    made_reading(&m, ZS_MECHANISM_NULL, M, "'0123456789abcdef'1b ff'z'");
    ev.message = &m.reading;
    char *text = made_report(&zs_report_text, (struct zs_report_options){.hex = true}, &ev);
    g_assert_cmpstr(
        text, ==,
        C2S "message    [in the clear, 19 octets] \"0123456789abcdef\\x1b\\xffz\"\n"
            "    000000  30 31 32 33 34 35 36 37 38 39 61 62 63 64 65 66  0123456789abcdef\n"
            "    000010  1b ff 7a                                         ..z\n");
    free(text);
    made_clear(&m);
}

static void limit_lines(void)
{
    struct zs_event ev = made_event(ZS_EVENT_LIMIT);

    ev.limit = (struct zs_event_limit){ZS_LIMIT_PENDING, 1000};
    says(&ev, C2S "limit      a missing piece is given up: more than 1000 octets wait for it "
                  "(--max-pending)\n");
    ev.limit.which = ZS_LIMIT_FRAMES;
    says(&ev, C2S "limit      a frame is passed over: those whose rest is awaited have more than "
                  "1000 octets (--max-frame, --max-pending)\n");
    ev.limit.which = ZS_LIMIT_CONNECTIONS;
    says(&ev, C2S "limit      makes room: 1000 TCP connections are open (--max-connections); what "
                  "still comes of it counts as another one\n");
}

static void gap_and_defect_lines(void)
{
    struct zs_event ev = made_event(ZS_EVENT_GAP);

    ev.gap.bytes = 1448;
    says(&ev, C2S "gap        1448 octets are not in the capture\n");
    ev.gap.unread = 7;
    says(&ev,
         C2S "gap        1448 octets are not in the capture; 7 octets of the capture could not "
             "be read: their frame is not all there or damaged, or was passed over\n");
    ev.gap.bytes = 0;
    says(&ev, C2S "gap        7 octets of the capture could not be read: their frame is not all "
                  "there or damaged, or was passed over\n");
    ev = made_event(ZS_EVENT_DEFECT);
    ev.defect = (struct zs_event_defect){.rc = ZS_E_WRAP_GAP, .detail = "expected 1, got 3"};
    says(&ev,
         C2S "defect     wrap-gap: tokens are missing before this one, by its sequence number: "
             "expected 1, got 3 (RFC 4121, 4.2.3; RFC 2743, 1.2.3)\n");
}

static void close_lines(void)
{
    struct zs_event ev = made_event(ZS_EVENT_CLOSE);
    struct zs_session session = {0};

    session.side[ZS_C2S].messages = 1;
    session.side[ZS_C2S].message_octets = 300;
    session.side[ZS_S2C].sealed = 2;
    ev.close = (struct zs_event_close){.outcome = ZS_OUTCOME_ESTABLISHED, .session = &session};
    says(&ev, BOTH "close      established; TCP client sent 1 message (300 octets), "
                   "server sent 0 messages (0 octets) and 2 that stayed sealed\n");
    ev.close.sealed = "nobody has the key";
    says(&ev,
         BOTH "close      established; TCP client sent 1 message (300 octets), "
              "server sent 0 messages (0 octets) and 2 that stayed sealed; nobody has the key\n");
    ev.close.sealed = NULL;
    ev.close.outcome = ZS_OUTCOME_FAILED;
    ev.close.reason = "nobody came";
    says(&ev, BOTH "close      failed: nobody came; TCP client sent 1 message (300 octets), "
                   "server sent 0 messages (0 octets) and 2 that stayed sealed\n");
}

static void summary_line(void)
{
    struct zs_report_summary s = {.packets = 9,
                                  .connections = 1,
                                  .established = 1,
                                  .contexts = 2,
                                  .contexts_opened = 1,
                                  .messages = 6,
                                  .sealed = 1,
                                  .cut = 3};
    char *text = NULL;
    size_t n;
    struct zs_report_options o = {.out = open_memstream(&text, &n)};

    zs_report_text.end(&o, &s);
    fclose(o.out);
    g_assert_cmpstr(text, ==,
                    "9 packets, 1 ZMTP connection (1 established), 1 of 2 contexts opened, "
                    "6 messages and 1 that stayed sealed, 0 defects\n"
                    "3 packets were cut short by the recording: capture with a snap length of 0\n");
    free(text);
    s.passed_over = 2;
    o.out = open_memstream(&text, &n);
    zs_report_text.end(&o, &s);
    fclose(o.out);
    g_assert_nonnull(strstr(text, "\n2 TCP connections began before the capture and were passed "
                                  "over; -d tcp.port==PORT,zmtp reads those of a port as ZMTP\n"));
    free(text);
}

static void times_before_1970(void)
{
    struct zs_event ev = made_event(ZS_EVENT_GAP);
    static const struct {
        int64_t ns;
        const char *time;
    } cases[] = {{0, "00:00:00.000000 "},
                 {-1, "23:59:59.999999 "},
                 {-1500000000, "23:59:58.500000 "},
                 {INT64_MAX, "23:47:16.854775 "},
                 {INT64_MIN, "00:12:43.145224 "}};

    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        ev.at.time_ns = cases[i].ns;
        char *text = made_report(&zs_report_text, (struct zs_report_options){0}, &ev);
        g_assert_true(g_str_has_prefix(text, cases[i].time));
        free(text);
    }
}

static void metadata_without_end_ends(void)
{
    GString *body = g_string_new("05'READY'"), *expect = g_string_new("command    READY");

    for (int i = 0; i < 21; i++)
        g_string_append(body, "01'a'00000000");
    for (int i = 0; i < 20; i++)
        g_string_append(expect, " a=\"\"");
    g_string_append(expect, " …");
    frame_says(ZS_MECHANISM_NULL, C, body->str, expect->str);
    g_string_free(expect, TRUE);
    g_string_free(body, TRUE);
}

/* Colours are the only escapes, and only where they were asked for. */
static void colours_are_asked_for(void)
{
    struct zs_event ev = made_event(ZS_EVENT_GAP);
    char *text = made_report(&zs_report_text, (struct zs_report_options){.colours = true}, &ev);

    g_assert_cmpstr(
        text, ==,
        "\x1b[2m15:06:40.123456 #7 c1 192.0.2.1:40000 > 192.0.2.2:5555\x1b[0m \x1b[31mgap        0 octets are not in the capture"
        "\x1b[0m\n");
    free(text);
}

static void every_octet_makes_a_printable_line(void)
{
    static const char *const bodies[] = {
        "09'SUBSCRIBE'@", "05'READY'01 @ 00000000", "05'READY'01'a'00000001 @",
        "01 @",           "05'ERROR'01 @",          "05'HELLO'01 @ 00"};

    for (unsigned octet = 0; octet < 256; octet++)
        for (size_t i = 0; i < G_N_ELEMENTS(bodies); i++) {
            char hex[3] = {"0123456789abcdef"[octet >> 4], "0123456789abcdef"[octet & 15]};
            char **parts = g_strsplit(bodies[i], "@", -1);
            char *body = g_strjoinv(hex, parts);
            char *text = made_report_of(&zs_report_text, ZS_MECHANISM_PLAIN, C, body);
            for (const char *p = text; p[1]; p++)
                g_assert_true(*p >= 0x20 && *p < 0x7f);
            free(text);
            g_free(body);
            g_strfreev(parts);
        }
}

int main(int argc, char **argv)
{
    g_setenv("TZ", "UTC", TRUE); /* the text's times are local */
    g_test_init(&argc, &argv, NULL);
    g_test_set_nonfatal_assertions();
#define FACT(f) g_test_add_func("/text/" #f, f)
    FACT(connection_lines);
    FACT(greeting_lines);
    FACT(token_lines);
    FACT(context_lines);
    FACT(command_lines);
    FACT(password_is_counted_never_shown);
    FACT(message_lines);
    FACT(a_messages_last_part_says_what_it_is);
    FACT(answers_and_subscriptions_are_told);
    FACT(sender_is_named);
    FACT(hex_dump_is_whole);
    FACT(gap_and_defect_lines);
    FACT(limit_lines);
    FACT(close_lines);
    FACT(summary_line);
    FACT(times_before_1970);
    FACT(metadata_without_end_ends);
    FACT(colours_are_asked_for);
    FACT(every_octet_makes_a_printable_line);
#undef FACT
    return g_test_run();
}
