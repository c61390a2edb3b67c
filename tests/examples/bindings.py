#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The library from Python: what docs/library.md shows, and what is wrong. Skipped without a Vulkan device."""
import os
import sys

import gi
import numpy as np

gi.require_version("Clv", "1.0")
from gi.repository import Clv, GLib  # noqa: E402

SIDE = 64


def encode(engine, pixels, picture_format=Clv.PixelFormat.RGB, width=SIDE, height=SIDE):
    embedding = engine.encode_pixels(picture_format, width, height, GLib.Bytes.new(pixels))
    return np.frombuffer(embedding.get_data(), "f4")


def error_of(call, *arguments):
    try:
        call(*arguments)
    except GLib.Error as error:
        return error.message
    return "no error"


def check_devices(engine):
    names = [device.name for device in Clv.Device.list()]
    assert engine.get_device().get_info().name in names, names


def check_embeddings(engine):
    width = engine.get_model().get_embedding_width()
    texts = np.frombuffer(engine.encode_texts(["a red square", "a blue circle", ""]).get_data(), "f4").reshape(3, width)
    assert np.allclose(np.linalg.norm(texts, axis=1), 1, atol=1e-5)
    assert engine.encode_texts([]).get_size() == 0
    picture = np.full((SIDE, SIDE, 3), 255, np.uint8)
    picture[16:48, 16:48] = 255, 0, 0
    cosines = texts @ encode(engine, picture.tobytes())
    assert cosines[0] > cosines[1] + 0.2, cosines


def check_grey(engine):
    """Grey of full range is the same picture as RGB."""
    levels = np.tile(np.arange(SIDE, dtype=np.uint8) * 4, (SIDE, 1))
    grey = encode(engine, levels.tobytes(), Clv.PixelFormat.GRAY8)
    rgb = encode(engine, np.repeat(levels, 3).tobytes())
    assert grey @ rgb > 0.999, grey @ rgb


def check_planes(engine):
    """Odd sizes: chroma is rounded up."""
    black = bytes([16] * 15 + [128] * 12)
    assert encode(engine, black, Clv.PixelFormat.NV12, 5, 3) @ encode(engine, bytes(45), width=5, height=3) > 0.99


def check_scores(engine):
    prompts = Clv.Prompts.new_from_string("a red square; a blue circle", None)
    engine.encode_prompts(prompts, None)
    scorer = Clv.Scorer.new(prompts, engine.get_model().get_logit_scale(), 0, 0)
    text = engine.encode_texts(["a red square"])
    scores = scorer.score(text, 0)
    assert [score.active for score in scores] == [True, False]
    assert abs(scores[0].cosine - 1) < 1e-5 and abs(sum(score.score for score in scores) - 1) < 1e-5
    assert prompts.get_label(1).label == "a blue circle"
    wanted = f"embedding: wanted {prompts.get_width()} floats, found 4 bytes"
    assert error_of(scorer.score, GLib.Bytes.new(bytes(4)), 0) == wanted


def check_bad_pixels(engine):
    for wanted, *arguments in [
            ("48 bytes, found 47", 4, 4, bytes(47)), ("48 bytes, found 49", 4, 4, bytes(49)),
            ("0×4", 0, 4, bytes(1)), ("16385×4", 16385, 4, bytes(1)), ("no data", 4, 4, b""),
            ("2147483648×4294967295", 1 << 31, (1 << 32) - 1, bytes(1))]:
        found = error_of(encode, engine, arguments[2], Clv.PixelFormat.RGB, *arguments[:2])
        assert wanted in found, (wanted, found)


def check_pointers(engine):
    """What Python cannot call without breaking its memory is not there."""
    for name in ("encode_frames", "submit"):
        assert not hasattr(engine, name), name
    for owner, name in [(Clv.Future, "get"), (Clv.ImageEncoder, "encode"), (Clv.TextEncoder, "encode"),
                        (Clv.Prompts, "encode"), (Clv, "heatmap_draw")]:
        assert not hasattr(owner, name), name


def main():
    checks = [value for name, value in globals().items() if name.startswith("check_")]
    try:
        engine = Clv.Engine.get("demo", None, Clv.Precision.AUTO)
    except GLib.Error as error:
        if os.environ.get("CLV_REQUIRE_DEVICE", "0") == "1":
            raise
        print(f"1..0 # SKIP {error.message}")
        sys.exit()
    print(f"1..{len(checks)}")
    for n, check in enumerate(checks, 1):
        check(engine)
        print(f"ok {n} - {check.__name__}", flush=True)


main()
