/* SPDX-License-Identifier: GPL-2.0-or-later */
/* core/conn/reading.c: what each kind of frame means in its place; a line for each. Wrapped ones are forged, and
 * read with the context and without. */
#include "core/conn/reading.h"

#include "core/krb/init.h"
#include "tests/core/conn/talk.h"
#include "tests/core/wire/wire_case.h"
#include "tests/harness/guard.h"

enum { C = ZS_FRAME_COMMAND, M = 0, MORE = ZS_FRAME_MORE };

static struct talk talk;
static struct zs_context *context;

static void show_command(GString *out, const struct zs_reading *r)
{
    g_string_append_printf(out, "command %s%s %s%s", zs_command_name(r->content.id),
                           r->content.id == ZS_CMD_EMPTY ? "(empty)" : "",
                           zs_form_name(r->content.form), r->content.misnamed ? " misnamed" : "");
    if (r->content.id == ZS_CMD_UNKNOWN)
        wire_show_span(out, "name", r->content.name);
    if (r->content.body.n)
        wire_show_span(out, r->has_metadata ? "metadata" : "body", r->content.body);
}

static void show_wrapping(GString *out, const struct zs_reading *r)
{
    if (!r->wrapped)
        return;
    g_string_append(out, r->verified ? " opened" : " closed");
    if (r->cfx.header.n)
        g_string_append_printf(out, " sequence=%" G_GUINT64_FORMAT, r->sequence);
    if (r->has_inner_flags)
        g_string_append_printf(out, " inner=%02x", r->inner_flags);
}

static void show(GString *out, const struct zs_reading *r)
{
    switch (r->kind) {
    case ZS_READ_IDENTITY:
        g_string_append(out, "identity");
        wire_show_span(out, "data", r->data);
        break;
    case ZS_READ_TOKEN:
        g_string_append_printf(out, "token %s %s in %s %s", zs_mech_name(r->token.mech),
                               zs_token_kind_name(r->token.kind), zs_command_name(r->command.id),
                               zs_form_name(r->command.form));
        break;
    case ZS_READ_COMMAND:
        show_command(out, r);
        break;
    case ZS_READ_MESSAGE:
        g_string_append(out, r->more ? "message more" : "message");
        wire_show_span(out, "data", r->data);
        break;
    }
    show_wrapping(out, r);
    if (r->defect != ZS_OK)
        g_string_append_printf(out, " defect=%s", zs_defect_of(r->defect)->code);
}

/* Reads a frame that ends where memory ends, into a buffer that has not one octet too many. */
static char *read_line(const struct zs_place *at, struct zs_span octets)
{
    GString *line = g_string_new(NULL);
    uint8_t *copy = zs_guard_copy(octets.p, octets.n);
    struct zs_reading r;
    struct zs_frame f;

    g_assert_cmpint(zs_frame_parse(at->framing, zs_span(copy, octets.n), octets.n, &f), ==, ZS_OK);
    size_t room = zs_reading_room(at, &f);
    uint8_t *zeros = g_malloc0(room), *buf = zs_guard_copy(zeros, room);
    zs_reading_make(at, &f, buf, room, &r);
    show(line, &r);
    zs_guard_free(buf, room);
    zs_guard_free(copy, octets.n);
    g_free(zeros);
    return g_string_free(line, FALSE);
}

static void reads_as(const struct zs_place *at, GByteArray *frame, const char *expect)
{
    char *line = read_line(at, span_of(frame));

    g_assert_cmpstr(line, ==, expect);
    g_free(line);
    g_byte_array_unref(frame);
}

/* ==== in the clear ==== */

enum {
    NONE = ZS_MECHANISM_NONE,
    NUL = ZS_MECHANISM_NULL,
    PLAIN = ZS_MECHANISM_PLAIN,
    CURVE = ZS_MECHANISM_CURVE,
    GSS = ZS_MECHANISM_GSSAPI,
    OTHER = ZS_MECHANISM_OTHER,
};

#define SOCKET   "0b'Socket-Type'00000006'DEALER'"
#define IDENTITY "08'Identity'00000000"

static const struct clear_case {
    const char *name;
    uint8_t mechanism, flags;
    const char *body, *expect;
} clear_cases[] = {
    /* clang-format off */
    {"null_ready",              NUL,   C, "05'READY'" SOCKET,      "command READY libzmq metadata=0b536f636b65742d54797065000000064445414c4552"},
    {"null_ready_as_long_as_curves", NUL, C, "05'READY'01'n'0000001e 78*30", "command READY libzmq metadata=016e0000001e787878787878787878787878787878787878787878787878787878787878"},
    {"null_ready_empty",        NUL,   C, "05'READY'",             "command READY libzmq"},
    {"null_ready_cut",          NUL,   C, "05'READY'01'n'00000002'v'", "command READY libzmq metadata=016e0000000276 defect=metadata"},
    {"null_message",            NUL,   M, "'hello'",               "message data='hello'"},
    {"null_message_more",       NUL,   MORE, "",                   "message more data=''"},
    {"null_message_like_gssapis", NUL, M, "07'MESSAGE'0000000205 04", "message data=074d455353414745000000020504"},
    {"null_error",              NUL,   C, "05'ERROR'02'no'",       "command ERROR libzmq body=026e6f"},
    {"null_error_cut",          NUL,   C, "05'ERROR'03'no'",       "command ERROR libzmq body=036e6f defect=command-body"},
    {"ping",                    NUL,   C, "04'PING'000a'ctx'",     "command PING libzmq body=000a637478"},
    {"ping_without_ttl",        NUL,   C, "04'PING'00",            "command PING libzmq body=00 defect=command-body"},
    {"ping_with_17_octets",     NUL,   C, "04'PING'000a 61*17",    "command PING libzmq body=000a6161616161616161616161616161616161 defect=ping-context"},
    {"pong",                    NUL,   C, "04'PONG''ctx'",         "command PONG libzmq body='ctx'"},
    {"subscribe",               NUL,   C, "09'SUBSCRIBE''topic'",  "command SUBSCRIBE libzmq body='topic'"},
    {"cancel",                  NUL,   C, "06'CANCEL''topic'",     "command CANCEL libzmq body='topic'"},
    {"join",                    NUL,   C, "04'JOIN''group'",       "command JOIN libzmq body='group'"},
    {"leave",                   NUL,   C, "05'LEAVE''group'",      "command LEAVE libzmq body='group'"},
    {"unknown_command",         NUL,   C, "03'NEW''x'",            "command  libzmq name='NEW' body='x' defect=command-unknown"},
    {"name_past_its_body",      NUL,   C, "09'NEW'",               "command  libzmq name='' defect=command-name"},
    {"more_command",            NUL,   C | MORE, "04'PING'0000",   "command PING libzmq body=0000 defect=frame-more-command"},

    {"plain_hello",             PLAIN, C, "05'HELLO'03'bob'02'pw'", "command HELLO libzmq body=03626f62027077"},
    {"plain_hello_cut",         PLAIN, C, "05'HELLO'03'bob'03'pw'", "command HELLO libzmq body=03626f62037077 defect=command-body"},
    {"plain_welcome",           PLAIN, C, "07'WELCOME'",           "command WELCOME libzmq"},
    {"plain_initiate",          PLAIN, C, "08'INITIATE'" IDENTITY, "command INITIATE libzmq metadata=084964656e7469747900000000"},
    {"plain_initiate_cut",      PLAIN, C, "08'INITIATE'08",        "command INITIATE libzmq metadata=08 defect=metadata"},
    {"plain_error_misnamed",    PLAIN, C, "5e'RROR'03'400'",       "command ERROR libzmq misnamed body=03343030 defect=command-name"},
    {"plain_error_misnamed_cut", PLAIN, C, "5e'RROR'04'400'",      "command ERROR libzmq misnamed body=04343030 defect=command-body"},

    {"curve_hello",             CURVE, C, "05'HELLO'0100 00*72 aa*32 bb*8 cc*80", "command HELLO libzmq body=(194 octets, 01..cc)"},
    {"curve_hello_short",       CURVE, C, "05'HELLO'0100",         "command HELLO libzmq body=0100 defect=command-body"},
    {"curve_welcome",           CURVE, C, "07'WELCOME'aa*160",     "command WELCOME libzmq body=(160 octets, aa..aa)"},
    {"curve_initiate",          CURVE, C, "08'INITIATE'aa*248",    "command INITIATE libzmq body=(248 octets, aa..aa)"},
    {"curve_ready_is_a_box",    CURVE, C, "05'READY'" SOCKET "0000", "command READY libzmq body=0b536f636b65742d54797065000000064445414c45520000"},
    {"curve_ready_short",       CURVE, C, "05'READY'aa*23",        "command READY libzmq body=aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa defect=command-body"},
    {"curve_message",           CURVE, M, "07'MESSAGE'aa*25",      "message data='' closed"},
    {"curve_message_as_command", CURVE, C, "07'MESSAGE'aa*25",     "message data='' closed"},
    {"curve_message_short",     CURVE, C, "07'MESSAGE'aa*24",      "command MESSAGE libzmq body=aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa defect=command-body"},
    {"curve_data_in_the_clear", CURVE, M, "'hello'",               "message data='hello'"},
    {"curve_error",             CURVE, C, "05'ERROR'00",           "command ERROR libzmq body=00"},

    {"gssapi_empty_command",    GSS,   C, "",                      "command (empty) libzmq"},
    {"gssapi_length_differs",   GSS,   C, "08'INITIATE'00000005'x'", "command INITIATE libzmq body=0000000578 defect=token-length"},
    {"gssapi_no_framing",       GSS,   C, "08'INITIATE'00000001'x'", "command INITIATE libzmq body=0000000178 defect=token-framing"},
    {"gssapi_der",              GSS,   C, "08'INITIATE'00000002 6005", "command INITIATE libzmq body=000000026005 defect=der"},
    {"gssapi_padded_hello_without_token", GSS, C, "'HELLO   '",    "command HELLO padded defect=token-length"},
    {"gssapi_initiate_has_no_metadata", GSS, C, "08'INITIATE'" IDENTITY, "command INITIATE libzmq body=084964656e7469747900000000 defect=token-length"},
    {"gssapi_ntlmssp",          GSS,   C, "08'INITIATE'00000008'NTLMSSP'00", "token ntlmssp NTLMSSP in INITIATE libzmq"},
    {"gssapi_negtokenresp",     GSS,   C, "08'INITIATE'00000004 a1{30{}}", "token spnego NegTokenResp in INITIATE libzmq"},
    {"gssapi_mic",              GSS,   C, "08'INITIATE'00000002 0404", "token krb5 MIC in INITIATE libzmq"},
    {"plaintext_ready",         GSS,   C, "05'READY'" SOCKET,      "command READY libzmq metadata=0b536f636b65742d54797065000000064445414c4552"},
    {"plaintext_ready_cut",     GSS,   C, "05'READY'0b",           "command READY libzmq metadata=0b defect=metadata"},
    {"padded_ready_in_the_clear", GSS, C, "'READY   '" SOCKET,     "command READY padded metadata=0b536f636b65742d54797065000000064445414c4552"},
    {"plaintext_ping",          GSS,   C, "04'PING'0000",          "command PING libzmq body=0000"},
    {"plaintext_message",       GSS,   M, "'hello'",               "message data='hello'"},
    {"plaintext_message_that_begins_like_a_command", GSS, M, "07'MESSAGE'", "message data=074d455353414745"},
    {"plaintext_message_with_a_length_that_differs", GSS, MORE, "07'MESSAGE'00000009'x'", "message more data=074d4553534147450000000978"},
    {"plaintext_message_with_a_length_that_fits", GSS, M, "07'MESSAGE'00000001'x'", "message data=074d4553534147450000000178"},
    {"plaintext_message_that_begins_padded", GSS, M, "'MESSAGE x'", "message data='MESSAGE x'"},
    {"sealed_old_token_stays_closed", GSS, M, "07'MESSAGE'00000017 60{06{2a864886f712010202}0201 00*8}", "message data='' closed defect=cfx-header"},
    {"sealed_token_without_header", GSS, M, "07'MESSAGE'00000003 0504ff", "message data='' closed defect=wrap-short"},

    {"other_mechanism_has_its_own_names", OTHER, C, "03'NEW''x'",  "command  libzmq name='NEW' body='x'"},
    {"other_ready_with_metadata", OTHER, C, "05'READY'" IDENTITY,  "command READY libzmq metadata=084964656e7469747900000000"},
    {"other_ready_without",     OTHER, C, "05'READY'ff",           "command READY libzmq body=ff"},
    /* clang-format on */
};

static void clear_case(gconstpointer data)
{
    const struct clear_case *c = data;
    struct zs_place at = {.framing = ZS_FRAMING_3, .mechanism = c->mechanism, .context = context};

    reads_as(&at, talk_frame_of(c->flags, c->body), c->expect);
}

static void old_versions(void)
{
    static const struct {
        uint8_t framing;
        bool identity;
        const char *octets, *expect;
    } cases[] = {
        {ZS_FRAMING_1, true, "01 00", "identity data=''"},
        {ZS_FRAMING_1, true, "04 00'bob'", "identity data='bob'"},
        {ZS_FRAMING_1, false, "04 01'bob'", "message more data='bob'"},
        {ZS_FRAMING_1, false, "ff0000000000000004 00'bob'", "message data='bob'"},
        {ZS_FRAMING_2, true, "00 00", "identity data=''"},
        {ZS_FRAMING_2, false, "00 05'READY'", "message data='READY'"},
        {ZS_FRAMING_2, false, "03 0000000000000001'x'", "message more data='x'"},
    };

    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        struct zs_place at = {.framing = cases[i].framing,
                              .mechanism = ZS_MECHANISM_NONE,
                              .identity = cases[i].identity};
        reads_as(&at, wire_octets(cases[i].octets), cases[i].expect);
    }
}

/* ==== GSSAPI's tokens ==== */

static const struct zs_place *with_context(void)
{
    static struct zs_place at = {.framing = ZS_FRAMING_3, .mechanism = ZS_MECHANISM_GSSAPI};
    at.context = context;
    return &at;
}

static const struct zs_place without_context = {.framing = ZS_FRAMING_3,
                                                .mechanism = ZS_MECHANISM_GSSAPI};

static void context_tokens_are_known_by_their_framing(void)
{
    static const struct {
        uint8_t form;
        const char *name, *expect;
    } cases[] = {
        {ZS_FORM_LIBZMQ, "INITIATE", "token krb5 AP-REQ in INITIATE libzmq"},
        {ZS_FORM_LIBZMQ, "HELLO", "token krb5 AP-REQ in HELLO libzmq"},
        {ZS_FORM_PADDED, "HELLO", "token krb5 AP-REQ in HELLO padded"},
        {ZS_FORM_PADDED, "WELCOME", "token krb5 AP-REQ in WELCOME padded"},
        {ZS_FORM_PADDED, "INITIATE", "token krb5 AP-REQ in INITIATE padded"},
    };

    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++)
        reads_as(&without_context, talk_carry(C, cases[i].form, cases[i].name, talk_ap_req(&talk)),
                 cases[i].expect);
    reads_as(&without_context, talk_carry(C, ZS_FORM_LIBZMQ, "INITIATE", talk_ap_rep(&talk)),
             "token krb5 AP-REP in INITIATE libzmq");
    reads_as(&without_context, talk_carry(C, ZS_FORM_LIBZMQ, "INITIATE", talk_krb_error(&talk)),
             "token krb5 KRB-ERROR in INITIATE libzmq");
    reads_as(&without_context, talk_carry(C, ZS_FORM_LIBZMQ, "INITIATE", talk_hint()),
             "token spnego NegTokenInit-hint in INITIATE libzmq");
    struct zs_place null = {.framing = ZS_FRAMING_3, .mechanism = ZS_MECHANISM_NULL};
    reads_as(&null, talk_carry(C, ZS_FORM_LIBZMQ, "MESSAGE", talk_hint()),
             "command MESSAGE libzmq body=(77 octets, 00..65)");
}

#define SEQ " sequence=1001"

static const struct wrap_case {
    const char *name;
    uint8_t flags, form;
    const char *command, *plain, *opened, *closed;
} wrap_cases[] = {
    /* clang-format off */
    {"ready_has_octet_0_in_a_command_frame", C, ZS_FORM_LIBZMQ, "MESSAGE", "00 05'READY'" IDENTITY,
     "command READY libzmq metadata=084964656e7469747900000000 opened" SEQ " inner=00", "command MESSAGE libzmq closed" SEQ},
    {"ping_has_octet_2_in_a_message_frame", M, ZS_FORM_LIBZMQ, "MESSAGE", "02 04'PING'000a",
     "command PING libzmq body=000a opened" SEQ " inner=02", "message data='' closed" SEQ},
    {"pong", M, ZS_FORM_LIBZMQ, "MESSAGE", "02 04'PONG'",
     "command PONG libzmq opened" SEQ " inner=02", "message data='' closed" SEQ},
    {"sealed_ping_is_judged", M, ZS_FORM_LIBZMQ, "MESSAGE", "02 04'PING'00",
     "command PING libzmq body=00 opened" SEQ " inner=02 defect=command-body", "message data='' closed" SEQ},
    {"sealed_unknown_command", M, ZS_FORM_LIBZMQ, "MESSAGE", "02 03'NEW'",
     "command  libzmq name='NEW' opened" SEQ " inner=02 defect=command-unknown", "message data='' closed" SEQ},
    {"sealed_name_past_its_body", M, ZS_FORM_LIBZMQ, "MESSAGE", "02 09'NEW'",
     "command  libzmq name='' opened" SEQ " inner=02 defect=command-name", "message data='' closed" SEQ},
    {"sealed_ready_is_judged", C, ZS_FORM_LIBZMQ, "MESSAGE", "00 05'READY'08",
     "command READY libzmq metadata=08 opened" SEQ " inner=00 defect=metadata", "command MESSAGE libzmq closed" SEQ},

    {"data_of_every_dialect", M, ZS_FORM_LIBZMQ, "MESSAGE", "00'hello'",
     "message data='hello' opened" SEQ " inner=00", "message data='' closed" SEQ},
    {"more_of_every_dialect", M, ZS_FORM_LIBZMQ, "MESSAGE", "01'hello'",
     "message more data='hello' opened" SEQ " inner=01", "message data='' closed" SEQ},
    {"empty_data", M, ZS_FORM_LIBZMQ, "MESSAGE", "00",
     "message data='' opened" SEQ " inner=00", "message data='' closed" SEQ},
    {"dialect_a_and_b_subscription_is_a_message", M, ZS_FORM_LIBZMQ, "MESSAGE", "00 01'topic'",
     "message data=01746f706963 opened" SEQ " inner=00", "message data='' closed" SEQ},
    {"dialect_c_subscription_is_its_topic", M, ZS_FORM_LIBZMQ, "MESSAGE", "00'topic'",
     "message data='topic' opened" SEQ " inner=00", "message data='' closed" SEQ},
    {"dialect_d_subscribe", M, ZS_FORM_LIBZMQ, "MESSAGE", "04'topic'",
     "command SUBSCRIBE libzmq body='topic' opened" SEQ " inner=04", "message data='' closed" SEQ},
    {"dialect_d_subscribe_to_all", M, ZS_FORM_LIBZMQ, "MESSAGE", "04",
     "command SUBSCRIBE libzmq opened" SEQ " inner=04", "message data='' closed" SEQ},
    {"dialect_d_cancel", M, ZS_FORM_LIBZMQ, "MESSAGE", "08'topic'",
     "command CANCEL libzmq body='topic' opened" SEQ " inner=08", "message data='' closed" SEQ},
    {"unknown_inner_flags", M, ZS_FORM_LIBZMQ, "MESSAGE", "80'hello'",
     "message data='hello' opened" SEQ " inner=80 defect=inner-flags", "message data='' closed" SEQ},
    {"empty_plaintext", M, ZS_FORM_LIBZMQ, "MESSAGE", "",
     "message data='' opened" SEQ " defect=inner-empty", "message data='' closed" SEQ},
    {"command_bit_and_more_outside", C | MORE, ZS_FORM_LIBZMQ, "MESSAGE", "00 04'PONG'",
     "command PONG libzmq opened" SEQ " inner=00 defect=frame-more-command", "command MESSAGE libzmq closed" SEQ " defect=frame-more-command"},

    {"padded_ready", C, ZS_FORM_PADDED, "READY", "02" IDENTITY,
     "command READY padded metadata=084964656e7469747900000000 opened" SEQ " inner=02", "command READY padded closed" SEQ},
    {"padded_ready_without_flags_octet", C, ZS_FORM_PADDED, "READY", IDENTITY,
     "command READY padded metadata=084964656e7469747900000000 opened" SEQ, "command READY padded closed" SEQ},
    {"padded_ready_with_flags_alone", C, ZS_FORM_PADDED, "READY", "02",
     "command READY padded opened" SEQ " inner=02", "command READY padded closed" SEQ},
    {"padded_ready_with_nothing", C, ZS_FORM_PADDED, "READY", "",
     "command READY padded opened" SEQ, "command READY padded closed" SEQ},
    {"padded_ready_with_unknown_flags", C, ZS_FORM_PADDED, "READY", "42" IDENTITY,
     "command READY padded metadata=084964656e7469747900000000 opened" SEQ " inner=42 defect=inner-flags", "command READY padded closed" SEQ},
    {"padded_ready_cut", C, ZS_FORM_PADDED, "READY", "02 08'Iden'",
     "command READY padded metadata=084964656e opened" SEQ " inner=02 defect=metadata", "command READY padded closed" SEQ},
    {"padded_ready_cut_without_flags_octet", C, ZS_FORM_PADDED, "READY", "11'Iden'",
     "command READY padded metadata=114964656e opened" SEQ " defect=metadata", "command READY padded closed" SEQ},
    {"libzmq_ready_with_a_token", C, ZS_FORM_LIBZMQ, "READY", "02" IDENTITY,
     "command READY libzmq metadata=084964656e7469747900000000 opened" SEQ " inner=02", "command READY libzmq closed" SEQ},
    {"padded_message", M, ZS_FORM_PADDED, "MESSAGE", "01'hello'",
     "message more data='hello' opened" SEQ " inner=01", "message data='' closed" SEQ},
    {"padded_message_in_a_command_frame", C, ZS_FORM_PADDED, "MESSAGE", "00'hello'",
     "message data='hello' opened" SEQ " inner=00", "message data='' closed" SEQ},
    {"padded_ping_in_a_command_frame", C, ZS_FORM_PADDED, "MESSAGE", "02 04'PING'0000",
     "command PING libzmq body=0000 opened" SEQ " inner=02", "message data='' closed" SEQ},
    /* clang-format on */
};

static GByteArray *wrapped_frame(const struct wrap_case *c)
{
    return talk_carry(c->flags, c->form, c->command, talk_wrap(&talk, false, 1001, c->plain));
}

static void wrap_case(gconstpointer data)
{
    const struct wrap_case *c = data;

    reads_as(with_context(), wrapped_frame(c), c->opened);
    reads_as(&without_context, wrapped_frame(c), c->closed);
}

static void altered_token_is_never_shown(void)
{
    GByteArray *frame = wrapped_frame(&wrap_cases[0]);
    size_t token = 2 + 8 + 4;

    for (size_t i = token + ZS_CFX_HEADER; i < frame->len; i++) {
        frame->data[i] ^= 0x10;
        char *line = read_line(with_context(), span_of(frame));
        g_assert_cmpstr(line, ==, "command MESSAGE libzmq closed" SEQ " defect=wrap-checksum");
        g_free(line);
        frame->data[i] ^= 0x10;
    }
    g_byte_array_unref(frame);
}

/* Cut, and with every octet altered, a frame still has a reading, and nothing is read beyond it. */
static void every_cut_and_every_octet_is_survived(void)
{
    for (size_t i = 0; i < G_N_ELEMENTS(wrap_cases); i++) {
        GByteArray *frame = wrapped_frame(&wrap_cases[i]);
        g_assert_cmpuint(frame->data[1], ==, frame->len - 2);
        for (guint at = 2; at < frame->len; at++) {
            frame->data[at] ^= 0xff;
            g_free(read_line(with_context(), span_of(frame)));
            frame->data[at] ^= 0xff;
        }
        while (frame->len > 2) {
            g_byte_array_set_size(frame, frame->len - 1);
            frame->data[1]--;
            g_free(read_line(with_context(), span_of(frame)));
        }
        g_byte_array_unref(frame);
    }
}

static void room_is_asked_for_only_where_something_opens(void)
{
    struct zs_frame f = {.body = zs_span("x", 1)};
    struct zs_place null = {.framing = ZS_FRAMING_3, .mechanism = ZS_MECHANISM_NULL};

    g_assert_cmpuint(zs_reading_room(with_context(), &f), >, 0);
    g_assert_cmpuint(zs_reading_room(&without_context, &f), ==, 0);
    null.context = context;
    g_assert_cmpuint(zs_reading_room(&null, &f), ==, 0);
}

static void opened_elsewhere_reads_the_same(void)
{
    for (size_t i = 0; i < G_N_ELEMENTS(wrap_cases); i++) {
        GByteArray *frame = wrapped_frame(&wrap_cases[i]),
                   *plain = wire_octets(wrap_cases[i].plain);
        GString *line = g_string_new(NULL);
        struct zs_reading r;
        struct zs_frame f;

        g_assert_cmpint(zs_frame_parse(ZS_FRAMING_3, span_of(frame), frame->len, &f), ==, ZS_OK);
        zs_reading_make(&without_context, &f, NULL, 0, &r);
        zs_reading_opened(&r, &without_context, span_of(plain));
        show(line, &r);
        g_assert_cmpstr(line->str, ==, wrap_cases[i].opened);
        g_string_free(line, TRUE);
        g_byte_array_unref(plain);
        g_byte_array_unref(frame);
    }
}

static void mechanisms_are_named(void)
{
    g_assert_cmpint(zs_mechanism_of("NULL"), ==, ZS_MECHANISM_NULL);
    g_assert_cmpint(zs_mechanism_of("PLAIN"), ==, ZS_MECHANISM_PLAIN);
    g_assert_cmpint(zs_mechanism_of("CURVE"), ==, ZS_MECHANISM_CURVE);
    g_assert_cmpint(zs_mechanism_of("GSSAPI"), ==, ZS_MECHANISM_GSSAPI);
    g_assert_cmpint(zs_mechanism_of("GSSAPI2"), ==, ZS_MECHANISM_OTHER);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_set_nonfatal_assertions();
    zs_krb_init();
    talk_init(&talk);
    context = forge_observe(&talk.forge);
    for (size_t i = 0; i < G_N_ELEMENTS(clear_cases); i++) {
        char *path = g_strconcat("/reading/", clear_cases[i].name, NULL);
        g_test_add_data_func(path, &clear_cases[i], clear_case);
        g_free(path);
    }
    for (size_t i = 0; i < G_N_ELEMENTS(wrap_cases); i++) {
        char *path = g_strconcat("/reading/wrapped/", wrap_cases[i].name, NULL);
        g_test_add_data_func(path, &wrap_cases[i], wrap_case);
        g_free(path);
    }
#define FACT(f) g_test_add_func("/reading/" #f, f)
    FACT(old_versions);
    FACT(context_tokens_are_known_by_their_framing);
    FACT(altered_token_is_never_shown);
    FACT(every_cut_and_every_octet_is_survived);
    FACT(room_is_asked_for_only_where_something_opens);
    FACT(opened_elsewhere_reads_the_same);
    FACT(mechanisms_are_named);
#undef FACT
    int status = g_test_run();
    zs_context_free(context);
    talk_clear(&talk);
    return status;
}
