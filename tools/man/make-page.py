#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""make-page.py CLV VERSION OUTPUT [SUBCOMMAND]: a manual page of what --help says, so that there is one text."""
import os
import re
import subprocess
import sys

OPTION = re.compile(r"^  (-\S.*?)(?:  +(.*))?$")


def escape(text):
    text = text.replace("\\", "\\e").replace("-", "\\-")
    return "\\&" + text if text[:1] in (".", "'") else text


def help_of(clv, *arguments):
    env = dict(os.environ, LC_ALL="C.UTF-8")
    return subprocess.run([clv, *arguments, "--help"], check=True, capture_output=True, encoding="utf-8", env=env).stdout


def commands_of(text):
    block = re.search(r"^Commands:\n((?:  .+\n)+)", text, re.M).group(1)
    return dict(line.split(None, 1) for line in block.splitlines())


def paragraph(lines):
    """Of text, of options, or, where lines are indented, as it stands."""
    if all(OPTION.match(line) for line in lines):
        for option, meaning in (OPTION.match(line).groups() for line in lines):
            yield from [".TP", f".B {escape(option)}", escape(meaning or "")]
    elif any(line.startswith("  ") for line in lines):
        yield from [".nf", *map(escape, lines), ".fi"]
    else:
        yield from [".PP", *map(escape, lines)]


def page(name, version, summary, text, also):
    usage, text = re.match(r"Usage:\s+(.*?)\n\n(.*)", text, re.S).groups()
    # The two headings of GOption are one section.
    text = text.replace("\n\nApplication Options:\n", "\n").replace("Help Options:\n", "Options:\n")
    yield from [f'.TH {name.upper()} 1 "" "clv {version}" "User Commands"', ".SH NAME",
                f"{escape(name)} \\- {escape(summary)}", ".SH SYNOPSIS", f".B {escape(usage)}", ".SH DESCRIPTION"]
    for block in re.split(r"\n{2,}", text.strip("\n")):
        lines = block.splitlines()
        if re.fullmatch(r"[A-Z]\w+( \w+)*:", lines[0]):
            yield f".SH {lines.pop(0)[:-1].upper()}"
        yield from paragraph(lines)
    yield ".SH SEE ALSO"
    yield from (f".BR {escape(other)} (1)" + ("," if other != also[-1] else "") for other in also)


def main():
    clv, version, output, *subcommand = sys.argv[1:]
    whole = help_of(clv)
    commands = commands_of(whole)
    if subcommand:
        name, summary = f"clv-{subcommand[0]}", commands[subcommand[0]]
        text, also = help_of(clv, *subcommand), ["clv"]
    else:
        name, summary, text = "clv", "open-vocabulary tags for video", whole
        also = [f"clv-{command}" for command in commands]
    with open(output, "w", encoding="utf-8") as f:
        f.writelines(line + "\n" for line in page(name, version, summary, text, also))


main()
