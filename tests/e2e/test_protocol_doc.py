#!/usr/bin/python3
"""The grammars of docs/protocol.md describe what is on the wire: each rule that one uses is defined, and the octets of
real captures (and, of the padded form, octets put together from theirs) match the rules that they are told to be.

Limits: a grammar is turned into a regular expression, so that a length is not held against what it counts; captures
are read as lab/surgery.py reads them, and only those without a loss.
"""
import functools
import pathlib
import re
import sys
import unittest

import subject

sys.path.insert(0, str(subject.CAPTURES))
from lab import surgery  # noqa: E402

PAGE = (subject.ROOT / "docs/protocol.md").read_text()
CORE = {"OCTET": b"[\\x00-\\xff]", "ALPHA": b"[A-Za-z]", "DIGIT": b"[0-9]", "SP": b" "}
LEXEMES = re.compile(r"""(?P<mark>[CS]:) | (?P<repeat>[0-9]*\*[0-9]*|[0-9]+)(?=[%(A-Za-z]) | (?P<name>[A-Za-z][A-Za-z0-9-]*)
    | (?:%s)?"(?P<text>[^"]*)" | %x(?P<hex>[0-9A-F]+(?:[.-][0-9A-F]+)*) | %d(?P<decimal>[0-9]+)
    | (?P<sign>[()/\[\]]) | (?P<blank>\s+) | (?P<wrong>.)""", re.X)


def rules_of(section):
    """Name -> definition, of the indented lines of a section; one that goes on is indented further."""
    rules, name = {}, None
    for line in section.splitlines():
        line = line.partition(";")[0].rstrip()
        begun = re.match(r" {4}([a-z0-9-]+)\s*=\s*(.*)$", line)
        if begun:
            name = begun[1]
            if name in rules:
                raise AssertionError(f"{name} is defined twice in a section")
            rules[name] = begun[2]
        elif name and line.startswith(5 * " "):
            rules[name] += " " + line.strip()
        elif line.strip():
            name = None
    return rules


SECTIONS = {int(title): rules_of(body) for title, body in
            zip(*[iter(re.split(r"^## (\d+)\. .*$", PAGE, flags=re.M)[1:])] * 2)}


@functools.cache
class Grammar:
    """The rules of one section, and those of the others where it has none of the name."""

    def __init__(self, section):
        self.rules = {}
        for rules in [SECTIONS[section], *SECTIONS.values()]:
            self.rules = {**rules, **self.rules}
        self.compiled = {}

    def match(self, rule, octets):
        if rule not in self.compiled:
            self.compiled[rule] = re.compile(self.expression(rule), re.S)
        return self.compiled[rule].fullmatch(octets)

    def expression(self, name):
        return CORE.get(name) or b"(?:" + b"".join(self.pieces(self.rules[name])) + b")"

    def pieces(self, definition):
        """Regular expressions of a definition's elements, in order; a repetition waits for its element to end."""
        waiting, groups = b"", []
        for found in LEXEMES.finditer(definition):
            kind, value = found.lastgroup, found[found.lastgroup]
            if kind in ("blank", "mark"):
                continue
            if kind == "wrong":
                raise AssertionError(f"{definition!r}: {value!r} is no ABNF")
            if kind == "repeat":
                waiting = repetition(value)
                continue
            if kind == "sign" and value in "([":
                groups.append(waiting)
                yield b"(?:"
            elif value == "/":
                yield b"|"
            elif kind == "sign":
                yield (b")" if value == ")" else b")?") + groups.pop()
            else:
                yield element(self, kind, value) + waiting
            waiting = b""


def repetition(text):
    least, star, most = text.partition("*")
    return f"{{{least or 0},{most}}}".encode() if star else f"{{{least}}}".encode()


def element(grammar, kind, value):
    if kind == "name":
        return grammar.expression(value)
    if kind == "text":
        return b"(?:" + re.escape(value.encode()) + b")"
    if kind == "decimal":
        return b"\\x%02x" % int(value)
    if "-" in value:
        return b"[\\x%02x-\\x%02x]" % tuple(int(end, 16) for end in value.split("-"))
    return b"(?:" + b"".join(b"\\x%02x" % int(octet, 16) for octet in value.split(".")) + b")"


@functools.cache
def said(name):
    """What a capture's only connection carried: (greeting, [(direction, frame)] in order, by the end of each)."""
    _, packets = surgery.read(pathlib.Path(subject.CAPTURES, f"{name}.pcap"))
    pending, greetings, frames = {"c2s": b"", "s2c": b""}, {}, []
    for packet in packets:
        direction = packet.direction(5555)
        pending[direction] += packet.payload()
        if direction not in greetings and len(pending[direction]) >= 64:
            greetings[direction], pending[direction] = pending[direction][:64], pending[direction][64:]
        while direction in greetings and (size := frame_size(pending[direction])) <= len(pending[direction]):
            frames.append((direction, pending[direction][:size]))
            pending[direction] = pending[direction][size:]
    if any(pending.values()):
        raise AssertionError(f"{name}: the last frame is not whole")
    return greetings, frames


def frame_size(octets):
    """Octets of the frame that begins here; more than there are where they do not say."""
    if len(octets) < 2:
        return 2
    if not octets[0] & 2:
        return 2 + octets[1]
    return 9 + int.from_bytes(octets[1:9]) if len(octets) >= 9 else 9


def body(frame):
    return frame[9 if frame[0] & 2 else 2:]


class ProtocolDoc(unittest.TestCase):
    def assert_is(self, grammar, rule, octets):
        self.assertTrue(grammar.match(rule, octets), f"{rule}: {octets[:80]!r}")

    def assert_is_not(self, grammar, rule, octets):
        self.assertFalse(grammar.match(rule, octets), f"{rule}: {octets[:80]!r}")

    def test_each_rule_is_defined_and_can_be_read(self):
        self.assertEqual({number for number, rules in SECTIONS.items() if rules}, {1, 2, 3, 4, 5})
        for number, rules in SECTIONS.items():
            for rule in rules:
                with self.subTest(section=number, rule=rule):
                    re.compile(Grammar(number).expression(rule))

    def test_greetings(self):
        grammar = Grammar(1)
        for name in ("reqrep", "spnego", "plaintext"):
            for greeting in said(name)[0].values():
                self.assert_is(grammar, "greeting", greeting)
        self.assert_is_not(grammar, "greeting", said("null")[0]["c2s"])

    def test_frames_and_commands(self):
        grammar = Grammar(2)
        for name in ("null", "pubsub-null", "reqrep", "curve"):
            for _, frame in said(name)[1]:
                self.assert_is(grammar, "frame", frame)
                if frame[0] & 4 and body(frame):
                    self.assert_is(grammar, "command-body", body(frame))
        ready = next(frame for _, frame in said("null")[1])
        self.assert_is(grammar, "metadata", body(ready)[len("\x05READY"):])
        self.assert_is_not(grammar, "metadata", b"\x01=\x00\x00\x00\x00")

    def test_the_libzmq_form(self):
        grammar = Grammar(3)
        for name, handshake in (("reqrep", 5), ("reqrep-rc4", 5), ("reqrep-des3", 5), ("spnego", 5), ("spnego-mic", 9),
                                ("no-mutual", 5),
                                ("dce-style", 7), ("heimdal-acceptor", 5), ("plaintext", 5)):
            with self.subTest(capture=name):
                frames = [frame for _, frame in said(name)[1]]
                self.assert_is(grammar, "handshake", b"".join(frames[:handshake]))
                rule = "clear-ready" if name == "plaintext" else "sealed-ready"
                self.assert_is(grammar, rule, frames[handshake - 1])
                if name != "plaintext":
                    for frame in frames[handshake:]:
                        self.assert_is(grammar, "sealed", frame)
                        self.assert_is_not(grammar, "sealed-ready", frame)

    def test_a_handshake_that_lacks_its_end_is_none(self):
        frames = [frame for _, frame in said("reqrep")[1]]
        self.assert_is_not(Grammar(3), "handshake", b"".join(frames[:4]))

    def test_who_speaks_in_the_handshake(self):
        turns = re.findall(r"([CS]):", SECTIONS[3]["handshake"])
        directions = ["C" if direction == "c2s" else "S" for direction, _ in said("reqrep")[1][:5]]
        self.assertEqual(turns, directions)

    def test_tokens(self):
        grammar = Grammar(5)
        for name, kinds in (("reqrep", ("krb5", "krb5")), ("spnego", ("neg-token-init", "neg-token-resp")),
                            ("dce-style", ("bare", "bare"))):
            with self.subTest(capture=name):
                for kind, (_, frame) in zip(kinds, said(name)[1]):
                    self.assert_is(grammar, kind, body(frame)[13:])
                    self.assert_is(grammar, "token", body(frame)[13:])
                    self.assert_is_not(grammar, "wrap-token", body(frame)[13:])
        for name, kind in (("reqrep", "cfx-wrap"), ("reqrep-rc4", "old-wrap"), ("reqrep-des3", "old-wrap")):
            for _, frame in said(name)[1][5:]:
                self.assert_is(grammar, kind, body(frame)[12:])

    def test_the_padded_form(self):
        grammar = Grammar(4)
        tokens = [body(frame)[13:] for _, frame in said("reqrep")[1][:2]]
        sealed = body(said("reqrep")[1][-1][1])[12:]
        long = b"\x06" + 8 * b"\x00"
        hello, welcome = long + b"HELLO   " + tokens[0], long + b"WELCOME " + tokens[1]
        ready = b"\x04\x00READY   "
        self.assert_is(grammar, "handshake", hello + welcome + ready + sealed + ready + b"\x01a\x00\x00\x00\x00")
        self.assert_is(grammar, "handshake", hello + welcome + long + b"INITIATE" + tokens[0] + ready + ready)
        self.assert_is(grammar, "message", b"\x00\x00MESSAGE " + sealed)
        self.assert_is_not(grammar, "message", b"\x00\x00\x07MESSAGE" + sealed)


if __name__ == "__main__":
    unittest.main()
