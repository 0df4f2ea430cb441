#!/usr/bin/python3
"""Traffic that no recorded capture holds: older versions, the padded form of GSSAPI, every defect, packets with more in
them than a program can show. Each oddity is a function that answers a conversation; its annotation says what is wrong
with it, by the codes of core/defects.def.

    oddities.py FORGER DIRECTORY    writes each as DIRECTORY/NAME.pcap, and DIRECTORY/oddities.keytab

For tests: ODDITIES and make().
"""
import pathlib
import struct
import sys

import made
import segments
from made import COMMAND, MORE, command, frame, named, padded, short

PORT_WITHOUT_SIGNATURE = 5999  # ZMTP 1.0 shows itself to nobody: tests have to say that it is ZMTP

ODDITIES = {}


def oddity(*defects):
    """The function is one; defects: the codes that must be said of it, in order."""
    def enter(function):
        ODDITIES[function.__name__] = (function, list(defects))
        return function
    return enter


def null(forger, c, client=b"REQ", server=b"REP", version=(3, 1)):
    """Both greetings and READYs of NULL."""
    hello = made.greeting(version=version)
    return c.c2s(hello).s2c(hello).c2s(made.ready(client)).s2c(made.ready(server))


def gssapi(forger, c, enctype=made.AES128):
    """Greetings and a context, in libzmq's form, and the READYs."""
    hello = made.greeting(b"GSSAPI")
    ap_req, ap_rep = forger.handshake(enctype)
    c.c2s(hello).s2c(hello).c2s(ap_req).s2c(ap_rep).c2s(frame(flags=COMMAND))
    for side, kind in ((1, b"REP"), (0, b"REQ")):
        text = b"\0" + named(b"READY", made.properties(Socket_Type=kind))
        c.send(side, forger.sealed(side, 0, text, COMMAND))
    return c


# ==== nothing is wrong with these ====

@oddity()
def commands_of_3_1(forger, c):
    null(forger, c, b"SUB", b"PUB").c2s(command(b"SUBSCRIBE", b"news."), command(b"CANCEL", b"news."),
                                        command(b"JOIN", b"group"), command(b"LEAVE", b"group"))
    return c.c2s(made.ping()).s2c(command(b"PONG", b"ctx")).s2c(made.message(b"news.today", b'{"rain": true}'))


@oddity()
def refused(forger, c):
    hello = made.greeting()
    return c.c2s(hello).s2c(hello).c2s(made.ready(b"REQ")).s2c(made.error(b"no REQ here"))


@oddity()
def version_3_0(forger, c):
    return null(forger, c, version=(3, 0)).c2s(made.message(b"", b"hello")).s2c(made.message(b"", b"world"))


@oddity()
def version_2_0(forger, c):
    c.c2s(made.greeting_2("DEALER", b"me")).s2c(made.greeting_2("ROUTER"))
    return c.c2s(made.message(b"", b"hello")).s2c(made.message(b"", b"x" * 300))


@oddity()
def version_1_0(forger, c):
    c.c2s(made.frame_1(b"me")).s2c(made.frame_1(b""))
    return c.c2s(made.message(b"", b"hello", make=made.frame_1)).s2c(made.frame_1(b"x" * 300))


@oddity()
def greeting_in_pieces(forger, c):
    hello = made.greeting()
    c.c2s(hello[:10]).s2c(hello[:11]).c2s(hello[10:11]).c2s(hello[11:]).s2c(hello[11:])
    return c.c2s(made.ready(b"PUSH"), cuts=(1, 2, 9)).s2c(made.ready(b"PULL")).c2s(made.message(b"hello"), cuts=(1, 3))


@oddity()
def plain(forger, c):
    hello = made.greeting(b"PLAIN")
    c.c2s(hello).s2c(hello).c2s(made.plain_hello()).s2c(command(b"WELCOME"))
    c.c2s(command(b"INITIATE", made.properties(Socket_Type=b"REQ"))).s2c(made.ready(b"REP"))
    return c.c2s(made.message(b"", b"hello"))


@oddity()
def curve(forger, c):
    hello = made.greeting(b"CURVE")
    c.c2s(hello).s2c(hello).c2s(made.curve_hello()).s2c(made.curve_welcome()).c2s(made.curve_initiate())
    return c.s2c(made.curve_ready()).c2s(made.curve_message(3)).s2c(made.curve_message(2))


@oddity()
def padded_form(forger, c):
    forger.handshake()
    c.c2s(made.greeting(b"GSSAPI")).s2c(made.greeting(b"GSSAPI", as_server=1))
    c.c2s(frame(padded(b"HELLO", forger.ap_req), COMMAND))
    c.s2c(frame(padded(b"WELCOME", forger.ask("ap-rep")), COMMAND))
    for side, kind in ((0, b"REQ"), (1, b"REP")):
        first = (made.CLIENT_SEQUENCE, made.SERVER_SEQUENCE)[side]
        flags = made.USUAL | side
        text = b"\2" + made.properties(Socket_Type=kind)
        c.send(side, frame(padded(b"READY", forger.wrap(flags, first, text)), COMMAND))
        c.send(side, frame(padded(b"MESSAGE", forger.wrap(flags, first + 1, b"\0padded"))))
    return c


@oddity()
def other_mechanism(forger, c):
    hello = made.greeting(b"X-HOMEMADE")
    return c.c2s(hello).s2c(hello).c2s(command(b"KNOCK", b"knock")).s2c(command(b"COME-IN"))


@oddity()
def request_with_a_number(forger, c):
    """libzmq: ZMQ_REQ_CORRELATE puts a request id before the delimiter."""
    null(forger, c, b"REQ", b"ROUTER").c2s(made.message(b"\0\0\0\7", b"", b"question"))
    return c.s2c(made.message(b"\0\0\0\7", b"", b"answer"))


@oddity()
def subscribe_inside(forger, c):
    """libzmq's master branch since July 2026."""
    return gssapi(forger, c).c2s(forger.sealed(0, 1, b"\4news."), forger.sealed(0, 2, b"\x08news."))


@oddity()
def refused_by_kerberos(forger, c):
    hello = made.greeting(b"GSSAPI")
    ap_req, _ = forger.handshake()
    return c.c2s(hello).s2c(hello).c2s(ap_req).s2c(command(b"INITIATE", made.counted(forger.ask("krb-error"))))


@oddity()
def octets_missing(forger, c):
    """The second of three requests."""
    two = made.message(b"", b"two")
    return null(forger, c).c2s(made.message(b"", b"one")).lose(0, len(two)).c2s(made.message(b"", b"three"))


@oddity()
def more_layers_than_a_tree_takes(forger, c):
    """600 messages that other dissectors want, in one segment."""
    return null(forger, c, b"PUSH", b"PULL").c2s(made.message(b'{"n": 1}') * 600)


@oddity()
def more_messages_than_a_tap_takes(forger, c):
    return null(forger, c, b"PUSH", b"PULL").c2s(made.message(b"") * 6000)


@oddity()
def midstream(forger, c):
    """The capture begins behind the greetings."""
    return c.c2s(made.curve_message(3)).s2c(made.curve_message(2)).c2s(made.curve_message(4))


# ==== greetings ====

@oddity("greeting-signature")
def signature_to_a_peer_of_1_0(forger, c):
    """Read as ZMTP 1.0, its signature announces an identity that is too long."""
    return c.s2c(made.frame_1(b"")).c2s(made.signature(struct.pack(">Q", 1000)) + b"me")


@oddity("greeting-mechanism")
def mechanism_in_small_letters(forger, c):
    return c.c2s(made.greeting(b"null")).s2c(made.greeting())


@oddity("greeting-as-server")
def as_server_2(forger, c):
    return c.c2s(made.greeting(as_server=2)).s2c(made.greeting())


# ==== frames and commands ====

@oddity("frame-flags")
def reserved_flag(forger, c):
    return null(forger, c).c2s(frame(b"hello", 0x08))


@oddity("frame-size")
def frame_of_exabytes(forger, c):
    return null(forger, c).c2s(frame(b"hello", size=2**62)).c2s(b"more of it")


@oddity("frame-more-command")
def command_with_more(forger, c):
    return null(forger, c).c2s(command(b"PING", b"\0\1", COMMAND | MORE))


@oddity("command-name")
def name_past_its_command(forger, c):
    return null(forger, c).c2s(frame(b"\x40PING\0\1", COMMAND))


@oddity("command-body")
def hello_without_a_password(forger, c):
    hello = made.greeting(b"PLAIN")
    return c.c2s(hello).s2c(hello).c2s(command(b"HELLO", short(b"admin")))


@oddity("command-body")
def curve_hello_cut_short(forger, c):
    hello = made.greeting(b"CURVE")
    return c.c2s(hello).s2c(hello).c2s(command(b"HELLO", b"\1\0" + bytes(100)))


@oddity("command-unknown")
def unknown_command(forger, c):
    return null(forger, c).c2s(command(b"PANG", b"who is there?"))


@oddity("command-unexpected")
def message_before_ready(forger, c):
    hello = made.greeting()
    return c.c2s(hello).s2c(hello).c2s(made.message(b"too soon"))


@oddity("metadata")
def property_past_its_end(forger, c):
    hello = made.greeting()
    broken = short(b"Socket-Type") + struct.pack(">I", 100) + b"REQ"
    return c.c2s(hello).s2c(hello).c2s(command(b"READY", broken))


@oddity("ping-context")
def long_ping(forger, c):
    return null(forger, c).c2s(made.ping(context=b"seventeen octets!"))


# ==== context tokens ====

@oddity("token-length")
def token_of_another_length(forger, c):
    hello = made.greeting(b"GSSAPI")
    return c.c2s(hello).s2c(hello).c2s(command(b"INITIATE", struct.pack(">I", 9) + b"token"))


@oddity("token-framing")
def token_of_no_mechanism(forger, c):
    hello = made.greeting(b"GSSAPI")
    return c.c2s(hello).s2c(hello).c2s(command(b"INITIATE", made.counted(b"token")))


@oddity("der")
def token_past_its_end(forger, c):
    hello = made.greeting(b"GSSAPI")
    return c.c2s(hello).s2c(hello).c2s(command(b"INITIATE", made.counted(b"\x60\x20\x06\x09\x2a\x86")))


@oddity("token-size")
def ap_req_too_long(forger, c):
    hello = made.greeting(b"GSSAPI")
    body = b"\x06\x09\x2a\x86\x48\x86\xf7\x12\x01\x02\x02" + b"\1\0" + b"\x6e" + bytes(70_000)
    token = b"\x60\x83" + struct.pack(">I", len(body))[1:] + body
    return c.c2s(hello).s2c(hello).c2s(command(b"INITIATE", made.counted(token)))


@oddity("ap-req-replayed")
def same_ap_req_again(forger, c):
    """The first time was in another oddity: the last handshake before this one."""
    hello = made.greeting(b"GSSAPI")
    return c.c2s(hello).s2c(hello).c2s(command(b"INITIATE", made.counted(forger.ap_req)))


@oddity("acceptor-hint")
def hint(forger, c):
    hello = made.greeting(b"GSSAPI")
    ap_req, _ = forger.handshake()
    return c.c2s(hello).s2c(hello).c2s(ap_req).s2c(command(b"INITIATE", made.counted(forger.ask("hint"))))


def offering(ap_req):
    """The AP-REQ in a NegTokenInit that offers Kerberos."""
    kerberos = made.der(0x06, bytes.fromhex("2a864886f712010202"))
    fields = made.der(0xA0, made.der(0x30, kerberos)) + made.der(0xA2, made.der(0x04, ap_req))
    spnego = made.der(0x06, bytes.fromhex("2b0601050502"))
    return made.der(0x60, spnego + made.der(0xA0, made.der(0x30, fields)))


@oddity("mech-list-mic")
def offer_signed_by_nobody(forger, c):
    """SPNEGO; the acceptor's MIC over the offer was made up."""
    hello = made.greeting(b"GSSAPI")
    forger.handshake()
    mic = bytes.fromhex("040405ffffffffff") + struct.pack(">Q", made.SERVER_SEQUENCE) + bytes(12)
    fields = made.der(0xA2, made.der(0x04, forger.ask("ap-rep"))) + made.der(0xA3, made.der(0x04, mic))
    answer = made.der(0xA1, made.der(0x30, fields))
    c.c2s(hello).s2c(hello).c2s(command(b"INITIATE", made.counted(offering(forger.ap_req))))
    return c.s2c(command(b"INITIATE", made.counted(answer)))


@oddity("plaintext-mode")
def plaintext_mode(forger, c):
    hello = made.greeting(b"GSSAPI")
    ap_req, ap_rep = forger.handshake()
    c.c2s(hello).s2c(hello).c2s(ap_req).s2c(ap_rep).c2s(frame(flags=COMMAND))
    return c.s2c(made.ready(b"REP")).c2s(made.ready(b"REQ")).c2s(made.message(b"", b"for everybody"))


# ==== wrap tokens ====

def carried(token, outer=0):
    return frame(named(b"MESSAGE", made.counted(token)), outer)


def sealed_token(forger, number, text=b"\0hello", **more):
    return forger.wrap(made.USUAL, made.CLIENT_SEQUENCE + number, text, **more)


@oddity("cfx-header")
def filler_of_zeros(forger, c):
    token = sealed_token(forger, 1)
    return gssapi(forger, c).c2s(carried(token[:3] + b"\0" + token[4:]))


@oddity("wrap-short")
def wrap_token_cut_short(forger, c):
    return gssapi(forger, c).c2s(carried(sealed_token(forger, 1)[:30]))


@oddity("wrap-checksum")
def flipped_bit(forger, c):
    token = bytearray(sealed_token(forger, 1))
    token[40] ^= 1
    return gssapi(forger, c).c2s(carried(bytes(token)))


@oddity("wrap-header")
def other_header_inside(forger, c):
    return gssapi(forger, c).c2s(carried(sealed_token(forger, 1, header=bytes(16))))


@oddity("wrap-ec")
def extra_count_that_lies(forger, c):
    token = forger.wrap(made.ACCEPTOR_SUBKEY, made.CLIENT_SEQUENCE + 1, b"\0hello")
    return gssapi(forger, c).c2s(carried(token[:4] + b"\0\x63" + token[6:]))


@oddity("wrap-direction")
def reflected(forger, c):
    return gssapi(forger, c).c2s(forger.sealed(1, 1, b"\0hello"))


@oddity("wrap-subkey")
def under_the_initiators_subkey(forger, c):
    """… although the acceptor asserted one of its own."""
    token = forger.wrap(made.SEALED, made.CLIENT_SEQUENCE + 1, b"\0hello")
    return gssapi(forger, c).c2s(carried(token))


@oddity("wrap-gap")
def number_left_out(forger, c):
    return gssapi(forger, c).c2s(forger.sealed(0, 2, b"\0hello"))


@oddity("wrap-duplicate")
def number_again(forger, c):
    return gssapi(forger, c).c2s(forger.sealed(0, 1, b"\0hello"), forger.sealed(0, 1, b"\0hello"))


@oddity("wrap-gap", "wrap-reversal")
def numbers_swapped(forger, c):
    return gssapi(forger, c).c2s(forger.sealed(0, 2, b"\0second"), forger.sealed(0, 1, b"\0first"))


@oddity("inner-empty")
def nothing_inside(forger, c):
    return gssapi(forger, c).c2s(forger.sealed(0, 1, b""))


@oddity("inner-flags")
def unknown_inner_flag(forger, c):
    return gssapi(forger, c).c2s(forger.sealed(0, 1, b"\x80hello"))


@oddity("subscription-lost")
def subscription_without_its_prefix(forger, c):
    hello = made.greeting(b"GSSAPI")
    ap_req, ap_rep = forger.handshake()
    c.c2s(hello).s2c(hello).c2s(ap_req).s2c(ap_rep).c2s(frame(flags=COMMAND))
    for side, kind in ((1, b"PUB"), (0, b"SUB")):
        c.send(side, forger.sealed(side, 0, b"\0" + named(b"READY", made.properties(Socket_Type=kind)), COMMAND))
    return c.c2s(forger.sealed(0, 1, b"\0news."))


# ==== tokens of RFC 1964 and RFC 4757; last, for the handshakes above want another enctype ====

def old(forger, c, enctype, **wrong):
    """A message of each side as it should be, and one more of the client's; wrong: what is wrong with that one."""
    gssapi(forger, c, enctype)
    c.c2s(forger.sealed(0, 1, b"\0hello")).s2c(forger.sealed(1, 1, b"\0world"))
    return c.c2s(forger.sealed(0, 2, b"\0hello", **wrong))


@oddity()
def old_tokens_of_des3(forger, c):
    return old(forger, c, made.DES3)


@oddity()
def old_tokens_of_rc4(forger, c):
    return old(forger, c, made.RC4)


@oddity("wrap-direction")
def number_of_des3_altered(forger, c):
    """No checksum is over it: its block says a direction that is none."""
    gssapi(forger, c, made.DES3)
    token = bytearray(forger.wrap_old(made.SEALED, made.CLIENT_SEQUENCE + 1, b"\0hello"))
    token[token.index(b"\x04\0\x02\0\xff\xff") + 6] ^= 1  # SND_SEQ stands behind SGN_ALG, SEAL_ALG and filler
    return c.c2s(carried(bytes(token)))


@oddity("wrap-direction")
def direction_of_rc4_in_part(forger, c):
    return old(forger, c, made.RC4, direction=b"\0\0\0\xff")


@oddity("wrap-direction")
def reflected_of_rc4(forger, c):
    return old(forger, c, made.RC4, direction=b"\xff\xff\xff\xff")


@oddity("wrap-ec")
def padding_that_lies(forger, c):
    return old(forger, c, made.DES3, padding=b"\1\2")


@oddity("wrap-header")
def old_token_of_another_enctype(forger, c):
    gssapi(forger, c, made.DES3)
    forger.handshake(made.RC4)  # of another connection
    return c.c2s(forger.sealed(0, 1, b"\0hello"))


def make(forger):
    """{name: its packets}: ports and times differ, so that they can stand in one file one behind the other."""
    unsigned = (version_1_0, signature_to_a_peer_of_1_0)
    found = {}
    for number, (name, (function, _)) in enumerate(ODDITIES.items()):
        server_port = PORT_WITHOUT_SIGNATURE if function in unsigned else 5555
        c = segments.Conversation(client_port(number), server_port, most=60_000, syn=function is not midstream,
                                  start=(segments.START + number) * 10**9)
        found[name] = function(forger, c).close().packets()
    return found


def client_port(number):
    """Of the number-th oddity."""
    return 41_000 + number


def main():
    program, directory = sys.argv[1], pathlib.Path(sys.argv[2])
    with made.Forger(program, str(directory / "oddities.keytab")) as forger:
        for name, packets in make(forger).items():
            segments.write(directory / f"{name}.pcap", packets)


if __name__ == "__main__":
    main()
