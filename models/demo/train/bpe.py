# SPDX-License-Identifier: LGPL-2.1-or-later
"""CLIP's byte-level BPE with a vocabulary of our own: learnt from captions, able to spell anything else in bytes."""
import collections
import json
import os
import re
import unicodedata

START, END = "<|startoftext|>", "<|endoftext|>"
# \p{L}+ and \p{N} of CLIP's expression, as far as Python's re knows them.
SPLIT = re.compile(r"<\|startoftext\|>|<\|endoftext\|>|'s|'t|'re|'ve|'m|'ll|'d|[^\W\d_]+|\d|(?:[^\s\w]|_)+", re.I)


def byte_letters():
    keep = [*range(33, 127), *range(0xa1, 0xad), *range(0xae, 0x100)]
    spare = [b for b in range(256) if b not in keep]
    return dict(zip(keep + spare, map(chr, keep + [256 + n for n in range(len(spare))])))


LETTERS = byte_letters()


def words(text):
    text = " ".join(unicodedata.normalize("NFC", text).split()).lower()
    return [w if w in (START, END) else "".join(LETTERS[b] for b in w.encode()) for w in SPLIT.findall(text)]


def learn(corpus, count):
    """The count most frequent merges, one after the other."""
    table = collections.Counter(w for text in corpus for w in words(text))
    table = {tuple(w[:-1]) + (w[-1] + "</w>",): n for w, n in table.items()}
    merges = []
    while len(merges) < count:
        pairs = collections.Counter()
        for symbols, n in table.items():
            for pair in zip(symbols, symbols[1:]):
                pairs[pair] += n
        if not pairs:
            break
        best = min(pairs, key=lambda p: (-pairs[p], p))
        merges.append(best)
        table = {tuple(join(symbols, best)): n for symbols, n in table.items()}
    return merges


def join(symbols, pair):
    out, i = [], 0
    while i < len(symbols):
        if tuple(symbols[i:i + 2]) == pair:
            out.append(symbols[i] + symbols[i + 1])
            i += 2
        else:
            out.append(symbols[i])
            i += 1
    return out


class Tokenizer:
    def __init__(self, merges, length):
        letters = list(LETTERS.values())
        self.merges, self.length = merges, length
        self.ranks = {pair: i for i, pair in enumerate(merges)}
        tokens = letters + [c + "</w>" for c in letters] + ["".join(p) for p in merges] + [START, END]
        self.vocab = {t: i for i, t in enumerate(tokens)}
        assert len(self.vocab) == len(tokens)
        self.start, self.end = self.vocab[START], self.vocab[END]
        self.known = {START: [self.start], END: [self.end]}

    def word(self, w):
        if w not in self.known:
            symbols = list(w[:-1]) + [w[-1] + "</w>"]
            while len(symbols) > 1:
                best = min(zip(symbols, symbols[1:]), key=lambda p: self.ranks.get(p, 1 << 30))
                if best not in self.ranks:
                    break
                symbols = join(symbols, best)
            self.known[w] = [self.vocab[s] for s in symbols]
        return self.known[w]

    def __call__(self, text):
        ids = [i for w in words(text) for i in self.word(w)]
        return [self.start] + ids[:self.length - 2] + [self.end]

    def save(self, folder):
        special = dict(bos_token=START, eos_token=END, unk_token=END, pad_token=END)

        def write(name, value, indent=2):
            with open(os.path.join(folder, name), "w", encoding="utf-8") as f:
                json.dump(value, f, ensure_ascii=False, indent=indent)
                f.write("\n")
        write("vocab.json", self.vocab, None)
        write("special_tokens_map.json", special)
        write("tokenizer_config.json", {"tokenizer_class": "CLIPTokenizer", "model_max_length": self.length,
                                        "do_lower_case": True, "add_prefix_space": False, "errors": "replace", **special})
        with open(os.path.join(folder, "merges.txt"), "w", encoding="utf-8") as f:
            f.write("#version: 0.2\n" + "".join(f"{a} {b}\n" for a, b in self.merges))

    @classmethod
    def load(cls, folder, length):
        with open(os.path.join(folder, "merges.txt"), encoding="utf-8") as f:
            return cls([tuple(line.split()) for line in f.read().split("\n")[1:] if line], length)
