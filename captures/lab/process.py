"""Child processes that never outlive the lab: stopped in the opposite order of their start when the
story ends, however it ends, and killed by the kernel should the lab itself be killed."""
import signal
import subprocess
import time


class LabError(Exception):
    """Something did not happen as the story says; the text is for whoever runs the lab."""


def start(command, **options):
    """Starts command so that it dies with the lab."""
    try:
        return subprocess.Popen(["setpriv", "--pdeathsig", "KILL", *command],
                                stdin=subprocess.DEVNULL, **options)
    except FileNotFoundError as error:
        raise LabError(f"{error.filename} is missing: scripts/packages.txt names its package") from error


def stop(process, how=signal.SIGTERM, patience=5.0):
    """Ends process, by force if it does not listen."""
    if process.poll() is not None:
        return
    process.send_signal(how)
    try:
        process.wait(patience)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def run(command, env=None, text=None):
    """Runs a command that must succeed; its standard output."""
    try:
        done = subprocess.run(command, env=env, input=text, capture_output=True, text=True,
                              timeout=60, check=False)
    except FileNotFoundError as error:
        raise LabError(f"{error.filename} is missing: scripts/packages.txt names its package") from error
    if done.returncode != 0:
        raise LabError(f"{' '.join(command)} failed ({done.returncode}): {done.stderr.strip()}")
    return done.stdout


def await_text(path, text, process, seconds=10.0, times=1):
    """Waits until the file at path holds text so many times, while process lives."""
    end = time.monotonic() + seconds
    while True:
        ended = process.poll() is not None
        content = path.read_text(errors="replace") if path.exists() else ""
        if content.count(text) >= times:
            return
        if ended or time.monotonic() > end:
            raise LabError(f"{path.name} never said {text!r}:\n{content[-2000:]}")
        time.sleep(0.02)
