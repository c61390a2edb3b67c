# SPDX-License-Identifier: LGPL-2.1-or-later
"""Draw the pictures the demo model is trained on: 64 x 64 RGB, each with the facts of what is in it.

Everything is computed at the final size with signed distances, so an edge is antialiased by its distance in pixels.
A picture stands for a wider frame that has been squashed to a square (what the model's preprocessing does), hence
the aspect: a circle of a 16:9 frame is drawn as the ellipse it becomes.

facts (int8, one row a picture, columns F[...]; -1: does not apply)
    sig plain bg rel     signal, plain colour, background colour, relation of object A to object B
    s0 c0 z0 x0 y0 n0    object A: shape, colour, size, column, row (0 1 2), how many of it; s1 … n1: object B
dense (int8, 8 x 8 patches): class (0 background, 1 + shape, 8 + signal), colour, whether an object's middle is here
"""
import numpy as np
import signals

N, GRID = 64, 8
COLOURS = ["red", "orange", "yellow", "green", "cyan", "blue", "purple", "pink", "brown", "white", "grey", "black"]
# A colour is a mixture of its anchors, then jittered.
ANCHORS = [[(255, 0, 0), (200, 20, 30), (225, 45, 35)], [(255, 140, 0), (240, 120, 20), (255, 160, 40)],
           [(255, 255, 0), (240, 220, 30), (250, 230, 80)], [(0, 255, 0), (20, 130, 40), (50, 190, 70)],
           [(0, 255, 255), (0, 200, 215), (70, 220, 230)], [(0, 0, 255), (30, 70, 200), (20, 40, 150)],
           [(130, 0, 180), (110, 40, 160), (150, 60, 210)], [(255, 150, 190), (255, 110, 180), (250, 175, 205)],
           [(120, 70, 20), (100, 60, 35), (140, 85, 45)], [(255, 255, 255), (240, 240, 240), (250, 250, 245)],
           [(128, 128, 128), (105, 105, 105), (155, 155, 155)], [(0, 0, 0), (18, 18, 18), (10, 10, 14)]]
ANCHORS = np.array(ANCHORS, np.float32)
SHAPES = ["circle", "square", "triangle", "star", "cross", "ring", "diamond"]
RELATIONS = ["left", "right", "above", "below"]
COLUMNS = "sig plain bg rel s0 c0 z0 x0 y0 n0 s1 c1 z1 x1 y1 n1".split()
F = {name: i for i, name in enumerate(COLUMNS)}
Y, X = (np.mgrid[0:N, 0:N] + 0.5).astype(np.float32)


def held_out(shape, colour):
    """Combinations of shape and colour that no training picture or caption has (10 of 84)."""
    return (3 * colour + 5 * shape) % 8 == 0


def held_out_pair(ca, cb, rel):
    """Arrangements of two colours that no training picture has, whichever object is named first."""
    if rel in (1, 3):
        ca, cb, rel = cb, ca, rel - 1
    return (5 * ca + 3 * cb + rel // 2) % 8 == 0


def colour(rng, index):
    w = rng.dirichlet((0.7, 0.7, 0.7)).astype(np.float32)
    return np.clip(w @ ANCHORS[index] + rng.uniform(-8, 8, 3).astype(np.float32), 0, 255)


def distance(shape, dx, dy, r):
    """Signed distance (near enough) to a shape of outer radius r around the origin; dy points down."""
    ax, ay = np.abs(dx), np.abs(dy)
    if shape == 0:
        return np.hypot(dx, dy) - 0.92 * r
    if shape == 1:
        return np.maximum(ax, ay) - 0.82 * r
    if shape == 2:
        return np.maximum(ax * 0.866 - (dy + 0.2 * r) * 0.5, dy + 0.2 * r - 0.05 * r) - 0.6 * r
    if shape == 3:
        angle = np.abs((np.arctan2(dx, -dy) + np.pi / 5) % (2 * np.pi / 5) - np.pi / 5)
        rho = np.hypot(dx, dy)
        px, py = rho * np.cos(angle), rho * np.sin(angle)
        qx, qy = 0.42 * np.cos(np.pi / 5) - 1, 0.42 * np.sin(np.pi / 5)
        return ((px - r * 1.05) * qy - py * qx) / np.hypot(qx, qy)
    if shape == 4:
        return np.minimum(np.maximum(ax - r, ay - 0.3 * r), np.maximum(ax - 0.3 * r, ay - r))
    if shape == 5:
        return np.abs(np.hypot(dx, dy) - 0.76 * r) - 0.2 * r
    return (ax + ay) * 0.7071 - 0.72 * r


def background(rng, index, style, aspect):
    """A background of one colour: plain, shaded, mottled, or (style 3, kept for the evaluation) checkered."""
    base = colour(rng, index)
    image = np.broadcast_to(base, (N, N, 3)).copy()
    if style == 1:
        ramp = np.cos(a := rng.uniform(0, 6.283)) * (X / N - 0.5) + np.sin(a) * (Y / N - 0.5)
        image += (ramp * rng.uniform(15, 60))[..., None]
    elif style == 2:
        image += signals.clouds(rng)[..., None] * rng.uniform(8, 30) + rng.uniform(-8, 8, 3)
    elif style == 3:
        image += ((((X // 6) + (Y // 6)) % 2) * rng.uniform(10, 30))[..., None]
    return image


def place(rng, image, shape, tint, cx, cy, r, aspect, outline=False):
    """Draw one object; returns its coverage."""
    turn = rng.uniform(-0.2, 0.2)
    dx, dy = (X - cx) * aspect, Y - cy
    dx, dy = dx * np.cos(turn) + dy * np.sin(turn), dy * np.cos(turn) - dx * np.sin(turn)
    d = distance(shape, dx, dy, r)
    soft = rng.uniform(0.8, 1.8)
    alpha = np.clip(0.5 - d / soft, 0, 1).astype(np.float32)
    paint = tint
    if rng.random() < 0.3:
        paint = tint + (dy / r * rng.uniform(-25, 25))[..., None]
    if outline:  # kept for the evaluation
        rim = np.clip(0.5 - (d - 1.5) / soft, 0, 1)[..., None]
        image += rim * (255 - image.mean() - image) * 0.8
    image += alpha[..., None] * (paint - image)
    return alpha


def patches(cover):
    return cover.reshape(GRID, N // GRID, GRID, N // GRID).mean((1, 3))


def pick(rng, avoid, fresh=False):
    """A shape and colour that may be drawn (or, fresh, one that training never has)."""
    while True:
        s, c = int(rng.integers(len(SHAPES))), int(rng.integers(len(COLOURS)))
        if c not in avoid and held_out(s, c) == fresh:
            return s, c


def objects(rng, kind, hold, style=None, only=None):
    """One picture with one object, a pair, or several of the same. hold: use what training never has."""
    aspect = rng.choice([1.0, 1.333, 1.778, rng.uniform(1, 1.9)])
    facts = np.full(len(COLUMNS), -1, np.int8)
    bg = int(rng.choice(12, p=np.array([1, 1, 1, 1, 1, 1, 1, 1, 1, 2, 2, 3]) / 16))
    fresh = hold and kind != "pair"
    if only:
        sa, ca = only
        while bg == ca:
            bg = int(rng.integers(12))
    else:
        sa, ca = pick(rng, (bg,), fresh)
    style = int(rng.choice(3, p=[0.55, 0.2, 0.25])) if style is None else style
    image = background(rng, bg, style, aspect)
    items = []
    if kind == "single":
        r = rng.uniform(6.5, 10) if rng.random() < 0.4 else rng.uniform(11, 27)
        mx, my = min(r / aspect, 30), min(r, 30)
        cx, cy = rng.uniform(mx, N - mx), rng.uniform(my, N - my)
        if rng.random() < 0.2:
            cx, cy = 32 + rng.uniform(-4, 4), 32 + rng.uniform(-4, 4)
        items = [(sa, ca, cx, cy, r)]
        facts[[F["z0"], F["x0"], F["y0"]]] = (0 if r < 10.5 else 1 if r > 17 else -1), cell(cx), cell(cy)
        facts[F["n0"]] = 1
    elif kind == "count":
        n = int(rng.integers(2, 6))
        r = rng.uniform(6, 12 if n < 4 else 9)
        while len(items) < n:  # start over where the last one finds no room
            items = []
            for _ in range(40):
                cx, cy = rng.uniform(r / aspect, N - r / aspect), rng.uniform(r, N - r)
                if all(max(abs(cx - i[2]) * aspect, abs(cy - i[3])) > 2 * r + 1 for i in items):
                    items.append((sa, ca, cx, cy, r))
                    if len(items) == n:
                        break
            r *= 0.95
        facts[F["n0"]] = n
    else:
        while True:
            rel = int(rng.integers(4))
            sb, cb = pick(rng, (bg, ca))
            if held_out_pair(ca, cb, rel) == hold:
                break
            sa, ca = pick(rng, (bg,))
        far, side = rng.uniform(25, 36), rng.uniform(-8, 8)
        mid = 32 + rng.uniform(-4, 4, 2)
        ra, rb = rng.uniform(8, 12.5, 2)
        sign = -1 if rel in (0, 2) else 1
        step = np.array([far, side] if rel < 2 else [side, far]) / 2 * sign
        step[0] *= 1 if rel < 2 else 1 / aspect
        items = [(sa, ca, *(mid + step), ra), (sb, cb, *(mid - step), rb)]
        facts[[F["rel"], F["s1"], F["c1"], F["n0"], F["n1"]]] = rel, sb, cb, 1, 1
    facts[[F["s0"], F["c0"]]] = sa, ca
    facts[F["bg"]] = bg if style < 2 or style == 3 else -1
    dense = np.zeros((3, GRID, GRID), np.int8)
    dense[1] = bg if style < 2 else -1
    tints = {}
    for s, c, cx, cy, r in items:
        tint = tints.setdefault(c, colour(rng, c))
        cover = patches(place(rng, image, s, tint, cx, cy, r, aspect, outline=style == 3 and rng.random() < 0.5))
        dense[0][cover > 0.02] = -1  # hardly touched: no opinion
        dense[1][cover > 0.02] = -1
        dense[0][cover > 0.12] = 1 + s
        dense[1][cover > 0.35] = c
        dense[2, min(7, int(cy / 8)), min(7, int(cx / 8))] = 1
    return image, facts, dense


def cell(v):
    return 0 if v < 22.5 else 2 if v > 41.5 else 1 if 26 < v < 38 else -1


def picture(rng, kind, hold=False, style=None, only=None):
    """kind: single, pair, count, plain, or a name of signals.SIGNALS."""
    if kind in ("single", "pair", "count"):
        image, facts, dense = objects(rng, kind, hold, style, only)
    else:
        facts = np.full(len(COLUMNS), -1, np.int8)
        dense = np.zeros((3, GRID, GRID), np.int8)
        if kind == "plain":
            index = int(rng.integers(12)) if only is None else only
            image = np.broadcast_to(colour(rng, index), (N, N, 3)).copy()
            facts[[F["plain"], F["bg"]]] = index
            dense[1] = index
        else:
            index = signals.SIGNALS.index(kind)
            image = signals.draw(rng, kind)
            facts[F["sig"]] = index
            dense[0], dense[1] = 8 + index, -1
    if kind != "noise" and rng.random() < 0.5:
        image = image + rng.normal(0, rng.uniform(0.3, 2.2), image.shape)
    return np.clip(image + 0.5, 0, 255).astype(np.uint8), facts, dense


def mixture(seed, count):
    """count pictures of every kind, in random order: images, facts, dense."""
    rng = np.random.default_rng(seed)
    names = ["single", "pair", "count", "plain"] + signals.SIGNALS
    share = np.array([0.29, 0.26, 0.12, 0.06] + [0.27 / len(signals.SIGNALS)] * len(signals.SIGNALS))
    kinds = rng.choice(names, size=count, p=share / share.sum())
    rows = [picture(rng, k) for k in kinds]
    return tuple(np.stack(column) for column in zip(*rows))
