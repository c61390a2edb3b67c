#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Looks for small things in the parts of a grid, and prints when and in which part a
# tag starts and stops: of a video file, or of a small white ball.
# Run it in `meson devenv -C build`:
#
#   pipelines/tiles.sh [VIDEO] ["a phrase; another one"] [COLUMNSxROWS]
#
# $FRAMES ends it after so many frames.
set -euo pipefail

if [ -n "${1:-}" ]; then
  source=(filesrc "location=$1" ! decodebin)
else
  source=(videotestsrc pattern=ball num-buffers=30 !
    "video/x-raw,width=640,height=480")
fi

gst-launch-1.0 -m \
  "${source[@]}" ! queue ! \
  cliptag prompts="${2:-a white circle; a black screen}" tiles="${3:-4x3}" inference-interval=5 ! \
  fakesink num-buffers="${FRAMES:--1}" |
  { grep --line-buffered 'clip-tag.*region=' || true; }
