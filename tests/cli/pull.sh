#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck source=tests/cli/tap.sh
here=$(realpath "$(dirname "${BASH_SOURCE[0]}")")
. "$here/tap.sh"

model=${CLV_MODEL_PATH%%:*}/demo
[ -d "$model" ] || skip_all "no demo model"
unset http_proxy https_proxy HTTP_PROXY HTTPS_PROXY all_proxy ALL_PROXY HF_ENDPOINT HF_TOKEN
export XDG_DATA_HOME=$work/data

# A server of TLS, where there is what it takes to make one and to have it trusted.
tls=()
if command -v openssl >/dev/null && unshare -m true 2>/dev/null && [ -e /etc/ssl/certs/ca-certificates.crt ] &&
  openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=clv -addext subjectAltName=IP:127.0.0.1 \
    -keyout key.pem -out tls.pem 2>/dev/null; then
  cat tls.pem key.pem >both.pem
  tls=(both.pem)
fi

python3 "$here/pull-server.py" "$model" port log "${tls[@]}" &
server=$!
trap 'kill $server; rm -rf "$work"' EXIT
for _ in $(seq 100); do [ -s port ] && break; sleep 0.1; done
[ -s port ] || { ok "the server starts" 1; finish; }
read -r plain_port tls_port <port
url=http://127.0.0.1:$plain_port

# same DIRECTORY: holds the files of the model, and none besides.
same() {
  local file
  for file in config.json vocab.json merges.txt preprocessor_config.json model.safetensors; do
    cmp "$1/$file" "$model/$file" || return 1
  done
  [ "$(find "$1" -type f | wc -l)" = 5 ] && [ ! -e "$1.part" ]
}

run 0 pull "$url/good" && same data/clv/models/good && says out 'data/clv/models/good$'
ok "a model is fetched to where names are looked up" $?
echo '["a"]' >one.json; run 0 tokenize --model good one.json
ok "and is found there" $?
lines=$(wc -l <log)
run 0 pull "$url/good" && says out 'already there' && [ "$(wc -l <log)" = "$lines" ]
ok "what is there is not fetched again" $?

run 0 pull --output flaky "$url/flaky" && same flaky
ok "a server that is busy is asked again" $?
run 0 pull --output cut "$url/cut" && same cut
ok "a transfer that ends early goes on" $?
size=$(stat -c %s "$model/model.safetensors")
holds "$(awk '$1 == "/cut/model.safetensors" { sum += $3 } END { print sum }' log)" = "$size"
ok "and no byte is sent twice" $?
run 0 pull --timeout 1 --output stall "$url/stall" && same stall
ok "a transfer that stalls goes on" $?

refuses "a server that never sends all is refused" 1 "promised $size bytes, and ended after" \
  pull --output cut-no-range "$url/cut-no-range"
holds ! -e cut-no-range && holds -e cut-no-range.part/config.json
ok "and what is not whole is not in its place" $?
refuses "a wrong checksum is refused" 1 'model.safetensors: wanted the SHA-256 [0-9a-f]+, found [0-9a-f]+' \
  pull --output bad-sum "$url/bad-sum"
holds ! -e bad-sum/ && holds ! -e bad-sum.part/model.safetensors && holds ! -e bad-sum.part/model.safetensors.part
ok "and the file is gone" $?
refuses "a server that is down is named" 1 'down/SHA256SUMS: the server answers with HTTP 503' pull --output down "$url/down"
refuses "a model that may not be had is named" 1 'HTTP 403.*HF_TOKEN' pull --output forbidden "$url/forbidden"
refuses "no model at that place" 1 'missing/config.json: the server has no such file' pull --output missing "$url/missing"
refuses "a file outside the folder is refused" 1 'found "../../escaped"' pull --output evil "$url/evil"
refuses "what a server writes does not reach the terminal as it is" 1 'found "/.x1b\[31m"' pull --output escape "$url/escape"
refuses "a file that does not end is refused" 1 'endless/vocab.json: .*more than 64 MB' pull --output endless "$url/endless"
holds "$(awk '$1 == "/endless/vocab.json" { print $3 }' log)" -lt 100000000 && holds ! -e endless.part/vocab.json.part
ok "and not fetched to no end" $?
refuses "a promise of too much is refused" 1 'huge/model.safetensors: .*more than 65536 MB' pull --output huge "$url/huge"
refuses "a server does not lead to files" 1 '/SHA256SUMS: .*[Pp]rotocol' pull --output to-file "$url/to-file"
refuses "nor around in circles" 1 '/SHA256SUMS: .*redirect' pull --output around "$url/around"
run 0 pull --output shifted "$url/shifted" && same shifted
ok "a part that was not asked for is not taken" $?
refuses "a checksum is found by any way of writing it" 1 'wanted the SHA-256' pull --output dotted "$url/dotted-sums"
refuses "an index that is nested too deep is refused" 1 'nested deeper than' pull --output deep "$url/deep"
refuses "what does not load takes no place" 1 'is not used: .*config.json' pull --output broken "$url/broken"
holds ! -e broken
ok "and is not there" $?
refuses "no server" 1 'is this machine online' pull --output offline http://127.0.0.1:1/model

export HF_ENDPOINT=$url/hub/
run 0 pull owner/name && same data/clv/models/name
ok "a mirror of the hub serves OWNER/NAME" $?
HF_TOKEN=secret HF_ENDPOINT=$url/to-other-host run 0 pull --output token owner/name
holds "$(grep -c ' Bearer secret$' log)" -gt 0 && ! grep -q '^/good/.* Bearer' log
ok "a token stays with its server" $?
HF_TOKEN=secret run 0 pull --output no-token "$url/good" && ! grep -q '^/good/.* Bearer' log
ok "and is not given to any other" $?
http_proxy=$url no_proxy=127.0.0.1 run 0 pull --output proxied http://proxied.invalid/good && same proxied &&
  grep -q '^http://proxied.invalid/good/config.json ' log
ok "a proxy is asked" $?
http_proxy=http://127.0.0.1:1 no_proxy=127.0.0.1 run 0 pull --output direct "$url/good" && same direct
ok "but not for those that need none" $?
refuses "a size that is a lie is refused" 1 "wanted $((size + 1)) bytes by the server's word, found $size" \
  pull --revision lie --output lie owner/name

refuses "a revision with a slash is escaped" 1 'resolve/refs%2Fpr%2F1/' pull --revision refs/pr/1 --output pr missing/name

refuses "what is left of another model is not gone on with" 1 "cut-no-range.part: .*found files of $url/cut-no-range;" \
  pull --output cut-no-range "$url/good"
run 0 pull --output slash/ "$url/good" && same slash && run 0 pull --output slash/ "$url/good" && says out '^slash: already'
ok "a directory may be written with a slash" $?

# A process that is killed on the way, and the next one.
"$clv" pull --timeout 60 --output killed "$url/stall" >out 2>err &
child=$!
for _ in $(seq 100); do
  [ "$(stat -c %s killed.part/model.safetensors.part 2>/dev/null || echo 0)" = $((size / 2)) ] && break
  sleep 0.1
done
kill -9 $child
wait $child 2>/dev/null
run 0 pull --output killed "$url/stall" && same killed &&
  grep -q "^/stall/model.safetensors bytes=$((size / 2))- $((size - size / 2)) -$" log
ok "after a kill the rest is fetched" $?

if [ -n "$tls_port" ]; then
  # trusting CODE ARGUMENT…: as run, where our certificate is a good one.
  trusting() {
    local code=0
    unshare -m sh -c 'mount --bind tls.pem /etc/ssl/certs/ca-certificates.crt && exec "$@"' - "$clv" "${@:2}" \
      >out 2>err </dev/null || code=$?
    holds $code = "$1"
  }
  trusting 0 pull --output private "https://127.0.0.1:$tls_port/good" && same private
  ok "a model comes over TLS" $?
  refuses "a certificate that nobody knows is refused" 1 'SHA256SUMS: .*certificate' \
    pull --output unknown "https://127.0.0.1:$tls_port/good"
  trusting 1 pull --output public "https://127.0.0.1:$tls_port/to-plain" && says err 'SHA256SUMS: .*[Pp]rotocol'
  ok "what is private does not become public" $?
fi

# Two at once.
"$clv" pull --timeout 60 --output twice "$url/slow" >out 2>err &
child=$!
for _ in $(seq 100); do [ -s twice.part/model.safetensors.part ] && break; sleep 0.1; done
refuses "a second one leaves the first alone" 1 'twice.part: another clv pull is at it' pull --output twice "$url/slow"
wait $child
ok "which goes on" $?
same twice
ok "and is whole" $?

refuses "a URL without a name" 2 "name.*--output" pull "$url/good/.."
refuses "a name that is neither" 2 "found 'vit-b-32'" pull vit-b-32
refuses "another scheme" 2 "found 'ftp://x/y'" pull ftp://x/y
refuses "nothing" 2 'wanted one OWNER/NAME or URL, found 0' pull
finish
