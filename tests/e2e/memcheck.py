#!/usr/bin/python3
"""memcheck.py BUILD [--keep DIR]: tshark and sharkd with the plugin under valgrind, from their start to their end: captures
with their keys, all passes and tools; preferences that change, captures that are opened again, the protocol disabled.
A finding is an invalid access with the plugin anywhere on the stack, and memory that the plugin asked for, itself or by a
library that it is linked with, and that nobody can reach at the end, not even by other memory that is lost. Exit status 1:
there is one.

Run by hand: it takes some minutes, and the package valgrind. BUILD is one without sanitizers. --keep keeps valgrind's
reports (XML).
Limits: memory that Wireshark asked for while the plugin called it is Wireshark's: of a statistics tree tshark frees nothing.
"""
import argparse
import os
import pathlib
import sys
import tempfile
import xml.etree.ElementTree

import sharkd
import subject
import tree

LEAKS = ("Leak_DefinitelyLost", "Leak_PossiblyLost")
PLUGIN = "zmtpscope.so"
# Whose frames stand between malloc() and who wanted the memory.
LENDERS = ("vgpreload", "libc.so", "libglib-", "libwsutil", "libkrb5", "libk5crypto", "libcom_err", "libgssapi",
           "libgcrypt", "libnettle", "libhogweed", "libjson-glib", "libgobject")
KEYED = ("reqrep", "dealer-router", "several", "payloads", "mixed-enctypes", "mixed-enctypes-old", "spnego",
         "truncated-wrap", "lost-ap-rep", "delegation")
PLAIN = ("pubsub-null", "plain", "curve", "mechanism-mismatch")
TALKS = ("versions", "commands", "odd-text")


class Valgrind:
    """Programs of Wireshark under valgrind, and what it says of them."""

    def __init__(self, build, folder):
        self.build = build
        self.folder = pathlib.Path(folder)
        self.environment = {"G_SLICE": "always-malloc", "WIRESHARK_DEBUG_WMEM_OVERRIDE": "simple"}

    def host(self, program, name):
        return (f"valgrind --quiet --leak-check=full --show-leak-kinds=definite,possible --num-callers=40 "
                f"--keep-debuginfo=yes --xml=yes --xml-file={self.folder}/{name}.%p.xml {program}")

    def tshark(self, name, *arguments):
        print(f"tshark {name}", flush=True)
        tree.tshark_only(self.build, *arguments, ZS_HOST=self.host("tshark", name), **self.environment)

    def sharkd(self, name):
        print(f"sharkd {name}", flush=True)
        return sharkd.Sharkd(self.build, self.host("sharkd", name), self.environment)


def frames(error):
    """(function, file name of its object) of an error's stacks, the innermost first."""
    return [(f.findtext("fn") or "?", pathlib.Path(f.findtext("obj") or "?").name)
            for stack in error.iter("stack") for f in stack.iter("frame")]


def is_ours(kind, stack):
    if not kind.startswith("Leak_"):
        return any(name == PLUGIN for _, name in stack)
    if kind not in LEAKS:
        return False
    borrower = next((name for _, name in stack if not name.startswith(LENDERS)), None)
    return borrower == PLUGIN


def findings(folder):
    """(how many errors the reports hold, one text for each of ours)"""
    count, ours = 0, []
    for report in sorted(folder.glob("*.xml")):
        for error in xml.etree.ElementTree.parse(report).getroot().iter("error"):
            kind, stack = error.findtext("kind"), frames(error)
            count += 1
            if is_ours(kind, stack):
                what = error.findtext("what") or error.findtext("xwhat/text")
                ours.append(f"{report.name}: {kind}: {what}\n" +
                            "".join(f"    {name} ({place})\n" for name, place in stack))
    return count, ours


def run_tshark(valgrind, folder):
    for name in KEYED + PLAIN:
        capture = next(c for c in subject.manifest() if c["name"] == name)
        valgrind.tshark(name, "-2", "-V", "-x", "-r", subject.CAPTURES / capture["file"],
                        *tree.keytab_preference(capture["keytab"]))
    for name in TALKS:
        valgrind.tshark(name, "-2", "-V", "-d", "tcp.port==5556,zmtp", "-r",
                        subject.talked(valgrind.build, f"tests/e2e/input/{name}.talk"))
    reqrep, keytab = subject.CAPTURES / "reqrep.pcap", tree.keytab_preference("reqrep.keytab")
    valgrind.tshark("engine", "-V", "-r", reqrep, "-K", subject.CAPTURES / "reqrep.keytab")
    valgrind.tshark("tools", "-q", "-r", reqrep, *keytab, "-z", "zmtp,tree", "-z", "zmtp,srt", "-z",
                    "follow,zmtp,ascii,0", "-z", "conv,zmtp", "-z", "endpoints,zmtp", "-z", "credentials", "-z", "expert",
                    "--export-objects", f"zmtp,{folder}/objects")
    valgrind.tshark("pdus", "-r", reqrep, *keytab, "-U", "ZMTP", "-w", f"{folder}/pdus.pcapng")
    valgrind.tshark("disabled", "-V", "-r", reqrep, *keytab, "--disable-protocol", "zmtp")
    valgrind.tshark("json", "-T", "json", "-r", reqrep, *keytab, "-o",
                    'uat:zmtp_tcp_protocols:"5555","data-text-lines"', "-o",
                    'uat:zmtp_topic_protocols:"matches","^hello","json",""')


def look(shark, capture):
    """Every packet, the last one first, then the tools."""
    for number in range(shark.load(capture), 0, -1):
        shark.tree(number)
    for tap in ("stat:zmtp", "srt:zmtp", "eo:zmtp", "conv:ZMTP", "endpt:ZMTP"):
        for shown in shark.call("tap", tap0=tap)["taps"]:
            for thing in shown.get("objects", []):
                shark.call("download", token=thing["_download"])
    shark.call("follow", follow="ZMTP", filter="zmtp.stream eq 0")


def run_sharkd(valgrind):
    with valgrind.sharkd("captures") as shark:
        for capture in subject.manifest():
            if capture["name"] != "push-pull":  # of large messages
                shark.prefer("zmtp.gssapi.keytab", subject.CAPTURES / capture["keytab"] if capture["keytab"] else "")
                look(shark, capture["file"])
    with valgrind.sharkd("preferences") as shark:
        for name, value in (("zmtp.gssapi.keytab", subject.CAPTURES / "reqrep.keytab"),
                            ("zmtp.gssapi.keytab", subject.CAPTURES / "wrong.keytab"),
                            ("zmtp.gssapi.keytab", ""), ("kerberos.file", subject.CAPTURES / "reqrep.keytab"),
                            ("zmtp.guarded_ports", ""), ("zmtp.guarded_ports", "5555"), ("zmtp.tcp.port", "1-65535"),
                            ("zmtp.tcp.port", ""), ("zmtp.payload_heuristics", "FALSE"),
                            ("tcp.desegment_tcp_streams", "FALSE"), ("tcp.reassemble_out_of_order", "TRUE")):
            shark.prefer(name, value)
            look(shark, "reqrep.pcap")


def main():
    parser = argparse.ArgumentParser(description="Runs tshark and sharkd with the plugin under valgrind.")
    parser.add_argument("build")
    parser.add_argument("--keep", metavar="DIR", help="where valgrind's reports stay")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        os.chmod(folder, 0o777)  # who is root runs tshark as nobody
        reports = pathlib.Path(options.keep or folder)
        valgrind = Valgrind(options.build, reports)
        run_tshark(valgrind, folder)
        run_sharkd(valgrind)
        count, ours = findings(reports)
    sys.stdout.writelines(ours)
    print(f"{count} reports of valgrind, {len(ours)} of them the plugin's")
    sys.exit(1 if ours else 0)


main()
