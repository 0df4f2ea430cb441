#!/usr/bin/python3
"""test_reach.py BUILD: every field and every expert item that the plugin registers is shown by tshark in some capture of
captures/ or in the oddities, traffic made for it, and so is every row of core/defects.def: what cannot be is listed, with
the reason. Of the oddities, plugin and zmtpscope read say the same.

The captures are merged into one file and read with all their keytabs, in two passes, and once more without any.
Limits: that a field is shown, not that its value is right: that is for the cases and for test_agree.py.
"""
import pathlib
import re
import subprocess
import sys
import tempfile
import unittest

import made
import oddities
import segments
import subject
import test_agree
import tree

BUILD = None

# What no capture can show in Wireshark.
OF_A_PEER = ("as-server-roles", "context-refused", "context-weak", "greeting-version", "handshake-timeout",
             "heartbeat-timeout", "mechanism-differs", "output-full", "principal-denied", "socket-type", "stream-ended",
             "wrap-not-sealed")
UNREACHABLE = {
    **{f"zmtp.defect.{code}": "zmtpscope's own client and server say it, of their peer; who looks on does not"
       for code in OF_A_PEER},
    "zmtp.defect.stream-conflict": "Wireshark's TCP hands no octet to a dissector twice: it is zmtpscope read's to say",
}
# Names of Wireshark's own dissector (4.4 on) that ours does not use.
OF_THE_BUILTIN = {"zmtp.unknown_flags_value", "zmtp.unsupported_version"}


def registered():
    """Every zmtp.* field and expert item, as tshark lists them."""
    listed = tree.tshark_only(BUILD, "-G", "fields").decode()
    return {row[2] for row in (line.split("\t") for line in listed.splitlines())
            if row[0] == "F" and row[2].startswith("zmtp.")} - OF_THE_BUILTIN


def rows():
    """The codes of core/defects.def."""
    text = (subject.ROOT / "core/defects.def").read_text()
    return re.findall(r'^ZS_DEFECT\(\w+,\s*"([^"]+)"', text, re.MULTILINE)


def shown(*arguments):
    """The zmtp.* names that tshark shows."""
    pdml = tree.tshark_only(BUILD, *arguments, "-Y", "zmtp", "-T", "pdml", "-J", "zmtp").decode("utf-8", "replace")
    return set(re.findall(r'<field name="(zmtp\.[^"]+)"', pdml))


def without_nothing(event):
    """Metadata without a property is nothing to be shown in a tree."""
    return {k: v for k, v in event.items() if k != "metadata" or v}


class Reach(unittest.TestCase):
    maxDiff = None

    @classmethod
    def setUpClass(cls):
        cls.directory = tempfile.TemporaryDirectory()
        folder = pathlib.Path(cls.directory.name)
        folder.chmod(0o755)
        cls.keytab = folder / "oddities.keytab"
        with made.Forger(f"{BUILD}/tests/e2e/forger", str(cls.keytab)) as forger:
            cls.oddities = oddities.make(forger)
        cls.keytab.chmod(0o644)
        cls.file = segments.write(folder / "oddities.pcap", sum(cls.oddities.values(), []))
        cls.captures = folder / "captures.pcapng"
        subprocess.run(["mergecap", "-w", cls.captures,
                        *(subject.CAPTURES / entry["file"] for entry in subject.manifest())], check=True)
        cls.captures.chmod(0o644)

    @classmethod
    def tearDownClass(cls):
        cls.directory.cleanup()

    def of_oddities(self, *arguments):
        """tshark over the oddities; ZMTP 1.0 has to be told by hand."""
        return ("-r", self.file, "-o", f"zmtp.gssapi.keytab:{self.keytab}",
                "-d", f"tcp.port=={oddities.PORT_WITHOUT_SIGNATURE},zmtp", *arguments)

    def test_every_field_and_expert_item_is_shown(self):
        seen = shown(*self.of_oddities("-z", "conv,zmtp"))  # somebody who listens to the tap
        seen |= shown("-2", "-r", self.captures, "-o", f"zmtp.gssapi.keytab:{subject.CAPTURES}")
        seen |= shown("-r", self.captures)
        self.assertEqual(sorted(registered() - seen), sorted(UNREACHABLE))

    def test_every_defect_is_said_where_it_is_and_nowhere_else(self):
        pdml = tree.tshark_only(BUILD, *self.of_oddities("-Y", "zmtp", "-T", "pdml")).decode("utf-8", "replace")
        said = {name: [] for name in self.oddities}
        names = {oddities.client_port(n): name for n, name in enumerate(self.oddities)}
        for packet in pdml.split("<packet>")[1:]:
            ports = map(int, re.findall(r'name="tcp\.port"[^>]* show="(\d+)"', packet))
            name = next(names[port] for port in ports if port in names)
            said[name] += re.findall(r'<field name="zmtp\.defect\.([^"]+)"', packet)
        self.assertEqual(said, {name: defects for name, (_, defects) in oddities.ODDITIES.items()})

    def test_plugin_and_read_say_the_same_of_the_oddities(self):
        found = tree.read(tree.tshark_only(BUILD, *self.of_oddities("-T", "pdml"))).events
        read = subject.read_json(f"{BUILD}/analyzer/zmtpscope", self.file, self.keytab,
                                 ["-d", f"tcp.port=={oddities.PORT_WITHOUT_SIGNATURE},zmtp"])
        for number, name in enumerate(self.oddities):
            with self.subTest(oddity=name):
                frames = self.frames_of(number)
                ours = [without_nothing(e) for e in test_agree.of_read(read) if e["frame"] in frames]
                theirs = [e for e in found if e["frame"] in frames]
                if any(e["frame"] in frames for e in subject.of(read, "gap")):
                    ours, theirs = test_agree.by_direction(ours), test_agree.by_direction(theirs)
                for said, wanted in zip(theirs, ours):
                    self.assertEqual(said, wanted)
                self.assertEqual(len(theirs), len(ours))

    def frames_of(self, number):
        """The packets of the number-th oddity in the file, from 1."""
        sizes = [len(packets) for packets in self.oddities.values()]
        return range(1 + sum(sizes[:number]), 1 + sum(sizes[:number + 1]))

    def test_every_row_of_defects_has_an_oddity(self):
        reached = {code for _, defects in oddities.ODDITIES.values() for code in defects}
        unreachable = {name.removeprefix("zmtp.defect.") for name in UNREACHABLE}
        self.assertEqual(sorted(set(rows()) - reached), sorted(unreachable))


if __name__ == "__main__":
    BUILD = sys.argv.pop(1)
    unittest.main()
