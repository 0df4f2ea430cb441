"""sharkd with the plugin: Wireshark's engine as its window drives it, packets in any order, preferences that change.

Octets that are no UTF-8 come as lone surrogates.
Limits: an answer that takes longer than subject.LIMIT seconds fails its test.
"""
import json
import os
import re
import select
import signal
import subprocess

import subject

CHAT = re.compile(rb"Hello in child\.|load: filename=|sharkd_session_process_tap\(\) count=")  # what sharkd says by itself


class Sharkd:
    """with Sharkd(BUILD) as shark: requests and answers of its JSON-RPC. It must end well and say nothing else.
    host: how it is started, as ZS_HOST of scripts/tshark; environment: beside the test's own."""

    def __init__(self, build, host="sharkd", environment=None):
        self.build = build
        self.environment = {**os.environ, **(environment or {}), "ZS_BUILD": str(build), "ZS_HOST": host}
        self.serial = 0
        self.errors = b""

    def __enter__(self):
        self.process = subprocess.Popen(
            [subject.ROOT / "scripts/tshark", "-"], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, start_new_session=True, bufsize=0, env=self.environment)
        self.pending = b""
        return self

    def __exit__(self, kind, *_):
        try:
            out, errors = self.process.communicate(timeout=subject.LIMIT)
        except BaseException:
            os.killpg(self.process.pid, signal.SIGKILL)
            raise
        errors = b"\n".join(line for line in errors.splitlines() if not CHAT.match(line))
        if kind is None and (self.process.returncode != 0 or out or errors):
            raise AssertionError(f"sharkd: exit status {self.process.returncode}: {errors.decode()}{out.decode()}")

    def answer(self):
        while b"\n" not in self.pending:
            ready, _, _ = select.select([self.process.stdout], [], [], subject.LIMIT)
            more = os.read(self.process.stdout.fileno(), 1 << 20) if ready else b""
            if not more:
                os.killpg(self.process.pid, signal.SIGKILL)
                raise AssertionError(f"sharkd: no answer: {self.process.stderr.read().decode()}")
            self.pending += more
        line, _, self.pending = self.pending.partition(b"\n")
        return json.loads(line.decode("utf-8", "surrogateescape"))

    def call(self, method, **parameters):
        self.serial += 1
        request = {"jsonrpc": "2.0", "id": self.serial, "method": method}
        if parameters:
            request["params"] = parameters
        self.process.stdin.write(json.dumps(request).encode() + b"\n")
        answer = self.answer()
        if "result" not in answer:
            raise AssertionError(f"sharkd: {request}: {answer}")
        return answer["result"]

    def load(self, capture):
        """Opens a capture (again); the number of its packets."""
        self.call("load", file=str(subject.CAPTURES / capture))
        return self.call("status")["frames"]

    def prefer(self, name, value):
        """Sets a preference, which counts from the next load()."""
        self.call("setconf", name=name, value=str(value))

    def tree(self, number):
        """The tree of a packet."""
        return self.call("frame", frame=number, proto=True)["tree"]


def fields(nodes, name):
    """The values, as text, of every field of this name below these nodes, in the order of the tree."""
    found = []
    for node in nodes:
        match = re.fullmatch(re.escape(name) + r" == (.*)", node.get("f", ""), re.S)
        found += ([match[1]] if match else []) + fields(node.get("n", []), name)
    return found


def protocols(nodes):
    """The names of the protocols of a packet."""
    return [node["f"] for node in nodes if re.fullmatch(r"[a-z0-9_.-]+", node.get("f", ""))]
