#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Installs the packages that are missing.
#
#   setup.sh [demo|test]     build and run (default), or what the tests need too
#   setup.sh --list SET      only print the packages of a set
#
# With apt, as root or through sudo. Without either it names what is missing and stops with 1.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
list=${CLV_PACKAGES:-$here/packages.txt}

# rows SET: "package set kind argument" of every row that the set includes.
rows() {
  local wanted=$1 package set kind argument
  while read -r package set kind argument; do
    case $package in '' | '#'*) continue ;; esac
    if [ "$set" = demo ] || [ "$wanted" = test ]; then
      echo "$package $set $kind $argument"
    fi
  done <"$list"
}

have_dpkg() { [ "${CLV_NO_APT:-0}" = 0 ] && command -v dpkg-query >/dev/null; }
have_apt() { [ "${CLV_NO_APT:-0}" = 0 ] && command -v apt-get >/dev/null; }

# Vulkan's loader looks for its JSON files here.
vulkan_files() {
  local folder
  for folder in /etc/vulkan /usr/share/vulkan /usr/local/share/vulkan "${XDG_DATA_HOME:-$HOME/.local/share}/vulkan"; do
    if [ -d "$folder/$1" ]; then find "$folder/$1" -name '*.json'; fi
  done
}

probe() {
  case $1 in
    cmd) command -v "$2" >/dev/null ;;
    pc) pkg-config --exists "$2" 2>/dev/null ;;
    gst) gst-inspect-1.0 --exists "$2" 2>/dev/null ;;
    icd) [ -n "$(vulkan_files icd.d)" ] || [ -n "${VK_ICD_FILENAMES:-}${VK_DRIVER_FILES:-}" ] ;;
    layer) vulkan_files explicit_layer.d | xargs -r grep -l "$2" >/dev/null ;;
    py) /usr/bin/python3 -c "import $2" 2>/dev/null ;;
    *) echo "setup: $list: unknown probe '$1'" >&2; exit 2 ;;
  esac
}

# missing SET: packages that are not there, "package set" a line.
missing() {
  local package set kind argument installed=
  if have_dpkg; then
    installed=$(dpkg-query -W -f='${db:Status-Status} ${Package}\n' | sed -n 's/^installed //p')
  fi
  rows "$1" | while read -r package set kind argument; do
    if have_dpkg; then
      grep -qxF -- "$package" <<<"$installed" || provided "$package" || echo "$package $set"
    else
      probe "$kind" "$argument" || echo "$package $set"
    fi
  done
}

# Debian 13's pkg-config, say, is pkgconf under another name.
provided() {
  dpkg-query -W -f='${db:Status-Status} ${Provides}\n' 2>/dev/null |
    grep '^installed ' | tr ',' '\n' | sed 's/^installed//; s/^ *//; s/ .*//' | grep -qxF -- "$1"
}

install_all() {
  local -a as_root=() packages=()
  local package set
  if [ "$(id -u)" != 0 ]; then as_root=(sudo); fi
  export DEBIAN_FRONTEND=noninteractive

  echo "setup: apt-get update"
  # A third party's repository that does not answer must not stop us; a missing package will.
  "${as_root[@]}" apt-get update -qq || echo "setup: some package lists could not be read" >&2
  while read -r package set; do
    if [ "$set" = extra ] && ! apt-cache show "$package" >/dev/null 2>&1; then
      echo "setup: this release has no $package; going on without it"
    else
      packages+=("$package")
    fi
  done <<<"$1"
  if [ ${#packages[@]} = 0 ]; then return; fi
  echo "setup: installing ${packages[*]}"
  "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive \
    apt-get install -y -qq --no-install-recommends "${packages[@]}" >"$log" 2>&1 ||
    { tail -n 20 "$log" >&2; echo "setup: apt-get install failed" >&2; exit 1; }
}

main() {
  local set=${1:-demo} lacking required
  case $set in
    --list) rows "${2:-demo}" | cut -d ' ' -f 1; return ;;
    demo | test) ;;
    *) echo "usage: setup.sh [demo|test] | --list demo|test" >&2; exit 2 ;;
  esac

  lacking=$(missing "$set")
  if [ -z "$lacking" ]; then echo "setup: nothing is missing"; return; fi
  required=$(sed -n '/ extra$/!s/ .*//p' <<<"$lacking" | tr '\n' ' ')

  if have_apt && { [ "$(id -u)" = 0 ] || command -v sudo >/dev/null; }; then
    log=$(mktemp)
    trap 'rm -f "$log"' EXIT
    install_all "$lacking"
    return
  fi
  if [ -z "$required" ]; then return; fi
  if have_apt; then
    echo "setup: missing; as root: apt-get install $required" >&2
  else
    echo "setup: there is no apt here. Missing (Debian's names): $required" >&2
  fi
  exit 1
}

main "$@"
