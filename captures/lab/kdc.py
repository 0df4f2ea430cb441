"""A private MIT KDC: own configuration, own database, an unprivileged port on loopback, no DNS.

Limits: one realm; kadmind does not run, kadmin.local writes the database."""
import os
import re

from lab import process

REALM = "ZMTP.EXAMPLE"
PORT = 18888
AES256 = "aes256-cts-hmac-sha1-96"
AES128 = "aes128-cts-hmac-sha1-96"

KRB5_CONF = """[libdefaults]
    default_realm = {realm}
    dns_lookup_kdc = false
    dns_lookup_realm = false
    dns_canonicalize_hostname = false
    rdns = false
    permitted_enctypes = {enctypes}
    allow_weak_crypto = {weak}
    allow_rc4 = {weak}
    allow_des3 = {weak}
[realms]
    {realm} = {{
        kdc = 127.0.0.1:{port}
    }}
[domain_realm]
    .zmtp.example = {realm}
"""

KDC_CONF = """[kdcdefaults]
    kdc_listen = 127.0.0.1:{port}
    kdc_tcp_listen = 127.0.0.1:{port}
[realms]
    {realm} = {{
        database_name = {directory}/principal
        key_stash_file = {directory}/stash
        acl_file = {directory}/acl
        master_key_type = {AES256}
        supported_enctypes = {keys}
    }}
[logging]
    kdc = FILE:{directory}/kdc.log
"""

AES256_SHA2 = "aes256-cts-hmac-sha384-192"
AES128_SHA2 = "aes128-cts-hmac-sha256-128"
CAMELLIA256 = "camellia256-cts-cmac"
CAMELLIA128 = "camellia128-cts-cmac"
RC4 = "arcfour-hmac"
DES3 = "des3-cbc-sha1"
ENCTYPES = {16: DES3, 17: AES128, 18: AES256, 19: AES128_SHA2, 20: AES256_SHA2, 23: RC4, 25: CAMELLIA128,
            26: CAMELLIA256}
STRONG = {AES256, AES128, AES256_SHA2, AES128_SHA2, CAMELLIA256, CAMELLIA128}


class Kdc:
    """A realm under directory. enctypes, best first, are what KDC and peers agree to use and what keys
    are made of."""

    def __init__(self, directory, enctypes=(AES256,)):
        self.directory = directory
        self.enctypes = enctypes
        directory.mkdir()
        names = " ".join(enctypes)
        weak = "false" if STRONG.issuperset(enctypes) else "true"
        (directory / "krb5.conf").write_text(
            KRB5_CONF.format(realm=REALM, port=PORT, enctypes=names, weak=weak))
        (directory / "kdc.conf").write_text(KDC_CONF.format(
            realm=REALM, port=PORT, directory=directory, AES256=AES256,
            keys=" ".join(f"{name}:normal" for name in enctypes)))
        process.run(["kdb5_util", "create", "-s", "-r", REALM, "-P", "lab"], self.env())
        self.process = None

    def env(self, **more):
        """The environment of a process that knows this realm and nothing of the host's."""
        return {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C.UTF-8",
                "HOME": str(self.directory), "TMPDIR": str(self.directory),
                "KRB5_CONFIG": str(self.directory / "krb5.conf"),
                "KRB5_KDC_PROFILE": str(self.directory / "kdc.conf"),
                "KRB5RCACHENAME": f"dfl:{self.directory}", "KRB5RCACHEDIR": str(self.directory),
                **{name: str(value) for name, value in more.items()}}

    def start(self, stack):
        """Runs krb5kdc until stack is left."""
        output = self.directory / "krb5kdc.out"
        with output.open("w") as file:
            self.process = process.start(["krb5kdc", "-n", "-r", REALM], env=self.env(),
                                         stdout=file, stderr=file)
        stack.callback(process.stop, self.process)
        process.await_text(self.directory / "kdc.log", "commencing operation", self.process)

    def admin(self, query):
        """One query of kadmin.local. It exits 0 whatever happened: its words tell."""
        said = process.run(["kadmin.local", "-r", REALM, "-q", query], self.env())
        return said

    def principal(self, name, enctypes=None):
        """A principal with random keys, kvno 1."""
        keys = ",".join(f"{e}:normal" for e in enctypes or self.enctypes)
        if "created." not in self.admin(f"add_principal -randkey -e {keys} {name}"):
            raise process.LabError(f"the KDC did not make {name}")

    def rekey(self, name):
        """New random keys for name, its kvno one higher; the old ones are forgotten."""
        if "randomized." not in self.admin(f"change_password -randkey {name}"):
            raise process.LabError(f"the KDC did not change the keys of {name}")

    def keytab(self, path, *names):
        """Adds the present keys of the principals to the keytab at path, changing none."""
        for name in names:
            self.admin(f"ktadd -norandkey -k {path} {name}")
        if not path.exists():
            raise process.LabError(f"{path.name} was not written")
        path.chmod(0o644)

    def kvno(self, name):
        """The kvno that the KDC uses for name now."""
        found = re.search(r"Key: vno (\d+),", self.admin(f"get_principal {name}"))
        if not found:
            raise process.LabError(f"the KDC has no key for {name}")
        return int(found.group(1))

    def kinit(self, name, cache, *options):
        """A ticket-granting ticket for name in cache, got with its key; options are kinit's."""
        keytab = self.directory / f"{os.urandom(4).hex()}.keytab"
        self.keytab(keytab, name)
        process.run(["kinit", *options, "-k", "-t", str(keytab), "-c", str(cache), name], self.env())


def ticket_enctypes(kdc, cache, service):
    """(session, ticket) enctypes of the ticket for service that a peer left in its cache, as klist says."""
    text = process.run(["klist", "-e", "-c", str(cache)], kdc.env())
    pattern = re.escape(service) + r"@\S+\s+Etype \(skey, tkt\): (\S+), (\S+)"
    found = re.search(pattern, text.replace("DEPRECATED:", ""))
    if not found:
        raise process.LabError(f"no ticket for {service} in the client's cache:\n{text}")
    return found.group(1), found.group(2)


# krb5's trace writes an enctype's shortest name.
SHORT_NAMES = {"aes256-cts": AES256, "aes128-cts": AES128, "aes256-sha2": AES256_SHA2, "aes128-sha2": AES128_SHA2,
               "camellia256-cts": CAMELLIA256, "camellia128-cts": CAMELLIA128, "rc4-hmac": RC4}


def acceptor_subkey(trace):
    """Enctype of the subkey in the AP-REP, as the initiator's own krb5 traced it; None without AP-REP."""
    found = re.findall(r"Read AP-REP, time [\d.]+, subkey ([^/\s]+)/", trace)
    return SHORT_NAMES.get(found[-1], found[-1]) if found else None
