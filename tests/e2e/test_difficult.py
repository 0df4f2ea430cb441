#!/usr/bin/python3
"""test_difficult.py BUILD [--all]: captures as they really are (difficult.py). Each holds the same messages as the good one
that it was made of, or lacks exactly what was taken out. With --all, too: by two processes and in 1, 3 and 7 shares the
same, to the octet; and tshark with the plugin shows the same messages.

Limits: what tshark is not asked, and why, stands with the variant.
"""
import pathlib
import subprocess
import sys
import tempfile
import unittest

import difficult
import subject
import tree

BUILD = None
ALL = False
GOOD, KEYTAB = "reqrep.pcap", "reqrep.keytab"
IN_THE_CLEAR = "null.pcap"


def messages(events):
    """{(direction, index): (octets, more)} of the open messages, in each direction by itself."""
    found = {}
    for d in subject.DIRECTIONS:
        opened = [e for e in subject.of(events, "message", direction=d) if "data" in e]
        for i, e in enumerate(opened):
            data = e["data"] if isinstance(e["data"], bytes) else subject.payload(e)
            found[d, i] = (data, e["more"], e.get("frame"))
    return found


def contents(found, lost=frozenset(), times=1):
    """The octets in each direction, in order, but for those that are lost; all of it so often."""
    return {d: times * [found[key][:2] for key in sorted(found) if key[0] == d and key not in lost]
            for d in subject.DIRECTIONS}


class Difficult(unittest.TestCase):
    maxDiff = 2000

    @classmethod
    def setUpClass(cls):
        scratch = tempfile.TemporaryDirectory()
        cls.addClassCleanup(scratch.cleanup)
        cls.scratch = pathlib.Path(scratch.name)
        cls.good = messages(subject.read_json(cls.binary(), GOOD, KEYTAB))
        maker = difficult.Maker(cls.scratch, GOOD)
        maker.files()
        maker.networks()
        maker.orders()
        maker.ends()
        maker.losses({key: frame for key, (_, _, frame) in cls.good.items()})
        secrets = subject.run(cls.binary(), "secrets", "-K", subject.CAPTURES / KEYTAB, subject.CAPTURES / GOOD)
        maker.with_secrets(secrets.stdout)
        cls.variants = maker.variants + cls.offloaded()

    @classmethod
    def offloaded(cls):
        capture, keytab = cls.scratch / "large.pcap", cls.scratch / "large.keytab"
        made = subject.run(f"{BUILD}/tests/bench/synth", "messages", 6, 120_000, capture, keytab)
        assert made.returncode == 0, made.stderr
        good = messages(subject.read_json(cls.binary(), capture, keytab))
        assert [len(octets) for octets, *_ in good.values()] == 6 * [120_000]
        variants = difficult.offloaded(cls.scratch, capture)
        for variant in variants:
            variant.good, variant.keytab = good, keytab
        return variants

    @staticmethod
    def binary():
        return f"{BUILD}/analyzer/zmtpscope"

    def read(self, variant, *options):
        """(standard output, exit status) of read of the variant."""
        keys = [] if variant.sealed else ["-K", variant.keytab or subject.CAPTURES / KEYTAB]
        files = [*(["-"] if variant.stdin else variant.files), *variant.filter]
        given = variant.files[0].read_bytes() if variant.stdin else b""
        done = subject.run(self.binary(), "read", "--json", *keys, *options, *variant.options, *files, input=given)
        return done.stdout, done.returncode

    def events(self, variant):
        out, status = self.read(variant)
        self.assertEqual(status, variant.status)
        return [subject.json.loads(line) for line in out.splitlines()]

    def assert_variant(self, variant, good):
        events = self.events(variant)
        self.assertEqual(contents(messages(events)), contents(good, variant.lost, variant.times))
        self.assertEqual(sum(e["bytes"] for e in subject.of(events, "gap")), variant.gaps)
        self.assertEqual(tuple(e["code"] for e in subject.of(events, "defect")), variant.defects)
        self.assertEqual(len(subject.of(events, "connection")), variant.times)
        self.assertFalse(subject.of(events, "limit"))

    def test_each_holds_what_the_good_one_holds(self):
        for variant in self.variants:
            with self.subTest(variant=variant.name):
                self.assert_variant(variant, variant.good or self.good)

    def test_one_side_alone(self):
        variant = difficult.one_sided(self.scratch, IN_THE_CLEAR)
        good = messages(subject.read_json(self.binary(), IN_THE_CLEAR))
        found = messages(self.events(variant))
        self.assertEqual(contents(found)["c2s"], contents(good)["c2s"])
        self.assertEqual(contents(found)["s2c"], [])
        self.assertTrue(contents(good)["c2s"])

    def test_one_message_that_is_wrong_is_seen(self):
        """The comparison can fail: a message that was changed is another one."""
        changed = dict(self.good)
        key = min(changed)
        changed[key] = (changed[key][0] + b"!", *changed[key][1:])
        with self.assertRaises(AssertionError):
            self.assert_variant(self.variants[0], changed)


class Shares(Difficult):
    """What takes longer."""

    def test_shares_say_the_same(self):
        for variant in self.variants:
            if variant.stdin:
                continue
            with self.subTest(variant=variant.name):
                single = self.normal(self.read(variant)[0])
                self.assertEqual(self.normal(self.read(variant, "--jobs", "2")[0]), single)
                for n in (1, 3, 7):
                    self.assertEqual(self.merged(variant, n), single)

    @staticmethod
    def normal(octets):
        head, _, tail = octets.rpartition(b'"peak_memory":')
        return head + tail.lstrip(b"0123456789")

    def merged(self, variant, n):
        paths = [self.scratch / f"{i}.share" for i in range(1, n + 1)]
        for i, path in enumerate(paths, 1):
            path.write_bytes(self.read(variant, "--shard", f"{i}/{n}")[0])
        return self.normal(subject.run(self.binary(), "merge", *paths).stdout)

    def test_tshark_shows_the_same(self):
        for variant in self.variants:
            if variant.tshark:
                continue
            with self.subTest(variant=variant.name):
                path = variant.files[0]
                if len(variant.files) > 1:
                    path = self.scratch / "merged.pcapng"
                    subprocess.run(["mergecap", "-w", path, *variant.files], check=True)
                shown = tree.read(tree.tshark(BUILD, path, "-2", "-o", "tcp.reassemble_out_of_order:TRUE",
                                              "-o", "ip.defragment:TRUE", *tree.keytab_preference(variant.keytab or KEYTAB),
                                              "-Y", "zmtp", "-T", "pdml", "-J", "zmtp"))
                self.assertEqual(contents(messages(shown.events)),
                                 contents(variant.good or self.good, variant.lost, variant.times))


if __name__ == "__main__":
    BUILD = sys.argv.pop(1)
    if "--all" in sys.argv:
        sys.argv.remove("--all")
    else:
        del Shares
    unittest.main()
