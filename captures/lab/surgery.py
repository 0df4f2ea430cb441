"""A recording as it might have been made: by a wrong clock, or with a packet missing or cut short.

Limits: what tcpdump writes on this machine: pcap with nanoseconds, in its byte order; Ethernet, IPv4, TCP."""
import struct
from dataclasses import dataclass

from lab import process

FILE_HEADER, RECORD = 24, struct.Struct("=IIII")
MAGIC_NANOSECONDS = 0xA1B23C4D
ETHERNET = 14


@dataclass
class Packet:
    """One packet of a capture."""
    seconds: int
    nanoseconds: int
    length: int  # on the wire; octets may be fewer
    octets: bytes

    def tcp_header(self):
        """Where TCP's header begins."""
        return ETHERNET + (self.octets[ETHERNET] & 0x0F) * 4

    def direction(self, port):
        """Seen from whom connected to this port."""
        return "s2c" if struct.unpack_from(">H", self.octets, self.tcp_header())[0] == port else "c2s"

    def payload(self):
        """The octets of the TCP stream."""
        at = self.tcp_header()
        return self.octets[at + (self.octets[at + 12] >> 4) * 4:]


def read(path):
    """(file header, packets)"""
    data = path.read_bytes()
    if struct.unpack_from("=I", data)[0] != MAGIC_NANOSECONDS:
        raise process.LabError(f"{path.name} is not what tcpdump was asked to write")
    packets, at = [], FILE_HEADER
    while at < len(data):
        seconds, nanoseconds, kept, length = RECORD.unpack_from(data, at)
        at += RECORD.size
        packets.append(Packet(seconds, nanoseconds, length, data[at:at + kept]))
        at += kept
    return data[:FILE_HEADER], packets


def write(path, header, packets):
    records = [RECORD.pack(p.seconds, p.nanoseconds, len(p.octets), p.length) + p.octets for p in packets]
    path.write_bytes(header + b"".join(records))


def shift(path, seconds):
    """The same, seen by a clock that is ahead by seconds."""
    header, packets = read(path)
    for packet in packets:
        packet.seconds += seconds
    write(path, header, packets)


def find(packets, port, direction, command, nth=0):
    """The nth packet of that direction, of the connection to this port, that begins a command of that name."""
    name = bytes([len(command)]) + command.encode()
    found = [p for p in packets if p.direction(port) == direction
             and name in (p.payload()[2:][:len(name)], p.payload()[9:][:len(name)])]  # behind a short or long size
    if len(found) <= nth:
        raise process.LabError(f"{direction} has {len(found)} packets with {command}")
    return found[nth]


def opening(path, port):
    """What a client of this port sent first: (its greeting, the packet of its first INITIATE)."""
    packets = read(path)[1]
    initiate = find(packets, port, "c2s", "INITIATE")
    before = [p for p in packets[:packets.index(initiate)] if p.direction(port) == "c2s"]
    return b"".join(p.payload() for p in before), initiate.payload()


def lose(path, *which):
    """Without the packet that find() finds; how many octets of the stream it had."""
    header, packets = read(path)
    lost = find(packets, *which)
    write(path, header, [p for p in packets if p is not lost])
    return len(lost.payload())


def cut(path, missing, *which):
    """That packet without its last octets, as a snapshot length leaves it; how many are missing."""
    header, packets = read(path)
    packet = find(packets, *which)
    packet.octets = packet.octets[:-missing]
    write(path, header, packets)
    return missing
