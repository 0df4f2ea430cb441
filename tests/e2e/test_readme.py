#!/usr/bin/python3
"""test_readme.py BUILD [--write]: each console block of README.md shows what its command prints today, and each path
that README.md names is there. --write puts in what they print now.

Limits: the blocks run in bash with the build directory given in place of build/dev.
"""
import os
import re
import sys
import unittest

import subject

README = subject.ROOT / "README.md"
BLOCK = re.compile(r"^```console\n\$ (.*)\n((?:.*\n)*?)```$", re.M)
BUILD = None


def printed(command):
    done = subject.run("bash", "-c", command.replace("build/dev", BUILD), cwd=subject.ROOT,
                       env={**os.environ, "ZS_BUILD": BUILD, "LC_ALL": "C.UTF-8", "TZ": "UTC"})
    return (done.stdout + done.stderr).decode()


def write():
    text = BLOCK.sub(lambda m: f"```console\n$ {m[1]}\n{printed(m[1])}```", README.read_text())
    README.write_text(text)


class Readme(unittest.TestCase):
    maxDiff = None

    def test_the_transcripts_are_true(self):
        blocks = BLOCK.findall(README.read_text())
        self.assertGreaterEqual(len(blocks), 4)
        for command, shown in blocks:
            with self.subTest(command=command):
                self.assertTrue(shown)
                self.assertEqual(printed(command), shown)

    def test_every_file_it_links_to_is_there(self):
        for path in re.findall(r"\]\(([^)]+)\)", README.read_text()):
            self.assertTrue((subject.ROOT / path).exists(), path)


if __name__ == "__main__":
    BUILD = sys.argv.pop(1)
    write() if "--write" in sys.argv else unittest.main()
