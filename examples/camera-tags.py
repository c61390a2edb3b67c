#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Prints what a camera sees: camera-tags.py "a phrase; another one" [DEVICE] [FRAMES]

Run it in `meson devenv -C build`. Where there is no such device a live test picture is used."""
import os
import sys

import gi

gi.require_version("Gst", "1.0")
gi.require_version("GstClip", "1.0")
from gi.repository import GLib, Gst, GstClip  # noqa: E402

prompts = sys.argv[1] if len(sys.argv) > 1 else "a white circle; a red square; a black picture"
device = sys.argv[2] if len(sys.argv) > 2 else "/dev/video0"
frames = int(sys.argv[3]) if len(sys.argv) > 3 else -1


seen = None


def print_tags(sink, buffer, pad):
    """Behind a camera no frame waits: it carries the newest scores, and says which frame they are from."""
    global seen
    meta = GstClip.buffer_get_clip_meta(buffer)
    if meta is None or meta.pts == seen:
        return
    seen = meta.pts
    scores = [(meta.get_score(i).smoothed, meta.get_label(i)) for i in range(meta.n_scores)]
    print(f"{meta.pts / Gst.SECOND:8.3f}  " + "  ".join(f"{label} {score:.2f}" for score, label in scores), flush=True)


Gst.init(None)
camera = f"v4l2src device={device} ! decodebin" if os.path.exists(device) else "videotestsrc is-live=true pattern=ball"
pipeline = Gst.parse_launch(f"{camera} ! cliptag name=tag ! fakesink name=sink signal-handoffs=true")
pipeline.get_by_name("tag").set_property("prompts", prompts)
pipeline.get_by_name("sink").set_property("num-buffers", frames)
pipeline.get_by_name("sink").connect("handoff", print_tags)
loop = GLib.MainLoop()
errors = []


def fail(bus, message):
    errors.append(message.parse_error()[0].message)
    loop.quit()


bus = pipeline.get_bus()
bus.add_signal_watch()
bus.connect("message::eos", lambda bus, message: loop.quit())
bus.connect("message::error", fail)
pipeline.set_state(Gst.State.PLAYING)
loop.run()
pipeline.set_state(Gst.State.NULL)
sys.exit("\n".join(errors) or None)
