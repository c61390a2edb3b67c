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

# Behind a live source cliptag delays no frame: it is in mode live, and tags are
# as fresh as the device allows. max-rate leaves the machine to others.
gst-launch-1.0 -m \
  "${source[@]}" ! \
  cliptag prompts="${1:-a white circle; a red square; a black picture}" \
    mode=live max-rate=10 smoothing=0.5 ! \
  fakesink num-buffers="${FRAMES:--1}" |
  { grep --line-buffered clip-tag || true; }
