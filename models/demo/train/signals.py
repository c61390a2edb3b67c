# SPDX-License-Identifier: LGPL-2.1-or-later
"""Broadcast and camera signals, each in many renderings: 64 x 64 x 3 float32 in 0..255, not yet clipped.

None of them is a copy of a videotestsrc pattern: sizes, centres, colours, phases and noise are drawn anew each time.
"""
import numpy as np

N = 64
SIGNALS = ["smpte", "bars", "noise", "zoneplate", "rings", "hgradient", "vgradient", "spectrum", "checkers", "spokes",
           "vstripes", "hstripes", "dstripes", "grid", "dots", "blurred", "dark", "bright", "lowcontrast",
           "pixelated", "letterbox", "testcard", "scene"]
Y, X = (np.mgrid[0:N, 0:N] + 0.5).astype(np.float32)
# white yellow cyan green magenta red blue: the order of every colour bar
BARS = np.array([(1, 1, 1), (1, 1, 0), (0, 1, 1), (0, 1, 0), (1, 0, 1), (1, 0, 0), (0, 0, 1)], np.float32)


def enlarge(k):
    """(64, k) matrix of linear interpolation."""
    at = np.clip((np.arange(N) + 0.5) / N * k - 0.5, 0, k - 1)
    low = np.minimum(at.astype(int), k - 2)
    m = np.zeros((N, k), np.float32)
    m[np.arange(N), low] = 1 - (at - low)
    m[np.arange(N), low + 1] += at - low
    return m


def gauss(sigma):
    d = np.arange(N)[:, None] - np.arange(N)[None]
    m = np.exp(-0.5 * (d / sigma) ** 2).astype(np.float32)
    return m / m.sum(1, keepdims=True)


ENLARGE = {k: enlarge(k) for k in (3, 5, 9, 17, 33)}


def clouds(rng, channels=None):
    """Fractal noise of about unit size."""
    total = 0
    for k, gain in ((3, 1.0), (5, 0.7), (9, 0.5), (17, 0.35), (33, 0.25)):
        shape = (k, k) if channels is None else (channels, k, k)
        total = total + gain * ENLARGE[k] @ rng.standard_normal(shape).astype(np.float32) @ ENLARGE[k].T
    return total if channels is None else np.moveaxis(total, 0, -1)


def tone(rng, low=0, high=255):
    return rng.uniform(low, high, 3).astype(np.float32)


def two_tones(rng):
    """Two colours that differ enough; mostly black and white."""
    if rng.random() < 0.6:
        a, b = np.full(3, rng.uniform(0, 50)), np.full(3, rng.uniform(180, 255))
        return (a, b) if rng.random() < 0.5 else (b, a)
    while True:
        a, b = tone(rng), tone(rng)
        if np.abs(a - b).sum() > 250:
            return a, b


def blend(mask, a, b):
    return a + mask[..., None] * (b - a)


def wave(rng, phase):
    """A wave of a phase in turns: sine, or nearly square."""
    w = np.sin(6.28318 * phase)
    return np.clip(w * rng.choice([1.0, 1.0, 4.0]), -1, 1) * 0.5 + 0.5


def radius(rng):
    aspect = rng.uniform(1, 1.8)
    cx, cy = 32 + rng.uniform(-7, 7, 2) * (rng.random() < 0.5)
    return (X - cx) * aspect, Y - cy


def scene(rng):
    """Something like a landscape with things in it: a sky, a ground, textures, boxes, discs, a light from a side."""
    sky, ground = tone(rng, 60), tone(rng, 20, 200)
    horizon = rng.uniform(15, 50) + clouds(rng) * rng.uniform(0, 6)
    image = blend(np.clip((Y - horizon) / 2, 0, 1), sky, ground)
    image += (clouds(rng) * rng.uniform(5, 30))[..., None] + clouds(rng, 3) * rng.uniform(3, 20)
    for _ in range(rng.integers(2, 9)):
        cx, cy, w, h = rng.uniform(4, 60), rng.uniform(10, 60), rng.uniform(3, 14), rng.uniform(3, 16)
        dx, dy = np.abs(X - cx) / w, np.abs(Y - cy) / h
        d = np.maximum(dx, dy) if rng.random() < 0.5 else np.hypot(dx, dy)
        paint = tone(rng) + (clouds(rng) * rng.uniform(0, 20))[..., None]
        image += np.clip((1 - d) * 8, 0, 1)[..., None] * (paint - image)
    image = np.clip(image + ((X - 32) * rng.uniform(-0.7, 0.7))[..., None], 0, 255)
    grey = image.mean(-1, keepdims=True)
    image = grey + (image - grey) * rng.uniform(0.2, 1)
    low, high = image.min(), image.max()  # well exposed: the whole range is used
    return (image - low) / max(high - low, 1) * rng.uniform(215, 255) + rng.uniform(0, 10)


def colour_bars(rng, full):
    """7 (or 8) bars; unless full, strips below: reversed bars, then -I, white, +Q, black, steps, sometimes noise."""
    level = rng.choice([0.75, 1.0, rng.uniform(0.65, 1)]) * 255
    bars = BARS if rng.random() < 0.6 else np.vstack([BARS, np.zeros((1, 3), np.float32)])
    top = bars[np.minimum((X[0] / N * len(bars)).astype(int), len(bars) - 1)] * level
    if rng.random() < 0.3:
        top[:int(N / len(bars))] = rng.uniform(180, 255)
    image = np.broadcast_to(top, (N, N, 3)).copy()
    if full:
        return image
    y1 = int(rng.uniform(0.6, 0.72) * N)
    y2 = y1 + int(rng.integers(0, 8))
    reverse = np.zeros((7, 3), np.float32)
    reverse[[0, 2, 4, 6]] = BARS[[6, 4, 2, 0]] * level
    image[y1:y2] = reverse[(X[0] / N * 7).astype(int)]
    edges = np.array([1 / 6, 2 / 6, 3 / 6, rng.uniform(0.68, 0.76)]) + rng.uniform(-0.02, 0.02, 4)
    tones = np.array([(0, 33, 76), (255, 255, 255), (50, 0, 106), (0, 0, 0), (8, 8, 8)], np.float32)
    image[y2:] = tones[np.searchsorted(edges, X[0] / N)]
    right = int(edges[3] * N)
    if rng.random() < 0.5:
        image[y2:, right:] = rng.normal(120, rng.uniform(10, 70), (N - y2, N - right, 1))
    return image


def draw(rng, kind):
    if kind in ("smpte", "bars"):
        return colour_bars(rng, kind == "bars")
    if kind == "noise":
        sigma = np.exp(rng.uniform(np.log(5), np.log(75)))
        shape = (N, N, 1 if rng.random() < 0.7 else 3)
        return rng.normal(rng.uniform(90, 150), sigma, shape) + np.zeros((1, 1, 3))
    if kind in ("zoneplate", "rings"):
        dx, dy = radius(rng)
        if kind == "rings":
            return blend(wave(rng, np.hypot(dx, dy) / rng.uniform(5, 14) + rng.random()), *two_tones(rng))
        a, b = two_tones(rng)
        fine = rng.uniform(0.004, 0.016)
        return blend(np.sin(6.28318 * (fine * (dx * dx + dy * dy) / 2 + rng.random())) * 0.5 + 0.5, a, b)
    if kind in ("hgradient", "vgradient"):
        t = (X if kind == "hgradient" else Y) / N
        return blend(t ** rng.uniform(0.7, 1.4), *two_tones(rng))
    if kind == "spectrum":
        t = rng.random() + rng.uniform(0.8, 1.2) * (X / N if rng.random() < 0.6 else Y / N)
        hue = np.stack([np.clip(np.abs((t * 6 + k) % 6 - 3) - 1, 0, 1) for k in (0, 4, 2)], -1)
        fade = 1 - (Y / N * rng.uniform(0, 0.9))[..., None] * (rng.random() < 0.5)
        return hue * fade * rng.uniform(200, 255)
    if kind == "checkers":
        aspect, size = rng.uniform(1, 1.8), np.exp(rng.uniform(np.log(2.2), np.log(17)))
        w = np.sin(np.pi * (X * aspect / size + rng.random() * 2)) * np.sin(np.pi * (Y / size + rng.random() * 2))
        return blend(np.clip(w * rng.uniform(2, 8), -1, 1) * 0.5 + 0.5, *two_tones(rng))
    if kind == "spokes":
        dx, dy = radius(rng)
        turn = np.arctan2(dy, dx) / 6.28318 + rng.uniform(0, 0.002) * np.hypot(dx, dy)
        return blend(wave(rng, turn * rng.integers(4, 17) + rng.random()), *two_tones(rng))
    if kind in ("vstripes", "hstripes", "dstripes"):
        period = np.exp(rng.uniform(np.log(3), np.log(20)))
        slope = rng.choice([-1, 1]) * rng.uniform(0.6, 1.6)
        at = {"v": X, "h": Y, "d": (X + slope * Y) / np.hypot(1, slope)}[kind[0]]
        return blend(wave(rng, at / period + rng.random()), *two_tones(rng))
    if kind == "grid":
        py, line = rng.uniform(6, 16), rng.uniform(0.5, 1.2)
        px = py / rng.uniform(1, 1.8)
        near = np.minimum(np.abs((X + rng.uniform(0, px)) % px - px / 2), np.abs((Y + rng.uniform(0, py)) % py - py / 2))
        return blend(np.clip(line + 0.5 - near, 0, 1), *two_tones(rng))
    if kind == "dots":
        py = rng.uniform(6, 14)
        px = py / rng.uniform(1, 1.8)
        dx, dy = (X + rng.uniform(0, px)) % px - px / 2, (Y + rng.uniform(0, py)) % py - py / 2
        return blend(np.clip(py * rng.uniform(0.2, 0.36) + 0.5 - np.hypot(dx * py / px, dy), 0, 1), *two_tones(rng))
    if kind == "testcard":
        image = blend(np.clip(1.2 - np.minimum(np.abs(X % 8 - 4), np.abs(Y % 8 - 4)), 0, 1),
                      np.full(3, rng.uniform(60, 140)), np.full(3, rng.uniform(190, 255)))
        dx, dy = X - 32, (Y - 32)
        inside = np.clip(rng.uniform(20, 28) - np.hypot(dx * rng.uniform(1, 1.5), dy) + 0.5, 0, 1)[..., None]
        card = colour_bars(rng, True) * (np.abs(dy) < rng.uniform(8, 16))[..., None]
        card[np.abs(dy) > rng.uniform(16, 22)] = rng.uniform(180, 255)
        return image + inside * (card - image)
    image = scene(rng)
    if kind == "blurred":
        g = gauss(rng.uniform(4, 8))
        image = np.moveaxis(g @ np.moveaxis(image, -1, 0) @ g.T, 0, -1)
    elif kind == "dark":
        image = (image / 255) ** rng.uniform(1, 1.5) * rng.uniform(14, 55) + rng.normal(0, 1.5, image.shape)
    elif kind == "bright":
        image = 255 - (255 - image) * rng.uniform(0.05, 0.25) if rng.random() < 0.5 else image * 2 + rng.uniform(70, 130)
    elif kind == "lowcontrast":
        image = image * (gain := rng.uniform(0.1, 0.28)) + rng.uniform(60, 190 - 255 * gain * 0.5)
        image = image * 0.5 + image.mean(-1, keepdims=True) * 0.5
    elif kind == "pixelated":
        k = int(rng.choice([4, 6, 8, 10]))
        at = np.minimum((np.arange(N) // k) * k + k // 2, N - 1)
        image = (image + 25 * rng.standard_normal(image.shape))[at][:, at]
    elif kind == "letterbox":
        edge = int(rng.integers(6, 15))
        image[:edge] = image[N - edge:] = rng.uniform(0, 6)
    return image
