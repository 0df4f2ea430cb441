#!/usr/bin/python3
"""Live test: live_gss.py ZMTPSCOPE. What GSS-API has and libzmq never asks for, live: Kerberos inside SPNEGO, delegated
tickets, channel bindings, messages that are signed only, no mutual authentication, DCE style. Our server takes what the
lab's own peer asks for, with MIT's library and with Heimdal's; our client asks that peer, libzmq, and ours.

Nothing is skipped. Limits: AES256-SHA1; no mutual authentication and DCE style are the lab's peer's to ask for, ours always
wants to know the server."""
import pathlib
import re
import sys

PROJECT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(PROJECT / "captures"))

from lab import gss_peer, kdc, process  # noqa: E402
from lab.bench import Bench  # noqa: E402
from lab.stories import SERVICE, at  # noqa: E402
from ours import Ours, await_port, program, run_acts, same  # noqa: E402

PRINCIPAL = f"{SERVICE}@{kdc.REALM}"
DELEG, MUTUAL, REPLAY, SEQUENCE, CONF, INTEG = 1, 2, 4, 8, 16, 32
ASKS = ["send=hello 0", "recv", "send=hello 1", "recv"]
ANSWERS = ["recv", "send=world 0", "left"]


class Stage:
    def __init__(self, program, bench):
        self.program = program
        self.bench = bench
        self.port = 23000
        self.cache = bench.directory / "ours.ccache"
        bench.kdc.kinit("alice", self.cache, "-f")

    def keytab(self):
        return self.bench.directory / f"{self.bench.name}.keytab"

    def serve(self, more):
        ours = Ours(self.bench, [self.program, "serve", "-e", "-t", "PAIR", "-K", str(self.keytab()), *more,
                                 f"tcp://127.0.0.1:{self.port}"], "", self.bench.kdc.env())
        await_port(self.port)
        return ours

    def connect(self, more, said, kind="PAIR"):
        return Ours(self.bench, [self.program, "connect", "-t", kind, "-s", PRINCIPAL, "-c", "1", "-w", "5", *more,
                                 f"tcp://127.0.0.1:{self.port}"], said, self.bench.kdc.env(KRB5CCNAME=self.cache))

    def gss(self, steps, options, make=gss_peer.MIT, serves=False):
        """The lab's peer."""
        if serves:
            return gss_peer.start(self.bench, f"gss{self.port}", self.bench.acceptor(SERVICE, self.keytab()), steps,
                                  bind=self.port, options=options, make=make)
        role = self.bench.initiator("alice", SERVICE)
        self.bench.kdc.kinit("alice", role["env"]["KRB5CCNAME"], "-f")
        return gss_peer.start(self.bench, f"gss{self.port}", role, steps, connect=self.port, options=options, make=make)


def dialog(ours, interrupt=False):
    """(its lines, its exit status, its standard error)"""
    got, status, err = ours.finish(interrupt)
    return [line[0] for line in got], status, err


def flags_of(lines):
    """GSS-API's flags as our side shows them, by name."""
    shown = [line for line in lines if re.match(r"(c\d+ )?- context", line)]
    same("contexts", len(shown), 1)
    return set(re.search(r"; flags ([a-z -]*)", shown[0])[1].split())


def require(what, holds, shown):
    if not holds:
        raise process.LabError(f"{what}: {shown}")


def ours_serves(stage, theirs, mine=(), flags=("mutual",), without=(), make=gss_peer.MIT, sealed=True, mech="krb5"):
    """The lab's peer asks ours, which echoes; the context is what the peer says it is."""
    server = stage.serve(mine)
    peer = stage.gss(ASKS, theirs, make)
    peer.wait()
    lines, status, err = dialog(server, True)
    same("exit status", (status, err), (0, ""))
    same("echo", peer.messages("received"), [[b"hello 0"], [b"hello 1"]])
    has = flags_of(lines)
    require("flags", has.issuperset(flags) and not has.intersection(without), has)
    told = peer.events("context")[0]["flags"]
    for name, bit in (("deleg", DELEG), ("mutual", MUTUAL), ("conf", CONF)):
        if make == gss_peer.MIT:
            same(name, name in has, bool(told & bit))
    messages = [line for line in lines if "< message" in line]
    require("messages", all(("sealed" if sealed else "integrity only") in line for line in messages) and len(messages) == 2,
            messages)
    require("mechanism", any(f"< token      {mech} " in line.lower() for line in lines), lines)


def ours_connects(stage, mine, theirs, flags=("mutual",), without=(), make=gss_peer.MIT, sealed=True, mech="krb5"):
    peer = stage.gss(ANSWERS, theirs, make, serves=True)
    lines, status, err = dialog(stage.connect(mine, "hello 0\n"))
    same("exit status", (status, err), (0, ""))
    peer.wait()
    same("question", peer.messages("received"), [[b"hello 0"]])
    has = flags_of(lines)
    require("flags", has.issuperset(flags) and not has.intersection(without), has)
    messages = [line for line in lines if line.startswith("< message")]
    require("message", len(messages) == 1 and "world 0" in messages[0] and
            ("sealed" if sealed else "integrity only") in messages[0], messages)
    require("mechanism", any(f"> token      {mech} " in line.lower() for line in lines), lines)


def not_forwardable(stage):
    """It is said where nothing could be delegated."""
    stage.bench.kdc.kinit("alice", stage.cache, "-F")
    try:
        peer = stage.gss(ANSWERS, [], serves=True)
        lines, status, _ = dialog(stage.connect(["--delegate"], "hello 0\n"))
        peer.wait()
    finally:
        stage.bench.kdc.kinit("alice", stage.cache, "-f")
    same("exit status", status, 0)
    require("it is said", any(line.startswith("- delegation nothing was delegated") for line in lines), lines)
    require("flags", "deleg" not in flags_of(lines), lines)


def bindings_differ(stage):
    server = stage.serve(["--channel-bindings", "one"])
    lines, status, err = dialog(stage.connect(["--channel-bindings", "other"], "hello 0\n"))
    same("exit status", status, 2)
    require("the client says", "does not accept the ticket" in err, err)
    lines, status, _ = dialog(server, True)
    same("exit status of serve", status, 0)
    require("the server says", any("context-refused" in line and "channel bindings" in line.lower() for line in lines), lines)


def integrity_must_be_wanted(stage):
    """Whoever seals nothing is refused by a server that was not told to take it."""
    server = stage.serve([])
    peer = stage.gss(ASKS, ["--integrity-only"])
    lines, _, _ = dialog(stage.connect(["--integrity-only"], "hello 0\n"))
    process.await_text(peer.errors, "closed", peer.process)
    stage.bench.peers.remove(peer)
    lines, status, _ = dialog(server, True)
    same("exit status of serve", status, 0)
    same("refused", len([line for line in lines if "wrap-not-sealed" in line]), 2)


def with_libzmq(stage, mine, flags):
    """libzmq's server takes what its GSS-API takes."""
    peer = stage.bench.peer(f"zmq{stage.port}", "REP", [["reply", "world"], ["await", "DISCONNECTED", 1]],
                            bind=at(stage.port), role=stage.bench.acceptor(SERVICE, stage.keytab()))
    lines, status, err = dialog(stage.connect(mine, "hello\n", "REQ"))
    same("exit status", (status, err), (0, ""))
    peer.wait()
    same("question", peer.messages("received"), [[b"hello"]])
    has = flags_of(lines)
    require("flags", has.issuperset(flags), has)


def ours_with_ours(stage, form):
    """SPNEGO with a delegated ticket, bound to a channel, signed only; in both forms."""
    how = ["--integrity-only", "--channel-bindings", "a channel"]
    server = stage.serve(how)
    lines, status, err = dialog(stage.connect([*how, "--form", form, "--spnego", "--delegate"], "hello 0\n"))
    same("exit status", (status, err), (0, ""))
    require("flags", flags_of(lines).issuperset({"deleg", "mutual"}), lines)
    theirs, status, _ = dialog(server, True)
    same("exit status of serve", status, 0)
    require("flags", flags_of(theirs).issuperset({"deleg", "mutual"}), theirs)


BOUND = ["--channel-bindings", "of the test"]
ACTS = [
    ("ours serves: SPNEGO", lambda s: ours_serves(s, ["--mech=spnego"], mech="spnego")),
    ("ours serves: SPNEGO of Heimdal", lambda s: ours_serves(s, ["--mech=spnego"], mech="spnego", make=gss_peer.HEIMDAL)),
    ("ours serves: Heimdal", lambda s: ours_serves(s, [], make=gss_peer.HEIMDAL)),
    ("ours serves: delegation", lambda s: ours_serves(s, ["--delegate"], flags=("deleg", "mutual"))),
    ("ours serves: signed only", lambda s: ours_serves(s, ["--integrity-only"], ["--integrity-only"], sealed=False)),
    ("ours serves: signed only, unwanted", integrity_must_be_wanted),
    ("ours serves: no mutual", lambda s: ours_serves(s, ["--no-mutual"], flags=(), without=("mutual",))),
    ("ours serves: DCE style", lambda s: ours_serves(s, ["--dce"], flags=("dce", "mutual"))),
    ("ours serves: SPNEGO, signed offer", lambda s: ours_serves(s, ["--mech=spnego", "--second-choice"], mech="spnego")),
    ("ours serves: channel bindings", lambda s: ours_serves(s, BOUND, BOUND)),
    ("ours serves: bindings differ", bindings_differ),
    ("ours connects: SPNEGO", lambda s: ours_connects(s, ["--spnego"], [], mech="spnego")),
    ("ours connects: Heimdal", lambda s: ours_connects(s, [], [], make=gss_peer.HEIMDAL)),
    ("ours connects: delegation", lambda s: ours_connects(s, ["--delegate"], [], flags=("deleg", "mutual"))),
    ("ours connects: not forwardable", not_forwardable),
    ("ours connects: signed only", lambda s: ours_connects(s, ["--integrity-only"], ["--integrity-only"], sealed=False)),
    ("ours connects: channel bindings", lambda s: ours_connects(s, BOUND, BOUND)),
    ("libzmq serves: SPNEGO", lambda s: with_libzmq(s, ["--spnego"], {"mutual"})),
    ("libzmq serves: delegation", lambda s: with_libzmq(s, ["--delegate"], {"deleg"})),
    ("ours with ours: all at once", lambda s: ours_with_ours(s, "libzmq")),
    ("ours with ours: padded", lambda s: ours_with_ours(s, "padded")),
]


def main():
    zmtpscope = program()
    with Bench("live-gss", None) as bench:
        bench.output = bench.directory
        bench.realm(["alice"], [SERVICE], [kdc.AES256])
        bench.keytab(SERVICE)
        run_acts(ACTS, Stage(zmtpscope, bench))



if __name__ == "__main__":
    main()
