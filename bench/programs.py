# SPDX-License-Identifier: LGPL-2.1-or-later
"""The programs that are measured: processes that answer requests, and processes that run once."""
import os
import random
import statistics
import subprocess
import tempfile
import time


class Failed(Exception):
    """A measurement that cannot be had; the text is the reason."""


class Setting:
    """Where everything is: what is built, what is cached, and the environment of every program."""

    def __init__(self, args, root, work):
        self.build, self.root, self.work = args.build, root, work
        self.threads, self.quick, self.rounds = args.threads, args.quick, args.rounds
        self.python = args.python
        caches = os.path.abspath(args.caches) if args.caches else os.path.join(work, "cache")
        self.env = {
            **os.environ,
            "LP_NUM_THREADS": str(args.threads), "OMP_NUM_THREADS": str(args.threads),
            "CLV_CACHE_DIR": caches,
            "MESA_SHADER_CACHE_DIR": os.path.join(caches, "mesa"),
            "CLV_MODEL_PATH": os.path.join(root, "models"),
            "GST_PLUGIN_PATH_1_0": os.path.join(self.build, "plugin"),
            "GST_REGISTRY_1_0": os.path.join(work, "registry.bin"),
        }
        # Mesa makes the last folder of its cache only.
        os.makedirs(self.env["MESA_SHADER_CACHE_DIR"], exist_ok=True)
        self.env.pop("CLV_DEBUG", None)
        # The same cores for everybody, where there are more than these.
        cores = sorted(os.sched_getaffinity(0))
        if len(cores) > args.threads:
            os.sched_setaffinity(0, cores[:args.threads])

    def program(self, name):
        return os.path.join(self.build, "bench", name)

    def times(self, full, quick):
        """How many rounds: as --rounds says, or by the kind of run."""
        return self.rounds or (quick if self.quick else full)

    def run(self, command, env=None, timeout=600):
        """Standard output and error of a program that runs once."""
        try:
            done = subprocess.run(command, env={**self.env, **(env or {})}, stdout=subprocess.PIPE,
                                  stderr=subprocess.PIPE, text=True, timeout=timeout, check=False)
        except FileNotFoundError as error:
            raise Failed(f"{command[0]} is not built") from error
        except subprocess.TimeoutExpired as error:
            raise Failed(f"{os.path.basename(command[0])} took more than {timeout} s") from error
        if done.returncode != 0:
            raise Failed(last_line(done.stderr) or f"{command[0]} failed")
        return done.stdout, done.stderr

    def scan_plugins(self):
        """Fills GStreamer's registry, so that no measurement pays for it. Without arguments the program does no more."""
        subprocess.run([self.program("bench-pipeline")], env=self.env, stdout=subprocess.DEVNULL,
                       stderr=subprocess.DEVNULL, check=False)

    def file(self, name, content):
        """A file of the work directory with that content."""
        path = os.path.join(self.work, name)
        with open(path, "wb") as f:
            f.write(content)
        return path

    def noise(self, name, size):
        """A file of random bytes, the same in every run."""
        return self.file(name, random.Random(1).randbytes(size))


def last_line(text):
    lines = [line for line in text.splitlines() if line.strip()]
    return lines[-1].strip() if lines else ""


class Server:
    """A process that answers one line for each line, as bench-encode and peers.py do."""

    def __init__(self, setting, command, name, env=None, greets=False):
        self.name = name
        # Its own: several of them live at a time, and the last line is the reason when one ends.
        self.log = tempfile.TemporaryFile("w+", dir=setting.work, encoding="utf-8", errors="replace")
        try:
            self.process = subprocess.Popen(command, env={**setting.env, **(env or {})}, text=True,
                                            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self.log)
        except FileNotFoundError as error:
            raise Failed(f"{command[0]} is not there") from error
        if greets:
            word, _, rest = self.read().partition(" ")
            if word != "ready":
                self.close()
                raise Failed(rest)
            self.name = rest

    def read(self):
        line = self.process.stdout.readline()
        if not line.strip():
            self.log.seek(0)
            reason = last_line(self.log.read())
            self.close()
            raise Failed(reason or f"{self.name} ended")
        return line.strip()

    def ask(self, request):
        """The numbers of the answer."""
        try:
            self.process.stdin.write(request + "\n")
            self.process.stdin.flush()
        except BrokenPipeError:
            pass  # the answer that is missing says why
        return [float(word) for word in self.read().split()]

    def errors(self):
        self.log.seek(0)
        return self.log.read()

    def close(self):
        if self.process.poll() is None:
            self.process.stdin.close()
            try:
                self.process.wait(30)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        self.log.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


def take_turns(players, rounds, pause=0.05):
    """{name: [milliseconds]}: in each round everybody once; a player (ask, most rounds) may stop earlier.

    Worker threads spin for a while when a program has finished; the pause keeps that out of the next one's time.
    """
    times = {name: [] for name in players}
    for i in range(rounds):
        for name, (ask, most) in players.items():
            if i < most:
                time.sleep(pause)
                times[name].append(ask())
    return times


def median(values):
    return statistics.median(values)


def percentile(values, share):
    """The smallest value that is not below `share` of all."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def cosine(a, b):
    dot = sum(x * y for x, y in zip(a, b))
    return dot / (sum(x * x for x in a) * sum(y * y for y in b)) ** 0.5
