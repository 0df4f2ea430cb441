/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef ZS_REPORT_JSONLINE_H
#define ZS_REPORT_JSONLINE_H

/* An object of NDJSON, member by member, with json-glib. Each name once.
 *
 * Limits: text from the wire that is not UTF-8 is shown with replacement characters, and whole as base64 beside it. */
#include "core/wire/span.h"

#include <json-glib/json-glib.h>
#include <stdio.h>

/* Begins with "event". */
JsonBuilder *zs_json_begin(const char *event);
void zs_json_string(JsonBuilder *b, const char *name, const char *value); /* NULL: nothing */
void zs_json_int(JsonBuilder *b, const char *name, int64_t value);
void zs_json_bool(JsonBuilder *b, const char *name, bool value);
void zs_json_base64(JsonBuilder *b, const char *name, struct zs_span s);
/* Is it UTF-8, and what it looks like as UTF-8; g_free() it. */
bool zs_json_is_text(struct zs_span s);
char *zs_json_valid(struct zs_span s);
/* Octets from the wire as text; where that loses something, NAME_base64 has them all. */
void zs_json_text(JsonBuilder *b, const char *name, struct zs_span s);
/* Unix time in nanoseconds as RFC 3339 has it, UTC. */
void zs_json_time(JsonBuilder *b, const char *name, int64_t ns);
/* Writes it as a line, without any character that a terminal obeys, and frees it. */
void zs_json_end(FILE *out, JsonBuilder *b);

#endif
