#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Measures clv, and other programs beside it on the same weights and the same cores. docs/performance.md says what each
# figure means.
#
#   bench.sh [--quick] [--only MODEL]… [--no-peers] [--json FILE] [--markdown FILE] [--svg FILE] [--build DIR]
#
# The first run makes an environment with the other programs, from PyPI, in ~/.cache/clv-bench ($CLV_BENCH_DIR), and
# models of the real sizes with random weights in /var/tmp/clv-golden-models ($CLV_GOLDEN_MODELS), by
# ../shared/goldens. After that nothing is downloaded. What cannot be had is left out, and named at the end.
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
bench_dir=${CLV_BENCH_DIR:-${XDG_CACHE_HOME:-${HOME:-/tmp}/.cache}/clv-bench}
models=${CLV_GOLDEN_MODELS:-/var/tmp/clv-golden-models}
goldens=$root/../shared/goldens
venv=$bench_dir/venv
peers=(numpy onnx onnxruntime openvino ncnn)

# What the driver wants to know too.
build='' want_peers=1
wanted=()
args=("$@")
while [ $# -gt 0 ]; do
  case $1 in
    --build) build=${2:-} ;;
    --build=*) build=${1#*=} ;;
    --only) wanted+=("${2:-}") ;;
    --only=*) wanted+=("${1#*=}") ;;
    --no-peers) want_peers=0 ;;
    -h | --help) exec /usr/bin/python3 "$root/bench/bench.py" --help ;;
  esac
  shift
done
if [ ${#wanted[@]} = 0 ]; then wanted=(demo vit-b-32 vit-b-16); fi

# A name that does not exist must not cost an environment and a model first.
/usr/bin/python3 "$root/bench/bench.py" --check "${args[@]}" || exit $?

say() { echo "bench: $*" >&2; }

# A release build of its own, where none is given.
if [ -z "$build" ]; then
  "$root/scripts/setup.sh" demo >&2
  build=$root/build/bench/release
  mkdir -p "$root/build/bench"
  if [ ! -f "$build/build.ninja" ]; then
    meson setup "$build" "$root" --buildtype=release >"$build.log" 2>&1 || { tail -n 20 "$build.log" >&2; exit 1; }
  fi
  ninja -C "$build" >"$build.log" 2>&1 || { tail -n 20 "$build.log" >&2; exit 1; }
  args+=(--build "$build")
fi

make_environment() {
  say "making $venv"
  mkdir -p "$bench_dir"
  rm -rf "$venv.part"
  /usr/bin/python3 -m venv --copies "$venv.part" >"$bench_dir/venv.log" 2>&1 || return 1
  # Those that PyPI has for this machine; one that is missing does not take the others along.
  "$venv.part/bin/python" -m pip install --quiet numpy >>"$bench_dir/venv.log" 2>&1 || return 1
  for package in "${peers[@]}"; do
    "$venv.part/bin/python" -m pip install --quiet "$package" >>"$bench_dir/venv.log" 2>&1 || say "no $package here"
  done
  mv "$venv.part" "$venv"
}

if [ $want_peers = 1 ]; then
  if [ -x "$venv/bin/python" ] || make_environment; then
    args+=(--python "$venv/bin/python")
  else
    say "no environment with the other programs ($bench_dir/venv.log); on Debian it needs python3-venv and the network"
  fi
fi

# A model of the real size, as tests/golden makes it.
make_model() {
  local name=$1 python part
  if [ -d "$models/$name" ]; then return; fi
  for python in "$venv/bin/python" /usr/bin/python3; do
    if "$python" -c 'import numpy' 2>/dev/null; then break; fi
  done
  say "making $models/$name"
  mkdir -p "$models"
  part=$(mktemp -d "$models/$name.XXXXXX")
  if "$python" "$goldens/make_model.py" "$name" "$part"; then mv -T "$part" "$models/$name"; else rm -rf "$part"; fi
}

if [ -d "$goldens" ]; then
  for name in "${wanted[@]}"; do
    case $name in vit-b-*) make_model "$name" ;; esac
  done
  args+=(--models "$models")
else
  say "there is no ../shared/goldens here: only the demo model is measured"
fi

exec /usr/bin/python3 "$root/bench/bench.py" "${args[@]}"
