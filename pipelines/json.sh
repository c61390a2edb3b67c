#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Prints the tags of a video as JSON lines; docs/tags.schema.json says what is in
# them. Run it in `meson devenv -C build`:
#
#   pipelines/json.sh VIDEO ["a phrase; another one"] [inferred|changes]
#
# $FRAMES ends it after so many frames.
set -euo pipefail

if [ $# -lt 1 ]; then
  echo "usage: $0 VIDEO [PROMPTS] [inferred|changes]" >&2
  exit 2
fi

gst-launch-1.0 -q \
  filesrc location="$1" ! decodebin ! queue ! identity eos-after="${FRAMES:--1}" ! \
  cliptag prompts="${2:-a blue sky; a street; a person; a black picture}" ! \
  cliptojson lines="${3:-inferred}" ! fdsink
