#!/usr/bin/python3
"""Holds what netplan makes of a network-config against the networkd units that it came from: every
statement of theirs must be among those of the files that netplan wrote.

Usage: netplan.py CLOUD-CONFIG FOLDER     folder: netplan's run/systemd/network
"""
import pathlib
import sys

import yaml

TRUE = {"true": "yes", "yes": "yes", "false": "no", "no": "no"}
SECTIONS = {"DHCPv4": "DHCP"}
# Beside a MAC the type adds nothing; networkd's defaults need not be said.
NOTHING = {("Match", "Type", "ether"), ("DHCP", "UseDNS", "yes")}
LISTS = {"DNS", "Domains"}


def milliseconds(value):
    for unit, factor in (("ms", 1), ("s", 1000), ("", 1000)):
        if value.endswith(unit) and value.removesuffix(unit).isdigit():
            return int(value.removesuffix(unit)) * factor
    return value


def statements(text):
    """(section, key, value) of each line; a route is one statement, and its number does not count."""
    section, route = None, None
    for line in text.splitlines():
        line = line.strip()
        if not line or line[0] in "#;":
            continue
        if line[0] == "[":
            if route:
                yield ("Route", frozenset(route), None)
            section = SECTIONS.get(line[1:-1], line[1:-1])
            route = set() if section == "Route" else None
            continue
        key, value = (part.strip() for part in line.split("=", 1))
        value = TRUE.get(value, value)
        if section == "Route":
            if (key, value) not in {("Destination", "0.0.0.0/0"), ("Destination", "::/0")}:
                route.add((key, value))
        elif section == "Network" and key == "Gateway":
            yield ("Route", frozenset({(key, value)}), None)
        elif key in LISTS:
            for one in value.split():
                yield (section, key, one)
        elif key.endswith("Sec"):
            yield (section, key, milliseconds(value))
        elif key.endswith("MACAddress"):
            yield (section, key, value.replace("-", ":").lower())
        else:
            yield (section, key, value)
    if route:
        yield ("Route", frozenset(route), None)


def files(pairs):
    """What the files of one interface say together, by the interface's name or MAC."""
    all_of = {}
    for name, text in pairs:
        said = set(statements(text))
        who = [v for s, k, v in said if (s, k) in {("Match", "Name"), ("NetDev", "Name")}]
        who += [v for s, k, v in said if s == "Match" and k == "PermanentMACAddress"]
        assert len(who) == 1, f"{name}: {who}"
        all_of.setdefault(who[0], set()).update(said)
    return all_of


def main(cloud_config, folder):
    units = yaml.safe_load(open(cloud_config, encoding="utf-8"))["coreos"]["units"]
    suffixes = (".network", ".netdev")
    ours = files((u["name"], u["content"]) for u in units if u["name"].endswith(suffixes))
    theirs = files(
        (p.name, p.read_text()) for p in pathlib.Path(folder).iterdir() if p.name.endswith(suffixes)
    )
    lost = [
        f"{who}: {statement}"
        for who, said in ours.items()
        for statement in said - theirs.get(who, set())
        if statement not in NOTHING
    ]
    print("\n".join(lost))
    return 1 if lost or not ours else 0


sys.exit(main(*sys.argv[1:]))
