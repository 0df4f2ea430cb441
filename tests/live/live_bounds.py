#!/usr/bin/python3
"""Live test: live_bounds.py ZMTPSCOPE. What a peer can cost `zmtpscope connect` and `serve`. Who reads nothing keeps neither
from being stopped, and who takes no connection costs no longer than --timeout. What subscribers subscribe to, what clients
begin to say and what waits for who reads nothing stays bounded, of one client and of all, and good ones are served meanwhile.

Limits: NULL, said by hand; what is said before a security context stands is tests/live/live_hostile.py's business."""
import contextlib
import pathlib
import signal
import socket
import subprocess
import sys
import time

PROJECT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(PROJECT / "captures"))

from lab import process  # noqa: E402
from lab.bench import Bench  # noqa: E402
from ours import LIMIT, Ours, await_port, handshake, is_sanitized, memory, program, run_acts, same  # noqa: E402

MIB = 1 << 20
LARGE = 32 * MIB  # more than a socket takes that nobody reads
GREETING = 64  # octets
SUBSCRIPTIONS = 10000  # that serve keeps of one client
ALL_OPEN = 512 * MIB  # that all open clients hold together
PATIENCE = 3  # seconds that whoever is stopped gives the other side


class Stage:
    def __init__(self, program, bench):
        self.program = program
        self.bench = bench
        self.port = 24000

    def endpoint(self):
        return f"tcp://127.0.0.1:{self.port}"

    def large_line(self):
        """A file that is a line, too large to be sent where nobody reads."""
        path = self.bench.directory / "large"
        path.write_bytes(b"x" * LARGE + b"\n")
        return path.open("rb")

    def start(self, command, *more, **how):
        return Ours(self.bench, [self.program, command, "--null", *more, self.endpoint()], **how)

    def serve(self, *more, **how):
        ours = self.start("serve", *more, **how)
        await_port(self.port)
        return ours


def take(peer, n):
    octets = peer.recv(n, socket.MSG_WAITALL)
    if len(octets) != n:
        raise process.LabError(f"the end came, {n - len(octets)} octets too early")
    return octets


def stand(peer, kind):
    """Both sides are through; peer."""
    peer.settimeout(LIMIT)
    peer.sendall(handshake(kind))
    take(peer, GREETING)
    take(peer, take(peer, 2)[1])
    return peer


def client(stage, kind):
    return stand(socket.create_connection(("127.0.0.1", stage.port), timeout=LIMIT), kind)


# ---- who reads nothing ----

def await_message(peer):
    """Until some of a message is there, which is left where it is."""
    peer.recv(1, socket.MSG_PEEK)


def stop(ours, *signals):
    """(exit status, standard error, seconds) once it has ended."""
    begun = time.monotonic()
    for number in signals:
        ours.process.send_signal(number)
        time.sleep(0.1)  # or the two are one
    _, status, err = ours.finish()
    return status, err, time.monotonic() - begun


def serve_stops(stage, *signals):
    with stage.large_line() as line:
        ours = stage.serve("-t", "PUSH", stdin=line)
        with client(stage, "PULL") as peer:
            await_message(peer)
            status, err, took = stop(ours, *signals)
    same("end", (status, err), (0, ""))
    return took


def connect_stops(stage, *signals):
    with stage.large_line() as line, socket.create_server(("127.0.0.1", stage.port)) as listening:
        ours = stage.start("connect", "-t", "PUSH", stdin=line)
        accepted, _ = listening.accept()
        with stand(accepted, "PULL") as peer:
            await_message(peer)
            status, err, took = stop(ours, *signals)
    same("end", (status, err), (2, f"zmtpscope: {stage.endpoint()}: stopped before all that was said was taken"))
    return took


def by_one(stage, stops):
    for number in (signal.SIGINT, signal.SIGTERM):
        stops(stage, number)
        stage.port += 1


def by_two(stage, stops):
    """It does not wait then. Machines are shared: once out of three is enough, for who waits does so each time."""
    for _ in range(3):
        if stops(stage, signal.SIGINT, signal.SIGTERM) < PATIENCE:
            return
        stage.port += 1
    raise process.LabError("a second signal did not end it at once")


def no_answer(stage):
    """A host that takes no connection: less than a second is enough to find that out."""
    with contextlib.ExitStack() as stack:
        listening = stack.enter_context(socket.socket())
        listening.bind(("127.0.0.1", stage.port))
        listening.listen(0)
        for _ in range(4):  # that nobody accepts; more do not even wait
            waits = stack.enter_context(socket.socket())
            waits.setblocking(False)
            waits.connect_ex(("127.0.0.1", stage.port))
        _, status, err = stage.start("connect", "--timeout", "0.5").finish()
    same("end", (status, err), (2, f"zmtpscope: {stage.endpoint()}: Socket I/O timed out"))


def too_many_clients(stage):
    """Who comes beyond --max-clients is closed, and the log says whom."""
    log = stage.bench.directory / "refused.log"
    ours = stage.serve("-t", "REP", "--max-clients", "1", stdout=log.open("wb"))
    with client(stage, "REQ"), socket.create_connection(("127.0.0.1", stage.port)) as other:
        same("said to the second", other.recv(1), b"")
        port = other.getsockname()[1]
    same("end", ours.finish(True)[1:], (0, ""))
    noted = [line for line in log.read_text().splitlines() if line.startswith("- refused")]
    same("the log", noted, [f"- refused    tcp://127.0.0.1:{port}: more clients at a time than --max-clients"])


def closed_input(stage):
    """Standard input that is closed is at its end, and no place for the socket."""
    for number in 0, 1, 2:
        with socket.create_server(("127.0.0.1", stage.port)) as listening:
            ours = Ours(stage.bench, ["sh", "-c", f'exec "$@" {number}>&-', "sh", stage.program, "connect", "--null", "-q", "-w", "0",
                                      stage.endpoint()], stdin=subprocess.DEVNULL)
            accepted, _ = listening.accept()
            with stand(accepted, "ROUTER") as peer:
                same("said to the server", peer.recv(100), b"")
            same("end", ours.finish()[1:], (0, ""))
        stage.port += 1


# ---- memory ----

class Publisher:
    """serve as a PUB, whose log goes to a file and which has lines as they are said here."""

    def __init__(self, stage):
        self.stage = stage
        self.log = stage.bench.directory / f"{stage.port}.log"
        self.ours = stage.serve("-t", "PUB", stdout=self.log.open("wb"))

    def say(self, *lines):
        self.ours.process.stdin.write(b"".join(line + b"\n" for line in lines))
        self.ours.process.stdin.flush()

    def end(self, *notes):
        """Stops it. Each of the notes is in the log; the log."""
        used = memory(self.ours.process.pid)
        same("end", self.ours.finish(True)[1:], (0, ""))
        log = self.log.read_text().splitlines()
        for note in notes:
            if not any(note in line for line in log):
                raise process.LabError(f"the log does not say {note!r}: {[line for line in log if ' - ' in line][-20:]}")
        return log, used

    def bounded(self, used, most):
        """Sanitizers keep what was freed for a while."""
        if used > most + (640 * MIB if is_sanitized(self.stage.program) else 0):
            raise process.LabError(f"serve had {used / MIB:.0f} MiB, not {most / MIB:.0f}")


def command(name, body):
    octets = bytes([len(name)]) + name + body
    if len(octets) < 256:
        return bytes([4, len(octets)]) + octets
    return b"\x06" + len(octets).to_bytes(8, "big") + octets


def heard(peer, *lines):
    """The next messages are these."""
    for line in lines:
        head = take(peer, 2)
        same("message", (head[0], take(peer, head[1])), (0, line))


def settled(peer):
    """Until all that peer said is taken: a PING is answered behind it."""
    peer.sendall(command(b"PING", b"\0\0"))
    same("answer", take(peer, 7), command(b"PONG", b""))


def many_subscriptions(stage):
    """Of one client's so many are kept, and so many octets of them; the log says so once."""
    publisher = Publisher(stage)
    with client(stage, "SUB") as peer:
        peer.sendall(b"".join(command(b"SUBSCRIBE", b"%05d" % n) for n in range(SUBSCRIPTIONS + 2)))
        settled(peer)
        publisher.say(b"%05d" % SUBSCRIPTIONS, b"%05d" % (SUBSCRIPTIONS + 1), b"%05d" % (SUBSCRIPTIONS - 1))
        heard(peer, b"%05d" % (SUBSCRIPTIONS - 1))
    log, _ = publisher.end("c1 - too many   subscriptions")
    same("it is said once", len([line for line in log if "too many" in line]), 1)


def large_subscriptions(stage):
    publisher = Publisher(stage)
    with client(stage, "SUB") as peer:
        for n in range(200):
            peer.sendall(command(b"SUBSCRIBE", b"%d" % n + b"x" * (MIB - 10)))
        settled(peer)
        peer.sendall(command(b"SUBSCRIBE", b"a"))  # there is a little room left
        settled(peer)
        publisher.say(b"b", b"a")
        heard(peer, b"a")
    _, used = publisher.end("c1 - too many   subscriptions")
    publisher.bounded(used, 64 * MIB)


def same_subscription(stage):
    """Each topic is kept once, as libzmq does: one CANCEL takes it back."""
    publisher = Publisher(stage)
    with client(stage, "SUB") as peer:
        peer.sendall(command(b"SUBSCRIBE", b"news") * 3 + command(b"SUBSCRIBE", b"sport") + command(b"CANCEL", b"news"))
        settled(peer)
        publisher.say(b"news", b"sport")
        heard(peer, b"sport")
    publisher.end()


def good_one(stage, publisher):
    """A good client is served."""
    with client(stage, "SUB") as peer:
        peer.sendall(command(b"SUBSCRIBE", b"good"))
        settled(peer)
        publisher.say(b"good")
        heard(peer, b"good")


def halves(stage):
    """Clients that are open and begin with what they never finish."""
    publisher = Publisher(stage)
    with contextlib.ExitStack() as stack:
        for _ in range(14):
            peer = stack.enter_context(client(stage, "SUB"))
            with contextlib.suppress(ConnectionError):
                peer.sendall(b"\x06" + (63 * MIB).to_bytes(8, "big") + b"\x09SUBSCRIBE" + bytes(60 * MIB))
        good_one(stage, publisher)
    _, used = publisher.end("clients hold too much memory, and this one most of it")
    publisher.bounded(used, ALL_OPEN + 64 * MIB)


def unread(stage):
    """Subscribers that read nothing of large lines; one that reads has what is said to it all the while."""
    publisher = Publisher(stage)
    with contextlib.ExitStack() as stack:
        peers = [stack.enter_context(client(stage, "SUB")) for _ in range(24)]
        for peer in peers:
            peer.sendall(command(b"SUBSCRIBE", b"x"))
            settled(peer)
        good = stack.enter_context(client(stage, "SUB"))
        good.sendall(command(b"SUBSCRIBE", b"good"))
        settled(good)
        publisher.say(b"good 1", b"x" * LARGE, b"good 2", b"x" * LARGE, b"good 3")
        heard(good, b"good 1", b"good 2", b"good 3")
    _, used = publisher.end("clients hold too much memory, and this one most of it")
    publisher.bounded(used, ALL_OPEN + 128 * MIB)


ACTS = [("serve stops though a client reads nothing", lambda s: by_one(s, serve_stops)),
        ("connect stops though the server reads nothing", lambda s: by_one(s, connect_stops)),
        ("serve stops at once at a second signal", lambda s: by_two(s, serve_stops)),
        ("connect stops at once at a second signal", lambda s: by_two(s, connect_stops)),
        ("connect gives up connecting", no_answer),
        ("more clients than may be", too_many_clients),
        ("standard input, output and error closed", closed_input),
        ("of many subscriptions some are kept", many_subscriptions),
        ("of large subscriptions some are kept", large_subscriptions),
        ("the same subscription is kept once", same_subscription),
        ("open clients that begin and do not finish", halves),
        ("open clients that read nothing", unread)]


def main():
    zmtpscope = program()
    with Bench("live-bounds", None) as bench:
        run_acts(ACTS, Stage(zmtpscope, bench))


if __name__ == "__main__":
    main()
