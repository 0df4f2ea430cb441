/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Registration of fields, subtrees and expert items. */
#include "plugin/fields.h"

struct zs_fields zs_hf;
struct zs_subtrees zs_ett;
struct zs_experts zs_ei;

/* 15/ZMTP: socket-type */
const value_string zs_socket_types[] = {
    {0, "PAIR"},   {1, "PUB"},  {2, "SUB"},  {3, "REQ"},  {4, "REP"},   {5, "DEALER"},
    {6, "ROUTER"}, {7, "PULL"}, {8, "PUSH"}, {9, "XPUB"}, {10, "XSUB"}, {0, NULL},
};

static hf_register_info fields[] = {
#define ZS_FIELD(id, abbrev, label, type, display, strings, mask, blurb) \
    {&zs_hf.id, {label, "zmtp." abbrev, type, display, strings, mask, blurb, HFILL}},
    ZS_FIELDS
#undef ZS_FIELD
};

#if ZS_WS_VERSION < 404
#define SUBTREE_POINTER gint
#else
#define SUBTREE_POINTER int
#endif
static SUBTREE_POINTER *const subtrees[] = {
#define ZS_SUBTREE(id) &zs_ett.id,
    ZS_SUBTREES
#undef ZS_SUBTREE
};

static ei_register_info experts[] = {
#define ZS_DEFECT(id, code, sentence, clause) \
    {&zs_ei.defect[id],                       \
     {"zmtp.defect." code, PI_PROTOCOL, PI_WARN, sentence " (" clause ")", EXPFILL}},
#include "core/defects.def"
#undef ZS_DEFECT
    {&zs_ei.not_opened,
     {"zmtp.gssapi.not_opened", PI_DECRYPTION, PI_NOTE,
      "The messages of this connection stay closed", EXPFILL}},
    {&zs_ei.missing,
     {"zmtp.missing", PI_SEQUENCE, PI_WARN, "Octets of this direction are not in the capture",
      EXPFILL}},
    {&zs_ei.layers,
     {"zmtp.layers", PI_UNDECODED, PI_NOTE,
      "Too many layers in this packet to show another dissector's tree", EXPFILL}},
    {&zs_ei.taps,
     {"zmtp.taps", PI_UNDECODED, PI_NOTE,
      "Too many frames in this packet: statistics, Follow and exports have the first of them only",
      EXPFILL}},
};

/* Every identifier must be -1 before it is registered. */
static void reset_identifiers(void)
{
    static const expert_field unset = EI_INIT;

    for (size_t i = 0; i < array_length(fields); i++)
        *fields[i].p_id = -1;
    for (size_t i = 0; i < array_length(subtrees); i++)
        *subtrees[i] = -1;
    for (size_t i = 0; i < array_length(experts); i++)
        *experts[i].ids = unset;
}

/* Wireshark itself may have a field of this name (4.4 on): of the same type, or ours would break its filters. */
static bool clashes(const hf_register_info *field)
{
    const header_field_info *other = proto_registrar_get_byname(field->hfinfo.abbrev);
    return other && other->type != field->hfinfo.type;
}

void zs_fields_register(int proto)
{
    reset_identifiers();
    for (size_t i = 0; i < array_length(fields); i++) {
        if (clashes(&fields[i]))
            g_warning("zmtpscope: %s is of another type in this Wireshark, and left to it",
                      fields[i].hfinfo.abbrev);
        else
            proto_register_field_array(proto, &fields[i], 1);
    }
    proto_register_subtree_array(subtrees, array_length(subtrees));
    expert_register_field_array(expert_register_protocol(proto), experts, array_length(experts));
}
