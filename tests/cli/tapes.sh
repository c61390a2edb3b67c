# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
#
# What index.sh and search.sh share: recordings of known scenes, and looks at what came of them.
# shellcheck source=tests/cli/tap.sh
. "$(dirname "${BASH_SOURCE[0]}")/tap.sh"
# shellcheck source=tests/cli/scenes.sh
. "$(dirname "${BASH_SOURCE[0]}")/scenes.sh"

need_device
export XDG_DATA_HOME=$PWD/data

# hit N CONDITION…: the N-th hit (from 0) of the JSON in `out`, in Python, as h.
hit() {
  /usr/bin/python3 - "$@" <<'P'
import json, sys
hits = json.load(open("out"))["hits"]
h = hits[int(sys.argv[1])]
for condition in sys.argv[2:]:
    assert eval(condition), (condition, h)
P
}

# sql QUERY: the first value, of the index that is in $db.
sql() {
  /usr/bin/python3 -c 'import sqlite3, sys; print(sqlite3.connect(sys.argv[1]).execute(sys.argv[2]).fetchone()[0])' \
    "$db" "$1" 2>/dev/null || echo 0
}

mkdir tapes tapes/more
scenes 'tapes/a & b.mkv' 30 smpte red black
scenes tapes/more/c.mkv 30 blue white
echo 'no media' >tapes/notes.txt
db=$PWD/tapes.db
# shellcheck disable=SC2034 # for those that read this
a="$PWD/tapes/a & b.mkv" c=$PWD/tapes/more/c.mkv

