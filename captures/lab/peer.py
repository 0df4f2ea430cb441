#!/usr/bin/python3
"""One real libzmq peer: peer.py CONFIG LOG.

CONFIG is a JSON object: name, type, bind and connect (lists of endpoints), options (libzmq's socket options by
name, set before bind and connect), passwords (PLAIN's users, for a ZAP handler), allow (a list of whom a ZAP handler
lets in: GSSAPI's principals, addresses of NULL; others get status 400) and steps, a list of [verb, argument...]:

    send FRAME...        one message, its parts
    recv                 one message, which must come within 10 s
    reply FRAME...       recv, then send to whom it came from
    nothing SECONDS      no message may come in that time
    subscribe TOPIC, unsubscribe TOPIC
    await EVENT COUNT    until the socket's monitor has told EVENT that often (60 s at most)
    sleep SECONDS

A FRAME is a string, {"hex": "..."} or {"fill": N}: N octets made by rule.
LOG gets one JSON object a line: what was bound, what libzmq took to send and what it delivered, what its monitor
told; "done" is the last line of a peer that could take every step. Run by the lab; knows nothing of it."""
import base64
import json
import sys
import threading
import time

import zmq
from zmq.auth.thread import ThreadAuthenticator
from zmq.utils.monitor import recv_monitor_message

RECV_MS = 10_000
LINGER_MS = 2000
AWAIT_S = 60.0


def octets(frame):
    """What a FRAME stands for."""
    if isinstance(frame, str):
        return frame.encode()
    if "hex" in frame:
        return bytes.fromhex(frame["hex"])
    line = b"0123456789abcdefghijklmnopqrstuvwxyz "
    return (line * (frame["fill"] // len(line) + 1))[:frame["fill"]]


class AllowList:
    """A ZAP handler (RFC 27): who is on the list comes in. Logs what it was asked and what it said."""

    def __init__(self, context, allowed, log):
        self.socket = context.socket(zmq.REP)
        self.socket.bind("inproc://zeromq.zap.01")
        self.allowed = allowed
        self.log = log
        self.ended = threading.Event()
        self.thread = threading.Thread(target=self.run)
        self.thread.start()

    def run(self):
        while not self.ended.is_set():
            if self.socket.poll(50):
                self.answer(*self.socket.recv_multipart())
        self.socket.close(0)

    def answer(self, version, request, domain, address, identity, mechanism, *credentials):
        who = (credentials[0] if credentials else address).decode()
        status = b"200" if who in self.allowed else b"400"
        self.log("zap", domain=domain.decode(), mechanism=mechanism.decode(), who=who, status=status.decode())
        self.socket.send_multipart([version, request, status, b"", who.encode(), b""])

    def stop(self):
        self.ended.set()
        self.thread.join()


class Peer:
    """A socket, its monitor and its log."""

    def __init__(self, config, log):
        self.log_file = log
        self.context = zmq.Context()
        self.zap = None
        if config.get("passwords"):
            self.zap = ThreadAuthenticator(self.context)
            self.zap.start()
            self.zap.configure_plain(passwords=config["passwords"])
        if config.get("allow") is not None:
            self.zap = AllowList(self.context, config["allow"], self.log)
        self.socket = self.context.socket(getattr(zmq, config["type"]))
        self.socket.set(zmq.RCVTIMEO, RECV_MS)
        self.monitor = self.socket.get_monitor_socket()
        self.seen = {}
        for name, value in config.get("options", {}).items():
            self.socket.set(getattr(zmq, name), value.encode() if isinstance(value, str) else value)
        for endpoint in config.get("bind", []):
            self.socket.bind(endpoint)
            self.log("bound", endpoint=endpoint)
        for endpoint in config.get("connect", []):
            self.socket.connect(endpoint)

    def log(self, event, **fields):
        self.log_file.write(json.dumps({"event": event, **fields}) + "\n")
        self.log_file.flush()

    def log_message(self, event, parts):
        self.log(event, frames=[base64.b64encode(part).decode() for part in parts])

    def drain_monitor(self, milliseconds=0):
        while self.monitor.poll(milliseconds):
            told = recv_monitor_message(self.monitor)
            name = zmq.Event(told["event"]).name
            self.seen[name] = self.seen.get(name, 0) + 1
            self.log("monitor", name=name, value=told["value"])
            milliseconds = 0

    def send(self, *frames):
        parts = [octets(frame) for frame in frames]
        self.socket.send_multipart(parts)
        self.log_message("sent", parts)

    def recv(self):
        parts = self.socket.recv_multipart()
        self.log_message("received", parts)
        return parts

    def reply(self, *frames):
        parts = self.recv()
        envelope = parts[:1] if self.socket.type == zmq.ROUTER else []
        answer = envelope + [octets(frame) for frame in frames]
        self.socket.send_multipart(answer)
        self.log_message("sent", answer)

    def nothing(self, seconds):
        if self.socket.poll(int(seconds * 1000)):
            self.recv()
            raise RuntimeError("a message came where none may come")
        self.log("nothing", seconds=seconds)

    def subscribe(self, topic):
        self.socket.subscribe(topic)
        self.log("subscribed", topic=topic)

    def unsubscribe(self, topic):
        self.socket.unsubscribe(topic)
        self.log("unsubscribed", topic=topic)

    def await_(self, name, count):
        end = time.monotonic() + AWAIT_S
        while self.seen.get(name, 0) < count:
            if time.monotonic() > end:
                raise TimeoutError(f"{name} was told {self.seen.get(name, 0)} times, not {count}")
            self.drain_monitor(50)

    def sleep(self, seconds):
        time.sleep(seconds)

    def run(self, steps):
        for verb, *arguments in steps:
            getattr(self, "await_" if verb == "await" else verb)(*arguments)
        self.drain_monitor()

    def close(self):
        self.socket.disable_monitor()
        self.monitor.close(0)
        self.socket.close(LINGER_MS)
        if self.zap:
            self.zap.stop()
        self.context.term()


def main():
    with open(sys.argv[1], encoding="utf-8") as file:
        config = json.load(file)
    with open(sys.argv[2], "w", encoding="utf-8") as log:
        peer = Peer(config, log)
        try:
            peer.run(config["steps"])
            peer.log("done")
        finally:
            peer.drain_monitor()
            peer.close()


if __name__ == "__main__":
    main()
