"""A TLS server as plain as can be, where a real one would need a cluster.

    kubernetes_server.py NAME ADDRESS PORT CERTIFICATE KEY [CLIENTS' CA]

Answers every GET: /healthz with "ok", else with NAME. With a CA it takes only clients whose certificate is of it, and
prints each one's subject.
"""
import http.server
import ssl
import sys

name, address, port, certificate, key = sys.argv[1:6]


class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        peer = self.connection.getpeercert()
        if peer:
            print("client", [v for rdn in peer["subject"] for _, v in rdn], flush=True)
        body = b"ok" if self.path.startswith("/healthz") else name.encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args):
        pass


server = http.server.ThreadingHTTPServer((address, int(port)), Handler)
context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain(certificate, key)
if len(sys.argv) > 6:
    context.verify_mode = ssl.CERT_REQUIRED
    context.load_verify_locations(sys.argv[6])
server.socket = context.wrap_socket(server.socket, server_side=True)
print("serving", flush=True)
server.serve_forever()
