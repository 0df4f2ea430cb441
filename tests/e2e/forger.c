/* SPDX-License-Identifier: GPL-2.0-or-later */
/* forger KEYTAB: the GSSAPI tokens of a handshake that never was, for made.py. Writes the service's keytab, then answers
 * each line of standard input with a line: octets in hexadecimal.
 *
 *     handshake N ENCTYPE                 from here on another one, at N microseconds, with session key and subkeys of
 *                                         this enctype; answers an empty line
 *     ap-req | ap-rep | krb-error | hint  a context token
 *     wrap FLAGS EC RRC SEQUENCE TEXT [HEADER]
 *                                         a wrap token of RFC 4121. FLAGS: 1 by the acceptor, 2 sealed, 4 under the
 *                                         acceptor's subkey, else the initiator's. TEXT, in hexadecimal, "-" for none;
 *                                         HEADER: 16 octets that stand inside it in place of its own header
 *     wrap-old FLAGS SEQUENCE TEXT DIRECTION [PADDING]
 *                                         one of RFC 1964 or RFC 4757, as the enctype has it. FLAGS: 1 by the acceptor,
 *                                         2 sealed. DIRECTION, four octets, and PADDING: in place of the right ones;
 *                                         "-": those
 *
 * Limits: whatever it does not understand ends it. */
#include "tests/core/conn/talk.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define USAGE "forger KEYTAB"

static GByteArray *octets_of(const char *hex)
{
    GByteArray *octets = g_byte_array_new();
    size_t n = strcmp(hex, "-") == 0 ? 0 : strlen(hex);

    for (size_t i = 0; i + 1 < n; i += 2) {
        guint8 octet =
            (guint8)(g_ascii_xdigit_value(hex[i]) << 4 | g_ascii_xdigit_value(hex[i + 1]));
        g_byte_array_append(octets, &octet, 1);
    }
    return octets;
}

static GByteArray *wrap(const struct talk *t, char **words)
{
    guint n = g_strv_length(words);

    if (n < 6)
        g_error("wrap wants FLAGS EC RRC SEQUENCE TEXT");
    uint8_t flags = (uint8_t)strtoul(words[1], NULL, 0);
    GByteArray *text = octets_of(words[5]), *header = octets_of(n > 6 ? words[6] : "-");
    struct forge_wrap w = {
        .key =
            flags & ZS_CFX_ACCEPTOR_SUBKEY ? t->forge.acceptor_subkey : t->forge.initiator_subkey,
        .flags = flags,
        .ec = (uint16_t)strtoul(words[2], NULL, 0),
        .rrc = (uint16_t)strtoul(words[3], NULL, 0),
        .sequence = g_ascii_strtoull(words[4], NULL, 0),
        .text = span_of(text),
        .other_header = header->len == sizeof w.inner_header,
    };
    if (w.other_header)
        memcpy(w.inner_header, header->data, sizeof w.inner_header);
    GByteArray *token = forge_wrap(&w);
    g_byte_array_unref(text);
    g_byte_array_unref(header);
    return token;
}

static GByteArray *wrap_old(const struct talk *t, char **words)
{
    guint n = g_strv_length(words);

    if (n < 5)
        g_error("wrap-old wants FLAGS SEQUENCE TEXT DIRECTION");
    uint8_t flags = (uint8_t)strtoul(words[1], NULL, 0);
    GByteArray *text = octets_of(words[3]), *direction = octets_of(words[4]);
    GByteArray *padding = octets_of(n > 5 ? words[5] : "-");
    struct forge_old w;
    forge_old_init(&w, &t->forge.acceptor_subkey, flags & ZS_CFX_SENT_BY_ACCEPTOR,
                   flags & ZS_CFX_SEALED, span_of(text));
    w.sequence = (uint32_t)g_ascii_strtoull(words[2], NULL, 0);
    if (direction->len == sizeof w.direction)
        memcpy(w.direction, direction->data, sizeof w.direction);
    if (padding->len)
        w.padding = span_of(padding);
    GByteArray *token = forge_old_wrap(&w);
    g_byte_array_unref(text);
    g_byte_array_unref(direction);
    g_byte_array_unref(padding);
    return token;
}

static void begin_handshake(struct talk *t, const char *microseconds, const char *number)
{
    int32_t enctype = (int32_t)g_ascii_strtoll(number, NULL, 0);

    t->forge.cusec = (int64_t)g_ascii_strtoll(microseconds, NULL, 0);
    t->forge.session_key = forge_key(enctype, 2);
    t->forge.initiator_subkey = forge_key(enctype, 3);
    t->forge.acceptor_subkey = forge_key(enctype, 4);
}

static GByteArray *answer(struct talk *t, char **words)
{
    const char *verb = words[0] ? words[0] : "";

    if (strcmp(verb, "handshake") == 0 && words[1] && words[2]) {
        begin_handshake(t, words[1], words[2]);
        return g_byte_array_new();
    }
    if (strcmp(verb, "ap-req") == 0)
        return talk_ap_req(t);
    if (strcmp(verb, "ap-rep") == 0)
        return talk_ap_rep(t);
    if (strcmp(verb, "krb-error") == 0)
        return talk_krb_error(t);
    if (strcmp(verb, "hint") == 0)
        return talk_hint();
    if (strcmp(verb, "wrap") == 0)
        return wrap(t, words);
    if (strcmp(verb, "wrap-old") == 0)
        return wrap_old(t, words);
    g_error("what is \"%s\"?", verb);
}

static void write_keytab(const struct talk *t, const char *path)
{
    struct forge_entry entry = {
        .name = t->forge.service, .kvno = (uint32_t)t->forge.kvno, .key = t->forge.service_key};
    GError *error = NULL;
    char *made = forge_keytab(&entry, 1), *octets;
    gsize n;

    if (!g_file_get_contents(made, &octets, &n, &error) ||
        !g_file_set_contents(path, octets, (gssize)n, &error))
        g_error("%s", error->message);
    forge_remove(made);
    g_free(octets);
}

int main(int argc, char **argv)
{
    struct talk talk;
    char *line = NULL;
    size_t room = 0;

    if (argc != 2 || argv[1][0] == '-') {
        fprintf(stderr, "usage: %s\n", USAGE);
        return 2;
    }
    talk_init(&talk);
    talk.forge.renew_till = talk.forge.end + 86400;
    talk.forge.transited = zs_span("EXAMPLE.NET", 11);
    write_keytab(&talk, argv[1]);
    while (getline(&line, &room, stdin) > 0) {
        char **words = g_strsplit(g_strchomp(line), " ", -1);
        GByteArray *octets = answer(&talk, words);
        for (guint i = 0; i < octets->len; i++)
            printf("%02x", octets->data[i]);
        putchar('\n');
        fflush(stdout);
        g_byte_array_unref(octets);
        g_strfreev(words);
    }
    free(line);
    talk_clear(&talk);
    return 0;
}
