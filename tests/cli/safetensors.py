# SPDX-License-Identifier: LGPL-2.1-or-later
"""Read a float32 safetensors file without numpy: {name: (shape, values)}, metadata."""
import array
import json
import math


def read(path):
    """Every tensor as a flat list."""
    with open(path, "rb") as f:
        length = int.from_bytes(f.read(8), "little")
        header = json.loads(f.read(length))
        data = f.read()
    metadata = header.pop("__metadata__", {})
    tensors = {}
    for name, entry in header.items():
        assert entry["dtype"] == "F32", entry
        begin, end = entry["data_offsets"]
        values = array.array("f")
        values.frombytes(data[begin:end])
        assert len(values) == math.prod(entry["shape"]), entry
        tensors[name] = (entry["shape"], list(values))
    return tensors, metadata


def rows(tensor):
    """The rows of a matrix."""
    (n, width), values = tensor
    return [values[i * width:(i + 1) * width] for i in range(n)]
