#!/usr/bin/python3
"""Live test: live_bounds.py ZMTPSCOPE. What a peer can cost `zmtpscope connect` and `serve`: who reads nothing keeps
neither from being stopped.

Limits: NULL, said by hand; what is said before a security context stands is tests/live/live_hostile.py's business."""
import pathlib
import signal
import socket
import sys
import time

PROJECT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(PROJECT / "captures"))

from lab import process  # noqa: E402
from lab.bench import Bench  # noqa: E402
from ours import LIMIT, Ours, await_port, handshake, program, run_acts, same  # noqa: E402

MIB = 1 << 20
LARGE = 32 * MIB  # more than a socket takes that nobody reads
GREETING = 64  # octets
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


ACTS = [("serve stops though a client reads nothing", lambda s: by_one(s, serve_stops)),
        ("connect stops though the server reads nothing", lambda s: by_one(s, connect_stops)),
        ("serve stops at once at a second signal", lambda s: by_two(s, serve_stops)),
        ("connect stops at once at a second signal", lambda s: by_two(s, connect_stops))]


def main():
    zmtpscope = program()
    with Bench("live-bounds", None) as bench:
        run_acts(ACTS, Stage(zmtpscope, bench))


if __name__ == "__main__":
    main()
