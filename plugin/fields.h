/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef ZS_PLUGIN_FIELDS_H
#define ZS_PLUGIN_FIELDS_H

/* Everything that can stand in the tree. Names and types of what Wireshark 4.4's own dissector shows are its;
 * ours beside them begin with zmtp. too. */
#include "plugin/compat.h"

#include "core/defect.h"

#include <epan/expert.h>
#include <epan/proto.h>

/* ZS_FIELD(identifier, abbreviation, label, type, display, strings, bitmask, blurb) */
/* clang-format off */
#define ZS_FIELDS \
    ZS_FIELD(signature, "signature", "Signature", FT_BYTES, BASE_NONE, NULL, 0, NULL) \
    ZS_FIELD(padding, "padding", "Padding", FT_BYTES, BASE_NONE, NULL, 0, "Of a greeting, where libzmq puts the length of its routing id plus 1, for peers of ZMTP 1.0; of CURVE's HELLO") \
    ZS_FIELD(version, "version", "Version", FT_STRING, BASE_NONE, NULL, 0, NULL) \
    ZS_FIELD(version_major, "version.major", "Major", FT_UINT8, BASE_DEC, NULL, 0, NULL) \
    ZS_FIELD(version_minor, "version.minor", "Minor", FT_UINT8, BASE_DEC, NULL, 0, NULL) \
    ZS_FIELD(mechanism, "mechanism", "Mechanism", FT_STRINGZ, BASE_NONE, NULL, 0, NULL) \
    ZS_FIELD(as_server, "as-server", "As server", FT_BOOLEAN, BASE_NONE, NULL, 0, "libzmq's GSSAPI never sets it") \
    ZS_FIELD(filler, "filler", "Filler", FT_BYTES, BASE_NONE, NULL, 0, NULL) \
    ZS_FIELD(socket_type_2, "socket-type.number", "Socket type", FT_UINT8, BASE_DEC, VALS(zs_socket_types), 0, "ZMTP 2.0") \
    ZS_FIELD(identity, "identity", "Identity", FT_BYTES, BASE_NONE, NULL, 0, "ZMTP 1.0 and 2.0") \
    ZS_FIELD(flags, "flags", "Flags", FT_UINT8, BASE_HEX, NULL, 0, NULL) \
    ZS_FIELD(flags_reserved, "flags.reserved", "Reserved", FT_UINT8, BASE_HEX, NULL, 0xf8, NULL) \
    ZS_FIELD(flags_command, "flags.command", "Command", FT_UINT8, BASE_HEX, NULL, 0x04, NULL) \
    ZS_FIELD(flags_long, "flags.long", "Long", FT_UINT8, BASE_HEX, NULL, 0x02, NULL) \
    ZS_FIELD(flags_more, "flags.more", "More", FT_UINT8, BASE_HEX, NULL, 0x01, NULL) \
    ZS_FIELD(length, "length", "Length", FT_UINT64, BASE_DEC, NULL, 0, NULL) \
    ZS_FIELD(data, "data", "Data", FT_BYTES, BASE_NONE, NULL, 0, NULL) \
    ZS_FIELD(data_text, "data.text", "Text", FT_STRING, BASE_NONE, NULL, 0, NULL) \
    ZS_FIELD(command_name_length, "command-name.length", "Name length", FT_UINT8, BASE_DEC, NULL, 0, NULL) \
    ZS_FIELD(command_name, "command-name", "Command", FT_STRING, BASE_NONE, NULL, 0, NULL) \
    ZS_FIELD(form, "form", "Form", FT_STRING, BASE_NONE, NULL, 0, "How command names are written: short strings (libzmq) or padded with spaces (38/ZMTP-GSSAPI)") \
    ZS_FIELD(metadata_key, "metadata.key", "Key", FT_STRING, BASE_NONE, NULL, 0, NULL) \
    ZS_FIELD(metadata_value, "metadata.value", "Value", FT_STRING, BASE_NONE, NULL, 0, NULL) \
    ZS_FIELD(socket_type, "socket-type", "Socket type", FT_STRING, BASE_NONE, NULL, 0, NULL) \
    ZS_FIELD(username, "username", "User name", FT_STRING, BASE_NONE, NULL, 0, NULL) \
    ZS_FIELD(password, "password", "Password", FT_STRING, BASE_NONE, NULL, 0, NULL) \
    ZS_FIELD(reason, "reason", "Reason", FT_STRING, BASE_NONE, NULL, 0, NULL) \
    ZS_FIELD(ping_ttl, "ping.ttl", "Time to live", FT_UINT16, BASE_DEC, NULL, 0, "In tenths of a second") \
    ZS_FIELD(ping_context, "ping.context", "Context", FT_STRING, BASE_NONE, NULL, 0, NULL) \
    ZS_FIELD(ping_pong_in, "ping.pong_in", "PONG in", FT_FRAMENUM, BASE_NONE, FRAMENUM_TYPE(FT_FRAMENUM_RESPONSE), 0, "The packet that answers this PING") \
    ZS_FIELD(ping_in, "ping.ping_in", "PING in", FT_FRAMENUM, BASE_NONE, FRAMENUM_TYPE(FT_FRAMENUM_REQUEST), 0, "The packet whose PING this answers") \
    ZS_FIELD(ping_time, "ping.time", "Round-trip time", FT_RELATIVE_TIME, BASE_NONE, NULL, 0, "From the PING to its PONG, where the capture was made") \
    ZS_FIELD(topic, "topic", "Topic", FT_STRING, BASE_NONE, NULL, 0, "Of a subscription, or a publisher's first part") \
    ZS_FIELD(subscription, "subscription", "Sent because of", FT_STRING, BASE_NONE, NULL, 0, "The longest subscription that the publisher's message begins with") \
    ZS_FIELD(sender_type, "socket-type.sender", "Sender's socket type", FT_STRING, BASE_NONE, NULL, 0, "As its READY or greeting says") \
    ZS_FIELD(receiver_type, "socket-type.receiver", "Receiver's socket type", FT_STRING, BASE_NONE, NULL, 0, "As its READY or greeting says") \
    ZS_FIELD(handshake_time, "handshake_time", "Handshake took", FT_RELATIVE_TIME, BASE_NONE, NULL, 0, "From the first greeting's first octets to where both sides were ready") \
    ZS_FIELD(envelope, "envelope", "Routing identity or request id", FT_BYTES, BASE_NONE, NULL, 0, "A part of a message before its delimiter") \
    ZS_FIELD(envelope_delimiter, "envelope.delimiter", "Delimiter", FT_NONE, BASE_NONE, NULL, 0, "The empty part between envelope and payload") \
    ZS_FIELD(message_number, "message.number", "Message", FT_UINT64, BASE_DEC, NULL, 0, "Of its direction, from 1") \
    ZS_FIELD(message_part, "message.part", "Part", FT_UINT32, BASE_DEC, NULL, 0, "From 1") \
    ZS_FIELD(message_role, "message.role", "Role", FT_STRING, BASE_NONE, NULL, 0, "What the part is to these sockets: payload, envelope, delimiter, topic, group, subscribe or cancel") \
    ZS_FIELD(message_parts, "message.parts", "Parts", FT_UINT32, BASE_DEC, NULL, 0, "Of the whole message") \
    ZS_FIELD(message_size, "message.size", "Size", FT_UINT64, BASE_DEC, NULL, 0, "Octets of all parts of the message") \
    ZS_FIELD(message_first, "message.first_frame", "First part in", FT_FRAMENUM, BASE_NONE, NULL, 0, NULL) \
    ZS_FIELD(message_last, "message.last_frame", "Last part in", FT_FRAMENUM, BASE_NONE, NULL, 0, NULL) \
    ZS_FIELD(message_torn, "message.torn", "Beginning unknown", FT_BOOLEAN, BASE_NONE, NULL, 0, "What stood before this part is missing or stays closed: parts count from here") \
    ZS_FIELD(request_in, "request_in", "Request in", FT_FRAMENUM, BASE_NONE, FRAMENUM_TYPE(FT_FRAMENUM_REQUEST), 0, "The packet with the last part of the request that this answers") \
    ZS_FIELD(reply_in, "reply_in", "Reply in", FT_FRAMENUM, BASE_NONE, FRAMENUM_TYPE(FT_FRAMENUM_RESPONSE), 0, "The packet with the last part of the reply to this") \
    ZS_FIELD(response_time, "time", "Response time", FT_RELATIVE_TIME, BASE_NONE, NULL, 0, "From the request's last part to the reply's") \
    ZS_FIELD(group, "group", "Group", FT_STRING, BASE_NONE, NULL, 0, NULL) \
    ZS_FIELD(curve_version, "curvezmq.version", "Version", FT_STRING, BASE_NONE, NULL, 0, NULL) \
    ZS_FIELD(curve_version_major, "curvezmq.version.major", "Major", FT_UINT8, BASE_DEC, NULL, 0, NULL) \
    ZS_FIELD(curve_version_minor, "curvezmq.version.minor", "Minor", FT_UINT8, BASE_DEC, NULL, 0, NULL) \
    ZS_FIELD(curve_publickey, "curvezmq.publickey", "Public key", FT_BYTES, BASE_NONE, NULL, 0, NULL) \
    ZS_FIELD(curve_cookie, "curvezmq.cookie", "Cookie", FT_BYTES, BASE_NONE, NULL, 0, NULL) \
    ZS_FIELD(curve_nonce, "curvezmq.nonce", "Nonce", FT_BYTES, BASE_NONE, NULL, 0, NULL) \
    ZS_FIELD(curve_signature, "curvezmq.signature", "Signature", FT_BYTES, BASE_NONE, NULL, 0, NULL) \
    ZS_FIELD(curve_box, "curvezmq.box", "Box", FT_BYTES, BASE_NONE, NULL, 0, NULL) \
    ZS_FIELD(defect, "defect", "Defect", FT_STRING, BASE_NONE, NULL, 0, "The code of what is wrong: one filter for all expert items zmtp.defect.*") \
    ZS_FIELD(stream, "stream", "Stream index", FT_UINT32, BASE_DEC, NULL, 0, NULL) \
    ZS_FIELD(direction, "direction", "Direction", FT_STRING, BASE_NONE, NULL, 0, "c2s or s2c, c being who opened the TCP connection; if that is not in the capture, the end with the higher port") \
    ZS_FIELD(continuation, "continuation", "Continuation", FT_BYTES, BASE_NONE, NULL, 0, "Octets of a frame that began in an earlier packet") \
    ZS_FIELD(unread, "unread", "Not read", FT_BYTES, BASE_NONE, NULL, 0, "Where the next frame begins is unknown") \
    ZS_FIELD(message_data, "message.data", "Data", FT_BYTES, BASE_NONE, NULL, 0, "The application's octets, in the clear or decrypted") \
    ZS_FIELD(message_text, "message.text", "Text", FT_STRING, BASE_NONE, NULL, 0, NULL) \
    ZS_FIELD(message_length, "message.length", "Length", FT_UINT32, BASE_DEC, NULL, 0, "Of the application's octets") \
    ZS_FIELD(message_more, "message.more", "More frames follow", FT_BOOLEAN, BASE_NONE, NULL, 0, NULL) \
    ZS_FIELD(message_wrapped, "message.wrapped", "Wrapped", FT_BOOLEAN, BASE_NONE, NULL, 0, NULL) \
    ZS_FIELD(payload_protocol, "payload.protocol", "Payload of", FT_STRING, BASE_NONE, NULL, 0, "The protocol whose dissector took the payload") \
    ZS_FIELD(payload_chosen_by, "payload.chosen_by", "Chosen by", FT_STRING, BASE_NONE, NULL, 0, "Decode As, topic, port or heuristics") \
    ZS_FIELD(token, "gssapi.token", "Token", FT_BYTES, BASE_NONE, NULL, 0, NULL) \
    ZS_FIELD(token_length, "gssapi.token.length", "Token length", FT_UINT32, BASE_DEC, NULL, 0, NULL) \
    ZS_FIELD(token_mechanism, "gssapi.mechanism", "Mechanism", FT_STRING, BASE_NONE, NULL, 0, NULL) \
    ZS_FIELD(token_kind, "gssapi.kind", "Token", FT_STRING, BASE_NONE, NULL, 0, NULL) \
    ZS_FIELD(cfx_flags, "gssapi.flags", "Flags", FT_UINT8, BASE_HEX, NULL, 0, NULL) \
    ZS_FIELD(cfx_acceptor_subkey, "gssapi.flags.acceptor_subkey", "Acceptor subkey", FT_BOOLEAN, 8, NULL, 0x04, NULL) \
    ZS_FIELD(cfx_sealed, "gssapi.flags.sealed", "Sealed", FT_BOOLEAN, 8, NULL, 0x02, NULL) \
    ZS_FIELD(cfx_sent_by_acceptor, "gssapi.flags.sent_by_acceptor", "Sent by acceptor", FT_BOOLEAN, 8, NULL, 0x01, NULL) \
    ZS_FIELD(cfx_ec, "gssapi.ec", "Extra count", FT_UINT16, BASE_DEC, NULL, 0, NULL) \
    ZS_FIELD(cfx_rrc, "gssapi.rrc", "Right rotation count", FT_UINT16, BASE_DEC, NULL, 0, NULL) \
    ZS_FIELD(cfx_sequence, "gssapi.sequence", "Sequence number", FT_UINT64, BASE_DEC, NULL, 0, NULL) \
    ZS_FIELD(verified, "gssapi.verified", "Opened and verified", FT_BOOLEAN, BASE_NONE, NULL, 0, "The checksum held") \
    ZS_FIELD(engine, "gssapi.engine", "Opened by", FT_STRING, BASE_NONE, NULL, 0, "zmtpscope's own context, or Wireshark's Kerberos engine") \
    ZS_FIELD(plaintext, "gssapi.plaintext", "Plaintext", FT_BYTES, BASE_NONE, NULL, 0, "All that the wrap token held") \
    ZS_FIELD(mech_list_mic, "gssapi.mech_list_mic", "MIC over the offered mechanisms", FT_STRING, BASE_NONE, NULL, 0, "Whether SPNEGO's offer was signed, and the signature holds") \
    ZS_FIELD(inner_flags, "gssapi.inner_flags", "Inner flags", FT_UINT8, BASE_HEX, NULL, 0, NULL) \
    ZS_FIELD(inner_cancel, "gssapi.inner_flags.cancel", "Cancel", FT_BOOLEAN, 8, NULL, 0x08, NULL) \
    ZS_FIELD(inner_subscribe, "gssapi.inner_flags.subscribe", "Subscribe", FT_BOOLEAN, 8, NULL, 0x04, NULL) \
    ZS_FIELD(inner_command, "gssapi.inner_flags.command", "Command", FT_BOOLEAN, 8, NULL, 0x02, NULL) \
    ZS_FIELD(inner_more, "gssapi.inner_flags.more", "More", FT_BOOLEAN, 8, NULL, 0x01, NULL) \
    ZS_FIELD(client_principal, "gssapi.client", "Client principal", FT_STRING, BASE_NONE, NULL, 0, NULL) \
    ZS_FIELD(service_principal, "gssapi.service", "Service principal", FT_STRING, BASE_NONE, NULL, 0, NULL) \
    ZS_FIELD(kvno, "gssapi.kvno", "Key version number", FT_UINT32, BASE_DEC, NULL, 0, NULL) \
    ZS_FIELD(ticket_etype, "gssapi.ticket_etype", "Ticket enctype", FT_STRING, BASE_NONE, NULL, 0, NULL) \
    ZS_FIELD(session_etype, "gssapi.session_etype", "Session key enctype", FT_STRING, BASE_NONE, NULL, 0, NULL) \
    ZS_FIELD(subkey_etype, "gssapi.subkey_etype", "Message key enctype", FT_STRING, BASE_NONE, NULL, 0, NULL) \
    ZS_FIELD(subkey_from, "gssapi.subkey_from", "Message key from", FT_STRING, BASE_NONE, NULL, 0, "acceptor, initiator or session") \
    ZS_FIELD(keytab_entry, "gssapi.keytab_entry", "Opened with", FT_STRING, BASE_NONE, NULL, 0, "The entry of the keytab") \
    ZS_FIELD(context_opened, "gssapi.opened", "Ticket opened", FT_BOOLEAN, BASE_NONE, NULL, 0, NULL) \
    ZS_FIELD(context_reason, "gssapi.reason", "Reason", FT_STRING, BASE_NONE, NULL, 0, "What did not open, and why") \
    ZS_FIELD(mutual, "gssapi.mutual", "AP-REP asked for", FT_BOOLEAN, BASE_NONE, NULL, 0, "Mutual authentication") \
    ZS_FIELD(opened_by, "gssapi.opened_by", "Key from", FT_STRING, BASE_NONE, NULL, 0, "keytab, key, password, ccache or secret") \
    ZS_FIELD(gss_flags, "gssapi.gss_flags", "GSS flags", FT_UINT32, BASE_HEX, NULL, 0, "Of the authenticator's checksum: RFC 4121, 4.1.1") \
    ZS_FIELD(gss_deleg, "gssapi.gss_flags.deleg", "Delegation", FT_BOOLEAN, 32, NULL, 0x01, NULL) \
    ZS_FIELD(gss_mutual, "gssapi.gss_flags.mutual", "Mutual authentication", FT_BOOLEAN, 32, NULL, 0x02, NULL) \
    ZS_FIELD(gss_replay, "gssapi.gss_flags.replay", "Replay detection", FT_BOOLEAN, 32, NULL, 0x04, NULL) \
    ZS_FIELD(gss_sequence, "gssapi.gss_flags.sequence", "Sequencing", FT_BOOLEAN, 32, NULL, 0x08, NULL) \
    ZS_FIELD(gss_conf, "gssapi.gss_flags.conf", "Confidentiality", FT_BOOLEAN, 32, NULL, 0x10, NULL) \
    ZS_FIELD(gss_integ, "gssapi.gss_flags.integ", "Integrity", FT_BOOLEAN, 32, NULL, 0x20, NULL) \
    ZS_FIELD(gss_anon, "gssapi.gss_flags.anon", "Anonymous", FT_BOOLEAN, 32, NULL, 0x40, NULL) \
    ZS_FIELD(gss_prot, "gssapi.gss_flags.prot", "Protection ready", FT_BOOLEAN, 32, NULL, 0x80, NULL) \
    ZS_FIELD(gss_trans, "gssapi.gss_flags.trans", "Transferable", FT_BOOLEAN, 32, NULL, 0x100, NULL) \
    ZS_FIELD(gss_dce, "gssapi.gss_flags.dce", "DCE style", FT_BOOLEAN, 32, NULL, 0x1000, NULL) \
    ZS_FIELD(gss_identify, "gssapi.gss_flags.identify", "Identify", FT_BOOLEAN, 32, NULL, 0x2000, NULL) \
    ZS_FIELD(gss_ext_err, "gssapi.gss_flags.ext_err", "Extended errors", FT_BOOLEAN, 32, NULL, 0x4000, NULL) \
    ZS_FIELD(ticket_auth, "gssapi.ticket.auth", "Authenticated", FT_ABSOLUTE_TIME, ABSOLUTE_TIME_UTC, NULL, 0, "By the KDC") \
    ZS_FIELD(ticket_start, "gssapi.ticket.start", "Good from", FT_ABSOLUTE_TIME, ABSOLUTE_TIME_UTC, NULL, 0, NULL) \
    ZS_FIELD(ticket_end, "gssapi.ticket.end", "Good until", FT_ABSOLUTE_TIME, ABSOLUTE_TIME_UTC, NULL, 0, NULL) \
    ZS_FIELD(ticket_renew_till, "gssapi.ticket.renew_till", "Renewable until", FT_ABSOLUTE_TIME, ABSOLUTE_TIME_UTC, NULL, 0, NULL) \
    ZS_FIELD(ticket_flags, "gssapi.ticket.flags", "Ticket flags", FT_UINT32, BASE_HEX, NULL, 0, "RFC 4120, 5.3: bit 0 is the highest") \
    ZS_FIELD(transited, "gssapi.ticket.transited", "Transited realms", FT_STRING, BASE_NONE, NULL, 0, NULL) \
    ZS_FIELD(authorization, "gssapi.ticket.authorization", "Authorization data", FT_STRING, BASE_NONE, NULL, 0, "Its kinds; not judged") \
    ZS_FIELD(channel_bindings, "gssapi.channel_bindings", "Channel bindings", FT_BOOLEAN, BASE_NONE, NULL, 0, NULL) \
    ZS_FIELD(delegated, "gssapi.delegated", "Delegated", FT_BOOLEAN, BASE_NONE, NULL, 0, "The client hands its ticket to the service") \
    ZS_FIELD(delegated_client, "gssapi.delegated.client", "Delegated principal", FT_STRING, BASE_NONE, NULL, 0, NULL) \
    ZS_FIELD(delegated_end, "gssapi.delegated.end", "Delegated until", FT_ABSOLUTE_TIME, ABSOLUTE_TIME_UTC, NULL, 0, NULL) \
    ZS_FIELD(skew, "gssapi.skew", "Clock skew", FT_INT64, BASE_DEC, NULL, 0, "The authenticator's time minus the packet's, in milliseconds") \
    ZS_FIELD(verdict, "gssapi.verdict", "Verdict", FT_STRING, BASE_NONE, NULL, 0, "What an acceptor with the capture's clock must say") \
    ZS_FIELD(ap_req_frame, "gssapi.ap_req_frame", "AP-REQ in", FT_FRAMENUM, BASE_NONE, NULL, 0, NULL) \
    ZS_FIELD(ap_rep_frame, "gssapi.ap_rep_frame", "AP-REP in", FT_FRAMENUM, BASE_NONE, NULL, 0, NULL)

#define ZS_SUBTREES \
    ZS_SUBTREE(zmtp) ZS_SUBTREE(greeting) ZS_SUBTREE(frame) ZS_SUBTREE(flags) ZS_SUBTREE(command) \
    ZS_SUBTREE(metadata) ZS_SUBTREE(token) ZS_SUBTREE(cfx_flags) ZS_SUBTREE(inner_flags) \
    ZS_SUBTREE(context) ZS_SUBTREE(gss_flags) ZS_SUBTREE(message)
/* clang-format on */

struct zs_fields {
#define ZS_FIELD(id, abbrev, label, type, display, strings, mask, blurb) int id;
    ZS_FIELDS
#undef ZS_FIELD
};
struct zs_subtrees {
#define ZS_SUBTREE(id) int id;
    ZS_SUBTREES
#undef ZS_SUBTREE
};
/* Expert items: one for each defect of core/defects.def, and the plugin's own. */
struct zs_experts {
    expert_field defect[ZS_RC_COUNT];
    expert_field not_opened;   /* once a connection: the context's reason */
    expert_field weak_enctype; /* once a connection, as the following three: of one of its keys */
    expert_field delegation;
    expert_field verdict;       /* a service must refuse the ticket */
    expert_field unsealed;      /* tokens are only signed */
    expert_field no_server;     /* as-server: nobody is */
    expert_field empty_command; /* libzmq's */
    expert_field password;      /* PLAIN's */
    expert_field midstream;     /* once a connection */
    expert_field missing;       /* octets of the stream that TCP did not hand on */
    expert_field layers;        /* too many layers in this packet for another dissector */
    expert_field taps;          /* too many things in this packet for Wireshark's tools */
};

extern struct zs_fields zs_hf;
extern struct zs_subtrees zs_ett;
extern struct zs_experts zs_ei;
extern const value_string zs_socket_types[];

/* Registers all of it for the protocol. Where Wireshark has a field of the name with another type, ours is left
 * out and a warning says so: the last one registered would decide how a filter is read. */
void zs_fields_register(int proto);

#endif
