#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
#
#   missing.sh WHAT
# Stands for an example that was not built, as WHAT is missing: skipped.
set -eu

echo "skipped: there is no $1"
exit 77
