"""TCP conversations that never were, as packets of a pcap file: what either side sends, cut into segments as a test
wants them, and what may happen to segments on their way.

    c = Conversation(server_port=5555, most=10)      # segments of 10 octets at most
    c.c2s(b"...").s2c(b"...").c2s(b"...", cuts=(1, 11))
    packets = c.close().packets()
    write(path, packets)                             # or several conversations' packets, one behind the other

Packets are plain values: lose, repeat, swap or cut them short before they are written.
Limits: raw IPv4 (LINKTYPE_RAW) without options; every segment acknowledges what was sent before it; no window is kept.
"""
import dataclasses
import random
import struct

LINKTYPE_RAW = 101
START = 1_750_000_000  # seconds: the time of forger's handshakes
STEP = 1_000_000  # ns between two packets of a conversation
FIN, SYN, RST, PSH, ACK = 0x01, 0x02, 0x04, 0x08, 0x10


def checksum(octets):
    """RFC 1071."""
    if len(octets) % 2:
        octets += b"\0"
    total = sum(struct.unpack(f">{len(octets) // 2}H", octets))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


@dataclasses.dataclass(frozen=True)
class Packet:
    """A segment inside its IP packet. time in ns since 1970."""
    time: int
    source: tuple  # ("127.0.0.1", 40000)
    target: tuple
    flags: int
    seq: int
    ack: int
    data: bytes = b""
    captured: int = 0  # octets of the IP packet that the capture holds; 0: all

    def octets(self):
        addresses = b"".join(bytes(map(int, host.split("."))) for host, _ in (self.source, self.target))
        head = struct.pack(">HHIIBBHHH", self.source[1], self.target[1], self.seq % 2**32, self.ack % 2**32, 0x50,
                           self.flags, 0xFFFF, 0, 0)
        segment = head + self.data
        pseudo = addresses + struct.pack(">BBH", 0, 6, len(segment))
        segment = segment[:16] + struct.pack(">H", checksum(pseudo + segment)) + segment[18:]
        ip = struct.pack(">BBHHHBBH", 0x45, 0, 20 + len(segment), 0, 0x4000, 64, 6, 0) + addresses
        return ip[:10] + struct.pack(">H", checksum(ip)) + ip[12:] + segment


class Conversation:
    """One TCP connection. most: octets of a segment. isn: the sides' initial sequence numbers. syn=False: the capture
    begins behind the handshake."""

    def __init__(self, client_port=40000, server_port=5555, most=1400, isn=(1000, 2000), start=START * 10**9,
                 syn=True):
        self.ends = (("127.0.0.1", client_port), ("127.0.0.1", server_port))
        self.most = most
        self.next = [isn[0] + 1, isn[1] + 1]
        self.time = start
        self.made = []
        if syn:
            self.add(0, SYN, seq=isn[0], ack=0)
            self.add(1, SYN | ACK, seq=isn[1])
            self.add(0, ACK)

    def add(self, side, flags, data=b"", seq=None, ack=None):
        """The next packet of a side, at its next number unless another is given."""
        seq = self.next[side] if seq is None else seq
        ack = self.next[1 - side] if ack is None else ack
        self.made.append(Packet(self.time, self.ends[side], self.ends[1 - side], flags, seq, ack, data))
        self.time += STEP

    def send(self, side, octets, cuts=()):
        """octets of a side, in segments that end at the cuts and hold most octets."""
        edges = sorted({0, len(octets), *(cut for cut in cuts if 0 < cut < len(octets))})
        for begin, end in zip(edges, edges[1:]):
            for at in range(begin, end, self.most):
                piece = octets[at:min(at + self.most, end)]
                self.add(side, PSH | ACK, piece)
                self.next[side] += len(piece)
        return self

    def c2s(self, *pieces, cuts=()):
        return self.send(0, b"".join(pieces), cuts)

    def s2c(self, *pieces, cuts=()):
        return self.send(1, b"".join(pieces), cuts)

    def lose(self, side, n):
        """n octets of a side that the capture does not hold."""
        self.next[side] += n
        return self

    def close(self):
        for side in (0, 1):
            self.add(side, FIN | ACK)
            self.next[side] += 1
        return self

    def packets(self):
        return list(self.made)


def shuffled(packets, seed, distance=3):
    """The same packets, each of those with data up to distance places away from where it was: a seed, an order."""
    order = random.Random(seed)
    keys = [n + (order.uniform(0, distance) if p.data else 0) for n, p in enumerate(packets)]
    return retimed([p for _, p in sorted(zip(keys, packets), key=lambda pair: pair[0])], packets)


def repeated(packets, seed, share=0.2):
    """The same packets, some of those with data sent again a little later."""
    dice = random.Random(seed)
    made = []
    for packet in packets:
        made.append(packet)
        if packet.data and dice.random() < share:
            made.append(dice.choice([p for p in made if p.data]))
    return retimed(made, packets)


def retimed(packets, like):
    """packets, in this order, at times that go up from like's first."""
    start = like[0].time
    return [dataclasses.replace(p, time=start + n * STEP) for n, p in enumerate(packets)]


def cut_short(packets, snaplen):
    """As with tcpdump -s snaplen."""
    return [dataclasses.replace(p, captured=snaplen) for p in packets]


def write(path, packets):
    """A pcap file with nanoseconds."""
    with open(path, "wb") as file:
        file.write(struct.pack("<IHHiIII", 0xA1B23C4D, 2, 4, 0, 0, 1 << 18, LINKTYPE_RAW))
        for packet in packets:
            octets = packet.octets()
            held = octets[:packet.captured] if packet.captured else octets
            file.write(struct.pack("<IIII", packet.time // 10**9, packet.time % 10**9, len(held), len(octets)) + held)
    return path
