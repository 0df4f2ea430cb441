#!/usr/bin/python3
"""test_mutations.py BUILD [--seeds N] [NAME...]: N damaged variants of each capture (or of those named), each opened in
sharkd with the plugin and every packet of it looked at: no crash, no report of a dissector's bug, no text of ours that is no UTF-8, and with a build under
sanitizers no report of theirs.

Of four variants one has octets changed by chance anywhere, one behind TCP's header, one lacks packets, one has them in
another order; the last two have octets changed too. A variant is the same each time for its number.
Limits: what makes a finding is written to standard output with the variant's number; the file is not kept.
"""
import argparse
import pathlib
import random
import re
import sys
import tempfile

import sharkd
import subject

BEHIND_TCP = 66  # Ethernet, IPv4, TCP with time stamps
COUNT_LIMIT = 2000


def run(*command):
    done = subject.run(*command)
    if done.returncode != 0:
        sys.exit(f"{command[0]}: exit status {done.returncode}: {done.stderr.decode()}")
    return done.stdout


def damage(source, count, number, path):
    """Writes variant `number` of a capture of `count` packets."""
    chance = random.Random(number)
    kind = number % 4
    given = source
    if kind == 2:
        lost = sorted(chance.sample(range(1, count + 1), max(1, count // 10)))
        given = path.with_suffix(".cut")
        run("editcap", source, given, *lost)
    elif kind == 3:
        given = path.with_suffix(".mixed")
        pieces = []
        middle = chance.randint(1, count)
        for name, kept in (("b", f"{middle}-{count}"), ("a", f"1-{middle}")):
            pieces.append(path.with_suffix("." + name))
            run("editcap", "-r", source, pieces[-1], kept)
        run("mergecap", "-a", "-w", given, *pieces)
    offset = ("-o", BEHIND_TCP) if kind else ()
    run("editcap", "-E", "0.02", *offset, "--seed", number, given, path)


def bugs(nodes, ours=False):
    for node in nodes:
        inside = ours or node.get("f") == "zmtp"
        label = node.get("l", "")
        if "Dissector bug" in label:
            yield label
        if inside and re.search("[\ud800-\udfff]", label):
            yield f"no UTF-8: {label.encode('utf-8', 'surrogateescape')}"
        yield from bugs(node.get("n", []), inside)


def look(shark, path):
    """(packets looked at, reports of a dissector's bug)"""
    count = shark.load(path)
    found = [report for number in range(1, min(count, COUNT_LIMIT) + 1) for report in bugs(shark.tree(number))]
    shark.call("tap", tap0="conv:ZMTP")
    return count, found


def try_capture(build, capture, seeds, folder):
    """(packets, findings) of the variants of one capture, all in one sharkd."""
    packets, findings = 0, []
    with sharkd.Sharkd(build) as shark:
        if capture["keytab"]:
            shark.prefer("zmtp.gssapi.keytab", subject.CAPTURES / capture["keytab"])
        count = shark.load(capture["file"])
        for number in range(seeds):
            path = pathlib.Path(folder, "variant.pcapng")
            damage(subject.CAPTURES / capture["file"], count, number, path)
            try:
                seen, reports = look(shark, path)
            except (AssertionError, BrokenPipeError) as crash:
                return packets, [*findings, f"{capture['name']} {number}: {crash}"]
            packets += seen
            findings += [f"{capture['name']} {number}: {report}" for report in reports]
    return packets, findings


def main():
    parser = argparse.ArgumentParser(description="Opens damaged variants of the captures in sharkd with the plugin.")
    parser.add_argument("build")
    parser.add_argument("--seeds", type=int, default=4, help="variants of each capture; default %(default)s")
    parser.add_argument("names", nargs="*", metavar="NAME")
    options = parser.parse_intermixed_args()
    chosen = [c for c in subject.manifest() if not options.names or c["name"] in options.names]
    if not chosen:
        sys.exit("test_mutations: no such capture")
    failed = packets = 0
    with tempfile.TemporaryDirectory() as folder:
        for capture in chosen:
            try:
                seen, findings = try_capture(options.build, capture, options.seeds, folder)
            except AssertionError as ending:  # how sharkd ended
                seen, findings = 0, [f"{capture['name']}: {ending}"]
            packets += seen
            failed += bool(findings)
            print(f"FAIL {capture['name']}: {len(findings)} findings" if findings else f"ok   {capture['name']}", flush=True)
            for finding in findings:
                print(f"  {finding}")
    print(f"{len(chosen)} captures, {options.seeds} variants of each, {packets} packets looked at, "
          f"{failed} captures with a finding")
    sys.exit(1 if failed else 0)


main()
