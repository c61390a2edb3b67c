#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck source=tests/cli/tapes.sh
. "$(dirname "${BASH_SOURCE[0]}")/tapes.sh"

run 0 index --db tapes.db --dir tapes --interval 0.5 --thumbnails &&
  says out 'tapes.db: 2 media indexed, 30 moments added$' && [ ! -s err ]
ok "an index is made" $?

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
run 0 search --db tapes.db 'a red screen' --format json && mv out wanted &&
  run 0 search --db tapes.db 'a red screen' --format json --output hits.json && cmp hits.json wanted && [ ! -s out ]
ok "hits go to a file" $?
refuses "a file that cannot be made is named" 1 'no/such/hits.json: ' search --db tapes.db snow --output no/such/hits.json
refuses "a full disk is named" 1 '/dev/full: ' search --db tapes.db snow --output /dev/full
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

run 0 index "$c" && [ -s data/clv/index.db ] && run 0 search 'a blue screen' --format json && hit 0 "h['start'] == 0"
ok "without --db it is the user's own index" $?

refuses "a missing index is named" 1 'none.db: there is no index' search --db none.db snow
[ ! -e none.db ]
ok "searching makes no index" $?
echo junk >junk.mkv
refuses "a text is no index" 1 'junk.mkv: is no sound SQLite database' search --db junk.mkv snow
refuses "a picture that is none is named" 1 'junk.mkv: ' search --db tapes.db --image junk.mkv
truncate -s -5 tapes.db.vectors
refuses "a damaged index is named" 1 'tapes.db.vectors: .*cut off' search --db tapes.db snow
finish
