# SPDX-License-Identifier: LGPL-2.1-or-later
"""clv and other programs in turns, on the same weights, pictures and phrases."""
import contextlib
import itertools
import json
import os

from programs import Failed, Server, cosine, median, take_turns

PEERS = ["onnxruntime", "openvino", "openvino_bf16", "ncnn_cpu", "ncnn_vulkan"]

# ncnn's Vulkan needs seconds to minutes for a picture on a software driver: the first rounds only (full, quick).
MOST_ROUNDS = {"ncnn_vulkan": (3, 1)}

TEXT_BLOCK, TEXT_BATCH = 50, 10


class Model:
    def __init__(self, folder):
        self.folder, self.name = folder, os.path.basename(os.path.normpath(folder))
        with open(os.path.join(folder, "config.json"), encoding="utf-8") as f:
            config = json.load(f)
        self.vision, self.text = config["vision_config"], config["text_config"]
        self.embedding = config.get("projection_dim", 512)
        self.side = self.vision.get("image_size", 224)
        self.patches = (self.side // self.vision.get("patch_size", 32)) ** 2
        self.weights = os.path.join(folder, "model.safetensors")


def phrases():
    """A thousand short phrases."""
    colours = ("red blue green yellow black white brown grey orange purple pink golden silver dark bright small large "
               "old new broken wet dry open closed empty").split()
    things = ("car bus bicycle train boat plane dog cat horse cow sheep bird fish tree flower house door window table "
              "chair cup bottle book phone screen keyboard shoe hat coat bag ball road bridge river beach hill street "
              "field garden kitchen").split()
    return [f"a {colour} {thing}" for colour in colours for thing in things]


def open_clv(setting, model, precision="fp32", texts=False, env=None):
    picture = setting.noise(f"{model.side}.rgb", model.side * model.side * 3)
    command = [setting.program("bench-encode"), model.folder, precision, "rgb", str(model.side), str(model.side),
               picture]
    if texts:
        command.append(setting.file("phrases.txt", "\n".join(phrases()).encode()))
    return Server(setting, command, f"clv {precision}", env)


def open_peer(setting, model, peer, kind, batch, path):
    script = os.path.join(setting.root, "bench", "peers.py")
    return Server(setting, [setting.python, script, peer, kind, model.folder, str(batch), str(setting.threads), path],
                  peer, greets=True)


def start_peers(setting, report, model, batch, names, stack, ours):
    """{peer: server} of those that are there and compute the same as clv."""
    servers = {}
    for peer in names:
        key = f"{model.name}.b{batch}.vs_{peer}"
        if setting.python is None:
            report.leave_out(key, "there is no environment with the other programs")
            continue
        try:
            server = stack.enter_context(open_peer(setting, model, peer, "vision", batch,
                                                   os.path.join(setting.work, f"{model.side}.rgb")))
            near = cosine(ours, server.ask("embedding"))
        except Failed as error:
            report.leave_out(key, f"{peer}: {error}")
            continue
        if near > 0.999:
            servers[peer] = server
        else:
            report.leave_out(key, f"{server.name} computes something else: cosine {near:.4f}")
    return servers


def pictures(setting, report, model, batch, rounds, names, rows, precisions=("fp32",)):
    """One contest: `batch` pictures at a time. Appends to the rows of the table; returns clv's milliseconds."""
    with contextlib.ExitStack() as stack:
        clv = {p: stack.enter_context(open_clv(setting, model, p)) for p in precisions}
        ours = clv["fp32"].ask("embedding")
        peers = start_peers(setting, report, model, batch, names, stack, ours)
        for server in clv.values():
            server.ask(f"time {batch}")  # records and compiles
        everybody = {**clv, **peers}
        times = take_turns({name: (lambda server=server: server.ask(f"time {batch}")[0],
                                   MOST_ROUNDS.get(name, (rounds, rounds))[setting.quick])
                            for name, server in everybody.items()}, rounds)
    own = median(times["fp32"])
    for name, values in times.items():
        server = everybody[name]
        rows.append([model.name, batch, server.name, median(values) / batch, min(values) / batch, max(values) / batch,
                     len(values), median(values) / own])
        plot = f"{model.name} by batch"
        if name != "ncnn_vulkan":
            report.point(plot, server.name, batch, batch * 1e3 / median(values))
        if name in peers:
            report.add(f"{model.name}.b{batch}.vs_{name}", median(values) / own)
    report.add(f"{model.name}.b{batch}.pictures_per_s", batch * 1e3 / own)
    if "fp16" in times:
        report.add(f"{model.name}.b{batch}.fp16_speed", own / median(times["fp16"]))
    return own / batch


PICTURE_HEAD = ["model", "batch", "program", "ms a picture", "best", "worst", "runs", "clv's speed / its"]


def token_ids(setting, model, texts):
    """`clv tokenize` of the phrases, as a file."""
    source = setting.file("phrases.json", json.dumps(texts).encode())
    output, _ = setting.run([os.path.join(setting.build, "tools", "clv"), "tokenize", "--model", model.folder, source])
    return setting.file("ids.json", output.encode())


def blocks(server):
    """A player of take_turns(): each turn is the next block of phrases."""
    starts = itertools.count(0, TEXT_BLOCK)
    return lambda: server.ask(f"texts {next(starts)} {TEXT_BLOCK}")[0]


def texts(setting, report, model, rounds):
    """1,000 phrases, each once, uncached: the same blocks of phrases in turns."""
    key = "text_1000.vs_onnxruntime" if model.name == "vit-b-32" else f"{model.name}.text.vs_onnxruntime"
    everything = phrases()
    rounds = min(rounds, len(everything) // TEXT_BLOCK)
    with contextlib.ExitStack() as stack:
        clv = stack.enter_context(open_clv(setting, model, texts=True))
        ours = clv.ask("text")
        players = {"clv": clv}
        if setting.python is None:
            report.leave_out(key, "there is no environment with the other programs")
        else:
            try:
                peer = stack.enter_context(open_peer(setting, model, "onnxruntime", "text", TEXT_BATCH,
                                                     token_ids(setting, model, everything)))
                near = cosine(ours, peer.ask("embedding"))
                if near <= 0.999:
                    raise Failed(f"it computes something else: cosine {near:.4f}")
                players["onnxruntime"] = peer
            except Failed as error:
                report.leave_out(key, f"onnxruntime: {error}")
        clv.ask(f"texts 0 {TEXT_BLOCK}")  # records and compiles
        times = take_turns({name: (blocks(server), rounds) for name, server in players.items()}, rounds)
    own = sum(times["clv"])
    length = model.text.get("max_position_embeddings", 77)
    rows = [["clv fp32" if name == "clv" else f"{players[name].name} at {length} tokens", rounds * TEXT_BLOCK,
             sum(values) / rounds / TEXT_BLOCK, sum(values) / own] for name, values in times.items()]
    report.add(f"{model.name}.text.phrases_per_s", rounds * TEXT_BLOCK * 1e3 / own)
    if "onnxruntime" in times:
        report.add(key, sum(times["onnxruntime"]) / own)
    report.table(f"Short phrases, {model.name}, uncached", ["program", "phrases", "ms a phrase", "clv's speed / its"],
                 rows)
