# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
#
# Recordings of known scenes.

# scenes NAME FRAMES PATTERN…: each pattern for so many frames, ten a second.
scenes() {
  local name=$1 frames=$2 pattern size='video/x-raw,width=160,height=120,framerate=10/1'
  local -a sources=()
  shift 2
  for pattern in "$@"; do
    sources+=(videotestsrc "num-buffers=$frames" "pattern=$pattern" ! "$size" ! c.)
  done
  gst-launch-1.0 -q concat name=c ! jpegenc ! matroskamux ! filesink location="$name" "${sources[@]}" >/dev/null 2>&1
}
