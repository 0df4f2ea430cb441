/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The tap "zmtp".
 *
 * Limits: Wireshark takes 5,000 data of one packet for all its taps together and drops the rest; the first QUEUE_MOST
 * of ours are queued. */
#include "plugin/tap.h"

#include "plugin/fields.h"
#include "plugin/tools.h"

#include <epan/proto_data.h>
#include <epan/tap.h>

enum { QUEUE_MOST = 4900, KEY_QUEUED = 8 };

static int proto_zmtp;
static int tap_zmtp = -1;

void zs_tap_register(int proto)
{
    proto_zmtp = proto;
    tap_zmtp = register_tap(ZS_TAP);
}

/* What one packet has queued, and whether anything of it was told already. */
struct queued {
    unsigned n;
    bool begun;
};

static struct queued *queued_of(packet_info *pinfo)
{
    struct queued *q = p_get_proto_data(pinfo->pool, pinfo, proto_zmtp, KEY_QUEUED);

    if (!q) {
        q = wmem_new0(pinfo->pool, struct queued);
        p_add_proto_data(pinfo->pool, pinfo, proto_zmtp, KEY_QUEUED, q);
    }
    return q;
}

bool zs_tap_wanted(int tap, const struct zs_shown *s)
{
    if (!have_tap_listener(tap))
        return false;
    struct queued *q = queued_of(s->pinfo);
    if (q->n == QUEUE_MOST)
        expert_add_info(s->pinfo, proto_tree_get_parent(s->tree), &zs_ei.taps);
    return q->n++ < QUEUE_MOST;
}

static void queue_thing(int tap, const struct zs_shown *s, const struct zs_reading *r)
{
    if (!zs_tap_wanted(tap, s))
        return;
    struct queued *q = queued_of(s->pinfo);
    struct zs_tap *t = wmem_new0(s->pinfo->pool, struct zs_tap);
    t->conversation = s->conversation;
    t->pdu = s->pdu;
    if (r)
        t->reading = wmem_memdup(s->pinfo->pool, r, sizeof *r);
    t->first = !q->begun;
    t->sender = zs_sender_of(s->pinfo->pool, s->conversation, s->pdu);
    q->begun = true;
    tap_queue_packet(tap, s->pinfo, t);
}

void zs_tap_queue(const struct zs_shown *s, const struct zs_reading *r)
{
    if (s->pdu->kind == ZS_PDU_OLD)
        return; /* what comes again was told already */
    queue_thing(tap_zmtp, s, r);
    queue_thing(zs_objects_tap(), s, r);
    zs_pdus_queue(s, r);
    if (r)
        zs_credentials_queue(s, r);
}
