#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Builds and tests in a Debian 13 chroot: other versions of everything, GStreamer 1.26 among them, and a driver that
# compiles for GPUs that are not here (tests/gpu).
#
#   debian13.sh [LOG.json]     copies meson's test log there
#   debian13.sh --gate         only builds and runs tests/gpu, and shows its tables
#   debian13.sh --peers GGML NCNN
#                              the same for the shaders of checkouts of ggml and ncnn, of which nothing is kept; -: none
#
# The chroot is $CLV_CHROOT (default /var/tmp/clv-debian13). Exit status: 0 passed, 77 skipped because a chroot cannot be
# made here, otherwise failed.
set -euo pipefail

scripts=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
chroot=${CLV_CHROOT:-/var/tmp/clv-debian13}
inside=$chroot/srv/clv/build/gcc/meson-logs/gcc.json
export CLV_REQUIRE_GATE=1 CLV_REQUIRE_DMABUF=1 CLV_REQUIRE_POSTGRESQL=1

# run_gate COMMAND…: in the chroot, once the gate is built.
run_gate() {
  "$scripts/chroot.sh" trixie "$chroot" bash -euc '
    scripts/setup.sh test
    if [ ! -f build/gcc/build.ninja ]; then meson setup build/gcc -Dwerror=true >/dev/null; fi
    ninja -C build/gcc tests/gpu/gpu-gate >build/gate.log || { tail -n 40 build/gate.log; exit 1; }
    exec "$@" 2>/dev/null' - "$@" # the driver warns that there is no GPU
}

# The chroot gets a copy of this tree, so they are put in it for a moment.
judge_peers() {
  local peers=$scripts/../.peers i
  local -a folders=("$peers/ggml" "$peers/ncnn")
  trap 'rm -rf "$scripts/../.peers"' EXIT
  for i in 1 2; do
    if [ "${!i}" = - ]; then
      folders[i - 1]=-
      continue
    fi
    mkdir -p "${folders[i - 1]}/src"
    (cd "${!i}" && find src -path '*/vulkan*' -regex '.*\.\(comp\|glsl\)' -exec cp --parents -t "${folders[i - 1]}" {} +)
    folders[i - 1]=.peers/$(basename "${folders[i - 1]}")
  done
  run_gate tests/gpu/peers.sh build/gcc/tests/gpu/gpu-gate "${folders[@]}"
}

case "${1:-}" in
  --gate)
    run_gate build/gcc/tests/gpu/gpu-gate
    exit
    ;;
  --peers)
    if [ $# != 3 ]; then echo "usage: debian13.sh --peers GGML NCNN" >&2; exit 2; fi
    judge_peers "$2" "$3"
    exit
    ;;
esac

rm -f "$inside"
code=0
"$scripts/chroot.sh" trixie "$chroot" scripts/test.sh --quick || code=$?
if [ -n "${1:-}" ] && [ -f "$inside" ]; then cp "$inside" "$1"; fi
exit "$code"
