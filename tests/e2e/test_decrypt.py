#!/usr/bin/python3
"""test_decrypt.py ZMTPSCOPE: what zmtpscope decrypt writes, of every capture of captures/MANIFEST: zmtpscope read, without
a key, finds the same messages in it, at the same times, and tshark finds nothing wrong with it.

Limits: tshark reads it without the plugin, and what is above TCP it does not look at.
"""
import os
import pathlib
import re
import sys
import tempfile
import unittest

import subject
from subject import CAPTURES, of

BINARY = None
MESSAGE = ("time", "connection", "direction", "length", "more", "data")
GREETING = ("time", "connection", "direction", "version")
CONNECTION = ("time", "client", "server", "midstream")
COMMAND = ("time", "connection", "direction", "metadata", "ttl_ms", "context", "topic", "group", "reason")
# What else would guess at a payload by its port is not asked.
TSHARK = ("-o", "tcp.check_checksum:TRUE", "-o", "ip.check_checksum:TRUE", "-d", "tcp.port==1-65535,data")
WARNING = 0x600000  # PI_WARN
GOOD = "1"
UPDATE = "TCP window update"
REUSED = "A new tcp session is started with the same ports earlier in this trace"
# A message's line of read without what no NULL connection has (principals, seals) and without packets' numbers.
PRINCIPAL = re.compile(r" \S+@\S+ \[")
SEAL = re.compile(r"\[(sealed|protected|signed|in the clear)(, |\])")
NUMBER = re.compile(r"#\d+")


def rows(events, kind, fields):
    return [{f: e[f] for f in fields if f in e} for e in of(events, kind)]


def is_open(event):
    return not event["wrapped"] or event["verified"]


def is_of_null(event):
    """A command that a conversation of mechanism NULL has, too."""
    return is_open(event) and event["name"] not in ("", "HELLO", "WELCOME", "MESSAGE") and (
        "metadata" in event or event["name"] not in ("READY", "INITIATE"))


def open_part(events):
    """The events without those whose content is not known, and with connections counted from 1, for of other TCP
    connections nothing is left."""
    numbers = {e["connection"]: n for n, e in enumerate(of(events, "connection"), 1)}
    kept = [e for e in events if e["event"] not in ("message", "command") or is_open(e)]
    kept = [e for e in kept if e["event"] != "command" or is_of_null(e)]
    return [{**e, "connection": numbers[e["connection"]]} if "connection" in e else e for e in kept]


def is_whole(events):
    """Nothing that was said is unknown."""
    return not of(events, "gap") and all(is_open(e) for e in of(events, "message") + of(events, "command"))


class Decrypt(unittest.TestCase):
    maxDiff = None

    @classmethod
    def setUpClass(cls):
        cls.directory = tempfile.TemporaryDirectory()
        cls.addClassCleanup(cls.directory.cleanup)

    def decrypt(self, *arguments, status=0):
        """Path of what is written, and what standard error says."""
        out = pathlib.Path(self.directory.name) / "out.pcapng"
        out.unlink(missing_ok=True)
        done = subject.run(BINARY, "decrypt", *arguments, "-w", out)
        self.assertEqual((done.returncode, done.stdout), (status, b""), done.stderr.decode())
        return out, done.stderr.decode()

    def tshark(self, path, *fields):
        """The fields of each packet, as strings."""
        done = subject.run("tshark", "-r", path, *TSHARK, "-T", "fields", *(w for f in fields for w in ("-e", f)),
                           env={**os.environ, "HOME": self.directory.name})
        self.assertEqual(done.returncode, 0, done.stderr.decode())
        return [line.split("\t") for line in done.stdout.decode().splitlines()]

    def check_packets(self, path):
        """tshark sees checksums that hold, and has nothing to say against any packet, however slight."""
        for ip, tcp, malformed, analysis, severities, said in self.tshark(
                path, "ip.checksum.status", "tcp.checksum.status", "_ws.malformed", "tcp.analysis.flags", "_ws.expert.severity",
                "_ws.expert.message"):
            self.assertEqual((ip or GOOD, tcp, malformed), (GOOD, GOOD, ""))
            self.assertTrue(all(int(s) < WARNING for s in severities.split(",") if s), said)
            self.assertTrue(not analysis or REUSED in said or UPDATE in said, said)

    def compare(self, before, after):
        before = open_part(before)
        self.assertEqual(rows(before, "message", MESSAGE), rows(after, "message", MESSAGE))
        self.assertEqual(rows(before, "greeting", GREETING), rows(after, "greeting", GREETING))
        self.assertEqual(rows(before, "connection", CONNECTION), rows(after, "connection", CONNECTION))
        self.assertEqual(rows(before, "command", COMMAND), rows(after, "command", COMMAND))

    def message_lines(self, path, *keys):
        """The lines of whole messages, their sockets and what they answer with them."""
        done = subject.run(BINARY, "read", *keys, path)
        self.assertEqual(done.returncode, 0)
        lines = [line for line in done.stdout.decode().splitlines() if " message    " in line and "[sealed]" not in line]
        return [NUMBER.sub("#", SEAL.sub("[", PRINCIPAL.sub(" [", line))) for line in lines]

    def test_every_capture(self):
        for capture in subject.manifest():
            with self.subTest(capture=capture["name"]):
                path, keys = CAPTURES / capture["file"], []
                if capture["keytab"]:
                    keys = ["-K", CAPTURES / capture["keytab"]]
                before = subject.read_json(BINARY, path, more=keys)
                out, said = self.decrypt(*keys, path, status=0 if is_whole(before) else 1)
                self.compare(before, subject.read_json(BINARY, out))
                self.check_packets(out)
                self.assertEqual(said.count("sealed frame"), len({e["connection"] for e in before if "wrapped" in e and
                                                                  not is_open(e)}))

    def test_sockets_and_answers(self):
        for name in ("reqrep", "dealer-router", "several", "pubsub", "plain", "null"):
            capture = next(c for c in subject.manifest() if c["name"] == name)
            with self.subTest(capture=name):
                path = CAPTURES / capture["file"]
                keys = ["-K", CAPTURES / capture["keytab"]] if capture["keytab"] else []
                out, _ = self.decrypt(*keys, path)
                lines = self.message_lines(path, *keys)
                self.assertEqual(lines, self.message_lines(out))
                self.assertGreater(len(lines), 1)

    def test_null_passes_as_it_is(self):
        """Octet for octet, and what was left of a greeting that a refusing side did not finish."""
        for name in ("null", "pubsub-null"):
            path = CAPTURES / f"{name}.pcap"
            out, _ = self.decrypt(path)
            self.assertEqual(self.streams(out), self.streams(path))

    def streams(self, path):
        """What each side of each connection sent, as tshark sees it: (stream, port) -> hexadecimal digits."""
        sent = {}
        for stream, port, octets in self.tshark(path, "tcp.stream", "tcp.srcport", "tcp.payload"):
            sent[stream, port] = sent.get((stream, port), "") + octets
        return sent


if __name__ == "__main__":
    BINARY = os.path.abspath(sys.argv.pop(1))
    unittest.main()
