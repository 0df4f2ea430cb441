#!/usr/bin/python3
"""test_damage.py BINARY [--seeds N]: every capture of captures/MANIFEST with two octets in a hundred damaged (editcap -E
0.02), N seeds each (1 by default), read beside a good one with the keys of both: no crash, no hang, bounded memory, and the
good one's connections say what they say alone.

Limits: damage that turns a packet into one of the good capture's connections would count as a failure; it takes twelve
octets to be hit right.
"""
import json
import pathlib
import sys
import tempfile
import unittest

import subject

BINARY = None
SEEDS = 1
GOOD = "several.pcapng"
MOST_MIB = 1024  # of a build with sanitizers


def told(events):
    """What each connection says, by its ends, but for numbers that count packets and connections of all captures."""
    ends, said = {}, {}
    for e in events[1:-1]:
        if e["event"] == "connection":
            ends[e["connection"]] = (e["client"], e["server"])
        kept = {k: v for k, v in e.items() if k not in ("frame", "connection")}
        said.setdefault(ends.get(e["connection"]), []).append(kept)
    return said


class Damage(unittest.TestCase):
    def read(self, *files):
        done = subject.run(BINARY, "read", "--json", "-K", subject.CAPTURES, *files)
        self.assertIn(done.returncode, (0, 2), done.stderr)
        for trace in (b"Sanitizer", b"runtime error"):
            self.assertNotIn(trace, done.stderr)
        return [json.loads(line) for line in done.stdout.splitlines()]

    def test_each_capture(self):
        good = told(self.read(subject.CAPTURES / GOOD))
        self.assertEqual(len(good), 3)
        with tempfile.TemporaryDirectory() as directory:
            for capture in subject.manifest():
                for seed in range(1, SEEDS + 1):
                    if capture["file"] == GOOD:
                        continue
                    damaged = pathlib.Path(directory, "damaged.pcapng")
                    made = subject.run("editcap", "-E", "0.02", "--seed", seed, subject.CAPTURES / capture["file"],
                                       damaged)
                    self.assertEqual(made.returncode, 0)
                    with self.subTest(capture=capture["name"], seed=seed):
                        events = self.read(damaged, subject.CAPTURES / GOOD)
                        found = told(events)
                        self.assertEqual({ends: found.get(ends) for ends in good}, good)
                        self.assertLess(events[-1]["peak_memory"], MOST_MIB << 20)


if __name__ == "__main__":
    if "--seeds" in sys.argv:
        at = sys.argv.index("--seeds")
        SEEDS = int(sys.argv[at + 1])
        del sys.argv[at:at + 2]
    BINARY = sys.argv.pop(1)
    unittest.main()
