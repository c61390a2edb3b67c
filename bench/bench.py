#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Measures clv, and other programs beside it; scripts/bench.sh prepares what this needs.

docs/performance.md says what each figure is. Only the standard library here: the other programs live in an
environment of their own, behind peers.py.
"""
import argparse
import os
import platform
import re
import shutil
import sys
import tempfile
import time

import contests
import own
from contests import Model
from programs import Failed, Setting
from report import Report

REAL = ["vit-b-32", "vit-b-16"]
PARTS = ["pictures", "products", "stages", "preprocessing", "texts", "host", "starts", "pipelines", "passthrough",
         "live", "streams"]


def parse():
    parser = argparse.ArgumentParser(prog="bench.sh", description="Measures clv, and other programs beside it.")
    parser.add_argument("--quick", action="store_true", help="fewer rounds and points: less than five minutes")
    parser.add_argument("--only", metavar="MODEL", action="append", choices=["demo", *REAL],
                        help="demo, vit-b-32 or vit-b-16; may be repeated")
    parser.add_argument("--part", metavar="NAME", action="append", choices=PARTS,
                        help="only these, may be repeated: " + ", ".join(PARTS))
    parser.add_argument("--no-peers", action="store_true", help="clv alone")
    parser.add_argument("--rounds", type=int, default=0, help="of every measurement, instead of its own number")
    parser.add_argument("--threads", type=int, default=2, help="of every program (2)")
    parser.add_argument("--json", metavar="FILE", help="one flat object of numbers")
    parser.add_argument("--markdown", metavar="FILE", help="the tables as Markdown; in a file that has the marks of "
                        "README.md, between them")
    parser.add_argument("--svg", metavar="FILE", help="pictures a second against batch and streams")
    parser.add_argument("--caches", metavar="DIR", help="keep clv's and the driver's caches there; without it they "
                        "start empty")
    parser.add_argument("--build", metavar="DIR", help="a build of clv; without it one is made")
    # What bench.sh asks before it prepares anything, and what it found.
    parser.add_argument("--check", action="store_true", help=argparse.SUPPRESS)
    parser.add_argument("--python", help=argparse.SUPPRESS)
    parser.add_argument("--models", default="", help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.threads < 1 or args.rounds < 0:
        parser.error("wanted at least 1 thread and no negative rounds")
    if args.no_peers or not args.python:
        args.python = None
    return args


def describe(setting, report, args):
    """Machine, driver, load."""
    try:
        with open("/proc/cpuinfo", encoding="utf-8") as f:
            found = re.search(r"^model name\s*: (.*)$", f.read(), re.M)
    except OSError:
        found = None
    processor = found.group(1).strip() if found else platform.processor() or platform.machine()
    output, _ = setting.run([os.path.join(setting.build, "tools", "clv"), "info"])
    device = re.search(r"^  0: (.*)$", output, re.M)
    driver = re.search(r"^    driver (.*?);", output, re.M)
    with open("/etc/os-release", encoding="utf-8") as f:
        system = re.search(r'^PRETTY_NAME="?([^"\n]*)', f.read(), re.M)
    report.machine += [
        f"{processor}, {os.cpu_count()} cores, {args.threads} threads used",
        f"{device.group(1) if device else 'unknown device'}, driver {driver.group(1) if driver else 'unknown'}",
        f"{system.group(1) if system else platform.platform()}, {time.strftime('%Y-%m-%d')}"
        + (", quick run" if args.quick else ""),
    ]
    busy = os.getloadavg()[0]
    if busy > 0.5:
        report.machine.append(f"the machine was not quiet: a load of {busy:.1f} before the run")


class Run:
    """The plan: which measurements, with how many rounds."""

    def __init__(self, setting, report, models, peers):
        self.setting, self.report, self.models, self.peers = setting, report, models, peers
        self.encode_ms = {}  # model → clv's milliseconds of one picture, batch 1

    def attempt(self, what, keys, measure):
        """A measurement that fails is named; the others go on."""
        start = time.monotonic()
        try:
            measure()
        except (Failed, OSError, ValueError, KeyError) as error:
            for key in keys or [what]:
                self.report.leave_out(key, f"{what}: {error}")
        print(f"bench: {what}: {time.monotonic() - start:.0f} s", file=sys.stderr, flush=True)

    def contest(self, model, batch, rounds, rows, names=None, precisions=("fp32",)):
        def measure():
            names_here = [name for name in (names if names is not None else self.peers)
                          if batch == 1 or not name.startswith("ncnn")]
            ms = contests.pictures(self.setting, self.report, model, batch, rounds, names_here, rows, precisions)
            if batch == 1:
                self.encode_ms[model.name] = ms
        self.attempt(f"{model.name}, batch {batch}", [f"{model.name}.b{batch}.vs_onnxruntime"], measure)

    def pictures(self):
        times, quick = self.setting.times, self.setting.quick
        rows = []
        for model in self.models.values():
            if model.name == "demo":
                self.contest(model, 1, times(31, 11), rows)
                for batch in (8,) if quick else (2, 4, 8, 16, 32):
                    self.contest(model, batch, times(9, 3), rows, ["onnxruntime"])
            elif model.name == "vit-b-32":
                self.contest(model, 1, times(15, 7), rows, precisions=("fp32",) if quick else ("fp32", "fp16"))
                self.contest(model, 8, times(7, 3), rows, [p for p in self.peers if not quick or p == "onnxruntime"],
                             ("fp32",) if quick else ("fp32", "fp16"))
                for batch in () if quick else (2, 4, 16, 32):
                    self.contest(model, batch, times(3, 1), rows, ["onnxruntime"])
            else:
                self.contest(model, 1, times(7, 3), rows, [p for p in self.peers if p != "ncnn_vulkan" and
                                                           (not quick or p == "onnxruntime")])
        self.report.table("Pictures", contests.PICTURE_HEAD, rows,
                          "medians of runs in turns; clv's time includes preprocessing, the others' only the tower")

    def products(self):
        self.attempt("matrix products", ["gemm.share_of_peak"], lambda: own.products(
            self.setting, self.report, list(self.models.values()), self.setting.times(5, 2)))

    def stages(self):
        model = self.models.get("vit-b-32") or next(iter(self.models.values()))
        self.attempt(f"stages of {model.name}", [], lambda: own.stages(
            self.setting, self.report, model, self.setting.times(5, 3)))

    def preprocessing(self):
        if "vit-b-32" in self.encode_ms:
            self.attempt("preprocessing", ["preprocess_1080p.share_of_encode"], lambda: own.preprocessing(
                self.setting, self.report, self.encode_ms["vit-b-32"]))
        else:
            self.report.leave_out("preprocess_1080p.share_of_encode", "the time of ViT-B/32 was not measured")

    def texts(self):
        model = self.models.get("vit-b-32") or next(iter(self.models.values()))
        keys = ["text_1000.vs_onnxruntime"] if model.name == "vit-b-32" else []
        self.attempt(f"phrases of {model.name}", keys, lambda: contests.texts(
            self.setting, self.report, model, self.setting.times(20, 1)))

    def host(self):
        width = max(model.embedding for model in self.models.values())
        self.attempt("phrases on the host", ["score_10k.share_of_encode"], lambda: own.scoring(
            self.setting, self.report, width, self.setting.times(51, 21), self.encode_ms.get("vit-b-32")))

    def starts(self):
        rows = []
        for model in self.small_models():
            self.attempt(f"start of {model.name}", [f"first_tag_s.{model.name}", f"peak_memory_mb.{model.name}"],
                         lambda model=model: rows.append(own.starts(self.setting, self.report, model,
                                                                    self.setting.times(7, 2))))
            self.attempt(f"memory of {model.name}", [],
                         lambda model=model: own.memory(self.setting, self.report, model))
        self.report.table("Start and memory", own.START_HEAD, rows,
                          "until the first frame with scores leaves cliptag; warm: with the caches of a run before; "
                          "MB: VmHWM, mapped files included")

    def pipelines(self):
        rows, quick = [], self.setting.quick
        for model in self.small_models():
            count = (60 if quick else 300) if model.name == "demo" else (8 if quick else 40)
            self.attempt(f"pipeline of {model.name}", [f"pipeline.{model.name}.fps"],
                         lambda model=model, count=count: rows.append(own.frames(self.setting, self.report, model,
                                                                                 count)))
        self.report.table("In a pipeline, 1080p NV12, every frame inferred", own.FRAMES_HEAD, rows, "time in cliptag")

    def small_models(self):
        return [model for model in self.models.values() if model.name != "vit-b-16"]

    def passthrough(self):
        model = self.models.get("demo") or next(iter(self.models.values()))
        self.attempt("frames passed through", ["passthrough_us"], lambda: own.passthrough(
            self.setting, self.report, model, 1000 if self.setting.quick else 5000))

    def live(self):
        rows = []
        for model in self.models.values():
            seconds = 8 if self.setting.quick else 30
            keys = [f"live.{model.name}.{key}" for key in ("fps", "delay_p99_ms", "age_ms")]
            self.attempt(f"camera with {model.name}", keys,
                         lambda model=model, seconds=seconds: rows.append(own.live(self.setting, self.report, model,
                                                                                   seconds)))
        self.report.table("A camera of 30 frames a second, 1080p NV12, mode live", own.LIVE_HEAD, rows,
                          "delay: time in cliptag; from the first scores on")

    def streams(self):
        quick = self.setting.quick
        plan = {"demo": ([(1, 8), (4, 8), (16, 8)] if quick else [(n, 8) for n in (1, 2, 4, 8, 16, 32)], 8),
                "vit-b-32": ([(16, 8)] if quick else [(1, 8), (4, 8), (16, 8), (16, 16)], 1 if quick else 2)}
        for name, (counts, per_stream) in plan.items():
            if name in self.models:
                keys = [f"streams_16.{name}.vs_best_batch"]
                if name == "vit-b-32":
                    keys.append("streams_16.vs_best_batch")
                self.attempt(f"streams of {name}", keys, lambda name=name, counts=counts, n=per_stream: own.streams(
                    self.setting, self.report, self.models[name], counts, n, self.setting.times(3, 1)))


def find_models(args, report, root):
    """{name: Model} of those that are wanted and there."""
    folders = {"demo": os.path.join(root, "models", "demo"),
               **{name: os.path.join(args.models, name) for name in REAL if args.models}}
    models = {}
    for name in args.only or ["demo", *REAL]:
        folder = folders.get(name, "")
        if os.path.exists(os.path.join(folder, "model.safetensors")):
            models[name] = Model(folder)
        else:
            report.machine.append(f"{name} was left out: it is made from ../shared/goldens, which is not there")
    if not models:
        sys.exit("bench: no model to measure")
    return models


def leave_out_models(report, models, args):
    for name in ("demo", *REAL):
        if name in models:
            continue
        reason = "not among --only" if args.only and name not in args.only else f"the model {name} is not there"
        for key in ("b1.vs_onnxruntime", "b8.vs_onnxruntime", "b1.vs_ncnn_vulkan"):
            if name == "vit-b-32" or (name == "vit-b-16" and key == "b1.vs_onnxruntime"):
                report.leave_out(f"{name}.{key}", reason)
        if name == "vit-b-16":
            for key in ("fps", "delay_p99_ms", "age_ms"):
                report.leave_out(f"live.{name}.{key}", reason)
        else:
            report.leave_out(f"first_tag_s.{name}", reason)
        if name == "vit-b-32":
            for key in ("text_1000.vs_onnxruntime", "peak_memory_mb.vit-b-32", "streams_16.vs_best_batch"):
                report.leave_out(key, reason)


MARKS = "<!-- measured: begin -->\n", "<!-- measured: end -->"


def write(path, text):
    """A new file; or, in one that has the marks of README.md, what is between them."""
    if path and text:
        if os.path.exists(path):
            with open(path, encoding="utf-8") as f:
                old = f.read()
            if all(old.count(mark) == 1 for mark in MARKS):
                text = old.split(MARKS[0])[0] + MARKS[0] + text + MARKS[1] + old.split(MARKS[1])[1]
        with open(path, "w", encoding="utf-8") as f:
            f.write(text)


def main():
    args = parse()
    if args.check:
        return
    root = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    report = Report()
    start = time.monotonic()
    work = tempfile.mkdtemp(prefix="clv-bench.")
    try:
        setting = Setting(args, root, work)
        models = find_models(args, report, root)
        leave_out_models(report, models, args)
        describe(setting, report, args)
        setting.scan_plugins()
        peers = contests.PEERS if args.python else []
        if not args.python:
            for key in ("vit-b-32.b1.vs_onnxruntime", "vit-b-32.b8.vs_onnxruntime", "vit-b-16.b1.vs_onnxruntime",
                        "vit-b-32.b1.vs_ncnn_vulkan", "text_1000.vs_onnxruntime"):
                report.leave_out(key, "--no-peers" if args.no_peers else "there is no environment with the others")
        run = Run(setting, report, models, peers)
        for part in PARTS:
            if args.part is None or part in args.part:
                getattr(run, part)()
        report.leave_out("ggml", "Debian 12 has no package of ggml; see docs/performance.md")
    except Failed as error:
        sys.exit(f"bench: {error}")
    finally:
        shutil.rmtree(work, ignore_errors=True)
    report.finish()
    print(f"bench: {time.monotonic() - start:.0f} s in all", file=sys.stderr)
    sys.stdout.write(report.text())
    write(args.json, report.json())
    write(args.markdown, report.markdown())
    write(args.svg, report.svg())


if __name__ == "__main__":
    main()
