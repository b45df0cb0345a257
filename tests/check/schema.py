"""schema.py SLIPWAY SCHEMA NODES-SCHEMA EXAMPLE...: what `slipway schema --json-schema` prints, held against Python's
jsonschema: it is a schema, it takes the examples, and it refuses what the loader refuses, too. Prints TAP lines."""
import copy
import json
import re
import subprocess
import sys
import tempfile

import jsonschema
import yaml


class Yaml12(yaml.CSafeLoader):
    """YAML as the loader and editors read it: `off` is a word and 52:54:00:00:00:01 no number in base 60."""


Yaml12.yaml_implicit_resolvers = {}
for tag, pattern, first in [
    ("bool", r"^(?:true|false)$", "tf"),
    ("int", r"^[-+]?[0-9]+$", "-+0123456789"),
    ("float", r"^[-+]?[0-9]+\.[0-9]+$", "-+0123456789"),
    ("null", r"^(?:~|null|)$", ["~", "n", ""]),
]:
    Yaml12.add_implicit_resolver("tag:yaml.org,2002:" + tag, re.compile(pattern), list(first))

BAD = [
    # where, value; None takes the key away
    ("cluster", None), ("cluster", "ACM"), ("image", None), ("image", "flatcar"), ("roles", {}), ("roles", []),
    ("nodess", []), ("domain", "a..b"), ("enroll", "perhaps"), ("kernel-args", "quiet"), ("kernel-args", [[1]]),
    ("network.internal.address", "10.10.0.1"), ("network.internal.address", "10.10.0.256/24"),
    ("network.internal.interface", "a name that is too long"), ("dhcp.pool", "10.10.0.100"),
    ("dhcp.lease", "12"), ("dhcp.lease", "never"), ("dhcp.mtu", 100), ("dhcp.mtu", "big"),
    ("dhcp.authoritative", "yes"), ("dhcp.conflict-probe", "on"), ("ports.http", 0), ("ports.http", 70000),
    ("dhcp.options", [{"code": 255, "value": "x"}]), ("dhcp.options", [{"value": "x"}]),
    ("node-bond.mode", "lacp"), ("node-bond.hash-policy", "layer4"), ("node-bond.members", ["a", "b"]),
    ("users", [{"name": "Ops"}]), ("users", [{"groups": []}]), ("users", [{"name": "ops", "passwd": "secret"}]),
    ("ssh-authorized-keys", ["/root/.ssh/id.pub"]), ("hosts", {"a_b": "10.0.0.1"}), ("hosts", {"a": "b"}),
    ("ntp", ["a b"]), ("update.reboot-strategy", "sometimes"), ("update.window-start", "Sun 24:00"),
    ("timezone", "/etc/localtime"), ("vars", []), ("node-external.vlan", 4095),
    ("roles.master.template", "../x"), ("roles.master.kernel-arg", []), ("roles.master.addons", "etcd"),
    ("nodes.0.name", None), ("nodes.0.mac", "52:54:00:00:00"), ("nodes.0.mac", []), ("nodes.0.address", "10.10.0"),
    ("nodes.0.uuid", "4c4c4544"), ("nodes.0.quirks", ["broadcasts"]), ("nodes.0.image", 5), ("nodes.0.bootp", 1),
    ("nodes.0.external-mac", 1), ("nodes.0.vars", "x"),
]

n = 0
failed = 0


def case(good, what):
    global n, failed
    n += 1
    failed += not good
    print(("ok" if good else "not ok") + f" {n} - {what}")


def put(document, path, value):
    *way, last = path.split(".")
    at = document
    for step in way:
        if isinstance(at, list):
            at = at[int(step)]
        else:
            if not at.get(step):
                at[step] = {}
            at = at[step]
    if value is None:
        del at[last]
    else:
        at[last] = value


def load(path):
    with open(path, encoding="utf-8") as f:
        return yaml.load(f, Yaml12)


def complaint(validator, document):
    error = jsonschema.exceptions.best_match(validator.iter_errors(document))
    return "" if error is None else f"{list(error.absolute_path)}: {error.message}"[:200]


def loads(slipway, document):
    with tempfile.NamedTemporaryFile("w", suffix=".yaml") as f:
        json.dump(document, f)
        f.flush()
        done = subprocess.run([slipway, "check", "-c", f.name, "--templates", "templates"], capture_output=True, check=False)
    return done.returncode == 0


def main():
    slipway = sys.argv[1]
    schemas = [json.load(open(p, encoding="utf-8")) for p in sys.argv[2:4]]
    for schema in schemas:
        jsonschema.Draft7Validator.check_schema(schema)
    whole, of_nodes = (jsonschema.Draft7Validator(s) for s in schemas)
    case(True, "both are schemas of draft 7")
    examples = sys.argv[4:]
    for path in examples:
        validator = of_nodes if "/nodes.d/" in path else whole
        wrong = complaint(validator, load(path))
        case(not wrong, f"{path.split('/docs/')[-1].split('/corpus/')[-1]} is what it describes {wrong}")
    sound = load("docs/examples/lab/cluster.yaml")
    case(loads(slipway, sound), "the loader takes the lab as JSON")
    for path, value in BAD:
        document = copy.deepcopy(sound)
        put(document, path, value)
        case(complaint(whole, document), f"{path}: {json.dumps(value)} is refused by the schema")
        case(not loads(slipway, document), f"{path}: {json.dumps(value)} is refused by the loader")
    case(complaint(of_nodes, {"roles": {}}), "a file of nodes.d holds nothing but nodes")
    document = copy.deepcopy(sound)
    document["nodes"] = None
    document["node-bond"] = None
    case(not complaint(whole, document), "a null is as good as no key")
    print(f"1..{n}")
    return failed > 0


sys.exit(main())
