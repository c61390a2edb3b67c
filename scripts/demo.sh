#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# The main job, from nothing: installs what is missing, builds, makes a short video, tags it with the demo model.
#
#   demo.sh [FOLDER]     where the results go (default: build/demo/results)
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
results=$(realpath -m "${1:-$root/build/demo/results}")
build=$root/build/demo

# Scenes as videotestsrc draws them, two seconds each: size of the drawing, pattern, and what the pattern needs besides.
# All are enlarged to 480 × 360. The model was trained on drawings of its own, never on these.
scenes=(
  '480x360 smpte' '480x360 snow' '480x360 black' '80x60 checkers-8' '480x360 red' '480x360 zone-plate kx2=20 ky2=20'
  '160x120 ball' '480x360 gradient'
)
prompts='colour bars; snow; a black screen; a checkerboard; a red screen; a zone plate; a white circle; a gradient;
  a blue screen; diagonal stripes; a green triangle'

step() { printf '\n=== %s\n' "$1"; }

make_video() {
  local -a pipeline=(concat name=scenes ! videoconvert ! vp8enc deadline=1 cpu-used=4 end-usage=cq cq-level=10
    target-bitrate=8000000 keyframe-max-dist=25 ! webmmux ! filesink "location=$1.part")
  local scene size pattern more
  for scene in "${scenes[@]}"; do
    read -r size pattern more <<<"$scene"
    # shellcheck disable=SC2206,SC2054 # several properties; commas of caps
    pipeline+=(videotestsrc num-buffers=50 "pattern=$pattern" $more !
      "video/x-raw,format=I420,width=${size%x*},height=${size#*x},framerate=25/1" !
      videoscale method=nearest-neighbour ! video/x-raw,width=480,height=360 ! queue ! scenes.)
  done
  gst-launch-1.0 -q "${pipeline[@]}"
  mv "$1.part" "$1"
}

tag() { "$build/tools/clv" tag --prompts "$prompts" --rate 5 --threshold 0.5 "$@" demo.webm; }

step "packages"
"$root/scripts/setup.sh" demo

step "build (build/demo)"
mkdir -p "$build"
meson setup "$build" "$root" --buildtype=release >"$build/setup.log" 2>&1 || { tail -n 20 "$build/setup.log"; exit 1; }
ninja -C "$build" tools/clv plugin/libgstclv.so

mkdir -p "$results"
cd "$results"
export CLV_MODEL_PATH="$root/models"

step "a video of ${#scenes[@]} scenes"
make_video demo.webm
ls -lh demo.webm

step "tags"
tag --format jsonl --output demo.jsonl
tag --format vtt --output demo.vtt
tag

step "done"
q() { printf '%q' "$1"; }
cat <<END
In $results:
  demo.webm   the video
  demo.jsonl  every inferred frame with all scores
  demo.vtt    the tags as WebVTT: a player shows them beside the video

The same in a pipeline:
  export GST_PLUGIN_PATH=$(q "$build/plugin") CLV_MODEL_PATH=$(q "$root/models")
  gst-launch-1.0 -m filesrc location=$(q "$results/demo.webm") ! decodebin ! cliptag prompts="colour bars; snow" ! fakesink
END
