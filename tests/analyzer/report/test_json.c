/* SPDX-License-Identifier: GPL-2.0-or-later */
/* analyzer/report/json.c: every event as its exact line; whatever comes from the wire, a line is JSON, UTF-8 and
 * without a character that a terminal obeys. */
#include <json-glib/json-glib.h>

#include "analyzer/report/jsonline.h"
#include "tests/analyzer/report/made.h"
#include "tests/core/wire/wire_case.h"

#define HEAD "\"time\":\"2025-06-15T15:06:40.123456789Z\",\"frame\":7,\"connection\":1"
#define C2S  HEAD ",\"direction\":\"c2s\""

enum { C = ZS_FRAME_COMMAND, M = 0, MORE = ZS_FRAME_MORE };

static void says(const struct zs_event *ev, const char *expect)
{
    made_says(&zs_report_json, ev, expect);
}

static void frame_says(enum zs_mechanism mechanism, uint8_t flags, const char *body,
                       const char *expect)
{
    char *text = made_report_of(&zs_report_json, mechanism, flags, body);

    g_assert_cmpstr(text, ==, expect);
    free(text);
}

/* The member of an object on a line that is JSON and harmless; NULL: there is none. */
static char *member_of(const char *line, const char *object, const char *name)
{
    JsonParser *parser = json_parser_new();
    GError *error = NULL;

    json_parser_load_from_data(parser, line, -1, &error);
    g_assert_no_error(error);
    JsonObject *o = json_node_get_object(json_parser_get_root(parser));
    if (object)
        o = json_object_get_object_member(o, object);
    char *value =
        json_object_has_member(o, name) ? g_strdup(json_object_get_string_member(o, name)) : NULL;
    g_object_unref(parser);
    return value;
}

static void member_is(const char *line, const char *object, const char *name, const char *expect)
{
    char *value = member_of(line, object, name);

    g_assert_cmpstr(value, ==, expect);
    g_free(value);
}

/* ==== the events ==== */

static void lines_are_json(void)
{
    char *text = NULL;
    size_t n;
    FILE *out = open_memstream(&text, &n);
    struct zs_json *j = zs_json_begin("x");

    zs_json_string(j, "a\"b",
                   "/\b\f\n\r\t\\\"\x01\x1f\x7f\xc3\xa9\xc2\x85\xe2\x80\xae\xf0\x9f\x98\x80");
    zs_json_object(j, "empty");
    zs_json_object_end(j);
    zs_json_object(j, "o");
    zs_json_int(j, "i", INT64_MIN);
    zs_json_array(j, "list");
    zs_json_element(j, "1");
    zs_json_element(j, "");
    zs_json_array_end(j);
    zs_json_double(j, "whole", 300);
    zs_json_double(j, "part", 0.5);
    zs_json_double(j, "large", 1e19);
    zs_json_object_end(j);
    zs_json_base64(j, "none", zs_span(NULL, 0));
    zs_json_base64(j, "two", zs_span("\xff\xfe", 2));
    zs_json_base64(j, "three", zs_span("abc", 3));
    zs_json_uint(j, "u", UINT64_MAX);
    zs_json_end(out, j);
    fclose(out);
    g_assert_cmpstr(
        text, ==,
        "{\"event\":\"x\",\"a\\\"b\":\"/\\b\\f\\n\\r\\t\\\\\\\"\\u0001\\u001f\\u007f\xc3\xa9\\u0085"
        "\\u202e\xf0\x9f\x98\x80\",\"empty\":{},\"o\":{\"i\":-9223372036854775808,"
        "\"list\":[\"1\",\"\"],\"whole\":300.0,\"part\":0.5,\"large\":1e+19},\"none\":\"\","
        "\"two\":\"//4=\",\"three\":\"YWJj\",\"u\":18446744073709551615}\n");
    char *value = member_of(text, "o", "none");
    g_assert_null(value);
    free(text);
}

static void capture_line(void)
{
    static const char *const files[] = {"a.pcap", "b\x1f\xff.pcap", NULL};
    static const char *const links[] = {"EN10MB", NULL};
    struct zs_report_capture c = {.files = files, .link_types = links};
    char *text = NULL;
    size_t n;
    struct zs_report_options o = {.out = open_memstream(&text, &n)};

    zs_report_json.begin(&o, &c);
    fclose(o.out);
    g_assert_cmpstr(text, ==,
                    "{\"event\":\"capture\",\"schema\":1,\"files\":[\"a.pcap\","
                    "\"b\\u001f\xef\xbf\xbd.pcap\"],\"link_types\":[\"EN10MB\"]}\n");
    free(text);
}

static void connection_line(void)
{
    struct zs_event ev = made_event(ZS_EVENT_CONNECTION);

    ev.midstream = true;
    says(&ev, "{\"event\":\"connection\"," HEAD ",\"client\":\"192.0.2.1:40000\","
              "\"server\":\"192.0.2.2:5555\",\"midstream\":true}\n");
}

static void greeting_says(struct zs_greeting g, const char *expect)
{
    struct zs_event ev = made_event(ZS_EVENT_GREETING);

    g.part = ZS_GREETING_DONE;
    ev.greeting = &g;
    char *line = g_strconcat("{\"event\":\"greeting\"," C2S ",", expect, "}\n", NULL);
    says(&ev, line);
    g_free(line);
}

static void greeting_lines(void)
{
    greeting_says(
        (struct zs_greeting){
            .versioned = true, .major = 3, .minor = 1, .mechanism = "GSSAPI", .as_server = true},
        "\"version\":\"3.1\",\"mechanism\":\"GSSAPI\",\"as_server\":true");
    greeting_says((struct zs_greeting){.versioned = true, .major = 1, .socket_type = 3},
                  "\"version\":\"2.0\",\"socket_type\":\"REQ\"");
    greeting_says((struct zs_greeting){.versioned = true, .major = 1, .socket_type = 99},
                  "\"version\":\"2.0\"");
    greeting_says((struct zs_greeting){.versioned = false}, "\"version\":\"1.0\"");
}

static void token_lines(void)
{
    static const uint8_t realm[] = "EX\x1b[2J", names[] = "\x1b\x04zm\xffq";
    struct zs_ap_req req = {
        .service = {.realm = zs_span(realm, 6), .names = zs_span(names, 6)},
        .ticket = {.enctype = 18, .has_kvno = true, .kvno = UINT32_MAX},
    };
    struct zs_krb_error error = {.code = 41, .text = zs_span("no\nway", 6)};
    struct zs_token token = {
        .mech = ZS_MECH_KRB5, .kind = ZS_TOKEN_AP_REQ, .whole = zs_span(NULL, 500)};
    struct zs_reading r = {.command = {.id = ZS_CMD_HELLO, .form = ZS_FORM_PADDED}};
    struct zs_event ev = made_event(ZS_EVENT_TOKEN);

    ev.token = (struct zs_event_token){.reading = &r, .token = &token, .ap_req = &req};
    says(&ev, "{\"event\":\"token\"," C2S ",\"mechanism\":\"krb5\",\"kind\":\"AP-REQ\","
              "\"name\":\"HELLO\",\"form\":\"padded\",\"length\":500,"
              "\"service_principal\":\"zm\xef\xbf\xbdq@EX\\u001b[2J\","
              "\"service_principal_base64\":\"em3/cUBFWBtbMko=\","
              "\"kvno\":4294967295,\"ticket_etype\":\"aes256-cts-hmac-sha1-96\"}\n");
    req.ticket.has_kvno = false;
    req.ticket.enctype = 0;
    char *line = made_report(&zs_report_json, (struct zs_report_options){0}, &ev);
    g_assert_null(strstr(line, "kvno"));
    g_assert_null(strstr(line, "ticket_etype"));
    free(line);

    token.kind = ZS_TOKEN_KRB_ERROR;
    ev.dir = ZS_S2C;
    ev.token = (struct zs_event_token){.reading = &r, .token = &token, .krb_error = &error};
    says(&ev, "{\"event\":\"token\"," HEAD
              ",\"direction\":\"s2c\",\"mechanism\":\"krb5\",\"kind\":\"KRB-ERROR\","
              "\"name\":\"HELLO\",\"form\":\"padded\",\"length\":500,"
              "\"error_code\":41,\"error_text\":\"no\\nway\"}\n");
}

static void context_lines(void)
{
    struct zs_context_facts facts = made_facts();
    struct zs_event ev = made_event(ZS_EVENT_CONTEXT);

    ev.context = (struct zs_event_context){.facts = &facts, .initiator = ZS_S2C};
    says(
        &ev,
        "{\"event\":\"context\"," HEAD ",\"opened\":true,\"initiator\":\"s2c\","
        "\"client_principal\":\"alice@EXAMPLE.ORG\","
        "\"service_principal\":\"zmq/server@EXAMPLE.ORG\","
        "\"opened_by\":\"keytab\",\"keytab_entry\":\"service.keytab: zmq/server@EXAMPLE.ORG kvno 3\",\"kvno\":3,"
        "\"ticket_etype\":\"aes256-cts-hmac-sha1-96\",\"mutual\":true,"
        "\"session_etype\":\"aes128-cts-hmac-sha1-96\","
        "\"subkey_etype\":\"aes256-cts-hmac-sha1-96\",\"subkey_from\":\"acceptor\","
        "\"ticket_times\":{\"auth\":\"2025-06-15T15:06:40Z\",\"end\":\"2025-06-16T01:06:40Z\"},"
        "\"ticket_flags\":\"0x40800000\",\"transited\":\"A.EXAMPLE\","
        "\"authorization_data\":[\"PAC\",\"142\"],\"initiator_sequence\":7,"
        "\"gss_flags\":[\"mutual\",\"replay\",\"conf\",\"integ\",\"trans\"],"
        "\"channel_bindings\":false,\"delegated\":false,\"skew_ms\":-12,"
        "\"verdict\":\"acceptable\"}\n");
    facts = made_facts_of_secret();
    says(&ev, "{\"event\":\"context\"," HEAD ",\"opened\":true,\"initiator\":\"s2c\","
              "\"service_principal\":\"zmq/server@EXAMPLE.ORG\","
              "\"opened_by\":\"secret\",\"keytab_entry\":\"key log a.keys\","
              "\"ticket_etype\":\"aes256-cts-hmac-sha1-96\",\"mutual\":true,"
              "\"subkey_etype\":\"aes256-cts-hmac-sha1-96\",\"subkey_from\":\"initiator\","
              "\"gss_flags\":[\"mutual\"]}\n");
    facts = (struct zs_context_facts){
        .why = ZS_WHY_NO_KEYS, .reason = (char *)"no keytab was given", .mutual = true};
    says(&ev, "{\"event\":\"context\"," HEAD
              ",\"opened\":false,\"initiator\":\"s2c\",\"reason_code\":\"no-keys\","
              "\"reason\":\"no keytab was given\",\"mutual\":true}\n");
}

#define COMMAND(name, rest)                           \
    "{\"event\":\"command\"," C2S ",\"name\":\"" name \
    "\",\"form\":\"libzmq\",\"wrapped\":false" rest "}\n"

static void command_lines(void)
{
    enum zs_mechanism null = ZS_MECHANISM_NULL;

    frame_says(null, C, "05'READY'0b'Socket-Type'00000006'DEALER'08'Identity'00000000",
               COMMAND("READY", ",\"metadata\":{\"Socket-Type\":\"DEALER\",\"Identity\":\"\"}"));
    frame_says(null, C, "05'READY'", COMMAND("READY", ",\"metadata\":{}"));
    frame_says(null, C, "04'PING'ffff", COMMAND("PING", ",\"ttl_ms\":6553500"));
    frame_says(null, C, "04'PING'00", COMMAND("PING", ""));
    frame_says(null, C, "04'PONG''x'", COMMAND("PONG", ""));
    frame_says(null, C, "09'SUBSCRIBE''a'", COMMAND("SUBSCRIBE", ",\"topic\":\"a\""));
    frame_says(null, C, "06'CANCEL'", COMMAND("CANCEL", ",\"topic\":\"\""));
    frame_says(null, C, "04'JOIN''g'", COMMAND("JOIN", ",\"group\":\"g\""));
    frame_says(null, C, "05'LEAVE''g'", COMMAND("LEAVE", ",\"group\":\"g\""));
    frame_says(null, C, "05'ERROR'02'no'", COMMAND("ERROR", ",\"reason\":\"no\""));
    frame_says(null, C, "03'N'1b'W'", COMMAND("N\\u001bW", ""));
    frame_says(ZS_MECHANISM_PLAIN, C, "5e'RROR'03'400'", COMMAND("ERROR", ",\"reason\":\"400\""));
    frame_says(ZS_MECHANISM_PLAIN, C, "08'INITIATE'01'a'00000001'b'",
               COMMAND("INITIATE", ",\"metadata\":{\"a\":\"b\"}"));
    frame_says(ZS_MECHANISM_GSSAPI, C, "", COMMAND("", ""));
    frame_says(ZS_MECHANISM_GSSAPI, C, "08'INITIATE'01'a'00000001'b'", COMMAND("INITIATE", ""));
    frame_says(ZS_MECHANISM_CURVE, C, "05'READY'01'a'00000028'b'62*39", COMMAND("READY", ""));
}

static void password_is_never_shown(void)
{
    frame_says(ZS_MECHANISM_PLAIN, C, "05'HELLO'03'bob'06'secret'",
               COMMAND("HELLO", ",\"username\":\"bob\""));
    /* Cut, under another mechanism's name, or followed by more: still not. */
    frame_says(ZS_MECHANISM_PLAIN, C, "05'HELLO'03'bob'07'secret'", COMMAND("HELLO", ""));
    frame_says(ZS_MECHANISM_PLAIN, C, "05'HELLO'03'bob'06'secret'00", COMMAND("HELLO", ""));
    frame_says(ZS_MECHANISM_NULL, C, "05'HELLO'03'bob'06'secret'", COMMAND("HELLO", ""));
}

static void message_lines(void)
{
    struct zs_event ev = made_event(ZS_EVENT_MESSAGE);
    struct made_reading m;

    frame_says(ZS_MECHANISM_NULL, MORE, "'hi'1b",
               "{\"event\":\"message\"," C2S
               ",\"wrapped\":false,\"more\":true,\"length\":3,\"data\":\"aGkb\"}\n");
    frame_says(ZS_MECHANISM_NULL, M, "",
               "{\"event\":\"message\"," C2S
               ",\"wrapped\":false,\"more\":false,\"length\":0,\"data\":\"\"}\n");
    frame_says(ZS_MECHANISM_CURVE, M, "07'MESSAGE'aa*25",
               "{\"event\":\"message\"," C2S
               ",\"wrapped\":true,\"verified\":false,\"sealed_length\":33}\n");
    made_reading(&m, ZS_MECHANISM_NULL, M, "'hi'");
    made_sealed(&m, INT64_MAX);
    ev.message = &m.reading;
    says(&ev,
         "{\"event\":\"message\"," C2S ",\"wrapped\":true,\"verified\":true,\"confidential\":true,"
         "\"sequence\":9223372036854775807,\"inner_flags\":0,"
         "\"more\":false,\"length\":2,\"data\":\"aGk=\"}\n");
    made_sealed(&m, UINT64_MAX);
    char *line = made_report(&zs_report_json, (struct zs_report_options){.no_data = true}, &ev);
    g_assert_cmpstr(line, ==,
                    "{\"event\":\"message\"," C2S
                    ",\"wrapped\":true,\"verified\":true,\"confidential\":true,"
                    "\"sequence\":18446744073709551615,\"inner_flags\":0,"
                    "\"more\":false,\"length\":2}\n");
    free(line);
    made_clear(&m);
}

static void limit_lines(void)
{
    struct zs_event ev = made_event(ZS_EVENT_LIMIT);

    ev.limit = (struct zs_event_limit){ZS_LIMIT_PENDING, 1000};
    says(&ev, "{\"event\":\"limit\"," C2S ",\"limit\":\"pending\",\"most\":1000}\n");
}

static void gap_and_defect_lines(void)
{
    struct zs_event ev = made_event(ZS_EVENT_GAP);

    ev.gap.bytes = 1448;
    ev.gap.unread = 7;
    says(&ev, "{\"event\":\"gap\"," C2S ",\"bytes\":1448,\"unread\":7}\n");
    ev = made_event(ZS_EVENT_DEFECT);
    ev.defect = (struct zs_event_defect){.rc = ZS_E_WRAP_GAP, .detail = "expected 1, got 3"};
    says(&ev,
         "{\"event\":\"defect\"," C2S ",\"code\":\"wrap-gap\","
         "\"sentence\":\"tokens are missing before this one, by its sequence number\","
         "\"detail\":\"expected 1, got 3\",\"clause\":\"RFC 4121, 4.2.3; RFC 2743, 1.2.3\"}\n");
    ev.defect = (struct zs_event_defect){.rc = ZS_E_INNER_EMPTY};
    says(&ev, "{\"event\":\"defect\"," C2S ",\"code\":\"inner-empty\","
              "\"sentence\":\"the unwrapped message has no flags octet\","
              "\"clause\":\"libzmq: gssapi message flags\"}\n");
}

static void close_line(void)
{
    struct zs_event ev = made_event(ZS_EVENT_CLOSE);
    struct zs_session session = {0};

    session.side[ZS_C2S].messages = 2;
    session.side[ZS_C2S].message_octets = 300;
    ev.close = (struct zs_event_close){
        .outcome = ZS_OUTCOME_FAILED, .reason = "nobody came", .session = &session};
    says(
        &ev,
        "{\"event\":\"close\"," HEAD ",\"outcome\":\"failed\",\"reason\":\"nobody came\","
        "\"c2s\":{\"messages\":2,\"bytes\":300,\"sealed\":0},\"s2c\":{\"messages\":0,\"bytes\":0,\"sealed\":0}}\n");
    ev.close.reason = NULL;
    ev.close.outcome = ZS_OUTCOME_ESTABLISHED;
    says(
        &ev,
        "{\"event\":\"close\"," HEAD ",\"outcome\":\"established\","
        "\"c2s\":{\"messages\":2,\"bytes\":300,\"sealed\":0},\"s2c\":{\"messages\":0,\"bytes\":0,\"sealed\":0}}\n");
}

static void summary_line(void)
{
    struct zs_report_summary s = {
        .first = {.time_ns = 500000000, .frame = 1},
        .last = {.time_ns = 2000000000, .frame = 9},
        .packets = 9,
        .not_read = 1,
        .connections = 2,
        .established = 1,
        .contexts = 2,
        .contexts_opened = 1,
        .messages = 6,
        .octets = 42,
        .defects = 3,
        .passed_over = 2,
        .peak_memory = 4096,
    };
    char *text = NULL;
    size_t n;
    struct zs_report_options o = {.out = open_memstream(&text, &n)};

    zs_report_json.end(&o, &s);
    fclose(o.out);
    g_assert_cmpstr(
        text, ==,
        "{\"event\":\"summary\",\"time\":\"1970-01-01T00:00:02.000000000Z\","
        "\"frame\":9,\"packets\":9,\"packets_not_read\":1,\"connections\":2,"
        "\"established\":1,\"contexts\":2,\"contexts_opened\":1,\"messages\":6,"
        "\"bytes\":42,\"sealed\":0,\"defects\":3,\"passed_over\":2,\"duration\":1.5,\"peak_memory\":4096}\n");
    free(text);
}

/* ==== what the wire can do to it ==== */

static void times_of_every_year(void)
{
    static const struct {
        int64_t ns;
        const char *time;
    } cases[] = {
        {0, "1970-01-01T00:00:00.000000000Z"},
        {-1, "1969-12-31T23:59:59.999999999Z"},
        {-1000000000, "1969-12-31T23:59:59.000000000Z"},
        {-1500000000, "1969-12-31T23:59:58.500000000Z"},
        {INT64_C(4294967296000000000), "2106-02-07T06:28:16.000000000Z"},
        {INT64_MAX, "2262-04-11T23:47:16.854775807Z"},
        {INT64_MIN, "1677-09-21T00:12:43.145224192Z"},
    };

    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        struct zs_event ev = made_event(ZS_EVENT_GAP);
        ev.at.time_ns = cases[i].ns;
        char *line = made_report(&zs_report_json, (struct zs_report_options){0}, &ev);
        member_is(line, NULL, "time", cases[i].time);
        free(line);
    }
}

static void ticket_times_beyond_the_calendar_are_left_out(void)
{
    struct zs_context_facts facts = made_facts();
    struct zs_event ev = made_event(ZS_EVENT_CONTEXT);

    facts.times = (struct zs_ticket_times){.auth = INT64_MAX, .start = INT64_MIN, .end = -1};
    ev.context.facts = &facts;
    char *line = made_report(&zs_report_json, (struct zs_report_options){0}, &ev);
    g_assert_nonnull(strstr(line, "\"ticket_times\":{\"end\":\"1969-12-31T23:59:59Z\"}"));
    free(line);
}

static void text_that_is_not_utf8_stands_beside_its_octets(void)
{
    frame_says(ZS_MECHANISM_NULL, C, "09'SUBSCRIBE''a'ff",
               COMMAND("SUBSCRIBE", ",\"topic\":\"a\xef\xbf\xbd\",\"topic_base64\":\"Yf8=\""));
    frame_says(ZS_MECHANISM_NULL, C, "09'SUBSCRIBE''a'00'b'",
               COMMAND("SUBSCRIBE", ",\"topic\":\"a\xef\xbf\xbd"
                                    "b\",\"topic_base64\":\"YQBi\""));
    frame_says(ZS_MECHANISM_NULL, C, "09'SUBSCRIBE'c3a9",
               COMMAND("SUBSCRIBE", ",\"topic\":\"\xc3\xa9\""));
}

static void what_a_terminal_obeys_is_escaped(void)
{
    /* ESC, 1F, DEL, C1 CSI, right-to-left override, line separator, a tag beyond FFFF. */
    frame_says(ZS_MECHANISM_NULL, C, "09'SUBSCRIBE'1b1f7f c29b e280ae e280a8 f3a08181",
               COMMAND("SUBSCRIBE", ",\"topic\":\"\\u001b\\u001f\\u007f\\u009b\\u202e\\u2028"
                                    "\\udb40\\udc41\""));
    frame_says(ZS_MECHANISM_NULL, C, "05'READY'03 1bc29b 00000003 1f0a22",
               COMMAND("READY", ",\"metadata\":{\"\\u001b\\u009b\":\"\\u001f\\n\\\"\"}"));
}

static void properties_that_come_again_are_kept(void)
{
    frame_says(ZS_MECHANISM_NULL, C,
               "05'READY'01'a'00000001'1'03'a#2'00000001'2'01'a'00000001'3'01'a'00000001'4'",
               COMMAND("READY", ",\"metadata\":{\"a\":\"1\",\"a#2\":\"2\",\"a#3\":\"3\","
                                "\"a#4\":\"4\"}"));
    frame_says(ZS_MECHANISM_NULL, C, "05'READY'01'a'00000001 ff 08'a_base64'00000001'x'",
               COMMAND("READY", ",\"metadata\":{\"a\":\"\xef\xbf\xbd\",\"a_base64\":\"/w==\","
                                "\"a_base64#2\":\"x\"}"));
    frame_says(ZS_MECHANISM_NULL, C, "05'READY'01'a'00000001'1'01'b'00000009'2'",
               COMMAND("READY", ",\"metadata\":{\"a\":\"1\"}"));
}

static void metadata_without_end_ends(void)
{
    GString *body = g_string_new("05'READY'");

    for (int i = 0; i < 3000; i++)
        g_string_append(body, "01'a'00000000");
    char *line = made_report_of(&zs_report_json, ZS_MECHANISM_NULL, C, body->str);
    member_is(line, "metadata", "a#1000", "");
    member_is(line, "metadata", "a#1001", NULL);
    free(line);
    g_string_free(body, TRUE);
}

/* Each octet alone, and behind the first octet of a longer character. */
static void every_octet_makes_a_harmless_line(void)
{
    for (unsigned octet = 0; octet < 256; octet++) {
        char *body =
            g_strdup_printf("09'SUBSCRIBE'%02x c2%02x e2%02x%02x", octet, octet, octet, octet);
        char *line = made_report_of(&zs_report_json, ZS_MECHANISM_NULL, C, body);
        GByteArray *whole = wire_octets(body);
        g_assert_true(g_utf8_validate(line, -1, NULL));
        for (const char *p = line; *p && p[1]; p = g_utf8_next_char(p))
            g_assert_false(g_unichar_iscntrl(g_utf8_get_char(p)));
        char *topic = member_of(line, NULL, "topic"),
             *base64 = member_of(line, NULL, "topic_base64");
        if (base64) {
            gsize n;
            guchar *octets = g_base64_decode(base64, &n);
            g_assert_cmpmem(octets, n, whole->data + 10, whole->len - 10);
            g_free(octets);
        } else {
            g_assert_cmpmem(topic, strlen(topic), whole->data + 10, whole->len - 10);
        }
        g_free(base64);
        g_free(topic);
        g_byte_array_unref(whole);
        free(line);
        g_free(body);
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_set_nonfatal_assertions();
#define FACT(f) g_test_add_func("/json/" #f, f)
    FACT(lines_are_json);
    FACT(capture_line);
    FACT(connection_line);
    FACT(greeting_lines);
    FACT(token_lines);
    FACT(context_lines);
    FACT(command_lines);
    FACT(password_is_never_shown);
    FACT(message_lines);
    FACT(gap_and_defect_lines);
    FACT(limit_lines);
    FACT(close_line);
    FACT(summary_line);
    FACT(times_of_every_year);
    FACT(ticket_times_beyond_the_calendar_are_left_out);
    FACT(text_that_is_not_utf8_stands_beside_its_octets);
    FACT(what_a_terminal_obeys_is_escaped);
    FACT(properties_that_come_again_are_kept);
    FACT(metadata_without_end_ends);
    FACT(every_octet_makes_a_harmless_line);
#undef FACT
    return g_test_run();
}
