#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Looks for what has no documentation, and makes the pages: reference.sh GI-DOCGEN GIR OPTION…
set -eu

gi_docgen=$1
gir=$2
shift 2
pages=$(mktemp -d)
trap 'rm -rf "$pages"' EXIT

"$gi_docgen" check "$@" "$gir"
"$gi_docgen" generate "$@" --output-dir "$pages" "$gir"
[ -n "$(find "$pages" -name index.html)" ] || { echo "there is no index.html"; exit 1; }
