"""A network namespace of the lab's own: its loopback carries the lab's traffic and nothing else, ports
never collide with the host's, and recording needs no root.

Limits: Linux. An ordinary user needs user namespaces, or else sudo."""
import os
import shutil
import subprocess
import sys

INSIDE = "ZS_LAB_INSIDE"
# The user stays who he is and may do there what recording takes.
OWN = ["unshare", "--map-current-user", "--keep-caps", "-n", "--"]
LOOPBACK_UP = 'ip link set lo up && exec "$@"'


def enter():
    """Comes back inside a fresh namespace: the program starts again there, with the same arguments."""
    if os.environ.get(INSIDE):
        return
    again = [sys.executable, os.path.abspath(sys.argv[0]), *sys.argv[1:]]
    for tool in ("unshare", "ip", "setpriv"):
        if not shutil.which(tool):
            sys.exit(f"lab: {tool} is missing: scripts/packages.txt names its package")
    os.environ[INSIDE] = "1"
    sys.stdout.flush()
    if os.geteuid() == 0:
        command = ["unshare", "-n", "--"] + loopback(again)
    elif subprocess.run([*OWN, "true"], capture_output=True, check=False).returncode == 0:
        command = OWN + loopback(again)
    else:
        # Root makes the namespace; what runs in it is the user again, who may record there.
        back = ["setpriv", f"--reuid={os.getuid()}", f"--regid={os.getgid()}", "--init-groups",
                "--inh-caps=+net_raw", "--ambient-caps=+net_raw"]
        keep = ["env", f"{INSIDE}=1", f"HOME={os.environ.get('HOME', '/')}"]
        command = ["sudo", "unshare", "-n", "--"] + loopback(back + keep + again)
    os.execvp(command[0], command)


def loopback(command):
    """command, run once the namespace's loopback is up."""
    return ["sh", "-c", LOOPBACK_UP, "sh", *command]
