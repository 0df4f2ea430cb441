/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Client and server against each other, from the first octet to the last: every form and mode, in one piece, in pieces
 * of one octet, and cut off behind every octet. */
#include "tests/core/proto/pair.h"
#include "tests/core/proto/pretend.h"

struct scene {
    const char *name;
    bool null, plaintext, integrity_only;
    enum zs_form form;
    unsigned legs;
    const char *client, *server; /* what each meets */
};

#define TALK_CLEAR             \
    "message MESSAGE 0 more\n" \
    "message MESSAGE 5:hello\n"
#define TALK(how)                      \
    "message MESSAGE 0 " how " more\n" \
    "message MESSAGE 5:hello " how "\n"

/* clang-format off */
static const struct scene scenes[] = {
    {"null", .null = true,
     .client = "greeting 3.1 NULL 0\nestablished READY 19\n" TALK_CLEAR,
     .server = "greeting 3.1 NULL 0\nestablished READY 32\n" TALK_CLEAR},
    {"libzmq", .form = ZS_FORM_LIBZMQ, .legs = 2,
     .client = "greeting 3.1 GSSAPI 1\ntoken INITIATE 16 complete\n"
               "established READY 19 sealed\n" TALK("sealed"),
     .server = "greeting 3.1 GSSAPI 0\ntoken INITIATE 16 complete\ncommand  0\n"
               "established READY 32 sealed\n" TALK("sealed")},
    {"libzmq-one-leg", .form = ZS_FORM_LIBZMQ, .legs = 1,
     .client = "greeting 3.1 GSSAPI 1\ncommand  0\nestablished READY 19 sealed\n" TALK("sealed"),
     .server = "greeting 3.1 GSSAPI 0\ntoken INITIATE 16 complete\ncommand  0\n"
               "established READY 32 sealed\n" TALK("sealed")},
    {"libzmq-three-legs", .form = ZS_FORM_LIBZMQ, .legs = 3,
     .client = "greeting 3.1 GSSAPI 1\ntoken INITIATE 16 complete\ncommand  0\n"
               "established READY 19 sealed\n" TALK("sealed"),
     .server = "greeting 3.1 GSSAPI 0\ntoken INITIATE 16\ntoken INITIATE 16 complete\ncommand  0\n"
               "established READY 32 sealed\n" TALK("sealed")},
    {"libzmq-four-legs", .form = ZS_FORM_LIBZMQ, .legs = 4,
     .client = "greeting 3.1 GSSAPI 1\ntoken INITIATE 16\ntoken INITIATE 16 complete\n"
               "established READY 19 sealed\n" TALK("sealed"),
     .server = "greeting 3.1 GSSAPI 0\ntoken INITIATE 16\ntoken INITIATE 16 complete\ncommand  0\n"
               "established READY 32 sealed\n" TALK("sealed")},
    {"libzmq-plaintext", .form = ZS_FORM_LIBZMQ, .legs = 2, .plaintext = true,
     .client = "greeting 3.1 GSSAPI 1\ntoken INITIATE 16 complete\n"
               "established READY 19\n" TALK_CLEAR,
     .server = "greeting 3.1 GSSAPI 0\ntoken INITIATE 16 complete\ncommand  0\n"
               "established READY 32\n" TALK_CLEAR},
    {"libzmq-integrity", .form = ZS_FORM_LIBZMQ, .legs = 2, .integrity_only = true,
     .client = "greeting 3.1 GSSAPI 1\ntoken INITIATE 16 complete\n"
               "established READY 19 wrapped\n" TALK("wrapped"),
     .server = "greeting 3.1 GSSAPI 0\ntoken INITIATE 16 complete\ncommand  0\n"
               "established READY 32 wrapped\n" TALK("wrapped")},
    {"padded", .form = ZS_FORM_PADDED, .legs = 2,
     .client = "greeting 3.1 GSSAPI 1\ntoken WELCOME 16 complete\n"
               "established READY 19 sealed\n" TALK("sealed"),
     .server = "greeting 3.1 GSSAPI 0\ntoken HELLO 16 complete\n"
               "established READY 32 sealed\n" TALK("sealed")},
    {"padded-three-legs", .form = ZS_FORM_PADDED, .legs = 3,
     .client = "greeting 3.1 GSSAPI 1\ntoken WELCOME 16 complete\n"
               "established READY 19 sealed\n" TALK("sealed"),
     .server = "greeting 3.1 GSSAPI 0\ntoken HELLO 16\ntoken INITIATE 16 complete\n"
               "established READY 32 sealed\n" TALK("sealed")},
    {"padded-plaintext", .form = ZS_FORM_PADDED, .legs = 2, .plaintext = true,
     .client = "greeting 3.1 GSSAPI 1\ntoken WELCOME 16 complete\n"
               "established READY 19\n" TALK_CLEAR,
     .server = "greeting 3.1 GSSAPI 0\ntoken HELLO 16 complete\n"
               "established READY 32\n" TALK_CLEAR},
};
/* clang-format on */

struct stage {
    struct pair pair;
    struct pretend context[ZS_ROLE_COUNT];
};

static void set(struct stage *s, const struct scene *scene)
{
    pretend_init(&s->context[ZS_ROLE_CLIENT], true, scene->legs);
    pretend_init(&s->context[ZS_ROLE_SERVER], false, scene->legs);
    pair_init(&s->pair, &s->context[ZS_ROLE_CLIENT].gss, &s->context[ZS_ROLE_SERVER].gss);
    for (int r = 0; r < ZS_ROLE_COUNT; r++) {
        struct zs_peer_options *o = &s->pair.options[r];
        o->null = scene->null;
        o->plaintext = scene->plaintext;
        o->integrity_only = scene->integrity_only;
    }
    s->pair.options[ZS_ROLE_CLIENT].form = scene->form; /* the server is not told */
    pair_begin(&s->pair);
}

/* Each says one message of two frames. */
static void play(struct pair *p)
{
    pair_talk(p);
    for (int r = 0; r < ZS_ROLE_COUNT; r++) {
        g_assert_true(zs_peer_send(&p->peer[r], zs_span(NULL, 0), true));
        g_assert_true(zs_peer_send(&p->peer[r], zs_span("hello", 5), false));
    }
    pair_talk(p);
}

/* What one said is what the other met; that the context stands, each knows for itself. */
static void said_is_met(const GString *said, const GString *met)
{
    char **a = g_strsplit(said->str, " complete", -1), **b = g_strsplit(met->str, " complete", -1);
    char *left = g_strjoinv("", a), *right = g_strjoinv("", b);

    g_assert_cmpstr(left, ==, right);
    g_free(left);
    g_free(right);
    g_strfreev(a);
    g_strfreev(b);
}

static void both_get_there(const void *data)
{
    const struct scene *scene = data;

    for (size_t chunk = 0; chunk < 3; chunk++) {
        struct stage s;
        set(&s, scene);
        s.pair.chunk = chunk;
        play(&s.pair);
        g_assert_cmpstr(s.pair.log[ZS_ROLE_CLIENT]->str, ==, scene->client);
        g_assert_cmpstr(s.pair.log[ZS_ROLE_SERVER]->str, ==, scene->server);
        said_is_met(s.pair.said[ZS_ROLE_SERVER], s.pair.log[ZS_ROLE_CLIENT]);
        said_is_met(s.pair.said[ZS_ROLE_CLIENT], s.pair.log[ZS_ROLE_SERVER]);
        pair_expect(&s.pair, ZS_PEER_OPEN, ZS_PEER_OPEN);
        g_assert_cmpint(s.pair.peer[ZS_ROLE_SERVER].form, ==, scene->form);
        g_assert_cmpint(s.pair.peer[ZS_ROLE_SERVER].other_type, ==, ZS_SOCKET_REQ);
        pair_clear(&s.pair);
    }
}

/* The whole conversation again, for one side alone, up to octet cut of what the other said. */
static void hear(struct stage *s, enum zs_role role, const GByteArray *stream, size_t cut)
{
    pair_feed(&s->pair, role, zs_span(stream->data, cut));
}

static bool is_whole(const char *log, const char *all)
{
    return strcmp(log, all) == 0;
}

/* Cut off behind every octet, each side has met the beginning of what it would have met, and says that the end came
 * too early, unless it came behind a message. */
static void cut_anywhere_it_ends_right(const void *data)
{
    const struct scene *scene = data;
    struct stage whole;

    set(&whole, scene);
    play(&whole.pair);
    for (int r = 0; r < ZS_ROLE_COUNT; r++) {
        const GByteArray *stream = whole.pair.stream[pair_other((enum zs_role)r)];
        const char *all = r == ZS_ROLE_CLIENT ? scene->client : scene->server;
        for (size_t cut = 0; cut <= stream->len; cut++) {
            struct stage s;
            struct zs_peer_event ev;
            set(&s, scene);
            struct zs_peer *peer = &s.pair.peer[r];
            hear(&s, (enum zs_role)r, stream, cut);
            const char *log = s.pair.log[r]->str;
            g_assert_true(g_str_has_prefix(all, log));
            bool open = peer->state == ZS_PEER_OPEN;
            bool finished = is_whole(log, all);
            g_assert_true(zs_peer_end(peer, s.pair.now, &ev));
            g_assert_cmpint(peer->state, ==, ZS_PEER_CLOSED);
            g_assert_true(!finished || ev.kind == ZS_PEER_END);
            g_assert_true(open || ev.kind == ZS_PEER_DEFECT);
            if (ev.kind == ZS_PEER_DEFECT)
                g_assert_cmpint(ev.rc, ==, ZS_E_STREAM_ENDED);
            g_assert_false(zs_peer_end(peer, s.pair.now, &ev));
            pair_clear(&s.pair);
        }
    }
    pair_clear(&whole.pair);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    for (size_t i = 0; i < G_N_ELEMENTS(scenes); i++) {
        char *path = g_strdup_printf("/pair/both_get_there/%s", scenes[i].name);
        g_test_add_data_func(path, &scenes[i], both_get_there);
        g_free(path);
        path = g_strdup_printf("/pair/cut_anywhere_it_ends_right/%s", scenes[i].name);
        g_test_add_data_func(path, &scenes[i], cut_anywhere_it_ends_right);
        g_free(path);
    }
    return g_test_run();
}
