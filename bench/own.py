# SPDX-License-Identifier: LGPL-2.1-or-later
"""clv's own figures: stages of a frame, matrix products, start, memory, pipelines, phrases, streams."""
import json
import os
import re
import shutil
import time

from contests import open_clv
from programs import Failed, Server, median, percentile

HD = (1920, 1080)
PROMPTS = "a cat; a dog; a red car"


def stages(setting, report, model, rounds):
    """Time and bytes of each stage of a 1080p NV12 frame, from the timestamps of CLV_DEBUG=time."""
    width, height = HD
    frame = setting.noise("hd.nv12", width * height * 3 // 2)
    command = [setting.program("bench-encode"), model.folder, "fp32", "nv12", str(width), str(height), frame]
    with Server(setting, command, "clv", {"CLV_DEBUG": "time"}) as clv:
        clv.ask("time 1")
        before = len(clv.errors())
        totals = [clv.ask("time 1")[0] for _ in range(rounds)]
        text = clv.errors()[before:]
    runs = re.findall(r"^clv: ((?:preprocess|image encoder)[^:]*): (\d+) dispatches, ([\d.]+) ms$", text, re.M)
    if not runs:
        raise Failed("the device has no timestamps")
    report.add(f"{model.name}.dispatches_per_frame", sum({name: int(n) for name, n, _ in runs}.values()))
    spent = {}
    for label, kernel, ms in re.findall(r"^clv:   (?:([a-z]+)/)?(\w+) +([\d.]+) ms$", text, re.M):
        stage = stage_of(label, kernel)
        spent[stage] = spent.get(stage, 0.0) + float(ms) / rounds
    whole = sum(totals) / rounds
    spent["upload, submit, wait"] = max(whole - sum(spent.values()), 0.0)
    output, _ = setting.run([setting.program("bench-host"), "score", "100", str(model.embedding), "11"])
    scored = "score, 100 phrases"
    spent[scored] = median([float(line) for line in output.split()])
    whole += spent[scored]
    sizes = stage_bytes(model)
    sizes[scored] = 4 * 100 * model.embedding
    rows = [[stage, spent[stage], 100 * spent[stage] / whole, sizes.get(stage, 0) / 1e6] for stage in spent]
    rows.sort(key=lambda row: -row[1])
    rows.append(["all of it", whole, 100.0, sum(sizes.values()) / 1e6])
    report.table(f"Stages of a 1080p NV12 frame, {model.name}, fp32", ["stage", "ms", "%", "MB"], rows,
                 "MB: weights, inputs and outputs, each once; timestamps cost a little themselves")


def stage_of(label, kernel):
    op = kernel.split("_")[0]
    if op == "preprocess":
        return "preprocess"
    if kernel == "copy":
        return "readback"
    if label == "embeddings":
        return "patch embedding" if op == "gemm" else "tokens"
    return {"gemm": f"{label}: gemm"}.get(op, f"{label}: {kernel.split('_lanes')[0].split('_tile')[0]}")


def stage_bytes(model):
    """What each stage must read and write, in bytes, if nothing is read twice; float32."""
    v = model.vision
    c, layers, mlp = v["hidden_size"], v["num_hidden_layers"], v["intermediate_size"]
    rows, patch = model.patches + 1, 3 * v["patch_size"] ** 2
    side = HD[1]  # the crop is square: its columns of all rows
    products = [(c, 3 * c), (c, c), (c, mlp), (mlp, c)]
    gemm = sum(k * n + n + rows * (k + n) for k, n in products) + rows * 2 * c  # two residuals
    return {
        "upload, submit, wait": side * side * 3 // 2,
        "preprocess": side * side * 3 // 2 + 4 * model.patches * patch,
        "patch embedding": 4 * (patch * c + model.patches * (patch + c)),
        "tokens": 4 * 5 * rows * c,
        "layer: gemm": 4 * layers * gemm,
        "layer: attention": 4 * layers * rows * 4 * c,
        "layer: layernorm": 4 * layers * 2 * rows * 2 * c,
        "head: gemm": 4 * (c * model.embedding + c + model.embedding),
        "readback": 4 * model.embedding,
    }


def products(setting, report, models, rounds):
    """GFLOP/s of each shape, in turns with the machine's peak."""
    shapes = [(m, 3072, 768) for m in (50, 200, 400)]
    for model in models:
        v = model.vision
        c, mlp, rows = v["hidden_size"], v["intermediate_size"], model.patches + 1
        shapes += [(model.patches, c, 3 * v["patch_size"] ** 2), (rows, 3 * c, c), (rows, c, c), (rows, mlp, c),
                   (rows, c, mlp), (1, model.embedding, c)]
    shapes = list(dict.fromkeys(shapes))
    words = [str(number) for shape in shapes for number in shape]
    peaks, speeds = [], {}
    for _ in range(rounds):
        output, _ = setting.run([setting.program("bench-peak"), str(setting.threads), "0.2"])
        peaks.append(float(re.search(r"^all ([\d.]+)$", output, re.M).group(1)))
        for precision in ("fp32",) if setting.quick else ("fp32", "fp16"):
            output, _ = setting.run([setting.program("bench-gemm"), precision, "0.15", *words])
            for line in output.splitlines():
                m, n, k, speed = line.split()
                speeds.setdefault((int(m), int(n), int(k)), {}).setdefault(precision, []).append(float(speed))
    peak = median(peaks)
    report.add("peak_gflops", peak)
    share = {shape: median(speeds[shape]["fp32"]) / peak for shape in shapes}
    report.add("gemm.share_of_peak", min(share[shape] for shape in shapes[:3]))
    rows = [[" × ".join(map(str, shape)), median(speeds[shape]["fp32"]), 100 * share[shape]] for shape in shapes]
    head = ["M × N × K", "GFLOP/s fp32", "of peak, %"]
    if not setting.quick:
        head.append("GFLOP/s fp16")
        rows = [[*row, median(speeds[shape]["fp16"])] for row, shape in zip(rows, shapes)]
    report.table("Matrix products", head, rows,
                 f"multiply-add peak of {setting.threads} threads in the same run: {peak:.1f} GFLOP/s")


def pipeline(setting, size, frames, properties, cache=None):
    """{name: [numbers]} of bench-pipeline, and the seconds from its start to the first frame with scores."""
    env = {}
    if cache is not None:
        env = {"CLV_CACHE_DIR": cache, "MESA_SHADER_CACHE_DIR": os.path.join(cache, "mesa")}
        os.makedirs(env["MESA_SHADER_CACHE_DIR"], exist_ok=True)
    start = time.monotonic()
    output, _ = setting.run([setting.program("bench-pipeline"), str(size[0]), str(size[1]), str(frames), properties],
                            env)
    values = {words[0]: [float(word) for word in words[1:]] for words in map(str.split, output.splitlines())}
    if values["frames"] != [frames]:
        raise Failed(f"{frames} frames went in, {values['frames'][0]:.0f} came out with scores")
    return values, values["first-tag-us"][0] / 1e6 - start


def tag(model, more=""):
    return f'model={model.folder} mode=sync prompts="{PROMPTS}" {more}'


def evict(path):
    """Makes the system forget what it has of a file in memory: it comes from the disk again."""
    with open(path, "rb") as f:
        os.posix_fadvise(f.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)


def reading_seconds(path):
    """How long it takes to read a file from the disk, and nothing else."""
    buffer = bytearray(1 << 20)
    evict(path)
    start = time.monotonic()
    with open(path, "rb", buffering=0) as f:
        while f.readinto(buffer):
            pass
    return time.monotonic() - start


def starts(setting, report, model, rounds):
    """From the start of the process to the first frame with scores; and the memory that it took."""
    cache = os.path.join(setting.work, "start-" + model.name)
    shutil.rmtree(cache, ignore_errors=True)
    cold, cold_s = pipeline(setting, (640, 360), 2, tag(model), cache)
    # The driver writes its cache beside the work, and may end before all is there.
    pipeline(setting, (640, 360), 2, tag(model), cache)
    warm = [pipeline(setting, (640, 360), 2, tag(model), cache) for _ in range(rounds)]
    warm_s = median([seconds for _, seconds in warm])
    # In turns: a disk has its moods too.
    reading, from_disk = [], []
    for _ in range(rounds):
        reading.append(reading_seconds(model.weights))
        evict(model.weights)
        from_disk.append(pipeline(setting, (640, 360), 2, tag(model), cache)[1])
    reading_s, from_disk_s = median(reading), median(from_disk)
    shutil.rmtree(cache)
    half, _ = pipeline(setting, (640, 360), 2, tag(model, "precision=fp16"), cache)
    half_warm, _ = pipeline(setting, (640, 360), 2, tag(model, "precision=fp16"), cache)
    shutil.rmtree(cache)
    report.add(f"first_tag_s.{model.name}", warm_s)
    report.add(f"first_tag_cold_s.{model.name}", cold_s)
    report.add(f"first_tag_from_disk_s.{model.name}", from_disk_s)
    report.add(f"first_tag_vs_reading.{model.name}", from_disk_s / reading_s)
    report.add(f"peak_memory_mb.{model.name}", half["memory-mb"][0])
    report.add(f"peak_memory_mb.{model.name}.warm", half_warm["memory-mb"][0])
    report.add(f"peak_memory_mb.{model.name}.fp32", cold["memory-mb"][0])
    return [model.name, cold_s, warm_s, from_disk_s, reading_s, cold["memory-mb"][0], warm[0][0]["memory-mb"][0],
            half["memory-mb"][0], half_warm["memory-mb"][0]]


START_HEAD = ["model", "first tag cold, s", "warm, s", "weights on disk, s", "reading them, s", "MB fp32 cold", "fp32 warm",
              "fp16 cold", "fp16 warm"]


def frames(setting, report, model, count):
    """Frames a second and the time in cliptag, every frame inferred."""
    values, _ = pipeline(setting, HD, count, tag(model))
    fresh = [us / 1e3 for us in values["fresh-us"]]
    if len(fresh) != count - 1:  # the first one's time is the start
        raise Failed(f"wanted {count} frames with scores of their own, found {len(fresh) + 1}")
    report.add(f"pipeline.{model.name}.fps", values["fps"][0])
    for share in (50, 95, 99):
        report.add(f"pipeline.{model.name}.p{share}_ms", percentile(fresh, share / 100))
    return [model.name, count, values["fps"][0], *(percentile(fresh, share) for share in (0.5, 0.95, 0.99))]


FRAMES_HEAD = ["model", "frames", "frames a second", "p50 ms", "p95 ms", "p99 ms"]


def passthrough(setting, report, model, count):
    """What a frame costs that is not inferred."""
    values, _ = pipeline(setting, HD, count, tag(model, "inference-interval=1000000"))
    report.add("passthrough_us", median(values["reused-us"]))
    report.table("A frame that reuses the scores of another", ["frames", "median µs", "p95 µs", "p99 µs"],
                 [[count - 1, median(values["reused-us"]), percentile(values["reused-us"], 0.95),
                   percentile(values["reused-us"], 0.99)]], "time in cliptag, 1080p")


LIVE_HEAD = ["model", "frames", "frames a second", "delay p50 ms", "p99 ms", "an inference, ms", "scores' age p50 ms",
             "p95 ms"]


def live(setting, report, model, seconds, rate=30):
    """A camera of 1080p whose frames do not wait: what they lose in cliptag, and how old their scores are."""
    output, _ = setting.run([setting.program("bench-pipeline"), str(HD[0]), str(HD[1]), str(seconds * rate),
                             tag(model).replace("mode=sync", "mode=live"), str(rate)])
    values = {words[0]: [float(word) for word in words[1:]] for words in map(str.split, output.splitlines())}
    delays = [us / 1e3 for us in values["reused-us"]]
    if len(delays) != seconds * rate - 1:  # the first one's time is the start
        raise Failed(f"wanted {seconds * rate} frames with scores, found {len(delays) + 1}")
    row = [len(delays), values["fps"][0], median(delays), percentile(delays, 0.99), values["encode-ms"][0],
           median(values["age-ms"]), percentile(values["age-ms"], 0.95)]
    for key, value in zip(("fps", "delay_p50_ms", "delay_p99_ms", "encode_ms", "age_ms", "age_p95_ms"), row[1:]):
        report.add(f"live.{model.name}.{key}", value)
    return [model.name, *row]


def scoring(setting, report, width, rounds, encode_ms):
    """A picture against many phrases, on the host."""
    rows = []
    for n in (100, 1000, 10000):
        output, _ = setting.run([setting.program("bench-host"), "score", str(n), str(width), str(rounds)])
        ms = median([float(line) for line in output.split()])
        rows.append([n, ms])
        report.add(f"score_{n}_ms", ms)
    if encode_ms is not None:
        report.add("score_10k.share_of_encode", rows[-1][1] / encode_ms)
    else:
        report.leave_out("score_10k.share_of_encode", "the time of ViT-B/32 was not measured")
    cache = os.path.join(setting.work, "cache-texts")
    shutil.rmtree(cache, ignore_errors=True)
    command = [setting.program("bench-host"), "cache", "1000", str(width)]
    setting.run(command, {"CLV_CACHE_DIR": cache})
    cached = median([float(setting.run(command, {"CLV_CACHE_DIR": cache})[0]) for _ in range(3)])
    shutil.rmtree(cache)
    report.add("text_1000_cached_s", cached / 1e3)
    report.table(f"Phrases on the host, embeddings of {width}", ["what", "ms"],
                 [[f"scoring {n} phrases", ms] for n, ms in rows] + [["1000 phrases from the cache on disk", cached]])


def preprocessing(setting, report, encode_ms):
    """Pictures of several sizes to 224 × 224, by the test program of the kernels."""
    output, _ = setting.run([os.path.join(setting.build, "tests", "kernels", "kernels-preprocess"), "--bench"])
    rows = [[kind, f"{width} × {height}", float(ms)] for kind, width, height, ms in
            re.findall(r"^# (\w+) +(\d+)x(\d+) +to 224: median +([\d.]+) ms", output, re.M)]
    hd = [row[2] for row in rows if row[:2] == ["NV12", "1920 × 1080"]]
    if not hd:
        raise Failed("kernels-preprocess --bench printed no time for 1080p NV12")
    report.add("preprocess_1080p_ms", hd[0])
    report.add("preprocess_1080p.share_of_encode", hd[0] / encode_ms)
    report.table("Preprocessing to 224 × 224, upload included", ["format", "size", "ms"], rows)


def streams(setting, report, model, counts, per_stream, rounds):
    """Streams that share one engine, against one stream that fills batches by itself; see streams.c."""
    rows, ratios = [], []
    for count, batch in counts:
        output, _ = setting.run([setting.program("bench-streams"), model.folder, "fp32", str(count), str(batch),
                                 str(max(count * per_stream, 2 * batch)), "640x360", str(rounds)])
        found = json.loads(output)
        rows.append([count, found["streams_per_s"], batch, found["batches_per_s"], found["ratio"], found["p50_ms"],
                     found["p95_ms"], found["p99_ms"], found["mb_per_stream"]])
        report.point(f"{model.name} by streams", f"streams, beside batches of {batch}", count, found["streams_per_s"])
        report.point(f"{model.name} by streams", f"one, batches of {batch}", count, found["batches_per_s"])
        if count == 16:
            ratios.append(found["ratio"])
            report.add(f"streams_16.{model.name}.mb_per_stream", found["mb_per_stream"])
    if ratios:
        report.add(f"streams_16.{model.name}.vs_best_batch", min(ratios))
    if ratios and model.name == "vit-b-32":
        report.add("streams_16.vs_best_batch", min(ratios))
    report.table(f"Streams that share an engine, {model.name}",
                 ["streams", "pictures a second", "batch of one", "pictures a second", "ratio", "p50 ms", "p95 ms",
                  "p99 ms", "MB a stream"], rows)


def memory(setting, report, model):
    """The encoder alone, without GStreamer."""
    for precision in ("fp32", "fp16"):
        with open_clv(setting, model, precision) as clv:
            clv.ask("time 1")
            report.add(f"encoder_memory_mb.{model.name}.{precision}", clv.ask("memory")[0])
