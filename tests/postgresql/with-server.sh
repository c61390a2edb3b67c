#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Runs a test with a server of its own:
#
#   with-server.sh COMMAND…
#
# $CLV_TEST_POSTGRESQL is the URI of an empty database with pgvector, and $CLV_TEST_SERVER a command that takes stop,
# crash or start. Without a server with pgvector the test is skipped, or fails with CLV_REQUIRE_POSTGRESQL=1.
set -u
# shellcheck source=tests/postgresql/server.sh
. "$(dirname "${BASH_SOURCE[0]}")/server.sh"

skip() {
  if [ "${CLV_REQUIRE_POSTGRESQL:-0}" = 1 ]; then
    printf '1..1\nnot ok 1 - %s\n' "$1"
  else
    echo "1..0 # SKIP $1"
  fi
  exit 0
}

# As a command of its own, for $CLV_TEST_SERVER.
case $1 in
  --stop | --crash | --start)
    pg_find
    pg_folder=$2
    case $1 in
      --stop) pg_stop fast ;;
      --crash) pg_stop immediate ;;
      --start) pg_start ;;
    esac
    exit
    ;;
esac

pg_find || skip "$pg_why"
trap pg_remove EXIT
pg_make || skip "the PostgreSQL server here does not start: $(tail -n 1 "$pg_folder/log" 2>/dev/null)"
pg_has_vector || skip "$pg_why"
pg_sql 'CREATE EXTENSION vector'
export CLV_TEST_POSTGRESQL=$pg_uri
CLV_TEST_SERVER="$(realpath "${BASH_SOURCE[0]}") --%s $pg_folder"
export CLV_TEST_SERVER
"$@"
