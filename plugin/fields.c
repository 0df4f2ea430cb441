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
#define ZS_DEFECT(id, code, severity, about, sentence, clause) \
    {&zs_ei.defect[id],                                        \
     {"zmtp.defect." code, PI_##about, PI_##severity, sentence " (" clause ")", EXPFILL}},
#include "core/defects.def"
#undef ZS_DEFECT
    {&zs_ei.not_opened,
     {"zmtp.gssapi.not_opened", PI_DECRYPTION, PI_NOTE,
      "The messages of this connection stay closed", EXPFILL}},
    {&zs_ei.weak_enctype,
     {"zmtp.gssapi.weak_enctype", PI_SECURITY, PI_WARN,
      "An enctype that is broken (RFC 6649, RFC 8429)", EXPFILL}},
    {&zs_ei.delegation,
     {"zmtp.gssapi.delegation", PI_SECURITY, PI_NOTE, "The service may act as the client",
      EXPFILL}},
    {&zs_ei.verdict,
     {"zmtp.gssapi.refusable", PI_SECURITY, PI_WARN,
      "By the capture's clock a service must refuse this ticket (RFC 4120, 3.2.3)", EXPFILL}},
    {&zs_ei.unsealed,
     {"zmtp.gssapi.unsealed", PI_SECURITY, PI_WARN,
      "This connection's tokens are signed, not sealed: everybody on the way can read them",
      EXPFILL}},
    {&zs_ei.no_server,
     {"zmtp.gssapi.no_server", PI_PROTOCOL, PI_CHAT,
      "Neither peer says that it is the server, as libzmq's GSSAPI never does: who sends the AP-REQ is the client "
      "(38/ZMTP-GSSAPI)",
      EXPFILL}},
    {&zs_ei.empty_command,
     {"zmtp.empty_command", PI_PROTOCOL, PI_CHAT,
      "A command without name: libzmq's way to say that its security context stands", EXPFILL}},
    {&zs_ei.password,
     {"zmtp.password_in_clear", PI_SECURITY, PI_WARN,
      "User name and password travel in the clear (24/ZMTP-PLAIN)", EXPFILL}},
    {&zs_ei.midstream,
     {"zmtp.midstream", PI_SEQUENCE, PI_NOTE,
      "This connection began before the capture: what its greetings and its handshake said is not known",
      EXPFILL}},
    {&zs_ei.missing,
     {"zmtp.missing", PI_SEQUENCE, PI_WARN, "Octets of this direction were not handed on by TCP",
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
