#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Time a search of an index beside numpy (OpenBLAS) and FAISS flat, taking turns, on the same cores.

    search.py BENCH_SEARCH FOLDER [--moments 1000000] [--width 512] [--rounds 15]

clv's time is all of clv_index_search(): the database, float16 rows from the page cache, segments. numpy's is one
product of a float32 matrix in memory with the query and argpartition, FAISS's one search of IndexFlatIP. All must find
the same moments. Needs numpy and faiss-cpu; OPENBLAS_NUM_THREADS and OMP_NUM_THREADS say how many threads those have.
"""
import argparse
import os
import statistics
import subprocess
import time

import faiss
import numpy as np

TOP = 10
HEADER_BYTES = 128


def timed(function):
    start, busy = time.perf_counter(), time.process_time()
    function()
    return (time.perf_counter() - start) * 1e3, (time.process_time() - busy) * 1e3


class Clv:
    def __init__(self, program, *arguments):
        self.process = subprocess.Popen([program, *map(str, arguments)], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        text=True)

    def ask(self, request):
        self.process.stdin.write(request + "\n")
        self.process.stdin.flush()
        return self.process.stdout.readline()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("program")
    parser.add_argument("folder")
    parser.add_argument("--moments", type=int, default=1000000)
    parser.add_argument("--width", type=int, default=512)
    parser.add_argument("--rounds", type=int, default=15)
    o = parser.parse_args()

    os.makedirs(o.folder, exist_ok=True)
    index = os.path.join(o.folder, f"random-{o.moments}x{o.width}")
    query_path = os.path.join(o.folder, f"query-{o.width}")
    query = np.random.default_rng(1).standard_normal(o.width, dtype=np.float32)
    query /= np.linalg.norm(query)
    query.tofile(query_path)

    clv = Clv(o.program, index, o.moments, o.width, query_path)
    best = [int(i) for i in clv.ask("best").split()]
    rows = np.memmap(index + ".vectors", dtype=np.float16, mode="r", offset=HEADER_BYTES).reshape(-1, o.width)
    matrix = np.empty(rows.shape, dtype=np.float32)
    for i in range(0, len(rows), 65536):
        matrix[i:i + 65536] = rows[i:i + 65536]
    flat = faiss.IndexFlatIP(o.width)
    flat.add(matrix)

    def with_numpy():
        scores = matrix @ query
        found = np.argpartition(scores, -TOP)[-TOP:]
        return found[np.argsort(-scores[found])]

    def with_faiss():
        return flat.search(query[None], TOP)[1][0]

    assert len(matrix) == o.moments, (len(matrix), o.moments)
    assert best == list(with_numpy()) == list(with_faiss()), (best, with_numpy(), with_faiss())
    times = {"clv": [], "numpy": [], "faiss": []}
    for _ in range(o.rounds):
        times["clv"].append(tuple(map(float, clv.ask("time").split())))
        times["numpy"].append(timed(with_numpy))
        times["faiss"].append(timed(with_faiss))
    print(f"{o.moments} moments of {o.width} values, median (best) of {o.rounds}, ms, and processor time:")
    for name, values in times.items():
        wall, busy = zip(*values)
        print(f"  {name:6} {statistics.median(wall):8.1f} ({min(wall):.1f}) {statistics.median(busy):8.1f}")


if __name__ == "__main__":
    main()
