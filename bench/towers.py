# SPDX-License-Identifier: LGPL-2.1-or-later
"""A CLIP model's two towers in the formats of other programs, made from the model's own weights.

Needs numpy; the ONNX half needs onnx. Formulas: Radford et al. 2021, 2.4; names: Transformers' CLIPModel.
"""
import json
import math
import os

import numpy as np

TOWERS = {
    "vision": ("vision_model", "visual_projection", {
        "hidden_size": 768, "num_hidden_layers": 12, "num_attention_heads": 12, "intermediate_size": 3072,
        "patch_size": 32, "image_size": 224, "hidden_act": "quick_gelu", "layer_norm_eps": 1e-5}),
    "text": ("text_model", "text_projection", {
        "hidden_size": 512, "num_hidden_layers": 12, "num_attention_heads": 8, "intermediate_size": 2048,
        "max_position_embeddings": 77, "hidden_act": "quick_gelu", "layer_norm_eps": 1e-5}),
}


class Tower:
    """One tower: `config` with defaults filled in, and its tensors as float32."""

    def __init__(self, folder, kind):
        self.prefix, self.projection, defaults = TOWERS[kind]
        with open(os.path.join(folder, "config.json"), encoding="utf-8") as f:
            self.config = {**defaults, **json.load(f).get(kind + "_config", {})}
        self.tensors = read_tensors(os.path.join(folder, "model.safetensors"), (self.prefix, self.projection))
        self.width = self.config["hidden_size"]
        self.heads = self.config["num_attention_heads"]
        self.eps = self.config["layer_norm_eps"]

    def blocks(self):
        return [f"{self.prefix}.encoder.layers.{i}" for i in range(self.config["num_hidden_layers"])]

    def __getitem__(self, name):
        return self.tensors[name]


def read_tensors(path, prefixes):
    """The tensors whose names start with one of `prefixes`."""
    tensors = {}
    with open(path, "rb") as f:
        header = json.loads(f.read(int.from_bytes(f.read(8), "little")))
        start = f.tell()
        for name, entry in header.items():
            if name == "__metadata__" or not name.startswith(prefixes):
                continue
            begin, end = entry["data_offsets"]
            f.seek(start + begin)
            raw = f.read(end - begin)
            if entry["dtype"] == "BF16":
                values = (np.frombuffer(raw, "<u2").astype(np.uint32) << 16).view(np.float32)
            elif entry["dtype"] in ("F32", "F16"):
                values = np.frombuffer(raw, {"F32": "<f4", "F16": "<f2"}[entry["dtype"]]).astype(np.float32)
            else:
                continue
            tensors[name] = values.reshape(entry["shape"])
    return tensors


class Graph:
    """A growing list of ONNX nodes; every method returns the name of its output."""

    def __init__(self, tower):
        from onnx import helper  # only this half needs it
        self.make_node = helper.make_node
        self.nodes, self.weights, self.tower, self.count = [], {}, tower, 0

    def op(self, kind, *inputs, **attributes):
        self.count += 1
        name = f"v{self.count}"
        self.nodes.append(self.make_node(kind, list(inputs), [name], **attributes))
        return name

    def constant(self, name, value):
        self.weights[name] = np.asarray(value, order="C")
        return name

    def shape(self, *sizes):
        return self.constant("shape_" + "_".join(map(str, sizes)).replace("-", "m"), np.array(sizes, np.int64))

    def linear(self, x, name, bias=True):
        y = self.op("MatMul", x, self.constant(name + ".weight", self.tower[name + ".weight"].T))
        return self.op("Add", y, self.constant(name + ".bias", self.tower[name + ".bias"])) if bias else y

    def norm(self, x, name):
        return self.op("LayerNormalization", x, self.constant(name + ".weight", self.tower[name + ".weight"]),
                       self.constant(name + ".bias", self.tower[name + ".bias"]), axis=-1, epsilon=self.tower.eps)

    def activation(self, x):
        kind = self.tower.config["hidden_act"]
        if kind == "quick_gelu":
            gate = self.op("Sigmoid", self.op("Mul", x, self.constant("quick", np.float32(1.702))))
            return self.op("Mul", x, gate)
        if kind != "gelu":
            raise ValueError(f"no ONNX form of {kind} here")
        erf = self.op("Erf", self.op("Mul", x, self.constant("rsqrt2", np.float32(math.sqrt(0.5)))))
        half = self.op("Mul", x, self.constant("half", np.float32(0.5)))
        return self.op("Mul", half, self.op("Add", erf, self.constant("one", np.float32(1))))

    def attention(self, x, name, tokens, mask):
        width, heads = self.tower.width, self.tower.heads

        def split(part, order):
            y = self.op("Reshape", self.linear(x, f"{name}.{part}_proj"), self.shape(-1, tokens, heads, width // heads))
            return self.op("Transpose", y, perm=order)
        q, k, v = split("q", [0, 2, 1, 3]), split("k", [0, 2, 3, 1]), split("v", [0, 2, 1, 3])
        scale = self.constant("scale", np.float32(1 / math.sqrt(width // heads)))
        logits = self.op("Mul", self.op("MatMul", q, k), scale)
        if mask is not None:
            logits = self.op("Add", logits, mask)
        y = self.op("Transpose", self.op("MatMul", self.op("Softmax", logits, axis=-1), v), perm=[0, 2, 1, 3])
        return self.linear(self.op("Reshape", y, self.shape(-1, tokens, width)), name + ".out_proj")

    def layers(self, x, tokens, mask=None):
        for block in self.tower.blocks():
            y = self.attention(self.norm(x, block + ".layer_norm1"), block + ".self_attn", tokens, mask)
            x = self.op("Add", x, y)
            y = self.linear(self.norm(x, block + ".layer_norm2"), block + ".mlp.fc1")
            x = self.op("Add", x, self.linear(self.activation(y), block + ".mlp.fc2"))
        return x

    def finish(self, name, inputs, embedding):
        from onnx import TensorProto, helper, numpy_helper
        self.nodes.append(helper.make_node("Identity", [embedding], ["embedding"]))
        graph = helper.make_graph(
            self.nodes, name, [helper.make_tensor_value_info(*one) for one in inputs],
            [helper.make_tensor_value_info("embedding", TensorProto.FLOAT, None)],
            [numpy_helper.from_array(value, name) for name, value in self.weights.items()])
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)])
        model.ir_version = 8
        return model.SerializeToString()


def vision_onnx(tower, batch):
    """Opset 17: pixels (B, 3, S, S) to embedding (B, D), for a fixed B."""
    from onnx import TensorProto
    width, patch, size = tower.width, tower.config["patch_size"], tower.config["image_size"]
    side = size // patch
    tokens, prefix = side * side + 1, "vision_model.embeddings."
    g = Graph(tower)
    x = g.op("Conv", "pixels", g.constant("patch", tower[prefix + "patch_embedding.weight"]), strides=[patch] * 2)
    x = g.op("Transpose", g.op("Reshape", x, g.shape(batch, width, side * side)), perm=[0, 2, 1])
    row = np.broadcast_to(tower[prefix + "class_embedding"].reshape(1, 1, width), (batch, 1, width))
    x = g.op("Concat", g.constant("class", row), x, axis=1)
    x = g.op("Add", x, g.constant("position", tower[prefix + "position_embedding.weight"]))
    x = g.layers(g.norm(x, "vision_model.pre_layrnorm"), tokens)
    x = g.op("Gather", x, g.constant("first", np.array(0, np.int64)), axis=1)
    x = g.linear(g.norm(x, "vision_model.post_layernorm"), "visual_projection", bias=False)
    return g.finish("vision", [("pixels", TensorProto.FLOAT, [batch, 3, size, size])], x)


def text_onnx(tower, batch):
    """ids (B, T), padded, and ends (B): the place of each end token, to embedding (B, D), for a fixed B."""
    from onnx import TensorProto
    tokens, prefix = tower.config["max_position_embeddings"], "text_model.embeddings."
    g = Graph(tower)
    x = g.op("Gather", g.constant("tokens", tower[prefix + "token_embedding.weight"]), "ids", axis=0)
    x = g.op("Add", x, g.constant("position", tower[prefix + "position_embedding.weight"]))
    mask = np.triu(np.full((tokens, tokens), -np.finfo(np.float32).max, np.float32), 1)
    x = g.layers(x, tokens, g.constant("causal", mask))
    at = g.op("Concat", g.constant("rows", np.arange(batch, dtype=np.int64).reshape(batch, 1)), "ends", axis=1)
    x = g.op("GatherND", x, at)
    x = g.linear(g.norm(x, "text_model.final_layer_norm"), "text_projection", bias=False)
    return g.finish("text", [("ids", TensorProto.INT64, [batch, tokens]), ("ends", TensorProto.INT64, [batch, 1])], x)


class NcnnNet:
    """ncnn's two files: a layer a line, and the weights in the order of the layers. Blobs are used once: Split."""

    def __init__(self, tower, data):
        self.tower, self.data, self.lines, self.n_blobs = tower, data, [], 0

    def layer(self, kind, inputs, n_outputs=1, **params):
        """Adds a layer with params p0=…, p1=…; returns the name of its output, or a list of several."""
        outputs = [f"b{self.n_blobs + i}" for i in range(n_outputs)]
        self.n_blobs += n_outputs
        words = [kind, f"l{len(self.lines)}", str(len(inputs)), str(n_outputs), *inputs, *outputs]
        self.lines.append(" ".join(words + [f"{key[1:]}={value}" for key, value in params.items()]))
        return outputs[0] if n_outputs == 1 else outputs

    def raw(self, values):
        self.data.write(np.ascontiguousarray(values, "<f4").tobytes())

    def weights(self, values):
        self.data.write(b"\0\0\0\0")  # float32 follows
        self.raw(values)

    def memory(self, values):
        name = self.layer("MemoryData", [], p0=values.shape[1], p1=values.shape[0])
        self.raw(values)
        return name

    def linear(self, x, name, bias=True, scale_in=1.0, scale_out=1.0):
        weight = self.tower[name + ".weight"] * np.float32(scale_in * scale_out)
        # x · Wᵀ + bias: W (N, K) constant, the bias one row (broadcast 4) or none (-1).
        y = self.layer("Gemm", [x], p2=0, p3=1, p4=0, p5=1, p6=1, p7=0, p8=weight.shape[0], p9=weight.shape[1],
                       p10=4 if bias else -1)
        self.weights(weight)
        if bias:
            self.weights(self.tower[name + ".bias"] * np.float32(scale_out))
        return y

    def norm(self, x, name):
        y = self.layer("LayerNorm", [x], p0=self.tower.width, p1=f"{self.tower.eps:.9f}", p2=1)
        self.raw(self.tower[name + ".weight"])
        self.raw(self.tower[name + ".bias"])
        return y

    def attention(self, x, name):
        weight = self.tower[name + ".q_proj.weight"]
        y = self.layer("MultiHeadAttention", [x], p0=self.tower.width, p1=self.tower.heads, p2=weight.size,
                       p3=self.tower.width, p4=self.tower.width)
        for part in ("q_proj", "k_proj", "v_proj", "out_proj"):
            self.weights(self.tower[f"{name}.{part}.weight"])
            self.raw(self.tower[f"{name}.{part}.bias"])
        return y

    def mlp(self, x, name):
        if self.tower.config["hidden_act"] != "quick_gelu":
            y = self.layer("GELU", [self.linear(x, name + ".fc1")], p0=0)
            return self.linear(y, name + ".fc2")
        # x · sigmoid (a x) = swish (a x) / a: one layer instead of three.
        y = self.layer("Swish", [self.linear(x, name + ".fc1", scale_out=1.702)])
        return self.linear(y, name + ".fc2", scale_in=1 / 1.702)

    def residual(self, x, branch):
        kept, x = self.layer("Split", [x], 2)
        return self.layer("BinaryOp", [kept, branch(x)], p0=0)


def write_ncnn(tower, path):
    """Writes the vision tower as PATH.param and PATH.bin: "pixels" (3, S, S) to "embedding" (D)."""
    width, patch, size = tower.width, tower.config["patch_size"], tower.config["image_size"]
    patches, prefix = (size // patch) ** 2, "vision_model.embeddings."
    with open(path + ".bin", "wb") as data:
        net = NcnnNet(tower, data)
        pixels = net.layer("Input", [], p0=size, p1=size, p2=3)
        weight = tower[prefix + "patch_embedding.weight"]
        x = net.layer("Convolution", [pixels], p0=width, p1=patch, p3=patch, p5=0, p6=weight.size)
        net.weights(weight)
        x = net.layer("Permute", [net.layer("Reshape", [x], p0=patches, p1=width)], p0=1)
        x = net.layer("Concat", [net.memory(tower[prefix + "class_embedding"].reshape(1, width)), x], p0=0)
        x = net.layer("BinaryOp", [x, net.memory(tower[prefix + "position_embedding.weight"])], p0=0)
        x = net.norm(x, "vision_model.pre_layrnorm")
        for block in tower.blocks():
            x = net.residual(x, lambda y: net.attention(net.norm(y, block + ".layer_norm1"), block + ".self_attn"))
            x = net.residual(x, lambda y: net.mlp(net.norm(y, block + ".layer_norm2"), block + ".mlp"))
        x = net.layer("Crop", [x], p0=0, p1=0, p3=width, p4=1)
        x = net.linear(net.norm(x, "vision_model.post_layernorm"), "visual_projection", bias=False)
    text = "\n".join(net.lines)
    for blob, name in ((pixels, "pixels"), (x, "embedding")):
        text = "\n".join(" ".join(name if word == blob else word for word in line.split(" "))
                         for line in text.split("\n"))
    with open(path + ".param", "w", encoding="utf-8") as f:
        f.write(f"7767517\n{len(net.lines)} {net.n_blobs}\n{text}\n")
