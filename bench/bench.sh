#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# clv beside ONNX Runtime float32 on the same two cores, taking turns; see vs-onnxruntime.py.
#
#   bench.sh [MODEL_DIR [OPTION…]]     e.g. bench.sh /models/clip-vit-base-patch32 --batch 8 --precision fp16
#
# Without MODEL_DIR: the ViT-B/32 with random weights that ../shared/goldens/make_model.py writes. ONNX Runtime comes
# from PyPI into build/bench/venv and nowhere else.
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
build=$root/build/bench
model=${1:-}
if [ $# -gt 0 ]; then shift; fi

"$root/scripts/setup.sh" demo
mkdir -p "$build"
meson setup "$build/meson" "$root" --buildtype=release >"$build/setup.log" 2>&1 ||
  { tail -n 20 "$build/setup.log"; exit 1; }
ninja -C "$build/meson" bench/bench-encode >"$build/build.log" || { tail -n 20 "$build/build.log"; exit 1; }

if [ ! -x "$build/venv/bin/python" ]; then
  python3 -m venv "$build/venv" || { echo "bench: on Debian this needs python3-venv" >&2; exit 1; }
  "$build/venv/bin/pip" install --quiet onnxruntime onnx numpy
fi

if [ -z "$model" ]; then
  model=${CLV_GOLDEN_MODELS:-/var/tmp/clv-golden-models}/vit-b-32
  if [ ! -d "$model" ]; then
    "$build/venv/bin/python" "$root/../shared/goldens/make_model.py" vit-b-32 "$model.part"
    mv "$model.part" "$model"
  fi
fi

# The same two cores for both: lavapipe takes LP_NUM_THREADS, ONNX Runtime --threads.
exec env LP_NUM_THREADS=2 taskset -c 0,1 \
  "$build/venv/bin/python" "$root/bench/vs-onnxruntime.py" "$build/meson/bench/bench-encode" "$model" "$@"
