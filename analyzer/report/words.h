/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef ZS_REPORT_WORDS_H
#define ZS_REPORT_WORDS_H

/* Octets from the wire as words that a terminal may be shown: quotes, backslashes and all that is not printable ASCII
 * are escaped.
 *
 * Limits: a quotation ends after 60 octets, metadata after 20 properties, each with an ellipsis. */
#include "core/wire/span.h"

#include <glib.h>
#include <stdio.h>

/* The first most octets, and an ellipsis where there are more. */
void zs_append_octets(GString *line, struct zs_span s, size_t most);
void zs_append_quoted(GString *line, struct zs_span s); /* between quotes */
/* " mutual conf", the names of the GSS flags of RFC 2744 that are set. */
void zs_append_gss_flags(GString *line, uint32_t flags);
/* " Socket-Type="REQ" …", the properties of metadata. */
void zs_append_metadata(GString *line, struct zs_span metadata);
/* "" or "s", behind a word that n things share. */
const char *zs_plural(uint64_t n);
/* All of s as a hex dump, indented. */
void zs_put_hex(FILE *out, struct zs_span s);

#endif
