/* SPDX-License-Identifier: GPL-2.0-or-later */
/* synth STORY COUNT SIZE CAPTURE [KEYTAB]: writes a capture of any size in seconds, without a KDC: handshakes forged
 * under fixed keys, messages sealed (aes256-cts-hmac-sha1-96) as an initiator seals them.
 *
 *   messages     COUNT messages of SIZE octets on one connection, each in one segment
 *   acknowledged the same, and the receiver acknowledges every second one, as TCP does (RFC 5681, 4.2)
 *   connections  COUNT connections, one behind the other, of one request and one reply of SIZE octets each
 *   dialogs      the same, of five messages, by turns
 *   other        COUNT packets, nine in ten of which are other TCP connections'; the rest as messages
 *   flood        COUNT SYNs of as many hosts, a tenth as many half greetings, a hundredth as many frames that announce
 *                2^63 octets; amid them 100 connections as in connections, each from the beginning to the end
 *
 * KEYTAB gets the service's key. Segments are those of a host whose adapter cuts them: up to 64 KiB. */
#include "core/krb/seal.h"
#include "tests/core/conn/talk.h"

#include <stdio.h>
#include <string.h>

enum { AES256 = 18, USAGE_ACCEPTOR = 22, USAGE_INITIATOR = 24 };
enum { FIN = 1, SYN = 2, ACK = 16, HEADERS = 14 + 20 + 20, OCTETS_MAX = 65535 - 40 };

/* One side's place in its stream. */
struct end {
    uint32_t address, next;
    uint16_t port;
};

struct synth {
    FILE *out;
    uint64_t packets;
    struct talk talk;
    struct zs_seal *seals[2]; /* of the initiator, of the acceptor */
    GByteArray *frame;
};

static void put32(FILE *out, uint32_t n)
{
    fwrite(&n, sizeof n, 1, out);
}

static void begin_file(FILE *out)
{
    put32(out, 0xa1b23c4d); /* this host's order, nanoseconds */
    put32(out, 2 | 4 << 16);
    put32(out, 0);
    put32(out, 0);
    put32(out, 262144);
    put32(out, 1);
}

static void be(uint8_t *to, uint64_t n, unsigned size)
{
    for (unsigned i = 0; i < size; i++)
        to[i] = (uint8_t)(n >> 8 * (size - 1 - i));
}

/* One segment; checksums are left to an adapter that there is not. A microsecond after the one before. */
static void send(struct synth *s, struct end *from, const struct end *to, uint8_t flags,
                 const void *octets, size_t n)
{
    uint8_t h[HEADERS] = {[12] = 8, [14] = 0x45, [20] = 0x40, [22] = 64, [23] = 6, [46] = 0x50};
    uint64_t ns = (uint64_t)FORGE_NOW * 1000000000 + ++s->packets * 1000;

    be(h + 16, 40 + n, 2);
    be(h + 26, from->address, 4);
    be(h + 30, to->address, 4);
    be(h + 34, from->port, 2);
    be(h + 36, to->port, 2);
    be(h + 38, from->next, 4);
    be(h + 42, flags & ACK ? to->next : 0, 4);
    h[47] = flags;
    be(h + 48, 512, 2);
    put32(s->out, (uint32_t)(ns / 1000000000));
    put32(s->out, (uint32_t)(ns % 1000000000));
    put32(s->out, (uint32_t)(sizeof h + n));
    put32(s->out, (uint32_t)(sizeof h + n));
    fwrite(h, sizeof h, 1, s->out);
    if (n) /* none are nowhere: fwrite() wants a place */
        fwrite(octets, 1, n, s->out);
    from->next += (uint32_t)n + (flags & (SYN | FIN) ? 1 : 0);
}

static void send_array(struct synth *s, struct end *from, const struct end *to, GByteArray *a)
{
    send(s, from, to, ACK, a->data, a->len);
    g_byte_array_unref(a);
}

/* A message of n octets as libzmq frames it: a frame of MESSAGE, a length, a token of RFC 4121. plain gets a flags octet in
 * front: 0 for a message, and kind 4 with READY's text for the end of the handshake. */
static void send_sealed(struct synth *s, struct end *from, const struct end *to, bool acceptor,
                        uint8_t kind, uint64_t sequence, const void *text, size_t n)
{
    enum { CFX = 16, CONFOUNDER = 16, TAG = 12, NAME = 8 };
    size_t sealed = CONFOUNDER + 1 + n + CFX, token = CFX + sealed + TAG, body = NAME + 4 + token;
    size_t head = body > 255 ? 9 : 2;
    uint8_t flags = ZS_CFX_SEALED | ZS_CFX_ACCEPTOR_SUBKEY;

    g_byte_array_set_size(s->frame, (guint)(head + body));
    uint8_t *p = s->frame->data;
    memset(p, 0, head + NAME + 4 + CFX + CONFOUNDER + 1);
    p[0] = (uint8_t)(kind | (head == 9 ? ZS_FRAME_LONG : 0));
    be(p + 1, body, (unsigned)head - 1);
    p += head;
    memcpy(p, "\x07MESSAGE", NAME);
    be(p + NAME, token, 4);
    p += NAME + 4;
    p[0] = 5;
    p[1] = 4;
    p[2] = acceptor ? flags | ZS_CFX_SENT_BY_ACCEPTOR : flags;
    p[3] = 0xff;
    be(p + 8, sequence, 8);
    be(p + CFX, sequence, 8); /* a confounder */
    memcpy(p + CFX + CONFOUNDER + 1, text, n);
    memcpy(p + CFX + CONFOUNDER + 1 + n, p, CFX);
    if (!zs_seal_close(s->seals[acceptor], p + CFX, sealed))
        g_error("sealing failed");
    for (size_t at = 0; at < s->frame->len; at += OCTETS_MAX)
        send(s, from, to, ACK, s->frame->data + at, MIN(OCTETS_MAX, s->frame->len - at));
}

static void shake_tcp(struct synth *s, struct end *client, struct end *server)
{
    send(s, client, server, SYN, NULL, 0);
    send(s, server, client, SYN | ACK, NULL, 0);
    send(s, client, server, ACK, NULL, 0);
}

/* From the SYN to both READYs. Each connection has an authenticator of its own. */
static void establish(struct synth *s, struct end *client, struct end *server)
{
    static const char ready[] = "\x05READY\x0bSocket-Type\x00\x00\x00\x04PAIR";
    struct forge *f = &s->talk.forge;

    f->cusec = (f->cusec + 1) % 1000000;
    shake_tcp(s, client, server);
    send_array(s, client, server, talk_greeting(1, "GSSAPI", false));
    send_array(s, server, client, talk_greeting(1, "GSSAPI", false));
    send_array(s, client, server, talk_carry(4, ZS_FORM_LIBZMQ, "INITIATE", talk_ap_req(&s->talk)));
    send_array(s, server, client, talk_carry(4, ZS_FORM_LIBZMQ, "INITIATE", talk_ap_rep(&s->talk)));
    send(s, client, server, ACK, "\x04\x00", 2);
    send_sealed(s, server, client, true, 4, (uint64_t)f->acceptor_sequence, ready,
                sizeof ready - 1);
    send_sealed(s, client, server, false, 4, (uint64_t)f->initiator_sequence, ready,
                sizeof ready - 1);
}

static void finish(struct synth *s, struct end *client, struct end *server)
{
    send(s, client, server, FIN | ACK, NULL, 0);
    send(s, server, client, FIN | ACK, NULL, 0);
    send(s, client, server, ACK, NULL, 0);
}

static struct end end_of(uint32_t address, uint16_t port)
{
    return (struct end){.address = address, .port = port, .next = address * 2654435761u + port};
}

static struct end client_of(uint64_t i)
{
    return end_of(0x0a000000u + (uint32_t)(i / 50000), (uint16_t)(10000 + i % 50000));
}

/* acknowledged: 0, or every how many messages the server says that it has them. */
static void tell_stream(struct synth *s, uint64_t count, size_t size, unsigned acknowledged)
{
    struct end client = client_of(0), server = end_of(0x0aff0001, 5555);
    char *text = g_malloc(size);

    memset(text, 'm', size);
    establish(s, &client, &server);
    for (uint64_t i = 1; i <= count; i++) {
        send_sealed(s, &client, &server, false, 0, (uint64_t)s->talk.forge.initiator_sequence + i,
                    text, size);
        if (acknowledged && i % acknowledged == 0)
            send(s, &server, &client, ACK, NULL, 0);
    }
    finish(s, &client, &server);
    g_free(text);
}

static void tell_messages(struct synth *s, uint64_t count, size_t size)
{
    tell_stream(s, count, size, 0);
}

static void tell_acknowledged(struct synth *s, uint64_t count, size_t size)
{
    tell_stream(s, count, size, 2);
}

/* Messages by turns, the client's first. */
static void tell_connection(struct synth *s, uint64_t i, unsigned messages, const char *text,
                            size_t size)
{
    const struct forge *f = &s->talk.forge;
    struct end client = client_of(i), server = end_of(0x0aff0001, 5555);
    uint64_t sent = (uint64_t)f->initiator_sequence, answered = (uint64_t)f->acceptor_sequence;

    establish(s, &client, &server);
    for (unsigned k = 0; k < messages; k++)
        if (k % 2 == 0)
            send_sealed(s, &client, &server, false, 0, ++sent, text, size);
        else
            send_sealed(s, &server, &client, true, 0, ++answered, text, size);
    finish(s, &client, &server);
}

static void tell_each(struct synth *s, uint64_t count, unsigned messages, size_t size)
{
    char *text = g_malloc(size);

    memset(text, 'm', size);
    for (uint64_t i = 0; i < count; i++)
        tell_connection(s, i, messages, text, size);
    g_free(text);
}

static void tell_connections(struct synth *s, uint64_t count, size_t size)
{
    tell_each(s, count, 2, size);
}

static void tell_dialogs(struct synth *s, uint64_t count, size_t size)
{
    tell_each(s, count, 5, size);
}

static void tell_other(struct synth *s, uint64_t count, size_t size)
{
    enum { OTHERS = 90 };
    struct end clients[OTHERS], servers[OTHERS];
    struct end client = client_of(0), server = end_of(0x0aff0001, 5555);
    char *text = g_malloc(size);

    memset(text, 'm', size);
    for (unsigned i = 0; i < OTHERS; i++) {
        clients[i] = client_of(i + 1);
        servers[i] = end_of(0x0aff0002, 80);
        shake_tcp(s, &clients[i], &servers[i]);
        send(s, &clients[i], &servers[i], ACK, "GET / HTTP/1.1\r\n\r\n", 18);
    }
    establish(s, &client, &server);
    for (uint64_t i = 1; i <= count / 10; i++) {
        send_sealed(s, &client, &server, false, 0, (uint64_t)s->talk.forge.initiator_sequence + i,
                    text, size);
        for (unsigned k = 0; k < 9; k++) {
            unsigned which = (unsigned)(i * 9 + k) % OTHERS;
            send(s, &servers[which], &clients[which], ACK, text, size);
        }
    }
    finish(s, &client, &server);
    g_free(text);
}

/* One of the connections that must come through, spread over the flood. */
struct survivor {
    struct end client, server;
};

static void tell_flood(struct synth *s, uint64_t count, size_t size)
{
    enum { SURVIVORS = 100 };
    static const uint8_t huge[] = {2, 0x80, 0, 0, 0, 0, 0, 0, 0};
    struct survivor *all = g_new(struct survivor, SURVIVORS);
    const struct forge *f = &s->talk.forge;
    char *text = g_malloc(size);

    memset(text, 'm', size);
    for (unsigned i = 0; i < SURVIVORS; i++) {
        all[i] = (struct survivor){client_of(i), end_of(0x0aff0001, 5555)};
        establish(s, &all[i].client, &all[i].server);
    }
    for (uint64_t i = 0; i < count; i++) {
        struct end attacker = end_of(0x0b000000u + (uint32_t)i, (uint16_t)(1024 + i % 60000));
        struct end victim = end_of(0x0aff0001, 5555);
        send(s, &attacker, &victim, SYN, NULL, 0);
        if (i % 10 == 0)
            send(s, &attacker, &victim, ACK, "\xff\0\0\0\0\0\0\0\1\x7f\3", 11);
        if (i % 100 == 0) {
            send_array(s, &victim, &attacker, talk_greeting(1, "NULL", false));
            send(s, &attacker, &victim, ACK, "\1NULL", 5);
            uint8_t rest[48] = {0};
            send(s, &attacker, &victim, ACK, rest, sizeof rest);
            send(s, &attacker, &victim, ACK, huge, sizeof huge);
        }
    }
    for (unsigned i = 0; i < SURVIVORS; i++) {
        struct survivor *v = &all[i];
        send_sealed(s, &v->client, &v->server, false, 0, (uint64_t)f->initiator_sequence + 1, text,
                    size);
        finish(s, &v->client, &v->server);
    }
    g_free(text);
    g_free(all);
}

static const struct {
    const char *name;
    void (*tell)(struct synth *s, uint64_t count, size_t size);
} stories[] = {{"messages", tell_messages},
               {"acknowledged", tell_acknowledged},
               {"connections", tell_connections},
               {"dialogs", tell_dialogs},
               {"other", tell_other},
               {"flood", tell_flood}};

static void write_keytab(const struct forge *f, const char *path)
{
    struct forge_entry entry = {
        .name = f->service, .kvno = (uint32_t)f->kvno, .key = f->service_key};
    char *made = forge_keytab(&entry, 1), *octets;
    gsize n;

    if (!g_file_get_contents(made, &octets, &n, NULL) ||
        !g_file_set_contents(path, octets, (gssize)n, NULL))
        g_error("%s: cannot be written", path);
    g_free(octets);
    forge_remove(made);
}

static void synth_init(struct synth *s, const char *path)
{
    *s = (struct synth){.out = fopen(path, "wb"), .frame = g_byte_array_new()};
    if (!s->out)
        g_error("%s: cannot be written", path);
    begin_file(s->out);
    talk_init(&s->talk);
    forge_init(&s->talk.forge, AES256);
    s->seals[0] = zs_seal_new(&s->talk.forge.acceptor_subkey, USAGE_INITIATOR);
    s->seals[1] = zs_seal_new(&s->talk.forge.acceptor_subkey, USAGE_ACCEPTOR);
}

static int synth_clear(struct synth *s)
{
    int status = ferror(s->out) | fclose(s->out);

    zs_seal_free(s->seals[0]);
    zs_seal_free(s->seals[1]);
    talk_clear(&s->talk);
    g_byte_array_unref(s->frame);
    return status ? 1 : 0;
}

int main(int argc, char **argv)
{
    guint64 count, size;
    struct synth s;

    if ((argc != 5 && argc != 6) ||
        !g_ascii_string_to_unsigned(argv[2], 10, 1, G_MAXUINT32, &count, NULL) ||
        !g_ascii_string_to_unsigned(argv[3], 10, 1, 1 << 24, &size, NULL)) {
        fputs(
            "synth messages|acknowledged|connections|dialogs|other|flood COUNT SIZE CAPTURE [KEYTAB]\n",
            stderr);
        return 2;
    }
    for (size_t i = 0; i < G_N_ELEMENTS(stories); i++) {
        if (strcmp(stories[i].name, argv[1]) != 0)
            continue;
        synth_init(&s, argv[4]);
        if (argc == 6)
            write_keytab(&s.talk.forge, argv[5]);
        stories[i].tell(&s, count, size);
        return synth_clear(&s);
    }
    fprintf(stderr, "synth: there is no story '%s'\n", argv[1]);
    return 2;
}
