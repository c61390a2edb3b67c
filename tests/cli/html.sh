#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# The reports, in a browser: Debian's chromium, where it is there.
# shellcheck source=tests/cli/tap.sh
. "$(dirname "${BASH_SOURCE[0]}")/tap.sh"

need_device
command -v chromium >/dev/null || skip_all "there is no chromium"
gst-inspect-1.0 --exists vp8enc || skip_all "there is no vp8enc"

# browse PAGE OPTION…: the browser by itself, with a new profile.
browse() {
  local page=$1
  shift
  HOME=$work timeout 100 chromium --headless --no-sandbox --disable-gpu --disable-dev-shm-usage \
    --user-data-dir="$(mktemp -d -p "$work")" --autoplay-policy=no-user-gesture-required "$@" "file://$PWD/$page" 2>/dev/null
}

# clicks PAGE: what html-clicks.js finds in it, as JSON in the file `found`. The budget is in the page's own time, which runs
# on while the player's threads work: a busy machine may need another try.
clicks() {
  local try
  { cat "$1" && echo '<script>' && cat "$source/tests/cli/html-clicks.js" && echo '</script>'; } >clicked.html
  for try in 1 2 3 4; do
    browse clicked.html --virtual-time-budget=3600000 --dump-dom | grep -oE 'RESULT[A-Za-z0-9+/=]*END' |
      sed 's/RESULT//; s/END//' | base64 -d >found
    [ ! -s found ] || return
    echo "# no result, try $try"
  done
}

# finds CONDITION…: in Python, of the JSON in `found`, as f.
finds() {
  /usr/bin/python3 - "$@" <<'P'
import json, sys
f = json.load(open("found"))
for condition in sys.argv[1:]:
    assert eval(condition), (condition, f)
P
}

size='video/x-raw,width=320,height=180,framerate=10/1'
gst-launch-1.0 -q concat name=c ! vp8enc deadline=1 ! webmmux ! filesink location=v.webm \
  videotestsrc num-buffers=30 pattern=smpte ! "$size" ! c. videotestsrc num-buffers=30 pattern=black ! "$size" ! c. \
  videotestsrc num-buffers=20 pattern=snow ! "$size" ! c. >/dev/null 2>&1
# Nothing of this may be read as HTML, nor as a part of a URI.
name=$(printf 'a <b> & "q" #1%%20 \xff.webm')
mv v.webm "$name"
bad='</script><script>document.title="hacked"</script><!--<script>'

run 0 tag --prompts "colour bars; a black screen; snow; $bad" --format html --output tags.html "$name"
ok "a report is written" $?
clicks tags.html
finds "f['title'] == 'Tags'" "f['scripts'] == 3" "len(f['all']) == 4" "f['all'][3].startswith('''$bad''')"
ok "texts stay texts" $?
finds "f['images'] == 3" "f['all'][1].startswith('a black screen')" "'00:03.000' in f['all'][1]"
ok "each start has its picture" $?
finds "f['filtered'] == 1" "f['nothing']"
ok "labels are filtered" $?
finds "'error' not in f" "abs(f['shot'] - 3) < 0.2" "abs(f['span']) < 0.2" "f['closed']"
ok "a click plays the media there" $?
browse tags.html --print-to-pdf=tags.pdf && [ "$(head -c 5 tags.pdf)" = %PDF- ]
ok "it prints" $?

if "$clv" index --help >/dev/null 2>&1; then
  run 0 index --db i.db --thumbnails "$name" && run 0 search --db i.db '<i>a black</i> screen' --format html --output hits.html
  ok "hits are written" $?
  clicks hits.html
  finds "f['title'] == '<i>a black</i> screen'" "f['scripts'] == 3" "f['images'] == len(f['all']) >= 3"
  ok "each hit has its picture" $?
  finds "'error' not in f" "abs(f['shot'] - 3) < 0.2" "f['nothing']"
  ok "a click plays the hit" $?
fi
finish
