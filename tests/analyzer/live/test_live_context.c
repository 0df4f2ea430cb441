/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Client and server over real contexts of libgssapi_krb5, of every enctype, form and mode: a forged ticket in the
 * client's cache, so that no KDC is asked. Then faults on the wire between them: each is said for what it is. */
#include "analyzer/live/live.h"

#include "core/krb/init.h"
#include "tests/core/krb/mit.h"
#include "tests/core/proto/pair.h"

#include <glib/gstdio.h>

struct stage {
    struct forge forge;
    struct zs_live_credential *credential[ZS_ROLE_COUNT];
    struct zs_live *live[ZS_ROLE_COUNT];
    struct pair pair;
};

static char *no_why;

static struct zs_live_credential *server_credential(const char *keytab, char **why)
{
    char *const keytabs[] = {(char *)keytab, NULL};

    return zs_live_server_credential(keytabs, NULL, why);
}

/* Ticket, keytab, and what is made of them. */
static void acquire(struct stage *s, int32_t service, int32_t session)
{
    mit_forge(&s->forge, service, session);
    mit_prepare(&s->forge);
    s->credential[ZS_ROLE_CLIENT] = zs_live_client_credential(NULL, NULL, NULL, &no_why);
    g_assert_cmpstr(no_why, ==, NULL);
    s->credential[ZS_ROLE_SERVER] = server_credential(g_getenv("KRB5_KTNAME"), &no_why);
    g_assert_cmpstr(no_why, ==, NULL);
}

/* Fresh contexts of those. */
static void join(struct stage *s)
{
    s->live[ZS_ROLE_CLIENT] =
        zs_live_initiate(s->credential[ZS_ROLE_CLIENT], "zmq@server.example.org", NULL, &no_why);
    g_assert_cmpstr(no_why, ==, NULL);
    s->live[ZS_ROLE_SERVER] = zs_live_accept(s->credential[ZS_ROLE_SERVER], NULL);
    pair_init(&s->pair, zs_live_gss(s->live[ZS_ROLE_CLIENT]), zs_live_gss(s->live[ZS_ROLE_SERVER]));
}

static void set(struct stage *s, int32_t service, int32_t session)
{
    acquire(s, service, session);
    join(s);
}

static void part(struct stage *s)
{
    pair_clear(&s->pair);
    for (int r = 0; r < ZS_ROLE_COUNT; r++)
        zs_live_free(s->live[r]);
}

static void release(struct stage *s)
{
    for (int r = 0; r < ZS_ROLE_COUNT; r++)
        zs_live_credential_free(s->credential[r]);
}

static void clear(struct stage *s)
{
    part(s);
    release(s);
}

static const struct zs_gss_facts *facts_of(const struct stage *s, enum zs_role r)
{
    return s->pair.gss[r]->body->facts(s->pair.gss[r]->self);
}

/* Of each length that sealing treats differently, in both directions. */
static void messages_pass(struct pair *p)
{
    static const size_t lengths[] = {0, 1, 15, 16, 17, 254, 255, 256, 4096, 70001};
    static uint8_t text[70001];

    for (size_t i = 0; i < G_N_ELEMENTS(lengths); i++)
        for (int r = 0; r < ZS_ROLE_COUNT; r++) {
            uint64_t before = p->peer[pair_other((enum zs_role)r)].received;
            g_assert_true(zs_peer_send(&p->peer[r], zs_span(text, lengths[i]), i % 2));
            pair_talk(p);
            g_assert_cmpuint(p->peer[pair_other((enum zs_role)r)].received, ==, before + 1);
            g_assert_cmpuint(p->last[pair_other((enum zs_role)r)].body.n, ==, lengths[i]);
        }
}

static const int32_t enctypes[] = {
    17, 18, 19, 20, 25, 26, ENCTYPE_ARCFOUR_HMAC, ENCTYPE_DES3_CBC_SHA1};

static void every_enctype_form_and_mode_gets_there(void)
{
    for (size_t e = 0; e < G_N_ELEMENTS(enctypes); e++)
        for (int form = ZS_FORM_LIBZMQ; form <= ZS_FORM_PADDED; form++)
            for (int mode = 0; mode < 3; mode++) {
                struct stage s;
                set(&s, enctypes[e], enctypes[e]);
                for (int r = 0; r < ZS_ROLE_COUNT; r++) {
                    s.pair.options[r].plaintext = mode == 1;
                    s.pair.options[r].integrity_only = mode == 2;
                }
                s.pair.options[ZS_ROLE_CLIENT].form = (enum zs_form)form;
                pair_begin(&s.pair);
                pair_talk(&s.pair);
                pair_expect(&s.pair, ZS_PEER_OPEN, ZS_PEER_OPEN);
                messages_pass(&s.pair);
                for (int r = 0; r < ZS_ROLE_COUNT; r++) {
                    const struct zs_gss_facts *f = facts_of(&s, (enum zs_role)r);
                    g_assert_cmpstr(f->initiator, ==, "alice@EXAMPLE.ORG");
                    /* MIT leaves the realm of a host-based target empty. */
                    g_assert_true(g_str_has_prefix(f->acceptor, "zmq/server.example.org@"));
                    g_assert_cmphex(f->flags & ZS_GSS_MUTUAL, ==, ZS_GSS_MUTUAL);
                    g_assert_cmpint(f->enctype, !=, 0);
                    g_assert_cmpint(f->expires, >, s.forge.auth);
                }
                clear(&s);
            }
}

/* An acceptor that is told to stay with the ticket's old enctype: GSS-API seals and opens. */
static void old_enctypes_stay_with_gssapi(void)
{
    static const int32_t old[] = {ENCTYPE_ARCFOUR_HMAC, ENCTYPE_DES3_CBC_SHA1};

    for (size_t e = 0; e < G_N_ELEMENTS(old); e++) {
        struct stage s;
        mit_permit(old[e] == ENCTYPE_ARCFOUR_HMAC ? "rc4" : "des3");
        set(&s, old[e], old[e]);
        pair_begin(&s.pair);
        pair_talk(&s.pair);
        pair_expect(&s.pair, ZS_PEER_OPEN, ZS_PEER_OPEN);
        g_assert_cmpint(facts_of(&s, ZS_ROLE_CLIENT)->enctype, ==, old[e]);
        messages_pass(&s.pair);
        clear(&s);
        mit_permit(NULL);
    }
}

/* MIT's initiator beside the one of ours, for what ours would not say: of a text of no octets nothing is left behind. */
static void empty_text_is_opened_by_gssapi(gconstpointer data)
{
    int32_t enctype = GPOINTER_TO_INT(data);
    gss_buffer_desc name = {strlen(MIT_SERVICE), (void *)MIT_SERVICE};
    gss_ctx_id_t initiator = GSS_C_NO_CONTEXT;
    gss_buffer_desc said, answer;
    gss_name_t service;
    OM_uint32 minor;
    struct stage s;

    mit_permit(enctype == ENCTYPE_ARCFOUR_HMAC ? "rc4" : "des3");
    set(&s, enctype, enctype);
    const struct zs_gss *acceptor = zs_live_gss(s.live[ZS_ROLE_SERVER]);
    OM_uint32 major = gss_import_name(&minor, &name, GSS_KRB5_NT_PRINCIPAL_NAME, &service);
    mit_check(major, minor, "gss_import_name");
    for (int leg = 0; leg < 2; leg++) {
        struct zs_span out = {0};
        major = gss_init_sec_context(&minor, GSS_C_NO_CREDENTIAL, &initiator, service,
                                     (gss_OID)gss_mech_krb5, GSS_C_MUTUAL_FLAG | GSS_C_CONF_FLAG, 0,
                                     NULL, leg ? &answer : NULL, NULL, &said, NULL, NULL);
        mit_check(major, minor, "gss_init_sec_context");
        if (leg == 0)
            acceptor->body->step(acceptor->self, zs_span(said.value, said.length), &out);
        answer = (gss_buffer_desc){out.n, (void *)out.p};
        gss_release_buffer(&minor, &said);
    }
    GByteArray *token = mit_wrap(initiator, 1, zs_span(NULL, 0));
    uint8_t buf[256];
    struct zs_gss_opened opened;
    enum zs_rc rc = acceptor->body->unwrap(acceptor->self, span_of(token), buf, &opened);
    g_assert_cmpint(rc, ==, ZS_OK);
    g_assert_cmpuint(opened.plain.n, ==, 0);
    g_assert_true(opened.confidential);
    g_byte_array_unref(token);
    gss_delete_sec_context(&minor, &initiator, NULL);
    gss_release_name(&minor, &service);
    clear(&s);
    mit_permit(NULL);
}

/* ==== faults ==== */

static void expect_defect(const struct zs_peer_event *ev, enum zs_rc rc)
{
    g_assert_cmpint(ev->kind, ==, ZS_PEER_DEFECT);
    g_assert_cmpstr(zs_defect_of(ev->rc)->code, ==, zs_defect_of(rc)->code);
}

/* What role has to say, taken out of its hands. */
static GByteArray *intercept(struct pair *p, enum zs_role role)
{
    struct zs_span said = zs_peer_output(&p->peer[role]);
    GByteArray *copy = der_octets(said.p, said.n);

    zs_peer_sent(&p->peer[role], said.n);
    return copy;
}

/* Turns one bit of it, so far from its end, and expects the other side to say what is wrong and nothing else. */
static void alter(struct pair *p, enum zs_role role, size_t from_end, enum zs_rc rc)
{
    enum zs_role other = pair_other(role);
    GByteArray *copy = intercept(p, role);

    copy->data[copy->len - from_end] ^= 1;
    pair_feed(p, other, span_of(copy));
    expect_defect(&p->last[other], rc);
    g_assert_cmpint(p->peer[other].state, ==, ZS_PEER_CLOSED);
    g_assert_cmpuint(zs_peer_output(&p->peer[other]).n, ==, 0);
    g_byte_array_unref(copy);
}

/* Each step of the handshake passes, but for the one that is altered. */
static void altered_handshake_is_refused_and_not_answered(void)
{
    static const struct {
        enum zs_role role;
        enum zs_rc rc;
    } steps[] = {
        {ZS_ROLE_CLIENT, ZS_E_CONTEXT_REFUSED}, /* greeting and AP-REQ */
        {ZS_ROLE_SERVER, ZS_E_CONTEXT_REFUSED}, /* AP-REP */
        {ZS_ROLE_CLIENT, ZS_OK},                /* the empty command has nothing to alter */
        {ZS_ROLE_SERVER, ZS_E_WRAP_CHECKSUM},   /* READY */
        {ZS_ROLE_CLIENT, ZS_E_WRAP_CHECKSUM},   /* READY */
    };

    for (size_t at = 0; at < G_N_ELEMENTS(steps); at++) {
        struct stage s;
        if (steps[at].rc == ZS_OK)
            continue;
        set(&s, 18, 18);
        pair_begin(&s.pair);
        pair_hand_over(&s.pair, ZS_ROLE_SERVER); /* greeting */
        for (size_t i = 0; i < at; i++)
            pair_hand_over(&s.pair, steps[i].role);
        alter(&s.pair, steps[at].role, 20, steps[at].rc);
        clear(&s);
    }
}

/* A message again, out of order, or one's own; by libgcrypt and by GSS-API. */
static void replayed_reordered_reflected(void)
{
    static const char *const permitted[] = {NULL, "rc4"};

    for (size_t e = 0; e < G_N_ELEMENTS(permitted); e++)
        for (int fault = 0; fault < 3; fault++) {
            struct stage s;
            int32_t enctype = permitted[e] ? ENCTYPE_ARCFOUR_HMAC : 18;
            mit_permit(permitted[e]);
            set(&s, enctype, enctype);
            pair_begin(&s.pair);
            pair_talk(&s.pair);
            pair_expect(&s.pair, ZS_PEER_OPEN, ZS_PEER_OPEN);
            struct zs_peer *client = &s.pair.peer[ZS_ROLE_CLIENT];
            zs_peer_send(client, zs_span("one", 3), false);
            GByteArray *one = intercept(&s.pair, ZS_ROLE_CLIENT);
            zs_peer_send(client, zs_span("two", 3), false);
            GByteArray *two = intercept(&s.pair, ZS_ROLE_CLIENT);
            if (fault == 0)
                pair_feed(&s.pair, ZS_ROLE_SERVER, span_of(one));
            enum zs_role victim = fault == 2 ? ZS_ROLE_CLIENT : ZS_ROLE_SERVER;
            pair_feed(&s.pair, victim, span_of(fault == 0 ? one : fault == 1 ? two : one));
            enum zs_rc rc = fault == 0     ? ZS_E_WRAP_DUPLICATE
                            : fault == 1   ? ZS_E_WRAP_GAP
                            : permitted[e] ? ZS_E_WRAP_CHECKSUM /* GSS-API does not say why */
                                           : ZS_E_WRAP_DIRECTION;
            expect_defect(&s.pair.last[victim], rc);
            g_byte_array_unref(one);
            g_byte_array_unref(two);
            clear(&s);
            mit_permit(NULL);
        }
}

/* ==== every enctype, form and mode, with every fault ==== */

enum mode { MODE_SEALED, MODE_PLAINTEXT, MODE_SIGNED, MODE_COUNT };

struct scene {
    int32_t enctype;
    const char *permitted; /* what krb5 is told to stay with; NULL: anything */
    enum zs_form form;
    enum mode mode;
};

static void begin(struct stage *s, const struct scene *scene)
{
    join(s);
    for (int r = 0; r < ZS_ROLE_COUNT; r++) {
        s->pair.options[r].plaintext = scene->mode == MODE_PLAINTEXT;
        s->pair.options[r].integrity_only = scene->mode == MODE_SIGNED;
    }
    s->pair.options[ZS_ROLE_CLIENT].form = scene->form;
    pair_begin(&s->pair);
}

static void for_every_scene(void (*act)(const struct scene *scene))
{
    for (int form = ZS_FORM_LIBZMQ; form <= ZS_FORM_PADDED; form++)
        for (int mode = 0; mode < MODE_COUNT; mode++) {
            struct scene scene = {.form = (enum zs_form)form, .mode = (enum mode)mode};
            mit_permit(NULL);
            for (size_t e = 0; e < G_N_ELEMENTS(enctypes); e++) {
                scene.enctype = enctypes[e];
                act(&scene);
            }
            scene.enctype = ENCTYPE_ARCFOUR_HMAC;
            mit_permit(scene.permitted = "rc4");
            act(&scene);
            scene.enctype = ENCTYPE_DES3_CBC_SHA1;
            mit_permit(scene.permitted = "des3");
            act(&scene);
        }
    mit_permit(NULL);
}

/* Whatever came up to here, and no more will: between two messages that is the end, else a defect. The peer goes on
 * as if nothing had been. */
static void may_end_here(struct pair *p, enum zs_role role, unsigned events)
{
    struct zs_peer *peer = &p->peer[role], before = *peer;
    bool whole = before.state == ZS_PEER_OPEN && events && !p->last[role].more;
    struct zs_peer_event ev;

    g_assert_true(zs_peer_end(peer, p->now, &ev));
    g_assert_cmpint(ev.kind, ==, whole ? ZS_PEER_END : ZS_PEER_DEFECT);
    g_assert_true(whole || ev.rc == ZS_E_STREAM_ENDED);
    g_assert_cmpint(peer->state, ==, ZS_PEER_CLOSED);
    *peer = before;
}

/* Hands over all that both say, octet by octet. */
static void talk_in_octets(struct pair *p)
{
    for (bool said = true; said;) {
        said = false;
        for (int r = 0; r < ZS_ROLE_COUNT; r++) {
            struct zs_span out = zs_peer_output(&p->peer[r]);
            enum zs_role other = pair_other((enum zs_role)r);
            if (out.n == 0)
                continue;
            uint8_t octet = out.p[0];
            said = true;
            zs_peer_sent(&p->peer[r], 1);
            may_end_here(p, other, pair_feed(p, other, zs_span(&octet, 1)));
        }
    }
}

static void drop_everywhere(const struct scene *scene)
{
    struct stage s;

    acquire(&s, scene->enctype, scene->enctype);
    begin(&s, scene);
    talk_in_octets(&s.pair);
    pair_expect(&s.pair, ZS_PEER_OPEN, ZS_PEER_OPEN);
    for (int r = 0; r < ZS_ROLE_COUNT; r++) {
        zs_peer_send(&s.pair.peer[r], zs_span("first", 5), true);
        zs_peer_send(&s.pair.peer[r], zs_span("second", 6), false);
    }
    talk_in_octets(&s.pair);
    pair_expect(&s.pair, ZS_PEER_OPEN, ZS_PEER_OPEN);
    g_assert_cmpuint(s.pair.peer[ZS_ROLE_CLIENT].received, ==, 2);
    g_assert_cmpuint(s.pair.peer[ZS_ROLE_SERVER].received, ==, 2);
    clear(&s);
}

static void connection_that_drops_behind_any_octet_is_said(void)
{
    for_every_scene(drop_everywhere);
}

/* Who says what, a frame each; the greetings are through. */
enum what { SAY_TOKEN, SAY_EMPTY, SAY_READY, SAY_MESSAGE };
struct line {
    enum zs_role role;
    enum what what;
};
enum { LINES = 7 };
static const struct line of_libzmq[LINES] = {
    {ZS_ROLE_CLIENT, SAY_TOKEN},   {ZS_ROLE_SERVER, SAY_TOKEN}, {ZS_ROLE_CLIENT, SAY_EMPTY},
    {ZS_ROLE_SERVER, SAY_READY},   {ZS_ROLE_CLIENT, SAY_READY}, {ZS_ROLE_CLIENT, SAY_MESSAGE},
    {ZS_ROLE_SERVER, SAY_MESSAGE},
};
static const struct line of_padded[LINES - 1] = {
    {ZS_ROLE_CLIENT, SAY_TOKEN}, {ZS_ROLE_SERVER, SAY_TOKEN},   {ZS_ROLE_SERVER, SAY_READY},
    {ZS_ROLE_CLIENT, SAY_READY}, {ZS_ROLE_CLIENT, SAY_MESSAGE}, {ZS_ROLE_SERVER, SAY_MESSAGE},
};

/* ALTER: a bit is turned. AGAIN: it comes twice. LOSE: the next of its kind comes in its place. REFLECT: it comes back to
 * who said it. */
enum fault { ALTER, AGAIN, LOSE, REFLECT, FAULTS };

/* The next frame of what role has to say, taken out of its hands. */
static GByteArray *take_frame(struct pair *p, enum zs_role role)
{
    struct zs_span out = zs_peer_output(&p->peer[role]);
    struct zs_frame f;

    g_assert_cmpint(zs_frame_parse(ZS_FRAMING_3, out, 1 << 20, &f), ==, ZS_OK);
    GByteArray *copy = der_octets(out.p, f.header + f.body.n);
    zs_peer_sent(&p->peer[role], copy->len);
    return copy;
}

static void say_message(struct pair *p, const struct line *l)
{
    static const uint8_t text[64];

    if (l->what == SAY_MESSAGE)
        g_assert_true(zs_peer_send(&p->peer[l->role], zs_span(text, sizeof text), false));
}

/* What the fault is called by whoever meets it; ZS_OK: it does nothing that can be seen. */
static enum zs_rc defect_of(const struct scene *scene, const struct line *l, enum fault fault)
{
    bool wrapped = scene->mode != MODE_PLAINTEXT && l->what >= SAY_READY;

    switch (fault) {
    case ALTER:
        return l->what == SAY_TOKEN ? ZS_E_CONTEXT_REFUSED : wrapped ? ZS_E_WRAP_CHECKSUM : ZS_OK;
    case AGAIN:
        if (l->what == SAY_MESSAGE)
            return wrapped ? ZS_E_WRAP_DUPLICATE : ZS_OK;
        /* libzmq's form has READY inside a MESSAGE, whose number is looked at first. */
        return wrapped && scene->form == ZS_FORM_LIBZMQ ? ZS_E_WRAP_DUPLICATE
                                                        : ZS_E_COMMAND_UNEXPECTED;
    case LOSE:
        return l->what == SAY_MESSAGE && wrapped ? ZS_E_WRAP_GAP : ZS_OK;
    default:
        if (l->what != SAY_MESSAGE || !wrapped)
            return ZS_OK;
        return scene->permitted ? ZS_E_WRAP_CHECKSUM /* GSS-API does not say why */
                                : ZS_E_WRAP_DIRECTION;
    }
}

static void meet(struct pair *p, enum zs_role victim, const GByteArray *frame, enum zs_rc rc)
{
    pair_feed(p, victim, span_of(frame));
    expect_defect(&p->last[victim], rc);
    g_assert_cmpint(p->peer[victim].state, ==, ZS_PEER_CLOSED);
    g_assert_cmpint(p->peer[victim].failed, ==, rc);
    g_assert_cmpuint(pair_feed(p, victim, span_of(frame)), ==, 0);
}

/* The line itself, whose fault its hearer, or its speaker, meets as rc. */
static void commit(struct pair *p, const struct line *l, enum fault fault, enum zs_rc rc)
{
    enum zs_role hearer = pair_other(l->role);

    say_message(p, l);
    GByteArray *frame = take_frame(p, l->role);
    if (fault == ALTER)
        frame->data[frame->len - 20] ^= 1;
    if (fault == AGAIN)
        pair_feed(p, hearer, span_of(frame));
    if (fault == LOSE) {
        g_byte_array_unref(frame);
        say_message(p, l);
        frame = take_frame(p, l->role);
    }
    meet(p, fault == REFLECT ? l->role : hearer, frame, rc);
    g_byte_array_unref(frame);
}

static void pass_greetings(struct pair *p)
{
    pair_hand_over(p, ZS_ROLE_SERVER);
    GByteArray *copy = der_octets(zs_peer_output(&p->peer[ZS_ROLE_CLIENT]).p, ZS_GREETING_SIZE);
    zs_peer_sent(&p->peer[ZS_ROLE_CLIENT], copy->len);
    pair_feed(p, ZS_ROLE_SERVER, span_of(copy));
    g_byte_array_unref(copy);
}

static void pass(struct pair *p, const struct line *l)
{
    say_message(p, l);
    GByteArray *frame = take_frame(p, l->role);
    pair_feed(p, pair_other(l->role), span_of(frame));
    g_byte_array_unref(frame);
}

static void commit_all(const struct scene *scene)
{
    bool padded = scene->form == ZS_FORM_PADDED;
    const struct line *lines = padded ? of_padded : of_libzmq;
    struct stage s;

    acquire(&s, scene->enctype, scene->enctype);
    for (size_t at = 0; at < (padded ? G_N_ELEMENTS(of_padded) : G_N_ELEMENTS(of_libzmq)); at++)
        for (int fault = 0; fault < FAULTS; fault++) {
            enum zs_rc rc = defect_of(scene, &lines[at], (enum fault)fault);
            if (rc == ZS_OK)
                continue;
            begin(&s, scene);
            pass_greetings(&s.pair);
            for (size_t i = 0; i < at; i++)
                pass(&s.pair, &lines[i]);
            commit(&s.pair, &lines[at], (enum fault)fault, rc);
            part(&s);
        }
    release(&s);
}

static void fault_at_any_line_is_said(void)
{
    for_every_scene(commit_all);
}

/* ==== who may come in ==== */

static void who_is_not_let_in_hears_nothing(void)
{
    static const struct {
        const char *pattern;
        bool in;
    } cases[] = {{"alice@EXAMPLE.ORG", true},
                 {"@EXAMPLE.ORG", true},
                 {"bob@EXAMPLE.ORG", false},
                 {"@EXAMPLE.COM", false}};

    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        struct stage s;
        const char *why;
        struct zs_allow *allow = zs_allow_new();
        g_assert_true(zs_allow_add(allow, cases[i].pattern, &why));
        set(&s, 18, 18);
        s.pair.options[ZS_ROLE_SERVER].allow = allow;
        pair_begin(&s.pair);
        pair_talk(&s.pair);
        if (cases[i].in) {
            pair_expect(&s.pair, ZS_PEER_OPEN, ZS_PEER_OPEN);
        } else {
            expect_defect(&s.pair.last[ZS_ROLE_SERVER], ZS_E_PRINCIPAL_DENIED);
            g_assert_cmpstr(s.pair.last[ZS_ROLE_SERVER].detail, ==, "alice@EXAMPLE.ORG");
            g_assert_cmpuint(s.pair.stream[ZS_ROLE_SERVER]->len, ==, ZS_GREETING_SIZE);
            g_assert_cmpstr(s.pair.said[ZS_ROLE_SERVER]->str, ==, "greeting 3.1 GSSAPI 1\n");
        }
        clear(&s);
        zs_allow_free(allow);
    }
}

static void reason_is_krb5s_own(void)
{
    struct stage s;

    /* The ticket is for another key than the keytab has. */
    set(&s, 18, 18);
    struct forge other = s.forge;
    other.service_key = forge_key(18, 7);
    mit_write_keytab(&other);
    pair_begin(&s.pair);
    pair_talk(&s.pair);
    expect_defect(&s.pair.last[ZS_ROLE_SERVER], ZS_E_CONTEXT_REFUSED);
    g_assert_nonnull(strstr(s.pair.last[ZS_ROLE_SERVER].detail, "is not accepted: "));
    clear(&s);

    /* There is no ticket for that service, and no KDC to ask. */
    set(&s, 18, 18);
    zs_live_free(s.live[ZS_ROLE_CLIENT]);
    s.live[ZS_ROLE_CLIENT] = zs_live_initiate(s.credential[ZS_ROLE_CLIENT],
                                              "imap/server.example.org@EXAMPLE.ORG", NULL, &no_why);
    pair_clear(&s.pair);
    pair_init(&s.pair, zs_live_gss(s.live[ZS_ROLE_CLIENT]), zs_live_gss(s.live[ZS_ROLE_SERVER]));
    pair_begin(&s.pair);
    pair_talk(&s.pair);
    expect_defect(&s.pair.last[ZS_ROLE_CLIENT], ZS_E_CONTEXT_REFUSED);
    g_assert_nonnull(strstr(s.pair.last[ZS_ROLE_CLIENT].detail, "cannot be initiated: "));
    clear(&s);
}

static void handshake_passes_with(struct stage *s, char *const *keytabs)
{
    zs_live_credential_free(s->credential[ZS_ROLE_SERVER]);
    s->credential[ZS_ROLE_SERVER] = zs_live_server_credential(keytabs, NULL, &no_why);
    g_assert_cmpstr(no_why, ==, NULL);
    join(s);
    pair_begin(&s->pair);
    pair_talk(&s->pair);
    pair_expect(&s->pair, ZS_PEER_OPEN, ZS_PEER_OPEN);
    part(s);
}

/* In any order, and whatever else is in a directory. */
static void several_keytabs_serve_as_one(void)
{
    char *own, *other = (char *)ZS_SOURCE_DIR "/captures/reqrep.keytab", *why = NULL;
    char *directory = g_dir_make_tmp("zmtpscope-XXXXXX", NULL);
    char *copy = g_build_filename(directory, "a.keytab", NULL);
    char *note = g_build_filename(directory, "b.txt", NULL), *octets;
    struct stage s;
    gsize n;

    acquire(&s, 18, 18);
    own = g_strdup(g_getenv("KRB5_KTNAME"));
    handshake_passes_with(&s, (char *[]){other, own, NULL});
    handshake_passes_with(&s, (char *[]){own, other, NULL});
    g_assert_true(g_file_get_contents(own, &octets, &n, NULL));
    g_assert_true(g_file_set_contents(copy, octets, (gssize)n, NULL));
    g_assert_true(g_file_set_contents(note, "no keytab", -1, NULL));
    handshake_passes_with(&s, (char *[]){directory, NULL});
    handshake_passes_with(&s, (char *[]){other, directory, NULL});
    g_assert_null(zs_live_server_credential((char *[]){own, note, NULL}, NULL, &why));
    g_assert_nonnull(strstr(why, "b.txt: not a keytab"));
    release(&s);
    g_remove(copy);
    g_remove(note);
    g_rmdir(directory);
    explicit_bzero(octets, n);
    g_free(octets);
    g_free(why);
    g_free(note);
    g_free(copy);
    g_free(directory);
    g_free(own);
}

static void credential_that_is_not_there_says_why(void)
{
    char *why = NULL;

    g_assert_null(zs_live_client_credential("FILE:/nonexistent/cache", NULL, NULL, &why));
    g_assert_nonnull(strstr(why, "no credential to initiate with: "));
    g_free(why);
    g_assert_null(server_credential("/nonexistent/keytab", &why));
    g_assert_nonnull(strstr(why, "no credential to accept with: "));
    g_free(why);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    zs_krb_init();
    mit_settle();
    g_test_add_func("/live_context/every_enctype_form_and_mode_gets_there",
                    every_enctype_form_and_mode_gets_there);
    g_test_add_func("/live_context/several_keytabs_serve_as_one", several_keytabs_serve_as_one);
    g_test_add_func("/live_context/old_enctypes_stay_with_gssapi", old_enctypes_stay_with_gssapi);
    g_test_add_data_func("/live_context/empty_text_is_opened_by_gssapi/rc4",
                         GINT_TO_POINTER(ENCTYPE_ARCFOUR_HMAC), empty_text_is_opened_by_gssapi);
    g_test_add_data_func("/live_context/empty_text_is_opened_by_gssapi/des3",
                         GINT_TO_POINTER(ENCTYPE_DES3_CBC_SHA1), empty_text_is_opened_by_gssapi);
    g_test_add_func("/live_context/altered_handshake_is_refused_and_not_answered",
                    altered_handshake_is_refused_and_not_answered);
    g_test_add_func("/live_context/replayed_reordered_reflected", replayed_reordered_reflected);
    g_test_add_func("/live_context/connection_that_drops_behind_any_octet_is_said",
                    connection_that_drops_behind_any_octet_is_said);
    g_test_add_func("/live_context/fault_at_any_line_is_said", fault_at_any_line_is_said);
    g_test_add_func("/live_context/who_is_not_let_in_hears_nothing",
                    who_is_not_let_in_hears_nothing);
    g_test_add_func("/live_context/reason_is_krb5s_own", reason_is_krb5s_own);
    g_test_add_func("/live_context/credential_that_is_not_there_says_why",
                    credential_that_is_not_there_says_why);
    int failed = g_test_run();
    mit_unsettle();
    return failed;
}
