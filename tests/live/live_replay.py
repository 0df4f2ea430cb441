#!/usr/bin/python3
"""Live test: live_replay.py ZMTPSCOPE. Captures are said again to live peers by `zmtpscope replay`: to a real libzmq
server with --connect, to a real libzmq client with --bind, and ours to ours; every message is accounted for, and a
changed answer is told as exactly that. Then the same many times at once and in a row, at a pace, and reports of JUnit's
form.

Nothing is skipped. Limits: AES256-SHA1 and NULL."""
import contextlib
import json
import pathlib
import re
import select
import shutil
import signal
import socket
import struct
import subprocess
import sys
import time
import xml.etree.ElementTree

PROJECT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(PROJECT / "captures"))

from lab import kdc, process  # noqa: E402
from lab.bench import Bench  # noqa: E402
from lab.stories import LEFT, SERVICE, answers, asks, at  # noqa: E402
from ours import LIMIT, await_port, handshake, program, run_acts, same  # noqa: E402

CAPTURES = PROJECT / "captures"
PRINCIPAL = f"{SERVICE}@{kdc.REALM}"
COUNTS = ("sent", "matched", "differed", "missing", "extra")


class Stage:
    """The program, a realm with a client's ticket, and a port for each act."""

    def __init__(self, program, bench):
        self.program = program
        self.bench = bench
        self.port = 21000
        self.cache = bench.directory / "alice.ccache"
        bench.kdc.kinit("alice", self.cache)

    def keytab(self):
        return self.bench.directory / f"{self.bench.name}.keytab"

    def start(self, capture, side, *more):
        """replay of a capture; its own keytab opens it. The realm's keytab comes first: a server serves with it."""
        own = CAPTURES / f"{capture.split('.')[0]}.keytab"
        keys = ["-K", str(self.keytab())] + (["-K", str(own)] if own.exists() else [])
        return self.start_with([*keys, "-s", PRINCIPAL], capture, side, *more)

    def start_with(self, keys, capture, side, *more, port=None):
        port = self.port if port is None else port
        words = [self.program, "replay", *map(str, keys), side, f"tcp://127.0.0.1:{port}", *more, str(CAPTURES / capture)]
        running = subprocess.Popen(["setpriv", "--pdeathsig", "KILL", *words], stdin=subprocess.DEVNULL,
                                   env=self.bench.kdc.env(KRB5CCNAME=self.cache), stdout=subprocess.PIPE,
                                   stderr=subprocess.PIPE, text=True)
        self.bench.callback(process.stop, running)
        return running


def finish(running):
    """(what it printed, its exit status)"""
    out, err = running.communicate(timeout=LIMIT)
    if err:
        raise process.LabError(f"replay said {err.strip()}")
    return out, running.returncode


def accounts(out):
    """Of each connection sent, matched, differed, missing, extra."""
    rows = [row for row in map(json.loads, out.splitlines()) if row["event"] == "replayed"]
    return [tuple(row[k] for k in COUNTS) for row in rows]


def summary(out):
    """The last object, which sums up; its counts are those of all."""
    rows = [json.loads(line) for line in out.splitlines()]
    total, accounts_of = rows[-1], [row for row in rows if row["event"] == "replayed"]
    same("the last event", total["event"], "summary")
    same("connections", total["connections"], len(accounts_of))
    for name in COUNTS:
        same(f"all {name}", total[name], sum(row[name] for row in accounts_of))
    same("latencies", sorted(total["latency_ns"].values()), [total["latency_ns"][k] for k in ("p50", "p90", "p99", "max")])
    return total


def to_libzmq(stage, replies, status, wanted, *more):
    """reqrep.pcap's client, said to a REP socket of libzmq."""
    peer = stage.bench.peer(f"rep{stage.port}", "REP", answers(*replies), bind=at(stage.port),
                            role=stage.bench.acceptor(SERVICE, stage.keytab()))
    running = stage.start("reqrep.pcap", "--connect", *more)
    out, got = finish(running)
    peer.wait()
    same("exit status", got, status)
    same("requests", peer.messages("received"), [[b"hello 0"], [b"hello 1"], [b"hello 2"]])
    if "--json" in more:
        same("account", accounts(out), wanted)
    return out


def same_answers(stage):
    to_libzmq(stage, ("world 0", "world 1", "world 2"), 0, [(3, 3, 0, 0, 0)], "--json")


def changed_answer(stage):
    out = to_libzmq(stage, ("world 0", "WORLD 1", "world 2"), 1, None)
    differences = [line for line in out.splitlines() if " ! " in line]
    same("differences", differences, ['c1 ! packet #17: part 2 is "WORLD 1" (7 octets), the capture has "world 1" (7 octets)'])


def ignored_part(stage):
    to_libzmq(stage, ("world 0", "WORLD 1", "world 2"), 0, [(3, 3, 0, 0, 0)], "--json", "--ignore", "2")


def for_libzmq(stage):
    """reqrep.pcap's server, said to a REQ socket of libzmq."""
    running = stage.start("reqrep.pcap", "--bind", "--json")
    await_port(stage.port)
    peer = stage.bench.peer(f"req{stage.port}", "REQ", asks("hello 0", "hello 1", "hello 2"), connect=at(stage.port),
                            role=stage.bench.initiator("alice", SERVICE))
    peer.wait()
    out, status = finish(running)
    same("exit status", status, 0)
    same("account", accounts(out), [(3, 3, 0, 0, 0)])
    same("replies", peer.messages("received"), [[b"world 0"], [b"world 1"], [b"world 2"]])


def bound_with(stage, *keys):
    """reqrep.pcap's server serves ours by these keys."""
    bound = stage.start_with(keys, "reqrep.pcap", "--bind", "--json")
    await_port(stage.port)
    out, status = finish(stage.start("reqrep.pcap", "--connect", "--json"))
    same("exit status", status, 0)
    out, status = finish(bound)
    same("exit status", status, 0)
    same("account", accounts(out), [(3, 3, 0, 0, 0)])
    stage.port += 1


def several_keytabs(stage):
    """All of them serve, in any order, and those in a directory."""
    directory = stage.bench.directory / "keytabs"
    directory.mkdir()
    own = CAPTURES / "reqrep.keytab"
    for path in own, stage.keytab():
        shutil.copy(path, directory)
    bound_with(stage, "-K", own, "-K", stage.keytab())
    bound_with(stage, "-K", directory)
    bound_with(stage, "-K", own, "-K", directory)


def keys_that_serve_nobody(stage):
    """A key without a name opens the capture; whom to serve with is to be said."""
    rows = process.run(["klist", "-Kke", str(CAPTURES / "reqrep.keytab")])
    enctype, octets = re.search(r"\(([a-z0-9-]+)\) +\(0x([0-9a-f]+)\)", rows).groups()
    running = stage.start_with(["--key", f"{enctype}:{octets}"], "reqrep.pcap", "--bind")
    out, err = running.communicate(timeout=LIMIT)
    same("exit status", running.returncode, 2)
    same("standard error", (out, err), ("", "zmtpscope: --bind: a server takes its keys from a keytab, --keytab; --key and "
                                        "--password open the capture alone\n"))
    bound_with(stage, "-K", stage.keytab(), "--key", f"{enctype}:{octets}")


def any_port(stage):
    """What port 0 became is said first, as text and as JSON."""
    for more in [], ["--json"]:
        bound = stage.start_with([], "null.pcap", "--bind", *more, port=0)
        same("something is said at once", bool(select.select([bound.stdout], [], [], LIMIT / 4)[0]), True)
        first = bound.stdout.readline()
        endpoint = json.loads(first)["endpoint"] if more else first.removeprefix("listening on ").rstrip()
        out, status = finish(stage.start_with([], "null.pcap", "--connect", "--json", port=int(endpoint.rpartition(":")[2])))
        same("exit status", status, 0)
        same("account", accounts(out), [(2, 2, 0, 0, 0)])
        out, status = finish(bound)
        same("exit status", status, 0)


def subscriber_to_libzmq(stage):
    """pubsub-null.pcap's SUB, said to an XPUB of libzmq: two subscriptions, one of them cancelled."""
    peer = stage.bench.peer(f"xpub{stage.port}", "XPUB", [
        ["recv"], ["recv"], ["send", "weather.zurich", "rain"], ["send", "sport", "1:0"],
        ["send", "politics", "nobody asked"], ["recv"], ["send", "weather.bern", "too late"], ["send", "sport", "1:1"],
        LEFT], bind=at(stage.port))
    out, status = finish(stage.start("pubsub-null.pcap", "--connect", "--json"))
    peer.wait()
    same("exit status", status, 0)
    same("account", accounts(out), [(3, 3, 0, 0, 0)])
    same("subscriptions", peer.messages("received"), [[b"\1weather"], [b"\1sport"], [b"\0weather"]])


def publisher_for_libzmq(stage):
    """Its XPUB, said to a SUB of libzmq."""
    running = stage.start("pubsub-null.pcap", "--bind", "--json")
    await_port(stage.port)
    peer = stage.bench.peer(f"sub{stage.port}", "SUB", [
        ["subscribe", "weather"], ["subscribe", "sport"], ["recv"], ["recv"], ["unsubscribe", "weather"], ["recv"]],
        connect=at(stage.port))
    peer.wait()
    out, status = finish(running)
    same("exit status", status, 0)
    same("account", accounts(out), [(3, 3, 0, 0, 0)])
    same("published", peer.messages("received"), [[b"weather.zurich", b"rain"], [b"sport", b"1:0"], [b"sport", b"1:1"]])


def among_ours(stage, capture, client, server):
    """Both sides by ours: what each said, the other had captured."""
    bound = stage.start(capture, "--bind", "--json")
    await_port(stage.port)
    connected = stage.start(capture, "--connect", "--json")
    for what, running, wanted in (("client", connected, client), ("server", bound, server)):
        out, status = finish(running)
        same(f"{what}'s account", sorted(accounts(out)), sorted(wanted))
        same(f"{what}'s exit status", status, 0)


def names_without_case(stage):
    """23/ZMTP: whoever writes the property's name in small letters has a socket type, too."""
    capture = stage.bench.directory / "small-letters.pcap"
    capture.write_bytes((CAPTURES / "null.pcap").read_bytes().replace(b"Socket-Type", b"socket-type"))
    among_ours(stage, str(capture), [(2, 2, 0, 0, 0)], [(2, 2, 0, 0, 0)])


def by_pattern(stage):
    """What the expression finds does not count; what stands beside it does."""
    to_libzmq(stage, ("world 0", "WORLD 1", "Earth 2"), 0, [(3, 3, 0, 0, 0)], "--json", "--ignore", "(?i)world|earth")
    stage.port += 1
    out = to_libzmq(stage, ("world 0", "WORLD 7", "world 2"), 1, None, "--ignore", "(?i)world")
    same("differences", len([line for line in out.splitlines() if " ! " in line]), 1)


def difference_as_json(stage):
    out = to_libzmq(stage, ("world 0", "WORLD 1", "world 2"), 1, [(3, 2, 1, 0, 0)], "--json")
    told = [row for row in map(json.loads, out.splitlines()) if row["event"] == "difference"]
    same("differences", told, [{
        "event": "difference", "connection": 1, "copy": 1, "round": 1, "frame": 17, "fate": "differed", "part": 2,
        "sentence": 'part 2 is "WORLD 1" (7 octets), the capture has "world 1" (7 octets)'}])


def suites(path):
    """[(name, tests, failures, errors, skipped, [(case, what is wrong with it)])] of a report of JUnit's form."""
    root = xml.etree.ElementTree.parse(path).getroot()
    same("root", root.tag, "testsuites")
    told = []
    for suite in root:
        cases = [(case.get("name"), [(child.tag, child.get("message")) for child in case]) for case in suite]
        same("tests", suite.get("tests"), str(len(cases)))
        same("class names", {case.get("classname") for case in suite}, {suite.get("name")})
        same("every time is a number", all(float(case.get("time")) >= 0 for case in suite), True)
        told.append((suite.get("name"), int(suite.get("failures")), int(suite.get("errors")), int(suite.get("skipped")), cases))
    return told


def junit(stage):
    report = stage.bench.directory / "junit.xml"
    to_libzmq(stage, ("world 0", "WORLD <1>", "world 2"), 1, None, "--junit", str(report))
    wrong = 'part 2 is "WORLD <1>" (9 octets), the capture has "world 1" (7 octets)'
    same("suites", suites(report), [("c1", 1, 0, 0, [
        ("the connection stands to its end", []),
        ("1, packet #14: the client's message", []), ("2, packet #15: the server's message", []),
        ("3, packet #16: the client's message", []), ("4, packet #17: the server's message", [("failure", wrong)]),
        ("5, packet #18: the client's message", []), ("6, packet #19: the server's message", []),
        ("no other message comes", [])])])


def nobody_there(stage):
    """It is said once, however many wanted to go there, and is an error in the report."""
    report = stage.bench.directory / "nobody.xml"
    running = stage.start("several.pcapng", "--connect", "--connections", "2", "--loop", "3", "--junit", str(report))
    out, err = running.communicate(timeout=LIMIT)
    same("exit status", running.returncode, 2)
    same("standard error", (err.count("\n"), "refused" in err), (1, True))
    *lines, total = out.splitlines()
    same("accounts", sorted(line.split(";")[0] for line in lines),
          sorted(f"c{n}.{copy}.1 sent 0" for n in (1, 2, 3) for copy in (1, 2)))
    same("summary", total.split(":")[0].endswith("6 failed"), True)
    same("errors", [row[1:4] for row in suites(report)], [(0, 1, 0)] * 6)


def many_rounds(stage):
    """Three at a time, four times over, by both sides; of one connection, for which of several is met is by chance."""
    more = ("--connections", "3", "--loop", "4", "--json")
    bound = stage.start("reqrep.pcap", "--bind", *more)
    await_port(stage.port)
    connected = stage.start("reqrep.pcap", "--connect", *more)
    for running in (connected, bound):
        out, status = finish(running)
        same("exit status", status, 0)
        same("accounts", accounts(out), [(3, 3, 0, 0, 0)] * 12)
        total = summary(out)
        same("failed or stopped", (total["failed"], total["stopped"]), (0, 0))
        rows = [row for row in map(json.loads, out.splitlines()) if "connection" in row]
        same("every one once", len({(row["connection"], row["copy"], row["round"]) for row in rows}), 12)


def many_rounds_to_libzmq(stage):
    """One REP of libzmq answers six connections; which answer meets whom is by chance."""
    steps = [["reply", "world 0"]] * 18
    peer = stage.bench.peer("rep-many", "REP", [*steps, ["await", "DISCONNECTED", 6]], bind=at(stage.port),
                            role=stage.bench.acceptor(SERVICE, stage.keytab()))
    out, status = finish(stage.start("reqrep.pcap", "--connect", "--connections", "3", "--loop", "2", "--json",
                                     "--ignore", "[0-9]$"))
    peer.wait()
    same("exit status", status, 0)
    same("accounts", accounts(out), [(3, 3, 0, 0, 0)] * 6)
    same("requests", sorted(peer.messages("received")), sorted([[b"hello %d" % n] for n in range(3)] * 6))


def until_time_is_over(stage):
    """--duration alone goes on until then; who is in the middle then misses nothing."""
    bound = stage.start("reqrep.pcap", "--bind", "--loop", "0", "--json", "--connections", "2")
    await_port(stage.port)
    begun = time.monotonic()
    out, status = finish(stage.start("reqrep.pcap", "--connect", "--duration", "2", "--connections", "2", "--json"))
    took = time.monotonic() - begun
    same("exit status", status, 0)
    total = summary(out)
    same("at least two seconds", took >= 2, True)
    same("differences", total["differed"] + total["missing"] + total["extra"] + total["failed"], 0)
    same("rounds", total["connections"] >= 2 and total["stopped"] <= 2, True)
    bound.send_signal(signal.SIGINT)
    out, _ = bound.communicate(timeout=LIMIT)
    same("as many were served, but who was stopped", summary(out)["matched"] >= total["matched"] - 6, True)


def nobody_says_anything(stage):
    """What nobody answers until time is over was not done; nor what nobody comes for."""
    with socket.create_server(("127.0.0.1", stage.port)):
        running = stage.start("several.pcapng", "--connect", "--duration", "1", "--json")
        out, err = running.communicate(timeout=LIMIT)
    same("exit status", running.returncode, 2)
    same("standard error", err, "zmtpscope: --duration: it is over, and no connection stood\n")
    same("stopped", summary(out)["stopped"], 3)
    stage.port += 1
    running = stage.start("several.pcapng", "--bind", "--duration", "1", "--json")
    out, err = running.communicate(timeout=LIMIT)
    same("exit status", running.returncode, 2)
    same("standard error", err, "zmtpscope: --duration: it is over, and no connection stood\n")
    same("connections", summary(out)["connections"], 0)


def silent_but_standing(stage):
    """A connection stood, though no message passed when time was over."""
    running = stage.start("pubsub-null.pcap", "--bind", "--duration", "2", "--json")
    await_port(stage.port)
    with socket.create_connection(("127.0.0.1", stage.port)) as peer:
        peer.sendall(handshake("SUB"))
        out, status = finish(running)
    same("exit status", status, 0)
    same("account", accounts(out), [(0, 0, 0, 0, 0)])
    same("stopped", summary(out)["stopped"], 1)


def behind_a_late_answer(stage):
    """0.3 seconds behind the last answer, however late that was; and no longer, however much there is besides."""
    with socket.create_server(("127.0.0.1", stage.port)) as listening:
        running = stage.start("null.pcap", "--connect", "--json")
        accepted, _ = listening.accept()
        with accepted:
            accepted.sendall(handshake("REP") + b"\x01\0\0\x07world 0")
            heard = b""
            accepted.settimeout(LIMIT)
            while b"0123456789" not in heard:
                heard += accepted.recv(4096)
            time.sleep(0.5)
            begun = time.monotonic()
            accepted.sendall(b"\x01\0\0\x07world 1" + b"\x01\0\0\x05extra")
            accepted.settimeout(0.05)
            with contextlib.suppress(ConnectionError):
                while True:
                    with contextlib.suppress(TimeoutError):
                        if not accepted.recv(4096):
                            break
                    accepted.sendall(b"\x01\0\0\x05extra")
            took = time.monotonic() - begun
        out, status = finish(running)
    same("exit status", status, 1)
    (sent, matched, differed, missing, extra), = accounts(out)
    same("account", (sent, matched, differed, missing, extra >= 1), (2, 2, 0, 0, True))
    same(f"closed 0.3 s behind it at the earliest, not after {took:.3f}", took >= 0.3, True)


def large_capture(path):
    """A PUSH of NULL's that says 16 MiB, more than a socket takes that nobody reads: one packet of link type RAW each."""
    said = [(0, handshake("PUSH")), (1, handshake("PULL")), (0, b"\x02" + (16 << 20).to_bytes(8, "big") + bytes(16 << 20))]
    position, packets = [1, 1], [(0, 2, b""), (1, 0x12, b"")]
    for side, octets in said:
        packets += [(side, 0x18, octets[i:i + 60000]) for i in range(0, len(octets), 60000)]
    with path.open("wb") as out:
        out.write(struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 1 << 18, 101))
        for n, (side, flags, octets) in enumerate(packets):
            ports, hosts = ((40000, 5555), (b"\x0a\0\0\1", b"\x0a\0\0\2"))
            if side:
                ports, hosts = ports[::-1], hosts[::-1]
            tcp = struct.pack(">HHIIBBHHH", *ports, position[side], position[1 - side], 0x50, flags, 65000, 0, 0) + octets
            packet = struct.pack(">BBHHHBBH4s4s", 0x45, 0, 20 + len(tcp), 0, 0, 64, 6, 0, *hosts) + tcp
            out.write(struct.pack("<IIII", n // 10000, n % 10000 * 100, len(packet), len(packet)) + packet)
            position[side] += len(octets) + (flags >> 1 & 1)


def left_over(stage):
    """Who takes nothing of what waits is left when time is over, and counted once."""
    capture = stage.bench.directory / "large.pcap"
    large_capture(capture)
    with socket.create_server(("127.0.0.1", stage.port)) as listening:
        running = stage.start(str(capture), "--connect", "--duration", "1", "--progress", "--json")
        accepted, _ = listening.accept()
        with accepted:
            accepted.sendall(handshake("PULL"))
            out, err = running.communicate(timeout=LIMIT)
    same("exit status", running.returncode, 0)
    same("account", (accounts(out), summary(out)["connections"]), ([(1, 0, 0, 0, 0)], 1))
    same("progress", err.splitlines()[-1].partition(": ")[2],
          "0 connections through, 1 open; sent 1, 0 as captured, 0 not")


def longer_than_patience(stage):
    """Who goes on talking is not late: nine messages in four seconds, for who waits two and a half."""
    bound = stage.start("push-pull.pcap", "--bind", "--json", "--patience", "2.5")
    await_port(stage.port)
    out, _ = finish(stage.start("push-pull.pcap", "--connect", "--json", "--rate", "2"))
    same("account", accounts(out), [(9, 0, 0, 0, 0)])
    out, status = finish(bound)
    same("exit status", status, 0)
    same("server's account", accounts(out), [(0, 9, 0, 0, 0)])


def without_end(stage):
    """A message of which there is always more is given up, and costs no more memory than others may."""
    with socket.create_server(("127.0.0.1", stage.port)) as listening:
        running = stage.start("null.pcap", "--connect", "--patience", "60")
        accepted, _ = listening.accept()
        with accepted:
            accepted.sendall(handshake("REP"))
            with contextlib.suppress(OSError):
                for _ in range(1000):
                    accepted.sendall(b"\x01\x01x" * 1000)
            _, err = running.communicate(timeout=LIMIT)
    same("exit status", running.returncode, 2)
    same("standard error", err, "zmtpscope: c1: a message came that is too large to be compared\n")


def at_a_rate(stage):
    """Nine messages, no more than eight a second: more than a second; by the capture's times, as long as they took."""
    for more in (("--rate", "8"), ("--pace", "30")):
        bound = stage.start("push-pull.pcap", "--bind", "--json")
        await_port(stage.port)
        begun = time.monotonic()
        out, status = finish(stage.start("push-pull.pcap", "--connect", "--json", *more))
        took = time.monotonic() - begun
        same("exit status", status, 0)
        same("account", accounts(out), [(9, 0, 0, 0, 0)])
        same("server's account", accounts(finish(bound)[0]), [(0, 9, 0, 0, 0)])
        lines = lines_of("push-pull.pcap")
        at_least = 1.0 if more[0] == "--rate" else 30 * (lines[-1] - lines[0])
        same(f"{more}: it takes {at_least:.3f} s at least", took >= at_least, True)
        stage.port += 1


def lines_of(capture):
    """When the messages of a capture came, in seconds."""
    keytab = CAPTURES / f"{capture.split('.')[0]}.keytab"
    told = process.run([sys.argv[1], "read", "--json", "-K", str(keytab), str(CAPTURES / capture)])
    rows = [row for row in map(json.loads, told.splitlines()) if row["event"] == "message"]
    # datetime has no nanoseconds.
    return [float(row["time"].rstrip("Z").rpartition(":")[2]) + 60 * int(row["time"].split(":")[1]) for row in rows]


def progress(stage):
    """On standard error when it is asked for, a line a second, and never among the objects."""
    bound = stage.start("reqrep.pcap", "--bind", "--loop", "0", "--json")
    await_port(stage.port)
    running = stage.start("reqrep.pcap", "--connect", "--duration", "2.5", "--progress", "--json")
    out, err = running.communicate(timeout=LIMIT)
    same("exit status", running.returncode, 0)
    summary(out)
    lines = err.splitlines()
    same("progress", len(lines) >= 2 and all("connections through" in line for line in lines), True)
    bound.send_signal(signal.SIGINT)
    bound.communicate(timeout=LIMIT)  # whoever was stopped in the middle of a handshake failed there


def end_of_what_has_none(stage):
    """Stopped, what was to go on without end has done what it was told."""
    bound = stage.start("reqrep.pcap", "--bind", "--loop", "0", "--json")
    await_port(stage.port)
    bound.send_signal(signal.SIGINT)
    out, status = finish(bound)
    same("exit status", status, 0)
    same("connections", summary(out)["connections"], 0)


ACTS = [("to libzmq, the same answers", same_answers),
        ("to libzmq, an answer changed", changed_answer),
        ("to libzmq, that part ignored", ignored_part),
        ("to libzmq, a pattern ignored", by_pattern),
        ("to libzmq, differences as JSON", difference_as_json),
        ("to libzmq, JUnit", junit),
        ("to libzmq, 3 at once, twice", many_rounds_to_libzmq),
        ("to nobody", nobody_there),
        ("to and for the silent", nobody_says_anything),
        ("for who stands silently", silent_but_standing),
        ("to who answers late", behind_a_late_answer),
        ("to who says more and more", without_end),
        ("for libzmq, as the server", for_libzmq),
        ("ours to ours, any port", any_port),
        ("ours to ours, several keytabs", several_keytabs),
        ("for who brings no keytab", keys_that_serve_nobody),
        ("to libzmq, a subscriber", subscriber_to_libzmq),
        ("for libzmq, a publisher", publisher_for_libzmq),
        ("ours to ours, reqrep", lambda s: among_ours(s, "reqrep.pcap", [(3, 3, 0, 0, 0)], [(3, 3, 0, 0, 0)])),
        ("ours to ours, pubsub-null", lambda s: among_ours(s, "pubsub-null.pcap", [(3, 3, 0, 0, 0)], [(3, 3, 0, 0, 0)])),
        ("ours to ours, names without case", names_without_case),
        ("ours to ours, push-pull", lambda s: among_ours(s, "push-pull.pcap", [(9, 0, 0, 0, 0)], [(0, 9, 0, 0, 0)])),
        ("ours to ours, several", lambda s: among_ours(s, "several.pcapng", [(4, 4, 0, 0, 0)] * 3, [(4, 4, 0, 0, 0)] * 3)),
        ("ours to ours, 3 at once, 4 times", many_rounds),
        ("ours to ours, for 2 seconds", until_time_is_over),
        ("ours to ours, at a rate, a pace", at_a_rate),
        ("ours to ours, longer than patience", longer_than_patience),
        ("to who takes nothing", left_over),
        ("ours to ours, progress", progress),
        ("the end of what has none", end_of_what_has_none)]


def main():
    zmtpscope = program()
    with Bench("live-replay", None) as bench:
        bench.output = bench.directory
        bench.realm(["alice"], [SERVICE], [kdc.AES256])
        bench.keytab(SERVICE)
        run_acts(ACTS, Stage(zmtpscope, bench))



if __name__ == "__main__":
    main()
