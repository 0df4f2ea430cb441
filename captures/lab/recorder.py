"""tcpdump, started before the first packet and stopped after the last.

Limits: what is recorded is all TCP of the namespace but the KDC's."""
import re
import signal
import time
from dataclasses import dataclass, field

from lab import kdc, process

SETTLE = 1.5  # seconds; tcpdump loses the last packets if it is stopped less than one after them


class Recorder:
    """Records to path until stop()."""
    stopped = False

    def __init__(self, stack, path, interface="lo"):
        self.path = path
        self.words = path.with_suffix(".tcpdump")
        with self.words.open("w") as words:
            self.process = process.start(
                ["tcpdump", "-i", interface, "-n", "-U", "-s", "0", "-B", "32768", "-Z", "root",
                 "--time-stamp-precision=nano", "-w", str(path), f"tcp and not port {kdc.PORT}"],
                stdout=words, stderr=words)
        stack.callback(process.stop, self.process, signal.SIGINT)
        process.await_text(self.words, "listening on", self.process)

    def stop(self):
        """Ends the recording and makes sure that nothing is missing from it."""
        time.sleep(SETTLE)
        process.stop(self.process, signal.SIGINT)
        self.stopped = True
        words = self.words.read_text()
        if "\n0 packets dropped by kernel" not in words:
            raise process.LabError(f"tcpdump lost packets, or died:\n{words}")


@dataclass
class Flow:
    """A TCP connection as its SYN shows it."""
    client: str
    client_port: int
    server: str
    server_port: int
    octets: dict = field(default_factory=lambda: {"c2s": 0, "s2c": 0})  # of payload, each once
    closed: bool = False  # a FIN or RST of either side is in the capture

    def direction(self, source, target):
        """Which way a packet of this connection goes; None if it is not of it."""
        client, server = (self.client, self.client_port), (self.server, self.server_port)
        return {(client, server): "c2s", (server, client): "s2c"}.get((source, target))


LINE = re.compile(r"IP6? (\S+)\.(\d+) > (\S+)\.(\d+): Flags \[([^\]]+)\](?:, seq \d+:(\d+))?")


def flows(path):
    """The TCP connections of a capture in order of their first packet, as `tcpdump -r` lists them."""
    found = []
    for line in process.run(["tcpdump", "-nn", "-t", "-r", str(path)]).splitlines():
        match = LINE.search(line)
        if not match:
            continue
        source, target = (match[1], int(match[2])), (match[3], int(match[4]))
        if match[5] == "S":
            found.append(Flow(*source, *target))
        for flow in reversed(found):  # of two that reuse the ports it is the later one
            direction = flow.direction(source, target)
            if direction:
                # By position, not by sum: after a full window even loopback sends again.
                end = int(match[6] or 1) - 1
                flow.octets[direction] = max(flow.octets[direction], end)
                flow.closed = flow.closed or "F" in match[5] or "R" in match[5]
                break
    return found


def link_type(path):
    """The capture's link type by libpcap's name, as `tcpdump -r` says it."""
    words = process.run(["sh", "-c", 'tcpdump -c 1 -r "$1" 2>&1', "sh", str(path)])
    return re.search(r"link-type (\S+)", words)[1]


def to_pcapng(source, target):
    """The same packets as pcapng, which tcpdump cannot write."""
    process.run(["editcap", "-F", "pcapng", str(source), str(target)])
