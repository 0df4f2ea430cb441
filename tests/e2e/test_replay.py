#!/usr/bin/python3
"""test_replay.py ZMTPSCOPE: every capture of captures/MANIFEST, run again, gets the verdict that who knows it would
give; and so do variants of one that were tampered with, reordered, cut, doubled.

Limits: variants are made of packets whole; TCP's numbers are made anew where octets move."""
import json
import pathlib
import socket
import struct
import sys
import tempfile
import threading
import unittest

import subject

ZMTPSCOPE = None

# What is not simply libzmq's way (differs from the specification, in order): (verdict, by) of each connection.
VERDICTS = {
    "null": [("same", None)],
    "pubsub-null": [("same", None)],
    "curve": [("not-run", None)],
    "plain": [("not-run", None)] * 2,
    "f1-wrong-key": [("failed", "server")] * 2,
    "f2-server-no-ccache": [("broken", "server")] * 2,
    "mechanism-mismatch": [("failed", "server")] * 3,
    "replayed": [("differs", None), ("failed", "server")],
    "lost-ap-rep": [("not-run", None)],
    "lost-ap-req": [("not-run", None)],
    "heimdal-lost-ap-rep": [("not-run", None)],
    "truncated-wrap": [("incomplete", None)],
}


def replay(path, keytab):
    """(the objects of replay --json, its exit status)"""
    keys = ["-K", subject.CAPTURES / keytab] if keytab else []
    done = subject.run(ZMTPSCOPE, "replay", "--json", *keys, path)
    if done.stderr:
        raise AssertionError(f"{path}: {done.stderr.decode()}")
    return [json.loads(line) for line in done.stdout.splitlines()], done.returncode


def verdicts(objects):
    return [(o["verdict"], o.get("by")) for o in subject.of(objects, "verdict")]


class Captures(unittest.TestCase):
    def test_verdicts(self):
        for capture in subject.manifest():
            with self.subTest(capture=capture["name"]):
                objects, status = replay(subject.CAPTURES / capture["file"], capture["keytab"])
                expected = VERDICTS.get(capture["name"], [("differs", None)] * len(capture["connections"]))
                self.assertEqual(verdicts(objects), expected)
                self.assertEqual(status, 1 if ("broken", "server") in expected else 0)

    def test_all_messages_are_counted(self):
        """Where both sides were through, replay hears as many octets of messages as read reports."""
        for capture in subject.manifest():
            with self.subTest(capture=capture["name"]):
                objects, _ = replay(subject.CAPTURES / capture["file"], capture["keytab"])
                events = subject.read_json(ZMTPSCOPE, capture["file"], capture["keytab"])
                closes = {e["connection"]: e for e in subject.of(events, "close")}
                # What subscribes in messages is no message to replay.
                subscribing = {e["connection"] for e in subject.of(events, "command")
                               if e.get("metadata", {}).get("Socket-Type") in ("SUB", "XSUB")}
                for o in subject.of(objects, "verdict"):
                    if not o["established"] or o["verdict"] == "incomplete" or o["connection"] in subscribing:
                        continue
                    close = closes[o["connection"]]
                    self.assertEqual(o["client"]["octets"] + o["server"]["octets"],
                                     close["c2s"]["bytes"] + close["s2c"]["bytes"])

    def test_differences_of_libzmq(self):
        """What libzmq does otherwise than 38/ZMTP-GSSAPI has it, each named with its clause."""
        objects, _ = replay(subject.CAPTURES / "reqrep.pcap", "reqrep.keytab")
        self.assertEqual([(d["role"], d["field"]) for d in subject.of(objects, "difference")],
                         [("server", "as-server"), ("client", "form"), ("server", "form"), ("client", "command"),
                          ("server", "command"), ("client", "command")])
        for difference in subject.of(objects, "difference"):
            self.assertIn("38/ZMTP-GSSAPI", difference["clause"])


class Packet:
    """One of a pcap of Ethernet, IPv4 and TCP without IP options."""

    def __init__(self, header, octets):
        self.header, self.octets = header, octets
        self.tcp = 14 + 20
        self.data = self.tcp + 4 * (octets[self.tcp + 12] >> 4)

    def payload(self):
        end = 14 + struct.unpack_from(">H", self.octets, 16)[0]
        return self.octets[self.data:end]

    def with_payload(self, payload):
        head = bytearray(self.octets[:self.data])
        struct.pack_into(">H", head, 16, self.data - 14 + len(payload))
        octets = bytes(head) + payload
        return Packet(self.header[:8] + struct.pack("<II", len(octets), len(octets)), octets)

    def from_server(self):
        return struct.unpack_from(">H", self.octets, self.tcp)[0] == 5555


class Variants(unittest.TestCase):
    """Of reqrep.pcap: three requests, three replies."""

    def setUp(self):
        octets = (subject.CAPTURES / "reqrep.pcap").read_bytes()
        self.head, at, self.packets = octets[:24], 24, []
        while at < len(octets):
            n = struct.unpack_from("<I", octets, at + 8)[0]
            self.packets.append(Packet(octets[at:at + 16], octets[at + 16:at + 16 + n]))
            at += 16 + n
        self.requests = [i for i, p in enumerate(self.packets) if p.payload() and not p.from_server()][-3:]

    def verdict_of(self, packets):
        with tempfile.TemporaryDirectory() as directory:
            path = pathlib.Path(directory, "variant.pcap")
            path.write_bytes(self.head + b"".join(p.header + p.octets for p in packets))
            objects, status = replay(path, "reqrep.keytab")
        (verdict,) = subject.of(objects, "verdict")
        return verdict, status

    def test_as_it_is(self):
        verdict, status = self.verdict_of(self.packets)
        self.assertEqual((verdict["verdict"], status), ("differs", 0))
        self.assertTrue(verdict["established"])

    def test_tampered(self):
        """One bit of a request's wrap token."""
        i = self.requests[1]
        payload = bytearray(self.packets[i].payload())
        payload[-1] ^= 1
        self.packets[i] = self.packets[i].with_payload(bytes(payload))
        verdict, status = self.verdict_of(self.packets)
        self.assertEqual((verdict["verdict"], verdict["by"], verdict["code"], status),
                         ("broken", "client", "wrap-checksum", 1))
        self.assertEqual(verdict["frame"], i + 1)

    def test_reordered(self):
        """Two requests change places, octets and all."""
        a, b = self.requests[1:]
        first, second = self.packets[a].payload(), self.packets[b].payload()
        self.assertEqual(len(first), len(second))
        self.packets[a], self.packets[b] = self.packets[a].with_payload(second), self.packets[b].with_payload(first)
        verdict, status = self.verdict_of(self.packets)
        self.assertEqual((verdict["verdict"], verdict["by"], verdict["code"], status),
                         ("broken", "client", "wrap-gap", 1))

    def test_doubled(self):
        """A request again in the place of the next: a replay."""
        a, b = self.requests[1:]
        self.packets[b] = self.packets[b].with_payload(self.packets[a].payload())
        verdict, status = self.verdict_of(self.packets)
        self.assertEqual((verdict["verdict"], verdict["by"], verdict["code"], status),
                         ("broken", "client", "wrap-duplicate", 1))

    def test_cut_inside_a_frame(self):
        i = self.requests[2]
        self.packets[i] = self.packets[i].with_payload(self.packets[i].payload()[:-5])
        verdict, status = self.verdict_of(self.packets[:i + 1])
        self.assertEqual((verdict["verdict"], status), ("incomplete", 0))

    def test_cut_inside_the_handshake(self):
        """Behind the AP-REQ: the server owes an answer."""
        token = next(i for i, p in enumerate(self.packets) if b"INITIATE" in p.payload())
        verdict, status = self.verdict_of(self.packets[:token + 1])
        self.assertEqual((verdict["verdict"], verdict["by"], status), ("failed", "server", 0))

    def test_a_packet_lost(self):
        verdict, status = self.verdict_of(self.packets[:self.requests[1]] + self.packets[self.requests[1] + 1:])
        self.assertEqual((verdict["verdict"], status), ("incomplete", 0))


class Replies(unittest.TestCase):
    """What a live peer answers, held against the capture: null.pcap, whose first reply is "world 0"."""

    def replay(self, reply, captured, *more):
        """The sentence about its difference, where a REP of the test's gives that reply and the capture has another."""
        octets = (subject.CAPTURES / "null.pcap").read_bytes()
        self.assertEqual(octets.count(b"world 0"), 1)
        with tempfile.TemporaryDirectory() as directory, socket.create_server(("127.0.0.1", 0)) as listener:
            listener.settimeout(subject.LIMIT)
            path = pathlib.Path(directory, "changed.pcap")
            path.write_bytes(octets.replace(b"world 0", captured))
            peer = threading.Thread(target=self.answer, args=(listener, (reply, b"world 1")))
            peer.start()
            done = subject.run(ZMTPSCOPE, "replay", "--json", *more, "--connect",
                               f"tcp://127.0.0.1:{listener.getsockname()[1]}", path)
            peer.join()
        self.assertEqual((done.returncode, done.stderr), (1, b""))
        objects = [json.loads(line) for line in done.stdout.splitlines()]
        difference, = subject.of(objects, "difference")
        self.assertEqual((difference["fate"], difference["part"]), ("differed", 2))
        return difference["sentence"]

    @staticmethod
    def answer(listener, replies):
        """A REP of mechanism NULL, whose requests come in packets of their own."""
        with listener.accept()[0] as peer:
            peer.settimeout(subject.LIMIT)
            peer.sendall(b"\xff" + bytes(8) + b"\x7f\3\1" + b"NULL".ljust(20, b"\0") + bytes(32))
            peer.sendall(b"\4\x19\5READY\x0bSocket-Type\0\0\0\3REP")
            heard = b""
            for number, reply in enumerate(replies):
                # A delimiter, and the flags of a short or long frame.
                while heard.count(b"\1\0\0") + heard.count(b"\1\0\2") <= number:
                    more = peer.recv(4096)
                    if not more:
                        return
                    heard += more
                peer.sendall(b"\1\0" + bytes([0, len(reply)]) + reply)
            while peer.recv(4096):
                pass

    def test_octets_that_are_no_text(self):
        self.assertEqual(self.replay(b"\0xxxx 0", b"\0orld 0"),
                         r'part 2 is "xxxx 0" from offset 1 on (7 octets), the capture has "orld 0" from offset 1 on (7 octets)')
        self.assertEqual(self.replay(b"\xff\n\"", b"world 0"),
                         r'part 2 is "\xff\x0a\"" (3 octets), the capture has "world 0" (7 octets)')

    def test_far_behind_the_beginning(self):
        self.assertEqual(self.replay(b"world 0" + bytes(100) + b"!", b"world 0"),
                         'part 2 is "' + r"\x00" * 60 + '…" from offset 7 on (108 octets), the capture has "" from offset 7 on '
                         '(7 octets)')
        self.assertEqual(self.replay(b"time 1 ms", b"tim 30!", "--ignore", "tim[e 0-9]+"),
                         'part 2 is "ms" from offset 7 on (9 octets), the capture has "!" from offset 6 on (7 octets)')


if __name__ == "__main__":
    ZMTPSCOPE = sys.argv.pop(1)
    unittest.main()
