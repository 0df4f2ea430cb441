#!/usr/bin/python3
"""test_interrupt.py BINARY: zmtpscope read at the end of a live pipe. Each line comes when its packet came; Ctrl+C loses
nothing: what is still in the pipe is read, and the summary is printed."""
import signal
import subprocess
import sys
import time
import unittest

import subject

BINARY = None


class Interrupt(unittest.TestCase):
    def start(self):
        process = subprocess.Popen([BINARY, "read", "-K", str(subject.CAPTURES / "reqrep.keytab"), "-"],
                                   stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=False)
        self.addCleanup(process.stdout.close)
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        return process

    def test_nothing_is_lost(self):
        octets = (subject.CAPTURES / "reqrep.pcap").read_bytes()
        process = self.start()
        process.stdin.write(octets[:3000])
        process.stdin.flush()
        self.assertIn(b"connection opened", process.stdout.readline())  # while the pipe is open
        process.send_signal(signal.SIGINT)
        process.stdin.write(octets[3000:])
        process.stdin.close()
        rest = process.stdout.read()
        self.assertIn(b'"world 2"', rest)
        self.assertIn(b"6 messages", rest.splitlines()[-1])
        self.assertEqual(process.wait(20), 0)

    def test_the_second_one_ends_it(self):
        process = self.start()
        process.stdin.write((subject.CAPTURES / "reqrep.pcap").read_bytes()[:3000])
        process.stdin.flush()
        process.stdout.readline()
        process.send_signal(signal.SIGINT)
        time.sleep(0.5)  # or the two become one
        process.send_signal(signal.SIGINT)
        self.assertEqual(process.wait(20), -signal.SIGINT)
        process.stdin.close()


if __name__ == "__main__":
    BINARY = sys.argv.pop(1)
    unittest.main()
