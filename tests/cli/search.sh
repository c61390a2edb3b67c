#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck source=tests/cli/tap.sh
. "$(dirname "${BASH_SOURCE[0]}")/tap.sh"

need_device
export XDG_DATA_HOME=$PWD/data

# video NAME FRAMES PATTERN…: each pattern for so many frames, ten a second.
video() {
  local name=$1 frames=$2 pattern size='video/x-raw,width=160,height=120,framerate=10/1'
  local -a sources=()
  shift 2
  for pattern in "$@"; do
    sources+=(videotestsrc "num-buffers=$frames" "pattern=$pattern" ! "$size" ! c.)
  done
  gst-launch-1.0 -q concat name=c ! jpegenc ! matroskamux ! filesink location="$name" "${sources[@]}" >/dev/null 2>&1
}

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
video 'tapes/a & b.mkv' 30 smpte red black
video tapes/more/c.mkv 30 blue white
echo 'no media' >tapes/notes.txt
db=$PWD/tapes.db
a="$PWD/tapes/a & b.mkv"
c=$PWD/tapes/more/c.mkv

run 0 index --db tapes.db --dir tapes --interval 0.5 --thumbnails &&
  says out 'tapes.db: 2 media indexed, 30 moments added$' && [ ! -s err ]
ok "a directory is indexed" $?

run 0 search --db tapes.db 'SMPTE color bars' --format json &&
  hit 0 "h['media'] == '''$a'''" "h['start'] == 0" "abs(h['end'] - 3) < 0.01" "h['moments'] == 6" "h['score'] > 0.1"
ok "bars are found first, from start to end" $?
run 0 search --db tapes.db 'a red screen' --format json &&
  hit 0 "h['media'] == '''$a'''" "abs(h['start'] - 3) < 0.01" "abs(h['end'] - 6) < 0.01" "3 <= h['best'] < 6"
ok "a scene in the middle is found first" $?
run 0 search --db tapes.db 'a blue screen' --format json && hit 0 "h['media'] == '$c'" "h['start'] == 0"
ok "a scene of the other media is found first" $?
run 0 search --db tapes.db 'a red screen' --top 2 && says out '^score +start +end +best +media$' "^0\.[0-9]{3} +00:03\.000 +00:06\.000 +.*a & b.mkv$" &&
  [ "$(wc -l <out)" = 3 ]
ok "the table has a line for each hit" $?
run 0 search --db tapes.db 'a red screen' --media '*/c.mkv' --format json && hit 0 "all(h['media'] == '$c' for h in hits)"
ok "only media that match" $?
run 0 search --db tapes.db 'a red screen' --after 6 --format json &&
  hit 0 "all(h['start'] >= 6 for h in hits)" "h['media'] == '''$a'''"
ok "only from a time on" $?
run 0 search --db tapes.db 'SMPTE color bars' --after 0:01 --before 0:00:02 --media '*b.mkv' --format json &&
  hit 0 "len(hits) == 1" "h['start'] == 1" "h['moments'] == 2"
ok "only between two times" $?
run 0 search --db tapes.db 'a red screen' --media 'none*' && says out 'nothing was found'
ok "nothing is said to be nothing" $?
run 0 search --db tapes.db 'a red screen' --media 'none*' --format json && /usr/bin/python3 -c 'import json; assert json.load(open("out"))["hits"] == []'
ok "nothing is an empty array" $?

run 0 search --db tapes.db 'a screen' --not 'a blue screen' --not 'a red screen' --format json &&
  hit 0 "not (h['media'] == '$c' and h['start'] == 0)" "not (h['media'] == '''$a''' and 3 <= h['best'] < 6)"
ok "what is not looked for is not first" $?
refuses "a sentence and its opposite leave nothing" 1 "--not: leaves nothing" search --db tapes.db 'snow' --not 'snow'

gst-launch-1.0 -q videotestsrc num-buffers=1 pattern=red ! video/x-raw,width=100,height=80 ! pngenc ! \
  filesink location=red.png >/dev/null 2>&1
run 0 search --db tapes.db --image red.png --format json && hit 0 "h['media'] == '''$a'''" "abs(h['start'] - 3) < 0.01" "h['score'] > 0.9"
ok "a picture finds its like" $?
run 0 search --db tapes.db 'a red screen' --image red.png --format json && hit 0 "abs(h['start'] - 3) < 0.01"
ok "a sentence and a picture together" $?

run 0 search --db tapes.db 'a white screen' --top 1 --thumbnails pictures --format json &&
  hit 0 "h['thumbnail'] == 'pictures/1.jpg'" && [ "$(head -c 2 pictures/1.jpg | od -An -tx1)" = ' ff d8' ] &&
  gst-launch-1.0 -q filesrc location=pictures/1.jpg ! jpegdec ! video/x-raw,width=160,height=120 ! fakesink >/dev/null 2>&1
ok "thumbnails are pictures" $?

run 0 index --db tapes.db --dir tapes --interval 0.5 --thumbnails && says out '0 media indexed, 0 moments added; 2 unchanged$'
ok "what has not changed is skipped" $?
touch "$c"
run 0 index --db tapes.db --dir tapes --interval 0.5 --thumbnails && says out '1 media indexed, 12 moments added; 1 unchanged$' &&
  [ "$(sql 'SELECT count(*) FROM moments')" = 30 ]
ok "what has changed is indexed anew" $?
run 0 index --db tapes.db "$c" --scene-change 0.05 && says out '1 media indexed, 2 moments added$'
ok "scene changes are moments" $?
run 0 search --db tapes.db 'a white screen' --format json && hit 0 "h['media'] == '$c'" "abs(h['start'] - 3) < 0.01" "abs(h['end'] - 6) < 0.01"
ok "a moment of a scene stands for all of it" $?

head -c $(($(stat -c %s "$a") / 2)) "$a" >half.mkv
echo junk >junk.mkv
db=$PWD/bad.db
run 1 index --db bad.db half.mkv junk.mkv missing.mkv tapes "$c" &&
  says err 'half.mkv: .*(cut off|damaged)' 'junk.mkv: ' 'missing.mkv: no such file' 'tapes: is a directory' &&
  says out '1 media indexed, [0-9]+ moments added; 4 failed'
ok "bad media are named, the others are indexed" $?
run 0 search --db bad.db 'SMPTE color bars' --format json && hit 0 "h['media'].endswith('/half.mkv')" &&
  run 0 search --db bad.db 'a blue screen' --format json && hit 0 "h['media'] == '$c'"
ok "what was read of them is found too" $?

# A media that was read, and cannot be any more.
cp "$c" broken.mkv
db=$PWD/kept.db
run 0 index --db kept.db broken.mkv && before=$(sql 'SELECT count(*) FROM moments') && echo junk >broken.mkv &&
  run 1 index --db kept.db broken.mkv && says err 'broken.mkv: ' && [ "$before" -gt 0 ] &&
  [ "$(sql 'SELECT count(*) FROM moments')" = "$before" ]
ok "a media that cannot be read keeps its moments" $?
cp "$c" broken.mkv
run 0 index --db kept.db broken.mkv && says out '1 media indexed, 6 moments added$' && [ "$(sql 'SELECT count(*) FROM moments')" = "$before" ]
ok "and is indexed anew when it can be read" $?

# Root may read everything, unless it gives that up.
weak=()
[ "$(id -u)" != 0 ] || weak=(setpriv "--bounding-set=-dac_override,-dac_read_search")
mkdir -p partly/closed partly/open
cp "$c" partly/open/c.mkv
chmod 000 partly/closed
code=0
"${weak[@]}" "$clv" index --db partly.db --dir partly >out 2>err </dev/null || code=$?
[ $code = 1 ] && says err 'partly/closed' && says out '1 media indexed, 6 moments added; 1 failed$'
ok "a folder that cannot be read is named, the others are indexed" $?
code=0
"${weak[@]}" "$clv" index --db partly.db --dir partly/closed >out 2>err </dev/null || code=$?
[ $code = 1 ] && says err 'partly/closed' && [ ! -s out ]
ok "the folder that was asked for must be readable" $?
chmod 700 partly/closed

# Killed in the middle, and taken up.
video long.mkv 100 smpte red black blue
db=$PWD/whole.db
run 0 index --db whole.db long.mkv --interval 0.1 && says out '400 moments'
ok "a longer media is indexed" $?
whole=$(sql 'SELECT group_concat(time) FROM (SELECT time FROM moments ORDER BY time)')
db=$PWD/killed.db
"$clv" index --db killed.db long.mkv --interval 0.1 >out 2>err &
child=$!
while [ "$(sql 'SELECT count(*) FROM moments')" = 0 ] && kill -0 $child 2>/dev/null; do sleep 0.1; done
kill -KILL $child
wait $child 2>/dev/null
before=$(sql 'SELECT count(*) FROM moments')
[ "$before" -gt 0 ] && run 0 index --db killed.db long.mkv --interval 0.1 && says out " $((400 - before)) moments added" &&
  [ "$(sql 'SELECT group_concat(time) FROM (SELECT time FROM moments ORDER BY time)')" = "$whole" ]
ok "what was killed is resumed, and no moment is missing or twice" $?

db=$PWD/stopped.db
"$clv" index --db stopped.db long.mkv --interval 0.1 >out 2>err &
child=$!
while [ "$(sql 'SELECT count(*) FROM moments')" = 0 ] && kill -0 $child 2>/dev/null; do sleep 0.1; done
kill -INT $child
wait $child
code=$?
# A very fast device may be ready before.
says out 'moments added' && { [ $code = 130 ] || { [ $code = 0 ] && says out '400 moments added'; }; }
ok "an interrupt ends it, with what it has" $?

run 0 index "$c" && [ -s data/clv/index.db ] && run 0 search 'a blue screen' --format json && hit 0 "h['start'] == 0"
ok "without --db it is the user's own index" $?

mkdir models
cp -r "${CLV_MODEL_PATH%%:*}/demo" models/other
touch -d '2001-01-01' models/other/*
run 0 index --db tapes.db --model models/other "$c" --scene-change 0.05 && says out '; 1 unchanged$'
ok "a copy of the model is the same model" $?
# One bit of a weight.
/usr/bin/python3 - models/other/model.safetensors <<'P'
import sys
with open(sys.argv[1], "r+b") as f:
    f.seek(-4, 2)
    low = f.read(1)[0]
    f.seek(-4, 2)
    f.write(bytes([low ^ 1]))
P
refuses "an index refuses another model" 1 "tapes.db: holds moments of model 'demo'.*'other'" index --db tapes.db --model models/other "$c"
refuses "a search refuses another model" 1 "tapes.db: holds moments of model 'demo'.*'other'" search --db tapes.db --model models/other snow
refuses "a missing index is named" 1 'none.db: there is no index' search --db none.db snow
[ ! -e none.db ]
ok "searching makes no index" $?
refuses "a text is no index" 1 'junk.mkv: is no sound SQLite database' search --db junk.mkv snow
refuses "an index in a missing folder is named" 1 'no/such/x.db: cannot be opened' index --db no/such/x.db "$c"
refuses "a missing folder is named" 1 'no-such-folder' index --db tapes.db --dir no-such-folder
refuses "a picture that is none is named" 1 'junk.mkv: ' search --db tapes.db --image junk.mkv
refuses "a missing model is named" 1 'no-such-model' index --db tapes.db --model no-such-model "$c"
truncate -s -5 tapes.db.vectors
refuses "a damaged index is named" 1 'tapes.db.vectors: .*cut off' search --db tapes.db snow
finish
