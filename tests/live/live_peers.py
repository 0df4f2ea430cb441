#!/usr/bin/python3
"""Live test: live_peers.py ZMTPSCOPE. `zmtpscope connect` and `zmtpscope serve` against real libzmq, by every pair of
socket types that can talk, sealed and in PLAINTEXT mode; and against each other in both forms of the wire. A table
shows every cell; what both sides logged is held against what was sent, octet for octet. All of it is captured, and the
messages that `zmtpscope read` and tshark with the plugin find in the capture, sealed ones opened with the keytab, are those
that were sent, cell by cell.

Nothing is skipped. Texts are new in every run.
Limits: AES256-SHA1. A sealed subscription of libzmq's SUB, which a publisher of libzmq 4.3.3 to 4.3.5 loses
(docs/protocol.md, dialect C), ours takes for what it is meant."""
import base64
import contextlib
import json
import os
import pathlib
import secrets
import subprocess
import sys

PROJECT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(PROJECT / "captures"))

from lab import kdc, process  # noqa: E402
from lab.bench import Bench  # noqa: E402
from lab.stories import SERVICE  # noqa: E402
from ours import BAR, Ours, await_port, ended, lines, program, same  # noqa: E402

PRINCIPAL = f"{SERVICE}@{kdc.REALM}"
COUNT = 6
FIRST = 20000  # port
LARGE = 16 << 20
LEFT = ["await", "DISCONNECTED", 1]
SHAKEN = ["await", "HANDSHAKE_SUCCEEDED", 1]
SUBSCRIBED = ["sleep", 0.5]  # a PUB tells nobody that it was subscribed to


def texts():
    """Messages as lists of parts: plain ones, an empty one, some of several parts."""
    token = secrets.token_hex
    return [[token(8)], [""], [token(3), token(200)], [token(1), "", token(2)], [token(20000)], [token(4)]]


def octets(messages):
    return [[part.encode() for part in parts] for parts in messages]


class Cell:
    """One conversation: what ours and libzmq's are, and in which mode."""

    def __init__(self, program, bench, number, plaintext):
        self.program = program
        self.bench = bench
        self.plaintext = plaintext
        self.port = FIRST + number
        self.endpoint = f"tcp://127.0.0.1:{self.port}"
        self.name = f"peer{number}"
        self.down, self.up = texts(), texts()  # from the server, from the client
        self.wire = {}  # the messages that pass, by direction, where that is known: "c2s", "s2c"

    def passes(self, c2s=None, s2c=None, delimited=False):
        """What the capture must have: messages as lists of parts; None: not looked at."""
        for direction, messages in (("c2s", c2s), ("s2c", s2c)):
            if messages is not None:
                self.wire[direction] = octets([["", *parts] if delimited else parts for parts in messages])

    def client_words(self, kind, more=()):
        mode = ["--plaintext"] if self.plaintext else []
        return [self.program, "connect", "-q", "--parts", BAR, "-t", kind, "-s", PRINCIPAL, *mode, *more, self.endpoint]

    def server_words(self, kind, more=()):
        mode = ["--plaintext"] if self.plaintext else []
        return [self.program, "serve", "-q", "--parts", BAR, "-t", kind, "-K", str(self.keytab()), *mode, *more,
                self.endpoint]

    def keytab(self):
        return self.bench.directory / f"{self.bench.name}.keytab"

    def client_env(self):
        return self.bench.kdc.env(KRB5CCNAME=self.bench.cache)

    def server(self, kind, steps, options=None):
        """libzmq as the GSSAPI server."""
        return self.bench.peer(self.name, kind, steps, bind=[self.endpoint], options=options,
                               role=self.bench.acceptor(SERVICE, self.keytab(), self.plaintext))

    def client(self, kind, steps, options=None):
        """libzmq as the GSSAPI client."""
        role = self.bench.initiator("alice", SERVICE, self.plaintext)
        return self.bench.peer(self.name, kind, steps, connect=[self.endpoint], role=role, options=options)

    def ours_connects(self, kind, said, more=()):
        return Ours(self.bench, self.client_words(kind, more), lines(said), self.client_env())

    def ours_serves(self, kind, said=(), more=()):
        ours = Ours(self.bench, self.server_words(kind, more), lines(said), self.bench.kdc.env())
        if self.endpoint.startswith("tcp:"):
            await_port(self.port)
        else:
            self.await_file(pathlib.Path(self.endpoint.removeprefix("ipc://")))
        return ours

    @staticmethod
    def await_file(path):
        for _ in range(500):
            if path.is_socket():
                return
            subprocess.run(["sleep", "0.02"], check=True)
        raise process.LabError(f"nobody listens on {path}")


# ---- ours is the client ----

def req_rep(cell):
    cell.passes(cell.up, cell.down, True)
    steps = [["reply", *parts] for parts in cell.down]
    peer = cell.server("REP", [*steps, LEFT])
    got = ended(cell.ours_connects("REQ", cell.up))
    peer.wait()
    same("requests", peer.messages("received"), octets(cell.up))
    same("replies", got, cell.down)


def dealer_router(cell):
    cell.passes(cell.up, cell.down)
    steps = [["reply", *parts] for parts in cell.down]
    peer = cell.server("ROUTER", [*steps, LEFT])
    got = ended(cell.ours_connects("DEALER", cell.up, ["-c", str(COUNT), "-w", "-1", "--identity", "me"]))
    peer.wait()
    same("up", peer.messages("received"), [[b"me", *parts] for parts in octets(cell.up)])
    same("down", got, cell.down)


def dealer_dealer(cell):
    cell.passes(cell.up, cell.down)
    peer = cell.server("DEALER", [["recv"]] * COUNT + [["send", *parts] for parts in cell.down] + [LEFT])
    got = ended(cell.ours_connects("DEALER", cell.up, ["-c", str(COUNT), "-w", "-1"]))
    peer.wait()
    same("up", peer.messages("received"), octets(cell.up))
    same("down", got, cell.down)


def pair_pair(cell):
    cell.passes(cell.up, cell.down)
    peer = cell.server("PAIR", [["recv"]] * COUNT + [["send", *parts] for parts in cell.down] + [LEFT])
    got = ended(cell.ours_connects("PAIR", cell.up, ["-c", str(COUNT), "-w", "-1"]))
    peer.wait()
    same("up", peer.messages("received"), octets(cell.up))
    same("down", got, cell.down)


def push_pull(cell):
    cell.passes(cell.up, [])
    peer = cell.server("PULL", [["recv"]] * COUNT + [LEFT])
    ended(cell.ours_connects("PUSH", cell.up))
    peer.wait()
    same("up", peer.messages("received"), octets(cell.up))


def pull_push(cell):
    cell.passes([], cell.down)
    peer = cell.server("PUSH", [["send", *parts] for parts in cell.down] + [LEFT])
    got = ended(cell.ours_connects("PULL", [], ["-c", str(COUNT)]))
    peer.wait()
    same("down", got, cell.down)


def filtered(messages):
    """With a topic before every second one."""
    return [["news" + parts[0], *parts[1:]] if index % 2 else ["other" + parts[0], *parts[1:]]
            for index, parts in enumerate(messages)]


def sub_pub(cell, ours="SUB", theirs="PUB"):
    said = filtered(cell.down)
    cell.passes(None, said[1::2])
    first = [["recv"]] if theirs == "XPUB" else [SHAKEN, SUBSCRIBED]
    peer = cell.server(theirs, [*first, *(["send", *parts] for parts in said), LEFT])
    got = ended(cell.ours_connects(ours, [], ["-c", str(COUNT // 2), "--subscribe", "news"]))
    peer.wait()
    same("published", got, said[1::2])


def xsub_xpub(cell):
    sub_pub(cell, "XSUB", "XPUB")


# ---- libzmq is the client ----

def rep_req(cell):
    """Ours echoes as REP."""
    cell.passes(cell.up, cell.up, True)
    ours = cell.ours_serves("REP", more=["-e"])
    peer = cell.client("REQ", [step for parts in cell.up for step in (["send", *parts], ["recv"])])
    peer.wait()
    same("requests", ended(ours, True), cell.up)
    same("echo", peer.messages("received"), octets(cell.up))


def router_dealer(cell):
    cell.passes(cell.up, cell.up)
    ours = cell.ours_serves("ROUTER", more=["-e"])
    peer = cell.client("DEALER", [["send", *parts] for parts in cell.up] + [["recv"]] * COUNT,
                       options={"HEARTBEAT_IVL": 50, "HEARTBEAT_TIMEOUT": 3000})
    peer.wait()
    same("up", ended(ours, True), cell.up)
    same("echo", peer.messages("received"), octets(cell.up))


def dealer_rep(cell):
    """Ours asks as DEALER-speaking server a REP: with the delimiter in its line."""
    cell.passes(cell.up, cell.down, True)
    said = [["", *parts] for parts in cell.down]
    ours = cell.ours_serves("DEALER", said)
    ours.say()
    peer = cell.client("REP", [["reply", *parts] for parts in cell.up] + [["sleep", 0.3]])
    peer.wait()
    same("requests", peer.messages("received"), octets(cell.down))
    same("replies", ended(ours, True), [["", *parts] for parts in cell.up])


def pair_pair_back(cell):
    cell.passes(cell.up, cell.down)
    ours = cell.ours_serves("PAIR", cell.down)
    ours.say()
    peer = cell.client("PAIR", [["send", *parts] for parts in cell.up] + [["recv"]] * COUNT + [["sleep", 0.3]])
    peer.wait()
    same("up", ended(ours, True), cell.up)
    same("down", peer.messages("received"), octets(cell.down))


def pull_push_back(cell):
    cell.passes(cell.up, [])
    ours = cell.ours_serves("PULL")
    peer = cell.client("PUSH", [["send", *parts] for parts in cell.up] + [["sleep", 0.5]])
    peer.wait()
    same("up", ended(ours, True), cell.up)


def push_pull_back(cell):
    cell.passes([], cell.down)
    ours = cell.ours_serves("PUSH", cell.down)
    ours.say()
    peer = cell.client("PULL", [["recv"]] * COUNT)
    peer.wait()
    ended(ours, True)
    same("down", peer.messages("received"), octets(cell.down))


def pub_sub(cell, ours="PUB", theirs="SUB"):
    said = filtered(cell.down)
    cell.passes(None, said[1::2])
    server = cell.ours_serves(ours, said)
    ask = [["subscribe", "news"]] if theirs == "SUB" else [["send", {"hex": (b"\1news").hex()}]]
    peer = cell.client(theirs, [*ask, SHAKEN, *[["recv"]] * (COUNT // 2)])
    process.await_text(peer.log, "HANDSHAKE_SUCCEEDED", peer.process)
    subprocess.run(["sleep", "0.5"], check=True)
    server.say()
    peer.wait()
    ended(server, True)
    same("published", peer.messages("received"), octets(said[1::2]))


def xpub_xsub(cell):
    pub_sub(cell, "XPUB", "XSUB")


OURS_CONNECTS = [("REQ", "REP", req_rep), ("DEALER", "ROUTER", dealer_router), ("DEALER", "DEALER", dealer_dealer),
                 ("SUB", "PUB", sub_pub), ("XSUB", "XPUB", xsub_xpub), ("PUSH", "PULL", push_pull),
                 ("PULL", "PUSH", pull_push), ("PAIR", "PAIR", pair_pair)]
OURS_SERVES = [("REP", "REQ", rep_req), ("ROUTER", "DEALER", router_dealer), ("DEALER", "REP", dealer_rep),
               ("PUB", "SUB", pub_sub), ("XPUB", "XSUB", xpub_xsub), ("PULL", "PUSH", pull_push_back),
               ("PUSH", "PULL", push_pull_back), ("PAIR", "PAIR", pair_pair_back)]


# ---- ours on both sides, and what is not a pair ----

def both_ours(cell, form):
    cell.passes(cell.up, cell.up, True)
    server = cell.ours_serves("REP", more=["-e", "--as-server", "spec" if form == "padded" else "lenient"])
    got = ended(cell.ours_connects("REQ", cell.up, ["--form", form]))
    same("requests", ended(server, True), cell.up)
    same("echo", got, cell.up)


def large(cell):
    """16 MiB there and back, through libzmq."""
    text = secrets.token_hex(LARGE // 2)
    cell.passes([[text]], [[text]])
    peer = cell.server("ROUTER", [["reply", text], LEFT])
    got = ended(cell.ours_connects("DEALER", [[text]], ["-c", "1", "-w", "-1"]))
    peer.wait()
    same("up", [parts[1:] for parts in peer.messages("received")], [[text.encode()]])
    same("down", got, [[text]])


def heartbeats(cell):
    """Ours asks a silent libzmq whether it is there, and is answered; then messages pass as before."""
    peer = cell.server("REP", [["recv"], ["sleep", 1], ["send", "still here"], LEFT])
    words = [word for word in cell.client_words("REQ", ["--heartbeat", "0.2", "-w", "5"]) if word != "-q"]
    ours = Ours(cell.bench, words, "are you there\n", cell.client_env())
    out, status, err = ours.finish()
    same("exit status", (status, err), (0, ""))
    peer.wait()
    shown = [line[0] for line in out]
    pings, pongs = (sum(line.startswith(what) for line in shown) for what in ("> command    PING [sealed]", "< command    PONG [sealed]"))
    if not 2 <= pongs <= pings or not any("still here" in line for line in shown):
        raise process.LabError(f"{pings} PINGs, {pongs} PONGs: {shown}")


def over(cell, bound, options=None, connected=None):
    """There and back by another way than an address of IPv4, both ways round."""
    connected = connected or bound
    if bound.startswith("tcp:"):
        cell.passes(cell.up + cell.up, cell.down + cell.up, True)
    cell.endpoint = bound
    peer = cell.server("REP", [*(["reply", *parts] for parts in cell.down), LEFT], options)
    cell.endpoint = connected
    same("replies", ended(cell.ours_connects("REQ", cell.up)), cell.down)
    peer.wait()
    same("requests", peer.messages("received"), octets(cell.up))
    pathlib.Path(bound.removeprefix("ipc://")).unlink(missing_ok=True)
    cell.name += "back"
    cell.endpoint = bound
    ours = cell.ours_serves("REP", more=["-e"])
    cell.endpoint = connected
    peer = cell.client("REQ", [step for parts in cell.up for step in (["send", *parts], ["recv"])], options)
    peer.wait()
    same("requests", ended(ours, True), cell.up)
    same("echo", peer.messages("received"), octets(cell.up))


def over_ipc(cell):
    over(cell, f"ipc://{cell.bench.directory}/{cell.name}.socket")


def over_ipv6(cell):
    over(cell, f"tcp://[::1]:{cell.port}", {"IPV6": 1})


def over_name(cell):
    over(cell, f"tcp://127.0.0.1:{cell.port}", connected=f"tcp://localhost:{cell.port}")


def denied(cell):
    """A principal that is not on the list gets nothing; libzmq's client notices that nobody answers."""
    cell.passes([], [])
    ours = cell.ours_serves("REP", more=["-e", "--allow", f"bob@{kdc.REALM}", "--allow", "@OTHER.EXAMPLE"])
    peer = cell.client("REQ", [["send", "let me in"], ["nothing", 1.5]])
    peer.wait()
    same("requests", ended(ours, True), [])
    same("handshakes", peer.handshakes(), 0)


def allowed(cell):
    cell.passes([["let me in"]], [["let me in"]], True)
    ours = cell.ours_serves("REP", more=["-e", "--allow", f"al*@{kdc.REALM}"])
    peer = cell.client("REQ", [["send", "let me in"], ["recv"]])
    peer.wait()
    same("requests", ended(ours, True), [["let me in"]])


def no_ticket(cell):
    """Without a ticket nobody is bothered: one sentence, exit status 2."""
    ours = Ours(cell.bench, cell.client_words("REQ"), "", cell.bench.kdc.env(KRB5CCNAME="/nonexistent"))
    _, status, err = ours.finish()
    same("exit status", status, 2)
    if not err.startswith("zmtpscope: GSSAPI: ") or len(err.splitlines()) != 1:
        raise process.LabError(f"ours said {err!r}")


OTHERS = [("padded form, ours with ours", lambda cell: both_ours(cell, "padded")),
          ("libzmq's form, ours with ours", lambda cell: both_ours(cell, "libzmq")),
          ("heartbeats of ours", heartbeats), ("ipc://", over_ipc), ("IPv6", over_ipv6), ("a name", over_name),
          ("16 MiB", large), ("principal denied", denied), ("principal allowed by pattern", allowed),
          ("no ticket", no_ticket)]


# ---- what was captured ----

def ports(address):
    return int(address.rpartition(":")[2])


def by_read(program, keytab, capture):
    """{(port of the server, direction): messages}, as zmtpscope read opens them; nothing may stay sealed."""
    words = [program, "read", "--json", "-K", str(keytab), str(capture)]
    port_of, found, parts = {}, {}, {}
    for event in map(json.loads, process.run(words).splitlines()):
        if event["event"] == "connection":
            port_of[event["connection"]] = ports(event["server"])
        if event["event"] == "message":
            if event["wrapped"] and not event["verified"]:
                raise process.LabError(f"read: packet {event['frame']} stays sealed")
            key = port_of[event["connection"]], event["direction"]
            parts.setdefault(key, []).append(base64.b64decode(event["data"]))
            if not event["more"]:
                found.setdefault(key, []).append(parts.pop(key))
    return found


def by_plugin(program, keytab, capture):
    """{(port of the server, direction): parts that are not empty}, as tshark with the plugin shows them."""
    words = [PROJECT / "scripts/tshark", "-r", capture, "-o", f"zmtp.gssapi.keytab:{keytab}", "-Y", "zmtp.message.data",
             "-T", "fields", "-E", "aggregator=;", "-e", "tcp.srcport", "-e", "tcp.dstport", "-e", "zmtp.message.data"]
    found = {}
    build = str(pathlib.Path(program).parents[1])
    done = subprocess.run(list(map(str, words)), env={**os.environ, "ZS_BUILD": build}, capture_output=True, text=True,
                          timeout=600, check=False)
    if done.returncode:
        raise process.LabError(f"tshark ended with {done.returncode}: {done.stderr}")
    for line in done.stdout.splitlines():
        source, target, data = line.split("\t")
        key = (int(target), "c2s") if int(target) in range(FIRST, FIRST + 1000) else (int(source), "s2c")
        found.setdefault(key, []).extend(bytes.fromhex(part) for part in data.split(";") if part)
    return found


def read_back(program, cells, keytab, capture):
    """How many messages were captured, all of them as they were said."""
    messages, parts = by_read(program, keytab, capture), by_plugin(program, keytab, capture)
    count = 0
    for cell in cells:
        for direction, wanted in cell.wire.items():
            key = cell.port, direction
            same(f"read, {cell.port} {direction}", messages.get(key, []), wanted)
            same(f"tshark, {cell.port} {direction}", parts.get(key, []), [p for message in wanted for p in message if p])
            count += len(wanted)
    return count


def attempt(cell, conversation):
    try:
        conversation(cell)
        return "passed"
    except (process.LabError, subprocess.TimeoutExpired, OSError) as error:
        return f"FAILED: {error}"


def run_all(program, bench, cells):
    """Rows (what, sealed, plaintext); a cell for each conversation."""
    def cell(plaintext=False):
        cells.append(Cell(program, bench, len(cells) + 1, plaintext))
        return cells[-1]

    for title, row in (("ours connects", OURS_CONNECTS), ("ours serves", OURS_SERVES)):
        for ours, theirs, conversation in row:
            results = [attempt(cell(plaintext), conversation) for plaintext in (False, True)]
            yield (f"{title}: {ours} with libzmq's {theirs}", *results)
    for title, conversation in OTHERS:
        yield title, attempt(cell(), conversation), ""


def main():
    zmtpscope = program()
    failed = 0
    with contextlib.ExitStack() as stack:
        bench = stack.enter_context(Bench("live-peers", None))
        bench.output = bench.directory
        bench.realm(["alice", "bob"], [SERVICE], [kdc.AES256])
        bench.keytab(SERVICE)
        bench.cache = bench.directory / "ours.ccache"
        bench.kdc.kinit("alice", bench.cache)
        bench.directory.chmod(0o755)  # tshark may run as nobody
        bench.record()
        cells = []
        print(f"{'':45} {'sealed':24} PLAINTEXT", flush=True)
        for what, sealed, plaintext in run_all(zmtpscope, bench, cells):
            print(f"{what:45} {sealed:24} {plaintext}", flush=True)
            failed += "FAILED" in sealed or "FAILED" in plaintext
        bench.stop_recording()
        if not failed:
            count = read_back(zmtpscope, cells, cells[0].keytab(), bench.recorder.path)
            print(f"{count} messages, captured and read back by zmtpscope read and by tshark: as they were said")
    sys.exit(f"live_peers: {failed} rows failed" if failed else 0)


if __name__ == "__main__":
    try:
        main()
    except process.LabError as error:
        sys.exit(f"live_peers: {error}")
