#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Builds and tests in a Debian 13 chroot: other versions of everything, GStreamer 1.26 among them, and a driver that
# compiles for GPUs that are not here (tests/gpu).
#
#   debian13.sh [LOG.json]     copies meson's test log there
#   debian13.sh --gate         only builds and runs tests/gpu, and shows its tables
#
# The chroot is $CLV_CHROOT (default /var/tmp/clv-debian13). Exit status: 0 passed, 77 skipped because a chroot cannot be
# made here, otherwise failed.
set -euo pipefail

scripts=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
chroot=${CLV_CHROOT:-/var/tmp/clv-debian13}
inside=$chroot/srv/clv/build/gcc/meson-logs/gcc.json
export CLV_REQUIRE_GATE=1

if [ "${1:-}" = --gate ]; then
  exec "$scripts/chroot.sh" trixie "$chroot" bash -euc '
    scripts/setup.sh test
    if [ ! -f build/gcc/build.ninja ]; then meson setup build/gcc -Dwerror=true >/dev/null; fi
    ninja -C build/gcc tests/gpu/gpu-gate >build/gate.log || { tail -n 40 build/gate.log; exit 1; }
    exec build/gcc/tests/gpu/gpu-gate 2>/dev/null' # the driver warns that there is no GPU
fi

rm -f "$inside"
code=0
"$scripts/chroot.sh" trixie "$chroot" scripts/test.sh --quick || code=$?
if [ -n "${1:-}" ] && [ -f "$inside" ]; then cp "$inside" "$1"; fi
exit "$code"
