# SPDX-License-Identifier: LGPL-2.1-or-later
"""What a run of the bench found, as a table for people, Markdown, JSON and a plot."""
import html
import json
import math

# What `--json` always has, or the run says why not.
WANTED = [
    "vit-b-32.b1.vs_onnxruntime", "vit-b-32.b8.vs_onnxruntime", "vit-b-16.b1.vs_onnxruntime",
    "vit-b-32.b1.vs_ncnn_vulkan", "gemm.share_of_peak", "preprocess_1080p.share_of_encode", "passthrough_us",
    "score_10k.share_of_encode", "text_1000.vs_onnxruntime", "first_tag_s.demo", "first_tag_s.vit-b-32",
    "peak_memory_mb.vit-b-32", "live.vit-b-16.fps", "live.vit-b-16.delay_p99_ms", "live.vit-b-16.age_ms",
    "streams_16.vs_best_batch",
]


def short(value):
    """A number with three significant digits, without an exponent; text as it is."""
    if not isinstance(value, float):
        return str(value)
    if value == 0 or not math.isfinite(value):
        return f"{value:g}"
    return f"{value:.{max(0, 2 - math.floor(math.log10(abs(value))))}f}"


class Report:
    def __init__(self):
        self.numbers = {}
        self.reasons = {}   # key or what → why it is not there
        self.tables = []    # (title, note, head, rows)
        self.curves = {}    # plot → name → [(x, pictures a second)]
        self.machine = []

    def add(self, key, value):
        self.numbers[key] = float(value)

    def leave_out(self, key, reason):
        if key not in self.numbers:
            self.reasons.setdefault(key, reason)

    def table(self, title, head, rows, note=""):
        if rows:
            self.tables.append((title, note, head, [[short(cell) for cell in row] for row in rows]))

    def point(self, plot, name, x, y):
        self.curves.setdefault(plot, {}).setdefault(name, []).append((x, y))

    def finish(self):
        """Whatever is wanted and neither there nor excused is excused now."""
        for key in WANTED:
            self.leave_out(key, "not part of this run")

    def text(self):
        lines = list(self.machine)
        for title, note, head, rows in self.tables:
            widths = [max(len(row[i]) for row in [head, *rows]) for i in range(len(head))]
            lines += ["", title + (f" ({note})" if note else "")]
            for row in [head, *rows]:
                cells = [cell.ljust(width) if i == 0 else cell.rjust(width)
                         for i, (cell, width) in enumerate(zip(row, widths))]
                lines.append("  " + "  ".join(cells).rstrip())
        if self.reasons:
            lines += ["", "Not measured"]
            lines += [f"  {key}: {reason}" for key, reason in self.reasons.items()]
        return "\n".join(lines) + "\n"

    def markdown(self):
        lines = ["; ".join(self.machine) + "."]
        for title, note, head, rows in self.tables:
            lines += ["", f"**{title}**" + (f" ({note})" if note else ""), "", "| " + " | ".join(head) + " |",
                      "|" + "---|" * len(head)]
            lines += ["| " + " | ".join(row) + " |" for row in rows]
        if self.reasons:
            lines += ["", "Not measured:", ""]
            lines += [f"* `{key}`: {reason}" for key, reason in self.reasons.items()]
        return "\n".join(lines) + "\n"

    def json(self):
        return json.dumps(self.numbers, indent=1, sort_keys=True) + "\n"

    def svg(self):
        plots = [(title, curves) for title, curves in self.curves.items() if any(curves.values())]
        if not plots:
            return None
        return draw(plots)


COLOURS = ["#0b62a4", "#d1495b", "#2e933c", "#8e5ea2", "#e08e0b", "#5b5b5b", "#17a2b8", "#a0522d"]
WIDTH, HEIGHT, LEFT, TOP, BOTTOM, KEY = 460, 300, 58, 34, 44, 210


def draw(plots):
    """One panel a plot, two in a row: x in powers of two, y logarithmic, both labelled."""
    panel = WIDTH + KEY
    columns, rows = min(len(plots), 2), (len(plots) + 1) // 2
    out = [f'<svg xmlns="http://www.w3.org/2000/svg" width="{panel * columns}" height="{HEIGHT * rows}" '
           'font-family="sans-serif" font-size="12">', '<rect width="100%" height="100%" fill="white"/>']
    for i, (title, curves) in enumerate(plots):
        out.append(f'<g transform="translate({i % columns * panel},{i // columns * HEIGHT})">')
        out += draw_panel(title, {name: sorted(points) for name, points in curves.items()})
        out.append("</g>")
    return "\n".join(out + ["</svg>"]) + "\n"


def draw_panel(title, curves):
    xs = sorted({x for points in curves.values() for x, _ in points})
    ys = [y for points in curves.values() for _, y in points]
    low, high = math.floor(math.log10(min(ys))), math.ceil(math.log10(max(ys)) + 1e-9)
    high = max(high, low + 1)
    span = max(math.log2(xs[-1] / xs[0]), 1e-9)

    def place(x, y):
        return (LEFT + 10 + (WIDTH - LEFT - 30) * math.log2(x / xs[0]) / span,
                HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * (math.log10(y) - low) / (high - low))

    out = [f'<text x="{LEFT}" y="20" font-weight="bold">{html.escape(title)}</text>']
    for x in xs:
        at = place(x, 10 ** low)[0]
        out.append(f'<text x="{at:.1f}" y="{HEIGHT - BOTTOM + 18}" text-anchor="middle">{x}</text>')
    for power in range(low, high + 1):
        for digit in (1, 2, 5):
            if power == high and digit > 1:
                continue
            y = place(xs[0], digit * 10.0 ** power)[1]
            out.append(f'<line x1="{LEFT}" x2="{WIDTH - 10}" y1="{y:.1f}" y2="{y:.1f}" stroke="#ddd"/>')
            out.append(f'<text x="{LEFT - 6}" y="{y + 4:.1f}" text-anchor="end">{digit * 10.0 ** power:g}</text>')
    out.append(f'<text x="{LEFT}" y="{HEIGHT - 8}">pictures a second against {html.escape(title.split(" by ")[-1])}'
               '</text>')
    for i, (name, points) in enumerate(curves.items()):
        colour = COLOURS[i % len(COLOURS)]
        places = [place(x, y) for x, y in points]
        out.append(f'<polyline fill="none" stroke="{colour}" stroke-width="2" points="'
                   + " ".join(f"{x:.1f},{y:.1f}" for x, y in places) + '"/>')
        out += [f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3" fill="{colour}"/>' for x, y in places]
        y = TOP + 10 + 18 * i
        out.append(f'<rect x="{WIDTH}" y="{y - 9}" width="12" height="10" fill="{colour}"/>')
        out.append(f'<text x="{WIDTH + 18}" y="{y}">{html.escape(name)}</text>')
    return out
