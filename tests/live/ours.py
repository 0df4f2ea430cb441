"""zmtpscope's own live peers as the tests run them."""
import pathlib
import shutil
import signal
import subprocess
import sys

from lab import namespace, process

BAR = "|"  # between the parts of a message on its line
LIMIT = 60


def program():
    """The zmtpscope that the only argument names, with the whole path. Comes back inside the lab's namespace."""
    test = pathlib.Path(sys.argv[0]).name
    if len(sys.argv) != 2 or not shutil.which(sys.argv[1]):
        sys.exit(f"{test} wants one argument: the program zmtpscope, which must be built")
    sys.argv[1] = str(pathlib.Path(sys.argv[1]).resolve())
    namespace.enter()
    return sys.argv[1]


def run_acts(acts, stage):
    """Plays each (what, act) at a port of its own and says how it went; exits with a sentence if one failed."""
    width, failed = max(len(what) for what, _ in acts), 0
    for what, act in acts:
        stage.port += 1
        try:
            act(stage)
            print(f"{what:{width}} passed", flush=True)
        except (process.LabError, subprocess.TimeoutExpired, OSError, ValueError) as error:
            print(f"{what:{width}} FAILED: {error}", flush=True)
            failed += 1
    if failed:
        sys.exit(f"{pathlib.Path(sys.argv[0]).stem}: {failed} acts failed")


def is_sanitized(program):
    return b"__asan_init" in pathlib.Path(program).read_bytes()


def memory(pid):
    """Octets that were resident when there were most."""
    for line in pathlib.Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) * 1024
    raise process.LabError("serve is gone")


def lines(messages):
    return "".join(BAR.join(parts) + "\n" for parts in messages)


def handshake(socket_type):
    """All that a side says of NULL's, without listening."""
    ready = b"\x05READY\x0bSocket-Type" + len(socket_type).to_bytes(4, "big") + socket_type.encode()
    return b"\xff" + bytes(8) + b"\x7f\x03\x01" + b"NULL".ljust(20, b"\0") + bytes(32) + bytes([4, len(ready)]) + ready


class Ours:
    """A running zmtpscope connect or serve, quiet: what comes is on its standard output, a message a line.
    stdin: where it has its lines from, instead of what is said here. stdout: where what it prints goes, to be looked at
    there."""

    def __init__(self, bench, words, said="", env=None, stdin=subprocess.PIPE, stdout=subprocess.PIPE):
        self.bench = bench
        self.said = said.encode()
        self.process = subprocess.Popen(["setpriv", "--pdeathsig", "KILL", *words], env=env, stdin=stdin,
                                        stdout=stdout, stderr=subprocess.PIPE)
        bench.callback(process.stop, self.process)

    def finish(self, interrupt=False):
        """(what it printed as messages, its exit status, its standard error)"""
        if interrupt:
            self.process.send_signal(signal.SIGINT)
        out, err = self.process.communicate(None if interrupt else self.said, timeout=LIMIT)
        return [line.split(BAR) for line in (out or b"").decode().splitlines()], self.process.returncode, err.decode().strip()

    def say(self):
        """Its lines, without their end."""
        self.process.stdin.write(self.said)
        self.process.stdin.flush()


def await_port(port):
    """Until somebody listens there; nothing is connected for it."""
    wanted = f":{port:04X}"
    for _ in range(500):
        table = [row for name in ("tcp", "tcp6") for row in pathlib.Path(f"/proc/net/{name}").read_text().splitlines()[1:]]
        if any(row.split()[1].endswith(wanted) and row.split()[3] == "0A" for row in table):
            return
        subprocess.run(["sleep", "0.02"], check=True)
    raise process.LabError(f"nobody listens on port {port}")


def same(what, got, wanted):
    if got != wanted:
        if not isinstance(wanted, list):
            raise process.LabError(f"{what}: {got!r}, not {wanted!r}")
        for index, (g, w) in enumerate(zip(got, wanted)):
            if g != w:
                raise process.LabError(f"{what}: message {index} is {str(g)[:200]}, not {str(w)[:200]}")
        raise process.LabError(f"{what}: {len(got)} messages, {len(wanted)} were sent: {str(got)[:300]}")


def ended(ours, interrupt=False):
    """What ours printed, once it has ended well."""
    got, status, err = ours.finish(interrupt)
    if status != 0 or err:
        raise process.LabError(f"ours ended with {status}: {err}")
    return got
