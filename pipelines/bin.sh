#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Tags whatever a decoder understands, by its path or its URI (rtsp://, https://,
# …), and prints when tags start and stop. Run it in `meson devenv -C build`:
#
#   pipelines/bin.sh VIDEO|URI ["a phrase; another one"]
#
# $FRAMES ends it after so many frames.
set -euo pipefail

if [ $# -lt 1 ]; then
  echo "usage: $0 VIDEO|URI [PROMPTS]" >&2
  exit 2
fi

case $1 in
  *://*) uri=$1 ;;
  *) uri=file://$(realpath "$1") ;;
esac

gst-launch-1.0 -m \
  cliptagbin uri="$uri" inference-interval=5 \
    prompts="${2:-a blue sky; a street; a person; a black picture}" ! \
  fakesink num-buffers="${FRAMES:--1}" |
  { grep --line-buffered clip-tag || true; }
