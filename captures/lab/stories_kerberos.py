"""The stories of what Kerberos can do: enctypes, peers of other makes, and what goes wrong. As in stories.py a function
is a capture, its docstring MANIFEST's sentence."""
import contextlib
import shutil
import socket
import time

from lab import gss_peer, kdc, process, recorder, surgery
from lab.expectation import GREETING, Connection, command
from lab.stories import PORT, SERVICE, asks, at, gssapi, hello

TALK = ["send=hello 0", "recv", "send=hello 1 " + 30 * "and more ", "recv"]
DAY = 86400
ANSWER = ["recv", "send=world 0", "recv", "send=world 1 " + 30 * "and more ", "left"]


def of_enctype(name, enctype):
    """A story: reqrep with this enctype for everything."""
    def story(bench):
        bench.realm(["alice"], [SERVICE], [enctype])
        return hello(bench)

    story.__doc__ = f"The same as reqrep with {enctype} for ticket, session key and subkey."
    return f"reqrep-{name}", story


def of_mixture(bench, ticket, session, wish):
    """reqrep where the service has a key of ticket, the KDC gives session keys of session, and both peers like wish
    better than that."""
    bench.realm(["alice"], [], [wish, session, ticket])
    bench.kdc.principal(SERVICE, [ticket])
    bench.kdc.admin(f"set_string {SERVICE} session_enctypes {session}")
    return hello(bench)


def mixed_enctypes(bench):
    """The same as reqrep with a ticket of AES256, a session key of RC4 and a subkey of Camellia: the session is an old
    one, the tokens are RFC 4121's."""
    return of_mixture(bench, kdc.AES256, kdc.RC4, kdc.CAMELLIA256)


def mixed_enctypes_old(bench):
    """The same as reqrep with a ticket of AES128 SHA-2, a session key of AES256 and a subkey of RC4: the session is a
    new one, the tokens are RFC 4757's."""
    return of_mixture(bench, kdc.AES128_SHA2, kdc.AES256, kdc.RC4)


def talk(bench, *options, kinit=(), initiator=gss_peer.MIT, acceptor=gss_peer.MIT, enctype=kdc.AES256, env=(),
         **facts):
    """alice sends two messages to a peer of the lab's own and is sent two; options are peer_gss.c's, env more of her
    environment, facts what is notable of the context."""
    bench.realm(["alice"], [SERVICE], [enctype])
    keytab = bench.keytab(SERVICE)
    bench.record()
    server = gss_peer.start(bench, "server", bench.acceptor(SERVICE, keytab), ANSWER, bind=PORT, options=options,
                            make=acceptor)
    role = bench.initiator("alice", SERVICE)
    role["env"].update(env)
    if kinit:
        bench.kdc.kinit("alice", role["env"]["KRB5CCNAME"], *kinit)
    client = gss_peer.start(bench, "client", role, TALK, connect=PORT, options=options, make=initiator)
    return [Connection(client, server, "GSSAPI", gssapi={**gssapi(), **facts})]


def spnego(bench):
    """A PAIR of alice and one of a service, not libzmq's: Kerberos inside SPNEGO."""
    return talk(bench, "--mech=spnego", mechanism="spnego")


def spnego_mic(bench):
    """As spnego, and alice offers NTLM before Kerberos, which the acceptor does not take: the AP-REQ comes in the second
    round, and both sides sign the offer."""
    users = bench.directory / "ntlm.users"
    users.write_text("LAB:alice:nobody asks for it\n")
    return talk(bench, "--mech=spnego", "--second-choice", env={"NTLM_USER_FILE": users}, mechanism="spnego")


def no_mutual(bench):
    """As spnego with Kerberos alone, without mutual authentication: there is no AP-REP, and the initiator's subkey
    seals both directions."""
    return talk(bench, "--no-mutual", mutual=False, subkey_from="initiator")


def integrity_only(bench):
    """As spnego with Kerberos alone; messages are signed and can be read by anyone."""
    return talk(bench, "--integrity-only", confidential=False)


def delegation(bench):
    """As spnego with Kerberos alone; alice forwards her ticket-granting ticket to the service."""
    return talk(bench, "--delegate", kinit=("-f",), delegated=True)


def channel_bindings(bench):
    """As spnego with Kerberos alone; both sides bind the context to the same channel, and alice asks for messages in
    order."""
    return talk(bench, "--channel-bindings=of the story", "--sequence", channel_bindings=True, sequence=True)


def dce_style(bench):
    """As spnego with Kerberos in DCE style: tokens without framing, a third leg, extra counts of 16."""
    return talk(bench, "--dce", dce=True)


def heimdal_acceptor(bench):
    """As spnego with Kerberos alone; the acceptor is Heimdal's."""
    return talk(bench, acceptor=gss_peer.HEIMDAL)


def heimdal_initiator(bench):
    """As spnego with Kerberos alone; the initiator is Heimdal's."""
    return talk(bench, initiator=gss_peer.HEIMDAL)


def heimdal_lost_ap_rep(bench):
    """As heimdal-acceptor with RC4, and the packet of the AP-REP is not in the capture. With that enctype the acceptor
    sends the initiator's subkey back, so that messages open all the same."""
    connections = talk(bench, acceptor=gss_peer.HEIMDAL, enctype=kdc.RC4, reason="ap-rep-missing")
    connections[0].gaps = {"s2c": surgery.lose(bench.finish(), PORT, "s2c", "INITIATE")}
    connections[0].lost = ("s2c",)
    return connections


def lost_ap_rep(bench):
    """The packet of the AP-REP is not in the capture. The acceptor's fresh subkey was in it: messages stay closed."""
    connections = talk(bench, reason="ap-rep-missing")
    connections[0].gaps = {"s2c": surgery.lose(bench.finish(), PORT, "s2c", "INITIATE")}
    connections[0].lost, connections[0].closed = ("s2c",), ("c2s", "s2c")
    return connections


def lost_ap_req(bench):
    """The packet of the AP-REQ is not in the capture: there is no ticket to open, and everything stays closed."""
    connections = talk(bench)
    connections[0].gaps = {"c2s": surgery.lose(bench.finish(), PORT, "c2s", "INITIATE")}
    connections[0].lost, connections[0].closed = ("c2s",), ("c2s", "s2c")
    return connections


def truncated_wrap(bench):
    """The snapshot length cut 20 octets off the packet of the acceptor's first message; its second is whole."""
    connections = talk(bench)
    connections[0].gaps = {"s2c": surgery.cut(bench.finish(), 20, PORT, "s2c", "MESSAGE", 1)}
    connections[0].missing = {"s2c": (0,)}
    return connections


def of_clock(bench, seconds, verdict):
    """reqrep, recorded by a clock that is wrong by so many seconds."""
    bench.realm(["alice"], [SERVICE])
    connections = hello(bench)
    surgery.shift(bench.finish(), seconds)
    connections[0].gssapi["verdict"] = verdict
    return connections


def skew(bench):
    """The same as reqrep, recorded by a clock that is ten minutes ahead: by it the acceptor had to refuse."""
    return of_clock(bench, 600, "skew")


def expired(bench):
    """The same as reqrep, recorded by a clock that is two days ahead: by it the ticket had expired."""
    return of_clock(bench, 2 * DAY, "expired")


def not_yet_valid(bench):
    """The same as reqrep, recorded by a clock that is a day behind: by it the ticket was not valid yet."""
    return of_clock(bench, -DAY, "not-yet-valid")


def many_keys(bench):
    """The same as reqrep with a keytab of twenty services and three kvnos of each; one entry fits, the second kvno of
    the eleventh service."""
    services = [f"zmq/host{number}.zmtp.example" for number in range(19)]
    services.insert(10, SERVICE)
    bench.realm(["alice"], services)
    every = bench.directory / "every.keytab"
    bench.kdc.keytab(every, *services)
    rekey(bench, services)
    bench.kdc.keytab(every, *services)
    connections = hello(bench)
    bench.finish()
    rekey(bench, services)
    bench.kdc.keytab(every, *services)
    shutil.copyfile(every, bench.output / f"{bench.name}.keytab")
    return connections


def replayed(bench):
    """A REQ socket of alice is served once. Then somebody else sends what she sent, octet for octet, as far as her
    AP-REQ: the service has seen her authenticator before and meets it with silence."""
    bench.realm(["alice"], [SERVICE])
    keytab = bench.keytab(SERVICE)
    bench.record()
    server = bench.peer("server", "REP", [["reply", "world 0"], ["await", "DISCONNECTED", 2]], bind=at(),
                        role=bench.acceptor(SERVICE, keytab))
    client = bench.peer("client", "REQ", asks("hello 0"), connect=at(), role=bench.initiator("alice", SERVICE))
    client.wait()
    time.sleep(recorder.SETTLE)
    greeting, ap_req = surgery.opening(bench.recorder.path, PORT)
    with socket.create_connection(("127.0.0.1", PORT), timeout=2) as thief:
        thief.sendall(greeting)
        thief.sendall(ap_req)
        heard = 0
        with contextlib.suppress(TimeoutError):
            while octets := thief.recv(GREETING):
                heard += len(octets)
    if heard != GREETING:
        raise process.LabError(f"the service answered the replay: {heard} octets, a greeting has {GREETING}")
    return [Connection(client, server, "GSSAPI", gssapi=gssapi()),
            Connection(client, server, "GSSAPI", gssapi=gssapi(), outcome="failed", defects=["ap-req-replayed"],
                       commands=[command("INITIATE", "c2s")])]


def rekey(bench, services):
    for service in services:
        bench.kdc.rekey(service)


STORIES = dict(of_enctype(name, enctype) for name, enctype in (
    ("aes128-sha2", kdc.AES128_SHA2), ("aes256-sha2", kdc.AES256_SHA2), ("camellia128", kdc.CAMELLIA128),
    ("camellia256", kdc.CAMELLIA256), ("rc4", kdc.RC4), ("des3", kdc.DES3)))
STORIES.update((story.__name__.replace("_", "-"), story) for story in (
    mixed_enctypes, mixed_enctypes_old, spnego, spnego_mic, no_mutual, integrity_only, delegation, channel_bindings,
    dce_style, heimdal_acceptor, heimdal_initiator, heimdal_lost_ap_rep, lost_ap_rep, lost_ap_req, truncated_wrap, skew, expired,
    not_yet_valid, many_keys, replayed))
