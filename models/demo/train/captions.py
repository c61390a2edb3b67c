# SPDX-License-Identifier: LGPL-2.1-or-later
"""Captions of the drawn pictures, as text and as what they claim, so that it is known which is true of which picture.

A claim is an int array: slots of CLAIM, -1 where nothing is said; "sig" is a bit mask of the signals it fits.
"""
import numpy as np
from draw import COLOURS, F, SHAPES, held_out, held_out_pair
from signals import SIGNALS

CLAIM = "sig plain bg rel s0 c0 z0 x0 y0 n0 s1 c1".split()
C = {name: i for i, name in enumerate(CLAIM)}
SHAPE_WORDS = [["circle", "disc", "dot", "ball"], ["square", "box", "rectangle"], ["triangle"], ["star"],
               ["cross", "plus sign"], ["ring", "hoop"], ["diamond", "rhombus"]]
COLOUR_WORDS = {"grey": ["grey", "gray"], "cyan": ["cyan", "turquoise"], "purple": ["purple", "violet"]}
NUMBERS = ["", "a", "two", "three", "four", "five"]
RELATION_WORDS = [["to the left of", "left of", "on the left of"], ["to the right of", "right of", "on the right of"],
                  ["above", "over", "on top of"], ["below", "under", "beneath"]]
# Phrases of each signal; {c} is colour or color, {g} grey or gray.
PHRASES = {
    "smpte": ["SMPTE {c} bars", "an SMPTE test pattern", "SMPTE bars", "{c} bars with strips below", "an SMPTE signal"],
    "bars": ["vertical {c} bars", "full screen {c} bars", "full field {c} bars", "plain {c} bars", "an EBU {c} bar signal"],
    "noise": ["noise", "snow", "TV static", "white noise", "television snow", "static", "random noise", "no signal, only snow"],
    "zoneplate": ["a zone plate", "a zone plate test pattern", "a circular zone plate"],
    "rings": ["concentric rings", "concentric circles", "a target of rings", "circles inside circles", "circular waves"],
    "hgradient": ["a horizontal gradient", "a gradient from left to right", "a horizontal ramp"],
    "vgradient": ["a vertical gradient", "a gradient from top to bottom", "a vertical ramp"],
    "spectrum": ["a rainbow", "the {c} spectrum", "a rainbow gradient", "all hues", "a spectrum of {c}s"],
    "checkers": ["a checkerboard", "a checker pattern", "checkers", "a chessboard", "a checkered pattern"],
    "spokes": ["spokes", "a pinwheel", "radial spokes", "a sunburst", "a wheel of spokes", "rays from the middle"],
    "vstripes": ["vertical stripes", "vertical lines", "upright stripes"],
    "hstripes": ["horizontal stripes", "horizontal lines", "level stripes"],
    "dstripes": ["diagonal stripes", "diagonal lines", "slanted stripes"],
    "grid": ["a grid", "a crosshatch", "a grid of lines", "a crosshatch test pattern", "a mesh of lines"],
    "dots": ["a pattern of dots", "many dots", "polka dots", "a dot pattern", "a grid of dots"],
    "blurred": ["a blurred picture", "out of focus", "a blurry image", "an unsharp picture", "a defocused camera"],
    "dark": ["a very dark picture", "too dark", "an underexposed picture", "a dark scene at night", "hardly any light"],
    "bright": ["an overexposed picture", "too bright", "a washed out, too bright picture", "a blinded camera", "much too much light"],
    "lowcontrast": ["a picture of low contrast", "low contrast", "fog", "a foggy picture", "a hazy scene", "a flat, dull {g} picture"],
    "pixelated": ["a pixelated picture", "a mosaic", "large pixels", "blocky pixels", "a picture made of blocks"],
    "letterbox": ["a letterboxed picture", "black bars above and below", "letterbox", "a film with black bars"],
    "testcard": ["a test card", "a test card with a circle", "a tuning card", "a test card with {c} bars in a circle"],
    "scene": ["an ordinary picture", "a normal scene", "a landscape", "a sharp picture of a scene", "a busy scene", "a natural scene"]}
# Phrases that fit several signals.
SHARED = [("{c} bars", ["smpte", "bars"]), ("a gradient", ["hgradient", "vgradient"]),
          ("stripes", ["vstripes", "hstripes", "dstripes"]), ("lines", ["vstripes", "hstripes", "dstripes", "grid"]),
          ("a test pattern", ["smpte", "bars", "zoneplate", "grid", "testcard", "checkers", "rings", "spokes"])]
PLAIN = ["a {} screen", "a plain {} picture", "solid {}", "nothing but {}", "plain {}", "a {} frame", "all {}", "just {}",
         "a completely {} picture", "only {}", "a {} image", "{}"]
WRAPS = ["{}"] * 6 + ["a photo of {}", "a photo of {}", "a picture of {}", "an image of {}", "a video frame of {}",
                      "a video frame showing {}", "there is {}", "this is {}", "a drawing of {}", "we see {}"]


def one(rng, words):
    return words[int(rng.integers(len(words)))]


def noun(rng, s, c, z, n):
    size = "" if z < 0 else one(rng, [["small", "little", "tiny"], ["large", "big", "huge"]][z]) + " "
    tint = "" if c < 0 else one(rng, COLOUR_WORDS.get(COLOURS[c], [COLOURS[c]])) + " "
    words = SHAPE_WORDS[s] if s >= 0 else ["shape", "object", "thing"]
    word = words[0] if rng.random() < 0.75 else one(rng, words)
    if n > 1:
        word = {"box": "boxes", "cross": "crosses", "rhombus": "rhombuses"}.get(word, word + "s")
    text = size + tint + word
    number = (NUMBERS[n] if n < 2 or rng.random() < 0.9 else str(n)) if n > 0 else ""
    if number == "a":
        number = "" if rng.random() < 0.2 else "an" if text[0] in "aeiou" else one(rng, ["a", "a", "a", "one"])
    return (number + " " + text).strip()


def say(rng, claim):
    """Words for a claim."""
    v = {name: int(claim[i]) for name, i in C.items()}
    if v["sig"] > 0:
        shared = [p for p, names in SHARED if sum(1 << SIGNALS.index(n) for n in names) == v["sig"]]
        text = shared[0] if shared else one(rng, PHRASES[SIGNALS[v["sig"].bit_length() - 1]])
        text = text.format(c=one(rng, ["colour", "color"]), g=one(rng, ["grey", "gray"]))
    elif v["plain"] >= 0:
        text = one(rng, PLAIN).format(one(rng, COLOUR_WORDS.get(COLOURS[v["plain"]], [COLOURS[v["plain"]]])))
    else:
        text = noun(rng, v["s0"], v["c0"], v["z0"], v["n0"])
        if v["rel"] >= 0:
            text += f' {one(rng, RELATION_WORDS[v["rel"]])} ' + noun(rng, v["s1"], v["c1"], -1, 1)
        elif v["s1"] >= 0:
            text += " and " + noun(rng, v["s1"], v["c1"], -1, 1)
        x, y = v["x0"], v["y0"]
        if x == 1 and y == 1:
            text += one(rng, [" in the middle", " in the centre", " in the center"])
        elif x >= 0 and y >= 0 and x != 1 and y != 1:
            text += f' in the {["top", "", "bottom"][y]} {["left", "", "right"][x]} corner'
        elif x in (0, 2):
            text += one(rng, [" on the ", " at the "]) + ["left", "", "right"][x]
        elif y in (0, 2):
            text += " at the " + ["top", "", "bottom"][y]
        if v["bg"] >= 0:
            word = one(rng, COLOUR_WORDS.get(COLOURS[v["bg"]], [COLOURS[v["bg"]]]))
            text += one(rng, [f" on a {word} background", f" on {word}"]).replace("a orange", "an orange")
    text = one(rng, WRAPS).format(text)
    return text + "." if rng.random() < 0.15 else text


def claim_of(rng, facts):
    """Something true of a picture: all of its facts, or fewer."""
    out = np.full(len(CLAIM), -1, np.int64)
    f = {name: int(facts[i]) for name, i in F.items()}
    if f["sig"] >= 0:
        name = SIGNALS[f["sig"]]
        out[C["sig"]] = 1 << f["sig"]
        fits = [names for _, names in SHARED if name in names]
        if fits and rng.random() < 0.25:
            out[C["sig"]] = sum(1 << SIGNALS.index(n) for n in one(rng, fits))
        return out
    if f["plain"] >= 0:
        out[C["plain"]] = f["plain"]
        return out
    keep = ["s0", "c0", "n0"]
    if f["rel"] >= 0:
        if rng.random() < 0.5:  # the same seen from the other object
            f["s0"], f["c0"], f["s1"], f["c1"], f["rel"] = f["s1"], f["c1"], f["s0"], f["c0"], f["rel"] ^ 1
        if rng.random() < 0.85:
            keep += ["s1", "c1"] + (["rel"] if rng.random() < 0.9 else [])
    if rng.random() < 0.12 and f["n0"] > 0:
        keep.remove("c0")
    elif rng.random() < 0.06:
        keep.remove("s0")
    if "rel" not in keep and f["rel"] < 0:
        keep += [k for k, p in (("bg", 0.25),) if rng.random() < p]
        where = rng.random()
        keep += ["x0", "y0"] if where < 0.3 else []
        keep += ["z0"] if rng.random() < 0.3 else []
    for k in keep:
        out[C[k]] = f[k]
    x, y = out[C["x0"]], out[C["y0"]]
    if x >= 0 and y >= 0 and (x == 1) != (y == 1):  # "on the left" says nothing of the row
        out[C["y0"] if y == 1 else C["x0"]] = -1
    elif x in (0, 2) and y in (0, 2) and rng.random() < 0.3:
        out[C[one(rng, ["x0", "y0"])]] = -1
    elif (x == 1 and y < 0) or (y == 1 and x < 0):  # a middle column alone has no words
        out[C["x0"]], out[C["y0"]] = -1, -1
    return out


def spoil(rng, claim):
    """A claim that differs in one thing: the hard negative."""
    for _ in range(8):
        out = claim.copy()
        if claim[C["sig"]] > 0:
            out[C["sig"]] = 1 << int(rng.integers(len(SIGNALS)))
        elif claim[C["plain"]] >= 0:
            out[C["plain"]] = rng.integers(12)
        else:
            ways = [k for k in ("s0", "c0", "z0", "n0", "bg", "s1", "c1") if claim[C[k]] >= 0]
            ways += ["place"] if claim[C["x0"]] >= 0 or claim[C["y0"]] >= 0 else []
            ways += ["turn"] * 6 + ["rel"] if claim[C["rel"]] >= 0 else []
            ways += ["n0"] * 4 if claim[C["n0"]] > 1 else []
            way = one(rng, ways)
            if way == "turn":
                out[C["rel"]] ^= 1
            elif way == "place":
                for k in ("x0", "y0"):
                    if claim[C[k]] in (0, 2) and rng.random() < 0.7:
                        out[C[k]] = 2 - claim[C[k]]
                if (claim[[C["x0"], C["y0"]]] == 1).all():
                    out[C[one(rng, ["x0", "y0"])]] = -1
                    out[C["x0"] if out[C["x0"]] == 1 else C["y0"]] = one(rng, [0, 2])
            else:
                top = {"s": 7, "c": 12, "z": 2, "r": 4, "b": 12}.get(way[0])
                out[C[way]] = rng.integers(top) if top else 1 + rng.integers(5)
        s, c, s1, c1, rel = out[[C["s0"], C["c0"], C["s1"], C["c1"], C["rel"]]]
        never = (min(s, c) >= 0 and held_out(s, c)) or (min(s1, c1) >= 0 and held_out(s1, c1))
        never |= rel >= 0 and min(c, c1) >= 0 and held_out_pair(c, c1, rel)
        if (out != claim).any() and not never:
            return out
    return claim


def truth(facts, claims):
    """(pictures, claims) bool: what holds of what. Errs on the side of true, so that no true caption is a negative."""
    f = {name: facts[:, i, None].astype(np.int64) for name, i in F.items()}
    c = {name: claims[None, :, i] for name, i in C.items()}
    says = lambda k, value: (c[k] < 0) | (c[k] == value)
    signal = (c["sig"] > 0) & (f["sig"] >= 0) & (((c["sig"] >> np.maximum(f["sig"], 0)) & 1) == 1)
    plain = (c["plain"] >= 0) & (c["plain"] == f["plain"])
    thing = (c["sig"] < 0) & (c["plain"] < 0) & (f["s0"] >= 0)
    paired = c["s1"] >= 0

    def fits(a, b, rel):
        first = says("s0", f["s" + a]) & says("c0", f["c" + a]) & (f["s" + a] >= 0)
        both = (f["s" + b] >= 0) & (c["s1"] == f["s" + b]) & says("c1", f["c" + b]) & says("rel", rel)
        two = (c["n0"] == 2) & (f["s1"] >= 0) & says("s0", f["s" + b]) & says("c0", f["c" + b])
        count = (c["n0"] <= 1) | (c["n0"] == f["n0"]) | two
        vague = lambda k: (c[k] < 0) | (f[k] < 0) | (c[k] == f[k])
        return first & (both | ~paired) & count & vague("z0") & vague("x0") & vague("y0") & vague("bg")
    return signal | plain | (thing & (fits("0", "1", f["rel"]) | fits("1", "0", f["rel"] ^ 1)))
