#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Builds and tests in a Debian 13 chroot: other versions of everything, GStreamer 1.26 among them.
#
#   debian13.sh [LOG.json]     copies meson's test log there
#
# The chroot is made once, in $CLV_CHROOT (default /var/tmp/clv-debian13), and used again. Exit status: 0 passed,
# 77 skipped because a chroot cannot be made here, otherwise failed.
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
chroot=${CLV_CHROOT:-/var/tmp/clv-debian13}
mirror=${CLV_MIRROR:-http://deb.debian.org/debian}
goldens=${CLV_GOLDEN_MODELS:-/var/tmp/clv-golden-models}
log=${1:-}

skip() {
  echo "SKIPPED debian13: $1"
  exit 77
}

if [ "${CLV_IN_CHROOT:-0}" = 1 ]; then skip "this is the chroot"; fi
if [ "$(id -u)" != 0 ]; then skip "only root can make a chroot"; fi
command -v debootstrap >/dev/null || skip "there is no debootstrap"
unshare --mount true 2>/dev/null || skip "mount namespaces are not allowed here"

make_chroot() {
  local output
  if [ -f "$chroot/etc/debian_version" ]; then return; fi
  echo "debian13: making $chroot"
  rm -rf "$chroot.part"
  output=$(mktemp)
  if ! debootstrap --variant=minbase trixie "$chroot.part" "$mirror" >"$output" 2>&1; then
    tail -n 5 "$output"
    rm -rf "$chroot.part" "$output"
    # Somebody without a network can still run the other tests; CI must not lose this one unseen.
    if [ -n "${CI:-}" ]; then echo "debian13: debootstrap failed" >&2; exit 1; fi
    skip "debootstrap failed"
  fi
  rm -f "$output"
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
}

# In a mount namespace of its own: whatever happens, nothing stays mounted.
# shellcheck disable=SC2016 # the inner shell expands them
run_inside() {
  ROOT=$root CHROOT=$chroot GOLDENS=$goldens unshare --mount bash -euc '
    mount -t proc proc "$CHROOT/proc"
    mount --rbind /dev "$CHROOT/dev"
    if [ -d "$ROOT/../shared" ]; then mount --bind -o ro "$ROOT/../shared" "$CHROOT/srv/shared"; fi
    mkdir -p "$GOLDENS"
    mount --bind "$GOLDENS" "$CHROOT/var/tmp/clv-golden-models"
    exec chroot "$CHROOT" env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LANG=C.UTF-8 CLV_IN_CHROOT=1 \
      CLV_REQUIRE_DEVICE=1 bash /srv/clv/scripts/test.sh --quick'
}

make_chroot
copy_tree
rm -f "$chroot/srv/clv/build/gcc/meson-logs/gcc.json"
code=0
run_inside || code=$?
if [ -n "$log" ] && [ -f "$chroot/srv/clv/build/gcc/meson-logs/gcc.json" ]; then
  cp "$chroot/srv/clv/build/gcc/meson-logs/gcc.json" "$log"
fi
exit "$code"
