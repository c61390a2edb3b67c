#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Tags frames in one process and reads the tags in another: unixfdsink hands over the
# memory of the frames, and their metadata. The second prints tags as JSON lines.
# Run it in `meson devenv -C build`:
#
#   pipelines/unixfd.sh [VIDEO] ["a phrase; another one"]
#
# $FRAMES is how many of a test picture, where there is no VIDEO. Exit status 77: no
# unixfdsink here (GStreamer 1.24 has it).
set -euo pipefail

if ! gst-inspect-1.0 --exists unixfdsink; then
  echo "skipped: no unixfdsink (gst-plugins-bad of GStreamer 1.24)" >&2
  exit 77
fi

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
if [ -n "${1:-}" ]; then
  source=(filesrc "location=$1" ! decodebin)
else
  source=(videotestsrc "num-buffers=${FRAMES:-50}")
fi

gst-launch-1.0 -q "${source[@]}" ! videoconvert ! \
  cliptag prompts="${2:-a test picture; a street; a black picture}" ! \
  unixfdsink socket-path="$folder/socket" wait-for-connection=true &
while [ ! -S "$folder/socket" ] && kill -0 $! 2>/dev/null; do sleep 0.1; done
gst-launch-1.0 -q unixfdsrc socket-path="$folder/socket" ! \
  cliptojson ! fdsink
wait
