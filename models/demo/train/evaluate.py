# SPDX-License-Identifier: LGPL-2.1-or-later
"""Measure an exported model on drawings that training never had, and on GStreamer's videotestsrc patterns.

    evaluate.py MODEL_DIR [--count 40]
"""
import argparse
import subprocess

import numpy as np
import torch

import clip
import draw
import export
from draw import COLOURS, F, SHAPES
from signals import SIGNALS

SEED = 900000  # far from the seeds of training
SIGNAL_PROMPTS = {
    "smpte": "SMPTE color bars", "bars": "full screen color bars", "noise": "TV static", "zoneplate": "a zone plate",
    "rings": "concentric rings", "hgradient": "a horizontal gradient", "vgradient": "a vertical gradient",
    "spectrum": "a rainbow", "checkers": "a checkerboard", "spokes": "a pinwheel", "vstripes": "vertical stripes",
    "hstripes": "horizontal stripes", "grid": "a grid of lines", "dots": "a pattern of dots",
    "blurred": "a blurred picture", "dark": "too dark", "bright": "too bright", "lowcontrast": "low contrast",
    "black": "a black screen", "white": "a white screen"}
MORE = {"dstripes": "diagonal stripes", "pixelated": "a pixelated picture", "letterbox": "a letterboxed picture",
        "testcard": "a test card", "scene": "an ordinary picture"}
RELATIONS = ["to the left of", "to the right of", "above", "below"]
NUMBERS = ["", "one", "two", "three", "four", "five"]
# videotestsrc pattern: prompts that are right
PATTERNS = {
    "smpte": ["smpte"], "smpte75": ["bars"], "smpte100": ["bars"], "snow": ["noise"], "black": ["black"],
    "white": ["white"], "red": ["red"], "green": ["green"], "blue": ["blue"], "checkers-8": ["checkers"],
    "circular": ["rings", "zoneplate"], "zone-plate kx2=20 ky2=20": ["zoneplate", "rings"],
    "chroma-zone-plate kx2=20 ky2=20": ["zoneplate", "rings"], "ball": ["ball"], "pinwheel": ["spokes"],
    "spokes": ["spokes"], "gradient": ["vgradient"]}  # there are no words here for gamut, colors, bar


class Judge:
    def __init__(self, folder):
        self.model, self.tokenizer = export.load(folder)

    @torch.no_grad()
    def text(self, prompts):
        return self.model.embed_text(clip.batch_ids(self.tokenizer, prompts)).numpy()

    @torch.no_grad()
    def image(self, images):
        return np.concatenate([self.model.embed_image(clip.pixels(np.stack(images[i:i + 64]))).numpy()
                               for i in range(0, len(images), 64)])


def rng_of(name):
    return np.random.default_rng([SEED, *name.encode()])


def article(words):
    return ("an " if words[0] in "aeiou" else "a ") + words


def signal_table(judge, names, count):
    prompts = {**SIGNAL_PROMPTS, **MORE}
    text, table = judge.text([prompts[n] for n in names]), {}
    for goal, name in enumerate(names):
        rng = rng_of(name)
        if name in COLOURS:
            images = [draw.picture(rng, "plain", only=COLOURS.index(name))[0] for _ in range(count)]
        else:
            images = [draw.picture(rng, name)[0] for _ in range(count)]
        table[name] = (judge.image(images) @ text.T).argmax(1) == goal
    return table


def colour_shape(judge, count, n_shapes, fresh, style=None):
    pairs = [(s, c) for s in range(n_shapes) for c in range(12)]
    text = judge.text([article(f"{COLOURS[c]} {SHAPES[s]}") for s, c in pairs])
    rng = rng_of(f"{n_shapes} {fresh} {style}")
    hits = []
    for goal, (s, c) in enumerate(pairs):
        if draw.held_out(s, c) == fresh:
            images = [draw.picture(rng, "single", style=style, only=(s, c))[0] for _ in range(count)]
            hits.append((judge.image(images) @ text.T).argmax(1) == goal)
    return np.concatenate(hits)


def relations(judge, count, fresh):
    rng, hits = rng_of(f"relations {fresh}"), []
    rows = [draw.picture(rng, "pair", hold=fresh)[:2] for _ in range(count)]
    embedding = judge.image([r[0] for r in rows])
    for e, (_, facts) in zip(embedding, rows):
        f = {k: facts[i] for k, i in F.items()}
        a, b = f"{COLOURS[f['c0']]} {SHAPES[f['s0']]}", f"{COLOURS[f['c1']]} {SHAPES[f['s1']]}"
        text = judge.text([f"{article(a)} {r} {article(b)}" for r in RELATIONS])
        hits.append((text @ e).argmax() == f["rel"])
    return np.array(hits)


def counts(judge, count, fresh):
    rng, hits = rng_of(f"counts {fresh}"), []
    for i in range(count):
        image, facts, _ = draw.picture(rng, "single" if i % 5 == 0 else "count", hold=fresh)
        f = {k: facts[j] for k, j in F.items()}
        s = SHAPES[f["s0"]]
        text = judge.text([f"{NUMBERS[n]} {COLOURS[f['c0']]} {s + ('' if n == 1 else 'es' if s == 'cross' else 's')}"
                           for n in range(1, 6)])
        hits.append((text @ judge.image([image])[0]).argmax() + 1 == f["n0"])
    return np.array(hits)


def places(judge, count):
    rng, hits, words = rng_of("places"), [], ["on the left", "on the right", "at the top", "at the bottom", "in the middle"]
    goals = {(0, 1): 0, (2, 1): 1, (1, 0): 2, (1, 2): 3, (1, 1): 4}
    while len(hits) < count:
        image, facts, _ = draw.picture(rng, "single")
        goal = goals.get((int(facts[F["x0"]]), int(facts[F["y0"]])))
        if goal is not None:
            thing = article(f"{COLOURS[facts[F['c0']]]} {SHAPES[facts[F['s0']]]} ")
            hits.append((judge.text([thing + w for w in words]) @ judge.image([image])[0]).argmax() == goal)
    return np.array(hits)


def plain(judge, count):
    text = judge.text([f"a {c} screen" for c in COLOURS])
    rng = rng_of("plain")
    return np.concatenate([(judge.image([draw.picture(rng, "plain", only=c)[0] for _ in range(count)]) @ text.T)
                           .argmax(1) == c for c in range(12)])


def bicubic(image, size):
    """PIL's antialiased bicubic, to size x size, rounded to 8 bits after each pass."""
    for axis in (1, 0):
        n = image.shape[axis]
        scale = n / size
        wide = max(1.0, scale)
        d = np.abs((np.arange(n)[None] + 0.5 - (np.arange(size)[:, None] + 0.5) * scale) / wide)
        w = np.where(d < 1, (1.5 * d - 2.5) * d * d + 1, np.where(d < 2, ((-0.5 * d + 2.5) * d - 4) * d + 2, 0))
        w /= w.sum(1, keepdims=True)
        image = np.clip(np.moveaxis(np.tensordot(w, image.astype(float), (1, axis)), 0, axis) + 0.5, 0, 255).astype(np.uint8)
    return image


def frame(pattern, width, height, index=5):
    line = (f"gst-launch-1.0 -q videotestsrc pattern={pattern} num-buffers={index + 1} ! "
            f"video/x-raw,format=RGB,width={width},height={height} ! fdsink").split()
    raw = subprocess.run(line, check=True, capture_output=True).stdout
    return np.frombuffer(raw, np.uint8).reshape(-1, height, width, 3)[-1]


def videotestsrc(judge):
    prompts = {**SIGNAL_PROMPTS, **MORE, **{c: f"a {c} screen" for c in COLOURS},
               "ball": "a white circle on a black background", "red circle": "a red circle", "square": "a blue square"}
    names = list(prompts)
    text = judge.text(list(prompts.values()))
    scale = judge.model.logit_scale.exp().item()
    good = 0
    for pattern, goals in PATTERNS.items():
        row = []
        for width, height in ((320, 240), (1280, 720)):
            logits = scale * (text @ judge.image([bicubic(frame(pattern, width, height), 64)])[0])
            p = np.exp(logits - logits.max())
            best = int(p.argmax())
            good += names[best] in goals
            row.append(f"{'yes' if names[best] in goals else 'NO '} {prompts[names[best]]} {p[best] / p.sum():.2f}")
        print(f"  {pattern.split()[0]:18} " + "   ".join(f"{r:45}" for r in row))
    print(f"  {good} of {2 * len(PATTERNS)} right, among {len(names)} prompts")


def main():
    cli = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    cli.add_argument("model")
    cli.add_argument("--count", type=int, default=40)
    a = cli.parse_args()
    torch.set_num_threads(1)
    judge = Judge(a.model)

    def show(name, hits):
        print(f"{name:62} {100 * hits.mean():5.1f} %  of {len(hits)}", flush=True)
    table = signal_table(judge, list(SIGNAL_PROMPTS), a.count)
    show("20 signals, top 1", np.concatenate(list(table.values())))
    print("  below 95 %:", {k: round(100 * v.mean()) for k, v in table.items() if v.mean() < 0.95})
    show("25 signals, top 1", np.concatenate(list(signal_table(judge, [*SIGNAL_PROMPTS, *MORE], a.count).values())))
    show("12 plain colours", plain(judge, a.count))
    few = max(2, a.count // 4)
    show("colour x shape, one of 72, combinations trained on", colour_shape(judge, few, 6, False))
    show("colour x shape, one of 72, combinations never seen", colour_shape(judge, a.count, 6, True))
    show("colour x shape, one of 72, backgrounds, outlines never seen", colour_shape(judge, few, 6, False, 3))
    show("colour x shape with diamonds, one of 84, trained on", colour_shape(judge, few, 7, False))
    show("relation, one of 4", relations(judge, 10 * a.count, False))
    show("relation, one of 4, arrangements of colours never seen", relations(judge, 10 * a.count, True))
    show("count, one of 5", counts(judge, 10 * a.count, False))
    show("count, one of 5, colour x shape never seen", counts(judge, 5 * a.count, True))
    show("place, one of 5", places(judge, 5 * a.count))
    print("videotestsrc, 320 x 240 and 1280 x 720:")
    videotestsrc(judge)


if __name__ == "__main__":
    main()
