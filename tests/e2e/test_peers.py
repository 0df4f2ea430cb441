#!/usr/bin/python3
"""test_peers.py BINARY: what zmtpscope connect, serve and replay refuse before they do anything: one sentence that names the option,
and exit status 2."""
import sys
import unittest

import subject

BINARY = None
NOWHERE = "tcp://127.0.0.1:1"
CONNECT = ("connect", "--null", NOWHERE)
SERVE = ("serve", "--null", "tcp://192.0.2.1:1")  # nobody has that address
REPLAY = ("replay", "--connect", NOWHERE, subject.CAPTURES / "null.pcap")


class Peers(unittest.TestCase):
    def refused(self, said, *words):
        with self.subTest(words=words):
            done = subject.run(BINARY, *words)
            self.assertEqual((done.returncode, done.stdout), (2, b""))
            self.assertEqual(done.stderr.decode(), f"zmtpscope: {said}\n")

    def test_numbers_that_are_none_or_too_large(self):
        for option, least, most, given in (("timeout", "0.001", 1000000, ["0", "-3", "nan", "inf", "1e300", "0.0001"]),
                                           ("heartbeat", "0.001", 1000000, ["-1", "nan", "1000001", "1e-9"])):
            for command in CONNECT, SERVE:
                for text in given:
                    self.refused(f"--{option} wants a number from {least} to {most}", *command, f"--{option}", text)
        for text in "nan", "-0.5", "-2", "4294968", "inf":
            self.refused("--wait wants a number from 0 to 1000000", *CONNECT, "-w", text)
        for command in CONNECT, SERVE:
            for text in "0", "-1":
                self.refused("-c wants a number of messages, 1 or more", *command, "-c", text)

    def test_numbers_of_replay(self):
        for option, least, most in (("pace", 0, 100), ("rate", 0.001, 1000000), ("patience", 0, 1000000),
                                    ("duration", 0, 1000000)):
            for text in "nan", "-1", "1e300":
                self.refused(f"--{option} wants a number from {least} to {most}", *REPLAY, f"--{option}", text)

    def test_endpoints_that_are_none(self):
        """Each is named, once."""
        for endpoint, why in (("tcp://127.0.0.1", "wants a port, as in tcp://HOST:5555"), ("127.0.0.1:1", "is neither tcp://HOST:PORT "
                              "nor ipc://PATH"), ("tcp://:1", "wants a host"), ("tcp://::1:1", "an IPv6 address stands between [ and ]")):
            for words in (("connect", "--null", endpoint), ("serve", "--null", endpoint)):
                self.refused(f"{endpoint}: {why}", *words)
            for option in "--connect", "--bind":
                self.refused(f"{endpoint}: {why}", "replay", option, endpoint, subject.CAPTURES / "null.pcap")

    def test_numbers_that_may_be(self):
        for words in (["-w", "-1"], ["--heartbeat", "0"], ["--timeout", "0.001"], ["-c", "1", "-w", "1000000"]):
            done = subject.run(BINARY, *CONNECT, *words)
            self.assertNotIn(b"wants a number", done.stderr)
            self.assertIn(NOWHERE.encode(), done.stderr)


if __name__ == "__main__":
    BINARY = sys.argv.pop(1)
    unittest.main()
