#!/usr/bin/python3
"""test_sharkd.py BUILD: the plugin as Wireshark's window uses it. Packets that are fetched in any order look the same;
what happens to the stream below (no desegmentation, segments out of order, packets cut short) changes no frame; it runs
in every way to reach it, and when preferences change and captures are opened again. Nothing is said on standard error.

Limits: one order by chance for each capture, the same each time; the captures below the stream's tests are few.
"""
import base64
import collections
import pathlib
import random
import re
import sys
import tempfile
import unittest

import sharkd
import subject
from subject import surgery
import tree

BUILD = None


def keytab(shark, name):
    shark.prefer("zmtp.gssapi.keytab", subject.CAPTURES / name if name else "")


def frames(shark, capture):
    """Direction -> (flags, length) of every frame, in the order of the capture; and what was shown as broken."""
    found, broken = collections.defaultdict(list), []
    for number in range(1, shark.load(capture) + 1):
        shown = shark.tree(number)
        for layer in (node for node in shown if node.get("f") == "zmtp"):
            direction = sharkd.fields([layer], "zmtp.direction")[0]
            found[direction] += zip(sharkd.fields([layer], "zmtp.flags"), sharkd.fields([layer], "zmtp.length"))
        broken += [name for name in sharkd.protocols(shown) if "malformed" in name]
    return found, broken


def shuffled(capture, path):
    """Writes a copy whose packets of one sender that follow each other came in another order."""
    header, packets = surgery.read(subject.CAPTURES / capture)
    runs = []
    for packet in packets:
        at = packet.tcp_header()
        flags, ports = packet.octets[at + 13], packet.octets[at:at + 4]
        if runs and runs[-1][0] == ports and not flags & 0x07:  # FIN, SYN and RST stay where they are
            runs[-1][1].append(packet)
        else:
            runs.append((None if flags & 0x07 else ports, [packet]))
    chance = random.Random(1)
    for _, run in runs:
        chance.shuffle(run)
    mixed = [packet for _, run in runs for packet in run]
    surgery.write(pathlib.Path(path), header, mixed)
    return mixed != packets


class Order(unittest.TestCase):
    def test_packets_look_the_same_in_any_order(self):
        with sharkd.Sharkd(BUILD) as shark:
            for capture in subject.manifest():
                with self.subTest(capture=capture["name"]):
                    keytab(shark, capture["keytab"])
                    numbers = list(range(1, shark.load(capture["file"]) + 1))
                    by_turns = {number: shark.tree(number) for number in numbers}
                    random.Random(capture["name"]).shuffle(numbers)
                    for number in numbers:
                        self.assertEqual(shark.tree(number), by_turns[number], f"packet {number}")


class Stream(unittest.TestCase):
    CAPTURES = ("dealer-router", "push-pull", "pubsub-null", "curve", "spnego")

    def setUp(self):
        self.shark = self.enterContext(sharkd.Sharkd(BUILD))
        self.folder = self.enterContext(tempfile.TemporaryDirectory())


    def test_without_desegmentation_the_frames_are_the_same(self):
        for name in self.CAPTURES:
            with self.subTest(capture=name):
                self.shark.prefer("tcp.desegment_tcp_streams", "TRUE")
                whole, _ = frames(self.shark, f"{name}.pcap")
                self.shark.prefer("tcp.desegment_tcp_streams", "FALSE")
                self.assertEqual(frames(self.shark, f"{name}.pcap"), (whole, []))

    def test_out_of_order_the_frames_are_the_same(self):
        self.shark.prefer("tcp.reassemble_out_of_order", "TRUE")
        mixed = 0
        for name in self.CAPTURES:
            with self.subTest(capture=name):
                path = f"{self.folder}/{name}.pcap"
                mixed += shuffled(f"{name}.pcap", path)
                self.assertEqual(frames(self.shark, path), (frames(self.shark, f"{name}.pcap")[0], []))
        self.assertGreater(mixed, 1)

    def test_cut_short_no_frame_is_made_up(self):
        """Those whose header the snapshot length cut off are missing."""
        for name in self.CAPTURES:
            with self.subTest(capture=name):
                path = f"{self.folder}/{name}.pcap"
                done = subject.run("editcap", "-F", "pcap", "-s", "120", subject.CAPTURES / f"{name}.pcap", path)
                self.assertEqual(done.returncode, 0, done.stderr)
                whole, _ = frames(self.shark, f"{name}.pcap")
                found, broken = frames(self.shark, path)
                self.assertEqual(broken, [])
                for direction, sent in found.items():
                    self.assertTrue(sent)
                    rest = iter(whole[direction])
                    self.assertTrue(all(frame in rest for frame in sent), f"{direction} {sent}")


class Labels(unittest.TestCase):
    """What a peer calls things, in the labels of the tree: UTF-8 on one line."""

    def labels(self, nodes):
        for node in nodes:
            yield node.get("l", "")
            yield from self.labels(node.get("n", []))

    def test_names_that_no_line_can_hold(self):
        found = []
        with sharkd.Sharkd(BUILD) as shark:
            path = pathlib.Path(subject.talked(BUILD, "tests/e2e/input/odd-text.talk")).absolute()
            for number in range(1, shark.load(path) + 1):
                found += self.labels(node for node in shark.tree(number) if node.get("f") == "zmtp")
        self.assertEqual([label for label in found if re.search("[\ud800-\udfff\0-\x1f\x7f-\x9f]", label)], [])
        for label in ("Socke\ufffd-Type", "a.b..", "Command NEW.ER"):
            self.assertIn(label, found)


class Tools(unittest.TestCase):
    """What the window's dialogs are given, of messages that were decrypted."""

    SAID = [f"{word} {n}".encode() for n in range(3) for word in ("hello", "world")]

    def setUp(self):
        self.shark = self.enterContext(sharkd.Sharkd(BUILD))
        keytab(self.shark, "reqrep.keytab")
        self.shark.load("reqrep.pcap")

    def tap(self, name):
        return self.shark.call("tap", tap0=name)["taps"][0]

    def test_follow(self):
        shown = self.shark.call("follow", follow="ZMTP", filter="zmtp.stream eq 0")
        self.assertEqual([base64.b64decode(chunk["d"]) for chunk in shown["payloads"]], self.SAID)
        self.assertEqual([chunk.get("s", 0) for chunk in shown["payloads"]], [0, 1] * 3)

    def test_statistics(self):
        senders = next(n for n in next(n for n in self.tap("stat:zmtp")["stats"] if n["name"] == "Messages")["sub"]
                       if n["name"] == "by sender")
        self.assertEqual({n["name"]: n["count"] for n in senders["sub"]},
                         {"alice@ZMTP.EXAMPLE": 3, "zmq/server.zmtp.example@ZMTP.EXAMPLE": 3})

    def test_response_times(self):
        services = next(t for t in self.tap("srt:zmtp")["tables"] if t["n"] == "ZMTP replies by service")
        self.assertEqual([(row["n"], row["num"]) for row in services["r"]],
                         [("zmq/server.zmtp.example@ZMTP.EXAMPLE at 127.0.0.1:5555", 3)])

    def test_objects(self):
        found = [self.shark.call("download", token=o["_download"])["data"] for o in self.tap("eo:zmtp")["objects"]]
        self.assertEqual([base64.b64decode(data) for data in found], self.SAID)


class Adopted(unittest.TestCase):
    """Whose dissector runs: ours alone shows zmtp.direction."""

    HEURISTIC_OFF = ("--disable-heuristic", "zmtp_tcp")
    PORT_PREFERENCE = ("-o", "zmtp.tcp.port:5555")

    def shown(self, *arguments, capture="null.pcap", field="zmtp.direction"):
        rows = tree.tshark(BUILD, capture, *arguments, "-T", "fields", "-E", "occurrence=f", "-e", field)
        return [row for row in rows.decode().splitlines() if row]

    def test_by_its_first_octets_on_a_port_of_others_and_on_a_free_one(self):
        everything = self.shown()
        self.assertGreater(len(everything), 5)
        free = pathlib.Path(subject.on_port(BUILD, "captures/null.pcap", 17171)).absolute()
        self.assertEqual(self.shown(capture=free), everything)

    def test_by_port_preference_and_decode_as(self):
        everything = self.shown()
        for way in (self.PORT_PREFERENCE, ("-o", "zmtp.tcp.port:1-65535"), ("-d", "tcp.port==5555,zmtp")):
            with self.subTest(way=way):
                self.assertEqual(self.shown(*way), everything)
                self.assertEqual(self.shown(*way, *self.HEURISTIC_OFF), everything)

    def test_not_where_it_is_disabled(self):
        self.assertEqual(self.shown(*self.HEURISTIC_OFF), [])
        for way in ((), self.PORT_PREFERENCE, ("-d", "tcp.port==5555,zmtp")):
            with self.subTest(way=way):
                self.assertEqual(self.shown(*way, "--disable-protocol", "zmtp"), [])

    def test_in_the_middle_of_a_stream_in_the_clear_it_is_the_user_who_says(self):
        middle = pathlib.Path(subject.without(BUILD, "captures/null.pcap", "1-11")).absolute()
        self.assertEqual(self.shown(capture=middle), [])
        everything = self.shown("-d", "tcp.port==5555,zmtp", capture=middle)
        self.assertEqual(len(everything), 4)
        for way in (self.PORT_PREFERENCE, (*self.PORT_PREFERENCE, "-o", "tcp.try_heuristic_first:TRUE"),
                    (*self.PORT_PREFERENCE, "-o", "zmtp.guarded_ports:")):
            with self.subTest(way=way):
                self.assertEqual(self.shown(*way, capture=middle), everything)
                self.assertEqual(self.shown(*way, "--disable-protocol", "zmtp", capture=middle), [])

    def test_the_table_of_ports_hands_the_payload_on(self):
        row = ("-o", 'uat:zmtp_tcp_protocols:"5555","data-text-lines"')
        self.assertEqual(self.shown(field="data-text-lines"), [])
        self.assertIn("Line-based text data", "".join(self.shown(*row, field="data-text-lines")))


class Preferences(unittest.TestCase):
    """Changed in a running Wireshark, each followed by opening the capture again."""

    def opened(self, shark):
        return sum((sharkd.fields(shark.tree(n), "zmtp.message.text") for n in range(1, shark.load("reqrep.pcap") + 1)), [])

    def directions(self, shark, capture="null.pcap", field="zmtp.direction"):
        return sum((sharkd.fields(shark.tree(n), field) for n in range(1, shark.load(capture) + 1)), [])

    def test_a_keytab_comes_and_goes(self):
        said = [f'"{word} {n}"' for n in range(3) for word in ("hello", "world")]
        with sharkd.Sharkd(BUILD) as shark:
            self.assertEqual(self.opened(shark), [])
            for _ in range(3):
                keytab(shark, "reqrep.keytab")
                self.assertEqual(self.opened(shark), said)
                keytab(shark, "wrong.keytab")
                self.assertEqual(self.opened(shark), [])
            keytab(shark, "")
            shark.prefer("kerberos.file", subject.CAPTURES / "reqrep.keytab")
            self.assertEqual(self.opened(shark), said)

    def test_ports_come_and_go(self):
        with sharkd.Sharkd(BUILD) as shark:
            everything = self.directions(shark)
            self.assertTrue(everything)
            for port in ("5555", "1-65535", "", "5555,6000-6010", "1", ""):
                with self.subTest(port=port):
                    shark.prefer("zmtp.tcp.port", port)
                    self.assertEqual(self.directions(shark), everything)

    def given(self, protocol, shows):
        """Whether a protocol shows in a packet's tree, as its port preference changes, where no heuristic finds anything."""
        middle = pathlib.Path(subject.without(BUILD, "captures/null.pcap", "1-11")).absolute()
        shown = []
        with sharkd.Sharkd(BUILD) as shark:
            shark.prefer("zmtp.guarded_ports", "")
            for port in ("5555", "", "5555", "5556", "1-65535", "1-5554,5556-65535", "5000,5555", ""):
                shark.prefer(f"{protocol}.tcp.port", port)
                for _ in range(2):
                    packets = shark.load(middle)
                    shown.append((port, any(shows(shark.tree(n)) for n in range(1, packets + 1))))
        return shown

    def test_ports_are_given_and_taken_back_as_any_protocols_are(self):
        ours = self.given("zmtp", lambda tree: bool(sharkd.fields(tree, "zmtp.direction")))
        self.assertEqual([shown for port, shown in ours if port in ("5555", "1-65535", "5000,5555")], [True] * 8)
        self.assertEqual(ours, self.given("telnet", lambda tree: "telnet" in sharkd.protocols(tree)))

    def test_a_row_of_the_table_of_ports_comes(self):
        with sharkd.Sharkd(BUILD) as shark:
            self.assertEqual(self.directions(shark, field="zmtp.payload.protocol"), [])
            shark.prefer("uat", 'zmtp_tcp_protocols:"5555","data-text-lines"')
            self.assertEqual(set(self.directions(shark, field="zmtp.payload.protocol")), {'"data-text-lines"'})

    def test_guarded_ports_come_and_go(self):
        with sharkd.Sharkd(BUILD) as shark:
            everything = self.directions(shark)
            for guarded, wanted in (("", []), ("5555", everything), ("80", []), ("1-65535", everything)):
                with self.subTest(guarded=guarded):
                    shark.prefer("zmtp.guarded_ports", guarded)
                    self.assertEqual(self.directions(shark), wanted)


if __name__ == "__main__":
    BUILD = sys.argv.pop(1)
    unittest.main()
