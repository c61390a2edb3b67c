#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""camera-window with real keys, on an X server of its own: camera-window.py PROGRAM CLV FOLDER

The title says which phrase fits best. Screenshots are left in FOLDER. Skipped where Xvfb, xdotool or a Vulkan device is
missing."""
import os
import shutil
import subprocess
import sys
import tempfile
import time

import numpy as np
from PIL import Image

WIDTH, HEIGHT = 520, 640
BARS = slice(490, 560)  # rows of the window that are below the entry
PATIENCE = 200  # seconds: a driver that is used for the first time compiles kernels for a minute


def skip(why):
    print(f"1..0 # SKIP {why}")
    sys.exit()


class Screen:
    """An X server whose picture is a file in XWD format."""

    def __init__(self, folder):
        read, write = os.pipe()
        self.server = subprocess.Popen(
            ["Xvfb", "-displayfd", str(write), "-screen", "0", f"{WIDTH}x{HEIGHT}x24", "-fbdir", folder,
             "-nolisten", "tcp"], pass_fds=[write], stderr=subprocess.DEVNULL)
        os.close(write)
        with os.fdopen(read) as answer:
            self.display = ":" + answer.readline().strip()
        self.file = os.path.join(folder, "Xvfb_screen0")

    def shoot(self):
        """(HEIGHT, WIDTH, 3) bytes, RGB."""
        data = open(self.file, "rb").read()
        header = np.frombuffer(data, ">u4", 25)
        size, stride, n_colors = header[0], header[12], header[19]
        pixels = np.frombuffer(data, np.uint8, stride * HEIGHT, size + 12 * n_colors)
        return pixels.reshape(HEIGHT, -1, 4)[:, :WIDTH, 2::-1]

    def xdotool(self, *arguments):
        return subprocess.run(["xdotool", *arguments], env={**os.environ, "DISPLAY": self.display},
                              capture_output=True, text=True).stdout.strip()


class Window:
    def __init__(self, screen, program, folder, prompts):
        self.screen, self.folder = screen, folder
        self.errors = tempfile.TemporaryFile("w+")
        self.program = subprocess.Popen([program, prompts, "none"], stderr=self.errors, env={
            **os.environ, "DISPLAY": screen.display, "GDK_BACKEND": "x11", "GSK_RENDERER": "cairo",
            "GTK_A11Y": "none", "GTK_THEME": "Adwaita", "XDG_CONFIG_HOME": folder})

    def complaint(self):
        self.errors.seek(0)
        return self.errors.read()

    def wait(self, what, condition):
        end = time.monotonic() + PATIENCE
        while not condition():
            if self.program.poll() is not None:
                raise AssertionError(f"the program ended: {self.complaint()}")
            if time.monotonic() > end:
                raise AssertionError(f"no {what} in {PATIENCE} s; the title is {self.title()!r}")
            time.sleep(0.1)

    def find(self):
        ids = self.screen.xdotool("search", "--onlyvisible", "--pid", str(self.program.pid)).split()
        self.id = ids[-1] if ids else None
        return self.id is not None

    def title(self):
        return self.screen.xdotool("getwindowname", self.id) if self.id else ""

    def type(self, text):
        self.screen.xdotool("key", "ctrl+a")
        self.screen.xdotool("type", "--delay", "5", text)

    def shoot(self, name):
        picture = self.screen.shoot()
        Image.fromarray(picture).save(os.path.join(self.folder, name + ".png"))
        return picture


def long_rows(picture):
    """Rows of pixels below the entry in which a bar is long."""
    return ((np.ptp(picture[BARS].astype(int), axis=2) > 60).sum(axis=1) > 200).sum()


def check_first_scores(window):
    window.wait("window", window.find)
    window.screen.xdotool("windowfocus", "--sync", window.id)
    window.wait("first scores", lambda: window.title() == "a white circle")
    window.wait("long bar", lambda: 5 <= long_rows(window.screen.shoot()) <= 25)  # and one only
    first = window.shoot("circle")
    window.wait("moving picture", lambda: (window.screen.shoot()[:200] != first[:200]).any())


def check_typed_prompts(window):
    window.type("a picture of a circle; a green cross; a blue triangle")
    window.wait("typed phrase", lambda: window.title() == "a picture of a circle")
    window.shoot("typed")


def check_problem(window):
    before = window.shoot("before")
    window.type("a circle; a circle")
    window.wait("message", lambda: (window.screen.shoot()[BARS] != before[BARS]).any())
    window.shoot("problem")
    assert window.title() == "a picture of a circle", window.title()


def check_end(window):
    window.screen.xdotool("key", "Escape")
    status = window.program.wait(PATIENCE)
    assert status == 0, f"status {status}: {window.complaint()}"
    assert window.complaint() == "", window.complaint()


def has_device(clv):
    return subprocess.run([clv, "info"], capture_output=True).returncode == 0


def main(program, clv, folder):
    for tool in ("Xvfb", "xdotool"):
        if not shutil.which(tool):
            skip(f"there is no {tool}")
    if os.environ.get("CLV_REQUIRE_DEVICE", "0") != "1" and not has_device(clv):
        skip("no Vulkan device")
    os.makedirs(folder, exist_ok=True)
    checks = [check_first_scores, check_typed_prompts, check_problem, check_end]
    print(f"1..{len(checks)}")
    with tempfile.TemporaryDirectory() as frame_buffer:
        screen = Screen(frame_buffer)
        window = Window(screen, program, folder, "a white circle; a red square")
        try:
            for n, check in enumerate(checks, 1):
                check(window)
                print(f"ok {n} - {check.__name__}", flush=True)
        except AssertionError as error:
            print(f"not ok {n} - {check.__name__}\n# {error}")
        finally:
            window.program.kill()
            screen.server.terminate()
            screen.server.wait()


main(*sys.argv[1:])
