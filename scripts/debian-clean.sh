#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Installs Debian packages as a user does, on a Debian that has nothing else, tries them, and removes them again.
#
#   debian-clean.sh RELEASE [FOLDER]    FOLDER: of the packages; default build/packages
#
# The system is a copy of $CLV_CLEAN_BASE-RELEASE (default /var/tmp/clv-clean-RELEASE), which is made once by debootstrap and
# keeps what was downloaded. Exit status: 0 all is well, 77 skipped because a chroot cannot be made here, otherwise failed.
set -euo pipefail

cd "$(dirname "${BASH_SOURCE[0]}")/.."

fail() {
  echo "debian-clean: $1" >&2
  exit 1
}

quietly() {
  local log
  log=$(mktemp)
  "$@" >"$log" 2>&1 || { tail -n 20 "$log" >&2; fail "failed: $*"; }
  rm -f "$log"
}

# What follows runs inside, on a system that is thrown away.

check_removed() {
  local file
  while read -r file; do
    # Folders are shared with other packages, but for those of our name.
    if [ -f "$file" ] || [[ -d $file && $file == */clv* ]]; then fail "$file is still there"; fi
  done <installed-files
  if dpkg-query -W "${names[@]}" 2>/dev/null | grep .; then fail "packages are still known"; fi
  if gst-inspect-1.0 --exists cliptag; then fail "cliptag is still there"; fi
}

inside() {
  local -a names
  export DEBIAN_FRONTEND=noninteractive CLV_CACHE_DIR=/tmp/clv-cache
  mapfile -t names < <(for deb in build/packages/*.deb; do dpkg-deb --field "$deb" Package; done)
  quietly apt-get update
  # What somebody has who writes programs, and what looks at elements.
  quietly apt-get install -y --no-install-recommends gcc gstreamer1.0-tools libc6-dev pkg-config python3-gi
  quietly apt-get install -y ./build/packages/*.deb
  dpkg -L "${names[@]}" | sort -u >installed-files

  scripts/debian-packages.sh --try-installed
  quietly apt-get purge -y "${names[@]}"
  check_removed
  echo "debian-clean: ${#names[@]} packages installed, tried and removed on Debian $(cat /etc/debian_version)"
}

main() {
  local release=$1 folder=${2:-build/packages} base code=0
  base=${CLV_CLEAN_BASE:-/var/tmp/clv-clean}-$release
  [ -n "$(find "$folder" -name '*.deb' 2>/dev/null)" ] || fail "there are no packages in $folder"

  scripts/chroot.sh "$release" "$base" true || exit
  system=$(mktemp -d "$base.XXXXXX")
  trap 'rm -rf "$system" "$system.lock"' EXIT
  cp -a "$base/." "$system"
  mkdir -p "$system/srv/clv/build/packages"
  cp "$folder"/*.deb "$system/srv/clv/build/packages"
  scripts/chroot.sh "$release" "$system" scripts/debian-clean.sh --inside || code=$?
  cp -n "$system"/var/cache/apt/archives/*.deb "$base/var/cache/apt/archives" 2>/dev/null || true
  exit "$code"
}

case ${1:-} in
  --inside) inside ;;
  '' | -*) echo "usage: debian-clean.sh RELEASE [FOLDER]" >&2; exit 2 ;;
  *) main "$@" ;;
esac
