# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
#
# A small TAP producer for tests of the command. $1 of the test is the command.

set -u
# Neither the command nor gst-launch needs our plugin, and gst-launch could not load one that is built with ASan.
unset GST_PLUGIN_PATH_1_0
if [ -n "${GST_REGISTRY:-}" ]; then export GST_REGISTRY=$GST_REGISTRY.cli; fi
clv=$(realpath "$1")
source=$(dirname "$(realpath "${BASH_SOURCE[0]}")")/../..
n_tests=0
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work" || exit 1

# ok NAME STATUS: reports one test.
ok() {
  n_tests=$((n_tests + 1))
  if [ "$2" = 0 ]; then
    echo "ok $n_tests - $1"
    return
  fi
  echo "not ok $n_tests - $1"
  sed 's/^/# out: /' out 2>/dev/null | head -n 20
  sed 's/^/# err: /' err 2>/dev/null | head -n 20
}

# run CODE ARGUMENT…: runs the command; leaves the files `out` and `err`.
run() {
  local wanted=$1 code=0
  shift
  "$clv" "$@" >out 2>err </dev/null || code=$?
  [ "$code" = "$wanted" ] && return
  echo "# clv $*: exit status $code, wanted $wanted"
  return 1
}

# says FILE PATTERN…: every extended pattern is found in it.
says() {
  local file=$1 pattern
  shift
  for pattern in "$@"; do
    grep -qE -- "$pattern" "$file" && continue
    echo "# $file does not say: $pattern"
    return 1
  done
}

# holds CONDITION…: as test(1); a command, so that ok may have its status.
holds() { test "$@"; }

# refuses NAME CODE PATTERN ARGUMENT…: a bad call and its message.
refuses() {
  local name=$1 code=$2 pattern=$3
  shift 3
  run "$code" "$@" && says err "$pattern"
  ok "$name" $?
}

# follows_schema FILE: each line is as docs/tags.schema.json wants it; where there is no validator, only JSON.
follows_schema() {
  /usr/bin/python3 "$source/tests/cli/check-lines.py" "$source/docs/tags.schema.json" "$1"
}

# video NAME MUXER…: two seconds of colour bars, one of black, ten frames a second.
video() {
  local name=$1 size='video/x-raw,width=160,height=120,framerate=10/1'
  shift
  gst-launch-1.0 -q concat name=c ! jpegenc ! "$@" ! filesink location="$name" \
    videotestsrc num-buffers=20 pattern=smpte ! "$size" ! c. \
    videotestsrc num-buffers=10 pattern=black ! "$size" ! c. >/dev/null 2>&1
}

skip_all() {
  echo "1..0 # SKIP $1"
  exit 0
}

# Without a device there is nothing to test, except where one must be there.
need_device() {
  "$clv" info >out 2>err && return
  if [ "${CLV_REQUIRE_DEVICE:-0}" = 1 ]; then
    ok "there is a device and the demo model" 1
    finish
  fi
  skip_all "$(head -n 1 err)"
}

finish() {
  echo "1..$n_tests"
  exit 0
}
