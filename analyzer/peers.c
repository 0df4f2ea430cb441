/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What connect, serve and replay share. */
#include "analyzer/peers.h"

#include "analyzer/arguments.h"
#include "analyzer/output.h"

#include <stdio.h>
#include <string.h>
#include <sys/resource.h>

enum { PARTS_MAX = 1024 };

void zs_peer_arguments_add(struct zs_peer_arguments *a, GOptionContext *c)
{
    const GOptionEntry entries[] = {
        {"type", 't', 0, G_OPTION_ARG_STRING, &a->type, "the socket type that this side is",
         "TYPE"},
        {"identity", 0, 0, G_OPTION_ARG_STRING, &a->identity, "its routing identity", "TEXT"},
        {"parts", 0, 0, G_OPTION_ARG_STRING, &a->separator,
         "SEPARATOR stands between the parts of a message on its line", "SEPARATOR"},
        {"null", 0, 0, G_OPTION_ARG_NONE, &a->null, "the NULL mechanism instead of GSSAPI", NULL},
        {"plaintext", 0, 0, G_OPTION_ARG_NONE, &a->plaintext,
         "authenticate only, and protect nothing: as ZMQ_GSSAPI_PLAINTEXT", NULL},
        {"integrity-only", 0, 0, G_OPTION_ARG_NONE, &a->integrity_only,
         "protect messages against changes, but do not seal them", NULL},
        {"form", 0, 0, G_OPTION_ARG_STRING, &a->form,
         "libzmq or padded, the forms of docs/protocol.md; a server follows its client", "FORM"},
        {"as-server", 0, 0, G_OPTION_ARG_STRING, &a->as_server,
         "the greeting's bit: spec (set by the server, and checked), lenient (not checked) or "
         "libzmq (never set)",
         "HOW"},
        {"dialect", 0, 0, G_OPTION_ARG_STRING, &a->dialect,
         "A, B, C or D: libzmq's ways to write subscriptions, docs/protocol.md, 6", "LETTER"},
        {"heartbeat", 0, 0, G_OPTION_ARG_DOUBLE, &a->heartbeat,
         "PING where nothing came for so long (0, never)", "SECONDS"},
        {"timeout", 0, 0, G_OPTION_ARG_DOUBLE, &a->timeout,
         "give up a handshake after so long (30)", "SECONDS"},
        {"count", 'c', 0, G_OPTION_ARG_INT64, &a->count, "end after N messages came", "N"},
        {"hex", 'x', 0, G_OPTION_ARG_NONE, &a->hex, "messages as a hex dump below their line",
         NULL},
        {"quiet", 'q', 0, G_OPTION_ARG_NONE, &a->quiet,
         "print what messages hold, and nothing else", NULL},
        {0},
    };

    a->timeout = 30;
    a->count = G_MAXINT64;
    g_option_context_add_main_entries(c, entries, NULL);
}

void zs_peer_arguments_clear(struct zs_peer_arguments *a)
{
    g_free(a->type);
    g_free(a->identity);
    g_free(a->form);
    g_free(a->as_server);
    g_free(a->dialect);
    g_free(a->separator);
}

/* The place of word among words, which end in NULL; NULL stands for the first. */
static bool choose(const char *option, const char *word, const char *const *words, unsigned *chosen)
{
    *chosen = 0;
    while (word && words[*chosen] && g_ascii_strcasecmp(word, words[*chosen]) != 0)
        (*chosen)++;
    if (words[*chosen])
        return true;
    fprintf(stderr, "zmtpscope: --%s %s: is none of", option, word);
    for (; *words; words++)
        fprintf(stderr, " %s", *words);
    fputc('\n', stderr);
    return false;
}

static bool choose_type(const struct zs_peer_arguments *a, struct zs_peer_options *o)
{
    if (a->type) {
        char *name = g_ascii_strup(a->type, -1);
        o->socket_type = zs_socket_type_of(zs_span(name, strlen(name)));
        g_free(name);
    }
    if (o->socket_type == ZS_SOCKET_UNKNOWN)
        fprintf(stderr, "zmtpscope: --type %s: there is no such socket type\n", a->type);
    return o->socket_type != ZS_SOCKET_UNKNOWN;
}

/* In the order of their enums; the first of each is the default. */
static bool choose_manners(const struct zs_peer_arguments *a, struct zs_peer_options *o)
{
    static const char *const forms[] = {"libzmq", "padded", NULL};
    static const char *const bits[] = {"lenient", "spec", "libzmq", NULL};
    static const enum zs_as_server as_server[] = {ZS_AS_SERVER_LENIENT, ZS_AS_SERVER_SPEC,
                                                  ZS_AS_SERVER_LIBZMQ};
    static const char *const dialects[] = {"B", "A", "C", "D", NULL};
    static const enum zs_dialect dialect[] = {ZS_DIALECT_B, ZS_DIALECT_A, ZS_DIALECT_C,
                                              ZS_DIALECT_D};
    unsigned form, bit, letter;

    if (!choose("form", a->form, forms, &form) || !choose("as-server", a->as_server, bits, &bit) ||
        !choose("dialect", a->dialect, dialects, &letter))
        return false;
    o->form = form ? ZS_FORM_PADDED : ZS_FORM_LIBZMQ;
    o->as_server = as_server[bit];
    o->dialect = dialect[letter];
    return true;
}

/* What is less than a millisecond would be none where it becomes nanoseconds. */
static bool has_good_numbers(const struct zs_peer_arguments *a)
{
    const double least = 0.001;

    if (a->count < 1)
        fputs("zmtpscope: -c wants a number of messages, 1 or more\n", stderr);
    return a->count >= 1 && zs_arguments_number("timeout", a->timeout, least, ZS_SECONDS_MAX) &&
           (a->heartbeat == 0 ||
            zs_arguments_number("heartbeat", a->heartbeat, least, ZS_SECONDS_MAX));
}

bool zs_peer_arguments_options(const struct zs_peer_arguments *a, enum zs_role role,
                               enum zs_socket_type type, struct zs_peer_options *o)
{
    *o = zs_peer_options(role, type);
    o->null = a->null;
    o->plaintext = a->plaintext;
    o->integrity_only = a->integrity_only;
    if (a->identity)
        o->identity = zs_span(a->identity, strlen(a->identity));
    if (!has_good_numbers(a))
        return false;
    o->heartbeat_ns = (int64_t)(a->heartbeat * 1e9);
    o->handshake_ns = (int64_t)(a->timeout * 1e9);
    if (o->identity.n > 255) {
        fputs("zmtpscope: --identity: has more than 255 octets\n", stderr);
        return false;
    }
    return choose_type(a, o) && choose_manners(a, o);
}

struct zs_dialog zs_peer_arguments_dialog(const struct zs_peer_arguments *a)
{
    return (struct zs_dialog){
        .out = stdout,
        .quiet = a->quiet,
        .separator = a->separator,
        .hex = a->hex,
        .colours = zs_output_coloured(),
    };
}

static size_t split(struct zs_span line, const char *separator, struct zs_span *parts, size_t most)
{
    size_t n = 0, length = separator ? strlen(separator) : 0;
    const uint8_t *at;

    while (length && n + 1 < most && (at = memmem(line.p, line.n, separator, length))) {
        size_t used = (size_t)(at - line.p);
        parts[n++] = zs_span(line.p, used);
        line = zs_span_skip(line, used + length);
    }
    parts[n++] = line;
    return n;
}

bool zs_peers_say(struct zs_connection *c, const char *separator, struct zs_span line)
{
    struct zs_span parts[PARTS_MAX] = {{0}};
    bool delimits = zs_socket_delimits(zs_connection_peer(c)->options.socket_type);

    size_t n = delimits + split(line, separator, parts + delimits, PARTS_MAX - delimits);
    return zs_connection_send(c, parts, n);
}

void zs_peers_show(const struct zs_dialog *d, const char *who, const struct zs_connection *c,
                   bool said, const struct zs_peer_event *ev, bool *inside)
{
    const struct zs_peer *p = zs_connection_peer(c);
    bool came = ev->kind == ZS_PEER_MESSAGE && !said;
    bool delimiter = came && !*inside && ev->more && ev->body.n == 0 &&
                     zs_socket_delimits(p->options.socket_type);

    if (came)
        *inside = ev->more;
    if (!(d->quiet && delimiter))
        zs_dialog_event(d, who, p, said, ev);
}

void zs_peers_raise_descriptors(void)
{
    struct rlimit limit;

    if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
        limit.rlim_cur = limit.rlim_max;
        setrlimit(RLIMIT_NOFILE, &limit);
    }
}
