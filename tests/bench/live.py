#!/usr/bin/python3
"""live.py BENCH_LIVE [--rounds N] [--check] [--tiny]: how fast sealed messages travel over loopback, from a GSSAPI client to a
GSSAPI server: two of ours against two of libzmq's, by turns in one run, with a KDC of their own.

Each turn is a fresh connection and two fresh processes; what counts is the time between the server's first message and
its last. Printed are each one's median, the ratio of the medians, the ratio of the best turns, and the ratio of what
both ends together took of the processors, which a busy machine disturbs least.
--check: exit 1 where the ratio of medians is below 3. --tiny: few messages, no figure is looked at.
Limits: AES256-SHA1; both ends share one machine, so that each is slowed by the other."""
import argparse
import contextlib
import pathlib
import resource
import statistics
import subprocess
import sys

PROJECT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(PROJECT / "captures"))

from lab import kdc, namespace, process  # noqa: E402
from lab.bench import Bench  # noqa: E402
from lab.stories import SERVICE  # noqa: E402

PRINCIPAL = f"{SERVICE}@{kdc.REALM}"
SIZES = {1024: 60_000, 61_440: 2_000}  # octets: messages of a turn
AIM = 3.0


def processor_time():
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def turn(program, whose, port, size, count, keytab, environments):
    """(megabytes a second, seconds of processor time of both ends) of one connection."""
    before = processor_time()
    words = [str(port), str(size), str(count), PRINCIPAL, str(keytab)]
    with contextlib.ExitStack() as stack:
        ends = {}
        for end in ("pull", "push"):
            ends[end] = process.start([program, whose, end, *words], env=environments[end], stdout=subprocess.PIPE,
                                      text=True)
            stack.callback(process.stop, ends[end])
            if end == "pull" and ends[end].stdout.readline() != "bound\n":
                raise process.LabError(f"{whose}: nobody is bound")
        told = ends["pull"].communicate(timeout=300)[0]
        if ends["pull"].returncode or ends["push"].wait(60):
            raise process.LabError(f"{whose}: an end failed")
    return size * (count - 1) / max(int(told), 1), processor_time() - before


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("program")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--check", action="store_true")
    parser.add_argument("--tiny", action="store_true")
    options = parser.parse_args()
    options.program = str(pathlib.Path(options.program).resolve())
    namespace.enter()
    missed = False
    with Bench("throughput", None) as bench:
        bench.output = bench.directory
        bench.realm(["alice"], [SERVICE])
        keytab = bench.keytab(SERVICE)
        environments = {"pull": bench.kdc.env(**bench.acceptor(SERVICE, keytab)["env"]),
                        "push": bench.kdc.env(**bench.initiator("alice", SERVICE)["env"])}
        port = 7000
        print(f"{'octets':>8} {'ours':>10} {'libzmq':>10}   {'ratio':>6} {'best':>6} {'cpu':>6}   (MB/s of plain text, medians)")
        for size, count in SIZES.items():
            turns = {"ours": [], "libzmq": []}
            for _ in range(1 if options.tiny else options.rounds):
                for whose, told in turns.items():
                    port += 1
                    told.append(turn(options.program, whose, port, size, 50 if options.tiny else count, keytab,
                                     environments))
            ours, libzmq = (statistics.median(rate for rate, _ in told) for told in turns.values())
            best = max(turns["ours"])[0] / max(turns["libzmq"])[0]
            cpu = statistics.median(used for _, used in turns["libzmq"]) / statistics.median(
                used for _, used in turns["ours"])
            missed |= ours < AIM * libzmq
            print(f"{size:8} {ours:10.0f} {libzmq:10.0f}   {ours / libzmq:6.1f} {best:6.1f} {cpu:6.1f}", flush=True)
    sys.exit(1 if options.check and missed else 0)


if __name__ == "__main__":
    main()
