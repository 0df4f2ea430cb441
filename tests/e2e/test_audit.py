#!/usr/bin/python3
"""test_audit.py BUILD: zmtpscope audit over every capture of captures/, with keys and without, and over the oddities:
each rule is reached, by one of these or by a row of tests/analyzer/audit/test_rules.c; JSON keeps to
docs/audit.schema.json and SARIF to what 2.1.0 asks for; no password and nothing that a terminal obeys comes out; what
docs/audit.md says of the rules is what rules.def has.

Limits: SARIF is held against the parts of its specification that are written down here.
"""
import functools
import html.parser
import json
import os
import pathlib
import re
import signal
import subprocess
import sys
import tempfile
import unittest

import jsonschema

import made
import oddities
import segments
import subject

BUILD = None
SCHEMA = json.loads((subject.ROOT / "docs/audit.schema.json").read_text())
ROW = re.compile(r'^RULE\("([^"]+)", "([^"]+)", (\w+), (\w+), \w+, \w+, (\w+),\n\s+"([^"]+)"', re.M)
ROWS = ROW.findall((subject.ROOT / "analyzer/audit/rules.def").read_text())
IDS = [row[0] for row in ROWS]


def audit(*words, form="json"):
    return subject.run(f"{BUILD}/analyzer/zmtpscope", "audit", "--format", form, *words, cwd=subject.ROOT,
                       env={**os.environ, "TZ": "UTC"})


def report(*words, form="json"):
    return json.loads(audit(*words, form=form).stdout)


of_capture = functools.cache(report)  # whose files stay as they are


def runs():
    """(name, words) of every capture, with its keytab and without any."""
    for entry in subject.manifest():
        file = subject.CAPTURES / entry["file"]
        yield entry["name"], (file,)
        if entry["keytab"]:
            yield f"{entry['name']} with keys", ("-K", subject.CAPTURES / entry["keytab"], file)


# ==== SARIF 2.1.0 (OASIS, 2020): what of it is used, and what it asks for there ====

def thing(required, **properties):
    return {"type": "object", "additionalProperties": False, "required": required.split(), "properties": properties}


def many(item, **more):
    return {"type": "array", "items": item, **more}


TEXT, NUMBER, BAG = {"type": "string"}, {"type": "integer", "minimum": 0}, {"type": "object"}
LEVEL = {"enum": ["none", "note", "warning", "error"]}
MESSAGE = thing("text", text={"type": "string", "minLength": 1})  # 3.11, 3.12
ARTIFACT = thing("uri", uri={"type": "string", "pattern": r"^(file:///|(?![a-z][a-z0-9+.-]*:))[!-~]*$"})  # 3.4
RULE = thing("id shortDescription", id=TEXT, shortDescription=MESSAGE, fullDescription=MESSAGE, help=MESSAGE,
             defaultConfiguration=thing("level", level=LEVEL), properties=BAG)  # 3.49
NOTIFICATION = thing("message", level=LEVEL, message=MESSAGE,
                     associatedRule=thing("id index", id=TEXT, index=NUMBER))  # 3.58
LOCATION = thing("physicalLocation", physicalLocation=thing("artifactLocation", artifactLocation=ARTIFACT),
                 logicalLocations=many(thing("name", name=TEXT, kind=TEXT)))  # 3.28
RESULT = thing("ruleId ruleIndex level message locations partialFingerprints", ruleId=TEXT, ruleIndex=NUMBER,
               level=LEVEL, message=MESSAGE, locations=many(LOCATION, minItems=1),
               occurrenceCount={"type": "integer", "minimum": 1},
               partialFingerprints={"type": "object", "additionalProperties": TEXT}, properties=BAG)  # 3.27
RUN = thing("tool results", tool=thing("driver", driver=thing("name rules", name=TEXT, version=TEXT,
                                                             rules=many(RULE, uniqueItems=True))),
            invocations=many(thing("executionSuccessful", executionSuccessful={"type": "boolean"},
                                   toolExecutionNotifications=many(NOTIFICATION))),
            artifacts=many(thing("location", location=ARTIFACT), uniqueItems=True), results=many(RESULT))  # 3.14
SARIF = thing("version runs", **{"$schema": TEXT, "version": {"const": "2.1.0"}, "runs": many(RUN, minItems=1)})
LEVELS = {"critical": "error", "high": "error", "medium": "warning", "low": "note", "info": "note"}

# What a terminal obeys: controls, and characters that turn the direction of text.
OBEYED = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2066-\u2069\ufeff]")


def clean(octets):
    """Is it UTF-8, without any of these?"""
    return not OBEYED.search(octets.decode("utf-8"))


class Page(html.parser.HTMLParser):
    """A page of HTML: what is open at its end, what it takes from elsewhere or would run, and its findings."""
    VOID = ("meta",)

    def __init__(self):
        super().__init__()
        self.open, self.outside, self.sections = [], [], []

    def handle_starttag(self, tag, attributes):
        if tag not in self.VOID:
            self.open.append(tag)
        self.outside += [(tag, name) for name, _ in attributes if name in ("src", "href") or name.startswith("on")]
        self.outside += [tag] if tag in ("script", "link", "img", "iframe", "object") else []
        self.sections += [dict(attributes)["class"]] if tag == "section" else []

    def handle_endtag(self, tag):
        if self.open[-1:] != [tag]:
            raise AssertionError(f"</{tag}> closes {self.open}")
        self.open.pop()


class Captures(unittest.TestCase):
    """Every capture, with its keys and without."""
    maxDiff = None

    def test_json_keeps_to_its_schema_and_agrees_with_itself(self):
        validator = jsonschema.Draft202012Validator(SCHEMA)
        for name, words in runs():
            with self.subTest(capture=name):
                done = audit(*words)
                self.assertTrue(clean(done.stdout))
                made_of = json.loads(done.stdout)
                validator.validate(made_of)
                self.agrees(made_of, done.returncode)

    def agrees(self, said, status):
        self.assertEqual([rule["id"] for rule in said["rules"]], IDS)
        failed = {rule["id"] for rule in said["rules"] if rule["verdict"] == "fail"}
        self.assertEqual({f["id"] for f in said["findings"]}, failed)
        for severity in LEVELS:
            count = sum(f["severity"] == severity for f in said["findings"])
            self.assertEqual(said["summary"][severity], count)
        self.assertEqual(status, 1 if said["summary"]["critical"] or said["summary"]["high"] else 0)

    def test_sarif_is_what_the_standard_asks_for(self):
        validator = jsonschema.Draft202012Validator(SARIF)
        for name, words in runs():
            with self.subTest(capture=name):
                done = audit(*words, form="sarif")
                self.assertTrue(clean(done.stdout))
                validator.validate(json.loads(done.stdout))
                run, said = json.loads(done.stdout)["runs"][0], of_capture(*words)
                rules = run["tool"]["driver"]["rules"]
                self.assertEqual([rule["id"] for rule in rules], IDS)
                shown = [(r["ruleId"], r["level"], r["occurrenceCount"]) for r in run["results"]]
                self.assertEqual(shown, [(f["id"], LEVELS[f["severity"]], f["connections"]) for f in said["findings"]])
                for result in run["results"]:
                    self.assertEqual(rules[result["ruleIndex"]]["id"], result["ruleId"])
                for note in run["invocations"][0]["toolExecutionNotifications"]:
                    self.assertEqual(rules[note["associatedRule"]["index"]]["id"], note["associatedRule"]["id"])
                prints = [tuple(r["partialFingerprints"].items()) for r in run["results"]]
                self.assertEqual(len(set(prints)), len(prints))

    def test_text_says_the_same(self):
        for name, words in runs():
            with self.subTest(capture=name):
                text = audit(*words, form="text").stdout.decode()
                self.assertTrue(clean(text.encode()))
                heads = re.findall(r"^([A-Z]+) +(zs-\S+) \(([PK]\d\d)\): ", text, re.M)
                said = of_capture(*words)["findings"]
                self.assertEqual(heads, [(f["severity"].upper(), f["id"], f["check"]) for f in said])

    def test_html_is_whole_and_needs_nothing_else(self):
        for name, words in runs():
            with self.subTest(capture=name):
                text = audit(*words, form="html").stdout.decode()
                page = Page()
                page.feed(text)
                self.assertEqual(page.open, [])
                self.assertEqual(page.outside, [])
                self.assertEqual(page.sections, [f["severity"] for f in of_capture(*words)["findings"]])

    def test_a_good_connection_has_no_finding_to_speak_of(self):
        for name in ("reqrep", "reqrep-aes128-sha2", "reqrep-camellia256", "several", "acceptor-connects",
                     "heimdal-acceptor", "heimdal-initiator", "dealer-router", "many-keys"):
            words = dict(runs())[f"{name} with keys"]
            with self.subTest(capture=name):
                said = of_capture(*words)
                self.assertEqual({f["severity"] for f in said["findings"]} - {"low", "info"}, set())
                self.assertEqual({r["verdict"] for r in said["rules"]} - {"pass", "fail", "not-applicable"}, set())

    def test_a_packet_that_is_missing_is_nobody_s_fault(self):
        for name, packets in (("reqrep", 22), ("heimdal-acceptor", 20), ("spnego-mic", 25)):
            words = dict(runs())[f"{name} with keys"]
            whole = {f["id"] for f in of_capture(*words)["findings"]}
            for lost in (*range(1, packets + 1), "1-5", "1-9", "1-12", "1-15"):
                with self.subTest(capture=name, lost=lost):
                    file = subject.without(BUILD, f"captures/{name}.pcap", str(lost))
                    self.assertLessEqual({f["id"] for f in report(*words[:-1], file)["findings"]}, whole)

    def test_what_a_part_of_a_capture_does_not_show_is_not_said_to_hold(self):
        for name in ("reqrep", "spnego-mic"):
            file, key = f"captures/{name}.pcap", ("-K", f"captures/{name}.keytab")
            for words in (("-f", "src port 5555", file), ("-f", "dst port 5555", file),
                          *((subject.without(BUILD, file, lost),) for lost in ("15", "1-15"))):
                with self.subTest(capture=name, part=words):
                    held = {r["check"] for r in report(*key, *words)["rules"] if r["verdict"] == "pass"
                            and r["id"] != "zs-ntlm"}  # which an AP-REQ shows not to be
                    self.assertEqual(held & {"P02", "P06", "P07", "P10", "P12", "P20", "K06", "K07"}, set())

    def test_what_is_signed_alone_is_not_called_sealed(self):
        for finding in of_capture(*dict(runs())["integrity-only"])["findings"]:
            if finding["id"] != "zs-wrap-not-sealed":
                self.assertNotIn("sealed", finding["title"])

    def test_without_keys_nothing_of_the_keys_is_said_to_hold(self):
        for name, words in runs():
            if len(words) > 1 or f"{name} with keys" not in dict(runs()):
                continue
            with self.subTest(capture=name):
                for rule in of_capture(*words)["rules"]:
                    if re.fullmatch("K0[1-5]", rule["check"]):
                        self.assertIn(rule["verdict"], ("not-measurable", "not-applicable"), rule["id"])


class Reach(unittest.TestCase):
    """Each rule is reached by octets, of a real capture or a made one; a few by the unit test alone."""

    # Wants what forger does not make, or an option (then CASES has it).
    BY_HAND = {"zs-mechanism-not-gssapi", "zs-mechanism-mixed", "zs-zmtp-downgrade", "zs-service-everywhere",
               "zs-ticket-long", "zs-session-key-weaker", "zs-client-not-allowed", "zs-identity-shared"}

    def setUp(self):
        directory = tempfile.TemporaryDirectory()
        self.addCleanup(directory.cleanup)
        self.folder = pathlib.Path(directory.name)

    def of_oddities(self):
        """name -> the ids that are found in it."""
        keytab = self.folder / "oddities.keytab"
        with made.Forger(f"{BUILD}/tests/e2e/forger", str(keytab)) as forger:
            odd = oddities.make(forger)
        shown = {}
        for name, packets in odd.items():
            file = segments.write(self.folder / f"{name}.pcap", packets)
            said = audit("-K", keytab, file)
            self.assertEqual(said.returncode in (0, 1), name != "version_1_0", name)
            shown[name] = {f["id"] for f in json.loads(said.stdout)["findings"]}
        return shown

    def test_defects_of_the_oddities_are_findings(self):
        rule_of = {"ap-req-replayed": None, "acceptor-hint": "zs-acceptor-hint", "plaintext-mode": "zs-plaintext-mode",
                   "subscription-lost": "zs-subscription-lost", "token-size": "zs-handshake-large",
                   "wrap-header": "zs-wrap-header", **dict.fromkeys(
                       ("wrap-gap", "wrap-duplicate", "wrap-reversal", "wrap-direction"), "zs-sequence"),
                   **dict.fromkeys(("wrap-checksum", "wrap-ec", "wrap-subkey", "inner-empty", "mech-list-mic"),
                                   "zs-unwrap-fails")}
        for name, ids in self.of_oddities().items():
            with self.subTest(oddity=name):
                for code in oddities.ODDITIES[name][1]:
                    rule = rule_of.get(code, "zs-malformed")
                    if rule:
                        self.assertIn(rule, ids)
                if not oddities.ODDITIES[name][1]:
                    self.assertEqual(ids & {"zs-malformed", "zs-sequence", "zs-unwrap-fails", "zs-wrap-header"}, set())

    def test_each_rule_is_reached(self):
        of_captures = ({f["id"] for f in of_capture(*words)["findings"]} for _, words in runs())
        seen = set().union(*of_captures, *self.of_oddities().values(), *MADE.values())
        self.assertEqual(set(IDS) - seen, self.BY_HAND)
        unit = (subject.ROOT / "tests/analyzer/audit/test_rules.c").read_text()
        self.assertEqual(set(re.findall(r'^    \{"(zs-[^"]+)", ', unit, re.M)), set(IDS))


# ==== what no capture has ====

KERBEROS, IAKERB, NTLM = "06092a864886f712010202", "06062b0601050205", "060a2b06010401823702020a"
GREETING = made.greeting(b"GSSAPI")


def integer(n):
    return made.der(0x02, bytes([n]))


def sealed_part(etype, kvno, octets):
    return made.der(0x30, made.der(0xA0, integer(etype)) + made.der(0xA1, integer(kvno)) +
                    made.der(0xA2, made.der(0x04, octets)))


def ap_req(*names, realm=b"EXAMPLE.ORG", etype=18, kvno=1, options=0x20):
    """The token of an AP-REQ (RFC 4120, 5.5.1) that nobody can open. options: its first octet; 20: mutual."""
    principal = made.der(0xA0, integer(2)) + made.der(0xA1, made.der(0x30, b"".join(made.der(0x1B, n) for n in names)))
    ticket = (made.der(0xA0, integer(5)) + made.der(0xA1, made.der(0x1B, realm)) +
              made.der(0xA2, made.der(0x30, principal)) + made.der(0xA3, sealed_part(etype, kvno, bytes(40))))
    fields = (made.der(0xA0, integer(5)) + made.der(0xA1, integer(14)) +
              made.der(0xA2, made.der(0x03, bytes([0, options, 0, 0, 0]))) +
              made.der(0xA3, made.der(0x61, made.der(0x30, ticket))) +
              made.der(0xA4, sealed_part(etype, kvno, b"%d" % kvno + names[-1][:40])))
    return made.der(0x60, bytes.fromhex(KERBEROS) + b"\1\0" + made.der(0x6E, made.der(0x30, fields)))


def initiate(token):
    return made.command(b"INITIATE", made.counted(token))


def greeted(number=0, seconds=0, client=GREETING, server=GREETING):
    """The number-th connection, and both greetings."""
    start = (segments.START + seconds) * 10**9
    return segments.Conversation(40000 + number, start=start).c2s(client).s2c(server)


def ntlm(_):
    yield greeted().c2s(initiate(b"NTLMSSP\0" + bytes(40)))


def iakerb(_):
    yield greeted().c2s(initiate(made.der(0x60, bytes.fromhex(IAKERB) + b"\5\1" + bytes(40))))


def two_clients(_):
    yield greeted().c2s(initiate(ap_req(b"zmq", b"a.example.org"))).s2c(initiate(ap_req(b"zmq", b"b.example.org")))


def no_ticket(_):
    yield greeted()


def protection_differs(forger):
    request, reply = forger.handshake()
    yield greeted().c2s(request).s2c(reply).c2s(made.frame(flags=made.COMMAND)).s2c(made.ready(b"REP"))


def stalled(forger):
    request, reply = forger.handshake()
    yield greeted().c2s(request).s2c(reply).c2s(made.frame(flags=made.COMMAND))


def no_ap_rep(forger):
    """As if an acceptor that never proved who it is had the conversation."""
    request, _ = forger.handshake()
    c = greeted().c2s(request)
    for side, kind in ((1, b"REP"), (0, b"REQ")):
        text = b"\0" + made.named(b"READY", made.properties(Socket_Type=kind))
        c.send(side, forger.sealed(side, 0, text, made.COMMAND))
    yield c.c2s(forger.sealed(0, 1, b"\0hello"))


def nobody(_):
    yield (greeted().c2s(made.ready(b"REQ")).s2c(made.ready(b"REP"))
           .c2s(made.message(b"", b"q")).s2c(made.message(b"", b"a")))


def storm(_):
    for number in range(12):
        c = segments.Conversation(40000 + number, start=(segments.START + number) * 10**9)
        yield c.c2s(GREETING).s2c(GREETING[:11])


def services(_):
    for number, token in enumerate((ap_req(b"zmq", b"short"), ap_req(b"zmq", b"192.0.2.1"), ap_req(b"host", b"a.b"),
                                    ap_req(b"host", b"a.b", kvno=2))):
        yield greeted(number, number).c2s(initiate(token)).s2c(made.frame(flags=made.COMMAND))


def old_libzmq(_):
    hello = made.greeting(b"NULL", version=(3, 0), padding=bytes(7) + b"\1")
    yield greeted(client=hello, server=made.greeting()).c2s(made.ready(b"PUSH")).s2c(made.ready(b"PULL"))


def socket_types(_):
    yield greeted(client=made.greeting(), server=made.greeting()).c2s(made.ready(b"PUB")).s2c(made.ready(b"REP"))


def conflict(_):
    c = greeted(client=made.greeting(), server=made.greeting()).c2s(made.ready(b"PUSH")).s2c(made.ready(b"PULL"))
    whole, at = made.message(b"hello"), c.next[0]
    c.add(0, segments.PSH | segments.ACK, whole[4:], seq=at + 4)
    c.add(0, segments.PSH | segments.ACK, whole[4:].upper(), seq=at + 4)
    yield c.c2s(whole[:4]).lose(0, 3)


def skewed(forger):
    yield oddities.gssapi(forger, segments.Conversation(start=(segments.START + 100) * 10**9))


def too_skewed(forger):
    request, _ = forger.handshake()
    yield greeted(seconds=400).c2s(request)


def outlived(forger):
    c = oddities.gssapi(forger, segments.Conversation()).c2s(forger.sealed(0, 1, b"\0hello"))
    c.time += 7200 * 10**9  # the ticket is good for an hour
    yield c.c2s(forger.sealed(0, 2, b"\0still here"))


# What each shows, the worst first, beside what all of forger's do.
MADE = {
    ntlm: ["zs-ntlm"], iakerb: ["zs-mechanism-unexpected"], two_clients: ["zs-both-initiate"],
    no_ticket: ["zs-initiator-silent"], protection_differs: ["zs-protection-differs"],
    stalled: ["zs-stalled-after-context"], no_ap_rep: ["zs-no-ap-rep"],
    nobody: ["zs-no-authentication"],
    storm: ["zs-mechanism-differs", "zs-handshake-storm"],
    services: ["zs-stalled-after-context", "zs-service-several", "zs-service-kvnos", "zs-service-host",
               "zs-service-name", "zs-service-name"],
    old_libzmq: ["zs-libzmq-before-4.3.3"], socket_types: ["zs-socket-types"], conflict: ["zs-stream-conflict"],
    skewed: ["zs-clock-skew"], too_skewed: ["zs-clock-skew-refused", "zs-acceptor-silent"],
    outlived: ["zs-session-outlives-ticket"],
}
OF_FORGER = {"zs-ticket-flags", "zs-gss-flags", "zs-cross-realm", "zs-no-pac", "zs-lengths-visible"}


class Made(unittest.TestCase):
    maxDiff = None

    def test_each_shows_what_it_is(self):
        with tempfile.TemporaryDirectory() as folder:
            file, keytab = pathlib.Path(folder, "made.pcap"), pathlib.Path(folder, "made.keytab")
            with made.Forger(f"{BUILD}/tests/e2e/forger", str(keytab)) as forger:
                forger.handshake()  # its keytab is there once it answers
                for conversations, wanted in MADE.items():
                    with self.subTest(made=conversations.__name__):
                        segments.write(file, [p for c in conversations(forger) for p in c.close().packets()])
                        said = report("-K", keytab, file)
                        self.assertEqual([f["id"] for f in said["findings"] if f["id"] not in OF_FORGER], wanted)


    def test_one_connection_at_two_places_may_be_no_replay(self):
        with tempfile.TemporaryDirectory() as folder:
            file = pathlib.Path(folder, "made.pcap")
            with made.Forger(f"{BUILD}/tests/e2e/forger", str(file.with_suffix(".keytab"))) as forger:
                ap_req, ap_rep = forger.handshake()
            for last, confidence in ((ap_rep, "inferred"), (made.frame(flags=made.COMMAND), "read")):
                both = [greeted(number).c2s(ap_req).s2c(reply) for number, reply in enumerate((ap_rep, last))]
                segments.write(file, [p for c in both for p in c.close().packets()])
                again = [f for f in report(file)["findings"] if f["id"] == "zs-ap-req-replayed"]
                self.assertEqual([f["confidence"] for f in again], [confidence])

    def test_a_library_that_looks_like_an_old_libzmq_is_not_accused(self):
        with tempfile.TemporaryDirectory() as folder:
            packets = [p for c in old_libzmq(None) for p in c.close().packets()]
            file = segments.write(pathlib.Path(folder, "made.pcap"), packets)
            found = report(file)["findings"][0]
            self.assertEqual((found["severity"], found["confidence"]), ("low", "inferred"))
            self.assertRegex(found["explanation"], "JeroMQ and NetMQ")


class Hostile(unittest.TestCase):
    """What a peer chose comes out masked, escaped and cut."""
    PASSWORD = b"pa55-\xfeword"
    TURNED = "\u202eevil\u202c"

    def setUp(self):
        directory = tempfile.TemporaryDirectory()
        self.addCleanup(directory.cleanup)
        self.file = pathlib.Path(directory.name) / "h\u00f6stile [x](y) \x1b.pcap"

    def every_format(self, packets, *words):
        segments.write(self.file, packets)
        for form in ("text", "json", "sarif", "html"):
            done = audit(*words, self.file, form=form)
            self.assertEqual(done.stderr, b"")
            self.assertTrue(clean(done.stdout), form)
            self.assertNotIn(self.PASSWORD, done.stdout)
            self.assertNotIn(b"pa55", done.stdout)
            yield form, done.stdout.decode()

    def talk(self, *pieces, mechanism=b"PLAIN", port=40000):
        hello = made.greeting(mechanism)
        return segments.Conversation(port).c2s(hello).s2c(hello).c2s(*pieces).close().packets()

    def test_credentials_of_plain(self):
        user = b"\x1b[31m\xff\0\r\n" + self.TURNED.encode() + b"[a](http://b)<script>" + b"u" * 200
        packets = self.talk(made.plain_hello(user, self.PASSWORD))
        for form, text in self.every_format(packets):
            if form == "text":
                self.assertIn(r"user \x1b[31m\xff \x0d\x0a", text)
                self.assertIn("uuu..., and a password that is not shown", text)
            if form == "json":
                evidence = json.loads(text)["findings"][0]["evidence"][0]
                self.assertIn("\x1b[31m\ufffd ", evidence["detail"])
                self.assertIn("detail_base64", evidence)
            if form == "html":
                self.assertNotIn("<script", text)
                self.assertIn("&lt;script&gt;", text)
            if form == "sarif":
                result = json.loads(text)["runs"][0]["results"][0]
                self.assertIn(r"\[a\](http://b)", result["message"]["text"])
                jsonschema.Draft202012Validator(SARIF).validate(json.loads(text))

    def test_metadata_and_names_of_64_kib(self):
        packets = self.talk(made.ready(b"R" * 60000, Identity=b"\x1b" * 255, X=b"\xff" * 1000), mechanism=b"NULL")
        for form, text in self.every_format(packets, "--expect-gssapi"):
            self.assertLess(len(text), 80000, form)

    def test_a_realm_that_is_a_command(self):
        """An AP-REQ in the clear: realm and name of the service are the peer's to choose."""
        name = self.TURNED.encode() + b"\x1b]0;x\x07\xff" + b"n" * 60000
        token = ap_req(b"host", name, realm=b"REALM\x1b[2J", etype=23, options=0)
        answered = greeted().c2s(initiate(token)).s2c(made.frame(flags=made.COMMAND))
        for form, text in self.every_format(answered.close().packets()):
            for rule in ("zs-ticket-weak", "zs-no-mutual", "zs-service-host"):
                self.assertIn(rule, text)
            self.assertLess(len(text), 100000, form)

    def test_a_thousand_connections_are_one_finding(self):
        packets = sum((self.talk(made.plain_hello(b"u%d" % n, self.PASSWORD), port=20000 + n) for n in range(1000)), [])
        segments.write(self.file, packets)
        said = report(self.file)
        of_plain = [f for f in said["findings"] if f["id"] == "zs-plain-credentials"]
        self.assertEqual([(f["connections"], len(f["evidence"])) for f in of_plain], [(1000, 5)])
        text = audit(self.file, form="text").stdout.decode()
        self.assertIn("and 995 more, the last at #", text)


class Interrupted(unittest.TestCase):
    """Ctrl+C while a capture is read: what was read so far is judged, and nobody is told that it is all."""

    def test_what_is_left_in_its_middle_is_not_complete(self):
        octets = (subject.CAPTURES / "reqrep.pcap").read_bytes()
        with tempfile.TemporaryDirectory() as folder:
            file = pathlib.Path(folder, "reqrep.pcap")
            os.mkfifo(file)
            process = subprocess.Popen([f"{BUILD}/analyzer/zmtpscope", "audit", "--format", "json", file],
                                       stdout=subprocess.PIPE, stderr=subprocess.PIPE)
            with open(file, "wb", buffering=0) as pipe:
                pipe.write(octets[:3000])
                process.send_signal(signal.SIGINT)
                try:
                    pipe.write(octets[3000:])
                except BrokenPipeError:
                    pass  # it has left already
            out, err = process.communicate(timeout=subject.LIMIT)
        self.assertEqual((process.returncode, err), (2, b"zmtpscope: interrupted: the captures go on\n"))
        self.assertIs(json.loads(out)["complete"], False)


class Words(unittest.TestCase):
    """The command line, and what the documentation says of it."""

    def status(self, *words):
        return audit(*words).returncode

    def test_exit_status(self):
        plain, rc4, good = (subject.CAPTURES / f"{name}.pcap" for name in ("plain", "reqrep-rc4", "reqrep"))
        for severity, plain_status, rc4_status, good_status in (
                ("critical", 1, 0, 0), ("high", 1, 1, 0), ("medium", 1, 1, 0), ("low", 1, 1, 0), ("info", 1, 1, 1),
                ("none", 0, 0, 0)):
            with self.subTest(fail_on=severity):
                self.assertEqual([self.status("--fail-on", severity, file) for file in (plain, rc4, good)],
                                 [plain_status, rc4_status, good_status])
        self.assertEqual(self.status(plain, "no-such.pcap"), 2)
        self.assertIs(report(plain, "no-such.pcap")["complete"], False)

    def test_a_mixture_of_mechanisms_on_one_listener(self):
        said = report(subject.CAPTURES / "reqrep.pcap", subject.CAPTURES / "null.pcap")
        mixed = [f for f in said["findings"] if f["id"] == "zs-mechanism-mixed"]
        self.assertEqual([(f["subject"], f["severity"]) for f in mixed], [("127.0.0.1:5555", "high")])

    def test_the_page_has_the_rules(self):
        page = (subject.ROOT / "docs/audit.md").read_text()
        rows = re.findall(r"^\| ([PK]\d\d) \| `(zs-[^`]+)` \| (\w+) \| (\w+) \| (.*) \|$", page, re.M)
        self.assertEqual(rows, [(check, rule, risk.lower(), confidence.lower(), title)
                                for rule, check, risk, confidence, _, title in ROWS])

    def test_the_example_of_the_page_is_what_is_printed(self):
        example = re.search(r"^```\n(.*?)^```", (subject.ROOT / "docs/audit.md").read_text(), re.M | re.S)[1]
        shown = audit("-K", "captures/delegation.keytab", "captures/delegation.pcap", form="text").stdout.decode()
        self.assertTrue(shown.startswith(example))

    def test_the_page_has_the_fields(self):
        page = (subject.ROOT / "docs/audit.md").read_text()
        for shape in (SCHEMA, *SCHEMA["$defs"].values()):
            for field in shape.get("properties", {}):
                self.assertIn(f"`{field.removesuffix('_base64')}`", page)

    def test_list_has_the_rules(self):
        listed = subject.run(f"{BUILD}/analyzer/zmtpscope", "audit", "--list").stdout.decode()
        self.assertEqual([tuple(line.split()[:3]) for line in listed.splitlines()],
                         [(check, rule, risk.lower()) for rule, check, risk, *_ in ROWS])

    def test_ids_are_one_each(self):
        self.assertEqual(len(set(IDS)), len(IDS))
        self.assertEqual(len(ROWS), (subject.ROOT / "analyzer/audit/rules.def").read_text().count("\nRULE("))


if __name__ == "__main__":
    BUILD = sys.argv.pop(1)
    unittest.main()
