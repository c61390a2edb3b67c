# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
#
# Completion of clv in bash, from what --help says.

_clv_words() {
  case $1 in
    --precision | -p) echo "auto fp32 fp16" ;;
    --calibration | -c) echo "none model stream" ;;
    --scoring | -s) echo "auto softmax sigmoid cosine" ;;
    --format | -f) "$2" "$3" --help 2>/dev/null | sed -n '/^Formats:/,/^$/s/^  \([a-z]*\)  .*/\1/p' ;;
    --model | -m)
      local IFS=: folder config
      for folder in ${CLV_MODEL_PATH:-} "${XDG_DATA_HOME:-$HOME/.local/share}/clv/models" \
        /usr/local/share/clv/models /usr/share/clv/models; do
        for config in "$folder"/*/config.json; do
          if [ -e "$config" ]; then basename "$(dirname "$config")"; fi
        done
      done
      ;;
    *) return 1 ;;
  esac
}

_clv() {
  local command=${COMP_WORDS[0]} subcommand=${COMP_WORDS[1]:-} word=${COMP_WORDS[COMP_CWORD]}
  local previous=${COMP_WORDS[COMP_CWORD - 1]} words

  # bash splits --format=csv in three.
  if [ "$word" = = ]; then word=''; fi
  if [ "$previous" = = ]; then previous=${COMP_WORDS[COMP_CWORD - 2]}; fi
  if [ "$COMP_CWORD" = 1 ]; then
    words=$("$command" --help 2>/dev/null | sed -n '/^Commands:/,/^$/s/^  \([a-z]*\) .*/\1/p')
  elif words=$(_clv_words "$previous" "$command" "$subcommand"); then
    :
  elif [ "${word:0:1}" = - ]; then
    words=$("$command" "$subcommand" --help 2>/dev/null | grep -oE -- '^  (-., )?--[a-z-]+' | grep -oE -- '--[a-z-]+')
  else
    # Media, files and folders are completed by bash itself.
    compopt -o default 2>/dev/null
    COMPREPLY=()
    return
  fi
  mapfile -t COMPREPLY < <(compgen -W "$words" -- "$word")
}

complete -F _clv clv
