/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef ZS_WIRE_COMMAND_H
#define ZS_WIRE_COMMAND_H

/* Commands: a name and a body. 23/ZMTP and 37/ZMTP write the name as a short string; 38/ZMTP-GSSAPI as
 * 8 octets padded with spaces. Both are read, told apart by the first octet, and reported. */
#include "core/defect.h"
#include "core/wire/buf.h"

enum zs_command_id {
    ZS_CMD_UNKNOWN,
    ZS_CMD_EMPTY, /* libzmq: the frame 04 00 by which a GSSAPI client says that its context stands */
    ZS_CMD_READY,
    ZS_CMD_ERROR,
    ZS_CMD_PING,
    ZS_CMD_PONG,
    ZS_CMD_SUBSCRIBE,
    ZS_CMD_CANCEL,
    ZS_CMD_JOIN,
    ZS_CMD_LEAVE,
    ZS_CMD_HELLO,
    ZS_CMD_WELCOME,
    ZS_CMD_INITIATE,
    ZS_CMD_MESSAGE,
    ZS_CMD_COUNT
};

enum zs_form {
    ZS_FORM_LIBZMQ, /* short-string name: all of ZMTP 3, and libzmq's GSSAPI */
    ZS_FORM_PADDED, /* 8 octets, space padded: 38/ZMTP-GSSAPI as written */
};

struct zs_command {
    enum zs_command_id id;
    enum zs_form form;
    bool
        misnamed; /* libzmq: PLAIN's ERROR goes out as 5E "RROR"; read as ERROR, its name is "RROR" */
    struct zs_span name; /* without length octet or padding; empty for ZS_CMD_EMPTY */
    struct zs_span body;
};

/* The name and the rest of a command frame's body, or of a message frame that begins like MESSAGE.
 * A command that runs out of octets is ZS_E_COMMAND_NAME. An unknown name is no error: ZS_CMD_UNKNOWN. */
enum zs_rc zs_command_parse(struct zs_span frame_body, struct zs_command *c);

/* "READY"; "" for EMPTY and UNKNOWN. Static storage. */
const char *zs_command_name(enum zs_command_id id);
const char *zs_form_name(enum zs_form form); /* "libzmq", "padded" */

/* One property of metadata (READY, INITIATE): name, value. */
struct zs_property {
    struct zs_span name, value;
};

/* The next property from the front of *metadata, which is moved on. False: nothing is left and *rc is ZS_OK,
 * or *rc is ZS_E_METADATA and *metadata keeps the octets that could not be read. Names of 1 to 255 octets. */
bool zs_metadata_next(struct zs_span *metadata, struct zs_property *p, enum zs_rc *rc);

/* 23/ZMTP: names of properties are compared without case. */
bool zs_property_is(const struct zs_property *p, const char *name);
/* The first property of that name; one without a name: there is none. */
struct zs_property zs_metadata_find(struct zs_span metadata, struct zs_span name);

/* Do whole properties make up all of metadata? */
bool zs_metadata_is_whole(struct zs_span metadata);

/* Bodies of ZMTP 3.1's commands. Each wants the whole body and nothing behind it: ZS_E_COMMAND_BODY; of
 * PING, ZS_E_PING_CONTEXT where the context is too long. PONG, SUBSCRIBE and the like have bodies without parts. */
struct zs_ping {
    uint16_t ttl;           /* tenths of a second */
    struct zs_span context; /* up to 16 octets, to be sent back in a PONG */
};
enum zs_rc zs_ping_parse(struct zs_span body, struct zs_ping *p);
enum zs_rc zs_error_parse(struct zs_span body, struct zs_span *reason);

/* Writers of the same. What does not fit its field makes b full. */
/* The name, in this form; EMPTY has none. Padded names have up to 8 letters, so that SUBSCRIBE makes b full. */
void zs_command_begin(struct zs_buf *b, enum zs_form form, enum zs_command_id id);
void zs_metadata_write(struct zs_buf *b, const char *name, struct zs_span value);
void zs_ping_write(struct zs_buf *b, const struct zs_ping *p);
void zs_error_write(struct zs_buf *b, struct zs_span reason);

#endif
