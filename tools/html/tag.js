// SPDX-License-Identifier: LGPL-2.1-or-later
// clv tag: a time line for each label of each media. Scores are thousandths, one for each step of the curve.

const HEIGHT = 100;
const svg = (parent, tag, attributes) => {
  const node = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(attributes))
    node.setAttribute(name, value);
  parent.append(node);
  return node;
};

function curve(media, scores) {
  const x = (i) => Math.min(media.times[i], media.duration) / media.duration * 1000;
  let path = "M0 " + HEIGHT;
  scores.forEach((score, i) => {
    const end = i + 1 < scores.length ? x(i + 1) : 1000;
    const y = HEIGHT - Math.min(Math.max(score, 0), 1000) * HEIGHT / 1000;
    path += `L${x(i).toFixed(1)} ${y.toFixed(1)}L${end.toFixed(1)} ${y.toFixed(1)}`;
  });
  return path + `L1000 ${HEIGHT}Z`;
}

function timeLine(parent, media, label, row) {
  const line = add(parent, "div", "time");
  const picture = svg(line, "svg", {viewBox: `0 0 1000 ${HEIGHT}`, preserveAspectRatio: "none", "aria-hidden": "true"});
  svg(picture, "path", {class: "curve", d: curve(media, row.scores)});
  const y = HEIGHT - label.threshold * HEIGHT;
  svg(picture, "line", {class: "cut", x1: 0, x2: 1000, y1: y, y2: y});
  const at = svg(picture, "line", {class: "at", x1: -1, x2: -1, y1: 0, y2: HEIGHT});
  byId("video").addEventListener("timeupdate", () => {
    const here = byId("video").dataset.uri === media.uri ? byId("video").currentTime / media.duration * 1000 : -1;
    at.setAttribute("x1", here);
    at.setAttribute("x2", here);
  });
  for (const span of row.spans) {
    const button = add(line, "button");
    button.type = "button";
    button.style.left = span.start / media.duration * 100 + "%";
    button.style.width = Math.max(span.end - span.start, 0) / media.duration * 100 + "%";
    button.title = `${clock(span.start)} to ${clock(span.end)}, up to ${span.peak.toFixed(2)}`;
    button.addEventListener("click", (event) => {
      event.stopPropagation();
      play(media, span.start);
    });
  }
  line.addEventListener("click", (event) => {
    const box = line.getBoundingClientRect();
    play(media, (event.clientX - box.left) / box.width * media.duration);
  });
}

function labelRow(parent, media, label, row) {
  const element = add(parent, "section", "row");
  const name = add(element, "div", "name");
  add(name, "b", "", label.label);
  if (data.groups > 1)
    add(name, "span", "dim", label.group);
  add(name, "span", "dim", `highest ${row.peak.toFixed(2)}, active ${clock(row.active)} in ${row.spans.length} span${row.spans.length === 1 ? "" : "s"}`);
  timeLine(element, media, label, row);
  const shots = add(element, "div", "shots");
  for (const span of row.spans)
    shot(shots, "", media, span.start, span.picture, [`${clock(span.start)}  ${span.peak.toFixed(2)}`]);
  return element;
}

const entries = [];
for (const media of data.media) {
  add(byId("main"), "h2", "", media.name);
  add(byId("main"), "p", "dim", `${clock(media.duration)}, ${media.frames} frames inferred`);
  media.labels.forEach((row, i) => {
    const label = data.labels[i];
    entries.push([labelRow(byId("main"), media, label, row), label.label + " " + label.group]);
  });
}
filterBy(entries);
