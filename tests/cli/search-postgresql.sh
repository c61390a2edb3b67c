#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# clv index and clv search with an index in PostgreSQL, on a server of its own that is stopped, crashed and started.
# shellcheck source=tests/cli/tap.sh
. "$(dirname "${BASH_SOURCE[0]}")/tap.sh"
# shellcheck source=tests/cli/scenes.sh
. "$(dirname "${BASH_SOURCE[0]}")/scenes.sh"
# shellcheck source=tests/postgresql/server.sh
. "$source/tests/postgresql/server.sh"

need_device
export XDG_DATA_HOME=$PWD/data
trap 'pg_remove; rm -rf "$work"' EXIT

# A release that has what is needed must not skip this.
lacks() {
  if [ "${CLV_REQUIRE_POSTGRESQL:-0}" = 1 ]; then
    ok "there is a server with pgvector" 1
    finish
  fi
}
if ! pg_find || ! pg_make; then
  lacks
  skip_all "$pg_why"
fi

mkdir tapes
scenes 'tapes/a & b.mkv' 30 smpte red black
scenes tapes/c.mkv 30 blue white

if ! pg_has_vector; then
  lacks
  refuses "a server without pgvector is refused by index" 1 'wanted a database with pgvector 0.8 or newer, found none' \
    index --db "$pg_uri" tapes/c.mkv
  refuses "and by search" 1 'wanted a database with pgvector 0.8 or newer, found none' search --db "$pg_uri" snow
  n_tests=$((n_tests + 1))
  echo "ok $n_tests - an index in PostgreSQL # SKIP $pg_why"
  finish
fi

# database NAME [OWNER]: an empty one with pgvector; $db is its URI.
database() {
  pg_sql "CREATE DATABASE $1 OWNER ${2:-postgres}"
  db="postgresql://postgres@/$1?host=$pg_folder"
  pg_sql 'CREATE EXTENSION vector' "$db"
}

sql() { pg_sql "$1" "$db" 2>/dev/null || echo 0; }

# has_moments N: each once, and as many as the media's rows say.
has_moments() {
  local found
  found=$(sql 'SELECT count(*), count(DISTINCT (media, time)), (SELECT sum(n_moments) FROM clv_media) FROM clv_moments')
  if [ "$found" = "$1|$1|$1" ]; then return; fi
  echo "# moments, different ones, sum: $found; wanted $1"
  return 1
}

# until_some: the index in the background has written something.
until_some() {
  while [ "$(sql 'SELECT count(*) FROM clv_moments')" = 0 ] && kill -0 "$child" 2>/dev/null; do sleep 0.1; done
}

# same ARGUMENT…: both indexes have the same hits.
same() {
  run 0 search --db tapes.db --format json "$@" && cp out wanted && run 0 search --db "$db" --format json "$@" &&
    /usr/bin/python3 - <<'P'
import json
wanted, found = json.load(open("wanted")), json.load(open("out"))
assert found["index"].startswith("postgresql://postgres@/tapes?host=/"), found["index"]
assert found["hits"] == wanted["hits"], (wanted["hits"], found["hits"])
P
}

refuses "searching makes no index" 1 'there is no index in the database' search --db "$(database empty && echo "$db")" snow
database tapes
run 0 index --db tapes.db --dir tapes --interval 0.5 --thumbnails &&
  run 0 index --db "$db" --dir tapes --interval 0.5 --thumbnails &&
  says out '^postgresql://postgres@/tapes\?host=.*: 2 media indexed, 30 moments added$' && [ ! -s err ] && has_moments 30
ok "a directory is indexed" $?
same 'SMPTE color bars' && same 'a red screen' --top 3 && same 'a blue screen' --top 100
ok "a sentence finds what it finds in files" $?
same 'a red screen' --media '*/c.mkv' && same 'snow' --media '*a \& b*' && same 'snow' --media '*a & b*' &&
  same 'snow' --media '*/?.mkv' && same 'snow' --media 'none*'
ok "also with a pattern" $?
same 'a red screen' --after 6 && same 'a red screen' --before 2 && same 'snow' --after 1 --before 2 --media '*/c.mkv'
ok "and between two times" $?
same 'a screen' --not 'a blue screen' --not 'a red screen'
ok "and without something" $?
gst-launch-1.0 -q videotestsrc num-buffers=1 pattern=red ! video/x-raw,width=100,height=80 ! pngenc ! \
  filesink location=red.png >/dev/null 2>&1
same --image red.png && same 'a red screen' --image red.png
ok "a picture, and both" $?
run 0 search --db tapes.db 'a white screen' --thumbnails one && run 0 search --db "$db" 'a white screen' --thumbnails two &&
  [ -s two/1.jpg ] && diff -r one two
ok "thumbnails are the same" $?
run 0 index --db "$db" --dir tapes --interval 0.5 --thumbnails && says out '0 media indexed, 0 moments added; 2 unchanged$' &&
  touch tapes/c.mkv && run 0 index --db "$db" --dir tapes --interval 0.5 --thumbnails &&
  says out '1 media indexed, 12 moments added; 1 unchanged$' && has_moments 30
ok "what has changed is indexed anew, the rest skipped" $?

mkdir models
cp -r "${CLV_MODEL_PATH%%:*}/demo" models/other
printf '\1' | dd of=models/other/model.safetensors bs=1 seek=$(($(stat -c %s models/other/model.safetensors) - 4)) conv=notrunc status=none
refuses "another model is refused by index" 1 "/tapes.*: holds moments of model 'demo'.*'other'" index --db "$db" --model models/other tapes/c.mkv
refuses "and by search" 1 "/tapes.*: holds moments of model 'demo'.*'other'" search --db "$db" --model models/other snow

# Two at once.
scenes long.mkv 100 smpte red black blue
run 0 index --db whole.db long.mkv --interval 0.1
times='SELECT string_agg(time::text, $$,$$ ORDER BY time) FROM clv_moments'
database together
"$clv" index --db "$db" 'tapes/a & b.mkv' --interval 0.1 >out.1 2>err.1 &
child=$!
"$clv" index --db "$db" tapes/c.mkv --interval 0.1 >out 2>err
code=$?
wait $child && [ $code = 0 ] && has_moments 150
ok "two index different media at once" $?
database one
"$clv" index --db "$db" long.mkv --interval 0.1 >out.1 2>err.1 &
child=$!
"$clv" index --db "$db" long.mkv --interval 0.1 >out 2>err
wait $child
cat err err.1 >errs
{ [ ! -s errs ] || says errs 'another process is indexing it'; } && run 0 index --db "$db" long.mkv --interval 0.1 && has_moments 400
ok "two index the same media at once, and it is there once" $?
wanted=$(sql "$times")

database killed
"$clv" index --db "$db" long.mkv --interval 0.1 >out 2>err &
child=$!
until_some
kill -KILL $child
wait $child 2>/dev/null
run 0 index --db "$db" long.mkv --interval 0.1 && has_moments 400 && [ "$(sql "$times")" = "$wanted" ]
ok "what was killed is resumed, and no moment is missing or twice" $?

database crashed
"$clv" index --db "$db" long.mkv --interval 0.1 >out 2>err &
child=$!
until_some
pg_stop immediate
sleep 0.7
pg_start
wait $child && says out ' 400 moments added$' && [ ! -s err ] && has_moments 400 && [ "$(sql "$times")" = "$wanted" ] &&
  run 0 index --db "$db" long.mkv --interval 0.1 && says out '1 unchanged$'
ok "a server that crashes and comes back has all moments" $?

database away
"$clv" index --db "$db" long.mkv --interval 0.1 >out 2>err &
child=$!
until_some
pg_stop fast
! wait $child && says err '[0-9]+ moments of 1 media wait in .*data/clv/spool/.*\.db for the next time' && says out '400 moments added'
ok "a server that stays away is told of" $?
pg_start
run 0 index --db "$db" long.mkv --interval 0.1 && says out ' 0 moments added; 1 unchanged$' && has_moments 400 &&
  [ "$(sql "$times")" = "$wanted" ]
ok "the next run sends what waited" $?

scenes snow.mkv 800 snow
database brim
CLV_SPOOL_MB=1 "$clv" index --db "$db" snow.mkv long.mkv --interval 0.1 --thumbnails >out 2>err &
child=$!
until_some
pg_stop immediate
! wait $child && says err 'the spool is full \(CLV_SPOOL_MB=1\): ' && says out '0 media indexed, [1-9][0-9]* moments added; 1 failed'
ok "a full spool ends it" $?
pg_start
run 0 index --db "$db" snow.mkv long.mkv --interval 0.1 --thumbnails && says out '2 media indexed' && has_moments 1200
ok "and nothing is lost" $?

secret='open%20sesame' plain='open sesame'
database guarded locked
db="postgresql://locked:$secret@/guarded?host=$pg_folder"
run 0 index --db "$db" tapes/c.mkv --thumbnails && cp out all && run 0 search --db "$db" snow --format json && cat out >>all &&
  run 0 search --db "$db" snow --format html && cat out >>all && GST_DEBUG=3 run 0 search --db "$db" snow && cat out err >>all &&
  ! grep -qE "$secret|$plain" all
ok "a password is never shown" $?
PGPASSWORD=$plain run 0 search --db "postgresql://locked@/guarded?host=$pg_folder" snow
ok "it may come from the environment" $?
run 1 index --db "postgresql://locked:wr0ng@/guarded?host=$pg_folder" tapes/c.mkv && says err 'password authentication failed' && ! grep -q wr0ng err out
ok "a wrong one is refused" $?
refuses "a server that is not there is named" 1 'postgresql://me@/x\?host=/no/such: ' index --db 'postgresql://me:s3cret@/x?host=/no/such' tapes/c.mkv
finish
