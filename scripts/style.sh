#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Checks the layout of the sources: the meson test `style`, and a git hook.
#
#   style.sh               checks every file
#   style.sh FILE…         checks these
#   style.sh --staged      checks the files of the commit that is being made
#   style.sh --fix         lets clang-format rewrite what it would complain about
#   style.sh --install     makes this the repository's pre-commit hook
#
# Exit status: 0 clean, 1 not, 77 clean as far as could be told without clang-format 14.
set -euo pipefail

cd "$(dirname "${BASH_SOURCE[0]}")/.."

bad=0
complain() {
  echo "$1"
  bad=1
}

# Other versions lay the same file out differently.
formatter() {
  local name
  for name in clang-format-14 clang-format; do
    if command -v "$name" >/dev/null && "$name" --version | grep -q 'version 14\.'; then echo "$name"; return; fi
  done
}

all_files() {
  if git rev-parse --git-dir >/dev/null 2>&1; then
    git ls-files --cached --others --exclude-standard
  else
    find . -path './build*' -prune -o -type f -print | sed 's,^\./,,'
  fi
}

# The first lines say the licence; a shebang may stand before.
check_spdx() {
  case $1 in
    *.c | *.h | *.comp | *.glsl | *.py | *.sh | *meson.build | .ci/*)
      head -n 3 "$1" | grep -q 'SPDX-License-Identifier: LGPL-2.1-or-later' || complain "$1:1: no SPDX line" ;;
  esac
}

check_text() {
  local limit
  case $1 in
    COPYING | *.png | *.json | *.txt | *.safetensors | *.gz) return ;;
  esac
  grep -nIE '[[:blank:]]+$' "$1" /dev/null | sed 's/:[^:]*$/: white space at the end/' | grep . && bad=1
  if [ -s "$1" ] && [ -n "$(tail -c 1 "$1")" ]; then complain "$1: no newline at the end"; fi
  case $1 in
    *.c | *.h) limit=600 ;;
    *.comp) limit=200 ;;
    *) return ;;
  esac
  if [ "$(wc -l <"$1")" -gt "$limit" ]; then complain "$1: $(wc -l <"$1") lines; more than $limit ask to be split"; fi
  grep -nE '\b(TODO|FIXME|XXX|HACK)\b' "$1" /dev/null && bad=1
  if [[ $1 == clv/* ]]; then grep -nE '#include <gst/' "$1" /dev/null && bad=1; fi
  return 0
}

# check_layout FORMATTER FILE…: one line for each file and the first place in it.
check_layout() {
  local output
  output=$("$@" --dry-run -Werror 2>&1) && return
  grep -E '^[^ ]+:[0-9]+:[0-9]+: error:' <<<"$output" | sort -t : -k 1,1 -u |
    sed 's/: error:.*/: clang-format 14 lays it out differently; scripts\/style.sh --fix/'
  bad=1
}

install_hook() {
  local hook
  hook=$(git rev-parse --git-path hooks)/pre-commit
  mkdir -p "$(dirname "$hook")"
  printf '#!/bin/sh\nexec scripts/style.sh --staged\n' >"$hook"
  chmod +x "$hook"
  echo "style: $hook"
}

main() {
  local -a files=() sources=() scripts=()
  local fix=0 format file
  case ${1:-} in
    --install) install_hook; return ;;
    --staged) mapfile -t files < <(git diff --cached --name-only --diff-filter=ACMR) ;;
    --fix) fix=1; mapfile -t files < <(all_files) ;;
    -*) echo "usage: style.sh [FILE… | --staged | --fix | --install]" >&2; exit 2 ;;
    '') mapfile -t files < <(all_files) ;;
    *) files=("$@") ;;
  esac

  for file in "${files[@]}"; do
    if [ ! -f "$file" ]; then continue; fi
    check_spdx "$file"
    check_text "$file" || true
    case $file in
      *.c | *.h) sources+=("$file") ;;
      *.sh | .ci/*) scripts+=("$file") ;;
    esac
  done
  if [ ${#scripts[@]} -gt 0 ] && command -v shellcheck >/dev/null; then shellcheck "${scripts[@]}" || bad=1; fi

  format=$(formatter)
  if [ -n "$format" ] && [ ${#sources[@]} -gt 0 ]; then
    if [ $fix = 1 ]; then "$format" -i "${sources[@]}"; fi
    check_layout "$format" "${sources[@]}"
  fi
  if [ $bad = 0 ] && [ -z "$format" ]; then
    # A commit is not refused for a tool that is not here.
    if [ "${1:-}" = --staged ]; then return; fi
    echo "style: no clang-format 14 here; the layout of C was not checked"
    exit 77
  fi
  return $bad
}

main "$@"
