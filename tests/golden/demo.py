#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The demo model: `clv` against its training code's numbers, and against GStreamer's test patterns.

    demo.py --clv CLV check        ids and embeddings of models/demo/check.json
    demo.py --clv CLV patterns     videotestsrc's patterns, none of which was in training as such
"""
import argparse
import json
import os
import subprocess
import sys
import tempfile

import numpy as np
from PIL import Image

from golden import read_safetensors

DEMO = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "models", "demo")
TOLERANCE = 2e-4  # of one value of a unit vector; check.json rounds to 1e-6

# What videotestsrc draws and the words for it. The model sees 64 x 64 pixels: each pattern has a size at which it is
# still to be seen then.
SIZE = "320x240"
MORE = {"zone-plate": ["kx2=20", "ky2=20"]}
SIZES = {"checkers-8": "80x60", "ball": "160x120"}
PATTERNS = {
    "smpte": "color bars",
    "snow": "tv static",
    "black": "a black screen",
    "white": "a white screen",
    "red": "a red screen",
    "green": "a green screen",
    "blue": "a blue screen",
    "checkers-8": "a checkerboard",
    "circular": "concentric rings",
    "zone-plate": "a zone plate",
    "gradient": "a vertical gradient",
    "ball": "a white circle on a black background",
}


def run(args, *more):
    """Run `clv` with the demo model and return what it prints."""
    env = {**os.environ, "CLV_MODEL_PATH": os.path.dirname(os.path.normpath(DEMO))}
    return subprocess.run([args.clv, *more], check=True, stdout=subprocess.PIPE, env=env).stdout


def encode(args, folder, prompts, images):
    """`clv encode` of phrases and PNG files."""
    prompts_file, out = os.path.join(folder, "prompts.json"), os.path.join(folder, "out.safetensors")
    with open(prompts_file, "w", encoding="utf-8") as f:
        json.dump(prompts, f)
    run(args, "encode", "--model", DEMO, "--precision", "fp32", "--prompts", prompts_file, "--output", out,
        "--images", *images)
    return read_safetensors(out)[0]


def near(name, got, want, tolerance):
    error = np.abs(np.asarray(got, float) - np.asarray(want, float)).max()
    ok = bool(error <= tolerance)
    print(f"{'ok' if ok else 'FAILED':6} {name}: error {error:.2g} (wanted <= {tolerance:g})")
    return ok


def check(args):
    with open(os.path.join(DEMO, "check.json"), encoding="utf-8") as f:
        want = json.load(f)
    texts = [prompt["text"] for prompt in want["prompts"]]
    with tempfile.TemporaryDirectory() as folder:
        y, x = np.mgrid[0:64, 0:64]
        picture = os.path.join(folder, "picture.png")
        Image.fromarray(np.stack([4 * x, 4 * y, (x * x + y * y) % 256], 2).astype(np.uint8)).save(picture)
        got = encode(args, folder, texts, [picture])
        ids_file = os.path.join(folder, "texts.json")
        with open(ids_file, "w", encoding="utf-8") as f:
            json.dump(texts, f)
        ids = json.loads(run(args, "tokenize", "--model", DEMO, ids_file))
    results = [ids == [prompt["ids"] for prompt in want["prompts"]]]
    print(f"{'ok' if results[0] else 'FAILED':6} token ids")
    for row, prompt in zip(got["text_embeds"], want["prompts"]):
        results.append(near(repr(prompt["text"]), row[:8], prompt["embedding"], TOLERANCE))
    results.append(near("picture", got["image_embeds"][0][:8], want["image"]["embedding"], TOLERANCE))
    results.append(near("cosines", got["image_embeds"][0] @ got["text_embeds"].T, want["image"]["cosines"], TOLERANCE))
    return all(results)


def patterns(args):
    prompts = sorted(set(PATTERNS.values()))
    with tempfile.TemporaryDirectory() as folder:
        paths = []
        for name in PATTERNS:
            paths.append(os.path.join(folder, name + ".png"))
            width, height = SIZES.get(name, SIZE).split("x")
            subprocess.run(["gst-launch-1.0", "-q", "videotestsrc", f"pattern={name}", *MORE.get(name, []),
                            "num-buffers=1", "!", f"video/x-raw,format=RGB,width={width},height={height}", "!", "pngenc",
                            "!", "filesink", "location=" + paths[-1]], check=True)
        got = encode(args, folder, prompts, paths)
    right = 0
    for name, logits in zip(PATTERNS, got["logits_per_image"]):
        best = prompts[int(logits.argmax())]
        right += best == PATTERNS[name]
        print(f"{'ok' if best == PATTERNS[name] else 'wrong':6} {name}: {best}")
    print(f"{right} of {len(PATTERNS)} patterns recognised, wanted at least {args.at_least}")
    return right >= args.at_least


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--clv", required=True)
    parser.add_argument("what", choices=["check", "patterns"])
    parser.add_argument("--at-least", type=int, default=len(PATTERNS))
    args = parser.parse_args()
    sys.exit(0 if {"check": check, "patterns": patterns}[args.what](args) else 1)


if __name__ == "__main__":
    main()
