#!/usr/bin/env python3
"""How long a node, or an operator, waits for the provisioner: asks again and again, one question at a time, and prints at
SIGTERM how long the longest answer took. A question that is asked while the provisioner does something else waits that
long, so this is its longest stall.

usage: serve_wait.py http ADDRESS PATH | unix SOCKET PATH
"""
import json
import signal
import socket
import sys
import time

PAUSE_S = 0.002
LIMIT_S = 30


class Stop(Exception):
    pass


def stop(*_):
    raise Stop


def ask(family, address, path):
    """The status of one GET, on a connection of its own."""
    with socket.socket(family, socket.SOCK_STREAM) as s:
        s.settimeout(LIMIT_S)
        s.connect(address)
        s.sendall(b"GET %s HTTP/1.1\r\nHost: slipway\r\nConnection: close\r\n\r\n" % path.encode())
        answer = b""
        while chunk := s.recv(65536):
            answer += chunk
    return answer.split(b" ", 2)[1].decode() if b" " in answer else "none"


def main():
    kind, where, path = sys.argv[1:]
    family, address = (socket.AF_INET, (where, 80)) if kind == "http" else (socket.AF_UNIX, where)
    took, failed = [], 0
    signal.signal(signal.SIGTERM, stop)
    try:
        while True:
            began = time.monotonic()
            if ask(family, address, path) != "200":
                failed += 1
            took.append((time.monotonic() - began) * 1000)
            time.sleep(PAUSE_S)
    except Stop:
        pass
    took.sort()
    print(json.dumps({"n": len(took), "failed": failed, "median_ms": took[len(took) // 2] if took else None,
                      "max_ms": took[-1] if took else None}))


main()
