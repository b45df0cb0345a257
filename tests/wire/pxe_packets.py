#!/usr/bin/python3
"""Requests of PXE firmware for tests/wire/pxe.sh, byte by byte, as the comments in dhcpd/quirk.c tell of them.

Runs in the client's namespace. Prints "pass SENTENCE" or "fail SENTENCE: DETAIL" per check."""
import socket
import struct

from dhcp_raw import ACK, BROADCAST, DISCOVER, OFFER, REQUEST, Wire, frame, ip, kind, message, option

wire = Wire()
xid = 0
UUID = option(97, b"\0" + bytes(range(16)))
WANTS = option(55, bytes([1, 3, 43, 60, 66, 67, 97]))


def check(sentence, good, detail=""):
    print("pass " + sentence if good else f"fail {sentence}: {detail!r}", flush=True)


def arch(n):
    return option(93, struct.pack("!H", n))


def pxe(n):
    return option(60, b"PXEClient:Arch:%05d:UNDI:002001" % n)


def exchange(mac, options, message_type=DISCOVER, **fields):
    """The answer to one message, sent once: that a ROM asks again is counted where loops are."""
    global xid
    xid += 1
    wire.send(frame(message(mac, kind(message_type) + options, xid=xid, **fields), mac))
    reply = wire.reply(xid, timeout=20)
    if reply:
        return reply
    raise SystemExit(f"no answer to {mac}")


def boot(mac, options, address, request_options=None, **fields):
    """DISCOVER to ACK, as a ROM does it. Both replies must say the same of what to boot."""
    offer = exchange(mac, options, **fields)
    chosen = option(54, ip("10.77.0.1")) + option(50, ip(address))
    ack = exchange(mac, (options if request_options is None else request_options) + chosen, REQUEST, **fields)
    check(f"{address} is offered and leased", (offer.kind, ack.kind, ack.yiaddr) == (OFFER, ACK, address),
          (offer.kind, ack.kind, ack.yiaddr))
    if request_options is None:
        same = [(r.file, r.siaddr, r.get(43), r.get(60), r.get(67)) for r in (offer, ack)]
        check(f"{address} hears the same in OFFER and ACK", same[0] == same[1], same)
    return ack


def node_mac(n):
    return "02:00:00:00:00:%02x" % n


# A Raspberry Pi claims to be a BIOS, and has no option 60 in its REQUEST.
r = boot("dc:a6:32:00:00:01", arch(0) + pxe(0) + UUID + WANTS, "10.77.0.11", arch(0) + UUID + WANTS)
vendor = r.get(43) or b""
tags, at = {}, 0
while at < len(vendor) and vendor[at] != 255:
    tags[vendor[at]] = vendor[at + 2:at + 2 + vendor[at + 1]]
    at += 2 + vendor[at + 1]
check("a Raspberry Pi finds its entry in the menu", tags.get(9) == b"\0\0\x11Raspberry Pi Boot", vendor)
check("a Raspberry Pi finds a prompt, no padding, and the end",
      10 in tags and 0 not in tags and vendor[-1:] == b"\xff", vendor)
check("a Raspberry Pi is told the server", r.siaddr == "10.77.0.1" and r.get(54) == ip("10.77.0.1"), r.siaddr)

# An old ROM: no options 93, 55 and 97, flags that mean nothing.
r = boot(node_mac(0x12), pxe(0), "10.77.0.12", flags=0x8080)
check("an old ROM has its file in the header", r.file == b"undionly.kpxe", r.file)
check("an old ROM has its file in option 67, with its NUL", r.get(67) == b"undionly.kpxe\0", r.get(67))
check("an old ROM has the server in option 66", r.get(66) == b"10.77.0.1", r.get(66))
check("an old ROM is told to look for nobody else",
      r.get(43) == b"\x06\x01\x08\xff" and r.get(60) == b"PXEClient", r.get(43))
check("an old ROM is answered by broadcast, its flags as they were",
      r.dst == BROADCAST and r.flags == 0x8080, (r.dst, r.flags))

# What cluster.yaml says of single nodes.
r = boot(node_mac(0x13), arch(0) + pxe(0) + UUID + WANTS, "10.77.0.13")
check("a node with no-option-60 and no-option-43 has neither", r.get(60) is None and r.get(43) is None, r.options)
check("a node with broadcast is answered so", r.dst == BROADCAST and r.flags & 0x8000, (r.dst, r.flags))
r = boot(node_mac(0x14), arch(7) + pxe(7) + UUID + WANTS, "10.77.0.14")
check("a node with port-4011 is sent there", r.get(60) == b"PXEClient" and r.get(43) is None, r.options)
r = boot(node_mac(0x15), arch(0) + pxe(0) + UUID + WANTS, "10.77.0.15")
check("a node with ipxe gets the script", r.file == b"http://10.77.0.1:8080/boot.ipxe", r.file)
http = arch(16) + option(60, b"HTTPClient:Arch:00016:UNDI:003001") + UUID + WANTS
r = boot(node_mac(0x16), http, "10.77.0.16")
check("a boot-file that is a URL goes to HTTP boot",
      r.file == b"http://10.77.0.9/own.efi" and r.get(60) == b"HTTPClient", r.file)
r = boot(node_mac(0x16), arch(7) + pxe(7) + UUID + WANTS, "10.77.0.16")
check("which TFTP firmware can not load: it gets the usual one", r.file == b"snponly.efi", r.file)
r = boot(node_mac(0x17), arch(6) + pxe(6) + UUID + WANTS, "10.77.0.17")
check("32-bit UEFI has an address and no boot file",
      r.file == b"" and r.siaddr == "0.0.0.0" and r.get(60) is None, r.options)

# pxelinux, small messages, a list with numbers that nobody knows.
r = exchange("02:00:00:00:01:01", arch(0) + pxe(0) + UUID + option(55, bytes([208, 209, 210, 211, 150])))
check("pxelinux is told what it asks for", [r.get(n) for n in (208, 209, 210, 211, 150)] == [
    b"\xf1\x00\x74\x7e", b"pxelinux.cfg/slipway", b"bios/", struct.pack("!I", 600), ip("10.77.0.1")], r.options)
r = exchange("02:00:00:00:01:02", arch(0) + pxe(0) + UUID + option(55, bytes(range(1, 255))) + option(57, b"\0\0"))
check("a client of small messages gets no more than 548 bytes",
      len(r.bootp) <= 548 and r.get(67) and r.get(97), len(r.bootp))
r = exchange("02:00:00:00:01:03", option(93, b"\0\x63\0\x07") + pxe(7) + UUID + WANTS)
check("of a list of architectures the first known one counts", r.file == b"snponly.efi", r.file)

# InfiniBand: no hardware address, an identifier instead.
mac = "02:00:00:00:02:01"
for n in (1, 2):
    who = option(61, b"\xff\0\0\0\x20" + bytes([n] * 8))
    r = exchange(mac, arch(7) + pxe(7) + UUID + WANTS + who, htype=32, hlen=0, chaddr=b"", flags=0x8000)
    check(f"InfiniBand client {n} is offered an address by broadcast",
          r.kind == OFFER and r.dst == BROADCAST and (r.htype, r.hlen) == (32, 0) and r.get(61) == who[2:], r.options)

# A loop: the fourth time it is the script, in the OFFER too.
files = [boot(node_mac(0x18), arch(0) + pxe(0) + UUID + WANTS, "10.77.0.18").file for _ in range(5)]
check("a machine that loops gets the script from the fourth time on",
      files == [b"undionly.kpxe"] * 3 + [b"http://10.77.0.1:8080/boot.ipxe"] * 2, files)

# Port 4011: from a socket, as firmware has its address by then.
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.bind(("10.77.0.60", 4011))
s.settimeout(5)
request = kind(REQUEST) + arch(7) + pxe(7) + UUID + WANTS + option(43, b"\x47\x04\0\0\0\0\xff")
s.sendto(message(node_mac(0x14), request, ciaddr="10.77.0.14", xid=99), ("10.77.0.1", 4011))
data, peer = s.recvfrom(2000)
check("port 4011 answers from port 4011", peer == ("10.77.0.1", 4011), peer)
check("with the boot file, the client's address, and no lease",
      data[108:119] == b"snponly.efi" and data[12:16] == ip("10.77.0.14") and data[16:20] == bytes(4)
      and option(60, b"PXEClient") in data and b"\x33\x04" not in data[240:], data[:130])
check("and the boot item that it asked for", option(43, b"\x47\x04\0\0\0\0\xff") in data, data[240:])
check("and its UUID", UUID in data, data[240:])
s.sendto(message(node_mac(0x14), kind(REQUEST) + WANTS, ciaddr="10.77.0.14", xid=100), ("10.77.0.1", 4011))
s.sendto(message(node_mac(0x14), request, ciaddr="10.77.0.14", xid=101), ("10.77.0.1", 4011))
data, peer = s.recvfrom(2000)
check("who is no PXE client gets nothing there, who asks after it does", data[4:8] == struct.pack("!I", 101), data[:8])
