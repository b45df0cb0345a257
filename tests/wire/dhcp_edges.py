#!/usr/bin/python3
"""Packets at the edge of the protocol and beyond it, for tests/wire/dhcp-edges.sh.

Whatever is sent, a good question follows at once: its answer shows that the server lives, and as requests are
answered in the order in which they came, that whatever has not been answered by then never will be. The machine that
asks holds a lease, so nothing has to be looked for first. Prints "pass SENTENCE" or "fail SENTENCE: DETAIL"."""
import logging
import random
import struct
import sys
import time

from dhcp_raw import (ACK, BROADCAST, DECLINE, DISCOVER, INFORM, NAK, OFFER, RELEASE, REQUEST, Malformed, Wire, frame, ip,
                      kind, mac_bytes, message, option)

ME, OTHER = "02:00:00:0e:00:01", "02:00:00:0e:00:02"
SERVER = "10.77.0.1"
SERVER_ID = option(54, ip(SERVER))
UNICAST = {"src": "10.77.0.60", "dst": SERVER}
wire = Wire()
xid = random.randrange(1 << 28)
server_mac = None


def check(sentence, good, detail=""):
    print("pass " + sentence if good else f"fail {sentence}: {detail!r}"[:900], flush=True)


def fresh():
    global xid
    xid += 1
    return xid


def discover(options=b"", mac=ME, kind_option=kind(DISCOVER), **fields):
    fields.setdefault("xid", fresh())
    return message(mac, kind_option + options, **fields)


def tell(data):
    """Sends a whole frame, and a good question behind it. The replies to the first; dies with the server."""
    question = fresh()
    wire.send(data)
    wire.send(frame(message(ME, kind(DISCOVER), xid=question), ME))
    heard = []
    for r in wire.replies(8):
        if r.xid == question:
            return heard
        heard.append(r)
    raise SystemExit(f"fail the server answers after {data.hex()}")


def answers(payload, **how):
    """What the server answers to one DHCP message."""
    return tell(frame(payload, how.pop("mac", ME), **how))


def one(payload, **how):
    heard = answers(payload, **how)
    return heard[0] if len(heard) == 1 else None


def table(sentence, rows, is_answered, make=answers):
    """Each row is (name, argument of make); is_answered(row) says whether there must be an answer (None: either)."""
    wrong = []
    for row in rows:
        want = is_answered(row)
        heard = make(row[1])
        if want is not None and bool(heard) != want:
            wrong.append((row[0], "answered" if heard else "not answered"))
    check(f"{sentence} ({len(rows)} packets)", not wrong, wrong[:6])


def begin():
    """A lease for ME, so that it is answered at once from now on."""
    global server_mac
    for mac in (ME, OTHER):
        x = fresh()
        wire.send(frame(message(mac, kind(DISCOVER), xid=x), mac))
        offer = wire.reply(x, 8)
        x = fresh()
        wire.send(frame(message(mac, kind(REQUEST) + SERVER_ID + option(50, ip(offer.yiaddr)), xid=x), mac))
        ack = wire.reply(x, 8)
        if mac == ME:
            server_mac = ack.from_mac
            check("a good client gets its lease", ack.kind == ACK, ack.kind)


# --- options ----------------------------------------------------------------------------------------


def lengths():
    """Every option with a length of its own, 0 to 20 octets. What could change the meaning of the request is refused
    whole; what only adorns it is ignored, so that a machine with odd firmware still gets its address."""
    fixed = {50: 4, 51: 4, 54: 4, 57: 2, 58: 4, 59: 4}
    rng = random.Random(2)
    rows = [(f"option {code} of {n} octets", discover(option(code, bytes(rng.randrange(1, 250) for _ in range(n)))), code, n)
            for code in fixed for n in range(21)]
    table("50, 51, 54, 57, 58, 59 of any other length than theirs drop the packet", rows,
          lambda row: row[3] == fixed[row[2]])
    table("53 of any other length than one drops the packet",
          [(f"{n} octets", discover(kind_option=option(53, b"\x01" * n)), n) for n in range(21)], lambda row: row[2] == 1)
    table("1, 28, 93, 94, 97, 61, 118, 116, 80 of any length leave the packet alive",
          [(f"option {code} of {n}", discover(option(code, bytes(n)))) for code in (1, 28, 93, 94, 97, 61, 116) for n in range(21)],
          lambda row: True)
    table("every option empty, and of 255 octets, is survived",
          [(f"option {code} of {n}", discover(option(code, b"\xa5" * n))) for code in range(1, 255) for n in (0, 255) if code != 53],
          lambda row: None)
    table("a message of each type: only DISCOVER is answered with an OFFER",
          [(f"type {t}", discover(kind_option=option(53, bytes([t]))), t) for t in range(256)],
          lambda row: {1: True, 3: None, 8: None}.get(row[2], False))


def client_ids():
    wrong = []
    for n in range(256):
        value = bytes((i * 7 + n) & 255 for i in range(n))
        r = one(discover(option(61, value)))
        if not r or r.get(61) != (value if n >= 2 else None):
            wrong.append((n, r and r.get(61)))
    check("client identifier of 0 to 255 octets: echoed as it came from 2 on, as if absent below (256 packets)", not wrong, wrong[:3])
    a, b = one(discover(option(61, b"\x01\x02" * 60) + option(61, b"\x03" * 40))), one(discover(option(61, b"\x05" * 200) + option(61, b"\x06" * 100)))
    check("client identifier in two parts comes back in one piece", a and a.get(61) == b"\x01\x02" * 60 + b"\x03" * 40, a and a.options)
    check("client identifier of 300 octets is as if absent", b and b.get(61) is None, b and b.get(61))


def overload():
    wish = option(50, ip("10.77.0.149"))

    def with_52(value, file=b"", sname=b"", more=b"", mac=OTHER):
        return discover(option(52, value) + more, file=file, sname=sname)

    rows = [("file", with_52(b"\x01", file=wish + b"\xff"), True), ("sname", with_52(b"\x02", sname=wish + b"\xff"), True),
            ("both", with_52(b"\x03", file=option(12, b"a") + b"\xff", sname=wish + b"\xff"), True),
            ("file without its end", with_52(b"\x01", file=option(12, b"x" * 126)), True),
            ("file that runs past its end", with_52(b"\x01", file=b"\x0c\x7f" + b"x" * 126), False),
            ("file with a code at its very end", with_52(b"\x01", file=option(12, b"x" * 125) + b"\x0c"), False),
            ("sname that runs past its end", with_52(b"\x02", sname=b"\x0c\x3f" + b"x" * 62), False),
            ("52 in file is not followed", with_52(b"\x01", file=option(52, b"\x03") + b"\xff", sname=b"\x0c\xff" * 32), True),
            ("52 twice", with_52(b"\x01", more=option(52, b"\x02")), False),
            ("file is not read without 52", discover(file=b"\x0c\xff" * 64), True),
            ("file is not read with 52 = 2", with_52(b"\x02", file=b"\x0c\xff" * 64, sname=b"\xff"), True)]
    rows += [(f"52 = {v}", with_52(bytes([v]), file=b"\xff", sname=b"\xff"), v in (1, 2, 3)) for v in range(256)]
    table("overload", rows, lambda row: row[2])
    in_file = message(ME, option(52, b"\x01"), xid=fresh(), file=kind(DISCOVER) + b"\xff")
    r = one(in_file)
    check("message type in the file field counts", r and r.kind == OFFER, r)
    value = bytes(range(1, 9))
    r = one(discover(option(61, value[:3]) + option(52, b"\x03"), file=option(61, value[3:6]) + b"\xff", sname=option(61, value[6:]) + b"\xff"))
    check("option in three parts is joined in the order options, file, sname", r and r.get(61) == value, r and r.get(61))
    r = one(discover(option(55, b"\x01\x03")))
    check("no reply of ours is overloaded", r and r.get(52) is None, r and r.options)


def fragments():
    """RFC 3396: parts of an option are joined before its length is judged."""
    wish = ip("10.77.0.1")
    table("options in parts are judged whole",
          [("50 in 2 + 2", discover(option(50, wish[:2]) + option(50, wish[2:])), True), ("50 in 4 x 1", discover(b"".join(option(50, wish[i:i + 1]) for i in range(4))), True),
           ("50 in 4 + 1", discover(option(50, wish) + option(50, b"x")), False), ("50 in 4 + 0", discover(option(50, wish) + option(50)), True),
           ("53 twice", discover(kind(1)), False), ("57 in 1 + 1", discover(option(57, b"\x05") + option(57, b"\xdc")), True),
           ("43 of 600", discover(b"".join(option(43, bytes(n)) for n in (255, 255, 90))), True),
           ("55 in 100 parts", discover(b"".join(option(55, bytes([i + 1])) for i in range(100))), True),
           ("200 empty parts of 12", discover(option(12) * 200), True)], lambda row: row[2])
    info = b"\x01\xc8" + bytes(range(200)) + b"\x02\xc8" + bytes(reversed(range(200)))
    r = one(discover(option(57, struct.pack("!H", 1500)) + option(82, info[:255]) + option(82, info[255:])))
    sizes = [len(v) for c, v in r.options if c == 82] if r else None
    check("option of more than 255 octets leaves in parts of 255, in order, and last",
          r and r.get(82) == info and sizes == [255, len(info) - 255] and [c for c, _ in r.options][-2:] == [82, 82], r and r.options)


def nested():
    lies = {"sub-option past the end": b"\x01\x10abc", "code without a length": b"\x01\x01a\x02", "length 255": b"\x05\xff", "nested lies": b"\x01\x04\x02\xff\x03\xff"}
    table("vendor options that lie about their length are ignored",
          [(f"{code}: {name}", discover(option(code, value))) for code in (43, 60, 77, 97, 124, 125, 175, 90, 119, 121, 81) for name, value in lies.items()],
          lambda row: True)
    table("a relay's option that lies about its length drops the packet",
          [(name, discover(option(82, value))) for name, value in lies.items() if name != "nested lies"], lambda row: False)
    table("a relay's option, cut anywhere",
          [(f"{n} octets", discover(option(82, (b"\x01\x04port\x05\x04\x0a\x4d\x00\x01\x0b\x04\x0a\x4d\x00\x01\x13\x00")[:n]))) for n in range(1, 21)], lambda row: None)
    table("each relay sub-option of each length",
          [(f"{code} of {n}", discover(option(82, bytes([code, n]) + b"\x0a" * n))) for code in (1, 2, 5, 9, 10, 11, 12, 19, 150, 151, 152) for n in range(10)], lambda row: None)


def texts():
    """What the log, the provisioner and the web page will see."""
    evil = [bytes(range(256))[1:], b"\0" * 255, b"%n%s%x" * 40, b"a\nEXCHANGE forged\n", b"\x1b[2J\x1b]0;x\x07", b"\xff\xfe" * 120, b"'\"<script>$(reboot)`;",
            b"a" * 255, b"a\0b", b"..", b"../../etc/passwd", b"\x80" * 63, b"-", b" ", b"\r\n\r\n"]
    table("hostile text in 12, 14, 15, 17, 40, 60, 66, 67, 77, 81, 86",
          [(f"{code}: {value[:12]!r}", discover(option(code, value[:255]))) for code in (12, 14, 15, 17, 40, 60, 66, 67, 77, 81, 86) for value in evil],
          lambda row: True)
    labels = [b"\0\0\0" + b"\x40" + b"a" * 64, b"\x04\0\0" + b"\x3f" + b"a" * 63 + b"\x3f" + b"b" * 63, b"\x04\0\0\xc0\x00", b"\x04\0\0\xc0\x03", b"\x04\0\0\xff", b"\x04\0\0" + b"\x01." * 60, b"\xff" * 3]
    table("names that are none in 81 and 12 (labels over 63, pointers, nothing left to keep)",
          [(repr(v[:8]), discover(option(code, v[:255]))) for code in (81, 12) for v in labels + [b"!!!", b"@#$%^&*()", b"\x01\x02\x03"]], lambda row: True)


def sizes():
    everything = option(55, bytes(range(1, 255)))
    wants = option(60, b"PXEClient:Arch:00000:UNDI:002001") + option(93, b"\0\0") + option(97, b"\0" + bytes(range(16))) + option(61, b"\x11" * 200) + option(82, b"\x01\xc8" + b"p" * 200)
    wrong = []
    for limit in [0, 1, 100, 240, 300, 548, 575, 576, 577, 600, 700, 1000, 1400, 1472, 1473, 1500, 9000, 32768, 65535]:
        r = one(discover(everything + wants + option(57, struct.pack("!H", limit))))
        room = min(max(limit, 576) - 28, 1472)
        codes = [c for c, _ in r.options] if r else []
        if not r or not 300 <= len(r.bootp) <= room or codes[:3] != [53, 54, 51] or codes[-1] != 82 or 1 not in codes or 3 not in codes:
            wrong.append((limit, r and (len(r.bootp), codes)))
    check("a reply is never longer than the client can take, and keeps what it cannot do without (19 sizes)", not wrong, wrong[:3])
    r = one(discover(everything + wants))
    check("without option 57 a reply fits into 576", r and len(r.bootp) <= 548, r and len(r.bootp))
    good = discover()
    table("a message of every size up to the frame's 1500",
          [(f"{n}", good[:-1] + b"\0" * n + b"\xff") for n in range(0, 1472 - len(good), 17)], lambda row: True)
    table("unknown options up to the frame's 1500",
          [(f"{n}", discover(b"".join(option(224 + i % 30, b"u" * 40) for i in range(n)))) for n in range(0, 29)], lambda row: True)


def cut():
    """The message cut at every length; an oracle of its own says whether what is left is whole."""
    whole = discover(option(12, b"name") + option(55, b"\x01\x03\x06") + option(61, b"\x01abcdef") + option(82, b"\x01\x02ab"))

    def is_whole(payload):
        if len(payload) < 240:
            return False
        i, has_type = 240, False
        while i < len(payload) and payload[i] != 255:
            if i + 1 >= len(payload) or i + 2 + payload[i + 1] > len(payload):
                return False
            has_type |= payload[i] == 53
            i += 2 + payload[i + 1]
        return has_type

    table("a message cut at every octet", [(f"{n} octets", whole[:n]) for n in range(len(whole) + 1)], lambda row: is_whole(row[1]))
    data = frame(whole, ME)
    table("a frame cut at every octet", [(f"{n} octets", data[:n]) for n in range(14, len(data))], lambda row: False, tell)


# --- header -----------------------------------------------------------------------------------------


def header():
    table("only op 1 is a request", [(f"op {n}", discover(op=n), n) for n in range(256)], lambda row: row[2] == 1)
    table("hlen over 16 is refused", [(f"htype {t} hlen {n}", discover(htype=t, hlen=n, mac=ME), t, n) for t in (0, 1, 6, 32, 255) for n in range(0, 256, 3)],
          lambda row: False if row[3] > 16 or (row[3] == 0) or (row[2] == 0 and row[3]) else None)
    table("hlen 0 with a client identifier is answered", [("htype 1", discover(option(61, b"\0id"), hlen=0, chaddr=b"")), ("htype 32", discover(option(61, b"\xffib-port"), htype=32, hlen=0, chaddr=b""))], lambda row: None)
    table("16 hops or more are a loop", [(f"{n} hops", discover(hops=n), n) for n in range(256)], lambda row: row[2] < 16)
    table("every bit of the cookie counts", [(f"bit {i}", discover(cookie=(0x63825363 ^ 1 << i).to_bytes(4, "big"))) for i in range(32)], lambda row: False)
    wrong = []
    for i in range(16):
        r = one(discover(flags=1 << i))
        if not r or (r.dst == BROADCAST) != (i == 15) or r.flags != 1 << i:
            wrong.append((i, r and r.dst))
    check("of the flags only the broadcast bit has a meaning; all come back (16 packets)", not wrong, wrong)
    table("addresses that a client should not fill in are ignored", [(f"{name} {a}", discover(**{name: a})) for name in ("ciaddr", "yiaddr", "siaddr") for a in ("10.77.0.60", "192.168.1.1", BROADCAST, "127.0.0.1", "224.0.0.1")],
          lambda row: True)
    r = one(discover(secs=65535, ciaddr="10.77.0.120", siaddr="1.2.3.4", sname=b"x" * 64, file=b"y" * 128))
    check("and not copied into the offer", r and (r.ciaddr, r.siaddr, r.sname, r.file, r.secs, r.hops) == ("0.0.0.0", "0.0.0.0", b"", b"", 0, 0), r and vars(r))
    table("relays that cannot be: our own address, nobody's, everybody's", [(a, discover(giaddr=a)) for a in (SERVER, "127.0.0.1", BROADCAST, "224.0.0.1", "10.77.0.255", "10.77.0.0", "192.168.1.1", "0.0.0.1")], lambda row: False)
    table("hardware addresses that name nobody", [(m, discover(chaddr=mac_bytes(m))) for m in ("00:00:00:00:00:00", "ff:ff:ff:ff:ff:ff", "01:00:5e:00:00:01", "33:33:00:00:00:01")], lambda row: False)


def frames():
    """RFC 791, 768: every length that lies, in a frame that is seen raw."""
    p = discover()
    n = len(p)
    send = lambda fields: tell(frame(p, ME, **fields))
    table("IP header length that lies", [(f"ihl {i}", {"ihl": i}, i) for i in range(16)], lambda row: row[2] == 5, send)
    # A UDP datagram may be shorter than its IP packet; one octet less cuts off the end option, which is tolerated.
    table("IP total length that lies", [(f"total {t}", {"total": t}) for t in list(range(0, 28)) + [n, n + 27, n + 29, 1500, 9000, 32767, 65535]], lambda row: False, send)
    table("UDP length that lies", [(f"udp {u}", {"udp_len": u}) for u in list(range(0, 8)) + [8, 9, 100, n + 9, n + 100, 1500, 65535]], lambda row: False, send)
    table("IP versions", [(f"version {v}", {"version": v}, v) for v in range(16)], lambda row: row[2] == 4, send)
    table("fragments", [(hex(f), {"fragment": f}, f) for f in (0, 0x4000, 0x2000, 1, 0x1fff, 0x2001, 0x3fff, 0x6000)], lambda row: row[2] in (0, 0x4000), send)
    table("IP options", [("no-ops", {"ihl": 6, "ip_options": b"\x01\x01\x01\x00"}), ("router alert", {"ihl": 6, "ip_options": b"\x94\x04\0\0"}), ("40 octets", {"ihl": 15, "ip_options": b"\x01" * 40})],
          lambda row: True, send)
    table("wrong checksums", [("IP", {"ip_sum": 0x1234}), ("IP 0", {"ip_sum": 0}), ("UDP", {"udp_sum": 0x1234}), ("UDP ffff", {"udp_sum": 0xffff})], lambda row: False, send)
    table("no UDP checksum, and octets behind the packet", [("none", {"udp_sum": 0}), ("trailer", {"trailer": b"\xaa" * 40})], lambda row: True, send)
    vlan = lambda vid, tpid=0x8100: struct.pack("!HH", tpid, vid)
    table("VLANs: only the one without a number is ours", [(t.hex(), {"tag": t}, answered) for t, answered in ((vlan(0), True), (vlan(0xe000), True), (vlan(1), False), (vlan(5), False), (vlan(4095), False), (vlan(0) + vlan(5), False), (vlan(7, 0x88a8), False))],
          lambda row: row[2], send)
    table("other protocols and ports", [("TCP", {"protocol": 6}), ("port 68", {"dport": 68}), ("port 0", {"dport": 0}), ("not IP", {"ethertype": 0x0801}), ("to another host", {"dst": "10.77.0.77"}), ("multicast", {"dst": "224.0.0.1"})],
          lambda row: False, send)
    table("sources that cannot be", [(s, {"src": s}) for s in ("127.0.0.1", BROADCAST, "224.0.0.1", SERVER, "0.0.0.1")], lambda row: None, send)


# --- states -----------------------------------------------------------------------------------------


def states():
    """Each kind of message for each kind of address, with and without a lease; each option in a renewal from nowhere."""
    addresses = ("0.0.0.0", SERVER, "10.77.0.100", "10.77.0.149", "10.77.0.0", "10.77.0.255", "10.77.0.10", "192.168.9.9", BROADCAST, "127.0.0.1")
    rows = []
    for mac in (ME, "02:00:00:0e:00:99"):
        for t in (REQUEST, INFORM, RELEASE, DECLINE):
            for ciaddr in addresses:
                for wish in (None, "10.77.0.149", "192.168.9.9"):
                    for server in (None, SERVER, "10.77.0.9"):
                        if t in (RELEASE, DECLINE) and mac == ME:
                            continue
                        o = (option(50, ip(wish)) if wish else b"") + (option(54, ip(server)) if server else b"")
                        rows.append((f"{t} {ciaddr} {wish} {server} {mac}", message(mac, kind(t) + o, xid=fresh(), ciaddr=ciaddr)))
    table("each message in each state, for each address", rows, lambda row: None)
    for mac in (OTHER,):
        table("RELEASE and DECLINE of what one does not hold", [(f"{t} {a}", message(mac, kind(t) + option(50, ip(a)) + SERVER_ID, xid=fresh(), ciaddr=a)) for t in (RELEASE, DECLINE) for a in addresses if a != "10.77.0.101"],
              lambda row: False)
    table("a renewal by unicast from a network that is not ours, with each option",
          [(f"option {c}", message(ME, kind(REQUEST) + option(c, b"\x01\x02\x03\x04"), xid=fresh(), ciaddr="192.168.9.9")) for c in range(1, 255) if c != 53], lambda row: None,
          lambda p: tell(frame(p, ME, to=server_mac, src="192.168.9.9", dst=SERVER)))
    table("BOOTP: no message type, no options, no vendor field",
          [("no type", message(ME, b"", xid=fresh())), ("no cookie", message(ME, bytes(60), xid=fresh(), cookie=bytes(4), end=b"")), ("236 octets", message(ME, b"", xid=fresh())[:236])], lambda row: False)


def pxe_port():
    """Port 4011 takes the same messages, from a socket of its own."""
    rng = random.Random(4)
    good = message(ME, kind(REQUEST) + option(60, b"PXEClient:Arch:00007") + option(93, b"\0\x07"), xid=fresh(), ciaddr="10.77.0.60")
    how = {"to": server_mac, "src": "10.77.0.60", "dst": SERVER, "sport": 4011, "dport": 4011}
    send = lambda p: tell(frame(p, ME, **how))
    table("port 4011: a message cut at every octet", [(str(n), good[:n]) for n in range(0, len(good), 3)], lambda row: None, send)
    mutants = []
    for i in range(300):
        m = bytearray(good)
        for _ in range(rng.randrange(1, 9)):
            m[rng.randrange(len(m))] = rng.randrange(256)
        mutants.append((f"mutant {i}", bytes(m)))
    table("port 4011: mutants", mutants, lambda row: None, send)
    table("port 4011: what is no PXE client", [(str(t), message(ME, kind(t), xid=fresh(), ciaddr="10.77.0.60")) for t in range(1, 19)], lambda row: False, send)


def neighbours():
    """What else the capture lets through, made by scapy: ARP, ICMP and IPv6 that lie about themselves."""
    logging.getLogger("scapy").setLevel(logging.ERROR)
    from scapy.all import ARP, ICMP, IP, UDP, BOOTP, DHCP, Ether, ICMPv6ND_RS, ICMPv6NDOptSrcLLAddr, IPv6, Raw, fragment, fuzz, raw

    all_ = "ff:ff:ff:ff:ff:ff"
    rs = raw(Ether(src=ME, dst="33:33:00:00:00:02") / IPv6(src="fe80::1", dst="ff02::2", hlim=255) / ICMPv6ND_RS() / ICMPv6NDOptSrcLLAddr(lladdr=ME))
    arp = raw(Ether(src=ME, dst=all_) / ARP(op=1, hwsrc=ME, psrc="0.0.0.0", pdst="10.77.0.100"))
    echo = raw(Ether(src=ME, dst=server_mac) / IP(src="10.77.0.60", dst=SERVER) / ICMP(type=0) / Raw(b"x" * 8))
    for name, data in (("router solicitation", rs), ("ARP", arp), ("ICMP echo reply", echo)):
        table(f"{name}, cut at every octet", [(str(n), data[:n]) for n in range(14, len(data) + 1)], lambda row: None, tell)
        table(f"{name}, each octet wrong", [(str(i), data[:i] + bytes([data[i] ^ 0xff]) + data[i + 1:]) for i in range(12, len(data))], lambda row: None, tell)
    table("neighbour options of length 0", [(str(i), raw(Ether(src=ME, dst="33:33:00:00:00:02") / IPv6(src="fe80::1", dst="ff02::2", hlim=255) / ICMPv6ND_RS() / Raw(bytes([t, 0]) * 4)))
          for i, t in enumerate((1, 2, 3, 5, 255))], lambda row: None, tell)
    big = Ether(src=ME, dst=all_) / IP(src="0.0.0.0", dst=BROADCAST, id=7) / UDP(sport=68, dport=67) / BOOTP(chaddr=mac_bytes(ME)) / DHCP(options=[("message-type", "discover"), (43, b"v" * 250), "end"])
    table("real fragments of a real message", [(str(i), raw(f)) for i, f in enumerate(fragment(big, fragsize=200))], lambda row: False, tell)
    table("scapy's fuzzed BOOTP and DHCP", [(str(i), raw(Ether(src=ME, dst=all_) / IP(src="0.0.0.0", dst=BROADCAST) / UDP(sport=68, dport=67) / fuzz(BOOTP(op=1, hlen=6, hops=0)) / DHCP(options=[("message-type", 1 + i % 8), "end"])))
          for i in range(300)], lambda row: None, tell)


def mutants(n):
    rng = random.Random(5)
    seeds = [discover(option(55, b"\x01\x03\x06\x0f") + option(61, b"\x01abcdef") + option(12, b"n") + option(60, b"PXEClient:Arch:00000") + option(93, b"\0\0") + option(82, b"\x01\x02ab")),
             message("02:00:00:0e:00:98", kind(REQUEST) + SERVER_ID + option(50, ip("10.77.0.130")), xid=7),
             message("02:00:00:0e:00:98", kind(INFORM), xid=8, ciaddr="10.77.0.60")]
    rows = []
    for i in range(n):
        m = bytearray(rng.choice(seeds))
        for _ in range(rng.randrange(1, 12)):
            m[rng.choice((rng.randrange(len(m)), rng.randrange(240, len(m))))] = rng.choice((0, 1, 255, 52, 82, rng.randrange(256)))
        rows.append((f"mutant {i}", bytes(m)[:rng.choice((len(m), rng.randrange(len(m))))]))
    table("mutants of three messages", rows, lambda row: None)


# --- many times -------------------------------------------------------------------------------------


def flood(what):
    """Frames of one kind for dhcp_flood, and the good question that it ends its bursts with."""
    # A hundred machines that are known by now ask in turn; UDP checksums are left out, for each frame gets its own xid.
    macs = ["02:00:00:0f:00:%02x" % i for i in range(16)]
    first = int.from_bytes(ip("10.77.0.110"), "big")
    made = {
        "discover": lambda m, a: message(m, kind(DISCOVER) + option(55, b"\x01\x03\x06")),
        "request": lambda m, a: message(m, kind(REQUEST) + SERVER_ID + option(50, ip(a))),
        "reboot": lambda m, a: message(m, kind(REQUEST) + option(50, ip(a))),
        "nak": lambda m, a: message(m, kind(REQUEST) + option(50, ip("192.168.1.1"))),
        "renew": lambda m, a: message(m, kind(REQUEST), ciaddr=a),
        "inform": lambda m, a: message(m, kind(INFORM), ciaddr="10.77.0.60"),
        "release": lambda m, a: message(m, kind(RELEASE) + SERVER_ID, ciaddr=a),
        "decline": lambda m, a: message(m, kind(DECLINE) + SERVER_ID + option(50, ip(a))),
        "pxe": lambda m, a: message(m, kind(DISCOVER) + option(60, b"PXEClient:Arch:00007") + option(93, b"\0\x07") + option(97, b"\0" + bytes(16))),
        "ipxe": lambda m, a: message(m, kind(DISCOVER) + option(77, b"iPXE") + option(93, b"\0\0") + option(175, b"\x01\x01\x01")),
        "fqdn": lambda m, a: message(m, kind(DISCOVER) + option(81, b"\0\0\0\x40" + b"a" * 64)),
        "malformed": lambda m, a: message(m, kind(DISCOVER) + b"\x0c\xffabc", end=b""),
        "relayed": lambda m, a: message(m, kind(DISCOVER) + option(82, b"\x01\x04port"), giaddr="192.168.7.7"),
        "bootp": lambda m, a: message(m, b""),
    }[what]
    out = b""
    for i, m in enumerate(macs):
        data = frame(made(m, ".".join(str(b) for b in (first + i).to_bytes(4, "big"))), m, udp_sum=0)
        out += struct.pack("!H", len(data)) + data
    last = frame(message(ME, kind(DISCOVER)), ME, udp_sum=0)
    sys.stdout.buffer.write(out + struct.pack("!H", len(last)) + last)


if __name__ == "__main__":
    if sys.argv[1:] and sys.argv[1].startswith("flood="):
        flood(sys.argv[1][6:])
        sys.exit()
    begin()
    for part in sys.argv[1:]:
        name, _, number = part.partition("=")
        began = time.monotonic()
        try:
            globals()[name](*([int(number)] if number else []))
        except Malformed as error:
            check(f"{name}: every reply is whole", False, repr(error))
        print(f"# {name}: {time.monotonic() - began:.1f} s", flush=True)
