# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash disable=SC2034 # who sources it reads what it sets
#
# A PostgreSQL server of its own for a test: in a new folder, on a socket there, as a user that is not root.

pg_bin="" pg_folder=""
pg_why="" # a server cannot be had
pg_uri="" # of the database `test`, as superuser, who needs no password

# pg_find: whether there is a server, the newest; $pg_why says what is missing.
pg_find() {
  local folder
  for folder in /usr/lib/postgresql/*/bin /usr/local/pgsql/bin "$(pg_config --bindir 2>/dev/null)"; do
    if [ -x "$folder/initdb" ] && [ -x "$folder/psql" ]; then pg_bin=$folder; fi
  done
  pg_why='there is no PostgreSQL server here'
  [ -n "$pg_bin" ]
}

# pg_run COMMAND…: one of the server's programs. It refuses to work for root, and root's LD_PRELOAD is not for it.
pg_run() {
  local -a weak=()
  if [ "$(id -u)" = 0 ]; then weak=(setpriv --reuid=nobody --regid=nogroup --clear-groups); fi
  (cd / && env -u LD_PRELOAD "${weak[@]}" "$pg_bin/$1" "${@:2}")
}

pg_sql() { env -u LD_PRELOAD "$pg_bin/psql" -XAtq -v ON_ERROR_STOP=1 "${2:-$pg_uri}" -c "$1"; }

pg_start() {
  pg_run pg_ctl -D "$pg_folder/data" -w -t 60 -l "$pg_folder/log" -s \
    -o "-k $pg_folder -c listen_addresses= -c fsync=off -c shared_buffers=32MB -c dynamic_shared_memory_type=mmap" start 2>/dev/null
}

# pg_stop [fast|immediate]: immediate is as a crash.
pg_stop() { pg_run pg_ctl -D "$pg_folder/data" -w -t 60 -m "${1:-fast}" -s stop; }

# pg_make: makes and starts it. Roles: postgres, and `locked` with the password 'open sesame'. The caller removes it.
pg_make() {
  pg_folder=$(mktemp -d /tmp/clv-pg-XXXXXX)
  chmod 755 "$pg_folder"
  if [ "$(id -u)" = 0 ]; then chown nobody "$pg_folder"; fi
  pg_run initdb -D "$pg_folder/data" -A trust -U postgres -E UTF8 --locale=C --no-sync >"$pg_folder/initdb" 2>&1 &&
    sed -i '1i local all locked scram-sha-256' "$pg_folder/data/pg_hba.conf" && pg_start || return 1
  pg_uri="postgresql://postgres@/postgres?host=$pg_folder"
  pg_sql 'CREATE DATABASE test' && pg_sql "CREATE ROLE locked LOGIN PASSWORD 'open sesame'" || return 1
  pg_uri="postgresql://postgres@/test?host=$pg_folder"
}

pg_has_vector() {
  pg_why="the PostgreSQL server here has no pgvector 0.8"
  [ "$(pg_sql "SELECT count(*) FROM pg_available_extension_versions WHERE name = 'vector' AND string_to_array(version, '.')::int[] >= '{0,8}'")" -gt 0 ]
}

pg_remove() {
  if [ -z "$pg_folder" ]; then return; fi
  pg_stop immediate >/dev/null 2>&1
  rm -rf "$pg_folder"
}
