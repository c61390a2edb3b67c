#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Runs a command in a chroot of another Debian release, in a copy of these sources.
#
#   chroot.sh RELEASE FOLDER COMMAND…    e.g. trixie /var/tmp/clv-debian13 scripts/test.sh --quick
#
# The chroot is made once and used again; builds in build/ are kept there. $CLV_MIRROR is where packages come from. The
# goldens' models and ../shared are mounted where the tests find them. $CLV_REQUIRE_COOP, $CLV_REQUIRE_GATE, $CLV_REQUIRE_DMABUF and
# $CLV_REQUIRE_POSTGRESQL are passed on: tests that need what this release has must not skip themselves. Exit status: that of the command, or 77 because a
# chroot cannot be made here.
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
mirror=${CLV_MIRROR:-http://deb.debian.org/debian}
goldens=${CLV_GOLDEN_MODELS:-/var/tmp/clv-golden-models}

if [ $# -lt 3 ]; then echo "usage: chroot.sh RELEASE FOLDER COMMAND…" >&2; exit 2; fi
release=$1 chroot=$2
shift 2

skip() {
  echo "SKIPPED $release: $1"
  exit 77
}

if [ "${CLV_IN_CHROOT:-0}" = 1 ]; then skip "this is a chroot"; fi
if [ "$(id -u)" != 0 ]; then skip "only root can make a chroot"; fi
command -v debootstrap >/dev/null || skip "there is no debootstrap"
unshare --mount true 2>/dev/null || skip "mount namespaces are not allowed here"

make_chroot() {
  local output
  if [ -f "$chroot/etc/debian_version" ]; then return; fi
  echo "chroot: making $chroot"
  rm -rf "$chroot.part"
  output=$(mktemp)
  if ! nice debootstrap --variant=minbase "$release" "$chroot.part" "$mirror" >"$output" 2>&1; then
    tail -n 5 "$output"
    rm -rf "$chroot.part" "$output"
    # Somebody without a network can still run the other tests; CI must not lose this one unseen.
    if [ -n "${CI:-}" ]; then echo "chroot: debootstrap failed" >&2; exit 1; fi
    skip "debootstrap failed"
  fi
  rm -f "$output"
  # Unstable's lists are valid for a week; a machine whose clock is ahead could not install anything.
  if [ "$release" = sid ]; then echo 'Acquire::Check-Valid-Until "false";' >"$chroot.part/etc/apt/apt.conf.d/99clv"; fi
  mv "$chroot.part" "$chroot"
}

# The sources without what git ignores, and with new times: the build of the last run is kept, and an older time would
# not be seen as a change. shared/ beside them where the tests find it here.
copy_tree() {
  mkdir -p "$chroot/srv/clv" "$chroot/var/tmp/clv-golden-models"
  # An empty folder would look like one that lost its files.
  if [ -d "$root/../shared" ]; then mkdir -p "$chroot/srv/shared"; else rm -rf "$chroot/srv/shared"; fi
  find "$chroot/srv/clv" -mindepth 1 -maxdepth 1 ! -name build -exec rm -rf {} +
  tar -C "$root" --exclude='./build*' --exclude=./.git --exclude=__pycache__ -cf - . | tar -C "$chroot/srv/clv" -xmf -
  cp /etc/resolv.conf "$chroot/etc/resolv.conf"
  # Packages with a server do not start it there; the tests have their own.
  printf '#!/bin/sh\nexit 101\n' >"$chroot/usr/sbin/policy-rc.d"
  chmod 755 "$chroot/usr/sbin/policy-rc.d"
}

# In a mount namespace of its own: whatever happens, nothing stays mounted.
# shellcheck disable=SC2016 # the inner shell expands them
run_inside() {
  ROOT=$root CHROOT=$chroot GOLDENS=$goldens CI=${CI:-} unshare --mount bash -euc '
    mount -t proc proc "$CHROOT/proc"
    mount --rbind /dev "$CHROOT/dev"
    if [ -d "$ROOT/../shared" ]; then mount --bind -o ro "$ROOT/../shared" "$CHROOT/srv/shared"; fi
    mkdir -p "$GOLDENS"
    mount --bind "$GOLDENS" "$CHROOT/var/tmp/clv-golden-models"
    exec chroot "$CHROOT" env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LANG=C.UTF-8 CLV_IN_CHROOT=1 \
      CLV_REQUIRE_DEVICE=1 CLV_REQUIRE_COOP="${CLV_REQUIRE_COOP:-}" CLV_REQUIRE_GATE="${CLV_REQUIRE_GATE:-}" \
      CLV_REQUIRE_DMABUF="${CLV_REQUIRE_DMABUF:-}" CLV_REQUIRE_POSTGRESQL="${CLV_REQUIRE_POSTGRESQL:-}" bash -c "cd /srv/clv && exec \"\$@\"" - "$@"' - "$@"
}

# Two runs at a time would take each other's sources away.
mkdir -p "$(dirname "$chroot")"
exec 9>"$chroot.lock"
flock 9
make_chroot
copy_tree
run_inside "$@"
