"""Odd HTTP clients, one per case:  netboot_odd_http.py CASE SERVER.  Exit status 0: it went as it must."""
import os, re, resource, socket, ssl, struct, sys, threading, time

server = sys.argv[2]
PATIENCE = 120  # s: only for a server that never answers; a busy machine fails no case
resource.setrlimit(resource.RLIMIT_NOFILE, (4096, 4096))


def connect(address="10.77.0.2", wait=PATIENCE, receive_buffer=None):
    s = socket.socket()
    if receive_buffer:
        s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
    s.settimeout(wait)
    s.bind((address, 0))
    if "TLS_CA" not in os.environ:
        s.connect((server, 80))
        return s
    s.connect((server, 443))
    return ssl.create_default_context(cafile=os.environ["TLS_CA"]).wrap_socket(s, server_hostname=server)


def read_head(s):
    data = b""
    while b"\r\n\r\n" not in data:
        more = s.recv(1)
        if not more:
            raise EOFError(data)
        data += more
    lines = data.decode().split("\r\n")
    return int(lines[0].split()[1]), dict(l.lower().split(": ", 1) for l in lines[1:] if l)


def read_body(s, n):
    data = b""
    while len(data) < n:
        more = s.recv(min(n - len(data), 1 << 16))
        if not more:
            raise EOFError(len(data))
        data += more
    return data


def get(s, target, *fields, method="GET"):
    text = "".join([f"{method} {target} HTTP/1.1\r\n", "Host: x\r\n", *[f + "\r\n" for f in fields], "\r\n"])
    s.sendall(text.encode())
    status, head = read_head(s)
    body = b"" if method == "HEAD" or status == 304 else read_body(s, int(head["content-length"]))
    return status, head, body


def closed(s):
    try:
        return s.recv(1) == b""
    except ConnectionResetError:
        return True


def wait_until(what, is_so):
    end = time.monotonic() + PATIENCE
    while not is_so():
        assert time.monotonic() < end, what
        time.sleep(0.05)


def file(name):
    return open(os.path.join(os.environ["TREE"], name), "rb").read()


def raw(data):
    """The status that raw bytes get, and whether the connection is closed after it."""
    s = connect()
    s.sendall(data)
    status, head = read_head(s)
    s.recv(int(head["content-length"]))
    return status, closed(s)


def head_then_get():
    s = connect()
    want = file("firmware/snponly.efi")
    status, head, _ = get(s, "/firmware/snponly.efi", method="HEAD")
    assert status == 200 and int(head["content-length"]) == len(want), head
    assert head["content-type"] == "application/efi"
    status, _, body = get(s, "/firmware/snponly.efi")
    assert status == 200 and body == want
    status, head, body = get(s, "/boot.ipxe", "Connection: close")
    assert status == 200 and body.startswith(b"#!ipxe") and head["connection"] == "close"
    assert closed(s)


def pipelined():
    s = connect()
    one = b"GET /%s HTTP/1.1\r\nHost: x\r\n\r\n"
    s.sendall(one % b"firmware/small.bin" + one % b"boot.ipxe" + one % b"never" + one % b"agent/slipway-join")
    for want_status, want in ((200, file("firmware/small.bin")), (200, None), (404, None),
                              (200, file("agent/slipway-join"))):
        status, head = read_head(s)
        body = read_body(s, int(head["content-length"]))
        assert status == want_status and want in (None, body), (status, body[:50])


def one_byte_at_a_time():
    s = connect()
    for byte in b"GET /agent/slipway-join HTTP/1.1\r\nHost: x\r\n\r\n":
        s.sendall(bytes([byte]))
        time.sleep(0.005)
    status, head = read_head(s)
    assert status == 200 and read_body(s, int(head["content-length"])) == file("agent/slipway-join")


def half_closed():
    s = connect()
    s.sendall(b"GET /firmware/five.bin HTTP/1.1\r\nHost: x\r\n\r\n")
    s.shutdown(socket.SHUT_WR)
    status, head = read_head(s)
    assert status == 200 and read_body(s, int(head["content-length"])) == file("firmware/five.bin")
    assert closed(s)


def http_1_0():
    s = connect()
    s.sendall(b"GET /agent/slipway-join HTTP/1.0\r\n\r\n")
    status, head = read_head(s)
    assert status == 200 and head["connection"] == "close"
    assert read_body(s, int(head["content-length"])) == file("agent/slipway-join") and closed(s)


def traversal():
    for target, want in (("/firmware/../../secret", 403), ("/firmware/..%2f..%2fsecret", 403),
                         ("/firmware/%2e%2e/%2e%2e/secret", 403), ("/../secret", 403), ("//../secret", 403),
                         ("/firmware/%252e%252e/secret", 404), ("/firmware/..%5c..%5csecret", 400),
                         ("/firmware\\..\\secret", 400), ("/firmware/small.bin%00.efi", 400),
                         ("/firmware/%0d%0aX:y", 400), ("/firmware/escape.bin", 404), ("/firmware/absolute.bin", 404),
                         ("/firmware/pipe.bin", 404), ("/firmware/device.bin", 404), ("/firmware/socket.bin", 404), ("/firmware/loop.bin", 404), ("/firmware/folder-link/passwd", 404),
                         ("/firmware/./small.bin", 403), ("/firmware/.%2e/secret", 403), ("/firmware/%2E%2E%2Fsecret", 403),
                         ("/firmware/%c0%ae%c0%ae/secret", 404), ("/firmware/%uff0e%uff0e/secret", 400), ("firmware/small.bin", 400),
                         ("http://x", 404), ("ftp://x/firmware/small.bin", 400), ("*", 400), ("/firmware", 404), ("/firmware/", 404), ("/firmware/arm64", 404),
                         ("/images/debian/12/.hidden", 404), ("/images//etc/passwd", 404), ("http://x/../secret", 403)):
        status, _ = raw(f"GET {target} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode())
        assert status == want, (target, status)


def smuggling():
    get_line = b"GET /agent/slipway-join HTTP/1.1\r\nHost: x\r\n"
    for data in (get_line + b"Content-Length: 5\r\n\r\nabcde", get_line + b"Content-Length: 0\r\nContent-Length: 9\r\n\r\n",
                 get_line + b"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
                 get_line + b"Transfer-Encoding: xchunked\r\nContent-Length: 0\r\n\r\n",
                 get_line + b"Transfer-Encoding : chunked\r\n\r\n", get_line + b"Host: y\r\n\r\n",
                 get_line + b" folded\r\n\r\n", b"GET / HTTP/1.1\r\n\r\n", b"GET / HTTP/1.1\nHost: x\n\n",
                 b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\n" * 40, b"GET /\r\n\r\n", b"\0" * 100):
        assert raw(data) == (400, True), data
    assert raw(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n") == (505, True)


def other_methods():
    for method in ("POST", "PUT", "DELETE", "OPTIONS", "CONNECT", "get"):
        s = connect()
        s.sendall(f"{method} /boot.ipxe HTTP/1.1\r\nHost: x\r\nContent-Length: 70000\r\n\r\n".encode() + b"x" * 70000)
        status, head = read_head(s)
        assert status == 405 and head["allow"] == "get, head", (method, status)


def huge_head():
    assert raw(b"GET /" + b"a" * 9000 + b" HTTP/1.1\r\nHost: x\r\n\r\n") == (431, True)
    assert raw(b"GET / HTTP/1.1\r\nHost: x\r\n" + b"X: y\r\n" * 1000 + b"\r\n")[0] == 431
    assert raw(b"GET / HTTP/1.1\r\nHost: x\r\n" + b"X: y\r\n" * 64 + b"\r\n") == (431, True)
    assert raw(b"GET /" + b"a" * 65536 + b" HTTP/1.1\r\nHost: x\r\n\r\n") == (431, True)
    assert raw(b"GET /boot.ipxe?" + b"a" * 65536 + b" HTTP/1.1\r\nHost: x\r\n\r\n") == (431, True)
    assert raw(b"GET / HTTP/1.1\r\nHost: " + b"a" * 65536 + b"\r\n\r\n") == (431, True)
    assert raw(b"GET /" + b"a" * 600 + b" HTTP/1.1\r\nHost: x\r\n\r\n") == (414, True)


def ranges():
    s, want = connect(), file("images/debian/12/initrd.img")
    for value, first, last in (("bytes=0-0", 0, 1), ("bytes=40000000-", 40000000, None), ("bytes=-7", -7, None),
                               ("bytes=1000000-4999999", 1000000, 5000000)):
        status, head, body = get(s, "/images/debian/12/initrd.img", f"Range: {value}")
        assert status == 206 and body == want[first:last], (value, status, len(body))
        assert head["content-range"].endswith(f"/{len(want)}")
    status, head, _ = get(s, "/images/debian/12/initrd.img", "Range: bytes=41943040-")
    assert status == 416 and head["content-range"] == "bytes */41943040"
    status, _, body = get(s, "/agent/slipway-join", "Range: bytes=0-1,3-4")
    assert status == 200 and body == file("agent/slipway-join")
    status, _, _ = get(s, "/images/debian/12/empty", "Range: bytes=0-")
    assert status == 416


def etags():
    s = connect()
    _, head, _ = get(s, "/agent/slipway-join")
    status, _, _ = get(s, "/agent/slipway-join", f"If-None-Match: {head['etag']}")
    assert status == 304
    status, _, _ = get(s, "/agent/slipway-join", f'If-None-Match: "other"')
    assert status == 200
    status, _, _ = get(s, "/agent/slipway-join", "Range: bytes=0-1", f"If-Range: {head['etag']}")
    assert status == 206
    status, _, _ = get(s, "/agent/slipway-join", "Range: bytes=0-1", 'If-Range: "other"')
    assert status == 200


def too_many():
    mine = [connect() for _ in range(64)]
    for s in mine:
        assert get(s, "/agent/slipway-join")[0] == 200
    status, head = read_head(connect())
    assert status == 503 and head["retry-after"] == "2"
    assert get(connect("10.77.0.3"), "/agent/slipway-join")[0] == 200
    mine.pop().close()
    wait_until("room for another one", lambda: get(connect(), "/agent/slipway-join")[0] == 200)


def slow_clients():
    """Silent, dripping and not reading clients are cut in time; another one does not notice them."""
    cut = {}

    def silent(began):
        closed(connect())
        cut["silent"] = time.monotonic() - began

    def dripping(began):
        s = connect()
        s.settimeout(1)
        try:
            while True:
                s.sendall(b"GET / HTTP/1.1\r\nX: "[:1] if time.monotonic() - began < 0.5 else b"x")
                try:
                    if s.recv(1) == b"":
                        break
                except TimeoutError:
                    pass
        except OSError:
            pass
        cut["dripping"] = time.monotonic() - began

    def not_reading(began):
        s = connect(receive_buffer=4096)
        s.settimeout(1)
        s.sendall(b"GET /images/debian/12/initrd.img HTTP/1.1\r\nHost: x\r\n\r\n")
        while time.monotonic() - began < PATIENCE:
            time.sleep(0.5)
            try:
                s.sendall(b"x")
            except OSError:
                break
        cut["not reading"] = time.monotonic() - began

    began = time.monotonic()
    threads = [threading.Thread(target=f, args=(began,)) for f in (silent, dripping, not_reading)]
    for t in threads:
        t.start()
    served = 0  # while all three are there
    while any(t.is_alive() for t in threads):
        s = connect("10.77.0.3")
        assert get(s, "/agent/slipway-join")[0] == 200
        s.close()
        served += not cut
        time.sleep(0.5)
    print(served, cut)
    assert served > 3 and len(cut) == 3, (served, cut)
    assert cut["silent"] > 9 and cut["dripping"] > 9 and cut["not reading"] > 15, cut


def unanswered():
    s = connect()
    began = time.monotonic()
    status, head, _ = get(s, "/silent")
    assert status == 503 and head["retry-after"] == "2" and time.monotonic() - began > 4.5
    assert get(s, "/agent/slipway-join")[0] == 200


def gone_while_asked():
    for _ in range(20):
        s = connect()
        s.sendall(b"GET /silent HTTP/1.1\r\nHost: x\r\n\r\n")
        s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        s.close()
    s = connect()
    assert get(s, "/boot.ipxe")[0] == 200


def vanishes_in_the_middle():
    """A client that is gone without a word, and one that resets, half way through an image: their descriptors come back."""
    for linger in (0, 1):
        for _ in range(10):
            s = connect(receive_buffer=4096)
            s.sendall(b"GET /images/debian/12/initrd.img HTTP/1.1\r\nHost: x\r\n\r\n")
            assert read_head(s)[0] == 200
            if linger:
                s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            s.close()
    assert get(connect(), "/agent/slipway-join")[0] == 200


def falls_silent():
    """Asks for an image, and for nothing; then somebody pulls its cable. It says so, and waits to be ended."""
    mine = [connect("10.77.0.5", receive_buffer=4096) for _ in range(2)]
    mine[0].sendall(b"GET /images/debian/12/initrd.img HTTP/1.1\r\nHost: x\r\n\r\n")
    assert read_head(mine[0])[0] == 200
    open("connected", "w").close()
    time.sleep(600)


def half_a_head_then_gone():
    for _ in range(20):
        s = connect()
        s.sendall(b"GET /firmware/small.bin HT")
        s.close()
    assert get(connect(), "/agent/slipway-join")[0] == 200


def hosts():
    """Any one name is ours in HTTP/1.1; none and two are refused; the absolute form's is not judged either."""
    for host in ("10.77.0.1", "10.77.0.1:80", "boot.example", "[::1]:80", ""):
        status, _ = raw(f"GET /agent/slipway-join HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n".encode())
        assert status == 200, (host, status)
    assert raw(b"GET http://elsewhere/agent/slipway-join HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")[0] == 200
    assert raw(b"GET /agent/slipway-join HTTP/1.1\r\n\r\n") == (400, True)
    assert raw(b"GET /agent/slipway-join HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n") == (400, True)


def head_is_its_get_without_the_body():
    """For a file, a part, an answer and a refusal: the same head, and the next reply right behind it."""
    for target, *fields in (("/firmware/small.bin",), ("/boot.ipxe",), ("/never",), ("/later",)):
        s = connect()
        status, head, _ = get(s, target, *fields, method="HEAD")
        want_status, want, _ = get(s, target, *fields)
        same = ("content-length", "content-type", "etag", "retry-after")
        assert status == want_status and [head.get(k) for k in same] == [want.get(k) for k in same], (target, head, want)


def provisioner_down():
    """Files go out at once while questions wait."""
    asking = connect()
    asking.sendall(b"GET /boot.ipxe HTTP/1.1\r\nHost: x\r\n\r\n")
    s = connect()
    assert get(s, "/agent/slipway-join")[2] == file("agent/slipway-join")
    status, head = read_head(asking)
    assert status == 503 and head["retry-after"] == "2"


def replaced_file():
    path = os.path.join(os.environ["TREE"], "firmware", "swap.bin")
    open(path, "wb").write(b"old!" * (4 << 20))
    s = connect(receive_buffer=4096)
    s.sendall(b"GET /firmware/swap.bin HTTP/1.1\r\nHost: x\r\n\r\n")
    status, head = read_head(s)
    open(path + ".new", "wb").write(b"new!" * 100)
    os.rename(path + ".new", path)
    assert read_body(s, int(head["content-length"])) == b"old!" * (4 << 20)
    assert get(s, "/firmware/swap.bin")[2] == b"new!" * 100


def truncated_file():
    path = os.path.join(os.environ["TREE"], "firmware", "cut.bin")
    open(path, "wb").write(b"x" * (16 << 20))
    s = connect(receive_buffer=4096)
    s.sendall(b"GET /firmware/cut.bin HTTP/1.1\r\nHost: x\r\n\r\n")
    _, head = read_head(s)
    os.truncate(path, 1000)
    try:
        read_body(s, int(head["content-length"]))
        return False
    except (EOFError, ConnectionResetError, ssl.SSLError):
        pass
    assert get(connect(), "/agent/slipway-join")[0] == 200


def ticks(pid):
    fields = open(f"/proc/{pid}/stat").read().rsplit(")", 1)[1].split()
    return int(fields[11]) + int(fields[12])


def out_of_descriptors():
    """With all descriptors in use (the worker has 40) it rests, and goes on when there are some again."""
    pid = int(os.environ["TIGHT_WORKER"])
    mine = [connect() for _ in range(60)]
    wait_until("a worker out of descriptors", lambda: "Too many open files" in open(os.environ["TIGHT_LOG"]).read())
    before = ticks(pid)
    time.sleep(1.5)
    used = ticks(pid) - before
    assert used < 15, used  # of its own time, which others can not take from it
    for s in mine[:45]:
        s.close()
    for s in mine[45:]:
        assert get(s, "/agent/slipway-join")[0] == 200


if globals()[sys.argv[1]]() is False:
    sys.exit(1)
