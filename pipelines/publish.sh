#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Sends to other programs which tags start and stop in a video. Run it in `meson devenv -C build`:
#
#   pipelines/publish.sh URI VIDEO ["a phrase; another one"] [SOURCE]
#
# URI is mqtt://host:port, kafka://host:port or file:///path. With MQTT `mosquitto_sub -v -t 'clv/#'` shows what
# comes. $FRAMES ends it after so many frames.
set -euo pipefail

if [ $# -lt 2 ]; then
  echo "usage: $0 URI VIDEO [PROMPTS] [SOURCE]" >&2
  exit 2
fi

gst-launch-1.0 -q \
  filesrc location="$2" ! decodebin ! queue ! identity eos-after="${FRAMES:--1}" ! \
  cliptag prompts="${3:-a blue sky; a street; a person; a black picture}" ! \
  clippublish uri="$1" source="${4:-example}" ! fakesink
