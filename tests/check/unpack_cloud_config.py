"""Lays a cloud-config out as it will lie on the node's disk, and enough of a system around it for
`systemd-analyze verify --root`: the units that the system ships, and every program that a unit names.

    unpack_cloud_config.py FILE ROOT    writes ROOT/units, the units that should be verified, one a line
"""
import os
import re
import sys

import yaml

SHIPPED = ["basic.target", "sysinit.target", "multi-user.target", "network-online.target", "shutdown.target", "sockets.target", "timers.target",
           "dbus.socket", "docker.service", "slipway-secrets.service", "flannel-docker-opts.service"]


def write(root, path, text, mode=0o644):
    path = root + path
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w", encoding="utf-8") as f:
        f.write(text)
    os.chmod(path, mode)


def ship(root, unit):
    if os.path.exists(root + "/usr/lib/systemd/system/" + unit):
        return
    text = "[Unit]\nDescription=%s\nDefaultDependencies=no\n" % unit
    if unit.endswith(".service"):
        text += "[Service]\nExecStart=/usr/bin/shipped\n"
    if unit.endswith(".socket"):
        text += "[Socket]\nListenStream=/run/%s\n" % unit
    write(root, "/usr/lib/systemd/system/" + unit, text)


def main():
    config, root = yaml.safe_load(open(sys.argv[1], encoding="utf-8")), sys.argv[2]
    texts, units = [], []
    for f in config.get("write_files", []):
        write(root, f["path"], f["content"], int(f.get("permissions", "0644"), 8))
    for u in config["coreos"]["units"]:
        network = u["name"].endswith((".network", ".netdev", ".link"))
        place = "/etc/systemd/%s/" % ("network" if network else "system") + u["name"]
        for d in u.get("drop_ins", []):
            write(root, place + ".d/" + d["name"], d["content"])
            texts.append(d["content"])
        if "content" in u:
            write(root, place, u["content"])
            texts.append(u["content"])
        elif not u.get("mask"):
            ship(root, u["name"])
        if not network and not u.get("mask"):
            units.append(u["name"])
    for unit in SHIPPED:
        ship(root, unit)
    for program in ["/usr/bin/shipped"] + re.findall(r"^Exec\w+=[-+!@:]*(/\S+)", "\n".join(texts), re.M):
        if not os.path.exists(root + program):
            if program.startswith("/opt/slipway/bin/") and "fetch" in program:
                sys.exit("%s is started, but nobody brings it" % program)
            write(root, program, "#!/bin/sh\n", 0o755)
    with open(root + "/units", "w", encoding="utf-8") as f:
        f.write("\n".join(dict.fromkeys(units)) + "\n")


main()
