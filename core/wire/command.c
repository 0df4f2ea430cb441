/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Commands of 23/ZMTP, 37/ZMTP and 38/ZMTP-GSSAPI: their names in both forms; metadata, PING and ERROR.
 *
 * Limits: an unknown padded name is seen only where it cannot be a short string as well. */
#include "core/wire/command.h"

enum { PADDED_NAME = 8, PING_CONTEXT_MAX = 16 };

static const char *const names[ZS_CMD_COUNT] = {
    [ZS_CMD_UNKNOWN] = "",
    [ZS_CMD_EMPTY] = "",
    [ZS_CMD_READY] = "READY",
    [ZS_CMD_ERROR] = "ERROR",
    [ZS_CMD_PING] = "PING",
    [ZS_CMD_PONG] = "PONG",
    [ZS_CMD_SUBSCRIBE] = "SUBSCRIBE",
    [ZS_CMD_CANCEL] = "CANCEL",
    [ZS_CMD_JOIN] = "JOIN",
    [ZS_CMD_LEAVE] = "LEAVE",
    [ZS_CMD_HELLO] = "HELLO",
    [ZS_CMD_WELCOME] = "WELCOME",
    [ZS_CMD_INITIATE] = "INITIATE",
    [ZS_CMD_MESSAGE] = "MESSAGE",
};

const char *zs_command_name(enum zs_command_id id)
{
    return names[id];
}

const char *zs_form_name(enum zs_form form)
{
    return form == ZS_FORM_PADDED ? "padded" : "libzmq";
}

static enum zs_command_id id_of(struct zs_span name)
{
    for (int id = ZS_CMD_READY; id < ZS_CMD_COUNT; id++)
        if (zs_span_is(name, names[id]))
            return (enum zs_command_id)id;
    return ZS_CMD_UNKNOWN;
}

static bool is_upper(uint8_t c)
{
    return c >= 'A' && c <= 'Z';
}

/* 38/ZMTP-GSSAPI: eight octets, space padded. As a short string the first letter would be a length of 65 or
 * more, longer than any name, so a known name here is no accident; an unknown one must rule that out. */
static bool parse_padded(struct zs_span in, struct zs_command *c)
{
    if (in.n < PADDED_NAME)
        return false;
    size_t n = 0;
    while (n < PADDED_NAME && is_upper(in.p[n]))
        n++;
    for (size_t i = n; i < PADDED_NAME; i++)
        if (in.p[i] != ' ')
            return false;
    struct zs_span name = zs_span(in.p, n);
    enum zs_command_id id = id_of(name);
    bool fits_short = in.p[0] <= in.n - 1;
    if (n == 0 || (id == ZS_CMD_UNKNOWN && fits_short))
        return false;
    *c = (struct zs_command){
        .id = id, .form = ZS_FORM_PADDED, .name = name, .body = zs_span_skip(in, PADDED_NAME)};
    return true;
}

/* libzmq: PLAIN's ERROR is the C literal "\x05ERROR", whose escape takes the E in: 5E "RROR". */
static bool parse_misnamed(struct zs_span in, struct zs_command *c)
{
    if (in.n < 5 || memcmp(in.p, "\x5eRROR", 5) != 0)
        return false;
    *c = (struct zs_command){.id = ZS_CMD_ERROR,
                             .form = ZS_FORM_LIBZMQ,
                             .misnamed = true,
                             .name = zs_span(in.p + 1, 4),
                             .body = zs_span_skip(in, 5)};
    return true;
}

enum zs_rc zs_command_parse(struct zs_span frame_body, struct zs_command *c)
{
    if (frame_body.n == 0) {
        *c = (struct zs_command){.id = ZS_CMD_EMPTY, .form = ZS_FORM_LIBZMQ};
        return ZS_OK;
    }
    if (parse_padded(frame_body, c) || parse_misnamed(frame_body, c))
        return ZS_OK;

    struct zs_rd rd = zs_rd(frame_body);
    struct zs_span name = zs_rd_short(&rd);
    if (rd.ran_out || name.n == 0)
        return ZS_E_COMMAND_NAME;
    *c = (struct zs_command){
        .id = id_of(name), .form = ZS_FORM_LIBZMQ, .name = name, .body = rd.left};
    return ZS_OK;
}

bool zs_metadata_next(struct zs_span *metadata, struct zs_property *p, enum zs_rc *rc)
{
    struct zs_rd rd = zs_rd(*metadata);

    *rc = ZS_OK;
    if (metadata->n == 0)
        return false;
    struct zs_span name = zs_rd_short(&rd);
    struct zs_span value = zs_rd_bytes(&rd, zs_rd_be32(&rd));
    if (rd.ran_out || name.n == 0) {
        *rc = ZS_E_METADATA;
        return false;
    }
    *p = (struct zs_property){.name = name, .value = value};
    *metadata = rd.left;
    return true;
}

/* Letters of ASCII, whatever the locale. */
static uint8_t small(uint8_t c)
{
    return is_upper(c) ? c | 0x20 : c;
}

static bool same_name(struct zs_span a, struct zs_span b)
{
    if (a.n != b.n)
        return false;
    for (size_t i = 0; i < a.n; i++)
        if (small(a.p[i]) != small(b.p[i]))
            return false;
    return true;
}

bool zs_property_is(const struct zs_property *p, const char *name)
{
    return same_name(p->name, zs_span(name, strlen(name)));
}

struct zs_property zs_metadata_find(struct zs_span metadata, struct zs_span name)
{
    struct zs_property p;
    enum zs_rc rc;

    while (zs_metadata_next(&metadata, &p, &rc))
        if (same_name(p.name, name))
            return p;
    return (struct zs_property){0};
}

bool zs_metadata_is_whole(struct zs_span metadata)
{
    struct zs_property p;
    enum zs_rc rc = ZS_OK;

    while (zs_metadata_next(&metadata, &p, &rc))
        continue;
    return rc == ZS_OK;
}

enum zs_rc zs_ping_parse(struct zs_span body, struct zs_ping *p)
{
    struct zs_rd rd = zs_rd(body);
    uint16_t ttl = zs_rd_be16(&rd);

    if (rd.ran_out)
        return ZS_E_COMMAND_BODY;
    if (rd.left.n > PING_CONTEXT_MAX)
        return ZS_E_PING_CONTEXT;
    *p = (struct zs_ping){.ttl = ttl, .context = rd.left};
    return ZS_OK;
}

enum zs_rc zs_error_parse(struct zs_span body, struct zs_span *reason)
{
    struct zs_rd rd = zs_rd(body);
    struct zs_span text = zs_rd_short(&rd);

    if (rd.ran_out || rd.left.n)
        return ZS_E_COMMAND_BODY;
    *reason = text;
    return ZS_OK;
}

void zs_command_begin(struct zs_buf *b, enum zs_form form, enum zs_command_id id)
{
    struct zs_span name = zs_span(names[id], strlen(names[id]));

    if (name.n == 0)
        return;
    if (form == ZS_FORM_LIBZMQ) {
        zs_buf_short(b, name);
        return;
    }
    if (name.n > PADDED_NAME) {
        b->full = true;
        return;
    }
    zs_buf_put(b, name);
    zs_buf_put(b, zs_span("        ", PADDED_NAME - name.n));
}

void zs_metadata_write(struct zs_buf *b, const char *name, struct zs_span value)
{
    if (value.n > UINT32_MAX) {
        b->full = true;
        return;
    }
    zs_buf_short(b, zs_span(name, strlen(name)));
    zs_buf_be(b, value.n, 4);
    zs_buf_put(b, value);
}

void zs_ping_write(struct zs_buf *b, const struct zs_ping *p)
{
    if (p->context.n > PING_CONTEXT_MAX) {
        b->full = true;
        return;
    }
    zs_buf_be(b, p->ttl, 2);
    zs_buf_put(b, p->context);
}

void zs_error_write(struct zs_buf *b, struct zs_span reason)
{
    zs_buf_short(b, reason);
}
