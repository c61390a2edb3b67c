#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# What clv tag writes but for JSON lines, of every fifth frame. Pages: html.sh.
# shellcheck source=tests/cli/tap.sh
. "$(dirname "${BASH_SOURCE[0]}")/tap.sh"

need_device
video 'a & b.avi' avimux
video b.mkv matroskamux
prompts='colour bars; a black screen; a "red", <round> & small circle'

run 0 tag --interval 5 --prompts "$prompts" --format csv --output o.csv 'a & b.avi' && /usr/bin/python3 - <<'P'
import csv
rows = list(csv.DictReader(open("o.csv", newline="")))
assert len(rows) == 18, len(rows)
assert rows[2]["label"] == 'a "red", <round> & small circle', rows[2]
assert {row["active"] for row in rows} == {"0", "1"}
P
ok "CSV quotes what must be quoted" $?

run 0 tag --interval 5 --prompts "$prompts" --format vtt --output o.vtt 'a & b.avi' &&
  [ "$(head -n 1 o.vtt)" = WEBVTT ] &&
  says o.vtt '^00:00:00\.000 --> 00:00:0[12]\.[0-9]{3}$' '^colour bars \(' '^a black screen \('
ok "WebVTT has a cue for each tag" $?

run 0 tag --interval 5 --prompts "$prompts" --format vtt --threshold 0 b.mkv && says out '&lt;round&gt; &amp; small'
ok "WebVTT escapes" $?

# Chapters: a title with all that must be escaped, and what other programs read of it.
titles='a black \screen; colour = bars; #noise'
run 0 tag --interval 5 --prompts "$titles" --threshold 0.2 --format chapters --output o.chapters b.mkv && [ "$(head -n 1 o.chapters)" = WEBVTT ] &&
  says o.chapters '^00:00:0[0-9]\.[0-9]{3} --> 00:00:0[0-9]\.[0-9]{3}$' &&
  gst-launch-1.0 -q filesrc location=o.chapters ! subparse ! text/x-raw ! filesink location=o.text >/dev/null 2>&1 && [ -s o.text ]
ok "GStreamer reads the chapters" $?
run 0 tag --interval 5 --prompts "$titles" --threshold 0.2 --format ffmetadata --output o.ffmetadata b.mkv && [ "$(head -n 1 o.ffmetadata)" = ';FFMETADATA1' ]
ok "ffmetadata is written" $?
if command -v ffprobe >/dev/null; then
  ffprobe -v error -f ffmetadata -show_chapters -of json o.ffmetadata >out 2>err && /usr/bin/python3 - <<'P'
import json
chapters = json.load(open("out"))["chapters"]
titles = [c["tags"]["title"] for c in chapters]
times = [(float(c["start_time"]), float(c["end_time"])) for c in chapters]
assert "colour = bars" in titles[0], titles
assert set(", ".join(titles).split(", ")) <= {"a black \\screen", "colour = bars", "#noise"}, titles
assert all(a < b for a, b in times) and all(a[1] <= b[0] for a, b in zip(times, times[1:])), times
# The same chapters as in WebVTT.
cues = [cue.strip().split("\n")[1] for cue in open("o.chapters").read().split("\n\n")[1:]]
assert cues == titles, (cues, titles)
P
  ok "FFmpeg reads them" $?
fi

run 0 tag --interval 5 --prompts 'colour bars; a black screen' --format edl --output o.edl 'a & b.avi' b.mkv && [ "$(head -n 1 o.edl)" = '# mpv EDL v0' ] &&
  says o.edl "^%[0-9]+%$PWD/a & b\.avi,[0-9.]+,[0-9.]+,title=%11%colour bars$" "^%[0-9]+%$PWD/b\.mkv,"
ok "an edit list has the parts of all media" $?
if command -v mpv >/dev/null; then
  # shellcheck disable=SC2016 # mpv's, not the shell's
  timeout 60 mpv --no-config --vo=null --no-audio --untimed \
    --term-playing-msg='chapters=${chapters} length=${=duration} first=${chapter-list/0/title}' o.edl >out 2>&1 </dev/null &&
    says out "^chapters=$(($(wc -l <o.edl) - 1)) length=[56]\.[0-9]+ first=colour bars$"
  ok "mpv plays it" $?
fi

run 0 tag --interval 5 --prompts "$prompts" 'a & b.avi' b.mkv && says out 'a & b.avi: 00:03' 'b.mkv: 00:03' 'colour bars' '6 frames'
ok "the table shows each media" $?
finish
