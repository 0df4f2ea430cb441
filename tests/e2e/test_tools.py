#!/usr/bin/python3
"""Wireshark's own tools through tshark and the plugin, where one run and its standard output (CASES) do not show enough:
test_tools.py BUILD.

Limits: what only the GUI has (the conversation filter's menu, dialogs) is not seen here.
"""
import json
import os
import re
import sys
import tempfile
import unittest

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


class Tables(unittest.TestCase):
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


if __name__ == "__main__":
    BUILD = sys.argv.pop(1)
    unittest.main()
