#!/usr/bin/python3
"""test_secrets.py ZMTPSCOPE: session secrets of every capture of captures/MANIFEST: together they open what the keytab
opens, one of them opens its own connection and no other, and none but the one key that it must hold is in it. And a
password is asked for on the terminal without being shown there.

Limits: the keys that must not be in a line are those of the keytabs.
"""
import os
import pathlib
import pty
import re
import sys
import tempfile
import termios
import unittest

import subject
from subject import CAPTURES, of

BINARY = None
LINE = re.compile(r"zmtp-gssapi-1 id=[0-9a-f]{64} key=(acceptor|initiator|session):[a-z0-9-]+:[0-9a-f]+( [a-z]+=\S+)*")
LFLAG = 3  # in what tcgetattr() answers
ONLY_OF_TICKETS = ("ticket_flags", "transited", "authorization_data", "delegated_principal", "delegated_ticket_flags",
                   "delegated_until", "session_etype", "ticket_times", "channel_bindings", "delegated", "skew_ms", "verdict", "reason",
                   "reason_code")
SOURCE = ("opened_by", "keytab_entry")


def secrets(capture, *more):
    """The lines that zmtpscope secrets prints for a capture with its keytab."""
    done = subject.run(BINARY, "secrets", "-K", CAPTURES / capture["keytab"], *more, CAPTURES / capture["file"])
    return done.stdout.decode().splitlines(), done.returncode


def keys_of(keytab):
    """The keys of a keytab of format 5.2, as hexadecimal digits."""
    data, at, keys = (CAPTURES / keytab).read_bytes(), 2, []
    while at + 4 <= len(data):
        size = int.from_bytes(data[at:at + 4], "big", signed=True)
        entry, at = data[at + 4:at + 4 + abs(size)], at + 4 + abs(size)
        if size <= 0:
            continue
        here = 2
        for _ in range(int.from_bytes(entry[:2], "big") + 1):  # realm and components
            here += 2 + int.from_bytes(entry[here:here + 2], "big")
        here += 4 + 4 + 1 + 2  # name type, time, kvno, enctype
        n = int.from_bytes(entry[here:here + 2], "big")
        keys.append(entry[here + 2:here + 2 + n].hex())
    return keys


class Secrets(unittest.TestCase):
    maxDiff = None

    @classmethod
    def setUpClass(cls):
        # Only what is sealed has secrets that anything can be opened with.
        cls.captures = [c for c in subject.manifest() if c["keytab"]]
        cls.directory = tempfile.TemporaryDirectory()
        cls.addClassCleanup(cls.directory.cleanup)

    def key_log(self, lines):
        path = pathlib.Path(self.directory.name) / "log.keys"
        path.write_text("".join(line + "\n" for line in lines))
        return path

    def read(self, capture, lines):
        return subject.read_json(BINARY, capture["file"], more=["--keylog", self.key_log(lines)])

    def test_all_secrets_open_what_the_keytab_opens(self):
        for capture in self.captures:
            with self.subTest(capture=capture["name"]):
                lines, status = secrets(capture)
                by_key = subject.read_json(BINARY, capture["file"], capture["keytab"])
                self.assertEqual(status, 0 if lines else 2)
                usable = of(by_key, "context", opened=True)
                self.assertLessEqual(len(lines), len(usable))
                if len(lines) < len(usable):  # the acceptor never answered, so there are no messages either
                    self.assertIn("ap-rep-missing", [c.get("reason_code") for c in usable])
                if not lines:
                    continue
                by_secret = self.read(capture, lines)
                for kind in ("message", "command", "token"):
                    self.assertEqual(of(by_secret, kind), of(by_key, kind))
                # Why an acceptor was silent is known better by who opened the ticket.
                self.assertEqual([{**c, "reason": None} for c in of(by_secret, "close")],
                                 [{**c, "reason": None} for c in of(by_key, "close")])
                # A secret written without the AP-REP may be the wrong key, and then it is a checksum that fails.
                if all("subkey_etype" in c for c in usable):
                    self.assertEqual(of(by_secret, "defect"), of(by_key, "defect"))
                self.compare_contexts(of(by_secret, "context", opened=True), usable)

    def compare_contexts(self, by_secret, by_key):
        known = {c["connection"]: c for c in by_key}
        for context in by_secret:
            self.assertEqual(context["opened_by"], "secret")
            wanted = {k: v for k, v in known[context["connection"]].items() if k not in ONLY_OF_TICKETS}
            # Nobody knows that the acceptor's is not the initiator's; of a replay, the secret is the first connection's.
            if "subkey_etype" not in wanted:
                replayed = len({c["connection"] for c in by_secret}) > 1
                self.assertIn(context["subkey_from"], ("initiator", "acceptor") if replayed else ("initiator",))
                wanted |= {k: context[k] for k in ("subkey_etype", "subkey_from", "acceptor_sequence") if k in context}
            wanted |= {k: context[k] for k in SOURCE}
            self.assertEqual(context, wanted)

    def test_one_secret_opens_its_connection_alone(self):
        tried = 0
        for capture in (c for c in self.captures if len(c["connections"]) > 1):
            by_key = subject.read_json(BINARY, capture["file"], capture["keytab"])
            numbers = range(1, len(capture["connections"]) + 1)
            of_each = {n: secrets(capture, "--connection", n)[0] for n in numbers}
            ids = {n: [line.split()[1] for line in lines] for n, lines in of_each.items()}
            for number, lines in of_each.items():
                with self.subTest(capture=capture["name"], connection=number):
                    if not lines or list(ids.values()).count(ids[number]) > 1:
                        continue  # nothing opened; or a replayed AP-REQ, which has its first's secret
                    self.assertEqual(len(lines), 1)
                    events = self.read(capture, lines)
                    self.assertEqual(of(events, "message", connection=number), of(by_key, "message", connection=number))
                    for event in of(events, "message") + of(events, "command"):
                        if event["wrapped"] and event["connection"] != number:
                            self.assertIs(event["verified"], False)
                            self.assertNotIn("data", event)
                    opened = [c["connection"] for c in of(events, "context", opened=True)]
                    self.assertEqual(opened, [number])
                    tried += 1
        self.assertGreaterEqual(tried, 3)

    def test_a_line_holds_one_key_and_not_the_service_s(self):
        for capture in self.captures:
            with self.subTest(capture=capture["name"]):
                lines, _ = secrets(capture)
                for line in lines:
                    self.assertRegex(line, LINE)
                    self.assertTrue(LINE.fullmatch(line))
                    for key in keys_of(capture["keytab"]):
                        self.assertNotIn(key, line)

    def test_a_key_that_is_altered_opens_nothing(self):
        capture = next(c for c in self.captures if c["name"] == "reqrep")
        lines, _ = secrets(capture)
        head, key = re.fullmatch(r"(.* key=\w+:[a-z0-9-]+:)([0-9a-f]+) .*", lines[0]).groups()
        for at in (0, len(key) // 2, len(key) - 1):
            digit = "1" if key[at] == "0" else "0"
            events = self.read(capture, [head + key[:at] + digit + key[at + 1:]])
            sealed = [e for e in of(events, "message") + of(events, "command") if e["wrapped"]]
            self.assertTrue(sealed)
            self.assertFalse([e for e in sealed if e["verified"] or "data" in e])


class Copy(unittest.TestCase):
    """secrets -w: a capture that opens by itself, and what was put into it can be taken out again."""
    maxDiff = None

    def setUp(self):
        directory = tempfile.TemporaryDirectory()
        self.addCleanup(directory.cleanup)
        self.directory = pathlib.Path(directory.name)

    def copy(self, name, *arguments):
        out = self.directory / name
        done = subject.run(BINARY, "secrets", "-w", out, *arguments)
        return out, done

    def test_it_opens_what_its_key_log_opens(self):
        capture = next(c for c in subject.manifest() if c["name"] == "several")
        for chosen in ([], [2], [3, 1]):
            with self.subTest(connections=chosen):
                more = [w for n in chosen for w in ("--connection", n)]
                lines, _ = secrets(capture, *more)
                log = self.directory / "log.keys"
                log.write_text("".join(line + "\n" for line in lines))
                out, done = self.copy("out.pcapng", "-K", CAPTURES / capture["keytab"], *more, CAPTURES / capture["file"])
                self.assertEqual((done.returncode, done.stdout), (0, b""))
                self.assertEqual(out.stat().st_mode & 0o777, 0o600)
                self.assertIn("\n".join(lines).encode(), out.read_bytes())
                with_log = subject.read_json(BINARY, capture["file"], more=["--keylog", log])
                by_itself = subject.read_json(BINARY, out)
                for kind in ("message", "command", "close"):
                    self.assertEqual(of(by_itself, kind), of(with_log, kind))
                opened = of(by_itself, "context", opened=True)
                self.assertEqual(sorted(c["connection"] for c in opened), sorted(chosen or [1, 2, 3]))
                self.assertEqual({c["keytab_entry"] for c in opened}, {"key log the capture's secrets block"})

    def test_nothing_else_changes(self):
        for capture in (c for c in subject.manifest() if c["keytab"]):
            with self.subTest(capture=capture["name"]):
                original = CAPTURES / capture["file"]
                kept = original.read_bytes()
                out, done = self.copy(capture["name"] + ".pcapng", "-K", CAPTURES / capture["keytab"], original)
                if done.returncode:  # there is no secret in it
                    self.assertFalse(out.exists())
                    continue
                without, done = self.copy("without.pcapng", "--discard", out)
                self.assertEqual((done.returncode, done.stderr), (0, b""))
                before, after = subject.read_json(BINARY, original), subject.read_json(BINARY, without)
                self.assertEqual(after[0]["link_types"], before[0]["link_types"])
                self.assertEqual(after[1:-1], before[1:-1])
                if original.suffix == ".pcapng":
                    self.assertEqual(without.read_bytes(), kept)
                self.assertEqual(original.read_bytes(), kept)

    def test_the_blocks_of_others_stay(self):
        """Two sections of either octet order, with a comment, another's secrets, a custom block, and a length."""
        def block(order, kind, body):
            body += bytes(-len(body) % 4)
            length = (12 + len(body)).to_bytes(4, order)
            return kind.to_bytes(4, order) + length + body + length

        def section(order, length, *blocks):
            magic = (0x1A2B3C4D).to_bytes(4, order) + (1).to_bytes(2, order) + bytes(2)
            return block(order, 0x0A0D0D0A, magic + length.to_bytes(8, order)) + b"".join(blocks)

        def secrets_of(order, kind, text):
            return block(order, 10, kind.to_bytes(4, order) + len(text).to_bytes(4, order) + text)

        def made(ours, length):
            sections = []
            for order in ("little", "big"):
                interface = block(order, 1, (1).to_bytes(2, order) + bytes(6))
                comment = (1).to_bytes(2, order) + (5).to_bytes(2, order) + b"hello" + bytes(3) + bytes(4)
                packet = block(order, 6, bytes(12) + (4).to_bytes(4, order) * 2 + b"abcd" + comment)
                tls = secrets_of(order, 0x544C534B, b"CLIENT_RANDOM 00 11\n")
                own = secrets_of(order, 0x5A47534B, b"# a line\n") if ours else b""
                custom = block(order, 0x0BAD, bytes(range(200)) * 400)
                sections.append(section(order, length, own, interface, tls, custom, packet))
            return b"".join(sections)

        path = self.directory / "in.pcapng"
        unknown = (1 << 64) - 1
        for length in (unknown, 4711):
            path.write_bytes(made(True, length))
            out, done = self.copy("out.pcapng", "--discard", path)
            self.assertEqual((done.returncode, done.stderr), (0, b""))
            self.assertEqual(out.read_bytes(), made(False, unknown))

    def test_what_cannot_be_copied_is_said(self):
        capture, keytab = CAPTURES / "reqrep.pcap", CAPTURES / "reqrep.keytab"
        path = self.directory / "out.pcapng"
        path.write_bytes(capture.read_bytes())
        for said, *arguments in (("is the capture itself", "-w", path, "-K", keytab, path),
                                 ("copies one file", "-w", path, "-K", keytab, capture, capture),
                                 ("read twice", "-w", path, "-K", keytab, "-"),
                                 ("needs -w", "--discard", capture),
                                 ("secrets of 0 of 1 context", "-w", path, capture),
                                 ("No space left", "-w", "/dev/full", "-K", keytab, capture)):
            with self.subTest(said=said):
                done = subject.run(BINARY, "secrets", *arguments)
                self.assertEqual((done.returncode, done.stdout), (2, b""))
                self.assertIn(said, done.stderr.decode())
        self.assertEqual(path.read_bytes(), capture.read_bytes())

    def test_it_is_for_its_owner_alone(self):
        """Whatever had the name: rights of it do not count, a link still leads to it, and nothing is left beside it."""
        capture, keytab = CAPTURES / "reqrep.pcap", CAPTURES / "reqrep.keytab"
        path, link = self.directory / "out.pcapng", self.directory / "link.pcapng"
        link.symlink_to("out.pcapng")
        for name in (path, link):
            path.write_bytes(b"old")
            path.chmod(0o644)
            with path.open("rb") as before:
                done = subject.run(BINARY, "secrets", "-w", name, "-K", keytab, capture)
                self.assertEqual((done.returncode, done.stdout), (0, b""))
                self.assertEqual(before.read(), b"old")  # who has it open sees no key
            self.assertEqual(path.stat().st_mode & 0o777, 0o600)
            self.assertIn(b"zmtp-gssapi-1", path.read_bytes())
        self.assertEqual(sorted(p.name for p in self.directory.iterdir()), ["link.pcapng", "out.pcapng"])
        self.assertTrue(link.is_symlink())
        for name in ("-", "/dev/stdout"):
            done = subject.run(BINARY, "secrets", "-w", name, "-K", keytab, capture)
            self.assertEqual((done.returncode, done.stdout), (0, path.read_bytes()))

    def test_what_keys_are_read_from_is_not_written_over(self):
        capture, keytab = CAPTURES / "reqrep.pcap", self.directory / "in.keytab"
        log, password = self.directory / "in.keys", self.directory / "password"
        log.write_text("".join(line + "\n" for line in secrets({"file": "reqrep.pcap", "keytab": "reqrep.keytab"})[0]))
        keytab.write_bytes((CAPTURES / "reqrep.keytab").read_bytes())
        password.write_text("correct horse\n")
        other = ("-K", CAPTURES / "reqrep.keytab")
        new = self.directory / "new.pcapng"
        for path, *keys in ((keytab, "-K", keytab), (keytab, "-K", self.directory), (new, "-K", self.directory), (log, "--keylog", log),
                            (password, *other, "--password", "a@B", "--password-file", password)):
            kept = path.read_bytes() if path.exists() else None
            for command in ("secrets", "decrypt"):
                with self.subTest(keys=keys, command=command):
                    done = subject.run(BINARY, command, "-w", path, *keys, capture)
                    self.assertEqual((done.returncode, done.stdout), (2, b""))
                    self.assertIn(f"{path}: keys are read from it, or from the directory that it is in; choose another name",
                                  done.stderr.decode())
                    self.assertEqual(path.read_bytes() if path.exists() else None, kept)

    def test_what_fails_leaves_what_was_there(self):
        path = self.directory / "out.pcapng"
        path.write_bytes(b"old")
        done = subject.run(BINARY, "secrets", "--discard", "-w", path, self.directory / "missing.pcap")
        self.assertEqual(done.returncode, 2)
        self.assertEqual([p.read_bytes() for p in self.directory.iterdir()], [b"old"])

    def test_a_bad_line_is_said_once_and_of_which_file(self):
        path, _ = self.copy("out.pcapng", "-K", CAPTURES / "reqrep.keytab", CAPTURES / "reqrep.pcap")
        path.write_bytes(path.read_bytes().replace(b"zmtp-gssapi-1", b"zmtp-gssapi-9"))
        said = f"zmtpscope: {path}: the capture's secrets block:1: a session secret of version 9, and version 1 alone is read\n"
        for arguments in (["read"], ["read", "--jobs", "2"], ["replay"], ["secrets", "-w", self.directory / "other.pcapng"]):
            with self.subTest(arguments=arguments):
                done = subject.run(BINARY, *arguments, path)
                self.assertEqual(done.stderr.decode().replace("zmtpscope: secrets of 0 of 1 context; zmtpscope read says why not\n",
                                                              ""), said)

    def test_a_capture_cut_short_is_copied_as_far_as_it_goes(self):
        whole = (CAPTURES / "reqrep.pcap").read_bytes()
        path = self.directory / "in.pcap"
        path.write_bytes(whole[:-5])
        out, done = self.copy("out.pcapng", "-K", CAPTURES / "reqrep.keytab", path)
        self.assertEqual(done.returncode, 2)
        self.assertEqual(done.stderr.decode().count("cut short in packet 22"), 1)
        self.assertEqual(subject.read_json(BINARY, out)[-1]["packets"], 21)


class Password(unittest.TestCase):
    """The terminal is a pseudo-terminal of the test's."""

    def ask(self, typed):
        child, terminal = pty.fork()
        if child == 0:
            os.execv(BINARY, [BINARY, "read", "--password", "zmq/server.zmtp.example@ZMTP.EXAMPLE",
                              str(CAPTURES / "reqrep.pcap")])
        shown = b""
        while not shown.endswith(b"@ZMTP.EXAMPLE: "):
            shown += os.read(terminal, 1)
        os.write(terminal, typed)
        try:
            while chunk := os.read(terminal, 65536):
                shown += chunk
        except OSError:  # EIO: the child has closed its end
            pass
        _, status = os.waitpid(child, 0)
        self.assertTrue(termios.tcgetattr(terminal)[LFLAG] & termios.ECHO, "what is typed next is not shown")
        os.close(terminal)
        return shown, os.waitstatus_to_exitcode(status)

    def test_it_is_asked_for_and_not_shown(self):
        shown, status = self.ask(b"correct horse\r")
        self.assertEqual(status, 0)
        self.assertTrue(shown.startswith(b"Password of zmq/server.zmtp.example@ZMTP.EXAMPLE: \r\n"))
        self.assertIn(b"the password given for zmq/server.zmtp.example@ZMTP.EXAMPLE does not make the key", shown)
        self.assertNotIn(b"horse", shown)

    def test_it_can_be_refused(self):
        for typed in (b"correct\x03", b"\x04"):
            shown, status = self.ask(typed)
            self.assertEqual(status, 2)
            self.assertIn(b"no password was typed", shown)
            self.assertNotIn(b"correct", shown)


if __name__ == "__main__":
    BINARY = str(pathlib.Path(sys.argv.pop(1)).resolve())
    unittest.main()
