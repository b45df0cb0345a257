"""Clients by the thousand, by raw frames: dhcp_fill.py INTERFACE COUNT [FIRST] takes COUNT leases and prints "N leases".

Each is a machine of its own with MAC 02:10:xx:xx:xx:xx; 128 of them are on their way at any time. What gets no answer
within two seconds is asked again, five times at the most."""
import selectors, socket, struct, sys, time

WINDOW, AGAIN_S, TRIES = 128, 2.0, 5
interface, count = sys.argv[1], int(sys.argv[2])
first = int(sys.argv[3]) if len(sys.argv) > 3 else 0
s = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(0x0800))
s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 8 << 20)
s.bind((interface, 0))
s.setblocking(False)


def checksum(data):
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    total = (total & 0xFFFF) + (total >> 16)
    return ~(total + (total >> 16)) & 0xFFFF


def mac_of(i):
    return b"\x02\x10" + struct.pack("!I", i)


def message(i, options):
    mac = mac_of(i)
    bootp = struct.pack("!BBBBIHHIIII", 1, 1, 6, 0, i, 0, 0x8000, 0, 0, 0, 0) + mac.ljust(16, b"\0") + bytes(192)
    bootp += b"\x63\x82\x53\x63" + options + b"\xff"
    bootp += bytes(300 - len(bootp))
    udp = struct.pack("!HHHH", 68, 67, 8 + len(bootp), 0) + bootp
    ip = struct.pack("!BBHHHBBHII", 0x45, 0, 20 + len(udp), 0, 0, 64, 17, 0, 0, 0xFFFFFFFF)
    ip = ip[:10] + struct.pack("!H", checksum(ip)) + ip[12:]
    return b"\xff" * 6 + mac + b"\x08\x00" + ip + udp


def parse(frame):
    """(who, type, address, server) of a reply."""
    if len(frame) < 282 or frame[12:14] != b"\x08\x00" or frame[23] != 17 or frame[34:36] != b"\x00\x43":
        return None
    bootp = frame[42:]
    if bootp[0] != 2 or bootp[28:30] != b"\x02\x10":
        return None
    at, kind, server = 240, 0, b""
    while at + 1 < len(bootp) and bootp[at] != 255:
        if bootp[at] == 53:
            kind = bootp[at + 2]
        elif bootp[at] == 54:
            server = bootp[at + 2:at + 6]
        at += 1 if bootp[at] == 0 else 2 + bootp[at + 1]
    return struct.unpack("!I", bootp[30:34])[0], kind, bootp[16:20], server


waiting = {}  # who -> [last frame, when, tries]


def send(i, frame, tries=1):
    waiting[i] = [frame, time.monotonic(), tries]
    s.send(frame)


selector = selectors.DefaultSelector()
selector.register(s, selectors.EVENT_READ)
todo, done = iter(range(first, first + count)), 0
left, look_at = True, 0.0
while left or waiting:
    while left and len(waiting) < WINDOW:
        i = next(todo, None)
        if i is None:
            left = False
        else:
            send(i, message(i, b"\x35\x01\x01"))
    selector.select(AGAIN_S)
    while True:
        try:
            reply = parse(s.recv(2048))
        except BlockingIOError:
            break
        if not reply or reply[0] not in waiting:
            continue
        who, kind, address, server = reply
        if kind == 2:
            send(who, message(who, b"\x35\x01\x03\x32\x04" + address + b"\x36\x04" + server))
        elif kind == 5:
            del waiting[who]
            done += 1
    now = time.monotonic()
    if now < look_at:
        continue
    look_at = now + 0.5
    for who, (frame, when, tries) in list(waiting.items()):
        if now - when < AGAIN_S:
            continue
        if tries == TRIES:
            del waiting[who]
        else:
            send(who, frame, tries + 1)
print(done, "leases")
