#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# The same picture in C and in Python: score-picture.sh PROGRAM [PYTHON SCRIPT]
set -eu

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
size='video/x-raw,width=320,height=240'
phrases='colour bars; snow'

gst-launch-1.0 -q videotestsrc num-buffers=1 pattern=smpte ! "$size,format=RGB" ! tee name=t \
  ! queue ! filesink location="$folder/picture.rgb" t. ! queue ! pngenc ! filesink location="$folder/picture.png"

if ! "$1" 320 240 "$phrases" <"$folder/picture.rgb" >"$folder/scores" 2>"$folder/error"; then
  cat "$folder/error"
  if [ "${CLV_REQUIRE_DEVICE:-0}" != 1 ] && grep -qE 'no (usable )?Vulkan (driver|device)' "$folder/error"; then exit 77; fi
  exit 1
fi
cat "$folder/scores"
grep -qE '^(1\.0|0\.[5-9])[0-9]* +cosine 0\.[0-9]+  colour bars$' "$folder/scores"
grep -qE '^0\.[0-4][0-9]* +cosine -?0\.[0-9]+  snow$' "$folder/scores"

if [ $# -gt 1 ]; then
  "$2" "$3" "$folder/picture.png" "$phrases" >"$folder/scores-too"
  diff "$folder/scores" "$folder/scores-too"
fi

# What cannot be is said in a line.
if "$1" 320 241 "$phrases" <"$folder/picture.rgb" 2>"$folder/error"; then exit 1; fi
grep -qx 'there are fewer pixels than that' "$folder/error"
if "$1" 320 240 "; ;" <"$folder/picture.rgb" 2>"$folder/error"; then exit 1; fi
grep -q '^prompts: ' "$folder/error"
