#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Tags that may also be none, scores measured against what is usual in the
# stream, and a picture as a prompt (docs/prompts.md): tags a video file, or a
# test picture, and prints when tags start and stop.
# Run it in `meson devenv -C build`:
#
#   pipelines/meaning.sh [VIDEO] [SLATE.png]
#
# $FRAMES ends it after so many frames.
set -euo pipefail

# meaning.json looks for slate.png beside itself.
folder=$(mktemp -d)
trap 'rm -r "$folder"' EXIT
cp "$(dirname "$0")/meaning.json" "$folder"
if [ -n "${2:-}" ]; then
  cp "$2" "$folder/slate.png"
else
  gst-launch-1.0 -q videotestsrc pattern=smpte num-buffers=1 ! pngenc ! \
    filesink location="$folder/slate.png"
fi

if [ -n "${1:-}" ]; then
  source=(filesrc "location=$1" ! decodebin)
else
  source=(videotestsrc num-buffers=50)
fi

gst-launch-1.0 -m \
  "${source[@]}" ! queue ! \
  cliptag prompts-file="$folder/meaning.json" inference-interval=5 ! \
  fakesink num-buffers="${FRAMES:--1}" |
  { grep --line-buffered clip-tag || true; }
