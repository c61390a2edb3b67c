#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck source=tests/cli/tapes.sh
. "$(dirname "${BASH_SOURCE[0]}")/tapes.sh"

run 0 index --db tapes.db --dir tapes --interval 0.5 --thumbnails &&
  says out 'tapes.db: 2 media indexed, 30 moments added$' && [ ! -s err ]
ok "a directory is indexed" $?

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

# A container that begins at 100 s, and says when it ends.
gst-launch-1.0 -q videotestsrc num-buffers=40 timestamp-offset=100000000000 ! \
  video/x-raw,width=160,height=120,framerate=10/1 ! jpegenc ! matroskamux ! filesink location=late.mkv >/dev/null 2>&1
/usr/bin/python3 - <<'P'
import struct
data = open("late.mkv", "rb").read()
at = data.index(b"\x44\x89\x88") + 3
with open("late.mkv", "wb") as f:
    f.write(data[:at] + struct.pack(">d", 104000) + data[at + 8:])
P
db=$PWD/times.db
run 0 index --db times.db late.mkv && says out '1 media indexed, 4 moments'
ok "a media that begins late is whole" $?

# From the second one on GStreamer's decodebin may drop what the demuxer says of it.
gst-launch-1.0 -q videotestsrc num-buffers=3 ! video/x-raw,width=160,height=120 ! jpegenc ! qtmux ! \
  filesink location=damaged.mp4 >/dev/null 2>&1
sed -i s/stsd/xxxx/ damaged.mp4
cp damaged.mp4 damaged2.mp4
code=0
timeout 60 "$clv" index --db bad.db damaged.mp4 damaged2.mp4 >out 2>err </dev/null || code=$?
[ $code = 1 ] && says err 'damaged.mp4: ' 'damaged2.mp4: ' && says out '; 2 failed$'
ok "no damaged media is waited for" $?

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

mkfifo partly/open/pipe.mkv
code=0
timeout 60 "$clv" index --db partly.db --dir partly/open >out 2>err </dev/null || code=$?
[ $code = 0 ] && says out '1 unchanged$'
ok "what is no file is not opened" $?

# halfway: indexes long.mkv into $db, until a part of its moments is there; the process is $child then. Moments are
# written every two seconds, which it spends stopped, so that there is more to come.
halfway() {
  "$clv" index --db "$db" long.mkv --interval 0.1 >out 2>err &
  child=$!
  while [ "$(sql 'SELECT count(*) FROM media')" = 0 ] && kill -0 $child 2>/dev/null; do sleep 0.02; done
  kill -STOP $child
  sleep 2.1
  kill -CONT $child
  while [ "$(sql 'SELECT count(*) FROM moments')" = 0 ] && kill -0 $child 2>/dev/null; do sleep 0.02; done
}

# Killed in the middle, and taken up.
scenes long.mkv 50 smpte red black blue
db=$PWD/whole.db
run 0 index --db whole.db long.mkv --interval 0.1 && says out '200 moments'
ok "a longer media is indexed" $?
whole=$(sql 'SELECT group_concat(time) FROM (SELECT time FROM moments ORDER BY time)')
db=$PWD/killed.db
halfway
kill -KILL $child
wait $child 2>/dev/null
before=$(sql 'SELECT count(*) FROM moments')
[ "$before" -gt 0 ] && run 0 index --db killed.db long.mkv --interval 0.1 && says out " $((200 - before)) moments added" &&
  [ "$(sql 'SELECT group_concat(time) FROM (SELECT time FROM moments ORDER BY time)')" = "$whole" ]
ok "what was killed is resumed, and no moment is missing or twice" $?

db=$PWD/stopped.db
halfway
kill -INT $child
wait $child
code=$?
# A very fast device may be ready before.
says out 'moments added' && { [ $code = 130 ] || { [ $code = 0 ] && says out '200 moments added'; }; }
ok "an interrupt ends it, with what it has" $?

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
refuses "an index in a missing folder is named" 1 'no/such/x.db: cannot be opened' index --db no/such/x.db "$c"
refuses "a missing folder is named" 1 'no-such-folder' index --db tapes.db --dir no-such-folder
refuses "a missing model is named" 1 'no-such-model' index --db tapes.db --model no-such-model "$c"
finish
