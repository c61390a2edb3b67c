#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck source=tests/cli/tap.sh
here=$(realpath "$(dirname "${BASH_SOURCE[0]}")")
. "$here/tap.sh"

model_path=${CLV_MODEL_PATH:-}
# shellcheck source=/dev/null
. "$here/../../tools/completions/clv.bash"

# completes NAME WANTED WORD…: what is offered for the last word, in one line, is matched by an extended pattern.
completes() {
  local name=$1 wanted=$2
  shift 2
  COMP_WORDS=("$clv" "$@")
  COMP_CWORD=$#
  COMPREPLY=()
  _clv
  echo "${COMPREPLY[*]}" >out
  grep -qxE -- "$wanted" out
  ok "$name" $?
}

completes "commands" '(.* )?info( .*)?' ''
completes "the beginning of a command" 'tag' ta
completes "options of a command" '--prompts --prompts-file --precision' tag --pr
completes "formats of a command" '.*vtt.*' tag --format ''
completes "the beginning of a format" 'csv' tag --format cs
completes "behind an equals sign" 'csv' tag --format = cs
completes "precisions" 'fp32 fp16' encode --precision fp
CLV_MODEL_PATH=$model_path
if [ -d "${model_path%%:*}/demo" ]; then
  completes "names of models" '(.* )?demo( .*)?' tag --model ''
fi
completes "media are left to the shell" '' tag street

# Manual pages are made of the same text.
for command in '' tag tokenize; do
  python3 "$here/../../tools/man/make-page.py" "$clv" 1.2.3 page $command 2>err
  says page "^\\.TH CLV${command:+-${command^^}} 1 \"\" \"clv 1.2.3\"" '^\.SH SYNOPSIS' '^\.SH DESCRIPTION' '^\.SH SEE ALSO'
  ok "a manual page of clv $command" $?
done
says page '^\.B \\-m, \\-\\-model=MODEL$'
ok "with options" $?
if command -v man >/dev/null; then
  LC_ALL=C.UTF-8 man -l --warnings=w -Tutf8 page >out 2>err && [ ! -s err ]
  ok "that man shows without a warning" $?
fi
finish
