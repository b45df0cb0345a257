"""Compares our template engine with Python's Jinja2 (StrictUndefined), case by case.

    template_oracle.py PROGRAM CASES.yaml...      the written cases
    template_oracle.py PROGRAM --random SEED N    N made-up templates
    template_oracle.py PROGRAM --shipped FOLDER   the templates in a folder
    template_oracle.py PROGRAM --yaml SEED N      N values through toyaml, read by PyYAML

PROGRAM is the unit test test_cases, which renders with --run. Both must give the same bytes, or both
must fail. A case with `differs` says why it is an exception; then only Jinja2's side is not compared.
Prints TAP.
"""
import base64
import copy
import hashlib
import ipaddress
import json
import os
import random
import re
import shlex
import subprocess
import sys
import tempfile

import jinja2
import yaml


def ansible_bool(v):
    if v is None or isinstance(v, bool):
        return v
    if isinstance(v, str):
        v = v.lower()
    return v in ("yes", "on", "1", "true", 1)


def ternary(v, yes, no, none=None):
    if v is None and none is not None:
        return none
    return yes if v else no


def ipaddr(v, what=None):
    i = ipaddress.ip_interface(v)
    n = i.network
    if isinstance(what, int):
        return "%s/%d" % (n[what], n.prefixlen)
    table = {
        None: v,
        "address": str(i.ip),
        "broadcast": str(n.broadcast_address),
        "hostmask": str(n.hostmask),
        "netmask": str(n.netmask),
        "network": str(n.network_address),
        "prefix": n.prefixlen,
        "revdns": i.ip.reverse_pointer + ".",
        "size": n.num_addresses,
        "subnet": str(n),
    }
    return table[what]


def mac(v, between=":"):
    digits = "".join(c for c in v.lower() if c not in ":-.")
    if len(digits) != 12:
        raise ValueError(v)
    int(digits, 16)
    step = {":": 2, "-": 2, ".": 4, "": 12}[between]
    return between.join(digits[i : i + step] for i in range(0, 12, step))


def to_json(v, indent=None, sort_keys=False):
    return json.dumps(v, indent=indent, sort_keys=sort_keys)


def combine(a, b):
    return {**a, **b}


def tojson(v, indent=None):
    """Jinja2's own gives Markup, which escapes what is later added to it even in plain text."""
    return str(jinja2.utils.htmlsafe_json_dumps(v, indent=indent, sort_keys=True))


FILTERS = {
    "b64decode": lambda v: base64.b64decode(v, validate=True).decode(),
    "b64encode": lambda v: base64.b64encode(str(v).encode()).decode(),
    "bool": ansible_bool,
    "combine": combine,
    "ipaddr": ipaddr,
    "ipmath": lambda v, n: str(ipaddress.ip_interface(v).ip + n),
    "mac": mac,
    "quote": lambda v: shlex.quote(str(v)),
    "sha256": lambda v: hashlib.sha256(str(v).encode()).hexdigest(),
    "split": lambda v, sep=None, maxsplit=-1: str(v).split(sep, maxsplit),
    "splitlines": lambda v: str(v).splitlines(),
    "ternary": ternary,
    "tojson": tojson,
    "to_json": to_json,
    "to_nice_json": lambda v, indent=4: to_json(v, indent, True),
}
TESTS = {
    "in_network": lambda v, n: ipaddress.ip_interface(v).ip in ipaddress.ip_network(n),
}


def jinja_render(case):
    env = jinja2.Environment(
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        keep_trailing_newline=True,
        loader=jinja2.DictLoader(case.get("files") or {}),
    )
    env.filters.update(FILTERS)
    env.tests.update(TESTS)
    # What only we have gets a name here as well, so that it compiles; such cases say `differs`.
    try:
        return {"out": env.from_string(case["template"]).render(copy.deepcopy(case.get("with") or {}))}
    except Exception as e:  # any failure will do: Python has many kinds
        return {"error": "%s: %s" % (type(e).__name__, e)}


def ours_render(program, cases):
    with tempfile.NamedTemporaryFile("w", suffix=".json", encoding="utf-8") as f:
        keep = ("template", "with", "files")
        text = json.dumps([{k: c[k] for k in keep if k in c} for c in cases], ensure_ascii=False)
        f.write(re.sub("[\x7f-\x9f\u2028\u2029]", lambda m: "\\u%04x" % ord(m[0]), text))
        f.flush()
        done = subprocess.run([program, "--run", f.name], stdout=subprocess.PIPE, timeout=120)
    results = [json.loads(line) for line in done.stdout.decode("utf-8").split("\n") if line]
    if done.returncode != 0 or len(results) != len(cases):
        print("Bail out! %s ended with %d after %d of %d cases" % (program, done.returncode, len(results), len(cases)))
        print("# the case: %r" % cases[min(len(results), len(cases) - 1)])
        sys.exit(1)
    return results


def written(program, files):
    n = failed = 0
    for path in files:
        with open(path, encoding="utf-8") as f:
            cases = yaml.safe_load(f)
        for case, ours in zip(cases, ours_render(program, cases)):
            n += 1
            theirs = jinja_render(case)
            if "differs" in case:
                good = ours != theirs and ("out" not in ours or "out" not in theirs or ours["out"] != theirs["out"])
                good = good and ("error" not in ours or "error" not in theirs)
            else:
                good = ours.get("out") == theirs.get("out")
            failed += not good
            print("%s %d - %s" % ("ok" if good else "not ok", n, case["it"]))
            if not good:
                print("# template: %r\n# ours:   %r\n# jinja2: %r" % (case["template"], ours, theirs))
    print("1..%d" % n)
    return failed


class Maker:
    """Makes templates from a grammar by type, so that most of them render; some are broken on purpose."""

    WITH = {
        "a": 7,
        "b": -3,
        "zero": 0,
        "half": 0.5,
        "s": "Hello World",
        "t": " two\nlines\n",
        "empty": "",
        "xs": [3, 1, 2],
        "ys": ["b", "A", "c"],
        "ms": [{"k": "one", "v": 1}, {"k": "Two", "v": 2}, {"k": "one", "v": 3}],
        "d": {"x": 1, "y": "why", "z": [1, 2]},
        "e": {},
        "yes": True,
        "no": False,
        "nil": None,
    }
    # What makes each type: {n} {t} {l} {s} {m} {b} stand for a number, text, list of numbers, list of texts, map, truth value.
    RULES = {
        "n": [
            "a", "b", "va", "va", "zero", "half", "1", "2", "0", "12", "1_000", "0x1f", "2.5", "1e3", "0.1", "{n} + {n}", "{n} - {n}", "{n} * {n}",
            "{n} / {n}", "{n} // {n}", "{n} % {n}", "2 ** {n}", "{n} ** 2", "-({n})", "-a", "({n})", "{n}|abs", "{n}|int", "{n}|float", "{n}|round", "{n}|round(1)",
            "{n}|round(1, 'floor')", "{t}|length", "{l}|length", "{s}|count", "{m}|length", "{l}|sum", "{l}|min", "{l}|max", "{l}|first",
            "{l}|last", "{l}[0]", "{l}[-1]", "d.x", "d['x']", "d.z[1]", "ms[1].v", "{t}|int", "{t}|int(5)", "'12'|int", "'0x1A'|int(base=16)", "' 4.5 '|float",
            "({n} if {b} else {n})", "{t}.find({t})", "{t}.count('l')", "ms|sum(attribute='v')", "{l}.index(1)", "{l}|length", "{b}|int",
            "(ms|map(attribute='v')|list)[0]", "{n}|default(3)", "nope|default({n})", "d.nope|d({n})", "d.get('x', 4)", "e.get('q', 4)",
        ],
        "t": [
            "s", "t", "empty", "vs", "'x'", '"y z"', "'a\\nb'", "'it\\'s'", "'<&>'", "'l'", "'12'", "'a' 'b'", "{t} + {t}", "{t} ~ {n}", "{n} ~ {t}", "{t} * 2",
            "({t})", "{t}|lower", "{t}|upper", "{t}|capitalize", "{t}|title", "{t}|trim", "{t}|trim('Hd')", "{t}|replace('l', 'LL')",
            "{t}|replace('', '-')", "{t}|replace('o', {t}, 1)", "{t}|indent", "{t}|indent(2, true)", "{t}|indent(1, blank=true)", "{t}|indent('> ')",
            "{t}|reverse", "{t}|first", "{t}|string", "{n}|string", "{b}|string", "{b}|lower", "{s}|join", "{s}|join(', ')", "{l}|join('-')", "{m}|tojson", "{l}|tojson",
            "{s}|tojson", "{t}|tojson", "{m}|tojson(2)", "{b}|tojson", "{n}|tojson", "nil|tojson", "{s}|first", "{s}|last", "{s}[1]", "{t}[0]", "{t}[1:]",
            "{t}[:3]", "{t}[::-1]", "{t}[5:1:-2]", "{t}[-3:]", "{t}.upper()", "{t}.lower()", "{t}.strip()", "{t}.lstrip(' H')", "{t}.rstrip('d')",
            "{t}.replace('o', '0')", "{t}.capitalize()", "', '.join({s})", "d.y", "d['y']", "ms[0].k", "({t} if {b} else {t})", "'%s-%03d'|format({t}, {n}|int)",
            "'%s' % {t}", "'%05.1f|%-6s|%x' % ({n}, {t}, 255)", "'%+d' % ({n}|int)", "{t}|b64encode", "{t}|b64encode|b64decode", "{t}|quote", "{t}|urlencode",
            "{t}|sha256", "{t}|center(14)", "nope|default({t})", "nope|d", "{t}|default('q', true)", "d.get('y')", "{b}|ternary({t}, {t})",
            "{s}|map('upper')|join(' ')", "ms|map(attribute='k')|join(',')", "ms|join('/', attribute='k')", "{s}|sort|join", "{s}|unique|join", "{m}|dictsort|tojson",
            "{m}.items()|list|tojson", "{m}|items|list|tojson", "{m}.keys()|join(',')", "ms|groupby('k')|list|tojson", "{s}|batch(2)|list|tojson",
            "{s}|batch(2, 'pad')|list|tojson", "{m}|to_json", "{l}|to_nice_json", "ms|sort(attribute='v', reverse=true)|tojson", "ms|sort(attribute='k,v')|map(attribute='v')|join",
            "ms|selectattr('v', 'gt', 1)|map(attribute='k')|join", "ms|rejectattr('k', 'eq', 'one')|list|tojson", "{s}|max", "{s}|min", "({t} or {t})", "({t} and {t})",
        ],
        "l": [
            "xs", "vl", "d.z", "[1, 2]", "[]", "[{n}, {n}]", "range(4)|list", "range(1, 6, 2)|list", "range(3, 0, -1)|list", "{l} + {l}", "{l} * 2", "({l})", "{l}|sort", "{l}|sort(reverse=true)",
            "{l}|reverse|list", "{l}|unique|list", "{l}|list", "{l}[1:]", "{l}[::-1]", "{l}[:-1]", "{l}|select('odd')|list", "{l}|reject('odd')|list", "{l}|select('gt', 1)|list", "{l}|map('abs')|list",
            "ms|map(attribute='v')|list", "ms|map(attribute='w', default=0)|list", "({l} if {b} else {l})", "{l}|map('int')|list",
        ],
        "s": [
            "ys", "vy", "['p', 'q']", "[{t}, {t}]", "{t}.split()", "{t}.split('l')", "{t}.split('l', 1)", "{t}|list", "{s} + {s}", "{s}|sort", "{s}|reverse|list", "{s}[:2]", "{t}.splitlines()", "{m}|list",
            "{s}|sort(case_sensitive=true)", "{s}|unique|list", "{s}|map('lower')|list", "{s}|select('in', ys)|list", "({s})", "{t}|splitlines", "{t}|split(' ')", "{s}|map('replace', 'a', 'o')|list",
        ],
        "m": ["d", "e", "{{'k': {n}}}", "{{'b': {t}, 'a': {l}}}", "dict(p=1, q={t})", "ms[0]", "({m})", "{m}|combine(e)", "{{}}"],
        "b": [
            "yes", "no", "vb", "true", "false", "not {b}", "{b} and {b}", "{b} or {b}", "{n} == {n}", "{n} < {n}", "{n} <= {n} < {n}", "{t} == {t}", "{t} < {t}", "{n} != {n}", "{t} in {t}", "{n} in {l}",
            "{t} in {s}", "{t} not in {s}", "{t} in {m}", "{l} == {l}", "{n} is odd", "{n} is even", "{n} is divisibleby 3", "{n} is divisibleby(2)", "{t} is string", "{n} is string", "{n} is number", "{n} is integer",
            "{n} is float", "{m} is mapping", "{l} is iterable", "{l} is sequence", "{n} is iterable", "nope is defined", "s is defined", "nope is undefined", "d.nope is defined", "nil is none", "{t} is none",
            "{b} is boolean", "{b} is true", "{b} is not false", "{t} is lower", "{t} is upper", "{t} is in {s}", "{n} is eq {n}", "{n} is gt(1)", "{n} is le 2", "{t}.startswith('H')", "{t}.endswith(('d', 'x'))",
            "{t}.isdigit()", "yes is sameas true", "({b})", "{t}|bool", "{n} > {n}", "{m} == {m}", "nil == none", "{n} == {t}", "({b} if {b} else {b})", "d.x is defined and d.x == 1",
        ],
    }
    BROKEN = ["nope", "d.nope", "xs[9]", "s + 1", "xs + s", "1 < 'a'", "nope.x", "s()", "xs|first|first", "1 / zero", "{n", "|upper", "a b", "nil.x", "d|abs", "'%d' % s", "range('a')|list", "xs.x", "loop.index"]

    def __init__(self, r):
        self.r = r

    def expr(self, kind, depth):
        r = self.r
        if r.random() < 0.004:
            return r.choice(self.BROKEN)
        rules = self.RULES[kind]
        if depth <= 0:
            rules = [rule for rule in rules if "{" not in rule.replace("{{", "")]
        rule = r.choice(rules)
        if " is " in rule:
            rule = "(%s)" % rule  # Jinja2 takes an `if` behind a test for its argument
        for k in "ntlsmb":
            while "{%s}" % k in rule:
                inner = self.expr(k, depth - 1)
                fixed = re.search(r"\{%s\}[.\[]" % k, rule)
                if not inner.isalnum() and (fixed or r.random() < 0.6):
                    inner = "(%s)" % inner
                rule = rule.replace("{%s}" % k, inner.replace("{", "\x01").replace("}", "\x02"), 1)
        return rule.replace("{{", "{").replace("}}", "}").replace("\x01", "{").replace("\x02", "}")

    def printed(self):
        kind = self.r.choice("nntttttb")
        return self.expr(kind, self.r.randint(0, 3)).join(["(", ")|tojson"] if kind == "b" else ["", ""])

    def text(self):
        return self.r.choice(["x", "\n", " ", "\n\n", "- item\n", "  key: ", "}", "{", "# c\n", "\t", "end", "\r\n", "%", "a b\n  c\n"])

    def tag(self, inside):
        return "{%%%s %s %s%%}" % (self.r.choice(["", "", "", "-", "+"]), inside, self.r.choice(["", "", "", "-", "+"]))

    def loop(self, depth):
        r = self.r
        what = r.choice("lsm")
        head = r.choice(["for i in %s", "for i in %s", "for i in %s if i is defined", "for i in %s if i is string", "for k, v in d.items()", "for k, v in (%s)|dictsort"])
        what = "m" if "dictsort" in head else what
        head = head % self.expr(what, 2) if "%s" in head else head
        loop = r.choice(["", "{{ loop.index }}", "{{ loop.last|tojson }}", "{{ loop.revindex0 }}/{{ loop.length }}", "{{ loop.cycle('odd', 'even') }}", "{{ loop.first|lower }} ", "{{ loop.nextitem|default('end')|tojson }}"])
        item = "{{ i }}" if "for i" in head else "{{ k }}={{ v|tojson }}"
        other = self.tag("else") + self.body(depth - 1) if r.random() < 0.3 else ""
        return self.tag(head) + loop + item + self.body(depth - 1) + other + self.tag("endfor")

    def condition(self, depth):
        r = self.r
        middle = "".join(self.tag("elif " + self.expr("b", 1)) + self.body(depth - 1) for _ in range(r.choice([0, 0, 1, 2])))
        other = self.tag("else") + self.body(depth - 1) if r.random() < 0.5 else ""
        return self.tag("if " + self.expr(r.choice("bbbntlm"), 2)) + self.body(depth - 1) + middle + other + self.tag("endif")

    def assignment(self, depth):
        r = self.r
        name, kind = r.choice([("va", "n"), ("vs", "t"), ("vl", "l"), ("vy", "s"), ("vb", "b")])
        if r.random() < 0.3:
            return self.tag("set cap" + r.choice(["", " | upper", " | replace('a', 'b') | trim"])) + self.body(depth - 1) + self.tag("endset") + "{{ cap }}"
        return self.tag("set %s = %s" % (name, self.expr(kind, 2)))

    def scoped(self, depth):
        r = self.r
        if r.random() < 0.5:
            return self.tag("filter " + r.choice(["upper", "indent(2)", "trim", "replace('a', 'b')|title", "indent(3, true)"])) + self.body(depth - 1) + self.tag("endfilter")
        return self.tag("with va = %s, q = %s" % (self.expr("n", 1), self.expr("t", 1))) + "{{ q }}" + self.body(depth - 1) + self.tag("endwith")

    def macro(self, depth):
        call = "{{ m(%s) }}" % self.r.choice(["", "1", "p=2", "1, 2", "a, q=s", "1, 2, 3", "q=q", "r=1"])
        return self.tag("macro m(p, q='Q')") + self.body(depth - 1) + "{{ p|default('no') }}{{ q }}" + self.tag("endmacro") + call

    def other(self, depth):
        return self.r.choice(
            [
                "{# note #}\n", "{#- note -#}", "{% raw %}{{ a }}{% endraw %}\n", "{%- raw -%} {% x %} {%- endraw %}", "{# a\nb #}", "{% include 'part' %}", "{% include ['no', 'part'] %}",
                "{% include 'no' ignore missing %}", "{% from 'macros' import twice %}{{ twice(a) }}", "{% import 'macros' as lib %}{{ lib.twice('x') }}", "{% set ns = namespace(n=0) %}{% for i in xs %}{% set ns.n = ns.n + i %}{% endfor %}{{ ns.n }}",
                "{% macro wrap(t) %}<{{ t }}:{{ caller() }}>{% endmacro %}{% call wrap('w') %}in{{ a }}{% endcall %}",
            ]
        )

    def node(self, depth):
        kind = self.r.random()
        if depth <= 0 or kind < 0.25:
            return self.text()
        if kind < 0.60:
            return "{{%s %s %s}}" % (self.r.choice(["", "", "", "-"]), self.printed(), self.r.choice(["", "", "-"]))
        make = self.r.choice([self.loop, self.loop, self.condition, self.condition, self.assignment, self.assignment, self.scoped, self.macro, self.other])
        return make(depth)

    def body(self, depth):
        return "".join(self.node(depth) for _ in range(self.r.randint(1, 3)))

    # A name that is set anywhere in a block is not looked up outside of it by Jinja2: set all first.
    FIRST = "{% set va, vs, vl, vy, vb = 5, 'text', [4, 5], ['m', 'n'], true %}"

    FILES = {
        "part": "part {{ a }}{% set a = 'inner' %}{{ a }}\n",
        "macros": "{% macro twice(x) %}{{ x }}{{ x }}{% endmacro %}\n",
    }

    def case(self):
        return {"template": self.FIRST + self.body(3), "with": self.WITH, "files": self.FILES}


# What we refuse on purpose although Python renders it. Each is a part of our message.
REFUSED = [
    "can't be printed as it is",
    "is always true; put |list",
    "is beyond 64 bits",
    "a key must be text",
    "put |list before",
    "is a method: call it",
    "is not a number of at most 64 bits",
    "adds numbers; for texts use |join",
    "is a constant, not a name",
    "texts longer",
    "a text longer than",
    "too many steps",
    "digits",
    "%s needs",
    "can't use a map's method",
    "can't change a list",
    "the format uses",
    "has no items to go through",  # Jinja2's map and select take a false value for an empty list
]

# Where Python trips over something that it need not look at, or could do. Each is a part of its message.
TRIPPED = [
    "sequence was empty",  # constants are computed before the template runs, in branches not taken too
    "unsupported operand type(s) for +=",  # indent takes no numbers
]


def made_up(program, seed, count):
    r = random.Random(seed)
    cases = [Maker(r).case() for _ in range(count)]
    same = both_failed = refused = failed = 0
    for case, ours in zip(cases, ours_render(program, cases)):
        theirs = jinja_render(case)
        if "out" in ours and ours.get("out") == theirs.get("out"):
            same += 1
        elif "error" in ours and "error" in theirs:
            both_failed += 1
        elif "error" in ours and any(known in ours["error"] for known in REFUSED):
            refused += 1
        elif "out" in ours and any(known in theirs.get("error", "") for known in TRIPPED):
            refused += 1
        else:
            failed += 1
            if failed <= 10:
                print("# template: %r\n# ours:   %r\n# jinja2: %r" % (case["template"], ours, theirs))
    print("# %d templates: %d the same, %d fail in both, %d differ by rule, %d differ" % (count, same, both_failed, refused, failed))
    print("%s 1 - %d made-up templates render as in Jinja2 (seed %d)" % ("not ok" if failed else "ok", count, seed))
    print("%s 2 - most of them render" % ("ok" if same > count // 4 else "not ok"))
    print("1..2")
    return failed + (same <= count // 4)


def yaml_value(r, depth):
    words = ["a", "yes", "No", "null", "~", "1.10", "0644", "0x1f", "1_000", "12:30:45", "1e3", ".5", ".inf", "-", "- a", "a: b", "a:b", "a #b", "#a", "", " ", " a", "a ", "a\nb", "a\n", "\na", "a\n\n",
             "  a\n b\n", "a\n  b\n\nc\n", "\ta", "a\tb\nc", "é€😀", "\u2028", "\x7f", "\u0085", "a\rb", "'", '"', "\\", "{a}", "[a]", "*a", "&a", "!a", "|", ">", "%a", "@a", "`a", "=", "<<", "?", "? a", ":", "a,b", "true", "...", "---",
             "a\n---\nb", "/usr/bin", "10.0.0.1/24", "2020-01-01", "y", "k=v", "line one\n# two\n  three", "a\n ", "x\n\ty\n"]
    kind = r.random()
    if depth > 0 and kind < 0.3:
        return [yaml_value(r, depth - 1) for _ in range(r.randint(0, 3))]
    if depth > 0 and kind < 0.6:
        return {r.choice(words): yaml_value(r, depth - 1) for _ in range(r.randint(0, 3))}
    return r.choice([None, True, False, 0, -7, 2**62, 1.5, 1e20, 1e-7]) if kind > 0.9 else r.choice(words)


def yaml_read_back(program, seed, count):
    """What toyaml writes, alone and indented below a key, PyYAML (YAML 1.1) reads as the same value."""
    r = random.Random(seed)
    forms = ["{{ v|toyaml }}", "{{ v|to_nice_yaml }}", "{{ v|to_yaml(4) }}", "k:\n  {{ v|toyaml|indent(2) }}\nend: 1\n"]
    cases = [{"template": r.choice(forms), "with": {"v": yaml_value(r, 4)}} for _ in range(count)]
    failed = 0
    for case, ours in zip(cases, ours_render(program, cases)):
        want = case["with"]["v"]
        if case["template"].startswith("k:"):
            want = {"k": want, "end": 1}
        try:
            good = yaml.safe_load(ours.get("out", "!error")) == want
        except yaml.YAMLError:
            good = False
        failed += not good
        if not good and failed <= 10:
            print("# template: %r\n# value: %r\n# ours:  %r" % (case["template"], want, ours))
    print("%s 1 - %d values written as YAML read back the same (seed %d)" % ("not ok" if failed else "ok", count, seed))
    print("1..1")
    return failed


SHIPPED_WITH = {
    "cluster": {"name": "acm", "domain": "acm.internal"},
    "server": {"address": "10.10.0.1", "prefix": 24, "netmask": "255.255.255.0", "network": "10.10.0.0", "url": "http://10.10.0.1", "join_url": "https://10.10.0.1:8443", "ca_fingerprint": "ab" * 32},
    "agent": {"url": "http://10.10.0.1/join", "sha256": "cd" * 32},
    "node": {"name": "master1", "role": "master", "address": "10.10.0.10", "prefix": 24, "macs": ["52:54:00:00:00:01", "52:54:00:00:00:02"], "ssh_authorized_keys": ["ssh-ed25519 AAAA a@b"],
             "dns": ["10.10.0.1"], "gateway": "10.10.0.1", "bond": {"name": "bond0", "mode": "802.3ad", "miimon_ms": 100, "lacp_rate": "fast", "hash_policy": "layer3+4"}, "search": [], "routes": [], "mtu": None,
             "external": {"mac": "52:54:00:00:00:09", "vlan": None, "address": None, "prefix": None, "gateway": None, "routes": [], "dns": [], "search": [], "mtu": None},
             "users": [{"name": "ops", "groups": ["sudo"], "ssh_authorized_keys": [], "system": False, "no_create_home": True, "gecos": "Ops", "passwd": None, "shell": None, "homedir": None}],
             "hosts": [{"name": "r.acm", "address": "10.10.0.5"}], "ntp": ["10.10.0.1"], "timezone": "UTC",
             "updates": {"reboot_strategy": "reboot", "window_start": "Sun 04:00", "window_length_s": 3600, "group": "stable", "server": None}},
    "role": {"name": "master", "template": "master.yaml", "addons": []},
    "addons": {},
    "vars": {},
    "mac": "52:54:00:00:00:09",
    "link": {"dns": ["10.10.0.1"], "search": ["a.acm"], "routes": [{"to": "10.9.0.0/16", "via": "10.10.0.2"}]},
    "nodes": [{"name": "master1", "address": "10.10.0.10", "role": "master"}, {"name": "worker1", "address": "10.10.0.11", "role": "worker"}],
    "masters": [{"name": "master1", "address": "10.10.0.10"}],
    "hosts": [{"name": "master1", "address": "10.10.0.10", "role": "master"}, {"name": "worker1", "address": "10.10.0.11", "role": "worker"}],
    "etcd": {"prefix": "/slipway", "token": "t", "scheme": "http", "tls": False, "initial_cluster": "master1=http://10.10.0.10:2380", "endpoints": ["http://10.10.0.10:2379"]},
    "boot": {"join_token": "T" * 43, "nonce": "N" * 43},
    "image": {"distro": "flatcar", "name": "flatcar", "version": "1", "url": "http://10.10.0.1/i"},
    "kernel_url": "http://10.10.0.1/k",
    "initrds": [{"name": "i", "url": "http://10.10.0.1/i"}],
    "args": "console=ttyS0",
    "generation": 7,
    "reason": "no such node",
}


# What a required parameter might be.
SAMPLES = {"text": "a text", "bool": True, "number": 3, "duration": "10s", "address": "10.10.0.99", "net": "10.9.0.0/16", "host": "h.acm.internal",
           "path": "/srv/x", "url": "http://10.10.0.1/x", "sha256": "ef" * 32, "image": "r.acm/x:1", "list": ["a", "b"], "map": {"a": 1}}


def addon_values(folder):
    """Every add-on there is, and what templates see of their parameters: defaults, or a sample where one must be given."""
    values = {}
    for name in sorted(os.listdir(os.path.join(folder, "addons"))):
        path = os.path.join(folder, "addons", name, "addon.yaml")
        if not os.path.exists(path):
            continue
        with open(path, encoding="utf-8") as f:
            parameters = yaml.safe_load(f).get("parameters") or {}
        values[name] = {}
        for key, p in parameters.items():
            value = p.get("default")
            if value is None and (p.get("required") or p["type"] in ("url", "sha256")):
                value = p["words"][0] if p["type"] == "enum" else SAMPLES[p["type"]]
            values[name][key.replace("-", "_")] = value
    return values


def shipped(program, folder):
    """The templates that are installed, with a bond, with another, and bare; with every add-on on each distribution."""
    addons = addon_values(folder)
    SHIPPED_WITH["role"]["addons"] = list(addons)
    SHIPPED_WITH["addons"] = {name.replace("-", "_"): values for name, values in addons.items()}
    files = {}
    for root, _, names in os.walk(folder):
        for name in names:
            path = os.path.join(root, name)
            if "/engine/" not in path and "/distros/" not in path and not name.endswith((".md", ".cfg")):
                with open(path, encoding="utf-8") as f:
                    files[os.path.relpath(path, folder)] = f.read()
    cases = []
    for name, text in sorted(files.items()):
        if name.endswith("/addon.yaml"):
            continue  # no template but for its texts under `refuse`
        for change in ({}, {"bond": {"name": "bond0", "mode": "active-backup", "miimon_ms": 100, "lacp_rate": None, "hash_policy": None}}, {"bond": None, "gateway": None, "external": None, "ssh_authorized_keys": [], "dns": []}):
            with_ = copy.deepcopy(SHIPPED_WITH)
            with_["node"].update(change)
            cases.append({"it": name, "template": text, "with": with_, "files": files})
        if not name.startswith(("addons/", "parts/", "master", "worker")):
            continue
        for distro in ("coreos", "fedora-coreos", "lab"):
            with_ = copy.deepcopy(SHIPPED_WITH)
            with_["image"]["distro"] = distro
            with_["etcd"].update({"tls": True, "scheme": "https"})
            cases.append({"it": "%s (%s)" % (name, distro), "template": text, "with": with_, "files": files})
    n = failed = 0
    results = []
    for i in range(0, len(cases), 50):  # each carries all files: the program reads 16 MiB at a time
        results += ours_render(program, cases[i : i + 50])
    for case, ours in zip(cases, results):
        theirs = jinja_render(case)
        n += 1
        good = ours.get("out") == theirs.get("out")
        failed += not good
        note = " (both want values this test does not know: %s)" % ours["error"] if good and "error" in ours else ""
        print("%s %d - %s renders as in Jinja2%s" % ("ok" if good else "not ok", n, case["it"], note))
        if not good:
            print("# ours:   %r\n# jinja2: %r" % (ours, theirs))
    print("1..%d" % n)
    return failed


def main():
    program = sys.argv[1]
    if sys.argv[2] == "--shipped":
        return shipped(program, sys.argv[3])
    if sys.argv[2] == "--yaml":
        return yaml_read_back(program, int(sys.argv[3]), int(sys.argv[4]))
    if sys.argv[2] == "--random":
        return made_up(program, int(sys.argv[3]), int(sys.argv[4]))
    return written(program, sys.argv[2:])


if __name__ == "__main__":
    sys.exit(1 if main() else 0)
