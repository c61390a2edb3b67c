#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Groups of phrases from a file, each with its own scoring and thresholds: tags
# a video file, or a test picture, and prints when tags start and stop.
# Run it in `meson devenv -C build`:
#
#   pipelines/prompts-file.sh [VIDEO] [PROMPTS.json]
#
# $FRAMES ends it after so many frames.
set -euo pipefail

here=$(dirname "$0")
prompts=${2:-$here/prompts-file.json}

if [ -n "${1:-}" ]; then
  source=(filesrc "location=$1" ! decodebin)
else
  source=(videotestsrc num-buffers=50)
fi

gst-launch-1.0 -m \
  "${source[@]}" ! queue ! \
  cliptag prompts-file="$prompts" inference-interval=5 ! \
  fakesink num-buffers="${FRAMES:--1}" |
  { grep --line-buffered clip-tag || true; }
