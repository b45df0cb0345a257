#!/usr/bin/python3
"""Crowds of machines for tests/wire/dhcp-guard.sh, as raw frames from c0. Prints "pass SENTENCE" or "fail SENTENCE:
DETAIL" per check. The server is 10.77.0.1."""
import os
import select
import signal
import socket
import struct
import sys
import time

IFACE = "c0"
SERVER = bytes([10, 77, 0, 1])
COOKIE = bytes.fromhex("63825363")
BROADCAST = b"\xff" * 6
DISCOVER, OFFER, REQUEST, ACK, NAK = 1, 2, 3, 5, 6


def check(sentence, good, detail=""):
    print("pass " + sentence if good else f"fail {sentence}: {detail!r}", flush=True)


def mac_of(n):
    return struct.pack("!HI", 0x0600, n)


def checksum(data):
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xffff) + (total >> 16)
    return ~total & 0xffff


def frame(kind, mac, options=b"", xid=None, l2=None, tag=None, relay=bytes(4)):
    """A client's broadcast, or what its relay makes of it; the transaction is the end of its MAC."""
    xid = mac[2:] if xid is None else xid
    bootp = (b"\x01\x01\x06\x00" + xid + bytes(16) + relay + mac + bytes(10 + 64 + 128) + COOKIE
             + bytes([53, 1, kind]) + options + b"\xff")
    udp = struct.pack("!HHHH", 67 if any(relay) else 68, 67, 8 + len(bootp), 0) + bootp
    ip = struct.pack("!BBHHHBBH4s4s", 0x45, 0, 20 + len(udp), 0, 0, 64, 17, 0, relay, SERVER if any(relay) else b"\xff" * 4)
    ip = ip[:10] + struct.pack("!H", checksum(ip)) + ip[12:]
    vlan = b"" if tag is None else struct.pack("!HH", 0x8100, tag)
    return BROADCAST + (l2 or mac) + vlan + b"\x08\x00" + ip + udp


class Answer:
    def __init__(self, data):
        self.xid, self.address, self.mac = data[46:50], data[58:62], data[70:76]
        self.kind, i = 0, 282
        while i + 1 < len(data) and data[i] != 255:
            if data[i] == 53:
                self.kind = data[i + 2]
            i += 2 + data[i + 1] if data[i] else 1


def ears():
    s = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3))
    s.setsockopt(socket.SOL_SOCKET, 33, 64 << 20)  # SO_RCVBUFFORCE
    s.bind((IFACE, 0))
    return s


def answers(s, seconds):
    """What the server says until it has said nothing for that long."""
    while select.select([s], [], [], seconds)[0]:
        data = s.recv(2000)
        if data[12:14] == b"\x08\x00" and data[23:24] == b"\x11" and data[34:38] == b"\x00\x43\x00\x44":
            yield Answer(data)


def hear(s, n, seconds=20):
    """The first n answers, however long a busy machine takes for them."""
    got, end = [], time.monotonic() + seconds
    while len(got) < n and time.monotonic() < end:
        for a in answers(s, 0.2):
            got.append(a)
            if len(got) == n:
                break
    return got


def text(address):
    return ".".join(map(str, address))


def probed(n):
    """Returns when the network is being asked about the address that machine n would get."""
    s = ears()
    s.send(frame(DISCOVER, mac_of(n)))
    while select.select([s], [], [], 5)[0]:
        data = s.recv(2000)
        if data[12:14] == b"\x08\x06" and data[20:22] == b"\x00\x01" and data[28:32] == bytes(4):
            check("address is asked for in nobody's name", data[:6] == BROADCAST and data[38:42] == bytes([10, 77, 0, 100]),
                  text(data[38:42]))
            return
    check("address is asked for in nobody's name", False)


def power_on(n, first=1 << 20):
    """All at the same instant, DISCOVER to ACK, and again what got no answer after 4 s, as firmware does."""
    s, waiting, leases = ears(), {mac_of(first + i) for i in range(n)}, {}
    begun = time.monotonic()
    while waiting and time.monotonic() - begun < 60:
        for mac in waiting:
            s.send(frame(DISCOVER, mac))
        retry = time.monotonic() + 4
        while waiting and time.monotonic() < retry:
            for a in answers(s, 0.5):
                if a.kind == OFFER and a.mac in waiting:
                    s.send(frame(REQUEST, a.mac, b"\x36\x04" + SERVER + b"\x32\x04" + a.address))
                elif a.kind == ACK:
                    waiting.discard(a.mac)
                    leases[a.mac] = a.address
                    last = time.monotonic()
                if not waiting:
                    break
    check(f"{n} machines powered on at once: each holds a lease", len(leases) == n, len(leases))
    check(f"{n} machines powered on at once: no two hold the same", len(set(leases.values())) == len(leases))
    print(f"# {n} machines: the last ACK came {last - begun:.2f} s after the first DISCOVER", flush=True)


def greedy(n, first):
    """One machine asks n times; then one NIC asks once for each of n machines."""
    s, mac, begun = ears(), mac_of(first), time.monotonic()
    for _ in range(n):
        s.send(frame(DISCOVER, mac))
    offers = len(hear(s, 1)) + sum(a.kind == OFFER for a in answers(s, 1))
    most = 100 + 20 * (time.monotonic() - begun) + 1
    check("machine that asks too often is answered up to its limit", 0 < offers <= most, (offers, most))
    begun = time.monotonic()
    for i in range(n):
        s.send(frame(DISCOVER, mac_of(first + 1 + i), l2=b"\x06\0\0\0\0\x66"))
    offers = len(hear(s, 1)) + sum(a.kind == OFFER for a in answers(s, 1))
    most = 400 + 80 * (time.monotonic() - begun) + 1
    check("NIC that asks for too many machines is answered up to its limit", 0 < offers <= most, (offers, most))


def vlan(n):
    for tag, want, name in (5, 0, "VLAN 5 is not answered"), (0xe000, 1, "VLAN 0, which is a priority, is"):
        s = ears()
        s.send(frame(DISCOVER, mac_of(n), tag=tag))
        check(name, [a.mac for a in (hear(s, 1) if want else answers(s, 1))] == [mac_of(n)] * want)


def twice(n):
    """Through both members of a bond: the same question within the same millisecond."""
    s = ears()
    for _ in range(2):
        s.send(frame(DISCOVER, mac_of(n)))
    offers = [a.address for a in hear(s, 2) if a.kind == OFFER]
    check("question heard twice is answered with one address", len(offers) == 2 and len(set(offers)) == 1, offers)
    for _ in range(2):
        s.send(frame(REQUEST, mac_of(n), b"\x36\x04" + SERVER + b"\x32\x04" + offers[0]))
    acks = [(a.kind, a.address) for a in hear(s, 2)]
    check("and leased once", acks == [(ACK, offers[0])] * 2, acks)


def stale(n, server):
    """The server sleeps through two questions, one of them relayed."""
    s = ears()
    os.kill(server, signal.SIGSTOP)
    s.send(frame(DISCOVER, mac_of(n)))
    s.send(frame(DISCOVER, mac_of(n + 1), relay=bytes([10, 77, 0, 70])))
    time.sleep(2.5)  # an age, which is what is tested
    os.kill(server, signal.SIGCONT)
    check("questions that nobody waits for any more are not answered", not list(answers(s, 1)))
    s.send(frame(DISCOVER, mac_of(n)))
    check("but the next one is", [a.mac for a in hear(s, 1)] == [mac_of(n)])


def relayed(n, net):
    """The answer goes to the relay 10.NET.0.1: the server tells of it."""
    ears().send(frame(DISCOVER, mac_of(n), relay=bytes([10, net, 0, 1])))


def choose(n, server):
    """A client that takes the offer of 10.77.0.SERVER."""
    ears().send(frame(REQUEST, mac_of(n), b"\x36\x04" + bytes([10, 77, 0, server]) + b"\x32\x04" + bytes([10, 77, 0, 200])))


def refuse(n, server):
    """A server without a name says NAK to a client, to all."""
    mac = mac_of(n)
    bootp = (b"\x02\x01\x06\x00" + mac[2:] + bytes(20) + mac + bytes(10 + 64 + 128) + COOKIE
             + bytes([53, 1, NAK, 54, 4, 10, 77, 0, server, 255]))
    udp = struct.pack("!HHHH", 67, 68, 8 + len(bootp), 0) + bootp
    ip = struct.pack("!BBHHHBBH4s4s", 0x45, 0, 20 + len(udp), 0, 0, 64, 17, 0, bytes([10, 77, 0, server]), b"\xff" * 4)
    ip = ip[:10] + struct.pack("!H", checksum(ip)) + ip[12:]
    s = ears()
    for _ in range(20):
        s.send(BROADCAST + b"\x06\0\0\0\0\x77" + b"\x08\x00" + ip + udp)


def flood(n, first_node, nodes):
    """n made-up machines take what they can get, by offer or by simply asking for it, while nodes boot."""
    s, spoofed, waiting, thieves = ears(), 0, {mac_of(first_node + i): 0 for i in range(nodes)}, {}
    leases, begun = {}, time.monotonic()
    while (spoofed < n or waiting) and time.monotonic() - begun < 60:
        for spoofed in range(spoofed, min(spoofed + 100, n)):
            mac = mac_of((1 << 22) + spoofed)
            s.send(frame(DISCOVER, mac))
            if spoofed % 4 == 0:
                s.send(frame(REQUEST, mac, b"\x32\x04" + bytes([10, 77, 0, 100 + spoofed // 4 % 50])))
        spoofed += spoofed < n
        for mac, asked in waiting.items():
            if spoofed > n // 4 and time.monotonic() - asked > 1:
                s.send(frame(DISCOVER, mac))
                waiting[mac] = time.monotonic()
        for a in answers(s, 0.01):
            if a.kind == OFFER:
                s.send(frame(REQUEST, a.mac, b"\x36\x04" + SERVER + b"\x32\x04" + a.address))
            elif a.kind == ACK:
                waiting.pop(a.mac, None)
                (leases if a.mac < mac_of(1 << 20) else thieves)[a.mac] = a.address
    check(f"while {n} made-up machines take what they can get, each of {nodes} nodes gets its address",
          len(leases) == nodes, (len(leases), len(thieves)))
    held = list(leases.values()) + list(thieves.values())
    check("no two of them all hold the same address", len(set(held)) == len(held), sorted(held))
    check("and the made-up machines got no more than their share", 0 < len(thieves) <= 50 - nodes, len(thieves))
    print(f"# {spoofed} spoofed in {time.monotonic() - begun:.1f} s; {len(thieves)} of them hold a lease", flush=True)


if __name__ == "__main__":
    for part in sys.argv[1:]:
        name, _, value = part.partition("=")
        try:
            globals()[name](*[int(v) for v in value.split(",") if v])
        except Exception as error:  # a check that got no packet to look at
            check(f"{name} runs to its end", False, repr(error))
