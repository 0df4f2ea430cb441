"""What ZMTP peers say, made octet by octet: what libzmq cannot be brought to send, and what nobody may.

Builders answer octets: greetings, frames, commands in both forms, the mechanisms' handshakes, messages. Whatever a
specification fixes has a default, and every default can be overridden to be wrong. segments.py makes packets of
them. Forger asks the program forger for GSSAPI's tokens, which fit its keytab.
"""
import struct
import subprocess

MORE, LONG, COMMAND = 0x01, 0x02, 0x04
BY_ACCEPTOR, SEALED, ACCEPTOR_SUBKEY = 0x01, 0x02, 0x04
USUAL = SEALED | ACCEPTOR_SUBKEY
DES3, AES128, RC4 = 16, 17, 23  # enctypes
CLIENT_SEQUENCE, SERVER_SEQUENCE = 1000, 2000  # of forger's handshakes
SOCKET_TYPES_2 = ("PAIR", "PUB", "SUB", "REQ", "REP", "DEALER", "ROUTER", "PULL", "PUSH")


# ==== frames ====

def frame(body=b"", flags=0, size=None):
    """A frame of ZMTP 2.0 and 3. size: what it announces. LONG is set where it must be, and may be where it need not."""
    size = len(body) if size is None else size
    flags |= LONG if size > 255 else 0
    return bytes([flags]) + (struct.pack(">Q", size) if flags & LONG else bytes([size])) + body


def frame_1(body=b"", flags=0):
    """A frame of ZMTP 1.0: its length counts the flags octet."""
    size = len(body) + 1
    return (bytes([size]) if size < 255 else b"\xff" + struct.pack(">Q", size)) + bytes([flags]) + body


def message(*parts, make=frame):
    """The frames of a message."""
    return b"".join(make(part, MORE if n < len(parts) - 1 else 0) for n, part in enumerate(parts))


# ==== greetings ====

def signature(padding=bytes(8), end=0x7F):
    return b"\xff" + padding + bytes([end])


def greeting(mechanism=b"NULL", version=(3, 1), as_server=0, padding=bytes(8), filler=bytes(31)):
    return signature(padding) + bytes(version) + mechanism.ljust(20, b"\0") + bytes([as_server]) + filler


def greeting_2(socket_type, identity=b""):
    """ZMTP 2.0: revision 1, socket type, and the identity in the first frame."""
    return signature() + bytes([1, SOCKET_TYPES_2.index(socket_type)]) + frame(identity)


# ==== commands ====

def short(octets):
    return bytes([len(octets)]) + octets


def named(name, body=b""):
    """The body of a command in ZMTP's own form."""
    return short(name) + body


def padded(name, body=b""):
    """… in the form of 38/ZMTP-GSSAPI's text."""
    return name.ljust(8) + body


def command(name, body=b"", flags=COMMAND):
    return frame(named(name, body), flags)


def der(tag, contents):
    """An element of ASN.1."""
    n = len(contents)
    length = bytes([n]) if n < 128 else bytes([0x81, n]) if n < 256 else struct.pack(">BH", 0x82, n)
    return bytes([tag]) + length + contents


def properties(**values):
    """Metadata: Socket_Type=b"REQ" stands for Socket-Type."""
    return b"".join(short(name.replace("_", "-").encode()) + struct.pack(">I", len(value)) + value
                    for name, value in values.items())


def ready(socket_type=b"REQ", **more):
    return command(b"READY", properties(Socket_Type=socket_type, **more))


def ping(ttl=100, context=b"ctx"):
    return command(b"PING", struct.pack(">H", ttl) + context)


def error(reason=b"because"):
    return command(b"ERROR", short(reason))


def plain_hello(username=b"admin", password=b"secret"):
    return command(b"HELLO", short(username) + short(password))


def curve_hello(version=(1, 0)):
    return command(b"HELLO", bytes(version) + bytes(72) + b"P" * 32 + bytes(7) + b"\1" + b"S" * 80)


def curve_welcome():
    return command(b"WELCOME", b"N" * 16 + b"B" * 144)


def curve_initiate(box=144):
    return command(b"INITIATE", b"C" * 96 + bytes(7) + b"\2" + b"B" * box)


def curve_ready(box=40):
    return command(b"READY", bytes(7) + b"\1" + b"B" * box)


def curve_message(number, box=24):
    return frame(named(b"MESSAGE", struct.pack(">Q", number) + b"B" * box))


def counted(token):
    """A token as libzmq sends it: its length before it."""
    return struct.pack(">I", len(token)) + token


class Forger:
    """with Forger(program, keytab) as forger: tokens that the keytab opens. A handshake's numbers begin at
    CLIENT_SEQUENCE and SERVER_SEQUENCE."""

    def __init__(self, program, keytab):
        self.process = subprocess.Popen([program, keytab], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.handshakes = 0
        self.enctype = AES128  # of the last handshake's session key and subkeys
        self.ap_req = None  # the last handshake's

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.communicate(timeout=10)

    def ask(self, *words):
        self.process.stdin.write(" ".join(map(str, words)) + "\n")
        self.process.stdin.flush()
        return bytes.fromhex(self.process.stdout.readline())

    def handshake(self, enctype=AES128):
        """The INITIATEs of client and server, in libzmq's form: a context stands behind them."""
        self.handshakes += 1
        self.enctype = enctype
        self.ask("handshake", self.handshakes, enctype)
        self.ap_req = self.ask("ap-req")  # encrypted anew, and so another one, whenever it is asked for
        return command(b"INITIATE", counted(self.ap_req)), command(b"INITIATE", counted(self.ask("ap-rep")))

    def wrap(self, flags, sequence, text, ec=0, rrc=0, header=b""):
        """A wrap token; header: what stands inside it in place of its own."""
        return self.ask("wrap", flags, ec, rrc, sequence, text.hex() or "-", *([header.hex()] if header else []))

    def wrap_old(self, flags, sequence, text, direction=b"", padding=b""):
        """A wrap token of RFC 1964 or RFC 4757; direction, padding: in place of the right ones."""
        return self.ask("wrap-old", flags, sequence, text.hex() or "-", direction.hex() or "-", padding.hex() or "-")

    def sealed(self, side, number, text, outer=0, **more):
        """libzmq's frame with the number-th sealed token of a side (0: client, the initiator)."""
        sequence = (CLIENT_SEQUENCE, SERVER_SEQUENCE)[side] + number
        if self.enctype in (DES3, RC4):
            token = self.wrap_old(SEALED | (BY_ACCEPTOR if side else 0), sequence, text, **more)
            return frame(named(b"MESSAGE", counted(token)), outer)
        token = self.wrap(USUAL | (BY_ACCEPTOR if side else 0), sequence, text, **more)
        return frame(named(b"MESSAGE", counted(token)), outer)
