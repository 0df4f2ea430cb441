#!/usr/bin/python3
"""docs/events.md and docs/events.schema.json name the same events, fields and values, and the schema is strict; what
the cases of CASES are to print as JSON keeps to it, losses, connections met in their middle and defects among it.

Limits: that the program prints that is the business of the cases, and of test_manifest_read for all captures.
"""
import json
import pathlib
import re
import unittest

import jsonschema

HERE = pathlib.Path(__file__).resolve().parent
DOCS = HERE.parents[1] / "docs"
SCHEMA = json.loads((DOCS / "events.schema.json").read_text())
EVENTS = SCHEMA["properties"]["event"]["enum"]
COMMON = {"event", "time", "frame", "connection", "direction"}
FRONT = {"event": "gap", "time": "2025-11-23T13:00:00.000000000Z", "frame": 1, "connection": 1, "direction": "c2s",
         "unread": 0}


def sections():
    """Event -> its section of the page, without the common ones."""
    parts = re.split(r"^## `(\w+)`$", (DOCS / "events.md").read_text(), flags=re.M)
    return dict(zip(parts[1::2], parts[2::2]))


def fields(section):
    """The names in the first column of the section's table."""
    rows = re.findall(r"^\| (`[^|]*`) \|", section, flags=re.M)
    return {name for row in rows for name in re.findall(r"`(\w+)`", row)}


class EventsDoc(unittest.TestCase):
    def test_the_schema_is_one(self):
        jsonschema.Draft202012Validator.check_schema(SCHEMA)

    def test_page_and_schema_have_the_same_events(self):
        self.assertEqual(list(sections()), EVENTS)
        self.assertLessEqual(set(EVENTS), set(SCHEMA["$defs"]))

    def test_page_and_schema_have_the_same_fields(self):
        for event in EVENTS:
            with self.subTest(event=event):
                described = {f for f in SCHEMA["$defs"][event]["properties"] if not f.endswith("_base64")}
                self.assertEqual(fields(sections()[event]), described - COMMON)

    def test_the_page_names_every_value(self):
        for event in EVENTS:
            for field, shape in SCHEMA["$defs"][event]["properties"].items():
                values = shape.get("enum", []) if isinstance(shape, dict) else []
                if event != "greeting" or field != "socket_type":
                    for value in values:
                        self.assertIn(f"`{value}`", sections()[event], f"{event}.{field}")

    def test_what_the_cases_expect_keeps_to_the_schema(self):
        validator = jsonschema.Draft202012Validator(SCHEMA)
        seen = set()
        rows = [[field.strip() for field in row.split("|")] for row in (HERE / "CASES").read_text().splitlines()]
        for path in {HERE / "expected" / row[5] for row in rows if len(row) == 6 and row[3] in ("read", "stdin")}:
            for line in path.read_text().splitlines() if path.suffix == ".ndjson" else []:
                if line.startswith("{"):
                    with self.subTest(file=path.name, line=line):
                        validator.validate(json.loads(line))
                        seen.add(json.loads(line)["event"])
        self.assertEqual(seen, set(EVENTS))

    def test_a_field_too_many_is_refused(self):
        validator = jsonschema.Draft202012Validator(SCHEMA)
        self.assertTrue(validator.is_valid({**FRONT, "bytes": 7}))
        self.assertFalse(validator.is_valid({**FRONT, "bytes": 7, "octets": 7}))
        for event in EVENTS:
            self.assertIs(SCHEMA["$defs"][event]["additionalProperties"], False, event)


if __name__ == "__main__":
    unittest.main()
