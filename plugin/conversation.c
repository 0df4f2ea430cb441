/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Per-conversation and per-packet memory, by Wireshark's allocators. */
#include "plugin/conversation.h"

#include "plugin/item.h"

#include "core/conn/authenticators.h"

#include <epan/charsets.h>
#include <epan/conversation.h>
#include <epan/dissectors/packet-tcp.h>
#include <epan/proto_data.h>

enum { KEY_RECORDS, KEY_COUNTER, TEXT_MOST = 255 };

static uint32_t conversations;                   /* seen in this file */
static struct zs_authenticators *authenticators; /* of this file */

static zbool on_file_closed(wmem_allocator_t *scope, wmem_cb_event_t event, void *user)
{
    struct zs_conversation *c = user;
    (void)scope;
    (void)event;
    zs_exchange_free(c->exchange);
    zs_session_clear(&c->session);
    conversations = 0;
    zs_authenticators_free(authenticators);
    authenticators = NULL;
    return ZFALSE;
}

/* docs/events.md: who opened the TCP connection; where that is not in the capture, the end with the higher port. TCP
 * keeps the server's port of a SYN or a SYN/ACK; of two that are the same the first packet's sender is the client. */
static void note_client(struct zs_conversation *c, packet_info *pinfo, conversation_t *conv,
                        bool over_tcp)
{
    const struct tcp_analysis *tcp = over_tcp ? get_tcp_conversation_data(conv, pinfo) : NULL;
    guint32 first = conversation_key_port1(conv->key_ptr),
            other = conversation_key_port2(conv->key_ptr);
    bool first_opened = first >= other;

    if (tcp && tcp->server_port && first != other)
        first_opened = other == tcp->server_port;
    copy_address_wmem(wmem_file_scope(), &c->client,
                      first_opened ? conversation_key_addr1(conv->key_ptr)
                                   : conversation_key_addr2(conv->key_ptr));
    c->client_port = first_opened ? first : other;
}

struct zs_conversation *zs_conversation_of(packet_info *pinfo, int proto, bool over_tcp,
                                           const struct zs_keyring *keys)
{
    conversation_t *conv = find_or_create_conversation(pinfo);
    struct zs_conversation *c = conversation_get_proto_data(conv, proto);

    if (c)
        return c;
    c = wmem_new0(wmem_file_scope(), struct zs_conversation);
    c->number = conversations++;
    note_client(c, pinfo, conv, over_tcp);
    zs_session_init(&c->session, keys);
    c->exchange = zs_exchange_new();
    if (!authenticators)
        authenticators = zs_authenticators_new();
    c->session.authenticators = authenticators;
    wmem_register_callback(wmem_file_scope(), on_file_closed, c);
    conversation_add_proto_data(conv, proto, c);
    return c;
}

struct zs_conversation *zs_conversation_find(packet_info *pinfo, int proto)
{
    const conversation_t *conv = find_conversation_pinfo(pinfo, 0);
    return conv ? conversation_get_proto_data(conv, proto) : NULL;
}

uint32_t zs_conversation_count(void)
{
    return conversations;
}

enum zs_dir zs_conversation_dir(const struct zs_conversation *c, const packet_info *pinfo)
{
    bool from_client = pinfo->srcport == c->client_port && addresses_equal(&pinfo->src, &c->client);
    return from_client ? ZS_C2S : ZS_S2C;
}

const char *zs_sender_of(wmem_allocator_t *pool, const struct zs_conversation *c,
                         const struct zs_pdu *pdu)
{
    if (!pdu->context || !zs_context_facts(pdu->context)->opened_by)
        return NULL;
    const struct zs_context_facts *f = zs_context_facts(pdu->context);
    bool initiator = pdu->dir == c->session.initiator;
    return zs_label_text(pool, initiator ? f->client_principal : f->service_principal);
}

/* The message that this part belongs to. A loss ends one that was awaited: the first part behind it begins another. */
static struct zs_whole *whole_of(struct zs_conversation *c, enum zs_dir dir, bool first)
{
    if (!c->gathering[dir] || first)
        c->gathering[dir] = wmem_new0(wmem_file_scope(), struct zs_whole);
    return c->gathering[dir];
}

static const char *text_of(struct zs_span s)
{
    size_t n = s.n < TEXT_MOST ? s.n : TEXT_MOST;
    return (const char *)get_utf_8_string(wmem_file_scope(), n ? s.p : (const uint8_t *)"", (int)n);
}

static void note_part(struct zs_conversation *c, struct zs_pdu *pdu, struct zs_whole *whole,
                      const struct zs_reading *r, const struct zs_exchange_fact *f, uint32_t packet)
{
    pdu->whole = whole;
    pdu->part = f->part;
    pdu->role = f->role;
    pdu->unsettled = f->unsettled;
    pdu->last = f->last;
    pdu->octets = f->octets;
    whole->number = f->message;
    whole->octets = f->octets;
    whole->parts = f->part;
    whole->delimiter = f->delimiter;
    whole->torn = f->torn;
    whole->first_packet = (uint32_t)f->first.frame;
    if (f->role == ZS_PART_TOPIC || f->role == ZS_PART_GROUP)
        whole->topic = text_of(r->data);
    if (f->subscribed)
        whole->subscription = text_of(f->subscription);
    if (!f->last)
        return;
    whole->last_packet = packet;
    c->gathering[pdu->dir] = NULL;
}

static void note_answer(struct zs_whole *whole, const struct zs_exchange_fact *f, uint32_t packet)
{
    struct zs_whole *asked = f->asked;

    whole->asked_packet = (uint32_t)f->asked_at.frame;
    whole->after_ns = f->after_ns;
    asked->answer_packet = packet;
}

void zs_conversation_hear(struct zs_conversation *c, struct zs_pdu *pdu, struct zs_stamp at,
                          const struct zs_reading *r)
{
    struct zs_exchange_fact fact;
    bool open = !r->wrapped || r->verified;
    bool heartbeat = r->kind == ZS_READ_COMMAND &&
                     (r->content.id == ZS_CMD_PING || r->content.id == ZS_CMD_PONG);
    struct zs_whole *whole = NULL;

    if (open && r->kind == ZS_READ_MESSAGE)
        whole = whole_of(c, pdu->dir, false);
    else if (open && heartbeat)
        pdu->whole = whole = wmem_new0(wmem_file_scope(), struct zs_whole);
    zs_exchange_step(c->exchange, &c->session, pdu->dir, r, at, whole, &fact);
    pdu->sender = fact.sender;
    pdu->receiver = fact.receiver;
    if (fact.message) {
        whole = whole->parts && fact.part == 1 ? whole_of(c, pdu->dir, true) : whole;
        note_part(c, pdu, whole, r, &fact, (uint32_t)at.frame);
    }
    if (fact.answers)
        note_answer(whole, &fact, (uint32_t)at.frame);
    if (fact.established) {
        c->handshake_ns = fact.handshake_ns;
        zs_conversation_say_once(c, pdu, ZS_SAYS_HANDSHAKE);
    }
}

void zs_conversation_say_once(struct zs_conversation *c, struct zs_pdu *pdu, unsigned what)
{
    pdu->says |= what & ~c->said;
    c->said |= what;
}

/* One array per packet, and a counter that starts anew with each dissection of it: a list of one datum per record
 * would make a packet of thousands of frames quadratic. */
struct zs_pdu *zs_pdu_next(packet_info *pinfo, int proto)
{
    wmem_array_t *records = p_get_proto_data(wmem_file_scope(), pinfo, proto, KEY_RECORDS);
    unsigned *counter = p_get_proto_data(pinfo->pool, pinfo, proto, KEY_COUNTER);

    if (!counter) {
        counter = wmem_new0(pinfo->pool, unsigned);
        p_add_proto_data(pinfo->pool, pinfo, proto, KEY_COUNTER, counter);
    }
    if (!PINFO_FD_VISITED(pinfo)) {
        if (!records) {
            records = wmem_array_sized_new(wmem_file_scope(), sizeof(struct zs_pdu *), 2);
            p_add_proto_data(wmem_file_scope(), pinfo, proto, KEY_RECORDS, records);
        }
        struct zs_pdu *made = wmem_new0(wmem_file_scope(), struct zs_pdu);
        wmem_array_append_one(records, made);
    }
    if (!records || *counter >= wmem_array_get_count(records))
        return NULL;
    return *(struct zs_pdu **)wmem_array_index(records, (*counter)++);
}
