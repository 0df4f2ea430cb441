#!/usr/bin/python3
"""test_jobs.py BUILD: zmtpscope read --jobs where its processes have to wait, or one of them ends: what is printed is what a
single run prints, and whatever happens, all come to an end and say why. That it is so for every capture is test_shares.py's.

Limits: peak_memory differs from run to run and is compared as 0.
"""
import concurrent.futures
import ctypes
import json
import os
import pathlib
import re
import resource
import signal
import socket
import subprocess
import sys
import tempfile
import time
import unittest

import subject
import talk

BINARY = BUILD = None
BLOCK, BLOCKS = 64 << 10, 16  # analyzer/jobs.c
PIDFD_GETFD = 438  # its number is the same on all machines


def normal(octets):
    return re.sub(rb'"peak_memory":\d+', b'"peak_memory":0', octets)


def children(pid):
    return [int(n) for n in pathlib.Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def state(pid):
    """S: it waits, Z: it has ended."""
    return pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]


def wait_until(is_so):
    until = time.monotonic() + subject.LIMIT
    while not is_so() and time.monotonic() < until:
        time.sleep(0.01)


def last_packet(path):
    """The last record of a pcap file."""
    octets, at, end = path.read_bytes(), 24, 24
    while end < len(octets):
        at, end = end, end + 16 + int.from_bytes(octets[end + 8:end + 12], "little")
    return octets[at:]


def append(path, octets):
    with path.open("ab") as file:
        file.write(octets)


def socket_of(pid):
    """The socket of a process of --jobs, as one of our own."""
    descriptors = pathlib.Path(f"/proc/{pid}/fd")
    number = next(int(d.name) for d in descriptors.iterdir() if os.readlink(d).startswith("socket:"))
    process = os.pidfd_open(pid)
    try:
        ours = ctypes.CDLL(None, use_errno=True).syscall(PIDFD_GETFD, process, number, 0)
        if ours < 0:
            raise OSError(ctypes.get_errno(), "pidfd_getfd")
    finally:
        os.close(process)
    return socket.socket(fileno=ours)


class Jobs(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        scratch = tempfile.TemporaryDirectory()
        cls.addClassCleanup(scratch.cleanup)
        cls.scratch = pathlib.Path(scratch.name)
        cls.keytab = cls.scratch / "service.keytab"
        cls.many = cls.synth("connections", 2000, 1024)

    @classmethod
    def synth(cls, story, count, size):
        path = cls.scratch / f"{story}-{count}-{size}.pcap"
        subprocess.run([f"{BUILD}/tests/bench/synth", story, str(count), str(size), path, cls.keytab], check=True)
        return path

    def read(self, *arguments, **more):
        return subject.run(BINARY, "read", "-K", self.keytab, *arguments, **more)

    def assert_same(self, *arguments, jobs=(2, 3)):
        single = self.read(*arguments)
        self.assertEqual((single.returncode, single.stderr), (0, b""))
        for n in jobs:
            several = self.read("--jobs", n, *arguments)
            self.assertTrue(normal(several.stdout) == normal(single.stdout), f"--jobs {n} prints something else")
            self.assertEqual((several.returncode, several.stderr), (0, b""))
        return single.stdout

    def start(self, *arguments, capture=None, **more):
        """--jobs 2 whose processes wait, for nobody reads what is printed: more than all blocks and the pipe have room for."""
        process = subprocess.Popen([BINARY, "read", "--json", "-K", self.keytab, "--jobs", "2", *arguments, capture or self.many],
                                   stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True, **more)
        self.addCleanup(process.stderr.close)
        self.addCleanup(process.stdout.close)
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        wait_until(lambda: len(children(process.pid)) >= 2)
        process.stdout.read(1)
        return process, children(process.pid)

    def end(self, process):
        """What is left to be said. Standard error is open until the last of the processes is gone."""
        out, err = process.communicate(timeout=subject.LIMIT)
        return out, err.decode(), process.returncode

    def end_with_one_behind(self, capture, between):
        """What is left to be said where one process has read capture to its end, then between(process) happens, and then
        the other one goes on in the middle of it. The rest of what is printed fits into one process's blocks."""
        process, (behind, ahead) = self.start(capture=capture)
        wait_until(lambda: all(state(pid) == "S" for pid in (process.pid, behind, ahead) for _ in range(3)))
        os.kill(behind, signal.SIGSTOP)
        with concurrent.futures.ThreadPoolExecutor() as others:
            end = others.submit(self.end, process)
            wait_until(lambda: state(ahead) == "Z")
            between(process)
            os.kill(behind, signal.SIGCONT)
            return end.result()

    def test_a_capture_that_grows(self):
        capture = self.synth("connections", 450, 1024)
        out, err, status = self.end_with_one_behind(
            capture, lambda _: append(capture, last_packet(capture)))
        self.assertEqual((err, status), ("zmtpscope: what is read changed meanwhile: the processes of --jobs have seen other "
                                         "packets\n", 2))
        self.assertNotIn(b'"event":"summary"', out)

    def test_an_interrupt_where_one_is_behind(self):
        """The summary is of all packets of which something was said."""
        out, err, status = self.end_with_one_behind(self.synth("connections", 450, 1024),
                                                    lambda process: process.send_signal(signal.SIGINT))
        self.assertEqual((err, status), ("", 0))
        *said, summary = map(json.loads, out.splitlines()[1:])
        self.assertEqual(summary["event"], "summary")
        self.assertLessEqual(max(event["frame"] for event in said), summary["frame"])
        self.assertEqual(summary["packets"], summary["frame"])

    def test_more_than_fits_into_all_blocks(self):
        self.assertGreater(len(self.assert_same("--json", self.many, jobs=(2, 64))), 4 * BLOCK * BLOCKS)

    def test_events_larger_than_a_block(self):
        large = self.synth("messages", 60, 60_000)
        said = self.assert_same("-x", large)
        self.assertGreater(len(said) / 60, 2 * BLOCK)

    def test_an_event_larger_than_all_blocks(self):
        """… and others on both sides of it."""
        text = "> ff 00*8 7f 03 01 'NULL' 00*48\n< ff 00*8 7f 03 01 'NULL' 00*48\n"
        for side in "><":
            text += side + " {04 05'READY' 0b'Socket-Type' 00*3 04'PAIR'}\n"
        text += "cut 60000\n> {00 'first'}\n> {00 41*2000000}\n< {00 'last'}\n"
        capture = talk.write(self.scratch / "large.pcap", "\n".join(f"connect 5555\n{text}" for _ in range(3)))
        said = self.assert_same("--json", capture, jobs=(2, 3, 5))
        self.assertGreater(max(map(len, said.splitlines())), 2 * BLOCK * BLOCKS)

    def test_one_that_is_killed(self):
        process, (one, _) = self.start()
        os.kill(one, signal.SIGKILL)
        out, err, status = self.end(process)
        self.assertEqual((err, status), ("zmtpscope: a process of --jobs was ended by signal 9 (Killed)\n", 2))
        self.assertNotIn(b'"event":"summary"', out)

    def test_one_that_tells_of_a_block_that_is_none(self):
        process, (one, _) = self.start()
        try:
            other = socket_of(one)
        except PermissionError:
            self.skipTest("nobody may look into another process here")
        with other:
            other.send(bytes([BLOCKS]))
        out, err, status = self.end(process)
        self.assertEqual((err, status), ("zmtpscope: a process of --jobs ended too early\n", 2))
        self.assertNotIn(b'"event":"summary"', out)

    def test_standard_output_is_closed(self):
        said = []
        for jobs in (1, 2):
            done = subprocess.run([BINARY, "read", "-K", self.keytab, "--jobs", str(jobs), self.many],
                                  stderr=subprocess.PIPE, preexec_fn=lambda: os.close(1), timeout=subject.LIMIT, check=False)
            said.append((done.returncode, done.stderr))
        self.assertEqual(said[0], said[1])

    def test_the_one_that_merges_is_killed(self):
        process, _ = self.start()
        process.kill()
        self.assertEqual(self.end(process)[1:], ("", -signal.SIGKILL))

    def test_nobody_reads(self):
        process, _ = self.start()
        process.stdout.close()
        self.assertEqual((process.stderr.read(), process.wait(subject.LIMIT)), (b"", -signal.SIGPIPE))

    def test_a_full_disk(self):
        with open("/dev/full", "wb") as full, subprocess.Popen(
                [BINARY, "read", "--json", "-K", self.keytab, "--jobs", "2", self.many], stdout=full,
                stderr=subprocess.PIPE) as process:
            said = process.communicate(timeout=subject.LIMIT)[1]
        self.assertEqual((said, process.returncode), (b"zmtpscope: standard output: No space left on device\n", 2))

    def test_an_interrupt(self):
        """Of the process alone, and not of its group as Ctrl+C has it: it asks the others."""
        process, _ = self.start()
        process.send_signal(signal.SIGINT)
        out, err, status = self.end(process)
        self.assertEqual((err, status), ("", 0))
        self.assertIn(b'"event":"summary"', out.splitlines()[-1])
        self.assertLess(len(out), len(self.read("--json", self.many).stdout) * 3 // 4)

    def test_more_processes_than_can_be(self):
        done = self.read("--jobs", 64, self.many,
                         preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (20, 20)))
        self.assertEqual((done.stdout, done.stderr, done.returncode), (b"", b"zmtpscope: --jobs: Too many open files\n", 2))


if __name__ == "__main__":
    BUILD = sys.argv.pop(1)
    BINARY = os.path.join(BUILD, "analyzer/zmtpscope")
    unittest.main()
