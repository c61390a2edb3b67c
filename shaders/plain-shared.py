#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Makes accesses to shared memory plain ones: plain-shared.py IN.spv OUT.spv

Under the Vulkan memory model, which cooperative matrices bring along, glslang has
every access to a shared variable make itself available or visible to the workgroup.
Mesa turns each of these into a barrier: of the loads of a dozen matrices none starts
before the last one has ended (docs/gpu-kernels.md has the figures). Here the
shader's own barriers do that, with gl_SemanticsMakeAvailable and MakeVisible, as the
Vulkan specification's appendix "Vulkan Memory Model" wants it.

Numbers are those of the SPIR-V specification, sections 3.26 and 3.49."""

import struct
import sys

MAGIC = 0x07230203
HEADER = 5  # words
TYPE_POINTER = 32
LOAD, STORE, MATRIX_LOAD, MATRIX_STORE = 61, 62, 4457, 4458
# Operands before the memory operands, and which of them is the pointer. The first
# of what loads gives is its type.
ACCESSES = {LOAD: (3, 2), STORE: (2, 0), MATRIX_LOAD: (5, 2), MATRIX_STORE: (4, 0)}
TYPED = {59, 65, 66, 67}  # OpVariable, OpAccessChain and its kin: type, result
CLASS_WORKGROUP = 4
ALIGNED = 2
MAKE_AVAILABLE, MAKE_VISIBLE = 8, 16
KNOWN = 63  # Volatile to NonPrivatePointer


def read(path):
    with open(path, "rb") as file:
        data = file.read()
    words = list(struct.unpack(f"<{len(data) // 4}I", data[: len(data) // 4 * 4]))
    if len(words) < HEADER or len(data) % 4 or words[0] != MAGIC:
        sys.exit(f"{path}: wanted a SPIR-V module of this machine's byte order")
    return words


def instructions(words):
    at = HEADER
    while at < len(words):
        length = words[at] >> 16
        if length == 0 or at + length > len(words):
            sys.exit(f"SPIR-V ends within the instruction at word {at}")
        yield words[at] & 0xFFFF, words[at + 1 : at + length]
        at += length


def plain(opcode, operands):
    """The operands without making available and visible."""
    n, _ = ACCESSES[opcode]
    mask = operands[n]
    if mask & ~KNOWN:
        sys.exit(f"SPIR-V: memory operands {mask:#x} are not known here")
    rest = operands[n + 1 :]
    alignment = rest[: 1 if mask & ALIGNED else 0]
    return operands[:n] + [mask & ~(MAKE_AVAILABLE | MAKE_VISIBLE)] + alignment


def convert(words):
    storage, pointers = {}, {}
    out = words[:HEADER]
    for opcode, operands in instructions(words):
        if opcode == TYPE_POINTER:
            storage[operands[0]] = operands[1]
        elif opcode in TYPED:
            pointers[operands[1]] = storage[operands[0]]
        elif opcode in ACCESSES:
            n, pointer = ACCESSES[opcode]
            if len(operands) > n and pointers.get(operands[pointer]) == CLASS_WORKGROUP:
                operands = plain(opcode, operands)
        out += [(len(operands) + 1) << 16 | opcode] + operands
    return out


def main():
    if len(sys.argv) != 3:
        sys.exit("usage: plain-shared.py IN.spv OUT.spv")
    words = convert(read(sys.argv[1]))
    with open(sys.argv[2], "wb") as file:
        file.write(struct.pack(f"<{len(words)}I", *words))


main()
