#!/usr/bin/python3
"""test_agree.py BUILD: for every capture of captures/MANIFEST, tshark with the plugin and zmtpscope read --json say
the same: greetings, tokens, commands, messages with all their octets, defects, contexts; with the keytab, without it, through
Wireshark's own engine, in one pass and in two. In all that tshark prints of a capture nothing is called malformed, no
octet is left to another dissector, and no connection has the fields of a mechanism that is not its own.

Limits: a field that only one of the two has is not compared; behind a loss the packets' numbers and the order between
directions are not, either. Wireshark's own engine is compared where the messages'
key is of AES or Camellia: it keeps the number of an RC4 token to itself, and opens no DES3; nor does it open anything
without mutual authentication, what is only signed, and DCE style's tokens.
"""
import concurrent.futures
import os
import sys
import unittest

import subject
import tree

BUILD = None
UNSAYABLE = subject.ROOT / "tests/e2e/input/odd-text.talk"  # PDML has no characters for what it says
KNOWN_PORT = ("-d", "tcp.port==5556,zmtp")  # where talks have what nobody can know for ZMTP by itself
SHARED = {"greeting": ("version", "mechanism", "as_server"),
          "defect": ("code",),
          "token": ("mechanism", "kind", "name", "length"),
          "command": ("name", "wrapped", "verified", "sequence", "confidential", "inner_flags", "metadata", "topic",
                      "group", "username", "reason", "ttl_ms"),
          "message": ("wrapped", "verified", "sequence", "confidential", "inner_flags", "more", "length", "data")}
# What Wireshark says of a dissector that stumbles, or that it did not expect to.
STUMBLES = (b"Malformed", b"malformed", b"issector bug", b"[Exception")
ENGINE_ENCTYPES = ("aes128-cts-hmac-sha1-96", "aes256-cts-hmac-sha1-96", "aes128-cts-hmac-sha256-128",
                   "aes256-cts-hmac-sha384-192", "camellia128-cts-cmac", "camellia256-cts-cmac")


def of_engine(capture):
    """Can Wireshark's own engine be held against read on this capture?"""
    facts = [row["gssapi"] for row in capture["connections"] if row["gssapi"]]
    return all((fact["subkey_etype"] or fact["session_etype"]) in ENGINE_ENCTYPES and
               not fact.keys() & {"mutual", "confidential", "dce"} for fact in facts)


def of_read(events):
    """The events of read, with the fields that the plugin has too."""
    found = []
    for e in events:
        if e["event"] in SHARED:
            said = {k: e[k] for k in ("event", "frame", "connection", "direction", *SHARED[e["event"]]) if k in e}
            if "data" in said:
                said["data"] = subject.payload(e)
            if not said.get("metadata", True):
                del said["metadata"]  # damaged from its first property on
            found.append(said)
    return found


def contexts_of_read(events):
    return [{k: e[k] for k in tree.CONTEXT.values() if k in e} for e in events if e["event"] == "context"]


def without_lost_answers(contexts):
    """The same, but for the reason that an AP-REP is missing: the plugin cannot know it while it shows the AP-REQ."""
    return [{k: v for k, v in c.items() if k != "reason" or "has no AP-REP" not in v} for c in contexts]


def mechanisms_of(row):
    """Whose fields a connection of MANIFEST must have: those of its own, if it came as far as a command of it."""
    return {row["mechanism"]} - {"NULL"} if row["commands"] else set()


def by_direction(events):
    """Of a capture that lacks octets: read waits for them, so that what follows comes later there."""
    plain = [{k: v for k, v in e.items() if k != "frame"} for e in events]
    return [e for d in subject.DIRECTIONS for e in plain if e["direction"] == d]


def shown_of(file, *arguments):
    """What the plugin shows of a capture; tshark's whole output is looked at on the way."""
    pdml = tree.tshark(BUILD, file, "-T", "pdml", *arguments)
    stumbles = [pdml[max(pdml.index(word) - 200, 0):][:300] for word in STUMBLES if word in pdml]
    if stumbles:
        raise AssertionError(f"tshark says {stumbles}")
    return tree.read(pdml)


def told(capture, keytab, arguments):
    """(what read tells of a capture, what the plugin shows)"""
    read = subject.read_json(BUILD + "/analyzer/zmtpscope", capture["file"], keytab)
    return read, shown_of(capture["file"], *arguments)


class Agree(unittest.TestCase):
    maxDiff = 4000

    @classmethod
    def setUpClass(cls):
        cls.pool = concurrent.futures.ThreadPoolExecutor(len(os.sched_getaffinity(0)))
        cls.addClassCleanup(cls.pool.shutdown)

    def each(self, captures, arguments_of, keyed=True):
        """(capture, its future of told()) for each capture, as many at a time as there are processors."""
        return [(c, self.pool.submit(told, c, c["keytab"] if keyed else None, arguments_of(c))) for c in captures]

    def opened(self, read):
        """Did anything sealed open?"""
        return any(e.get("verified") for e in read)

    def assert_own_mechanism(self, capture, shown):
        self.assertEqual(shown.strangers, [])
        for number, row in enumerate(capture["connections"]):
            self.assertEqual(shown.mechanisms[number], mechanisms_of(row))

    def assert_same_events(self, read, plugin):
        lossy = subject.of(read, "gap")
        read = of_read(read)
        if lossy:
            read, plugin = by_direction(read), by_direction(plugin)
        for ours, theirs in zip(read, plugin):
            self.assertEqual(ours, theirs)
        self.assertEqual(len(read), len(plugin))

    def test_with_the_keytab(self):
        for passes in ([], ["-2"]):
            for capture, result in self.each(subject.manifest(),
                                             lambda c: [*passes, *tree.keytab_preference(c["keytab"])]):
                with self.subTest(capture=capture["name"], passes=passes):
                    read, shown = result.result()
                    self.assert_own_mechanism(capture, shown)
                    self.assert_same_events(read, shown.events)
                    self.assertEqual(without_lost_answers(shown.contexts.values()),
                                     without_lost_answers(contexts_of_read(read)))
                    self.assertEqual(shown.engines, {"zmtpscope"} if self.opened(read) else set())

    def test_without_a_keytab(self):
        keyed = [c for c in subject.manifest() if c["keytab"]]
        for capture, result in self.each(keyed, lambda c: [], keyed=False):
            with self.subTest(capture=capture["name"]):
                read, shown = result.result()
                self.assert_own_mechanism(capture, shown)
                self.assert_same_events(read, shown.events)
                self.assertEqual(list(shown.contexts.values()), contexts_of_read(read))
                self.assertEqual(shown.engines, set())

    def test_talks(self):
        for text in sorted(set((subject.ROOT / "tests/e2e/input").glob("*.talk")) - {UNSAYABLE}):
            capture = subject.talked(BUILD, text)
            read = subject.read_json(BUILD + "/analyzer/zmtpscope", capture, more=KNOWN_PORT)
            for passes in ([], ["-2"]):
                with self.subTest(talk=text.stem, passes=passes):
                    shown = shown_of(capture, *KNOWN_PORT, *passes)
                    self.assertEqual(shown.strangers, [])
                    self.assert_same_events(read, shown.events)

    def test_who_opened_the_connection(self):
        """Known by a SYN or a SYN/ACK; without either it is taken to be the end with the higher port, whoever speaks
        first."""
        known = ("-d", "tcp.port==50000,zmtp")
        for capture, lost, client in (("reqrep", "1", 57142), ("reqrep", "1-14", 57142), ("reqrep", "1-15", 57142),
                                      ("high-port", None, 40000), ("high-port", "1", 40000),
                                      ("high-port", "1-3", 50000), ("high-port", "1-7", 50000),
                                      ("high-port", "1-8", 50000)):
            with self.subTest(capture=capture, lost=lost):
                file = f"captures/{capture}.pcap"
                if capture == "high-port":
                    file = subject.talked(BUILD, "tests/e2e/input/high-port.talk")
                if lost:
                    file = subject.without(BUILD, file, lost)
                read = subject.read_json(BUILD + "/analyzer/zmtpscope", file, more=known)
                (opened,) = subject.of(read, "connection")
                self.assertEqual(opened["client"], f"127.0.0.1:{client}")
                self.assert_same_events(read, shown_of(file, *known).events)

    def test_with_the_keys_of_wireshark(self):
        keyed = [c for c in subject.manifest() if c["keytab"] and of_engine(c)]
        for capture, result in self.each(keyed, lambda c: ["-K", subject.CAPTURES / c["keytab"]]):
            with self.subTest(capture=capture["name"]):
                read, shown = result.result()
                self.assert_own_mechanism(capture, shown)
                self.assert_same_events(read, shown.events)
                self.assertEqual(shown.engines, {"Wireshark's Kerberos engine"} if self.opened(read) else set())


if __name__ == "__main__":
    BUILD = sys.argv.pop(1)
    unittest.main()
