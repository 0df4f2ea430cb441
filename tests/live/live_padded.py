#!/usr/bin/python3
"""Live test: live_padded.py BUILD. 38/ZMTP-GSSAPI's own form, which nobody but zmtpscope speaks: `connect` and `serve`
use it with each other, sealed and signed only; the recording is opened by `read` and by tshark with the plugin, which
tell the same messages as were said, and is run again by `replay`, which finds nothing to object to.

Nothing is skipped. Texts are new in every run."""
import base64
import json
import os
import pathlib
import secrets
import signal
import subprocess
import sys

PROJECT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(PROJECT / "captures"))

from lab import kdc, namespace, process  # noqa: E402
from lab.bench import Bench  # noqa: E402
from lab.stories import SERVICE  # noqa: E402
from ours import same  # noqa: E402

PRINCIPAL = f"{SERVICE}@{kdc.REALM}"
PORT = 5555
LIMIT = 60


def run(words, env=None, said=""):
    done = subprocess.run([str(word) for word in words], env=env, input=said, capture_output=True, text=True,
                          timeout=LIMIT, check=False)
    if done.returncode != 0 or done.stderr:
        raise process.LabError(f"{words[:3]} ended with {done.returncode}: {done.stderr.strip()}")
    return done.stdout


def converse(zmtpscope, bench, keytab, said, more):
    """A REQ asks, a REP echoes, both ours; what the REQ heard."""
    cache = bench.directory / "alice.ccache"
    bench.kdc.kinit("alice", cache)
    log = (bench.directory / "serve.err").open("w")
    server = process.start([zmtpscope, "serve", "-q", "-t", "REP", "-e", "-K", str(keytab), "--as-server", "spec", *more,
                            f"tcp://127.0.0.1:{PORT}"], env=bench.kdc.env(), stdout=subprocess.DEVNULL, stderr=log)
    bench.callback(process.stop, server)
    wanted = f":{PORT:04X}"
    while not any(row.split()[1].endswith(wanted) and row.split()[3] == "0A"
                  for row in pathlib.Path("/proc/net/tcp").read_text().splitlines()[1:]):
        if server.poll() is not None:
            raise process.LabError("serve did not start")
    heard = run([zmtpscope, "connect", "-q", "-t", "REQ", "-s", PRINCIPAL, "--form", "padded", "--as-server", "spec", *more,
                 f"tcp://127.0.0.1:{PORT}"], bench.kdc.env(KRB5CCNAME=cache), "".join(f"{text}\n" for text in said))
    server.send_signal(signal.SIGINT)
    same("serve's exit status", server.wait(LIMIT), 0)
    return heard.splitlines()


def by_read(zmtpscope, keytab, capture, sealed):
    """What zmtpscope read tells: messages that are no delimiters, client and server."""
    events = [json.loads(line) for line in run([zmtpscope, "read", "--json", "-K", keytab, capture]).splitlines()]
    same("defects", [e for e in events if e["event"] == "defect"], [])
    same("forms", {e["form"] for e in events if e["event"] == "command"}, {"padded"})
    same("as_server", sorted(e["as_server"] for e in events if e["event"] == "greeting"), [False, True])
    same("outcome", [e["outcome"] for e in events if e["event"] == "close"], ["established"])
    messages = [e for e in events if e["event"] == "message"]
    same("verified", {(e["verified"], e["confidential"]) for e in messages}, {(True, sealed)})
    return [base64.b64decode(e["data"]).decode() for e in messages if not e["more"]]


def by_plugin(build, keytab, capture):
    shown = run([PROJECT / "scripts/tshark", "-r", capture, "-o", f"zmtp.gssapi.keytab:{keytab}", "-Y",
                 "zmtp.message.text", "-T", "fields", "-E", "separator=/t", "-e", "zmtp.message.text"],
                {**os.environ, "ZS_BUILD": build})
    return shown.split()


def converse_and_look(build, more, sealed):
    zmtpscope = f"{build}/analyzer/zmtpscope"
    said = [secrets.token_hex(n) for n in (1, 8, 200, 3000)]
    with Bench("live-padded", None) as bench:
        bench.output = bench.directory
        bench.realm(["alice"], [SERVICE], [kdc.AES256])
        keytab = bench.keytab(SERVICE)
        bench.record()
        same("echo", converse(zmtpscope, bench, keytab, said, more), said)
        bench.stop_recording()
        capture = bench.recorder.path
        bench.directory.chmod(0o755)
        there_and_back = [text for text in said for _ in range(2)]
        same("read", by_read(zmtpscope, keytab, capture, sealed), there_and_back)
        same("tshark", by_plugin(build, keytab, capture), there_and_back)
        replayed = [json.loads(line) for line in
                    run([zmtpscope, "replay", "--json", "-K", keytab, capture]).splitlines()]
        same("differences", [o for o in replayed if o["event"] == "difference"], [])
        same("verdict", [o["verdict"] for o in replayed if o["event"] == "verdict"], ["same"])


def main():
    build = sys.argv[1] = str(pathlib.Path(sys.argv[1]).resolve())
    namespace.enter()
    try:
        for what, more, sealed in (("sealed", [], True), ("signed only", ["--integrity-only"], False)):
            converse_and_look(build, more, sealed)
            print(f"padded form, {what}: as it was said, by read, tshark and replay", flush=True)
    except (process.LabError, subprocess.TimeoutExpired) as error:
        sys.exit(f"live_padded: {error}")


if __name__ == "__main__":
    main()
