#!/usr/bin/python3
"""test_decrypt.py BUILD: what zmtpscope decrypt writes, of every capture of captures/MANIFEST, of difficult ones
(difficult.py) and of traffic that was made (oddities.py): zmtpscope read, without a key, finds the same messages in it, at
the same times, and tshark finds nothing wrong with it.

Limits: tshark reads it without the plugin, and what is above TCP it does not look at; difficult captures and oddities it is
not shown.
"""

import contextlib
import os
import pathlib
import re
import signal
import stat
import subprocess
import sys
import tempfile
import unittest

import difficult
import made
import oddities
import segments
import subject
from subject import CAPTURES, of

BUILD = None
MESSAGE = ("time", "connection", "direction", "length", "more", "data")
GREETING = ("time", "connection", "direction", "version")
CONNECTION = ("time", "client", "server", "midstream")
# A sanitizer keeps freed memory aside, by default more than what is measured.
ENVIRONMENT = {**os.environ, "ASAN_OPTIONS": f"{os.environ.get('ASAN_OPTIONS', '')}:quarantine_size_mb=1".lstrip(":")}
FRAMES = ("token", "command", "message")
COMMAND = ("time", "connection", "direction", "metadata", "ttl_ms", "topic", "group", "reason")
# What else would guess at a payload by its port is not asked.
TSHARK = ("-o", "tcp.check_checksum:TRUE", "-o", "ip.check_checksum:TRUE", "-d", "tcp.port==1-65535,data")
WARNING = 0x600000  # PI_WARN
GOOD = "1"
UPDATE = "TCP window update"
REUSED = "A new tcp session is started with the same ports"
# A message's line of read without what no NULL connection has (principals, seals) and without packets' numbers.
PRINCIPAL = re.compile(r" \S+@\S+ \[")
SEAL = re.compile(r"\[(sealed|protected|signed|in the clear)(, |\])")
NUMBER = re.compile(r"#\d+")


def rows(events, kind, fields):
    return [{f: e[f] for f in fields if f in e} for e in of(events, kind)]


def sides(events):
    return {(e["connection"], e["direction"]) for e in events if "direction" in e}


def is_open(event):
    return not event["wrapped"] or event["verified"]


def is_of_null(event):
    """A command that a conversation of mechanism NULL has, too."""
    return is_open(event) and event["name"] not in ("", "HELLO", "WELCOME", "MESSAGE") and (
        "metadata" in event or event["name"] not in ("READY", "INITIATE"))


def open_part(events):
    """The events without those whose content is not known, and with connections counted from 1, for of other TCP
    connections nothing is left."""
    numbers = {e["connection"]: n for n, e in enumerate(of(events, "connection"), 1)}
    kept = [e for e in events if e["event"] not in ("message", "command") or is_open(e)]
    kept = [e for e in kept if e["event"] != "command" or is_of_null(e)]
    return [{**e, "connection": numbers[e["connection"]]} if "connection" in e else e for e in kept]


def is_whole(events):
    """Nothing that was said is unknown."""
    return not of(events, "gap") and all(is_open(e) for e in of(events, "message") + of(events, "command"))


class Decrypt(unittest.TestCase):
    maxDiff = None

    @classmethod
    def setUpClass(cls):
        directory = tempfile.TemporaryDirectory()
        cls.addClassCleanup(directory.cleanup)
        cls.directory = pathlib.Path(directory.name)
        cls.binary = f"{BUILD}/analyzer/zmtpscope"

    def decrypt(self, *arguments, status=0):
        """Path of what is written, and what standard error says."""
        out = self.directory / "out.pcapng"
        out.unlink(missing_ok=True)
        done = subject.run(self.binary, "decrypt", *arguments, "-w", out)
        self.assertEqual((done.returncode, done.stdout), (status, b""), done.stderr.decode())
        return out, done.stderr.decode()

    def tshark(self, path, *fields):
        """The fields of each packet, as strings."""
        done = subject.run("tshark", "-r", path, *TSHARK, "-T", "fields", *(w for f in fields for w in ("-e", f)),
                           env={**os.environ, "HOME": str(self.directory)})
        self.assertEqual(done.returncode, 0, done.stderr.decode())
        return [line.split("\t") for line in done.stdout.decode().splitlines()]

    def check_packets(self, path):
        """tshark sees checksums that hold, and has nothing to say against any packet, however slight."""
        for ip, tcp, malformed, analysis, severities, said in self.tshark(
                path, "ip.checksum.status", "tcp.checksum.status", "_ws.malformed", "tcp.analysis.flags", "_ws.expert.severity",
                "_ws.expert.message"):
            self.assertEqual((ip or GOOD, tcp, malformed), (GOOD, GOOD, ""))
            self.assertTrue(all(int(s) < WARNING for s in severities.split(",") if s), said)
            self.assertTrue(not analysis or REUSED in said or UPDATE in said, said)

    def read(self, path, *more):
        return subject.read_json(self.binary, path, more=more)

    def compare(self, before, after):
        before = open_part(before)
        self.assertEqual(rows(before, "message", MESSAGE), rows(after, "message", MESSAGE))
        greetings, spoke = sides(of(before, "greeting")), sides(e for e in before if e["event"] in FRAMES)
        self.assertEqual(rows(before, "greeting", GREETING),
                         rows([e for e in after if sides([e]) & greetings], "greeting", GREETING))
        self.assertLessEqual(sides(of(after, "greeting")) - greetings, spoke)  # made up
        self.assertEqual(rows(before, "connection", CONNECTION), rows(after, "connection", CONNECTION))
        self.assertEqual(rows(before, "command", COMMAND), rows(after, "command", COMMAND))
        self.assertEqual(["READY" if e["name"] == "INITIATE" else e["name"] for e in of(before, "command")],
                         [e["name"] for e in of(after, "command")])

    def message_lines(self, path, *keys):
        """The lines of whole messages, their sockets and what they answer with them."""
        done = subject.run(self.binary, "read", *keys, path)
        self.assertEqual(done.returncode, 0)
        lines = [line for line in done.stdout.decode().splitlines() if " message    " in line and "[sealed]" not in line]
        return [NUMBER.sub("#", SEAL.sub("[", PRINCIPAL.sub(" [", line))) for line in lines]

    def test_every_capture(self):
        for capture in subject.manifest():
            with self.subTest(capture=capture["name"]):
                path, keys = CAPTURES / capture["file"], []
                if capture["keytab"]:
                    keys = ["-K", CAPTURES / capture["keytab"]]
                before = subject.read_json(self.binary, path, more=keys)
                out, said = self.decrypt(*keys, path, status=0 if is_whole(before) else 1)
                self.compare(before, subject.read_json(self.binary, out))
                self.check_packets(out)
                self.assertEqual(said.count("sealed frame"), len({e["connection"] for e in before if "wrapped" in e and
                                                                  not is_open(e)}))

    def test_sockets_and_answers(self):
        for name in ("reqrep", "dealer-router", "several", "pubsub", "plain", "null"):
            capture = next(c for c in subject.manifest() if c["name"] == name)
            with self.subTest(capture=name):
                path = CAPTURES / capture["file"]
                keys = ["-K", CAPTURES / capture["keytab"]] if capture["keytab"] else []
                out, _ = self.decrypt(*keys, path)
                lines = self.message_lines(path, *keys)
                self.assertEqual(lines, self.message_lines(out))
                self.assertGreater(len(lines), 1)

    def test_null_passes_as_it_is(self):
        """Octet for octet."""
        for name in ("null", "pubsub-null"):
            path = CAPTURES / f"{name}.pcap"
            out, _ = self.decrypt(path)
            self.assertEqual(self.streams(out), self.streams(path))

    def streams(self, path):
        """What each side of each connection sent, as tshark sees it: (stream, port) -> hexadecimal digits."""
        sent = {}
        for stream, port, octets in self.tshark(path, "tcp.stream", "tcp.srcport", "tcp.payload"):
            sent[stream, port] = sent.get((stream, port), "") + octets
        return sent


    def test_large_messages(self):
        """16 MiB each, sealed: in memory one of them, and no more than a window of octets without an acknowledgement."""
        capture, keytab = self.directory / "large.pcap", self.directory / "large.keytab"
        done = subject.run(f"{BUILD}/tests/bench/synth", "messages", 3, 16 << 20, capture, keytab)
        self.assertEqual(done.returncode, 0, done.stderr)
        out, _ = self.decrypt("-K", keytab, capture)
        before, after = self.read(capture, "-K", keytab), self.read(out)
        self.compare(before, after)
        self.assertEqual([e["length"] for e in of(after, "message")], 3 * [16 << 20])
        self.check_packets(out)
        flying = [int(n) for (n,) in self.tshark(out, "tcp.analysis.bytes_in_flight") if n]
        self.assertLess(max(flying), 65535)

    def peak(self, path):
        """Octets of memory that all but the end of it takes."""
        process = self.start("-", out=self.directory / "out.pcapng")
        process.stdin.write(path.read_bytes())
        process.stdin.flush()
        status = pathlib.Path("/proc", str(process.pid), "status").read_text()
        process.stdin.close()
        process.wait(subject.LIMIT)
        return int(re.search(r"VmHWM:\s*(\d+) kB", status)[1]) << 10

    def test_what_no_greeting_ends_costs_little(self):
        """400 sides of 60,000 octets: a greeting that is none, and what else comes; and as many that are in order."""
        words, peaks = b"\xff" * 60_000, []
        for first in (made.greeting() + made.ready(b"PUSH") + made.message(words), made.greeting()[:12] + words):
            sides = [segments.Conversation(40_000 + n, most=len(first)).s2c(made.greeting()).c2s(first) for n in range(400)]
            path = self.written(*(c.packets() for c in sides))
            peaks.append(self.peak(path))
        self.assertLess(peaks[1], peaks[0] + (12 << 20))
        out, _ = self.decrypt(path, status=1)
        self.assertEqual(len(of(self.read(out), "greeting", direction="s2c")), 400)

    def variants(self):
        good = subject.read_json(self.binary, CAPTURES / "reqrep.pcap", more=["-K", CAPTURES / "reqrep.keytab"])
        opened = [(d, n, e["frame"]) for d in subject.DIRECTIONS
                  for n, e in enumerate(of(good, "message", direction=d))]
        maker = difficult.Maker(self.directory, "reqrep.pcap")
        maker.files()
        maker.networks()
        maker.orders()
        maker.ends()
        maker.losses({(d, n): frame for d, n, frame in opened})
        secrets = subject.run(self.binary, "secrets", "-K", CAPTURES / "reqrep.keytab", CAPTURES / "reqrep.pcap")
        maker.with_secrets(secrets.stdout)
        return maker.variants

    def test_difficult_captures(self):
        """The packets' times among them; where a packet's number decided, order is all."""
        tried = 0
        for variant in self.variants():
            files = [*variant.files, *variant.filter]
            options = [] if variant.sealed else ["-K", CAPTURES / "reqrep.keytab"]
            options += [o for o in variant.options if o in ("-r", "-f") or o.startswith("-d")]
            if variant.options != [o for o in variant.options if o in options] or variant.stdin:
                continue
            with self.subTest(variant=variant.name):
                before = subject.run(self.binary, "read", "--json", *options, *files)
                before = [subject.json.loads(line) for line in before.stdout.splitlines()]
                status = variant.status or int(not is_whole(before))
                out, _ = self.decrypt(*options, *files, status=status)
                self.compare(before, self.read(out))
                tried += 1
        self.assertGreater(tried, 40)

    def test_oddities(self):
        keytab, path = self.directory / "oddities.keytab", self.directory / "oddity.pcap"
        with made.Forger(f"{BUILD}/tests/e2e/forger", str(keytab)) as forger:
            conversations = oddities.make(forger)
        unsigned = ["-d", f"tcp.port=={oddities.PORT_WITHOUT_SIGNATURE},zmtp"]
        del conversations["midstream"]  # sealed: nothing of it shows what it is
        for name, packets in conversations.items():
            with self.subTest(oddity=name):
                segments.write(path, packets)
                before = self.read(path, "-K", keytab, *unsigned)
                out = self.directory / "odd.pcapng"
                done = subject.run(self.binary, "decrypt", "-K", keytab, *unsigned, path, "-w", out)
                self.assertIn(done.returncode, (0, 1), done.stderr)
                self.compare(before, self.read(out, *unsigned))

    def null(self, c, *words):
        hello = made.greeting()
        c.c2s(hello).s2c(hello).c2s(made.ready(b"PUSH")).s2c(made.ready(b"PULL"))
        for word in words:
            c.c2s(made.message(word))
        return c

    def written(self, *conversations):
        path = self.directory / "made.pcap"
        segments.write(path, sorted((p for packets in conversations for p in packets), key=lambda p: p.time))
        return path

    def test_ports_used_again(self):
        first = self.null(segments.Conversation(), b"one").close()
        second = self.null(segments.Conversation(isn=(9_000_000, 8_000_000), start=(segments.START + 1) * 10**9),
                           b"two").close()
        path = self.written(first.packets(), second.packets())
        out, _ = self.decrypt(path)
        after = self.read(out)
        self.compare(self.read(path), after)
        self.assertEqual([(e["connection"], subject.payload(e)) for e in of(after, "message")], [(1, b"one"), (2, b"two")])
        self.check_packets(out)

    def test_interleaved_and_without_an_end(self):
        """Two conversations of one time, in small segments; neither ends. What is not ZMTP is not there."""
        words = [bytes([n]) * 3000 for n in range(9)]
        one = self.null(segments.Conversation(40_000, most=700), *words)
        two = self.null(segments.Conversation(40_001, most=300), *words[::-1])
        web = segments.Conversation(40_002, 80).c2s(b"GET / HTTP/1.1\r\n\r\n" * 9).s2c(b"HTTP/1.1 404 no\r\n\r\n").close()
        path = self.written(one.packets(), web.packets(), two.packets())
        out, _ = self.decrypt(path)
        after = self.read(out)
        self.compare(self.read(path), after)
        self.assertEqual(len(of(after, "message")), 18)
        self.check_packets(out)
        flags = {f for (f,) in self.tshark(out, "tcp.flags")}
        self.assertFalse([f for f in flags if int(f, 16) & (segments.FIN | segments.RST)])
        self.assertFalse([ports for ports in self.tshark(out, "tcp.srcport", "tcp.dstport") if "80" in ports])

    def test_the_beginning_is_not_there(self):
        """No SYN is made up, but a greeting, so that nobody must be told that it is ZMTP."""
        c = self.null(segments.Conversation(), b"lost", b"one", b"two").close()
        path = self.written([p for p in c.packets() if p.data and b"one" in p.data or p.time > c.packets()[-4].time])
        rule = ["-d", "tcp.port==5555,zmtp"]
        before = self.read(path, *rule)
        self.assertTrue(of(before, "message"))
        out, _ = self.decrypt(*rule, path)
        self.compare(before, self.read(out))
        self.check_packets(out)
        self.assertFalse([f for (f,) in self.tshark(out, "tcp.flags") if int(f, 16) & segments.SYN])

    def test_a_lost_greeting_is_made_up_and_said(self):
        """At the first packet behind it, once, of either side."""
        for lost, number in ((4, 9), (6, 10), (8, 9)):
            path = subject.without(BUILD, CAPTURES / "reqrep.pcap", str(lost))
            out, said = self.decrypt("-K", CAPTURES / "reqrep.keytab", path, status=1)
            comments = [c for (c,) in self.tshark(out, "frame.comment") if "made up" in c]
            self.assertEqual([c.split(" of ")[0] for c in comments], [f"packet {number}"], comments)
            after = self.read(out)
            self.assertEqual(len(of(after, "message")), 12)
            self.assertEqual([e["outcome"] for e in of(after, "close")], ["established"])

    def test_a_password_is_not_in_it(self):
        hello = made.greeting(b"PLAIN")
        server = made.greeting(b"PLAIN", as_server=1)
        c = segments.Conversation(most=7).c2s(hello).s2c(server).c2s(made.plain_hello(b"admin", b"PASSWORD"))
        c.s2c(made.command(b"WELCOME")).c2s(made.command(b"INITIATE", made.properties(Socket_Type=b"REQ")))
        c.s2c(made.ready(b"REP")).c2s(made.message(b"", b"hello")).close()
        path = self.written(c.packets())
        out, _ = self.decrypt(path)
        sent = "".join(self.streams(out).values())
        self.assertIn(b"hello".hex(), sent)
        for secret in (b"PASSWORD", b"PLAIN", b"HELLO", b"INITIATE"):
            self.assertNotIn(secret.hex(), sent)
        self.assertEqual([c["metadata"] for c in of(self.read(out), "command")],
                         [{"Socket-Type": "REQ"}, {"Socket-Type": "REP"}])

    def test_what_stays_sealed_is_marked(self):
        """Where it was, with the reason; nothing of it is there."""
        out, said = self.decrypt("-K", CAPTURES / "older-kvno.keytab", CAPTURES / "reqrep.pcap", status=1)
        comments = [comment for _, comment in self.tshark(out, "frame.number", "frame.comment") if "sealed" in comment]
        self.assertEqual([int(re.match(r"packet (\d+) of reqrep.pcap: ", c)[1]) for c in comments], list(range(13, 20)))
        for text in (said, *comments):
            self.assertIn("the keytab is out of date", text)
        self.assertEqual(sum(map(len, self.streams(out).values())), 2 * 2 * 64)
        self.check_packets(out)

    def test_what_cannot_be_read_is_marked(self):
        """Where it was; and no password is there, whoever it was said to."""
        out, said = self.decrypt(subject.talked(BUILD, "tests/e2e/input/unread.talk"), status=1)
        comments = " ".join(c for (c,) in self.tshark(out, "frame.comment"))
        self.assertEqual(comments.count("1 frame left out here, not to be read: "), 3)
        for text in ("a command of another mechanism", "22 octets before it are not in the capture, or could not be read"):
            self.assertIn(text, comments)
        self.assertEqual(said.count(" octets are not in the capture, or could not be read"), 2)
        sent = bytes.fromhex("".join(self.streams(out).values()))
        self.assertNotIn(b"PASSWORD", sent)
        self.assertIn(b"as it is", sent)
        self.assertEqual([subject.payload(e) for e in of(self.read(out), "message")], [b"before", b"behind", b"last"])

    def test_comments_say_who_spoke(self):
        out, _ = self.decrypt("-K", CAPTURES / "reqrep.keytab", CAPTURES / "reqrep.pcap")
        comments = [comment for _, comment in self.tshark(out, "frame.number", "frame.comment") if comment]
        self.assertIn("alice@ZMTP.EXAMPLE to zmq/server.zmtp.example@ZMTP.EXAMPLE; opened by", comments[3])
        self.assertTrue(all("sealed by" in c and "and opened" in c for c in comments[3:-1]))
        section = subject.run("capinfos", "-k", out).stdout.decode()
        self.assertIn("a reconstruction", section)
        self.assertIn("reqrep.pcap", section)

    def test_gaps_of_old_versions_stay(self):
        """A side that is repeated has its hole where the capture has it."""
        c = segments.Conversation().c2s(made.greeting_2("PUSH")).s2c(made.greeting_2("PULL"))
        c.c2s(made.message(b"one")).lose(0, 5).c2s(made.message(b"two")).s2c(made.frame(b"ack")).close()
        path = self.written(c.packets())
        out, _ = self.decrypt(path, status=1)
        before, after = self.read(path), self.read(out)
        self.assertEqual([e["bytes"] for e in of(after, "gap") if e["bytes"]], [5])
        self.assertEqual([subject.payload(e) for e in of(before, "message")], [subject.payload(e) for e in of(after, "message")])

    def test_standard_input_and_output(self):
        capture, keys = (CAPTURES / "reqrep.pcap").read_bytes(), ["-K", CAPTURES / "reqrep.keytab"]
        done = subject.run(self.binary, "decrypt", *keys, "-", "-w", "-", input=capture)
        self.assertEqual(done.returncode, 0, done.stderr)
        out, _ = self.decrypt(*keys, CAPTURES / "reqrep.pcap")
        self.assertEqual(done.stdout.replace(b"standard input", b"reqrep.pcap")[200:].count(b"sealed by"),
                         out.read_bytes().count(b"sealed by"))
        back = subject.run(self.binary, "read", "--json", "-", input=done.stdout)
        self.compare(self.read(CAPTURES / "reqrep.pcap", *keys),
                     [subject.json.loads(line) for line in back.stdout.splitlines()])

    def start(self, *arguments, out="-"):
        process = subprocess.Popen([self.binary, "decrypt", *map(str, arguments), "-w", out], stdin=subprocess.PIPE,
                                   stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=ENVIRONMENT)
        for stream in (process.stdout, process.stderr, process.wait, process.kill):
            self.addCleanup(getattr(stream, "close", stream))
        return process

    def test_through_a_pipe_each_packet_comes_at_once(self):
        octets = (CAPTURES / "reqrep.pcap").read_bytes()
        process = self.start("-K", CAPTURES / "reqrep.keytab", "-")
        process.stdin.write(octets[:-1])  # the last packet waits for its last octet
        process.stdin.flush()
        came = b""
        while b"packet 19 of standard input: 2 frames, sealed" not in came:
            came += os.read(process.stdout.fileno(), 4096)
        process.stdin.write(octets[-1:])
        process.stdin.close()
        process.stdout.read()
        self.assertEqual(process.wait(subject.LIMIT), 0)

    def test_an_interruption_is_said(self):
        """The pipe cannot take all of it before the interruption comes."""
        process = self.start("-K", CAPTURES / "push-pull.keytab", CAPTURES / "push-pull.pcap")
        came = os.read(process.stdout.fileno(), 4096)
        process.send_signal(signal.SIGINT)
        came += process.stdout.read()
        self.assertEqual(process.wait(subject.LIMIT), 1)
        self.assertIn(b"interrupted: the captures go on", process.stderr.read())
        path = self.directory / "interrupted.pcapng"
        path.write_bytes(came)
        self.assertTrue(of(self.read(path), "connection"))
        process.stdin.close()

    def has_opened(self, process, folder):
        """Has it a file there, of whatever name?"""
        for descriptor in pathlib.Path("/proc", str(process.pid), "fd").iterdir():
            with contextlib.suppress(FileNotFoundError):  # closed meanwhile
                if os.readlink(descriptor).startswith(str(folder)):
                    return True
        return False

    def test_who_is_killed_leaves_nothing(self):
        """In the middle of it: what had the name stays, and there is nothing beside it."""
        folder = self.directory / "killed"
        folder.mkdir()
        (folder / "out.pcapng").write_bytes(b"old")
        for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGPIPE, signal.SIGKILL):
            with self.subTest(signal=number):
                process = self.start("-K", CAPTURES / "reqrep.keytab", "-", out=folder / "out.pcapng")
                process.stdin.write((CAPTURES / "reqrep.pcap").read_bytes()[:3000])
                process.stdin.flush()
                while not self.has_opened(process, folder):
                    self.assertIsNone(process.poll())
                process.send_signal(number)
                self.assertEqual(process.wait(subject.LIMIT), -number)
                self.assertEqual([(p.name, p.read_bytes()) for p in folder.iterdir()], [("out.pcapng", b"old")])
                process.stdin.close()

    def test_what_is_written_is_its_owner_s(self):
        out, _ = self.decrypt(CAPTURES / "null.pcap")
        self.assertEqual(stat.S_IMODE(out.stat().st_mode), 0o600)

    def test_where_nothing_is_written_what_is_there_stays(self):
        """Of no capture, of one that is not ZMTP's, and where one of several is missing."""
        out, web = self.directory / "kept.pcapng", self.directory / "web.pcap"
        out.write_bytes(b"old")
        c = segments.Conversation(server_port=80).c2s(b"GET / HTTP/1.1\r\n\r\n" * 9).s2c(b"HTTP/1.1 404 no\r\n\r\n").close()
        segments.write(web, c.packets())
        missing = self.directory / "missing.pcap"
        for files, status, text in (([__file__], 2, "; OUT is left as it was"), ([web], 1, "; OUT is left as it was"),
                                    ([CAPTURES / "null.pcap", missing], 2, f"{missing}: cannot be read")):
            done = subject.run(self.binary, "decrypt", *files, "-w", out)
            self.assertEqual(done.returncode, status)
            self.assertIn(text, done.stderr.decode())
            self.assertEqual(out.read_bytes(), b"old")
        self.assertEqual([p.name for p in self.directory.iterdir() if p.name.startswith("kept")], ["kept.pcapng"])
        done = subject.run(self.binary, "decrypt", web, "-w", "-")
        self.assertEqual(done.stderr, b"zmtpscope: there is no ZMTP connection to be written\n")
        self.assertEqual(done.stdout[:4], bytes.fromhex("0a0d0d0a"))

    def test_what_is_read_is_not_written_over(self):
        """By whatever name, and by standard output; what is there stays as it is."""
        path, link = self.directory / "own.pcap", self.directory / "link.pcap"
        octets = (CAPTURES / "null.pcap").read_bytes()
        path.write_bytes(octets)
        link.symlink_to(path)
        for files, out in (([path], path), ([path], link), ([CAPTURES / "reqrep.pcap", link], path), (["-"], path)):
            with open(path, "rb") as given:
                done = subject.run("sh", "-c", '"$@" <"$0"', path, self.binary, "decrypt", *files, "-w", out)
            self.assertEqual(done.returncode, 2)
            self.assertIn(b"is the capture itself", done.stderr)
        done = subject.run("sh", "-c", '"$@" >>"$0"', path, self.binary, "decrypt", path, "-w", "-")
        self.assertEqual(done.returncode, 2)
        self.assertEqual(path.read_bytes(), octets)

    def test_a_full_disk_is_said(self):
        done = subject.run(self.binary, "decrypt", CAPTURES / "null.pcap", "-w", "/dev/full")
        self.assertEqual(done.returncode, 2)
        self.assertIn(b"/dev/full: No space left on device", done.stderr)


if __name__ == "__main__":
    BUILD = os.path.abspath(sys.argv.pop(1))
    unittest.main()
