#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Colours where in a video the best phrase fits, or writes one frame to a PNG file.
# Run it in `meson devenv -C build`:
#
#   pipelines/heatmap.sh VIDEO ["a phrase; another one"] [PICTURE.png]
#
# $FRAMES ends it after so many frames; the last one is the picture.
set -euo pipefail

if [ $# -lt 1 ]; then
  echo "usage: $0 VIDEO [PROMPTS] [PICTURE.png]" >&2
  exit 2
fi

if [ -n "${3:-}" ]; then
  rm -f "$3"
  sink=(identity "eos-after=${FRAMES:-25}" ! videoconvert ! pngenc !
    multifilesink "location=$3")
else
  sink=(videoconvert ! autovideosink)
fi

# heatmap= may also name one of the phrases.
gst-launch-1.0 \
  filesrc location="$1" ! decodebin ! queue ! \
  cliptag attach-heatmap=true prompts="${2:-a blue sky; a street; a person}" ! \
  clipoverlay show=all heatmap=top ! "${sink[@]}"
if [ -n "${3:-}" ]; then
  if [ ! -s "$3" ]; then
    echo "$0: $1: wanted a picture in $3, found no frame" >&2
    exit 1
  fi
  echo "wrote $3"
fi
