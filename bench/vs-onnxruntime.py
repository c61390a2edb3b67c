#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Time the vision tower of a model in clv and in ONNX Runtime (float32), taking turns, on the same cores.

    vs-onnxruntime.py BENCH_ENCODE MODEL_DIR [--precision fp32|fp16] [--batch N] [--threads N] [--rounds N]

The ONNX graph is made here from the model's own weights. clv's time includes preprocessing and normalising, ONNX
Runtime's only the tower and the projection. Both must give the same embedding, or there is nothing to compare.
bench.sh makes the environment that this needs.
"""
import argparse
import json
import math
import os
import statistics
import subprocess
import sys
import tempfile
import time

import numpy as np
import onnxruntime
from onnx import TensorProto, helper, numpy_helper


def read_model(folder):
    """Return config.json, preprocessor_config.json and the tensors as float32."""
    def load(name):
        with open(os.path.join(folder, name), encoding="utf-8") as f:
            return json.load(f)
    with open(os.path.join(folder, "model.safetensors"), "rb") as f:
        header = json.loads(f.read(int.from_bytes(f.read(8), "little")))
        data = f.read()
    tensors = {}
    for name, entry in header.items():
        if name == "__metadata__" or not name.startswith(("vision_model", "visual_projection")):
            continue
        begin, end = entry["data_offsets"]
        raw = data[begin:end]
        if entry["dtype"] == "BF16":
            values = (np.frombuffer(raw, "<u2").astype(np.uint32) << 16).view(np.float32)
        elif entry["dtype"] in ("F32", "F16"):
            values = np.frombuffer(raw, {"F32": "<f4", "F16": "<f2"}[entry["dtype"]]).astype(np.float32)
        else:
            continue
        tensors[name] = values.reshape(entry["shape"])
    return load("config.json"), load("preprocessor_config.json"), tensors


class Graph:
    """A growing list of ONNX nodes; every method returns the name of its output."""

    def __init__(self, tensors):
        self.nodes, self.weights, self.tensors, self.count = [], {}, tensors, 0

    def op(self, kind, *inputs, **attributes):
        self.count += 1
        name = f"v{self.count}"
        self.nodes.append(helper.make_node(kind, list(inputs), [name], **attributes))
        return name

    def constant(self, name, value):
        self.weights[name] = np.asarray(value, order="C")
        return name

    def shape(self, *sizes):
        return self.constant("shape_" + "_".join(map(str, sizes)).replace("-", "m"), np.array(sizes, np.int64))

    def linear(self, x, name, bias=True):
        y = self.op("MatMul", x, self.constant(name + ".weight", self.tensors[name + ".weight"].T))
        return self.op("Add", y, self.constant(name + ".bias", self.tensors[name + ".bias"])) if bias else y

    def norm(self, x, name, eps):
        return self.op("LayerNormalization", x, self.constant(name + ".weight", self.tensors[name + ".weight"]),
                       self.constant(name + ".bias", self.tensors[name + ".bias"]), axis=-1, epsilon=eps)

    def activation(self, x, kind):
        if kind == "quick_gelu":
            gate = self.op("Sigmoid", self.op("Mul", x, self.constant("quick", np.float32(1.702))))
            return self.op("Mul", x, gate)
        if kind != "gelu":
            sys.exit(f"no ONNX form of {kind} here")
        erf = self.op("Erf", self.op("Mul", x, self.constant("rsqrt2", np.float32(math.sqrt(0.5)))))
        half = self.op("Mul", x, self.constant("half", np.float32(0.5)))
        return self.op("Mul", half, self.op("Add", erf, self.constant("one", np.float32(1))))

    def attention(self, x, name, tokens, heads, width):
        def split(part, order):
            y = self.op("Reshape", self.linear(x, f"{name}.{part}_proj"), self.shape(-1, tokens, heads, width // heads))
            return self.op("Transpose", y, perm=order)
        q, k, v = split("q", [0, 2, 1, 3]), split("k", [0, 2, 3, 1]), split("v", [0, 2, 1, 3])
        scale = self.constant("scale", np.float32(1 / math.sqrt(width // heads)))
        weights = self.op("Softmax", self.op("Mul", self.op("MatMul", q, k), scale), axis=-1)
        y = self.op("Transpose", self.op("MatMul", weights, v), perm=[0, 2, 1, 3])
        return self.linear(self.op("Reshape", y, self.shape(-1, tokens, width)), name + ".out_proj")


def make_onnx(config, tensors, batch):
    """The vision tower as an ONNX model (opset 17), pixels (B, 3, S, S) to embedding (B, D)."""
    vision = {"hidden_size": 768, "num_hidden_layers": 12, "num_attention_heads": 12, "patch_size": 32,
              "image_size": 224, "hidden_act": "quick_gelu", "layer_norm_eps": 1e-5, **config.get("vision_config", {})}
    width, heads, eps = vision["hidden_size"], vision["num_attention_heads"], vision["layer_norm_eps"]
    side = vision["image_size"] // vision["patch_size"]
    tokens, prefix = side * side + 1, "vision_model.embeddings."
    g = Graph(tensors)
    x = g.op("Conv", "pixels", g.constant("patch", tensors[prefix + "patch_embedding.weight"]),
             strides=[vision["patch_size"]] * 2)
    x = g.op("Transpose", g.op("Reshape", x, g.shape(batch, width, side * side)), perm=[0, 2, 1])
    row = np.broadcast_to(tensors[prefix + "class_embedding"].reshape(1, 1, width), (batch, 1, width))
    x = g.op("Concat", g.constant("class", row), x, axis=1)
    x = g.op("Add", x, g.constant("position", tensors[prefix + "position_embedding.weight"]))
    x = g.norm(x, "vision_model.pre_layrnorm", eps)
    for i in range(vision["num_hidden_layers"]):
        block = f"vision_model.encoder.layers.{i}"
        y = g.attention(g.norm(x, block + ".layer_norm1", eps), block + ".self_attn", tokens, heads, width)
        x = g.op("Add", x, y)
        y = g.linear(g.norm(x, block + ".layer_norm2", eps), block + ".mlp.fc1")
        x = g.op("Add", x, g.linear(g.activation(y, vision["hidden_act"]), block + ".mlp.fc2"))
    x = g.op("Gather", x, g.constant("first", np.array(0, np.int64)), axis=1)
    x = g.linear(g.norm(x, "vision_model.post_layernorm", eps), "visual_projection", bias=False)
    g.nodes.append(helper.make_node("Identity", [x], ["embedding"]))
    size = vision["image_size"]
    graph = helper.make_graph(
        g.nodes, "vision", [helper.make_tensor_value_info("pixels", TensorProto.FLOAT, [batch, 3, size, size])],
        [helper.make_tensor_value_info("embedding", TensorProto.FLOAT, None)],
        [numpy_helper.from_array(value, name) for name, value in g.weights.items()])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)])
    model.ir_version = 8
    return model.SerializeToString(), size


class Clv:
    """bench-encode as a process that answers requests."""

    def __init__(self, program, model, precision, batch, side, pixels):
        self.process = subprocess.Popen([program, model, precision, str(batch), str(side), pixels], text=True,
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE)

    def ask(self, request):
        self.process.stdin.write(request + "\n")
        self.process.stdin.flush()
        line = self.process.stdout.readline()
        if not line:
            sys.exit("bench-encode ended")
        return [float(word) for word in line.split()]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("program")
    parser.add_argument("model")
    parser.add_argument("--precision", default="fp32", choices=["fp32", "fp16"])
    parser.add_argument("--batch", type=int, default=1)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=15)
    args = parser.parse_args()

    config, rules, tensors = read_model(args.model)
    onnx, size = make_onnx(config, tensors, args.batch)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = args.threads
    session = onnxruntime.InferenceSession(onnx, options, providers=["CPUExecutionProvider"])

    # A picture of exactly the input's size: resizing is not what is compared.
    image = np.random.RandomState(1).randint(0, 256, (size, size, 3)).astype(np.uint8)
    pixels = (image.astype(np.float32) / 255 - np.float32(rules["image_mean"])) / np.float32(rules["image_std"])
    pixels = np.ascontiguousarray(np.repeat(pixels.transpose(2, 0, 1)[None], args.batch, axis=0))
    with tempfile.NamedTemporaryFile(suffix=".rgb") as file:
        file.write(image.tobytes())
        file.flush()
        clv = Clv(args.program, args.model, args.precision, args.batch, size, file.name)
        ours = np.array(clv.ask("embedding"))
    theirs = session.run(None, {"pixels": pixels})[0][0]
    cosine = float(ours @ theirs / np.linalg.norm(ours) / np.linalg.norm(theirs))
    print(f"{os.path.basename(os.path.normpath(args.model))}, batch {args.batch}, {args.threads} threads; "
          f"embeddings agree to cosine {cosine:.6f}")
    if not cosine > 0.999:
        sys.exit("the two compute different things")

    times = {"clv": [], "onnxruntime": []}
    for _ in range(args.rounds):
        times["clv"].append(clv.ask("time")[0])
        start = time.perf_counter()
        session.run(None, {"pixels": pixels})
        times["onnxruntime"].append((time.perf_counter() - start) * 1e3)
    medians = {name: statistics.median(values) / args.batch for name, values in times.items()}
    label = {"clv": f"clv {args.precision} (Vulkan)", "onnxruntime": f"ONNX Runtime {onnxruntime.__version__} fp32"}
    for name, values in times.items():
        print(f"{label[name]:32} {medians[name]:8.1f} ms a picture, median of {len(values)} "
              f"({min(values) / args.batch:.1f} to {max(values) / args.batch:.1f})")
    print(f"ratio of medians: {medians['clv'] / medians['onnxruntime']:.2f}")


if __name__ == "__main__":
    main()
