#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""One other program that computes a tower of a model, on request; bench.py lets it and clv take turns.

    peers.py PROGRAM vision MODEL_DIR BATCH THREADS RGB_FILE
    peers.py PROGRAM text MODEL_DIR BATCH THREADS IDS_JSON

PROGRAM: onnxruntime, openvino, openvino_bf16, ncnn_cpu, ncnn_vulkan (these two: vision, batch 1). The first line of
output is "ready NAME" or "unavailable REASON". Then each line of standard input is a request and gets one line back:

    time B         a run of the tower on B pictures, B being BATCH: milliseconds
    texts FIRST N  the embeddings of N phrases, in batches: milliseconds
    embedding      of the picture, or of the first phrase

Pixels are normalised beforehand, so only the tower is timed.
"""
import json
import os
import sys
import tempfile
import time

import numpy as np

import towers


class OnnxRuntime:
    def __init__(self, threads):
        import onnxruntime
        self.name = f"ONNX Runtime {onnxruntime.__version__}"
        self.module = onnxruntime
        self.options = onnxruntime.SessionOptions()
        self.options.intra_op_num_threads = threads

    def load(self, tower, batch):
        model = (towers.vision_onnx if tower.prefix == "vision_model" else towers.text_onnx)(tower, batch)
        self.session = self.module.InferenceSession(model, self.options, providers=["CPUExecutionProvider"])

    def run(self, inputs):
        return self.session.run(None, inputs)[0]


class OpenVino:
    def __init__(self, threads, precision):
        import openvino
        self.name = f"OpenVINO {openvino.__version__.split('-')[0]}" + ("" if precision == "f32" else f" {precision}")
        self.core = openvino.Core()
        self.precision = precision
        self.settings = {"INFERENCE_NUM_THREADS": threads, "INFERENCE_PRECISION_HINT": precision,
                         "PERFORMANCE_HINT": "LATENCY"}

    def load(self, tower, batch):
        model = (towers.vision_onnx if tower.prefix == "vision_model" else towers.text_onnx)(tower, batch)
        compiled = self.core.compile_model(self.core.read_model(model), "CPU", self.settings)
        used = compiled.get_property("INFERENCE_PRECISION_HINT").to_string()
        if used != self.precision:
            raise RuntimeError(f"it computes in {used} on this CPU")
        self.request = compiled.create_infer_request()

    def run(self, inputs):
        return self.request.infer(inputs)[0]


class Ncnn:
    def __init__(self, threads, vulkan):
        import ncnn
        self.name = f"ncnn {ncnn.__version__} " + ("Vulkan" if vulkan else "CPU")
        self.module = ncnn
        self.net = ncnn.Net()
        self.net.opt.num_threads = threads
        if vulkan and ncnn.get_gpu_count() == 0:
            raise RuntimeError("it finds no Vulkan device")
        self.net.opt.use_vulkan_compute = vulkan
        # float32, as everybody here.
        for option in ("use_fp16_packed", "use_fp16_storage", "use_fp16_arithmetic", "use_bf16_packed",
                       "use_bf16_storage"):
            setattr(self.net.opt, option, False)

    def load(self, tower, batch):
        if tower.prefix != "vision_model" or batch != 1:
            raise RuntimeError("only the vision tower, one picture a run")
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "vision")
            towers.write_ncnn(tower, path)
            if self.net.load_param(path + ".param") != 0 or self.net.load_model(path + ".bin") != 0:
                raise RuntimeError("it does not load the model")

    def run(self, inputs):
        extractor = self.net.create_extractor()
        extractor.input("pixels", self.module.Mat(inputs["pixels"][0]))
        code, output = extractor.extract("embedding")
        if code != 0:
            raise RuntimeError(f"extract: error {code}")
        return np.array(output).reshape(1, -1)


PROGRAMS = {
    "onnxruntime": OnnxRuntime,
    "openvino": lambda threads: OpenVino(threads, "f32"),
    "openvino_bf16": lambda threads: OpenVino(threads, "bf16"),
    "ncnn_cpu": lambda threads: Ncnn(threads, False),
    "ncnn_vulkan": lambda threads: Ncnn(threads, True),
}


def vision_inputs(folder, tower, batch, path):
    """The same picture `batch` times, normalised by the model's rules, as the only batch."""
    with open(os.path.join(folder, "preprocessor_config.json"), encoding="utf-8") as f:
        rules = json.load(f)
    size = tower.config["image_size"]
    image = np.fromfile(path, np.uint8).reshape(size, size, 3)
    pixels = (image.astype(np.float32) / 255 - np.float32(rules["image_mean"])) / np.float32(rules["image_std"])
    return [{"pixels": np.ascontiguousarray(np.repeat(pixels.transpose(2, 0, 1)[None], batch, axis=0))}]


def text_inputs(tower, batch, path):
    """All phrases, padded to the tower's length, in batches."""
    with open(path, encoding="utf-8") as f:
        phrases = json.load(f)
    tokens = tower.config["max_position_embeddings"]
    ids = np.zeros((len(phrases), tokens), np.int64)
    for row, phrase in zip(ids, phrases):
        row[:len(phrase)] = phrase
        row[len(phrase):] = phrase[-1]
    ends = np.array([[len(phrase) - 1] for phrase in phrases], np.int64)
    return [{"ids": ids[i:i + batch], "ends": ends[i:i + batch]} for i in range(0, len(phrases) - batch + 1, batch)]


def milliseconds(program, batches):
    start = time.perf_counter()
    for batch in batches:
        program.run(batch)
    return (time.perf_counter() - start) * 1e3


def main():
    if len(sys.argv) != 7 or sys.argv[1] not in PROGRAMS or sys.argv[2] not in towers.TOWERS:
        sys.exit(__doc__)
    name, kind, folder, batch, threads, path = sys.argv[1:]
    batch = int(batch)
    try:
        program = PROGRAMS[name](int(threads))
        tower = towers.Tower(folder, kind)
        inputs = (vision_inputs(folder, tower, batch, path) if kind == "vision" else text_inputs(tower, batch, path))
        program.load(tower, batch)
        del tower
        embedding = program.run(inputs[0])[0]
    except (ImportError, RuntimeError, ValueError, OSError) as error:
        print("unavailable " + " ".join(str(error).split())[:200], flush=True)
        return
    print("ready " + program.name, flush=True)
    for line in sys.stdin:
        words = line.split()
        if words[0] == "embedding":
            print(*(f"{value:.9g}" for value in embedding), flush=True)
        elif words[0] == "texts":
            first, n = int(words[1]) // batch, int(words[2]) // batch
            print(milliseconds(program, inputs[first:first + n]), flush=True)
        else:
            print(milliseconds(program, inputs), flush=True)


if __name__ == "__main__":
    main()
