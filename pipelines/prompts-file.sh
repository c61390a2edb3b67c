#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Groups of phrases from a file, each with its own scoring and thresholds: tags
# a video file, or a test picture, and prints when tags start and stop.
# Run it in `meson devenv -C build`:
#
#   pipelines/prompts-file.sh [VIDEO] [PROMPTS.json]
#
# $FRAMES ends it after so many frames.
set -eu

here=$(dirname "$0")
prompts=${2:-$here/prompts-file.json}

if [ -n "${1:-}" ]; then
  exec gst-launch-1.0 -m \
    filesrc location="$1" ! decodebin ! queue ! \
    cliptag prompts-file="$prompts" inference-interval=5 ! \
    fakesink num-buffers="${FRAMES:--1}"
fi
exec gst-launch-1.0 -m \
  videotestsrc pattern=black num-buffers="${FRAMES:-25}" ! \
  cliptag prompts-file="$prompts" inference-interval=5 ! fakesink
