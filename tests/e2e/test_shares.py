#!/usr/bin/python3
"""test_shares.py BUILD: a run in shares says what the single run says, to the octet: for every capture of
captures/MANIFEST as JSON, some as text, too, by two processes and by the merge of 1, 3 and 7 shares. And what merge refuses.

Limits: peak_memory differs from run to run and is compared as 0.
"""
import os
import pathlib
import pty
import re
import subprocess
import sys
import tempfile
import unittest

import made
import segments
import subject

BINARY = BUILD = None
SHARES = (1, 3, 7)
OF_PROGRESS, PROGRESS = 3, 1024  # analyzer/records.h, observe.c
AS_TEXT = ("several", "replayed", "pubsub")


def normal(octets):
    return re.sub(rb'"peak_memory":\d+', b'"peak_memory":0', octets)


def zmtpscope(*arguments):
    done = subject.run(BINARY, *arguments)
    return normal(done.stdout), done.stderr, done.returncode


def records_of(share):
    octets, records, at = share.read_bytes(), [], 0
    while at < len(octets):
        end = at + 24 + int.from_bytes(octets[at + 20:at + 24], "little")
        records.append(octets[at:end])
        at = end
    return records


class Shares(unittest.TestCase):
    def setUp(self):
        scratch = tempfile.TemporaryDirectory()
        self.addCleanup(scratch.cleanup)
        self.scratch = pathlib.Path(scratch.name)

    def shares(self, n, *arguments):
        """The paths of the results of n shares."""
        paths = []
        for i in range(1, n + 1):
            path = self.scratch / f"{i}.share"
            with path.open("wb") as out:
                done = subprocess.run([BINARY, "read", "--shard", f"{i}/{n}", *arguments], stdout=out, check=False,
                                      stderr=subprocess.DEVNULL, timeout=subject.LIMIT)
            self.assertIn(done.returncode, (0, 2))
            paths.append(path)
        return paths

    def assert_same(self, *arguments):
        single = zmtpscope("read", *arguments)
        self.assertEqual(zmtpscope("read", "--jobs", "2", *arguments), single)
        for n in SHARES:
            self.assertEqual(zmtpscope("merge", *reversed(self.shares(n, *arguments))), single)
        return single[0]

    def test_every_capture(self):
        for capture in subject.manifest():
            keys = ["-K", subject.CAPTURES / capture["keytab"]] if capture["keytab"] else []
            for form in (["--json"], [])[:2 if capture["name"] in AS_TEXT else 1]:
                with self.subTest(capture=capture["name"], form=form):
                    self.assert_same(*form, *keys, subject.CAPTURES / capture["file"])

    def test_through_a_pipe(self):
        """What comes through a pipe is said when it comes; messages of a file may wait, to be opened together."""
        def named(octets):
            return re.sub(rb'"files":\[[^]]*\]', b'"files":[]', normal(octets))

        for capture in subject.manifest():
            keys = ["-K", subject.CAPTURES / capture["keytab"]] if capture["keytab"] else []
            path = subject.CAPTURES / capture["file"]
            with self.subTest(capture=capture["name"]):
                piped = subject.run(BINARY, "read", "--json", *keys, "-", input=path.read_bytes())
                self.assertEqual(named(piped.stdout), named(subject.run(BINARY, "read", "--json", *keys, path).stdout))

    def test_all_captures_at_once(self):
        self.assert_same("--json", "-K", subject.CAPTURES, subject.CAPTURES)

    def test_what_cannot_be_read_to_its_end(self):
        self.assert_same("-K", subject.CAPTURES / "reqrep.keytab", subject.ROOT / "tests/e2e/input/truncated.pcap")
        self.assert_same("no-such.pcap")

    def test_more_that_cannot_be_read_than_fits_into_a_block(self):
        folder = self.scratch / "captures"
        folder.mkdir()
        short = (subject.ROOT / "tests/e2e/input/truncated.pcap").read_bytes()
        for n in range(1000):
            (folder / f"{n}.pcap").write_bytes(short)
        self.assert_same(folder)

    def test_what_cannot_be_read_twice(self):
        short = subject.ROOT / "tests/e2e/input/truncated.pcap"
        for files in ([short, short], [short, short, subject.CAPTURES / "null.pcap"], ["no-such.pcap"] * 3):
            with self.subTest(files=files):
                self.assert_same(*files)

    def test_what_waits_for_a_hole_until_the_end(self):
        """The hole is given up behind the last packet, and what is sealed behind it waits for its like even then."""
        hello = made.greeting(b"GSSAPI")
        file, keytab = self.scratch / "hole.pcap", self.scratch / "hole.keytab"
        with made.Forger(f"{BUILD}/tests/e2e/forger", str(keytab)) as forger:
            request, reply = forger.handshake()
            c = segments.Conversation().c2s(hello, request).s2c(hello[:11]).lose(1, len(hello) - 11).s2c(reply)
            text = b"\0" + made.named(b"READY", made.properties(Socket_Type=b"REP"))
            c.s2c(forger.sealed(1, 0, text, made.COMMAND), forger.sealed(1, 1, b"\0hello"))
            segments.write(file, c.packets())
        self.assertIn(b'"verified":true', self.assert_same("--json", "-K", keytab, file))

    def test_connections_that_make_room(self):
        """What is said of them comes in the order of the single run."""
        flood, keytab = self.scratch / "flood.pcap", self.scratch / "flood.keytab"
        self.assertEqual(subject.run(f"{BUILD}/tests/bench/synth", "flood", 3000, 1000, flood, keytab).returncode, 0)
        single = self.assert_same("--json", "--max-connections", "16", "-K", keytab, flood)
        self.assertIn(b'"limit":"connections","most":16', single)
        self.assertIn(b'"evicted":', single.splitlines()[-1])

    def test_connections_that_make_room_and_wait(self):
        """What waits behind a hole is given up when another connection needs the room, and that one speaks at once."""
        hello, waiting, speaking = made.greeting(), [], []
        for port in range(40000, 40017):
            waiting += segments.Conversation(port).c2s(hello[:20]).lose(0, 10).c2s(hello[30:]).packets()
        for port in range(40017, 40040):
            speaking += segments.Conversation(port, syn=False).c2s(hello).packets()
        packets = segments.retimed(waiting + speaking, waiting)
        single = self.assert_same("--json", "--max-connections", "16",
                                  segments.write(self.scratch / "waiting.pcap", packets))
        self.assertIn(b'"evicted":24', single.splitlines()[-1])

    def test_ends_that_are_used_again_at_once(self):
        """The SYN of the next connection carries data: what becomes of either is said at the same packet."""
        hello, packets = made.greeting(), []
        for port in range(40000, 40040):
            first = segments.Conversation(port).c2s(hello).s2c(hello)
            again = segments.Conversation(port, syn=False, isn=(90000, 70000))
            again.add(0, segments.SYN, hello, seq=90000, ack=0)
            again.lose(0, len(hello)).add(1, segments.SYN | segments.ACK, seq=70000)
            packets += first.packets() + again.s2c(hello).packets()
        reused = segments.write(self.scratch / "reused.pcap", segments.retimed(packets, packets))
        single = self.assert_same("--json", reused)
        self.assertIn(b'"connections":80', single.splitlines()[-1])

    def refused(self, said, *paths):
        out, err, status = zmtpscope("merge", *paths)
        self.assertEqual(status, 2)
        self.assertIn(said, err.decode())
        return out

    def test_what_merge_refuses(self):
        capture = subject.CAPTURES / "several.pcapng"
        one, two, three = self.shares(3, capture)
        self.refused("there are 2 shares of 3: one is missing", one, three)
        self.refused("there is 1 share of 3: some are missing", two)
        self.refused("is a share that is there already", one, two, two)
        self.refused("is no result of zmtpscope read --shard", capture)
        other = self.scratch / "other"
        other.write_bytes(self.shares(2, capture)[0].read_bytes())
        self.refused("1.share: of another number of shares", self.shares(3, capture)[0], other)
        cut = self.scratch / "cut"
        cut.write_bytes(three.read_bytes()[:-3])
        self.refused("cut: ends inside a record", one, two, cut)
        self.refused("No such file or directory", self.scratch / "no-such-share")

    def test_a_share_says_how_far_it_is_behind_a_filter(self):
        """… that leaves out every packet with an even number."""
        one, other = (segments.Conversation(40000 + n, 5555 + n, syn=False) for n in (0, 1))
        for _ in range(2 * PROGRESS):
            one.c2s(b"x")
            other.c2s(b"x")
        packets = [packet for pair in zip(one.packets(), other.packets()) for packet in pair]
        capture = segments.write(self.scratch / "filtered.pcap", segments.retimed(packets, packets))
        told = [int.from_bytes(record[:8], "little") for record in
                records_of(self.shares(1, "-f", "tcp port 5555", capture)[0])
                if record[16] == OF_PROGRESS]
        self.assertEqual(told, [n * PROGRESS + 1 for n in range(1, 4)])

    def test_a_share_whose_places_go_down(self):
        one, two = self.shares(2, "--json", subject.CAPTURES / "several.pcapng")
        records = records_of(two)
        records[3:5] = reversed(records[3:5])
        self.assertNotEqual(records[3][:16], records[4][:16])
        two.write_bytes(b"".join(records))
        self.refused("2.share: its records are out of order", one, two)

    def share(self, name, i, *arguments):
        """The path of share i of 2."""
        path = self.scratch / name
        path.write_bytes(subject.run(BINARY, "read", "--shard", f"{i}/2", *arguments).stdout)
        return path

    def test_shares_of_different_runs_are_refused(self):
        path = self.scratch / "capture.pcap"
        for form in ([], ["--json"]):
            path.write_bytes((subject.CAPTURES / "reqrep.pcap").read_bytes())
            one = self.share("one", 1, *form, path)
            for options in (["-x"], ["-c", "15"], ["-f", "tcp"], ["-d", "tcp.port==80,zmtp"], ["--verify-checksums"],
                            ["--max-frame", "70"], [subject.CAPTURES / "null.pcap"]):
                with self.subTest(form=form, options=options):
                    two = self.share("two", 2, *form, *options, path)
                    out = self.refused(f"two: is a share of another run than {one}: of other files, or with other options",
                                       one, two)
                    self.assertEqual(out, b"")
            # The same name, other packets.
            octets = path.read_bytes()
            header, first = octets[:24], octets[24:40]
            for said, changed in (("it counts other packets", (subject.CAPTURES / "null.pcap").read_bytes()),
                                  ("its packets are of other times", header + bytes([first[0] ^ 1]) + octets[25:])):
                path.write_bytes(changed)
                self.refused(f"two: is a share of another run than {one}: {said}", one, self.share("two", 2, *form, path))
            path.write_bytes(octets)
            self.assertEqual(zmtpscope("merge", one, self.share("two", 2, *form, path))[2], 0)
        path.write_bytes((subject.CAPTURES / "reqrep.pcap").read_bytes().replace(b"\1\0\0\0", b"\x71\0\0\0", 1))
        self.refused("its captures are of other link types", one, self.share("two", 2, "--json", path))

    def test_a_share_is_not_for_a_terminal(self):
        ours, terminal = pty.openpty()
        try:
            for arguments in (["read", "--shard", "1/2"], ["secrets", "-K", subject.CAPTURES / "reqrep.keytab", "-w", "-"],
                              ["decrypt", "-w", "/dev/stdout"]):
                with self.subTest(arguments=arguments):
                    done = subprocess.run([BINARY, *arguments, subject.CAPTURES / "reqrep.pcap"], stdin=subprocess.DEVNULL,
                                          stdout=terminal, stderr=subprocess.PIPE, timeout=subject.LIMIT, check=False)
                    self.assertEqual(done.returncode, 2)
                    self.assertIn(b" is no text for a terminal: redirect standard output\n", done.stderr)
            os.set_blocking(ours, False)
            with self.assertRaises(BlockingIOError):  # nothing was written
                os.read(ours, 1)
        finally:
            os.close(ours)
            os.close(terminal)

    def test_options_that_are_none(self):
        for arguments in (["--shard", "0/3"], ["--shard", "4/3"], ["--shard", "1"], ["--jobs", "x"],
                          ["--max-frame", "0"], ["--shard", "1/2", "--jobs", "2"]):
            with self.subTest(arguments=arguments):
                out, err, status = zmtpscope("read", *arguments, subject.CAPTURES / "null.pcap")
                self.assertEqual((out, status), (b"", 2))
                self.assertRegex(err.decode(), r"^zmtpscope: --[^\n]*\n$")


if __name__ == "__main__":
    BUILD = sys.argv.pop(1)
    BINARY = os.path.join(BUILD, "analyzer/zmtpscope")
    unittest.main()
