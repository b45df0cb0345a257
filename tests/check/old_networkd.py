"""Says which .network file each interface would get from the networkd of CoreOS (systemd 241 and older): the first
by name whose [Match] holds. That systemd knows no PermanentMACAddress= and no Kind=, and Type= is udev's DEVTYPE,
which an Ethernet card has not, so that Type=ether holds for none.

    old_networkd.py FOLDER NAME=MAC[=DEVTYPE]...    prints NAME FILE, one a line
"""
import fnmatch
import os
import sys


def match_lines(path):
    section = ""
    for line in open(path, encoding="utf-8"):
        line = line.strip()
        if line.startswith("["):
            section = line
        elif section == "[Match]" and "=" in line and not line.startswith("#"):
            yield line.split("=", 1)


def holds(path, name, mac, devtype):
    for key, value in match_lines(path):
        words = value.split()
        if key == "Name" and not any(fnmatch.fnmatchcase(name, w) for w in words):
            return False
        if key == "MACAddress" and mac not in words:
            return False
        if key == "Type" and devtype not in words:
            return False
    return True


folder = sys.argv[1]
files = sorted(f for f in os.listdir(folder) if f.endswith(".network"))
for device in sys.argv[2:]:
    name, mac, devtype = (device.split("=") + [None])[:3]
    print(name, next((f for f in files if holds(os.path.join(folder, f), name, mac, devtype)), "none"))
