#!/usr/bin/python3
"""Live test: live_replay.py ZMTPSCOPE. Captures are said again to live peers by `zmtpscope replay`: to a real libzmq
server with --connect, to a real libzmq client with --bind, and ours to ours; every message is accounted for, and a
changed answer is told as exactly that.

Nothing is skipped. Limits: AES256-SHA1 and NULL."""
import json
import pathlib
import shutil
import subprocess
import sys

PROJECT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(PROJECT / "captures"))

from lab import kdc, namespace, process  # noqa: E402
from lab.bench import Bench  # noqa: E402
from lab.stories import LEFT, SERVICE, answers, asks, at  # noqa: E402

CAPTURES = PROJECT / "captures"
PRINCIPAL = f"{SERVICE}@{kdc.REALM}"
LIMIT = 60


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
        words = [self.program, "replay", *keys, "-s", PRINCIPAL, side, f"tcp://127.0.0.1:{self.port}", *more,
                 str(CAPTURES / capture)]
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


def await_port(port):
    wanted = f":{port:04X}"
    for _ in range(500):
        for row in pathlib.Path("/proc/net/tcp").read_text().splitlines()[1:]:
            if row.split()[1].endswith(wanted) and row.split()[3] == "0A":
                return
        subprocess.run(["sleep", "0.02"], check=True)
    raise process.LabError(f"nobody listens on port {port}")


def check(what, got, wanted):
    if got != wanted:
        raise process.LabError(f"{what}: {got!r}, not {wanted!r}")


def accounts(out):
    """Of each connection sent, matched, differed, missing, extra."""
    rows = [json.loads(line) for line in out.splitlines()]
    return [tuple(row[k] for k in ("sent", "matched", "differed", "missing", "extra")) for row in rows]


def to_libzmq(stage, replies, status, wanted, *more):
    """reqrep.pcap's client, said to a REP socket of libzmq."""
    peer = stage.bench.peer(f"rep{stage.port}", "REP", answers(*replies), bind=at(stage.port),
                            role=stage.bench.acceptor(SERVICE, stage.keytab()))
    running = stage.start("reqrep.pcap", "--connect", *more)
    out, got = finish(running)
    peer.wait()
    check("exit status", got, status)
    check("requests", peer.messages("received"), [[b"hello 0"], [b"hello 1"], [b"hello 2"]])
    if "--json" in more:
        check("account", accounts(out), wanted)
    return out


def same_answers(stage):
    to_libzmq(stage, ("world 0", "world 1", "world 2"), 0, [(3, 3, 0, 0, 0)], "--json")


def changed_answer(stage):
    out = to_libzmq(stage, ("world 0", "WORLD 1", "world 2"), 1, None)
    differences = [line for line in out.splitlines() if " ! " in line]
    check("differences", differences, ['c1 ! packet #17: part 2 is "WORLD 1" (7 octets), the capture has "world 1" (7 octets)'])


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
    check("exit status", status, 0)
    check("account", accounts(out), [(3, 3, 0, 0, 0)])
    check("replies", peer.messages("received"), [[b"world 0"], [b"world 1"], [b"world 2"]])


def subscriber_to_libzmq(stage):
    """pubsub-null.pcap's SUB, said to an XPUB of libzmq: two subscriptions, one of them cancelled."""
    peer = stage.bench.peer(f"xpub{stage.port}", "XPUB", [
        ["recv"], ["recv"], ["send", "weather.zurich", "rain"], ["send", "sport", "1:0"],
        ["send", "politics", "nobody asked"], ["recv"], ["send", "weather.bern", "too late"], ["send", "sport", "1:1"],
        LEFT], bind=at(stage.port))
    out, status = finish(stage.start("pubsub-null.pcap", "--connect", "--json"))
    peer.wait()
    check("exit status", status, 0)
    check("account", accounts(out), [(3, 3, 0, 0, 0)])
    check("subscriptions", peer.messages("received"), [[b"\1weather"], [b"\1sport"], [b"\0weather"]])


def publisher_for_libzmq(stage):
    """Its XPUB, said to a SUB of libzmq."""
    running = stage.start("pubsub-null.pcap", "--bind", "--json")
    await_port(stage.port)
    peer = stage.bench.peer(f"sub{stage.port}", "SUB", [
        ["subscribe", "weather"], ["subscribe", "sport"], ["recv"], ["recv"], ["unsubscribe", "weather"], ["recv"]],
        connect=at(stage.port))
    peer.wait()
    out, status = finish(running)
    check("exit status", status, 0)
    check("account", accounts(out), [(3, 3, 0, 0, 0)])
    check("published", peer.messages("received"), [[b"weather.zurich", b"rain"], [b"sport", b"1:0"], [b"sport", b"1:1"]])


def among_ours(stage, capture, client, server):
    """Both sides by ours: what each said, the other had captured."""
    bound = stage.start(capture, "--bind", "--json")
    await_port(stage.port)
    connected = stage.start(capture, "--connect", "--json")
    for what, running, wanted in (("client", connected, client), ("server", bound, server)):
        out, status = finish(running)
        check(f"{what}'s account", sorted(accounts(out)), sorted(wanted))
        check(f"{what}'s exit status", status, 0)


ACTS = [("to libzmq, the same answers", same_answers),
        ("to libzmq, an answer changed", changed_answer),
        ("to libzmq, that part ignored", ignored_part),
        ("for libzmq, as the server", for_libzmq),
        ("to libzmq, a subscriber", subscriber_to_libzmq),
        ("for libzmq, a publisher", publisher_for_libzmq),
        ("ours to ours, reqrep", lambda s: among_ours(s, "reqrep.pcap", [(3, 3, 0, 0, 0)], [(3, 3, 0, 0, 0)])),
        ("ours to ours, pubsub-null", lambda s: among_ours(s, "pubsub-null.pcap", [(3, 3, 0, 0, 0)], [(3, 3, 0, 0, 0)])),
        ("ours to ours, push-pull", lambda s: among_ours(s, "push-pull.pcap", [(9, 0, 0, 0, 0)], [(0, 9, 0, 0, 0)])),
        ("ours to ours, several", lambda s: among_ours(s, "several.pcapng", [(4, 4, 0, 0, 0)] * 3, [(4, 4, 0, 0, 0)] * 3))]


def main():
    if len(sys.argv) != 2 or not shutil.which(sys.argv[1]):
        sys.exit("live_replay.py wants one argument: the program zmtpscope, which must be built")
    sys.argv[1] = str(pathlib.Path(sys.argv[1]).resolve())
    namespace.enter()
    failed = 0
    with Bench("live-replay", None) as bench:
        bench.output = bench.directory
        bench.realm(["alice"], [SERVICE], [kdc.AES256])
        bench.keytab(SERVICE)
        stage = Stage(sys.argv[1], bench)
        for what, act in ACTS:
            stage.port += 1
            try:
                act(stage)
                print(f"{what:32} passed", flush=True)
            except (process.LabError, subprocess.TimeoutExpired, ValueError) as error:
                print(f"{what:32} FAILED: {error}", flush=True)
                failed += 1
    sys.exit(f"live_replay: {failed} acts failed" if failed else 0)


if __name__ == "__main__":
    main()
