"""DHCP by raw frames, for the wire tests: messages byte by byte, and replies taken apart without help.

A test that wants a packet which no library would make needs no library to make it."""
import select
import socket
import struct
import time

COOKIE = b"\x63\x82\x53\x63"
BROADCAST = "255.255.255.255"
DISCOVER, OFFER, REQUEST, DECLINE, ACK, NAK, RELEASE, INFORM = range(1, 9)


def ip(text):
    return socket.inet_aton(text)


def mac_bytes(text):
    return bytes.fromhex(text.replace(":", ""))


def option(code, value=b""):
    return bytes([code, len(value)]) + value


def kind(number):
    return option(53, bytes([number]))


def message(mac, options, *, op=1, htype=1, hlen=6, hops=0, xid=1, secs=0, flags=0, ciaddr="0.0.0.0", yiaddr="0.0.0.0",
            siaddr="0.0.0.0", giaddr="0.0.0.0", chaddr=None, sname=b"", file=b"", cookie=COOKIE, end=b"\xff"):
    chaddr = (mac_bytes(mac) if chaddr is None else chaddr)[:16].ljust(16, b"\0")
    return (struct.pack("!BBBBIHH", op, htype, hlen, hops, xid, secs, flags) + ip(ciaddr) + ip(yiaddr) + ip(siaddr)
            + ip(giaddr) + chaddr + sname.ljust(64, b"\0") + file.ljust(128, b"\0") + cookie + options + end)


def checksum(data):
    total = sum(struct.unpack(f"!{(len(data) + 1) // 2}H", data + b"\0" * (len(data) % 2)))
    while total >> 16:
        total = (total & 0xffff) + (total >> 16)
    return ~total & 0xffff


def frame(payload, mac, *, to="ff:ff:ff:ff:ff:ff", src="0.0.0.0", dst=BROADCAST, sport=68, dport=67, version=4, ihl=5,
          ip_options=b"", total=None, udp_len=None, udp_sum=None, ip_sum=None, fragment=0, ttl=64, protocol=17, tag=b"",
          ethertype=0x0800, trailer=b""):
    """Every length and checksum is right unless it is given."""
    length = len(payload) + 8 if udp_len is None else udp_len
    udp = struct.pack("!HHHH", sport, dport, length, 0) + payload
    if udp_sum is None:
        covered = udp[:length] if length <= len(udp) else udp
        udp_sum = checksum(ip(src) + ip(dst) + struct.pack("!HH", 17, length) + covered) or 0xffff
    udp = udp[:6] + struct.pack("!H", udp_sum) + udp[8:]
    head_len = 20 + len(ip_options)
    head = struct.pack("!BBHHHBBH", version << 4 | ihl, 0, head_len + len(udp) if total is None else total, 0, fragment,
                       ttl, protocol, 0) + ip(src) + ip(dst) + ip_options
    head = head[:10] + struct.pack("!H", checksum(head) if ip_sum is None else ip_sum) + head[12:]
    return mac_bytes(to) + mac_bytes(mac) + tag + struct.pack("!H", ethertype) + head + udp + trailer


class Malformed(Exception):
    pass


class Reply:
    """A reply, taken apart; `options` is a list of (code, value) as they stand in the options field."""

    def __init__(self, data):
        self.to_mac, self.from_mac = data[:6].hex(":"), data[6:12].hex(":")
        head = (data[14] & 15) * 4
        self.ttl = data[22]
        self.src, self.dst = socket.inet_ntoa(data[26:30]), socket.inet_ntoa(data[30:34])
        udp = data[14 + head:14 + struct.unpack("!H", data[16:18])[0]]
        self.sport, self.dport, length = struct.unpack("!HHH", udp[:6])
        if length != len(udp) or length < 8 + 240:
            raise Malformed("length")
        self.bootp = udp[8:]
        b = self.bootp
        self.op, self.htype, self.hlen, self.hops, self.xid, self.secs, self.flags = struct.unpack("!BBBBIHH", b[:12])
        self.ciaddr, self.yiaddr, self.siaddr, self.giaddr = (socket.inet_ntoa(b[i:i + 4]) for i in (12, 16, 20, 24))
        self.chaddr, self.sname, self.file = b[28:44], b[44:108].rstrip(b"\0"), b[108:236].rstrip(b"\0")
        if b[236:240] != COOKIE:
            raise Malformed("cookie")
        self.options, i = [], 240
        while True:
            if i >= len(b):
                raise Malformed("no end")
            if b[i] == 255:
                break
            if b[i] == 0:
                i += 1
                continue
            if i + 2 > len(b) or i + 2 + b[i + 1] > len(b):
                raise Malformed("option past the end")
            self.options.append((b[i], b[i + 2:i + 2 + b[i + 1]]))
            i += 2 + b[i + 1]
        self.padding = b[i + 1:]

    def get(self, code):
        """The option's value in one piece (RFC 3396), or None."""
        parts = [value for c, value in self.options if c == code]
        return b"".join(parts) if parts else None

    @property
    def kind(self):
        return (self.get(53) or b"\0")[0]


class Wire:
    """A NIC: frames out, DHCP replies in."""

    def __init__(self, interface="c0"):
        self.socket = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3))
        self.socket.setsockopt(socket.SOL_SOCKET, 33, 16 << 20)  # SO_RCVBUFFORCE
        self.socket.bind((interface, 0))
        self.socket.setblocking(False)

    def send(self, data):
        self.socket.send(data)

    def replies(self, timeout):
        """Each reply that comes within `timeout` seconds."""
        end = time.monotonic() + timeout
        while True:
            left = end - time.monotonic()
            if left <= 0 or not select.select([self.socket], [], [], left)[0]:
                return
            try:
                data, where = self.socket.recvfrom(10000)
            except BlockingIOError:
                continue
            if where[2] == socket.PACKET_OUTGOING or data[12:14] != b"\x08\x00" or data[23] != 17:
                continue
            at = 14 + (data[14] & 15) * 4
            if data[at:at + 2] in (b"\x00\x43", b"\x0f\xab") and data[at + 8] == 2:
                yield Reply(data)

    def reply(self, xid, timeout=3.0):
        for r in self.replies(timeout):
            if r.xid == xid:
                return r
        return None
