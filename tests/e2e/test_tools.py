#!/usr/bin/python3
"""Wireshark's own tools through tshark and the plugin, where one run and its standard output (CASES) do not show enough:
test_tools.py BUILD.

Limits: what only the GUI has (the conversation filter's menu, dialogs) is not seen here.
"""
import collections
import json
import os
import pathlib
import re
import sys
import tempfile
import unittest
import xml.etree.ElementTree

import made
import segments
import subject
import tree

KEYTAB = {name: tree.keytab_preference(f"{name}.keytab") for name in ("reqrep", "dealer-router", "several")}


def tshark(name, *arguments, suffix=".pcap", keys=True):
    return tree.tshark(BUILD, name + suffix, *(KEYTAB[name] if keys else ()), *arguments)


def stock_tshark(*arguments):
    """What a tshark without the plugin prints."""
    with tempfile.TemporaryDirectory() as config:
        done = subject.run("tshark", *arguments, env={**os.environ, "HOME": config, "WIRESHARK_CONFIG_DIR": config,
                                                      "WIRESHARK_PLUGIN_DIR": config})
    if done.returncode != 0:
        raise AssertionError(f"exit status {done.returncode}: {done.stderr.decode()}")
    return done.stdout.decode()


def messages(name):
    """(direction, octets) of every frame of a message, as zmtpscope read says."""
    events = subject.read_json(BUILD + "/analyzer/zmtpscope", name + ".pcap", name + ".keytab")
    return [(e["direction"], subject.payload(e)) for e in subject.of(events, "message")]


class Exported(unittest.TestCase):
    """Export PDUs to a file, which is read again."""

    def setUp(self):
        self.folder = tempfile.TemporaryDirectory(dir=os.path.abspath(f"{BUILD}/tests/e2e"))
        self.addCleanup(self.folder.cleanup)
        self.file = f"{self.folder.name}/exported.pcapng"

    def test_a_payload_is_read_without_plugin_and_key(self):
        tshark("dealer-router", "-U", "ZMTP", "-w", self.file)
        rows = stock_tshark("-r", self.file, "-T", "json", "-x")
        found = [bytes.fromhex(packet["_source"]["layers"]["exported_pdu"]["exported_pdu.exported_pdu_raw"][0])
                 for packet in json.loads(rows)]
        self.assertEqual(found, [octets for _, octets in messages("dealer-router") if octets])
        self.assertIn("data-text-lines", rows)

    def test_frames_are_read_and_opened_again(self):
        tshark("reqrep", "-U", "ZMTP frames", "-w", self.file, keys=False)
        shown = tree.tshark(BUILD, self.file, *KEYTAB["reqrep"], "-Y", "zmtp.message.data", "-T", "fields",
                            "-e", "zmtp.direction", "-e", "zmtp.message.text")
        found = [tuple(line.split("\t")) for line in shown.decode().splitlines()]
        self.assertEqual(found, [(d, octets.decode()) for d, octets in messages("reqrep") if octets])


    def test_the_client_of_frames_without_tcp(self):
        """The server spoke first: ports tell who it is."""
        tree.tshark(BUILD, subject.without(BUILD, "captures/reqrep.pcap", "1-14"), "-U", "ZMTP frames", "-w", self.file)
        shown = tree.tshark(BUILD, self.file, "-T", "fields", "-e", "exported_pdu.src_port", "-e", "zmtp.direction")
        self.assertEqual(shown.splitlines()[0], b"5555\ts2c")
        self.assertEqual(set(shown.splitlines()), {b"5555\ts2c", b"57142\tc2s"})


class Objects(unittest.TestCase):
    def exported(self, name, *keys):
        """(name, octets) of the files that are made of a capture, in the order of their numbers."""
        with tempfile.TemporaryDirectory(dir=os.path.abspath(f"{BUILD}/tests/e2e")) as folder:
            tree.tshark(BUILD, f"{name}.pcap", *keys, "-q", "--export-objects", f"zmtp,{folder}/objects")
            files = pathlib.Path(folder, "objects").iterdir()
            return sorted((file.name, file.read_bytes()) for file in files)

    def test_whole_messages(self):
        wanted = collections.Counter()
        for connection in next(c for c in subject.manifest() if c["name"] == "dealer-router")["connections"]:
            for direction in subject.DIRECTIONS:
                joined = ""
                for frame in connection["messages"][direction]:
                    joined += frame["text"]
                    if not frame["more"]:
                        wanted[joined.encode()] += 1
                        joined = ""
        files = self.exported("dealer-router", *KEYTAB["dealer-router"])
        self.assertEqual(collections.Counter(octets for _, octets in files), wanted)
        self.assertIn(("stream-0-c2s-3.txt", b"requestalice 2last"), files)

    def test_topic_and_type_in_the_name(self):
        self.assertEqual(self.exported("pubsub-null"), [("stream-0-s2c-1-weather.zurich.txt", b"rain"),
                                                        ("stream-0-s2c-2-sport.txt", b"1:0"),
                                                        ("stream-0-s2c-3-sport.txt", b"1:1")])

    def test_no_envelope_even_where_the_delimiter_comes_as_a_surprise(self):
        talked = pathlib.Path(subject.talked(BUILD, "tests/e2e/input/envelopes.talk")).absolute()
        self.assertEqual([octets for name, octets in self.exported(talked.with_suffix("")) if "stream-2-" in name],
                         [b"made up", b"alicechosen", b"plain", b"nothing in front"])

    def test_large_ones_are_whole(self):
        files = dict(self.exported("push-pull", *tree.keytab_preference("push-pull.keytab")))
        sizes = [len(files[f"stream-0-c2s-{n}.{'txt' if n > 1 else 'bin'}"]) for n in range(1, 10)]
        self.assertEqual(sizes, [len(octets) for _, octets in messages("push-pull")])

    def test_nothing_that_stays_closed(self):
        self.assertEqual(self.exported("reqrep"), [])


class Tables(unittest.TestCase):
    def test_statistics(self):
        """Columns and the order of equals differ from release to release; names and counts do not."""
        shown = tshark("dealer-router", "-q", "-z", "zmtp,tree").decode().splitlines()
        count = {}
        for line in shown:
            found = re.match(r" *(\S.*?)  +(\d+) ", line)
            if found:
                count.setdefault(found[1], int(found[2]))
        wanted = {"Connections by mechanism": 2, "GSSAPI, ZMTP 3.1": 2, "parts of messages": 42, "commands": 46,
                  "context tokens": 4, "parts of greetings": 12, "PING": 20, "PONG": 20, "READY": 4, "INITIATE": 4,
                  "(empty command)": 2, "sealed, opened": 86, "in the clear": 2, "Messages": 12, "c2s": 6, "s2c": 6,
                  "alice@ZMTP.EXAMPLE": 3, "bob@ZMTP.EXAMPLE": 3, "zmq/server.zmtp.example@ZMTP.EXAMPLE": 6,
                  "DEALER to ROUTER": 6, "ROUTER to DEALER": 6, "Message size": 12, "0-99": 12, "100-999": 0}
        self.assertEqual({name: count.get(name) for name in wanted}, wanted)
        average = next(line for line in shown if line.startswith("Message size")).split()[3]
        self.assertEqual(average, "11.33")

    def test_endpoints(self):
        """Its columns differ from release to release."""
        shown = tshark("reqrep", "-q", "-z", "endpoints,zmtp").decode()
        rows = [[int(n) for n in re.findall(r"(\d+)(?:\s|$)", line.removeprefix("127.0.0.1").replace(" bytes", ""))]
                for line in shown.splitlines() if line.startswith("127.0.0.1")]
        packets, octets, sent_packets, sent, received_packets, received = zip(*rows)
        self.assertEqual(packets, (14, 14))
        self.assertEqual(octets, (2189, 2189))
        self.assertEqual((sent_packets, received_packets), ((7, 7), (7, 7)))
        self.assertEqual((sent, received), ((1383, 806), (806, 1383)))


    def test_graphs(self):
        """Any field over time; how the table is drawn differs from release to release."""
        shown = tshark("reqrep", "-q", "-z", "io,stat,0,AVG(zmtp.time)zmtp.time").decode()
        self.assertRegex(shown, r"\| 0\.000 <> 0\.005 +\| 0\.000180 \|")


class Crowded(unittest.TestCase):
    """A packet of more frames than Wireshark takes data for its tools: they get the first, and it is said."""

    FRAMES, QUEUED = 6000, 4900

    def test_as_many_as_fit(self):
        talk = segments.Conversation(most=60000)
        talk.c2s(made.greeting(), made.ready(b"PUSH")).c2s(made.message(b".") * self.FRAMES)
        with tempfile.NamedTemporaryFile(suffix=".pcap") as file:
            segments.write(file.name, talk.packets())
            shown = tree.tshark(BUILD, file.name, "-q", "-z", "zmtp,tree").decode()
            self.assertEqual(re.findall(r"^Messages +(\d+)", shown, re.M), [str(self.QUEUED)])
            said = tree.tshark(BUILD, file.name, "-z", "zmtp,tree", "-Y", "zmtp.taps").decode()
            self.assertTrue(said.startswith("    5 "), said)


class OutOfOrder(unittest.TestCase):
    """A segment that repeats the one before it and has more behind it: whether TCP hands that on is its preference's affair,
    and the octets are in the capture."""

    IN_ORDER = ("-o", "tcp.reassemble_out_of_order:TRUE")

    @classmethod
    def setUpClass(cls):
        repeated, new = made.message(b"first"), made.message(b"second")
        talk = segments.Conversation()
        talk.c2s(made.greeting(), made.ready(b"PUSH")).c2s(repeated)
        talk.next[0] -= len(repeated)
        talk.c2s(repeated + new).c2s(made.message(b"third"))
        cls.missing = len(new)
        cls.file = tempfile.NamedTemporaryFile(suffix=".pcap")
        cls.addClassCleanup(cls.file.close)
        segments.write(cls.file.name, talk.packets())

    def test_what_is_said_is_true(self):
        said = tree.tshark(BUILD, self.file.name, "-Y", "zmtp.missing", "-T", "fields", "-e", "_ws.expert.message").decode()
        self.assertIn(f"TCP did not hand on {self.missing} octets: not captured, or, with tcp.reassemble_out_of_order off, "
                      "out of order", said)
        followed = tree.tshark(BUILD, self.file.name, "-q", "-z", "follow,zmtp,ascii,0").decode()
        self.assertIn(f"first\n35\n[{self.missing} octets that TCP did not hand on]\n5\nthird\n", followed)

    def test_in_order_all_is_there(self):
        followed = tree.tshark(BUILD, self.file.name, *self.IN_ORDER, "-q", "-z", "follow,zmtp,ascii,0").decode()
        self.assertIn("first\n6\nsecond\n5\nthird\n", followed)
        self.assertEqual(tree.tshark(BUILD, self.file.name, *self.IN_ORDER, "-Y", "zmtp.missing"), b"")


class Highlighted(unittest.TestCase):
    """The octets that Wireshark marks for a field are the field's: what they say is what the field says."""

    # An item without octets of its own is generated; these mark what they were read from.
    WIDER = {"zmtp.message.length", "zmtp.version"}

    def ways_to_say(self, octets):
        number = int.from_bytes(octets, "big")
        # A boolean is a number in PDML of 4.0, and a word from 4.4 on.
        return {str(number), f"0x{number:0{2 * len(octets)}x}", str(bool(number)), octets.hex(":"),
                octets.rstrip(b"\0").decode("utf-8", "replace")}

    def look_below(self, node, seen):
        for field in node.findall("field"):
            name, size = field.get("name"), int(field.get("size") or 0)
            if name.startswith("zmtp.") and size and name not in self.WIDER:
                octets = bytes.fromhex(field.get("unmaskedvalue", field.get("value")))
                seen.add(name)
                self.assertEqual(len(octets), size, name)
                if "unmaskedvalue" not in field.keys():
                    self.assertIn(field.get("show"), self.ways_to_say(octets), name)
            self.look_below(field, seen)

    def test_octets_of_fields(self):
        seen = set()
        for name in ("reqrep", "plain", "curve", "dealer-router", "pubsub-null", "integrity-only"):
            keytab = tree.keytab_preference(f"{name}.keytab") if (subject.CAPTURES / f"{name}.keytab").exists() else ()
            shown = tree.tshark(BUILD, f"{name}.pcap", "-Y", "zmtp", "-T", "pdml", "-J", "zmtp", *keytab)
            for proto in xml.etree.ElementTree.fromstring(shown).iter("proto"):
                if proto.get("name") == "zmtp":
                    self.look_below(proto, seen)
        self.assertGreater(len(seen), 35)

    def test_places_of_a_decrypted_message(self):
        """In the packet: header 2, name 8, length 4, the token; in the source: flags 1, the message. PDML adds its
        parent's place to one that comes before it, as one in another source may."""
        shown = tshark("reqrep", "-Y", "frame.number == 15", "-T", "pdml", "-J", "zmtp")
        proto = xml.etree.ElementTree.fromstring(shown).find(".//proto[@name='zmtp']")
        first, second = proto.findall("field[@name='']")[-2:]
        place = {f.get("name"): (int(f.get("pos")), int(f.get("size"))) for f in second.iter("field")}
        start, size = int(second.get("pos")), int(second.get("size"))
        self.assertEqual(start, int(first.get("pos")) + int(first.get("size")))
        self.assertEqual(start + size, int(proto.get("pos")) + int(proto.get("size")))
        self.assertEqual(place["zmtp.flags"], (start, 1))
        self.assertEqual(place["zmtp.length"], (start + 1, 1))
        self.assertEqual(place["zmtp.command-name"], (start + 3, 7))
        self.assertEqual(place["zmtp.gssapi.token"], (start + 14, size - 14))
        self.assertEqual(place["zmtp.gssapi.plaintext"], (start + 14 + 0, 8))
        self.assertEqual(place["zmtp.gssapi.inner_flags"], (start + 14 + 0, 1))
        self.assertEqual(place["zmtp.message.data"], (1, 7))
        self.assertEqual(place["zmtp.message.text"], (1, 7))


class Dissections(unittest.TestCase):
    """What is decrypted stands in every form of export."""

    TEXTS = ["hello 0", "hello 1", "hello 2"]

    def test_json_ek_pdml(self):
        of_client = ("-Y", 'zmtp.direction == "c2s" && zmtp.message.text')
        for form, pattern in (("json", rb'"zmtp.message.text": "([^"]*)"'),
                              ("ek", rb'"zmtp_zmtp_message_text":\s*\[?[^\]]*?"([^"]+)"'),
                              ("pdml", rb'name="zmtp.message.text"[^>]* show="([^"]*)"')):
            with self.subTest(form=form):
                shown = tshark("reqrep", *of_client, "-T", form)
                self.assertEqual([text.decode() for text in re.findall(pattern, shown)], self.TEXTS)


if __name__ == "__main__":
    BUILD = sys.argv.pop(1)
    unittest.main()
