#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""check-lines.py SCHEMA LINES: each line of a file is JSON as the schema wants it.

Where python3-jsonschema is missing only JSON is looked for.
"""

import json
import sys

with open(sys.argv[1], encoding="utf-8") as file:
    schema = json.load(file)
with open(sys.argv[2], encoding="utf-8") as file:
    lines = [json.loads(line) for line in file]
if not lines:
    sys.exit(f"{sys.argv[2]}: holds no line")
try:
    import jsonschema
except ImportError:
    print("# python3-jsonschema is missing: the schema is not looked at")
    sys.exit(0)

kind = jsonschema.validators.validator_for(schema)
kind.check_schema(schema)
for number, line in enumerate(lines, 1):
    for error in kind(schema).iter_errors(line):
        sys.exit(f"{sys.argv[2]}: line {number}: {error.json_path}: {error.message}")
