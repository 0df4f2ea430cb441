"""What a capture must show, derived from what its peers logged and from how libzmq puts it on the wire.
Nothing here reads a packet's contents: the TCP connections are counted, no more.

Limits: the rules are those of libzmq 4.3.4."""
import base64
import hashlib
from dataclasses import dataclass, field

from lab import kdc, process

GREETING = 64  # octets; the version stands in the first 12
OPPOSITE = {"c2s": "s2c", "s2c": "c2s"}
# What a story may say of its context beyond the names; the usual is not written.
NOTABLE = ("mechanism", "mutual", "delegated", "sequence", "dce", "channel_bindings", "confidential", "verdict",
           "reason")
FLAGS = {"delegated": (0x01, False), "mutual": (0x02, True), "sequence": (0x08, False), "dce": (0x1000, False)}
TEXT_LIMIT = 200
BASE64_LIMIT = 512


@dataclass
class Connection:
    """One TCP connection of a story: who took part, and how it is to end."""
    client: object  # bench.Peer, the side that opens the TCP connection
    server: object
    mechanism: str = "NULL"  # of the client, and of the server unless they differ
    server_mechanism: str = None
    outcome: str = "established"
    gssapi: dict = None  # principals: client, service; initiator; see context()
    plaintext: bool = False
    commands: list = field(default_factory=list)  # beyond those of an established handshake
    gaps: dict = field(default_factory=dict)  # by direction: octets that the capture lost
    closed: tuple = ()  # directions whose wrap tokens no key of the capture opens
    lost: tuple = ()  # directions whose (only) token the capture lost
    missing: dict = field(default_factory=dict)  # by direction: numbers of the frames that a gap damaged
    defects: list = field(default_factory=list)  # codes of what its peers do wrong, in order

    def peers(self):
        return {"c2s": self.client, "s2c": self.server}


def wire_messages(connection, direction):
    """The frames of every message that direction carried, as (parts) in order."""
    sender = connection.peers()[direction]
    receiver = connection.peers()[OPPOSITE[direction]]
    if sender.type in ("SUB", "XSUB"):
        return subscriptions(connection, sender)
    messages = sender.messages("sent")
    if sender.type == "ROUTER":  # the first part chooses the connection and stays at home
        identity = receiver.options["ROUTING_ID"].encode()
        return [parts[1:] for parts in messages if parts[0] == identity]
    if sender.type in ("REQ", "REP"):  # an empty part ends the envelope
        return [[b"", *parts] for parts in messages]
    if sender.type in ("PUB", "XPUB"):  # what nobody subscribed to is not sent
        delivered = receiver.messages("received")
        rest = iter(messages)
        if not all(parts in rest for parts in delivered):
            raise process.LabError(f"{receiver.name} received what {sender.name} did not send")
        return delivered
    return messages


def subscriptions(connection, sender):
    """SUB: commands of ZMTP 3.1 where they travel bare, else a message of the topic alone (dialect C).
    XSUB: the messages that it was given."""
    if sender.type == "XSUB":
        return sender.messages("sent")
    if connection.mechanism != "GSSAPI" or connection.plaintext:
        return []
    return [[line["topic"].encode()] for line in sender.events("subscribed", "unsubscribed")]


def frame(part, more):
    """One frame as MANIFEST writes it."""
    row = {"more": more, "length": len(part)}
    if len(part) <= TEXT_LIMIT and all(0x20 <= octet < 0x7F for octet in part):
        row["text"] = part.decode()
    elif len(part) <= BASE64_LIMIT:
        row["base64"] = base64.b64encode(part).decode()
    else:
        row["sha256"] = hashlib.sha256(part).hexdigest()
    return row


def frames(messages):
    """The frames of messages, in order."""
    return [frame(part, more=index < len(parts) - 1)
            for parts in messages for index, part in enumerate(parts)]


def metadata(peer):
    """READY's properties as libzmq writes them: Identity only of the types that have one."""
    properties = {"Socket-Type": peer.type}
    if peer.type in ("REQ", "DEALER", "ROUTER"):
        properties["Identity"] = peer.options.get("ROUTING_ID", "")
    return properties


def command(name, direction, count=1):
    return {"name": name, "direction": direction, "count": count}


def token_commands(connection, direction):
    """INITIATE and the empty command, as a peer of ours logs them. libzmq's do not tell: with mutual authentication
    and no negotiation one token is enough for each side, and the empty command is the initiator's."""
    told = [line["name"] for line in connection.peers()[direction].events("command")]
    if not told:
        told = ["INITIATE", ""] if direction == connection.gssapi["initiator"] else ["INITIATE"]
    return [command(name, direction, told.count(name)) for name in ("INITIATE", "") if name in told]


def ready(connection, direction):
    """READY, or what it looks like where it stays closed."""
    return command("MESSAGE" if direction in connection.closed else "READY", direction)


def mechanism_commands(connection):
    """The handshake's commands, for an established connection."""
    if connection.mechanism == "GSSAPI":
        first = connection.gssapi["initiator"]
        both_ways = (first, OPPOSITE[first])
        tokens = [row for direction in both_ways for row in token_commands(connection, direction)
                  if row["name"] != "INITIATE" or direction not in connection.lost]
        return tokens + [ready(connection, direction) for direction in reversed(both_ways)]
    if connection.mechanism == "NULL":
        return [command("READY", "c2s"), command("READY", "s2c")]
    return [command("HELLO", "c2s"), command("WELCOME", "s2c"), command("INITIATE", "c2s"),
            command("READY", "s2c")]


def context(connection):
    """The GSSAPI context, from the story's names, the KDC's database and the initiator's own cache and trace."""
    fact = connection.gssapi
    if fact is None or fact["initiator"] in connection.lost:  # nor is a context without its AP-REQ
        return None
    initiator = connection.peers()[fact["initiator"]]
    realm = initiator.bench.kdc
    service = fact["service"]
    session, ticket = kdc.ticket_enctypes(realm, initiator.env["KRB5CCNAME"], service)
    check_flags(connection)
    answered = connection.outcome == "established" and OPPOSITE[fact["initiator"]] not in connection.lost
    subkey = subkey_enctype(connection, initiator) if answered else None
    return {"opened": True, "client_principal": f"{fact['client']}@{kdc.REALM}",
            "service_principal": f"{service}@{kdc.REALM}", "kvno": initiator.bench.kvnos[service],
            "ticket_etype": ticket, "session_etype": session, "subkey_etype": subkey,
            "subkey_from": fact.get("subkey_from", "acceptor") if subkey else None, "initiator": fact["initiator"],
            **{name: fact[name] for name in NOTABLE if name in fact}}


def subkey_enctype(connection, initiator):
    """Enctype of the key in use, as the initiator's krb5 traced it or a peer's GSS library told; None without any."""
    told = {kdc.ENCTYPES[line["enctype"]] for peer in connection.peers().values()
            for line in peer.events("context") if line["enctype"]}
    traced = kdc.acceptor_subkey(initiator.trace.read_text()) if initiator.trace.exists() else None
    found = told | ({traced} if traced else set())
    if len(found) > 1:
        raise process.LabError(f"the peers do not agree on the key's enctype: {found}")
    return found.pop() if found else None


def check_flags(connection):
    """What the story says of the context's flags must be what the peers' GSS libraries say."""
    for peer in connection.peers().values():
        for line in peer.events("context"):
            for name, (bit, usual) in FLAGS.items():
                if bool(line["flags"] & bit) != connection.gssapi.get(name, usual):
                    raise process.LabError(f"{peer.name} has the flags {line['flags']:#x}: {name} is not as claimed")


def both(function):
    """{"c2s": ..., "s2c": ...}"""
    return {direction: function(direction) for direction in ("c2s", "s2c")}


def greetings(connection, flow):
    """What both greetings say, as far as each was sent: who refuses the other's mechanism closes before its own
    is on the wire, and which side that is depends on who reads first."""
    mechanisms = {"c2s": connection.mechanism, "s2c": connection.server_mechanism or connection.mechanism}
    said = {m for d, m in mechanisms.items() if flow.octets[d] >= GREETING}
    if len(said) > 1:
        raise process.LabError("both greetings name a mechanism, and they differ")
    return {"mechanism": said.pop() if said else None,
            "version": both(lambda d: "3.1" if flow.octets[d] >= 12 else None)}


def outcome(connection, flow):
    """As the story claims, which the capture must not contradict."""
    if flow.closed == (connection.outcome == "incomplete"):
        raise process.LabError(f"a connection is to be {connection.outcome}; closed is {flow.closed}")
    return connection.outcome


def readable(connection, direction):
    """Is there anything to be read but the first tokens?"""
    sealed = connection.mechanism == "CURVE" or direction in connection.closed
    return connection.outcome == "established" and not sealed


def messages_seen(connection, direction):
    """Frames; None where they cannot be seen or are not all there."""
    if connection.outcome != "established":
        return []
    if not readable(connection, direction):
        return None
    sent = frames(wire_messages(connection, direction))
    return [row for index, row in enumerate(sent) if index not in connection.missing.get(direction, ())]


def sealed_counts(connection):
    """How many frames stay closed, by direction."""
    closed = ("c2s", "s2c") if connection.mechanism == "CURVE" else connection.closed
    return {d: len(frames(wire_messages(connection, d))) for d in closed if connection.outcome == "established"}


def row(connection, flow):
    """A connection as MANIFEST writes it."""
    established = connection.outcome == "established"
    peers = connection.peers()
    counts = sealed_counts(connection)
    messages = both(lambda d: messages_seen(connection, d))
    written = {"client_port": flow.client_port, "server_port": flow.server_port,
               **greetings(connection, flow), "form": "libzmq",
               "gssapi": context(connection), "outcome": outcome(connection, flow),
               "metadata": both(lambda d: metadata(peers[d]) if readable(connection, d) else None),
               "commands": (mechanism_commands(connection) if established else []) + connection.commands,
               "messages": messages if any(m is not None for m in messages.values()) else None}
    if counts:
        written["wrapped_counts"] = counts
    if connection.gaps:
        written["gaps"] = connection.gaps
    if connection.defects:
        written["defects"] = connection.defects
    return written


def check_handshakes(connections):
    """The peers' own monitors must agree with the outcomes that the story claims."""
    for peer in {id(p): p for c in connections for p in c.peers().values()}.values():
        claimed = sum(c.outcome == "established" and peer in c.peers().values() for c in connections)
        if peer.handshakes() != claimed:
            raise process.LabError(f"{peer.name} counts {peer.handshakes()} handshakes, the story {claimed}")
