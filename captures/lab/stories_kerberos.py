"""The stories of what Kerberos can do: enctypes, peers of other makes, and what goes wrong. As in stories.py a function
is a capture, its docstring MANIFEST's sentence."""
from lab import gss_peer, kdc
from lab.expectation import Connection
from lab.stories import PORT, SERVICE, gssapi, hello

TALK = ["send=hello 0", "recv", "send=hello 1 " + 30 * "and more ", "recv"]
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


def talk(bench, *options, kinit=(), initiator=gss_peer.MIT, acceptor=gss_peer.MIT, **facts):
    """alice sends two messages to a peer of the lab's own and is sent two; options are peer_gss.c's, facts what is
    notable of the context."""
    bench.realm(["alice"], [SERVICE])
    keytab = bench.keytab(SERVICE)
    bench.record()
    server = gss_peer.start(bench, "server", bench.acceptor(SERVICE, keytab), ANSWER, bind=PORT, options=options,
                            make=acceptor)
    role = bench.initiator("alice", SERVICE)
    if kinit:
        bench.kdc.kinit("alice", role["env"]["KRB5CCNAME"], *kinit)
    client = gss_peer.start(bench, "client", role, TALK, connect=PORT, options=options, make=initiator)
    return [Connection(client, server, "GSSAPI", gssapi={**gssapi(), **facts})]


def spnego(bench):
    """A PAIR of alice and one of a service, not libzmq's: Kerberos inside SPNEGO."""
    return talk(bench, "--mech=spnego", mechanism="spnego")


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
    """As spnego with Kerberos alone; the acceptor is Heimdal's, which makes no subkey of its own but sends back the
    initiator's."""
    return talk(bench, acceptor=gss_peer.HEIMDAL)


def heimdal_initiator(bench):
    """As spnego with Kerberos alone; the initiator is Heimdal's."""
    return talk(bench, initiator=gss_peer.HEIMDAL)


STORIES = dict(of_enctype(name, enctype) for name, enctype in (
    ("aes128-sha2", kdc.AES128_SHA2), ("aes256-sha2", kdc.AES256_SHA2), ("camellia128", kdc.CAMELLIA128),
    ("camellia256", kdc.CAMELLIA256), ("rc4", kdc.RC4), ("des3", kdc.DES3)))
STORIES.update((story.__name__.replace("_", "-"), story) for story in (
    mixed_enctypes, mixed_enctypes_old, spnego, no_mutual, integrity_only, delegation, channel_bindings, dce_style,
    heimdal_acceptor, heimdal_initiator))
