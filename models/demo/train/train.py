# SPDX-License-Identifier: LGPL-2.1-or-later
"""Train the demo model.

    train.py WORK_DIR --minutes 60 [--processes 2] [--resume]     or --steps N instead of minutes, to repeat a run

Each process takes a part of the batch, on one thread; gradients are summed in shared memory.

Three stages. The image tower alone learns the facts of the drawings (one linear head a fact) and, for every patch, what
covers it; most empty patches are left out, for speed. Then the text tower learns to say what the image tower, now fixed,
has seen: its vectors are computed once, so a step is cheap. Then both go on together. A caption that is true of another
picture of the batch is no negative there; every picture has a wrong caption that differs from its own in one thing.
"""
import argparse
import multiprocessing
import os
import time

import numpy as np
import torch
import torch.nn.functional as nnf
from torch import nn

import bpe
import captions
import clip
import draw
from draw import F

TAPS = (2, 4)  # layers after which the patches are asked: for the outline, for what they belong to
SHARD = 4000
FACTS, WORDS, BOTH = range(3)
BEGIN = (0, 0.45, 0.85, 1)  # of each stage, and the end, as parts of training
BATCH, RATE, FACTS_WEIGHT = (64, 128, 64), (1.5e-3, 2e-3, 5e-4), (1, 0, 0.5)
MIX = (0.42, 0.15, 0.08, 0.2, 0.15)  # pairs, several things, plain, signals, single things: where there are words
FEW_UNTIL = 0.8  # up to this part of the first stage most of the empty patches are left out


class Facts(nn.Module):
    """Linear heads that are thrown away after training."""

    def __init__(self, width):
        super().__init__()
        n = len(captions.SIGNALS)
        self.sizes = dict(what=4 + n, plain=12, bg=12, sa=7, ca=12, sb=7, cb=12, axis=2, count=5, size=2, x=3, y=3)
        self.head = nn.Linear(width, sum(self.sizes.values()))
        self.norm = nn.LayerNorm(width)
        self.dense = nn.Linear(width, 8 + n + 12 + 1)
        self.norm_mask = nn.LayerNorm(width)
        self.mask = nn.Linear(width, 16)

    def forward(self, pooled, patches, facts, dense, image, keep):
        goals = targets(facts)
        loss, right = 0, {}
        for (name, _), logits in zip(self.sizes.items(), self.head(pooled).split(list(self.sizes.values()), 1)):
            goal = goals[name]
            some = goal >= 0
            if some.any():
                loss = loss + nnf.cross_entropy(logits[some], goal[some], reduction="sum") / len(goal)
                right[name] = ((logits.argmax(1) == goal)[some].float().sum().item(), int(some.sum()))
        n = len(captions.SIGNALS)
        shape, tint, middle = self.dense(self.norm(patches[1])).split([8 + n, 12, 1], 2)
        goal = dense.flatten(2).long().gather(2, keep[:, None].expand(-1, 3, -1))
        inside = (goal[:, 0] > 0) & (goal[:, 0] < 8)
        weight = torch.where(inside, 1.0, 0.15).flatten()  # most patches are background, or alike in a signal
        weight = weight / weight.sum()
        loss_dense = (weight * nnf.cross_entropy(shape.flatten(0, 1), goal[:, 0].flatten(), ignore_index=-1,
                                                 reduction="none")).sum()
        loss_dense = loss_dense + 0.5 * (weight * nnf.cross_entropy(tint.flatten(0, 1), goal[:, 1].flatten(),
                                                                    ignore_index=-1, reduction="none")).sum()
        loss_dense = loss_dense + nnf.binary_cross_entropy_with_logits(
            middle.flatten(), goal[:, 2].flatten().float(), pos_weight=torch.tensor(4.0))
        drawn, cover = outline(image, facts, keep)
        loss_mask = nnf.binary_cross_entropy_with_logits(self.mask(self.norm_mask(patches[0]))[drawn], cover)
        if drawn.any():
            loss_dense = loss_dense + 3 * loss_mask
            right["mask"] = (1 - loss_mask.item()) * len(cover), len(cover)
        right["patch"] = ((shape.argmax(2) == goal[:, 0])[inside].float().sum().item(), int(inside.sum()))
        return loss, loss_dense, right


def outline(image, facts, keep):
    """Where things are, free of their colours: pictures with an even background, and for each patch of these the
    covered parts of its 4 x 4 cells. That leads to shapes much sooner than their names alone do."""
    drawn = (facts[:, F["s0"]] >= 0) & (facts[:, F["bg"]] >= 0)
    x = torch.from_numpy(image)[drawn].float()
    rim = torch.cat([x[:, 0], x[:, -1], x[:, :, 0], x[:, :, -1]], 1).median(1).values
    far = ((x - rim[:, None, None]).abs().sum(3) > 90).float()
    cells = far.view(-1, 8, 4, 2, 8, 4, 2).mean((3, 6))  # picture, patch row, cell row, patch column, cell column
    cells = cells.permute(0, 1, 3, 2, 4).reshape(-1, 64, 16)
    return drawn, cells.gather(1, keep[drawn][:, :, None].expand(-1, -1, 16))


def choose(rng, dense, count):
    """(B, count) patches to look at: those with something in them first, then others by chance."""
    order = rng.random((len(dense), 64)) - (dense[:, 0].reshape(-1, 64) != 0)
    return torch.from_numpy(np.sort(np.argsort(order, 1)[:, :count], 1))


def targets(facts):
    """The heads' targets. Of a pair, A is the object on the left or above."""
    f = {name: facts[:, i].long() for name, i in F.items()}
    pair, flip = f["rel"] >= 0, (f["rel"] == 1) | (f["rel"] == 3)
    single = (f["n0"] == 1) & ~pair
    what = torch.where(pair, 1, torch.where(single, 0, torch.where(f["n0"] > 1, 2, torch.where(f["plain"] >= 0, 3,
                                                                                              4 + f["sig"]))))
    turn = lambda a, b: torch.where(flip, f[b], f[a])
    return dict(what=what, plain=f["plain"], bg=f["bg"], sa=turn("s0", "s1"), ca=turn("c0", "c1"), sb=turn("s1", "s0"),
                cb=turn("c1", "c0"), axis=torch.where(pair, f["rel"] // 2, -1),
                count=torch.where(pair, -1, f["n0"] - 1).clamp(min=-1), size=f["z0"], x=f["x0"], y=f["y0"])


def contrast(model, image, texts, claims, facts, tokenizer):
    """InfoNCE over the batch's captions and the hard negatives; true captions of other pictures are left out."""
    text = model.embed_text(clip.batch_ids(tokenizer, texts))
    b = len(image)
    other = torch.from_numpy(captions.truth(facts, claims))
    other[torch.arange(b), torch.arange(b)] = False
    logits = (model.logit_scale.exp() * image @ text.T).masked_fill(other, -1e4)
    goal = torch.arange(b)
    right = (logits.argmax(1) == goal).float().sum().item()
    return (nnf.cross_entropy(logits, goal) + nnf.cross_entropy(logits[:, :b].T, goal)) / 2, (right, b)


def shard(job):
    work, index, seed = job
    path = os.path.join(work, f"shard-{index:03}.npz")
    if not os.path.exists(path):
        image, facts, dense = draw.mixture((seed, index), SHARD)
        np.savez(path + ".part.npz", image=image, facts=facts, dense=dense)
        os.rename(path + ".part.npz", path)


def learn_tokenizer(seed):
    rng = np.random.default_rng(seed)
    _, facts, _ = draw.mixture(seed, 6000)
    return bpe.learn([captions.say(rng, captions.claim_of(rng, f)) for f in facts for _ in range(2)], 600)


class Sum:
    """Adds up the processes' gradients; every process then makes the same step."""

    def __init__(self, ranks, size):
        self.ranks, self.parts = ranks, torch.zeros(ranks, size).share_memory_()
        self.done = torch.zeros(1, dtype=torch.float64).share_memory_()
        self.barrier = torch.multiprocessing.Barrier(ranks)

    def exchange(self, rank, params, done):
        flat = torch.cat([torch.zeros_like(p).flatten() if p.grad is None else p.grad.flatten() for p in params])
        self.parts[rank, :len(flat)] = flat
        self.barrier.wait()
        flat = self.parts[:, :len(flat)].mean(0)
        if rank == 0:
            self.done[0] = done
        self.barrier.wait()
        for p, g in zip(params, flat.split([p.numel() for p in params])):
            p.grad = g.view_as(p)
        return self.done.item()


def features(model, image, rank, a, pooled):
    """The image tower's vectors of all pictures, each process its part."""
    with torch.no_grad():
        for i in range(rank * 256, len(image), a.processes * 256):
            pooled[i:i + 256] = model.vision_model(clip.pixels(image[i:i + 256]))[0]


def kinds(facts):
    """For each kind in MIX the rows that are of it."""
    column = lambda name: facts[:, F[name]]
    kind = np.select([column("rel") >= 0, column("n0") > 1, column("plain") >= 0, column("sig") >= 0], range(4), 4)
    return [np.flatnonzero(kind == k) for k in range(5)]


def pick(rng, stage, count, by_kind):
    """Rows of a batch. Words for pairs and numbers are learnt last, so they are asked for more often than drawn."""
    if stage == FACTS:
        return rng.choice(sum(map(len, by_kind)), count, replace=False)
    return np.concatenate([rng.choice(rows, n, replace=False) for rows, n in zip(by_kind, rng.multinomial(count, MIX))])


def parameters(model, heads, stage):
    """What a stage changes: the image tower and the facts; the words for them; everything."""
    words = [*model.text_model.parameters(), *model.text_projection.parameters(), *model.visual_projection.parameters(),
             model.logit_scale]
    facts = [*model.vision_model.parameters(), *heads.parameters()]
    return (facts, words, facts + words)[stage]


def losses_of(model, heads, tokenizer, rng, stage, part, rows, data, pooled):
    """Of the facts, of the patches, of the captions; and how many were right, by name."""
    image, facts, dense = (d[rows] for d in data)
    zero, right = torch.zeros(()), {}
    if stage == WORDS:
        vectors, loss_facts, loss_dense = pooled[torch.from_numpy(rows)], zero, zero
    else:
        keep = choose(rng, dense, 26 if stage == FACTS and part < FEW_UNTIL else 64)
        vectors, patches = model.vision_model(clip.pixels(image), keep=keep, taps=TAPS)
        loss_facts, loss_dense, right = heads(vectors, patches, torch.from_numpy(facts), torch.from_numpy(dense), image, keep)
    if stage == FACTS:
        return (loss_facts, loss_dense, zero), right
    claims = [captions.claim_of(rng, f) for f in facts]
    claims += [captions.spoil(rng, c) for c in claims]
    texts = [captions.say(rng, c) for c in claims]
    embedding = nnf.normalize(model.visual_projection(vectors), dim=-1)
    loss_clip, right["caption"] = contrast(model, embedding, texts, np.stack(claims), facts, tokenizer)
    return (loss_facts, loss_dense, loss_clip), right


class Log:
    def __init__(self):
        self.losses, self.tally, self.steps = np.zeros(3), {}, 0

    def add(self, losses, right):
        self.losses += [loss.item() for loss in losses]
        self.steps += 1
        for name, (good, count) in right.items():
            old = self.tally.get(name, (0, 0))
            self.tally[name] = old[0] + good, old[1] + count

    def show(self, head, scale):
        shown = " ".join(f"{k} {100 * g / max(1, n):.0f}" for k, (g, n) in self.tally.items())
        print(f"{head} loss {np.round(self.losses / self.steps, 3)} scale {scale:.1f} | {shown}", flush=True)
        self.__init__()


def train(rank, a, together, data, merges, saved, pooled):
    image, by_kind = data[0], kinds(data[1])
    torch.set_num_threads(1)
    torch.manual_seed(a.seed)
    path = os.path.join(a.work, "checkpoint.pt")
    tokenizer = bpe.Tokenizer(merges, clip.CONFIG["positions"])
    model = clip.Clip(len(tokenizer.vocab), tokenizer.end)
    heads = Facts(clip.CONFIG["vision"][0])
    step, spent, stage, optimizer = 0, 0.0, -1, None
    if saved:
        model.load_state_dict(saved["model"]), heads.load_state_dict(saved["heads"], strict=False)
        step, spent = saved["step"], saved["spent"]
    done = step / a.steps if a.steps else spent / 60 / a.minutes
    if rank == 0:
        print(f"{len(image)} pictures, {sum(p.numel() for p in model.parameters())} parameters, "
              f"{len(tokenizer.vocab)} tokens", flush=True)
    begin = last = time.time()
    log = Log()

    def save():
        torch.save(dict(model=model.state_dict(), heads=heads.state_dict(), optimizer=optimizer.state_dict(), stage=stage,
                        since=since, step=step, done=done, spent=spent + time.time() - begin, merges=merges), path + ".part")
        os.replace(path + ".part", path)

    while done < 1:
        if stage < 0 or done >= BEGIN[stage + 1]:
            if optimizer and rank == 0:
                save()
            stage = max(i for i in range(3) if done >= BEGIN[i])
            params = parameters(model, heads, stage)
            optimizer = torch.optim.AdamW([{"params": [p for p in params if p.ndim > 1], "weight_decay": 0.05},
                                           {"params": [p for p in params if p.ndim < 2], "weight_decay": 0.0}],
                                          lr=0, betas=(0.9, 0.98), eps=1e-6)
            since = step
            if saved and saved.get("stage") == stage:
                optimizer.load_state_dict(saved["optimizer"])
                since = saved["since"]
            saved = None
            if stage == WORDS:
                features(model, image, rank, a, pooled)
                together.barrier.wait()
        rng = np.random.default_rng((a.seed, step, rank))
        part = (done - BEGIN[stage]) / (BEGIN[stage + 1] - BEGIN[stage])
        rows = pick(rng, stage, BATCH[stage] // a.processes, by_kind)
        losses, right = losses_of(model, heads, tokenizer, rng, stage, part, rows, data, pooled)
        loss = FACTS_WEIGHT[stage] * (losses[0] + losses[1]) + losses[2]
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        step += 1
        done = together.exchange(rank, params, step / a.steps if a.steps else
                                 (spent + time.time() - begin) / 60 / a.minutes)
        nn.utils.clip_grad_norm_(params, 1.0)
        for group in optimizer.param_groups:
            group["lr"] = RATE[stage] * min(1, (step - since) / 150) * (0.02 + 0.98 * 0.5 * (1 + np.cos(np.pi * min(1, part))))
        optimizer.step()
        model.logit_scale.data.clamp_(0, np.log(100))
        if rank:
            continue
        log.add(losses, right)
        if step % 100 == 0:
            log.show(f"{step} {100 * done:.1f}% {time.time() - begin + spent:.0f}s", model.logit_scale.exp().item())
        if time.time() - last > a.save_every or done >= 1:
            last = time.time()
            save()


def main():
    cli = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    cli.add_argument("work", help="folder for pictures and checkpoint")
    cli.add_argument("--minutes", type=float, default=0)
    cli.add_argument("--steps", type=int, default=0)
    cli.add_argument("--shards", type=int, default=20, help=f"of {SHARD} pictures")
    cli.add_argument("--seed", type=int, default=1)
    cli.add_argument("--processes", type=int, default=2)
    cli.add_argument("--save-every", type=float, default=120, help="seconds")
    cli.add_argument("--resume", action="store_true")
    a = cli.parse_args()
    if (a.minutes > 0) == (a.steps > 0):
        cli.error("one of --minutes and --steps")
    os.makedirs(a.work, exist_ok=True)
    with multiprocessing.Pool(a.processes) as pool:  # before torch has threads of its own
        pool.map(shard, [(a.work, i, a.seed) for i in range(a.shards)], 1)
    parts = [np.load(os.path.join(a.work, f"shard-{i:03}.npz")) for i in range(a.shards)]
    data = [np.concatenate([p[k] for p in parts]) for k in ("image", "facts", "dense")]
    saved = torch.load(os.path.join(a.work, "checkpoint.pt")) if a.resume else None
    merges = saved["merges"] if saved else learn_tokenizer(a.seed)
    vocab = 2 * 256 + len(merges) + 2
    size = sum(p.numel() for m in (clip.Clip(vocab, 0), Facts(clip.CONFIG["vision"][0])) for p in m.parameters())
    pooled = torch.zeros(len(data[0]), clip.CONFIG["vision"][0]).share_memory_()
    torch.multiprocessing.start_processes(train, (a, Sum(a.processes, size), data, merges, saved, pooled), a.processes,
                                          start_method="fork")


if __name__ == "__main__":
    main()
