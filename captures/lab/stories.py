"""The stories: one function a capture. Its first docstring sentence is MANIFEST's."""
from lab import kdc
from lab.expectation import Connection

SERVICE = "zmq/server.zmtp.example"
PORT = 5555


def at(port=PORT, host="127.0.0.1"):
    """The endpoint of a socket."""
    return [f"tcp://{host}:{port}"]


def gssapi(client="alice", service=SERVICE, initiator="c2s"):
    """Who the two ends of a connection are."""
    return {"client": client, "service": service, "initiator": initiator}


def greetings(bench, interface="lo"):
    """alice asks three times, the service answers three times."""
    keytab = bench.keytab(SERVICE)
    bench.record(interface)
    server = bench.peer("server", "REP", [["reply", f"world {i}"] for i in range(3)],
                        bind=at(), role=bench.acceptor(SERVICE, keytab))
    asks = [step for i in range(3) for step in (["send", f"hello {i}"], ["recv"])]
    client = bench.peer("client", "REQ", asks, connect=at(),
                        role=bench.initiator("alice", SERVICE))
    return [Connection(client, server, "GSSAPI", gssapi=gssapi())]


def reqrep(bench):
    """A REQ socket of alice asks a REP socket three times and is answered, all sealed."""
    bench.realm(["alice"], [SERVICE])
    return greetings(bench)


STORIES = {"reqrep": reqrep}
