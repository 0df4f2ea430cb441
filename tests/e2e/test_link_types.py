#!/usr/bin/python3
"""test_link_types.py ZMTPSCOPE: one conversation below every link layer that read knows, over IPv4 and IPv6, as pcap and
as pcapng, gives the same events.

Limits: the packets are reqrep's with other headers in front; their checksums are not made anew.
"""
import pathlib
import struct
import sys
import tempfile
import unittest

import subject

sys.path.insert(0, str(subject.CAPTURES))
from lab import surgery  # noqa: E402

BINARY = None
MACS = bytes(12)
ETHERTYPE = {4: b"\x08\x00", 6: b"\x86\xdd"}
FAMILY = {4: 2, 6: 10}  # Linux' AF_INET, AF_INET6
# Name of libpcap -> (its number, header in front of IP of that version).
LINKS = {
    "EN10MB": (1, lambda v: MACS + ETHERTYPE[v]),
    "EN10MB, VLAN": (1, lambda v: MACS + b"\x81\x00\x00\x07" + ETHERTYPE[v]),
    "EN10MB, VLAN in VLAN": (1, lambda v: MACS + b"\x88\xa8\x00\x01\x81\x00\x00\x07" + ETHERTYPE[v]),
    "NULL": (0, lambda v: struct.pack("=I", FAMILY[v])),
    "LOOP": (108, lambda v: struct.pack(">I", FAMILY[v])),
    "RAW": (101, lambda v: b""),
    "IPV4": (228, lambda v: b"" if v == 4 else None),
    "IPV6": (229, lambda v: b"" if v == 6 else None),
    "LINUX_SLL": (113, lambda v: b"\x00\x00\x03\x04\x00\x06" + bytes(8) + ETHERTYPE[v]),
    "LINUX_SLL2": (276, lambda v: ETHERTYPE[v] + b"\x00\x00\x00\x00\x00\x01\x03\x04\x00\x06" + bytes(8)),
}


def over_ipv6(packet):
    """The same segment in a packet of IPv6."""
    size = (packet[0] & 15) * 4
    sender, receiver = (bytes(15) + octet for octet in (packet[15:16], packet[19:20]))
    return struct.pack(">IHBB", 6 << 28, len(packet) - size, 6, 64) + sender + receiver + packet[size:]


def pcapng(link, packets):
    """A file of one section and one interface whose clock counts nanoseconds."""
    def block(kind, body):
        size = struct.pack("=I", len(body) + 12)
        return struct.pack("=I", kind) + size + body + size

    blocks = [block(0x0A0D0D0A, struct.pack("=IHHq", 0x1A2B3C4D, 1, 0, -1)),
              block(1, struct.pack("=HHIHHBxxxHH", link, 0, 0, 9, 1, 9, 0, 0))]
    for p in packets:
        time = p.seconds * 10**9 + p.nanoseconds
        head = struct.pack("=IIIII", 0, time >> 32, time & 0xFFFFFFFF, len(p.octets), p.length)
        blocks.append(block(6, head + p.octets + bytes(-len(p.octets) % 4)))
    return b"".join(blocks)


class LinkTypes(unittest.TestCase):
    maxDiff = 2000

    @classmethod
    def setUpClass(cls):
        cls.header, cls.packets = surgery.read(subject.CAPTURES / "reqrep.pcap")
        cls.wanted = cls.told(subject.read_json(BINARY, "reqrep.pcap", "reqrep.keytab"))
        cls.folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(cls.folder.cleanup)

    @staticmethod
    def told(events):
        """What does not change with the headers."""
        return [{k: v for k, v in e.items() if k not in ("client", "server", "peak_memory")} for e in events[1:]]

    def read(self, name, octets):
        path = pathlib.Path(self.folder.name, name)
        path.write_bytes(octets)
        return subject.read_json(BINARY, path, "reqrep.keytab")

    def relinked(self, header, version):
        """The packets below another link layer."""
        for p in self.packets:
            ip = p.octets[surgery.ETHERNET:]
            octets = header + (ip if version == 4 else over_ipv6(ip))
            yield surgery.Packet(p.seconds, p.nanoseconds, len(octets), octets)

    def test_each_link_type(self):
        for name, (number, header_of) in LINKS.items():
            for version, client in ((4, "127.0.0.1:57142"), (6, "[::1]:57142")):
                header = header_of(version)
                if header is None:
                    continue
                packets = list(self.relinked(header, version))
                pcap = self.header[:20] + struct.pack("=I", number) + b"".join(
                    surgery.RECORD.pack(p.seconds, p.nanoseconds, len(p.octets), p.length) + p.octets for p in packets)
                for kind, octets in (("pcap", pcap), ("pcapng", pcapng(number, packets))):
                    with self.subTest(link=name, version=version, file=kind):
                        events = self.read(f"{number}-{version}.{kind}", octets)
                        self.assertEqual(events[0]["link_types"], [name.partition(",")[0]])
                        self.assertEqual(subject.of(events, "connection")[0]["client"], client)
                        self.assertEqual(self.told(events), self.wanted)


if __name__ == "__main__":
    BINARY = sys.argv.pop(1)
    unittest.main()
