# SPDX-License-Identifier: LGPL-2.1-or-later
"""How well a sentence finds its picture, among drawings that training never had.

    retrieval.py MODEL_DIR [--count 1000]

Draws COUNT pictures in training's mixture, says one true thing of each, and looks for it among all of them, as
`clv search` does: by the cosine. Recall at k: of how many sentences a right picture is among the first k.
"""
import argparse

import captions
import draw
import numpy as np
import torch
from evaluate import Judge, rng_of


def kind(facts):
    f = {name: facts[i] for name, i in draw.F.items()}
    if f["sig"] >= 0:
        return "signals"
    if f["plain"] >= 0:
        return "plain colours"
    if f["rel"] >= 0:
        return "two things"
    return "one thing" if f["n0"] == 1 else "several of a thing"


def main():
    cli = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    cli.add_argument("model")
    cli.add_argument("--count", type=int, default=1000)
    a = cli.parse_args()
    torch.set_num_threads(1)
    judge = Judge(a.model)
    rng = rng_of("retrieval")
    images, facts, _ = draw.mixture(int(rng.integers(1 << 60)), a.count)
    claims = np.stack([captions.claim_of(rng, f) for f in facts])
    texts = [captions.say(rng, claim) for claim in claims]
    order = np.argsort(-(judge.text(texts) @ judge.image(list(images)).T), 1, kind="stable")
    right = captions.truth(facts, claims).T  # (sentences, pictures)
    own = np.eye(a.count, dtype=bool)
    kinds = np.array([kind(f) for f in facts])

    print(f"{a.count} sentences, {a.count} pictures: % of sentences       a picture of which it is true      its own picture")
    print(f"{'':48}  n   pictures true of it   @1    @10        @1    @10")
    for name in ["all", *sorted(set(kinds))]:
        rows = np.arange(a.count) if name == "all" else np.flatnonzero(kinds == name)
        recall = [100 * np.take_along_axis(t[rows], order[rows, :k], 1).any(1).mean()
                  for t in (right, own) for k in (1, 10)]
        print(f"{name:45} {len(rows):5} {np.median(right[rows].sum(1)):15.0f}     " +
              "{:5.1f}  {:5.1f}     {:5.1f}  {:5.1f}".format(*recall), flush=True)


if __name__ == "__main__":
    main()
