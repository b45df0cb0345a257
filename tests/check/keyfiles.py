#!/usr/bin/python3
"""Reads NetworkManager's profiles with NetworkManager's own library, and holds what it understood
against what was written: libnm drops what it does not know without a word.

Usage: keyfiles.py FOLDER      the profiles of one node, *.nmconnection
"""
import pathlib
import sys

import gi

gi.require_version("NM", "1.0")
from gi.repository import GLib, NM  # noqa: E402  (only after the version is said)

# Younger than the library that Debian has: bond-port.prio came with NetworkManager 1.44.
YOUNG = {("bond-port", "prio")}


def groups(keyfile):
    return {
        group: {key: keyfile.get_string(group, key) for key in keyfile.get_keys(group)[0]}
        for group in keyfile.get_groups()[0]
    }


def trouble(path):
    written = GLib.KeyFile()
    written.load_from_file(str(path), GLib.KeyFileFlags.NONE)
    profile = NM.keyfile_read(
        written, str(path.parent), NM.KeyfileHandlerFlags.NONE, lambda *_: False, None
    )
    profile.normalize(None)
    profile.verify()
    understood = groups(
        NM.keyfile_write(profile, NM.KeyfileHandlerFlags.NONE, None, None)
    )
    for group, keys in groups(written).items():
        for key, value in keys.items():
            got = understood.get(group, {}).get(key)
            same = got is not None and got.lower() == value.lower()  # MACs: in capitals
            if not same and (group, key) not in YOUNG:
                yield f"{path.name}: [{group}] {key}={value}: NetworkManager has {got}"


def main(folder):
    paths = sorted(pathlib.Path(folder).glob("*.nmconnection"))
    found = [] if paths else [f"{folder}: no profiles"]
    for path in paths:
        try:
            found += trouble(path)
        except GLib.Error as e:
            found.append(f"{path.name}: {e.message}")
    names = [p.stem for p in paths]
    if len(set(names)) != len(names):
        found.append("two profiles of one name")
    print("\n".join(found))
    return 1 if found else 0


sys.exit(main(sys.argv[1]))
