# SPDX-License-Identifier: LGPL-2.1-or-later
"""CLIP as Hugging Face Transformers has it (modeling_clip.py), with the same tensor names, for training on a CPU."""
import math

import numpy as np
import torch
import torch.nn.functional as nnf
from torch import nn

MEAN = (0.48145466, 0.4578275, 0.40821073)
STD = (0.26862954, 0.26130258, 0.27577711)
CONFIG = dict(proj=128, image=64, patch=8, positions=32, vision=(128, 5, 4, 256), text=(96, 3, 3, 192))


CHUNK = 96  # OpenBLAS on older AMD cores is two to three times as fast on inner dimensions of at most about 128


def product(x, y):
    """x @ y, summed over slices of the inner dimension."""
    k = x.shape[1]
    if k <= 128:
        return x @ y
    out = x[:, :CHUNK] @ y[:CHUNK]
    for i in range(CHUNK, k, CHUNK):
        out.addmm_(x[:, i:i + CHUNK], y[i:i + CHUNK])
    return out


class LinearFunction(torch.autograd.Function):
    """y = x W^T + b, by slices."""

    @staticmethod
    def forward(ctx, x, weight, bias):
        ctx.save_for_backward(x, weight)
        return product(x, weight.t()).add_(bias)

    @staticmethod
    def backward(ctx, g):
        x, weight = ctx.saved_tensors
        g = g.contiguous()
        return product(g, weight), product(g.t(), x), g.sum(0)


def linear(layer, x, gain=1.0):
    """layer (x) · gain. The gain is applied to the small side, the weights."""
    weight, bias = (layer.weight, layer.bias) if gain == 1.0 else (layer.weight * gain, layer.bias * gain)
    return LinearFunction.apply(x.reshape(-1, x.shape[-1]), weight, bias).view(*x.shape[:-1], -1)


class Attention(nn.Module):
    def __init__(self, width, heads):
        super().__init__()
        self.heads = heads
        self.k_proj, self.v_proj = nn.Linear(width, width), nn.Linear(width, width)
        self.q_proj, self.out_proj = nn.Linear(width, width), nn.Linear(width, width)

    def forward(self, x, mask, rows):
        """rows: how many of the first positions to answer for (all when None)."""
        b, t, c = x.shape
        split = lambda y: y.view(b, -1, self.heads, c // self.heads).transpose(1, 2)
        q = split(linear(self.q_proj, x if rows is None else x[:, :rows], (c // self.heads) ** -0.5))
        k, v = split(linear(self.k_proj, x)), split(linear(self.v_proj, x))
        score = q @ k.transpose(2, 3)
        if mask is not None:
            score = score + mask
        return linear(self.out_proj, (score.softmax(-1) @ v).transpose(1, 2).reshape(b, -1, c))


class Mlp(nn.Module):
    def __init__(self, width, hidden):
        super().__init__()
        self.fc1, self.fc2 = nn.Linear(width, hidden), nn.Linear(hidden, width)

    def forward(self, x):
        """quick_gelu (x) = x sigmoid (1.702 x) = silu (1.702 x) / 1.702, with both factors moved to the weights."""
        h = nnf.silu(linear(self.fc1, x, 1.702))
        weight = self.fc2.weight * (1 / 1.702)
        return LinearFunction.apply(h.flatten(0, -2), weight, self.fc2.bias).view(*x.shape)


class Layer(nn.Module):
    def __init__(self, width, heads, hidden):
        super().__init__()
        self.self_attn = Attention(width, heads)
        self.layer_norm1 = nn.LayerNorm(width)
        self.mlp = Mlp(width, hidden)
        self.layer_norm2 = nn.LayerNorm(width)

    def forward(self, x, mask=None, rows=None):
        x = (x if rows is None else x[:, :rows]) + self.self_attn(self.layer_norm1(x), mask, rows)
        return x + self.mlp(self.layer_norm2(x))


class Encoder(nn.Module):
    def __init__(self, width, layers, heads, hidden):
        super().__init__()
        self.layers = nn.ModuleList([Layer(width, heads, hidden) for _ in range(layers)])


class TextEmbeddings(nn.Module):
    def __init__(self, vocab, positions, width):
        super().__init__()
        self.token_embedding = nn.Embedding(vocab, width)
        self.position_embedding = nn.Embedding(positions, width)


class TextModel(nn.Module):
    def __init__(self, vocab, positions, shape):
        super().__init__()
        self.embeddings = TextEmbeddings(vocab, positions, shape[0])
        self.encoder = Encoder(*shape)
        self.final_layer_norm = nn.LayerNorm(shape[0])

    def forward(self, ids, end):
        t = ids.shape[1]
        x = self.embeddings.token_embedding(ids) + self.embeddings.position_embedding.weight[:t]
        mask = torch.full((t, t), float("-inf")).triu(1)
        for layer in self.encoder.layers:
            x = layer(x, mask)
        at = (ids == end).int().argmax(1)  # the first end token
        return self.final_layer_norm(x[torch.arange(len(ids)), at])


class VisionEmbeddings(nn.Module):
    def __init__(self, image, patch, width):
        super().__init__()
        self.class_embedding = nn.Parameter(torch.randn(width) * 0.02)
        self.patch_embedding = nn.Conv2d(3, width, patch, patch, bias=False)
        self.position_embedding = nn.Embedding((image // patch) ** 2 + 1, width)
        self.patch = patch

    def forward(self, pixels, keep=None):
        b, c, h, w = pixels.shape
        p = self.patch
        cut = pixels.view(b, c, h // p, p, w // p, p).permute(0, 2, 4, 1, 3, 5).reshape(b, -1, c * p * p)
        place = self.position_embedding.weight
        if keep is not None:
            cut = cut[torch.arange(b)[:, None], keep]
        x = cut @ self.patch_embedding.weight.flatten(1).T + (place[1:] if keep is None else place[1 + keep])
        return torch.cat([(self.class_embedding + place[0]).expand(b, 1, -1), x], 1)


class VisionModel(nn.Module):
    def __init__(self, image, patch, shape):
        super().__init__()
        self.embeddings = VisionEmbeddings(image, patch, shape[0])
        self.pre_layrnorm = nn.LayerNorm(shape[0])
        self.encoder = Encoder(*shape)
        self.post_layernorm = nn.LayerNorm(shape[0])

    def forward(self, pixels, taps=(), keep=None):
        """The pooled vector, and the patches' states after the layers numbered in taps (training heads read them).
        keep (B, K): only these patches are looked at."""
        x = self.pre_layrnorm(self.embeddings(pixels, keep))
        tapped = []
        for i, layer in enumerate(self.encoder.layers):
            last = i == len(self.encoder.layers) - 1
            x = layer(x, rows=1 if last else None)  # only the class token is read at the end
            if i + 1 in taps:
                tapped.append(x[:, 1:])
        return self.post_layernorm(x[:, 0]), tapped


class Clip(nn.Module):
    def __init__(self, vocab, end, config=CONFIG):
        super().__init__()
        self.end = end
        self.logit_scale = nn.Parameter(torch.tensor(math.log(1 / 0.07)))
        self.text_model = TextModel(vocab, config["positions"], config["text"])
        self.vision_model = VisionModel(config["image"], config["patch"], config["vision"])
        self.visual_projection = nn.Linear(config["vision"][0], config["proj"], bias=False)
        self.text_projection = nn.Linear(config["text"][0], config["proj"], bias=False)
        self.start_values()

    def embed_text(self, ids):
        return nnf.normalize(self.text_projection(self.text_model(ids, self.end)), dim=-1)

    def embed_image(self, pixels):
        return nnf.normalize(self.visual_projection(self.vision_model(pixels)[0]), dim=-1)

    def start_values(self):
        """Start values that save the first thousand steps: patches are seen through low cosine waves, positions are
        sines of row and column, attention begins near "look at what is like me" (Trockman and Kolter, 2023)."""
        for module in self.modules():
            if isinstance(module, nn.Linear):
                nn.init.normal_(module.weight, std=module.in_features ** -0.5 * 0.7)
                if module.bias is not None:
                    nn.init.zeros_(module.bias)
            if isinstance(module, nn.Embedding):
                nn.init.normal_(module.weight, std=0.3)
        for tower in (self.vision_model, self.text_model):
            for layer in tower.encoder.layers:
                depth = len(tower.encoder.layers)
                with torch.no_grad():
                    a = layer.self_attn
                    a.q_proj.weight.copy_(a.k_proj.weight * 0.7 + a.q_proj.weight * 0.7)
                    a.out_proj.weight.mul_((2 * depth) ** -0.5)
                    layer.mlp.fc2.weight.mul_((2 * depth) ** -0.5)
        conv = self.vision_model.embeddings.patch_embedding.weight
        conv.data.copy_(torch.from_numpy(waves(*conv.shape[:1], conv.shape[-1])))
        place = self.vision_model.embeddings.position_embedding.weight
        place.data[1:] = torch.from_numpy(sines(int((len(place) - 1) ** 0.5), place.shape[1]))


def waves(width, p):
    """(width, 3, p, p): the lowest cosine waves of light, and of two colour differences (a quarter of them each)."""
    at = (np.arange(p) + 0.5) * np.pi / p
    order = sorted(((u, v) for u in range(p) for v in range(p)), key=lambda q: (q[0] ** 2 + q[1] ** 2, q))
    colours = np.array([(1, 1, 1), (1, -1, 0), (0.5, 0.5, -1)], np.float32)
    colours /= np.linalg.norm(colours, axis=1, keepdims=True)
    out = []
    for tint, count in zip(colours, (width // 2, width // 4, width - width // 2 - width // 4)):
        for n in range(count):
            u, v = order[n % len(order)]
            wave = np.outer(np.cos(u * at), np.cos(v * at))
            out.append(tint[:, None, None] * wave / np.linalg.norm(wave) * (0.35 if u + v == 0 else 1.0))
    return np.array(out, np.float32)


def sines(side, width):
    q = width // 4
    angle = np.arange(side)[:, None] * np.pi / side * 2.0 ** np.linspace(-1, 2.5, q)[None]
    wave = np.concatenate([np.sin(angle), np.cos(angle)], 1)
    rows, columns = np.repeat(wave, side, 0), np.tile(wave, (side, 1))
    return (np.concatenate([rows, columns], 1) * 0.5).astype(np.float32)


def pixels(images):
    """(B, 64, 64, 3) uint8 → (B, 3, 64, 64) normalised, as preprocessor_config.json says."""
    x = torch.from_numpy(np.ascontiguousarray(images)).permute(0, 3, 1, 2).float() / 255
    return ((x - torch.tensor(MEAN)[:, None, None]) / torch.tensor(STD)[:, None, None]).contiguous()


def batch_ids(tokenizer, texts):
    rows = [tokenizer(t) for t in texts]
    out = torch.full((len(rows), max(map(len, rows))), tokenizer.end)
    for i, row in enumerate(rows):
        out[i, :len(row)] = torch.tensor(row)
    return out
