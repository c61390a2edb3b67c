#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
#
#   publish.sh PIPELINE CHECK SCHEMA VIDEO PROMPTS
# Publishes to a file with pipelines/publish.sh, and looks whether its lines are as the schema wants them.
set -eu

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"$1" "file://$folder/events" "$4" "$5"
cat "$folder/events"
"$2" "$3" "$folder/events"
echo "the schema fits"
