#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck source=tests/cli/tap.sh
. "$(dirname "${BASH_SOURCE[0]}")/tap.sh"

need_device

video 'a & b.avi' avimux
video b.mkv matroskamux
prompts='colour bars; a black screen; a "red", <round> & small circle'

run 0 tag --prompts "$prompts" --format jsonl 'a & b.avi' && /usr/bin/python3 - <<'P'
import json
lines = [json.loads(line) for line in open("out")]
assert len(lines) == 30, len(lines)
for i, line in enumerate(lines):
    assert line["media"] == "a & b.avi", line
    assert abs(line["time"] - i / 10) < 0.002 and abs(line["pts"] / 1e9 - line["time"]) < 1e-6, line
    labels = [tag["label"] for tag in line["tags"]]
    assert labels == ["colour bars", "a black screen", 'a "red", <round> & small circle'], labels
    assert set(line["tags"][0]) == {"label", "group", "score", "smoothed", "cosine", "active"}
    assert abs(sum(tag["score"] for tag in line["tags"]) - 1) < 1e-3
best = [max(line["tags"], key=lambda tag: tag["score"])["label"] for line in lines]
assert best[10] == "colour bars" and best[25] == "a black screen", (best[10], best[25])
assert lines[10]["tags"][0]["active"] and not lines[25]["tags"][0]["active"]
P
ok "a JSON line for each frame, with all labels" $?
mv out all.jsonl
follows_schema all.jsonl
ok "the lines follow the schema" $?

run 0 tag --prompts "$prompts" --format jsonl --interval 5 --tiles 3x4 'a & b.avi' && mv out tiles.jsonl && /usr/bin/python3 - <<'P'
import json
lines = [json.loads(line) for line in open("tiles.jsonl")]
assert len(lines) == 6, len(lines)
for line in lines:
    regions = line["regions"]
    assert [(r["column"], r["row"]) for r in regions] == [(i % 3, i // 3) for i in range(12)], regions
    assert all((r["width"], r["height"]) == (54, 30) and len(r["tags"]) == 3 for r in regions), regions[0]
    assert (regions[11]["x"], regions[11]["y"]) == (106, 90), regions[11]
    assert "id" not in regions[0]
whole = [line["tags"][1]["score"] for line in lines]
assert whole[2] < 0.5 < whole[5]
assert all(r["tags"][1]["active"] for r in lines[5]["regions"])
assert not lines[2]["regions"][1]["tags"][1]["active"]
P
ok "the tiles of each frame, with all labels" $?
follows_schema tiles.jsonl
ok "lines with tiles follow the schema" $?
refuses "a grid that is none" 2 "--tiles: '3y2' is not COLUMNSxROWS" tag --prompts a --format jsonl --tiles 3y2 b.mkv
refuses "tiles in a table" 2 '--tiles: only --format jsonl' tag --prompts a --tiles 3x2 b.mkv

run 0 tag --prompts "$prompts" --format jsonl --interval 5 'a & b.avi' && [ "$(wc -l <out)" = 6 ]
ok "every fifth frame" $?
run 0 tag --prompts "$prompts" --format jsonl --rate 5 'a & b.avi' && [ "$(wc -l <out)" = 15 ]
ok "five frames for each second" $?

run 0 tag --prompts nothing --threshold 1 --scoring cosine b.mkv && says out 'no tag was active'
ok "no tag is said, not silence" $?

run 0 tag --prompts 'TV static; a blue screen' --background --format jsonl b.mkv && /usr/bin/python3 - <<'P'
import json
lines = [json.loads(line) for line in open("out")]
assert max(sum(tag["score"] for tag in line["tags"]) for line in lines[:20]) < 0.5, lines[10]
P
ok "with a background none may be there" $?

run 0 tag --prompts 'colour bars' --calibration model --format jsonl b.mkv && /usr/bin/python3 - <<'P'
import json
lines = [json.loads(line)["tags"][0] for line in open("out")]
assert lines[10]["active"] and not lines[25]["active"], (lines[10], lines[25])
assert all(0 < tag["score"] < 1 and tag["score"] != tag["cosine"] for tag in lines)
P
ok "scores are measured against a baseline" $?

head -c $(($(stat -c %s b.mkv) / 2)) b.mkv >half.mkv
echo junk >junk.mkv
run 1 tag --prompts "$prompts" --format jsonl --output o.jsonl b.mkv half.mkv junk.mkv missing.mkv 'a & b.avi' &&
  says err 'half.mkv: .*(cut off|damaged)' 'junk.mkv: ' 'missing.mkv: no such file' \
    '3 of 5 media failed: half.mkv, junk.mkv, missing.mkv' &&
  [ "$(grep -c '"b.mkv"' o.jsonl)" = 30 ] && [ "$(grep -c '"a & b.avi"' o.jsonl)" = 30 ] &&
  [ "$(grep -c '"half.mkv"' o.jsonl)" -gt 5 ] && [ "$(grep -c '"half.mkv"' o.jsonl)" -lt 25 ]
ok "bad media are named, the rest is tagged" $?

echo keep >kept.csv
refuses "a failure keeps the old output" 1 'junk.mkv: ' tag --prompts a --format csv --output kept.csv junk.mkv
holds "$(cat kept.csv)" = keep && holds "$(find . -name 'kept.csv*' | wc -l)" = 1
ok "nothing is left beside it" $?
gst-launch-1.0 -q audiotestsrc num-buffers=20 ! wavenc ! filesink location=sound.wav >/dev/null 2>&1
refuses "sound has no pictures" 1 'sound.wav: ' tag --prompts 'a; b' sound.wav
refuses "empty prompts are refused" 1 '.' tag --prompts ' ; ' b.mkv
echo '{"groups": [{"prompts": [{"label": 3}]}]}' >bad.json
refuses "a bad prompts file is named with the place" 1 'bad.json.*groups' tag --prompts-file bad.json b.mkv
refuses "a missing model is named" 1 'no-such-model' tag --model no-such-model --prompts a b.mkv
run 1 tag --prompts a --output no/such/o.csv b.mkv && says err 'no/such/o.csv'
ok "an output that cannot be written is named" $?
run 1 tag --prompts a --format csv --output /dev/full b.mkv && says err '/dev/full: No space left'
ok "a full disk is an error" $?
run 1 tag --prompts "$(seq -s ';' 40)" --format csv --output /dev/full b.mkv && says err '/dev/full: No space left'
ok "so is one that is full long before the end" $?
finish
