"""peer_gss.c as a peer of a story: built when first wanted, against MIT krb5 or Heimdal."""
import pathlib

from lab import process
from lab.bench import Peer

SOURCE = pathlib.Path(__file__).with_name("peer_gss.c")
MIT, HEIMDAL = "krb5-gssapi", "heimdal-gssapi"  # as pkg-config calls them


def build(directory, make):
    """The program, in directory."""
    target = directory / f"peer-{make}"
    if not target.exists():
        flags = process.run(["pkg-config", "--cflags", "--libs", "glib-2.0", make]).split()
        process.run(["cc", "-std=c11", "-D_GNU_SOURCE", "-O1", "-o", str(target), str(SOURCE), *flags])
    return target


class GssPeer(Peer):
    """Its config has make, bind or connect (a port), service of an initiator, and the program's own options."""

    def command(self, config):
        where = [f"--{side}={config[side]}" for side in ("bind", "connect") if config[side]]
        service = [f"--service={config['service']}"] if config["service"] else []
        return [str(build(self.bench.directory, config["make"])), f"--log={self.log}", *where, *service,
                *config["options"], "--", *config["steps"]]


def start(bench, name, role, steps, bind=None, connect=None, options=(), make=MIT):
    """Starts one and makes it the story's; role as for bench.peer(), options those of peer_gss.c."""
    config = {"name": name, "type": "PAIR", "make": make, "bind": bind, "connect": connect, "options": options,
              "service": role["options"].get("GSSAPI_SERVICE_PRINCIPAL"), "steps": steps}
    return bench.join(GssPeer(bench, config, bench.kdc.env(**role["env"])))
