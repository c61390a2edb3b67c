#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Whether scripts/test.sh notices what happens in a chroot: a copy of it beside scripts that only pretend.
set -euo pipefail

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir "$work/scripts"
cp "$(dirname "${BASH_SOURCE[0]}")/../../scripts/test.sh" "$work/scripts/"
printf '#!/bin/sh\n' >"$work/scripts/setup.sh"
chmod +x "$work/scripts/setup.sh"

n=0
# stage NAME LAST-LINE CODE LOG-LINE…: what the chroot's script leaves, and what test.sh has to say.
stage() {
  local name=$1 last=$2 code=$3 found
  shift 3
  n=$((n + 1))
  # shellcheck disable=SC2016 # for the script
  {
    echo '#!/bin/sh'
    if [ $# -gt 0 ]; then printf "echo '%s' >>\"\$1\"\n" "$@"; fi
    echo "exit $code"
  } >"$work/scripts/debian13.sh"
  chmod +x "$work/scripts/debian13.sh"
  found=$("$work/scripts/test.sh" debian13 2>&1 | tail -n 1) || true
  if [ "$found" = "$last" ]; then
    echo "ok $n - $name"
  else
    echo "not ok $n - $name"
    echo "# wanted: $last; found: $found"
  fi
}

good='{"name": "a", "result": "OK"}' bad='{"name": "b", "result": "FAIL"}'
unset CLV_IN_CHROOT
stage "tests that pass are counted" '2 passed, 0 failed, 0 skipped' 0 "$good" "$good"
stage "a failed test is counted once" '1 passed, 1 failed, 0 skipped' 1 "$good" "$bad"
stage "a stage that breaks off behind good tests fails" '1 passed, 1 failed, 0 skipped' 1 "$good"
stage "a stage that does not begin fails" '0 passed, 1 failed, 0 skipped' 1
stage "a stage without tests fails" '0 passed, 1 failed, 0 skipped' 0
stage "no chroot is a skip" '0 passed, 0 failed, 1 skipped' 77
echo "1..$n"
