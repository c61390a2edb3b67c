#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck source=tests/cli/tap.sh
. "$(dirname "${BASH_SOURCE[0]}")/tap.sh"

[ -d "${CLV_MODEL_PATH%%:*}/demo" ] || skip_all "no demo model"

echo '["a red circle", "", "caf\u00e9"]' >good.json
run 0 tokenize --model demo good.json && /usr/bin/python3 - <<'P'
import json
ids = json.load(open("out"))
assert len(ids) == 3, ids
assert all(len(i) >= 2 and i[0] == ids[0][0] and i[-1] == ids[0][-1] for i in ids), ids
assert len(ids[1]) == 2, ids
P
ok "an array of strings gives an array of ids" $?

"$clv" tokenize --model demo - <good.json >piped 2>err && cmp -s piped out
ok "standard input is the same" $?

echo '[]' >none.json
run 0 tokenize none.json && [ "$(cat out)" = '[]' ]
ok "an empty array gives an empty array" $?

echo '["a", 3]' >number.json
refuses "a number is refused with its place" 1 'number.json: \$\[1\]: wanted a string' tokenize number.json
echo '{"a": 1}' >object.json
refuses "an object is refused" 1 'object.json: \$: wanted an array' tokenize object.json
echo '["a",' >broken.json
refuses "broken JSON is refused" 1 'broken.json' tokenize broken.json
/usr/bin/python3 -c 'print("[" * 1000000)' >deep.json
refuses "what the parser would run out of stack with is refused" 1 'deep.json: JSON is nested deeper' tokenize deep.json
echo '["a", "b\u0000c"]' >zero.json
refuses "a zero in a string is refused, not cut off" 1 'zero.json: a string holds \\u0000' tokenize zero.json
refuses "a missing file is named" 1 'missing.json' tokenize missing.json
refuses "a missing model is named with the places" 1 'no-such-model' tokenize --model no-such-model good.json
finish
