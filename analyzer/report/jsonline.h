/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef ZS_REPORT_JSONLINE_H
#define ZS_REPORT_JSONLINE_H

/* An object of NDJSON (RFC 8259), member by member, each name once. The text goes into memory that is used again, for a
 * capture may have a line for each packet.
 *
 * Limits: one object at a time. Text from the wire that is not UTF-8 is shown with replacement characters, and whole as
 * base64 beside it. */
#include "core/wire/span.h"

#include <stdio.h>

struct zs_json;

/* Begins with "event"; NULL: with nothing. */
struct zs_json *zs_json_begin(const char *event);
void zs_json_string(struct zs_json *j, const char *name, const char *value); /* NULL: nothing */
void zs_json_int(struct zs_json *j, const char *name, int64_t value);
void zs_json_uint(struct zs_json *j, const char *name, uint64_t value);
void zs_json_double(struct zs_json *j, const char *name, double value);
void zs_json_bool(struct zs_json *j, const char *name, bool value);
void zs_json_base64(struct zs_json *j, const char *name, struct zs_span s);
/* Is it UTF-8, and what it looks like as UTF-8; g_free() it. */
bool zs_json_is_text(struct zs_span s);
char *zs_json_valid(struct zs_span s);
/* Octets from the wire as text; where that loses something, NAME_base64 has them all. */
void zs_json_text(struct zs_json *j, const char *name, struct zs_span s);
/* Unix time in nanoseconds as RFC 3339 has it, UTC. */
void zs_json_time(struct zs_json *j, const char *name, int64_t ns);
/* A member that is an object, or, without a name, an element of an array that is one: what follows belongs to it until
 * it is closed. */
void zs_json_object(struct zs_json *j, const char *name);
void zs_json_object_end(struct zs_json *j);
/* A member that is an array of strings or objects, likewise. */
void zs_json_array(struct zs_json *j, const char *name);
void zs_json_element(struct zs_json *j, const char *value);
void zs_json_array_end(struct zs_json *j);
/* A whole array. File names are octets; as text they are what they look like. NULL terminated. */
void zs_json_strings(struct zs_json *j, const char *name, const char *const *list);
/* Writes it as a line, without any character that a terminal obeys. */
void zs_json_end(FILE *out, struct zs_json *j);

#endif
