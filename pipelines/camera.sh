#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Tags a camera, or a live test picture where there is none, and prints when
# tags start and stop. Run it in `meson devenv -C build`:
#
#   pipelines/camera.sh ["a phrase; another one"] [DEVICE]
#
# $FRAMES ends it after so many frames.
set -euo pipefail

device=${2:-/dev/video0}
if [ -e "$device" ]; then
  # decodebin, because many cameras send JPEG.
  source=(v4l2src "device=$device" ! decodebin)
else
  echo "no camera at $device: a live test picture instead" >&2
  source=(videotestsrc is-live=true pattern=ball !
    "video/x-raw,framerate=10/1")
fi

# A live source does not wait: the queue keeps the newest frame only, and a
# slower model then sees fewer frames instead of older ones.
gst-launch-1.0 -m \
  "${source[@]}" ! queue leaky=downstream max-size-buffers=1 ! \
  cliptag prompts="${1:-a white circle; a red square; a black picture}" \
    smoothing=0.5 ! \
  fakesink num-buffers="${FRAMES:--1}" |
  { grep --line-buffered clip-tag || true; }
