# SPDX-License-Identifier: LGPL-2.1-or-later
"""Write a checkpoint of train.py as a model directory in the Hugging Face layout.

    export.py WORK_DIR/checkpoint.pt MODEL_DIR

Weights are stored in half precision. check.json holds token ids and the first values of embeddings, computed in float32
from the stored weights, for the tests of other implementations. Files are written aside, then renamed.
"""
import json
import os
import struct
import sys

import numpy as np
import torch

import bpe
import clip

PROMPTS = ["a red circle", "a blue square on a white background", "a red circle to the left of a blue square",
           "three green stars", "SMPTE color bars", "TV static", "a black screen", "a photo of a checkerboard.",
           "a blurred picture", "Ein schöner Tag, 12 °C!", "", "a video frame of a very long sentence " * 4]


def tower(shape):
    return dict(hidden_size=shape[0], num_hidden_layers=shape[1], num_attention_heads=shape[2],
                intermediate_size=shape[3], hidden_act="quick_gelu", layer_norm_eps=1e-5)


def configs(tokenizer):
    c = clip.CONFIG
    yield "config.json", {
        "architectures": ["CLIPModel"], "model_type": "clip", "projection_dim": c["proj"], "torch_dtype": "float16",
        "logit_scale_init_value": 2.6592,
        "text_config": {"model_type": "clip_text_model", **tower(c["text"]), "max_position_embeddings": c["positions"],
                        "vocab_size": len(tokenizer.vocab), "bos_token_id": tokenizer.start,
                        "eos_token_id": tokenizer.end, "pad_token_id": tokenizer.end, "projection_dim": c["proj"]},
        "vision_config": {"model_type": "clip_vision_model", **tower(c["vision"]), "image_size": c["image"],
                          "patch_size": c["patch"], "num_channels": 3, "projection_dim": c["proj"]}}
    side = {"height": c["image"], "width": c["image"]}
    yield "preprocessor_config.json", {
        "image_processor_type": "CLIPImageProcessor", "do_resize": True, "size": side, "resample": 3,
        "do_center_crop": False, "crop_size": side, "do_rescale": True, "rescale_factor": 1 / 255, "do_normalize": True,
        "image_mean": list(clip.MEAN), "image_std": list(clip.STD), "do_convert_rgb": True}


def write_safetensors(path, tensors):
    header, offset = {"__metadata__": {"format": "pt"}}, 0
    for name, array in tensors.items():
        header[name] = {"dtype": "F16", "shape": list(array.shape), "data_offsets": [offset, offset + array.nbytes]}
        offset += array.nbytes
    blob = json.dumps(header, separators=(",", ":")).encode()
    blob += b" " * (-len(blob) % 8)
    with open(path, "wb") as out:
        out.write(struct.pack("<Q", len(blob)) + blob)
        for array in tensors.values():
            out.write(array.tobytes())


def read_safetensors(path):
    with open(path, "rb") as f:
        header = json.loads(f.read(struct.unpack("<Q", f.read(8))[0]))
        data = f.read()
    header.pop("__metadata__", None)
    return {name: torch.from_numpy(np.frombuffer(data[slice(*t["data_offsets"])], "<f2").astype(np.float32)
                                   .reshape(t["shape"])) for name, t in header.items()}


def load(folder):
    """The model and tokenizer of an exported directory, in float32."""
    tokenizer = bpe.Tokenizer.load(folder, clip.CONFIG["positions"])
    model = clip.Clip(len(tokenizer.vocab), tokenizer.end)
    model.load_state_dict(read_safetensors(os.path.join(folder, "model.safetensors")))
    return model.eval(), tokenizer


def test_picture():
    """64 x 64: red = 4x, green = 4y, blue = (x² + y²) mod 256."""
    y, x = np.mgrid[0:64, 0:64]
    return np.stack([4 * x, 4 * y, (x * x + y * y) % 256], -1).astype(np.uint8)


def check(folder):
    model, tokenizer = load(folder)
    with torch.no_grad():
        text = model.embed_text(clip.batch_ids(tokenizer, PROMPTS)).numpy()
        image = model.embed_image(clip.pixels(test_picture()[None])).numpy()[0]
    short = lambda row: [round(float(v), 6) for v in row[:8]]
    return {"about": "unit-length embeddings in float32 from the stored weights, their first 8 values",
            "logit_scale": round(model.logit_scale.exp().item(), 4),
            "image": {"pixels": "64 x 64, row y, column x: r = 4 x, g = 4 y, b = (x x + y y) mod 256",
                      "embedding": short(image), "cosines": [round(float(v), 6) for v in text @ image]},
            "prompts": [{"text": p, "ids": tokenizer(p), "embedding": short(e)} for p, e in zip(PROMPTS, text)]}


def main():
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    saved, folder = torch.load(sys.argv[1]), sys.argv[2]
    aside = os.path.join(folder, ".export")
    os.makedirs(aside, exist_ok=True)
    tokenizer = bpe.Tokenizer(saved["merges"], clip.CONFIG["positions"])
    tokenizer.save(aside)
    # the one odd-sized tensor goes last, so that all others begin at multiples of 8 bytes
    names = sorted(saved["model"], key=lambda n: (n == "logit_scale", n))
    write_safetensors(os.path.join(aside, "model.safetensors"),
                      {n: saved["model"][n].numpy().astype("<f2") for n in names})
    for name, value in configs(tokenizer):
        with open(os.path.join(aside, name), "w") as f:
            json.dump(value, f, indent=2)
            f.write("\n")
    with open(os.path.join(aside, "check.json"), "w", encoding="utf-8") as f:
        json.dump(check(aside), f, ensure_ascii=False, indent=1)
        f.write("\n")
    for name in os.listdir(aside):
        os.replace(os.path.join(aside, name), os.path.join(folder, name))
    os.rmdir(aside)
    print(f"{folder}: step {saved['step']}, {100 * saved['done']:.0f} % of training, {saved['spent'] / 60:.0f} minutes")


if __name__ == "__main__":
    main()
