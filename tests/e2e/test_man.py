#!/usr/bin/python3
"""test_man.py ZMTPSCOPE: the man page has the commands of --help, and of each command the options of its --help, with
their letters and values, and none besides.

Limits: what it says of them is not compared.
"""
import pathlib
import re
import sys
import unittest

import subject

BINARY = None
PAGE = (subject.ROOT / "docs/zmtpscope.1").read_text()
# What several commands take stands once.
SHARED = {"Keys": ("read", "decrypt", "audit", "secrets", "replay"), "Both sides": ("connect", "serve")}
HELP = re.compile(r"^  (?:-(\w), )?--([\w-]+)(?:=(\S+))? {2,}", re.M)
ITEM = re.compile(r"^\.It (?:Fl (\w) , )?Fl Fl ([\w-]+)(?: Ar (\S+))?$", re.M)


def help_of(*command):
    done = subject.run(BINARY, *command, "--help")
    assert done.returncode == 0, command
    return done.stdout.decode()


def commands():
    return re.findall(r"^  (\w+) ", help_of().partition("Commands:\n")[2], re.M)


def sections():
    """Title of each part of COMMANDS -> its text."""
    body = re.search(r"^\.Sh COMMANDS\n(.*?)^\.Sh ", PAGE, re.M | re.S)[1]
    parts = re.split(r"^\.Ss (.*)\n", body, flags=re.M)
    return dict(zip(parts[1::2], parts[2::2]))


class Man(unittest.TestCase):
    maxDiff = None

    def test_every_command_has_its_section(self):
        self.assertEqual(set(sections()), {f"zmtpscope {name}" for name in commands()} | set(SHARED))
        synopsis = re.search(r"^\.Sh SYNOPSIS\n(.*?)^\.Sh ", PAGE, re.M | re.S)[1]
        self.assertEqual(re.findall(r"^\.Cm (\w+)$", synopsis, re.M), commands())

    def test_the_options_are_those_of_help(self):
        for name in commands():
            with self.subTest(command=name):
                texts = [sections()[f"zmtpscope {name}"]] + [sections()[s] for s, who in SHARED.items() if name in who]
                shown = [item for text in texts for item in ITEM.findall(text)]
                offered = [o for o in HELP.findall(help_of(name)) if o[1] != "help"]
                self.assertEqual(sorted(shown), sorted(offered))

    def test_each_section_of_what_is_shared_is_pointed_to(self):
        for shared, names in SHARED.items():
            for name in names:
                self.assertRegex(sections()[f"zmtpscope {name}"], {"Keys": r"Keys as below", "Both sides":
                                                                   r"Options of both sides as below"}[shared])

    def test_every_option_that_is_mentioned_is_one(self):
        known = {o[1] for name in commands() for o in HELP.findall(help_of(name))} | {"help", "version"}
        literal = re.findall(r"(?<![\w-])--([a-z][a-z-]+)", "".join(re.findall(r"^\.Bd(.*?)^\.Ed", PAGE, re.M | re.S)))
        self.assertGreater(len(literal), 3)
        self.assertLessEqual(set(re.findall(r"Fl Fl ([\w-]+)", PAGE)) | set(literal), known)

    def test_the_macros_are_mdoc_s(self):
        self.assertEqual(re.findall(r"^\.(\w\w) ", PAGE, re.M)[:3], ["Dd", "Dt", "Sh"])
        self.assertEqual(PAGE.count("\n.Bl "), PAGE.count("\n.El\n"))
        self.assertEqual(PAGE.count("\n.Bd "), PAGE.count("\n.Ed\n"))
        self.assertFalse([line for line in PAGE.splitlines() if line.startswith("'") or line != line.rstrip() or not line])


if __name__ == "__main__":
    BINARY = pathlib.Path(sys.argv.pop(1)).resolve()
    unittest.main()
