#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Installs what is missing, builds, and runs every test.
#
#   test.sh              all stages
#   test.sh --quick      only the first
#   test.sh STAGE…       of: gcc clang asan validation debian13 unstable, or coop, tsan, packages
#
# gcc and clang build with warnings as errors; asan is gcc with ASan and UBSan; validation runs under the Vulkan
# validation layers, which must be silent; debian13 builds and tests in a chroot; unstable runs coop in one: the kernels
# for GPUs on a device with cooperative matrices. tsan runs the tests with many threads under ThreadSanitizer. The last
# line counts all of it.
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
cd "$root"

passed=0 failed=0 skipped=0
patience=4 # two slow cores that others use too
complaints=()
export CLV_REQUIRE_DEVICE=${CLV_REQUIRE_DEVICE:-1}

complain() {
  failed=$((failed + 1))
  complaints+=("$1")
  echo "FAILED: $1"
}

# count LOG STAGE: adds up a meson test log (one JSON object a line).
count() {
  local ok bad skip
  if [ ! -s "$1" ]; then
    complain "$2: no test ran"
    return
  fi
  ok=$(grep -cE '"result": "(OK|EXPECTEDFAIL)"' "$1" || true)
  skip=$(grep -c '"result": "SKIP"' "$1" || true)
  bad=$(grep -cE '"result": "(FAIL|ERROR|TIMEOUT|INTERRUPT|UNEXPECTEDPASS)"' "$1" || true)
  if [ $((ok + bad + skip)) = 0 ]; then complain "$2: no test ran"; fi
  passed=$((passed + ok)) failed=$((failed + bad)) skipped=$((skipped + skip))
  while read -r name; do
    if [ -n "$name" ]; then complaints+=("$2: $name"); fi
  done < <(sed -nE 's/^.*"name": "([^"]*)".*"result": "(FAIL|ERROR|TIMEOUT|INTERRUPT|UNEXPECTEDPASS)".*$/\1/p' "$1")
}

# build DIR COMPILER OPTION…: all, or the $targets of a stage.
targets=()
build() {
  local dir=$1 compiler=$2
  shift 2
  CC=$compiler meson setup "$dir" -Dwerror=true "$@" >"$dir.log" 2>&1 || { tail -n 20 "$dir.log"; return 1; }
  ninja -C "$dir" "${targets[@]}" >"$dir.log" 2>&1 || { grep -E -A 8 'error|FAILED|warning' "$dir.log" | head -n 60; return 1; }
}

# check DIR STAGE OPTION…: runs tests of a build and counts them.
check() {
  local dir=$1 stage=$2
  shift 2
  rm -f "$dir/meson-logs/$stage.json"
  meson test -C "$dir" --no-rebuild --num-processes 2 --timeout-multiplier "$patience" --print-errorlogs --logbase "$stage" "$@" ||
    true # counted below
  count "$dir/meson-logs/$stage.json" "$stage"
}

# What does not need a minute, for the second and third compiler run.
brief=(--suite headers --suite unit --suite kernels --suite elements --suite cli)

stage_gcc() { build build/gcc gcc && check build/gcc gcc; }

stage_clang() { build build/clang clang && check build/clang clang "${brief[@]}"; }

# Mesa's and LLVM's own leaks have no stack that names them once they are unloaded; the suites that load no driver
# still look for leaks.
stage_asan() {
  build build/asan gcc -Db_sanitize=address,undefined || return 1
  UBSAN_OPTIONS=halt_on_error=1:print_stacktrace=1 patience=12 check build/asan asan "${brief[@]}"
}

# Of ThreadSanitizer's reports those in which a function of this tree takes part; where a thread was made is no part. What only
# others did, who are not instrumented, it sees by halves.
ours() {
  awk 'BEGIN { RS = "==================" }
    { sub(/\n  Thread T[0-9]+ .*created.*/, "") }
    /WARNING: ThreadSanitizer/ && /\/(clv|plugin)\/[a-z\/]*[a-z-]+\.c:/'
}

stage_tsan() {
  local -a tests=(engine-queue engine-futures engine-registry cliptag-batch cliptag-live cliptag-live-ends cliptag-look
    cliptag-many cliptag-states cliptag-storm cliptag-watch)
  local -a targets=(plugin/libgstclv.so)
  local name reports
  for name in "${tests[@]}"; do
    case $name in engine-*) targets+=("tests/unit/unit-$name") ;; *) targets+=("tests/elements/$name") ;; esac
  done
  build build/tsan gcc -Db_sanitize=thread -Db_lundef=false || return 1
  rm -f build/tsan/report.*
  TSAN_OPTIONS="suppressions=$root/tests/tsan.supp:exitcode=0:log_path=$root/build/tsan/report" G_SLICE=always-malloc \
    patience=12 check build/tsan tsan "${tests[@]}"
  reports=$(cat build/tsan/report.* 2>/dev/null | ours)
  if [ -n "$reports" ]; then
    echo "$reports"
    complain "tsan: see the reports above"
  fi
}

stage_validation() {
  build build/gcc gcc || return 1
  CLV_DEBUG=validation check build/gcc validation --suite unit --suite kernels --suite elements --suite cli
}

# in_chroot NAME: what scripts/NAME.sh runs there is counted here.
in_chroot() {
  local code=0 log=build/$1.json before=$failed
  rm -f "$log"
  "scripts/$1.sh" "$log" || code=$?
  if [ "$code" = 77 ]; then
    skipped=$((skipped + 1))
    return
  fi
  if [ -s "$log" ] || [ "$code" = 0 ]; then count "$log" "$1"; fi
  # A failed test is counted already; whatever else went wrong is not.
  [ "$code" = 0 ] || [ "$failed" -gt "$before" ]
}

stage_debian13() { in_chroot debian13; }

stage_unstable() { in_chroot debian-unstable; }

# Both families of kernels for GPUs, as far as a software driver can run them in minutes.
stage_coop() {
  local family
  local -a targets=(tools/clv tests/kernels/kernels-check)
  local -a tests=(gemm attention layernorm refusals self-check 'demo check' 'golden clip-a fp16' 'golden clip-b fp16')
  build build/coop gcc || return 1
  for family in tile coop; do
    CLV_KERNELS=$family check build/coop "$family" "${tests[@]}" "golden odd sizes $family"
  done
}

# count_run COMMAND…: a script is one test.
count_run() {
  local code=0
  "$@" || code=$?
  case $code in
    0) passed=$((passed + 1)) ;;
    77) skipped=$((skipped + 1)) ;;
    *) return 1 ;;
  esac
}

# The Debian packages, which test themselves while they are built: of this release and of Debian 13, each then on a
# system that has nothing else.
stage_packages() {
  local here chroot=${CLV_CHROOT:-/var/tmp/clv-debian13}
  # shellcheck source=/dev/null
  here=$(. /etc/os-release && echo "$VERSION_CODENAME")
  count_run scripts/debian-packages.sh || return 1
  count_run scripts/debian-clean.sh "$here" build/packages || return 1
  if [ "$here" = trixie ]; then return; fi
  rm -rf "$chroot/srv/clv/build/packages"
  count_run scripts/chroot.sh trixie "$chroot" bash -c 'scripts/setup.sh test && exec scripts/debian-packages.sh' || return 1
  if [ ! -d "$chroot/srv/clv/build/packages" ]; then return; fi
  count_run scripts/debian-clean.sh trixie "$chroot/srv/clv/build/packages"
}

run_stage() {
  local start=$SECONDS before="$passed $failed"
  echo "=== $1"
  "stage_$1" || complain "$1: does not build or did not run"
  echo "=== $1: $((SECONDS - start)) s, $((passed - ${before% *})) passed, $((failed - ${before#* })) failed"
}

main() {
  local -a stages=()
  local stage
  for stage in "$@"; do
    case $stage in
      --quick) stages+=(gcc) ;;
      gcc | clang | asan | validation | debian13 | unstable | coop | tsan | packages) stages+=("$stage") ;;
      *) echo "usage: test.sh [--quick | gcc clang asan validation debian13 unstable coop tsan packages]" >&2; exit 2 ;;
    esac
  done
  if [ ${#stages[@]} = 0 ]; then stages=(gcc clang asan validation debian13 unstable); fi

  mkdir -p build
  scripts/setup.sh test
  for stage in "${stages[@]}"; do run_stage "$stage"; done

  if [ ${#complaints[@]} -gt 0 ]; then
    echo "Failed:"
    printf '  %s\n' "${complaints[@]}"
  fi
  # Only the outermost run has the closing line.
  if [ "${CLV_IN_CHROOT:-0}" = 1 ]; then printf 'in the chroot: '; fi
  echo "$passed passed, $failed failed, $skipped skipped"
  [ "$failed" = 0 ]
}

main "$@"
