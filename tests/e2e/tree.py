"""The plugin's tree, as tshark writes it in PDML, turned into the events that zmtpscope read --json writes.

Limits: knows what both can say: greetings, tokens, commands, messages, defects, and the context as it stands in a
packet.
"""
import dataclasses
import os
import xml.etree.ElementTree

import subject

CONTEXT = {"zmtp.gssapi.client": "client_principal", "zmtp.gssapi.service": "service_principal",
           "zmtp.gssapi.kvno": "kvno", "zmtp.gssapi.ticket_etype": "ticket_etype",
           "zmtp.gssapi.session_etype": "session_etype", "zmtp.gssapi.subkey_etype": "subkey_etype",
           "zmtp.gssapi.subkey_from": "subkey_from", "zmtp.gssapi.keytab_entry": "keytab_entry",
           "zmtp.gssapi.opened": "opened", "zmtp.gssapi.reason": "reason", "zmtp.gssapi.skew": "skew_ms",
           "zmtp.gssapi.verdict": "verdict"}
DEFECT = "zmtp.defect."
WRAPS = ("wrap", "wrap-1964")
# Fields that only one mechanism has.
OF_MECHANISM = {"zmtp.gssapi.": "GSSAPI", "zmtp.curvezmq.": "CURVE", "zmtp.username": "PLAIN", "zmtp.password": "PLAIN"}
# Of a packet that does not end a thing: TCP keeps its octets for a later one.
HELD_BY_TCP = ("tcp.segment_data", "tcp.reassembled_in")
NAMELESS = ("(empty command)", "(unknown command)")
NUMBERS = ("kvno", "skew_ms")
OF_PREFERENCES = "in ZMTP's preferences "  # the beginning of a reason; Wireshark's engine may know more
SET = ("1", "True")  # a boolean, as Wireshark 4.0 and as later ones write it


def tshark_only(build, *arguments, **environment):
    """What tshark with the plugin of that build prints; it must end well and say nothing else."""
    done = subject.run(subject.ROOT / "scripts/tshark", *arguments,
                       env={**os.environ, "ZS_BUILD": str(build), **environment})
    if done.returncode != 0 or done.stderr:
        said = " ".join(map(str, arguments))
        raise AssertionError(f"tshark {said}: exit status {done.returncode}: {done.stderr.decode()}")
    return done.stdout


def tshark(build, capture, *arguments):
    """The same about a capture."""
    return tshark_only(build, "-r", subject.CAPTURES / capture, *arguments)


def keytab_preference(keytab):
    return ("-o", f"zmtp.gssapi.keytab:{subject.CAPTURES / keytab}") if keytab else ()


class Part:
    """The fields below one node of the tree, in order."""

    def __init__(self, node):
        self.nodes = [n for n in node.iter() if n is not node]

    def all(self, name):
        return [n for n in self.nodes if n.get("name") == name]

    def show(self, name, default=None):
        found = self.all(name)
        return found[-1].get("show") if found else default

    def flag(self, name):
        return self.show(name) in SET

    def titled(self, beginning):
        return [n for n in self.nodes if n.get("name") == "" and n.get("show").startswith(beginning)]


def metadata(part):
    values = [n.get("show") for n in part.all("zmtp.metadata.value")]
    return dict(zip((n.get("show") for n in part.all("zmtp.metadata.key")), values))


def wrapping(part):
    said = {"wrapped": part.flag("zmtp.message.wrapped")}
    if said["wrapped"]:
        said["verified"] = part.flag("zmtp.gssapi.verified")
    if part.all("zmtp.gssapi.sequence"):
        said["sequence"] = int(part.show("zmtp.gssapi.sequence"))
        said["confidential"] = part.flag("zmtp.gssapi.flags.sealed")
    if part.all("zmtp.gssapi.inner_flags"):
        said["inner_flags"] = int(part.show("zmtp.gssapi.inner_flags"), 16)
    return said


def message(part):
    said = {"event": "message", **wrapping(part)}
    if part.all("zmtp.message.length"):
        data = part.all("zmtp.message.data")
        said.update(more=part.flag("zmtp.message.more"), length=int(part.show("zmtp.message.length")),
                    data=bytes.fromhex(data[-1].get("value")) if data else b"")
    return said


def command(part):
    name, _, _ = part.titled("Command ")[-1].get("show")[len("Command "):].partition(" (sent as ")
    said = {"event": "command", "name": "" if name in NAMELESS else name, **wrapping(part)}
    if part.all("zmtp.metadata.key"):
        said["metadata"] = metadata(part)
    for field, name in (("zmtp.topic", "topic"), ("zmtp.group", "group"), ("zmtp.username", "username"),
                        ("zmtp.reason", "reason")):
        if part.all(field):
            said[name] = part.show(field)
    if part.all("zmtp.ping.ttl"):
        said["ttl_ms"] = int(part.show("zmtp.ping.ttl")) * 100
    return said


def token(part):
    return {"event": "token", "mechanism": part.show("zmtp.gssapi.mechanism"), "kind": part.show("zmtp.gssapi.kind"),
            "name": part.show("zmtp.command-name"), "length": int(part.show("zmtp.gssapi.token.length"))}


def greeting(part):
    said = {"event": "greeting", "version": part.show("zmtp.version")}
    if part.all("zmtp.as-server"):
        said.update(mechanism=part.show("zmtp.mechanism"), as_server=part.flag("zmtp.as-server"))
    return said


def context(part):
    """The security context as it stands with this frame, or None."""
    shown = part.titled("Security context")
    if not shown:
        return None
    below = Part(shown[0])
    facts = {name: below.show(field) for field, name in CONTEXT.items() if below.all(field)}
    facts.update({name: int(facts[name]) for name in NUMBERS if name in facts})
    if "reason" in facts:
        facts["reason"] = facts["reason"].removeprefix(OF_PREFERENCES)
    return {**facts, "opened": facts["opened"] in SET}


def event_of(node):
    """The event that one subtree stands for, or None: a piece of a greeting, or an identity that is none."""
    title, part = node.get("show", ""), Part(node)
    if title.startswith("Greeting") or part.all("zmtp.identity"):
        return greeting(part) if part.all("zmtp.version") else None
    if title.startswith("Identity"):
        return None
    if part.titled("Message: ") or not part.titled("Command ") and not part.all("zmtp.gssapi.kind"):
        return message(part)
    if part.titled("Command "):
        return command(part)
    return message(part) if part.show("zmtp.gssapi.kind") in WRAPS else token(part)


def defects(node):
    """One event for each of the project's own expert items."""
    return [{"event": "defect", "code": n.get("name").removeprefix(DEFECT)} for n in node.iter()
            if n.get("name", "").startswith(DEFECT)]


@dataclasses.dataclass
class Shown:
    """All that the plugin shows of a capture."""
    events: list = dataclasses.field(default_factory=list)  # in the order of the capture
    contexts: dict = dataclasses.field(default_factory=dict)  # stream -> the last one
    engines: set = dataclasses.field(default_factory=set)  # that opened something
    mechanisms: dict = dataclasses.field(default_factory=dict)  # stream -> those whose own fields it has
    strangers: list = dataclasses.field(default_factory=list)  # packets with octets of TCP that are nobody's


def add_zmtp(shown, frame, proto):
    whole = Part(proto)
    stream = int(whole.show("zmtp.stream"))
    shown.engines.update(n.get("show") for n in whole.all("zmtp.gssapi.engine"))
    shown.mechanisms.setdefault(stream, set()).update(
        mechanism for n in whole.nodes for beginning, mechanism in OF_MECHANISM.items()
        if n.get("name", "").startswith(beginning))
    place = {"frame": frame, "connection": stream + 1, "direction": whole.show("zmtp.direction")}
    for node in proto:
        event = event_of(node) if node.get("name") == "" else None
        shown.events += [{**place, **said} for said in ([event] if event else []) + defects(node)]
        facts = context(Part(node))
        if facts:
            shown.contexts.setdefault(stream, {}).update(facts)


def is_stranger(packet):
    fields = {n.get("name"): n.get("show") for n in packet.iter("field")}
    held = any(name in fields for name in HELD_BY_TCP)
    return fields.get("tcp.len", "0") != "0" and not held and packet.find("proto[@name='zmtp']") is None


def read(pdml):
    """What tshark's PDML shows, as Shown; strangers are seen only where it holds TCP's fields and all packets."""
    shown = Shown()
    for packet in xml.etree.ElementTree.fromstring(pdml).iter("packet"):
        frame = int(packet.find("proto[@name='geninfo']/field[@name='num']").get("show"))
        for proto in packet.iter("proto"):
            if proto.get("name") == "zmtp":
                add_zmtp(shown, frame, proto)
        if is_stranger(packet):
            shown.strangers.append(frame)
    return shown
