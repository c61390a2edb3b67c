#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Models of odd sizes against a forward pass in numpy, written from the paper's figures (double precision).

    odd.py --clv CLV

No size is a multiple of anything: head widths of 1 to 43, a projection of 3, patches that do not fill the picture.
The vocabulary is the demo model's. The pictures already have the model's size, so that no resizing is compared here.
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

from golden import TOLERANCES, check, compare_rows, read_safetensors

DEMO = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "models", "demo")
TEXTS = ["a red circle", "", "two small blue squares above a ring on a white background, out of focus", "snow"]
MEAN, STD = np.array([0.48145466, 0.4578275, 0.40821073]), np.array([0.26862954, 0.26130258, 0.27577711])

# vision, text: width, layers, heads, mlp
SPECS = [
    dict(image=43, patch=10, proj=7, act="quick_gelu", vision=(66, 2, 6, 130), text=(33, 1, 3, 50)),
    dict(image=17, patch=17, proj=3, act="gelu", vision=(37, 1, 1, 5), text=(6, 3, 2, 7)),
    dict(image=30, patch=3, proj=101, act="gelu_pytorch_tanh", vision=(74, 3, 2, 1), text=(129, 2, 3, 257)),
    dict(image=24, patch=5, proj=35, act="quick_gelu", vision=(5, 2, 5, 1030), text=(35, 2, 7, 11)),
]


def make(rng, spec, n_tokens, n_positions):
    """Random tensors by name."""
    w = {"logit_scale": np.array([np.log(20.0)])}
    for tower, prefix in (("vision", "vision_model"), ("text", "text_model")):
        width, layers, _, mlp = spec[tower]

        def linear(name, n, k):
            w[name + ".weight"] = rng.normal(0, 1.2 / np.sqrt(k), (n, k))
            w[name + ".bias"] = rng.normal(0, 0.1, n)

        def norm(name):
            w[name + ".weight"] = rng.normal(1, 0.2, width)
            w[name + ".bias"] = rng.normal(0, 0.1, width)

        for i in range(layers):
            p = f"{prefix}.encoder.layers.{i}"
            for part in ("q_proj", "k_proj", "v_proj", "out_proj"):
                linear(f"{p}.self_attn.{part}", width, width)
            linear(p + ".mlp.fc1", mlp, width), linear(p + ".mlp.fc2", width, mlp)
            norm(p + ".layer_norm1"), norm(p + ".layer_norm2")
        norm(prefix + (".final_layer_norm" if tower == "text" else ".post_layernorm"))
        w[("visual" if tower == "vision" else "text") + "_projection.weight"] = rng.normal(0, 1, (spec["proj"], width))
    vision, patch = spec["vision"][0], spec["patch"]
    grid = spec["image"] // patch
    w["vision_model.pre_layrnorm.weight"] = rng.normal(1, 0.2, vision)
    w["vision_model.pre_layrnorm.bias"] = rng.normal(0, 0.1, vision)
    w["vision_model.embeddings.class_embedding"] = rng.normal(0, 1, vision)
    w["vision_model.embeddings.patch_embedding.weight"] = rng.normal(0, 1 / patch, (vision, 3, patch, patch))
    w["vision_model.embeddings.position_embedding.weight"] = rng.normal(0, 0.5, (grid * grid + 1, vision))
    w["text_model.embeddings.token_embedding.weight"] = rng.normal(0, 1, (n_tokens, spec["text"][0]))
    w["text_model.embeddings.position_embedding.weight"] = rng.normal(0, 0.5, (n_positions, spec["text"][0]))
    return {name: value.astype("<f4") for name, value in w.items()}


def write(folder, spec, weights, demo):
    """A model directory with the demo's vocabulary."""
    for name in ("vocab.json", "merges.txt", "tokenizer_config.json", "special_tokens_map.json"):
        shutil.copy(os.path.join(DEMO, name), folder)
    tower = lambda t: dict(zip(("hidden_size", "num_hidden_layers", "num_attention_heads", "intermediate_size"),
                               spec[t]), hidden_act=spec["act"])
    keep = ("vocab_size", "max_position_embeddings", "bos_token_id", "eos_token_id")
    config = {"model_type": "clip", "projection_dim": spec["proj"],
              "text_config": {**tower("text"), **{k: demo["text_config"][k] for k in keep}},
              "vision_config": {**tower("vision"), "image_size": spec["image"], "patch_size": spec["patch"]}}
    header, blob = {}, b""
    for name, value in weights.items():
        header[name] = {"dtype": "F32", "shape": list(value.shape), "data_offsets": [len(blob), len(blob) + value.nbytes]}
        blob += value.tobytes()
    text = json.dumps(header).encode()
    with open(os.path.join(folder, "model.safetensors"), "wb") as f:
        f.write(len(text).to_bytes(8, "little") + text + blob)
    with open(os.path.join(folder, "config.json"), "w", encoding="utf-8") as f:
        json.dump(config, f)
    # No preprocessor_config.json: CLIP's defaults, at the size of the config.


def erf(x):
    """Abramowitz and Stegun 7.1.5, the series; |x| < 6 here."""
    term, total = x.copy(), x.copy()
    for n in range(1, 160):
        term = term * -x * x / n
        total += term / (2 * n + 1)
    return np.where(np.abs(x) < 4, 2 / np.sqrt(np.pi) * total, np.sign(x))


ACTIVATIONS = {
    "quick_gelu": lambda x: x / (1 + np.exp(-1.702 * x)),
    "gelu": lambda x: 0.5 * x * (1 + erf(x / np.sqrt(2))),
    "gelu_pytorch_tanh": lambda x: 0.5 * x * (1 + np.tanh(np.sqrt(2 / np.pi) * (x + 0.044715 * x**3))),
}


def forward(w, prefix, x, spec, shape, causal):
    """The blocks of one tower; x is (T, C)."""
    width, layers, heads, _ = shape
    linear = lambda name, v: v @ w[name + ".weight"].T + w[name + ".bias"]
    tokens, head = len(x), width // heads
    for i in range(layers):
        p = f"{prefix}.encoder.layers.{i}"
        h = norm(w, p + ".layer_norm1", x)
        q, k, v = (linear(f"{p}.self_attn.{n}_proj", h).reshape(tokens, heads, head).transpose(1, 0, 2) for n in "qkv")
        scores = q @ k.transpose(0, 2, 1) / np.sqrt(head)
        if causal:
            scores = np.where(np.tri(tokens, dtype=bool), scores, -np.inf)
        scores = np.exp(scores - scores.max(2, keepdims=True))
        mixed = (scores / scores.sum(2, keepdims=True) @ v).transpose(1, 0, 2).reshape(tokens, width)
        x = x + linear(p + ".self_attn.out_proj", mixed)
        x = x + linear(p + ".mlp.fc2", ACTIVATIONS[spec["act"]](linear(p + ".mlp.fc1", norm(w, p + ".layer_norm2", x))))
    return x


def norm(w, name, x):
    centred = x - x.mean(-1, keepdims=True)
    return centred / np.sqrt((centred**2).mean(-1, keepdims=True) + 1e-5) * w[name + ".weight"] + w[name + ".bias"]


def unit(x):
    return x / np.linalg.norm(x)


def attend(q, k, v, heads):
    """Attention without a mask; all are (T, C)."""
    split = lambda x: x.reshape(len(x), heads, -1).transpose(1, 0, 2)
    scores = split(q) @ split(k).transpose(0, 2, 1) / np.sqrt(q.shape[1] // heads)
    scores = np.exp(scores - scores.max(2, keepdims=True))
    return (scores / scores.sum(2, keepdims=True) @ split(v)).transpose(1, 0, 2).reshape(q.shape)


def encode_patches(w, spec, x):
    """The last block of ClearCLIP (Lan et al. 2024): q with q, no residual, no MLP; x is the block's input."""
    p = f"vision_model.encoder.layers.{spec['vision'][1] - 1}"
    linear = lambda name, v: v @ w[f"{p}.self_attn.{name}.weight"].T + w[f"{p}.self_attn.{name}.bias"]
    h = norm(w, p + ".layer_norm1", x)
    q, v = linear("q_proj", h), linear("v_proj", h)
    local = linear("out_proj", attend(q, q, v, spec["vision"][2]))[1:]
    return np.stack([unit(y) for y in norm(w, "vision_model.post_layernorm", local) @ w["visual_projection.weight"].T])


def encode_picture(w, spec, picture):
    """The embeddings of a picture and of its patches."""
    grid, patch = spec["image"] // spec["patch"], spec["patch"]
    pixels = ((picture / 255.0 - MEAN) / STD)[: grid * patch, : grid * patch]
    patches = pixels.reshape(grid, patch, grid, patch, 3).transpose(0, 2, 4, 1, 3).reshape(grid * grid, -1)
    embedded = patches @ w["vision_model.embeddings.patch_embedding.weight"].reshape(spec["vision"][0], -1).T
    x = np.vstack([w["vision_model.embeddings.class_embedding"], embedded])
    x = norm(w, "vision_model.pre_layrnorm", x + w["vision_model.embeddings.position_embedding.weight"])
    width, layers, heads, mlp = spec["vision"]
    before = forward(w, "vision_model", x, spec, (width, layers - 1, heads, mlp), False)
    x = forward(w, "vision_model", x, spec, spec["vision"], False)
    return unit(norm(w, "vision_model.post_layernorm", x[0]) @ w["visual_projection.weight"].T), \
        encode_patches(w, spec, before)


def encode_text(w, spec, ids):
    x = w["text_model.embeddings.token_embedding.weight"][ids]
    x = x + w["text_model.embeddings.position_embedding.weight"][: len(ids)]
    x = forward(w, "text_model", x, spec, spec["text"], True)
    return unit(norm(w, "text_model.final_layer_norm", x[-1]) @ w["text_projection.weight"].T)


def compare(clv, spec, seed, demo):
    """One model in both precisions, three pictures and all texts."""
    rng = np.random.default_rng(seed)
    weights = make(rng, spec, demo["text_config"]["vocab_size"], demo["text_config"]["max_position_embeddings"])
    exact = {name: value.astype(float) for name, value in weights.items()}
    pictures = [rng.integers(0, 256, (spec["image"], spec["image"], 3)).astype(np.uint8) for _ in range(3)]
    results = []
    with tempfile.TemporaryDirectory() as folder:
        write(folder, spec, weights, demo)
        paths = [os.path.join(folder, f"{i}.png") for i in range(len(pictures))]
        for path, picture in zip(paths, pictures):
            Image.fromarray(picture).save(path)
        prompts, out = os.path.join(folder, "prompts.json"), os.path.join(folder, "out.safetensors")
        with open(prompts, "w", encoding="utf-8") as f:
            json.dump(TEXTS, f)
        ids = json.loads(subprocess.run([clv, "tokenize", "--model", folder, prompts], check=True,
                                        stdout=subprocess.PIPE).stdout)
        images, patches = (np.stack(x) for x in zip(*(encode_picture(exact, spec, p) for p in pictures)))
        texts = np.stack([encode_text(exact, spec, i) for i in ids])
        for precision, (min_cosine, _, _) in TOLERANCES.items():
            subprocess.run([clv, "encode", "--model", folder, "--precision", precision, "--prompts", prompts,
                            "--output", out, "--patches", "--images", *paths], check=True)
            got, _ = read_safetensors(out)
            print(f"       {spec} {precision}")
            results += [
                compare_rows("image_embeds", got["image_embeds"], images, min_cosine),
                got["patch_embeds"].shape == patches.shape,
                compare_rows("patch_embeds", *(x.reshape(-1, spec["proj"]) for x in (got["patch_embeds"], patches)),
                             min_cosine),
                compare_rows("text_embeds", got["text_embeds"], texts, min_cosine),
                check("logits", np.abs(got["logits_per_image"] - 20 * images @ texts.T).max(),
                      20 * 2 * np.sqrt(2 * (1 - min_cosine))),
            ]
    return all(results)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--clv", required=True)
    args = parser.parse_args()
    with open(os.path.join(DEMO, "config.json"), encoding="utf-8") as f:
        demo = json.load(f)
    results = [compare(args.clv, spec, 100 + i, demo) for i, spec in enumerate(SPECS)]
    sys.exit(0 if all(results) else 1)


if __name__ == "__main__":
    main()
