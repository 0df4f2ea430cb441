#!/usr/bin/python3
"""test_scripts.py BUILD: scripts/demo shows the decrypted exchange from both front ends; scripts/tshark loads the plugin
of the build, reaches files that only their owner may read, and keeps the user's preferences out.

Limits: that install-packages installs is seen only on a machine where something is missing.
"""
import os
import pathlib
import shutil
import sys
import tempfile
import unittest

import subject

BUILD = None
SAID = [f"{word} {number}" for number in range(3) for word in ("hello", "world")]


def script(name, *arguments, **environment):
    return subject.run(subject.ROOT / "scripts" / name, *arguments, cwd=subject.ROOT,
                       env={**os.environ, "ZS_BUILD": BUILD, **environment})


class Scripts(unittest.TestCase):
    def test_demo_shows_the_decrypted_exchange_twice(self):
        done = script("demo", ZS_PRESET=pathlib.Path(BUILD).name)
        self.assertEqual(done.returncode, 0, done.stderr.decode())
        _, _, behind = done.stdout.decode().partition("scripts/tshark -r captures/reqrep.pcap -o")
        by_tshark, _, by_read = behind.partition("/analyzer/zmtpscope read")
        for shown in (by_tshark, by_read):
            for word in SAID + ["alice@ZMTP.EXAMPLE", "zmq/server.zmtp.example@ZMTP.EXAMPLE",
                                "aes256-cts-hmac-sha1-96"]:
                self.assertIn(word, shown)
        self.assertIn("== Try next", by_read)

    def test_tshark_loads_the_plugin_of_this_build(self):
        done = script("tshark", "-G", "plugins")
        self.assertRegex(done.stdout.decode(), rf"zmtpscope\.so\s.*\s{BUILD}/plugins/")

    def test_tshark_reaches_what_its_owner_alone_may_read(self):
        with tempfile.TemporaryDirectory() as folder:  # 0700
            for name in ("reqrep.pcap", "reqrep.keytab"):
                shutil.copy(subject.CAPTURES / name, folder)
                os.chmod(f"{folder}/{name}", 0o600)
            done = script("tshark", "-r", f"{folder}/reqrep.pcap", "-o", f"zmtp.gssapi.keytab:{folder}/reqrep.keytab",
                          "-Y", "zmtp.message.text", "-T", "fields", "-e", "zmtp.message.text")
            self.assertEqual((done.stdout.decode().split("\n")[:-1], done.stderr), (SAID, b""))

    def test_tshark_keeps_the_users_preferences_out(self):
        with tempfile.TemporaryDirectory() as folder:
            config = pathlib.Path(folder, ".config/wireshark")
            config.mkdir(parents=True)
            (config / "disabled_protos").write_text("zmtp\n")
            done = script("tshark", "-r", str(subject.CAPTURES / "null.pcap"), "-Y", "zmtp", HOME=folder,
                          WIRESHARK_CONFIG_DIR=str(config))
            self.assertIn("hello 0", done.stdout.decode())

    def test_tshark_without_a_build_says_so(self):
        done = script("tshark", "-v", ZS_BUILD="/nonexistent")
        self.assertEqual((done.returncode, done.stdout), (2, b""))
        self.assertIn(b"no plugin is built yet", done.stderr)


if __name__ == "__main__":
    BUILD = sys.argv.pop(1)
    unittest.main()
