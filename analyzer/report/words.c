/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the text formats share. */
#include "analyzer/report/words.h"

#include "analyzer/report/report.h"

enum { PREVIEW = 60, METADATA_MAX = 20, HEX_WIDTH = 16 };

void zs_append_octets(GString *line, struct zs_span s, size_t most)
{
    size_t n = s.n < most ? s.n : most;

    for (size_t i = 0; i < n; i++) {
        uint8_t c = s.p[i];
        if (c == '"' || c == '\\')
            g_string_append_printf(line, "\\%c", c);
        else if (c >= 0x20 && c < 0x7f)
            g_string_append_c(line, (char)c);
        else
            g_string_append_printf(line, "\\x%02x", c);
    }
    if (n < s.n)
        g_string_append(line, "…");
}

void zs_append_quoted(GString *line, struct zs_span s)
{
    g_string_append_c(line, '"');
    zs_append_octets(line, s, PREVIEW);
    g_string_append_c(line, '"');
}

void zs_append_gss_flags(GString *line, uint32_t flags)
{
    for (unsigned bit = 0; bit < 32; bit++)
        if (flags & 1u << bit && zs_gss_flag_name(bit))
            g_string_append_printf(line, " %s", zs_gss_flag_name(bit));
}

void zs_append_metadata(GString *line, struct zs_span metadata)
{
    struct zs_property p;
    enum zs_rc rc = ZS_OK;

    for (int i = 0; i < METADATA_MAX && zs_metadata_next(&metadata, &p, &rc); i++) {
        g_string_append_c(line, ' ');
        zs_append_octets(line, p.name, PREVIEW);
        g_string_append_c(line, '=');
        zs_append_quoted(line, p.value);
    }
    if (metadata.n)
        g_string_append(line, " …");
}

/* Row by row, for out may have no buffer of its own. */
const char *zs_plural(uint64_t n)
{
    return n == 1 ? "" : "s";
}

void zs_put_hex(FILE *out, struct zs_span s)
{
    static const char digits[] = "0123456789abcdef";
    enum { HEX = 3 * HEX_WIDTH };

    for (size_t at = 0; at < s.n; at += HEX_WIDTH) {
        char row[4 + 16 + 1 + HEX + 2 + HEX_WIDTH + 1];
        size_t n = s.n - at < HEX_WIDTH ? s.n - at : HEX_WIDTH;
        char *hex = row + sprintf(row, "    %06zx ", at), *text = hex + HEX + 2;
        memset(hex, ' ', HEX + 2);
        for (size_t i = 0; i < n; i++) {
            uint8_t c = s.p[at + i];
            hex[3 * i + 1] = digits[c >> 4];
            hex[3 * i + 2] = digits[c & 15];
            *text++ = c >= 0x20 && c < 0x7f ? (char)c : '.';
        }
        *text++ = '\n';
        fwrite(row, 1, (size_t)(text - row), out);
    }
}
