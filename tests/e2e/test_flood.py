#!/usr/bin/python3
"""test_flood.py BUILD: a flood of SYNs, half greetings and frames that announce 2^63 octets costs bounded memory, and the good
connections amid it are complete. tests/bench/synth makes it; a million SYNs are read in the same way by hand.

Limits: memory is compared with a bound that has room for any allocator; a sanitizer's keeps little of what was freed.
"""
import json
import os
import pathlib
import sys
import tempfile
import unittest

import subject

BUILD = None
# A sanitizer keeps freed memory aside, by default more than what is measured.
ENVIRONMENT = {**os.environ, "ASAN_OPTIONS": f"{os.environ.get('ASAN_OPTIONS', '')}:quarantine_size_mb=1".lstrip(":")}
SYNS, GOOD, CONNECTIONS, MOST_MIB = 60_000, 100, 2048, 48


class Flood(unittest.TestCase):
    def test_good_connections_are_complete(self):
        with tempfile.TemporaryDirectory() as directory:
            capture, keytab = pathlib.Path(directory, "flood.pcap"), pathlib.Path(directory, "flood.keytab")
            made = subject.run(f"{BUILD}/tests/bench/synth", "flood", SYNS, 1000, capture, keytab)
            self.assertEqual((made.returncode, made.stderr), (0, b""))
            done = subject.run(f"{BUILD}/analyzer/zmtpscope", "read", "--json", "--no-data", "--max-connections",
                               CONNECTIONS, "-K", keytab, capture, env=ENVIRONMENT)
        self.assertEqual((done.returncode, done.stderr), (0, b""))
        events = [json.loads(line) for line in done.stdout.splitlines()]
        summary = events[-1]
        self.assertEqual([m["length"] for m in subject.of(events, "message", verified=True)], [1000] * GOOD)
        self.assertEqual(len(subject.of(events, "close", outcome="established")), GOOD)
        self.assertEqual(summary["contexts_opened"], GOOD)
        self.assertEqual(len(subject.of(events, "defect", code="frame-size")), SYNS // 100)
        self.assertGreater(summary["evicted"], SYNS - CONNECTIONS - SYNS // 100)
        self.assertTrue(subject.of(events, "limit", limit="connections", most=CONNECTIONS))
        self.assertLess(summary["peak_memory"], MOST_MIB << 20)


if __name__ == "__main__":
    BUILD = sys.argv.pop(1)
    unittest.main()
