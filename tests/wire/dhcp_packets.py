#!/usr/bin/python3
"""Hand-made DHCP packets for tests/wire/dhcp.sh: what real clients don't send often enough.

Runs in the client's namespace. Prints "pass SENTENCE" or "fail SENTENCE: DETAIL" per check. The server is
10.77.0.1/24 with the pool .100 to .149, and a node at .10 with the MACs 02:..:01 and 02:..:02."""
import logging
import random
import socket
import struct
import sys
import time

logging.getLogger("scapy").setLevel(logging.ERROR)
from scapy.all import (BOOTP, DHCP, ICMPv6ND_RA, ICMPv6ND_RS, ICMPv6NDOptPrefixInfo, ICMPv6NDOptSrcLLAddr, IP, IPv6,
                       UDP, AsyncSniffer, Dot1Q, Ether, Raw, conf, sendp, srp1)

conf.checkIPaddr = False
IFACE = "c0"
SERVER = "10.77.0.1"
TYPES = {1: "discover", 2: "offer", 3: "request", 4: "decline", 5: "ack", 6: "nak", 7: "release", 8: "inform"}


def check(sentence, good, detail=""):
    print("pass " + sentence if good else f"fail {sentence}: {detail!r}", flush=True)


def mac_of(n):
    """1 and 2 are the node's; all others are unlike those that dhcp.sh gives to the real clients."""
    return "02:00:00:%02x:%02x:%02x" % (n > 2, n >> 8, n & 255)


def raw_mac(n):
    return bytes.fromhex(mac_of(n).replace(":", ""))


def message(n, kind, *options, src="0.0.0.0", dst="255.255.255.255", **fields):
    fields.setdefault("xid", random.getrandbits(32))
    fields.setdefault("chaddr", raw_mac(n) + bytes(10))
    return (Ether(src=mac_of(n), dst="ff:ff:ff:ff:ff:ff") / IP(src=src, dst=dst) / UDP(sport=68, dport=67)
            / BOOTP(**fields) / DHCP(options=[("message-type", kind), *options, "end"]))


def ask(packet, timeout=2.0):
    """The answer to a packet, which is dissected first: scapy matches DHCP to DHCP, not to raw bytes."""
    return srp1(Ether(bytes(packet)), iface=IFACE, timeout=timeout, verbose=0)


def silent(packet):
    """Whatever the server says, to whomever, counts as an answer."""
    ears = AsyncSniffer(iface=IFACE, filter="udp src port 67 or udp src port 4011", store=True)
    ears.start()
    while not getattr(ears, "stop_cb", None):
        time.sleep(0.01)
    time.sleep(0.1)
    sendp(packet, iface=IFACE, verbose=0)
    time.sleep(0.3)
    return len(ears.stop()) == 0


def options(reply):
    return {o[0]: o[1] if len(o) == 2 else o[1:] for o in reply[DHCP].options if isinstance(o, tuple)}


def kind(reply):
    return TYPES[options(reply)["message-type"]] if reply is not None else None


def lease(n, *extra):
    """DISCOVER to ACK; the address."""
    offer = ask(message(n, "discover", *extra))
    ack = ask(message(n, "request", ("server_id", SERVER), ("requested_addr", offer.yiaddr), *extra))
    return ack.yiaddr if kind(ack) == "ack" else None


def routes():
    r = ask(message(20, "discover"))
    check("without the broadcast bit the offer is unicast to the client's own MAC and address",
          r[Ether].dst == mac_of(20) and r[IP].dst == r[BOOTP].yiaddr, r.summary())
    check("reply leaves from the server's address with TTL 64", r[IP].src == SERVER and r[IP].ttl == 64, r[IP].src)
    check("checksums of a frame of our own making are right",
          Ether(bytes(r)).__class__(bytes(r))[UDP].chksum == fresh_checksum(r), r[UDP].chksum)
    r = ask(message(20, "discover", ("param_req_list", [1])))
    check("reply is padded to 300 bytes", r[UDP].len - 8 == 300, r[UDP].len)
    r = ask(message(20, "discover", flags=0x8000))
    check("with the broadcast bit the offer is broadcast",
          r[Ether].dst == "ff:ff:ff:ff:ff:ff" and r[IP].dst == "255.255.255.255", r.summary())
    r = ask(message(20, "request", ("requested_addr", "192.168.7.7")))
    check("address of a foreign network is refused by broadcast at once",
          kind(r) == "nak" and r[IP].dst == "255.255.255.255", r and r.summary())
    r = ask(message(20, "discover", ("client_id", b"\x00" * 7)))
    check("client identifier comes back as it went", options(r).get("client_id") == b"\x00" * 7, options(r))


def fresh_checksum(reply):
    copy = Ether(bytes(reply))
    del copy[UDP].chksum
    return Ether(bytes(copy))[UDP].chksum


def renewal():
    """With an address of its own, so that the kernel answers ARP: the reply comes through the socket."""
    s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    s.bind(("10.77.0.60", 68))
    s.settimeout(2)

    def talk(n, kind, *opts, **fields):
        m = BOOTP(chaddr=raw_mac(n) + bytes(10), xid=7, **fields) / DHCP(options=[("message-type", kind), *opts, "end"])
        s.sendto(bytes(m), (SERVER, 67))
        try:
            data, peer = s.recvfrom(2000)
        except TimeoutError:
            return None, None
        return BOOTP(data), peer

    r, peer = talk(21, "inform", ciaddr="10.77.0.60")
    check("INFORM is answered to ciaddr, from port 67, without a lease",
          peer == (SERVER, 67) and r.yiaddr == "0.0.0.0" and "lease_time" not in options(r), r and options(r))
    address = lease(22)
    r = ask(message(22, "request", src=address, dst=SERVER, ciaddr=address), timeout=0.5)
    # The client's address is nobody's here, so ARP must fail; what counts is that the lease was extended.
    check("renewal to an address that does not answer ARP does not disturb the server", r is None, r and r.summary())
    s.close()


def relay():
    s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    s.bind(("10.77.0.60", 67))
    s.settimeout(2)
    info = b"\x01\x04port\x02\x02sw"
    m = BOOTP(chaddr=raw_mac(23) + bytes(10), xid=9, giaddr="10.77.0.60", hops=1) / DHCP(
        options=[("message-type", "discover"), ("relay_agent_information", info), "end"])
    s.sendto(bytes(m), (SERVER, 67))
    data, peer = s.recvfrom(2000)
    raw = bytes(data)
    check("relayed request is answered to the relay's port 67", peer == (SERVER, 67))
    check("relay information comes back unchanged and last", raw.rstrip(b"\0").endswith(b"\x52\x0a" + info + b"\xff"),
          raw[240:])
    m[BOOTP].giaddr = "10.99.0.1"
    s.sendto(bytes(m), (SERVER, 67))
    s.settimeout(0.4)
    try:
        s.recvfrom(2000)
        check("relay of an unknown network is not answered", False)
    except TimeoutError:
        check("relay of an unknown network is not answered", True)
    s.close()


def pxe():
    arch = lambda n: (93, struct.pack("!H", n))
    wants = ("param_req_list", [1, 3, 66, 67, 43, 60, 97])
    uuid = (97, b"\0" + bytes(range(16)))
    table = [
        (30, 0, b"PXEClient:Arch:00000", None, b"undionly.kpxe", "BIOS"),
        (31, 7, b"PXEClient:Arch:00007", None, b"snponly.efi", "UEFI"),
        (32, 9, b"PXEClient:Arch:00009", None, b"snponly.efi", "UEFI that calls itself 9"),
        (33, 16, b"HTTPClient:Arch:00016", None, b"http://10.77.0.1:8080/firmware/snponly.efi", "UEFI HTTP boot"),
        (34, 0, b"PXEClient:Arch:00000", b"iPXE", b"http://10.77.0.1:8080/boot.ipxe", "iPXE"),
        (35, 11, b"PXEClient:Arch:00011", None, b"shimaa64.efi", "ARM64"),
        (36, 6, b"PXEClient:Arch:00006", None, b"", "32-bit UEFI, which has no loader,"),
    ]
    for n, a, vendor, user, file, name in table:
        extra = [arch(a), ("vendor_class_id", vendor), wants, uuid] + ([(77, user)] if user else [])
        r = ask(message(n, "discover", *extra))
        o = options(r)
        check(f"{name} gets its boot file in the header", r.file.rstrip(b"\0") == file, r.file)
        check(f"{name} gets a short lease", o["lease_time"] == 60, o)
        if file:
            check(f"{name} gets option 67 with a NUL", raw_option(r, 67) == file + b"\0", raw_option(r, 67))
            check(f"{name} gets its UUID back", raw_option(r, 97) == uuid[1], raw_option(r, 97))
            check(f"{name} is told the next server", r.siaddr == SERVER, r.siaddr)
        check(f"{name} reads option 60 as it must", o.get("vendor_class_id") == {
            "BIOS": b"PXEClient", "UEFI HTTP boot": b"HTTPClient"}.get(name), o)
        if name == "iPXE":
            check("iPXE is told not to wait for a proxy", raw_option(r, 175) == b"\xb0\x01\x01", raw_option(r, 175))
    s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    s.bind(("10.77.0.60", 4011))
    s.settimeout(2)
    m = BOOTP(chaddr=raw_mac(31) + bytes(10), xid=11, ciaddr="10.77.0.60") / DHCP(
        options=[("message-type", "request"), arch(7), ("vendor_class_id", b"PXEClient:Arch:00007"), "end"])
    s.sendto(bytes(m), (SERVER, 4011))
    data, peer = s.recvfrom(2000)
    check("port 4011 answers from port 4011 with the boot file",
          peer == (SERVER, 4011) and BOOTP(data).file.rstrip(b"\0") == b"snponly.efi", peer)
    s.close()


def raw_option(reply, code):
    """The option's bytes, joined, as they stood on the wire."""
    data = bytes(reply[BOOTP])[240:]
    out, i = b"", 0
    while i < len(data) and data[i] != 255:
        if data[i] == 0:
            i += 1
            continue
        if data[i] == code:
            out += data[i + 2:i + 2 + data[i + 1]]
        i += 2 + data[i + 1]
    return out


def nodes():
    a, b = ask(message(1, "discover")), ask(message(2, "discover", ("client_id", b"\xff12345678")))
    check("both MACs of a node are offered its address", a.yiaddr == b.yiaddr == "10.77.0.10", (a.yiaddr, b.yiaddr))
    check("node hears its own name", options(ask(message(1, "discover", ("param_req_list", [12]))))["hostname"] == b"master1")
    acks = [ask(message(n, "request", ("server_id", SERVER), ("requested_addr", "10.77.0.10"))) for n in (1, 2, 1)]
    check("both MACs of a node lease it at once", [kind(r) for r in acks] == ["ack"] * 3)
    r = ask(message(40, "request", ("requested_addr", "10.77.0.10")))
    check("nobody else gets a node's address", kind(r) == "nak", r and r.summary())


def order():
    r = ask(message(41, "discover", ("param_req_list", [15, 6, 1])))
    codes, data, i = [], bytes(r[BOOTP])[240:], 0
    while data[i] != 255:
        codes.append(data[i])
        i += 2 + data[i + 1]
    check("options come as 53, 54, 51, then in the order asked for", codes[:6] == [53, 54, 51, 15, 6, 1], codes)


def hostile():
    good = message(50, "discover")
    payload = bytes(good[BOOTP])
    wrap = lambda p, **ip: Ether(src=mac_of(50), dst="ff:ff:ff:ff:ff:ff") / IP(
        src="0.0.0.0", dst="255.255.255.255", **ip) / UDP(sport=68, dport=67) / Raw(p)
    bad_udp = good.copy()
    bad_udp[UDP].chksum = 0x1234
    no_udp = good.copy()
    no_udp[UDP].chksum = 0
    short = message(50, "discover", ("requested_addr", "10.77.0.120"))
    drops = {
        "option that runs past the end": wrap(payload[:240] + b"\x35\x01\x01\x0c\x40abc"),
        "message type of two bytes": wrap(payload[:240] + b"\x35\x02\x01\x01\xff"),
        "message type twice": wrap(payload[:240] + b"\x35\x01\x01\x35\x01\x03\xff"),
        "requested address of three bytes": wrap(payload[:240] + b"\x35\x01\x01\x32\x03\x0a\x4d\x00\xff"),
        "packet cut in the header": wrap(payload[:200]),
        "empty packet": wrap(b""),
        "op of a reply": wrap(b"\x02" + payload[1:]),
        "hardware address of 17 bytes": wrap(payload[:2] + b"\x11" + payload[3:]),
        "plain BOOTP": wrap(payload[:236] + bytes(64)),
        "overload that means nothing": wrap(payload[:240] + b"\x35\x01\x01\x34\x01\x09\xff"),
        "broken relay option": wrap(payload[:240] + b"\x35\x01\x01\x52\x03\x01\x09x\xff"),
        "16 relays": message(50, "discover", hops=16),
        "wrong UDP checksum": bad_udp,
        "fragment": wrap(payload, flags="MF"),
        "frame of VLAN 5": Ether(src=mac_of(50), dst="ff:ff:ff:ff:ff:ff") / Dot1Q(vlan=5) / good[IP],
        "packet for another server": message(50, "discover", dst="10.77.0.77"),
        "group address as MAC": message(50, "discover", chaddr=b"\x01\x00\x5e\x00\x00\x01" + bytes(10)),
        "choice of another server": message(50, "request", ("server_id", "10.77.0.9"), ("requested_addr", "10.77.0.120")),
    }
    check("the ears of this test hear an answer", not silent(wrap(payload)))
    for name, packet in drops.items():
        check(f"{name}: no answer", silent(packet))
    check("packet without a UDP checksum is answered", kind(ask(no_udp)) == "offer")
    check("message of 244 bytes is answered", kind(ask(wrap(payload[:240] + b"\x35\x01\x01\xff"))) == "offer")
    other = bytes(message(52, "discover")[BOOTP])
    check("options in an overloaded file field are read", ask(
        wrap(other[:108] + b"\x32\x04\x0a\x4d\x00\x79\xff" + bytes(121) + other[236:240] + b"\x35\x01\x01\x34\x01\x01\xff")
    ).yiaddr == "10.77.0.121")
    rng = random.Random(1)
    for _ in range(400):
        mutant = bytearray(payload)
        for _ in range(rng.randrange(1, 20)):
            mutant[rng.randrange(len(mutant))] = rng.randrange(256)
        sendp(wrap(bytes(mutant[:rng.randrange(len(mutant))])), iface=IFACE, verbose=0)
    check("after 400 mutants the server still answers", kind(ask(message(51, "discover"))) == "offer")


def solicitation():
    ra = srp1(Ether(src=mac_of(60), dst="33:33:00:00:00:02") / IPv6(src="fe80::ff:fe00:3c", dst="ff02::2", hlim=255)
              / ICMPv6ND_RS() / ICMPv6NDOptSrcLLAddr(lladdr=mac_of(60)), iface=IFACE, timeout=2, verbose=0)
    check("router solicitation is answered", ra is not None and ICMPv6ND_RA in ra, ra and ra.summary())
    if ra is None:
        return
    check("advertisement is empty: no router, no prefix, no DHCPv6",
          ra[ICMPv6ND_RA].routerlifetime == 0 and not ra[ICMPv6ND_RA].M and not ra[ICMPv6ND_RA].O
          and ICMPv6NDOptPrefixInfo not in ra, ra.show(dump=True))
    check("advertisement comes from a link-local address with hop limit 255",
          ra[IPv6].src.startswith("fe80:") and ra[IPv6].hlim == 255 and ra[Ether].dst == mac_of(60), ra.summary())


def back():
    """The link was down for a moment."""
    for _ in range(20):
        reply = ask(message(70, "discover"), timeout=0.5)
        if reply is not None:
            break
    check("after the link was down and up again the server answers", kind(reply) == "offer")


def storm(n):
    """All at once, as after a power cut: every machine gets an offer, each another address."""
    frames = [bytes(message(1000 + i, "discover", xid=1000 + i)) for i in range(n)]
    listen = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3))
    listen.setsockopt(socket.SOL_SOCKET, 33, 64 << 20)  # SO_RCVBUFFORCE
    listen.bind((IFACE, 0))
    listen.settimeout(1.5)
    begun = time.monotonic()
    for f in frames:
        listen.send(f)
    sent = time.monotonic()
    offers = {}
    while len(offers) < n:
        try:
            data = listen.recv(2000)
        except TimeoutError:
            break
        if data[23:24] == b"\x11" and data[34:38] == b"\x00\x43\x00\x44" and data[42] == 2:
            offers[data[46:50]] = data[58:62]
    check(f"storm of {n} machines: each is offered an address", len(offers) == n, len(offers))
    check(f"storm of {n} machines: no two get the same", len(set(offers.values())) == len(offers))
    print(f"# sent in {sent - begun:.2f} s, last offer after {time.monotonic() - begun:.2f} s", flush=True)


if __name__ == "__main__":
    for part in sys.argv[1:]:
        name, _, number = part.partition("=")
        try:
            globals()[name](*([int(number)] if number else []))
        except Exception as error:  # a check that got no packet to look at
            check(f"{name} runs to its end", False, repr(error))
