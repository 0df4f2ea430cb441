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


def fresh(path):
    """path, with nothing there."""
    path.unlink(missing_ok=True)
    return path


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
        with self.errors.open("w") as errors:
            self.process = process.start(self.command(config), env={**env, "KRB5_TRACE": str(self.trace)},
                                         stdout=errors, stderr=errors)
        if config["bind"]:
            process.await_text(self.log, '"bound"', self.process)

    def command(self, config):
        """What runs it."""
        file = self.bench.directory / f"{self.name}.json"
        file.write_text(json.dumps(config))
        return [sys.executable, str(PEER), str(file), str(self.log)]

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
        self.kvnos = {}
        self.wrong_keytabs = []

    def realm(self, principals, services, enctypes=(kdc.AES256,)):
        """A realm with these principals, users and services alike, and a running KDC."""
        self.kdc = kdc.Kdc(self.directory / "kdc", enctypes)
        for name in (*principals, *services):
            self.kdc.principal(name)
        self.kdc.start(self)

    def keytab(self, *services):
        """The story's keytab, which is committed: the services' present keys."""
        path = fresh(self.output / f"{self.name}.keytab")
        self.kdc.keytab(path, *services)
        self.kvnos.update((service, self.kdc.kvno(service)) for service in services)
        return path

    def wrong_keytab(self, name, why, service, realm=None):
        """A committed keytab that does not open this story's capture; why, as zmtpscope calls the reason."""
        path = fresh(self.output / name)
        (realm or self.kdc).keytab(path, service)
        self.wrong_keytabs.append({"file": name, "why": why})
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

    def acceptor(self, service, keytab, plaintext=False, client_keytab=None):
        """What makes a peer a GSSAPI server. libzmq acquires its credential for both directions, so that a
        keytab is not enough: where client_keytab (by default the keytab) gives none, it needs a cache."""
        options = {"GSSAPI_SERVER": 1, "GSSAPI_PRINCIPAL": f"{service}@{kdc.REALM}",
                   "GSSAPI_PRINCIPAL_NAMETYPE": KRB5_PRINCIPAL_NAME}
        if plaintext:
            options["GSSAPI_PLAINTEXT"] = 1
        caches = self.directory / f"{len(self.peers)}.ccaches"
        caches.mkdir()
        env = {"KRB5_KTNAME": keytab, "KRB5CCNAME": f"DIR:{caches}",
               "KRB5_CLIENT_KTNAME": client_keytab or keytab}
        return {"options": options, "env": env}

    def record(self, interface="lo"):
        """From here on everything is in the capture."""
        path = self.directory / f"{self.name}.pcap"
        self.recorder = recorder.Recorder(self, path, interface)

    def peer(self, name, kind, steps, bind=(), connect=(), role=None, options=None, passwords=None,
             allow=None):
        """Starts a peer; a binding one is bound when this returns."""
        role = role or {"options": {}, "env": {}}
        config = {"name": name, "type": kind, "bind": list(bind), "connect": list(connect),
                  "options": {**role["options"], **(options or {})}, "passwords": passwords,
                  "allow": allow, "steps": steps}
        plain = {"PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8"}
        env = self.kdc.env(**role["env"]) if self.kdc else plain
        return self.join(Peer(self, config, env))

    def join(self, peer):
        """peer, which is one of the story's from now on."""
        self.callback(process.stop, peer.process)
        self.peers.append(peer)
        return peer

    def stop_recording(self):
        """Ends the recording; once is enough."""
        if not self.recorder.stopped:
            self.recorder.stop()

    def finish(self):
        """Waits for all peers, ends the recording and answers its path. May be called again."""
        for peer in self.peers:
            peer.wait()
        self.stop_recording()
        return self.recorder.path
