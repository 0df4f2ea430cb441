#!/usr/bin/python3
"""Live test: live_read.py ZMTPSCOPE. A KDC and libzmq peers are started, their traffic is recorded, and what
`zmtpscope read -K KEYTAB --json` tells is held against what the peers logged: every message of both directions, its
order, its MORE, its octets, and the context's principals and enctypes.

Nothing is skipped: whatever is missing fails the test. On a failure capture, keytab and events are kept in
live-failed/ below the current directory. Texts are new in every run.
Limits: GSSAPI with AES-SHA1; the other mechanisms are the captures' business."""
import base64
import json
import pathlib
import secrets
import shutil
import subprocess
import sys

PROJECT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(PROJECT / "captures"))

from lab import expectation, kdc, process, recorder  # noqa: E402
from lab.bench import Bench  # noqa: E402
from lab.expectation import Connection  # noqa: E402
from lab.stories import LEFT, SERVICE, answers, asks, at, gssapi  # noqa: E402
from ours import program  # noqa: E402

CONTEXT = ("opened", "client_principal", "service_principal", "ticket_etype", "session_etype", "subkey_etype",
           "subkey_from")


def reqrep(bench, enctype):
    """One REQ, one REP, texts that nobody knew before."""
    bench.realm(["alice"], [SERVICE], [enctype])
    keytab = bench.keytab(SERVICE)
    bench.record()
    server = bench.peer("server", "REP", answers(*(secrets.token_hex(8) for _ in range(20))), bind=at(),
                        role=bench.acceptor(SERVICE, keytab))
    client = bench.peer("client", "REQ", asks(*(secrets.token_hex(i) for i in range(20))), connect=at(),
                        role=bench.initiator("alice", SERVICE))
    return [Connection(client, server, "GSSAPI", gssapi=gssapi())]


def dealer_router(bench, enctype):
    """Two DEALERs with messages of several parts, some of them empty, and heartbeats in between."""
    bench.realm(["alice", "bob"], [SERVICE], [enctype])
    keytab = bench.keytab(SERVICE)
    bench.record()
    beat = {"HEARTBEAT_IVL": 100, "HEARTBEAT_TIMEOUT": 5000}
    router = bench.peer("router", "ROUTER", [["reply", "", "answer", secrets.token_hex(8)] for _ in range(12)] +
                        [["await", "DISCONNECTED", 2]],
                        bind=at(), role=bench.acceptor(SERVICE, keytab), options=beat)
    connections = []
    for principal in ("alice", "bob"):
        steps = [["send", "", secrets.token_hex(4), "", {"hex": secrets.token_hex(300)}] for _ in range(6)]
        dealer = bench.peer(principal, "DEALER", steps + [["recv"]] * 6 + [["sleep", 0.5]], connect=at(),
                            role=bench.initiator(principal, SERVICE), options={"ROUTING_ID": principal, **beat})
        process.await_text(dealer.log, '"received"', dealer.process)
        connections.append(Connection(dealer, router, "GSSAPI", gssapi=gssapi(principal)))
    return connections


def push_pull(bench, enctype):
    """Messages of all sizes around a frame's limits, and large ones."""
    bench.realm(["alice"], [SERVICE], [enctype])
    keytab = bench.keytab(SERVICE)
    bench.record()
    sizes = (0, 1, 253, 254, 255, 256, 65535, 65536, 3_000_000, 17, 1_000_003)
    pull = bench.peer("pull", "PULL", [["recv"]] * len(sizes) + [LEFT], bind=at(),
                      role=bench.acceptor(SERVICE, keytab))
    steps = [["send", {"hex": secrets.token_hex(size)}] for size in sizes]
    push = bench.peer("push", "PUSH", steps, connect=at(), role=bench.initiator("alice", SERVICE))
    return [Connection(push, pull, "GSSAPI", gssapi=gssapi())]


def read(zmtpscope, keytab, capture):
    """The events that zmtpscope tells, as objects."""
    done = subprocess.run([zmtpscope, "read", "-K", str(keytab), "--json", str(capture)],
                          capture_output=True, text=True, timeout=120, check=False)
    if done.returncode != 0:
        raise process.LabError(f"zmtpscope read ended with {done.returncode}: {done.stderr.strip()}")
    (capture.parent / "events.json").write_text(done.stdout)
    return [json.loads(line) for line in done.stdout.splitlines()]


def differences(number, connection, events):
    """What the events of one connection tell otherwise than its peers; a list of sentences."""
    own = [event for event in events if event.get("connection") == number]
    told = {kind: [event for event in own if event["event"] == kind]
            for kind in ("context", "command", "message", "close", "defect", "gap")}
    found = [f"unexpected {event}" for event in told["defect"] + told["gap"]]
    if [event["outcome"] for event in told["close"]] != ["established"]:
        found.append(f"close tells {told['close']}")
    found += context_differences(expectation.context(connection), told["context"])
    for direction, peer in connection.peers().items():
        sent = [(index < len(parts) - 1, part)
                for parts in expectation.wire_messages(connection, direction)
                for index, part in enumerate(parts)]
        messages = [event for event in told["message"] if event["direction"] == direction]
        found += message_differences(direction, sent, messages)
        ready = [event.get("metadata") for event in told["command"]
                 if event["name"] == "READY" and event["direction"] == direction]
        if ready != [expectation.metadata(peer)]:
            found.append(f"{direction}: READY tells {ready}, {peer.name} is {expectation.metadata(peer)}")
    return [f"connection {number}: {sentence}" for sentence in found]


def context_differences(expected, told):
    if len(told) != 1:
        return [f"{len(told)} contexts instead of one"]
    return [f"context: {name} is {told[0].get(name)!r}, not {expected[name]!r}"
            for name in CONTEXT if told[0].get(name) != expected[name]]


def message_differences(direction, sent, messages):
    found = []
    if len(messages) != len(sent):
        found.append(f"{direction}: {len(messages)} messages, {len(sent)} were sent")
    for index, ((more, part), event) in enumerate(zip(sent, messages)):
        if (event["more"], event["length"]) != (more, len(part)):
            found.append(f"{direction} {index}: more, length are {event['more']}, {event['length']}, "
                         f"not {more}, {len(part)}")
        elif base64.b64decode(event["data"]) != part:
            found.append(f"{direction} {index}: other octets than were sent")
        if not (event["wrapped"] and event["confidential"] and event["verified"]):
            found.append(f"{direction} {index}: not told as sealed and verified")
    return found


def keep(bench):
    """Leaves behind what the failure can be looked at with."""
    target = pathlib.Path("live-failed") / bench.name
    shutil.rmtree(target, ignore_errors=True)
    target.mkdir(parents=True)
    for pattern in ("*.pcap", "*.keytab", "*.log", "*.trace", "*.err", "events.json"):
        for path in bench.directory.glob(pattern):
            shutil.copy(path, target)
    return target.resolve()


def live(zmtpscope, story, enctype):
    """One story: how many messages were compared."""
    with Bench(f"{story.__name__}-{enctype.partition('-')[0]}", None) as bench:
        bench.output = bench.directory
        try:
            connections = story(bench, enctype)
            capture = bench.finish()
            expectation.check_handshakes(connections)
            flows = recorder.flows(capture)
            if len(flows) != len(connections):
                raise process.LabError(f"{len(flows)} TCP connections, {len(connections)} were made")
            events = read(zmtpscope, bench.directory / f"{bench.name}.keytab", capture)
            found = [sentence for number, connection in enumerate(connections, 1)
                     for sentence in differences(number, connection, events)]
            if found:
                raise process.LabError("\n".join(found[:40]))
        except (process.LabError, subprocess.TimeoutExpired, ValueError, KeyError) as error:
            raise process.LabError(f"{bench.name}: {type(error).__name__}: {error}\nkept in {keep(bench)}") from error
        return bench.name, sum(event["event"] == "message" for event in events)


def main():
    zmtpscope = program()
    try:
        for story, enctype in ((reqrep, kdc.AES256), (reqrep, kdc.AES128), (dealer_router, kdc.AES256),
                               (push_pull, kdc.AES256), (push_pull, kdc.AES128)):
            name, count = live(zmtpscope, story, enctype)
            print(f"{name}: {count} messages as they were sent", flush=True)
    except process.LabError as error:
        sys.exit(f"live_read: {error}")


if __name__ == "__main__":
    main()
