# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Completion of clv in fish, from what --help says.

function __clv_commands
    clv --help 2>/dev/null | string match -rg '^  ([a-z]+) +(.*)' | paste -d \t - -
end

function __clv_options
    set -l words (commandline -opc)
    test (count $words) -ge 2; or return
    clv $words[2] --help 2>/dev/null | string match -rg '^  (?:-., )?(--[a-z-]+)\S* +(.*)' | paste -d \t - -
end

complete -c clv -n __fish_use_subcommand -f -a '(__clv_commands)'
complete -c clv -n 'not __fish_use_subcommand; and string match -q -- "-*" (commandline -ct)' -a '(__clv_options)'
