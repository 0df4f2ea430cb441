#!/usr/bin/python3
"""test_builtin.py BUILD: Wireshark's own ZMTP dissector (4.4 on) and the plugin, side by side on the same traffic. On NULL,
PLAIN and CURVE every field that the built-in shows is shown by the plugin with the same value, in the same order;
where they differ, DIFFERENCES says why, and a reason that is not needed any more fails, too. What each shows of GSSAPI
is counted, and printed as a table.

    test_builtin.py BUILD --table    prints docs/wireshark.md's two tables

Limits: fields are compared by connection and direction, not by packet: the built-in waits for a whole greeting, the
plugin shows it as it comes.
"""
import collections
import os
import pathlib
import sys
import tempfile
import unittest
import xml.etree.ElementTree

import oddities
import segments
import subject

BUILD = None
CLEAR = ("null", "pubsub-null", "plain", "curve")  # captures
MADE = ("commands_of_3_1", "refused", "version_3_0", "greeting_in_pieces", "plain", "curve")  # oddities
SEALED = ("reqrep", "dealer-router", "plaintext")
NAMES = ("flags flags.reserved flags.command flags.long flags.more length data data.text signature padding version "
         "version.major version.minor mechanism as-server filler metadata.key metadata.value command-name "
         "command-name.length curvezmq.nonce curvezmq.box curvezmq.version curvezmq.version.major curvezmq.version.minor "
         "curvezmq.publickey curvezmq.signature curvezmq.cookie username password reason ping.ttl ping.context").split()

PADDING = ("HELLO's padding has 72 octets (25/ZMTP-CURVE); the built-in takes 70, so that its key, nonce and signature "
           "begin two octets early")
MESSAGES = "the plugin takes CURVE's MESSAGE apart; to the built-in it is data"
# (field, how) -> why the two differ. how: "value", by other values; "more", the plugin shows values that the built-in
# does not.
DIFFERENCES = {
    ("version", "value"): "the built-in's is empty; the plugin's is 3.1, 3.0, 2.0 or 1.0",
    ("mechanism", "more"): "the plugin has it on empty frames, too",
    ("metadata.value", "more"): "the plugin shows empty values, such as libzmq's Identity, too",
    ("command-name", "more"): MESSAGES,
    ("command-name.length", "more"): MESSAGES,
    ("command-name.length", "value"): "libzmq's PLAIN sends its ERROR as 5E \"RROR\": the built-in shows a length of 94 and "
                                      "calls the packet malformed, the plugin reads what is meant and says so",
    ("padding", "value"): PADDING,
    ("padding", "more"): "the plugin shows the eight octets inside the greeting's signature, too",
    ("curvezmq.version", "value"): "the built-in's is empty; the plugin's is 1.0",
    ("curvezmq.publickey", "value"): PADDING,
    ("curvezmq.nonce", "value"): PADDING,
    ("curvezmq.nonce", "more"): MESSAGES,
    ("curvezmq.signature", "value"): PADDING,
    ("curvezmq.box", "value"): "WELCOME's box has 144 octets (25/ZMTP-CURVE); the built-in shows 128 of them",
    ("curvezmq.box", "more"): MESSAGES,
}

# Whose fields: of a connection and direction, name -> values in order.
Side = collections.namedtuple("Side", "client_port from_client")


def tshark(plugins, capture, *arguments):
    """PDML of a capture, read by the plugins of a directory: "" for none, which leaves the built-in alone. Standard
    error is not looked at: the built-in is called with captures that it stumbles over."""
    with tempfile.TemporaryDirectory() as home:
        os.chmod(home, 0o755)
        empty = pathlib.Path(home, "none")
        empty.mkdir()
        drop = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "--inh-caps=+dac_override",
                "--ambient-caps=+dac_override"] if os.getuid() == 0 else []
        done = subject.run(*drop, "tshark", "-r", capture, "-d", "tcp.port==5555,zmtp", "-T", "pdml", *arguments,
                           env={**os.environ, "HOME": home, "WIRESHARK_CONFIG_DIR": home, "LC_ALL": "C.UTF-8",
                                "WIRESHARK_PLUGIN_DIR": plugins or str(empty)})
    if done.returncode != 0:
        raise AssertionError(f"{capture}: exit status {done.returncode}: {done.stderr.decode()}")
    return xml.etree.ElementTree.fromstring(done.stdout)


def value(field):
    """As it stands in a filter; octets by their octets."""
    return field.get("show") or field.get("value") or ""


def fields(pdml):
    """{Side: {name: values}} of all zmtp.* fields."""
    sides = collections.defaultdict(lambda: collections.defaultdict(list))
    for packet in pdml.iter("packet"):
        tcp = packet.find("proto[@name='tcp']")
        ports = [int(tcp.find(f"field[@name='tcp.{end}port']").get("show")) for end in ("src", "dst")]
        for proto in packet.iter("proto"):
            if proto.get("name") == "zmtp":
                of = sides[Side(next(p for p in ports if p != 5555), ports[1] == 5555)]
                for field in proto.iter("field"):
                    name = field.get("name")
                    if name.startswith("zmtp."):
                        of[name.removeprefix("zmtp.")].append(value(field))
    return sides


def is_within(few, many):
    """Are the values of few in many, in this order?"""
    rest = iter(many)
    return all(v in rest for v in few)


def kind_of(theirs, ours):
    """How one side's values of a field differ: None, "more" or "value"."""
    if theirs == ours:
        return None
    return "more" if is_within(theirs, ours) else "value"


class Captures:
    """What both are given, made or recorded, in a folder of its own."""

    def __enter__(self):
        self.directory = tempfile.TemporaryDirectory()
        folder = pathlib.Path(self.directory.name)
        folder.chmod(0o755)
        self.clear = {name: subject.CAPTURES / f"{name}.pcap" for name in CLEAR}
        for number, name in enumerate(MADE):
            function, _ = oddities.ODDITIES[name]
            c = function(None, segments.Conversation(41_000 + number))
            self.clear[f"made: {name}"] = segments.write(folder / f"{name}.pcap", c.close().packets())
        return self

    def __exit__(self, *_):
        self.directory.cleanup()


def differences(captures):
    """{(field, kind): captures that show it}, and the fields that were equal everywhere they were shown."""
    found, shown = collections.defaultdict(set), set()
    for name, path in captures.clear.items():
        theirs, ours = fields(tshark("", path)), fields(tshark(f"{BUILD}/plugins", path))
        for side, values in theirs.items():
            for field in NAMES:
                if not values[field]:
                    continue
                shown.add(field)
                kind = kind_of(values[field], ours[side][field])
                if kind == "value" and len(ours[side][field]) > len(values[field]) and (field, "more") in DIFFERENCES:
                    found[field, "more"].add(name)
                if kind:
                    found[field, kind].add(name)
    return found, shown


def count(pdml, *names):
    return sum(field.get("name") in names for field in pdml.iter("field"))


def malformed(pdml):
    return sum(proto.get("name") == "_ws.malformed" for proto in pdml.iter("proto"))


def of_sealed(name):
    """One row for each fact of a GSSAPI capture: what the built-in, the plugin and the plugin with a keytab show."""
    path = subject.CAPTURES / f"{name}.pcap"
    key = ("-o", f"zmtp.gssapi.keytab:{subject.CAPTURES / name}.keytab")
    runs = [tshark("", path), tshark(f"{BUILD}/plugins", path), tshark(f"{BUILD}/plugins", path, *key)]
    rows = {"packets that are called malformed": malformed, "context tokens named": lambda p: tokens(p),
            "principals": lambda p: len(shown_values(p, "zmtp.gssapi.client", "zmtp.gssapi.service")),
            "READY, PING and PONG read": lambda p: opened(p, "zmtp.command-name"),
            "message parts whose text is read": lambda p: count(p, "zmtp.data.text"),
            "mechanism, of greetings and frames": lambda p: ", ".join(sorted(shown_values(p, "zmtp.mechanism"))) or "none"}
    return {fact: [say(run) for run in runs] for fact, say in rows.items()}


def shown_values(pdml, *names):
    return {field.get("show") for field in pdml.iter("field") if field.get("name") in names}


def tokens(pdml):
    return sum(field.get("show") in ("AP-REQ", "AP-REP") for field in pdml.iter("field")
               if field.get("name") == "zmtp.gssapi.kind")


def opened(pdml, name):
    return sum(field.get("show") in ("READY", "PING", "PONG") for field in pdml.iter("field")
               if field.get("name") == name)


class Builtin(unittest.TestCase):
    maxDiff = 4000

    def test_every_field_of_the_builtin_is_shown_with_its_value(self):
        with Captures() as captures:
            found, shown = differences(captures)
        self.assertEqual({key: sorted(where) for key, where in found.items() if key not in DIFFERENCES}, {})
        self.assertEqual([key for key in DIFFERENCES if key not in found], [])
        self.assertEqual(sorted(set(NAMES) - shown), [])

    def test_the_plugin_opens_what_the_builtin_cannot(self):
        for name in SEALED:
            with self.subTest(capture=name):
                rows = of_sealed(name)
                self.assertGreater(rows["packets that are called malformed"][0], 0)
                self.assertEqual(rows["packets that are called malformed"][1:], [0, 0])
                read = rows["message parts whose text is read"]
                self.assertEqual(read[0] > 0, name == "plaintext")
                self.assertGreaterEqual(read[2], max(1, read[0]))

    def test_the_manual_has_these_tables(self):
        manual = (subject.ROOT / "docs/wireshark.md").read_text().splitlines()
        self.assertEqual([line for line in table() if line not in manual], [])


def table():
    """The lines of both tables."""
    with Captures() as captures:
        found, shown = differences(captures)
    lines = ["| field | beside the built-in's |", "| --- | --- |"]
    same = [f"`zmtp.{name}`" for name in NAMES if name in shown and not any(key[0] == name for key in found)]
    lines.append(f"| {', '.join(same)} | the same values in the same order |")
    for (field, kind), why in DIFFERENCES.items():
        lines.append(f"| `zmtp.{field}` | {'more values' if kind == 'more' else 'other values'}: {why} |")
    lines += ["", "| capture | | built-in | plugin | with keytab |", "| --- | --- | --- | --- | --- |"]
    for name in SEALED:
        for fact, told in of_sealed(name).items():
            lines.append(f"| {name} | {fact} | {' | '.join(map(str, told))} |")
    return lines


if __name__ == "__main__":
    BUILD = sys.argv.pop(1)
    if sys.argv[1:] == ["--table"]:
        print("\n".join(table()))
    else:
        unittest.main()
