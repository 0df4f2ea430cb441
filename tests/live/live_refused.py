#!/usr/bin/python3
"""Live test: live_refused.py ZMTPSCOPE. Who is not let in, and who goes away: libzmq with a ZAP handler that lets in or
denies our client, by GSSAPI and by NULL; our server that denies ours; servers that are not there, are silent, go away
and come back. What happened is said in one sentence, with the exit status that scripts go by.

Nothing is skipped. Limits: libzmq 4.2.3 to 4.3.5 let GSSAPI's clients in whatever ZAP says (docs/protocol.md, F8): there
that is what is found."""
import pathlib
import select
import signal
import socket
import subprocess
import sys

import zmq

PROJECT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(PROJECT / "captures"))

from lab import kdc, process  # noqa: E402
from lab.bench import Bench  # noqa: E402
from lab.stories import SERVICE, at  # noqa: E402
from ours import Ours, await_port, ended, program, run_acts, same  # noqa: E402

PRINCIPAL = f"{SERVICE}@{kdc.REALM}"
ALICE = f"alice@{kdc.REALM}"
BOB = f"bob@{kdc.REALM}"
GREETING = 64  # octets
FRAME = 64 << 20  # that a peer takes
IGNORES_DENIAL = (4, 2, 3) <= zmq.zmq_version_info() <= (4, 3, 5)


class Stage:
    def __init__(self, program, bench):
        self.program = program
        self.bench = bench
        self.port = 22000
        self.caches = {}
        for name in ("alice", "bob"):
            self.caches[name] = bench.directory / f"{name}.ccache"
            bench.kdc.kinit(name, self.caches[name])

    def keytab(self):
        return self.bench.directory / f"{self.bench.name}.keytab"

    def connect(self, who, said="", more=(), quiet=True):
        """Ours as a client, REQ; who None: by NULL."""
        how = ["-s", PRINCIPAL] if who else ["--null"]
        env = self.bench.kdc.env(KRB5CCNAME=self.caches[who]) if who else self.bench.kdc.env()
        words = [self.program, "connect", *(["-q"] if quiet else []), "-t", "REQ", *how, *more, f"tcp://127.0.0.1:{self.port}"]
        return Ours(self.bench, words, said, env)

    def serve(self, more=(), keytabs=None, **how):
        keys = [word for path in keytabs or [self.keytab()] for word in ("-K", str(path))]
        ours = Ours(self.bench, [self.program, "serve", "-q", "-e", "-t", "REP", *keys, *more,
                                 f"tcp://127.0.0.1:{self.port}"], "", self.bench.kdc.env(), **how)
        await_port(self.port)
        return ours

    def zap_server(self, steps, allow, null=False):
        """libzmq's REP with a ZAP handler."""
        role = None if null else self.bench.acceptor(SERVICE, self.keytab())
        return self.bench.peer(f"zap{self.port}", "REP", steps, bind=at(self.port), role=role, allow=allow,
                               options={"ZAP_DOMAIN": "lab"})


def failed(ours, *words):
    """It ended with 2, and one sentence that has these words."""
    got, status, err = ours.finish()
    same("messages", got, [])
    same("exit status", status, 2)
    if len(err.splitlines()) != 1 or not all(word in err for word in words):
        raise process.LabError(f"ours said {err!r}")


def asked(peer):
    """Who came to the ZAP handler, by which mechanism, and what it said."""
    return [(row["who"], row["mechanism"], row["status"]) for row in peer.events("zap")]


# ---- ZAP ----

def zap_allows(stage):
    peer = stage.zap_server([["reply", "come in"], ["await", "DISCONNECTED", 1]], [ALICE])
    same("answer", ended(stage.connect("alice", "hello\n")), [["come in"]])
    peer.wait()
    same("ZAP", asked(peer), [(ALICE, "GSSAPI", "200")])


def zap_denies(stage):
    if IGNORES_DENIAL:
        peer = stage.zap_server([["reply", "come in"], ["await", "DISCONNECTED", 1]], [ALICE])
        same("answer", ended(stage.connect("bob", "hello\n")), [["come in"]])
        peer.wait()
    else:
        peer = stage.zap_server([["nothing", 2]], [ALICE])
        failed(stage.connect("bob", "hello\n"), "its ZAP handler denies")
        peer.wait()
    same("ZAP", asked(peer)[0], (BOB, "GSSAPI", "400"))


def zap_allows_null(stage):
    peer = stage.zap_server([["reply", "come in"], ["await", "DISCONNECTED", 1]], ["127.0.0.1"], null=True)
    same("answer", ended(stage.connect(None, "hello\n")), [["come in"]])
    peer.wait()
    same("ZAP", asked(peer), [("127.0.0.1", "NULL", "200")])


def zap_denies_null(stage):
    """libzmq says ERROR, and ZAP's status code in it."""
    peer = stage.zap_server([["nothing", 2]], ["192.0.2.1"], null=True)
    failed(stage.connect(None, "hello\n"), 'refuses with ERROR "400"', "its ZAP handler denies")
    peer.wait()
    same("ZAP", asked(peer), [("127.0.0.1", "NULL", "400")])


def closes_instead_of_ready(stage):
    """As libzmq before 4.2.3 and behind 4.3.5 denies: the end comes where READY is due. Here somebody between the two cuts
    it off when the server's third answer, behind greeting and token, is to pass."""
    server = stage.serve()
    inner, stage.port = stage.port, stage.port + 1
    with socket.create_server(("127.0.0.1", stage.port)) as listening:
        client = stage.connect("alice", "hello\n")
        left, _ = listening.accept()
        with left, socket.create_connection(("127.0.0.1", inner)) as right:
            passed = 0  # octets of the server's
            while True:
                for ready in select.select([left, right], [], [], 10)[0]:
                    octets = ready.recv(65536)
                    if ready is right and passed > GREETING:
                        octets = b""
                    if octets:
                        (left if ready is right else right).sendall(octets)
                        passed += len(octets) if ready is right else 0
                if not octets:
                    break
    failed(client, "READY", "its ZAP handler denies")
    same("requests", ended(server, True), [])


# ---- our server denies ----

def list_denies_ours(stage):
    server = stage.serve(["--allow", BOB])
    failed(stage.connect("alice", "hello\n"), "does not accept the ticket or the principal")
    same("answer", ended(stage.connect("bob", "hello\n")), [["hello"]])
    same("requests", ended(server, True), [["hello"]])


def keytab_of_another(stage):
    """Of two keytabs the one whose key fits lets in, whichever comes first; without it nobody comes in."""
    other = stage.bench.directory / "other.keytab"
    stage.bench.kdc.principal("zmq/other.zmtp.example")
    stage.bench.kdc.keytab(other, "zmq/other.zmtp.example")
    for keytabs in [other, stage.keytab()], [stage.keytab(), other]:
        server = stage.serve([], keytabs)
        same("answer", ended(stage.connect("alice", "hello\n")), [["hello"]])
        same("requests", ended(server, True), [["hello"]])
    server = stage.serve([], [other])
    failed(stage.connect("alice", "hello\n"), "does not accept the ticket or the principal")
    same("requests", ended(server, True), [])


def longest_line(stage):
    """It goes there and back sealed, in a frame of no more than a peer takes; what is longer is cut, which is said."""
    server = stage.serve(stdout=subprocess.DEVNULL)
    text = "x" * (FRAME + 10)
    client = stage.connect("alice", text + "\nhello\n")
    got, status, err = client.finish()
    same("end", (status, err), (0, f"zmtpscope: a line of more than {FRAME - 256} octets is cut there"))
    same("echo", got, [[text[:FRAME - 256]], [text[FRAME - 256:]], ["hello"]])
    ended(server, True)


# ---- servers that are not there, or not for long ----

def nobody_there(stage):
    failed(stage.connect("alice"), "refused")


def refuses_to_greet(stage):
    """Who says something else, or nothing, and closes."""
    for said, words in ((b"", ("greeting", "no peer of ZMTP 3")), (b"HTTP/1.1 400 Bad Request\r\n\r\n", ("ZMTP",))):
        with socket.create_server(("127.0.0.1", stage.port)) as listening:
            client = stage.connect("alice")
            accepted, _ = listening.accept()
            accepted.recv(GREETING, socket.MSG_WAITALL)  # what is not read would make a reset of the end
            accepted.sendall(said)
            accepted.close()
            failed(client, *words)
        stage.port += 1


def silent(stage):
    with socket.create_server(("127.0.0.1", stage.port)) as listening:
        client = stage.connect("alice", more=["--timeout", "1"])
        accepted, _ = listening.accept()
        failed(client, "not finished in time", "greeting")
        accepted.close()


def goes_away(stage):
    """Killed while a reply is due."""
    peer = stage.bench.peer(f"gone{stage.port}", "REP", [["recv"], ["sleep", 30]], bind=at(stage.port),
                            role=stage.bench.acceptor(SERVICE, stage.keytab()))
    client = stage.connect("alice", "hello\n", ["-w", "-1"])
    client.process.stdin.write(client.said)
    client.process.stdin.flush()
    process.await_text(peer.log, '"received"', peer.process)
    peer.process.kill()
    client.said = b""
    failed(client, "before its reply came")
    stage.bench.peers.remove(peer)


def comes_back(stage):
    """libzmq's client finds our server again by itself, after it ended in order and after it was killed."""
    server = stage.serve()
    peer = stage.bench.peer(f"back{stage.port}", "REQ", [
        ["send", "one"], ["recv"], ["await", "DISCONNECTED", 1], ["await", "HANDSHAKE_SUCCEEDED", 2],
        ["send", "two"], ["recv"], ["await", "DISCONNECTED", 2], ["await", "HANDSHAKE_SUCCEEDED", 3],
        ["send", "three"], ["recv"]], connect=at(stage.port), role=stage.bench.initiator("alice", SERVICE))
    for number, text in enumerate(("one", "two", "three")):
        process.await_text(peer.log, '"received"', peer.process, seconds=30, times=number + 1)
        if text == "one":
            same("requests", ended(server, True), [["one"]])
            server = stage.serve()
        elif text == "two":
            server.process.send_signal(signal.SIGKILL)
            server.process.communicate(timeout=30)
            server = stage.serve()
    peer.wait()
    same("requests", ended(server, True), [["three"]])
    same("answers", peer.messages("received"), [[b"one"], [b"two"], [b"three"]])


ACTS = [("libzmq's ZAP allows by GSSAPI", zap_allows),
        ("libzmq's ZAP denies by GSSAPI", zap_denies),
        ("libzmq's ZAP allows by NULL", zap_allows_null),
        ("libzmq's ZAP denies by NULL", zap_denies_null),
        ("the end where READY is due", closes_instead_of_ready),
        ("our list denies ours", list_denies_ours),
        ("two keytabs, and the wrong one", keytab_of_another),
        ("the longest line", longest_line),
        ("nobody there", nobody_there),
        ("no ZMTP there", refuses_to_greet),
        ("silence", silent),
        ("a server that goes away", goes_away),
        ("a server that comes back", comes_back)]


def main():
    zmtpscope = program()
    with Bench("live-refused", None) as bench:
        bench.output = bench.directory
        bench.realm(["alice", "bob"], [SERVICE], [kdc.AES256])
        bench.keytab(SERVICE)
        run_acts(ACTS, Stage(zmtpscope, bench))



if __name__ == "__main__":
    main()
