#!/usr/bin/env python3
"""A mirror that can be odd.  images_mirror.py FOLDER PORTFILE LOGFILE [CERT KEY]

Serves FOLDER with ranges and ETags. FOLDER/.odd holds lines "PATH WHAT [NUMBER]", read at each request:
  cut N        hangs up after N bytes of the body
  hold N       waits after N bytes of the body until FOLDER/.go is there
  long         promises a thousand bytes more than there are
  short        promises half of what there is
  busy         503, once for each such line: it is taken out
  loop         redirects to itself
  to URL       redirects there
  notag        no ETag, no Last-Modified, no ranges
  endless      a body without length and without end
LOGFILE gets "METHOD PATH RANGE STATUS BYTES" for each answer.
"""
import http.server, os, ssl, sys, threading, time

folder, portfile, logfile = sys.argv[1:4]
lock = threading.Lock()

def oddity(path, take_busy=True):
    with lock:
        try:
            lines = open(folder + "/.odd").read().splitlines()
        except FileNotFoundError:
            return None, ""
        for i, line in enumerate(lines):
            words = line.split(" ")
            if words[0] != path:
                continue
            if words[1] == "busy" and take_busy:
                with open(folder + "/.odd", "w") as f:
                    f.write("".join(l + "\n" for l in lines[:i] + lines[i + 1:]))
            return words[1], words[2] if len(words) > 2 else ""
    return None, ""

class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    def log_message(self, *a): pass
    def note(self, status, sent):
        with lock, open(logfile, "a") as f:
            f.write("%s %s %s %d %d\n" % (self.command, self.path, self.headers.get("Range", "-"), status, sent))
    def simple(self, status, **headers):
        self.send_response(status)
        for k, v in headers.items():
            self.send_header(k.replace("_", "-"), v)
        self.send_header("Content-Length", "0")
        self.end_headers()
        self.note(status, 0)
    def endless(self):
        self.send_response(200)
        self.end_headers()
        self.close_connection = True
        block, sent = b"x" * 65536, 0
        try:
            while True:
                sent += self.wfile.write(block)
        except OSError:
            pass
        self.note(200, sent)
    def do_GET(self):
        odd, arg = oddity(self.path)
        if odd == "busy": return self.simple(503, Retry_After="1")
        if odd == "loop": return self.simple(302, Location=self.path)
        if odd == "to": return self.simple(302, Location=arg)
        if odd == "endless": return self.endless()
        try:
            data = open(folder + self.path, "rb").read()
            st = os.stat(folder + self.path)
        except OSError:
            return self.simple(404)
        tag = '"%x-%x"' % (st.st_mtime_ns, len(data))
        first, status, total = 0, 200, len(data)
        want = self.headers.get("Range", "")
        if want.startswith("bytes=") and odd != "notag" and self.headers.get("If-Range", tag) == tag:
            first = int(want[6:].split("-")[0])
            if first >= total:
                return self.simple(416, Content_Range="bytes */%d" % total)
            status = 206
        body = data[first:]
        self.send_response(status)
        promised = len(body) + 1000 if odd == "long" else len(body) // 2 if odd == "short" else len(body)
        self.send_header("Content-Length", str(promised))
        if status == 206:
            self.send_header("Content-Range", "bytes %d-%d/%d" % (first, total - 1, total))
        if odd != "notag":
            self.send_header("ETag", tag)
            self.send_header("Accept-Ranges", "bytes")
        self.end_headers()
        end = int(arg) if odd in ("cut", "hold") else len(body)
        sent = 0
        try:
            sent = self.wfile.write(body[:end])
            self.wfile.flush()
            if odd == "hold":
                while not os.path.exists(folder + "/.go"):
                    time.sleep(0.05)
                sent += self.wfile.write(body[end:])
        except OSError:
            pass
        if odd in ("cut", "long", "short"):
            self.close_connection = True
        self.note(status, sent)

server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
server.daemon_threads = True
if len(sys.argv) > 4:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(sys.argv[4], sys.argv[5])
    server.socket = context.wrap_socket(server.socket, server_side=True)
with open(portfile + ".new", "w") as f:
    f.write(str(server.server_port))
os.rename(portfile + ".new", portfile)
server.serve_forever()
