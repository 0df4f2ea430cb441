#!/usr/bin/python3
"""test_secrets_block.py BUILD: secrets of one of three connections, put into the capture by zmtpscope secrets -w, open
that one and no other in tshark with the plugin, without any keytab, and none once they are taken out again.

Limits: Wireshark hands the block to a plugin from 4.4 on; before, everything must stay sealed.
"""
import pathlib
import re
import sys
import tempfile
import unittest

import subject
import tree

BUILD = None
CAPTURE, KEYTAB = subject.CAPTURES / "several.pcapng", subject.CAPTURES / "several.keytab"


def wireshark():
    """The release, as (4, 4)."""
    said = subject.run("tshark", "--version").stdout.decode()
    return tuple(int(n) for n in re.search(r"(\d+)\.(\d+)\.\d+", said).groups())


class Block(unittest.TestCase):
    maxDiff = None

    def setUp(self):
        directory = tempfile.TemporaryDirectory()
        self.addCleanup(directory.cleanup)
        self.directory = pathlib.Path(directory.name)

    def copy(self, name, *arguments):
        out = self.directory / name
        done = subject.run(pathlib.Path(BUILD, "analyzer/zmtpscope"), "secrets", "-w", out, *arguments)
        self.assertEqual(done.returncode, 0, done.stderr)
        return out

    def texts(self, capture, *arguments):
        """The text of every message by the stream that it is of."""
        rows = tree.tshark(BUILD, capture, *arguments, "-Y", "zmtp.message.text", "-T", "fields", "-E", "aggregator=/t",
                           "-e", "zmtp.stream", "-e", "zmtp.message.text").decode().splitlines()
        found = {}
        for row in rows:
            stream, *texts = row.split("\t")
            found.setdefault(int(stream), []).extend(texts)
        return found

    def test_one_of_three(self):
        by_keytab = self.texts(CAPTURE, *tree.keytab_preference(KEYTAB))
        self.assertEqual(sorted(by_keytab), [0, 1, 2])
        for chosen in ([1, 3], [2]):
            options = [word for n in chosen for word in ("--connection", n)]
            with_block = self.copy("with.pcapng", "-K", KEYTAB, *options, CAPTURE)
            wanted = {n - 1: by_keytab[n - 1] for n in chosen} if wireshark() >= (4, 4) else {}
            for passes in ([], ["-2"]):
                with self.subTest(connections=chosen, passes=passes):
                    self.assertEqual(self.texts(with_block, *passes), wanted)
        self.assertEqual(self.texts(self.copy("without.pcapng", "--discard", with_block)), {})


if __name__ == "__main__":
    BUILD = sys.argv.pop(1)
    unittest.main()
