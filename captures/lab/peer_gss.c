/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A ZMTP peer with the GSSAPI mechanism that does what libzmq never does: SPNEGO, no mutual authentication, integrity
 * without sealing, delegation, DCE style, channel bindings. One program for both roles, one source for MIT krb5 and
 * for Heimdal. It is a PAIR socket of ZMTP 3.1 in libzmq's framing (docs/protocol.md, 3), and can talk to libzmq.
 *
 *     peer_gss --log FILE (--bind | --connect) PORT [OPTION...] STEP...
 *
 * With --service NAME it initiates, else it accepts. A STEP is "send=TEXT", "recv", or "left": the other side closes.
 * The log is like that of peer.py, one JSON object a line; beyond what stands there:
 *
 *     {"event": "command", "name": "INITIATE"}           a command of the handshake that was sent; "" is the empty one
 *     {"event": "context", "flags": N, "enctype": N}     as gss_inquire_context() has them; the key in use
 *
 * Limits: one connection, on 127.0.0.1; frames of at most 1 MiB; whatever goes wrong ends it. */
#include <arpa/inet.h>
#include <errno.h>
#include <glib.h>
#include <gssapi/gssapi.h>
#include <gssapi/gssapi_krb5.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#ifndef GSS_C_INQ_SSPI_SESSION_KEY /* Heimdal's gssapi.h has it, and has no gssapi_ext.h */
#include <gssapi/gssapi_ext.h>
#define HAS_NEG_MECHS
#endif

enum { GREETING = 64, PATIENCE_S = 10, FRAME_LIMIT = 1 << 20 };
enum { FLAG_LONG = 0x02, FLAG_COMMAND = 0x04 };

static struct {
    char *log, *service, *mech, *bindings;
    int bind, connect;
    gboolean no_mutual, integrity_only, delegate, dce, sequence, second_choice;
    char **steps;
} option;

static FILE *events;
static int fd = -1;
static gss_ctx_id_t context = GSS_C_NO_CONTEXT;

static gss_OID_desc krb5 = {9, (void *)"\x2a\x86\x48\x86\xf7\x12\x01\x02\x02"};
/* GSS_C_INQ_SSPI_SESSION_KEY: Heimdal's header has the name, its library does not export it. */
static gss_OID_desc session_key = {11, (void *)"\x2a\x86\x48\x86\xf7\x12\x01\x02\x02\x05\x05"};
static gss_OID_desc spnego = {6, (void *)"\x2b\x06\x01\x05\x05\x02"};
#ifdef HAS_NEG_MECHS
static gss_OID_desc ntlmssp = {10, (void *)"\x2b\x06\x01\x04\x01\x82\x37\x02\x02\x0a"};
#endif

/* ==== what was done, and what went wrong ==== */

static void tell(const char *format, ...) G_GNUC_PRINTF(1, 2);
static void tell(const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    vfprintf(events, format, arguments);
    va_end(arguments);
    fputc('\n', events);
    fflush(events);
}

static void tell_message(const char *event, const uint8_t *octets, size_t n)
{
    char *text = g_base64_encode(octets, n);

    tell("{\"event\": \"%s\", \"frames\": [\"%s\"]}", event, text);
    g_free(text);
}

static _Noreturn void give_up(const char *what)
{
    perror(what);
    exit(1);
}

static void print_status(OM_uint32 code, int type)
{
    OM_uint32 minor, more = 0;
    gss_buffer_desc text;

    do {
        if (GSS_ERROR(gss_display_status(&minor, code, type, &krb5, &more, &text)))
            return;
        fprintf(stderr, "    %.*s\n", (int)text.length, (const char *)text.value);
        gss_release_buffer(&minor, &text);
    } while (more);
}

static void must(OM_uint32 major, OM_uint32 minor, const char *call)
{
    if (!GSS_ERROR(major))
        return;
    fprintf(stderr, "%s:\n", call);
    print_status(major, GSS_C_GSS_CODE);
    print_status(minor, GSS_C_MECH_CODE);
    exit(1);
}

/* ==== octets and frames ==== */

#define CLOSED "the other side closed"

/* With octets of ours unread it says so by a reset. */
static bool was_closed(void)
{
    return errno == ECONNRESET || errno == EPIPE;
}

static void write_all(const void *octets, size_t n)
{
    const uint8_t *p = octets;

    while (n) {
        ssize_t done = send(fd, p, n, MSG_NOSIGNAL);
        if (done <= 0)
            give_up(was_closed() ? CLOSED : "write");
        p += done;
        n -= (size_t)done;
    }
}

static void read_all(void *octets, size_t n)
{
    uint8_t *p = octets;

    while (n) {
        ssize_t done = read(fd, p, n);
        if (done <= 0)
            give_up(done == 0 || was_closed() ? CLOSED : "read");
        p += done;
        n -= (size_t)done;
    }
}

static void append_be32(GByteArray *a, size_t n)
{
    uint32_t be = GUINT32_TO_BE((uint32_t)n);
    g_byte_array_append(a, (const uint8_t *)&be, sizeof be);
}

/* Takes body. */
static void send_frame(uint8_t flags, GByteArray *body)
{
    GByteArray *frame = g_byte_array_new();

    if (body->len > UINT8_MAX) {
        flags |= FLAG_LONG;
        g_byte_array_append(frame, &flags, 1);
        append_be32(frame, 0);
        append_be32(frame, body->len);
    } else {
        uint8_t size = (uint8_t)body->len;
        g_byte_array_append(frame, &flags, 1);
        g_byte_array_append(frame, &size, 1);
    }
    g_byte_array_append(frame, body->data, body->len);
    write_all(frame->data, frame->len);
    g_byte_array_unref(frame);
    g_byte_array_unref(body);
}

static GByteArray *recv_frame(uint8_t *flags)
{
    uint8_t size[8] = {0};

    read_all(flags, 1);
    if (*flags & FLAG_LONG)
        read_all(size, 8);
    else
        read_all(size + 7, 1);
    uint64_t n;
    memcpy(&n, size, sizeof n);
    n = GUINT64_FROM_BE(n);
    if (n > FRAME_LIMIT)
        give_up("a frame over the limit");
    GByteArray *body = g_byte_array_sized_new((guint)n);
    g_byte_array_set_size(body, (guint)n);
    read_all(body->data, n);
    return body;
}

/* NAME, the token's length, the token. */
static GByteArray *token_command(const char *name, const gss_buffer_desc *token)
{
    GByteArray *body = g_byte_array_new();
    uint8_t n = (uint8_t)strlen(name);

    g_byte_array_append(body, &n, 1);
    g_byte_array_append(body, (const uint8_t *)name, n);
    append_be32(body, token->length);
    g_byte_array_append(body, token->value, (guint)token->length);
    return body;
}

/* The token of a command called name; the command's octets stay the owner. */
static gss_buffer_desc token_of(const GByteArray *body, const char *name)
{
    size_t header = 1 + strlen(name) + 4;

    if (body->len < header || body->data[0] != strlen(name) ||
        memcmp(body->data + 1, name, strlen(name)) != 0)
        give_up("a command of another name");
    return (gss_buffer_desc){.length = body->len - header, .value = body->data + header};
}

/* ==== the context ==== */

static void greet(void)
{
    uint8_t ours[GREETING] = {0xff}, theirs[GREETING];

    ours[9] = 0x7f;
    ours[10] = 3;
    ours[11] = 1;
    memcpy(ours + 12, "GSSAPI", 6);
    write_all(ours, sizeof ours);
    read_all(theirs, sizeof theirs);
    if (memcmp(ours + 12, theirs + 12, 20) != 0)
        give_up("the other side's mechanism");
}

/* An empty token is the empty command. */
static void send_token(gss_buffer_t token)
{
    OM_uint32 minor;
    bool empty = token->length == 0;

    send_frame(FLAG_COMMAND, empty ? g_byte_array_new() : token_command("INITIATE", token));
    tell("{\"event\": \"command\", \"name\": \"%s\"}", empty ? "" : "INITIATE");
    gss_release_buffer(&minor, token);
}

/* The next token, in *owner; empty for the empty command. */
static gss_buffer_desc recv_token(GByteArray **owner)
{
    uint8_t flags;

    *owner = recv_frame(&flags);
    if ((*owner)->len == 0)
        return (gss_buffer_desc)GSS_C_EMPTY_BUFFER;
    return token_of(*owner, "INITIATE");
}

static OM_uint32 wanted_flags(void)
{
    return GSS_C_REPLAY_FLAG | GSS_C_CONF_FLAG | GSS_C_INTEG_FLAG |
           (option.no_mutual ? 0 : GSS_C_MUTUAL_FLAG) |
           (option.sequence ? GSS_C_SEQUENCE_FLAG : 0) | (option.delegate ? GSS_C_DELEG_FLAG : 0) |
           (option.dce ? GSS_C_DCE_STYLE : 0);
}

static gss_channel_bindings_t bindings(void)
{
    static struct gss_channel_bindings_struct made;

    if (!option.bindings)
        return GSS_C_NO_CHANNEL_BINDINGS;
    made.application_data.value = option.bindings;
    made.application_data.length = strlen(option.bindings);
    return &made;
}

/* With --second-choice what SPNEGO is to offer or to take: NTLM and then Kerberos, or Kerberos alone. The acceptor
 * chooses then, and both sides sign the offer (RFC 4178, 5). */
static gss_cred_id_t credential(bool initiator)
{
    gss_cred_id_t made = GSS_C_NO_CREDENTIAL;

    if (!option.second_choice)
        return made;
#ifdef HAS_NEG_MECHS
    gss_OID_desc offer[] = {ntlmssp, krb5};
    gss_OID_set_desc negotiated = {1, &spnego}, offered = {2, offer}, taken = {1, &krb5};
    OM_uint32 major, minor;

    major = gss_acquire_cred(&minor, GSS_C_NO_NAME, GSS_C_INDEFINITE, &negotiated,
                             initiator ? GSS_C_INITIATE : GSS_C_ACCEPT, &made, NULL, NULL);
    must(major, minor, "gss_acquire_cred");
    major = gss_set_neg_mechs(&minor, made, initiator ? &offered : &taken);
    must(major, minor, "gss_set_neg_mechs");
#else
    (void)initiator;
    fputs("peer_gss: --second-choice: Heimdal has no gss_set_neg_mechs()\n", stderr);
    exit(2);
#endif
    return made;
}

/* A mechanism that is not Kerberos has no principals: for it, "zmq/host@REALM" is "zmq@host". */
static gss_name_t service_name(void)
{
    gss_OID type = option.second_choice ? GSS_C_NT_HOSTBASED_SERVICE : GSS_KRB5_NT_PRINCIPAL_NAME;
    char *name = g_strdup(option.service);
    gss_name_t service;
    OM_uint32 major, minor;

    if (option.second_choice) {
        name[strcspn(name, "@")] = '\0';
        g_strdelimit(name, "/", '@');
    }
    gss_buffer_desc text = {.length = strlen(name), .value = name};
    major = gss_import_name(&minor, &text, type, &service);
    must(major, minor, "gss_import_name");
    g_free(name);
    return service;
}

/* Tokens go to and fro, each answered by one or by the empty command; the initiator's empty command is the last. */
static void initiate(void)
{
    gss_OID mech = g_strcmp0(option.mech, "spnego") == 0 ? &spnego : &krb5;
    gss_buffer_desc in = GSS_C_EMPTY_BUFFER, out;
    gss_cred_id_t own = credential(true);
    gss_name_t service = service_name();
    GByteArray *owner = NULL;
    OM_uint32 major, minor;

    do {
        out = (gss_buffer_desc)GSS_C_EMPTY_BUFFER;
        major = gss_init_sec_context(&minor, own, &context, service, mech, wanted_flags(), 0,
                                     bindings(), &in, NULL, &out, NULL, NULL);
        must(major, minor, "gss_init_sec_context");
        if (owner)
            g_byte_array_unref(owner);
        owner = NULL;
        bool said = out.length > 0;
        send_token(&out);
        if (!said)
            break;
        in = recv_token(&owner);
    } while (major == GSS_S_CONTINUE_NEEDED || in.length > 0);
    if (owner) {
        g_byte_array_unref(owner);
        send_token(&in);
    }
    gss_release_name(&minor, &service);
    gss_release_cred(&minor, &own);
}

static void accept_context(void)
{
    gss_cred_id_t own = credential(false);
    OM_uint32 major, minor;

    do {
        GByteArray *owner;
        gss_buffer_desc in = recv_token(&owner), out = GSS_C_EMPTY_BUFFER;
        major = gss_accept_sec_context(&minor, &context, own, &in, bindings(), NULL, NULL, &out,
                                       NULL, NULL, NULL);
        must(major, minor, "gss_accept_sec_context");
        g_byte_array_unref(owner);
        send_token(&out);
    } while (major == GSS_S_CONTINUE_NEEDED);
    gss_release_cred(&minor, &own);

    uint8_t flags;
    g_byte_array_unref(recv_frame(&flags)); /* the empty command; as libzmq, nothing is looked at */
}

/* The enctype of the key that messages are sealed with: the last arc of an OID that comes beside it. */
static int enctype_in_use(void)
{
    gss_buffer_set_t set = GSS_C_NO_BUFFER_SET;
    OM_uint32 minor;
    int enctype = 0;

    if (!GSS_ERROR(gss_inquire_sec_context_by_oid(&minor, context, &session_key, &set)) &&
        set->count > 1 && set->elements[1].length > 0)
        enctype = ((const uint8_t *)set->elements[1].value)[set->elements[1].length - 1];
    gss_release_buffer_set(&minor, &set);
    return enctype;
}

static void tell_context(void)
{
    OM_uint32 major, minor, flags;

    major = gss_inquire_context(&minor, context, NULL, NULL, NULL, NULL, &flags, NULL, NULL);
    must(major, minor, "gss_inquire_context");
    tell("{\"event\": \"context\", \"flags\": %u, \"enctype\": %d}", (unsigned)flags,
         enctype_in_use());
}

/* ==== messages ==== */

static void send_wrapped(uint8_t frame_flags, const void *octets, size_t n)
{
    gss_buffer_desc plain = {.length = n, .value = (void *)octets}, token;
    OM_uint32 major, minor;

    major =
        gss_wrap(&minor, context, !option.integrity_only, GSS_C_QOP_DEFAULT, &plain, NULL, &token);
    must(major, minor, "gss_wrap");
    send_frame(frame_flags, token_command("MESSAGE", &token));
    gss_release_buffer(&minor, &token);
}

static GByteArray *recv_wrapped(void)
{
    uint8_t flags;
    gss_buffer_desc plain;
    OM_uint32 major, minor;
    GByteArray *body = recv_frame(&flags), *octets = g_byte_array_new();

    gss_buffer_desc token = token_of(body, "MESSAGE");
    major = gss_unwrap(&minor, context, &token, &plain, NULL, NULL);
    must(major, minor, "gss_unwrap");
    g_byte_array_append(octets, plain.value, (guint)plain.length);
    gss_release_buffer(&minor, &plain);
    g_byte_array_unref(body);
    return octets;
}

static void send_ready(void)
{
    static const char ready[] = "\0\5READY\13Socket-Type\0\0\0\4PAIR";
    send_wrapped(FLAG_COMMAND, ready, sizeof ready - 1);
}

static void recv_ready(void)
{
    GByteArray *octets = recv_wrapped();

    if (octets->len < 7 || memcmp(octets->data, "\0\5READY", 7) != 0)
        give_up("no READY");
    g_byte_array_unref(octets);
}

/* The flags octet before the data is 0: the last frame of its message. */
static void send_message(const char *text)
{
    GByteArray *octets = g_byte_array_new();

    g_byte_array_append(octets, (const uint8_t *)"", 1);
    g_byte_array_append(octets, (const uint8_t *)text, (guint)strlen(text));
    send_wrapped(0, octets->data, octets->len);
    tell_message("sent", octets->data + 1, octets->len - 1);
    g_byte_array_unref(octets);
}

static void recv_message(void)
{
    GByteArray *octets = recv_wrapped();

    if (octets->len == 0 || octets->data[0] != 0)
        give_up("not the last frame of a message");
    tell_message("received", octets->data + 1, octets->len - 1);
    g_byte_array_unref(octets);
}

static void take_step(const char *step)
{
    uint8_t octet;

    if (g_str_has_prefix(step, "send="))
        send_message(step + strlen("send="));
    else if (g_strcmp0(step, "recv") == 0)
        recv_message();
    else if (g_strcmp0(step, "left") != 0 || read(fd, &octet, 1) != 0)
        give_up(step);
}

/* ==== the connection ==== */

static void open_connection(void)
{
    struct sockaddr_in at = {.sin_family = AF_INET,
                             .sin_port =
                                 htons((uint16_t)(option.bind ? option.bind : option.connect)),
                             .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    struct timeval patience = {.tv_sec = PATIENCE_S};
    int one = 1, s = socket(AF_INET, SOCK_STREAM, 0);

    if (s < 0 || setsockopt(s, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one))
        give_up("socket");
    if (option.bind) {
        if (bind(s, (struct sockaddr *)&at, sizeof at) || listen(s, 1))
            give_up("bind");
        tell("{\"event\": \"bound\"}");
        fd = accept(s, NULL, NULL);
        close(s);
    } else {
        if (connect(s, (struct sockaddr *)&at, sizeof at))
            give_up("connect");
        fd = s;
    }
    if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience) ||
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one))
        give_up("accept");
}

static void parse_options(int argc, char **argv)
{
    /* clang-format off */
    const GOptionEntry entries[] = {
        {"log", 0, 0, G_OPTION_ARG_FILENAME, &option.log, "what was done", "FILE"},
        {"bind", 0, 0, G_OPTION_ARG_INT, &option.bind, NULL, "PORT"},
        {"connect", 0, 0, G_OPTION_ARG_INT, &option.connect, NULL, "PORT"},
        {"service", 0, 0, G_OPTION_ARG_STRING, &option.service, "initiate, to this principal", "NAME"},
        {"mech", 0, 0, G_OPTION_ARG_STRING, &option.mech, "krb5 (default) or spnego", "MECH"},
        {"no-mutual", 0, 0, G_OPTION_ARG_NONE, &option.no_mutual, "ask for no AP-REP", NULL},
        {"integrity-only", 0, 0, G_OPTION_ARG_NONE, &option.integrity_only, "sign, seal nothing", NULL},
        {"delegate", 0, 0, G_OPTION_ARG_NONE, &option.delegate, "forward the ticket-granting ticket", NULL},
        {"dce", 0, 0, G_OPTION_ARG_NONE, &option.dce, "three legs, tokens without framing", NULL},
        {"second-choice", 0, 0, G_OPTION_ARG_NONE, &option.second_choice, "SPNEGO: offer NTLM before Kerberos, take Kerberos alone", NULL},
        {"sequence", 0, 0, G_OPTION_ARG_NONE, &option.sequence, "ask for sequence checking", NULL},
        {"channel-bindings", 0, 0, G_OPTION_ARG_STRING, &option.bindings, "application data of them", "TEXT"},
        {G_OPTION_REMAINING, 0, 0, G_OPTION_ARG_STRING_ARRAY, &option.steps, NULL, "STEP..."},
        {0},
    };
    /* clang-format on */
    GOptionContext *o = g_option_context_new(NULL);

    g_option_context_add_main_entries(o, entries, NULL);
    if (!g_option_context_parse(o, &argc, &argv, NULL) || !option.log || !option.steps ||
        !option.bind == !option.connect) {
        fputs("peer_gss: --log FILE (--bind | --connect) PORT [OPTION...] STEP...\n", stderr);
        exit(2);
    }
    g_option_context_free(o);
}

int main(int argc, char **argv)
{
    parse_options(argc, argv);
    events = fopen(option.log, "w");
    if (!events)
        give_up(option.log);
    open_connection();
    greet();
    if (option.service) {
        initiate();
        recv_ready();
        send_ready();
    } else {
        accept_context();
        send_ready();
        recv_ready();
    }
    tell("{\"event\": \"monitor\", \"name\": \"HANDSHAKE_SUCCEEDED\"}");
    tell_context();
    for (char **step = option.steps; *step; step++)
        take_step(*step);
    close(fd);
    tell("{\"event\": \"done\"}");
    fclose(events);
    return 0;
}
