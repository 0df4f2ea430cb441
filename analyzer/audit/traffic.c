/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Rules about wrapped messages and what is in them. */
#include "analyzer/audit/predicate.h"
#include "core/proto/socket.h"

static bool wraps(const struct zs_facts *f)
{
    return f->sight[ZS_SIGHT_VERIFIED].count || f->sight[ZS_SIGHT_CLOSED].count;
}

ZS_PREDICATE(wraps_in_old_tokens)
{
    if (!wraps(c->facts))
        return ZS_ANSWER_NONE;
    return zs_answer_seen(c->facts, r, &c->facts->sight[ZS_SIGHT_WRAP_OLD]);
}

/* Tokens of RFC 4121's form say it in the clear, old ones once they are open. */
ZS_PREDICATE(wraps_without_sealing)
{
    const struct zs_facts *f = c->facts;
    const struct zs_mark *unsealed = &f->sight[ZS_SIGHT_UNSEALED];

    if (!wraps(f))
        return ZS_ANSWER_NONE;
    if (f->sight[ZS_SIGHT_VERIFIED].count)
        r->confidence = ZS_CONFIDENCE_PROVED;
    if (!unsealed->count && f->sight[ZS_SIGHT_WRAP_OLD].count && f->sight[ZS_SIGHT_CLOSED].count)
        return zs_answer_unmeasured(r, ZS_OBSTACLE_SEALED);
    return zs_answer_seen(f, r, unsealed);
}

ZS_PREDICATE(breaks_the_sequence)
{
    static const enum zs_rc defects[] = {ZS_E_WRAP_GAP, ZS_E_WRAP_DUPLICATE, ZS_E_WRAP_REVERSAL,
                                         ZS_E_WRAP_DIRECTION};
    const struct zs_facts *f = c->facts;

    if (!wraps(f))
        return ZS_ANSWER_NONE;
    if (f->sight[ZS_SIGHT_VERIFIED].count)
        r->confidence = ZS_CONFIDENCE_PROVED;
    return zs_answer_defects(f, r, defects, G_N_ELEMENTS(defects));
}

ZS_PREDICATE(contradicts_itself)
{
    return zs_answer_seen(c->facts, r, &c->facts->defect[ZS_E_STREAM_CONFLICT]);
}

/* Is it known that the key is the right one? Where the AP-REP is missing, or a secret is all there is, the key itself
 * may be wrong, until a message opens under it. */
static bool key_is_sure(const struct zs_facts *f)
{
    const struct zs_context_facts *k = f->context;

    return f->sight[ZS_SIGHT_VERIFIED].count ||
           (k && k->opened_by != ZS_ORIGIN_SECRET && (k->ap_rep_opened || !k->mutual) &&
            k->ticket_opened);
}

ZS_PREDICATE(fails_to_unwrap)
{
    static const enum zs_rc defects[] = {ZS_E_WRAP_CHECKSUM, ZS_E_WRAP_SUBKEY, ZS_E_WRAP_EC,
                                         ZS_E_INNER_EMPTY, ZS_E_MECH_LIST_MIC};
    const struct zs_facts *f = c->facts;

    if (!wraps(f) && !f->defect[ZS_E_MECH_LIST_MIC].count)
        return ZS_ANSWER_NONE;
    if (!key_is_sure(f))
        return zs_answer_unmeasured(r, ZS_OBSTACLE_SEALED);
    return zs_answer_defects(f, r, defects, G_N_ELEMENTS(defects));
}

ZS_PREDICATE(has_an_altered_header)
{
    const struct zs_facts *f = c->facts;

    if (!wraps(f))
        return ZS_ANSWER_NONE;
    if (!key_is_sure(f))
        return zs_answer_unmeasured(r, ZS_OBSTACLE_SEALED);
    return zs_answer_seen(f, r, &f->defect[ZS_E_WRAP_HEADER]);
}

ZS_PREDICATE(loses_subscriptions)
{
    const struct zs_facts *f = c->facts;
    const struct zs_mark *lost = &f->defect[ZS_E_SUBSCRIPTION_LOST];

    if (!wraps(f))
        return ZS_ANSWER_NONE;
    if (!lost->count && !f->sight[ZS_SIGHT_VERIFIED].count)
        return zs_answer_unmeasured(r, ZS_OBSTACLE_SEALED);
    return zs_answer_seen(f, r, lost);
}

ZS_PREDICATE(pairs_wrongly)
{
    const struct zs_facts *f = c->facts;
    enum zs_socket_type client = f->session->side[ZS_C2S].socket_type,
                        server = f->session->side[ZS_S2C].socket_type;

    if (client == ZS_SOCKET_UNKNOWN || server == ZS_SOCKET_UNKNOWN)
        return wraps(f) ? zs_answer_unmeasured(r, ZS_OBSTACLE_SEALED) : ZS_ANSWER_NONE;
    if (zs_socket_may_talk(client, server))
        return ZS_ANSWER_PASS;
    g_snprintf(r->detail, sizeof r->detail, "%s and %s", zs_socket_type_name(client),
               zs_socket_type_name(server));
    if (f->sight[ZS_SIGHT_VERIFIED].count)
        r->confidence = ZS_CONFIDENCE_PROVED;
    return zs_answer_fail(r, &f->sight[ZS_SIGHT_CLOSE]);
}
