#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""A short run of scripts/bench.sh: its numbers are there and can be, and what is left out is named with a reason.

    quick.py BENCH_SH BUILD
"""
import json
import os
import subprocess
import sys
import tempfile
import types
import xml.dom.minidom

# Key → lowest and highest value that can be, on any machine under any load.
RANGES = {
    "demo.b1.pictures_per_s": (0.001, 1e5),
    "demo.b8.pictures_per_s": (0.001, 1e6),
    "demo.dispatches_per_frame": (10, 200),
    "passthrough_us": (0.05, 1e5),
    "live.demo.fps": (0.1, 1000),
    "live.demo.delay_p99_ms": (0.001, 1e5),
    "live.demo.age_ms": (0.1, 1e5),
    "score_100_ms": (0.0001, 1e4),
    "score_10000_ms": (0.01, 1e5),
    "text_1000_cached_s": (0.0001, 100),
}
LEFT_OUT = ["vit-b-32.b1.vs_onnxruntime", "vit-b-32.b8.vs_onnxruntime", "vit-b-16.b1.vs_onnxruntime",
            "vit-b-32.b1.vs_ncnn_vulkan", "gemm.share_of_peak", "preprocess_1080p.share_of_encode",
            "score_10k.share_of_encode", "text_1000.vs_onnxruntime", "first_tag_s.demo", "first_tag_s.vit-b-32",
            "peak_memory_mb.vit-b-32", "live.vit-b-16.fps", "live.vit-b-16.delay_p99_ms", "live.vit-b-16.age_ms",
            "streams_16.vs_best_batch"]


class Tap:
    def __init__(self):
        self.count = 0

    def ok(self, name, holds, more=""):
        self.count += 1
        print(f"{'ok' if holds else 'not ok'} {self.count} - {name}", flush=True)
        if not holds and more:
            print("\n".join("# " + line for line in str(more).splitlines()))


def bench(script, *arguments, **env):
    return subprocess.run([script, *arguments], env={**os.environ, **env}, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, check=False)


def check_run(tap, script, build, folder):
    paths = {kind: os.path.join(folder, "out." + kind) for kind in ("json", "markdown", "svg")}
    parts = [word for part in ("pictures", "stages", "host", "passthrough", "live") for word in ("--part", part)]
    done = bench(script, "--quick", "--only", "demo", "--no-peers", "--rounds", "1", "--build", build,
                 "--caches", os.path.join(build, "tests", "cache", "bench"), *parts,
                 *(word for kind, path in paths.items() for word in ("--" + kind, path)))
    tap.ok("it ends well", done.returncode == 0, done.stderr)
    if done.returncode != 0:
        return
    with open(paths["json"], encoding="utf-8") as f:
        numbers = json.load(f)
    tap.ok("the JSON is flat and has only numbers", all(isinstance(v, float) for v in numbers.values()), numbers)
    for key, (low, high) in RANGES.items():
        tap.ok(f"{key} can be", low <= numbers.get(key, -1) <= high, numbers.get(key, done.stdout))
    tap.ok("ten times the phrases cost more", numbers["score_10000_ms"] > numbers["score_100_ms"], numbers)
    for key in LEFT_OUT:
        reason = next((line for line in done.stdout.splitlines() if line.startswith(f"  {key}: ")), "")
        tap.ok(f"{key} is left out with a reason", key not in numbers and len(reason) > len(key) + 8, done.stdout)
    tap.ok("the stages have a table", "Stages of a 1080p NV12 frame" in done.stdout
           and "preprocess" in done.stdout and "layer: gemm" in done.stdout, done.stdout)
    with open(paths["markdown"], encoding="utf-8") as f:
        tap.ok("the Markdown has tables", "\n|---|" in f.read())
    picture = xml.dom.minidom.parse(paths["svg"])
    tap.ok("the plot is SVG with a point for each batch", len(picture.getElementsByTagName("circle")) == 2)


def check_refusals(tap, script, build, folder):
    """Names that do not exist are refused before anything is made or downloaded for them."""
    made = {"CLV_BENCH_DIR": os.path.join(folder, "bench"), "CLV_GOLDEN_MODELS": os.path.join(folder, "models")}
    for what, *words in (("model", "--only", "vit-b-33"), ("part", "--part", "pixels"), ("part", "--part=pixels")):
        done = bench(script, "--no-peers", *words, "--build", build, **made)
        tap.ok(f"an unknown {what} is named ({words[0]})", done.returncode == 2
               and words[-1].split("=")[-1] in done.stderr, done.stderr)
        tap.ok("nothing was made for it", not any(map(os.path.exists, made.values())), done.stderr)
    done = bench(script, "--only", "demo", "--no-peers", "--build", folder)
    tap.ok("a build that is not there is named", done.returncode == 1 and folder in done.stderr, done.stderr)


def check_servers(tap, script, folder):
    """Of two servers that live at a time, each has its own last words."""
    sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(script)), "bench"))
    from programs import Failed, Server
    setting = types.SimpleNamespace(work=folder, env=os.environ)
    with Server(setting, ["sh", "-c", "echo of the first >&2; echo 1; read -r _"], "first") as first:
        first.read()
        with Server(setting, ["sh", "-c", "echo of another >&2; echo 2; read -r _"], "second") as second:
            second.read()
            try:
                found = first.ask("end")
            except Failed as error:
                found = str(error)
    tap.ok("a server that ends has its own last words", found == "of the first", found)


def main():
    script, build = sys.argv[1:]
    tap = Tap()
    with tempfile.TemporaryDirectory() as folder:
        if subprocess.run([os.path.join(build, "tools", "clv"), "info"], stdout=subprocess.DEVNULL,
                          stderr=subprocess.DEVNULL, check=False).returncode != 0 \
                and os.environ.get("CLV_REQUIRE_DEVICE") != "1":
            print("1..0 # SKIP no device")
            return
        check_run(tap, script, build, folder)
        check_refusals(tap, script, build, folder)
        check_servers(tap, script, folder)
    print(f"1..{tap.count}")


if __name__ == "__main__":
    main()
