#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
#
#   index.sh PIPELINE CLV VIDEO
# Indexes the video with pipelines/index.sh and searches what came of it.
set -eu

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"$1" "$3" "$folder/index.db"
echo "media: $("$2" search --db "$folder/index.db" 'a picture' --top 1 --format json)" | tr -d '\n'
