"""The stories of what Kerberos can do: enctypes, peers of other makes, and what goes wrong. As in stories.py a function
is a capture, its docstring MANIFEST's sentence."""
from lab import kdc
from lab.stories import SERVICE, hello


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


STORIES = dict(of_enctype(name, enctype) for name, enctype in (
    ("aes128-sha2", kdc.AES128_SHA2), ("aes256-sha2", kdc.AES256_SHA2), ("camellia128", kdc.CAMELLIA128),
    ("camellia256", kdc.CAMELLIA256), ("rc4", kdc.RC4), ("des3", kdc.DES3)))
STORIES.update((story.__name__.replace("_", "-"), story) for story in (mixed_enctypes, mixed_enctypes_old))
