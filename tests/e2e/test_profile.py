#!/usr/bin/python3
"""The profile share/profiles/ZeroMQ in tshark: it is read without a complaint, its columns are filled, and each of its
filters for ZMTP finds something in the captures: test_profile.py BUILD.

Limits: how it looks is for the GUI. No reply of the captures is slow: what asks for one is tried with a bound of 0.
"""
import csv
import os
import pathlib
import re
import sys
import tempfile
import unittest

import subject
import tree

PROFILE = subject.ROOT / "share/profiles/ZeroMQ"
CLIENT, TOPIC, RESPONSE_TIME = 6, 7, 8  # columns of -T tabs
# Captures that between them have what the filters look for; with their keytab or without.
LOOKED_AT = (("reqrep", True), ("reqrep", False), ("plain", False), ("plaintext", True), ("dealer-router", True),
             ("pubsub-null", False), ("mechanism-mismatch", False))


def keys(name, with_keytab):
    return tree.keytab_preference(f"{name}.keytab") if with_keytab else ()


def rows(file):
    return [line for line in (PROFILE / file).read_text().splitlines() if line and not line.startswith("#")]


def filters():
    """Name -> filter, of colouring rules and buttons."""
    rules = dict(re.fullmatch(r"@([^@]+)@(.+)@\[.+\]\[.+\]", row).groups() for row in rows("colorfilters"))
    for _, label, expression, _ in csv.reader(rows("dfilter_buttons")):
        rules["button " + label] = expression.replace("\\x22", '"')
    return rules


def found(name, with_keytab, expressions):
    """How many packets each of the filters has."""
    shown = tree.tshark(BUILD, f"{name}.pcap", "-C", "ZeroMQ", *keys(name, with_keytab), "-q", "-z",
                        "io,stat,0," + ",".join(expressions)).decode()
    row = next(line for line in shown.splitlines() if "<>" in line and "Interval" not in line)
    return [int(cell) for cell in row.split("|")[2:-1:2]]


class Profile(unittest.TestCase):
    def test_it_is_installed(self):
        with tempfile.TemporaryDirectory() as root:
            done = subject.run("cmake", "--install", BUILD, env={**os.environ, "DESTDIR": root})
            self.assertEqual(done.returncode, 0, done.stderr.decode())
            installed = list(pathlib.Path(root).rglob("wireshark/profiles/ZeroMQ/*"))
            self.assertEqual({file.name for file in installed}, {"preferences", "colorfilters", "dfilter_buttons"})

    def test_each_filter_finds_something(self):
        rules = {name: re.sub(r"(zmtp\.time) > [0-9.]+", r"\1 > 0", f) for name, f in filters().items()}
        self.assertGreater(len(rules), 15)
        for expression in rules.values():
            self.assertNotIn(",", expression)
        total = [0] * len(rules)
        for name, with_keytab in LOOKED_AT:
            total = [a + b for a, b in zip(total, found(name, with_keytab, rules.values()))]
        self.assertEqual(len(total), len(rules))
        self.assertEqual([name for name, n in zip(rules, total) if n == 0 and not name.startswith("TCP")], [])

    def column(self, name, with_keytab, number, column):
        shown = tree.tshark(BUILD, f"{name}.pcap", "-C", "ZeroMQ", *keys(name, with_keytab), "-T", "tabs",
                            "-Y", f"frame.number == {number}")
        return shown.decode().split("\t")[column].strip()

    def test_columns(self):
        self.assertEqual(self.column("reqrep", True, 15, CLIENT), "alice@ZMTP.EXAMPLE")
        self.assertEqual(self.column("reqrep", True, 15, RESPONSE_TIME), "0.000424769")
        self.assertEqual(self.column("pubsub-null", False, 15, TOPIC), "sport")

    def test_colours(self):
        shown = tree.tshark(BUILD, "reqrep.pcap", "-C", "ZeroMQ", *keys("reqrep", True), "--color", "-T", "fields",
                            "-e", "frame.coloring_rule.name").decode().splitlines()
        self.assertEqual((shown[0], shown[9], shown[14]),
                         ("TCP: connection", "ZMTP: handshake", "ZMTP: message, opened"))


if __name__ == "__main__":
    BUILD = sys.argv.pop(1)
    unittest.main()
