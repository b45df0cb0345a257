"""Odd TFTP clients, one per case:  netboot_odd_tftp.py CASE SERVER.  Exit status 0: it went as it must."""
import os, socket, struct, sys, time

server = sys.argv[2]
RRQ, WRQ, DATA, ACK, ERROR, OACK = 1, 2, 3, 4, 5, 6


def client(wait=30.0, address="10.77.0.2"):
    s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    s.bind((address, 0))
    s.settimeout(wait)
    return s


def request(name, *options, mode="octet", opcode=RRQ):
    texts = [name, mode, *[str(o) for o in options]]
    return struct.pack(">H", opcode) + b"".join((t if isinstance(t, bytes) else t.encode()) + b"\0" for t in texts)


def ask(s, *args, **kw):
    """Asks again without an answer, as every client does: one that has 32 transfers already gets none."""
    wait = s.gettimeout()
    for _ in range(12):
        s.settimeout(min(wait, 5))
        s.sendto(request(*args, **kw), (server, 69))
        try:
            return s.recvfrom(70000)
        except TimeoutError:
            continue
        finally:
            s.settimeout(wait)
    raise TimeoutError(args)


def ack(s, to, block):
    s.sendto(struct.pack(">HH", ACK, block), to)


def head(packet):
    return struct.unpack(">HH", packet[:4])


def oack(packet):
    assert packet[:2] == b"\0\6" and packet[-1:] == b"\0", packet
    texts = packet[2:-1].decode().split("\0")
    return list(zip(texts[::2], texts[1::2]))


def silent(s, seconds):
    s.settimeout(seconds)
    try:
        packet, _ = s.recvfrom(70000)
    except TimeoutError:
        return True
    print("unexpected", packet[:40])
    return False


def fetch_rest(s, to, block):
    """Acknowledges `block` and goes on to the end; the data behind it. All of it comes from `to`."""
    data = b""
    while True:
        ack(s, to, block & 0xFFFF)
        packet, source = s.recvfrom(70000)
        while head(packet) == (DATA, block & 0xFFFF):  # the timer was faster than we
            packet, source = s.recvfrom(70000)
        assert source == to, source
        block += 1
        assert head(packet) == (DATA, block & 0xFFFF), head(packet)
        data += packet[4:]
        if len(packet) < 516:
            ack(s, to, block & 0xFFFF)
            return data


def file(name):
    return open(os.path.join(os.environ["TREE"], "firmware", name), "rb").read()


def fresh_port():
    s = client()
    packet, a = ask(s, "small.bin")
    assert head(packet) == (DATA, 1) and len(packet) == 516
    assert a[0] == server and a[1] != 69
    _, b = ask(client(), "small.bin")
    assert a[1] != b[1]


def foreign_sender():
    s, stranger = client(), client()
    packet, tid = ask(s, "small.bin")
    ack(stranger, tid, 1)
    reply, _ = stranger.recvfrom(600)
    assert head(reply) == (ERROR, 5), reply
    assert packet[4:] + fetch_rest(s, tid, 1) == file("small.bin")


def doubled_ack():
    s = client()
    packet, tid = ask(s, "small.bin", "timeout", 5)  # the timer shall not meddle
    assert oack(packet) == [("timeout", "5")]
    for block in (0, 1):
        ack(s, tid, block)
        packet, _ = s.recvfrom(600)
        assert head(packet) == (DATA, block + 1)
    ack(s, tid, 1)
    return silent(s, 0.5)


def timer_repeats():
    s = client(30)
    began = time.monotonic()
    first, tid = ask(s, "small.bin")
    again, same = s.recvfrom(600)
    assert again == first and same == tid
    return time.monotonic() - began > 0.9


def repeated_request():
    s = client()
    first, tid = ask(s, "small.bin")
    second, again = ask(s, "small.bin")
    assert first == second and tid == again
    assert first[4:] + fetch_rest(s, tid, 1) == file("small.bin")
    return silent(s, 0.3)


def new_request_from_the_same_port():
    s = client()
    _, tid = ask(s, "five.bin")
    packet, again = ask(s, "small.bin", "blksize", 1024)
    assert again == tid and oack(packet) == [("blksize", "1024")]
    ack(s, tid, 0)
    packet, _ = s.recvfrom(2000)
    assert packet[4:] == file("small.bin")[:1024]


def tsize_then_abort():
    s = client()
    packet, tid = ask(s, "snponly.efi", "tsize", 0, "blksize", 1468, "windowsize", 4)
    assert oack(packet) == [("blksize", "1468"), ("tsize", "100000"), ("windowsize", "4")], packet
    s.sendto(struct.pack(">HH", ERROR, 8) + b"User aborted the transfer\0", tid)
    return silent(s, 1.3)


def options_in_any_case():
    packet, _ = ask(client(), "small.bin", "BlkSize", 1024, "TSIZE", 0, mode="OcTeT")
    assert oack(packet) == [("blksize", "1024"), ("tsize", "100000")], packet


def unknown_options():
    packet, _ = ask(client(), "small.bin", "multicast", "", "utimeout", 100000)
    assert head(packet) == (DATA, 1)


def blksize_of_the_path():
    packet, _ = ask(client(), "small.bin", "blksize", 65464)
    assert oack(packet) == [("blksize", "1468")], packet


def blksize_of_a_narrow_path():
    packet, _ = ask(client(), "small.bin", "blksize", 1468)
    assert oack(packet) == [("blksize", "1248")], packet  # of an MTU of 1280


def blksize_of_a_wide_path():
    s = client()
    packet, tid = ask(s, "small.bin", "blksize", 65464, "windowsize", 64)
    assert oack(packet) == [("blksize", "8968"), ("windowsize", "10")], packet  # of 9000; what a socket takes at once
    ack(s, tid, 0)
    got = [s.recvfrom(70000)[0] for _ in range(10)]
    assert [head(p) for p in got] == [(DATA, n) for n in range(1, 11)]
    assert b"".join(p[4:] for p in got) == file("small.bin")[:89680]


def odd_blksize():
    for value in ("7", "65465", "0", "-1", "0x200", "", "9" * 500):
        packet, _ = ask(client(), "small.bin", "blksize", value)
        assert head(packet) == (DATA, 1), (value, packet[:20])


def error_is(name, code, text, **kw):
    packet, _ = ask(client(), name, **kw)
    assert packet == struct.pack(">HH", ERROR, code) + text + b"\0", (name, packet)


def refusals():
    error_is("small.bin", 2, b"read only", opcode=WRQ)
    error_is("small.bin", 4, b"only octet mode is served", mode="netascii")
    error_is("small.bin", 4, b"only octet mode is served", mode="mail")
    error_is("missing.bin", 1, b"not found")
    error_is("grub.cfg-0A4D0002", 1, b"not found")


def traversal():
    for name in ("../secret", "../../secret", "/../secret", "firmware/../../secret", "a/../../secret", "..\\secret",
                 "\\..\\..\\secret", "/etc/passwd", "//etc/passwd", "....//secret", "./small.bin", "", "/", "firmware",
                 "firmware/", "arm64", "escape.bin", "absolute.bin", "pipe.bin", ".hidden", "small.bin\n", "\x1b[2J",
                 "images/../secret", "images/debian/12/../../../../secret", "images\\..\\..\\secret", "images/../firmware/small.bin",
                 "images", "images/", "images/debian", "images/debian/12", "images/debian/12/manifest.json", "images/.x/1/vmlinuz",
                 "arm64/..", "arm64/../small.bin", "arm64/./snp.efi", "%2e%2e/secret", "..%2fsecret", "%2e%2e%2fsecret",
                 "..%5csecret", "\xc0\xae\xc0\xae/secret", "..\xc0\xafsecret", "\uff0e\uff0e/secret", "... /secret", "../", "..", ".",
                 "C:\\secret", "C:/secret", "\\\\host\\share\\secret", "file:///etc/passwd", "~root/secret", "/dev/null",
                 "/proc/self/environ", "device.bin", "socket.bin", "here/secret", "here/here/../secret", "loop.bin", "small.bin/x", "x" * 511,
                 "a/" * 255 + "b", "../" * 170, "small.bin\r", "small.bin\x7f"):
        packet, _ = ask(client(), name)
        assert head(packet)[0] == ERROR and len(packet) < 30, (name, packet[:40])
    packet, _ = ask(client(), "small.bin")
    assert head(packet) == (DATA, 1)


def spellings():
    for name in ("small.bin", "/small.bin", "//small.bin", "\\small.bin", "firmware/small.bin", "\\firmware\\small.bin"):
        packet, _ = ask(client(), name)
        assert head(packet) == (DATA, 1), (name, packet[:40])
    packet, _ = ask(client(), "arm64\\snp.efi")
    assert head(packet) == (DATA, 1)


def malformed():
    s = client()
    packets = [b"", b"\0", b"\0\1", b"\0\1a", b"\0\1a\0", b"\0\1a\0octet", b"\0\3\0\1data", b"\0\4\0\0", b"\0\5\0\0x\0",
               b"\0\6blksize\0008\0", b"\xff" * 512, b"\0\1" + b"a" * 600 + b"\0octet\0", b"\0" * 1400,
               b"\0\1" + b"a" * 65000 + b"\0octet\0"]
    for p in packets:
        s.sendto(p, (server, 69))
    assert silent(s, 0.3)
    packet, _ = ask(s, "small.bin")
    assert head(packet) == (DATA, 1)


def many_options():
    packet, _ = ask(client(), "small.bin", *["blksize", 512, "tsize", 0, "timeout", 3, "windowsize", 9] * 20)
    assert len(packet) < 100 and packet[:2] == b"\0\6"


def option_lengths():
    for n in list(range(0, 20)) + [31, 32, 33, 63, 64, 65, 127, 128, 255, 256, 257, 400, 450]:
        for option in (("o" * n, "1"), ("blksize", "9" * n), ("windowsize", "0" * n + "4"), ("tsize", "x" * n), ("timeout", "-" * n)):
            s = client()
            packet, peer = ask(s, "small.bin", *option)
            kind = head(packet)[0]
            # Without a name the list ends there; what makes no sense is as if it had not been sent.
            assert kind in (DATA, OACK) and len(packet) <= 1472 and (kind == DATA or len(packet) < 60), (option, packet[:60])
            s.sendto(b"\0\5\0\0enough\0", peer)


def lost_last_ack():
    s = client()
    _, tid = ask(s, "empty.bin", "blksize", 512)
    ack(s, tid, 0)
    assert head(s.recvfrom(600)[0]) == (DATA, 1)


def one_port():
    """Two transfers of one client, each packet from port 69."""
    a, b = client(), client()
    for s in (a, b):
        packet, source = ask(s, "small.bin")
        assert source[1] == 69 and head(packet) == (DATA, 1), (source, packet[:4])
    want = open(os.environ["TREE"] + "/firmware/small.bin", "rb").read()
    for s in (a, b):
        assert fetch_rest(s, (server, 69), 1) == want[512:]


def one_port_foreign():
    """An ACK that belongs to no transfer is told so; an ERROR is not answered."""
    s = client()
    ack(s, (server, 69), 1)
    packet, _ = s.recvfrom(100)
    assert head(packet) == (ERROR, 5), packet
    s.sendto(struct.pack(">HH", ERROR, 0) + b"gone\0", (server, 69))
    assert silent(s, 0.5)


def node_file():
    """A name that tells the machine is the provisioner's to answer; a repeated request is asked of it once."""
    for name in ("grub/grub.cfg-01-52-54-00-00-00-01", "grub.cfg", "52:54:00:00:00:01/grub.cfg"):
        s = client()
        packet, source = ask(s, name)
        assert head(packet) == (DATA, 1) and packet[4:].startswith(b"#!ipxe"), packet
        ack(s, source, 1)
    for name in ("pxelinux.cfg/01-52-54-00-00-00-01", "grub.cfg-0A4D0002", "9ffe1b42/config.txt"):
        packet, _ = ask(client(), name)
        assert head(packet) == (ERROR, 1), packet


def node_file_later():
    """What the provisioner has not yet gets no answer: a client that is told ERROR gives up."""
    s = client(0.7)
    s.sendto(request("9ffe1b42/start4.elf"), (server, 69))
    assert silent(s, 0.7)


def too_many():
    sockets = [client(address="10.77.0.3") for _ in range(40)]
    for s in sockets:
        s.sendto(request("small.bin"), (server, 69))
    ask(client(30), "small.bin")  # in turn: when this one has its answer the others have theirs
    answered = 0
    for s in sockets:
        s.setblocking(False)
        try:
            packet, tid = s.recvfrom(600)
            answered += 1
            s.sendto(struct.pack(">HH", ERROR, 0) + b"done\0", tid)
        except BlockingIOError:
            pass
    assert answered == 32, answered
    packet, _ = ask(client(address="10.77.0.3"), "small.bin")
    assert head(packet) == (DATA, 1)


def broadcast():
    s = client()
    s.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
    s.sendto(request("small.bin"), ("10.77.0.255", 69))
    return silent(s, 0.5)


def replaced_file():
    path = os.path.join(os.environ["TREE"], "firmware", "swap.bin")
    open(path, "wb").write(b"old" * 1000)
    s = client()
    first, tid = ask(s, "swap.bin")
    open(path + ".new", "wb").write(b"new" * 5000)
    os.rename(path + ".new", path)
    assert first[4:] + fetch_rest(s, tid, 1) == b"old" * 1000


def truncated_file():
    path = os.path.join(os.environ["TREE"], "firmware", "cut.bin")
    open(path, "wb").write(b"x" * 100000)
    s = client()
    _, tid = ask(s, "cut.bin")
    os.truncate(path, 600)
    ack(s, tid, 1)
    packet, _ = s.recvfrom(600)
    ack(s, tid, 2)
    while head(packet)[0] == DATA:
        packet, _ = s.recvfrom(600)
    assert head(packet) == (ERROR, 0), packet


def asks_again():
    """While its first block is read from a disk one client repeats its ACK, another its request."""
    name, want = os.environ["ODD_FILE"], open(os.environ["ODD_WANT"], "rb").read()
    a, b = client(), client(0.2)
    packet, tid = ask(a, name, "blksize", 1468, "timeout", 250)  # the timer shall not meddle
    assert oack(packet) == [("blksize", "1468"), ("timeout", "250")], packet
    a.settimeout(0.2)
    for i in range(10000):
        ack(a, tid, 0)
        b.sendto(request(name), (server, 69))
        if i == 5:
            open(os.environ["ODD_SIGN"], "w").close()
        try:
            packet, _ = a.recvfrom(2000)
            break
        except TimeoutError:
            pass
    data = b""
    for block in range(1, len(want) // 1468 + 2):
        assert head(packet) == (DATA, block), (block, head(packet))
        data += packet[4:]
        ack(a, tid, block)
        if len(packet) == 1472:
            a.settimeout(60)
            packet, _ = a.recvfrom(2000)
    assert data == want
    b.settimeout(60)
    packet, tid = b.recvfrom(2000)
    assert packet == struct.pack(">HH", DATA, 1) + want[:512]
    b.sendto(struct.pack(">HH", ERROR, 0) + b"enough\0", tid)


def leaves():
    s = client()
    packet, tid = ask(s, os.environ["ODD_FILE"], "blksize", 1468)
    ack(s, tid, 0)
    s.sendto(struct.pack(">HH", ERROR, 0) + b"enough\0", tid)


def vanishes():
    client().sendto(request(os.environ["ODD_FILE"]), (server, 69))


def hears_error():
    s = client(60)
    s.sendto(request(os.environ["ODD_FILE"]), (server, 69))
    packet, _ = s.recvfrom(600)
    assert packet == struct.pack(">HH", ERROR, 0) + b"file unreadable\0", packet


def window_gap():
    s = client()
    packet, tid = ask(s, "small.bin", "windowsize", 4, "timeout", 5)  # the timer shall not meddle
    assert sorted(oack(packet)) == [("timeout", "5"), ("windowsize", "4")]
    ack(s, tid, 0)
    assert [head(s.recvfrom(600)[0])[1] for _ in range(4)] == [1, 2, 3, 4]
    ack(s, tid, 2)
    assert [head(s.recvfrom(600)[0])[1] for _ in range(4)] == [3, 4, 5, 6]
    ack(s, tid, 2)  # a doubled one
    return silent(s, 0.5)


def roll_over():
    s = client()
    packet, tid = ask(s, "forty.bin", "rollover", 1, "blksize", 512)
    assert ("rollover", "1") in oack(packet)
    block = 0
    while True:
        wire = 0 if block == 0 else (block - 1) % 65535 + 1
        ack(s, tid, wire)
        packet, _ = s.recvfrom(600)
        while head(packet) == (DATA, wire):  # the timer was faster than we
            packet, _ = s.recvfrom(600)
        block += 1
        assert head(packet) == (DATA, (block - 1) % 65535 + 1), (block, head(packet))
        if block == 65600:
            break
    s.sendto(struct.pack(">HH", ERROR, 0) + b"enough\0", tid)


if globals()[sys.argv[1]]() is False:
    sys.exit(1)
