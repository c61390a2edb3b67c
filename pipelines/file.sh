#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Tags a video file and prints when tags start and stop.
# Run it in `meson devenv -C build`:
#
#   pipelines/file.sh VIDEO ["a phrase; another one"]
#
# $FRAMES ends it after so many frames.
set -euo pipefail

if [ $# -lt 1 ]; then
  echo "usage: $0 VIDEO [PROMPTS]" >&2
  exit 2
fi

# decodebin gives whatever the decoder makes; cliptag takes it as it is.
gst-launch-1.0 -m \
  filesrc location="$1" ! decodebin ! queue ! \
  cliptag prompts="${2:-a blue sky; a street; a person; a black picture}" ! \
  fakesink num-buffers="${FRAMES:--1}" |
  { grep --line-buffered clip-tag || true; }
