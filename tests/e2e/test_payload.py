#!/usr/bin/python3
"""test_payload.py BUILD: payloads at other dissectors, as far as a line of CASES cannot say it: Protobuf whose message
type the topic tells, and rows of the users' tables that nobody can follow.
"""
import os
import sys
import unittest

import subject
import tree

BUILD = None
INPUT = subject.ROOT / "tests/e2e/input"  # weather.proto


class Payload(unittest.TestCase):
    def tshark(self, *arguments):
        return subject.run(subject.ROOT / "scripts/tshark", "-r", subject.CAPTURES / "payloads.pcap",
                           *tree.keytab_preference("payloads.keytab"), *arguments,
                           env={**os.environ, "ZS_BUILD": BUILD})

    def test_a_topic_tells_the_message_type_of_protobuf(self):
        done = self.tshark("-o", f'uat:protobuf_search_paths:"{INPUT}","TRUE"', "-o",
                           'uat:zmtp_topic_protocols:"is","telemetry.protobuf","protobuf","weather.Report"',
                           "-Y", "protobuf", "-T", "fields", "-e", "protobuf.message.name", "-e", "protobuf.field.name",
                           "-e", "protobuf.field.value.string")
        self.assertEqual((done.returncode, done.stderr), (0, b""))
        self.assertEqual(done.stdout.decode().split(), ["weather.Report", "station,celsius,rain", "zurich"])

    def refused(self, row, why):
        done = self.tshark("-c", "1", "-o", f"uat:zmtp_topic_protocols:{row}")
        self.assertNotEqual(done.returncode, 0)
        self.assertIn(why, done.stderr.decode())

    def test_rows_that_nobody_can_follow_are_refused(self):
        self.refused('"is","news","jsn",""', 'There is no dissector called "jsn"')
        self.refused('"matches","^(news","json",""', "missing")


if __name__ == "__main__":
    BUILD = sys.argv.pop(1)
    unittest.main()
