#!/usr/bin/python3
"""scripts/check-layers says nothing about the project as it is, and names the line of every arrow that is not drawn.

Limits: the forbidden trees are made of one file each.
"""
import pathlib
import subprocess
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
FORBIDDEN = [
    ("core/wire/frame.c", '#include "core/krb/key.h"', "core/wire may not use"),
    ("core/wire/frame.c", "#include <stdlib.h>", "core/wire may not use"),
    ("core/wire/frame.c", "  #  include <glib.h>", "core/wire may not use"),
    ("core/krb/key.c", '#include "core/conn/conn.h"', "core/krb may not use"),
    ("core/conn/conn.c", "#include <gcrypt.h>", "core/conn may not use"),
    ("core/conn/conn.c", "#include <nettle/sha1.h>", "core/conn may not use"),
    ("core/conn/conn.c", "#include <pcap/pcap.h>", "core/conn may not use"),
    ("core/conn/conn.c", "#include <sys/socket.h>", "core/conn may not use"),
    ("core/krb/key.c", "#include <epan/packet.h>", "core/krb may not use"),
    ("plugin/zmtp.c", '#include "analyzer/net/flow.h"', "plugin may not use"),
    ("plugin/zmtp.c", "#include <pcap.h>", "plugin may not use"),
    ("analyzer/net/flow.c", '#include "core/wire/frame.h"', "analyzer/net may not use"),
    ("analyzer/report/text.c", '#include "analyzer/net/flow.h"', "analyzer/report may not use"),
    ("analyzer/read.c", "#include <wsutil/report_message.h>", "analyzer may not use"),
    ("analyzer/read.c", "#include <pcap.h>", "analyzer may not use"),
    ("analyzer/read.c", '#include "plugin/zmtp.h"', "analyzer may not use"),
    ("tests/core/wire/test_frame.c", '#include "analyzer/net/flow.h"', "tests/core may not use"),
    ("core/wire/frame.c", '#include "frame.h"', "no path from the project's root"),
    ("core/wire/frame.c", "#include HEADER", "names no file"),
    ("plugin/sub/row.h", "#include <krb5/krb5.h>", "plugin may not use"),
]
TARGETS = ["core/krb/key.h", "core/conn/conn.h", "analyzer/net/flow.h", "core/wire/frame.h", "plugin/zmtp.h"]


def check(root):
    done = subprocess.run([ROOT / "scripts/check-layers", root], capture_output=True, text=True)
    return done.returncode, done.stdout, done.stderr


class Layers(unittest.TestCase):
    def tree(self, folder, name, line):
        root = pathlib.Path(folder)
        for target in TARGETS:
            (root / target).parent.mkdir(parents=True, exist_ok=True)
            (root / target).write_text("")
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"/* purpose */\n{line}\n")
        return root

    def test_the_project_keeps_the_drawing(self):
        self.assertEqual(check(ROOT), (0, "", ""))

    def test_each_forbidden_arrow_is_named(self):
        for name, line, said in FORBIDDEN:
            with self.subTest(name=name, line=line), tempfile.TemporaryDirectory() as folder:
                status, out, err = check(self.tree(folder, name, line))
                self.assertEqual((status, out), (1, ""))
                self.assertRegex(err, rf"^{name}:2: .*{said}")

    def test_a_drawn_arrow_passes(self):
        with tempfile.TemporaryDirectory() as folder:
            self.assertEqual(check(self.tree(folder, "core/conn/conn.c", '#include "core/krb/key.h"')), (0, "", ""))

    def test_a_tree_without_sources_is_refused(self):
        with tempfile.TemporaryDirectory() as folder:
            self.assertEqual(check(folder)[0], 1)


if __name__ == "__main__":
    unittest.main()
