#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Runs the kernels for GPUs in a Debian unstable chroot, whose software driver has cooperative matrices: the tests of
# the kernels, and the small goldens, with each family. A minute, once the chroot is made.
#
#   debian-unstable.sh [LOG.json]     puts meson's test logs there
#
# The chroot is $CLV_UNSTABLE (default /var/tmp/clv-debian-unstable). Exit status: 0 passed, 77 skipped because a chroot
# cannot be made here, otherwise failed.
set -euo pipefail

scripts=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
chroot=${CLV_UNSTABLE:-/var/tmp/clv-debian-unstable}
inside=$chroot/srv/clv/build/coop/meson-logs
export CLV_REQUIRE_COOP=1

rm -f "$inside"/{tile,coop}.json
code=0
"$scripts/chroot.sh" sid "$chroot" scripts/test.sh coop || code=$?
if [ -n "${1:-}" ]; then cat "$inside"/{tile,coop}.json >"$1" 2>/dev/null || true; fi
exit "$code"
