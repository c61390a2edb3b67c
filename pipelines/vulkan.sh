#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Tags frames that are Vulkan images, as GStreamer's Vulkan decoders and filters
# make them: they are read on their device, and not copied to the host. Here
# vulkanupload makes them, of a video file or a test picture. Prints when tags
# start and stop. Run it in `meson devenv -C build`:
#
#   pipelines/vulkan.sh [VIDEO] ["a phrase; another one"]
#
# $FRAMES ends it after so many frames. Exit status 77: no vulkanupload here, or
# clv was built without gstreamer-vulkan.
set -euo pipefail

if ! gst-inspect-1.0 --exists vulkanupload; then
  echo "skipped: no vulkanupload (gst-plugins-bad)" >&2
  exit 77
fi
# All is read before grep ends.
if ! gst-inspect-1.0 cliptag | grep -c memory:VulkanImage >/dev/null; then
  echo "skipped: clv was built without gstreamer-vulkan" >&2
  exit 77
fi

if [ -n "${1:-}" ]; then
  source=(filesrc "location=$1" ! decodebin)
else
  source=(videotestsrc num-buffers=50)
fi

# One plane: vulkanupload of GStreamer 1.22 takes others only from its own pool.
gst-launch-1.0 -m \
  "${source[@]}" ! videoconvert ! video/x-raw,format=RGBA ! \
  vulkanupload ! "video/x-raw(memory:VulkanImage)" ! \
  cliptag prompts="${2:-a test picture; a street; a black picture}" ! \
  fakesink num-buffers="${FRAMES:--1}" |
  { grep --line-buffered clip-tag || true; }
