#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Builds the Debian packages of debian/ from this tree into build/packages, and looks at them.
#
#   debian-packages.sh              builds, runs lintian (if it is there), and tries them unpacked
#   debian-packages.sh --try        only tries what is in build/packages
#   debian-packages.sh --try-installed
#                                   the same with packages that are installed
#
# Only what git tracks goes in, as it is in the working tree. Needs dpkg-dev, debhelper and what debian/control asks for;
# without gstreamer-vulkan the plugin is built without Vulkan images. $DEB_BUILD_OPTIONS is heeded: nocheck
# leaves the tests out, parallel=N limits the build. Exit status: 0 built and tried, otherwise not.
set -euo pipefail

cd "$(dirname "${BASH_SOURCE[0]}")/.."
packages=build/packages
options=${DEB_BUILD_OPTIONS:-"parallel=$(nproc)"}

fail() {
  echo "debian-packages: $1" >&2
  exit 1
}

tracked_files() {
  if git rev-parse --git-dir >/dev/null 2>&1; then
    git ls-files -z
  else
    find . -path './build*' -prune -o -name __pycache__ -prune -o -type f -print0
  fi
}

# check_version: Debian's changelog and meson.build must agree.
check_version() {
  local ours
  ours=$(sed -n "s/^  version: '\(.*\)',/\1/p" meson.build)
  [ "$version" = "$ours" ] || fail "debian/changelog: version $version, but meson.build has $ours"
}

build_packages() {
  local folder=$packages.part
  local -a profile=()
  rm -rf "$folder"
  mkdir -p "$folder/clv-$version"
  tracked_files | tar --null -T - -cf - | tar -C "$folder/clv-$version" -xf -

  if ! pkg-config --exists gstreamer-vulkan-1.0; then
    echo "debian-packages: there is no gstreamer-vulkan here; building without Vulkan images"
    profile=(--build-profiles=pkg.clv.novulkanmemory)
  fi
  (cd "$folder/clv-$version" &&
    DEB_BUILD_OPTIONS=$options dpkg-buildpackage -b -us -uc "${profile[@]}") >"$folder/build.log" 2>&1 || {
    tail -n 40 "$folder/build.log" >&2
    fail "dpkg-buildpackage failed; all of it is in $folder/build.log"
  }
  rm -rf "$folder/clv-$version" "$packages"
  mv "$folder" "$packages"
}

check_lintian() {
  if ! command -v lintian >/dev/null; then
    echo "debian-packages: there is no lintian here"
    return
  fi
  lintian --allow-root --fail-on error,warning "$packages"/*.changes || fail "lintian complains"
}

# try_programs ROOT: what each package brings, under a folder or (with '') installed. grep reads to the end: what
# writes must not see its pipe closed.
try_programs() {
  local doc=$1/usr/share/doc built flags program
  "$1/usr/bin/clv" info | grep demo >/dev/null || fail "clv info does not know the demo model"
  "$1/usr/bin/clv" tag --prompts "colour bars; snow" --format csv "$doc/gstreamer1.0-clv/overlay.png" |
    grep ',snow,' >/dev/null || fail "clv tag found no scores"
  gst-inspect-1.0 cliptag | grep prompts-file >/dev/null || fail "there is no cliptag"
  gst-launch-1.0 -q videotestsrc num-buffers=1 ! cliptag prompts="colour bars; snow" ! cliptojson ! fakesink ||
    fail "a pipeline failed"

  flags=$(pkg-config --cflags --libs gstclip-1.0) || fail "pkg-config does not know gstclip-1.0"
  built=$(mktemp -d)
  # shellcheck disable=SC2086 # words
  for program in read-meta score-picture; do
    gcc -Wall -Werror -o "$built/$program" "$doc/libclv-dev/examples/$program.c" $flags || fail "libclv-dev is not enough"
  done
  head -c 300 /dev/zero | "$built/score-picture" 10 10 "a black picture; a red square" | grep '  a black picture' >/dev/null ||
    fail "the library has no scores"
  rm -rf "$built"
  if /usr/bin/python3 -c 'import gi' 2>/dev/null; then
    /usr/bin/python3 "$doc/gir1.2-clv-1.0/examples/camera-tags.py" "colour bars; snow" none 100 >/dev/null ||
      fail "the application in Python failed"
  fi
}

# The packages' files under a folder, found by variables: nothing is installed.
try_unpacked() {
  local deb lib
  root=$(mktemp -d)
  trap 'rm -rf "$root"' EXIT
  for deb in "$packages"/*.deb; do dpkg-deb --extract "$deb" "$root"; done
  lib=$root/usr/lib/$(dpkg-architecture -qDEB_HOST_MULTIARCH)
  sed -i "s,^prefix=.*,prefix=$root/usr," "$lib/pkgconfig/gstclip-1.0.pc"

  unset CLV_MODEL_PATH CLV_CACHE_DIR
  export LD_LIBRARY_PATH=$lib GST_PLUGIN_PATH=$lib/gstreamer-1.0 GI_TYPELIB_PATH=$lib/girepository-1.0
  export XDG_DATA_DIRS=$root/usr/share:/usr/share XDG_DATA_HOME=$root/home XDG_CACHE_HOME=$root/cache
  export GST_REGISTRY=$root/registry.bin PKG_CONFIG_PATH=$lib/pkgconfig
  try_programs "$root"
  echo "debian-packages: $(find "$packages" -name '*.deb' | wc -l) packages in $packages, tried unpacked"
}

case ${1:-} in
  --try) try_unpacked ;;
  --try-installed) try_programs '' ;;
  '')
    version=$(dpkg-parsechangelog -S Version)
    check_version
    build_packages
    check_lintian
    try_unpacked
    ;;
  *) echo "usage: debian-packages.sh [--try | --try-installed]" >&2; exit 2 ;;
esac
