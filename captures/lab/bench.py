"""The bench on which one story is set up: a temporary directory, a KDC where one is needed, a recorder, peers.

Everything started here ends with the `with` block, whatever happens in it."""
import base64
import contextlib
import json
import pathlib
import subprocess
import sys
import tempfile

from lab import kdc, process, recorder

PEER = pathlib.Path(__file__).with_name("peer.py")
KRB5_PRINCIPAL_NAME = 2  # ZMQ_GSSAPI_NT_KRB5_PRINCIPAL: the name as it stands, nothing canonicalised
PEER_PATIENCE = 120.0


class Peer:
    """A running peer.py, and after it has ended what its log says."""

    def __init__(self, bench, config, env):
        self.bench = bench
        self.name = config["name"]
        self.type = config["type"]
        self.options = config["options"]
        self.env = env
        self.log = bench.directory / f"{self.name}.log"
        self.trace = bench.directory / f"{self.name}.trace"
        self.errors = bench.directory / f"{self.name}.err"
        file = bench.directory / f"{self.name}.json"
        file.write_text(json.dumps(config))
        with self.errors.open("w") as errors:
            self.process = process.start(
                [sys.executable, str(PEER), str(file), str(self.log)],
                env={**env, "KRB5_TRACE": str(self.trace)}, stdout=errors, stderr=errors)
        if config["bind"]:
            process.await_text(self.log, '"bound"', self.process)

    def wait(self):
        """Until the peer has taken its last step."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.process.wait(PEER_PATIENCE)
        if not self.events("done"):
            raise process.LabError(f"peer {self.name} did not take every step:\n"
                                   f"{self.log.read_text()[-2000:]}{self.errors.read_text()[-2000:]}")

    def events(self, *kinds):
        """The log's entries of these kinds, in order."""
        lines = map(json.loads, self.log.read_text().splitlines())
        return [line for line in lines if line["event"] in kinds]

    def messages(self, kind):
        """What was "sent" or "received": a list of messages, each a list of its parts' octets."""
        return [[base64.b64decode(part) for part in line["frames"]] for line in self.events(kind)]

    def handshakes(self):
        """How many handshakes this peer took for successful."""
        told = self.events("monitor")
        return sum(line["name"] == "HANDSHAKE_SUCCEEDED" for line in told)


class Bench(contextlib.ExitStack):
    """with Bench("reqrep", directory) as bench: its files go to directory."""

    def __init__(self, name, output):
        super().__init__()
        self.name = name
        self.output = output
        self.directory = pathlib.Path(self.enter_context(
            tempfile.TemporaryDirectory(prefix="zmtpscope-lab-")))
        self.kdc = None
        self.recorder = None
        self.peers = []

    def realm(self, principals, services, enctypes=(kdc.AES256,)):
        """A realm with these principals, a running KDC and the story's keytab: all keys of the services."""
        self.kdc = kdc.Kdc(self.directory / "kdc", enctypes)
        for name in (*principals, *services):
            self.kdc.principal(name)
        self.kdc.start(self)

    def keytab(self, *services, name=None):
        """A committed keytab with the services' present keys."""
        path = self.output / f"{name or self.name}.keytab"
        path.unlink(missing_ok=True)
        self.kdc.keytab(path, *services)
        return path

    def initiator(self, principal, service, plaintext=False):
        """What makes a peer a GSSAPI client: socket options, and a ticket-granting ticket in its environment."""
        cache = self.directory / f"{len(self.peers)}.ccache"
        self.kdc.kinit(principal, cache)
        options = {"GSSAPI_SERVICE_PRINCIPAL": f"{service}@{kdc.REALM}",
                   "GSSAPI_SERVICE_PRINCIPAL_NAMETYPE": KRB5_PRINCIPAL_NAME}
        if plaintext:
            options["GSSAPI_PLAINTEXT"] = 1
        return {"options": options, "env": {"KRB5CCNAME": cache}}

    def acceptor(self, service, keytab, plaintext=False, credentials=True):
        """What makes a peer a GSSAPI server. libzmq acquires its credential for both directions, so that a
        keytab is not enough: without credentials to initiate with, it is failure F2."""
        options = {"GSSAPI_SERVER": 1, "GSSAPI_PRINCIPAL": f"{service}@{kdc.REALM}",
                   "GSSAPI_PRINCIPAL_NAMETYPE": KRB5_PRINCIPAL_NAME}
        if plaintext:
            options["GSSAPI_PLAINTEXT"] = 1
        caches = self.directory / f"{len(self.peers)}.ccaches"
        caches.mkdir()
        env = {"KRB5_KTNAME": keytab, "KRB5CCNAME": f"DIR:{caches}",
               "KRB5_CLIENT_KTNAME": keytab if credentials else "/nonexistent"}
        return {"options": options, "env": env}

    def record(self, interface="lo"):
        """From here on everything is in the capture."""
        path = self.directory / f"{self.name}.pcap"
        self.recorder = recorder.Recorder(self, path, interface)

    def peer(self, name, kind, steps, bind=(), connect=(), role=None, options=None, linger=2000):
        """Starts a peer; a binding one is bound when this returns."""
        role = role or {"options": {}, "env": {}}
        config = {"name": name, "type": kind, "bind": list(bind), "connect": list(connect),
                  "options": {**role["options"], **(options or {})}, "linger": linger, "steps": steps}
        plain = {"PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8"}
        env = self.kdc.env(**role["env"]) if self.kdc else plain
        peer = Peer(self, config, env)
        self.callback(process.stop, peer.process)
        self.peers.append(peer)
        return peer

    def finish(self):
        """Waits for all peers, ends the recording and answers its path."""
        for peer in self.peers:
            peer.wait()
        self.recorder.stop()
        return self.recorder.path
