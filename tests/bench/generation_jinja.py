"""Renders the role's template through Python's Jinja2 for every node, as our engine does: nothing is checked, converted
or written. CONTEXT is a JSON file of the names that templates see; prints the milliseconds.

   generation_jinja.py TEMPLATES CONTEXT NODES"""
import json
import sys
import time

import jinja2

folder, context, nodes = sys.argv[1], json.load(open(sys.argv[2])), int(sys.argv[3])
env = jinja2.Environment(loader=jinja2.FileSystemLoader(folder), undefined=jinja2.StrictUndefined,
    trim_blocks=True, keep_trailing_newline=True)
template = env.get_template("worker.yaml")
began = time.monotonic()
size = 0
for i in range(nodes):
    context["node"]["name"] = "n%05d" % i
    context["node"]["address"] = "10.65.%d.%d" % (i >> 8, i & 255)
    size += len(template.render(context))
print(int((time.monotonic() - began) * 1000), size)
