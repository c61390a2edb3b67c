#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck source=tests/cli/tap.sh
. "$(dirname "${BASH_SOURCE[0]}")/tap.sh"

need_device

CLV_CACHE_DIR=$work/cache
export CLV_CACHE_DIR
run 0 info && says out '^Devices:' '^  0: ' '^ +kernels:' '^Model ' 'weights on a device: vision'
ok "devices, kernels and a model" $?
says out '^  about [0-9.e+]+ frames a second on .*, as measured$'
ok "a speed, measured where there is no cache" $?
grep -rq '^seconds-' "$CLV_CACHE_DIR"
ok "the speed is remembered" $?
# A second of each picture, if that is what was measured.
sed -i 's/^\(seconds-[^=]*\)=.*/\1=1/' "$CLV_CACHE_DIR"/*
run 0 info && says out '^  about 1 frames a second on '
ok "what an earlier run measured is told" $?
run 1 info --model no-such-model && says out '^Devices:' && says err 'no-such-model'
ok "a missing model does not hide the devices" $?
run 1 info --device no-such-device && says out '^Model ' && says err 'no-such-device'
ok "a missing device does not hide the model" $?
finish
