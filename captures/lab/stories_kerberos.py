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


STORIES = dict(of_enctype(name, enctype) for name, enctype in (
    ("aes128-sha2", kdc.AES128_SHA2), ("aes256-sha2", kdc.AES256_SHA2), ("camellia128", kdc.CAMELLIA128),
    ("camellia256", kdc.CAMELLIA256), ("rc4", kdc.RC4), ("des3", kdc.DES3)))
