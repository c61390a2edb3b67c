#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Runs the kernels for GPUs in a Debian unstable chroot, whose software driver has cooperative matrices: the tests of
# the kernels, and the small goldens, with each family. A nightly job: it needs a quarter of an hour, and a release that
# moves.
#
# The chroot is $CLV_UNSTABLE (default /var/tmp/clv-debian-unstable). Exit status: 0 passed, 77 skipped because a chroot
# cannot be made here, otherwise failed.
set -euo pipefail

exec "$(dirname "${BASH_SOURCE[0]}")/chroot.sh" sid "${CLV_UNSTABLE:-/var/tmp/clv-debian-unstable}" scripts/test.sh coop
