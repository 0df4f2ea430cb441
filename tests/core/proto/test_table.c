/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Every state with every command, in the clear and inside a wrap token, of either role, form and mode: what the list
 * below does not name is an unexpected command. The list is written by hand, and not from the tables under test. */
#include "tests/core/proto/pair.h"
#include "tests/core/proto/pretend.h"

#include "core/wire/token.h"

#include <string.h>

enum mode { MODE_NULL, MODE_PLAINTEXT, MODE_SEALED };

/* DATA: a message frame. A name with ! ends the connection as the defect behind it says. */
struct row {
    enum zs_role role;
    enum mode mode;
    enum zs_form form;
    enum zs_peer_state state;
    const char *clear, *inside;
};

#define C ZS_ROLE_CLIENT
#define S ZS_ROLE_SERVER
#define L ZS_FORM_LIBZMQ
#define P ZS_FORM_PADDED
#define LIVE \
    " PING PONG SUBSCRIBE CANCEL JOIN!command-unexpected LEAVE!command-unexpected ERROR DATA UNKNOWN "
#define LIVE_PAD \
    " PING PONG CANCEL JOIN!command-unexpected LEAVE!command-unexpected ERROR DATA UNKNOWN "
/* clang-format off */
static const struct row rows[] = {
    {C, MODE_NULL,      L, ZS_PEER_WANT_READY, " READY ERROR ", ""},
    {S, MODE_NULL,      L, ZS_PEER_WANT_READY, " READY ERROR ", ""},
    {C, MODE_NULL,      L, ZS_PEER_OPEN,       LIVE, ""},
    {S, MODE_NULL,      L, ZS_PEER_OPEN,       LIVE, ""},

    {C, MODE_PLAINTEXT, L, ZS_PEER_WANT_TOKEN, " INITIATE ERROR ", ""},
    {C, MODE_PLAINTEXT, L, ZS_PEER_WANT_EMPTY, " EMPTY ERROR ", ""},
    {C, MODE_PLAINTEXT, L, ZS_PEER_WANT_READY, " READY ERROR ", ""},
    {C, MODE_PLAINTEXT, L, ZS_PEER_OPEN,       LIVE, ""},
    {S, MODE_PLAINTEXT, L, ZS_PEER_WANT_HELLO, " INITIATE ERROR ", ""},
    {S, MODE_PLAINTEXT, L, ZS_PEER_WANT_TOKEN, " INITIATE ERROR ", ""},
    {S, MODE_PLAINTEXT, L, ZS_PEER_WANT_EMPTY, " EMPTY ERROR ", ""},
    {S, MODE_PLAINTEXT, L, ZS_PEER_WANT_READY, " READY ERROR ", ""},
    {S, MODE_PLAINTEXT, L, ZS_PEER_OPEN,       LIVE, ""},

    {C, MODE_PLAINTEXT, P, ZS_PEER_WANT_TOKEN, " WELCOME ERROR ", ""},
    {C, MODE_PLAINTEXT, P, ZS_PEER_WANT_READY, " READY ERROR ", ""},
    {C, MODE_PLAINTEXT, P, ZS_PEER_OPEN,       LIVE_PAD, ""},
    {S, MODE_PLAINTEXT, P, ZS_PEER_WANT_HELLO, " HELLO ERROR ", ""},
    {S, MODE_PLAINTEXT, P, ZS_PEER_WANT_TOKEN, " INITIATE ERROR ", ""},
    {S, MODE_PLAINTEXT, P, ZS_PEER_WANT_READY, " READY ERROR ", ""},
    {S, MODE_PLAINTEXT, P, ZS_PEER_OPEN,       LIVE_PAD, ""},

    {C, MODE_SEALED,    L, ZS_PEER_WANT_TOKEN, " INITIATE ERROR ", ""},
    {C, MODE_SEALED,    L, ZS_PEER_WANT_EMPTY, " EMPTY ERROR ", ""},
    {C, MODE_SEALED,    L, ZS_PEER_WANT_READY, " READY!plaintext-mode ERROR ", " READY ERROR "},
    {C, MODE_SEALED,    L, ZS_PEER_OPEN,       "", LIVE},
    {S, MODE_SEALED,    L, ZS_PEER_WANT_HELLO, " INITIATE ERROR ", ""},
    {S, MODE_SEALED,    L, ZS_PEER_WANT_TOKEN, " INITIATE ERROR ", ""},
    {S, MODE_SEALED,    L, ZS_PEER_WANT_EMPTY, " EMPTY ERROR ", ""},
    {S, MODE_SEALED,    L, ZS_PEER_WANT_READY, " READY!plaintext-mode ERROR ", " READY ERROR "},
    {S, MODE_SEALED,    L, ZS_PEER_OPEN,       "", LIVE},

    {C, MODE_SEALED,    P, ZS_PEER_WANT_TOKEN, " WELCOME ERROR ", ""},
    {C, MODE_SEALED,    P, ZS_PEER_WANT_READY, " READY!plaintext-mode ERROR ", " READY ERROR "},
    {C, MODE_SEALED,    P, ZS_PEER_OPEN,       "", LIVE_PAD},
    {S, MODE_SEALED,    P, ZS_PEER_WANT_HELLO, " HELLO ERROR ", ""},
    {S, MODE_SEALED,    P, ZS_PEER_WANT_TOKEN, " INITIATE ERROR ", ""},
    {S, MODE_SEALED,    P, ZS_PEER_WANT_READY, " READY!plaintext-mode ERROR ", " READY ERROR "},
    {S, MODE_SEALED,    P, ZS_PEER_OPEN,       "", LIVE_PAD},
};
/* clang-format on */

struct stage {
    struct pair pair;
    struct pretend context[ZS_ROLE_COUNT];
};

/* How many tokens there are, for row's state to come: the client awaits an empty command where the last is its own. */
static unsigned legs_of(const struct row *row)
{
    if (row->role == C)
        return row->state == ZS_PEER_WANT_EMPTY ? 3 : 2;
    return row->state == ZS_PEER_WANT_TOKEN ? 4 : 2;
}

/* A pair that has said nothing yet. The other side of a subject that may be told to subscribe does subscribe. */
static void prepare(struct stage *s, const struct row *row, unsigned legs)
{
    pretend_init(&s->context[C], true, legs);
    pretend_init(&s->context[S], false, legs);
    pair_init(&s->pair, &s->context[C].gss, &s->context[S].gss);
    for (int r = 0; r < ZS_ROLE_COUNT; r++) {
        struct zs_peer_options *o = &s->pair.options[r];
        o->null = row->mode == MODE_NULL;
        o->plaintext = row->mode == MODE_PLAINTEXT;
        o->socket_type = r == (int)row->role ? ZS_SOCKET_XPUB : ZS_SOCKET_XSUB;
    }
    s->pair.options[C].form = row->form;
    pair_begin(&s->pair);
}

/* One whose peer of row's role awaits what the row says. */
static void set(struct stage *s, const struct row *row)
{
    prepare(s, row, legs_of(row));
    pair_talk_until(&s->pair, row->role, row->state);
    g_assert_cmpstr(zs_peer_state_name(s->pair.peer[row->role].state), ==,
                    zs_peer_state_name(row->state));
}

/* A body that the command's own reader takes. */
static void write_body(struct zs_buf *b, const struct stage *s, const struct row *row, int id)
{
    uint8_t storage[32];
    size_t begun;

    switch (id) {
    case ZS_CMD_HELLO:
    case ZS_CMD_WELCOME:
    case ZS_CMD_INITIATE:
        begun = zs_token_begin(b, row->form);
        zs_buf_put(b, pretend_token(s->context[row->role].passed, storage));
        zs_token_end(b, row->form, begun);
        break;
    case ZS_CMD_READY:
        zs_metadata_write(b, "Socket-Type", zs_span("XSUB", 4));
        break;
    case ZS_CMD_PING:
        zs_ping_write(b, &(struct zs_ping){.ttl = 1});
        break;
    case ZS_CMD_ERROR:
        zs_error_write(b, zs_span("no", 2));
        break;
    case ZS_CMD_EMPTY:
    case ZS_CMD_PONG:
        break;
    default:
        zs_buf_text(b, "x");
        break;
    }
}

static void write_command(struct zs_buf *b, const struct stage *s, const struct row *row, int id)
{
    if (id == ZS_CMD_UNKNOWN)
        zs_buf_text(b, row->form == P ? "UNKNOWN " : "\x07UNKNOWN");
    else
        zs_command_begin(b, row->form, (enum zs_command_id)id);
    write_body(b, s, row, id);
}

#define DATA ZS_CMD_COUNT

/* Inside: as row's form has it. False: the form has no place for it. */
static bool write_wrapped(struct zs_buf *b, const struct stage *s, const struct row *row, int id)
{
    bool padded_ready = row->form == P && id == ZS_CMD_READY;
    uint8_t storage[256], flags = ZS_CFX_SEALED | (row->role == C ? ZS_CFX_SENT_BY_ACCEPTOR : 0);
    struct zs_buf text = zs_buf(storage, sizeof storage);

    zs_buf_be(&text, id == DATA ? 0 : ZS_INNER_COMMAND, 1);
    if (padded_ready || id == DATA)
        write_body(&text, s, row, id);
    else
        write_command(&text, s, row, id);
    if (text.full)
        return false;
    zs_command_begin(b, row->form, padded_ready ? ZS_CMD_READY : ZS_CMD_MESSAGE);
    size_t begun = zs_token_begin(b, row->form);
    pretend_wrap(b, flags, s->context[row->role].receive, zs_span(NULL, 0), zs_buf_span(&text));
    zs_token_end(b, row->form, begun);
    return true;
}

/* One frame with the command. */
static bool write_frame(struct zs_buf *b, const struct stage *s, const struct row *row, int id,
                        bool inside)
{
    size_t begun = zs_frame_begin(b);
    bool command = inside ? id == ZS_CMD_READY : id != DATA;

    if (inside && !write_wrapped(b, s, row, id))
        return false;
    if (!inside && id == DATA)
        write_body(b, s, row, id);
    else if (!inside)
        write_command(b, s, row, id);
    zs_frame_end(b, begun, command ? ZS_FRAME_COMMAND : 0);
    return !b->full;
}

static const char *name_of(int id)
{
    return id == DATA             ? "DATA"
           : id == ZS_CMD_UNKNOWN ? "UNKNOWN"
           : id == ZS_CMD_EMPTY   ? "EMPTY"
                                  : zs_command_name((enum zs_command_id)id);
}

/* "" where it is legal, else the defect's code. */
static char *expected(const char *list, const char *name)
{
    char *key = g_strdup_printf(" %s", name);
    const char *at = strstr(list, key);
    char *code = g_strdup("command-unexpected");

    while (at && at[strlen(key)] != ' ' && at[strlen(key)] != '!')
        at = strstr(at + 1, key);
    if (at) {
        const char *behind = at + strlen(key);
        g_free(code);
        code = *behind == '!' ? g_strndup(behind + 1, strcspn(behind + 1, " ")) : g_strdup("");
    }
    g_free(key);
    return code;
}

static bool is_in_order(const struct row *row, int id, bool inside)
{
    uint8_t storage[512];
    struct zs_buf frame = zs_buf(storage, sizeof storage);
    struct stage s;

    set(&s, row);
    bool possible = write_frame(&frame, &s, row, id, inside);
    if (possible) {
        char *code = expected(inside ? row->inside : row->clear, name_of(id));
        const struct zs_peer_event *ev = pair_meet(&s.pair, row->role, zs_buf_span(&frame));
        const char *got = ev->kind == ZS_PEER_DEFECT ? zs_defect_of(ev->rc)->code : "";
        if (strcmp(got, code) != 0)
            g_error("role %d mode %d form %s, awaiting %s: %s %s says \"%s\", not \"%s\"",
                    row->role, row->mode, zs_form_name(row->form), zs_peer_state_name(row->state),
                    name_of(id), inside ? "inside" : "in the clear", got, code);
        g_assert_cmpint(ev->state, ==, row->state);
        g_assert_true((s.pair.peer[row->role].state == ZS_PEER_CLOSED) ==
                      (*got || ev->kind == ZS_PEER_ERROR));
        g_free(code);
    }
    pair_clear(&s.pair);
    return possible;
}

static void every_state_with_every_command(void)
{
    unsigned tried = 0;

    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++)
        for (int id = 0; id <= DATA; id++) {
            /* A MESSAGE in the clear is what holds the inside. */
            if (!(id == ZS_CMD_MESSAGE && rows[i].mode == MODE_SEALED &&
                  rows[i].state >= ZS_PEER_WANT_READY))
                tried += is_in_order(&rows[i], id, false);
            if (rows[i].mode == MODE_SEALED && rows[i].state >= ZS_PEER_WANT_READY)
                tried += is_in_order(&rows[i], id, true);
        }
    g_test_message("%u combinations", tried);
    g_assert_cmpuint(tried, >, 600);
}

static bool has_row(enum zs_role role, const struct row *of, enum zs_peer_state state)
{
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++)
        if (rows[i].role == role && rows[i].mode == of->mode && rows[i].form == of->form &&
            rows[i].state == state)
            return true;
    return false;
}

/* From the first octet to both sides' READY; the states that each was in, as bits. */
static void walk(struct stage *s, const struct row *row, unsigned legs, unsigned *seen)
{
    prepare(s, row, legs);
    for (size_t before = 1; before;) {
        before = 0;
        for (int r = 0; r < ZS_ROLE_COUNT; r++) {
            struct zs_span out = zs_peer_output(&s->pair.peer[r]);
            if (out.n == 0)
                continue;
            uint8_t octet = out.p[0];
            before++;
            zs_peer_sent(&s->pair.peer[r], 1);
            pair_feed(&s->pair, pair_other((enum zs_role)r), zs_span(&octet, 1));
            for (int k = 0; k < ZS_ROLE_COUNT; k++)
                seen[k] |= 1u << s->pair.peer[k].state;
        }
    }
    pair_expect(&s->pair, ZS_PEER_OPEN, ZS_PEER_OPEN);
    pair_clear(&s->pair);
}

/* Before the greeting nothing is a command; behind the end nothing is anything. */
static void no_command_before_the_greeting_or_behind_the_end(void)
{
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++)
        for (int id = 0; id <= DATA; id++) {
            uint8_t storage[512];
            struct zs_buf frame = zs_buf(storage, sizeof storage);
            struct row row = rows[i];
            struct stage s;
            row.state = ZS_PEER_WANT_GREETING;
            set(&s, &row);
            if (write_frame(&frame, &s, &row, id, false)) { /* a form may have no place for it */
                pair_feed(&s.pair, row.role, zs_buf_span(&frame));
                g_assert_cmpint(s.pair.last[row.role].rc, ==, ZS_E_GREETING_VERSION);
                g_assert_cmpint(s.pair.peer[row.role].state, ==, ZS_PEER_CLOSED);
                g_assert_cmpuint(pair_feed(&s.pair, row.role, zs_buf_span(&frame)), ==, 0);
            }
            pair_clear(&s.pair);
        }
}

/* The rows above are all that there are: whatever a conversation passes through, of any role, mode and form, has one. */
static void every_state_on_the_way_has_a_row(void)
{
    for (int mode = MODE_NULL; mode <= MODE_SEALED; mode++)
        for (int form = L; form <= (mode == MODE_NULL ? L : P); form++)
            for (unsigned legs = 2; legs <= 4; legs++) {
                unsigned seen[ZS_ROLE_COUNT] = {0};
                struct row row = {.mode = (enum mode)mode, .form = (enum zs_form)form};
                struct stage s;
                walk(&s, &row, legs, seen);
                for (int r = 0; r < ZS_ROLE_COUNT; r++)
                    for (int state = ZS_PEER_WANT_HELLO; state <= ZS_PEER_OPEN; state++)
                        g_assert_true(!(seen[r] & 1u << state) ||
                                      has_row((enum zs_role)r, &row, (enum zs_peer_state)state));
            }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/table/every_state_with_every_command", every_state_with_every_command);
    g_test_add_func("/table/every_state_on_the_way_has_a_row", every_state_on_the_way_has_a_row);
    g_test_add_func("/table/no_command_before_the_greeting_or_behind_the_end",
                    no_command_before_the_greeting_or_behind_the_end);
    return g_test_run();
}
