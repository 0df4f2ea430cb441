"""The stories, one function a capture. The docstring is MANIFEST's sentence; the answer lists the TCP connections in
order of their first packet. A binding peer outlives the connecting ones, so that nobody reconnects at the end."""
import time

import zmq

from lab import kdc, process
from lab.expectation import Connection, command

SERVICE = "zmq/server.zmtp.example"
OTHER_SERVICE = "zmq/archive.zmtp.example"
PORT = 5555
ONCE = {"RECONNECT_IVL": -1}
SHAKEN = ["await", "HANDSHAKE_SUCCEEDED", 1]
LEFT = ["await", "DISCONNECTED", 1]


def at(port=PORT, host="127.0.0.1"):
    """The endpoint of a socket."""
    return [f"tcp://{host}:{port}"]


def gssapi(client="alice", service=SERVICE, initiator="c2s"):
    """Who the two ends of a context are."""
    return {"client": client, "service": service, "initiator": initiator}


def asks(*questions):
    """A REQ socket's steps."""
    return [step for question in questions for step in (["send", question], ["recv"])]


def answers(*replies):
    """A REP socket's steps."""
    return [["reply", reply] for reply in replies] + [LEFT]


def hello(bench, interface="lo", plaintext=False):
    """Three requests of alice and their replies, recorded in a realm that is there already."""
    keytab = bench.keytab(SERVICE)
    bench.record(interface)
    server = bench.peer("server", "REP", answers("world 0", "world 1", "world 2"), bind=at(),
                        role=bench.acceptor(SERVICE, keytab, plaintext))
    client = bench.peer("client", "REQ", asks("hello 0", "hello 1", "hello 2"), connect=at(),
                        role=bench.initiator("alice", SERVICE, plaintext))
    return [Connection(client, server, "GSSAPI", plaintext=plaintext, gssapi=gssapi(),
                       defects=["plaintext-mode"] if plaintext else [])]


def reqrep(bench):
    """A REQ socket of alice asks a REP socket three times and is answered, all sealed."""
    bench.realm(["alice"], [SERVICE, OTHER_SERVICE])
    bench.wrong_keytab("wrong.keytab", "no-principal", OTHER_SERVICE)
    bench.wrong_keytab("older-kvno.keytab", "kvno-newer", SERVICE)
    bench.kdc.rekey(SERVICE)
    connections = hello(bench)
    bench.finish()
    bench.kdc.rekey(SERVICE)
    bench.wrong_keytab("newer-kvno.keytab", "kvno-older", SERVICE)
    for name, why, enctype in (("key-differs.keytab", "key-differs", kdc.AES256),
                               ("other-enctype.keytab", "no-enctype", kdc.AES128)):
        namesake = kdc.Kdc(bench.directory / name, (enctype,))
        namesake.principal(SERVICE)
        namesake.rekey(SERVICE)
        bench.wrong_keytab(name, why, SERVICE, namesake)
    return connections


def reqrep_aes128(bench):
    """The same as reqrep with keys of AES128 throughout, recorded on all interfaces (link type SLL2)."""
    bench.realm(["alice"], [SERVICE], [kdc.AES128])
    return hello(bench, interface="any")


def plaintext(bench):
    """The same as reqrep with ZMQ_GSSAPI_PLAINTEXT on both sides: authenticated once, then in clear."""
    bench.realm(["alice"], [SERVICE])
    return hello(bench, plaintext=True)


def pubsub(bench):
    """A SUB of alice subscribes and unsubscribes, which libzmq 4.3.4 loses when sealed: nothing is delivered. An XSUB
    of bob sends its subscription as a message of 01 and the topic: that works."""
    bench.realm(["alice", "bob"], [SERVICE])
    keytab = bench.keytab(SERVICE)
    bench.record()
    publisher = bench.peer("publisher", "XPUB", [
        ["recv"],  # the SUB's topic, as if it were a message to the publisher
        ["recv"],  # the XSUB's subscription
        ["send", "weather.zurich", "rain"], ["send", "weather.bern", "snow"], ["send", "sport", "nobody asked"],
        ["recv"], ["recv"],  # both unsubscriptions
        ["send", "weather.basel", "too late"],
        ["await", "DISCONNECTED", 2]], bind=at(), role=bench.acceptor(SERVICE, keytab))
    sub = bench.peer("sub", "SUB", [
        ["subscribe", "weather"], SHAKEN, ["nothing", 2], ["unsubscribe", "weather"], ["nothing", 1]],
        connect=at(), role=bench.initiator("alice", SERVICE))
    process.await_text(publisher.log, '"received"', publisher.process)
    xsub = bench.peer("xsub", "XSUB", [
        SHAKEN, ["send", {"hex": "01" + b"weather".hex()}], ["recv"], ["recv"], ["nothing", 0.5],
        ["send", {"hex": "00" + b"weather".hex()}], ["nothing", 2.5]],
        connect=at(), role=bench.initiator("bob", SERVICE))
    return [Connection(sub, publisher, "GSSAPI", gssapi=gssapi(), defects=["subscription-lost"] * 2),
            Connection(xsub, publisher, "GSSAPI", gssapi=gssapi("bob"))]


def pubsub_null(bench):
    """A SUB subscribes to two topics, is sent what it asked for, and cancels one: SUBSCRIBE and CANCEL in clear."""
    bench.record()
    publisher = bench.peer("publisher", "XPUB", [
        ["recv"], ["recv"], ["send", "weather.zurich", "rain"], ["send", "sport", "1:0"],
        ["send", "politics", "nobody asked"], ["recv"], ["send", "weather.bern", "too late"],
        ["send", "sport", "1:1"], LEFT], bind=at())
    sub = bench.peer("sub", "SUB", [
        ["subscribe", "weather"], ["subscribe", "sport"], ["recv"], ["recv"], ["unsubscribe", "weather"],
        ["recv"]], connect=at())
    commands = [{**command("SUBSCRIBE", "c2s"), "topic": "weather"},
                {**command("SUBSCRIBE", "c2s"), "topic": "sport"},
                {**command("CANCEL", "c2s"), "topic": "weather"}]
    return [Connection(sub, publisher, commands=commands)]


def dealer_router(bench):
    """Two DEALERs of alice and bob with routing ids send requests of several parts to one ROUTER; both sides send
    heartbeats."""
    bench.realm(["alice", "bob"], [SERVICE])
    keytab = bench.keytab(SERVICE)
    bench.record()
    beat = {"HEARTBEAT_IVL": 200, "HEARTBEAT_TTL": 3000, "HEARTBEAT_TIMEOUT": 5000}
    router = bench.peer("router", "ROUTER", [["reply", "", "answer", str(i)] for i in range(6)] +
                        [["await", "DISCONNECTED", 2]],
                        bind=at(), role=bench.acceptor(SERVICE, keytab), options=beat)
    dealers = []
    for principal in ("alice", "bob"):
        steps = [["send", "", "request", f"{principal} {i}", "" if i == 1 else "last"] for i in range(3)]
        steps += [["recv"]] * 3 + [["sleep", 1.1]]
        dealers.append(bench.peer(f"dealer-{principal}", "DEALER", steps, connect=at(),
                                  role=bench.initiator(principal, SERVICE),
                                  options={"ROUTING_ID": f"dealer-{principal}", **beat}))
        process.await_text(dealers[-1].log, '"received"', dealers[-1].process)
    beats = [{"name": name, "direction": direction, "at_least": 2}
             for name in ("PING", "PONG") for direction in ("c2s", "s2c")]
    return [Connection(dealer, router, "GSSAPI", gssapi=gssapi(principal), commands=beats)
            for principal, dealer in zip(("alice", "bob"), dealers)]


def payloads(bench):
    """A REQ of alice asks in JSON, XML, MessagePack and Protobuf and is answered in kind; an XSUB of bob is sent the
    same on four topics, in messages of two parts; all sealed."""
    # {"station": "zurich", "celsius": 21.5, "rain": false}, and a Protobuf message of a string, a double and a bool
    packed = {"hex": "83a773746174696f6ea67a7572696368a763656c73697573cb4035800000000000a47261696ec2"}
    fields = {"hex": "0a067a7572696368110000000000803540" "1801"}
    said = ['{"station": "zurich", "celsius": 21.5, "rain": false}',
            '<?xml version="1.0"?><report station="zurich"><celsius>21.5</celsius></report>', packed, fields]
    topics = ["weather.json", "weather.xml", "weather.msgpack", "telemetry.protobuf"]
    bench.realm(["alice", "bob"], [SERVICE])
    keytab = bench.keytab(SERVICE)
    bench.record()
    server = bench.peer("server", "REP", answers(*said), bind=at(), role=bench.acceptor(SERVICE, keytab))
    client = bench.peer("client", "REQ", asks(*said), connect=at(), role=bench.initiator("alice", SERVICE))
    process.await_text(client.log, '"received"', client.process, times=len(said))
    publisher = bench.peer("publisher", "XPUB", [
        ["recv"], *(["send", topic, what] for topic, what in zip(topics, said)), LEFT],
        bind=at(PORT + 1), role=bench.acceptor(SERVICE, keytab))
    xsub = bench.peer("xsub", "XSUB", [SHAKEN, ["send", {"hex": "01"}], *[["recv"]] * len(topics)],
                      connect=at(PORT + 1), role=bench.initiator("bob", SERVICE))
    return [Connection(client, server, "GSSAPI", gssapi=gssapi()),
            Connection(xsub, publisher, "GSSAPI", gssapi=gssapi("bob"))]


def push_pull(bench):
    """A PUSH sends messages of every size around which the framing changes, and one of 2.5 million octets."""
    bench.realm(["alice"], [SERVICE])
    keytab = bench.keytab(SERVICE)
    bench.record()
    sizes = (0, 1, 254, 255, 256, 257, 65535, 65536, 2_500_000)
    pull = bench.peer("pull", "PULL", [["recv"]] * len(sizes) + [LEFT], bind=at(),
                      role=bench.acceptor(SERVICE, keytab))
    push = bench.peer("push", "PUSH", [["send", {"fill": size}] for size in sizes], connect=at(),
                      role=bench.initiator("alice", SERVICE))
    return [Connection(push, pull, "GSSAPI", gssapi=gssapi())]


def several(bench):
    """Three connections at once to three ports: alice to one service, bob to it and alice to another, interleaved;
    a pcapng file."""
    bench.realm(["alice", "bob"], [SERVICE, OTHER_SERVICE])
    keytab = bench.keytab(SERVICE, OTHER_SERVICE)
    bench.record()
    plan = (("alice", SERVICE), ("bob", SERVICE), ("alice", OTHER_SERVICE))
    connections = []
    for number, (principal, service) in enumerate(plan):
        port = PORT + number
        server = bench.peer(f"server-{port}", "REP", answers(*(f"answer {i} of {port}" for i in range(4))),
                            bind=at(port), role=bench.acceptor(service, keytab))
        steps = [step for i in range(4)
                 for step in (["send", f"question {i} to {port}"], ["recv"], ["sleep", 0.2])]
        client = bench.peer(f"client-{port}", "REQ", steps, connect=at(port),
                            role=bench.initiator(principal, service))
        connections.append(Connection(client, server, "GSSAPI", gssapi=gssapi(principal, service)))
        process.await_text(client.log, '"sent"', client.process)
    return connections


def acceptor_connects(bench):
    """The GSSAPI server is the side that connects, over IPv6: the first INITIATE comes from the TCP server."""
    bench.realm(["alice"], [SERVICE])
    keytab = bench.keytab(SERVICE)
    bench.record()
    v6 = {"IPV6": 1}
    client = bench.peer("client", "REQ", asks("hello 0", "hello 1") + [LEFT], bind=at(host="[::1]"),
                        role=bench.initiator("alice", SERVICE), options=v6)
    server = bench.peer("server", "REP", [["reply", "world 0"], ["reply", "world 1"]],
                        connect=at(host="[::1]"), role=bench.acceptor(SERVICE, keytab), options=v6)
    return [Connection(server, client, "GSSAPI", gssapi=gssapi(initiator="s2c"))]


def f1_wrong_key(bench):
    """Failure F1: the service was given new keys at the KDC and not in its keytab; it meets alice's ticket with
    silence until she hangs up after 30 s and tries again. The recording ends in the second try."""
    bench.realm(["alice"], [SERVICE])
    stale = bench.wrong_keytab("f1-server.keytab", "kvno-newer", SERVICE)
    accepting = bench.acceptor(SERVICE, stale)
    bench.kdc.kinit(SERVICE, accepting["env"]["KRB5CCNAME"])  # the old key gets no ticket any more
    bench.kdc.rekey(SERVICE)
    bench.keytab(SERVICE)
    bench.record()
    server = bench.peer("server", "REP", [["await", "DISCONNECTED", 2]], bind=at(), role=accepting)
    client = bench.peer("client", "REQ", [["await", "CONNECTED", 2], ["sleep", 4]], connect=at(),
                        role=bench.initiator("alice", SERVICE))
    process.await_text(client.log, '"CONNECTED"', client.process, seconds=60, times=2)
    time.sleep(1)  # the second try's AP-REQ
    bench.stop_recording()
    one = {"client": client, "server": server, "mechanism": "GSSAPI", "gssapi": gssapi(),
           "commands": [command("INITIATE", "c2s")]}
    return [Connection(**one, outcome="failed"), Connection(**one, outcome="incomplete")]


def f2_server_no_ccache(bench):
    """Failure F2: the server has a keytab and nothing to initiate with, so that libzmq gets it no credential; it
    answers alice's ticket with a SPNEGO hint. Her handshake timeout is 2 s here, and she tries once more."""
    bench.realm(["alice"], [SERVICE])
    keytab = bench.keytab(SERVICE)
    bench.record()
    server = bench.peer("server", "REP", [["await", "DISCONNECTED", 2]], bind=at(),
                        role=bench.acceptor(SERVICE, keytab, client_keytab=bench.directory / "none"))
    client = bench.peer("client", "REQ", [["await", "DISCONNECTED", 2]], connect=at(),
                        role=bench.initiator("alice", SERVICE),
                        options={"HANDSHAKE_IVL": 2000, "RECONNECT_IVL": 1000})
    commands = [command("INITIATE", "c2s"), command("INITIATE", "s2c")]
    return [Connection(client, server, "GSSAPI", gssapi=gssapi(), outcome="failed", commands=commands,
                       defects=["acceptor-hint"])
            for _ in range(2)]


def mechanism_mismatch(bench):
    """GSSAPI client and NULL server, NULL client and GSSAPI server, GSSAPI client and CURVE server: all refused."""
    bench.realm(["alice"], [SERVICE])
    keytab = bench.keytab(SERVICE)
    bench.record()
    _, secret = zmq.curve_keypair()
    roles = {"NULL": {}, "GSSAPI": {"role": bench.acceptor(SERVICE, keytab)},
             "CURVE": {"options": {"CURVE_SERVER": 1, "CURVE_SECRETKEY": secret.decode()}}}
    connections = []
    for number, (ours, theirs) in enumerate((("GSSAPI", "NULL"), ("NULL", "GSSAPI"), ("GSSAPI", "CURVE"))):
        port = PORT + number
        server = bench.peer(f"server-{port}", "REP", [LEFT], bind=at(port), **roles[theirs])
        role = bench.initiator("alice", SERVICE) if ours == "GSSAPI" else None
        client = bench.peer(f"client-{port}", "REQ", [LEFT], connect=at(port), role=role, options=ONCE)
        connections.append(Connection(client, server, ours, server_mechanism=theirs, outcome="failed"))
        process.await_text(client.log, "DISCONNECTED", client.process)
    return connections


def null(bench):
    """REQ and REP without any security mechanism; the second request is longer than a short frame."""
    bench.record()
    server = bench.peer("server", "REP", answers("world 0", "world 1"), bind=at())
    client = bench.peer("client", "REQ", asks("hello 0", {"fill": 300}), connect=at())
    return [Connection(client, server)]


def plain(bench):
    """PLAIN: a user with the right password is let in, one with a wrong one is sent an ERROR."""
    bench.record()
    server = bench.peer("server", "REP", [["reply", "world 0"], ["await", "DISCONNECTED", 2]], bind=at(),
                        options={"PLAIN_SERVER": 1}, passwords={"admin": "secret"})
    admin = {"PLAIN_USERNAME": "admin", "PLAIN_PASSWORD": "secret"}
    client = bench.peer("client", "REQ", asks("hello 0"), connect=at(), options=admin)
    client.wait()
    guesser = bench.peer("guesser", "REQ", [LEFT], connect=at(),
                         options={**admin, "PLAIN_PASSWORD": "guess", **ONCE})
    refused = [command("HELLO", "c2s"), command("ERROR", "s2c")]
    return [Connection(client, server, "PLAIN"),
            Connection(guesser, server, "PLAIN", outcome="failed", commands=refused, defects=["command-name"])]


def curve(bench):
    """REQ and REP under CURVE: the handshake's commands are seen, READY's contents and the messages are not."""
    bench.record()
    public, secret = zmq.curve_keypair()
    own_public, own_secret = zmq.curve_keypair()
    server = bench.peer("server", "REP", answers("world 0", "world 1"), bind=at(),
                        options={"CURVE_SERVER": 1, "CURVE_SECRETKEY": secret.decode()})
    client = bench.peer("client", "REQ", asks("hello 0", "hello 1"), connect=at(), options={
        "CURVE_SERVERKEY": public.decode(), "CURVE_PUBLICKEY": own_public.decode(),
        "CURVE_SECRETKEY": own_secret.decode()})
    return [Connection(client, server, "CURVE")]


STORIES = {story.__name__.replace("_", "-"): story for story in (
    reqrep, reqrep_aes128, pubsub, pubsub_null, dealer_router, payloads, push_pull, several, acceptor_connects, plaintext,
    f1_wrong_key, f2_server_no_ccache, mechanism_mismatch, null, plain, curve)}
PCAPNG = {"several"}
