#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Judges the matrix multiplications of ggml and ncnn as tests/gpu judges ours, with the tiles and the options that these
# choose for large aligned shapes and half weights. Nothing of theirs is kept: their sources are somewhere else.
#
#   peers.sh GATE GGML NCNN    the program gpu-gate, and checkouts; - for one that is not there
#
# scripts/debian13.sh --peers GGML NCNN runs it where there is a driver that can tell.
set -euo pipefail

if [ $# != 3 ]; then echo "usage: peers.sh GATE GGML NCNN" >&2; exit 2; fi
gate=$1 ggml=$2 ncnn=$3
out=$(mktemp -d)
trap 'rm -rf "$out"' EXIT

# compile NAME ARGUMENT…: of $out/NAME.comp; messages only where it fails.
compile() {
  local name=$1
  shift
  glslangValidator -V --target-env vulkan1.3 "$@" -o "$out/$name.spv" "$out/$name.comp" >"$out/log" ||
    { cat "$out/log"; return 1; }
}

# judge CHIP NAME BUFFERS LANES VALUE…
judge() {
  local chip=$1 name=$2 buffers=$3 lanes=$4
  shift 4
  "$gate" "$chip" "$out/$name.spv" "$buffers" 0 "$lanes" "$@" 2>/dev/null | tail -n +2
}

# make_ggml NAME INVOCATIONS ARGUMENT…: mul_mm.comp with a literal size of the workgroup beside the constant, or the driver's
# statistics would be those of one invocation. Definitions as its vulkan-shaders-gen makes them.
make_ggml() {
  local name=$1 size=$2
  shift 2
  sed "s/local_size_x_id = 0/local_size_x = $size, local_size_x_id = 0/" "$shaders/mul_mm.comp" >"$out/$name.comp"
  compile "$name" -P'#extension GL_GOOGLE_include_directive : require' -I"$shaders" -DACC_TYPE=float -DACC_TYPEV2=vec2 \
    -DD_TYPE=float -DDATA_A_F16=1 "$@"
}

judge_ggml() {
  local -a halves=(-DFLOAT16=1 -DFLOAT_TYPE=float16_t -DFLOAT_TYPEV2=f16vec2 -DFLOAT_TYPEV4=f16vec4 -DFLOAT_TYPEV8=f16mat2x4
    -DLOAD_VEC_A=8 -DLOAD_VEC_B=8 -DB_TYPE=mat2x4 -DB_TYPE_SCALAR=float -DB_TYPEV4=vec4)
  local -a floats=(-DFLOAT_TYPE=float -DFLOAT_TYPEV2=vec2 -DFLOAT_TYPEV4=vec4 -DFLOAT_TYPEV8=mat2x4
    -DLOAD_VEC_A=4 -DLOAD_VEC_B=4 -DB_TYPE=vec4 -DB_TYPE_SCALAR=float -DB_TYPEV4=vec4)
  local shaders=$ggml/src/ggml-vulkan/vulkan-shaders chip
  if [ ! -f "$shaders/mul_mm.comp" ]; then echo "peers.sh: $ggml: wanted a checkout of ggml" >&2; return 1; fi

  # BLOCK_SIZE, BM, BN, BK, WM, WN, WMITER, TM, TN, TK, WARP, ALIGNED; with matrices the padding.
  make_ggml ggml_coop_128x128 256 -DCOOPMAT=1 "${halves[@]}"
  make_ggml ggml_coop_64x64 128 -DCOOPMAT=1 "${halves[@]}"
  for chip in navi31 gfx1201; do
    judge $chip ggml_coop_128x128 3 64 256 128 128 16 64 64 2 16 16 16 64 1 4 0
    judge $chip ggml_coop_64x64 3 64 128 64 64 16 64 32 2 16 16 16 64 1 4 0
  done
  make_ggml ggml_f32_128x128 128 "${floats[@]}"
  make_ggml ggml_f32_64x64 128 "${floats[@]}"
  judge navi21 ggml_f32_128x128 3 0 128 128 128 16 128 64 2 4 4 1 64 1
  judge navi21 ggml_f32_64x64 3 0 128 64 64 16 64 32 2 4 2 1 64 1
  make_ggml ggml_f16_128x128 128 "${halves[@]}"
  make_ggml ggml_f16_64x64 128 "${halves[@]}"
  judge navi21 ggml_f16_128x128 3 0 128 128 128 16 128 64 2 4 4 1 64 1
  judge navi21 ggml_f16_64x64 3 0 128 64 64 16 64 32 2 4 2 1 64 1
}

# What ncnn puts before its shaders; values are stored as TYPE, four of them as VEC4, and summed up as floats.
ncnn_preamble() {
  local type=$1 vec4=$2
  cat >"$out/preamble" <<EOF
#extension GL_EXT_shader_16bit_storage : require
#extension GL_EXT_shader_explicit_arithmetic_types_float16 : require
#define NCNN_fp16_storage $([ "$type" = float16_t ] && echo 1 || echo 0)
#define NCNN_shader_local_memory 1
#define ncnn_VK_KHR_cooperative_matrix 1
#define sfp $type
#define sfpvec4 $vec4
#define afp float
#define afpvec4 vec4
#define lfpvec4 vec4
#define buffer_ld1(b, i) float (b[i])
#define buffer_st1(b, i, v) b[i] = sfp (v)
#define buffer_ld4(b, i) vec4 (b[i])
#define buffer_st4(b, i, v) b[i] = sfpvec4 (v)
#define buffer_sm4(b, i) vec4 (b[i])
#define lfp2afpvec4(v) v
#define afp2lfpvec4(v) v
#define psc(x) (x == 0 ? p.x : x)
EOF
}

# make_ncnn NAME SOURCE SIZE EDIT…: ncnn sets the size of a workgroup when it compiles; an edit gives a constant another
# value.
make_ncnn() {
  local name=$1 source=$2 size=$3
  shift 3
  sed -E -e "/^#version/r $out/preamble" "$@" "$ncnn/src/layer/vulkan/shader/$source" >"$out/$name.comp"
  echo "layout ($size) in;" >>"$out/$name.comp"
  compile "$name"
}

judge_ncnn() {
  # A layer of 768 inputs and 3072 outputs, (N, K) in memory and packed by ncnn, its bias, any number of rows.
  local -a layer=(-e 's/(int transB) = 0/\1 = 1/' -e 's/(int constant[BC]) = 0/\1 = 1/'
    -e 's/(broadcast_type_C) = 0/\1 = 4/' -e 's/((int GN|int N|uint N)) = 0/\1 = 3072/' -e 's/((int GK|int K|uint K)) = 0/\1 = 768/')
  local -a matrices=(-e 's/(uint [MNK]) = 1;/\1 = 16;/' -e 's/(int (A_|out_)elempack) = 0/\1 = 4/')
  local chip
  if [ ! -d "$ncnn/src/layer/vulkan/shader" ]; then echo "peers.sh: $ncnn: wanted a checkout of ncnn" >&2; return 1; fi

  ncnn_preamble float16_t f16vec4
  make_ncnn ncnn_coop_64x64 gemm_cm.comp 'local_size_x = 128' "${layer[@]}" "${matrices[@]}"
  for chip in navi31 gfx1201; do
    judge $chip ncnn_coop_64x64 5 32
  done
  ncnn_preamble float vec4
  make_ncnn ncnn_f32_32x32 gemm.comp 'local_size_x = 8, local_size_y = 8' "${layer[@]}"
  judge navi21 ncnn_f32_32x32 5 0
}

if [ "$ggml" != - ]; then judge_ggml; fi
if [ "$ncnn" != - ]; then judge_ncnn; fi
