#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Tags a video and keeps moments of it in an index, where `clv search` finds them.
# Run it in `meson devenv -C build`:
#
#   pipelines/index.sh VIDEO INDEX.db ["a phrase; another one"]
#   clv search --db INDEX.db "a sentence"
#
# $FRAMES ends it after so many frames.
set -euo pipefail

if [ $# -lt 2 ]; then
  echo "usage: $0 VIDEO INDEX.db [PROMPTS]" >&2
  exit 2
fi

gst-launch-1.0 -q \
  filesrc location="$1" ! decodebin ! queue ! identity eos-after="${FRAMES:--1}" ! \
  cliptag prompts="${3:-a blue sky; a street; a person; a black picture}" max-rate=1 attach-embedding=true ! \
  clipindex location="$2" thumbnails=true ! fakesink
echo "wrote $2"
