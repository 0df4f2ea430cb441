"""What the end-to-end tests look at: the captures with their MANIFEST, and zmtpscope read as they see it.

Limits: a program that runs longer than LIMIT seconds fails its test.
"""
import base64
import hashlib
import json
import os
import pathlib
import signal
import subprocess
import sys

import talk

ROOT = pathlib.Path(__file__).resolve().parents[2]
CAPTURES = ROOT / "captures"
LIMIT = 120
DIRECTIONS = ("c2s", "s2c")


sys.path.insert(0, str(CAPTURES))
from lab import surgery  # noqa: E402


def manifest():
    return json.loads((CAPTURES / "MANIFEST").read_text())["captures"]


def run(*command, input=b"", **more):
    """Runs a program to its end, as subprocess.run does; if it takes too long, all that it started is ended too."""
    with subprocess.Popen([str(word) for word in command], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, start_new_session=True, **more) as process:
        try:
            out, err = process.communicate(input, timeout=LIMIT)
        except BaseException:
            os.killpg(process.pid, signal.SIGKILL)
            raise
    return subprocess.CompletedProcess(command, process.returncode, out, err)


def put_down(build, name, write):
    """The path of a file of this name below build that write(path) makes. Tests that run beside this one may make and read
    the same: it is there whole or not at all."""
    path = pathlib.Path(build, "tests/e2e", name)
    part = path.with_name(f"{name}.{os.getpid()}")
    write(part)
    os.replace(part, path)
    return str(path)


def without(build, capture, lost):
    """The path of a copy of a capture (pcap, of this machine's octet order) that lacks packets: "17", "1-9"."""
    first, _, last = lost.partition("-")
    octets = (ROOT / capture).read_bytes()
    kept, at, number = [octets[:24]], 24, 0
    while at < len(octets):
        end = at + 16 + int.from_bytes(octets[at + 8:at + 12], sys.byteorder)
        number += 1
        if not int(first) <= number <= int(last or first):
            kept.append(octets[at:end])
        at = end
    return put_down(build, f"{pathlib.Path(capture).stem}-without-{lost}.pcap",
                    lambda path: path.write_bytes(b"".join(kept)))


def on_port(build, capture, port):
    """The path of a copy of a capture made on port 5555 that was made on another one, it seems."""
    header, packets = surgery.read(ROOT / capture)
    for packet in packets:
        octets, at = bytearray(packet.octets), packet.tcp_header()
        for place in (at, at + 2):
            if octets[place:place + 2] == (5555).to_bytes(2):
                octets[place:place + 2] = int(port).to_bytes(2)
        packet.octets = bytes(octets)
    return put_down(build, f"{pathlib.Path(capture).stem}-on-{port}.pcap",
                    lambda path: surgery.write(path, header, packets))


def talked(build, text):
    """The path of the capture that a text of talk.py makes."""
    return put_down(build, f"{pathlib.Path(text).stem}-talk.pcap",
                    lambda path: talk.write(path, (ROOT / text).read_text()))


def read_json(binary, capture, keytab=None, more=()):
    """The lines of zmtpscope read --json (with more options) as objects; it must end well and say nothing else."""
    keys = ["-K", CAPTURES / keytab] if keytab else []
    done = run(binary, "read", "--json", *keys, *more, CAPTURES / capture)
    if done.returncode != 0 or done.stderr:
        raise AssertionError(f"{capture}: exit status {done.returncode}: {done.stderr.decode()}")
    return [json.loads(line) for line in done.stdout.splitlines()]


def of(events, kind, **fields):
    """The events of a kind whose fields are these."""
    return [e for e in events if e["event"] == kind and all(e.get(k) == v for k, v in fields.items())]


def payload(event):
    """The octets of a message event."""
    return base64.b64decode(event["data"], validate=True)


def frame_row(event, like):
    """A message event as MANIFEST writes it, its octets shown in the way of that row."""
    octets = payload(event)
    row = {"more": event["more"], "length": event["length"]}
    if "text" in like:
        row["text"] = octets.decode("utf-8", "replace")
    elif "base64" in like:
        row["base64"] = base64.b64encode(octets).decode()
    else:
        row["sha256"] = hashlib.sha256(octets).hexdigest()
    return row
