#!/usr/bin/python3
"""test_manifest_read.py ZMTPSCOPE: for every capture of captures/MANIFEST, read --json says what the peers that were
recorded said that they did, in lines that keep to docs/events.schema.json; and no wrong keytab opens anything.

Limits: MANIFEST gives the number of some commands (heartbeats) as a least one.
"""
import collections
import functools
import json
import pathlib
import sys
import tempfile
import unittest

import jsonschema

import subject
from subject import DIRECTIONS, of

BINARY = None
GSSAPI_FACTS = ("opened", "client_principal", "service_principal", "kvno", "ticket_etype", "session_etype", "initiator")
# What MANIFEST writes only where it is not the usual.
USUAL = {"mutual": True, "delegated": False, "channel_bindings": False, "verdict": "acceptable"}


def validator():
    schema = json.loads((subject.ROOT / "docs/events.schema.json").read_text())
    return jsonschema.Draft202012Validator(schema)


def each_connection(test):
    """Makes a case of test(self, row of MANIFEST, its events) for every connection of every capture."""
    @functools.wraps(test)
    def over_all(self):
        for capture in self.captures:
            for number, row in enumerate(capture["connections"], 1):
                with self.subTest(capture=capture["name"], connection=number):
                    test(self, row, [e for e in self.events[capture["name"]] if e.get("connection") == number])
    return over_all


def messages_of(row, direction):
    """MANIFEST's frames of a direction, None where it has none to show."""
    return (row["messages"] or {}).get(direction)


class ManifestRead(unittest.TestCase):
    maxDiff = None

    @classmethod
    def setUpClass(cls):
        cls.schema = validator()
        cls.captures = subject.manifest()
        cls.events = {c["name"]: subject.read_json(BINARY, c["file"], c["keytab"]) for c in cls.captures}

    def test_there_are_captures(self):
        self.assertGreaterEqual(len(self.captures), 12)

    def assert_valid(self, events):
        for event in events:
            wrong = [f"{'/'.join(map(str, e.path))}: {e.message}" for e in self.schema.iter_errors(event)]
            self.assertEqual(wrong, [], event)

    def test_every_line_keeps_to_the_schema(self):
        for name, events in self.events.items():
            with self.subTest(capture=name):
                self.assert_valid(events)
                self.assertEqual([e["event"] for e in (events[0], events[-1])], ["capture", "summary"])

    def test_link_types(self):
        for capture in self.captures:
            with self.subTest(capture=capture["name"]):
                self.assertEqual(self.events[capture["name"]][0]["link_types"], [capture["link_type"]])

    def test_a_run_cut_into_two_files_says_the_same(self):
        """A connection goes on in the next file, its handshake in an earlier one."""
        with tempfile.TemporaryDirectory() as directory:
            for capture in self.captures:
                octets = (subject.CAPTURES / capture["file"]).read_bytes()
                if not capture["file"].endswith(".pcap") or not capture["keytab"] or len(octets) > 1 << 20:
                    continue
                with self.subTest(capture=capture["name"]):
                    ends = [24]
                    while ends[-1] < len(octets):
                        ends.append(ends[-1] + 16 + int.from_bytes(octets[ends[-1] + 8:ends[-1] + 12], sys.byteorder))
                    cut = ends[len(ends) * 2 // 3]  # behind most handshakes
                    first, second = (pathlib.Path(directory, name) for name in ("1.pcap", "2.pcap"))
                    first.write_bytes(octets[:cut])
                    second.write_bytes(octets[:24] + octets[cut:])
                    events = subject.read_json(BINARY, first, capture["keytab"], more=[second])
                    self.assertEqual(events[1:-1], self.events[capture["name"]][1:-1])

    @each_connection
    def test_endpoints(self, row, events):
        opened = of(events, "connection")
        self.assertEqual(len(opened), 1)
        ports = [int(opened[0][side].rpartition(":")[2]) for side in ("client", "server")]
        self.assertEqual(ports, [row["client_port"], row["server_port"]])
        self.assertFalse(opened[0]["midstream"])

    def test_number_of_connections(self):
        for capture in self.captures:
            with self.subTest(capture=capture["name"]):
                self.assertEqual(self.events[capture["name"]][-1]["connections"], len(capture["connections"]))

    @each_connection
    def test_greetings(self, row, events):
        for direction in DIRECTIONS:
            greetings = of(events, "greeting", direction=direction)
            self.assertEqual([g["version"] for g in greetings], [v for v in [row["version"][direction]] if v])
            self.assertLessEqual({g["mechanism"] for g in greetings}, {row["mechanism"]})

    @each_connection
    def test_contexts(self, row, events):
        contexts = of(events, "context")
        fact = row["gssapi"]
        self.assertEqual(len(contexts), 1 if fact else 0)
        if not fact:
            return
        context = contexts[0]
        self.assertEqual({k: context.get(k) for k in GSSAPI_FACTS}, {k: fact[k] for k in GSSAPI_FACTS})
        self.assertEqual({k: context[k] for k in USUAL}, {k: fact.get(k, usual) for k, usual in USUAL.items()})
        for flag in ("sequence", "dce"):
            self.assertEqual(flag in context["gss_flags"], fact.get(flag, False))
        self.assertEqual({e["mechanism"] for e in of(events, "token", direction=fact["initiator"])},
                         {fact.get("mechanism", "krb5")})
        if fact["subkey_etype"]:
            self.assertEqual([context["subkey_etype"], context["subkey_from"]],
                             [fact["subkey_etype"], fact["subkey_from"]])
            self.assertEqual(context.get("reason_code"), fact.get("reason"))
        else:  # the acceptor never answered, so the key cannot be its own
            self.assertNotEqual(context.get("subkey_from"), "acceptor")
            self.assertEqual(context["reason_code"], "ap-rep-missing")

    @each_connection
    def test_metadata(self, row, events):
        for direction in DIRECTIONS:
            shown = [e["metadata"] for e in of(events, "command", direction=direction) if "metadata" in e]
            self.assertEqual(shown, [m for m in [row["metadata"][direction]] if m is not None])

    @each_connection
    def test_commands(self, row, events):
        seen = collections.Counter((e["name"], e["direction"]) for e in of(events, "command") + of(events, "token"))
        wanted = collections.Counter()
        for command in row["commands"]:
            key = (command["name"], command["direction"])
            if "at_least" in command:
                self.assertGreaterEqual(seen[key], command["at_least"], key)
                wanted[key] = seen[key]
            else:
                wanted[key] += command["count"]
        self.assertEqual(seen, wanted)
        topics = [c["topic"] for c in row["commands"] if "topic" in c]
        self.assertEqual([e["topic"] for e in of(events, "command") if "topic" in e], topics)

    @each_connection
    def test_forms(self, row, events):
        forms = {e["form"] for e in of(events, "command") + of(events, "token")}
        self.assertLessEqual(forms, {row["form"]})

    @each_connection
    def test_messages(self, row, events):
        for direction in DIRECTIONS:
            shown = of(events, "message", direction=direction)
            if messages_of(row, direction) is None:  # how many, and nothing inside
                self.assertEqual(len(shown), row.get("wrapped_counts", {}).get(direction, 0))
                self.assertTrue(all(m["wrapped"] and not m["verified"] and "data" not in m for m in shown))
                continue
            wanted = messages_of(row, direction)
            self.assertEqual(len(shown), len(wanted))
            self.assertEqual([subject.frame_row(e, like) for e, like in zip(shown, wanted)], wanted)

    @each_connection
    def test_what_is_wrapped_was_verified(self, row, events):
        for event in of(events, "message") + of(events, "command"):
            if event["wrapped"] and row["mechanism"] == "GSSAPI":
                closed = event["direction"] in row.get("wrapped_counts", {})
                self.assertIs(event["verified"], not closed)
                if closed:
                    continue
                self.assertIs(event["confidential"], row["gssapi"].get("confidential", True))

    @each_connection
    def test_outcomes_and_totals(self, row, events):
        closed = of(events, "close")
        self.assertEqual([c["outcome"] for c in closed], [row["outcome"]])
        for direction in DIRECTIONS:
            wanted = messages_of(row, direction)
            if wanted is None:
                continue
            self.assertEqual(closed[0][direction], {"messages": sum(not m["more"] for m in wanted),
                                                    "bytes": sum(m["length"] for m in wanted), "sealed": 0})

    @each_connection
    def test_nothing_is_missing_or_mislabelled(self, row, events):
        gaps = [g for g in of(events, "gap") if g["bytes"]]
        self.assertEqual({g["direction"]: g["bytes"] for g in gaps}, row.get("gaps", {}))
        self.assertEqual(len(gaps), len(row.get("gaps", {})))
        self.assertEqual([d["code"] for d in of(events, "defect")], row.get("defects", []))
        if row["mechanism"] != "GSSAPI":
            self.assertEqual(of(events, "token") + of(events, "context"), [])

    def test_summaries_add_up(self):
        for name, events in self.events.items():
            with self.subTest(capture=name):
                end = events[-1]
                self.assertEqual(end["established"], len(of(events, "close", outcome="established")))
                self.assertEqual(end["contexts"], len(of(events, "context")))
                self.assertEqual(end["contexts_opened"], len(of(events, "context", opened=True)))
                self.assertEqual(end["defects"], len(of(events, "defect")))
                self.assertEqual(end["bytes"], sum(e.get("length", 0) for e in of(events, "message")))
                times = [e["time"] for e in events[1:]]
                self.assertEqual(times[-1], max(times))

    def assert_closed(self, events, reason_code):
        self.assert_valid(events)
        for context in of(events, "context"):
            self.assertIs(context["opened"], False)
            self.assertEqual(context["reason_code"], reason_code)
            self.assertTrue(context["reason"])
            self.assertNotIn("client_principal", context)
        sealed = [e for e in of(events, "message") + of(events, "command") if e["wrapped"]]
        self.assertFalse([e for e in sealed if e["verified"] or "data" in e or "metadata" in e])

    def test_without_a_keytab_nothing_opens(self):
        for capture in self.captures:
            if capture["keytab"]:
                with self.subTest(capture=capture["name"]):
                    self.assert_closed(subject.read_json(BINARY, capture["file"]), "no-keys")

    def test_a_wrong_keytab_opens_nothing_and_says_why(self):
        tried = 0
        for capture in self.captures:
            for wrong in capture.get("wrong_keytabs", []):
                with self.subTest(capture=capture["name"], keytab=wrong["file"]):
                    events = subject.read_json(BINARY, capture["file"], wrong["file"])
                    self.assert_closed(events, wrong["why"])
                    self.assertTrue(of(events, "context"))
                    tried += 1
        self.assertGreaterEqual(tried, 6)


if __name__ == "__main__":
    BINARY = sys.argv.pop(1)
    unittest.main()
