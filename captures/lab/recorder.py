"""tcpdump, started before the first packet and stopped after the last.

Limits: what is recorded is all TCP of the namespace but the KDC's."""
import re
import signal
import time
from dataclasses import dataclass

from lab import kdc, process

SETTLE = 1.5  # seconds; tcpdump loses the last packets if it is stopped less than one after them


class Recorder:
    """Records to path until stop()."""

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
    closed: bool = False  # a FIN or RST of either side is in the capture


LINE = re.compile(r"IP6? (\S+)\.(\d+) > (\S+)\.(\d+): Flags \[([^\]]+)\]")


def flows(path):
    """The TCP connections of a capture in order of their first packet, as `tcpdump -r` lists them."""
    found = []
    for line in process.run(["tcpdump", "-nn", "-t", "-r", str(path)]).splitlines():
        match = LINE.search(line)
        if not match:
            continue
        ends = (match[1], int(match[2])), (match[3], int(match[4]))
        if match[5] == "S":
            found.append(Flow(*ends[0], *ends[1]))
        elif "F" in match[5] or "R" in match[5]:
            for flow in reversed(found):
                if ((flow.client, flow.client_port), (flow.server, flow.server_port)) in (
                        ends, ends[::-1]):
                    flow.closed = True
                    break
    return found


def link_type(path):
    """The capture's link type by libpcap's name, as `tcpdump -r` says it."""
    words = process.run(["sh", "-c", 'tcpdump -c 1 -r "$1" 2>&1', "sh", str(path)])
    return re.search(r"link-type (\S+)", words)[1]
