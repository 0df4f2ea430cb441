#!/usr/bin/python3
"""test_live.py BINARY: zmtpscope read of what is not finished yet: a file that grows, and a network interface. Each line
comes when its packet came; Ctrl+C ends it with the summary.

Limits: the interface is the loopback of a network namespace of the test's own.
"""
import json
import pathlib
import signal
import subprocess
import sys
import tempfile
import unittest

import subject
from lab import namespace

BINARY = None
NULL_GREETING = b"\xff" + bytes(8) + b"\x7f\x03\x01NULL" + bytes(48)

# What runs in the namespace: zmtpscope on lo, and then a connection, both of whose sides greet.
LIVE = """
import select, signal, socket, subprocess, sys, time
greeting = bytes.fromhex(sys.argv[1])
reader = subprocess.Popen(sys.argv[2:], stdout=subprocess.PIPE)
server = socket.create_server(("127.0.0.1", 5555))
other = socket.create_server(("127.0.0.1", 5556))
seen = b""
while b"connection" not in seen:
    for listener in (other, server):  # the filter lets one of them through
        with socket.create_connection(listener.getsockname()) as client, listener.accept()[0] as peer:
            client.sendall(greeting)
            peer.sendall(greeting)
            client.recv(64), peer.recv(64)
    time.sleep(0.2)
    if select.select([reader.stdout], [], [], 0)[0]:
        seen += reader.stdout.read1()
time.sleep(0.3)
reader.send_signal(signal.SIGINT)
sys.stdout.buffer.write(seen + reader.stdout.read())
sys.exit(reader.wait(20))
"""

# The same, and then more than the kernel keeps for a reader that stands still: libpcap's buffer holds 2 MiB.
FLOOD = LIVE.replace("""time.sleep(0.3)
reader.send_signal(signal.SIGINT)
""", """
reader.send_signal(signal.SIGSTOP)
with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as flood:
    for _ in range(6000):
        flood.sendto(bytes(1400), ("127.0.0.1", 9))
reader.send_signal(signal.SIGCONT)
reader.send_signal(signal.SIGINT)
""")


class Live(unittest.TestCase):
    def test_a_file_that_grows(self):
        octets = (subject.CAPTURES / "reqrep.pcap").read_bytes()
        with tempfile.TemporaryDirectory() as directory:
            path = pathlib.Path(directory, "growing.pcap")
            path.write_bytes(octets[:3000])
            with subprocess.Popen([BINARY, "read", "--follow", "-K", subject.CAPTURES / "reqrep.keytab", path],
                                  stdout=subprocess.PIPE) as process:
                self.assertIn(b"connection opened", process.stdout.readline())
                with path.open("ab") as file:
                    file.write(octets[3000:])
                lines = []
                while b"world 2" not in b"".join(lines[-1:]):
                    lines.append(process.stdout.readline())
                process.send_signal(signal.SIGINT)
                rest = process.stdout.read()
                self.assertEqual(process.wait(20), 0)
            self.assertIn(b"6 messages", rest.splitlines()[-1])

    def test_an_interface(self):
        command = [BINARY, "read", "-i", "lo", "tcp", "port", "5555"]
        done = subject.run(sys.executable, "-c", LIVE, NULL_GREETING.hex(), *command)
        self.assertEqual((done.returncode, done.stderr), (0, b""))
        self.assertIn(b"greeting   ZMTP 3.1 NULL", done.stdout)
        self.assertNotIn(b":5556", done.stdout)
        self.assertRegex(done.stdout.splitlines()[-1], rb"^\d+ packets, \d+ ZMTP connection")

    def test_what_the_kernel_dropped(self):
        done = subject.run(sys.executable, "-c", FLOOD, NULL_GREETING.hex(), BINARY, "read", "--json", "-i", "lo")
        self.assertEqual((done.returncode, done.stderr), (0, b""))
        self.assertGreater(json.loads(done.stdout.splitlines()[-1])["dropped"], 1000)

    def test_what_does_not_go_together(self):
        for arguments, said in ((["-i", "lo", "-r", "x"], "captures and an interface cannot be read together"),
                                (["--follow", "x", "y"], "--follow goes with one file"),
                                (["-i", "no-such-interface"], "no-such-interface: cannot be captured from: ")):
            with self.subTest(arguments=arguments):
                done = subject.run(BINARY, "read", *arguments)
                self.assertEqual(done.returncode, 2)
                self.assertIn(said, done.stderr.decode())
                self.assertEqual(done.stdout, b"")


if __name__ == "__main__":
    namespace.enter()
    BINARY = sys.argv.pop(1)
    unittest.main()
