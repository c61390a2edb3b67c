#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck source=tests/cli/tap.sh
. "$(dirname "${BASH_SOURCE[0]}")/tap.sh"

run 0 --help && says out 'Usage: clv' tag info encode tokenize
ok "help lists the commands" $?
run 0 --version && says out '^clv [0-9]+\.[0-9]+'
ok "there is a version" $?
for command in tag info encode tokenize; do
  run 0 "$command" --help && says out "clv $command" '--model'
  ok "$command explains itself" $?
  refuses "$command hints at help for an unknown option" 2 "Try 'clv $command --help'" "$command" --no-such-option
done
refuses "no command is an error" 2 'Usage: clv'
refuses "an unknown command is named" 2 "unknown command 'tga'.*" tga

refuses "tokenize wants a file" 2 'FILE.json' tokenize
refuses "encode wants an output" 2 '--output' encode --images a.png
refuses "encode wants something to encode" 2 'nothing to encode' encode --output x.safetensors
refuses "encode names a wrong precision" 2 "precision.*'fp8'" encode --precision fp8 --output x --images a.png
refuses "encode names an argument that is no option" 2 "'stray'" encode --output x stray --images a.png
refuses "tag wants media" 2 MEDIA tag --prompts 'a; b'
refuses "tag wants prompts" 2 '--prompts' tag a.mkv
refuses "tag wants one kind of prompts" 2 'one of' tag --prompts a --prompts-file b a.mkv
refuses "tag names a wrong format" 2 "format.*'xml'" tag --prompts a --format xml a.mkv
refuses "chapters are of one media" 2 "--format chapters: is about one MEDIA, found also 'b'" tag --prompts a --format chapters a b
refuses "tag names a wrong calibration" 2 "calibration.*stream.*'scene'" tag --prompts a --calibration scene a.mkv
refuses "tag names a wrong scoring" 2 "scoring.*'best'" tag --prompts a --scoring best a.mkv
refuses "tag names a wrong threshold" 2 "threshold.*'2'" tag --prompts a --threshold 2 a.mkv
refuses "tag names a threshold that is no number" 2 "threshold.*'high'" tag --prompts a --threshold high a.mkv
refuses "tag names a wrong interval" 2 'interval.*found 0' tag --prompts a --interval 0 a.mkv
refuses "tag names a wrong rate" 2 'rate.*found -2' tag --prompts a --rate -2 a.mkv
refuses "tag names a wrong smoothing" 2 'smoothing.*found -1' tag --prompts a --smoothing -1 a.mkv
refuses "interval and rate exclude each other" 2 'one of' tag --prompts a --interval 2 --rate 1 a.mkv

refuses "a file may have - in front" 1 '^clv: -x.json: ' tokenize -- -x.json
refuses "even be called --" 1 '^clv: --: ' tokenize -- --
if "$clv" --help | grep -q ' search '; then
  for command in index search; do
    run 0 "$command" --help && says out "clv $command" '--model' '--db'
    ok "$command explains itself" $?
  done
  refuses "index wants media" 2 'MEDIA' index
  refuses "index names a wrong interval" 2 'interval.*found 0' index --interval 0 a.mkv
  refuses "index names a wrong scene change" 2 'scene-change.*found 1.5' index --scene-change 1.5 a.mkv
  refuses "search wants a sentence" 2 'SENTENCE' search
  refuses "search wants one sentence" 2 "quotes" search a red car
  refuses "search wants words" 2 "empty" search ' '
  refuses "search names a wrong number" 2 'top.*found 0' search --top 0 a
  refuses "search names a wrong time" 2 "after.*'1:75'" search --after 1:75 a
  refuses "search names times in the wrong order" 2 "before.*'10'" search --after 20 --before 10 a
  refuses "search names a wrong format" 2 "format.*'xml'" search --format xml a
fi
finish
