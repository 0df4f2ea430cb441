/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a payload looks like, and the heuristic dissectors that go by it. */
#include "plugin/shape.h"

#include "core/wire/content.h"

#include <wsutil/wsjson.h>

static bool is_json(struct zs_span s)
{
    size_t i = 0;

    while (i < s.n && g_ascii_isspace((char)s.p[i]))
        i++;
    /* A number or a word alone is JSON, too; what is meant is an object or an array. */
    return i < s.n && (s.p[i] == '{' || s.p[i] == '[') && json_validate(s.p, s.n);
}

/* Text as an application would send it: UTF-8, and of the control characters only those that lay out lines. */
static bool is_text(struct zs_span s)
{
    for (size_t i = 0; i < s.n; i++)
        if (s.p[i] < 0x20 && s.p[i] != '\t' && s.p[i] != '\n' && s.p[i] != '\r')
            return false;
    return s.n && g_utf8_validate((const char *)s.p, (gssize)s.n, NULL);
}

const char *zs_shape_of(struct zs_span s)
{
    return is_json(s)                 ? "json"
           : zs_content_is_xml(s)     ? "xml"
           : zs_content_is_msgpack(s) ? "msgpack"
           : is_text(s)               ? "data-text-lines"
                                      : "data";
}

/* Name of the dissector, how a payload shows that it is for it, label, and whether it is asked unless the user says
 * otherwise: not where short binary payloads often have the shape. */
/* clang-format off */
#define RECOGNISERS \
    RECOGNISER(json,     is_json,                "JSON in ZMTP",        HEURISTIC_ENABLE) \
    RECOGNISER(xml,      zs_content_is_xml,      "XML in ZMTP",         HEURISTIC_ENABLE) \
    RECOGNISER(msgpack,  zs_content_is_msgpack,  "MessagePack in ZMTP", HEURISTIC_ENABLE) \
    RECOGNISER(protobuf, zs_content_is_protobuf, "Protobuf in ZMTP",    HEURISTIC_DISABLE)
/* clang-format on */

#define RECOGNISER(name, is, label, enable)                                                        \
    static dissector_handle_t name##_handle;                                                       \
    static zbool recognise_##name(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, void *data) \
    {                                                                                              \
        size_t n = tvb_captured_length(tvb);                                                       \
        (void)data;                                                                                \
        if (!is(zs_span(tvb_get_ptr(tvb, 0, (int)n), n)))                                          \
            return ZFALSE;                                                                         \
        return call_dissector_only(name##_handle, tvb, pinfo, tree, NULL) > 0;                     \
    }
RECOGNISERS
#undef RECOGNISER

void zs_shapes_handoff(int proto)
{
#define RECOGNISER(name, is, label, enable)                                \
    name##_handle = find_dissector_add_dependency(#name, proto);           \
    if (name##_handle)                                                     \
        heur_dissector_add("zmtp", recognise_##name, label, #name "_zmtp", \
                           dissector_handle_get_protocol_index(name##_handle), enable);
    RECOGNISERS
#undef RECOGNISER
}
