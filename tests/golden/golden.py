#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Compare `clv` with numbers that Transformers computed (../shared/goldens).

    golden.py --clv CLV --shared DIR tokens
    golden.py --clv CLV --shared DIR embeddings MODEL PRECISION [--pictures N]

Exit status: 0 equal within ../shared/numerics.md, 1 not, 77 no goldens here.
Models are written once to $CLV_GOLDEN_MODELS (default /var/tmp/clv-golden-models).
"""
import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile

import numpy as np
from PIL import Image

# The table of numerics.md: cosine at least; logit, probability at most.
TOLERANCES = {"fp32": (0.99999, 0.02, 0.002), "fp16": (0.9995, 0.15, 0.01)}
DTYPES = {"F32": "<f4", "F16": "<f2", "I64": "<i8"}


def read_safetensors(path):
    """Return ({name: array}, metadata) of a safetensors file."""
    with open(path, "rb") as f:
        length = int.from_bytes(f.read(8), "little")
        header = json.loads(f.read(length))
        data = f.read()
    metadata = header.pop("__metadata__", {})
    tensors = {}
    for name, entry in header.items():
        begin, end = entry["data_offsets"]
        tensors[name] = np.frombuffer(data[begin:end], DTYPES[entry["dtype"]]).reshape(entry["shape"])
    return tensors, metadata


def model_directory(goldens, name):
    """The model's directory; written aside and renamed if it is not there yet."""
    root = os.environ.get("CLV_GOLDEN_MODELS", "/var/tmp/clv-golden-models")
    path = os.path.join(root, name)
    if not os.path.isdir(path):
        os.makedirs(root, exist_ok=True)
        aside = tempfile.mkdtemp(prefix=name + ".", dir=root)
        subprocess.run([sys.executable, os.path.join(goldens, "make_model.py"), name, aside], check=True)
        try:
            os.rename(aside, path)
        except OSError:  # somebody else was faster
            shutil.rmtree(aside)
    return path


def write_pictures(goldens, folder):
    """The photos and the cuts of reference.py as PNG files; {name: path}."""
    images = os.path.join(goldens, "images")
    names = sorted(os.listdir(images))
    paths = {name: os.path.join(images, name) for name in names}
    first, second = (Image.open(paths[name]).convert("RGB") for name in names[:2])
    cuts = {
        "cut-37x300": second.crop((10, 0, 47, min(300, second.height))),
        "cut-301x64": second.crop((0, 20, min(301, second.width), 84)),
        "cut-16x16": first.crop((100, 100, 116, 116)),
        "cut-224x224": first.crop((5, 7, 229, 231)),
        "cut-225x223": first.crop((5, 7, 230, 230)),
    }
    for name, image in cuts.items():
        paths[name] = os.path.join(folder, name + ".png")
        image.save(paths[name])
    return paths


def check(name, worst, limit, at_most=True):
    """Print one comparison; True if it holds (NaN never does)."""
    holds = bool(worst <= limit) if at_most else bool(worst >= limit)
    sign = "<=" if at_most else ">="
    print(f"{'ok' if holds else 'FAILED':6} {name}: {worst:.7g} (wanted {sign} {limit:g})")
    return holds


def compare_rows(name, got, want, min_cosine):
    """Cosine of each pair of rows, unit length, and for the record the errors."""
    cosine = (got * want).sum(1) / np.linalg.norm(got, axis=1) / np.linalg.norm(want, axis=1)
    error = np.abs(got - want)
    print(f"       {name}: max error {error.max():.3g}, mean error {error.mean():.3g}")
    return all([
        check(name + " cosine", cosine.min(), min_cosine, at_most=False),
        check(name + " length", np.abs(np.linalg.norm(got, axis=1) - 1).max(), 1e-5),
        # |a - b| = sqrt (2 - 2 cos): no single value may hold most of what the cosine allows.
        check(name + " max error", error.max(), 0.7 * np.sqrt(2 * (1 - min_cosine))),
    ])


def softmax(logits):
    e = np.exp(logits - logits.max(1, keepdims=True))
    return e / e.sum(1, keepdims=True)


def embeddings(args, goldens):
    want, metadata = read_safetensors(os.path.join(goldens, args.model + ".safetensors"))
    images = json.loads(metadata["images"])[: args.pictures]
    prompts = json.loads(metadata["prompts"])
    with tempfile.TemporaryDirectory() as folder:
        paths = write_pictures(goldens, folder)
        prompts_file = os.path.join(folder, "prompts.json")
        with open(prompts_file, "w", encoding="utf-8") as f:
            json.dump(prompts, f)
        out = os.path.join(folder, "out.safetensors")
        subprocess.run([args.clv, "encode", "--model", model_directory(goldens, args.model),
                        "--precision", args.precision, "--prompts", prompts_file, "--output", out,
                        "--images", *(paths[name] for name in images)], check=True)
        got, got_metadata = read_safetensors(out)

    # The files hold the logits column by column under the shape of rows: the
    # probabilities, which were computed from them, tell.
    want_logits = want["logits_per_image"]
    if not np.allclose(softmax(want_logits), want["probabilities"], atol=1e-4):
        want_logits = want_logits.reshape(want_logits.shape[::-1]).T
    assert np.allclose(softmax(want_logits), want["probabilities"], atol=1e-4)

    min_cosine, max_logit, max_probability = TOLERANCES[args.precision]
    n = len(images)
    logits = got["logits_per_image"]
    results = [
        got["image_embeds"].shape == want["image_embeds"][:n].shape,
        got["text_embeds"].shape == want["text_embeds"].shape,
        len(json.loads(got_metadata["images"])) == n,
        json.loads(got_metadata["prompts"]) == prompts,
        compare_rows("image_embeds", got["image_embeds"], want["image_embeds"][:n], min_cosine),
        compare_rows("text_embeds", got["text_embeds"], want["text_embeds"], min_cosine),
        check("logits", np.abs(logits - want_logits[:n]).max(), max_logit),
        check("probabilities", np.abs(softmax(logits) - want["probabilities"][:n]).max(), max_probability),
    ]
    return all(results)


def tokens(args, goldens):
    with open(os.path.join(goldens, "tokens.json"), encoding="utf-8") as f:
        cases = json.load(f)
    with tempfile.NamedTemporaryFile("w", suffix=".json", encoding="utf-8") as f:
        json.dump([case["text"] for case in cases], f)
        f.flush()
        result = subprocess.run([args.clv, "tokenize", "--model", model_directory(goldens, "clip-a"), f.name],
                                check=True, stdout=subprocess.PIPE)
    got = json.loads(result.stdout)
    wrong = [(case["text"], case["ids"], ids) for case, ids in zip(cases, got) if case["ids"] != ids]
    for text, want, ids in wrong[:5]:
        print(f"FAILED {text!r}: wanted {want}, got {ids}")
    print(f"{len(cases) - len(wrong)} of {len(cases)} token lists are equal")
    return len(got) == len(cases) and not wrong


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--clv", required=True)
    parser.add_argument("--shared", required=True)
    parser.add_argument("what", choices=["tokens", "embeddings"])
    parser.add_argument("model", nargs="?")
    parser.add_argument("precision", nargs="?", choices=list(TOLERANCES))
    parser.add_argument("--pictures", type=int, default=None, help="only the first N")
    args = parser.parse_args()
    goldens = os.path.join(args.shared, "goldens")
    if not os.path.isdir(goldens):
        print(f"skipped: no goldens in {goldens}")
        sys.exit(77)
    ok = tokens(args, goldens) if args.what == "tokens" else embeddings(args, goldens)
    sys.exit(0 if ok else 1)


if __name__ == "__main__":
    main()
