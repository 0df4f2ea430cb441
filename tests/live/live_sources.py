#!/usr/bin/python3
"""Live test: live_sources.py ZMTPSCOPE. A KDC whose service has its key from a password, and libzmq peers; then every
source of keys opens their recorded conversation to the same messages: the keytab, the directory it lies in, the
password, the client's credential cache as its library left it, and the session secret.

Limits: one conversation, in the enctypes of one principal; the other enctypes are tests/core/krb's business."""
import contextlib
import json
import pathlib
import secrets
import shutil
import subprocess
import sys

PROJECT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(PROJECT / "captures"))

from lab import kdc, process  # noqa: E402
from lab.bench import Bench  # noqa: E402
from lab.stories import SERVICE, answers, asks, at  # noqa: E402
from ours import program  # noqa: E402

PRINCIPAL = f"{SERVICE}@{kdc.REALM}"
# The ticket's contents are the same, whoever knows them.
CONTEXT = ("opened", "client_principal", "service_principal", "kvno", "ticket_etype", "session_etype", "subkey_etype",
           "subkey_from", "ticket_times", "gss_flags", "skew_ms", "verdict", "mutual")


def run(zmtpscope, *words):
    done = subprocess.run([zmtpscope, *map(str, words)], capture_output=True, text=True, timeout=60, check=False)
    if done.returncode != 0:
        raise process.LabError(f"zmtpscope {words} ended with {done.returncode}: {done.stderr.strip()}")
    return done.stdout


def read(zmtpscope, capture, *keys):
    """(the context's event, the other events but the first and last)"""
    events = [json.loads(line) for line in run(zmtpscope, "read", "--json", *keys, capture).splitlines()]
    contexts = [event for event in events if event["event"] == "context"]
    if len(contexts) != 1:
        raise process.LabError(f"{keys}: {len(contexts)} contexts instead of one")
    return contexts[0], [event for event in events[1:-1] if event["event"] != "context"]


def compare(name, told, wanted):
    context, events = told
    if context.get("opened_by") != name:
        raise process.LabError(f"{name}: the context says {context}")
    facts = CONTEXT if name != "secret" else ("opened", "client_principal", "kvno", "subkey_etype", "subkey_from",
                                              "gss_flags", "mutual")
    for fact in facts:
        if context[fact] != wanted[0][fact]:
            raise process.LabError(f"{name}: {fact} is {context[fact]}, and by the keytab {wanted[0][fact]}")
    if events != wanted[1]:
        raise process.LabError(f"{name}: other events than by the keytab")


def record(bench, password):
    """The capture of one conversation with a service whose key is made of a password."""
    bench.realm(["alice"], [SERVICE])
    if "changed." not in bench.kdc.admin(f"change_password -pw {password} {SERVICE}"):
        raise process.LabError("the KDC did not take the service's password")
    keytab = bench.keytab(SERVICE)
    bench.record()
    bench.peer("server", "REP", answers("one", "two"), bind=at(), role=bench.acceptor(SERVICE, keytab))
    role = bench.initiator("alice", SERVICE)
    bench.peer("client", "REQ", asks("three", "four"), connect=at(), role=role)
    return keytab, role["env"]["KRB5CCNAME"], bench.finish()


def live(zmtpscope, bench):
    password = secrets.token_hex(8)
    keytab, cache, capture = record(bench, password)
    only = bench.directory / "keytabs"
    only.mkdir()
    shutil.copy(keytab, only)
    (bench.directory / "password").write_text(password + "\n")
    log = bench.directory / "log.keys"
    log.write_text(run(zmtpscope, "secrets", "--ccache", cache, capture))
    wanted = read(zmtpscope, capture, "-K", keytab)
    if not [event for event in wanted[1] if event["event"] == "message" and event["verified"]]:
        raise process.LabError("the keytab opened no message")
    for name, keys in (("keytab", ["-K", only]),
                       ("password", ["--password", PRINCIPAL, "--password-file", bench.directory / "password"]),
                       ("ccache", ["--ccache", cache]),
                       ("secret", ["--keylog", log])):
        compare(name, read(zmtpscope, capture, *keys), wanted)
        print(f"{name}: as by the keytab", flush=True)


def main():
    zmtpscope = program()
    try:
        with contextlib.ExitStack() as stack:
            bench = stack.enter_context(Bench("sources", None))
            bench.output = bench.directory
            live(zmtpscope, bench)
    except process.LabError as error:
        sys.exit(f"live_sources: {error}")


if __name__ == "__main__":
    main()
