"""A capture of what two sides say, made from a text, which a case of CASES can name:

    > ff 00*8 7f 'NULL'    the TCP client says these octets, in a packet of their own: hexadecimal, an octet so many
    < 'hello'              times, text in quotes; and this is the server
    > {04 05'READY'}       in braces: one frame of ZMTP 3 with these flags, and its length before what follows
    cut 7                  packets of at most 7 octets from here on
    wait 250               milliseconds pass
    connect 5556           a connection of its own to that port; the first one needs no such line

Empty lines, and lines that begin with #, are passed over. segments.py makes the packets.
"""
import re

import made
import segments

PORT = 5555
TOKEN = re.compile(r"\s*(?:\{\s*([0-9a-f]{2})|(\})|'([^']*)'|([0-9a-f]{2})(?:\*(\d+))?)")


def octets(text):
    """What one line says."""
    stack, at = [[None, b""]], 0
    while text[at:].strip():
        found = TOKEN.match(text, at)
        if not found:
            raise ValueError(f"no octets: {text[at:]}")
        flags, end, words, octet, times = found.groups()
        at = found.end()
        if flags:
            stack.append([int(flags, 16), b""])
        elif end:
            number, body = stack.pop()
            stack[-1][1] += made.frame(body, number)
        else:
            stack[-1][1] += words.encode() if octet is None else bytes.fromhex(octet) * int(times or 1)
    if len(stack) != 1:
        raise ValueError(f"a brace is open: {text}")
    return stack[0][1]


def conversations(text):
    """The conversations of a text, one behind the other."""
    found = []

    def connect(port):
        found.append(segments.Conversation(client_port=40_000 + len(found), server_port=port,
                                           start=(segments.START + len(found)) * 10**9))

    for line in text.splitlines():
        verb, _, rest = line.partition(" ")
        if not line.strip() or line.startswith("#"):
            continue
        if verb == "connect" or not found:
            connect(int(rest) if verb == "connect" else PORT)
        if verb in ("<", ">"):
            found[-1].send("><".index(verb), octets(rest))
        elif verb == "cut":
            found[-1].most = int(rest)
        elif verb == "wait":
            found[-1].time += int(rest) * 1_000_000
        elif verb != "connect":
            raise ValueError(f"no such line: {line}")
    return found


def write(path, text):
    """Writes the capture that a text makes."""
    return segments.write(path, [p for c in conversations(text) for p in c.close().packets()])
