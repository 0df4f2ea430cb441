"""Captures as they really are: difficult ones, made of a good one. Each is a Variant: files, how to read them, and what the
good capture's messages come to.

Limits: the good capture is pcap as tcpdump writes it on this machine, Ethernet and IPv4, of one TCP connection.
"""
import dataclasses
import pathlib
import random
import struct
import subprocess
import sys

import subject

sys.path.insert(0, str(subject.CAPTURES))
from lab import surgery  # noqa: E402

FIN, SYN, RST, ACK = 1, 2, 4, 16
MACS = bytes(12)


@dataclasses.dataclass
class Variant:
    """files: to be read together. lost: which of the good capture's messages (direction, index) are not in it; None: what
    is lost is not known beforehand. times: how often each message comes. gaps: octets that it must say are missing. filter: the
    words behind the files; other packets than those it lets through must not be looked at. keytab: another than that of the good
    capture of captures/, and then good: what its messages come to."""
    name: str
    files: list
    options: list = dataclasses.field(default_factory=list)
    lost: frozenset = frozenset()
    times: int = 1
    gaps: int = 0
    defects: tuple = ()
    stdin: bool = False
    status: int = 0
    filter: tuple = ()
    keytab: pathlib.Path = None
    good: dict = None
    sealed: bool = False  # the keytab is not given: the capture opens itself
    tshark: str = ""  # why tshark is not asked


@dataclasses.dataclass
class Segment:
    """A packet of TCP over IPv4 or IPv6, taken apart."""
    at: tuple  # seconds, nanoseconds
    sender: bytes
    receiver: bytes
    ports: tuple
    seq: int
    ack: int
    flags: int
    payload: bytes

    def but(self, **changed):
        return dataclasses.replace(self, **changed)

    def tcp(self, good=True):
        """The segment's octets; its checksum is right, or not."""
        head = struct.pack(">HHIIBBHHH", *self.ports, self.seq % 2**32, self.ack % 2**32, 0x50, self.flags, 512, 0, 0)
        body = head + self.payload
        pseudo = self.sender + self.receiver + struct.pack(">II", len(body), 6)
        check = checksum(pseudo + body) ^ (0 if good else 1)
        return body[:16] + struct.pack(">H", check) + body[18:]


def checksum(octets):
    octets += bytes(len(octets) % 2)
    total = sum(struct.unpack(f">{len(octets) // 2}H", octets))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return total ^ 0xFFFF


def segments_of(path):
    for p in surgery.read(path)[1]:
        at = p.tcp_header()
        ip, tcp = p.octets[surgery.ETHERNET:at], p.octets[at:]
        seq, ack = struct.unpack_from(">II", tcp, 4)
        yield Segment((p.seconds, p.nanoseconds), ip[12:16], ip[16:20], struct.unpack_from(">HH", tcp), seq, ack, tcp[13],
                      p.payload())


def ipv4(protocol, sender, receiver, payload, fragment=0, number=1):
    size = 20 + len(payload)
    head = struct.pack(">BBHHHBBH", 0x45, 0, size if size < 2**16 else 0, number, fragment, 64, protocol, 0) + sender + receiver
    return head[:10] + struct.pack(">H", checksum(head)) + head[12:] + payload


def ipv6(following, sender, receiver, payload):
    return struct.pack(">IHBB", 6 << 28, len(payload), following, 64) + bytes(12) + sender + bytes(12) + receiver + payload


def plain(segment):
    return [ipv4(6, segment.sender, segment.receiver, segment.tcp())]


def pcap(path, packets, link=1, order="=", nano=True):
    """packets: (time, octets) or (time, octets, length on the wire)."""
    out = [struct.pack(order + "IHHIIII", 0xA1B23C4D if nano else 0xA1B2C3D4, 2, 4, 0, 0, 262144, link)]
    for (seconds, ns), octets, *length in packets:
        out.append(struct.pack(order + "IIII", seconds, ns if nano else ns // 1000, len(octets),
                               length[0] if length else len(octets)) + octets)
    path.write_bytes(b"".join(out))
    return path


def block(kind, body, order="<"):
    body += bytes(-len(body) % 4)
    size = struct.pack(order + "I", len(body) + 12)
    return struct.pack(order + "I", kind) + size + body + size


def section(order="<"):
    return block(0x0A0D0D0A, struct.pack(order + "IHHq", 0x1A2B3C4D, 1, 0, -1), order)


def interface(link, resolution, order="<"):
    return block(1, struct.pack(order + "HHIHHBxxxHH", link, 0, 0, 9, 1, resolution, 0, 0), order)


def enhanced(number, at, octets, unit=10**9, comment=b"", order="<"):
    time = (at[0] * 10**9 + at[1]) * unit // 10**9
    body = struct.pack(order + "IIIII", number, time >> 32, time & 0xFFFFFFFF, len(octets), len(octets))
    body += octets + bytes(-len(octets) % 4)
    if comment:
        body += struct.pack(order + "HH", 1, len(comment)) + comment + bytes(-len(comment) % 4) + bytes(4)
    return block(6, body, order)


class Maker:
    """Makes variants of one good capture in a directory."""

    def __init__(self, directory, good):
        self.directory = pathlib.Path(directory)
        self.good = subject.CAPTURES / good
        self.segments = list(segments_of(self.good))
        self.server = next(s.ports[1] for s in self.segments if s.flags & SYN)
        self.variants = []

    def path(self, name):
        return self.directory / name

    def add(self, name, files, **more):
        self.variants.append(Variant(name, files if isinstance(files, list) else [files], **more))

    def from_packets(self, name, packets, link=1, **more):
        header = MACS + b"\x08\x00" if link == 1 else b""
        timed = [(at, header + octets, *(len(header) + n for n in length)) for at, octets, *length in packets]
        self.add(name, pcap(self.path(f"{name}.pcap"), timed, link), **more)

    def from_segments(self, name, segments, **more):
        self.from_packets(name, [(s.at, ip) for s in segments for ip in plain(s)], **more)

    def is_server(self, segment):
        return segment.ports[0] == self.server

    def with_data(self):
        return [s for s in self.segments if s.payload]

    # ---- Files ----

    def files(self):
        packets = [(s.at, MACS + b"\x08\x00" + plain(s)[0]) for s in self.segments]
        base = pcap(self.path("base.pcap"), packets)
        for order, word in (("<", "little"), (">", "big")):
            for nano in (False, True):
                name = f"{word}-{'nano' if nano else 'micro'}seconds"
                self.add(name, pcap(self.path(f"{name}.pcap"), packets, 1, order, nano))
        for packer in ("gzip", "zstd", "lz4"):
            path = self.path(f"packed.pcap.{packer}")
            with path.open("wb") as out:
                subprocess.run([packer, "-c", base], stdout=out, stderr=subprocess.DEVNULL, check=True)
            self.add(packer, path)
            self.add(f"{packer}-from-a-pipe", path, stdin=True)
            self.add(f"{packer}-filtered", path, options=["-f", f"tcp port {self.server}"])
        self.add("from-a-pipe", base, stdin=True)
        foreign = [(at, MACS + b"\x08\x00" + plain(s.but(ports=tuple(p + 1 for p in s.ports)))[0]) for at, s in
                   ((s.at, s) for s in self.segments)]
        both = pcap(self.path("two-connections.pcap"), sorted(packets + foreign))
        self.add("expression-behind-the-file", both, options=["-r"], filter=("tcp", "port", str(self.server), "and", "not",
                 "port", str(self.server + 1)), tshark="it takes such an expression while it captures alone")
        self.pcapngs(packets)
        self.several_files(base)
        self.add("cut-in-a-record", self.cut(base), status=2, tshark="it ends with an error, as read does")

    def cut(self, base):
        path = self.path("cut.pcap")
        path.write_bytes(base.read_bytes()[:-5])
        return path

    def pcapngs(self, packets):
        path = self.path("several-interfaces.pcapng")
        out = [section(), interface(1, 9), interface(101, 6), interface(113, 0x94)]
        for i, (at, octets) in enumerate(packets):
            which, unit = i % 3, (10**9, 10**6, 2**20)[i % 3]
            ip = octets[14:]
            head = (MACS + b"\x08\x00", b"", bytes(14) + b"\x08\x00")[which]
            out.append(enhanced(which, at, head + ip, unit, b"a comment" if i % 2 else b""))
        path.write_bytes(b"".join(out))
        self.add("several-interfaces", path)
        self.add("several-interfaces-filtered", path, options=["-f", "tcp"])
        path = self.path("sections.pcapng")
        half = len(packets) // 2
        out = [section(), interface(1, 9), *(enhanced(0, *p) for p in packets[:half]),
               section(">"), interface(101, 6, ">"),
               *(enhanced(0, at, octets[14:], 10**6, order=">") for at, octets in packets[half:])]
        path.write_bytes(b"".join(out))
        self.add("sections-of-both-orders", path, tshark="4.0 gives up at a section of the other order")

    def with_secrets(self, lines):
        """lines: what zmtpscope secrets writes of the good capture."""
        out = [section(), interface(1, 9), block(10, struct.pack("<II", 0x5A47534B, len(lines)) + lines)]
        out += [enhanced(0, s.at, MACS + b"\x08\x00" + plain(s)[0]) for s in self.segments]
        path = self.path("secrets.pcapng")
        path.write_bytes(b"".join(out))
        self.add("secrets-block", path, sealed=True, tshark="4.0 has no secrets blocks of plugins")

    def several_files(self, base):
        ring = self.path("ring")
        ring.mkdir()
        subprocess.run(["editcap", "-F", "pcapng", "-c", "4", base, ring / "ring.pcapng"], check=True)
        (ring / "README").write_text("no capture\n")
        files = sorted(ring.glob("ring*"))
        self.add("ring-of-files", files)
        self.add("ring-in-disorder", files[::-1])
        self.add("ring-as-a-directory", [ring], tshark="it reads one file")
        client, server = ([(s.at, MACS + b"\x08\x00" + plain(s)[0]) for s in self.segments if self.is_server(s) == side]
                          for side in (False, True))
        self.add("a-file-for-each-direction", [pcap(self.path("c.pcap"), client), pcap(self.path("s.pcap"), server)])

    # ---- Link and network ----

    def networks(self):
        for name, wrap in {
            "vlan": lambda ip, s: (b"\x81\x00\x00\x07\x08\x00", ip),
            "vlan-in-vlan": lambda ip, s: (b"\x88\xa8\x00\x01\x81\x00\x00\x07\x08\x00", ip),
            "mpls": lambda ip, s: (b"\x88\x47\x00\x01\x00\x40\x00\x02\x01\x40", ip),
            "pppoe": lambda ip, s: (b"\x88\x64\x11\x00\x00\x01" + struct.pack(">H", len(ip) + 2) + b"\x00\x21", ip),
            "ip-in-ip": lambda ip, s: (b"\x08\x00", ipv4(4, s.receiver, s.sender, ip)),
            "ip-in-ipv6": lambda ip, s: (b"\x86\xdd", ipv6(4, s.sender, s.receiver, ip)),
            "gre": lambda ip, s: (b"\x08\x00", ipv4(47, s.sender, s.receiver, b"\x20\x00\x08\x00\x00\x00\x00\x07" + ip)),
            "gre-ethernet": lambda ip, s: (b"\x08\x00", ipv4(47, s.sender, s.receiver,
                                                             b"\x00\x00\x65\x58" + MACS + b"\x08\x00" + ip)),
            "vxlan": lambda ip, s: (b"\x08\x00", ipv4(17, s.sender, s.receiver,
                                                      struct.pack(">HHHH", 1234, 4789, len(ip) + 30, 0)
                                                      + b"\x08\x00\x00\x00\x00\x00\x07\x00" + MACS + b"\x08\x00" + ip)),
        }.items():
            packets = []
            for s in self.segments:
                ethertype, rest = wrap(plain(s)[0], s)
                packets.append((s.at, MACS + ethertype + rest))
            self.add(name, pcap(self.path(f"{name}.pcap"), packets))
        for link, name, head in ((9, "ppp", b"\xff\x03\x00\x21"), (50, "ppp-serial", b"\xff\x03\x00\x21"),
                                 (104, "hdlc", b"\x0f\x00\x08\x00"), (101, "raw", b""),
                                 (113, "linux-cooked", b"\x00\x00\x03\x04\x00\x06" + bytes(8) + b"\x08\x00"),
                                 (276, "linux-cooked-2", b"\x08\x00" + bytes(5) + b"\x01\x03\x04\x00\x06" + bytes(8)),
                                 (0, "bsd-loopback", struct.pack("=I", 2)), (108, "openbsd-loopback", struct.pack(">I", 2))):
            self.add(name, pcap(self.path(f"{name}.pcap"), [(s.at, head + plain(s)[0]) for s in self.segments], link))
        self.fragments()

    def fragments(self):
        for name, turn in (("fragments", 1), ("fragments-in-disorder", -1)):
            packets = []
            for number, s in enumerate(self.segments):
                tcp = s.tcp()
                parts = [(at, tcp[at:at + 40]) for at in range(0, len(tcp), 40)]
                packets += [(s.at, ipv4(6, s.sender, s.receiver, part,
                                        at // 8 | (0x2000 if at + 40 < len(tcp) else 0), number))
                            for at, part in parts[::turn]]
            self.from_packets(name, packets)
        packets, headers = [], []
        for number, s in enumerate(self.segments):
            tcp, hops = s.but(sender=bytes(12) + s.sender, receiver=bytes(12) + s.receiver).tcp(), bytes([60]) + bytes(7)
            whole = bytes([6]) + bytes(7) + tcp
            headers.append((s.at, ipv6(0, s.sender, s.receiver, hops + whole)))
            packets += [(s.at, ipv6(44, s.sender, s.receiver, struct.pack(
                ">BBHI", 60, 0, at | (at + 48 < len(whole)), number) + whole[at:at + 48]))
                for at in range(0, len(whole), 48)]
        self.from_packets("ipv6-extensions", headers, link=101)
        self.from_packets("ipv6-fragments", packets, link=101)

    # ---- TCP ----

    def orders(self):
        shuffle = random.Random(6).shuffle
        pieces = []
        for s in self.segments:
            n = max(1, len(s.payload) // 3)
            parts = [s.but(seq=s.seq + at, payload=s.payload[at:at + n]) for at in range(0, len(s.payload), n)]
            shuffle(parts)
            pieces += parts or [s]
        self.from_segments("out-of-order", pieces)
        self.from_segments("retransmitted", [t for s in self.segments for t in ((s, s) if s.payload else (s,))])
        self.from_segments("one-octet-each", [
            t for s in self.segments
            for t in ([s.but(seq=s.seq + i, payload=s.payload[i:i + 1]) for i in range(len(s.payload))] or [s])],
                           tshark="its heuristics see one packet, and one octet proves nothing")
        overlapping, data = [], self.with_data()[-1]
        for s in self.segments:
            half = len(s.payload) // 2
            if s is data:
                tail = s.but(seq=s.seq + half, payload=s.payload[half:])
                other = tail.but(payload=bytes(o ^ 0xFF for o in tail.payload))
                overlapping += [tail, other, s.but(payload=s.payload[:half])]
            else:
                overlapping.append(s)
        self.from_segments("overlap-with-other-content", overlapping, defects=("stream-conflict",),
                           tshark="it is asked by test_agree about conflicts")
        for name, first in (("wrap-of-both", 2**32 - 100), ("wrap-at-once", 2**32 - 1), ("wrap-of-the-sign", 2**31 - 70)):
            begin = {side: next(s.seq for s in self.segments if self.is_server(s) == side) for side in (False, True)}
            self.from_segments(name, [
                s.but(seq=s.seq - begin[self.is_server(s)] + first,
                      ack=s.ack - begin[not self.is_server(s)] + first if s.flags & ACK else 0) for s in self.segments])

        request = next(s for s in self.segments if b"\x08INITIATE" in s.payload)
        swapped = [s for s in self.segments if s is not request]
        at = next(i for i, s in enumerate(swapped) if b"\x08INITIATE" in s.payload)
        self.from_segments("answer-before-its-question", [*swapped[:at + 1], request, *swapped[at + 1:]])

    def ends(self):
        handshake = [s for s in self.segments[:3]]
        rest = self.segments[3:]
        first = next(s for s in rest if s.payload)
        self.from_segments("data-before-the-syn", [first.but(at=self.segments[0].at), *handshake, *rest[1:]])
        self.from_segments("no-syn", rest)
        ended = [s for s in self.segments if not s.flags & FIN]
        last = ended[-1]
        self.from_segments("reset", [*ended, last.but(flags=RST | ACK, payload=b"", seq=last.seq + len(last.payload))])
        self.from_segments("no-end", ended)
        self.half_closed()
        self.from_segments("keep-alives", [t for s in self.segments for t in (
            (s, s.but(seq=s.seq + len(s.payload) - 1, payload=b"\x00"), s.but(seq=s.seq + len(s.payload) - 1, payload=b""))
            if s.payload else (s,))])
        later = 600
        again = [s.but(at=(s.at[0] + later, s.at[1]), seq=s.seq + 10**6, ack=s.ack + 10**6 if s.flags & ACK else 0)
                 for s in self.segments]
        self.from_segments("ports-used-again", self.segments + again, times=2,
                           defects=("ap-req-replayed",) if "gss" in self.kind else ())

    kind = "gss"

    def half_closed(self):
        """The client's FIN before the server's last octets."""
        final = [s for s in self.with_data() if self.is_server(s)][-1]
        fin = next(s for s in self.segments if s.flags & FIN and not self.is_server(s))
        order = [s for s in self.segments if s is not fin]
        order.insert(order.index(final), fin.but(at=final.at, ack=final.seq))
        self.from_segments("half-closed", order)

    def losses(self, messages):
        """messages: of the good capture, (direction, index) -> frame. The packets of one of them are lost, cut, or have
        a wrong checksum beside a right one."""
        victim, frame = next((key, f) for key, f in messages.items() if key == ("s2c", len(messages) // 2 - 1))
        packet = self.segments[frame - 1]
        hit = frozenset(key for key, f in messages.items() if f == frame)
        assert victim in hit
        self.from_segments("a-packet-is-lost", [s for s in self.segments if s is not packet], lost=hit,
                           gaps=len(packet.payload))
        self.from_segments("a-frame-is-damaged", [s.but(payload=b"\x80" + s.payload[1:]) if s is packet else s
                                                  for s in self.segments], lost=hit, defects=("frame-flags",))
        greetings = [s for s in self.with_data() if b"INITIATE" not in s.payload][:4]
        assert sum(len(s.payload) for s in greetings) == 2 * 64
        for number, part in enumerate(greetings, 1):
            self.from_segments(f"greeting-part-{number}-is-lost", [s for s in self.segments if s is not part],
                               gaps=len(part.payload), tshark="told to wait for what is out of order, it waits to the end")
        packets = [(s.at, *plain(s)) for s in self.segments]
        at = self.segments.index(packet)
        whole = packets[at][1]
        packets[at] = (packets[at][0], whole[:-10], len(whole))
        self.from_packets("snap-length", packets, lost=frozenset(key for key in hit if key == max(hit)), gaps=10,
                          tshark="it is asked by test_agree about packets cut short")
        wrong = []
        for s in self.segments:
            if s.payload:
                damaged = s.but(payload=bytes(o ^ 1 for o in s.payload)).tcp(good=False)
                wrong.append((s.at, ipv4(6, s.sender, s.receiver, damaged)))
            wrong.append((s.at, *plain(s)))
        self.from_packets("wrong-checksums", wrong, options=["--verify-checksums"],
                          tshark="it would want a preference")
        ignored = [(s.at, ipv4(6, s.sender, s.receiver, s.tcp(good=False))) for s in self.segments]
        self.from_packets("wrong-checksums-ignored", ignored)


def offloaded(directory, good):
    """Of a capture whose segments are of 64 KiB: as it is, two and two as one packet, whose length IP cannot say, and as they go
    over the wire, where an adapter cut them."""
    maker, double = Maker(directory, good), []
    for s in maker.segments:
        last = double[-1] if double else None
        if last and last.payload and last.sender == s.sender and 2**16 > len(last.payload) and len(last.payload + s.payload) > 2**16:
            double[-1] = last.but(payload=last.payload + s.payload)
        else:
            double.append(s)
    small = [s.but(seq=s.seq + at, payload=s.payload[at:at + 1448]) for s in maker.segments
             for at in range(0, max(1, len(s.payload)), 1448)]
    assert max(len(s.payload) for s in maker.segments) > 2**16 - 100 and max(len(s.payload) for s in double) > 2**16
    maker.from_segments("offloaded", maker.segments)
    maker.from_segments("offloaded-beyond-64-KiB", double)
    maker.from_segments("cut-by-the-adapter", small)
    return maker.variants


def one_sided(directory, good):
    """The client's packets alone, of a capture whose messages are in the clear."""
    maker = Maker(directory, good)
    maker.from_segments("one-sided", [s for s in maker.segments if not maker.is_server(s)],
                        tshark="it is asked about both sides")
    return maker.variants[0]
