/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The shapes of XML 1.0, of MessagePack (its specification of 2017) and of Protocol Buffers' wire format.
 *
 * Limits: shapes, not meanings: XML is not checked for being well formed, nor text for being UTF-8. Protobuf's groups,
 * which are out of use, are taken for something else. */
#include "core/wire/content.h"

/* ==== XML ==== */

static bool is_space(uint8_t c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static bool begins_name(uint8_t c)
{
    return (c | 0x20) >= 'a' ? (c | 0x20) <= 'z' || c >= 0x80 : c == '_' || c == ':';
}

bool zs_content_is_xml(struct zs_span s)
{
    static const uint8_t mark[] = {0xef, 0xbb, 0xbf};

    if (s.n >= sizeof mark && memcmp(s.p, mark, sizeof mark) == 0)
        s = zs_span_skip(s, sizeof mark);
    while (s.n && is_space(s.p[0]))
        s = zs_span_skip(s, 1);
    while (s.n && is_space(s.p[s.n - 1]))
        s.n--;
    return s.n >= 4 && s.p[0] == '<' && s.p[s.n - 1] == '>' &&
           (s.p[1] == '?' || s.p[1] == '!' || begins_name(s.p[1]));
}

/* ==== MessagePack ==== */

enum msgpack_kind { MSGPACK_SCALAR, MSGPACK_TEXT, MSGPACK_ARRAY, MSGPACK_MAP, MSGPACK_UNUSED };

struct msgpack_form {
    uint8_t kind;  /* enum msgpack_kind */
    uint8_t count; /* octets of a length or count field */
    uint8_t fixed; /* octets beside what the length field says */
};

/* The types C0 to DF, in order. */
/* clang-format off */
static const struct msgpack_form msgpack_forms[] = {
    {MSGPACK_SCALAR, 0, 0}, {MSGPACK_UNUSED, 0, 0}, {MSGPACK_SCALAR, 0, 0}, {MSGPACK_SCALAR, 0, 0}, /* nil, -, booleans */
    {MSGPACK_SCALAR, 1, 0}, {MSGPACK_SCALAR, 2, 0}, {MSGPACK_SCALAR, 4, 0},                         /* bin */
    {MSGPACK_SCALAR, 1, 1}, {MSGPACK_SCALAR, 2, 1}, {MSGPACK_SCALAR, 4, 1},                         /* ext */
    {MSGPACK_SCALAR, 0, 4}, {MSGPACK_SCALAR, 0, 8},                                                 /* float */
    {MSGPACK_SCALAR, 0, 1}, {MSGPACK_SCALAR, 0, 2}, {MSGPACK_SCALAR, 0, 4}, {MSGPACK_SCALAR, 0, 8}, /* uint */
    {MSGPACK_SCALAR, 0, 1}, {MSGPACK_SCALAR, 0, 2}, {MSGPACK_SCALAR, 0, 4}, {MSGPACK_SCALAR, 0, 8}, /* int */
    {MSGPACK_SCALAR, 0, 2}, {MSGPACK_SCALAR, 0, 3}, {MSGPACK_SCALAR, 0, 5}, {MSGPACK_SCALAR, 0, 9}, {MSGPACK_SCALAR, 0, 17}, /* fixext */
    {MSGPACK_TEXT, 1, 0}, {MSGPACK_TEXT, 2, 0}, {MSGPACK_TEXT, 4, 0},                               /* str */
    {MSGPACK_ARRAY, 2, 0}, {MSGPACK_ARRAY, 4, 0},                                                   /* array */
    {MSGPACK_MAP, 2, 0}, {MSGPACK_MAP, 4, 0},                                                       /* map */
};
/* clang-format on */

struct msgpack_object {
    enum msgpack_kind kind;
    uint64_t count; /* elements of an array, pairs of a map */
};

/* The next object's head, and all of it where it holds no others. False: it is none, or runs out. */
static bool take_msgpack(struct zs_rd *rd, struct msgpack_object *o)
{
    uint8_t type = zs_rd_u8(rd);
    uint64_t count = 0, octets = 0;
    enum msgpack_kind kind = MSGPACK_SCALAR;

    if (type >= 0xc0 && type <= 0xdf) {
        struct msgpack_form form = msgpack_forms[type - 0xc0];
        kind = form.kind;
        count = zs_rd_be(rd, form.count);
        octets = count + form.fixed;
    } else if (type >= 0x80 && type <= 0xbf) {
        kind = type < 0x90 ? MSGPACK_MAP : type < 0xa0 ? MSGPACK_ARRAY : MSGPACK_TEXT;
        count = type & (kind == MSGPACK_TEXT ? 0x1f : 0x0f);
        octets = count;
    }
    if (kind == MSGPACK_SCALAR || kind == MSGPACK_TEXT)
        zs_rd_bytes(rd, (size_t)octets);
    *o = (struct msgpack_object){.kind = kind, .count = count};
    return !rd->ran_out && kind != MSGPACK_UNUSED;
}

static uint64_t held(const struct msgpack_object *o)
{
    return o->kind == MSGPACK_MAP ? 2 * o->count : o->kind == MSGPACK_ARRAY ? o->count : 0;
}

/* Does the container whose head stands before rd begin with text? A list of such maps does, too. */
static bool begins_with_text(const struct msgpack_object *o, struct zs_rd rd)
{
    struct msgpack_object first;

    if (!held(o) || !take_msgpack(&rd, &first))
        return false;
    if (o->kind == MSGPACK_ARRAY && first.kind == MSGPACK_MAP)
        return begins_with_text(&first, rd);
    return first.kind == MSGPACK_TEXT;
}

bool zs_content_is_msgpack(struct zs_span s)
{
    enum { LEAST = 4 }; /* octets */
    struct zs_rd rd = zs_rd(s);
    struct msgpack_object o;

    if (s.n < LEAST || !take_msgpack(&rd, &o) || !begins_with_text(&o, rd))
        return false;
    /* Counted, not recursed into: how deep it nests is the peer's choice. No object is shorter than an octet, so that
     * a count that exceeds what is left is a lie. */
    for (uint64_t awaited = held(&o); awaited; awaited += held(&o) - 1)
        if (awaited > rd.left.n || !take_msgpack(&rd, &o))
            return false;
    return rd.left.n == 0;
}

/* ==== Protobuf ==== */

enum { VARINT_MAX = 10 }; /* octets of a 64-bit number */

static uint64_t take_varint(struct zs_rd *rd)
{
    uint64_t v = 0;

    for (unsigned i = 0; i < VARINT_MAX; i++) {
        uint8_t octet = zs_rd_u8(rd);
        v |= (uint64_t)(octet & 0x7f) << (7 * i);
        if (!(octet & 0x80))
            return v;
    }
    rd->ran_out = true;
    return 0;
}

bool zs_content_is_protobuf(struct zs_span s)
{
    enum { VARINT = 0, FIXED_64 = 1, COUNTED = 2, FIXED_32 = 5, FIELD_MAX = 0x1fffffff };
    struct zs_rd rd = zs_rd(s);

    while (rd.left.n && !rd.ran_out) {
        uint64_t tag = take_varint(&rd);
        if (tag >> 3 == 0 || tag >> 3 > FIELD_MAX)
            return false;
        switch (tag & 7) {
        case VARINT:
            take_varint(&rd);
            break;
        case FIXED_64:
            zs_rd_bytes(&rd, 8);
            break;
        case COUNTED: {
            uint64_t n = take_varint(&rd);
            if (n > rd.left.n)
                return false;
            zs_rd_bytes(&rd, (size_t)n);
            break;
        }
        case FIXED_32:
            zs_rd_bytes(&rd, 4);
            break;
        default:
            return false;
        }
    }
    return s.n && !rd.ran_out;
}
