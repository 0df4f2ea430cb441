#!/usr/bin/python3
"""test_registry.py BUILD: what the plugin registers with Wireshark, as tshark -G lists it. Nothing of it makes Wireshark
complain, fields that its own dissector has too (4.4 on) are of the same types, and what a user's profile may name is
there: tables, heuristics, preferences.

Limits: of two fields of one name tshark lists one; that the other is of another type, the plugin says itself when it
is loaded, on standard error, which must be empty here.
"""
import functools
import re
import sys
import unittest

import subject
import tree

BUILD = None

# The fields of Wireshark 4.4's packet-zmtp.c.
OF_THE_BUILTIN = {
    "FT_UINT8": "flags flags.reserved flags.command flags.long flags.more version.major version.minor "
                "command-name.length curvezmq.version.major curvezmq.version.minor",
    "FT_UINT16": "ping.ttl",
    "FT_UINT64": "length",
    "FT_BOOLEAN": "as-server",
    "FT_STRINGZ": "mechanism",
    "FT_STRING": "data.text version metadata.key metadata.value command-name curvezmq.version username password reason "
                 "ping.context",
    "FT_BYTES": "data signature padding filler curvezmq.nonce curvezmq.box curvezmq.publickey curvezmq.signature "
                "curvezmq.cookie",
}
PREFERENCES = ("gssapi.keytab", "gssapi.keylog", "guarded_ports", "payload_heuristics")
# Fields' names are words of small letters, as Wireshark's checkfiltername.pl wants them.
FILTER_NAME = re.compile(r"zmtp(\.[a-z0-9_-]+)*")


@functools.cache
def listed(what):
    """The rows of tshark -G; standard error is empty, or tree.tshark_only() would raise."""
    said = tree.tshark_only(BUILD, "-G", what, WIRESHARK_ABORT_ON_DISSECTOR_BUG="1").decode()
    return [line.split("\t") for line in said.splitlines()]


class Registry(unittest.TestCase):
    maxDiff = 4000

    def test_fields_have_the_types_of_the_builtin(self):
        types = {row[2]: row[3] for row in listed("fields") if row[0] == "F"}
        for kind, names in OF_THE_BUILTIN.items():
            for name in names.split():
                with self.subTest(field=name):
                    self.assertEqual(types.get(f"zmtp.{name}"), kind)

    def test_fields_are_named_once_and_as_wireshark_wants(self):
        names = [row[2] for row in listed("fields") if row[0] == "F" and row[2].startswith("zmtp")]
        self.assertEqual(len(names), len(set(names)))
        self.assertEqual([name for name in names if not FILTER_NAME.fullmatch(name)], [])

    def test_every_field_is_used(self):
        """Wireshark's checkhf.pl, for this plugin: a field that is registered is added to a tree somewhere."""
        sources = "".join(path.read_text() for path in (subject.ROOT / "plugin").glob("*.c"))
        header = (subject.ROOT / "plugin/fields.h").read_text()
        for name in re.findall(r"^    ZS_FIELD\((\w+),", header, re.MULTILINE):
            with self.subTest(field=name):
                self.assertRegex(sources, rf"zs_hf\.{name}\b")

    def test_heuristics(self):
        rows = {tuple(row[:2]): row[2] for row in listed("heuristic-decodes")}
        self.assertEqual(rows.get(("tcp", "zmtp")), "T")
        for name, enabled in (("json", "T"), ("xml", "T"), ("msgpack", "T"), ("protobuf", "F")):
            self.assertEqual(rows.get(("zmtp", name)), enabled)

    def test_tables(self):
        rows = {row[0]: row for row in listed("dissector-tables")}
        self.assertEqual(rows["zmtp.protocol"][2:4], ["FT_UINT16", "BASE_DEC"])
        self.assertIn("Decode As supported", rows["zmtp.protocol"])
        listed("decodes")

    def test_preferences(self):
        names = {row[0].lstrip("#").partition(":")[0] for row in listed("currentprefs")}
        self.assertEqual({f"zmtp.{name}" for name in PREFERENCES} - names, set())

    def test_protocols_are_there_once(self):
        rows = [row[2] for row in listed("protocols") if row[2].startswith("zmtp")]
        self.assertEqual(sorted(rows), ["zmtp", "zmtp.guard"])


if __name__ == "__main__":
    BUILD = sys.argv.pop(1)
    unittest.main()
