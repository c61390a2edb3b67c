#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Runs one of pipelines/ on one video and looks for what it must print.
#   run.sh WANTED VIDEO COMMAND [ARGUMENTS…]
# WANTED is a regular expression; empty: it only has to succeed.
# A file *.png among the arguments must be a picture of this run.
# VIDEO is a file, `generated`, or `none`; in the arguments @VIDEO@ stands for
# it. $FRAMES is how many of them, 4 if not set. 77 (skipped) where the video, its
# decoder or a Vulkan device is missing, or the command says so.
set -eu

wanted=$1
video=$2
shift 2

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

case $video in
  none) ;;
  generated)
    video=$folder/generated.mkv
    gst-launch-1.0 -q videotestsrc num-buffers=6 pattern=smpte ! \
      video/x-raw,format=I420,width=320,height=240 ! jpegenc ! matroskamux ! \
      filesink location="$video"
    ;;
  *)
    if [ ! -r "$video" ]; then
      echo "skipped: there is no $video"
      exit 77
    fi
    if ! gst-inspect-1.0 --exists avdec_h264; then
      echo "skipped: no decoder for H.264 (gst-libav)"
      exit 77
    fi
    ;;
esac

picture=''
n=$#
while [ "$n" -gt 0 ]; do
  argument=$1
  shift
  [ "$argument" != @VIDEO@ ] || argument=$video
  case $argument in *.png) picture=$argument ;; esac
  set -- "$@" "$argument"
  n=$((n - 1))
done

[ -z "$picture" ] || echo "of an earlier run" >"$picture"
status=0
FRAMES=${FRAMES:-4} "$@" >"$folder/output" 2>&1 || status=$?
if [ "$status" != 0 ]; then
  cat "$folder/output"
  [ "$status" != 77 ] || exit 77
  if [ -z "${CLV_REQUIRE_DEVICE:-}" ] &&
    grep -qE 'no (usable )?Vulkan (driver|device)' "$folder/output"; then
    echo "skipped: no Vulkan device"
    exit 77
  fi
  echo "failed: $*"
  exit 1
fi
cat "$folder/output"
if [ -n "$wanted" ] && ! grep -q "$wanted" "$folder/output"; then
  echo "failed: wanted \"$wanted\" in the output of $*"
  exit 1
fi
if [ -n "$picture" ] && ! head -c 4 "$picture" | grep -q PNG; then
  echo "failed: wanted a PNG file in $picture"
  exit 1
fi
