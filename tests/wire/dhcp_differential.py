#!/usr/bin/python3
"""The same requests to several DHCP servers, for tests/wire/dhcp-differential.sh.

  dhcp_differential.py ask FILE                      asks the server at hand every case, writes the answers
  dhcp_differential.py compare TABLE OURS NAME=THEIRS...
                                                     compares; each difference must have a row in the table of
                                                     TABLE, and each row a difference

An answer is a dictionary from what (a header field, "to", "option 51", ...) to a text. What differs by
nature is evened out: transaction ids, and addresses of the pool, which become @1, @2 in the order met."""
import fnmatch
import json
import random
import re
import socket
import struct
import sys

from dhcp_raw import (BROADCAST, DECLINE, DISCOVER, INFORM, RELEASE, REQUEST, Wire, frame, ip, kind, mac_bytes, message,
                      option)

SERVER = "10.77.0.1"
RELAY = "10.88.0.1"
KINDS = {1: "DISCOVER", 2: "OFFER", 3: "REQUEST", 4: "DECLINE", 5: "ACK", 6: "NAK", 7: "RELEASE", 8: "INFORM"}
SERVER_ID = option(54, ip(SERVER))
PRL = option(55, bytes([1, 3, 6, 15, 28, 51, 58, 59]))
ME = "02:00:00:0d:ff:ff"


class Asker:
    """One case: a machine of its own, and the way to ask as it."""

    def __init__(self, wire, number, marker):
        self.wire, self.marker = wire, marker
        self.mac = "02:00:00:0d:%02x:%02x" % (number >> 8, number & 255)
        self.xid = 0x10000 * (number + 1)
        self.address = None

    def send(self, options, how=None, **fields):
        """The answer to one message, or None. A question that is always answered follows; when its answer is
        there, this one's is, or never will be."""
        self.xid += 1
        fields.setdefault("xid", self.xid)
        how = dict(how or {})
        mac = how.pop("as_mac", self.mac)
        cut = how.pop("cut", None)
        payload = message(mac, options, **fields)
        self.wire.send(frame(payload[:cut] if cut else payload, mac, **how))
        end = self.marker()
        found = None
        for r in self.wire.replies(8):
            if r.xid == end:
                return found
            if r.xid == fields["xid"]:
                found = r
        raise SystemExit("the server does not answer any more")

    def discover(self, options=b"", how=None, **fields):
        return self.send(kind(DISCOVER) + options, how, **fields)

    def request(self, options=b"", how=None, **fields):
        return self.send(kind(REQUEST) + options, how, **fields)

    def lease(self, options=b"", how=None, **fields):
        """DISCOVER to ACK; the address."""
        offer = self.discover(options, how, **fields)
        self.address = offer.yiaddr
        self.request(SERVER_ID + option(50, ip(offer.yiaddr)) + options, how, **fields)
        return offer.yiaddr

    def unicast(self, src=None):
        return {"src": src or self.address, "dst": SERVER, "to": self.wire.server_mac}


RELAYED = {"src": RELAY, "dst": SERVER, "sport": 67}


def relayed(a, src=RELAY):
    return {"src": src, "dst": SERVER, "sport": 67, "to": a.wire.server_mac}


def pxe(arch, vendor=b"PXEClient:Arch:%05d:UNDI:003016", more=b"", prl=True):
    return (option(93, struct.pack("!H", arch)) + option(60, vendor % arch if b"%" in vendor else vendor) + option(94, b"\1\3\x10")
            + option(97, b"\0" + bytes(range(1, 17))) + (option(55, bytes([1, 3, 6, 15, 28, 51, 54, 58, 59, 60, 66, 67, 97])) if prl else b"") + more)


def wish(address):
    return option(50, ip(address))


def seconds(n):
    return option(51, struct.pack("!I", n))


def with_lease(then):
    def run(a):
        a.lease(PRL)
        return then(a)
    return run


def after_release(a):
    a.lease(PRL)
    a.send(kind(RELEASE) + SERVER_ID, a.unicast(), ciaddr=a.address)
    return a.discover(PRL)


def after_decline(a):
    first = a.lease(PRL)
    a.send(kind(DECLINE) + SERVER_ID + wish(first))
    r = a.discover(PRL)
    return r


def taken(then):
    """Somebody else has the address first."""
    def run(a):
        other = Asker(a.wire, int(a.mac[-5:].replace(":", ""), 16) + 0x4000, a.marker)
        return then(a, other.lease(PRL))
    return run


CASES = {
    # --- DISCOVER
    "discover/plain": lambda a: a.discover(),
    "discover/broadcast-flag": lambda a: a.discover(PRL, flags=0x8000),
    "discover/list": lambda a: a.discover(PRL),
    "discover/list-in-another-order": lambda a: a.discover(option(55, bytes([15, 6, 3, 1, 28]))),
    "discover/list-of-one": lambda a: a.discover(option(55, b"\x01")),
    "discover/list-with-repeats": lambda a: a.discover(option(55, b"\x01\x01\x03\x03\x03\x06")),
    "discover/list-of-unknown": lambda a: a.discover(option(55, bytes([200, 201, 202]))),
    "discover/list-empty": lambda a: a.discover(option(55)),
    "discover/list-of-all": lambda a: a.discover(option(55, bytes(range(1, 255)))),
    "discover/identifier": lambda a: a.discover(PRL + option(61, b"\x01" + mac_bytes(a.mac))),
    "discover/identifier-duid": lambda a: a.discover(PRL + option(61, b"\xff\0\0\0\1\0\3\0\1" + mac_bytes(a.mac))),
    "discover/identifier-of-one-octet": lambda a: a.discover(PRL + option(61, b"x")),
    "discover/identifier-empty": lambda a: a.discover(PRL + option(61)),
    "discover/identifier-in-two-parts": lambda a: a.discover(PRL + option(61, b"\0abc") + option(61, b"def")),
    "discover/wish-free": lambda a: a.discover(PRL + wish("10.77.0.251")),
    "discover/wish-outside-the-pool": lambda a: a.discover(PRL + wish("10.77.0.77")),
    "discover/wish-of-another-network": lambda a: a.discover(PRL + wish("192.168.7.7")),
    "discover/wish-taken": taken(lambda a, address: a.discover(PRL + wish(address))),
    "discover/wish-of-three-octets": lambda a: a.discover(PRL + option(50, b"\x0a\x4d\0")),
    "discover/time-short": lambda a: a.discover(PRL + seconds(300)),
    "discover/time-very-short": lambda a: a.discover(PRL + seconds(1)),
    "discover/time-long": lambda a: a.discover(PRL + seconds(10 ** 6)),
    "discover/time-for-ever": lambda a: a.discover(PRL + seconds(0xffffffff)),
    "discover/size-300": lambda a: a.discover(PRL + option(57, b"\x01\x2c")),
    "discover/size-1500": lambda a: a.discover(PRL + option(57, b"\x05\xdc")),
    "discover/ciaddr": lambda a: a.discover(PRL, ciaddr="10.77.0.60"),
    "discover/reserved-flags": lambda a: a.discover(PRL, flags=0x0080),
    "discover/secs": lambda a: a.discover(PRL, secs=600),
    "discover/names-a-server": lambda a: a.discover(PRL + option(54, ip("10.77.0.9"))),
    "discover/rapid-commit": lambda a: a.discover(PRL + option(80)),
    "discover/host-name": lambda a: a.discover(option(55, b"\x01\x03\x0c\x0f") + option(12, b"myname")),
    "discover/fqdn": lambda a: a.discover(option(55, b"\x01\x03\x0c\x51") + option(81, b"\1\0\0myname.lab.internal")),
    "discover/microsoft": lambda a: a.discover(option(55, bytes([1, 3, 6, 15, 31, 33, 43, 44, 46, 47, 119, 121, 249, 252])) + option(60, b"MSFT 5.0")),
    "discover/without-end": lambda a: a.discover(PRL, end=b""),
    "discover/wish-in-the-file-field": lambda a: a.discover(PRL + option(52, b"\x01"), file=wish("10.77.0.250") + b"\xff"),
    "discover/again": lambda a: (a.discover(PRL), a.discover(PRL))[1],
    "discover/again-with-another-identifier": lambda a: (a.discover(PRL), a.discover(PRL + option(61, b"\0another")))[1],
    "discover/with-a-lease": with_lease(lambda a: a.discover(PRL)),
    "discover/after-release": after_release,
    "discover/after-decline": after_decline,
    "discover/node": lambda a: a.discover(option(55, b"\x01\x03\x0c"), {"as_mac": "02:00:00:00:00:01"}),
    "discover/node-by-its-other-card": lambda a: a.discover(option(55, b"\x01\x03\x0c"), {"as_mac": "02:00:00:00:00:02"}),
    "discover/node-with-identifier": lambda a: a.discover(option(55, b"\x01\x03\x0c") + option(61, b"\xff12345678"), {"as_mac": "02:00:00:00:00:01"}),
    "discover/token-ring": lambda a: a.discover(PRL, htype=6),
    "discover/hardware-address-of-16": lambda a: a.discover(PRL, hlen=16, chaddr=mac_bytes(a.mac) + b"0123456789"),
    "discover/hardware-address-of-17": lambda a: a.discover(PRL, hlen=17),
    "discover/infiniband": lambda a: a.discover(PRL + option(61, b"\xffport-guid"), htype=32, hlen=0, chaddr=b"", flags=0x8000),
    "discover/no-hardware-address": lambda a: a.discover(PRL, hlen=0, chaddr=b""),
    "discover/other-network-by-118": lambda a: a.discover(PRL + option(118, ip("10.88.0.0"))),
    "discover/116": lambda a: a.discover(PRL + option(116, b"\x01")),
    # --- REQUEST, SELECTING
    "selecting/the-offer": lambda a: a.request(PRL + SERVER_ID + wish(a.discover(PRL).yiaddr)),
    "selecting/the-offer-broadcast-flag": lambda a: a.request(PRL + SERVER_ID + wish(a.discover(PRL).yiaddr), flags=0x8000),
    "selecting/without-discover": lambda a: a.request(PRL + SERVER_ID + wish("10.77.0.249")),
    "selecting/not-the-offer": lambda a: (a.discover(PRL), a.request(PRL + SERVER_ID + wish("10.77.0.248")))[1],
    "selecting/taken": taken(lambda a, address: a.request(PRL + SERVER_ID + wish(address))),
    "selecting/outside-the-pool": lambda a: a.request(PRL + SERVER_ID + wish("10.77.0.77")),
    "selecting/another-network": lambda a: a.request(PRL + SERVER_ID + wish("192.168.7.7")),
    "selecting/another-server": lambda a: a.request(PRL + option(54, ip("10.77.0.9")) + wish(a.discover(PRL).yiaddr)),
    "selecting/no-address": lambda a: (a.discover(PRL), a.request(PRL + SERVER_ID))[1],
    "selecting/identifier-echoed": lambda a: a.request(PRL + SERVER_ID + option(61, b"\0me") + wish(a.discover(PRL + option(61, b"\0me")).yiaddr)),
    "selecting/node": lambda a: a.request(PRL + SERVER_ID + wish("10.77.0.10"), {"as_mac": "02:00:00:00:00:01"}),
    "selecting/the-node's-address-by-a-stranger": lambda a: a.request(PRL + SERVER_ID + wish("10.77.0.10")),
    # --- REQUEST, INIT-REBOOT
    "reboot/my-lease": with_lease(lambda a: a.request(PRL + wish(a.address))),
    "reboot/not-my-address": with_lease(lambda a: a.request(PRL + wish("10.77.0.247"))),
    "reboot/unknown-free-address": lambda a: a.request(PRL + wish("10.77.0.246")),
    "reboot/unknown-taken-address": taken(lambda a, address: a.request(PRL + wish(address))),
    "reboot/another-network": lambda a: a.request(PRL + wish("192.168.7.7")),
    "reboot/another-network-identifier": lambda a: a.request(PRL + wish("192.168.7.7") + option(61, b"\0me")),
    "reboot/outside-the-pool": lambda a: a.request(PRL + wish("10.77.0.77")),
    # --- REQUEST, RENEWING and REBINDING
    "renew/my-lease": with_lease(lambda a: a.request(PRL, a.unicast(), ciaddr=a.address)),
    "renew/unknown": lambda a: a.request(PRL, a.unicast("10.77.0.245"), ciaddr="10.77.0.245"),
    "renew/taken": taken(lambda a, address: a.request(PRL, a.unicast(address), ciaddr=address)),
    "renew/outside-the-pool": lambda a: a.request(PRL, a.unicast("10.77.0.77"), ciaddr="10.77.0.77"),
    "renew/another-network": lambda a: a.request(PRL, a.unicast("192.168.7.7"), ciaddr="192.168.7.7"),
    "rebind/my-lease": with_lease(lambda a: a.request(PRL, {"src": a.address}, ciaddr=a.address)),
    "rebind/unknown": lambda a: a.request(PRL, {"src": "10.77.0.244"}, ciaddr="10.77.0.244"),
    "rebind/another-network": lambda a: a.request(PRL, {"src": "192.168.7.7"}, ciaddr="192.168.7.7"),
    "request/ciaddr-and-50": with_lease(lambda a: a.request(PRL + wish(a.address), a.unicast(), ciaddr=a.address)),
    "request/nothing": lambda a: a.request(PRL),
    # --- INFORM, RELEASE, DECLINE
    "inform/unicast": lambda a: a.send(kind(INFORM) + PRL, a.unicast("10.77.0.60"), ciaddr="10.77.0.60"),
    "inform/broadcast": lambda a: a.send(kind(INFORM) + PRL, {"src": "10.77.0.60"}, ciaddr="10.77.0.60"),
    "inform/no-ciaddr": lambda a: a.send(kind(INFORM) + PRL, a.unicast("10.77.0.60")),
    "inform/identifier": lambda a: a.send(kind(INFORM) + PRL + option(61, b"\0me"), a.unicast("10.77.0.60"), ciaddr="10.77.0.60"),
    "inform/node": lambda a: a.send(kind(INFORM) + option(55, b"\x01\x0c"), {**a.unicast("10.77.0.10"), "as_mac": "02:00:00:00:00:01"}, ciaddr="10.77.0.10"),
    "inform/with-a-lease": with_lease(lambda a: a.send(kind(INFORM) + PRL, a.unicast(), ciaddr=a.address)),
    "release/my-lease": with_lease(lambda a: a.send(kind(RELEASE) + SERVER_ID, a.unicast(), ciaddr=a.address)),
    "release/unknown": lambda a: a.send(kind(RELEASE) + SERVER_ID, a.unicast("10.77.0.243"), ciaddr="10.77.0.243"),
    "decline/my-lease": with_lease(lambda a: a.send(kind(DECLINE) + SERVER_ID + wish(a.address))),
    "decline/unknown": lambda a: a.send(kind(DECLINE) + SERVER_ID + wish("10.77.0.242")),
    # --- relays
    "relay/discover": lambda a: a.discover(PRL, relayed(a), giaddr=RELAY, hops=1),
    "relay/discover-broadcast-flag": lambda a: a.discover(PRL, relayed(a), giaddr=RELAY, hops=1, flags=0x8000),
    "relay/option-82": lambda a: a.discover(PRL + option(82, b"\x01\x04port\x02\x02sw"), relayed(a), giaddr=RELAY, hops=1),
    "relay/our-network": lambda a: a.discover(PRL, relayed(a, "10.77.0.60"), giaddr="10.77.0.60", hops=1),
    "relay/unknown-network": lambda a: a.discover(PRL, relayed(a), giaddr="10.99.0.1", hops=1),
    "relay/our-own-address": lambda a: a.discover(PRL, relayed(a), giaddr=SERVER, hops=1),
    "relay/request": lambda a: a.request(PRL + SERVER_ID + wish(a.discover(PRL, relayed(a), giaddr=RELAY).yiaddr), relayed(a), giaddr=RELAY, hops=1),
    "relay/nak": lambda a: a.request(PRL + wish("10.77.0.120"), relayed(a), giaddr=RELAY, hops=1),
    "relay/nak-option-82": lambda a: a.request(PRL + wish("192.168.7.7") + option(82, b"\x01\x04port"), relayed(a), giaddr=RELAY, hops=1),
    "relay/link-selection": lambda a: a.discover(PRL + option(82, b"\x05\x04" + ip("10.88.0.0")), relayed(a, "10.77.0.60"), giaddr="10.77.0.60", hops=1),
    "relay/server-override": lambda a: a.discover(PRL + option(82, b"\x0b\x04" + ip(RELAY)), relayed(a), giaddr=RELAY, hops=1),
    "relay/16-hops": lambda a: a.discover(PRL, relayed(a), giaddr=RELAY, hops=16),
    "relay/renew-past-it": lambda a: (a.lease(PRL, relayed(a), giaddr=RELAY), a.request(PRL, a.unicast(), ciaddr=a.address))[1],
    "relay/inform": lambda a: a.send(kind(INFORM) + PRL, relayed(a), ciaddr="10.88.0.60", giaddr=RELAY, hops=1),
    "relay/82-from-a-switch": lambda a: a.discover(PRL + option(82, b"\x01\x04port")),
    # --- network boot
    "pxe/bios": lambda a: a.discover(pxe(0)),
    "pxe/bios-request": lambda a: a.request(pxe(0, more=SERVER_ID + wish(a.discover(pxe(0)).yiaddr))),
    "pxe/bios-without-list": lambda a: a.discover(pxe(0, prl=False)),
    "pxe/uefi": lambda a: a.discover(pxe(7)),
    "pxe/uefi-9": lambda a: a.discover(pxe(9)),
    "pxe/uefi-http": lambda a: a.discover(pxe(16, b"HTTPClient:Arch:%05d:UNDI:003016")),
    "pxe/arm64": lambda a: a.discover(pxe(11)),
    "pxe/unknown-architecture": lambda a: a.discover(pxe(250)),
    "pxe/ipxe": lambda a: a.discover(pxe(0, more=option(77, b"iPXE") + option(175, b"\xb1\x04\x01\x80\x86\x10"))),
    "pxe/ipxe-uefi": lambda a: a.discover(pxe(7, more=option(77, b"iPXE"))),
    "pxe/operating-system-after-it": lambda a: (a.lease(pxe(7)), a.discover(PRL + option(61, b"\xff\0\0\0\1\0\2" + mac_bytes(a.mac))))[1],
    # --- what is no request
    "odd/bootp": lambda a: a.send(b"\x0c\x02hi"),
    "odd/no-cookie": lambda a: a.send(b"", cookie=bytes(4)),
    "odd/type-twice": lambda a: a.discover(kind(DISCOVER)),
    "odd/type-of-two-octets": lambda a: a.send(option(53, b"\x01\x01")),
    "odd/type-99": lambda a: a.send(kind(99)),
    "odd/option-past-the-end": lambda a: a.discover(b"\x0c\x40abc", end=b""),
    "odd/reply": lambda a: a.discover(PRL, op=2),
    "odd/cut-in-the-header": lambda a: a.discover(PRL, {"cut": 200}),
    "odd/244-octets": lambda a: a.discover(),
    "odd/padded": lambda a: a.discover(bytes(100) + PRL + bytes(100)),
}


def show(code, value):
    if code in (1, 3, 6, 28, 54) and len(value) % 4 == 0:
        return " ".join(socket.inet_ntoa(value[i:i + 4]) for i in range(0, len(value), 4))
    if code in (51, 58, 59) and len(value) == 4:
        n = int.from_bytes(value, "big")
        if code == 51 and n > 1000:
            n = (n + 9) // 10 * 10  # what is left of a lease is a second less now and then
        return f"{n} s"
    if code == 53:
        return KINDS.get(value[0], "?")
    if value and all(32 <= b < 127 for b in value.rstrip(b"\0")) and code not in (82, 97, 61):
        return '"' + value.decode().replace("\0", "\\0").replace("|", "/") + '"'
    return value.hex() or "empty"


class Names:
    """Addresses of the pools get names in the order met; others stay."""

    def __init__(self):
        self.seen = {}

    def of(self, address):
        if not re.fullmatch(r"10\.(77|88)\.0\.(1\d\d|2\d\d)", address):
            return address
        return self.seen.setdefault(address, f"@{len(self.seen) + 1}{' of 10.88' if address.startswith('10.88') else ''}")


def describe(a, r):
    if r is None:
        return {"answer": "none"}
    names = Names()
    if a.address:
        names.of(a.address)
    d = {"answer": KINDS[r.kind] if r.kind else "BOOTP"}
    for field in ("op", "htype", "hlen", "hops", "secs", "flags"):
        d[field] = str(getattr(r, field))
    for field in ("yiaddr", "ciaddr", "siaddr", "giaddr"):
        d[field] = names.of(getattr(r, field))
    d["chaddr"] = "as it came" if r.chaddr.startswith(mac_bytes(a.mac)) or r.chaddr[:5] == bytes.fromhex("0200000000") or not r.hlen else r.chaddr.hex()
    d["sname"], d["file"] = show(0, r.sname), show(0, r.file)
    to = names.of(r.dst)
    for field in ("yiaddr", "ciaddr", "giaddr"):
        if getattr(r, field) == r.dst:
            to = field
    d["to"] = f"{'everybody' if r.dst == BROADCAST else to} port {r.dport}"
    d["at least 300 octets"] = "yes" if len(r.bootp) >= 300 else "no"
    codes = [c for c, _ in r.options]
    d["53 first"], d["82 last"] = "yes" if codes[:1] == [53] else "no", "yes" if 82 not in codes or codes[-1] == 82 else "no"
    for code in sorted(set(codes)):
        d[f"option {code}"] = show(code, r.get(code))
    return d


def ask(path):
    wire = Wire()
    marks = {"n": 0x50000000, "address": None}

    def marker():
        marks["n"] += 1
        wire.send(frame(message(ME, kind(REQUEST) + wish(marks["address"]), xid=marks["n"]), ME))
        return marks["n"]

    # The one machine whose questions are always answered; it has the last address, out of everybody's way.
    wanted = "10.77.0.254"
    for _ in range(30):
        wire.send(frame(message(ME, kind(DISCOVER) + wish(wanted), xid=1), ME))
        offer = wire.reply(1, 1)
        if offer:
            break
    wire.server_mac = offer.from_mac
    marks["address"] = offer.yiaddr
    wire.send(frame(message(ME, kind(REQUEST) + SERVER_ID + wish(offer.yiaddr), xid=2), ME))
    wire.reply(2)
    answers = {}
    for number, (name, case) in enumerate(CASES.items()):
        a = Asker(wire, number, marker)
        answers[name] = describe(a, case(a))
    with open(path, "w", encoding="utf-8") as f:
        json.dump(answers, f, indent=1)
    print(f"pass {len(answers)} cases are asked")


# --- comparing -----------------------------------------------------------------------------------------


def differences(ours, theirs):
    for name, mine in ours.items():
        other = theirs[name]
        if mine["answer"] != other["answer"]:
            yield name, "answer", mine["answer"], other["answer"]
            continue
        for what in sorted(set(mine) | set(other)):
            if mine.get(what, "-") != other.get(what, "-"):
                yield name, what, mine.get(what, "-"), other.get(what, "-")


def rows_of(path):
    """The rows of the table: who, cases, what, ours, theirs, why. Cells are globs, several apart by commas."""
    with open(path, encoding="utf-8") as f:
        for number, line in enumerate(f, 1):
            cells = [c.strip().replace("`", "") for c in line.strip().strip("|").split("|")]
            if line.startswith("|") and len(cells) == 6 and cells[0] not in ("server", "---", ":---"):
                yield number, cells


def globs(cell):
    return [g.strip() for g in cell.split(",")]


def fitting(cell, text):
    """Those of the cell's patterns that the text matches."""
    return [g for g in globs(cell) if fnmatch.fnmatchcase(text, g.replace("[", "[[]"))]


def compare(table, ours, others):
    rows = list(rows_of(table))
    # Each pattern of a row's cases and fields must be needed, not just the row.
    idle = {(number, i, g): True for number, cells in rows for i in (1, 2) for g in globs(cells[i])}
    with open(ours, encoding="utf-8") as f:
        mine = json.load(f)
    for pair in others:
        who, path = pair.split("=", 1)
        with open(path, encoding="utf-8") as f:
            theirs = json.load(f)
        total, unexplained = 0, []
        for name, what, a, b in differences(mine, theirs):
            total += 1
            for number, (server, cases, field, x, y, why) in rows:
                if why and all(fitting(cell, text) for cell, text in ((server, who), (cases, name), (field, what), (x, a), (y, b))):
                    for i, cell, text in ((1, cases, name), (2, field, what)):
                        idle.update({(number, i, g): False for g in fitting(cell, text)})
                    break
            else:
                unexplained.append(f"{name} | {what} | {a} | {b}")
        same = sum(1 for n in mine if mine[n] == theirs[n])
        print(f"# {who}: {same} of {len(mine)} answers are the same, {total} differences in the others")
        for line in unexplained:
            print(f"# unexplained: {who} | {line}")
        print(f"{'fail' if unexplained else 'pass'} {who}: each difference is explained" + (f": {len(unexplained)} are not" if unexplained else ""))
    unused = [f"{table.rsplit('/', 1)[-1]}:{number} {g}" for (number, _, g), is_idle in idle.items() if is_idle]
    print(("fail" if unused else "pass") + " each explanation still explains something" + (": " + ", ".join(unused) if unused else ""))


if __name__ == "__main__":
    random.seed(1)
    if sys.argv[1] == "ask":
        ask(sys.argv[2])
    else:
        compare(sys.argv[2], sys.argv[3], sys.argv[4:])
