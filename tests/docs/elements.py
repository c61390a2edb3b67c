#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""docs/elements.md against the elements themselves: elements.py DOCS

Each element has a section; its table has each property with its default, its values, and whether it may change while
playing; signals, actions and formats are named. What does not exist any more must not be there."""
import re
import sys

import gi

gi.require_version("Gst", "1.0")
from gi.repository import GObject, Gst  # noqa: E402


def read_sections(path):
    parts = re.split(r"^## (.*)$", open(path).read(), flags=re.M)
    return dict(zip(parts[1::2], parts[2::2]))


def split(cell):
    """Several properties may share a row: `a`, `b`."""
    return [name.strip().strip("`") for name in cell.split(",")]


def read_properties(sections, element):
    """name → {default, meaning, and whatever columns there are}, of the first table."""
    lines = iter(sections[element].splitlines())
    head = next((line for line in lines if line.startswith("| property |")), "")
    columns = [cell.strip() for cell in head.strip("|").split("|")]
    properties = {}
    for line in lines:
        if not line.startswith("|"):
            break
        row = dict(zip(columns, (cell.strip() for cell in line.strip("|").split("|"))))
        if set(row["property"]) <= set("-"):
            continue
        if row["property"].startswith("all of "):
            properties.update(read_properties(sections, row["property"][len("all of "):]))
            continue
        names, defaults = split(row["property"]), split(row["default"])
        for i, name in enumerate(names):
            properties[name] = {**row, "default": defaults[min(i, len(defaults) - 1)]}
    return properties


def same_default(text, pspec, value):
    if pspec.value_type == GObject.TYPE_BOOLEAN:
        return text == str(value).lower()
    if pspec.value_type.is_a(GObject.TYPE_ENUM):
        return text == value.value_nick
    if pspec.value_type.is_a(GObject.TYPE_FLAGS):
        return set(text.split("+")) == set(value.value_nicks)
    if pspec.value_type == GObject.TYPE_STRING:
        return (value or "") == ("" if text == "unset" else text)
    number = re.fullmatch(r"(-?[0-9.]+)( s)?", text)
    return number is not None and abs(float(number[1]) * (Gst.SECOND if number[2] else 1) - value) <= 1e-6 * abs(value)


def check_property(element, pspec, row):
    if not pspec.flags & GObject.ParamFlags.WRITABLE:
        if "read only" not in row.values():
            yield "is read only"
        return
    if not pspec.flags & GObject.ParamFlags.READABLE:
        return
    value = element.get_property(pspec.name)
    if not same_default(row["default"], pspec, value):
        yield f"is {value!r} by default, not {row['default']!r}"
    if "changes while playing" in row:
        # GST_PARAM_MUTABLE_PLAYING
        changes = bool(int(pspec.flags) & 1 << (GObject.PARAM_USER_SHIFT + 4))
        if changes != (row["changes while playing"] == "yes"):
            yield f"may{' ' if changes else ' not '}change while playing"
    if pspec.value_type.is_a(GObject.TYPE_ENUM) and not row["meaning"].startswith("as in "):
        for other in type(value).__enum_values__.values():
            if other.value_nick != row["default"] and f"`{other.value_nick}`" not in row["meaning"]:
                yield f"has a value {other.value_nick}"


def own(owner):
    """Not of a base class."""
    return owner.name.startswith("GstClip")


def check_names(element, section):
    for signal in GObject.signal_list_names(element):
        if f"`{signal}`" not in section:
            yield f"has a signal {signal}"
    for template in element.get_pad_template_list():
        if template.direction != Gst.PadDirection.SINK:
            continue
        formats = re.findall(r"(?<!-)format=\(string\)\{([^}]*)\}", template.get_caps().to_string())
        for name in {name.strip() for group in formats for name in group.split(",")}:
            if "**Formats.**" in section and not re.search(rf"\b{name}\b", section):
                yield f"takes {name}"


def check_element(sections, name):
    if name not in sections:
        yield "has no section"
        return
    element = Gst.ElementFactory.make(name)
    section = sections[name]
    rows = read_properties(sections, name)
    if not re.search(rf"^    gst-launch-1.0 .*(\n +.*)*\b{name}\b", section, flags=re.M):
        yield "has no gst-launch line"
    for pspec in element.list_properties():
        if pspec.name in rows:
            for problem in check_property(element, pspec, rows[pspec.name]):
                yield f"property {pspec.name} {problem}"
        elif own(pspec.owner_type):
            yield f"has a property {pspec.name}"
    for missing in rows.keys() - {pspec.name for pspec in element.list_properties()}:
        if "only where clv is built with" not in rows[missing]["meaning"]:
            yield f"has no property {missing}"
    yield from check_names(element, section)


def main(path):
    Gst.init(None)
    sections = read_sections(path)
    elements = [feature.get_name() for feature in Gst.Registry.get().get_feature_list_by_plugin("clv")]
    print(f"1..{len(elements)}")
    for n, name in enumerate(sorted(elements), 1):
        problems = list(check_element(sections, name))
        print(f"{'not ' if problems else ''}ok {n} - {name}")
        for problem in problems:
            print(f"# {name} {problem}")
    if not elements:
        print("Bail out! there is no plugin clv")


main(sys.argv[1])
