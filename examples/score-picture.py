#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Scores a picture without a pipeline: score-picture.py PICTURE "a phrase; another one" [MODEL]

Run it in `meson devenv -C build`. Pictures are read with PIL."""
import sys

import gi
from PIL import Image

gi.require_version("Clv", "1.0")
from gi.repository import Clv, GLib  # noqa: E402


def main(path, phrases, model="demo"):
    engine = Clv.Engine.get(model, None, Clv.Precision.AUTO)
    prompts = Clv.Prompts.new_from_string(phrases, None)
    engine.encode_prompts(prompts, None)
    scorer = Clv.Scorer.new(prompts, engine.get_model().get_logit_scale(), 0, 0)

    picture = Image.open(path).convert("RGB")
    embedding = engine.encode_pixels(Clv.PixelFormat.RGB, *picture.size, GLib.Bytes.new(picture.tobytes()))
    for i, score in enumerate(scorer.score(embedding, 0)):
        print(f"{score.score:.3f}  cosine {score.cosine:.3f}  {prompts.get_label(i).label}")


if len(sys.argv) < 3:
    sys.exit(f'usage: {sys.argv[0]} PICTURE "a phrase; another one" [MODEL]')
try:
    main(*sys.argv[1:])
except (GLib.Error, OSError) as error:
    sys.exit(getattr(error, "message", str(error)))
