"""Plain BOOTP, rapid commit and options in the order asked for, for tests/wire/dhcp-cluster.sh."""
from dhcp_raw import ACK, COOKIE, DISCOVER, OFFER, Wire, frame, kind, message, option

wire = Wire()
xid = 0


def check(sentence, good, detail=""):
    print("pass " + sentence if good else f"fail {sentence}: {detail!r}", flush=True)


def ask(mac, options, timeout=3.0, **fields):
    global xid
    xid += 1
    wire.send(frame(message(mac, options, xid=xid, **fields), mac))
    return wire.reply(xid, timeout)


def codes(reply):
    return [code for code, _ in reply.options]


old, stranger = "02:00:00:00:00:21", "02:00:00:00:00:22"
for name, fields in (("with", {}), ("without", {"cookie": bytes(4), "end": bytes(1)})):
    r = ask(old, b"", **fields)
    check(f"plain BOOTP {name} a magic cookie gets the node's address", r and r.yiaddr == "10.77.0.13", r and r.yiaddr)
    check(f"{name} one the reply has 300 bytes and nothing of DHCP", r and len(r.bootp) == 300 and r.bootp[236:240] == COOKIE
          and not set(codes(r)) & {51, 53, 54, 58, 59} and 1 in codes(r), r and (len(r.bootp), codes(r)))
check("plain BOOTP of a stranger is not answered", ask(stranger, b"", timeout=1.0) is None)

r = ask(stranger, kind(DISCOVER) + option(80))
check("rapid commit is answered with ACK at once", r and r.kind == ACK and r.get(80) == b"", r and (r.kind, codes(r)))
r = ask(stranger, kind(DISCOVER))
check("and who does not ask for it gets an OFFER", r and r.kind == OFFER and 80 not in codes(r), r and (r.kind, codes(r)))
check("an infinite lease has no times to renew it", r and r.get(51) == b"\xff" * 4 and not set(codes(r)) & {58, 59},
      r and codes(r))
check("an option that is always sent is there, and others are not", r and r.get(114) == b"https://portal.lab.internal/"
      and not set(codes(r)) & {4, 26, 42, 119, 121, 125, 249}, r and codes(r))

r = ask(stranger, kind(DISCOVER) + option(55, bytes([249, 125, 6, 121, 4, 119, 1, 1, 4])))
check("options come in the order in which they are asked for", r and codes(r)[3:9] == [249, 125, 121, 4, 119, 1],
      r and codes(r))
check("routes are told under Microsoft's number as well", r and r.get(249) == r.get(121) is not None, r and r.get(249))
check("an option is sent as the operator wrote it", r and r.get(125) == bytes.fromhex("0000013703010178"), r and r.get(125))
