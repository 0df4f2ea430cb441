"""captures/MANIFEST: what every capture must show, as JSON."""
import json

from lab import process

SCHEMA = 1


def versions():
    """What the captures were made with."""
    krb5 = process.run(["dpkg-query", "-W", "-f", "${Version}", "krb5-kdc"])
    libzmq = process.run(["dpkg-query", "-W", "-f", "${Version}", "libzmq5"])
    tcpdump = process.run(["dpkg-query", "-W", "-f", "${Version}", "tcpdump"])
    return {"krb5": krb5, "libzmq": libzmq, "tcpdump": tcpdump}


def read(path):
    """The captures' entries by name; none if there is no MANIFEST yet."""
    if not path.exists():
        return {}
    return {entry["name"]: entry for entry in json.loads(path.read_text())["captures"]}


def layout(value, indent=0):
    """JSON for reading: an object or list of plain values is one line, everything above it is spread."""
    pad = " " * indent
    below = value.values() if isinstance(value, dict) else value
    if not isinstance(value, (dict, list)) or not any(isinstance(v, (dict, list)) for v in below):
        return json.dumps(value)
    rows = ([f"{json.dumps(k)}: {layout(v, indent + 1)}" for k, v in value.items()]
            if isinstance(value, dict) else [layout(v, indent + 1) for v in value])
    opening, closing = "{}" if isinstance(value, dict) else "[]"
    return f"{opening}\n{pad} " + f",\n{pad} ".join(rows) + f"\n{pad}{closing}"


def write(path, entries, order):
    """Entries, in the stories' order; those of stories that are no more are left out."""
    captures = [entries[name] for name in order if name in entries]
    path.write_text(layout({"schema": SCHEMA, "captures": captures}) + "\n")
